/* SPDX-License-Identifier: BSD-2-Clause */
/* The start of the service, and of each process. */
#include "config.h"

#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "milter/keys.h"
#include "milter/listen.h"
#include "milter/log.h"
#include "milter/parent.h"
#include "milter/sandbox.h"
#include "milter/signals.h"

#define STEP_MS		1000

static void
close_file(int fd)
{
	if (fd != -1) {
		(void)close(fd);
	}
}

/* In a child: what is the parent's alone. */
static void
close_inherited(struct parent *parent)
{
	close_file(parent->load.text);
	close_file(parent->load.rules);
	close_file(parent->load.picture);
	child_close(&parent->keys);
	child_close(&parent->mail);
	manager_fini(&parent->daemon->manager);
	presence_leave(&parent->daemon->presence);
	if (parent->caller != NULL && parent->caller->fd != -1) {
		(void)close(parent->caller->fd);
		parent->caller->fd = -1;
	}
	parent->daemon->env.log = log_write;
}

static bool
note_fork(struct parent *parent, struct child *child, pid_t pid)
{
	if (pid > 0) {
		return (true);
	}
	child->due_us = env_mono_us(&parent->daemon->env) + CHILD_WAIT_US;
	env_log(&parent->daemon->env, LOG_LEVEL_ERROR, "the %s process cannot "
	    "be started: %s", child_name(child), strerror(errno));
	return (false);
}

bool
parent_start_keys(struct parent *parent)
{
	static struct keys_start start;
	struct daemon *daemon = parent->daemon;
	struct child_ends ends;
	uint64_t set = ++parent->last_set;
	pid_t self = getpid();
	pid_t pid = child_fork(&parent->keys, &ends);

	parent->keys_text = parent->texts;
	if (pid != 0) {
		return (note_fork(parent, &parent->keys, pid));
	}
	close_inherited(parent);
	close_file(parent->rules);
	close_file(parent->picture);
	if (daemon->presence.fd > STDERR_FILENO) {
		(void)close(daemon->presence.fd);
	}
	start = (struct keys_start){ .path = daemon->opts->conf_path,
		.text = parent->text, .parent = self,
		.control = ends.control, .delivery = ends.delivery,
		.report = ends.report, .number = set,
		.first = !parent->started,
		.sets_log = !daemon_is_observer(daemon),
		.kept = &parent->kept_keys,
		.board = daemon->live.board_keys,
		.said = &daemon->live.board->said };
	keys_run(&start, &daemon->env);
}

bool
parent_start_mail(struct parent *parent)
{
	static struct mail_start start;
	struct daemon *daemon = parent->daemon;
	struct child_ends ends;
	pid_t pid;

	parent->wants_listen = false;	/* it inherits the socket */
	listen_renew(daemon->presence.fd);
	/* What a dead one was doing. */
	atomic_store(&daemon->live.board->in_flight, 0);
	pid = child_fork(&parent->mail, &ends);
	if (pid != 0) {
		return (note_fork(parent, &parent->mail, pid));
	}
	close_inherited(parent);
	kept_keys_close(&parent->kept_keys);
	close_file(parent->text);
	start = (struct mail_start){ .conf = parent->conf,
		.text = parent->rules,
		.set = parent->set, .picture = parent->picture,
		.control = ends.control, .delivery = ends.delivery,
		.report = ends.report,
		.first = !parent->started };
	mail_run(&start, daemon);
}

/* Waits for a message of a child, or its end. False: the daemon shall stop. */
static bool
await_message(struct parent *parent, const struct child *child)
{
	struct pollfd message = { .fd = child->control, .events = POLLIN };

	do {
		if (signals_take_stop()) {
			parent->stopping = true;
			return (false);
		}
		signals_poll(&message, 1, STEP_MS);
	} while (message.revents == 0);
	return (true);
}

/* The next message of that kind. Not OK: it has ended, and r->diag says so, or
   the daemon shall stop. */
static enum status
await_answer(struct parent *parent, const struct child *child,
    enum control_kind kind, struct control *r)
{
	char report[SANDBOX_REPORT_BYTES];
	enum status status;
	bool forbidden;

	*r = (struct control){ .fds_n = 0 };
	while (await_message(parent, child)) {
		status = control_receive(child->control, r);
		if (status != STATUS_OK) {
			forbidden = sandbox_read_report(child->report, report);
			diag_set(&r->diag, NULL, 0, "the %s process died at "
			    "its start%s%s", child_name(child), forbidden ?
			    ": the sandbox forbids " : "", forbidden ? report :
			    "");
			return (STATUS_NOMEM);
		}
		if (r->kind == kind) {
			return (r->status);
		}
		control_close_fds(r);
	}
	return (STATUS_TEMP);
}

static enum status
start_keys(struct parent *parent, struct diag *diag)
{
	struct control answer;
	enum status status;

	if (!parent_start_keys(parent)) {
		diag_set(diag, NULL, 0, "no keys process");
		return (STATUS_NOMEM);
	}
	status = await_answer(parent, &parent->keys, CONTROL_READ, &answer);
	control_close_fds(&answer);
	*diag = answer.diag;
	return (status);
}

static enum status
start_mail(struct parent *parent, struct diag *diag)
{
	struct control answer;
	enum status status;

	status = await_answer(parent, &parent->keys, CONTROL_LOADED, &answer);
	if (status == STATUS_OK) {
		parent_keys_loaded(parent, &answer);
	}
	control_close_fds(&answer);
	*diag = answer.diag;
	if (status != STATUS_OK) {
		return (status);
	}
	if (!parent->keys.ready || !parent_start_mail(parent)) {
		diag_set(diag, NULL, 0, "no mail process");
		return (STATUS_NOMEM);
	}
	parent_connect(parent, false);
	status = await_answer(parent, &parent->mail, CONTROL_LOADED, &answer);
	control_close_fds(&answer);
	*diag = answer.diag;
	parent->mail.ready = status == STATUS_OK;
	return (status);
}

static void
announce_start(struct parent *parent)
{
	bool keep_stderr = parent->conf->log_target == CONF_LOG_STDERR;
	const struct control ready = { .kind = CONTROL_READY,
		.value = keep_stderr };

	presence_announce(&parent->daemon->presence);
	daemon_set_log(parent->daemon, parent->conf);
	parent->started = true;
	log_never_wait();
	if (parent->caller->fd != -1) {
		parent_order(parent, &parent->keys, &ready);
		parent_order(parent, &parent->mail, &ready);
	}
	background_ready(parent->caller, keep_stderr);
	daemon_report_ready(parent->daemon);
}

/* One that is still starting may wait for a database: it is not asked. */
static void
kill_starting(struct child *child)
{
	if (child->pid != 0) {
		(void)kill(child->pid, SIGKILL);
		(void)waitpid(child->pid, NULL, 0);
	}
}

/* Both see the end of their pairs. */
static void
give_up(struct parent *parent)
{
	presence_close(&parent->daemon->presence);
	if (parent->stopping) {
		manager_stopping(&parent->daemon->manager, "during the start");
		env_log(&parent->daemon->env, LOG_LEVEL_INFO, "stopped during "
		    "the start");
		kill_starting(&parent->mail);
		kill_starting(&parent->keys);
	}
	child_close(&parent->mail);
	child_close(&parent->keys);
}

static enum daemon_exit
fail_start(struct parent *parent, enum daemon_exit code, enum status status,
    const struct diag *diag)
{
	if (!parent->stopping) {
		daemon_complain(parent->daemon, status, diag);
	}
	give_up(parent);
	return (parent->stopping ? DAEMON_OK : code);
}

enum daemon_exit
parent_start(struct parent *parent)
{
	struct daemon *daemon = parent->daemon;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = live_share(&daemon->live, &diag);
	if (status == STATUS_OK) {
		status = start_keys(parent, &diag);
	}
	if (status != STATUS_OK) {
		return (fail_start(parent, daemon_exit_of(status), status,
		    &diag));
	}
	kept_keys_open(&parent->kept_keys, parent->conf);
	status = presence_open(&daemon->presence, parent->conf, &daemon->live,
	    &diag);
	if (status != STATUS_OK) {
		return (fail_start(parent, DAEMON_NO, status, &diag));
	}
	kept_keys_settle(&parent->kept_keys, parent->conf, &daemon->env);
	status = live_prepare(&daemon->live, parent->conf, &daemon->env,
	    &diag);
	if (status == STATUS_OK) {
		status = start_mail(parent, &diag);
	}
	if (status != STATUS_OK) {
		return (fail_start(parent, daemon_exit_of(status), status,
		    &diag));
	}
	announce_start(parent);
	return (DAEMON_OK);
}
