/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where aggregate reports go (RFC 9990): whether another organisation accepts
 * them, and whether they can be delivered.
 */
#include "check/private.h"
#include "dmarc/uri.h"
#include "dmarc/walk.h"
#include "mail/domain.h"

enum answer_known { KNOWN_NO, KNOWN_YES, KNOWN_FAILED };

/* Whether the host belongs to the organisation that publishes the policy. */
static enum answer_known
is_same_org(struct check *c, const struct check_policy *policy,
    struct str host)
{
	struct dmarc_walks walks;
	struct dmarc_walk *walk;
	enum status status;

	if (str_eq(host, policy->domain)) {
		return (KNOWN_YES);
	}
	dmarc_walks_init(&walks, &c->memory, c->batch, NULL,
	    c->opts.suffixes);
	walks.given_up = c->given_up;
	status = dmarc_walks_start(&walks, host, &walk);
	if (status == STATUS_OK) {
		status = dmarc_walk_read(&walks, walk);
	}
	if (status != STATUS_OK) {
		check_note_refusal(c);
		return (KNOWN_FAILED);
	}
	c->open |= !walk->read;
	if (walk->org.p == NULL) {
		return (KNOWN_FAILED);
	}
	return (policy->org.p != NULL && str_eq(walk->org, policy->org) ?
	    KNOWN_YES : KNOWN_NO);
}

/* RFC 9990 4: the host says that it takes reports about the domain. */
static enum answer_known
is_authorised(struct check *c, const struct wanted_about *about)
{
	struct str owner = wanted_owner(&c->memory, WANTED_REPORTS, about);
	const struct dns_answer *txt;
	struct dmarc_record record;
	size_t i;

	if (owner.p == NULL) {
		c->status = STATUS_NOMEM;
		return (KNOWN_FAILED);
	}
	txt = check_ask(c, owner, DNS_TXT);
	if (check_failed(txt)) {
		return (KNOWN_FAILED);
	}
	for (i = 0; i < txt->n; i++) {
		if (dmarc_record_parse(txt->v[i].data, &record)) {
			return (KNOWN_YES);
		}
	}
	return (KNOWN_NO);
}

static void
report_unknown(struct check *c, struct str host)
{
	(void)check_add(c, "dmarc.rua-lookup", CHECK_UNKNOWN, host,
	    "whether %.*s takes the reports could not be looked up",
	    CHECK_FMT(host));
}

/* False: nothing more needs to be said of the host. */
static bool
judge_permission(struct check *c, const struct check_policy *policy,
    struct str host)
{
	enum answer_known same = is_same_org(c, policy, host), known;
	struct wanted_about about = { .domain = policy->domain,
		.receiver = host };
	struct check_finding *f;

	if (same == KNOWN_YES) {
		return (true);
	}
	known = is_authorised(c, &about);
	if (known == KNOWN_YES) {
		return (true);
	}
	if (known == KNOWN_FAILED || same == KNOWN_FAILED) {
		report_unknown(c, host);
		return (false);
	}
	f = check_add(c, "dmarc.rua-unauthorised", CHECK_ERROR, host,
	    "%.*s is another organisation and does not say that it takes "
	    "reports about %.*s: none are sent there", CHECK_FMT(host),
	    CHECK_FMT(policy->domain));
	check_fix_wanted(c, f, WANTED_REPORTS, &about);
	return (false);
}

const char *
check_lost_mail(struct check *c, struct str host, bool *failed_r)
{
	const struct dns_answer *mx = check_ask(c, host, DNS_MX);
	struct check_addresses a;

	*failed_r = check_failed(mx);
	if (*failed_r || mx->n > 0) {
		return (mx->n == 1 && mx->v[0].data.n == 0 ?
		    "takes no mail (null MX)" : NULL);
	}
	a = check_addresses(c, host);
	*failed_r = a.n == 0 && a.failed;
	return (a.n == 0 && !a.failed ? "has neither MX nor address" : NULL);
}

static void
judge_delivery(struct check *c, struct str host)
{
	bool failed;
	const char *why = check_lost_mail(c, host, &failed);

	if (why != NULL) {
		(void)check_add(c, "dmarc.rua-undeliverable", CHECK_ERROR,
		    host, "%.*s %s: reports are lost", CHECK_FMT(host), why);
	} else if (failed && !str_eq(host, c->domain)) {
		/* Of the domain itself, mx.lookup says so. */
		report_unknown(c, host);
	}
}

/* An entry that is no mailto: URI. */
static void
report_syntax(struct check *c, const struct check_policy *policy,
    struct str entry)
{
	struct check_finding *f = check_add(c, "dmarc.rua-syntax",
	    CHECK_ERROR, policy->owner, "\"%.*s\" in rua= is not a mailto: "
	    "URI: no reports are sent there", CHECK_FMT(entry));

	check_found(c, f, policy->text);
}

/* "mailto://user@host", as if it were a web address, leads to the mailbox
   "//user". */
static bool
has_slashes(struct str address)
{
	return (str_starts(address, STR("//")));
}

struct str
check_uri_host(struct check *c, struct str uri)
{
	struct str address = dmarc_uri_mailto(uri), host;
	enum status status;

	if (address.p == NULL || has_slashes(address)) {
		return (STR_NONE);
	}
	status = domain_normalize(&c->memory, str_from_offset(address,
	    str_rfind(address, '@') + 1), &host);
	if (status == STATUS_NOMEM) {
		c->status = status;
	}
	return (status == STATUS_OK ? host : STR_NONE);
}

/* The host of an entry; absent: it is reported as invalid. */
static struct str
entry_host(struct check *c, const struct check_policy *policy,
    struct str entry)
{
	struct str rest = entry, uri, host = STR_NONE;

	if (dmarc_uri_next(&rest, &uri)) {
		host = check_uri_host(c, uri);
	}
	if (host.p == NULL) {
		report_syntax(c, policy, entry);
		return (STR_NONE);
	}
	if (uri.n < str_trim_wsp(entry).n) {
		(void)check_add(c, "dmarc.size-suffix", CHECK_INFO,
		    policy->owner, "the size limit at %.*s has no meaning any "
		    "more (RFC 9989)", CHECK_FMT(entry));
	}
	return (host);
}

size_t
check_dmarc_rua(struct check *c, const struct check_policy *policy,
    struct str rua)
{
	struct str rest = rua, entry, host, seen[CHECK_MAX_RUA];
	size_t n = 0, hosts = 0;

	while (str_next(&rest, ',', &entry) && n < CHECK_MAX_RUA) {
		host = entry_host(c, policy, str_trim_wsp(entry));
		n++;
		if (host.p == NULL) {
			continue;
		}
		if (!str_list_has_ci(seen, hosts, host) &&
		    judge_permission(c, policy, host)) {
			judge_delivery(c, host);
		}
		seen[hosts++] = host;
	}
	return (hosts);
}
