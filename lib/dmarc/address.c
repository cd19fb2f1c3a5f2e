/* SPDX-License-Identifier: BSD-2-Clause */
#include "dmarc/address.h"
#include "dmarc/uri.h"
#include "mail/domain.h"

#define PRINTABLE_FIRST	' '
#define PRINTABLE_LAST	'~'

/* RFC 3986 2.1; the URI was checked for complete escapes. */
static struct str
decode_percent(struct arena *arena, struct str s)
{
	char *out = arena_alloc(arena, s.n + 1);
	size_t i, n = 0;

	if (out == NULL) {
		return (STR_NONE);
	}
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '%' && s.n - i > 2) {
			out[n++] = (char)(char_hex(s.p[i + 1]) << 4 |
			    char_hex(s.p[i + 2]));
			i += 2;
		} else {
			out[n++] = s.p[i];
		}
	}
	return (str_mem(out, n));
}

/* RFC 5321 4.1.2 */
static bool
is_atext(char c)
{
	return (char_is_alpha(c) || char_is_digit(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL));
}

static bool
is_dot_string(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		bool dot = s.p[i] == '.' && i > 0 && i + 1 < s.n &&
		    s.p[i - 1] != '.';

		if (!dot && !is_atext(s.p[i])) {
			return (false);
		}
	}
	return (s.n > 0);
}

/* The content of a quoted string; itself if it is none. */
static struct str
strip_quotes(struct str s)
{
	if (s.n > 2 && s.p[0] == '"' && s.p[s.n - 1] == '"') {
		return (str_mem(s.p + 1, s.n - 2));
	}
	return (s);
}

/* Printable ASCII. An '@' would be a second one; what is quoted within quotes
   is not worth the risk. */
static bool
is_quotable(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] < PRINTABLE_FIRST || s.p[i] > PRINTABLE_LAST ||
		    strchr("@\"\\", s.p[i]) != NULL) {
			return (false);
		}
	}
	return (s.n > 0);
}

/* Without an address literal and without a host's own "localhost". */
static enum status
read_host(struct arena *arena, struct str s, struct str *host_r)
{
	enum status status = domain_normalize(arena, s, host_r);

	if (status == STATUS_OK && domain_labels(*host_r) < 2) {
		return (STATUS_SYNTAX);
	}
	return (status);
}

enum status
dmarc_address_read(struct arena *arena, struct str uri,
    struct dmarc_address *r)
{
	struct str s = dmarc_uri_mailto(uri), local, host;
	enum status status;
	const char *quote;
	size_t at;

	*r = (struct dmarc_address){ STR_NONE, STR_NONE };
	if (s.p == NULL) {
		return (STATUS_SYNTAX);
	}
	s = decode_percent(arena, s);
	if (s.p == NULL) {
		return (STATUS_NOMEM);
	}
	at = str_rfind(s, '@');
	local = strip_quotes(str_first(s, at));
	if (at == s.n || !is_quotable(local) ||
	    local.n > DMARC_LOCAL_MAX_BYTES) {
		return (STATUS_SYNTAX);
	}
	status = read_host(arena, str_from_offset(s, at + 1), &host);
	if (status != STATUS_OK) {
		return (status);
	}
	quote = is_dot_string(local) ? "" : "\"";
	r->text = arena_printf(arena, "%s%.*s%s@%.*s", quote, STR_FMT(local),
	    quote, STR_FMT(host));
	if (r->text.p == NULL) {
		return (STATUS_NOMEM);
	}
	if (r->text.n > DMARC_ADDRESS_MAX_BYTES) {
		return (STATUS_SYNTAX);
	}
	r->host = str_from_offset(r->text, r->text.n - host.n);
	return (STATUS_OK);
}
