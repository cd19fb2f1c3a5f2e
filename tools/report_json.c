/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_json: --json. Reports are written as they are read, and sources one
 * by one, so that a large mailbox needs no large object.
 */
#include "config.h"


#include "tools/report.h"

static json_t *
json_time(int64_t t)
{
	return (t == REPORT_TIME_NONE ? json_null() : json_integer(t));
}

static json_t *
json_warnings(const struct report *r)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < r->warnings_n; i++) {
		(void)json_array_append_new(list,
		    cli_json_cstr(r->warnings[i]));
	}
	return (list);
}

static json_t *
json_disposition(const int64_t *v)
{
	json_t *object = json_object();
	int i;

	for (i = 0; i < REPORT_DISPOSITIONS; i++) {
		(void)json_object_set_new(object, report_disposition_name(
		    (enum report_disposition)i), json_integer(v[i]));
	}
	return (object);
}

static json_t *
json_aggregate(const struct report_aggregate *a)
{
	return (json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
	    "s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I}", "type", "aggregate",
	    "org", cli_json_cstr(a->org), "email", cli_json_cstr(a->email),
	    "report_id", cli_json_cstr(a->id),
	    "domain", cli_json_cstr(a->domain),
	    "begin", json_time(a->begin_s), "end", json_time(a->end_s),
	    "namespace", cli_json_cstr(a->xml_namespace),
	    "version", cli_json_cstr(a->version), "p", cli_json_cstr(a->p),
	    "records", (json_int_t)a->records,
	    "records_used", (json_int_t)a->rows_n,
	    "messages", (json_int_t)a->messages,
	    "disposition", json_disposition(a->disposition),
	    "dkim_aligned", (json_int_t)a->dkim_aligned,
	    "spf_aligned", (json_int_t)a->spf_aligned,
	    "dmarc_pass", (json_int_t)a->dmarc_pass,
	    "overrides", (json_int_t)a->overrides));
}

static json_t *
json_failure(const struct report_failure *f)
{
	return (json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
	    "s:o, s:o}", "type", "failure",
	    "feedback_type", cli_json_cstr(f->feedback_type),
	    "auth_failure", cli_json_cstr(f->auth_failure),
	    "identity_alignment", cli_json_cstr(f->identity_alignment),
	    "source_ip", cli_json_cstr(f->source_ip),
	    "reported_domain", cli_json_cstr(f->reported_domain),
	    "original_mail_from", cli_json_cstr(f->original_mail_from),
	    "dkim_domain", cli_json_cstr(f->dkim_domain),
	    "dkim_selector", cli_json_cstr(f->dkim_selector),
	    "incidents", cli_json_cstr(f->incidents),
	    "delivery_result", cli_json_cstr(f->delivery_result),
	    "arrival_date", cli_json_cstr(f->arrival_date)));
}

static json_t *
json_tls(const struct report_tls *t)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < t->policies_n; i++) {
		const struct report_tls_policy *p = &t->policies[i];

		(void)json_array_append_new(list, json_pack(
		    "{s:o, s:o, s:I, s:I}",
		    "domain", cli_json_cstr(p->domain),
		    "type", cli_json_cstr(p->type),
		    "success", (json_int_t)p->success,
		    "failure", (json_int_t)p->failure));
	}
	return (json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "type", "tls",
	    "org", cli_json_cstr(t->org), "report_id", cli_json_cstr(t->id),
	    "begin", json_time(t->begin_s), "end", json_time(t->end_s),
	    "policies", list));
}

/* One element of a list. NULL, out of memory, is "null". */
static void
put_item(json_t *item, bool first)
{
	(void)fputs(first ? "\n    " : ",\n    ", stdout);
	if (item == NULL || json_dumpf(item, stdout,
	    JSON_COMPACT | JSON_ENCODE_ANY) != 0) {
		(void)fputs("null", stdout);
	}
	json_decref(item);
}

void
report_json_begin(void)
{
	(void)fputs("{\n  \"reports\": [", stdout);
}

void
report_json_report(struct report_read *o, const char *input,
    const struct report *r, bool duplicate)
{
	json_t *item = NULL;

	switch (r->kind) {
	case REPORT_AGGREGATE:
		item = json_aggregate(&r->aggregate);
		break;
	case REPORT_FAILURE:
		item = json_failure(&r->failure);
		break;
	case REPORT_TLS:
		item = json_tls(&r->tls);
		break;
	}
	(void)json_object_set_new(item, "warnings", json_warnings(r));
	(void)json_object_set_new(item, "duplicate", json_boolean(duplicate));
	(void)json_object_set_new(item, "input", cli_json_cstr(input));
	put_item(item, o->printed++ == 0);
}

static json_t *
json_source(const struct report_read *o, const struct source *v)
{
	char ip[IP_TEXT_BYTES];

	return (json_pack("{s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:b, s:b, s:b, "
	    "s:I, s:s, s:s}", "domain", cli_json_cstr(v->domain),
	    "ip", cli_json_cstr(report_ip(v, ip)),
	    "name", cli_json_cstr(report_name(o, v)),
	    "messages", (json_int_t)v->messages,
	    "dkim_domain", cli_json_cstr(v->dkim_domain),
	    "dkim_selector", cli_json_cstr(v->dkim_selector),
	    "spf_domain", cli_json_cstr(v->spf_domain),
	    "aligned", (int)source_passes(v),
	    "dkim_aligned", (int)v->dkim_aligned,
	    "spf_aligned", (int)v->spf_aligned,
	    "refused", (json_int_t)v->refused,
	    "verdict", source_verdict_name((enum source_verdict)v->verdict),
	    "why", v->why));
}

static void
put_sources(struct report_read *o)
{
	size_t i, n = 0;

	(void)fputs("\n  ],\n  \"sources\": [", stdout);
	for (i = 0; i < sources_count(o->sources); i++) {
		const struct source *v = sources_get(o->sources, i);

		if (report_shows(o, v)) {
			put_item(json_source(o, v), n++ == 0);
		}
	}
}

static void
put_domains(struct report_read *o)
{
	struct buf text;
	size_t i;

	(void)fputs("\n  ],\n  \"domains\": [", stdout);
	for (i = 0; i < sources_domains(o->sources); i++) {
		const struct source_domain *d = sources_domain(o->sources, i);

		buf_init(&text, 65536);
		report_summary(o, d, &text);
		put_item(json_pack("{s:o, s:I, s:I, s:s, s:o, s:I, s:I, s:o, "
		    "s:o, s:I, s:I}", "domain", cli_json_cstr(d->name),
		    "messages", (json_int_t)d->messages,
		    "dmarc_pass", (json_int_t)d->pass,
		    "verdict", source_domain_verdict(d),
		    "summary", cli_json_text(buf_str(&text)),
		    "reports", (json_int_t)d->reports,
		    "reporters", (json_int_t)d->reporters,
		    "begin", json_time(d->begin_s), "end", json_time(d->end_s),
		    "own_pass", (json_int_t)d->own_pass,
		    "own_fail", (json_int_t)d->own_fail), i == 0);
		buf_fini(&text);
	}
}

bool
report_json_end(struct report_read *o)
{
	json_t *error = cli_json_cstr(o->error);
	size_t i;

	put_sources(o);
	put_domains(o);
	(void)fputs("\n  ],\n  \"warnings\": [", stdout);
	for (i = 0; i < o->notes.n; i++) {
		put_item(cli_json_cstr(o->notes.v[i]), i == 0);
	}
	(void)fputs("\n  ],\n  \"error\": ", stdout);
	(void)json_dumpf(error, stdout, JSON_ENCODE_ANY);
	json_decref(error);
	(void)printf(",\n  \"unread\": %zu,\n  \"duplicates\": %zu\n}\n",
	    o->inputs_bad, o->duplicates);
	return (cli_flush());
}
