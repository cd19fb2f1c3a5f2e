/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/escape.h"
#include "base/utf8.h"
#include "milter/log.h"
#include "milter/log_queue.h"

#define LINE_MAX_BYTES	(64 * 1024)	/* of one that had to be escaped */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct log_sink current;		/* guarded by lock */

static struct log_sink
get_sink(void)
{
	struct log_sink sink;

	pthread_mutex_lock(&lock);
	sink = current;
	pthread_mutex_unlock(&lock);
	return (sink);
}

static void
set_sink(struct log_sink sink)
{
	pthread_mutex_lock(&lock);
	current = sink;
	pthread_mutex_unlock(&lock);
}

void
log_init(void)
{
	set_sink((struct log_sink){ .target = CONF_LOG_STDERR });
}

void
log_never_wait(void)
{
	log_sink_set_waits(false);
}

enum status
log_start(void)
{
	log_sink_set_waits(true);
	return (log_queue_start());
}

void
log_flush(void)
{
	(void)log_queue_flush(LOG_FLUSH_MS);
}

void
log_set_target(const struct conf *conf)
{
	struct log_sink sink = {
		.target = conf->log_target,
		.json = conf->log_format == CONF_LOG_JSON,
		.facility = conf->syslog_facility,
	};

	set_sink(sink);
}

static const char *
level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return ("error");
	case LOG_LEVEL_WARNING:
		return ("warning");
	case LOG_LEVEL_INFO:
		return ("info");
	case LOG_LEVEL_DEBUG:
		return ("debug");
	}
	return ("info");
}

static void
emit_line(const struct log_sink *sink, enum log_level level, struct str line)
{
	if (sink->target != CONF_LOG_NONE) {
		log_queue_add(sink, level, line);
	}
}

static void
emit_json_line(const struct log_sink *sink, enum log_level level,
    const char *line)
{
	json_t *object = json_pack("{s:s, s:s, s:s}", "event", "log", "level",
	    level_name(level), "text", line);
	char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;

	/* Out of memory: better a line of another form than none. */
	emit_line(sink, level, str_from(text != NULL ? text : line));
	json_decref(object);
	free(text);
}

/* A line may quote a path, which may hold any octets. */
static bool
is_clean(struct str line)
{
	size_t i;

	for (i = 0; i < line.n; i++) {
		if ((unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f) {
			return (false);
		}
	}
	return (utf8_valid(line));
}

void
log_write(void *unused, enum log_level level, const char *line)
{
	const struct log_sink sink = get_sink();
	struct buf clean;

	(void)unused;
	buf_init(&clean, LINE_MAX_BYTES);
	if (!is_clean(str_from(line))) {
		escape_text(&clean, str_from(line), LINE_MAX_BYTES / 8);
		line = clean.status == STATUS_OK ? clean.p : "?";
	}
	if (sink.json) {
		emit_json_line(&sink, level, line);
	} else {
		emit_line(&sink, level, str_from(line));
	}
	buf_fini(&clean);
}

static void
emit_text_numbers(const struct log_sink *sink, const char *event,
    const struct log_number *v, size_t n)
{
	struct buf line;
	size_t i;

	buf_init(&line, LINE_MAX_BYTES);
	buf_printf(&line, "%s:", event);
	for (i = 0; i < n; i++) {
		buf_printf(&line, " %s=%" PRIu64, v[i].name, v[i].value);
	}
	if (line.status == STATUS_OK) {
		emit_line(sink, LOG_LEVEL_INFO, buf_str(&line));
	}
	buf_fini(&line);
}

static void
emit_json_numbers(const struct log_sink *sink, const char *event,
    const struct log_number *v, size_t n)
{
	json_t *object = json_pack("{s:s, s:s}", "event", event, "level",
	    level_name(LOG_LEVEL_INFO));
	char *text = NULL;
	bool complete = object != NULL;
	size_t i;

	for (i = 0; complete && i < n; i++) {
		complete = json_object_set_new(object, v[i].name,
		    json_integer((json_int_t)v[i].value)) == 0;
	}
	if (complete) {
		text = json_dumps(object, JSON_COMPACT);
	}
	if (text != NULL) {
		emit_line(sink, LOG_LEVEL_INFO, str_from(text));
	}
	json_decref(object);
	free(text);
}

void
log_write_numbers(const char *event, const struct log_number *v, size_t n)
{
	const struct log_sink sink = get_sink();

	if (sink.json) {
		emit_json_numbers(&sink, event, v, n);
	} else {
		emit_text_numbers(&sink, event, v, n);
	}
}

void
log_write_record(struct str line)
{
	const struct log_sink sink = get_sink();

	emit_line(&sink, LOG_LEVEL_INFO, line);
}
