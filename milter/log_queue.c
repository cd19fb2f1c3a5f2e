/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "milter/log_queue.h"

#define FLUSH_STEP_MS	5

static struct {
	pthread_mutex_t		 lock;		/* guards what follows */
	pthread_cond_t		 filled;	/* the writer has work */
	struct log_lines	 lines;
	size_t			 bytes;		/* of lines */
	size_t			 lost;		/* since the last batch */
	struct log_sink		 sink;		/* of the last line */
	bool			 started;
	bool			 writing;	/* lines were taken */
} queue = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.filled = PTHREAD_COND_INITIALIZER,
	.lines = STAILQ_HEAD_INITIALIZER(queue.lines),
};

static int64_t
now_ms(void)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

static struct log_line *
new_line(const struct log_sink *sink, enum log_level level, struct str text)
{
	struct log_line *line = malloc(sizeof(*line) + text.n);

	if (line == NULL) {
		return (NULL);
	}
	line->sink = *sink;
	line->level = level;
	line->due_ms = now_ms() + LOG_QUEUE_DELAY_MS;
	line->n = text.n;
	if (text.n > 0) {
		memcpy(line->text, text.p, text.n);
	}
	return (line);
}

static size_t
line_bytes(const struct log_line *line)
{
	return (sizeof(*line) + line->n);
}

/* Writes and frees the lines. Returns how many could not be written. */
static size_t
write_lines(struct log_lines *lines)
{
	size_t failed = log_sink_write(lines);
	struct log_line *line;

	while ((line = STAILQ_FIRST(lines)) != NULL) {
		STAILQ_REMOVE_HEAD(lines, link);
		free(line);
	}
	return (failed);
}

static void
write_line(struct log_line *line)
{
	struct log_lines lines = STAILQ_HEAD_INITIALIZER(lines);

	if (line != NULL) {
		STAILQ_INSERT_TAIL(&lines, line, link);
		(void)write_lines(&lines);
	}
}

static bool
has_work(void)
{
	return (!STAILQ_EMPTY(&queue.lines) || queue.lost > 0);
}

/* With the lock held. False: there is no room. */
static bool
append_line(struct log_line *line)
{
	size_t max = LOG_QUEUE_MAX_BYTES;

	switch (line->level) {
	case LOG_LEVEL_ERROR:
		max += 2 * LOG_QUEUE_RESERVE_BYTES;
		break;
	case LOG_LEVEL_WARNING:
		max += LOG_QUEUE_RESERVE_BYTES;
		break;
	case LOG_LEVEL_INFO:
	case LOG_LEVEL_DEBUG:
		break;
	}
	if (queue.bytes + line_bytes(line) > max) {
		return (false);
	}
	STAILQ_INSERT_TAIL(&queue.lines, line, link);
	queue.bytes += line_bytes(line);
	return (true);
}

void
log_queue_add(const struct log_sink *sink, enum log_level level,
    struct str text)
{
	struct log_line *line = new_line(sink, level, text);
	bool started, wake, kept = false;

	pthread_mutex_lock(&queue.lock);
	started = queue.started;
	wake = started && !has_work();
	if (started) {
		kept = line != NULL && append_line(line);
		queue.lost += kept ? 0 : 1;
		queue.sink = *sink;
	}
	pthread_mutex_unlock(&queue.lock);
	/* Only the first line of a batch costs a system call. */
	if (wake) {
		pthread_cond_signal(&queue.filled);
	}
	if (!started) {
		write_line(line);
	} else if (!kept) {
		free(line);
	}
}

static void
sleep_ms(long ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&ts, NULL);
}

/* Waits until the first line is due. */
static void
wait_for_work(void)
{
	const struct log_line *first;
	int64_t left_ms = LOG_QUEUE_DELAY_MS;

	pthread_mutex_lock(&queue.lock);
	queue.writing = false;
	while (!has_work()) {
		pthread_cond_wait(&queue.filled, &queue.lock);
	}
	first = STAILQ_FIRST(&queue.lines);
	if (first != NULL) {
		left_ms = first->due_ms - now_ms();
	}
	pthread_mutex_unlock(&queue.lock);
	if (left_ms > 0) {
		sleep_ms((long)left_ms);
	}
}

/* Takes the lines that are due. Returns how many were lost since the last
   batch. */
static size_t
take_lines(struct log_lines *lines, struct log_sink *sink)
{
	struct log_line *line;
	int64_t until_ms = now_ms();
	size_t lost;

	pthread_mutex_lock(&queue.lock);
	while ((line = STAILQ_FIRST(&queue.lines)) != NULL &&
	    line->due_ms <= until_ms) {
		STAILQ_REMOVE_HEAD(&queue.lines, link);
		STAILQ_INSERT_TAIL(lines, line, link);
		queue.bytes -= line_bytes(line);
	}
	*sink = queue.sink;
	lost = queue.lost;
	queue.lost = 0;
	queue.writing = true;
	pthread_mutex_unlock(&queue.lock);
	return (lost);
}

static void *
run_writer(void *unused)
{
	struct log_lines lines = STAILQ_HEAD_INITIALIZER(lines);
	struct log_sink sink;
	size_t lost = 0;

	(void)unused;
	for (;;) {
		wait_for_work();
		lost += take_lines(&lines, &sink);
		lost += write_lines(&lines);
		if (lost > 0 && log_sink_write_lost(&sink, lost)) {
			lost = 0;
		}
	}
	return (NULL);
}

enum status
log_queue_start(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_writer, NULL) != 0) {
		return (STATUS_NOMEM);
	}
	(void)pthread_detach(thread);
	pthread_mutex_lock(&queue.lock);
	queue.started = true;
	pthread_mutex_unlock(&queue.lock);
	return (STATUS_OK);
}

static bool
is_written(void)
{
	bool written;

	pthread_mutex_lock(&queue.lock);
	written = !has_work() && !queue.writing;
	pthread_mutex_unlock(&queue.lock);
	return (written);
}

bool
log_queue_flush(int timeout_ms)
{
	int64_t end_ms = now_ms() + timeout_ms;

	while (!is_written()) {
		if (now_ms() >= end_ms) {
			return (false);
		}
		sleep_ms(FLUSH_STEP_MS);
	}
	return (true);
}
