/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zone_lex: splits zone text into words. An entry is a line, or several inside
 * parentheses. The first error is kept: its reason is in diag, and every
 * further token is LEX_END.
 */
#ifndef DNS_ZONE_LEX_H
#define DNS_ZONE_LEX_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"

enum lex_token {
	LEX_WORD,		/* lex.word, escapes undone */
	LEX_END			/* of the entry or the text, or an error */
};

struct lex {
	const char	*p, *end;
	const char	*start;		/* of the entry */
	const char	*file;
	struct diag	*diag;
	struct buf	 buf;		/* the word's octets */
	struct str	 word;		/* until the next token */
	unsigned	 line;
	bool		 quoted;	/* the word was in quotes */
	bool		 dot_escaped;	/* "\." or "\046": not a separator */
	bool		 nested;	/* inside parentheses */
	bool		 blank;		/* the entry begins with white space */
	enum status	 status;
};

void		lex_init(struct lex *, struct str text, const char *file,
		    struct diag *);
void		lex_fini(struct lex *);
/* Advances to the next entry that has a word; false at the end. */
bool		lex_entry(struct lex *);
enum lex_token	lex_next(struct lex *);
/* Sets the status and the reason, with file and line. */
void		lex_fail(struct lex *, enum status, const char *fmt, ...)
    ATTR_PRINTF(3, 4);

#endif
