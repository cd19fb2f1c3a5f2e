/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace: whether the Received fields of a message from an internal source say
 * that it came from outside before (direction.c). They stay where programs
 * delete every mark, and they are there where no milter looked.
 *
 * The topmost field that this MTA wrote about a client that is not internal, or
 * that had a login, decides. Such fields are above all that a sender outside
 * can write, and name in "with" whether there was a login (RFC 3848); Postfix
 * and Sendmail put no blank, parenthesis or quote of the client's into HELO. It
 * is this MTA's if "by" is the name that it gives itself, {j}; one without a
 * dot may be any host's. Fields without the client's address, or with another
 * protocol than SMTP, are not of an SMTP server: a web mailer writes the
 * address of its user, and "with HTTP".
 *
 * SpamAssassin's report_safe makes a new message around spam, with the From and
 * Message-ID of the old one and no other field of it, and says so in its own
 * Received field. Fetchmail takes mail from a mailbox elsewhere, and says "with
 * POP3" or "with IMAP". Both need not know this MTA's name.
 */
#include "engine/private.h"
#include "mail/received.h"

enum hop {
	HOP_OTHER,		/* not this MTA's, or about an internal client:
				   those below may tell */
	HOP_LOGIN,
	HOP_OUTSIDE
};

static bool
is_this_mta(const struct engine_input *in, struct str host)
{
	struct str mta = in->macros[ENGINE_MTA_NAME];

	return (str_find(mta, '.') < mta.n && str_eq_ci(mta, host));
}

/* The field of this very reception: an MTA may show it. */
static bool
is_now(const struct engine_input *in, struct str id)
{
	return (id.n > 0 && str_eq(id, in->macros[ENGINE_QUEUE_ID]));
}

/* RFC 3848, RFC 6531 4.3. */
static bool
is_smtp(struct str protocol)
{
	static const struct str names[] = { STR("SMTP"), STR("ESMTP"),
		STR("ESMTPS"), STR("UTF8SMTP"), STR("UTF8SMTPS") };

	return (str_list_has_ci(names, sizeof(names) / sizeof(names[0]),
	    protocol));
}

static bool
is_login(struct str protocol)
{
	static const struct str names[] = { STR("ESMTPA"), STR("ESMTPSA"),
		STR("UTF8SMTPA"), STR("UTF8SMTPSA") };

	return (str_list_has_ci(names, sizeof(names) / sizeof(names[0]),
	    protocol));
}

static bool
is_wrapper(const struct received_hop *hop)
{
	return (str_eq(hop->with, STR("SpamAssassin")) &&
	    str_eq_ci(hop->client.helo, STR("localhost")));
}

static bool
is_fetched(const struct received_hop *hop)
{
	return (str_starts_ci(hop->with, STR("POP")) ||
	    str_starts_ci(hop->with, STR("IMAP")));
}

static enum hop
read_client(struct engine_input *in, const struct received_hop *hop)
{
	const struct conf *conf = input_conf(in);
	const struct ip_addr *ip = &hop->client.ip;
	struct str name = hop->client.name;

	if (hop->address == RECEIVED_UNCLEAR) {
		in->trace_id = hop->id;
		in->sender = (struct engine_sender){
			.source = "the client in Received is not clear" };
		return (HOP_OUTSIDE);
	}
	if (hosts_match(conf->peer_list, ip, name) ||
	    (hosts_match(conf->internal_hosts, ip, name) &&
	    !hosts_match(conf->trusted_relays, ip, name))) {
		return (HOP_OTHER);
	}
	in->trace_id = hop->id;
	in->sender = (struct engine_sender){ .known = true, .ip = *ip,
		.helo = hop->client.helo, .source = "Received" };
	return (HOP_OUTSIDE);
}

static enum hop
read_hop(struct engine_input *in, struct str value)
{
	struct received_hop hop;

	received_hop(value, &hop);
	if (is_wrapper(&hop) || is_fetched(&hop)) {
		in->sender = (struct engine_sender){ .source =
		    is_fetched(&hop) ? "fetched from a mailbox" :
		    "wrapped by SpamAssassin" };
		return (HOP_OUTSIDE);
	}
	if (!is_this_mta(in, hop.by) || is_now(in, hop.id)) {
		return (HOP_OTHER);
	}
	if (hop.login || is_login(hop.with)) {
		return (HOP_LOGIN);
	}
	return (hop.address != RECEIVED_NO_ADDRESS && is_smtp(hop.with) ?
	    read_client(in, &hop) : HOP_OTHER);
}

bool
engine_trace_has_id(const struct engine_input *in, struct str id)
{
	struct received_hop hop;
	bool found = is_now(in, id);
	size_t i;

	for (i = 0; i < in->fields.n && !found && id.n > 0; i++) {
		const struct field *field = &in->fields.v[i];

		if (str_eq_ci(field->name, STR("Received"))) {
			received_hop(field->value, &hop);
			found = is_this_mta(in, hop.by) && str_eq(id, hop.id);
		}
	}
	return (found);
}

void
engine_trace_begin(struct engine_input *in)
{
	enum hop hop = HOP_OTHER;
	size_t i;

	for (i = 0; i < in->fields.n && hop == HOP_OTHER; i++) {
		const struct field *field = &in->fields.v[i];

		if (str_eq_ci(field->name, STR("Received"))) {
			hop = read_hop(in, field->value);
		}
	}
	if (hop == HOP_OUTSIDE) {
		in->trace_index = i - 1;
	}
}
