/* SPDX-License-Identifier: BSD-2-Clause */
/* The ids of findings, each with the standard behind it. */
#include "check/check.h"

static const struct id_row {
	const char	*id;
	const char	*rule;		/* NULL: a custom of receivers */
} ids[] = {
	{ "domain.missing", "RFC 1034 3.1" },
	{ "domain.wildcard-txt", "RFC 4592" },
	{ "mx.lookup", "RFC 5321 5.1" },
	{ "mx.implicit", "RFC 5321 5.1" },
	{ "mx.missing", "RFC 5321 5.1" },
	{ "mx.null-missing", "RFC 7505 4.1" },
	{ "mx.null", "RFC 7505 4.2" },
	{ "mx.null-mixed", "RFC 7505 3" },
	{ "mx.target-ip", "RFC 5321 5.1" },
	{ "mx.target-cname", "RFC 2181 10.3" },
	{ "mx.target-private", "RFC 5321 5.1" },
	{ "mx.target-missing", "RFC 5321 5.1" },
	{ "mx.many", "RFC 5321 5.1" },
	{ "mx.elsewhere", NULL },
	{ "ip.private", "RFC 6890" },
	{ "ptr.lookup", "RFC 8601 3" },
	{ "ptr.missing", "RFC 8601 3" },
	{ "ptr.unconfirmed", "RFC 8601 3" },
	{ "ptr.multiple", "RFC 8601 3" },
	{ "ptr.generic", NULL },
	{ "ptr.helo-mismatch", NULL },
	{ "helo.lookup", "RFC 5321 4.1.1.1" },
	{ "helo.syntax", "RFC 5321 4.1.1.1" },
	{ "helo.unresolvable", "RFC 5321 2.3.5" },
	{ "helo.address-mismatch", "RFC 5321 4.1.4" },
	{ "helo.spf", "RFC 7208 2.3" },
	{ "helo.spf-missing", "RFC 7208 2.3" },
	{ "spf.lookup", "RFC 7208 4.4" },
	{ "spf.missing", "RFC 7208 3" },
	{ "spf.near-miss", "RFC 7208 4.5" },
	{ "spf.multiple", "RFC 7208 3.2" },
	{ "spf.syntax", "RFC 7208 4.6" },
	{ "spf.loop", "RFC 7208 4.6.4" },
	{ "spf.include-none", "RFC 7208 5.2" },
	{ "spf.include-broken", "RFC 7208 5.2" },
	{ "spf.mx-limit", "RFC 7208 4.6.4" },
	{ "spf.lookups", "RFC 7208 4.6.4" },
	{ "spf.void", "RFC 7208 4.6.4" },
	{ "spf.all-pass", "RFC 7208 5.1" },
	{ "spf.all-neutral", "RFC 7208 5.1" },
	{ "spf.all-missing", "RFC 7208 4.7" },
	{ "spf.all-fail", "RFC 9989 8.1" },
	{ "spf.after-all", "RFC 7208 5.1" },
	{ "spf.redirect-ignored", "RFC 7208 6.1" },
	{ "spf.ptr", "RFC 7208 5.5" },
	{ "spf.wide", NULL },
	{ "spf.private", "RFC 6890" },
	{ "spf.modifier-typo", "RFC 7208 6" },
	{ "spf.size", "RFC 7208 3.4" },
	{ "spf.sender", "RFC 7208 2.4" },
	{ "dkim.lookup", "RFC 6376 6.1.2" },
	{ "dkim.none", "RFC 8020" },
	{ "dkim.selector-unknown", "RFC 6376 3.1" },
	{ "dkim.missing", "RFC 6376 3.6.2" },
	{ "dkim.misplaced", "RFC 6376 3.6.2.1" },
	{ "dkim.cname-dangling", "RFC 6376 3.6.2" },
	{ "dkim.multiple", "RFC 6376 3.6.2.2" },
	{ "dkim.syntax", "RFC 6376 3.6.1" },
	{ "dkim.revoked", "RFC 6376 3.6.1" },
	{ "dkim.algorithm", "RFC 6376 3.6.1" },
	{ "dkim.weak", "RFC 8301 3.2" },
	{ "dkim.hash", "RFC 8301 3.1" },
	{ "dkim.service", "RFC 6376 3.6.1" },
	{ "dkim.testing", "RFC 6376 3.6.1" },
	{ "dkim.ed25519-only", "RFC 8463 5" },
	{ "dkim.mismatch", "RFC 6376 3.6.1" },
	{ "dmarc.lookup", "RFC 9989 4.10" },
	{ "dmarc.multiple", "RFC 9989 4.10" },
	{ "dmarc.near-miss", "RFC 9989 4.7" },
	{ "dmarc.misplaced", "RFC 9989 4.5" },
	{ "dmarc.missing", "RFC 9989 4.5" },
	{ "dmarc.inherited", "RFC 9989 4.10" },
	{ "dmarc.unrelated-txt", "RFC 9989 4.10" },
	{ "dmarc.duplicate-tag", "RFC 9989 4.7" },
	{ "dmarc.unknown-tag", "RFC 9989 4.7" },
	{ "dmarc.tag-invalid", "RFC 9989 4.7" },
	{ "dmarc.policy-missing", "RFC 9989 4.7" },
	{ "dmarc.policy-invalid", "RFC 9989 4.10.1" },
	{ "dmarc.subpolicy-invalid", "RFC 9989 4.10.1" },
	{ "dmarc.subpolicy-weak", "RFC 9989 4.7" },
	{ "dmarc.policy-none", "RFC 9989 4.7" },
	{ "dmarc.parked-policy", "RFC 9989 4.7" },
	{ "dmarc.rua-missing", "RFC 9989 4.7" },
	{ "dmarc.rua-syntax", "RFC 9989 4.6" },
	{ "dmarc.rua-unauthorised", "RFC 9990 4" },
	{ "dmarc.rua-lookup", "RFC 9990 4" },
	{ "dmarc.rua-undeliverable", "RFC 9990 4" },
	{ "dmarc.size-suffix", "RFC 9989 4.6" },
	{ "dmarc.historic", "RFC 9989 4.7" },
	{ "dmarc.pct", "RFC 9989 4.7" },
	{ "dmarc.testing", "RFC 9989 4.7" },
	{ "dmarc.psd", "RFC 9989 4.7" },
	{ "dnsbl.refused", "RFC 5782 5" },
	{ "dnsbl.unusable", "RFC 5782 5" },
	{ "dnsbl.listed", "RFC 5782 2" },
	{ "dnsbl.domain-listed", "RFC 5782 3" },
	{ "mtasts.lookup", "RFC 8461 3.1" },
	{ "mtasts.missing", "RFC 8461 3.1" },
	{ "mtasts.syntax", "RFC 8461 3.1" },
	{ "mtasts.host-missing", "RFC 8461 3.3" },
	{ "tlsrpt.lookup", "RFC 8460 3" },
	{ "tlsrpt.missing", "RFC 8460 3" },
	{ "tlsrpt.syntax", "RFC 8460 3" },
	{ "bimi.no-effect", NULL }
};

const char *
check_rule(const char *id, bool *known_r)
{
	size_t i;

	*known_r = false;
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (str_eq(str_from(ids[i].id), str_from(id))) {
			*known_r = true;
			return (ids[i].rule);
		}
	}
	return (NULL);
}
