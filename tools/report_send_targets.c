/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_send_targets: the addresses of a report in the order of rua= (RFC 9990
 * 3.5), and for each whether it gets it. One that cannot be used never keeps
 * the others from theirs.
 */
#include "config.h"

#include "dmarc/external.h"
#include "dmarc/uri.h"
#include "tools/report_send.h"

struct search {
	struct report_send		*s;
	struct arena			*arena;
	const struct report_period	*period;
	enum dmarc_tag			 tag;
	struct str			 asker;	/* the policy domain, as
						   permissions name it */
	struct report_targets		*targets;
	struct report_delivery		*before;
	size_t				 before_n;
	struct diag			*diag;
};

static void
decide_target(struct report_target *t, enum report_target_state state,
    const char *note)
{
	t->state = state;
	t->note = note;
}

static struct report_silent *
find_silent(struct report_send *s, struct str host)
{
	size_t i;

	for (i = 0; i < s->silent_n; i++) {
		if (str_eq(s->silent[i].host, host)) {
			return (&s->silent[i]);
		}
	}
	return (NULL);
}

/* Forgets what there is no room for. */
static void
count_failure(struct report_send *s, struct str host)
{
	struct report_silent *silent = find_silent(s, host);

	if (silent == NULL && s->silent_n < REPORT_SEND_HOSTS_MAX) {
		silent = &s->silent[s->silent_n];
		silent->host = arena_dup(&s->arena, host);
		s->silent_n += silent->host.p != NULL;
	}
	if (silent != NULL) {
		silent->failures++;
	}
}

static bool
is_silent(struct report_send *s, struct str host)
{
	const struct report_silent *silent = find_silent(s, host);

	return (silent != NULL && silent->failures >= REPORT_SEND_FAILURES);
}

/* Asks the DNS, and remembers the answer. */
static enum status
ask_permission(struct search *x, struct report_target *t,
    struct report_permission *r)
{
	struct report_send *s = x->s;
	const struct dmarc_external_opts opts = { .dns = s->dns,
		.env = &s->env, .suffixes = s->psl,
		.psl = s->conf->org_domain == CONF_PSL ? s->psl : NULL,
		.timeout_us = cli_dns_timeout_us(&s->dns_opts) };
	struct str domain = x->period->policy.domain, uri;
	enum dmarc_external external;
	enum status status;

	*r = (struct report_permission){ .policy_domain = x->asker,
		.host = t->address.host, .address = STR(""),
		.until_s = env_now_s(&s->env) + REPORT_SEND_PERMIT_S };
	status = dmarc_external_ask(&opts, x->arena, domain, t->address.host,
	    x->tag, &external, &uri);
	if (status != STATUS_OK) {
		return (status);
	}
	if (external == DMARC_EXTERNAL_UNKNOWN) {
		count_failure(s, t->address.host);
		decide_target(t, REPORT_TARGET_LATER,
		    dmarc_external_text(external));
		return (STATUS_OK);
	}
	if (external == DMARC_EXTERNAL_REPLACED) {
		r->address = uri;
	}
	r->granted = external == DMARC_EXTERNAL_OWN ||
	    external == DMARC_EXTERNAL_YES ||
	    external == DMARC_EXTERNAL_REPLACED;
	return (s->dry_run || external == DMARC_EXTERNAL_OWN ? STATUS_OK :
	    report_store_permit(s->store, r, x->diag));
}

static enum status
check_permission(struct search *x, struct report_target *t)
{
	struct report_permission *known = NULL, fresh;
	enum status status;
	size_t n;

	status = report_store_permission(x->s->store, x->arena, x->asker,
	    t->address.host, &known, &n, x->diag);
	if (status != STATUS_OK) {
		return (status);
	}
	if (n == 0 || known->until_s <= env_now_s(&x->s->env)) {
		known = &fresh;
		if (is_silent(x->s, t->address.host)) {
			decide_target(t, REPORT_TARGET_LATER,
			    "the DNS of the host does not answer");
			return (STATUS_OK);
		}
		status = ask_permission(x, t, known);
	}
	if (status != STATUS_OK || t->state != REPORT_TARGET_SEND) {
		return (status);
	}
	if (!known->granted) {
		decide_target(t, REPORT_TARGET_NO,
		    dmarc_external_text(DMARC_EXTERNAL_NO));
	} else if (known->address.n > 0) {
		status = dmarc_address_read(x->arena, known->address,
		    &t->address);
		if (status == STATUS_SYNTAX) {
			decide_target(t, REPORT_TARGET_NO,
			    dmarc_external_text(DMARC_EXTERNAL_NO));
			status = STATUS_OK;
		}
	}
	return (status);
}

static void
check_delivery(struct search *x, struct report_target *t)
{
	size_t i;

	for (i = 0; i < x->before_n; i++) {
		if (!str_eq(x->before[i].address, t->address.text)) {
			continue;
		}
		t->before = &x->before[i];
		if (t->before->state == REPORT_DELIVERY_DONE) {
			decide_target(t, REPORT_TARGET_DONE, NULL);
		} else if (t->before->state == REPORT_DELIVERY_FAILED) {
			decide_target(t, REPORT_TARGET_NO, "failed before");
		}
	}
}

static enum status
check_suppression(struct search *x, struct report_target *t)
{
	struct report_suppression *v = NULL;
	enum status status;
	size_t n = 0;

	status = report_store_suppressions(x->s->store, x->arena,
	    t->address.text, &v, &n, x->diag);
	if (status == STATUS_OK && n > 0 &&
	    v->until_s > env_now_s(&x->s->env)) {
		decide_target(t, REPORT_TARGET_NO, "suppressed");
	}
	return (status);
}

static enum status
check_limit(struct search *x, struct report_target *t)
{
	enum status status;
	int64_t n = 0;

	if (x->s->mails_today < (int64_t)x->s->conf->reports_per_host) {
		return (STATUS_OK);
	}
	status = report_store_count(x->s->store, t->address.host,
	    env_now_s(&x->s->env) - REPORT_DAY_S, &n, x->diag);
	if (status == STATUS_OK && n >= (int64_t)x->s->conf->reports_per_host &&
	    t->before == NULL) {
		decide_target(t, REPORT_TARGET_LATER,
		    "ReportsPerHost is reached");
	}
	return (status);
}

static bool
is_listed(const struct report_targets *targets, struct str address)
{
	size_t i;

	for (i = 0; i < targets->n; i++) {
		if (str_eq(targets->v[i].address.text, address)) {
			return (true);
		}
	}
	return (false);
}

/* The permission may replace an address by one that is listed. */
static enum status
add_target(struct search *x, struct report_target *t)
{
	enum status status = STATUS_OK;

	if (is_listed(x->targets, t->address.text)) {
		return (STATUS_OK);
	}
	if (x->targets->n == REPORT_SEND_URIS_MAX) {
		x->targets->more++;
		return (STATUS_OK);
	}
	status = check_permission(x, t);
	if (status != STATUS_OK || is_listed(x->targets, t->address.text)) {
		return (status);
	}
	if (t->state == REPORT_TARGET_SEND) {
		check_delivery(x, t);
	}
	if (t->state == REPORT_TARGET_SEND) {
		status = check_suppression(x, t);
	}
	if (status == STATUS_OK && t->state == REPORT_TARGET_SEND) {
		status = check_limit(x, t);
	}
	x->targets->v[x->targets->n++] = *t;
	return (status);
}

enum status
report_send_targets(struct report_send *s, struct arena *arena,
    const struct report_period *period, enum dmarc_tag tag,
    struct report_targets *r, struct diag *diag)
{
	struct search x = { .s = s, .arena = arena, .period = period,
		.tag = tag, .targets = r, .diag = diag };
	struct str list = period->policy.rua, uri;
	enum status status;
	uint64_t max_bytes;

	r->n = r->more = 0;
	/* The record may name other addresses for the other kind. */
	x.asker = tag == DMARC_TAG_RUA ? period->policy.domain :
	    arena_printf(arena, "ruf:%.*s", STR_FMT(period->policy.domain));
	if (x.asker.p == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	status = report_store_deliveries(s->store, arena, period, &x.before,
	    &x.before_n, diag);
	while (status == STATUS_OK &&
	    dmarc_uri_next_sized(&list, &uri, &max_bytes)) {
		struct report_target t = { .state = REPORT_TARGET_SEND,
			.max_bytes = max_bytes };

		status = dmarc_address_read(arena, uri, &t.address);
		if (status == STATUS_OK) {
			status = add_target(&x, &t);
		} else if (status == STATUS_SYNTAX) {
			status = STATUS_OK;	/* RFC 9990 3.5: skipped */
		}
	}
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "%s", status_text(status));
	}
	return (status);
}
