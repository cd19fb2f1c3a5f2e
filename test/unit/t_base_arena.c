/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdint.h>

#include "base/arena.h"
#include "tap.h"

#define CEILING_BYTES	(1024 * 1024)

static bool
is_zero(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] != 0) {
			return (false);
		}
	}
	return (true);
}

static void
t_every_size(void)
{
	bool aligned = true, zeroed = true, apart = true;
	struct arena a;
	char *p, *last = NULL;
	size_t n, round;

	arena_init(&a, CEILING_BYTES);
	for (round = 0; round < 2; round++) {
		for (n = 0; n < 600; n++) {
			p = arena_alloc(&a, n);
			if (p == NULL) {
				zeroed = false;
				break;
			}
			aligned &= (uintptr_t)p % _Alignof(max_align_t) == 0;
			zeroed &= is_zero(p, n);
			apart &= p != last;
			memset(p, 0xff, n);
			last = p;
		}
		arena_reset(&a);
	}
	tap_ok(aligned, "aligned for any type, sizes 0 to 599");
	tap_ok(zeroed, "zeroed, also where something else was before");
	tap_ok(apart, "no two pieces are at one place");
	arena_fini(&a);
}

static void
t_ceiling(void)
{
	struct arena a;
	size_t used;
	void *p;

	arena_init(&a, 160);
	p = arena_alloc(&a, 64);
	tap_ok(p != NULL, "a part of what the ceiling allows");
	p = arena_alloc(&a, 81);
	tap_ok(p != NULL, "the rest, aligned");
	used = a.used_bytes;
	p = arena_alloc(&a, 1);
	tap_ok(p == NULL, "not one octet more");
	p = arena_alloc(&a, 0);
	tap_ok(p == NULL, "nor an empty piece");
	tap_num((long long)a.used_bytes, (long long)used,
	    "a refusal is not counted");
	arena_reset(&a);
	tap_num((long long)a.used_bytes, 0, "reset hands everything back");
	p = arena_alloc(&a, 161);
	tap_ok(p == NULL, "a single piece beyond the ceiling");
	p = arena_alloc(&a, 100);
	tap_ok(p != NULL, "a smaller one after that");
	arena_fini(&a);

	arena_init(&a, 0);
	p = arena_alloc(&a, 1);
	tap_ok(p == NULL, "ceiling 0 gives nothing");
	arena_fini(&a);
}

static void
t_overflow(void)
{
	struct arena a;
	void *p;

	arena_init(&a, SIZE_MAX);
	p = arena_alloc(&a, SIZE_MAX);
	tap_ok(p == NULL, "alloc of SIZE_MAX");
	p = arena_alloc(&a, SIZE_MAX - 8);
	tap_ok(p == NULL, "alloc that overflows when aligned");
	p = arena_alloc(&a, SIZE_MAX - 24);
	tap_ok(p == NULL, "alloc that overflows with its block");
	p = arena_calloc(&a, SIZE_MAX / 16 + 2, 16);
	tap_ok(p == NULL, "calloc whose product overflows to 16");
	p = arena_calloc(&a, 5, 0);
	tap_ok(p != NULL, "calloc of elements without size");
	p = arena_calloc(&a, 10, 7);
	tap_ok(p != NULL && is_zero(p, 70), "calloc is zeroed");
	arena_fini(&a);
}

static void
t_strings(void)
{
	struct arena a;
	struct str s;
	char *p;

	arena_init(&a, CEILING_BYTES);
	s = arena_dup(&a, str_mem("a\0b", 3));
	tap_str(s, str_mem("a\0b", 3), "dup keeps a NUL");
	tap_ok(s.p != NULL && s.p[3] == '\0', "dup puts a NUL behind");
	s = arena_dup(&a, STR_NONE);
	tap_ok(s.p != NULL && s.n == 0, "dup of absent is empty");
	p = arena_cstr(&a, STR("word"));
	tap_ok(p != NULL && strcmp(p, "word") == 0, "cstr");
	s = arena_printf(&a, "%s-%d", "x", 42);
	tap_str(s, STR("x-42"), "printf");
	s = arena_printf(&a, "%*d", 20000, 1);
	tap_ok(s.n == 20000 && s.p[19999] == '1' && s.p[20000] == '\0',
	    "printf of more than a block");
	arena_fini(&a);

	arena_init(&a, 32);
	s = arena_printf(&a, "%*d", 40, 1);
	tap_ok(s.p == NULL, "printf beyond the ceiling");
	s = arena_dup(&a, STR("0123456789012345678901234567890123456789"));
	tap_ok(s.p == NULL, "dup beyond the ceiling");
	p = arena_cstr(&a, str_mem("", SIZE_MAX));
	tap_ok(p == NULL, "cstr of SIZE_MAX");
	arena_fini(&a);
}

static void
t_grow(void)
{
	size_t cap = 0, i, before;
	bool same = true;
	struct arena a;
	int *v = NULL, *w;

	arena_init(&a, CEILING_BYTES);
	for (i = 0; i < 1000; i++) {
		v = arena_grow(&a, v, i, &cap, sizeof(*v));
		if (v == NULL) {
			break;
		}
		v[i] = (int)i;
	}
	for (i = 0; v != NULL && i < 1000; i++) {
		same &= v[i] == (int)i;
	}
	tap_ok(v != NULL && same, "grow keeps the elements");
	tap_num((long long)cap, 1024, "grow doubles");
	w = arena_grow(&a, v, 5, &cap, sizeof(*v));
	tap_ok(w == v, "grow leaves an array that has room");
	arena_fini(&a);

	arena_init(&a, 64);
	cap = 0;
	v = arena_grow(&a, NULL, 0, &cap, 8);
	before = cap;
	w = arena_grow(&a, v, cap, &cap, 8);
	tap_ok(v != NULL && w == NULL && cap == before,
	    "grow at the ceiling changes nothing");
	cap = SIZE_MAX / 2 + 1;
	w = arena_grow(&a, v, cap, &cap, 1);
	tap_ok(w == NULL, "grow whose capacity overflows");
	arena_fini(&a);
}

/* A sanitizer's build has no blocks: each allocation is a malloc there. */
#ifndef ARENA_DEBUG
static void
t_blocks(void)
{
	struct arena a;
	char *first, *large, *next, *again;

	arena_init(&a, CEILING_BYTES);
	first = arena_alloc(&a, 16);
	large = arena_alloc(&a, 500000);
	next = arena_alloc(&a, 16);
	tap_ok(first != NULL && large != NULL && next == first + 16,
	    "a large piece does not waste the room beside it");
	arena_reset(&a);
	tap_ok(a.head != NULL, "reset keeps a block");
	again = arena_alloc(&a, 16);
	tap_ok(again == first, "the small one");
	arena_fini(&a);
	large = arena_alloc(&a, 500000);
	tap_ok(large != NULL, "a large piece comes first");
	arena_fini(&a);
}
#endif

static void
t_reuse(void)
{
	struct arena a;
	void *p;

	arena_init(&a, CEILING_BYTES);
	arena_fini(&a);
	arena_reset(&a);
	p = arena_alloc(&a, 10);
	tap_ok(p != NULL, "usable after fini and reset");
	arena_fini(&a);
	arena_fini(&a);
	tap_ok(a.head == NULL, "fini twice");
}

int
main(void)
{
	t_every_size();
	t_ceiling();
	t_overflow();
	t_strings();
	t_grow();
#ifndef ARENA_DEBUG
	t_blocks();
#endif
	t_reuse();
	return (tap_done());
}
