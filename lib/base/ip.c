/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "base/ip.h"

static void
set_v4(struct ip_addr *ip, const void *octets)
{
	*ip = (struct ip_addr){ .v6 = false };
	memcpy(ip->octets, octets, 4);
}

static void
set_v6(struct ip_addr *ip, const struct in6_addr *a)
{
	if (IN6_IS_ADDR_V4MAPPED(a)) {
		set_v4(ip, (const unsigned char *)a + 12);
		return;
	}
	ip->v6 = true;
	memcpy(ip->octets, a, 16);
}

bool
ip_parse(struct str text, struct ip_addr *ip)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr a6;
	struct in_addr a4;

	if (text.n == 0 || text.n >= sizeof(copy) ||
	    memchr(text.p, '\0', text.n) != NULL) {
		return (false);
	}
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (inet_pton(AF_INET, copy, &a4) == 1) {
		set_v4(ip, &a4);
		return (true);
	}
	if (inet_pton(AF_INET6, copy, &a6) == 1) {
		set_v6(ip, &a6);
		return (true);
	}
	return (false);
}

bool
ip_from_sockaddr(const struct sockaddr *sa, struct ip_addr *ip)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		set_v4(ip, &in.sin_addr);
		return (true);
	}
	if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		set_v6(ip, &in6.sin6_addr);
		return (true);
	}
	return (false);
}

bool
ip_eq(const struct ip_addr *a, const struct ip_addr *b)
{
	return (a->v6 == b->v6 &&
	    memcmp(a->octets, b->octets, a->v6 ? 16 : 4) == 0);
}

bool
ip_match(const struct ip_addr *ip, const void *octets, unsigned bits)
{
	const unsigned char *p = octets;
	unsigned mask;

	if (memcmp(ip->octets, p, bits / 8) != 0) {
		return (false);
	}
	if (bits % 8 == 0) {
		return (true);
	}
	mask = 0xffU << (8 - bits % 8);
	return (((ip->octets[bits / 8] ^ p[bits / 8]) & mask & 0xff) == 0);
}

void
ip_text(const struct ip_addr *ip, char text[IP_TEXT_BYTES])
{
	if (inet_ntop(ip->v6 ? AF_INET6 : AF_INET, ip->octets, text,
	    IP_TEXT_BYTES) == NULL) {
		text[0] = '\0';
	}
}

void
ip_dotted(const struct ip_addr *ip, char text[IP_TEXT_BYTES])
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	if (!ip->v6) {
		ip_text(ip, text);
		return;
	}
	for (i = 0; i < 16; i++) {
		text[4 * i] = hex[ip->octets[i] >> 4];
		text[4 * i + 1] = '.';
		text[4 * i + 2] = hex[ip->octets[i] & 0xf];
		text[4 * i + 3] = '.';
	}
	text[63] = '\0';
}

void
ip_arpa(const struct ip_addr *ip, char name[IP_ARPA_BYTES])
{
	const unsigned char *o = ip->octets;
	char text[IP_TEXT_BYTES];
	size_t i;

	if (!ip->v6) {
		(void)snprintf(name, IP_ARPA_BYTES,
		    "%u.%u.%u.%u.in-addr.arpa", o[3], o[2], o[1], o[0]);
		return;
	}
	ip_dotted(ip, text);
	for (i = 0; i < 63; i++) {
		name[i] = text[62 - i];
	}
	(void)snprintf(name + 63, IP_ARPA_BYTES - 63, ".ip6.arpa");
}
