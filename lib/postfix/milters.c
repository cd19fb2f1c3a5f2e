/* SPDX-License-Identifier: BSD-2-Clause */
#include "postfix/milters.h"

static bool
is_separator(char c)
{
	return (c == ',' || char_is_fws(c));
}

bool
milters_is_plain(struct str list)
{
	bool open = false;
	size_t i;

	for (i = 0; i < list.n; i++) {
		switch (list.p[i]) {
		case '{':
			if (open || (i > 0 && list.p[i - 1] == '$')) {
				return (false);
			}
			open = true;
			break;
		case '}':
			if (!open) {
				return (false);
			}
			open = false;
			break;
		case '$':
			if (open || (i + 1 < list.n &&
			    (list.p[i + 1] == '(' || list.p[i + 1] == '$'))) {
				return (false);
			}
			break;
		default:
			break;
		}
	}
	return (!open);
}

bool
milters_next(struct str *rest, struct str *item_r)
{
	struct str s = *rest;
	size_t n = 0;

	while (s.n > 0 && is_separator(s.p[0])) {
		s = str_from_offset(s, 1);
	}
	if (s.n == 0) {
		return (false);
	}
	if (s.p[0] == '{') {
		n = str_find(s, '}');
		n += n < s.n;
	} else {
		while (n < s.n && !is_separator(s.p[n])) {
			n++;
		}
	}
	*item_r = str_first(s, n);
	*rest = str_from_offset(s, n);
	return (true);
}

/* The socket of "inet:..." or "{ inet:..., option = value }". */
static struct str
item_socket(struct str item)
{
	size_t n = 0;

	if (item.n == 0 || item.p[0] != '{') {
		return (item);
	}
	item = str_trim_fws(str_from_offset(item, 1));
	while (n < item.n && !is_separator(item.p[n]) && item.p[n] != '}') {
		n++;
	}
	return (str_first(item, n));
}

/* The path of "unix:" or "local:"; false: neither. */
static bool
unix_path(struct str socket, struct str queue, struct str *dir_r,
    struct str *path_r)
{
	size_t n = str_find(socket, ':');

	if (!str_eq_ci(str_first(socket, n), STR("unix")) &&
	    !str_eq_ci(str_first(socket, n), STR("local"))) {
		return (false);
	}
	*path_r = str_from_offset(socket, n + 1);
	*dir_r = path_r->n > 0 && path_r->p[0] == '/' ? STR("") : queue;
	return (true);
}

/* Whether dir "/" path is the same name, in two pieces each. */
static bool
is_same_path(struct str da, struct str pa, struct str db, struct str pb)
{
	if (da.n == db.n) {
		return (str_eq(pa, pb));
	}
	if (da.n == 0) {
		return (is_same_path(db, pb, da, pa));
	}
	return (pb.n > da.n && str_starts(pb, da) && pb.p[da.n] == '/' &&
	    str_eq(str_from_offset(pb, da.n + 1), pa));
}

/* "inet:host:port" as host and port. */
static bool
inet_parts(struct str socket, struct str *host_r, struct str *port_r)
{
	size_t n = str_find(socket, ':'), last;

	if (!str_eq_ci(str_first(socket, n), STR("inet"))) {
		return (false);
	}
	socket = str_from_offset(socket, n + 1);
	last = str_rfind(socket, ':');
	*host_r = last < socket.n ? str_first(socket, last) : STR("");
	*port_r = last < socket.n ? str_from_offset(socket, last + 1) :
	    socket;
	if (host_r->n == 0 || str_eq_ci(*host_r, STR("localhost"))) {
		*host_r = STR("127.0.0.1");
	}
	return (true);
}

bool
milters_same(struct str a, struct str b, struct str queue)
{
	struct str da, pa, db, pb;

	if (unix_path(a, queue, &da, &pa)) {
		return (unix_path(b, queue, &db, &pb) &&
		    is_same_path(da, pa, db, pb));
	}
	if (inet_parts(a, &da, &pa)) {
		return (inet_parts(b, &db, &pb) && str_eq_ci(da, db) &&
		    str_eq(pa, pb));
	}
	return (str_eq(a, b));
}

bool
milters_has(struct str list, struct str socket, struct str queue)
{
	struct str item;

	while (milters_next(&list, &item)) {
		if (milters_same(item_socket(item), socket, queue)) {
			return (true);
		}
	}
	return (false);
}

size_t
milters_others(struct str list, struct str socket, struct str queue)
{
	struct str item;
	size_t n = 0;

	while (milters_next(&list, &item)) {
		n += !milters_same(item_socket(item), socket, queue);
	}
	return (n);
}

/* "{ inet:a:1, b=c }" as "{inet:a:1,b=c}". */
static void
add_tight(struct buf *out, struct str item)
{
	bool first = true;
	struct str part;

	if (item.n < 2 || item.p[0] != '{') {
		buf_add_str(out, item);
		return;
	}
	item = str_mem(item.p + 1, item.n - 2);
	buf_add_char(out, '{');
	while (milters_next(&item, &part)) {
		buf_add_cstr(out, first ? "" : ",");
		buf_add_str(out, part);
		first = false;
	}
	buf_add_char(out, '}');
}

static void
add_item(struct buf *out, bool *first, struct str item, bool tight)
{
	buf_add_cstr(out, *first ? "" : tight ? "," : ", ");
	*first = false;
	if (tight) {
		add_tight(out, item);
	} else {
		buf_add_str(out, item);
	}
}

/* The milters of the list, but those that have the socket (absent: none). One
   more (absent: none) takes the place of the first of them, or the last. */
static void
join_milters(struct buf *out, struct str list, struct str socket,
    struct str queue, struct str more, bool tight)
{
	struct str item;
	bool first = true;

	while (milters_next(&list, &item)) {
		if (socket.p == NULL || !milters_same(item_socket(item),
		    socket, queue)) {
			add_item(out, &first, item, tight);
		} else if (more.p != NULL) {
			add_item(out, &first, more, tight);
			more = STR_NONE;
		}
	}
	if (more.p != NULL) {
		add_item(out, &first, more, tight);
	}
}

void
milters_append(struct buf *out, struct str list, struct str item)
{
	list = str_trim_fws(list);
	while (list.n > 0 && is_separator(list.p[list.n - 1])) {
		list.n--;
	}
	/* printf would end at a NUL. */
	buf_add_str(out, list);
	buf_add_cstr(out, list.n > 0 ? ", " : "");
	buf_add_str(out, item);
}

void
milters_append_tight(struct buf *out, struct str list, struct str item)
{
	join_milters(out, list, STR_NONE, STR_NONE, item, true);
}

void
milters_remove(struct buf *out, struct str list, struct str socket,
    struct str queue, bool tight)
{
	join_milters(out, list, socket, queue, STR_NONE, tight);
}

void
milters_replace(struct buf *out, struct str list, struct str socket,
    struct str queue, struct str item, bool tight)
{
	join_milters(out, list, socket, queue, item, tight);
}

/* "PORT@HOST" */
static bool
add_inet(struct buf *out, struct str rest, bool v6)
{
	size_t at = str_find(rest, '@');
	struct str port = str_first(rest, at);
	struct str host = str_from_offset(rest, at + 1);

	if (port.n == 0) {
		return (false);
	}
	if (host.n == 0) {
		host = v6 ? STR("::1") : STR("127.0.0.1");
	}
	if (str_find(host, ':') < host.n && host.p[0] != '[') {
		buf_printf(out, "inet:[%.*s]:%.*s", STR_FMT(host),
		    STR_FMT(port));
	} else {
		buf_printf(out, "inet:%.*s:%.*s", STR_FMT(host),
		    STR_FMT(port));
	}
	return (true);
}

bool
milters_from_socket(struct buf *out, struct str socket, struct str queue)
{
	size_t n = str_find(socket, ':');
	struct str kind = str_first(socket, n), dir, path;

	if (socket.n > 0 && socket.p[0] == '/') {
		kind = STR("unix");
		path = socket;
	} else if (unix_path(socket, STR(""), &dir, &path)) {
		kind = STR("unix");
	} else {
		return ((str_eq_ci(kind, STR("inet")) ||
		    str_eq_ci(kind, STR("inet6"))) && n < socket.n &&
		    add_inet(out, str_from_offset(socket, n + 1),
		    str_eq_ci(kind, STR("inet6"))));
	}
	if (path.n == 0 || path.p[0] != '/') {
		return (false);
	}
	if (queue.n > 0 && path.n > queue.n + 1 && str_starts(path, queue) &&
	    path.p[queue.n] == '/') {
		path = str_from_offset(path, queue.n + 1);
	}
	buf_printf(out, "unix:%.*s", STR_FMT(path));
	return (true);
}
