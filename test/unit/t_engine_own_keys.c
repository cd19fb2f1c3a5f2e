/* SPDX-License-Identifier: BSD-2-Clause */
/* CheckKeys, SelfCheck and OnSignFailure. */
#include "engine_fixture.h"
#include "tap.h"

#define HEAD	"AuthservID mx.example.net\nMode sv\nDomain example.com\n"
#define KEY(selector, file) \
	"Selector " selector "\nKeyFile @DIR@/" file "\n"
#define TEXT	"From: joe@example.com\r\nSubject: a\r\n\r\nbody\r\n"

static const struct row {
	const char	*name;
	const char	*conf;
	const char	*signs;		/* selectors, top first */
	const char	*log;		/* in the first message's; NULL: none */
	unsigned	 questions;	/* of the first message */
	unsigned	 mismatches;
	enum engine_unsigned why;	/* of each message */
} rows[] = {
	{ "a key with its record", HEAD KEY("rsa", "rsa"), "rsa ", NULL, 1,
	    0, ENGINE_UNSIGNED_NO },
	{ "two keys with their records", HEAD KEY("rsa", "rsa") KEY("ed", "ed"),
	    "rsa ed ",
	    NULL, 2, 0, ENGINE_UNSIGNED_NO },
	{ "one of two has no record: the other signs",
	    HEAD KEY("gone", "rsa") KEY("ed", "ed"), "ed ",
	    "selector=gone reason=\"no such name\"", 2, 1, ENGINE_UNSIGNED_NO },
	{ "one of two records is another key's", HEAD KEY("rsa",
	    "rsa") KEY("twice", "ed"),
	    "rsa ", "selector=twice reason=\"the record is another key's\"",
	    2, 1, ENGINE_UNSIGNED_NO },
	{ "one of two is revoked", HEAD KEY("revoked", "rsa") KEY("ed", "ed"),
	    "ed ",
	    "selector=revoked reason=\"", 2, 1, ENGINE_UNSIGNED_NO },
	{ "the only key has no record: it signs", HEAD KEY("gone", "rsa"),
	    "gone ", "selector=gone reason=\"no such name\"", 1, 1,
	    ENGINE_UNSIGNED_NOT_IN_DNS },
	{ "neither of two has a record: both sign",
	    HEAD KEY("gone", "rsa") KEY("lost", "ed"), "gone lost ",
	    "selector=lost", 2, 2, ENGINE_UNSIGNED_NOT_IN_DNS },
	{ "no answer for one of two: both sign", HEAD KEY("slow",
	    "rsa") KEY("ed", "ed"),
	    "slow ed ", NULL, 2, 0, ENGINE_UNSIGNED_NO },
	{ "CheckKeys no",
	    HEAD "CheckKeys no\n" KEY("gone", "rsa") KEY("ed", "ed"),
	    "gone ed ", NULL, 0, 0, ENGINE_UNSIGNED_NO },
};

static struct fx fx;
static const struct fx_mail joe = { .ip = "192.0.2.1", .auth_authen = "joe" };

static struct str
selectors(const struct engine_outcome *out, struct buf *r)
{
	size_t i;

	buf_reset(r);
	for (i = 0; i < out->signatures_n; i++) {
		buf_printf(r, "%.*s ", STR_FMT(out->signatures[i].selector));
	}
	return (buf_str(r));
}

static uint64_t
questions(void)
{
	struct dns_stats stats;

	dns_get_stats(fx.dns, &stats);
	return (stats.hits + stats.misses + stats.joined);
}

/* Messages without a usable signature; none of another reason than that. */
static uint64_t
all_unsigned(enum engine_unsigned why)
{
	uint64_t n = 0;
	int i;

	for (i = ENGINE_UNSIGNED_NO + 1; i < ENGINE_UNSIGNED_REASONS; i++) {
		if (why == ENGINE_UNSIGNED_NO || why ==
		    (enum engine_unsigned)i) {
			n += engine_stats_unsigned(fx.stats,
			    (enum engine_unsigned)i);
		}
	}
	return (n);
}

static void
start(const char *conf)
{
	key_checks_free(fx.key_checks);
	fx.key_checks = key_checks_new();
	fx_configure(&fx, conf);
}

static void
check_row(const struct row *row)
{
	uint64_t asked, mismatches, before;
	struct fx_client client;
	struct engine_msg *m;
	struct buf text;

	start(row->conf);
	buf_init(&text, FX_MAX_BYTES);
	asked = questions();
	mismatches = engine_stats_get(fx.stats, ENGINE_KEY_MISMATCH);
	before = all_unsigned(row->why);
	m = fx_run(&fx, &joe, &client, STR(TEXT));
	tap_str(selectors(engine_msg_eom(m), &text), str_from(row->signs),
	    row->name);
	engine_msg_free(m);
	tap_num((long long)(questions() - asked), row->questions, "queries");
	if (!tap_ok(row->log == NULL ? fx.log.n == 0 :
	    fx_contains(buf_str(&fx.log), row->log), "log")) {
		printf("# %.*s\n", STR_FMT(buf_str(&fx.log)));
	}
	buf_reset(&fx.log);
	asked = questions();
	m = fx_run(&fx, &joe, &client, STR(TEXT));
	tap_str(selectors(engine_msg_eom(m), &text), str_from(row->signs),
	    "the next message: the same signatures");
	engine_msg_free(m);
	tap_num((long long)(questions() - asked), 0,
	    "the next message: no query");
	tap_num((long long)fx.log.n, 0, "the next message: no log line");
	tap_num((long long)(engine_stats_get(fx.stats, ENGINE_KEY_MISMATCH) -
	    mismatches), row->mismatches, "counted once");
	tap_num((long long)(all_unsigned(row->why) - before),
	    row->why != ENGINE_UNSIGNED_NO ? 2 : 0,
	    "messages without a signature to verify");
	buf_fini(&text);
}

/* One message; between header and body its first key is exchanged, so that
   its signature is not what that key would make. */
static struct engine_msg *
run_broken(const char *conf, struct privkey *other, struct fx_client *client)
{
	struct engine_msg *m;
	struct message message;
	struct arena arena;

	start(conf);
	arena_init(&arena, FX_MAX_BYTES);
	if (message_parse(&arena, STR(TEXT), &message) != STATUS_OK) {
		fx_die("message", "cannot be read");
	}
	m = fx_begin(&fx, &joe, client);
	fx_play_header(m, &message);
	(void)engine_msg_eoh(m);
	privkey_free(m->signing.picks.v[0].key);
	m->signing.picks.v[0].key = privkey_hold(other);
	fx_play_body(m, message.body, 0);
	(void)engine_msg_eom(m);
	arena_fini(&arena);
	return (m);
}

static void
check_broken(const char *conf, const char *signs, const char *reply,
    const char *error, const char *name)
{
	uint64_t failed = engine_stats_get(fx.stats,
	    ENGINE_SIGNATURES_FAILED);
	uint64_t before =
	    all_unsigned(ENGINE_UNSIGNED_SELF_CHECK_FAILED);
	const struct engine_outcome *out;
	struct privkey *other;
	struct fx_client client;
	struct engine_msg *m;
	struct buf text;

	if (privkey_generate(CRYPTO_RSA, 2048, &other) != STATUS_OK) {
		fx_die("key", "not made");
	}
	buf_init(&text, FX_MAX_BYTES);
	m = run_broken(conf, other, &client);
	out = engine_msg_eom(m);
	tap_str(selectors(out, &text), str_from(signs), name);
	tap_str(out->reply, str_from(reply), "reply");
	tap_str(str_from(engine_error_text(out)), str_from(error), "error");
	tap_ok(fx_contains(buf_str(&fx.log), "a signature failed: "
	    "domain=example.com selector=rsa reason=\"signature did not "
	    "verify\""), "logged");
	tap_num((long long)(engine_stats_get(fx.stats,
	    ENGINE_SIGNATURES_FAILED) - failed), 1, "counted");
	tap_num((long long)(all_unsigned(ENGINE_UNSIGNED_SELF_CHECK_FAILED) -
	    before), error != NULL, "unsigned: self check failed");
	engine_msg_free(m);
	buf_fini(&text);
	privkey_free(other);
}

int
main(void)
{
	struct fx_client client;
	struct engine_msg *m;
	size_t i;

	fx_init(&fx, "");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
	check_broken(HEAD "SelfCheck all\nCheckKeys no\n" KEY("rsa", "rsa"),
	    "", "451 4.7.5 The message cannot be signed now, try again later",
	    "no key could sign", "a signature that does not verify");
	check_broken(HEAD "SelfCheck all\nCheckKeys no\n"
	    "OnSignFailure unsigned\n" KEY("rsa", "rsa"), "", NULL,
	    "no key could sign", "it may go unsigned");
	check_broken(HEAD "SelfCheck sample:50%\nCheckKeys no\n"
	    KEY("rsa", "rsa") KEY("ed", "ed"), "ed ", NULL, NULL,
	    "SelfCheck off: another key's signature is added");
	start(HEAD "SelfCheck all\n" KEY("rsa", "rsa") KEY("ed", "ed"));
	m = fx_run(&fx, &joe, &client, STR(TEXT));
	tap_num((long long)engine_msg_eom(m)->signatures_n, 2,
	    "SelfCheck all: good signatures are added");
	engine_msg_free(m);
	key_checks_free(fx.key_checks);
	fx_fini(&fx);
	return (tap_done());
}
