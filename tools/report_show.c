/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailseal report show: what the report of a domain says or will say, and who
 * got it. The rows of a report that is done are gone.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "tools/report.h"
#include "tools/report_db.h"

struct show {
	struct report_db	*db;
	json_t			*rows;
};

static enum status
add_row(void *ctx, const struct kept_fact *fact, int64_t count)
{
	struct show *show = ctx;
	json_t *dkim = json_array(), *reasons = json_array();
	size_t i;

	for (i = 0; i < fact->signatures_n; i++) {
		const struct kept_signature *g = &fact->signatures[i];

		(void)json_array_append_new(dkim, json_pack("{s:o, s:o, s:o}",
		    "domain", cli_json_text(g->domain),
		    "selector", cli_json_text(g->selector),
		    "result", cli_json_text(g->result)));
	}
	for (i = 0; i < fact->reasons_n; i++) {
		(void)json_array_append_new(reasons, json_pack("{s:o, s:o}",
		    "type", cli_json_text(fact->reasons[i].type),
		    "comment", cli_json_text(fact->reasons[i].comment)));
	}
	return (json_array_append_new(show->rows, json_pack(
	    "{s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}}",
	    "source_ip", cli_json_text(fact->ip), "count", (json_int_t)count,
	    "disposition", cli_json_text(fact->disposition),
	    "dkim_aligned", cli_json_text(fact->dkim),
	    "spf_aligned", cli_json_text(fact->spf), "reasons", reasons,
	    "header_from", cli_json_text(fact->header_from),
	    "envelope_from", cli_json_text(fact->envelope_from),
	    "dkim", dkim, "spf",
	    "domain", cli_json_text(fact->spf_domain),
	    "result", cli_json_text(fact->spf_result))) == 0 ? STATUS_OK :
	    STATUS_NOMEM);
}

static enum status
print_row(void *ctx, const struct kept_fact *fact, int64_t count)
{
	size_t i;

	(void)ctx;
	(void)printf("  %8" PRId64 "  %.*s  from %.*s  %.*s  dkim %.*s, "
	    "spf %.*s\n", count, STR_FMT(fact->ip),
	    STR_FMT(fact->header_from), STR_FMT(fact->disposition),
	    STR_FMT(fact->dkim), STR_FMT(fact->spf));
	for (i = 0; i < fact->signatures_n; i++) {
		(void)printf("            d=%.*s s=%.*s %.*s\n",
		    STR_FMT(fact->signatures[i].domain),
		    STR_FMT(fact->signatures[i].selector),
		    STR_FMT(fact->signatures[i].result));
	}
	return (STATUS_OK);
}

static json_t *
json_deliveries(const struct report_delivery *v, size_t n)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < n; i++) {
		(void)json_array_append_new(list, json_pack(
		    "{s:o, s:s, s:I, s:o}",
		    "address", cli_json_text(v[i].address),
		    "state", report_delivery_state_name(v[i].state),
		    "at", (json_int_t)v[i].at_s,
		    "note", v[i].note.n > 0 ? cli_json_text(v[i].note) :
		    json_null()));
	}
	return (list);
}

static json_t *
json_policy(const struct kept_policy *p)
{
	return (json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "p", cli_json_text(p->p), "sp", cli_json_text(p->sp),
	    "np", cli_json_text(p->np), "adkim", cli_json_text(p->adkim),
	    "aspf", cli_json_text(p->aspf), "fo", cli_json_text(p->fo),
	    "testing", cli_json_text(p->testing),
	    "rua", cli_json_text(p->rua), "error", cli_json_text(p->error)));
}

static void
print_head(const struct report_period *p, const struct report_delivery *v,
    size_t n)
{
	char date[REPORT_DATE_BYTES];
	size_t i;

	(void)printf("%s %.*s: %s, %" PRId64 " messages, report ID %.*s\n",
	    report_date(p->begin_s, date), STR_FMT(p->policy.domain),
	    report_state_name(p->state), p->weight.messages,
	    STR_FMT(p->report_id.n > 0 ? p->report_id : STR("none")));
	cli_show("policy", p->policy.p);
	cli_show("addresses", p->policy.rua);
	cli_show("error", p->policy.error);
	cli_show("note", p->note);
	for (i = 0; i < n; i++) {
		cli_show(report_delivery_state_name(v[i].state),
		    v[i].address);
	}
}

static enum status
show_period(struct show *show, const struct report_period *p, json_t *list)
{
	struct report_db *db = show->db;
	struct report_delivery *v = NULL;
	enum status status;
	size_t n = 0;

	status = report_store_deliveries(db->store, &db->arena, p, &v, &n,
	    &db->diag);
	if (status != STATUS_OK) {
		return (status);
	}
	if (!db->json) {
		print_head(p, v, n);
		return (report_store_rows(db->store, p, print_row, show,
		    &db->diag));
	}
	show->rows = json_array();
	status = report_store_rows(db->store, p, add_row, show, &db->diag);
	(void)json_array_append_new(list, json_pack(
	    "{s:o, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:o}",
	    "domain", cli_json_text(p->policy.domain),
	    "begin", (json_int_t)p->begin_s,
	    "messages", (json_int_t)p->weight.messages,
	    "state", report_state_name(p->state),
	    "report_id", p->report_id.n > 0 ? cli_json_text(p->report_id) :
	    json_null(),
	    "note", p->note.n > 0 ? cli_json_text(p->note) : json_null(),
	    "policy", json_policy(&p->policy),
	    "addresses", json_deliveries(v, n), "rows", show->rows));
	return (status);
}

static int
show_periods(struct report_db *db)
{
	struct report_filter filter = { .due_s = -1, .begin_s = db->day_s,
		.domain = str_from(db->domain) };
	struct show show = { .db = db };
	struct report_period *v = NULL;
	json_t *list = json_array();
	enum status status;
	size_t i, n = 0;

	status = report_store_periods(db->store, &db->arena, &filter, &v, &n,
	    &db->diag);
	for (i = 0; i < n && status == STATUS_OK; i++) {
		status = show_period(&show, &v[i], list);
	}
	if (status != STATUS_OK) {
		json_decref(list);
		return (report_db_fail(db));
	}
	if (db->json) {
		return (!cli_json_print(json_pack("{s:o}", "periods", list)) ?
		    CLI_USAGE : n > 0 ? CLI_YES : CLI_NO);
	}
	json_decref(list);
	if (n == 0) {
		cli_warn("nothing is stored about %s", db->domain);
	}
	return (!cli_flush() ? CLI_USAGE : n > 0 ? CLI_YES : CLI_NO);
}

int
report_show_main(const struct cli_command *command, int argc, char **argv)
{
	struct report_db db;
	int early, result = CLI_USAGE;

	report_db_init(&db);
	early = cli_options(command, argc, argv, report_db_take, &db);
	if (early != CLI_END) {
		return (early);
	}
	if (argc - optind != 1) {
		return (cli_fail("one domain, please"));
	}
	db.domain = argv[optind];
	if (report_db_open(&db)) {
		result = show_periods(&db);
	}
	report_db_close(&db);
	return (result);
}
