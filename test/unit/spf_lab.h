/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spf_lab: zone text in a string, and one evaluation over it: with answers at
 * once, or one by one in any order, as a network has them.
 */
#ifndef TEST_UNIT_SPF_LAB_H
#define TEST_UNIT_SPF_LAB_H

#include <stdlib.h>

#include "base/buf.h"
#include "dns/backend.h"
#include "dns/name.h"
#include "dns/zone.h"
#include "spf/check.h"
#include "test/unit/tap.h"

#define LAB_ARENA_BYTES	(1 << 20)
#define LAB_MAX_OPEN	SPF_MAX_QUERIES

struct lab {
	struct env		 env;
	struct zone		 zone;
	struct dns		*dns;
	struct dns_batch	*batch;		/* of the last check */
	struct arena		 arena;
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

static const struct dns_backend_ops lab_ops = { lab_submit, lab_free };

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
}

static void ATTR_UNUSED
lab_fini(struct lab *lab)
{
	dns_batch_free(lab->batch);
	dns_release(lab->dns);
	zone_fini(&lab->zone);
	arena_fini(&lab->arena);
}

static void
lab_next(struct lab *lab)
{
	dns_batch_free(lab->batch);
	arena_reset(&lab->arena);
	lab->batch = dns_batch_new(lab->dns);
	lab_must(lab->batch != NULL, "memory");
}

/* The verdict is good until the next one. */
static struct spf_verdict ATTR_UNUSED
lab_check(struct lab *lab, const struct spf_opts *opts)
{
	struct spf_verdict v;

	lab_next(lab);
	lab_must(spf_check(&lab->arena, opts, lab->batch, UINT64_MAX, &v) ==
	    STATUS_OK, "memory");
	return (v);
}

/* One answer between two steps, the order of them by chance. */
static struct spf_verdict ATTR_UNUSED
lab_check_slowly(struct lab *lab, const struct spf_opts *opts, unsigned seed)
{
	struct spf_evaluator *ev;
	bool done = false;
	size_t i;

	lab_next(lab);
	lab->slow = true;
	lab_must(spf_evaluator_new(&lab->arena, opts, lab->batch, &ev) ==
	    STATUS_OK, "memory");
	for (;;) {
		lab_must(spf_evaluator_step(ev, &done) == STATUS_OK,
		    "memory");
		if (done) {
			return (*spf_evaluator_get(ev));
		}
		lab_must(lab->open_n > 0, "machine: it waits for nothing");
		seed = seed * 1103515245 + 12345;
		i = (seed >> 16) % lab->open_n;
		lab_answer(lab, dns_name_str(&lab->open[i].name),
		    lab->open[i].type, lab->open[i].cookie);
		lab->open[i] = lab->open[--lab->open_n];
		(void)dns_batch_wait_any(lab->batch, 0);
	}
}

static struct spf_opts ATTR_UNUSED
lab_opts(const char *ip, const char *helo, const char *mail_from)
{
	struct spf_opts opts = { .identity = mail_from != NULL ?
		SPF_MAILFROM : SPF_HELO, .helo = str_from(helo),
		.mail_from = str_from(mail_from), .now_s = 1700000000 };

	lab_must(spf_ip_parse(str_from(ip), &opts.ip), "address");
	return (opts);
}

#endif
