/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dns/backend.h"
#include "dns/stub.h"

static void
wake_thread(struct stub *stub)
{
	/* A full pipe wakes it, too. */
	while (write(stub->wake[1], "", 1) == -1 && errno == EINTR) {
		continue;
	}
}

static enum status
stub_submit(void *backend, struct str name, enum dns_type type, void *cookie)
{
	struct stub *stub = backend;
	struct question *q = calloc(1, sizeof(*q));
	bool was_empty;

	if (q == NULL) {
		return (STATUS_NOMEM);
	}
	q->cookie = cookie;
	q->type = type;
	q->refs = 1;
	q->since_us = env_mono_us(&stub->env);
	q->name.n = name.n;
	memcpy(q->name.p, name.p, name.n);
	pthread_mutex_lock(&stub->lock);
	was_empty = TAILQ_EMPTY(&stub->submitted);
	TAILQ_INSERT_TAIL(&stub->submitted, q, link);
	pthread_mutex_unlock(&stub->lock);
	if (was_empty) {
		wake_thread(stub);
	}
	return (STATUS_OK);
}

/* False: the thread is to end. */
static bool
take_submitted(struct stub *stub)
{
	struct question_list submitted;
	struct question *q;
	uint64_t now_us;
	bool is_ending;

	TAILQ_INIT(&submitted);
	pthread_mutex_lock(&stub->lock);
	TAILQ_CONCAT(&submitted, &stub->submitted, link);
	is_ending = stub->is_ending;
	pthread_mutex_unlock(&stub->lock);
	now_us = env_mono_us(&stub->env);
	while ((q = TAILQ_FIRST(&submitted)) != NULL) {
		TAILQ_REMOVE(&submitted, q, link);
		TAILQ_INSERT_TAIL(&stub->open, q, link);
		if (!is_ending) {
			stub_ask(stub, q, now_us);
		}
	}
	return (!is_ending);
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return (a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec);
}

static void
stat_resolv_conf(const struct stub *stub, struct stat *r)
{
	if (stub->resolv_conf == NULL || stat(stub->resolv_conf, r) == -1) {
		*r = (struct stat){ .st_size = -1 };
	}
}

/* Takes the servers of a resolv.conf that has changed. */
static void
follow_resolv_conf(struct stub *stub, uint64_t now_us)
{
	struct dns_opts opts = { .env = &stub->env,
		.resolv_conf = stub->resolv_conf };
	struct dns_servers servers, before = { .n = stub->n };
	struct diag diag;
	struct stat st;
	size_t i;

	if (stub->resolv_conf == NULL || now_us < stub->resolv_conf_us) {
		return;
	}
	stub->resolv_conf_us = now_us + STUB_RESOLV_CONF_US;
	stat_resolv_conf(stub, &st);
	if (is_same_file(&st, &stub->resolv_conf_st)) {
		return;
	}
	diag_init(&diag);
	if (dns_servers_read(&opts, &servers, &diag) != STATUS_OK) {
		return;
	}
	stub->resolv_conf_st = st;
	for (i = 0; i < stub->n; i++) {
		before.v[i] = stub->servers[i].where;
	}
	if (!dns_servers_eq(&before, &servers)) {
		env_log(&stub->env, LOG_LEVEL_INFO, "dns: %s has changed: "
		    "asking %s%s", stub->resolv_conf, servers.v[0].text,
		    servers.n > 1 ? " and others" : "");
		stub_set_servers(stub, &servers);
	}
}

/* How long to wait for the sockets; -1: without limit. */
static int
wait_ms(const struct stub *stub, bool is_quiet, uint64_t now_us)
{
	uint64_t until_us = UINT64_MAX;

	if (!is_quiet || stub->fds.n_open > 0 ||
	    !TAILQ_EMPTY(&stub->parked)) {
		until_us = now_us + STUB_TICK_US;
	}
	if (stub->resolv_conf != NULL && stub->resolv_conf_us < until_us) {
		until_us = stub->resolv_conf_us;
	}
	if (until_us == UINT64_MAX) {
		return (-1);
	}
	return (until_us > now_us ? (int)((until_us - now_us) / 1000) + 1 :
	    0);
}

static void
empty_pipe(struct stub *stub)
{
	char octets[64];

	while (read(stub->wake[0], octets, sizeof(octets)) > 0) {
		continue;
	}
}

static void
wait_for_answers(struct stub *stub, bool is_quiet, uint64_t now_us)
{
	struct stub_fds *fds = &stub->fds;
	size_t i;

	fds->n = 1;
	fds->n_open = 0;
	fds->v[0] = (struct pollfd){ .fd = stub->wake[0], .events = POLLIN };
	for (i = 0; i < stub->n; i++) {
		channel_add_fds(&stub->servers[i], fds);
	}
	if (poll(fds->v, fds->n, wait_ms(stub, is_quiet, now_us)) > 0) {
		if (fds->v[0].revents != 0) {
			empty_pipe(stub);
		}
		channel_process_fds(fds);
	}
}

/* What depends on time, every STUB_TICK_US. */
static void
run_timers(struct stub *stub, uint64_t now_us)
{
	if (now_us < stub->tick_us) {
		return;
	}
	stub->tick_us = now_us + STUB_TICK_US;
	stub_ask_again(stub, now_us);
	follow_resolv_conf(stub, now_us);
}

static void *
run_stub(void *arg)
{
	struct stub *stub = arg;
	uint64_t now_us;
	bool is_quiet;

	while (take_submitted(stub)) {
		now_us = env_mono_us(&stub->env);
		run_timers(stub, now_us);
		is_quiet = stub_check_servers(stub, now_us);
		stub_settle_parked(stub, now_us);
		wait_for_answers(stub, is_quiet, now_us);
	}
	return (NULL);
}

static void
stub_free(void *backend)
{
	struct stub *stub = backend;
	size_t i;

	if (stub->is_running) {
		pthread_mutex_lock(&stub->lock);
		stub->is_ending = true;
		pthread_mutex_unlock(&stub->lock);
		wake_thread(stub);
		pthread_join(stub->thread, NULL);
	}
	stub->is_freeing = true;
	for (i = 0; i < stub->n; i++) {
		stub_free_channels(&stub->servers[i]);
	}
	stub_drop_questions(stub);
	for (i = 0; i < 2; i++) {
		if (stub->wake[i] != -1) {
			close(stub->wake[i]);
		}
	}
	pthread_mutex_destroy(&stub->lock);
	free(stub->resolv_conf);
	free(stub);
}

static const struct dns_backend_ops stub_ops = {
	.submit = stub_submit, .free = stub_free,
	.count_servers = stub_count_servers,
	.is_answering = stub_is_answering
};

/* The thread blocks all signals. */
static enum status
start_thread(struct stub *stub, struct diag *diag)
{
	sigset_t all, old;
	int error;

	if (pipe2(stub->wake, O_CLOEXEC | O_NONBLOCK) == -1) {
		diag_set(diag, NULL, 0, "pipe: %s", strerror(errno));
		return (STATUS_IO);
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&stub->thread, NULL, run_stub, stub);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error != 0) {
		diag_set(diag, NULL, 0, "cannot start a thread: %s",
		    strerror(error));
		return (STATUS_NOMEM);
	}
	stub->is_running = true;
	return (STATUS_OK);
}

static struct stub *
make_stub(const struct dns_opts *opts)
{
	struct stub *stub = calloc(1, sizeof(*stub));

	if (stub == NULL || pthread_mutex_init(&stub->lock, NULL) != 0) {
		free(stub);
		return (NULL);
	}
	stub->env = *opts->env;
	stub->timeout_us = opts->timeout_us;
	stub->late_us = opts->timeout_us + opts->timeout_us / 2;
	stub->wake[0] = stub->wake[1] = -1;
	TAILQ_INIT(&stub->submitted);
	TAILQ_INIT(&stub->open);
	TAILQ_INIT(&stub->parked);
	if (opts->nameservers_n == 0) {
		stub->resolv_conf = strdup(opts->resolv_conf);
		if (stub->resolv_conf == NULL) {
			stub_free(stub);
			return (NULL);
		}
	}
	return (stub);
}

enum status
dns_new_stub(const struct dns_opts *opts, struct dns **r, struct diag *diag)
{
	struct dns_servers servers;
	enum status status;
	struct stub *stub;

	*r = NULL;
	stub = make_stub(opts);
	if (stub == NULL) {
		diag_set(diag, NULL, 0, "%s", status_text(STATUS_NOMEM));
		return (STATUS_NOMEM);
	}
	/* Before it is read: a change in between is found later. */
	stat_resolv_conf(stub, &stub->resolv_conf_st);
	status = dns_servers_read(opts, &servers, diag);
	if (status == STATUS_OK) {
		stub_set_servers(stub, &servers);
		status = start_thread(stub, diag);
	}
	if (status != STATUS_OK) {
		stub_free(stub);
		return (status);
	}
	status = dns_new_backend(opts, &stub_ops, stub, r);
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "%s", status_text(status));
	}
	return (status);
}
