/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip: the client's address. One that is IPv4-mapped is IPv4 (RFC 7208 5).
 */
#ifndef SPF_IP_H
#define SPF_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/str.h"

#define SPF_IP_TEXT_BYTES	64	/* any of the texts below, with NUL */
#define SPF_IP_ARPA_BYTES	80

struct spf_ip {
	bool		v6;
	unsigned char	octets[16];	/* 4 of them for IPv4 */
};

/* False: it is no address. */
bool	spf_ip_parse(struct str text, struct spf_ip *ip_r);
/* False for any family but AF_INET and AF_INET6. */
bool	spf_ip_from_sockaddr(const struct sockaddr *, struct spf_ip *ip_r);
/* octets: 4 or 16, as the client has them; the first `bits` are compared. */
bool	spf_ip_match(const struct spf_ip *, const void *octets, unsigned bits);
/* For people: RFC 5952. */
void	spf_ip_text(const struct spf_ip *, char text_r[SPF_IP_TEXT_BYTES]);
/* As %{i} has it: a dotted quad, or 32 dotted nibbles (RFC 7208 7.3). */
void	spf_ip_dotted(const struct spf_ip *, char text_r[SPF_IP_TEXT_BYTES]);
/* The name where its PTR records are. */
void	spf_ip_arpa(const struct spf_ip *, char name_r[SPF_IP_ARPA_BYTES]);

#endif
