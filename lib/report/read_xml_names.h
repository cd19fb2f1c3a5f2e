/* SPDX-License-Identifier: BSD-2-Clause */
/* read_xml_names: the elements of an aggregate report, by their place. */
#ifndef REPORT_READ_XML_NAMES_H
#define REPORT_READ_XML_NAMES_H

#include <stdbool.h>

#include "base/str.h"

enum xml_place {		/* an element that contains elements */
	XML_DOCUMENT,		/* above the root */
	XML_FOREIGN,		/* an extension, or what we do not know */
	XML_LEAF,		/* text, and what is in it */
	XML_FEEDBACK,
	XML_METADATA,
	XML_DATE_RANGE,
	XML_POLICY,
	XML_RECORD,
	XML_ROW,
	XML_EVALUATED,
	XML_REASON,
	XML_IDENTIFIERS,
	XML_AUTH,
	XML_AUTH_DKIM,
	XML_AUTH_SPF
};

enum xml_leaf {			/* an element that contains text */
	XML_NO_LEAF,
	XML_VERSION,
	XML_ORG, XML_EMAIL, XML_ID, XML_BEGIN, XML_END,
	XML_DOMAIN, XML_P,
	XML_IP, XML_COUNT,
	XML_DISPOSITION, XML_DKIM_ALIGNED, XML_SPF_ALIGNED, XML_REASON_TYPE,
	XML_HEADER_FROM, XML_ENVELOPE_FROM,
	XML_DKIM_DOMAIN, XML_DKIM_SELECTOR, XML_DKIM_RESULT,
	XML_SPF_DOMAIN, XML_SPF_RESULT
};
#define XML_LEAFS	(XML_SPF_RESULT + 1)

struct xml_name {
	enum xml_place	 where;
	struct str	 name;
	enum xml_place	 place;		/* XML_LEAF: see leaf */
	enum xml_leaf	 leaf;
};

/* NULL: not an element of a report at this place. */
const struct xml_name	*xml_name_find(enum xml_place where, struct str);
/* For documents whose nesting is damaged: an element that a report has at one
   place only. NULL: none, or it has several. */
const struct xml_name	*xml_name_find_anywhere(struct str);
/* Whether a document begins so: with a declaration, a comment or the like, or
   a feedback element. */
#define XML_BEGIN_BYTES	256	/* that are enough to tell */
bool			 xml_begins_document(struct str);

#endif
