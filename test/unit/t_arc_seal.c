/* SPDX-License-Identifier: BSD-2-Clause */
/* Sealing (RFC 8617 5.1): valid chains, and chains that are not sealed. */
#include "config.h"

#include "arc/seal.h"
#include "test/unit/crypto_vectors.h"
#include "test/unit/dkim_lab.h"

#define AR	"Authentication-Results: mx.test; spf=pass\r\n"
#define AAR(i)	"ARC-Authentication-Results: i=" i "; a.test; spf=pass\r\n"
#define HASH	"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define AMS(i)	"ARC-Message-Signature: i=" i "; a=rsa-sha256; d=a.test; " \
		"s=s; c=relaxed/relaxed; h=from; bh=" HASH "; b=AAAA\r\n"
#define AS(i, cv) "ARC-Seal: i=" i "; a=rsa-sha256; cv=" cv "; d=a.test; " \
		"s=s; b=AAAA\r\n"
#define SET(i, cv) AAR(i) AMS(i) AS(i, cv)
#define RESULTS	STR(" mx.test;\r\n\tspf=pass smtp.mailfrom=a.test")

static const char zone[] =
    "$ORIGIN _domainkey.example.com.\n"
    "rsa IN TXT \"v=DKIM1; p=%RSA%\"\n"
    "ed IN TXT \"v=DKIM1; k=ed25519; p=%ED%\"\n";

static struct lab lab;
static const struct str few[] = { STR("Subject"), STR("To") };

static struct arc_seal_opts
opts_of(const struct privkey *key, const char *selector)
{
	return ((struct arc_seal_opts){ .crypto = lab.crypto, .key = key,
		.domain = STR("example.com"), .selector = str_from(selector),
		.sign_headers = dkim_sign_headers_default,
		.sign_headers_n = dkim_sign_headers_default_n,
		.now_s = LAB_NOW });
}

static enum status
seal(const struct arc_seal_opts *opts, struct str text, enum arc_result cv,
    struct arc_seal *seal_r)
{
	struct message m = lab_message(&lab, text);
	struct arc_seal_message in = { .fields = &m.fields, .cv = cv,
		.results = RESULTS };
	enum status status;

	in.bodies = dkim_bodies_new(&lab.arena, lab.crypto);
	lab_must(arc_seal_begin(in.bodies) == STATUS_OK, "body slot");
	dkim_bodies_update(in.bodies, m.body.p, m.body.n);
	lab_must(dkim_bodies_finish(in.bodies) == STATUS_OK, "body hash");
	status = arc_seal_finish(&lab.arena, opts, &in, seal_r);
	dkim_bodies_fini(in.bodies);
	return (status);
}

static struct str
with_set(const struct arc_seal *s, struct str text)
{
	struct str fields = arena_printf(&lab.arena, "ARC-Seal:%.*s\r\n"
	    "ARC-Message-Signature:%.*s\r\n"
	    "ARC-Authentication-Results:%.*s\r\n", STR_FMT(s->as),
	    STR_FMT(s->ams), STR_FMT(s->aar));

	return (lab_join(&lab, fields, text));
}

/* Adds a set to the message. */
static struct str
sealed(const struct arc_seal_opts *opts, struct str text, enum arc_result cv)
{
	struct arc_seal s;

	lab_must(seal(opts, text, cv, &s) == STATUS_OK && s.instance > 0,
	    "seal");
	return (with_set(&s, text));
}

/* Valid until lab_next. */
static const struct arc_verdict *
validate(struct str text)
{
	struct arc_opts opts = { .crypto = lab.crypto, .now_s = LAB_NOW,
		.drift_s = 300, .min_rsa_bits = 1024,
		.max_signatures = ARC_MAX_SETS };
	struct message *m = arena_alloc(&lab.arena, sizeof(*m));
	struct arc_validator *v;

	lab_must(m != NULL, "memory");
	*m = lab_message(&lab, text);
	lab.bodies = dkim_bodies_new(&lab.arena, lab.crypto);
	lab.batch = dns_batch_new(lab.dns);
	lab_must(arc_validator_new(&lab.arena, &opts, &m->fields, lab.bodies,
	    lab.batch, &v) == STATUS_OK, "validator");
	dkim_bodies_update(lab.bodies, m->body.p, m->body.n);
	lab_must(dkim_bodies_finish(lab.bodies) == STATUS_OK, "body hash");
	dns_batch_wait(lab.batch, env_mono_us(&lab.env) + 200000);
	lab_must(arc_validator_finish(v) == STATUS_OK, "validation");
	return (arc_validator_get(v));
}

/* The maximum of sets, by RSA and Ed25519 in turn. */
static void
check_chain(void)
{
	struct arc_seal_opts rsa = opts_of(lab.rsa, "rsa");
	struct arc_seal_opts ed = opts_of(lab.ed, "ed");
	struct str text = STR(LAB_MSG);
	const struct arc_verdict *v;
	struct arc_seal s;
	unsigned i;

	for (i = 1; i <= ARC_MAX_SETS; i++) {
		text = sealed(i % 2 != 0 ? &rsa : &ed, text,
		    i == 1 ? ARC_NONE : ARC_PASS);
		if (i > 3 && i < ARC_MAX_SETS) {
			continue;
		}
		v = validate(text);
		tap_num(v->result, ARC_PASS, "a chain passes");
		tap_ok(v->instances == i && v->has_oldest &&
		    v->oldest_pass == 0, "%u sets: all AMS pass", i);
		dkim_bodies_fini(lab.bodies);
		dns_batch_free(lab.batch);
		lab.bodies = NULL;
		lab.batch = NULL;
	}
	tap_num(seal(&rsa, text, ARC_PASS, &s), STATUS_OK,
	    "4.2.1 a 51st set: OK");
	tap_num(s.instance, 0, "4.2.1 a 51st set: not made");
	lab_next(&lab);
}

/* What may have been added behind the newest set: no failure of the chain. */
static void
check_uncovered(void)
{
	static const struct str over = STR("Subject");
	struct arc_seal_opts opts = opts_of(lab.ed, "ed");
	struct str extra = STR("Subject: Buy\r\n"), text;
	const struct arc_verdict *v;

	text = sealed(&opts, STR(LAB_MSG), ARC_NONE);
	v = validate(text);
	tap_ok(v->result == ARC_PASS && v->uncovered == NULL, "untouched");
	lab_next(&lab);
	text = lab_join(&lab, extra, sealed(&opts, STR(LAB_MSG), ARC_NONE));
	v = validate(text);
	tap_num(v->result, ARC_PASS, "a second Subject above the seal: pass");
	tap_str(str_from(v->uncovered), STR("a second Subject is not signed"),
	    "and a reason");
	lab_next(&lab);
	text = lab_join(&lab, extra, sealed(&opts, STR(LAB_MSG), ARC_NONE));
	text = sealed(&opts, text, ARC_PASS);
	v = validate(text);
	tap_ok(v->result == ARC_PASS && v->uncovered == NULL,
	    "below a newer seal, which signs both: nothing is open");
	lab_next(&lab);
	opts.oversign_headers = &over;
	opts.oversign_headers_n = 1;
	text = lab_join(&lab, extra, sealed(&opts, STR(LAB_MSG), ARC_NONE));
	tap_num(validate(text)->result, ARC_FAIL, "oversigned: fail");
	lab_next(&lab);
}

/* The exact fields. */
static void
check_golden(void)
{
	struct arc_seal_opts opts;
	struct privkey *key;
	struct diag diag;
	struct arc_seal s;

	diag_init(&diag);
	lab_must(privkey_parse_pem(STR(ED25519_PEM), "x", &key, &diag) ==
	    STATUS_OK, "key");
	opts = opts_of(key, "ed");
	tap_num(seal(&opts, STR(LAB_MSG), ARC_NONE, &s), STATUS_OK, "seal");
	tap_str(s.aar, STR(" i=1; mx.test;\r\n\tspf=pass "
	    "smtp.mailfrom=a.test"), "AAR");
	tap_str(s.ams, STR(" i=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
	    "\td=example.com; s=ed; t=1700000000; h=From:To:Subject;\r\n"
	    "\tbh=cYt+oiQVrRxPZobI0aHq9G01XoWfS96s0wd+I/mdOgU=;\r\n"
	    "\tb=Z4gGAKvf3VvLCfa2m6SX1Wfcl9QDVCmpJdz792JCGnGdefW2K1+pwyhUk"
	    "MzvD9mEn1LU\r\n\tX5iMndvQn0FTS9igDQ=="), "AMS");
	tap_str(s.as, STR(" i=1; a=ed25519-sha256; cv=none; d=example.com; "
	    "s=ed; t=1700000000;\r\n"
	    "\tb=4MjCbaV17bcsswIYvI6UXUf65OFMMym2TC5mpFD1sdQvq4j/1k4i108Mk"
	    "JkK0hOxUJg6\r\n\tUTgYrEgBLsvmPPkNCg=="), "AS");
	privkey_free(key);
	lab_next(&lab);
}

static bool
has(struct str value, const char *text)
{
	return (memmem(value.p, value.n, text, strlen(text)) != NULL);
}

/* 4.1.2: names that h= always has, and names that it never has. */
static void
check_names(void)
{
	static const struct str list[] = { STR("Subject"), STR("ARC-Seal"),
		STR("Authentication-Results"), STR("arc-message-signature") };
	struct arc_seal_opts opts = opts_of(lab.ed, "ed");
	struct arc_seal s;

	opts.sign_headers = opts.oversign_headers = list;
	opts.sign_headers_n = opts.oversign_headers_n = 4;
	tap_num(seal(&opts, STR("DKIM-Signature: x\r\n" AR SET("1", "none")
	    LAB_MSG), ARC_PASS, &s), STATUS_OK, "seal");
	tap_ok(has(s.ams, "h=DKIM-Signature:From:Subject:\r\n\tSubject;"),
	    "From and DKIM-Signature are added, ARC fields removed");
	tap_ok(!has(s.ams, "v="), "no v=");
	lab_next(&lab);
}

/* 5.1 step 1: a field added before sealing is signed. */
static void
check_added(void)
{
	static const struct str signature =
	    STR("DKIM-Signature: v=1; d=list.test\r\n");
	struct arc_seal_opts opts = opts_of(lab.ed, "ed");
	struct str set, text;
	struct arc_seal s;

	text = lab_join(&lab, signature, STR(LAB_MSG));
	lab_must(seal(&opts, text, ARC_NONE, &s) == STATUS_OK, "seal");
	set = with_set(&s, STR(""));
	tap_num(validate(lab_join(&lab, set, text))->result, ARC_PASS,
	    "with the added DKIM-Signature: pass");
	lab_next(&lab);
	text = lab_join(&lab, signature, STR(LAB_MSG));
	lab_must(seal(&opts, text, ARC_NONE, &s) == STATUS_OK, "seal");
	tap_num(validate(with_set(&s, STR(LAB_MSG)))->result, ARC_FAIL,
	    "without the added DKIM-Signature: fail");
	lab_next(&lab);
	lab_must(seal(&opts, STR(LAB_MSG), ARC_NONE, &s) == STATUS_OK, "seal");
	tap_num(validate(lab_join(&lab, STR(AR), with_set(&s, STR(LAB_MSG))))
	    ->result, ARC_PASS, "Authentication-Results added later: pass");
	lab_next(&lab);
}

static const struct {
	const char	*name;
	const char	*text;
	enum arc_result	 cv;
	enum status	 want;
	unsigned	 instance;
} rows[] = {
	{ "5.1 the first set", LAB_MSG, ARC_NONE, STATUS_OK, 1 },
	{ "5.1 pass without a chain", LAB_MSG, ARC_PASS, STATUS_SYNTAX, 0 },
	{ "5.1 none with a chain", SET("1", "none") LAB_MSG, ARC_NONE,
	    STATUS_SYNTAX, 0 },
	{ "5.1 the second set", SET("1", "none") LAB_MSG, ARC_PASS, STATUS_OK,
	    2 },
	{ "5.1.1 pass with an incomplete set", AAR("1") AS("1", "none") LAB_MSG,
	    ARC_PASS, STATUS_SYNTAX, 0 },
	{ "5.1.1 pass with a missing set", SET("2", "pass") LAB_MSG, ARC_PASS,
	    STATUS_SYNTAX, 0 },
	{ "5.1.2 fail, incomplete set", AAR("1") AS("1", "none") LAB_MSG,
	    ARC_FAIL, STATUS_OK, 2 },
	{ "5.1.2 fail, unreadable instance", AAR("x") LAB_MSG, ARC_FAIL,
	    STATUS_OK, 1 },
	{ "5.1.2 fail, a gap", SET("7", "pass") LAB_MSG, ARC_FAIL, STATUS_OK,
	    8 },
	{ "5.1.2 the newest seal has cv=fail", SET("2", "fail") SET("1",
	    "none") LAB_MSG, ARC_FAIL, STATUS_OK, 0 },
	{ "5.1.2 the only seal has cv=fail", SET("1", "fail") LAB_MSG,
	    ARC_PASS, STATUS_OK, 0 },
	{ "4.2.1 a 51st set", SET("50", "pass") LAB_MSG, ARC_FAIL, STATUS_OK,
	    0 },
	{ "no From", "To: a\r\n\r\nx\r\n", ARC_NONE, STATUS_SYNTAX, 0 },
};

static void
check_row(size_t i)
{
	struct arc_seal_opts opts = opts_of(lab.ed, "ed");
	struct arc_seal s;

	tap_num(seal(&opts, str_from(rows[i].text), rows[i].cv, &s),
	    rows[i].want, rows[i].name);
	tap_num(s.instance, rows[i].instance, "instance");
	lab_next(&lab);
}

/* Ed25519 is deterministic: equal signatures have equal input. */
static void
check_scope(void)
{
	struct arc_seal_opts opts = opts_of(lab.ed, "ed");
	struct arc_seal a, b;

	lab_must(seal(&opts, STR(SET("1", "none") LAB_MSG), ARC_FAIL, &a) ==
	    STATUS_OK && seal(&opts, STR(AAR("1") LAB_MSG), ARC_FAIL, &b) ==
	    STATUS_OK, "seal");
	tap_str(a.as, b.as,
	    "5.1.2 the seal of a failed chain signs only its own set");
	tap_ok(has(a.as, "i=2; a=ed25519-sha256; cv=fail; d=example.com;"),
	    "tags");
	lab_must(seal(&opts, STR(SET("1", "none") LAB_MSG), ARC_PASS, &a) ==
	    STATUS_OK && seal(&opts,
	    STR("ARC-Authentication-Results: i=1; b\r\n"
	    AMS("1") AS("1", "none") LAB_MSG), ARC_PASS, &b) == STATUS_OK,
	    "seal");
	tap_str(a.ams, b.ams, "an AMS does not sign sets");
	tap_ok(!str_eq(a.as, b.as), "a seal signs all sets");
	lab_next(&lab);
}

static void
check_limits(void)
{
	struct arc_seal_opts opts = opts_of(lab.ed, "ed");
	struct arc_seal s;

	tap_num(seal(&opts, lab_repeat(&lab, STR(AAR("1")),
	    3 * ARC_MAX_SETS), ARC_FAIL, &s), STATUS_OK,
	    "the maximum of fields: OK");
	tap_num(s.instance, 2, "the maximum of fields: a set with cv=fail");
	tap_num(seal(&opts, lab_repeat(&lab, STR(AAR("1")), 1000), ARC_FAIL,
	    &s), STATUS_OK, "1,000 fields: OK");
	tap_num(s.instance, 0, "1,000 fields: no set");
	opts.sign_headers = few;
	opts.sign_headers_n = 2;
	tap_num(seal(&opts, lab_repeat(&lab, STR("Subject: x\r\n"),
	    DKIM_MAX_SIGNED_FIELDS), ARC_NONE, &s), STATUS_LIMIT,
	    "more fields than can be signed");
	tap_num(s.instance, 0, "LIMIT: no set");
	lab_next(&lab);
}

int
main(void)
{
	size_t i;

	lab_init(&lab, zone);
	check_chain();
	check_uncovered();
	check_golden();
	check_names();
	check_added();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(i);
	}
	check_scope();
	check_limits();
	lab_fini(&lab);
	return (tap_done());
}
