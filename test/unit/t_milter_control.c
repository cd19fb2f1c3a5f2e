/* SPDX-License-Identifier: BSD-2-Clause */
/* Whatever comes, no descriptor that came along stays open by mistake. */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "milter/control.h"
#include "test/unit/tap.h"

#define ROOM	4096	/* more than a message has */

static int sent = STDIN_FILENO;		/* what comes along */

/* The first number that is free: the same again if nothing stays open. */
static int
next_descriptor(void)
{
	int fd = dup(STDIN_FILENO);

	(void)close(fd);
	return (fd);
}

static bool
send_octets(int to, const void *p, size_t n, size_t fds_n)
{
	union {
		struct cmsghdr	align;
		char		room[CMSG_SPACE(sizeof(int) *
		    CONTROL_CHANNELS_MAX)];
	} extra;
	struct iovec part = { (void *)(uintptr_t)p, n };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr *head;
	size_t i;

	memset(&extra, 0, sizeof(extra));
	if (fds_n > 0) {
		message.msg_control = extra.room;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * fds_n);
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int) * fds_n);
		for (i = 0; i < fds_n; i++) {
			memcpy(CMSG_DATA(head) + i * sizeof(int), &sent,
			    sizeof(sent));
		}
	}
	return (sendmsg(to, &message, MSG_NOSIGNAL) == (ssize_t)n);
}

static void
test_message(const char *name, size_t n, size_t fds_n, enum status want)
{
	static unsigned char octets[ROOM];
	const struct control good = { .kind = CONTROL_LOADED };
	size_t whole = control_write(&good, octets, sizeof(octets));
	int before, pair[2] = { -1, -1 };
	struct control c;

	(void)control_pair(pair);
	before = next_descriptor();
	(void)send_octets(pair[0], octets, n != 0 ? n : whole, fds_n);
	tap_ok(control_receive(pair[1], &c) == want, "%s", name);
	tap_ok(c.fds_n == (want == STATUS_OK ? fds_n : 0), "%s: descriptors",
	    name);
	control_close_fds(&c);
	tap_ok(next_descriptor() == before, "%s: none stays open", name);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* Which looks like the end. */
static void
test_nothing(void)
{
	int before, fd = -1, pair[2] = { -1, -1 };
	static char path[PATH_MAX];
	struct control c;

	(void)control_pair(pair);
	before = next_descriptor();
	(void)send_octets(pair[0], "", 0, CONTROL_FDS_MAX);
	(void)send_octets(pair[0], "", 0, 1);
	tap_ok(control_receive(pair[1], &c) == STATUS_IO && c.fds_n == 0,
	    "no octets");
	tap_ok(next_descriptor() == before, "no octets: none stays open");
	tap_ok(control_receive_path(pair[1], path, &fd) == STATUS_IO,
	    "no path");
	tap_ok(next_descriptor() == before, "no path: none stays open");
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void
test_delivery(const char *name, size_t n, size_t fds_n, enum status want)
{
	int fds[CONTROL_CHANNELS_MAX], before, pair[2] = { -1, -1 };
	bool again = false;
	size_t got = 0;

	(void)control_pair(pair);
	before = next_descriptor();
	(void)send_octets(pair[0], "AA", n, fds_n);
	tap_ok(control_receive_channels(pair[1], &again, fds, &got) == want,
	    "%s", name);
	tap_ok(again || want != STATUS_OK, "%s: neither process is new", name);
	while (want == STATUS_OK && got > 0) {
		(void)close(fds[--got]);
	}
	tap_ok(next_descriptor() == before, "%s: none stays open", name);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* Of the socket that came along, by a descriptor of our own. */
static bool
lingers(int fd)
{
	struct linger linger = { .l_onoff = 0 };
	socklen_t n = sizeof(linger);

	return (getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &n) == 0 &&
	    linger.l_onoff != 0);
}

static void
linger_at_close(void)
{
	const struct linger on = { .l_onoff = 1, .l_linger = 600 };

	(void)setsockopt(sent, SOL_SOCKET, SO_LINGER, &on, sizeof(on));
}

/* The parent would wait at the close for who reads nothing. */
static void
test_linger(void)
{
	static char path[PATH_MAX];
	int fd = -1, pair[2] = { -1, -1 };

	sent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	linger_at_close();
	tap_ok(lingers(sent), "a socket that waits at its close");
	test_message("a message with one", 0, 1, STATUS_OK);
	tap_ok(!lingers(sent), "nobody waits for it");
	linger_at_close();
	test_message("too many of them", 0, CONTROL_FDS_MAX + 1,
	    STATUS_SYNTAX);
	tap_ok(!lingers(sent), "nor for one of too many");
	linger_at_close();
	(void)control_pair(pair);
	(void)send_octets(pair[0], "/etc\0x", 6, 1);
	tap_ok(control_receive_path(pair[1], path, &fd) == STATUS_SYNTAX &&
	    !lingers(sent), "nor for one with a bad path");
	(void)close(pair[0]);
	(void)close(pair[1]);
	(void)close(sent);
	sent = STDIN_FILENO;
}

struct reader {
	int	fd;
	size_t	n;		/* messages to be read */
};

static void *
read_all(void *arg)
{
	struct reader *reader = arg;
	struct control c;

	while (reader->n > 0 && control_receive(reader->fd, &c) ==
	    STATUS_OK) {
		reader->n--;
	}
	return (NULL);
}

/* The parent is stopped, say, and its queue is full. */
static void
test_full_queue(void)
{
	const struct control c = { .kind = CONTROL_LOADED };
	int pair[2] = { -1, -1 };
	struct reader reader = { .n = 0 };
	pthread_t thread;

	(void)control_pair(pair);
	reader.fd = pair[1];
	while (reader.n < 100000 && control_send(pair[0], &c)) {
		reader.n++;
	}
	tap_ok(reader.n > 1 && reader.n < 100000,
	    "a full queue: control_send fails");
	if (pthread_create(&thread, NULL, read_all, &reader) != 0) {
		tap_ok(false, "no thread");
		return;
	}
	tap_ok(control_answer(pair[0], &c), "an answer waits for its reader");
	(void)pthread_join(thread, NULL);
	(void)close(pair[1]);
	tap_ok(!control_answer(pair[0], &c), "but not for one that is gone");
	(void)close(pair[0]);
}

static void
test_path(const char *name, const char *octets, size_t n, size_t fds_n,
    enum status want)
{
	static char path[PATH_MAX];
	int before, fd = -1, pair[2] = { -1, -1 };

	(void)control_pair(pair);
	before = next_descriptor();
	(void)send_octets(pair[0], octets, n, fds_n);
	tap_ok(control_receive_path(pair[1], path, &fd) == want, "%s", name);
	if (want == STATUS_OK) {
		tap_ok(strlen(path) == n && memcmp(path, octets, n) == 0,
		    "%s: as it was sent", name);
		(void)close(fd);
	}
	tap_ok(next_descriptor() == before, "%s: none stays open", name);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

int
main(void)
{
	static char path[PATH_MAX + 1];

	memset(path, '/', sizeof(path));
	test_full_queue();
	test_linger();
	test_path("a path", "/etc/hosts", 10, 1, STATUS_OK);
	test_path("the longest path", path, PATH_MAX - 1, 1, STATUS_OK);
	test_path("a path that is too long", path, PATH_MAX, 1,
	    STATUS_SYNTAX);
	test_path("a path with NUL in it", "/etc\0x", 6, 1, STATUS_SYNTAX);
	test_path("a path without a pair", "/etc/hosts", 10, 0,
	    STATUS_SYNTAX);
	test_path("a path with two", "/etc/hosts", 10, 2, STATUS_SYNTAX);
	test_message("a message", 0, 0, STATUS_OK);
	test_message("with descriptors", 0, CONTROL_FDS_MAX, STATUS_OK);
	test_message("with one too many", 0, CONTROL_FDS_MAX + 1,
	    STATUS_SYNTAX);
	test_message("with very many", 0, CONTROL_CHANNELS_MAX, STATUS_SYNTAX);
	test_message("too short", 1, CONTROL_FDS_MAX, STATUS_SYNTAX);
	test_message("too long", ROOM, CONTROL_FDS_MAX, STATUS_SYNTAX);
	test_message("too long, and very many", ROOM, CONTROL_CHANNELS_MAX,
	    STATUS_SYNTAX);
	test_nothing();
	test_delivery("a delivery", 1, CONTROL_CHANNELS_MAX, STATUS_OK);
	test_delivery("a delivery that is too long", 2, CONTROL_CHANNELS_MAX,
	    STATUS_SYNTAX);
	return (tap_done());
}
