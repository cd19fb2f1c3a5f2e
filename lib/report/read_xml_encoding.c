/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <libxml/encoding.h>

#include "report/read_xml_encoding.h"

#define ENCODING_BYTES	64	/* a longer name is unknown to libxml2, too */

/* The encoding that the declaration names, in what begins with it. */
static struct str
declared_encoding(struct str s)
{
	const struct str name = STR("encoding=");
	size_t i;

	s = str_first(s, str_find(s, '>'));
	if (!str_starts(s, STR("<?xml"))) {
		return (STR_NONE);
	}
	for (i = 0; i + name.n + 1 < s.n; i++) {
		if (str_starts(str_from_offset(s, i), name)) {
			i += name.n;
			return (str_first(str_from_offset(s, i + 1),
			    str_find(str_from_offset(s, i + 1), s.p[i])));
		}
	}
	return (STR_NONE);
}

bool
xml_ignores_encoding(struct report *r, struct str head, bool marked)
{
	struct str declared = declared_encoding(head);
	char name[ENCODING_BYTES];
	xmlCharEncodingHandlerPtr handler;

	if (marked || declared.n == 0 || declared.n >= sizeof(name)) {
		return (marked);
	}
	memcpy(name, declared.p, declared.n);
	name[declared.n] = '\0';
	/* What calls itself so may well be UTF-8, which has all of it. */
	if (str_eq_ci(declared, STR("us-ascii")) ||
	    str_eq_ci(declared, STR("ascii"))) {
		return (true);
	}
	handler = xmlFindCharEncodingHandler(name);
	if (handler == NULL) {
		report_warn(r, "the encoding of the XML is not "
		    "known, it was read as UTF-8");
		return (true);
	}
	(void)xmlCharEncCloseFunc(handler);
	return (false);
}

size_t
xml_skip_space(struct report *r, const char *p, size_t n, bool *marked_r)
{
	struct str mark = STR("\xef\xbb\xbf");
	size_t i = 0;
	bool space = false;

	for (;;) {
		if (str_starts(str_mem(p + i, n - i), mark)) {
			i += mark.n;
			*marked_r = true;
		} else if (i < n && char_is_fws(p[i])) {
			space = true;
			i++;
		} else {
			break;
		}
	}
	if (space) {
		report_warn(r, "white space before the XML");
	}
	return (i);
}
