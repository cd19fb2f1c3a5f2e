/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The side of `mailseal report` of the store: lib/report/store.h. With an
 * argument, "postgres:CONNINFO", the same in an empty database of that kind.
 */
#include "config.h"

#include <stdlib.h>

#include "report/store.h"
#include "report_rows.h"
#include "tap.h"

#define DAY		((int64_t)20000 * REPORT_DAY_S)
#define NEXT		(DAY + REPORT_DAY_S)
#define LEASE_S		600

static struct crypto *crypto;
static struct arena arena;
static struct diag diag;
static struct report_store *store, *other;
static int64_t batch_number;

static void
write_one(int64_t day_s, const char *domain, const char *ip,
    int64_t messages)
{
	struct report_batch_row row = { day_s, STR_NONE, STR_NONE,
		{ messages, messages, messages, 1 } };
	const struct report_batch batch = { STR("writer"), ++batch_number,
		DAY, &row, 1, 0, 0, NULL };
	struct buf policy, fact;

	buf_init(&policy, KEPT_TEXT_MAX_BYTES);
	buf_init(&fact, KEPT_TEXT_MAX_BYTES);
	rows_policy(&policy, domain, "reject");
	rows_fact(&fact, ip, domain);
	row.policy = buf_str(&policy);
	row.fact = buf_str(&fact);
	if (report_store_write(store, crypto, &batch, &diag) != STATUS_OK) {
		tap_ok(false, "a batch is written: %s", diag.text);
	}
	buf_fini(&policy);
	buf_fini(&fact);
}

static size_t
list_periods(const struct report_filter *filter, struct report_period **v)
{
	size_t n = 0;

	if (report_store_periods(store, &arena, filter, v, &n, &diag) !=
	    STATUS_OK) {
		tap_ok(false, "periods: %s", diag.text);
	}
	return (n);
}

static void
test_periods(void)
{
	struct report_filter filter = { .begin_s = -1, .due_s = -1 };
	struct report_period *v;

	write_one(NEXT, "a.example", "192.0.2.1", 3);
	write_one(DAY, "b.example", "192.0.2.1", 5);
	write_one(DAY, "a.example", "192.0.2.1", 2);
	write_one(DAY, "a.example", "192.0.2.2", 7);
	tap_num((long long)list_periods(&filter, &v), 3, "three periods");
	tap_str(v[0].policy.domain, STR("a.example"), "the oldest, by domain");
	tap_num(v[0].begin_s, DAY, "its day");
	tap_num(v[0].weight.messages, 9, "its messages");
	tap_num(v[0].weight.passed, 2, "its weight");
	tap_num(v[0].rows, 2, "its rows");
	tap_num(v[0].state, REPORT_OPEN, "its state");
	tap_str(v[0].policy.p, STR("reject"), "its policy");
	tap_str(v[0].policy.rua, STR("mailto:r@d.example"), "its addresses");
	tap_str(v[0].report_id, STR(""), "no report ID yet");
	tap_num(v[0].lease_s, -1, "no lease");
	tap_num(v[2].begin_s, NEXT, "the next day is last");
	filter.domain = STR("b.example");
	tap_num((long long)list_periods(&filter, &v), 1, "of one domain");
	filter.domain = STR_NONE;
	filter.begin_s = NEXT;
	tap_num((long long)list_periods(&filter, &v), 1, "of one day");
	filter.begin_s = -1;
	filter.due_s = NEXT - 1;
	tap_num((long long)list_periods(&filter, &v), 0,
	    "no day has ended a second before midnight");
	filter.due_s = NEXT;
	tap_num((long long)list_periods(&filter, &v), 2, "at midnight, one");
	filter.max = 1;
	tap_num((long long)list_periods(&filter, &v), 1, "at most one");
}

static bool
claim_period(struct report_store *s, const char *holder, int64_t now_s,
    const char *id, struct report_period *period)
{
	const struct report_claim claim = { str_from(holder), now_s, LEASE_S,
		str_from(id) };
	bool ours = false;

	if (report_store_claim(s, &arena, &claim, period, &ours, &diag) !=
	    STATUS_OK) {
		tap_ok(false, "a claim: %s", diag.text);
	}
	return (ours);
}

struct sum {
	int64_t		 messages;
	size_t		 n;
	struct str	 first;		/* its address */
};

static enum status
add_row(void *ctx, const struct kept_fact *fact, int64_t count)
{
	struct sum *sum = ctx;

	if (sum->n++ == 0) {
		sum->first = arena_dup(&arena, fact->ip);
		tap_num((long long)fact->signatures_n, 2, "its signatures");
		tap_str(fact->reasons[0].type, STR("local_policy"),
		    "its reasons");
	}
	sum->messages += count;
	return (STATUS_OK);
}

static void
test_claim(void)
{
	struct report_filter filter = { .begin_s = -1, .due_s = NEXT };
	struct report_period *v, same;
	struct sum sum = { .n = 0 };
	bool ours;

	(void)list_periods(&filter, &v);
	same = v[0];
	tap_ok(!claim_period(store, "one", NEXT - 1, "id1", &v[0]),
	    "a day that has not ended is nobody's");
	tap_ok(claim_period(store, "one", NEXT, "id1", &v[0]),
	    "the first takes it");
	tap_str(v[0].report_id, STR("id1"), "with an ID");
	tap_num(v[0].state, REPORT_CLAIMED, "closed");
	tap_ok(!claim_period(other, "two", NEXT + 5, "id2", &same),
	    "the second does not");
	tap_ok(claim_period(store, "one", NEXT + 5, "id3", &v[0]),
	    "the holder may extend it");
	tap_str(v[0].report_id, STR("id1"), "with the same ID");
	write_one(DAY, "a.example", "192.0.2.9", 100);
	tap_num(report_store_rows(store, &v[0], add_row, &sum, &diag),
	    STATUS_OK, "its rows");
	tap_num((long long)sum.n, 2, "what comes late is not in it");
	tap_num(sum.messages, 9, "all of its messages");
	tap_str(sum.first, STR("192.0.2.2"), "the largest first");
	tap_ok(claim_period(other, "two", NEXT + 5 + LEASE_S, "id2", &same),
	    "when the lease has ended, the second takes it");
	tap_str(same.report_id, STR("id1"), "still with that ID");
	tap_num(report_store_finish(store, &v[0], STR("one"), REPORT_SENT,
	    STR("x"), NEXT, &ours, &diag), STATUS_OK, "the first finishes");
	tap_ok(!ours, "it is not its any more");
	tap_num(report_store_release(other, &same, STR("two"), &diag),
	    STATUS_OK, "the second gives it back");
	tap_num((long long)list_periods(&filter, &v), 2, "it is still due");
	tap_ok(claim_period(store, "one", NEXT + 9, "id9", &v[0]),
	    "and taken at once");
	tap_num(report_store_finish(store, &v[0], STR("one"), REPORT_SENT,
	    STR("to all"), NEXT + 10, &ours, &diag), STATUS_OK,
	    "it is finished");
	tap_ok(ours, "by its holder");
	tap_num((long long)list_periods(&filter, &v), 1, "and not due");
	filter.due_s = -1;
	filter.begin_s = DAY;
	(void)list_periods(&filter, &v);
	tap_num(v[0].state, REPORT_SENT, "sent");
	tap_num(v[0].done_s, NEXT + 10, "when");
	tap_str(v[0].note, STR("to all"), "with its note");
	tap_num(v[0].rows, 0, "its rows are gone");
	tap_num(v[0].weight.messages, 9, "their number stays");
	tap_ok(!claim_period(store, "one", NEXT + 99999, "id9", &v[0]),
	    "what is done is not claimed");
	filter.begin_s = NEXT;
	(void)list_periods(&filter, &v);
	tap_num(v[0].weight.messages, 103, "the late message is a day later");
}

static void
test_deliveries(void)
{
	struct report_period period = { .policy_id = STR("p1"),
		.begin_s = DAY };
	struct report_delivery d = { STR("p1"), DAY, STR("r@d.example"),
		STR("d.example"), STR("tag1"), REPORT_DELIVERY_BEGUN, NEXT,
		STR_NONE }, *v;
	int64_t count;
	size_t n;

	tap_num(report_store_deliver(store, &d, &diag), STATUS_OK, "begun");
	d.state = REPORT_DELIVERY_DONE;
	d.note = STR("250 OK");
	tap_num(report_store_deliver(store, &d, &diag), STATUS_OK, "done");
	tap_num(report_store_deliveries(store, &arena, &period, &v, &n,
	    &diag), STATUS_OK, "deliveries");
	tap_num((long long)n, 1, "one for an address");
	tap_num(v[0].state, REPORT_DELIVERY_DONE, "its state");
	tap_str(v[0].note, STR("250 OK"), "its note");
	tap_str(str_from(report_delivery_state_name(v[0].state)),
	    STR("done"), "in a word");
	tap_num(report_store_by_tag(store, &arena, STR("tag1"), &v, &n,
	    &diag), STATUS_OK, "by its tag");
	tap_num((long long)n, 1, "it is found");
	tap_num(report_store_by_tag(store, &arena, STR("tag2"), &v, &n,
	    &diag), STATUS_OK, "another tag");
	tap_num((long long)n, 0, "is not");
	tap_num(report_store_count(store, STR("d.example"), NEXT, &count,
	    &diag), STATUS_OK, "to a host");
	tap_num(count, 1, "one");
	tap_num(report_store_count(store, STR_NONE, NEXT + 1, &count, &diag),
	    STATUS_OK, "since");
	tap_num(count, 0, "none");
}

static void
test_suppressions(void)
{
	struct report_suppression s = { STR("r@d.example"), DAY, NEXT, 1,
		STR("550 no such user") }, *v;
	bool found;
	size_t n;

	tap_num(report_store_suppress(store, &s, &diag), STATUS_OK, "one");
	s.times = 2;
	tap_num(report_store_suppress(store, &s, &diag), STATUS_OK, "again");
	tap_num(report_store_suppressions(store, &arena, STR_NONE, &v, &n,
	    &diag), STATUS_OK, "all");
	tap_num((long long)n, 1, "one address");
	tap_num(v[0].times, 2, "twice");
	tap_num(v[0].until_s, NEXT, "until");
	tap_num(report_store_suppressions(store, &arena, STR("x@d.example"),
	    &v, &n, &diag), STATUS_OK, "another");
	tap_num((long long)n, 0, "is not");
	tap_num(report_store_unsuppress(store, s.address, &found, &diag),
	    STATUS_OK, "no longer");
	tap_ok(found, "it was");
	tap_num(report_store_unsuppress(store, s.address, &found, &diag),
	    STATUS_OK, "again");
	tap_ok(!found, "it was not");
}

static void
test_permissions(void)
{
	struct report_permission p = { STR("d.example"), STR("e.example"),
		true, STR("mailto:x@e.example"), NEXT }, *v;
	size_t n;

	tap_num(report_store_permit(store, &p, &diag), STATUS_OK, "granted");
	tap_num(report_store_permission(store, &arena, p.policy_domain,
	    p.host, &v, &n, &diag), STATUS_OK, "read");
	tap_ok(n == 1 && v[0].granted, "it is");
	tap_str(v[0].address, p.address, "with its address");
	p.granted = false;
	tap_num(report_store_permit(store, &p, &diag), STATUS_OK, "revoked");
	tap_num(report_store_permission(store, &arena, p.policy_domain,
	    p.host, &v, &n, &diag), STATUS_OK, "read again");
	tap_ok(n == 1 && !v[0].granted, "it is not");
}

int
main(int argc, char **argv)
{
	char top[] = "/tmp/t_report_read.XXXXXX", where[128];

	crypto = crypto_new();
	arena_init(&arena, 1024 * 1024);
	diag_init(&diag);
	if (crypto == NULL || mkdtemp(top) == NULL) {
		return (99);
	}
	(void)snprintf(where, sizeof(where), "sqlite:%s/reports.db", top);
	if (report_store_open(argc > 1 ? argv[1] : where, true, &store,
	    &diag) != STATUS_OK || report_store_open(argc > 1 ? argv[1] :
	    where, false, &other, &diag) != STATUS_OK) {
		printf("Bail out! %s\n", diag.text);
		return (99);
	}
	test_periods();
	test_claim();
	test_deliveries();
	test_suppressions();
	test_permissions();
	tap_str(str_from(report_store_shown("postgres:password=x")),
	    STR("postgres"), "a password is not shown");
	report_store_close(store);
	report_store_close(other);
	(void)snprintf(where, sizeof(where), "rm -r %s", top);
	tap_num(system(where), 0, "the folder is removed");
	arena_fini(&arena);
	crypto_free(crypto);
	return (tap_done());
}
