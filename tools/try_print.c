/* SPDX-License-Identifier: BSD-2-Clause */
/* What mailseal try says: the reply, each change, and the message then. */
#include "config.h"

#include <sys/types.h>

#include <errno.h>
#include <libmilter/mfdef.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "engine/mark.h"
#include "tools/try.h"

#define SHOWN_MAX_BYTES	300

enum kind { ADDED, CHANGED, DELETED, ENVELOPE };

static enum kind
kind_of(const struct edit_note *n)
{
	switch (n->type) {
	case SMFIR_ADDHEADER:
	case SMFIR_INSHEADER:
		return (ADDED);
	case SMFIR_CHGHEADER:
		return (n->deleted ? DELETED : CHANGED);
	default:
		return (ENVELOPE);
	}
}

static const char *
envelope_change(char type)
{
	switch (type) {
	case SMFIR_ADDRCPT:
	case SMFIR_ADDRCPT_PAR:
		return ("add recipient");
	case SMFIR_DELRCPT:
		return ("delete recipient");
	default:
		return ("change sender");
	}
}

static bool
is_refused(const struct player_result *r)
{
	return (r->verdict == PLAYER_REJECT || r->verdict == PLAYER_TEMPFAIL);
}

static const char *
action_name(const struct player_result *r, const struct edit *e)
{
	return (r->verdict == PLAYER_ACCEPT && e->quarantine.p != NULL ?
	    "quarantine" : player_verdict_name(r->verdict));
}

/* The milter left a message alone that has the mark of mail from outside
   (engine/mark.h). */
static bool
is_returned(const struct player_result *r, const struct edit *e)
{
	const struct str head = ENGINE_MARK_HEAD;
	size_t i;

	for (i = 0; i < e->fields.n && e->n == 0 &&
	    r->verdict == PLAYER_ACCEPT; i++) {
		const struct field *f = &e->fields.v[i];

		if (str_eq_ci(f->name, STR("Authentication-Results")) &&
		    memmem(f->value.p, f->value.n, head.p, head.n) != NULL) {
			return (true);
		}
	}
	return (false);
}

static json_t *
json_note(const struct edit_note *n, enum kind kind)
{
	switch (kind) {
	case ADDED:
	case CHANGED:
		return (json_pack("{s:I, s:o, s:o}",
		    "index", (json_int_t)n->index,
		    "name", cli_json_text(n->name),
		    "value", cli_json_text(n->value)));
	case DELETED:
		return (json_pack("{s:o, s:I}", "name",
		    cli_json_text(n->name), "index", (json_int_t)n->index));
	case ENVELOPE:
		return (json_pack("{s:s, s:o, s:o}",
		    "change", envelope_change(n->type),
		    "address", cli_json_text(n->name),
		    "parameters", cli_json_text(n->value)));
	}
	return (NULL);
}

static json_t *
json_notes(const struct edit *e, enum kind kind)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < e->n; i++) {
		if (kind_of(&e->v[i]) == kind && json_array_append_new(list,
		    json_note(&e->v[i], kind)) == -1) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static bool
print_json(const struct player_result *r, const struct edit *e,
    struct str message)
{
	return (cli_json_print(json_pack(
	    "{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:o}",
	    "reply", cli_json_cstr(r->reply), "action", action_name(r, e),
	    "stage", player_stage_name(r->stage),
	    "added", json_notes(e, ADDED),
	    "changed", json_notes(e, CHANGED),
	    "deleted", json_notes(e, DELETED),
	    "envelope", json_notes(e, ENVELOPE),
	    "body_replaced", e->new_body.n > 0,
	    "returned", is_returned(r, e),
	    "quarantine", cli_json_text(e->quarantine),
	    "message", cli_json_text(message))));
}

/* On one line: each run of white space is one space. */
static void
add_unfolded(struct buf *out, struct str value)
{
	size_t i;
	bool space = false;

	for (i = 0; i < value.n; i++) {
		if (char_is_wsp(value.p[i]) || value.p[i] == '\r' ||
		    value.p[i] == '\n') {
			space = true;
			continue;
		}
		if (space) {
			buf_add_char(out, ' ');
		}
		buf_add_char(out, value.p[i]);
		space = false;
	}
}

static void
show_field(const char *label, struct str name, struct str value)
{
	struct buf line, text;

	buf_init(&line, 2 * PLAYER_REPLY_MAX_BYTES);
	buf_init(&text, 8 * SHOWN_MAX_BYTES);
	buf_add_str(&line, name);
	if (value.n > 0) {
		buf_add_cstr(&line, ": ");
		add_unfolded(&line, value);
	}
	escape_text(&text, buf_str(&line), SHOWN_MAX_BYTES);
	(void)printf("%-10s %s\n", label, text.p != NULL ? text.p : "");
	buf_fini(&line);
	buf_fini(&text);
}

static void
show_note(const struct edit_note *n)
{
	switch (kind_of(n)) {
	case ADDED:
		show_field("added", n->name, n->value);
		break;
	case CHANGED:
		show_field("changed", n->name, n->value);
		break;
	case DELETED:
		show_field("deleted", n->name, STR_NONE);
		break;
	case ENVELOPE:
		show_field(envelope_change(n->type), n->name, n->value);
		break;
	}
}

/* With the line ends of the message that was given. */
static void
put_message(FILE *out, struct str message, struct str given)
{
	size_t i, lf = str_find(given, '\n');
	bool crlf = lf < given.n && lf > 0 && given.p[lf - 1] == '\r';

	for (i = 0; i < message.n; i++) {
		if (crlf || message.p[i] != '\r' || i + 1 == message.n ||
		    message.p[i + 1] != '\n') {
			(void)putc(message.p[i], out);
		}
	}
}

static bool
write_message(const char *path, struct str message, struct str given)
{
	FILE *out = fopen(path, "w");
	bool ok = false;

	if (out != NULL) {
		put_message(out, message, given);
		ok = ferror(out) == 0;
		ok = fclose(out) == 0 && ok;
	}
	if (!ok) {
		(void)cli_fail("%s: %s", path, strerror(errno));
	}
	return (ok);
}

static bool
print_text(const struct player_result *r, const struct edit *e,
    struct str message, struct str given)
{
	size_t i;

	show_field("reply", str_from(r->reply), STR_NONE);
	show_field("action", str_from(action_name(r, e)), STR_NONE);
	if (is_returned(r, e)) {
		show_field("direction", STR("returned"), STR_NONE);
	}
	for (i = 0; i < e->n; i++) {
		show_note(&e->v[i]);
	}
	if (e->quarantine.p != NULL) {
		show_field("quarantine", e->quarantine, STR_NONE);
	}
	if (message.p != NULL) {
		(void)putchar('\n');
		put_message(stdout, message, given);
	}
	return (cli_flush());
}

/* The report, and the message behind it or in its file. */
static bool
print_all(const struct player_result *r, const struct edit *e,
    struct str message, struct str given, const struct try_output *to)
{
	if (to->path != NULL) {
		if (message.p != NULL &&
		    !write_message(to->path, message, given)) {
			return (false);
		}
		message = STR_NONE;
	}
	return (to->json ? print_json(r, e, message) :
	    print_text(r, e, message, given));
}

int
try_print(const struct player_result *r, const struct edit *e,
    struct str given, const struct try_output *to)
{
	struct str message = STR_NONE;
	struct buf out;
	int result = CLI_USAGE;

	buf_init(&out, 2 * CLI_MESSAGE_MAX_BYTES);
	if (!is_refused(r) && r->verdict != PLAYER_DISCARD) {
		edit_write(e, &out);
		message = buf_str(&out);
	}
	if (out.status != STATUS_OK) {
		(void)cli_fail("the message: %s", status_text(out.status));
	} else if (print_all(r, e, message, given, to)) {
		result = is_refused(r) ? CLI_NO : CLI_YES;
	}
	buf_fini(&out);
	return (result);
}
