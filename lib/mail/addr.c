/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The grammar of RFC 5322 3.4 with groups (RFC 6854) and UTF-8 (RFC 6532). Of
 * the obsolete syntax (4.4), what occurs in mail: dots in a phrase, routes,
 * empty list elements, white space and comments around an address's dots.
 */
#include "base/utf8.h"
#include "mail/addr.h"
#include "mail/addr_read.h"
#include "mail/addr_scan.h"
#include "mail/addr_shown.h"
#include "mail/domain.h"

/* The longest name in U-labels. */
#define DOMAIN_TEXT_MAX_BYTES	(4 * DOMAIN_MAX_BYTES)

struct parser {
	struct addr_scan	 scan;
	struct arena		*arena;
	struct addr_from	*out;
	size_t			 cap;
	enum status		 status;
};

const char *
addr_from_text(enum addr_from_result result)
{
	switch (result) {
	case ADDR_FROM_OK:
		return ("ok");
	case ADDR_FROM_NONE:
		return ("no domain in From field");
	case ADDR_FROM_MISSING:
		return ("no From field");
	case ADDR_FROM_REPEATED:
		return ("more than one From field");
	case ADDR_FROM_SYNTAX:
		return ("syntax error in From field");
	case ADDR_FROM_LIMIT:
		return ("too many addresses in From field");
	}
	return ("unknown");
}

static bool
has_failed(const struct parser *p)
{
	return (p->status != STATUS_OK || p->scan.result != ADDR_FROM_OK);
}

static void
fail_syntax(struct parser *p)
{
	addr_scan_fail(&p->scan, ADDR_FROM_SYNTAX);
}

static void
out_of_memory(struct parser *p)
{
	p->status = STATUS_NOMEM;
	fail_syntax(p);
}

/* Words and dots: a phrase or a local part, which the caller checks. */
static void
skip_words(struct parser *p)
{
	addr_scan_cfws(&p->scan);
	for (;;) {
		if (addr_scan_at_word(&p->scan)) {
			addr_scan_word(&p->scan, NULL);
		} else if (addr_scan_take(&p->scan, '.')) {
			addr_scan_cfws(&p->scan);
		} else {
			return;
		}
	}
}

/* word *("." word), at most max octets of input. */
static struct str
local_part(struct parser *p, size_t max)
{
	char *text = arena_alloc(p->arena, max);
	size_t n = 0;

	if (text == NULL) {
		out_of_memory(p);
		return (STR_NONE);
	}
	n += addr_scan_word(&p->scan, text);
	while (addr_scan_take(&p->scan, '.')) {
		text[n++] = '.';
		n += addr_scan_word(&p->scan, text + n);
	}
	if (!utf8_valid(str_mem(text, n))) {
		fail_syntax(p);
	}
	return (str_mem(text, n));
}

/* atom *("." atom). A domain-literal names no author domain and fails. */
static struct str
domain(struct parser *p, const char **end_r)
{
	char text[DOMAIN_TEXT_MAX_BYTES];
	struct str atom, name = STR_NONE;
	enum status status;
	size_t n = 0;

	do {
		addr_scan_atom(&p->scan, &atom);
		if (has_failed(p) || atom.n >= sizeof(text) - n) {
			fail_syntax(p);
			return (name);
		}
		memcpy(text + n, atom.p, atom.n);
		n += atom.n;
		text[n++] = '.';
		*end_r = atom.p + atom.n;
	} while (addr_scan_take(&p->scan, '.'));
	status = domain_normalize(p->arena, str_mem(text, n - 1), &name);
	if (status == STATUS_NOMEM) {
		out_of_memory(p);
	} else if (status != STATUS_OK) {
		fail_syntax(p);
	}
	return (name);
}

static void
add_mailbox(struct parser *p, struct addr_mailbox mailbox)
{
	struct addr_mailbox *v;

	if (has_failed(p)) {
		return;
	}
	if (p->out->n == ADDR_MAX_MAILBOXES) {
		addr_scan_fail(&p->scan, ADDR_FROM_LIMIT);
		return;
	}
	v = arena_grow(p->arena, p->out->v, p->out->n, &p->cap, sizeof(*v));
	if (v == NULL) {
		out_of_memory(p);
		return;
	}
	p->out->v = v;
	v[p->out->n++] = mailbox;
}

/* text: of an address. */
static void
note_odd(struct parser *p, struct str text)
{
	size_t i;

	text = str_trim_fws(text);
	for (i = 0; i < text.n; i++) {
		p->out->odd |= char_is_fws(text.p[i]) || text.p[i] == '(';
	}
}

static void
addr_spec(struct parser *p)
{
	struct addr_mailbox mailbox = { .gaps = false };
	size_t from = p->scan.i, n;
	const char *end = p->scan.s.p + from;

	skip_words(p);
	if (has_failed(p) || addr_scan_peek(&p->scan) != '@') {
		fail_syntax(p);
		return;
	}
	/* The words belong to an address: read them again, for their text. */
	n = p->scan.i - from;
	p->scan.i = from;
	mailbox.local = local_part(p, n);
	if (!addr_scan_take(&p->scan, '@')) {
		fail_syntax(p);
		return;
	}
	mailbox.domain = domain(p, &end);
	note_odd(p, str_mem(p->scan.s.p + from,
	    (size_t)(end - p->scan.s.p) - from));
	add_mailbox(p, mailbox);
}

/* RFC 5322 4.4 obs-route: "@a,@b:", which is ignored. */
static void
route(struct parser *p)
{
	struct str atom;

	addr_scan_cfws(&p->scan);
	if (addr_scan_peek(&p->scan) != '@' &&
	    addr_scan_peek(&p->scan) != ',') {
		return;
	}
	while (!has_failed(p) && !addr_scan_take(&p->scan, ':')) {
		addr_scan_cfws(&p->scan);
		if (addr_scan_take(&p->scan, ',')) {
			continue;
		}
		if (!addr_scan_take(&p->scan, '@')) {
			fail_syntax(p);
			return;
		}
		do {
			addr_scan_atom(&p->scan, &atom);
		} while (addr_scan_take(&p->scan, '.'));
		p->out->odd = true;
	}
}

/* After '<'. */
static void
angle_addr(struct parser *p)
{
	size_t from = p->scan.i, end;

	route(p);
	addr_spec(p);
	end = p->scan.i;
	if (!addr_scan_take(&p->scan, '>')) {
		fail_syntax(p);
	}
	note_odd(p, str_mem(p->scan.s.p + from, end - from));
	addr_scan_cfws(&p->scan);
}

/*
 * "a@b <c@d>", which RFC 5322 does not allow and which is common. The mailbox
 * is the address in brackets; the one before it counts as the next author.
 */
static void
claimed_addr(struct parser *p)
{
	struct addr_mailbox *v, claimed;

	if (has_failed(p) || !addr_scan_take(&p->scan, '<')) {
		return;
	}
	angle_addr(p);
	if (!has_failed(p)) {
		v = &p->out->v[p->out->n - 2];
		claimed = v[0];
		v[0] = v[1];
		v[1] = claimed;
	}
}

static void	mailbox_list(struct parser *, bool in_group);

/* One address, or a group, which must not contain a group. */
static void
address(struct parser *p, bool in_group)
{
	size_t from = p->scan.i;
	bool phrase = addr_scan_at_word(&p->scan);

	skip_words(p);
	/* RFC 5322 4.1 obs-phrase: dots, but not at the start. */
	if (has_failed(p) || (!phrase && p->scan.i != from)) {
		fail_syntax(p);
		return;
	}
	if (addr_scan_take(&p->scan, '<')) {
		angle_addr(p);
	} else if (phrase && addr_scan_peek(&p->scan) == '@') {
		p->scan.i = from;
		addr_spec(p);
		claimed_addr(p);
	} else if (phrase && !in_group && addr_scan_take(&p->scan, ':')) {
		p->out->odd = true;
		mailbox_list(p, true);
		if (!addr_scan_take(&p->scan, ';')) {
			fail_syntax(p);
		}
		addr_scan_cfws(&p->scan);
	} else {
		p->scan.i = from;
		addr_spec(p);
	}
}

/* Elements may be empty (RFC 5322 4.4 obs-mbox-list). */
static void
mailbox_list(struct parser *p, bool in_group)
{
	do {
		addr_scan_cfws(&p->scan);
		if (p->scan.i < p->scan.s.n &&
		    addr_scan_peek(&p->scan) != ',' &&
		    !(in_group && addr_scan_peek(&p->scan) == ';')) {
			address(p, in_group);
		}
	} while (addr_scan_take(&p->scan, ','));
}

enum status
addr_list_parse(struct arena *a, struct str value, struct addr_from *from_r)
{
	struct parser p = { .arena = a, .out = from_r, .status = STATUS_OK };

	*from_r = (struct addr_from){ .result = ADDR_FROM_OK, .strict = true };
	addr_scan_init(&p.scan, value);
	mailbox_list(&p, false);
	if (p.scan.i < p.scan.s.n || from_r->n == 0) {
		fail_syntax(&p);
	}
	from_r->result = p.scan.result;
	from_r->odd |= p.scan.odd;
	if (from_r->result != ADDR_FROM_OK) {
		from_r->strict = false;
		from_r->v = NULL;
		from_r->n = 0;
	}
	return (p.status);
}

bool
addr_is_word(const struct addr_from *from, const struct addr_mailbox *mailbox)
{
	return (!from->strict && domain_labels(mailbox->domain) < 2);
}

/* The first reading that is in no doubt, else a word, else any. */
static const struct addr_mailbox *
find_best(const struct addr_from *from)
{
	const struct addr_mailbox *best = from->v, *m;
	size_t i;

	for (i = 1; i < from->n; i++) {
		m = &from->v[i];
		if (!m->gaps && (best->gaps || (addr_is_word(from, best) &&
		    !addr_is_word(from, m)))) {
			best = m;
		}
	}
	return (best);
}

const struct addr_mailbox *
addr_from_author(const struct addr_from *from)
{
	const struct addr_mailbox *author, *m;
	size_t i;

	if (from->result != ADDR_FROM_OK || from->strict) {
		return (from->result == ADDR_FROM_OK ? from->v : NULL);
	}
	author = find_best(from);
	for (i = 0; i < from->n && !author->gaps; i++) {
		m = &from->v[i];
		if (!m->gaps && !str_eq(m->domain, author->domain) &&
		    addr_is_word(from, m) == addr_is_word(from, author)) {
			return (NULL);
		}
	}
	return (author);
}

static bool
any_hides_from(const struct field_list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (field_hides(l->v[i].value, STR("From"))) {
			return (true);
		}
	}
	return (false);
}

static enum status
parse_value(struct arena *a, struct str value, struct addr_from *from_r)
{
	enum status status = addr_list_parse(a, value, from_r);

	if (status != STATUS_OK) {
		return (status);
	}
	if (from_r->result == ADDR_FROM_SYNTAX) {
		return (addr_read(a, value, from_r));
	}
	status = addr_shown_in_local_parts(a, from_r);
	return (status == STATUS_OK ?
	    addr_shown_in_odd_syntax(a, value, from_r) : status);
}

enum status
addr_from_parse(struct arena *a, const struct field_list *l,
    struct lines_rule rule, struct addr_from *from_r)
{
	size_t n = field_list_count(l, STR("From")), at;
	const struct field *field;
	enum status status;

	*from_r = (struct addr_from){ .result = ADDR_FROM_MISSING };
	if (n > 1 || (n == 1 && any_hides_from(l))) {
		from_r->result = ADDR_FROM_REPEATED;
		return (STATUS_OK);
	}
	field = field_list_last(l, STR("From"), l->n, &at);
	if (field == NULL) {
		return (STATUS_OK);
	}
	status = parse_value(a, field->value, from_r);
	if (status != STATUS_OK) {
		return (status);
	}
	status = addr_shown_in_words(a, field->value, from_r);
	if (status != STATUS_OK) {
		return (status);
	}
	return (addr_shown_when_sent(a, rule, field, from_r));
}
