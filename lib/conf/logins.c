/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/escape.h"
#include "base/strmap.h"
#include "conf/logins.h"
#include "mail/domain.h"

#define SHOWN_MAX_BYTES	100

struct owners {			/* of an address */
	struct str	logins;		/* with commas or white space between */
};

struct logins {
	struct arena	arena;
	struct strmap	addresses;	/* to struct owners */
};

struct reader {			/* of a file */
	struct logins		*logins;
	const char		*path;
	const struct env	*env;
	struct diag		*diag;
	struct str		 rest;
	unsigned		 line;		/* read so far */
	unsigned		 at;		/* where the entry begins */
	unsigned		 warnings;
};

static void
describe_entry(struct buf *b, struct str address, const char *what)
{
	buf_init(b, 8 * SHOWN_MAX_BYTES + 512);
	buf_add_char(b, '"');
	escape_text(b, address, SHOWN_MAX_BYTES);
	buf_printf(b, "\" %s", what);
}

static enum status
reject_entry(struct reader *r, struct str address, const char *what)
{
	struct buf b;

	describe_entry(&b, address, what);
	diag_set(r->diag, r->path, r->at, "%s", b.status == STATUS_OK ? b.p :
	    what);
	buf_fini(&b);
	return (STATUS_SYNTAX);
}

static void
warn_entry(struct reader *r, struct str address, const char *what)
{
	struct buf b;

	r->warnings++;
	if (r->warnings > LOGINS_WARNINGS_MAX) {
		return;
	}
	describe_entry(&b, address, what);
	if (b.status == STATUS_OK) {
		env_log(r->env, LOG_LEVEL_WARNING, "%s:%u: %s", r->path,
		    r->at, b.p);
	}
	buf_fini(&b);
}

static enum status
report_no_memory(struct reader *r)
{
	diag_set(r->diag, r->path, r->at, "out of memory");
	return (STATUS_NOMEM);
}

/* Without a comment, which begins with # at the start or behind white space. */
static struct str
strip_comment(struct str line)
{
	size_t i;

	for (i = 0; i < line.n; i++) {
		if (line.p[i] == '#' &&
		    (i == 0 || char_is_fws(line.p[i - 1]))) {
			return (str_first(line, i));
		}
	}
	return (line);
}

/* The next line that has more than a comment. */
static bool
next_line(struct reader *r, struct str *line_r)
{
	struct str line;

	while (r->rest.n > 0) {
		line = str_first(r->rest, str_find(r->rest, '\n'));
		r->rest = str_from_offset(r->rest, line.n + 1);
		r->line++;
		*line_r = strip_comment(line);
		if (str_trim_fws(*line_r).n > 0) {
			return (true);
		}
	}
	return (false);
}

/* Adds the lines that continue the entry. */
static enum status
add_continuations(struct reader *r, struct buf *entry)
{
	struct reader ahead = *r;
	struct str line;

	while (next_line(&ahead, &line) && char_is_wsp(line.p[0])) {
		buf_add_char(entry, ' ');
		buf_add_str(entry, str_trim_fws(line));
		r->rest = ahead.rest;
		r->line = ahead.line;
	}
	return (entry->status);
}

static void
fold_case(struct str s)
{
	char *p = (char *)(uintptr_t)s.p;
	size_t i;

	for (i = 0; i < s.n; i++) {
		p[i] = char_lower(p[i]);
	}
}

static bool
is_atext(char c)
{
	return (c > ' ' && c <= '~' ? strchr("()<>[]:;@\\,.\"", c) == NULL :
	    (unsigned char)c > 0x7f);
}

bool
logins_is_plain(struct str local)
{
	char c, before = '.';
	size_t i;

	for (i = 0; i < local.n; i++) {
		c = local.p[i];
		if (c == '.' ? before == '.' : !is_atext(c) ||
		    (c == '?' && before == '=')) {
			return (false);
		}
		before = c;
	}
	return (before != '.');
}

/* Why no address matches it; NULL: one can. */
static const char *
why_no_address(struct str address)
{
	size_t at = str_rfind(address, '@');

	if (str_starts(address, STR("\xef\xbb\xbf"))) {
		return ("matches no address: the file begins with a byte order "
		    "mark; save it without one");
	}
	if (str_eq(address, STR("*"))) {
		return (NULL);
	}
	if (address.p[0] == '"' && address.p[address.n - 1] == '"') {
		return ("matches no address: leave out the quotes");
	}
	if (str_starts(address, STR("*@"))) {
		return ("matches no address: for all of a domain write "
		    "@domain");
	}
	if (at == address.n) {
		return ("matches no address: write user@domain, or @domain "
		    "for all of a domain");
	}
	if (at > 0 && !logins_is_plain(str_first(address, at))) {
		return ("matches no address: the local part is one that must "
		    "be quoted, or has an encoded word");
	}
	return (NULL);
}

/* local@domain in lower case, with A-labels. */
static enum status
normalize_address(struct reader *r, struct str address, struct str *key_r)
{
	size_t at = str_rfind(address, '@');
	struct str domain;
	enum status status;

	if (at == address.n) {
		*key_r = STR("*");
		return (STATUS_OK);
	}
	status = domain_normalize(&r->logins->arena,
	    str_from_offset(address, at + 1), &domain);
	if (status == STATUS_SYNTAX) {
		return (reject_entry(r, address, "has no valid domain"));
	}
	if (status == STATUS_OK) {
		*key_r = arena_printf(&r->logins->arena, "%.*s%.*s",
		    (int)(at + 1), address.p, STR_FMT(domain));
		status = key_r->p != NULL ? STATUS_OK : STATUS_NOMEM;
	}
	if (status != STATUS_OK) {
		return (report_no_memory(r));
	}
	fold_case(str_first(*key_r, at));
	return (STATUS_OK);
}

static enum status
add_address(struct reader *r, struct str address, struct str owners)
{
	struct arena *arena = &r->logins->arena;
	struct owners *o;
	struct str key;
	void **place;
	enum status status = normalize_address(r, address, &key);

	if (status != STATUS_OK) {
		return (status);
	}
	if (strmap_get(&r->logins->addresses, key) != NULL) {
		warn_entry(r, address, "is used above already: this line has "
		    "no effect");
		return (STATUS_OK);
	}
	o = arena_alloc(arena, sizeof(*o));
	place = o != NULL ? strmap_at(&r->logins->addresses, key) : NULL;
	if (place == NULL) {
		return (report_no_memory(r));
	}
	o->logins = arena_dup(arena, owners);
	*place = o;
	return (o->logins.p != NULL ? STATUS_OK : report_no_memory(r));
}

static enum status
take_entry(struct reader *r, struct str entry)
{
	struct str text = str_trim_fws(entry), owners;
	const char *why;
	size_t end = 0;

	while (end < text.n && !char_is_fws(text.p[end])) {
		end++;
	}
	owners = str_trim_fws(str_from_offset(text, end));
	text = str_first(text, end);
	if (memchr(entry.p, '\0', entry.n) != NULL) {
		return (reject_entry(r, text, "is in a line with a NUL"));
	}
	if (text.n >= LOGINS_ADDRESS_MAX_BYTES) {
		return (reject_entry(r, text, "is too long"));
	}
	if (owners.n == 0) {
		return (reject_entry(r, text, "is followed by no login"));
	}
	why = why_no_address(text);
	if (why != NULL) {
		warn_entry(r, text, why);
		return (STATUS_OK);
	}
	return (add_address(r, text, owners));
}

static enum status
read_entry(struct reader *r, struct str line)
{
	enum status status;
	struct buf entry;

	r->at = r->line;
	buf_init(&entry, LOGINS_LINE_MAX_BYTES);
	buf_add_str(&entry, line);
	status = add_continuations(r, &entry);
	if (status == STATUS_OK) {
		status = take_entry(r, buf_str(&entry));
	} else if (status == STATUS_LIMIT) {
		diag_set(r->diag, r->path, r->at, "longer than %d octets",
		    LOGINS_LINE_MAX_BYTES);
	} else {
		status = report_no_memory(r);
	}
	buf_fini(&entry);
	return (status);
}

enum status
logins_new(struct str text, const char *path, const struct env *env,
    struct logins **logins_r, struct diag *diag)
{
	struct reader r = { .logins = calloc(1, sizeof(*r.logins)),
		.path = path, .env = env, .diag = diag, .rest = text };
	enum status status = STATUS_OK;
	struct str line;

	*logins_r = NULL;
	if (r.logins == NULL) {
		return (report_no_memory(&r));
	}
	arena_init(&r.logins->arena, LOGINS_MEMORY_MAX_BYTES);
	strmap_init(&r.logins->addresses);
	while (status == STATUS_OK && next_line(&r, &line)) {
		status = read_entry(&r, line);
	}
	if (r.warnings > LOGINS_WARNINGS_MAX) {
		env_log(env, LOG_LEVEL_WARNING, "%s: %u more lines have no "
		    "effect", path, r.warnings - LOGINS_WARNINGS_MAX);
	}
	if (status != STATUS_OK) {
		logins_free(r.logins);
		return (status);
	}
	*logins_r = r.logins;
	return (STATUS_OK);
}

void
logins_free(struct logins *logins)
{
	if (logins != NULL) {
		strmap_fini(&logins->addresses);
		arena_fini(&logins->arena);
		free(logins);
	}
}

size_t
logins_count(const struct logins *logins)
{
	return (logins->addresses.n);
}

struct address {		/* in lower case */
	char		text[LOGINS_ADDRESS_MAX_BYTES];
	struct str	whole;		/* local@domain */
	struct str	local;
	struct str	at_domain;	/* "@domain" */
	struct str	base;		/* of local, up to "+"; local without
					   one */
};

static bool
make_address(struct address *a, struct str local, struct str domain)
{
	size_t plus;

	if (local.n + 1 + domain.n > sizeof(a->text)) {
		return (false);
	}
	memcpy(a->text, local.p, local.n);
	a->text[local.n] = '@';
	memcpy(a->text + local.n + 1, domain.p, domain.n);
	a->whole = str_mem(a->text, local.n + 1 + domain.n);
	a->local = str_first(a->whole, local.n);
	a->at_domain = str_from_offset(a->whole, local.n);
	fold_case(a->local);
	plus = str_find(a->local, '+');
	a->base = plus > 0 ? str_first(a->local, plus) : a->local;
	return (true);
}

static const struct owners *
find_base(const struct logins *logins, const struct address *a)
{
	char text[LOGINS_ADDRESS_MAX_BYTES];

	if (a->base.n == a->local.n) {
		return (NULL);
	}
	memcpy(text, a->base.p, a->base.n);
	memcpy(text + a->base.n, a->at_domain.p, a->at_domain.n);
	return (strmap_get(&logins->addresses, str_mem(text, a->base.n +
	    a->at_domain.n)));
}

static const struct owners *
find_owners(const struct logins *logins, const struct address *a)
{
	const struct owners *o = strmap_get(&logins->addresses, a->whole);

	if (o == NULL) {
		o = find_base(logins, a);
	}
	if (o == NULL) {
		o = strmap_get(&logins->addresses, a->at_domain);
	}
	return (o != NULL ? o : strmap_get(&logins->addresses, STR("*")));
}

static bool
is_local_part(const struct address *a, struct str login)
{
	return (str_eq_ci(login, a->local) || str_eq_ci(login, a->base));
}

static bool
is_address(const struct address *a, struct str login)
{
	size_t at = str_rfind(login, '@');

	return (at < login.n && is_local_part(a, str_first(login, at)) &&
	    str_eq_ci(str_from_offset(login, at), a->at_domain));
}

static bool
is_owner(const struct address *a, struct str owner, struct str login)
{
	if (str_eq(owner, STR("*"))) {
		return (true);
	}
	if (str_eq(owner, STR("%u"))) {
		return (is_address(a, login));
	}
	return (str_eq(owner, STR("%n")) ? is_local_part(a, login) :
	    str_eq_ci(owner, login));
}

static bool
is_separator(char c)
{
	return (c == ',' || char_is_fws(c));
}

bool
logins_allow(const struct logins *logins, struct str login, struct str local,
    struct str domain)
{
	const struct owners *o;
	struct address address;
	struct str rest;
	size_t n;

	if (login.n == 0 || !logins_is_plain(local) ||
	    !make_address(&address, local, domain) ||
	    (o = find_owners(logins, &address)) == NULL) {
		return (false);
	}
	for (rest = o->logins; rest.n > 0; rest = str_from_offset(rest, n)) {
		for (n = 0; n < rest.n && !is_separator(rest.p[n]); n++) {
			continue;
		}
		if (n > 0 && is_owner(&address, str_first(rest, n), login)) {
			return (true);
		}
		n++;
	}
	return (false);
}
