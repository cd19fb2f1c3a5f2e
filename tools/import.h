/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import: an OpenDKIM and an OpenDMARC configuration in mailseald's words.
 * What each of their options becomes is a row of import_options.c.
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

enum import_kind {		/* what is to be done with a value */
	IMPORT_TEXT,		/* it stays as it is */
	IMPORT_BOOL,		/* yes or no, however it was written */
	IMPORT_YES,		/* only yes means something: why says what */
	IMPORT_SYSLOG,		/* yes or no, for LogTarget */
	IMPORT_SOCKET,
	IMPORT_LIST,		/* a dataset: commas, or a file */
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
	IMPORT_NONE		/* nothing comes of it: why says why */
};

struct import_option {
	const char		*name;	/* theirs */
	enum import_kind	 kind;
	const char		*to;	/* ours; NULL: the same name */
	const char		*why;	/* for people; NULL: nothing to say */
};

extern const struct import_option import_opendkim[];
extern const struct import_option import_opendmarc[];

const struct import_option	*import_option_find(
				    const struct import_option *, struct str);

struct import_given {		/* an option as it stands in a file */
	const struct import_option *option;	/* NULL: nobody knows it */
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
	size_t			 opendmarc;	/* the first one of theirs */
	bool			 has_opendmarc;
	struct buf		 out;
	unsigned		 notes;		/* options that changed */
};

/* import_read.c: all options of a file, and of those that it includes. Not
   OK: the diag says why, with file and line. */
enum status	 import_read(struct import *, const struct import_option *,
		    const char *path, struct diag *) ATTR_MUST_CHECK;
/* import.c: what was read, in our words, into out. */
enum status	 import_translate(struct import *) ATTR_MUST_CHECK;
/* import_value.c: the value in our words, in the arena; absent: it cannot be
   had, and why_r, static, says why. NOMEM only. */
enum status	 import_value(struct import *, const struct import_given *,
		    struct str *value_r, const char **why_r) ATTR_MUST_CHECK;
/* yes, true, 1, and what begins alike. */
bool		 import_is_yes(struct str);
/* import_hosts.c: what our option `to` takes of a value that it does not take
   as a whole, as a list; absent: nothing. Notes name the rest. NOMEM only. */
enum status	 import_hosts(struct import *, const struct import_given *,
		    const char *to, struct str value, struct str *kept_r)
    ATTR_MUST_CHECK;
/* import_tables.c: what is wrong with the tables, as comments. */
enum status	 import_tables(struct import *) ATTR_MUST_CHECK;
/* "# text", and a note is counted. */
void		 import_note(struct import *, const char *fmt, ...)
    ATTR_PRINTF(2, 3);
/* The last one of that name, or NULL. */
const struct import_given	*import_get(const struct import *,
				    const char *name);

#endif
