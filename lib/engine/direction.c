/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direction: sign, verify, pass through or returned; decided once, at end of
 * headers.
 *
 * Invariant: what came from outside is never signed as ours, and its first
 * verdict stays, however often and by whatever way it comes back: from a
 * content filter over SMTP or by sendmail(1), from another MTA of ours, from a
 * mailing list, or redirected by a user's rules. Such mail has an internal
 * source and no login, as mail of our own programs has. It is known by
 *
 *	a mark (mark.h): every message from outside leaves with one in our
 *	Authentication-Results, and with a copy of these under another name
 *	(MarkField). If it fits, the message is neither judged nor signed nor
 *	sealed;
 *	the Received field that our MTA wrote when it came in (trace.c). If it
 *	says so and no mark is left, the message is not signed, and gets a
 *	mark without a verdict.
 *
 * A mark fits if its tag is by a key of ours and the message is the one that
 * was marked. Filters change Subject and body and fold fields anew; MTAs
 * complete and rewrite addresses, and add a Message-ID. So a mark covers the
 * field that it is in, the authors and the Message-ID, and each of the two only
 * if it is such that nothing on the way repairs it. It is kept for as long as
 * any queue keeps mail. In doubt it fits: an own message that is not signed is
 * a smaller loss than a forgery that is.
 *
 *	Authors: one strict From field, of at most 4 mailboxes with two labels
 *	or more, and without an '@' in encoded words, which some programs decode
 *	and do not encode again. If From then names only others, it is a new
 *	message of ours, such as a mailing list's with its own address in From,
 *	if it has a list's envelope or List-Id (way.c): tables of an MTA rewrite
 *	From, too.
 *	After another verdict than dmarc=pass, an author with the same local
 *	part or of the same organization (two labels, three below names such as
 *	com.au) is no other: an MTA's canonical or masquerading rules make one
 *	from the other.
 *	Message-ID: one "<...@...>" of dot-atoms without white space, which no
 *	program repairs, so short that no MTA breaks its line; up to the "@", as
 *	tables of an MTA hide the host name behind it. A message without any
 *	fits, as one with several does; so does any if the Received fields say
 *	that the message is from outside; one that our MTA wrote, whose queue ID
 *	it has, as lists may delete Message-ID and Received; and any beside
 *	List-Id, as Mailman's anonymous lists delete both and write another.
 *
 * The copy. Mailman deletes Authentication-Results (remove_dkim_headers, or
 * with ARC of its own), as other lists and filters do. Some delete fields that
 * begin with X-, as its anonymous lists do: the default name does not. Only
 * mail from outside gets it that may be signed here: of an author of ours, of
 * several or of an unclear one; so it costs nothing with other mail. It says
 * nothing that our results beside it do not say: the hashes are of the address
 * and the Message-ID in the same header. It is covered by no signature and no
 * seal. It stays in mail that comes back, which may come back again, from a
 * filter to a list; in our own mail, and in mail from outside as it arrives, it
 * is deleted.
 *
 * The Received field alone cannot tell a forgery from what a list makes of a
 * message of others when it puts its own address into From. It does so if a
 * mark above it, where we put it and no sender outside can, is of another
 * author, or if the process remembers that under the queue ID in that field
 * another author came in (entered.c).
 *
 * A table of all that came in, by Message-ID, would need no field. But it would
 * be lost with the process and unknown to other hosts; and whoever outside
 * knows a Message-ID that a program of ours uses again could prevent its
 * signatures.
 *
 * Attacks.
 *	A sender outside cannot make a mark without the keys, nor prevent one:
 *	all fields under our name that arrive are deleted, and ours is above
 *	those under other names, of which any number may look like marks. A
 *	mark that is copied from received mail and sent again is deleted on
 *	arrival like any other. Nor can he write a Received field above that
 *	of our MTA, or change it.
 *	An attacker who can put a copied mark into our local mail, without a
 *	login, for the same author and Message-ID, keeps that message from being
 *	signed, and shows the old verdict; but that takes control of its header.
 *	A mark without a usable Message-ID or author fits most: local mail of
 *	that author, or with that Message-ID. It still has to get into the
 *	header of our mail. The same goes for a Received field.
 *	Mail with a login is signed, and all fields of ours in it are deleted:
 *	what a user resends is that user's mail, whom SMTP AUTH names. If the
 *	login may not write as that author (logins.c), it is not signed and gets
 *	a mark, too.
 *
 * Limits. A program that makes a new message with an author that it read
 * elsewhere, and keeps no field of the old one, makes a message of ours: one
 * that splits digests, for example. So does a list that leaves From as it is,
 * if only then an MTA's table puts an address of ours there, and a redirect
 * with another envelope sender before such a table. SpamAssassin's
 * report_safe is known (trace.c). A list that deletes our results and puts its
 * own address into From is not signed if the process has restarted meanwhile,
 * or many others have come in, as while a post waits for its moderator. Where
 * no milter sees mail as it comes in (smtpd_proxy_filter, a listener without
 * milters, milter_default_action accept), the Received field is all there is,
 * and there is no verdict. For these there is FilterMTA, and Postfix's
 * receive_override_options=no_milters on the listener to which the filter
 * returns mail. Another host's Received fields are not used: programs there may
 * take logins and not write so. A host in both InternalHosts and TrustedRelays
 * relays mail from outside, so its mail without a login is never taken for
 * ours. Mail of a host in PeerList is not marked.
 */
#include "engine/private.h"

static bool
is_internal(const struct conf *conf, const struct engine_client *client)
{
	return (client->ip == NULL || hosts_match(conf->internal_hosts,
	    client->ip, client->name));
}

static bool
has_daemon_name(const struct engine_input *in, const struct conf_strings *list)
{
	struct str name = in->macros[ENGINE_DAEMON_NAME];

	return (name.n > 0 && str_list_has_ci(list->v, list->n, name));
}

enum engine_direction_reason
engine_origin(const struct engine_input *in)
{
	const struct conf *conf = input_conf(in);
	const struct engine_client *client = in->client;

	if (client->inbound) {
		return (ENGINE_EXTERNAL_HOST);
	}
	if (client->ip != NULL &&
	    hosts_match(conf->peer_list, client->ip, client->name)) {
		return (ENGINE_PEER);
	}
	if (in->macros[ENGINE_AUTH_AUTHEN].n > 0 ||
	    in->macros[ENGINE_AUTH_TYPE].n > 0) {
		return (ENGINE_AUTHENTICATED);
	}
	if (has_daemon_name(in, &conf->filter_mta)) {
		return (is_internal(conf, client) ? ENGINE_FILTER :
		    ENGINE_EXTERNAL_HOST);
	}
	if (has_daemon_name(in, &conf->mta)) {
		return (ENGINE_MTA);
	}
	if (client->ip == NULL) {
		return (ENGINE_LOCAL_SUBMISSION);
	}
	if (!is_internal(conf, client)) {
		return (ENGINE_EXTERNAL_HOST);
	}
	return (hosts_match(conf->trusted_relays, client->ip, client->name) ?
	    ENGINE_RELAY : ENGINE_INTERNAL_HOST);
}

bool
engine_direction_may_return(enum engine_direction_reason origin)
{
	switch (origin) {
	case ENGINE_MTA:
	case ENGINE_LOCAL_SUBMISSION:
	case ENGINE_INTERNAL_HOST:
	case ENGINE_FILTER:
	case ENGINE_RELAY:
		return (true);
	case ENGINE_BEFORE_HEADERS:
	case ENGINE_AUTHENTICATED:
	case ENGINE_EXTERNAL_HOST:
	case ENGINE_PEER:
	case ENGINE_NO_AUTHOR:
	case ENGINE_NOT_OUR_DOMAIN:
	case ENGINE_NO_ACTIVE_KEY:
	case ENGINE_LOGIN_MISMATCH:
	case ENGINE_TRACED:
		break;
	}
	return (false);
}

bool
engine_direction_is_external(const struct engine_input *in)
{
	enum engine_direction_reason origin = engine_origin(in);

	return (origin == ENGINE_EXTERNAL_HOST || origin == ENGINE_FILTER ||
	    origin == ENGINE_RELAY);
}

enum status
engine_direction_begin(struct engine_input *in)
{
	enum engine_direction_reason origin = engine_origin(in);
	enum status status;

	in->external = engine_direction_is_external(in);
	in->login = engine_logins_apply(in) ? ENGINE_LOGIN_UNKNOWN :
	    ENGINE_LOGIN_MAY;
	in->mark_index = in->trace_index = in->fields.n;
	status = addr_from_parse(in->arena, &in->fields,
	    input_conf(in)->line_limit, &in->from);
	if (status != STATUS_OK || !engine_direction_may_return(origin)) {
		return (status);
	}
	if (!in->external) {
		engine_trace_begin(in);
	}
	return (engine_mark_find(in));
}

static void
set_direction(struct engine_input *in, enum engine_direction direction,
    enum engine_direction_reason reason)
{
	in->direction = direction;
	in->direction_reason = reason;
}

/* A domain whose keys are in a store will be signed once one is active. */
static enum engine_direction_reason
why_not_ours(const struct engine_input *in)
{
	return (signers_wait(in->engine->signers,
	    addr_from_author(&in->from)->domain) ? ENGINE_NO_ACTIVE_KEY :
	    ENGINE_NOT_OUR_DOMAIN);
}

/* Whether there is an author, and no domain of ours. */
static bool
is_foreign(const struct engine_input *in)
{
	return (addr_from_author(&in->from) != NULL &&
	    signers_have_sources(in->engine->signers) &&
	    why_not_ours(in) == ENGINE_NOT_OUR_DOMAIN);
}

static void
decide_internal(struct engine_input *in, bool ours,
    enum engine_direction_reason origin)
{
	if (in->login == ENGINE_LOGIN_MAY_NOT) {
		set_direction(in, ENGINE_PASS_THROUGH, ENGINE_LOGIN_MISMATCH);
	} else if (addr_from_author(&in->from) == NULL) {
		set_direction(in, ENGINE_PASS_THROUGH, ENGINE_NO_AUTHOR);
	} else if (!ours) {
		set_direction(in, ENGINE_PASS_THROUGH, why_not_ours(in));
	} else if (input_is_traced(in) && !in->others_mark &&
	    !engine_entered_is_of_others(in)) {
		set_direction(in, ENGINE_RETURNED, ENGINE_TRACED);
	} else {
		set_direction(in, ENGINE_SIGN, origin);
	}
}

void
engine_direction_skip(struct engine_input *in)
{
	in->mark_index = in->trace_index = in->fields.n;
	set_direction(in, ENGINE_PASS_THROUGH, engine_origin(in));
}

static void
decide_direction(struct engine_input *in, bool ours)
{
	const struct conf *conf = input_conf(in);
	enum engine_direction_reason origin = engine_origin(in);

	if (in->mark_index < in->fields.n) {
		in->external = false;
		set_direction(in, ENGINE_RETURNED, origin);
		return;
	}
	if (origin == ENGINE_AUTHENTICATED && !ours && conf->mode_verify &&
	    in->login != ENGINE_LOGIN_MAY_NOT &&
	    conf->on_foreign_author != CONF_FOREIGN_ACCEPT &&
	    is_foreign(in)) {
		in->foreign = true;
		set_direction(in, ENGINE_VERIFY, ENGINE_NOT_OUR_DOMAIN);
		return;
	}
	if (conf->mode_sign && !in->external &&
	    signers_have_sources(in->engine->signers)) {
		decide_internal(in, ours, origin);
		return;
	}
	in->judged = conf->mode_verify && in->external;
	set_direction(in, conf->mode_verify ? ENGINE_VERIFY :
	    ENGINE_PASS_THROUGH, origin);
}

void
engine_direction_decide(struct engine_input *in, bool ours)
{
	decide_direction(in, ours);
	in->ours = ours;
	if (in->external || (input_is_traced(in) &&
	    in->direction == ENGINE_PASS_THROUGH)) {
		engine_entered_note(in);
	}
}
