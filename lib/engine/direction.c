/* SPDX-License-Identifier: BSD-2-Clause */
/* direction: sign, verify or leave alone; decided once, at end of headers. */
#include "engine/private.h"

const char *
engine_origin(const struct engine_msg *m)
{
	const struct conf *conf = msg_conf(m);
	const struct engine_client *client = m->client;

	if (client->inbound) {
		return (NULL);
	}
	if (m->macros[ENGINE_AUTH_AUTHEN].n > 0 ||
	    m->macros[ENGINE_AUTH_TYPE].n > 0) {
		return ("authenticated");
	}
	if (m->macros[ENGINE_DAEMON_NAME].n > 0 &&
	    str_list_has_ci(conf->mta.v, conf->mta.n,
	    m->macros[ENGINE_DAEMON_NAME])) {
		return ("MTA");
	}
	if (client->ip == NULL) {
		return ("local submission");
	}
	if (hosts_match(conf->internal_hosts, client->ip, client->name)) {
		return ("internal host");
	}
	return (NULL);
}

static void
set(struct engine_msg *m, enum engine_direction direction, const char *reason)
{
	m->direction = direction;
	m->direction_reason = reason;
}

/* Of a store it is not known which domains will sign one day. */
static const char *
why_not_ours(const struct conf *conf)
{
	return (conf->key_source != NULL || conf->key_directory != NULL ?
	    "no active key for from domain" : "from domain not ours");
}

static void
decide_internal(struct engine_msg *m, const char *why)
{
	if (m->from.result != ADDR_FROM_OK) {
		set(m, ENGINE_PASS_THROUGH, addr_from_text(m->from.result));
	} else if (m->picks.n == 0) {
		set(m, ENGINE_PASS_THROUGH, why_not_ours(msg_conf(m)));
	} else {
		set(m, ENGINE_SIGN, why);
	}
}

enum status
engine_direction_decide(struct engine_msg *m)
{
	const struct conf *conf = msg_conf(m);
	const char *why = engine_origin(m);
	enum status st = STATUS_OK;

	if (m->from.result == ADDR_FROM_OK) {
		st = signers_pick(m->engine->signers, &m->arena,
		    m->from.v[0].local, m->from.v[0].domain, &m->picks);
	}
	if (conf->mode_sign && why != NULL) {
		decide_internal(m, why);
		return (st);
	}
	m->external = why == NULL;
	if (conf->mode_verify) {
		set(m, ENGINE_VERIFY, why == NULL ? "external host" : why);
	} else {
		set(m, ENGINE_PASS_THROUGH, why == NULL ? "external host" : why);
	}
	return (st);
}
