/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of lib/sql. */
#ifndef SQL_PRIVATE_H
#define SQL_PRIVATE_H

#include "sql/sql.h"

struct sql_ops {		/* of a kind of database; ctx is its own */
	void		 (*close)(void *ctx);
	enum status	 (*run)(void *ctx, const struct sql_statement *,
			    long *changed_r, struct diag *);
	bool		 (*is_current)(void *ctx);
	const char	*begin;
};

struct sql {
	const struct sql_ops	*ops;
	void			*ctx;
};

/* Takes ctx, also on failure. */
enum status	 sql_new(const struct sql_ops *, void *ctx, struct sql **r,
		    struct diag *) ATTR_MUST_CHECK;

#endif
