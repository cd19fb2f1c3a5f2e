/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseald -n: reports the errors that a start would find. */
#include "config.h"

#include <sys/types.h>

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "milter/check_dns.h"
#include "milter/listen.h"
#include "milter/log.h"
#include "milter/private.h"
#include "base/privileges.h"

#define KEYS_MAX	10000	/* loaded for the sentence */

/* Appends what the DNS has of the keys that sign. */
static void
check_records(struct daemon *daemon, struct check_dns *dns, struct buf *b)
{
	struct check_dns_counts counts;

	check_dns_finish(dns, &counts);
	if (counts.bad > 0) {
		buf_printf(b, "; %zu key%s not in the DNS", counts.bad,
		    counts.bad == 1 ? " is" : "s are");
	}
	if (counts.unknown > 0) {
		buf_printf(b, "; of %zu key%s the DNS says nothing",
		    counts.unknown, counts.unknown == 1 ? "" : "s");
	}
	if (counts.left > 0) {
		env_log(&daemon->env, LOG_LEVEL_INFO, "DNS: the records of "
		    "%zu more keys were not checked", counts.left);
	}
}

/* Which domains sign, and what the DNS says of it. */
static enum status
write_sentence(struct daemon *daemon, struct buf *b)
{
	struct signers_survey_opts opts = { .load_max = KEYS_MAX };
	struct signers_survey survey;
	struct check_dns *dns = NULL;
	enum status status;

	if (!daemon->opts->no_dns) {
		dns = check_dns_new(live_dns(&daemon->live), &daemon->env);
	}
	if (dns != NULL) {
		opts.take_key = check_dns_add;
		opts.ctx = dns;
	}
	/* Keys that cannot be loaded have been reported. */
	daemon->env.log = NULL;
	status = live_survey(&daemon->live, &opts, &survey, b);
	daemon->env.log = log_write;
	if (status == STATUS_OK && dns != NULL) {
		check_records(daemon, dns, b);
	}
	check_dns_free(dns);
	return (status == STATUS_OK ? b->status : status);
}

/* Reports keys that cannot be used, and says what a start would do. */
static enum status
check_signers(struct daemon *daemon)
{
	size_t bad = live_check_keys(&daemon->live);
	struct signers_counts counts;
	enum status status;
	struct buf sentence;

	live_count_signers(&daemon->live, &counts);
	if (bad > 0) {
		env_log(&daemon->env, LOG_LEVEL_ERROR, "%zu %s cannot be "
		    "used; a start would use the others", bad,
		    bad == 1 ? "key" : "keys");
	} else if (counts.keys == 0 && live_conf(&daemon->live)->mode_sign) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "no key is active: "
		    "dkimkeygen new creates one, dkimkeygen list shows what "
		    "each key waits for");
	}
	buf_init(&sentence, LIVE_SENTENCE_BYTES);
	status = write_sentence(daemon, &sentence);
	if (status == STATUS_OK) {
		printf("%s: %s: %s\n", daemon->opts->conf_path, bad > 0 ?
		    "not all keys can be used" : "the configuration is fine",
		    sentence.p);
	}
	buf_fini(&sentence);
	return (status == STATUS_OK && bad > 0 ? STATUS_SYNTAX : status);
}

/* A warning only: a start, as root, works. The first one has warned of the rest
   already. */
static void
warn_reload(struct daemon *daemon, const struct conf *conf)
{
	struct env quiet = daemon->env;
	struct conf *again = NULL;
	struct diag why;

	diag_init(&why);
	quiet.log = NULL;
	if (conf_load(daemon->opts->conf_path, &quiet, &again, &why) !=
	    STATUS_OK) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "UserID %s cannot "
		    "reload this, only start with it: %s", conf->user_id,
		    why.text);
	}
	conf_release(again);
}

/* To connect takes the permission to write. */
static void
warn_socket(struct daemon *daemon, const struct conf *conf)
{
	const char *path = listen_path(daemon->presence.socket);
	unsigned mode = 0777 & ~(unsigned)conf->umask;
	const struct passwd *user = getpwuid(geteuid());
	const struct group *group = getgrgid(getegid());

	if (path == NULL || (mode & 0022) != 0) {
		return;
	}
	env_log(&daemon->env, LOG_LEVEL_WARNING, "UMask %03o: the socket %s "
	    "would be of user %s, group %s, mode %04o: only that user and "
	    "root can connect to it, not an MTA that runs as another user; "
	    "set UMask 007 and add the MTA's user to the group",
	    (unsigned)conf->umask, path, user != NULL ? user->pw_name : "?",
	    group != NULL ? group->gr_name : "?", mode);
}

/* Whoever asks is perhaps not who will start it. */
static void
warn_place(struct daemon *daemon)
{
	struct diag why;

	diag_init(&why);
	if (presence_check_socket(&daemon->presence, &why) != STATUS_OK) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "%s; this was tried "
		    "as the user who asks", why.text);
	}
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
		warn_place(daemon);
		warn_socket(daemon, conf);
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
	warn_socket(daemon, conf);
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
	daemon_warn_name(daemon);
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
