/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control: what the parent and the two others say to each other, over a
 * SOCK_SEQPACKET pair each. All messages have one layout; descriptors come
 * along. Whoever reads trusts no field: a message that is not exactly of this
 * form, or that brings more descriptors than CONTROL_FDS_MAX, is an error, and
 * so is one of the wrong direction.
 *
 * The connections between the keys process and the mail process arrive on a
 * second pair, for a thread of their own (channels.h).
 */
#ifndef MILTER_CONTROL_H
#define MILTER_CONTROL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/diag.h"
#include "base/status.h"

#define CONTROL_FDS_MAX		2
#define CONTROL_CHANNELS_MAX	32	/* of one delivery */
#define CONTROL_RETRY_MS	200

enum control_kind {
	/* from the parent */
	CONTROL_LOAD = 1,	/* a set of keys and, with a second descriptor,
				   a configuration: see keys.h, mail.h */
	CONTROL_USE,		/* keys: the set is in service */
	CONTROL_DROP,		/* keys: it is not, after all */
	CONTROL_COUNTERS,	/* mail: log them */
	CONTROL_LISTEN,		/* mail: the socket was made anew */
	CONTROL_LOG,		/* mail: a line; value: its enum log_level */
	CONTROL_READY,		/* the start is over; value: keep standard
				   error open */
	CONTROL_STOP,		/* the second one does not wait */
	CONTROL_PING,		/* answer ALIVE */
	/* to the parent */
	CONTROL_READ,		/* keys: the configuration has been read */
	CONTROL_LOADED,		/* the answer to LOAD; at the start without
				   it */
	CONTROL_CHANGED,	/* keys: tables or stores have changed */
	CONTROL_ALIVE,
	CONTROL_LOST,		/* mail: connections to the keys process have
				   ended */
	CONTROL_KINDS
};

struct control {
	enum control_kind	 kind;
	enum status		 status;	/* READ, LOADED */
	uint64_t		 number;	/* of a set */
	uint32_t		 value;
	struct diag		 diag;		/* READ, LOADED; LOG: the
						   line */
	int			 fds[CONTROL_FDS_MAX];
	unsigned		 fds_n;
};

/* Two ends of a pair, closed in a new program; false: errno. */
bool	control_pair(int fds_r[2]);
/*
 * Never waits for the reader: false, if the queue of the pair is full. Does not
 * close the descriptors. The other end is gone: false.
 *
 * A kernel that is short of memory is asked again, for CONTROL_RETRY_MS, since
 * the other end would be taken for dead.
 */
bool	control_send(int fd, const struct control *);
/* The same for an answer to the parent, which may be stopped for a while: waits
   for room in the queue. False: it is gone. */
bool	control_answer(int fd, const struct control *);
/* Closes a descriptor that another process sent. A process that was taken over
   may have set a socket to wait at its close for a peer that reads nothing. */
void	control_close(int fd);
/*
 * Waits for a message. OK; IO: the other end is gone; SYNTAX: it is not of this
 * form. The descriptors are the caller's.
 */
enum status	control_receive(int fd, struct control *r) ATTR_MUST_CHECK;
/* For control_receive, and for tests: of octets without descriptors. */
enum status	control_parse(const void *, size_t n, struct control *r)
    ATTR_MUST_CHECK;
size_t	control_write(const struct control *, void *r, size_t max);
void	control_close_fds(struct control *);

/* The connections of a delivery. again: they replace others of the same two
   processes. */
bool	control_send_channels(int fd, bool again, const int *fds, size_t n);
/*
 * What the mail process asks of the parent over the same pair: the path of a
 * file, with the end of a pair on which it gets one descriptor, or none
 * (control_send_channels).
 */
enum status	control_receive_path(int fd, char path_r[PATH_MAX],
		    int *reply_r) ATTR_MUST_CHECK;
enum status	control_receive_channels(int fd, bool *again_r,
		    int fds_r[CONTROL_CHANNELS_MAX], size_t *n_r)
    ATTR_MUST_CHECK;

#endif
