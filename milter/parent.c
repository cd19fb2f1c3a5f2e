/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/keys.h"
#include "milter/log.h"
#include "milter/parent.h"
#include "milter/sandbox.h"
#include "milter/signals.h"

#define USEC_PER_S	1000000ULL
#define PRESENCE_US	2000000		/* between two checks of the sockets */
/* Between two reports without a watchdog. */
#define REPORT_US	30000000
#define CONNECT_EVERY_US	100000	/* at the mail process's request */

static struct parent *logging;		/* of log_line */

/* The mail process has a thread for it; without one the parent does not wait
   for a reader that reads nothing (log_never_wait). */
static void
log_line(void *unused, enum log_level level, const char *line)
{
	struct control message = { .kind = CONTROL_LOG, .value = level };

	if (logging->mail.ready && strlen(line) < DIAG_MAX_BYTES) {
		(void)strlcpy(message.diag.text, line, DIAG_MAX_BYTES);
		if (control_send(logging->mail.control, &message)) {
			return;
		}
	}
	log_write(unused, level, line);
}

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

/* False: it could not be started, and is tried again. */
static bool
parent_start_keys(struct parent *parent)
{
	static struct keys_start start;
	struct daemon *daemon = parent->daemon;
	struct child_ends ends;
	uint64_t set = ++parent->last_set;
	pid_t pid = child_fork(&parent->keys, &ends);

	parent->keys_text = parent->texts;
	if (pid != 0) {
		return (note_fork(parent, &parent->keys, pid));
	}
	close_inherited(parent);
	close_file(parent->picture);
	if (daemon->presence.fd > STDERR_FILENO) {
		(void)close(daemon->presence.fd);
	}
	start = (struct keys_start){ .path = daemon->opts->conf_path,
		.text = parent->text, .control = ends.control,
		.delivery = ends.delivery, .report = ends.report,
		.number = set,
		.first = !parent->started,
		.sets_log = !daemon_is_observer(daemon),
		.board = daemon->live.board_keys };
	keys_run(&start, &daemon->env);
}

static bool
parent_start_mail(struct parent *parent)
{
	static struct mail_start start;
	struct daemon *daemon = parent->daemon;
	struct child_ends ends;
	pid_t pid;

	/* What a dead one was doing. */
	atomic_store(&daemon->live.board->in_flight, 0);
	pid = child_fork(&parent->mail, &ends);
	if (pid != 0) {
		return (note_fork(parent, &parent->mail, pid));
	}
	close_inherited(parent);
	start = (struct mail_start){ .conf = parent->conf,
		.text = parent->text,
		.set = parent->set, .picture = parent->picture,
		.control = ends.control, .delivery = ends.delivery,
		.report = ends.report,
		.first = !parent->started };
	mail_run(&start, daemon);
}

void
parent_connect(struct parent *parent, bool again)
{
	parent->wants_connect = false;
	if (!parent->keys.ready || parent->mail.pid == 0) {
		return;
	}
	parent->connected_us = env_mono_us(&parent->daemon->env);
	again = again && !parent->connect_new;
	if (channels_connect(parent->keys.delivery, parent->mail.delivery,
	    again)) {
		parent->told_unconnected = parent->connect_new = false;
		return;
	}
	/* If one of the two has just died, the next one is connected. */
	if (again && errno == EPIPE) {
		return;
	}
	if (!parent->told_unconnected) {
		env_log(&parent->daemon->env, LOG_LEVEL_ERROR, "the keys "
		    "process and the mail process cannot be connected: %s; "
		    "it is tried again", strerror(errno));
	}
	parent->told_unconnected = parent->wants_connect = true;
	parent->connect_new = !again;
}

/* Waits for the next message of a child, at the start. IO: it has ended. */
static enum status
await_answer(const struct child *child, enum control_kind kind,
    struct control *r)
{
	char report[SANDBOX_REPORT_BYTES];
	enum status status;
	bool forbidden;

	for (;;) {
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
	status = await_answer(&parent->keys, CONTROL_READ, &answer);
	control_close_fds(&answer);
	*diag = answer.diag;
	return (status);
}

static enum status
start_mail(struct parent *parent, struct diag *diag)
{
	struct control answer;
	enum status status;

	status = await_answer(&parent->keys, CONTROL_LOADED, &answer);
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
	status = await_answer(&parent->mail, CONTROL_LOADED, &answer);
	control_close_fds(&answer);
	*diag = answer.diag;
	parent->mail.ready = status == STATUS_OK;
	return (status);
}

static void
send_ready(const struct child *child, bool keep_stderr)
{
	const struct control message = { .kind = CONTROL_READY,
		.value = keep_stderr };

	(void)control_send(child->control, &message);
}

static void
announce_start(struct parent *parent)
{
	bool keep_stderr = parent->conf->log_target == CONF_LOG_STDERR;

	presence_announce(&parent->daemon->presence);
	daemon_set_log(parent->daemon, parent->conf);
	parent->started = true;
	log_never_wait();
	if (parent->caller->fd != -1) {
		send_ready(&parent->keys, keep_stderr);
		send_ready(&parent->mail, keep_stderr);
	}
	background_ready(parent->caller, keep_stderr);
	daemon_report_ready(parent->daemon);
}

/* Both see the end of their pairs. */
static void
give_up(struct parent *parent)
{
	child_close(&parent->mail);
	child_close(&parent->keys);
}

/* Starts both processes; what they log, they log. On failure logs the reason
   and returns the exit status. */
static enum daemon_exit
parent_start(struct parent *parent)
{
	struct daemon *daemon = parent->daemon;
	enum status status;
	struct diag diag;

	logging = parent;
	daemon->env.log = log_line;
	diag_init(&diag);
	status = live_share(&daemon->live, &diag);
	if (status == STATUS_OK) {
		status = start_keys(parent, &diag);
	}
	if (status != STATUS_OK) {
		daemon_complain(daemon, status, &diag);
		give_up(parent);
		return (daemon_exit_of(status));
	}
	status = presence_open(&daemon->presence, parent->conf, &daemon->live,
	    &diag);
	if (status != STATUS_OK) {
		daemon_complain(daemon, status, &diag);
		give_up(parent);
		return (DAEMON_NO);
	}
	status = live_prepare(&daemon->live, parent->conf, &daemon->env,
	    &diag);
	if (status == STATUS_OK) {
		status = start_mail(parent, &diag);
	}
	if (status != STATUS_OK) {
		presence_close(&daemon->presence);
		daemon_complain(daemon, status, &diag);
		give_up(parent);
		return (daemon_exit_of(status));
	}
	announce_start(parent);
	return (DAEMON_OK);
}

static void
set_timers(struct parent *parent)
{
	const struct env *env = &parent->daemon->env;
	uint64_t alive_us = manager_interval_us(&parent->daemon->manager);

	timer_set(&parent->presence, PRESENCE_US, env_mono_us(env));
	parent_alive_init(parent);
	timer_set(&parent->report, alive_us != 0 && alive_us < REPORT_US ?
	    alive_us : REPORT_US, env_mono_us(env));
}

/* More signatures than the mail process asked for: somebody else asks. */
static void
compare_signatures(struct parent *parent)
{
	const struct live *live = &parent->daemon->live;
	uint64_t made = atomic_load(&live->board_keys->signatures_made);
	uint64_t asked = atomic_load(&live->board->signatures_asked);

	if (made > asked && !parent->told_difference) {
		env_log(&parent->daemon->env, LOG_LEVEL_ERROR, "the keys "
		    "process made %" PRIu64 " signatures, but the mail "
		    "process says that it asked for %" PRIu64, made, asked);
		parent->told_difference = true;
	}
}

/* A socket that was made anew is the mail process's, too. */
static void
watch_presence(struct parent *parent)
{
	struct daemon *daemon = parent->daemon;
	struct control message = { .kind = CONTROL_LISTEN,
		.fds = { daemon->presence.fd }, .fds_n = 1 };

	if (presence_watch(&daemon->presence, &daemon->env) &&
	    parent->mail.pid != 0) {
		(void)control_send(parent->mail.control, &message);
	}
	atomic_store(&daemon->live.board->meter.socket_lost,
	    daemon->presence.lost);
}

static void
start_due(struct parent *parent, uint64_t now_us)
{
	if (parent->keys.pid == 0 && now_us >= parent->keys.due_us) {
		(void)parent_start_keys(parent);
	}
	if (parent->mail.pid == 0 && now_us >= parent->mail.due_us &&
	    parent_start_mail(parent)) {
		parent_connect(parent, false);
	}
}

static void
run_timers(struct parent *parent)
{
	uint64_t now_us = env_mono_us(&parent->daemon->env);

	start_due(parent, now_us);
	if (parent->wants_connect &&
	    now_us >= parent->connected_us + CONNECT_EVERY_US) {
		parent_connect(parent, true);
	}
	if (timer_take(&parent->alive, now_us)) {
		parent_alive_ask(parent);
	}
	if (timer_take(&parent->presence, now_us)) {
		watch_presence(parent);
		compare_signatures(parent);
	}
	if (timer_take(&parent->report, now_us) && parent_is_alive(parent)) {
		daemon_report_alive(parent->daemon);
	}
}

static int
wait_ms(const struct parent *parent)
{
	uint64_t now_us = env_mono_us(&parent->daemon->env);
	const struct child *children[] = { &parent->keys, &parent->mail };
	uint64_t us = timer_wait_us(&parent->presence, now_us, UINT64_MAX);
	uint64_t left_us;
	size_t i;

	us = timer_wait_us(&parent->report, now_us, us);
	us = timer_wait_us(&parent->alive, now_us, us);
	if (parent->wants_connect && us > CONNECT_EVERY_US) {
		us = CONNECT_EVERY_US;
	}
	for (i = 0; i < 2; i++) {
		if (children[i]->pid == 0) {
			left_us = children[i]->due_us > now_us ?
			    children[i]->due_us - now_us : 0;
			us = left_us < us ? left_us : us;
		}
	}
	/* Rounded up: not to wake before it is due. */
	return ((int)(us / 1000 + 1));
}

/* It is killed, and started again as any other that died. */
static void
distrust(struct parent *parent, const struct child *child)
{
	env_log(&parent->daemon->env, LOG_LEVEL_ERROR, "the %s process (%ld) "
	    "sent a malformed message, and is killed", child_name(child),
	    (long)child->pid);
	(void)kill(child->pid, SIGKILL);
}

static void
hear_child(struct parent *parent, struct child *child)
{
	bool is_keys = child == &parent->keys;
	struct control message;
	enum status status = control_receive(child->control, &message);

	if (status == STATUS_IO) {
		/* If it is not dead yet, it is of no use. A signal follows. */
		child->ended = true;
		(void)kill(child->pid, SIGKILL);
		return;
	}
	if (status == STATUS_OK && message.kind == CONTROL_LOADED) {
		child->loading = false;
		parent_alive_heard(child);
		if (is_keys) {
			parent_keys_loaded(parent, &message);
		} else {
			parent_mail_loaded(parent, &message);
		}
	} else if (status == STATUS_OK && message.kind == CONTROL_ALIVE) {
		parent_alive_heard(child);
	} else if (status == STATUS_OK && !is_keys &&
	    message.kind == CONTROL_LOST) {
		parent->wants_connect = true;
	} else if (status == STATUS_OK && is_keys &&
	    message.kind == CONTROL_CHANGED) {
		parent_ask(parent, PARENT_CHANGED);
	} else if (status != STATUS_OK || !is_keys ||
	    message.kind != CONTROL_READ) {
		distrust(parent, child);
	} else if (message.status != STATUS_OK) {
		env_log(&parent->daemon->env, LOG_LEVEL_ERROR, "the keys "
		    "process cannot start: %s", message.diag.text);
	}
	control_close_fds(&message);
}

static void
blame_messages(struct parent *parent)
{
	struct live *live = &parent->daemon->live;
	unsigned n = board_blame(live->board, live->board_keys,
	    &parent->deaths);

	if (n > 0) {
		env_log(&parent->daemon->env, LOG_LEVEL_ERROR, "%u message%s "
		    "that the mail process worked on now and at a death "
		    "before: deferred from now on", n, n == 1 ? "" : "s");
	}
}

static void
bury_children(struct parent *parent)
{
	struct child *children[] = { &parent->mail, &parent->keys };
	const struct env *env = &parent->daemon->env;
	int code;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (child_reap(children[i], env, parent->daemon->live.board,
		    parent->stopping, &code)) {
			if (children[i] == &parent->mail) {
				parent->exit_code = code;
				blame_messages(parent);
			}
			parent_load_lost(parent, children[i]);
		}
	}
}

static void
wait_for_events(struct parent *parent, int timeout_ms)
{
	struct child *children[] = { &parent->mail, &parent->keys };
	struct pollfd fds[2];
	size_t i;

	for (i = 0; i < 2; i++) {
		fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
		if (children[i]->pid != 0 && !children[i]->ended) {
			fds[i].fd = children[i]->control;
		}
	}
	signals_poll(fds, 2, timeout_ms);
	for (i = 0; i < 2; i++) {
		if ((fds[i].revents & POLLIN) != 0) {
			hear_child(parent, children[i]);
		}
	}
}

static bool
send_plain(const struct child *child, enum control_kind kind)
{
	const struct control message = { .kind = kind };

	return (child->pid != 0 && control_send(child->control, &message));
}

/* True: to stop. */
static bool
obey_signals(struct parent *parent)
{
	for (;;) {
		switch (signals_take()) {
		case SIGNALS_STOP:
			return (true);
		case SIGNALS_CHILD:
			bury_children(parent);
			break;
		case SIGNALS_RELOAD:
			parent_ask(parent, PARENT_RELOAD);
			break;
		case SIGNALS_KEYS:
			parent_ask(parent, PARENT_CHANGED);
			break;
		case SIGNALS_COUNTERS:
			(void)send_plain(&parent->mail, CONTROL_COUNTERS);
			break;
		case SIGNALS_NONE:
			return (false);
		}
	}
}

/* Of the mail process, when no message is in flight. */
#define HURRY_SECONDS	(DAEMON_STORE_MS / 1000 + 2 + DAEMON_CLEANUP_SECONDS)

/* Asks it to end. False: it did not in time, and was killed. */
static bool
stop_child(struct parent *parent, struct child *child, unsigned seconds)
{
	const struct env *env = &parent->daemon->env;
	uint64_t end_us = env_mono_us(env) + seconds * USEC_PER_S, hurry_us;
	bool asked = false;

	while (child->pid != 0) {
		/* Its queue may be full of lines for the log. */
		asked = asked || send_plain(child, CONTROL_STOP);
		if (env_mono_us(env) >= end_us) {
			(void)kill(child->pid, SIGKILL);
			return (false);
		}
		wait_for_events(parent, 100);
		if (obey_signals(parent)) {
			/* The second request does not wait. */
			(void)send_plain(&parent->mail, CONTROL_STOP);
			hurry_us = env_mono_us(env) + HURRY_SECONDS *
			    USEC_PER_S;
			end_us = hurry_us < end_us ? hurry_us : end_us;
		}
	}
	return (true);
}

static enum daemon_exit
stop_all(struct parent *parent)
{
	struct daemon *daemon = parent->daemon;

	parent->stopping = true;
	manager_stopping(&daemon->manager, "waiting for messages in flight");
	/* Now, so that a successor can use the socket. */
	presence_close(&daemon->presence);
	parent->exit_code = DAEMON_OK;
	if (!stop_child(parent, &parent->mail, DAEMON_DRAIN_SECONDS +
	    HURRY_SECONDS)) {
		parent->exit_code = DAEMON_NO;
	}
	(void)stop_child(parent, &parent->keys, KEYS_STOP_SECONDS);
	return ((enum daemon_exit)parent->exit_code);
}

static enum daemon_exit
parent_serve(struct parent *parent)
{
	set_timers(parent);
	while (!obey_signals(parent)) {
		wait_for_events(parent, wait_ms(parent));
		run_timers(parent);
	}
	return (stop_all(parent));
}

/* The configuration, without keys, and where to listen. */
static enum daemon_exit
read_first(struct parent *parent)
{
	struct daemon *daemon = parent->daemon;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = parent_read(parent, &parent->conf, &parent->text, &diag);
	if (status == STATUS_OK) {
		status = daemon_choose_socket(daemon, parent->conf, &diag);
	}
	if (status != STATUS_OK) {
		daemon_complain(daemon, status, &diag);
	}
	return (daemon_exit_of(status));
}

enum daemon_exit
daemon_run(const struct daemon_opts *opts)
{
	static struct daemon daemon;
	static struct parent parent;
	static struct background caller;
	enum daemon_exit code;

	/* First of all, so that a signal during the start waits. */
	signals_block();
	setproctitle("parent");
	daemon_init(&daemon, opts);
	daemon.live.may_create = true;
	parent = (struct parent){ .daemon = &daemon, .text = -1,
		.picture = -1, .caller = &caller,
		.keys = { .which = BOARD_KEYS },
		.mail = { .which = BOARD_MAIL },
		.load = { .text = -1, .picture = -1 } };
	code = read_first(&parent);
	if (code != DAEMON_OK) {
		return (code);
	}
	if (!opts->foreground && parent.conf->background) {
		background_enter(&caller);
	} else {
		background_none(&caller);
	}
	manager_init(&daemon.manager);
	code = parent_start(&parent);
	if (code == DAEMON_OK) {
		code = parent_serve(&parent);
	}
	conf_release(parent.conf);
	presence_fini(&daemon.presence);
	manager_fini(&daemon.manager);
	return (code);
}
