/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>

#include "dns/authority.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/unbound.h"

#define CLASS_IN	1
#define TYPE_NS		2
#define TYPE_SOA	6
#define RCODE_NOERROR	0
#define RCODE_NXDOMAIN	3
#define SOA_FIXED_BYTES	20	/* five numbers behind two names */
#define SERVER_BYTES	64	/* "address@port" */

/* A context that asks whom opts names. */
static enum status
open_context(const struct dns_opts *opts, struct ub_ctx **r,
    struct diag *diag)
{
	struct ub_ctx *ctx = ub_ctx_create();
	enum status status;

	*r = NULL;
	if (ctx == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	status = unbound_configure(ctx, opts, diag);
	if (status != STATUS_OK) {
		ub_ctx_delete(ctx);
		return (status);
	}
	*r = ctx;
	return (STATUS_OK);
}

struct waiting {
	struct ub_result	*result;
	int			 error;
	bool			 done;
};

/* Called by ub_process. */
static void
answered(void *cookie, int error, struct ub_result *result)
{
	struct waiting *w = cookie;

	*w = (struct waiting){ result, error, true };
}

/* Until the answer is there or opts' timeout is over. */
static bool
wait_answer(struct ub_ctx *ctx, const struct dns_opts *opts,
    const struct waiting *w)
{
	struct pollfd fd = { .fd = ub_fd(ctx), .events = POLLIN };
	uint64_t end_us = env_mono_us(opts->env) + opts->timeout_us, now_us;

	while (!w->done) {
		now_us = env_mono_us(opts->env);
		if (now_us >= end_us ||
		    (poll(&fd, 1, (int)((end_us - now_us) / 1000) + 1) == -1 &&
		    errno != EINTR) ||
		    (fd.revents != 0 && ub_process(ctx) != 0)) {
			break;
		}
	}
	return (w->done);
}

/* Not OK: no answer that says anything. */
static enum status
judge(const struct ub_result *result, const char *name, struct diag *diag)
{
	if (result->rcode == RCODE_NOERROR ||
	    result->rcode == RCODE_NXDOMAIN) {
		return (STATUS_OK);
	}
	diag_set(diag, NULL, 0, "%s: no answer, or an error (rcode %d)", name,
	    result->rcode);
	return (STATUS_TEMP);
}

/* TEMP: no answer that says anything. ub_cancel keeps a late one silent. */
static enum status
ask(struct ub_ctx *ctx, const struct dns_opts *opts, struct str name,
    int type, struct ub_result **r, struct diag *diag)
{
	struct waiting w = { NULL, 0, false };
	char text[DNS_NAME_MAX_BYTES + 1];
	enum status status;
	int error, id;

	*r = NULL;
	if (name.n >= sizeof(text)) {
		diag_set(diag, NULL, 0, "a name too long to be asked for");
		return (STATUS_SYNTAX);
	}
	memcpy(text, name.n > 0 ? name.p : ".", name.n > 0 ? name.n : 1);
	text[name.n > 0 ? name.n : 1] = '\0';
	error = ub_resolve_async(ctx, text, type, CLASS_IN, &w, answered, &id);
	if (error == 0 && !wait_answer(ctx, opts, &w)) {
		(void)ub_cancel(ctx, id);
		diag_set(diag, NULL, 0, "%s: no answer in time", text);
		return (STATUS_TEMP);
	}
	error = error != 0 ? error : w.error;
	if (error != 0) {
		diag_set(diag, NULL, 0, "%s: %s", text, ub_strerror(error));
		return (error == UB_NOMEM ? STATUS_NOMEM : STATUS_TEMP);
	}
	status = judge(w.result, text, diag);
	if (status == STATUS_OK) {
		*r = w.result;
	} else {
		ub_resolve_free(w.result);
	}
	return (status);
}

/* What a name server's or a host's name is made of. Others come from whoever
   answers, and would end up in commands for nsupdate. */
static bool
is_plain(char c)
{
	c = char_lower(c);
	return ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_');
}

/* A name in rdata that libunbound has decompressed, as text (absent: it is not
   plain); its octets; 0: it is broken, or there is no memory. */
static size_t
read_name(struct arena *arena, const unsigned char *p, size_t n,
    struct str *name_r)
{
	char text[DNS_NAME_MAX_BYTES + 1];
	size_t at = 0, out = 0, label;
	bool plain = true;

	*name_r = STR_NONE;
	while (at < n && p[at] != 0) {
		label = p[at++];
		if (label > 63 || label > n - at ||
		    out + label + 1 >= sizeof(text)) {
			return (0);
		}
		if (out > 0) {
			text[out++] = '.';
		}
		while (label-- > 0) {
			plain = plain && is_plain((char)p[at]);
			text[out++] = (char)char_lower((char)p[at++]);
		}
	}
	if (at >= n) {
		return (0);
	}
	if (plain) {
		*name_r = arena_dup(arena, str_mem(text, out));
	}
	return (plain && name_r->p == NULL ? 0 : at + 1);
}

static int64_t
read_u32(const unsigned char *p)
{
	return ((int64_t)p[0] << 24 | (int64_t)p[1] << 16 |
	    (int64_t)p[2] << 8 | p[3]);
}

/*
 * The SOA's minimum; -1: it is broken. RFC 2308 5 takes the least of it and
 * the SOA's own TTL, but a resolver tells only what is left of that one.
 */
static int64_t
negative_ttl_s(struct arena *arena, const struct ub_result *result)
{
	const unsigned char *p = (const unsigned char *)result->data[0];
	size_t n = (size_t)result->len[0], at;
	struct str name;

	at = read_name(arena, p, n, &name);
	at = at > 0 ? at + read_name(arena, p + at, n - at, &name) : 0;
	return (at == 0 || n - at != SOA_FIXED_BYTES ? -1 :
	    read_u32(p + at + 16));
}

/* To pass it over would be to ask somebody else. */
static enum status
unusable(struct str name, const char *what, struct diag *diag)
{
	diag_set(diag, NULL, 0, "%.*s: a %s with a name that cannot be asked "
	    "for", STR_FMT(name), what);
	return (STATUS_TEMP);
}

/* Behind its CNAMEs. */
static enum status
follow(struct ub_ctx *ctx, const struct dns_opts *opts,
    struct arena *arena, struct str *name,
    struct diag *diag)
{
	struct ub_result *result;
	enum status status;
	struct str target;
	bool more;
	int i;

	for (i = 0; i < DNS_AUTHORITY_MAX_CNAMES; i++) {
		status = ask(ctx, opts, *name, DNS_CNAME, &result, diag);
		if (status != STATUS_OK) {
			return (status);
		}
		more = result->havedata;
		target = STR_NONE;
		if (more) {
			(void)read_name(arena,
			    (const unsigned char *)result->data[0],
			    (size_t)result->len[0], &target);
		}
		ub_resolve_free(result);
		if (!more) {
			return (STATUS_OK);
		}
		if (target.p == NULL) {
			return (unusable(*name, "CNAME", diag));
		}
		*name = target;
	}
	diag_set(diag, NULL, 0, "%.*s: too many CNAMEs, or a loop of them",
	    STR_FMT(*name));
	return (STATUS_TEMP);
}

/* Up to the name that has a SOA. */
static enum status
find_zone(struct ub_ctx *ctx, const struct dns_opts *opts,
    struct arena *arena, struct dns_authority *r,
    struct diag *diag)
{
	struct ub_result *result;
	enum status status;
	size_t dot;

	for (r->zone = r->name; r->zone.n > 0;
	    r->zone = str_from_offset(r->zone, dot + 1)) {
		dot = str_find(r->zone, '.');
		status = ask(ctx, opts, r->zone, TYPE_SOA, &result, diag);
		if (status != STATUS_OK) {
			return (status);
		}
		if (result->havedata) {
			r->negative_ttl_s = negative_ttl_s(arena, result);
			ub_resolve_free(result);
			if (r->negative_ttl_s >= 0) {
				return (STATUS_OK);
			}
			break;
		}
		ub_resolve_free(result);
	}
	diag_set(diag, NULL, 0, "%.*s: no zone with a usable SOA found",
	    STR_FMT(r->name));
	return (STATUS_TEMP);
}

/* One that is not asked might say something else. */
static enum status
too_many(struct str name, const char *what, struct diag *diag)
{
	diag_set(diag, NULL, 0, "%.*s: too many %s", STR_FMT(name), what);
	return (STATUS_LIMIT);
}

static enum status
add_addresses(struct ub_ctx *ctx, const struct dns_opts *opts,
    struct arena *arena, struct dns_server *server, int type,
    struct diag *diag)
{
	int family = type == DNS_A ? AF_INET : AF_INET6, i;
	char text[INET6_ADDRSTRLEN];
	struct ub_result *result;
	enum status status = ask(ctx, opts, server->name, type, &result, diag);

	if (status != STATUS_OK) {
		return (status);
	}
	for (i = 0; status == STATUS_OK && result->havedata &&
	    result->data[i] != NULL; i++) {
		if (server->n == DNS_AUTHORITY_MAX_ADDRESSES) {
			ub_resolve_free(result);
			return (too_many(server->name, "addresses", diag));
		}
		if (result->len[i] == (type == DNS_A ? 4 : 16) &&
		    inet_ntop(family, result->data[i], text,
		    sizeof(text)) != NULL) {
			server->addresses[server->n] =
			    arena_dup(arena, str_from(text));
			status = server->addresses[server->n].p != NULL ?
			    STATUS_OK : STATUS_NOMEM;
			server->n += status == STATUS_OK;
		}
	}
	ub_resolve_free(result);
	return (status);
}

static enum status
find_addresses(struct ub_ctx *ctx, const struct dns_opts *opts,
    struct arena *arena, struct dns_authority *r, struct diag *diag)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		struct dns_server *server = &r->v[i];
		enum status v4, v6;

		v4 = add_addresses(ctx, opts, arena, server, DNS_A, diag);
		v6 = add_addresses(ctx, opts, arena, server, DNS_AAAA, diag);
		if (v4 == STATUS_LIMIT || v6 == STATUS_LIMIT) {
			return (STATUS_LIMIT);
		}
		if (v4 == STATUS_NOMEM || v6 == STATUS_NOMEM) {
			diag_set(diag, NULL, 0, "out of memory");
			return (STATUS_NOMEM);
		}
		if (server->n == 0) {
			diag_set(diag, NULL, 0, "%.*s: name server without "
			    "an address", STR_FMT(server->name));
			return (STATUS_TEMP);
		}
	}
	return (STATUS_OK);
}

/* In an order that stays: a resolver turns them round. */
static int
compare_servers(const void *a, const void *b)
{
	return (str_cmp(((const struct dns_server *)a)->name,
	    ((const struct dns_server *)b)->name));
}

static enum status
find_servers(struct ub_ctx *ctx, const struct dns_opts *opts,
    struct arena *arena, struct dns_authority *r, struct diag *diag)
{
	struct ub_result *result;
	enum status status = ask(ctx, opts, r->zone, TYPE_NS, &result, diag);
	int i;

	if (status != STATUS_OK) {
		return (status);
	}
	for (i = 0; result->havedata && result->data[i] != NULL; i++) {
		if (r->n == DNS_AUTHORITY_MAX_SERVERS) {
			ub_resolve_free(result);
			return (too_many(r->zone, "name servers", diag));
		}
		(void)read_name(arena, (const unsigned char *)result->data[i],
		    (size_t)result->len[i], &r->v[r->n].name);
		if (r->v[r->n].name.p == NULL) {
			ub_resolve_free(result);
			return (unusable(r->zone, "name server", diag));
		}
		r->n++;
	}
	ub_resolve_free(result);
	if (r->n == 0) {
		diag_set(diag, NULL, 0, "%.*s: no name servers found",
		    STR_FMT(r->zone));
		return (STATUS_TEMP);
	}
	qsort(r->v, r->n, sizeof(r->v[0]), compare_servers);
	return (find_addresses(ctx, opts, arena, r, diag));
}

enum status
dns_authority_find(struct arena *arena, const struct dns_opts *opts,
    struct str name, struct dns_authority *r, struct diag *diag)
{
	struct ub_ctx *ctx;
	enum status status = open_context(opts, &ctx, diag);

	if (status != STATUS_OK) {
		return (status);
	}
	*r = (struct dns_authority){ .name = name };
	status = follow(ctx, opts, arena, &r->name, diag);
	if (status == STATUS_OK) {
		status = find_zone(ctx, opts, arena, r, diag);
	}
	if (status == STATUS_OK) {
		status = find_servers(ctx, opts, arena, r, diag);
	}
	ub_ctx_delete(ctx);
	return (status);
}

/* The strings of a TXT record, joined. */
static bool
join(struct arena *arena, const unsigned char *p, size_t n, struct str *r)
{
	char *out = arena_alloc(arena, n);
	size_t at = 0, used = 0, part;

	if (out == NULL) {
		return (false);
	}
	while (at < n) {
		part = p[at++];
		if (part > n - at) {
			break;
		}
		memcpy(out + used, p + at, part);
		used += part;
		at += part;
	}
	*r = str_mem(out, used);
	return (true);
}

static enum status
take_answer(struct arena *arena, const struct ub_result *result,
    struct dns_told *r)
{
	size_t n = 0;

	r->ttl_s = result->ttl;
	r->result = result->nxdomain ? DNS_NXDOMAIN : DNS_NODATA;
	while (result->havedata && result->data[n] != NULL) {
		n++;
	}
	if (n == 0) {
		return (STATUS_OK);
	}
	r->result = DNS_OK;
	r->v = arena_calloc(arena, n, sizeof(*r->v));
	for (; r->v != NULL && r->n < n; r->n++) {
		if (!join(arena, (const unsigned char *)result->data[r->n],
		    (size_t)result->len[r->n], &r->v[r->n])) {
			return (STATUS_NOMEM);
		}
	}
	return (r->v != NULL ? STATUS_OK : STATUS_NOMEM);
}

enum status
dns_authority_ask(struct arena *arena, const struct dns_opts *opts,
    struct str name, struct str address, unsigned port, struct dns_told *r,
    struct diag *diag)
{
	char text[SERVER_BYTES];
	struct dns_opts direct = *opts;
	struct ub_result *result;
	struct ub_ctx *ctx;
	enum status status;
	struct str server;

	*r = (struct dns_told){ .result = DNS_TIMEOUT };
	(void)snprintf(text, sizeof(text), "%.*s@%u", STR_FMT(address), port);
	server = str_from(text);
	direct.nameservers = &server;
	direct.nameservers_n = 1;
	direct.trust_anchor_file = NULL;
	status = open_context(&direct, &ctx, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	status = ask(ctx, &direct, name, DNS_TXT, &result, diag);
	if (status == STATUS_OK) {
		status = take_answer(arena, result, r);
		ub_resolve_free(result);
	}
	ub_ctx_delete(ctx);
	return (status);
}
