/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <inttypes.h>
#include <time.h>

#include "base/b64.h"
#include "report/write_mail.h"

#define LINE_MAX_BYTES	78	/* RFC 5322 2.1.1 */
#define LINE_OCTETS	57	/* of base64 in one line: 76 characters */

/* In the "C" locale, whatever the process has. */
void
write_mail_time(struct buf *out, int64_t time_s)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)time_s;
	struct tm tm = { .tm_mday = 1 };

	(void)gmtime_r(&t, &tm);
	buf_printf(out, "%.3s, %d %.3s %d %02d:%02d:%02d +0000",
	    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Appends a word to a field, on a new line if this one would be too long. */
static void
add_word(struct buf *out, size_t *column, const char *keyword, struct str word)
{
	size_t n = strlen(keyword) + 1 + word.n;

	if (*column + 1 + n > LINE_MAX_BYTES && *column > 0) {
		buf_add_char(out, '\n');
		*column = 0;
	}
	buf_printf(out, " %s %.*s", keyword, STR_FMT(word));
	*column += 1 + n;
}

/* RFC 9990 3.5.2 */
static void
add_subject(struct buf *out, const struct write_mail *m)
{
	size_t column = sizeof("Subject:") - 1;

	buf_add_cstr(out, "Subject:");
	add_word(out, &column, "Report Domain:", m->domain);
	add_word(out, &column, "Submitter:", m->receiver);
	add_word(out, &column, "Report-ID:", m->id);
	buf_add_char(out, '\n');
}

static void
add_base64(struct buf *out, struct str bytes)
{
	struct str line;

	for (; bytes.n > 0; bytes = str_from_offset(bytes, line.n)) {
		line = str_first(bytes, LINE_OCTETS);
		b64_encode(out, line.p, line.n);
		buf_add_char(out, '\n');
	}
}

static void
add_header(struct buf *out, const struct write_mail *m)
{
	buf_printf(out, "From: %.*s\nTo: %.*s\n", STR_FMT(m->from),
	    STR_FMT(m->to));
	add_subject(out, m);
	buf_add_cstr(out, "Date: ");
	write_mail_time(out, m->date_s);
	buf_printf(out, "\nMessage-ID: <%.*s%s%.*s@%.*s>\n", STR_FMT(m->id),
	    m->tag.n > 0 ? "." : "", STR_FMT(m->tag), STR_FMT(m->receiver));
	buf_add_cstr(out, "Auto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\n");
	buf_printf(out, "Content-Type: multipart/mixed;\n"
	    " boundary=\"report_%.*s\"\n\n", STR_FMT(m->id));
}

static void
add_note(struct buf *out, const struct write_mail *m)
{
	buf_printf(out, "--report_%.*s\nContent-Type: text/plain\n\n"
	    "This is a DMARC aggregate report (RFC 9990) about mail from\n"
	    "%.*s\nthat %.*s received between\n", STR_FMT(m->id),
	    STR_FMT(m->domain), STR_FMT(m->receiver));
	write_mail_time(out, m->begin_s);
	buf_add_cstr(out, " and\n");
	write_mail_time(out, m->end_s);
	buf_printf(out, ":\n%" PRId64 " message%s in %zu record%s.\n\n",
	    m->counts.messages, m->counts.messages == 1 ? "" : "s",
	    m->counts.rows, m->counts.rows == 1 ? "" : "s");
}

static void
add_name(struct buf *out, const struct write_mail *m)
{
	buf_printf(out, "%.*s!%.*s!%" PRId64 "!%" PRId64 "!%.*s.xml.gz",
	    STR_FMT(m->receiver), STR_FMT(m->domain), m->begin_s, m->end_s,
	    STR_FMT(m->id));
}

enum status
write_mail(struct buf *out, const struct write_mail *m)
{
	add_header(out, m);
	add_note(out, m);
	buf_printf(out, "--report_%.*s\nContent-Type: application/gzip\n"
	    "Content-Transfer-Encoding: base64\n"
	    "Content-Disposition: attachment;\n filename=\"", STR_FMT(m->id));
	add_name(out, m);
	buf_add_cstr(out, "\"\n\n");
	add_base64(out, m->gzip);
	buf_printf(out, "--report_%.*s--\n", STR_FMT(m->id));
	return (out->status);
}
