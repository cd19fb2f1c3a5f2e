/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of lib/keystore share. */
#ifndef KEYSTORE_PRIVATE_H
#define KEYSTORE_PRIVATE_H

#include "keystore/keystore.h"

#define KEYSTORE_LOCK_STEP_MS	50

struct keystore_query {		/* what is to be listed */
	struct str	 domain;	/* absent: all */
	bool		 active;	/* those alone, as keystore_active */
	keystore_take	*take;
	keystore_bad	*bad;		/* NULL: tell nobody */
	void		*ctx;
	struct arena	*scratch;	/* for the key at hand */
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
};

struct keystore {
	const struct keystore_ops *ops;
	void			*ctx;
	char			*name;
};

/* Each sets ops and ctx of the store. */
enum status	 keystore_open_dir(struct keystore *, const char *path,
		    bool create, const struct env *, struct diag *)
    ATTR_MUST_CHECK;

enum status	 keystore_open_sqlite(struct keystore *, const char *path,
		    bool create, struct diag *) ATTR_MUST_CHECK;
/* Its tables are made by etc/keys-postgres.sql. */
enum status	 keystore_open_postgres(struct keystore *,
		    const char *conninfo, struct diag *) ATTR_MUST_CHECK;

/* To whoever asks; the scratch memory is free again. */
enum status	 keystore_give(const struct keystore_query *,
		    const struct keystore_key *) ATTR_MUST_CHECK;
void		 keystore_tell(const struct keystore_query *,
		    struct str domain, struct str selector,
		    const struct diag *);
/* TEMP, and why. */
enum status	 keystore_locked(const char *shown, struct str domain,
		    struct diag *);

#endif
