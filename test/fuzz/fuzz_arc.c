/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Validates the ARC chain of a message, then seals it with the result. A chain
 * with result none or pass must pass with the new set, which has its results in
 * the right place; a failed chain must still fail.
 */
#include <stdlib.h>
#include <unistd.h>

#include "arc/seal.h"
#include "base/env.h"
#include "dkim/sign.h"
#include "mail/message.h"
#include "test/fuzz/fuzz.h"
#include "test/unit/crypto_vectors.h"

#define ARENA_BYTES	((size_t)64 * 1024 * 1024)
#define NOW		1700000000

static const char zone_text[] =
    "ed._domainkey.a.test TXT \"v=DKIM1; k=ed25519; "
    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n";

static struct {
	struct env	 env;
	struct dns	*dns;
	struct crypto	*crypto;
	struct privkey	*key;
} world;

static void
init_world(void)
{
	char path[] = "/tmp/fuzz_arc.XXXXXX";
	struct dns_opts dns;
	struct diag diag;
	int fd = mkstemp(path);

	diag_init(&diag);
	env_init_system(&world.env);
	dns_opts_init(&dns);
	dns.env = &world.env;
	FUZZ_CHECK(fd >= 0 && write(fd, zone_text, sizeof(zone_text) - 1) ==
	    (ssize_t)sizeof(zone_text) - 1 && close(fd) == 0);
	FUZZ_CHECK(dns_new_zone(&dns, path, &world.dns, &diag) == STATUS_OK);
	(void)unlink(path);
	world.crypto = crypto_new();
	FUZZ_CHECK(world.crypto != NULL && privkey_parse_pem(STR(ED25519_PEM),
	    "key", &world.key, &diag) == STATUS_OK);
}

/* r: views into the arena. The body hash also serves the seal. */
static struct dkim_bodies *
validate_message(struct arena *arena, const struct message *m,
    struct arc_verdict *r)
{
	struct arc_opts opts = { .crypto = world.crypto, .now_s = NOW,
		.drift_s = 300, .min_rsa_bits = 1024, .max_signatures = 5 };
	struct dkim_bodies *bodies = dkim_bodies_new(arena, world.crypto);
	struct dns_batch *batch = dns_batch_new(world.dns);
	struct arc_validator *v;

	FUZZ_CHECK(bodies != NULL && batch != NULL);
	FUZZ_CHECK(arc_validator_new(arena, &opts, &m->fields, bodies, batch,
	    &v) == STATUS_OK);
	FUZZ_CHECK(arc_seal_begin(bodies) == STATUS_OK);
	dkim_bodies_update(bodies, m->body.p, m->body.n);
	FUZZ_CHECK(dkim_bodies_finish(bodies) == STATUS_OK);
	FUZZ_CHECK(arc_validator_is_ready(v));
	FUZZ_CHECK(arc_validator_finish(v) == STATUS_OK);
	*r = *arc_validator_get(v);
	dns_batch_free(batch);
	return (bodies);
}

static void
check_verdict(const struct arc_verdict *v)
{
	FUZZ_CHECK((v->result == ARC_PASS) == (v->reason == NULL));
	FUZZ_CHECK(v->at <= v->instances && v->instances <= ARC_MAX_SETS);
	FUZZ_CHECK(v->result != ARC_PASS ||
	    (v->instances > 0 && v->sealers_n == v->instances));
	FUZZ_CHECK(v->has_oldest == (v->result == ARC_PASS));
	FUZZ_CHECK(v->oldest_pass <= v->instances);
}

static void
check_sealed(struct arena *arena, const struct message *m,
    const struct arc_seal *seal, enum arc_result before)
{
	struct message sealed = { .body = m->body };
	struct arc_verdict after;
	enum status status;
	size_t i;

	field_list_init(&sealed.fields);
	status = field_list_add(arena, &sealed.fields, STR("ARC-Seal"),
	    seal->as);
	FUZZ_CHECK(status == STATUS_OK);
	status = field_list_add(arena, &sealed.fields,
	    STR("ARC-Message-Signature"), seal->ams);
	FUZZ_CHECK(status == STATUS_OK);
	status = field_list_add(arena, &sealed.fields,
	    STR("ARC-Authentication-Results"), seal->aar);
	for (i = 0; i < m->fields.n && status == STATUS_OK; i++) {
		status = field_list_add_raw(arena, &sealed.fields,
		    m->fields.v[i].raw);
	}
	if (status != STATUS_OK) {
		return;		/* the chain was at the limits */
	}
	dkim_bodies_fini(validate_message(arena, &sealed, &after));
	check_verdict(&after);
	FUZZ_CHECK(after.result == (before == ARC_FAIL ? ARC_FAIL : ARC_PASS));
	FUZZ_CHECK(before == ARC_FAIL || after.instances == seal->instance);
}

static void
check_message(struct arena *arena, const struct message *m)
{
	struct arc_seal_opts opts = { .crypto = world.crypto,
		.key = world.key, .domain = STR("a.test"),
		.selector = STR("ed"), .now_s = NOW,
		.sign_headers = dkim_sign_headers_default,
		.sign_headers_n = dkim_sign_headers_default_n,
		.oversign_headers = dkim_oversign_headers_default,
		.oversign_headers_n = dkim_oversign_headers_default_n,
		.oversign_present = dkim_oversign_present_default,
		.oversign_present_n = dkim_oversign_present_default_n };
	struct arc_seal_message in = { .fields = &m->fields,
		.results = STR(" mx.test;\r\n\tspf=pass") };
	struct arc_verdict before;
	struct arc_seal seal;
	enum status status;

	in.bodies = validate_message(arena, m, &before);
	check_verdict(&before);
	in.cv = before.result;
	status = arc_seal_finish(arena, &opts, &in, &seal);
	FUZZ_CHECK(status == STATUS_OK || seal.instance == 0);
	/* cv is that of the chain, so that SYNTAX has another cause. */
	FUZZ_CHECK(status == STATUS_OK || status == STATUS_LIMIT ||
	    (status == STATUS_SYNTAX &&
	    field_list_count(&m->fields, STR("From")) == 0));
	if (seal.instance > 0) {
		check_sealed(arena, m, &seal, before.result);
	}
	dkim_bodies_fini(in.bodies);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct message message;
	struct arena arena;

	if (world.dns == NULL) {
		init_world();
	}
	arena_init(&arena, ARENA_BYTES);
	if (message_parse(&arena, str_mem(data, n), &message) == STATUS_OK) {
		check_message(&arena, &message);
	}
	arena_fini(&arena);
	return (0);
}
