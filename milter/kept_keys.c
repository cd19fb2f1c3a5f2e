/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/kept_keys.h"

#define OPEN_FLAGS	(O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

void
kept_keys_open(struct kept_keys *kept, const struct conf *conf)
{
	const char *path;
	size_t i, n;

	if (conf->user_id == NULL || geteuid() != 0 || conf->keys_n == 0) {
		return;
	}
	n = conf->keys_n < KEPT_KEYS_MAX ? conf->keys_n : KEPT_KEYS_MAX;
	kept->v = calloc(n, sizeof(*kept->v));
	for (i = 0; kept->v != NULL && i < n; i++) {
		path = strdup(conf->keys[i].path);
		if (path == NULL) {
			break;
		}
		kept->v[kept->n++] = (struct conf_opened){ path,
			open(path, OPEN_FLAGS) };
	}
}

static void
close_opened(struct conf_opened *opened)
{
	free((char *)(uintptr_t)opened->path);
	if (opened->fd != -1) {
		(void)close(opened->fd);
	}
}

/* Whether it is so for this user. */
static bool
can_open(const char *path)
{
	int fd = open(path, OPEN_FLAGS);

	if (fd != -1) {
		(void)close(fd);
	}
	return (fd != -1);
}

static bool
is_kept(const struct kept_keys *kept, const char *path)
{
	size_t i;

	for (i = 0; i < kept->n; i++) {
		if (strcmp(kept->v[i].path, path) == 0) {
			return (kept->v[i].fd != -1);
		}
	}
	return (false);
}

/* One line for all; more than one are told from each other by -n. */
static void
log_unreadable(const struct kept_keys *kept, const struct conf *conf,
    const struct env *env)
{
	const char *first = NULL, *lost = NULL;
	size_t i, n = 0;

	for (i = 0; i < conf->keys_n; i++) {
		if (can_open(conf->keys[i].path)) {
			continue;
		}
		n++;
		first = first != NULL ? first : conf->keys[i].path;
		if (!is_kept(kept, conf->keys[i].path)) {
			lost = conf->keys[i].path;
		}
	}
	if (lost != NULL) {
		env_log(env, LOG_LEVEL_ERROR, "KeyFile %s: only root can read "
		    "it, and it is not kept open: a keys process that is "
		    "started again fails, and mail is not signed; chown it to "
		    "UserID %s", lost, conf->user_id);
	} else if (first != NULL) {
		env_log(env, LOG_LEVEL_WARNING, "KeyFile %s%s: only root can "
		    "read it: a reload fails; chown it to UserID %s", first,
		    n > 1 ? " and others" : "", conf->user_id);
	}
}

void
kept_keys_settle(struct kept_keys *kept, const struct conf *conf,
    const struct env *env)
{
	size_t i, n = 0;

	if (conf->user_id == NULL) {
		return;
	}
	for (i = 0; i < kept->n; i++) {
		if (can_open(kept->v[i].path)) {
			close_opened(&kept->v[i]);
		} else {
			kept->v[n++] = kept->v[i];
		}
	}
	kept->n = n;
	log_unreadable(kept, conf, env);
}

void
kept_keys_close(struct kept_keys *kept)
{
	while (kept->n > 0) {
		close_opened(&kept->v[--kept->n]);
	}
	free(kept->v);
	kept->v = NULL;
}
