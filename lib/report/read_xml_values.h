/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_xml_values: makes a report of the values of its elements. Of an element
 * that is repeated the first one counts, apart from records, reasons,
 * signatures and results of SPF.
 */
#ifndef REPORT_READ_XML_VALUES_H
#define REPORT_READ_XML_VALUES_H

#include "base/arena.h"
#include "report/read_private.h"
#include "report/read_xml_names.h"
#include "report/read_xml_selectors.h"

#define XML_SIGNATURES_MAX	100	/* of a record; RFC 9990 3.1.3 */
#define XML_SHARED		64	/* a power of two */

struct xml_values {
	struct report	*report;
	struct str	 v[XML_LEAFS];	/* absent: not seen */
	/* of the record at hand */
	struct arena	 arena;
	struct xml_signature signatures[XML_SIGNATURES_MAX];
	size_t		 signatures_n;
	struct str	 spf_domain;
	enum report_auth spf_result;
	unsigned char	 reasons;
	/* of the report */
	size_t		 lost;		/* records without a usable count */
	bool		 nomem;		/* a value was lost */
	const char	*shared[XML_SHARED];	/* texts that were copied */
	struct xml_selectors selectors;
};

enum status	 xml_values_init(struct xml_values *) ATTR_MUST_CHECK;
void		 xml_values_fini(struct xml_values *);
/* Sets the value of an element that ended, unless it is set. */
void		 xml_values_set(struct xml_values *, enum xml_leaf, struct str);
void		 xml_values_record(struct xml_values *);	/* begins */
/* An element that contains elements ended. LIMIT, NOMEM. */
enum status	 xml_values_end(struct xml_values *, enum xml_place)
    ATTR_MUST_CHECK;
/* After the last element: takes over the metadata, and warns. */
void		 xml_values_finish(struct xml_values *, bool record_open);

#endif
