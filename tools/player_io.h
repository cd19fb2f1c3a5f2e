/* SPDX-License-Identifier: BSD-2-Clause */
/* player_io: the socket of a player: connected, written, read in packets. */
#ifndef TOOLS_PLAYER_IO_H
#define TOOLS_PLAYER_IO_H

#include <stddef.h>
#include <sys/uio.h>

#include "base/diag.h"
#include "base/status.h"
#include "tools/player_wire.h"

struct player_io {
	int		 fd;		/* non-blocking; -1: none */
	unsigned	 timeout_ms;	/* for each packet, each write */
	char		*in;		/* what was received: from start to
					   end */
	size_t		 cap;
	size_t		 start;
	size_t		 end;
};

/* A connected socket, or SYNTAX, IO, TEMP with the reason. */
enum status	 player_io_connect(const char *spec, unsigned timeout_ms,
		    int *fd_r, struct diag *) ATTR_MUST_CHECK;
/* Takes fd. */
enum status	 player_io_init(struct player_io *, int fd, unsigned timeout_ms,
		    struct diag *) ATTR_MUST_CHECK;
void		 player_io_fini(struct player_io *);
/* All of it; the vector is used up. */
enum status	 player_io_write(struct player_io *, struct iovec *, size_t n,
		    struct diag *) ATTR_MUST_CHECK;
/* The next packet, a view until the next call. */
enum status	 player_io_read(struct player_io *, struct wire_packet *r,
		    struct diag *) ATTR_MUST_CHECK;

#endif
