/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands that add fields to a message share. */
#include "mail/domain.h"
#include "mail/field.h"
#include "tools/added.h"

bool
added_domain(struct arena *arena, const char *text, struct str *r)
{
	if (domain_normalize(arena, str_from(text), r) != STATUS_OK) {
		(void)cli_fail("%s: not a domain name", text);
		return (false);
	}
	return (true);
}

bool
added_names_take(struct added_names *list, const char *option,
    const char *value)
{
	struct str rest = str_from(value), name;

	list->given = true;
	list->n = 0;
	while (rest.n > 0 && str_next(&rest, ':', &name)) {
		name = str_trim_wsp(name);
		/* A semicolon would end the h= (RFC 6376 3.5). */
		if (!field_name_is_valid(name) ||
		    str_find(name, ';') < name.n) {
			(void)cli_fail("--%s: \"%.*s\" is not the name of a "
			    "header field", option, STR_FMT(name));
			return (false);
		}
		if (list->n == ADDED_MAX_NAMES) {
			(void)cli_fail("--%s: too many names", option);
			return (false);
		}
		list->v[list->n++] = name;
	}
	return (true);
}

void
added_names_set(struct added_names *list, struct conf_strings *r)
{
	if (list->given) {
		r->v = list->v;
		r->n = list->n;
	}
}

bool
added_has_crlf(struct str text)
{
	size_t lf = str_find(text, '\n');

	return (lf < text.n && lf > 0 && text.p[lf - 1] == '\r');
}

static void
print_lines(struct str text, bool crlf)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (crlf || text.p[i] != '\r') {
			(void)putchar(text.p[i]);
		}
	}
}

void
added_print(const char *name, struct str value, bool crlf)
{
	(void)printf("%s:", name);
	print_lines(value, crlf);
	print_lines(STR("\r\n"), crlf);
}
