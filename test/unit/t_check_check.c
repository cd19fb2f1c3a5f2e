/* SPDX-License-Identifier: BSD-2-Clause */
/* Findings about a domain: one row for each condition. */
#include "test/unit/check_lab.h"


static const struct row {
	const char		*name;
	const char		*zone;
	const char		*want;	/* "id:severity ..." */
	struct check_case	 opts;
} rows[] = {
	{ "all is well", HOST MX SPF KEY POLICY, "", USUAL },
	{ "no such domain: nothing else", "x.example. A 192.0.2.1\n",
	    "domain.missing:error", USUAL },
	{ "a wildcard TXT", HOST MX SPF KEY POLICY T("*.d.example.", "x"),
	    "domain.wildcard-txt:info", USUAL },
	{ "a wildcard A only", HOST MX SPF KEY POLICY
	    "*.d.example. A 192.0.2.7\n", "", USUAL },

	{ "MX fails", HOST T("d.example.", "v=spf1 ip4:192.0.2.1 ~all") KEY
	    POLICY "d.example. SERVFAIL MX\n", "mx.lookup:unknown", USUAL },
	{ "no MX, address fails", HOST KEY POLICY
	    T("d.example.", "v=spf1 ip4:192.0.2.1 ~all")
	    "d.example. TIMEOUT A\n", "mx.lookup:unknown", USUAL },
	{ "a host's address fails", HOST MX SPF KEY POLICY
	    "d.example. MX 20 b.d.example.\nb.d.example. TIMEOUT\n",
	    "mx.lookup:unknown", USUAL },
	{ "A without MX", HOST KEY POLICY "d.example. A 192.0.2.1\n"
	    T("d.example.", "v=spf1 a ~all"), "mx.implicit:warn", USUAL },
	{ "AAAA without MX", HOST KEY POLICY "d.example. AAAA 2001:db8::1\n"
	    T("d.example.", "v=spf1 ip4:192.0.2.1 ~all"), "mx.implicit:warn",
	    USUAL },
	{ "neither MX nor address", HOST KEY
	    T("_dmarc.d.example.", "v=DMARC1; p=reject")
	    T("d.example.", "v=spf1 ip4:192.0.2.1 ~all"), "mx.missing:error",
	    USUAL },
	{ "parked without MX", T("d.example.", "v=spf1 -all")
	    T("_dmarc.d.example.", "v=DMARC1; p=reject"),
	    "mx.null-missing:info", NOTHING },
	{ "parked, with an address", T("d.example.", "v=spf1 -all")
	    "d.example. A 192.0.2.1\n"
	    T("_dmarc.d.example.", "v=DMARC1; p=reject"),
	    "mx.implicit:warn", NOTHING },
	{ "parked in capitals, null MX", T("d.example.", "V=SPF1 -ALL")
	    "d.example. MX 0 .\n"
	    T("_dmarc.d.example.", "v=DMARC1; p=reject"), "mx.null:info",
	    NOTHING },
	{ "null MX of a domain that sends", HOST KEY "d.example. MX 0 .\n"
	    T("d.example.", "v=spf1 ip4:192.0.2.1 ~all")
	    T("_dmarc.d.example.", "v=DMARC1; p=reject"), "mx.null:error",
	    USUAL },
	{ "null MX beside another ends the checks", HOST KEY
	    "d.example. MX 0 .\nd.example. MX 5 gone.d.example.\n"
	    T("d.example.", "v=spf1 ip4:192.0.2.1 ~all")
	    T("_dmarc.d.example.", "v=DMARC1; p=reject"),
	    "mx.null-mixed:error", USUAL },
	{ "MX names an address", HOST MX SPF KEY POLICY
	    "d.example. MX 20 192.0.2.1.\n", "mx.target-ip:error", USUAL },
	{ "MX names an alias", HOST MX SPF KEY POLICY
	    "d.example. MX 20 b.d.example.\nb.d.example. CNAME "
	    "mail.d.example.\n", "mx.target-cname:warn", USUAL },
	{ "MX names an alias to nothing", HOST MX SPF KEY POLICY
	    "d.example. MX 20 b.d.example.\nb.d.example. CNAME "
	    "gone.d.example.\n", "mx.target-cname:warn mx.target-missing:warn",
	    USUAL },
	{ "MX host with private addresses", HOST MX SPF KEY POLICY
	    "d.example. MX 20 b.d.example.\nb.d.example. A 10.0.0.1\n"
	    "b.d.example. AAAA fd00::1\n", "mx.target-private:error", USUAL },
	{ "MX host with a private and a public address", HOST MX SPF KEY POLICY
	    "d.example. MX 20 b.d.example.\nb.d.example. A 10.0.0.1\n"
	    "b.d.example. AAAA 2001:db8::1\n", "", USUAL },
	{ "MX is localhost", HOST MX SPF KEY POLICY
	    "d.example. MX 20 localhost.\n", "mx.target-private:error",
	    USUAL },
	{ "MX host at the loopback address", HOST MX SPF KEY POLICY
	    "d.example. MX 20 b.d.example.\nb.d.example. A 127.0.0.1\n",
	    "mx.target-private:error", USUAL },
	{ "MX names an address and the domain", HOST MX SPF KEY POLICY
	    "d.example. MX 20 192.0.2.1.d.example.\n",
	    "mx.target-missing:warn", USUAL },
	{ "one of two MX hosts is gone", HOST MX SPF KEY POLICY
	    "d.example. MX 20 b.d.example.\n", "mx.target-missing:warn",
	    USUAL },
	{ "all MX hosts are gone", HOST KEY POLICY
	    T("d.example.", "v=spf1 ip4:192.0.2.1 ~all")
	    "d.example. MX 20 b.d.example.\nd.example. MX 30 c.d.example.\n",
	    "mx.target-missing:error", USUAL },
	{ "mail goes elsewhere", HOST KEY POLICY
	    T("d.example.", "v=spf1 ip4:192.0.2.1 ~all")
	    "d.example. MX 20 b.d.example.\nb.d.example. A 192.0.2.9\n",
	    "mx.elsewhere:info", USUAL },

	{ "a private address", HOST MX T("d.example.",
	    "v=spf1 mx ip4:203.0.113.1 ~all") KEY POLICY,
	    "ip.private:error helo.address-mismatch:warn helo.spf:error "
	    "spf.sender:error",
	    { "100.64.1.1", "mail.d.example", "s", NULL, NULL, NULL } },
	{ "PTR fails", ADDRESS HELO MX SPF KEY POLICY
	    "1.2.0.192.in-addr.arpa. TIMEOUT\n", "ptr.lookup:unknown", USUAL },
	{ "an address of a PTR name fails", ADDRESS HELO MX SPF KEY POLICY
	    "1.2.0.192.in-addr.arpa. PTR b.d.example.\nb.d.example. "
	    "SERVFAIL A\n", "ptr.lookup:unknown", USUAL },
	{ "no PTR", ADDRESS HELO MX SPF KEY POLICY, "ptr.missing:error",
	    USUAL },
	{ "PTR leads elsewhere", ADDRESS HELO MX SPF KEY POLICY
	    "1.2.0.192.in-addr.arpa. PTR b.d.example.\nb.d.example. A "
	    "192.0.2.9\n", "ptr.unconfirmed:error", USUAL },
	{ "two PTR names", HOST MX SPF KEY POLICY
	    "1.2.0.192.in-addr.arpa. PTR b.d.example.\n", "ptr.multiple:info",
	    USUAL },
	{ "a generic PTR name", ADDRESS HELO MX SPF KEY POLICY
	    "1.2.0.192.in-addr.arpa. PTR dsl-7.isp.example.\n"
	    "dsl-7.isp.example. A 192.0.2.1\n",
	    "ptr.generic:warn ptr.helo-mismatch:warn", USUAL },
	{ "PTR by an alias (RFC 2317)", ADDRESS HELO MX SPF KEY POLICY
	    "1.2.0.192.in-addr.arpa. CNAME 1.0-7.2.0.192.in-addr.arpa.\n"
	    "1.0-7.2.0.192.in-addr.arpa. PTR mail.d.example.\n", "", USUAL },
	{ "letters around a generic word", ADDRESS HELO MX SPF KEY POLICY
	    "1.2.0.192.in-addr.arpa. PTR liverpool.d.example.\n"
	    "liverpool.d.example. A 192.0.2.1\n", "ptr.helo-mismatch:warn",
	    USUAL },
	{ "PTR in other letter case", ADDRESS HELO MX SPF KEY POLICY
	    "1.2.0.192.in-addr.arpa. PTR MAIL.d.example.\n", "",
	    { "192.0.2.1", "Mail.D.example.", "s", NULL, NULL, NULL } },
	{ "IPv6 by itself", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx ip6:2001:db8::1 ~all")
	    "mail.d.example. AAAA 2001:db8::1\n", "ptr.missing:error",
	    { "192.0.2.1 " V6, "mail.d.example", "s", NULL, NULL, NULL } },

	{ "HELO localhost", ADDRESS PTR MX SPF KEY POLICY, "helo.syntax:error",
	    { "192.0.2.1", "localhost", "s", NULL, NULL, NULL } },
	{ "HELO with an underscore", HOST MX SPF KEY POLICY,
	    "helo.syntax:error",
	    { "192.0.2.1", "my_host.d.example", "s", NULL, NULL, NULL } },
	{ "HELO with a hyphen at the end of a label", HOST MX SPF KEY POLICY,
	    "helo.syntax:error",
	    { "192.0.2.1", "mail-.d.example", "s", NULL, NULL, NULL } },
	{ "HELO with a hyphen in front", HOST MX SPF KEY POLICY,
	    "helo.syntax:error",
	    { "192.0.2.1", "-mail.d.example", "s", NULL, NULL, NULL } },
	{ "HELO is an address literal", HOST MX SPF KEY POLICY,
	    "helo.syntax:error",
	    { "192.0.2.1", "[192.0.2.1]", "s", NULL, NULL, NULL } },
	{ "HELO is an address", HOST MX SPF KEY POLICY, "helo.syntax:error",
	    { "192.0.2.1", "192.0.2.1", "s", NULL, NULL, NULL } },
	{ "HELO fails", HOST MX SPF KEY POLICY "b.d.example. TIMEOUT\n",
	    "helo.lookup:unknown",
	    { "192.0.2.1", "b.d.example", "s", NULL, NULL, NULL } },
	{ "HELO without address", HOST MX SPF KEY POLICY,
	    "helo.unresolvable:error",
	    { "192.0.2.1", "b.d.example", "s", NULL, NULL, NULL } },
	{ "HELO with another address", HOST MX SPF KEY POLICY
	    "b.d.example. A 192.0.2.9\n",
	    "helo.address-mismatch:warn ptr.helo-mismatch:warn "
	    "helo.spf-missing:info",
	    { "192.0.2.1", "b.d.example", "s", NULL, NULL, NULL } },
	{ "SPF of HELO fails", ADDRESS PTR MX SPF KEY POLICY
	    T("mail.d.example.", "v=spf1 -all"), "helo.spf:error", USUAL },
	{ "SPF of HELO is softfail", ADDRESS PTR MX SPF KEY POLICY
	    T("mail.d.example.", "v=spf1 ~all"), "helo.spf:warn", USUAL },
	{ "SPF of HELO is neutral", ADDRESS PTR MX SPF KEY POLICY
	    T("mail.d.example.", "v=spf1 ?all"), "helo.spf:warn", USUAL },
	{ "HELO is the domain", PTR MX KEY POLICY ADDRESS
	    "d.example. A 192.0.2.1\n" T("d.example.", "v=spf1 a ~all"),
	    "ptr.helo-mismatch:warn",
	    { "192.0.2.1", "d.example", "s", NULL, NULL, NULL } },

	{ "TXT fails", HOST MX KEY POLICY "d.example. TIMEOUT TXT\n",
	    "spf.lookup:unknown", USUAL },
	{ "an include fails", HOST MX KEY POLICY "i.example. SERVFAIL TXT\n"
	    T("d.example.", "v=spf1 mx include:i.example ~all"),
	    "spf.lookup:unknown", USUAL },
	{ "no SPF", HOST MX KEY POLICY, "spf.missing:error", USUAL },
	{ "v=spf10", HOST MX KEY POLICY T("d.example.", "v=spf10 mx ~all"),
	    "spf.near-miss:error", USUAL },
	{ "spf1 without v=", HOST MX KEY POLICY
	    T("d.example.", "spf1 mx ~all"), "spf.near-miss:error", USUAL },
	{ "a space before", HOST MX KEY POLICY
	    T("d.example.", " v=spf1 mx ~all"), "spf.near-miss:error", USUAL },
	{ "a near miss beside", HOST MX KEY POLICY SPF
	    T("d.example.", "\\\"v=spf1 mx -all\\\""), "spf.near-miss:warn",
	    USUAL },
	{ "Sender ID is none", HOST MX KEY POLICY SPF
	    T("d.example.", "spf2.0/pra mx ~all"), "", USUAL },
	{ "two records", HOST MX KEY POLICY SPF
	    T("d.example.", "v=spf1 -all"), "spf.multiple:error", USUAL },
	{ "syntax", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx ip4:192.0.2.300 ~all"),
	    "spf.syntax:error", USUAL },
	{ "a loop of one", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx include:d.example ~all"),
	    "spf.loop:error", USUAL },
	{ "a loop by redirect", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 include:a.example ~all")
	    T("a.example.", "v=spf1 redirect=d.example"),
	    "spf.loop:error", USUAL },
	{ "include of nothing", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx include:i.example ~all"),
	    "spf.include-none:error", USUAL },
	{ "include of other TXT", HOST MX KEY POLICY T("i.example.", "x")
	    T("d.example.", "v=spf1 mx include:i.example ~all"),
	    "spf.include-none:error", USUAL },
	{ "redirect to nothing", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 redirect=i.example"),
	    "spf.include-none:error", USUAL },
	{ "include of a syntax error", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx include:i.example ~all")
	    T("i.example.", "v=spf1 foo ~all"), "spf.include-broken:error",
	    USUAL },
	{ "include of two", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx include:i.example ~all")
	    T("i.example.", "v=spf1 ~all") T("i.example.", "v=spf1 -all"),
	    "spf.include-broken:error", USUAL },
	{ "nine lookups", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx a:mail.d.example a:mail.d.example "
	    "a:mail.d.example a:mail.d.example a:mail.d.example "
	    "a:mail.d.example a:mail.d.example a:mail.d.example ~all"),
	    "spf.lookups:warn", USUAL },
	{ "eleven lookups, one by redirect", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 redirect=r.example") T("r.example.",
	    "v=spf1 mx:d.example a:mail.d.example a:mail.d.example "
	    "a:mail.d.example a:mail.d.example a:mail.d.example "
	    "a:mail.d.example a:mail.d.example a:mail.d.example "
	    "a:mail.d.example ~all"), "spf.lookups:error", USUAL },
	{ "terms after all do not count", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx ~all a:a.example a:b.example "
	    "a:c.example"), "spf.after-all:warn", USUAL },
	{ "two void lookups", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx a:g.example exists:h.example ~all"),
	    "spf.void:warn", USUAL },
	{ "three void lookups, by IPv6 only", HOST MX KEY POLICY
	    "mail.d.example. AAAA 2001:db8::1\n"
	    ARPA6 "mail.d.example.\n"
	    T("d.example.", "v=spf1 mx a:g.example a:g.example a:g.example "
	    "~all") "g.example. A 192.0.2.7\n", "spf.void:error",
	    { "192.0.2.1 " V6, "mail.d.example", "s", NULL, NULL, NULL } },
	{ "+all", HOST MX KEY POLICY T("d.example.", "v=spf1 mx +all"),
	    "spf.all-pass:error", USUAL },
	{ "+all by an include", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx include:i.example ~all")
	    T("i.example.", "v=spf1 all"), "spf.all-pass:error", USUAL },
	{ "+all by an include that does not pass", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx ?include:i.example ~all")
	    T("i.example.", "v=spf1 all"), "", USUAL },
	{ "?all", HOST MX KEY POLICY T("d.example.", "v=spf1 mx ?all"),
	    "spf.all-neutral:warn", USUAL },
	{ "no all", HOST MX KEY POLICY T("d.example.", "v=spf1 mx"),
	    "spf.all-missing:warn", USUAL },
	{ "-all", HOST MX KEY POLICY T("d.example.", "v=spf1 mx -all"),
	    "spf.all-fail:info", USUAL },
	{ "redirect beside all", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx ~all redirect=r.example"),
	    "spf.redirect-ignored:warn", USUAL },
	{ "ptr", HOST MX KEY POLICY T("d.example.", "v=spf1 mx ptr ~all"),
	    "spf.ptr:warn", USUAL },
	{ "a network of /15", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx ip4:198.18.0.0/15 ~all"),
	    "spf.wide:warn", USUAL },
	{ "a network of /16", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx ip4:198.18.0.0/16 ~all"), "", USUAL },
	{ "the whole Internet", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx ip4:0.0.0.0/0 ~all"),
	    "spf.wide:error", USUAL },
	{ "a network that does not pass", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx -ip4:198.18.0.0/7 ~all"), "", USUAL },
	{ "mx//24", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx//24 ~all"), "spf.wide:warn", USUAL },
	{ "ip6 of /12", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx ip6:2001:db8::/12 ~all"),
	    "spf.wide:error", USUAL },
	{ "a private network", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx ip4:172.20.0.0/16 ~all"),
	    "spf.private:warn", USUAL },
	{ "include=", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx Include=i.example ~all"),
	    "spf.modifier-typo:error", USUAL },
	{ "an unknown modifier", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx x=y ~all"), "", USUAL },
	{ "a fail", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 ip4:192.0.2.9 -all"), "spf.sender:error "
	    "spf.all-fail:info", USUAL },
	{ "a tab between terms", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx\\009~all"),
	    "spf.syntax:error", USUAL },
	{ "a space behind the colon", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx include: i.example ~all"),
	    "spf.syntax:error", USUAL },
	{ "a prefix of 33 bits", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx ip4:192.0.2.0/33 ~all"),
	    "spf.syntax:error", USUAL },
	{ "an IPv6 address as ip4", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx ip4:2001:db8::1 ~all"),
	    "spf.syntax:error", USUAL },
	{ "three octets", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx ip4:192.0.2 ~all"),
	    "spf.syntax:error", USUAL },
	{ "an address with a port", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 ip4:192.0.2.1:25 ~all"),
	    "spf.syntax:error", USUAL },
	{ "commas", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx,a ~all"),
	    "spf.syntax:error", USUAL },
	{ "includes:", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx includes:i.example ~all"),
	    "spf.syntax:error", USUAL },
	{ "an unknown macro", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx exists:%{z}.i.example ~all"),
	    "spf.syntax:error", USUAL },
	{ "a macro that is found", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx exists:%{i}.i.example ~all")
	    "192.0.2.1.i.example. A 127.0.0.2\n", "", USUAL },
	{ "capitals, and an alias", HOST MX KEY POLICY
	    T("d.example.", "V=SPF1 MX INCLUDE:I.example ~ALL")
	    "i.example. CNAME j.example.\n"
	    T("j.example.", "v=spf1 ip4:198.51.100.7 -all"), "", USUAL },
	{ "an include of aliases in a circle", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx include:i.example ~all")
	    "i.example. CNAME j.example.\nj.example. CNAME i.example.\n",
	    "spf.lookup:unknown", USUAL },
	{ "an include of an include of nothing", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx include:i.example ~all")
	    T("i.example.", "v=spf1 include:j.example ~all"),
	    "spf.include-none:error", USUAL },
	{ "an include of an include that is broken", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx include:i.example ~all")
	    T("i.example.", "v=spf1 include:j.example ~all")
	    T("j.example.", "v=spf1 ip4:1.2.3 ~all"),
	    "spf.include-broken:error", USUAL },
	{ "a loop of two includes", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx include:i.example ~all")
	    T("i.example.", "v=spf1 include:j.example ~all")
	    T("j.example.", "v=spf1 include:i.example ~all"),
	    "spf.loop:error", USUAL },
	{ "neither match nor all", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 ip4:198.51.100.1"),
	    "spf.sender:error spf.all-missing:warn", USUAL },
	{ "apostrophes around", HOST MX KEY POLICY
	    T("d.example.", "'v=spf1 mx ~all'"),
	    "spf.near-miss:error", USUAL },
	{ "a semicolon behind the version", HOST MX KEY POLICY
	    T("d.example.", "v=spf1; mx ~all"),
	    "spf.near-miss:error", USUAL },
	{ "all before what passes", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 ~all mx"),
	    "spf.sender:error spf.after-all:warn", USUAL },
	{ "a name of one label", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx a:mail ~all"),
	    "spf.syntax:error", USUAL },
	{ "strings without a space between", HOST MX KEY POLICY
	    "d.example. TXT \"v=spf1 mx\" \"~all\"\n",
	    "spf.syntax:error", USUAL },
	{ "another return path", HOST MX KEY POLICY
	    T("d.example.", "v=spf1 ip4:192.0.2.9 -all")
	    T("b.d.example.", "v=spf1 ip4:192.0.2.1 -all"), "",
	    { "192.0.2.1", "mail.d.example", "s", NULL, NULL,
	    "b.d.example" } },

	{ "key fails", HOST MX SPF POLICY AT_S " TIMEOUT\n",
	    "dkim.lookup:unknown", USUAL },
	{ "no key at all, no selector", HOST MX SPF POLICY, "dkim.none:error",
	    { "192.0.2.1", "mail.d.example", NULL, NULL, NULL, NULL } },
	{ "only a wildcard, no selector", HOST MX SPF POLICY
	    T("*.d.example.", "v=DKIM1; p=" RSA_2048),
	    "dkim.none:error domain.wildcard-txt:info",
	    { "192.0.2.1", "mail.d.example", NULL, NULL, NULL, NULL } },
	{ "keys, no selector", HOST MX SPF POLICY KEY,
	    "dkim.selector-unknown:info",
	    { "192.0.2.1", "mail.d.example", NULL, NULL, NULL, NULL } },
	{ "no key at the selector", HOST MX SPF POLICY,
	    "dkim.missing:error", USUAL },
	{ "only SPF by a wildcard at the selector", HOST MX SPF POLICY
	    T("*.d.example.", "v=spf1 -all"),
	    "dkim.missing:error domain.wildcard-txt:info", USUAL },
	{ "the domain twice", HOST MX SPF POLICY
	    T(AT_S "d.example.", "v=DKIM1; p=" RSA_2048),
	    "dkim.misplaced:error", USUAL },
	{ "an alias to nothing", HOST MX SPF POLICY
	    AT_S " CNAME k.example.\n", "dkim.cname-dangling:error", USUAL },
	{ "an alias to a key", HOST MX SPF POLICY AT_S " CNAME k.example.\n"
	    T("k.example.", "v=DKIM1; p=" RSA_2048), "", USUAL },
	{ "aliases in a circle", HOST MX SPF POLICY AT_S " CNAME k.example.\n"
	    "k.example. CNAME " AT_S "\n", "dkim.lookup:unknown", USUAL },
	{ "two keys", HOST MX SPF POLICY KEY
	    T(AT_S, "v=DKIM1; p=" RSA_1024), "dkim.multiple:error", USUAL },
	{ "a key beside SPF", HOST MX SPF POLICY KEY T(AT_S, "v=spf1 -all"),
	    "", USUAL },
	{ "backslashes", HOST MX SPF POLICY
	    T(AT_S, "v=DKIM1\\\\; p=" RSA_2048), "dkim.syntax:error", USUAL },
	{ "no p", HOST MX SPF POLICY T(AT_S, "v=DKIM1; k=rsa"),
	    "dkim.syntax:error", USUAL },
	{ "v not first", HOST MX SPF POLICY
	    T(AT_S, "k=rsa; v=DKIM1; p=" RSA_2048), "dkim.syntax:error",
	    USUAL },
	{ "a tag twice", HOST MX SPF POLICY
	    T(AT_S, "v=DKIM1; k=rsa; k=rsa; p=" RSA_2048),
	    "dkim.syntax:error", USUAL },
	{ "p is no key", HOST MX SPF POLICY T(AT_S, "v=DKIM1; p=aGVsbG8="),
	    "dkim.syntax:error", USUAL },
	{ "k=RSA", HOST MX SPF POLICY
	    T(AT_S, "v=DKIM1; k=RSA; p=" RSA_2048), "dkim.algorithm:error",
	    USUAL },
	{ "p alone", HOST MX SPF POLICY
	    T(AT_S, "p=" RSA_2048), "",
	    USUAL },
	{ "v=dkim1", HOST MX SPF POLICY
	    T(AT_S, "v=dkim1; p=" RSA_2048), "dkim.syntax:error",
	    USUAL },
	{ "commas", HOST MX SPF POLICY
	    T(AT_S, "v=DKIM1, k=rsa, p=" RSA_2048), "dkim.syntax:error",
	    USUAL },
	{ "quotes around", HOST MX SPF POLICY
	    T(AT_S, "\\\"v=DKIM1; p=" RSA_2048 "\\\""), "dkim.syntax:error",
	    USUAL },
	{ "PEM", HOST MX SPF POLICY
	    T(AT_S, "v=DKIM1; p=-----BEGIN PUBLIC KEY-----" RSA_2048),
	    "dkim.syntax:error", USUAL },
	{ "an RSA key as ed25519", HOST MX SPF POLICY
	    T(AT_S, "v=DKIM1; k=ed25519; p=" RSA_2048), "dkim.syntax:error",
	    USUAL },
	{ "an Ed25519 key as rsa", HOST MX SPF POLICY
	    T(AT_S, "v=DKIM1; p=" ED25519), "dkim.syntax:error",
	    USUAL },
	{ "revoked", HOST MX SPF POLICY T(AT_S, "v=DKIM1; h=sha1; p="),
	    "dkim.revoked:error", USUAL },
	{ "k=dsa", HOST MX SPF POLICY T(AT_S, "v=DKIM1; k=dsa; p=" RSA_2048),
	    "dkim.algorithm:error", USUAL },
	{ "512 bits", HOST MX SPF POLICY T(AT_S, "v=DKIM1; p=" RSA_512),
	    "dkim.weak:error", USUAL },
	{ "1024 bits, for a test, for sha1, not for mail", HOST MX SPF POLICY
	    T(AT_S, "v=DKIM1; t=y; h=sha1; s=tlsrpt; p=" RSA_1024),
	    "dkim.weak:warn dkim.hash:error dkim.service:error "
	    "dkim.testing:warn", USUAL },
	{ "Ed25519 alone", HOST MX SPF POLICY
	    T(AT_S, "v=DKIM1; k=ed25519; p=" ED25519),
	    "dkim.ed25519-only:warn", USUAL },
	{ "Ed25519 beside RSA", HOST MX SPF POLICY KEY
	    T("e._domainkey.d.example.", "v=DKIM1; k=ed25519; p=" ED25519),
	    "", { "192.0.2.1", "mail.d.example", "s e", NULL, NULL, NULL } },
	{ "parked: no key is asked for", T("d.example.", "v=spf1 -all")
	    "d.example. MX 0 .\n"
	    T("_dmarc.d.example.", "v=DMARC1; p=reject"), "", NOTHING },

	{ "policy fails", HOST MX SPF KEY "_dmarc.d.example. SERVFAIL\n",
	    "dmarc.lookup:unknown", USUAL },
	{ "the policy above fails", HOST MX SPF KEY
	    "_dmarc.example. TIMEOUT\n", "dmarc.lookup:unknown", USUAL },
	{ "two policies", HOST MX SPF KEY POLICY
	    T("_dmarc.d.example.", "v=DMARC1; p=none"),
	    "dmarc.multiple:error", USUAL },
	{ "v=DMARC1 in lower case", HOST MX SPF KEY
	    T("_dmarc.d.example.", "v=dmarc1; p=none"),
	    "dmarc.near-miss:error", USUAL },
	{ "quotes around", HOST MX SPF KEY
	    T("_dmarc.d.example.", "\\\"v=DMARC1; p=none\\\""),
	    "dmarc.near-miss:error", USUAL },
	{ "a near miss beside", HOST MX SPF KEY POLICY
	    T("_dmarc.d.example.", "v = dmarc; p=none"),
	    "dmarc.near-miss:warn", USUAL },
	{ "spaces around =", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v = DMARC1 ; p = reject ; rua = mailto:r@d.example"), "", USUAL },
	{ "at the domain itself", HOST MX SPF KEY
	    T("d.example.", "v=DMARC1; p=reject"), "dmarc.misplaced:error",
	    USUAL },
	{ "the domain twice", HOST MX SPF KEY
	    T("_dmarc.d.example.d.example.", "v=DMARC1; p=reject"),
	    "dmarc.misplaced:error", USUAL },
	{ "a copy at the domain", HOST MX SPF KEY POLICY
	    T("d.example.", "v=DMARC1; p=reject"), "dmarc.misplaced:info",
	    USUAL },
	{ "no policy", HOST MX SPF KEY, "dmarc.missing:error", USUAL },
	{ "a policy above", HOST MX SPF KEY T("_dmarc.example.",
	    "v=DMARC1; p=none; sp=reject; rua=mailto:r@d.example"),
	    "dmarc.inherited:info", USUAL },
	{ "sp=none above", HOST MX SPF KEY T("_dmarc.example.",
	    "v=DMARC1; p=reject; sp=none"),
	    "dmarc.inherited:info dmarc.subpolicy-weak:warn "
	    "dmarc.policy-none:warn", USUAL },
	{ "other TXT beside", HOST MX SPF KEY POLICY
	    T("_dmarc.d.example.", "hello"), "dmarc.unrelated-txt:info",
	    USUAL },
	{ "tags twice, unknown, invalid", HOST MX SPF KEY
	    T("_dmarc.d.example.", "v=DMARC1; p=reject; P=none; foo=bar; "
	    "adkim=x; rua=mailto:r@d.example"), "dmarc.duplicate-tag:warn "
	    "dmarc.unknown-tag:warn dmarc.tag-invalid:warn", USUAL },
	{ "fo=2", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=reject; fo=2; rua=mailto:r@d.example"),
	    "dmarc.tag-invalid:warn", USUAL },
	{ "valid tags", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=reject; fo=1:d:s; aspf=S; psd=u; t=n; np=reject; "
	    "ruf=mailto:r@d.example; rua=mailto:r@d.example;"), "", USUAL },
	{ "no p", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; rua=mailto:r@d.example"), "dmarc.policy-missing:warn",
	    USUAL },
	{ "no semicolon", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1 p=reject"), "dmarc.near-miss:error",
	    USUAL },
	{ "a space in front", HOST MX SPF KEY T("_dmarc.d.example.",
	    " v=DMARC1; p=reject"), "dmarc.near-miss:error",
	    USUAL },
	{ "a comma for a semicolon", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1, p=reject"), "dmarc.near-miss:error",
	    USUAL },
	{ "v not first", HOST MX SPF KEY T("_dmarc.d.example.",
	    "p=reject; v=DMARC1"), "dmarc.near-miss:error",
	    USUAL },
	{ "capitals of tags and values", HOST MX SPF KEY T("_dmarc.d.example.",
	    "V=DMARC1; P=REJECT; RUA=MAILTO:r@d.example"), "",
	    USUAL },
	{ "an empty p", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p="), "dmarc.policy-invalid:error",
	    USUAL },
	{ "p without its semicolon", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=reject rua=mailto:r@d.example"),
	    "dmarc.policy-invalid:error", USUAL },
	{ "an empty tag", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=reject;; rua=mailto:r@d.example"), "",
	    USUAL },
	{ "a space in a URI", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=reject; rua=mailto: r@d.example"),
	    "dmarc.rua-syntax:error", USUAL },
	{ "an alias to a policy", HOST MX SPF KEY
	    "_dmarc.d.example. CNAME p.test.\n"
	    T("p.test.", "v=DMARC1; p=reject; rua=mailto:r@d.example"), "",
	    USUAL },
	{ "an alias to nothing instead of a policy", HOST MX SPF KEY
	    "_dmarc.d.example. CNAME p.test.\n", "dmarc.missing:error",
	    USUAL },
	{ "p=foo", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=foo"), "dmarc.policy-invalid:error", USUAL },
	{ "np=foo", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=reject; np=foo"), "dmarc.subpolicy-invalid:error",
	    USUAL },
	{ "np=none", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=quarantine; np=none; rua=mailto:r@d.example"),
	    "dmarc.subpolicy-weak:warn", USUAL },
	{ "p=none with reports", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=none; rua=mailto:r@d.example"),
	    "dmarc.policy-none:info", USUAL },
	{ "p=none with a broken rua", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=none; rua=r@d.example"),
	    "dmarc.policy-none:warn dmarc.rua-syntax:error", USUAL },
	{ "parked with p=quarantine", T("d.example.", "v=spf1 -all")
	    "d.example. MX 0 .\n"
	    T("_dmarc.d.example.", "v=DMARC1; p=quarantine"),
	    "dmarc.parked-policy:warn dmarc.rua-missing:info", NOTHING },
	{ "rua empty", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=reject; rua="), "dmarc.rua-syntax:error", USUAL },
	{ "rua with an empty entry", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=reject; rua=mailto:r@d.example,"),
	    "dmarc.rua-syntax:error", USUAL },
	{ "rua of https", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=reject; rua=https://d.example/"),
	    "dmarc.rua-syntax:error", USUAL },
	{ "rua of mailto://", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=reject; rua=mailto://r@d.example"),
	    "dmarc.rua-syntax:error", USUAL },
	{ "rua elsewhere", HOST MX SPF KEY "r.test. MX 5 r.test.\n"
	    T("_dmarc.d.example.", "v=DMARC1; p=reject; "
	    "rua=mailto:r@r.test,mailto:s@r.test"),
	    "dmarc.rua-unauthorised:error", USUAL },
	{ "rua elsewhere, by a wildcard", HOST MX SPF KEY
	    "r.test. MX 5 r.test.\n" T("*._report._dmarc.r.test.", "v=DMARC1")
	    T("_dmarc.d.example.", "v=DMARC1; p=reject; rua=mailto:r@r.test"),
	    "", USUAL },
	{ "rua elsewhere fails", HOST MX SPF KEY
	    "d.example._report._dmarc.r.test. TIMEOUT\n"
	    T("_dmarc.d.example.", "v=DMARC1; p=reject; rua=mailto:r@r.test"),
	    "dmarc.rua-lookup:unknown", USUAL },
	{ "rua undeliverable", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=reject; rua=mailto:r@none.d.example"),
	    "dmarc.rua-undeliverable:error", USUAL },
	{ "rua at a null MX", HOST MX SPF KEY "n.d.example. MX 0 .\n"
	    T("_dmarc.d.example.", "v=DMARC1; p=reject; "
	    "rua=mailto:r@n.d.example"), "dmarc.rua-undeliverable:error",
	    USUAL },
	{ "what is historic", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=reject; pct=100; ri=86400; "
	    "rua=mailto:r@d.example!10m"),
	    "dmarc.historic:info dmarc.size-suffix:info", USUAL },
	{ "pct=50", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=reject; pct=50; rua=mailto:r@d.example"),
	    "dmarc.pct:warn", USUAL },
	{ "a test, a public suffix", HOST MX SPF KEY T("_dmarc.d.example.",
	    "v=DMARC1; p=reject; t=y; psd=y; rua=mailto:r@d.example"),
	    "dmarc.testing:info dmarc.psd:warn", USUAL },

	{ "listed", HOST MX SPF KEY POLICY "2.0.0.127.l.test. A 127.0.0.2\n"
	    "1.2.0.192.l.test. A 127.0.0.4\n", "dnsbl.listed:error",
	    { "192.0.2.1", "mail.d.example", "s", "l.test", NULL, NULL } },
	{ "not listed", HOST MX SPF KEY POLICY
	    "2.0.0.127.l.test. A 127.0.0.2\n", "",
	    { "192.0.2.1", "mail.d.example", "s", "l.test", NULL, NULL } },
	{ "the list refuses at the address", HOST MX SPF KEY POLICY
	    "2.0.0.127.l.test. A 127.0.0.2\n"
	    "1.2.0.192.l.test. A 127.255.255.252\n", "dnsbl.refused:unknown",
	    { "192.0.2.1", "mail.d.example", "s", "l.test", NULL, NULL } },
	{ "listed and refused at once", HOST MX SPF KEY POLICY
	    "2.0.0.127.l.test. A 127.0.0.2\n1.2.0.192.l.test. A 127.0.0.2\n"
	    "1.2.0.192.l.test. A 127.255.255.254\n", "dnsbl.refused:unknown",
	    { "192.0.2.1", "mail.d.example", "s", "l.test", NULL, NULL } },
	{ "the list has everything", HOST MX SPF KEY POLICY
	    "*.l.test. A 127.0.0.2\n", "dnsbl.unusable:unknown",
	    { "192.0.2.1", "mail.d.example", "s", "l.test", NULL, NULL } },
	{ "the list is gone", HOST MX SPF KEY POLICY, "dnsbl.unusable:unknown",
	    { "192.0.2.1", "mail.d.example", "s", "l.test", NULL, NULL } },
	{ "the list was sold", HOST MX SPF KEY POLICY
	    "*.l.test. A 198.51.100.1\n", "dnsbl.unusable:unknown",
	    { "192.0.2.1", "mail.d.example", "s", "l.test", NULL, NULL } },
	{ "the list fails at the address", HOST MX SPF KEY POLICY
	    "2.0.0.127.l.test. A 127.0.0.2\n"
	    "1.2.0.192.l.test. SERVFAIL\n", "dnsbl.unusable:unknown",
	    { "192.0.2.1", "mail.d.example", "s", "l.test", NULL, NULL } },
	{ "the domain is listed", HOST MX SPF KEY POLICY
	    "test.l.test. A 127.0.0.2\nd.example.l.test. A 127.0.1.2\n",
	    "dnsbl.domain-listed:error",
	    { "192.0.2.1", "mail.d.example", "s", NULL, "l.test", NULL } },

	{ "MTA-STS", HOST MX SPF KEY POLICY
	    T("_mta-sts.d.example.", "v=STSv1; id=20261129T1")
	    "mta-sts.d.example. A 192.0.2.1\n"
	    T("_smtp._tls.d.example.", "v=TLSRPTv1; "
	    "rua=mailto:r@d.example,https://d.example/r"), "", USUAL },
	{ "no MTA-STS", HOST MX SPF KEY POLICY,
	    "mtasts.missing:info tlsrpt.missing:info", USUAL },
	{ "MTA-STS without host and reports", HOST MX SPF KEY POLICY
	    T("_mta-sts.d.example.", "v=STSv1;id=1;"),
	    "mtasts.host-missing:error tlsrpt.missing:warn", USUAL },
	{ "MTA-STS with a bad id", HOST MX SPF KEY POLICY
	    T("_mta-sts.d.example.", "v=STSv1; id=2026-11-29")
	    T("_smtp._tls.d.example.", "v=TLSRPTv1;rua=mailto:r@d.example"),
	    "mtasts.syntax:error", USUAL },
	{ "MTA-STS twice", HOST MX SPF KEY POLICY
	    T("_mta-sts.d.example.", "v=STSv1; id=1")
	    T("_mta-sts.d.example.", "v=STSv1; id=2")
	    T("_smtp._tls.d.example.", "v=TLSRPTv1;rua=mailto:r@d.example"),
	    "mtasts.syntax:error", USUAL },
	{ "MTA-STS fails", HOST MX SPF KEY POLICY
	    "_mta-sts.d.example. TIMEOUT\n", "mtasts.lookup:unknown", USUAL },
	{ "reports about TLS without URI", HOST MX SPF KEY POLICY
	    T("_smtp._tls.d.example.", "v=TLSRPTv1; rua=ftp://d.example"),
	    "tlsrpt.syntax:error", USUAL },
	{ "BIMI with p=quarantine", HOST MX SPF KEY
	    T("default._bimi.d.example.", "v=BIMI1; l=")
	    T("_dmarc.d.example.", "v=DMARC1; p=quarantine; "
	    "rua=mailto:r@d.example"), "", USUAL },
	{ "BIMI with p=none", HOST MX SPF KEY
	    T("default._bimi.d.example.", "v=BIMI1; l=")
	    T("_dmarc.d.example.", "v=DMARC1; p=none; "
	    "rua=mailto:r@d.example"), "bimi.no-effect:warn", USUAL },
};

static bool
is_wanted(const struct check_words *want, const struct check_finding *f)
{
	char word[100];
	size_t i;

	(void)snprintf(word, sizeof(word), "%s:%s", f->check,
	    check_severity_name(f->severity));
	for (i = 0; i < want->n; i++) {
		if (str_eq(want->v[i], str_from(word))) {
			return (true);
		}
	}
	return (false);
}

static bool
has_word(const struct check_report *r, struct str word)
{
	struct check_words one = { .v = { word }, .n = 1 };
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (is_wanted(&one, &r->findings[i])) {
			return (true);
		}
	}
	return (false);
}

/* Notes may be more than those that the row names, nothing else. */
static bool
is_as_wanted(const struct check_report *r, const char *text)
{
	struct check_words want = check_split(text);
	bool good = true, known;
	size_t i;

	for (i = 0; i < r->n; i++) {
		const struct check_finding *f = &r->findings[i];

		if (f->severity != CHECK_GOOD && f->severity != CHECK_INFO &&
		    !is_wanted(&want, f)) {
			printf("# not wanted: %s:%s %.*s\n", f->check,
			    check_severity_name(f->severity),
			    STR_FMT(f->text));
			good = false;
		}
		(void)check_rule(f->check, &known);
		good &= known && f->text.n > 0 && f->subject.n > 0;
	}
	for (i = 0; i < want.n; i++) {
		if (!has_word(r, want.v[i])) {
			printf("# missing: %.*s\n", STR_FMT(want.v[i]));
			good = false;
		}
	}
	return (good);
}

/* The answers come one by one, in any order: the result is the same. */
static void
run_slowly(struct lab *lab, struct check *check, unsigned seed)
{
	lab_must(check_start(check) == STATUS_OK, "memory");
	while (lab->open_n > 0) {
		lab_answer_one(lab, &seed);
		lab_must(check_start(check) == STATUS_OK, "memory");
	}
	lab_must(check_run(check, 0) == STATUS_OK, "memory");
}

static bool
is_same(const struct check_report *a, const struct check_report *b)
{
	bool same = a->n == b->n && a->records_n == b->records_n;
	size_t i;

	for (i = 0; same && i < a->n; i++) {
		same = a->findings[i].check == b->findings[i].check &&
		    a->findings[i].severity == b->findings[i].severity &&
		    str_eq(a->findings[i].subject, b->findings[i].subject) &&
		    str_eq(a->findings[i].text, b->findings[i].text);
	}
	return (same && a->dmarc == b->dmarc);
}

static void
check_row(size_t i)
{
	struct check *fast, *slow;
	struct lab lab, late;

	lab_init(&lab, str_from(rows[i].zone));
	fast = check_make(&lab, &rows[i].opts);
	tap_ok(check_run(fast, UINT64_MAX) == STATUS_OK &&
	    is_as_wanted(check_get(fast), rows[i].want), "%s", rows[i].name);
	lab_init(&late, str_from(rows[i].zone));
	late.slow = true;
	slow = check_make(&late, &rows[i].opts);
	run_slowly(&late, slow, (unsigned)i);
	tap_ok(is_same(check_get(fast), check_get(slow)),
	    "the same with answers in another order");
	check_free(fast);
	check_free(slow);
	lab_fini(&lab);
	lab_fini(&late);
}

/* With no answer at all everything is unknown; nothing is missing or ok. */
static void
check_silence(void)
{
	struct check_case opts = { "192.0.2.1 " V6, "mail.d.example", "s",
		"l.test", "m.test", NULL };
	const struct check_report *r;
	struct check *check;
	struct lab lab;

	lab_init(&lab, STR(HOST MX SPF KEY POLICY));
	lab.slow = true;
	check = check_make(&lab, &opts);
	tap_ok(check_run(check, 0) == STATUS_OK, "no answer before the "
	    "deadline");
	r = check_get(check);
	tap_num((long long)(r->counts[CHECK_ERROR] + r->counts[CHECK_WARN] +
	    r->counts[CHECK_INFO] + r->counts[CHECK_GOOD]), 0,
	    "nothing is said of what is unknown");
	tap_ok(has_word(r, STR("spf.lookup:unknown")) &&
	    has_word(r, STR("mx.lookup:unknown")) &&
	    has_word(r, STR("ptr.lookup:unknown")) &&
	    has_word(r, STR("helo.lookup:unknown")) &&
	    has_word(r, STR("dkim.lookup:unknown")) &&
	    has_word(r, STR("dmarc.lookup:unknown")) &&
	    has_word(r, STR("dnsbl.unusable:unknown")), "all is unknown");
	check_free(check);
	while (lab.open_n > 0) {
		unsigned seed = 1;

		lab_answer_one(&lab, &seed);
	}
	lab_fini(&lab);
}

static void
check_security(void)
{
	static const struct {
		const char		*name;
		enum dns_security	 security;
		bool			 validates;
		const char		*want;	/* "": nothing */
	} cases[] = {
		{ "signed", DNS_SECURE, true, "dnssec.missing:ok" },
		{ "signed, says the resolver", DNS_SECURE, false,
		    "dnssec.missing:ok" },
		{ "not signed", DNS_INSECURE, true, "dnssec.missing:info" },
		{ "unknown", DNS_INSECURE, false, "" },
		{ "wrong", DNS_BOGUS, true, "dnssec.bogus:error" },
	};
	static const char *const words[] = { "dnssec.missing:ok",
		"dnssec.missing:info", "dnssec.bogus:error" };
	struct check_case opts = NOTHING;
	struct check *check;
	struct lab lab;
	size_t i, j;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		lab_init(&lab, STR(MX SPF KEY POLICY));
		lab.security = cases[i].security;
		lab.validates = cases[i].validates;
		check = check_make(&lab, &opts);
		lab_must(check_run(check, UINT64_MAX) == STATUS_OK, "memory");
		for (j = 0; j < 3; j++) {
			tap_ok(has_word(check_get(check), str_from(words[j])) ==
			    (strcmp(words[j], cases[i].want) == 0),
			    "DNSSEC: %s: %s", cases[i].name, words[j]);
		}
		check_free(check);
		lab_fini(&lab);
	}
}

/* What the finding says to publish. */
static struct str
fix_of(const struct check_report *r, const char *id)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (str_eq(str_from(r->findings[i].check), str_from(id)) &&
		    r->findings[i].fix_n > 0) {
			return (r->findings[i].fix[0].value);
		}
	}
	return (STR_NONE);
}

static const struct fix_row {
	const char		*zone;
	const char		*id;
	const char		*value;
	struct check_case	 opts;
} fixes[] = {
	{ HOST MX KEY POLICY, "spf.missing", "v=spf1 ip4:192.0.2.1 ~all",
	    USUAL },
	{ HOST MX KEY POLICY T("d.example.", "v=spf1 a:mail.d.example +all"),
	    "spf.all-pass", "v=spf1 a:mail.d.example ~all", USUAL },
	{ HOST MX KEY POLICY T("d.example.", "v=spf1 +all"),
	    "spf.all-pass", "v=spf1 ip4:192.0.2.1 ~all", USUAL },
	{ HOST MX KEY POLICY T("d.example.", "v=spf1 ip4=192.0.2.1  ~all"),
	    "spf.sender", "v=spf1 ip4:192.0.2.1 ~all", USUAL },
	{ HOST MX KEY POLICY T("d.example.", "v=spf1 ip4=192.0.2.1 +all"),
	    "spf.modifier-typo", "v=spf1 ip4:192.0.2.1 ~all", USUAL },
	{ HOST MX KEY POLICY
	    T("d.example.", "v=spf1 mx include:gone.example -all"),
	    "spf.include-none", "v=spf1 mx -all", USUAL },
	{ HOST MX KEY POLICY T("d.example.", "v=spf1 redirect=r.example")
	    T("r.example.", "v=spf1 ip4:192.0.2.7 ~all"), "spf.sender",
	    "v=spf1 ip4:192.0.2.1 redirect=r.example", USUAL },
	{ ADDRESS HELO MX SPF KEY POLICY, "ptr.missing", "mail.d.example.",
	    USUAL },
	{ ADDRESS HELO MX SPF KEY POLICY, "ptr.missing", "mail.d.example.",
	    { "192.0.2.1", "mail", "s", NULL, NULL, NULL } },
	{ ADDRESS HELO MX SPF KEY POLICY, "ptr.missing", "mail.d.example.",
	    { "192.0.2.1", "[192.0.2.1]", "s", NULL, NULL, NULL } },
	{ ADDRESS HELO MX SPF KEY POLICY "b.d.example. A 192.0.2.1\n",
	    "ptr.missing", "b.d.example.",
	    { "192.0.2.1", "b.d.example", "s", NULL, NULL, NULL } },
	{ HOST MX SPF KEY, "dmarc.missing",
	    "v=DMARC1; p=none; rua=mailto:postmaster@d.example", USUAL },
	{ T("d.example.", "v=spf1 -all"), "dmarc.missing",
	    "v=DMARC1; p=reject; sp=reject", NOTHING },
	{ HOST MX SPF KEY T("d.example.", "v=DMARC1; p=reject"),
	    "dmarc.misplaced", "v=DMARC1; p=reject", USUAL },
	/* Without the hyphens and what is between, 32 octets. */
	{ HOST MX SPF POLICY T(AT_S, "v=DKIM1; k=ed25519; p=MCowBQYDK2-"
	    "VwAyEAPD97-rqzfI9n1FR1c4FY3xUdKIhMIXTzBjtzetVpjA="),
	    "dkim.syntax", "", USUAL },
	{ HOST MX SPF POLICY T(AT_S, "v=DKIM1; k=ed25519; p="
	    "-_97rqzfI9n1FR1c4FY3xUdKIhMIXTzBjtzetVpjAbU="), "dkim.syntax",
	    "v=DKIM1; k=ed25519; p="
	    "+/97rqzfI9n1FR1c4FY3xUdKIhMIXTzBjtzetVpjAbU=", USUAL },
	{ HOST MX SPF POLICY T(AT_S, "v=DKIM1; k=ed25519; p="
	    "-----BEGIN PUBLIC KEY-----" ED25519 "-----END PUBLIC KEY-----"),
	    "dkim.syntax", "v=DKIM1; k=ed25519; p=" ED25519, USUAL },
};

static void
check_fixes(void)
{
	struct check *check;
	struct lab lab;
	size_t i;

	for (i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++) {
		lab_init(&lab, str_from(fixes[i].zone));
		check = check_make(&lab, &fixes[i].opts);
		lab_must(check_run(check, UINT64_MAX) == STATUS_OK, "memory");
		tap_str(fix_of(check_get(check), fixes[i].id),
		    str_from(fixes[i].value), fixes[i].id);
		check_free(check);
		lab_fini(&lab);
	}
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(i);
	}
	check_silence();
	check_security();
	check_fixes();
	return (tap_done());
}
