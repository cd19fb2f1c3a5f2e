/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sender: the client that SPF and iprev check: the one that connects to our
 * MTA, or, if that is a trusted relay or a filter, the one that connected to
 * the relay, as the relay's Received field, on top of the header, names it.
 *
 * The host name in a relay's Received field may be what the client's PTR
 * record claims, without confirmation. It is not used.
 */
#include "engine/private.h"
#include "mail/received.h"

#define RELAYS_MAX	20	/* one behind the other */

static void
set_ip(struct engine_sender *sender, const struct ip_addr *ip)
{
	sender->ip = *ip;
	sender->known = true;
}

void
engine_sender_at_mail(struct engine_input *in)
{
	const struct engine_client *client = in->client;
	struct engine_sender *sender = &in->sender;

	if (client->ip == NULL) {
		return;
	}
	in->filtered = engine_origin(in) == ENGINE_FILTER;
	in->relayed = in->filtered ||
	    hosts_match(input_conf(in)->trusted_relays, client->ip,
	    client->name);
	if (!in->relayed) {
		set_ip(sender, client->ip);
		sender->name = client->name;
		sender->helo = client->helo;
	}
}

/* The way through a filter begins and ends on hosts of ours. */
static bool
is_relay(const struct engine_input *in, const struct ip_addr *ip)
{
	const struct conf *conf = input_conf(in);

	return (hosts_match(conf->trusted_relays, ip, STR_NONE) ||
	    (in->filtered && hosts_match(conf->internal_hosts, ip, STR_NONE)));
}

void
engine_sender_at_eoh(struct engine_input *in)
{
	struct engine_sender *sender = &in->sender;
	struct received_client client;
	size_t i, relays = 0;

	sender->source = "no Received field names the client";
	for (i = 0; i < in->fields.n && relays < RELAYS_MAX; i++) {
		const struct field *field = &in->fields.v[i];

		if (!str_eq_ci(field->name, STR("Received"))) {
			continue;
		}
		if (!received_client(field->value, &client)) {
			sender->source = "the client in Received is not clear";
			return;
		}
		if (!is_relay(in, &client.ip)) {
			set_ip(sender, &client.ip);
			sender->helo = client.helo;
			sender->source = "Received";
			return;
		}
		relays++;
	}
}
