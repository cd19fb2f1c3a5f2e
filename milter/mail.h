/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mail: the process that handles mail: libmilter, DNS, verification, metrics,
 * reports. It has the rules (who signs for whom), the public halves of the keys
 * and their handles; it gets each signature from the keys process
 * (remote/client.h). The parent forks it with the socket open, and tells it
 * what to do (control.h); signals are the parent's.
 *
 * LOAD brings a set of keys: its picture, and with a second descriptor the text
 * of a configuration. Both are put in service at once, or neither is; the
 * answer is LOADED. A message ends with what it began with.
 *
 * At STOP, or if the parent is gone, new messages are refused, those in flight
 * finish, and the process ends.
 */
#ifndef MILTER_MAIL_H
#define MILTER_MAIL_H

#include "milter/channels.h"
#include "milter/private.h"

enum mail_load {		/* the value of LOAD */
	MAIL_LOAD_ASKED,	/* somebody asked for it: log what is new */
	MAIL_LOAD_QUIET		/* the keys process was started again */
};

struct mail_start {
	struct conf		*conf;		/* without private keys */
	int			 text;		/* the same, as a file, without
						   what opens a key store */
	uint64_t		 set;
	int			 picture;	/* of the set, as a file */
	int			 control;
	int			 delivery;
	int			 report;	/* of its sandbox */
	bool			 first;		/* since the parent started */
};

struct mail {
	const struct mail_start	*start;
	struct daemon		*daemon;
	struct channels		 channels;
	bool			 serving;	/* the start is over */
	bool			 orphaned;	/* the parent is gone */
};

/* Never returns. */
void	mail_run(const struct mail_start *, struct daemon *)
    __attribute__((noreturn));
/* Obeys one message of the parent. False: the end. */
bool	mail_obey(struct mail *);
/* Serves the configured Metrics, or none: a daemon that only looks on leaves
   the place to the one that serves. */
void	mail_set_exporter(struct daemon *, const struct conf *);
/* Whether there is one within the time. */
bool	mail_wait(const struct mail *, int timeout_ms);

#endif
