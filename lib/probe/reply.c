/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/reply.h"

enum { CODE_BYTES = 3, MIN_CODE = 200, MAX_CODE = 599 };

/* The line at the start of the octets without its end; n_r counts that, too. */
static enum reply_state
read_line(struct str octets, struct str *line_r, size_t *n_r)
{
	size_t end = str_find(octets, '\n');

	if (end >= PROBE_LINE_MAX_BYTES) {
		return (REPLY_ENDLESS);
	}
	if (end == octets.n) {
		return (octets.n >= PROBE_LINE_MAX_BYTES ? REPLY_ENDLESS :
		    REPLY_MORE);
	}
	*n_r = end + 1;
	*line_r = str_first(octets, end > 0 && octets.p[end - 1] == '\r' ?
	    end - 1 : end);
	return (REPLY_DONE);
}

/* The code; 0: there is none. */
static unsigned
read_code(struct str line)
{
	unsigned code = 0;
	size_t i;

	if (line.n < CODE_BYTES) {
		return (0);
	}
	for (i = 0; i < CODE_BYTES; i++) {
		if (!char_is_digit(line.p[i])) {
			return (0);
		}
		code = code * 10 + (unsigned)(line.p[i] - '0');
	}
	if (code < MIN_CODE || code > MAX_CODE || (line.n > CODE_BYTES &&
	    line.p[CODE_BYTES] != ' ' && line.p[CODE_BYTES] != '-')) {
		return (0);
	}
	return (code);
}

static bool
is_last(struct str line)
{
	return (line.n == CODE_BYTES || line.p[CODE_BYTES] == ' ');
}

enum reply_state
reply_read(struct str octets, struct reply *r)
{
	struct str rest = octets, line;
	enum reply_state state;
	unsigned code;
	size_t n = 0;

	*r = (struct reply){ .code = 0 };
	do {
		/* So that what is no reply is known before its end. */
		if (rest.n > 0 && !char_is_digit(rest.p[0])) {
			return (REPLY_GARBAGE);
		}
		if (r->n == PROBE_REPLY_MAX_LINES) {
			return (REPLY_ENDLESS);
		}
		state = read_line(rest, &line, &n);
		if (state != REPLY_DONE) {
			return (state);
		}
		code = read_code(line);
		if (code == 0 || (r->n > 0 && code != r->code)) {
			return (REPLY_GARBAGE);
		}
		if (r->n++ == 0) {
			r->code = code;
			r->text = str_trim_wsp(str_from_offset(line,
			    CODE_BYTES + 1));
		}
		rest = str_from_offset(rest, n);
	} while (!is_last(line));
	r->lines = str_first(octets, octets.n - rest.n);
	return (REPLY_DONE);
}

bool
reply_has_keyword(const struct reply *reply, struct str keyword)
{
	struct str rest = reply->lines, line, word;
	size_t n = 0;
	bool first = true;

	for (; read_line(rest, &line, &n) == REPLY_DONE;
	    rest = str_from_offset(rest, n)) {
		word = str_trim_wsp(str_from_offset(line, CODE_BYTES + 1));
		word = str_first(word, str_find(word, ' '));
		if (!first && str_eq_ci(word, keyword)) {
			return (true);
		}
		first = false;
	}
	return (false);
}
