/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of this folder: a connection, and who steps it. */
#ifndef PROBE_PRIVATE_H
#define PROBE_PRIVATE_H

#include "base/buf.h"
#include "probe/probe.h"

struct probe_wire {		/* one connection */
	int		 fd;
	struct buf	 in;		/* of the server, decrypted */
	struct buf	 out;		/* to be sent, encrypted if need be */
	size_t		 received;	/* octets */
	bool		 ended;		/* the server has closed */
	const struct tls_roots *roots;
	struct arena	*arena;
};

/* Opens it; a failure ends the probe. */
void	 wire_open(struct probe *, const struct tls_roots *, struct arena *);
void	 wire_close(struct probe *);
/* What poll(2) is to wait for. */
short	 wire_events(const struct probe *);
/* Moves what can be moved, without blocking. */
void	 wire_move(struct probe *, short events);
void	 wire_send(struct probe *, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* Begins TLS; from now on all is encrypted. */
void	 wire_start_tls(struct probe *);
/* The first n octets that came are done with. */
void	 wire_skip(struct probe *, size_t n);

/* After something came: goes on until more is needed. */
void	 smtp_step(struct probe *);
void	 https_step(struct probe *);
/* Ends it there, unless it has ended. */
void	 probe_end(struct probe *, enum probe_end);
/* A copy of the text for the answer, cut. */
struct str	 probe_keep(struct probe *, struct str text);

#endif
