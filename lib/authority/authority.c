/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "authority/authority.h"
#include "base/strmap.h"

#define MEMORY_MAX_BYTES ((size_t)256 * 1024 * 1024)
#define OPEN_MAX	16	/* addresses that have a struct dns */
#define SILENT_MAX	2	/* timeouts of an address, one after another */

struct authority_address {
	struct authority_address	*next;	/* among those open */
	struct str	 text;		/* "address@port" */
	struct dns	*dns;		/* NULL: not open */
	unsigned	 silent;
};

struct authority {
	const struct dns_opts	*opts;
	unsigned		 port;
	struct dns		*resolver;
	struct arena		 memory;
	struct strmap		 zones;		/* by name above a record */
	struct strmap		 servers;	/* by name */
	struct strmap		 addresses;	/* by text */
	struct authority_address *open;
	unsigned		 open_n;
};

/* Waits. The answer lives as long as the batch; NULL: out of memory. */
static struct dns_batch *
ask_dns(struct dns *dns, const struct dns_opts *opts, struct str name,
    enum dns_type type, const struct dns_answer **r)
{
	struct dns_batch *batch = dns_batch_new(dns);
	struct dns_query *query;

	query = batch != NULL ? dns_batch_add(batch, name, type) : NULL;
	if (query == NULL) {
		dns_batch_free(batch);
		return (NULL);
	}
	dns_batch_wait(batch, env_mono_us(opts->env) + opts->timeout_us);
	*r = dns_query_answer(query);
	return (batch);
}

/* OK: there is an answer, maybe a negative one; the caller frees the batch. */
static enum status
ask_resolver(struct authority *a, struct str name, enum dns_type type,
    struct dns_batch **batch_r, const struct dns_answer **r,
    struct diag *diag)
{
	*batch_r = ask_dns(a->resolver, a->opts, name, type, r);
	if (*batch_r == NULL) {
		return (STATUS_NOMEM);
	}
	if ((*r)->result == DNS_OK || (*r)->result == DNS_NODATA ||
	    (*r)->result == DNS_NXDOMAIN) {
		return (STATUS_OK);
	}
	diag_set(diag, NULL, 0, "%.*s: %s", STR_FMT(name),
	    dns_result_text((*r)->result));
	dns_batch_free(*batch_r);
	return (STATUS_TEMP);
}

/* What the name of a host or a name server consists of. Others come from
   whoever answers, and would end up in commands for nsupdate. */
static bool
is_plain(struct str name)
{
	size_t i;

	for (i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!char_is_alpha(c) && !char_is_digit(c) && c != '-' &&
		    c != '_' && c != '.') {
			return (false);
		}
	}
	return (name.n > 0);
}

static enum status
refuse_name(struct str owner, const char *what, struct diag *diag)
{
	diag_set(diag, NULL, 0, "%.*s: its %s has an unusable name",
	    STR_FMT(owner), what);
	return (STATUS_TEMP);
}

static enum status
follow_cnames(struct authority *a, struct arena *arena, struct str *name,
    struct diag *diag)
{
	const struct dns_answer *answer;
	struct dns_batch *batch;
	enum status status;
	struct str owner;
	int i;

	for (i = 0; i < AUTHORITY_MAX_CNAMES; i++) {
		owner = *name;
		status = ask_resolver(a, owner, DNS_CNAME, &batch, &answer,
		    diag);
		if (status != STATUS_OK) {
			return (status);
		}
		if (answer->n == 0) {
			dns_batch_free(batch);
			return (STATUS_OK);
		}
		*name = arena_dup(arena, answer->v[0].data);
		dns_batch_free(batch);
		if (name->p == NULL) {
			return (STATUS_NOMEM);
		}
		if (!is_plain(*name)) {
			return (refuse_name(owner, "CNAME", diag));
		}
	}
	diag_set(diag, NULL, 0, "%.*s: too many CNAMEs, or a loop of them",
	    STR_FMT(*name));
	return (STATUS_TEMP);
}

/* All of them must be asked: one that is left out might answer differently. */
static enum status
refuse_number(struct str name, const char *what, struct diag *diag)
{
	diag_set(diag, NULL, 0, "%.*s: too many %s", STR_FMT(name), what);
	return (STATUS_LIMIT);
}

static struct authority_address *
get_address(struct authority *a, const char *address)
{
	struct authority_address *new;
	struct str text = arena_printf(&a->memory, "%s@%u", address, a->port);
	void **at = text.p != NULL ? strmap_at(&a->addresses, text) : NULL;

	if (at == NULL || *at != NULL) {
		return (at != NULL ? *at : NULL);
	}
	new = arena_alloc(&a->memory, sizeof(*new));
	if (new != NULL) {
		*new = (struct authority_address){ .text = text };
		*at = new;
	}
	return (new);
}

static enum status
add_addresses(struct authority *a, struct authority_server *server,
    enum dns_type type, struct diag *diag)
{
	int family = type == DNS_A ? AF_INET : AF_INET6;
	const struct dns_answer *answer;
	char text[INET6_ADDRSTRLEN];
	struct dns_batch *batch;
	enum status status;
	size_t i;

	status = ask_resolver(a, server->name, type, &batch, &answer, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	for (i = 0; status == STATUS_OK && i < answer->n; i++) {
		if (server->n == AUTHORITY_MAX_ADDRESSES) {
			status = refuse_number(server->name, "addresses", diag);
		} else if (inet_ntop(family, answer->v[i].data.p, text,
		    sizeof(text)) != NULL) {
			server->addresses[server->n] = get_address(a, text);
			status = server->addresses[server->n++] != NULL ?
			    STATUS_OK : STATUS_NOMEM;
		}
	}
	dns_batch_free(batch);
	return (status);
}

/* Only one that has an address is remembered. */
static enum status
find_server(struct authority *a, struct str name,
    struct authority_server **r, struct diag *diag)
{
	void **at = strmap_at(&a->servers, name);
	struct authority_server *server;
	enum status v4, v6;

	if (at == NULL) {
		return (STATUS_NOMEM);
	}
	*r = *at;
	if (*r != NULL) {
		return (STATUS_OK);
	}
	server = arena_calloc(&a->memory, 1, sizeof(*server));
	if (server == NULL) {
		return (STATUS_NOMEM);
	}
	server->name = name;
	v4 = add_addresses(a, server, DNS_A, diag);
	v6 = add_addresses(a, server, DNS_AAAA, diag);
	if (v4 == STATUS_LIMIT || v4 == STATUS_NOMEM) {
		return (v4);
	}
	if (v6 == STATUS_LIMIT || v6 == STATUS_NOMEM) {
		return (v6);
	}
	if (server->n == 0) {
		diag_set(diag, NULL, 0, "%.*s: name server without an address",
		    STR_FMT(name));
		return (STATUS_TEMP);
	}
	*at = *r = server;
	return (STATUS_OK);
}

/* In a fixed order: a resolver rotates them. */
static int
compare_servers(const void *a, const void *b)
{
	return (str_cmp((*(struct authority_server *const *)a)->name,
	    (*(struct authority_server *const *)b)->name));
}

static enum status
add_servers(struct authority *a, struct authority_zone *zone,
    const struct dns_answer *answer, struct diag *diag)
{
	enum status status = STATUS_OK;
	struct str name;
	size_t i;

	if (answer->n == 0) {
		diag_set(diag, NULL, 0, "%.*s: no name servers found",
		    STR_FMT(zone->name));
		return (STATUS_TEMP);
	}
	if (answer->n > AUTHORITY_MAX_SERVERS) {
		return (refuse_number(zone->name, "name servers", diag));
	}
	for (i = 0; status == STATUS_OK && i < answer->n; i++) {
		if (!is_plain(answer->v[i].data)) {
			return (refuse_name(zone->name, "name server", diag));
		}
		name = arena_dup(&a->memory, answer->v[i].data);
		if (name.p == NULL) {
			return (STATUS_NOMEM);
		}
		status = find_server(a, name, &zone->v[zone->n++], diag);
	}
	return (status);
}

static enum status
make_zone(struct authority *a, struct str name, int64_t negative_ttl_s,
    struct authority_zone **r, struct diag *diag)
{
	struct authority_zone *zone = arena_calloc(&a->memory, 1,
	    sizeof(*zone));
	const struct dns_answer *answer;
	struct dns_batch *batch;
	enum status status;

	if (zone == NULL) {
		return (STATUS_NOMEM);
	}
	zone->name = arena_dup(&a->memory, name);
	zone->negative_ttl_s = negative_ttl_s;
	if (zone->name.p == NULL) {
		return (STATUS_NOMEM);
	}
	status = ask_resolver(a, zone->name, DNS_NS, &batch, &answer, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	status = add_servers(a, zone, answer, diag);
	dns_batch_free(batch);
	if (status == STATUS_OK) {
		qsort(zone->v, zone->n, sizeof(zone->v[0]), compare_servers);
		*r = zone;
	}
	return (status);
}

/*
 * The SOA's minimum; -1: there is no SOA. RFC 2308 5 takes the lower one of it
 * and the SOA's own TTL, but a resolver only returns how much is left of that.
 */
static int64_t
negative_ttl_s(const struct dns_answer *answer)
{
	const unsigned char *p;

	if (answer->n == 0) {
		return (-1);
	}
	p = (const unsigned char *)answer->v[0].data.p;
	return ((int64_t)p[0] << 24 | (int64_t)p[1] << 16 |
	    (int64_t)p[2] << 8 | p[3]);
}

/* All names between the zone and what is below `below` are in it. */
static enum status
remember_zone(struct authority *a, struct str below, struct authority_zone *z)
{
	struct str name, end = str_from_offset(below, str_find(below, '.') + 1);
	void **at;

	for (; end.n >= z->name.n && end.n > 0;
	    end = str_from_offset(end, str_find(end, '.') + 1)) {
		if (strmap_get(&a->zones, end) != NULL) {
			continue;
		}
		name = arena_dup(&a->memory, end);
		at = name.p != NULL ? strmap_at(&a->zones, name) : NULL;
		if (at == NULL) {
			return (STATUS_NOMEM);
		}
		*at = z;
	}
	return (STATUS_OK);
}

/* Up from the name to one that is known, or that has a SOA. */
static enum status
find_zone(struct authority *a, struct str target,
    const struct authority_zone **r, struct diag *diag)
{
	struct authority_zone *zone = NULL;
	const struct dns_answer *answer;
	struct dns_batch *batch;
	struct str name = target;
	enum status status;
	int64_t ttl_s;

	for (; name.n > 0 && zone == NULL;
	    name = str_from_offset(name, str_find(name, '.') + 1)) {
		zone = strmap_get(&a->zones, name);
		if (zone != NULL) {
			break;
		}
		status = ask_resolver(a, name, DNS_SOA, &batch, &answer,
		    diag);
		if (status != STATUS_OK) {
			return (status);
		}
		ttl_s = negative_ttl_s(answer);
		dns_batch_free(batch);
		if (ttl_s >= 0) {
			status = make_zone(a, name, ttl_s, &zone, diag);
			if (status != STATUS_OK) {
				return (status);
			}
		}
	}
	if (zone == NULL) {
		diag_set(diag, NULL, 0, "%.*s: no zone with a usable SOA found",
		    STR_FMT(target));
		return (STATUS_TEMP);
	}
	*r = zone;
	return (remember_zone(a, target, zone));
}

enum status
authority_find(struct authority *a, struct arena *arena, struct str name,
    struct str *target_r, const struct authority_zone **zone_r,
    struct diag *diag)
{
	enum status status;

	*target_r = name;
	status = follow_cnames(a, arena, target_r, diag);
	if (status == STATUS_OK) {
		status = find_zone(a, *target_r, zone_r, diag);
	}
	if (status == STATUS_NOMEM) {
		diag_set(diag, NULL, 0, "out of memory");
	}
	return (status);
}

enum status
authority_ask_dns(struct dns *dns, const struct dns_opts *opts,
    struct arena *arena, struct str name, struct authority_answer *r)
{
	const struct dns_answer *answer;
	struct dns_batch *batch = ask_dns(dns, opts, name, DNS_TXT, &answer);
	size_t i;

	if (batch == NULL) {
		return (STATUS_NOMEM);
	}
	*r = (struct authority_answer){ .result = answer->result,
		.bogus = answer->security == DNS_BOGUS,
		.ttl_s = answer->result == DNS_OK ? (int64_t)answer->ttl_s :
		-1, .v = arena_calloc(arena, answer->n, sizeof(*r->v)) };
	for (i = 0; r->v != NULL && i < answer->n; i++) {
		r->v[i] = arena_dup(arena, answer->v[i].data);
		r->n += r->v[i].p != NULL;
	}
	i = answer->n;
	dns_batch_free(batch);
	return (r->v != NULL && r->n == i ? STATUS_OK : STATUS_NOMEM);
}

static void
close_addresses(struct authority *a)
{
	struct authority_address *address;

	while ((address = a->open) != NULL) {
		a->open = address->next;
		dns_release(address->dns);
		address->dns = NULL;
	}
	a->open_n = 0;
}

/* Without a cache. */
static enum status
open_address(struct authority *a, struct authority_address *address)
{
	struct dns_opts direct = *a->opts;
	struct diag ignored;
	enum status status;

	if (address->dns != NULL) {
		return (STATUS_OK);
	}
	if (a->open_n >= OPEN_MAX) {
		close_addresses(a);
	}
	diag_init(&ignored);
	direct.nameservers = &address->text;
	direct.nameservers_n = 1;
	direct.trust_anchor_file = NULL;
	direct.cache_max_bytes = 0;
	status = dns_new_resolver(&direct, &address->dns, &ignored);
	if (status == STATUS_OK) {
		address->next = a->open;
		a->open = address;
		a->open_n++;
	}
	return (status);
}

enum status
authority_ask(struct authority *a, struct arena *arena, struct str name,
    struct authority_address *address, struct authority_answer *r)
{
	enum status status = STATUS_OK;

	*r = (struct authority_answer){ .result = DNS_TIMEOUT, .ttl_s = -1 };
	if (address->silent >= SILENT_MAX) {
		return (STATUS_OK);
	}
	status = open_address(a, address);
	if (status == STATUS_OK) {
		status = authority_ask_dns(address->dns, a->opts, arena, name,
		    r);
	}
	address->silent = status == STATUS_OK && r->result == DNS_TIMEOUT ?
	    address->silent + 1 : 0;
	return (status);
}

enum status
authority_new(const struct dns_opts *opts, unsigned port,
    struct authority **r, struct diag *diag)
{
	struct authority *a = calloc(1, sizeof(*a));
	enum status status;

	*r = NULL;
	if (a == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	a->opts = opts;
	a->port = port;
	arena_init(&a->memory, MEMORY_MAX_BYTES);
	strmap_init(&a->zones);
	strmap_init(&a->servers);
	strmap_init(&a->addresses);
	status = dns_new_resolver(opts, &a->resolver, diag);
	if (status != STATUS_OK) {
		authority_free(a);
		return (status);
	}
	*r = a;
	return (STATUS_OK);
}

void
authority_free(struct authority *a)
{
	if (a == NULL) {
		return;
	}
	close_addresses(a);
	dns_release(a->resolver);
	strmap_fini(&a->zones);
	strmap_fini(&a->servers);
	strmap_fini(&a->addresses);
	arena_fini(&a->memory);
	free(a);
}
