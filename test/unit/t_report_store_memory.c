/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails each allocation on the way of a row from a message to the store in
 * turn. A message is kept whole, or counted as lost; a batch is written whole,
 * or not at all, and is written once when it is tried again.
 */
#include "config.h"

#include <stdlib.h>

#include "report/collect.h"
#include "report/received.h"
#include "report/store_failures.h"
#include "report/store_private.h"
#include "report_rows.h"
#include "test/unit/alloc_fail.h"
#include "test/unit/tap.h"

static struct crypto *crypto;
static struct env env;
static struct buf policy, fact;

/* The collector has no thread, so that nothing else allocates. */
static bool
add_once(bool *made_r)
{
	struct report_collector *c = report_collector_new(crypto, &env,
	    COLLECT_MAX_BYTES, REPORT_ROWS_MAX);
	struct report_collector_numbers n = { .rows_pending = 1 };
	bool set;

	*made_r = c != NULL;
	if (c == NULL) {
		return (true);
	}
	set = report_collector_set(c, "sqlite:/nowhere", 7) == STATUS_OK;
	if (set) {
		report_collector_add(c, 1, buf_str(&policy), buf_str(&fact),
		    &one_message);
		report_collector_get(c, &n);
	}
	report_collector_free(c);
	return (n.rows_pending + n.lost == 1);
}

static void
test_collector(void)
{
	bool right = true, failed = true, made;
	unsigned at;

	for (at = 0; failed && at < ALLOC_FAIL_MAX; at++) {
		alloc_fail_at(at);
		right = add_once(&made) && right;
		failed = alloc_failed();
	}
	tap_ok(right && made && at > 2, "collector: right in each of %u runs",
	    at);
}

static int64_t
get_sum(const char *where)
{
	struct report_store *store = NULL;
	int64_t n = -1;
	const struct sql_statement statement = { .text =
	    "SELECT sum(messages) FROM mailseal_report_row", .columns = 1,
	    .row = report_store_take_number, .ctx = &n };
	struct diag diag;

	diag_init(&diag);
	if (report_store_open(where, true, &store, &diag) != STATUS_OK ||
	    sql_run(store->db, &statement, NULL, &diag) != STATUS_OK) {
		n = -2;
	}
	report_store_close(store);
	return (n < 0 ? 0 : n);
}

static enum status
write_once(const char *where, int64_t number)
{
	const struct report_batch_row rows[] = {
		{ 0, buf_str(&policy), buf_str(&fact), one_message },
		{ REPORT_DAY_S, buf_str(&policy), buf_str(&fact),
		    one_message },
	};
	const struct report_batch batch = { STR("writer"), number, 1, rows,
		2, 0, 0, NULL };
	struct report_store *store;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = report_store_open(where, true, &store, &diag);
	if (status == STATUS_OK) {
		status = report_store_write(store, crypto, &batch, &diag);
		report_store_close(store);
	}
	return (status);
}

static void
test_store(const char *where)
{
	bool right = true, failed = true;
	int64_t before;
	enum status status;
	unsigned at;

	for (at = 0; failed && at < ALLOC_FAIL_MAX; at++) {
		before = get_sum(where);
		alloc_fail_at(at);
		status = write_once(where, (int64_t)at + 1);
		failed = alloc_failed();
		right = right && (failed ? status != STATUS_OK :
		    status == STATUS_OK) && get_sum(where) == before +
		    (status == STATUS_OK ? 2 : 0);
		/* The same number again. */
		right = right && write_once(where, (int64_t)at + 1) ==
		    STATUS_OK && get_sum(where) == before + 2;
	}
	tap_ok(right && at > 3, "store: right in each of %u runs", at);
}

static enum status
fail_once(const char *where, int64_t number, int64_t *kept_r)
{
	const struct kept_failure f = { .domain = STR("d.example"),
		.ruf = STR("mailto:f@d.example"), .source = STR("192.0.2.1"),
		.like = STR("x"), .feedback = STR("a: b\n"),
		.header = STR("c: d\n"), .at_s = 1, .incidents = 1 };
	const struct failure_limits limits = { 9, 9, 9 };
	struct failures_list list = TAILQ_HEAD_INITIALIZER(list);
	const struct report_failure_batch batch = { STR("writer"), number, 1,
		&list };
	struct failures_item *item = failures_item_new(&f, &limits);
	struct report_store *store = NULL;
	enum status status = STATUS_NOMEM;
	struct diag diag;

	*kept_r = 0;
	if (item == NULL) {
		return (status);
	}
	TAILQ_INSERT_TAIL(&list, item, order);
	diag_init(&diag);
	status = report_store_open(where, true, &store, &diag);
	if (status == STATUS_OK) {
		status = report_store_write_failures(store, crypto, &batch,
		    kept_r, &diag);
	}
	report_store_close(store);
	failures_list_free(&list);
	return (status);
}

/* A failure report is in the store, or it was said that it is not. */
static void
test_failures(const char *where)
{
	bool right = true, failed = true;
	enum status status;
	int64_t kept;
	unsigned at;

	for (at = 0; failed && at < ALLOC_FAIL_MAX; at++) {
		alloc_fail_at(at);
		status = fail_once(where, (int64_t)at + 1, &kept);
		failed = alloc_failed();
		right = right && failed == (status != STATUS_OK);
		right = right && fail_once(where, (int64_t)at + 1, &kept) ==
		    STATUS_OK && kept == 1;
	}
	tap_ok(right && at > 3, "failures: right in each of %u runs", at);
}

static enum status
receive_once(const char *where, const char *id, bool *new_r)
{
	struct report_row row = { .count = 1, .header_from = "d.example",
		.dkim_domain = "d.example", .dkim_selector = "s1",
		.spf_domain = "" };
	struct report_selector key = { "d.example", "s1", 1, 0, NULL };
	const struct report_aggregate a = { .org = "Org", .email = "",
		.id = id, .domain = "d.example", .p = "none", .rows = &row,
		.rows_n = 1, .selectors = &key };
	struct report_store *store;
	enum status status;
	struct diag diag;

	*new_r = false;
	diag_init(&diag);
	status = report_store_open(where, true, &store, &diag);
	if (status == STATUS_OK) {
		status = report_store_receive(store, crypto, &a, 1, new_r,
		    &diag);
		report_store_close(store);
	}
	return (status);
}

static void
test_receive(const char *where)
{
	bool right = true, failed = true, is_new;
	enum status status;
	char id[16];
	unsigned at;

	for (at = 0; failed && at < ALLOC_FAIL_MAX; at++) {
		(void)snprintf(id, sizeof(id), "%u", at);
		alloc_fail_at(at);
		status = receive_once(where, id, &is_new);
		failed = alloc_failed();
		right = right && is_new == (status == STATUS_OK) &&
		    failed == (status != STATUS_OK);
		/* The same report again. */
		right = right && receive_once(where, id, &is_new) ==
		    STATUS_OK && is_new == (status != STATUS_OK);
	}
	tap_ok(right && at > 3, "a received report: right in each of %u runs",
	    at);
}

int
main(void)
{
	char top[] = "/tmp/t_report_memory.XXXXXX", where[128];

	crypto = crypto_new();
	env_init_system(&env);
	if (crypto == NULL || mkdtemp(top) == NULL) {
		return (99);
	}
	buf_init(&policy, KEPT_TEXT_MAX_BYTES);
	buf_init(&fact, KEPT_TEXT_MAX_BYTES);
	rows_policy(&policy, "d.example", "none");
	rows_fact(&fact, "192.0.2.1", "d.example");
	(void)snprintf(where, sizeof(where), "sqlite:%s/reports.db", top);
	test_collector();
	test_failures(where);
	test_store(where);
	test_receive(where);
	buf_fini(&policy);
	buf_fini(&fact);
	(void)snprintf(where, sizeof(where), "rm -r %s", top);
	tap_num(system(where), 0, "the folder is removed");
	crypto_free(crypto);
	return (tap_done());
}
