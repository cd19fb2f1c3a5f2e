/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unbound.h>
#include <unistd.h>

#include "dns/unbound.h"

/* "address@port" with the longest address. */
#define SERVER_MAX_BYTES	64

/*
 * We forward to the operator's own resolvers and cache parsed answers, so
 * that caches for iteration would only take memory, and a resolver that was
 * down must be tried again soon.
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

/* libunbound takes any digits for a port. */
static bool
is_server(struct str server)
{
	char address[SERVER_MAX_BYTES];
	unsigned char octets[16];
	size_t at = str_find(server, '@');
	uint64_t port;

	if (server.n >= sizeof(address) ||
	    (at < server.n && (!str_to_u64(str_from_offset(server, at + 1),
	    &port) || port == 0 || port > 65535))) {
		return (false);
	}
	memcpy(address, server.p, at);
	address[at] = '\0';
	return (inet_pton(AF_INET, address, octets) == 1 ||
	    inet_pton(AF_INET6, address, octets) == 1);
}

static enum status
set_nameservers(struct ub_ctx *ctx, const struct dns_opts *opts,
    struct diag *diag)
{
	char text[SERVER_MAX_BYTES];
	size_t i;
	int error;

	if (opts->nameservers_n == 0) {
		error = ub_ctx_resolvconf(ctx, NULL);
		return (error == 0 ? STATUS_OK :
		    unbound_failed(diag, "/etc/resolv.conf", error));
	}
	for (i = 0; i < opts->nameservers_n; i++) {
		struct str server = opts->nameservers[i];

		if (!is_server(server)) {
			diag_set(diag, NULL, 0,
			    "not the address of a name server: %.*s",
			    STR_FMT(str_first(server, SERVER_MAX_BYTES)));
			return (STATUS_SYNTAX);
		}
		memcpy(text, server.p, server.n);
		text[server.n] = '\0';
		error = ub_ctx_set_fwd(ctx, text);
		if (error != 0) {
			return (unbound_failed(diag, text, error));
		}
	}
	return (STATUS_OK);
}

static enum status
set_trust_anchor(struct ub_ctx *ctx, const char *path, struct diag *diag)
{
	int error, fd;

	if (path == NULL) {
		error = ub_ctx_set_option(ctx, "module-config:",
		    "iterator");
		return (error == 0 ? STATUS_OK :
		    unbound_failed(diag, "module-config", error));
	}
	/* libunbound itself opens it later and does not say why not. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		diag_set(diag, path, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	close(fd);
	error = ub_ctx_add_ta_file(ctx, path);
	return (error == 0 ? STATUS_OK : unbound_failed(diag, path, error));
}

enum status
unbound_configure(struct ub_ctx *ctx, const struct dns_opts *opts, struct diag *diag)
{
	enum status status;
	size_t i;
	int error;

	/* Its words on stderr belong to nobody. */
	error = ub_ctx_debugout(ctx, NULL);
	for (i = 0; error == 0 && i < sizeof(options) / sizeof(options[0]);
	    i++) {
		error = ub_ctx_set_option(ctx, options[i].name,
		    options[i].value);
		if (error != 0) {
			return (unbound_failed(diag, options[i].name, error));
		}
	}
	if (error == 0) {
		error = ub_ctx_async(ctx, 1);
	}
	if (error != 0) {
		return (unbound_failed(diag, "libunbound", error));
	}
	status = set_nameservers(ctx, opts, diag);
	if (status == STATUS_OK) {
		status = set_trust_anchor(ctx, opts->trust_anchor_file, diag);
	}
	return (status);
}
