/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lines: a message as the MTA will send it. After the milters, an SMTP client
 * breaks lines that are too long, which a signature must foretell.
 *
 * Postfix (smtp_line_length_limit, 998) writes CRLF SP before the octet that
 * is one too many, and counts that space in the next line. It keeps a body
 * line in records of LINES_POSTFIX_RECORD octets (line_length_limit): a line
 * that is full where a record ends is followed by a line of one space.
 *
 * Sendmail (the mailer's L= equate, 990) writes "!" CRLF SP when more than one
 * octet would not fit. It reads a body line in pieces of LINES_SENDMAIL_PIECE
 * octets, and begins to count again with each.
 *
 * Only CRLF ends a line. What is put out is the same however the body is
 * split, and is the input unless a line is too long. A body is not stored.
 * A limit of 0: nothing is broken. Lines are counted without their CRLF.
 */
#ifndef MAIL_LINES_H
#define MAIL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "mail/canon.h"

#define LINES_MIN_LIMIT		100	/* our own fields have 78 columns */
#define LINES_MAX_LIMIT		1000000	/* of Sendmail: one piece */
#define LINES_POSTFIX_RECORD	2048
#define LINES_SENDMAIL_PIECE	2047
/* Fields with a longer value are not refolded: a milter packet has 64 KiB. */
#define LINES_REFOLD_MAX_BYTES	60000

enum lines_style { LINES_POSTFIX, LINES_SENDMAIL };

struct lines_rule {
	enum lines_style	 style;
	unsigned		 limit;		/* octets; 0: none */
};

struct lines {
	struct lines_rule	 rule;
	canon_sink		*sink;
	void			*ctx;
	uint64_t		 long_lines;	/* broken so far */
	size_t			 column;	/* octets of the output line */
	size_t			 piece_max;	/* SIZE_MAX: a header field */
	size_t			 piece;		/* octets of this piece */
	char			 held;		/* Sendmail: an octet that fits
						   if it is the last */
	bool			 holds;
	bool			 cr;		/* a CR; its LF may follow */
	bool			 broken;	/* this line is */
};

/* A body; the sink may be set later, before the first lines_update. */
void	lines_init(struct lines *, struct lines_rule);
/*
 * True: no line is broken up to the end of this part, whatever follows. Else
 * nothing has changed, and this part is for lines_update.
 */
bool	lines_skip(struct lines *, const char *, size_t n);
/* Writes to the sink. A CR that ended the part skipped last is written here. */
void	lines_update(struct lines *, const char *, size_t n);
void	lines_finish(struct lines *);

struct lines_field {		/* a header field, with its final CRLF */
	struct str	 refolded;	/* folded at white space */
	struct str	 sent;		/* as the MTA will send that */
	size_t		 long_lines;	/* of the original; 0: both are it */
};

/* Whether a milter can change the field: no NUL, no CR or LF outside a fold,
   not too long. */
bool		lines_field_is_changeable(struct str raw);
/* Whether a line of the field is too long. */
bool		lines_field_is_long(struct lines_rule, struct str raw);
/*
 * Only CRLF is inserted, before white space, so that unfolding gives the same
 * field (RFC 5322 2.2.3), and no line of white space alone is made. A field
 * that a milter cannot change is not refolded.
 */
enum status	lines_field(struct arena *, struct lines_rule, struct str raw,
		    struct lines_field *r) ATTR_MUST_CHECK;
/* The field as the MTA sends it if it is not refolded; itself if no line is
   too long. */
enum status	lines_field_sent(struct arena *, struct lines_rule,
		    struct str raw, struct str *sent_r) ATTR_MUST_CHECK;

#endif
