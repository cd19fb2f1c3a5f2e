/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: what dkimkeygen check found: in the DNS as a resolver shows it
 * (check.c), or at each authoritative server (check_store.c).
 */
#ifndef KEYS_CHECK_H
#define KEYS_CHECK_H

#include "dkim/key.h"
#include "keys/keys.h"
#include "keys/opts.h"

#define CHECK_MAX_FINDINGS	16

struct finding {
	bool		 bad;	/* else a warning */
	const char	*what;
	const char	*todo;	/* what to do about it */
};

struct check {
	struct key_name			 name;
	const char			*key_path;	/* NULL: none compared */
	struct privkey			*key;		/* or NULL */
	const struct dns_answer		*answer;
	const struct dkim_key		*record;	/* the one that counts; NULL */
	bool				 fits;		/* if both are there */
	struct finding			 v[CHECK_MAX_FINDINGS];
	size_t				 n;
};

/* Each prints what was found and returns the exit status. */
int	 check_print_text(const struct check *);
int	 check_print_json(const struct check *);

/*
 * Every name server of the zone is asked: for one key of a file, or for keys
 * of a store (one, a domain's, all). The exit status.
 */
int	 check_authoritative(const struct verb_opts *);

#endif
