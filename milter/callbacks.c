/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>

#include <libmilter/mfapi.h>

#include "milter/acknowledge.h"
#include "milter/callbacks.h"
#include "milter/macros.h"
#include "milter/negotiate.h"
#include "milter/peer.h"
#include "milter/steps.h"

/* A context has no data of ours before xxfi_negotiate. */
static struct live *service;
static bool over_tcp;

/*
 * If libmilter has no memory for a packet of macros, it drops the packet
 * without an error. Only errno shows it: the thread that read the packet also
 * reads the command that follows, unless the MTA sends it later. Every callback
 * resets errno.
 */
static bool
macros_are_lost(void)
{
	return (errno == ENOMEM);
}

/* Every answer of a callback. For an MTA that waits for replies, libmilter
   replies even to NOREPLY. */
static sfsistat
reply(sfsistat answer)
{
	if (over_tcp) {
		acknowledge_after_reply();
	}
	return (answer);
}

/*
 * The answer to an event that decides nothing. libmilter wants NOREPLY exactly
 * where that was negotiated.
 */
static sfsistat
go_on(const struct peer *peer, unsigned long no_reply)
{
	errno = 0;
	return (reply(peer != NULL && (peer->steps & no_reply) != 0 ?
	    SMFIS_NOREPLY : SMFIS_CONTINUE));
}

/* Requests the macros that are used, at the stages at which an MTA has them.
   Without them it may send others; so a failure must not be ignored. */
static bool
request_macros(SMFICTX *ctx)
{
	static const struct {
		int	 stage;
		char	*macros;
	} requests[] = {
		{ SMFIM_CONNECT, "j {daemon_name}" },
		{ SMFIM_ENVFROM, "i {auth_type} {auth_authen}" },
		{ SMFIM_ENVRCPT, "{rcpt_mailer}" },
		{ SMFIM_EOH, "i" },
		{ SMFIM_EOM, "i" },
	};
	size_t i;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (smfi_setsymlist(ctx, requests[i].stage,
		    requests[i].macros) != MI_SUCCESS) {
			return (false);
		}
	}
	return (true);
}

/* Descriptors must be left for DNS, keys and the log; without any, libmilter
   would call accept(2) again and again. */
static bool
has_room(void)
{
	if (atomic_load(&service->peers) < service->peers_max) {
		return (true);
	}
	env_log(service->env, LOG_LEVEL_ERROR, "%u connections: one more is "
	    "refused, raise the limit on open files", service->peers_max);
	return (false);
}

static sfsistat
choose_protocol(SMFICTX *ctx, const struct negotiate *offered,
    struct negotiate *chosen_r)
{
	struct negotiate_wish wish = { .tcp = over_tcp };
	struct peer *peer;

	if (live_is_draining(service) || !has_room()) {
		return (SMFIS_REJECT);
	}
	wish.rcpts = live_wants_rcpts(service);
	if (!negotiate_choose(offered, wish, chosen_r)) {
		env_log(service->env, LOG_LEVEL_ERROR, "the MTA does not let "
		    "a milter add and change header fields");
		return (SMFIS_REJECT);
	}
	peer_free(smfi_getpriv(ctx));
	peer = peer_new(service, chosen_r->steps);
	(void)smfi_setpriv(ctx, peer);
	if (peer == NULL) {
		/* No memory: perhaps there is some at the connect. */
		steps_remember(ctx, chosen_r->steps);
	}
	return ((chosen_r->actions & SMFIF_SETSYMLIST) == 0 ||
	    request_macros(ctx) ? SMFIS_CONTINUE : SMFIS_REJECT);
}

/* Any answer but CONTINUE ends the connection. The MTA then acts as if there
   was no milter (Postfix: milter_default_action). */
static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
    unsigned long unused0, unsigned long unused1, unsigned long *actions_r,
    unsigned long *steps_r, unsigned long *unused0_r, unsigned long *unused1_r)
{
	const struct negotiate offered = { actions, steps };
	struct negotiate chosen = { 0, 0 };
	sfsistat answer;

	(void)unused0;
	(void)unused1;
	answer = choose_protocol(ctx, &offered, &chosen);
	*actions_r = chosen.actions;
	*steps_r = chosen.steps;
	*unused0_r = *unused1_r = 0;
	/* The thread's next connection would take it for its own. */
	errno = 0;
	return (answer == SMFIS_CONTINUE ? reply(answer) : answer);
}

/* Returns the peer, or a new one after QUIT_NC, or if there was no memory for
   it. NULL: there is none. */
static struct peer *
get_peer(SMFICTX *ctx)
{
	struct peer *peer = smfi_getpriv(ctx);
	unsigned long steps;

	if (peer == NULL && steps_recall(ctx, &steps)) {
		peer = peer_new(service, steps);
		(void)smfi_setpriv(ctx, peer);
	}
	return (peer);
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, struct sockaddr *addr)
{
	bool lost = macros_are_lost();
	struct peer *peer = get_peer(ctx);

	if (peer != NULL) {
		peer_connect(peer, name, addr);
	}
	if (peer != NULL && lost) {
		peer->client_known = false;
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
	bool lost = macros_are_lost();
	struct peer *peer = smfi_getpriv(ctx);

	if (peer != NULL) {
		peer_mail(peer, ctx, argv);
	}
	if (peer != NULL && lost) {
		peer_lose_message(peer, PEER_NO_MEMORY);
	}
	return (go_on(peer, SMFIP_NR_MAIL));
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	bool lost = macros_are_lost();
	struct peer *peer = smfi_getpriv(ctx);

	(void)argv;
	if (peer != NULL && lost) {
		peer_lose_message(peer, PEER_NO_MEMORY);
	} else if (peer != NULL) {
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
	bool more = peer == NULL || peer_body(peer, (const char *)data, n);
	sfsistat answer = go_on(peer, SMFIP_NR_BODY);

	if (!more && answer == SMFIS_CONTINUE &&
	    (peer->steps & SMFIP_SKIP) != 0) {
		return (reply(SMFIS_SKIP));
	}
	return (answer);
}

static sfsistat
answer_of(enum engine_verdict verdict)
{
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
on_eom(SMFICTX *ctx)
{
	struct peer *peer = smfi_getpriv(ctx);
	enum engine_verdict verdict = ENGINE_TEMPFAIL;

	/* Without a peer (no memory) the message was not examined. */
	if (peer != NULL) {
		verdict = peer_eom(peer, ctx);
	}
	errno = 0;
	return (reply(answer_of(verdict)));
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	struct peer *peer = smfi_getpriv(ctx);

	if (peer != NULL) {
		peer_abort(peer);
	}
	errno = 0;
	return (SMFIS_CONTINUE);
}

static sfsistat
on_close(SMFICTX *ctx)
{
	struct peer *peer = smfi_getpriv(ctx);

	if (peer != NULL) {
		steps_remember(ctx, peer->steps);
		peer_free(peer);
	}
	(void)smfi_setpriv(ctx, NULL);
	errno = 0;
	return (SMFIS_CONTINUE);
}

bool
callbacks_register(struct live *live, bool tcp)
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
	macros_init();
	over_tcp = tcp;
	(void)smfi_setmaxdatasize(PEER_PACKET_MAX_BYTES);
	return (smfi_register(description) == MI_SUCCESS);
}
