/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outgoing: the header as the next hop gets it. Signatures and seals must
 * cover that one: SignHeaders may name a field that is deleted here, and the
 * MTA breaks lines that are too long. Those of a covered field are refolded at
 * white space before; what cannot be is hashed as it will be broken. Address
 * lists are brought into Sendmail's form if AddressLists says so. Nothing is
 * done if there are more of them than a signature or seal can name.
 */
#include <stdlib.h>
#include <strings.h>

#include "dkim/sign_names.h"
#include "dkim/signature.h"
#include "engine/private.h"
#include "mail/addr_form.h"

/* A list of all received fields but those that are deleted. */
static struct field_list *
list_kept(const struct engine_input *in)
{
	struct field_list *list = arena_alloc(in->arena, sizeof(*list));
	size_t i;

	if (list == NULL) {
		return (NULL);
	}
	list->v = arena_calloc(in->arena, in->fields.n, sizeof(*list->v));
	if (list->v == NULL) {
		return (NULL);
	}
	list->cap = in->fields.n;
	for (i = 0; i < in->fields.n; i++) {
		const struct field *field = &in->fields.v[i];

		if (!engine_forged_is_deleted(in, field)) {
			list->v[list->n++] = *field;
			list->bytes += field->raw.n;
		}
	}
	return (list);
}

/* A seal also covers the older sets, whose signatures should stay valid. */
static bool
is_covered(const struct dkim_sign_opts *opts, bool sealing, struct str name)
{
	return (sign_names_cover(opts, name) || (sealing &&
	    (str_eq_ci(name, ENGINE_FIELD_SIGNATURE) ||
	    str_starts_ci(name, STR("ARC-")))));
}

static bool
is_rewritten(const struct conf *conf, const struct field *field)
{
	return (conf->address_lists == CONF_ADDRESSES_SENDMAIL &&
	    addr_form_is_list(field->name));
}

static bool
needs_work(const struct conf *conf, const struct field *field,
    const struct dkim_sign_opts *opts, bool sealing)
{
	struct lines_rule rule = conf->line_limit;

	return (((rule.limit > 0 && field->raw.n > rule.limit) ||
	    is_rewritten(conf, field)) &&
	    is_covered(opts, sealing, field->name) &&
	    (is_rewritten(conf, field) ||
	    lines_field_is_long(rule, field->raw)));
}

static bool
any_needs_work(const struct engine_input *in,
    const struct dkim_sign_opts *opts, bool sealing)
{
	size_t i;

	for (i = 0; i < in->fields.n; i++) {
		if (needs_work(input_conf(in), &in->fields.v[i], opts,
		    sealing)) {
			return (true);
		}
	}
	return (false);
}

static bool
names_too_many(const struct field_list *list,
    const struct dkim_sign_opts *opts)
{
	size_t i, n = 0;

	for (i = 0; i < list->n && n <= DKIM_MAX_SIGNED_FIELDS; i++) {
		n += sign_names_cover(opts, list->v[i].name);
	}
	return (n > DKIM_MAX_SIGNED_FIELDS);
}

/* Whether neither a signature nor a seal can be made. */
static bool
is_too_much(const struct field_list *list, const struct dkim_sign_opts *opts,
    bool sealing)
{
	struct dkim_sign_opts seal_opts = *opts;

	seal_opts.kind = DKIM_ARC_MESSAGE;
	return (names_too_many(list, opts) &&
	    (!sealing || names_too_many(list, &seal_opts)));
}

static struct str
value_of(struct str raw)
{
	size_t colon = str_find(raw, ':');

	return (str_mem(raw.p + colon + 1, raw.n - colon - 3));
}

/* By name, and those of a name as they stand in the list. */
static int
compare_fields(const void *va, const void *vb)
{
	const struct field *const *a = va, *const *b = vb;
	struct str x = (*a)->name, y = (*b)->name;
	int c = x.n != y.n ? (x.n < y.n ? -1 : 1) :
	    strncasecmp(x.p, y.p, x.n);

	return (c != 0 ? c : *a < *b ? -1 : *a > *b);
}

/* Numbers the covered fields of each name from 1. NULL: no memory. */
static const unsigned *
number_fields(struct arena *arena, const struct dkim_sign_opts *opts,
    bool sealing, const struct field_list *list)
{
	const struct field **v = arena_calloc(arena, list->n, sizeof(*v));
	unsigned *r = arena_calloc(arena, list->n, sizeof(*r));
	size_t i, n = 0;

	if (v == NULL || r == NULL) {
		return (NULL);
	}
	for (i = 0; i < list->n; i++) {
		if (is_covered(opts, sealing, list->v[i].name)) {
			v[n++] = &list->v[i];
		}
	}
	qsort(v, n, sizeof(*v), compare_fields);
	for (i = 0; i < n; i++) {
		r[v[i] - list->v] = i > 0 && str_eq_ci(v[i - 1]->name,
		    v[i]->name) ? r[v[i - 1] - list->v] + 1 : 1;
	}
	return (r);
}

/* The field becomes what the MTA will send. number: among those of its name */
static enum status
prepare_field(const struct engine_input *in, struct engine_signing *s,
    struct field *field, unsigned number)
{
	const struct conf *conf = input_conf(in);
	struct str raw = field->raw, formed = raw;
	struct lines_field lines;
	enum status status = STATUS_OK;

	if (is_rewritten(conf, field)) {
		status = addr_form_sendmail(in->arena, raw, &formed);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	status = lines_field(in->arena, conf->line_limit, formed, &lines);
	if (status != STATUS_OK) {
		return (status);
	}
	s->long_lines += lines.long_lines;
	field->raw = lines.sent;
	field->value = value_of(lines.sent);
	if (str_eq(lines.refolded, raw)) {
		return (STATUS_OK);
	}
	s->refolded[s->refolded_n++] = (struct engine_refolded){
		.name = field->name, .value = value_of(lines.refolded),
		.index = number };
	return (STATUS_OK);
}

static enum status
prepare_fields(const struct engine_input *in,
    const struct dkim_sign_opts *opts, struct engine_signing *s,
    struct field_list *list)
{
	const unsigned *numbers = number_fields(in->arena, opts, s->sealing,
	    list);
	enum status status = STATUS_OK;
	size_t i;

	s->refolded = arena_calloc(in->arena, list->n, sizeof(*s->refolded));
	if (numbers == NULL || s->refolded == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < list->n && status == STATUS_OK; i++) {
		if (needs_work(input_conf(in), &list->v[i], opts,
		    s->sealing)) {
			status = prepare_field(in, s, &list->v[i],
			    numbers[i]);
		}
	}
	return (status);
}

enum status
engine_outgoing_prepare(const struct engine_input *in,
    const struct engine_outcome *out, const struct dkim_sign_opts *opts,
    struct engine_signing *s)
{
	bool work = any_needs_work(in, opts, s->sealing);
	enum status status = STATUS_OK;
	struct field_list *list;

	if (s->fields != NULL) {
		return (STATUS_OK);
	}
	if (out->deletions_n == 0 && !work) {
		s->fields = &in->fields;
		return (STATUS_OK);
	}
	list = list_kept(in);
	if (list == NULL) {
		return (STATUS_NOMEM);
	}
	if (work && !is_too_much(list, opts, s->sealing)) {
		status = prepare_fields(in, opts, s, list);
	}
	s->fields = list;
	return (status);
}

void
engine_outgoing_refold(const struct engine_signing *s,
    struct engine_outcome *out)
{
	uint64_t n = s->long_lines + dkim_bodies_long_lines(s->bodies);
	size_t i;

	for (i = 0; i < s->refolded_n; i++) {
		engine_outcome_change_field(out, &s->refolded[i]);
	}
	engine_outcome_set_long_lines(out, n);
}

/* The fields that are inserted, top first. */
static enum status
list_inserted(const struct engine_input *in, const struct engine_outcome *out,
    struct field_list *r)
{
	enum status status;
	size_t i;

	field_list_init(r);
	for (i = out->actions_n; i > 0; i--) {
		const struct engine_action *action = &out->actions[i - 1];

		if (action->type != ENGINE_INSERT_FIELD) {
			continue;
		}
		status = field_list_add(in->arena, r, action->name,
		    action->value);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

enum status
engine_outgoing_all(const struct engine_input *in,
    const struct engine_outcome *out, const struct engine_signing *s,
    struct field_list *r)
{
	const struct field_list *kept = s->fields;
	struct field_list added;
	enum status status;

	status = list_inserted(in, out, &added);
	if (status != STATUS_OK) {
		return (status);
	}
	field_list_init(r);
	r->n = r->cap = added.n + kept->n;
	r->v = arena_calloc(in->arena, r->n, sizeof(*r->v));
	if (r->v == NULL) {
		return (STATUS_NOMEM);
	}
	if (added.n > 0) {
		memcpy(r->v, added.v, added.n * sizeof(*r->v));
	}
	if (kept->n > 0) {
		memcpy(r->v + added.n, kept->v, kept->n * sizeof(*r->v));
	}
	return (STATUS_OK);
}
