/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * edit: what an MTA makes of a message after a milter's changes, in the order
 * in which they were asked for, as Postfix does it: an index counts in the
 * header as it is by then; beyond its end, a field is put at the end.
 */
#ifndef TOOLS_EDIT_H
#define TOOLS_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"
#include "mail/message.h"
#include "tools/player.h"

#define EDIT_BODY_MAX_BYTES	(256 * 1024 * 1024)	/* of a new body */

struct edit_note {		/* one change as it came out */
	char		 type;	/* SMFIR_ADDHEADER and the like */
	bool		 deleted;	/* with SMFIR_CHGHEADER */
	size_t		 index;	/* added: where, from 0; else which of that
				   name, from 1 */
	struct str	 name;
	struct str	 value;	/* without the space behind the colon */
};

struct edit {
	struct arena		*arena;
	struct field_list	 fields;
	struct str		 body;		/* until new_body is used */
	struct buf		 new_body;
	struct edit_note	*v;
	size_t			 n;
	size_t			 cap;
	struct str		 quarantine;	/* the reason, or absent */
	bool			 leadspc;	/* values have their own
						   space */
	enum status		 status;	/* sticky */
};

/* Borrows the message; the arena outlives the edit. */
enum status	 edit_init(struct edit *, struct arena *,
		    const struct message *, bool leadspc) ATTR_MUST_CHECK;
void		 edit_fini(struct edit *);
/* A player_change_fn with the edit as its ctx; failure sticks in status. */
void		 edit_change(void *edit, const struct player_change *);
/* The whole message, CRLF line ends. */
void		 edit_write(const struct edit *, struct buf *);

#endif
