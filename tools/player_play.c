/* SPDX-License-Identifier: BSD-2-Clause */
/* Playing a script: what is sent together, and what each answer means. */
#include <sys/types.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "base/escape.h"
#include "tools/player_conn.h"

#define MAX_RUNS	64	/* pieces of a script sent at once */

/* One script in play. */
struct play {
	struct player		*player;
	struct player_result	*r;
	struct diag		*diag;
	struct iovec		 runs[MAX_RUNS];
	size_t			 runs_n;
	unsigned		 rcpts;
	unsigned		 rcpts_refused;
	unsigned		 progress;
	bool			 skip_body;
	bool			 done;		/* the verdict is final */
};

/* A step of the protocol, and the bits that leave out it or its reply. */
static const struct step {
	char		 cmd;
	const char	*name;
	uint32_t	 no_step;
	uint32_t	 no_reply;
} steps[] = {
	{ SMFIC_CONNECT, "connect", SMFIP_NOCONNECT, SMFIP_NR_CONN },
	{ SMFIC_HELO, "helo", SMFIP_NOHELO, SMFIP_NR_HELO },
	{ SMFIC_MAIL, "mail", SMFIP_NOMAIL, SMFIP_NR_MAIL },
	{ SMFIC_RCPT, "rcpt", SMFIP_NORCPT, SMFIP_NR_RCPT },
	{ SMFIC_DATA, "data", SMFIP_NODATA, SMFIP_NR_DATA },
	{ SMFIC_HEADER, "header", SMFIP_NOHDRS, SMFIP_NR_HDR },
	{ SMFIC_EOH, "end of header", SMFIP_NOEOH, SMFIP_NR_EOH },
	{ SMFIC_BODY, "body", SMFIP_NOBODY, SMFIP_NR_BODY },
	{ SMFIC_BODYEOB, "end of message", 0, 0 },
};

static const struct step *
step_of(char cmd)
{
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i].cmd == cmd) {
			return (&steps[i]);
		}
	}
	return (NULL);
}

const char *
player_stage_name(char stage)
{
	const struct step *step = step_of(stage);

	return (step != NULL ? step->name : "");
}

const char *
player_verdict_name(enum player_verdict verdict)
{
	switch (verdict) {
	case PLAYER_ACCEPT:
		return ("accept");
	case PLAYER_REJECT:
		return ("reject");
	case PLAYER_TEMPFAIL:
		return ("tempfail");
	case PLAYER_DISCARD:
		return ("discard");
	}
	return ("unknown");
}

static enum status
protocol_error(struct diag *diag, const struct step *step, const char *what,
    char cmd)
{
	struct buf shown;

	buf_init(&shown, 16);
	escape_text(&shown, str_mem(&cmd, 1), 1);
	diag_set(diag, NULL, 0, "the milter answered %s with %s '%s'",
	    step->name, what, shown.p != NULL ? shown.p : "?");
	buf_fini(&shown);
	return (STATUS_SYNTAX);
}

/* Adds a packet of the script to what goes out next. */
static enum status
queue_packet(struct play *play, const char *p, size_t n)
{
	struct iovec *last;
	enum status status;

	last = play->runs_n > 0 ? &play->runs[play->runs_n - 1] : NULL;
	if (last != NULL && (char *)last->iov_base + last->iov_len == p) {
		last->iov_len += n;
		return (STATUS_OK);
	}
	if (play->runs_n == MAX_RUNS) {
		status = player_send(play->player, play->runs, play->runs_n,
		    play->diag);
		play->runs_n = 0;
		if (status != STATUS_OK) {
			return (status);
		}
	}
	/* sendmsg() does not write there; iovec has no const. */
	play->runs[play->runs_n++] = (struct iovec){
		.iov_base = (char *)(uintptr_t)p, .iov_len = n };
	return (STATUS_OK);
}

static void
set_verdict(struct play *play, const struct step *step,
    enum player_verdict verdict, struct str reply)
{
	struct player_result *r = play->r;

	/* One recipient refused is not the message refused. */
	if (step->cmd == SMFIC_RCPT && (verdict == PLAYER_REJECT ||
	    verdict == PLAYER_TEMPFAIL)) {
		play->rcpts_refused++;
	} else {
		play->done = true;
	}
	r->verdict = verdict;
	r->stage = step->cmd;
	reply = str_first(reply, sizeof(r->reply) - 1);
	memcpy(r->reply, reply.p, reply.n);
	r->reply[reply.n] = '\0';
}

static enum status
take_change(struct play *play, const struct step *step,
    const struct wire_packet *packet)
{
	struct player *player = play->player;
	struct player_change change;

	if (step->cmd != SMFIC_BODYEOB) {
		return (protocol_error(play->diag, step, "a packet",
		    packet->cmd));
	}
	if (wire_get_change(packet, &change) != STATUS_OK) {
		return (protocol_error(play->diag, step, "a malformed",
		    packet->cmd));
	}
	if ((player->actions & wire_change_needs(change.type)) == 0) {
		return (protocol_error(play->diag, step,
		    "an action it had not asked for,", packet->cmd));
	}
	if (play->r->changes == PLAYER_MAX_CHANGES) {
		diag_set(play->diag, NULL, 0, "the milter makes too many "
		    "changes");
		return (STATUS_LIMIT);
	}
	play->r->changes++;
	if (player->change != NULL) {
		player->change(player->ctx, &change);
	}
	return (STATUS_OK);
}

/* What one packet means; *more_r: another one belongs to the same answer. */
static enum status
take_reply(struct play *play, const struct step *step,
    const struct wire_packet *packet, bool *more_r)
{
	struct str text;

	*more_r = false;
	switch (packet->cmd) {
	case SMFIR_CONTINUE:
		if (step->cmd == SMFIC_BODYEOB) {
			set_verdict(play, step, PLAYER_ACCEPT,
			    STR("250 2.0.0 Ok"));
		}
		return (STATUS_OK);
	case SMFIR_ACCEPT:
		set_verdict(play, step, PLAYER_ACCEPT, STR("250 2.0.0 Ok"));
		return (STATUS_OK);
	case SMFIR_REJECT:
		set_verdict(play, step, PLAYER_REJECT,
		    STR("550 5.7.1 Command rejected"));
		return (STATUS_OK);
	case SMFIR_TEMPFAIL:
		set_verdict(play, step, PLAYER_TEMPFAIL,
		    STR("451 4.7.1 Service unavailable - try again later"));
		return (STATUS_OK);
	case SMFIR_SHUTDOWN:
	case SMFIR_CONN_FAIL:
		set_verdict(play, step, PLAYER_TEMPFAIL,
		    STR("421 4.7.0 Server closing connection"));
		return (STATUS_OK);
	case SMFIR_DISCARD:
		set_verdict(play, step, PLAYER_DISCARD, STR("250 2.0.0 Ok"));
		return (STATUS_OK);
	case SMFIR_REPLYCODE:
		if (wire_get_reply(packet->data, &text) != STATUS_OK) {
			return (protocol_error(play->diag, step,
			    "a malformed", packet->cmd));
		}
		set_verdict(play, step, text.p[0] == '5' ? PLAYER_REJECT :
		    PLAYER_TEMPFAIL, text);
		return (STATUS_OK);
	case SMFIR_SKIP:
		if (step->cmd != SMFIC_BODY) {
			return (protocol_error(play->diag, step, "a packet",
			    packet->cmd));
		}
		play->skip_body = true;
		return (STATUS_OK);
	case SMFIR_PROGRESS:
		*more_r = true;
		if (++play->progress > PLAYER_MAX_PROGRESS) {
			diag_set(play->diag, NULL, 0,
			    "the milter only ever asks to wait");
			return (STATUS_LIMIT);
		}
		return (STATUS_OK);
	default:
		*more_r = true;
		return (take_change(play, step, packet));
	}
}

/* Sends what is queued and takes the answer to its last packet. */
static enum status
exchange_step(struct play *play, const struct step *step)
{
	struct player *player = play->player;
	struct wire_packet packet;
	enum status status;
	bool more = true;

	status = player_send(player, play->runs, play->runs_n, play->diag);
	play->runs_n = 0;
	while (status == STATUS_OK && more) {
		status = player_io_read(&player->io, &packet, play->diag);
		if (status == STATUS_OK) {
			status = take_reply(play, step, &packet, &more);
		}
	}
	return (status);
}

/* One packet of the script. */
static enum status
play_packet(struct play *play, const struct wire_packet *packet,
    const char *start)
{
	uint32_t no_steps = play->player->steps;
	bool is_macro = packet->cmd == SMFIC_MACRO && packet->data.n > 0;
	const struct step *step = step_of(is_macro ? packet->data.p[0] :
	    packet->cmd);
	enum status status;

	if (step == NULL) {
		return (STATUS_SYNTAX);
	}
	if (play->rcpts > 0 && play->rcpts == play->rcpts_refused &&
	    step->cmd != SMFIC_RCPT) {
		play->done = true;	/* nobody is left who would get it */
		return (STATUS_OK);
	}
	if ((no_steps & step->no_step) != 0 ||
	    (step->cmd == SMFIC_BODY && play->skip_body)) {
		return (STATUS_OK);
	}
	status = queue_packet(play, start, packet->bytes);
	if (status != STATUS_OK || is_macro) {
		return (status);
	}
	if (step->cmd == SMFIC_RCPT) {
		play->rcpts++;
	}
	if ((no_steps & step->no_reply) != 0) {
		return (STATUS_OK);
	}
	return (exchange_step(play, step));
}

enum status
player_play(struct player *player, const struct player_script *script,
    struct player_result *r, struct diag *diag)
{
	struct play play = { .player = player, .r = r, .diag = diag };
	struct str rest = buf_str(&script->packets);
	struct wire_packet packet = { 0 };
	enum status status = STATUS_OK;

	r->verdict = PLAYER_ACCEPT;
	r->stage = '\0';
	r->reply[0] = '\0';
	r->changes = 0;
	while (status == STATUS_OK && rest.n > 0 && !play.done) {
		status = wire_get(rest, rest.n, &packet);
		if (status == STATUS_OK) {
			status = play_packet(&play, &packet, rest.p);
			rest = str_from_offset(rest, packet.bytes);
		}
	}
	if (status == STATUS_OK && play.runs_n > 0) {
		status = player_send(player, play.runs, play.runs_n, diag);
	}
	if (status == STATUS_OK && play.done && r->stage != SMFIC_CONNECT &&
	    r->stage != SMFIC_HELO && r->stage != SMFIC_BODYEOB) {
		status = player_abort(player, diag);
	}
	if (status != STATUS_OK) {
		player->broken = true;
		diag_set(diag, NULL, 0, "%s", status_text(status));
	}
	return (status);
}

enum status
player_play_mail(struct player *player, const struct player_envelope *envelope,
    const struct message *message, struct player_result *r, struct diag *diag)
{
	struct player_script session, mail;
	enum status status;

	player_script_init(&session);
	player_script_init(&mail);
	status = player_script_session(&session, envelope);
	if (status != STATUS_OK) {
		goto out;
	}
	status = player_script_message(&mail, envelope, message,
	    player_leadspc(player));
	if (status != STATUS_OK) {
		goto out;
	}
	status = player_play(player, &session, r, diag);
	if (status == STATUS_OK && r->stage == '\0') {
		status = player_play(player, &mail, r, diag);
	}
out:
	player_script_fini(&session);
	player_script_fini(&mail);
	return (status);
}
