/* SPDX-License-Identifier: BSD-2-Clause */
/* The log's queue: what is kept, what is lost, and that it is counted. */
#include <pthread.h>

#include "milter/log_queue.h"
#include "test/unit/tap.h"

/* In place of log_sink.c: a sink that is stuck until it is let go. */
static struct {
	pthread_mutex_t	 lock;
	pthread_cond_t	 changed;
	bool		 stuck;
	bool		 fails;
	size_t		 lines, errors, warnings, batches, lost;
} sink = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER };

size_t
log_sink_write(const struct log_lines *lines)
{
	const struct log_line *line;
	size_t n = 0;

	pthread_mutex_lock(&sink.lock);
	sink.batches++;
	pthread_cond_broadcast(&sink.changed);
	while (sink.stuck) {
		pthread_cond_wait(&sink.changed, &sink.lock);
	}
	STAILQ_FOREACH(line, lines, link) {
		n++;
		sink.errors += line->level == LOG_LEVEL_ERROR;
		sink.warnings += line->level == LOG_LEVEL_WARNING;
	}
	sink.lines += sink.fails ? 0 : n;
	n = sink.fails ? n : 0;
	pthread_mutex_unlock(&sink.lock);
	return (n);
}

bool
log_sink_write_lost(const struct log_sink *unused, size_t lost)
{
	bool fails;

	(void)unused;
	pthread_mutex_lock(&sink.lock);
	fails = sink.fails;
	sink.lost += fails ? 0 : lost;
	pthread_mutex_unlock(&sink.lock);
	return (!fails);
}

static void
set_stuck(bool stuck)
{
	pthread_mutex_lock(&sink.lock);
	sink.stuck = stuck;
	pthread_cond_broadcast(&sink.changed);
	pthread_mutex_unlock(&sink.lock);
}

static void
wait_for_batch(size_t n)
{
	pthread_mutex_lock(&sink.lock);
	while (sink.batches < n) {
		pthread_cond_wait(&sink.changed, &sink.lock);
	}
	pthread_mutex_unlock(&sink.lock);
}

static void
add_lines(enum log_level level, size_t n)
{
	static const struct log_sink where = { .target = CONF_LOG_STDERR };
	static const char text[1000];

	while (n-- > 0) {
		log_queue_add(&where, level, str_mem(text, sizeof(text)));
	}
}

static void
test_direct(void)
{
	add_lines(LOG_LEVEL_INFO, 1);
	tap_num((long long)sink.lines, 1,
	    "before the start each line is written at once");
	tap_ok(log_queue_flush(0), "and there is nothing to wait for");
}

static void
test_full(void)
{
	const size_t more = LOG_QUEUE_MAX_BYTES / 1000;
	size_t lines;

	set_stuck(true);
	add_lines(LOG_LEVEL_INFO, 1);
	wait_for_batch(2);
	add_lines(LOG_LEVEL_INFO, 2 * more);
	add_lines(LOG_LEVEL_WARNING, more);
	add_lines(LOG_LEVEL_ERROR, 10);
	tap_ok(!log_queue_flush(1), "a stuck writer: the flush gives up");
	set_stuck(false);
	tap_ok(log_queue_flush(60000), "let go: all is written");
	tap_num((long long)sink.errors, 10, "full: errors are kept");
	tap_ok(sink.warnings > 0 && sink.warnings < more,
	    "full: some warnings are kept");
	lines = sink.lines - 2;
	tap_ok(lines * 1000 < LOG_QUEUE_MAX_BYTES + 2 *
	    LOG_QUEUE_RESERVE_BYTES, "the queue has a limit: %zu lines", lines);
	tap_num((long long)(lines + sink.lost), (long long)(3 * more + 10),
	    "written or counted as lost, each of them");
}

static void
test_failure(void)
{
	size_t lost = sink.lost, lines = sink.lines;

	sink.fails = true;
	add_lines(LOG_LEVEL_INFO, 5);
	tap_ok(log_queue_flush(60000), "writing fails: it is not tried for "
	    "ever");
	sink.fails = false;
	add_lines(LOG_LEVEL_INFO, 1);
	tap_ok(log_queue_flush(60000), "it works again");
	tap_num((long long)(sink.lost - lost), 5, "what failed counts as lost");
	tap_num((long long)(sink.lines - lines), 1, "the next line is written");
}

int
main(void)
{
	test_direct();
	if (!tap_ok(log_queue_start() == STATUS_OK, "the writer starts")) {
		return (tap_done());
	}
	test_full();
	test_failure();
	return (tap_done());
}
