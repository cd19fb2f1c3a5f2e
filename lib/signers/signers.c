/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/escape.h"
#include "signers/private.h"

#define SPARE_KEYS	1000	/* for KeyCache all: keys with "%" in the
				   path */

/* 0: no file. */
static uint64_t
file_revision(const char *path)
{
	struct {
		struct timespec	mtime;
		off_t		size;
		ino_t		inode;
	} seen;
	struct stat st;

	if (path == NULL || stat(path, &st) == -1) {
		return (0);
	}
	memset(&seen, 0, sizeof(seen));
	seen.mtime = st.st_mtim;
	seen.size = st.st_size;
	seen.inode = st.st_ino;
	return (str_hash(str_mem(&seen, sizeof(seen))));
}

/* Combines the revisions of the tables with those of the stores: as they were
   read or, with look, as they are now. */
static uint64_t
revision_of(const struct signers *s, uint64_t key_table,
    uint64_t signing_table, bool look)
{
	uint64_t all[] = { key_table, signing_table, 0, 0 };
	size_t i;

	for (i = 0; i < s->stores_n; i++) {
		all[2] = str_hash(str_mem(all, sizeof(all)));
		all[3] = look ? stored_look(s->stores[i]) :
		    s->stores[i]->revision;
	}
	return (str_hash(str_mem(all, sizeof(all))));
}

static enum status
make_cache(struct signers *s, const struct signers *before,
    struct diag *diag)
{
	struct signers_counts counts;
	enum status status;
	size_t max = s->opts.cache_max;

	if (s->opts.signing_table == NULL && s->stores_n == 0) {
		return (STATUS_OK);
	}
	signers_count(s, &counts);
	s->cache = key_cache_new(max > 0 ? max : counts.keys + SPARE_KEYS,
	    s->opts.env);
	if (s->cache == NULL || (before != NULL && before->cache != NULL &&
	    key_cache_inherit(s->cache, before->cache) != STATUS_OK)) {
		return (STATUS_NOMEM);
	}
	if (max > 0) {
		return (STATUS_OK);
	}
	status = signers_tables_load_all(s, diag);
	return (status == STATUS_OK ? signers_sources_load_all(s) : status);
}

static enum status
load_sources(struct signers *s, const struct signers *before,
    struct diag *diag)
{
	uint64_t key_table = file_revision(s->opts.key_table);
	uint64_t signing_table = file_revision(s->opts.signing_table);
	enum status status = signers_given_init(s);

	if (status != STATUS_OK) {
		return (status);
	}
	status = signers_tables_init(s, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	status = signers_sources_init(s, before, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	status = signers_lost_check(s, before, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	signers_overlap_warn(s);
	s->revision = revision_of(s, key_table, signing_table, false);
	return (make_cache(s, before, diag));
}

enum status
signers_new(const struct signers_opts *opts, const struct signers *before,
    struct signers **r, struct diag *diag)
{
	struct signers *s = calloc(1, sizeof(*s));
	enum status status = STATUS_NOMEM;

	*r = NULL;
	if (s != NULL) {
		s->opts = *opts;
		strmap_init(&s->domains);
		status = load_sources(s, before, diag);
	}
	if (status != STATUS_OK) {
		if (status == STATUS_NOMEM) {
			diag_set(diag, NULL, 0, "out of memory");
		}
		signers_free(s);
		return (status);
	}
	*r = s;
	return (STATUS_OK);
}

uint64_t
signers_revision(const struct signers *s)
{
	return (s->revision);
}

uint64_t
signers_look(const struct signers *s)
{
	return (revision_of(s, file_revision(s->opts.key_table),
	    file_revision(s->opts.signing_table), true));
}

void
signers_free(struct signers *s)
{
	if (s == NULL) {
		return;
	}
	key_cache_free(s->cache);
	signers_sources_fini(s);
	signers_tables_fini(s);
	strmap_fini(&s->domains);
	free(s);
}

void
signers_count(const struct signers *s, struct signers_counts *r)
{
	size_t i;

	r->rules = s->domains.n + s->signing_table.n;
	r->keys = s->opts.keys_n + s->key_table.names.n;
	for (i = 0; i < s->stores_n; i++) {
		r->rules += s->stores[i]->domains.n;
		r->keys += s->stores[i]->keys_n;
	}
}

size_t
signers_check_keys(struct signers *s)
{
	signers_overlap_warn_waiting(s);
	return (signers_tables_check(s) + signers_sources_check(s));
}

enum status
signers_pick(struct signers *s, struct arena *arena, struct str local,
    struct str domain, struct signers_picks *r)
{
	enum status status;

	*r = (struct signers_picks){ NULL, 0 };
	status = signers_given_pick(s, arena, domain, r);
	if (status == STATUS_OK && r->n == 0) {
		status = signers_tables_pick(s, arena, local, domain, r);
	}
	if (status == STATUS_OK && r->n == 0) {
		status = signers_sources_pick(s, arena, domain, r);
	}
	return (status);
}

bool
signers_wait(const struct signers *s, struct str domain)
{
	return (signers_sources_wait(s, domain));
}

bool
signers_have_stores(const struct signers *s)
{
	size_t i;

	for (i = 0; i < s->stores_n; i++) {
		if (!s->stores[i]->absent) {
			return (true);
		}
	}
	return (false);
}

bool
signers_have_sources(const struct signers *s)
{
	return (s->opts.keys_n > 0 || s->opts.signing_table != NULL ||
	    signers_have_stores(s));
}

enum status
signers_load(struct signers *s, struct arena *arena,
    struct signers_picks *picks)
{
	enum status status = STATUS_OK;
	struct signers_pick *pick;
	size_t i;

	for (i = 0; i < picks->n && status == STATUS_OK; i++) {
		pick = &picks->v[i];
		if (pick->error.n > 0) {
			continue;
		}
		switch (pick->kind) {
		case SIGNERS_GIVEN:
			pick->key = privkey_hold(
			    ((const struct conf_key *)pick->source)->key);
			break;
		case SIGNERS_TABLE:
			status = signers_tables_load(s, arena, pick);
			break;
		case SIGNERS_STORE:
			status = signers_sources_load(s, arena, pick);
			break;
		}
	}
	return (status);
}

void
signers_picks_fini(struct signers_picks *picks)
{
	size_t i;

	for (i = 0; i < picks->n; i++) {
		privkey_free(picks->v[i].key);
		picks->v[i].key = NULL;
	}
}

void
signers_describe(const struct signers *s, const struct signers_pick *pick,
    struct buf *b)
{
	const struct table_rule *rule = pick->rule;
	const struct stored_key *stored = pick->source;

	switch (pick->kind) {
	case SIGNERS_GIVEN:
		buf_add_cstr(b, "Domain");
		break;
	case SIGNERS_TABLE:
		buf_printf(b, "SigningTable %s:%u ",
		    table_name(s->opts.signing_table), rule->line);
		escape_text(b, rule->pattern, TABLE_PATTERN_MAX_BYTES);
		break;
	case SIGNERS_STORE:
		buf_add_cstr(b, "KeyStore ");
		escape_text(b, stored->name, TABLE_PATTERN_MAX_BYTES);
		break;
	}
}
