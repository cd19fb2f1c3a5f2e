/* SPDX-License-Identifier: BSD-2-Clause */
/* dir: the key directory; a folder for each domain, three files for a key. */
#ifndef KEYSTORE_DIR_H
#define KEYSTORE_DIR_H

#include "keystore/files.h"
#include "keystore/lock.h"
#include "keystore/private.h"

#define DIR_PATH_BYTES	4096
#define DIR_NAME_BYTES	300		/* a selector and an ending */
#define DIR_STATE	".state"
#define DIR_PRIVATE	".private"
#define DIR_RECORD	".txt"

struct dir {
	char			*path;
	int			 fd;
	struct lock_file	 lock;
	bool			 locked;	/* a domain, by this process */
	struct files_owner	 owner;
};

struct dir_folder {		/* of one domain */
	int	fd;
	char	shown[DIR_PATH_BYTES];		/* its path, for messages */
};

/* Opens the folder of a domain; IO, and errno says why. */
enum status	 dir_open_folder(const struct dir *, struct str domain,
		    bool create, struct dir_folder *, struct diag *)
    ATTR_MUST_CHECK;
/* The name of a file: the selector and an ending; shown: with its path. */
void		 dir_name_file(const struct dir_folder *, struct str selector,
		    const char *end, char name[DIR_NAME_BYTES],
		    char shown[DIR_PATH_BYTES]);
/* True as well if that cannot be found out. */
bool		 dir_has_file(const struct dir_folder *, struct str selector,
		    const char *end);
enum status	 dir_read_state(const struct dir *,
		    const struct dir_folder *, struct str domain,
		    struct str selector, struct arena *,
		    struct keystore_key *, struct diag *) ATTR_MUST_CHECK;
/* With its owner and mode checked, into pem. */
enum status	 dir_read_private(const struct dir *,
		    const struct dir_folder *, struct str selector,
		    struct buf *pem, struct diag *) ATTR_MUST_CHECK;
/* Changes the revision. It is not synced: a daemon that starts after a crash
   reads the store anyway. */
enum status	 dir_touch_revision(const struct dir *, struct diag *)
    ATTR_MUST_CHECK;
/* Sets diag from errno; returns IO. */
enum status	 dir_failed(const char *shown, struct diag *);

/* dir_list.c, dir_write.c: operations of the store. */
enum status	 dir_list(void *ctx, const struct keystore_query *,
		    struct diag *) ATTR_MUST_CHECK;
enum status	 dir_add(void *ctx, const struct keystore_key *,
		    struct str pem, struct diag *) ATTR_MUST_CHECK;
enum status	 dir_save(void *ctx, const struct keystore_key *,
		    struct diag *) ATTR_MUST_CHECK;
enum status	 dir_delete(void *ctx, const struct keystore_key *,
		    struct diag *) ATTR_MUST_CHECK;

#endif
