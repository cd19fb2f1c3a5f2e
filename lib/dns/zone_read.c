/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns entries into records; zone.h has the syntax. */
#include <stdlib.h>

#include "dns/zone_read.h"

/* Keys and data take as much as the text, and alignment. */
#define ARENA_MAX_BYTES	((size_t)8 * ZONE_MAX_BYTES)

/* owner TIMEOUT [TYPE] */
static bool
read_fault(struct zone_reader *rd, struct zone_record *r)
{
	if (str_eq_ci(rd->lex.word, STR("TIMEOUT"))) {
		r->fault = DNS_TIMEOUT;
	} else if (str_eq_ci(rd->lex.word, STR("SERVFAIL"))) {
		r->fault = DNS_SERVFAIL;
	} else {
		return (false);
	}
	r->type = ZONE_TYPE_ANY;
	if (lex_next(&rd->lex) == LEX_WORD) {
		if (!zone_word_type(rd->lex.word, &r->type)) {
			lex_fail(&rd->lex, STATUS_SYNTAX, "unknown type");
		}
		zone_read_end(rd);
	}
	return (true);
}

static void
set_owner(struct zone_reader *rd, const struct dns_name *owner)
{
	char key[ZONE_KEY_MAX_BYTES];
	size_t n = zone_key(str_mem(owner->p, owner->n), key);

	if (rd->key.p != NULL && str_eq(rd->key, str_mem(key, n))) {
		return;
	}
	rd->key = arena_dup(&rd->zone->arena, str_mem(key, n));
	if (rd->key.p == NULL) {
		lex_fail(&rd->lex, STATUS_NOMEM, "out of memory");
	}
}

static struct zone_record *
add_record(struct zone_reader *rd)
{
	struct zone *z = rd->zone;
	struct zone_record *v;
	size_t cap;

	if (z->n >= ZONE_MAX_RECORDS) {
		lex_fail(&rd->lex, STATUS_LIMIT, "more than %d records",
		    ZONE_MAX_RECORDS);
		return (NULL);
	}
	if (z->n == rd->cap) {
		cap = rd->cap == 0 ? 64 : 2 * rd->cap;
		v = realloc(z->v, cap * sizeof(*v));
		if (v == NULL) {
			lex_fail(&rd->lex, STATUS_NOMEM, "out of memory");
			return (NULL);
		}
		z->v = v;
		rd->cap = cap;
	}
	z->v[z->n] = (struct zone_record){ .key = rd->key,
		.order = (uint32_t)z->n, .ttl_s = rd->default_ttl_s };
	return (&z->v[z->n++]);
}

/* [ttl] [IN] in either order, then the type and its data. */
static void
read_record(struct zone_reader *rd)
{
	struct lex *x = &rd->lex;
	bool had_ttl = false, had_class = false;
	struct zone_record *r;

	r = add_record(rd);
	while (r != NULL && zone_read_need(rd, "the type")) {
		if (!had_ttl && zone_word_ttl(x->word, &r->ttl_s)) {
			had_ttl = true;
		} else if (!had_class && str_eq_ci(x->word, STR("IN"))) {
			had_class = true;
		} else if (read_fault(rd, r)) {
			return;
		} else if (zone_word_type(x->word, &r->type)) {
			zone_read_rdata(rd, r);
			return;
		} else {
			lex_fail(x, STATUS_SYNTAX, "unknown type");
		}
	}
}

static void
read_directive(struct zone_reader *rd)
{
	if (str_eq_ci(rd->lex.word, STR("$ORIGIN"))) {
		if (!zone_read_need(rd, "a name") ||
		    !zone_read_name(rd, &rd->origin)) {
			return;
		}
	} else if (str_eq_ci(rd->lex.word, STR("$TTL"))) {
		if (!zone_read_need(rd, "a TTL")) {
			return;
		}
		if (!zone_word_ttl(rd->lex.word, &rd->default_ttl_s)) {
			lex_fail(&rd->lex, STATUS_SYNTAX, "not a TTL");
		}
	} else {
		lex_fail(&rd->lex, STATUS_SYNTAX, "unknown directive");
	}
	zone_read_end(rd);
}

static void
read_entry(struct zone_reader *rd)
{
	struct dns_name owner;

	if (rd->lex.blank) {
		if (rd->key.p == NULL) {
			lex_fail(&rd->lex, STATUS_SYNTAX,
			    "a blank owner, and no previous line");
			return;
		}
		read_record(rd);
		return;
	}
	if (!zone_read_need(rd, "the owner")) {
		return;
	}
	if (rd->lex.word.n > 0 && rd->lex.word.p[0] == '$' &&
	    !rd->lex.quoted) {
		read_directive(rd);
	} else if (zone_read_name(rd, &owner)) {
		set_owner(rd, &owner);
		read_record(rd);
	}
}

enum status
zone_parse(struct zone *z, struct str text, const char *file,
    struct diag *diag)
{
	struct zone_reader rd = { .zone = z, .default_ttl_s = ZONE_TTL_S };
	enum status status;

	*z = (struct zone){ .v = NULL };
	arena_init(&z->arena, ARENA_MAX_BYTES);
	lex_init(&rd.lex, text.n > 0 ? text : STR(""), file, diag);
	if (text.n > ZONE_MAX_BYTES) {
		lex_fail(&rd.lex, STATUS_LIMIT, "more than %d octets",
		    ZONE_MAX_BYTES);
	}
	while (lex_entry(&rd.lex)) {
		read_entry(&rd);
	}
	status = rd.lex.status;
	lex_fini(&rd.lex);
	if (status != STATUS_OK) {
		zone_fini(z);
		return (status);
	}
	if (z->n > 0) {
		qsort(z->v, z->n, sizeof(*z->v), zone_record_cmp);
	}
	return (STATUS_OK);
}

void
zone_fini(struct zone *z)
{
	free(z->v);
	z->v = NULL;
	z->n = 0;
	arena_fini(&z->arena);
}
