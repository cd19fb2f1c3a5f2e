/* SPDX-License-Identifier: BSD-2-Clause */
/* libopendmarc's verdict, from records of a message's batch. */
#include <pthread.h>

#include "second/dmarc.h"
#include "test/unit/dns_lab.h"

#define PASS	SECOND_PASS
#define FAIL	SECOND_FAIL
#define NONE	SECOND_ABSENT

#define REC(name, tags)	"_dmarc." name " TXT \"v=DMARC1; " tags "\"\n"

static const char zone[] =
    REC("none.com", "p=none") REC("reject.com", "p=reject")
    REC("sub.com", "p=none; sp=quarantine") REC("strict.com",
    "p=reject; aspf=s") REC("t.com", "p=reject; t=y")
    "_dmarc.nop.com TXT \"v=DMARC1; rua=mailto:a@nop.com\"\n"
    "_dmarc.bad.com TXT \"v=DMARC1; p=bogus\"\n"
    "_dmarc.slow.com SERVFAIL\n"
    "_dmarc.two.com TXT x\n_dmarc.two.com TXT \"v=DMARC1; p=reject\"\n";

static const struct {
	const char	*name;
	const char	*from, *spf;
	enum second_word spf_result;
	const char	*result, *policy;
} rows[] = {
	{ "aligned", "reject.com", "reject.com", PASS, "pass", "reject" },
	{ "of the same organisation", "reject.com", "b.reject.com", PASS,
	    "pass", "reject" },
	{ "not aligned", "reject.com", "none.com", PASS, "fail", "reject" },
	{ "aligned, but fails", "reject.com", "reject.com", FAIL, "fail",
	    "reject" },
	{ "no SPF", "none.com", NULL, NONE, "fail", "none" },
	{ "a subdomain", "a.sub.com", NULL, NONE, "fail", "quarantine" },
	{ "a subdomain, p", "a.reject.com", NULL, NONE, "fail", "reject" },
	{ "strict is loose there", "strict.com", "a.strict.com", PASS, "pass",
	    "reject" },
	{ "t= is unknown to RFC 7489", "t.com", NULL, NONE, "fail", "reject" },
	{ "no record", "nowhere.com", "nowhere.com", PASS, "none", NULL },
	{ "a record without p", "nop.com", NULL, NONE, "permerror", NULL },
	{ "a broken record", "bad.com", NULL, NONE, "permerror", NULL },
	{ "DNS fails", "slow.com", NULL, NONE, "temperror", NULL },
	{ "beside another TXT", "two.com", NULL, NONE, "fail", "reject" },
	{ "a public suffix", "com", NULL, NONE, "none", NULL },
};

static struct second *second;

static struct second_dmarc
check(struct lab *lab, size_t i)
{
	struct second_dmarc_query q = { .from = str_from(rows[i].from),
		.spf_domain = str_from(rows[i].spf),
		.spf_result = rows[i].spf_result };
	struct second_dmarc r;

	lab_must(second_dmarc_check(second, &lab->arena, lab->batch, &q,
	    env_mono_us(&lab->env) + 1000000, &r) == STATUS_OK, "memory");
	return (r);
}

/* What all threads share is libopendmarc's list. */
static void *
run(void *good)
{
	struct lab lab;
	size_t i, k;

	lab_init(&lab, STR(zone));
	for (k = 0; k < 50; k++) {
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct second_dmarc r = check(&lab, i);

			if (strcmp(second_word_name(r.result),
			    rows[i].result) != 0) {
				*(bool *)good = false;
			}
		}
		lab_next(&lab);
	}
	lab_fini(&lab);
	return (NULL);
}

static void
check_threads(void)
{
	bool good[4] = { true, true, true, true };
	pthread_t threads[4];
	size_t i;

	for (i = 0; i < 4; i++) {
		lab_must(pthread_create(&threads[i], NULL, run, &good[i]) == 0,
		    "thread");
	}
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		tap_ok(good[i], "a thread beside others");
	}
}

int
main(void)
{
	struct second_dmarc r;
	struct diag diag;
	struct lab lab;
	size_t i;

	diag_init(&diag);
	lab_must(second_new(&second, &diag) == STATUS_OK, diag.text);
	lab_init(&lab, STR(zone));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = check(&lab, i);
		tap_str(str_from(second_word_name(r.result)),
		    str_from(rows[i].result), rows[i].name);
		tap_str(str_from(r.policy), str_from(rows[i].policy),
		    "its policy");
	}
	lab_fini(&lab);
	check_threads();
	second_free(second);
	return (tap_done());
}
