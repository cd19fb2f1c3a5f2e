/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define FIRST_BYTES	256

void
buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){ .max_bytes = max_bytes, .status = STATUS_OK };
}

void
buf_fini(struct buf *b)
{
	free(b->p);
	buf_init(b, b->max_bytes);
}

void
buf_fini_secret(struct buf *b)
{
	if (b->p != NULL) {
		explicit_bzero(b->p, b->cap);
	}
	buf_fini(b);
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->status = STATUS_OK;
	if (b->p != NULL) {
		b->p[0] = '\0';
	}
}

bool
buf_reserve(struct buf *b, size_t n)
{
	size_t need, cap;
	char *p;

	if (b->status != STATUS_OK) {
		return (false);
	}
	if (n > b->max_bytes - b->n || n >= SIZE_MAX / 2 - b->n) {
		b->status = STATUS_LIMIT;
		return (false);
	}
	need = b->n + n + 1;
	if (need <= b->cap) {
		return (true);
	}
	cap = b->cap == 0 ? FIRST_BYTES : b->cap * 2;
	cap = cap < need ? need : cap;
	p = realloc(b->p, cap);
	if (p == NULL) {
		b->status = STATUS_NOMEM;
		return (false);
	}
	b->p = p;
	b->cap = cap;
	return (true);
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (!buf_reserve(b, n)) {
		return;
	}
	if (n > 0) {
		memcpy(b->p + b->n, p, n);
		b->n += n;
	}
	b->p[b->n] = '\0';
}

void
buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void
buf_add_cstr(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	size_t room;
	va_list ap;
	int n;

	if (!buf_reserve(b, 0)) {
		return;
	}
	room = b->cap - b->n;
	va_start(ap, fmt);
	n = vsnprintf(b->p + b->n, room, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->status = STATUS_LIMIT;
	} else if (buf_reserve(b, (size_t)n)) {
		if ((size_t)n >= room) {
			va_start(ap, fmt);
			vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
			va_end(ap);
		}
		b->n += (size_t)n;
	}
	b->p[b->n] = '\0';
}

struct str
buf_str(const struct buf *b)
{
	return (b->p != NULL ? str_mem(b->p, b->n) : STR(""));
}
