/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "test/unit/dkim_lab.h"
#include "test/unit/dkim_vectors.h"

#define TAGS	" v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; " \
		"s=rsa; h=from:to:subject; bh=@BH@; b=@B@"
/* TAGS with another selector. */
#define BY(s)	" v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=" s \
		"; h=from:to:subject; bh=@BH@; b=@B@"
#define ED(s)	" v=1; a=ed25519-sha256; c=simple/simple; d=example.com; s=" s \
		"; h=from:to:subject; bh=@BH@; b=@B@"

#define LONGER	"the body is longer than its signed part"

static const char zone[] =
    "$ORIGIN _domainkey.example.com.\n"
    "rsa IN TXT \"v=DKIM1; p=%RSA%\"\n"
    "ed IN TXT \"v=DKIM1; k=ed25519; p=%ED%\"\n"
    "testing IN TXT \"v=DKIM1; t=y; p=%RSA%\"\n"
    "strict IN TXT \"v=DKIM1; t=s; p=%RSA%\"\n"
    "sha1 IN TXT \"v=DKIM1; h=sha1; p=%RSA%\"\n"
    "tls IN TXT \"v=DKIM1; s=tlsrpt; p=%RSA%\"\n"
    "revoked IN TXT \"v=DKIM1; p=\"\n"
    "broken IN TXT \"v=DKIM1; p=%RSA%=\"\n"
    "other IN TXT \"v=DKIM1; p=" DKIM_VECTORS_RSA "\"\n"
    "short IN TXT \"v=DKIM1; p="
    "MEgCQQCAW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tb"
    "W1tbW1tbW1tbW1tbW1tbW1tbW1tbAgMBAAE=\"\n"
    "spf IN TXT \"v=spf1 -all\"\n"
    "addr IN A 192.0.2.1\n"
    "slow TIMEOUT\n"
    "down SERVFAIL\n"
    "alias IN CNAME rsa\n"
    "both IN TXT \"v=DKIM1; k=ed25519; p=%ED%\"\n"
    "both IN TXT \"v=DKIM1; p=%RSA%\"\n"
    "mixed IN TXT \"v=spf1 -all\"\n"
    "mixed IN TXT \"hello\"\n"
    "mixed IN TXT \"v=DKIM1; p=%RSA%\"\n"
    "late IN TXT \"a\"\n"
    "late IN TXT \"b\"\n"
    "late IN TXT \"c\"\n"
    "late IN TXT \"d\"\n"
    "late IN TXT \"v=DKIM1; p=%RSA%\"\n"
    "three IN TXT \"v=DKIM1; p=%RSA%\"\n"
    "three IN TXT \"v=DKIM1; p=\"\n"
    "junk IN TXT \"v=spf1 -all\"\n"
    "junk IN TXT \"v=DKIM1; p=\"\n"
    "second IN TXT \"v=DKIM1; t=y; p=" DKIM_VECTORS_RSA "\"\n"
    "second IN TXT \"v=DKIM1; p=%RSA%\"\n"
    "*.wild IN TXT \"v=DKIM1; p=%RSA%\"\n"
    "rsa._domainkey.xn--bcher-kva.example. IN TXT \"p=%RSA%\"\n";

static struct lab lab;

struct change {			/* to the signed message */
	const char	*from, *to;
};

static const struct row {
	const char		*rule;
	const char		*pattern;
	struct change		 change;
	enum dkim_result	 result;
	const char		*reason;
} rows[] = {
	{ "6.1.3 a good signature", TAGS, { 0 }, DKIM_PASS, NULL },
	{ "RFC 8463 a good Ed25519 signature", ED("ed"), { 0 }, DKIM_PASS,
	    NULL },
	{ "3.2 b= in the middle, folded", " v=1; a=rsa-sha256; b= \r\n @B@ ;"
	    "c=simple/simple; d=example.com;\r\n\ts=rsa; h= From :\r\n to ; "
	    "bh=@BH@ ;", { 0 }, DKIM_PASS, NULL },
	{ "3.5 unknown tags are signed", TAGS "; zz=1", { "zz=1", "zz=2" },
	    DKIM_FAIL, "signature did not verify" },
	{ "5.4.2 oversigned h=", " v=1; a=rsa-sha256; d=example.com; s=rsa; "
	    "h=from:from:to:to:x-none; bh=@BH@; b=@B@", { 0 }, DKIM_PASS,
	    NULL },
	{ "5.4.2 oversigned From, one added", " v=1; a=rsa-sha256; "
	    "d=example.com; s=rsa; h=from:from; bh=@BH@; b=@B@",
	    { "From: K", "From: e@example.org\r\nFrom: K" }, DKIM_FAIL,
	    "signature did not verify" },
	{ "5.4.2 not oversigned, one added above", TAGS,
	    { "From: K", "From: e@example.org\r\nFrom: K" }, DKIM_PASS, NULL },
	{ "3.4.2 folding changed, relaxed", TAGS,
	    { "one\r\n two", "one  \r\n\t two" }, DKIM_PASS, NULL },
	{ "3.4.1 folding changed, simple", ED("ed"),
	    { "one\r\n two", "one  \r\n\t two" }, DKIM_FAIL,
	    "signature did not verify" },
	{ "3.7 a signed field changed", TAGS, { "three", "four" }, DKIM_FAIL,
	    "signature did not verify" },
	{ "3.7 a field that is not signed", TAGS, { "To:", "X: y\r\nTo:" },
	    DKIM_PASS, NULL },
	{ "3.7 the signature itself changed", TAGS, { "c=relaxed/relaxed;",
	    "c=relaxed/relaxed;n=1;" }, DKIM_FAIL,
	    "signature did not verify" },
	{ "3.7 the body changed", TAGS, { "Hello", "Hallo" }, DKIM_FAIL,
	    "body hash did not verify" },
	{ "3.4.4 white space in the body, relaxed", TAGS,
	    { "Hello,  world.", "Hello, \tworld." }, DKIM_PASS, NULL },
	{ "3.4.3 white space in the body, simple", ED("ed"),
	    { "Hello,  world.", "Hello, \tworld." }, DKIM_FAIL,
	    "body hash did not verify" },
	{ "6.1.3 another key", BY("other"), { 0 }, DKIM_FAIL,
	    "signature did not verify" },

	{ "3.5 l= of the whole body", TAGS "; l=15", { 0 }, DKIM_PASS, NULL },
	{ "3.5 l= and text added", TAGS "; l=15", { "world. \r\n",
	    "world. \r\nBuy!\r\n" }, DKIM_POLICY, LONGER },
	{ "8.2 l= and one octet added", TAGS "; l=15", { "world. \r\n\r\n",
	    "world. \r\nx" }, DKIM_POLICY, LONGER },
	{ "8.2 l= without the last line end", TAGS "; l=13", { 0 },
	    DKIM_POLICY, LONGER },
	{ "3.5 l= and empty lines added", TAGS "; l=15", { "world. \r\n",
	    "world. \r\n\r\n \r\n" }, DKIM_PASS, NULL },
	{ "3.5 l=0", TAGS "; l=0", { "Hello", "Buy" }, DKIM_POLICY, LONGER },
	{ "3.5 l=0 of an empty body", TAGS "; l=0", { "Hello,  world. ", "" },
	    DKIM_PASS, NULL },

	{ "8.15 a second Subject on top", TAGS, { "From: Kim",
	    "Subject: Buy\r\nFrom: Kim" }, DKIM_POLICY,
	    "a second Subject is not signed" },
	{ "8.15 a second To, in other letters, white space before the colon",
	    TAGS, { "From: Kim", "tO \t: e@example.org\r\nFrom: Kim" },
	    DKIM_POLICY, "a second To is not signed" },
	{ "8.15 a second Subject that is equal", TAGS, { "Subject:",
	    "Subject:  one\r\n two \t three \r\nSubject:" }, DKIM_POLICY,
	    "a second Subject is not signed" },
	{ "8.15 two that are not signed", TAGS, { "To:",
	    "Date: a\r\nDate: b\r\nTo:" }, DKIM_PASS, NULL },
	{ "8.15 one that is not signed", TAGS, { "To:",
	    "Content-Type: text/html\r\nReply-To: e@example.org\r\nTo:" },
	    DKIM_PASS, NULL },
	{ "8.15 fields that servers add", TAGS, { "From: Kim",
	    "Received: x\r\nReceived: y\r\nSender: l@example.org\r\n"
	    "Sender: m@example.org\r\nList-Id: a\r\nPrecedence: list\r\n"
	    "From: Kim" }, DKIM_PASS, NULL },
	{ "3.5 l= beyond the body", TAGS "; l=16", { 0 }, DKIM_PERMERROR,
	    "l= exceeds the body" },
	{ "3.5 l= beyond 64 bits", TAGS "; l=99999999999999999999", { 0 },
	    DKIM_PERMERROR, "l= exceeds the body" },
	{ "3.5 l= and a change before it", TAGS "; l=15",
	    { "Hello", "Hallo" }, DKIM_FAIL, "body hash did not verify" },

	{ "3.5 t= now", TAGS "; t=1700000000", { 0 }, DKIM_PASS, NULL },
	{ "3.5 t= within the drift", TAGS "; t=1700000300", { 0 }, DKIM_PASS,
	    NULL },
	{ "3.5 t= in the future", TAGS "; t=1700000301", { 0 }, DKIM_POLICY,
	    "signature is from the future" },
	{ "3.5 x= in the future", TAGS "; x=1700000001", { 0 }, DKIM_PASS,
	    NULL },
	{ "3.5 x= within the drift", TAGS "; x=1699999700", { 0 }, DKIM_PASS,
	    NULL },
	{ "3.5 x= in the past", TAGS "; x=1699999699", { 0 }, DKIM_POLICY,
	    "signature expired" },
	{ "3.5 x=0", TAGS "; x=0", { 0 }, DKIM_POLICY,
	    "signature expired" },

	{ "6.1.2 NXDOMAIN", BY("none"), { 0 }, DKIM_PERMERROR,
	    "no key for signature" },
	{ "6.1.2 no TXT record", BY("addr"), { 0 }, DKIM_PERMERROR,
	    "no key for signature" },
	{ "6.1.2 timeout", BY("slow"), { 0 }, DKIM_TEMPERROR,
	    "key unavailable" },
	{ "6.1.2 SERVFAIL", BY("down"), { 0 }, DKIM_TEMPERROR,
	    "key unavailable" },
	{ "6.1.2 not a key", BY("spf"), { 0 }, DKIM_PERMERROR,
	    "key version is not DKIM1" },
	{ "6.1.2 a broken key", BY("broken"), { 0 }, DKIM_PERMERROR,
	    "key syntax error" },
	{ "6.1.2 revoked", BY("revoked"), { 0 }, DKIM_PERMERROR,
	    "key revoked" },
	{ "6.1.2 h= without sha256", BY("sha1"), { 0 }, DKIM_PERMERROR,
	    "inappropriate hash algorithm" },
	{ "6.1.2 not for mail", BY("tls"), { 0 }, DKIM_PERMERROR,
	    "key is not for mail" },
	{ "6.1.2 a= rsa and an Ed25519 key", BY("ed"), { 0 }, DKIM_PERMERROR,
	    "inappropriate key algorithm" },
	{ "6.1.2 a= ed25519 and an RSA key", ED("rsa"), { 0 }, DKIM_PERMERROR,
	    "inappropriate key algorithm" },
	{ "RFC 8301 3.2 a short key", BY("short"), { 0 }, DKIM_PERMERROR,
	    "rsa key too short" },
	{ "3.6.2.2 CNAME", BY("alias"), { 0 }, DKIM_PASS, NULL },
	{ "3.6.2.2 wildcard", BY("a.wild"), { 0 }, DKIM_PASS, NULL },
	{ "6.1.2 two keys of two types", BY("both"), { 0 }, DKIM_PASS, NULL },
	{ "6.1.2 two keys of two types, Ed25519", ED("both"), { 0 }, DKIM_PASS,
	    NULL },
	{ "6.1.2 a key among other TXT records", BY("mixed"), { 0 }, DKIM_PASS,
	    NULL },
	{ "6.1.2 a changed field, a key among other TXT records", BY("mixed"),
	    { "Kim", "Tim" }, DKIM_FAIL, "signature did not verify" },
	{ "6.1.2 a key after many other TXT records", BY("late"), { 0 },
	    DKIM_PASS, NULL },
	{ "6.1.2 a key and a revoked key", BY("three"), { 0 }, DKIM_PASS,
	    NULL },

	{ "6.1.2 no usable record: reason of the first", BY("junk"), { 0 },
	    DKIM_PERMERROR, "key version is not DKIM1" },

	{ "3.6.1 t=s and i= is d=", BY("strict") "; i=a@example.com", { 0 },
	    DKIM_PASS, NULL },
	{ "3.6.1 t=s and no i=", BY("strict"), { 0 }, DKIM_PASS, NULL },
	{ "3.6.1 t=s and i= below d=", BY("strict") "; i=@m.example.com",
	    { 0 }, DKIM_PERMERROR, "i= is not d= as the key demands" },
	{ "3.6.1 without t=s", TAGS "; i=@m.example.com", { 0 }, DKIM_PASS,
	    NULL },
	{ "RFC 8616 5 U-labels in d= and i=", " v=1; a=rsa-sha256; "
	    "d=b\xc3\xbc" "cher.example; s=rsa; h=from; i=@m.b\xc3\xbc"
	    "cher.example; bh=@BH@; b=@B@", { 0 }, DKIM_PASS, NULL },

	{ "6.1.1 a refused field needs no key",
	    " v=1; a=rsa-sha1; d=example.com; "
	    "s=slow; h=from; bh=@BH@; b=@B@", { 0 }, DKIM_PERMERROR,
	    "rsa-sha1 is not allowed" },
	{ "6.1.2 a revoked key, a changed body", BY("revoked"), { "Hello",
	    "Hallo" }, DKIM_PERMERROR, "key revoked" },
	{ "3.7 body before header", TAGS, { "three \r\n\r\nHello",
	    "four \r\n\r\nHallo" }, DKIM_FAIL, "body hash did not verify" },
};

static struct str
signed_message(const char *pattern, const struct change *change)
{
	struct str text = lab_join(&lab, lab_sign(&lab, pattern, STR(LAB_MSG)),
	    STR(LAB_MSG));

	if (change->from != NULL) {
		text = lab_replace(&lab, text, change->from,
		    str_from(change->to));
	}
	return (text);
}

static void
check_row(const struct row *row)
{
	struct dkim_verify_opts opts;
	const struct dkim_verdict *v;
	struct dkim_verifier *verifier;

	lab_verify_opts(&lab, &opts);
	verifier = lab_verify(&lab, &opts,
	    signed_message(row->pattern, &row->change));
	tap_num((long long)dkim_verifier_count(verifier), 1, row->rule);
	v = dkim_verifier_get(verifier, 0);
	tap_str(str_from(dkim_result_name(v->result)),
	    str_from(dkim_result_name(row->result)), "result");
	tap_str(str_from(v->reason), str_from(row->reason), "reason");
	lab_next(&lab);
}

static const struct dkim_verdict *
verdict_of(const struct dkim_verify_opts *opts, const char *pattern)
{
	return (dkim_verifier_get(lab_verify(&lab, opts,
	    signed_message(pattern, &(struct change){ 0 })), 0));
}

static void
check_details(void)
{
	struct dkim_verify_opts opts;
	const struct dkim_verdict *v;

	lab_verify_opts(&lab, &opts);
	v = verdict_of(&opts, BY("testing"));
	tap_num(v->result, DKIM_PASS, "3.6.1 t=y: pass");
	tap_ok(v->testing, "3.6.1 t=y: testing is set");
	tap_num(v->key_bits, 1024, "key bits");
	tap_num(v->security, DNS_INSECURE, "security of the answer");
	tap_num((long long)v->field_index, 0, "the topmost field");
	lab_next(&lab);
	v = verdict_of(&opts, TAGS);
	tap_ok(!v->testing, "without t=y: testing is not set");
	lab_next(&lab);
	v = verdict_of(&opts, BY("second"));
	tap_num(v->result, DKIM_PASS, "6.1.2 the second of two keys");
	tap_ok(!v->testing, "6.1.2 flags of the key that verifies");
	lab_next(&lab);
	v = verdict_of(&opts, ED("both"));
	tap_num(v->key_bits, 256, "bits of the key that verifies");
	lab_next(&lab);
	v = verdict_of(&opts, BY("short"));
	tap_num(v->key_bits, 512, "bits of a key that is too short");
	lab_next(&lab);
	opts.min_rsa_bits = 1025;
	v = verdict_of(&opts, TAGS);
	tap_num(v->result, DKIM_POLICY, "MinimumKeyBits");
	tap_str(str_from(v->reason), STR("rsa key shorter than required here"),
	    "MinimumKeyBits: reason");
	lab_next(&lab);
	v = verdict_of(&opts, ED("ed"));
	tap_num(v->result, DKIM_PASS,
	    "MinimumKeyBits does not apply to Ed25519");
	lab_next(&lab);
}

static unsigned
count_results(const struct dkim_verifier *v, enum dkim_result result)
{
	unsigned count = 0;
	size_t i;

	for (i = 0; i < dkim_verifier_count(v); i++) {
		count += dkim_verifier_get(v, i)->result == result;
	}
	return (count);
}

/* Each signature has its own verdict, in the order of the fields. */
static void
check_several(void)
{
	struct dkim_verify_opts opts;
	struct dkim_verifier *v;
	struct str msg = STR(LAB_MSG);

	lab_verify_opts(&lab, &opts);
	opts.max_signatures = 3;
	msg = lab_join(&lab, lab_sign(&lab, TAGS, STR(LAB_MSG)), msg);
	msg = lab_join(&lab, lab_sign(&lab, BY("none"), STR(LAB_MSG)), msg);
	msg = lab_join(&lab, STR("dkim-SIGNATURE: v=1\r\n"), msg);
	msg = lab_join(&lab, STR("X: DKIM-Signature: v=1\r\n"), msg);
	msg = lab_join(&lab, lab_sign(&lab, ED("ed"), STR(LAB_MSG)), msg);
	v = lab_verify(&lab, &opts, msg);
	tap_num((long long)dkim_verifier_count(v), 4, "four signatures");
	tap_num(dkim_verifier_get(v, 0)->result, DKIM_PASS, "the first");
	tap_num(dkim_verifier_get(v, 1)->result, DKIM_PERMERROR, "the second");
	tap_str(str_from(dkim_verifier_get(v, 2)->reason),
	    STR("no key for signature"), "the third");
	tap_num(dkim_verifier_get(v, 3)->result, DKIM_PASS, "the fourth: "
	    "a refused field does not count towards the limit");
	tap_num((long long)dkim_verifier_get(v, 3)->field_index, 4,
	    "its position");
	lab_next(&lab);
}

/* OpenDKIM's forms of Minimum; the body has 15 octets. */
static void
check_minimum(void)
{
	static const struct {
		const char		*name;
		const char		*l;
		struct dkim_minimum	 minimum;
		enum dkim_result	 result;
	} cases[] = {
		{ "all zero, all signed", "15", { 0 }, DKIM_PASS },
		{ "all zero, one left", "14", { 0 }, DKIM_POLICY },
		{ "1+, one left", "14", { DKIM_MINIMUM_LEFT, 1 }, DKIM_PASS },
		{ "1+, two left", "13", { DKIM_MINIMUM_LEFT, 1 },
		    DKIM_POLICY },
		{ "10, ten signed", "10", { DKIM_MINIMUM_BYTES, 10 },
		    DKIM_PASS },
		{ "10, nine signed", "9", { DKIM_MINIMUM_BYTES, 10 },
		    DKIM_POLICY },
		{ "100, all signed", "15", { DKIM_MINIMUM_BYTES, 100 },
		    DKIM_PASS },
		{ "100, one left", "14", { DKIM_MINIMUM_BYTES, 100 },
		    DKIM_POLICY },
		{ "0, none signed", "0", { DKIM_MINIMUM_BYTES, 0 },
		    DKIM_PASS },
		{ "0%, none signed", "0", { DKIM_MINIMUM_PERCENT, 0 },
		    DKIM_PASS },
		{ "80%, 12 signed", "12", { DKIM_MINIMUM_PERCENT, 80 },
		    DKIM_PASS },
		{ "80%, 11 signed", "11", { DKIM_MINIMUM_PERCENT, 80 },
		    DKIM_POLICY },
		{ "81%, 12 signed", "12", { DKIM_MINIMUM_PERCENT, 81 },
		    DKIM_POLICY },
		{ "100%, 15 signed", "15", { DKIM_MINIMUM_PERCENT, 100 },
		    DKIM_PASS },
		{ "100%, 14 signed", "14", { DKIM_MINIMUM_PERCENT, 100 },
		    DKIM_POLICY },
		{ "1%, none signed", "0", { DKIM_MINIMUM_PERCENT, 1 },
		    DKIM_POLICY },
	};
	struct dkim_verify_opts opts;
	const struct dkim_verdict *v;
	size_t i;

	lab_verify_opts(&lab, &opts);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		opts.minimum = cases[i].minimum;
		v = verdict_of(&opts, arena_printf(&lab.arena, "%s; l=%s%c",
		    TAGS, cases[i].l, 0).p);
		tap_num(v->result, cases[i].result, cases[i].name);
		tap_num(v->cover, v->result == DKIM_PASS ? DKIM_COVERED :
		    DKIM_BODY_OPEN, "cover");
		lab_next(&lab);
	}
	tap_ok(dkim_minimum_allows(&(struct dkim_minimum){
	    DKIM_MINIMUM_PERCENT, 1 }, UINT64_MAX - 1) == UINT64_MAX &&
	    dkim_minimum_allows(&(struct dkim_minimum){ DKIM_MINIMUM_LEFT,
	    UINT64_MAX }, 1) == UINT64_MAX, "no overflow");
}

/* Each name of the list, once in h=; with the option it passes. */
static void
check_extra_fields(void)
{
	static const char *const names[] = { "Subject", "Date", "To", "Cc",
		"Reply-To", "Message-ID", "In-Reply-To", "References",
		"MIME-Version", "Content-Type", "Content-Transfer-Encoding" };
	struct dkim_verify_opts opts;
	const struct dkim_verdict *v;
	struct str plain, field, tags, signature;
	size_t i, k;

	lab_verify_opts(&lab, &opts);
	for (i = 0; i < 3 * sizeof(names) / sizeof(names[0]); i++) {
		k = i / 3;
		opts.extra_fields = i % 3 == 1;
		field = arena_printf(&lab.arena, "%s: a\r\n", names[k]);
		plain = lab_join(&lab, field, STR("From: Kim <kim@example.com>"
		    "\r\n\r\n" LAB_BODY));
		tags = arena_printf(&lab.arena, " v=1; a=rsa-sha256; "
		    "c=relaxed/relaxed; d=example.com; s=rsa; h=from:%s%s%s; "
		    "bh=@BH@; b=@B@%c", names[k], i % 3 == 2 ? ":" : "",
		    i % 3 == 2 ? names[k] : "", 0);
		if (i % 3 == 2) {	/* both are signed */
			plain = lab_join(&lab, field, plain);
		}
		signature = lab_sign(&lab, tags.p, plain);
		if (i % 3 != 2) {
			plain = lab_join(&lab, field, plain);
		}
		v = dkim_verifier_get(lab_verify(&lab, &opts,
		    lab_join(&lab, signature, plain)), 0);
		tap_num(v->result, i % 3 == 0 ? DKIM_POLICY : DKIM_PASS,
		    names[k]);
		tap_num(v->cover, i % 3 == 0 ? DKIM_FIELD_OPEN : DKIM_COVERED,
		    "cover");
		lab_next(&lab);
	}
}

#define NAME_49	"x23456789012345678901234567890123456789012345678n"
#define NAME_50	"X" NAME_49

/* What is added that shows more to some readers than to an MTA. */
static void
check_loose_fields(void)
{
	static const struct {
		const char	*name, *field, *names;
		bool		 extra_fields;
		enum dkim_result result;
	} cases[] = {
		{ "a bare CR and a Subject", "X: a\rSubject: b\r\n",
		    "from:subject", false, DKIM_POLICY },
		{ "in another case, with white space",
		    "X: a\rsUBJECT \t: b\r\n", "from:subject", false,
		    DKIM_POLICY },
		{ "behind another", "X: a\rY: b\rSubject: c\r\n",
		    "from:subject", false, DKIM_POLICY },
		{ "oversigned", "X: a\rSubject: b\r\n",
		    "from:subject:subject:subject", false, DKIM_POLICY },
		{ "one that is not there but signed",
		    "X: a\rReply-To: b\r\n", "from:reply-to", false,
		    DKIM_POLICY },
		{ "AllowExtraFields", "X: a\rSubject: b\r\n",
		    "from:subject", true, DKIM_PASS },
		{ "not signed", "X: a\rReply-To: b\r\n", "from:subject",
		    false, DKIM_PASS },
		{ "a bare CR and white space", "X: a\r Pay here\r\n", "from",
		    false, DKIM_POLICY },
		{ "a fold", "X: a\r\n Subject: b\r\n", "from:subject", false,
		    DKIM_PASS },
		{ "another name", "X: a\rX-Subject: b\r\n",
		    "from:subject", false, DKIM_PASS },
		{ "no line", "X: a Subject: b\r\n", "from:subject", false,
		    DKIM_PASS },
		{ "a bare CR and an empty line", "X: a\r\rPay here\r\n",
		    "from", false, DKIM_POLICY },
		{ "a bare CR before the line end", "X: a\r\r\n Pay here\r\n",
		    "from", false, DKIM_POLICY },
		{ "a bare CR at the end", "X: a\r\r\n", "from", false,
		    DKIM_POLICY },
		{ "a bare CR and a line that is no field",
		    "X: a\rPay here\r\n", "from", false, DKIM_POLICY },
		{ "a bare CR and one word", "X: a\rPay\r\n", "from", false,
		    DKIM_POLICY },
		{ "a bare CR in a folded line", "X: a\r\n b\rPay: \rhere\r\n",
		    "from", false, DKIM_POLICY },
		{ "folded, white space alone", "X: a\r\n \r\n b\r\n",
		    "from", false, DKIM_PASS },
		{ "white space before the colon", "X : a\r\n Pay here\r\n",
		    "from", false, DKIM_POLICY },
		{ "the same, AllowExtraFields", "X\t: a\r\n Pay here\r\n",
		    "from", true, DKIM_PASS },
		{ "a name of 99", NAME_50 NAME_49 ": a\r\n", "from", false,
		    DKIM_PASS },
		{ "a name of 100", NAME_50 NAME_49 "n: a\r\n", "from", false,
		    DKIM_POLICY },
	};
	struct dkim_verify_opts opts;
	const struct dkim_verdict *v;
	struct str tags, signature;
	size_t i;

	lab_verify_opts(&lab, &opts);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		opts.extra_fields = cases[i].extra_fields;
		tags = arena_printf(&lab.arena, " v=1; a=rsa-sha256; "
		    "c=relaxed/relaxed; d=example.com; s=rsa; h=%s; "
		    "bh=@BH@; b=@B@%c", cases[i].names, 0);
		signature = lab_sign(&lab, tags.p, STR(LAB_MSG));
		v = dkim_verifier_get(lab_verify(&lab, &opts, lab_join(&lab,
		    str_from(cases[i].field), lab_join(&lab, signature,
		    STR(LAB_MSG)))), 0);
		tap_num(v->result, cases[i].result, cases[i].name);
		tap_num(v->cover, v->result == DKIM_PASS ? DKIM_COVERED :
		    DKIM_FIELD_OPEN, "cover");
		lab_next(&lab);
	}
}

/* What the signer has in its own fields is signed. */
static void
check_signed_loose_fields(void)
{
	static const struct {
		const char	*name, *field;
	} cases[] = {
		{ "white space before the colon", "X : a\r\n b\r\n" },
		{ "an empty line", "X: a\r\rb\r\n" },
		{ "a Subject", "X: a\rSubject: b\r\n" },
	};
	struct dkim_verify_opts opts;
	struct str msg, signature;
	size_t i, k;

	lab_verify_opts(&lab, &opts);
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		k = i / 2;
		msg = lab_join(&lab, str_from(cases[k].field), STR(LAB_MSG));
		signature = lab_sign(&lab, " v=1; a=rsa-sha256; "
		    "c=relaxed/relaxed; d=example.com; s=rsa; "
		    "h=from:subject:x; bh=@BH@; b=@B@", msg);
		msg = lab_join(&lab, signature, msg);
		if (i % 2 == 1) {	/* and one more */
			msg = lab_join(&lab, STR("X: c\rd\r\n"), msg);
		}
		tap_num(dkim_verifier_get(lab_verify(&lab, &opts, msg),
		    0)->result, i % 2 == 1 ? DKIM_POLICY : DKIM_PASS,
		    cases[k].name);
		lab_next(&lab);
	}
}

/* A signature over another signature; its own field is never selected. */
static void
check_signed_signature(void)
{
	struct dkim_verify_opts opts;
	struct dkim_verifier *v;
	struct str inner, msg;

	lab_verify_opts(&lab, &opts);
	inner = lab_join(&lab, lab_sign(&lab, TAGS, STR(LAB_MSG)),
	    STR(LAB_MSG));
	msg = lab_join(&lab, lab_sign(&lab, " v=1; a=ed25519-sha256; "
	    "d=example.com; s=ed; h=from:dkim-signature:dkim-signature; "
	    "bh=@BH@; b=@B@", inner), inner);
	v = lab_verify(&lab, &opts, msg);
	tap_num(count_results(v, DKIM_PASS), 2, "a signed signature");
	lab_next(&lab);
}

static void
check_limits(void)
{
	struct dkim_verify_opts opts;
	struct dkim_verifier *v;
	struct str sig;

	lab_verify_opts(&lab, &opts);
	sig = lab_sign(&lab, TAGS, STR(LAB_MSG));
	v = lab_verify(&lab, &opts, lab_repeat(&lab, sig, 1000));
	tap_num((long long)dkim_verifier_count(v), 1000, "1,000 signatures");
	tap_num(count_results(v, DKIM_PASS), 5, "five are verified");
	tap_num(count_results(v, DKIM_POLICY), 995, "the rest: policy");
	tap_num(dkim_verifier_get(v, 4)->result, DKIM_PASS,
	    "the topmost are verified");
	tap_str(str_from(dkim_verifier_get(v, 5)->reason),
	    STR("too many signatures"), "reason of the others");
	tap_str(dkim_verifier_get(v, 999)->sig.domain, STR("example.com"),
	    "domain of the others");
	tap_num((long long)dns_batch_count(lab.batch), 1,
	    "one query for all");
	lab_next(&lab);
	opts.max_signatures = 0;
	sig = lab_sign(&lab, TAGS, STR(LAB_MSG));
	v = lab_verify(&lab, &opts, lab_repeat(&lab, sig, 1));
	tap_num(dkim_verifier_get(v, 0)->result, DKIM_POLICY,
	    "max_signatures 0: policy");
	tap_num((long long)dns_batch_count(lab.batch), 0,
	    "max_signatures 0: no query");
	lab_next(&lab);
	v = lab_verify(&lab, &opts, STR(LAB_MSG));
	tap_num((long long)dkim_verifier_count(v), 0, "no signature");
	lab_next(&lab);
}

static void
check_vectors(void)
{
	struct dkim_verify_opts opts;
	struct dkim_verifier *v;
	size_t i;

	lab_verify_opts(&lab, &opts);
	lab_publish(&lab, DKIM_VECTORS_ZONE);
	for (i = 0; i < DKIM_VECTORS; i++) {
		v = lab_verify(&lab, &opts, lab_join(&lab,
		    str_from(dkim_vectors[i].field), STR(DKIM_VECTORS_MSG)));
		tap_num(count_results(v, DKIM_PASS), 1,
		    dkim_vectors[i].name);
		lab_next(&lab);
	}
}

/* NOMEM at every allocation. */
static void
check_nomem(void)
{
	enum status status = STATUS_NOMEM;
	struct dkim_verify_opts opts;
	struct dkim_verifier *v;
	struct dkim_bodies *bodies;
	struct arena small;
	struct message m;
	size_t max;

	lab_verify_opts(&lab, &opts);
	m = lab_message(&lab, signed_message(TAGS, &(struct change){ 0 }));
	for (max = 0; status == STATUS_NOMEM && max < 65536; max += 16) {
		arena_init(&small, max);
		bodies = dkim_bodies_new(&small, lab.crypto);
		lab.batch = dns_batch_new(lab.dns);
		if (bodies != NULL) {
			status = dkim_verifier_new(&small, &opts, &m.fields,
			    bodies, lab.batch, &v);
		}
		if (status == STATUS_OK) {
			dkim_bodies_update(bodies, m.body.p, m.body.n);
			lab_must(dkim_bodies_finish(bodies) == STATUS_OK,
			    "body hash");
			dns_batch_wait(lab.batch,
			    env_mono_us(&lab.env) + 200000);
			status = dkim_verifier_finish(v);
		}
		if (status == STATUS_OK) {
			tap_num(count_results(v, DKIM_PASS), 1,
			    "OK with enough memory");
		}
		dkim_bodies_fini(bodies);
		dns_batch_free(lab.batch);
		lab.batch = NULL;
		arena_fini(&small);
	}
	tap_num(status, STATUS_OK, "NOMEM with little memory, then OK");
	lab_next(&lab);
}

static void
check_names(void)
{
	static const char *const names[] = { "none", "pass", "fail", "policy",
	    "neutral", "temperror", "permerror" };
	int i;

	for (i = DKIM_NONE; i <= DKIM_PERMERROR; i++) {
		tap_str(str_from(dkim_result_name((enum dkim_result)i)),
		    str_from(names[i]), "RFC 8601 2.7.1");
	}
}

int
main(void)
{
	size_t i;

	lab_init(&lab, zone);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
	check_details();
	check_several();
	check_minimum();
	check_extra_fields();
	check_loose_fields();
	check_signed_loose_fields();
	check_signed_signature();
	check_limits();
	check_nomem();
	check_names();
	check_vectors();
	lab_fini(&lab);
	return (tap_done());
}
