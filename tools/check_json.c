/* SPDX-License-Identifier: BSD-2-Clause */
/* The findings as the JSON object of mailseal(1). */
#include "tools/check.h"

static json_t *
json_args(const struct check_opts *o)
{
	json_t *ips = json_array(), *selectors = json_array();
	char text[IP_TEXT_BYTES];
	size_t i;

	for (i = 0; i < o->ips_n; i++) {
		ip_text(&o->ips[i], text);
		(void)json_array_append_new(ips, cli_json_cstr(text));
	}
	for (i = 0; i < o->selectors_n; i++) {
		(void)json_array_append_new(selectors,
		    cli_json_text(o->selectors[i].name));
	}
	return (json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}",
	    "ip", ips, "helo", cli_json_text(o->helo),
	    "selector", selectors, "mail_from", cli_json_text(o->mail_from),
	    "dnsbl", cli_json_texts(o->dnsbl, o->dnsbl_n),
	    "dnsbl_domain", cli_json_texts(o->dnsbl_domain,
	    o->dnsbl_domain_n)));
}

static json_t *
json_fixes(const struct check_finding *f)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < f->fix_n; i++) {
		const struct check_fix *fix = &f->fix[i];

		(void)json_array_append_new(list, json_pack(
		    "{s:s, s:o, s:s, s:o, s:b}",
		    "where", wanted_place_name(fix->where),
		    "owner", cli_json_text(fix->owner), "type", fix->type,
		    "value", cli_json_text(fix->value),
		    "remove", (int)fix->remove));
	}
	return (list);
}

static json_t *
json_finding(const struct check_finding *f)
{
	return (json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}",
	    "check", f->check, "severity", check_severity_name(f->severity),
	    "subject", cli_json_text(f->subject),
	    "text", cli_json_text(f->text), "rule", cli_json_cstr(f->rule),
	    "found", cli_json_texts(f->found, f->found_n),
	    "fix", json_fixes(f)));
}

static json_t *
json_findings(const struct check_shown *shown)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < shown->n; i++) {
		if (json_array_append_new(list, json_finding(shown->v[i])) ==
		    -1) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static json_t *
json_records(const struct check_report *report)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < report->records_n; i++) {
		const struct check_record *r = &report->records[i];

		(void)json_array_append_new(list, json_pack(
		    "{s:o, s:s, s:o, s:I}", "owner", cli_json_text(r->owner),
		    "type", r->type, "value", cli_json_text(r->value),
		    "ttl", (json_int_t)r->ttl_s));
	}
	return (list);
}

json_t *
check_json(const struct check_shown *shown)
{
	const struct check_report *r = shown->report;

	return (json_pack("{s:o, s:o, s:{s:s, s:s, s:s}, "
	    "s:{s:I, s:I, s:I, s:I, s:I}, s:b, s:o, s:o}",
	    "domain", cli_json_text(r->domain), "args", json_args(shown->opts),
	    "verdict", "spf", spf_result_name(r->spf),
	    "dkim", dkim_result_name(r->dkim),
	    "dmarc", dmarc_result_name(r->dmarc),
	    "counts", "error", (json_int_t)shown->counts[CHECK_ERROR],
	    "warn", (json_int_t)shown->counts[CHECK_WARN],
	    "info", (json_int_t)shown->counts[CHECK_INFO],
	    "unknown", (json_int_t)shown->counts[CHECK_UNKNOWN],
	    "ok", (json_int_t)shown->counts[CHECK_GOOD],
	    "truncated", (int)r->truncated,
	    "findings", json_findings(shown), "records", json_records(r)));
}
