/* SPDX-License-Identifier: BSD-2-Clause */
/* What OpenDMARC refused, held or accepted that is not now, and what else is
   different about DMARC. */
#include "config.h"

#include <unistd.h>

#include "tools/import.h"

#define NAME_BYTES	256

static const struct import_given *
opendmarc(const struct import *im, const char *name)
{
	return (import_get(im, IMPORT_OPENDMARC, name));
}

static bool
is_set(const struct import *im, const char *name)
{
	return (import_is_set(im, IMPORT_OPENDMARC, name));
}

static void
note_headers(struct import *im)
{
	static const char why[] = "only the From field is checked (OnBadFrom "
	    "reject): mail with no Date or two, with several To, Cc, Subject "
	    "and the like, or with a From field without any address, is "
	    "accepted";

	if (is_set(im, "RequiredHeaders")) {
		import_say_of(im, IMPORT_ACCEPTED, opendmarc(im,
		    "RequiredHeaders"), why);
	}
	if (im->old_dkim &&
	    import_is_set(im, IMPORT_OPENDKIM, "RequiredHeaders")) {
		import_say_of(im, IMPORT_ACCEPTED, import_dkim(im,
		    "RequiredHeaders"), why);
	}
	if (is_set(im, "RejectMultiValueFrom")) {
		import_say_of(im, IMPORT_ACCEPTED, opendmarc(im,
		    "RejectMultiValueFrom"), "several From fields are refused "
		    "(OnBadFrom reject), but of one field with authors of "
		    "several domains each is judged: it is accepted unless "
		    "one fails");
	}
}

/* What fails here and does not in OpenDMARC; NULL: no memory. */
static const char *
what_fails(struct import *im)
{
	struct str text = arena_printf(&im->arena, "signatures by rsa-sha1 or "
	    "RSA keys below 1024 bits do not pass (RFC 8301)%s, nor those that "
	    "leave text unsigned (Minimum, AllowExtraFields); %s; results in "
	    "the header are not believed; pct= of a policy is ignored (RFC "
	    "9989)",
	    import_is_set(im, IMPORT_OPENDKIM, "AllowSHA1Only") ?
	    ", whatever AllowSHA1Only says" : "",
	    opendmarc(im, "PublicSuffixList") == NULL ? "subdomains without a "
	    "record have their parent's policy, which OpenDMARC does not find "
	    "without PublicSuffixList" : "strict alignment (adkim=s, aspf=s) "
	    "is applied, which OpenDMARC does not with PublicSuffixList");

	if (text.p == NULL) {
		import_fail(im, STATUS_NOMEM);
	}
	return (text.p);
}

/* What a domain's policy now refuses, and did not. */
static void
note_refused(struct import *im)
{
	const char *why = what_fails(im);

	if (why != NULL && im->rejects) {
		import_say(im, IMPORT_REFUSED, "More mail fails DMARC: %s. "
		    "Mail is deferred while a policy cannot be fetched "
		    "(OnDMARCTempError)", why);
	} else if (why != NULL) {
		import_say(im, IMPORT_DIFFERS, "More mail has the result "
		    "dmarc=fail: %s", why);
	}
}

/* OpenDMARC takes a login for any client. */
static void
note_logins(struct import *im)
{
	import_say(im, IMPORT_REFUSED, "Mail of authenticated clients in the "
	    "name of domains that are not signed is refused (OnForeignAuthor) "
	    "under p=quarantine as under p=reject, and although SPF passes "
	    "for the client; OnForeignAuthor accept leaves it alone");
}

/* 0.0.0.0/0, as for containers. OpenDKIM verifies what it does not sign. */
static void
note_everybody(struct import *im)
{
	const struct import_given *given = import_dkim(im, "InternalHosts");
	struct import_list list;
	const char *why;
	size_t i;

	if (given == NULL || !import_list_read(im, given, &list, &why)) {
		return;
	}
	for (i = 0; i < list.n; i++) {
		if (str_eq(list.v[i].key, STR("0.0.0.0/0")) ||
		    str_eq(list.v[i].key, STR("::/0"))) {
			import_say_of(im, IMPORT_ACCEPTED, given, "mail of all "
			    "clients is yours by this, and none of it is "
			    "judged: name your own networks instead");
			return;
		}
	}
}

/* What it refused, and is not now. */
static void
note_accepted(struct import *im)
{
	bool self = is_set(im, "SPFSelfValidate");

	note_everybody(im);
	import_say(im, IMPORT_ACCEPTED, "DMARC is not applied to mail of %s"
	    "InternalHosts (by default 127.0.0.1 and ::1), nor to mail that is "
	    "not received over the network; OpenDMARC refuses and holds "
	    "theirs, too, %sunless IgnoreHosts names them",
	    is_set(im, "IgnoreAuthenticatedClients") ? "" : im->signs ?
	    "authenticated clients in the name of your own domains, of " :
	    "authenticated clients, of ",
	    is_set(im, "IgnoreAuthenticatedClients") ? "" :
	    "without IgnoreAuthenticatedClients and ");
	if (!self || !im->old_dkim) {
		import_say(im, IMPORT_ACCEPTED, "%s always evaluated here: "
		    "mail that passes DMARC by %s is accepted; OpenDMARC %s"
		    "needs another program's result", self ?
		    "Signatures are" : im->old_dkim ? "SPF is" :
		    "SPF and signatures are", self ? "DKIM" :
		    im->old_dkim ? "SPF" : "them", self ? "" :
		    "without SPFSelfValidate ");
	}
	import_say(im, IMPORT_ACCEPTED, "A domain with two DMARC records has "
	    "no policy (RFC 9989); OpenDMARC takes the first");
}

/* The name of its results, by its AuthservID; absent: the MTA's, which is not
   known. */
static struct str
results_name(struct import *im, enum import_program program)
{
	const struct import_given *given = import_get(im, program,
	    "AuthservID");
	char name[NAME_BYTES];

	if (given == NULL) {
		return (im->mta_name != NULL ? str_from(im->mta_name) :
		    STR_NONE);
	}
	if (str_eq(given->value, STR("HOSTNAME")) &&
	    gethostname(name, sizeof(name)) == 0) {
		name[sizeof(name) - 1] = '\0';
		return (arena_dup(&im->arena, str_from(name)));
	}
	return (given->value);
}

static bool
lists_name(struct str list, struct str name)
{
	struct str item;

	while (str_next(&list, ',', &item)) {
		if (str_eq_ci(str_trim_fws(item), name)) {
			return (true);
		}
	}
	return (false);
}

/* OpenDMARC takes for OpenDKIM's what has its own name, or a trusted one. */
static void
note_belief(struct import *im)
{
	const struct import_given *trusted = opendmarc(im,
	    "TrustedAuthservIDs");
	struct str dkim = results_name(im, IMPORT_OPENDKIM);
	struct str dmarc = results_name(im, IMPORT_OPENDMARC);

	bool changing = import_is_set(im, IMPORT_OPENDKIM,
	    "AuthservIDWithJobID");

	if (!changing && ((import_dkim(im, "AuthservID") == NULL &&
	    opendmarc(im, "AuthservID") == NULL) || str_eq_ci(dkim, dmarc))) {
		return;
	}
	import_say(im, IMPORT_DIFFERS, "All results are under one name, the "
	    "first of AuthservID: %.*s; OpenDKIM writes %s, OpenDMARC %s",
	    STR_FMT(import_setting(im, "AuthservID")), dkim.n > 0 ?
	    import_shown(im, dkim) : "the MTA's", dmarc.n > 0 ?
	    import_shown(im, dmarc) : "the MTA's");
	if (im->rejects && im->old_dkim && (changing || trusted == NULL ||
	    !lists_name(trusted->value, dkim))) {
		import_say(im, IMPORT_ACCEPTED, "Mail that passes DMARC by a "
		    "signature is accepted; OpenDMARC does not believe "
		    "OpenDKIM's results, unless %s, which TrustedAuthservIDs "
		    "does not have, is its own AuthservID, too", dkim.n > 0 ?
		    import_shown(im, dkim) : "the name of the MTA");
	}
}

static void
note_results(struct import *im)
{
	import_say(im, IMPORT_DIFFERS, "Mail of authenticated clients and of "
	    "InternalHosts has no results of SPF and DMARC%s",
	    is_set(im, "SPFSelfValidate") ? "; and SPF does not pass for "
	    "127.0.0.0/8 without a record that says so" : "");
}

/* Results of another host are not trusted: SPF then fails for its address. */
static void
note_trusted(struct import *im)
{
	const struct import_given *given = opendmarc(im, "TrustedAuthservIDs");
	struct str ours = import_setting(im, "AuthservID"), rest, name;

	rest = given != NULL ? given->value : STR_NONE;
	while (str_next(&rest, ',', &name)) {
		struct str known = ours, one;
		bool same = str_eq(name, STR("HOSTNAME"));

		name = str_trim_fws(name);
		while (!same && str_next(&known, ',', &one)) {
			same = str_eq_ci(str_trim_fws(one), name);
		}
		if (!same && name.n > 0) {
			import_say_of(im, im->rejects ? IMPORT_REFUSED :
			    IMPORT_DIFFERS, given, "results in the header are "
			    "never trusted: if that is a host that relays mail "
			    "to this one, name it in TrustedRelays, or SPF "
			    "fails");
			return;
		}
	}
}

void
import_judging_notes(struct import *im)
{
	note_headers(im);
	if (str_eq(import_setting(im, "OnBadFrom"), STR("reject"))) {
		import_say(im, IMPORT_REFUSED, "A message without a From "
		    "field, or with an unreadable one or several, is refused "
		    "(OnBadFrom), and of several authors in it each is judged; "
		    "OpenDMARC accepts some of these");
	}
	if (im->has[IMPORT_OPENDMARC]) {
		note_refused(im);
		note_results(im);
	}
	if (im->has[IMPORT_OPENDMARC] && im->has[IMPORT_OPENDKIM]) {
		note_belief(im);
	}
	if (im->rejects && import_setting(im, "BadSignatures").p != NULL &&
	    !str_eq(import_setting(im, "OnBadSignature"), STR("reject"))) {
		import_say(im, IMPORT_REFUSED, "Mail that fails DMARC is "
		    "refused before OnBadSignature holds or defers it");
	}
	if (im->rejects) {
		if (import_judges_logins(im)) {
			note_logins(im);
		}
		note_accepted(im);
	} else if (im->has[IMPORT_OPENDMARC]) {
		import_say(im, IMPORT_DIFFERS, "A From field without a "
		    "readable domain, which OpenDMARC defers, is accepted");
	}
	note_trusted(im);
}
