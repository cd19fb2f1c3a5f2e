/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/arena.h"
#include "base/buf.h"
#include "dkim/header.h"
#include "dkim/signature.h"

#include "test/unit/tap.h"

#define MAX_FIELDS	16

static struct arena arena;
static struct crypto *crypto;
static struct digest *digest;

/* want: the octets that must have been hashed. */
static const struct row {
	const char	*rule;
	enum canon	 canon;
	const char	*fields[MAX_FIELDS];
	const char	*names[MAX_FIELDS];
	size_t		 skip;		/* see dkim_header_input */
	const char	*before, *b, *after;	/* the signature field */
	const char	*want;
} rows[] = {
	{ "3.7 in the order of h=", CANON_SIMPLE,
	    { "A: 1\r\n", "B: 2\r\n" }, { "b", "a" }, 9,
	    "S: b=", "x", "\r\n", "B: 2\r\nA: 1\r\nS: b=" },
	{ "5.4.2 from the bottom up", CANON_SIMPLE,
	    { "A: 1\r\n", "B: 2\r\n", "A: 3\r\n", "a: 4\r\n" },
	    { "A", "a", "A" }, 9, "S: b=", "x", "\r\n",
	    "a: 4\r\nA: 3\r\nA: 1\r\nS: b=" },
	{ "5.4 more names than fields", CANON_SIMPLE,
	    { "A: 1\r\n", "A: 2\r\n" }, { "a", "a", "a", "a", "c" }, 9,
	    "S: b=", "x", "\r\n", "A: 2\r\nA: 1\r\nS: b=" },
	{ "5.4 no such field", CANON_RELAXED, { "A: 1\r\n" }, { "ab", "" }, 9,
	    "S: b=", "x", "\r\n", "s:b=" },
	{ "3.7 the signature is not selected", CANON_SIMPLE,
	    { "S: 1\r\n", "S: 2\r\n", "S: 3\r\n" }, { "s", "s", "s" }, 1,
	    "S: b=", "x", "\r\n", "S: 3\r\nS: 1\r\nS: b=" },
	{ "3.7 the signature is the lowest of its name", CANON_SIMPLE,
	    { "S: 1\r\n", "S: 2\r\n" }, { "s", "s" }, 1, "S: b=", "x", "\r\n",
	    "S: 1\r\nS: b=" },
	{ "3.7 the signature is the only one of its name", CANON_SIMPLE,
	    { "S: 1\r\n" }, { "s", "s" }, 0, "S: b=", "x", "\r\n", "S: b=" },
	{ "3.4.2 the example of 3.4.5", CANON_RELAXED,
	    { "A: X\r\n", "B : Y\t\r\n\tZ  \r\n" }, { "a", "b" }, 9,
	    "S: b=", "x", "\r\n", "a:X\r\nb:Y Z\r\ns:b=" },
	{ "3.4.1 the example of 3.4.5", CANON_SIMPLE,
	    { "A: X\r\n", "B : Y\t\r\n\tZ  \r\n" }, { "a", "b" }, 9,
	    "S: b=", "x", "\r\n", "A: X\r\nB : Y\t\r\n\tZ  \r\nS: b=" },
	{ "3.4.2 only white space", CANON_RELAXED, { "A: \t\r\n" },
	    { "a" }, 9, "S: b=", "x", "\r\n", "a:\r\ns:b=" },
	{ "3.7 b in the middle", CANON_RELAXED, { "A: 1\r\n" }, { "a" }, 9,
	    "Sig: v=1 ;  b=", " x\r\n y ", "; c=\t2\r\n",
	    "a:1\r\nsig:v=1 ; b=; c= 2" },
	{ "3.7 b in the middle, simple", CANON_SIMPLE, { "A: 1\r\n" },
	    { "a" }, 9, "Sig: v=1 ;  b=", " x\r\n y ", "; c=\t2 \r\n",
	    "A: 1\r\nSig: v=1 ;  b=; c=\t2 " },
	{ "3.7 white space after b= at the end", CANON_SIMPLE,
	    { "A: 1\r\n" }, { "a" }, 9, "S: b \t=", "\r\n\tx\r\n y ", "\r\n",
	    "A: 1\r\nS: b \t=" },
	{ "3.7 an empty b", CANON_RELAXED, { "A: 1\r\n" }, { "a" }, 9,
	    "S: b=", "", "; c=1\r\n", "a:1\r\ns:b=; c=1" },
	{ "long names", CANON_RELAXED,
	    { "List-Unsubscribe-Post: 1\r\n", "List-Unsubscribe: 2\r\n",
	    "List-Unsubscribf: 3\r\n", "List-Uns: 4\r\n" },
	    { "LIST-UNSUBSCRIBE", "list-uns", "list-unsubscribe-post" }, 9,
	    "S: b=", "x", "\r\n", "list-unsubscribe:2\r\nlist-uns:4\r\n"
	    "list-unsubscribe-post:1\r\ns:b=" },
	{ "a name with an octet above 127", CANON_RELAXED,
	    { "B\xc3\xa9: 1\r\n", "B: 2\r\n" }, { "b\xc3\xa9", "b" }, 9,
	    "S: b=", "x", "\r\n", "b\xc3\xa9:1\r\nb:2\r\ns:b=" },
};

static void
hash_of(struct str s, unsigned char *hash)
{
	struct digest *d = digest_new(crypto);

	digest_update(d, s.p, s.n);
	if (digest_final(d, hash) != STATUS_OK) {
		tap_ok(false, "the test's own hash");
	}
	digest_free(d);
}

static void
add_field(struct field_list *fields, const char *raw)
{
	if (field_list_add_raw(&arena, fields, str_from(raw)) != STATUS_OK) {
		tap_ok(false, "the test's own field");
	}
}

static void
check_row(const struct row *row)
{
	unsigned char got[CRYPTO_SHA256_BYTES], want[CRYPTO_SHA256_BYTES];
	struct dkim_header_input in = { .canon = row->canon,
		.skip = row->skip };
	struct str names[MAX_FIELDS];
	struct field_list fields;
	struct dkim_headers *h;

	field_list_init(&fields);
	while (row->fields[fields.n] != NULL) {
		add_field(&fields, row->fields[fields.n]);
	}
	for (; row->names[in.names_n] != NULL; in.names_n++) {
		names[in.names_n] = str_from(row->names[in.names_n]);
	}
	in.names = names;
	in.sig_raw = arena_printf(&arena, "%s%s%s", row->before, row->b,
	    row->after);
	in.b_raw = str_mem(in.sig_raw.p + strlen(row->before),
	    strlen(row->b));
	h = dkim_headers_new(&arena, &fields);
	hash_of(str_from(row->want), want);
	/* Twice, as for two signatures of one message. */
	tap_num(dkim_header_hash(h, digest, &in, got), STATUS_OK, row->rule);
	tap_ok(memcmp(got, want, sizeof(got)) == 0, "hash");
	tap_num(dkim_header_hash(h, digest, &in, got), STATUS_OK, "again");
	tap_ok(memcmp(got, want, sizeof(got)) == 0,
	    "hash of the second signature");
}

/* The largest header, the longest h=, a thousand signatures: the cost of each
   hash is bounded, and the selection is right. */
static void
check_large(void)
{
	unsigned char got[CRYPTO_SHA256_BYTES], want[CRYPTO_SHA256_BYTES];
	struct str *names = arena_calloc(&arena, DKIM_MAX_SIGNED_FIELDS,
	    sizeof(*names));
	struct dkim_header_input in = { .canon = CANON_SIMPLE,
		.names = names, .names_n = DKIM_MAX_SIGNED_FIELDS,
		.sig_raw = STR("S: b=\r\n") };
	struct field_list fields;
	struct dkim_headers *h;
	struct buf text;
	char raw[64];
	unsigned i, bad = 0;

	field_list_init(&fields);
	buf_init(&text, 1 << 20);
	for (i = 0; i < FIELD_MAX_COUNT; i++) {
		snprintf(raw, sizeof(raw), "Field-%u: %u\r\n", i % 2000, i);
		add_field(&fields, raw);
	}
	for (i = 0; i < DKIM_MAX_SIGNED_FIELDS; i++) {
		names[i] = arena_printf(&arena, "FIELD-%u", 2 * i / 3);
		buf_printf(&text, "Field-%u: %u\r\n", 2 * i / 3,
		    FIELD_MAX_COUNT - 2000 + 2 * i / 3 -
		    (i > 0 && 2 * i / 3 == 2 * (i - 1) / 3 ? 2000 : 0));
	}
	buf_add_cstr(&text, "S: b=");
	hash_of(buf_str(&text), want);
	in.skip = fields.n;
	h = dkim_headers_new(&arena, &fields);
	for (i = 0; i < 1000; i++) {
		bad += dkim_header_hash(h, digest, &in, got) != STATUS_OK ||
		    memcmp(got, want, sizeof(got)) != 0;
	}
	tap_num(bad, 0, "10,000 fields, 1,000 names, 1,000 signatures");
	buf_fini(&text);
}

static void
check_nomem(void)
{
	struct dkim_header_input in = { .canon = CANON_SIMPLE, .skip = 9,
		.sig_raw = STR("S: b=xyz\r\n") };
	unsigned char hash[CRYPTO_SHA256_BYTES];
	enum status status = STATUS_NOMEM;
	struct field_list fields;
	struct dkim_headers *h;
	struct arena small;
	size_t max;

	in.b_raw = str_mem(in.sig_raw.p + 5, 3);
	field_list_init(&fields);
	add_field(&fields, "A: 1\r\n");
	for (max = 0; status == STATUS_NOMEM && max < 65536; max += 16) {
		arena_init(&small, max);
		h = dkim_headers_new(&small, &fields);
		if (h != NULL) {
			status = dkim_header_hash(h, digest, &in, hash);
		}
		arena_fini(&small);
	}
	tap_num(status, STATUS_OK, "NOMEM with little memory, then OK");
}

/* A message without a field. */
static void
check_empty(void)
{
	struct dkim_header_input in = { .canon = CANON_RELAXED,
		.names = &STR("from"), .names_n = 1,
		.sig_raw = STR("S: b=\r\n") };
	unsigned char got[CRYPTO_SHA256_BYTES], want[CRYPTO_SHA256_BYTES];
	struct field_list fields;

	field_list_init(&fields);
	hash_of(STR("s:b="), want);
	tap_num(dkim_header_hash(dkim_headers_new(&arena, &fields), digest,
	    &in, got), STATUS_OK, "no field at all");
	tap_ok(memcmp(got, want, sizeof(got)) == 0, "only the signature");
}

int
main(void)
{
	size_t i;

	arena_init(&arena, 64 << 20);
	crypto = crypto_new();
	digest = digest_new(crypto);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
	check_large();
	check_nomem();
	check_empty();
	digest_free(digest);
	crypto_free(crypto);
	arena_fini(&arena);
	return (tap_done());
}
