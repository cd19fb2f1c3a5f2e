/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_stored: mailseal report read --store. The mailbox is read with the
 * permissions of who runs it, the store is used with those of UserID: root must
 * not leave files there that the daemon cannot write, nor follow its links.
 */
#include "config.h"

#include <stdlib.h>

#include "base/privileges.h"
#include "report/received.h"
#include "tools/report.h"

struct report_stored {
	const struct env	*env;
	struct crypto		*crypto;
	struct report_store	*store;
	struct privileges	 user;
	struct diag		 diag;
};

static bool
open_store(struct report_stored *s, const struct conf *conf)
{
	enum status status = privileges_find(conf->user_id, &s->user,
	    &s->diag);

	if (status == STATUS_OK) {
		status = privileges_switch(&s->user, &s->diag);
	}
	if (status != STATUS_OK) {
		return (false);
	}
	report_store_prepare(conf->report_store.where);
	status = report_store_open(conf->report_store.where, true, &s->store,
	    &s->diag);
	privileges_return(&s->user);
	return (status == STATUS_OK);
}

struct report_stored *
report_stored_new(const struct conf *conf, const struct env *env)
{
	struct report_stored *s;

	if (conf->report_store.where == NULL) {
		(void)cli_fail("--store: there is no store for reports: "
		    "set ReportFrom or ReportStore");
		return (NULL);
	}
	s = calloc(1, sizeof(*s));
	if (s != NULL) {
		s->env = env;
		s->crypto = crypto_new();
	}
	if (s == NULL || s->crypto == NULL) {
		(void)cli_fail("out of memory");
		report_stored_free(s);
		return (NULL);
	}
	diag_init(&s->diag);
	if (!open_store(s, conf)) {
		(void)cli_fail("%s", s->diag.text);
		report_stored_free(s);
		return (NULL);
	}
	return (s);
}

void
report_stored_free(struct report_stored *s)
{
	struct diag diag;

	if (s == NULL) {
		return;
	}
	/* SQLite may remove its files beside the database now. */
	diag_init(&diag);
	if (s->store != NULL && privileges_switch(&s->user, &diag) ==
	    STATUS_OK) {
		report_store_close(s->store);
		privileges_return(&s->user);
	}
	crypto_free(s->crypto);
	free(s);
}

enum status
report_stored_add(struct report_stored *s, const struct report_aggregate *a,
    bool *new_r)
{
	enum status status;

	diag_init(&s->diag);
	*new_r = true;
	status = privileges_switch(&s->user, &s->diag);
	if (status == STATUS_OK) {
		status = report_store_receive(s->store, s->crypto, a,
		    env_now_s(s->env), new_r, &s->diag);
		privileges_return(&s->user);
	}
	return (status);
}

struct stored_sum {
	struct report_read	*o;
	enum status		 status;	/* OK, or LIMIT */
};

static enum status
take_report(void *ctx, struct report *r)
{
	struct stored_sum *sum = ctx;
	enum status status = STATUS_OK;

	if (report_is_wanted(sum->o, r)) {
		status = sources_add(sum->o->sources, &r->aggregate);
	}
	report_free(r);
	if (status == STATUS_LIMIT) {
		sum->status = STATUS_LIMIT;
		status = STATUS_OK;
	}
	return (status);
}

enum status
report_stored_sum(struct report_stored *s, struct report_read *o)
{
	struct stored_sum sum = { o, STATUS_OK };
	enum status status;

	diag_init(&s->diag);
	status = privileges_switch(&s->user, &s->diag);
	if (status != STATUS_OK) {
		return (status);
	}
	status = report_store_forget(s->store, env_now_s(s->env), &s->diag);
	if (status == STATUS_OK) {
		status = report_store_received(s->store, o->since_s,
		    take_report, &sum, &s->diag);
	}
	privileges_return(&s->user);
	return (status != STATUS_OK ? status : sum.status);
}

const char *
report_stored_why(const struct report_stored *s)
{
	return (s->diag.text[0] != '\0' ? s->diag.text : "out of memory");
}
