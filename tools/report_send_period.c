/* SPDX-License-Identifier: BSD-2-Clause */
/* report_send_period: one period, from its guards to its end. */
#include "config.h"

#include "mail/domain.h"
#include "tools/report_send.h"

struct sending {
	struct report_send	*s;
	struct report_period	*period;
	struct arena		 arena;
	struct report_targets	 targets;
	int64_t			 claimed_s;	/* when it was, the last time */
	struct buf		 gzip;
	struct write_counts	 counts;
	struct diag		*diag;
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

/* The local part with the tag in place of "{tag}", or behind a plus sign. */
static struct str
make_return_path(struct sending *x, struct str tag)
{
	const struct conf *conf = x->s->conf;
	struct str mark = STR("{tag}"), path = conf->report_return_path.text;
	size_t at;

	path = path.p != NULL ? path : conf->report_from.text;
	at = str_rfind(path, '@');
	for (size_t i = 0; i + mark.n <= at; i++) {
		if (str_starts(str_from_offset(path, i), mark)) {
			return (arena_printf(&x->arena, "%.*s%.*s%.*s",
			    (int)i, path.p, STR_FMT(tag),
			    STR_FMT(str_from_offset(path, i + mark.n))));
		}
	}
	return (arena_printf(&x->arena, "%.*s+%.*s%.*s", (int)at, path.p,
	    STR_FMT(tag), STR_FMT(str_from_offset(path, at))));
}

static enum status
record_delivery(struct sending *x, struct report_delivery *d,
    enum report_delivery_state state, const char *note)
{
	d->state = state;
	d->note = str_from(note != NULL ? note : "");
	return (report_store_deliver(x->s->store, d, x->diag));
}

/* The tag and the time of the first try stay, so that the mail does. */
static enum status
begin_delivery(struct sending *x, struct report_target *t,
    struct report_delivery *r)
{
	char tag[REPORT_SEND_TAG_BYTES];

	if (t->before != NULL) {
		*r = *t->before;
		return (STATUS_OK);
	}
	report_random(&x->s->env, tag, sizeof(tag));
	*r = (struct report_delivery){ .policy_id = x->period->policy_id,
		.begin_s = x->period->begin_s, .address = t->address.text,
		.host = t->address.host,
		.tag = arena_dup(&x->arena, str_from(tag)),
		.at_s = env_now_s(&x->s->env) };
	if (r->tag.p == NULL) {
		return (STATUS_NOMEM);
	}
	x->s->mails_today++;
	return (record_delivery(x, r, REPORT_DELIVERY_BEGUN, NULL));
}

static enum status
build_mail(struct sending *x, const struct report_delivery *d,
    struct buf *mail)
{
	const struct report_period *p = x->period;
	const struct write_mail m = { .from = x->s->conf->report_from.text,
		.to = d->address, .receiver = x->s->receiver,
		.domain = p->policy.domain, .id = p->report_id,
		.tag = d->tag, .begin_s = p->begin_s,
		.end_s = p->begin_s + REPORT_DAY_S - 1, .date_s = d->at_s,
		.counts = x->counts, .gzip = buf_str(&x->gzip) };

	return (write_mail(mail, &m));
}

static enum handover_result
hand_over(struct sending *x, const struct report_delivery *d, struct str mail,
    struct diag *why)
{
	struct handover_mail m = { .text = mail };
	struct str sender = make_return_path(x, d->tag), name;

	name = arena_printf(&x->arena, "%lld-%.*s-%.*s.eml",
	    (long long)d->begin_s, STR_FMT(x->period->report_id),
	    STR_FMT(d->tag));
	m.sender = sender.p;
	m.recipient = arena_cstr(&x->arena, d->address);
	m.name = name.p;
	if (m.sender == NULL || m.recipient == NULL || m.name == NULL) {
		diag_set(why, NULL, 0, "out of memory");
		return (HANDOVER_LATER);
	}
	return (handover_send(&x->s->handover, &m, why));
}

static void
end_target(struct sending *x, struct report_target *t,
    enum report_target_state state, const struct diag *why)
{
	t->state = state;
	t->note = why == NULL ? NULL : arena_cstr(&x->arena,
	    str_from(why->text));
}

static enum status
deliver_mail(struct sending *x, struct report_target *t,
    struct report_delivery *d, struct str mail)
{
	enum status status;
	struct diag why;

	diag_init(&why);
	switch (hand_over(x, d, mail, &why)) {
	case HANDOVER_DONE:
		end_target(x, t, REPORT_TARGET_DONE, NULL);
		d->at_s = env_now_s(&x->s->env);
		d->state = REPORT_DELIVERY_DONE;
		d->note = STR("");
		return (report_send_record(x->s, d, x->diag));
	case HANDOVER_REFUSED:
		end_target(x, t, REPORT_TARGET_NO, &why);
		status = report_suppress(x->s->store, &x->arena, d->address,
		    str_from("refused by the MTA"), env_now_s(&x->s->env),
		    x->diag);
		return (status != STATUS_OK ? status : record_delivery(x, d,
		    REPORT_DELIVERY_FAILED, "refused by the MTA"));
	case HANDOVER_LATER:
		break;
	}
	end_target(x, t, REPORT_TARGET_LATER, &why);
	return (STATUS_OK);
}

/* Fails if the store does. */
static enum status
make_delivery(struct sending *x, struct report_target *t,
    struct report_delivery *d, struct buf *mail)
{
	enum status status = build_mail(x, d, mail);

	/* In a folder nobody else signs it. */
	if (status == STATUS_OK && x->s->folder != NULL &&
	    !report_send_sign(x->s, mail)) {
		t->state = REPORT_TARGET_LATER;
		t->note = "it could not be signed";
		return (STATUS_OK);
	}
	if (status == STATUS_LIMIT || (status == STATUS_OK && x->s->legacy &&
	    mail->n > t->max_bytes)) {
		t->state = REPORT_TARGET_NO;
		t->note = "larger than the address takes";
		return (record_delivery(x, d, REPORT_DELIVERY_FAILED,
		    t->note));
	}
	if (status != STATUS_OK) {
		t->state = REPORT_TARGET_LATER;
		t->note = status_text(status);
		return (STATUS_OK);
	}
	return (deliver_mail(x, t, d, buf_str(mail)));
}

static enum status
send_target(struct sending *x, struct report_target *t)
{
	struct report_delivery d;
	enum status status;
	struct buf mail;

	buf_init(&mail, WRITE_MAIL_MAX_BYTES);
	status = begin_delivery(x, t, &d);
	if (status == STATUS_OK) {
		status = make_delivery(x, t, &d, &mail);
	}
	buf_fini(&mail);
	return (status);
}

static enum status
claim_period(struct sending *x, bool *ours_r)
{
	char id[REPORT_SEND_ID_BYTES];
	struct report_claim c = { .holder = str_from(x->s->holder),
		.now_s = env_now_s(&x->s->env),
		.lease_s = REPORT_SEND_LEASE_S };

	if (x->period->lease_s > c.now_s &&
	    report_holder_is_dead(x->period->holder)) {
		c.now_s = x->period->lease_s;
	}
	report_random(&x->s->env, id, sizeof(id));
	c.report_id = str_from(id);
	x->claimed_s = c.now_s;
	return (report_store_claim(x->s->store, &x->arena, &c, x->period,
	    ours_r, x->diag));
}

static enum status
finish_period(struct sending *x, enum report_state state, const char *note)
{
	bool ours;

	return (report_store_finish(x->s->store, x->period,
	    str_from(x->s->holder), state, str_from(note),
	    env_now_s(&x->s->env), &ours, x->diag));
}

static void
show_period(struct sending *x, const char *state, const char *note)
{
	const struct report_result result = { x->period, state, note,
		&x->targets };

	report_send_show(x->s, &result);
}

static size_t
count_targets(const struct report_targets *targets,
    enum report_target_state state)
{
	size_t i, n = 0;

	for (i = 0; i < targets->n; i++) {
		n += targets->v[i].state == state;
	}
	return (n);
}

static enum status
drop_period(struct sending *x, const char *why)
{
	x->s->dropped++;
	show_period(x, x->s->dry_run ? "would-drop" : "dropped", why);
	return (x->s->dry_run ? STATUS_OK :
	    finish_period(x, REPORT_DROPPED, why));
}

/* It does not keep the others from theirs. */
static enum status
postpone_period(struct sending *x, const char *why)
{
	x->s->later++;
	show_period(x, "later", why);
	return (report_store_release(x->s->store, x->period,
	    str_from(x->s->holder), x->diag));
}

static enum status
end_period(struct sending *x)
{
	size_t done = count_targets(&x->targets, REPORT_TARGET_DONE);
	enum status status;

	if (count_targets(&x->targets, REPORT_TARGET_LATER) > 0) {
		return (postpone_period(x, NULL));
	}
	if (done == 0) {
		return (drop_period(x, "no address takes it"));
	}
	status = finish_period(x, REPORT_SENT, "");
	x->s->sent++;
	show_period(x, "sent", NULL);
	return (status);
}

/* Before each mail: who lost the claim must not send. */
static enum status
extend_claim(struct sending *x, bool *ours_r)
{
	if (env_now_s(&x->s->env) - x->claimed_s < REPORT_SEND_LEASE_S / 4) {
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

	for (i = 0; i < x->targets.n && status == STATUS_OK; i++) {
		if (x->targets.v[i].state != REPORT_TARGET_SEND) {
			continue;
		}
		status = extend_claim(x, &ours);
		if (status == STATUS_OK && !ours) {
			return (STATUS_OK);
		}
		if (status == STATUS_OK) {
			status = send_target(x, &x->targets.v[i]);
		}
	}
	return (status == STATUS_OK ? end_period(x) : status);
}

static enum status
rehearse_period(struct sending *x)
{
	size_t send = count_targets(&x->targets, REPORT_TARGET_SEND) +
	    count_targets(&x->targets, REPORT_TARGET_DONE);

	if (send == 0 && count_targets(&x->targets, REPORT_TARGET_LATER) ==
	    0) {
		return (drop_period(x, "no address takes it"));
	}
	x->s->sent += send > 0;
	x->s->later += send == 0;
	show_period(x, send > 0 ? "would-send" : "later", NULL);
	return (STATUS_OK);
}

/* The period is ours, or this is a dry run. */
static enum status
process_period(struct sending *x)
{
	const char *why = refuse_domain(x->s, x->period);
	enum status status;

	if (why != NULL) {
		return (drop_period(x, why));
	}
	status = report_send_targets(x->s, &x->arena, x->period, &x->targets,
	    x->diag);
	if (status != STATUS_OK) {
		return (status);
	}
	if (x->s->dry_run) {
		return (rehearse_period(x));
	}
	if (count_targets(&x->targets, REPORT_TARGET_SEND) == 0) {
		return (end_period(x));
	}
	status = report_send_build(x->s, &x->arena, x->period, &x->gzip,
	    &x->counts, x->diag);
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
	struct sending x = { .s = s, .period = period, .diag = diag };
	enum status status = STATUS_OK;
	bool ours = true;

	arena_init(&x.arena, REPORT_SEND_ROWS_BYTES);
	buf_init(&x.gzip, WRITE_GZIP_MAX_BYTES);
	if (!s->dry_run) {
		status = claim_period(&x, &ours);
	}
	if (status == STATUS_OK && ours) {
		status = process_period(&x);
	}
	buf_fini(&x.gzip);
	arena_fini(&x.arena);
	return (status);
}
