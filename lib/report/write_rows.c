/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * write_rows: the rows of a report in the form and order in which they are
 * written. Two rows are one if all is equal that is written of them.
 */
#include "config.h"

#include <stdlib.h>

#include "report/write_private.h"

static const char *
find_word(const char *const *words, struct str word, const char *fallback)
{
	for (; *words != NULL; words++) {
		if (str_eq_ci(word, str_from(*words))) {
			return (*words);
		}
	}
	return (fallback);
}

/* RFC 8601 2.7.1 and 2.7.2 */
static const char *
auth_word(struct str word, bool spf)
{
	static const char *const words[] = { "none", "pass", "fail", "policy",
		"neutral", "temperror", "permerror", NULL };

	if (spf && str_eq_ci(word, STR("softfail"))) {
		return ("softfail");
	}
	return (find_word(words, word, "permerror"));
}

static const char *
reason_word(struct str word, bool legacy)
{
	static const char *const words[] = { "local_policy", "mailing_list",
		"other", "policy_test_mode", "trusted_forwarder", NULL };

	/* RFC 7489 does not know that word. */
	if (legacy && str_eq_ci(word, STR("policy_test_mode"))) {
		return ("other");
	}
	return (find_word(words, word, "other"));
}

/* RFC 7489 does not know "pass". */
static const char *
disposition_word(struct str word, bool legacy)
{
	enum report_disposition disposition = report_disposition_parse(word);

	return (report_disposition_name(disposition == REPORT_OTHER ||
	    (legacy && disposition == REPORT_PASS) ? REPORT_NONE :
	    disposition));
}

/* Whatever is not a pass, is none to DMARC. */
static const char *
aligned_word(struct str word)
{
	return (str_eq_ci(word, STR("pass")) ? "pass" : "fail");
}

/* IPv4 before IPv6. */
static int
compare_ip(const struct ip_addr *a, const struct ip_addr *b)
{
	if (a->v6 != b->v6) {
		return (a->v6 ? 1 : -1);
	}
	return (memcmp(a->octets, b->octets, a->v6 ? 16 : 4));
}

static int
compare_size(size_t a, size_t b)
{
	return ((a > b) - (a < b));
}

/* NULL comes first. */
static int
compare_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL) {
		return ((a != NULL) - (b != NULL));
	}
	return (strcmp(a, b));
}

static int
compare_reason(const void *va, const void *vb)
{
	const struct write_clean_reason *a = va, *b = vb;
	int c = strcmp(a->type, b->type);

	return (c != 0 ? c : compare_text(a->comment, b->comment));
}

static int
compare_signature(const struct write_clean_dkim *a,
    const struct write_clean_dkim *b)
{
	int c = strcmp(a->domain, b->domain);

	c = c != 0 ? c : strcmp(a->selector, b->selector);
	return (c != 0 ? c : strcmp(a->result, b->result));
}

static int
compare_lists(const struct write_clean_row *a, const struct write_clean_row *b)
{
	int c = compare_size(a->signatures_n, b->signatures_n);
	size_t i;

	c = c != 0 ? c : compare_size(a->reasons_n, b->reasons_n);
	for (i = 0; i < a->signatures_n && c == 0; i++) {
		c = compare_signature(&a->signatures[i], &b->signatures[i]);
	}
	for (i = 0; i < a->reasons_n && c == 0; i++) {
		c = compare_reason(&a->reasons[i], &b->reasons[i]);
	}
	return (c);
}

static int
compare_row(const void *va, const void *vb)
{
	const struct write_clean_row *a = va, *b = vb;
	const char *const x[] = { a->header_from, a->disposition, a->dkim,
		a->spf, a->envelope_from, a->spf_domain, a->spf_result };
	const char *const y[] = { b->header_from, b->disposition, b->dkim,
		b->spf, b->envelope_from, b->spf_domain, b->spf_result };
	int c = compare_ip(&a->ip, &b->ip);
	size_t i;

	for (i = 0; i < sizeof(x) / sizeof(x[0]) && c == 0; i++) {
		c = compare_text(x[i], y[i]);
	}
	return (c != 0 ? c : compare_lists(a, b));
}

/* RFC 9990 3.1.1.12: a signature without a selector cannot be shown. */
static enum status
clean_signatures(struct arena *arena, const struct kept_fact *fact,
    struct write_clean_row *row)
{
	struct write_clean_dkim *v;
	size_t i, n = 0;

	v = arena_calloc(arena, fact->signatures_n, sizeof(*v));
	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < fact->signatures_n && n < KEPT_MAX_SIGNATURES; i++) {
		v[n].domain = write_clean_name(arena,
		    fact->signatures[i].domain);
		v[n].selector = write_clean_name(arena,
		    fact->signatures[i].selector);
		if (v[n].domain == NULL || v[n].selector == NULL) {
			return (STATUS_NOMEM);
		}
		v[n].result = auth_word(fact->signatures[i].result, false);
		n += v[n].domain[0] != '\0' && v[n].selector[0] != '\0';
	}
	row->signatures = v;
	row->signatures_n = n;
	return (STATUS_OK);
}

/* RFC 9990 3.1.6: "other" is explained by its comment. */
static enum status
clean_reason(struct arena *arena, const struct kept_reason *raw, bool legacy,
    struct write_clean_reason *r)
{
	r->type = reason_word(raw->type, legacy);
	r->comment = write_clean_text(arena, raw->comment);
	if (r->comment != NULL && r->comment[0] == '\0' &&
	    strcmp(r->type, "other") == 0) {
		r->comment = write_clean_text(arena, raw->type.n > 0 &&
		    !str_eq_ci(raw->type, STR("other")) ? raw->type :
		    STR("unspecified"));
	}
	if (r->comment == NULL) {
		return (STATUS_NOMEM);
	}
	if (r->comment[0] == '\0') {
		r->comment = NULL;
	}
	return (STATUS_OK);
}

static enum status
clean_reasons(struct arena *arena, const struct kept_fact *fact, bool legacy,
    struct write_clean_row *row)
{
	struct write_clean_reason *v;
	size_t i, n = 0;

	v = arena_calloc(arena, fact->reasons_n, sizeof(*v));
	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < fact->reasons_n; i++) {
		if (clean_reason(arena, &fact->reasons[i], legacy, &v[i]) !=
		    STATUS_OK) {
			return (STATUS_NOMEM);
		}
	}
	qsort(v, fact->reasons_n, sizeof(*v), compare_reason);
	for (i = 0; i < fact->reasons_n; i++) {
		if (n == 0 || compare_reason(&v[n - 1], &v[i]) != 0) {
			v[n++] = v[i];
		}
	}
	row->reasons = v;
	row->reasons_n = n;
	return (STATUS_OK);
}

/* Without a name that SPF was evaluated for there is no result to show. */
static enum status
clean_spf(struct arena *arena, const struct kept_fact *fact,
    struct write_clean_row *row)
{
	if (fact->spf_result.n == 0) {
		return (STATUS_OK);
	}
	row->spf_domain = write_clean_name(arena, fact->spf_domain);
	if (row->spf_domain == NULL) {
		return (STATUS_NOMEM);
	}
	if (row->spf_domain[0] == '\0') {
		row->spf_domain = NULL;
		return (STATUS_OK);
	}
	row->spf_result = auth_word(fact->spf_result, true);
	return (STATUS_OK);
}

static enum status
clean_row(struct arena *arena, const struct write_row *raw, bool legacy,
    struct write_clean_row *row)
{
	const struct kept_fact *fact = &raw->fact;
	enum status status;

	*row = (struct write_clean_row){ .count = raw->count,
		.disposition = disposition_word(fact->disposition, legacy),
		.dkim = aligned_word(fact->dkim),
		.spf = aligned_word(fact->spf), .ip = row->ip };
	row->header_from = write_clean_name(arena, fact->header_from);
	row->envelope_from = write_clean_name(arena, fact->envelope_from);
	if (row->header_from == NULL || row->envelope_from == NULL) {
		return (STATUS_NOMEM);
	}
	status = clean_signatures(arena, fact, row);
	if (status == STATUS_OK) {
		status = clean_reasons(arena, fact, legacy, row);
	}
	return (status == STATUS_OK ? clean_spf(arena, fact, row) : status);
}

enum status
write_clean_rows(struct arena *arena, const struct write_row *raw,
    size_t raw_n, bool legacy, struct write_clean_row **r, size_t *n_r)
{
	struct write_clean_row *v;
	enum status status;
	size_t i, all = 0, n = 0;

	v = arena_calloc(arena, raw_n, sizeof(*v));
	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < raw_n; i++) {
		if (raw[i].count < 1 ||
		    !ip_parse(raw[i].fact.ip, &v[all].ip)) {
			continue;
		}
		status = clean_row(arena, &raw[i], legacy, &v[all++]);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	qsort(v, all, sizeof(*v), compare_row);
	for (i = 0; i < all; i++) {
		if (n > 0 && compare_row(&v[n - 1], &v[i]) == 0) {
			v[n - 1].count = report_sum(v[n - 1].count,
			    v[i].count);
		} else {
			v[n++] = v[i];
		}
	}
	*r = v;
	*n_r = n;
	return (STATUS_OK);
}
