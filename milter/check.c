/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseald -n: reports the errors that a start would find. */
#include "config.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
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
		    "used; mailseald starts with the others", bad,
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

/* Whether another user than that one, and than root, is of the group. */
static bool
has_other_member(gid_t gid, const struct passwd *user)
{
	const struct group *group = getgrgid(gid);
	const struct passwd *other;
	bool found = false;
	size_t i;

	for (i = 0; group != NULL && group->gr_mem[i] != NULL; i++) {
		if (strcmp(group->gr_mem[i], user->pw_name) != 0 &&
		    strcmp(group->gr_mem[i], "root") != 0) {
			return (true);
		}
	}
	setpwent();
	while (!found && (other = getpwent()) != NULL) {
		found = other->pw_gid == gid && other->pw_uid !=
		    0 && other->pw_uid != user->pw_uid;
	}
	endpwent();
	return (found);
}

/* Who connects must be able to enter the folder of the socket, too. */
static void
warn_folder(struct daemon *daemon)
{
	const char *path = listen_path(daemon->presence.socket);
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	const struct passwd *pw = getpwuid(geteuid());
	struct passwd user = { .pw_uid = geteuid() };
	char folder[PATH_MAX], name[LOGIN_NAME_MAX];
	struct stat st;

	if (slash == NULL || slash == path || pw == NULL ||
	    (size_t)(slash - path) >= sizeof(folder)) {
		return;
	}
	/* The list of users overwrites what getpwuid() returned. */
	(void)snprintf(name, sizeof(name), "%s", pw->pw_name);
	user.pw_name = name;
	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path),
	    path);
	if (stat(folder, &st) == -1 || (st.st_mode & S_IXOTH) != 0 ||
	    ((st.st_mode & S_IXGRP) != 0 &&
	    has_other_member(st.st_gid, &user))) {
		return;
	}
	env_log(&daemon->env, LOG_LEVEL_WARNING, "the folder %s of the socket "
	    "can be entered only by %s and root, %s; an MTA that runs as "
	    "another user cannot connect: let the folder's group enter it, "
	    "make the MTA's user a member (adduser postfix GROUP) and restart "
	    "the MTA", folder, user.pw_name, (st.st_mode & S_IXGRP) != 0 ?
	    "since nobody else is of its group" : "by its mode");
}

/* Whoever asks is perhaps not who will start it. */
static void
warn_place(struct daemon *daemon)
{
	struct diag why;

	diag_init(&why);
	if (presence_check_socket(&daemon->presence, &why) != STATUS_OK) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "%s; this was tried "
		    "as the user who runs mailseald -n", why.text);
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
		warn_folder(daemon);
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
	warn_folder(daemon);
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
	status = live_prepare(&daemon->live, conf, &daemon->env, &diag);
	if (status == STATUS_OK) {
		status = live_init(&daemon->live, conf, NULL, &diag);
	}
	if (status != STATUS_OK) {
		daemon_complain(daemon, status, &diag);
		return (daemon_exit_of(status));
	}
	daemon_warn_root(daemon);
	daemon_warn_name(daemon);
	daemon_warn_local(daemon);
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
