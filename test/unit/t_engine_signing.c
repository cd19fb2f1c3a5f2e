/* SPDX-License-Identifier: BSD-2-Clause */
/* The names in h= by SignHeaders and OversignHeaders. */
#include "engine_fixture.h"
#include "tap.h"

#define TEXT	"X-Foo: 1\r\nFrom: joe@example.com\r\nSubject: a\r\n" \
	"X-Bar: 2\r\n\r\nbody\r\n"
#define USUAL	"From:Reply-To:Subject:To:Cc"

static const struct {
	const char	*name;
	const char	*conf;
	const char	*want;
} rows[] = {
	{ "the default lists", "", "From:Subject:" USUAL },
	{ "SignHeaders replaces the default",
	    "SignHeaders X-Foo,Date\nOversignHeaders none\n", "X-Foo:From" },
	{ "SignHeaders with * adds to the default",
	    "SignHeaders *,X-Foo\nOversignHeaders none\n",
	    "X-Foo:From:Subject" },
	{ "SignHeaders *", "SignHeaders *\nOversignHeaders none\n",
	    "From:Subject" },
	{ "OversignPresent: there is one", "OversignPresent X-Foo,X-None\n",
	    "X-Foo:From:Subject:" USUAL ":X-Foo" },
	{ "OversignPresent with * adds to the default",
	    "SignHeaders From\nOversignPresent *,X-Bar\n",
	    "From:Subject:X-Bar:" USUAL ":X-Bar" },
	{ "OversignPresent none", "OversignPresent none\n",
	    "From:Subject:" USUAL },
	{ "OversignHeaders with a list is all",
	    "OversignHeaders X-Bar\nSignHeaders From,X-Foo\n",
	    "X-Foo:From:X-Bar:X-Bar" },
	{ "OversignHeaders with a list, and OversignPresent",
	    "OversignHeaders X-Bar\nOversignPresent *,X-Foo\n",
	    "X-Foo:From:Subject:X-Bar:X-Bar:X-Foo" },
	{ "OversignHeaders replaces the default", "OversignHeaders X-Foo\n",
	    "X-Foo:From:Subject:X-Foo" },
	{ "OversignHeaders with * adds to the default, each name once",
	    "OversignHeaders *,X-Bar,Subject\n",
	    "From:Subject:X-Bar:" USUAL ":X-Bar" },
};

/* The value of h= in the topmost field, without white space. */
static struct str
signed_names(struct str message, struct buf *r)
{
	struct str rest = message, tag;

	buf_reset(r);
	while (str_next(&rest, ';', &tag)) {
		tag = str_trim_fws(tag);
		if (!str_starts(tag, STR("h="))) {
			continue;
		}
		for (size_t i = 2; i < tag.n; i++) {
			if (!char_is_wsp(tag.p[i]) && tag.p[i] != '\r' &&
			    tag.p[i] != '\n') {
				buf_add_char(r, tag.p[i]);
			}
		}
		break;
	}
	return (buf_str(r));
}

#define TABLES	"AuthservID mx.example.net\nMode sv\nKeyTable @DIR@/keys\n" \
		"SigningTable refile:@DIR@/rules\nMultipleSignatures yes\n"

/* As many signatures as there may be; and a key that cannot be read. */
static void
test_tables(struct fx *fx)
{
	struct fx_mail mail = { .ip = "192.0.2.1", .auth_authen = "joe" };
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	struct buf b;
	char path[128];
	int i;

	buf_init(&b, FX_MAX_BYTES);
	buf_printf(&b, "k example.com:ed:%s/ed\nx example.com:x:%s/none\n",
	    fx->dir, fx->dir);
	fx_write(fx, "keys", buf_str(&b));
	buf_reset(&b);
	buf_add_cstr(&b, "*@example.com k:list@%\n*@example.org x\n");
	for (i = 0; i < SIGNERS_PICKS_MAX; i++) {
		buf_printf(&b, "*joe@example.com k\n");
	}
	fx_write(fx, "rules", buf_str(&b));
	fx_configure(fx, TABLES);
	m = fx_run(fx, &mail, &client, STR("From: joe@example.com\r\n\r\nx"));
	out = engine_msg_eom(m);
	tap_num((long long)out->signatures_n, SIGNERS_PICKS_MAX,
	    "SIGNERS_PICKS_MAX signatures");
	tap_num((long long)out->actions_n, SIGNERS_PICKS_MAX,
	    "one action each");
	tap_ok(fx_contains(out->actions[out->actions_n - 1].value,
	    "i=list@example.com;") && !fx_contains(out->actions[0].value,
	    "i=list"), "i= where a rule has it, on top");
	engine_msg_free(m);
	m = fx_run(fx, &mail, &client, STR("From: joe@example.org\r\n\r\nx"));
	out = engine_msg_eom(m);
	tap_ok(out->verdict == ENGINE_TEMPFAIL && out->actions_n == 0,
	    "a rule whose key cannot be read: deferred");
	tap_ok(out->not_signed == ENGINE_UNSIGNED_KEY_UNREADABLE &&
	    engine_stats_unsigned(fx->stats,
	    ENGINE_UNSIGNED_KEY_UNREADABLE) == 1, "counted by its reason");
	engine_msg_free(m);
	fx_path(fx, "keys", path);
	(void)unlink(path);
	fx_path(fx, "rules", path);
	(void)unlink(path);
	buf_fini(&b);
}

int
main(void)
{
	char conf[512];
	struct buf text, names;
	struct fx fx;
	size_t i;

	fx_init(&fx, "");
	buf_init(&text, FX_MAX_BYTES);
	buf_init(&names, FX_MAX_BYTES);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&text);
		snprintf(conf, sizeof(conf), "%s%s", FX_SIGN, rows[i].conf);
		fx_sign(&fx, conf, TEXT, &text);
		tap_str(signed_names(buf_str(&text), &names),
		    str_from(rows[i].want), rows[i].name);
	}
	buf_fini(&names);
	buf_fini(&text);
	test_tables(&fx);
	fx_fini(&fx);
	return (tap_done());
}
