/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two files of a key. Each is written under a temporary name, synced, and
 * then linked to its name, which fails if that exists: a second run never
 * replaces a key, and no key is visible before it is complete.
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
	char		 temp[KEYS_PATH_MAX_BYTES];	/* "": none */
};

bool
key_files_name(struct key_files *files, const char *dir, struct str selector)
{
	int n, m;

	n = snprintf(files->private_path, sizeof(files->private_path),
	    "%s/%.*s.private", dir, STR_FMT(selector));
	m = snprintf(files->record_path, sizeof(files->record_path),
	    "%s/%.*s.txt", dir, STR_FMT(selector));
	/* With room for the temporary name. */
	if (n < 0 || m < 0 || (size_t)n + 16 > sizeof(files->private_path)) {
		(void)cli_fail("%s: too long", dir);
		return (false);
	}
	return (true);
}

static bool
stage_file(struct staged *s, const char *path, struct str text, mode_t mode)
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
link_file(struct staged *s)
{
	if (link(s->temp, s->path) == 0) {
		return (true);
	}
	(void)cli_fail("%s: %s", s->path, errno == EEXIST ?
	    "the file exists; choose another selector or directory" :
	    strerror(errno));
	return (false);
}

static void
unstage_file(struct staged *s)
{
	if (s->temp[0] != '\0') {
		(void)unlink(s->temp);
	}
}

/* So that the names survive a crash. */
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

	if (!stage_file(&private, files->private_path, pem, 0600) ||
	    !stage_file(&text, files->record_path, record, 0644) ||
	    !link_file(&private)) {
		goto out;
	}
	if (!link_file(&text)) {
		(void)unlink(files->private_path);	/* made just above */
		goto out;
	}
	ok = sync_dir(dir);
	if (!ok) {
		(void)cli_fail("%s: %s", dir, strerror(errno));
	}
out:
	unstage_file(&private);
	unstage_file(&text);
	return (ok);
}
