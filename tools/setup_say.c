/* SPDX-License-Identifier: BSD-2-Clause */
/* What mailseal setup prints, and what it asks. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/escape.h"
#include "tools/setup.h"

#define COLUMNS		79
#define INDENT		4
#define LINE_BYTES	8192
#define ANSWER_BYTES	16
#define LABEL_BYTES	16

static struct str ATTR_PRINTF(2, 0)
format_text(struct setup *s, const char *fmt, va_list ap)
{
	struct str r = arena_vprintf(&s->arena, fmt, ap);

	return (r.p != NULL ? r : STR("?"));
}

struct str
setup_text(struct setup *s, const char *fmt, ...)
{
	struct str r;
	va_list ap;

	va_start(ap, fmt);
	r = format_text(s, fmt, ap);
	va_end(ap);
	return (r);
}

static void
note_line(struct setup *s, struct str text)
{
	size_t n = json_array_size(s->stages);
	json_t *lines;

	if (n > 0) {
		lines = json_object_get(json_array_get(s->stages, n - 1),
		    "lines");
		(void)json_array_append_new(lines, cli_json_text(text));
	}
}

void
setup_stage(struct setup *s, const char *name)
{
	(void)json_array_append_new(s->stages, json_pack("{s:s, s:[]}",
	    "stage", name, "lines"));
	if (!s->args->json) {
		(void)printf("%s\n", name);
	}
}

/* Words, escaped; further lines are indented as the first one is. */
static void
print_wrapped(struct str text, const char *mark)
{
	struct str rest, word;
	struct buf out;
	size_t at = INDENT;
	bool first = true;

	buf_init(&out, 4 * LINE_BYTES);
	escape_text(&out, text, LINE_BYTES);
	rest = buf_str(&out);
	(void)printf("%*s%s", INDENT, "", mark);
	at += strlen(mark);
	for (; str_next(&rest, ' ', &word); first = false) {
		if (!first && at + 1 + word.n > COLUMNS) {
			at = INDENT + strlen(mark);
			(void)printf("\n%*s", (int)at, "");
		} else if (!first) {
			(void)putchar(' ');
			at++;
		}
		(void)printf("%.*s", STR_FMT(word));
		at += word.n;
	}
	(void)putchar('\n');
	buf_fini(&out);
}

void
setup_say(struct setup *s, const char *fmt, ...)
{
	struct str text;
	va_list ap;

	va_start(ap, fmt);
	text = format_text(s, fmt, ap);
	va_end(ap);
	note_line(s, text);
	if (!s->args->json) {
		print_wrapped(text, "");
	}
}

void
setup_item(struct setup *s, const char *label, const char *fmt, ...)
{
	char mark[LABEL_BYTES];
	struct str text;
	va_list ap;

	va_start(ap, fmt);
	text = format_text(s, fmt, ap);
	va_end(ap);
	note_line(s, setup_text(s, "%s: %.*s", label, STR_FMT(text)));
	if (!s->args->json) {
		(void)snprintf(mark, sizeof(mark), "%-9s ", label);
		print_wrapped(text, mark);
	}
}

static void
print_copy(struct setup *s, int indent, struct str text)
{
	struct buf out;

	note_line(s, text);
	if (!s->args->json) {
		/* A backslash is part of what is copied. */
		buf_init(&out, 4 * LINE_BYTES);
		escape_reply(&out, text, LINE_BYTES);
		(void)printf("%*s%.*s\n", indent, "", STR_FMT(buf_str(&out)));
		buf_fini(&out);
	}
}

void
setup_quote(struct setup *s, const char *fmt, ...)
{
	struct str text;
	va_list ap;

	va_start(ap, fmt);
	text = format_text(s, fmt, ap);
	va_end(ap);
	print_copy(s, INDENT + 4, text);
}

void
setup_zone_line(struct setup *s, struct str line)
{
	print_copy(s, 0, line);
}

/* Each is told once. */
static void
add_task(struct str *v, size_t *n, struct str text)
{
	size_t i;

	for (i = 0; i < *n; i++) {
		if (str_eq(v[i], text)) {
			return;
		}
	}
	if (*n < SETUP_MAX_TASKS) {
		v[(*n)++] = text;
	}
}

void
setup_miss(struct setup *s, const char *fmt, ...)
{
	struct str text;
	va_list ap;

	va_start(ap, fmt);
	text = format_text(s, fmt, ap);
	va_end(ap);
	add_task(s->missing, &s->missing_n, text);
}

void
setup_todo(struct setup *s, const char *fmt, ...)
{
	struct str text;
	va_list ap;

	va_start(ap, fmt);
	text = format_text(s, fmt, ap);
	va_end(ap);
	add_task(s->next, &s->next_n, text);
}

bool
setup_ask(struct setup *s, const char *question)
{
	char answer[ANSWER_BYTES] = "";

	if (s->args->yes) {
		return (true);
	}
	if (s->args->json || isatty(STDIN_FILENO) == 0 ||
	    isatty(STDOUT_FILENO) == 0) {
		return (false);
	}
	(void)printf("%*s%s [y/N] ", INDENT, "", question);
	(void)fflush(stdout);
	return (fgets(answer, sizeof(answer), stdin) != NULL &&
	    (answer[0] == 'y' || answer[0] == 'Y'));
}

static bool
shows_progress(const struct setup *s)
{
	return (!s->args->json && isatty(STDOUT_FILENO) != 0);
}

void
setup_progress(struct setup *s, const char *fmt, ...)
{
	struct str text;
	struct buf out;
	va_list ap;

	if (!shows_progress(s)) {
		return;
	}
	va_start(ap, fmt);
	text = format_text(s, fmt, ap);
	va_end(ap);
	buf_init(&out, 4 * LINE_BYTES);
	escape_text(&out, text, COLUMNS - INDENT - 1);
	(void)printf("\r%*s%.*s\033[K", INDENT, "", STR_FMT(buf_str(&out)));
	(void)fflush(stdout);
	buf_fini(&out);
}

void
setup_progress_end(struct setup *s)
{
	if (shows_progress(s)) {
		(void)printf("\r\033[K");
		(void)fflush(stdout);
	}
}

static json_t *
records_json(const struct setup *s)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < s->names_n; i++) {
		if (s->names[i].wanted.p != NULL) {
			(void)json_array_append_new(list, json_pack(
			    "{s:o, s:s, s:o, s:o}", "owner",
			    cli_json_text(s->names[i].owner), "type", "TXT",
			    "value", cli_json_text(s->names[i].wanted),
			    "replaces", cli_json_text(s->names[i].replaces)));
		}
	}
	return (list);
}

int
setup_finish(struct setup *s, enum setup_result result)
{
	int status = result == SETUP_FAILED ? CLI_USAGE : s->missing_n > 0 ||
	    result == SETUP_STOP ? CLI_NO : CLI_YES;
	size_t i;

	if (s->args->json) {
		return (cli_json_print(json_pack("{s:o, s:b, s:b, s:O, s:o, "
		    "s:o, s:o}", "domain", cli_json_text(s->domain), "done",
		    status == CLI_YES, "dry_run", s->args->dry_run, "stages",
		    s->stages, "records", records_json(s), "missing",
		    cli_json_texts(s->missing, s->missing_n), "next",
		    cli_json_texts(s->next, s->next_n))) ? status : CLI_USAGE);
	}
	if (s->missing_n > 0) {
		(void)printf("Missing\n");
	}
	for (i = 0; i < s->missing_n; i++) {
		print_wrapped(s->missing[i], "- ");
	}
	if (s->next_n > 0) {
		(void)printf("Next\n");
	}
	for (i = 0; i < s->next_n; i++) {
		print_wrapped(s->next[i], "- ");
	}
	return (cli_flush() ? status : CLI_USAGE);
}
