/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes back what setup made on this host, last thing first. Keys, the key
 * store, the user and records in the DNS stay: a key that has signed is needed
 * as long as mail with its signatures is under way.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "keystore/files.h"
#include "tools/setup.h"

#define TRIES		400
#define PAUSE_NS	100000000

static bool
forget_entry(struct setup *s, const char *key)
{
	struct diag diag;

	diag_init(&diag);
	if (setup_state_set(&s->state, s->state.host, key, NULL, &diag)) {
		return (true);
	}
	(void)cli_fail("%s", diag.text);
	return (false);
}

static bool
stop_process(const char *pid_file)
{
	const struct timespec pause = { 0, PAUSE_NS };
	pid_t pid;
	int i, fd = setup_pid_open(pid_file, &pid);
	bool alive;

	if (fd == -1) {
		return (errno == ENOENT);
	}
	alive = setup_pid_locked(fd);
	if (alive && pid > 1) {
		(void)kill(pid, SIGTERM);
	}
	for (i = 0; i < TRIES && alive && pid > 1; i++) {
		(void)nanosleep(&pause, NULL);
		alive = setup_pid_locked(fd);
	}
	(void)close(fd);
	if (!alive) {
		/* The daemon's user may not remove it. */
		(void)unlink(pid_file);
	}
	return (!alive);
}

/* If setup enabled it. */
static bool
stop_timer(struct setup *s)
{
	char *const argv[] = { arena_cstr(&s->arena, STR("systemctl")),
		arena_cstr(&s->arena, STR("disable")),
		arena_cstr(&s->arena, STR("--now")),
		arena_cstr(&s->arena, STR(SETUP_TIMER)), NULL };

	return (json_object_get(s->state.host, "timer") == NULL ||
	    (setup_command(s, argv) && forget_entry(s, "timer")));
}

static bool
stop_daemon(struct setup *s)
{
	const char *how = setup_state_get(s->state.host, "daemon");
	char *const argv[] = { arena_cstr(&s->arena, STR("systemctl")),
		arena_cstr(&s->arena, STR("disable")),
		arena_cstr(&s->arena, STR("--now")),
		arena_cstr(&s->arena, STR("mailseald.service")), NULL };

	if (how == NULL) {
		return (true);
	}
	if (strcmp(how, "systemd") == 0 ? !setup_command(s, argv) :
	    how[0] != '\0' && !stop_process(how)) {
		(void)cli_fail("mailseald could not be stopped");
		return (false);
	}
	setup_say(s, how[0] == '\0' ? "mailseald still runs: it has no "
	    "PidFile." : "Stopped mailseald.");
	return (forget_entry(s, "daemon"));
}

/* Unless somebody has changed it since. */
static bool
remove_conf(struct setup *s)
{
	json_t *object = json_object_get(s->state.host, "configuration");
	const char *path = setup_state_get(object, "path");
	const char *made = setup_state_get(object, "text");
	const char *before = setup_state_get(object, "before");
	struct buf text;
	struct diag diag;
	bool same;

	if (path == NULL || made == NULL) {
		return (true);
	}
	diag_init(&diag);
	buf_init(&text, SETUP_FILE_MAX_BYTES);
	same = files_read(AT_FDCWD, path, path, &text, NULL, &diag) ==
	    STATUS_OK && str_eq(buf_str(&text), str_from(made));
	buf_fini(&text);
	if (same && before != NULL) {
		if (!setup_write_conf(s, path, str_from(before))) {
			return (false);
		}
		setup_say(s, "%s is the sample again.", path);
	} else if (same && unlink(path) == 0) {
		setup_say(s, "Removed %s.", path);
	} else if (access(path, F_OK) == 0) {
		setup_say(s, "%s stays: it was changed since.", path);
	}
	return (forget_entry(s, "configuration"));
}

static bool
remove_directory(struct setup *s)
{
	const char *path = setup_state_get(s->state.host,
	    "socket_directory");

	if (path == NULL) {
		return (true);
	}
	if (rmdir(path) == 0) {
		setup_say(s, "Removed %s.", path);
	} else if (errno != ENOENT) {
		setup_say(s, "%s stays: %s.", path, strerror(errno));
	}
	return (forget_entry(s, "socket_directory"));
}

static bool
undo_postfix(struct setup *s)
{
	if (setup_state_has_others(&s->state)) {
		setup_say(s, "Postfix and mailseald stay as they are: other "
		    "domains were set up here.");
		return (true);
	}
	return (setup_unwire(s) && stop_timer(s) && stop_daemon(s) &&
	    remove_conf(s) && remove_directory(s));
}

/* The daemon of a domain that is undone serves the others. */
int
setup_undo(struct setup *s)
{
	struct diag diag;

	setup_stage(s, "Undo");
	diag_init(&diag);
	if (!undo_postfix(s)) {
		return (setup_finish(s, SETUP_FAILED));
	}
	if (!setup_state_remove(&s->state, "", &diag) ||
	    (json_object_size(s->state.host) == 0 &&
	    !setup_state_remove(&s->state, SETUP_STATE_HOST, &diag))) {
		(void)cli_fail("%s", diag.text);
		return (setup_finish(s, SETUP_FAILED));
	}
	setup_say(s, "Keys, their store and records in the DNS stay.");
	setup_todo(s, "to remove the keys, too: dkimkeygen revoke, for "
	    "those that signed, or delete (dkimkeygen list -d %.*s)",
	    STR_FMT(s->domain));
	return (setup_finish(s, SETUP_GO));
}

int
setup_status(struct setup *s)
{
	const char *stage = setup_state_get(s->state.domain, "stage");
	const char *wired = setup_state_get(s->state.host, "stage");

	setup_stage(s, "Status");
	if (stage == NULL) {
		setup_say(s, "%.*s was not set up here.", STR_FMT(s->domain));
		return (setup_finish(s, SETUP_STOP));
	}
	if (strcmp(stage, "done") == 0) {
		setup_say(s, "The last run was completed.");
	} else {
		setup_say(s, "The last run stopped in the stage %s: run setup "
		    "again, it continues there.", stage);
	}
	setup_say(s, wired == NULL ? "Setup has not changed Postfix." :
	    strcmp(wired, "done") == 0 ? "Postfix was wired by setup." :
	    "Postfix is being wired: run setup again.");
	return (setup_finish(s, strcmp(stage, "done") == 0 ? SETUP_GO :
	    SETUP_STOP));
}
