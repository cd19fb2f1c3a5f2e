/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails each allocation of dns in turn, from the zone's text to the parser's
 * object: every time something says so, and nothing is left behind.
 */
#include <stdlib.h>
#include <unistd.h>

#include "dns/dns.h"
#include "test/unit/alloc_fail.h"
#include "test/unit/tap.h"

static const char text[] = "a.x TXT t\na.x MX 10 b.x\nb.x A 192.0.2.1\n";

static void *
parse(const struct dns_answer *a)
{
	(void)a;
	return (malloc(1));
}

static const struct dns_parser parser = { parse, free, 1 };

/* What three questions of a batch came to. */
struct seen {
	bool	opened;		/* there is a resolver */
	bool	asked;		/* and all could be asked */
	bool	answered;	/* and all were answered */
	bool	parsed;		/* and parsed */
};

static void
ask(struct dns *dns, struct seen *seen)
{
	struct dns_batch *b = dns_batch_new(dns);
	struct dns_query *q[4] = { NULL };
	int i;

	if (b == NULL) {
		return;
	}
	q[0] = dns_batch_add(b, STR("a.x"), DNS_TXT);
	q[1] = dns_batch_add(b, STR("a.x"), DNS_MX);
	q[2] = dns_batch_add(b, STR("b.x"), DNS_A);
	q[3] = dns_batch_add(b, STR("..."), DNS_A);
	dns_batch_wait(b, UINT64_MAX);
	seen->asked = seen->answered = seen->parsed = true;
	for (i = 0; i < 4; i++) {
		const struct dns_answer *a;

		if (q[i] == NULL) {
			seen->asked = false;
			continue;
		}
		a = dns_query_answer(q[i]);
		if (a->result != (i < 3 ? DNS_OK : DNS_BADNAME)) {
			seen->answered = false;
			/* Without memory an answer is a failure. */
			if (a->result != DNS_SERVFAIL) {
				tap_ok(false, "question %d: result %d", i,
				    (int)a->result);
			}
		}
		seen->parsed &= dns_answer_object(a, &parser) != NULL;
	}
	dns_batch_free(b);
}

static void
run(const char *path, struct seen *seen)
{
	struct dns_opts opts;
	struct diag diag;
	struct dns *dns;
	struct env env;

	*seen = (struct seen){ .opened = false };
	env_init_system(&env);
	dns_opts_init(&opts);
	opts.env = &env;
	diag_init(&diag);
	if (dns_new_zone(&opts, path, &dns, &diag) == STATUS_OK) {
		seen->opened = true;
		ask(dns, seen);
	} else if (dns != NULL || diag.text[0] == '\0') {
		tap_ok(false, "no reason, or a resolver none the less");
	}
	dns_release(dns);
}

int
main(void)
{
	char path[] = "/tmp/t_dns_memory.XXXXXX";
	unsigned at, unopened = 0, unasked = 0, unanswered = 0, unparsed = 0;
	bool failed = true, honest = true;
	int fd = mkstemp(path);

	if (fd == -1 || write(fd, text, sizeof(text) - 1) == -1) {
		printf("1..0 # SKIP no temporary file\n");
		return (0);
	}
	close(fd);
	for (at = 0; failed && at < ALLOC_FAIL_MAX; at++) {
		struct seen seen;

		alloc_fail_at(at);
		run(path, &seen);
		failed = alloc_failed();
		if ((seen.asked && seen.answered && seen.parsed) == failed) {
			printf("# allocation %u\n", at);
			honest = false;
		}
		unopened += !seen.opened;
		unasked += seen.opened && !seen.asked;
		unanswered += seen.asked && !seen.answered;
		unparsed += seen.answered && !seen.parsed;
	}
	unlink(path);
	tap_ok(!failed, "at last there is memory enough");
	tap_ok(honest, "each failure shows, and only failures do");
	tap_ok(unopened >= 3, "%u times no resolver", unopened);
	tap_ok(unasked >= 3, "%u times no question", unasked);
	tap_ok(unanswered >= 3, "%u times no answer", unanswered);
	tap_ok(unparsed >= 3, "%u times no object", unparsed);
	return (tap_done());
}
