/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "keystore/files.h"
#include "tools/sendmail_cf.h"

#define FILE_NAME	"sendmail.cf"
#define FILTERS		STR("InputMailFilters")

/* The next part of "a, b=c, d", without white space around it. */
static bool
next_part(struct str *rest, struct str *part_r)
{
	if (rest->n == 0) {
		return (false);
	}
	*part_r = str_first(*rest, str_find(*rest, ','));
	*rest = str_from_offset(*rest, part_r->n + 1);
	*part_r = str_trim_wsp(*part_r);
	return (true);
}

/* The value of "S=..." among the parts; absent: there is none. */
static struct str
find_equate(struct str parts, char letter)
{
	struct str part;
	size_t equals;

	while (next_part(&parts, &part)) {
		equals = str_find(part, '=');
		if (equals < part.n && str_eq(str_trim_wsp(str_first(part,
		    equals)), str_mem(&letter, 1))) {
			return (str_trim_wsp(str_from_offset(part,
			    equals + 1)));
		}
	}
	return (STR_NONE);
}

/* "unix:/path", "local:/path" and "/path" are the same. */
static bool
is_same_socket(struct str a, struct str b)
{
	struct str *both[] = { &a, &b };
	size_t i;

	for (i = 0; i < 2; i++) {
		if (str_starts_ci(*both[i], STR("unix:"))) {
			*both[i] = str_from_offset(*both[i], 5);
		} else if (str_starts_ci(*both[i], STR("local:"))) {
			*both[i] = str_from_offset(*both[i], 6);
		}
	}
	return (str_eq(a, b));
}

/* Whether "O InputMailFilters=..." has the name; the last one holds. */
static bool
is_used(struct str text, struct str name)
{
	struct str line, part;
	bool used = false;
	size_t equals;

	while (str_next(&text, '\n', &line)) {
		if (line.n < 2 || line.p[0] != 'O' || line.p[1] != ' ') {
			continue;
		}
		line = str_trim_wsp(str_from_offset(line, 2));
		equals = str_find(line, '=');
		if (!str_eq_ci(str_trim_wsp(str_first(line, equals)),
		    FILTERS)) {
			continue;
		}
		line = str_from_offset(line, equals + 1);
		used = false;
		while (next_part(&line, &part)) {
			used |= str_eq(part, name);
		}
	}
	return (used);
}

void
sendmail_cf_parse(struct sendmail_cf *cf, struct str text, struct str socket)
{
	struct str rest = text, line, name;

	*cf = (struct sendmail_cf){ .found = true };
	while (str_next(&rest, '\n', &line) && !cf->filters) {
		if (line.n == 0 || line.p[0] != 'X') {
			continue;
		}
		line = str_from_offset(line, 1);
		if (!next_part(&line, &name) ||
		    !is_same_socket(find_equate(line, 'S'), socket) ||
		    !is_used(text, name)) {
			continue;
		}
		cf->filters = true;
		cf->waits = str_find(find_equate(line, 'F'), 'T') <
		    find_equate(line, 'F').n;
	}
}

void
sendmail_cf_read(struct sendmail_cf *cf, const char *directory,
    struct str socket)
{
	int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct diag diag;
	struct buf text;

	*cf = (struct sendmail_cf){ .found = false };
	if (dir == -1) {
		return;
	}
	diag_init(&diag);
	buf_init(&text, SENDMAIL_CF_MAX_BYTES);
	if (files_read(dir, FILE_NAME, FILE_NAME, &text, NULL, &diag) ==
	    STATUS_OK) {
		sendmail_cf_parse(cf, buf_str(&text), socket);
	}
	buf_fini(&text);
	(void)close(dir);
}

struct str
sendmail_cf_line(struct arena *arena, struct str socket)
{
	return (arena_printf(arena, "INPUT_MAIL_FILTER(`mailseal',`S=%.*s,F=T,"
	    "T=S:30s;R:2m;E:5m')dnl", STR_FMT(socket)));
}
