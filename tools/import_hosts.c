/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translates a list of hosts with items that our daemon rejects: keeps the
 * others. The content of a file becomes a list in our configuration.
 */
#include "conf/conf.h"
#include "conf/table.h"
#include "tools/import.h"

#define NAMED_MAX	100	/* rejected items with a comment of their own */
#define NAME_BYTES	64	/* of the option, on the line of the list */

struct picker {
	struct import	*im;
	const char	*to;		/* our option */
	const char	*file;		/* where the items are */
	unsigned	 line;
	bool		 patterns;	/* a refile: */
	struct hosts	*hosts;		/* exclusions, then accepted items */
	struct buf	 kept;		/* accepted items, with commas */
	size_t		 left_out;
	bool		 widened;	/* an exclusion was left out */
};

typedef void	 picker_take(struct picker *, struct str item);

static bool
is_exclusion(struct str item)
{
	return (item.n > 0 && item.p[0] == '!');
}

/* Translates the pattern "*.domain" to ".domain". */
static struct str
translate_item(struct picker *p, struct str item)
{
	size_t sign = is_exclusion(item) ? 1 : 0;
	char *text;

	if (!p->patterns ||
	    !str_starts(str_from_offset(item, sign), STR("*."))) {
		return (item);
	}
	text = arena_alloc(&p->im->arena, item.n);
	if (text == NULL) {
		p->kept.status = STATUS_NOMEM;
		return (item);
	}
	memcpy(text, item.p, sign);
	memcpy(text + sign, item.p + sign + 1, item.n - sign - 1);
	return (str_mem(text, item.n - 1));
}

/* First the exclusions: if an item occurs with and without "!", OpenDKIM
   excludes it. */
static void
take_exclusion(struct picker *p, struct str item)
{
	struct diag ignored;

	diag_init(&ignored);
	if (is_exclusion(item)) {
		(void)!hosts_add(p->hosts, translate_item(p, item),
		    p->file, p->line, &ignored);
	}
}

static void
take_item(struct picker *p, struct str item)
{
	struct str ours = translate_item(p, item);
	struct diag why;

	diag_init(&why);
	if (hosts_add(p->hosts, ours, p->file, p->line, &why) == STATUS_OK) {
		buf_add_cstr(&p->kept, p->kept.n > 0 ? ", " : "");
		buf_add_str(&p->kept, ours);
		return;
	}
	p->widened = p->widened || is_exclusion(item);
	if (p->left_out++ < NAMED_MAX) {
		import_note(p->im, "%s: left out%s: %s", p->to,
		    is_exclusion(item) ? ", and so is the whole list" : "",
		    why.text);
	}
}

/* file: the text is the content of a file. */
static void
take_items(struct picker *p, struct str text, bool file, picker_take *take)
{
	struct conf_lines lines = { .rest = text };
	struct str line, item;

	while (conf_lines_next(&lines, &line)) {
		p->line = file ? lines.line : p->line;
		while (conf_items_next(&line, &item)) {
			take(p, item);
		}
	}
}

static void
note_summary(struct picker *p, bool file)
{
	if (p->left_out > NAMED_MAX) {
		import_note(p->im, "%s: left out: %zu more", p->to,
		    p->left_out - NAMED_MAX);
	}
	if (p->kept.status == STATUS_LIMIT) {
		import_note(p->im, "%s: the list is too long for a line: "
		    "remove those items from the file", p->to);
	} else if (file && p->kept.n > 0 && !p->widened) {
		import_note(p->im, "%s: this is a copy of %s", p->to, p->file);
	}
}

static enum status
pick_items(struct picker *p, struct str text, bool file, struct str *kept_r)
{
	enum status status = STATUS_NOMEM;

	p->hosts = hosts_new();
	buf_init(&p->kept, CONF_LINE_MAX_BYTES - NAME_BYTES);
	if (p->hosts != NULL) {
		take_items(p, text, file, take_exclusion);
		take_items(p, text, file, take_item);
		note_summary(p, file);
		status = p->kept.status;
	}
	/* What they excluded must not become trusted. */
	if (status == STATUS_OK && p->kept.n > 0 && !p->widened) {
		*kept_r = arena_dup(&p->im->arena, buf_str(&p->kept));
		status = kept_r->p != NULL ? STATUS_OK : STATUS_NOMEM;
	}
	buf_fini(&p->kept);
	hosts_free(p->hosts);
	return (status == STATUS_LIMIT ? STATUS_OK : status);
}

enum status
import_hosts(struct import *im, const struct import_given *given,
    const char *to, struct str value, struct str *kept_r)
{
	struct picker p = { .im = im, .to = to, .file = given->file,
		.line = given->line,
		.patterns = str_starts_ci(given->value, STR("refile:")) };
	bool file = value.n > 0 && value.p[0] == '/';
	struct diag ignored;

	*kept_r = STR_NONE;
	if (file) {
		p.file = arena_cstr(&im->arena, value);
		if (p.file == NULL) {
			return (STATUS_NOMEM);
		}
		diag_init(&ignored);
		if (conf_file_read(p.file, CONF_MAX_BYTES, &im->arena, NULL,
		    &value, &ignored) != STATUS_OK) {
			return (STATUS_OK);
		}
	}
	return (pick_items(&p, value, file, kept_r));
}
