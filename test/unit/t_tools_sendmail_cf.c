/* SPDX-License-Identifier: BSD-2-Clause */
/* What sendmail.cf says of filters. */
#include "test/unit/tap.h"
#include "tools/sendmail_cf.h"

#define OURS	"unix:/run/mailseal/milter.sock"

static const struct {
	const char	*name;
	const char	*text;
	bool		 filters;
	bool		 waits;
} rows[] = {
	{ "nothing", "", false, false },
	{ "as m4 writes it", "O InputMailFilters=mailseal\n"
	    "Xmailseal, S=unix:/run/mailseal/milter.sock, F=T, "
	    "T=S:30s;R:2m;E:5m\n", true, true },
	{ "as m4 writes our line", "O InputMailFilters=mailseal\n"
	    "Xmailseal, S=" OURS ",F=T,T=S:30s;R:2m;E:5m\n", true, true },
	{ "before the option", "Xa, S=" OURS ", F=T\n"
	    "O InputMailFilters=a\n", true, true },
	{ "without F", "O InputMailFilters=a\nXa, S=" OURS "\n", true,
	    false },
	{ "F=R", "O InputMailFilters=a\nXa, S=" OURS ", F=R\n", true,
	    false },
	{ "F=5T", "O InputMailFilters=a\nXa, F=5T, S=" OURS "\n", true,
	    true },
	{ "local:", "O InputMailFilters=a\n"
	    "Xa, S=local:/run/mailseal/milter.sock, F=T\n", true, true },
	{ "a path", "O InputMailFilters=a\n"
	    "Xa, S=/run/mailseal/milter.sock, F=T\n", true, true },
	{ "white space", "O  inputmailfilters = b ,  a\n"
	    "Xa ,S = " OURS " ,F= T\n", true, true },
	{ "another socket", "O InputMailFilters=a\n"
	    "Xa, S=" OURS "2, F=T\n", false, false },
	{ "one more, which is first", "O InputMailFilters=b, a\n"
	    "Xb, S=inet:1@127.0.0.1\nXa, S=" OURS ", F=T\n", true, true },
	{ "a filter that is not in use", "O InputMailFilters=b\n"
	    "Xa, S=" OURS ", F=T\nXb, S=inet:1@127.0.0.1\n", false, false },
	{ "no option", "Xa, S=" OURS ", F=T\n", false, false },
	{ "the last option holds", "O InputMailFilters=a\n"
	    "O InputMailFilters=b\nXa, S=" OURS ", F=T\n", false, false },
	{ "a comment", "#O InputMailFilters=a\nXa, S=" OURS ", F=T\n", false,
	    false },
	{ "no socket", "O InputMailFilters=a\nXa, F=T\nX\nXa\nO\nO \n",
	    false, false },
};

int
main(void)
{
	struct sendmail_cf cf;
	struct arena arena;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sendmail_cf_parse(&cf, str_from(rows[i].text), STR(OURS));
		tap_ok(cf.found && cf.filters == rows[i].filters &&
		    cf.waits == rows[i].waits, "%s", rows[i].name);
	}
	sendmail_cf_read(&cf, "/nonexistent", STR(OURS));
	tap_ok(!cf.found && !cf.filters, "no sendmail.cf");
	arena_init(&arena, 1024 * 1024);
	tap_str(sendmail_cf_line(&arena, STR(OURS)), STR("INPUT_MAIL_FILTER("
	    "`mailseal',`S=" OURS ",F=T,T=S:30s;R:2m;E:5m')dnl"),
	    "the line of sendmail.mc");
	arena_fini(&arena);
	return (tap_done());
}
