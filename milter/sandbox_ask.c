/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of the list that was replaced since the start is another one for the
 * kernel: the parent opens it. For the handler of SIGSYS: system calls only.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "milter/sandbox_private.h"

#define ANSWER_S	5	/* a parent that does not run */

union one_descriptor {
	struct cmsghdr	align;
	char		room[CMSG_SPACE(sizeof(int))];
};

/* libc's sendmsg() would be trapped once more. */
static bool
send_request(int fd, const char *path, int end,
    const struct sandbox_guard_key *key)
{
	struct iovec text = { (void *)(uintptr_t)path, strlen(path) };
	union one_descriptor extra;
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1,
		.msg_control = extra.room,
		.msg_controllen = sizeof(extra.room) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	memset(&extra, 0, sizeof(extra));
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &end, sizeof(end));
	return (syscall(SYS_sendmsg, fd, &message, MSG_NOSIGNAL |
	    MSG_DONTWAIT, 0UL, key->v[0], key->v[1]) == (long)text.iov_len);
}

static int
receive_file(int fd)
{
	const struct timeval wait = { .tv_sec = ANSWER_S };
	char octet;
	struct iovec part = { &octet, 1 };
	union one_descriptor extra;
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1,
		.msg_control = extra.room,
		.msg_controllen = sizeof(extra.room) };
	const struct cmsghdr *head;
	int file = -1;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != 1) {
		return (-1);
	}
	head = CMSG_FIRSTHDR(&message);
	if (head != NULL && head->cmsg_level == SOL_SOCKET &&
	    head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(int))) {
		memcpy(&file, CMSG_DATA(head), sizeof(file));
	}
	return (file);
}

int
sandbox_ask(int fd, const char *path, const struct sandbox_guard_key *key)
{
	int ends[2], file = -1;

	if (path[0] == '\0' || strlen(path) >= PATH_MAX ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) ==
	    -1) {
		return (-1);
	}
	if (send_request(fd, path, ends[1], key)) {
		(void)close(ends[1]);
		ends[1] = -1;
		file = receive_file(ends[0]);
	}
	if (ends[1] != -1) {
		(void)close(ends[1]);
	}
	(void)close(ends[0]);
	return (file);
}
