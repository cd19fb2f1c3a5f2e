/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/b64.h"
#include "guard.h"
#include "tap.h"

#define S(literal)	{ (literal), sizeof(literal) - 1 }
#define NONE		{ NULL, 0 }

static const struct {
	const char	*name;
	struct str	 text;
	struct str	 bytes;	/* absent: SYNTAX */
} rows[] = {
	/* RFC 4648 10 */
	{ "vector: empty", S(""), S("") },
	{ "vector: f", S("Zg=="), S("f") },
	{ "vector: fo", S("Zm8="), S("fo") },
	{ "vector: foo", S("Zm9v"), S("foo") },
	{ "vector: foob", S("Zm9vYg=="), S("foob") },
	{ "vector: fooba", S("Zm9vYmE="), S("fooba") },
	{ "vector: foobar", S("Zm9vYmFy"), S("foobar") },
	{ "62 and 63", S("+/+/"), S("\xfb\xff\xbf") },
	{ "all zero", S("AAAA"), S("\0\0\0") },
	/* RFC 6376 3.5: FWS in b= is ignored */
	{ "white space anywhere", S(" Z\tm\r\n 9v "), S("foo") },
	{ "white space in the padding", S("Zg=\r\n ="), S("f") },
	{ "white space only", S(" \r\n\t"), S("") },
	/* RFC 4648 3.2, 3.3, 3.5 */
	{ "no padding", S("Zg"), NONE },
	{ "half the padding", S("Zg="), NONE },
	{ "padding too long", S("Zg==="), NONE },
	{ "padding too long by a group", S("Zm9v===="), NONE },
	{ "padding without need", S("Zm9v="), NONE },
	{ "padding alone", S("="), NONE },
	{ "padding behind one digit", S("Z==="), NONE },
	{ "padding in the middle", S("Zg=v"), NONE },
	{ "data after padding", S("Zg==Zg=="), NONE },
	{ "one digit", S("Z"), NONE },
	{ "five digits", S("Zm9vZ"), NONE },
	{ "left-over bits, one octet", S("Zh=="), NONE },
	{ "left-over bits, two octets", S("Zm9="), NONE },
	{ "URL alphabet", S("-_-_"), NONE },
	{ "NUL", S("Zm\0v"), NONE },
	{ "8-bit", S("Zm\xc3v"), NONE },
	{ "vertical tab", S("Zm9v\v"), NONE },
};

static void
t_decode(void)
{
	struct arena a;
	struct str bytes;
	enum status status;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		arena_init(&a, 1024);
		status = b64_decode(&a, guard_put(rows[i].text), &bytes);
		if (rows[i].bytes.p == NULL) {
			tap_ok(status == STATUS_SYNTAX && bytes.p == NULL,
			    "refused: %s", rows[i].name);
		} else {
			tap_ok(status == STATUS_OK && bytes.p != NULL &&
			    str_eq(bytes, rows[i].bytes), "decoded: %s",
			    rows[i].name);
		}
		arena_fini(&a);
	}
}

static void
t_encode(void)
{
	struct str bytes;
	enum status status;
	unsigned char all[256];
	struct arena a;
	struct buf b;
	bool same = true;
	size_t i;

	buf_init(&b, 4096);
	for (i = 1; i < 7; i++) {
		buf_reset(&b);
		b64_encode(&b, rows[i].bytes.p, rows[i].bytes.n);
		tap_str(buf_str(&b), rows[i].text, rows[i].name);
	}
	for (i = 0; i < 256; i++) {
		all[i] = (unsigned char)(i * 167 + 3);
	}
	arena_init(&a, 1024 * 1024);
	for (i = 0; i <= 256; i++) {
		buf_reset(&b);
		b64_encode(&b, all, i);
		status = b64_decode(&a, buf_str(&b), &bytes);
		same &= status == STATUS_OK &&
		    str_eq(bytes, str_mem(all, i));
	}
	tap_ok(same, "what was encoded decodes, 0 to 256 octets");
	arena_fini(&a);
	buf_fini(&b);
}

static void
t_limits(void)
{
	struct str bytes;
	struct arena a;
	struct buf b;

	arena_init(&a, 0);
	tap_num(b64_decode(&a, STR("Zm9v"), &bytes), STATUS_NOMEM,
	    "no memory to decode into");
	arena_fini(&a);
	buf_init(&b, 7);
	b64_encode(&b, "foobar", 6);
	tap_num(b.status, STATUS_LIMIT, "no room to encode into");
	buf_fini(&b);
}

int
main(void)
{
	t_decode();
	t_encode();
	t_limits();
	return (tap_done());
}
