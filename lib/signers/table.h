/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table: OpenDKIM's KeyTable and SigningTable, as described in
 * opendkim.conf(5) and read by opendkim(8).
 *
 *	KeyTable	name domain:selector:key[:algorithm]
 *
 * A domain of "%" is the author's domain. key is a path that starts with "/",
 * "./" or "../", in which "%" stands for the domain; or the private key
 * itself, in base64 or as PEM on one line. An algorithm must be that of the
 * key.
 *
 *	SigningTable	pattern name[:signer]
 *
 * A name of "%" is the author's domain. signer becomes i=, with "%" for the
 * author's domain; it is left out unless it is within d=. A table of names
 * (file:) is searched for user@host, host, then for user@.parent and .parent
 * of each parent domain, and last for user@* and "*". A table of patterns
 * (refile:) is a list of globs that match user@host: "*" matches any text,
 * every other octet matches itself; OpenDKIM turns such a pattern into a
 * regular expression. Case is ignored. The first match applies; with
 * MultipleSignatures all matches do.
 *
 * With refile:, OpenDKIM skips a line that begins with white space; so does
 * this module, with a warning. A '#' begins a comment anywhere in a line. "%"
 * is replaced once: the text it is replaced with is a domain and has no "%".
 *
 * Errors: SYNTAX and LIMIT with file and line, IO, NOMEM.
 */
#ifndef SIGNERS_TABLE_H
#define SIGNERS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "base/strmap.h"

#define TABLE_MAX_BYTES		(256 * 1024 * 1024)	/* of a file */
#define TABLE_LINE_MAX_BYTES	(64 * 1024)
#define TABLE_PATTERN_MAX_BYTES	1024	/* of a SigningTable */
#define TABLE_WARNINGS_MAX	20	/* logged for each file */
#define TABLE_MEMORY_MAX_BYTES	(512 * 1024 * 1024)

/* For messages: the path, or "csl" for a table that is written in its place,
   "csl:key=value,...". Static, or the argument. */
const char	*table_name(const char *path);
/* Reads a file as a whole, or such a list, an item as a line. It may hold
   private keys: free the text with buf_fini_secret(). */
enum status	 table_text_read(const char *path, struct buf *text_r,
		    struct diag *) ATTR_MUST_CHECK;

struct table_reader {
	const char		*name;	/* of the file, for messages */
	const struct env	*env;
	struct diag		*diag;
	struct str		 rest;
	unsigned		 line;	/* of the line read last */
	bool			 indented;	/* that line begins with white
						   space */
	unsigned		 warnings;
};
void		 table_reader_init(struct table_reader *,
		    const struct buf *text, const char *name,
		    const struct env *, struct diag *);
/*
 * Returns the next line that is not empty: its first word and the rest after
 * white space, which may be empty. At the end: OK, and key_r is absent.
 */
enum status	 table_reader_next(struct table_reader *, struct str *key_r,
		    struct str *value_r) ATTR_MUST_CHECK;
/* Each sets diag to a message about the line and returns the status of its
   name. The message is the text, quoted and shortened, and `what`. */
enum status	 table_reject(struct table_reader *, struct str text,
		    const char *what);
enum status	 table_no_memory(struct table_reader *);
/* Logs such a message as a warning. */
void		 table_warn(struct table_reader *, struct str text,
		    const char *what);
/* Logs how many warnings were suppressed. */
void		 table_reader_end(struct table_reader *);

struct table_key {		/* a line of a KeyTable; views into its text */
	struct str	 name;
	struct str	 domain;	/* d=, normalised; absent: the
					   author's */
	struct str	 selector;	/* s= */
	struct str	 key;		/* a path or the key itself */
	struct str	 algorithm;	/* absent: any */
	struct table_key *next;		/* by line */
	unsigned	 line;		/* 0: it is gone */
	bool		 is_path;
	/* Of kept.c */
	bool		 kept;		/* as before, not as in the file */
	bool		 gone;		/* kept; the file has no such line */
	bool		 known;		/* kept; that is logged already */
	bool		 used;		/* a rule has the name */
	const struct table_key *wanted;	/* kept: as in the file; NULL: gone */
	uint64_t	 wanted_revision;	/* of its file when it was
						   tried */
	struct str	 why;		/* it is kept */
};

struct key_table {
	struct buf		 text;
	struct arena		 arena;
	struct strmap		 names;	/* to struct table_key */
	struct table_key	*first, *last;
	const char		*path;
};
/* Takes the text, also on failure. path outlives the table. */
enum status	 key_table_init(struct key_table *, struct buf *text,
		    const char *path, const struct env *, struct diag *)
    ATTR_MUST_CHECK;
void		 key_table_fini(struct key_table *);
/* Replaces each "%" with the domain; in the arena, followed by NUL. p == NULL:
   out of memory. */
struct str	 table_expand(struct str, struct arena *, struct str domain)
    ATTR_MUST_CHECK;

struct table_rule {		/* a line of a SigningTable */
	struct str		 pattern;	/* lower case, A-labels */
	struct str		 identity;	/* i=, "%" inside; absent */
	const struct table_key	*key;	/* NULL: the key named after the
						   author's domain */
	struct table_rule	*next;	/* of its bucket, by line */
	struct table_rule	*last;	/* of the bucket; in its first rule */
	unsigned		 line;
	bool			 any_author;	/* matches any domain */
};

struct signing_table {
	struct buf		 text;
	struct arena		 arena;
	/*
	 * The first rule of each bucket. The key is the pattern itself or, for
	 * a glob with "*", the domain that it ends with, or ".parent".
	 */
	struct strmap		 buckets;
	struct table_rule	*loose;		/* globs that end with no
						   domain */
	size_t			 n;		/* rules in effect */
	const char		*path;
	bool			 globs;		/* refile: */
	bool			 multiple;	/* MultipleSignatures */
};
/* As key_table_init. keys outlives the table. */
enum status	 signing_table_init(struct signing_table *,
		    struct buf *text, const char *path, bool globs,
		    bool multiple, const struct key_table *keys,
		    const struct env *, struct diag *) ATTR_MUST_CHECK;
void		 signing_table_fini(struct signing_table *);
/*
 * Finds the rules that match an author (domain normalised), at most max, in
 * the order in which they apply. Fails with NOMEM only.
 */
enum status	 signing_table_find(const struct signing_table *,
		    struct arena *, struct str local, struct str domain,
		    const struct table_rule **v, size_t max, size_t *n_r)
    ATTR_MUST_CHECK;

/* Whether the pattern matches all of text; "*" matches any text, also none. */
bool		 glob_match(struct str pattern, struct str text);
/* The first octet that OpenDKIM takes for part of a regular expression, or
   '\0'. */
char		 glob_regex_octet(struct str pattern);

#endif
