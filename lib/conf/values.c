/* SPDX-License-Identifier: BSD-2-Clause */
/* Setters for options with one value. */
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/ip.h"
#include "conf/table.h"

#define MARK_FIELD_MAX_BYTES	64
/* Of a local socket, with the NUL. */
#define PATH_BYTES	sizeof(((struct sockaddr_un *)NULL)->sun_path)

static void *
field_at(struct conf_reader *r, const struct conf_option *o)
{
	return ((char *)r->target + o->offset);
}

enum status
conf_set_text(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	char *text = arena_cstr(r->memory, value);

	*(char **)field_at(r, o) = text;
	return (text != NULL ? STATUS_OK : conf_no_memory(r));
}

static bool
is_word(struct str value, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (str_eq_ci(value, str_from(*words))) {
			return (true);
		}
	}
	return (false);
}

enum status
conf_set_bool(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	static const char *const yes[] = { "yes", "true", "1", NULL };
	static const char *const no[] = { "no", "false", "0", NULL };
	bool on = is_word(value, yes);

	if (!on && !is_word(value, no)) {
		return (conf_reject_form(r, o, value));
	}
	*(bool *)field_at(r, o) = on;
	return (STATUS_OK);
}

const struct conf_word *
conf_word_find(const struct conf_word *w, struct str word)
{
	while (w->word != NULL && !str_eq_ci(word, str_from(w->word))) {
		w++;
	}
	return (w->word != NULL ? w : NULL);
}

enum status
conf_set_word(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	const struct conf_word *w = conf_word_find(o->words, value);

	if (w == NULL) {
		return (conf_reject_form(r, o, value));
	}
	memcpy(field_at(r, o), &w->value, sizeof(w->value));
	return (STATUS_OK);
}

enum status
conf_set_number(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	uint64_t n;

	if (!str_to_u64(value, &n) || n < o->min || n > o->max) {
		return (conf_reject_form(r, o, value));
	}
	*(unsigned *)field_at(r, o) = (unsigned)n;
	return (STATUS_OK);
}

enum status
conf_set_octal(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < value.n && n <= o->max; i++) {
		if (value.p[i] < '0' || value.p[i] > '7') {
			return (conf_reject(r, o, value,
			    "is not an octal number"));
		}
		n = n * 8 + (unsigned)(value.p[i] - '0');
	}
	if (n > o->max) {
		return (conf_reject(r, o, value, "exceeds 0777"));
	}
	*(mode_t *)field_at(r, o) = (mode_t)n;
	return (STATUS_OK);
}

/* Seconds, or a number and one of s m h d w. */
static bool
parse_time(struct str value, uint64_t *seconds_r)
{
	static const struct {
		char		suffix;
		uint64_t	seconds;
	} units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
		{ 'w', 604800 }
	};
	uint64_t unit = 1;
	size_t i;

	for (i = 0; value.n > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
		if (char_lower(value.p[value.n - 1]) == units[i].suffix) {
			unit = units[i].seconds;
			value.n--;
			break;
		}
	}
	if (!str_to_u64(value, seconds_r) || *seconds_r > UINT64_MAX / unit) {
		return (false);
	}
	*seconds_r *= unit;
	return (true);
}

enum status
conf_set_seconds(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	uint64_t s;

	if (!parse_time(value, &s) || s < o->min || s > o->max) {
		return (conf_reject_form(r, o, value));
	}
	*(int64_t *)field_at(r, o) = (int64_t)s;
	return (STATUS_OK);
}

enum status
conf_set_microseconds(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	uint64_t s;

	if (!parse_time(value, &s) || s < o->min || s > o->max) {
		return (conf_reject_form(r, o, value));
	}
	*(uint64_t *)field_at(r, o) = s * 1000000;
	return (STATUS_OK);
}

/* An address of that family, perhaps in brackets, or a name. */
static bool
is_socket_host(struct str host, bool ipv6)
{
	struct ip_addr ip;
	size_t i;

	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') {
		host = str_mem(host.p + 1, host.n - 2);
	}
	if (ip_parse(host, &ip)) {
		return ((str_find(host, ':') < host.n) == ipv6);
	}
	for (i = 0; i < host.n; i++) {
		if (!char_is_alpha(host.p[i]) && !char_is_digit(host.p[i]) &&
		    memchr(".-_", host.p[i], 3) == NULL) {
			return (false);
		}
	}
	return (host.n > 0);
}

static bool
is_inet_socket(struct str rest)
{
	size_t at = str_find(rest, '@');
	uint64_t port;

	return (str_to_u64(str_first(rest, at), &port) && port > 0 &&
	    port <= UINT16_MAX && (at == rest.n || at + 1 < rest.n));
}

static bool
is_socket(struct str s)
{
	size_t colon = str_find(s, ':');
	struct str kind = str_first(s, colon);
	struct str rest = str_from_offset(s, colon + 1);

	if (str_eq(kind, STR("unix")) || str_eq(kind, STR("local"))) {
		return (rest.n > 0 && rest.n < PATH_BYTES);
	}
	return ((str_eq(kind, STR("inet")) || str_eq(kind, STR("inet6"))) &&
	    is_inet_socket(rest));
}

bool
conf_is_socket(struct str s)
{
	struct str host = str_from_offset(s, str_find(s, '@') + 1);

	return (is_socket(s) && (!str_starts(s, STR("inet")) ||
	    host.n == 0 || is_socket_host(host, str_starts(s,
	    STR("inet6")))));
}

/* "inet:host:port", as Postfix writes it. */
static bool
is_postfix_socket(struct str s)
{
	struct str rest = str_from_offset(s, str_find(s, ':') + 1);
	size_t colon = str_rfind(rest, ':');
	uint64_t port;

	return (str_starts(s, STR("inet")) && colon < rest.n &&
	    str_find(rest, '@') == rest.n &&
	    str_to_u64(str_from_offset(rest, colon + 1), &port));
}

enum status
conf_set_socket(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	if (conf_is_socket(value)) {
		return (conf_set_text(r, o, value));
	}
	return (is_postfix_socket(value) ? conf_reject(r, o, value, "has the "
	    "form of Postfix's smtpd_milters; here the port comes first: "
	    "inet:PORT@HOST") : conf_reject_form(r, o, value));
}

/* Nothing is looked up: a reload must not wait for the DNS. */
static bool
is_address(struct str host)
{
	struct ip_addr ip;

	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') {
		host = str_mem(host.p + 1, host.n - 2);
	}
	return (ip_parse(host, &ip) || str_eq_ci(host, STR("localhost")));
}

enum status
conf_set_metrics(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	size_t at = str_find(value, '@');

	if (!is_socket(value)) {
		return (conf_reject_form(r, o, value));
	}
	if (str_starts(value, STR("inet")) && at < value.n &&
	    !is_address(str_from_offset(value, at + 1))) {
		return (conf_reject(r, o, value, "has neither an address nor "
		    "localhost after the @"));
	}
	return (conf_set_text(r, o, value));
}

/* No standard field has one of these. */
static bool
has_own_prefix(struct str name)
{
	static const struct str prefixes[] = { STR("X-"), STR("Mailseal-") };
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (name.n > prefixes[i].n &&
		    str_starts_ci(name, prefixes[i])) {
			return (true);
		}
	}
	return (false);
}

enum status
conf_set_mark_field(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	bool good = value.n <= MARK_FIELD_MAX_BYTES &&
	    has_own_prefix(value) &&
	    !str_eq_ci(value, STR("X-DMARC-Quarantine"));
	size_t i;

	if (str_eq_ci(value, STR("none"))) {
		return (STATUS_OK);
	}
	for (i = 0; i < value.n; i++) {
		good = good && (char_is_alpha(value.p[i]) ||
		    char_is_digit(value.p[i]) || value.p[i] == '-');
	}
	return (good ? conf_set_text(r, o, value) : conf_reject(r, o, value,
	    "is not the name of a field of yours, such as X-Mark"));
}

enum status
conf_set_canonicalization(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	struct conf_signature_style *style = field_at(r, o);

	if (!canon_parse_pair(value, &style->header, &style->body)) {
		return (conf_reject(r, o, value,
		    "is not simple or relaxed, or two of them with a "
		    "slash between"));
	}
	return (STATUS_OK);
}

/*
 * Accepts those of OpenDKIM's data sets that are files: "file:", "refile:", or
 * a path alone; and "csl:", a list. Data sets of other types are an error.
 */
enum status
conf_set_table(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	static const struct str file = { "file:", 5 };
	static const struct str refile = { "refile:", 7 };
	struct conf_table *table = field_at(r, o);
	struct str path = value;

	table->patterns = str_starts_ci(value, refile);
	if (table->patterns) {
		path = str_from_offset(value, refile.n);
	} else if (str_starts_ci(value, file)) {
		path = str_from_offset(value, file.n);
	}
	path = str_trim_wsp(path);
	if (str_starts_ci(path, STR("csl:"))) {
		table->path = arena_cstr(r->memory, path);
		return (table->path != NULL ? STATUS_OK : conf_no_memory(r));
	}
	if (path.n == 0 || (path.p[0] != '/' && path.p[0] != '.' &&
	    path.p == value.p)) {
		return (conf_reject(r, o, value, "is not a table: only file:, "
		    "refile:, csl: and a path are supported"));
	}
	table->path = arena_cstr(r->memory, path);
	return (table->path != NULL ? STATUS_OK : conf_no_memory(r));
}

/* The types of Postfix's tables that are text. */
enum status
conf_set_logins(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	const struct str types[] = { STR("file:"), STR("texthash:") };
	struct str path = value;
	char *text;
	size_t i;

	for (i = 0; i < 2 && path.n == value.n; i++) {
		if (str_starts_ci(value, types[i])) {
			path = str_trim_wsp(str_from_offset(value,
			    types[i].n));
		}
	}
	if (path.n == 0 || (path.p[0] != '/' && path.p[0] != '.' &&
	    path.n == value.n)) {
		return (conf_reject(r, o, value, "is not a table: only file:, "
		    "texthash: and a path are supported; of a hash: or lmdb: "
		    "table, give the text that postmap reads"));
	}
	text = arena_cstr(r->memory, path);
	*(char **)field_at(r, o) = text;
	return (text != NULL ? STATUS_OK : conf_no_memory(r));
}

enum status
conf_set_key_cache(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	uint64_t n = 0;

	if (!str_eq_ci(value, STR("all")) && (!str_to_u64(value, &n) ||
	    n < 1 || n > CONF_KEY_CACHE_MAX)) {
		return (conf_reject(r, o, value,
		    "is neither all nor a number from 1 to 1000000"));
	}
	*(unsigned *)field_at(r, o) = (unsigned)n;
	return (STATUS_OK);
}

enum status
conf_set_line_limit(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	struct lines_rule *rule = field_at(r, o);
	struct str sendmail = STR("sendmail:"), number = value;
	uint64_t n, most = LINES_MAX_LIMIT;

	rule->style = LINES_POSTFIX;
	if (str_starts_ci(value, sendmail)) {
		rule->style = LINES_SENDMAIL;
		number = str_from_offset(value, sendmail.n);
		most = LINES_SENDMAIL_PIECE;
	}
	if (!str_to_u64(number, &n) ||
	    (n != 0 && (n < LINES_MIN_LIMIT || n > most))) {
		return (conf_reject(r, o, value, "is not 0, a number from 100 "
		    "to 1000000, or sendmail: and one from 100 to 2047"));
	}
	rule->limit = (unsigned)n;
	return (STATUS_OK);
}

enum status
conf_set_sample(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	struct str sample = STR("sample:");
	uint64_t percent = 0;

	if (str_eq_ci(value, STR("all"))) {
		percent = 100;
	} else if (!str_eq_ci(value, STR("off")) &&
	    (!str_starts_ci(value, sample) || value.p[value.n - 1] != '%' ||
	    !str_to_u64(str_mem(value.p + sample.n, value.n - sample.n - 1),
	    &percent) || percent > 100)) {
		return (conf_reject(r, o, value,
		    "is not off, all, or sample:N% with N from 0 to 100"));
	}
	*(unsigned *)field_at(r, o) = (unsigned)percent;
	return (STATUS_OK);
}

/* OpenDKIM's forms. */
enum status
conf_set_minimum(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	struct conf_minimum *minimum = field_at(r, o);
	char last = value.p[value.n - 1];
	struct str number = value;

	minimum->kind = last == '%' ? CONF_MINIMUM_PERCENT : last == '+' ?
	    CONF_MINIMUM_LEFT : CONF_MINIMUM_BYTES;
	if (minimum->kind != CONF_MINIMUM_BYTES) {
		number.n--;
	}
	if (!str_to_u64(number, &minimum->n) ||
	    (minimum->kind == CONF_MINIMUM_PERCENT && minimum->n > 100)) {
		return (conf_reject(r, o, value, "is not a number of octets, "
		    "N% with N from 0 to 100, or N+"));
	}
	return (STATUS_OK);
}
