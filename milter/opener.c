/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "milter/control.h"
#include "milter/memory.h"
#include "milter/opener.h"
#include "milter/sandbox.h"

static bool
is_listed(const struct opener_list *list, const char *path)
{
	struct sandbox_opts opts = { .role = SANDBOX_MAIL, .conf = list->conf,
		.report_fd = -1, .ask_fd = -1 };
	bool found;

	if (list->conf == NULL ||
	    memory_map(list->rules, &opts.text) != STATUS_OK) {
		return (false);
	}
	found = sandbox_may_open(&opts, path);
	memory_unmap(opts.text);
	return (found);
}

/* -1: none. A FIFO would wait for a writer. */
static int
open_listed(const struct opener_list *lists, size_t n, const char *path)
{
	struct stat st;
	size_t i;
	int fd;

	for (i = 0; i < n && !is_listed(&lists[i], path); i++) {
		continue;
	}
	fd = i < n ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
	    O_NONBLOCK) : -1;
	if (fd != -1 && (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))) {
		(void)close(fd);
		fd = -1;
	}
	return (fd);
}

enum status
opener_serve(int fd, const struct opener_list *lists, size_t n)
{
	char path[PATH_MAX];
	enum status status;
	int reply, file;

	status = control_receive_path(fd, path, &reply);
	if (status != STATUS_OK) {
		return (status);
	}
	file = open_listed(lists, n, path);
	if (file != -1) {
		/* If it is lost, the mail process has no file. */
		(void)control_send_channels(reply, false, &file, 1);
		(void)close(file);
	}
	control_close(reply);
	return (STATUS_OK);
}
