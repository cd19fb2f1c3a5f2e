/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of hosts. Their programs look up texts: the client's name and its
 * parents (".example.com"), its address, and the address cut at each prefix
 * length, each first with a "!". So an item is left out here, with a comment,
 * if it can match nothing there: a block with bits behind its prefix, a second
 * word on a line, a name that is no text of that form. In a refile: they are
 * patterns, and one that begins with "*" matches the text with the "!" first:
 * it admits nobody. An item that does match there and cannot be had here loses
 * the list if it excludes, and itself if it admits; both are said.
 */
#include <arpa/inet.h>

#include "base/ip.h"
#include "conf/hosts.h"
#include "tools/import.h"

#define NAMED_MAX	20	/* items with a comment of their own */
#define NAME_BYTES	64	/* of the option, on the line of the list */

enum fate {
	KEPT,
	IDLE,			/* matches nothing there: left out */
	LOST			/* matches there, cannot be had here */
};

struct picker {
	struct import	*im;
	const char	*to;		/* our option */
	enum import_effect lost;
	const char	*file;		/* where the items are */
	bool		 patterns;
	struct hosts	*hosts;		/* exclusions, then accepted items */
	struct buf	 kept;		/* accepted items, with commas */
	size_t		 left_out;
	size_t		 changed;	/* items that are not as they were */
	bool		 widened;	/* an exclusion was left out */
};

static bool
is_exclusion(struct str item)
{
	return (item.n > 0 && item.p[0] == '!');
}

/* Whether the address is written as inet_ntop(3) writes it, in brackets or
   not, and has no bits behind its prefix. */
static bool
is_as_looked_up(struct import *im, struct str item)
{
	size_t slash = str_find(item, '/');
	struct str address = str_first(item, slash);
	char text[INET6_ADDRSTRLEN], *copy;
	unsigned char octets[16];
	uint64_t bits = 0;
	int family;
	size_t i, n;

	if (address.n > 1 && address.p[0] == '[' &&
	    address.p[address.n - 1] == ']') {
		address = str_mem(address.p + 1, address.n - 2);
	}
	family = str_find(address, ':') < address.n ? AF_INET6 : AF_INET;
	n = family == AF_INET6 ? 16 : 4;
	copy = arena_cstr(&im->arena, address);
	if (copy == NULL || inet_pton(family, copy, octets) != 1 ||
	    inet_ntop(family, octets, text, sizeof(text)) == NULL ||
	    !str_eq_ci(str_from(text), address)) {
		return (false);
	}
	if (slash == item.n) {
		return (true);
	}
	if (!str_to_u64(str_from_offset(item, slash + 1), &bits) ||
	    bits > 8 * n) {
		return (false);
	}
	for (i = 0; i < 8 * n; i++) {
		if (i >= bits && (octets[i / 8] & (0x80 >> (i % 8))) != 0) {
			return (false);
		}
	}
	return (true);
}

static bool
is_address(struct str item)
{
	struct str text = str_first(item, str_find(item, '/'));
	struct ip_addr ip;

	if (text.n > 1 && text.p[0] == '[' && text.p[text.n - 1] == ']') {
		text = str_mem(text.p + 1, text.n - 2);
	}
	return (ip_parse(text, &ip));
}

/* "192.168.*" as "192.168.0.0/16"; absent: it is not of that form. */
static struct str
block_of_pattern(struct import *im, struct str item)
{
	static const char *const rest[] = { "", ".0.0.0/8", ".0.0/16",
		".0/24" };
	struct str stem, part;
	unsigned dots = 0;
	uint64_t n;

	if (item.n < 3 || !str_eq(str_from_offset(item, item.n - 2),
	    STR(".*"))) {
		return (STR_NONE);
	}
	stem = part = str_first(item, item.n - 2);
	while (str_next(&part, '.', &item)) {
		if (!str_to_u64(item, &n) || n > 255 || ++dots > 3) {
			return (STR_NONE);
		}
	}
	return (arena_printf(&im->arena, "%.*s%s", STR_FMT(stem),
	    rest[dots]));
}

/* Whether a client can have such a name. */
static bool
may_be_name(struct str item)
{
	bool letter = false;
	size_t i;

	for (i = 0; i < item.n; i++) {
		char c = char_lower(item.p[i]);

		letter = letter || (c >= 'a' && c <= 'z');
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", c) ==
		    NULL || c == '\0') {
			return (false);
		}
	}
	return (letter);
}

/* How an item without its "!" is handled; *item may be translated. */
static enum fate
judge_item(struct picker *p, struct str *item, const char **why_r)
{
	struct str block = STR_NONE;

	if (is_address(*item)) {
		*why_r = "is not how OpenDKIM writes the address, and matches "
		    "nothing there";
		return (is_as_looked_up(p->im, *item) ? KEPT : IDLE);
	}
	if (str_find(*item, '*') == item->n) {
		return (KEPT);
	}
	if (!p->patterns) {
		*why_r = "is not a pattern in such a list, and matches nothing "
		    "there";
		return (IDLE);
	}
	if (item->p[0] == '*') {
		*why_r = "begins with \"*\" and so admits nobody in OpenDKIM; "
		    "if it should, write .example.com for *.example.com";
		return (IDLE);
	}
	block = block_of_pattern(p->im, *item);
	*why_r = "is a pattern, which has no equal here";
	if (block.p == NULL) {
		return (LOST);
	}
	*item = block;
	p->changed++;
	return (KEPT);
}

static void
leave_out(struct picker *p, const struct import_item *item, enum fate fate,
    const char *why)
{
	bool exclusion = is_exclusion(item->key);

	p->widened = p->widened || (exclusion && fate == LOST);
	p->left_out++;
	if (p->left_out > NAMED_MAX) {
		return;
	}
	import_say(p->im, fate == LOST ? p->lost : IMPORT_DIFFERS,
	    "%s: left out%s: %s:%u: \"%s\" %s", p->to,
	    exclusion && fate == LOST ? ", and so is the whole list" : "",
	    p->file, item->line, import_shown(p->im, item->key), why);
}

/* Our daemon must accept the item as well. */
static bool
add_host(struct picker *p, const struct import_item *item, struct str ours,
    const char **why_r)
{
	struct diag why;

	diag_init(&why);
	if (hosts_add(p->hosts, ours, p->file, item->line, &why) ==
	    STATUS_OK) {
		return (true);
	}
	*why_r = strstr(why.text, "occurs with") != NULL ?
	    "occurs with and without \"!\"; it is excluded" :
	    "is not an address, an address block such as 192.0.2.0/24, a "
	    "host name or a .domain";
	return (false);
}

static void
take_item(struct picker *p, const struct import_item *item, bool exclusions)
{
	bool exclusion = is_exclusion(item->key);
	struct str ours = str_from_offset(item->key, exclusion ? 1 : 0);
	const char *why = "";
	enum fate fate;

	if (exclusion != exclusions || ours.n == 0) {
		return;
	}
	fate = judge_item(p, &ours, &why);
	if (exclusion) {
		ours = arena_printf(&p->im->arena, "!%.*s", STR_FMT(ours));
	}
	if (fate == KEPT && !add_host(p, item, ours, &why)) {
		fate = strstr(why, "occurs") == NULL && may_be_name(
		    str_from_offset(item->key, exclusion ? 1 : 0)) ? LOST :
		    IDLE;
	}
	if (fate != KEPT) {
		leave_out(p, item, fate, why);
		return;
	}
	buf_add_cstr(&p->kept, p->kept.n > 0 ? ", " : "");
	buf_add_str(&p->kept, ours);
}

static void
take_items(struct picker *p, const struct import_list *list)
{
	size_t i;

	/* First the exclusions: of an item with and without "!", that one
	   counts. */
	for (i = 0; i < list->n; i++) {
		take_item(p, &list->v[i], true);
	}
	for (i = 0; i < list->n; i++) {
		take_item(p, &list->v[i], false);
		p->changed += list->v[i].value.n > 0;
		if (list->v[i].value.n > 0) {
			import_say(p->im, IMPORT_DIFFERS, "%s: %s has lines "
			    "with several words; only the first counted",
			    p->to, p->file);
		}
	}
	if (p->left_out > NAMED_MAX) {
		import_say(p->im, p->lost, "%s: left out: %zu more", p->to,
		    p->left_out - NAMED_MAX);
	}
}

/* Absent: nothing is left. */
static struct str
result_of(struct picker *p, const struct import_list *list)
{
	if (p->kept.status == STATUS_LIMIT) {
		import_say(p->im, p->lost, "%s: the list is too long for a "
		    "line: remove the items that are left out from %s and "
		    "name the file", p->to, p->file);
		return (STR_NONE);
	}
	/* What they excluded must not become trusted. */
	if (p->widened || p->kept.n == 0) {
		return (STR_NONE);
	}
	if (list->path != NULL && p->left_out == 0 && p->changed == 0) {
		return (str_from(list->path));
	}
	if (list->path != NULL) {
		import_say(p->im, IMPORT_DIFFERS, "%s: this is a copy of %s",
		    p->to, p->file);
	}
	return (arena_dup(&p->im->arena, buf_str(&p->kept)));
}

struct str
import_hosts(struct import *im, const struct import_given *given,
    const char *to, enum import_effect lost)
{
	struct picker p = { .im = im, .to = to, .lost = lost,
		.file = given->file };
	struct str result = STR_NONE;
	struct import_list list;
	const char *why;

	if (!import_list_read(im, given, &list, &why)) {
		import_say_of(im, lost, given, why);
		return (STR_NONE);
	}
	p.patterns = list.type == IMPORT_PATTERNS;
	p.file = import_shown(im, str_from(list.path != NULL ? list.path :
	    given->file));
	p.hosts = hosts_new();
	buf_init(&p.kept, IMPORT_LIST_BYTES - NAME_BYTES);
	if (p.hosts == NULL) {
		import_fail(im, STATUS_NOMEM);
	} else {
		take_items(&p, &list);
		result = result_of(&p, &list);
	}
	buf_fini(&p.kept);
	hosts_free(p.hosts);
	return (result);
}
