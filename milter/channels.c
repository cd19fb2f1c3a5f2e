/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "milter/channels.h"
#include "milter/control.h"
#include "remote/client.h"

#define STACK_BYTES	(256 * 1024)	/* of a thread that signs */

_Static_assert(CHANNELS_MAX + REMOTE_LOADERS <= CONTROL_CHANNELS_MAX, "fds");
_Static_assert(CHANNELS_MAX + REMOTE_LOADERS <= REMOTE_CHANNELS_MAX, "client");

struct serving {
	struct channels	*channels;
	int		 fd;
};

static void *
run_channel(void *arg)
{
	struct serving *serving = arg;

	serving->channels->serve(serving->channels->ctx, serving->fd);
	(void)close(serving->fd);
	free(serving);
	return (NULL);
}

static bool
start_thread(void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	bool ok;

	if (pthread_attr_init(&attr) != 0) {
		return (false);
	}
	ok = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) ==
	    0 && pthread_attr_setstacksize(&attr, STACK_BYTES) == 0 &&
	    pthread_create(&thread, &attr, run, arg) == 0;
	pthread_attr_destroy(&attr);
	return (ok);
}

/* Without a thread the client finds the connection at its end. */
static void
serve_channel(struct channels *channels, int fd)
{
	struct serving *serving = malloc(sizeof(*serving));

	if (serving != NULL) {
		*serving = (struct serving){ channels, fd };
	}
	if (serving == NULL || !start_thread(run_channel, serving)) {
		free(serving);
		(void)close(fd);
	}
}

static void *
run_deliveries(void *arg)
{
	struct channels *channels = arg;
	int fds[CONTROL_CHANNELS_MAX];
	enum status status;
	size_t i, n;
	bool again;

	for (;;) {
		status = control_receive_channels(channels->delivery, &again,
		    fds, &n);
		if (status == STATUS_IO) {
			return (NULL);
		}
		if (status != STATUS_OK) {
			continue;
		}
		if (channels->take != NULL) {
			channels->take(channels->ctx, fds, n);
			continue;
		}
		if (channels->begin != NULL && !again) {
			channels->begin(channels->ctx);
		}
		for (i = 0; i < n; i++) {
			serve_channel(channels, fds[i]);
		}
	}
}

enum status
channels_start(struct channels *channels)
{
	return (start_thread(run_deliveries, channels) ? STATUS_OK :
	    STATUS_NOMEM);
}

static size_t
count_channels(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	n = n < CHANNELS_MIN / 2 ? CHANNELS_MIN : 2 * n;
	n = n > CHANNELS_MAX ? CHANNELS_MAX : n;
	return ((size_t)n + REMOTE_LOADERS);
}

bool
channels_connect(int keys_delivery, int mail_delivery, bool again)
{
	int ends[2], keys[CONTROL_CHANNELS_MAX], mail[CONTROL_CHANNELS_MAX];
	size_t i, n = count_channels();
	bool ok = true;

	for (i = 0; i < n; i++) {
		if (!control_pair(ends)) {
			n = i;
			ok = false;
			break;
		}
		keys[i] = ends[0];
		mail[i] = ends[1];
	}
	ok = ok && control_send_channels(keys_delivery, again, keys, n) &&
	    control_send_channels(mail_delivery, again, mail, n);
	for (i = 0; i < n; i++) {
		(void)close(keys[i]);
		(void)close(mail[i]);
	}
	return (ok);
}
