/* SPDX-License-Identifier: BSD-2-Clause */
/* spf_lab: one evaluation over the zone of a dns_lab. */
#ifndef TEST_UNIT_SPF_LAB_H
#define TEST_UNIT_SPF_LAB_H

#include "base/buf.h"
#include "spf/check.h"
#include "test/unit/dns_lab.h"

/* Valid until the next call. */
static struct spf_verdict ATTR_UNUSED
lab_check(struct lab *lab, const struct spf_opts *opts)
{
	struct spf_verdict v;

	lab_next(lab);
	lab_must(spf_check(&lab->arena, opts, lab->batch, UINT64_MAX, &v) ==
	    STATUS_OK, "memory");
	return (v);
}

/* Delivers one answer before each step, in random order. */
static struct spf_verdict ATTR_UNUSED
lab_check_slowly(struct lab *lab, const struct spf_opts *opts, unsigned seed)
{
	struct spf_evaluator *ev;
	bool done = false;

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
		lab_answer_one(lab, &seed);
	}
}

static struct spf_opts ATTR_UNUSED
lab_opts(const char *ip, const char *helo, const char *mail_from)
{
	struct spf_opts opts = { .identity = mail_from != NULL ?
		SPF_MAILFROM : SPF_HELO, .helo = str_from(helo),
		.mail_from = str_from(mail_from), .now_s = 1700000000 };

	lab_must(ip_parse(str_from(ip), &opts.ip), "address");
	return (opts);
}

#endif
