/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * write: an aggregate report as this host sends it (RFC 9990 3.1), gzip
 * compressed, or in the form of RFC 7489. Whatever the values hold, what comes
 * out is valid by the schema of RFC 9990.
 *
 * - The same rows in any order give the same octets. Rows that are equal once
 *   they are written become one.
 * - Names are lower-case A-labels; octets that no host name has become '_'.
 * - Texts lose control characters, characters that reorder text, and the local
 *   parts of mail addresses (RFC 9990 7.2).
 * - No report without a row.
 */
#ifndef REPORT_WRITE_H
#define REPORT_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"
#include "report/kept.h"

#define WRITE_TEXT_MAX_BYTES	500	/* of a comment and the like */
#define WRITE_GZIP_MAX_BYTES	(64 << 20)

struct write_head {
	struct str	org;		/* of the reporter */
	struct str	email;
	struct str	contact;	/* empty: none */
	struct str	id;		/* of the report */
	struct str	generator;
	int64_t		begin_s;	/* first and last second */
	int64_t		end_s;
	struct kept_policy policy;	/* its error is written, its rua not */
};

struct write_row {
	struct kept_fact fact;
	int64_t		 count;		/* messages; a row with less than one,
					   or without an address, is skipped */
};

struct write_counts {
	size_t		rows;
	int64_t		messages;
};

/*
 * Appends the compressed report. legacy: as RFC 7489 has it. SYNTAX: there is
 * no row. LIMIT: beyond the ceiling of the buffer. The arena holds what is
 * needed meanwhile.
 */
enum status	 report_write(struct arena *, const struct write_head *,
		    const struct write_row *rows, size_t n, bool legacy,
		    struct buf *gzip, struct write_counts *r) ATTR_MUST_CHECK;

#endif
