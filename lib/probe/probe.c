/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>

#include "probe/private.h"

void
probe_end(struct probe *p, enum probe_end end)
{
	if (p->end == PROBE_OPEN) {
		p->end = end;
	}
}

struct str
probe_keep(struct probe *p, struct str text)
{
	struct str copy = arena_dup(p->wire->arena, str_first(text,
	    PROBE_TEXT_MAX_BYTES));

	if (copy.p == NULL) {
		p->end = PROBE_NO_MEMORY;
	}
	return (copy);
}

static void
step_probe(struct probe *p, short events)
{
	wire_move(p, events);
	if (p->end != PROBE_OPEN) {
		return;
	}
	if (p->kind == PROBE_HTTPS) {
		https_step(p);
	} else {
		smtp_step(p);
	}
}

/* Those that are open; returns how many. */
static nfds_t
collect_open(struct probe *v, size_t n, struct pollfd *fds, struct probe **who)
{
	nfds_t open = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (v[i].end != PROBE_OPEN) {
			wire_close(&v[i]);
			continue;
		}
		who[open] = &v[i];
		fds[open++] = (struct pollfd){ .fd = v[i].wire->fd,
			.events = wire_events(&v[i]) };
	}
	return (open);
}

static int
time_left_ms(const struct env *env, uint64_t deadline_us)
{
	uint64_t now_us = env_mono_us(env);

	return (now_us >= deadline_us ? 0 : deadline_us - now_us >
	    3600000000U ? 3600000 : (int)((deadline_us - now_us) / 1000 + 1));
}

/* False: the deadline has come. */
static bool
wait_once(struct pollfd *fds, struct probe **who, nfds_t open,
    const struct env *env, uint64_t deadline_us)
{
	int left_ms = time_left_ms(env, deadline_us);
	nfds_t i;
	int n;

	if (left_ms == 0) {
		return (false);
	}
	n = poll(fds, open, left_ms);
	if (n == -1 && errno != EINTR) {
		return (false);
	}
	for (i = 0; n > 0 && i < open; i++) {
		if (fds[i].revents != 0) {
			step_probe(who[i], fds[i].revents);
		}
	}
	return (true);
}

enum status
probe_run(struct probe *v, size_t n, const struct env *env,
    const struct tls_roots *roots, struct arena *arena, uint64_t deadline_us)
{
	struct pollfd fds[PROBE_MAX];
	struct probe *who[PROBE_MAX];
	enum status status = STATUS_OK;
	nfds_t open;
	size_t i;

	if (n > PROBE_MAX) {
		return (STATUS_LIMIT);
	}
	for (i = 0; i < n; i++) {
		wire_open(&v[i], roots, arena);
	}
	while ((open = collect_open(v, n, fds, who)) > 0 &&
	    wait_once(fds, who, open, env, deadline_us)) {
		continue;
	}
	for (i = 0; i < n; i++) {
		probe_end(&v[i], PROBE_LATE);
		wire_close(&v[i]);
		if (v[i].end == PROBE_NO_MEMORY) {
			status = STATUS_NOMEM;
		}
	}
	return (status);
}

void
probe_fini(struct probe *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		tls_free(v[i].tls);
		v[i].tls = NULL;
	}
}
