/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs programs of this host for mailseal setup. */
#include "base/escape.h"
#include "tools/exec.h"
#include "tools/setup.h"

#define TIMEOUT_S	120
#define SHOWN_BYTES	400

int
setup_exec(struct setup *s, char *const argv[], struct str *out,
    struct str *err)
{
	return (exec_program(&s->arena, argv, TIMEOUT_S, out, err));
}

bool
setup_command(struct setup *s, char *const argv[])
{
	struct str out, err, text;
	struct buf shown;
	int status = setup_exec(s, argv, &out, &err);

	if (status == 0) {
		return (true);
	}
	text = str_trim_fws(str_trim_fws(err).n > 0 ? err : out);
	buf_init(&shown, 8 * SHOWN_BYTES);
	escape_text(&shown, text, SHOWN_BYTES);
	(void)cli_fail("%s failed: %.*s", argv[0], STR_FMT(buf_str(&shown)));
	buf_fini(&shown);
	return (false);
}
