/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/read_xml_names.h"

#define PLACE(where, text, place)					\
	{ where, { text, sizeof(text) - 1 }, place, XML_NO_LEAF }
#define LEAF(where, text, leaf)						\
	{ where, { text, sizeof(text) - 1 }, XML_LEAF, leaf }

/* RFC 9990 and RFC 7489; the order within an element does not matter. */
static const struct xml_name names[] = {
	PLACE(XML_DOCUMENT, "feedback", XML_FEEDBACK),
	LEAF(XML_FEEDBACK, "version", XML_VERSION),
	PLACE(XML_FEEDBACK, "report_metadata", XML_METADATA),
	LEAF(XML_METADATA, "org_name", XML_ORG),
	LEAF(XML_METADATA, "email", XML_EMAIL),
	LEAF(XML_METADATA, "report_id", XML_ID),
	PLACE(XML_METADATA, "date_range", XML_DATE_RANGE),
	LEAF(XML_DATE_RANGE, "begin", XML_BEGIN),
	LEAF(XML_DATE_RANGE, "end", XML_END),
	PLACE(XML_FEEDBACK, "policy_published", XML_POLICY),
	LEAF(XML_POLICY, "domain", XML_DOMAIN),
	LEAF(XML_POLICY, "p", XML_P),
	PLACE(XML_FEEDBACK, "record", XML_RECORD),
	PLACE(XML_RECORD, "row", XML_ROW),
	LEAF(XML_ROW, "source_ip", XML_IP),
	LEAF(XML_ROW, "count", XML_COUNT),
	PLACE(XML_ROW, "policy_evaluated", XML_EVALUATED),
	LEAF(XML_EVALUATED, "disposition", XML_DISPOSITION),
	LEAF(XML_EVALUATED, "dkim", XML_DKIM_ALIGNED),
	LEAF(XML_EVALUATED, "spf", XML_SPF_ALIGNED),
	PLACE(XML_EVALUATED, "reason", XML_REASON),
	LEAF(XML_REASON, "type", XML_REASON_TYPE),
	PLACE(XML_RECORD, "identifiers", XML_IDENTIFIERS),
	PLACE(XML_RECORD, "identities", XML_IDENTIFIERS),
	LEAF(XML_IDENTIFIERS, "header_from", XML_HEADER_FROM),
	LEAF(XML_IDENTIFIERS, "envelope_from", XML_ENVELOPE_FROM),
	PLACE(XML_RECORD, "auth_results", XML_AUTH),
	PLACE(XML_AUTH, "dkim", XML_AUTH_DKIM),
	LEAF(XML_AUTH_DKIM, "domain", XML_DKIM_DOMAIN),
	LEAF(XML_AUTH_DKIM, "selector", XML_DKIM_SELECTOR),
	LEAF(XML_AUTH_DKIM, "result", XML_DKIM_RESULT),
	PLACE(XML_AUTH, "spf", XML_AUTH_SPF),
	LEAF(XML_AUTH_SPF, "domain", XML_SPF_DOMAIN),
	LEAF(XML_AUTH_SPF, "result", XML_SPF_RESULT),
};

#define NAMES	(sizeof(names) / sizeof(names[0]))

const struct xml_name *
xml_name_find(enum xml_place where, struct str name)
{
	size_t i;

	for (i = 0; i < NAMES; i++) {
		if (names[i].where == where && str_eq(names[i].name, name)) {
			return (&names[i]);
		}
	}
	return (NULL);
}

static size_t
count_name(struct str name)
{
	size_t i, n = 0;

	for (i = 0; i < NAMES; i++) {
		n += str_eq(names[i].name, name);
	}
	return (n);
}

const struct xml_name *
xml_name_find_anywhere(struct str name)
{
	size_t i;

	for (i = 0; i < NAMES; i++) {
		if (str_eq(names[i].name, name)) {
			return (count_name(name) == 1 ? &names[i] : NULL);
		}
	}
	return (NULL);
}

bool
xml_begins_document(struct str s)
{
	size_t end = 0, colon;

	if (str_starts(s, STR("<?")) || str_starts(s, STR("<!--"))) {
		return (true);
	}
	while (end < s.n && s.p[end] != '>' && s.p[end] != '/' &&
	    !char_is_fws(s.p[end])) {
		end++;
	}
	if (end == s.n || s.p[0] != '<') {
		return (false);
	}
	s = str_mem(s.p + 1, end - 1);
	colon = str_find(s, ':');
	return (str_eq(colon < s.n ? str_from_offset(s, colon + 1) : s,
	    STR("feedback")));
}
