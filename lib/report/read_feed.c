/* SPDX-License-Identifier: BSD-2-Clause */
/* read_feed: hands bytes to the reader of their kind. */
#include "config.h"

#include <stdlib.h>

#include "report/read_private.h"

struct read_feed {
	struct read_unit	*unit;
	enum read_origin	 origin;
	char			*what;	/* or NULL */
	const struct read_kind	*kind;	/* NULL: not yet, or none */
	void			*state;
	bool			 known;	/* the kind is decided */
	size_t			 n;	/* of head */
	unsigned char		 head[READ_SNIFF_BYTES];
};

static bool
is_packed(const struct read_kind *kind)
{
	return (kind == &read_gzip || kind == &read_archive ||
	    kind == &read_base64);
}

struct read_feed *
read_feed_new(struct read_unit *unit, enum read_origin origin,
    const char *what)
{
	struct read_feed *f = calloc(1, sizeof(*f));

	if (f == NULL || (what != NULL && (f->what = strdup(what)) == NULL)) {
		free(f);
		(void)read_unit_fail(unit, READ_NOMEM, "out of memory");
		return (NULL);
	}
	f->unit = unit;
	f->origin = origin;
	return (f);
}

/* Opens the kind's reader and gives it the head. */
static bool
feed_open(struct read_feed *f)
{
	f->known = true;
	f->kind = read_sniff(str_mem(f->head, f->n), f->origin);
	if (f->kind == NULL) {
		return (false);
	}
	if (is_packed(f->kind) && ++f->unit->depth > READ_DEPTH_MAX) {
		(void)read_unit_fail(f->unit, READ_LIMIT, "archives nested "
		    "more than %d deep", READ_DEPTH_MAX);
		return (false);
	}
	f->state = f->kind->open(f->unit, f->origin, f->what);
	if (f->state == NULL) {
		(void)read_unit_fail(f->unit, READ_NOMEM, "out of memory");
		return (false);
	}
	return (f->kind->bytes(f->state, f->head, f->n));
}

static bool
feed_more(struct read_feed *f, const unsigned char *p, size_t n)
{
	size_t part;

	if (!f->known) {
		part = sizeof(f->head) - f->n;
		part = n < part ? n : part;
		memcpy(f->head + f->n, p, part);
		f->n += part;
		p += part;
		n -= part;
		if (f->n < sizeof(f->head)) {
			return (true);
		}
		if (!feed_open(f)) {
			return (false);
		}
	}
	return (f->state != NULL && (n == 0 ||
	    f->kind->bytes(f->state, p, n)));
}

bool
read_feed_bytes(struct read_feed *f, const void *p, size_t n)
{
	if (f->origin == READ_INPUT) {
		f->unit->packed_bytes += n;
	}
	if (read_unit_over(f->unit) || !read_unit_spend(f->unit,
	    f->origin == READ_PACKED ? n : 0)) {
		return (false);
	}
	return (feed_more(f, p, n));
}

/* Prose and pictures are what mail has beside a report: no reason is kept. */
static enum read_result
read_foreign(struct read_feed *f)
{
	const char *why = f->n == 0 ? "empty" : "not a report";

	if (f->origin == READ_PROSE || f->origin == READ_ATTACHED) {
		return (READ_FOREIGN);
	}
	if (f->origin == READ_PACKED && f->what != NULL) {
		read_unit_warn(f->unit, "%s: %s", f->what, why);
	}
	return (read_unit_fail(f->unit, READ_FOREIGN, "%s", why));
}

enum read_result
read_feed_end(struct read_feed *f, bool whole)
{
	struct read_unit *unit = f->unit;
	enum read_result result;

	if (!f->known && !read_unit_over(unit)) {
		(void)feed_open(f);
	}
	if (f->state != NULL) {
		result = f->kind->end(f->state, whole);
	} else if (read_unit_over(unit)) {
		result = unit->worst;
	} else {
		result = read_foreign(f);
	}
	if (is_packed(f->kind)) {
		unit->depth--;
	}
	free(f->what);
	free(f);
	return (result);
}

struct read_whole *
read_whole_new(struct read_unit *unit, enum read_origin origin,
    const char *what, size_t max_bytes)
{
	struct read_whole *w = calloc(1, sizeof(*w));

	if (w == NULL || (what != NULL && (w->what = strdup(what)) == NULL)) {
		free(w);
		return (NULL);
	}
	w->unit = unit;
	w->origin = origin;
	buf_init(&w->bytes, max_bytes);
	return (w);
}

bool
read_whole_bytes(void *state, const void *p, size_t n)
{
	struct read_whole *w = state;

	buf_add(&w->bytes, p, n);
	if (w->bytes.status == STATUS_LIMIT) {
		(void)read_unit_fail(w->unit, READ_LIMIT, "more than %zu MiB",
		    w->bytes.max_bytes / (1024 * 1024));
	} else if (w->bytes.status != STATUS_OK) {
		(void)read_unit_fail(w->unit, READ_NOMEM, "out of memory");
	}
	return (w->bytes.status == STATUS_OK);
}

void
read_whole_free(struct read_whole *w)
{
	buf_fini(&w->bytes);
	free(w->what);
	free(w);
}
