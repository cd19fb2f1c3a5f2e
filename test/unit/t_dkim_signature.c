/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/arena.h"
#include "base/buf.h"
#include "dkim/signature.h"
#include "dkim/signature_value.h"

#include "test/unit/tap.h"

#define BH	"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define HEAD	"v=1; a=rsa-sha256; d=example.com; s=s1; h=from; "
#define REST	"bh=" BH "; b=AAAA"
#define BASE	HEAD REST

static struct arena arena;

static void
parse_field(struct str value, struct dkim_signature *sig)
{
	struct field_list fields;
	struct field field;

	field_list_init(&fields);
	if (field_list_add(&arena, &fields, STR("DKIM-Signature"), value) !=
	    STATUS_OK) {
		tap_ok(false, "the test's own field");
	}
	field = fields.v[0];
	tap_num(dkim_signature_parse(&arena, &field, DKIM_SIGNATURE, sig),
	    STATUS_OK, "parsed");
}

static const struct row {
	const char		*rule;
	const char		*value;
	enum dkim_result	 result;
	const char		*reason;
} rows[] = {
	{ "3.5 all that is required", " " BASE, DKIM_NONE, NULL },
	{ "3.2 ; at the end", BASE ";", DKIM_NONE, NULL },
	{ "3.2 folding everywhere", "\r\n v\r\n =\r\n 1 ; a= rsa-sha256 ;"
	    "d =example.com;\r\n\ts=s1; h= from ; bh=" BH ";b=AAAA\r\n ;\r\n ",
	    DKIM_NONE, NULL },
	{ "3.2 any order, unknown tags", "b=AAAA; zz=?; bh=" BH "; h=from; "
	    "s=s1; d=example.com; a=rsa-sha256; v=1", DKIM_NONE, NULL },
	{ "3.2 duplicate tag", BASE "; d=example.com", DKIM_NEUTRAL,
	    "duplicate tag" },
	{ "3.2 empty tag", "v=1;; a=rsa-sha256", DKIM_NEUTRAL, "empty tag" },
	{ "3.2 no tag", "", DKIM_NEUTRAL, "no tags" },
	{ "3.2 no =", "v=1; signature", DKIM_NEUTRAL, "tag without '='" },
	{ "3.2 control in a value", BASE "; n=\001", DKIM_NEUTRAL,
	    "bad character in tag value" },

	{ "3.5 v missing", "a=rsa-sha256; d=example.com; s=s1; h=from; " REST,
	    DKIM_PERMERROR, "v= is missing" },
	{ "3.5 v=2", "v=2; a=rsa-sha256; d=example.com; s=s1; h=from; " REST,
	    DKIM_NEUTRAL, "incompatible version" },
	{ "3.5 v=1.0", "v=1.0; a=rsa-sha256; d=example.com; s=s1; h=from; "
	    REST, DKIM_NEUTRAL, "incompatible version" },
	{ "3.5 v empty", "v=; a=rsa-sha256; d=example.com; s=s1; h=from; "
	    REST, DKIM_NEUTRAL, "incompatible version" },

	{ "3.5 a missing", "v=1; d=example.com; s=s1; h=from; " REST,
	    DKIM_PERMERROR, "a= is missing" },
	{ "RFC 8463 a", "v=1; a=ed25519-sha256; d=example.com; s=s1; h=from; "
	    REST, DKIM_NONE, NULL },
	{ "RFC 8301 3.1 rsa-sha1", "v=1; a=rsa-sha1; d=example.com; s=s1; "
	    "h=from; " REST, DKIM_PERMERROR, "rsa-sha1 is not allowed" },
	{ "3.5 a unknown", "v=1; a=rsa-sha512; d=example.com; s=s1; h=from; "
	    REST, DKIM_NEUTRAL, "unknown algorithm" },
	{ "3.2 a has case", "v=1; a=RSA-SHA256; d=example.com; s=s1; h=from; "
	    REST, DKIM_NEUTRAL, "unknown algorithm" },

	{ "3.5 d missing", "v=1; a=rsa-sha256; s=s1; h=from; " REST,
	    DKIM_PERMERROR, "d= is missing" },
	{ "3.5 d empty", "v=1; a=rsa-sha256; d=; s=s1; h=from; " REST,
	    DKIM_NEUTRAL, "bad domain in d=" },
	{ "3.5 d of one label", "v=1; a=rsa-sha256; d=com; s=s1; h=from; "
	    REST, DKIM_NEUTRAL, "bad domain in d=" },
	{ "3.5 d with a dot at its end", "v=1; a=rsa-sha256; d=example.com.; "
	    "s=s1; h=from; " REST, DKIM_NONE, NULL },
	{ "3.5 d with two dots at its end", "v=1; a=rsa-sha256; "
	    "d=example.com..; s=s1; h=from; " REST, DKIM_NEUTRAL,
	    "bad domain in d=" },
	{ "3.5 d of one label and a dot", "v=1; a=rsa-sha256; d=com.; s=s1; "
	    "h=from; " REST, DKIM_NEUTRAL, "bad domain in d=" },
	{ "3.5 d with an empty label", "v=1; a=rsa-sha256; d=example..com; "
	    "s=s1; h=from; " REST, DKIM_NEUTRAL, "bad domain in d=" },
	{ "3.5 d is an address literal", "v=1; a=rsa-sha256; "
	    "d=[192.0.2.1]; s=s1; h=from; " REST, DKIM_NEUTRAL,
	    "bad domain in d=" },
	{ "3.5 d with a space", "v=1; a=rsa-sha256; d=exa mple.com; s=s1; "
	    "h=from; " REST, DKIM_NEUTRAL, "bad domain in d=" },

	{ "3.5 s missing", "v=1; a=rsa-sha256; d=example.com; h=from; " REST,
	    DKIM_PERMERROR, "s= is missing" },
	{ "3.5 s empty", "v=1; a=rsa-sha256; d=example.com; s=; h=from; "
	    REST, DKIM_NEUTRAL, "bad selector in s=" },
	{ "3.1 s with dots", "v=1; a=rsa-sha256; d=example.com; s=a.b-c._d; "
	    "h=from; " REST, DKIM_NONE, NULL },
	{ "3.5 s with an empty label", "v=1; a=rsa-sha256; d=example.com; "
	    "s=a..b; h=from; " REST, DKIM_NEUTRAL, "bad selector in s=" },
	{ "3.5 s with a wildcard", "v=1; a=rsa-sha256; d=example.com; s=*; "
	    "h=from; " REST, DKIM_NEUTRAL, "bad selector in s=" },

	{ "3.5 b missing", HEAD "bh=" BH, DKIM_PERMERROR, "b= is missing" },
	{ "3.5 b empty", HEAD "bh=" BH "; b=", DKIM_NEUTRAL,
	    "bad base64 in b=" },
	{ "3.5 b blank", HEAD "bh=" BH "; b= \r\n ; q=dns/txt", DKIM_NEUTRAL,
	    "bad base64 in b=" },
	{ "2.10 b not base64", HEAD "bh=" BH "; b=AA-A", DKIM_NEUTRAL,
	    "bad base64 in b=" },
	{ "2.10 b without padding", HEAD "bh=" BH "; b=AAA", DKIM_NEUTRAL,
	    "bad base64 in b=" },
	{ "2.10 b folded", HEAD "bh=" BH "; b=A\r\n A\tA A", DKIM_NONE, NULL },

	{ "3.5 bh missing", HEAD "b=AAAA", DKIM_PERMERROR, "bh= is missing" },
	{ "3.5 bh empty", HEAD "bh=; b=AAAA", DKIM_NEUTRAL,
	    "bh= is not of 32 octets" },
	{ "3.5 bh of SHA-1", HEAD "bh=2jmj7l5rSw0yVb/vlWAYkK/YBwk=; b=AAAA",
	    DKIM_NEUTRAL, "bh= is not of 32 octets" },
	{ "2.10 bh not base64", HEAD "bh=" BH "=; b=AAAA", DKIM_NEUTRAL,
	    "bad base64 in bh=" },

	{ "3.5 h missing", "v=1; a=rsa-sha256; d=example.com; s=s1; " REST,
	    DKIM_PERMERROR, "h= is missing" },
	{ "3.5 h empty", "v=1; a=rsa-sha256; d=example.com; s=s1; h=; " REST,
	    DKIM_PERMERROR, "from is not signed" },
	{ "3.5 h of empty names", "v=1; a=rsa-sha256; d=example.com; s=s1; "
	    "h=: :; " REST, DKIM_PERMERROR, "from is not signed" },
	{ "3.5 h with an empty name", "v=1; a=rsa-sha256; d=example.com; "
	    "s=s1; h=from: :to; " REST, DKIM_NONE, NULL },
	{ "3.5 h ends in a colon", "v=1; a=rsa-sha256; d=example.com; s=s1; "
	    "h=from:; " REST, DKIM_NONE, NULL },
	{ "3.5 h starts with a colon", "v=1; a=rsa-sha256; d=example.com; "
	    "s=s1; h=:from; " REST, DKIM_NONE, NULL },
	{ "3.5 h with a space in a name", "v=1; a=rsa-sha256; d=example.com; "
	    "s=s1; h=fr om; " REST, DKIM_NEUTRAL, "bad name in h=" },
	{ "3.5 h with white space and case", "v=1; a=rsa-sha256; "
	    "d=example.com; s=s1; h=To\r\n : \tFROM : X-a; " REST, DKIM_NONE,
	    NULL },
	{ "5.4 From is not signed", "v=1; a=rsa-sha256; d=example.com; s=s1; "
	    "h=to:subject:from-x; " REST, DKIM_PERMERROR,
	    "from is not signed" },

	{ "3.5 c", BASE "; c=relaxed/simple", DKIM_NONE, NULL },
	{ "3.5 c unknown header", BASE "; c=nofws/simple", DKIM_NEUTRAL,
	    "unknown canonicalization" },
	{ "3.5 c unknown body", BASE "; c=simple/nofws", DKIM_NEUTRAL,
	    "unknown canonicalization" },
	{ "3.5 c empty body", BASE "; c=simple/", DKIM_NEUTRAL,
	    "unknown canonicalization" },
	{ "3.5 c empty", BASE "; c=", DKIM_NEUTRAL,
	    "unknown canonicalization" },
	{ "3.5 c of three", BASE "; c=simple/simple/simple", DKIM_NEUTRAL,
	    "unknown canonicalization" },
	{ "3.2 c has case", BASE "; c=Relaxed", DKIM_NEUTRAL,
	    "unknown canonicalization" },

	{ "3.5 q", BASE "; q=dns/txt", DKIM_NONE, NULL },
	{ "3.5 q one of several", BASE "; q=http/well-known : dns/txt",
	    DKIM_NONE, NULL },
	{ "3.5 q none that is known", BASE "; q=http", DKIM_NEUTRAL,
	    "unknown query method" },
	{ "3.5 q empty", BASE "; q=", DKIM_NEUTRAL, "unknown query method" },

	{ "3.5 i", BASE "; i=joe@example.com", DKIM_NONE, NULL },
	{ "3.5 i below d", BASE "; i=joe@mail.example.com", DKIM_NONE, NULL },
	{ "3.5 i without a local part", BASE "; i=@example.com", DKIM_NONE,
	    NULL },
	{ "3.5 i with case", BASE "; i=@Mail.EXAMPLE.com", DKIM_NONE, NULL },
	{ "6.1.1 i elsewhere", BASE "; i=joe@example.net", DKIM_PERMERROR,
	    "i= is not within d=" },
	{ "6.1.1 i above d", BASE "; i=@com", DKIM_PERMERROR,
	    "i= is not within d=" },
	{ "6.1.1 i with d as its mere end", BASE "; i=@badexample.com",
	    DKIM_PERMERROR, "i= is not within d=" },
	{ "6.1.1 the last @ counts", BASE "; i=a@example.com@example.net",
	    DKIM_PERMERROR, "i= is not within d=" },
	{ "3.5 i without @", BASE "; i=example.com", DKIM_NEUTRAL,
	    "bad identity in i=" },
	{ "3.5 i with nothing after @", BASE "; i=joe@", DKIM_NEUTRAL,
	    "bad identity in i=" },
	{ "3.5 i empty", BASE "; i=", DKIM_NEUTRAL, "bad identity in i=" },
	{ "3.5 i with a dot at its end", BASE "; i=@example.com.", DKIM_NONE,
	    NULL },
	{ "2.11 i encoded", BASE "; i=j=3Boe=40x@example=2Ecom", DKIM_NONE,
	    NULL },
	{ "2.11 i encoded in lower case", BASE "; i=j=3boe@example.com",
	    DKIM_NEUTRAL, "bad identity in i=" },
	{ "2.11 i encoded with no hexadecimal digit",
	    BASE "; i=j=G0oe@example.com", DKIM_NEUTRAL, "bad identity in i=" },
	{ "2.11 i encoded by half", BASE "; i=joe@example.com=4",
	    DKIM_NEUTRAL, "bad identity in i=" },
	{ "2.11 i folded", BASE "; i=jo\r\n e@exam ple.com", DKIM_NONE,
	    NULL },

	{ "3.5 l", BASE "; l=0", DKIM_NONE, NULL },
	{ "3.5 l empty", BASE "; l=", DKIM_NEUTRAL, "bad number in l=" },
	{ "3.5 l negative", BASE "; l=-1", DKIM_NEUTRAL, "bad number in l=" },
	{ "3.5 l with a space", BASE "; l=1 2", DKIM_NEUTRAL,
	    "bad number in l=" },
	{ "3.5 l of 76 digits", BASE "; l=0000000000000000000000000000000000"
	    "000000000000000000000000000000000000000012", DKIM_NONE, NULL },
	{ "3.5 l of 77 digits", BASE "; l=0000000000000000000000000000000000"
	    "0000000000000000000000000000000000000000012", DKIM_NEUTRAL,
	    "bad number in l=" },

	{ "3.5 t and x", BASE "; t=1; x=2", DKIM_NONE, NULL },
	{ "3.5 x = t", BASE "; x=5; t=5", DKIM_NEUTRAL,
	    "x= is not after t=" },
	{ "3.5 x < t", BASE "; x=4; t=5", DKIM_NEUTRAL,
	    "x= is not after t=" },
	{ "3.5 t no number", BASE "; t=now", DKIM_NEUTRAL, "bad time in t=" },
	{ "3.5 t of 12 digits", BASE "; t=999999999999", DKIM_NONE, NULL },
	{ "3.5 t of 13 digits", BASE "; t=1000000000000", DKIM_NONE, NULL },
	{ "3.5 x of 13 digits", BASE "; x=1000000000000", DKIM_NONE, NULL },
	{ "3.5 both of 13 digits", BASE "; t=1700000000000; x=1600000000000",
	    DKIM_NONE, NULL },
	{ "3.5 x of 30 digits", BASE "; x=100000000000000000000000000000",
	    DKIM_NONE, NULL },
	{ "3.5 t of 13 characters", BASE "; t=170000000000a", DKIM_NEUTRAL,
	    "bad time in t=" },
	{ "3.5 x empty", BASE "; x=", DKIM_NEUTRAL, "bad time in x=" },

	{ "3.5 z is not looked at", BASE "; z=From:a|To:b", DKIM_NONE, NULL },
	{ "no k or g here", BASE "; k=rsa; g=*", DKIM_NONE, NULL },
	{ "RFC 8616 5 U-labels", "v=1; a=rsa-sha256; d=b\xc3\xbc" "cher.example"
	    "; s=s\xc3\xa9l; h=from; i=j\xc3\xb6@b\xc3\xbc" "cher.example; "
	    REST, DKIM_NONE, NULL },
};

static void
check_row(const struct row *row)
{
	struct dkim_signature sig;

	parse_field(str_from(row->value), &sig);
	tap_num(sig.result, row->result, row->rule);
	tap_str(str_from(sig.reason), str_from(row->reason), "reason");
}

/* All values of a valid field. */
static void
check_content(void)
{
	struct dkim_signature sig;

	parse_field(STR(" v=1; a=rsa-sha256; c=relaxed; d=Mail.Example.COM; "
	    "s=S1.x; "
	    "h=From : to:\r\n SUBJECT; i=j=3Bo@sub.Mail.example.com; l=17; "
	    "t=10; x=20; bh=" BH "; b= AA\r\n AA ; q=dns/txt"), &sig);
	tap_num(sig.result, DKIM_NONE, "a good field");
	tap_str(sig.domain, STR("mail.example.com"), "d=");
	tap_str(sig.selector, STR("s1.x"), "s=");
	tap_str(sig.identity, STR("j;o@sub.Mail.example.com"), "i=");
	tap_str(sig.identity_domain, STR("sub.mail.example.com"),
	    "i='s domain");
	tap_str(sig.algorithm, STR("rsa-sha256"), "a=");
	tap_num(sig.key_type, CRYPTO_RSA, "a='s key type");
	tap_num(sig.header_canon, CANON_RELAXED, "c= for the header");
	tap_num(sig.body_canon, CANON_SIMPLE, "c= for the body is simple");
	tap_num((long long)sig.names_n, 3, "three names");
	tap_str(sig.names[0], STR("From"), "the first");
	tap_str(sig.names[2], STR("SUBJECT"), "the last");
	tap_num((long long)sig.body_hash.n, 32, "bh=");
	tap_str(sig.signature, STR("\0\0\0"), "b=");
	tap_str(sig.b_text, STR("AAAA"), "b= without white space");
	tap_str(sig.b_raw, STR(" AA\r\n AA "), "b= as it stands");
	tap_num(sig.signed_s, 10, "t=");
	tap_num(sig.expires_s, 20, "x=");
	tap_num((long long)sig.body_bytes, 17, "l=");
}

static void
check_defaults(void)
{
	struct dkim_signature sig;

	parse_field(STR(BASE), &sig);
	tap_num(sig.header_canon, CANON_SIMPLE, "c= is simple");
	tap_num(sig.body_canon, CANON_SIMPLE, "for both");
	tap_str(sig.identity, STR("@example.com"), "i= is @d");
	tap_str(sig.identity_domain, STR("example.com"), "and its domain");
	tap_num(sig.signed_s, -1, "no t=");
	parse_field(STR(BASE "; t=1700000000000; x=1700000000000"), &sig);
	tap_num(sig.signed_s, -1, "t= of milliseconds is not in the future");
	tap_num(sig.expires_s, 999999999999, "x= of milliseconds is far away");
	parse_field(STR(BASE), &sig);
	tap_num(sig.expires_s, -1, "no x=");
	tap_ok(sig.body_bytes == UINT64_MAX, "no l=");
	parse_field(STR(BASE "; l=18446744073709551615"), &sig);
	tap_ok(sig.body_bytes == UINT64_MAX - 1,
	    "l= of 2^64 - 1 is not absent");
	parse_field(STR(BASE "; l=99999999999999999999"), &sig);
	tap_ok(sig.body_bytes == UINT64_MAX - 1, "l= beyond 64 bits");
	parse_field(STR("v=1; a=ed25519-sha256; c=simple/relaxed; "
	    "d=b\xc3\xbc" "cher.example; s=s; h=from; " REST), &sig);
	tap_num(sig.key_type, CRYPTO_ED25519, "an Ed25519 signature");
	tap_num(sig.body_canon, CANON_RELAXED, "c= for the body");
	tap_str(sig.domain, STR("xn--bcher-kva.example"),
	    "RFC 8616: d= as A-labels");
}

/* A refused field still has domain and selector, for the report. */
static void
check_partial(void)
{
	struct dkim_signature sig;

	parse_field(STR("v=2; b=BBBB; d=example.com; s=s1; a=x"), &sig);
	tap_num(sig.result, DKIM_NEUTRAL, "a refused field");
	tap_str(sig.domain, STR("example.com"), "its d=");
	tap_str(sig.selector, STR("s1"), "its s=");
	tap_str(sig.algorithm, STR("x"), "its a=");
	tap_str(sig.b_text, STR("BBBB"), "its b=");
	tap_str(sig.identity, STR("@example.com"), "its i=");
	parse_field(STR("v=1; d=example.com; s=s1; ; b=BBBB"), &sig);
	tap_str(sig.domain, STR("example.com"),
	    "d= before the fault of a broken list");
	tap_num(sig.result, DKIM_NEUTRAL, "the first error sets the result");
	tap_str(str_from(sig.reason), STR("empty tag"),
	    "the first error sets the reason");
}

static struct str
repeated(const char *before, const char *piece, size_t n, const char *after)
{
	struct buf b;
	struct str s;
	size_t i;

	buf_init(&b, 4 * 1024 * 1024);
	buf_add_cstr(&b, before);
	for (i = 0; i < n; i++) {
		buf_add_cstr(&b, piece);
	}
	buf_add_cstr(&b, after);
	s = arena_dup(&arena, buf_str(&b));
	buf_fini(&b);
	return (s);
}

static void
check_limits(void)
{
	struct dkim_signature sig;

	parse_field(repeated("h=", "a:", DKIM_MAX_SIGNED_FIELDS - 1,
	    "from; v=1; "
	    "a=rsa-sha256; d=example.com; s=s1; " REST), &sig);
	tap_num(sig.result, DKIM_NONE, "the maximum of names");
	tap_num((long long)sig.names_n, DKIM_MAX_SIGNED_FIELDS,
	    "number of names");
	parse_field(repeated("h=", "a:", DKIM_MAX_SIGNED_FIELDS, "from; v=1; "
	    "a=rsa-sha256; d=example.com; s=s1; " REST), &sig);
	tap_num(sig.result, DKIM_POLICY, "one name more");
	tap_str(str_from(sig.reason), STR("too many names in h="), "reason");
	parse_field(repeated("h=", "a:", 10000, "from; v=1; a=rsa-sha256; "
	    "d=example.com; s=s1; " REST), &sig);
	tap_num(sig.result, DKIM_POLICY, "10,000 names");
	parse_field(repeated(BASE "; z=", "x", 1024 * 1024, ""), &sig);
	tap_num(sig.result, DKIM_NONE, "a field of a megabyte");
	parse_field(repeated(HEAD "bh=" BH "; b=", "AAAA", 256 * 1024, ""),
	    &sig);
	tap_num((long long)sig.signature.n, 3 * 256 * 1024,
	    "a signature of 768 KiB");
	parse_field(STR(BASE
	    "; A=1;B=1;C=1;D=1;E=1;F=1;G=1;H=1;I=1;J=1;K=1;L=1;M=1;"
	    "N=1;O=1;P=1;Q=1;R=1;S=1;T=1;U=1;V=1;W=1;X=1;Y=1;Z=1;aa=1;ab=1;"
	    "ac=1;ad=1;ae=1;af=1;ag=1;ah=1;ai=1;aj=1;ak=1;al=1;am=1;an=1;ao=1;"
	    "ap=1;aq=1;ar=1;as=1;at=1;au=1;av=1;aw=1;ax=1;ay=1;az=1;ba=1;bb=1;"
	    "bc=1;bd=1;be=1;bf=1"), &sig);
	tap_num(sig.result, DKIM_POLICY, "65 tags");
}

/* NOMEM at every allocation. */
static void
check_nomem(void)
{
	struct field_list fields;
	struct dkim_signature sig;
	enum status status = STATUS_NOMEM;
	struct arena small;
	size_t max;

	field_list_init(&fields);
	if (field_list_add(&arena, &fields, STR("DKIM-Signature"),
	    STR(BASE "; i=x=3By@example.com")) != STATUS_OK) {
		tap_ok(false, "the test's own field");
	}
	for (max = 0; status == STATUS_NOMEM && max < 65536; max += 8) {
		arena_init(&small, max);
		status = dkim_signature_parse(&small, &fields.v[0],
		    DKIM_SIGNATURE, &sig);
		arena_fini(&small);
	}
	tap_num(status, STATUS_OK, "NOMEM with little memory, then OK");
	tap_ok(max > 64, "NOMEM was seen");
}

static void
check_quote(struct str plain, const char *quoted)
{
	struct buf b;
	struct str back;

	buf_init(&b, 100);
	signature_quote(&b, plain);
	tap_str(buf_str(&b), str_from(quoted), "2.11 encoded");
	tap_num(signature_unquote(&arena, buf_str(&b), &back), STATUS_OK,
	    "2.11 decoded");
	tap_str(back, plain, "2.11 encoded and decoded: the same");
	buf_fini(&b);
}

int
main(void)
{
	size_t i;

	arena_init(&arena, 64 * 1024 * 1024);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
	check_content();
	check_defaults();
	check_partial();
	check_limits();
	check_nomem();
	check_quote(STR("joe+x@example.com"), "joe+x@example.com");
	check_quote(STR("a;b=c d\t\r\n\x7f\xc3\xa9|"),
	    "a=3Bb=3Dc=20d=09=0D=0A=7F=C3=A9|");
	check_quote(STR(""), "");
	arena_fini(&arena);
	return (tap_done());
}
