/* SPDX-License-Identifier: BSD-2-Clause */
/* report_send_record: that the MTA has a mail. */
#include "config.h"

#include <time.h>

#include "tools/report_send.h"

#define PAUSE_NS	200000000	/* before it is tried again */

/* After TEMP a connection may be of no use. */
static enum status
open_again(struct report_send *s, struct diag *diag)
{
	struct report_store *store;
	enum status status;

	status = report_store_open(s->conf->report_store.where, false, &store,
	    diag);
	if (status == STATUS_OK) {
		report_store_close(s->store);
		s->store = store;
	}
	return (status);
}

enum status
report_send_record(struct report_send *s, const struct report_delivery *d,
    struct diag *diag)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	uint64_t end_us = env_mono_us(&s->env) + REPORT_SEND_RECORD_US;
	enum status status = report_store_deliver(s->store, d, diag);

	while (status == STATUS_TEMP && env_mono_us(&s->env) < end_us) {
		(void)nanosleep(&pause, NULL);
		diag_init(diag);
		status = open_again(s, diag);
		if (status == STATUS_OK) {
			status = report_store_deliver(s->store, d, diag);
		}
	}
	return (status);
}
