/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libutil.h>

#include "base/access.h"
#include "milter/callbacks.h"
#include "milter/listen.h"
#include "milter/presence.h"
#include "milter/privileges.h"

enum status
presence_init(struct presence *presence, const char *socket,
    const char *pid_path)
{
	*presence = (struct presence){ .socket = strdup(socket),
		.pid_path = pid_path != NULL ? strdup(pid_path) : NULL };
	return (presence->socket == NULL || (pid_path != NULL &&
	    presence->pid_path == NULL) ? STATUS_NOMEM : STATUS_OK);
}

void
presence_fini(struct presence *presence)
{
	free(presence->socket);
	free(presence->pid_path);
	*presence = (struct presence){ .socket = NULL };
}

enum status
presence_check_pid_file(const struct presence *presence, struct diag *diag)
{
	return (presence->pid_path != NULL ? access_make(presence->pid_path,
	    "PidFile: ", diag) : STATUS_OK);
}

enum status
presence_check_socket(const struct presence *presence, struct diag *diag)
{
	return (listen_check(presence->socket, diag));
}

static enum status
open_pid_file(struct presence *presence, struct diag *diag)
{
	const char *path = presence->pid_path;
	pid_t other = -1;

	if (path == NULL) {
		return (STATUS_OK);
	}
	presence->pid_file = pidfile_open(path, 0644, &other);
	if (presence->pid_file != NULL) {
		return (STATUS_OK);
	}
	if (errno == EEXIST) {
		diag_set(diag, path, 0, "PidFile: process %ld runs already",
		    (long)other);
	} else {
		diag_set(diag, path, 0, "PidFile: it cannot be made there: %s",
		    strerror(errno));
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
	enum status status = open_pid_file(presence, diag);

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
