/* SPDX-License-Identifier: BSD-2-Clause */
/* direction: sign, verify or pass through; decided once, at end of headers. */
#include "engine/private.h"

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
	if (in->macros[ENGINE_DAEMON_NAME].n > 0 &&
	    str_list_has_ci(conf->mta.v, conf->mta.n,
	    in->macros[ENGINE_DAEMON_NAME])) {
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
set_direction(struct engine_input *in, enum engine_direction direction,
    enum engine_direction_reason reason)
{
	in->direction = direction;
	in->direction_reason = reason;
}

/* A domain without a key in a store may get one later. */
static enum engine_direction_reason
why_not_ours(const struct conf *conf)
{
	return (conf->key_stores.n > 0 ? ENGINE_NO_ACTIVE_KEY :
	    ENGINE_NOT_OUR_DOMAIN);
}

static void
decide_internal(struct engine_input *in, bool ours,
    enum engine_direction_reason origin)
{
	if (addr_from_author(&in->from) == NULL) {
		set_direction(in, ENGINE_PASS_THROUGH, ENGINE_NO_AUTHOR);
	} else if (!ours) {
		set_direction(in, ENGINE_PASS_THROUGH,
		    why_not_ours(input_conf(in)));
	} else {
		set_direction(in, ENGINE_SIGN, origin);
	}
}

void
engine_direction_decide(struct engine_input *in, bool ours)
{
	const struct conf *conf = input_conf(in);
	enum engine_direction_reason origin = engine_origin(in);

	in->external = origin == ENGINE_EXTERNAL_HOST;
	if (origin == ENGINE_PEER) {
		set_direction(in, ENGINE_PASS_THROUGH, origin);
		return;
	}
	if (conf->mode_sign && !in->external) {
		decide_internal(in, ours, origin);
		return;
	}
	in->judged = conf->mode_verify && in->external;
	set_direction(in, conf->mode_verify ? ENGINE_VERIFY :
	    ENGINE_PASS_THROUGH, origin);
}
