/* SPDX-License-Identifier: BSD-2-Clause */
/* age: how old the keys of the stores are. */
#include "signers/private.h"

static int64_t
older_of(int64_t a_s, int64_t b_s)
{
	return (a_s == -1 || (b_s != -1 && b_s < a_s) ? b_s : a_s);
}

/* Of the keys that sign for one domain. */
static int64_t
oldest_of_domain(const struct signers *s, const struct stored_key *key)
{
	int64_t oldest_s = -1;

	/* An earlier store may sign for the domain. */
	if (key == NULL || signers_sources_find(s, key->domain) != key) {
		return (-1);
	}
	for (; key != NULL; key = key->next) {
		if (key->error.n == 0) {
			oldest_s = older_of(oldest_s, key->created_s);
		}
	}
	return (oldest_s);
}

int64_t
signers_oldest_key(const struct signers *s)
{
	int64_t oldest_s = -1;
	size_t i, k;

	for (i = 0; i < s->stores_n; i++) {
		const struct strmap *domains = &s->stores[i]->domains;

		for (k = 0; k < strmap_count(domains); k++) {
			oldest_s = older_of(oldest_s, oldest_of_domain(s,
			    strmap_value(domains, k)));
		}
	}
	return (oldest_s);
}
