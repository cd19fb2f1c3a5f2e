/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenDMARC 1.4. It acts on a policy only with RejectFailures, and then rejects
 * for p=reject and, with HoldQuarantinedMessages, holds for p=quarantine.
 */
#include "tools/import.h"

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
set_actions(struct import *im)
{
	bool from = im->rejects || is_set(im, "RequiredHeaders") ||
	    is_set(im, "RejectMultiValueFrom") ||
	    (im->old_dkim && import_is_set(im, IMPORT_OPENDKIM,
	    "RequiredHeaders"));

	import_set_text(im, "OnDMARCReject", im->rejects ? "reject" :
	    "accept");
	import_set_text(im, "OnDMARCQuarantine", im->rejects &&
	    is_set(im, "HoldQuarantinedMessages") ? "hold" : "accept");
	import_set_text(im, "OnDMARCTempError", im->rejects ? "tempfail" :
	    "accept");
	import_set_text(im, "OnBadFrom", from ? "reject" : "accept");
	if (!im->rejects) {
		import_say(im, IMPORT_DIFFERS, "DMARC refuses and tags "
		    "nothing, as before: OnDMARCReject and OnDMARCQuarantine "
		    "change that");
	}
}

static void
note_headers(struct import *im)
{
	static const char why[] = "only the From field is checked (OnBadFrom "
	    "reject): mail with no Date or two, or with several To, Cc, "
	    "Subject and the like, is accepted";

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

/* What a domain's policy now refuses, and did not. */
static void
note_refused(struct import *im)
{
	import_say(im, IMPORT_REFUSED, "More mail fails DMARC: signatures by "
	    "rsa-sha1 or RSA keys below 1024 bits do not pass (RFC 8301)%s, "
	    "nor those that leave text unsigned (Minimum, AllowExtraFields); "
	    "%spct= of a policy is ignored (RFC 9989). Mail is deferred while "
	    "a policy cannot be fetched (OnDMARCTempError)",
	    import_is_set(im, IMPORT_OPENDKIM, "AllowSHA1Only") ?
	    ", whatever AllowSHA1Only says" : "",
	    opendmarc(im, "PublicSuffixList") == NULL ? "subdomains without a "
	    "record have their parent's policy, which OpenDMARC does not find "
	    "without PublicSuffixList; " : "");
}

/* What it refused, and is not now. */
static void
note_accepted(struct import *im)
{
	bool self = is_set(im, "SPFSelfValidate");

	import_say(im, IMPORT_ACCEPTED, "DMARC is not applied to mail of %s"
	    "InternalHosts (by default 127.0.0.1 and ::1), nor to mail that is "
	    "not received over the network; OpenDMARC refuses theirs, too, %s"
	    "unless IgnoreHosts names them",
	    is_set(im, "IgnoreAuthenticatedClients") ? "" :
	    "authenticated clients and of ",
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

static void
set_exemptions(struct import *im)
{
	const struct import_given *given = opendmarc(im, "IgnoreHosts");
	struct str value;

	if (given == NULL) {
		return;
	}
	value = import_hosts(im, given, "TrustedNetworks", im->rejects ?
	    IMPORT_REFUSED : IMPORT_DIFFERS);
	if (value.p != NULL) {
		import_set(im, "TrustedNetworks", value);
	} else if (im->rejects) {
		import_say_of(im, IMPORT_REFUSED, given, "nothing of this "
		    "list is left: mailseald does not start until it is "
		    "written anew");
		import_refuse(im, "TrustedNetworks", given->value);
	}
}

static void
add_items(struct import *im, struct buf *b, const char *name,
    const char *suffix)
{
	const struct import_given *given = opendmarc(im, name);
	struct import_list list;
	const char *why;
	size_t i;

	if (given == NULL) {
		return;
	}
	if (!import_list_read(im, given, &list, &why)) {
		import_say_of(im, im->rejects ? IMPORT_REFUSED :
		    IMPORT_DIFFERS, given, why);
		return;
	}
	for (i = 0; i < list.n; i++) {
		buf_printf(b, "%s%.*s%s", b->n > 0 ? ", " : "",
		    STR_FMT(list.v[i].key), suffix);
	}
}

/* Items of both options; to: our option. */
static void
set_items(struct import *im, const char *one, const char *other,
    const char *to, const char *suffix)
{
	struct diag why;
	struct buf b;

	buf_init(&b, IMPORT_LIST_BYTES);
	add_items(im, &b, one, suffix);
	if (other != NULL) {
		add_items(im, &b, other, suffix);
	}
	diag_init(&why);
	if (b.n > 0 && import_accepts(im, to, buf_str(&b), &why)) {
		import_set(im, to, arena_dup(&im->arena, buf_str(&b)));
	} else if (b.n > 0) {
		import_say_of(im, im->rejects ? IMPORT_REFUSED :
		    IMPORT_DIFFERS, opendmarc(im, opendmarc(im, one) != NULL ?
		    one : other), import_shown(im, str_from(why.text)));
	}
	buf_fini(&b);
}

void
import_judging(struct import *im)
{
	im->rejects = is_set(im, "RejectFailures");
	if (!im->verifies) {
		return;
	}
	set_actions(im);
	set_exemptions(im);
	set_items(im, "IgnoreMailFrom", NULL, "DomainRules", " ignore");
	set_items(im, "DomainWhitelist", "DomainWhitelistFile",
	    "TrustedSealers", "");
	if (import_setting(im, "TrustedSealers").p != NULL) {
		import_say(im, IMPORT_DIFFERS, "TrustedSealers: every sealer "
		    "of a chain must be listed");
	}
	if (opendmarc(im, "PublicSuffixList") != NULL) {
		import_set_text(im, "OrgDomain", "psl");
		import_say(im, IMPORT_DIFFERS, "OrgDomain psl uses the list of "
		    "the package publicsuffix; without this line the tree "
		    "walk of RFC 9989 is used");
	}
	note_headers(im);
	if (str_eq(import_setting(im, "OnBadFrom"), STR("reject"))) {
		import_say(im, IMPORT_REFUSED, "A message without a From "
		    "field, or with an unreadable one or several, is refused "
		    "(OnBadFrom), and of several authors in it each is judged; "
		    "OpenDMARC accepts some of these");
	}
	if (im->rejects) {
		note_refused(im);
		note_accepted(im);
	} else if (im->has[IMPORT_OPENDMARC]) {
		import_say(im, IMPORT_DIFFERS, "A From field without a "
		    "readable domain, which OpenDMARC defers, is accepted");
	}
	note_trusted(im);
}
