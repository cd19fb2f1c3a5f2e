/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal report list: the periods of the store, the oldest first. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "tools/report.h"
#include "tools/report_db.h"

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

int
report_list_main(const struct cli_command *command, int argc, char **argv)
{
	struct report_filter filter = { .due_s = -1 };
	struct report_period *v = NULL;
	struct report_db db;
	int early, result = CLI_USAGE;
	size_t n = 0;

	report_db_init(&db);
	early = cli_options(command, argc, argv, report_db_take, &db);
	if (early != CLI_END) {
		return (early);
	}
	if (!cli_no_arguments(argc, argv)) {
		return (CLI_USAGE);
	}
	if (report_db_open(&db)) {
		filter.domain = str_from(db.domain);
		filter.begin_s = db.day_s;
		if (report_store_periods(db.store, &db.arena, &filter, &v, &n,
		    &db.diag) != STATUS_OK) {
			(void)report_db_fail(&db);
		} else if (db.json ? print_json(v, n) : print_text(v, n)) {
			result = CLI_YES;
		}
		if (result == CLI_YES && n == 0 && !db.json) {
			cli_warn("nothing is stored in %s",
			    report_store_shown(db.conf->report_store.where));
		}
	}
	report_db_close(&db);
	return (result);
}
