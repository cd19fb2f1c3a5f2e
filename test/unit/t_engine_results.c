/* SPDX-License-Identifier: BSD-2-Clause */
/* The Authentication-Results that we write (RFC 8601, RFC 6008). */
#include "authres/authres.h"
#include "engine_fixture.h"
#include "tap.h"

#define TEXT	"From: joe@example.com\r\nSubject: s\r\n\r\nbody\r\n"

static struct str
property(const struct authres_result *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++) {
		if (str_eq(r->v[i].ptype, STR("header")) &&
		    str_eq(r->v[i].property, str_from(name))) {
			return (r->v[i].value);
		}
	}
	return (STR_NONE);
}

/* Verifies and parses what we wrote. */
static struct engine_msg *
results(struct fx *fx, struct str text, struct fx_client *client,
    struct arena *arena, struct authres *r)
{
	struct fx_mail mail = { .ip = "127.0.0.1" };
	struct engine_msg *m;
	const char *reason;

	fx_configure(fx, FX_VERIFY);
	m = fx_run(fx, &mail, client, text);
	if (authres_parse(arena, engine_msg_eom(m)->authres, r, &reason) !=
	    STATUS_OK) {
		printf("# %.*s\n", STR_FMT(engine_msg_eom(m)->authres));
		fx_die("our own results", reason);
	}
	return (m);
}

static void
test_properties(struct fx *fx)
{
	struct fx_client client;
	struct engine_msg *m;
	struct authres ar;
	struct arena arena;
	struct buf text;

	buf_init(&text, FX_MAX_BYTES);
	arena_init(&arena, FX_MAX_BYTES);
	fx_sign(fx, FX_SIGN_BOTH, TEXT, &text);
	m = results(fx, buf_str(&text), &client, &arena, &ar);
	tap_str(ar.authserv_id, STR("mx.example.net"), "authserv-id");
	tap_num((long long)ar.n, 2, "one result per signature");
	tap_str(ar.v[0].method, STR("dkim"), "method");
	tap_str(ar.v[0].result, STR("pass"), "result");
	tap_ok(ar.v[0].reason.n == 0, "no reason on a pass");
	tap_str(property(&ar.v[0], "d"), STR("example.com"), "header.d");
	tap_str(property(&ar.v[0], "i"), STR("@example.com"), "header.i");
	tap_str(property(&ar.v[0], "s"), STR("rsa"), "header.s");
	tap_str(property(&ar.v[0], "a"), STR("rsa-sha256"), "header.a");
	tap_num((long long)property(&ar.v[0], "b").n, 8, "header.b");
	tap_str(property(&ar.v[1], "s"), STR("ed"), "header.s of the second");
	tap_str(property(&ar.v[1], "a"), STR("ed25519-sha256"),
	    "header.a of the second");
	tap_ok(fx_contains(engine_msg_eom(m)->authres, "(2048-bit key)"),
	    "the size of the key as a comment");
	engine_msg_free(m);
	buf_add_char(&text, '!');
	m = results(fx, buf_str(&text), &client, &arena, &ar);
	tap_str(ar.v[0].result, STR("fail"), "a changed body");
	tap_ok(ar.v[0].reason.n > 0, "with its reason: %.*s",
	    STR_FMT(ar.v[0].reason));
	engine_msg_free(m);
	arena_fini(&arena);
	buf_fini(&text);
}

/* n signature fields that differ late in b=. */
static void
add_signatures(struct buf *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_printf(text, "DKIM-Signature: v=1; a=rsa-sha256; "
		    "d=example.com; s=rsa; h=from;\r\n\tbh="
		    "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=;\r\n"
		    "\tb=AAAAAAAAAA%c%cAAAA\r\n", (char)('A' + i % 26),
		    (char)('A' + i / 26 % 26));
	}
	buf_add_cstr(text, TEXT);
}

static void
test_unique_b(struct fx *fx)
{
	struct fx_client client;
	struct engine_msg *m;
	struct authres ar;
	struct arena arena;
	struct buf text;

	buf_init(&text, FX_MAX_BYTES);
	arena_init(&arena, FX_MAX_BYTES);
	add_signatures(&text, 3);
	m = results(fx, buf_str(&text), &client, &arena, &ar);
	tap_str(property(&ar.v[0], "b"), STR("AAAAAAAAAAA"),
	    "header.b is as long as needed");
	tap_str(property(&ar.v[2], "b"), STR("AAAAAAAAAAC"),
	    "header.b of the third");
	engine_msg_free(m);
	arena_fini(&arena);
	buf_fini(&text);
}

static void
test_many(struct fx *fx)
{
	struct fx_client client;
	struct engine_msg *m;
	struct authres ar;
	struct arena arena;
	struct buf text;
	size_t policy = 0;

	buf_init(&text, FX_MAX_BYTES);
	arena_init(&arena, FX_MAX_BYTES);
	add_signatures(&text, 1000);
	m = results(fx, buf_str(&text), &client, &arena, &ar);
	tap_num((long long)dkim_verifier_count(engine_msg_eom(m)->dkim), 1000,
	    "1,000 signatures, 1,000 verdicts");
	for (size_t i = 0; i < ar.n; i++) {
		policy += str_eq(ar.v[i].result, STR("policy"));
	}
	tap_num((long long)ar.n, ENGINE_MAX_RESULTS,
	    "ENGINE_MAX_RESULTS results");
	tap_num((long long)policy, ENGINE_MAX_RESULTS - 8,
	    "those past MaximumSignaturesToVerify are policy");
	tap_num(engine_msg_eom(m)->verdict, ENGINE_ACCEPT, "accepted");
	engine_msg_free(m);
	arena_fini(&arena);
	buf_fini(&text);
}

/* Values from a message cannot break out of our field. */
static void
test_hostile(struct fx *fx)
{
	static const char text[] = "DKIM-Signature: v=1; a=rsa-sha256\" "
	    "(; d=ex\"ample.com; s=a(b; h=from; bh=; b=x\"\\;\r\n"
	    " i=\"\r\n\tdkim=pass@example.com\r\n" TEXT;
	struct fx_client client;
	struct engine_msg *m;
	struct authres ar;
	struct arena arena;

	arena_init(&arena, FX_MAX_BYTES);
	m = results(fx, STR(text), &client, &arena, &ar);
	tap_ok(ar.n == 1 && !str_eq(ar.v[0].result, STR("pass")),
	    "one result, no pass: %.*s", STR_FMT(engine_msg_eom(m)->authres));
	engine_msg_free(m);
	arena_fini(&arena);
}

/* A value is kept, cut, or left out. */
static void
test_alphabet(struct fx *fx)
{
	static const struct {
		const char	*tags, *property, *value;
	} rows[] = {
		{ "i=joe.b+c-d'e@example.com", "i",
		    "joe.b+c-d'e@example.com" },
		{ "i=a/b@example.com", "i", "@example.com" },
		{ "i=\"=3B=20dmarc=3Dpass=20header.from=3Dbank.test=3B=20\"@"
		    "example.com", "i", "@example.com" },
		{ "i=\"x=3By\"@example.com", "i", "@example.com" },
		{ "i=dmarc=3Dpass@example.com", "i", "@example.com" },
		{ "i=a=3F=3Db@example.com", "i", "@example.com" },
		{ "i=a=40b@example.com", "i", "@example.com" },
		{ "i=.a@example.com", "i", "@example.com" },
		{ "i=a..b@example.com", "i", "@example.com" },
		{ "i=a=0Ab@example.com", "i", "@example.com" },
		{ "i=a=C3=BC@example.com", "i", "@example.com" },
		{ "i=a@b\"c.example.com", "i", NULL },
		{ "a=dmarc=pass", "a", NULL },
		{ "a=x\"y", "a", NULL },
		{ "a=RSA-SHA256", "a", NULL },
		{ "a=rsa-sha1", "a", "rsa-sha1" },
		{ "a=ed25519-sha256", "a", "ed25519-sha256" },
		{ "b=dmarc=pass", "b", NULL },
		{ "b=AA;", "b", "AA" },
		{ "b=AAAAA=AA", "b", NULL },
		{ "b=a+b/cdefgh", "b", "a+b/cdef" },
		{ "b=\"\";", "b", NULL },
		{ "s=a=b", "s", NULL },
		{ "s=a\"b", "s", NULL },
		{ "s=a(b", "s", NULL },
		{ "s=a.b-c_d", "s", "a.b-c_d" },
		{ "d=dmarc=pass.example", "d", NULL },
		{ "d=\"a.example", "d", NULL },
	};
	struct fx_client client;
	struct engine_msg *m;
	struct authres ar;
	struct arena arena;
	struct buf text;
	size_t i;

	buf_init(&text, FX_MAX_BYTES);
	arena_init(&arena, FX_MAX_BYTES);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const char *const others[] = { "a=rsa-sha256",
			"d=example.com", "s=rsa", "i=@example.com", "b=AAAA" };

		buf_reset(&text);
		buf_printf(&text, "DKIM-Signature: v=1; h=from; bh=x; %s",
		    rows[i].tags);
		for (size_t k = 0; k < 5; k++) {
			if (others[k][0] != rows[i].tags[0]) {
				buf_printf(&text, "; %s", others[k]);
			}
		}
		buf_add_cstr(&text, "\r\n" TEXT);
		m = results(fx, buf_str(&text), &client, &arena, &ar);
		tap_str(property(&ar.v[0], rows[i].property),
		    str_from(rows[i].value), rows[i].tags);
		engine_msg_free(m);
	}
	arena_fini(&arena);
	buf_fini(&text);
}

/* The field as inserted. */
static struct str
inserted(const struct engine_outcome *out)
{
	for (size_t i = 0; i < out->actions_n; i++) {
		if (out->actions[i].type == ENGINE_INSERT_FIELD) {
			return (out->actions[i].value);
		}
	}
	return (STR_NONE);
}

static size_t
longest_line(struct str text)
{
	struct str line;
	size_t n = 0;

	while (str_next(&text, '\n', &line)) {
		n = line.n > n ? line.n : n;
	}
	return (n);
}

/* A signature whose tags hold n octets each: of i=, of a=, of b=. */
static void
add_long(struct buf *text, int i, int a, int b)
{
	static char fill[200000];

	memset(fill, 'A', sizeof(fill));
	buf_printf(text, "DKIM-Signature: v=1; a=%.*s; d=example.com; s=rsa; "
	    "h=from; bh=x; i=%.*s@example.com;\r\n b=%.*s\r\n", a, fill, i,
	    fill, b, fill);
}

/* Long values are left out, of i= the local part; b= is cut (RFC 6008). */
static void
test_long(struct fx *fx)
{
	static const struct {
		const char	*name;
		int		 i, a, b, n;
		bool		 i_shown;
	} rows[] = {
		{ "i= as long as an address may be", 308, 10, 8, 1, true },
		{ "i= that is longer", 309, 10, 8, 1, false },
		{ "i= of 200,000", 200000, 10, 8, 1, false },
		{ "a= of 200,000", 5, 200000, 8, 1, true },
		{ "100 times the same b=", 5, 10, 2000, 100, true },
		{ "100 times all that is shown", 308, 320, 2000, 100, true },
	};
	struct fx_client client;
	struct engine_msg *m;
	struct authres ar;
	struct arena arena;
	struct buf text;

	buf_init(&text, FX_MAX_BYTES);
	arena_init(&arena, FX_MAX_BYTES);
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		const struct engine_outcome *out;

		buf_reset(&text);
		for (int i = 0; i < rows[r].n; i++) {
			add_long(&text, rows[r].i, rows[r].a, rows[r].b);
		}
		buf_add_cstr(&text, TEXT);
		m = results(fx, buf_str(&text), &client, &arena, &ar);
		out = engine_msg_eom(m);
		tap_ok(out->error == ENGINE_NO_ERROR && ar.n > 0 &&
		    (rows[r].n == 1 || ar.n > 20) &&
		    inserted(out).n <= ENGINE_RESULTS_MAX_BYTES &&
		    longest_line(inserted(out)) < 998 &&
		    str_eq(property(&ar.v[0], "i"), STR("@example.com")) ==
		    !rows[r].i_shown &&
		    property(&ar.v[0], "a").p == NULL &&
		    property(&ar.v[0], "b").n <= 64,
		    "%s: %zu results in %zu octets", rows[r].name, ar.n,
		    inserted(out).n);
		engine_msg_free(m);
	}
	arena_fini(&arena);
	buf_fini(&text);
}

/* RFC 8616: A-labels outside of SMTPUTF8. */
static void
test_identity(struct fx *fx)
{
	static const char text[] = "DKIM-Signature: v=1; a=rsa-sha256; "
	    "d=b\xc3\xbc" "cher.example; s=rsa; h=from; bh=x; b=AAAA;\r\n"
	    " i=joe@mx.b\xc3\xbc" "cher.example\r\n" TEXT;
	struct fx_client client;
	struct engine_msg *m;
	struct authres ar;
	struct arena arena;

	arena_init(&arena, FX_MAX_BYTES);
	m = results(fx, STR(text), &client, &arena, &ar);
	tap_str(property(&ar.v[0], "d"), STR("xn--bcher-kva.example"),
	    "header.d as A-labels");
	tap_str(property(&ar.v[0], "i"), STR("joe@mx.xn--bcher-kva.example"),
	    "header.i as A-labels");
	engine_msg_free(m);
	arena_fini(&arena);
}

static void
test_counters(struct fx *fx)
{
	bool named = true;

	for (int i = 0; i < ENGINE_COUNTERS; i++) {
		named = named && engine_counter_name((enum engine_counter)i)
		    != NULL;
	}
	tap_ok(named, "each counter has a name");
	for (int i = ENGINE_UNSIGNED_NO + 1; i < ENGINE_UNSIGNED_REASONS;
	    i++) {
		named = named &&
		    engine_unsigned_name((enum engine_unsigned)i) != NULL;
	}
	tap_ok(named, "each reason to be unsigned has a name");
	tap_ok(engine_stats_get(fx->stats, ENGINE_DKIM_PASS) == 2 &&
	    engine_stats_get(fx->stats, ENGINE_DKIM_FAIL) == 2 + 3 + 8 &&
	    engine_stats_get(fx->stats, ENGINE_SIGNED) == 1 &&
	    engine_stats_get(fx->stats, ENGINE_DKIM_POLICY) >= 992 &&
	    engine_stats_get(fx->stats, ENGINE_VERIFIED) ==
	    engine_stats_get(fx->stats, ENGINE_MESSAGES) - 1,
	    "verdicts and messages are counted");
}

int
main(void)
{
	struct fx fx;

	fx_init(&fx, "");
	test_properties(&fx);
	test_unique_b(&fx);
	test_many(&fx);
	test_counters(&fx);
	test_alphabet(&fx);
	test_hostile(&fx);
	test_long(&fx);
	test_identity(&fx);
	fx_fini(&fx);
	return (tap_done());
}
