/* SPDX-License-Identifier: BSD-2-Clause */
/* From words to records; zone.h has the syntax. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "dns/name.h"
#include "dns/zone.h"
#include "dns/zone_lex.h"

/* Keys and data take no more than the text does, but for what they align. */
#define ARENA_MAX_BYTES	((size_t)8 * ZONE_MAX_BYTES)
#define TTL_MAX_S	2147483647U	/* RFC 2181 8 */

struct reader {
	struct lex	 lex;
	struct zone	*zone;
	size_t		 cap;
	struct dns_name	 origin;	/* n == 0: the root */
	struct str	 key;		/* of the owner; absent at first */
	uint32_t	 default_ttl_s;
};

static const struct type_row {
	struct str	name;
	uint16_t	type;
} types[] = {
	{ { "A", 1 }, DNS_A },
	{ { "AAAA", 4 }, DNS_AAAA },
	{ { "CNAME", 5 }, DNS_CNAME },
	{ { "MX", 2 }, DNS_MX },
	{ { "PTR", 3 }, DNS_PTR },
	{ { "TXT", 3 }, DNS_TXT },
	{ { "CAA", 3 }, ZONE_TYPE_OTHER },
	{ { "CDNSKEY", 7 }, ZONE_TYPE_OTHER },
	{ { "CDS", 3 }, ZONE_TYPE_OTHER },
	{ { "DNSKEY", 6 }, ZONE_TYPE_OTHER },
	{ { "DS", 2 }, ZONE_TYPE_OTHER },
	{ { "HINFO", 5 }, ZONE_TYPE_OTHER },
	{ { "HTTPS", 5 }, ZONE_TYPE_OTHER },
	{ { "LOC", 3 }, ZONE_TYPE_OTHER },
	{ { "NAPTR", 5 }, ZONE_TYPE_OTHER },
	{ { "NS", 2 }, ZONE_TYPE_OTHER },
	{ { "NSEC", 4 }, ZONE_TYPE_OTHER },
	{ { "NSEC3", 5 }, ZONE_TYPE_OTHER },
	{ { "NSEC3PARAM", 10 }, ZONE_TYPE_OTHER },
	{ { "RP", 2 }, ZONE_TYPE_OTHER },
	{ { "RRSIG", 5 }, ZONE_TYPE_OTHER },
	{ { "SOA", 3 }, ZONE_TYPE_OTHER },
	{ { "SPF", 3 }, ZONE_TYPE_OTHER },
	{ { "SRV", 3 }, ZONE_TYPE_OTHER },
	{ { "SSHFP", 5 }, ZONE_TYPE_OTHER },
	{ { "SVCB", 4 }, ZONE_TYPE_OTHER },
	{ { "TLSA", 4 }, ZONE_TYPE_OTHER }
};

/* TYPEnnn (RFC 3597) is one that is not answered. */
static bool
find_type(struct str word, uint16_t *type_r)
{
	uint64_t number;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (str_eq_ci(word, types[i].name)) {
			*type_r = types[i].type;
			return (true);
		}
	}
	*type_r = ZONE_TYPE_OTHER;
	return (str_starts_ci(word, STR("TYPE")) &&
	    str_to_u64(str_from_offset(word, 4), &number) && number < 65536);
}

/* 3600 or 1h, 1d12h ... */
static bool
read_ttl(struct str word, uint32_t *ttl_s_r)
{
	uint64_t total = 0, n = 0;
	bool digits = false;
	size_t i;

	if (word.n == 0 || !char_is_digit(word.p[0])) {
		return (false);
	}
	for (i = 0; i < word.n; i++) {
		static const char units[] = "smhdw";
		static const uint32_t unit_s[] = { 1, 60, 3600, 86400, 604800 };
		const char *u;

		if (char_is_digit(word.p[i])) {
			n = n * 10 + (uint64_t)(word.p[i] - '0');
			digits = true;
		} else {
			u = memchr(units, char_lower(word.p[i]), 5);
			if (u == NULL || !digits) {
				return (false);
			}
			total += n * unit_s[u - units];
			n = 0;
			digits = false;
		}
		if (n > TTL_MAX_S || total > TTL_MAX_S) {
			return (false);
		}
	}
	*ttl_s_r = (uint32_t)(total + n);
	return (total + n <= TTL_MAX_S);
}

/* The word as a name: absolute with a trailing dot, else below the origin. */
static bool
read_name(struct reader *rd, struct dns_name *r)
{
	struct lex *x = &rd->lex;
	char joined[2 * DNS_NAME_MAX_BYTES + 2];
	struct str word = x->word;
	size_t n = word.n;

	if (!x->quoted && str_eq(word, STR("@"))) {
		*r = rd->origin;
		return (true);
	}
	if (str_eq(word, STR("."))) {
		r->n = 0;
		return (true);
	}
	if (n == 0 || n > DNS_NAME_MAX_BYTES + 1 || x->dot_escaped) {
		goto bad;
	}
	memcpy(joined, word.p, n);
	if (word.p[n - 1] != '.' && rd->origin.n > 0) {
		joined[n++] = '.';
		memcpy(joined + n, rd->origin.p, rd->origin.n);
		n += rd->origin.n;
	}
	if (dns_name_make(str_mem(joined, n), r)) {
		return (true);
	}
bad:
	lex_fail(x, STATUS_SYNTAX, "not a domain name");
	return (false);
}

static bool
need_word(struct reader *rd, const char *what)
{
	if (lex_next(&rd->lex) == LEX_WORD) {
		return (true);
	}
	lex_fail(&rd->lex, STATUS_SYNTAX, "%s is missing", what);
	return (false);
}

static void
need_end(struct reader *rd)
{
	if (lex_next(&rd->lex) == LEX_WORD) {
		lex_fail(&rd->lex, STATUS_SYNTAX, "more than the record needs");
	}
}

static void
set_data(struct reader *rd, struct zone_record *r, const void *p, size_t n)
{
	r->data.data = arena_dup(&rd->zone->arena, str_mem(p, n));
	if (r->data.data.p == NULL) {
		lex_fail(&rd->lex, STATUS_NOMEM, "out of memory");
	}
}

static void
read_address(struct reader *rd, struct zone_record *r)
{
	bool v4 = r->type == DNS_A;
	unsigned char octets[16];
	char text[INET6_ADDRSTRLEN] = "";

	if (!need_word(rd, "an address")) {
		return;
	}
	if (rd->lex.word.n < sizeof(text)) {
		memcpy(text, rd->lex.word.p, rd->lex.word.n);
	}
	if (inet_pton(v4 ? AF_INET : AF_INET6, text, octets) != 1) {
		lex_fail(&rd->lex, STATUS_SYNTAX, "not an IPv%c address",
		    v4 ? '4' : '6');
		return;
	}
	set_data(rd, r, octets, v4 ? 4 : 16);
	need_end(rd);
}

static void
read_target(struct reader *rd, struct zone_record *r)
{
	struct dns_name name;

	if (need_word(rd, "a name") && read_name(rd, &name)) {
		set_data(rd, r, name.p, name.n);
		need_end(rd);
	}
}

static void
read_mx(struct reader *rd, struct zone_record *r)
{
	uint64_t preference;

	if (!need_word(rd, "the preference")) {
		return;
	}
	if (!str_to_u64(rd->lex.word, &preference) || preference > 65535) {
		lex_fail(&rd->lex, STATUS_SYNTAX,
		    "the preference is not from 0 to 65535");
		return;
	}
	r->data.preference = (uint16_t)preference;
	read_target(rd, r);
}

static void
read_txt(struct reader *rd, struct zone_record *r)
{
	struct buf text;

	if (!need_word(rd, "a string")) {
		return;
	}
	buf_init(&text, ZONE_ENTRY_MAX_BYTES);
	do {
		buf_add_str(&text, rd->lex.word);
	} while (lex_next(&rd->lex) == LEX_WORD);
	if (text.status != STATUS_OK) {
		lex_fail(&rd->lex, text.status, "%s",
		    status_text(text.status));
	}
	set_data(rd, r, buf_str(&text).p, text.n);
	buf_fini(&text);
}

static void
read_rdata(struct reader *rd, struct zone_record *r)
{
	switch (r->type) {
	case DNS_A:
	case DNS_AAAA:
		read_address(rd, r);
		break;
	case DNS_MX:
		read_mx(rd, r);
		break;
	case DNS_CNAME:
	case DNS_PTR:
		read_target(rd, r);
		break;
	case DNS_TXT:
		read_txt(rd, r);
		break;
	default:
		while (lex_next(&rd->lex) == LEX_WORD) {
			/* Not answered, not looked at. */
		}
		break;
	}
}

/* owner TIMEOUT [TYPE] */
static bool
read_fault(struct reader *rd, struct zone_record *r)
{
	if (str_eq_ci(rd->lex.word, STR("TIMEOUT"))) {
		r->fault = DNS_TIMEOUT;
	} else if (str_eq_ci(rd->lex.word, STR("SERVFAIL"))) {
		r->fault = DNS_SERVFAIL;
	} else {
		return (false);
	}
	r->type = ZONE_TYPE_ANY;
	if (lex_next(&rd->lex) == LEX_WORD) {
		if (!find_type(rd->lex.word, &r->type)) {
			lex_fail(&rd->lex, STATUS_SYNTAX, "unknown type");
		}
		need_end(rd);
	}
	return (true);
}

static void
set_owner(struct reader *rd, const struct dns_name *owner)
{
	char key[ZONE_KEY_MAX_BYTES];
	size_t n = zone_key(str_mem(owner->p, owner->n), key);

	if (rd->key.p != NULL && str_eq(rd->key, str_mem(key, n))) {
		return;
	}
	rd->key = arena_dup(&rd->zone->arena, str_mem(key, n));
	if (rd->key.p == NULL) {
		lex_fail(&rd->lex, STATUS_NOMEM, "out of memory");
	}
}

static struct zone_record *
add_record(struct reader *rd)
{
	struct zone *z = rd->zone;
	struct zone_record *v;
	size_t cap;

	if (z->n >= ZONE_MAX_RECORDS) {
		lex_fail(&rd->lex, STATUS_LIMIT, "more than %d records",
		    ZONE_MAX_RECORDS);
		return (NULL);
	}
	if (z->n == rd->cap) {
		cap = rd->cap == 0 ? 64 : 2 * rd->cap;
		v = realloc(z->v, cap * sizeof(*v));
		if (v == NULL) {
			lex_fail(&rd->lex, STATUS_NOMEM, "out of memory");
			return (NULL);
		}
		z->v = v;
		rd->cap = cap;
	}
	z->v[z->n] = (struct zone_record){ .key = rd->key,
		.order = (uint32_t)z->n, .ttl_s = rd->default_ttl_s };
	return (&z->v[z->n++]);
}

/* [ttl] [IN] in either order, then the type and what belongs to it. */
static void
read_record(struct reader *rd)
{
	struct lex *x = &rd->lex;
	bool had_ttl = false, had_class = false;
	struct zone_record *r;

	r = add_record(rd);
	while (r != NULL && need_word(rd, "the type")) {
		if (!had_ttl && read_ttl(x->word, &r->ttl_s)) {
			had_ttl = true;
		} else if (!had_class && str_eq_ci(x->word, STR("IN"))) {
			had_class = true;
		} else if (read_fault(rd, r)) {
			return;
		} else if (find_type(x->word, &r->type)) {
			read_rdata(rd, r);
			return;
		} else {
			lex_fail(x, STATUS_SYNTAX, "unknown type");
		}
	}
}

static void
read_directive(struct reader *rd)
{
	if (str_eq_ci(rd->lex.word, STR("$ORIGIN"))) {
		if (!need_word(rd, "a name") || !read_name(rd, &rd->origin)) {
			return;
		}
	} else if (str_eq_ci(rd->lex.word, STR("$TTL"))) {
		if (!need_word(rd, "a TTL")) {
			return;
		}
		if (!read_ttl(rd->lex.word, &rd->default_ttl_s)) {
			lex_fail(&rd->lex, STATUS_SYNTAX, "not a TTL");
		}
	} else {
		lex_fail(&rd->lex, STATUS_SYNTAX, "unknown directive");
	}
	need_end(rd);
}

static void
read_entry(struct reader *rd)
{
	struct dns_name owner;

	if (rd->lex.blank) {
		if (rd->key.p == NULL) {
			lex_fail(&rd->lex, STATUS_SYNTAX,
			    "no owner to take over from a line before");
			return;
		}
		read_record(rd);
		return;
	}
	if (!need_word(rd, "the owner")) {
		return;
	}
	if (rd->lex.word.n > 0 && rd->lex.word.p[0] == '$' &&
	    !rd->lex.quoted) {
		read_directive(rd);
	} else if (read_name(rd, &owner)) {
		set_owner(rd, &owner);
		read_record(rd);
	}
}

enum status
zone_parse(struct zone *z, struct str text, const char *file,
    struct diag *diag)
{
	struct reader rd = { .zone = z, .default_ttl_s = ZONE_TTL_S };
	enum status status;

	*z = (struct zone){ .v = NULL };
	arena_init(&z->arena, ARENA_MAX_BYTES);
	lex_init(&rd.lex, text.n > 0 ? text : STR(""), file, diag);
	if (text.n > ZONE_MAX_BYTES) {
		lex_fail(&rd.lex, STATUS_LIMIT, "more than %d octets",
		    ZONE_MAX_BYTES);
	}
	while (lex_entry(&rd.lex)) {
		read_entry(&rd);
	}
	status = rd.lex.status;
	lex_fini(&rd.lex);
	if (status != STATUS_OK) {
		zone_fini(z);
		return (status);
	}
	if (z->n > 0) {
		qsort(z->v, z->n, sizeof(*z->v), zone_record_cmp);
	}
	return (STATUS_OK);
}

void
zone_fini(struct zone *z)
{
	free(z->v);
	z->v = NULL;
	z->n = 0;
	arena_fini(&z->arena);
}
