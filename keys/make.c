/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include <stdio.h>
#include <time.h>

#include "keys/keys.h"
#include "keys/make.h"

#define TRIES_MAX	1000	/* selectors of one month and kind */
#define TEMPLATE_BYTES	64

static void
add_part(struct buf *out, const struct tm *tm, enum crypto_key_type type,
    char what)
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
			add_part(&out, &tm, type, *++p);
		} else {
			buf_add_char(&out, *p);
		}
	}
	*r = out.status == STATUS_OK ? arena_dup(arena, buf_str(&out)) :
	    STR_NONE;
	buf_fini(&out);
	if (r->n == 0) {
		(void)cli_fail("Selector: %s: not a template of a selector",
		    template);
	}
	return (r->n > 0);
}

/* The key but for its names; the pem is secret. */
static bool
generate(const struct store *store, const struct make *m,
    struct keystore_key *key, struct buf *pem, struct buf *record)
{
	unsigned bits = m->bits != 0 ? m->bits : store->policy.rsa_bits;
	struct privkey *private = NULL;
	bool ok;

	ok = privkey_generate(m->type, bits, &private) == STATUS_OK &&
	    privkey_write_pem(private, pem) == STATUS_OK &&
	    record_value(private, m->flags, record) == STATUS_OK;
	if (ok) {
		*key = (struct keystore_key){ .type = m->type,
			.bits = privkey_bits(private), .stage = KEY_PENDING,
			.created_s = store->now_s, .since_s = store->now_s,
			.seen_s = -1, .asked_s = -1,
			.record = buf_str(record) };
	} else {
		(void)cli_fail("the key could not be made");
	}
	privkey_free(private);
	return (ok);
}

/* Under the first selector that was never used. */
static bool
add(struct store *store, const struct make *m, struct keystore_key *key,
    struct str pem)
{
	struct str base = str_from(m->selector);
	enum status status = STATUS_LIMIT;
	struct key_name name;
	struct str selector;
	struct diag diag;
	unsigned i;

	if (m->selector == NULL && !make_selector(&store->arena,
	    store->policy.selector, m->type, store->now_s, &base)) {
		return (false);
	}
	for (i = 1; status == STATUS_LIMIT && i <= TRIES_MAX &&
	    (i == 1 || m->selector == NULL); i++) {
		diag_init(&diag);
		selector = i == 1 ? base : arena_printf(&store->arena,
		    "%.*s%u", STR_FMT(base), i);
		if (selector.p == NULL || !key_name_make(&store->arena,
		    m->domain, selector.p, &name)) {
			return (false);
		}
		key->domain = name.domain;
		key->selector = name.selector;
		status = keystore_add(store->keys, key, pem, &diag);
	}
	if (status != STATUS_OK) {
		(void)cli_fail("%s", diag.text);
	}
	return (status == STATUS_OK);
}

bool
make_key(struct store *store, const struct make *m, struct keystore_key *r)
{
	struct buf pem, record;
	bool ok;

	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	buf_init(&record, KEYSTORE_STATE_MAX_BYTES);
	ok = generate(store, m, r, &pem, &record) &&
	    add(store, m, r, buf_str(&pem));
	if (ok) {
		r->record = arena_dup(&store->arena, r->record);
		ok = r->record.p != NULL;
	}
	buf_fini_secret(&pem);
	buf_fini(&record);
	return (ok);
}
