/* SPDX-License-Identifier: BSD-2-Clause */
/* report_send_failures: the failure reports that are due, each from its guards
   to its end. */
#include "config.h"

#include "mail/domain.h"
#include "tools/report_send.h"

#define FAILURE_ARENA_BYTES	((size_t)8 * 1024 * 1024)

struct failing {
	struct report_sending	 to;
	struct report_period	 period;	/* of the report, for targets
						   and deliveries */
	struct stored_failure	*f;
	int64_t			 claimed_s;
};

static enum status
build_mail(const struct report_sending *to, const struct report_delivery *d,
    struct buf *mail)
{
	const struct failing *x = to->ctx;
	const struct failure_mail m = { .from = to->s->conf->report_from.text,
		.to = d->address, .receiver = to->s->receiver,
		.id = x->f->report_id, .tag = d->tag, .date_s = d->at_s,
		.failure = &x->f->failure };

	return (failure_write_mail(mail, &m));
}

static enum status
claim_failure(struct failing *x, bool *ours_r)
{
	struct report_sending *to = &x->to;
	char id[REPORT_SEND_ID_BYTES];
	struct report_claim c;

	report_send_claim(to->s, x->f->holder, x->f->lease_s, id, &c);
	x->claimed_s = c.now_s;
	return (report_store_claim_failure(to->s->store, &to->arena, &c,
	    x->f, ours_r, to->diag));
}

static void
show_failure(struct failing *x, const char *state, const char *note)
{
	report_send_show_failure(x->to.s, x->f, state, note, &x->to.targets);
}

static enum status
finish_failure(struct failing *x, enum report_state state, const char *note)
{
	struct report_send *s = x->to.s;

	return (report_store_finish_failure(s->store, x->f,
	    str_from(s->holder), state, str_from(note), env_now_s(&s->env),
	    x->to.diag));
}

static enum status
drop_failure(struct failing *x, const char *why)
{
	bool dry = x->to.s->dry_run;

	x->to.s->dropped++;
	show_failure(x, dry ? "would-drop" : "dropped", why);
	return (dry ? STATUS_OK : finish_failure(x, REPORT_DROPPED, why));
}

static enum status
end_failure(struct failing *x)
{
	struct report_send *s = x->to.s;

	if (report_targets_count(&x->to.targets, REPORT_TARGET_LATER) > 0) {
		s->later++;
		show_failure(x, "later", NULL);
		return (report_store_release_failure(s->store, x->f,
		    str_from(s->holder), x->to.diag));
	}
	if (report_targets_count(&x->to.targets, REPORT_TARGET_DONE) == 0) {
		return (drop_failure(x, "no address takes it"));
	}
	s->sent++;
	show_failure(x, "sent", NULL);
	return (finish_failure(x, REPORT_SENT, ""));
}

/* Who lost the claim must not send. */
static enum status
extend_claim(struct failing *x, bool *ours_r)
{
	if (env_now_s(&x->to.s->env) - x->claimed_s <
	    REPORT_SEND_LEASE_S / 4) {
		return (STATUS_OK);
	}
	return (claim_failure(x, ours_r));
}

static enum status
send_targets(struct failing *x)
{
	enum status status = STATUS_OK;
	bool ours = true;
	size_t i;

	for (i = 0; i < x->to.targets.n && status == STATUS_OK; i++) {
		struct report_target *t = &x->to.targets.v[i];

		if (t->state != REPORT_TARGET_SEND) {
			continue;
		}
		status = extend_claim(x, &ours);
		if (status == STATUS_OK && !ours) {
			return (STATUS_OK);
		}
		if (status == STATUS_OK) {
			x->to.s->failures_today += t->before == NULL;
			status = report_send_deliver(&x->to, t);
		}
	}
	return (status == STATUS_OK ? end_failure(x) : status);
}

/* As in report_send_period.c. */
static enum status
rehearse_failure(struct failing *x)
{
	const struct report_targets *targets = &x->to.targets;
	bool send = report_targets_count(targets, REPORT_TARGET_SEND) +
	    report_targets_count(targets, REPORT_TARGET_DONE) > 0;

	if (!send && report_targets_count(targets, REPORT_TARGET_LATER) == 0) {
		return (drop_failure(x, "no address takes it"));
	}
	x->to.s->sent += send;
	x->to.s->later += !send;
	show_failure(x, send ? "would-send" : "later", NULL);
	return (STATUS_OK);
}

static const char *
refuse_domain(const struct report_send *s, struct str domain)
{
	if (!conf_reports_on(s->conf, domain)) {
		return ("not by ReportAllow and ReportDeny");
	}
	return (domain_is_within(s->receiver, domain) ?
	    "the domain of ReportFrom itself" : NULL);
}

/* The report is ours, or this is a dry run. */
static enum status
process_failure(struct failing *x)
{
	struct report_sending *to = &x->to;
	const char *why = refuse_domain(to->s, x->f->failure.domain);
	enum status status;

	if (why != NULL) {
		return (drop_failure(x, why));
	}
	x->period = (struct report_period){ .policy_id = x->f->id,
		.begin_s = x->f->slot_s, .report_id = x->f->report_id,
		.policy = { .domain = x->f->failure.domain,
		    .rua = x->f->failure.ruf } };
	status = report_send_targets(to->s, &to->arena, &x->period,
	    DMARC_TAG_RUF, &to->targets, to->diag);
	if (status != STATUS_OK) {
		return (status);
	}
	return (to->s->dry_run ? rehearse_failure(x) : send_targets(x));
}

static enum status
send_failure(struct report_send *s, struct stored_failure *f,
    struct diag *diag)
{
	struct failing x = { .f = f };
	enum status status = STATUS_OK;
	bool ours = true;

	x.to = (struct report_sending){ .s = s, .period = &x.period,
		.diag = diag, .build = build_mail, .ctx = &x };
	arena_init(&x.to.arena, FAILURE_ARENA_BYTES);
	if (!s->dry_run) {
		status = claim_failure(&x, &ours);
	}
	if (status == STATUS_OK && ours) {
		status = process_failure(&x);
	}
	arena_fini(&x.to.arena);
	return (status);
}

static bool
is_full(const struct report_send *s)
{
	return (s->failures_today >= (int64_t)s->conf->failures_per_day ||
	    s->mails_today >= (int64_t)s->conf->reports_per_day);
}

static enum status
send_all(struct report_send *s, struct stored_failure *v, size_t n,
    struct diag *diag)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < n && status == STATUS_OK &&
	    (s->max == 0 || (int64_t)s->sent < s->max); i++) {
		if (is_full(s)) {
			s->full = true;
			cli_warn("FailureReportsPerDay or ReportsPerDay is "
			    "reached: %zu failure reports wait", n - i);
			break;
		}
		status = send_failure(s, &v[i], diag);
	}
	return (status);
}

bool
report_send_failures(struct report_send *s, struct diag *diag)
{
	int64_t since_s = env_now_s(&s->env) - REPORT_DAY_S;
	struct stored_failure *v = NULL;
	enum status status;
	size_t n = 0;

	status = report_store_failures(s->store, &s->arena,
	    str_from(s->domain), env_now_s(&s->env), &v, &n, diag);
	if (status == STATUS_OK) {
		status = report_store_count(s->store, STR_NONE, since_s,
		    &s->mails_today, diag);
	}
	if (status == STATUS_OK) {
		status = report_store_count_failures(s->store, since_s,
		    &s->failures_today, diag);
	}
	if (status == STATUS_OK) {
		status = send_all(s, v, n, diag);
	}
	if (status != STATUS_OK) {
		cli_warn("%s", diag->text[0] != '\0' ? diag->text :
		    status_text(status));
	}
	return (status == STATUS_OK);
}
