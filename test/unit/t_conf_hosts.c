/* SPDX-License-Identifier: BSD-2-Clause */

#include "conf/hosts.h"
#include "test/unit/tap.h"

#define IN	true
#define OUT	false

static struct hosts *
build(const char *list)
{
	struct hosts *hosts = hosts_new();
	struct str rest = str_from(list), entry;
	struct diag diag;

	diag_init(&diag);
	while (str_next(&rest, ' ', &entry)) {
		if (hosts_add(hosts, entry, NULL, 0, &diag) != STATUS_OK) {
			tap_ok(false, "%s: %s", list, diag.text);
		}
	}
	return (hosts);
}

/* NULL when text is NULL. */
static const struct ip_addr *
parse_address(const char *text, struct ip_addr *ip)
{
	if (text == NULL) {
		return (NULL);
	}
	tap_ok(ip_parse(str_from(text), ip), "an address: %s", text);
	return (ip);
}

static const struct {
	const char	*list;
	const char	*addr;
	const char	*name;
	bool		 want;
} rows[] = {
	{ "192.0.2.1", "192.0.2.1", NULL, IN },
	{ "192.0.2.1", "192.0.2.2", NULL, OUT },
	{ "192.0.2.1", "::ffff:192.0.2.1", NULL, IN },
	{ "::ffff:192.0.2.1", "192.0.2.1", NULL, IN },
	{ "::ffff:192.0.2.0/120", "192.0.2.77", NULL, IN },
	{ "[192.0.2.1]", "192.0.2.1", NULL, IN },
	{ "192.0.2.0/24", "192.0.2.255", NULL, IN },
	{ "192.0.2.0/24", "192.0.3.0", NULL, OUT },
	{ "192.0.2.77/24", "192.0.2.1", NULL, IN },
	{ "10.0.0.0/9", "10.127.255.255", NULL, IN },
	{ "10.0.0.0/9", "10.128.0.0", NULL, OUT },
	{ "192.0.2.0/31", "192.0.2.1", NULL, IN },
	{ "192.0.2.0/32", "192.0.2.1", NULL, OUT },
	{ "0.0.0.0/0", "203.0.113.9", NULL, IN },
	{ "0.0.0.0/0", "2001:db8::1", NULL, OUT },
	{ "::/0", "2001:db8::1", NULL, IN },
	{ "::/0", "203.0.113.9", NULL, OUT },
	{ "::1", "::1", NULL, IN },
	{ "[2001:db8::]/32", "2001:db8:ffff::1", NULL, IN },
	{ "2001:db8::/32", "2001:db9::1", NULL, OUT },
	{ "2001:db8::/29", "2001:dbf::1", NULL, IN },
	{ "2001:db8::/29", "2001:dc0::1", NULL, OUT },
	{ "2001:DB8::A", "2001:db8::a", NULL, IN },
	/* The most specific decides, whatever the order. */
	{ "192.0.2.0/24 !192.0.2.1", "192.0.2.1", NULL, OUT },
	{ "!192.0.2.1 192.0.2.0/24", "192.0.2.1", NULL, OUT },
	{ "!192.0.2.0/24 192.0.2.1", "192.0.2.1", NULL, IN },
	{ "!192.0.2.0/24 192.0.2.1", "192.0.2.2", NULL, OUT },
	{ "0.0.0.0/0 !10.0.0.0/8 10.1.0.0/16", "10.1.2.3", NULL, IN },
	{ "0.0.0.0/0 !10.0.0.0/8 10.1.0.0/16", "10.2.2.3", NULL, OUT },
	{ "0.0.0.0/0 !10.0.0.0/8 10.1.0.0/16", "11.2.2.3", NULL, IN },
	{ "192.0.2.1 192.0.2.1/32", "192.0.2.1", NULL, IN },
	/* Names. */
	{ "mail.example.com", NULL, "mail.example.com", IN },
	{ "mail.example.com", NULL, "MAIL.Example.com.", IN },
	{ "Mail.Example.COM.", NULL, "mail.example.com", IN },
	{ "mail.example.com", NULL, "a.mail.example.com", OUT },
	{ "example.com", NULL, "ample.com", OUT },
	{ "localhost", NULL, "localhost", IN },
	{ ".example.com", NULL, "mail.example.com", IN },
	{ ".example.com", NULL, "a.b.example.com", IN },
	{ ".example.com", NULL, "example.com", OUT },
	{ ".example.com", NULL, "badexample.com", OUT },
	{ ".example.com", NULL, ".example.com", IN },
	{ ".example.com !.b.example.com", NULL, "a.b.example.com", OUT },
	{ ".example.com !b.example.com", NULL, "b.example.com", OUT },
	{ "!.example.com b.example.com", NULL, "b.example.com", IN },
	{ "!.example.com b.example.com", NULL, "c.example.com", OUT },
	{ "b\xc3\xbc" "cher.example", NULL, "xn--bcher-kva.example", IN },
	{ "a_b.example", NULL, "a_b.example", IN },
	/* An address beats a name. */
	{ "!192.0.2.1 a.example", "192.0.2.1", "a.example", OUT },
	{ "192.0.2.0/24 !a.example", "192.0.2.1", "a.example", IN },
	{ "192.0.2.0/24 a.example", "203.0.113.1", "a.example", IN },
	/* Nothing known. */
	{ "0.0.0.0/0 ::/0 a.example", NULL, NULL, OUT },
	{ "192.0.2.1 a.example", NULL, "", OUT },
	{ "192.0.2.1 a.example", NULL, ".", OUT },
};

static void
test_rows(void)
{
	struct ip_addr ip;
	struct hosts *hosts;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		hosts = build(rows[i].list);
		tap_ok(hosts_match(hosts, parse_address(rows[i].addr,
		    &ip), str_from(rows[i].name)) == rows[i].want,
		    "%s%s: %s %s", rows[i].want ? "in " : "not in ",
		    rows[i].list, rows[i].addr != NULL ? rows[i].addr : "-",
		    rows[i].name != NULL ? rows[i].name : "-");
		hosts_free(hosts);
	}
}

static void
test_bad(void)
{
	static const struct str bad[] = {
		STR(""), STR("!"), STR("."), STR("!."), STR("a..b"),
		STR("192.0.2.0/33"), STR("192.0.2.0/"), STR("192.0.2.0/-1"),
		STR("::/129"), STR("/24"), STR("192.0.2"), STR("192.0.2.256"),
		STR("12345"), STR("["), STR("[]"),
		STR("0000:0000:0000:0000:0000:ffff:192.168.100.1000"),
		STR("192.0.2.0/255.255.255.0"), STR("2001:db8::g"),
		STR("*.example.com"), STR("a.example/24"), STR("!!a.example"),
		STR("192.0.2.1\0"), STR("a b"), STR("\xff.example"),
	};
	struct hosts *hosts = hosts_new();
	struct diag diag;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		diag_init(&diag);
		tap_num(hosts_add(hosts, bad[i], "f", 7, &diag), STATUS_SYNTAX,
		    bad[i].n > 0 ? bad[i].p : "the empty entry");
		tap_ok(strncmp(diag.text, "f:7: \"", 6) == 0, "file and line");
	}
	diag_init(&diag);
	(void)!hosts_add(hosts, STR("a.example"), "f", 1, &diag);
	tap_num(hosts_add(hosts, STR("!A.example"), "f", 2, &diag),
	    STATUS_SYNTAX, "a name with and without \"!\"");
	tap_str(str_from(diag.text), STR("f:2: \"!A.example\" occurs with "
	    "and without \"!\""), "the reason");
	diag_init(&diag);
	(void)!hosts_add(hosts, STR("192.0.2.1/24"), "f", 1, &diag);
	tap_num(hosts_add(hosts, STR("!192.0.2.2/24"), "f", 2, &diag),
	    STATUS_SYNTAX, "a block with and without \"!\"");
	hosts_free(hosts);
	hosts_free(NULL);
}

/* Long names. */
static void
test_odd(void)
{
	struct hosts *hosts = build("0.0.0.0/0 ::/0 a.example .example");
	char name[300];
	size_t i;

	memset(name, 'a', sizeof(name));
	memcpy(name + sizeof(name) - 8, ".example", 8);
	tap_ok(!hosts_match(hosts, NULL, str_mem(name, sizeof(name))),
	    "a name of 300 octets is no name");
	for (i = 1; i < sizeof(name) - 8; i += 2) {
		name[i] = '.';
	}
	name[sizeof(name) - 9] = 'a';
	tap_ok(hosts_match(hosts, NULL, str_mem(name + 47, 253)),
	    "a name of 253 octets is one");
	tap_ok(!hosts_match(hosts, NULL, STR("a\0.example\0")),
	    "nor is one with NUL at its end");
	hosts_free(hosts);
}

/* Ten thousand entries, each of which is found. */
static void
test_many(void)
{
	struct hosts *hosts = hosts_new();
	struct ip_addr ip = { .octets = { 10, 0, 0, 7 } };
	char text[64];
	struct diag diag;
	unsigned i, found = 0, names = 0;

	diag_init(&diag);
	for (i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), "%s10.%u.%u.0/24",
		    i % 2 == 0 ? "" : "!", i / 256, i % 256);
		if (hosts_add(hosts, str_from(text), NULL, 0, &diag) !=
		    STATUS_OK) {
			tap_ok(false, "%s", diag.text);
		}
		snprintf(text, sizeof(text), "h%u.example", i);
		if (hosts_add(hosts, str_from(text), NULL, 0, &diag) !=
		    STATUS_OK) {
			tap_ok(false, "%s", diag.text);
		}
	}
	for (i = 0; i < 10000; i++) {
		ip.octets[1] = (unsigned char)(i / 256);
		ip.octets[2] = (unsigned char)(i % 256);
		found += hosts_match(hosts, &ip, STR_NONE);
		snprintf(text, sizeof(text), "h%u.example", i);
		names += hosts_match(hosts, NULL, str_from(text));
	}
	tap_num(found, 5000, "of 10,000 blocks, those without \"!\"");
	tap_num(names, 10000, "of 10,000 names, all");
	hosts_free(hosts);
}

int
main(void)
{
	test_rows();
	test_bad();
	test_odd();
	test_many();
	return (tap_done());
}
