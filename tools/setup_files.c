/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of main.cf and master.cf in the state: "before", and "after", which
 * postconf makes of a copy (it orders new lines as chance has it) and which
 * then replaces the file: so what setup wrote is known whenever it is killed.
 * A file is ours as long as it is one of the two. One that somebody else has
 * changed is never put back whole, whatever comes later: it has no "before"
 * any more.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "keystore/files.h"
#include "tools/setup.h"

#define SCRATCH		"new"
#define FILES_N		2

static const char *const files[FILES_N] = { "main.cf", "master.cf" };

/* Both are the undo file of their kind: "main.cf.before". */
static struct str
copy_name(struct setup *s, const char *file, const char *which)
{
	return (setup_text(s, "%s.%s", file, which));
}

static int
open_config(const struct setup *s)
{
	return (open(arena_cstr((struct arena *)(uintptr_t)&s->arena,
	    s->postfix.directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static bool
copy_file(struct setup *s, int from, int to, const char *name,
    const char *new_name, bool private, struct diag *diag)
{
	struct files_owner owner = { (uid_t)-1, (gid_t)-1 };
	enum status status;
	struct buf text;
	struct stat st;

	buf_init(&text, SETUP_FILE_MAX_BYTES);
	status = files_read(from, name, name, &text, &st, diag);
	if (status == STATUS_OK && !private) {
		/* The rights of the file that it replaces. */
		if (fstatat(to, new_name, &st, 0) == -1) {
			st.st_mode = 0644;
		}
		owner = (struct files_owner){ st.st_uid, st.st_gid };
	}
	if (status == STATUS_OK) {
		status = files_replace(to, new_name, s->args->state_dir,
		    buf_str(&text), private ? 0600 : st.st_mode & 07777,
		    &owner, diag);
	}
	buf_fini(&text);
	return (status == STATUS_OK);
}

/* Whether both files have the same bytes; false, too, if one is missing. */
static bool
is_same_file(int a, const char *name_a, int b, const char *name_b)
{
	struct buf text_a, text_b;
	struct diag diag;
	bool same;

	diag_init(&diag);
	buf_init(&text_a, SETUP_FILE_MAX_BYTES);
	buf_init(&text_b, SETUP_FILE_MAX_BYTES);
	same = files_read(a, name_a, name_a, &text_a, NULL, &diag) ==
	    STATUS_OK && files_read(b, name_b, name_b, &text_b, NULL, &diag) ==
	    STATUS_OK && str_eq(buf_str(&text_a), buf_str(&text_b));
	buf_fini(&text_a);
	buf_fini(&text_b);
	return (same);
}

/* What is there is what setup wrote, or what it found. */
static bool
is_ours(struct setup *s, int config, const char *file)
{
	struct str before = copy_name(s, file, "before");

	return (faccessat(s->state.dir, before.p, F_OK, 0) == 0 &&
	    (is_same_file(config, file, s->state.dir, before.p) ||
	    is_same_file(config, file, s->state.dir, copy_name(s, file,
	    "after").p)));
}

static void
drop_copies(struct setup *s, const char *file)
{
	(void)unlinkat(s->state.dir, copy_name(s, file, "before").p, 0);
	(void)unlinkat(s->state.dir, copy_name(s, file, "after").p, 0);
}

/* Removes the files of a directory, or only those that a killed run left while
   it wrote them. */
static void
sweep_directory(int fd, bool all)
{
	DIR *dir = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *e;

	if (dir == NULL) {
		if (fd != -1) {
			(void)close(fd);
		}
		return;
	}
	while ((e = readdir(dir)) != NULL) {
		if (all || files_is_temp(e->d_name)) {
			/* Fails for "." and "..". */
			(void)unlinkat(dirfd(dir), e->d_name, 0);
		}
	}
	(void)closedir(dir);
}

static int
open_below(const struct setup *s, const char *name)
{
	return (openat(s->state.dir, name, O_RDONLY | O_DIRECTORY |
	    O_NOFOLLOW | O_CLOEXEC));
}

static void
remove_scratch(struct setup *s)
{
	sweep_directory(open_below(s, SCRATCH), true);
	(void)unlinkat(s->state.dir, SCRATCH, AT_REMOVEDIR);
}

static bool
edit_copies(struct setup *s, int config, int scratch, struct diag *diag)
{
	const char *mta_config = s->args->mta_config;
	bool ok = true;
	size_t i;

	for (i = 0; i < FILES_N && ok; i++) {
		ok = copy_file(s, config, scratch, files[i], files[i], true,
		    diag);
	}
	s->args->mta_config = setup_text(s, "%s/" SCRATCH,
	    s->args->state_dir).p;
	ok = ok && setup_edits_apply(s);
	s->args->mta_config = mta_config;
	for (i = 0; i < FILES_N && ok; i++) {
		ok = copy_file(s, scratch, s->state.dir, files[i],
		    copy_name(s, files[i], "after").p, true, diag);
	}
	return (ok);
}

static bool
save_after(struct setup *s, int config, struct diag *diag)
{
	int scratch = -1;
	bool ok;

	if (mkdirat(s->state.dir, SCRATCH, 0700) == 0 || errno == EEXIST) {
		scratch = open_below(s, SCRATCH);
	}
	if (scratch == -1) {
		diag_set(diag, s->args->state_dir, 0, "%s", strerror(errno));
		return (false);
	}
	ok = edit_copies(s, config, scratch, diag);
	(void)close(scratch);
	remove_scratch(s);
	return (ok);
}

/* The state follows the copies, so that there is none without them. Sockets
   are only added here: until all is done, each may still be in a list. */
static bool
note_change(struct setup *s, struct diag *diag)
{
	json_t *object = s->state.host, *socket, *sockets, *one;
	bool found = false;
	size_t i;

	socket = cli_json_text(s->postfix.socket);
	sockets = json_deep_copy(json_object_get(object, "sockets"));
	if (sockets == NULL) {
		sockets = json_array();
	}
	json_array_foreach(sockets, i, one) {
		found |= json_equal(one, socket) == 1;
	}
	if (found) {
		json_decref(socket);
	} else {
		(void)json_array_append_new(sockets, socket);
	}
	return (setup_state_set(&s->state, object, "sockets", sockets,
	    diag) && (s->args->mta_config == NULL || setup_state_set(
	    &s->state, object, "mta_config", json_string(s->args->mta_config),
	    diag)) && setup_state_set(&s->state, object, "stage",
	    json_string("begun"), diag));
}

bool
setup_files_save(struct setup *s)
{
	bool first = setup_state_get(s->state.host, "stage") == NULL, ok;
	int config = open_config(s);
	struct diag diag;
	size_t i;

	diag_init(&diag);
	if (config == -1) {
		(void)cli_fail("%.*s: %s", STR_FMT(s->postfix.directory),
		    strerror(errno));
		return (false);
	}
	for (i = 0, ok = true; i < FILES_N && ok; i++) {
		if (first) {
			ok = copy_file(s, config, s->state.dir, files[i],
			    copy_name(s, files[i], "before").p, true, &diag);
		} else if (!is_ours(s, config, files[i])) {
			drop_copies(s, files[i]);
		}
	}
	ok = ok && save_after(s, config, &diag) && note_change(s, &diag);
	(void)close(config);
	if (!ok && diag.text[0] != '\0') {
		(void)cli_fail("%s", diag.text);
	}
	return (ok);
}

/* Puts a copy in the place of each file that has other bytes; only_ours: of
   those alone that nobody else has changed. *all_r: of all. */
static bool
put_copies(struct setup *s, const char *which, bool only_ours, bool *all_r)
{
	int config = open_config(s);
	bool ok = config != -1;
	struct diag diag;
	struct str copy;
	size_t i;

	diag_init(&diag);
	*all_r = true;
	for (i = 0; i < FILES_N && ok; i++) {
		copy = copy_name(s, files[i], which);
		if (only_ours && !is_ours(s, config, files[i])) {
			*all_r = false;
			continue;
		}
		ok = is_same_file(config, files[i], s->state.dir, copy.p) ||
		    copy_file(s, s->state.dir, config, copy.p, files[i],
		    false, &diag);
	}
	if (config != -1) {
		(void)close(config);
	}
	if (!ok) {
		diag_set(&diag, NULL, 0, "Postfix's configuration in %.*s "
		    "cannot be changed", STR_FMT(s->postfix.directory));
		(void)cli_fail("%s", diag.text);
	}
	return (ok);
}

bool
setup_files_install(struct setup *s)
{
	bool all;

	return (put_copies(s, "after", false, &all));
}

bool
setup_files_restore(struct setup *s, bool *whole_r)
{
	return (put_copies(s, "before", true, whole_r));
}

bool
setup_files_forget(struct setup *s)
{
	static const char *const keys[] = { "stage", "sockets",
		"mta_config" };
	struct diag diag;
	size_t i;

	diag_init(&diag);
	/* The stage goes first: without it the copies mean nothing. */
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!setup_state_set(&s->state, s->state.host, keys[i], NULL,
		    &diag)) {
			(void)cli_fail("%s", diag.text);
			return (false);
		}
	}
	for (i = 0; i < FILES_N; i++) {
		drop_copies(s, files[i]);
	}
	remove_scratch(s);
	sweep_directory(open_below(s, "."), false);
	return (true);
}
