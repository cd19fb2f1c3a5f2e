/* SPDX-License-Identifier: BSD-2-Clause */
/* report_send_period: one period, from its guards to its end. */
#include "config.h"

#include "mail/domain.h"
#include "tools/report_send.h"

struct sending {
	struct report_sending	 to;
	int64_t			 claimed_s;	/* when it was, the last time */
	struct buf		 gzip;
	struct write_counts	 counts;
};

/* Why the domain gets no report; NULL: it gets one. */
static const char *
refuse_domain(const struct report_send *s, const struct report_period *p)
{
	const struct conf *conf = s->conf;
	struct str domain = p->policy.domain;

	if (!conf_reports_on(conf, domain)) {
		return ("not by ReportAllow and ReportDeny");
	}
	if (domain_is_within(s->receiver, domain)) {
		return ("the domain of ReportFrom itself");
	}
	if (p->weight.ordinary == 0 && !conf->report_about_reports) {
		return ("only report mail came from it "
		    "(ReportAboutReports no)");
	}
	if (p->weight.ordinary > 0 && p->weight.accepted == 0 &&
	    !conf->report_refused_domains) {
		return ("all its mail was refused (ReportRefusedDomains no)");
	}
	if (p->weight.messages < (int64_t)conf->report_minimum) {
		return ("fewer messages than ReportMinimum");
	}
	return (NULL);
}

static enum status
build_mail(const struct report_sending *to, const struct report_delivery *d,
    struct buf *mail)
{
	const struct sending *x = to->ctx;
	const struct report_period *p = to->period;
	const struct write_mail m = { .from = to->s->conf->report_from.text,
		.to = d->address, .receiver = to->s->receiver,
		.domain = p->policy.domain, .id = p->report_id,
		.tag = d->tag, .begin_s = p->begin_s,
		.end_s = p->begin_s + REPORT_DAY_S - 1, .date_s = d->at_s,
		.counts = x->counts, .gzip = buf_str(&x->gzip) };

	return (write_mail(mail, &m));
}

static enum status
claim_period(struct sending *x, bool *ours_r)
{
	struct report_sending *to = &x->to;
	char id[REPORT_SEND_ID_BYTES];
	struct report_claim c;

	report_send_claim(to->s, to->period->holder, to->period->lease_s, id,
	    &c);
	x->claimed_s = c.now_s;
	return (report_store_claim(to->s->store, &to->arena, &c, to->period,
	    ours_r, to->diag));
}

static enum status
finish_period(struct sending *x, enum report_state state, const char *note)
{
	bool ours;

	return (report_store_finish(x->to.s->store, x->to.period,
	    str_from(x->to.s->holder), state, str_from(note),
	    env_now_s(&x->to.s->env), &ours, x->to.diag));
}

static void
show_period(struct sending *x, const char *state, const char *note)
{
	const struct report_result result = { x->to.period, state, note,
		&x->to.targets };

	report_send_show(x->to.s, &result);
}

static enum status
drop_period(struct sending *x, const char *why)
{
	x->to.s->dropped++;
	show_period(x, x->to.s->dry_run ? "would-drop" : "dropped", why);
	return (x->to.s->dry_run ? STATUS_OK :
	    finish_period(x, REPORT_DROPPED, why));
}

/* It does not keep the others from theirs. */
static enum status
postpone_period(struct sending *x, const char *why)
{
	x->to.s->later++;
	show_period(x, "later", why);
	return (report_store_release(x->to.s->store, x->to.period,
	    str_from(x->to.s->holder), x->to.diag));
}

static enum status
end_period(struct sending *x)
{
	size_t done = report_targets_count(&x->to.targets, REPORT_TARGET_DONE);
	enum status status;

	if (report_targets_count(&x->to.targets, REPORT_TARGET_LATER) > 0) {
		return (postpone_period(x, NULL));
	}
	if (done == 0) {
		return (drop_period(x, "no address takes it"));
	}
	status = finish_period(x, REPORT_SENT, "");
	x->to.s->sent++;
	show_period(x, "sent", NULL);
	return (status);
}

/* Before each mail: who lost the claim must not send. */
static enum status
extend_claim(struct sending *x, bool *ours_r)
{
	if (env_now_s(&x->to.s->env) - x->claimed_s <
	    REPORT_SEND_LEASE_S / 4) {
		return (STATUS_OK);
	}
	return (claim_period(x, ours_r));
}

static enum status
send_targets(struct sending *x)
{
	enum status status = STATUS_OK;
	bool ours = true;
	size_t i;

	for (i = 0; i < x->to.targets.n && status == STATUS_OK; i++) {
		if (x->to.targets.v[i].state != REPORT_TARGET_SEND) {
			continue;
		}
		status = extend_claim(x, &ours);
		if (status == STATUS_OK && !ours) {
			return (STATUS_OK);
		}
		if (status == STATUS_OK) {
			status = report_send_deliver(&x->to,
			    &x->to.targets.v[i]);
		}
	}
	return (status == STATUS_OK ? end_period(x) : status);
}

static enum status
rehearse_period(struct sending *x)
{
	const struct report_targets *targets = &x->to.targets;
	size_t send = report_targets_count(targets, REPORT_TARGET_SEND) +
	    report_targets_count(targets, REPORT_TARGET_DONE);

	if (send == 0 &&
	    report_targets_count(targets, REPORT_TARGET_LATER) == 0) {
		return (drop_period(x, "no address takes it"));
	}
	x->to.s->sent += send > 0;
	x->to.s->later += send == 0;
	show_period(x, send > 0 ? "would-send" : "later", NULL);
	return (STATUS_OK);
}

/* The period is ours, or this is a dry run. */
static enum status
process_period(struct sending *x)
{
	struct report_sending *to = &x->to;
	const char *why = refuse_domain(to->s, to->period);
	enum status status;

	if (why != NULL) {
		return (drop_period(x, why));
	}
	status = report_send_targets(to->s, &to->arena, to->period,
	    DMARC_TAG_RUA, &to->targets, to->diag);
	if (status != STATUS_OK) {
		return (status);
	}
	if (to->s->dry_run) {
		return (rehearse_period(x));
	}
	if (report_targets_count(&to->targets, REPORT_TARGET_SEND) == 0) {
		return (end_period(x));
	}
	status = report_send_build(to->s, &to->arena, to->period, &x->gzip,
	    &x->counts, to->diag);
	if (status == STATUS_SYNTAX) {
		return (drop_period(x, "its rows are gone"));
	}
	/* Else it would keep the others from theirs in each run. */
	if (status == STATUS_LIMIT) {
		return (drop_period(x, "it is too large"));
	}
	if (status == STATUS_NOMEM) {
		return (postpone_period(x, "out of memory"));
	}
	return (status == STATUS_OK ? send_targets(x) : status);
}

enum status
report_send_period(struct report_send *s, struct report_period *period,
    struct diag *diag)
{
	struct sending x = { .to = { .s = s, .period = period, .diag = diag,
		.build = build_mail, .ctx = &x } };
	enum status status = STATUS_OK;
	bool ours = true;

	arena_init(&x.to.arena, REPORT_SEND_ROWS_BYTES);
	buf_init(&x.gzip, WRITE_GZIP_MAX_BYTES);
	if (!s->dry_run) {
		status = claim_period(&x, &ours);
	}
	if (status == STATUS_OK && ours) {
		status = process_period(&x);
	}
	buf_fini(&x.gzip);
	arena_fini(&x.to.arena);
	return (status);
}
