/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SenderLogins: the invariant of lib/engine/logins.c. What a login may not
 * write is not signed when it arrives, nor when it comes back without the
 * login.
 */
#include "engine_fixture.h"
#include "tap.h"

#define LOGINS		"SenderLogins @DIR@/logins\n"
#define CONF		FX_SIGN "SubDomains yes\n" LOGINS
#define ANY		"AuthservID mx.example.net\nMode sv\nKeyTable " \
	"csl:k=example.com:rsa:@DIR@/rsa\nSigningTable csl:*=k\n" LOGINS
#define REST		"Message-ID: <a.1@c.example>\r\nSubject: s\r\n" \
	"To: you@example.net\r\n\r\nbody\r\n"
#define FROM(from)	"From: " from "\r\n" REST
#define TEXT_MAX	(1024 * 1024)
#define UNSIGNED	ENGINE_PASS_THROUGH
#define LIMITED		CONF "LineLengthLimit 100\n"
#define X15		"xxxxxxxxxxxxxxx"
#define X45		X15 X15 X15
#define X90		X45 X45

static const char table[] =
    "joe@example.com joe\n"
    "boss@example.com boss\n"
    "@news.example.com joe, ann\n"
    "ann@example.net ann\n";

static const struct {
	const char		*name;
	const char		*conf;
	const char		*login;		/* "": {auth_type} alone */
	const char		*text;
	enum engine_direction	 direction;
	const char		*reason;
	bool			 marked;
} rows[] = {
	{ "his own address", CONF, "joe", FROM("joe@example.com"),
	    ENGINE_SIGN, "authenticated", false },
	{ "the same, otherwise written", CONF, "Joe",
	    FROM("Joe Smith <JOE+list@Example.com>"), ENGINE_SIGN,
	    "authenticated", false },
	{ "a domain of his", CONF, "ann", FROM("x@news.example.com"),
	    ENGINE_SIGN, "authenticated", false },
	{ "the boss's address", CONF, "joe", FROM("boss@example.com"),
	    UNSIGNED, "login may not write as this author", true },
	{ "an address without a line", CONF, "joe", FROM("x@example.com"),
	    UNSIGNED, "login may not write as this author", true },
	{ "no name of a login", CONF, "", FROM("joe@example.com"), UNSIGNED,
	    "login may not write as this author", true },
	{ "quoted", CONF, "joe", FROM("\"boss\"@example.com"), UNSIGNED,
	    "login may not write as this author", true },
	{ "with a comment", CONF, "joe", FROM("joe(x)@example.com"),
	    ENGINE_SIGN, "authenticated", false },
	{ "below a domain of ours", CONF, "joe", FROM("joe@x.example.com"),
	    UNSIGNED, "login may not write as this author", true },
	/* every author counts */
	{ "his own and the boss's", CONF, "joe",
	    FROM("joe@example.com, boss@example.com"), UNSIGNED,
	    "login may not write as this author", true },
	{ "a foreign one and the boss's, foreign ones judged",
	    CONF "OnForeignAuthor reject\n", "joe",
	    FROM("eve@example.net, boss@example.com"), UNSIGNED,
	    "login may not write as this author", true },
	{ "his own and a foreign one", CONF, "joe",
	    FROM("joe@example.com, eve@example.net"), ENGINE_SIGN,
	    "authenticated", false },
	{ "a foreign one and the boss's", CONF, "joe",
	    FROM("eve@example.net, boss@example.com"), UNSIGNED,
	    "login may not write as this author", true },
	{ "his own and one that is aligned", FX_SIGN LOGINS, "joe",
	    FROM("joe@example.com, boss@x.example.com"), UNSIGNED,
	    "login may not write as this author", true },
	{ "an address for a name", CONF, "joe",
	    FROM("boss@example.com <joe@example.com>"), UNSIGNED,
	    "login may not write as this author", true },
	/* what some reader reads, or an MTA repairs */
	{ "two addresses, no comma", CONF, "joe",
	    FROM("<joe@example.com> <boss@example.com>"), UNSIGNED,
	    "login may not write as this author", true },
	{ "an open quote", CONF, "joe",
	    FROM("\"joe@example.com <boss@example.com>"), UNSIGNED,
	    "login may not write as this author", true },
	{ "one that an MTA may complete beside his own", CONF, "joe",
	    FROM("joe@example.com, boss@news"), UNSIGNED,
	    "login may not write as this author", true },
	{ "no domain, which an MTA adds", CONF, "joe", FROM("boss"),
	    UNSIGNED, "no domain in From field", true },
	{ "half a domain", CONF, "joe", FROM("boss@sub"), UNSIGNED,
	    "from domain not ours", true },
	{ "two fields", CONF, "joe", "From: joe@example.com\r\n"
	    FROM("boss@example.com"), UNSIGNED, "more than one From field",
	    true },
	{ "no field", CONF, "joe", REST, UNSIGNED, "no From field", true },
	/* what the MTA breaks */
	{ "the boss behind a moved quote", LIMITED, "joe",
	    FROM("\"" X90 "xx\\"
	    "\"<boss@example.com>(x\"<joe@example.com>(" X45 "xxxxxxxxxxxxx"
	    "\\))"), UNSIGNED, "login may not write as this author", true },
	{ "the boss behind an extension", LIMITED, "joe",
	    FROM("joe+" X90 "boss@example.com"), UNSIGNED,
	    "login may not write as this author", true },
	{ "the boss behind a dot", LIMITED, "joe",
	    FROM("joe@example.com,\r\n (" X45 X15 X15 "xxxxx" ") "
	    "boss@example.com.example.net"), UNSIGNED,
	    "login may not write as this author", true },
	{ "his own and a long name", LIMITED, "joe",
	    FROM("\"" X90 X45 "\" <joe@example.com>"), UNSIGNED,
	    "login may not write as this author", true },
	{ "a name of several lines", LIMITED, "joe",
	    FROM("\"" X90 "\r\n " X45 "\" <joe@example.com>"), ENGINE_SIGN,
	    "authenticated", false },
	/* local parts in which some readers see an author */
	{ "the boss in an extension", CONF, "joe",
	    FROM("\"joe+ <boss@example.com>\"@example.com"), UNSIGNED,
	    "login may not write as this author", true },
	{ "the boss in an encoded extension", CONF, "joe",
	    FROM("joe+=?utf-8?q?_=3Cboss=40example.com=3E?=@example.com"),
	    UNSIGNED, "login may not write as this author", true },
	{ "the boss in a foreign address", CONF, "joe",
	    FROM("joe@example.com, \"boss@example.com\"@example.net"),
	    UNSIGNED, "login may not write as this author", true },
	{ "the boss beside his own in two foreign ones", ANY, "joe",
	    FROM("\"joe@example.com\"@example.net, "
	    "\"boss@example.com\"@example.org"), UNSIGNED,
	    "login may not write as this author", true },
	/* not ours */
	{ "a foreign author", CONF, "joe", FROM("eve@example.net"), UNSIGNED,
	    "from domain not ours", false },
	{ "a rule for any author", ANY, "joe", FROM("eve@example.net"),
	    ENGINE_SIGN, "authenticated", false },
	{ "the same, aligned with the signature", ANY, "joe",
	    FROM("boss@example.com"), UNSIGNED,
	    "login may not write as this author", true },
	/* nothing asks */
	{ "no login", CONF, NULL, FROM("boss@example.com"), ENGINE_SIGN,
	    "internal host", false },
	{ "no SenderLogins", FX_SIGN, "joe", FROM("boss@example.com"),
	    ENGINE_SIGN, "authenticated", false },
	{ "Mode v", FX_VERIFY LOGINS, "joe", FROM("boss@example.com"),
	    ENGINE_VERIFY, "authenticated", false },
	{ "PeerList", CONF "PeerList 127.0.0.1\n", "joe",
	    FROM("boss@example.com"), ENGINE_PASS_THROUGH,
	    "host in PeerList", false },
};

static struct fx_mail
mail_of(const char *login)
{
	return ((struct fx_mail){ .ip = "127.0.0.1", .auth_authen = login,
		.auth_type = login != NULL ? "PLAIN" : NULL });
}

/* What comes back, through a filter that repairs what an MTA would. */
static void
check_return(struct fx *fx, const char *name, struct str text)
{
	static const char *const froms[] = { NULL, "boss@example.com",
		"boss@sub.example.com" };
	struct fx_mail mail = mail_of(NULL);
	struct fx_client client;
	struct engine_msg *m;
	struct buf again;
	size_t i;

	buf_init(&again, TEXT_MAX);
	for (i = 0; i < sizeof(froms) / sizeof(froms[0]); i++) {
		buf_reset(&again);
		if (froms[i] != NULL) {
			buf_printf(&again, "From: %s\r\n", froms[i]);
		}
		buf_add_str(&again, text);
		if (froms[i] != NULL && fx_contains(text, "From: ")) {
			continue;
		}
		m = fx_run(fx, &mail, &client, buf_str(&again));
		tap_ok(engine_msg_eom(m)->signatures_n == 0 &&
		    engine_msg_eom(m)->direction == ENGINE_RETURNED,
		    "%s: comes back without the login: %s", name,
		    engine_direction_text(engine_msg_eom(m)));
		engine_msg_free(m);
	}
	buf_fini(&again);
}

static void
run_row(struct fx *fx, size_t i)
{
	struct fx_mail mail = mail_of(rows[i].login);
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	struct buf next;

	buf_init(&next, TEXT_MAX);
	fx_configure(fx, rows[i].conf);
	m = fx_run(fx, &mail, &client, str_from(rows[i].text));
	out = engine_msg_eom(m);
	fx_apply(out, str_from(rows[i].text), &next);
	tap_ok(out->direction == rows[i].direction &&
	    (out->signatures_n > 0) == (rows[i].direction == ENGINE_SIGN),
	    "%s: direction", rows[i].name);
	tap_str(str_from(engine_direction_text(out)),
	    str_from(rows[i].reason), "the reason");
	tap_ok(fx_contains(buf_str(&next), "mailseal-outside") ==
	    rows[i].marked, "%s: the mark", rows[i].name);
	if (rows[i].marked) {
		check_return(fx, rows[i].name, buf_str(&next));
	}
	engine_msg_free(m);
	buf_fini(&next);
}

static void
test_actions(struct fx *fx)
{
	static const struct {
		const char	*conf, *verdict, *reply;
	} actions[] = {
		{ CONF, "accept", "" },
		{ CONF "OnLoginMismatch unsigned\n", "accept", "" },
		{ CONF "OnLoginMismatch reject\n", "reject", "550 5.7.1 Your "
		    "login may not write as the address in From" },
		{ CONF "OnLoginMismatch tempfail\n", "tempfail", "451 4.7.1 "
		    "Your login may not write as the address in From" },
	};
	struct fx_mail mail = mail_of("joe \"x\"");
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	uint64_t before;
	size_t i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		fx_configure(fx, actions[i].conf);
		before = engine_stats_unsigned(fx->stats,
		    ENGINE_UNSIGNED_LOGIN_MISMATCH);
		m = fx_run(fx, &mail, &client,
		    STR(FROM("boss@example.com")));
		out = engine_msg_eom(m);
		tap_str(fx_verdict(out), str_from(actions[i].verdict),
		    actions[i].conf);
		tap_str(out->reply, str_from(actions[i].reply), "the reply");
		tap_ok(engine_verdict_accepts(out->verdict) ==
		    (out->actions_n > 0), "a refused message is not changed");
		tap_str(str_from(engine_unsigned_name(out->not_signed)),
		    STR("login mismatch"), "unsigned=");
		tap_num((long long)(engine_stats_unsigned(fx->stats,
		    ENGINE_UNSIGNED_LOGIN_MISMATCH) - before), 1, "counted");
		tap_ok(fx_contains(buf_str(&fx->log), "mail of ours is not "
		    "signed: domain=example.com reason=\"login mismatch\" "
		    "login=\"joe \\\"x\\\"\""), "logged");
		engine_msg_free(m);
	}
}

/* An authenticated resender's mark, and any other field of ours, is gone. */
static void
test_forged_mark(struct fx *fx)
{
	struct fx_mail bad = mail_of("joe"), good = mail_of("boss");
	struct fx_client client;
	struct engine_msg *m;
	struct buf marked;

	buf_init(&marked, TEXT_MAX);
	fx_configure(fx, CONF);
	m = fx_run(fx, &bad, &client, STR(FROM("boss@example.com")));
	fx_apply(engine_msg_eom(m), STR(FROM("boss@example.com")), &marked);
	engine_msg_free(m);
	m = fx_run(fx, &good, &client, buf_str(&marked));
	tap_ok(engine_msg_eom(m)->direction == ENGINE_SIGN &&
	    engine_msg_eom(m)->forged_deleted == 1,
	    "with the right login it is signed, the mark deleted");
	engine_msg_free(m);
	buf_fini(&marked);
}

int
main(void)
{
	struct fx fx;
	char path[128];
	size_t i;

	fx_init(&fx, "");
	fx.mark_secret = "a secret of thirty-two characters";
	fx_write(&fx, "logins", STR(table));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run_row(&fx, i);
	}
	test_actions(&fx);
	test_forged_mark(&fx);
	fx_path(&fx, "logins", path);
	(void)unlink(path);
	fx_fini(&fx);
	return (tap_done());
}
