/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails each allocation of sealing and validating in turn, then runs both with
 * every limit of the arena. The result is NOMEM or right.
 */
#include "config.h"

#include "arc/seal.h"
#include "test/unit/alloc_fail.h"
#include "test/unit/dkim_lab.h"

/* Increment of the arena limit. */
#define STEP_BYTES	64
#define MAX_BYTES	(1 << 20)

static const char zone[] =
    "$ORIGIN _domainkey.example.com.\n"
    "ed IN TXT \"v=DKIM1; k=ed25519; p=%ED%\"\n";

static enum status
seal_once(struct lab *lab, const struct message *m, enum arc_result cv,
    struct arc_seal *r)
{
	struct arc_seal_opts opts = { .crypto = lab->crypto, .key = lab->ed,
		.domain = STR("example.com"), .selector = STR("ed"),
		.sign_headers = dkim_sign_headers_default,
		.sign_headers_n = dkim_sign_headers_default_n,
		.now_s = LAB_NOW };
	struct arc_seal_message in = { .fields = &m->fields, .cv = cv,
		.results = STR(" mx.test; none") };
	enum status status = STATUS_NOMEM;

	in.bodies = dkim_bodies_new(&lab->arena, lab->crypto);
	if (in.bodies == NULL) {
		return (status);
	}
	status = arc_seal_begin(in.bodies);
	if (status == STATUS_OK) {
		dkim_bodies_update(in.bodies, m->body.p, m->body.n);
		status = dkim_bodies_finish(in.bodies);
	}
	if (status == STATUS_OK) {
		status = arc_seal_finish(&lab->arena, &opts, &in, r);
	}
	dkim_bodies_fini(in.bodies);
	return (status);
}

static enum status
validate_message(struct lab *lab, const struct message *m, enum arc_result *r)
{
	struct arc_opts opts = { .crypto = lab->crypto, .now_s = LAB_NOW,
		.drift_s = 300, .min_rsa_bits = 1024,
		.max_signatures = ARC_MAX_SETS };
	struct arc_validator *v;
	enum status status = STATUS_NOMEM;

	lab->bodies = dkim_bodies_new(&lab->arena, lab->crypto);
	lab->batch = dns_batch_new(lab->dns);
	if (lab->bodies == NULL || lab->batch == NULL) {
		return (status);
	}
	status = arc_validator_new(&lab->arena, &opts, &m->fields, lab->bodies,
	    lab->batch, &v);
	if (status == STATUS_OK) {
		dkim_bodies_update(lab->bodies, m->body.p, m->body.n);
		status = dkim_bodies_finish(lab->bodies);
	}
	if (status == STATUS_OK) {
		dns_batch_wait(lab->batch, env_mono_us(&lab->env) + 200000);
		status = arc_validator_finish(v);
		*r = arc_validator_get(v)->result;
	}
	return (status);
}

/* Inserts the set at the top of the message. */
static enum status
add_set(struct lab *lab, struct message *m, const struct arc_seal *s)
{
	struct field_list list;
	enum status status;
	size_t i;

	field_list_init(&list);
	status = field_list_add(&lab->arena, &list, STR("ARC-Seal"), s->as);
	if (status == STATUS_OK) {
		status = field_list_add(&lab->arena, &list,
		    STR("ARC-Message-Signature"), s->ams);
	}
	if (status == STATUS_OK) {
		status = field_list_add(&lab->arena, &list,
		    STR("ARC-Authentication-Results"), s->aar);
	}
	for (i = 0; i < m->fields.n && status == STATUS_OK; i++) {
		status = field_list_add_raw(&lab->arena, &list,
		    m->fields.v[i].raw);
	}
	m->fields = list;
	return (status);
}

/* Sealed twice, then validated. */
static enum status
run_case(struct lab *lab, enum arc_result *result_r)
{
	struct message m;
	struct arc_seal s;
	enum status status = message_parse(&lab->arena, STR(LAB_MSG), &m);
	unsigned i;

	for (i = 0; i < 2 && status == STATUS_OK; i++) {
		status = seal_once(lab, &m, i == 0 ? ARC_NONE : ARC_PASS, &s);
		if (status == STATUS_OK) {
			status = add_set(lab, &m, &s);
		}
	}
	return (status == STATUS_OK ? validate_message(lab, &m,
	    result_r) : status);
}

static void
check_heap(struct lab *lab)
{
	unsigned at, refused = 0, honest = 0;
	enum arc_result result = ARC_NONE;
	enum status status;
	bool failed = true;

	for (at = 0; failed && at < ALLOC_FAIL_MAX; at++) {
		alloc_fail_at(at);
		status = run_case(lab, &result);
		failed = alloc_failed();
		refused += status == STATUS_NOMEM;
		/* An answer lost to NOMEM counts as a DNS failure. */
		honest += status == STATUS_NOMEM || result == ARC_PASS ||
		    (failed && result == ARC_FAIL);
		lab_next(lab);
	}
	tap_ok(!failed && refused > 0, "heap: NOMEM %u times, then OK",
	    refused);
	tap_num(honest, at, "no wrong verdict");
}

static void
check_arena(struct lab *lab)
{
	enum status status = STATUS_NOMEM;
	enum arc_result result = ARC_NONE;
	unsigned refused = 0;
	size_t max;

	for (max = 0; status == STATUS_NOMEM && max < MAX_BYTES;
	    max += STEP_BYTES) {
		arena_fini(&lab->arena);
		arena_init(&lab->arena, max);
		status = run_case(lab, &result);
		refused += status == STATUS_NOMEM;
		lab_next(lab);
	}
	tap_ok(status == STATUS_OK && refused > 0 && result == ARC_PASS,
	    "arena: NOMEM under %u limits, then OK", refused);
}

int
main(void)
{
	struct lab lab;

	lab_init(&lab, zone);
	check_heap(&lab);
	check_arena(&lab);
	lab_fini(&lab);
	return (tap_done());
}
