/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a text that is meant as a key record should say: the same key, without
 * what keeps it from verifying mail. Invariant: a record that is offered
 * verifies, and holds no other key than the text does.
 */
#include "check/private.h"
#include "dkim/key.h"

#define MAX_NAMES	16	/* tags of a record */

struct key_mender {
	struct check	*c;
	struct buf	 out;
	struct str	 seen[MAX_NAMES];
	size_t		 n;
	const char	*type;		/* of the key; NULL: as it says */
};

/* Whether a list with colons has one of the words. */
static bool
list_has(struct str list, const char *word, const char *other)
{
	struct str item;

	while (str_next(&list, ':', &item)) {
		item = str_trim_fws(item);
		if (str_eq(item, str_from(word)) ||
		    (other != NULL && str_eq(item, str_from(other)))) {
			return (true);
		}
	}
	return (false);
}

/* The length of a line of a PEM file that s begins with; 0: none. */
static size_t
mark_length(struct str s)
{
	const struct str dashes = STR("-----");
	struct str rest = str_from_offset(s, dashes.n);
	size_t n;

	if (!str_starts(s, dashes) || (!str_starts(rest, STR("BEGIN ")) &&
	    !str_starts(rest, STR("END ")))) {
		return (0);
	}
	n = dashes.n + str_find(rest, '-');
	return (str_starts(str_from_offset(s, n), dashes) ? n + dashes.n : 0);
}

/* Base64, with the alphabet for URLs put right (RFC 4648 5), without the marks
   of a PEM file and white space. */
static void
add_data(struct key_mender *m, struct str value)
{
	size_t mark;
	char c;

	buf_add_cstr(&m->out, "; p=");
	while (value.n > 0) {
		mark = mark_length(value);
		c = value.p[0];
		if (mark == 0 && !char_is_fws(c)) {
			buf_add_char(&m->out, c == '-' ? '+' : c == '_' ? '/' :
			    c);
		}
		value = str_from_offset(value, mark > 0 ? mark : 1);
	}
}

/* The flags without "y". */
static void
add_flags(struct key_mender *m, struct str value)
{
	const char *before = "; t=";
	struct str flag;

	while (str_next(&value, ':', &flag)) {
		flag = str_trim_fws(flag);
		if (flag.n > 0 && !str_eq(flag, STR("y"))) {
			buf_printf(&m->out, "%s%.*s", before, STR_FMT(flag));
			before = ":";
		}
	}
}

static void
add_tag(struct key_mender *m, struct str name, struct str value)
{
	if (m->n == MAX_NAMES || str_list_has_ci(m->seen, m->n, name) ||
	    str_eq_ci(name, STR("v"))) {
		return;
	}
	m->seen[m->n++] = name;
	if (str_eq_ci(name, STR("p"))) {
		add_data(m, value);
	} else if (str_eq_ci(name, STR("t"))) {
		add_flags(m, value);
	} else if (str_eq_ci(name, STR("k"))) {
		if (m->type == NULL) {
			buf_printf(&m->out, "; k=%.*s", STR_FMT(value));
		}
	} else if ((!str_eq_ci(name, STR("h")) || list_has(value, "sha256",
	    NULL)) && (!str_eq_ci(name, STR("s")) || list_has(value, "*",
	    "email"))) {
		buf_printf(&m->out, "; %.*s=%.*s", STR_FMT(name),
		    STR_FMT(value));
	}
}

/* Without quotes and backslashes; no other mark separates tags. */
static struct str
plain_text(struct check *c, struct str text)
{
	char *p = arena_alloc(&c->memory, text.n + 1);
	bool commas = str_find(text, ';') == text.n;
	size_t i, n = 0;

	if (p == NULL) {
		c->status = STATUS_NOMEM;
		return (STR_NONE);
	}
	for (i = 0; i < text.n; i++) {
		char one = text.p[i];

		if (one != '"' && one != '\'' && one != '`' && one != '\\' &&
		    (unsigned char)one >= ' ' && (unsigned char)one < 0x7f) {
			p[n++] = one == ',' && commas ? ';' : one;
		}
	}
	return (str_mem(p, n));
}

/* Absent: such a record would not verify anything. */
static struct str
write_record(struct check *c, struct str text, const char *type)
{
	struct key_mender m = { .c = c, .type = type };
	struct str piece, r = STR_NONE;
	struct dkim_key key;
	size_t at;

	buf_init(&m.out, DKIM_KEY_MAX_BYTES);
	buf_add_cstr(&m.out, "v=DKIM1");
	if (type != NULL) {
		buf_printf(&m.out, "; k=%s", type);
	}
	while (str_next(&text, ';', &piece)) {
		at = str_find(piece, '=');
		if (at < piece.n) {
			add_tag(&m, str_trim_fws(str_first(piece, at)),
			    str_trim_fws(str_from_offset(piece, at + 1)));
		}
	}
	if (m.out.status == STATUS_NOMEM || dkim_key_parse(buf_str(&m.out),
	    &key) != STATUS_OK) {
		c->status = STATUS_NOMEM;
	} else {
		if (m.out.status == STATUS_OK && key.result == DKIM_NONE) {
			r = check_text(c, "%.*s", STR_FMT(buf_str(&m.out)));
		}
		dkim_key_fini(&key);
	}
	buf_fini(&m.out);
	return (r);
}

struct str
check_dkim_mended(struct check *c, struct str text)
{
	static const char *const types[] = { NULL, "rsa", "ed25519" };
	struct str plain, r = STR_NONE;
	size_t i;

	if (text.n > DKIM_KEY_MAX_BYTES) {
		return (STR_NONE);
	}
	plain = plain_text(c, check_plain(c, text));
	for (i = 0; r.p == NULL && i < sizeof(types) / sizeof(types[0]) &&
	    plain.p != NULL; i++) {
		r = write_record(c, plain, types[i]);
	}
	return (r);
}
