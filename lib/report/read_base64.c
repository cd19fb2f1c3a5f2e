/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_base64: base64 that nothing declares: of mail whose encoding is not
 * named, or that was encoded twice, or was saved as it is. White space is
 * skipped, and padding may be anywhere; what is no base64 ends it.
 */
#include "config.h"

#include <stdlib.h>

#include "base/b64.h"
#include "report/read_private.h"

#define OUT_BYTES	4096

struct base64 {
	struct read_feed	*feed;
	uint32_t		 bits;		/* of a group */
	unsigned		 digits;	/* of a group */
	bool			 ended;
	size_t			 n;		/* of out */
	unsigned char		 out[OUT_BYTES];
};

static void *
base64_open(struct read_unit *unit, enum read_origin origin, const char *what)
{
	struct base64 *b = calloc(1, sizeof(*b));

	(void)origin;
	if (b != NULL) {
		b->feed = read_feed_new(unit, READ_PACKED, what);
		if (b->feed == NULL) {
			free(b);
			b = NULL;
		}
	}
	return (b);
}

static void
flush_out(struct base64 *b)
{
	if (b->n > 0 && !read_feed_bytes(b->feed, b->out, b->n)) {
		b->ended = true;
	}
	b->n = 0;
}

/* The octets of a group that is complete, or cut short by padding. */
static void
end_group(struct base64 *b)
{
	unsigned i, octets = b->digits > 0 ? b->digits - 1 : 0;

	b->bits <<= 6 * (4 - b->digits);
	for (i = 0; i < octets; i++) {
		b->out[b->n++] = (unsigned char)(b->bits >> (16 - 8 * i));
	}
	b->bits = 0;
	b->digits = 0;
	if (b->n > OUT_BYTES - 3) {
		flush_out(b);
	}
}

static void
add_char(struct base64 *b, char c)
{
	int value = b64_value(c);

	if (value >= 0) {
		b->bits = b->bits << 6 | (unsigned)value;
		b->digits++;
		if (b->digits == 4) {
			end_group(b);
		}
	} else if (c == '=') {
		end_group(b);
	} else if (!char_is_fws(c)) {
		b->ended = true;
	}
}

static bool
base64_bytes(void *state, const void *bytes, size_t n)
{
	struct base64 *b = state;
	const char *p = bytes;
	size_t i;

	for (i = 0; i < n && !b->ended; i++) {
		add_char(b, p[i]);
	}
	return (!b->ended);
}

static enum read_result
base64_end(void *state, bool whole)
{
	struct base64 *b = state;
	enum read_result result;

	end_group(b);
	flush_out(b);
	result = read_feed_end(b->feed, whole);
	free(b);
	return (result);
}

const struct read_kind read_base64 = { "base64", base64_open, base64_bytes,
	base64_end };
