/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fields: lists of strings on pipes, for the co-processes of the tests. A list
 * is its length in a line, then each string with its length in a line before
 * it. A request is one list, its answer another; the first string of an answer
 * is "ok", or what went wrong.
 */
#ifndef TEST_LIB_FIELDS_H
#define TEST_LIB_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

#define FIELDS_MAX		4096
#define FIELDS_MAX_BYTES	(64 * 1024 * 1024)	/* of one string */

struct fields {
	struct str	*v;	/* n >= 1; a NUL behind each */
	size_t		 n;
};

/* The next request; false at the end of the input or when it is broken. */
bool	fields_read(struct arena *, struct fields *);
/* "ok" and n strings follow, each by fields_write. */
void	fields_answer(size_t n);
void	fields_write(struct str);
void	fields_answer_one(struct str);
void	fields_answer_error(const char *what);

#endif
