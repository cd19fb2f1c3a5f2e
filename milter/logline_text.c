/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <inttypes.h>

#include "base/escape.h"
#include "milter/logline.h"

static void
add_key(struct buf *out, const char *name)
{
	if (out->n > 0) {
		buf_add_char(out, ' ');
	}
	buf_add_cstr(out, name);
	buf_add_char(out, '=');
}

static void
add_pair(struct buf *out, const char *name, struct str value)
{
	if (value.p != NULL) {
		add_key(out, name);
		escape_log_value(out, value, LOGLINE_MAX_VALUE_BYTES);
	}
}

static void
add_list(struct buf *out, const char *name, const struct logline_list *list)
{
	size_t i;

	for (i = 0; i < list->shown; i++) {
		const struct logline_signature *sig = &list->v[i];

		add_pair(out, name,
		    str_from(sig->result != NULL ? sig->result : "added"));
		add_pair(out, "d", sig->domain);
		add_pair(out, "s", sig->selector);
		add_pair(out, "a", sig->algorithm);
		if (sig->key_bits > 0) {
			add_key(out, "bits");
			buf_printf(out, "%u", sig->key_bits);
		}
		add_pair(out, "reason", sig->reason);
	}
	if (list->total > list->shown) {
		buf_printf(out, " %s_more=%zu", name,
		    list->total - list->shown);
	}
}

static void
add_second(struct buf *out, const struct logline *line)
{
	if (!line->second_asked) {
		return;
	}
	add_pair(out, "second",
	    str_from(line->second_agrees ? "agrees" : "disagrees"));
	if (!line->second_agrees) {
		add_pair(out, "second_dmarc", str_from(line->second_dmarc));
		add_list(out, "second_dkim", &line->second);
	}
}

static void
add_decision(struct buf *out, const struct engine_decision *d)
{
	add_pair(out, "rule", str_from(engine_rule_name(d->rule)));
	add_pair(out, "rule_domain", d->domain);
	add_pair(out, "exempt", str_from(engine_exemption_name(d->exempt)));
	add_pair(out, "override", str_from(engine_override_name(d->override)));
	if (d->comment != NULL) {
		add_key(out, "override_comment");
		escape_log_value(out, str_from(d->comment),
		    LOGLINE_MAX_COMMENT_BYTES);
	}
}

static void
add_sealer(struct buf *out, const struct engine_sealer *s)
{
	if (s->instance > 0) {
		add_pair(out, "sealer", s->domain);
		buf_printf(out, " sealer_set=%u", s->instance);
		add_pair(out, "sealer_reason", str_from(s->why));
	}
}

static void
add_judged(struct buf *out, const struct logline *line)
{
	add_pair(out, "sender", line->sender);
	add_pair(out, "sender_source", str_from(line->sender_source));
	add_pair(out, "spf", str_from(line->spf));
	add_pair(out, "spf_domain", line->spf_domain);
	add_pair(out, "spf_helo", str_from(line->spf_helo));
	add_pair(out, "iprev", str_from(line->iprev));
	add_pair(out, "dmarc", str_from(line->dmarc));
	add_pair(out, "policy", str_from(line->policy));
	add_pair(out, "arc", str_from(line->arc));
	add_pair(out, "arc_reason", str_from(line->arc_reason));
	add_sealer(out, &line->sealer);
}

static void
add_peer(struct buf *out, const struct logline *line)
{
	size_t i;

	add_pair(out, "client", line->client_addr);
	add_pair(out, "client_name", line->client_name);
	add_pair(out, "helo", line->helo);
	add_pair(out, "login", line->login);
	add_pair(out, "mail_from", line->mail_from);
	for (i = 0; i < line->from_n; i++) {
		add_pair(out, "from", line->from[i]);
	}
	add_pair(out, "from_error", str_from(line->from_error));
}

void
logline_write_text(const struct logline *line, struct buf *out)
{
	add_pair(out, "queue_id", line->queue_id);
	add_pair(out, "direction", str_from(line->direction));
	add_pair(out, "direction_reason", str_from(line->direction_reason));
	add_pair(out, "action", str_from(line->action));
	add_decision(out, &line->decision);
	add_pair(out, "error", str_from(line->error));
	add_pair(out, "unsigned", str_from(line->not_signed));
	if (line->test_mode) {
		add_pair(out, "test", STR("yes"));
	}
	buf_printf(out, " us=%" PRIu64 " dns_us=%" PRIu64, line->elapsed_us,
	    line->dns_wait_us);
	if (line->long_lines > 0) {
		buf_printf(out, " long_lines=%" PRIu64, line->long_lines);
	}
	if (line->forged_deleted > 0) {
		buf_printf(out, " forged_deleted=%u", line->forged_deleted);
	}
	add_peer(out, line);
	add_judged(out, line);
	if (line->verified && line->dkim.total == 0) {
		add_pair(out, "dkim", STR("none"));
	}
	add_list(out, "dkim", &line->dkim);
	add_list(out, "signature", &line->signatures);
	if (line->signatures_kept > 0) {
		buf_printf(out, " signatures_kept=%zu",
		    line->signatures_kept);
	}
	if (line->seal_instance > 0) {
		buf_printf(out, " seal=%u", line->seal_instance);
		add_pair(out, "seal_domain", line->seal_domain);
		add_pair(out, "seal_selector", line->seal_selector);
	}
	add_second(out, line);
}
