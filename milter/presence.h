/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * presence: what makes the process reachable: its socket and its pid file.
 * Privileges are dropped after the pid file is opened, which may need root,
 * and before the socket is created.
 *
 * Only who made a thing removes it: the socket file and the pid file are
 * removed only while they are the ones that this process created (same device
 * and inode). Another daemon may have replaced them.
 */
#ifndef MILTER_PRESENCE_H
#define MILTER_PRESENCE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "conf/conf.h"
#include "milter/live.h"

struct pidfh;

struct presence {		/* zeroed: none */
	char		*socket;
	char		*pid_path;	/* NULL: none */
	struct pidfh	*pid_file;	/* the same, open */
	struct stat	 made;		/* the socket file; st_nlink 0: none */
	int		 fd;		/* on which libmilter listens */
	bool		 lost;		/* its loss has been logged */
};

enum status	 presence_init(struct presence *, const char *socket,
		    const char *pid_path) ATTR_MUST_CHECK;
void		 presence_fini(struct presence *);
/* Whether a start by the current user could create them. IO: no; the diag
   says why. As a rule the pid file's user is root, the socket's UserID. */
enum status	 presence_check_pid_file(const struct presence *,
		    struct diag *) ATTR_MUST_CHECK;
enum status	 presence_check_socket(const struct presence *, struct diag *)
    ATTR_MUST_CHECK;
/*
 * Opens the pid file, drops privileges and opens the socket, with callbacks
 * for live. Starts no thread. On failure nothing is left behind.
 */
enum status	 presence_open(struct presence *, const struct conf *,
		    struct live *, struct diag *) ATTR_MUST_CHECK;
/* The process serves: writes its number into the pid file. */
void		 presence_announce(struct presence *);
/* Whether a process that shares the socket has shut it down, which was not
   known yet. */
bool		 presence_is_shut(const struct presence *);
/* Makes the socket again if somebody removed its file or shut it down, and logs
   that. If that cannot be done, or another process listens there, it is logged
   once, and tried again at the next call. True: it was made again, on the same
   descriptor of this process. */
bool		 presence_watch(struct presence *, const struct env *);
/* In a child of the process that opened them: the pid file is not its own. */
void		 presence_leave(struct presence *);
/* Removes the socket file and the pid file. */
void		 presence_close(struct presence *);

#endif
