/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libutil.h>

#include "milter/callbacks.h"
#include "milter/listen.h"
#include "milter/presence.h"
#include "milter/privileges.h"

enum status
presence_init(struct presence *presence, const char *socket)
{
	*presence = (struct presence){ .socket = strdup(socket) };
	return (presence->socket != NULL ? STATUS_OK : STATUS_NOMEM);
}

void
presence_fini(struct presence *presence)
{
	free(presence->socket);
	presence->socket = NULL;
}

static enum status
open_pid_file(struct presence *presence, const char *path, struct diag *diag)
{
	pid_t other = -1;

	if (path == NULL) {
		return (STATUS_OK);
	}
	presence->pid_file = pidfile_open(path, 0644, &other);
	if (presence->pid_file != NULL) {
		return (STATUS_OK);
	}
	if (errno == EEXIST) {
		diag_set(diag, path, 0, "process %ld runs already",
		    (long)other);
	} else {
		diag_set(diag, path, 0, "%s", strerror(errno));
	}
	return (STATUS_IO);
}

static void
close_pid_file(struct presence *presence)
{
	if (presence->pid_file == NULL) {
		return;
	}
	/* Its folder may be root's: then at least no number stays in it. */
	if (ftruncate(pidfile_fileno(presence->pid_file), 0) == -1) {
		errno = 0;
	}
	(void)pidfile_remove(presence->pid_file);
	presence->pid_file = NULL;
}

enum status
presence_open(struct presence *presence, const struct conf *conf,
    struct live *live, struct diag *diag)
{
	enum status status = open_pid_file(presence, conf->pid_file, diag);

	if (status != STATUS_OK) {
		return (status);
	}
	umask(conf->umask);
	status = privileges_drop(conf->user_id, diag);
	if (status == STATUS_OK && !callbacks_register(live)) {
		status = STATUS_NOMEM;
	}
	if (status == STATUS_OK) {
		status = listen_open(presence->socket, diag);
	}
	if (status != STATUS_OK) {
		close_pid_file(presence);
	}
	return (status);
}

void
presence_announce(struct presence *presence)
{
	if (presence->pid_file != NULL) {
		(void)pidfile_write(presence->pid_file);
	}
}

void
presence_close(struct presence *presence)
{
	listen_close(presence->socket);
	close_pid_file(presence);
}
