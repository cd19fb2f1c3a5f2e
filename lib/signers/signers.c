/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/escape.h"
#include "signers/private.h"

enum status
signers_new(const struct signers_opts *opts, struct signers *before ATTR_UNUSED,
    struct signers **r, struct diag *diag)
{
	struct signers *s = calloc(1, sizeof(*s));
	enum status status = STATUS_NOMEM;

	*r = NULL;
	if (s != NULL) {
		s->opts = *opts;
		atomic_init(&s->references, 1);
		strmap_init(&s->domains);
		status = signers_given_init(s);
	}
	if (status == STATUS_OK) {
		status = signers_tables_init(s, diag);
	}
	if (status != STATUS_OK) {
		if (status == STATUS_NOMEM) {
			diag_set(diag, NULL, 0, "out of memory");
		}
		signers_release(s);
		return (status);
	}
	*r = s;
	return (STATUS_OK);
}

struct signers *
signers_hold(struct signers *s)
{
	atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
	return (s);
}

void
signers_release(struct signers *s)
{
	if (s == NULL || atomic_fetch_sub_explicit(&s->references, 1,
	    memory_order_acq_rel) != 1) {
		return;
	}
	signers_tables_fini(s);
	strmap_fini(&s->domains);
	free(s);
}

void
signers_count(const struct signers *s, struct signers_counts *r)
{
	r->domains = s->domains.n + s->signing_table.n;
	r->keys = s->opts.keys_n + s->key_table.names.n;
}

enum status
signers_pick(struct signers *s, struct arena *arena, struct str local,
    struct str domain, struct signers_picks *r)
{
	enum status status;

	*r = (struct signers_picks){ NULL, 0 };
	status = signers_given_pick(s, arena, domain, r);
	return (status != STATUS_OK || r->n > 0 ? status :
	    signers_tables_pick(s, arena, local, domain, r));
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
		if (pick->trouble.n > 0) {
			continue;
		}
		if (pick->rule != NULL) {
			status = signers_tables_load(s, arena, pick);
		} else {
			pick->key = privkey_hold(
			    ((const struct conf_key *)pick->source)->key);
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

	if (rule == NULL) {
		buf_add_cstr(b, "Domain");
		return;
	}
	buf_printf(b, "SigningTable %s:%u ", s->opts.signing_table,
	    rule->line);
	escape_text(b, rule->pattern, TABLE_PATTERN_MAX_BYTES);
}
