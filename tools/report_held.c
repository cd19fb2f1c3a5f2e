/* SPDX-License-Identifier: BSD-2-Clause */
/* report_held: damaged reports that wait for whole copies of themselves. */
#include "config.h"

#include <stdlib.h>

#include "tools/report.h"

struct report_held_item {
	STAILQ_ENTRY(report_held_item) link;
	struct report		*report;
	char			*name;
};

void
report_held_init(struct report_held *h)
{
	STAILQ_INIT(&h->list);
	h->n = 0;
	h->rows = 0;
}

bool
report_held_add(struct report_held *h, const char *name, struct report *r)
{
	struct report_held_item *item;

	if (h->n == REPORT_HELD_MAX ||
	    r->aggregate.rows_n > REPORT_HELD_ROWS_MAX - h->rows) {
		return (false);
	}
	item = calloc(1, sizeof(*item));
	if (item == NULL || (item->name = strdup(name)) == NULL) {
		free(item);
		return (false);
	}
	item->report = r;
	STAILQ_INSERT_TAIL(&h->list, item, link);
	h->n++;
	h->rows += r->aggregate.rows_n;
	return (true);
}

struct report *
report_held_take(struct report_held *h, char **name_r)
{
	struct report_held_item *item = STAILQ_FIRST(&h->list);
	struct report *r;

	if (item == NULL) {
		return (NULL);
	}
	STAILQ_REMOVE_HEAD(&h->list, link);
	r = item->report;
	*name_r = item->name;
	free(item);
	h->n--;
	h->rows -= r->aggregate.rows_n;
	return (r);
}

void
report_held_fini(struct report_held *h)
{
	struct report *r;
	char *name;

	while ((r = report_held_take(h, &name)) != NULL) {
		report_free(r);
		free(name);
	}
}
