/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon: what its processes, and a check of the configuration, share. */
#include "config.h"

#include <sys/types.h>

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "milter/log.h"
#include "milter/private.h"

#define REPORT_BYTES	128

/* The diag has file and line. Add the user if permissions may be missing:
   it is not the one who started the daemon. */
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

/* -f -t: run from a terminal, maybe beside the daemon that serves. */
bool
daemon_is_observer(const struct daemon *daemon)
{
	return (daemon->opts->foreground && daemon->opts->test_mode);
}

void
daemon_set_log(const struct daemon *daemon, const struct conf *conf)
{
	if (!daemon_is_observer(daemon)) {
		log_set_target(conf);
	}
}

void
daemon_warn_root(const struct daemon *daemon)
{
	if (geteuid() == 0) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "running as root: "
		    "set UserID");
	}
}

static void
write_report(struct daemon *daemon, char *text, size_t n)
{
	(void)snprintf(text, n, "in service: %" PRIu64 " messages, %u in "
	    "flight", engine_stats_get(daemon->live.stats, ENGINE_MESSAGES),
	    live_in_flight(&daemon->live));
}

void
daemon_report_ready(struct daemon *daemon)
{
	char text[REPORT_BYTES];

	write_report(daemon, text, sizeof(text));
	manager_ready(&daemon->manager, text);
}

void
daemon_report_alive(struct daemon *daemon)
{
	char text[REPORT_BYTES];

	write_report(daemon, text, sizeof(text));
	manager_alive(&daemon->manager, text);
}

static bool
texts_differ(const char *a, const char *b)
{
	return (strcmp(a != NULL ? a : "", b != NULL ? b : "") != 0);
}

void
daemon_warn_restart(const struct daemon *daemon, const struct conf *now,
    const struct conf *next)
{
	if (texts_differ(now->socket, next->socket) ||
	    texts_differ(now->user_id, next->user_id) ||
	    texts_differ(now->pid_file, next->pid_file) ||
	    texts_differ(now->mark_key_file, next->mark_key_file) ||
	    now->umask != next->umask || now->background != next->background) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "a change of Socket, "
		    "UserID, PidFile, MarkKeyFile, UMask or Background needs a "
		    "restart");
	}
}

enum status
daemon_choose_socket(struct daemon *daemon, const struct conf *conf,
    struct diag *diag)
{
	const char *where = daemon->opts->socket != NULL ?
	    daemon->opts->socket : conf->socket;

	if (where == NULL) {
		diag_set(diag, daemon->opts->conf_path, 0, "no Socket");
		return (STATUS_SYNTAX);
	}
	return (presence_init(&daemon->presence, where,
	    daemon_is_observer(daemon) ? NULL : conf->pid_file));
}

static enum status
load_first(struct daemon *daemon, struct conf **conf_r, struct diag *diag)
{
	enum status status = conf_load(daemon->opts->conf_path, &daemon->env,
	    conf_r, diag);

	return (status == STATUS_OK ? daemon_choose_socket(daemon, *conf_r,
	    diag) :
	    status);
}

enum daemon_exit
daemon_load(struct daemon *daemon, struct conf **conf_r)
{
	struct diag diag;
	enum status status;

	diag_init(&diag);
	status = load_first(daemon, conf_r, &diag);
	if (status != STATUS_OK) {
		daemon_complain(daemon, status, &diag);
		conf_release(*conf_r);
	}
	return (daemon_exit_of(status));
}
