/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which header fields are signed: SignHeaders and OmitHeaders. OpenDKIM starts
 * from its default at "*", "+" or "-", adds and removes; here a list that lacks
 * a name of the default is written out.
 */
#include "dkim/sign_names.h"
#include "tools/import.h"

struct headers {
	struct import		*im;
	struct import_list	 sign;		/* n 0: the default */
	struct import_list	 omit;
	struct buf		 out;
	bool			 removed;	/* one of the base */
};

static bool
read_list(struct import *im, const char *name, struct import_list *list)
{
	const struct import_given *given = import_get(im, IMPORT_OPENDKIM,
	    name);
	const char *why;

	*list = (struct import_list){ .n = 0 };
	if (given == NULL) {
		return (true);
	}
	if (import_list_read(im, given, list, &why)) {
		return (true);
	}
	import_say_of(im, IMPORT_UNSIGNED, given, why);
	return (false);
}

/* "+name" or "-name" or "*": a change of the default. */
static bool
is_change(struct str item)
{
	return (item.n > 0 && memchr("*+-", item.p[0], 3) != NULL);
}

/* RFC 6376 5.4: From is always signed. */
static bool
is_removed(const struct headers *h, struct str name)
{
	size_t i;

	if (str_eq_ci(name, STR("From"))) {
		return (false);
	}
	for (i = 0; i < h->omit.n; i++) {
		struct str item = h->omit.v[i].key;

		item = str_from_offset(item, item.n > 1 && item.p[0] == '+');
		if (str_eq_ci(item, name)) {
			return (true);
		}
	}
	for (i = 0; i < h->sign.n; i++) {
		struct str item = h->sign.v[i].key;

		if (item.n > 1 && item.p[0] == '-' &&
		    str_eq_ci(str_from_offset(item, 1), name)) {
			return (true);
		}
	}
	return (false);
}

static void
add_name(struct headers *h, struct str name)
{
	if (is_removed(h, name)) {
		h->removed = true;
	} else {
		buf_printf(&h->out, "%s%.*s", h->out.n > 0 ? "," : "",
		    STR_FMT(name));
	}
}

static bool
is_default(struct str name)
{
	return (str_list_has_ci(dkim_sign_headers_default,
	    dkim_sign_headers_default_n, name));
}

/* Names that are added to the default. */
static void
add_more(struct headers *h)
{
	struct str item;
	size_t i;

	for (i = 0; i < h->sign.n; i++) {
		item = h->sign.v[i].key;
		if (item.n > 1 && item.p[0] == '+') {
			item = str_from_offset(item, 1);
		}
		if (!is_change(item) && !is_default(item)) {
			add_name(h, item);
		}
	}
}

static void
add_default(struct headers *h)
{
	size_t i;

	for (i = 0; i < dkim_sign_headers_default_n; i++) {
		add_name(h, dkim_sign_headers_default[i]);
	}
	if (!h->removed) {
		buf_reset(&h->out);
		buf_add_char(&h->out, '*');
	}
	add_more(h);
}

static void
add_given(struct headers *h)
{
	size_t i;

	for (i = 0; i < h->sign.n; i++) {
		add_name(h, h->sign.v[i].key);
	}
}

static void
set_list(struct headers *h)
{
	struct import *im = h->im;
	struct str value = arena_dup(&im->arena, buf_str(&h->out));
	struct diag why;

	diag_init(&why);
	import_fail(im, value.p != NULL ? h->out.status : STATUS_NOMEM);
	if (im->status != STATUS_OK || str_eq(value, STR("*"))) {
		return;
	}
	if (!import_accepts(im, "SignHeaders", value, &why)) {
		import_say(im, IMPORT_UNSIGNED, "%s", import_shown(im,
		    str_from(why.text)));
		return;
	}
	import_set(im, "SignHeaders", value);
	if (h->removed) {
		import_say(im, IMPORT_DIFFERS, "SignHeaders lacks the names "
		    "that OmitHeaders and SignHeaders remove");
	}
}

void
import_headers(struct import *im)
{
	struct headers h = { .im = im };

	if (!read_list(im, "SignHeaders", &h.sign) ||
	    !read_list(im, "OmitHeaders", &h.omit)) {
		return;
	}
	buf_init(&h.out, IMPORT_LIST_BYTES);
	if (h.sign.n > 0 && !is_change(h.sign.v[0].key)) {
		add_given(&h);
	} else {
		add_default(&h);
	}
	set_list(&h);
	buf_fini(&h.out);
}
