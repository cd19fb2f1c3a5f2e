/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config: Postfix's configuration as postconf(1) prints it: "name = value" of
 * main.cf, and of master.cf the services that see mail, by postconf -M, with
 * what they override, by postconf -P. Continuation lines, the braces of "-o {
 * name = value }" and comments are postconf's matter. Nothing is run here.
 *
 * Services past the caller's limit are not read: the caller says so.
 */
#ifndef POSTFIX_CONFIG_H
#define POSTFIX_CONFIG_H

#include <stdbool.h>

#include "base/str.h"
#include "postfix/guards.h"

enum postfix_command { POSTFIX_SMTPD, POSTFIX_CLEANUP, POSTFIX_POSTSCREEN };

struct postfix_service {	/* views into the texts */
	struct str		 name;		/* "submission",
						   "127.0.0.1:10025" */
	struct str		 type;		/* "inet", "pass", "unix" */
	enum postfix_command	 command;
	bool			 chroot;
	bool			 wrapped;	/* TLS from the start */
	/* Of -o NAME=VALUE; absent: main.cf's holds. Expanded, but for raw. */
	struct str		 milters;	/* smtpd_milters */
	struct str		 milters_raw;
	struct str		 filter;	/* content_filter */
	struct str		 receive;	/* receive_override_options */
	struct str		 guards[POSTFIX_GUARDS_N];
};

/* The value of a line "name = value"; absent: there is none. */
struct str	 postfix_value(struct str text, const char *name);
/* A word of a list that is separated by commas or white space. */
bool		 postfix_word(struct str *rest, struct str *word_r);
bool		 postfix_has_word(struct str list, const char *word);

/* Whether "-" in master.cf's column chroot is a chroot, by
   compatibility_level. */
bool		 postfix_chroots(struct str level);
/*
 * The services of postconf -M that are one of the commands above, at most max.
 * chroots: "-" is a chroot. Returns how many there are, which may be more.
 */
size_t		 postfix_read_services(struct str text, bool chroots,
		    struct postfix_service *v, size_t max);
/* Their overrides, as postconf -P prints them; expanded: with -x. */
void		 postfix_read_overrides(struct str text, bool expanded,
		    struct postfix_service *v, size_t n);

#endif
