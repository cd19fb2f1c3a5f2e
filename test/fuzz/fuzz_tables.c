/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A KeyTable and a SigningTable, separated by NUL. The first octet determines
 * how the second one is read. Accepted tables must be as described in table.h,
 * and each glob is compared with a simple matcher.
 */

#include "signers/signers.h"
#include "signers/table.h"
#include "test/fuzz/fuzz.h"

#define TEXT_MAX_BYTES	32	/* for the matcher below */

/*
 * Proceeds from the end of the pattern: ok[t] is whether the part processed so
 * far matches the text from octet t.
 */
static bool
slow_match(struct str pattern, struct str text)
{
	bool ok[TEXT_MAX_BYTES + 1] = { false };
	size_t p, t;

	FUZZ_CHECK(text.n <= TEXT_MAX_BYTES);
	ok[text.n] = true;
	for (p = pattern.n; p-- > 0;) {
		if (pattern.p[p] == '*') {
			for (t = text.n; t-- > 0;) {
				ok[t] = ok[t] || ok[t + 1];
			}
		} else {
			for (t = 0; t < text.n; t++) {
				ok[t] = text.p[t] == pattern.p[p] && ok[t + 1];
			}
			ok[text.n] = false;
		}
	}
	return (ok[0]);
}

static void
check_globs(const struct signing_table *t, struct str address)
{
	const struct table_rule *rule;

	for (rule = t->loose; rule != NULL; rule = rule->next) {
		FUZZ_CHECK(glob_match(rule->pattern, address) ==
		    slow_match(rule->pattern, address));
	}
}

static void
check_find(const struct signing_table *t, struct str local, struct str domain)
{
	const struct table_rule *v[SIGNERS_PICKS_MAX];
	struct arena arena;
	size_t i, n;

	arena_init(&arena, 1 << 16);
	FUZZ_CHECK(signing_table_find(t, &arena, local, domain, v,
	    SIGNERS_PICKS_MAX, &n) == STATUS_OK);
	FUZZ_CHECK(n <= (t->multiple ? SIGNERS_PICKS_MAX : 1));
	for (i = 0; i < n; i++) {
		FUZZ_CHECK(v[i]->line > 0 && v[i]->pattern.n > 0);
		FUZZ_CHECK(!t->globs || i == 0 ||
		    v[i - 1]->line < v[i]->line);
	}
	arena_fini(&arena);
}

static void
check_keys(const struct key_table *keys)
{
	const struct table_key *k;

	for (k = keys->first; k != NULL; k = k->next) {
		FUZZ_CHECK(k->selector.n > 0 && k->key.n > 0 && k->line > 0);
		FUZZ_CHECK(strmap_get(&keys->names, k->name) == k);
	}
}

static struct buf
copy_text(struct str s)
{
	struct buf text;

	buf_init(&text, TABLE_MAX_BYTES);
	buf_add_str(&text, s);
	FUZZ_CHECK(text.status == STATUS_OK);
	return (text);
}

static void
check_rules(const struct key_table *keys, struct str text, unsigned char how)
{
	struct signing_table t;
	struct buf copy;
	struct diag diag;
	struct env env;
	enum status status;

	env_init_system(&env);
	diag_init(&diag);
	copy = copy_text(text);
	status = signing_table_init(&t, &copy, "rules", how & 1, how & 2, keys,
	    &env, &diag);
	FUZZ_CHECK((status == STATUS_OK) == (diag.text[0] == '\0'));
	if (status != STATUS_OK) {
		return;
	}
	check_find(&t, STR("joe"), STR("example.com"));
	check_find(&t, STR("*"), STR("a.b.example.com"));
	check_find(&t, STR(""), STR("com"));
	check_globs(&t, STR("joe@a.b.example.com"));
	signing_table_fini(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str rest, keys_text, rules_text;
	struct buf copy;
	struct key_table keys;
	struct diag diag;
	struct env env;
	enum status status;

	if (n == 0) {
		return (0);
	}
	rest = str_mem(data + 1, n - 1);
	keys_text = str_first(rest, str_find(rest, '\0'));
	rules_text = str_from_offset(rest, keys_text.n + 1);
	env_init_system(&env);
	diag_init(&diag);
	copy = copy_text(keys_text);
	status = key_table_init(&keys, &copy, "keys", &env, &diag);
	FUZZ_CHECK((status == STATUS_OK) == (diag.text[0] == '\0'));
	if (status != STATUS_OK) {
		return (0);
	}
	check_keys(&keys);
	check_rules(&keys, rules_text, data[0]);
	key_table_fini(&keys);
	return (0);
}
