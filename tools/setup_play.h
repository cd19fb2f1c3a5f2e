/* SPDX-License-Identifier: BSD-2-Clause */
/* setup_play: gives one message to a milter, as mail of this host. */
#ifndef TOOLS_SETUP_PLAY_H
#define TOOLS_SETUP_PLAY_H

#include "tools/edit.h"
#include "tools/player.h"

/*
 * text: the message, with CRLF. edited: the message with the milter's changes
 * is appended there; NULL: not wanted. The options' change and ctx are not
 * used. The diag says why not OK.
 */
enum status	 setup_play(const struct player_opts *, struct str text,
		    struct buf *edited, struct player_result *r,
		    struct diag *) ATTR_MUST_CHECK;

#endif
