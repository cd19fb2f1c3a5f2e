/* SPDX-License-Identifier: BSD-2-Clause */
/* read_gzip: unpacks gzip (RFC 1952) as it arrives, several members too. */
#include "config.h"

#include <stdlib.h>

#include <zlib.h>

#include "report/read_private.h"

#define OUT_BYTES	65536
#define GZIP_WINDOW	(15 + 16)	/* inflateInit2: gzip only */

struct gzip {
	struct read_unit	*unit;
	struct read_feed	*feed;
	z_stream		 z;
	bool			 started;	/* inflateInit2 succeeded */
	bool			 ended;		/* after a member */
	bool			 enough;	/* for the feed */
	const char		*fault;		/* NULL: none */
	uint64_t		 trailing;	/* bytes behind it all */
	unsigned char		 out[OUT_BYTES];
};

static void *
gzip_open(struct read_unit *unit, enum read_origin origin, const char *what)
{
	struct gzip *g = calloc(1, sizeof(*g));

	(void)origin;
	if (g == NULL) {
		return (NULL);
	}
	g->unit = unit;
	g->feed = read_feed_new(unit, READ_PACKED, what);
	g->started = g->feed != NULL &&
	    inflateInit2(&g->z, GZIP_WINDOW) == Z_OK;
	if (!g->started) {
		if (g->feed != NULL) {
			(void)read_feed_end(g->feed, false);
		}
		free(g);
		return (NULL);
	}
	return (g);
}

/* Before the first byte of what may be a further member. */
static bool
begin_member(struct gzip *g)
{
	if (g->z.next_in[0] != 0x1f || inflateReset(&g->z) != Z_OK) {
		g->trailing = g->z.avail_in;
		return (false);
	}
	g->ended = false;
	return (true);
}

/* Unpacks as much as fits into `out`. */
static bool
unpack_some(struct gzip *g)
{
	int status;

	g->z.next_out = g->out;
	g->z.avail_out = sizeof(g->out);
	status = inflate(&g->z, Z_NO_FLUSH);
	if (!g->enough && !read_feed_bytes(g->feed, g->out,
	    sizeof(g->out) - g->z.avail_out)) {
		g->enough = true;
	}
	if (status == Z_STREAM_END) {
		g->ended = true;
	} else if (status != Z_OK && status != Z_BUF_ERROR) {
		g->fault = g->z.msg != NULL ? g->z.msg : "damaged";
	}
	return (g->fault == NULL && !g->enough);
}

static bool
gzip_bytes(void *state, const void *p, size_t n)
{
	struct gzip *g = state;
	union { const void *p; unsigned char *bytes; } in = { .p = p };

	if (g->fault != NULL || g->enough || g->trailing > 0) {
		g->trailing += g->trailing > 0 ? n : 0;
		return (g->trailing > 0);
	}
	g->z.next_in = in.bytes;
	g->z.avail_in = (unsigned)n;
	do {
		if (g->ended && (g->z.avail_in == 0 || !begin_member(g))) {
			return (true);
		}
		if (!unpack_some(g)) {
			return (false);
		}
	} while (g->z.avail_in > 0 || g->z.avail_out == 0);
	return (true);
}

/* Says what is wrong with the data. */
static enum read_result
finish_gzip(struct gzip *g, enum read_result result)
{
	struct read_unit *u = g->unit;

	if (g->fault != NULL) {
		read_unit_warn(u, "damaged gzip data: %s", g->fault);
	} else if (!g->enough && !g->ended) {
		read_unit_warn(u, "gzip data cut off");
	} else if (g->trailing > 0) {
		read_unit_warn(u, "%llu bytes after the end of gzip data",
		    (unsigned long long)g->trailing);
		return (result);
	} else {
		return (result);
	}
	return (result == READ_FOREIGN ? read_unit_fail(u, READ_DAMAGED, "%s",
	    g->fault != NULL ? "damaged gzip data" : "gzip data cut off") :
	    result);
}

static enum read_result
gzip_end(void *state, bool whole)
{
	struct gzip *g = state;
	bool good = g->fault == NULL && (g->enough || g->ended);
	enum read_result result;

	result = finish_gzip(g, read_feed_end(g->feed, good && whole));
	(void)inflateEnd(&g->z);
	free(g);
	return (result);
}

const struct read_kind read_gzip = { "gzip", gzip_open, gzip_bytes,
	gzip_end };
