/* SPDX-License-Identifier: BSD-2-Clause */
/* Setters for options with several values, in the configuration or in a file of
   their own, and for options that may be repeated. */
#include <stdint.h>
#include <stdio.h>

#include "base/ip.h"
#include "conf/table.h"
#include "mail/domain.h"
#include "mail/field.h"

#define HEADERS_MAX	256	/* names in SignHeaders, OversignHeaders */

struct list;
typedef enum status list_taker(struct list *, struct str item);

struct list {			/* a value being split */
	struct conf_reader		*reader;
	const struct conf_option	*option;
	list_taker			*take;
	void				*target;	/* the option's field */
	size_t				 cap;
	struct str			 domain;	/* take_rule: the rule
							   is next */
};

static void *
field_at(struct conf_reader *r, const struct conf_option *o)
{
	return ((char *)r->target + o->offset);
}

static bool
is_separator(char c)
{
	return (c == ',' || char_is_wsp(c));
}

static bool
next_item(struct str *line, struct str *item_r)
{
	size_t start = 0, end;

	while (start < line->n && is_separator(line->p[start])) {
		start++;
	}
	end = start;
	while (end < line->n && !is_separator(line->p[end])) {
		end++;
	}
	*item_r = str_mem(line->p + start, end - start);
	*line = str_from_offset(*line, end);
	return (item_r->n > 0);
}

static enum status
take_line(struct list *list, struct str line)
{
	enum status status;
	struct str item;

	while (next_item(&line, &item)) {
		status = list->take(list, item);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (list->domain.n == 0 ? STATUS_OK : conf_reject(list->reader,
	    list->option, list->domain, "has no rule after it"));
}

static enum status
take_lines(struct list *list, struct str text, const char *path)
{
	struct conf_reader *r = list->reader;
	struct conf_lines lines = { text, 0 };
	const char *file = r->file;
	unsigned at = r->line;
	struct str line;
	enum status status = STATUS_OK;

	r->file = path;
	while (status == STATUS_OK && conf_lines_next(&lines, &line)) {
		r->line = lines.line;
		status = conf_line_check(r, line);
		if (status == STATUS_OK) {
			status = take_line(list, line);
		}
	}
	r->file = file;
	r->line = at;
	return (status);
}

static enum status
take_file(struct list *list, struct str name)
{
	struct conf_reader *r = list->reader;
	struct diag diag;
	struct arena arena;
	struct str text;
	enum status status = STATUS_NOMEM;
	char *path;

	arena_init(&arena, 2 * CONF_MAX_BYTES);
	path = arena_cstr(&arena, name);
	if (path == NULL) {
		(void)conf_no_memory(r);
		goto out;
	}
	diag_init(&diag);
	status = conf_file_read(path, CONF_MAX_BYTES, &arena, NULL, &text,
	    &diag);
	if (status == STATUS_OK) {
		status = take_lines(list, text, path);
	} else {
		diag_set(r->diag, r->file, r->line, "%s: %s",
		    list->option->name, diag.text);
	}
out:
	arena_fini(&arena);
	return (status);
}

static enum status
take_list(struct conf_reader *r, const struct conf_option *o,
    struct str value, list_taker *take)
{
	struct list list = { .reader = r, .option = o, .take = take,
		.target = field_at(r, o) };
	struct str file = STR("file:"), refile = STR("refile:");

	if (value.p[0] == '/') {
		return (take_file(&list, value));
	}
	if (str_starts_ci(value, file)) {
		return (take_file(&list, str_from_offset(value, file.n)));
	}
	if (str_starts_ci(value, refile)) {
		return (take_file(&list, str_from_offset(value, refile.n)));
	}
	return (take_line(&list, value));
}

/* Adds a copy of item to a conf_strings. */
static enum status
add_string(struct list *list, struct str item)
{
	struct arena *memory = list->reader->memory;
	struct conf_strings *out = list->target;
	struct str *v;

	v = arena_grow(memory, out->v, out->n, &list->cap, sizeof(*v));
	if (v == NULL) {
		return (conf_no_memory(list->reader));
	}
	out->v = v;
	v[out->n] = arena_dup(memory, item);
	if (v[out->n].p == NULL) {
		return (conf_no_memory(list->reader));
	}
	out->n++;
	return (STATUS_OK);
}

enum status
conf_set_strings(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	return (take_list(r, o, value, add_string));
}

/* why: for the message if text is not a domain name. */
static enum status
normalize_name(struct conf_reader *r, const struct conf_option *o,
    struct str text, const char *why, struct str *name_r)
{
	enum status status = domain_normalize(r->memory, text, name_r);

	if (status == STATUS_OK) {
		return (STATUS_OK);
	}
	return (status == STATUS_NOMEM ? conf_no_memory(r) :
	    conf_reject(r, o, text, why));
}

static enum status
take_domain(struct list *list, struct str item)
{
	struct str name;
	enum status status = normalize_name(list->reader, list->option, item,
	    "is not a domain name", &name);

	return (status == STATUS_OK ? add_string(list, name) : status);
}

enum status
conf_set_domains(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	return (take_list(r, o, value, take_domain));
}

static enum status
take_host(struct list *list, struct str item)
{
	struct conf_reader *r = list->reader;

	return (hosts_add(*(struct hosts **)list->target, item, r->file,
	    r->line, r->diag));
}

enum status
conf_set_hosts(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	return (take_list(r, o, value, take_host));
}

static enum status
add_name(struct list *list, struct str domain, int value)
{
	struct conf_reader *r = list->reader;
	const struct conf_option *o = list->option;

	switch (names_add(*(struct names **)list->target, domain, value)) {
	case STATUS_OK:
		return (STATUS_OK);
	case STATUS_NOMEM:
		return (conf_no_memory(r));
	case STATUS_LIMIT:
		return (conf_reject(r, o, domain, "already has another rule"));
	case STATUS_SYNTAX:
	case STATUS_TEMP:
	case STATUS_IO:
		break;
	}
	return (conf_reject(r, o, domain, "is not a domain name or a .domain"));
}

static enum status
take_name(struct list *list, struct str item)
{
	return (add_name(list, item, 0));
}

enum status
conf_set_names(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	return (take_list(r, o, value, take_name));
}

/* Alternates between a domain and its rule. */
static enum status
take_rule(struct list *list, struct str item)
{
	struct conf_reader *r = list->reader;
	const struct conf_option *o = list->option;
	const struct conf_word *rule;
	struct str domain = list->domain;

	list->domain = STR_NONE;
	if (domain.n == 0) {
		list->domain = item;
		return (STATUS_OK);
	}
	rule = conf_word_find(o->words, item);
	if (rule == NULL) {
		return (conf_reject(r, o, item,
		    "is not accept, quarantine, reject or ignore"));
	}
	return (add_name(list, domain, rule->value));
}

enum status
conf_set_rules(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	return (take_list(r, o, value, take_rule));
}

/* A semicolon would end the h= tag (RFC 6376 3.5). '+' is OpenDKIM's syntax,
   valid only after a star. */
static bool
is_signable(struct str name)
{
	return (field_name_is_valid(name) && str_find(name, ';') == name.n &&
	    name.p[0] != '+');
}

static enum status
reject_header(struct list *list, struct str item)
{
	const char *why = "is not the name of a header field to sign";

	if (str_eq(item, STR("*"))) {
		why = "is not the first item of the list";
	} else if (item.n > 0 && item.p[0] == '-') {
		/* For OpenDKIM this removes a name from the default. */
		why = "cannot remove a name; list all names to sign";
	}
	return (conf_reject(list->reader, list->option, item, why));
}

static enum status
take_header(struct list *list, struct str item)
{
	struct conf_reader *r = list->reader;
	struct conf_strings *out = list->target;
	bool star = str_eq(item, STR("*"));
	size_t i;

	/* OpenDKIM writes "*,+name" for "the default and name". */
	if (out->n > 0 && str_eq(out->v[0], STR("*")) && item.p[0] == '+') {
		item = str_from_offset(item, 1);
	}
	if (!is_signable(item) || item.p[0] == '-' || (star && out->n > 0)) {
		return (reject_header(list, item));
	}
	for (i = 0; i < out->n; i++) {
		if (str_eq_ci(out->v[i], item)) {
			return (conf_reject(r, list->option, item,
			    "is in the list twice"));
		}
	}
	if (out->n >= HEADERS_MAX) {
		return (conf_reject(r, list->option, item,
		    "exceeds the limit of 256 names"));
	}
	return (add_string(list, item));
}

enum status
conf_set_headers(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	return (take_list(r, o, value, take_header));
}

enum status
conf_set_headers_or_none(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	static const struct str none;
	struct conf_strings *out = field_at(r, o);

	if (!str_eq_ci(value, STR("none"))) {
		return (conf_set_headers(r, o, value));
	}
	out->v = arena_calloc(r->memory, 1, sizeof(none));
	return (out->v != NULL ? STATUS_OK : conf_no_memory(r));
}

/* "address", "address@port" or "[address]:port"; without a port it is 0. */
static bool
parse_nameserver(struct str s, struct str *ip_r, uint64_t *port_r)
{
	bool bracket = s.p[0] == '[';
	size_t end = str_find(s, bracket ? ']' : '@');
	struct str tail;
	struct ip_addr ip;

	*port_r = 0;
	*ip_r = str_first(s, end);
	tail = str_from_offset(s, end);
	if (bracket) {
		*ip_r = str_from_offset(*ip_r, 1);
		tail = str_from_offset(tail, 1);
	}
	return (ip_parse(*ip_r, &ip) && (!bracket || end < s.n) &&
	    (tail.n == 0 || (tail.p[0] == (bracket ? ':' : '@') &&
	    str_to_u64(str_from_offset(tail, 1), port_r) && *port_r > 0 &&
	    *port_r <= UINT16_MAX)));
}

static enum status
take_nameserver(struct list *list, struct str item)
{
	char text[IP_TEXT_BYTES + sizeof("@65535")];
	struct str ip;
	uint64_t port;

	if (!parse_nameserver(item, &ip, &port)) {
		return (conf_reject(list->reader, list->option, item,
		    "is not address, address@port or [address]:port"));
	}
	if (port == 0) {
		return (add_string(list, ip));
	}
	snprintf(text, sizeof(text), "%.*s@%u", STR_FMT(ip), (unsigned)port);
	return (add_string(list, str_from(text)));
}

enum status
conf_set_nameservers(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	return (take_list(r, o, value, take_nameserver));
}

/* Selectors and key files are paired by conf_check. */
static enum status
add_given(struct conf_reader *r, const struct conf_option *o, struct str value)
{
	struct conf_givens *givens = field_at(r, o);
	struct conf_given *v;

	v = arena_grow(r->memory, givens->v, givens->n, &givens->cap,
	    sizeof(*v));
	if (v == NULL) {
		return (conf_no_memory(r));
	}
	givens->v = v;
	v[givens->n].line = r->line;
	v[givens->n].value = arena_dup(r->memory, value);
	if (v[givens->n].value.p == NULL) {
		return (conf_no_memory(r));
	}
	givens->n++;
	return (STATUS_OK);
}

enum status
conf_set_selector(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	struct str name;
	enum status status = normalize_name(r, o, value, "is not a selector",
	    &name);

	return (status == STATUS_OK ? add_given(r, o, name) :
	    status);
}

enum status
conf_set_arc_seal_key(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	struct conf_arc_seal_key *key = field_at(r, o);
	size_t colon = str_find(value, ':');
	enum status status = normalize_name(r, o, str_first(value, colon),
	    "is not a domain name", &key->domain);

	if (status == STATUS_OK && colon < value.n) {
		status = normalize_name(r, o, str_from_offset(value, colon + 1),
		    "is not a selector", &key->selector);
	}
	return (status);
}

enum status
conf_set_key_file(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	return (add_given(r, o, value));
}

/* A directory begins with / or ., as no database does. */
static bool
is_key_store(struct str value)
{
	struct str sqlite = STR("sqlite:"), postgres = STR("postgres:");

	return (value.p[0] == '/' || value.p[0] == '.' ||
	    (str_starts(value, sqlite) && value.n > sqlite.n) ||
	    (str_starts(value, postgres) && value.n > postgres.n));
}

/* Shows nothing after a colon, since that can be a password. */
static enum status
reject_key_store(struct conf_reader *r, const struct conf_option *o,
    struct str value, const char *why)
{
	size_t n = value.p[0] == '/' ? value.n : str_find(value, ':') + 1;

	return (conf_reject(r, o, str_first(value, n), why));
}

static enum status
add_key_store(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	struct conf_key_stores *stores = field_at(r, o);
	size_t i;

	for (i = 0; i < stores->n; i++) {
		if (str_eq(value, str_from(stores->v[i]))) {
			return (reject_key_store(r, o, value,
			    "is given twice"));
		}
	}
	if (stores->n >= CONF_KEY_STORES_MAX) {
		return (reject_key_store(r, o, value,
		    "exceeds the limit of 16 key stores"));
	}
	stores->v[stores->n] = arena_cstr(r->memory, value);
	if (stores->v[stores->n] == NULL) {
		return (conf_no_memory(r));
	}
	stores->n++;
	return (STATUS_OK);
}

enum status
conf_set_key_store(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	struct conf_key_stores *stores = field_at(r, o);
	bool none = str_eq_ci(value, STR("none"));

	if (!none && !is_key_store(value)) {
		return (reject_key_store(r, o, value, "is not "
		    CONF_KEY_STORE_FORM));
	}
	if (stores->v != NULL && (none || stores->n == 0)) {
		return (reject_key_store(r, o, value,
		    "cannot be combined: none excludes all other key stores"));
	}
	if (stores->v == NULL) {
		stores->v = arena_calloc(r->memory, CONF_KEY_STORES_MAX,
		    sizeof(*stores->v));
		if (stores->v == NULL) {
			return (conf_no_memory(r));
		}
	}
	return (none ? STATUS_OK : add_key_store(r, o, value));
}
