/* SPDX-License-Identifier: BSD-2-Clause */
#include "postfix/config.h"

struct str
postfix_value(struct str text, const char *name)
{
	struct str line;
	size_t at;

	while (str_next(&text, '\n', &line)) {
		at = str_find(line, '=');
		if (at < line.n && str_eq(str_trim_wsp(str_first(line, at)),
		    str_from(name))) {
			line = str_trim_wsp(str_from_offset(line, at + 1));
			return (line.n > 0 ? line : STR(""));
		}
	}
	return (STR_NONE);
}

bool
postfix_word(struct str *rest, struct str *word_r)
{
	struct str s = *rest;
	size_t n;

	while (s.n > 0 && (s.p[0] == ',' || char_is_fws(s.p[0]))) {
		s = str_from_offset(s, 1);
	}
	for (n = 0; n < s.n && s.p[n] != ',' && !char_is_fws(s.p[n]); n++) {
		continue;
	}
	*word_r = str_first(s, n);
	*rest = str_from_offset(s, n);
	return (n > 0);
}

bool
postfix_has_word(struct str list, const char *word)
{
	struct str one;

	while (postfix_word(&list, &one)) {
		if (str_eq(one, str_from(word))) {
			return (true);
		}
	}
	return (false);
}

static bool
find_command(struct str word, enum postfix_command *command_r)
{
	static const char *const names[] = {
		[POSTFIX_SMTPD] = "smtpd", [POSTFIX_CLEANUP] = "cleanup",
		[POSTFIX_POSTSCREEN] = "postscreen"
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_eq(word, str_from(names[i]))) {
			*command_r = (enum postfix_command)i;
			return (true);
		}
	}
	return (false);
}

/* The words of a line, without commas' help: a name may have one. */
static bool
next_column(struct str *rest, struct str *word_r)
{
	size_t n = 0;

	*rest = str_trim_wsp(*rest);
	while (n < rest->n && !char_is_wsp(rest->p[n])) {
		n++;
	}
	*word_r = str_first(*rest, n);
	*rest = str_from_offset(*rest, n);
	return (n > 0);
}

/* So it was before Postfix 3.0. */
bool
postfix_chroots(struct str level)
{
	return (str_eq(str_first(level, str_find(level, '.')), STR("0")));
}

size_t
postfix_read_services(struct str text, bool chroots,
    struct postfix_service *v, size_t max)
{
	/* With private, unprivileged, wakeup and limit in between. */
	enum { NAME, TYPE, CHROOT = 4, COMMAND = 7, COLUMNS };
	struct str line, columns[COLUMNS];
	enum postfix_command command;
	size_t i, n = 0;

	while (str_next(&text, '\n', &line)) {
		for (i = 0; i < COLUMNS && next_column(&line, &columns[i]);
		    i++) {
			continue;
		}
		if (i < COLUMNS || !find_command(columns[COMMAND],
		    &command)) {
			continue;
		}
		if (n < max) {
			v[n] = (struct postfix_service){
				.name = columns[NAME], .type = columns[TYPE],
				.command = command,
				.chroot = str_eq(columns[CHROOT], STR("y")) ||
				    (chroots && str_eq(columns[CHROOT],
				    STR("-"))) };
		}
		n++;
	}
	return (n);
}

static void
set_override(struct postfix_service *s, struct str name, struct str value)
{
	size_t i;

	if (str_eq(name, STR("smtpd_milters"))) {
		s->milters = value;
	} else if (str_eq(name, STR("content_filter"))) {
		s->filter = value;
	} else if (str_eq(name, STR("receive_override_options"))) {
		s->receive = value;
	} else if (str_eq(name, STR("smtpd_tls_wrappermode"))) {
		s->wrapped = str_eq_ci(value, STR("yes"));
	}
	for (i = 0; i < POSTFIX_GUARDS_N; i++) {
		if (str_eq(name, str_from(postfix_guard_name(
		    (enum postfix_guard)i)))) {
			s->guards[i] = value;
		}
	}
}

/* "submission/inet/smtpd_milters = value"; the name may have slashes. */
void
postfix_read_overrides(struct str text, bool expanded,
    struct postfix_service *v, size_t n)
{
	struct str line, left, name, value;
	size_t equals, slash, type, i;

	while (str_next(&text, '\n', &line)) {
		equals = str_find(line, '=');
		left = str_trim_wsp(str_first(line, equals));
		value = str_trim_wsp(str_from_offset(line, equals + 1));
		value = value.n > 0 ? value : STR("");
		slash = str_rfind(left, '/');
		name = str_from_offset(left, slash + 1);
		left = str_first(left, slash);
		type = str_rfind(left, '/');
		for (i = 0; i < n; i++) {
			if (!str_eq(v[i].name, str_first(left, type)) ||
			    !str_eq(v[i].type, str_from_offset(left, type +
			    1))) {
				continue;
			}
			if (expanded) {
				set_override(&v[i], name, value);
			} else if (str_eq(name, STR("smtpd_milters"))) {
				v[i].milters_raw = value;
			}
		}
	}
}
