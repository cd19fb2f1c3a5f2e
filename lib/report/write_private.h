/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files that write a report: its values as they are written. */
#ifndef REPORT_WRITE_PRIVATE_H
#define REPORT_WRITE_PRIVATE_H

#include "base/ip.h"
#include "report/write.h"

/* Texts are in the arena, clean, and NULL if the element is not written. */
struct write_clean_dkim {
	const char	*domain;
	const char	*selector;
	const char	*result;
};

struct write_clean_reason {
	const char	*type;
	const char	*comment;
};

struct write_clean_row {
	struct ip_addr	 ip;
	int64_t		 count;
	const char	*disposition;
	const char	*dkim;		/* pass or fail */
	const char	*spf;
	struct write_clean_reason *reasons;
	size_t		 reasons_n;
	const char	*header_from;
	const char	*envelope_from;
	struct write_clean_dkim *signatures;
	size_t		 signatures_n;
	const char	*spf_domain;
	const char	*spf_result;
};

/* write_clean.c */

/* A host name; "" if nothing is left of it. NULL: out of memory. */
const char	*write_clean_name(struct arena *, struct str);
/* Text for people. NULL: out of memory. */
const char	*write_clean_text(struct arena *, struct str);

/* write_rows.c */

/* Sorted, the equal ones merged. */
enum status	 write_clean_rows(struct arena *, const struct write_row *rows,
		    size_t n, bool legacy, struct write_clean_row **r,
		    size_t *n_r) ATTR_MUST_CHECK;

/* write_gzip.c */

struct write_gzip;

/* Appends one member without name and time, so that equal input gives equal
   output. NULL: out of memory. */
struct write_gzip	*write_gzip_new(struct buf *);
/* False: the buffer's status says why. */
bool		 write_gzip_bytes(struct write_gzip *, const void *, size_t);
bool		 write_gzip_end(struct write_gzip *);	/* frees it */

#endif
