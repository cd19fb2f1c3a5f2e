/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal report list: the periods of the store, or its failure reports, the
   oldest first. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "report/store_failures.h"
#include "tools/report.h"
#include "tools/report_db.h"

struct listing {
	struct report_db	 db;
	bool			 failures;
};

static bool
take_option(void *opts, int id, const char *value)
{
	struct listing *l = opts;

	if (id == 0x300) {
		l->failures = true;
		return (true);
	}
	return (report_db_take(&l->db, id, value));
}

static json_t *
json_period(const struct report_period *p)
{
	return (json_pack("{s:o, s:I, s:I, s:I, s:I, s:s, s:o, s:o, s:o}",
	    "domain", cli_json_text(p->policy.domain),
	    "begin", (json_int_t)p->begin_s,
	    "end", (json_int_t)(p->begin_s + REPORT_DAY_S - 1),
	    "messages", (json_int_t)p->weight.messages,
	    "records", (json_int_t)p->rows,
	    "state", report_state_name(p->state),
	    "report_id", p->report_id.n > 0 ? cli_json_text(p->report_id) :
	    json_null(),
	    "done", p->done_s >= 0 ? json_integer(p->done_s) : json_null(),
	    "note", p->note.n > 0 ? cli_json_text(p->note) : json_null()));
}

static bool
print_json(const struct report_period *v, size_t n)
{
	json_t *periods = json_array();
	size_t i;

	for (i = 0; i < n; i++) {
		(void)json_array_append_new(periods, json_period(&v[i]));
	}
	return (cli_json_print(json_pack("{s:o}", "periods", periods)));
}

static bool
print_text(const struct report_period *v, size_t n)
{
	char date[REPORT_DATE_BYTES];
	size_t i;

	for (i = 0; i < n; i++) {
		(void)printf("%s  %-8s %8" PRId64 "  %.*s%s%.*s\n",
		    report_date(v[i].begin_s, date),
		    report_state_name(v[i].state), v[i].weight.messages,
		    STR_FMT(v[i].policy.domain), v[i].note.n > 0 ? ": " : "",
		    STR_FMT(v[i].note));
	}
	return (cli_flush());
}

static json_t *
json_failure(const struct stored_failure *r)
{
	const struct kept_failure *f = &r->failure;

	return (json_pack("{s:o, s:o, s:I, s:I, s:I, s:s, s:o}",
	    "domain", cli_json_text(f->domain),
	    "source", cli_json_text(f->source),
	    "at", (json_int_t)f->at_s, "due", (json_int_t)r->slot_s,
	    "incidents", (json_int_t)f->incidents,
	    "state", report_state_name(r->state),
	    "note", r->note.n > 0 ? cli_json_text(r->note) : json_null()));
}

static bool
print_failures(const struct listing *l, const struct stored_failure *v,
    size_t n)
{
	json_t *failures = json_array();
	char date[REPORT_DATE_BYTES];
	size_t i;

	for (i = 0; i < n; i++) {
		const struct kept_failure *f = &v[i].failure;

		if (l->db.json) {
			(void)json_array_append_new(failures,
			    json_failure(&v[i]));
			continue;
		}
		(void)printf("%s  %-8s %8" PRId64 "  %.*s from %.*s%s%.*s\n",
		    report_date(f->at_s, date), report_state_name(v[i].state),
		    f->incidents, STR_FMT(f->domain), STR_FMT(f->source),
		    v[i].note.n > 0 ? ": " : "", STR_FMT(v[i].note));
	}
	if (l->db.json) {
		return (cli_json_print(json_pack("{s:o}", "failures",
		    failures)));
	}
	json_decref(failures);
	return (cli_flush());
}

/* False: said why. */
static bool
list_failures(struct listing *l, size_t *n_r)
{
	struct report_db *db = &l->db;
	struct stored_failure *v = NULL;

	if (report_store_failures(db->store, &db->arena, str_from(db->domain),
	    -1, &v, n_r, &db->diag) != STATUS_OK) {
		(void)report_db_fail(db);
		return (false);
	}
	return (print_failures(l, v, *n_r));
}

static bool
list_periods(struct listing *l, size_t *n_r)
{
	struct report_db *db = &l->db;
	const struct report_filter filter = { .domain = str_from(db->domain),
		.begin_s = db->day_s, .due_s = -1 };
	struct report_period *v = NULL;

	if (report_store_periods(db->store, &db->arena, &filter, &v, n_r,
	    &db->diag) != STATUS_OK) {
		(void)report_db_fail(db);
		return (false);
	}
	return (db->json ? print_json(v, *n_r) : print_text(v, *n_r));
}

int
report_list_main(const struct cli_command *command, int argc, char **argv)
{
	struct listing l = { .failures = false };
	int early, result = CLI_USAGE;
	size_t n = 0;

	report_db_init(&l.db);
	early = cli_options(command, argc, argv, take_option, &l);
	if (early != CLI_END) {
		return (early);
	}
	if (!cli_no_arguments(argc, argv)) {
		return (CLI_USAGE);
	}
	if (report_db_open(&l.db)) {
		if (l.failures ? list_failures(&l, &n) :
		    list_periods(&l, &n)) {
			result = CLI_YES;
		}
		if (result == CLI_YES && n == 0 && !l.db.json) {
			cli_warn("nothing is stored in %s%s",
			    report_store_shown(l.db.conf->report_store.where),
			    l.failures ? " for failure reports" : "");
		}
	}
	report_db_close(&l.db);
	return (result);
}
