/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: mailseal report read: what it gathers and how it is written. Texts
 * of reports are raw; each writer escapes for its target.
 */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <stdio.h>
#include <sys/queue.h>

#include "conf/conf.h"
#include "report/read_sources.h"
#include "report/read.h"
#include "tools/mailseal.h"

#define REPORT_NOTES_MAX	1000	/* warnings that are kept */
#define REPORT_KEPT_MAX		1000	/* failure and TLS reports in a table */
#define REPORT_HELD_MAX		1000	/* damaged reports that wait */
#define REPORT_HELD_ROWS_MAX	((size_t)500000)	/* their records */
#define REPORT_NAMES_MAX	200	/* addresses that --resolve looks up */
#define REPORT_EXIT_FIX		3	/* --quiet: a source of ours fails */
#define REPORT_EXIT_AWAY	75	/* the store: try again (sysexits.h) */

struct report_own;
struct report_stored;

struct report_notes {		/* lines of text, not escaped */
	char	**v;
	size_t	 n;
	size_t	 cap;
	size_t	 more;		/* that found no room */
};

struct report_name {		/* an address and its confirmed name */
	struct ip_addr	 ip;
	char		*name;	/* NULL: none */
};

STAILQ_HEAD(report_held_list, report_held_item);

struct report_held {
	struct report_held_list	 list;
	size_t			 n;
	size_t			 rows;
};

struct report_read {
	/* options */
	struct cli_dns	 dns_opts;
	const char	*conf_path;	/* NULL: the default, if it exists */
	const char	*domain;	/* --domain, normalised; NULL: all */
	const char	*html_path;	/* NULL: none */
	int64_t		 since_s;	/* REPORT_TIME_NONE: all */
	bool		 json;
	bool		 csv;
	bool		 fail_only;
	bool		 strict;
	bool		 quiet;
	bool		 resolve;
	bool		 store;		/* --store */
	/* what was read */
	struct env	 env;
	struct sources	*sources;
	struct report_own *own;
	struct report_stored *stored;	/* NULL: without --store */
	struct report_held held;	/* until all inputs are read */
	struct report	*kept;		/* failure and TLS reports, the newest
					   first */
	size_t		 kept_n;
	size_t		 aggregates;
	size_t		 failures;
	size_t		 tls;
	size_t		 duplicates;
	size_t		 left_out;	/* by --domain or --since */
	size_t		 inputs_bad;	/* without a report */
	size_t		 printed;	/* reports, with --json */
	struct report_notes notes;
	char		*error;		/* NULL: none; the exit status is 1, or
					   that of failed */
	int		 failed;	/* of the store; 0: not */
	bool		 only_path;	/* one path, and no folder */
	struct report_name names[REPORT_NAMES_MAX];
	size_t		 names_n;
};

/* report_own.c: what this host knows of itself */

/* NULL, with a message: the configuration cannot be read. */
struct report_own *report_own_new(const char *conf_path, const struct env *);
void		 report_own_free(struct report_own *);	/* accepts NULL */
void		 report_own_get(struct report_own *, struct sources_own *r);
const struct conf *report_own_conf(const struct report_own *);

/* report_stored.c: --store */

/* Opens the store of the configuration. NULL: said why. */
struct report_stored *report_stored_new(const struct conf *,
		    const struct env *);
void		 report_stored_free(struct report_stored *); /* accepts NULL */
/* Stores an aggregate report. *new_r: false: it is there. */
enum status	 report_stored_add(struct report_stored *,
		    const struct report_aggregate *, bool *new_r)
    ATTR_MUST_CHECK;
/* Deletes what is too old, and adds up what the options ask for of all that is
   stored. */
enum status	 report_stored_sum(struct report_stored *,
		    struct report_read *) ATTR_MUST_CHECK;
/* Why the last one failed. */
const char	*report_stored_why(const struct report_stored *);

/* report_names.c */

struct report_lookup;

/* own: what is known without DNS. NULL, with a message: no resolver. */
struct report_lookup *report_lookup_new(struct report_read *,
		    const struct sources_own *own);
void		 report_lookup_free(struct report_lookup *);
/* What is known with DNS as well. */
void		 report_lookup_own(struct report_lookup *,
		    struct sources_own *r);
/* Looks the names of the first REPORT_NAMES_MAX addresses up. */
void		 report_lookup_names(struct report_lookup *);
/* NULL: none. */
const char	*report_name(const struct report_read *, const struct source *);

/* report_filter.c */

/* Whether the options ask for the report. */
bool		 report_is_wanted(const struct report_read *,
		    const struct report *);

/* report_held.c: damaged reports. Of a report that comes whole as well as
   damaged, the whole one counts, whichever comes first. */

void		 report_held_init(struct report_held *);
void		 report_held_fini(struct report_held *);
/* Takes the report, unless there is no room or memory. */
bool		 report_held_add(struct report_held *, const char *name,
		    struct report *);
/* The oldest one; *name_r: to be freed. NULL: there is none. */
struct report	*report_held_take(struct report_held *, char **name_r);

/* Shared by the writers */

/* Whether the options let the source be shown. */
bool		 report_shows(const struct report_read *,
		    const struct source *);
/* The address, or what stands for it; not escaped. */
const char	*report_ip(const struct source *, char text_r[IP_TEXT_BYTES]);
/* "2026-11-29"; "?" for REPORT_TIME_NONE. */
#define REPORT_DATE_BYTES	32
const char	*report_date(int64_t time_s, char text_r[REPORT_DATE_BYTES]);
/* The beginning of a day by its date, in UTC. False: a message names the
   option. */
bool		 report_take_date(const char *option, const char *value,
		    int64_t *time_r);
/* "12,431" */
#define REPORT_NUMBER_BYTES	32
const char	*report_number(int64_t, char text_r[REPORT_NUMBER_BYTES]);
/* "99.8 %"; rounded down, so that 100 % means all of them. */
const char	*report_share(int64_t part, int64_t all,
		    char text_r[REPORT_NUMBER_BYTES]);
/* One line that is safe in a terminal, cut to max bytes of text; the result is
   in the buffer, which it empties first. */
const char	*report_clean(struct buf *, const char *text, size_t max);
/* The sentence that answers the operator's question. */
void		 report_summary(const struct report_read *,
		    const struct source_domain *, struct buf *);

/* Writers; false: standard output or the file failed */

void		 report_json_begin(void);
void		 report_json_report(struct report_read *, const char *input,
		    const struct report *, bool duplicate);
bool		 report_json_end(struct report_read *);
bool		 report_csv(struct report_read *);
bool		 report_text(struct report_read *);
bool		 report_html(struct report_read *);

int	 report_read_main(const struct cli_command *, int, char **);
int	 report_send_main(const struct cli_command *, int, char **);
int	 report_list_main(const struct cli_command *, int, char **);
int	 report_show_main(const struct cli_command *, int, char **);
int	 report_suppress_main(const struct cli_command *, int, char **);
int	 report_bounce_main(const struct cli_command *, int, char **);

#endif
