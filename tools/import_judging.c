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

bool
import_judges_logins(const struct import *im)
{
	return (im->rejects && im->signs &&
	    !is_set(im, "IgnoreAuthenticatedClients"));
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
	if (import_judges_logins(im)) {
		import_set_text(im, "OnForeignAuthor", "reject");
	}
	if (!im->rejects) {
		import_say(im, IMPORT_DIFFERS, "DMARC refuses and tags "
		    "nothing, as before: OnDMARCReject and OnDMARCQuarantine "
		    "change that");
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
	if (im->rejects && opendmarc(im, "IgnoreMailFrom") != NULL) {
		import_say(im, IMPORT_DIFFERS, "IgnoreMailFrom: a dot behind "
		    "an author's domain makes no other domain of it");
	}
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
	import_judging_notes(im);
}
