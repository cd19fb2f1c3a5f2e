/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "report/read_xml_values.h"

#define RECORD_MAX_BYTES	((size_t)1024 * 1024)	/* of its texts */
#define YEAR_9999_S		INT64_C(253402300799)	/* its last second */

enum status
xml_values_init(struct xml_values *x)
{
	memset(x, 0, sizeof(*x));
	arena_init(&x->arena, RECORD_MAX_BYTES);
	x->report = report_new(REPORT_AGGREGATE, READ_TEXTS_MAX_BYTES);
	xml_selectors_init(&x->selectors);
	return (x->report != NULL ? STATUS_OK : STATUS_NOMEM);
}

void
xml_values_fini(struct xml_values *x)
{
	report_free(x->report);
	arena_fini(&x->arena);
}

void
xml_values_set(struct xml_values *x, enum xml_leaf leaf, struct str text)
{
	struct arena *arena = leaf < XML_IP ? &x->report->arena : &x->arena;

	if (x->v[leaf].p != NULL) {
		return;
	}
	if (text.n > READ_TEXT_MAX_BYTES) {
		report_warn(x->report, "a value of more than %d bytes was cut",
		    READ_TEXT_MAX_BYTES);
		text.n = READ_TEXT_MAX_BYTES;
	}
	x->v[leaf] = arena_dup(arena, str_trim_fws(text));
	x->nomem = x->nomem || x->v[leaf].p == NULL;
}

void
xml_values_record(struct xml_values *x)
{
	memset(&x->v[XML_IP], 0, sizeof(x->v) - XML_IP * sizeof(x->v[0]));
	arena_reset(&x->arena);
	x->signatures_n = 0;
	x->spf_domain = STR_NONE;
	x->spf_result = REPORT_AUTH_ABSENT;
	x->reasons = 0;
	x->report->aggregate.records++;
}

/* Reporters repeat the same few names: those seen last are shared. */
static const char *
share_text(struct xml_values *x, struct str s)
{
	const char **place = &x->shared[str_hash(s) & (XML_SHARED - 1)];

	if (s.n == 0) {
		return ("");
	}
	if (*place == NULL || !str_eq(str_from(*place), s)) {
		*place = read_text(x->report, s);
		x->nomem = x->nomem || (*place)[0] == '\0';
	}
	return (*place);
}

static void
take_signature(struct xml_values *x)
{
	if (x->signatures_n < XML_SIGNATURES_MAX) {
		x->signatures[x->signatures_n++] = (struct xml_signature){
			x->v[XML_DKIM_DOMAIN], x->v[XML_DKIM_SELECTOR],
			report_auth_parse(x->v[XML_DKIM_RESULT]) };
	}
	x->v[XML_DKIM_DOMAIN] = STR_NONE;
	x->v[XML_DKIM_SELECTOR] = STR_NONE;
	x->v[XML_DKIM_RESULT] = STR_NONE;
}

/* The first result that passed, or the first one. */
static void
take_spf(struct xml_values *x)
{
	enum report_auth result = report_auth_parse(x->v[XML_SPF_RESULT]);

	if (x->spf_domain.p == NULL || (result == REPORT_AUTH_PASS &&
	    x->spf_result != REPORT_AUTH_PASS)) {
		x->spf_domain = x->v[XML_SPF_DOMAIN];
		x->spf_result = result;
	}
	x->v[XML_SPF_DOMAIN] = STR_NONE;
	x->v[XML_SPF_RESULT] = STR_NONE;
}

/* The number of labels at the end that both have, in any case. */
static unsigned
common_labels(struct str a, struct str b)
{
	unsigned n = 0;
	size_t i;

	for (i = 1; i <= a.n && i <= b.n; i++) {
		if (char_lower(a.p[a.n - i]) != char_lower(b.p[b.n - i])) {
			return (n);
		}
		n += a.p[a.n - i] == '.';
	}
	return (n + (i > a.n && (i > b.n || b.p[b.n - i] == '.')) +
	    (i > b.n && i <= a.n && a.p[a.n - i] == '.'));
}

/* The signature that says most about the author domain: one that made it
   pass, else one of a near domain, else one that passed. */
static const struct xml_signature *
choose_signature(const struct xml_values *x, bool aligned)
{
	const struct xml_signature *best = NULL, *s;
	unsigned score, high = 0;

	for (s = x->signatures; s < x->signatures + x->signatures_n; s++) {
		bool pass = s->result == REPORT_AUTH_PASS;

		score = 1 + 2 * common_labels(s->domain,
		    x->v[XML_HEADER_FROM]) + pass + (pass && aligned ? 512 : 0);
		if (score > high) {
			high = score;
			best = s;
		}
	}
	return (best);
}

static bool
parse_count(struct str s, int64_t *count_r)
{
	uint64_t count;

	if (s.n > 0 && s.p[0] == '+') {
		s = str_from_offset(s, 1);
	}
	if (!str_to_u64(s, &count) || count > INT64_MAX) {
		return (false);
	}
	*count_r = (int64_t)count;
	return (true);
}

static bool
is_pass(struct str word)
{
	return (str_eq_ci(word, STR("pass")));
}

static void
fill_row(struct xml_values *x, struct report_row *row)
{
	const struct xml_signature *s;

	row->dkim_aligned = is_pass(x->v[XML_DKIM_ALIGNED]);
	row->spf_aligned = is_pass(x->v[XML_SPF_ALIGNED]);
	row->disposition = (unsigned char)report_disposition_parse(
	    x->v[XML_DISPOSITION]);
	row->reasons = x->reasons;
	if (!ip_parse(x->v[XML_IP], &row->ip)) {
		row->ip_text = share_text(x, x->v[XML_IP]);
	}
	row->header_from = share_text(x, x->v[XML_HEADER_FROM]);
	row->spf_domain = share_text(x, x->spf_domain);
	row->spf_result = (unsigned char)x->spf_result;
	s = choose_signature(x, row->dkim_aligned);
	row->dkim_domain = share_text(x, s != NULL ? s->domain : STR_NONE);
	row->dkim_selector = share_text(x, s != NULL ? s->selector :
	    STR_NONE);
	row->dkim_result = (unsigned char)(s != NULL ? s->result :
	    REPORT_AUTH_ABSENT);
}

static enum status
take_record(struct xml_values *x)
{
	struct report_aggregate *a = &x->report->aggregate;
	struct report_row row;
	enum status status;

	memset(&row, 0, sizeof(row));
	if (!parse_count(x->v[XML_COUNT], &row.count)) {
		x->lost++;
		return (x->nomem ? STATUS_NOMEM : STATUS_OK);
	}
	status = a->rows_n >= READ_ROWS_MAX ? STATUS_LIMIT :
	    report_aggregate_grow(a);
	if (status != STATUS_OK) {
		return (status);
	}
	fill_row(x, &row);
	report_aggregate_add(a, &row);
	a->rows[a->rows_n++] = row;
	xml_selectors_add(&x->selectors, &x->report->arena, x->signatures,
	    x->signatures_n, row.count);
	return (x->nomem ? STATUS_NOMEM : STATUS_OK);
}

enum status
xml_values_end(struct xml_values *x, enum xml_place place)
{
	switch (place) {
	case XML_RECORD:
		return (take_record(x));
	case XML_AUTH_DKIM:
		take_signature(x);
		return (STATUS_OK);
	case XML_AUTH_SPF:
		take_spf(x);
		return (STATUS_OK);
	case XML_REASON:
		x->reasons |= report_reason_parse(x->v[XML_REASON_TYPE]);
		x->v[XML_REASON_TYPE] = STR_NONE;
		return (STATUS_OK);
	case XML_DOCUMENT:
	case XML_FOREIGN:
	case XML_LEAF:
	case XML_FEEDBACK:
	case XML_METADATA:
	case XML_DATE_RANGE:
	case XML_POLICY:
	case XML_ROW:
	case XML_EVALUATED:
	case XML_IDENTIFIERS:
	case XML_AUTH:
		break;
	}
	return (STATUS_OK);
}

/* Seconds; some write a fraction. */
static int64_t
take_time(struct xml_values *x, enum xml_leaf leaf, const char *name)
{
	struct str s = x->v[leaf];
	size_t dot = str_find(s, '.');
	int64_t t;

	if (s.n == 0) {
		return (REPORT_TIME_NONE);
	}
	if (!parse_count(str_first(s, dot), &t)) {
		report_warn(x->report, "%s is not a time", name);
		return (REPORT_TIME_NONE);
	}
	if (dot < s.n) {
		report_warn(x->report, "%s has a fraction", name);
	}
	if (t > YEAR_9999_S) {
		report_warn(x->report, "%s is not in seconds", name);
	}
	return (t);
}

static void
take_period(struct xml_values *x)
{
	struct report_aggregate *a = &x->report->aggregate;

	a->begin_s = take_time(x, XML_BEGIN, "begin");
	a->end_s = take_time(x, XML_END, "end");
	if (x->v[XML_BEGIN].n == 0 && x->v[XML_END].n == 0) {
		report_warn(x->report, "date_range missing");
	} else if (a->begin_s == REPORT_TIME_NONE ||
	    a->end_s == REPORT_TIME_NONE) {
		report_warn(x->report, "date_range incomplete");
	} else if (a->end_s < a->begin_s) {
		report_warn(x->report, "end before begin");
	} else if (a->end_s == a->begin_s) {
		report_warn(x->report, "end equals begin");
	}
}

static void
warn_missing(struct xml_values *x, enum xml_leaf leaf, const char *name)
{
	if (x->v[leaf].n == 0) {
		report_warn(x->report, "%s %s", name,
		    x->v[leaf].p == NULL ? "missing" : "empty");
	}
}

static const char *
text_or_empty(struct str s)
{
	return (s.p != NULL ? s.p : "");	/* arena_dup() adds a NUL */
}

void
xml_values_finish(struct xml_values *x, bool record_open)
{
	struct report *r = x->report;
	struct report_aggregate *a = &r->aggregate;

	a->org = text_or_empty(x->v[XML_ORG]);
	a->email = text_or_empty(x->v[XML_EMAIL]);
	a->id = text_or_empty(x->v[XML_ID]);
	a->domain = text_or_empty(x->v[XML_DOMAIN]);
	a->p = text_or_empty(x->v[XML_P]);
	a->version = x->v[XML_VERSION].p;
	a->selectors = x->selectors.first;
	take_period(x);
	warn_missing(x, XML_ORG, "org_name");
	warn_missing(x, XML_ID, "report_id");
	warn_missing(x, XML_DOMAIN, "domain");
	warn_missing(x, XML_P, "p");
	if (record_open) {
		report_warn(r, "the last record is incomplete, it was "
		    "skipped");
	}
	if (x->lost > 0) {
		report_warn(r, "%zu record%s without a usable count skipped",
		    x->lost, x->lost > 1 ? "s" : "");
	}
	if (a->records == 0) {
		report_warn(r, "no records");
	}
}
