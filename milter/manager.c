/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/time.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/str.h"
#include "milter/manager.h"

/* False: not an address that can be used. */
static bool
parse_address(const char *text, struct sockaddr_un *addr, socklen_t *n_r)
{
	size_t n = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || n < 2 ||
	    n >= sizeof(addr->sun_path)) {
		return (false);
	}
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(addr->sun_path, text, n);
	if (text[0] == '@') {
		/* An abstract name ends where the address does. */
		addr->sun_path[0] = '\0';
	} else {
		n++;
	}
	*n_r = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return (true);
}

static bool
open_socket(struct manager *manager, const char *text)
{
	const struct timeval wait = { MANAGER_SEND_MS / 1000,
		MANAGER_SEND_MS % 1000 * 1000 };

	if (!parse_address(text, &manager->addr, &manager->addr_n)) {
		return (false);
	}
	manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (manager->fd == -1) {
		manager->addr_n = 0;
		return (false);
	}
	(void)setsockopt(manager->fd, SOL_SOCKET, SO_SNDTIMEO, &wait,
	    sizeof(wait));
	return (true);
}

/* The number in a variable; false: it has none. */
static bool
get_number(const char *name, uint64_t *r)
{
	const char *text = getenv(name);

	return (text != NULL && str_to_u64(str_from(text), r));
}

/* 0: the watchdog is not for this process. */
static uint64_t
get_watchdog(void)
{
	uint64_t us, pid;

	if (!get_number("WATCHDOG_USEC", &us) || us == UINT64_MAX) {
		return (0);
	}
	if (getenv("WATCHDOG_PID") != NULL &&
	    (!get_number("WATCHDOG_PID", &pid) || pid != (uint64_t)getpid())) {
		return (0);
	}
	return (us);
}

void
manager_init(struct manager *manager)
{
	const char *text = getenv("NOTIFY_SOCKET");

	*manager = (struct manager){ .fd = -1 };
	if (text != NULL && open_socket(manager, text)) {
		manager->watchdog_us = get_watchdog();
	}
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
}

void
manager_fini(struct manager *manager)
{
	if (manager->addr_n > 0) {
		(void)close(manager->fd);
	}
	*manager = (struct manager){ .fd = -1 };
}

/* Lines, the last one without its line end. */
static void ATTR_PRINTF(2, 3)
send_report(const struct manager *manager, const char *fmt, ...)
{
	char report[MANAGER_MAX_BYTES];
	va_list ap;

	if (manager->addr_n == 0) {
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(report, sizeof(report), fmt, ap);
	va_end(ap);
	(void)sendto(manager->fd, report, strlen(report), MSG_NOSIGNAL,
	    (const struct sockaddr *)&manager->addr, manager->addr_n);
}

/* Lines that set the time until the next sign of life. */
static void
write_watchdog(const struct manager *manager, uint64_t us, char *line,
    size_t n)
{
	line[0] = '\0';
	if (manager->watchdog_us > 0) {
		(void)snprintf(line, n, "WATCHDOG=1\nWATCHDOG_USEC=%" PRIu64
		    "\n", us > manager->watchdog_us ? us :
		    manager->watchdog_us);
	}
}

void
manager_ready(const struct manager *manager, const char *text)
{
	char watchdog[64];

	write_watchdog(manager, 0, watchdog, sizeof(watchdog));
	send_report(manager, "READY=1\n%sSTATUS=%s", watchdog, text);
}

void
manager_reloading(const struct manager *manager)
{
	struct timespec now = { 0, 0 };
	char watchdog[64];

	/* Type=notify-reload compares it with the time of its signal. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	write_watchdog(manager, MANAGER_LOAD_US, watchdog, sizeof(watchdog));
	send_report(manager, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64
	    "\n%sSTATUS=reloading", (uint64_t)now.tv_sec * 1000000 +
	    (uint64_t)now.tv_nsec / 1000, watchdog);
}

void
manager_loading(const struct manager *manager)
{
	char watchdog[64];

	write_watchdog(manager, MANAGER_LOAD_US, watchdog, sizeof(watchdog));
	send_report(manager, "%sSTATUS=loading keys", watchdog);
}

void
manager_stopping(const struct manager *manager, const char *text)
{
	send_report(manager, "STOPPING=1\nSTATUS=%s", text);
}

void
manager_alive(const struct manager *manager, const char *text)
{
	send_report(manager, "%sSTATUS=%s", manager->watchdog_us > 0 ?
	    "WATCHDOG=1\n" : "", text);
}

/* sd_watchdog_enabled(3) recommends half of the time. */
uint64_t
manager_interval_us(const struct manager *manager)
{
	return (manager->watchdog_us / 2);
}
