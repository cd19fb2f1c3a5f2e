/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logins: SenderLogins, a table of addresses with the logins that may write as
 * them, in the form of Postfix's smtpd_sender_login_maps:
 *
 *	user@domain	login, login ...
 *	@domain		login ...	of any other user of the domain
 *	*		login ...	of any other address
 *
 * An address is looked up as it is, then without "+" and what follows it, then
 * by its domain, and last as "*". The first line that is found counts; an
 * address without a line belongs to no login. A login is compared with case
 * ignored, and may be
 *
 *	%u	the login that is the address itself
 *	%n	the login that is its local part
 *	*	any login
 *
 * A local part that is no dot-atom (RFC 5322 3.2.3, RFC 6532 3.2), or has "=?"
 * in it, belongs to no login, whatever the table says: some readers show what
 * is in it as the author, "joe+ <ceo@b.example>"@b.example.
 *
 * A line that begins with white space continues the one before. A complete
 * table is immutable and shared by threads.
 */
#ifndef CONF_LOGINS_H
#define CONF_LOGINS_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"

#define LOGINS_FILE_MAX_BYTES	(64 * 1024 * 1024)
#define LOGINS_LINE_MAX_BYTES	(64 * 1024)	/* with its continuations */
#define LOGINS_MEMORY_MAX_BYTES	(512 * 1024 * 1024)
#define LOGINS_ADDRESS_MAX_BYTES 1280	/* a longer one belongs to nobody */
#define LOGINS_WARNINGS_MAX	20	/* logged for a file */

struct logins;

/*
 * text: of the file; it need not outlive the table. Lines that match no address
 * are logged as warnings and have no effect. Fails with SYNTAX, LIMIT (both
 * with file and line) or NOMEM.
 */
enum status	 logins_new(struct str text, const char *path,
		    const struct env *, struct logins **r, struct diag *)
    ATTR_MUST_CHECK;
void		 logins_free(struct logins *);	/* accepts NULL */
/* The number of addresses. */
size_t		 logins_count(const struct logins *);
/* A dot-atom without "=?". local: unquoted. */
bool		 logins_is_plain(struct str local);
/* Whether the login may write as local@domain. local: unquoted; domain:
   normalised. An absent or empty login may not. */
bool		 logins_allow(const struct logins *, struct str login,
		    struct str local, struct str domain);

#endif
