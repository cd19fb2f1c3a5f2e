/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libutil.h>

#include "base/access.h"
#include "milter/callbacks.h"
#include "milter/listen.h"
#include "milter/presence.h"
#include "base/privileges.h"

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
		diag_set(diag, path, 0, "PidFile: cannot create it: %s",
		    strerror(errno));
	}
	return (STATUS_IO);
}

static bool
is_same_file(const struct stat *a, const char *path)
{
	struct stat st;

	return (a->st_nlink > 0 && lstat(path, &st) == 0 &&
	    st.st_dev == a->st_dev && st.st_ino == a->st_ino);
}

static void
close_pid_file(struct presence *presence)
{
	struct stat st;

	if (presence->pid_file == NULL) {
		return;
	}
	/* Root may own its directory; then at least it loses its number. */
	if (fstat(pidfile_fileno(presence->pid_file), &st) == 0 &&
	    is_same_file(&st, presence->pid_path) &&
	    ftruncate(pidfile_fileno(presence->pid_file), 0) == 0) {
		(void)pidfile_remove(presence->pid_file);
	} else {
		(void)pidfile_close(presence->pid_file);
	}
	presence->pid_file = NULL;
}

static void
close_socket(struct presence *presence)
{
	const char *path = listen_path(presence->socket);

	if (path != NULL && is_same_file(&presence->made, path)) {
		listen_close(presence->socket);
	}
	presence->made.st_nlink = 0;
}

static enum status
open_socket(struct presence *presence, struct diag *diag)
{
	const char *path = listen_path(presence->socket);
	enum status status = listen_open(presence->socket, &presence->fd,
	    diag);

	if (status == STATUS_OK && path != NULL &&
	    lstat(path, &presence->made) == -1) {
		presence->made.st_nlink = 0;
	}
	return (status);
}

static enum status
open_as_user(struct presence *presence, const struct conf *conf,
    struct live *live, struct diag *diag)
{
	enum status status = privileges_drop(conf->user_id, diag);

	if (status != STATUS_OK) {
		return (status);
	}
	if (!callbacks_register(live, listen_path(presence->socket) == NULL)) {
		return (STATUS_NOMEM);
	}
	return (open_socket(presence, diag));
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
	status = open_as_user(presence, conf, live, diag);
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

/* how: what happened to the socket. Whether it takes connections again. */
static bool
restore_socket(struct presence *presence, const struct env *env,
    const char *how)
{
	const char *path = listen_path(presence->socket);
	enum status status;
	struct diag why;

	diag_init(&why);
	status = listen_again(presence->socket, presence->fd, &why);
	if (status == STATUS_OK) {
		if (path != NULL && lstat(path, &presence->made) == -1) {
			presence->made.st_nlink = 0;
		}
		env_log(env, LOG_LEVEL_WARNING, "the socket %s was %s: it has "
		    "been made again", path != NULL ? path : presence->socket,
		    how);
	} else if (status == STATUS_IO && !presence->lost) {
		env_log(env, LOG_LEVEL_ERROR, "the socket %s was %s: no MTA "
		    "can connect: %s", path != NULL ? path : presence->socket,
		    how, why.text);
	}
	presence->lost = status == STATUS_IO;
	return (status == STATUS_OK);
}

static bool
is_shut(const struct presence *presence)
{
	return (presence->fd != -1 && !listen_is_open(presence->fd));
}

bool
presence_is_shut(const struct presence *presence)
{
	return (!presence->lost && is_shut(presence));
}

bool
presence_watch(struct presence *presence, const struct env *env)
{
	const char *path = listen_path(presence->socket);

	if (is_shut(presence)) {
		return (restore_socket(presence, env, "shut down"));
	}
	if (path != NULL && !is_same_file(&presence->made, path)) {
		return (restore_socket(presence, env, "removed or replaced"));
	}
	if (presence->lost) {
		env_log(env, LOG_LEVEL_INFO, "the socket %s is back", path !=
		    NULL ? path : presence->socket);
		presence->lost = false;
	}
	return (false);
}

void
presence_leave(struct presence *presence)
{
	if (presence->pid_file != NULL) {
		(void)pidfile_close(presence->pid_file);
		presence->pid_file = NULL;
	}
}

void
presence_close(struct presence *presence)
{
	close_socket(presence);
	close_pid_file(presence);
}
