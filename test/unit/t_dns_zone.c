/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "dns/name.h"
#include "dns/zone.h"
#include "test/unit/tap.h"

/* One line of text for an answer: "ok a|b ttl", or what else it was. */
static void
show(struct buf *b, const struct dns_answer *a, enum dns_type type)
{
	static const char *const words[] = { "ok", "nodata", "nxdomain",
		"servfail", "timeout", "badname" };
	size_t i, k;

	buf_add_cstr(b, words[a->result]);
	for (i = 0; i < a->n; i++) {
		const struct dns_record *r = &a->v[i];

		buf_add_char(b, i == 0 ? ' ' : '|');
		if (type == DNS_MX) {
			buf_printf(b, "%u:", r->preference);
		}
		if (type != DNS_A && type != DNS_AAAA && type != DNS_TLSA) {
			buf_add_str(b, r->data);
			continue;
		}
		for (k = 0; k < r->data.n; k++) {
			buf_printf(b, "%02x", (unsigned char)r->data.p[k]);
		}
	}
}

/* The answer to one question, or the reason why the text was refused. */
static void
look(struct buf *b, struct str text, const char *name, enum dns_type type,
    uint32_t *ttl_s)
{
	struct dns_record v[DNS_MAX_RECORDS];
	struct dns_answer a = { .ttl_s = 0 };
	struct dns_name n;
	struct diag diag;
	struct zone z;

	buf_reset(b);
	diag_init(&diag);
	if (zone_parse(&z, text, "z", &diag) != STATUS_OK) {
		buf_add_cstr(b, diag.text);
		return;
	}
	if (dns_name_make(str_from(name), &n)) {
		zone_find(&z, dns_name_str(&n), type, v, &a);
		show(b, &a, type);
	}
	*ttl_s = a.ttl_s;
	zone_fini(&z);
}

static const char wild[] =
	"$ORIGIN example.\n"
	"*		TXT	wild\n"
	"*		MX	10 host\n"
	"sub.*		TXT	undersub\n"
	"host1		A	192.0.2.1\n"
	"_ssh._tcp.host1 SRV	1 2 3 host\n"
	"sub		NS	ns.elsewhere.\n"
	"a.b.c.d	TXT	deep\n"
	"alias		CNAME	other.example.\n";

static const char faults[] =
	"t.x TIMEOUT\n"
	"t.x A 192.0.2.1\n"
	"s.x SERVFAIL TXT\n"
	"b.x TXT t\n"
	"b.x SERVFAIL TXT\n"
	"c.x CNAME t.x\n"
	"c.x TIMEOUT MX\n"
	"g.x SERVFAIL\n"
	"g.x CNAME s.x\n"
	"*.w.x TIMEOUT TXT\n"
	"0.x CNAME 1.x\n1.x CNAME 2.x\n2.x CNAME 3.x\n3.x CNAME 4.x\n"
	"4.x CNAME 5.x\n5.x CNAME 6.x\n6.x CNAME 7.x\n7.x CNAME 8.x\n"
	"8.x CNAME 9.x\n9.x TXT end\n"
	"loop.x CNAME loop.x\n"
	"out.x CNAME nowhere.y\n";

static const struct row {
	const char	*what;
	const char	*text;
	const char	*name;
	enum dns_type	 type;
	const char	*want;
} rows[] = {
	/* The form of an entry: RFC 1035 5.1. */
	{ "owner, ttl, class, type", "a.x 60 IN TXT t", "a.x", DNS_TXT,
	    "ok t" },
	{ "class before ttl", "a.x IN 60 TXT t", "a.x", DNS_TXT, "ok t" },
	{ "neither", "a.x TXT t\n", "a.x", DNS_TXT, "ok t" },
	{ "keywords in any case", "a.x in txt t\n", "a.x", DNS_TXT, "ok t" },
	{ "names in any case", "A.X TXT t\n", "a.X.", DNS_TXT, "ok t" },
	{ "CR LF", "a.x TXT t\r\nb.x TXT u\r\n", "b.x", DNS_TXT, "ok u" },
	{ "comment lines", "; a.x TXT t\n\n  \n;\n\t; x\nb.x TXT u ; a\n",
	    "b.x", DNS_TXT, "ok u" },
	{ "comment at the end of the text", "b.x TXT u;c", "b.x", DNS_TXT,
	    "ok u" },
	{ "blank owner", "a.x A 192.0.2.1\n TXT t\n", "a.x", DNS_TXT,
	    "ok t" },
	{ "blank owner of none", " TXT t\n", "a.x", DNS_TXT,
	    "z:1: a blank owner, and no previous line" },
	{ "parentheses", "a.x TXT ( \"v=DKIM1; \" ; one\n \"k=rsa; \"\n"
	    "\t\"p=AA\" )  ; end\nb.x TXT u\n", "a.x", DNS_TXT,
	    "ok v=DKIM1; k=rsa; p=AA" },
	{ "entry after parentheses", "a.x TXT ( t\n )\nb.x TXT u\n", "b.x",
	    DNS_TXT, "ok u" },
	{ "nothing", "", "a.x", DNS_TXT, "nxdomain" },
	/* Directives. */
	{ "$ORIGIN", "$ORIGIN x.\na TXT t\n", "a.x", DNS_TXT, "ok t" },
	{ "relative $ORIGIN", "$ORIGIN x.\n$ORIGIN b\na TXT t", "a.b.x",
	    DNS_TXT, "ok t" },
	{ "$ORIGIN is the root at first", "a.x TXT t\n", "a.x", DNS_TXT,
	    "ok t" },
	{ "@", "$ORIGIN b.x.\n@ TXT t\n", "b.x", DNS_TXT, "ok t" },
	{ "@ in rdata", "$ORIGIN b.x.\na PTR @\n", "a.b.x", DNS_PTR,
	    "ok b.x" },
	{ "absolute owner", "$ORIGIN b.x.\na.y. TXT t\n", "a.y", DNS_TXT,
	    "ok t" },
	{ "$ORIGIN without a name", "$ORIGIN\n", "x", DNS_TXT,
	    "z:1: a name is missing" },
	{ "$TTL without a TTL", "\n$TTL x\n", "x", DNS_TXT,
	    "z:2: not a TTL" },
	{ "$INCLUDE", "$INCLUDE /etc/passwd\n", "x", DNS_TXT,
	    "z:1: unknown directive" },
	/* TXT. */
	{ "quoted", "a.x TXT \"t; (u)\"\n", "a.x", DNS_TXT, "ok t; (u)" },
	{ "several strings", "a.x TXT \"t\" \"u\" v\n", "a.x", DNS_TXT,
	    "ok tuv" },
	{ "strings that touch", "a.x TXT \"t\"\"u\"\n", "a.x", DNS_TXT,
	    "ok tu" },
	{ "\\\" and \\\\", "a.x TXT \"a\\\"b\\\\c\"\n", "a.x", DNS_TXT,
	    "ok a\"b\\c" },
	{ "\\DDD", "a.x TXT \"a\\059\\098\"\n", "a.x", DNS_TXT, "ok a;b" },
	{ "escape outside quotes", "a.x TXT a\\;b\\ c\n", "a.x", DNS_TXT,
	    "ok a;b c" },
	{ "the empty string", "a.x TXT \"\"\n", "a.x", DNS_TXT, "ok " },
	{ "two records", "a.x TXT t\na.x TXT u\n", "a.x", DNS_TXT,
	    "ok t|u" },
	{ "\\DDD above 255", "a.x TXT \"\\256\"\n", "a.x", DNS_TXT,
	    "z:1: bad \\DDD: three digits, at most 255" },
	{ "\\D", "a.x TXT \"\\1\"\n", "a.x", DNS_TXT,
	    "z:1: bad \\DDD: three digits, at most 255" },
	{ "backslash at the end", "a.x TXT a\\", "a.x", DNS_TXT,
	    "z:1: a backslash ends the line" },
	{ "no end of string", "a.x TXT t\nb.x TXT \"t\n\"", "a.x", DNS_TXT,
	    "z:2: a quoted string does not end on its line" },
	{ "no string", "a.x TXT ; t\n", "a.x", DNS_TXT,
	    "z:1: a string is missing" },
	{ "a pseudo type is text, too", "a.x TXT TIMEOUT\n", "a.x", DNS_TXT,
	    "ok TIMEOUT" },
	/* The other types. */
	{ "A", "a.x A 192.0.2.1\n", "a.x", DNS_A, "ok c0000201" },
	{ "AAAA", "a.x AAAA 2001:db8::1\n", "a.x", DNS_AAAA,
	    "ok 20010db8000000000000000000000001" },
	{ "MX", "a.x MX 10 M.b.x\na.x MX 5 n.b.x.\n", "a.x", DNS_MX,
	    "ok 10:m.b.x|5:n.b.x" },
	{ "null MX", "a.x MX 0 .\n", "a.x", DNS_MX, "ok 0:" },
	{ "PTR", "1.2.0.192.in-addr.arpa PTR h.x\n", "1.2.0.192.IN-ADDR.arpa",
	    DNS_PTR, "ok h.x" },
	{ "CNAME asked for", "a.x CNAME b.x\n", "a.x", DNS_CNAME, "ok b.x" },
	{ "TLSA in words", "_25._tcp.a.x TLSA 3 1 1 ( 00fF\n 10 ; x\n )\n",
	    "_25._tcp.a.x", DNS_TLSA, "ok 03010100ff10" },
	{ "TLSA with a number of 256", "a.x TLSA 3 1 256 00\n", "a.x",
	    DNS_TLSA, "z:1: not a number from 0 to 255" },
	{ "TLSA without data", "a.x TLSA 3 1 1\n", "a.x", DNS_TLSA,
	    "z:1: the data of TLSA is missing or ends within an octet" },
	{ "TLSA with an odd digit", "a.x TLSA 3 1 1 001\n", "a.x", DNS_TLSA,
	    "z:1: the data of TLSA is missing or ends within an octet" },
	{ "TLSA with a letter", "a.x TLSA 3 1 1 0g\n", "a.x", DNS_TLSA,
	    "z:1: not hexadecimal digits" },
	{ "other types exist", "a.x SOA a b 1 2 3 4 5\n", "a.x", DNS_TXT,
	    "nodata" },
	{ "TYPEnnn exists", "a.x TYPE65280 \\# 0\n", "a.x", DNS_TXT,
	    "nodata" },
	{ "bad A", "a.x A 192.0.2.256\n", "a.x", DNS_A,
	    "z:1: not an IPv4 address" },
	{ "bad AAAA", "a.x AAAA 192.0.2.1\n", "a.x", DNS_A,
	    "z:1: not an IPv6 address" },
	{ "too much", "a.x A 192.0.2.1 192.0.2.2\n", "a.x", DNS_A,
	    "z:1: trailing words after the record" },
	{ "too little", "a.x MX 1\n", "a.x", DNS_MX,
	    "z:1: a name is missing" },
	{ "preference", "a.x MX 65536 b.x\n", "a.x", DNS_MX,
	    "z:1: the preference is not from 0 to 65535" },
	{ "unknown type", "a.x TXXT t\n", "a.x", DNS_TXT,
	    "z:1: unknown type" },
	{ "another class", "a.x CH TXT t\n", "a.x", DNS_TXT,
	    "z:1: unknown type" },
	{ "no type", "a.x 60 IN\n", "a.x", DNS_TXT,
	    "z:1: the type is missing" },
	{ "bad owner", "a..x TXT t\n", "a.x", DNS_TXT,
	    "z:1: not a domain name" },
	{ "escaped dot in a name", "a\\.b.x TXT t\n", "a.x", DNS_TXT,
	    "z:1: not a domain name" },
	{ "open parenthesis", "a.x TXT ( t\n\n", "a.x", DNS_TXT,
	    "z:3: '(' without its ')'" },
	{ "only a closing parenthesis", "a.x TXT t )\n", "a.x", DNS_TXT,
	    "z:1: ')' without its '('" },
	{ "nested parentheses", "a.x TXT ( ( t ) )\n", "a.x", DNS_TXT,
	    "z:1: '(' inside parentheses" },
	/* What exists: RFC 4592 2.2.1, whose example this is, and RFC 8020. */
	{ "wildcard", wild, "host3.example", DNS_MX, "ok 10:host.example" },
	{ "wildcard without the type", wild, "host3.example", DNS_A,
	    "nodata" },
	{ "wildcard over two labels", wild, "foo.bar.example", DNS_TXT,
	    "ok wild" },
	{ "the name exists", wild, "host1.example", DNS_MX, "nodata" },
	{ "the wildcard itself exists", wild, "sub.*.example", DNS_MX,
	    "nodata" },
	{ "empty non-terminal", wild, "_telnet._tcp.host1.example", DNS_TXT,
	    "nxdomain" },
	{ "below a name that exists", wild, "host.sub.example", DNS_MX,
	    "nxdomain" },
	{ "below the wildcard", wild, "ghost.*.example", DNS_MX,
	    "nxdomain" },
	{ "the wildcard asked for", wild, "*.example", DNS_TXT, "ok wild" },
	{ "empty non-terminal asked for", wild, "c.d.example", DNS_TXT,
	    "nodata" },
	{ "and its top", wild, "example", DNS_TXT, "nodata" },
	{ "CNAME to a wildcard", wild, "alias.example", DNS_TXT, "ok wild" },
	{ "elsewhere", wild, "example.net", DNS_TXT, "nxdomain" },
	{ "a longer label is not below", "ab.x TXT t\n", "b.x", DNS_TXT,
	    "nxdomain" },
	/* Faults and CNAMEs. */
	{ "timeout", faults, "t.x", DNS_TXT, "timeout" },
	{ "the type is held", faults, "t.x", DNS_A, "ok c0000201" },
	{ "the type is held beside its own fault", faults, "b.x", DNS_TXT,
	    "ok t" },
	{ "servfail of a type", faults, "s.x", DNS_TXT, "servfail" },
	{ "and not of another", faults, "s.x", DNS_A, "nodata" },
	{ "below a fault", faults, "a.s.x", DNS_A, "nxdomain" },
	{ "CNAME to a fault", faults, "c.x", DNS_TXT, "timeout" },
	{ "fault of a type beside a CNAME", faults, "c.x", DNS_MX,
	    "timeout" },
	{ "CNAME beside a fault of all types", faults, "g.x", DNS_A,
	    "nodata" },
	{ "wildcard fault", faults, "any.w.x", DNS_TXT, "timeout" },
	{ "8 CNAMEs", faults, "1.x", DNS_TXT, "ok end" },
	{ "9 CNAMEs", faults, "0.x", DNS_TXT, "servfail" },
	{ "CNAME loop", faults, "loop.x", DNS_TXT, "servfail" },
	{ "CNAME to nowhere", faults, "out.x", DNS_TXT, "nxdomain" },
	{ "fault of an unknown type", "a.x TIMEOUT TXXT\n", "a.x", DNS_TXT,
	    "z:1: unknown type" },
	{ "fault and more", "a.x SERVFAIL TXT A\n", "a.x", DNS_TXT,
	    "z:1: trailing words after the record" }
};

static const struct ttl_row {
	const char	*what;
	const char	*text;
	uint32_t	 want_s;
} ttl_rows[] = {
	{ "default TTL", "a.x TXT t\n", 3600 },
	{ "own TTL", "a.x 61 TXT t\n", 61 },
	{ "TTL with units", "a.x 1w2d3h4M5s TXT t\n", 788645 },
	{ "$TTL", "$TTL 5m\na.x TXT t\n", 300 },
	{ "$TTL is no own TTL", "$TTL 5m\na.x 7 TXT t\n", 7 },
	{ "the least of a set (RFC 2181 5.2)",
	    "a.x 9 TXT t\na.x 8 TXT u\na.x 7 A 192.0.2.1\n", 8 },
	{ "the least on the way", "a.x 5 CNAME b.x\nb.x TXT t\n", 5 },
	{ "negative", "a.x A 192.0.2.1\n", 300 },
	{ "negative behind a CNAME", "a.x 5 CNAME b.x\n", 5 },
	{ "TTL of 2^31-1 (RFC 2181 8)", "a.x 2147483647 TXT t\n",
	    2147483647 }
};

static void
test_rows(struct buf *b)
{
	uint32_t ttl_s;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		look(b, str_from(rows[i].text), rows[i].name, rows[i].type,
		    &ttl_s);
		tap_str(buf_str(b), str_from(rows[i].want), rows[i].what);
	}
	for (i = 0; i < sizeof(ttl_rows) / sizeof(ttl_rows[0]); i++) {
		look(b, str_from(ttl_rows[i].text), "a.x", DNS_TXT, &ttl_s);
		tap_num(ttl_s, ttl_rows[i].want_s, ttl_rows[i].what);
	}
	look(b, STR("a.x 2147483648 TXT t\n"), "a.x", DNS_TXT, &ttl_s);
	tap_str(buf_str(b), STR("z:1: unknown type"), "TTL of 2^31");
	look(b, STR("a.x 1m2147483640 TXT t\n"), "a.x", DNS_TXT, &ttl_s);
	tap_str(buf_str(b), STR("z:1: unknown type"), "and as a sum");
}

static void
test_limits(struct buf *b)
{
	struct buf text;
	uint32_t ttl_s;
	size_t i;

	buf_init(&text, SIZE_MAX / 4);
	for (i = 0; i <= ZONE_MAX_RECORDS; i++) {
		buf_add_cstr(&text, "a A 192.0.2.1\n");
	}
	look(b, buf_str(&text), "a", DNS_TXT, &ttl_s);
	tap_str(buf_str(b), STR("z:1000001: more than 1000000 records"),
	    "ZONE_MAX_RECORDS");

	buf_reset(&text);
	buf_add_cstr(&text, "a TXT (");
	for (i = 0; i < 18; i++) {
		size_t k;

		buf_add_cstr(&text, "\"");
		for (k = 0; k < 250000; k++) {
			buf_add_cstr(&text, "x");
		}
		buf_add_cstr(&text, "\"\n");
	}
	buf_add_cstr(&text, ")\n");
	look(b, buf_str(&text), "a", DNS_A, &ttl_s);
	tap_str(buf_str(b), STR("z:17: an entry of more than 4194304 octets"),
	    "ZONE_ENTRY_MAX_BYTES");

	buf_reset(&text);
	for (i = 0; text.n <= ZONE_MAX_BYTES; i++) {
		buf_add_cstr(&text, ";                                     \n");
	}
	look(b, buf_str(&text), "a", DNS_TXT, &ttl_s);
	tap_str(buf_str(b), STR("z:1: more than 67108864 octets"),
	    "ZONE_MAX_BYTES");
	buf_fini(&text);
}

static void
test_large(void)
{
	struct dns_record v[DNS_MAX_RECORDS];
	struct dns_answer a;
	struct diag diag;
	struct buf text;
	struct zone z;
	size_t i, found = 0;

	buf_init(&text, ZONE_MAX_BYTES);
	for (i = 0; i < 100000; i++) {
		buf_printf(&text, "n%zu.x TXT \"t%zu\"\n", i, i);
	}
	for (i = 0; i < 300; i++) {
		buf_printf(&text, "many.x A 10.0.%zu.%zu\n", i / 250, i % 250);
	}
	diag_init(&diag);
	if (!tap_ok(zone_parse(&z, buf_str(&text), "z", &diag) == STATUS_OK,
	    "100,300 records")) {
		return;
	}
	for (i = 0; i < 100000; i += 97) {
		char name[32], want[32];

		snprintf(name, sizeof(name), "n%zu.x", i);
		snprintf(want, sizeof(want), "t%zu", i);
		zone_find(&z, str_from(name), DNS_TXT, v, &a);
		found += a.n == 1 && str_eq(a.v[0].data, str_from(want));
	}
	tap_num((long long)found, 1031, "each is found");
	zone_find(&z, STR("many.x"), DNS_A, v, &a);
	tap_num((long long)a.n, DNS_MAX_RECORDS, "DNS_MAX_RECORDS");
	zone_fini(&z);
	buf_fini(&text);
}

/* Through dns.h, from a file. */
static void
test_file(void)
{
	char path[] = "/tmp/t_dns_zone.XXXXXX";
	const char text[] = "a.x TXT t\nb.x TXT u\n";
	struct dns_opts opts;
	struct dns_batch *batch;
	struct dns_query *q;
	struct env env;
	struct diag diag;
	struct dns *dns;
	int fd = mkstemp(path);

	env_init_system(&env);
	dns_opts_init(&opts);
	opts.env = &env;
	diag_init(&diag);
	if (!tap_ok(fd != -1 && write(fd, text, sizeof(text) - 1) ==
	    (ssize_t)sizeof(text) - 1 && close(fd) == 0 &&
	    dns_new_zone(&opts, path, &dns, &diag) == STATUS_OK,
	    "a zone from a file")) {
		return;
	}
	batch = dns_batch_new(dns);
	q = dns_batch_add(batch, STR("B.x."), DNS_TXT);
	tap_num(dns_query_answer(q)->result, DNS_OK, "answered at once");
	tap_str(dns_query_answer(q)->v[0].data, STR("u"), "and right");
	dns_batch_free(batch);
	dns_release(dns);
	unlink(path);
	tap_num(dns_new_zone(&opts, path, &dns, &diag), STATUS_IO,
	    "a file that is not there");
	tap_ok(strstr(diag.text, "No such file") != NULL && dns == NULL,
	    "and why");
}

int
main(void)
{
	struct buf b;

	buf_init(&b, ZONE_MAX_BYTES);
	test_rows(&b);
	test_limits(&b);
	test_large();
	test_file();
	buf_fini(&b);
	return (tap_done());
}
