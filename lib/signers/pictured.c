/* SPDX-License-Identifier: BSD-2-Clause */
/* pictured: makes signers of a picture (picture.h). */
#include <stdlib.h>

#include "signers/picture.h"
#include "signers/private.h"
#include "signers/stored_private.h"

/* Warnings were logged where the picture was made. */
static const struct env quiet;

static enum status
copy_text(struct picture_reader *r, struct buf *text)
{
	struct str s = picture_str(r);

	buf_init(text, TABLE_MAX_BYTES);
	buf_add_str(text, s);
	return (r->failed ? STATUS_SYNTAX : text->status);
}

static enum status
read_tables(struct signers *s, struct picture_reader *r, struct diag *diag)
{
	const struct signers_opts *o = &s->opts;
	enum status status;
	struct buf text;

	if (picture_u32(r) == 0) {
		/* As the process that has the keys: it decides. */
		s->opts.signing_table = NULL;
		return (STATUS_OK);
	}
	if (o->signing_table == NULL || o->key_table == NULL) {
		return (STATUS_SYNTAX);
	}
	status = copy_text(r, &text);
	if (status == STATUS_OK) {
		status = key_table_init(&s->key_table, &text,
		    table_name(o->key_table), &quiet, diag);
	} else {
		buf_fini(&text);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	status = copy_text(r, &text);
	if (status != STATUS_OK) {
		buf_fini(&text);
		return (status);
	}
	s->kept_n = picture_u64(r);
	return (signing_table_init(&s->signing_table, &text,
	    table_name(o->signing_table), o->signing_patterns, o->multiple,
	    &s->key_table, &quiet, diag));
}

static enum status
read_keys(struct stored *stored, struct picture_reader *r)
{
	uint32_t i, n = picture_u32(r);
	enum status status = n <= PICTURE_KEYS_MAX ? STATUS_OK :
	    STATUS_SYNTAX;
	struct stored_key key;

	for (i = 0; i < n && status == STATUS_OK; i++) {
		key = (struct stored_key){ .domain = picture_str(r) };
		key.selector = picture_str(r);
		key.error = picture_str(r);
		key.created_s = (int64_t)picture_u64(r);
		key.kept = picture_u32(r) != 0;
		key.inactive = picture_u32(r) != 0;
		status = r->failed ? STATUS_SYNTAX : stored_add(stored, &key);
	}
	return (status);
}

static enum status
read_idle(struct stored *stored, struct picture_reader *r)
{
	uint32_t i, n = picture_u32(r);
	enum status status = n <= PICTURE_KEYS_MAX ? STATUS_OK :
	    STATUS_SYNTAX;
	struct str domain;

	for (i = 0; i < n && status == STATUS_OK; i++) {
		domain = picture_str(r);
		status = stored_add_idle(stored, domain, picture_u32(r) != 0);
		status = r->failed ? STATUS_SYNTAX : status;
	}
	return (status);
}

static enum status
read_store(struct signers *s, struct picture_reader *r)
{
	struct stored *stored = stored_new("", s->opts.env);
	struct str name = picture_str(r);
	enum status status;

	if (stored == NULL) {
		return (STATUS_NOMEM);
	}
	s->stores[s->stores_n++] = stored;
	stored->name = arena_dup(&stored->memory, name);
	stored->absent = picture_u32(r) != 0;
	stored->revision = picture_u64(r);
	stored->index = (uint32_t)s->stores_n - 1;
	if (stored->name.p == NULL) {
		return (STATUS_NOMEM);
	}
	status = read_keys(stored, r);
	return (status == STATUS_OK ? read_idle(stored, r) : status);
}

static enum status
read_stores(struct signers *s, struct picture_reader *r)
{
	uint32_t i, n = picture_u32(r);
	enum status status = STATUS_OK;

	if (n > PICTURE_STORES_MAX) {
		return (STATUS_SYNTAX);
	}
	s->stores = calloc((size_t)n + 1, sizeof(*s->stores));
	if (s->stores == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < n && status == STATUS_OK; i++) {
		status = read_store(s, r);
	}
	return (status);
}

/* The keys of KeyFile are in the configuration already. */
static enum status
skip_given(struct picture_reader *r, uint32_t n, size_t expected)
{
	struct picture_given given;
	enum status status = n == expected ? STATUS_OK : STATUS_SYNTAX;

	for (; n > 0 && status == STATUS_OK; n--) {
		status = picture_next_given(r, &given);
	}
	return (status);
}

enum status
signers_pictured_init(struct signers *s, struct diag *diag)
{
	struct picture_reader r;
	enum status status;
	uint32_t given;

	status = picture_begin(&r, s->opts.remote->picture, &s->revision,
	    &given);
	if (status == STATUS_OK) {
		status = skip_given(&r, given, s->opts.keys_n);
	}
	if (status == STATUS_OK) {
		status = read_tables(s, &r, diag);
	}
	if (status == STATUS_OK) {
		status = read_stores(s, &r);
	}
	if (status == STATUS_OK && (r.failed || r.rest.n > 0)) {
		status = STATUS_SYNTAX;
	}
	if (status == STATUS_SYNTAX && diag->text[0] == '\0') {
		diag_set(diag, NULL, 0, "the keys process sent a malformed "
		    "picture of the keys");
	}
	/* It is the caller's, and only for now. */
	s->remote.picture = STR_NONE;
	return (status);
}
