/* SPDX-License-Identifier: BSD-2-Clause */
/* privileges: drops root's permissions for those of UserID, permanently, or
   while a file of UserID is used. */
#ifndef BASE_PRIVILEGES_H
#define BASE_PRIVILEGES_H

#include <sys/types.h>

#include <stdbool.h>

#include "base/diag.h"
#include "base/status.h"

#define PRIVILEGES_GROUPS_MAX	256

/*
 * user_id: "name" or "name:group"; NULL: keep the current user. A process that
 * is not root's may only name its own user.
 */
enum status	privileges_drop(const char *user_id, struct diag *)
    ATTR_MUST_CHECK;

struct privileges {
	bool		 root;		/* there is something to switch */
	uid_t		 uid;
	gid_t		 gid;
	gid_t		 groups[PRIVILEGES_GROUPS_MAX];
	int		 groups_n;
	gid_t		 own_gid;	/* root's */
	gid_t		 own_groups[PRIVILEGES_GROUPS_MAX];
	int		 own_groups_n;
};

/* Finds what privileges_switch() needs; user_id as above. */
enum status	privileges_find(const char *user_id, struct privileges *r,
		    struct diag *) ATTR_MUST_CHECK;
/* The same for the owner of a file, or of a symbolic link at its place: of a
   program that does not know UserID. Nothing to switch if there is none. */
enum status	privileges_find_owner(const char *path,
		    struct privileges *r, struct diag *) ATTR_MUST_CHECK;
/* From now on files are those of that user, until privileges_return(): nothing
   may run in between that could be made to do other than it should, since it
   could return, too. Of a process with one thread. */
enum status	privileges_switch(const struct privileges *, struct diag *)
    ATTR_MUST_CHECK;
void		privileges_return(const struct privileges *);

#endif
