/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "milter/syslog_now.h"

#define HEAD_BYTES	128

static int
open_log(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)strlcpy(to.sun_path, _PATH_LOG, sizeof(to.sun_path));
	if (fd != -1 && connect(fd, (const struct sockaddr *)&to,
	    sizeof(to)) == -1) {
		(void)close(fd);
		fd = -1;
	}
	return (fd);
}

/* As syslog(3) writes it. */
static size_t
write_head(char *head, int priority, const char *ident)
{
	time_t now = time(NULL);
	struct tm tm;
	char when[HEAD_BYTES / 2] = "";
	int n;

	if (localtime_r(&now, &tm) != NULL &&
	    strftime(when, sizeof(when), "%b %e %H:%M:%S ", &tm) == 0) {
		when[0] = '\0';
	}
	n = snprintf(head, HEAD_BYTES, "<%d>%s%.32s[%ld]: ", priority, when,
	    ident, (long)getpid());
	return (n > 0 && n < HEAD_BYTES ? (size_t)n : 0);
}

bool
syslog_now(int priority, const char *ident, const char *text, size_t n)
{
	char head[HEAD_BYTES];
	struct iovec parts[] = { { head, write_head(head, priority, ident) },
		{ (void *)(uintptr_t)text, n } };
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	int fd = open_log();
	bool sent;

	if (fd == -1) {
		return (false);
	}
	sent = sendmsg(fd, &message, MSG_NOSIGNAL) != -1;
	(void)close(fd);
	return (sent);
}
