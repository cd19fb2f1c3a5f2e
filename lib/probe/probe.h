/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe: what servers answer to a client that delivers nothing: mail servers
 * (greeting, EHLO, STARTTLS, certificate, whether they relay) and the web
 * server of an MTA-STS policy. All servers are talked to at once, in one
 * thread, until one deadline.
 *
 * - No message is ever transferred: DATA and BDAT are never sent. After RCPT
 *   comes RSET, then QUIT.
 * - Whatever a server does, it costs at most PROBE_MAX_OCTETS and the time up
 *   to the deadline; nothing it does disturbs the others.
 * - What a server says is octets from outside: whoever prints it escapes it.
 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/ip.h"
#include "base/status.h"
#include "base/str.h"
#include "crypto/tls.h"

#define PROBE_MAX		256	/* servers at once */
#define PROBE_MAX_OCTETS	(256 * 1024)	/* from one server */
#define PROBE_TEXT_MAX_BYTES	500	/* of a reply that is kept */

enum probe_kind {
	PROBE_GREETING,		/* the greeting alone, then QUIT */
	PROBE_SMTP,
	PROBE_HTTPS		/* one GET; redirects are not followed */
};

enum probe_stage {		/* what it waits for */
	PROBE_AT_CONNECT,
	PROBE_AT_GREETING,
	PROBE_AT_EHLO,
	PROBE_AT_STARTTLS,
	PROBE_AT_HANDSHAKE,
	PROBE_AT_EHLO_TLS,
	PROBE_AT_MAIL,
	PROBE_AT_RCPT,
	PROBE_AT_RSET,
	PROBE_AT_QUIT,
	PROBE_AT_RESPONSE	/* of HTTPS */
};

enum probe_end {
	PROBE_OPEN,		/* not yet */
	PROBE_COMPLETE,
	PROBE_UNREACHABLE,	/* no connection; the error says why */
	PROBE_LATE,		/* the deadline came */
	PROBE_CLOSED,		/* by the server, too early */
	PROBE_GARBAGE,		/* no reply of that protocol */
	PROBE_ENDLESS,		/* a reply past its limits */
	PROBE_REFUSED,		/* a reply that forbids to go on */
	PROBE_NO_TLS,		/* the handshake failed: tls_trouble() */
	PROBE_NO_MEMORY
};

enum probe_relay {
	PROBE_NOT_ASKED,	/* from an address that may relay, or it did
				   not come so far */
	PROBE_RELAYS,
	PROBE_RELAYS_NOT
};

struct probe {
	/* the question */
	enum probe_kind	 kind;
	struct ip_addr	 ip;
	unsigned	 port;
	struct str	 host;		/* its name, for TLS */
	struct str	 helo;		/* ours */
	struct str	 sender;	/* an address; absent: do not ask
					   whether it relays */
	struct str	 recipient;	/* an address that is not its own */
	/* Whether the server may relay for our address; NULL: it may not. */
	bool		(*is_inside)(void *ctx, const struct ip_addr *ours);
	void		*ctx;
	struct str	 path;		/* of HTTPS */
	/* the answer, in the arena of probe_run() */
	enum probe_end	 end;
	enum probe_stage stage;		/* where it ended */
	int		 error;		/* errno of PROBE_UNREACHABLE */
	struct str	 greeting;	/* without its code; absent: none */
	struct str	 reply;		/* that it ended with, or that RCPT
					   got; without its code */
	unsigned	 code;		/* of that */
	bool		 offers_tls;
	bool		 encrypted;	/* the handshake was done */
	struct tls	*tls;		/* while encrypted, its certificate;
					   or the trouble. NULL: none */
	enum probe_relay relay;
	struct str	 response;	/* of HTTPS, whole */
	/* while it runs */
	struct probe_wire *wire;
};

/* Talks to all of them. deadline_us: of env's mono clock. NOMEM only. */
enum status	 probe_run(struct probe *v, size_t n, const struct env *,
		    const struct tls_roots *, struct arena *,
		    uint64_t deadline_us) ATTR_MUST_CHECK;
/* Frees what the answers hold besides the arena. */
void		 probe_fini(struct probe *v, size_t n);

#endif
