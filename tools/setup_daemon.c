/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts mailseald, and asks it to take a message. */
#include "config.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/privileges.h"
#include "tools/setup.h"
#include "tools/setup_play.h"

#define UNIT		"mailseald.service"
#define TRIES		100
#define PAUSE_NS	100000000
#define WHY_BYTES	512
#define PID_BYTES	32
#define TRY_TIMEOUT_MS	10000

static char *
make_word(struct setup *s, const char *text)
{
	return (arena_cstr(&s->arena, str_from(text)));
}

bool
setup_daemon_runs(struct setup *s)
{
	struct player *player = NULL;
	struct player_opts opts;
	struct diag diag;
	bool ok;

	diag_init(&diag);
	player_opts_init(&opts, setup_socket(s));
	opts.timeout_ms = TRY_TIMEOUT_MS;
	ok = player_open(&opts, &player, &diag) == STATUS_OK;
	player_close(player);
	return (ok);
}

static bool
wait_until_running(struct setup *s)
{
	const struct timespec pause = { 0, PAUSE_NS };
	int i;

	for (i = 0; i < TRIES; i++) {
		if (setup_daemon_runs(s)) {
			return (true);
		}
		(void)nanosleep(&pause, NULL);
	}
	(void)cli_fail("mailseald was started and does not answer on %s: its "
	    "log says why. If it ran before with another Socket, stop it, "
	    "then run this again", setup_socket(s));
	return (false);
}

static bool
check_conf(struct setup *s, const char *daemon)
{
	/* A resolver must not be asked for records that are not there yet. */
	char *const argv[] = { make_word(s, daemon), make_word(s, "-n"),
		make_word(s, "--no-dns"), make_word(s, "-c"),
		make_word(s, s->args->conf_path), NULL };

	return (setup_command(s, argv));
}

/* Undo disables it only if it was not enabled before. */
static bool
start_timer(struct setup *s)
{
	char *const ask[] = { make_word(s, "systemctl"),
		make_word(s, "is-enabled"), make_word(s, SETUP_TIMER), NULL };
	char *const start[] = { make_word(s, "systemctl"),
		make_word(s, "enable"), make_word(s, "--now"),
		make_word(s, SETUP_TIMER), NULL };
	struct diag diag;

	diag_init(&diag);
	if (setup_exec(s, ask, NULL, NULL) != 0 && !setup_state_set(&s->state,
	    s->state.host, "timer", json_true(), &diag)) {
		(void)cli_fail("%s", diag.text);
		return (false);
	}
	return (setup_command(s, start));
}

/* A restart: one that runs still has its former socket. */
static bool
start_unit(struct setup *s)
{
	char *const reload[] = { make_word(s, "systemctl"),
		make_word(s, "daemon-reload"), NULL };
	char *const enable[] = { make_word(s, "systemctl"),
		make_word(s, "enable"), make_word(s, UNIT), NULL };
	char *const restart[] = { make_word(s, "systemctl"),
		make_word(s, "restart"), make_word(s, UNIT), NULL };

	return (setup_command(s, reload) && setup_command(s, enable) &&
	    setup_command(s, restart) && start_timer(s));
}

/* Whether it was so before setup: then undo leaves it alone. */
static bool
runs_as_unit(struct setup *s)
{
	char *const ask[] = { make_word(s, "systemctl"),
		make_word(s, "is-active"), make_word(s, UNIT), NULL };

	return (setup_exec(s, ask, NULL, NULL) == 0);
}

static bool
start_program(struct setup *s, const char *daemon)
{
	char *const argv[] = { make_word(s, daemon), make_word(s, "-c"),
		make_word(s, s->args->conf_path), NULL };

	return (setup_command(s, argv));
}

bool
setup_daemon_start(struct setup *s)
{
	const char *daemon = s->args->daemon != NULL ? s->args->daemon :
	    SBINDIR "/mailseald";
	bool systemd = setup_uses_systemd(s);
	struct diag diag;

	if (!check_conf(s, daemon)) {
		return (false);
	}
	if (setup_daemon_runs(s)) {
		setup_say(s, "mailseald runs already.");
		return (true);
	}
	diag_init(&diag);
	if (!(systemd && runs_as_unit(s)) &&
	    !setup_state_set(&s->state, s->state.host, "daemon",
	    json_string(systemd ? "systemd" : s->conf->pid_file != NULL ?
	    s->conf->pid_file : ""), &diag)) {
		(void)cli_fail("%s", diag.text);
		return (false);
	}
	if (!(systemd ? start_unit(s) : start_program(s, daemon)) ||
	    !wait_until_running(s)) {
		return (false);
	}
	setup_say(s, "Started mailseald.");
	if (!systemd) {
		setup_todo(s, "have mailseald started at boot, and dkimkeygen "
		    "rotate --all run each hour (see README)");
	}
	return (true);
}

/* Its directory may be writable by others than root. */
int
setup_pid_open(const char *path, pid_t *pid_r)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	char text[PID_BYTES] = "";
	struct stat st;
	long pid;

	*pid_r = 0;
	if (fd == -1) {
		return (-1);
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		errno = EINVAL;
		return (-1);
	}
	(void)!read(fd, text, sizeof(text) - 1);
	pid = strtol(text, NULL, 10);
	*pid_r = pid > 1 && pid <= INT_MAX ? (pid_t)pid : 0;
	return (fd);
}

bool
setup_pid_locked(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		(void)flock(fd, LOCK_UN);
		return (false);
	}
	return (true);
}

static void
hang_up(struct setup *s, const char *pid_file)
{
	pid_t pid;
	int fd = setup_pid_open(pid_file, &pid);

	if (fd == -1 && errno == ENOENT) {
		return;
	}
	if (fd == -1 || !setup_pid_locked(fd) || pid <= 1 ||
	    kill(pid, SIGHUP) == -1) {
		setup_say(s, "mailseald reads its keys again within "
		    "KeyRefresh.");
	}
	if (fd != -1) {
		(void)close(fd);
	}
}

void
setup_daemon_reload(struct setup *s)
{
	char *const argv[] = { make_word(s, "systemctl"),
		make_word(s, "reload"), make_word(s, UNIT), NULL };

	if (!s->store.changed) {
		return;
	}
	s->store.changed = false;
	if (setup_uses_systemd(s)) {
		(void)setup_command(s, argv);
	} else if (s->conf != NULL && s->conf->pid_file != NULL) {
		hang_up(s, s->conf->pid_file);
	}
}

/* In a process of its own, as that user. Writes why not. */
static int
try_as(const char *user, const char *socket, int fd)
{
	/* Of somebody else: neither signed nor refused. */
	static const char text[] = "From: <test@mailseal.invalid>\r\n"
	    "Subject: test\r\n\r\ntest\r\n";
	struct player_result r = { .changes = 0 };
	struct player_opts opts;
	struct diag diag;
	enum status status;

	diag_init(&diag);
	player_opts_init(&opts, socket);
	opts.timeout_ms = TRY_TIMEOUT_MS;
	status = privileges_drop(user, &diag);
	if (status == STATUS_OK) {
		status = setup_play(&opts, str_from(text), NULL, &r, &diag);
	}
	if (status == STATUS_OK && r.verdict != PLAYER_ACCEPT) {
		diag_set(&diag, NULL, 0, "it answers %s %s",
		    player_verdict_name(r.verdict), r.reply);
		status = STATUS_TEMP;
	}
	if (status != STATUS_OK) {
		diag_set(&diag, NULL, 0, "%s", status_text(status));
		(void)!write(fd, diag.text, strlen(diag.text));
	}
	return (status == STATUS_OK ? 0 : 1);
}

bool
setup_daemon_try(struct setup *s, struct str *why_r)
{
	const char *user = s->postfix.found ? arena_cstr(&s->arena,
	    s->postfix.owner) : NULL;
	const char *socket = setup_socket(s);
	char why[WHY_BYTES];
	int fds[2], status = 1;
	ssize_t n;
	pid_t pid;

	*why_r = STR("");
	if (pipe(fds) == -1) {
		*why_r = str_from(strerror(errno));
		return (false);
	}
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		(void)close(fds[0]);
		_exit(try_as(user, socket, fds[1]));
	}
	(void)close(fds[1]);
	n = pid > 0 ? read(fds[0], why, sizeof(why)) : 0;
	(void)close(fds[0]);
	if (pid > 0) {
		(void)waitpid(pid, &status, 0);
	}
	*why_r = setup_text(s, "%.*s", n > 0 ? (int)n : 0, why);
	return (status == 0);
}
