/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "keystore/files.h"
#include "tools/setup_state.h"

#define SUFFIX	".json"

static bool
fail_state(struct diag *diag, const char *path)
{
	diag_set(diag, path, 0, "%s", strerror(errno));
	return (false);
}

/* Others must not write what undo believes. */
static bool
check_owner(struct setup_state *s, struct diag *diag)
{
	struct stat st;

	if (fstat(s->dir, &st) == -1) {
		return (fail_state(diag, s->path));
	}
	if (st.st_uid != geteuid() || (st.st_mode & 022) != 0) {
		diag_set(diag, s->path, 0, "belongs to another user, or others "
		    "may write it");
		return (false);
	}
	return (true);
}

/* A new object if there is no file. */
static json_t *
read_object(struct setup_state *s, const char *name, struct diag *diag)
{
	enum status status;
	json_error_t error;
	struct buf text;
	json_t *r = NULL;

	if (s->dir == -1 || (faccessat(s->dir, name, F_OK, 0) == -1 &&
	    errno == ENOENT)) {
		return (json_object());
	}
	buf_init(&text, SETUP_STATE_MAX_BYTES);
	status = files_read(s->dir, name, name, &text, NULL, diag);
	if (status == STATUS_OK) {
		r = json_loadb(text.p, text.n, 0, &error);
		if (!json_is_object(r)) {
			json_decref(r);
			r = NULL;
			diag_set(diag, name, 0, "not a state of mailseal "
			    "setup");
		}
	}
	buf_fini(&text);
	return (r);
}

/* The directories above it, which others may enter, whatever the umask is. */
static bool
make_parents(const char *path)
{
	char parent[PATH_MAX];
	char *slash;

	if (strlcpy(parent, path, sizeof(parent)) >= sizeof(parent)) {
		errno = ENAMETOOLONG;
		return (false);
	}
	for (slash = strchr(parent + 1, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(parent, 0755) == 0) {
			if (chmod(parent, 0755) == -1) {
				return (false);
			}
		} else if (errno != EEXIST) {
			return (false);
		}
		*slash = '/';
	}
	return (true);
}

bool
setup_state_open(struct setup_state *s, const char *path, struct str domain,
    bool create, struct diag *diag)
{
	*s = (struct setup_state){ .dir = -1, .path = path };
	(void)snprintf(s->name, sizeof(s->name), "%.*s" SUFFIX,
	    STR_FMT(domain));
	if (create && (!make_parents(path) || (mkdir(path, 0700) == -1 &&
	    errno != EEXIST))) {
		return (fail_state(diag, path));
	}
	s->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir == -1 && (create || (errno != ENOENT && errno != EACCES))) {
		return (fail_state(diag, path));
	}
	if (create && !check_owner(s, diag)) {
		return (false);
	}
	if (create && flock(s->dir, LOCK_EX | LOCK_NB) == -1) {
		diag_set(diag, path, 0, "another mailseal setup is running");
		return (false);
	}
	s->domain = read_object(s, s->name, diag);
	s->host = read_object(s, SETUP_STATE_HOST SUFFIX, diag);
	return (s->domain != NULL && s->host != NULL);
}

void
setup_state_close(struct setup_state *s)
{
	json_decref(s->domain);
	json_decref(s->host);
	if (s->dir != -1) {
		(void)close(s->dir);
	}
}

static bool
save_object(struct setup_state *s, const json_t *object, struct diag *diag)
{
	const struct files_owner owner = { (uid_t)-1, (gid_t)-1 };
	char *text = json_dumps(object, JSON_INDENT(2) | JSON_SORT_KEYS);
	enum status status = STATUS_NOMEM;

	if (text != NULL) {
		status = files_replace(s->dir, object == s->host ?
		    SETUP_STATE_HOST SUFFIX : s->name, s->path,
		    str_from(text), 0600, &owner, diag);
	}
	free(text);
	if (status == STATUS_NOMEM) {
		diag_set(diag, s->path, 0, "out of memory");
	}
	return (status == STATUS_OK);
}

bool
setup_state_set(struct setup_state *s, json_t *object, const char *key,
    json_t *value, struct diag *diag)
{
	json_t *old = json_object_get(object, key);

	if (value == NULL && old == NULL) {
		return (true);
	}
	if (value != NULL && json_equal(old, value)) {
		json_decref(value);
		return (true);
	}
	if ((value == NULL ? json_object_del(object, key) :
	    json_object_set_new(object, key, value)) == -1) {
		diag_set(diag, s->path, 0, "out of memory");
		return (false);
	}
	return (save_object(s, object, diag));
}

const char *
setup_state_get(const json_t *object, const char *key)
{
	return (json_string_value(json_object_get(object, key)));
}

bool
setup_state_has_others(const struct setup_state *s)
{
	int fd = s->dir != -1 ? openat(s->dir, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC) : -1;
	const struct dirent *e;
	bool found = false;
	DIR *dir;

	dir = fd != -1 ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		if (fd != -1) {
			(void)close(fd);
		}
		return (false);
	}
	while ((e = readdir(dir)) != NULL) {
		found |= e->d_name[0] != '.' &&
		    str_ends_ci(str_from(e->d_name), STR(SUFFIX)) &&
		    strcmp(e->d_name, s->name) != 0 &&
		    strcmp(e->d_name, SETUP_STATE_HOST SUFFIX) != 0;
	}
	(void)closedir(dir);
	return (found);
}

bool
setup_state_remove(struct setup_state *s, const char *name, struct diag *diag)
{
	bool host = strcmp(name, SETUP_STATE_HOST) == 0;

	if (unlinkat(s->dir, host ? SETUP_STATE_HOST SUFFIX : s->name,
	    0) == -1 && errno != ENOENT) {
		return (fail_state(diag, s->path));
	}
	(void)json_object_clear(host ? s->host : s->domain);
	return (true);
}
