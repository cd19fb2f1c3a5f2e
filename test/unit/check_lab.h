/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_lab: the records of a domain in order, in parts to be replaced, and
 * findings as words "id:severity".
 */
#ifndef TEST_UNIT_CHECK_LAB_H
#define TEST_UNIT_CHECK_LAB_H

#include "check/check.h"
#include "test/unit/dns_lab.h"

#define RSA_512 "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAOuU0fI3khTdKwoe0RF6UDe4xu4H" \
	"fyAfU6NBEjw3xkYdgWV7sGJEvgPEf+on5yqrMWCsY4TSTdnyaHiIOCcZgwUCAwEAAQ=="
#define RSA_1024 "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC1XZAanVjWj3edflxo2k" \
	"WivC16bdGXbcTFBVdCst0d/p9DuvdMQ+YXBh3nymNZed+5mQwfwUstBWWVu8O3hhmaF" \
	"o3zO/XKvHnIjw16nGC/nkh82sAS/AONV3h1Kj1cGRCTCLwjLGZwE61UR/B8nZLvEGIM" \
	"B09xteeXq6sYlSR/oQIDAQAB"
#define RSA_2048 "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA20cpC/3SXNv6Xq" \
	"bO/Wy86nJ2fkHpxsOcx1Ru7ida7xAZtX9wHm+IF+SQBrpSZtoISlEBCY5NeWF/eWPMx" \
	"t3oZLOiIKNMhIsMnjT8YjuxfgQRA90wPmGFRotpvhbSQnnLo6EEUPyVN6Gs6ORWVt5l" \
	"3z5iS8R+fx9YiOT5wT7gr/KYjWNe7outMG0gmOwy0KR312awJ6pta6H7udGpP1Yda2D" \
	"A/97V4nGRHUj+78aHlnfRByWC4JtJl/Mtt3U+RK8c7ZsaViS6gXkRPKUcJHRb9c6BTs" \
	"udxEZItZ3uxOQg6MK17XbwwiDGKP2FPXnfpM6NJtKPloCM6V3Dpgakw+btZQIDAQAB"
#define ED25519 "PD97rqzfI9n1FR1c4FY3xUdKIhMIXTzBjtzetVpjAbU="

#define T(name, text)	name " TXT \"" text "\"\n"
#define MX	"d.example. MX 10 mail.d.example.\n"
#define ADDRESS	"mail.d.example. A 192.0.2.1\n"
#define PTR	"1.2.0.192.in-addr.arpa. PTR mail.d.example.\n"
#define HELO	T("mail.d.example.", "v=spf1 a -all")
#define SPF	T("d.example.", "v=spf1 mx ~all")
#define AT_S	"s._domainkey.d.example."
#define KEY	T(AT_S, "v=DKIM1; k=rsa; p=" RSA_2048)
#define POLICY	T("_dmarc.d.example.", \
		    "v=DMARC1; p=reject; rua=mailto:r@d.example")
#define HOST	ADDRESS PTR HELO
#define V6	"2001:db8::1"
#define ARPA6	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1." \
		    "0.0.2.ip6.arpa. PTR "

/* Options besides the domain d.example; lists of words. */
struct check_case {
	const char	*ips;
	const char	*helo;
	const char	*selectors;
	const char	*lists;		/* dnsbl */
	const char	*domain_lists;
	const char	*mail_from;
};
#define USUAL	{ "192.0.2.1", "mail.d.example", "s", NULL, NULL, NULL }
#define NOTHING	{ NULL, NULL, NULL, NULL, NULL, NULL }

#define LAB_MAX_WORDS	16

struct check_words {
	struct str	v[LAB_MAX_WORDS];
	size_t		n;
};

static struct check_words ATTR_UNUSED
check_split(const char *text)
{
	struct str rest = str_from(text), word;
	struct check_words w = { .n = 0 };

	while (str_next(&rest, ' ', &word)) {
		lab_must(w.n < LAB_MAX_WORDS, "words");
		if (word.n > 0) {
			w.v[w.n++] = word;
		}
	}
	return (w);
}

static ATTR_UNUSED struct check *
check_make(struct lab *lab, const struct check_case *o)
{
	struct check_words ips = check_split(o->ips);
	struct check_words selectors = check_split(o->selectors);
	struct check_words lists = check_split(o->lists);
	struct check_words domain_lists = check_split(o->domain_lists);
	struct check_selector s[LAB_MAX_WORDS];
	struct ip_addr v[LAB_MAX_WORDS];
	struct check_opts opts = { .env = &lab->env,
		.domain = STR("D.Example."), .validates = lab->validates,
		.ips = v, .ips_n = ips.n,
		.helo = str_from(o->helo), .selectors = s,
		.selectors_n = selectors.n,
		.mail_from = str_from(o->mail_from), .dnsbl = lists.v,
		.dnsbl_n = lists.n, .dnsbl_domain = domain_lists.v,
		.dnsbl_domain_n = domain_lists.n };
	struct check *check;
	const char *what;
	size_t i;

	for (i = 0; i < ips.n; i++) {
		lab_must(ip_parse(ips.v[i], &v[i]), "address");
	}
	for (i = 0; i < selectors.n; i++) {
		s[i] = (struct check_selector){ selectors.v[i], NULL };
	}
	lab_must(check_new(&opts, lab->dns, &what, &check) == STATUS_OK,
	    "check");
	return (check);
}

#endif
