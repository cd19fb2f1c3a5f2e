/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dsn: data sets:
 *
 *	dsn:backend://[user[:password]@][port+]host/database[/key=value[?...]]
 *
 * with the keys table, keycol and datacol. PostgreSQL is asked once; for other
 * databases, and whenever that fails, the comment has the query. Names of
 * tables and columns are put into the query only if they are plain words.
 */
#include <libpq-fe.h>

#include "tools/import.h"

#define ROWS_BYTES	(16 * 1024 * 1024)

struct dsn {
	struct str	 backend, user, password, port, host, database;
	struct str	 table, key_column, data_columns;
};

static struct str
cut_part(struct str *rest, char at)
{
	size_t i = str_find(*rest, at);
	struct str part = str_first(*rest, i);

	*rest = str_from_offset(*rest, i + 1);
	return (part);
}

static void
split_authority(struct str s, struct dsn *d)
{
	size_t at = str_rfind(s, '@');

	if (at < s.n) {
		d->password = str_first(s, at);
		d->user = cut_part(&d->password, ':');
		s = str_from_offset(s, at + 1);
	}
	if (str_find(s, '+') < s.n) {
		d->port = cut_part(&s, '+');
	}
	d->host = s;
}

static bool
parse_dsn(struct str value, struct dsn *d)
{
	struct str rest = str_from_offset(value, str_find(value, ':') + 1);
	struct str pair, name;

	*d = (struct dsn){ .backend = cut_part(&rest, ':') };
	if (!str_starts(rest, STR("//"))) {
		return (false);
	}
	rest = str_from_offset(rest, 2);
	split_authority(cut_part(&rest, '/'), d);
	d->database = cut_part(&rest, '/');
	while (rest.n > 0) {
		pair = cut_part(&rest, '?');
		name = cut_part(&pair, '=');
		if (str_eq_ci(name, STR("table"))) {
			d->table = pair;
		} else if (str_eq_ci(name, STR("keycol"))) {
			d->key_column = pair;
		} else if (str_eq_ci(name, STR("datacol"))) {
			d->data_columns = pair;
		}
	}
	return (d->table.n > 0 && d->key_column.n > 0 &&
	    d->data_columns.n > 0);
}

/* Letters, digits, "_" and "."; commas between several. */
static bool
is_plain(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = char_lower(s.p[i]);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' &&
		    c != '.' && c != ',') {
			return (false);
		}
	}
	return (s.n > 0);
}

static struct str
make_query(struct import *im, const struct dsn *d)
{
	return (arena_printf(&im->arena, "SELECT %.*s, %.*s FROM %.*s",
	    STR_FMT(d->key_column), STR_FMT(d->data_columns),
	    STR_FMT(d->table)));
}

/* A private key may be PEM: one line of it is as good. */
static void
add_value(struct buf *b, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value != '\n' && *value != '\r') {
			buf_add_char(b, *value);
		}
	}
}

/* The rows, as "key value:value". */
static void
add_rows(struct buf *b, const PGresult *rows)
{
	int row, column;

	for (row = 0; row < PQntuples(rows); row++) {
		for (column = 0; column < PQnfields(rows); column++) {
			buf_add_cstr(b, column == 0 ? "" : column == 1 ? " " :
			    ":");
			add_value(b, PQgetvalue(rows, row, column));
		}
		buf_add_char(b, '\n');
	}
}

static PGconn *
connect_to(struct import *im, const struct dsn *d)
{
	static const char *const names[] = { "host", "port", "dbname", "user",
		"password", "connect_timeout", "options", NULL };
	const char *values[] = { arena_cstr(&im->arena, d->host),
		arena_cstr(&im->arena, d->port),
		arena_cstr(&im->arena, d->database),
		arena_cstr(&im->arena, d->user),
		arena_cstr(&im->arena, d->password), "10",
		"-c statement_timeout=10000", NULL };

	return (PQconnectdbParams(names, values, 0));
}

static bool
ask_postgres(struct import *im, const struct dsn *d, const char *query,
    struct str *text_r, const char **why_r)
{
	PGconn *conn = connect_to(im, d);
	PGresult *rows = PQstatus(conn) == CONNECTION_OK ?
	    PQexec(conn, query) : NULL;
	struct buf text;
	bool ok = false;

	buf_init(&text, ROWS_BYTES);
	if (rows != NULL && PQresultStatus(rows) == PGRES_TUPLES_OK) {
		add_rows(&text, rows);
		*text_r = arena_dup(&im->arena, buf_str(&text));
		ok = text.status == STATUS_OK && text_r->p != NULL;
		*why_r = "it has too many rows";
	} else {
		struct str all = str_from(PQerrorMessage(conn));

		*why_r = import_shown(im, arena_printf(&im->arena,
		    "%.*s: run import where the database answers, or write "
		    "the rows of \"%s\" to a file",
		    STR_FMT(str_first(all, str_find(all, '\n'))), query));
	}
	buf_fini_secret(&text);
	PQclear(rows);
	PQfinish(conn);
	return (ok);
}

bool
import_sql(struct import *im, const struct import_given *given,
    struct str *text_r, const char **why_r)
{
	struct str query, why;
	struct dsn d;

	*text_r = STR_NONE;
	*why_r = "such a data set needs table, keycol and datacol";
	if (!parse_dsn(given->value, &d)) {
		return (false);
	}
	query = make_query(im, &d);
	if (query.p == NULL) {
		import_fail(im, STATUS_NOMEM);
		return (false);
	}
	if ((str_eq_ci(d.backend, STR("pgsql")) ||
	    str_eq_ci(d.backend, STR("postgres"))) && is_plain(d.table) &&
	    is_plain(d.key_column) && is_plain(d.data_columns)) {
		return (ask_postgres(im, &d, query.p, text_r, why_r));
	}
	why = arena_printf(&im->arena, "this database is not asked here: write "
	    "each row of \"%s\" as a line, \"%s\", to a file, and name it",
	    import_shown(im, query), "key value:value");
	*why_r = why.p != NULL ? why.p : "out of memory";
	return (false);
}
