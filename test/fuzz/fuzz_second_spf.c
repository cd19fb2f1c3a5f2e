/* SPDX-License-Identifier: BSD-2-Clause */
/* libspf2 over zone text from outside: HELO, MAIL FROM, then zone text. */
#include <netinet/in.h>

#include "dns/backend.h"
#include "dns/zone.h"
#include "second/spf.h"
#include "test/fuzz/fuzz.h"

#define ARENA_BYTES	(16 * 1024 * 1024)

static struct zone zone;

static enum status
submit(void *backend, struct str name, enum dns_type type, void *cookie)
{
	struct dns_record v[DNS_MAX_RECORDS];
	struct dns_answer answer;

	(void)backend;
	zone_find(&zone, name, type, v, &answer);
	dns_backend_done(cookie, &answer);
	return (STATUS_OK);
}

static void
no_free(void *backend)
{
	(void)backend;
}

static void
check(struct dns *dns, struct str helo, struct str mail_from)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0xc0000201) };
	struct second_spf_query q = { (const struct sockaddr *)&in, helo,
		mail_from };
	struct dns_batch *batch = dns_batch_new(dns);
	struct second_spf r;
	struct arena arena;

	FUZZ_CHECK(batch != NULL);
	arena_init(&arena, ARENA_BYTES);
	FUZZ_CHECK(second_spf_check(&arena, batch, &q, 0, &r) == STATUS_OK);
	FUZZ_CHECK(r.result != NULL || r.reason != NULL);
	FUZZ_CHECK(dns_batch_count(batch) <= SECOND_SPF_MAX_QUERIES + 2);
	dns_batch_free(batch);
	arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct dns_backend_ops ops = { submit, no_free };
	struct str input = str_mem(data, n), helo, mail_from;
	struct dns_opts opts;
	struct env env;
	struct diag diag;
	struct dns *dns;

	if (!str_next(&input, '\n', &helo) ||
	    !str_next(&input, '\n', &mail_from) || input.p == NULL) {
		return (0);
	}
	diag_init(&diag);
	if (zone_parse(&zone, input, "zone", &diag) != STATUS_OK) {
		return (0);
	}
	env_init_system(&env);
	dns_opts_init(&opts);
	opts.env = &env;
	FUZZ_CHECK(dns_new_backend(&opts, &ops, &zone, &dns) == STATUS_OK);
	check(dns, helo, mail_from);
	dns_release(dns);
	zone_fini(&zone);
	return (0);
}
