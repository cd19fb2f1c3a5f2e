/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arc_override: whether a chain of ARC sets overrides a DMARC failure (RFC
 * 8617 7.2). The results of one set decide: of the unbroken row of trusted
 * sealers that begins with the newest set, the lowest. What a provider below a
 * list says about its own mail does not matter, and no sealer that is not
 * trusted may be above. It overrides if all DMARC results of that set pass and
 * are about this author, and if the newest signature covers the message
 * (dkim/cover.h); not if there are several authors, as the sealer may have
 * evaluated one of them. Otherwise the sealer's entry says why not. A chain
 * that fails only because a key could not be fetched may do all that later:
 * that is no reason to refuse the message now.
 */
#include "authres/authres.h"
#include "base/buf.h"
#include "base/ip.h"
#include "engine/private.h"
#include "mail/addr.h"
#include "mail/domain.h"

#define COMMENT_MAX_BYTES	(64 * 1024)	/* more than a chain can fill */
#define SHOWN_MAX_BYTES		300		/* of a name and a few words */

struct word {
	struct arena		*arena;
	const struct arc_verdict *arc;
	struct str		 author;
	struct authres		 ar;
	struct engine_arc_word	*r;
	enum status		 status;	/* sticky: NOMEM */
};

/* The index of the lowest set of the trusted row; arc->sealers_n: no row. */
static size_t
find_row(const struct names *trusted, const struct arc_verdict *arc)
{
	size_t i = arc->sealers_n;
	int value;

	while (i > 0 && names_find(trusted, arc->sealers[i - 1].domain,
	    &value)) {
		i--;
	}
	return (i);
}

static bool
is_any_trusted(const struct names *trusted, const struct arc_verdict *arc)
{
	size_t i;
	int value;

	for (i = 0; i < arc->sealers_n; i++) {
		if (names_find(trusted, arc->sealers[i].domain, &value)) {
			return (true);
		}
	}
	return (false);
}

/* The reason not to believe the sealer: the phrase and text of the field, with
   a NUL. */
static bool
refuse_word(struct word *w, const char *phrase, struct str text)
{
	struct str why = arena_printf(w->arena, "%s%.*s%c", phrase,
	    STR_FMT(str_first(text, SHOWN_MAX_BYTES)), '\0');

	if (why.p == NULL) {
		w->status = STATUS_NOMEM;
	}
	w->r->sealer.why = why.p;
	return (false);
}

static enum status
disbelieve_newest(struct word *w)
{
	const struct engine_sealer *sealer = &w->r->sealer;
	struct str text = arena_printf(w->arena, "%.*s of set %u is not "
	    "trusted", STR_FMT(sealer->domain), sealer->instance);

	if (text.p == NULL) {
		return (STATUS_NOMEM);
	}
	(void)refuse_word(w, "sealer ", text);
	return (w->status);
}

/* "b" and "<b>", and what is no valid address: b behind the last "@". */
static bool
is_author_domain(struct word *w, struct str value)
{
	size_t at;

	if (value.n > 1 && value.p[0] == '<' && value.p[value.n - 1] == '>') {
		value = str_mem(value.p + 1, value.n - 2);
	}
	at = str_rfind(value, '@');
	if (at < value.n) {
		value = str_from_offset(value, at + 1);
	}
	switch (domain_normalize(w->arena, value, &value)) {
	case STATUS_OK:
		return (str_eq(value, w->author));
	case STATUS_NOMEM:
		w->status = STATUS_NOMEM;
		break;
	case STATUS_SYNTAX:
	case STATUS_LIMIT:
	case STATUS_TEMP:
	case STATUS_IO:
		break;
	}
	return (false);
}

/* What a From field can hold, or a domain; each domain is in A-labels. */
static bool
names_author(struct word *w, struct str value)
{
	struct addr_from from;
	size_t i;

	if (addr_list_parse(w->arena, value, &from) != STATUS_OK) {
		w->status = STATUS_NOMEM;
		return (false);
	}
	for (i = 0; i < from.n; i++) {
		if (!str_eq(from.v[i].domain, w->author)) {
			return (false);
		}
	}
	return (from.n > 0 || is_author_domain(w, value));
}

static bool
is_property(const struct authres_property *p, struct str ptype,
    struct str property)
{
	return (str_eq_ci(p->ptype, ptype) && str_eq_ci(p->property, property));
}

/*
 * Every header.from is the author. Without one, a single result is about the
 * author if the newest seal covers From.
 */
static bool
is_about_author(struct word *w, const struct authres_result *dmarc,
    bool single)
{
	bool named = false;
	size_t i;

	for (i = 0; i < dmarc->n; i++) {
		if (!is_property(&dmarc->v[i], STR("header"), STR("from"))) {
			continue;
		}
		if (!names_author(w, dmarc->v[i].value)) {
			return (refuse_word(w, "its field is about ",
			    dmarc->v[i].value));
		}
		named = true;
	}
	return (named || (single && w->arc->from_signed) ||
	    refuse_word(w, "its field does not name the author", STR("")));
}

static bool
is_dmarc(const struct authres_result *r)
{
	return (str_eq_ci(r->method, STR("dmarc")));
}

static bool
has_pass(struct word *w)
{
	size_t i, n = 0;

	for (i = 0; i < w->ar.n; i++) {
		n += is_dmarc(&w->ar.v[i]);
	}
	if (n == 0) {
		return (refuse_word(w, "no dmarc result", STR("")));
	}
	for (i = 0; i < w->ar.n; i++) {
		const struct authres_result *r = &w->ar.v[i];

		if (!is_dmarc(r)) {
			continue;
		}
		if (r->result.p == NULL) {
			return (refuse_word(w, "its dmarc result is unreadable",
			    STR("")));
		}
		if (!str_eq_ci(r->result, STR("pass"))) {
			return (refuse_word(w, "its field says dmarc=",
			    r->result));
		}
		if (!is_about_author(w, r, n == 1)) {
			return (false);
		}
	}
	return (!w->ar.incomplete || refuse_word(w, "its field has a quoted "
	    "string or comment without an end", STR("")));
}

/* The client of that hop; false: its results do not name it. */
static bool
get_client(const struct authres *ar, char text_r[IP_TEXT_BYTES])
{
	struct ip_addr ip;
	size_t i, k;

	for (i = 0; i < ar->n; i++) {
		for (k = 0; k < ar->v[i].n; k++) {
			const struct authres_property *p = &ar->v[i].v[k];

			if ((is_property(p, STR("smtp"), STR("remote-ip")) ||
			    is_property(p, STR("policy"), STR("iprev"))) &&
			    ip_parse(p->value, &ip)) {
				ip_text(&ip, text_r);
				return (true);
			}
		}
	}
	return (false);
}

/* The text of RFC 8617 7.2.2. */
static enum status
make_comment(struct word *w)
{
	const struct arc_verdict *arc = w->arc;
	char ip[IP_TEXT_BYTES];
	struct buf text;
	size_t i;

	buf_init(&text, COMMENT_MAX_BYTES);
	buf_printf(&text, "arc=%s", arc_result_name(arc->result));
	for (i = arc->sealers_n; i > 0; i--) {
		const struct arc_sealer *s = &arc->sealers[i - 1];

		buf_printf(&text, " as[%u].d=%.*s as[%u].s=%.*s",
		    s->instance, STR_FMT(s->domain), s->instance,
		    STR_FMT(s->selector));
	}
	if (get_client(&w->ar, ip)) {
		buf_printf(&text, " remote-ip[%u]=%s", w->r->sealer.instance,
		    ip);
	}
	w->r->comment = text.status == STATUS_OK ?
	    arena_cstr(w->arena, buf_str(&text)) : NULL;
	buf_fini(&text);
	return (w->r->comment != NULL ? STATUS_OK : STATUS_NOMEM);
}

static enum status
judge_word(struct word *w, struct str results)
{
	enum status status = authres_read(w->arena, results, &w->ar);

	if (status == STATUS_NOMEM) {
		return (status);
	}
	if (w->author.p == NULL) {
		(void)refuse_word(w, "the message has several author domains",
		    STR(""));
	} else if (status != STATUS_OK) {
		(void)refuse_word(w, "its field has no authserv-id, or too "
		    "many results", STR(""));
	} else if (w->arc->uncovered != NULL) {
		(void)refuse_word(w, w->arc->uncovered, STR(""));
	} else if (has_pass(w) && w->status == STATUS_OK) {
		if (w->arc->result == ARC_PASS) {
			return (make_comment(w));
		}
		w->r->later = true;
		(void)refuse_word(w, "its chain cannot be verified now: ",
		    str_from(w->arc->reason));
	}
	return (w->status);
}

enum status
engine_arc_override(struct arena *arena, const struct names *trusted,
    const struct arc_verdict *arc, struct str author,
    struct engine_arc_word *r)
{
	struct word w = { .arena = arena, .arc = arc, .author = author,
		.r = r, .status = STATUS_OK };
	const struct arc_sealer *sealer;
	size_t row;

	*r = (struct engine_arc_word){ .comment = NULL };
	if ((arc->result != ARC_PASS && !arc->unavailable) ||
	    !is_any_trusted(trusted, arc)) {
		return (STATUS_OK);
	}
	row = find_row(trusted, arc);
	sealer = &arc->sealers[row < arc->sealers_n ? row : row - 1];
	r->sealer.instance = sealer->instance;
	r->sealer.domain = sealer->domain;
	if (row == arc->sealers_n) {
		return (disbelieve_newest(&w));
	}
	return (judge_word(&w, arc->results[row]));
}
