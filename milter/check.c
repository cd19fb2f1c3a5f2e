/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseald -n: reports the errors that a start would find. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "milter/private.h"
#include "milter/privileges.h"

/* Reports keys that cannot be used, or that the configuration is valid. */
static enum status
check_signers(struct daemon *daemon)
{
	size_t bad = live_check_keys(&daemon->live);
	struct signers_counts counts;

	live_count_signers(&daemon->live, &counts);
	if (bad > 0) {
		env_log(&daemon->env, LOG_LEVEL_ERROR, "%zu %s cannot be "
		    "used; a start would use the others", bad,
		    bad == 1 ? "key" : "keys");
		return (STATUS_SYNTAX);
	}
	if (counts.keys == 0 && live_conf(&daemon->live)->mode_sign) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "no key is active: "
		    "dkimkeygen new creates one, dkimkeygen list shows what "
		    "each key waits for");
	}
	printf("%s: the configuration is fine (rules: %zu, keys: %zu, "
	    "socket: %s)\n", daemon->opts->conf_path, counts.rules,
	    counts.keys, daemon->presence.socket);
	return (STATUS_OK);
}

/* A warning only: a start, as root, works. */
static void
warn_reload(struct daemon *daemon, const struct conf *conf)
{
	struct conf *again = NULL;
	struct diag why;

	diag_init(&why);
	if (conf_load(daemon->opts->conf_path, &daemon->env, &again, &why) !=
	    STATUS_OK) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "UserID %s cannot "
		    "reload this, only start with it: %s", conf->user_id,
		    why.text);
	}
	conf_release(again);
}

/*
 * A start reads the configuration as root, and does the rest as UserID. So
 * keys, tables, stores and the socket are checked with UserID's permissions.
 */
static enum status
become_user(struct daemon *daemon, const struct conf *conf, struct diag *diag)
{
	enum status status;

	if (daemon->caller != 0) {
		return (STATUS_OK);
	}
	status = presence_check_pid_file(&daemon->presence, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	status = privileges_drop(conf->user_id, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	status = presence_check_socket(&daemon->presence, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	if (conf->user_id != NULL) {
		warn_reload(daemon, conf);
	}
	return (STATUS_OK);
}

static enum daemon_exit
check_start(struct daemon *daemon, struct conf *conf)
{
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = become_user(daemon, conf, &diag);
	if (status != STATUS_OK) {
		daemon_complain(daemon, status, &diag);
		return (DAEMON_NO);
	}
	status = live_init(&daemon->live, conf, &daemon->env, &diag);
	if (status != STATUS_OK) {
		daemon_complain(daemon, status, &diag);
		return (daemon_exit_of(status));
	}
	daemon_warn_root(daemon);
	status = check_signers(daemon);
	live_fini(&daemon->live);
	return (daemon_exit_of(status));
}

enum daemon_exit
daemon_check(const struct daemon_opts *opts)
{
	static struct daemon daemon;
	struct conf *conf = NULL;
	enum daemon_exit code;

	daemon_init(&daemon, opts);
	code = daemon_load(&daemon, &conf);
	if (code != DAEMON_OK) {
		return (code);
	}
	code = check_start(&daemon, conf);
	conf_release(conf);
	presence_fini(&daemon.presence);
	return (code);
}
