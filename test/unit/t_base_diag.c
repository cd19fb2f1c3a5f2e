/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/diag.h"
#include "base/status.h"
#include "tap.h"

static const struct {
	const char	*file;
	unsigned	 line;
	const char	*want;
} rows[] = {
	{ "a.conf", 7, "a.conf:7: no such option: X" },
	{ "a.conf", 0, "a.conf: no such option: X" },
	{ NULL, 7, "no such option: X" },
	{ NULL, 0, "no such option: X" },
};

int
main(void)
{
	static char big[2 * DIAG_MAX_BYTES];
	struct diag d;
	size_t i;
	int s;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		diag_init(&d);
		diag_set(&d, rows[i].file, rows[i].line, "no such option: %s",
		    "X");
		tap_str(str_from(d.text), str_from(rows[i].want),
		    rows[i].want);
	}
	diag_set(&d, "b.conf", 1, "second");
	tap_str(str_from(d.text), str_from(rows[3].want), "the first stays");
	memset(big, 'x', sizeof(big) - 1);
	diag_init(&d);
	diag_set(&d, NULL, 0, "%s", big);
	tap_num((long long)strlen(d.text), DIAG_MAX_BYTES - 1,
	    "a long reason is cut");
	diag_init(&d);
	diag_set(&d, big, 3, "reason");
	tap_num((long long)strlen(d.text), DIAG_MAX_BYTES - 1,
	    "a long file name is cut");

	for (s = STATUS_OK; s <= STATUS_IO; s++) {
		tap_ok(strcmp(status_text((enum status)s), "unknown") != 0,
		    "status %d has a text", s);
	}
	return (tap_done());
}
