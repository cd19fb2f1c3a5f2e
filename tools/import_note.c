/* SPDX-License-Identifier: BSD-2-Clause */
/* The comments, in the order of their consequences. */
#include <stdio.h>

#include "base/escape.h"
#include "tools/import.h"

#define TEXT_BYTES	1000
#define SHOWN_BYTES	200
#define WHOSE_BYTES	2000	/* of the options that share a line */

static const char *const headings[IMPORT_EFFECTS] = {
	[IMPORT_UNSIGNED] = "Mail leaves unsigned, or is not sealed",
	[IMPORT_REFUSED] = "Mail is refused, held or deferred that was not",
	[IMPORT_ACCEPTED] = "Mail is accepted that was not",
	[IMPORT_EXEMPT] = "Mail is no longer exempt",
	[IMPORT_TODO] = "To do",
	[IMPORT_DIFFERS] = "Different, and needs nothing",
	[IMPORT_MOOT] = "Without a meaning here",
};

void
import_fail(struct import *im, enum status status)
{
	if (im->status == STATUS_OK) {
		im->status = status;
	}
}

const char *
import_shown(struct import *im, struct str text)
{
	const char *shown;
	struct buf b;

	buf_init(&b, 8 * SHOWN_BYTES);
	escape_text(&b, text, SHOWN_BYTES);
	shown = arena_cstr(&im->arena, buf_str(&b));
	buf_fini(&b);
	if (shown == NULL) {
		import_fail(im, STATUS_NOMEM);
		return ("");
	}
	return (shown);
}

static struct import_note *
find_note(struct import *im, enum import_effect effect, struct str text)
{
	size_t i;

	for (i = 0; i < im->notes_n; i++) {
		if (im->notes[i].effect == effect &&
		    str_eq(im->notes[i].text, text)) {
			return (&im->notes[i]);
		}
	}
	return (NULL);
}

/* NULL: no memory, or no room. */
static struct import_note *
add_note(struct import *im, enum import_effect effect, struct str text)
{
	struct import_note *note;

	if (im->notes == NULL) {
		im->notes = arena_calloc(&im->arena, IMPORT_MAX_NOTES,
		    sizeof(*im->notes));
	}
	if (im->notes == NULL || im->notes_n >= IMPORT_MAX_NOTES) {
		import_fail(im, im->notes == NULL ? STATUS_NOMEM :
		    STATUS_LIMIT);
		return (NULL);
	}
	note = &im->notes[im->notes_n++];
	*note = (struct import_note){ .effect = effect,
		.text = arena_dup(&im->arena, text) };
	if (note->text.p == NULL) {
		import_fail(im, STATUS_NOMEM);
	}
	return (note);
}

/* No control character, whatever the files have. */
static struct str
clean_text(char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
			text[i] = ' ';
		}
	}
	return (str_mem(text, i));
}

void
import_say(struct import *im, enum import_effect effect, const char *fmt, ...)
{
	char text[TEXT_BYTES];
	struct str clean;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	clean = clean_text(text);
	if (find_note(im, effect, clean) == NULL) {
		(void)add_note(im, effect, clean);
	}
}

void
import_say_of(struct import *im, enum import_effect effect,
    const struct import_given *given, const char *why)
{
	struct import_note *note = find_note(im, effect, str_from(why));
	struct str more;

	if (note == NULL) {
		note = add_note(im, effect, str_from(why));
	}
	if (note == NULL || note->whose.n > WHOSE_BYTES) {
		return;
	}
	more = arena_printf(&im->arena, "%.*s%s%s %s (%s:%u)",
	    STR_FMT(note->whose), note->whose.n > 0 ? ", " : "",
	    import_shown(im, given->name), str_ends_ci(given->name,
	    STR("Password")) ? "..." : import_shown(im, given->value),
	    import_shown(im, str_from(given->file)), given->line);
	if (more.p == NULL) {
		import_fail(im, STATUS_NOMEM);
	} else {
		note->whose = more;
	}
}

bool
import_is_lossy(const struct import *im)
{
	size_t i;

	for (i = 0; i < im->notes_n; i++) {
		if (im->notes[i].effect < IMPORT_TODO) {
			return (true);
		}
	}
	return (false);
}

/* number: the last one given; 0 without numbers. */
static void
write_group(struct import *im, enum import_effect effect, unsigned *number)
{
	bool first = true;
	size_t i;

	for (i = 0; i < im->notes_n; i++) {
		const struct import_note *note = &im->notes[i];

		if (note->effect != effect) {
			continue;
		}
		if (first) {
			buf_printf(&im->out, "# %s:\n", headings[effect]);
		}
		first = false;
		if (effect <= IMPORT_TODO) {
			buf_printf(&im->out, "#  %u. ", ++*number);
		} else {
			buf_add_cstr(&im->out, "#  - ");
		}
		if (note->whose.n > 0) {
			buf_printf(&im->out, "%.*s: ", STR_FMT(note->whose));
		}
		buf_printf(&im->out, "%.*s\n", STR_FMT(note->text));
	}
}

static unsigned
count_notes(const struct import *im, enum import_effect from,
    enum import_effect to)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < im->notes_n; i++) {
		n += im->notes[i].effect >= from && im->notes[i].effect < to;
	}
	return (n);
}

/* What to do, for who reads no further. */
static void
write_summary(struct import *im)
{
	unsigned lost = count_notes(im, 0, IMPORT_TODO);
	unsigned todo = count_notes(im, IMPORT_TODO, IMPORT_DIFFERS);

	if (lost > 0) {
		buf_printf(&im->out, "# Not everything stays as it was: decide "
		    "about 1%s%.0u, then do what follows up to %u",
		    lost > 1 ? " to " : "", lost > 1 ? lost : 0, lost + todo);
	} else if (todo > 0) {
		buf_printf(&im->out, "# All mail is signed, refused, held and "
		    "exempted as before. Do 1 to %u", todo);
	} else {
		return;
	}
	buf_printf(&im->out, ": %s%s.\n", im->dir != NULL ?
	    "read and run commands.sh in " : "mailseal import --write DIR has "
	    "the commands", im->dir != NULL ?
	    import_shown(im, str_from(im->dir)) : "");
}

void
import_write_notes(struct import *im)
{
	enum import_effect effect;
	unsigned number = 0;
	size_t i;

	buf_add_cstr(&im->out, "# By mailseal import, from");
	for (i = 0; i < im->files_n; i++) {
		buf_printf(&im->out, "%s %s (%s)", i > 0 ? "," : "",
		    import_shown(im, str_from(im->files[i])),
		    import_program_name(im->programs[i]));
	}
	buf_add_cstr(&im->out, ".\n");
	write_summary(im);
	for (effect = 0; effect < IMPORT_EFFECTS; effect++) {
		write_group(im, effect, &number);
	}
}
