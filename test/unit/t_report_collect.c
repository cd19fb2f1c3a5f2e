/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows on their way to the store: lib/report/collect.h. */
#include "config.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/collect.h"
#include "report/store.h"
#include "report_rows.h"
#include "tap.h"

#define LIMIT_BYTES	((size_t)2 * 1024 * 1024)
#define THREADS		4
#define BY_THREAD	3000
#define STOP_MS		60000
#define STEP_US		20000
#define STEPS_MAX	3000

static struct crypto *crypto;
static struct env env;
static char top[64];
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char log_text[8192];

static void
add_log(void *ctx, enum log_level level, const char *line)
{
	size_t n;

	(void)ctx;
	(void)level;
	pthread_mutex_lock(&log_lock);
	n = strlen(log_text);
	(void)snprintf(log_text + n, sizeof(log_text) - n, "%s\n", line);
	pthread_mutex_unlock(&log_lock);
}

static unsigned
count_log(const char *part)
{
	unsigned n = 0;
	const char *p;

	pthread_mutex_lock(&log_lock);
	for (p = log_text; (p = strstr(p, part)) != NULL; p++) {
		n++;
	}
	pthread_mutex_unlock(&log_lock);
	return (n);
}

static struct report_collector *
start_limited(const char *where, size_t max_bytes)
{
	struct report_collector *c = report_collector_new(crypto, &env,
	    max_bytes, REPORT_ROWS_MAX);

	log_text[0] = '\0';
	if (c == NULL || report_collector_set(c, where, 7) != STATUS_OK ||
	    report_collector_start(c) != STATUS_OK) {
		printf("Bail out! no collector\n");
		exit(99);
	}
	return (c);
}

static struct report_collector *
start_collector(const char *where)
{
	return (start_limited(where, COLLECT_MAX_BYTES));
}

/* domain: of the policy; each number is another row. */
static void
add_message(struct report_collector *c, const char *domain, int number)
{
	struct buf policy, fact;
	char ip[32];

	buf_init(&policy, KEPT_TEXT_MAX_BYTES);
	buf_init(&fact, KEPT_TEXT_MAX_BYTES);
	(void)snprintf(ip, sizeof(ip), "10.%d.%d.%d", number >> 16,
	    number >> 8 & 255, number & 255);
	rows_policy(&policy, domain, "none");
	rows_fact(&fact, ip, domain);
	report_collector_add(c, env_now_s(&env), buf_str(&policy),
	    buf_str(&fact), &one_message);
	buf_fini(&policy);
	buf_fini(&fact);
}

static struct report_collector_numbers
get_numbers(const struct report_collector *c)
{
	struct report_collector_numbers n;

	report_collector_get(c, &n);
	return (n);
}

/* The one number of a query, or -1. */
static long long
query(const char *path, const char *text)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;
	long long n = -1;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) ==
	    SQLITE_OK && sqlite3_prepare_v2(db, text, -1, &statement, NULL) ==
	    SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
		n = sqlite3_column_int64(statement, 0);
	}
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	return (n);
}

#define SUM	"SELECT sum(messages) FROM mailseal_report_row"
#define COUNT	"SELECT count(*) FROM mailseal_report_row"

static void
stop_collector(struct report_collector *c)
{
	tap_ok(report_collector_stop(c, STOP_MS), "it stops");
	report_collector_free(c);
}

static void *
run_thread(void *arg)
{
	int i;

	for (i = 0; i < BY_THREAD; i++) {
		add_message(arg, i % 2 == 0 ? "a.example" : "b.example",
		    i % 100);
	}
	return (NULL);
}

static void
test_threads(void)
{
	struct report_collector *c;
	char where[128], *path = where + strlen("sqlite:");
	pthread_t threads[THREADS];
	int i;

	(void)snprintf(where, sizeof(where), "sqlite:%s/threads.db", top);
	c = start_collector(where);
	for (i = 0; i < THREADS; i++) {
		(void)pthread_create(&threads[i], NULL, run_thread, c);
	}
	for (i = 0; i < THREADS; i++) {
		(void)pthread_join(threads[i], NULL);
	}
	tap_ok(report_collector_stop(c, STOP_MS), "a stop writes all");
	tap_num(query(path, SUM), THREADS * BY_THREAD,
	    "threads: each message once");
	tap_num(query(path, COUNT), 100, "equal rows together");
	tap_num((long long)get_numbers(c).kept, THREADS * BY_THREAD,
	    "kept: all");
	tap_num((long long)get_numbers(c).rows_pending, 0, "none waits");
	tap_num((long long)get_numbers(c).lost, 0, "none is lost");
	report_collector_free(c);
}

static bool
wait_for(const struct report_collector *c,
    bool (*is_so)(const struct report_collector_numbers *))
{
	struct report_collector_numbers n;
	int i;

	for (i = 0; i < STEPS_MAX; i++) {
		n = get_numbers(c);
		if (is_so(&n)) {
			return (true);
		}
		(void)usleep(STEP_US);
	}
	return (false);
}

static bool
is_away(const struct report_collector_numbers *n)
{
	return (n->away);
}

static bool
is_back(const struct report_collector_numbers *n)
{
	return (!n->away && n->rows_pending == 0);
}

static bool
has_oldest(const struct report_collector_numbers *n)
{
	return (n->oldest_s >= 0);
}

/* A folder that comes later: said once, and once that it is there. */
static void
test_away(void)
{
	struct report_collector *c;
	char where[128], folder[96];

	(void)snprintf(folder, sizeof(folder), "%s/later", top);
	(void)snprintf(where, sizeof(where), "sqlite:%s/r.db", folder);
	c = start_collector(where);
	add_message(c, "a.example", 1);
	add_message(c, "a.example", 1);
	tap_ok(wait_for(c, is_away), "the store is away");
	(void)usleep(1500000);
	tap_num(count_log("waits in memory until it answers"), 1,
	    "it is said once");
	tap_ok(strstr(log_text, "later/r.db") != NULL, "with the path");
	tap_num(mkdir(folder, 0700), 0, "the folder is made");
	tap_ok(wait_for(c, is_back), "the store is back");
	tap_num(count_log("it answers again"), 1, "and so is that");
	tap_num(query(where + strlen("sqlite:"), SUM), 2,
	    "what waited is there");
	/* And the file is removed while it is open. */
	tap_num(unlink(where + strlen("sqlite:")), 0, "the file is removed");
	add_message(c, "a.example", 2);
	stop_collector(c);
	tap_num(query(where + strlen("sqlite:"), SUM), 1,
	    "rows go to a new one");
}

/* Another process holds the lock: no message waits. */
static void
test_locked(void)
{
	struct report_collector *c;
	char where[128], *path = where + strlen("sqlite:");
	sqlite3 *db = NULL;
	int i;

	(void)snprintf(where, sizeof(where), "sqlite:%s/locked.db", top);
	c = start_collector(where);
	add_message(c, "a.example", 0);
	stop_collector(c);
	(void)sqlite3_open(path, &db);
	tap_num(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL),
	    SQLITE_OK, "another holds the lock");
	c = start_collector(where);
	for (i = 0; i < 10000; i++) {
		add_message(c, "a.example", i);
	}
	tap_ok(wait_for(c, is_away), "the store is away");
	for (i = 0; i < 10000; i++) {
		add_message(c, "a.example", i);
	}
	tap_ok(get_numbers(c).away, "20000 messages did not wait for it");
	tap_num((long long)get_numbers(c).lost, 0, "none is lost");
	(void)sqlite3_close(db);
	tap_ok(wait_for(c, is_back), "the store is back");
	stop_collector(c);
	tap_num(query(path, SUM), 20001, "with all of them, once");
}

/* It takes no rows, but answers all else: it is not back. */
static void
test_no_writes(void)
{
	struct report_collector *c;
	char where[128], *path = where + strlen("sqlite:");
	sqlite3 *db = NULL;

	(void)snprintf(where, sizeof(where), "sqlite:%s/nowrites.db", top);
	c = start_collector(where);
	add_message(c, "a.example", 0);
	stop_collector(c);
	(void)sqlite3_open(path, &db);
	/* The collector writes, too. */
	(void)sqlite3_busy_timeout(db, 60000);
	tap_num(sqlite3_exec(db, "CREATE TRIGGER no BEFORE INSERT ON "
	    "mailseal_report_row BEGIN SELECT RAISE(ABORT, 'no'); END",
	    NULL, NULL, NULL), SQLITE_OK, "no row can be written");
	tap_num(sqlite3_exec(db, "INSERT INTO mailseal_report_period (policy, "
	    "day, state, messages, ordinary, accepted, passed) SELECT policy, "
	    "day - 172800, state, 0, 0, 0, 0 FROM mailseal_report_period",
	    NULL, NULL, NULL), SQLITE_OK, "there is an older day");
	/* Before the thread, whose first round then has both. */
	c = report_collector_new(crypto, &env, COLLECT_MAX_BYTES,
	    REPORT_ROWS_MAX);
	log_text[0] = '\0';
	tap_num(report_collector_set(c, where, 7), STATUS_OK, "a store");
	add_message(c, "a.example", 1);
	tap_num(report_collector_start(c), STATUS_OK, "a thread");
	tap_ok(wait_for(c, has_oldest), "what is not written answers");
	tap_ok(get_numbers(c).away, "the store is away all the same");
	tap_num(count_log("it answers again"), 0, "and nothing else is said");
	tap_num(sqlite3_exec(db, "DROP TRIGGER no", NULL, NULL, NULL),
	    SQLITE_OK, "rows can be written");
	(void)sqlite3_close(db);
	tap_ok(wait_for(c, is_back), "the store is back");
	tap_num(count_log("waits in memory until it answers"), 1,
	    "it was said once");
	tap_num(count_log("it answers again"), 1, "and so is that");
	stop_collector(c);
	tap_num(query(path, SUM), 2, "with all of them, once");
}

/* Memory has a limit; the oldest rows are lost, and counted. */
static void
test_limit(void)
{
	const int n = 10000;
	struct report_collector *c;
	struct report_collector_numbers numbers;
	char where[128], folder[96];
	long long sum;
	int i;

	(void)snprintf(folder, sizeof(folder), "%s/full", top);
	(void)snprintf(where, sizeof(where), "sqlite:%s/r.db", folder);
	c = start_limited(where, LIMIT_BYTES);
	tap_ok(wait_for(c, is_away), "no store");
	for (i = 0; i < n; i++) {
		add_message(c, "a.example", i);
	}
	numbers = get_numbers(c);
	tap_ok(numbers.lost > 0 && numbers.lost == numbers.rows_dropped &&
	    numbers.rows_pending + numbers.rows_dropped == (uint64_t)n,
	    "more than memory holds: %llu rows are lost, %llu wait",
	    (unsigned long long)numbers.rows_dropped,
	    (unsigned long long)numbers.rows_pending);
	tap_ok(numbers.rows_pending < LIMIT_BYTES / 250 &&
	    numbers.rows_pending > LIMIT_BYTES / 1000,
	    "as many as the limit says");
	(void)mkdir(folder, 0700);
	tap_ok(wait_for(c, is_back), "the store is back");
	stop_collector(c);
	sum = query(where + strlen("sqlite:"), SUM);
	tap_num(sum + (long long)numbers.lost, n, "each is there, or lost");
	/* 9728 and on. Of old ones a batch may be on its way. */
	tap_num(query(where + strlen("sqlite:"), COUNT " WHERE ip GLOB "
	    "'10.0.3[89].*'"), 272, "the newest are there");
	tap_ok(strstr(log_text, " messages are missing from DMARC reports") !=
	    NULL && strstr(log_text, "; 0 messages are missing") == NULL,
	    "the log says how many");
}

/* A domain has as many rows as it may have on a day. */
static void
test_full_day(void)
{
	struct report_collector *c;
	struct report_collector_numbers n;
	char where[128], *path = where + strlen("sqlite:");

	(void)snprintf(where, sizeof(where), "sqlite:%s/day.db", top);
	c = start_collector(where);
	add_message(c, "a.example", 0);
	stop_collector(c);
	tap_num(query(path, "INSERT INTO mailseal_report_row WITH RECURSIVE "
	    "c(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM c WHERE n < "
	    "100000) SELECT policy, day, 'x' || n, 1, ip, disposition, dkim, "
	    "spf, reasons, header_from, envelope_from, signatures, "
	    "spf_domain, spf_result FROM c, (SELECT * FROM "
	    "mailseal_report_row) RETURNING 0"), 0, "100,000 rows");
	c = start_collector(where);
	add_message(c, "a.example", 0);
	add_message(c, "a.example", 1);
	add_message(c, "a.example", 2);
	add_message(c, "a.example", 2);
	add_message(c, "b.example", 3);
	tap_ok(report_collector_stop(c, STOP_MS), "it stops");
	n = get_numbers(c);
	report_collector_free(c);
	tap_ok(n.kept == 2 && n.lost == 3 && n.rows_dropped == 2 &&
	    n.rows_pending == 0, "of 5 messages 3 found no row: %llu, %llu",
	    (unsigned long long)n.kept, (unsigned long long)n.lost);
	tap_num(query(path, COUNT), 100001, "no row of that domain more");
	tap_num(count_log("a.example has 100000 different rows for a day, the "
	    "most that are kept; 3 messages are missing from DMARC reports"),
	    1, "the log says so");
}

/* The store has as many rows as it may have, of many domains. */
static void
test_full_store(void)
{
	struct report_collector *c = report_collector_new(crypto, &env,
	    COLLECT_MAX_BYTES, 100);
	struct report_collector_numbers n;
	char where[128], name[32];
	int i;

	(void)snprintf(where, sizeof(where), "sqlite:%s/flood.db", top);
	log_text[0] = '\0';
	tap_num(report_collector_set(c, where, 7), STATUS_OK, "a store");
	for (i = 0; i < 3000; i++) {
		(void)snprintf(name, sizeof(name), "d%d.example", i);
		add_message(c, name, i);
	}
	tap_num(report_collector_start(c), STATUS_OK, "a thread");
	tap_ok(report_collector_stop(c, STOP_MS), "it stops");
	n = get_numbers(c);
	report_collector_free(c);
	tap_ok(n.kept == 100 && n.lost == 2900 && n.rows_dropped == 2900 &&
	    n.rows_pending == 0, "of 3000 domains 100 are kept: %llu, %llu",
	    (unsigned long long)n.kept, (unsigned long long)n.lost);
	tap_num(query(where + strlen("sqlite:"), COUNT), 100, "no row more");
	tap_num(count_log("ReportStore: it has 100 rows of all domains, the "
	    "most that are kept; "), 1, "the log says so, once");
}

/* Another store by a reload; then none. */
static void
test_change(void)
{
	struct report_collector *c;
	char one[128], two[128];

	(void)snprintf(one, sizeof(one), "sqlite:%s/one.db", top);
	(void)snprintf(two, sizeof(two), "sqlite:%s/two.db", top);
	c = start_collector(one);
	add_message(c, "a.example", 1);
	tap_ok(wait_for(c, is_back), "it is stored");
	tap_num(report_collector_set(c, two, 7), STATUS_OK, "another store");
	while (access(two + strlen("sqlite:"), F_OK) == -1) {
		(void)usleep(STEP_US);
	}
	add_message(c, "a.example", 2);
	tap_num(report_collector_set(c, two, 9), STATUS_OK, "the same store");
	tap_num(report_collector_set(c, NULL, 7), STATUS_OK, "and none");
	add_message(c, "a.example", 3);
	stop_collector(c);
	tap_num(query(one + strlen("sqlite:"), COUNT), 1, "the first store");
	tap_num(query(two + strlen("sqlite:"), COUNT), 1, "the second: what "
	    "came before is stored, what came after is not");
}

static void
test_none(void)
{
	struct report_collector *c = start_collector(NULL);

	add_message(c, "a.example", 1);
	tap_num((long long)get_numbers(c).rows_pending, 0,
	    "no store: nothing is kept");
	tap_ok(!get_numbers(c).active, "and said so");
	stop_collector(c);
	c = report_collector_new(crypto, &env, LIMIT_BYTES,
	    REPORT_ROWS_MAX);
	report_collector_lose(c);
	tap_num((long long)get_numbers(c).lost, 1, "a row without memory");
	tap_ok(report_collector_stop(c, 0), "it was never started");
	report_collector_free(c);
}

int
main(void)
{
	char command[128];

	(void)snprintf(top, sizeof(top), "/tmp/t_report_collect.XXXXXX");
	crypto = crypto_new();
	env_init_system(&env);
	env.log = add_log;
	if (crypto == NULL || mkdtemp(top) == NULL) {
		return (99);
	}
	test_threads();
	test_away();
	test_locked();
	test_no_writes();
	test_limit();
	test_full_day();
	test_full_store();
	test_change();
	test_none();
	(void)snprintf(command, sizeof(command), "rm -r %s", top);
	tap_num(system(command), 0, "the folder is removed");
	crypto_free(crypto);
	return (tap_done());
}
