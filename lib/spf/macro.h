/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * macro: macro strings (RFC 7208 7). Their syntax is checked once, when a
 * record is parsed. The expansion is not checked (7.1), and is text from
 * outside.
 */
#ifndef SPF_MACRO_H
#define SPF_MACRO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/ip.h"
#include "base/str.h"

/* The maximum size of one expansion, for its buffer. */
#define SPF_EXPANDED_MAX_BYTES	65536

enum spf_macro_kind {
	SPF_MACRO_DOMAIN,	/* domain-spec: ends in a macro or a toplabel */
	SPF_MACRO_STRING,	/* the value of an unknown modifier */
	SPF_MACRO_EXPLAIN	/* text of exp=: spaces, %{c}, %{r}, %{t} */
};

#define SPF_USES_NAME	0x1	/* %{p}: the client's names must be known */
#define SPF_USES_LOCAL	0x2	/* %{s} or %{l} */

struct spf_macro_values {
	struct str		 sender;	/* s */
	struct str		 local;		/* l */
	struct str		 sender_domain;	/* o */
	struct str		 domain;	/* d */
	struct str		 name;		/* p, or "unknown" */
	struct str		 helo;		/* h */
	struct str		 receiver;	/* r */
	int64_t			 now_s;		/* t */
	const struct ip_addr	*ip;		/* i, c, v */
};

/* False: a syntax error. *uses_r: SPF_USES_... */
bool	spf_macro_check(struct str text, enum spf_macro_kind,
	    unsigned *uses_r);
/* Appends the expansion of a text that spf_macro_check accepts. */
void	spf_macro_expand(struct str text, const struct spf_macro_values *,
	    struct buf *);

#endif
