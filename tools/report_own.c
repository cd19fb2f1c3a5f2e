/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_own: what this host knows of itself: the addresses of InternalHosts,
 * the keys of its configuration, tables and key stores, at any stage.
 */
#include "config.h"

#include <stdlib.h>

#include "keystore/keystore.h"
#include "signers/signers.h"
#include "tools/report.h"

#define ARENA_BYTES	((size_t)64 * 1024 * 1024)

struct own_key {
	struct str	domain;
	struct str	selector;
};

struct report_own {
	const struct env *env;
	struct conf	*conf;
	struct signers	*signers;	/* NULL: nothing signs */
	struct arena	 arena;
	/* the keys of the domain that was asked for last */
	struct str	 domain;
	struct own_key	*keys;
	size_t		 keys_n;
	size_t		 keys_cap;
};

static bool
open_signers(struct report_own *own, struct diag *diag)
{
	const struct conf *conf = own->conf;
	const struct signers_opts opts = { .env = own->env,
		.user_id = conf->user_id, .domains = conf->domains.v,
		.domains_n = conf->domains.n, .subdomains = conf->subdomains,
		.keys = conf->keys, .keys_n = conf->keys_n,
		.key_table = conf->key_table.path,
		.signing_table = conf->signing_table.path,
		.signing_patterns = conf->signing_table.patterns,
		.multiple = true, .cache_max = 1 };

	return (!conf->mode_sign || signers_new(&opts, NULL, &own->signers,
	    diag) == STATUS_OK);
}

struct report_own *
report_own_new(const char *path, const struct env *env)
{
	struct report_own *own = calloc(1, sizeof(*own));
	struct diag diag;

	diag_init(&diag);
	if (own == NULL) {
		(void)cli_fail("out of memory");
		return (NULL);
	}
	own->env = env;
	arena_init(&own->arena, ARENA_BYTES);
	if (conf_load(path != NULL ? path : SYSCONFDIR "/mailseald.conf", env,
	    &own->conf, &diag) != STATUS_OK || !open_signers(own, &diag)) {
		cli_warn("%s%s", diag.text, path != NULL ? "" :
		    " (the reports are read without the configuration)");
		report_own_free(own);
		return (NULL);
	}
	return (own);
}

void
report_own_free(struct report_own *own)
{
	if (own != NULL) {
		signers_free(own->signers);
		conf_release(own->conf);
		arena_fini(&own->arena);
		free(own);
	}
}

const struct conf *
report_own_conf(const struct report_own *own)
{
	return (own->conf);
}

static void
add_key(struct report_own *own, struct str domain, struct str selector)
{
	struct own_key *v = own->keys;

	if (own->keys_n == own->keys_cap) {
		v = arena_grow(&own->arena, own->keys, own->keys_n,
		    &own->keys_cap, sizeof(*v));
	}
	if (v != NULL) {
		own->keys = v;
		v[own->keys_n++] = (struct own_key){
			arena_dup(&own->arena, domain),
			arena_dup(&own->arena, selector) };
	}
}

static void
add_store(struct report_own *own, const char *where, struct str domain)
{
	struct keystore *store = NULL;
	struct keystore_key *v = NULL;
	struct diag diag;
	size_t i, n = 0;

	diag_init(&diag);
	if (keystore_open(where, false, &store, &diag) == STATUS_OK &&
	    keystore_list(store, &own->arena, domain, &v, &n, NULL, NULL,
	    &diag) == STATUS_OK) {
		for (i = 0; i < n; i++) {
			add_key(own, v[i].domain, v[i].selector);
		}
	} else {
		cli_warn("%s", diag.text);
	}
	keystore_close(store);
}

/* Domain, KeyTable and SigningTable: the keys that sign for its postmaster. */
static void
add_picks(struct report_own *own, struct str domain)
{
	struct signers_picks picks = { .n = 0 };
	size_t i;

	if (own->signers != NULL && signers_pick(own->signers, &own->arena,
	    STR("postmaster"), domain, &picks) == STATUS_OK) {
		for (i = 0; i < picks.n; i++) {
			add_key(own, picks.v[i].domain, picks.v[i].selector);
		}
	}
	signers_picks_fini(&picks);
}

static void
load_keys(struct report_own *own, struct str domain)
{
	size_t i;

	if (own->domain.p != NULL && str_eq_ci(own->domain, domain)) {
		return;
	}
	arena_reset(&own->arena);
	own->keys = NULL;
	own->keys_n = 0;
	own->keys_cap = 0;
	own->domain = arena_dup(&own->arena, domain);
	add_picks(own, domain);
	for (i = 0; i < own->conf->key_stores.n; i++) {
		add_store(own, own->conf->key_stores.v[i], domain);
	}
}

static bool
has_key(void *ctx, const char *domain, const char *selector)
{
	struct report_own *own = ctx;
	size_t i;

	load_keys(own, str_from(domain));
	for (i = 0; i < own->keys_n; i++) {
		if (str_eq_ci(own->keys[i].domain, str_from(domain)) &&
		    str_eq_ci(own->keys[i].selector, str_from(selector))) {
			return (true);
		}
	}
	return (false);
}

static bool
has_address(void *ctx, const struct source *v)
{
	struct report_own *own = ctx;

	return (v->ip_text == NULL && hosts_match(own->conf->internal_hosts,
	    &v->ip, STR_NONE));
}

void
report_own_get(struct report_own *own, struct sources_own *r)
{
	*r = (struct sources_own){ has_address, has_key, own };
}
