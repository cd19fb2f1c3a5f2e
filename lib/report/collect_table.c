/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "report/collect_table.h"

static int
compare_rows(const struct collect_row *a, const struct collect_row *b)
{
	int order = str_cmp(a->row.fact, b->row.fact);

	if (order == 0) {
		order = str_cmp(a->row.policy, b->row.policy);
	}
	if (order == 0 && a->row.day_s != b->row.day_s) {
		order = a->row.day_s < b->row.day_s ? -1 : 1;
	}
	return (order);
}

RB_GENERATE_INTERNAL(collect_tree, collect_row, link, compare_rows,
    static ATTR_UNUSED)

void
collect_table_init(struct collect_table *table)
{
	*table = (struct collect_table){ .n = 0 };
	RB_INIT(&table->tree);
	TAILQ_INIT(&table->list);
}

void
collect_list_free(struct collect_list *list)
{
	struct collect_row *row;

	while ((row = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, row, order);
		free(row);
	}
}

struct collect_row *
collect_row_new(int64_t day_s, struct str policy, struct str fact,
    const struct kept_weight *weight)
{
	size_t bytes = sizeof(struct collect_row) + policy.n + fact.n;
	struct collect_row *row = malloc(bytes);

	if (row == NULL) {
		return (NULL);
	}
	memcpy(row->text, policy.p, policy.n);
	memcpy(row->text + policy.n, fact.p, fact.n);
	row->bytes = bytes;
	row->row = (struct report_batch_row){ day_s,
		str_mem(row->text, policy.n),
		str_mem(row->text + policy.n, fact.n), *weight };
	return (row);
}

static void
add_weight(struct kept_weight *to, const struct kept_weight *from)
{
	to->messages += from->messages;
	to->ordinary += from->ordinary;
	to->accepted += from->accepted;
	to->passed += from->passed;
}

bool
collect_table_add(struct collect_table *table, struct collect_row *row)
{
	struct collect_row *old = RB_INSERT(collect_tree, &table->tree, row);

	if (old != NULL) {
		add_weight(&old->row.weight, &row->row.weight);
		return (false);
	}
	TAILQ_INSERT_TAIL(&table->list, row, order);
	table->bytes += row->bytes;
	table->n++;
	return (true);
}

struct collect_row *
collect_table_take(struct collect_table *table)
{
	struct collect_row *row = TAILQ_FIRST(&table->list);

	if (row != NULL) {
		RB_REMOVE(collect_tree, &table->tree, row);
		TAILQ_REMOVE(&table->list, row, order);
		table->bytes -= row->bytes;
		table->n--;
	}
	return (row);
}
