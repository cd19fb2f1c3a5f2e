/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table: reads a file of "Option value" lines into a struct. Each option is
 * one row of a table, which names the field and the setter for its type.
 * mailseald.conf(5) and dkimkeygen.conf(5) are such tables. Setters live in
 * values.c (one value) and lists.c (several values). Messages name file, line
 * and option.
 */
#ifndef CONF_TABLE_H
#define CONF_TABLE_H

#include "conf/conf.h"

struct conf_reader;
struct conf_option;

/* Takes one value, never empty. If not OK, the diag says why. */
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
	size_t			 offset;	/* of its field */
	const struct conf_word	*words;		/* conf_set_word */
	uint64_t		 min, max;	/* numbers and times */
	bool			 repeats;	/* may occur more than once */
};

/*
 * The setter of a row with its field in CONF_TARGET, a struct that the file
 * with the table defines. A field of another type does not compile.
 */
#define CONF_FIELD(setter, type, field)					\
	.set = (setter), .offset = _Generic(&((CONF_TARGET *)NULL)->field, \
	    type *: offsetof(CONF_TARGET, field))
#define CONF_TEXT(field)	CONF_FIELD(conf_set_text, char *, field)
#define CONF_BOOL(field)						\
	.form = "yes|no", CONF_FIELD(conf_set_bool, bool, field)
#define CONF_NUMBER(field, least, most)					\
	.form = "number", .min = (least), .max = (most),		\
	CONF_FIELD(conf_set_number, unsigned, field)
#define CONF_SECONDS(field, least, most)				\
	.form = "time", .min = (least), .max = (most),			\
	CONF_FIELD(conf_set_seconds, int64_t, field)
/* An enum, or an int: conf_set_word stores an int. */
#define CONF_WORD(field, list)						\
	.words = (list), .set = conf_set_word,				\
	.offset = offsetof(CONF_TARGET, field) + 0 * sizeof(struct {	\
	    _Static_assert(sizeof(((CONF_TARGET *)NULL)->field) ==	\
	    sizeof(int), "words are stored as int"); int unused; })

struct conf_options {		/* a table */
	const struct conf_option *v;
	size_t			 n;		/* CONF_OPTIONS_MAX at most */
};

#define CONF_OPTIONS_MAX	96

#define CONF_KEY_STORE_FORM	"directory|sqlite:path|postgres:conninfo|none"
/* The key store if none is configured: a directory. */
#define CONF_KEY_STORE_DEFAULT	LOCALSTATEDIR "/lib/mailseal/keys"

/* The options of mailseald.conf(5). */
extern const struct conf_options conf_daemon_options;

struct conf_reader {		/* while a file is being read */
	const struct conf_options *options;
	void		*target;	/* the struct that has the fields */
	struct arena	*memory;	/* for what the fields point to */
	struct diag	*diag;
	const char	*file;		/* the current position, for the diag */
	unsigned	 line;
	bool		 skips_unknown;	/* options that the table lacks */
	unsigned	 lines[CONF_OPTIONS_MAX]; /* 0: option is absent */
};

/* Sets the fields from the text, then those of absent options from their
   fallbacks. */
enum status	 conf_read(struct conf_reader *, struct str text)
		    ATTR_MUST_CHECK;
/* The row of that name, case ignored, or NULL. */
const struct conf_option	*conf_option_find(const struct conf_options *,
		    struct str name);
/* The line of an option that the table has, 0 if it is absent. */
unsigned	 conf_reader_line(const struct conf_reader *, const char *name);
/* The word, case ignored, or NULL. */
const struct conf_word	*conf_word_find(const struct conf_word *, struct str);
/* Names the option that is most like an unknown one. SYNTAX. */
enum status	 conf_reject_unknown(struct conf_reader *, struct str name);

/* Each sets the diag and returns a status to pass on. */
enum status	 conf_reject(struct conf_reader *, const struct conf_option *,
		    struct str value, const char *why);
enum status	 conf_reject_form(struct conf_reader *,
		    const struct conf_option *, struct str value);
enum status	 conf_no_memory(struct conf_reader *);
/* No NUL, no line of more than CONF_LINE_MAX_BYTES. */
enum status	 conf_line_check(struct conf_reader *, struct str line)
		    ATTR_MUST_CHECK;

/* Each is followed by the type of its field. */
conf_setter	 conf_set_text;			/* char * */
conf_setter	 conf_set_bool;			/* bool */
conf_setter	 conf_set_word;			/* an enum or int */
conf_setter	 conf_set_number;		/* unsigned */
conf_setter	 conf_set_octal;		/* mode_t */
conf_setter	 conf_set_seconds;		/* int64_t */
conf_setter	 conf_set_microseconds;		/* uint64_t, given as a time */
conf_setter	 conf_set_socket;		/* char * */
conf_setter	 conf_set_metrics;		/* char * */
conf_setter	 conf_set_mark_field;		/* char * */
conf_setter	 conf_set_canonicalization;	/* conf_signature_style */
conf_setter	 conf_set_authserv_id;		/* conf_authserv_id */
conf_setter	 conf_set_sample;		/* unsigned, percent */
conf_setter	 conf_set_minimum;		/* conf_minimum */
conf_setter	 conf_set_table;		/* conf_table */
conf_setter	 conf_set_logins;		/* char * */
conf_setter	 conf_set_key_cache;		/* unsigned */
conf_setter	 conf_set_line_limit;		/* lines_rule */
conf_setter	 conf_set_key_store;		/* conf_key_stores */
conf_setter	 conf_set_selector;		/* conf_givens */
conf_setter	 conf_set_key_file;		/* conf_givens */
conf_setter	 conf_set_arc_seal_key;		/* conf_arc_seal_key */
conf_setter	 conf_set_hosts;		/* hosts * */
conf_setter	 conf_set_strings;		/* conf_strings */
conf_setter	 conf_set_domains;		/* conf_strings */
conf_setter	 conf_set_rules;		/* names *, values of .words */
conf_setter	 conf_set_names;		/* names *, no values */
conf_setter	 conf_set_headers;		/* conf_strings */
conf_setter	 conf_set_headers_or_none;	/* conf_strings */
conf_setter	 conf_set_report_from;		/* conf_address */
conf_setter	 conf_set_report_store;		/* conf_report_store */
conf_setter	 conf_set_report_transport;	/* char * */
#define CONF_REPORT_TRANSPORT_FORM	"sendmail:path|smtp:host[:port]"
conf_setter	 conf_set_nameservers;		/* conf_strings */

/*
 * Reads a whole file into the arena. st_r may be NULL; if it is not, the file
 * must be a regular one.
 */
struct stat;
enum status	 conf_file_read(const char *path, size_t max_bytes,
		    struct arena *, struct stat *st_r, struct str *text_r,
		    struct diag *) ATTR_MUST_CHECK;

/* The same of an open one, from its beginning; it stays open. */
enum status	 conf_file_read_fd(int fd, const char *path, size_t max_bytes,
		    struct arena *, struct stat *st_r, struct str *text_r,
		    struct diag *) ATTR_MUST_CHECK;
/* conf_key_load of an open file. */
enum status	 conf_key_load_fd(int fd, const char *path,
		    const char *user_id, struct privkey **r, struct diag *)
    ATTR_MUST_CHECK;

/* The lines of a file one by one, without comments and the white space around
   them; empty lines and a byte order mark are skipped. False at the end. */
struct conf_lines {
	struct str	rest;		/* absent: at the end */
	unsigned	line;		/* number of the last line returned */
};
bool		 conf_lines_next(struct conf_lines *, struct str *line_r);
/* Splits "Option value". */
void		 conf_line_split(struct str line, struct str *name_r,
		    struct str *value_r);

/* The uid of "user[:group]". SYNTAX: there is no such user or group. */
enum status	 conf_user_id(const char *user_id, uid_t *uid_r, struct diag *)
		    ATTR_MUST_CHECK;
struct conf_check_opts {
	bool	 of_host;	/* look for the default key store */
	bool	 without_keys;	/* leave keys[i].key NULL */
	bool	 keys_only;	/* another process has logged, and uses, the
				   rest: no warnings but of keys, no logins */
	const struct conf_keys_opts *keys;	/* or NULL */
};
/* Checks what depends on several options or on the host, and loads the keys. */
enum status	 conf_check(struct conf_reader *, const struct env *,
		    const struct conf_check_opts *) ATTR_MUST_CHECK;

#endif
