/* SPDX-License-Identifier: BSD-2-Clause */
#include "signers/picture.h"

#include "signers/private.h"

#define MAGIC		0x3150534dU	/* "MSP1" */

static void
add_u32(struct buf *b, uint32_t n)
{
	buf_add(b, &n, sizeof(n));
}

static void
add_u64(struct buf *b, uint64_t n)
{
	buf_add(b, &n, sizeof(n));
}

static void
add_text(struct buf *b, struct str s)
{
	add_u32(b, (uint32_t)s.n);
	buf_add_str(b, s);
}

static enum status
write_given(const struct privkey *key, const struct crypto *crypto,
    struct buf *b)
{
	unsigned char derived[CRYPTO_SHA256_BYTES];
	enum status status = privkey_derive(crypto, key, derived);
	struct buf public;

	buf_init(&public, CRYPTO_KEY_MAX_BYTES);
	if (status == STATUS_OK) {
		status = privkey_public(key, &public);
	}
	if (status == STATUS_OK) {
		add_u32(b, privkey_type(key));
		add_text(b, buf_str(&public));
		add_text(b, str_mem(derived, sizeof(derived)));
	}
	buf_fini(&public);
	explicit_bzero(derived, sizeof(derived));
	return (status);
}

/* The lines in effect, each with a path that stands for its key. */
static void
write_key_table(const struct key_table *t, struct buf *text)
{
	const struct table_key *k;

	for (k = t->first; k != NULL; k = k->next) {
		buf_add_str(text, k->name);
		buf_add_char(text, ' ');
		buf_add_str(text, k->domain.n > 0 ? k->domain : STR("%"));
		buf_add_char(text, ':');
		buf_add_str(text, k->selector);
		buf_add_cstr(text, ":/\n");
	}
}

static enum status
write_tables(const struct signers *s, struct buf *b)
{
	enum status status;
	struct buf text;

	add_u32(b, s->opts.signing_table != NULL);
	if (s->opts.signing_table == NULL) {
		return (b->status);
	}
	buf_init(&text, PICTURE_MAX_BYTES);
	write_key_table(&s->key_table, &text);
	add_text(b, buf_str(&text));
	status = text.status;
	buf_fini(&text);
	add_text(b, buf_str(&s->signing_table.text));
	add_u64(b, s->kept_n);
	return (status == STATUS_OK ? b->status : status);
}

static void
write_key(const struct stored_key *key, struct buf *b)
{
	add_text(b, key->domain);
	add_text(b, key->selector);
	add_text(b, key->error);
	add_u64(b, (uint64_t)key->created_s);
	add_u32(b, key->kept);
	add_u32(b, key->inactive);
}

static void
write_keys(const struct stored *stored, struct buf *b)
{
	const struct stored_key *key;
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < strmap_count(&stored->domains); i++) {
		for (key = strmap_value(&stored->domains, i); key != NULL;
		    key = key->next) {
			n++;
		}
	}
	add_u32(b, n);
	for (i = 0; i < strmap_count(&stored->domains); i++) {
		for (key = strmap_value(&stored->domains, i); key != NULL;
		    key = key->next) {
			write_key(key, b);
		}
	}
}

static void
write_idle(const struct stored *stored, struct buf *b)
{
	const struct stored_idle *idle;
	size_t i;

	add_u32(b, (uint32_t)stored->idle.n);
	for (i = 0; i < strmap_count(&stored->idle); i++) {
		idle = strmap_value(&stored->idle, i);
		if (idle != NULL) {
			add_text(b, idle->domain);
			add_u32(b, idle->has_signed);
		}
	}
}

static void
write_stores(const struct signers *s, struct buf *b)
{
	const struct stored *stored;
	size_t i;

	add_u32(b, (uint32_t)s->stores_n);
	for (i = 0; i < s->stores_n; i++) {
		stored = s->stores[i];
		add_text(b, stored->name);
		add_u32(b, stored->absent);
		add_u64(b, stored->revision);
		write_keys(stored, b);
		write_idle(stored, b);
	}
}

enum status
picture_write(const struct signers *s, const struct crypto *crypto,
    struct buf *b)
{
	enum status status = STATUS_OK;
	size_t i;

	add_u32(b, MAGIC);
	add_u64(b, s->revision);
	add_u32(b, (uint32_t)s->opts.keys_n);
	for (i = 0; i < s->opts.keys_n && status == STATUS_OK; i++) {
		status = write_given(s->opts.keys[i].key, crypto, b);
	}
	if (status == STATUS_OK) {
		status = write_tables(s, b);
	}
	write_stores(s, b);
	return (status == STATUS_OK ? b->status : status);
}

static struct str
take_octets(struct picture_reader *r, size_t n)
{
	struct str s;

	if (r->failed || n > r->rest.n) {
		r->failed = true;
		return (STR_NONE);
	}
	s = str_first(r->rest, n);
	r->rest = str_mem(r->rest.p + n, r->rest.n - n);
	return (s);
}

uint32_t
picture_u32(struct picture_reader *r)
{
	struct str s = take_octets(r, sizeof(uint32_t));
	uint32_t n = 0;

	if (s.p != NULL) {
		memcpy(&n, s.p, sizeof(n));
	}
	return (n);
}

uint64_t
picture_u64(struct picture_reader *r)
{
	struct str s = take_octets(r, sizeof(uint64_t));
	uint64_t n = 0;

	if (s.p != NULL) {
		memcpy(&n, s.p, sizeof(n));
	}
	return (n);
}

struct str
picture_str(struct picture_reader *r)
{
	return (take_octets(r, picture_u32(r)));
}

enum status
picture_begin(struct picture_reader *r, struct str picture,
    uint64_t *revision_r, uint32_t *given_r)
{
	*r = (struct picture_reader){ .rest = picture };
	r->failed = picture_u32(r) != MAGIC;
	*revision_r = picture_u64(r);
	*given_r = picture_u32(r);
	return (r->failed || *given_r > PICTURE_GIVEN_MAX ? STATUS_SYNTAX :
	    STATUS_OK);
}

enum status
picture_next_given(struct picture_reader *r, struct picture_given *given_r)
{
	uint32_t type = picture_u32(r);

	given_r->type = (enum crypto_key_type)type;
	given_r->public = picture_str(r);
	given_r->derived = picture_str(r);
	return (r->failed || (type != CRYPTO_RSA && type != CRYPTO_ED25519) ||
	    given_r->public.n > CRYPTO_KEY_MAX_BYTES ||
	    given_r->derived.n != CRYPTO_SHA256_BYTES ? STATUS_SYNTAX :
	    STATUS_OK);
}
