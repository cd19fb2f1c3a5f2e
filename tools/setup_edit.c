/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes main.cf and master.cf by postconf, with copies of both, and takes
   the changes back. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "keystore/files.h"
#include "postfix/milters.h"
#include "tools/setup.h"

#define ARGS_MAX	(SETUP_MAX_EDITS + 8)

static const char *const files[] = { "main.cf", "master.cf" };

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

/* The files are those of an earlier run that was killed. */
static bool
is_own_change(struct setup *s, int config)
{
	const char *stage = setup_state_get(s->state.host, "stage");
	size_t i, same = 0;

	for (i = 0; i < 2; i++) {
		same += is_same_file(config, files[i], s->state.dir,
		    copy_name(s, files[i], "after").p) ||
		    is_same_file(config, files[i], s->state.dir,
		    copy_name(s, files[i], "before").p);
	}
	return (stage != NULL && (same == 2 || strcmp(stage, "begun") == 0));
}

static json_t *
edits_json(const struct setup_postfix *p)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < p->edits_n; i++) {
		const struct setup_edit *e = &p->edits[i];

		(void)json_array_append_new(list, json_pack(
		    "{s:o, s:o, s:o, s:o}", "service",
		    cli_json_text(e->service), "name", cli_json_text(e->name),
		    "before", cli_json_text(e->before), "after",
		    cli_json_text(e->after)));
	}
	return (list);
}

/* The state follows the copies, so that there is none without them. */
static bool
begin_change(struct setup *s, struct diag *diag)
{
	json_t *object = s->state.host;

	(void)json_object_set_new(object, "socket",
	    cli_json_text(s->postfix.socket));
	(void)json_object_set_new(object, "directory",
	    cli_json_text(s->postfix.directory));
	if (s->args->mta_config != NULL) {
		(void)json_object_set_new(object, "mta_config",
		    json_string(s->args->mta_config));
	}
	(void)json_object_set_new(object, "edits", edits_json(&s->postfix));
	return (setup_state_set(&s->state, object, "stage",
	    json_string("begun"), diag));
}

bool
setup_files_save(struct setup *s, const char *which)
{
	bool before = strcmp(which, "before") == 0, ok = true;
	int config = open_config(s);
	struct diag diag;
	size_t i;

	diag_init(&diag);
	if (config == -1) {
		(void)cli_fail("%.*s: %s", STR_FMT(s->postfix.directory),
		    strerror(errno));
		return (false);
	}
	/* What is there now is no longer what was there before. */
	if (before && is_own_change(s, config)) {
		(void)close(config);
		return (true);
	}
	for (i = 0; i < 2 && ok; i++) {
		ok = copy_file(s, config, s->state.dir, files[i],
		    copy_name(s, files[i], which).p, true, &diag);
	}
	ok = ok && (!before || begin_change(s, &diag));
	(void)close(config);
	if (!ok) {
		(void)cli_fail("%s", diag.text);
	}
	return (ok);
}

/* All changes of one file in one run of postconf, which replaces it whole. */
static bool
apply_to(struct setup *s, bool master)
{
	char *argv[ARGS_MAX];
	size_t i, n = setup_postconf(s, argv, ARGS_MAX, master ? "-P" : "-e");
	size_t first = n;

	for (i = 0; i < s->postfix.edits_n; i++) {
		const struct setup_edit *e = &s->postfix.edits[i];

		if ((e->service.p != NULL) == master) {
			argv[n++] = arena_cstr(&s->arena, setup_text(s,
			    "%.*s%s%.*s=%.*s", STR_FMT(e->service), master ?
			    "/" : "", STR_FMT(e->name), STR_FMT(e->after)));
		}
	}
	argv[n] = NULL;
	return (n == first || setup_command(s, argv));
}

bool
setup_edits_apply(struct setup *s)
{
	return (apply_to(s, true) && apply_to(s, false));
}

static bool
run_postfix(struct setup *s, const char *verb)
{
	char *argv[5] = { arena_cstr(&s->arena, STR("postfix")) };
	size_t n = 1;

	if (s->args->mta_config != NULL) {
		argv[n++] = arena_cstr(&s->arena, STR("-c"));
		argv[n++] = arena_cstr(&s->arena,
		    str_from(s->args->mta_config));
	}
	argv[n++] = arena_cstr(&s->arena, str_from(verb));
	argv[n] = NULL;
	return (setup_command(s, argv));
}

bool
setup_postfix_reload(struct setup *s)
{
	return (run_postfix(s, "check") && run_postfix(s, "reload"));
}

/* What a parameter has now that an edit changed. */
static struct str
current_value(const struct setup_postfix *p, struct str service,
    struct str name)
{
	size_t i, slash = str_rfind(service, '/');

	if (service.p == NULL) {
		return (str_eq(name, STR("smtpd_milters")) ? p->milters_raw :
		    p->local_milters_raw);
	}
	for (i = 0; i < p->n; i++) {
		if (str_eq(p->v[i].name, str_first(service, slash)) &&
		    str_eq(p->v[i].type, str_from_offset(service,
		    slash + 1))) {
			return (p->v[i].milters);
		}
	}
	return (STR_NONE);
}

/* Others have changed the files since: only the milter is taken out. */
static bool
remove_milter(struct setup *s)
{
	struct str socket = str_from(setup_state_get(s->state.host,
	    "socket"));
	json_t *list = json_object_get(s->state.host, "edits"), *one;
	struct setup_postfix *p = &s->postfix;
	struct str name, service, now;
	struct buf out;
	size_t i;

	p->edits_n = 0;
	json_array_foreach(list, i, one) {
		name = str_from(setup_state_get(one, "name"));
		service = str_from(setup_state_get(one, "service"));
		now = str_ends_ci(name, STR("_milters")) ?
		    current_value(p, service, name) : STR_NONE;
		if (!milters_has(now, socket, p->queue) ||
		    p->edits_n == SETUP_MAX_EDITS) {
			continue;
		}
		buf_init(&out, SETUP_FILE_MAX_BYTES);
		milters_remove(&out, now, socket, p->queue, service.p !=
		    NULL);
		p->edits[p->edits_n++] = (struct setup_edit){ .name = name,
			.service = service, .before = now, .after =
			setup_text(s, "%.*s", STR_FMT(buf_str(&out))) };
		buf_fini(&out);
	}
	return (setup_edits_apply(s));
}

static bool
restore_files(struct setup *s, int config, struct diag *diag)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < 2 && ok; i++) {
		struct str before = copy_name(s, files[i], "before");

		ok = is_same_file(config, files[i], s->state.dir, before.p) ||
		    copy_file(s, s->state.dir, config, before.p, files[i],
		    false, diag);
	}
	return (ok);
}

static bool
forget_copies(struct setup *s, struct diag *diag)
{
	static const char *const keys[] = { "stage", "edits", "socket",
		"directory", "mta_config" };
	size_t i;

	/* The stage goes first: without it the copies mean nothing. */
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!setup_state_set(&s->state, s->state.host, keys[i], NULL,
		    diag)) {
			return (false);
		}
	}
	for (i = 0; i < 2; i++) {
		(void)unlinkat(s->state.dir, copy_name(s, files[i],
		    "before").p, 0);
		(void)unlinkat(s->state.dir, copy_name(s, files[i],
		    "after").p, 0);
	}
	return (true);
}

bool
setup_unwire(struct setup *s, bool *changed_r)
{
	struct diag diag;
	int config;
	bool ok;

	*changed_r = false;
	if (setup_state_get(s->state.host, "stage") == NULL) {
		return (true);
	}
	diag_init(&diag);
	s->postfix = (struct setup_postfix){ .found = false };
	if (s->args->mta_config == NULL) {
		s->args->mta_config = arena_dup(&s->arena, str_from(
		    setup_state_get(s->state.host, "mta_config"))).p;
		s->args->mta_config = s->args->mta_config != NULL &&
		    s->args->mta_config[0] != '\0' ? s->args->mta_config :
		    NULL;
	}
	if (!setup_postfix_read(s)) {
		return (false);
	}
	config = open_config(s);
	if (!s->postfix.found || config == -1) {
		(void)cli_fail("Postfix's configuration cannot be read");
		return (false);
	}
	if (is_own_change(s, config)) {
		ok = restore_files(s, config, &diag);
	} else {
		setup_say(s, "main.cf or master.cf was changed by others "
		    "since: only the milter is taken out.");
		ok = remove_milter(s);
	}
	(void)close(config);
	*changed_r = true;
	ok = ok && setup_postfix_reload(s) && forget_copies(s, &diag);
	if (!ok && diag.text[0] != '\0') {
		(void)cli_fail("%s", diag.text);
	}
	return (ok);
}
