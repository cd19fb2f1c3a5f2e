/* SPDX-License-Identifier: BSD-2-Clause */
/* What of this host's mail would leave unsigned, and what Postfix lacks. */
#include <stdlib.h>

#include "tools/check_host.h"
#include "tools/sendmail_cf.h"

/* The usual Postfix may belong to another mailseald than the one whose
   configuration was named. */
static enum check_severity
severity_of(const struct check_args *a, enum mta_weight weight)
{
	switch (weight) {
	case MTA_ERROR:
		return (a->conf_path == NULL || getenv("MAIL_CONFIG") !=
		    NULL ? CHECK_ERROR : CHECK_WARN);
	case MTA_WARN:
		return (CHECK_WARN);
	case MTA_INFO:
		break;
	}
	return (CHECK_INFO);
}

/* Without Postfix. sendmail.cf is all that is known of Sendmail. */
static void
say_sendmail(struct check_sayer *sayer, const struct check_host *host)
{
	const char *directory = getenv("MAIL_CONFIG") != NULL ?
	    getenv("MAIL_CONFIG") : SENDMAIL_CF_DIRECTORY;
	struct sendmail_cf cf;

	sendmail_cf_read(&cf, directory, host->socket);
	if (!cf.found) {
		(void)check_say(sayer, "mta.unknown", CHECK_INFO,
		    STR("MTA"), "neither Postfix (postconf) nor Sendmail "
		    "(sendmail.cf) was found: whether an MTA passes mail to "
		    "mailseald was not checked");
	} else if (!cf.filters) {
		(void)check_say(sayer, "sendmail.milters", severity_of(
		    sayer->args, MTA_ERROR), STR("Sendmail"), "sendmail.cf "
		    "does not pass mail to mailseald: it is neither signed "
		    "nor verified. In sendmail.mc: %.*s", STR_FMT(
		    sendmail_cf_line(sayer->arena, host->socket)));
	} else if (!cf.waits) {
		(void)check_say(sayer, "sendmail.default-action", CHECK_WARN,
		    STR("Sendmail"), "the filter of mailseald has no F=T: "
		    "while mailseald is not available, mail leaves unsigned "
		    "and comes in unverified");
	} else {
		(void)check_say(sayer, "sendmail.milters", CHECK_GOOD,
		    STR("Sendmail"), "Sendmail gives mailseald all mail");
	}
}

static void
say_lacks(struct check_sayer *sayer, const struct check_host *host)
{
	struct mta_lacks lacks = { .arena = sayer->arena };
	struct check_finding *f;
	size_t i;

	if (!host->mta.found) {
		say_sendmail(sayer, host);
		return;
	}
	mta_review(&host->mta, host->socket, &lacks);
	for (i = 0; i < lacks.n; i++) {
		const struct mta_lack *lack = &lacks.v[i];

		f = check_say(sayer, lack->id, severity_of(sayer->args,
		    lack->weight),
		    lack->subject, "%.*s", STR_FMT(lack->text));
		if (lack->parameter != NULL) {
			check_say_fix(sayer, f, WANTED_AT_POSTFIX,
			    lack->file, lack->parameter, lack->value);
		}
	}
	sayer->failed |= lacks.failed;
	if (lacks.n == 0) {
		(void)check_say(sayer, "postfix.milters", CHECK_GOOD,
		    STR("Postfix"), "Postfix gives mailseald all mail");
	}
}

/* Domains of Postfix that nothing signs for, and its own name. */
static void
say_unsigned(struct check_sayer *sayer, const struct check_host *host)
{
	size_t i;

	if (host->origin_unsigned) {
		(void)check_say(sayer, "sign.origin", CHECK_WARN,
		    host->mta.origin, "mail of this host's own programs, from "
		    "%.*s (myorigin), leaves unsigned: no key signs for that "
		    "name%s", STR_FMT(host->mta.origin),
		    host->origin_below ? "; SubDomains yes of mailseald.conf "
		    "would let the key of the domain above it" : "");
	}
	for (i = 0; i < host->unsigned_n; i++) {
		(void)check_say(sayer, "sign.unlisted", CHECK_WARN,
		    host->unsigned_domains[i], "Postfix takes mail for %.*s, "
		    "but no key signs for it: what its users send leaves "
		    "unsigned", STR_FMT(host->unsigned_domains[i]));
	}
	for (i = 0; i < host->lost_n; i++) {
		(void)check_say(sayer, "sign.key-missing", CHECK_ERROR,
		    host->lost[i].name, "%.*s is to be signed for, but cannot "
		    "be: %s. Its mail meets OnSignFailure",
		    STR_FMT(host->lost[i].name), host->lost[i].why);
	}
}

static void
say_subdomains(struct check_sayer *sayer, const struct check_host *host)
{
	const struct check_own_domain *d = check_host_find(host,
	    sayer->shown->report->domain);

	if (d != NULL && !d->subdomains) {
		(void)check_say(sayer, "sign.subdomains", CHECK_INFO, d->name,
		    "mail from names below %.*s leaves unsigned: no rule has "
		    "them. SubDomains yes of mailseald.conf has the key of "
		    "%.*s sign for them", STR_FMT(d->name), STR_FMT(d->name));
	}
}

bool
check_mta(const struct check_args *args, struct check_host *host,
    struct check_shown *shown, size_t n)
{
	struct check_sayer sayer = { .args = args, .arena = &host->arena };
	size_t i;

	for (i = 0; i < n; i++) {
		sayer.shown = &shown[i];
		if (i == 0) {
			say_lacks(&sayer, host);
			say_unsigned(&sayer, host);
		}
		say_subdomains(&sayer, host);
	}
	if (sayer.failed) {
		(void)cli_fail("out of memory");
	}
	return (!sayer.failed);
}
