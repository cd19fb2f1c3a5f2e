/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table: OpenDKIM's KeyTable and SigningTable, as opendkim.conf(5) has them
 * and opendkim(8) reads them.
 *
 *	KeyTable	name domain:selector:key[:algorithm]
 *
 * domain "%" is the author's. key is a path ("/", "./" or "../" in front), in
 * which "%" is the domain; or the private key itself, in base64 or as PEM on
 * one line. The algorithm is that of the key; one that is given must be it.
 *
 *	SigningTable	pattern name[:signer]
 *
 * name "%" is the author's domain; signer is for i=, with "%" for the author's
 * domain, and left out unless it is within d=. A file of names (file:) is
 * asked for user@host, host, then for each parent user@.parent and .parent,
 * at last user@* and "*". One of patterns (refile:) is a list of globs for
 * user@host, in which "*" is any text and all else itself, where OpenDKIM
 * makes a regular expression. Case is ignored. The first that fits decides;
 * with MultipleSignatures all that fit sign.
 *
 * With refile:, OpenDKIM passes over a line that begins with white space; so do
 * we, and say so. '#' begins a comment wherever it stands. "%" is replaced once: what comes in
 * is a domain, in which there is none.
 *
 * Errors: SYNTAX and LIMIT with file and line, NOMEM.
 */
#ifndef SIGNERS_TABLE_H
#define SIGNERS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "base/strmap.h"

#define TABLE_MAX_BYTES		(256 * 1024 * 1024)	/* of a file */
#define TABLE_LINE_MAX_BYTES	(64 * 1024)
#define TABLE_PATTERN_MAX_BYTES	1024	/* of a SigningTable */
#define TABLE_WARNINGS_MAX	20	/* of a file are logged one by one */
#define TABLE_MEMORY_MAX_BYTES	(512 * 1024 * 1024)

struct table_text {		/* a file, whole; it may hold private keys */
	char		*p;
	size_t		 n;
};
enum status	 table_text_read(const char *path, struct table_text *r,
		    struct diag *) ATTR_MUST_CHECK;
/* A copy. */
enum status	 table_text_from(struct str, struct table_text *r)
    ATTR_MUST_CHECK;
void		 table_text_fini(struct table_text *);	/* zeroes it */

struct table_reader {		/* a file that is being read */
	const char		*name;	/* what messages call it */
	const struct env	*env;
	struct diag		*diag;
	struct str		 rest;
	unsigned		 line;	/* of the last one given */
	bool			 indented;	/* white space before it */
	unsigned		 warnings;
};
void		 table_reader_init(struct table_reader *,
		    const struct table_text *, const char *name,
		    const struct env *, struct diag *);
/*
 * The next line that holds something: its first word and what stands behind
 * the white space, maybe nothing. OK at the end, too: key_r is absent then.
 */
enum status	 table_reader_next(struct table_reader *, struct str *key_r,
		    struct str *value_r) ATTR_MUST_CHECK;
/* Each returns its status; what: about the line, the text is shown in it. */
enum status	 table_reject(struct table_reader *, struct str text,
		    const char *what);
enum status	 table_no_memory(struct table_reader *);
/* As table_reject, but to the log. */
void		 table_warn(struct table_reader *, struct str text,
		    const char *what);
/* Says how many warnings were not logged. */
void		 table_reader_end(struct table_reader *);

struct table_key {		/* a line of a KeyTable; views into its text */
	struct str	 name;
	struct str	 domain;	/* d=, normalised; absent: the author's */
	struct str	 selector;	/* s= */
	struct str	 key;		/* a path, or the key itself */
	struct str	 algorithm;	/* absent: none is asked for */
	struct table_key *next;		/* by line */
	unsigned	 line;
	bool		 is_path;
};

struct key_table {
	struct table_text	 text;
	struct arena		 arena;
	struct strmap		 names;	/* to struct table_key */
	struct table_key	*first, *last;
	const char		*path;
};
/* Takes the text over, also when it fails. path outlives it. */
enum status	 key_table_init(struct key_table *, struct table_text *,
		    const char *path, const struct env *, struct diag *)
    ATTR_MUST_CHECK;
void		 key_table_fini(struct key_table *);
/* With the domain for each "%", in the arena, a NUL behind it; p == NULL: no
   memory. */
struct str	 table_expand(struct str, struct arena *, struct str domain)
    ATTR_MUST_CHECK;

struct table_rule {		/* a line of a SigningTable */
	struct str		 pattern;	/* lower case, A-labels */
	struct str		 identity;	/* i=, "%" inside; absent */
	const struct table_key	*key;	/* NULL: that of the author's domain */
	struct table_rule	*next;	/* of its bucket, by line */
	struct table_rule	*last;	/* of the bucket, in its first one */
	unsigned		 line;
	bool			 any_author;	/* whatever the domain */
};

struct signing_table {
	struct table_text	 text;
	struct arena		 arena;
	/*
	 * Buckets, each by its first rule: a pattern itself; of a glob with
	 * "*" the domain that it ends with, or ".parent".
	 */
	struct strmap		 buckets;
	struct table_rule	*loose;		/* globs that end with neither */
	size_t			 n;		/* rules that count */
	const char		*path;
	bool			 globs;		/* refile: */
	bool			 multiple;	/* MultipleSignatures */
};
/* As above. keys outlives it. */
enum status	 signing_table_init(struct signing_table *,
		    struct table_text *, const char *path, bool globs,
		    bool multiple, const struct key_table *keys,
		    const struct env *, struct diag *) ATTR_MUST_CHECK;
void		 signing_table_fini(struct signing_table *);
/*
 * The rules for an author (domain normalised), at most max, in the order in
 * which they apply. NOMEM only.
 */
enum status	 signing_table_find(const struct signing_table *,
		    struct arena *, struct str local, struct str domain,
		    const struct table_rule **v, size_t max, size_t *n_r)
    ATTR_MUST_CHECK;

/* Whether the whole of text fits; "*" is any text, also none. */
bool		 glob_match(struct str pattern, struct str text);
/* Where a pattern meant something else to OpenDKIM; an octet, or '\0'. */
char		 glob_regex_octet(struct str pattern);

#endif
