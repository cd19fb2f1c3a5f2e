/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include <time.h>

#include "keys/keys.h"
#include "keys/make.h"

#define TRIES_MAX	1000	/* selectors of one month and kind */
#define TEMPLATE_BYTES	64

static void
add_template_part(struct buf *out, const struct tm *tm,
    enum crypto_key_type type, char what)
{
	switch (what) {
	case 'Y':
		buf_printf(out, "%04d", tm->tm_year + 1900);
		return;
	case 'm':
		buf_printf(out, "%02d", tm->tm_mon + 1);
		return;
	case 'd':
		buf_printf(out, "%02d", tm->tm_mday);
		return;
	case 'a':
		buf_add_char(out, type == CRYPTO_RSA ? 'r' : 'e');
		return;
	default:
		out->status = STATUS_LIMIT;
	}
}

bool
make_selector(struct arena *arena, const char *template,
    enum crypto_key_type type, int64_t now_s, struct str *r)
{
	time_t now = (time_t)now_s;
	const char *p;
	struct buf out;
	struct tm tm;

	buf_init(&out, TEMPLATE_BYTES);
	if (gmtime_r(&now, &tm) == NULL) {
		out.status = STATUS_LIMIT;
	}
	for (p = template; out.status == STATUS_OK && *p != '\0'; p++) {
		if (*p == '%') {
			add_template_part(&out, &tm, type, *++p);
		} else {
			buf_add_char(&out, *p);
		}
	}
	*r = out.status == STATUS_OK ? arena_dup(arena, buf_str(&out)) :
	    STR_NONE;
	buf_fini(&out);
	if (r->n == 0) {
		(void)cli_fail("Selector: %s: not a template for a selector",
		    template);
	}
	return (r->n > 0);
}

enum status
made_from(struct made *made, const struct privkey *private, const char *flags)
{
	enum status status;

	buf_init(&made->pem, KEYSTORE_PEM_MAX_BYTES);
	buf_init(&made->record, KEYSTORE_STATE_MAX_BYTES);
	made->type = privkey_type(private);
	made->bits = privkey_bits(private);
	status = privkey_write_pem(private, &made->pem);
	if (status != STATUS_OK) {
		return (status);
	}
	wanted_value(&made->record, WANTED_DKIM, &(struct wanted_about){
		.key = private, .flags = flags });
	return (made->record.status);
}

enum status
made_generate(struct made *made, enum crypto_key_type type, unsigned bits,
    const char *flags)
{
	struct privkey *private = NULL;
	enum status status;

	*made = (struct made){ .type = type };
	status = privkey_generate(type, bits, &private);
	if (status == STATUS_OK) {
		status = made_from(made, private, flags);
	}
	privkey_free(private);
	return (status);
}

void
made_fini(struct made *made)
{
	buf_fini_secret(&made->pem);
	buf_fini(&made->record);
}

enum status
made_store(struct store *store, const struct made *made,
    const struct key_name *name, enum key_stage stage, struct keystore_key *r,
    struct diag *diag)
{
	*r = (struct keystore_key){ .domain = name->domain,
		.selector = name->selector, .type = made->type,
		.bits = made->bits, .stage = stage,
		.created_s = store->now_s, .since_s = store->now_s,
		.seen_s = stage == KEY_PENDING ? -1 : store->now_s,
		.asked_s = -1, .record = arena_dup(&store->arena,
		buf_str(&made->record)) };
	if (r->record.p == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	return (keystore_add(store->keys, r, buf_str(&made->pem), diag));
}

/* Under the first selector of the template that was never used. */
static enum status
store_by_template(struct store *store, const struct made *made,
    const struct key_name *given, struct keystore_key *r, struct diag *diag)
{
	enum status status = STATUS_LIMIT;
	struct key_name name = *given;
	struct str base;
	unsigned i;

	if (!make_selector(&store->arena, store->policy.selector, made->type,
	    store->now_s, &base)) {
		return (STATUS_SYNTAX);
	}
	for (i = 1; status == STATUS_LIMIT && i <= TRIES_MAX; i++) {
		struct str text = i == 1 ? base : arena_printf(&store->arena,
		    "%.*s%u", STR_FMT(base), i);

		diag_init(diag);
		if (text.p == NULL || !key_name_make(&store->arena,
		    given->domain.p, text.p, &name)) {
			return (STATUS_SYNTAX);
		}
		status = made_store(store, made, &name, KEY_PENDING, r, diag);
	}
	return (status);
}

bool
make_key(struct store *store, const struct key_name *name,
    enum crypto_key_type type, unsigned bits, const char *flags,
    struct keystore_key *r)
{
	enum status status;
	struct made made;
	struct diag diag;

	diag_init(&diag);
	status = made_generate(&made, type, bits != 0 ? bits :
	    store->policy.rsa_bits, flags);
	if (status != STATUS_OK) {
		diag_set(&diag, NULL, 0, "the key could not be made");
	} else if (name->selector.p != NULL) {
		status = made_store(store, &made, name, KEY_PENDING, r, &diag);
	} else {
		status = store_by_template(store, &made, name, r, &diag);
	}
	made_fini(&made);
	if (status != STATUS_OK && diag.text[0] != '\0') {
		(void)cli_fail("%s", diag.text);
	}
	return (status == STATUS_OK);
}
