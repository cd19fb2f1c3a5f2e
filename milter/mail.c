/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "milter/background.h"
#include "milter/channels.h"
#include "milter/confine.h"
#include "milter/control.h"
#include "milter/counters.h"
#include "milter/listen.h"
#include "milter/log.h"
#include "milter/mail.h"
#include "milter/memory.h"
#include "milter/serve.h"
#include "report/store.h"

#define NO_THREAD	"cannot start a thread"
#define DRAIN_STEP_MS	20

static atomic_bool library_ended;
static volatile sig_atomic_t cleanup_exit_code;

/*
 * Held until the parent knows that the start is over: a message that waits at
 * the socket, and ends this process, is then a death like any other, and not
 * the end of the start.
 */
static pthread_mutex_t library_gate = PTHREAD_MUTEX_INITIALIZER;

static void *
run_library(void *control)
{
	(void)pthread_mutex_lock(&library_gate);
	(void)pthread_mutex_unlock(&library_gate);
	(void)smfi_main();
	library_ended = true;
	/* The main thread finds the parent gone. */
	(void)shutdown(*(const int *)control, SHUT_RD);
	return (NULL);
}

static void
take_channels(void *ctx, const int *fds, size_t n)
{
	remote_client_give(ctx, fds, n);
}

static void
ask_for_channels(void *ctx)
{
	const struct mail *mail = ctx;
	const struct control message = { .kind = CONTROL_LOST };

	(void)control_send(mail->start->control, &message);
}

/* The first delivery comes before anything is loaded. */
static enum status
start_client(struct mail *mail)
{
	struct live *live = &mail->daemon->live;

	live->client = remote_client_new(&mail->daemon->env,
	    &live->board->said, ask_for_channels, mail);
	if (live->client == NULL) {
		return (STATUS_NOMEM);
	}
	mail->channels = (struct channels){ .delivery = mail->start->delivery,
		.take = take_channels, .ctx = live->client };
	return (channels_start(&mail->channels));
}

/* fd: of a picture. */
static enum status
load_with(struct mail *mail, struct conf *conf, uint64_t set, int fd,
    struct diag *diag)
{
	struct live *live = &mail->daemon->live;
	struct live_keys keys = { .set = set };
	enum status status = memory_map(fd, &keys.picture);

	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "the picture of the keys cannot be "
		    "read");
		return (status);
	}
	if (!mail->serving) {
		status = live_init(live, conf, &keys, diag);
	} else if (conf != NULL) {
		status = live_load(live, conf, &keys, diag);
	} else {
		status = live_load_keys(live, &keys, diag);
	}
	memory_unmap(keys.picture);
	return (status);
}

static enum status
start_threads(struct mail *mail, struct diag *diag)
{
	struct daemon *daemon = mail->daemon;
	enum status status = log_start();

	if (status == STATUS_OK) {
		status = exporter_init(&daemon->exporter, &daemon->live);
	}
	if (status == STATUS_OK) {
		status = start_client(mail);
	}
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, NO_THREAD);
	}
	return (status);
}

static enum status
serve_in_threads(struct mail *mail, struct diag *diag)
{
	struct daemon *daemon = mail->daemon;
	enum status status;
	pthread_t thread;

	status = load_with(mail, mail->start->conf, mail->start->set,
	    mail->start->picture, diag);
	(void)close(mail->start->picture);
	if (status != STATUS_OK) {
		return (status);
	}
	daemon_set_log(daemon, mail->start->conf);
	if (pthread_create(&thread, NULL, run_library,
	    (void *)(uintptr_t)&mail->start->control) != 0) {
		diag_set(diag, NULL, 0, NO_THREAD);
		return (STATUS_NOMEM);
	}
	(void)pthread_detach(thread);
	status = report_collector_start(daemon->live.reports);
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, NO_THREAD);
	}
	return (status);
}

void
mail_set_exporter(struct daemon *daemon, const struct conf *conf)
{
	exporter_set(&daemon->exporter, daemon_is_observer(daemon) ? NULL :
	    conf->metrics);
}

static void
announce_start(struct mail *mail)
{
	struct daemon *daemon = mail->daemon;

	if (mail->start->first) {
		daemon_warn_root(daemon);
		daemon_warn_name(daemon);
		daemon_warn_local(daemon);
		daemon_log_survey(daemon);
		env_log(&daemon->env, LOG_LEVEL_INFO, "mailseald %s listens "
		    "on %s%s", PACKAGE_VERSION, daemon->presence.socket,
		    daemon->opts->test_mode ? ", test mode: no message is "
		    "changed" : "");
	}
	log_flush();
}

static bool
answer_parent(const struct mail *mail, enum status status,
    const struct diag *diag, uint64_t set)
{
	const struct control answer = { .kind = CONTROL_LOADED,
		.status = status, .number = set, .diag = *diag };

	return (control_answer(mail->start->control, &answer));
}

/* A new configuration; or the one in service, since the keys process was
   started again and may have read other keys. */
static enum status
load_text(struct mail *mail, const struct control *request, struct diag *diag)
{
	struct daemon *daemon = mail->daemon;
	struct env quiet = daemon->env;
	struct conf *conf = NULL;
	enum status status;
	struct str text;

	status = memory_map(request->fds[1], &text);
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "the configuration cannot be read");
		return (status);
	}
	/* The parent has logged warnings. */
	quiet.log = NULL;
	status = conf_load_text(text, daemon->opts->conf_path, NULL, &quiet,
	    &conf, diag);
	if (status == STATUS_OK) {
		confine_reload(conf, text, &daemon->env);
		status = load_with(mail, conf, request->number,
		    request->fds[0], diag);
	}
	memory_unmap(text);
	if (status == STATUS_OK) {
		sandbox_commit();
	}
	if (status == STATUS_OK && request->value == MAIL_LOAD_ASKED) {
		daemon_set_log(daemon, conf);
		mail_set_exporter(daemon, conf);
		env_log(&daemon->env, LOG_LEVEL_INFO, "%s is in service",
		    daemon->opts->conf_path);
		daemon_log_survey(daemon);
	}
	conf_release(conf);
	return (status);
}

static enum status
load_keys(struct mail *mail, const struct control *request, struct diag *diag)
{
	struct daemon *daemon = mail->daemon;
	uint64_t before = live_keys_revision(&daemon->live);
	enum status status = load_with(mail, NULL, request->number,
	    request->fds[0], diag);

	if (status == STATUS_OK &&
	    live_keys_revision(&daemon->live) != before) {
		env_log(&daemon->env, LOG_LEVEL_INFO,
		    "keys have changed: the new ones are in service");
		daemon_log_survey(daemon);
	}
	return (status);
}

/* False: the parent is gone. */
static bool
obey_load(struct mail *mail, const struct control *request)
{
	enum status status = STATUS_SYNTAX;
	struct diag diag;

	diag_init(&diag);
	if (request->fds_n == 2) {
		status = load_text(mail, request, &diag);
	} else if (request->fds_n == 1) {
		status = load_keys(mail, request, &diag);
	}
	return (answer_parent(mail, status, &diag, request->number));
}

/* False: it is of no use any more. */
static bool
take_listener(struct mail *mail, const struct control *request)
{
	if (request->fds_n == 1 && dup3(request->fds[0],
	    mail->daemon->presence.fd, O_CLOEXEC) != -1) {
		return (true);
	}
	env_log(&mail->daemon->env, LOG_LEVEL_ERROR, "the new socket for the "
	    "MTA cannot be taken: %s", request->fds_n == 1 ? strerror(errno) :
	    "the parent did not send it");
	return (false);
}

/* With the lock that every message takes. */
static void
answer_ping(const struct mail *mail)
{
	const struct control answer = { .kind = CONTROL_ALIVE };

	(void)live_is_draining(&mail->daemon->live);
	/* If it is lost, there is another ping. */
	(void)control_send(mail->start->control, &answer);
}

bool
mail_obey(struct mail *mail)
{
	struct control request;
	bool more = true;

	if (control_receive(mail->start->control, &request) != STATUS_OK) {
		mail->orphaned = !library_ended;
		return (false);
	}
	switch (request.kind) {
	case CONTROL_LOAD:
		more = obey_load(mail, &request);
		break;
	case CONTROL_COUNTERS:
		counters_log(&mail->daemon->live, "counters");
		break;
	case CONTROL_LISTEN:
		more = take_listener(mail, &request);
		break;
	case CONTROL_LOG:
		log_write(NULL, request.value <= LOG_LEVEL_DEBUG ?
		    (enum log_level)request.value : LOG_LEVEL_INFO,
		    request.diag.text);
		break;
	case CONTROL_READY:
		background_detach(request.value != 0);
		break;
	case CONTROL_STOP:
		more = false;
		break;
	case CONTROL_PING:
		answer_ping(mail);
		break;
	case CONTROL_USE:
	case CONTROL_DROP:
	case CONTROL_READ:
	case CONTROL_LOADED:
	case CONTROL_CHANGED:
	case CONTROL_ALIVE:
	case CONTROL_LOST:
	case CONTROL_KINDS:
		break;
	}
	control_close_fds(&request);
	return (more);
}

/*
 * smfi_stop() is never called: it does not wait for callbacks, and the worker
 * pool frees connections that a worker still uses. Instead new messages are
 * refused, those in flight finish, and the process ends while libmilter runs.
 * Returns the number of messages that did not finish.
 */
static unsigned
drain_messages(struct mail *mail)
{
	struct daemon *daemon = mail->daemon;
	const uint64_t end_us = env_mono_us(&daemon->env) +
	    DAEMON_DRAIN_SECONDS * 1000000ULL;

	if (mail->orphaned) {
		/* Now, so that a successor can use the socket. */
		listen_abandon(daemon->presence.fd);
	}
	while (live_idle_us(&daemon->live) < DAEMON_ANSWER_US &&
	    env_mono_us(&daemon->env) < end_us) {
		/* The second request does not wait. */
		if (mail_wait(mail, DRAIN_STEP_MS) && !mail_obey(mail)) {
			break;
		}
	}
	return (live_in_flight(&daemon->live));
}

static void
end_process(int number)
{
	(void)number;
	_exit(cleanup_exit_code);
}

/* A database or a library may hang in the clean-up; all mail is answered. */
static void
limit_cleanup(enum daemon_exit code)
{
	struct sigaction action = { .sa_handler = end_process };

	cleanup_exit_code = (sig_atomic_t)code;
	(void)sigaction(SIGALRM, &action, NULL);
	(void)alarm(DAEMON_CLEANUP_SECONDS);
}

/* False: the store does not answer, and its thread uses the daemon still. */
static bool
stop_reports(struct daemon *daemon)
{
	struct report_collector_numbers n;

	if (report_collector_stop(daemon->live.reports, DAEMON_STORE_MS)) {
		return (true);
	}
	report_collector_get(daemon->live.reports, &n);
	env_log(&daemon->env, LOG_LEVEL_WARNING, "ReportStore: it is too "
	    "slow; %" PRIu64 " rows are missing from DMARC reports",
	    n.rows_pending);
	return (false);
}

static enum daemon_exit
stop_mail(struct mail *mail)
{
	struct daemon *daemon = mail->daemon;
	enum daemon_exit code = library_ended ? DAEMON_NO : DAEMON_OK;
	unsigned left;
	bool stored;

	/* First, so that the line below is true when it is read. */
	live_drain(&daemon->live);
	env_log(&daemon->env, LOG_LEVEL_INFO, "stopping: %u in flight",
	    live_in_flight(&daemon->live));
	left = drain_messages(mail);
	(void)channels_stop(&mail->channels, 0);
	stored = stop_reports(daemon);
	counters_log(&daemon->live, "counters");
	if (left > 0) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "stopped with %u "
		    "messages unfinished: the MTA handles them as if its "
		    "milter had failed", left);
		log_flush();
		/* Their threads use what a clean-up would free. */
		_exit((int)code);
	}
	env_log(&daemon->env, LOG_LEVEL_INFO, "stopped");
	log_flush();
	if (!stored) {
		/* As above: its thread runs still. */
		_exit((int)code);
	}
	limit_cleanup(code);
	exporter_stop(&daemon->exporter);
	live_fini(&daemon->live);
	return (code);
}

/* Logs the error, or reports it if this is the first one. */
static void
fail_start(struct mail *mail, enum status status, const struct diag *diag)
{
	log_init();	/* back to standard error */
	(void)answer_parent(mail, status, diag, mail->start->set);
	log_flush();
	exit((int)daemon_exit_of(status));
}

/* Only the main thread loads configurations, and it does nothing else. */
static enum status
enter_sandbox(const struct mail *mail, struct diag *diag)
{
	const struct confine confine = { .role = SANDBOX_MAIL,
		.conf = mail->start->conf, .text = mail->start->text,
		.report = mail->start->report,
		.ask = mail->start->delivery, .first = mail->start->first };
	enum status status;

	if (mail->start->conf->report_store.where != NULL) {
		/* Before nothing can be made but in what is there. */
		report_store_prepare(mail->start->conf->report_store.where);
	}
	status = confine_enter(&confine, &mail->daemon->env, diag);
	(void)close(mail->start->text);
	sandbox_loading(true);
	return (status);
}

void
mail_run(const struct mail_start *start, struct daemon *daemon)
{
	static struct mail mail;
	enum status status;
	struct diag diag;
	bool parent_is_there;

	setproctitle("mail");
	(void)pthread_mutex_lock(&library_gate);
	mail.start = start;
	mail.daemon = daemon;
	diag_init(&diag);
	board_keys_protect(daemon->live.board_keys);
	status = enter_sandbox(&mail, &diag);
	if (status == STATUS_OK) {
		status = start_threads(&mail, &diag);
	}
	if (status == STATUS_OK) {
		status = serve_in_threads(&mail, &diag);
	}
	if (status != STATUS_OK) {
		fail_start(&mail, status, &diag);
	}
	mail.serving = true;
	mail_set_exporter(daemon, start->conf);
	parent_is_there = answer_parent(&mail, STATUS_OK, &diag, start->set);
	(void)pthread_mutex_unlock(&library_gate);
	if (parent_is_there) {
		/* It looks at many keys: nobody waits for it. Standard error
		   is closed when the parent says so, which is read next. */
		announce_start(&mail);
		serve_mail(&mail);
	}
	exit((int)stop_mail(&mail));
}
