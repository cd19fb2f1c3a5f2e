/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * player_wire: the milter protocol's packets as bytes: four octets of length,
 * one of command, the rest. Pure functions, for player and its tests.
 */
#ifndef TOOLS_PLAYER_WIRE_H
#define TOOLS_PLAYER_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"
#include "tools/player.h"

#define WIRE_HEAD_BYTES	5	/* length and command */

struct wire_packet {		/* a view */
	char		 cmd;
	struct str	 data;
	size_t		 bytes;	/* on the wire, its head included */
};

struct wire_negotiation {
	uint32_t	 version;
	uint32_t	 actions;
	uint32_t	 steps;
};

void		 wire_put_u32(struct buf *, uint32_t);
/* Text and its NUL. A NUL within ends it: the peer would see no more. */
void		 wire_put_cstr(struct buf *, struct str);
/* A packet is begun, filled, and ended with what begin returned. */
size_t		 wire_begin(struct buf *, char cmd);
void		 wire_end(struct buf *, size_t begun);
void		 wire_put_empty(struct buf *, char cmd);

/*
 * The packet at the start of s. TEMP: it is not complete (bytes says how many
 * are needed); LIMIT: larger than max_bytes; SYNTAX: a length of 0.
 */
enum status	 wire_get(struct str s, size_t max_bytes,
		    struct wire_packet *r) ATTR_MUST_CHECK;
/* The data of SMFIC_OPTNEG; symbol lists behind it are passed over. */
enum status	 wire_get_negotiation(struct str data,
		    struct wire_negotiation *r) ATTR_MUST_CHECK;
/*
 * A change. SYNTAX: not one, or not well-formed (a field's name must be one,
 * a field's or an address's text must be whole).
 */
enum status	 wire_get_change(const struct wire_packet *,
		    struct player_change *r) ATTR_MUST_CHECK;
/* The text of SMFIR_REPLYCODE: SYNTAX unless "4xx text" or "5xx text". */
enum status	 wire_get_reply(struct str data, struct str *text_r)
    ATTR_MUST_CHECK;
/* The SMFIF_ bit that a milter must have asked for; 0: none. */
uint32_t	 wire_change_needs(char type);

#endif
