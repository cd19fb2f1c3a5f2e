/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "milter/control.h"

#define RETRY_STEP_MS	10

struct packet {
	uint32_t	kind;
	uint32_t	status;
	uint64_t	number;
	uint32_t	value;
	uint32_t	text_n;
	char		text[DIAG_MAX_BYTES];	/* zeroes behind it */
};

_Static_assert(offsetof(struct packet, text) == 24, "packet");

/* Room for one message of descriptors. */
union ancillary {
	struct cmsghdr	align;
	char		room[CMSG_SPACE(sizeof(int) * CONTROL_CHANNELS_MAX)];
};

bool
control_pair(int fds_r[2])
{
	return (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    fds_r) == 0);
}

/* Of memory, or since too many descriptors are under way. */
static bool
is_shortage(int error)
{
	return (error == ENOBUFS || error == ENOMEM || error == ETOOMANYREFS);
}

static ssize_t
send_message(int fd, const struct msghdr *message)
{
	ssize_t done;
	int waited_ms;

	for (waited_ms = 0; waited_ms < CONTROL_RETRY_MS;
	    waited_ms += RETRY_STEP_MS) {
		do {
			done = sendmsg(fd, message, MSG_NOSIGNAL |
			    MSG_DONTWAIT);
		} while (done == -1 && errno == EINTR);
		if (done != -1 || !is_shortage(errno)) {
			break;
		}
		(void)poll(NULL, 0, RETRY_STEP_MS);
	}
	return (done);
}

static bool
send_packet(int fd, const void *p, size_t n, const int *fds, size_t fds_n)
{
	struct iovec part = { (void *)(uintptr_t)p, n };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	union ancillary extra;
	struct cmsghdr *head;

	if (fds_n > 0) {
		memset(&extra, 0, sizeof(extra));
		message.msg_control = extra.room;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * fds_n);
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int) * fds_n);
		memcpy(CMSG_DATA(head), fds, sizeof(int) * fds_n);
	}
	return (send_message(fd, &message) == (ssize_t)n);
}

void
control_close(int fd)
{
	const struct linger off = { .l_onoff = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off));
	(void)close(fd);
}

/* Descriptors of one message; -1: more than max, or more octets than fit. All
   are closed then. */
static ssize_t
take_descriptors(struct msghdr *message, int *fds, size_t max)
{
	bool bad = (message->msg_flags & (MSG_CTRUNC | MSG_TRUNC)) != 0;
	struct cmsghdr *head;
	size_t n = 0, i, of;
	int fd;

	for (head = CMSG_FIRSTHDR(message); head != NULL;
	    head = CMSG_NXTHDR(message, head)) {
		if (head->cmsg_level != SOL_SOCKET ||
		    head->cmsg_type != SCM_RIGHTS) {
			continue;
		}
		of = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < of; i++) {
			memcpy(&fd, CMSG_DATA(head) + i * sizeof(int),
			    sizeof(fd));
			if (n < max) {
				fds[n++] = fd;
			} else {
				control_close(fd);
				bad = true;
			}
		}
	}
	for (i = 0; bad && i < n; i++) {
		control_close(fds[i]);
	}
	return (bad ? -1 : (ssize_t)n);
}

/* IO: the end; or a message of no octets, whose descriptors are closed. */
static enum status
receive_packet(int fd, void *p, size_t max, size_t *n_r, int *fds,
    size_t fds_max, size_t *fds_n_r)
{
	struct iovec part = { p, max };
	union ancillary extra;
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1,
		.msg_control = extra.room,
		.msg_controllen = sizeof(extra.room) };
	ssize_t n, got;

	do {
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	} while (n == -1 && errno == EINTR);
	if (n == -1) {
		return (STATUS_IO);
	}
	got = take_descriptors(&message, fds, n > 0 ? fds_max : 0);
	if (n == 0) {
		return (STATUS_IO);
	}
	if (got == -1) {
		return (STATUS_SYNTAX);
	}
	*n_r = (size_t)n;
	*fds_n_r = (size_t)got;
	return (STATUS_OK);
}

size_t
control_write(const struct control *c, void *r, size_t max)
{
	struct packet packet;

	memset(&packet, 0, sizeof(packet));
	packet.kind = c->kind;
	packet.status = c->status;
	packet.number = c->number;
	packet.value = c->value;
	packet.text_n = (uint32_t)strnlen(c->diag.text, DIAG_MAX_BYTES - 1);
	memcpy(packet.text, c->diag.text, packet.text_n);
	if (max < sizeof(packet)) {
		return (0);
	}
	memcpy(r, &packet, sizeof(packet));
	return (sizeof(packet));
}

bool
control_send(int fd, const struct control *c)
{
	unsigned char packet[sizeof(struct packet)];
	size_t n = control_write(c, packet, sizeof(packet));

	return (send_packet(fd, packet, n, c->fds, c->fds_n));
}

bool
control_answer(int fd, const struct control *c)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	while (!control_send(fd, c)) {
		if (errno == EAGAIN) {
			(void)poll(&room, 1, -1);
		} else if (!is_shortage(errno)) {
			return (false);
		}
	}
	return (true);
}

enum status
control_parse(const void *p, size_t n, struct control *r)
{
	struct packet packet;

	*r = (struct control){ .fds_n = 0 };
	if (n != sizeof(packet)) {
		return (STATUS_SYNTAX);
	}
	memcpy(&packet, p, sizeof(packet));
	if (packet.kind == 0 || packet.kind >= CONTROL_KINDS ||
	    packet.status > STATUS_IO ||
	    packet.text_n >= DIAG_MAX_BYTES ||
	    memchr(packet.text, '\0', packet.text_n) != NULL ||
	    packet.text[packet.text_n] != '\0') {
		return (STATUS_SYNTAX);
	}
	r->kind = (enum control_kind)packet.kind;
	r->status = (enum status)packet.status;
	r->number = packet.number;
	r->value = packet.value;
	memcpy(r->diag.text, packet.text, packet.text_n + 1);
	return (STATUS_OK);
}

enum status
control_receive(int fd, struct control *r)
{
	unsigned char packet[sizeof(struct packet)];
	int fds[CONTROL_FDS_MAX];
	size_t n, fds_n;
	enum status status = receive_packet(fd, packet, sizeof(packet), &n,
	    fds, CONTROL_FDS_MAX, &fds_n);

	if (status != STATUS_OK) {
		*r = (struct control){ .fds_n = 0 };
		return (status);
	}
	status = control_parse(packet, n, r);
	memcpy(r->fds, fds, sizeof(int) * fds_n);
	r->fds_n = (unsigned)fds_n;
	if (status != STATUS_OK) {
		control_close_fds(r);
	}
	return (status);
}

void
control_close_fds(struct control *c)
{
	while (c->fds_n > 0) {
		control_close(c->fds[--c->fds_n]);
	}
}

bool
control_send_channels(int fd, bool again, const int *fds, size_t n)
{
	return (send_packet(fd, again ? "A" : "N", 1, fds, n));
}

enum status
control_receive_path(int fd, char path_r[PATH_MAX], int *reply_r)
{
	enum status status;
	size_t n, fds_n;

	status = receive_packet(fd, path_r, PATH_MAX - 1, &n, reply_r, 1,
	    &fds_n);
	if (status != STATUS_OK) {
		return (status);
	}
	path_r[n] = '\0';
	if (fds_n == 1 && strlen(path_r) == n) {
		return (STATUS_OK);
	}
	if (fds_n == 1) {
		control_close(*reply_r);
	}
	return (STATUS_SYNTAX);
}

enum status
control_receive_channels(int fd, bool *again_r,
    int fds_r[CONTROL_CHANNELS_MAX], size_t *n_r)
{
	char byte = '\0';
	size_t n;
	enum status status = receive_packet(fd, &byte, 1, &n, fds_r,
	    CONTROL_CHANNELS_MAX, n_r);

	*again_r = byte == 'A';
	return (status);
}
