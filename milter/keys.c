/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/prctl.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/privileges.h"
#include "conf/conf.h"
#include "crypto/crypto.h"
#include "engine/engine.h"
#include "milter/background.h"
#include "milter/channels.h"
#include "milter/confine.h"
#include "milter/control.h"
#include "milter/keys.h"
#include "milter/log.h"
#include "milter/memory.h"
#include "milter/served_log.h"
#include "milter/watch.h"
#include "remote/server.h"
#include "signers/picture.h"

/* At the end, together less than KEYS_STOP_SECONDS. */
#define KEYS_WATCH_SECONDS	1	/* for a look at the keys */
#define KEYS_THREADS_SECONDS	3	/* for requests */

struct set {			/* a configuration and its signers */
	uint64_t		 number;
	struct conf		*conf;		/* held */
	struct signers		*signers;	/* of the server; or not yet */
};

struct keys {
	const struct keys_start	*start;
	const struct env	*env;
	struct crypto		*crypto;
	struct remote_server	*server;
	struct channels		 channels;
	struct watch		 watch;
	struct set		 now;		/* in service */
	struct set		 next;		/* number 0: none */
	bool			 next_is_new;	/* of a new text */
	/* A loss that nobody asked for; see live_load_keys. */
	uint64_t		 loss;		/* revision of the keys that
						   were refused; 0: none */
	uint64_t		 loss_us;	/* since then */
	atomic_bool		 losing;
};

static void drop_next(struct keys *);

/*
 * What a thread uses is not freed: one that waits for a database would have to
 * be waited for, and exit() has OpenSSL free what it signs with.
 */
static _Noreturn void
end_keys(struct keys *keys, int code)
{
	bool ended = watch_stop(&keys->watch, KEYS_WATCH_SECONDS);

	ended = channels_stop(&keys->channels, KEYS_THREADS_SECONDS) && ended;
	served_log_tend(true);
	if (!ended) {
		log_flush();
		_exit(code);
	}
	drop_next(keys);
	remote_server_free(keys->server);
	conf_release(keys->now.conf);
	crypto_free(keys->crypto);
	log_flush();
	exit(code);
}

/* False: the parent is gone, and there is nothing to do. */
static bool
send_answer(const struct keys *keys, const struct control *answer)
{
	return (control_answer(keys->start->control, answer));
}

static enum status
read_conf(const struct keys *keys, int text_fd,
    const struct conf_keys_opts *opts, struct conf **conf_r,
    struct diag *diag)
{
	enum status status;
	struct str text;

	*conf_r = NULL;
	status = memory_map(text_fd, &text);
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "the configuration: %s",
		    strerror(errno));
		return (status);
	}
	status = conf_load_text(text, keys->start->path, opts, keys->env,
	    conf_r, diag);
	memory_unmap(text);
	return (status);
}

static enum status
make_signers(const struct keys *keys, struct conf *conf,
    enum signers_loss lose, struct signers **r, struct diag *diag)
{
	struct signers_opts opts = { .env = keys->env, .lose = lose };

	engine_signers_opts(conf, &opts);
	return (signers_new(&opts, keys->now.signers, r, diag));
}

/* *fd_r: the picture, as a file. */
static enum status
write_picture(const struct keys *keys, const struct signers *signers,
    int *fd_r, struct diag *diag)
{
	struct buf picture;
	enum status status;

	buf_init(&picture, PICTURE_MAX_BYTES);
	status = picture_write(signers, keys->crypto, &picture);
	if (status == STATUS_OK) {
		status = memory_write("picture", buf_str(&picture), fd_r);
	}
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "the picture of the keys: %s",
		    status_text(status));
	}
	buf_fini(&picture);
	return (status);
}

/* The set is known to the server, and keys->next, if this succeeds. Takes
   conf. */
static enum status
build_set(struct keys *keys, uint64_t number, struct conf *conf,
    enum signers_loss lose, int *picture_r, struct diag *diag)
{
	struct signers *signers = NULL;
	enum status status = make_signers(keys, conf, lose, &signers, diag);

	if (status != STATUS_OK) {
		conf_release(conf);
		return (status);
	}
	status = write_picture(keys, signers, picture_r, diag);
	if (status != STATUS_OK) {
		signers_free(signers);
		conf_release(conf);
		return (status);
	}
	status = remote_server_add(keys->server, number, signers,
	    conf_hold(conf));
	if (status != STATUS_OK) {
		(void)close(*picture_r);
		conf_release(conf);
		diag_set(diag, NULL, 0, "%s", status_text(status));
		return (status);
	}
	keys->next = (struct set){ number, conf, signers };
	return (STATUS_OK);
}

/* Whether the files are as they were when they were refused, KeyRefresh ago. */
static bool
is_quiet(const struct keys *keys, uint64_t seen)
{
	return (keys->loss != 0 && keys->loss == seen &&
	    env_mono_us(keys->env) - keys->loss_us >=
	    (uint64_t)keys->now.conf->key_refresh_s * 1000000);
}

/* The same configuration: nobody asked for what is missing now. */
static enum status
load_again(struct keys *keys, uint64_t number, int *picture_r,
    struct diag *diag)
{
	uint64_t seen = signers_look(keys->now.signers);
	bool quiet = is_quiet(keys, seen);
	enum status status = build_set(keys, number,
	    conf_hold(keys->now.conf), quiet ? SIGNERS_LOSE_WHOLE :
	    SIGNERS_LOSE_NOTHING, picture_r, diag);

	if (status != STATUS_TEMP) {
		keys->loss = 0;
	} else if (keys->loss != seen) {
		keys->loss = seen;
		keys->loss_us = env_mono_us(keys->env);
	}
	keys->losing = status == STATUS_TEMP && !quiet;
	return (status);
}

static enum status
load_text(struct keys *keys, uint64_t number, int text_fd, int *picture_r,
    struct diag *diag)
{
	const struct conf_keys_opts opts = { .opened_n = 0 };
	struct conf *conf;
	enum status status = read_conf(keys, text_fd, &opts, &conf, diag);

	if (status == STATUS_OK) {
		status = build_set(keys, number, conf, SIGNERS_LOSE_ANY,
		    picture_r, diag);
	}
	return (status);
}

static bool
answer_load(struct keys *keys, const struct control *request)
{
	struct control answer = { .kind = CONTROL_LOADED,
		.number = request->number };
	int picture = -1;
	bool sent;

	keys->next_is_new = request->fds_n > 0;
	answer.status = keys->next_is_new ? load_text(keys, request->number,
	    request->fds[0], &picture, &answer.diag) :
	    load_again(keys, request->number, &picture, &answer.diag);
	if (answer.status == STATUS_OK) {
		answer.fds[answer.fds_n++] = picture;
	}
	/* Before the lines of the others about what came of it, which may be
	   of another form. */
	log_flush();
	sent = send_answer(keys, &answer);
	control_close_fds(&answer);
	return (sent);
}

static void
drop_next(struct keys *keys)
{
	if (keys->next.number != 0) {
		remote_server_drop(keys->server, keys->next.number);
	}
	conf_release(keys->next.conf);
	keys->next = (struct set){ .number = 0 };
}

/* The former set stays with the server until the mail process releases it.
   False: the parent means another set. */
static bool
use_next(struct keys *keys, uint64_t number)
{
	struct conf *before = keys->now.conf;

	/* It is in service, or was built by a process before this one. */
	if (number <= keys->now.number) {
		return (true);
	}
	if (keys->next.number == 0 || keys->next.number != number) {
		env_log(keys->env, LOG_LEVEL_ERROR, "the parent wants a set "
		    "of keys in service that there is not");
		return (false);
	}
	keys->now = keys->next;
	keys->next = (struct set){ .number = 0 };
	remote_server_commit(keys->server, keys->now.number);
	if (keys->next_is_new) {
		keys->loss = 0;
		keys->losing = false;
		if (keys->start->sets_log) {
			log_set_target(keys->now.conf);
		}
	}
	conf_release(before);
	return (true);
}

/* With the lock that every signature takes. */
static bool
answer_ping(const struct keys *keys)
{
	const struct control answer = { .kind = CONTROL_ALIVE };
	struct remote_use use;

	if (remote_server_use(keys->server, &use)) {
		remote_server_unuse(keys->server, &use);
	}
	return (send_answer(keys, &answer));
}

/* False: the end. */
static bool
obey_parent(struct keys *keys)
{
	struct control request;
	bool more = true;

	if (control_receive(keys->start->control, &request) != STATUS_OK) {
		return (false);
	}
	switch (request.kind) {
	case CONTROL_LOAD:
		drop_next(keys);
		more = answer_load(keys, &request);
		break;
	case CONTROL_USE:
		more = use_next(keys, request.number);
		break;
	case CONTROL_DROP:
		drop_next(keys);
		break;
	case CONTROL_READY:
		background_detach(request.value != 0);
		break;
	case CONTROL_STOP:
		more = false;
		break;
	case CONTROL_PING:
		more = answer_ping(keys);
		break;
	case CONTROL_COUNTERS:
	case CONTROL_LISTEN:
	case CONTROL_LOG:
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

/* A mail process that was taken over may ask for what it does not say. */
static void
await_parent(const struct keys *keys)
{
	struct pollfd message = { .fd = keys->start->control,
		.events = POLLIN };
	int ready;

	do {
		ready = poll(&message, 1, KEYS_COMPARE_MS);
		/* Also if the parent says something more often than that. */
		remote_server_compare(keys->server, keys->start->said);
		remote_server_drop_expired(keys->server);
		served_log_tend(false);
	} while (ready == 0);
}

static void
look_at_signers(const struct signers *signers, enum watch_what what,
    struct watch_state *r)
{
	r->local_s = signers_local_s(signers);
	if (what == WATCH_LOCAL) {
		r->changed = signers_look_local(signers, &r->now);
		return;
	}
	r->now = signers_look(signers);
	r->changed = r->now != signers_revision(signers);
}

static bool
look_at_keys(void *ctx, enum watch_what what, struct watch_state *r)
{
	struct keys *keys = ctx;
	struct remote_use use;

	if (!remote_server_use(keys->server, &use)) {
		return (false);
	}
	r->refresh_s = use.conf->key_refresh_s;
	r->again = keys->losing;
	if (r->refresh_s > 0) {
		look_at_signers(use.signers, what, r);
	}
	remote_server_unuse(keys->server, &use);
	return (true);
}

static void
ask_for_load(void *ctx)
{
	const struct keys *keys = ctx;
	const struct control message = { .kind = CONTROL_CHANGED };

	/* The parent may be busy: at the next look it is asked again. */
	(void)control_send(keys->start->control, &message);
}

/* A connection of the mail process, in a thread of its own. */
static void
serve_channel(void *ctx, int fd)
{
	struct keys *keys = ctx;

	served_log_begin();
	remote_server_serve(keys->server, fd);
}

/* There is another mail process: nobody uses former sets any more. */
static void
begin_channels(void *ctx)
{
	struct keys *keys = ctx;

	remote_server_drop_former(keys->server);
}

static enum status
start_first(struct keys *keys, struct control *answer)
{
	struct conf *conf = keys->next.conf;
	enum status status;
	int picture;

	keys->next.conf = NULL;
	status = build_set(keys, keys->start->number, conf,
	    SIGNERS_LOSE_ANY, &picture, &answer->diag);
	if (status == STATUS_OK) {
		answer->fds[answer->fds_n++] = picture;
		keys->next_is_new = true;
		(void)use_next(keys, keys->start->number);
	}
	return (status);
}

/* The kernel forgets that when the process changes its user. False: the parent
   is dead already. */
static bool
die_with_parent(const struct keys *keys)
{
	return (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
	    getppid() == keys->start->parent);
}

/* With its key files read, and without a thread. */
static enum status
leave_privileges(struct keys *keys, struct diag *diag)
{
	const struct confine confine = { .role = SANDBOX_KEYS,
		.conf = keys->next.conf, .text = keys->start->text,
		.report = keys->start->report, .ask = -1,
		.first = keys->start->first };
	enum status status = privileges_drop(keys->next.conf->user_id, diag);

	if (status == STATUS_OK && !die_with_parent(keys)) {
		status = STATUS_IO;
	}
	if (status == STATUS_OK) {
		status = confine_enter(&confine, keys->env, diag);
	}
	(void)close(keys->start->text);
	return (status);
}

static enum status
start_server(struct keys *keys, struct diag *diag)
{
	enum status status = leave_privileges(keys, diag);

	if (status == STATUS_OK) {
		status = log_start();
	}
	if (status != STATUS_OK) {
		return (status);
	}
	keys->crypto = crypto_new();
	keys->server = keys->crypto != NULL ? remote_server_new(keys->crypto,
	    keys->env, &keys->start->board->made) : NULL;
	if (keys->server == NULL) {
		diag_set(diag, NULL, 0, "OpenSSL does not start");
		return (STATUS_NOMEM);
	}
	return (STATUS_OK);
}

static enum status
start_threads(struct keys *keys)
{
	enum status status;

	keys->channels = (struct channels){ .delivery = keys->start->delivery,
		.begin = begin_channels, .serve = serve_channel,
		.ctx = keys };
	keys->watch = (struct watch){ .look = look_at_keys,
		.ask = ask_for_load, .ctx = keys };
	status = channels_start(&keys->channels);
	return (status == STATUS_OK ? watch_start(&keys->watch) : status);
}

/* All but the reading of the files. */
static enum status
start_service(struct keys *keys, struct control *answer)
{
	enum status status = start_server(keys, &answer->diag);

	if (status == STATUS_OK) {
		status = start_first(keys, answer);
	}
	return (status == STATUS_OK ? start_threads(keys) : status);
}

static bool
start_keys(struct keys *keys)
{
	struct kept_keys *kept = keys->start->kept;
	struct conf_keys_opts opts;
	struct control answer = { .kind = CONTROL_READ };
	bool sent;

	opts = (struct conf_keys_opts){ kept->v, kept->n };
	answer.status = read_conf(keys, keys->start->text, &opts,
	    &keys->next.conf, &answer.diag);
	kept_keys_close(kept);
	if (!send_answer(keys, &answer) || answer.status != STATUS_OK) {
		return (false);
	}
	answer = (struct control){ .kind = CONTROL_LOADED,
		.number = keys->start->number };
	answer.status = start_service(keys, &answer);
	/* The parent may end after it, and this process with it. */
	log_flush();
	sent = send_answer(keys, &answer);
	control_close_fds(&answer);
	return (sent && answer.status == STATUS_OK);
}

void
keys_run(const struct keys_start *start, const struct env *env)
{
	static struct keys keys;
	static struct env own;

	setproctitle("keys");
	keys.start = start;
	if (served_log_init(env, &own) != STATUS_OK) {
		end_keys(&keys, EXIT_FAILURE);
	}
	keys.env = &own;
	if (!die_with_parent(&keys) || !start_keys(&keys)) {
		end_keys(&keys, EXIT_FAILURE);
	}
	do {
		await_parent(&keys);
	} while (obey_parent(&keys));
	end_keys(&keys, EXIT_SUCCESS);
}
