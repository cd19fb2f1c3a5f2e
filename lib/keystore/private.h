/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of lib/keystore. */
#ifndef KEYSTORE_PRIVATE_H
#define KEYSTORE_PRIVATE_H

#include <stdatomic.h>

#include "keystore/keystore.h"

#define KEYSTORE_LOCK_STEP_MS	50
#define KEYSTORE_SCRATCH_BYTES	((size_t)4 * KEYSTORE_STATE_MAX_BYTES)

struct keystore_query {		/* what to list */
	struct str	 domain;	/* absent: all */
	bool		 active;	/* as keystore_active; else all */
	atomic_size_t	*copies;	/* with active: private keys of a
					   directory to be read still */
	keystore_take	*take;
	keystore_bad	*bad;		/* NULL: skip broken keys silently */
	void		*ctx;
	struct arena	*scratch;	/* for one key, then reset */
};

struct keystore_ops {		/* of a kind of store; ctx is its own */
	void		 (*close)(void *ctx);
	enum status	 (*list)(void *ctx, const struct keystore_query *,
			    struct diag *);
	enum status	 (*private)(void *ctx, const struct keystore_key *,
			    struct buf *, struct diag *);
	enum status	 (*revision)(void *ctx, uint64_t *r, struct diag *);
	enum status	 (*lock)(void *ctx, struct str domain,
			    unsigned timeout_s, struct diag *);
	void		 (*unlock)(void *ctx, struct str domain);
	enum status	 (*add)(void *ctx, const struct keystore_key *,
			    struct str pem, struct diag *);
	enum status	 (*save)(void *ctx, const struct keystore_key *,
			    struct diag *);
	enum status	 (*delete)(void *ctx, const struct keystore_key *,
			    struct diag *);
	/* Replaces the text of a private key; *changed_r: it was still `old`.
	   NULL: private keys of this kind of store are never encrypted. */
	enum status	 (*replace)(void *ctx, const struct keystore_key *,
			    struct str old, struct str pem, bool *changed_r,
			    struct diag *);
};

struct keystore {
	const struct keystore_ops *ops;
	void			*ctx;
	char			*name;
	const struct passphrase	*passphrase;	/* borrowed; or NULL */
};

/* Each sets ops and ctx of the store. */
enum status	 keystore_open_dir(struct keystore *, const char *path,
		    bool create, struct diag *) ATTR_MUST_CHECK;
enum status	 keystore_open_sqlite(struct keystore *, const char *path,
		    bool create, struct diag *) ATTR_MUST_CHECK;
/* The tables are made with etc/keys-postgres.sql. */
enum status	 keystore_open_postgres(struct keystore *,
		    const char *conninfo, struct diag *) ATTR_MUST_CHECK;

/* Calls take or bad of the query, then resets its scratch memory. */
enum status	 keystore_deliver(const struct keystore_query *,
		    const struct keystore_key *) ATTR_MUST_CHECK;
void		 keystore_report(const struct keystore_query *,
		    struct str domain, struct str selector,
		    const struct diag *);
/* Sets lost and has_private. */
void		 keystore_mark(struct keystore_key *, bool has_private);
/* Sets diag; returns TEMP. */
enum status	 keystore_locked(const char *shown, struct str domain,
		    struct diag *);

#endif
