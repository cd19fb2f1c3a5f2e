/* SPDX-License-Identifier: BSD-2-Clause */
/* For a system without seccomp and Landlock, and for sanitizers. */
#include "config.h"

#include "milter/sandbox.h"

enum status
sandbox_enter(const struct sandbox_opts *opts, unsigned *parts_r,
    struct diag *diag)
{
	(void)opts;
	(void)diag;
	*parts_r = 0;
	return (STATUS_OK);
}

enum status
sandbox_reload(const struct sandbox_opts *opts, struct diag *diag)
{
	(void)opts;
	(void)diag;
	return (STATUS_OK);
}

bool
sandbox_may_open(const struct sandbox_opts *opts, const char *path)
{
	(void)opts;
	(void)path;
	return (false);
}

void
sandbox_commit(void)
{
}

bool
sandbox_lacks(enum sandbox_role role, unsigned parts, struct buf *out)
{
	(void)role;
	(void)parts;
	buf_add_cstr(out, "mailseald was built without a sandbox: system calls "
	    "and files are not restricted");
	return (true);
}

void
sandbox_loading(bool begins)
{
	(void)begins;
}

bool
sandbox_read_report(int fd, char text_r[SANDBOX_REPORT_BYTES])
{
	(void)fd;
	text_r[0] = '\0';
	return (false);
}
