/* SPDX-License-Identifier: BSD-2-Clause */
/* report_send_show: what became of each period, as lines or as JSON. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/escape.h"
#include "tools/report.h"
#include "tools/report_send.h"

static const char *
target_word(const struct report_send *s, enum report_target_state state)
{
	switch (state) {
	case REPORT_TARGET_SEND:
		return (s->dry_run ? "would-send" : "not-sent");
	case REPORT_TARGET_DONE:
		return ("sent");
	case REPORT_TARGET_NO:
		return ("no");
	case REPORT_TARGET_LATER:
		return ("later");
	}
	return ("no");
}

static json_t *
json_targets(const struct report_send *s, const struct report_targets *targets)
{
	json_t *v = json_array();
	size_t i;

	for (i = 0; targets != NULL && i < targets->n; i++) {
		const struct report_target *t = &targets->v[i];

		(void)json_array_append_new(v, json_pack("{s:o, s:s, s:o}",
		    "address", cli_json_text(t->address.text),
		    "state", target_word(s, t->state),
		    "note", cli_json_cstr(t->note)));
	}
	return (v);
}

static void
json_add(struct report_send *s, const struct report_result *r)
{
	const struct report_period *p = r->period;

	(void)json_array_append_new(s->reports, json_pack(
	    "{s:o, s:I, s:I, s:o, s:I, s:I, s:s, s:o, s:o}",
	    "domain", cli_json_text(p->policy.domain),
	    "begin", (json_int_t)p->begin_s,
	    "end", (json_int_t)(p->begin_s + REPORT_DAY_S - 1),
	    "report_id", p->report_id.n > 0 ? cli_json_text(p->report_id) :
	    json_null(),
	    "messages", (json_int_t)p->weight.messages,
	    "records", (json_int_t)p->rows,
	    "state", r->state, "note", cli_json_cstr(r->note),
	    "addresses", json_targets(s, r->targets)));
}

static void
show_target(const struct report_send *s, const struct report_target *t)
{
	struct buf line;

	buf_init(&line, 16 * CLI_SHOWN_MAX_BYTES);
	escape_text(&line, t->address.text, CLI_SHOWN_MAX_BYTES);
	buf_printf(&line, ": %s%s", target_word(s, t->state),
	    t->note != NULL ? ", " : "");
	if (t->note != NULL) {
		escape_text(&line, str_from(t->note), CLI_SHOWN_MAX_BYTES);
	}
	if (t->state == REPORT_TARGET_LATER) {
		cli_warn("%s", line.p != NULL ? line.p : "");
	} else {
		(void)printf("  %s\n", line.p != NULL ? line.p : "");
	}
	buf_fini(&line);
}

static void
show_lines(const struct report_send *s, const struct report_result *r)
{
	char date[REPORT_DATE_BYTES];
	size_t i;

	(void)printf("%s %.*s: %s%s%s (%" PRId64 " message%s, %" PRId64
	    " record%s)\n", report_date(r->period->begin_s, date),
	    STR_FMT(r->period->policy.domain), r->state,
	    r->note != NULL ? ", " : "", r->note != NULL ? r->note : "",
	    r->period->weight.messages,
	    r->period->weight.messages == 1 ? "" : "s", r->period->rows,
	    r->period->rows == 1 ? "" : "s");
	for (i = 0; r->targets != NULL && i < r->targets->n; i++) {
		show_target(s, &r->targets->v[i]);
	}
	if (r->targets != NULL && r->targets->more > 0) {
		(void)printf("  %zu more addresses are not used\n",
		    r->targets->more);
	}
}

void
report_send_show(struct report_send *s, const struct report_result *r)
{
	if (s->json) {
		json_add(s, r);
	} else {
		show_lines(s, r);
	}
}

static void
json_add_failure(struct report_send *s, const struct stored_failure *r,
    const char *state, const char *note, const struct report_targets *targets)
{
	const struct kept_failure *f = &r->failure;

	(void)json_array_append_new(s->failures, json_pack(
	    "{s:o, s:o, s:I, s:I, s:o, s:s, s:o, s:o}",
	    "domain", cli_json_text(f->domain),
	    "source", cli_json_text(f->source),
	    "at", (json_int_t)f->at_s, "incidents", (json_int_t)f->incidents,
	    "report_id", r->report_id.n > 0 ? cli_json_text(r->report_id) :
	    json_null(), "state", state, "note", cli_json_cstr(note),
	    "addresses", json_targets(s, targets)));
}

void
report_send_show_failure(struct report_send *s, const struct stored_failure *r,
    const char *state, const char *note, const struct report_targets *targets)
{
	const struct kept_failure *f = &r->failure;
	char date[REPORT_DATE_BYTES];
	size_t i;

	if (s->json) {
		json_add_failure(s, r, state, note, targets);
		return;
	}
	(void)printf("%s %.*s: %s%s%s (failure, %" PRId64 " message%s from "
	    "%.*s)\n", report_date(f->at_s, date), STR_FMT(f->domain), state,
	    note != NULL ? ", " : "", note != NULL ? note : "", f->incidents,
	    f->incidents == 1 ? "" : "s", STR_FMT(f->source));
	for (i = 0; i < targets->n; i++) {
		show_target(s, &targets->v[i]);
	}
}

bool
report_send_show_end(struct report_send *s, const char *refused)
{
	json_t *reports = s->reports, *failures = s->failures;

	if (s->json) {
		s->reports = s->failures = NULL;
		return (cli_json_print(json_pack(
		    "{s:o, s:o, s:I, s:I, s:I, s:b, s:o}", "reports", reports,
		    "failures", failures,
		    "sent", (json_int_t)s->sent,
		    "dropped", (json_int_t)s->dropped,
		    "later", (json_int_t)s->later,
		    "limit_reached", (int)s->full,
		    "refused", cli_json_cstr(refused))));
	}
	(void)printf("%zu sent, %zu dropped, %zu later\n", s->sent,
	    s->dropped, s->later);
	return (cli_flush());
}
