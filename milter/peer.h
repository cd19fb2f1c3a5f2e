/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer: one connection of the MTA, and the message that it is about.
 */
#ifndef MILTER_PEER_H
#define MILTER_PEER_H

#include <stdbool.h>
#include <sys/socket.h>

#include <libmilter/mfapi.h>

#include "base/buf.h"
#include "engine/engine.h"
#include "mail/field.h"
#include "milter/live.h"

/*
 * A field is one packet, and libmilter hangs up on those above 64 KiB unless it
 * is told otherwise. Postfix and Sendmail cut fields before that; with an MTA
 * that does not, the verdict on a field that is too long is the engine's.
 */
#define PEER_PACKET_MAX_BYTES	(2 * FIELD_MAX_TOTAL_BYTES)

struct peer {
	/* of the connection */
	struct live		*live;
	unsigned long		 steps;		/* SMFIP_, as agreed */
	struct ip_addr		 ip;		/* if client.ip is not NULL */
	char			 ip_text[IP_TEXT_BYTES];	/* "": unknown */
	char			*name;		/* from PTR; NULL: unknown */
	char			*helo;		/* NULL: none yet */
	struct engine_client	 client;	/* views of the above */
	/* of the message */
	struct engine		*engine;	/* NULL: no message */
	struct engine_msg	*msg;		/* NULL: it is to be refused */
	bool			 body_wanted;
};

struct peer	*peer_new(struct live *, unsigned long steps);
void	 peer_free(struct peer *);		/* NULL is fine */
void	 peer_connect(struct peer *, const char *name, const struct sockaddr *);
void	 peer_helo(struct peer *, const char *name);
void	 peer_mail(struct peer *, SMFICTX *, const char *mail_from);
void	 peer_rcpt(struct peer *, SMFICTX *);
void	 peer_data(struct peer *);
void	 peer_header(struct peer *, const char *name, const char *value);
void	 peer_eoh(struct peer *, SMFICTX *);
/* Whether more of the body is wanted. */
bool	 peer_body(struct peer *, const char *, size_t);
/* Does to the message what is to be done, logs it, and forgets it. */
enum engine_verdict	 peer_eom(struct peer *, SMFICTX *);
void	 peer_abort(struct peer *);

#endif
