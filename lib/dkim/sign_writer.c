/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "base/b64.h"
#include "dkim/sign_writer.h"

#define FIELD_MAX_BYTES	(1024 * 1024)
#define LINE_COLUMNS	78
#define TAB_COLUMNS	8
#define TIME_BYTES	32	/* a tag with an int64_t */
/* b= starts on a line with room for this many columns of its value. */
#define B_MIN_COLUMNS	20

static void
put_text(struct sign_writer *w, struct str s)
{
	buf_add_str(&w->out, s);
	w->column += s.n;
}

static void
fold_line(struct sign_writer *w)
{
	buf_add_cstr(&w->out, "\r\n\t");
	w->column = TAB_COLUMNS;
}

/* Adds a tag; on a new line unless `room` columns are left after it. */
static void
put_tag(struct sign_writer *w, struct str tag, size_t room)
{
	if (w->column + 1 + tag.n + room > LINE_COLUMNS) {
		fold_line(w);
	} else {
		put_text(w, STR(" "));
	}
	if (tag.p == NULL) {
		w->out.status = STATUS_NOMEM;
	}
	put_text(w, tag);
}

void
sign_writer_init(struct sign_writer *w, struct str name)
{
	buf_init(&w->out, FIELD_MAX_BYTES);
	w->column = 0;
	w->name_n = name.n;
	put_text(w, name);
}

void
sign_writer_fini(struct sign_writer *w)
{
	buf_fini(&w->out);
}

void
sign_writer_tag(struct sign_writer *w, struct str tag)
{
	put_tag(w, tag, 0);
}

void
sign_writer_algorithm(struct sign_writer *w, enum crypto_key_type type)
{
	switch (type) {
	case CRYPTO_RSA:
		put_tag(w, STR("a=rsa-sha256;"), 0);
		break;
	case CRYPTO_ED25519:
		put_tag(w, STR("a=ed25519-sha256;"), 0);
		break;
	}
}

void
sign_writer_time(struct sign_writer *w, const char *name, int64_t time_s)
{
	char tag[TIME_BYTES];

	(void)snprintf(tag, sizeof(tag), "%s=%" PRId64 ";", name, time_s);
	put_tag(w, str_from(tag), 0);
}

/* White space is allowed after each colon (RFC 6376 3.5). */
void
sign_writer_names(struct sign_writer *w, const struct str *names, size_t n)
{
	size_t i;

	put_tag(w, STR("h="), names[0].n + 1);
	for (i = 0; i < n; i++) {
		if (w->column + names[i].n + 1 > LINE_COLUMNS) {
			fold_line(w);
		}
		put_text(w, names[i]);
		put_text(w, i + 1 < n ? STR(":") : STR(";"));
	}
}

struct str
sign_writer_unsigned(struct sign_writer *w)
{
	put_tag(w, STR("b="), B_MIN_COLUMNS);
	return (buf_str(&w->out));
}

/* White space is allowed anywhere in base64 (RFC 6376 2.10). */
static void
put_base64(struct sign_writer *w, struct str text)
{
	size_t room;

	while (text.n > 0) {
		if (w->column >= LINE_COLUMNS) {
			fold_line(w);
		}
		room = LINE_COLUMNS - w->column;
		put_text(w, str_first(text, room));
		text = str_from_offset(text, room);
	}
}

enum status
sign_writer_finish(struct sign_writer *w, struct arena *arena,
    const struct crypto *crypto, const struct privkey *key,
    const unsigned char hash[CRYPTO_SHA256_BYTES], struct str *value_r)
{
	struct buf sig, text;
	enum status status;

	*value_r = STR_NONE;
	buf_init(&sig, CRYPTO_SIG_MAX_BYTES);
	buf_init(&text, 2 * CRYPTO_SIG_MAX_BYTES);
	status = privkey_sign(crypto, key, hash, &sig);
	if (status != STATUS_OK) {
		goto out;
	}
	b64_encode(&text, sig.p, sig.n);
	put_base64(w, buf_str(&text));
	status = text.status != STATUS_OK ? text.status : w->out.status;
	if (status != STATUS_OK) {
		goto out;
	}
	*value_r = arena_dup(arena, str_from_offset(buf_str(&w->out),
	    w->name_n));
	status = value_r->p != NULL ? STATUS_OK : STATUS_NOMEM;
out:
	buf_fini(&text);
	buf_fini(&sig);
	return (status);
}
