/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Failure reports from the message to the store, and their mail:
 * lib/report/failures.h, store_failures.h, failure.h. With an argument,
 * "postgres:CONNINFO", the same in an empty database of that kind.
 */
#include "config.h"

#include <stdlib.h>

#include "report/collect.h"
#include "report/store_failures.h"
#include "store_lab.h"

#define HOUR	((int64_t)FAILURE_SLOT_S)
#define T0	((int64_t)20000 * REPORT_DAY_S)	/* begins a slot */
#define MANY	1000
#define STOP_MS	60000
#define HOLDER	STR("me")

static struct env env;
static struct arena arena;
static int64_t batch_number;
static struct failure_limits no_limits = { MANY, MANY, MANY };

static struct kept_failure
make_failure(const char *domain, const char *source, int64_t at_s,
    int64_t incidents)
{
	struct kept_failure f = { .domain = str_from(domain),
		.ruf = STR("mailto:f@d.example"), .source = str_from(source),
		.feedback = STR("Auth-Failure: dmarc\n"),
		.header = STR("Subject: x\n"), .at_s = at_s,
		.incidents = incidents };

	f.like = arena_printf(&arena, "%s %s", domain, source);
	return (f);
}

/* How many of its messages were kept; -1: it failed. */
static int64_t
write_failures(const struct kept_failure *v, size_t n,
    const struct failure_limits *limits, int64_t now_s, int64_t number)
{
	struct failures queue;
	struct failures_list list = TAILQ_HEAD_INITIALIZER(list);
	const struct report_failure_batch batch = { STR("writer"), number,
		now_s, &list };
	struct failures_item *item;
	enum status status;
	int64_t kept = -1;
	size_t i;

	failures_init(&queue);
	for (i = 0; i < n; i++) {
		item = failures_item_new(&v[i], limits);
		if (item == NULL) {
			printf("Bail out! no memory\n");
			exit(99);
		}
		if (failures_add(&queue, item) != FAILURES_ADDED) {
			free(item);
		}
	}
	failures_take(&queue, &list);
	diag_init(&diag);
	status = report_store_write_failures(store, crypto, &batch, &kept,
	    &diag);
	failures_list_free(&list);
	if (status != STATUS_OK) {
		printf("# %s\n", diag.text);
	}
	return (status == STATUS_OK ? kept : -1);
}

static int64_t
write_one(const char *domain, const char *source, int64_t at_s,
    int64_t incidents, const struct failure_limits *limits)
{
	const struct kept_failure f = make_failure(domain, source, at_s,
	    incidents);

	return (write_failures(&f, 1, limits, at_s, ++batch_number));
}

static void
clear_store(void)
{
	run_text("DELETE FROM mailseal_report_failure");
}

#define ROWS		"SELECT count(*) FROM mailseal_report_failure"
#define INCIDENTS	"SELECT sum(incidents) FROM mailseal_report_failure"

/* The reports that are due. */
static struct stored_failure *
list_due(int64_t now_s, size_t *n_r)
{
	struct stored_failure *v = NULL;

	if (report_store_failures(store, &arena, STR_NONE, now_s, &v, n_r,
	    &diag) != STATUS_OK) {
		tap_ok(false, "list: %s", diag.text);
	}
	return (v);
}

static bool
claim(struct stored_failure *f, struct str holder, int64_t now_s)
{
	const struct report_claim c = { holder, now_s, 100, STR("id1") };
	bool ours = false;

	if (report_store_claim_failure(store, &arena, &c, f, &ours, &diag) !=
	    STATUS_OK) {
		tap_ok(false, "claim: %s", diag.text);
	}
	return (ours);
}

static void
test_alike(void)
{
	const struct kept_failure v[] = {
		make_failure("a.example", "192.0.2.1", T0, 1),
		make_failure("a.example", "192.0.2.1", T0, 2),
		make_failure("a.example", "192.0.2.2", T0, 1),
		make_failure("b.example", "192.0.2.1", T0, 1) };

	clear_store();
	tap_num(write_failures(v, 4, &no_limits, T0, ++batch_number), 5,
	    "all messages are kept");
	tap_num(get_number(ROWS), 3, "those that are alike are one report");
	tap_num(write_failures(v, 4, &no_limits, T0, batch_number), 5,
	    "the same batch again");
	tap_num(get_number(INCIDENTS), 5, "counts once");
	tap_num(write_one("a.example", "192.0.2.1", T0 + 10, 4, &no_limits),
	    4, "another that is like one of them");
	tap_num(get_number(ROWS), 3, "is no further report");
	tap_num(get_number("SELECT max(incidents) FROM "
	    "mailseal_report_failure"), 7, "but counted");
}

/* One is sent at once, those after it in the next hour. */
static void
test_slots(void)
{
	struct stored_failure *v;
	size_t n;

	clear_store();
	(void)write_one("a.example", "192.0.2.1", T0 + 5, 1, &no_limits);
	v = list_due(T0 + 6, &n);
	if (!tap_num((long long)n, 1, "the first is due at once")) {
		return;
	}
	tap_ok(claim(v, HOLDER, T0 + 6), "it is claimed");
	(void)write_one("a.example", "192.0.2.1", T0 + 7, 1, &no_limits);
	(void)write_one("a.example", "192.0.2.1", T0 + 8, 1, &no_limits);
	tap_num(v->failure.incidents, 1, "a claimed one is not changed");
	tap_str(v->failure.header, STR("Subject: x\n"), "it has its texts");
	tap_num(report_store_finish_failure(store, v, HOLDER, REPORT_SENT,
	    STR(""), T0 + 9, &diag), STATUS_OK, "it is finished");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_failure "
	    "WHERE state = 'sent' AND feedback = '' AND header = ''"), 1,
	    "its texts are deleted");
	(void)list_due(T0 + HOUR - 1, &n);
	tap_num((long long)n, 0, "no other in this hour");
	v = list_due(T0 + HOUR, &n);
	tap_ok(n == 1 && v->failure.incidents == 2 && v->slot_s == T0 + HOUR,
	    "those after it are due in the next");
}

static void
test_claims(void)
{
	struct stored_failure *v, *w;
	size_t n;

	clear_store();
	(void)write_one("a.example", "192.0.2.1", T0, 1, &no_limits);
	v = list_due(T0, &n);
	w = list_due(T0, &n);
	tap_ok(claim(v, HOLDER, T0) && !claim(w, STR("you"), T0 + 50),
	    "it has one holder");
	tap_ok(claim(v, HOLDER, T0 + 60), "who may claim it again");
	tap_ok(claim(w, STR("you"), T0 + 161) &&
	    str_eq(w->report_id, STR("id1")), "until the lease ends");
	tap_num(report_store_finish_failure(store, v, HOLDER, REPORT_SENT,
	    STR(""), T0 + 162, &diag), STATUS_OK, "who lost it");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_failure "
	    "WHERE state = 'claimed'"), 1, "does not finish it");
	tap_num(report_store_release_failure(store, w, STR("you"), &diag),
	    STATUS_OK, "it is given back");
	(void)list_due(T0 + 163, &n);
	tap_num((long long)n, 1, "and due again");
}

static void
test_limits(void)
{
	const struct failure_limits day = { 3, MANY, MANY };
	const struct failure_limits domain = { MANY, 2, MANY };
	const struct failure_limits source = { MANY, MANY, 1 };
	char ip[32];
	int i, kept = 0;

	clear_store();
	for (i = 0; i < 5; i++) {
		(void)snprintf(ip, sizeof(ip), "192.0.2.%d", i);
		kept += (int)write_one("a.example", ip, T0 + i, 1, &day);
	}
	tap_num(kept, 3, "FailureReportsPerDay");
	tap_num(write_one("a.example", "192.0.2.0", T0 + 9, 1, &day), 1,
	    "another message like a reported one is counted beyond it");
	tap_num(write_one("a.example", "192.0.2.9", T0 + REPORT_DAY_S + 9, 1,
	    &day), 1, "a day later there may be others");
	clear_store();
	for (i = kept = 0; i < 5; i++) {
		(void)snprintf(ip, sizeof(ip), "192.0.2.%d", i);
		kept += (int)write_one("a.example", ip, T0 + i, 1, &domain);
	}
	tap_num(kept, 2, "FailureReportsPerDomain");
	tap_num(write_one("b.example", "192.0.2.1", T0, 1, &domain), 1,
	    "another domain");
	clear_store();
	kept = (int)write_one("a.example", "192.0.2.1", T0, 1, &source) +
	    (int)write_one("b.example", "192.0.2.1", T0, 1, &source);
	tap_num(kept, 1, "FailureReportsPerSource");
	tap_num(write_one("b.example", "192.0.2.2", T0, 1, &source), 1,
	    "another client");
}

/* How many of them are kept while each client may have two reports. */
static long
write_sources(const char *const *ips, size_t n)
{
	const struct failure_limits limits = { MANY, MANY, 2 };
	char domain[32];
	int64_t kept = 0;
	size_t i;

	clear_store();
	for (i = 0; i < n; i++) {
		(void)snprintf(domain, sizeof(domain), "d%zu.example", i);
		kept += write_one(domain, ips[i], T0 + (int64_t)i, 1, &limits);
	}
	return ((long)kept);
}

/* Who has one IPv6 address has a /64 of them. */
static void
test_networks(void)
{
	static const char *const one[] = { "2001:db8:0:1::1",
		"2001:db8:0:1:ffff::2", "2001:db8:0:1:a:b:c:d",
		"2001:db8::1:0:0:0:9", "2001:db8:0:1::" };
	static const char *const zeros[] = { "2001:db8::1", "2001:db8::2",
		"2001:db8::1:2:3:4", "2001:db8:0:0:5::", "2001:db8::" };
	static const char *const others[] = { "2001:db8:0:1::1",
		"2001:db8:0:1::2", "2001:db8:0:2::1", "2001:db8:1:1::1",
		"2001:db8:0:10::1", "192.0.2.1", "192.0.2.2", "192.0.2.3" };

	tap_num(write_sources(one, 5), 2, "addresses of a /64 are one client");
	tap_num(write_sources(zeros, 5), 2, "also with zeros in its prefix");
	tap_num(write_sources(others, 8), 8,
	    "those of other networks, and of IPv4, are not");
}

/* Two hosts lock equal rows in the same order, whatever came first. */
static void
test_order(void)
{
	static const char *const names[] = { "c.example", "a.example",
		"d.example", "b.example" };
	const struct failure_limits one = { 1, MANY, MANY };
	struct kept_failure v[4];
	int i;

	clear_store();
	for (i = 0; i < 4; i++) {
		v[i] = make_failure(names[i], "192.0.2.1", T0, 1);
	}
	tap_num(write_failures(v, 4, &one, T0, ++batch_number), 1,
	    "four, of which one may be kept");
	tap_num(get_number(ROWS " WHERE domain = 'a.example'"), 1,
	    "the first by order is written first");
}

static void
test_expiry(void)
{
	clear_store();
	(void)write_one("a.example", "192.0.2.1", T0, 1, &no_limits);
	tap_num(report_store_expire(store, T0 + FAILURE_KEPT_S - 1, 7, &diag),
	    STATUS_OK, "before its time");
	tap_num(get_number(ROWS), 1, "it is there");
	tap_num(report_store_expire(store, T0 + FAILURE_KEPT_S, 7, &diag),
	    STATUS_OK, "later");
	tap_num(get_number(ROWS), 0, "it is not");
}

/* A database whose tables are older expires the rest of them. */
static void
test_older(void)
{
	const struct sql_statement drop = { .text =
		"DROP TABLE mailseal_report_failure" };

	tap_num(sql_run(store->db, &drop, NULL, &diag), STATUS_OK,
	    "without the table");
	tap_num(report_store_expire(store, T0, 7, &diag), STATUS_OK,
	    "old rows expire");
}

/* As the daemon does it. */
static void
test_collector(const char *where)
{
	struct report_collector *c = report_collector_new(crypto, &env,
	    COLLECT_MAX_BYTES, REPORT_ROWS_MAX);
	struct kept_failure f = make_failure("a.example", "192.0.2.1",
	    env_now_s(&env), 1);
	struct report_collector_numbers n;
	int i;

	clear_store();
	if (c == NULL || report_collector_set(c, where, 7) != STATUS_OK) {
		printf("Bail out! no collector\n");
		exit(99);
	}
	for (i = 0; i < FAILURES_MAX + 10; i++) {
		f.like = arena_printf(&arena, "%d", i);
		report_collector_add_failure(c, &f, &no_limits);
	}
	report_collector_add_failure(c, &(struct kept_failure){
		.domain = f.domain, .ruf = f.ruf, .source = f.source,
		.like = STR("0"), .at_s = f.at_s, .incidents = 1 },
	    &no_limits);
	tap_num(report_collector_start(c), STATUS_OK, "the writer starts");
	tap_ok(report_collector_stop(c, STOP_MS), "and stops");
	report_collector_get(c, &n);
	tap_num((long long)n.failures_kept, FAILURES_MAX + 1, "kept");
	tap_num((long long)n.failures_dropped, 10, "beyond FAILURES_MAX");
	tap_num(get_number(ROWS), FAILURES_MAX, "they are in the store");
	tap_num((long long)n.lost, 0, "no row is lost");
	report_collector_free(c);
}

static bool
has(struct str text, const char *part)
{
	struct str p = str_from(part);
	size_t i;

	for (i = 0; i + p.n <= text.n; i++) {
		if (str_eq(str_mem(text.p + i, p.n), p)) {
			return (true);
		}
	}
	return (false);
}

static void
test_mail(void)
{
	const struct kept_failure f = make_failure("d.example", "192.0.2.1",
	    T0, 3);
	const struct failure_mail m = { STR("r@rx.example"),
		STR("f@d.example"), STR("rx.example"), STR("id7"), STR("tag8"),
		T0 + 60, &f };
	struct buf one, two;

	buf_init(&one, FAILURE_MAIL_MAX_BYTES);
	buf_init(&two, FAILURE_MAIL_MAX_BYTES);
	tap_num(failure_write_mail(&one, &m), STATUS_OK, "a mail");
	tap_ok(has(buf_str(&one), "\nContent-Type: multipart/report;\n"
	    " report-type=feedback-report;\n boundary=\"report_id7\"\n\n"),
	    "its type");
	tap_ok(has(buf_str(&one), "\nAuto-Submitted: auto-generated\n") &&
	    has(buf_str(&one), "\nMessage-ID: <id7.tag8@rx.example>\n"),
	    "its fields");
	tap_ok(has(buf_str(&one), "\n\nFeedback-Type: auth-failure\n"
	    "Version: 1\nUser-Agent: ") && has(buf_str(&one),
	    "\nReporting-MTA: dns; rx.example\nAuth-Failure: dmarc\n"
	    "Incidents: 3\n\n--report_id7\n"), "the feedback");
	tap_ok(has(buf_str(&one), "\nContent-Type: text/rfc822-headers\n\n"
	    "Subject: x\n\n--report_id7--\n"), "the header");
	tap_ok(failure_write_mail(&two, &m) == STATUS_OK &&
	    str_eq(buf_str(&one), buf_str(&two)), "the same octets again");
	buf_fini(&one);
	buf_fini(&two);
}

static void
test_fields(void)
{
	struct buf out;
	size_t i;

	buf_init(&out, 8192);
	failure_add_field(&out, "A", STR(""));
	tap_num((long long)out.n, 0, "an empty field is left out");
	failure_add_field(&out, "A", STR("b  c"));
	tap_str(buf_str(&out), STR("A: b c\n"), "a field");
	buf_reset(&out);
	for (i = 0; i < 40; i++) {
		buf_add_cstr(&out, "0123456789 ");
	}
	{
		const struct str text = arena_dup(&arena, buf_str(&out));

		buf_reset(&out);
		failure_add_field(&out, "A", text);
	}
	tap_ok(out.n > 440 && str_find(buf_str(&out), '\n') <= 78,
	    "a field is folded");
	buf_reset(&out);
	for (i = 0; i < 2 * FAILURE_WORD_MAX_BYTES + 1; i++) {
		buf_add_char(&out, 'x');
	}
	{
		const struct str text = arena_dup(&arena, buf_str(&out));

		buf_reset(&out);
		failure_add_field(&out, "A", text);
	}
	tap_ok(str_find(buf_str(&out), '\n') <= FAILURE_WORD_MAX_BYTES + 3 &&
	    has(buf_str(&out), "x\n x"), "a long word is split");
	buf_fini(&out);
}

int
main(int argc, char **argv)
{
	char top[] = "/tmp/t_report_failures.XXXXXX", where[128];
	char command[64];

	env_init_system(&env);
	crypto = crypto_new();
	arena_init(&arena, 64 * 1024 * 1024);
	diag_init(&diag);
	if (mkdtemp(top) == NULL) {
		return (99);
	}
	(void)snprintf(where, sizeof(where), "sqlite:%s/reports.db", top);
	if (argc > 1) {
		(void)snprintf(where, sizeof(where), "%s", argv[1]);
	}
	if (!tap_num(report_store_open(where, true, &store, &diag), STATUS_OK,
	    "the store opens")) {
		printf("# %s\n", diag.text);
		return (99);
	}
	test_alike();
	test_slots();
	test_claims();
	test_limits();
	test_networks();
	test_order();
	test_expiry();
	test_collector(where);
	test_mail();
	test_fields();
	if (argc == 1) {
		test_older();	/* a role that may drop tables */
	}
	report_store_close(store);
	arena_fini(&arena);
	crypto_free(crypto);
	(void)snprintf(command, sizeof(command), "rm -rf %s", top);
	return (system(command) == 0 ? tap_done() : 99);
}
