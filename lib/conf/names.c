/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/tree.h>

#include "base/arena.h"
#include "conf/names.h"
#include "mail/domain.h"

#define NAMES_MAX_BYTES	(16 * 1024 * 1024)

struct name {
	RB_ENTRY(name)	 link;
	struct str	 name;		/* normalised */
	bool		 below;		/* ".domain": all names below it */
	int		 value;
};

static int
name_cmp(const struct name *a, const struct name *b)
{
	if (a->below != b->below) {
		return (a->below ? 1 : -1);
	}
	return (str_cmp(a->name, b->name));
}

RB_HEAD(tree, name);
RB_GENERATE_INTERNAL(tree, name, link, name_cmp, static ATTR_UNUSED)

struct names {
	struct arena	arena;
	struct tree	tree;
};

struct names *
names_new(void)
{
	struct names *names = calloc(1, sizeof(*names));

	if (names != NULL) {
		arena_init(&names->arena, NAMES_MAX_BYTES);
		RB_INIT(&names->tree);
	}
	return (names);
}

void
names_free(struct names *names)
{
	if (names != NULL) {
		arena_fini(&names->arena);
		free(names);
	}
}

/* A name whose last label is a number is an invalid address. */
static bool
ends_in_number(struct str name)
{
	size_t dot = str_rfind(name, '.');
	uint64_t number;

	return (str_to_u64(dot < name.n ? str_from_offset(name, dot + 1) :
	    name, &number));
}

enum status
names_add(struct names *names, struct str entry, int value)
{
	struct name *n = arena_alloc(&names->arena, sizeof(*n)), *old;
	enum status status;

	if (n == NULL) {
		return (STATUS_NOMEM);
	}
	n->value = value;
	n->below = entry.n > 0 && entry.p[0] == '.';
	status = domain_normalize(&names->arena,
	    str_from_offset(entry, n->below ? 1 : 0), &n->name);
	if (status == STATUS_NOMEM) {
		return (STATUS_NOMEM);
	}
	if (status != STATUS_OK || ends_in_number(n->name)) {
		return (STATUS_SYNTAX);
	}
	old = RB_INSERT(tree, &names->tree, n);
	return (old == NULL || old->value == value ? STATUS_OK :
	    STATUS_LIMIT);
}

bool
names_is_empty(const struct names *names)
{
	return (RB_EMPTY(&names->tree));
}

bool
names_find(const struct names *names, struct str name, int *value_r)
{
	/* The macros lack const; the tree does not change. */
	struct tree *tree = (struct tree *)(uintptr_t)&names->tree;
	struct name key = { .name = name };
	struct name *found = RB_FIND(tree, tree, &key);

	key.below = true;
	while (found == NULL && key.name.n > 0) {
		key.name = domain_parent(key.name);
		found = RB_FIND(tree, tree, &key);
	}
	if (found != NULL) {
		*value_r = found->value;
	}
	return (found != NULL);
}
