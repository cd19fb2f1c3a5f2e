/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdint.h>

#include "base/buf.h"
#include "tap.h"

static void
t_add(void)
{
	struct buf b;

	buf_init(&b, 100);
	tap_ok(buf_str(&b).p != NULL && buf_str(&b).n == 0,
	    "a new buffer is empty, not absent");
	buf_add(&b, "a\0b", 3);
	buf_add_str(&b, STR("-str"));
	buf_add_cstr(&b, "-cstr");
	buf_add_char(&b, '!');
	buf_printf(&b, "%03d", 7);
	tap_str(buf_str(&b), str_mem("a\0b-str-cstr!007", 16),
	    "each way to add");
	tap_ok(b.p[b.n] == '\0', "a NUL stands behind");
	buf_add_str(&b, STR_NONE);
	buf_add(&b, NULL, 0);
	buf_printf(&b, "%s", "");
	tap_num((long long)b.n, 16, "nothing more from nothing");
	buf_reset(&b);
	tap_ok(b.n == 0 && b.p[0] == '\0' && b.cap > 0,
	    "reset empties and keeps the memory");
	buf_fini(&b);
	tap_ok(b.p == NULL && b.cap == 0, "fini frees");
	buf_add_cstr(&b, "again");
	tap_str(buf_str(&b), STR("again"), "usable after fini");
	buf_fini(&b);
	buf_fini(&b);
}

static void
t_ceiling(void)
{
	struct buf b;

	buf_init(&b, 10);
	buf_add(&b, "0123456789", 10);
	tap_num(b.status, STATUS_OK, "as much as the ceiling");
	buf_add_char(&b, 'x');
	tap_num(b.status, STATUS_LIMIT, "one more is LIMIT");
	buf_add(&b, "", 0);
	buf_printf(&b, "y");
	tap_str(buf_str(&b), STR("0123456789"), "what was there stays");
	buf_reset(&b);
	tap_num(b.status, STATUS_OK, "reset forgets the failure");
	buf_printf(&b, "%s", "0123456789a");
	tap_ok(b.status == STATUS_LIMIT && b.n == 0,
	    "printf beyond the ceiling adds nothing");
	buf_add_char(&b, 'x');
	tap_num((long long)b.n, 0, "the failure sticks");
	buf_reset(&b);
	buf_add(&b, "", SIZE_MAX);
	tap_num(b.status, STATUS_LIMIT, "a length that overflows");
	buf_fini(&b);

	buf_init(&b, SIZE_MAX);
	buf_add(&b, "", SIZE_MAX);
	tap_num(b.status, STATUS_LIMIT, "the same without a ceiling");
	buf_reset(&b);
#ifndef ARENA_DEBUG	/* a sanitizer's malloc aborts */
	buf_add(&b, "", SIZE_MAX / 2 - 1);
	tap_num(b.status, STATUS_NOMEM, "more than malloc has");
#endif
	buf_fini(&b);
}

static void
t_growth(void)
{
	struct buf b;
	bool same = true;
	size_t i;

	buf_init(&b, 100000);
	for (i = 0; i < 100000; i++) {
		buf_add_char(&b, (char)(i % 251));
	}
	for (i = 0; i < b.n; i++) {
		same &= b.p[i] == (char)(i % 251);
	}
	tap_ok(b.status == STATUS_OK && b.n == 100000 && same,
	    "grows octet by octet");
	buf_reset(&b);
	buf_printf(&b, "%*d", 90000, 5);
	tap_ok(b.n == 90000 && b.p[89999] == '5', "a long printf");
	buf_fini(&b);
}

static void
t_secret(void)
{
	struct buf b;

	buf_init(&b, 16);
	buf_fini_secret(&b);
	tap_ok(b.p == NULL, "an empty secret");
	buf_add_cstr(&b, "secret");
	buf_fini_secret(&b);
	tap_ok(b.p == NULL && b.n == 0, "a secret is freed");
}

int
main(void)
{
	t_add();
	t_ceiling();
	t_growth();
	t_secret();
	return (tap_done());
}
