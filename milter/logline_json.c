/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/escape.h"
#include "milter/logline.h"

/*
 * All bytes are escaped before they become a JSON string, as in the text form:
 * JSON itself has no way to say an octet that is not UTF-8.
 */
static json_t *
long_value(struct str s, size_t max)
{
	struct buf text;
	json_t *json = NULL;

	buf_init(&text, 8 * max);
	escape_text(&text, s, max);
	if (text.status == STATUS_OK) {
		json = json_stringn(buf_str(&text).p, text.n);
	}
	buf_fini(&text);
	return (json);
}

static json_t *
value(struct str s)
{
	return (long_value(s, LOGLINE_MAX_VALUE_BYTES));
}

/* True also for an absent value, which is left out. */
static bool
set(json_t *object, const char *name, struct str s)
{
	return (s.p == NULL ||
	    json_object_set_new(object, name, value(s)) == 0);
}

static bool
set_number(json_t *object, const char *name, uint64_t n)
{
	return (json_object_set_new(object, name,
	    json_integer((json_int_t)n)) == 0);
}

static json_t *
signature(const struct logline_signature *sig)
{
	json_t *object = json_object();

	if (object == NULL ||
	    !set(object, "result", str_from(sig->result)) ||
	    !set(object, "domain", sig->domain) ||
	    !set(object, "selector", sig->selector) ||
	    !set(object, "algorithm", sig->algorithm) ||
	    (sig->key_bits > 0 &&
	    !set_number(object, "key_bits", sig->key_bits)) ||
	    !set(object, "reason", sig->reason)) {
		json_decref(object);
		return (NULL);
	}
	return (object);
}

static json_t *
array(const struct logline_list *list)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < list->shown; i++) {
		if (json_array_append_new(all, signature(&list->v[i])) != 0) {
			json_decref(all);
			return (NULL);
		}
	}
	return (all);
}

static bool
set_list(json_t *object, const char *name, const char *more,
    const struct logline_list *list)
{
	return (json_object_set_new(object, name, array(list)) == 0 &&
	    (list->total == list->shown ||
	    set_number(object, more, list->total - list->shown)));
}

static bool
set_from(json_t *object, const struct logline *line)
{
	json_t *all = json_array();
	size_t i;

	if (json_object_set_new(object, "from", all) != 0) {
		return (false);
	}
	for (i = 0; i < line->from_n; i++) {
		if (json_array_append_new(all, value(line->from[i])) != 0) {
			return (false);
		}
	}
	return (set(object, "from_error", str_from(line->from_trouble)));
}

static bool
set_second(json_t *object, const struct logline *line)
{
	json_t *second = json_object();

	return (json_object_set_new(object, "second_opinion", second) == 0 &&
	    set_list(second, "dkim", "dkim_more", &line->second) &&
	    set(second, "dmarc", str_from(line->second_dmarc)) &&
	    json_object_set_new(second, "agrees",
		json_boolean(line->second_agrees)) == 0);
}

static bool
set_decision(json_t *object, const struct engine_decision *d)
{
	return (set(object, "rule", str_from(engine_rule_name(d->rule))) &&
	    set(object, "rule_domain", d->domain) &&
	    set(object, "exempt",
		str_from(engine_exemption_name(d->exempt))) &&
	    set(object, "override",
		str_from(engine_override_name(d->override))) &&
	    (d->comment == NULL || json_object_set_new(object,
	    "override_comment", long_value(str_from(d->comment),
	    LOGLINE_MAX_COMMENT_BYTES)) == 0));
}

static bool
set_judged(json_t *object, const struct logline *line)
{
	return (set(object, "sender", line->sender) &&
	    set(object, "sender_source", str_from(line->sender_source)) &&
	    set(object, "spf", str_from(line->spf)) &&
	    set(object, "spf_domain", line->spf_domain) &&
	    set(object, "spf_helo", str_from(line->spf_helo)) &&
	    set(object, "iprev", str_from(line->iprev)) &&
	    set(object, "dmarc", str_from(line->dmarc)) &&
	    set(object, "policy", str_from(line->policy)) &&
	    set(object, "arc", str_from(line->arc)));
}

static bool
set_head(json_t *object, const struct logline *line)
{
	return (set(object, "event", STR("message")) &&
	    set(object, "queue_id", line->queue_id) &&
	    set(object, "direction", str_from(line->direction)) &&
	    set(object, "direction_reason",
		str_from(line->direction_reason)) &&
	    set(object, "action", str_from(line->action)) &&
	    set_decision(object, &line->decision) &&
	    set(object, "error", str_from(line->error)) &&
	    (!line->test_mode ||
	    json_object_set_new(object, "test", json_true()) == 0) &&
	    set_number(object, "us", line->elapsed_us) &&
	    set_number(object, "dns_us", line->dns_wait_us) &&
	    set_number(object, "forged_deleted", line->forged_deleted));
}

static bool
set_seal(json_t *object, const struct logline *line)
{
	return (set_number(object, "seal", line->seal_instance) &&
	    set(object, "seal_domain", line->seal_domain) &&
	    set(object, "seal_selector", line->seal_selector));
}

static bool
set_all(json_t *object, const struct logline *line)
{
	return (set_head(object, line) &&
	    set(object, "client", line->client_addr) &&
	    set(object, "client_name", line->client_name) &&
	    set(object, "helo", line->helo) &&
	    set(object, "mail_from", line->mail_from) &&
	    set_from(object, line) &&
	    set_judged(object, line) &&
	    set_list(object, "dkim", "dkim_more", &line->dkim) &&
	    set_list(object, "signatures", "signatures_more",
		&line->signatures) &&
	    (line->seal_instance == 0 || set_seal(object, line)) &&
	    (!line->second_asked || set_second(object, line)));
}

enum status
logline_write_json(const struct logline *line, struct buf *out)
{
	json_t *object = json_object();
	char *text = NULL;

	if (object != NULL && set_all(object, line)) {
		text = json_dumps(object, JSON_COMPACT);
	}
	if (text != NULL) {
		buf_add_cstr(out, text);
	}
	json_decref(object);
	free(text);
	return (text != NULL ? out->status : STATUS_NOMEM);
}
