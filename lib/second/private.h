/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of lib/second share. */
#ifndef SECOND_PRIVATE_H
#define SECOND_PRIVATE_H

#include <sys/types.h>
#include <sys/param.h>
#include <netinet/in.h>
#include <stdbool.h>

#include <dkim.h>
#include <libpsl.h>
#include <opendmarc/dmarc.h>

#include "second/second.h"

struct second {
	DKIM_LIB		*lib;
	OPENDMARC_LIB_T		 dmarc;		/* libopendmarc points to it */
	psl_ctx_t		*psl;		/* NULL: no list */
};

struct second_dkim {
	DKIM			*dkim;		/* NULL: creation failed */
	DKIM_LIB		*own_lib;	/* of this message alone, or
						   NULL */
	struct arena		*arena;
	struct dns_batch	*batch;
	uint64_t		 dns_deadline_us;
	int64_t			 now_s;		/* time of receipt */
	bool			 streaming;	/* libopendkim wants the body */
	bool			 out_of_memory;
	const char		*error;	/* in the arena, or NULL */
	struct second_result	*v;
	size_t			 n;
};

/* Waits for the answer until the deadline; NULL: out of memory. */
const struct dns_answer	*second_ask(struct dns_batch *, struct str name,
			    enum dns_type, uint64_t deadline_us);
/* libopendkim's callback: answers from the message's batch. */
DKIM_CBSTAT	 second_key_lookup(DKIM *, DKIM_SIGINFO *, unsigned char *buf,
		    size_t buf_bytes);
/* Reads the verdicts after dkim_eom(). */
enum status	 second_results_read(struct second_dkim *) ATTR_MUST_CHECK;

#endif
