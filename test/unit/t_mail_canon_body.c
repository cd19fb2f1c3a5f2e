/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/b64.h"
#include "canon_ref.h"
#include "crypto/crypto.h"
#include "guard.h"
#include "tap.h"

#define OUT_MAX_BYTES	(4 * 1024 * 1024)
#define S(literal)	{ (literal), sizeof(literal) - 1 }

/* RFC 6376 3.4.3 and 3.4.4 */
static const struct {
	const char	*name;
	struct str	 in, simple, relaxed;
} rows[] = {
	{ "empty", S(""), S("\r\n"), S("") },
	{ "one empty line", S("\r\n"), S("\r\n"), S("") },
	{ "empty lines", S("\r\n\r\n\r\n"), S("\r\n"), S("") },
	{ "white space only", S(" \t \r\n"), S(" \t \r\n"), S("") },
	{ "white space, no line end", S(" \t"), S(" \t\r\n"), S("") },
	{ "white space lines at the end", S("a\r\n \r\n\t\r\n"),
	    S("a\r\n \r\n\t\r\n"), S("a\r\n") },
	{ "3.4.5, the example", S(" C \r\nD \t E\r\n\r\n\r\n"),
	    S(" C \r\nD \t E\r\n"), S(" C\r\nD E\r\n") },
	{ "no final line end", S("a"), S("a\r\n"), S("a\r\n") },
	{ "one final line end", S("a\r\n"), S("a\r\n"), S("a\r\n") },
	{ "empty lines at the end", S("a\r\n\r\n\r\n"), S("a\r\n"),
	    S("a\r\n") },
	{ "empty lines before the end", S("\r\n\r\na\r\n\r\nb"),
	    S("\r\n\r\na\r\n\r\nb\r\n"), S("\r\n\r\na\r\n\r\nb\r\n") },
	{ "white space line in the middle", S("a\r\n \t\r\nb\r\n"),
	    S("a\r\n \t\r\nb\r\n"), S("a\r\n\r\nb\r\n") },
	{ "white space at a line's end", S("a \t\r\nb "),
	    S("a \t\r\nb \r\n"), S("a\r\nb\r\n") },
	{ "white space at a line's start", S("  a\r\n\tb\r\n c\r\n"),
	    S("  a\r\n\tb\r\n c\r\n"), S(" a\r\n b\r\n c\r\n") },
	{ "white space between words", S("a  b\tc \td\r\n"),
	    S("a  b\tc \td\r\n"), S("a b c d\r\n") },
	{ "bare LF", S("a\nb\n\n"), S("a\nb\n\n\r\n"), S("a\nb\n\n\r\n") },
	{ "bare LF behind white space", S("a \n"), S("a \n\r\n"),
	    S("a \n\r\n") },
	{ "bare CR", S("a\rb"), S("a\rb\r\n"), S("a\rb\r\n") },
	{ "bare CR behind white space", S("a  \rb"), S("a  \rb\r\n"),
	    S("a \rb\r\n") },
	{ "bare CR before white space", S("a\r  b"), S("a\r  b\r\n"),
	    S("a\r b\r\n") },
	{ "bare CR at the end", S("a\r"), S("a\r\r\n"), S("a\r\r\n") },
	{ "bare CR behind white space at the end", S("a \r"),
	    S("a \r\r\n"), S("a \r\r\n") },
	{ "bare CR alone", S("\r"), S("\r\r\n"), S("\r\r\n") },
	{ "bare CR behind empty lines", S("\r\n\r\n\r"),
	    S("\r\n\r\n\r\r\n"), S("\r\n\r\n\r\r\n") },
	{ "CR CR LF", S("a\r\r\n"), S("a\r\r\n"), S("a\r\r\n") },
	{ "CR CR LF alone", S("\r\r\n\r\n"), S("\r\r\n"), S("\r\r\n") },
	{ "white space, CR CR LF", S("a \r\r\n"), S("a \r\r\n"),
	    S("a \r\r\n") },
	{ "LF CR", S("a\n\r"), S("a\n\r\r\n"), S("a\n\r\r\n") },
	{ "NUL, VT, FF, 8-bit", S("\0\v\f\xff \0\r\n"),
	    S("\0\v\f\xff \0\r\n"), S("\0\v\f\xff \0\r\n") },
	{ "VT is no white space", S("a\v\r\n"), S("a\v\r\n"),
	    S("a\v\r\n") },
	{ "NBSP is no white space", S("a\xa0\xa0\r\n"), S("a\xa0\xa0\r\n"),
	    S("a\xa0\xa0\r\n") },
	{ "dots stay stuffed", S("..\r\n"), S("..\r\n"), S("..\r\n") },
	{ "plain text, longer than a register",
	    S("The quick brown fox jumps over the lazy dog. Again  and\r\n"
	      "again, until it is 16 octets after every other one.\r\n"),
	    S("The quick brown fox jumps over the lazy dog. Again  and\r\n"
	      "again, until it is 16 octets after every other one.\r\n"),
	    S("The quick brown fox jumps over the lazy dog. Again and\r\n"
	      "again, until it is 16 octets after every other one.\r\n") },
};

struct out {
	struct buf	buf;
	size_t		calls;
};

static void
sink(void *ctx, const void *p, size_t n)
{
	struct out *out = ctx;

	out->calls++;
	buf_add(&out->buf, p, n);
}

static void
out_init(struct out *out)
{
	buf_init(&out->buf, OUT_MAX_BYTES);
	out->calls = 0;
}

/* In pieces of `size` octets; the count of octets must be right, too. */
static bool
run(struct out *out, enum canon kind, struct str in, size_t size)
{
	struct canon_body c;

	buf_reset(&out->buf);
	out->calls = 0;
	canon_body_init(&c, kind, sink, out);
	for (; in.n > 0; in = str_from_offset(in, size)) {
		canon_body_update(&c, guard_put(str_first(in, size)).p,
		    size < in.n ? size : in.n);
	}
	canon_body_update(&c, "", 0);
	canon_body_finish(&c);
	return (c.bytes == out->buf.n && out->buf.status == STATUS_OK);
}

static void
t_rows(enum canon kind)
{
	struct out out;
	struct str want;
	bool same, counted;
	size_t i, size;
	char name[128];

	out_init(&out);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		want = kind == CANON_SIMPLE ? rows[i].simple :
		    rows[i].relaxed;
		snprintf(name, sizeof(name), "%s: %s", canon_name(kind),
		    rows[i].name);
		counted = run(&out, kind, rows[i].in, SIZE_MAX);
		tap_str(buf_str(&out.buf), want, name);
		same = true;
		for (size = 1; size <= rows[i].in.n; size++) {
			counted &= run(&out, kind, rows[i].in, size);
			same &= str_eq(buf_str(&out.buf), want);
		}
		tap_ok(same && counted, "%s, in pieces", name);
	}
	buf_fini(&out.buf);
}

static uint64_t random_state;

static unsigned
random_below(unsigned n)
{
	random_state = random_state * 6364136223846793005u +
	    1442695040888963407u;
	return ((unsigned)(random_state >> 33) % n);
}

/* Such as makes lines, white space and bare CRs meet in every way. */
static void
random_body(struct buf *in)
{
	static const char *const pieces[] = { "\r\n", "\r\n", "\r\n", " ",
	    " ", "\t", "\r", "\n", "a", "b ", "word and word",
	    "a long line of plain words, longer than a register\r\n" };
	unsigned n = random_below(60);

	buf_reset(in);
	while (n-- > 0) {
		buf_add_cstr(in, pieces[random_below(sizeof(pieces) /
		    sizeof(pieces[0]))]);
	}
}

static bool
random_round(struct out *out, struct buf *in, struct buf *want)
{
	enum canon kind = random_below(2) ? CANON_RELAXED : CANON_SIMPLE;
	struct canon_body c;
	struct str rest;
	size_t n;

	random_body(in);
	buf_reset(want);
	canon_ref_body(kind, buf_str(in), want);
	buf_reset(&out->buf);
	canon_body_init(&c, kind, sink, out);
	for (rest = buf_str(in); rest.n > 0; rest = str_from_offset(rest, n)) {
		n = random_below(random_below(2) ? 4 : 100);
		n = n < rest.n ? n : rest.n;
		canon_body_update(&c, guard_put(str_first(rest, n)).p, n);
	}
	canon_body_finish(&c);
	return (c.bytes == out->buf.n &&
	    str_eq(buf_str(&out->buf), buf_str(want)));
}

static void
t_random(void)
{
	const char *seed = getenv("TEST_SEED");
	struct buf in, want;
	struct out out;
	unsigned i, rounds = 20000;

	random_state = seed != NULL ? strtoull(seed, NULL, 10) :
	    (uint64_t)time(NULL);
	printf("# TEST_SEED=%" PRIu64 "\n", random_state);
	out_init(&out);
	buf_init(&in, OUT_MAX_BYTES);
	buf_init(&want, OUT_MAX_BYTES);
	for (i = 0; i < rounds; i++) {
		if (!random_round(&out, &in, &want)) {
			break;
		}
	}
	tap_num(i, rounds, "random bodies in pieces, as the RFC's steps");
	buf_fini(&in);
	buf_fini(&want);
	buf_fini(&out.buf);
}

/* Lines held back are counted, not stored, and given out in bulk. */
static void
t_many_empty_lines(enum canon kind)
{
	const unsigned lines = 300000;
	struct canon_body c;
	struct out out;
	unsigned i;

	out_init(&out);
	canon_body_init(&c, kind, sink, &out);
	canon_body_update(&c, "a", 1);
	for (i = 0; i < lines; i++) {
		canon_body_update(&c, "\r", 1);
		canon_body_update(&c, "\n", 1);
	}
	tap_num((long long)out.buf.n, 1, "300000 empty lines are held");
	canon_body_update(&c, "b", 1);
	tap_num((long long)out.buf.n, 2 + 2 * lines, "and given out");
	tap_ok(out.calls < lines / 32, "in bulk");
	for (i = 0; i < lines; i++) {
		canon_body_update(&c, "\r\n", 2);
	}
	canon_body_finish(&c);
	tap_num((long long)c.bytes, 2 + 2 * lines + 2, "or cut at the end");
	buf_fini(&out.buf);
}

/* Plain text goes to the digest in runs, not word by word. */
static void
t_runs(enum canon kind)
{
	struct out out;
	struct buf in;
	unsigned i;

	out_init(&out);
	buf_init(&in, OUT_MAX_BYTES);
	for (i = 0; i < 1000; i++) {
		buf_add_cstr(&in, "Some words, one SP between them,\r\n"
		    " even at a line's start.\r\n");
	}
	run(&out, kind, buf_str(&in), SIZE_MAX);
	tap_ok(out.calls <= 2, "%s: 2000 lines in %zu calls",
	    canon_name(kind), out.calls);
	tap_str(buf_str(&out.buf), buf_str(&in), "and unchanged");
	buf_fini(&in);
	buf_fini(&out.buf);
}

/* RFC 6376 3.4.3 and 3.4.4 as they are most often quoted. */
static void
t_empty_body_hash(enum canon kind, const char *want)
{
	struct crypto *crypto = crypto_new();
	struct digest *digest = digest_new(crypto);
	unsigned char hash[CRYPTO_SHA256_BYTES];
	enum status status;
	struct canon_body c;
	struct buf text;

	canon_body_init(&c, kind, digest_update, digest);
	canon_body_finish(&c);
	status = digest_final(digest, hash);
	buf_init(&text, 64);
	b64_encode(&text, hash, sizeof(hash));
	tap_num(status, STATUS_OK, "hashed");
	tap_str(buf_str(&text), str_from(want), "the hash of an empty body");
	buf_fini(&text);
	digest_free(digest);
	crypto_free(crypto);
}

int
main(void)
{
	t_empty_body_hash(CANON_SIMPLE,
	    "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
	t_empty_body_hash(CANON_RELAXED,
	    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
	t_rows(CANON_SIMPLE);
	t_rows(CANON_RELAXED);
	t_random();
	t_many_empty_lines(CANON_SIMPLE);
	t_many_empty_lines(CANON_RELAXED);
	t_runs(CANON_SIMPLE);
	t_runs(CANON_RELAXED);
	return (tap_done());
}
