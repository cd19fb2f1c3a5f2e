/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include "keys/reported.h"
#include "report/received.h"

static enum status
open_as_owner(struct store *store, const char *where, struct diag *diag)
{
	const char *path = report_store_file(where);
	enum status status = STATUS_OK;

	if (path != NULL) {
		status = privileges_find_owner(path, &store->reports_owner,
		    diag);
	}
	if (status == STATUS_OK) {
		status = privileges_switch(&store->reports_owner, diag);
	}
	if (status == STATUS_OK) {
		status = report_store_open(where, false, &store->reports,
		    diag);
		privileges_return(&store->reports_owner);
	}
	return (status);
}

/* NULL: it cannot be read. */
static struct report_store *
open_reports(struct store *store)
{
	const char *where = NULL;
	enum status status;
	struct diag diag;

	if (store->reports_tried) {
		return (store->reports);
	}
	store->reports_tried = true;
	diag_init(&diag);
	status = policy_report_store(&store->policy, NULL, &where, &diag);
	if (status == STATUS_OK && where == NULL) {
		diag_set(&diag, NULL, 0, "ReportStore is none");
		status = STATUS_IO;
	}
	if (status == STATUS_OK) {
		status = open_as_owner(store, where, &diag);
	}
	if (status != STATUS_OK) {
		cli_warn("RetireAfterReports: retired keys wait until "
		    "RetireLongest: %s", diag.text[0] != '\0' ? diag.text :
		    status_text(status));
	}
	return (store->reports);
}

void
reported_close(struct store *store)
{
	struct diag diag;

	/* SQLite may remove its files beside the database now. */
	diag_init(&diag);
	if (store->reports != NULL && privileges_switch(&store->reports_owner,
	    &diag) == STATUS_OK) {
		report_store_close(store->reports);
		privileges_return(&store->reports_owner);
	}
	store->reports = NULL;
}

/* -1: not known. */
static int64_t
count_reporters(struct store *store, const struct keystore_key *key)
{
	struct report_store *reports = open_reports(store);
	enum status status;
	struct diag diag;
	int64_t n = -1;

	if (reports == NULL) {
		return (-1);
	}
	diag_init(&diag);
	status = privileges_switch(&store->reports_owner, &diag);
	if (status == STATUS_OK) {
		status = report_store_reporters(reports, key->domain,
		    key->selector, key->since_s, &n, &diag);
		privileges_return(&store->reports_owner);
	}
	if (status == STATUS_OK) {
		return (n);
	}
	cli_warn("RetireAfterReports: %s", diag.text[0] != '\0' ? diag.text :
	    status_text(status));
	reported_close(store);
	return (-1);
}

bool
reported_fill(struct store *store, struct life *life)
{
	const struct keystore_key *next;
	int64_t *v;
	size_t i;

	if (life->times.reporters == 0) {
		return (true);
	}
	v = arena_calloc(&store->arena, life->n, sizeof(*v));
	if (v == NULL) {
		(void)cli_fail("out of memory");
		return (false);
	}
	for (i = 0; i < life->n; i++) {
		next = life_reported(life, i);
		v[i] = next != NULL ? count_reporters(store, next) : -1;
	}
	life->reporters = v;
	return (true);
}
