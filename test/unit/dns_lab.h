/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns_lab: zone text in a string behind a batch, for the tests of what asks
 * DNS: with answers at once, or one by one in any order, as a network has them.
 */
#ifndef TEST_UNIT_DNS_LAB_H
#define TEST_UNIT_DNS_LAB_H

#include <stdlib.h>

#include "base/arena.h"
#include "dns/backend.h"
#include "dns/name.h"
#include "dns/zone.h"
#include "test/unit/tap.h"

#define LAB_ARENA_BYTES	(1 << 20)
#define LAB_MAX_OPEN	1024

struct lab {
	struct env		 env;
	struct zone		 zone;
	struct dns		*dns;
	struct dns_batch	*batch;
	struct arena		 arena;
	enum dns_security	 security;	/* of all answers */
	bool			 validates;	/* as a check finds it */
	bool			 slow;		/* questions are kept open: */
	struct {
		struct dns_name	 name;
		enum dns_type	 type;
		void		*cookie;
	}			 open[LAB_MAX_OPEN];
	size_t			 open_n;
};

static void ATTR_UNUSED
lab_must(bool ok, const char *what)
{
	if (!ok) {
		printf("Bail out! the test's own %s\n", what);
		exit(99);
	}
}

static void
lab_answer(struct lab *lab, struct str name, enum dns_type type, void *cookie)
{
	struct dns_record v[DNS_MAX_RECORDS];
	struct dns_answer a;

	zone_find(&lab->zone, name, type, v, &a);
	a.security = lab->security;
	if (a.security == DNS_BOGUS) {
		a.result = DNS_SERVFAIL;
	}
	dns_backend_done(cookie, &a);
}

static enum status
lab_submit(void *backend, struct str name, enum dns_type type, void *cookie)
{
	struct lab *lab = backend;

	if (!lab->slow) {
		lab_answer(lab, name, type, cookie);
		return (STATUS_OK);
	}
	lab_must(lab->open_n < LAB_MAX_OPEN && dns_name_make(name,
	    &lab->open[lab->open_n].name), "open questions");
	lab->open[lab->open_n].type = type;
	lab->open[lab->open_n++].cookie = cookie;
	return (STATUS_OK);
}

static void
lab_free(void *backend)
{
	(void)backend;
}

static const struct dns_backend_ops lab_ops = {
	.submit = lab_submit, .free = lab_free, .is_local = true
};

static void ATTR_UNUSED
lab_init(struct lab *lab, struct str zone)
{
	struct dns_opts opts;
	struct diag diag;

	*lab = (struct lab){ .dns = NULL };
	diag_init(&diag);
	lab_must(zone_parse(&lab->zone, zone, "zone", &diag) == STATUS_OK,
	    diag.text);
	env_init_system(&lab->env);
	dns_opts_init(&opts);
	opts.env = &lab->env;
	lab_must(dns_new_backend(&opts, &lab_ops, lab, &lab->dns) ==
	    STATUS_OK, "memory");
	arena_init(&lab->arena, LAB_ARENA_BYTES);
	lab->batch = dns_batch_new(lab->dns);
	lab_must(lab->batch != NULL, "memory");
}

static void ATTR_UNUSED
lab_fini(struct lab *lab)
{
	dns_batch_free(lab->batch);
	dns_release(lab->dns);
	zone_fini(&lab->zone);
	arena_fini(&lab->arena);
}

/* A new batch, an empty arena. */
static void ATTR_UNUSED
lab_next(struct lab *lab)
{
	dns_batch_free(lab->batch);
	arena_reset(&lab->arena);
	lab->batch = dns_batch_new(lab->dns);
	lab_must(lab->batch != NULL, "memory");
}

/* One of the open questions, by chance, is answered. */
static void ATTR_UNUSED
lab_answer_one(struct lab *lab, unsigned *seed)
{
	size_t i;

	lab_must(lab->open_n > 0, "machine: it waits for nothing");
	*seed = *seed * 1103515245 + 12345;
	i = (*seed >> 16) % lab->open_n;
	lab_answer(lab, dns_name_str(&lab->open[i].name), lab->open[i].type,
	    lab->open[i].cookie);
	lab->open[i] = lab->open[--lab->open_n];
	(void)dns_batch_wait_any(lab->batch, 0);
}

#endif
