/* SPDX-License-Identifier: BSD-2-Clause */
/* read_sniff: finds the kind of an input by its first bytes. */
#include "mail/field.h"
#include "report/read_private.h"

static bool
has_magic(struct str s, const char *magic, size_t n)
{
	return (s.n >= n && memcmp(s.p, magic, n) == 0);
}

/* The numbers by which libarchive's formats begin. */
static bool
is_archive(struct str s)
{
	static const struct {
		const char	*magic;
		size_t		 n;
	} rows[] = {
		{ "PK\3\4", 4 }, { "PK\5\6", 4 },		/* zip */
		{ "BZh", 3 },
		{ "\3757zXZ\0", 6 },				/* xz */
		{ "\x28\xb5\x2f\xfd", 4 },			/* zstd */
		{ "\x04\x22\x4d\x18", 4 },			/* lz4 */
		{ "LZIP", 4 },
		{ "\x1f\x9d", 2 },				/* compress */
		{ "7z\xbc\xaf\x27\x1c", 6 },
		{ "Rar!\x1a\7", 6 },
		{ "070701", 6 }, { "070707", 6 },		/* cpio */
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (has_magic(s, rows[i].magic, rows[i].n)) {
			return (true);
		}
	}
	return (s.n > 262 && memcmp(s.p + 257, "ustar", 5) == 0);
}

/* UTF-16 with or without its mark; "<" or "{" in it. */
static char
utf16_start(struct str s)
{
	if (s.n >= 4 && ((unsigned char)s.p[0] == 0xff ||
	    (unsigned char)s.p[0] == 0xfe)) {
		return (s.p[2] != 0 ? s.p[2] : s.p[3]);
	}
	if (s.n >= 2 && (s.p[0] == 0) != (s.p[1] == 0)) {
		return (s.p[0] != 0 ? s.p[0] : s.p[1]);
	}
	return (0);
}

/* The first character that is neither white space nor a mark; 0: none. */
static char
first_char(struct str s)
{
	s = str_trim_fws(s);
	if (has_magic(s, "\xef\xbb\xbf", 3)) {
		s = str_trim_fws(str_from_offset(s, 3));
	}
	return (s.n > 0 ? s.p[0] : 0);
}

/* Whether s begins with a header field and goes on with another one, a fold,
   or the end of the header. */
static bool
is_mail(struct str s)
{
	size_t colon = str_find(s, ':');
	size_t line = str_find(s, '\n');

	if (has_magic(s, "From ", 5)) {
		return (true);
	}
	if (colon >= line || !field_name_is_valid(str_first(s, colon))) {
		return (false);
	}
	s = str_from_offset(s, line + 1);
	if (s.n == 0 || char_is_fws(s.p[0])) {
		return (true);
	}
	colon = str_find(s, ':');
	return (colon < s.n && field_name_is_valid(str_first(s, colon)));
}

const struct read_kind *
read_sniff(struct str s, enum read_origin origin)
{
	char c = utf16_start(s);

	if (has_magic(s, "\x1f\x8b", 2)) {
		return (&read_gzip);
	}
	if (is_archive(s)) {
		return (&read_archive);
	}
	if (c == 0) {
		c = first_char(s);
	}
	if (c == '<') {
		return (&read_xml);
	}
	if (c == '{' || c == '[') {
		return (&read_json);
	}
	if (origin == READ_PROSE) {
		return (NULL);
	}
	return (has_magic(s, "From ", 5) ? &read_mbox :
	    is_mail(s) ? &read_mail : NULL);
}
