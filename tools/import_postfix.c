/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of milters for Postfix, with ours in place of the old ones. */
#include <stdio.h>

#include "tools/import.h"

#define LINE_BYTES	4096
#define SPOOL		"/var/spool/postfix/"

/* The command is ours, so a shell does no harm. */
const char *
import_postconf(struct import *im, const char *name)
{
	char command[128], line[LINE_BYTES] = "";
	FILE *f;
	bool ok;

	(void)snprintf(command, sizeof(command), "PATH=$PATH:/usr/sbin:/sbin "
	    "postconf -h %s 2>/dev/null", name);
	f = popen(command, "r");
	if (f == NULL) {
		return (NULL);
	}
	ok = fgets(line, sizeof(line), f) != NULL;
	ok = pclose(f) == 0 && ok;
	line[strcspn(line, "\r\n")] = '\0';
	return (ok ? arena_cstr(&im->arena, str_from(line)) : NULL);
}

/* "inet:port@host" as "inet:host:port"; a socket in its queue directory by the
   path that Postfix has for it in a chroot and out of it. */
static struct str
as_postfix(struct import *im, struct str socket)
{
	size_t colon = str_find(socket, ':');
	struct str type = str_first(socket, colon), host, port;
	struct str rest = str_from_offset(socket, colon + 1);

	if (str_starts_ci(type, STR("inet"))) {
		size_t at = str_find(rest, '@');

		port = str_first(rest, at);
		host = str_from_offset(rest, at + 1);
		return (arena_printf(&im->arena, "%.*s:%.*s:%.*s",
		    STR_FMT(type), STR_FMT(host.n > 0 ? host :
		    STR("localhost")), STR_FMT(port)));
	}
	if (socket.n > 0 && socket.p[0] == '/') {
		rest = socket;
	}
	if (str_starts(rest, STR(SPOOL))) {
		rest = str_from_offset(rest, sizeof(SPOOL) - 1);
	}
	return (arena_printf(&im->arena, "unix:%.*s", STR_FMT(rest)));
}

static bool
is_here(struct str host)
{
	return (str_eq_ci(host, STR("localhost")) ||
	    str_eq(host, STR("127.0.0.1")) || str_eq(host, STR("[::1]")) ||
	    str_eq(host, STR("::1")));
}

/* Two of Postfix's forms. Paths may differ by the chroot. */
static bool
is_same(struct str a, struct str b)
{
	size_t i = str_rfind(a, ':'), k = str_rfind(b, ':');
	struct str path_a = str_from_offset(a, str_find(a, ':') + 1);
	struct str path_b = str_from_offset(b, str_find(b, ':') + 1);

	if (str_starts_ci(a, STR("inet")) && str_starts_ci(b, STR("inet"))) {
		struct str host_a = str_first(path_a, i - 5);
		struct str host_b = str_first(path_b, k - 5);

		return (i >= 5 && k >= 5 && str_eq(str_from_offset(a, i),
		    str_from_offset(b, k)) && (str_eq_ci(host_a, host_b) ||
		    (is_here(host_a) && is_here(host_b))));
	}
	if (str_starts_ci(a, STR("inet")) || str_starts_ci(b, STR("inet"))) {
		return (false);
	}
	if (path_a.n > 0 && path_a.p[0] == '/' &&
	    (path_b.n == 0 || path_b.p[0] != '/')) {
		return (str_ends_ci(path_a, path_b) && path_b.n > 0);
	}
	if (path_b.n > 0 && path_b.p[0] == '/' && path_a.n > 0 &&
	    path_a.p[0] != '/') {
		return (str_ends_ci(path_b, path_a));
	}
	return (str_eq(path_a, path_b));
}

/* Whether it is the socket of a program that was imported. */
static bool
is_old(struct import *im, struct str item)
{
	enum import_program program;

	for (program = 0; program < IMPORT_POLICYD; program++) {
		const struct import_given *given = import_get(im, program,
		    "Socket");

		if (given != NULL && is_same(item, as_postfix(im,
		    given->value))) {
			return (true);
		}
	}
	return (false);
}

static bool
is_separator(char c)
{
	return (c == ',' || char_is_wsp(c));
}

struct str
import_milters(struct import *im, const char *now)
{
	struct str ours = as_postfix(im, import_setting(im, "Socket"));
	struct str rest = str_from(now), item, result;
	bool placed = false;
	struct buf b;
	size_t n;

	buf_init(&b, LINE_BYTES);
	while (rest.n > 0) {
		for (n = 0; n < rest.n && !is_separator(rest.p[n]); n++) {
			continue;
		}
		item = str_first(rest, n);
		rest = str_from_offset(rest, n + 1);
		if (item.n == 0 || (is_old(im, item) && placed)) {
			continue;
		}
		placed = placed || is_old(im, item) || is_same(item, ours);
		buf_printf(&b, "%s%.*s", b.n > 0 ? ", " : "",
		    STR_FMT(is_old(im, item) ? ours : item));
	}
	if (!placed) {
		buf_printf(&b, "%s%.*s", b.n > 0 ? ", " : "", STR_FMT(ours));
	}
	result = arena_dup(&im->arena, buf_str(&b));
	import_fail(im, b.status);
	buf_fini(&b);
	return (result);
}
