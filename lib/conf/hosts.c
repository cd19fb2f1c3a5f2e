/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two trees. Addresses are IPv6, IPv4 as mapped ones (RFC 4291 2.5.5.2), and
 * a lookup tries each prefix length that some entry has, longest first. Names
 * have one of their own, names.h.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/tree.h>

#include "base/escape.h"
#include "conf/hosts.h"
#include "conf/names.h"
#include "mail/domain.h"

#define HOSTS_MAX_BYTES	(16 * 1024 * 1024)
#define V6_BITS		128
#define V4_PREFIX	96	/* of ::ffff:0:0/96, the mapped addresses */
#define ENTRY_SHOWN	80

struct block {			/* an address or a CIDR block */
	RB_ENTRY(block)	 link;
	unsigned char	 addr[16];	/* bits past the prefix are 0 */
	unsigned	 bits;		/* prefix length, 0 to 128 */
	bool		 excluded;	/* "!" */
};

static int
block_cmp(const struct block *a, const struct block *b)
{
	if (a->bits != b->bits) {
		return (a->bits < b->bits ? -1 : 1);
	}
	return (memcmp(a->addr, b->addr, sizeof(a->addr)));
}

RB_HEAD(blocks, block);

RB_GENERATE_INTERNAL(blocks, block, link, block_cmp, static ATTR_UNUSED)

struct hosts {
	struct arena	arena;
	struct blocks	blocks;
	struct names	*names;		/* 1: excluded, 0: not */
	bool		has_bits[V6_BITS + 1];	/* prefix lengths in use */
};

struct hosts *
hosts_new(void)
{
	struct hosts *hosts = calloc(1, sizeof(*hosts));

	if (hosts == NULL) {
		return (NULL);
	}
	arena_init(&hosts->arena, HOSTS_MAX_BYTES);
	RB_INIT(&hosts->blocks);
	hosts->names = names_new();
	if (hosts->names == NULL) {
		hosts_free(hosts);
		return (NULL);
	}
	return (hosts);
}

void
hosts_free(struct hosts *hosts)
{
	if (hosts != NULL) {
		names_free(hosts->names);
		arena_fini(&hosts->arena);
		free(hosts);
	}
}

static void
mask_address(unsigned char addr[16], unsigned bits)
{
	unsigned i;

	for (i = 0; i < 16; i++) {
		if (bits >= 8 * (i + 1)) {
			continue;
		}
		addr[i] = (unsigned char)(bits <= 8 * i ? 0 :
		    addr[i] & (0xffU << (8 - (bits - 8 * i))));
	}
}

/* The address as IPv6, IPv4 mapped. */
static void
set_mapped(const struct ip_addr *ip, unsigned char addr_r[16])
{
	if (ip->v6) {
		memcpy(addr_r, ip->octets, 16);
		return;
	}
	memset(addr_r, 0, 10);
	memset(addr_r + 10, 0xff, 2);
	memcpy(addr_r + 12, ip->octets, 4);
}

/* "addr", "[addr]", each with "/bits" or without. */
static bool
parse_block(struct str s, struct block *b)
{
	size_t slash = str_find(s, '/');
	struct str text = str_first(s, slash);
	struct ip_addr ip;
	uint64_t bits;
	bool is_v4;

	if (text.n > 1 && text.p[0] == '[' && text.p[text.n - 1] == ']') {
		text = str_mem(text.p + 1, text.n - 2);
	}
	if (!ip_parse(text, &ip)) {
		return (false);
	}
	set_mapped(&ip, b->addr);
	/* The prefix of ::ffff:192.0.2.0/120 counts from the IPv6 address. */
	is_v4 = str_find(text, ':') == text.n;
	bits = is_v4 ? V6_BITS - V4_PREFIX : V6_BITS;
	if (slash < s.n) {
		uint64_t most = bits;

		if (!str_to_u64(str_from_offset(s, slash + 1), &bits) ||
		    bits > most) {
			return (false);
		}
	}
	b->bits = (unsigned)bits + (is_v4 ? V4_PREFIX : 0);
	mask_address(b->addr, b->bits);
	return (true);
}

static enum status
add_block(struct hosts *hosts, const struct block *given)
{
	struct block *b, *old;

	b = arena_alloc(&hosts->arena, sizeof(*b));
	if (b == NULL) {
		return (STATUS_NOMEM);
	}
	*b = *given;
	old = RB_INSERT(blocks, &hosts->blocks, b);
	hosts->has_bits[b->bits] = true;
	return (old == NULL || old->excluded == b->excluded ? STATUS_OK :
	    STATUS_LIMIT);
}

static void
reject_entry(struct str entry, const char *file, unsigned line, const char *why,
    struct diag *diag)
{
	struct buf shown;

	buf_init(&shown, DIAG_MAX_BYTES);
	escape_text(&shown, entry, ENTRY_SHOWN);
	diag_set(diag, file, line, "\"%s\" %s",
	    shown.p != NULL ? shown.p : "", why);
	buf_fini(&shown);
}

enum status
hosts_add(struct hosts *hosts, struct str entry, const char *file,
    unsigned line, struct diag *diag)
{
	struct block block = { .bits = 0 };
	struct str s = entry;
	enum status status;

	block.excluded = s.n > 0 && s.p[0] == '!';
	s = str_from_offset(s, block.excluded ? 1 : 0);
	status = parse_block(s, &block) ? add_block(hosts, &block) :
	    names_add(hosts->names, s, block.excluded);
	switch (status) {
	case STATUS_OK:
		return (STATUS_OK);
	case STATUS_NOMEM:
		diag_set(diag, file, line, "%s", status_text(status));
		return (STATUS_NOMEM);
	case STATUS_LIMIT:
		reject_entry(entry, file, line, "occurs with and without \"!\"",
		    diag);
		return (STATUS_SYNTAX);
	case STATUS_SYNTAX:
	case STATUS_TEMP:
	case STATUS_IO:
		break;
	}
	reject_entry(entry, file, line, "is not an address, an address block "
	    "such as 192.0.2.0/24, a host name or a .domain", diag);
	return (STATUS_SYNTAX);
}

/* The entry with the longest prefix that holds the address, or NULL. */
static const struct block *
find_block(const struct hosts *hosts, const unsigned char addr[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	unsigned least = memcmp(addr, mapped, sizeof(mapped)) == 0 ?
	    V4_PREFIX : 0;
	struct block key = { .bits = V6_BITS }, *found = NULL;

	memcpy(key.addr, addr, sizeof(key.addr));
	for (;;) {
		if (hosts->has_bits[key.bits]) {
			mask_address(key.addr, key.bits);
			/* The macros lack const; the tree does not change. */
			found = RB_FIND(blocks,
			    (struct blocks *)(uintptr_t)&hosts->blocks, &key);
		}
		if (found != NULL || key.bits == least) {
			return (found);
		}
		key.bits--;
	}
}

bool
hosts_match(const struct hosts *hosts, const struct ip_addr *ip,
    struct str name)
{
	char lower[DOMAIN_MAX_BYTES];
	unsigned char addr[16];
	const struct block *block = NULL;
	int excluded = 1;
	size_t i;

	if (ip != NULL && !RB_EMPTY(&hosts->blocks)) {
		set_mapped(ip, addr);
		block = find_block(hosts, addr);
	}
	if (block != NULL) {
		return (!block->excluded);
	}
	if (name.n > 0 && name.p[name.n - 1] == '.') {
		name.n--;
	}
	/* A name from PTR is ASCII: lower case is its normal form. */
	if (name.n == 0 || name.n > sizeof(lower)) {
		return (false);
	}
	for (i = 0; i < name.n; i++) {
		lower[i] = char_lower(name.p[i]);
	}
	return (names_find(hosts->names, str_mem(lower, name.n), &excluded) &&
	    !excluded);
}
