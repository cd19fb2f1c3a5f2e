/* SPDX-License-Identifier: BSD-2-Clause */
/* Which messages get an ARC set, its results and the fields it covers. */
#include "engine_fixture.h"
#include "tap.h"

#define TEXT	"From: joe@author.example\r\nTo: a@b.example\r\n" \
	"Subject: hi\r\n\r\nbody\r\n"
#define FORGED	"Authentication-Results: mx.example.net; dmarc=pass\r\n" \
	"X-DMARC-Quarantine: none of ours\r\n"
#define ZONE	"author.example. TXT \"v=spf1 ip4:192.0.2.1 -all\"\n" \
	"_dmarc.tagged.example. TXT \"v=DMARC1; p=quarantine\"\n" \
	"_dmarc.refused.example. TXT \"v=DMARC1; p=reject\"\n"
#define W10	"aaaaaaaaa "
#define W100	W10 W10 W10 W10 W10 W10 W10 W10 W10 W10
#define LONG	"Authentication-Results: evil.example; none" W100 "z\r\n" \
	"Received-SPF: evil" W100 "z\r\n" \
	"Authentication-Results: bad.example; none" W100 "z\r\n"
#define LONG_CONF	"ReceivedSPF yes\nLineLengthLimit 100\nSignHeaders " \
	"*,Authentication-Results,Received-SPF\n"
#define SEAL(when)	FX_SIGN_BOTH "ArcSeal " when "\n"

static struct fx fx;
static const struct fx_mail outside = { .ip = "192.0.2.1",
	.mail_from = "<joe@author.example>" };

/* The verdict of another host on the outgoing message. */
static enum arc_result
validate(struct str text, unsigned *instances_r)
{
	const struct arc_verdict *arc;
	struct fx_client client;
	enum arc_result result = ARC_NONE;
	struct engine_msg *m;

	fx_configure(&fx, "AuthservID elsewhere.example\nMode v\n");
	m = fx_run(&fx, &outside, &client, text);
	arc = engine_msg_eom(m)->arc;
	*instances_r = 0;
	if (arc != NULL) {
		result = arc->result;
		*instances_r = arc->instances;
	}
	engine_msg_free(m);
	return (result);
}

/* r: the outgoing message. Returns the instance that was added. */
static unsigned
run(const char *conf, const struct fx_mail *mail, struct str text,
    struct buf *r)
{
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	unsigned instance;

	fx_configure(&fx, conf);
	m = fx_run(&fx, mail, &client, text);
	out = engine_msg_eom(m);
	buf_reset(r);
	fx_apply(out, text, r);
	instance = out->seal.instance;
	tap_num(out->seal.domain.p != NULL, instance > 0, "domain of the seal");
	engine_msg_free(m);
	return (instance);
}

static const struct {
	const char	*name;
	const char	*conf;
	const char	*mailers;
	const char	*auth;
	const char	*from;
	bool		 want;
} rows[] = {
	{ "ArcSeal off, the default", FX_SIGN, NULL, NULL, NULL, false },
	{ "ArcSeal all", SEAL("all"), "local", NULL, NULL, true },
	{ "ArcSeal forwarded, mailer smtp", SEAL("forwarded"), "smtp", NULL,
	    NULL, true },
	{ "ArcSeal forwarded, one of three mailers", SEAL("forwarded"),
	    "local relay virtual", NULL,
	    NULL, true },
	{ "ArcSeal forwarded, final mailers only", SEAL("forwarded"),
	    "local virtual LMTP",
	    NULL, NULL, false },
	{ "ArcSeal forwarded, mailer error (an alias)", SEAL("forwarded"),
	    "error", NULL,
	    NULL, true },
	{ "ArcSeal forwarded, no recipient", SEAL("forwarded"), NULL, NULL,
	    NULL, true },
	{ "ArcSeal forwarded, mailer without a name", SEAL("forwarded"), "",
	    NULL, NULL,
	    true },
	{ "authenticated, signed", SEAL("all"), NULL, "joe", "joe@example.com",
	    false },
	{ "authenticated, not signed", SEAL("all"), NULL, "joe", NULL, false },
	{ "no From", SEAL("all") "OnBadFrom accept\n", NULL, NULL, "",
	    false },
	{ "rejected by DMARC", SEAL("all") "OnDMARCReject reject\n", NULL, NULL,
	    "joe@refused.example", false },
	{ "tagged", SEAL("all"), NULL, NULL, "joe@tagged.example", true },
	{ "held", SEAL("all") "OnDMARCQuarantine hold\n", NULL, NULL,
	    "joe@tagged.example", true },
};

static void
check_row(size_t i)
{
	struct fx_mail mail = outside;
	struct str text;
	struct arena arena;
	struct buf out;
	unsigned n;

	arena_init(&arena, FX_MAX_BYTES);
	buf_init(&out, FX_MAX_BYTES);
	mail.mailers = rows[i].mailers;
	mail.auth_authen = rows[i].auth;
	text = arena_printf(&arena, FORGED
	    "%s%s\r\nSubject: hi\r\n\r\nbody\r\n",
	    rows[i].from == NULL || rows[i].from[0] != '\0' ? "From: " :
	    "X-No: ", rows[i].from == NULL ? "joe@author.example" :
	    rows[i].from);
	tap_num(run(rows[i].conf, &mail, text, &out), rows[i].want,
	    rows[i].name);
	if (rows[i].want) {
		tap_ok(fx_contains(str_first(buf_str(&out), 60), "ARC-Seal: "
		    "i=1; a=rsa-sha256; cv=none; d=example.com;"),
		    "on top, by the RSA key of two");
		tap_num(validate(buf_str(&out), &n), ARC_PASS,
		    "the chain validates");
	}
	buf_fini(&out);
	arena_fini(&arena);
}

/* Three hops; the third finds the message changed. */
static void
check_chain(void)
{
	struct buf a, b;
	char *subject;
	unsigned n;

	buf_init(&a, FX_MAX_BYTES);
	buf_init(&b, FX_MAX_BYTES);
	(void)run(SEAL("all"), &outside, STR(FORGED TEXT), &a);
	tap_ok(fx_contains(buf_str(&a), "ARC-Authentication-Results: i=1; "
	    "mx.example.net;\r\n\tspf=pass smtp.mailfrom=author.example"),
	    "our results in i=1");
	tap_ok(!fx_contains(buf_str(&a), "dmarc=pass") &&
	    !fx_contains(buf_str(&a), "none of ours"), "not the forged ones");
	tap_num(run(SEAL("all") "ArcSealKey example.com:ed\n", &outside,
	    buf_str(&a), &b), 2, "a second set");
	tap_ok(fx_contains(buf_str(&b), "ARC-Seal: i=2; a=ed25519-sha256; "
	    "cv=pass;"), "by the key of ArcSealKey");
	tap_ok(fx_contains(buf_str(&b), "arc=pass header.oldest-pass=0"),
	    "i=2 has the arc result of i=1");
	tap_num(validate(buf_str(&b), &n), ARC_PASS, "both sets validate");
	tap_num(n, 2, "two sets");
	subject = strstr(b.p, "Subject: hi");
	subject[9] = 'H';
	tap_num(run(SEAL("all"), &outside, buf_str(&b), &a), 3,
	    "a third set on a changed message");
	tap_ok(fx_contains(buf_str(&a), "ARC-Seal: i=3; a=rsa-sha256; "
	    "cv=fail;"), "which ends it");
	n = (unsigned)engine_stats_get(fx.stats, ENGINE_ARC_NOT_SEALED);
	tap_num(run(SEAL("all"), &outside, buf_str(&a), &b), 0,
	    "no set after cv=fail");
	tap_num((long long)engine_stats_get(fx.stats, ENGINE_ARC_NOT_SEALED),
	    n + 1, "counted");
	buf_fini(&a);
	buf_fini(&b);
}

/* RFC 8617 5.1 step 1: the set covers the outgoing header. */
static void
check_fields(void)
{
	struct buf out;
	unsigned n;

	buf_init(&out, FX_MAX_BYTES);
	tap_num(run(SEAL("all") "SignHeaders *,X-DMARC-Quarantine,"
	    "Authentication-Results\n", &outside, STR(FORGED
	    "From: joe@tagged.example\r\n\r\nbody\r\n"), &out), 1, "sealed");
	tap_ok(fx_contains(buf_str(&out), "h=X-DMARC-Quarantine:From:"),
	    "our tag is covered, Authentication-Results are not");
	tap_num(validate(buf_str(&out), &n), ARC_PASS,
	    "the forged tag is not covered");
	buf_fini(&out);
}

/* Our results stay what they are, and those of others get their folds. */
static void
check_refolded(const char *conf, unsigned instance, const char *fold,
    const char *name)
{
	static const char *const names[] = { "evil.example; none", "evil",
		"bad.example; none" };
	char want[128];
	struct buf out;
	unsigned n;
	size_t i;

	buf_init(&out, FX_MAX_BYTES);
	tap_num(run(conf, &outside, STR(LONG TEXT), &out), instance, name);
	tap_ok(fx_contains(buf_str(&out), "Authentication-Results: "
	    "mx.example.net;\r\n\tspf=pass smtp.mailfrom=author.example"),
	    "%s: our results", name);
	tap_ok(fx_contains(buf_str(&out), "Received-SPF: pass"),
	    "%s: our Received-SPF", name);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(want, sizeof(want), ": %saaaaaaaaa", names[i]);
		tap_ok(fx_contains(buf_str(&out), want), "%s: %s", name,
		    names[i]);
	}
	tap_ok(fx_contains(buf_str(&out), fold), "%s: its folds", name);
	if (instance > 0) {
		tap_num(validate(buf_str(&out), &n), ARC_PASS, name);
	}
	buf_fini(&out);
}

/* Without its key the message is forwarded unsealed. */
static void
check_no_key(void)
{
	struct buf out;

	buf_init(&out, FX_MAX_BYTES);
	fx_write(&fx, "keys", STR("k example.com:s:/nonexistent/key\n"));
	fx_write(&fx, "signing", STR("*@example.com k\n"));
	tap_num(run("AuthservID mx.example.net\nKeyTable @DIR@/keys\n"
	    "SigningTable refile:@DIR@/signing\nArcSeal all\n"
	    "ArcSealKey example.com\n", &outside, STR(TEXT), &out), 0,
	    "the key cannot be read: no set");
	tap_ok(fx_contains(buf_str(&fx.log), "/nonexistent/key"),
	    "the key file is logged");
	tap_ok(fx_contains(buf_str(&out), "\r\nAuthentication-Results:") ||
	    fx_contains(str_first(buf_str(&out), 23),
	    "Authentication-Results:"), "the rest is done");
	check_refolded("AuthservID mx.example.net\nKeyTable @DIR@/keys\n"
	    "SigningTable refile:@DIR@/signing\nArcSeal all\n"
	    "ArcSealKey example.com\n" LONG_CONF, 0, LONG,
	    "not sealed, not refolded");
	buf_fini(&out);
}

static unsigned
passing_signatures(struct str text)
{
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	unsigned n = 0;
	size_t i;

	fx_configure(&fx, "AuthservID elsewhere.example\nMode v\n");
	m = fx_run(&fx, &outside, &client, text);
	out = engine_msg_eom(m);
	for (i = 0; i < dkim_verifier_count(out->dkim); i++) {
		n += dkim_verifier_get(out->dkim, i)->result == DKIM_PASS;
	}
	engine_msg_free(m);
	return (n);
}

/* Forwarded mail is signed by rules for any author, but not with a domain that
   could be aligned with an author. */
static void
check_forwarded(void)
{
	static const struct {
		const char	*name;
		const char	*signing;
		const char	*from;
		unsigned	 signatures;
	} forwarded[] = {
		{ "a rule for any author signs", "* fwd\n",
		    "joe@author.example", 1 },
		{ "a rule for that author does not", "*@author.example fwd\n"
		    "postmaster@example.com fwd\n",
		    "joe@author.example", 0 },
		{ "author in the domain of the key", "* fwd\n",
		    "joe@example.com", 0 },
		{ "author below the domain of the key", "* fwd\n",
		    "joe@news.example.com", 0 },
		{ "second author in the domain of the key", "* fwd\n",
		    "joe@author.example, boss@example.com", 0 },
		{ "fails DMARC", "* fwd\n", "joe@tagged.example", 0 },
	};
	char text[256];
	struct buf out;
	unsigned sets;
	size_t i;

	buf_init(&out, FX_MAX_BYTES);
	snprintf(text, sizeof(text), "fwd example.com:rsa:%s/rsa\n", fx.dir);
	fx_write(&fx, "keys", str_from(text));
	for (i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++) {
		fx_write(&fx, "signing", str_from(forwarded[i].signing));
		snprintf(text, sizeof(text), "From: %s\r\n\r\nbody\r\n",
		    forwarded[i].from);
		tap_num(run("AuthservID mx.example.net\nKeyTable @DIR@/keys\n"
		    "SigningTable refile:@DIR@/signing\nArcSeal all\n"
		    "ArcSealKey example.com\nSelfCheck all\n", &outside,
		    str_from(text), &out), 1, forwarded[i].name);
		tap_num(passing_signatures(buf_str(&out)),
		    forwarded[i].signatures, "passing signatures");
		tap_num(validate(buf_str(&out), &sets), ARC_PASS,
		    "the set covers them");
	}
	buf_fini(&out);
}

static void
check_refused(const char *key, const char *name)
{
	struct engine_opts opts = { .dns = fx.dns, .crypto = fx.crypto,
		.stats = fx.stats, .env = &fx.env };
	struct engine *engine = NULL;
	struct diag diag;
	struct buf text;

	diag_init(&diag);
	buf_init(&text, FX_MAX_BYTES);
	buf_printf(&text, "Domain example.com\nSelector rsa\nKeyFile %s/rsa\n"
	    "ArcSeal all\nArcSealKey %s\n", fx.dir, key);
	if (conf_parse(buf_str(&text), "test", &fx.env, &opts.conf, &diag) !=
	    STATUS_OK) {
		fx_die("configuration", diag.text);
	}
	tap_ok(engine_new(&opts, &engine, &diag) == STATUS_SYNTAX &&
	    engine == NULL, "%s: %s", name, diag.text);
	conf_release(opts.conf);
	buf_fini(&text);
}

int
main(void)
{
	char path[128];
	size_t i;

	fx_init(&fx, ZONE);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(i);
	}
	check_chain();
	check_fields();
	check_refolded(SEAL("all") LONG_CONF, 1, "\r\n aaaaaaaaa ",
	    "sealed, refolded");
	check_no_key();
	check_forwarded();
	check_refused("other.example", "a domain without keys");
	check_refused("example.com:other", "a selector that is not there");
	fx_path(&fx, "keys", path);
	(void)unlink(path);
	fx_path(&fx, "signing", path);
	(void)unlink(path);
	fx_fini(&fx);
	return (tap_done());
}
