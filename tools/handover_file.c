/* SPDX-License-Identifier: BSD-2-Clause */
/* handover_file: a file appears whole or not at all. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tools/handover.h"

#define PATH_BYTES	4096

static bool
write_file(int fd, struct str text)
{
	ssize_t n;

	while (text.n > 0) {
		n = write(fd, text.p, text.n);
		if (n == -1 && errno != EINTR) {
			return (false);
		}
		text = str_from_offset(text, n > 0 ? (size_t)n : 0);
	}
	return (fsync(fd) == 0);
}

enum handover_result
handover_file(const struct handover *h, const struct handover_mail *mail,
    struct diag *diag)
{
	char path[PATH_BYTES], part[PATH_BYTES];
	bool ok;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", h->folder, mail->name) >=
	    (int)sizeof(path) || snprintf(part, sizeof(part), "%s/.%s.%ld",
	    h->folder, mail->name, (long)getpid()) >= (int)sizeof(part)) {
		diag_set(diag, h->folder, 0, "the name is too long");
		return (HANDOVER_LATER);
	}
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd == -1) {
		diag_set(diag, part, 0, "%s", strerror(errno));
		return (HANDOVER_LATER);
	}
	ok = write_file(fd, mail->text);
	ok = close(fd) == 0 && ok;
	if (!ok || rename(part, path) == -1) {
		diag_set(diag, path, 0, "%s", strerror(errno));
		(void)unlink(part);
		return (HANDOVER_LATER);
	}
	return (HANDOVER_DONE);
}
