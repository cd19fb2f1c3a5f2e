/* SPDX-License-Identifier: BSD-2-Clause */
/* The data of records; zone.h has the syntax. */
#include <arpa/inet.h>

#include "dns/zone_read.h"

#define TTL_MAX_S	2147483647U	/* RFC 2181 8 */

static const struct type_row {
	struct str	name;
	uint16_t	type;
} types[] = {
	{ { "A", 1 }, DNS_A },
	{ { "AAAA", 4 }, DNS_AAAA },
	{ { "CNAME", 5 }, DNS_CNAME },
	{ { "MX", 2 }, DNS_MX },
	{ { "PTR", 3 }, DNS_PTR },
	{ { "TLSA", 4 }, DNS_TLSA },
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
	{ { "SVCB", 4 }, ZONE_TYPE_OTHER }
};

bool
zone_word_type(struct str word, uint16_t *type_r)
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

bool
zone_word_ttl(struct str word, uint32_t *ttl_s_r)
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

bool
zone_read_name(struct zone_reader *rd, struct dns_name *r)
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

bool
zone_read_need(struct zone_reader *rd, const char *what)
{
	if (lex_next(&rd->lex) == LEX_WORD) {
		return (true);
	}
	lex_fail(&rd->lex, STATUS_SYNTAX, "%s is missing", what);
	return (false);
}

void
zone_read_end(struct zone_reader *rd)
{
	if (lex_next(&rd->lex) == LEX_WORD) {
		lex_fail(&rd->lex, STATUS_SYNTAX,
		    "trailing words after the record");
	}
}

static void
set_data(struct zone_reader *rd, struct zone_record *r, const void *p, size_t n)
{
	r->data.data = arena_dup(&rd->zone->arena, str_mem(p, n));
	if (r->data.data.p == NULL) {
		lex_fail(&rd->lex, STATUS_NOMEM, "out of memory");
	}
}

static void
read_address(struct zone_reader *rd, struct zone_record *r)
{
	bool v4 = r->type == DNS_A;
	unsigned char octets[16];
	char text[INET6_ADDRSTRLEN] = "";

	if (!zone_read_need(rd, "an address")) {
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
	zone_read_end(rd);
}

static void
read_target(struct zone_reader *rd, struct zone_record *r)
{
	struct dns_name name;

	if (zone_read_need(rd, "a name") && zone_read_name(rd, &name)) {
		set_data(rd, r, name.p, name.n);
		zone_read_end(rd);
	}
}

static void
read_mx(struct zone_reader *rd, struct zone_record *r)
{
	uint64_t preference;

	if (!zone_read_need(rd, "the preference")) {
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
read_txt(struct zone_reader *rd, struct zone_record *r)
{
	struct buf text;

	if (!zone_read_need(rd, "a string")) {
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

/* Three numbers. */
static void
read_tlsa_head(struct zone_reader *rd, struct buf *data)
{
	uint64_t number;
	unsigned i;

	for (i = 0; i < 3 && zone_read_need(rd, "a number"); i++) {
		if (!str_to_u64(rd->lex.word, &number) || number > 255) {
			lex_fail(&rd->lex, STATUS_SYNTAX,
			    "not a number from 0 to 255");
			return;
		}
		buf_add_char(data, (char)number);
	}
}

/* Hexadecimal digits, which may be in several words (RFC 6698 2.2). */
static void
read_tlsa(struct zone_reader *rd, struct zone_record *r)
{
	int high = -1, digit;
	struct buf data;
	size_t i;

	buf_init(&data, DNS_TXT_MAX_BYTES);
	read_tlsa_head(rd, &data);
	while (data.n >= 3 && lex_next(&rd->lex) == LEX_WORD) {
		for (i = 0; i < rd->lex.word.n; i++) {
			digit = char_hex(rd->lex.word.p[i]);
			if (digit == -1) {
				lex_fail(&rd->lex, STATUS_SYNTAX,
				    "not hexadecimal digits");
				break;
			}
			if (high == -1) {
				high = digit;
				continue;
			}
			buf_add_char(&data, (char)(high << 4 | digit));
			high = -1;
		}
	}
	if (data.status != STATUS_OK) {
		lex_fail(&rd->lex, data.status, "%s", status_text(data.status));
	} else if (data.n >= 3 && (data.n == 3 || high != -1)) {
		lex_fail(&rd->lex, STATUS_SYNTAX, "the data of TLSA is "
		    "missing or ends within an octet");
	}
	set_data(rd, r, buf_str(&data).p, data.n);
	buf_fini(&data);
}

void
zone_read_rdata(struct zone_reader *rd, struct zone_record *r)
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
	case DNS_TLSA:
		read_tlsa(rd, r);
		break;
	case DNS_TXT:
		read_txt(rd, r);
		break;
	default:
		while (lex_next(&rd->lex) == LEX_WORD) {
			/* Never answered: not checked. */
		}
		break;
	}
}
