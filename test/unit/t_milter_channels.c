/* SPDX-License-Identifier: BSD-2-Clause */
/* However often a client asks for connections, and whatever it does with those
   that it has, few threads serve them, and the newest are among these. */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "milter/channels.h"
#include "milter/control.h"
#include "test/unit/tap.h"

#define DELIVERY	8u	/* connections */
#define DELIVERIES	(4 * CHANNELS_SERVED_MAX / DELIVERY)
#define STOP_SECONDS	60
#define STEP_US		2000
#define STEPS_MAX	30000

static struct channels channels;
static int parent;		/* the other end of its deliveries */
static int own[DELIVERIES * DELIVERY];	/* the client's ends */
static _Atomic unsigned serving;
static _Atomic unsigned serving_max;
static atomic_bool database_answers = true;

/* What a request asks for, by its first octet. */
enum { ECHO = 'e', LOAD = 'l', MANY = 'm' };

static void
await_database(void)
{
	while (!database_answers) {
		(void)usleep(STEP_US);
	}
}

/* The queue of a client that reads none is full soon. */
static bool
send_many(int fd)
{
	static const char reply[4096];
	ssize_t n;

	do {
		n = send(fd, reply, sizeof(reply), MSG_NOSIGNAL);
	} while (n > 0);
	return (false);
}

static void
serve(void *unused, int fd)
{
	unsigned now = ++serving, max = serving_max;
	bool more = true;
	char request;

	(void)unused;
	while (now > max &&
	    !atomic_compare_exchange_weak(&serving_max, &max, now)) {
		continue;
	}
	while (more && recv(fd, &request, 1, 0) == 1) {
		if (request == LOAD) {
			await_database();
		}
		more = request == MANY ? send_many(fd) :
		    send(fd, &request, 1, MSG_NOSIGNAL) == 1;
	}
	serving--;
}

static void
start(void)
{
	int pair[2] = { -1, -1 };

	(void)control_pair(pair);
	parent = pair[0];
	serving_max = 0;
	channels = (struct channels){ .delivery = pair[1], .serve = serve };
	tap_ok(channels_start(&channels) == STATUS_OK, "the start");
}

/* Also if the queue is full. */
static void
deliver(int *ends_r, bool again)
{
	const struct timeval patience = { .tv_sec = STOP_SECONDS };
	int theirs[DELIVERY], pair[2];
	unsigned i;

	for (i = 0; i < DELIVERY; i++) {
		(void)control_pair(pair);
		(void)setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &patience,
		    sizeof(patience));
		theirs[i] = pair[0];
		ends_r[i] = pair[1];
	}
	while (!control_send_channels(parent, again, theirs, DELIVERY)) {
		(void)usleep(STEP_US);
	}
	for (i = 0; i < DELIVERY; i++) {
		(void)close(theirs[i]);
	}
}

static void
close_ends(int *ends, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		(void)close(ends[i]);
	}
}

static bool
ask(int fd, char request)
{
	return (send(fd, &request, 1, MSG_NOSIGNAL) == 1);
}

static bool
is_answered(int fd)
{
	char reply;

	return (recv(fd, &reply, 1, 0) == 1);
}

static bool
is_served(int fd)
{
	return (ask(fd, ECHO) && is_answered(fd));
}

static unsigned
count_served(const int *ends, unsigned n)
{
	unsigned i, served = 0;

	for (i = 0; i < n; i++) {
		served += is_served(ends[i]);
	}
	return (served);
}

/* As the client does: those that found no room, since others have just been
   shut, are closed, and asked for again. */
static bool
deliver_served(int *ends_r, bool again)
{
	unsigned i;

	for (i = 0; i < STEPS_MAX; i++) {
		deliver(ends_r, again);
		if (count_served(ends_r, DELIVERY) == DELIVERY) {
			return (true);
		}
		close_ends(ends_r, DELIVERY);
		(void)usleep(STEP_US);
	}
	return (false);
}

static bool
wait_for_servings(unsigned n)
{
	unsigned i;

	for (i = 0; i < STEPS_MAX && serving != n; i++) {
		(void)usleep(STEP_US);
	}
	return (serving == n);
}

static void
stop(void)
{
	tap_ok(channels_stop(&channels, STOP_SECONDS), "all threads end");
	tap_num(serving, 0, "and none is left");
	(void)close(parent);
	(void)close(channels.delivery);
}

/* One that closes what was replaced. */
static void
test_honest(void)
{
	int before[DELIVERY], now[DELIVERY];
	unsigned i;

	start();
	deliver(before, false);
	for (i = 0; i < 3 * CHANNELS_SERVED_MAX / DELIVERY; i++) {
		deliver(now, true);
		if (!is_served(before[0]) || !is_served(now[0])) {
			break;
		}
		close_ends(before, DELIVERY);
		memcpy(before, now, sizeof(before));
		if (!wait_for_servings(DELIVERY)) {
			break;
		}
	}
	tap_num(i, 3 * CHANNELS_SERVED_MAX / DELIVERY,
	    "what was replaced is served until the client closes it");
	close_ends(before, DELIVERY);
	stop();
}

/* request: what each connection is busy with; 0: nothing. */
static void
test_hoarder(const char *name, char request)
{
	unsigned i;

	start();
	for (i = 0; i < DELIVERIES; i++) {
		if (!deliver_served(own + i * DELIVERY, i > 0)) {
			break;
		}
		if (request != '\0') {
			(void)ask(own[i * DELIVERY], request);
		}
	}
	tap_ok(i == DELIVERIES, "%s: each new delivery is served", name);
	tap_ok(serving_max <= CHANNELS_SERVED_MAX, "%s: %u at once", name,
	    (unsigned)serving_max);
	close_ends(own, i * DELIVERY);
	stop();
}

/* All that it has wait for a database. */
static void
test_loads(void)
{
	int last[DELIVERY];
	unsigned i, k;

	start();
	database_answers = false;
	for (i = 0; i < DELIVERIES; i++) {
		deliver(own + i * DELIVERY, i > 0);
		for (k = 0; k < DELIVERY; k++) {
			(void)ask(own[i * DELIVERY + k], LOAD);
		}
	}
	tap_ok(!is_answered(own[DELIVERIES * DELIVERY - 1]),
	    "loads: there is no room for the last, which it finds closed");
	tap_ok(wait_for_servings(CHANNELS_SERVED_MAX),
	    "loads: as many as there may be");
	database_answers = true;
	tap_ok(wait_for_servings(0), "loads: the database answers: they end");
	tap_ok(deliver_served(last, true),
	    "loads: the next delivery is served");
	tap_ok(serving_max <= CHANNELS_SERVED_MAX, "loads: %u at once",
	    (unsigned)serving_max);
	close_ends(own, DELIVERIES * DELIVERY);
	close_ends(last, DELIVERY);
	stop();
}

int
main(void)
{
	test_honest();
	test_hoarder("idle connections are kept", '\0');
	test_hoarder("no reply is read", MANY);
	test_loads();
	return (tap_done());
}
