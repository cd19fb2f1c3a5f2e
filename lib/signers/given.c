/* SPDX-License-Identifier: BSD-2-Clause */
/* given: selects keys by the options Domain, Selector and KeyFile. */
#include "mail/domain.h"
#include "signers/private.h"

enum status
signers_given_init(struct signers *s)
{
	size_t i;
	void **at;

	for (i = 0; i < s->opts.domains_n; i++) {
		at = strmap_at(&s->domains, s->opts.domains[i]);
		if (at == NULL) {
			return (STATUS_NOMEM);
		}
		*at = (void *)(uintptr_t)&s->opts.domains[i];
	}
	return (STATUS_OK);
}

/* The name itself or, with SubDomains, the nearest one above it; or NULL. */
static const struct str *
find_domain(const struct signers *s, struct str name)
{
	const struct str *found = strmap_get(&s->domains, name);

	while (found == NULL && s->opts.subdomains && name.n > 0) {
		name = domain_parent(name);
		found = strmap_get(&s->domains, name);
	}
	return (found);
}

enum status
signers_given_pick(const struct signers *s, struct arena *arena,
    struct str domain, struct signers_picks *r)
{
	const struct str *found = find_domain(s, domain);
	size_t i, n = s->opts.keys_n;

	if (found == NULL || n == 0) {
		return (STATUS_OK);
	}
	r->v = arena_calloc(arena, n, sizeof(*r->v));
	if (r->v == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < n; i++) {
		r->v[i].domain = *found;
		r->v[i].selector = s->opts.keys[i].selector;
		r->v[i].source = &s->opts.keys[i];
	}
	r->n = n;
	return (STATUS_OK);
}
