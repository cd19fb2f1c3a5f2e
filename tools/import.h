/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import: translates the configurations of OpenDKIM (and PhoenixDKIM),
 * OpenDMARC, OpenARC and policyd-spf to one of mailseald.
 *
 * The invariant: what these programs signed, refused, held or exempted,
 * mailseald signs, refuses, holds or exempts with the result; or a comment says
 * in one sentence that it does not, before everything else, in the order of
 * enum import_effect, and the exit status is 1. What cannot be translated and
 * decides what is signed stays as a line that mailseald does not start with.
 *
 * Each option of theirs is a row of a table; those that depend on others are
 * translated together, by the file that names them. Limits: the constants
 * below.
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
#define IMPORT_MAX_FILES	8		/* arguments */
#define IMPORT_MAX_NOTES	4000
#define IMPORT_MAX_SETTINGS	100
#define IMPORT_MAX_ITEMS	100000		/* of a data set */
#define IMPORT_LIST_BYTES	60000		/* of a list on one line */

enum import_program {
	IMPORT_OPENDKIM, IMPORT_OPENDMARC, IMPORT_OPENARC, IMPORT_POLICYD,
	IMPORT_PROGRAMS
};

enum import_effect {		/* of what a comment says, the worst first */
	IMPORT_UNSIGNED,	/* mail leaves unsigned that was signed */
	IMPORT_REFUSED,		/* is refused, held or deferred that was not */
	IMPORT_ACCEPTED,	/* is accepted that was not */
	IMPORT_EXEMPT,		/* an exemption is lost */
	/* The exit status is 1 if there are any of the above. */
	IMPORT_TODO,		/* for the operator */
	IMPORT_DIFFERS,		/* mail looks different, or in rare cases */
	IMPORT_MOOT,		/* the option means nothing here */
	IMPORT_EFFECTS
};

enum import_kind {		/* how a value is translated */
	IMPORT_TEXT,		/* unchanged */
	IMPORT_BOOL,		/* to yes or no */
	IMPORT_SYSLOG,		/* yes or no, for LogTarget */
	IMPORT_SOCKET,
	IMPORT_LIST,		/* a data set */
	IMPORT_HOSTS,		/* the same, of hosts */
	IMPORT_TOGETHER,	/* with others, by code */
	IMPORT_INCLUDE,
	IMPORT_NONE,		/* to a comment with why */
	IMPORT_IF_YES		/* the same; moot unless it is yes */
};

struct import_option {
	const char		*name;	/* theirs; "*" at its end: a prefix */
	enum import_kind	 kind;
	const char		*to;	/* ours; NULL: the same name */
	const char		*why;	/* a comment for people, or NULL */
	enum import_effect	 effect;	/* of losing it */
};

/* Sorted by name. */
extern const struct import_option import_common[];	/* of the milters */
extern const struct import_option import_opendkim[];
extern const struct import_option import_opendmarc[];
extern const struct import_option import_openarc[];
extern const struct import_option import_policyd[];

const struct import_option	*import_option_find(
				    const struct import_option *, struct str);

struct import_given {		/* an option as written in a file */
	const struct import_option *option;	/* NULL: unknown */
	enum import_program program;
	struct str	 name;
	struct str	 value;
	const char	*file;
	unsigned	 line;
};

struct import_note {
	enum import_effect effect;
	struct str	 whose;		/* options and where they are; absent */
	struct str	 text;
};

struct import_setting {		/* a line of ours */
	const char	*name;
	struct str	 value;
};

struct import_table {		/* KeyTable, SigningTable */
	const char	*name;
	struct str	 value;		/* for our line; absent: none */
	struct str	 text;		/* absent: it is a file as it is */
	bool		 patterns;	/* refile: */
	bool		 secret;	/* has private keys */
};

struct import {
	struct arena		 arena;
	const struct env	*env;
	enum status		 status;	/* the first error */
	const char		*files[IMPORT_MAX_FILES];
	enum import_program	 programs[IMPORT_MAX_FILES];
	size_t			 files_n;
	struct import_given	*v;
	size_t			 n;
	bool			 has[IMPORT_PROGRAMS];
	struct import_note	*notes;
	size_t			 notes_n;
	struct import_setting	*settings;
	size_t			 settings_n;
	struct import_table	 keys;
	struct import_table	 rules;
	struct str		*key_paths;	/* of the KeyTable */
	size_t			 key_paths_n;
	const char		*dir;		/* of --write; NULL */
	bool			 quiet;		/* show no progress */
	const char		*mta_name;	/* by postconf; NULL: unknown */
	bool			 signs;		/* by the result */
	bool			 signed_before;	/* by what was imported */
	bool			 verifies;
	bool			 old_sign;	/* OpenDKIM signed, Mode s */
	bool			 old_dkim;	/* OpenDKIM verified, Mode v */
	bool			 rejects;	/* for DMARC */
	struct buf		 out;
};

/* import_read.c: reads files and those that they include. program: which
   program's, IMPORT_PROGRAMS to find out. On error the diag has file, line and
   reason. */
enum status	 import_read(struct import *, enum import_program,
		    const char *path, struct diag *) ATTR_MUST_CHECK;
const char	*import_program_name(enum import_program);
/* The last one of that name in the files of a program, or NULL. */
const struct import_given	*import_get(const struct import *,
				    enum import_program, const char *name);
const struct import_given	*import_dkim(const struct import *,
				    const char *name);	/* of OpenDKIM */
/* Whether that is set to yes. */
bool		 import_is_set(const struct import *, enum import_program,
		    const char *name);
/* yes, true, 1, and whatever begins with the same letter. */
bool		 import_is_yes(struct str);

/* import_translate.c: translates what was read, into notes and settings, and
   writes both into out. The status is that of im->status. */
enum status	 import_translate(struct import *) ATTR_MUST_CHECK;
/* Whether our daemon accepts the line; if not, why says why. */
bool		 import_accepts(struct import *, const char *name,
		    struct str value, struct diag *why);

/* import_note.c: what people must know. Texts are escaped; each is said
   once. */
void		 import_say(struct import *, enum import_effect,
		    const char *fmt, ...) ATTR_PRINTF(3, 4);
/* The same, about an option of theirs; those of one text share a line. */
void		 import_say_of(struct import *, enum import_effect,
		    const struct import_given *, const char *why);
bool		 import_is_lossy(const struct import *);
void		 import_write_notes(struct import *);
/* The escaped text, in the arena; "" without memory. */
const char	*import_shown(struct import *, struct str);
/* Keeps the first error. */
void		 import_fail(struct import *, enum status);

/* import_settings.c: our lines. A later value replaces an earlier one. No
   control character gets into them: a value that has one becomes a line that
   our daemon refuses, and a comment says so. */
bool		 import_is_text(struct str);	/* no control characters */
void		 import_set(struct import *, const char *name,
		    struct str value);
void		 import_set_text(struct import *, const char *name,
		    const char *value);
/* Absent: not set. */
struct str	 import_setting(const struct import *, const char *name);
/* A line that our daemon refuses, so that it does not start. */
void		 import_refuse(struct import *, const char *name,
		    struct str value);
void		 import_write_settings(struct import *);

/* import_list.c: data sets as these programs read them. */
enum import_dataset {
	IMPORT_CSL,		/* a list in place */
	IMPORT_FILE, IMPORT_PATTERNS,	/* file:, refile: */
	IMPORT_DSN,		/* an SQL database */
	IMPORT_OTHER		/* cannot be read here */
};
struct import_item {
	struct str	 key;
	struct str	 value;		/* behind it; absent: none */
	unsigned	 line;
};
struct import_list {
	enum import_dataset type;
	struct str	 type_name;	/* as written, "ldap"; absent: none */
	const char	*path;		/* of a file; absolute */
	struct import_item *v;
	size_t		 n;
};
/* The type and the path. */
void		 import_list_look(struct import *, const struct import_given *,
		    struct import_list *);
/* The items, too. False: it cannot be read or has control characters, and
   why_r says so. */
bool		 import_list_read(struct import *, const struct import_given *,
		    struct import_list *, const char **why_r);
/* The path as its program finds it: BaseDirectory. NULL: no memory. */
const char	*import_path(struct import *, const struct import_given *,
		    struct str path);

/* import_hosts.c: a list of hosts for our option `to`: whoever matched matches.
   lost: the effect of losing it. Absent: nothing is left. */
struct str	 import_hosts(struct import *, const struct import_given *,
		    const char *to, enum import_effect lost);

/* import_headers.c: SignHeaders and OmitHeaders. */
void		 import_headers(struct import *);

/* import_signing.c: who signs what: Mode, Domain, Selector, KeyFile and the
   tables. */
void		 import_signing(struct import *);
/* Says so if mailseald does not start with a KeyFile of the program. */
void		 import_check_key(struct import *, enum import_program,
		    const char *path);
/* import_tables.c: KeyTable and SigningTable, and what is wrong in them. */
void		 import_tables(struct import *);
/* Takes tables as text, a line per entry. */
void		 import_tables_set(struct import *, struct str keys,
		    struct str rules);
/* import_sql.c: the rows of a dsn: data set as text, "key value:value".
   False: why_r says why not, and what to do. */
bool		 import_sql(struct import *, const struct import_given *,
		    struct str *text_r, const char **why_r);
/* import_senders.c: whose mail is ours: InternalHosts, MTA, MacroList. */
void		 import_senders(struct import *);
/* import_verifying.c: AuthservID and the On- options. */
void		 import_verifying(struct import *);
/* import_judging.c: OpenDMARC. */
void		 import_judging(struct import *);
/* Whether it judges mail of logins, and mailseald knows its own domains. */
bool		 import_judges_logins(const struct import *);
/* import_judging_notes.c: what is different. */
void		 import_judging_notes(struct import *);
/* import_others.c: OpenARC and policyd-spf; commands for the operator. */
void		 import_others(struct import *);
void		 import_todo(struct import *);

/* import_postfix.c: a parameter of this host's Postfix; NULL: unknown. */
const char	*import_postconf(struct import *, const char *name);
/* The list of milters with ours in place of the imported ones. */
struct str	 import_milters(struct import *, const char *now);

/* import_write.c: both false if it failed, and printed that. import_make_dir is
   called before import_translate. */
bool		 import_make_dir(struct import *, const char *path);
bool		 import_write(struct import *);

/* import_verifying.c: what an On- option of OpenDKIM meant; not the default. */
enum import_action {
	ACT_DEFAULT, ACT_ACCEPT, ACT_REJECT, ACT_TEMPFAIL, ACT_HOLD, ACT_DROP
};
enum import_action	 import_old_action(const struct import *,
			    const char *name);
/* "refused" ...: the mail. */
const char		*import_action_name(enum import_action);

struct key_table;
struct signing_table;
/* import_tables.c: the tables as the old files have them. False: there are
   none, or they cannot be read. To be freed in any case. */
bool		 import_tables_load(struct import *, const struct env *,
		    struct key_table *, struct signing_table *);

/* import_compare.c: what mail meets before and after. run_old: ask the old
   programs. False: it failed, and printed that. */
bool		 import_compare(struct import *, bool run_old,
		    bool *differs_r);

#endif
