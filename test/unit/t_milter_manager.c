/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports to a service manager, which is a datagram socket of this test. */
#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "milter/manager.h"
#include "test/unit/tap.h"

#define ROOM	4096

static char received[ROOM];

/* name: a path, or abstract with "@" first. */
static int
listen_at(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t n = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(addr.sun_path, name, n);
	if (name[0] == '@') {
		addr.sun_path[0] = '\0';
	}
	if (fd == -1 || bind(fd, (struct sockaddr *)&addr,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) == -1) {
		perror("bind");
		exit(99);
	}
	return (fd);
}

/* The next report, which is there already; "" if there is none. */
static const char *
receive(int fd)
{
	ssize_t n = recv(fd, received, sizeof(received) - 1, MSG_DONTWAIT);

	received[n > 0 ? n : 0] = '\0';
	return (received);
}

static bool
is_received(int fd, const char *want)
{
	return (strcmp(receive(fd), want) == 0 ||
	    (printf("# got: %s\n", received), false));
}

/* NULL: the variable is not set. */
static void
set_environment(const char *socket, const char *usec, const char *pid)
{
	static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC",
		"WATCHDOG_PID" };
	const char *values[] = { socket, usec, pid };
	size_t i;

	for (i = 0; i < 3; i++) {
		if (values[i] != NULL) {
			(void)setenv(names[i], values[i], 1);
		} else {
			(void)unsetenv(names[i]);
		}
	}
}

static void
test_reports(const char *name, const char *what)
{
	struct timespec before, after;
	struct manager manager;
	uint64_t us = 0;
	int fd = listen_at(name);

	set_environment(name, NULL, NULL);
	manager_init(&manager);
	manager_ready(&manager, "fine");
	tap_ok(is_received(fd, "READY=1\nSTATUS=fine"), "%s: ready", what);
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	manager_reloading(&manager);
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	(void)receive(fd);
	tap_ok(sscanf(received, "RELOADING=1\nMONOTONIC_USEC=%lu\n", &us) ==
	    1 && us >= (uint64_t)before.tv_sec * 1000000 +
	    (uint64_t)before.tv_nsec / 1000 && us <= (uint64_t)after.tv_sec *
	    1000000 + (uint64_t)after.tv_nsec / 1000,
	    "%s: reloading, with the time", what);
	manager_loading(&manager);
	tap_ok(is_received(fd, "STATUS=loading keys"), "%s: loading", what);
	manager_alive(&manager, "9 messages");
	tap_ok(is_received(fd, "STATUS=9 messages"),
	    "%s: a text, and no sign of life without a watchdog", what);
	manager_stopping(&manager, "end");
	tap_ok(is_received(fd, "STOPPING=1\nSTATUS=end"), "%s: stopping",
	    what);
	tap_num((long long)manager_interval_us(&manager), 0, "no watchdog");
	tap_ok(getenv("NOTIFY_SOCKET") == NULL,
	    "NOTIFY_SOCKET is not in the environment");
	manager_fini(&manager);
	manager_alive(&manager, "after the end");
	tap_ok(is_received(fd, ""), "%s: nothing after the end", what);
	close(fd);
}

static void
test_watchdog(void)
{
	struct manager manager;
	char pid[32], name[64];
	int fd;

	snprintf(name, sizeof(name), "@mailseal-test-watchdog-%ld",
	    (long)getpid());
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	fd = listen_at(name);
	set_environment(name, "3000000", pid);
	manager_init(&manager);
	tap_num((long long)manager_interval_us(&manager), 1500000,
	    "a sign of life at half of the time");
	manager_alive(&manager, "x");
	tap_ok(is_received(fd, "WATCHDOG=1\nSTATUS=x"), "a sign of life");
	manager_reloading(&manager);
	tap_ok(strstr(receive(fd), "\nWATCHDOG=1\nWATCHDOG_USEC=600000000\n")
	    != NULL, "a reload may take longer");
	manager_loading(&manager);
	tap_ok(strstr(receive(fd), "WATCHDOG_USEC=600000000\n") != NULL,
	    "as may loading");
	manager_ready(&manager, "x");
	tap_ok(is_received(fd, "READY=1\nWATCHDOG=1\nWATCHDOG_USEC=3000000\n"
	    "STATUS=x"), "then the old time holds again");
	tap_ok(getenv("WATCHDOG_USEC") == NULL && getenv("WATCHDOG_PID") ==
	    NULL, "WATCHDOG_USEC is not in the environment");
	manager_fini(&manager);
	set_environment(name, "3000000", "1");
	manager_init(&manager);
	tap_num((long long)manager_interval_us(&manager), 0,
	    "a watchdog of another process");
	manager_fini(&manager);
	set_environment(name, "900000000", NULL);
	manager_init(&manager);
	manager_reloading(&manager);
	tap_ok(strstr(receive(fd), "WATCHDOG_USEC=900000000\n") != NULL,
	    "a longer time is not shortened");
	manager_fini(&manager);
	close(fd);
}

static void
test_bad_environment(void)
{
	static const char *const sockets[] = { "", "/", "@", "relative",
		"vsock:2:1234",
		/* 108 octets, one too many for a path with its NUL */
		"/2345678901234567890123456789012345678901234567890123456789"
		"01234567890123456789012345678901234567890123456789"
		"01234567890", NULL };
	static const char *const times[] = { "", "x", "-1", "0x10", "1 ",
		"18446744073709551616", NULL };
	struct manager manager;
	char name[64];
	size_t i;
	int fd;

	for (i = 0; sockets[i] != NULL; i++) {
		set_environment(sockets[i], "1000000", NULL);
		manager_init(&manager);
		manager_ready(&manager, "x");
		tap_ok(manager.addr_n == 0 &&
		    manager_interval_us(&manager) == 0,
		    "NOTIFY_SOCKET=%.20s: nothing is sent", sockets[i]);
		manager_fini(&manager);
	}
	snprintf(name, sizeof(name), "@mailseal-test-bad-%ld", (long)getpid());
	fd = listen_at(name);
	for (i = 0; times[i] != NULL; i++) {
		set_environment(name, times[i], NULL);
		manager_init(&manager);
		manager_alive(&manager, "x");
		tap_ok(is_received(fd, "STATUS=x"),
		    "WATCHDOG_USEC=%s: no watchdog", times[i]);
		manager_fini(&manager);
	}
	close(fd);
}

/* A manager that reads nothing must not stop the daemon. */
static void
test_full_queue(void)
{
	struct manager manager;
	char name[64], text[900];
	unsigned i;
	int fd;

	snprintf(name, sizeof(name), "@mailseal-test-full-%ld",
	    (long)getpid());
	fd = listen_at(name);
	set_environment(name, NULL, NULL);
	manager_init(&manager);
	/* Fill the queue without waiting. */
	for (i = 0; i < 100000 && sendto(manager.fd, "x", 1, MSG_DONTWAIT,
	    (struct sockaddr *)&manager.addr, manager.addr_n) == 1; i++) {
		continue;
	}
	tap_ok(i < 100000, "the queue is full");
	manager_alive(&manager, "lost");
	tap_ok(true, "a report to a manager that hangs ends");
	while (receive(fd)[0] == 'x') {
		continue;
	}
	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	manager_alive(&manager, text);
	tap_ok(strlen(receive(fd)) > 800, "the next one arrives");
	manager_fini(&manager);
	close(fd);
}

int
main(void)
{
	char name[64], folder[] = "/tmp/mailseal-test-XXXXXX";

	snprintf(name, sizeof(name), "@mailseal-test-%ld", (long)getpid());
	test_reports(name, "abstract");
	if (mkdtemp(folder) == NULL) {
		perror(folder);
		return (99);
	}
	snprintf(name, sizeof(name), "%s/notify", folder);
	test_reports(name, "path");
	(void)unlink(name);
	(void)rmdir(folder);
	test_watchdog();
	test_bad_environment();
	test_full_queue();
	return (tap_done());
}
