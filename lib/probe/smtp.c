/* SPDX-License-Identifier: BSD-2-Clause */
/* The dialogue with a mail server (RFC 5321, RFC 3207). */
#include "probe/private.h"
#include "probe/reply.h"

/* Nobody waits for the answer to QUIT. */
static void
quit_session(struct probe *p)
{
	p->stage = PROBE_AT_QUIT;
	wire_send(p, "QUIT\r\n");
	probe_end(p, PROBE_COMPLETE);
}

static void
send_ehlo(struct probe *p, enum probe_stage stage)
{
	p->stage = stage;
	wire_send(p, "EHLO %.*s\r\n", STR_FMT(p->helo));
}

/* Asks whether it relays, if that means something from here. */
static void
ask_relay(struct probe *p)
{
	struct sockaddr_storage own;
	socklen_t n = sizeof(own);
	struct ip_addr ours;

	if (p->sender.n == 0 || getsockname(p->wire->fd,
	    (struct sockaddr *)&own, &n) == -1 ||
	    !ip_from_sockaddr((struct sockaddr *)&own, &ours) ||
	    ip_eq(&ours, &p->ip) ||
	    (p->is_inside != NULL && p->is_inside(p->ctx, &ours))) {
		quit_session(p);
		return;
	}
	p->stage = PROBE_AT_MAIL;
	wire_send(p, "MAIL FROM:<%.*s>\r\n", STR_FMT(p->sender));
}

static void
take_greeting(struct probe *p, const struct reply *reply)
{
	p->greeting = probe_keep(p, reply->text);
	if (reply->code != 220) {
		probe_end(p, PROBE_REFUSED);
	} else if (p->kind == PROBE_GREETING) {
		quit_session(p);
	} else {
		send_ehlo(p, PROBE_AT_EHLO);
	}
}

static void
take_ehlo(struct probe *p, const struct reply *reply)
{
	if (reply->code != 250) {
		probe_end(p, PROBE_REFUSED);
		return;
	}
	p->offers_tls = reply_has_keyword(reply, STR("STARTTLS"));
	if (p->offers_tls) {
		p->stage = PROBE_AT_STARTTLS;
		wire_send(p, "STARTTLS\r\n");
	} else {
		ask_relay(p);
	}
}

static void
take_rcpt(struct probe *p, const struct reply *reply)
{
	p->relay = reply->code / 100 == 2 ? PROBE_RELAYS : PROBE_RELAYS_NOT;
	p->reply = probe_keep(p, reply->text);
	p->code = reply->code;
	p->stage = PROBE_AT_RSET;
	wire_send(p, "RSET\r\n");
}

static void
take_reply(struct probe *p, const struct reply *reply)
{
	p->code = p->stage > PROBE_AT_RCPT ? p->code : reply->code;
	switch (p->stage) {
	case PROBE_AT_GREETING:
		take_greeting(p, reply);
		break;
	case PROBE_AT_EHLO:
		take_ehlo(p, reply);
		break;
	case PROBE_AT_STARTTLS:
		if (reply->code == 220) {
			wire_start_tls(p);
		} else {
			probe_end(p, PROBE_REFUSED);
		}
		break;
	case PROBE_AT_EHLO_TLS:
		ask_relay(p);
		break;
	case PROBE_AT_MAIL:
		if (reply->code == 250) {
			p->stage = PROBE_AT_RCPT;
			wire_send(p, "RCPT TO:<%.*s>\r\n",
			    STR_FMT(p->recipient));
		} else {
			quit_session(p);
		}
		break;
	case PROBE_AT_RCPT:
		take_rcpt(p, reply);
		break;
	case PROBE_AT_CONNECT:
	case PROBE_AT_HANDSHAKE:
	case PROBE_AT_RSET:
	case PROBE_AT_QUIT:
	case PROBE_AT_RESPONSE:
		quit_session(p);
		break;
	}
	if (p->end == PROBE_REFUSED) {
		p->reply = probe_keep(p, reply->text);
	}
}

void
smtp_step(struct probe *p)
{
	enum reply_state state = REPLY_DONE;
	struct reply reply;
	size_t n;

	if (p->stage == PROBE_AT_HANDSHAKE && p->encrypted) {
		send_ehlo(p, PROBE_AT_EHLO_TLS);
	}
	while (p->end == PROBE_OPEN && state == REPLY_DONE &&
	    p->wire->in.n > 0 && p->stage != PROBE_AT_HANDSHAKE) {
		state = reply_read(buf_str(&p->wire->in), &reply);
		if (state != REPLY_DONE) {
			break;
		}
		n = reply.lines.n;
		take_reply(p, &reply);
		if (p->end == PROBE_OPEN && p->stage != PROBE_AT_HANDSHAKE) {
			wire_skip(p, n);
		}
	}
	if (state == REPLY_GARBAGE || state == REPLY_ENDLESS) {
		p->reply = probe_keep(p, buf_str(&p->wire->in));
		probe_end(p, state == REPLY_GARBAGE ? PROBE_GARBAGE :
		    PROBE_ENDLESS);
	} else if (p->end == PROBE_OPEN && p->wire->ended) {
		probe_end(p, PROBE_CLOSED);
	}
}
