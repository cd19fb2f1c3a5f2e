/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two files of a key. Each is written under a temporary name, brought to
 * the disk, and then linked to its own name, which fails if that exists: no
 * key is ever lost to a second run, and none is ever seen half written.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "keys/keys.h"
#include "keystore/files.h"

struct staged {
	const char	*path;
	char		 temp[KEYS_PATH_MAX_BYTES];	/* "" once gone */
};

bool
key_files_name(struct key_files *files, const char *dir, struct str selector)
{
	int n, m;

	n = snprintf(files->private_path, sizeof(files->private_path),
	    "%s/%.*s.private", dir, STR_FMT(selector));
	m = snprintf(files->record_path, sizeof(files->record_path),
	    "%s/%.*s.txt", dir, STR_FMT(selector));
	/* Room for the temporary name, too. */
	if (n < 0 || m < 0 || (size_t)n + 16 > sizeof(files->private_path)) {
		(void)cli_fail("%s: too long", dir);
		return (false);
	}
	return (true);
}

static bool
stage(struct staged *s, const char *path, struct str text, mode_t mode)
{
	bool ok = false;
	int fd;

	s->path = path;
	(void)snprintf(s->temp, sizeof(s->temp), "%s.XXXXXX", path);
	fd = mkstemp(s->temp);		/* O_EXCL, mode 0600 */
	if (fd == -1) {
		s->temp[0] = '\0';
		goto out;
	}
	ok = fchmod(fd, mode) == 0 && files_write(fd, text) && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
out:
	if (!ok) {
		(void)cli_fail("%s: %s", path, strerror(errno));
	}
	return (ok);
}

static bool
publish(struct staged *s)
{
	if (link(s->temp, s->path) == 0) {
		return (true);
	}
	(void)cli_fail("%s: %s", s->path, errno == EEXIST ?
	    "it exists already; choose another selector or directory" :
	    strerror(errno));
	return (false);
}

static void
unstage(struct staged *s)
{
	if (s->temp[0] != '\0') {
		(void)unlink(s->temp);
	}
}

/* The names, too, must survive a crash. */
static bool
sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	if (fd == -1) {
		return (false);
	}
	ok = fsync(fd) == 0 || errno == EINVAL;
	(void)close(fd);
	return (ok);
}

bool
key_files_write(const struct key_files *files, const char *dir,
    struct str pem, struct str record)
{
	struct staged private = { .path = NULL }, text = { .path = NULL };
	bool ok = false;

	if (!stage(&private, files->private_path, pem, 0600) ||
	    !stage(&text, files->record_path, record, 0644) ||
	    !publish(&private)) {
		goto out;
	}
	if (!publish(&text)) {
		(void)unlink(files->private_path);	/* just made by us */
		goto out;
	}
	ok = sync_dir(dir);
	if (!ok) {
		(void)cli_fail("%s: %s", dir, strerror(errno));
	}
out:
	unstage(&private);
	unstage(&text);
	return (ok);
}
