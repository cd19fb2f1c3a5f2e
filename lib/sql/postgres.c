/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>

#include "sql/private.h"

#define UNIQUE_VIOLATION "23505"

struct postgres {
	PGconn	*conn;
};

static void
postgres_close(void *ctx)
{
	struct postgres *p = ctx;

	PQfinish(p->conn);
	free(p);
}

/* Sets diag to the first line of a message of libpq. */
static void
set_message(struct diag *diag, const char *text)
{
	struct str all = str_from(text);

	diag_set(diag, "postgres", 0, "%.*s",
	    STR_FMT(str_first(all, str_find(all, '\n'))));
}

/* Classes 08, 53, 57: shutdowns, timeouts; 40, 55: others hold a lock. */
static bool
is_temporary(const char *code)
{
	static const char *const classes[] = { "08", "40", "53", "55", "57" };
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strncmp(code, classes[i], 2) == 0) {
			return (true);
		}
	}
	return (false);
}

static enum status
set_error(const struct postgres *p, const PGresult *result, struct diag *diag)
{
	const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	set_message(diag, PQerrorMessage(p->conn));
	if (code != NULL && strcmp(code, UNIQUE_VIOLATION) == 0) {
		return (STATUS_LIMIT);
	}
	return (code == NULL || is_temporary(code) ? STATUS_TEMP : STATUS_IO);
}

/* A row may hold a private key, which libpq frees without zeroing it. A copy in
   its buffer cannot be reached and stays until the connection ends. */
static void
zero_row(PGresult *result)
{
	int k;

	for (k = 0; k < PQnfields(result); k++) {
		explicit_bzero(PQgetvalue(result, 0, k),
		    (size_t)PQgetlength(result, 0, k));
	}
}

static enum status
deliver_row(const PGresult *result, const struct sql_statement *statement)
{
	struct str v[SQL_COLUMNS_MAX];
	int k;

	for (k = 0; k < statement->columns; k++) {
		v[k] = PQgetisnull(result, 0, k) ? STR_NONE :
		    str_mem(PQgetvalue(result, 0, k),
		    (size_t)PQgetlength(result, 0, k));
	}
	return (statement->row(statement->ctx, v));
}

/* Copies with a NUL, for libpq. False: out of memory. */
static bool
make_values(const struct str *values, int n, char *copies[SQL_VALUES_MAX])
{
	int i;

	for (i = 0; i < n; i++) {
		copies[i] = NULL;
	}
	for (i = 0; i < n; i++) {
		if (values[i].p != NULL) {
			copies[i] = strndup(values[i].p, values[i].n);
			if (copies[i] == NULL) {
				return (false);
			}
		}
	}
	return (true);
}

static void
free_values(char *copies[SQL_VALUES_MAX], int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (copies[i] != NULL) {
			explicit_bzero(copies[i], strlen(copies[i]));
			free(copies[i]);
		}
	}
}

/* False: the server does not answer in time; libpq would wait forever. */
static bool
wait_for_answer(const struct postgres *p)
{
	struct pollfd fd = { .fd = PQsocket(p->conn), .events = POLLIN };
	int ready;

	while (PQisBusy(p->conn)) {
		do {
			ready = poll(&fd, 1, SQL_ANSWER_S * 1000);
		} while (ready == -1 && errno == EINTR);
		if (ready != 1 || PQconsumeInput(p->conn) != 1) {
			return (false);
		}
	}
	return (true);
}

static enum status
fail_no_answer(const struct postgres *p, struct diag *diag)
{
	set_message(diag, PQerrorMessage(p->conn)[0] != '\0' ?
	    PQerrorMessage(p->conn) : "the server does not answer");
	return (STATUS_TEMP);
}

/* Row by row, since a store may be large. Returns the first failure; the rest
   is read nevertheless, so that the next statement can be sent. */
static enum status
read_answer(const struct postgres *p, const struct sql_statement *statement,
    long *changed_r, struct diag *diag)
{
	enum status status = STATUS_OK;
	PGresult *result;

	for (;;) {
		if (!wait_for_answer(p)) {
			return (fail_no_answer(p, diag));
		}
		result = PQgetResult(p->conn);
		if (result == NULL) {
			return (status);
		}
		switch (PQresultStatus(result)) {
		case PGRES_SINGLE_TUPLE:
			if (status == STATUS_OK && statement->row != NULL) {
				status = deliver_row(result, statement);
			}
			zero_row(result);
			break;
		case PGRES_TUPLES_OK:		/* after the last row */
			break;
		case PGRES_COMMAND_OK:
			if (changed_r != NULL) {
				*changed_r = strtol(PQcmdTuples(result), NULL,
				    10);
			}
			break;
		default:
			status = status == STATUS_OK ?
			    set_error(p, result, diag) : status;
			break;
		}
		PQclear(result);
	}
}

static bool
postgres_is_current(void *ctx)
{
	(void)ctx;
	return (true);
}

static enum status
postgres_run(void *ctx, const struct sql_statement *statement,
    long *changed_r, struct diag *diag)
{
	struct postgres *p = ctx;
	char *copies[SQL_VALUES_MAX];
	enum status status = STATUS_NOMEM;
	int n = statement->values_n;

	if (!make_values(statement->values, n, copies)) {
		diag_set(diag, NULL, 0, "out of memory");
	} else if (PQsendQueryParams(p->conn, statement->text, n, NULL,
	    (const char *const *)copies, NULL, NULL, 0) != 1 ||
	    PQsetSingleRowMode(p->conn) != 1) {
		status = fail_no_answer(p, diag);
	} else {
		status = read_answer(p, statement, changed_r, diag);
	}
	free_values(copies, n);
	return (status);
}

/* libpq's message about an invalid conninfo may quote the password. */
static enum status
check_conninfo(const char *conninfo, struct diag *diag)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);

	if (options == NULL) {
		diag_set(diag, "postgres", 0, "the text after the colon is not "
		    "a conninfo such as \"host=db.example dbname=mailseal\"");
		return (STATUS_SYNTAX);
	}
	PQconninfoFree(options);
	return (STATUS_OK);
}

enum status
sql_open_postgres(const char *conninfo, struct sql **r, struct diag *diag)
{
	static const struct sql_ops ops = { postgres_close, postgres_run,
		postgres_is_current, "BEGIN" };
	/* The values in conninfo come last and take precedence. */
	static const char *const names[] = { "connect_timeout",
		"tcp_user_timeout", "application_name", "options",
		"client_encoding", "dbname", NULL };
	char connect_s[SQL_NUMBER_BYTES];
	const char *const values[] = { connect_s, "5000", "mailseal",
		"-c lock_timeout=5000", "UTF8", conninfo, NULL };
	struct postgres *p;

	*r = NULL;
	if (check_conninfo(conninfo, diag) != STATUS_OK) {
		return (STATUS_SYNTAX);
	}
	p = calloc(1, sizeof(*p));
	if (p == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	(void)sql_number(connect_s, SQL_CONNECT_S);
	p->conn = PQconnectdbParams(names, values, 1);
	if (PQstatus(p->conn) != CONNECTION_OK) {
		set_message(diag, p->conn != NULL ? PQerrorMessage(p->conn) :
		    "out of memory");
		postgres_close(p);
		return (STATUS_TEMP);
	}
	return (sql_new(&ops, p, r, diag));
}
