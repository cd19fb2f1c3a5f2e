/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sandbox: what the processes that serve may ask of the kernel. sandbox_enter()
 * is called once in each of them, before its first thread, and cannot be
 * undone; threads and children inherit it.
 *
 * - Calls (seccomp): the table of sandbox_table.c, a reason for each. Any other
 *   call ends the process with SIGSYS, and its name is in the report that the
 *   parent reads. No program is executed, no process made, and no memory is
 *   executable that was not so at the entry.
 * - Files (Landlock): what the configuration names when the process starts,
 *   and what the libraries read; sandbox_table.c and sandbox_places.c. Mail:
 *   files, not their folders, which may have keys, too. A file that was
 *   replaced since, or that a reload names, is opened by the parent (opener.h),
 *   which compares its name with the same list. Folders are admitted as a whole
 *   for what is made in them: an SQLite file of reports with its journals, and
 *   a socket of Metrics. Keys: all files may be read, as a reload may name keys
 *   anywhere, and stores may be written. TCP connections (Landlock since Linux
 *   6.7): to the ports of name servers and databases.
 * - Mail only, the guard (sandbox_guard.c): while a thread does not load a
 *   configuration, each file that it opens by its path, and each address that
 *   it sends to, is compared with the same list, by name. A file that is not in
 *   the list ends the process like a forbidden call, if there is such a file.
 *   An option of sockets that the table lacks is refused with EPERM. The guard
 *   runs in the process that it watches: it reports what a defect or a simple
 *   attack does, while code that can write any memory is held by the kernel's
 *   two lists only. Where the guard is not known or there is no seccomp,
 *   nothing can ask the parent: then Landlock admits folders in place of
 *   files.
 * - Processes: the filter refuses them. RLIMIT_NPROC would not do: it counts
 *   the threads of all processes of the user, so that the mail process could
 *   use up what the keys process needs.
 * - Secrets: no core file, no debugger (PR_SET_DUMPABLE 0), and in the keys
 *   process memory that is not swapped, if RLIMIT_MEMLOCK allows it.
 *
 * A kernel or an architecture that lacks a part: sandbox_lacks() says so, and
 * the process goes on without that part.
 *
 * On FreeBSD, cap_enter() would stand in sandbox_enter() of the keys process,
 * which then opens its files by descriptors of their folders. On OpenBSD,
 * unveil() would take the list of sandbox_places.c at the same place, and
 * pledge("stdio rpath") of keys and pledge("stdio rpath wpath cpath flock inet
 * unix dns") of mail would follow it.
 */
#ifndef MILTER_SANDBOX_H
#define MILTER_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/status.h"
#include "conf/conf.h"

enum sandbox_role {
	SANDBOX_KEYS = 1,
	SANDBOX_MAIL = 2
};

/* Parts that are in force. */
#define SANDBOX_CALLS	0x1u
#define SANDBOX_FILES	0x2u
#define SANDBOX_PORTS	0x4u
#define SANDBOX_GUARD	0x8u	/* SANDBOX_MAIL only */
#define SANDBOX_LOCKED	0x10u	/* memory; SANDBOX_KEYS only */
#define SANDBOX_EXPOSED	0x20u	/* no part, but a warning; SANDBOX_MAIL: keys
				   are beneath a folder that it needs */

struct sandbox_opts {
	enum sandbox_role	 role;
	const struct conf	*conf;
	struct str		 text;		/* of which conf was made */
	int			 report_fd;	/* a pipe's end; see below;
						   -1: none */
	int			 ask_fd;	/* SANDBOX_MAIL: a pair's end,
						   the other is the parent's;
						   -1: none */
};

/*
 * The calling thread must be the only one. OK: *parts_r are in force; with
 * Sandbox no, those that protect secrets. Fails only without memory, or if a
 * part that the kernel has cannot be entered.
 */
enum status	 sandbox_enter(const struct sandbox_opts *, unsigned *parts_r,
		    struct diag *) ATTR_MUST_CHECK;
/* Appends what is not in force and why it matters; false: nothing lacks. */
bool		 sandbox_lacks(enum sandbox_role, unsigned parts, struct buf *);

/*
 * Before a configuration is loaded: the guard admits what it names, too. What
 * the kernel holds to is as before.
 */
enum status	 sandbox_reload(const struct sandbox_opts *, struct diag *)
    ATTR_MUST_CHECK;
/* It is in service; messages in flight still use the one before. */
void		 sandbox_commit(void);

/*
 * For the parent: whether the mail process of this configuration may read the
 * file of this name, which another may have replaced. Exactly what the
 * configuration and the table name; nothing beneath a folder.
 */
bool		 sandbox_may_open(const struct sandbox_opts *,
		    const char *path);

/*
 * Until the matching false, files of the thread are checked by the kernel
 * alone: around the loading of a configuration, which names its files and looks
 * up users. Calls nest.
 */
void		 sandbox_loading(bool);

/*
 * For the parent, after a process died: what the other end of report_fd wrote
 * before it did, such as "openat /etc/passwd". Does not wait; false: nothing.
 * The text came from that process: it is escaped before it is logged.
 */
#define SANDBOX_REPORT_BYTES	256
bool		 sandbox_read_report(int fd, char text_r[SANDBOX_REPORT_BYTES]);

#endif
