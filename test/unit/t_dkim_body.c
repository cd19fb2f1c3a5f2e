/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/arena.h"
#include "base/b64.h"
#include "dkim/body.h"

#include "test/unit/tap.h"

/* RFC 6376 3.4.3, 3.4.4: the hashes of an empty body. */
#define EMPTY_SIMPLE	"frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="
#define EMPTY_RELAXED	"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
/* SHA-256 of "a" and "abc", by sha256sum. */
#define HASH_A		"ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="
#define HASH_ABC	"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="

static struct arena arena;
static struct crypto *crypto;

static void
check_hash(const struct dkim_bodies *b, unsigned slot, const char *want,
    const char *name)
{
	struct buf text;

	buf_init(&text, 100);
	b64_encode(&text, dkim_bodies_hash(b, slot), CRYPTO_SHA256_BYTES);
	tap_str(buf_str(&text), str_from(want), name);
	buf_fini(&text);
}

static const struct row {
	const char	*name;
	const char	*body;
	enum canon	 kind;
	uint64_t	 max_bytes;
	const char	*hash;
	uint64_t	 bytes;		/* seen: at most max_bytes + 1 */
} rows[] = {
	{ "3.4.3 empty", "", CANON_SIMPLE, DKIM_BODY_ALL, EMPTY_SIMPLE, 2 },
	{ "3.4.4 empty", "", CANON_RELAXED, DKIM_BODY_ALL, EMPTY_RELAXED, 0 },
	{ "3.4.4 white space only", " \t\r\n\r\n", CANON_RELAXED,
	    DKIM_BODY_ALL, EMPTY_RELAXED, 0 },
	{ "3.7 l=0", "abc\r\n", CANON_SIMPLE, 0, EMPTY_RELAXED, 1 },
	{ "3.7 l=0 of nothing", "", CANON_RELAXED, 0, EMPTY_RELAXED, 0 },
	{ "3.7 l=1", "abc\r\n", CANON_SIMPLE, 1, HASH_A, 2 },
	{ "3.7 l=3", "abc\r\n", CANON_RELAXED, 3, HASH_ABC, 4 },
	{ "3.7 l in the middle of a run", "abcdef", CANON_SIMPLE, 3, HASH_ABC,
	    4 },
	{ "3.7 l=2 of an empty body", "", CANON_SIMPLE, 2, EMPTY_SIMPLE, 2 },
	{ "3.7 l beyond the end", "", CANON_SIMPLE, 100, EMPTY_SIMPLE, 2 },
};

static void
check_row(const struct row *row, size_t step)
{
	struct dkim_bodies *b = dkim_bodies_new(&arena, crypto);
	size_t i, n = strlen(row->body);
	unsigned slot;

	tap_num(dkim_bodies_want(b, row->kind, row->max_bytes, &slot),
	    STATUS_OK, row->name);
	for (i = 0; i < n; i += step) {
		dkim_bodies_update(b, row->body + i, n - i < step ? n - i :
		    step);
	}
	tap_num(dkim_bodies_finish(b), STATUS_OK, "finish");
	check_hash(b, slot, row->hash, "hash");
	tap_num((long long)dkim_bodies_bytes(b, slot), (long long)row->bytes,
	    "canonical octets");
	dkim_bodies_fini(b);
}

/* Equal requests share a slot; more body is needed until all limits are
   exceeded. */
static void
check_slots(void)
{
	struct dkim_bodies *b = dkim_bodies_new(&arena, crypto);
	unsigned s[5], i;

	tap_ok(!dkim_bodies_need_more(b), "no slot: no body needed");
	(void)!dkim_bodies_want(b, CANON_SIMPLE, 2, &s[0]);
	(void)!dkim_bodies_want(b, CANON_RELAXED, 2, &s[1]);
	(void)!dkim_bodies_want(b, CANON_SIMPLE, 2, &s[2]);
	(void)!dkim_bodies_want(b, CANON_SIMPLE, 4, &s[3]);
	(void)!dkim_bodies_want(b, CANON_RELAXED, 2, &s[4]);
	tap_ok(s[0] == s[2], "the same canonicalisation and limit");
	tap_ok(s[1] == s[4], "the same of the other canonicalisation");
	tap_ok(s[0] != s[1], "another canonicalisation");
	tap_ok(s[0] != s[3], "another limit");
	tap_ok(dkim_bodies_need_more(b), "the body is needed");
	dkim_bodies_update(b, "ab", 2);
	tap_ok(dkim_bodies_need_more(b),
	    "at the limit: needed, to see whether it is exceeded");
	dkim_bodies_update(b, "c", 1);
	tap_ok(dkim_bodies_need_more(b), "one slot below its limit: needed");
	dkim_bodies_update(b, "de", 2);
	tap_ok(!dkim_bodies_need_more(b), "all limits exceeded: not needed");
	dkim_bodies_update(b, "fgh\r\n", 5);
	tap_num(dkim_bodies_finish(b), STATUS_OK, "finish");
	for (i = 0; i < 3; i++) {
		tap_num((long long)dkim_bodies_bytes(b, s[i]), 3,
		    "octets seen: limit + 1");
	}
	tap_num((long long)dkim_bodies_bytes(b, s[3]), 5,
	    "octets seen: the other limit + 1");
	dkim_bodies_fini(b);
}

/* A slot may count further than it hashes. */
static void
check_count(void)
{
	struct dkim_bodies *b = dkim_bodies_new(&arena, crypto);
	unsigned slot;

	(void)!dkim_bodies_want(b, CANON_RELAXED, 0, &slot);
	dkim_bodies_count(b, slot, 3);
	dkim_bodies_count(b, slot, 2);
	dkim_bodies_update(b, "abc", 3);
	tap_ok(dkim_bodies_need_more(b), "counts on");
	dkim_bodies_update(b, "de", 2);
	tap_ok(!dkim_bodies_need_more(b), "the count is exceeded");
	tap_num(dkim_bodies_finish(b), STATUS_OK, "finish");
	check_hash(b, slot, EMPTY_RELAXED, "hash of nothing");
	tap_num((long long)dkim_bodies_bytes(b, slot), 4, "counted");
	dkim_bodies_fini(b);
}

static void
check_unlimited(void)
{
	struct dkim_bodies *b = dkim_bodies_new(&arena, crypto);
	unsigned all, none;

	(void)!dkim_bodies_want(b, CANON_RELAXED, DKIM_BODY_ALL, &all);
	(void)!dkim_bodies_want(b, CANON_RELAXED, 0, &none);
	dkim_bodies_update(b, "abc", 3);
	tap_ok(dkim_bodies_need_more(b), "no limit: needed");
	tap_num(dkim_bodies_finish(b), STATUS_OK, "finish");
	check_hash(b, none, EMPTY_RELAXED, "l=0 with an unlimited slot");
	tap_num((long long)dkim_bodies_bytes(b, all), 5, "abc and CRLF");
	dkim_bodies_fini(b);
	dkim_bodies_fini(NULL);
}

static void
to_buf(void *ctx, const void *p, size_t n)
{
	buf_add(ctx, p, n);
}

/* Whether it is the hash of the first max octets of a canonical body. */
static bool
is_hash_of(struct str canonical, uint64_t max, const unsigned char *hash)
{
	struct str part = str_first(canonical, (size_t)max);
	struct digest *d = digest_new(crypto);
	unsigned char want[CRYPTO_SHA256_BYTES];
	bool same;

	digest_update(d, part.p, part.n);
	same = digest_final(d, want) == STATUS_OK &&
	    memcmp(want, hash, sizeof(want)) == 0;
	digest_free(d);
	return (same);
}

/* Runs of all lengths, which are collected and split before they are hashed,
   with limits at many offsets. */
static void
check_runs(size_t step)
{
	struct dkim_bodies *b = dkim_bodies_new(&arena, crypto);
	unsigned slots[2 * 50], good = 0;
	struct buf body, canonical[2];
	struct canon_body canon;
	size_t i, k, n;

	buf_init(&body, 1 << 20);
	for (i = 0; i < 700; i++) {
		n = i % 7 == 0 ? i : i % 3;
		for (k = 0; k < n; k++) {
			buf_add_char(&body, (char)('a' + (i + k) % 26));
		}
		buf_add_cstr(&body, i % 50 == 0 ? "\r\n \r\n" : "  ");
	}
	for (k = 0; k < 2; k++) {
		buf_init(&canonical[k], 1 << 20);
		canon_body_init(&canon, k == 0 ? CANON_SIMPLE : CANON_RELAXED,
		    to_buf, &canonical[k]);
		canon_body_update(&canon, body.p, body.n);
		canon_body_finish(&canon);
	}
	for (i = 0; i < 100; i++) {
		(void)!dkim_bodies_want(b, i % 2 == 0 ? CANON_SIMPLE :
		    CANON_RELAXED, i < 98 ? i * 397 : DKIM_BODY_ALL,
		    &slots[i]);
	}
	for (i = 0; i < body.n; i += step) {
		dkim_bodies_update(b, body.p + i,
		    body.n - i < step ? body.n - i : step);
	}
	tap_num(dkim_bodies_finish(b), STATUS_OK, "many runs");
	for (i = 0; i < 100; i++) {
		good += is_hash_of(buf_str(&canonical[i % 2]),
		    i < 98 ? i * 397 : DKIM_BODY_ALL,
		    dkim_bodies_hash(b, slots[i]));
	}
	tap_num(good, 100, "each hash is that of the canonical octets");
	tap_ok(canonical[1].n > 98 * 397 / 2 && canonical[1].n < 98 * 397,
	    "the body ends between two limits");
	buf_fini(&canonical[0]);
	buf_fini(&canonical[1]);
	buf_fini(&body);
	dkim_bodies_fini(b);
}

/* A hundred limits: the slots are reallocated. */
static void
check_many(void)
{
	struct dkim_bodies *b = dkim_bodies_new(&arena, crypto);
	unsigned i, slot, same = 0;

	for (i = 0; i < 100; i++) {
		if (dkim_bodies_want(b, CANON_SIMPLE, i, &slot) != STATUS_OK ||
		    slot != i) {
			tap_ok(false, "slot %u", i);
		}
	}
	dkim_bodies_update(b, "abc", 3);
	tap_num(dkim_bodies_finish(b), STATUS_OK, "a hundred limits");
	check_hash(b, 0, EMPTY_RELAXED, "l=0");
	check_hash(b, 1, HASH_A, "l=1");
	check_hash(b, 3, HASH_ABC, "l=3");
	for (i = 5; i < 100; i++) {
		same += memcmp(dkim_bodies_hash(b, i), dkim_bodies_hash(b, 99),
		    CRYPTO_SHA256_BYTES) == 0;
	}
	tap_num(same, 95, "limits beyond the end: the same hash");
	dkim_bodies_fini(b);
}

static void
to_canon(void *ctx, const void *p, size_t n)
{
	canon_body_update(ctx, p, n);
}

/* Of the body as sent, and as received beside it. */
static unsigned
count_good_sent(struct str body, enum canon kind, size_t step)
{
	struct lines_rule rule = { LINES_POSTFIX, 100 };
	struct dkim_bodies *b = dkim_bodies_new(&arena, crypto);
	struct buf received, sent;
	struct canon_body c[2];
	struct lines lines;
	unsigned slot[3], good;
	size_t i;

	buf_init(&received, 1 << 20);
	buf_init(&sent, 1 << 20);
	canon_body_init(&c[0], kind, to_buf, &received);
	canon_body_init(&c[1], kind, to_buf, &sent);
	canon_body_update(&c[0], body.p, body.n);
	canon_body_finish(&c[0]);
	lines_init(&lines, rule);
	lines.sink = to_canon;
	lines.ctx = &c[1];
	lines_update(&lines, body.p, body.n);
	lines_finish(&lines);
	canon_body_finish(&c[1]);
	dkim_bodies_break_lines(b, rule);
	(void)!dkim_bodies_want_sent(b, kind, &slot[0]);
	(void)!dkim_bodies_want(b, kind, DKIM_BODY_ALL, &slot[1]);
	(void)!dkim_bodies_want_sent(b, kind == CANON_SIMPLE ? CANON_RELAXED :
	    CANON_SIMPLE, &slot[2]);
	for (i = 0; i < body.n; i += step) {
		dkim_bodies_update(b, body.p + i,
		    body.n - i < step ? body.n - i : step);
	}
	good = dkim_bodies_finish(b) == STATUS_OK;
	good += is_hash_of(buf_str(&sent), DKIM_BODY_ALL,
	    dkim_bodies_hash_sent(b, slot[0]));
	good += is_hash_of(buf_str(&received), DKIM_BODY_ALL,
	    dkim_bodies_hash(b, slot[1]));
	good += dkim_bodies_long_lines(b) == lines.long_lines;
	good += dkim_bodies_find_sent(b, kind) ==
	    dkim_bodies_hash_sent(b, slot[0]);
	dkim_bodies_fini(b);
	buf_fini(&received);
	buf_fini(&sent);
	return (good);
}

static void
check_sent(void)
{
	static const char *const words[] = { "\r\n", "\r", " ", "\r\n\r\n",
		"a", "word  ", "\n", "01234567890123456789012345678901234567" };
	unsigned i, k, good = 0;
	struct buf body;

	buf_init(&body, 1 << 20);
	for (i = 0; i < 600; i++) {
		buf_reset(&body);
		for (k = (unsigned)random() % 60; k > 0; k--) {
			buf_add_cstr(&body, words[random() % 3 == 0 ?
			    random() % 8 : 4 + random() % 4]);
		}
		good += count_good_sent(buf_str(&body), i % 2 == 0 ?
		    CANON_SIMPLE : CANON_RELAXED,
		    1 + (size_t)random() % (i % 3 == 0 ? 5 : 500));
		arena_reset(&arena);
	}
	tap_num(good, 600 * 5, "hashes of what is sent and of what was "
	    "received, split anywhere");
	buf_fini(&body);
}

static void
check_nomem(void)
{
	enum status status = STATUS_NOMEM;
	struct dkim_bodies *b;
	struct arena small;
	unsigned slot;
	size_t max;

	for (max = 0; status == STATUS_NOMEM && max < 65536; max += 16) {
		arena_init(&small, max);
		b = dkim_bodies_new(&small, crypto);
		if (b != NULL) {
			status = dkim_bodies_want(b, CANON_SIMPLE, 1, &slot);
		}
		dkim_bodies_fini(b);
		arena_fini(&small);
	}
	tap_num(status, STATUS_OK, "NOMEM with little memory, then OK");
}

int
main(void)
{
	size_t i;

	arena_init(&arena, 1 << 20);
	crypto = crypto_new();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i], 100);
		check_row(&rows[i], 1);
	}
	check_slots();
	check_count();
	check_unlimited();
	check_many();
	check_runs(1);
	check_runs(1000);
	check_runs(1 << 20);
	check_sent();
	check_nomem();
	crypto_free(crypto);
	arena_fini(&arena);
	return (tap_done());
}
