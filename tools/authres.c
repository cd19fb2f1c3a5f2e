/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal authres: one Authentication-Results field, taken apart. */
#include <stdio.h>

#include "authres/authres.h"
#include "base/escape.h"
#include "tools/mailseal.h"

#define SHOWN_MAX_BYTES	300

struct answer {
	struct authres	 ar;
	const char	*reason;	/* why it is not valid */
	bool		 valid;
	bool		 forged;
};

static json_t *
json_properties(const struct authres_result *r)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (json_array_append_new(list, json_pack("{s:o, s:o, s:o}",
		    "ptype", cli_json_text(r->v[i].ptype),
		    "property", cli_json_text(r->v[i].property),
		    "value", cli_json_text(r->v[i].value))) == -1) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static json_t *
json_results(const struct answer *a)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; a->valid && i < a->ar.n; i++) {
		const struct authres_result *r = &a->ar.v[i];

		if (json_array_append_new(list, json_pack(
		    "{s:o, s:I, s:o, s:o, s:o, s:o}",
		    "method", cli_json_text(r->method),
		    "version", (json_int_t)r->version,
		    "result", cli_json_text(r->result),
		    "comment", cli_json_text(r->comment),
		    "reason", cli_json_text(r->reason),
		    "properties", json_properties(r))) == -1) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static bool
print_json(const struct answer *a)
{
	return (cli_json_print(json_pack(
	    "{s:b, s:o, s:I, s:b, s:o, s:o}",
	    "valid", a->valid,
	    "authserv_id", cli_json_text(a->ar.authserv_id),
	    "version", (json_int_t)a->ar.version,
	    "forged", a->forged,
	    "error", cli_json_cstr(a->valid ? NULL : a->reason),
	    "results", json_results(a))));
}

static void
show_value(const char *before, struct str value, const char *behind)
{
	struct buf text;

	buf_init(&text, 8 * SHOWN_MAX_BYTES);
	escape_text(&text, value, SHOWN_MAX_BYTES);
	(void)printf("%s%s%s", before, text.p != NULL ? text.p : "", behind);
	buf_fini(&text);
}

static bool
print_text(const struct answer *a)
{
	size_t i, j;

	if (a->ar.authserv_id.n > 0) {
		show_value("from ", a->ar.authserv_id, "\n");
	}
	if (a->forged) {
		(void)printf("it claims our name: on arrival it is deleted\n");
	}
	if (!a->valid) {
		(void)printf("not valid: %s\n", a->reason);
		return (cli_flush());
	}
	if (a->ar.n == 0) {
		(void)printf("no results\n");
	}
	for (i = 0; i < a->ar.n; i++) {
		const struct authres_result *r = &a->ar.v[i];

		show_value("", r->method, ": ");
		show_value("", r->result, "\n");
		if (r->reason.n > 0) {
			show_value("  reason ", r->reason, "\n");
		}
		for (j = 0; j < r->n; j++) {
			show_value("  ", r->v[j].ptype, ".");
			show_value("", r->v[j].property, " ");
			show_value("", r->v[j].value, "\n");
		}
	}
	return (cli_flush());
}

/* The value, with or without the field's name before it. */
static struct str
value_of(struct str text)
{
	static const char name[] = "Authentication-Results";
	struct str rest;

	if (str_starts_ci(text, str_from(name))) {
		rest = str_trim_wsp(str_from_offset(text, sizeof(name) - 1));
		if (rest.n > 0 && rest.p[0] == ':') {
			text = str_from_offset(rest, 1);
		}
	}
	if (text.n > 0 && text.p[text.n - 1] == '\n') {
		text.n--;
	}
	if (text.n > 0 && text.p[text.n - 1] == '\r') {
		text.n--;
	}
	return (text);
}

int
authres_main(const struct cli_command *command, int argc, char **argv)
{
	struct answer a = { .reason = NULL };
	struct arena arena;
	struct str text, authserv_id = STR_NONE;
	const char *value, *path;
	bool json = false, printed;
	int id, result = CLI_USAGE;

	while ((id = cli_next(command, argc, argv, &value)) >= 0) {
		if (id == 'a') {
			authserv_id = str_from(value);
		} else {
			json = true;
		}
	}
	if (id != CLI_END) {
		return (id == CLI_HELP ? CLI_YES : CLI_USAGE);
	}
	if (!cli_file(argc, argv, &path)) {
		return (CLI_USAGE);
	}
	arena_init(&arena, TOOL_ARENA_BYTES);
	if (cli_input(path, &arena, &text)) {
		text = value_of(text);
		a.valid = authres_parse(&arena, text, &a.ar, &a.reason) ==
		    STATUS_OK;
		a.forged = authserv_id.n > 0 &&
		    authres_is_forged(text, authserv_id);
		printed = json ? print_json(&a) : print_text(&a);
		result = !printed ? CLI_USAGE : a.valid ? CLI_YES : CLI_NO;
	}
	arena_fini(&arena);
	return (result);
}
