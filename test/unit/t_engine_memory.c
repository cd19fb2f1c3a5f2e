/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Out of memory at every allocation in turn: the message's arena gets a
 * ceiling one step higher each time, until the message goes through. Up to
 * there each outcome is what OnInternalError says, whole, and nothing else.
 */
#include "engine_fixture.h"
#include "tap.h"

#define FORGED	"Authentication-Results: mx.example.net; dkim=pass\r\n"
#define TEXT	FORGED "From: joe@example.com\r\nSubject: s\r\n\r\nbody\r\n"
#define WORDS	"aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa "
#define LONG_TEXT	FORGED "From: J. Doe <joe@example.com>\r\n"	\
	"To: a@b,c@d\r\nReferences: " WORDS WORDS WORDS "\r\n\r\n"	\
	WORDS WORDS WORDS "\r\n"
#define LONG_CONF	"LineLengthLimit 100\nAddressLists sendmail\n"
#define STEP_BYTES	16

/* Nothing of the results so far may stay in the outcome. */
static bool
has_no_results(const struct engine_outcome *out)
{
	return (out->dkim == NULL && out->sender == NULL &&
	    out->spf == NULL && out->spf_helo == NULL &&
	    out->iprev == NULL && out->dmarc == NULL && out->arc == NULL &&
	    out->authres.n == 0 && out->authres_folded.n == 0 &&
	    out->decision.rule == ENGINE_RULE_NONE && !out->tagged &&
	    out->signatures == NULL && out->signatures_n == 0 &&
	    out->long_lines == 0 &&
	    out->seal.instance == 0 && !out->second_asked &&
	    out->second == NULL && out->second_dmarc.result ==
	    SECOND_ABSENT &&
	    out->second_agrees);
}

/* With OnInternalError accept the message is delivered, without the forged
   field if it was found in time. */
static bool
is_accepted(const struct engine_outcome *out)
{
	return (out->verdict == ENGINE_ACCEPT &&
	    out->error == ENGINE_INTERNAL_ERROR && has_no_results(out) &&
	    (out->actions_n == 0 ||
	    (out->actions_n == 1 &&
	    out->actions[0].type == ENGINE_DELETE_FIELD)));
}

static bool
is_deferred(const struct engine_outcome *out)
{
	return (out->verdict == ENGINE_TEMPFAIL &&
	    out->error == ENGINE_INTERNAL_ERROR && has_no_results(out) &&
	    str_eq(out->reply, STR("451 4.3.0 Temporary internal error")) &&
	    out->actions_n == 0);
}

/* Runs the message under that ceiling; whether it went through. */
static bool
run(struct fx *fx, const struct fx_mail *mail, const struct message *message,
    size_t max_bytes, bool *sane)
{
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m = fx_begin(fx, mail, &client);
	bool through;

	m->arena.max_bytes = m->arena.used_bytes + max_bytes;
	fx_play_header(m, message);
	if (engine_msg_eoh(m)) {
		fx_play_body(m, message->body, 0);
	}
	out = engine_msg_eom(m);
	through = out->error == ENGINE_NO_ERROR;
	*sane = through ? out->verdict == ENGINE_ACCEPT &&
	    out->actions_n >= 2 :
	    fx->conf->on_internal_error == CONF_ACCEPT ? is_accepted(out) :
	    is_deferred(out);
	engine_msg_free(m);
	return (through);
}

static void
sweep(struct fx *fx, const char *name, const char *conf, const char *ip,
    struct str text)
{
	struct fx_mail mail = { .ip = ip };
	struct message message;
	struct arena arena;
	size_t max_bytes, failures = 0, insane = 0;
	bool sane, through = false;

	arena_init(&arena, FX_MAX_BYTES);
	if (message_parse(&arena, text, &message) != STATUS_OK) {
		fx_die("message", "cannot be read");
	}
	fx_configure(fx, conf);
	for (max_bytes = 0; !through && max_bytes < 1024 * 1024;
	    max_bytes += STEP_BYTES) {
		through = run(fx, &mail, &message, max_bytes, &sane);
		failures += !through;
		insane += !sane;
	}
	tap_ok(through, "%s: goes through with %zu bytes", name, max_bytes);
	tap_ok(failures > 10 && insane == 0,
	    "%s: %zu ceilings below that are internal errors", name,
	    failures);
	arena_fini(&arena);
}

/* What DMARC holds stays held, with its results, when there is no memory for
   the seal. */
static void
check_held(struct fx *fx)
{
	const struct engine_outcome *out;
	struct fx_mail mail = { .ip = "192.0.2.1" };
	size_t max_bytes, unsealed = 0, insane = 0;
	uint64_t before, counted;
	struct message message;
	struct fx_client client;
	struct engine_msg *m;
	struct arena arena;
	bool sealed = false;

	arena_init(&arena, FX_MAX_BYTES);
	if (message_parse(&arena, STR("From: joe@held.example\r\n\r\nb\r\n"),
	    &message) != STATUS_OK) {
		fx_die("message", "cannot be read");
	}
	fx_configure(fx, FX_SIGN_BOTH "ArcSeal all\n"
	    "OnDMARCQuarantine hold\nOnInternalError accept\n");
	before = engine_stats_get(fx->stats, ENGINE_ARC_NOT_SEALED);
	for (max_bytes = 0; !sealed && max_bytes < 1024 * 1024;
	    max_bytes += STEP_BYTES) {
		m = fx_begin(fx, &mail, &client);
		m->arena.max_bytes = m->arena.used_bytes + max_bytes;
		fx_play_header(m, &message);
		if (engine_msg_eoh(m)) {
			fx_play_body(m, message.body, 0);
		}
		out = engine_msg_eom(m);
		sealed = out->seal.instance > 0;
		if (out->error == ENGINE_NO_ERROR && !sealed) {
			unsealed++;
			insane += out->verdict != ENGINE_QUARANTINE ||
			    out->actions_n != 2 || out->authres.n == 0 ||
			    out->signatures_n != 0;
		}
		engine_msg_free(m);
	}
	counted = engine_stats_get(fx->stats, ENGINE_ARC_NOT_SEALED) - before;
	tap_ok(sealed, "held: sealed with %zu bytes", max_bytes);
	tap_ok(unsealed > 10 && insane == 0,
	    "held: without a seal at %zu ceilings below that, not held as "
	    "before at %zu", unsealed, insane);
	tap_num((long long)counted, (long long)unsealed,
	    "held: counted as not sealed");
	arena_fini(&arena);
}

int
main(void)
{
	struct buf text;
	struct fx fx;

	fx_init(&fx, "_dmarc.held.example. TXT \"v=DMARC1; p=quarantine\"\n");
	buf_init(&text, FX_MAX_BYTES);
	buf_add_cstr(&text, FORGED);
	fx_sign(&fx, FX_SIGN_BOTH, TEXT, &text);
	sweep(&fx, "sign", FX_SIGN_BOTH, NULL, STR(TEXT));
	sweep(&fx, "sign long lines", FX_SIGN_BOTH LONG_CONF, NULL,
	    STR(LONG_TEXT));
	sweep(&fx, "sign long lines, OnInternalError accept", FX_SIGN_BOTH
	    LONG_CONF "OnInternalError accept\n", NULL, STR(LONG_TEXT));
	sweep(&fx, "verify", FX_VERIFY, "192.0.2.1", buf_str(&text));
	sweep(&fx, "sign, OnInternalError accept", FX_SIGN_BOTH
	    "OnInternalError accept\n", NULL, STR(TEXT));
	sweep(&fx, "verify, OnInternalError accept", FX_VERIFY
	    "OnInternalError accept\n", "192.0.2.1", buf_str(&text));
	sweep(&fx, "seal", FX_SIGN_BOTH "ArcSeal all\n", "192.0.2.1",
	    buf_str(&text));
	sweep(&fx, "seal, OnInternalError accept", FX_SIGN_BOTH
	    "ArcSeal all\nOnInternalError accept\n", "192.0.2.1",
	    buf_str(&text));
	sweep(&fx, "verify with a second opinion",
	    FX_VERIFY "SecondOpinion all\n", "192.0.2.1", buf_str(&text));
	sweep(&fx, "a second opinion that differs", FX_VERIFY
	    "SecondOpinion all\nMinimumKeyBits 4096\n", "192.0.2.1",
	    buf_str(&text));
	check_held(&fx);
	tap_ok(engine_stats_get(fx.stats, ENGINE_INTERNAL_ERRORS) > 30,
	    "internal errors are counted");
	buf_fini(&text);
	fx_fini(&fx);
	return (tap_done());
}
