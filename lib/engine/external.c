/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * external: somebody out there uses our name in From. Worth a line in the log
 * unless it is expected or a signature shows that it is our own mail.
 */
#include "base/escape.h"
#include "engine/private.h"
#include "mail/domain.h"

static void
log_pair(struct buf *line, const char *name, struct str value)
{
	if (value.p != NULL) {
		buf_printf(line, " %s=", name);
		escape_log_value(line, value, LOG_VALUE_MAX_BYTES);
	}
}

/* There is an address: without one it is a local submission. */
static void
log_client(struct buf *line, const struct engine_client *client)
{
	char text[IP_TEXT_BYTES];

	ip_text(client->ip, text);
	log_pair(line, "client", str_from(text));
	log_pair(line, "client_name", client->name);
}

/* A rule for everybody says nothing of this one. */
static bool
is_our_author(const struct engine_msg *m)
{
	size_t i;

	for (i = 0; i < m->picks.n; i++) {
		if (!m->picks.v[i].any_author) {
			return (true);
		}
	}
	return (false);
}

/* Whether it is, or is below, a domain that would sign for this author. */
static bool
is_ours(const struct engine_msg *m, struct str domain)
{
	size_t i;

	for (i = 0; i < m->picks.n; i++) {
		if (domain_is_within(domain, m->picks.v[i].domain)) {
			return (true);
		}
	}
	return (false);
}

/* Whether a signature that passes says that the mail is ours after all. */
static bool
is_vouched_for(const struct engine_msg *m)
{
	const struct dkim_verdict *v;
	size_t i, n;

	n = m->outcome.dkim != NULL ?
	    dkim_verifier_count(m->outcome.dkim) : 0;
	for (i = 0; i < n; i++) {
		v = dkim_verifier_get(m->outcome.dkim, i);
		if (v->result == DKIM_PASS && is_ours(m, v->sig.domain)) {
			return (true);
		}
	}
	return (false);
}

void
engine_external_warn(const struct engine_msg *m)
{
	const struct engine_client *client = m->client;
	struct buf line;

	if (!m->external || !is_our_author(m) || is_vouched_for(m) ||
	    hosts_match(msg_conf(m)->external_ignore, client->ip,
	    client->name)) {
		return;
	}
	buf_init(&line, 4096);
	buf_add_cstr(&line, "queue_id=");
	escape_log_value(&line, m->macros[ENGINE_QUEUE_ID],
	    LOG_VALUE_MAX_BYTES);
	buf_add_cstr(&line, " external host sends as our domain:");
	log_client(&line, client);
	log_pair(&line, "from_domain", m->from.v[0].domain);
	if (line.status == STATUS_OK) {
		env_log(msg_env(m), LOG_LEVEL_WARNING, "%s", line.p);
	}
	buf_fini(&line);
}
