/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unbound.h>
#include <unistd.h>

#include "dns/servers.h"
#include "dns/unbound.h"

/*
 * We forward to the operator's own resolvers and cache parsed answers, so that
 * caches for iteration would only take memory. What libunbound believes about
 * a resolver is forgotten soon: it takes one that is slow with some names for
 * dead.
 */
static const struct option {
	const char	*name;
	const char	*value;
} options[] = {
	{ "do-not-query-localhost:", "no" },
	{ "unblock-lan-zones:", "yes" },
	{ "insecure-lan-zones:", "yes" },
	{ "local-zone:", "test. transparent" },
	{ "qname-minimisation:", "no" },
	{ "msg-cache-size:", "256k" },
	{ "rrset-cache-size:", "512k" },
	{ "key-cache-size:", "256k" },
	{ "neg-cache-size:", "128k" },
	{ "msg-cache-slabs:", "1" },
	{ "rrset-cache-slabs:", "1" },
	{ "infra-cache-slabs:", "1" },
	{ "key-cache-slabs:", "1" },
	{ "infra-cache-numhosts:", "64" },
	{ "infra-keep-probing:", "yes" },
	{ "infra-host-ttl:", "2" },
	{ "infra-cache-max-rtt:", "4000" },
	{ "outgoing-range:", "256" },
	{ "num-queries-per-thread:", "1024" },
	{ "outgoing-num-tcp:", "8" }
};

enum status
unbound_failed(struct diag *diag, const char *what, int error)
{
	diag_set(diag, what, 0, "%s", ub_strerror(error));
	return (error == UB_NOMEM ? STATUS_NOMEM : STATUS_SYNTAX);
}

static enum status
set_nameservers(struct ub_ctx *ctx, const struct dns_opts *opts,
    struct diag *diag)
{
	struct dns_servers servers;
	enum status status;
	size_t i;
	int error;

	status = dns_servers_read(opts, &servers, diag);
	for (i = 0; status == STATUS_OK && i < servers.n; i++) {
		error = ub_ctx_set_fwd(ctx, servers.v[i].text);
		if (error != 0) {
			status = unbound_failed(diag, servers.v[i].text,
			    error);
		}
	}
	return (status);
}

static enum status
set_trust_anchor(struct ub_ctx *ctx, const char *path, struct diag *diag)
{
	int error, fd;

	/* libunbound opens it later and does not say why it cannot. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		diag_set(diag, path, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	close(fd);
	error = ub_ctx_add_ta_file(ctx, path);
	return (error == 0 ? STATUS_OK : unbound_failed(diag, path, error));
}

static enum status
set_options(struct ub_ctx *ctx, struct diag *diag)
{
	size_t i;
	int error;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		error = ub_ctx_set_option(ctx, options[i].name,
		    options[i].value);
		if (error != 0) {
			return (unbound_failed(diag, options[i].name, error));
		}
	}
	return (STATUS_OK);
}

enum status
unbound_configure(struct ub_ctx *ctx, const struct dns_opts *opts,
    struct diag *diag)
{
	enum status status;
	int error;

	/* Silence libunbound's debug output. */
	error = ub_ctx_debugout(ctx, NULL);
	if (error == 0) {
		error = ub_ctx_async(ctx, 1);
	}
	if (error != 0) {
		return (unbound_failed(diag, "libunbound", error));
	}
	status = set_options(ctx, diag);
	if (status == STATUS_OK) {
		status = set_nameservers(ctx, opts, diag);
	}
	if (status == STATUS_OK) {
		status = set_trust_anchor(ctx, opts->trust_anchor_file, diag);
	}
	return (status);
}
