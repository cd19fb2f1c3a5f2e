/* SPDX-License-Identifier: BSD-2-Clause */
#include "authres/authres.h"
#include "test/unit/alloc_fail.h"
#include "test/unit/tap.h"

#define OURS	true
#define FOREIGN	false

/* The authserv-id is mx.example.com, if the row names none. */
static const struct {
	const char	*name;
	bool		 forged;
	struct str	 value;
	const char	*id;
} rows[] = {
	{ "ours", OURS, STR("mx.example.com; spf=pass"), NULL },
	{ "ours, no space", OURS, STR("mx.example.com;spf=pass"), NULL },
	{ "ours, nothing behind it", OURS, STR("mx.example.com"), NULL },
	{ "ours, garbage behind it", OURS, STR("mx.example.com; \"(("), NULL },
	{ "ours, a NUL behind it", OURS, STR("mx.example.com; a\0b"), NULL },
	{ "case", OURS, STR("Mx.EXAMPLE.com; spf=pass"), NULL },
	{ "folded", OURS, STR("\r\n\tmx.example.com\r\n\t;spf=pass"), NULL },
	{ "folded with LF", OURS, STR("\n mx.example.com\n ; spf=pass"),
	    NULL },
	{ "a comment in front", OURS, STR("(x) mx.example.com; spf=pass"),
	    NULL },
	{ "a nested comment in front", OURS,
	    STR("(a (b\\) ;) c) mx.example.com; spf=pass"), NULL },
	{ "a comment behind", OURS, STR("mx.example.com(x); spf=pass"), NULL },
	{ "quoted", OURS, STR("\"mx.example.com\"; spf=pass"), NULL },
	{ "quoted pairs", OURS, STR("\"m\\x.example.co\\m\"; spf=pass"),
	    NULL },
	{ "quoted and folded", OURS, STR("\"mx.exa\r\n mple.com\"; none"),
	    "mx.exa mple.com" },
	{ "quoted with space around", OURS,
	    STR("\" mx.example.com\t\"; spf=pass"), NULL },
	{ "a version", OURS, STR("mx.example.com 1; spf=pass"), NULL },
	{ "comment, quotes, version (2.2)", OURS,
	    STR("(x) \"mx.example.com\" (y) 1 (z); spf=pass"), NULL },
	{ "a trailing dot", OURS, STR("mx.example.com.; spf=pass"), NULL },
	{ "two trailing dots", OURS, STR("mx.example.com..; spf=pass"), NULL },
	{ "a trailing dot of ours", OURS, STR("mx.example.com; none"),
	    "mx.example.com." },
	{ "id/host", OURS, STR("mx.example.com/relay1; spf=pass"), NULL },
	{ "id/host, quoted", OURS, STR("\"mx.example.com/a b\"; spf=pass"),
	    NULL },
	{ "ours has a '/'", OURS, STR("\"example.com/mx1\"; none"),
	    "example.com/mx1" },
	{ "U-labels for A-labels", OURS, STR("b\xc3\xbc" "cher.example; none"),
	    "xn--bcher-kva.example" },
	{ "upper-case U-labels", OURS, STR("B\xc3\x9c" "CHER.example; none"),
	    "xn--bcher-kva.example" },
	{ "A-labels for U-labels", OURS, STR("XN--bcher-kva.example/a; none"),
	    "b\xc3\xbc" "cher.example" },
	{ "full-width letters", OURS,
	    STR("\xef\xbd\x8d" "x.example.com; none"), NULL },
	{ "an ideographic full stop", OURS,
	    STR("mx\xe3\x80\x82" "example.com; none"), NULL },
	{ "a soft hyphen", OURS, STR("mx.exam\xc2\xad" "ple.com; none"),
	    NULL },
	{ "not UTF-8", OURS, STR("other.example\xff; none"), NULL },
	{ "an id that is no domain", OURS, STR("\"Our Gateway\"; none"),
	    "our gateway" },
	/* What cannot be parsed as far as its authserv-id. */
	{ "empty", OURS, STR(""), NULL },
	{ "no authserv-id", OURS, STR("; spf=pass"), NULL },
	{ "a comment that does not end", OURS, STR("(x mx.example.com; a=b"),
	    NULL },
	{ "a comment that does not end, behind a foreign id", OURS,
	    STR("other.example (x; a=b"), NULL },
	{ "a comment that does not end, behind the version", OURS,
	    STR("other.example 1 (x; a=b"), NULL },
	{ "a quote that does not end", OURS, STR("\"mx.example.com; a=b"),
	    NULL },
	{ "a comment inside the name", OURS,
	    STR("mx.exam(x)ple.com; spf=pass"), NULL },
	{ "a fold inside the name", OURS, STR("mx.exam\r\n ple.com; a=b"),
	    NULL },
	{ "quotes inside the name", OURS, STR("mx.\"example\".com; a=b"),
	    NULL },
	{ "a NUL inside the name", OURS, STR("mx.example\0.com; a=b"), NULL },
	{ "a bare CR inside the name", OURS, STR("mx.exam\rple.com; a=b"),
	    NULL },
	{ "an encoded word", OURS, STR("=?utf-8?q?mx=2Eexample=2Ecom?=; a=b"),
	    NULL },
	{ "an encoded word, quoted", OURS,
	    STR("\" =?utf-8?q?mx=2Eexample=2Ecom?= \"; a=b"), NULL },
	{ "an encoded word that ends the comment", OURS,
	    STR("(=?utf-8?q?=29mx=2Eexample=2Ecom=3B?=) other.example; a=b"),
	    NULL },
	{ "an encoded word in a comment behind a foreign id", OURS,
	    STR("other.example (=?utf-8?q?a?=); a=b"), NULL },
	{ "a result where the id should be", OURS,
	    STR("spf=pass smtp.mailfrom=a; dkim=pass"), NULL },
	{ "a word behind a foreign id", OURS, STR("other.example x; a=b"),
	    NULL },
	/* RFC 8601 5: a version that is not known. */
	{ "ours, another version", OURS, STR("mx.example.com 2; a=b"), NULL },
	{ "foreign, another version", OURS, STR("other.example 2; a=b"),
	    NULL },
	/* No names of hosts, but a search for ours finds them. */
	{ "a hyphen behind it", OURS, STR("mx.example.com-; a=b"), NULL },
	{ "a hyphen before it", OURS, STR("-mx.example.com; a=b"), NULL },
	{ "a dot before it", OURS, STR(".mx.example.com; a=b"), NULL },
	{ "an underscore behind it", OURS, STR("mx.example.com_; a=b"), NULL },
	{ "an underscore before it", OURS, STR("x_mx.example.com; a=b"),
	    NULL },
	{ "two dots before it", OURS, STR("a..MX.example.com; a=b"), NULL },
	{ "a hyphen before a dot", OURS, STR("a-.mx.example.com; a=b"), NULL },
	{ "an asterisk", OURS, STR("*mx.example.com*; a=b"), NULL },
	{ "a slash before it", OURS, STR("/mx.example.com; a=b"), NULL },
	{ "quoted, among words", OURS, STR("\"see mx.example.com here\"; a=b"),
	    NULL },
	{ "quoted, an address", OURS, STR("\"a@mx.example.com\"; a=b"),
	    NULL },
	/* Others' stay. */
	{ "a hyphen within a longer name", FOREIGN,
	    STR("a-mx.example.com; a=b"), NULL },
	{ "a longer name, hyphens", FOREIGN,
	    STR("mx.example.com--x; a=b"), NULL },
	{ "a letter behind it", FOREIGN, STR("mx.example.comx; a=b"), NULL },
	{ "foreign", FOREIGN, STR("other.example; spf=pass"), NULL },
	{ "foreign, ours in a comment", FOREIGN,
	    STR("(mx.example.com;) other.example; spf=pass"), NULL },
	{ "foreign, ours as a result", FOREIGN,
	    STR("other.example; mx.example.com=pass"), NULL },
	{ "foreign, garbage behind it", FOREIGN,
	    STR("other.example; (((\"\0"), NULL },
	{ "foreign, an encoded word behind it", FOREIGN,
	    STR("other.example; a=b (=?utf-8?q?a?=)"), NULL },
	{ "foreign with a version", FOREIGN, STR("other.example 1; a=b"),
	    NULL },
	{ "foreign, quoted", FOREIGN, STR("\"other.example\"; a=b"), NULL },
	{ "foreign U-labels", FOREIGN,
	    STR("b\xc3\xbc" "cher.example; none"), NULL },
	{ "a name below ours", FOREIGN, STR("a.mx.example.com; a=b"), NULL },
	{ "the name above ours", FOREIGN, STR("example.com; a=b"), NULL },
	{ "ours is the beginning of it", FOREIGN,
	    STR("mx.example.com.evil.example; a=b"), NULL },
	{ "foreign/ours", FOREIGN, STR("other.example/mx.example.com; a=b"),
	    NULL },
	{ "an empty id", FOREIGN, STR("\"\"; a=b"), NULL },
};

static const struct {
	const char	*name;
	bool		 hides;
	struct str	 value;
} hidden[] = {
	{ "behind a bare CR", true,
	    STR(" x\rAuthentication-Results: mx.example.com; a=b") },
	{ "case and space", true,
	    STR(" x\r\rAUTHENTICATION-results \t:mx.example.com; a=b") },
	{ "behind a CRLF that folds nothing", true,
	    STR(" x\r\nAuthentication-Results: mx.example.com; a=b") },
	{ "the second of two CRs", true,
	    STR(" \rAuthentication-Results\rAuthentication-Results:") },
	{ "a fold, for that reader, too", false,
	    STR(" x\r Authentication-Results: mx.example.com; a=b") },
	{ "a real fold", false,
	    STR(" x\r\n Authentication-Results: mx.example.com; a=b") },
	{ "another name", false,
	    STR(" x\rX-Authentication-Results: mx.example.com; a=b") },
	{ "a longer name", false,
	    STR(" x\rAuthentication-Results-X: mx.example.com; a=b") },
	{ "no colon", false, STR(" x\rAuthentication-Results") },
	{ "no CR", false, STR(" Authentication-Results: mx.example.com") },
	{ "CR at the end", false, STR(" x\r") },
	{ "the ARC form", true,
	    STR(" x\rARC-Authentication-Results: i=1; mx.example.com; a=b") },
	/* RFC 2047 */
	{ "q", true, STR(" =?utf-8?q?x=0AAuthentication-Results:_"
	    "mx.example.com;_dmarc=3Dpass?=") },
	{ "q, lower-case hex, CR, another case, white space", true,
	    STR(" a =?x?Q?=0dauthentication-RESULTS=09_:?= b") },
	{ "q, letters encoded as well", true, STR(" =?utf-8?q?=0A=41uthentic"
	    "ation=2DResults=3A?=") },
	{ "b", true, STR(" =?utf-8?b?eApBdXRoZW50aWNhdGlvbi1SZXN1bHRzOiBtO"
	    "w==?=") },
	{ "b, broken into pieces", true, STR(" =?utf-8?B?eApBdXRo ZW50aWNhd"
	    "Glvb\r\n i1SZXN1bHRzOiBtOw==?=") },
	{ "two words, a fold between", true, STR(" =?utf-8?q?x=0AAuthenti?="
	    "\r\n\t=?us-ascii?b?Y2F0aW9uLVJlc3VsdHM6?=") },
	{ "a word, then plain", true,
	    STR(" =?utf-8?q?x=0A?=Authentication-Results: m") },
	{ "the ARC form, encoded", true,
	    STR(" =?utf-8?q?=0AARC-Authentication-Results:?=") },
	{ "UTF-16", true, STR(" =?utf-16be?q?=00=0A=00A=00u=00t=00h=00e=00n"
	    "=00t=00i=00c=00a=00t=00i=00o=00n=00-=00R=00e=00s=00u=00l=00t=00s"
	    "=00:?=") },
	{ "UTF-7", true,
	    STR(" =?utf-7?q?+AAo-Authentication-Results+ADo-?=") },
	{ "a line separator", true,
	    STR(" =?utf-8?q?=E2=80=A8Authentication-Results:?=") },
	{ "within another word", true, STR(" =?x?b?=?utf-8?q?=0AAuthenticati"
	    "on-Results:?=") },
	{ "around another word", true, STR(" =?x?q?=0AAuthentication-Results"
	    ":=?x?b?eA==?=") },
	{ "a space in the word", true,
	    STR(" =?utf-8?q?=0AAuthentication-Results: m?=") },
	{ "nested beyond the limit", true, STR(" =0B"
	    "=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?"
	    "=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?"
	    "=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?"
	    "=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?"
	    "=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?"
	    "=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?"
	    "=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?=?a?q?"
	    " ?=") },
	/* line ends that are not encoded, before, within or between words */
	{ "NEL before a word", true,
	    STR(" x\x85=?utf-8?q?Authentication-Results:?= mx; a=b") },
	{ "CR before a word", true,
	    STR(" x\r=?utf-8?q?Authentication-Results:?= mx; a=b") },
	{ "LF before a word", true,
	    STR(" x\n=?utf-8?q?Authentication-Results:?= mx; a=b") },
	{ "CR LF before a word", true,
	    STR(" x\r\n=?utf-8?q?Authentication-Results:?= mx; a=b") },
	{ "VT before a word", true,
	    STR(" x\x0b=?utf-8?q?Authentication-Results:?= mx; a=b") },
	{ "FF before a word", true,
	    STR(" x\f=?utf-8?q?Authentication-Results:?= mx; a=b") },
	{ "FS before a word", true,
	    STR(" x\x1c=?utf-8?q?Authentication-Results:?= mx; a=b") },
	{ "LS before a word", true, STR(" x\xe2\x80\xa8"
	    "=?utf-8?q?Authentication-Results:?= mx; a=b") },
	{ "PS before a word", true, STR(" x\xe2\x80\xa9"
	    "=?utf-8?q?Authentication-Results:?= mx; a=b") },
	{ "NUL between a line end and a word", true,
	    STR(" x\x85\0=?utf-8?q?Authentication-Results:?= mx; a=b") },
	{ "NEL in a word", true,
	    STR(" =?utf-8?q?x\x85" "Authentication-Results:?= mx; a=b") },
	{ "CR in a word", true,
	    STR(" =?utf-8?q?x\rAuthentication-Results:?= mx; a=b") },
	{ "NEL at the end of a word", true,
	    STR(" =?utf-8?q?x\x85?= =?utf-8?q?Authentication-Results:?=") },
	{ "NEL, the name in two words", true,
	    STR(" x\x85=?utf-8?q?Authentica?= =?utf-8?q?tion-Results:?=") },
	{ "NEL, half the name in a word", true,
	    STR(" x\x85" "Authentication-=?utf-8?q?Results:?= mx") },
	{ "NEL before a word, the ARC form", true,
	    STR(" x\x85=?utf-8?q?ARC-Authentication-Results:?= i=1") },
	{ "NEL and white space before a word", false,
	    STR(" x\x85 =?utf-8?q?Authentication-Results:?= mx; a=b") },
	{ "a real fold before a word", false,
	    STR(" x\r\n =?utf-8?q?Authentication-Results:?= mx; a=b") },
	{ "NEL at the end, behind a word", false,
	    STR(" =?utf-8?q?Authentication-Results:?= mx; a=b\x85") },
	{ "raw UTF-8 beside a word", false, STR(" Caf\xc3\xa9 "
	    "=?utf-8?q?Authentication-Results:?= mx; a=b") },
	{ "no line end", false,
	    STR(" =?utf-8?q?x_Authentication-Results:_m?=") },
	{ "the start of the value", false,
	    STR(" =?utf-8?q?Authentication-Results:_m?=") },
	{ "a fold behind the line end", false,
	    STR(" =?utf-8?q?x=0A_Authentication-Results:_m?=") },
	{ "encoded, another name", false,
	    STR(" =?utf-8?q?x=0AX-Authentication-Results:_m?=") },
	{ "encoded, no colon", false,
	    STR(" =?utf-8?q?x=0AAuthentication-Results_m:?=") },
	{ "not encoded", false, STR(" =0AAuthentication-Results: m") },
	{ "no end of the word", false,
	    STR(" =?utf-8?q?x=0AAuthentication-Results: m") },
	{ "another encoding", false,
	    STR(" =?utf-8?x?x=0AAuthentication-Results:?=") },
	{ "ordinary words", false, STR(" =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n "
	    "=?utf-8?b?YXVzIELDtmhtZW4=?= (=?iso-8859-1?q?a=0Ab?=)") },
	{ "empty", false, STR("") },
};

/* Equal only after both were made A-labels, for which there is no memory. */
static void
test_no_memory(void)
{
	unsigned at, kept = 0, failures = 0;
	bool failed = true;

	for (at = 0; failed && at < ALLOC_FAIL_MAX; at++) {
		alloc_fail_at(at);
		kept += !authres_is_forged(STR("XN--bcher-kva.example/a; none"),
		    STR("b\xc3\xbc" "cher.example"));
		failed = alloc_failed();
		failures += failed;
	}
	tap_ok(failures > 0 && kept == 0, "no memory: ours, %u times",
	    failures);
}

int
main(void)
{
	struct str id;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		id = str_from(rows[i].id != NULL ? rows[i].id :
		    "mx.example.com");
		tap_num(authres_is_forged(rows[i].value, id), rows[i].forged,
		    rows[i].name);
	}
	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		tap_num(authres_is_hidden(hidden[i].value), hidden[i].hides,
		    hidden[i].name);
	}
	test_no_memory();
	return (tap_done());
}
