/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AuthservID, and OpenDKIM's On- options as its version 2.11 acts on them,
 * which is not always what opendkim.conf(5) says: On-DNSError decides nothing,
 * a quarantine needs CaptureUnknownErrors, and On-BadSignature is for altered
 * messages and revoked keys.
 */
#include "tools/import.h"

/* OpenDKIM knows the words and their first letters. */
static enum import_action
action_of(const struct import *im, const struct import_given *given)
{
	if (given == NULL || given->value.n == 0) {
		return (ACT_DEFAULT);
	}
	switch (char_lower(given->value.p[0])) {
	case 'a':
		return (ACT_ACCEPT);
	case 'r':
		return (ACT_REJECT);
	case 't':
		return (ACT_TEMPFAIL);
	case 'q':
		return (import_is_set(im, IMPORT_OPENDKIM,
		    "CaptureUnknownErrors") ? ACT_HOLD : ACT_ACCEPT);
	case 'd':
		return (ACT_DROP);
	default:
		return (ACT_DEFAULT);
	}
}

/* By its own option, or by On-Default. With AlwaysAddARHeader there is a result
   for mail without a signature, and it is accepted. */
static enum import_action
action_for(const struct import *im, const char *name,
    const struct import_given **given_r)
{
	enum import_action action;

	*given_r = import_dkim(im, name);
	if (strcmp(name, "On-NoSignature") == 0 &&
	    import_is_set(im, IMPORT_OPENDKIM, "AlwaysAddARHeader")) {
		return (ACT_ACCEPT);
	}
	action = action_of(im, *given_r);
	if (action == ACT_DEFAULT) {
		*given_r = import_dkim(im, "On-Default");
		action = action_of(im, *given_r);
	}
	return (action);
}

static const char *
word_of(enum import_action action)
{
	switch (action) {
	case ACT_REJECT:
	case ACT_DROP:
		return ("reject");
	case ACT_TEMPFAIL:
		return ("tempfail");
	case ACT_HOLD:
		return ("quarantine");
	case ACT_DEFAULT:
	case ACT_ACCEPT:
		break;
	}
	return ("accept");
}

enum import_action
import_old_action(const struct import *im, const char *name)
{
	const struct import_given *given;
	enum import_action action = im->old_dkim ? action_for(im, name,
	    &given) : ACT_ACCEPT;

	return (action == ACT_DEFAULT ? ACT_ACCEPT : action);
}

const char *
import_action_name(enum import_action action)
{
	switch (action) {
	case ACT_REJECT:
		return ("refused");
	case ACT_TEMPFAIL:
		return ("deferred");
	case ACT_HOLD:
		return ("held");
	case ACT_DROP:
		return ("dropped");
	case ACT_DEFAULT:
	case ACT_ACCEPT:
		break;
	}
	return ("accepted");
}

static void
note_action(struct import *im, enum import_action action,
    const struct import_given *given)
{
	if (action == ACT_DROP) {
		import_say_of(im, IMPORT_REFUSED, given, "mail is refused "
		    "(reject) where OpenDKIM drops it without a word "
		    "(discard)");
	} else if (action == ACT_ACCEPT && given->value.n > 0 &&
	    char_lower(given->value.p[0]) == 'q') {
		import_say_of(im, IMPORT_DIFFERS, given, "OpenDKIM holds "
		    "nothing without CaptureUnknownErrors, so this is accept");
	}
}

static void
set_bad_signature(struct import *im)
{
	const struct import_given *given;
	enum import_action action = action_for(im, "On-BadSignature", &given);

	if (action != ACT_DEFAULT) {
		note_action(im, action, given);
	}
	import_set_text(im, "OnBadSignature", word_of(action));
	if (action == ACT_DEFAULT || action == ACT_ACCEPT) {
		return;
	}
	import_set_text(im, "BadSignatures", "altered");
	import_say(im, IMPORT_ACCEPTED, "OnBadSignature is for altered mail "
	    "from outside (BadSignatures altered); in OpenDKIM it is also for "
	    "mail of your own clients that is not signed, and for signatures "
	    "of invalid syntax, by a revoked key, or by rsa-sha1 that do not "
	    "match");
}

/* It fails signatures, or makes them neutral, by a key that DNSSEC does not
   protect. */
static void
note_unprotected(struct import *im)
{
	const struct import_given *given = import_dkim(im, "UnprotectedKey");
	bool refuses = import_setting(im, "BadSignatures").p != NULL;

	if (given == NULL || str_eq_ci(given->value, STR("none"))) {
		return;
	}
	import_say_of(im, refuses ? IMPORT_ACCEPTED : IMPORT_DIFFERS, given,
	    "results do not depend on DNSSEC: a signature by a key that it "
	    "does not protect passes");
	if (refuses && str_eq_ci(given->value, STR("neutral"))) {
		import_say_of(im, IMPORT_REFUSED, given, "an altered signature "
		    "by such a key is a bad one, too");
	}
}

/* What has no equal. */
static void
lose_action(struct import *im, const char *name, const char *why)
{
	const struct import_given *given;
	enum import_action action = action_for(im, name, &given);

	if (action != ACT_DEFAULT && action != ACT_ACCEPT) {
		import_say_of(im, IMPORT_ACCEPTED, given, why);
	}
}

static void
set_dns_error(struct import *im)
{
	import_set_text(im, "OnDNSError", "accept");
	if (im->old_dkim && import_dkim(im, "On-DNSError") != NULL) {
		import_say_of(im, IMPORT_DIFFERS, import_dkim(im,
		    "On-DNSError"), "OpenDKIM 2.11 accepts such mail whatever "
		    "this says, and so does OnDNSError accept; write "
		    "OnDNSError tempfail to defer it");
	}
}

static void
set_internal_error(struct import *im)
{
	const struct import_given *given;
	enum import_action action = action_for(im, "On-InternalError", &given);

	if (action != ACT_DEFAULT) {
		note_action(im, action, given);
		import_set_text(im, "OnInternalError", word_of(action));
	}
}

static void
set_sign_failure(struct import *im)
{
	const struct import_given *given = import_dkim(im, "On-SignatureError");

	if (given != NULL && im->signs) {
		import_set_text(im, "OnSignFailure", "tempfail");
		if (action_of(im, given) != ACT_TEMPFAIL) {
			import_say_of(im, IMPORT_DIFFERS, given, "mail that no "
			    "key can sign is deferred, as OpenDKIM does if it "
			    "cannot read a key; OnSignFailure unsigned lets it "
			    "leave unsigned");
		}
	}
}

static void
add_name(struct buf *names, struct str name)
{
	struct str rest = buf_str(names), item;

	name = str_trim_fws(name);
	if (name.n == 0 || str_find(name, ',') < name.n) {
		return;
	}
	while (str_next(&rest, ',', &item)) {
		if (str_eq_ci(str_trim_fws(item), name)) {
			return;
		}
	}
	buf_printf(names, "%s%.*s", names->n > 0 ? ", " : "", STR_FMT(name));
}

/* Without the option, the name that the MTA gives as {j}. */
static void
add_name_of(struct import *im, struct buf *names, enum import_program program)
{
	const struct import_given *given = import_get(im, program,
	    "AuthservID");

	if (!im->has[program]) {
		return;
	}
	if (given != NULL) {
		add_name(names, given->value);
		return;
	}
	add_name(names, STR("{j}"));
	if (im->mta_name != NULL) {
		add_name(names, str_from(im->mta_name));
		import_say(im, IMPORT_DIFFERS, "AuthservID {j}: results are "
		    "written under the name of the MTA, as before: %s",
		    im->mta_name);
	}
}

/* RemoveARFrom: hosts; of a ".domain", all below it. */
static void
add_removed(struct import *im, struct buf *names)
{
	const struct import_given *given = import_dkim(im, "RemoveARFrom");
	struct import_list list;
	const char *why;
	size_t i;

	if (given == NULL) {
		return;
	}
	if (!import_list_read(im, given, &list, &why)) {
		import_say_of(im, IMPORT_DIFFERS, given, why);
		return;
	}
	for (i = 0; i < list.n; i++) {
		if (list.v[i].key.p[0] == '.') {
			import_say_of(im, IMPORT_DIFFERS, given, "results of "
			    "the hosts below a domain stay: name each in "
			    "AuthservID");
		} else {
			add_name(names, list.v[i].key);
		}
	}
}

static void
set_authserv_id(struct import *im)
{
	struct buf names;
	struct diag why;

	buf_init(&names, IMPORT_LIST_BYTES);
	/* The first is that of our results. */
	if (im->old_dkim) {
		add_name_of(im, &names, IMPORT_OPENDKIM);
	}
	add_name_of(im, &names, IMPORT_OPENDMARC);
	add_name_of(im, &names, IMPORT_OPENDKIM);
	add_name_of(im, &names, IMPORT_OPENARC);
	if (import_get(im, IMPORT_POLICYD, "Authserv_Id") != NULL) {
		add_name(&names, import_get(im, IMPORT_POLICYD,
		    "Authserv_Id")->value);
	}
	add_removed(im, &names);
	diag_init(&why);
	if (names.n == 0) {
		buf_fini(&names);
		return;
	}
	import_say(im, IMPORT_DIFFERS, "Authentication-Results that claim a "
	    "name of AuthservID are deleted from all mail, with Mode s and "
	    "from outgoing mail, too");
	if (import_accepts(im, "AuthservID", buf_str(&names), &why)) {
		import_set(im, "AuthservID", arena_dup(&im->arena,
		    buf_str(&names)));
	} else {
		import_say(im, IMPORT_DIFFERS, "AuthservID: %s", why.text);
	}
	buf_fini(&names);
}

/* Mode s. */
static void
note_unused(struct import *im)
{
	static const char *const names[] = { "On-BadSignature", "On-DNSError",
		"On-KeyNotFound", "On-NoSignature" };
	size_t i;

	if (import_is_set(im, IMPORT_OPENDKIM, "RequiredHeaders")) {
		import_say_of(im, im->signed_before ? IMPORT_ACCEPTED :
		    IMPORT_MOOT, import_dkim(im, "RequiredHeaders"),
		    "mail of yours with no Date or two, or with several To, "
		    "Cc, Subject and the like, is accepted and signed");
	}

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (import_dkim(im, names[i]) != NULL) {
			import_say_of(im, IMPORT_MOOT, import_dkim(im,
			    names[i]), "with Mode s OpenDKIM verifies nothing");
		}
	}
}

/* Without these, mailseald would do more with incoming mail than they did. */
void
import_verifying(struct import *im)
{
	set_authserv_id(im);
	set_sign_failure(im);
	set_internal_error(im);
	if (!im->old_dkim) {
		note_unused(im);
	}
	if (!im->verifies) {
		return;
	}
	set_dns_error(im);
	if (im->old_dkim) {
		set_bad_signature(im);
		note_unprotected(im);
		lose_action(im, "On-NoSignature", "mail without a signature "
		    "is accepted: DMARC decides about it");
		lose_action(im, "On-KeyNotFound", "mail whose signature has "
		    "no key in the DNS is accepted: BadSignatures any refuses "
		    "it, and what has expired or is by a short key");
		import_say(im, IMPORT_DIFFERS, "Mail of your own clients "
		    "that is not signed is not verified either, and gets no "
		    "Authentication-Results");
		import_say(im, IMPORT_DIFFERS, "A signature by rsa-sha1 or a "
		    "short RSA key, or one that leaves text unsigned (Minimum, "
		    "AllowExtraFields), has the result permerror or policy "
		    "instead of pass");
		import_say(im, IMPORT_DIFFERS, "A header of more than 64 KiB, "
		    "which OpenDKIM defers, is accepted up to 2 MiB");
	}
}
