/* SPDX-License-Identifier: BSD-2-Clause */
/* OnBadSignature, OnDNSError and OnInternalError, and their replies. */
#include "engine_fixture.h"
#include "tap.h"

#define HEADER		"From: joe@example.com\r\nSubject: s\r\n\r\n"
#define SIGN(selector)	"AuthservID mx.example.net\nDomain example.com\n" \
	"Selector " selector "\nKeyFile @DIR@/rsa\n"
#define NO_PASS		"No passing DKIM signature found"

/* Kinds of messages, by how they were signed. */
enum kind { UNSIGNED, GOOD, TAMPERED, NO_KEY, SLOW, SLOW_AND_TAMPERED,
	SLOW_AND_GOOD, TESTING, TESTING_AND_SLOW, GOOD_AND_NO_KEY, KINDS };

static const struct {
	const char	*name;
	const char	*conf;		/* of the signer; NULL: none */
	bool		 tampered;
} kinds[KINDS] = {
	[UNSIGNED] = { "unsigned", NULL, false },
	[GOOD] = { "good", SIGN("rsa"), false },
	[TAMPERED] = { "tampered", SIGN("rsa"), true },
	[NO_KEY] = { "no key", SIGN("nokey"), false },
	[SLOW] = { "key unavailable", SIGN("slow"), false },
	[SLOW_AND_TAMPERED] = { "one unavailable, one without key",
	    SIGN("slow") "Selector nokey\nKeyFile @DIR@/rsa\n", false },
	[SLOW_AND_GOOD] = { "one unavailable, one good",
	    SIGN("slow") "Selector rsa\nKeyFile @DIR@/rsa\n", false },
	[TESTING] = { "tampered under a test key", SIGN("test"), true },
	[TESTING_AND_SLOW] = { "key unavailable, and a test key",
	    SIGN("slow") "Selector test\nKeyFile @DIR@/rsa\n", true },
	[GOOD_AND_NO_KEY] = { "one without key, one good",
	    SIGN("nokey") "Selector rsa\nKeyFile @DIR@/rsa\n", false },
};

#define BAD(action)	"OnBadSignature " action "\nOnDNSError reject\n"
#define DNS(action)	"OnDNSError " action "\nOnBadSignature reject\n"

static const struct {
	enum kind		 kind;
	const char		*conf;
	const char		*action;
	const char		*reply;
} rules[] = {
	{ UNSIGNED, BAD("reject"), "accept", NULL },
	{ GOOD, BAD("reject"), "accept", NULL },
	{ GOOD_AND_NO_KEY, BAD("reject"), "accept", NULL },
	{ SLOW_AND_GOOD, DNS("tempfail"), "accept", NULL },
	{ TAMPERED, BAD("accept"), "accept", NULL },
	{ TAMPERED, BAD("reject"), "reject", "550 5.7.20 " NO_PASS },
	{ TAMPERED, BAD("tempfail"), "tempfail", "451 4.7.20 " NO_PASS },
	{ TAMPERED, BAD("quarantine"), "quarantine", NULL },
	{ NO_KEY, BAD("reject"), "reject", "550 5.7.20 " NO_PASS },
	{ SLOW, DNS("accept"), "accept", NULL },
	{ SLOW, DNS("reject"), "reject", "550 5.4.3 DKIM key unavailable" },
	{ SLOW, DNS("tempfail"), "tempfail",
	    "451 4.4.3 DKIM key unavailable, try again later" },
	{ SLOW, DNS("quarantine"), "quarantine", NULL },
	{ SLOW_AND_TAMPERED, DNS("tempfail"), "tempfail",
	    "451 4.4.3 DKIM key unavailable, try again later" },
	{ TESTING, BAD("reject"), "accept", NULL },
	{ TESTING_AND_SLOW, DNS("tempfail"), "tempfail",
	    "451 4.4.3 DKIM key unavailable, try again later" },
};

static bool
quarantines(const struct engine_outcome *out)
{
	return (out->actions_n > 0 &&
	    out->actions[out->actions_n - 1].type == ENGINE_HOLD &&
	    out->actions[out->actions_n - 1].value.n > 0);
}

static void
check(struct fx *fx, size_t i, struct str text)
{
	struct fx_mail mail = { .ip = "192.0.2.1" };
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	struct buf conf;

	buf_init(&conf, FX_MAX_BYTES);
	buf_printf(&conf, FX_VERIFY "%s", rules[i].conf);
	fx_configure(fx, conf.p);
	m = fx_run(fx, &mail, &client, text);
	out = engine_msg_eom(m);
	tap_ok(strcmp(engine_verdict_name(out->verdict),
	    rules[i].action) == 0 &&
	    str_eq(out->reply, str_from(rules[i].reply)) &&
	    engine_verdict_accepts(out->verdict) == (rules[i].reply == NULL) &&
	    quarantines(out) == (out->verdict == ENGINE_QUARANTINE) &&
	    (out->reply.n == 0 || out->actions_n == 0) &&
	    out->dkim != NULL && out->error == ENGINE_NO_ERROR,
	    "%s: %s %.*s", kinds[rules[i].kind].name,
	    engine_verdict_name(out->verdict),
	    STR_FMT(out->reply));
	engine_msg_free(m);
	buf_fini(&conf);
}

static void
make(struct fx *fx, enum kind kind, struct buf *text)
{
	buf_reset(text);
	if (kinds[kind].conf != NULL) {
		fx_sign(fx, kinds[kind].conf, HEADER "body\r\n", text);
	} else {
		buf_add_cstr(text, HEADER "body\r\n");
	}
	if (kinds[kind].tampered) {
		buf_add_char(text, '.');
	}
}

static const struct {
	const char	*action;
	const char	*reply;
} internal[] = {
	{ "accept", NULL },
	{ "reject", "550 5.3.0 Internal error" },
	{ "tempfail", "451 4.3.0 Temporary internal error" },
	{ "quarantine", NULL },
};

/* Out of memory: OnInternalError. */
static void
test_internal(struct fx *fx)
{
	struct fx_mail mail = { .ip = "192.0.2.1" };
	char conf[256];

	for (size_t i = 0; i < sizeof(internal) / sizeof(internal[0]); i++) {
		const struct engine_outcome *out;
		struct fx_client client;
		struct engine_msg *m;

		snprintf(conf, sizeof(conf), FX_VERIFY "OnInternalError %s\n",
		    internal[i].action);
		fx_configure(fx, conf);
		m = fx_begin(fx, &mail, &client);
		m->arena.max_bytes = m->arena.used_bytes + 16;
		engine_msg_header(m, STR("From"), STR(" joe@example.com"));
		tap_ok(!engine_msg_eoh(m), "no body is wanted");
		out = engine_msg_eom(m);
		tap_ok(strcmp(engine_verdict_name(out->verdict),
		    internal[i].action) == 0 &&
		    str_eq(out->reply, str_from(internal[i].reply)) &&
		    quarantines(out) == (i == 3) && out->dkim == NULL &&
		    out->authres.n == 0 && out->error != ENGINE_NO_ERROR,
		    "out of memory: %s: %s", engine_verdict_name(out->verdict),
		    engine_error_text(out));
		engine_msg_free(m);
	}
}

int
main(void)
{
	struct buf text;
	struct fx fx;

	fx_init(&fx, "");
	buf_init(&text, FX_MAX_BYTES);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		make(&fx, rules[i].kind, &text);
		check(&fx, i, buf_str(&text));
	}
	test_internal(&fx);
	buf_fini(&text);
	fx_fini(&fx);
	return (tap_done());
}
