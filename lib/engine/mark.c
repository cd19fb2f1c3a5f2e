/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mark: the proof, in our own Authentication-Results, that a message came from
 * outside. direction.c says what it is for and what it withstands. A comment
 * at the end of the field (RFC 8601 2.2), white space aside:
 *
 *	(mailseal-outside| t=TIME| p=PASS| a=AUTHORS| m=MESSAGE-ID| e=SENDER|
 *	l=LIST| s=TAGS)
 *
 * without ";", at which naive readers split the field.
 *
 * TIME	Unix time of the verdict
 * PASS	1 if DMARC passed, else 0
 * AUTHORS	for each mailbox of From 16 characters, a hash of its local part
 *		and one of its organization, separated by commas. "*": any
 *		author, if the field is such that a program on the way may
 *		repair, complete or break it
 * MESSAGE-ID	a hash of it up to the "@": tables of an MTA hide the host name
 *		behind that. "*": any, as above, if there is white space in it,
 *		or if it is so long that an MTA may break it
 * SENDER	a hash of the envelope's. "*": an MTA may change its form
 * LIST	1 with a List-Id, else 0
 * TAGS	128 bits of HMAC-SHA256 over all before "| s=", without white
 *		space; one for each key that makes marks
 *
 * A field is also read with its encoded words (RFC 2047) decoded. We write
 * none, but programs that fold a field anew encode a word that is longer than a
 * line, such as smtp.mailfrom, whose length the sender chooses.
 */
#include "base/b64.h"
#include "engine/mark.h"
#include "engine/private.h"
#include "mail/domain.h"

#define KEY_LABEL	STR("mailseal key of marks 1")
#define TAG_LABEL	STR("mailseal mark 1")
#define TAG_BYTES	16
#define HASH_BYTES	6
#define AUTHORS_MAX	4	/* more: any author */
#define ID_MAX_BYTES	250	/* with white space; a mailer breaks no line
				   that is so short. More: any Message-ID */
#define TAB_COLUMNS	8
#define LINE_MAX_COLUMNS 78	/* RFC 5322 2.1.1 */

static enum status
add_key(struct engine_mark_keys *keys, const struct crypto *crypto,
    struct str secret)
{
	unsigned char *key = keys->v[keys->n];
	enum status status;

	status = hmac_sha256(crypto, KEY_LABEL, &secret, 1, key);
	keys->n += status == STATUS_OK;
	return (status);
}

/* A host with the same private key knows the same key of marks. */
static enum status
add_private_key(struct engine_mark_keys *keys, const struct crypto *crypto,
    const struct privkey *private)
{
	enum status status = privkey_derive(crypto, private,
	    keys->v[keys->n]);

	keys->n += status == STATUS_OK;
	return (status);
}

enum status
engine_mark_keys_init(struct engine_mark_keys *keys,
    const struct crypto *crypto, const struct conf *conf, struct str secret)
{
	enum status status;
	size_t i;

	*keys = (struct engine_mark_keys){ .n = 0 };
	if (secret.n == 0) {
		return (STATUS_OK);
	}
	status = add_key(keys, crypto, secret);
	for (i = 0; status == STATUS_OK && i < conf->keys_n &&
	    keys->n < ENGINE_MARK_KEYS_MAX; i++) {
		status = add_private_key(keys, crypto, conf->keys[i].key);
	}
	return (status);
}

/* A copy without white space. p == NULL: no memory. */
struct str
engine_mark_squeeze(struct arena *arena, struct str s)
{
	char *p = arena_alloc(arena, s.n);
	size_t i, n = 0;

	for (i = 0; p != NULL && i < s.n; i++) {
		if (!char_is_fws(s.p[i])) {
			p[n++] = s.p[i];
		}
	}
	return (str_mem(p, n));
}

/* Appends as many characters of base64. NOMEM only. */
static enum status
add_code(struct buf *mark, const unsigned char *p, size_t bytes, size_t chars)
{
	size_t before = mark->n;

	b64_encode(mark, p, bytes);
	if (mark->status == STATUS_OK) {
		mark->n = before + chars;
	}
	return (mark->status);
}

enum status
engine_mark_hash(const struct crypto *crypto, struct str text,
    unsigned char hash_r[CRYPTO_SHA256_BYTES])
{
	struct digest *digest = digest_new(crypto);
	enum status status = STATUS_NOMEM;

	if (digest != NULL) {
		digest_update(digest, text.p, text.n);
		status = digest_final(digest, hash_r);
	}
	digest_free(digest);
	return (status);
}

enum status
engine_mark_add_hash(const struct crypto *crypto, struct str text,
    struct buf *mark)
{
	unsigned char hash[CRYPTO_SHA256_BYTES];
	enum status status = engine_mark_hash(crypto, text, hash);

	return (status == STATUS_OK ? add_code(mark, hash, HASH_BYTES,
	    ENGINE_MARK_HASH_CHARS) : status);
}

/* "com.au": many organizations are below such a name. */
static bool
is_registry(struct str domain)
{
	static const struct str names[] = { STR("ac"), STR("co"), STR("com"),
		STR("edu"), STR("go"), STR("gov"), STR("ne"), STR("net"),
		STR("or"), STR("org") };
	size_t dot = str_find(domain, '.');

	return (domain.n - dot == strlen(".au") && str_list_has_ci(names,
	    sizeof(names) / sizeof(names[0]), str_first(domain, dot)));
}

struct str
engine_mark_organization(struct str domain)
{
	struct str last = domain;

	while (domain_labels(domain) > 2) {
		last = domain;
		domain = domain_parent(domain);
	}
	return (is_registry(domain) ? last : domain);
}

enum status
engine_mark_add_author(const struct engine_input *in,
    const struct addr_mailbox *author, struct buf *mark)
{
	struct str local = engine_mark_squeeze(in->arena, author->local);
	char *p = (char *)(uintptr_t)local.p;
	enum status status;
	size_t i;

	if (p == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < local.n; i++) {
		p[i] = char_lower(p[i]);
	}
	status = engine_mark_add_hash(in->engine->opts.crypto, local, mark);
	return (status != STATUS_OK ? status :
	    engine_mark_add_hash(in->engine->opts.crypto,
	    engine_mark_organization(author->domain), mark));
}

/* Whether every reader finds these mailboxes, an MTA completes none and breaks
   no line of them, and a program that decodes the field makes no other. */
bool
engine_mark_is_clear(const struct addr_from *from)
{
	size_t i;

	if (from->result != ADDR_FROM_OK || !from->strict || from->broken ||
	    from->coded) {
		return (false);
	}
	for (i = 0; i < from->n; i++) {
		if (from->v[i].gaps || domain_labels(from->v[i].domain) < 2) {
			return (false);
		}
	}
	return (true);
}

static enum status
add_authors(const struct engine_input *in, struct buf *mark)
{
	const struct addr_from *from = &in->from;
	enum status status = STATUS_OK;
	size_t i;

	if (!engine_mark_is_clear(from) || from->n > AUTHORS_MAX) {
		buf_add_char(mark, '*');
		return (mark->status);
	}
	for (i = 0; i < from->n && status == STATUS_OK; i++) {
		if (i > 0) {
			buf_add_char(mark, ',');
		}
		status = engine_mark_add_author(in, &from->v[i], mark);
	}
	return (status);
}

/* RFC 5322 3.2.3 dot-atom-text. */
bool
engine_mark_is_dot_atom(struct str s)
{
	struct str rest = s, atom;

	while (str_next(&rest, '.', &atom)) {
		size_t i;

		for (i = 0; i < atom.n; i++) {
			if (atom.p[i] <= ' ' || atom.p[i] > '~' ||
			    strchr("()<>[]:;@\\,\"", atom.p[i]) != NULL) {
				return (false);
			}
		}
		if (atom.n == 0) {
			return (false);
		}
	}
	return (s.n > 0);
}

/* "<" dot-atom-text "@" dot-atom-text ">", which no program repairs. */
static bool
is_clear_id(struct str id)
{
	struct str inner = str_from_offset(str_first(id, id.n - 1), 1);
	size_t at = str_find(inner, '@');

	return (id.n > 2 && id.p[0] == '<' && id.p[id.n - 1] == '>' &&
	    at < inner.n && engine_mark_is_dot_atom(str_first(inner, at)) &&
	    engine_mark_is_dot_atom(str_from_offset(inner, at + 1)));
}

enum status
engine_mark_add_id(const struct engine_input *in, struct str id,
    struct buf *mark)
{
	return (engine_mark_add_hash(in->engine->opts.crypto, str_first(id,
	    str_find(id, '@')), mark));
}

static enum status
add_message_id(const struct engine_input *in, struct buf *mark)
{
	const struct field *field;
	struct str id;
	size_t index;

	field = field_list_last(&in->fields, ENGINE_FIELD_MESSAGE_ID,
	    in->fields.n, &index);
	if (field == NULL || field_list_count(&in->fields,
	    ENGINE_FIELD_MESSAGE_ID) > 1) {
		buf_add_char(mark, '*');
		return (mark->status);
	}
	id = engine_mark_squeeze(in->arena, field->value);
	if (id.p == NULL) {
		return (STATUS_NOMEM);
	}
	/* Sendmail puts "!" where it breaks a line, in white space, too; and
	   programs cut an ID at white space. */
	if (field->value.n > ID_MAX_BYTES || !is_clear_id(id) ||
	    id.n < str_trim_fws(field->value).n) {
		buf_add_char(mark, '*');
		return (mark->status);
	}
	return (engine_mark_add_id(in, id, mark));
}

static enum status
add_way(const struct engine_input *in, struct buf *mark)
{
	enum status status;
	struct str sender;

	buf_add_cstr(mark, "|e=");
	status = engine_way_sender(in, &sender);
	if (status == STATUS_OK && sender.p == NULL) {
		buf_add_char(mark, '*');
	} else if (status == STATUS_OK) {
		status = engine_mark_add_hash(in->engine->opts.crypto, sender,
		    mark);
	}
	buf_printf(mark, "|l=%d", engine_way_has_list(in));
	return (status);
}

enum status
engine_mark_add_tag(const struct engine *engine, size_t key,
    const unsigned char hash[CRYPTO_SHA256_BYTES], struct buf *mark)
{
	struct str parts[] = { TAG_LABEL, str_mem(hash, CRYPTO_SHA256_BYTES) };
	unsigned char tag[CRYPTO_SHA256_BYTES];
	enum status status;

	status = hmac_sha256(engine->opts.crypto,
	    str_mem(engine->mark_keys.v[key], CRYPTO_SHA256_BYTES), parts, 2,
	    tag);
	return (status == STATUS_OK ? add_code(mark, tag, TAG_BYTES,
	    ENGINE_MARK_TAG_CHARS) : status);
}

static enum status
add_tags(const struct engine_input *in, struct buf *mark, struct str text)
{
	const struct engine *engine = in->engine;
	unsigned char hash[CRYPTO_SHA256_BYTES];
	enum status status;
	size_t i;

	status = engine_mark_hash(engine->opts.crypto, text, hash);
	for (i = 0; status == STATUS_OK && i < engine->mark_keys.n &&
	    i < ENGINE_MARK_KEYS_MADE; i++) {
		if (i > 0) {
			buf_add_char(mark, ',');
		}
		status = engine_mark_add_tag(engine, i, hash, mark);
	}
	return (status);
}

/* The mark without white space. */
static enum status
make_mark(const struct engine_input *in, bool passed, struct str value,
    struct buf *mark)
{
	struct str field = engine_mark_squeeze(in->arena, value);
	enum status status;
	struct buf text;

	if (field.p == NULL) {
		return (STATUS_NOMEM);
	}
	buf_add_str(mark, ENGINE_MARK_HEAD);
	buf_printf(mark, "t=%lld|p=%d|a=",
	    (long long)env_now_s(input_env(in)), passed);
	status = add_authors(in, mark);
	buf_add_cstr(mark, "|m=");
	if (status == STATUS_OK) {
		status = add_message_id(in, mark);
	}
	if (status == STATUS_OK) {
		status = add_way(in, mark);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	buf_init(&text, field.n + ENGINE_MARK_MAX_BYTES);
	buf_add_str(&text, field);
	buf_add_str(&text, buf_str(mark));
	buf_add_cstr(mark, "|s=");
	status = text.status == STATUS_OK ?
	    add_tags(in, mark, buf_str(&text)) : text.status;
	buf_fini(&text);
	buf_add_char(mark, ')');
	return (status == STATUS_OK ? mark->status : status);
}

/* Folds between the parts. */
static void
fold_mark(struct buf *text, struct str mark)
{
	size_t column = LINE_MAX_COLUMNS;
	struct str part;

	while (str_next(&mark, ENGINE_MARK_SEPARATOR, &part)) {
		if (column + 1 + part.n + 1 > LINE_MAX_COLUMNS) {
			buf_add_cstr(text, "\r\n\t");
			column = TAB_COLUMNS;
		} else {
			buf_add_char(text, ' ');
			column++;
		}
		buf_add_str(text, part);
		if (mark.p != NULL) {
			buf_add_char(text, ENGINE_MARK_SEPARATOR);
		}
		column += part.n + 1;
	}
}

enum status
engine_mark_add(const struct engine_input *in, bool passed, struct str value,
    struct str *marked_r)
{
	enum status status;
	struct buf mark, text;

	*marked_r = value;
	if (in->engine->mark_keys.n == 0 || !input_needs_mark(in)) {
		return (STATUS_OK);
	}
	buf_init(&mark, ENGINE_MARK_MAX_BYTES);
	buf_init(&text, value.n + ENGINE_MARK_MAX_BYTES);
	status = make_mark(in, passed, value, &mark);
	if (status == STATUS_OK) {
		buf_add_str(&text, value);
		fold_mark(&text, buf_str(&mark));
		*marked_r = text.status == STATUS_OK ?
		    arena_dup(in->arena, buf_str(&text)) : STR_NONE;
		status = marked_r->p != NULL ? STATUS_OK : STATUS_NOMEM;
	}
	buf_fini(&mark);
	buf_fini(&text);
	return (status);
}
