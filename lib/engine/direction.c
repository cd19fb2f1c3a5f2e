/* SPDX-License-Identifier: BSD-2-Clause */
/* direction: sign, verify or leave alone; decided once, at end of headers. */
#include "engine/private.h"

enum engine_direction_reason
engine_origin(const struct engine_msg *m)
{
	const struct conf *conf = msg_conf(m);
	const struct engine_client *client = m->client;

	if (client->inbound) {
		return (ENGINE_EXTERNAL_HOST);
	}
	if (m->macros[ENGINE_AUTH_AUTHEN].n > 0 ||
	    m->macros[ENGINE_AUTH_TYPE].n > 0) {
		return (ENGINE_AUTHENTICATED);
	}
	if (m->macros[ENGINE_DAEMON_NAME].n > 0 &&
	    str_list_has_ci(conf->mta.v, conf->mta.n,
	    m->macros[ENGINE_DAEMON_NAME])) {
		return (ENGINE_MTA);
	}
	if (client->ip == NULL) {
		return (ENGINE_LOCAL_SUBMISSION);
	}
	if (hosts_match(conf->internal_hosts, client->ip, client->name)) {
		return (ENGINE_INTERNAL_HOST);
	}
	return (ENGINE_EXTERNAL_HOST);
}

static void
set(struct engine_msg *m, enum engine_direction direction,
    enum engine_direction_reason reason)
{
	m->direction = direction;
	m->direction_reason = reason;
}

/* Of a store it is not known which domains will sign one day. */
static enum engine_direction_reason
why_not_ours(const struct conf *conf)
{
	return (conf->key_stores.n > 0 ? ENGINE_NO_ACTIVE_KEY :
	    ENGINE_NOT_OUR_DOMAIN);
}

static void
decide_internal(struct engine_msg *m, enum engine_direction_reason why)
{
	if (m->from.result != ADDR_FROM_OK) {
		set(m, ENGINE_PASS_THROUGH, ENGINE_NO_AUTHOR);
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
	enum engine_direction_reason why = engine_origin(m);
	enum status st = STATUS_OK;

	if (m->from.result == ADDR_FROM_OK) {
		st = signers_pick(m->engine->signers, &m->arena,
		    m->from.v[0].local, m->from.v[0].domain, &m->picks);
	}
	if (conf->mode_sign && why != ENGINE_EXTERNAL_HOST) {
		decide_internal(m, why);
		return (st);
	}
	m->external = why == ENGINE_EXTERNAL_HOST;
	if (conf->mode_verify) {
		set(m, ENGINE_VERIFY, why);
	} else {
		set(m, ENGINE_PASS_THROUGH, why);
	}
	return (st);
}
