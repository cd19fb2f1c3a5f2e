/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "dns/name.h"
#include "dns/rdata.h"
#include "test/unit/tap.h"

#define L63								\
	"\77" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define T63								\
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L61								\
	"\75" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define T61	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define WIRE(s)	{ (s), sizeof(s) - 1 }

static const struct row {
	const char	*what;
	enum dns_type	 type;
	struct str	 wire;
	enum status	 status;
	struct str	 want;
	uint16_t	 preference;
} rows[] = {
	/* RFC 1035 3.4.1, RFC 3596 2.2 */
	{ "A", DNS_A, WIRE("\300\0\2\1"), STATUS_OK, WIRE("\300\0\2\1"), 0 },
	{ "A of 3", DNS_A, WIRE("\300\0\2"), STATUS_SYNTAX, { NULL, 0 }, 0 },
	{ "A of 5", DNS_A, WIRE("\300\0\2\1\1"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	{ "AAAA", DNS_AAAA, WIRE("0123456789abcdef"), STATUS_OK,
	    WIRE("0123456789abcdef"), 0 },
	{ "AAAA of 15", DNS_AAAA, WIRE("0123456789abcde"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	/* RFC 6698 2.1 */
	{ "TLSA", DNS_TLSA, WIRE("\3\1\1xyz"), STATUS_OK,
	    WIRE("\3\1\1xyz"), 0 },
	{ "TLSA without data", DNS_TLSA, WIRE("\3\1\1"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	{ "A of nothing", DNS_A, { NULL, 0 }, STATUS_SYNTAX, { NULL, 0 }, 0 },
	/* RFC 1035 3.1, 3.3.12 */
	{ "PTR", DNS_PTR, WIRE("\1a\2bc\0"), STATUS_OK, WIRE("a.bc"), 0 },
	{ "CNAME", DNS_CNAME, WIRE("\1A\2Bc\0"), STATUS_OK, WIRE("a.bc"), 0 },
	{ "NS", DNS_NS, WIRE("\3ns1\1A\0"), STATUS_OK, WIRE("ns1.a"), 0 },
	/* RFC 1035 3.3.13, RFC 2308 4 */
	{ "SOA", DNS_SOA, WIRE("\1a\300\14\1r\300\14" "1234" "1234" "1234"
	    "1234" "\0\0\1\54"), STATUS_OK, WIRE("\0\0\1\54"), 0 },
	{ "SOA of 21", DNS_SOA, WIRE("\0" "1234" "1234" "1234" "1234" "1234"),
	    STATUS_SYNTAX, { NULL, 0 }, 0 },
	{ "the root", DNS_PTR, WIRE("\0"), STATUS_OK, WIRE(""), 0 },
	{ "no name", DNS_PTR, WIRE(""), STATUS_SYNTAX, { NULL, 0 }, 0 },
	{ "no end", DNS_PTR, WIRE("\1a\2bc"), STATUS_SYNTAX, { NULL, 0 }, 0 },
	{ "label beyond the end", DNS_PTR, WIRE("\1a\5bc\0"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	{ "length alone", DNS_PTR, WIRE("\5"), STATUS_SYNTAX, { NULL, 0 }, 0 },
	{ "more behind", DNS_PTR, WIRE("\1a\0\0"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	{ "compressed", DNS_PTR, WIRE("\1a\300\14"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	{ "label of 63", DNS_PTR, WIRE(L63 "\0"), STATUS_OK, WIRE(T63), 0 },
	{ "label of 64", DNS_PTR, WIRE("\100" T63 "a\0"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	{ "name of 253", DNS_PTR, WIRE(L63 L63 L63 L61 "\0"), STATUS_OK,
	    WIRE(T63 "." T63 "." T63 "." T61), 0 },
	{ "name of 254", DNS_PTR, WIRE(L63 L63 L63 "\76" T61 "b\0"),
	    STATUS_SYNTAX, { NULL, 0 }, 0 },
	{ "dot in a label", DNS_PTR, WIRE("\3a.b\0"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	{ "NUL in a label", DNS_PTR, WIRE("\3a\0b\0"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	{ "space in a label", DNS_PTR, WIRE("\3a b\0"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	{ "backslash in a label", DNS_PTR, WIRE("\3a\\b\0"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	{ "8 bits in a label", DNS_PTR, WIRE("\2\303\274\0"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	/* RFC 1035 3.3.9, RFC 7505 3 */
	{ "MX", DNS_MX, WIRE("\1\12\1a\0"), STATUS_OK, WIRE("a"), 266 },
	{ "MX of 65535", DNS_MX, WIRE("\377\377\1a\0"), STATUS_OK, WIRE("a"),
	    65535 },
	{ "null MX", DNS_MX, WIRE("\0\0\0"), STATUS_OK, WIRE(""), 0 },
	{ "MX without a name", DNS_MX, WIRE("\0\0"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	{ "MX of one octet", DNS_MX, WIRE("\0"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	/* RFC 1035 3.3.14 */
	{ "TXT", DNS_TXT, WIRE("\3abc"), STATUS_OK, WIRE("abc"), 0 },
	{ "TXT of several strings", DNS_TXT, WIRE("\1a\0\2\0c"), STATUS_OK,
	    WIRE("a\0c"), 0 },
	{ "TXT of the empty string", DNS_TXT, WIRE("\0"), STATUS_OK,
	    WIRE(""), 0 },
	{ "TXT of no string", DNS_TXT, WIRE(""), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	{ "TXT string beyond the end", DNS_TXT, WIRE("\1a\3bc"),
	    STATUS_SYNTAX, { NULL, 0 }, 0 },
	{ "TXT length alone", DNS_TXT, WIRE("\1a\3"), STATUS_SYNTAX,
	    { NULL, 0 }, 0 },
	{ "a type that is none of ours", (enum dns_type)6, WIRE("abc"),
	    STATUS_SYNTAX, { NULL, 0 }, 0 }
};

static void
test_rows(struct arena *arena)
{
	struct dns_record r;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		/* Its own memory, so that a read behind it is seen. */
		char *wire = malloc(row->wire.n + (row->wire.n == 0));
		enum status status;
		bool good;

		if (wire == NULL) {
			continue;
		}
		if (row->wire.n > 0) {
			memcpy(wire, row->wire.p, row->wire.n);
		}
		status = dns_rdata_read(arena, row->type,
		    str_mem(wire, row->wire.n), 0, row->wire.n, &r);
		good = status == row->status;
		if (good && status == STATUS_OK) {
			good = str_eq(r.data, row->want) && r.data.p != NULL &&
			    r.preference == row->preference;
		}
		tap_ok(good, "%s", row->what);
		free(wire);
	}
}

/* All that fits into one record, and an octet more. */
static void
test_long(struct arena *arena)
{
	char *wire = calloc(1, DNS_TXT_MAX_BYTES + 1);
	struct dns_record r;
	size_t i;

	if (wire == NULL) {
		return;
	}
	for (i = 0; i < DNS_TXT_MAX_BYTES; i += 256) {
		size_t left = DNS_TXT_MAX_BYTES - i - 1;

		wire[i] = (char)(left < 255 ? left : 255);
	}
	tap_num(dns_rdata_read(arena, DNS_TXT,
	    str_mem(wire, DNS_TXT_MAX_BYTES), 0,
	    DNS_TXT_MAX_BYTES, &r), STATUS_OK,
	    "TXT of 65,535 octets");
	tap_num((long long)r.data.n, DNS_TXT_MAX_BYTES - 256,
	    "and what is in it");
	tap_num(dns_rdata_read(arena, DNS_TXT,
	    str_mem(wire, DNS_TXT_MAX_BYTES + 1), 0,
	    DNS_TXT_MAX_BYTES + 1, &r), STATUS_LIMIT,
	    "TXT of 65,536 octets");
	free(wire);
}

static void
test_no_memory(void)
{
	struct arena arena;
	struct dns_record r;

	arena_init(&arena, 0);
	tap_num(dns_rdata_read(&arena, DNS_TXT, STR("\1a"), 0, 2, &r),
	    STATUS_NOMEM, "TXT without memory");
	tap_num(dns_rdata_read(&arena, DNS_PTR, STR("\1a\0"), 0, 3, &r),
	    STATUS_NOMEM, "PTR without memory");
	arena_fini(&arena);
}

/* The names that may be asked for. */
static void
test_names(void)
{
	static const struct {
		const char	*what;
		struct str	 text;
		const char	*want;	/* NULL: none */
	} names[] = {
		{ "a name", WIRE("a.bc"), "a.bc" },
		{ "upper case", WIRE("A.bC"), "a.bc" },
		{ "a trailing dot", WIRE("a.bc."), "a.bc" },
		{ "underscores and more", WIRE("_a._b-c!+=.d"),
		    "_a._b-c!+=.d" },
		{ "nothing", WIRE(""), NULL },
		{ "the root", WIRE("."), NULL },
		{ "two trailing dots", WIRE("a.."), NULL },
		{ "a leading dot", WIRE(".a"), NULL },
		{ "an empty label", WIRE("a..b"), NULL },
		{ "NUL", WIRE("a\0b"), NULL },
		{ "space", WIRE("a b"), "a b" },
		{ "tab", WIRE("a\tb"), NULL },
		{ "DEL", WIRE("a\177b"), NULL },
		{ "8 bits", WIRE("a\303\274b"), NULL },
		{ "backslash", WIRE("a\\.b"), NULL },
		{ "label of 63", WIRE(T63 ".b"), T63 ".b" },
		{ "label of 64", WIRE(T63 "a.b"), NULL },
		{ "name of 253", WIRE(T63 "." T63 "." T63 "." T61),
		    T63 "." T63 "." T63 "." T61 },
		{ "name of 253 and a dot",
		    WIRE(T63 "." T63 "." T63 "." T61 "."),
		    T63 "." T63 "." T63 "." T61 },
		{ "name of 254", WIRE(T63 "." T63 "." T63 "." T61 "b"), NULL }
	};
	struct dns_name name;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bool is = dns_name_make(names[i].text, &name);

		tap_ok(is == (names[i].want != NULL) && (!is ||
		    str_eq(dns_name_str(&name), str_from(names[i].want))),
		    "name: %s", names[i].what);
	}
}

int
main(void)
{
	struct arena arena;

	arena_init(&arena, (size_t)1 << 20);
	test_rows(&arena);
	test_long(&arena);
	arena_fini(&arena);
	test_no_memory();
	test_names();
	return (tap_done());
}
