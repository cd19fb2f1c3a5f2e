/* SPDX-License-Identifier: BSD-2-Clause */
/* The domain's keys: those that sign, those that will, and new ones. */
#include <unistd.h>

#include "keys/make.h"
#include "keys/rotate.h"
#include "mail/domain.h"
#include "tools/check_host.h"
#include "tools/setup.h"

#define SELECTORS_TRIED	100

static bool
has_selector(const struct setup *s, struct str selector)
{
	size_t i;

	for (i = 0; i < s->keys_n; i++) {
		if (str_eq(s->keys[i].selector, selector)) {
			return (true);
		}
	}
	return (false);
}

static struct setup_key *
add_key(struct setup *s, struct str selector)
{
	struct setup_key *key;

	if (s->keys_n == CHECK_MAX_SELECTORS || has_selector(s, selector)) {
		return (NULL);
	}
	key = &s->keys[s->keys_n];
	*key = (struct setup_key){ .selector = arena_dup(&s->arena,
		selector) };
	s->keys_n += key->selector.p != NULL;
	return (key->selector.p != NULL ? key : NULL);
}

static bool
add_stored(struct setup *s, const struct keystore_key *from)
{
	struct privkey *private;
	struct setup_key *key;
	struct diag diag;

	if (from->stage > KEY_ACTIVE || from->lost || !from->has_private) {
		return (true);
	}
	diag_init(&diag);
	private = store_private(&s->store, from, &diag);
	if (private == NULL) {
		(void)cli_fail("%s", diag.text);
		return (false);
	}
	key = add_key(s, from->selector);
	if (key == NULL) {
		privkey_free(private);
		return (true);
	}
	key->private = private;
	key->stage = from->stage;
	key->stored = true;
	key->record = arena_dup(&s->arena, from->record);
	key->signs_s = from->stage == KEY_ACTIVE ? 0 : -1;
	return (key->record.p != NULL);
}

static bool
read_store(struct setup *s)
{
	struct keystore_key *v;
	size_t i, n;

	if (!store_list(&s->store, &s->store.arena, s->domain, &v, &n)) {
		return (false);
	}
	for (i = 0; i < n; i++) {
		if (!add_stored(s, &v[i])) {
			return (false);
		}
	}
	return (true);
}

/* Keys of Domain, KeyTable and other stores, which are left as they are. */
static bool
read_configured(struct setup *s)
{
	const struct check_own_domain *own;
	struct check_host host;
	struct setup_key *key;
	bool ok;
	size_t i;

	if (s->conf_missing) {
		return (true);
	}
	ok = check_host_open(&host, s->args->conf_path, false, &s->env);
	own = ok ? check_host_find(&host, s->domain) : NULL;
	for (i = 0; own != NULL && i < own->n; i++) {
		key = add_key(s, own->selectors[i].name);
		if (key != NULL) {
			key->private = privkey_hold((struct privkey *)
			    (uintptr_t)own->selectors[i].key);
			key->stage = KEY_ACTIVE;
		}
	}
	check_host_close(&host);
	return (ok);
}

void
setup_keys_free(struct setup *s)
{
	size_t i;

	for (i = 0; i < s->keys_n; i++) {
		privkey_free(s->keys[i].private);
	}
	s->keys_n = 0;
}

bool
setup_keys_read(struct setup *s, bool create)
{
	bool exists;

	setup_keys_free(s);
	if (!s->store_init) {
		s->store_init = true;
		if (!store_init(&s->store, &s->args->store) ||
		    !store_choose(&s->store, &exists)) {
			return (false);
		}
	}
	exists = create || s->store_open || (s->store.where != NULL &&
	    (strchr(s->store.where, ':') != NULL ||
	    access(s->store.where, R_OK | X_OK) == 0));
	if (exists && !s->store_open) {
		if (!store_open(&s->store, create)) {
			return (false);
		}
		s->store_open = true;
	}
	return ((!s->store_open || read_store(s)) &&
	    (geteuid() != 0 || read_configured(s)));
}

/* Whether the DNS has anything there: a key of others, or of old times. */
static bool
is_taken(struct setup *s, struct str selector, bool *ok)
{
	const struct authority_zone *zone;
	struct authority_answer answer;
	struct str name = domain_key_name(&s->arena, selector, s->domain);
	struct str target;
	struct diag diag;
	size_t i;

	diag_init(&diag);
	*ok = name.p != NULL && authority_find(s->authority, &s->arena, name,
	    &target, &zone, &diag) == STATUS_OK;
	if (!*ok) {
		(void)cli_fail("%s", name.p != NULL ? diag.text :
		    status_text(STATUS_NOMEM));
	}
	for (i = 0; *ok && i < zone->n; i++) {
		if (zone->v[i]->n > 0 && authority_ask(s->authority,
		    &s->arena, target, zone->v[i]->addresses[0], &answer) ==
		    STATUS_OK && answer.result == DNS_OK) {
			return (true);
		}
	}
	return (false);
}

static bool
is_stored(const struct keystore_key *v, size_t n, struct str selector)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (str_eq(v[i].selector, selector)) {
			return (true);
		}
	}
	return (false);
}

/* By dkimkeygen's template, and never where something is already. */
static bool
choose_selector(struct setup *s, enum crypto_key_type type, struct str *r)
{
	struct keystore_key *v;
	struct str base;
	bool ok = true;
	size_t i, n;

	if (!make_selector(&s->arena, s->store.policy.selector, type,
	    s->store.now_s, &base) || !store_list(&s->store,
	    &s->store.arena, s->domain, &v, &n)) {
		return (false);
	}
	for (i = 1; i <= SELECTORS_TRIED; i++) {
		*r = i == 1 ? base : setup_text(s, "%.*s%zu", STR_FMT(base),
		    i);
		if (!is_stored(v, n, *r) && !is_taken(s, *r, &ok)) {
			return (ok);
		}
	}
	(void)cli_fail("no selector like %.*s is free", STR_FMT(base));
	return (false);
}

static bool
has_type(const struct setup *s, enum crypto_key_type type)
{
	size_t i;

	for (i = 0; i < s->keys_n; i++) {
		if (privkey_type(s->keys[i].private) == type) {
			return (true);
		}
	}
	return (false);
}

static bool
make_one(struct setup *s, enum crypto_key_type type)
{
	struct keystore_key key;
	struct key_name name;
	struct str selector;
	bool ok;

	if (!choose_selector(s, type, &selector) ||
	    !key_name_make(&s->arena, s->domain.p, selector.p, &name) ||
	    !store_lock(&s->store, s->domain)) {
		return (false);
	}
	ok = make_key(&s->store, &name, type, 0, "", &key);
	store_unlock(&s->store, s->domain);
	if (ok) {
		setup_say(s, "Made the %s key %.*s in %s.", type ==
		    CRYPTO_RSA ? "RSA" : "Ed25519", STR_FMT(selector),
		    s->store.name);
	}
	return (ok);
}

bool
setup_keys_make(struct setup *s)
{
	bool made = false;

	if (!has_type(s, CRYPTO_RSA)) {
		if (!make_one(s, CRYPTO_RSA)) {
			return (false);
		}
		made = true;
	}
	if (s->args->ed25519 && !has_type(s, CRYPTO_ED25519)) {
		if (!make_one(s, CRYPTO_ED25519)) {
			return (false);
		}
		made = true;
	}
	return (!made || setup_keys_read(s, true));
}

const char *
setup_publish_how(struct setup *s)
{
	const char *how = s->args->publish;

	if (how == NULL) {
		return (s->store.policy.publish);
	}
	return (how[0] == '/' ? setup_text(s, "hook:%s", how).p : how);
}

/* When it will sign; life.h has the rules. */
static void
note_waits(struct setup *s, struct rotation *run, struct rotated *d)
{
	struct life_step step;
	size_t i, j;

	for (i = 0; i < d->n; i++) {
		for (j = 0; j < s->keys_n && !str_eq(s->keys[j].selector,
		    d->v[i].selector); j++) {
			continue;
		}
		if (j == s->keys_n) {
			continue;
		}
		rotate_next(run, d, i, &step);
		s->keys[j].stage = d->v[i].stage;
		s->keys[j].signs_s = life_signs(d->v[i].stage) ? 0 :
		    step.kind == LIFE_WAIT ? step.until_s : -1;
	}
}

bool
setup_keys_advance(struct setup *s)
{
	const struct verb_opts opts = { .quiet = true };
	struct rotation run = { .store = &s->store, .opts = &opts };
	struct keystore_key *v;
	struct rotated d;
	size_t n;
	bool ok;

	if (!s->store_open) {
		return (true);
	}
	s->store.now_s = env_now_s(&s->env);
	run.how = setup_publish_how(s);
	run.by_hand = publish_is_by_hand(run.how);
	if (!store_list(&s->store, &s->store.arena, s->domain, &v, &n)) {
		return (false);
	}
	if (n == 0) {
		return (true);
	}
	ok = looker_init(&run.looker, &s->store, &s->args->dns, false);
	run.domains = json_array();
	notice_init(&run.notice);
	if (ok) {
		ok = rotated_init(&run, &d, v, n) && rotate_steps(&run, &d);
		note_waits(s, &run, &d);
		rotated_fini(&d);
	}
	looker_fini(&run.looker);
	notice_fini(&run.notice);
	json_decref(run.domains);
	return (ok && !run.failed);
}
