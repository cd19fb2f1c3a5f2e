/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "tools/edit.h"

enum status
edit_init(struct edit *e, struct arena *arena, const struct message *message,
    bool leadspc)
{
	enum status status;
	size_t i;

	*e = (struct edit){ .arena = arena, .body = message->body,
		.leadspc = leadspc };
	buf_init(&e->new_body, EDIT_BODY_MAX_BYTES);
	field_list_init(&e->fields);
	for (i = 0; i < message->fields.n; i++) {
		status = field_list_add_raw(arena, &e->fields,
		    message->fields.v[i].raw);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

void
edit_fini(struct edit *e)
{
	buf_fini(&e->new_body);
}

static void
note_edit(struct edit *e, struct edit_note n)
{
	struct edit_note *v = arena_grow(e->arena, e->v, e->n, &e->cap,
	    sizeof(*v));

	n.name = arena_dup(e->arena, n.name);
	n.value = arena_dup(e->arena, n.value);
	if (v == NULL || n.name.p == NULL || n.value.p == NULL) {
		e->status = STATUS_NOMEM;
		return;
	}
	e->v = v;
	e->v[e->n++] = n;
}

static struct str
shown_value(const struct edit *e, struct str value)
{
	return (e->leadspc && value.n > 0 && value.p[0] == ' ' ?
	    str_from_offset(value, 1) : value);
}

/* A field at the end, with the space that the MTA writes behind the colon. */
static bool
append_field(struct edit *e, struct str name, struct str value)
{
	if (!e->leadspc) {
		value = arena_printf(e->arena, " %.*s", STR_FMT(value));
		if (value.p == NULL) {
			e->status = STATUS_NOMEM;
			return (false);
		}
	}
	e->status = field_list_add(e->arena, &e->fields, name, value);
	return (e->status == STATUS_OK);
}

static void
insert_field(struct edit *e, char type, size_t index, struct str name,
    struct str value)
{
	struct field *v;
	struct field field;

	if (!append_field(e, name, value)) {
		return;
	}
	v = e->fields.v;
	if (index > e->fields.n - 1) {
		index = e->fields.n - 1;
	}
	field = v[e->fields.n - 1];
	memmove(v + index + 1, v + index,
	    (e->fields.n - 1 - index) * sizeof(*v));
	v[index] = field;
	note_edit(e, (struct edit_note){ .type = type, .index = index,
	    .name = name, .value = shown_value(e, value) });
}

/* The place of instance number `index` (from 1) of that name; n: none. */
static size_t
find_field(const struct edit *e, struct str name, size_t index)
{
	size_t i;

	for (i = 0; i < e->fields.n; i++) {
		if (str_eq_ci(e->fields.v[i].name, name) && --index == 0) {
			break;
		}
	}
	return (i);
}

static void
remove_at(struct edit *e, size_t i)
{
	e->fields.n--;
	e->fields.bytes -= e->fields.v[i].raw.n;
	memmove(e->fields.v + i, e->fields.v + i + 1,
	    (e->fields.n - i) * sizeof(*e->fields.v));
}

static void
change_field(struct edit *e, size_t index, struct str name, struct str value)
{
	size_t at = find_field(e, name, index);
	struct edit_note n = { .type = SMFIR_CHGHEADER, .index = index,
		.name = name, .value = shown_value(e, value),
		.deleted = value.n == 0 };

	if (at == e->fields.n) {
		if (value.n > 0) {
			insert_field(e, SMFIR_ADDHEADER, at, name, value);
		}
		return;
	}
	if (value.n > 0) {
		if (!append_field(e, e->fields.v[at].name, value)) {
			return;
		}
		e->fields.bytes -= e->fields.v[at].raw.n;
		e->fields.v[at] = e->fields.v[--e->fields.n];
	} else {
		remove_at(e, at);
	}
	note_edit(e, n);
}

void
edit_change(void *ctx, const struct player_change *c)
{
	struct edit *e = ctx;

	if (e->status != STATUS_OK) {
		return;
	}
	switch (c->type) {
	case SMFIR_ADDHEADER:
		insert_field(e, c->type, e->fields.n, c->name, c->value);
		break;
	case SMFIR_INSHEADER:
		insert_field(e, c->type, c->index, c->name, c->value);
		break;
	case SMFIR_CHGHEADER:
		change_field(e, c->index, c->name, c->value);
		break;
	case SMFIR_REPLBODY:
		buf_add_str(&e->new_body, c->value);
		e->status = e->new_body.status;
		break;
	case SMFIR_QUARANTINE:
		e->quarantine = arena_dup(e->arena, c->value);
		break;
	default:
		note_edit(e, (struct edit_note){ .type = c->type,
		    .name = c->name, .value = c->value });
		break;
	}
}

void
edit_write(const struct edit *e, struct buf *out)
{
	size_t i;

	for (i = 0; i < e->fields.n; i++) {
		buf_add_str(out, e->fields.v[i].raw);
	}
	buf_add_cstr(out, "\r\n");
	buf_add_str(out, e->new_body.n > 0 ? buf_str(&e->new_body) : e->body);
}
