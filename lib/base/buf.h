/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * buf: a growing buffer on the heap, with a ceiling. After the first failure
 * further additions do nothing, so that a writer checks once, at the end.
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
	char		*p;		/* if not NULL, followed by a NUL */
	size_t		 n;
	size_t		 cap;
	size_t		 max_bytes;
	enum status	 status;	/* sticky: OK, NOMEM or LIMIT */
};

void	buf_init(struct buf *, size_t max_bytes);
void	buf_fini(struct buf *);
/* The same for a secret: zeroes the content first. */
void	buf_fini_secret(struct buf *);
/* Empties the buffer and clears the status; keeps the memory. */
void	buf_reset(struct buf *);
/* Makes space for n more bytes and a NUL; false: the status is set. */
bool	buf_reserve(struct buf *, size_t n);
void	buf_add(struct buf *, const void *, size_t n);
void	buf_add_str(struct buf *, struct str);
void	buf_add_cstr(struct buf *, const char *);
void	buf_add_char(struct buf *, char);
void	buf_printf(struct buf *, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* The content; valid until the next change. */
struct str	buf_str(const struct buf *);

#endif
