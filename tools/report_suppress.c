/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailseal report suppress: addresses that get no reports for a time: those
 * that bounced, for longer each time, and those that the operator names.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "tools/report.h"
#include "tools/report_db.h"
#include "tools/report_send.h"

#define FIRST_DAYS	7
#define MAX_DAYS	112	/* reached at the fifth time */
#define DAYS_MAX	36500

struct suppress {
	struct report_db db;
	int64_t		 days;		/* 0: as after a bounce */
	bool		 remove;
};

static int64_t
suppress_days(int64_t times)
{
	int64_t days = FIRST_DAYS;

	while (times-- > 1 && days < MAX_DAYS) {
		days *= 2;
	}
	return (days);
}

static enum status
suppress_for(struct report_store *store, struct arena *arena,
    struct str address, struct str reason, int64_t now_s, int64_t days,
    struct diag *diag)
{
	struct report_suppression *before = NULL, s = { .address = address,
		.since_s = now_s, .reason = reason, .times = 1 };
	enum status status;
	size_t n = 0;

	status = report_store_suppressions(store, arena, address, &before, &n,
	    diag);
	if (status != STATUS_OK) {
		return (status);
	}
	if (n > 0) {
		s.times = before->times + 1;
	}
	s.until_s = now_s + (days > 0 ? days : suppress_days(s.times)) *
	    REPORT_DAY_S;
	return (report_store_suppress(store, &s, diag));
}

enum status
report_suppress(struct report_store *store, struct arena *arena,
    struct str address, struct str reason, int64_t now_s, struct diag *diag)
{
	return (suppress_for(store, arena, address, reason, now_s, 0, diag));
}

static bool
take_option(void *opts, int id, const char *value)
{
	struct suppress *s = opts;

	switch (id) {
	case 'D':
		return (cli_number("days", value, 1, DAYS_MAX, &s->days));
	case 'r':
		s->remove = true;
		return (true);
	default:
		return (report_db_take(&s->db, id, value));
	}
}

static json_t *
json_suppression(const struct report_suppression *v)
{
	return (json_pack("{s:o, s:I, s:I, s:I, s:o}",
	    "address", cli_json_text(v->address),
	    "since", (json_int_t)v->since_s, "until", (json_int_t)v->until_s,
	    "times", (json_int_t)v->times,
	    "reason", cli_json_text(v->reason)));
}

static int
list_addresses(struct report_db *db)
{
	struct report_suppression *v = NULL;
	json_t *all = json_array();
	char date[REPORT_DATE_BYTES];
	size_t i, n = 0;

	if (report_store_suppressions(db->store, &db->arena, STR_NONE, &v, &n,
	    &db->diag) != STATUS_OK) {
		json_decref(all);
		return (report_db_fail(db));
	}
	for (i = 0; i < n; i++) {
		if (v[i].until_s <= db->now_s) {
			continue;
		}
		if (db->json) {
			(void)json_array_append_new(all,
			    json_suppression(&v[i]));
		} else {
			(void)printf("until %s  %.*s: %.*s\n",
			    report_date(v[i].until_s, date),
			    STR_FMT(v[i].address), STR_FMT(v[i].reason));
		}
	}
	if (db->json) {
		return (cli_json_print(json_pack("{s:o}", "suppressed", all)) ?
		    CLI_YES : CLI_USAGE);
	}
	json_decref(all);
	return (cli_flush() ? CLI_YES : CLI_USAGE);
}

static int
change_address(struct suppress *s, const char *text)
{
	struct report_db *db = &s->db;
	struct dmarc_address address;
	bool found = true;
	enum status status;
	struct str uri;

	uri = arena_printf(&db->arena, "mailto:%s", text);
	if (uri.p == NULL || dmarc_address_read(&db->arena, uri, &address) !=
	    STATUS_OK) {
		return (cli_fail("%s is not an address", text));
	}
	status = s->remove ? report_store_unsuppress(db->store, address.text,
	    &found, &db->diag) : suppress_for(db->store, &db->arena,
	    address.text, STR("by the operator"), db->now_s, s->days,
	    &db->diag);
	if (status != STATUS_OK) {
		return (report_db_fail(db));
	}
	if (!found) {
		cli_warn("%s was not suppressed", text);
	}
	return (found ? CLI_YES : CLI_NO);
}

int
report_suppress_main(const struct cli_command *command, int argc, char **argv)
{
	struct suppress s = { .days = 0 };
	int early, result = CLI_USAGE;

	report_db_init(&s.db);
	early = cli_options(command, argc, argv, take_option, &s);
	if (early != CLI_END) {
		return (early);
	}
	if (argc - optind > 1 || (argc == optind && (s.remove ||
	    s.days > 0))) {
		return (cli_fail("one address, please"));
	}
	if (report_db_open(&s.db)) {
		result = argc == optind ? list_addresses(&s.db) :
		    change_address(&s, argv[optind]);
	}
	report_db_close(&s.db);
	return (result);
}
