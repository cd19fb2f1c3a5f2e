/* SPDX-License-Identifier: BSD-2-Clause */
/* What postconf prints of a configuration that somebody else wrote. A list that
   is plain gets our milter once, and loses it again. */
#include "postfix/config.h"
#include "postfix/milters.h"
#include "test/fuzz/fuzz.h"

#define OURS	STR("unix:mailseal/milter.sock")
#define QUEUE	STR("/var/spool/postfix")
#define BYTES	(1024 * 1024)
#define MAX	4

static void
check_list(struct str list, bool tight)
{
	struct buf out, back;

	if (!milters_is_plain(list)) {
		return;
	}
	buf_init(&out, BYTES);
	buf_init(&back, BYTES);
	if (tight) {
		milters_append_tight(&out, list, OURS);
	} else {
		milters_append(&out, list, OURS);
	}
	FUZZ_CHECK(out.status != STATUS_OK || (milters_has(buf_str(&out),
	    OURS, QUEUE) && milters_is_plain(buf_str(&out))));
	milters_remove(&back, buf_str(&out), OURS, QUEUE, tight);
	FUZZ_CHECK(!milters_has(buf_str(&back), OURS, QUEUE));
	buf_fini(&out);
	buf_fini(&back);
}

static void
check_guards(struct str value)
{
	struct buf out;
	size_t i;

	for (i = 0; i < POSTFIX_GUARDS_N; i++) {
		buf_init(&out, BYTES);
		postfix_guard_value(&out, (enum postfix_guard)i, value,
		    STR("3.7.11"));
		FUZZ_CHECK(out.status != STATUS_OK || postfix_guard_is_safe(
		    (enum postfix_guard)i, buf_str(&out)));
		buf_fini(&out);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str input = str_mem(data, n);
	struct postfix_service v[MAX];
	size_t services;

	services = postfix_read_services(input, n % 2 == 0, v, MAX);
	services = services < MAX ? services : MAX;
	postfix_read_overrides(input, true, v, services);
	postfix_read_overrides(input, false, v, services);
	(void)postfix_value(input, "smtpd_milters");
	(void)postfix_has_word(input, "no_milters");
	check_list(input, false);
	check_list(input, true);
	check_guards(input);
	return (0);
}
