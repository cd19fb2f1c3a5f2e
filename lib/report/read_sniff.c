/* SPDX-License-Identifier: BSD-2-Clause */
/* read_sniff: finds the kind of an input by its first bytes. */
#include "base/b64.h"
#include "mail/field.h"
#include "report/read_private.h"

#define BASE64_LINE_MIN	40	/* characters of its first line */

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
	while (has_magic(s, "\xef\xbb\xbf", 3)) {
		s = str_trim_fws(str_from_offset(s, 3));
	}
	return (s.n > 0 ? s.p[0] : 0);
}

/* How gzip, zip, "<?xml " and "<feedback" begin in base64. */
static bool
is_base64(struct str s)
{
	static const char *const rows[] = { "H4sI", "UEsDB", "PD94bWwg",
		"PGZlZWRiYWNr" };
	size_t i, n = 0;

	s = str_trim_fws(s);
	while (n < s.n && n < BASE64_LINE_MIN && b64_value(s.p[n]) >= 0) {
		n++;
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (n == BASE64_LINE_MIN && str_starts(s,
		    str_from(rows[i]))) {
			return (true);
		}
	}
	return (false);
}

/* "begin 644 name", which uuencode writes, at the start of a line. */
static bool
is_uuencoded(struct str s)
{
	const struct str begin = STR("begin ");
	size_t i, j;

	for (i = 0; i < s.n; i += str_find(str_from_offset(s, i), '\n') + 1) {
		if (!str_starts(str_from_offset(s, i), begin)) {
			continue;
		}
		j = i + begin.n;
		while (j < s.n && s.p[j] >= '0' && s.p[j] <= '7') {
			j++;
		}
		if (j - i - begin.n >= 3 && j < s.n && s.p[j] == ' ') {
			return (true);
		}
	}
	return (false);
}

/* Apple Mail writes the size of a message before it and more behind it. */
static struct str
cut_size(struct str s)
{
	size_t line = str_find(s, '\n');
	struct str rest = str_from_offset(s, line < s.n ? line + 1 : s.n);
	uint64_t n;

	if (!str_to_u64(str_trim_fws(str_first(s, line)), &n)) {
		return (s);
	}
	return (n < rest.n ? str_first(rest, (size_t)n) : rest);
}

struct str
read_mail_start(struct str s)
{
	if (has_magic(s, "\xef\xbb\xbf", 3)) {
		s = str_from_offset(s, 3);
	}
	while (s.n > 0 && (s.p[0] == '\r' || s.p[0] == '\n')) {
		s = str_from_offset(s, 1);
	}
	return (cut_size(s));
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

static const struct read_kind *
sniff_mail(struct str s)
{
	s = read_mail_start(s);
	return (has_magic(s, "From ", 5) ? &read_mbox :
	    is_mail(s) ? &read_mail : NULL);
}

const struct read_kind *
read_sniff(struct str s, enum read_origin origin)
{
	const struct read_kind *mail;
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
	/* Before what may be in one of several messages. */
	mail = origin != READ_PROSE ? sniff_mail(s) : NULL;
	if (mail != NULL) {
		return (mail);
	}
	if (is_uuencoded(s)) {
		return (&read_archive);
	}
	return (is_base64(s) ? &read_base64 : NULL);
}
