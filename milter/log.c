/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include "base/buf.h"
#include "base/escape.h"
#include "base/utf8.h"
#include "milter/log.h"

#define IDENT	"mailseald"
#define LINE_MAX_BYTES	(64 * 1024)	/* of one that had to be escaped */

static _Atomic enum conf_log_target target = CONF_LOG_STDERR;
static _Atomic enum conf_log_format format = CONF_LOG_TEXT;

void
log_init(void)
{
	target = CONF_LOG_STDERR;
	format = CONF_LOG_TEXT;
	openlog(IDENT, LOG_PID | LOG_PERROR, LOG_MAIL);
}

void
log_set_target(const struct conf *conf)
{
	/* libmilter knows nothing but syslog and plain text. */
	bool perror = conf->log_target == CONF_LOG_STDERR &&
	    conf->log_format == CONF_LOG_TEXT;

	openlog(IDENT, LOG_PID | LOG_NDELAY | (perror ? LOG_PERROR : 0),
	    conf->syslog_facility);
	format = conf->log_format;
	target = conf->log_target;
}

static int
priority(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return (LOG_ERR);
	case LOG_LEVEL_WARNING:
		return (LOG_WARNING);
	case LOG_LEVEL_INFO:
		return (LOG_INFO);
	case LOG_LEVEL_DEBUG:
		return (LOG_DEBUG);
	}
	return (LOG_INFO);
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
emit(enum log_level level, const char *line, int n)
{
	switch (target) {
	case CONF_LOG_STDERR:
		fprintf(stderr, "%s%.*s\n",
		    format == CONF_LOG_TEXT ? IDENT ": " : "", n, line);
		break;
	case CONF_LOG_SYSLOG:
		syslog(priority(level), "%.*s", n, line);
		break;
	case CONF_LOG_NONE:
		break;
	}
}

static void
write_json(enum log_level level, const char *line)
{
	json_t *object = json_pack("{s:s, s:s, s:s}", "event", "log", "level",
	    level_name(level), "text", line);
	char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;

	/* Out of memory: better a line of another form than none. */
	if (text == NULL) {
		emit(level, line, (int)strlen(line));
	} else {
		emit(level, text, (int)strlen(text));
	}
	json_decref(object);
	free(text);
}

/* Nothing that a line must not have: it may quote a path of the operator's. */
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
	struct buf clean;

	(void)unused;
	buf_init(&clean, LINE_MAX_BYTES);
	if (!is_clean(str_from(line))) {
		escape_text(&clean, str_from(line), LINE_MAX_BYTES / 8);
		line = clean.status == STATUS_OK ? clean.p : "?";
	}
	if (format == CONF_LOG_JSON) {
		write_json(level, line);
	} else {
		emit(level, line, (int)strlen(line));
	}
	buf_fini(&clean);
}

void
log_write_record(struct str line)
{
	emit(LOG_LEVEL_INFO, line.p != NULL ? line.p : "", (int)line.n);
}
