/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import: translates an OpenDKIM and an OpenDMARC configuration to a
 * mailseald configuration. Each of their options is a row of import_options.c.
 */
#ifndef TOOLS_IMPORT_H
#define TOOLS_IMPORT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"

#define IMPORT_MAX_BYTES	(1024 * 1024)	/* of a file */
#define IMPORT_MAX_DEPTH	5		/* of Include */
#define IMPORT_MAX_GIVEN	1000		/* options of all files */

enum import_kind {		/* how a value is translated */
	IMPORT_TEXT,		/* unchanged */
	IMPORT_BOOL,		/* to yes or no */
	IMPORT_YES,		/* to a comment: always on here */
	IMPORT_SYSLOG,		/* yes or no, for LogTarget */
	IMPORT_SOCKET,
	IMPORT_LIST,		/* a dataset: a list or a file */
	IMPORT_HOSTS,		/* the same, of hosts */
	IMPORT_KEY_TABLE,
	IMPORT_SIGNING_TABLE,
	IMPORT_ACTION,		/* On-..., for our On... */
	IMPORT_SIGN_ACTION,	/* On-SignatureError */
	IMPORT_REJECT,		/* RejectFailures */
	IMPORT_HOLD,		/* HoldQuarantinedMessages */
	IMPORT_BAD_FROM,	/* RequiredHeaders, RejectMultiValueFrom */
	IMPORT_IGNORE_FROM,	/* domains, for DomainRules */
	IMPORT_PSL,
	IMPORT_INCLUDE,
	IMPORT_NONE		/* to a comment with why */
};

struct import_option {
	const char		*name;	/* theirs; "*" at its end: a prefix */
	enum import_kind	 kind;
	const char		*to;	/* ours; NULL: the same name */
	const char		*why;	/* a comment for people, or NULL */
};

extern const struct import_option import_opendkim[];
extern const struct import_option import_opendmarc[];

const struct import_option	*import_option_find(
				    const struct import_option *, struct str);

struct import_given {		/* an option as written in a file */
	const struct import_option *option;	/* NULL: unknown */
	struct str	 name;
	struct str	 value;
	const char	*file;
	unsigned	 line;
};

struct import {
	struct arena		 arena;
	const struct env	*env;
	struct import_given	*v;
	size_t			 n;
	size_t			 opendmarc;	/* index of the first option of
						   OpenDMARC */
	bool			 has_opendmarc;
	struct buf		 out;
	unsigned		 notes;		/* comments in out */
};

/* import_read.c: reads all options of a file and of the files that it
   includes. On error the diag has file, line and reason. */
enum status	 import_read(struct import *, const struct import_option *,
		    const char *path, struct diag *) ATTR_MUST_CHECK;
/* import.c: translates what was read, into out. */
enum status	 import_translate(struct import *) ATTR_MUST_CHECK;
/* import_value.c: translates the value, into the arena. Absent: it cannot be
   translated, and why_r, static, says why. The only error is NOMEM. */
enum status	 import_value(struct import *, const struct import_given *,
		    struct str *value_r, const char **why_r) ATTR_MUST_CHECK;
/* yes, true, 1, and whatever begins with the same letter. */
bool		 import_is_yes(struct str);
/* import_hosts.c: the items that our option `to` accepts of a value that it
   rejects as a whole; absent: none. Comments list the others. The only error
   is NOMEM. */
enum status	 import_hosts(struct import *, const struct import_given *,
		    const char *to, struct str value, struct str *kept_r)
    ATTR_MUST_CHECK;
/* import_tables.c: reports errors in the tables as comments. */
enum status	 import_tables(struct import *) ATTR_MUST_CHECK;
/* Writes "# text" and counts it. */
void		 import_note(struct import *, const char *fmt, ...)
    ATTR_PRINTF(2, 3);
/* The last one of that name, or NULL. */
const struct import_given	*import_get(const struct import *,
				    const char *name);

#endif
