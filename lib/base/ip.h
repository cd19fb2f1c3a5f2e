/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip: an IPv4 or IPv6 address and its texts. An IPv4-mapped IPv6 address is
 * stored as IPv4 (RFC 7208 5).
 */
#ifndef BASE_IP_H
#define BASE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/str.h"

#define IP_TEXT_BYTES	64	/* any of the texts below, with NUL */
#define IP_ARPA_BYTES	80

struct ip_addr {
	bool		v6;
	unsigned char	octets[16];	/* 4 of them for IPv4 */
};

/* False: not an address. */
bool	ip_parse(struct str text, struct ip_addr *ip_r);
/* False for any family but AF_INET and AF_INET6. */
bool	ip_from_sockaddr(const struct sockaddr *, struct ip_addr *ip_r);
/* Whether both are the same address. */
bool	ip_eq(const struct ip_addr *, const struct ip_addr *);
/* Compares the first `bits` bits; octets has 4 or 16, as *ip has. */
bool	ip_match(const struct ip_addr *, const void *octets, unsigned bits);
/* The text of RFC 5952. */
void	ip_text(const struct ip_addr *, char text_r[IP_TEXT_BYTES]);
/* The text of SPF's %{i}: a dotted quad or 32 dotted nibbles (RFC 7208 7.3). */
void	ip_dotted(const struct ip_addr *, char text_r[IP_TEXT_BYTES]);
/* The owner name of its PTR records. */
void	ip_arpa(const struct ip_addr *, char name_r[IP_ARPA_BYTES]);

#endif
