/* SPDX-License-Identifier: BSD-2-Clause */
/* mark_find: reads marks, and whether one fits a message. */
#include "engine/mark.h"
#include "engine/private.h"
#include "mail/addr_words.h"

#define AUTHOR_CHARS	(2 * ENGINE_MARK_HASH_CHARS)

struct mark {			/* as read, without white space */
	struct str	signed_text;	/* of the field, up to "|s=" */
	int64_t		made_s;
	bool		passed;
	struct str	authors;
	struct str	message_id;
	struct str	sender;
	struct str	list;
	struct str	tags;
};

/* "key=value" of the next part. False: it is another key. */
static bool
take_part(struct str *rest, char key, struct str *value_r)
{
	struct str part;

	if (!str_next(rest, ENGINE_MARK_SEPARATOR, &part) || part.n < 3 ||
	    part.p[0] != key || part.p[1] != '=') {
		return (false);
	}
	*value_r = str_from_offset(part, 2);
	return (true);
}

/* text: a field's value without white space. */
static bool
parse_mark(struct str text, struct mark *r)
{
	size_t open = str_rfind(text, '(');
	struct str rest = str_from_offset(text, open), made, passed;
	uint64_t seconds;

	if (rest.n > ENGINE_MARK_MAX_BYTES ||
	    !str_starts(rest, ENGINE_MARK_HEAD) || rest.p[rest.n - 1] != ')') {
		return (false);
	}
	rest = str_from_offset(str_first(rest, rest.n - 1), ENGINE_MARK_HEAD.n);
	if (!take_part(&rest, 't', &made) || !take_part(&rest, 'p', &passed) ||
	    !take_part(&rest, 'a', &r->authors) ||
	    !take_part(&rest, 'm', &r->message_id) ||
	    !take_part(&rest, 'e', &r->sender) ||
	    !take_part(&rest, 'l', &r->list) ||
	    !take_part(&rest, 's', &r->tags) || rest.p != NULL ||
	    !str_to_u64(made, &seconds) || seconds > INT64_MAX) {
		return (false);
	}
	r->made_s = (int64_t)seconds;
	r->passed = str_eq(passed, STR("1"));
	r->signed_text = str_first(text,
	    (size_t)(r->tags.p - text.p) - strlen("|s="));
	return (true);
}

/* Whether one of the tags is by that key. */
static enum status
find_tag(const struct engine *engine, size_t key, struct str tags,
    const unsigned char hash[CRYPTO_SHA256_BYTES], bool *found_r)
{
	enum status status;
	struct str tag;
	struct buf want;

	buf_init(&want, ENGINE_MARK_MAX_BYTES);
	status = engine_mark_add_tag(engine, key, hash, &want);
	while (status == STATUS_OK && !*found_r && str_next(&tags, ',', &tag)) {
		*found_r = tag.n == ENGINE_MARK_TAG_CHARS &&
		    crypto_equal(tag.p, want.p, ENGINE_MARK_TAG_CHARS);
	}
	buf_fini(&want);
	return (status);
}

static enum status
check_tags(const struct engine *engine, const struct mark *mark, bool *good_r)
{
	unsigned char hash[CRYPTO_SHA256_BYTES];
	enum status status;
	size_t i;

	*good_r = false;
	status = engine_mark_hash(engine->opts.crypto, mark->signed_text, hash);
	for (i = 0; status == STATUS_OK && i < engine->mark_keys.n &&
	    !*good_r; i++) {
		status = find_tag(engine, i, mark->tags, hash, good_r);
	}
	return (status);
}

/* Of a verdict other than pass, a related author is the same: an MTA may
   have rewritten the address. */
static bool
is_related(const struct mark *mark, struct str author)
{
	struct str rest = mark->authors, known;
	bool local, org;

	while (str_next(&rest, ',', &known)) {
		if (known.n != AUTHOR_CHARS) {
			continue;
		}
		local = str_eq(str_first(known, ENGINE_MARK_HASH_CHARS),
		    str_first(author, ENGINE_MARK_HASH_CHARS));
		org = str_eq(str_from_offset(known, ENGINE_MARK_HASH_CHARS),
		    str_from_offset(author, ENGINE_MARK_HASH_CHARS));
		if (mark->passed ? local && org : local || org) {
			return (true);
		}
	}
	return (false);
}

static enum status
check_authors(const struct engine_input *in, const struct mark *mark,
    bool *fits_r)
{
	const struct addr_from *from = &in->from;
	enum status status = STATUS_OK;
	struct buf author;
	size_t i;

	*fits_r = str_eq(mark->authors, STR("*")) ||
	    !engine_mark_is_clear(from);
	buf_init(&author, AUTHOR_CHARS + ENGINE_MARK_HASH_CHARS);
	for (i = 0; i < from->n && !*fits_r && status == STATUS_OK; i++) {
		buf_reset(&author);
		status = engine_mark_add_author(in, &from->v[i], &author);
		*fits_r = status == STATUS_OK &&
		    is_related(mark, buf_str(&author));
	}
	buf_fini(&author);
	return (status);
}

/* "<TIME.QUEUE-ID@HOST>", which Postfix and Sendmail add. */
static bool
is_id_of_mta(const struct engine_input *in, struct str id)
{
	struct str local = str_from_offset(str_first(id, str_find(id, '@')), 1);
	size_t i = 0;

	while (i < local.n && char_is_digit(local.p[i])) {
		i++;
	}
	return (i > 0 && i < local.n && local.p[i] == '.' &&
	    engine_trace_has_id(in, str_from_offset(local, i + 1)));
}

/* Of the message, read once for all its marks. */
struct now_id {
	bool		known;
	bool		fits_all;	/* it does not tell messages apart */
	struct buf	hash;
};

static enum status
read_now_id(const struct engine_input *in, struct now_id *now)
{
	const struct field *field;
	size_t index;
	struct str id;

	now->known = true;
	now->fits_all = engine_way_has_list(in) || field_list_count(&in->fields,
	    ENGINE_FIELD_MESSAGE_ID) != 1;
	if (now->fits_all) {
		return (STATUS_OK);
	}
	field = field_list_last(&in->fields, ENGINE_FIELD_MESSAGE_ID,
	    in->fields.n, &index);
	id = engine_mark_squeeze(in->arena, field->value);
	if (id.p == NULL) {
		return (STATUS_NOMEM);
	}
	now->fits_all = is_id_of_mta(in, id);
	return (engine_mark_add_id(in, id, &now->hash));
}

static enum status
check_message_id(const struct engine_input *in, const struct mark *mark,
    struct now_id *now, bool *fits_r)
{
	enum status status = STATUS_OK;

	if (!now->known) {
		status = read_now_id(in, now);
	}
	*fits_r = status == STATUS_OK && (now->fits_all ||
	    str_eq(mark->message_id, STR("*")) ||
	    str_eq(mark->message_id, buf_str(&now->hash)));
	return (status);
}

/* Whether a list has sent it anew. */
static enum status
check_way(const struct engine_input *in, const struct mark *mark, bool *new_r)
{
	bool same = str_eq(mark->sender, STR("*"));
	enum status status;
	struct str sender;
	struct buf hash;

	buf_init(&hash, 2 * ENGINE_MARK_HASH_CHARS);
	status = engine_way_sender(in, &sender);
	if (status == STATUS_OK && sender.p != NULL && !same) {
		status = engine_mark_add_hash(in->engine->opts.crypto, sender,
		    &hash);
		same = str_eq(buf_str(&hash), mark->sender);
	}
	buf_fini(&hash);
	*new_r = engine_way_is_new(in, same, str_eq(mark->list, STR("1")));
	return (status);
}

enum fit { FIT_NONE, FIT_OTHER_AUTHOR, FIT_MESSAGE };

/* A genuine mark. */
static enum status
check_message(const struct engine_input *in, const struct mark *mark,
    struct now_id *now, enum fit *fit_r)
{
	bool same_id = input_is_traced(in), same_author = false;
	bool by_list = false;
	enum status status;

	status = check_authors(in, mark, &same_author);
	if (status == STATUS_OK && !same_author) {
		status = check_way(in, mark, &by_list);
	}
	if (status == STATUS_OK && by_list) {
		*fit_r = FIT_OTHER_AUTHOR;
		return (STATUS_OK);
	}
	if (status == STATUS_OK && !same_id) {
		status = check_message_id(in, mark, now, &same_id);
	}
	if (status == STATUS_OK && same_id) {
		*fit_r = FIT_MESSAGE;
	}
	return (status);
}

/* A mark by a key of ours. */
static enum status
read_genuine(const struct engine_input *in, struct str value,
    struct mark *mark_r, bool *genuine_r)
{
	struct str text = engine_mark_squeeze(in->arena, value);

	*genuine_r = false;
	if (text.p == NULL) {
		return (STATUS_NOMEM);
	}
	if (!parse_mark(text, mark_r) ||
	    env_now_s(input_env(in)) - mark_r->made_s > ENGINE_MARK_MAX_AGE_S) {
		return (STATUS_OK);
	}
	return (check_tags(in->engine, mark_r, genuine_r));
}

/* Programs encode a word that is too long for a line when they fold a field. */
static enum status
read_encoded(const struct engine_input *in, struct str value,
    struct mark *mark_r, bool *genuine_r)
{
	struct str decoded;
	enum status status;
	bool unknown = false;

	status = addr_words_decode(in->arena, value, "", &decoded, &unknown);
	return (status == STATUS_OK && decoded.n > 0 ?
	    read_genuine(in, decoded, mark_r, genuine_r) : status);
}

static enum status
check_field(const struct engine_input *in, const struct field *field,
    struct now_id *now, enum fit *fit_r)
{
	struct mark mark;
	enum status status;
	bool genuine;

	*fit_r = FIT_NONE;
	status = read_genuine(in, field->value, &mark, &genuine);
	if (status == STATUS_OK && !genuine) {
		status = read_encoded(in, field->value, &mark, &genuine);
	}
	return (status == STATUS_OK && genuine ?
	    check_message(in, &mark, now, fit_r) : status);
}

static enum status
find_in_fields(struct engine_input *in, struct str name, struct now_id *now)
{
	enum status status = STATUS_OK;
	enum fit fit = FIT_NONE;
	size_t i;

	for (i = 0; i < in->fields.n && status == STATUS_OK &&
	    fit != FIT_MESSAGE; i++) {
		const struct field *field = &in->fields.v[i];

		if (!str_eq_ci(field->name, name)) {
			continue;
		}
		status = check_field(in, field, now, &fit);
		/* Below, a sender outside may have copied it. */
		if (fit == FIT_OTHER_AUTHOR && i < in->trace_index) {
			in->others_mark = true;
		}
		if (fit == FIT_MESSAGE) {
			in->mark_index = i;
		}
	}
	return (status);
}

enum status
engine_mark_find(struct engine_input *in)
{
	struct now_id now = { .known = false };
	enum status status;

	in->mark_index = in->fields.n;
	if (in->engine->mark_keys.n == 0) {
		return (STATUS_OK);
	}
	buf_init(&now.hash, 2 * ENGINE_MARK_HASH_CHARS);
	status = find_in_fields(in, ENGINE_FIELD_AUTHRES, &now);
	if (status == STATUS_OK && in->mark_index == in->fields.n &&
	    input_mark_field(in).n > 0) {
		status = find_in_fields(in, input_mark_field(in), &now);
	}
	buf_fini(&now.hash);
	return (status);
}
