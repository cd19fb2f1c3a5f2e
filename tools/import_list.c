/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data sets, as OpenDKIM reads them: of each line of a file, the first word is
 * the key; a line of a refile: that begins with white space is skipped; in a
 * list, "=" separates key and value. OpenDMARC's lists are either a list or the
 * path of a file.
 */
#include <unistd.h>

#include "signers/table.h"
#include "tools/import.h"

#define PATH_BYTES	4096

const char *
import_path(struct import *im, const struct import_given *given,
    struct str path)
{
	const struct import_given *base = import_get(im, given->program,
	    "BaseDirectory");
	char here[PATH_BYTES];
	struct str full;

	if (path.n > 0 && path.p[0] == '/') {
		full = arena_printf(&im->arena, "%.*s", STR_FMT(path));
	} else if (base != NULL) {
		full = arena_printf(&im->arena, "%.*s/%.*s",
		    STR_FMT(base->value), STR_FMT(path));
	} else {
		full = arena_printf(&im->arena, "%s/%.*s",
		    getcwd(here, sizeof(here)) != NULL ? here : "",
		    STR_FMT(path));
	}
	if (full.p == NULL) {
		import_fail(im, STATUS_NOMEM);
	}
	return (full.p);
}

/* The name before a colon; absent: none. A colon behind a comma is one of an
   item's. */
static struct str
type_of(struct str value)
{
	size_t colon = str_find(value, ':'), i;

	if (colon == value.n || colon == 0 || str_find(value, ',') < colon) {
		return (STR_NONE);
	}
	for (i = 0; i < colon; i++) {
		if (char_lower(value.p[i]) < 'a' ||
		    char_lower(value.p[i]) > 'z') {
			return (STR_NONE);
		}
	}
	return (str_first(value, colon));
}

static enum import_dataset
dataset_of(struct str type, struct str rest)
{
	if (type.p == NULL) {
		if (rest.n > 3 && str_eq(str_from_offset(rest, rest.n - 3),
		    STR(".db"))) {
			return (IMPORT_OTHER);
		}
		return (rest.n > 0 && rest.p[0] == '/' ? IMPORT_FILE :
		    IMPORT_CSL);
	}
	return (str_eq_ci(type, STR("csl")) ? IMPORT_CSL :
	    str_eq_ci(type, STR("file")) ? IMPORT_FILE :
	    str_eq_ci(type, STR("refile")) ? IMPORT_PATTERNS :
	    str_eq_ci(type, STR("dsn")) ? IMPORT_DSN : IMPORT_OTHER);
}

static struct str
without_type(const struct import_given *given, struct str type)
{
	return (type.p == NULL ? given->value :
	    str_trim_fws(str_from_offset(given->value, type.n + 1)));
}

void
import_list_look(struct import *im, const struct import_given *given,
    struct import_list *r)
{
	struct str type = type_of(given->value), rest;

	rest = without_type(given, type);
	*r = (struct import_list){ .type = dataset_of(type, rest),
		.type_name = type };
	if (r->type == IMPORT_FILE || r->type == IMPORT_PATTERNS) {
		r->path = import_path(im, given, rest);
	}
}

static bool
add_item(struct import *im, struct import_list *list, struct str key,
    struct str value, unsigned line)
{
	static const size_t step = 256;
	struct import_item *v;

	if (list->n >= IMPORT_MAX_ITEMS) {
		return (false);
	}
	if (list->n % step == 0) {
		v = arena_calloc(&im->arena, list->n + step, sizeof(*v));
		if (v == NULL) {
			import_fail(im, STATUS_NOMEM);
			return (false);
		}
		if (list->n > 0) {
			memcpy(v, list->v, list->n * sizeof(*v));
		}
		list->v = v;
	}
	list->v[list->n++] = (struct import_item){ key, value, line };
	return (true);
}

static bool
read_csl(struct import *im, struct str rest, unsigned line,
    struct import_list *list)
{
	struct str item, key;
	size_t eq;

	while (str_next(&rest, ',', &item)) {
		eq = str_find(item, '=');
		key = str_trim_fws(str_first(item, eq));
		if (key.n > 0 && !add_item(im, list, key, eq < item.n ?
		    str_trim_fws(str_from_offset(item, eq + 1)) : STR_NONE,
		    line)) {
			return (false);
		}
	}
	return (true);
}

static bool
read_file(struct import *im, struct import_list *list, struct diag *diag)
{
	struct table_reader reader;
	struct str key, value;
	struct buf text;
	enum status status;

	status = table_text_read(list->path, &text, diag);
	if (status != STATUS_OK) {
		return (false);
	}
	table_reader_init(&reader, &text, list->path, im->env, diag);
	for (;;) {
		status = table_reader_next(&reader, &key, &value);
		if (status != STATUS_OK || key.p == NULL) {
			break;
		}
		if (reader.indented && list->type == IMPORT_PATTERNS) {
			continue;
		}
		key = arena_dup(&im->arena, key);
		value = arena_dup(&im->arena, value);
		if (!add_item(im, list, key, value, reader.line)) {
			status = STATUS_LIMIT;
			break;
		}
	}
	buf_fini(&text);
	return (status == STATUS_OK);
}

static bool
list_is_text(const struct import_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (!import_is_text(list->v[i].key) ||
		    !import_is_text(list->v[i].value)) {
			return (false);
		}
	}
	return (true);
}

bool
import_list_read(struct import *im, const struct import_given *given,
    struct import_list *r, const char **why_r)
{
	struct diag diag;
	bool ok;

	import_list_look(im, given, r);
	diag_init(&diag);
	*why_r = str_starts_ci(given->value, STR("ldap")) ? "LDAP is not "
	    "asked here: write what ldapsearch -x -LLL -H, with this URL's "
	    "host, base, filter (* for $d) and attributes, finds as lines "
	    "\"key value\", to a file, and name it" :
	    "this type of data set cannot be read: write its contents as "
	    "lines \"key value\" to a file, and name it";
	switch (r->type) {
	case IMPORT_CSL:
		ok = read_csl(im, without_type(given, r->type_name),
		    given->line, r);
		break;
	case IMPORT_FILE:
	case IMPORT_PATTERNS:
		ok = r->path != NULL && read_file(im, r, &diag);
		break;
	case IMPORT_DSN:
	case IMPORT_OTHER:
	default:
		return (false);
	}
	if (!ok) {
		*why_r = diag.text[0] != '\0' ?
		    import_shown(im, str_from(diag.text)) :
		    "it has too many items";
		return (false);
	}
	*why_r = "it has control characters";
	return (list_is_text(r));
}
