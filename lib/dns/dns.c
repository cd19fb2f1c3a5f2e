/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "dns/resolver.h"
#include "dns/servers.h"
#include "dns/stub.h"
#include "dns/unbound.h"

#define CACHE_MAX_BYTES		((size_t)8 << 20)
#define TTL_MAX_S		86400		/* RFC 8767 4: a week at most */
#define NEGATIVE_TTL_MAX_S	10800		/* RFC 2308 5 */
#define TIMEOUT_US		UINT64_C(10000000)

void
dns_opts_init(struct dns_opts *opts)
{
	*opts = (struct dns_opts){
		.cache_max_bytes = CACHE_MAX_BYTES,
		.ttl_max_s = TTL_MAX_S,
		.negative_ttl_max_s = NEGATIVE_TTL_MAX_S,
		.resolv_conf = DNS_RESOLV_CONF,
		.timeout_us = TIMEOUT_US
	};
}

enum status
dns_new_backend(const struct dns_opts *opts, const struct dns_backend_ops *ops,
    void *backend, struct dns **r)
{
	struct dns *dns;

	*r = NULL;
	dns = calloc(1, sizeof(*dns));
	if (dns == NULL || pthread_mutex_init(&dns->lock, NULL) != 0) {
		ops->free(backend);
		free(dns);
		return (STATUS_NOMEM);
	}
	atomic_init(&dns->refs, 1);
	dns->env = *opts->env;
	dns->ttl_max_s = opts->ttl_max_s;
	dns->negative_ttl_max_s = opts->negative_ttl_max_s;
	dns->timeout_us = opts->timeout_us;
	dns->ops = ops;
	dns->backend = backend;
	TAILQ_INIT(&dns->ready);
	TAILQ_INIT(&dns->ended);
	if (!ops->is_local &&
	    !dns_zones_init(&dns->zones, env_random(&dns->env))) {
		pthread_mutex_destroy(&dns->lock);
		ops->free(backend);
		free(dns);
		return (STATUS_NOMEM);
	}
	cache_init(&dns->cache, opts->cache_max_bytes);
	LIST_INIT(&dns->flights);
	*r = dns;
	return (STATUS_OK);
}

enum status
dns_new_resolver(const struct dns_opts *opts, struct dns **r,
    struct diag *diag)
{
	return (opts->trust_anchor_file != NULL ?
	    dns_new_unbound(opts, r, diag) : dns_new_stub(opts, r, diag));
}

struct dns *
dns_hold(struct dns *dns)
{
	atomic_fetch_add(&dns->refs, 1);
	return (dns);
}

bool
dns_is_shared(const struct dns *dns)
{
	return (atomic_load(&dns->refs) > 1);
}

void
dns_release(struct dns *dns)
{
	struct flight *f;

	if (dns == NULL || atomic_fetch_sub(&dns->refs, 1) != 1) {
		return;
	}
	/* First, as it could still call dns_backend_done(). */
	dns->ops->free(dns->backend);
	while ((f = LIST_FIRST(&dns->flights)) != NULL) {
		LIST_REMOVE(f, link);
		free(f);
	}
	dns_zones_fini(&dns->zones);
	cache_fini(&dns->cache);
	pthread_mutex_destroy(&dns->lock);
	free(dns);
}

void
dns_get_stats(struct dns *dns, struct dns_stats *r)
{
	size_t i;

	*r = (struct dns_stats){
		.hits = counter_get(&dns->counts.hits),
		.misses = counter_get(&dns->counts.misses),
		.joined = counter_get(&dns->counts.joined),
		.remembered = counter_get(&dns->counts.remembered),
		.evicted = counter_get(&dns->cache.evicted),
		.entries = counter_get(&dns->cache.entries),
		.bytes = counter_get(&dns->cache.bytes),
	};
	for (i = 0; i < DNS_RESULTS; i++) {
		r->results[i] = counter_get(&dns->counts.results[i]);
	}
	if (dns->ops->count_servers != NULL) {
		dns->ops->count_servers(dns->backend, r);
	}
}

const char *
dns_result_text(enum dns_result result)
{
	switch (result) {
	case DNS_OK:
		return ("answered");
	case DNS_NODATA:
		return ("no such record");
	case DNS_NXDOMAIN:
		return ("no such name");
	case DNS_SERVFAIL:
		return ("the name servers failed");
	case DNS_TIMEOUT:
		return ("no answer in time");
	case DNS_BADNAME:
		return ("not a domain name");
	}
	return ("unknown");
}
