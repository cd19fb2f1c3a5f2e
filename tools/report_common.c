/* SPDX-License-Identifier: BSD-2-Clause */
/* report_common: texts that all forms of the result have. */
#include "config.h"

#include <inttypes.h>
#include <time.h>

#include "base/escape.h"
#include "tools/report.h"

#define NAMED_MAX	3	/* sources that the summary names */
#define IP_SHOWN_BYTES	64

const char *
report_clean(struct buf *out, const char *text, size_t max)
{
	buf_reset(out);
	escape_text(out, str_from(text), max);
	return (out->p != NULL && out->status == STATUS_OK ? out->p : "");
}

bool
report_shows(const struct report_read *o, const struct source *v)
{
	return (!o->fail_only || !source_passes(v));
}

const char *
report_ip(const struct source *v, char text_r[IP_TEXT_BYTES])
{
	if (v->ip_text != NULL) {
		return (v->ip_text);
	}
	ip_text(&v->ip, text_r);
	return (text_r);
}

const char *
report_date(int64_t time_s, char text_r[REPORT_DATE_BYTES])
{
	time_t t = (time_t)time_s;
	struct tm tm;

	if (time_s == REPORT_TIME_NONE || gmtime_r(&t, &tm) == NULL ||
	    tm.tm_year > 9999 - 1900 || strftime(text_r, REPORT_DATE_BYTES,
	    "%Y-%m-%d", &tm) == 0) {
		(void)snprintf(text_r, REPORT_DATE_BYTES, "?");
	}
	return (text_r);
}

bool
report_take_date(const char *option, const char *value, int64_t *time_r)
{
	struct tm tm = { .tm_year = 0 };
	const char *end = strptime(value, "%Y-%m-%d", &tm);
	int64_t t = end != NULL && *end == '\0' ? timegm(&tm) : -1;

	if (t == -1) {
		(void)cli_fail("%s: %s is not a date like 2026-01-31", option,
		    value);
		return (false);
	}
	*time_r = t;
	return (true);
}

const char *
report_number(int64_t n, char text_r[REPORT_NUMBER_BYTES])
{
	char digits[REPORT_NUMBER_BYTES];
	int i, out = 0, len = snprintf(digits, sizeof(digits), "%" PRId64, n);

	for (i = 0; i < len && out < REPORT_NUMBER_BYTES - 2; i++) {
		if (i > 0 && (len - i) % 3 == 0) {
			text_r[out++] = ',';
		}
		text_r[out++] = digits[i];
	}
	text_r[out] = '\0';
	return (text_r);
}

const char *
report_share(int64_t part, int64_t all, char text_r[REPORT_NUMBER_BYTES])
{
	double permille = all > 0 ? (double)part * 1000 / (double)all : 0;
	int64_t n = (int64_t)permille;

	(void)snprintf(text_r, REPORT_NUMBER_BYTES, "%" PRId64 ".%" PRId64
	    " %%", n / 10, n % 10);
	return (text_r);
}

/* Names the sources to fix that send most. */
static void
name_sources(const struct report_read *o, const struct source_domain *d,
    struct buf *out)
{
	char ip[IP_TEXT_BYTES];
	size_t i, first, n = 0, all = sources_of(o->sources, d, &first);

	for (i = first; i < first + all; i++) {
		const struct source *v = sources_get(o->sources, i);

		if (v->verdict != SOURCE_FIX) {
			break;
		}
		if (n++ == NAMED_MAX) {
			buf_add_cstr(out, ", ...");
			break;
		}
		buf_add_cstr(out, n == 1 ? ": " : ", ");
		escape_text(out, str_from(report_ip(v, ip)), IP_SHOWN_BYTES);
		if (report_name(o, v) != NULL) {
			buf_add_cstr(out, " (");
			escape_text(out, str_from(report_name(o, v)),
			    IP_SHOWN_BYTES);
			buf_add_char(out, ')');
		}
	}
}

static void
say_policy(const struct source_domain *d, struct buf *out)
{
	int64_t fail = d->messages - d->pass;
	char a[REPORT_NUMBER_BYTES], b[REPORT_NUMBER_BYTES];
	bool none = strcmp(d->p, "quarantine") != 0 &&
	    strcmp(d->p, "reject") != 0;

	if (fail == 0) {
		buf_add_cstr(out, "; every message passes");
		return;
	}
	buf_printf(out, "; p=%s %s %s message%s, %s of them yours",
	    none ? "quarantine" : d->p, none ? "would have hit" :
	    "applied to", report_number(fail, a), fail == 1 ? "" : "s",
	    d->own_fail == 0 ? "none" : report_number(d->own_fail, b));
}

void
report_summary(const struct report_read *o, const struct source_domain *d,
    struct buf *out)
{
	int64_t own = report_sum(d->own_pass, d->own_fail);
	char a[REPORT_NUMBER_BYTES], b[REPORT_NUMBER_BYTES];

	if (d->messages == 0) {
		buf_add_cstr(out, "no messages");
		return;
	}
	if (own == 0) {
		buf_add_cstr(out, "no message is known to be yours");
	} else {
		buf_printf(out, "%s of %s message%s from your own sources "
		    "pass%s", report_share(d->own_pass, own, a),
		    report_number(own, b), own == 1 ? "" : "s",
		    own == 1 ? "es" : "");
	}
	if (d->to_fix > 0) {
		buf_printf(out, "; %zu source%s need%s mending", d->to_fix,
		    d->to_fix == 1 ? "" : "s", d->to_fix == 1 ? "s" : "");
		name_sources(o, d, out);
	}
	say_policy(d, out);
	buf_add_char(out, '.');
}
