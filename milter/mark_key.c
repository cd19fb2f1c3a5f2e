/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/access.h"
#include "base/b64.h"
#include "base/file.h"
#include "milter/mark_key.h"

#define RANDOM_BYTES	32

static enum status
fail_file(const char *path, const char *what, struct diag *diag)
{
	diag_set(diag, path, 0, "MarkKeyFile: %s: %s", what, strerror(errno));
	return (STATUS_IO);
}

static void
make_secret(struct buf *secret)
{
	unsigned char octets[RANDOM_BYTES];

	arc4random_buf(octets, sizeof(octets));
	b64_encode(secret, octets, sizeof(octets));
	buf_add_char(secret, '\n');
	explicit_bzero(octets, sizeof(octets));
}

static enum status
read_secret(int fd, const char *path, struct buf *secret, struct diag *diag)
{
	enum status status;
	struct stat st;

	if (fstat(fd, &st) == -1) {
		return (fail_file(path, "cannot be examined", diag));
	}
	if (!S_ISREG(st.st_mode)) {
		diag_set(diag, path, 0, "MarkKeyFile: not a regular file");
		return (STATUS_SYNTAX);
	}
	status = access_check(&st, geteuid(), "UserID; chown it to the "
	    "daemon's user", path, diag);
	if (status == STATUS_OK) {
		status = file_read(fd, path, secret, diag);
	}
	if (status == STATUS_OK && secret->n < MARK_KEY_MIN_BYTES) {
		diag_set(diag, path, 0, "MarkKeyFile: %zu characters are too "
		    "few for a secret; remove it, and the next start creates "
		    "one", secret->n);
		status = STATUS_SYNTAX;
	}
	return (status);
}

static bool
write_secret(int fd, const struct buf *secret)
{
	bool good = write(fd, secret->p, secret->n) == (ssize_t)secret->n &&
	    fsync(fd) == 0;
	int saved = errno;

	(void)close(fd);
	errno = saved;
	return (good);
}

/* Complete under its name, or not there. *mine_r: false if another process was
   the first. */
static enum status
create_file(const char *path, const struct buf *secret, bool *mine_r,
    struct diag *diag)
{
	char name[PATH_MAX];
	bool good;
	int fd = -1;

	*mine_r = true;
	errno = ENAMETOOLONG;
	if (snprintf(name, sizeof(name), "%s.XXXXXX", path) <
	    (int)sizeof(name)) {
		fd = mkstemp(name);
	}
	if (fd == -1) {
		return (fail_file(path, "cannot be created", diag));
	}
	good = write_secret(fd, secret);
	if (good && link(name, path) == -1) {
		*mine_r = false;
		good = errno == EEXIST;
	}
	if (!good) {
		(void)fail_file(path, "cannot be created", diag);
	}
	(void)unlink(name);
	return (good ? STATUS_OK : STATUS_IO);
}

static enum status
open_file(const char *path, struct buf *secret, struct diag *diag)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum status status;

	if (fd == -1) {
		return (fail_file(path, "cannot be opened", diag));
	}
	status = read_secret(fd, path, secret, diag);
	(void)close(fd);
	return (status);
}

static enum status
create_secret(const char *path, bool may_create, struct buf *secret,
    struct diag *diag)
{
	enum status status;
	bool mine;

	make_secret(secret);
	if (!may_create) {
		return (access_make(path, "MarkKeyFile: ", diag));
	}
	status = create_file(path, secret, &mine, diag);
	if (status == STATUS_OK && !mine) {
		buf_reset(secret);
		status = open_file(path, secret, diag);
	}
	return (status);
}

static enum status
load_file(const char *path, bool may_create, struct buf *secret,
    struct diag *diag)
{
	struct stat st;

	if (lstat(path, &st) == -1 && errno == ENOENT) {
		return (create_secret(path, may_create, secret, diag));
	}
	return (open_file(path, secret, diag));
}

enum status
mark_key_load(const struct conf *conf, const struct env *env, bool may_create,
    struct buf *secret, struct diag *diag)
{
	const char *path = conf->mark_key_file;
	enum status status;
	struct diag why;

	if (path != NULL) {
		status = load_file(path, may_create, secret, diag);
		return (status == STATUS_OK ? secret->status : status);
	}
	diag_init(&why);
	status = load_file(CONF_MARK_KEY_DEFAULT, may_create, secret, &why);
	if (status == STATUS_OK) {
		return (secret->status);
	}
	env_log(env, conf->mode_sign && conf->keys_n == 0 ?
	    LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "%s; mail from outside that "
	    "comes back after a restart is %s", why.text, conf->keys_n > 0 ?
	    "recognised by the KeyFiles only" :
	    "not recognised: set MarkKeyFile");
	buf_reset(secret);
	make_secret(secret);
	return (secret->status);
}
