/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zones: what is known about parts of the name space that do not answer
 * (RFC 9520 3.2 asks for failures to be remembered), and how many questions
 * each has in flight, so that a sender whose name servers are silent costs
 * only its own mail.
 *
 * A zone here is a registrable domain (below a public suffix; a /24 or /48
 * of the reverse trees) or one or two labels more. A zone fails when
 * ZONE_FAILS different labels below it failed in turn and no name in it was
 * answered for ZONE_GOOD_US: a dead delegation makes only itself fail, and
 * not the zone above it, of which it is one label. A failing zone answers
 * from memory for ZONE_BACKOFF_MIN_US; then one question is let through, and
 * each time that one fails the time doubles, up to ZONE_BACKOFF_MAX_US. Any
 * answer, positive or negative, ends it.
 *
 * The table has a fixed size. Of a full set the zone that was used least
 * recently is replaced, but never one with questions in flight. The caller
 * holds the lock of its struct dns.
 */
#ifndef DNS_ZONES_H
#define DNS_ZONES_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/dns.h"
#include "dns/name.h"

#define ZONE_FAILS		3
#define ZONE_GOOD_US		UINT64_C(60000000)
#define ZONE_BACKOFF_MIN_US	UINT64_C(1000000)
#define ZONE_BACKOFF_MAX_US	UINT64_C(300000000)
#define ZONE_LEVELS		3	/* the registrable domain, and below */
#define ZONES_SETS		256
#define ZONES_WAYS		8
/* Questions of one registrable domain that the backend has at a time. */
#define ZONE_MAX_FLIGHTS	64
/* Those that wait for one of these to end; beyond it: DNS_TIMEOUT. */
#define ZONE_MAX_WAITING	256

struct flight;
TAILQ_HEAD(flight_queue, flight);

struct dns_zone {
	struct dns_name		 name;		/* n 0: unused */
	struct flight_queue	 waiting;	/* for one in flight to end */
	unsigned		 waiting_n;	/* at most ZONE_MAX_WAITING */
	unsigned		 flights;	/* at most ZONE_MAX_FLIGHTS, and
						   probes */
	uint64_t		 used_us;
	uint64_t		 good_us;	/* last answer; 0: none */
	uint64_t		 until_us;	/* failing: answers from
						   memory */
	uint64_t		 backoff_us;
	uint32_t		 children[ZONE_FAILS];	/* labels that failed */
	unsigned		 children_n;
	bool			 failing;
	enum dns_result		 result;	/* failing: how */
};

struct dns_zones {
	uint32_t	 seed;
	struct dns_zone	*v;		/* ZONES_SETS * ZONES_WAYS */
};

/* A name's zones, the registrable domain first: offsets into the name. */
struct zone_path {
	size_t	at[ZONE_LEVELS];
	size_t	n;		/* at least 1 */
};

/* False: no memory. */
bool		 dns_zones_init(struct dns_zones *, uint32_t seed);
void		 dns_zones_fini(struct dns_zones *);
void		 dns_zone_path(const struct dns_name *, struct zone_path *r);

/* Whether the name is in a failing zone whose time is not over. */
bool		 dns_zones_fail(struct dns_zones *, const struct dns_name *,
		    const struct zone_path *, uint64_t now_us,
		    enum dns_result *r);
/*
 * When dns_zones_fail() said no: true when the question is the one that a
 * failing zone lets through; until lease_us from now it is the only one.
 */
bool		 dns_zones_probe(struct dns_zones *, const struct dns_name *,
		    const struct zone_path *, uint64_t now_us,
		    uint64_t lease_us);
/* An answer came. */
void		 dns_zones_good(struct dns_zones *, const struct dns_name *,
		    const struct zone_path *, uint64_t now_us);
/* None came; probe: as dns_zones_probe() said. */
void		 dns_zones_bad(struct dns_zones *, const struct dns_name *,
		    const struct zone_path *, bool probe, enum dns_result,
		    uint64_t now_us);
/* The registrable domain's zone, made when there is none; NULL: no room. */
struct dns_zone	*dns_zones_get(struct dns_zones *, const struct dns_name *,
		    const struct zone_path *, uint64_t now_us);

#endif
