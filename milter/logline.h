/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logline: the log line of a message, as key=value text or as a JSON object.
 * Data from outside is escaped, and the line is bounded: values and lists are
 * cut.
 *
 *	queue_id=4XyZ direction=verify direction_reason="external host"
 *	action=tag rule=dmarc rule_domain=example.com us=812 dns_us=640
 *	client=192.0.2.1 client_name=mx.example.com helo=mx.example.com
 *	login=joe (if there is one)
 *	mail_from=a@example.com from=example.com spf=fail
 *	spf_domain=example.com iprev=pass dmarc=fail policy=quarantine
 *	dkim=fail d=example.com s=s1 a=rsa-sha256 bits=2048
 *
 * syslog may cut a long line, so the important values come first. In the text
 * form dkim= begins a group; d=, s=, a=, bits= and reason= that follow directly
 * belong to it.
 */
#ifndef MILTER_LOGLINE_H
#define MILTER_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "engine/engine.h"

#define LOGLINE_MAX_VALUE_BYTES	128	/* shown of a value */
#define LOGLINE_MAX_COMMENT_BYTES 2048	/* of an override's: all seals */
#define LOGLINE_MAX_RESULTS	8	/* shown of each list */
#define LOGLINE_MAX_FROM	4	/* author domains shown */
#define LOGLINE_MAX_BYTES	(96 * 1024)	/* more than these can fill */

struct logline_signature {		/* verified, added or second opinion */
	const char	*result;	/* RFC 8601's word; NULL: added */
	struct str	 domain;
	struct str	 selector;
	struct str	 algorithm;
	unsigned	 key_bits;	/* 0: unknown */
	struct str	 reason;	/* or absent */
};

struct logline_list {
	struct logline_signature v[LOGLINE_MAX_RESULTS];
	size_t			 shown;
	size_t			 total;
};

struct logline {			/* views; absent ones are not shown */
	struct str		 queue_id;
	struct str		 client_addr;	/* text */
	struct str		 client_name;
	struct str		 helo;
	struct str		 login;		/* {auth_authen} */
	struct str		 mail_from;
	const char		*direction;	/* sign|verify|pass|undecided */
	const char		*direction_reason;	/* or NULL */
	struct str		 from[LOGLINE_MAX_FROM];
	size_t			 from_n;
	const char		*from_error;	/* NULL: a usable From */
	/* judged */
	struct str		 sender;	/* if it is not the client */
	char			 sender_text[IP_TEXT_BYTES];
	const char		*sender_source;
	const char		*spf;		/* RFC 8601's word; next, too */
	struct str		 spf_domain;
	const char		*spf_helo;
	const char		*iprev;
	const char		*dmarc;
	const char		*policy;	/* or NULL */
	const char		*arc;		/* or NULL: no chain */
	const char		*arc_reason;	/* or NULL */
	struct engine_decision	 decision;
	struct engine_sealer	 sealer;
	bool			 verified;	/* dkim=none if dkim is empty */
	struct logline_list	 dkim;
	struct logline_list	 signatures;	/* added by us */
	size_t			 signatures_kept;	/* there before */
	unsigned		 seal_instance;	/* 0: not sealed */
	struct str		 seal_domain;
	struct str		 seal_selector;
	struct logline_list	 second;
	bool			 second_asked;
	bool			 second_agrees;
	const char		*second_dmarc;	/* or NULL */
	uint64_t		 long_lines;	/* signatures depend on */
	unsigned		 forged_deleted;
	const char		*action;	/* accept|tag|quarantine|... */
	const char		*error;		/* or NULL */
	const char		*not_signed;	/* why mail of ours is not
						   signed; or NULL */
	bool			 test_mode;	/* the action was not taken */
	uint64_t		 elapsed_us;
	uint64_t		 dns_wait_us;
};

/* Sets the members that depend on the outcome, and no others. */
void	 logline_set_outcome(struct logline *r, const struct engine_outcome *);

void	 logline_write_text(const struct logline *, struct buf *);
/* STATUS_NOMEM: nothing was added. */
enum status	 logline_write_json(const struct logline *, struct buf *)
    ATTR_MUST_CHECK;

#endif
