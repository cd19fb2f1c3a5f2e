/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sendmail_cf: whether Sendmail passes mail to mailseald, by the lines of
 * sendmail.cf that m4 makes of INPUT_MAIL_FILTER: "Xname, S=socket, F=T, ..."
 * and "O InputMailFilters=name, ...". Nothing is changed: sendmail.cf is made
 * from sendmail.mc, which is a person's program.
 */
#ifndef TOOLS_SENDMAIL_CF_H
#define TOOLS_SENDMAIL_CF_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

#define SENDMAIL_CF_MAX_BYTES	(4 * 1024 * 1024)
#define SENDMAIL_CF_DIRECTORY	"/etc/mail"

struct sendmail_cf {
	bool	 found;		/* there is a sendmail.cf */
	bool	 filters;	/* it has a filter with the socket, in use */
	bool	 waits;		/* without the filter, clients try later */
};

/* directory: of sendmail.cf. socket: as mailseald.conf has it. */
void	 sendmail_cf_read(struct sendmail_cf *, const char *directory,
	    struct str socket);
/* The same of a text. */
void	 sendmail_cf_parse(struct sendmail_cf *, struct str text,
	    struct str socket);
/* What to write in sendmail.mc, in the arena; without a space, so that no
   output folds it where it cannot be pasted. */
struct str	 sendmail_cf_line(struct arena *, struct str socket);

#endif
