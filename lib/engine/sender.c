/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sender: the client that SPF and iprev are about. That is who connects to our
 * MTA, or, if that is a relay that the operator trusts, who connected to it:
 * each relay says so in the Received field that it put on top.
 *
 * The name that a relay writes may be what the client's PTR record claims and
 * nothing confirms, so that nobody is trusted for it.
 */
#include "engine/private.h"
#include "mail/received.h"

#define RELAYS_MAX	20	/* one behind the other */

static void
set_ip(struct engine_sender *s, const struct ip_addr *ip)
{
	s->ip = *ip;
	s->known = true;
}

void
engine_sender_at_mail(struct engine_msg *m)
{
	const struct engine_client *client = m->client;
	struct engine_sender *s = &m->sender;

	if (client->ip == NULL) {
		return;
	}
	m->relayed = hosts_match(msg_conf(m)->trusted_relays, client->ip,
	    client->name);
	if (!m->relayed) {
		set_ip(s, client->ip);
		s->name = client->name;
		s->helo = client->helo;
	}
}

void
engine_sender_at_eoh(struct engine_msg *m)
{
	const struct conf *conf = msg_conf(m);
	struct engine_sender *s = &m->sender;
	struct received_client client;
	size_t i, relays = 0;

	s->source = "no Received field names the client";
	for (i = 0; i < m->fields.n && relays < RELAYS_MAX; i++) {
		const struct field *field = &m->fields.v[i];

		if (!str_eq_ci(field->name, STR("Received"))) {
			continue;
		}
		if (!received_client(field->value, &client)) {
			s->source = "the client in Received is not clear";
			return;
		}
		if (!hosts_match(conf->trusted_relays, &client.ip,
		    STR_NONE)) {
			set_ip(s, &client.ip);
			s->helo = client.helo;
			s->source = "Received";
			return;
		}
		relays++;
	}
}
