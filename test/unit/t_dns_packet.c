/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "dns/packet.h"
#include "test/unit/tap.h"

#define WIRE(s)	{ (s), sizeof(s) - 1 }
/* Flags: response, RD, RA and an rcode; AA, AD, TC as named. */
#define NOERROR	"\x81\x80"
#define NXDOMAIN "\x81\x83"
#define NONE	"\0\0"
#define ONE	"\0\1"
#define TWO	"\0\2"
#define ID	"\x12\x34"
/* The question: TXT or MX of a.x; its name is at octet 12. */
#define TXT	"\1a\1x\0\0\x10\0\1"
#define MX	"\1a\1x\0\0\x0f\0\1"
#define A_X	"\xc0\x0c"
#define X	"\xc0\x0e"
#define IS_TXT	"\0\x10\0\1"
#define IS_CNAME "\0\5\0\1"
#define IS_MX	"\0\x0f\0\1"
#define IS_SOA	"\0\6\0\1"
#define TTL60	"\0\0\0\x3c"
#define TTL30	"\0\0\0\x1e"
/* x: names of one octet, serial and so on, minimum */
#define SOA(minimum)	"\0\x16\0\0" "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4" minimum
#define OPT	"\0\0\x29\4\xd0\0\0\0\0\0\0"

static const struct row {
	const char		*what;
	struct str		 packet;
	enum dns_result		 result;
	uint32_t		 ttl_s;
	size_t			 n;
	struct str		 data;		/* of the last record */
	enum dns_security	 security;
	enum dns_type		 type;
} rows[] = {
	{ "one record", WIRE(ID NOERROR ONE ONE NONE NONE TXT A_X IS_TXT TTL60
	    "\0\4\3abc"), DNS_OK, 60, 1, WIRE("abc"), DNS_INSECURE, DNS_TXT },
	{ "an owner in upper case", WIRE(ID NOERROR ONE ONE NONE NONE TXT
	    "\1A\1X\0" IS_TXT TTL60 "\0\4\3abc"), DNS_OK, 60, 1, WIRE("abc"),
	    DNS_INSECURE, DNS_TXT },
	{ "two records: the least TTL (RFC 2181 5.2)", WIRE(ID NOERROR ONE TWO
	    NONE NONE TXT A_X IS_TXT TTL60 "\0\2\1a" A_X IS_TXT TTL30
	    "\0\2\1b"), DNS_OK, 30, 2, WIRE("b"), DNS_INSECURE, DNS_TXT },
	{ "a TTL with the highest bit (RFC 2181 8)", WIRE(ID NOERROR ONE ONE
	    NONE NONE TXT A_X IS_TXT "\x80\0\0\0" "\0\2\1a"), DNS_OK, 0, 1,
	    WIRE("a"), DNS_INSECURE, DNS_TXT },
	{ "AD", WIRE(ID "\x81\xa0" ONE ONE NONE ONE TXT A_X IS_TXT TTL60
	    "\0\2\1a" OPT), DNS_OK, 60, 1, WIRE("a"), DNS_SECURE, DNS_TXT },
	{ "MX with a compressed name (RFC 1035 4.1.4)", WIRE(ID NOERROR ONE
	    ONE NONE NONE MX A_X IS_MX TTL60 "\0\6\0\1\1m" X), DNS_OK, 60, 1,
	    WIRE("m.x"), DNS_INSECURE, DNS_MX },
	{ "CNAME: followed, with the least TTL", WIRE(ID NOERROR ONE TWO NONE
	    NONE TXT A_X IS_CNAME TTL30 "\0\4\1b" X "\1b" X IS_TXT TTL60
	    "\0\2\1a"), DNS_OK, 30, 1, WIRE("a"), DNS_INSECURE, DNS_TXT },
	{ "CNAME after its target", WIRE(ID NOERROR ONE TWO NONE NONE TXT
	    "\1b" X IS_TXT TTL60 "\0\2\1a" A_X IS_CNAME TTL30 "\0\4\1b" X),
	    DNS_OK, 30, 1, WIRE("a"), DNS_INSECURE, DNS_TXT },
	{ "CNAME to itself", WIRE(ID NOERROR ONE ONE NONE NONE TXT A_X
	    IS_CNAME TTL60 "\0\2" A_X), DNS_SERVFAIL, 60, 0, WIRE(""),
	    DNS_INSECURE, DNS_TXT },
	{ "CNAME without its target", WIRE(ID NOERROR ONE ONE NONE NONE TXT
	    A_X IS_CNAME TTL60 "\0\4\1b" X), DNS_SERVFAIL, 0, 0, WIRE(""),
	    DNS_INSECURE, DNS_TXT },
	{ "CNAME, and the target has no such type", WIRE(ID NOERROR ONE ONE
	    ONE NONE TXT A_X IS_CNAME TTL60 "\0\4\1b" X X IS_SOA TTL60
	    SOA(TTL30)), DNS_NODATA, 30, 0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "a record of another name", WIRE(ID NOERROR ONE ONE NONE NONE TXT
	    "\1b" X IS_TXT TTL60 "\0\2\1a"), DNS_SERVFAIL, 0, 0, WIRE(""),
	    DNS_INSECURE, DNS_TXT },
	{ "a record of another class", WIRE(ID NOERROR ONE ONE NONE NONE TXT
	    A_X "\0\x10\0\3" TTL60 "\0\2\1a"), DNS_SERVFAIL, 0, 0, WIRE(""),
	    DNS_INSECURE, DNS_TXT },
	{ "a malformed record beside another", WIRE(ID NOERROR ONE TWO NONE
	    NONE TXT A_X IS_TXT TTL60 "\0\2\7a" A_X IS_TXT TTL60 "\0\2\1b"),
	    DNS_OK, 60, 1, WIRE("b"), DNS_INSECURE, DNS_TXT },
	{ "NXDOMAIN: the SOA's minimum (RFC 2308 5)", WIRE(ID NXDOMAIN ONE
	    NONE ONE NONE TXT X IS_SOA TTL60 SOA(TTL30)), DNS_NXDOMAIN, 30, 0,
	    WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "NXDOMAIN: the SOA's TTL, when it is less", WIRE(ID NXDOMAIN ONE
	    NONE ONE NONE TXT X IS_SOA TTL30 SOA(TTL60)), DNS_NXDOMAIN, 30, 0,
	    WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "NXDOMAIN without a SOA: not cached", WIRE(ID NXDOMAIN ONE NONE NONE
	    NONE TXT), DNS_NXDOMAIN, 0, 0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "NODATA", WIRE(ID NOERROR ONE NONE ONE NONE TXT X IS_SOA TTL60
	    SOA(TTL30)), DNS_NODATA, 30, 0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "NODATA without a SOA: not cached", WIRE(ID NOERROR ONE NONE NONE
	    NONE TXT), DNS_NODATA, 0, 0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "a referral", WIRE(ID "\x80\0" ONE NONE ONE NONE TXT X "\0\2\0\1"
	    TTL60 "\0\1\0"), DNS_SERVFAIL, 0, 0, WIRE(""), DNS_INSECURE,
	    DNS_TXT },
	{ "a referral by a resolver", WIRE(ID NOERROR ONE NONE ONE NONE TXT X
	    "\0\2\0\1" TTL60 "\0\1\0"), DNS_SERVFAIL, 0, 0, WIRE(""),
	    DNS_INSECURE, DNS_TXT },
	{ "another question: its name", WIRE(ID NOERROR ONE NONE ONE NONE
	    "\1b\1x\0\0\x10\0\1" X IS_SOA TTL60 SOA(TTL30)), DNS_SERVFAIL, 0,
	    0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "another question: its type", WIRE(ID NOERROR ONE NONE ONE NONE MX X
	    IS_SOA TTL60 SOA(TTL30)), DNS_SERVFAIL, 0, 0, WIRE(""),
	    DNS_INSECURE, DNS_TXT },
	{ "another question: its class", WIRE(ID NOERROR ONE NONE ONE NONE
	    "\1a\1x\0\0\x10\0\3" X IS_SOA TTL60 SOA(TTL30)), DNS_SERVFAIL, 0,
	    0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "a record of another name and a SOA", WIRE(ID NOERROR ONE ONE ONE
	    NONE TXT "\1b" X IS_TXT TTL60 "\0\2\1a" X IS_SOA TTL60
	    SOA(TTL30)), DNS_SERVFAIL, 0, 0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "a record of another class and a SOA", WIRE(ID NOERROR ONE ONE ONE
	    NONE TXT A_X "\0\x10\0\3" TTL60 "\0\2\1a" X IS_SOA TTL60
	    SOA(TTL30)), DNS_SERVFAIL, 0, 0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "a record of another type and a SOA", WIRE(ID NOERROR ONE ONE ONE
	    NONE TXT A_X IS_MX TTL60 "\0\6\0\1\1m" X X IS_SOA TTL60
	    SOA(TTL30)), DNS_SERVFAIL, 0, 0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "another name's alias and a SOA", WIRE(ID NOERROR ONE ONE ONE NONE
	    TXT "\1c" X IS_CNAME TTL60 "\0\4\1b" X X IS_SOA TTL60
	    SOA(TTL30)), DNS_SERVFAIL, 0, 0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "NXDOMAIN with a record", WIRE(ID NXDOMAIN ONE ONE NONE NONE TXT A_X
	    IS_TXT TTL60 "\0\2\1a"), DNS_SERVFAIL, 0, 0, WIRE(""),
	    DNS_INSECURE, DNS_TXT },
	{ "NXDOMAIN with another name's record", WIRE(ID NXDOMAIN ONE ONE NONE
	    NONE TXT "\1b" X IS_TXT TTL60 "\0\2\1a"), DNS_SERVFAIL, 0, 0,
	    WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "NXDOMAIN of an alias's target (RFC 6604)", WIRE(ID NXDOMAIN ONE ONE
	    ONE NONE TXT A_X IS_CNAME TTL60 "\0\4\1b" X X IS_SOA TTL60
	    SOA(TTL30)), DNS_NXDOMAIN, 30, 0, WIRE(""), DNS_INSECURE,
	    DNS_TXT },
	{ "CNAME beside TXT", WIRE(ID NOERROR ONE TWO NONE NONE TXT A_X IS_TXT
	    TTL60 "\0\2\1a" A_X IS_CNAME TTL60 "\0\4\1b" X), DNS_SERVFAIL, 0,
	    0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "SERVFAIL", WIRE(ID "\x81\x82" ONE NONE NONE NONE TXT),
	    DNS_SERVFAIL, 0, 0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "REFUSED", WIRE(ID "\x81\x85" ONE NONE NONE NONE TXT),
	    DNS_SERVFAIL, 0, 0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "an rcode of EDNS: BADVERS (RFC 6891 6.1.3)", WIRE(ID NOERROR ONE
	    NONE NONE ONE TXT "\0\0\x29\4\xd0\1\0\0\0\0\0"), DNS_SERVFAIL, 0,
	    0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "an rcode of EDNS with the highest bit", WIRE(ID NOERROR ONE NONE
	    NONE ONE TXT "\0\0\x29\4\xd0\x80\0\0\0\0\0"), DNS_SERVFAIL, 0, 0,
	    WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "truncated", WIRE(ID "\x83\x80" ONE ONE NONE NONE TXT A_X IS_TXT
	    TTL60 "\0\4\3abc"), DNS_SERVFAIL, 0, 0, WIRE(""), DNS_INSECURE,
	    DNS_TXT },
	{ "a query", WIRE(ID "\1\0" ONE NONE NONE NONE TXT), DNS_SERVFAIL, 0,
	    0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "no question", WIRE(ID NOERROR NONE NONE NONE NONE), DNS_SERVFAIL,
	    0, 0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "more records counted than there are", WIRE(ID NOERROR ONE TWO NONE
	    NONE TXT A_X IS_TXT TTL60 "\0\2\1a"), DNS_SERVFAIL, 0, 0, WIRE(""),
	    DNS_INSECURE, DNS_TXT },
	{ "rdata beyond the end", WIRE(ID NOERROR ONE ONE NONE NONE TXT A_X
	    IS_TXT TTL60 "\0\5\3abc"), DNS_SERVFAIL, 0, 0, WIRE(""),
	    DNS_INSECURE, DNS_TXT },
	{ "a pointer forwards", WIRE(ID NOERROR ONE ONE NONE NONE TXT
	    "\xc0\x20" IS_TXT TTL60 "\0\4\3abc"), DNS_SERVFAIL, 0, 0, WIRE(""),
	    DNS_INSECURE, DNS_TXT },
	{ "a pointer to itself", WIRE(ID NOERROR ONE ONE NONE NONE TXT
	    "\xc0\x15" IS_TXT TTL60 "\0\4\3abc"), DNS_SERVFAIL, 0, 0, WIRE(""),
	    DNS_INSECURE, DNS_TXT },
	{ "a label of type 01", WIRE(ID NOERROR ONE ONE NONE NONE TXT
	    "\x41" "a\0" IS_TXT TTL60 "\0\4\3abc"), DNS_SERVFAIL, 0, 0,
	    WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "a header that is cut off", WIRE(ID NOERROR ONE), DNS_SERVFAIL, 0,
	    0, WIRE(""), DNS_INSECURE, DNS_TXT },
	{ "nothing", { NULL, 0 }, DNS_SERVFAIL, 0, 0, WIRE(""), DNS_INSECURE,
	    DNS_TXT }
};

static bool
is_row(const struct row *row, const struct dns_answer *a)
{
	return (a->result == row->result && a->n == row->n &&
	    a->security == row->security &&
	    (row->result == DNS_SERVFAIL || a->ttl_s == row->ttl_s) &&
	    (a->n == 0 || str_eq(a->v[a->n - 1].data, row->data)));
}

static void
test_rows(const struct dns_name *name)
{
	struct dns_record v[DNS_MAX_RECORDS];
	struct dns_answer a;
	struct arena arena;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		/* Its own memory, so that a read behind it is seen. */
		char *packet = malloc(row->packet.n + 1);

		arena_init(&arena, (size_t)1 << 20);
		if (packet != NULL && row->packet.n > 0) {
			memcpy(packet + 1, row->packet.p, row->packet.n);
		}
		tap_ok(packet != NULL && dns_packet_read(&arena,
		    str_mem(packet + 1, row->packet.n), name, row->type, v,
		    &a) == STATUS_OK && is_row(row, &a), "%s", row->what);
		arena_fini(&arena);
		free(packet);
	}
}

static void
test_no_memory(const struct dns_name *name)
{
	struct dns_record v[DNS_MAX_RECORDS];
	struct dns_answer a;
	struct arena arena;

	arena_init(&arena, 0);
	tap_num(dns_packet_read(&arena, rows[0].packet, name, DNS_TXT, v, &a),
	    STATUS_NOMEM, "no memory for a record: no answer");
	arena_fini(&arena);
}

static void
test_truncated(void)
{
	static const char tc[] = ID "\x83\x80" ONE NONE NONE NONE TXT;
	static const char other[] = ID NOERROR ONE NONE NONE NONE TXT;
	bool is_any = false;
	char head[12];
	size_t n;

	tap_ok(dns_packet_is_truncated(str_mem(tc, sizeof(tc) - 1)),
	    "TC: it is truncated");
	tap_ok(!dns_packet_is_truncated(str_mem(other, sizeof(other) - 1)),
	    "all other flags: it is not");
	memset(head, '\xff', sizeof(head));
	for (n = 0; n < sizeof(head); n++) {
		is_any |= dns_packet_is_truncated(str_mem(head, n));
	}
	tap_ok(!is_any, "less than a header says nothing");
}

static void
test_query(const struct dns_name *name)
{
	static const char want[] = ID "\1\x20" ONE NONE NONE ONE TXT OPT;
	unsigned char query[DNS_QUERY_MAX_BYTES];
	struct dns_name root = { .n = 0 }, longest;
	char text[DNS_NAME_MAX_BYTES];
	size_t n, i;

	n = dns_query_write(name, DNS_TXT, 0x1234, query);
	tap_str(str_mem(query, n), str_mem(want, sizeof(want) - 1),
	    "query: RD, AD, EDNS with 1232 octets");
	n = dns_query_write(&root, DNS_NS, 0, query);
	tap_ok(n == 12 + 5 + 11 && query[12] == 0 && query[14] == DNS_NS,
	    "query: the root's name servers");
	for (i = 0; i < sizeof(text); i++) {
		text[i] = i % 50 == 49 ? '.' : 'a';
	}
	tap_ok(dns_name_make(str_mem(text, sizeof(text)), &longest) &&
	    dns_query_write(&longest, DNS_TXT, 0, query) ==
	    DNS_QUERY_MAX_BYTES, "query: the longest name");
}

int
main(void)
{
	struct dns_name name;

	if (!dns_name_make(STR("a.x"), &name)) {
		abort();
	}
	test_rows(&name);
	test_no_memory(&name);
	test_truncated();
	test_query(&name);
	return (tap_done());
}
