/* SPDX-License-Identifier: BSD-2-Clause */
/* sign: the options of mailseal sign. */
#ifndef TOOLS_SIGN_H
#define TOOLS_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"
#include "mail/canon.h"
#include "tools/added.h"

#define SIGN_MAX_SIGNERS	16

struct sign_opts {		/* views into argv */
	const char		*domains[SIGN_MAX_SIGNERS];	/* one, or one
								   per key */
	const char		*selectors[SIGN_MAX_SIGNERS];
	const char		*keys[SIGN_MAX_SIGNERS];
	size_t			 domains_n;
	size_t			 selectors_n;
	size_t			 keys_n;
	bool			 any_type;	/* --algorithm auto */
	enum crypto_key_type	 type;
	bool			 canon_given;	/* false: the default */
	struct conf_signature_style canon;
	const char		*identity;	/* NULL: no i= */
	struct added_names	 headers;
	struct added_names	 oversign;
	int64_t			 now_s;		/* -1: the system's clock */
	int64_t			 ttl_s;		/* 0: no x= */
	bool			 header_only;
};

void	 sign_opts_init(struct sign_opts *);
/* False: invalid; prints an error unless the option is unknown. */
cli_take sign_opts_take;	/* of a struct sign_opts */
/* Whether the options go together; prints an error if not. */
bool	 sign_opts_check(const struct sign_opts *);

#endif
