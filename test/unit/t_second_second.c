/* SPDX-License-Identifier: BSD-2-Clause */
/* libopendkim's verdicts on generated messages, in its daemon's words. */
#include <time.h>

#include "engine_fixture.h"
#include "tap.h"

#define FIELDS	"From: joe@example.com\r\nSubject: s\r\n"
#define TEXT	FIELDS "\r\nbody\r\n"
#define CONF(selector)	"AuthservID mx.example.net\nDomain example.com\n" \
	"Selector " selector "\nKeyFile @DIR@/rsa\n"
#define WAIT_US	1000000

struct run {
	struct arena		 arena;
	struct dns_batch	*batch;
	struct second_dkim	*second;
};

/* The whole life with libopendkim, now_s being the time of receipt. */
static void
run_init(struct run *run, struct fx *fx, struct str text, int64_t now_s)
{
	struct message message;

	arena_init(&run->arena, FX_MAX_BYTES);
	run->batch = dns_batch_new(fx->dns);
	if (message_parse(&run->arena, text, &message) != STATUS_OK ||
	    second_dkim_new(fx->second, &run->arena, run->batch, now_s,
	    STR("4F1A"), &run->second) != STATUS_OK) {
		fx_die("second_dkim_new", "no memory");
	}
	for (size_t i = 0; i < message.fields.n; i++) {
		second_dkim_field(run->second, message.fields.v[i].raw);
	}
	second_dkim_eoh(run->second);
	second_dkim_body(run->second, message.body.p, message.body.n);
	if (second_dkim_finish(run->second,
	    env_mono_us(&fx->env) + WAIT_US) != STATUS_OK) {
		fx_die("second_dkim_finish", "no memory");
	}
}

static void
run_fini(struct run *run)
{
	second_dkim_free(run->second);
	dns_batch_free(run->batch);
	arena_fini(&run->arena);
}

static const struct {
	const char	*name;
	const char	*conf;
	int64_t		 later_s;	/* receipt, after signing */
	bool		 tampered;
	const char	*results;	/* top first */
} rows[] = {
	{ "good", CONF("rsa"), 0, false, "pass " },
	{ "good, Ed25519", "Domain example.com\nSelector ed\n"
	    "KeyFile @DIR@/ed\n", 0, false, "pass " },
	{ "two good ones", FX_SIGN_BOTH, 0, false, "pass pass " },
	{ "tampered", CONF("rsa"), 0, true, "fail " },
	{ "no key", CONF("nokey"), 0, false, "fail " },
	{ "revoked key", CONF("revoked"), 0, false, "fail " },
	{ "broken key record", CONF("broken"), 0, false, "permerror " },
	{ "key unavailable", CONF("slow"), 0, false, "temperror " },
	{ "several key records", CONF("twice"), 0, false, "temperror " },
	{ "RSA-512 key record", CONF("short"), 0, false, "fail " },
	{ "all are evaluated, not the first good one", CONF("rsa")
	    "Selector nokey\nKeyFile @DIR@/rsa\nSelector slow\n"
	    "KeyFile @DIR@/rsa\n", 0, false, "pass fail temperror " },
	{ "not expired", CONF("rsa") "SignatureTTL 60\n", 59, false,
	    "pass " },
	{ "within the allowance", CONF("rsa") "SignatureTTL 60\n", 359,
	    false, "pass " },
	{ "expired", CONF("rsa") "SignatureTTL 60\n", 360, false,
	    "permerror " },
	{ "from a little ahead", CONF("rsa"), -300, false, "pass " },
	{ "from the future", CONF("rsa"), -301, false, "permerror " },
};

static void
check(struct fx *fx, size_t i, int64_t signed_s)
{
	struct buf text, results;
	struct run run;

	buf_init(&text, FX_MAX_BYTES);
	buf_init(&results, FX_MAX_BYTES);
	fx->now_s = signed_s;
	fx_sign(fx, rows[i].conf, TEXT, &text);
	if (rows[i].tampered) {
		buf_add_cstr(&text, "one line more\r\n");
	}
	run_init(&run, fx, buf_str(&text), signed_s + rows[i].later_s);
	for (size_t k = 0; k < second_dkim_count(run.second); k++) {
		const struct second_result *r =
		    second_dkim_get(run.second, k);

		buf_printf(&results, "%s ", second_word_name(r->result));
		if ((r->result == SECOND_PASS) == (r->reason.n > 0) ||
		    !str_eq(r->domain, STR("example.com")) ||
		    r->selector.n == 0 || r->b.n < 64) {
			buf_printf(&results, "(reason %.*s) ",
			    STR_FMT(r->reason));
		}
	}
	tap_ok(str_eq(buf_str(&results), str_from(rows[i].results)) &&
	    second_dkim_error(run.second) == NULL, "%s, %s: %.*s",
	    rows[i].name, signed_s == FX_NOW_S ? "long ago" :
	    signed_s > INT64_C(2700000000) ? "ahead" : "now",
	    STR_FMT(buf_str(&results)));
	run_fini(&run);
	buf_fini(&results);
	buf_fini(&text);
}

/* Messages on which libopendkim has nothing to say. */
static void
test_errors(struct fx *fx)
{
	static const struct {
		const char	*name;
		const char	*text;
		bool		 error;
	} errors[] = {
		{ "unsigned", TEXT, true },
		{ "no From", "DKIM-Signature: v=1; a=rsa-sha256; b=AA; bh=AA;"
		    " d=example.com; s=rsa; h=from\r\nSubject: s\r\n\r\nbody",
		    true },
		{ "broken signature", "DKIM-Signature: v=1; a=\r\n" TEXT,
		    true },
		{ "not to be a field name", "Na\001me: x\r\n" TEXT, true },
	};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct run run;

		run_init(&run, fx, str_from(errors[i].text), FX_NOW_S);
		tap_ok(second_dkim_count(run.second) == 0 &&
		    (second_dkim_error(run.second) != NULL) ==
		    errors[i].error, "%s: %s", errors[i].name,
		    second_dkim_error(run.second));
		run_fini(&run);
	}
}

/* MTAs end every line; libopendkim does not go on without. */
static void
test_no_final_crlf(struct fx *fx)
{
	struct buf text;
	struct run run;

	buf_init(&text, FX_MAX_BYTES);
	fx_sign(fx, CONF("rsa"), FIELDS "\r\nno line end", &text);
	run_init(&run, fx, buf_str(&text), FX_NOW_S);
	tap_ok(second_dkim_count(run.second) == 1 &&
	    second_dkim_get(run.second, 0)->result == SECOND_NEUTRAL &&
	    second_dkim_get(run.second, 0)->reason.n > 0,
	    "no final CRLF: neutral, %.*s",
	    STR_FMT(second_dkim_get(run.second, 0)->reason));
	run_fini(&run);
	buf_fini(&text);
}

/* q= without the one method there is: no lookup, no pass. */
static void
test_query_method(struct fx *fx)
{
	static const char text[] = "DKIM-Signature: v=1; a=rsa-sha256; "
	    "d=example.com; s=rsa; q=carrier/pigeon; h=from; bh=AAAA; "
	    "b=AAAA\r\n" TEXT;
	struct run run;

	run_init(&run, fx, STR(text), FX_NOW_S);
	tap_ok(second_dkim_count(run.second) == 1 &&
	    second_dkim_get(run.second, 0)->result == SECOND_PERMERROR,
	    "an unknown q= is an error");
	tap_num((long long)dns_batch_count(run.batch), 0, "nothing is asked");
	run_fini(&run);
}

int
main(void)
{
	struct fx fx;
	int64_t now_s;

	/* A modulus of 512 bits; it need not be a product of primes. */
	fx_init(&fx, "twice._domainkey.example.com. TXT \"not a key\"\n"
	    "short._domainkey.example.com. TXT \"v=DKIM1; p=MFwwDQYJKoZIhvcN"
	    "AQEBBQADSwAwSAJBAKVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV"
	    "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVUCAwEAAQ==\"\n");
	now_s = (int64_t)time(NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check(&fx, i, FX_NOW_S);
		check(&fx, i, now_s);
		check(&fx, i, now_s + 1500000000);
	}
	fx.now_s = FX_NOW_S;
	test_errors(&fx);
	test_query_method(&fx);
	test_no_final_crlf(&fx);
	second_free(NULL);
	second_dkim_free(NULL);
	fx_fini(&fx);
	return (tap_done());
}
