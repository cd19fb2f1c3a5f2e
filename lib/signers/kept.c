/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kept: lines of a KeyTable that stay as they were. The rule: a table that
 * nobody asked for (opts.lose is not SIGNERS_LOSE_ANY) takes no key that works
 * out of service.
 *
 *	a line names another key, path,		the former line stays in effect
 *	selector, d= or algorithm, and that	as a whole, so that s= and the
 *	key cannot be loaded			key belong together
 *	the line is gone, and the SigningTable	the same
 *	has its name or "%"
 *	the line is the same, and its file is	the key in memory signs
 *	gone or broken				(cache.h)
 *	an author's rule has another name,	the tables are refused (lost.c)
 *	whose key cannot be loaded
 *
 * A key works if it is in memory or can be loaded. One that was not in memory
 * and whose former file is gone is not kept. With "%" for the author's domain
 * in a path, what a line stands for is not known: such a change takes effect
 * when a person asks for it.
 *
 * Each is logged as an error once and counted (signers_count). Its file is part
 * of the revision, so that the tables are read again when it appears. A person
 * who asks for a reload gets the tables as they are, and so does a restart.
 */
#include <sys/stat.h>

#include "base/escape.h"
#include "signers/private.h"

#define SCRATCH_BYTES	((size_t)1024 * 1024)
#define SHOWN_MAX_BYTES	256	/* of a name in the log */

struct keeper {
	struct signers		*signers;
	const struct signers	*before;
	struct arena		 scratch;
};

static bool
is_same(const struct table_key *a, const struct table_key *b)
{
	return (str_eq(a->domain, b->domain) &&
	    str_eq(a->selector, b->selector) && str_eq(a->key, b->key) &&
	    str_eq(a->algorithm, b->algorithm));
}

/* The path depends on the author. */
static bool
is_open(const struct table_key *k)
{
	return (k->domain.n == 0 && k->is_path &&
	    str_find(k->key, '%') < k->key.n);
}

/* Of a line that has no effect. A mode that is mended counts as well. */
static uint64_t
wanted_revision(const struct table_key *k, struct arena *arena)
{
	struct {
		struct timespec	mtime, ctime;
		off_t		size;
		ino_t		inode;
	} seen;
	struct stat st;
	struct str path;

	if (k == NULL || !k->is_path || is_open(k)) {
		return (0);
	}
	path = table_expand(k->key, arena, k->domain);
	if (path.p == NULL || stat(path.p, &st) == -1) {
		return (0);
	}
	memset(&seen, 0, sizeof(seen));
	seen.mtime = st.st_mtim;
	seen.ctime = st.st_ctim;
	seen.size = st.st_size;
	seen.inode = st.st_ino;
	return (str_hash(str_mem(&seen, sizeof(seen))));
}

uint64_t
signers_kept_revision(const struct signers *s, bool look)
{
	const struct table_key *k;
	struct arena arena;
	uint64_t all[2] = { 0, 0 };

	if (s->kept_n == 0) {
		return (0);
	}
	arena_init(&arena, SCRATCH_BYTES);
	for (k = s->key_table.first; k != NULL; k = k->next) {
		if (!k->kept) {
			continue;
		}
		all[1] = look ? wanted_revision(k->wanted, &arena) :
		    k->wanted_revision;
		all[0] = str_hash(str_mem(all, sizeof(all)));
		arena_reset(&arena);
	}
	arena_fini(&arena);
	return (all[0]);
}

/* Whether the former line has a key; NOMEM counts as one. */
static bool
has_key(const struct keeper *r, const struct table_key *k)
{
	struct signers_pick pick = { .kind = SIGNERS_TABLE,
		.domain = k->domain, .source = k };
	struct arena arena;
	bool good;

	if (is_open(k)) {
		return (true);
	}
	arena_init(&arena, SCRATCH_BYTES);
	good = signers_tables_load((struct signers *)(uintptr_t)r->before,
	    &arena, &pick) != STATUS_OK || pick.key != NULL;
	privkey_free(pick.key);
	arena_fini(&arena);
	return (good);
}

static bool
copy_text(struct arena *arena, struct str *s)
{
	if (s->n > 0) {
		*s = arena_dup(arena, *s);
	}
	return (s->n == 0 || s->p != NULL);
}

/* k says what the former line said; NOMEM. */
static enum status
take_former(struct signers *s, struct table_key *k,
    const struct table_key *former)
{
	struct arena *arena = &s->key_table.arena;

	k->domain = former->domain;
	k->selector = former->selector;
	k->key = former->key;
	k->algorithm = former->algorithm;
	k->is_path = former->is_path;
	/* The key last: until it is a copy, it is the one in service, and must
	   not be zeroed (key_table_fini). */
	if (!copy_text(arena, &k->domain) || !copy_text(arena, &k->selector) ||
	    !copy_text(arena, &k->algorithm) || !copy_text(arena, &k->key)) {
		return (STATUS_NOMEM);
	}
	k->kept = true;
	s->kept_n++;
	return (STATUS_OK);
}

static void
log_key(const struct signers *s, const struct table_key *k)
{
	struct buf b;

	buf_init(&b, (size_t)16 * SHOWN_MAX_BYTES);
	escape_text(&b, k->name, SHOWN_MAX_BYTES);
	buf_add_cstr(&b, " (");
	escape_text(&b, k->selector, SHOWN_MAX_BYTES);
	buf_add_cstr(&b, "._domainkey.");
	escape_text(&b, k->domain.n > 0 ? k->domain : STR("%"),
	    SHOWN_MAX_BYTES);
	buf_printf(&b, ") stays in service: %.*s", STR_FMT(k->why));
	env_log(s->opts.env, LOG_LEVEL_ERROR, "KeyTable %s: the key %.*s",
	    table_name(s->opts.key_table), STR_FMT(buf_str(&b)));
	buf_fini(&b);
}

void
signers_kept_log(const struct signers *s)
{
	const struct table_key *k;

	for (k = s->key_table.first; k != NULL && s->kept_n > 0; k = k->next) {
		if (k->kept && !k->known) {
			log_key(s, k);
		}
	}
}

/* Whether the line can be taken as it is; else why not. */
static enum status
try_line(struct keeper *r, const struct table_key *k, struct str *why_r)
{
	struct diag diag;
	enum status status;

	if (is_open(k)) {
		*why_r = STR("its path depends on the author; send SIGHUP to "
		    "have the new line take effect");
		return (STATUS_IO);
	}
	diag_init(&diag);
	status = signers_tables_try(r->signers, &r->scratch, k, k->domain,
	    &diag);
	if (status != STATUS_OK && status != STATUS_NOMEM) {
		*why_r = arena_printf(&r->signers->key_table.arena,
		    "the new line cannot be used: %s", diag.text);
		return (why_r->p != NULL ? status : STATUS_NOMEM);
	}
	return (status);
}

/* A line that is another one than before. NOMEM. */
static enum status
settle_changed(struct keeper *r, struct table_key *k,
    const struct table_key *former)
{
	struct signers *s = r->signers;
	struct table_key *wanted;
	struct str why;
	uint64_t revision = wanted_revision(k, &r->scratch);
	enum status status = try_line(r, k, &why);

	if (status == STATUS_NOMEM || status == STATUS_OK ||
	    !has_key(r, former)) {
		return (status == STATUS_NOMEM ? status : STATUS_OK);
	}
	wanted = arena_alloc(&s->key_table.arena, sizeof(*wanted));
	if (wanted == NULL) {
		return (STATUS_NOMEM);
	}
	*wanted = *k;
	status = take_former(s, k, former);
	k->wanted = wanted;
	k->wanted_revision = revision;
	k->why = why;
	k->known = former->wanted != NULL && is_same(former->wanted, wanted) &&
	    str_eq(former->why, why);
	return (status);
}

/* A line that is gone; see signers_kept_settle. NOMEM. */
static enum status
add_gone(struct keeper *r, const struct table_key *former)
{
	struct key_table *t = &r->signers->key_table;
	struct table_key *k = arena_calloc(&t->arena, 1, sizeof(*k));
	enum status status;
	void **at;

	if (k == NULL) {
		return (STATUS_NOMEM);
	}
	k->name = former->name;
	k->gone = true;
	k->why = STR("its line is gone; send SIGHUP to take it out of "
	    "service");
	k->known = former->gone;
	status = copy_text(&t->arena, &k->name) ?
	    take_former(r->signers, k, former) : STATUS_NOMEM;
	if (status != STATUS_OK) {
		return (status);
	}
	if (t->last != NULL) {
		t->last->next = k;
	} else {
		t->first = k;
	}
	t->last = k;
	at = strmap_at(&t->names, k->name);
	if (at == NULL) {
		return (STATUS_NOMEM);
	}
	*at = k;
	return (STATUS_OK);
}

enum status
signers_kept_take(struct signers *s, const struct signers *before)
{
	struct keeper r = { .signers = s, .before = before };
	enum status status = STATUS_OK;
	const struct table_key *former;
	struct table_key *k;

	if (s->opts.lose == SIGNERS_LOSE_ANY || before == NULL ||
	    before->cache == NULL) {
		return (STATUS_OK);
	}
	arena_init(&r.scratch, SCRATCH_BYTES);
	for (k = s->key_table.first; k != NULL && status == STATUS_OK;
	    k = k->next) {
		former = strmap_get(&before->key_table.names, k->name);
		if (former != NULL && !is_same(k, former)) {
			status = settle_changed(&r, k, former);
			arena_reset(&r.scratch);
		}
	}
	former = before->key_table.first;
	for (; former != NULL && status == STATUS_OK; former = former->next) {
		if (strmap_get(&s->key_table.names, former->name) == NULL) {
			status = add_gone(&r, former);
		}
	}
	arena_fini(&r.scratch);
	return (status);
}

/* Notes which lines that are gone have a rule. True: a rule with "%". */
static bool
mark_used(const struct table_rule *rule)
{
	bool any = false;

	for (; rule != NULL; rule = rule->next) {
		if (rule->key != NULL) {
			((struct table_key *)(uintptr_t)rule->key)->used =
			    true;
		}
		any = any || rule->key == NULL;
	}
	return (any);
}

void
signers_kept_settle(struct signers *s, const struct signers *before)
{
	const struct signing_table *table = &s->signing_table;
	struct keeper r = { .signers = s, .before = before };
	bool any = mark_used(table->loose);
	struct table_key **at = &s->key_table.first, *k, *last = NULL;
	size_t i;

	if (s->kept_n == 0) {
		return;
	}
	for (i = 0; i < strmap_count(&table->buckets); i++) {
		any |= mark_used(strmap_value(&table->buckets, i));
	}
	while ((k = *at) != NULL) {
		if (k->gone && !k->used && (!any || !has_key(&r, k))) {
			if (!k->is_path) {
				explicit_bzero((void *)(uintptr_t)k->key.p,
				    k->key.n);
			}
			strmap_remove(&s->key_table.names, k->name);
			s->kept_n--;
			*at = k->next;
			continue;
		}
		last = k;
		at = &k->next;
	}
	s->key_table.last = last;
}
