/* SPDX-License-Identifier: BSD-2-Clause */
/* read_input: files, folders, Maildirs and mailboxes; each input is a unit. */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "report/read_mbox.h"
#include "report/read_private.h"

#define BLOCK_BYTES	65536
#define NAME_BYTES	4200	/* a path and the number of a message */

struct reader {
	const struct env	*env;
	struct read_sink	 sink;
};

struct reader *
reader_new(const struct env *env, const struct read_sink *sink)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (r != NULL) {
		r->env = env;
		r->sink = *sink;
		read_mail_init();
	}
	return (r);
}

void
reader_free(struct reader *r)
{
	if (r != NULL) {
		read_mail_fini();
		free(r);
	}
}

static void
say_none(struct reader *r, const struct read_unit *u, const char *name,
    bool named)
{
	static const enum read_failure failures[] = {
		[READ_OK] = READ_FAILURE_FOREIGN,
		[READ_FOREIGN] = READ_FAILURE_FOREIGN,
		[READ_DAMAGED] = READ_FAILURE_DAMAGED,
		[READ_LIMIT] = READ_FAILURE_LIMIT,
		[READ_NOMEM] = READ_FAILURE_IO,
	};

	r->sink.none(r->sink.ctx, name, named, failures[u->worst],
	    u->reason[0] != '\0' ? u->reason : "no report");
}

/* Hands its reports over, or says why there are none. Ends the unit. */
static void
finish_unit(struct reader *r, struct read_unit *u, const char *name,
    bool named)
{
	bool over = read_unit_over(u);
	struct report *report;
	size_t i;

	for (i = 0; i < u->warnings_n && !over; i++) {
		r->sink.warn(r->sink.ctx, name, u->warnings[i]);
	}
	if (over || u->first == NULL) {
		say_none(r, u, name, named);
	}
	while (!over && (report = u->first) != NULL) {
		u->first = report->next;
		report->next = NULL;
		r->sink.report(r->sink.ctx, name, report);
	}
	read_unit_fini(u);
}

struct mailbox {
	struct reader	*reader;
	const char	*name;
	size_t		 n;	/* messages so far */
};

static bool
take_message(void *ctx, struct str message)
{
	struct mailbox *m = ctx;
	struct read_unit unit;
	char name[NAME_BYTES];

	read_unit_init(&unit, m->reader->env);
	unit.packed_bytes = message.n;
	if (message.p != NULL) {
		(void)read_mail_text(&unit, message);
	} else {
		(void)read_unit_fail(&unit, READ_LIMIT, "more than %zu MiB",
		    READ_WHOLE_MAX_BYTES / (1024 * 1024));
	}
	(void)snprintf(name, sizeof(name), "%s: message %zu", m->name,
	    ++m->n);
	finish_unit(m->reader, &unit, name, false);
	return (true);
}

static void
say_errno(struct reader *r, const char *name, bool named)
{
	r->sink.none(r->sink.ctx, name, named, READ_FAILURE_IO,
	    strerror(errno));
}

/* Reads up to n bytes; -1: an error. */
static ssize_t
read_full(int fd, char *p, size_t n)
{
	size_t got = 0;
	ssize_t part;

	while (got < n) {
		part = read(fd, p + got, n - got);
		if (part == -1 && errno == EINTR) {
			continue;
		}
		if (part == -1) {
			return (-1);
		}
		if (part == 0) {
			break;
		}
		got += (size_t)part;
	}
	return ((ssize_t)got);
}

/* The rest of the file, behind the block that was read. */
static void
feed_file(struct reader *r, int fd, char *block, ssize_t n, const char *name,
    bool named)
{
	struct read_unit unit;
	struct read_feed *feed;

	read_unit_init(&unit, r->env);
	feed = read_feed_new(&unit, READ_INPUT, NULL);
	while (feed != NULL && n > 0 && read_feed_bytes(feed, block,
	    (size_t)n)) {
		n = read_full(fd, block, BLOCK_BYTES);
	}
	if (n == -1) {
		(void)read_unit_fail(&unit, READ_NOMEM, "%s",
		    strerror(errno));
	}
	if (feed != NULL) {
		(void)read_feed_end(feed, n != -1);
	}
	finish_unit(r, &unit, name, named);
}

/* The same of an mbox, of which each message is a unit. */
static void
split_file(struct reader *r, int fd, char *block, ssize_t n, const char *name)
{
	struct mailbox m = { .reader = r, .name = name };
	struct mbox *mbox = mbox_new(take_message, &m);

	if (mbox == NULL) {
		r->sink.none(r->sink.ctx, name, true, READ_FAILURE_IO,
		    "out of memory");
		return;
	}
	while (n > 0 && mbox_bytes(mbox, block, (size_t)n)) {
		n = read_full(fd, block, BLOCK_BYTES);
	}
	if (n == -1) {
		say_errno(r, name, true);
	}
	mbox_end(mbox);
	if (n == 0 && m.n == 0) {
		r->sink.none(r->sink.ctx, name, true, READ_FAILURE_DAMAGED,
		    "a mailbox without mail");
	}
}

static void
read_open_file(struct reader *r, int fd, const char *name, bool named)
{
	char block[BLOCK_BYTES];
	ssize_t n = read_full(fd, block, sizeof(block));

	if (n == -1) {
		say_errno(r, name, named);
	} else if (read_sniff(str_mem(block, (size_t)n), READ_INPUT) !=
	    &read_mbox) {
		feed_file(r, fd, block, n, name, named);
	} else {
		split_file(r, fd, block, n, name);
	}
}

static void	 read_any(struct reader *, const char *path, bool named,
		    unsigned depth);

static char *
join_path(const char *folder, const char *name)
{
	char *path;

	return (asprintf(&path, "%s/%s", folder, name) == -1 ? NULL : path);
}

static bool
is_folder(const char *folder, const char *name)
{
	char *path = join_path(folder, name);
	struct stat st;
	bool yes = path != NULL && stat(path, &st) == 0 &&
	    S_ISDIR(st.st_mode);

	free(path);
	return (yes);
}

/* All entries, in the order of their names, but those that begin with a
   dot. */
static void
read_entries(struct reader *r, const char *folder, bool named,
    unsigned depth)
{
	struct dirent **v;
	int i, n = scandir(folder, &v, NULL, alphasort);
	char *path;

	if (n == -1) {
		say_errno(r, folder, named);
		return;
	}
	for (i = 0; i < n; i++) {
		if (v[i]->d_name[0] != '.' && (path = join_path(folder,
		    v[i]->d_name)) != NULL) {
			read_any(r, path, false, depth + 1);
			free(path);
		}
		free(v[i]);
	}
	free(v);
}

/* A Maildir by its cur and new: tmp has mail that is still being written. */
static void
read_folder(struct reader *r, const char *folder, bool named, unsigned depth)
{
	static const char *const parts[] = { "cur", "new" };
	char *path;
	size_t i;

	if (depth == READ_FOLDERS_MAX) {
		r->sink.none(r->sink.ctx, folder, named, READ_FAILURE_LIMIT,
		    "folders nested too deep");
		return;
	}
	if (!is_folder(folder, "cur") || !is_folder(folder, "new")) {
		read_entries(r, folder, named, depth);
		return;
	}
	for (i = 0; i < 2; i++) {
		path = join_path(folder, parts[i]);
		if (path != NULL) {
			read_entries(r, path, named, depth + 1);
			free(path);
		}
	}
}

/* Within a folder, only files and folders: no pipe or device. */
static void
read_any(struct reader *r, const char *path, bool named, unsigned depth)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
	    (named ? 0 : O_NONBLOCK | O_NOFOLLOW));

	if (fd == -1) {
		if (named || errno != ELOOP) {
			say_errno(r, path, named);
		}
		return;
	}
	if (fstat(fd, &st) == -1) {
		say_errno(r, path, named);
	} else if (S_ISDIR(st.st_mode)) {
		read_folder(r, path, named, depth);
	} else if (named || S_ISREG(st.st_mode)) {
		read_open_file(r, fd, path, named);
	}
	(void)close(fd);
}

void
reader_path(struct reader *r, const char *path)
{
	if (strcmp(path, "-") == 0) {
		read_open_file(r, STDIN_FILENO, "standard input", true);
	} else {
		read_any(r, path, true, 0);
	}
}
