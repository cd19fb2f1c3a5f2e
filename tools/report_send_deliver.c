/* SPDX-License-Identifier: BSD-2-Clause */
/* report_send_deliver: one report to one address: begin, handover and what
   came of it. */
#include "config.h"

#include "tools/report_send.h"

/* The local part with the tag in place of "{tag}", or behind a plus sign. */
static struct str
make_return_path(struct report_sending *x, struct str tag)
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
record_delivery(struct report_sending *x, struct report_delivery *d,
    enum report_delivery_state state, const char *note)
{
	d->state = state;
	d->note = str_from(note != NULL ? note : "");
	return (report_store_deliver(x->s->store, d, x->diag));
}

/* The tag and the time of the first try stay, so that the mail does. */
static enum status
begin_delivery(struct report_sending *x, struct report_target *t,
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

static enum handover_result
hand_over(struct report_sending *x, const struct report_delivery *d,
    struct str mail, struct diag *why)
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
end_target(struct report_sending *x, struct report_target *t,
    enum report_target_state state, const struct diag *why)
{
	t->state = state;
	t->note = why == NULL ? NULL : arena_cstr(&x->arena,
	    str_from(why->text));
}

static enum status
deliver_mail(struct report_sending *x, struct report_target *t,
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
make_delivery(struct report_sending *x, struct report_target *t,
    struct report_delivery *d, struct buf *mail)
{
	enum status status = x->build(x, d, mail);

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

enum status
report_send_deliver(struct report_sending *x, struct report_target *t)
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

size_t
report_targets_count(const struct report_targets *targets,
    enum report_target_state state)
{
	size_t i, n = 0;

	for (i = 0; i < targets->n; i++) {
		n += targets->v[i].state == state;
	}
	return (n);
}

void
report_send_claim(struct report_send *s, struct str holder, int64_t lease_s,
    char id[REPORT_SEND_ID_BYTES], struct report_claim *r)
{
	*r = (struct report_claim){ .holder = str_from(s->holder),
		.now_s = env_now_s(&s->env), .lease_s = REPORT_SEND_LEASE_S };
	if (lease_s > r->now_s && report_holder_is_dead(holder)) {
		r->now_s = lease_s;
	}
	report_random(&s->env, id, REPORT_SEND_ID_BYTES);
	r->report_id = str_from(id);
}
