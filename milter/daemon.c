/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "milter/background.h"
#include "milter/daemon.h"
#include "milter/listen.h"
#include "milter/live.h"
#include "milter/log.h"
#include "milter/presence.h"
#include "milter/privileges.h"
#include "milter/signals.h"
#include "milter/watch.h"

#define DRAIN_STEP_MS	20
#define SWEEP_MS	200	/* while messages hold resolvers of before */

struct daemon {
	const struct daemon_opts *opts;
	struct presence		 presence;
	struct env		 env;
	/* Callbacks may come until the process is gone: never freed. */
	struct live		 live;
	struct watch		 watch;
};

static atomic_bool library_ended;

/* File and line stand in the text already. */
static void
complain(const struct daemon *daemon, enum status status,
    const struct diag *diag)
{
	env_log(&daemon->env, LOG_LEVEL_ERROR, "%s", diag->text[0] != '\0' ?
	    diag->text : status_text(status));
}

static enum daemon_exit
exit_of(enum status status)
{
	if (status == STATUS_OK) {
		return (DAEMON_OK);
	}
	return (status == STATUS_IO ? DAEMON_USAGE : DAEMON_NO);
}

static void
init(struct daemon *daemon, const struct daemon_opts *opts)
{
	*daemon = (struct daemon){ .opts = opts };
	daemon->live.test_mode = opts->test_mode;
	log_init();
	env_init_system(&daemon->env);
	daemon->env.log = log_write;
}

static void *
run_library(void *unused)
{
	(void)unused;
	(void)smfi_main();
	library_ended = true;
	signals_raise_stop();
	return (NULL);
}

static enum status
serve_in_threads(struct daemon *daemon, struct conf *conf, struct diag *diag)
{
	enum status status;
	pthread_t thread;

	status = live_init(&daemon->live, conf, &daemon->env, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	if (pthread_create(&thread, NULL, run_library, NULL) != 0) {
		diag_set(diag, NULL, 0, "cannot start a thread");
		return (STATUS_NOMEM);
	}
	(void)pthread_detach(thread);
	status = watch_start(&daemon->watch, &daemon->live);
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "cannot start a thread");
	}
	return (status);
}

/* Says what went wrong; what was opened is closed then. */
static enum daemon_exit
start(struct daemon *daemon, struct conf *conf)
{
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = presence_open(&daemon->presence, conf, &daemon->live, &diag);
	if (status != STATUS_OK) {
		complain(daemon, status, &diag);
		return (DAEMON_NO);
	}
	status = serve_in_threads(daemon, conf, &diag);
	if (status != STATUS_OK) {
		presence_close(&daemon->presence);
		complain(daemon, status, &diag);
		return (exit_of(status));
	}
	presence_announce(&daemon->presence);
	return (DAEMON_OK);
}

static bool
differ(const char *a, const char *b)
{
	return (strcmp(a != NULL ? a : "", b != NULL ? b : "") != 0);
}

static void
warn_restart(const struct daemon *daemon, const struct conf *now,
    const struct conf *next)
{
	if (differ(now->socket, next->socket) ||
	    differ(now->user_id, next->user_id) ||
	    differ(now->pid_file, next->pid_file) ||
	    now->umask != next->umask || now->background != next->background) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "a change of Socket, "
		    "UserID, PidFile, UMask or Background needs a restart");
	}
}

static void
reload(struct daemon *daemon)
{
	const char *path = daemon->opts->conf_path;
	struct conf *conf = NULL;
	struct diag diag;
	enum status status;

	diag_init(&diag);
	status = conf_load(path, &daemon->env, &conf, &diag);
	if (status == STATUS_OK) {
		warn_restart(daemon, live_conf(&daemon->live), conf);
		status = live_load(&daemon->live, conf, &diag);
	}
	if (status == STATUS_OK) {
		log_set_target(conf);
		env_log(&daemon->env, LOG_LEVEL_INFO, "%s is in service", path);
	} else {
		complain(daemon, status, &diag);
		env_log(&daemon->env, LOG_LEVEL_ERROR,
		    "not reloaded: the configuration before stays in service");
	}
	conf_release(conf);
}

/* The configuration is the one in service: who is about to edit it has not
   asked for it yet. */
static void
reload_keys(struct daemon *daemon)
{
	uint64_t before = live_keys_revision(&daemon->live);
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = live_load_keys(&daemon->live, &diag);
	if (status != STATUS_OK) {
		complain(daemon, status, &diag);
		env_log(&daemon->env, LOG_LEVEL_ERROR,
		    "the keys known before stay in service");
	} else if (live_keys_revision(&daemon->live) != before) {
		env_log(&daemon->env, LOG_LEVEL_INFO,
		    "keys have changed: what they are now is in service");
	}
}

/*
 * libmilter's own smfi_stop() does not wait for anyone, and its pool of
 * workers frees connections under the feet of those that are busy. So it is
 * never called: new messages are turned away, those in flight finish, and the
 * process ends with libmilter still running.
 */
static unsigned
drain(struct daemon *daemon)
{
	unsigned steps = DAEMON_DRAIN_SECONDS * 1000 / DRAIN_STEP_MS;

	live_drain(&daemon->live);
	/* Now, so that a successor finds the place free. */
	presence_close(&daemon->presence);
	while (live_idle_us(&daemon->live) < DAEMON_ANSWER_US && steps-- > 0) {
		/* Asked a second time: at once. */
		if (signals_wait(DRAIN_STEP_MS) == SIGNALS_STOP) {
			break;
		}
	}
	return (live_in_flight(&daemon->live));
}

static void
serve(struct daemon *daemon)
{
	for (;;) {
		switch (signals_wait(live_sweep(&daemon->live) ?
		    SWEEP_MS : -1)) {
		case SIGNALS_STOP:
			return;
		case SIGNALS_RELOAD:
			reload(daemon);
			break;
		case SIGNALS_KEYS:
			reload_keys(daemon);
			break;
		case SIGNALS_COUNTERS:
			live_log_counters(&daemon->live);
			break;
		case SIGNALS_NONE:
			break;
		}
	}
}

static enum daemon_exit
stop(struct daemon *daemon)
{
	enum daemon_exit code = library_ended ? DAEMON_NO : DAEMON_OK;
	unsigned left;

	env_log(&daemon->env, LOG_LEVEL_INFO, "stopping: %u in flight",
	    live_in_flight(&daemon->live));
	left = drain(daemon);
	live_log_counters(&daemon->live);
	if (left > 0) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "stopped with %u "
		    "messages unfinished: the MTA will try them again", left);
	} else {
		env_log(&daemon->env, LOG_LEVEL_INFO, "stopped");
	}
	if (left > 0) {
		/* Their threads still use what an orderly end would free. */
		fflush(NULL);
		_exit((int)code);
	}
	watch_stop(&daemon->watch);
	live_fini(&daemon->live);
	return (code);
}

static enum status
choose_socket(struct daemon *daemon, const struct conf *conf,
    struct diag *diag)
{
	const char *where = daemon->opts->socket != NULL ?
	    daemon->opts->socket : conf->socket;

	if (where == NULL) {
		diag_set(diag, daemon->opts->conf_path, 0, "no Socket");
		return (STATUS_SYNTAX);
	}
	return (presence_init(&daemon->presence, where));
}

/* Reads the configuration; on failure says why and how to exit. */
static enum daemon_exit
load(struct daemon *daemon, struct conf **conf_r)
{
	struct diag diag;
	enum status status;

	diag_init(&diag);
	status = conf_load(daemon->opts->conf_path, &daemon->env, conf_r,
	    &diag);
	if (status == STATUS_OK) {
		status = choose_socket(daemon, *conf_r, &diag);
	}
	if (status != STATUS_OK) {
		complain(daemon, status, &diag);
		conf_release(*conf_r);
	}
	return (exit_of(status));
}

/* Says that all is well, or which keys the first message would miss. */
static enum status
check_signers(struct daemon *daemon)
{
	size_t bad = live_check_keys(&daemon->live);
	struct signers_counts counts;

	live_count_signers(&daemon->live, &counts);
	if (bad > 0) {
		env_log(&daemon->env, LOG_LEVEL_ERROR,
		    "keys that cannot be loaded: %zu", bad);
		return (STATUS_SYNTAX);
	}
	if (counts.keys == 0 && live_conf(&daemon->live)->mode_sign) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "no key signs yet: "
		    "see dkimkeygen list");
	}
	printf("%s: the configuration is fine (domains: %zu, keys: %zu, "
	    "socket: %s)\n", daemon->opts->conf_path, counts.domains,
	    counts.keys, daemon->presence.socket);
	return (STATUS_OK);
}

/*
 * The start reads the configuration as root, all that follows is done by
 * UserID: keys, tables and stores are looked at with his eyes. That root alone
 * may read the configuration is only warned about: a start works.
 */
static enum status
become_user(struct daemon *daemon, const struct conf *conf, struct diag *diag)
{
	struct conf *again = NULL;
	enum status status;
	struct diag why;

	if (geteuid() != 0 || conf->user_id == NULL) {
		return (STATUS_OK);
	}
	status = privileges_drop(conf->user_id, diag);
	if (status == STATUS_OK) {
		status = listen_check(daemon->presence.socket, diag);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	diag_init(&why);
	if (conf_load(daemon->opts->conf_path, &daemon->env, &again, &why) !=
	    STATUS_OK) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "UserID %s cannot "
		    "reload this, only start with it: %s", conf->user_id,
		    why.text);
	}
	conf_release(again);
	return (STATUS_OK);
}

static enum daemon_exit
check(struct daemon *daemon, struct conf *conf)
{
	enum status status;
	struct diag diag;

	diag_init(&diag);
	if (become_user(daemon, conf, &diag) != STATUS_OK) {
		complain(daemon, STATUS_IO, &diag);
		return (DAEMON_NO);
	}
	status = live_init(&daemon->live, conf, &daemon->env, &diag);
	if (status != STATUS_OK) {
		complain(daemon, status, &diag);
		return (exit_of(status));
	}
	status = check_signers(daemon);
	live_fini(&daemon->live);
	return (exit_of(status));
}

enum daemon_exit
daemon_check(const struct daemon_opts *opts)
{
	static struct daemon daemon;
	struct conf *conf = NULL;
	enum daemon_exit code;

	init(&daemon, opts);
	code = load(&daemon, &conf);
	if (code != DAEMON_OK) {
		return (code);
	}
	code = check(&daemon, conf);
	conf_release(conf);
	presence_fini(&daemon.presence);
	return (code);
}

enum daemon_exit
daemon_run(const struct daemon_opts *opts)
{
	static struct daemon daemon;
	struct conf *conf = NULL;
	struct background caller;
	enum daemon_exit code;

	/* Before all else: a signal during the start is one for later. */
	signals_block();
	init(&daemon, opts);
	code = load(&daemon, &conf);
	if (code != DAEMON_OK) {
		return (code);
	}
	if (!opts->foreground && conf->background) {
		background_enter(&caller);
	} else {
		background_none(&caller);
	}
	code = start(&daemon, conf);
	if (code != DAEMON_OK) {
		conf_release(conf);
		return (code);
	}
	log_set_target(conf);
	env_log(&daemon.env, LOG_LEVEL_INFO, "mailseald %s listens on %s%s",
	    PACKAGE_VERSION, daemon.presence.socket,
	    opts->test_mode ? ", test mode: no message is changed" : "");
	background_ready(&caller, conf->log_target == CONF_LOG_STDERR);
	conf_release(conf);
	serve(&daemon);
	code = stop(&daemon);
	presence_fini(&daemon.presence);
	return (code);
}
