/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/escape.h"
#include "milter/logline.h"

/*
 * Octets are escaped as in the text form before they become a JSON string: JSON
 * cannot express octets that are not UTF-8.
 */
static json_t *
escape_long(struct str s, size_t max)
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
escape_value(struct str s)
{
	return (escape_long(s, LOGLINE_MAX_VALUE_BYTES));
}

/* An absent value is left out. */
static bool
set_text(json_t *object, const char *name, struct str s)
{
	return (s.p == NULL ||
	    json_object_set_new(object, name, escape_value(s)) == 0);
}

static bool
set_number(json_t *object, const char *name, uint64_t n)
{
	return (json_object_set_new(object, name,
	    json_integer((json_int_t)n)) == 0);
}

static json_t *
signature_object(const struct logline_signature *sig)
{
	json_t *object = json_object();

	if (object == NULL ||
	    !set_text(object, "result", str_from(sig->result)) ||
	    !set_text(object, "domain", sig->domain) ||
	    !set_text(object, "selector", sig->selector) ||
	    !set_text(object, "algorithm", sig->algorithm) ||
	    (sig->key_bits > 0 &&
	    !set_number(object, "key_bits", sig->key_bits)) ||
	    !set_text(object, "reason", sig->reason)) {
		json_decref(object);
		return (NULL);
	}
	return (object);
}

static json_t *
list_array(const struct logline_list *list)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < list->shown; i++) {
		if (json_array_append_new(all,
		    signature_object(&list->v[i])) != 0) {
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
	return (json_object_set_new(object, name, list_array(list)) == 0 &&
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
		if (json_array_append_new(all,
		    escape_value(line->from[i])) != 0) {
			return (false);
		}
	}
	return (set_text(object, "from_error", str_from(line->from_error)));
}

static bool
set_second(json_t *object, const struct logline *line)
{
	json_t *second = json_object();

	return (json_object_set_new(object, "second_opinion", second) == 0 &&
	    set_list(second, "dkim", "dkim_more", &line->second) &&
	    set_text(second, "dmarc", str_from(line->second_dmarc)) &&
	    json_object_set_new(second, "agrees",
		json_boolean(line->second_agrees)) == 0);
}

static bool
set_decision(json_t *object, const struct engine_decision *d)
{
	return (set_text(object, "rule", str_from(engine_rule_name(d->rule))) &&
	    set_text(object, "rule_domain", d->domain) &&
	    set_text(object, "exempt",
		str_from(engine_exemption_name(d->exempt))) &&
	    set_text(object, "override",
		str_from(engine_override_name(d->override))) &&
	    (d->comment == NULL || json_object_set_new(object,
	    "override_comment", escape_long(str_from(d->comment),
	    LOGLINE_MAX_COMMENT_BYTES)) == 0));
}

static bool
set_sealer(json_t *object, const struct engine_sealer *s)
{
	return (s->instance == 0 ||
	    (set_text(object, "sealer", s->domain) &&
	    set_number(object, "sealer_set", s->instance) &&
	    set_text(object, "sealer_reason", str_from(s->why))));
}

static bool
set_judged(json_t *object, const struct logline *line)
{
	return (set_text(object, "sender", line->sender) &&
	    set_text(object, "sender_source", str_from(line->sender_source)) &&
	    set_text(object, "spf", str_from(line->spf)) &&
	    set_text(object, "spf_domain", line->spf_domain) &&
	    set_text(object, "spf_helo", str_from(line->spf_helo)) &&
	    set_text(object, "iprev", str_from(line->iprev)) &&
	    set_text(object, "dmarc", str_from(line->dmarc)) &&
	    set_text(object, "policy", str_from(line->policy)) &&
	    set_text(object, "arc", str_from(line->arc)) &&
	    set_text(object, "arc_reason", str_from(line->arc_reason)) &&
	    set_sealer(object, &line->sealer));
}

static bool
set_head(json_t *object, const struct logline *line)
{
	return (set_text(object, "event", STR("message")) &&
	    set_text(object, "queue_id", line->queue_id) &&
	    set_text(object, "direction", str_from(line->direction)) &&
	    set_text(object, "direction_reason",
		str_from(line->direction_reason)) &&
	    set_text(object, "action", str_from(line->action)) &&
	    set_decision(object, &line->decision) &&
	    set_text(object, "error", str_from(line->error)) &&
	    set_text(object, "unsigned", str_from(line->not_signed)) &&
	    (!line->test_mode ||
	    json_object_set_new(object, "test", json_true()) == 0) &&
	    set_number(object, "us", line->elapsed_us) &&
	    set_number(object, "dns_us", line->dns_wait_us) &&
	    set_number(object, "long_lines", line->long_lines) &&
	    set_number(object, "forged_deleted", line->forged_deleted));
}

static bool
set_seal(json_t *object, const struct logline *line)
{
	return (set_number(object, "seal", line->seal_instance) &&
	    set_text(object, "seal_domain", line->seal_domain) &&
	    set_text(object, "seal_selector", line->seal_selector));
}

static bool
set_all(json_t *object, const struct logline *line)
{
	return (set_head(object, line) &&
	    set_text(object, "client", line->client_addr) &&
	    set_text(object, "client_name", line->client_name) &&
	    set_text(object, "helo", line->helo) &&
	    set_text(object, "login", line->login) &&
	    set_text(object, "mail_from", line->mail_from) &&
	    set_from(object, line) &&
	    set_judged(object, line) &&
	    set_list(object, "dkim", "dkim_more", &line->dkim) &&
	    set_list(object, "signatures", "signatures_more",
		&line->signatures) &&
	    (line->signatures_kept == 0 || set_number(object,
		"signatures_kept", line->signatures_kept)) &&
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
