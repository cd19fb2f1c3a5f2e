/* SPDX-License-Identifier: BSD-2-Clause */
/* message: all of one message; for message.c and its tests. */
#ifndef ENGINE_MESSAGE_H
#define ENGINE_MESSAGE_H

#include "engine/private.h"

struct engine_msg {
	struct arena			 arena;
	struct engine_input		 in;
	struct engine_verification	 verification;
	struct engine_signing		 signing;
	struct engine_outcome		 outcome;
	struct dkim_bodies		*bodies;	/* NULL: body not
							   needed */
	enum status			 status;	/* the first internal
							   error */
	enum status			 header;	/* LIMIT or SYNTAX:
							   refused */
	uint64_t			 elapsed_us;
	bool				 mail_done;
	bool				 eoh_done;
	bool				 eom_done;
	bool				 reported;
};

#endif
