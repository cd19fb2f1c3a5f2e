/* SPDX-License-Identifier: BSD-2-Clause */
/* When the second opinion is asked, and how a difference is reported. */
#include "engine_fixture.h"
#include "tap.h"

#define TEXT	"From: joe@example.com\r\nSubject: s\r\n\r\nbody\r\n"

#define MANY	"many fields"

struct row {
	const char	*name;
	const char	*sign;		/* NULL: unsigned */
	const char	*conf;
	int64_t		 later_s;	/* seconds after signing */
	bool		 asked;
	bool		 agrees;
};

/* env's random number is 49 in these tests. */
static const struct row rows[] = {
	{ "SecondOpinion off", FX_SIGN, "SecondOpinion off\n", 0, false, true },
	{ "SecondOpinion all", FX_SIGN, "SecondOpinion all\n", 0, true, true },
	{ "two signatures", FX_SIGN_BOTH, "SecondOpinion all\n", 0, true,
	    true },
	{ "in the sample", FX_SIGN, "SecondOpinion sample:50%\n", 0,
	    true, true },
	{ "not in the sample", FX_SIGN, "SecondOpinion sample:49%\n", 0,
	    false, true },
	{ "unsigned mail", NULL, "SecondOpinion all\n", 0, false, true },
	{ "more than MaximumSignaturesToVerify", FX_SIGN_BOTH,
	    "SecondOpinion all\nMaximumSignaturesToVerify 1\n", 0, false,
	    true },
	{ "more than ENGINE_SECOND_MAX_FIELDS", MANY, "SecondOpinion all\n", 0,
	    false, true },
	{ "expired for both", FX_SIGN "SignatureTTL 60\n",
	    "SecondOpinion all\n", 400, true, true },
	{ "expired for us alone, by ClockDrift",
	    FX_SIGN "SignatureTTL 60\n",
	    "SecondOpinion all\nClockDrift 1\n", 100, true, false },
	{ "our MinimumKeyBits is higher", FX_SIGN,
	    "SecondOpinion all\nMinimumKeyBits 4096\n", 0, true, false },
};

static void
check(struct fx *fx, const struct row *row, struct buf *text)
{
	struct fx_mail mail = { .ip = "192.0.2.1" };
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	char conf[256];

	buf_reset(text);
	fx->now_s = FX_NOW_S;
	if (row->sign != NULL && strcmp(row->sign, MANY) == 0) {
		for (int i = 0; i < ENGINE_SECOND_MAX_FIELDS - 2; i++) {
			buf_add_cstr(text, "X: y\r\n");
		}
		fx_sign(fx, FX_SIGN, TEXT, text);
	} else if (row->sign != NULL) {
		fx_sign(fx, row->sign, TEXT, text);
	} else {
		buf_add_cstr(text, TEXT);
	}
	snprintf(conf, sizeof(conf), FX_VERIFY "%s", row->conf);
	fx_configure(fx, conf);
	fx->now_s += row->later_s;
	m = fx_run(fx, &mail, &client, buf_str(text));
	out = engine_msg_eom(m);
	tap_ok((out->second != NULL) == row->asked &&
	    out->second_agrees == row->agrees &&
	    out->verdict == ENGINE_ACCEPT &&
	    (fx->log.n == 0) == row->agrees, "%s", row->name);
	engine_msg_free(m);
}

/* The log line of the last row. */
static void
test_line(const struct fx *fx)
{
	struct str line = buf_str(&fx->log);

	printf("# %.*s", STR_FMT(line));
	tap_ok(fx_contains(line, "queue_id=4F1A second opinion differs: "
	    "domain=example.com selector=rsa b=") &&
	    fx_contains(line, " ours=policy ours_reason=\"") &&
	    fx_contains(line, " theirs=pass theirs_reason=\"\"\n"),
	    "the line names both verdicts and reasons");
	tap_num((long long)engine_stats_get(fx->stats, ENGINE_SECOND_ASKED),
	    9, "ENGINE_SECOND_ASKED, with unsigned mail");
	tap_num((long long)engine_stats_get(fx->stats,
	    ENGINE_SECOND_DISAGREED), 2, "ENGINE_SECOND_DISAGREED");
}

/* libopendkim skips a bare CR in b=, we do not (RFC 6376 6.1.1). */
static void
test_pairs(struct fx *fx)
{
	static const struct {
		const char	*name;
		const char	*more;	/* on top of the message */
		const char	*line;	/* in the log */
	} pairs[] = {
		{ "paired by index", "", " ours=neutral ours_reason="
		    "\"bad character in tag value\" theirs=pass" },
		{ "paired by content", "DKIM-Signature: v=1\r\n",
		    " ours=none ours_reason=\"\" theirs=pass" },
	};
	struct fx_mail mail = { .ip = "192.0.2.1" };
	struct fx_client client;
	struct engine_msg *m;
	struct buf text, lenient;
	size_t b;

	buf_init(&text, FX_MAX_BYTES);
	buf_init(&lenient, FX_MAX_BYTES);
	fx->now_s = FX_NOW_S;
	fx_sign(fx, FX_SIGN_BOTH, TEXT, &text);
	for (b = 0; memcmp(text.p + b, "\tb=", 3) != 0; b++) {
		continue;
	}
	for (size_t i = 0; i < 2; i++) {
		buf_reset(&lenient);
		buf_add_cstr(&lenient, pairs[i].more);
		buf_add(&lenient, text.p, b + 10);
		buf_add_char(&lenient, '\r');
		buf_add(&lenient, text.p + b + 10, text.n - b - 10);
		fx_configure(fx, FX_VERIFY "SecondOpinion all\n");
		m = fx_run(fx, &mail, &client, buf_str(&lenient));
		tap_ok(!engine_msg_eom(m)->second_agrees &&
		    fx_contains(buf_str(&fx->log), pairs[i].line), "%s: %.*s",
		    pairs[i].name, (int)fx->log.n - 1, fx->log.p);
		engine_msg_free(m);
	}
	buf_fini(&lenient);
	buf_fini(&text);
}

int
main(void)
{
	struct buf text;
	struct fx fx;

	fx_init(&fx, "");
	buf_init(&text, FX_MAX_BYTES);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check(&fx, &rows[i], &text);
	}
	test_line(&fx);
	test_pairs(&fx);
	buf_fini(&text);
	fx_fini(&fx);
	return (tap_done());
}
