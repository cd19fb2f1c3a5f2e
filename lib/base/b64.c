/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>

#include "base/b64.h"

static const char alphabet[64] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
encode_group(char out[4], const unsigned char *in, size_t n)
{
	uint32_t bits = (uint32_t)in[0] << 16;

	bits |= n > 1 ? (uint32_t)in[1] << 8 : 0;
	bits |= n > 2 ? (uint32_t)in[2] : 0;
	out[0] = alphabet[bits >> 18];
	out[1] = alphabet[bits >> 12 & 63];
	out[2] = n > 1 ? alphabet[bits >> 6 & 63] : '=';
	out[3] = n > 2 ? alphabet[bits & 63] : '=';
}

void
b64_encode(struct buf *out, const void *data, size_t n)
{
	const unsigned char *in = data;
	char group[4];
	size_t i;

	for (i = 0; i < n; i += 3) {
		encode_group(group, in + i, n - i < 3 ? n - i : 3);
		buf_add(out, group, sizeof(group));
	}
}

int
b64_value(char c)
{
	if (c >= 'A' && c <= 'Z') {
		return (c - 'A');
	}
	if (c >= 'a' && c <= 'z') {
		return (c - 'a' + 26);
	}
	if (char_is_digit(c)) {
		return (c - '0' + 52);
	}
	return (c == '+' ? 62 : c == '/' ? 63 : -1);
}

struct decoder {
	char		*out;
	size_t		 n;
	uint32_t	 bits;		/* of the current group */
	unsigned	 digits;	/* of the current group, with padding */
	unsigned	 pads;
};

/* Ends a group; the padding says how many of its three octets exist. */
static bool
group_end(struct decoder *d)
{
	unsigned octets = 3 - d->pads, i;

	if (d->pads == 1 && (d->bits & 0xff) != 0) {
		return (false);
	}
	if (d->pads == 2 && (d->bits & 0xffff) != 0) {
		return (false);
	}
	for (i = 0; i < octets; i++) {
		d->out[d->n++] = (char)(d->bits >> (16 - 8 * i) & 0xff);
	}
	d->bits = 0;
	d->digits = 0;
	return (true);
}

static bool
decode_char(struct decoder *d, char c)
{
	int value = b64_value(c);

	if (c == '=') {
		if (d->digits < 2) {
			return (false);
		}
		d->pads++;
		value = 0;
	} else if (value < 0 || d->pads > 0) {
		return (false);
	}
	d->bits = d->bits << 6 | (uint32_t)value;
	d->digits++;
	return (d->digits < 4 || group_end(d));
}

enum status
b64_decode(struct arena *a, struct str s, struct str *bytes_r)
{
	struct decoder d = { 0 };
	size_t i;

	*bytes_r = STR_NONE;
	d.out = arena_alloc(a, s.n / 4 * 3 + 3);
	if (d.out == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < s.n; i++) {
		if (char_is_wsp(s.p[i]) || s.p[i] == '\r' || s.p[i] == '\n') {
			continue;
		}
		if (!decode_char(&d, s.p[i])) {
			return (STATUS_SYNTAX);
		}
	}
	if (d.digits != 0) {
		return (STATUS_SYNTAX);
	}
	*bytes_r = str_mem(d.out, d.n);
	return (STATUS_OK);
}
