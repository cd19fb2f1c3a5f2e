/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>

#include <pthread.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "milter/background.h"
#include "milter/log.h"
#include "milter/private.h"
#include "milter/signals.h"

#define DRAIN_STEP_MS	20
#define SWEEP_MS	200	/* while messages hold resolvers of before */

static atomic_bool library_ended;

/* File and line stand in the text already. Not so who may have had too few
   rights: it is no longer the user who started us. */
void
daemon_complain(const struct daemon *daemon, enum status status,
    const struct diag *diag)
{
	const struct passwd *user = (status == STATUS_IO ||
	    status == STATUS_TEMP) && geteuid() != daemon->caller ?
	    getpwuid(geteuid()) : NULL;

	env_log(&daemon->env, LOG_LEVEL_ERROR, "%s%s%s", diag->text[0] !=
	    '\0' ? diag->text : status_text(status), user != NULL ?
	    "; this was tried as UserID " : "",
	    user != NULL ? user->pw_name : "");
}

enum daemon_exit
daemon_exit_of(enum status status)
{
	if (status == STATUS_OK) {
		return (DAEMON_OK);
	}
	return (status == STATUS_IO ? DAEMON_USAGE : DAEMON_NO);
}

void
daemon_init(struct daemon *daemon, const struct daemon_opts *opts)
{
	*daemon = (struct daemon){ .opts = opts, .caller = geteuid() };
	daemon->live.test_mode = opts->test_mode;
	log_init();
	env_init_system(&daemon->env);
	daemon->env.log = log_write;
}

/* From a terminal, maybe beside the daemon that is in service. */
static bool
looks_on(const struct daemon *daemon)
{
	return (daemon->opts->foreground && daemon->opts->test_mode);
}

static void
set_log(const struct daemon *daemon, const struct conf *conf)
{
	if (!looks_on(daemon)) {
		log_set_target(conf);
	}
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

void
daemon_warn_root(const struct daemon *daemon)
{
	if (geteuid() == 0) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "this runs as root: "
		    "name a user with UserID");
	}
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
		daemon_complain(daemon, status, &diag);
		return (DAEMON_NO);
	}
	status = serve_in_threads(daemon, conf, &diag);
	if (status != STATUS_OK) {
		presence_close(&daemon->presence);
		daemon_complain(daemon, status, &diag);
		return (daemon_exit_of(status));
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
		set_log(daemon, conf);
		env_log(&daemon->env, LOG_LEVEL_INFO, "%s is in service", path);
	} else {
		daemon_complain(daemon, status, &diag);
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
		daemon_complain(daemon, status, &diag);
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

	/* Before it is said: who reads that may count on it. */
	live_drain(&daemon->live);
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
	return (presence_init(&daemon->presence, where,
	    looks_on(daemon) ? NULL : conf->pid_file));
}

enum daemon_exit
daemon_load(struct daemon *daemon, struct conf **conf_r)
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
		daemon_complain(daemon, status, &diag);
		conf_release(*conf_r);
	}
	return (daemon_exit_of(status));
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
	daemon_init(&daemon, opts);
	code = daemon_load(&daemon, &conf);
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
	set_log(&daemon, conf);
	daemon_warn_root(&daemon);
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
