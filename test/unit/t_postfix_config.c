/* SPDX-License-Identifier: BSD-2-Clause */
/* What postconf(1) prints: main.cf, and the services of master.cf. */
#include "postfix/config.h"
#include "test/unit/tap.h"

#define MAX	4

static void
test_values(void)
{
	static const char text[] = "a = 1\nab =\nac = x = y\nad\n  b  =  2 \n";

	tap_ok(str_eq(postfix_value(str_from(text), "a"), STR("1")), "a name");
	tap_ok(postfix_value(str_from(text), "ab").p != NULL &&
	    postfix_value(str_from(text), "ab").n == 0, "an empty value");
	tap_ok(str_eq(postfix_value(str_from(text), "ac"), STR("x = y")),
	    "= in a value");
	tap_ok(str_eq(postfix_value(str_from(text), "b"), STR("2")),
	    "white space around it");
	tap_ok(postfix_value(str_from(text), "ad").p == NULL &&
	    postfix_value(str_from(text), "c").p == NULL &&
	    postfix_value(STR_NONE, "a").p == NULL, "no value is absent");
}

static void
test_words(void)
{
	struct str rest = STR(" a,b\tc ,, d"), word;
	char all[8] = "";
	size_t n = 0;

	while (postfix_word(&rest, &word)) {
		all[n++] = word.p[0];
	}
	tap_ok(strcmp(all, "abcd") == 0, "words of a list: %s", all);
	tap_ok(postfix_has_word(STR("x, no_milters"), "no_milters") &&
	    !postfix_has_word(STR("no_milters2"), "no_milters") &&
	    !postfix_has_word(STR_NONE, "no_milters"), "a word of a list");
}

static const char services[] =
    "smtp       inet  n       -       y       -       1       postscreen\n"
    "smtpd      pass  -       -       -       -       -       smtpd -o a=b\n"
    "cleanup    unix  n       -       n       -       0       cleanup\n"
    "qmgr       unix  n       -       n       300     1       qmgr\n"
    "[::1]:25   inet  n       -       n       -       -       smtpd\n"
    "short\n"
    "private/x/y unix -       -       y       -       -       smtpd\n";

static void
test_services(void)
{
	struct postfix_service v[MAX];
	size_t n = postfix_read_services(str_from(services), false, v, MAX);

	tap_ok(n == 5, "all services are counted: %zu", n);
	tap_ok(v[0].command == POSTFIX_POSTSCREEN && v[0].chroot &&
	    str_eq(v[0].name, STR("smtp")) && str_eq(v[0].type, STR("inet")),
	    "a service");
	tap_ok(v[1].command == POSTFIX_SMTPD && !v[1].chroot &&
	    v[2].command == POSTFIX_CLEANUP && !v[2].chroot &&
	    str_eq(v[3].name, STR("[::1]:25")), "others");
	tap_ok(v[0].milters.p == NULL && v[0].guards[0].p == NULL,
	    "without overrides");
	(void)postfix_read_services(str_from(services), true, v, MAX);
	tap_ok(v[1].chroot && !v[2].chroot, "- is a chroot where it is the "
	    "default");
	tap_ok(postfix_read_services(str_from(services), true, v, 0) == 5,
	    "no room: none is written");
	tap_ok(postfix_chroots(STR("0")) && postfix_chroots(STR("0.9")) &&
	    !postfix_chroots(STR("2")) && !postfix_chroots(STR("3.6")) &&
	    !postfix_chroots(STR("10")) && !postfix_chroots(STR_NONE),
	    "compatibility_level");
}

static void
test_overrides(void)
{
	static const char expanded[] =
	    "smtp/inet/smtpd_milters = never\n"
	    "smtpd/pass/smtpd_milters = inet:a:1\n"
	    "smtpd/pass/smtpd_tls_wrappermode = YES\n"
	    "smtpd/pass/smtpd_forbid_bare_newline = no\n"
	    "smtpd/unix/content_filter = other type\n"
	    "cleanup/unix/message_reject_characters =\n"
	    "cleanup/unix/receive_override_options = a, no_milters\n"
	    "cleanup\n"
	    "/ = x\n";
	static const char raw[] = "smtpd/pass/smtpd_milters = $x\n"
	    "smtpd/pass/content_filter = raw\n";
	struct postfix_service v[MAX];
	size_t n = postfix_read_services(str_from(services), false, v, MAX);

	n = n < MAX ? n : MAX;
	postfix_read_overrides(str_from(expanded), true, v, n);
	postfix_read_overrides(str_from(raw), false, v, n);
	tap_ok(str_eq(v[1].milters, STR("inet:a:1")) &&
	    str_eq(v[1].milters_raw, STR("$x")), "milters, and as written");
	tap_ok(v[1].wrapped && v[1].filter.p == NULL, "by name and type");
	tap_ok(str_eq(v[1].guards[POSTFIX_NEWLINE], STR("no")) &&
	    v[1].guards[POSTFIX_CHARACTERS].p == NULL, "guards");
	tap_ok(v[2].guards[POSTFIX_CHARACTERS].p != NULL &&
	    v[2].guards[POSTFIX_CHARACTERS].n == 0, "an empty one");
	tap_ok(postfix_has_word(v[2].receive, "no_milters"),
	    "receive_override_options");
}

int
main(void)
{
	test_values();
	test_words();
	test_services();
	test_overrides();
	return (tap_done());
}
