/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <inttypes.h>

#include "report/failure.h"
#include "report/write_mail.h"

#define LINE_MAX_BYTES	78	/* RFC 5322 2.1.1 */

static void
add_word(struct buf *out, size_t *column, bool first, struct str word)
{
	if (!first && *column + 1 + word.n > LINE_MAX_BYTES) {
		buf_add_char(out, '\n');
		*column = 0;
	}
	buf_add_char(out, ' ');
	buf_add_str(out, word);
	*column += 1 + word.n;
}

void
failure_add_field(struct buf *out, const char *name, struct str text)
{
	size_t column = strlen(name) + 1;
	struct str word, part;
	bool first = true;

	if (text.n == 0) {
		return;
	}
	buf_printf(out, "%s:", name);
	while (str_next(&text, ' ', &word)) {
		for (; word.n > 0; word = str_from_offset(word, part.n)) {
			part = str_first(word, FAILURE_WORD_MAX_BYTES);
			add_word(out, &column, first, part);
			first = false;
		}
	}
	buf_add_char(out, '\n');
}

static void
add_header(struct buf *out, const struct failure_mail *m)
{
	buf_printf(out, "From: %.*s\nTo: %.*s\n"
	    "Subject: DMARC failure report:\n %.*s\nDate: ",
	    STR_FMT(m->from), STR_FMT(m->to), STR_FMT(m->failure->domain));
	write_mail_time(out, m->date_s);
	buf_printf(out, "\nMessage-ID: <%.*s%s%.*s@%.*s>\n", STR_FMT(m->id),
	    m->tag.n > 0 ? "." : "", STR_FMT(m->tag), STR_FMT(m->receiver));
	buf_add_cstr(out, "Auto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\n");
	buf_printf(out, "Content-Type: multipart/report;\n"
	    " report-type=feedback-report;\n boundary=\"report_%.*s\"\n\n",
	    STR_FMT(m->id));
}

static void
begin_part(struct buf *out, const struct failure_mail *m, const char *type)
{
	buf_printf(out, "--report_%.*s\nContent-Type: %s\n\n", STR_FMT(m->id),
	    type);
}

static void
add_note(struct buf *out, const struct failure_mail *m)
{
	const struct kept_failure *f = m->failure;

	begin_part(out, m, "text/plain; charset=us-ascii");
	buf_printf(out, "This is a failure report (RFC 9991), which the DMARC "
	    "record of\n%.*s\nasks for. %.*s received ", STR_FMT(f->domain),
	    STR_FMT(m->receiver));
	if (f->incidents == 1) {
		buf_add_cstr(out, "a message");
	} else {
		buf_printf(out, "%" PRId64 " messages", f->incidents);
	}
	buf_printf(out, " from\n%.*s, ", STR_FMT(f->source));
	buf_printf(out, "%s on\n", f->incidents == 1 ? "it came" :
	    "the first of them came");
	write_mail_time(out, f->at_s);
	buf_add_cstr(out, ".\n\nSome fields of the header are included. Each "
	    "local part of an address\nis replaced by a code, which is the "
	    "same for the same local part.\n\n");
}

static void
add_feedback(struct buf *out, const struct failure_mail *m)
{
	const struct kept_failure *f = m->failure;

	begin_part(out, m, "message/feedback-report");
	buf_printf(out, "Feedback-Type: auth-failure\nVersion: 1\n"
	    "User-Agent: " PACKAGE_NAME "/" PACKAGE_VERSION "\n"
	    "Reporting-MTA: dns; %.*s\n", STR_FMT(m->receiver));
	buf_add_str(out, f->feedback);
	buf_printf(out, "Incidents: %" PRId64 "\n\n", f->incidents);
}

enum status
failure_write_mail(struct buf *out, const struct failure_mail *m)
{
	add_header(out, m);
	add_note(out, m);
	add_feedback(out, m);
	begin_part(out, m, "text/rfc822-headers");
	buf_add_str(out, m->failure->header);
	buf_printf(out, "\n--report_%.*s--\n", STR_FMT(m->id));
	return (out->status);
}
