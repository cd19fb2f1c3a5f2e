/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store of what is kept for reports: lib/report/store.h. With an argument,
 * "postgres:CONNINFO", the same in an empty database of that kind.
 */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "report_rows.h"
#include "store_lab.h"

#define DAY		((int64_t)20000 * REPORT_DAY_S)
#define ROWS_MAX	8

static struct arena arena;
static int64_t batch_number;

struct rows {			/* a batch that is being made */
	struct report_batch_row	 v[ROWS_MAX];
	size_t			 n;
};

static struct str
text_of(void (*write)(struct buf *, const char *, const char *),
    const char *a, const char *b)
{
	struct buf text;
	struct str copy;

	buf_init(&text, KEPT_TEXT_MAX_BYTES);
	write(&text, a, b);
	copy = arena_dup(&arena, buf_str(&text));
	buf_fini(&text);
	return (copy);
}

static void
add_row(struct rows *rows, int64_t day_s, const char *domain, const char *p,
    const char *ip, int64_t messages)
{
	rows->v[rows->n++] = (struct report_batch_row){ day_s,
		text_of(rows_policy, domain, p),
		text_of(rows_fact, ip, domain), { messages, messages,
		messages - 1, 0 } };
}

static enum status
write_rows(const struct rows *rows, int64_t number)
{
	const struct report_batch batch = { STR("writer"), number, DAY,
		rows->v, rows->n, 0, 0, NULL };

	diag_init(&diag);
	return (report_store_write(store, crypto, &batch, &diag));
}

static void
write_one(int64_t day_s, const char *domain, const char *p, const char *ip,
    int64_t messages)
{
	struct rows rows = { .n = 0 };

	add_row(&rows, day_s, domain, p, ip, messages);
	if (write_rows(&rows, ++batch_number) != STATUS_OK) {
		tap_ok(false, "a batch is written: %s", diag.text);
	}
}

static void
test_merge(void)
{
	struct rows rows = { .n = 0 };

	add_row(&rows, DAY, "a.example", "none", "192.0.2.1", 3);
	add_row(&rows, DAY, "b.example", "none", "192.0.2.1", 1);
	add_row(&rows, DAY, "a.example", "none", "192.0.2.2", 5);
	add_row(&rows, DAY, "a.example", "reject", "192.0.2.1", 7);
	add_row(&rows, DAY + REPORT_DAY_S, "a.example", "none", "192.0.2.1",
	    11);
	tap_num(write_rows(&rows, ++batch_number), STATUS_OK, "a batch");
	tap_num(write_rows(&rows, batch_number), STATUS_OK, "the same again");
	tap_num(get_number("SELECT sum(messages) FROM mailseal_report_row"),
	    27, "a batch counts once");
	tap_num(write_rows(&rows, ++batch_number), STATUS_OK, "the next one");
	tap_num(get_number("SELECT sum(messages) FROM mailseal_report_row"),
	    54, "equal rows are counted together");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_row"), 5,
	    "and stay so many");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_period"), 4,
	    "a period for each domain, policy and day");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_policy"), 3,
	    "a policy for each configuration");
	tap_num(get_number("SELECT sum(messages) FROM mailseal_report_period "
	    "WHERE accepted < messages AND passed = 0 AND ordinary = "
	    "messages"), 54, "a period has the sums of its rows");
}

/* What comes late goes to the next day that is open. */
static void
test_late(void)
{
	write_one(DAY, "late.example", "none", "192.0.2.1", 2);
	write_one(DAY + REPORT_DAY_S, "late.example", "none", "192.0.2.1", 2);
	run_text("UPDATE mailseal_report_period SET state = 'claimed' "
	    "WHERE policy IN (SELECT id FROM mailseal_report_policy "
	    "WHERE domain = 'late.example')");
	write_one(DAY, "late.example", "none", "192.0.2.1", 100);
	tap_num(get_number("SELECT messages FROM mailseal_report_period p "
	    "JOIN mailseal_report_policy c ON c.id = p.policy "
	    "WHERE domain = 'late.example' AND state = 'open'"), 100,
	    "two days are closed: the third has them");
	tap_num(get_number("SELECT min(day) FROM mailseal_report_row "
	    "WHERE messages = 100") - DAY, 2 * REPORT_DAY_S,
	    "with the rows");
	tap_num(get_number("SELECT sum(p.messages) FROM "
	    "mailseal_report_period p JOIN mailseal_report_policy c "
	    "ON c.id = p.policy WHERE domain = 'late.example' "
	    "AND state <> 'open'"), 4, "a closed period never changes");
}

static void
test_bad_rows(void)
{
	int64_t before = get_number("SELECT sum(messages) "
	    "FROM mailseal_report_row");
	struct rows rows = { .n = 0 };

	add_row(&rows, DAY, "aa.example", "none", "192.0.2.1", 3);
	add_row(&rows, DAY, "zz.example", "none", "192.0.2.1", 3);
	rows.v[1].fact = STR("no\ncolumns");
	tap_num(write_rows(&rows, ++batch_number), STATUS_SYNTAX,
	    "a row without its columns");
	tap_num(get_number("SELECT sum(messages) FROM mailseal_report_row"),
	    before, "nothing of its batch is written");
	rows.v[1].fact = text_of(rows_fact, "192.0.2.1", "zz.example");
	tap_num(write_rows(&rows, batch_number), STATUS_OK,
	    "its number is free");
	tap_num(get_number("SELECT sum(messages) FROM mailseal_report_row"),
	    before + 6, "and then all of it");
}

/* messages of each row of full.example, and what finds no place */
static void
check_rest(const struct rows *rows, long want_rows, long want_messages,
    long want_rest, const char *name)
{
	struct report_rest rest = { .messages = -1 };
	const struct report_batch batch = { STR("writer"), ++batch_number,
		DAY, rows->v, rows->n, 3, 0, &rest };

	diag_init(&diag);
	tap_num(report_store_write(store, crypto, &batch, &diag), STATUS_OK,
	    name);
	tap_num(get_number("SELECT count(*) FROM mailseal_report_row r "
	    "JOIN mailseal_report_policy c ON c.id = r.policy "
	    "WHERE domain = 'full.example'"), want_rows, "so many rows");
	tap_num(get_number("SELECT sum(messages) FROM mailseal_report_row r "
	    "JOIN mailseal_report_policy c ON c.id = r.policy "
	    "WHERE domain = 'full.example'"), want_messages,
	    "with so many messages");
	tap_num(rest.messages, want_rest, "and a rest");
	tap_ok(want_rest == 0 || (str_eq(rest.domain, STR("full.example")) &&
	    !rest.full), "of that domain");
}

static void
test_rest(void)
{
	struct rows rows = { .n = 0 };

	add_row(&rows, DAY, "full.example", "none", "192.0.2.1", 1);
	add_row(&rows, DAY, "full.example", "none", "192.0.2.2", 1);
	check_rest(&rows, 2, 2, 0, "two rows of three");
	rows.n = 0;
	add_row(&rows, DAY, "full.example", "none", "192.0.2.1", 10);
	add_row(&rows, DAY, "full.example", "none", "192.0.2.3", 20);
	add_row(&rows, DAY, "full.example", "none", "192.0.2.4", 40);
	add_row(&rows, DAY, "full.example", "none", "192.0.2.2", 80);
	check_rest(&rows, 3, 112, 40, "two old ones, two new ones");
	tap_num(get_number("SELECT messages FROM mailseal_report_period p "
	    "JOIN mailseal_report_policy c ON c.id = p.policy "
	    "WHERE domain = 'full.example'"), 152,
	    "the period counts the rest");
	rows.n = 0;
	add_row(&rows, DAY, "full.example", "none", "192.0.2.1", 1);
	add_row(&rows, DAY, "full.example", "none", "192.0.2.9", 2);
	check_rest(&rows, 3, 113, 2, "a full day");
	rows.n = 0;
	add_row(&rows, DAY, "full.example", "reject", "192.0.2.1", 4);
	add_row(&rows, DAY, "full.example", "quarantine", "192.0.2.1", 4);
	check_rest(&rows, 3, 113, 8, "other policies of the domain");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_policy "
	    "WHERE domain = 'full.example'"), 1, "are not stored, either");
	rows.n = 0;
	add_row(&rows, DAY + REPORT_DAY_S, "full.example", "reject",
	    "192.0.2.1", 5);
	add_row(&rows, DAY, "room.example", "none", "192.0.2.1", 5);
	check_rest(&rows, 4, 118, 0, "another day, another domain");
	run_text("UPDATE mailseal_report_period SET state = 'claimed' "
	    "WHERE day = 1728000000");
	rows.n = 0;
	add_row(&rows, DAY, "full.example", "none", "192.0.2.1", 7);
	check_rest(&rows, 4, 118, 7, "late ones of a full day are a rest");
	run_text("UPDATE mailseal_report_period SET state = 'open' "
	    "WHERE day = 1728000000");
}

#define ALL_ROWS	"SELECT count(*) FROM mailseal_report_row"

/* A batch for a store that may have so many rows; the rest. */
static struct report_rest
write_limited(const struct rows *rows, size_t rows_max)
{
	struct report_rest rest = { .messages = -1 };
	const struct report_batch batch = { STR("writer"), ++batch_number,
		DAY, rows->v, rows->n, 0, rows_max, &rest };

	diag_init(&diag);
	store->spare = 0;		/* counted under another limit */
	if (report_store_write(store, crypto, &batch, &diag) != STATUS_OK) {
		tap_ok(false, "a batch is written: %s", diag.text);
	}
	return (rest);
}

/* A flood of domains; day_s: of the first. */
static struct rows
make_flood(int64_t day_s, const char *prefix)
{
	struct rows rows = { .n = 0 };
	char name[32];
	int i;

	for (i = 0; i < ROWS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "%s%d.example", prefix, i);
		add_row(&rows, day_s + i % 2 * REPORT_DAY_S, name, "none",
		    "192.0.2.1", 1);
	}
	return (rows);
}

static void
test_flood(void)
{
	const int64_t before = get_number(ALL_ROWS);
	const int64_t policies = get_number("SELECT count(*) FROM "
	    "mailseal_report_policy");
	const size_t most = (size_t)before + 5;
	struct rows rows = make_flood(DAY, "one");
	struct report_rest rest = write_limited(&rows, most);
	int i;

	tap_num(rest.messages, ROWS_MAX - 5, "a flood of domains has a rest");
	tap_ok(rest.full && rest.rows == ROWS_MAX - 5, "of a full store");
	tap_num(get_number(ALL_ROWS), (long long)most, "so many rows");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_policy"),
	    policies + 5, "no policy more");
	rest = write_limited(&rows, most);
	tap_num(rest.messages, ROWS_MAX - 5, "what is there counts on");
	tap_num(get_number(ALL_ROWS), (long long)most, "in the same rows");
	for (i = 0; i < 3; i++) {
		char prefix[16];

		(void)snprintf(prefix, sizeof(prefix), "two%d", i);
		rows = make_flood(DAY, prefix);
		rest = write_limited(&rows, most);
		tap_ok(rest.messages == ROWS_MAX && rest.full,
		    "others find no room");
	}
	tap_num(get_number(ALL_ROWS), (long long)most, "nor rows");
	run_text("DELETE FROM mailseal_report_row WHERE policy IN (SELECT id "
	    "FROM mailseal_report_policy WHERE domain LIKE 'one%')");
	rest = write_limited(&rows, most);
	tap_num(rest.messages, ROWS_MAX - 5, "until there is room again");
	tap_num(get_number(ALL_ROWS), (long long)most, "no longer");
	run_text("DELETE FROM mailseal_report_row WHERE policy IN (SELECT id "
	    "FROM mailseal_report_policy WHERE domain LIKE 'two%')");
	run_text("DELETE FROM mailseal_report_period WHERE policy IN (SELECT "
	    "id FROM mailseal_report_policy WHERE domain LIKE 'one%' "
	    "OR domain LIKE 'two%')");
	run_text("DELETE FROM mailseal_report_policy WHERE domain LIKE 'one%' "
	    "OR domain LIKE 'two%'");
}

#define DROPPED	"SELECT count(*) FROM mailseal_report_period p " \
	"JOIN mailseal_report_policy c ON c.id = p.policy " \
	"WHERE domain LIKE 'drop%'"

static void
add_delivery(int64_t begin_s, const char *state)
{
	char number[SQL_NUMBER_BYTES];
	const struct str values[] = { sql_number(number, begin_s),
		str_from(state) };

	if (report_store_run(store, "INSERT INTO mailseal_report_delivery "
	    "(policy, day, address, host, tag, state, at, note) SELECT id, "
	    "CAST($1 AS bigint), 'a@b.example', 'b.example', '', $2, "
	    "CAST($1 AS bigint), '' FROM mailseal_report_policy "
	    "WHERE domain = 'drop.example'", values, 2, NULL, &diag) !=
	    STATUS_OK) {
		tap_ok(false, "a delivery: %s", diag.text);
	}
}

/* Of what was dropped the newest days are remembered. */
static void
test_dropped(void)
{
	int i;

	for (i = 0; i < 6; i++) {
		write_one(DAY + i * REPORT_DAY_S, "drop.example", "none",
		    "192.0.2.1", 1);
		add_delivery(DAY + i * REPORT_DAY_S, i == 1 ? "done" :
		    "failed");
	}
	run_text("UPDATE mailseal_report_period SET state = 'dropped' "
	    "WHERE policy IN (SELECT id FROM mailseal_report_policy "
	    "WHERE domain = 'drop.example') AND day <> 1728000000");
	tap_num(report_store_forget_dropped(store, 5, &diag), STATUS_OK,
	    "as many as there may be");
	tap_num(get_number(DROPPED), 6, "are remembered");
	tap_num(report_store_forget_dropped(store, 2, &diag), STATUS_OK,
	    "three more than that");
	tap_num(get_number(DROPPED), 3, "are forgotten, nothing else");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_delivery"),
	    4, "so are addresses that they did not go to");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_period p "
	    "JOIN mailseal_report_policy c ON c.id = p.policy "
	    "WHERE domain = 'drop.example' AND day = 1728000000"), 1,
	    "an open one stays");
	run_text("DELETE FROM mailseal_report_delivery");
	run_text("DELETE FROM mailseal_report_row WHERE policy IN (SELECT id "
	    "FROM mailseal_report_policy WHERE domain = 'drop.example')");
	run_text("DELETE FROM mailseal_report_period WHERE policy IN (SELECT "
	    "id FROM mailseal_report_policy WHERE domain = 'drop.example')");
	tap_num(report_store_expire(store, DAY + 13 * REPORT_DAY_S, 7, &diag),
	    STATUS_OK, "a policy without reports");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_policy "
	    "WHERE domain = 'drop.example'"), 0,
	    "is forgotten when no row can come");
}

static void
test_oldest(void)
{
	int64_t begin_s = 0;

	tap_num(report_store_oldest(store, DAY, &begin_s, &diag), STATUS_OK,
	    "the oldest");
	tap_num(begin_s, -1, "a day that has not ended does not count");
	tap_num(report_store_oldest(store, DAY + REPORT_DAY_S, &begin_s,
	    &diag), STATUS_OK, "a day later");
	tap_num(begin_s, DAY, "it does");
}

static void
test_expire(void)
{
	int64_t rows = get_number("SELECT count(*) FROM mailseal_report_row");

	tap_num(report_store_expire(store, DAY + 7 * REPORT_DAY_S, 7, &diag),
	    STATUS_OK, "a day that ended 6 days ago");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_row"), rows,
	    "is kept for 7");
	tap_num(report_store_expire(store, DAY + 8 * REPORT_DAY_S, 7, &diag),
	    STATUS_OK, "7 days ago");
	tap_num(get_number("SELECT min(day) FROM mailseal_report_row"),
	    DAY + REPORT_DAY_S, "is gone");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_period "
	    "WHERE day <= 1728000000 AND state <> 'dropped'"), 0,
	    "its periods are not sent any more");
	tap_ok(get_number("SELECT count(*) FROM mailseal_report_period "
	    "WHERE day <= 1728000000") > 0, "but remembered");
	tap_num(report_store_expire(store, DAY + 100 * REPORT_DAY_S, 7,
	    &diag), STATUS_OK, "90 days later");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_period"), 0,
	    "nothing is");
	tap_num(get_number("SELECT count(*) FROM mailseal_report_policy"), 0,
	    "no policy, either");
}

static void
check_store(const char *where)
{
	diag_init(&diag);
	if (report_store_open(where, true, &store, &diag) != STATUS_OK) {
		tap_ok(false, "%s opens: %s", where, diag.text);
		return;
	}
	test_merge();
	test_late();
	test_bad_rows();
	test_rest();
	test_flood();
	test_oldest();
	test_expire();
	test_dropped();
	report_store_close(store);
}

/* The tables of the file and of the code are the same. */
static void
test_schema(const char *top)
{
	char command[1024], line[256];
	FILE *f;

	(void)snprintf(command, sizeof(command), "cd %s && sqlite3 file.db "
	    "<\"%s/etc/reports-sqlite.sql\" && for f in file reports; do "
	    "sqlite3 $f.db .schema | sed 's/--.*//' | tr -d ' \\t\\n' >$f; "
	    "done; cmp file reports && wc -c <file", top,
	    getenv("top_srcdir") != NULL ? getenv("top_srcdir") : ".");
	f = popen(command, "r");
	tap_ok(f != NULL && fgets(line, sizeof(line), f) != NULL &&
	    atol(line) > 1000, "etc/reports-sqlite.sql has the tables");
	if (f != NULL) {
		(void)pclose(f);
	}
}

/* A store of before gets the index: without it the daemon's deletion of old
   rows reads them all, and the sender cannot write. */
static void
test_day_index(const char *where)
{
	diag_init(&diag);
	tap_num(report_store_open(where, true, &store, &diag), STATUS_OK,
	    "a store");
	run_text("DROP INDEX mailseal_report_row_day");
	report_store_close(store);
	tap_num(report_store_open(where, true, &store, &diag), STATUS_OK,
	    "is opened again");
	tap_num(get_number("SELECT count(*) FROM pragma_index_info("
	    "'mailseal_report_row_day')"), 1, "it has the index");
	report_store_close(store);
	tap_num(report_store_open(where, false, &store, &diag), STATUS_OK,
	    "and is read");
	report_store_close(store);
}

static void
test_bad_store(const char *top)
{
	char where[256];

	(void)snprintf(where, sizeof(where), "sqlite:%s/none/r.db", top);
	diag_init(&diag);
	tap_ok(report_store_open(where, true, &store, &diag) != STATUS_OK &&
	    strstr(diag.text, "/none/r.db") != NULL, "no folder: %s",
	    diag.text);
	(void)snprintf(where, sizeof(where), "sqlite:%s/absent.db", top);
	tap_num(report_store_open(where, false, &store, &diag), STATUS_TEMP,
	    "a reader does not create it");
	tap_num(report_store_open("mysql:x", true, &store, &diag),
	    STATUS_SYNTAX, "another kind");
}

static void
test_days(void)
{
	tap_num(report_day(DAY), DAY, "a day begins at 00:00:00");
	tap_num(report_day(DAY - 1), DAY - REPORT_DAY_S, "not a second early");
	tap_num(report_day(DAY + REPORT_DAY_S - 1), DAY, "and ends 23:59:59");
	tap_num(report_day(-5), 0, "no time before 1970");
}

int
main(int argc, char **argv)
{
	char top[] = "/tmp/t_report_store.XXXXXX", where[128];

	crypto = crypto_new();
	arena_init(&arena, 1024 * 1024);
	if (crypto == NULL || mkdtemp(top) == NULL) {
		return (99);
	}
	if (argc > 1) {
		check_store(argv[1]);
	} else {
		(void)snprintf(where, sizeof(where), "sqlite:%s/reports.db",
		    top);
		check_store(where);
		test_schema(top);
		test_day_index(where);
		test_bad_store(top);
		test_days();
	}
	(void)snprintf(where, sizeof(where), "rm -r %s", top);
	tap_num(system(where), 0, "the folder is removed");
	arena_fini(&arena);
	crypto_free(crypto);
	return (tap_done());
}
