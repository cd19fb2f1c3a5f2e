/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <inttypes.h>

#include "base/escape.h"
#include "milter/logline.h"

static void
key(struct buf *out, const char *name)
{
	buf_printf(out, "%s%s=", out->n > 0 ? " " : "", name);
}

static void
pair(struct buf *out, const char *name, struct str value)
{
	if (value.p != NULL) {
		key(out, name);
		escape_log_value(out, value, LOGLINE_MAX_VALUE_BYTES);
	}
}

static void
list(struct buf *out, const char *name, const struct logline_list *list)
{
	size_t i;

	for (i = 0; i < list->shown; i++) {
		const struct logline_signature *sig = &list->v[i];

		pair(out, name,
		    str_from(sig->result != NULL ? sig->result : "added"));
		pair(out, "d", sig->domain);
		pair(out, "s", sig->selector);
		pair(out, "a", sig->algorithm);
		if (sig->key_bits > 0) {
			key(out, "bits");
			buf_printf(out, "%u", sig->key_bits);
		}
		pair(out, "reason", sig->reason);
	}
	if (list->total > list->shown) {
		buf_printf(out, " %s_more=%zu", name,
		    list->total - list->shown);
	}
}

static void
second(struct buf *out, const struct logline *line)
{
	if (!line->second_asked) {
		return;
	}
	pair(out, "second",
	    str_from(line->second_agrees ? "agrees" : "disagrees"));
	if (!line->second_agrees) {
		pair(out, "second_dmarc", str_from(line->second_dmarc));
		list(out, "second_dkim", &line->second);
	}
}

static void
decision(struct buf *out, const struct engine_decision *d)
{
	pair(out, "rule", str_from(engine_rule_name(d->rule)));
	pair(out, "rule_domain", d->domain);
	pair(out, "exempt", str_from(engine_exemption_name(d->exempt)));
	pair(out, "override", str_from(engine_override_name(d->override)));
	if (d->comment != NULL) {
		key(out, "override_comment");
		escape_log_value(out, str_from(d->comment),
		    LOGLINE_MAX_COMMENT_BYTES);
	}
}

static void
judged(struct buf *out, const struct logline *line)
{
	pair(out, "sender", line->sender);
	pair(out, "sender_source", str_from(line->sender_source));
	pair(out, "spf", str_from(line->spf));
	pair(out, "spf_domain", line->spf_domain);
	pair(out, "spf_helo", str_from(line->spf_helo));
	pair(out, "iprev", str_from(line->iprev));
	pair(out, "dmarc", str_from(line->dmarc));
	pair(out, "policy", str_from(line->policy));
	pair(out, "arc", str_from(line->arc));
}

static void
peer(struct buf *out, const struct logline *line)
{
	size_t i;

	pair(out, "client", line->client_addr);
	pair(out, "client_name", line->client_name);
	pair(out, "helo", line->helo);
	pair(out, "mail_from", line->mail_from);
	for (i = 0; i < line->from_n; i++) {
		pair(out, "from", line->from[i]);
	}
	pair(out, "from_error", str_from(line->from_trouble));
}

void
logline_write_text(const struct logline *line, struct buf *out)
{
	pair(out, "queue_id", line->queue_id);
	pair(out, "direction", str_from(line->direction));
	pair(out, "direction_reason", str_from(line->direction_reason));
	pair(out, "action", str_from(line->action));
	decision(out, &line->decision);
	pair(out, "error", str_from(line->error));
	if (line->test_mode) {
		pair(out, "test", STR("yes"));
	}
	buf_printf(out, " us=%" PRIu64 " dns_us=%" PRIu64, line->elapsed_us,
	    line->dns_wait_us);
	if (line->forged_deleted > 0) {
		buf_printf(out, " forged_deleted=%u", line->forged_deleted);
	}
	peer(out, line);
	judged(out, line);
	if (line->verified && line->dkim.total == 0) {
		pair(out, "dkim", STR("none"));
	}
	list(out, "dkim", &line->dkim);
	list(out, "signature", &line->signatures);
	if (line->seal_instance > 0) {
		buf_printf(out, " seal=%u", line->seal_instance);
		pair(out, "seal_domain", line->seal_domain);
		pair(out, "seal_selector", line->seal_selector);
	}
	second(out, line);
}
