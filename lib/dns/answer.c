/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/resolver.h"

struct answer_object {
	struct answer_object	*next;
	const struct dns_parser	*parser;
	void			*object;
};

void
answer_box_init(struct answer_box *box, enum dns_result result)
{
	*box = (struct answer_box){ .answer = { .result = result } };
	atomic_init(&box->objects, NULL);
}

void
answer_box_fini(struct answer_box *box)
{
	struct answer_object *o, *next;

	for (o = atomic_load(&box->objects); o != NULL; o = next) {
		next = o->next;
		o->parser->free(o->object);
		free(o);
	}
	atomic_store(&box->objects, NULL);
	free(box->block);
	box->block = NULL;
}

/* The records that are kept, and the octets in them. */
static size_t
count_records(const struct dns_answer *a, size_t *octets_r)
{
	size_t i, n = 0, octets = 0;

	for (i = 0; i < a->n && n < DNS_MAX_RECORDS; i++) {
		if (a->v[i].data.n <= DNS_TXT_MAX_BYTES) {
			octets += a->v[i].data.n;
			n++;
		}
	}
	*octets_r = octets;
	return (n);
}

static void
copy_records(const struct dns_answer *a, size_t n, struct dns_record *v)
{
	char *p = (char *)(v + n);
	size_t i, k = 0;

	for (i = 0; k < n; i++) {
		const struct dns_record *from = &a->v[i];

		if (from->data.n > DNS_TXT_MAX_BYTES) {
			continue;
		}
		if (from->data.n > 0) {
			memcpy(p, from->data.p, from->data.n);
		}
		v[k].data = str_mem(p, from->data.n);
		v[k++].preference = from->preference;
		p += from->data.n;
	}
}

enum status
answer_copy(const struct dns_answer *a, struct dns_answer *copy_r,
    void **block_r, size_t *bytes_r)
{
	struct dns_record *v;
	size_t n, octets, bytes;

	*copy_r = *a;
	copy_r->v = NULL;
	copy_r->n = 0;
	*block_r = NULL;
	*bytes_r = 0;
	if (a->result != DNS_OK) {
		return (STATUS_OK);
	}
	n = count_records(a, &octets);
	if (n == 0) {
		copy_r->result = DNS_SERVFAIL;
		return (STATUS_OK);
	}
	/* One octet more, for an empty text to point to. */
	bytes = n * sizeof(*v) + octets + 1;
	v = malloc(bytes);
	if (v == NULL) {
		copy_r->result = DNS_SERVFAIL;
		return (STATUS_NOMEM);
	}
	copy_records(a, n, v);
	copy_r->v = v;
	copy_r->n = n;
	*block_r = v;
	*bytes_r = bytes;
	return (STATUS_OK);
}

static struct answer_object *
find_object(struct answer_object *o, const struct dns_parser *parser)
{
	while (o != NULL && o->parser != parser) {
		o = o->next;
	}
	return (o);
}

const void *
dns_answer_object(const struct dns_answer *answer,
    const struct dns_parser *parser)
{
	/* An answer that a caller can hold is the first member of a box. */
	struct answer_box *box = (struct answer_box *)(uintptr_t)answer;
	struct answer_object *head, *found, *mine;

	head = atomic_load(&box->objects);
	found = find_object(head, parser);
	if (found != NULL) {
		return (found->object);
	}
	mine = malloc(sizeof(*mine));
	if (mine == NULL) {
		return (NULL);
	}
	mine->parser = parser;
	mine->object = parser->parse(answer);
	if (mine->object == NULL) {
		free(mine);
		return (NULL);
	}
	do {
		/* Another thread may have made the same one meanwhile. */
		found = find_object(head, parser);
		if (found != NULL) {
			parser->free(mine->object);
			free(mine);
			return (found->object);
		}
		mine->next = head;
	} while (!atomic_compare_exchange_weak(&box->objects, &head, mine));
	resolver_count_object(box, sizeof(*mine) + parser->object_bytes);
	return (mine->object);
}
