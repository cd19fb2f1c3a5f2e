/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer: one connection of the MTA, and its current message.
 *
 * Not knowing who a client is defers: if its name, its HELO name or a macro is
 * lost for lack of memory, or if the MTA did not send CONNECT, the connection's
 * messages get a temporary failure. They are never taken for foreign mail, nor
 * for our own.
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
 * A field is one packet, and libmilter closes the connection at one above
 * 64 KiB unless a limit is set. Postfix and Sendmail cut fields before that;
 * for other MTAs the engine decides about a field that is too long.
 */
#define PEER_PACKET_MAX_BYTES	(2 * FIELD_MAX_TOTAL_BYTES)

enum peer_refusal {		/* why there is no message to examine */
	PEER_NO_MAIL,		/* the MTA sent none */
	PEER_STOPPING,
	PEER_NO_MEMORY,
	PEER_OVER_BUDGET,	/* MaximumMemory */
	PEER_CLIENT_UNKNOWN,
	PEER_BAD_MACROS,
	PEER_SUSPECT		/* it killed two processes */
};

struct peer {
	/* of the connection */
	struct live		*live;
	unsigned long		 steps;		/* SMFIP_, as agreed */
	struct ip_addr		 ip;		/* if client.ip is not NULL */
	char			 ip_text[IP_TEXT_BYTES]; /* "": unknown */
	char			*name;		/* from PTR; NULL: unknown */
	char			*helo;		/* NULL: none yet */
	struct engine_client	 client;	/* views of the above */
	bool			 client_known;	/* CONNECT, all of it */
	bool			 helo_lost;	/* no memory for it */
	/* of the message */
	struct engine		*engine;	/* NULL: no message */
	struct engine_msg	*msg;		/* NULL: see refusal */
	enum peer_refusal	 refusal;
	size_t			 memory_bytes;	/* taken from the budget */
	bool			 body_wanted;
	char			 first[BOARD_FIRST_BYTES];
	size_t			 first_n;
	uint64_t		 digest;	/* of first, at the end of the
						   headers; 0: not yet */
};

struct peer	*peer_new(struct live *, unsigned long steps);
void	 peer_free(struct peer *);		/* NULL is fine */
void	 peer_connect(struct peer *, const char *name, const struct sockaddr *);
void	 peer_helo(struct peer *, const char *name);
/* argv: the address, then the parameters of MAIL; ends with NULL. */
void	 peer_mail(struct peer *, SMFICTX *, char *const *argv);
void	 peer_rcpt(struct peer *, SMFICTX *);
void	 peer_data(struct peer *);
void	 peer_header(struct peer *, const char *name, const char *value);
void	 peer_eoh(struct peer *, SMFICTX *);
/* Whether more of the body is wanted. */
bool	 peer_body(struct peer *, const char *, size_t);
/* Examines and changes the message, logs it, and frees it. */
enum engine_verdict	 peer_eom(struct peer *, SMFICTX *);
/* The message, if there is one, cannot be examined: it will be deferred. */
void	 peer_lose_message(struct peer *, enum peer_refusal);
void	 peer_abort(struct peer *);

#endif
