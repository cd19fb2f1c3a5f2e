/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/packet.h"
#include "dns/rdata.h"

#define HEAD_BYTES	12
#define CLASS_IN	1
#define TYPE_NS		2
#define TYPE_SOA	6
#define TYPE_DNAME	39
#define TYPE_RRSIG	46
#define TYPE_OPT	41
#define OPT_BYTES	11
#define FLAG_RESPONSE	0x8000u
#define FLAG_AA		0x0400u
#define FLAG_TC		0x0200u
#define FLAG_RD		0x0100u
#define FLAG_RA		0x0080u
#define FLAG_AD		0x0020u
#define RCODE_NOERROR	0
#define RCODE_NXDOMAIN	3
#define SOA_NUMBERS	20	/* octets of serial, refresh ... minimum */

enum { QUESTIONS, ANSWERS, AUTHORITY, ADDITIONAL, SECTIONS };

struct rr {
	struct dns_name	owner;
	unsigned	type;
	unsigned	class;
	uint32_t	ttl_s;
	size_t		at;		/* of its rdata */
	size_t		n;
};

struct reader {
	struct str	packet;
	unsigned	flags;
	unsigned	counts[SECTIONS];
	size_t		at[SECTIONS];	/* where each begins */
	unsigned	rcode;		/* with the upper bits of EDNS */
	struct dns_name	question;
	unsigned	question_type;
	unsigned	question_class;
	bool		has_ns;		/* in the authority section */
	bool		has_soa;
	uint32_t	negative_ttl_s;	/* of the SOA */
};

/* What one pass over the answers found for a name. */
struct found {
	bool		any;		/* records of the type asked for */
	bool		alias;
	struct dns_name	target;		/* of the alias */
};

static unsigned
get_u16(struct str p, size_t at)
{
	return ((unsigned)(unsigned char)p.p[at] << 8 |
	    (unsigned char)p.p[at + 1]);
}

static uint32_t
get_u32(struct str p, size_t at)
{
	return ((uint32_t)get_u16(p, at) << 16 | get_u16(p, at + 2));
}

static unsigned char *
put_u16(unsigned char *p, unsigned value)
{
	*p++ = (unsigned char)(value >> 8);
	*p++ = (unsigned char)value;
	return (p);
}

static unsigned char *
put_name(unsigned char *p, struct str name)
{
	struct str label;

	while (str_next(&name, '.', &label)) {
		*p++ = (unsigned char)label.n;
		memcpy(p, label.p, label.n);
		p += label.n;
	}
	*p++ = 0;
	return (p);
}

size_t
dns_query_write(const struct dns_name *name, unsigned type, uint16_t id,
    unsigned char query_r[DNS_QUERY_MAX_BYTES])
{
	unsigned char *p = query_r;

	p = put_u16(p, id);
	p = put_u16(p, FLAG_RD | FLAG_AD);
	p = put_u16(p, 1);
	p = put_u16(p, 0);
	p = put_u16(p, 0);
	p = put_u16(p, 1);
	p = put_name(p, name->n > 0 ? dns_name_str(name) : STR_NONE);
	p = put_u16(p, type);
	p = put_u16(p, CLASS_IN);
	/* RFC 6891 6.1.2: the root, OPT, size, version and flags, no data. */
	*p++ = 0;
	p = put_u16(p, TYPE_OPT);
	p = put_u16(p, DNS_PACKET_UDP_BYTES);
	memset(p, 0, OPT_BYTES - 5);
	return ((size_t)(p - query_r) + OPT_BYTES - 5);
}

static bool
read_rr(struct str packet, size_t *at, struct rr *rr)
{
	if (!dns_name_read(packet, at, &rr->owner) || packet.n - *at < 10) {
		return (false);
	}
	rr->type = get_u16(packet, *at);
	rr->class = get_u16(packet, *at + 2);
	rr->ttl_s = get_u32(packet, *at + 4);
	rr->n = get_u16(packet, *at + 8);
	rr->at = *at + 10;
	if (packet.n - rr->at < rr->n) {
		return (false);
	}
	*at = rr->at + rr->n;
	return (true);
}

/* RFC 2181 8: a TTL with the highest bit set counts as 0. */
static uint32_t
least_ttl(uint32_t ttl_s, uint32_t least_s)
{
	if (ttl_s > INT32_MAX) {
		return (0);
	}
	return (ttl_s < least_s ? ttl_s : least_s);
}

/* RFC 2308 5: the lesser of the SOA's TTL and its minimum. */
static void
read_soa(struct reader *r, const struct rr *rr)
{
	if (rr->n >= SOA_NUMBERS) {
		r->has_soa = true;
		r->negative_ttl_s = least_ttl(get_u32(r->packet,
		    rr->at + rr->n - 4), least_ttl(rr->ttl_s, UINT32_MAX));
	}
}

bool
dns_packet_is_truncated(struct str packet)
{
	return (packet.n >= HEAD_BYTES &&
	    (get_u16(packet, 2) & FLAG_TC) != 0);
}

static bool
read_header(struct reader *r)
{
	int i;

	if (r->packet.n < HEAD_BYTES) {
		return (false);
	}
	r->flags = get_u16(r->packet, 2);
	r->rcode = r->flags & 0xf;
	for (i = 0; i < SECTIONS; i++) {
		r->counts[i] = get_u16(r->packet, 4 + 2 * (size_t)i);
	}
	return ((r->flags & FLAG_RESPONSE) != 0 &&
	    (r->flags & FLAG_TC) == 0 && r->counts[QUESTIONS] == 1);
}

/* All sections must be whole. */
static bool
read_sections(struct reader *r)
{
	size_t at = HEAD_BYTES;
	struct rr rr;
	unsigned i;
	int section;

	if (!dns_name_read(r->packet, &at, &r->question) ||
	    r->packet.n - at < 4) {
		return (false);
	}
	r->question_type = get_u16(r->packet, at);
	r->question_class = get_u16(r->packet, at + 2);
	at += 4;
	for (section = ANSWERS; section < SECTIONS; section++) {
		r->at[section] = at;
		for (i = 0; i < r->counts[section]; i++) {
			if (!read_rr(r->packet, &at, &rr)) {
				return (false);
			}
			if (section == AUTHORITY && rr.type == TYPE_SOA) {
				read_soa(r, &rr);
			} else if (section == AUTHORITY) {
				r->has_ns |= rr.type == TYPE_NS;
			} else if (section == ADDITIONAL &&
			    rr.type == TYPE_OPT) {
				r->rcode |= (rr.ttl_s >> 24) << 4;
			}
		}
	}
	return (true);
}

/* Records of the type and aliases, as far as they belong to the name. */
static enum status
read_records(struct arena *arena, const struct reader *r,
    const struct dns_name *name, enum dns_type type, struct dns_record *v,
    struct dns_answer *a, struct found *found)
{
	enum status status = STATUS_OK;
	size_t at = r->at[ANSWERS], end;
	struct rr rr;
	unsigned i;

	*found = (struct found){ .any = false };
	for (i = 0; i < r->counts[ANSWERS] && a->n < DNS_MAX_RECORDS; i++) {
		if (!read_rr(r->packet, &at, &rr) || rr.class != CLASS_IN ||
		    !str_eq(dns_name_str(&rr.owner), dns_name_str(name))) {
			continue;
		}
		if (rr.type == (unsigned)type) {
			found->any = true;
			status = dns_rdata_read(arena, type, r->packet, rr.at,
			    rr.n, &v[a->n]);
			a->n += status == STATUS_OK;
		} else if (rr.type == DNS_CNAME) {
			end = rr.at;
			found->alias = dns_name_read(r->packet, &end,
			    &found->target);
		} else {
			continue;
		}
		a->ttl_s = least_ttl(rr.ttl_s, a->ttl_s);
		if (status == STATUS_NOMEM) {
			return (status);
		}
	}
	return (STATUS_OK);
}

/*
 * Whether the answer section of a negative answer has the followed aliases and
 * nothing else, as far as DNAME and signatures let it.
 */
static bool
has_only_aliases(const struct reader *r, unsigned followed)
{
	size_t at = r->at[ANSWERS];
	unsigned i, aliases = 0;
	struct rr rr;

	for (i = 0; i < r->counts[ANSWERS]; i++) {
		if (!read_rr(r->packet, &at, &rr) || rr.class != CLASS_IN ||
		    (rr.type != DNS_CNAME && rr.type != TYPE_DNAME &&
		    rr.type != TYPE_RRSIG)) {
			return (false);
		}
		aliases += rr.type == DNS_CNAME;
	}
	return (aliases == followed);
}

static void
set_negative(const struct reader *r, unsigned followed, struct dns_answer *a)
{
	if (!has_only_aliases(r, followed)) {
		return;
	}
	/* A referral, or only an alias: not a complete answer. */
	if (r->rcode == RCODE_NXDOMAIN) {
		a->result = DNS_NXDOMAIN;
	} else if (r->has_soa || (r->counts[ANSWERS] == 0 && !r->has_ns &&
	    (r->flags & (FLAG_AA | FLAG_RA)) != 0)) {
		a->result = DNS_NODATA;
	}
	a->ttl_s = least_ttl(r->negative_ttl_s, a->ttl_s);
}

/* Follows the aliases from the name to its records, if there are any. */
static enum status
follow_aliases(struct arena *arena, const struct reader *r,
    const struct dns_name *name, enum dns_type type, struct dns_record *v,
    struct dns_answer *a)
{
	struct dns_name owner = *name;
	struct found found;
	enum status status;
	unsigned i;

	a->ttl_s = UINT32_MAX;
	for (i = 0; i <= DNS_MAX_ALIASES; i++) {
		status = read_records(arena, r, &owner, type, v, a, &found);
		if (status != STATUS_OK) {
			return (status);
		}
		if (found.any) {
			/* RFC 1034 3.6.2: an alias has no other records. */
			if (found.alias || r->rcode == RCODE_NXDOMAIN) {
				a->n = 0;
				return (STATUS_OK);
			}
			a->result = DNS_OK;
			a->v = v;
			return (STATUS_OK);
		}
		if (!found.alias) {
			break;
		}
		owner = found.target;
	}
	set_negative(r, i, a);
	return (STATUS_OK);
}

static bool
is_answer_to(const struct reader *r, const struct dns_name *name,
    enum dns_type type)
{
	return (str_eq(dns_name_str(&r->question), dns_name_str(name)) &&
	    r->question_type == (unsigned)type &&
	    r->question_class == CLASS_IN);
}

enum status
dns_packet_read(struct arena *arena, struct str packet,
    const struct dns_name *name, enum dns_type type, struct dns_record *v,
    struct dns_answer *a)
{
	struct reader r = { .packet = packet };

	*a = (struct dns_answer){ .result = DNS_SERVFAIL };
	if (!read_header(&r) || !read_sections(&r) ||
	    (r.rcode != RCODE_NOERROR && r.rcode != RCODE_NXDOMAIN) ||
	    !is_answer_to(&r, name, type)) {
		return (STATUS_OK);
	}
	if ((r.flags & FLAG_AD) != 0) {
		a->security = DNS_SECURE;
	}
	return (follow_aliases(arena, &r, name, type, v, a));
}
