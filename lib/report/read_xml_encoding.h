/* SPDX-License-Identifier: BSD-2-Clause */
/* read_xml_encoding: how a document begins, and whether what it says of its
   encoding is true. */
#ifndef REPORT_READ_XML_ENCODING_H
#define REPORT_READ_XML_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "report/report.h"

/* Octets before the document. White space there is an error that says nothing,
   with a warning. A mark of UTF-8 is none, and says nothing either; *marked_r:
   there is one, else it is left as it is. */
size_t	 xml_skip_space(struct report *, const char *p, size_t n,
	    bool *marked_r);
/* Whether the declaration in head, which begins the document, is not to be
   believed. Without one it is UTF-8, or what its mark says. */
bool	 xml_ignores_encoding(struct report *, struct str head, bool marked);

#endif
