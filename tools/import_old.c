/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --run-old: the installed OpenDKIM and OpenDMARC, each on its options, on a
 * socket in a directory of its own, with records for the names of the messages
 * instead of the DNS. They write no log, no history and no PID file, and end
 * with this program's question.
 */
#include "config.h"

#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <libmilter/mfdef.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "mail/message.h"
#include "tools/import_compare.h"
#include "tools/player.h"

#define WAIT_MS		15000	/* for a program to listen */
#define STEP_MS		50
#define ARENA_BYTES	(1024 * 1024)
#define CONF_BYTES	(4 * 1024 * 1024)

extern char **environ;

struct old {
	const char		*program;	/* its path */
	enum import_program	 whose;
	const char		*config_option;	/* before its path */
	const char		*more;		/* lines */
	const char		*dir;
	char			 socket[128];
	pid_t			 pid;		/* 0: it does not run */
	struct player		*player;
};

/* What must not be theirs while we ask. */
static bool
is_ours(struct str name)
{
	static const char *const names[] = { "Socket", "PidFile", "UserID",
		"Background", "Syslog", "UMask", "ChangeRootDirectory",
		"TestPublicKeys", "TestDNSData", "HistoryFile", "AutoRestart",
		"RequireSafeKeys", "ReportCommand", "PublicSuffixList" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_eq_ci(name, str_from(names[i]))) {
			return (true);
		}
	}
	return (false);
}

static bool
write_file(const char *dir, const char *name, struct str text)
{
	char path[256];
	bool ok;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1) {
		return (false);
	}
	ok = write(fd, text.p, text.n) == (ssize_t)text.n;
	return (close(fd) == 0 && ok);
}

static bool
write_config(const struct import *im, struct old *o)
{
	const struct passwd *user = getpwuid(geteuid());
	struct buf b;
	size_t i;
	bool ok;

	buf_init(&b, CONF_BYTES);
	for (i = 0; i < im->n; i++) {
		if (im->v[i].program == o->whose && !is_ours(im->v[i].name)) {
			buf_printf(&b, "%.*s %.*s\n", STR_FMT(im->v[i].name),
			    STR_FMT(im->v[i].value));
		}
	}
	(void)snprintf(o->socket, sizeof(o->socket), "unix:%s/%s.sock", o->dir,
	    o->whose == IMPORT_OPENDKIM ? "dkim" : "dmarc");
	buf_printf(&b, "Socket local:%s\nBackground no\nSyslog no\n%s"
	    "UserID %s\n", o->socket + sizeof("unix:") - 1, o->more,
	    user != NULL ? user->pw_name : "root");
	ok = b.status == STATUS_OK && write_file(o->dir,
	    o->whose == IMPORT_OPENDKIM ? "dkim.conf" : "dmarc.conf",
	    buf_str(&b));
	buf_fini(&b);
	return (ok);
}

static bool
spawn_program(struct old *o)
{
	char conf[256];
	char *argv[] = { (char *)(uintptr_t)o->program, (char *)(uintptr_t)"-f",
		(char *)(uintptr_t)o->config_option, conf, NULL };
	posix_spawn_file_actions_t actions;
	bool ok;

	(void)snprintf(conf, sizeof(conf), "%s/%s", o->dir,
	    o->whose == IMPORT_OPENDKIM ? "dkim.conf" : "dmarc.conf");
	if (posix_spawn_file_actions_init(&actions) != 0) {
		return (false);
	}
	ok = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null",
	    O_RDWR, 0) == 0 &&
	    posix_spawn_file_actions_adddup2(&actions, 2, 1) == 0 &&
	    posix_spawn(&o->pid, o->program, &actions, NULL, argv,
	    environ) == 0;
	(void)posix_spawn_file_actions_destroy(&actions);
	return (ok);
}

static void
stop_program(struct old *o)
{
	player_close(o->player);
	o->player = NULL;
	if (o->pid > 0) {
		(void)kill(o->pid, SIGKILL);
		(void)waitpid(o->pid, NULL, 0);
		o->pid = 0;
	}
}

/* The collected answer of one message. */
struct answer {
	struct import	*im;
	struct str	 signatures;	/* "d=... s=..., ..." */
	bool		 held;
};

static struct str
tag_of(struct import *im, struct str value, char name)
{
	struct str tag, text = STR_NONE;

	while (str_next(&value, ';', &tag)) {
		tag = str_trim_fws(tag);
		if (tag.n > 2 && tag.p[0] == name && tag.p[1] == '=') {
			text = arena_dup(&im->arena,
			    str_trim_fws(str_from_offset(tag, 2)));
		}
	}
	return (text);
}

static void
on_change(void *ctx, const struct player_change *change)
{
	struct answer *a = ctx;

	if (change->type == SMFIR_QUARANTINE) {
		a->held = true;
	}
	if ((change->type == SMFIR_INSHEADER ||
	    change->type == SMFIR_ADDHEADER) && str_eq_ci(change->name,
	    STR("DKIM-Signature"))) {
		/* Each is put on top of those before it. */
		a->signatures = arena_printf(&a->im->arena,
		    "d=%.*s s=%.*s%s%.*s", STR_FMT(tag_of(a->im,
		    change->value, 'd')), STR_FMT(tag_of(a->im, change->value,
		    's')), a->signatures.n > 0 ? ", " : "",
		    STR_FMT(a->signatures));
	}
}

static enum status
play_case(struct old *o, const struct import_case *c, struct answer *answer,
    struct player_result *r, struct diag *diag)
{
	struct str rcpt = STR("you@here.invalid");
	struct player_macro macros[] = {
		{ SMFIC_CONNECT, STR("j"), STR("mx.here.invalid") },
		{ SMFIC_DATA, STR("i"), STR("IMPORT0001") },
		{ SMFIC_CONNECT, STR("{daemon_name}"), str_from(c->daemon !=
		    NULL ? c->daemon : "smtpd") },
		{ SMFIC_MAIL, STR("{auth_authen}"), str_from(c->auth) },
		{ SMFIC_MAIL, STR("{auth_type}"), STR("PLAIN") },
	};
	struct player_envelope envelope = { .client_name = STR("unknown"),
		.client_ip = c->ip != NULL ? str_from(c->ip) : STR_NONE,
		.helo = STR("client.invalid"),
		.mail_from = STR("joe@out.invalid"), .rcpts = &rcpt,
		.rcpts_n = 1, .macros = macros,
		.macros_n = c->auth != NULL ? 5 : 3 };
	struct message message;
	struct player_opts opts;
	struct arena arena;
	enum status status;

	arena_init(&arena, ARENA_BYTES);
	player_opts_init(&opts, o->socket);
	opts.change = on_change;
	opts.ctx = answer;
	status = player_open(&opts, &o->player, diag);
	if (status == STATUS_OK) {
		status = message_parse(&arena, c->text, &message);
	}
	if (status == STATUS_OK) {
		status = player_play_mail(o->player, &envelope, &message, r,
		    diag);
	}
	player_close(o->player);
	o->player = NULL;
	arena_fini(&arena);
	return (status);
}

/* Whether it listens, in time. */
static bool
wait_for(struct old *o)
{
	struct timespec step = { 0, STEP_MS * 1000000L };
	struct player_opts opts;
	struct diag diag;
	unsigned i;

	player_opts_init(&opts, o->socket);
	for (i = 0; i < WAIT_MS / STEP_MS; i++) {
		diag_init(&diag);
		if (player_open(&opts, &o->player, &diag) == STATUS_OK) {
			player_close(o->player);
			o->player = NULL;
			return (true);
		}
		if (waitpid(o->pid, NULL, WNOHANG) == o->pid) {
			o->pid = 0;
			return (false);
		}
		(void)nanosleep(&step, NULL);
	}
	return (false);
}

static bool
start_program(const struct import *im, struct old *o)
{
	if (!im->has[o->whose]) {
		return (true);
	}
	if (access(o->program, X_OK) == -1) {
		(void)cli_fail("%s: %s", o->program, strerror(errno));
		return (false);
	}
	if (!write_config(im, o) || !spawn_program(o) || !wait_for(o)) {
		(void)cli_fail("%s does not start on its configuration: try %s "
		    "-n", o->program, o->program);
		return (false);
	}
	return (true);
}

static const char *
word_of(struct import *im, const struct import_case *c,
    const struct answer *answer, enum player_verdict verdict)
{
	struct str text;

	switch (verdict) {
	case PLAYER_REJECT:
		return ("refused");
	case PLAYER_TEMPFAIL:
		return ("deferred");
	case PLAYER_DISCARD:
		return ("dropped");
	case PLAYER_ACCEPT:
		break;
	}
	if (!c->signing) {
		return (answer->held ? "held" : "accepted");
	}
	if (answer->signatures.n == 0) {
		return (c->left_alone ? IMPORT_LEFT_ALONE : "not signed");
	}
	text = arena_printf(&im->arena, "signed %.*s",
	    STR_FMT(answer->signatures));
	return (text.p != NULL ? text.p : "");
}

/* One after the other, as an MTA does. An author's mail is asked of OpenDKIM
   only: what DMARC says of it depends on the DNS of that domain. */
static bool
ask_case(struct import *im, struct old olds[2], struct import_case *c)
{
	struct answer answer = { .im = im };
	struct player_result r = { .verdict = PLAYER_ACCEPT };
	struct diag diag;
	size_t i;

	for (i = 0; i < (c->signing ? 1 : 2) && r.verdict == PLAYER_ACCEPT;
	    i++) {
		r = (struct player_result){ .verdict = PLAYER_ACCEPT };
		diag_init(&diag);
		if (olds[i].pid == 0 || play_case(&olds[i], c, &answer, &r,
		    &diag) == STATUS_OK) {
			continue;
		}
		if (waitpid(olds[i].pid, NULL, WNOHANG) == olds[i].pid) {
			olds[i].pid = 0;
			(void)cli_fail("%s: %s", olds[i].program, diag.text);
			return (false);
		}
		/* OpenDKIM deletes a field of index 0, which MTAs refuse. */
		c->before = "no valid answer";
		return (true);
	}
	c->before = word_of(im, c, &answer, r.verdict);
	return (true);
}

static void
remove_files(const char *dir)
{
	static const char *const names[] = { "keys", "records", "dkim.conf",
		"suffixes", "dmarc.conf", "dkim.sock", "dmarc.sock" };
	char path[256];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

/* A list of public suffixes without the TLD of our cases has no organisational
   domain for them: OpenDMARC gets one that has it. */
static void
add_dmarc_lines(const struct import *im, const char *dir, char *text, size_t n)
{
	int len = snprintf(text, n, "TestDNSData %s/records\n", dir);

	if (import_get(im, IMPORT_OPENDMARC, "PublicSuffixList") != NULL) {
		(void)snprintf(text + len, n - (size_t)len,
		    "PublicSuffixList %s/suffixes\n", dir);
	}
}

static bool
write_records(const char *dir)
{
	return (write_file(dir, "keys", STR("ed._domainkey.plain.invalid "
	    "v=DKIM1; k=ed25519; "
	    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n")) &&
	    write_file(dir, "suffixes", STR("invalid\n")) &&
	    write_file(dir, "records",
	    STR("_dmarc.reject.invalid v=DMARC1; p=reject\n"
	    "_dmarc.quarantine.invalid v=DMARC1; p=quarantine\n"
	    "_dmarc.none.invalid v=DMARC1; p=none\n")));
}

bool
import_ask_old(struct import *im, struct import_cases *cases)
{
	char dir[] = "/tmp/mailseal-import.XXXXXX";
	char keys[128], records[256];
	struct old olds[2] = {
		{ "/usr/sbin/opendkim", IMPORT_OPENDKIM, "-x", keys, dir,
		    .pid = 0 },
		{ "/usr/sbin/opendmarc", IMPORT_OPENDMARC, "-c", records, dir,
		    .pid = 0 },
	};
	bool ok;
	size_t i;

	if (mkdtemp(dir) == NULL) {
		(void)cli_fail("%s: %s", dir, strerror(errno));
		return (false);
	}
	(void)snprintf(keys, sizeof(keys), "RequireSafeKeys no\n"
	    "TestPublicKeys %s/keys\n", dir);
	add_dmarc_lines(im, dir, records, sizeof(records));
	ok = write_records(dir) && start_program(im, &olds[0]) &&
	    start_program(im, &olds[1]);
	for (i = 0; ok && i < cases->n; i++) {
		ok = ask_case(im, olds, &cases->v[i]);
	}
	stop_program(&olds[0]);
	stop_program(&olds[1]);
	remove_files(dir);
	return (ok);
}
