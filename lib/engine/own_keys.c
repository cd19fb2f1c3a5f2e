/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own_keys: whether the keys that are to sign are those that the DNS shows
 * (CheckKeys). Asked for at the end of the headers, by the first message that
 * a key signs and by one an hour from then on; a key that is not the one in
 * the DNS is left out while another can sign. What the DNS does not say
 * changes nothing: mail is signed.
 */
#include "dkim/key.h"
#include "engine/private.h"
#include "mail/domain.h"

#define US_PER_S	1000000

static int64_t
mono_s(const struct engine_msg *m)
{
	return ((int64_t)(env_mono_us(msg_env(m)) / US_PER_S));
}

static enum status
begin_key(struct engine_msg *m, struct engine_own_key *own)
{
	struct key_checks *checks = m->engine->opts.key_checks;
	bool ask;

	own->owner = domain_key_name(&m->arena, own->pick->selector,
	    own->pick->domain);
	if (own->owner.p == NULL) {
		return (STATUS_NOMEM);
	}
	own->state = key_checks_get(checks, own->owner,
	    privkey_id(own->pick->key), mono_s(m), &ask);
	if (!ask) {
		return (STATUS_OK);
	}
	if (m->batch == NULL) {
		m->batch = dns_batch_new(m->engine->opts.dns);
	}
	if (m->batch != NULL) {
		own->query = dns_batch_add(m->batch, own->owner, DNS_TXT);
	}
	return (own->query != NULL ? STATUS_OK : STATUS_NOMEM);
}

enum status
engine_own_keys_begin(struct engine_msg *m)
{
	enum status st = STATUS_OK;
	size_t i;

	m->own_keys = arena_calloc(&m->arena, m->picks.n,
	    sizeof(*m->own_keys));
	if (m->own_keys == NULL) {
		return (STATUS_NOMEM);
	}
	if (m->direction != ENGINE_SIGN) {
		return (STATUS_OK);
	}
	m->dns_deadline_us = env_mono_us(msg_env(m)) +
	    ENGINE_KEY_CHECK_WAIT_US;
	for (i = 0; i < m->picks.n && st == STATUS_OK; i++) {
		m->own_keys[i].pick = &m->picks.v[i];
		if (msg_conf(m)->check_keys &&
		    m->engine->opts.key_checks != NULL &&
		    m->picks.v[i].key != NULL) {
			st = begin_key(m, &m->own_keys[i]);
		}
	}
	return (st);
}

/* Whether a key is not to sign before its answer is there. */
static bool
must_wait(const struct engine_msg *m)
{
	size_t i;

	for (i = 0; i < m->picks.n; i++) {
		const struct engine_own_key *own = &m->own_keys[i];

		if (own->query != NULL && own->state == KEY_UNKNOWN &&
		    !dns_query_is_answered(own->query)) {
			return (true);
		}
	}
	return (false);
}

/* NULL: one of the records is the key's. */
static const char *
record_trouble(const struct privkey *key, const struct dkim_keys *keys)
{
	size_t i;

	for (i = 0; i < keys->n; i++) {
		if (keys->v[i].pubkey != NULL &&
		    privkey_fits(key, keys->v[i].pubkey)) {
			return (NULL);
		}
	}
	return (keys->v[0].pubkey != NULL || keys->v[0].reason == NULL ?
	    "the record is another key's" : keys->v[0].reason);
}

/* KEY_UNKNOWN: there is no answer, or no memory for it. */
static enum key_state
judge(const struct engine_own_key *own, const char **reason_r)
{
	const struct dns_answer *answer = dns_query_answer(own->query);
	const struct dkim_keys *keys;

	*reason_r = dns_result_text(answer->result);
	switch (answer->result) {
	case DNS_SERVFAIL:
	case DNS_TIMEOUT:
		return (KEY_UNKNOWN);
	case DNS_NXDOMAIN:
	case DNS_NODATA:
	case DNS_BADNAME:
		return (KEY_BAD);
	case DNS_OK:
		break;
	}
	keys = dns_answer_object(answer, &dkim_keys_parser);
	if (keys == NULL) {
		return (KEY_UNKNOWN);
	}
	*reason_r = record_trouble(own->pick->key, keys);
	return (*reason_r == NULL ? KEY_GOOD : KEY_BAD);
}

static void
finish_key(struct engine_msg *m, struct engine_own_key *own)
{
	enum key_state now, before;
	const char *reason;

	now = judge(own, &reason);
	before = key_checks_set(m->engine->opts.key_checks, own->owner,
	    privkey_id(own->pick->key), mono_s(m), now);
	if (now == KEY_UNKNOWN) {
		return;
	}
	own->state = now;
	if (now == KEY_BAD && before != KEY_BAD) {
		engine_log_key(m, LOG_LEVEL_WARNING,
		    "a key that signs is not in the DNS", own->pick, reason);
		engine_count(m, ENGINE_KEY_MISMATCH, 1);
	} else if (now == KEY_GOOD && before == KEY_BAD) {
		engine_log_key(m, LOG_LEVEL_INFO,
		    "a key that signs is in the DNS again", own->pick, NULL);
	}
}

void
engine_own_keys_finish(struct engine_msg *m)
{
	uint64_t start_us = env_mono_us(msg_env(m));
	size_t i;

	if (m->batch == NULL) {
		return;
	}
	(void)dns_batch_wait_any(m->batch, 0);
	while (must_wait(m) &&
	    dns_batch_wait_any(m->batch, m->dns_deadline_us)) {
		continue;
	}
	m->outcome.dns_wait_us = env_mono_us(msg_env(m)) - start_us;
	for (i = 0; i < m->picks.n; i++) {
		if (m->own_keys[i].query != NULL) {
			finish_key(m, &m->own_keys[i]);
		}
	}
}

bool
engine_own_key_signs(const struct engine_msg *m, size_t index)
{
	size_t i;

	if (m->picks.v[index].key == NULL) {
		return (false);
	}
	if (m->own_keys[index].state != KEY_BAD) {
		return (true);
	}
	for (i = 0; i < m->picks.n; i++) {
		if (m->picks.v[i].key != NULL &&
		    m->own_keys[i].state != KEY_BAD) {
			return (false);
		}
	}
	return (true);
}
