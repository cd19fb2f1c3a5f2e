/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

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
	strmap_fini(&s->domains);
	free(s);
}

void
signers_count(const struct signers *s, struct signers_counts *r)
{
	r->domains = s->domains.n;
	r->keys = s->opts.keys_n;
}

enum status
signers_pick(struct signers *s, struct arena *arena,
    struct str local ATTR_UNUSED, struct str domain, struct signers_picks *r)
{
	*r = (struct signers_picks){ NULL, 0 };
	return (signers_given_pick(s, arena, domain, r));
}

enum status
signers_load(struct signers *s ATTR_UNUSED, struct signers_picks *picks)
{
	const struct conf_key *given;
	size_t i;

	for (i = 0; i < picks->n; i++) {
		given = picks->v[i].source;
		picks->v[i].key = privkey_hold(given->key);
	}
	return (STATUS_OK);
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
