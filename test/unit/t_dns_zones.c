/* SPDX-License-Identifier: BSD-2-Clause */
/* Which names make which zone fail, and for how long. */
#include <stdlib.h>

#include "dns/zones.h"
#include "test/unit/tap.h"

#define S	UINT64_C(1000000)

static const struct path_row {
	const char	*what;
	const char	*name;
	const char	*zones;		/* the registrable domain first */
} path_rows[] = {
	{ "a name below a registrable domain", "s._domainkey.a.example.com",
	    "example.com a.example.com _domainkey.a.example.com" },
	{ "the registrable domain itself", "example.com", "example.com" },
	{ "a public suffix of two labels", "_dmarc.example.co.uk",
	    "example.co.uk _dmarc.example.co.uk" },
	{ "a public suffix itself", "co.uk", "co.uk" },
	{ "an unknown top-level domain", "a.b.test", "b.test a.b.test" },
	{ "one label", "localhost", "localhost" },
	{ "IPv4 reverse: a /24", "9.2.0.192.in-addr.arpa",
	    "2.0.192.in-addr.arpa 9.2.0.192.in-addr.arpa" },
	{ "IPv4 reverse: a short one", "192.in-addr.arpa",
	    "192.in-addr.arpa" },
	{ "IPv6 reverse: a /48",
	    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
	    ".ip6.arpa", "0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa "
	    "0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa "
	    "0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa" }
};

static void
make_path(const char *text, struct dns_name *name, struct zone_path *path)
{
	if (!dns_name_make(str_from(text), name)) {
		abort();
	}
	dns_zone_path(name, path);
}

static void
test_paths(void)
{
	struct zone_path path;
	struct dns_name name;
	char got[1024];
	size_t i, k;

	for (i = 0; i < sizeof(path_rows) / sizeof(path_rows[0]); i++) {
		make_path(path_rows[i].name, &name, &path);
		got[0] = '\0';
		for (k = 0; k < path.n; k++) {
			strlcat(got, k > 0 ? " " : "", sizeof(got));
			strlcat(got, path_rows[i].name + path.at[k],
			    sizeof(got));
		}
		tap_str(str_from(got), str_from(path_rows[i].zones),
		    path_rows[i].what);
	}
}

static void
fail_name(struct dns_zones *zones, const char *text, uint64_t now_us)
{
	struct zone_path path;
	struct dns_name name;

	make_path(text, &name, &path);
	dns_zones_bad(zones, &name, &path, false, DNS_SERVFAIL, now_us);
}

static void
answer_name(struct dns_zones *zones, const char *text, uint64_t now_us)
{
	struct zone_path path;
	struct dns_name name;

	make_path(text, &name, &path);
	dns_zones_good(zones, &name, &path, now_us);
}

static bool
name_fails(struct dns_zones *zones, const char *text, uint64_t now_us)
{
	enum dns_result result = DNS_OK;
	struct zone_path path;
	struct dns_name name;

	make_path(text, &name, &path);
	return (dns_zones_fail(zones, &name, &path, now_us, &result) &&
	    result == DNS_SERVFAIL);
}

/* Each row: names that fail at 100 s, and whether another fails then. */
static const struct row {
	const char	*what;
	const char	*failed;	/* "+name" was answered */
	const char	*name;
	bool		 fails;
} rows[] = {
	{ "one name", "example.com", "a.example.com", false },
	{ "one message: the domain, its key, its policy",
	    "example.com s._domainkey.example.com _dmarc.example.com",
	    "mail.example.com", true },
	{ "the same name again", "a.example.com a.example.com a.example.com",
	    "b.example.com", false },
	{ "names in one label of the zone: only that fails",
	    "dead.example.com _dmarc.dead.example.com "
	    "s._domainkey.dead.example.com", "www.example.com", false },
	{ "and that one does", "dead.example.com _dmarc.dead.example.com "
	    "s._domainkey.dead.example.com", "a.dead.example.com", true },
	{ "three domains below a public suffix",
	    "a.co.uk b.co.uk c.co.uk", "d.co.uk", false },
	{ "a zone that was answered a moment ago",
	    "+www.example.com a.example.com b.example.com c.example.com",
	    "d.example.com", false },
	{ "an answer between the failures",
	    "a.example.com b.example.com +www.example.com c.example.com",
	    "d.example.com", false },
	{ "an answer after the failures",
	    "a.example.com b.example.com c.example.com +www.example.com",
	    "d.example.com", false }
};

static void
test_rows(void)
{
	struct str rest, word;
	struct dns_zones zones;
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!dns_zones_init(&zones, 1)) {
			abort();
		}
		rest = str_from(rows[i].failed);
		while (str_next(&rest, ' ', &word)) {
			snprintf(text, sizeof(text), "%.*s", STR_FMT(word));
			if (text[0] == '+') {
				answer_name(&zones, text + 1, 100 * S);
			} else {
				fail_name(&zones, text, 100 * S);
			}
		}
		tap_num(name_fails(&zones, rows[i].name, 100 * S),
		    rows[i].fails, rows[i].what);
		dns_zones_fini(&zones);
	}
}

static void
test_backoff(void)
{
	static const uint64_t seconds[] = { 2, 4, 8, 16, 32, 64, 128, 256, 300,
		300 };
	uint64_t now_us = 1000 * S;
	struct zone_path path;
	struct dns_zones zones;
	struct dns_name name;
	size_t i, wrong = 0;

	if (!dns_zones_init(&zones, 1)) {
		abort();
	}
	fail_name(&zones, "a.example.com", now_us);
	fail_name(&zones, "b.example.com", now_us);
	fail_name(&zones, "c.example.com", now_us);
	fail_name(&zones, "d.example.com", now_us);
	now_us += S;
	make_path("a.example.com", &name, &path);
	for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		wrong += name_fails(&zones, "a.example.com", now_us);
		wrong += !dns_zones_probe(&zones, &name, &path, now_us, 5 * S);
		wrong += !name_fails(&zones, "b.example.com",
		    now_us + 5 * S - 1);
		now_us += 3 * S;
		dns_zones_bad(&zones, &name, &path, true, DNS_SERVFAIL,
		    now_us);
		now_us += seconds[i] * S;
		wrong += !name_fails(&zones, "a.example.com", now_us - 1);
	}
	tap_num((long long)wrong, 0, "a failing zone: 1, 2, 4 ... 300 s");
	dns_zones_fini(&zones);
}

/* More zones than there is room for, some of them in use. */
static void
test_limits(void)
{
	struct dns_zone *used, *zone;
	struct dns_zones zones;
	struct zone_path path;
	struct dns_name name;
	char text[64];
	int i, lost = 0;

	if (!dns_zones_init(&zones, 1)) {
		abort();
	}
	make_path("in.use", &name, &path);
	used = dns_zones_get(&zones, &name, &path, S);
	used->flights = 1;
	for (i = 0; i < 4 * ZONES_SETS * ZONES_WAYS; i++) {
		snprintf(text, sizeof(text), "n%d.test", i);
		make_path(text, &name, &path);
		zone = dns_zones_get(&zones, &name, &path, (uint64_t)i * S);
		lost += zone == NULL;
	}
	tap_num(lost, 0, "four times as many zones as fit");
	make_path("in.use", &name, &path);
	tap_ok(dns_zones_get(&zones, &name, &path, S) == used &&
	    used->flights == 1, "one with a flight is not replaced");
	for (i = 0; i < ZONES_SETS * ZONES_WAYS; i++) {
		zones.v[i].flights = 1;
	}
	make_path("other.test", &name, &path);
	tap_ok(dns_zones_get(&zones, &name, &path, S) == NULL,
	    "no room while all have flights");
	dns_zones_bad(&zones, &name, &path, false, DNS_TIMEOUT, S);
	dns_zones_good(&zones, &name, &path, S);
	tap_ok(!name_fails(&zones, "other.test", S), "then nothing is kept");
	dns_zones_fini(&zones);
}

int
main(void)
{
	test_paths();
	test_rows();
	test_backoff();
	test_limits();
	return (tap_done());
}
