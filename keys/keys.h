/* SPDX-License-Identifier: BSD-2-Clause */
/* keys: what the commands of dkimkeygen share. */
#ifndef KEYS_KEYS_H
#define KEYS_KEYS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"
#include "cli/cli.h"
#include "crypto/crypto.h"
#include "wanted/record.h"
#include "wanted/wanted.h"

#define KEYS_TEXT_MAX_BYTES	(1024 * 1024)	/* of what is printed at once */
#define KEYS_PATH_MAX_BYTES	4096
#define KEYS_RSA_MIN_BITS	1024	/* RFC 8301 3.2 */
#define KEYS_RSA_GOOD_BITS	2048
#define KEYS_RSA_MAX_BITS	4096
#define KEYS_TTL_S		3600	/* of a record, outside a store */

struct key_name {		/* where a key's record is */
	struct str	 domain;	/* A-labels, lower case */
	struct str	 selector;	/* the same */
	struct str	 owner;		/* selector._domainkey.domain */
};

int		 new_main(const struct cli_command *, int, char **);
int		 record_main(const struct cli_command *, int, char **);
int		 check_main(const struct cli_command *, int, char **);
int		 list_main(const struct cli_command *, int, char **);
int		 encrypt_main(const struct cli_command *, int, char **);
int		 rotate_main(const struct cli_command *, int, char **);
int		 retire_main(const struct cli_command *, int, char **);
int		 revoke_main(const struct cli_command *, int, char **);
int		 delete_main(const struct cli_command *, int, char **);
int		 adopt_main(const struct cli_command *, int, char **);

/*
 * Domain and selector as a store and the DNS have them, in the arena. Either
 * may be NULL and is absent then, as is the owner. False: one is invalid, or
 * both are too long together; printed why.
 */
bool		 key_name_make(struct arena *, const char *domain,
		    const char *selector, struct key_name *r);

/*
 * Writes both files into dir or none of them; never replaces one. False: said
 * why. The paths are for messages.
 */
struct key_files {
	char	private_path[KEYS_PATH_MAX_BYTES];
	char	record_path[KEYS_PATH_MAX_BYTES];
};
bool		 key_files_name(struct key_files *, const char *dir,
		    struct str selector);
bool		 key_files_write(const struct key_files *, const char *dir,
		    struct str pem, struct str record);

#endif
