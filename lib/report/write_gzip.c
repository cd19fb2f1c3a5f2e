/* SPDX-License-Identifier: BSD-2-Clause */
/* write_gzip: compresses a report as it is written (RFC 1952). */
#include "config.h"

#include <stdlib.h>

#include <zlib.h>

#include "report/write_private.h"

#define GZIP_WINDOW	(15 + 16)	/* deflateInit2: with gzip's header */
#define MEMORY_LEVEL	8
#define OUT_BYTES	16384
#define OS_UNIX		3

struct write_gzip {
	struct buf	*out;
	z_stream	 z;
	gz_header	 header;	/* no name, time 0 */
	unsigned char	 piece[OUT_BYTES];
};

struct write_gzip *
write_gzip_new(struct buf *out)
{
	struct write_gzip *g = calloc(1, sizeof(*g));

	if (g == NULL) {
		return (NULL);
	}
	g->out = out;
	g->header.os = OS_UNIX;
	if (deflateInit2(&g->z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
	    MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(g);
		return (NULL);
	}
	(void)deflateSetHeader(&g->z, &g->header);
	return (g);
}

static void
compress_some(struct write_gzip *g, int flush)
{
	do {
		g->z.next_out = g->piece;
		g->z.avail_out = sizeof(g->piece);
		(void)deflate(&g->z, flush);
		buf_add(g->out, g->piece, sizeof(g->piece) - g->z.avail_out);
	} while (g->z.avail_out == 0 && g->out->status == STATUS_OK);
}

bool
write_gzip_bytes(struct write_gzip *g, const void *p, size_t n)
{
	union { const void *p; unsigned char *bytes; } in = { .p = p };

	g->z.next_in = in.bytes;
	g->z.avail_in = (unsigned)n;
	compress_some(g, Z_NO_FLUSH);
	return (g->out->status == STATUS_OK);
}

bool
write_gzip_end(struct write_gzip *g)
{
	bool ok;

	compress_some(g, Z_FINISH);
	ok = g->out->status == STATUS_OK;
	(void)deflateEnd(&g->z);
	free(g);
	return (ok);
}
