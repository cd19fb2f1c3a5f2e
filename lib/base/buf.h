/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * buf: bytes that grow, on the heap, with a ceiling. The first failure sticks
 * (further additions do nothing), so that a writer checks once, at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/status.h"
#include "base/str.h"

struct buf {
	char		*p;		/* if not NULL: a NUL behind the last */
	size_t		 n;
	size_t		 cap;
	size_t		 max_bytes;
	enum status	 status;	/* sticky: OK, NOMEM or LIMIT */
};

void	buf_init(struct buf *, size_t max_bytes);
void	buf_fini(struct buf *);
/* The same for a secret: zeroes the content first. */
void	buf_fini_secret(struct buf *);
/* Empties it and forgets a failure; keeps the memory. */
void	buf_reset(struct buf *);
/* Makes room for n bytes more and a NUL; false sets the status. */
bool	buf_reserve(struct buf *, size_t n);
void	buf_add(struct buf *, const void *, size_t n);
void	buf_add_str(struct buf *, struct str);
void	buf_add_cstr(struct buf *, const char *);
void	buf_add_char(struct buf *, char);
void	buf_printf(struct buf *, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* The content, borrowed until the next change. */
struct str	buf_str(const struct buf *);

#endif
