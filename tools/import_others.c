/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenARC and policyd-spf; and what is left for the operator to do: one milter
 * in place of several, one user, and systemd.
 */
#include "config.h"

#include "mail/domain.h"
#include "tools/import.h"

static const struct import_given *
openarc(const struct import *im, const char *name)
{
	return (import_get(im, IMPORT_OPENARC, name));
}

static bool
lists_domain(struct import *im, struct str domain)
{
	struct str rest = import_setting(im, "Domain"), item, name;

	while (str_next(&rest, ',', &item)) {
		if (domain_normalize(&im->arena, str_trim_fws(item), &name) ==
		    STATUS_OK && str_eq_ci(name, domain)) {
			return (true);
		}
	}
	return (false);
}

/* Its key, for a configuration that has no other. */
static void
take_key(struct import *im)
{
	const char *path = import_path(im, openarc(im, "KeyFile"),
	    openarc(im, "KeyFile")->value);
	const struct import_given *domain = openarc(im, "Domain");
	struct str name;

	if (domain_normalize(&im->arena, domain->value, &name) != STATUS_OK) {
		import_say_of(im, IMPORT_UNSIGNED, domain, "no domain name: "
		    "mailseald does not start with it");
	}
	if (path != NULL) {
		import_check_key(im, IMPORT_OPENARC, path);
	}
	import_set(im, "Domain", domain->value);
	import_set(im, "Selector", openarc(im, "Selector")->value);
	import_set(im, "KeyFile", str_from(path));
	import_set_text(im, "Mode", "sv");
	import_set_text(im, "KeyStore", "none");
	import_say(im, IMPORT_DIFFERS, "Mail of authors in OpenARC's Domain "
	    "gets a DKIM-Signature by its key, too");
}

/* OpenARC seals whatever passes through. */
static void
set_seal(struct import *im)
{
	struct str domain = openarc(im, "Domain")->value;
	const struct import_given *selector = import_get(im, IMPORT_OPENDKIM,
	    "Selector");

	if (!im->signed_before && import_setting(im, "Domain").p == NULL) {
		take_key(im);
	} else if (!lists_domain(im, domain)) {
		import_say_of(im, IMPORT_UNSIGNED, openarc(im, "Domain"),
		    "nothing is sealed: ArcSealKey needs a key that signs mail "
		    "of this domain. Add it to Domain or the tables, then "
		    "write ArcSeal all and ArcSealKey with the domain");
		return;
	} else if (selector == NULL || !str_eq(selector->value,
	    openarc(im, "Selector")->value)) {
		import_say_of(im, IMPORT_DIFFERS, openarc(im, "Selector"),
		    "seals are by the key that signs for this domain");
	}
	import_set_text(im, "ArcSeal", "all");
	import_set(im, "ArcSealKey", domain);
	import_say(im, IMPORT_DIFFERS, "Outgoing mail is not sealed: ArcSeal "
	    "is for mail from outside");
}

static void
translate_openarc(struct import *im)
{
	const struct import_given *mode = openarc(im, "Mode");

	if (!im->has[IMPORT_OPENARC]) {
		return;
	}
	import_set_text(im, "ArcVerify", "yes");
	if (openarc(im, "PeerList") != NULL) {
		import_say_of(im, IMPORT_DIFFERS, openarc(im, "PeerList"),
		    "mail of these hosts is sealed, too");
	}
	if (mode != NULL && str_find(mode->value, 's') == mode->value.n) {
		return;
	}
	if (openarc(im, "Domain") == NULL || openarc(im, "Selector") == NULL ||
	    openarc(im, "KeyFile") == NULL) {
		import_say(im, IMPORT_DIFFERS, "OpenARC without Domain, "
		    "Selector and KeyFile seals nothing");
		return;
	}
	set_seal(im);
}

/* Whether policyd-spf refuses mail for a result. HELO_reject Null does so for
   bounces. */
static bool
refuses_result(const struct import *im, const char *name, bool fallback)
{
	const struct import_given *given = import_get(im, IMPORT_POLICYD,
	    name);

	return (given == NULL ? fallback :
	    !str_eq_ci(given->value, STR("False")) &&
	    !str_eq_ci(given->value, STR("No_Check")));
}

/* Whether it does something else, that has no equal here. */
static bool
has_more(const struct import *im)
{
	static const char *const names[] = { "HELO_pass_restriction",
		"Mail_From_pass_restriction", "Per_User",
		"Reject_Not_Pass_Domains" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (import_get(im, IMPORT_POLICYD, names[i]) != NULL) {
			return (true);
		}
	}
	return (false);
}

static void
translate_policyd(struct import *im)
{
	const struct import_given *type = import_get(im, IMPORT_POLICYD,
	    "Header_Type");
	const struct import_given *test = import_get(im, IMPORT_POLICYD,
	    "TestOnly");
	bool testing = test != NULL && str_eq(test->value, STR("0"));

	if (!im->has[IMPORT_POLICYD]) {
		return;
	}
	if (type == NULL || str_eq_ci(type->value, STR("SPF"))) {
		import_set_text(im, "ReceivedSPF", "yes");
	}
	if (!testing && (refuses_result(im, "HELO_reject", true) ||
	    refuses_result(im, "Mail_From_reject", true) ||
	    refuses_result(im, "PermError_reject", false) ||
	    refuses_result(im, "TempError_Defer", false))) {
		import_say(im, IMPORT_ACCEPTED, "Mail is not refused for SPF "
		    "alone (HELO_reject, Mail_From_reject, PermError_reject, "
		    "TempError_Defer of policyd-spf): DMARC decides. To refuse "
		    "it as before, keep check_policy_service in main.cf");
	} else if (has_more(im)) {
		import_say(im, IMPORT_TODO, "Keep check_policy_service for "
		    "policyd-spf in main.cf as long as its restriction "
		    "classes, domains or users need it");
	} else {
		import_say(im, IMPORT_TODO, "Remove check_policy_service for "
		    "policyd-spf from smtpd_recipient_restrictions in main.cf, "
		    "then its service from master.cf");
	}
}

void
import_others(struct import *im)
{
	translate_openarc(im);
	translate_policyd(im);
}

/* A user of its own would not be able to read the keys. */
static void
todo_user(struct import *im)
{
	struct str user = import_setting(im, "UserID");
	struct str owner = user.p != NULL ? user : STR("mailseal");

	if (im->signs) {
		import_say(im, IMPORT_TODO, "Key files, and a key store in "
		    LOCALSTATEDIR "/lib/mailseal: chown -R %.*s, mode 0600%s",
		    STR_FMT(owner), user.p == NULL ? "" : "; User= in "
		    "mailseald.service, dkimkeygen.service and "
		    "tmpfiles.d/mailseal.conf must be that user, or UserID "
		    "mailseal");
	} else if (user.p != NULL) {
		import_say(im, IMPORT_TODO, "User= in mailseald.service must "
		    "be %.*s, or UserID mailseal", STR_FMT(user));
	}
}

static size_t
count_milters(const struct import *im)
{
	size_t n = 0;
	enum import_program program;

	for (program = 0; program < IMPORT_POLICYD; program++) {
		n += im->has[program];
	}
	return (n);
}

static void
todo_socket(struct import *im)
{
	struct str socket = import_setting(im, "Socket");
	struct str path = str_from_offset(socket, str_find(socket, ':') + 1);

	if (path.n > 0 && path.p[0] == '/' &&
	    !str_starts(path, STR("/run/mailseal/")) &&
	    !str_starts(path, STR("/var/spool/postfix/mailseal/"))) {
		import_say(im, IMPORT_TODO, "Socket: mailseald.service may "
		    "create it in /run/mailseal and "
		    "/var/spool/postfix/mailseal only: name one of these, or "
		    "allow the directory by ReadWritePaths=");
	}
	if (count_milters(im) > 1) {
		import_say(im, IMPORT_TODO, "One milter now: smtpd_milters and "
		    "non_smtpd_milters of Postfix must name Socket, and no "
		    "longer the milters of these programs; systemctl disable "
		    "--now them, then start mailseald");
	} else {
		import_say(im, IMPORT_TODO, "systemctl disable --now the old "
		    "program, then start mailseald on its Socket");
	}
}

void
import_todo(struct import *im)
{
	import_say(im, IMPORT_TODO, "Check this file with mailseald -n -c "
	    "FILE, and what it does with mailseal import --compare");
	todo_user(im);
	todo_socket(im);
}
