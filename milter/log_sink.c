/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "milter/log_sink.h"
#include "milter/syslog_now.h"

#define IDENT		"mailseald"
#define PREFIX		IDENT ": "
#define LOST_MAX_BYTES	160
#define SOON_MS		100		/* for standard error */

static bool never_waits;

/* Lines for standard error, written together: a pipe takes PIPE_BUF octets
   without mixing them with what other processes write. */
struct chunk {
	char	text[PIPE_BUF];
	size_t	n;
	size_t	lines;
};

void
log_sink_set_waits(bool waits)
{
	never_waits = !waits;
}

static bool
write_all(const char *p, size_t n)
{
	struct pollfd writable = { STDERR_FILENO, POLLOUT, 0 };
	ssize_t done;

	while (n > 0) {
		if (never_waits && poll(&writable, 1, SOON_MS) <= 0) {
			return (false);
		}
		/* A pipe that is writable takes at least PIPE_BUF. */
		done = write(STDERR_FILENO, p, never_waits && n > PIPE_BUF ?
		    PIPE_BUF : n);
		if (done >= 0) {
			p += done;
			n -= (size_t)done;
		} else if (errno == EAGAIN) {
			(void)poll(&writable, 1, -1);
		} else if (errno != EINTR) {
			return (false);
		}
	}
	return (true);
}

/* Returns how many lines could not be written. */
static size_t
flush_chunk(struct chunk *chunk)
{
	size_t failed = write_all(chunk->text, chunk->n) ? 0 : chunk->lines;

	chunk->n = chunk->lines = 0;
	return (failed);
}

static void
add_octets(struct chunk *chunk, const char *p, size_t n)
{
	memcpy(chunk->text + chunk->n, p, n);
	chunk->n += n;
}

static size_t
write_long_line(const struct log_line *line, const char *prefix)
{
	return (write_all(prefix, strlen(prefix)) &&
	    write_all(line->text, line->n) && write_all("\n", 1) ? 0 : 1);
}

static size_t
add_line(struct chunk *chunk, const struct log_line *line)
{
	const char *prefix = line->sink.json ? "" : PREFIX;
	size_t n = strlen(prefix) + line->n + 1, failed = 0;

	if (chunk->n + n > sizeof(chunk->text)) {
		failed = flush_chunk(chunk);
	}
	if (n > sizeof(chunk->text)) {
		return (failed + write_long_line(line, prefix));
	}
	add_octets(chunk, prefix, strlen(prefix));
	add_octets(chunk, line->text, line->n);
	add_octets(chunk, "\n", 1);
	chunk->lines++;
	return (failed);
}

static int
syslog_priority(enum log_level level)
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

/* Not syslog(): log_library.c defines that. */
static void ATTR_PRINTF(2, 3)
send_syslog(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsyslog(priority, fmt, ap);
	va_end(ap);
}

/* False: it is lost. */
static bool
write_syslog(const struct log_sink *sink, enum log_level level,
    const char *text, size_t n)
{
	static int opened = -1;

	if (never_waits) {
		return (syslog_now(sink->facility | syslog_priority(level),
		    IDENT, text, n));
	}
	if (opened != sink->facility) {
		openlog(IDENT, LOG_PID | LOG_NDELAY, sink->facility);
		opened = sink->facility;
	}
	send_syslog(syslog_priority(level), "%.*s", (int)n, text);
	return (true);
}

size_t
log_sink_write(const struct log_lines *lines)
{
	const struct log_line *line;
	struct chunk chunk = { .n = 0, .lines = 0 };
	size_t failed = 0;

	STAILQ_FOREACH(line, lines, link) {
		switch (line->sink.target) {
		case CONF_LOG_STDERR:
			failed += add_line(&chunk, line);
			break;
		case CONF_LOG_SYSLOG:
			failed += flush_chunk(&chunk);
			failed += write_syslog(&line->sink, line->level,
			    line->text, line->n) ? 0 : 1;
			break;
		case CONF_LOG_NONE:
			break;
		}
	}
	return (failed + flush_chunk(&chunk));
}

bool
log_sink_write_lost(const struct log_sink *sink, size_t lost)
{
	char text[LOST_MAX_BYTES];
	int n;

	n = snprintf(text, sizeof(text), sink->json ?
	    "{\"event\":\"log\",\"level\":\"warning\",\"text\":"
	    "\"%zu lines lost: the log could not be written\"}" :
	    "%zu lines lost: the log could not be written", lost);
	if (sink->target == CONF_LOG_SYSLOG) {
		return (write_syslog(sink, LOG_LEVEL_WARNING, text,
		    (size_t)n));
	}
	return (sink->target == CONF_LOG_NONE ||
	    dprintf(STDERR_FILENO, "%s%s\n", sink->json ? "" : PREFIX,
	    text) > 0);
}
