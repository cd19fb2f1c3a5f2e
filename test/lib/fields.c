/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "test/lib/fields.h"

static bool
read_number(size_t *n_r)
{
	char line[32];
	char *end;

	if (fgets(line, sizeof(line), stdin) == NULL) {
		return (false);
	}
	*n_r = strtoul(line, &end, 10);
	return (end != line && *end == '\n');
}

bool
fields_read(struct arena *arena, struct fields *f)
{
	size_t i, n;
	char *p;

	if (!read_number(&f->n) || f->n == 0 || f->n > FIELDS_MAX) {
		return (false);
	}
	f->v = arena_calloc(arena, f->n, sizeof(*f->v));
	for (i = 0; i < f->n && f->v != NULL; i++) {
		if (!read_number(&n) || n > FIELDS_MAX_BYTES) {
			return (false);
		}
		p = arena_alloc(arena, n + 1);
		if (p == NULL || fread(p, 1, n, stdin) != n) {
			return (false);
		}
		f->v[i] = str_mem(p, n);
	}
	return (f->v != NULL);
}

void
fields_answer(size_t n)
{
	printf("%zu\n", n + 1);
	fields_write(STR("ok"));
}

void
fields_write(struct str s)
{
	printf("%zu\n", s.n);
	if (s.n > 0) {
		fwrite(s.p, 1, s.n, stdout);
	}
}

void
fields_answer_one(struct str s)
{
	fields_answer(1);
	fields_write(s);
}

void
fields_answer_error(const char *what)
{
	printf("1\n");
	fields_write(str_from(what));
}
