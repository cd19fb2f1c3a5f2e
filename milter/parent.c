/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "milter/keys.h"
#include "milter/log.h"
#include "milter/opener.h"
#include "milter/parent.h"
#include "milter/signals.h"

#define USEC_PER_S	1000000ULL
#define PRESENCE_US	2000000		/* between two checks of the sockets */
/* Between two reports without a watchdog. */
#define REPORT_US	30000000
#define CONNECT_EVERY_US	100000	/* at the mail process's request */

static struct parent *logging;		/* of log_line */

/* The mail process has a thread for it; without one the parent does not wait
   for a reader that reads nothing (log_never_wait). At the end it may read no
   line any more. */
static void
log_line(void *unused, enum log_level level, const char *line)
{
	struct control message = { .kind = CONTROL_LOG, .value = level };

	if (logging->mail.ready && !logging->stopping &&
	    strlen(line) < DIAG_MAX_BYTES) {
		(void)strlcpy(message.diag.text, line, DIAG_MAX_BYTES);
		if (control_send(logging->mail.control, &message)) {
			return;
		}
	}
	log_write(unused, level, line);
}

void
parent_kill(struct parent *parent, struct child *child, const char *why)
{
	if (child->pid == 0 || child->ended) {
		return;
	}
	/* What it sent before counts no more. */
	child->ready = child->loading = false;
	child->ended = true;
	env_log(&parent->daemon->env, LOG_LEVEL_ERROR, "the %s process (%ld) "
	    "%s, and is killed", child_name(child), (long)child->pid, why);
	(void)kill(child->pid, SIGKILL);
	child->killed = true;
}

void
parent_order(struct parent *parent, struct child *child,
    const struct control *message)
{
	/* After EPIPE it is dead, or will be soon. */
	if (child->pid != 0 && !child->ended &&
	    !control_send(child->control, message) && errno != EPIPE) {
		parent_kill(parent, child, "does not take messages");
	}
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
	/* If one of the two has just died, the next one is connected; and while
	   the daemon stops there is none. */
	if ((again || parent->stopping) && errno == EPIPE) {
		return;
	}
	if (!parent->told_unconnected && ration_take(&parent->unconnected,
	    parent->connected_us)) {
		env_log(&parent->daemon->env, LOG_LEVEL_ERROR, "the keys "
		    "process and the mail process cannot be connected: %s; "
		    "it is tried again", strerror(errno));
		parent->told_unconnected = true;
	}
	parent->wants_connect = true;
	parent->connect_new = !again;
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

/* True: it is taken, or there is nobody to take it. */
static bool
send_listener(const struct parent *parent)
{
	const struct control message = { .kind = CONTROL_LISTEN,
		.fds = { parent->daemon->presence.fd }, .fds_n = 1 };

	return (parent->mail.pid == 0 || parent->mail.ended ||
	    control_send(parent->mail.control, &message));
}

/* A socket that was made anew is the mail process's, too. */
static void
watch_presence(struct parent *parent)
{
	struct daemon *daemon = parent->daemon;

	/* First, so that it logs no line of ours any more. */
	if (presence_is_shut(&daemon->presence)) {
		parent_kill(parent, &parent->mail, "shut down the socket for "
		    "the MTA");
	}
	if (presence_watch(&daemon->presence, &daemon->env)) {
		parent->wants_listen = true;
	}
	/* Its queue may be full: then it is told the next time. */
	parent->wants_listen = parent->wants_listen && !send_listener(parent);
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

/* Its end of a pair is closed. If it is not dead yet, it is of no use. A signal
   follows. */
static void
end_child(struct child *child)
{
	child->ended = true;
	(void)kill(child->pid, SIGKILL);
}

static void
hear_child(struct parent *parent, struct child *child)
{
	bool is_keys = child == &parent->keys;
	struct control message;
	enum status status = control_receive(child->control, &message);

	if (status == STATUS_IO) {
		end_child(child);
		return;
	}
	if (status != STATUS_OK) {
		parent_kill(parent, child, "sent a malformed message");
	} else if (message.kind == CONTROL_LOADED) {
		child->loading = false;
		parent_alive_heard(child);
		if (is_keys) {
			parent_keys_loaded(parent, &message);
		} else {
			parent_mail_loaded(parent, &message);
		}
	} else if (message.kind == CONTROL_ALIVE) {
		parent_alive_heard(child);
	} else if (message.kind == CONTROL_LOST && !is_keys) {
		parent->wants_connect = true;
	} else if (message.kind == CONTROL_CHANGED && is_keys) {
		parent_ask(parent, PARENT_CHANGED);
	} else if (message.kind != CONTROL_READ || !is_keys) {
		parent_kill(parent, child, "sent a malformed message");
	} else if (message.status != STATUS_OK) {
		env_log(&parent->daemon->env, LOG_LEVEL_ERROR, "the keys "
		    "process cannot start: %s", message.diag.text);
	}
	control_close_fds(&message);
}

/* A list was replaced, or is new: also while it is loaded. */
static void
open_for_mail(struct parent *parent)
{
	const struct opener_list lists[] = {
		{ parent->conf, parent->rules },
		{ parent->load.conf, parent->load.rules }
	};

	switch (opener_serve(parent->mail.delivery, lists, 2)) {
	case STATUS_OK:
		break;
	case STATUS_IO:
		/* Else that would be heard again at once, for ever. */
		end_child(&parent->mail);
		break;
	default:
		parent_kill(parent, &parent->mail, "sent a malformed message");
	}
}

static void
blame_messages(struct parent *parent)
{
	struct live *live = &parent->daemon->live;
	unsigned n = board_blame(live->board, live->board_keys,
	    &parent->deaths);

	if (n > 0) {
		env_log(&parent->daemon->env, LOG_LEVEL_ERROR, "%u message%s "
		    "on which the mail process was working when it died, now "
		    "and before: deferred from now on", n, n == 1 ? "" : "s");
	}
}

/* Before another one is started, which inherits the socket. */
static void
follow_mail(struct parent *parent)
{
	if (!parent->stopping) {
		blame_messages(parent);
		watch_presence(parent);
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
				follow_mail(parent);
			}
			parent_load_lost(parent, children[i]);
		}
	}
}

static void
wait_for_events(struct parent *parent, int timeout_ms)
{
	struct child *children[] = { &parent->mail, &parent->keys };
	struct pollfd fds[3];
	size_t i;

	for (i = 0; i < 2; i++) {
		fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
		if (children[i]->pid != 0 && !children[i]->ended) {
			fds[i].fd = children[i]->control;
		}
	}
	fds[2] = (struct pollfd){ .fd = fds[0].fd != -1 ?
	    parent->mail.delivery : -1, .events = POLLIN };
	signals_poll(fds, 3, timeout_ms);
	if ((fds[2].revents & POLLIN) != 0) {
		open_for_mail(parent);
	}
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

static void
ask_for_counters(struct parent *parent)
{
	if (!send_plain(&parent->mail, CONTROL_COUNTERS) &&
	    !parent->stopping) {
		env_log(&parent->daemon->env, LOG_LEVEL_WARNING, "SIGUSR1: the "
		    "mail process does not take it now; try again");
	}
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
			ask_for_counters(parent);
			break;
		case SIGNALS_NONE:
			return (false);
		}
	}
}

/* Of the mail process, when no message is in flight. */
#define HURRY_SECONDS	(DAEMON_STORE_MS / 1000 + 2 + DAEMON_CLEANUP_SECONDS)

/* It reads what it is told when the load is over, which may wait for a
   database. It holds no mail. */
static void
stop_loading(struct parent *parent)
{
	struct child *keys = &parent->keys;

	if (keys->pid != 0 && keys->loading) {
		(void)kill(keys->pid, SIGKILL);
		keys->killed = true;
	}
}

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
			parent_kill(parent, child, "does not end");
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
	parent_forget_load(parent);
	manager_stopping(&daemon->manager, "waiting for messages in flight");
	/* Now, so that a successor can use the socket. */
	presence_close(&daemon->presence);
	parent->exit_code = DAEMON_OK;
	if (!stop_child(parent, &parent->mail, DAEMON_DRAIN_SECONDS +
	    HURRY_SECONDS)) {
		parent->exit_code = DAEMON_NO;
	}
	stop_loading(parent);
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
	status = parent_read(parent, &parent->conf, &parent->text,
	    &parent->rules, &diag);
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
		.rules = -1, .picture = -1, .caller = &caller,
		.keys = { .which = BOARD_KEYS },
		.mail = { .which = BOARD_MAIL },
		.load = { .text = -1, .rules = -1, .picture = -1 } };
	if (!ration_init(&parent.unconnected, 1)) {
		return (DAEMON_NO);
	}
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
	logging = &parent;
	daemon.env.log = log_line;
	code = parent_start(&parent);
	if (code == DAEMON_OK && !parent.stopping) {
		code = parent_serve(&parent);
	}
	kept_keys_close(&parent.kept_keys);
	conf_release(parent.conf);
	presence_fini(&daemon.presence);
	manager_fini(&daemon.manager);
	return (code);
}
