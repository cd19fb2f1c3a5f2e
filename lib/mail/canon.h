/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * canon: the two canonicalisations of RFC 6376 3.4, as streams. Output is
 * passed to a sink in runs as long as the input allows. The result does not
 * depend on how the body is split. Only CRLF ends a line, and only SP and HTAB
 * are white space; a bare CR or LF is an ordinary octet. Allocates nothing.
 */
#ifndef MAIL_CANON_H
#define MAIL_CANON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mail/field.h"

enum canon { CANON_SIMPLE, CANON_RELAXED };

typedef void	canon_sink(void *ctx, const void *, size_t n);

const char	*canon_name(enum canon);	/* "simple" or "relaxed" */

/* Parses "header[/body]", case ignored; an absent body is simple (3.5). */
bool	canon_parse_pair(struct str, enum canon *header_r, enum canon *body_r);

/* One header field (3.4.1, 3.4.2); its final CRLF only if crlf. */
void	canon_header(enum canon, struct str raw_field, bool crlf,
	    canon_sink *, void *ctx);

struct canon_body {
	canon_sink	*sink;
	void		*ctx;
	uint64_t	 bytes;		/* octets passed to the sink */
	uint64_t	 held_crlfs;	/* empty lines that may be trailing */
	enum canon	 kind;
	bool		 held_cr;	/* a CR; its LF may follow */
	bool		 held_wsp;	/* relaxed: white space is held */
};

void	canon_body_init(struct canon_body *, enum canon, canon_sink *, void *);
void	canon_body_update(struct canon_body *, const char *, size_t n);
void	canon_body_finish(struct canon_body *);

#endif
