/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "keystore/passphrase.h"
#include "keystore/private.h"

struct key_list {		/* the context of keystore_list */
	struct arena		*arena;
	struct keystore_key	*v;
	size_t			 n;
	size_t			 cap;
	keystore_bad		*bad;
	void			*ctx;
};

static const char *const stages[] = {
	[KEY_PENDING] = "pending", [KEY_PUBLISHED] = "published",
	[KEY_ACTIVE] = "active", [KEY_RETIRED] = "retired",
	[KEY_REVOKED] = "revoked", [KEY_REMOVED] = "removed",
};

#define STAGES_N	(sizeof(stages) / sizeof(stages[0]))

const char *
key_stage_name(enum key_stage stage)
{
	return (stages[stage]);
}

bool
key_stage_parse(struct str text, enum key_stage *r)
{
	size_t i;

	for (i = 0; i < STAGES_N; i++) {
		if (str_eq(text, str_from(stages[i]))) {
			*r = (enum key_stage)i;
			return (true);
		}
	}
	return (false);
}

bool
keystore_is_local(const char *where)
{
	return (!str_starts(str_from(where), STR("postgres:")));
}

const char *
keystore_shown(const char *where)
{
	return (keystore_is_local(where) ? where : "postgres");
}

/* "word:" and more, which is no path: a directory of that name is "./word:". */
static bool
names_kind(struct str where)
{
	size_t i = 0;

	while (i < where.n && char_is_alpha(where.p[i])) {
		i++;
	}
	return (i > 0 && i < where.n && where.p[i] == ':');
}

static enum status
open_kind(struct keystore *store, const char *where, bool create,
    struct diag *diag)
{
	struct str sqlite = STR("sqlite:"), postgres = STR("postgres:");

	if (str_starts(str_from(where), sqlite) && where[sqlite.n] != '\0') {
		return (keystore_open_sqlite(store, where + sqlite.n, create,
		    diag));
	}
	if (str_starts(str_from(where), postgres)) {
		return (keystore_open_postgres(store, where + postgres.n,
		    diag));
	}
	if (strcmp(where, "sqlite") == 0 || strcmp(where, "postgres") == 0 ||
	    names_kind(str_from(where))) {
		diag_set(diag, where, 0, "not sqlite:PATH or "
		    "postgres:CONNINFO, nor a directory with its path");
		return (STATUS_IO);
	}
	return (keystore_open_dir(store, where, create, diag));
}

enum status
keystore_open(const char *where, bool create, struct keystore **r,
    struct diag *diag)
{
	struct keystore *store = calloc(1, sizeof(*store));
	enum status status;

	*r = NULL;
	if (store == NULL || (store->name = strdup(keystore_shown(where))) ==
	    NULL) {
		free(store);
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	status = open_kind(store, where, create, diag);
	if (status != STATUS_OK) {
		keystore_close(store);
		return (status);
	}
	*r = store;
	return (STATUS_OK);
}

void
keystore_close(struct keystore *store)
{
	if (store == NULL) {
		return;
	}
	if (store->ctx != NULL) {
		store->ops->close(store->ctx);
	}
	free(store->name);
	free(store);
}

void
keystore_use_passphrase(struct keystore *store,
    const struct passphrase *passphrase)
{
	store->passphrase = passphrase;
}

const char *
keystore_name(const struct keystore *store)
{
	return (store->name);
}

static struct str
copy_text(struct arena *a, struct str s, bool *ok)
{
	struct str copy = s.p != NULL ? arena_dup(a, s) : STR_NONE;

	*ok = *ok && (s.p == NULL || copy.p != NULL);
	return (copy);
}

static enum status
add_key(void *ctx, const struct keystore_key *key)
{
	struct key_list *list = ctx;
	struct keystore_key *v, copy = *key;
	bool ok = true;

	if (list->n >= KEYSTORE_MAX_KEYS) {
		return (STATUS_LIMIT);
	}
	v = arena_grow(list->arena, list->v, list->n, &list->cap, sizeof(*v));
	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	list->v = v;
	copy.domain = copy_text(list->arena, key->domain, &ok);
	copy.selector = copy_text(list->arena, key->selector, &ok);
	copy.record = copy_text(list->arena, key->record, &ok);
	copy.note = copy_text(list->arena, key->note, &ok);
	v[list->n] = copy;
	list->n += ok;
	return (ok ? STATUS_OK : STATUS_NOMEM);
}

static int
compare_keys(const void *va, const void *vb)
{
	const struct keystore_key *a = va, *b = vb;
	int c = str_cmp(a->domain, b->domain);

	if (c == 0 && a->created_s != b->created_s) {
		c = a->created_s < b->created_s ? -1 : 1;
	}
	return (c != 0 ? c : str_cmp(a->selector, b->selector));
}

void
keystore_mark(struct keystore_key *key, bool has_private)
{
	key->lost = key->stage <= KEY_ACTIVE && !has_private;
	key->has_private = has_private;
}

enum status
keystore_deliver(const struct keystore_query *query,
    const struct keystore_key *key)
{
	enum status status = query->take(query->ctx, key);

	arena_reset(query->scratch);
	return (status);
}

void
keystore_report(const struct keystore_query *query, struct str domain,
    struct str selector, const struct diag *diag)
{
	if (query->bad != NULL) {
		query->bad(query->ctx, domain, selector, diag);
	}
	arena_reset(query->scratch);
}

static enum status
run_query(struct keystore *store, struct keystore_query *query,
    struct diag *diag)
{
	struct arena scratch;
	enum status status;

	arena_init(&scratch, KEYSTORE_SCRATCH_BYTES);
	query->scratch = &scratch;
	status = store->ops->list(store->ctx, query, diag);
	arena_fini(&scratch);
	return (status);
}

static void
report_bad(void *ctx, struct str domain, struct str selector,
    const struct diag *diag)
{
	const struct key_list *list = ctx;

	if (list->bad != NULL) {
		list->bad(list->ctx, domain, selector, diag);
	}
}

enum status
keystore_list(struct keystore *store, struct arena *arena, struct str domain,
    struct keystore_key **v_r, size_t *n_r, keystore_bad *bad, void *ctx,
    struct diag *diag)
{
	struct key_list list = { .arena = arena, .bad = bad, .ctx = ctx };
	struct keystore_query query = { .domain = domain, .take = add_key,
		.bad = report_bad, .ctx = &list };
	enum status status = run_query(store, &query, diag);

	if (list.n > 1) {
		qsort(list.v, list.n, sizeof(*list.v), compare_keys);
	}
	*v_r = list.v;
	*n_r = status == STATUS_OK ? list.n : 0;
	return (status);
}

enum status
keystore_active(struct keystore *store, size_t copies, keystore_take *take,
    keystore_bad *bad, void *ctx, struct diag *diag)
{
	atomic_size_t left = copies;
	struct keystore_query query = { .active = true, .copies = &left,
		.take = take, .bad = bad, .ctx = ctx };

	return (run_query(store, &query, diag));
}

enum status
keystore_private(struct keystore *store, const struct keystore_key *key,
    struct buf *pem_r, struct diag *diag)
{
	enum status status;
	struct buf pem;

	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	status = store->ops->private(store->ctx, key, &pem, diag);
	if (status == STATUS_OK) {
		status = passphrase_decrypt(store->passphrase, buf_str(&pem),
		    store->name, key->domain, key->selector, pem_r, diag);
	}
	buf_fini_secret(&pem);
	return (status);
}

enum status
keystore_revision(struct keystore *store, uint64_t *r, struct diag *diag)
{
	return (store->ops->revision(store->ctx, r, diag));
}

enum status
keystore_lock(struct keystore *store, struct str domain, unsigned timeout_s,
    struct diag *diag)
{
	return (store->ops->lock(store->ctx, domain, timeout_s, diag));
}

void
keystore_unlock(struct keystore *store, struct str domain)
{
	store->ops->unlock(store->ctx, domain);
}

enum status
keystore_locked(const char *shown, struct str domain, struct diag *diag)
{
	diag_set(diag, shown, 0, "another process is changing the keys of "
	    "%.*s", STR_FMT(domain));
	return (STATUS_TEMP);
}

enum status
keystore_add(struct keystore *store, const struct keystore_key *key,
    struct str pem, struct diag *diag)
{
	enum status status;
	struct buf text;

	if (store->passphrase == NULL || store->ops->replace == NULL) {
		return (store->ops->add(store->ctx, key, pem, diag));
	}
	buf_init(&text, KEYSTORE_PEM_MAX_BYTES);
	status = passphrase_encrypt(store->passphrase, pem, &text, diag);
	if (status == STATUS_OK) {
		status = store->ops->add(store->ctx, key, buf_str(&text),
		    diag);
	}
	buf_fini(&text);
	return (status);
}

enum status
keystore_save(struct keystore *store, const struct keystore_key *key,
    struct diag *diag)
{
	return (store->ops->save(store->ctx, key, diag));
}

enum status
keystore_delete(struct keystore *store, const struct keystore_key *key,
    struct diag *diag)
{
	return (store->ops->delete(store->ctx, key, diag));
}

/* Tests that an encrypted one can be decrypted. */
static enum status
encrypt_text(const struct keystore *store, const struct keystore_key *key,
    struct str pem, struct buf *out, struct diag *diag)
{
	if (passphrase_is_used(pem)) {
		return (passphrase_decrypt(store->passphrase, pem,
		    store->name, key->domain, key->selector, out, diag));
	}
	return (passphrase_encrypt(store->passphrase, pem, out, diag));
}

bool
keystore_can_encrypt(const struct keystore *store, struct diag *diag)
{
	if (store->ops->replace == NULL) {
		diag_set(diag, store->name, 0,
		    "private keys in a directory are not encrypted");
		return (false);
	}
	if (store->passphrase == NULL) {
		diag_set(diag, store->name, 0,
		    "KeyPassphraseFile is not set");
		return (false);
	}
	return (true);
}

enum status
keystore_encrypt(struct keystore *store, const struct keystore_key *key,
    bool *changed_r, struct diag *diag)
{
	enum status status;
	struct buf old, pem;

	*changed_r = false;
	if (!keystore_can_encrypt(store, diag)) {
		return (STATUS_SYNTAX);
	}
	buf_init(&old, KEYSTORE_PEM_MAX_BYTES);
	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	status = store->ops->private(store->ctx, key, &old, diag);
	if (status == STATUS_OK) {
		status = encrypt_text(store, key, buf_str(&old), &pem, diag);
	}
	if (status == STATUS_OK && !passphrase_is_used(buf_str(&old))) {
		status = store->ops->replace(store->ctx, key, buf_str(&old),
		    buf_str(&pem), changed_r, diag);
	}
	buf_fini_secret(&old);
	buf_fini_secret(&pem);
	return (status);
}
