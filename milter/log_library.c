/* SPDX-License-Identifier: BSD-2-Clause */
/* libmilter's log lines; see log.h. */
#undef _FORTIFY_SOURCE		/* it makes syslog() an inline function */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "base/attr.h"
#include "milter/log.h"

#define LINE_MAX_BYTES	1024

void	__syslog_chk(int priority, int flag, const char *fmt, ...)
    ATTR_PRINTF(3, 4);

static enum log_level
level_of(int priority)
{
	switch (LOG_PRI(priority)) {
	case LOG_WARNING:
		return (LOG_LEVEL_WARNING);
	case LOG_NOTICE:
	case LOG_INFO:
		return (LOG_LEVEL_INFO);
	case LOG_DEBUG:
		return (LOG_LEVEL_DEBUG);
	default:
		return (LOG_LEVEL_ERROR);
	}
}

static void ATTR_PRINTF(2, 0)
write_library_line(int priority, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];

	(void)vsnprintf(line, sizeof(line), fmt, ap);
	log_write(NULL, level_of(priority), line);
}

void
syslog(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_library_line(priority, fmt, ap);
	va_end(ap);
}

void
__syslog_chk(int priority, int flag, const char *fmt, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, fmt);
	write_library_line(priority, fmt, ap);
	va_end(ap);
}
