/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/bounce.h"

/* RFC 3464 2.1, RFC 6533 4: both hold plain lines, never encoded ones. */
static bool
is_status_part(struct str type)
{
	static const struct str types[] = { { "message/delivery-status", 23 },
		{ "message/global-delivery-status", 30 } };

	type = str_trim_wsp(str_first(type, str_find(type, ';')));
	return (str_list_has_ci(types, sizeof(types) / sizeof(types[0]),
	    type));
}

/* The value of a field of that name in this line; absent: another line. */
static struct str
field_value(struct str line, struct str name)
{
	if (!str_starts_ci(line, name)) {
		return (STR_NONE);
	}
	line = str_trim_wsp(str_from_offset(line, name.n));
	if (line.n == 0 || line.p[0] != ':') {
		return (STR_NONE);
	}
	return (str_trim_wsp(str_from_offset(line, 1)));
}

/* Removes the next line without its end. */
static bool
next_line(struct str *rest, struct str *line_r)
{
	if (!str_next(rest, '\n', line_r)) {
		return (false);
	}
	if (line_r->n > 0 && line_r->p[line_r->n - 1] == '\r') {
		line_r->n--;
	}
	return (true);
}

enum bounce
bounce_read(struct str mail)
{
	struct str rest = str_first(mail, BOUNCE_MAX_BYTES), line, value;
	enum bounce bounce = BOUNCE_NONE;
	bool in_part = false;

	while (next_line(&rest, &line)) {
		if (str_starts(line, STR("--")) && in_part) {
			break;	/* the end of the part: what follows is the
				   mail that was returned */
		}
		value = field_value(line, STR("Content-Type"));
		in_part |= value.p != NULL && is_status_part(value);
		value = field_value(line, STR("Action"));
		if (!in_part || value.p == NULL) {
			continue;
		}
		if (str_eq_ci(str_first(value, sizeof("failed") - 1),
		    STR("failed"))) {
			return (BOUNCE_FAILED);
		}
		bounce = BOUNCE_DELAYED;
	}
	return (bounce);
}
