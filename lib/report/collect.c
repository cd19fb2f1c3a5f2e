/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "report/collect.h"
#include "report/collect_table.h"
#include "report/received.h"
#include "report/store_failures.h"

#define OLDEST_EVERY_S	60		/* report_store_oldest */
#define EXPIRE_EVERY_S	3600
#define WRITER_BYTES	33
#define REST_EVERY_S	3600		/* log lines about full days, stores */
#define STOP_STEP_MS	10
#define RECEIVED_S	(COLLECT_RECEIVED_DAYS * REPORT_DAY_S)

struct report_collector {
	const struct crypto	*crypto;
	const struct env	*env;
	size_t			 max_bytes;	/* of table */
	size_t			 rows_max;	/* of the store */
	pthread_t		 thread;
	bool			 started;
	/* numbers for others */
	atomic_bool		 active;
	atomic_bool		 away;
	atomic_uint_fast64_t	 rows_pending;
	atomic_uint_fast64_t	 rows_dropped;
	atomic_uint_fast64_t	 kept;
	atomic_uint_fast64_t	 lost;
	atomic_uint_fast64_t	 failures_kept;
	atomic_uint_fast64_t	 failures_dropped;
	_Atomic int64_t		 oldest_s;
	atomic_bool		 received;	/* those below are known */
	_Atomic int64_t		 received_reports;
	_Atomic int64_t		 received_messages;
	_Atomic int64_t		 received_passed;
	_Atomic int64_t		 received_at_s;
	/* shared; never locked across a system call of the writer's */
	pthread_mutex_t		 lock;
	pthread_cond_t		 wake;
	struct collect_table	 table;
	struct failures		 failures;
	char			*wanted;	/* store; NULL: none */
	char			*next;		/* a copy, if it changed */
	unsigned		 days;
	bool			 changed;
	bool			 stopping;
	bool			 ended;
	/* the writer's */
	char			*where;		/* NULL: no store */
	/* report_collector_prepare()'s: two copies; NULL */
	char			*prepared[2];
	struct report_store	*store;		/* NULL: not open */
	char			 writer[WRITER_BYTES];
	struct report_batch_row	 batch[COLLECT_BATCH_ROWS];
	struct collect_list	 batch_rows;
	size_t			 batch_n;
	int64_t			 batch_number;
	struct failures_list	 failing;	/* being written */
	int64_t			 failing_number;
	struct report_rest	 batch_rest;	/* of the one just written */
	int64_t			 retry_s;	/* interval; 0: not away */
	int64_t			 retry_at_s;	/* monotonic; as those below */
	int64_t			 oldest_at_s;
	int64_t			 expire_at_s;
	int64_t			 away_at_s;
	uint64_t		 lost_before;	/* when it went away */
	uint64_t		 rest;		/* messages, not logged yet */
	int64_t			 rest_at_s;	/* not to be logged before */
};

static int64_t
mono_s(const struct report_collector *c)
{
	return ((int64_t)(env_mono_us(c->env) / 1000000));
}

static bool
init_locks(struct report_collector *c)
{
	pthread_condattr_t attr;
	bool ok;

	if (pthread_mutex_init(&c->lock, NULL) != 0 ||
	    pthread_condattr_init(&attr) != 0) {
		return (false);
	}
	ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
	    pthread_cond_init(&c->wake, &attr) == 0;
	pthread_condattr_destroy(&attr);
	return (ok);
}

struct report_collector *
report_collector_new(const struct crypto *crypto, const struct env *env,
    size_t max_bytes, size_t rows_max)
{
	struct report_collector *c = calloc(1, sizeof(*c));

	if (c == NULL || !init_locks(c)) {
		free(c);
		return (NULL);
	}
	c->crypto = crypto;
	c->env = env;
	c->max_bytes = max_bytes;
	c->rows_max = rows_max;
	c->oldest_s = -1;
	collect_table_init(&c->table);
	TAILQ_INIT(&c->batch_rows);
	failures_init(&c->failures);
	TAILQ_INIT(&c->failing);
	(void)snprintf(c->writer, sizeof(c->writer), "%08" PRIx32 "%08" PRIx32
	    "%08" PRIx32 "%08" PRIx32, env_random(env), env_random(env),
	    env_random(env), env_random(env));
	return (c);
}

void
report_collector_free(struct report_collector *c)
{
	if (c == NULL) {
		return;
	}
	collect_list_free(&c->table.list);
	collect_list_free(&c->batch_rows);
	failures_list_free(&c->failures.list);
	failures_list_free(&c->failing);
	report_store_close(c->store);
	free(c->where);
	free(c->next);
	free(c->wanted);
	free(c->prepared[0]);
	free(c->prepared[1]);
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static void
swap_text(char **a, char **b)
{
	char *was = *a;

	*a = *b;
	*b = was;
}

static bool
is_same_text(const char *a, const char *b)
{
	return (a == NULL || b == NULL ? a == b : strcmp(a, b) == 0);
}

static void
forget_prepared(struct report_collector *c)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		free(c->prepared[i]);
		c->prepared[i] = NULL;
	}
}

enum status
report_collector_prepare(struct report_collector *c, const char *where)
{
	if (is_same_text(c->prepared[0], where) &&
	    is_same_text(c->prepared[1], where)) {
		return (STATUS_OK);
	}
	forget_prepared(c);
	if (where != NULL) {
		c->prepared[0] = strdup(where);
		c->prepared[1] = strdup(where);
		if (c->prepared[0] == NULL || c->prepared[1] == NULL) {
			forget_prepared(c);
			return (STATUS_NOMEM);
		}
	}
	return (STATUS_OK);
}

enum status
report_collector_set(struct report_collector *c, const char *where,
    unsigned retention_days)
{
	enum status status = report_collector_prepare(c, where);

	if (status != STATUS_OK) {
		return (status);
	}
	pthread_mutex_lock(&c->lock);
	c->days = retention_days;
	if (!is_same_text(where, c->wanted)) {
		swap_text(&c->wanted, &c->prepared[0]);
		swap_text(&c->next, &c->prepared[1]);
		c->changed = true;
		atomic_store(&c->active, where != NULL);
		pthread_cond_signal(&c->wake);
	}
	pthread_mutex_unlock(&c->lock);
	forget_prepared(c);
	return (STATUS_OK);
}

static void
count_lost(struct report_collector *c, const struct collect_row *row)
{
	atomic_fetch_add(&c->lost, (uint64_t)row->row.weight.messages);
	atomic_fetch_add(&c->rows_dropped, 1);
	atomic_fetch_sub(&c->rows_pending, 1);
}

bool
report_collector_is_active(const struct report_collector *c)
{
	return (atomic_load_explicit(&c->active, memory_order_relaxed));
}

void
report_collector_lose(struct report_collector *c)
{
	atomic_fetch_add(&c->lost, 1);
}

/* Then the writer does not wait any longer. */
static bool
is_half_full(const struct report_collector *c)
{
	return (c->table.bytes >= c->max_bytes / 2);
}

static bool
has_work(const struct report_collector *c)
{
	return (c->table.n > 0 || c->failures.n > 0);
}

void
report_collector_add(struct report_collector *c, int64_t now_s,
    struct str policy, struct str fact, const struct kept_weight *weight)
{
	struct collect_list dropped = TAILQ_HEAD_INITIALIZER(dropped);
	struct collect_row *row, *old;
	bool added, first, full;

	if (!report_collector_is_active(c)) {
		return;
	}
	row = collect_row_new(report_day(now_s), policy, fact, weight);
	if (row == NULL) {
		report_collector_lose(c);
		return;
	}
	pthread_mutex_lock(&c->lock);
	first = !has_work(c);
	full = is_half_full(c);
	added = collect_table_add(&c->table, row);
	full = !full && is_half_full(c);
	if (added) {
		atomic_fetch_add(&c->rows_pending, 1);
	}
	while (c->table.bytes > c->max_bytes) {
		old = collect_table_take(&c->table);
		count_lost(c, old);
		TAILQ_INSERT_TAIL(&dropped, old, order);
	}
	pthread_mutex_unlock(&c->lock);
	/* Only the first row of a batch costs a system call. */
	if (first || full) {
		pthread_cond_signal(&c->wake);
	}
	if (!added) {
		free(row);
	}
	collect_list_free(&dropped);
}

void
report_collector_lose_failure(struct report_collector *c)
{
	atomic_fetch_add(&c->failures_dropped, 1);
}

void
report_collector_add_failure(struct report_collector *c,
    const struct kept_failure *failure, const struct failure_limits *limits)
{
	struct failures_item *item;
	enum failures_added added;
	bool first;

	if (!report_collector_is_active(c)) {
		return;
	}
	item = failures_item_new(failure, limits);
	if (item == NULL) {
		report_collector_lose_failure(c);
		return;
	}
	pthread_mutex_lock(&c->lock);
	first = !has_work(c);
	added = failures_add(&c->failures, item);
	pthread_mutex_unlock(&c->lock);
	if (first) {
		pthread_cond_signal(&c->wake);
	}
	if (added == FAILURES_FULL) {
		report_collector_lose_failure(c);
	}
	if (added != FAILURES_ADDED) {
		free(item);
	}
}

void
report_collector_get(const struct report_collector *c,
    struct report_collector_numbers *r)
{
	*r = (struct report_collector_numbers){
		.active = atomic_load(&c->active),
		.away = atomic_load(&c->away),
		.rows_pending = atomic_load(&c->rows_pending),
		.rows_dropped = atomic_load(&c->rows_dropped),
		.kept = atomic_load(&c->kept),
		.lost = atomic_load(&c->lost),
		.failures_kept = atomic_load(&c->failures_kept),
		.failures_dropped = atomic_load(&c->failures_dropped),
		.oldest_s = atomic_load(&c->oldest_s),
		.received = atomic_load(&c->received),
		.received_reports = atomic_load(&c->received_reports),
		.received_messages = atomic_load(&c->received_messages),
		.received_passed = atomic_load(&c->received_passed),
		.received_at_s = atomic_load(&c->received_at_s) };
}

static void
close_store(struct report_collector *c)
{
	report_store_close(c->store);
	c->store = NULL;
}

/* Opens it if it is not open, or is another file by now. */
static enum status
need_store(struct report_collector *c, struct diag *diag)
{
	if (c->store != NULL && !report_store_is_current(c->store)) {
		close_store(c);
	}
	return (c->store != NULL ? STATUS_OK :
	    report_store_open(c->where, true, &c->store, diag));
}

static void
note_failure(struct report_collector *c, const struct diag *diag)
{
	close_store(c);
	if (c->retry_s == 0) {
		env_log(c->env, LOG_LEVEL_WARNING, "ReportStore: %s; what is "
		    "kept for DMARC reports waits in memory until it answers",
		    diag->text);
		c->away_at_s = mono_s(c);
		c->lost_before = atomic_load(&c->lost);
		atomic_store(&c->away, true);
	}
	c->retry_s = c->retry_s == 0 ? 1 : c->retry_s * 2;
	if (c->retry_s > COLLECT_RETRY_S) {
		c->retry_s = COLLECT_RETRY_S;
	}
	c->retry_at_s = mono_s(c) + c->retry_s;
}

static void
note_success(struct report_collector *c)
{
	uint64_t lost = atomic_load(&c->lost) - c->lost_before;

	if (c->retry_s == 0) {
		return;
	}
	env_log(c->env, lost > 0 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
	    "ReportStore: it answers again after %" PRId64 " s; %" PRIu64
	    " messages are missing from DMARC reports", mono_s(c) -
	    c->away_at_s, lost);
	c->retry_s = 0;
	atomic_store(&c->away, false);
}

/* A batch that failed is tried again as it is. False: there is none. */
static bool
load_batch(struct report_collector *c)
{
	struct collect_row *row;

	if (c->batch_n > 0) {
		return (true);
	}
	pthread_mutex_lock(&c->lock);
	while (c->batch_n < COLLECT_BATCH_ROWS &&
	    (row = collect_table_take(&c->table)) != NULL) {
		TAILQ_INSERT_TAIL(&c->batch_rows, row, order);
		c->batch[c->batch_n++] = row->row;
	}
	pthread_mutex_unlock(&c->lock);
	c->batch_number++;
	return (c->batch_n > 0);
}

static void
log_rest(struct report_collector *c)
{
	const struct report_rest *rest = &c->batch_rest;

	if (rest->full) {
		env_log(c->env, LOG_LEVEL_WARNING, "ReportStore: it has %zu "
		    "rows of all domains, the most that are kept; %" PRIu64
		    " messages are missing from DMARC reports", c->rows_max,
		    c->rest);
		return;
	}
	env_log(c->env, LOG_LEVEL_WARNING, "ReportStore: %.*s has %d "
	    "different rows for a day, the most that are kept; %" PRIu64
	    " messages are missing from DMARC reports", STR_FMT(rest->domain),
	    REPORT_DAY_ROWS_MAX, c->rest);
}

/* Messages that found no row: said at once, then once an hour. */
static void
count_rest(struct report_collector *c)
{
	const struct report_rest *rest = &c->batch_rest;

	if (rest->messages == 0) {
		return;
	}
	c->rest += (uint64_t)rest->messages;
	atomic_fetch_add(&c->lost, (uint64_t)rest->messages);
	atomic_fetch_add(&c->rows_dropped, rest->rows);
	if (mono_s(c) < c->rest_at_s) {
		return;
	}
	log_rest(c);
	c->rest = 0;
	c->rest_at_s = mono_s(c) + REST_EVERY_S;
}

static void
end_batch(struct report_collector *c, bool written)
{
	struct collect_row *row;
	int64_t messages = 0;

	TAILQ_FOREACH(row, &c->batch_rows, order) {
		if (written) {
			messages += row->row.weight.messages;
			atomic_fetch_sub(&c->rows_pending, 1);
		} else {
			count_lost(c, row);
		}
	}
	if (written) {
		atomic_fetch_add(&c->kept, (uint64_t)(messages -
		    c->batch_rest.messages));
		count_rest(c);
	}
	collect_list_free(&c->batch_rows);
	c->batch_n = 0;
}

static enum status
write_batch(struct report_collector *c, struct diag *diag)
{
	const struct report_batch batch = { str_from(c->writer),
		c->batch_number, env_now_s(c->env), c->batch, c->batch_n,
		0, c->rows_max, &c->batch_rest };
	bool was_open = c->store != NULL;
	enum status status = need_store(c, diag);

	if (status == STATUS_OK) {
		status = report_store_write(c->store, c->crypto, &batch,
		    diag);
	}
	/* The server may have been restarted since. */
	if (status != STATUS_OK && was_open && c->store != NULL) {
		close_store(c);
		status = need_store(c, diag);
		if (status == STATUS_OK) {
			status = report_store_write(c->store, c->crypto,
			    &batch, diag);
		}
	}
	return (status);
}

static void
write_all(struct report_collector *c)
{
	enum status status;
	struct diag diag;

	while (c->where != NULL && load_batch(c)) {
		diag_init(&diag);
		status = write_batch(c, &diag);
		if (status == STATUS_SYNTAX && c->store != NULL) {
			env_log(c->env, LOG_LEVEL_ERROR, "ReportStore: %s",
			    diag.text);
			end_batch(c, false);
			continue;
		}
		if (status != STATUS_OK) {
			note_failure(c, &diag);
			return;
		}
		end_batch(c, true);
		note_success(c);
	}
}

/* Those that failed are tried again as they are. False: there are none. */
static bool
load_failures(struct report_collector *c)
{
	if (!TAILQ_EMPTY(&c->failing)) {
		return (true);
	}
	pthread_mutex_lock(&c->lock);
	failures_take(&c->failures, &c->failing);
	pthread_mutex_unlock(&c->lock);
	c->failing_number++;
	return (!TAILQ_EMPTY(&c->failing));
}

static void
end_failures(struct report_collector *c, int64_t kept)
{
	const struct failures_item *item;
	int64_t all = 0;

	TAILQ_FOREACH(item, &c->failing, order) {
		all += item->failure.incidents;
	}
	atomic_fetch_add(&c->failures_kept, (uint64_t)kept);
	atomic_fetch_add(&c->failures_dropped, (uint64_t)(all - kept));
	failures_list_free(&c->failing);
}

/* After write_all. What fails for another reason than that the store does not
   answer is dropped: rows must not wait for it. */
static void
write_failures(struct report_collector *c)
{
	struct report_failure_batch batch = { .writer = str_from(c->writer),
		.now_s = env_now_s(c->env), .items = &c->failing };
	enum status status;
	struct diag diag;
	int64_t kept = 0;

	if (c->where == NULL || (c->retry_s > 0 &&
	    mono_s(c) < c->retry_at_s) || !load_failures(c)) {
		return;
	}
	batch.number = c->failing_number;
	diag_init(&diag);
	status = need_store(c, &diag);
	if (status == STATUS_OK) {
		status = report_store_write_failures(c->store, c->crypto,
		    &batch, &kept, &diag);
	}
	if (status == STATUS_TEMP) {
		note_failure(c, &diag);
		return;
	}
	if (status != STATUS_OK) {
		env_log(c->env, LOG_LEVEL_ERROR, "ReportStore: failure "
		    "reports are lost: %s", diag.text);
		close_store(c);
	} else if (c->batch_n == 0) {
		note_success(c);
	}
	end_failures(c, status == STATUS_OK ? kept : 0);
}

static void
drop_all(struct report_collector *c)
{
	while (load_batch(c)) {
		end_batch(c, false);
	}
	if (load_failures(c)) {
		end_failures(c, 0);
	}
}

/* A reload has named another store, or the first. */
static void
change_store(struct report_collector *c)
{
	char *old = c->where;

	if (c->retry_s == 0) {
		write_all(c);
		write_failures(c);
	}
	close_store(c);
	pthread_mutex_lock(&c->lock);
	c->where = c->next;
	c->next = NULL;
	c->changed = false;
	pthread_mutex_unlock(&c->lock);
	free(old);
	c->retry_s = 0;
	c->oldest_at_s = c->expire_at_s = 0;
	atomic_store(&c->away, false);
	atomic_store(&c->oldest_s, -1);
	atomic_store(&c->received, false);
	if (c->where == NULL) {
		drop_all(c);
	}
}

static unsigned
get_days(struct report_collector *c)
{
	unsigned days;

	pthread_mutex_lock(&c->lock);
	days = c->days;
	pthread_mutex_unlock(&c->lock);
	return (days);
}

/* Reports of others. A database whose tables are older has none of these: then
   there are no numbers, and the store is as good as before. */
static enum status
look_at_received(struct report_collector *c, int64_t now_s, bool expire,
    struct diag *diag)
{
	struct report_received_numbers n;
	enum status status = report_store_received_numbers(c->store,
	    now_s - RECEIVED_S, &n, diag);

	if (status == STATUS_OK && expire) {
		status = report_store_forget(c->store, now_s, diag);
	}
	if (status == STATUS_OK) {
		atomic_store(&c->received_reports, n.reports);
		atomic_store(&c->received_messages, n.messages);
		atomic_store(&c->received_passed, n.passed);
		atomic_store(&c->received_at_s, n.stored_s);
	}
	atomic_store(&c->received, status == STATUS_OK);
	return (status == STATUS_IO ? STATUS_OK : status);
}

static enum status
expire_store(struct report_collector *c, int64_t now_s, struct diag *diag)
{
	enum status status = report_store_expire(c->store, now_s, get_days(c),
	    diag);

	c->expire_at_s = mono_s(c) + EXPIRE_EVERY_S;
	return (status != STATUS_OK ? status : report_store_forget_dropped(
	    c->store, REPORT_DROPPED_MAX, diag));
}

static enum status
run_chores(struct report_collector *c, struct diag *diag)
{
	int64_t now_s = env_now_s(c->env), begin_s;
	bool expire = mono_s(c) >= c->expire_at_s;
	enum status status = need_store(c, diag);

	if (status == STATUS_OK && expire) {
		status = expire_store(c, now_s, diag);
	}
	if (status == STATUS_OK) {
		status = report_store_oldest(c->store, now_s, &begin_s, diag);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	atomic_store(&c->oldest_s, begin_s < 0 ? -1 : begin_s + REPORT_DAY_S);
	return (look_at_received(c, now_s, expire, diag));
}

static void
do_chores(struct report_collector *c)
{
	struct diag diag;

	if (c->where == NULL || mono_s(c) < c->oldest_at_s) {
		return;
	}
	c->oldest_at_s = mono_s(c) + OLDEST_EVERY_S;
	diag_init(&diag);
	if (run_chores(c, &diag) != STATUS_OK) {
		note_failure(c, &diag);
	} else if (c->batch_n == 0) {
		/* Else it answers, but does not take rows. */
		note_success(c);
	}
}

/* With the lock held. */
static int64_t
next_time(const struct report_collector *c)
{
	int64_t at_s = c->where != NULL ? c->oldest_at_s :
	    mono_s(c) + EXPIRE_EVERY_S;

	if (c->retry_s > 0) {
		return (c->retry_at_s);
	}
	if (has_work(c) && mono_s(c) + COLLECT_DELAY_S < at_s) {
		at_s = mono_s(c) + COLLECT_DELAY_S;
	}
	return (at_s);
}

/* False: the thread shall end. */
static bool
wait_for_work(struct report_collector *c)
{
	struct timespec until = { 0, 0 };
	bool filled, stopping;

	pthread_mutex_lock(&c->lock);
	filled = has_work(c);
	until.tv_sec = (time_t)next_time(c);
	while (!c->stopping && !c->changed && mono_s(c) < until.tv_sec &&
	    (c->retry_s > 0 || !is_half_full(c))) {
		(void)pthread_cond_timedwait(&c->wake, &c->lock, &until);
		if (!filled && has_work(c)) {
			filled = true;
			until.tv_sec = (time_t)next_time(c);
		}
	}
	stopping = c->stopping;
	pthread_mutex_unlock(&c->lock);
	return (!stopping);
}

static bool
has_changed(struct report_collector *c)
{
	bool changed;

	pthread_mutex_lock(&c->lock);
	changed = c->changed;
	pthread_mutex_unlock(&c->lock);
	return (changed);
}

static void
end_writer(struct report_collector *c)
{
	if (has_changed(c)) {
		change_store(c);
	}
	write_all(c);
	write_failures(c);
	if (c->where == NULL) {
		drop_all(c);
	}
	if (atomic_load(&c->rows_pending) > 0) {
		env_log(c->env, LOG_LEVEL_WARNING, "ReportStore: stopping, "
		    "%" PRIuFAST64 " rows could not be stored and are missing "
		    "from DMARC reports", atomic_load(&c->rows_pending));
	}
	close_store(c);
	pthread_mutex_lock(&c->lock);
	c->ended = true;
	pthread_mutex_unlock(&c->lock);
}

static void *
run_writer(void *arg)
{
	struct report_collector *c = arg;

	while (wait_for_work(c)) {
		if (has_changed(c)) {
			change_store(c);
		}
		write_all(c);
		write_failures(c);
		do_chores(c);
	}
	end_writer(c);
	return (NULL);
}

enum status
report_collector_start(struct report_collector *c)
{
	if (pthread_create(&c->thread, NULL, run_writer, c) != 0) {
		return (STATUS_NOMEM);
	}
	c->started = true;
	return (STATUS_OK);
}

static bool
has_ended(struct report_collector *c)
{
	bool ended;

	pthread_mutex_lock(&c->lock);
	ended = c->ended;
	pthread_mutex_unlock(&c->lock);
	return (ended);
}

bool
report_collector_stop(struct report_collector *c, unsigned timeout_ms)
{
	const struct timespec step = { 0, STOP_STEP_MS * 1000000L };
	uint64_t end_us = env_mono_us(c->env) + timeout_ms * 1000ULL;

	if (!c->started) {
		return (true);
	}
	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	while (!has_ended(c)) {
		if (env_mono_us(c->env) >= end_us) {
			return (false);
		}
		(void)nanosleep(&step, NULL);
	}
	(void)pthread_join(c->thread, NULL);
	c->started = false;
	return (true);
}
