/* SPDX-License-Identifier: BSD-2-Clause */
/* read_domains: what reports say of a domain as a whole, and day by day. */
#include "config.h"

#include <stdlib.h>

#include "report/read_sources_private.h"

#define FIRST_CAP	64
#define DAY_S		86400

static struct source_domain *
new_domain(struct sources *s, const char *name)
{
	size_t cap = s->domains_cap > 0 ? s->domains_cap * 2 : FIRST_CAP;
	struct source_domain *v;

	if (s->domains_n == SOURCES_DOMAINS_MAX) {
		return (NULL);
	}
	if (s->domains_n == s->domains_cap) {
		v = realloc(s->domains, cap * sizeof(*v));
		if (v == NULL) {
			return (NULL);
		}
		s->domains = v;
		s->domains_cap = cap;
	}
	v = &s->domains[s->domains_n++];
	memset(v, 0, sizeof(*v));
	v->name = name;
	v->p = "";
	v->begin_s = REPORT_TIME_NONE;
	v->end_s = REPORT_TIME_NONE;
	return (v);
}

/* The map has an index, since the array moves. */
struct source_domain *
sources_domain_at(struct sources *s, const char *name)
{
	void **place = strmap_at(&s->by_name, str_from(name));
	struct source_domain *d;

	if (place == NULL) {
		return (NULL);
	}
	if (*place != NULL) {
		return (&s->domains[(uintptr_t)*place - 1]);
	}
	d = new_domain(s, name);
	if (d == NULL) {
		strmap_remove(&s->by_name, str_from(name));
		return (NULL);
	}
	*place = (void *)(uintptr_t)s->domains_n;
	return (d);
}

static struct source_day *
day_at(struct source_domain *d, int64_t day)
{
	size_t i = d->days_n, cap = d->days_cap > 0 ? d->days_cap * 2 : 32;
	struct source_day *v;

	while (i > 0 && d->days[i - 1].day > day) {
		i--;
	}
	if (i > 0 && d->days[i - 1].day == day) {
		return (&d->days[i - 1]);
	}
	if (d->days_n == SOURCES_DAYS_MAX) {
		return (NULL);
	}
	if (d->days_n == d->days_cap) {
		v = realloc(d->days, cap * sizeof(*v));
		if (v == NULL) {
			return (NULL);
		}
		d->days = v;
		d->days_cap = cap;
	}
	memmove(&d->days[i + 1], &d->days[i], (d->days_n - i) * sizeof(*v));
	d->days_n++;
	d->days[i] = (struct source_day){ .day = day };
	return (&d->days[i]);
}

/* The day in which the middle of the period is. */
static void
add_day(struct source_domain *d, const struct report_aggregate *a)
{
	struct source_day *day;
	int64_t middle;

	if (a->begin_s < 0 || a->end_s < a->begin_s) {
		return;
	}
	middle = a->begin_s + (a->end_s - a->begin_s) / 2;
	day = day_at(d, middle / DAY_S);
	if (day != NULL) {
		day->pass = report_sum(day->pass, a->dmarc_pass);
		day->fail = report_sum(day->fail, a->messages - a->dmarc_pass);
	}
}

void
sources_domain_add(struct sources *s, struct source_domain *d,
    const struct report_aggregate *a, const char *p)
{
	size_t i;

	d->reports++;
	d->reporters += sources_remember(s, 'o', d->name, a->org, "", 0, 0);
	d->messages = report_sum(d->messages, a->messages);
	d->pass = report_sum(d->pass, a->dmarc_pass);
	for (i = 0; i < REPORT_DISPOSITIONS; i++) {
		d->disposition[i] = report_sum(d->disposition[i],
		    a->disposition[i]);
	}
	if (a->begin_s != REPORT_TIME_NONE && (d->begin_s == REPORT_TIME_NONE ||
	    a->begin_s < d->begin_s)) {
		d->begin_s = a->begin_s;
	}
	if (a->end_s != REPORT_TIME_NONE && (d->end_s == REPORT_TIME_NONE ||
	    a->end_s > d->end_s)) {
		d->end_s = a->end_s;
		d->p = p;
	}
	add_day(d, a);
}

size_t
sources_domains(const struct sources *s)
{
	return (s->domains_n);
}

const struct source_domain *
sources_domain(const struct sources *s, size_t i)
{
	return (&s->domains[i]);
}
