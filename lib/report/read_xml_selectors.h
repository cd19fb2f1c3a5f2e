/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_xml_selectors: the keys that the signatures of a report name, each with
 * the messages in which it passed. A row has one signature of a message only;
 * a key that always signs beside another one would never be seen in rows.
 *
 * At most REPORT_SELECTORS_MAX keys, with names as the DNS can have them, are
 * kept; the others, and those that find no memory, are left out.
 */
#ifndef REPORT_READ_XML_SELECTORS_H
#define REPORT_READ_XML_SELECTORS_H

#include <sys/tree.h>

#include "base/arena.h"
#include "report/report.h"

struct xml_signature {		/* of a record */
	struct str	domain;
	struct str	selector;
	enum report_auth result;
};

struct xml_selector {
	RB_ENTRY(xml_selector)	 node;
	struct report_selector	 v;
};
RB_HEAD(xml_selector_tree, xml_selector);

struct xml_selectors {
	struct xml_selector_tree tree;
	struct report_selector	*first;
	struct report_selector	**tail;
	size_t			 n;
};

void		 xml_selectors_init(struct xml_selectors *);
/* The signatures of a record about `count` messages; a key that is among them
   twice counts once, with the better result. What is kept is in the arena. */
void		 xml_selectors_add(struct xml_selectors *, struct arena *,
		    const struct xml_signature *, size_t n, int64_t count);

#endif
