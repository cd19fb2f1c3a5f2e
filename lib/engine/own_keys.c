/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own_keys: whether the keys that are to sign match their DNS records
 * (CheckKeys). The first message that a key signs sends the query, and then
 * one message an hour. A key that does not match is left out as long as
 * another can sign. Without an answer the key signs.
 */
#include "dkim/key.h"
#include "engine/private.h"
#include "mail/domain.h"

#define US_PER_S	1000000

static int64_t
mono_s(const struct engine_input *in)
{
	return ((int64_t)(env_mono_us(input_env(in)) / US_PER_S));
}

static enum status
begin_key(const struct engine_input *in, struct engine_signing *s,
    struct engine_own_key *own)
{
	bool ask;

	own->owner = domain_key_name(in->arena, own->pick->selector,
	    own->pick->domain);
	if (own->owner.p == NULL) {
		return (STATUS_NOMEM);
	}
	own->state = key_checks_get(in->engine->opts.key_checks, own->owner,
	    privkey_id(own->pick->key), mono_s(in), &ask);
	if (!ask) {
		return (STATUS_OK);
	}
	if (s->batch == NULL) {
		s->batch = dns_batch_new(in->engine->opts.dns);
	}
	if (s->batch == NULL) {
		return (STATUS_NOMEM);
	}
	own->query = dns_batch_add(s->batch, own->owner, DNS_TXT);
	return (own->query != NULL ? STATUS_OK : STATUS_NOMEM);
}

enum status
engine_own_keys_begin(const struct engine_input *in, struct engine_signing *s)
{
	bool check = input_conf(in)->check_keys &&
	    in->engine->opts.key_checks != NULL;
	enum status status;
	size_t i;

	s->own_keys = arena_calloc(in->arena, s->picks.n,
	    sizeof(*s->own_keys));
	if (s->own_keys == NULL) {
		return (STATUS_NOMEM);
	}
	if (in->direction != ENGINE_SIGN || !check) {
		return (STATUS_OK);
	}
	s->dns_deadline_us = env_mono_us(input_env(in)) +
	    ENGINE_KEY_CHECK_WAIT_US;
	for (i = 0; i < s->picks.n; i++) {
		s->own_keys[i].pick = &s->picks.v[i];
		if (s->picks.v[i].key == NULL) {
			continue;
		}
		status = begin_key(in, s, &s->own_keys[i]);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

/* Whether a key whose state is unknown still has no answer. */
static bool
must_wait(const struct engine_signing *s)
{
	size_t i;

	for (i = 0; i < s->picks.n; i++) {
		const struct engine_own_key *own = &s->own_keys[i];

		if (own->query != NULL && own->state == KEY_UNKNOWN &&
		    !dns_query_is_answered(own->query)) {
			return (true);
		}
	}
	return (false);
}

/* Why none of the records matches the key; NULL: one does. */
static const char *
why_no_match(const struct privkey *key, const struct dkim_keys *keys)
{
	if (dkim_keys_find(keys, key) != NULL) {
		return (NULL);
	}
	return (keys->v[0].pubkey != NULL || keys->v[0].reason == NULL ?
	    "the record is another key's" : keys->v[0].reason);
}

/* KEY_UNKNOWN: there is no answer, or no memory for it. */
static enum key_state
judge_key(const struct engine_own_key *own, const char **reason_r)
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
	*reason_r = why_no_match(own->pick->key, keys);
	return (*reason_r == NULL ? KEY_GOOD : KEY_BAD);
}

static void
finish_key(const struct engine_input *in, struct engine_own_key *own)
{
	enum key_state now, before;
	const char *reason;

	now = judge_key(own, &reason);
	before = key_checks_set(in->engine->opts.key_checks, own->owner,
	    privkey_id(own->pick->key), mono_s(in), now);
	if (now == KEY_UNKNOWN) {
		return;
	}
	own->state = now;
	if (now == KEY_BAD && before != KEY_BAD) {
		engine_log_key(in, LOG_LEVEL_WARNING,
		    "a key that signs is not in the DNS", own->pick, reason);
		engine_count(in, ENGINE_KEY_MISMATCH, 1);
	} else if (now == KEY_GOOD && before == KEY_BAD) {
		engine_log_key(in, LOG_LEVEL_INFO,
		    "a key that signs is in the DNS again", own->pick, NULL);
	}
}

void
engine_own_keys_finish(const struct engine_input *in,
    struct engine_signing *s)
{
	uint64_t start_us;
	size_t i;

	if (s->batch == NULL) {
		return;
	}
	start_us = env_mono_us(input_env(in));
	(void)dns_batch_wait_any(s->batch, 0);
	while (must_wait(s) &&
	    dns_batch_wait_any(s->batch, s->dns_deadline_us)) {
		continue;
	}
	s->dns_wait_us += env_mono_us(input_env(in)) - start_us;
	for (i = 0; i < s->picks.n; i++) {
		if (s->own_keys[i].query != NULL) {
			finish_key(in, &s->own_keys[i]);
		}
	}
}

bool
engine_own_keys_are_bad(const struct engine_signing *s)
{
	size_t i;
	bool any = false;

	for (i = 0; i < s->picks.n; i++) {
		if (s->picks.v[i].key == NULL) {
			continue;
		}
		if (s->own_keys[i].state != KEY_BAD) {
			return (false);
		}
		any = true;
	}
	return (any);
}

bool
engine_own_key_signs(const struct engine_signing *s, size_t index)
{
	return (s->picks.v[index].key != NULL &&
	    (s->own_keys[index].state != KEY_BAD ||
	    engine_own_keys_are_bad(s)));
}
