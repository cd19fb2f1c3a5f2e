/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/canon.h"

#define LOWER_BYTES	64	/* of a name, lower-cased at a time */

const char *
canon_name(enum canon kind)
{
	switch (kind) {
	case CANON_SIMPLE:
		return ("simple");
	case CANON_RELAXED:
		return ("relaxed");
	}
	return ("unknown");
}

static bool
from_name(struct str name, enum canon *r)
{
	*r = str_eq_ci(name, STR("relaxed")) ? CANON_RELAXED : CANON_SIMPLE;
	return (str_eq_ci(name, str_from(canon_name(*r))));
}

bool
canon_parse_pair(struct str s, enum canon *header_r, enum canon *body_r)
{
	size_t slash = str_find(s, '/');

	*body_r = CANON_SIMPLE;
	return (from_name(str_first(s, slash), header_r) &&
	    (slash == s.n || from_name(str_from_offset(s, slash + 1),
	    body_r)));
}

static void
emit_run(canon_sink *sink, void *ctx, struct str s)
{
	if (s.n > 0) {
		sink(ctx, s.p, s.n);
	}
}

static void
relaxed_name(struct str name, canon_sink *sink, void *ctx)
{
	char lower[LOWER_BYTES];
	size_t i, n;

	name = str_trim_wsp_end(name);
	for (; name.n > 0; name = str_from_offset(name, n)) {
		n = name.n < sizeof(lower) ? name.n : sizeof(lower);
		for (i = 0; i < n; i++) {
			lower[i] = char_lower(name.p[i]);
		}
		sink(ctx, lower, n);
	}
}

/* Whether relaxed keeps this SP: a single one between words. */
static bool
is_lone_sp(struct str s, size_t i)
{
	return (s.p[i] == ' ' && i + 1 < s.n && str_fws_at(s, i + 1) == 0);
}

/* RFC 6376 3.4.2: unfold, reduce WSP runs to one SP, trim both ends. */
static void
relaxed_value(struct str s, canon_sink *sink, void *ctx)
{
	bool started = false;
	size_t i, from, n;

	for (i = 0; i < s.n;) {
		n = str_fws_at(s, i);
		if (n > 0) {
			i += n;
			continue;
		}
		from = i;
		while (i < s.n && (str_fws_at(s, i) == 0 || is_lone_sp(s, i))) {
			i++;
		}
		if (started) {
			emit_run(sink, ctx, STR(" "));
		}
		emit_run(sink, ctx, str_mem(s.p + from, i - from));
		started = true;
	}
}

void
canon_header(enum canon kind, struct str raw, bool crlf, canon_sink *sink,
    void *ctx)
{
	size_t colon;

	if (raw.n >= 2 && memcmp(raw.p + raw.n - 2, "\r\n", 2) == 0) {
		raw.n -= 2;
	}
	switch (kind) {
	case CANON_SIMPLE:
		emit_run(sink, ctx, raw);
		break;
	case CANON_RELAXED:
		colon = str_find(raw, ':');
		relaxed_name(str_first(raw, colon), sink, ctx);
		if (colon < raw.n) {
			emit_run(sink, ctx, STR(":"));
			relaxed_value(str_from_offset(raw, colon + 1), sink,
			    ctx);
		}
		break;
	}
	if (crlf) {
		emit_run(sink, ctx, STR("\r\n"));
	}
}
