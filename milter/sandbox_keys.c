/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The folders of the keys that a KeyTable names. There may be a folder for each
 * of many domains, so that only what all with the same first component have in
 * common is kept: /etc/keys for /etc/keys/a/1.pem and /etc/keys/b/1.pem.
 */
#include "config.h"


#include "milter/sandbox_private.h"
#include "signers/table.h"

#define ROOTS_MAX	32	/* first components */

struct roots {
	struct str	v[ROOTS_MAX];	/* folders, in the table's text */
	size_t		n;
};

/* The key of "domain:selector:key"; absent if it is no path. */
static struct str
find_path(struct str value)
{
	struct str path = value;
	int i;

	for (i = 0; i < 2; i++) {
		path = str_from_offset(path, str_find(path, ':') + 1);
	}
	path = str_first(path, str_find(path, ':'));
	return (path.n > 0 && (path.p[0] == '/' || path.p[0] == '.') ? path :
	    STR_NONE);
}

/* Without the file, and from the first "%" on. */
static struct str
folder_of(struct str path)
{
	path = str_first(path, str_find(path, '%'));
	return (str_first(path, str_rfind(path, '/')));
}

/* Octets of whole components that both begin with. */
static size_t
count_common(struct str a, struct str b)
{
	size_t i, common = 0;

	for (i = 0; i < a.n && i < b.n && a.p[i] == b.p[i]; i++) {
		if (a.p[i] == '/') {
			common = i;
		}
	}
	if ((i == a.n && (i == b.n || b.p[i] == '/')) ||
	    (i == b.n && a.p[i] == '/')) {
		return (i);
	}
	return (common);
}

/* False: too many. */
static bool
add_root(struct roots *roots, struct str folder)
{
	size_t i, common;

	for (i = 0; i < roots->n; i++) {
		common = count_common(roots->v[i], folder);
		if (common > 0) {
			roots->v[i].n = common;
			return (true);
		}
	}
	if (roots->n == ROOTS_MAX) {
		return (false);
	}
	roots->v[roots->n++] = folder;
	return (true);
}

static enum status
read_roots(struct table_reader *r, struct roots *roots)
{
	struct str name, value, path;
	enum status status;

	for (;;) {
		status = table_reader_next(r, &name, &value);
		if (status != STATUS_OK || name.p == NULL) {
			return (status);
		}
		path = find_path(value);
		if (path.n > 0 && !add_root(roots, folder_of(path))) {
			return (STATUS_LIMIT);
		}
	}
}

/* The loading of the table reports what is wrong with it. */
enum status
sandbox_key_folders(const char *table,
    enum status (*take)(void *ctx, struct str folder), void *ctx)
{
	const struct env silent = { .log = NULL };
	struct roots roots = { .n = 0 };
	enum status status;
	struct table_reader r;
	struct diag ignored;
	struct buf text;
	size_t i;

	diag_init(&ignored);
	buf_init(&text, TABLE_MAX_BYTES);
	status = table_text_read(table, &text, &ignored);
	if (status == STATUS_OK) {
		table_reader_init(&r, &text, table, &silent, &ignored);
		status = read_roots(&r, &roots);
		table_reader_end(&r);
	}
	for (i = 0; i < roots.n; i++) {
		if (take(ctx, roots.v[i]) != STATUS_OK) {
			status = STATUS_NOMEM;
		}
	}
	buf_fini_secret(&text);
	return (status == STATUS_NOMEM || status == STATUS_LIMIT ? status :
	    STATUS_OK);
}
