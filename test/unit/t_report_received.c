/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reports of others in the store: lib/report/received.h. With an argument,
 * "postgres:CONNINFO", the same in an empty database of that kind.
 */
#include "config.h"

#include <stdlib.h>

#include "report/received.h"
#include "store_lab.h"

#define T0		((int64_t)20000 * REPORT_DAY_S)
#define DAY		REPORT_DAY_S

static struct report_row
make_row(const char *ip, int64_t count, bool dkim, bool spf)
{
	struct report_row row = { .count = count, .header_from = "d.example",
		.dkim_domain = "d.example", .dkim_selector = "s1",
		.spf_domain = "b.example", .disposition = dkim || spf ?
		REPORT_PASS : REPORT_REJECT,
		.dkim_result = dkim ? REPORT_AUTH_PASS : REPORT_AUTH_FAIL,
		.spf_result = spf ? REPORT_AUTH_PASS : REPORT_AUTH_ABSENT,
		.reasons = REPORT_REASON_LIST, .dkim_aligned = dkim,
		.spf_aligned = spf };

	if (!ip_parse(str_from(ip), &row.ip)) {
		row.ip_text = ip;
	}
	return (row);
}

static struct report_aggregate
make_report(const char *org, const char *id, int64_t begin_s,
    struct report_row *rows, size_t n)
{
	return ((struct report_aggregate){ .org = org, .email = "a@b.example",
		.id = id, .domain = "D.Example.", .p = "reject",
		.xml_namespace = "", .begin_s = begin_s,
		.end_s = begin_s + DAY - 1, .records = n, .rows = rows,
		.rows_n = n });
}

static bool
receive(const struct report_aggregate *a, int64_t now_s)
{
	bool is_new = false;

	diag_init(&diag);
	if (report_store_receive(store, crypto, a, now_s, &is_new, &diag) !=
	    STATUS_OK) {
		tap_ok(false, "a report is stored: %s", diag.text);
	}
	return (is_new);
}

static void
clear(void)
{
	run_text("DELETE FROM mailseal_report_received");
	run_text("DELETE FROM mailseal_report_source");
	run_text("DELETE FROM mailseal_report_selector");
}

struct seen {			/* of report_store_received */
	struct report	*last;
	int64_t		 messages;
	int64_t		 passed;
	size_t		 n;
};

static enum status
take(void *ctx, struct report *r)
{
	struct seen *seen = ctx;

	report_free(seen->last);
	seen->last = r;
	seen->n++;
	seen->messages += r->aggregate.messages;
	seen->passed += r->aggregate.dmarc_pass;
	return (STATUS_OK);
}

static struct seen
read_all(int64_t since_s)
{
	struct seen seen = { .n = 0 };

	diag_init(&diag);
	if (report_store_received(store, since_s, take, &seen, &diag) !=
	    STATUS_OK) {
		tap_ok(false, "they are read: %s", diag.text);
	}
	return (seen);
}

static void
test_once(void)
{
	struct report_row rows[] = { make_row("192.0.2.1", 3, true, false) };
	struct report_aggregate a = make_report("Org", "1", T0, rows, 1), b;
	struct seen seen;

	tap_ok(receive(&a, T0), "a report");
	tap_ok(!receive(&a, T0), "the same again");
	b = make_report("Orga", "1", T0, rows, 1);
	tap_ok(receive(&b, T0), "of another organisation");
	b = make_report("Org", "2", T0, rows, 1);
	tap_ok(receive(&b, T0), "with another identifier");
	b = make_report("Org", "1", T0 + DAY, rows, 1);
	tap_ok(receive(&b, T0), "of another period");
	b = make_report("Org", "1", T0, rows, 1);
	b.domain = "e.example";
	tap_ok(receive(&b, T0), "about another domain");
	b = make_report("Org", "1", T0, rows, 1);
	b.begin_s = b.end_s = REPORT_TIME_NONE;
	tap_ok(receive(&b, T0) && !receive(&b, T0), "without a period");
	seen = read_all(REPORT_TIME_NONE);
	tap_num((long long)seen.n, 6, "they are all there");
	tap_num((long long)seen.messages, 18, "with their messages");
	report_free(seen.last);
	seen = read_all(T0 + DAY);
	tap_num((long long)seen.n, 1, "one ended the next day");
	report_free(seen.last);
	clear();
}

/* The messages in the store, in how many reports. */
static void
check_sum(size_t reports, int64_t n, const char *what)
{
	struct seen seen = read_all(REPORT_TIME_NONE);

	tap_ok(seen.n == reports && seen.messages == n,
	    "%s: %zu reports of %lld messages", what, seen.n,
	    (long long)seen.messages);
	report_free(seen.last);
}

static void
test_damaged(void)
{
	struct report_row rows[] = { make_row("192.0.2.1", 3, true, false),
		make_row("192.0.2.2", 4, true, false) };
	struct report_selector key = { "d.example", "s1", 3, 0, NULL };
	struct report_aggregate whole = make_report("Org", "1", T0, rows, 2);
	struct report_aggregate cut = make_report("Org", "1", T0, rows, 1);
	struct report_aggregate other = make_report("Org", "2", T0, rows, 1);

	cut.damaged = other.damaged = true;
	cut.selectors = whole.selectors = &key;
	tap_ok(receive(&cut, T0) && !receive(&cut, T0) && receive(&other, T0),
	    "two damaged reports, one of them twice");
	check_sum(2, 6, "damaged");
	tap_ok(receive(&whole, T0), "a whole copy of one");
	check_sum(2, 10, "the whole one");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_source"), 3,
	    "no record of the damaged one is left");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_selector"), 1,
	    "nor a key");
	tap_ok(!receive(&cut, T0) && !receive(&whole, T0), "both again");
	check_sum(2, 10, "both again");
	clear();
}

static void
test_values(void)
{
	struct report_row rows[] = { make_row("192.0.2.1", 3, true, false),
		make_row("2001:db8::1", 5, false, true),
		make_row("no address", 7, false, false) };
	struct report_aggregate a = make_report("Org", "1", T0, rows, 3);
	const struct report_aggregate *b;
	struct seen seen;
	size_t i;

	tap_ok(receive(&a, T0), "a report");
	seen = read_all(REPORT_TIME_NONE);
	if (seen.n != 1 || seen.last->aggregate.rows_n != 3) {
		tap_ok(false, "it has three records");
		return;
	}
	b = &seen.last->aggregate;
	tap_ok(strcmp(b->org, "Org") == 0 && strcmp(b->id, "1") == 0 &&
	    strcmp(b->domain, "d.example") == 0 &&
	    strcmp(b->p, "reject") == 0, "its texts");
	tap_ok(b->begin_s == a.begin_s && b->end_s == a.end_s, "its period");
	tap_ok(b->messages == 15 && b->dmarc_pass == 8 &&
	    b->dkim_aligned == 3 && b->spf_aligned == 5 &&
	    b->disposition[REPORT_PASS] == 8 &&
	    b->disposition[REPORT_REJECT] == 7 && b->overrides == 15,
	    "its sums");
	for (i = 0; i < 3; i++) {
		const struct report_row *x = &rows[i], *y = &b->rows[i];

		tap_ok((x->ip_text == NULL ? y->ip_text == NULL &&
		    memcmp(&x->ip, &y->ip, sizeof(x->ip)) == 0 :
		    y->ip_text != NULL && strcmp(x->ip_text, y->ip_text) == 0)
		    && x->count == y->count &&
		    x->disposition == y->disposition &&
		    x->dkim_result == y->dkim_result &&
		    x->spf_result == y->spf_result &&
		    x->reasons == y->reasons &&
		    x->dkim_aligned == y->dkim_aligned &&
		    x->spf_aligned == y->spf_aligned &&
		    strcmp(x->header_from, y->header_from) == 0 &&
		    strcmp(x->dkim_domain, y->dkim_domain) == 0 &&
		    strcmp(x->dkim_selector, y->dkim_selector) == 0 &&
		    strcmp(x->spf_domain, y->spf_domain) == 0,
		    "record %zu is as it was", i);
	}
	report_free(seen.last);
	clear();
}

/* What no database takes, or must not hold. */
static void
test_hostile(void)
{
	char longest[5000];
	struct report_row rows[] = { make_row("x\033[2J\xff", INT64_MAX, true,
		false), make_row("192.0.2.1", INT64_MAX, true, false) };
	struct report_aggregate a = make_report("O\xc3(\xe2\x80\xae\nrg",
	    longest, T0, rows, 2);
	struct report_received_numbers n;
	struct seen seen;
	size_t i;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	rows[0].dkim_domain = longest;
	a.begin_s = INT64_MAX;
	a.end_s = INT64_MAX;
	for (i = 0; i < 10; i++) {
		longest[sizeof(longest) - 2] = (char)('a' + i);
		tap_ok(receive(&a, T0), "a hostile report, number %zu", i);
	}
	seen = read_all(REPORT_TIME_NONE);
	if (seen.n != 10 || seen.last->aggregate.rows_n != 2) {
		tap_ok(false, "they are all there");
		return;
	}
	tap_str(str_from(seen.last->aggregate.org), STR("O?(????rg"),
	    "no control characters, nor bytes that are no UTF-8");
	tap_str(str_from(seen.last->aggregate.rows[0].ip_text),
	    STR("x?[2J?"), "an address that is none");
	tap_num((long long)strlen(seen.last->aggregate.id),
	    REPORT_RECEIVED_TEXT_MAX_BYTES, "a long text is cut");
	tap_num((long long)seen.last->aggregate.rows[0].count,
	    REPORT_RECEIVED_COUNT_MAX, "so is a count");
	tap_num(report_store_received_numbers(store, T0, &n, &diag),
	    STATUS_OK, "they can be added up");
	tap_num((long long)n.messages, 20 * REPORT_RECEIVED_COUNT_MAX,
	    "to their sum");
	report_free(seen.last);
	clear();
}

static void
test_limit(void)
{
	struct report_row rows[] = { make_row("192.0.2.1", 3, true, false),
		make_row("192.0.2.2", 3, true, false) };
	struct report_selector key = { "d.example", "s1", 3, 0, NULL };
	struct report_aggregate a = make_report("Org", "1", T0, rows, 2);
	bool is_new = true;

	tap_ok(receive(&a, T0), "a report");
	run_text("UPDATE mailseal_report_received SET records = 1999997");
	a.id = "2";
	tap_num(report_store_receive(store, crypto, &a, T0, &is_new, &diag),
	    STATUS_LIMIT, "a store that is full");
	tap_ok(!is_new && strstr(diag.text, "full") != NULL, "says so: %s",
	    diag.text);
	tap_num(get_number("SELECT count(*) FROM mailseal_report_source"), 2,
	    "nothing of it is stored");
	a.rows_n = 1;
	a.selectors = &key;
	tap_num(report_store_receive(store, crypto, &a, T0, &is_new, &diag),
	    STATUS_LIMIT, "one with a key for each record is as large");
	a.selectors = NULL;
	tap_ok(receive(&a, T0), "a smaller one finds room");
	a.id = "1";
	tap_ok(!receive(&a, T0), "what is there is still known");
	clear();
}

static void
test_forget(void)
{
	struct report_row rows[] = { make_row("192.0.2.1", 3, true, false) };
	struct report_selector key = { "d.example", "s1", 3, 0, NULL };
	struct report_aggregate a = make_report("Org", "1", T0, rows, 1);

	a.selectors = &key;
	(void)receive(&a, T0);
	a.id = "2";
	(void)receive(&a, T0 + DAY);
	tap_num(report_store_forget(store, T0 + 90 * DAY - 1, &diag),
	    STATUS_OK, "a second before 90 days");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_received"),
	    2, "both are there");
	tap_num(report_store_forget(store, T0 + 90 * DAY, &diag), STATUS_OK,
	    "after 90 days");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_received"),
	    1, "a report is gone");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_source"), 1,
	    "with its records");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_selector"),
	    1, "and keys");
	tap_num(report_store_forget(store, T0 + 91 * DAY, &diag), STATUS_OK,
	    "a day later");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_received"),
	    0, "the other one");
}

static int64_t
reporters(const char *selector, int64_t since_s)
{
	int64_t n = -1;

	if (report_store_reporters(store, STR("d.example"),
	    str_from(selector), since_s, &n, &diag) != STATUS_OK) {
		printf("# %s\n", diag.text);
	}
	return (n);
}

static void
test_reporters(void)
{
	struct report_row rows[] = { make_row("192.0.2.1", 3, true, false) };
	struct report_selector second = { "d.example", "s2", 3, 1, NULL };
	struct report_selector key = { "d.example", "s1", 3, 0, &second };
	struct report_aggregate a = make_report("One", "1", T0, rows, 1);

	a.selectors = &key;
	(void)receive(&a, T0);
	a.id = "2";
	(void)receive(&a, T0);
	tap_num((long long)reporters("s1", T0), 1, "one reporter, two reports");
	a.org = "Two";
	second.pass = 0;
	(void)receive(&a, T0);
	tap_num((long long)reporters("s1", T0), 2, "two reporters");
	tap_num((long long)reporters("s2", T0), 1,
	    "one of which saw another fail");
	tap_num((long long)reporters("s1", T0 + 1), 0, "none since then");
	tap_num((long long)reporters("s3", T0), 0, "another key");
	clear();
}

static void
test_numbers(void)
{
	struct report_row rows[] = { make_row("192.0.2.1", 3, true, false),
		make_row("192.0.2.1", 4, false, false) };
	struct report_aggregate a = make_report("Org", "1", T0, rows, 2);
	struct report_received_numbers n;

	tap_num(report_store_received_numbers(store, T0, &n, &diag),
	    STATUS_OK, "without reports");
	tap_ok(n.reports == 0 && n.messages == 0 && n.passed == 0 &&
	    n.stored_s == -1, "no numbers");
	(void)receive(&a, T0 + 5);
	a.id = "2";
	a.begin_s += DAY;
	a.end_s += DAY;
	(void)receive(&a, T0 + 7);
	tap_num(report_store_received_numbers(store, T0, &n, &diag),
	    STATUS_OK, "with two");
	tap_ok(n.reports == 2 && n.messages == 14 && n.passed == 6 &&
	    n.stored_s == T0 + 7, "their numbers");
	tap_num(report_store_received_numbers(store, T0 + DAY, &n, &diag),
	    STATUS_OK, "since then");
	tap_ok(n.reports == 1 && n.messages == 7 && n.passed == 3,
	    "those of one");
	clear();
}

static void
check_store(const char *where)
{
	diag_init(&diag);
	if (report_store_open(where, true, &store, &diag) != STATUS_OK) {
		tap_ok(false, "%s opens: %s", where, diag.text);
		return;
	}
	test_once();
	test_damaged();
	test_values();
	test_hostile();
	test_limit();
	test_forget();
	test_reporters();
	test_numbers();
	report_store_close(store);
}

int
main(int argc, char **argv)
{
	char top[] = "/tmp/t_report_received.XXXXXX", where[128];

	crypto = crypto_new();
	if (crypto == NULL || mkdtemp(top) == NULL) {
		return (99);
	}
	(void)snprintf(where, sizeof(where), "sqlite:%s/reports.db", top);
	check_store(argc > 1 ? argv[1] : where);
	(void)snprintf(where, sizeof(where), "rm -r %s", top);
	tap_num(system(where), 0, "the folder is removed");
	crypto_free(crypto);
	return (tap_done());
}
