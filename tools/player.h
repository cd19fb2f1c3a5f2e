/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * player: plays the MTA to a milter (protocol version 6, as Postfix speaks
 * it), for `mailseal try` and for the load generator. A connection negotiates
 * once; then scripts are played: one for the session (connect, helo), one for
 * each message (mail to end of message). A script is the packets as they stand
 * on the wire, made once and played as often as wished, without a copy and
 * without an allocation: steps that the milter does not want are skipped, and
 * packets that bring no reply are sent together with those that follow.
 *
 * The milter is not trusted: packets, changes and waiting are limited. A
 * player belongs to one thread.
 */
#ifndef TOOLS_PLAYER_H
#define TOOLS_PLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"
#include "mail/message.h"

#define PLAYER_REPLY_MAX_BYTES	(1024 * 1024)	/* of one packet */
#define PLAYER_MAX_CHANGES	10000		/* by one message */
#define PLAYER_MAX_PROGRESS	1000		/* "please wait", by one
						   message */
#define PLAYER_TEXT_MAX_BYTES	1024		/* of the SMTP reply that is
						   kept */
#define PLAYER_SCRIPT_MAX_BYTES	(128 * 1024 * 1024)

/* Scripts */

struct player_macro {		/* a name of one letter goes without braces */
	char		 stage;	/* SMFIC_CONNECT, _HELO, _MAIL, _RCPT, _DATA,
				   _EOH or _BODYEOB */
	struct str	 name;
	struct str	 value;
};

struct player_envelope {
	struct str		 client_name;	/* from PTR; "unknown" */
	struct str		 client_ip;	/* as text; absent: a local
						   client without an address */
	struct str		 helo;		/* absent: no HELO is sent */
	struct str		 mail_from;	/* without < and > */
	const struct str	*rcpts;
	size_t			 rcpts_n;
	const struct player_macro *macros;
	size_t			 macros_n;
};

struct player_script {		/* caller's storage; read only once made */
	struct buf	packets;
};

void		 player_script_init(struct player_script *);
void		 player_script_fini(struct player_script *);
/* Appends connect and helo. SYNTAX: client_ip is no address. */
enum status	 player_script_session(struct player_script *,
		    const struct player_envelope *) ATTR_MUST_CHECK;
/*
 * Appends mail to end of message. leadspc as player_leadspc says of the
 * connections that will play it. Header values have LF folding, as an MTA
 * gives them.
 */
enum status	 player_script_message(struct player_script *,
		    const struct player_envelope *, const struct message *,
		    bool leadspc) ATTR_MUST_CHECK;

/* What the milter answers */

enum player_verdict { PLAYER_ACCEPT, PLAYER_REJECT, PLAYER_TEMPFAIL,
	PLAYER_DISCARD };

struct player_change {		/* views that last until the callback ends */
	char		 type;	/* SMFIR_ADDHEADER, _INSHEADER, _CHGHEADER,
				   _REPLBODY, _QUARANTINE, _ADDRCPT,
				   _ADDRCPT_PAR, _DELRCPT or _CHGFROM */
	uint32_t	 index;	/* _INSHEADER from 0, _CHGHEADER from 1 */
	struct str	 name;	/* of the field; or the address */
	struct str	 value;	/* of the field, the body, the reason, or the
				   ESMTP parameters */
};

struct player_result {
	enum player_verdict	 verdict;
	char			 stage;		/* the SMFIC_ that was
						   answered */
	char			 reply[PLAYER_TEXT_MAX_BYTES]; /* SMTP reply */
	size_t			 changes;	/* that the milter asked for */
};

typedef void	player_change_fn(void *ctx, const struct player_change *);

/* A connection */

struct player_opts {
	const char		*socket;	/* unix:PATH, local:PATH,
						   inet:PORT[@HOST],
						   inet6:... */
	unsigned		 timeout_ms;	/* for connecting and each
						   reply */
	uint32_t		 actions;	/* SMFIF_ offered */
	uint32_t		 steps;		/* SMFIP_ offered */
	player_change_fn	*change;	/* NULL: only counted */
	void			*ctx;
};

struct player;

/* Everything offered, 30 s. */
void		 player_opts_init(struct player_opts *, const char *socket);
/*
 * Connects and negotiates. SYNTAX: a bad socket, or no milter's answers; IO,
 * TEMP (timeout), NOMEM; diag says why.
 */
enum status	 player_open(const struct player_opts *, struct player **r,
		    struct diag *) ATTR_MUST_CHECK;
/* On a socket that is connected already; it is closed with the player. */
enum status	 player_open_fd(const struct player_opts *, int fd,
		    struct player **r, struct diag *) ATTR_MUST_CHECK;
bool		 player_leadspc(const struct player *);
/*
 * Plays a script. OK: *r says what the milter decided; a message that ended
 * before its end is aborted, so that the next one may follow. Else the
 * connection is of no more use; diag says why.
 */
enum status	 player_play(struct player *, const struct player_script *,
		    struct player_result *r, struct diag *) ATTR_MUST_CHECK;
/* Plays the only mail of a connection: its session, then the message. */
enum status	 player_play_mail(struct player *,
		    const struct player_envelope *, const struct message *,
		    struct player_result *r, struct diag *) ATTR_MUST_CHECK;
/* The message in progress is given up (SMFIC_ABORT). */
enum status	 player_abort(struct player *, struct diag *) ATTR_MUST_CHECK;
/* Says SMFIC_QUIT if the connection is sound, closes, frees. NULL is fine. */
void		 player_close(struct player *);

const char	*player_verdict_name(enum player_verdict);
/* "mail", "end of header" ...: what result.stage means; "" for none. */
const char	*player_stage_name(char stage);

#endif
