/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table: what an option is, inside conf. Each option is one row of
 * options.c; a row names the setter for its type of value. Setters live in
 * values.c (one value) and lists.c (several); none knows any option.
 */
#ifndef CONF_TABLE_H
#define CONF_TABLE_H

#include "conf/conf.h"

struct conf_reader;
struct conf_option;

/* Takes one value, never empty; not OK: the diag says why. */
typedef enum status conf_setter(struct conf_reader *,
	    const struct conf_option *, struct str value);

struct conf_word {		/* ends with word NULL */
	const char	*word;
	int		 value;
};

struct conf_option {
	const char		*name;
	const char		*form;		/* for help and messages */
	const char		*fallback;	/* its value when absent; "" */
	conf_setter		*set;
	size_t			 offset;	/* in struct conf */
	const struct conf_word	*words;		/* conf_set_word */
	uint64_t		 min, max;	/* numbers and times */
	bool			 repeats;	/* may stand more than once */
};

struct conf_given {		/* a Selector or a KeyFile as written */
	struct str	 value;
	unsigned	 line;
};

struct conf_givens {
	struct conf_given	*v;
	size_t			 n;
	size_t			 cap;
};

#define CONF_OPTIONS_MAX	96

struct conf_reader {		/* while a configuration is being read */
	struct conf		*conf;
	const struct env	*env;
	struct diag		*diag;
	const char		*file;		/* where we are, for the diag */
	unsigned		 line;
	unsigned		 lines[CONF_OPTIONS_MAX]; /* where each option
						   was given; 0: nowhere */
	bool			 of_host;	/* from a file: what is there on
						   the host counts, too */
	struct conf_givens	 selectors;
	struct conf_givens	 key_files;
};

extern const struct conf_option	conf_options[];

/* The row of that name, case ignored, or NULL. */
const struct conf_option	*conf_option_find(struct str name);
/* Seconds, or a number and one of s m h d w. */
bool		 conf_time_parse(struct str value, uint64_t *seconds_r);
/* The word, case ignored, or NULL. */
const struct conf_word	*conf_word_find(const struct conf_word *, struct str);
/* Of the options that it is held against one by one the one most like a name that
   there is not; all zero at first. */
struct conf_nearest {
	const char	*name;		/* NULL: none is near */
	size_t		 edits;
};
void		 conf_nearest(struct conf_nearest *, struct str name,
		    const char *option);
/* "there is no option"; SYNTAX. */
enum status	 conf_refuse_option(struct str name,
		    const struct conf_nearest *, const char *file,
		    unsigned line, struct diag *);
/* The line on which the option was given, 0 if it was not. */
unsigned	 conf_reader_line(const struct conf_reader *, const char *name);

/* Each returns a status to hand on. */
enum status	 conf_reject(struct conf_reader *, const struct conf_option *,
		    struct str value, const char *why);
enum status	 conf_reject_form(struct conf_reader *,
		    const struct conf_option *, struct str value);
enum status	 conf_no_memory(struct conf_reader *);
/* No NUL, no line beyond CONF_LINE_MAX_BYTES. */
enum status	 conf_line_check(struct conf_reader *, struct str line)
		    ATTR_MUST_CHECK;

conf_setter	 conf_set_text;
conf_setter	 conf_set_bool;
conf_setter	 conf_set_word;
conf_setter	 conf_set_number;	/* unsigned */
conf_setter	 conf_set_octal;	/* mode_t */
conf_setter	 conf_set_seconds;	/* int64_t */
conf_setter	 conf_set_microseconds;	/* uint64_t, written as a time */
conf_setter	 conf_set_socket;
conf_setter	 conf_set_mode;
conf_setter	 conf_set_canonicalization;
conf_setter	 conf_set_authserv_id;
conf_setter	 conf_set_sample;		/* unsigned, of a hundred */
conf_setter	 conf_set_table;
conf_setter	 conf_set_key_cache;
conf_setter	 conf_set_key_source;
conf_setter	 conf_set_selector;
conf_setter	 conf_set_arc_seal_key;
conf_setter	 conf_set_key_file;
conf_setter	 conf_set_hosts;
conf_setter	 conf_set_strings;
conf_setter	 conf_set_domains;
conf_setter	 conf_set_rules;
conf_setter	 conf_set_names;	/* struct names *, without values */
conf_setter	 conf_set_headers;
conf_setter	 conf_set_headers_or_none;
conf_setter	 conf_set_nameservers;

/*
 * A file, whole, into the arena. what: how messages call it. st_r may be
 * NULL; with it, the file must be a regular one.
 */
struct stat;
enum status	 conf_file_read(const char *path, size_t max_bytes,
		    struct arena *, struct stat *st_r, struct str *text_r,
		    struct diag *) ATTR_MUST_CHECK;

/* The lines of a file one by one, comments gone, white space trimmed; empty
   lines are skipped. False at the end. */
struct conf_lines {
	struct str	rest;		/* absent: at the end */
	unsigned	line;		/* of the last one given */
};
bool		 conf_lines_next(struct conf_lines *, struct str *line_r);
/* The items of a line of a list one by one, cut off it. False: no more. */
bool		 conf_items_next(struct str *line, struct str *item_r);

/* The uid of "user[:group]"; SYNTAX when there is no such user or group. */
enum status	 conf_user_id(const char *user_id, uid_t *uid_r, struct diag *)
		    ATTR_MUST_CHECK;
/* What no single option can tell; loads the keys. */
enum status	 conf_check(struct conf_reader *) ATTR_MUST_CHECK;

#endif
