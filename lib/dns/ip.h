/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip: the client's address. One that is IPv4-mapped is IPv4 (RFC 7208 5).
 */
#ifndef DNS_IP_H
#define DNS_IP_H

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

/* False: it is no address. */
bool	ip_parse(struct str text, struct ip_addr *ip_r);
/* False for any family but AF_INET and AF_INET6. */
bool	ip_from_sockaddr(const struct sockaddr *, struct ip_addr *ip_r);
/* octets: 4 or 16, as the client has them; the first `bits` are compared. */
bool	ip_match(const struct ip_addr *, const void *octets, unsigned bits);
/* For people: RFC 5952. */
void	ip_text(const struct ip_addr *, char text_r[IP_TEXT_BYTES]);
/* As %{i} has it: a dotted quad, or 32 dotted nibbles (RFC 7208 7.3). */
void	ip_dotted(const struct ip_addr *, char text_r[IP_TEXT_BYTES]);
/* The name where its PTR records are. */
void	ip_arpa(const struct ip_addr *, char name_r[IP_ARPA_BYTES]);

#endif
