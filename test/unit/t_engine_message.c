/* SPDX-License-Identifier: BSD-2-Clause */
/* A message's events: round trips, limits, bad input, aborts, order. */
#include <stdlib.h>

#include "engine_fixture.h"
#include "tap.h"

#define FIELDS	"Received: by a\r\n\tfor b; now\r\n" \
	"From: Joe <joe@example.com>\r\nTo: a@example.net\r\n" \
	"Subject:  two  spaces \r\n"
#define TEXT	FIELDS "\r\nHi \t there,\r\n\r\nbye\r\n\r\n\r\n"

static struct engine_msg *
verify(struct fx *fx, struct str text, size_t chunk, struct fx_client *client)
{
	struct fx_mail mail = { .ip = "192.0.2.1", .chunk = chunk };

	return (fx_run(fx, &mail, client, text));
}

/* Whether there are n verdicts and each is a pass. */
static bool
all_pass(struct engine_msg *m, size_t n)
{
	const struct dkim_verifier *v = engine_msg_eom(m)->dkim;

	if (v == NULL || dkim_verifier_count(v) != n) {
		return (false);
	}
	for (size_t i = 0; i < n; i++) {
		if (dkim_verifier_get(v, i)->result != DKIM_PASS) {
			printf("# %s\n", dkim_verifier_get(v, i)->reason);
			return (false);
		}
	}
	return (true);
}

static void
test_round_trips(struct fx *fx)
{
	static const char *const canons[] = { "simple", "simple/relaxed",
		"relaxed/simple", "relaxed/relaxed" };
	static const char *const texts[] = { TEXT, FIELDS "\r\n", FIELDS,
		FIELDS "\r\n\r\n\r\n", FIELDS "\r\nno line end",
		FIELDS "\r\nbare\rCR and bare\nLF\r\n",
		"From: joe@example.com\r\n\r\nonly From\r\n" };
	static const size_t chunks[] = { 0, 1, 7 };
	struct fx_client client;
	struct engine_msg *m;
	struct buf text;
	char conf[512];
	bool ok;

	buf_init(&text, FX_MAX_BYTES);
	for (size_t c = 0; c < 4; c++) {
		snprintf(conf, sizeof(conf), FX_SIGN_BOTH
		    "Canonicalization %s\nSignatureTTL 3600\n", canons[c]);
		ok = true;
		for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]);
		    t++) {
			buf_reset(&text);
			fx_sign(fx, conf, texts[t], &text);
			fx_configure(fx, FX_VERIFY);
			m = verify(fx, buf_str(&text), chunks[t % 3],
			    &client);
			ok = ok && all_pass(m, 2);
			engine_msg_free(m);
		}
		tap_ok(ok, "signed and verified: %s", canons[c]);
	}
	buf_fini(&text);
}

/* The first key's signature is the topmost; one field per key. */
static void
test_two_keys(struct fx *fx)
{
	struct fx_mail mail = { .ip = NULL };
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;

	fx_configure(fx, FX_SIGN_BOTH);
	m = fx_run(fx, &mail, &client, STR(TEXT));
	out = engine_msg_eom(m);
	tap_num((long long)out->actions_n, 2, "two keys, two insertions");
	tap_ok(fx_contains(out->actions[0].value, "s=ed;") &&
	    fx_contains(out->actions[1].value, "s=rsa;") &&
	    out->actions[0].type == ENGINE_INSERT_FIELD &&
	    str_eq(out->actions[0].name, STR("DKIM-Signature")),
	    "the first key's signature is inserted last");
	tap_ok(out->signatures_n == 2 && str_eq(out->signatures[0].selector,
	    STR("rsa")) && str_eq(out->signatures[1].selector, STR("ed")) &&
	    str_eq(out->signatures[0].domain, STR("example.com")),
	    "the outcome lists both");
	tap_ok(out->actions[0].value.p[0] == ' ', "a space after the colon");
	engine_msg_free(m);
}

static void
test_expiry(struct fx *fx)
{
	struct fx_client client;
	struct engine_msg *m;
	struct buf text;

	buf_init(&text, FX_MAX_BYTES);
	fx_sign(fx, FX_SIGN "SignatureTTL 3600\n", TEXT, &text);
	fx_configure(fx, FX_VERIFY "ClockDrift 10\n");
	fx->now_s += 3600 + 5;
	m = verify(fx, buf_str(&text), 0, &client);
	tap_ok(all_pass(m, 1), "within ClockDrift of x= passes");
	engine_msg_free(m);
	fx->now_s += 10;
	m = verify(fx, buf_str(&text), 0, &client);
	tap_ok(!all_pass(m, 1), "expired: does not pass");
	engine_msg_free(m);
	fx->now_s = FX_NOW_S;
	buf_fini(&text);
}

static void
add_fields(struct engine_msg *m, size_t n, struct str value)
{
	for (size_t i = 0; i < n; i++) {
		engine_msg_header(m, STR("X-Filler"), value);
	}
}

enum flaw { MANY_FIELDS, HUGE_FIELD, LARGE_SUM, BAD_NAME, NO_FLAW };

static void
test_limits(struct fx *fx)
{
	static const struct {
		const char	*name;
		enum flaw	 flaw;
		const char	*reply;
	} rows[] = {
		{ "100,000 fields", MANY_FIELDS,
		    "552 5.3.4 Message header too large" },
		{ "a field of 3 MiB", HUGE_FIELD,
		    "552 5.3.4 Message header too large" },
		{ "3 fields of 1 MiB", LARGE_SUM,
		    "552 5.3.4 Message header too large" },
		{ "a name with a colon", BAD_NAME,
		    "550 5.6.0 Malformed message header" },
		{ "9,000 fields", NO_FLAW, NULL },
	};
	size_t big_n = 3 * 1024 * 1024;
	char *big = malloc(big_n);

	memset(big, 'x', big_n);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fx_mail mail = { .ip = "192.0.2.1" };
		const struct engine_outcome *out;
		struct fx_client client;
		struct engine_msg *m;

		fx_configure(fx, FX_VERIFY "OnInternalError accept\n");
		m = fx_begin(fx, &mail, &client);
		engine_msg_header(m, STR("Authentication-Results"),
		    STR(" mx.example.net; none"));
		switch (rows[i].flaw) {
		case MANY_FIELDS:
			add_fields(m, 100000, STR("y"));
			break;
		case HUGE_FIELD:
			add_fields(m, 1, str_mem(big, big_n));
			break;
		case LARGE_SUM:
			add_fields(m, 3, str_mem(big, big_n / 3));
			break;
		case BAD_NAME:
			engine_msg_header(m, STR("a:b"), STR(" c"));
			break;
		case NO_FLAW:
			add_fields(m, 9000, STR("y"));
			break;
		}
		engine_msg_header(m, STR("From"), STR(" joe@example.com"));
		(void)engine_msg_eoh(m);
		out = engine_msg_eom(m);
		tap_ok(str_eq(out->reply, str_from(rows[i].reply)) &&
		    (rows[i].reply == NULL || (out->error != ENGINE_NO_ERROR &&
		    out->verdict == ENGINE_REJECT && out->actions_n == 0 &&
		    out->direction == ENGINE_UNDECIDED &&
		    out->from->result == ADDR_FROM_MISSING)),
		    "%s: %.*s", rows[i].name, STR_FMT(out->reply));
		engine_msg_free(m);
	}
	free(big);
}

/* A message with too many fields to sign is refused, not an internal error. */
static void
test_too_much_to_sign(struct fx *fx)
{
	struct fx_mail mail = { .ip = "192.0.2.1", .auth_authen = "joe" };
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	uint64_t before = engine_stats_get(fx->stats, ENGINE_SIGNED);

	fx_configure(fx, FX_SIGN);
	m = fx_begin(fx, &mail, &client);
	engine_msg_header(m, STR("From"), STR(" joe@example.com"));
	for (size_t i = 0; i < DKIM_MAX_SIGNED_FIELDS; i++) {
		engine_msg_header(m, STR("Cc"), STR(" a@example.net"));
	}
	tap_ok(!engine_msg_eoh(m), "too much to sign: no body is wanted");
	out = engine_msg_eom(m);
	tap_ok(out->verdict == ENGINE_REJECT && out->actions_n == 0 &&
	    str_eq(out->reply, STR("552 5.3.4 Message header too large")),
	    "too much to sign: %.*s", STR_FMT(out->reply));
	engine_msg_free(m);
	tap_ok(engine_stats_get(fx->stats, ENGINE_SIGNED) == before,
	    "too much to sign: not counted as signed");
}

static void
test_body_wanted(struct fx *fx)
{
	struct fx_mail mail = { .ip = "127.0.0.1" };
	struct fx_client client;
	struct engine_msg *m;
	struct message message;
	struct arena arena;
	struct buf text;

	fx_configure(fx, FX_VERIFY);
	m = fx_begin(fx, &mail, &client);
	engine_msg_header(m, STR("From"), STR(" joe@example.com"));
	tap_ok(!engine_msg_eoh(m), "unsigned: no body is wanted");
	tap_ok(!engine_msg_body(m, "x", 1), "unsigned: no more of it");
	tap_ok(m->verification.batch == NULL && m->bodies == NULL,
	    "unsigned: nothing is set up");
	tap_num((long long)dkim_verifier_count(engine_msg_eom(m)->dkim), 0,
	    "unsigned: a verifier without verdicts");
	engine_msg_free(m);

	buf_init(&text, FX_MAX_BYTES);
	fx_sign(fx, FX_SIGN, TEXT, &text);
	arena_init(&arena, FX_MAX_BYTES);
	if (message_parse(&arena, buf_str(&text), &message) != STATUS_OK) {
		fx_die("message", "cannot be read");
	}
	fx_configure(fx, FX_VERIFY);
	m = fx_begin(fx, &mail, &client);
	fx_play_header(m, &message);
	tap_ok(engine_msg_eoh(m), "signed: the body is wanted");
	tap_ok(engine_msg_body(m, message.body.p, message.body.n),
	    "signed without l=: wanted to the end");
	(void)engine_msg_eom(m);
	tap_ok(!engine_msg_body(m, "x", 1), "no body after end of message");
	tap_ok(all_pass(m, 1), "body after end of message is ignored");
	engine_msg_free(m);
	arena_fini(&arena);
	buf_fini(&text);
}

static void
test_order_of_events(struct fx *fx)
{
	struct fx_mail mail = { .ip = NULL };
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;

	fx_configure(fx, FX_SIGN);
	m = fx_begin(fx, &mail, &client);
	engine_msg_header(m, STR("From"), STR(" joe@example.com"));
	(void)engine_msg_eoh(m);
	tap_num(m->in.direction, ENGINE_SIGN, "direction after end of headers");
	engine_msg_header(m, STR("From"), STR(" eve@example.net"));
	tap_num((long long)m->in.fields.n, 1,
	    "a field after end of headers is ignored");
	engine_msg_macro(m, ENGINE_QUEUE_ID, STR("LATE"));
	out = engine_msg_eom(m);
	tap_str(engine_msg_get_macro(m, ENGINE_QUEUE_ID), STR("LATE"),
	    "the last queue ID");
	tap_str(engine_msg_mail_from(m), STR("<joe@example.com>"),
	    "MAIL FROM");
	tap_ok(out == engine_msg_eom(m) && out->actions_n == 1,
	    "the same outcome on a second call");
	tap_num((long long)engine_stats_get(fx->stats, ENGINE_MESSAGES), 1,
	    "one message counted");
	engine_msg_free(m);

	m = fx_begin(fx, &mail, &client);
	engine_msg_header(m, STR("From"), STR(" joe@example.com"));
	out = engine_msg_eom(m);
	tap_num(out->direction, ENGINE_SIGN,
	    "end of message without end of headers");
	engine_msg_free(m);
	engine_msg_free(NULL);
	engine_release(NULL);
}

/* engine_msg_free after each event; ASan reports leaks. */
static void
test_aborts(struct fx *fx)
{
	static const char *const confs[] = { FX_SIGN_BOTH,
		FX_VERIFY "SecondOpinion all\n" };
	struct fx_client client;
	struct message message;
	struct arena arena;
	struct buf text;
	size_t stages = 0;

	buf_init(&text, FX_MAX_BYTES);
	fx_sign(fx, FX_SIGN_BOTH, TEXT, &text);
	arena_init(&arena, FX_MAX_BYTES);
	if (message_parse(&arena, buf_str(&text), &message) != STATUS_OK) {
		fx_die("message", "cannot be read");
	}
	for (size_t c = 0; c < 2; c++) {
		fx_configure(fx, confs[c]);
		for (size_t stage = 0; stage < 5; stage++) {
			struct fx_mail mail = { .ip = c == 0 ? NULL :
			    "192.0.2.1" };
			struct engine_msg *m = fx_begin(fx, &mail, &client);

			if (stage > 0) {
				fx_play_header(m, &message);
			}
			if (stage > 1) {
				(void)engine_msg_eoh(m);
			}
			if (stage > 2) {
				fx_play_body(m, message.body, 5);
			}
			if (stage > 3) {
				(void)engine_msg_eom(m);
			}
			engine_msg_free(m);
			stages++;
		}
	}
	tap_num((long long)stages, 10, "aborted after every event");
	arena_fini(&arena);
	buf_fini(&text);
}

static void
test_deadline(void)
{
	static const struct {
		const char	*name;
		uint64_t	 deadline_us;
		uint64_t	 timeout_us;
		uint64_t	 now_us;
		uint64_t	 until_us;
	} rows[] = {
		{ "quick body: the deadline", 6000000, 5000000, 1000000,
		    6000000 },
		{ "body past the deadline: the grace time", 6000000, 5000000,
		    7000000,
		    7000000 + ENGINE_DNS_GRACE_US },
		{ "body just before the deadline: the grace time", 6000000,
		    5000000, 5999999,
		    5999999 + ENGINE_DNS_GRACE_US },
		{ "DNSTimeout below the grace time", 100, 10, 1000, 1010 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tap_num((long long)engine_dns_deadline_us(rows[i].deadline_us,
		    rows[i].timeout_us, rows[i].now_us),
		    (long long)rows[i].until_us, rows[i].name);
	}
}

int
main(void)
{
	struct fx fx;

	fx_init(&fx, "");
	test_order_of_events(&fx);
	test_round_trips(&fx);
	test_two_keys(&fx);
	test_expiry(&fx);
	test_limits(&fx);
	test_too_much_to_sign(&fx);
	test_body_wanted(&fx);
	test_aborts(&fx);
	test_deadline();
	fx_fini(&fx);
	return (tap_done());
}
