/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unbound: libunbound as a forwarder with threads. Its own worker thread does
 * the network and the validation; a thread of ours, the pump, waits for
 * ub_fd() and lets ub_process() call back. Both block all signals. Neither
 * survives a fork: the context is made by the process that uses it.
 *
 * A query that was given up is not cancelled (in a threaded context
 * ub_cancel() would only silence its answer): the answer still fills the
 * cache. ub_ctx_delete() drops queries in flight without a call.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unbound.h>
#include <unistd.h>

#include "dns/backend.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/resolver.h"
#include "dns/unbound.h"

#define CLASS_IN		1
#define RCODE_NOERROR		0
#define RCODE_NXDOMAIN		3
/* What the records of one answer, at most 64 KiB on the wire, can need. */
#define ANSWER_MAX_BYTES	((size_t)1 << 20)

struct unbound {
	struct env	 env;
	struct ub_ctx	*ctx;
	pthread_t	 pump;
	int		 stop[2];	/* a pipe; closing [1] ends the pump */
	bool		 running;
};

/* NOMEM: the answer is not complete. */
static enum status
read_records(struct arena *arena, const struct ub_result *result,
    struct dns_record *v, struct dns_answer *a)
{
	enum status status;
	size_t i, n;

	for (i = 0; result->data[i] != NULL && a->n < DNS_MAX_RECORDS; i++) {
		n = result->len[i] > 0 ? (size_t)result->len[i] : 0;
		status = dns_rdata_read(arena, (enum dns_type)result->qtype,
		    str_mem(result->data[i], n), 0, n, &v[a->n]);
		if (status == STATUS_NOMEM) {
			return (status);
		}
		a->n += status == STATUS_OK;
	}
	a->result = DNS_OK;
	a->v = v;
	return (STATUS_OK);
}

static enum dns_result
result_without(const struct ub_result *result)
{
	if (result->rcode == RCODE_NOERROR) {
		return (DNS_NODATA);
	}
	return (result->rcode == RCODE_NXDOMAIN ? DNS_NXDOMAIN : DNS_SERVFAIL);
}

static enum status
read_result(struct arena *arena, const struct ub_result *result,
    struct dns_record *v, struct dns_answer *a)
{
	a->ttl_s = result->ttl > 0 ? (uint32_t)result->ttl : 0;
	a->security = result->secure ? DNS_SECURE : DNS_INSECURE;
	if (result->bogus) {
		a->security = DNS_BOGUS;
	} else if (result->havedata && result->rcode == RCODE_NOERROR) {
		return (read_records(arena, result, v, a));
	} else {
		a->result = result_without(result);
	}
	return (STATUS_OK);
}

/* Called by the pump. */
static void
take_result(void *cookie, int error, struct ub_result *result)
{
	struct dns_answer a = { .result = DNS_SERVFAIL };
	struct dns_record v[DNS_MAX_RECORDS];
	struct arena arena;

	if (cookie == NULL) {
		ub_resolve_free(result);
		return;
	}
	arena_init(&arena, ANSWER_MAX_BYTES);
	if (error != 0 || result == NULL ||
	    read_result(&arena, result, v, &a) != STATUS_OK) {
		dns_backend_failed(cookie);
	} else {
		dns_backend_done(cookie, &a);
	}
	arena_fini(&arena);
	ub_resolve_free(result);
}

static enum status
unbound_submit(void *backend, struct str name, enum dns_type type,
    void *cookie)
{
	struct unbound *u = backend;
	char text[DNS_NAME_MAX_BYTES + 1];

	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	return (ub_resolve_async(u->ctx, text, (int)type, CLASS_IN, cookie,
	    take_result, NULL) == 0 ? STATUS_OK : STATUS_TEMP);
}

static void *
run_pump(void *arg)
{
	struct unbound *u = arg;
	struct pollfd fds[2] = {
		{ .fd = ub_fd(u->ctx), .events = POLLIN },
		{ .fd = u->stop[0], .events = POLLIN }
	};
	int error;

	for (;;) {
		if (poll(fds, 2, -1) == -1 && errno != EINTR) {
			env_log(&u->env, LOG_LEVEL_ERROR,
			    "dns: cannot wait for answers: %s",
			    strerror(errno));
			break;
		}
		if (fds[1].revents != 0) {
			break;
		}
		error = fds[0].revents != 0 ? ub_process(u->ctx) : 0;
		if (error != 0) {
			env_log(&u->env, LOG_LEVEL_ERROR,
			    "dns: libunbound gives no more answers: %s",
			    ub_strerror(error));
			break;
		}
	}
	return (NULL);
}

static void
unbound_free(void *backend)
{
	struct unbound *u = backend;

	if (u->stop[1] != -1) {
		close(u->stop[1]);
	}
	if (u->running) {
		pthread_join(u->pump, NULL);
	}
	if (u->stop[0] != -1) {
		close(u->stop[0]);
	}
	ub_ctx_delete(u->ctx);
	free(u);
}

static const struct dns_backend_ops unbound_ops = {
	.submit = unbound_submit, .free = unbound_free
};

/*
 * The first query makes libunbound read its settings and start its worker. Ask
 * one that it answers by itself, to report wrong settings now.
 */
static enum status
start_pump(struct unbound *u, struct diag *diag)
{
	sigset_t all, old;
	int error;

	if (pipe2(u->stop, O_CLOEXEC) == -1) {
		diag_set(diag, NULL, 0, "pipe: %s", strerror(errno));
		return (STATUS_IO);
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = ub_resolve_async(u->ctx, "localhost", DNS_A, CLASS_IN, NULL,
	    take_result, NULL);
	if (error == 0 && pthread_create(&u->pump, NULL, run_pump, u) != 0) {
		error = UB_NOMEM;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error != 0) {
		return (unbound_failed(diag, "libunbound", error));
	}
	u->running = true;
	return (STATUS_OK);
}

enum status
dns_new_unbound(const struct dns_opts *opts, struct dns **r,
    struct diag *diag)
{
	enum status status;
	struct unbound *u;

	*r = NULL;
	u = calloc(1, sizeof(*u));
	if (u == NULL) {
		diag_set(diag, NULL, 0, "%s", status_text(STATUS_NOMEM));
		return (STATUS_NOMEM);
	}
	u->env = *opts->env;
	u->stop[0] = u->stop[1] = -1;
	u->ctx = ub_ctx_create();
	status = u->ctx == NULL ? STATUS_NOMEM :
	    unbound_configure(u->ctx, opts, diag);
	if (status == STATUS_OK) {
		status = start_pump(u, diag);
	}
	if (status == STATUS_OK) {
		status = dns_new_backend(opts, &unbound_ops, u, r);
	} else {
		unbound_free(u);
	}
	if (status != STATUS_OK) {
		/* Unless there is a more precise reason. */
		diag_set(diag, "libunbound", 0, "%s", status_text(status));
	}
	return (status);
}
