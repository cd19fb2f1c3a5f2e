/* SPDX-License-Identifier: BSD-2-Clause */
/* Which names SignHeaders and OversignHeaders put into h=. */
#include "engine_fixture.h"

#define TEXT	"X-Foo: 1\r\nFrom: joe@example.com\r\nSubject: a\r\n" \
	"X-Bar: 2\r\n\r\nbody\r\n"
#define USUAL	"From:Sender:Reply-To:Subject:Date:Message-ID:To:Cc:" \
	"MIME-Version:Content-Type:In-Reply-To:References"

static const struct {
	const char	*name;
	const char	*conf;
	const char	*want;
} rows[] = {
	{ "by default", "", "From:Subject:" USUAL },
	{ "a list replaces the default",
	    "SignHeaders X-Foo,Date\nOversignHeaders none\n", "X-Foo:From" },
	{ "a star adds to it", "SignHeaders *,X-Foo\nOversignHeaders none\n",
	    "X-Foo:From:Subject" },
	{ "a star alone", "SignHeaders *\nOversignHeaders none\n",
	    "From:Subject" },
	{ "oversigned names replace", "OversignHeaders X-Foo\n",
	    "X-Foo:From:Subject:X-Foo" },
	{ "oversigned names add, each once",
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
	fx_fini(&fx);
	return (tap_done());
}
