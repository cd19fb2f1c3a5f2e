/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <libmilter/mfapi.h>

#include "milter/callbacks.h"
#include "milter/negotiate.h"
#include "milter/peer.h"

/* libmilter hands nothing of ours to a callback before xxfi_negotiate. */
static struct live *service;

/*
 * The answer to an event that nothing hangs on. libmilter wants NOREPLY where
 * that was agreed, and only there.
 */
static sfsistat
go_on(const struct peer *peer, unsigned long no_reply)
{
	return (peer != NULL && (peer->steps & no_reply) != 0 ?
	    SMFIS_NOREPLY : SMFIS_CONTINUE);
}

/* The macros that are looked at, at the stages where an MTA has them. */
static void
request_macros(SMFICTX *ctx)
{
	static const struct {
		int	 stage;
		char	*macros;
	} requests[] = {
		{ SMFIM_CONNECT, "{daemon_name}" },
		{ SMFIM_ENVFROM, "i {auth_type} {auth_authen}" },
		{ SMFIM_ENVRCPT, "{rcpt_mailer}" },
		{ SMFIM_EOH, "i" },
		{ SMFIM_EOM, "i" },
	};
	size_t i;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		(void)smfi_setsymlist(ctx, requests[i].stage,
		    requests[i].macros);
	}
}

/* Anything but CONTINUE ends the connection: the MTA does then as with a
   milter that is not there (Postfix: milter_default_action). */
static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
    unsigned long unused0, unsigned long unused1, unsigned long *actions_r,
    unsigned long *steps_r, unsigned long *unused0_r, unsigned long *unused1_r)
{
	struct negotiate offered = { actions, steps }, chosen;
	struct peer *peer;

	(void)unused0;
	(void)unused1;
	if (live_is_draining(service)) {
		return (SMFIS_REJECT);
	}
	if (!negotiate_choose(&offered, live_wants_rcpts(service), &chosen)) {
		env_log(service->env, LOG_LEVEL_ERROR, "the MTA does not let "
		    "a milter add and change header fields");
		return (SMFIS_REJECT);
	}
	peer_free(smfi_getpriv(ctx));
	peer = peer_new(service, chosen.steps);
	(void)smfi_setpriv(ctx, peer);
	if (peer == NULL) {
		return (SMFIS_REJECT);
	}
	if ((chosen.actions & SMFIF_SETSYMLIST) != 0) {
		request_macros(ctx);
	}
	*actions_r = chosen.actions;
	*steps_r = chosen.steps;
	*unused0_r = *unused1_r = 0;
	return (SMFIS_CONTINUE);
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, struct sockaddr *addr)
{
	struct peer *peer = smfi_getpriv(ctx);

	if (peer != NULL) {
		peer_connect(peer, name, addr);
	}
	return (go_on(peer, SMFIP_NR_CONN));
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	struct peer *peer = smfi_getpriv(ctx);

	if (peer != NULL) {
		peer_helo(peer, name);
	}
	return (go_on(peer, SMFIP_NR_HELO));
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	struct peer *peer = smfi_getpriv(ctx);

	if (peer != NULL) {
		peer_mail(peer, ctx, argv[0]);
	}
	return (go_on(peer, SMFIP_NR_MAIL));
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	struct peer *peer = smfi_getpriv(ctx);

	(void)argv;
	if (peer != NULL) {
		peer_rcpt(peer, ctx);
	}
	return (go_on(peer, SMFIP_NR_RCPT));
}

static sfsistat
on_data(SMFICTX *ctx)
{
	struct peer *peer = smfi_getpriv(ctx);

	if (peer != NULL) {
		peer_data(peer);
	}
	return (go_on(peer, SMFIP_NR_DATA));
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	struct peer *peer = smfi_getpriv(ctx);

	if (peer != NULL) {
		peer_header(peer, name, value);
	}
	return (go_on(peer, SMFIP_NR_HDR));
}

static sfsistat
on_eoh(SMFICTX *ctx)
{
	struct peer *peer = smfi_getpriv(ctx);

	if (peer != NULL) {
		peer_eoh(peer, ctx);
	}
	return (go_on(peer, SMFIP_NR_EOH));
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *data, size_t n)
{
	struct peer *peer = smfi_getpriv(ctx);
	sfsistat answer = go_on(peer, SMFIP_NR_BODY);

	if (peer != NULL && !peer_body(peer, (const char *)data, n) &&
	    answer == SMFIS_CONTINUE && (peer->steps & SMFIP_SKIP) != 0) {
		return (SMFIS_SKIP);
	}
	return (answer);
}

static sfsistat
on_eom(SMFICTX *ctx)
{
	struct peer *peer = smfi_getpriv(ctx);
	enum engine_verdict verdict = ENGINE_TEMPFAIL;

	/* Without a peer there was no memory, or a new connection came behind
	   QUIT_NC: what nobody looked at must not pass. */
	if (peer != NULL) {
		verdict = peer_eom(peer, ctx);
	}
	switch (verdict) {
	case ENGINE_ACCEPT:
	case ENGINE_QUARANTINE:
		/* Not SMFIS_ACCEPT: there may be more milters. */
		return (SMFIS_CONTINUE);
	case ENGINE_REJECT:
		return (SMFIS_REJECT);
	case ENGINE_TEMPFAIL:
		return (SMFIS_TEMPFAIL);
	}
	return (SMFIS_TEMPFAIL);
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	struct peer *peer = smfi_getpriv(ctx);

	if (peer != NULL) {
		peer_abort(peer);
	}
	return (SMFIS_CONTINUE);
}

static sfsistat
on_close(SMFICTX *ctx)
{
	peer_free(smfi_getpriv(ctx));
	(void)smfi_setpriv(ctx, NULL);
	return (SMFIS_CONTINUE);
}

bool
callbacks_register(struct live *live)
{
	struct smfiDesc description = {
		.xxfi_name = "mailseald",
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_data = on_data,
		.xxfi_header = on_header,
		.xxfi_eoh = on_eoh,
		.xxfi_body = on_body,
		.xxfi_eom = on_eom,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};

	service = live;
	(void)smfi_setmaxdatasize(PEER_PACKET_MAX_BYTES);
	return (smfi_register(description) == MI_SUCCESS);
}
