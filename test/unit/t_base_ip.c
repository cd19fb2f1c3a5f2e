/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses: text, socket address, prefix and the names made of them. */
#include <netinet/in.h>
#include <sys/un.h>

#include "base/ip.h"
#include "test/unit/tap.h"

static const struct {
	const char	*text;
	const char	*canonical;	/* NULL: not an address */
	const char	*dotted;	/* NULL: as canonical */
	const char	*arpa;
} rows[] = {
	{ "192.0.2.1", "192.0.2.1", NULL, "1.2.0.192.in-addr.arpa" },
	{ "255.255.255.255", "255.255.255.255", NULL,
	    "255.255.255.255.in-addr.arpa" },
	{ "2001:DB8:0:0:0:0:0:cb01", "2001:db8::cb01",
	    "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.b.0.1",
	    "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
	    ".ip6.arpa" },
	{ "::ffff:192.0.2.1", "192.0.2.1", NULL, "1.2.0.192.in-addr.arpa" },
	{ "::FFFF:C000:0201", "192.0.2.1", NULL, "1.2.0.192.in-addr.arpa" },
	{ "", NULL, NULL, NULL },
	{ "192.0.2", NULL, NULL, NULL },
	{ "192.0.2.256", NULL, NULL, NULL },
	{ "192.0.2.1 ", NULL, NULL, NULL },
	{ "fe80::1%lo", NULL, NULL, NULL },
	{ "[::1]", NULL, NULL, NULL },
	{ "0000:0000:0000:0000:0000:ffff:192.168.100.100", "192.168.100.100",
	    NULL, "100.100.168.192.in-addr.arpa" },
	{ "0000:0000:0000:0000:0000:ffff:192.168.100.1000", NULL, NULL, NULL },
};

static void
test_texts(void)
{
	char text[IP_TEXT_BYTES], name[IP_ARPA_BYTES];
	struct ip_addr ip;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *want = rows[i].canonical;

		if (!ip_parse(str_from(rows[i].text), &ip)) {
			tap_ok(want == NULL, "\"%s\": not an address",
			    rows[i].text);
			continue;
		}
		ip_text(&ip, text);
		tap_str(str_from(text), str_from(want), rows[i].text);
		ip_dotted(&ip, text);
		tap_str(str_from(text), str_from(rows[i].dotted != NULL ?
		    rows[i].dotted : want), "dotted");
		ip_arpa(&ip, name);
		tap_str(str_from(name), str_from(rows[i].arpa), "arpa");
	}
	tap_ok(!ip_parse(STR("192.0.2.1\0"), &ip), "trailing NUL");
	tap_ok(!ip_parse(STR_NONE, &ip), "absent");
}

static void
check_sockaddr(const void *sa, const char *want, const char *name)
{
	struct ip_addr ip, wanted;

	if (want == NULL) {
		tap_ok(!ip_from_sockaddr(sa, &ip), "%s", name);
		return;
	}
	tap_ok(ip_from_sockaddr(sa, &ip) &&
	    ip_parse(str_from(want), &wanted) && ip_eq(&ip, &wanted),
	    "%s", name);
}

static void
test_sockaddr(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	in.sin_addr.s_addr = htonl(0xc0000201);
	check_sockaddr(&in, "192.0.2.1", "AF_INET");
	in6.sin6_addr.s6_addr[0] = 0xfe;
	check_sockaddr(&in6, "fe00::", "AF_INET6");
	memset(&in6.sin6_addr, 0, sizeof(in6.sin6_addr));
	memset(in6.sin6_addr.s6_addr + 10, 0xff, 2);
	memcpy(in6.sin6_addr.s6_addr + 12, &in.sin_addr, 4);
	check_sockaddr(&in6, "192.0.2.1", "AF_INET6, IPv4-mapped");
	check_sockaddr(&un, NULL, "AF_UNIX");
}

static void
test_compare(void)
{
	static const unsigned char net[4] = { 192, 0, 2, 128 };
	struct ip_addr a, b;

	tap_ok(ip_parse(STR("192.0.2.255"), &a) &&
	    ip_match(&a, net, 25) && !ip_match(&a, net, 26), "25 bits match");
	tap_ok(ip_match(&a, net, 24), "24 bits match");
	tap_ok(ip_match(&a, net, 0), "0 bits match");
	tap_ok(ip_parse(STR("c000:2ff::"), &b) && !ip_eq(&a, &b) &&
	    ip_eq(&b, &b), "the same octets of another family differ");
}

int
main(void)
{
	test_texts();
	test_sockaddr();
	test_compare();
	return (tap_done());
}
