/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The limits of RFC 7208 4.6.4 and 11.1, hostile policies, and the number of
 * queries that each takes.
 */
#include "test/unit/spf_lab.h"

#define V4	"192.0.2.1"
#define V6	"2001:db8::1"
#define FROM	"me@t.example"
#define TERMS	"too many terms that need DNS"
#define VOIDS	"too many terms that find nothing in DNS"

static void
check_zone(struct buf *zone, const char *ip, enum spf_result result,
    const char *reason, size_t queries, const char *name)
{
	struct spf_opts opts = lab_opts(ip, "host.example", FROM);
	struct spf_verdict v;
	struct lab lab;

	lab_init(&lab, buf_str(zone));
	v = lab_check(&lab, &opts);
	if (!tap_ok(v.result == result && (reason == NULL || (v.reason != NULL
	    && strcmp(v.reason, reason) == 0)), "%s: %s", name,
	    spf_result_name(result))) {
		printf("#  got: %s, %s\n", spf_result_name(v.result),
		    v.reason != NULL ? v.reason : "");
	}
	tap_num((long long)dns_batch_count(lab.batch), (long long)queries,
	    name);
	lab_fini(&lab);
	buf_reset(zone);
}

/* The record of t.example: start, n copies of a pattern, end. */
static void
add_record(struct buf *zone, const char *start, size_t n, const char *pattern,
    const char *end)
{
	size_t i;

	buf_printf(zone, "t.example TXT \"v=spf1 %s", start);
	for (i = 0; i < n; i++) {
		const char *p;

		for (p = pattern; *p != '\0'; p++) {
			if (*p == '#') {
				buf_printf(zone, "%zu", i);
			} else {
				buf_add_char(zone, *p);
			}
		}
		buf_add_char(zone, ' ');
	}
	buf_printf(zone, "%s\"\n", end);
}

static void
test_terms(struct buf *zone)
{
	add_record(zone, "", 10, "a:h#.x", "-all");
	buf_add_cstr(zone, "*.x A 192.0.2.9\n");
	check_zone(zone, V4, SPF_FAIL, NULL, 11, "4.6.4 ten terms");
	add_record(zone, "", 11, "a:h#.x", "-all");
	buf_add_cstr(zone, "*.x A 192.0.2.9\n");
	check_zone(zone, V4, SPF_PERMERROR, TERMS, 11, "4.6.4 eleven terms");
	add_record(zone, "", 10, "a:h#.x", "redirect=t.example");
	buf_add_cstr(zone, "*.x A 192.0.2.9\n");
	check_zone(zone, V4, SPF_PERMERROR, TERMS, 11,
	    "4.6.4 ten terms and redirect");
	add_record(zone, "", 10, "a:h#.x", "redirect=t.example ?all");
	buf_add_cstr(zone, "*.x A 192.0.2.9\n");
	check_zone(zone, V4, SPF_NEUTRAL, NULL, 11,
	    "4.6.4 ten terms and unused redirect");
	add_record(zone, "", 1000, "ip4:198.51.100.1", "ip6:::/0 -all");
	check_zone(zone, V4, SPF_FAIL, NULL, 1, "4.6.4 1,000 addresses");
	add_record(zone, "", 5, "exists:%{p}.#.x", "-all");
	buf_add_cstr(zone, "1.2.0.192.in-addr.arpa PTR h.y\nh.y A 192.0.2.1\n"
	    "*.x TXT t\n");
	check_zone(zone, V4, SPF_PERMERROR, VOIDS, 6,
	    "4.6.4 too many voids before too many terms");
	add_record(zone, "", 6, "include:%{p}.#.x", "-all");
	buf_add_cstr(zone, "1.2.0.192.in-addr.arpa PTR h.y\nh.y A 192.0.2.1\n"
	    "*.x TXT \"v=spf1 -all\"\n");
	check_zone(zone, V4, SPF_PERMERROR, TERMS, 8,
	    "5.5 %{p} counts as a term");
	add_record(zone, "a:h.y ", 1, "include:i.x", "mx:h.y -all");
	buf_add_cstr(zone, "h.y A 192.0.2.9\n*.x TXT \"v=spf1 a:h.y a:h.y "
	    "a:h.y a:h.y a:h.y a:h.y a:h.y a:h.y ip4:192.0.2.1\"\n");
	check_zone(zone, V4, SPF_PASS, NULL, 4,
	    "4.6.4 ten terms in two records");
}

static void
test_bombs(struct buf *zone)
{
	size_t i;

	add_record(zone, "", 10000, "a", "-all");
	check_zone(zone, V4, SPF_PERMERROR, "too many terms", 1,
	    "10,000 mechanisms");
	add_record(zone, "", 1000, "a:h#.x", "-all");
	check_zone(zone, V4, SPF_PERMERROR, VOIDS, 11, "1,000 names");
	add_record(zone, "", 1, "include:i#.x", "-all");
	for (i = 0; i < 100; i++) {
		buf_printf(zone, "i%zu.x TXT \"v=spf1 include:i%zu.x -all\"\n",
		    i, i + 1);
	}
	check_zone(zone, V4, SPF_PERMERROR, TERMS, 11,
	    "includes nested 100 times");
	add_record(zone, "", 1, "include:t.example", "-all");
	check_zone(zone, V4, SPF_PERMERROR, TERMS, 1, "include of itself");
	add_record(zone, "", 0, "", "redirect=t.example");
	check_zone(zone, V4, SPF_PERMERROR, TERMS, 1, "redirect to itself");
	add_record(zone, "", 0, "", "redirect=u.example");
	buf_add_cstr(zone, "u.example TXT \"v=spf1 redirect=t.example\"\n");
	check_zone(zone, V4, SPF_PERMERROR, TERMS, 2, "redirect in a ring");
	/* Early queries have one limit for all records. */
	add_record(zone, "", 10, "include:a#.x", "-all");
	for (i = 0; i < 10; i++) {
		size_t k;

		buf_printf(zone, "a%zu.x TXT \"v=spf1", i);
		for (k = 0; k < 10; k++) {
			buf_printf(zone, " include:b%zu.b%zu.x", i, k);
		}
		buf_add_cstr(zone, "\"\n");
	}
	buf_add_cstr(zone, "*.x TXT \"v=spf1 ?all\"\n");
	check_zone(zone, V4, SPF_PERMERROR, TERMS, 20, "a tree of includes");
}

/* Five records with nine includes each, none of which is evaluated. */
static void
test_ahead(struct buf *zone)
{
	size_t i, k;

	add_record(zone, "", 5, "include:a#.x", "-all");
	for (i = 0; i < 5; i++) {
		buf_printf(zone, "a%zu.x TXT \"v=spf1 -exists:yes.x", i);
		for (k = 0; k < 9; k++) {
			buf_printf(zone, " include:c%zu.c%zu.x", i, k);
		}
		buf_add_cstr(zone, "\"\n");
	}
	buf_add_cstr(zone, "yes.x A 127.0.0.2\n");
	check_zone(zone, V4, SPF_FAIL, NULL, 1 + 5 + 5, "ten early queries");
}

static void
test_mx(struct buf *zone)
{
	size_t i, n;

	for (n = 10; n <= 11; n++) {
		add_record(zone, "", 1, "mx:m.x", "-all");
		for (i = 0; i < n; i++) {
			buf_printf(zone, "m.x MX 1 h%zu.x\nh%zu.x A "
			    "192.0.2.9\n", i, i);
		}
		check_zone(zone, V4, n == 10 ? SPF_FAIL : SPF_PERMERROR,
		    n == 10 ? NULL : "too many MX names", n == 10 ? 12 : 2,
		    n == 10 ? "4.6.4 ten MX names" : "4.6.4 eleven MX names");
	}
	add_record(zone, "", 10, "mx:m#.x", "-all");
	for (i = 0; i < 100; i++) {
		buf_printf(zone, "m%zu.x MX 1 h%zu.x\nh%zu.x A 192.0.2.9\n",
		    i / 10, i, i);
	}
	check_zone(zone, V4, SPF_FAIL, NULL, 111, "ten times ten MX names");
}

static void
test_ptr(struct buf *zone)
{
	size_t i;

	add_record(zone, "", 0, "", "ptr:h199.x ptr:h0.x -all");
	for (i = 0; i < 200; i++) {
		buf_printf(zone, "1.2.0.192.in-addr.arpa PTR h%zu.x\n"
		    "h%zu.x A 192.0.2.1\n", i, i);
	}
	check_zone(zone, V4, SPF_PASS, NULL, 12, "4.6.4 200 PTR names");
	add_record(zone, "", 0, "", "ptr:h199.x -all");
	for (i = 0; i < 200; i++) {
		buf_printf(zone, "1.2.0.192.in-addr.arpa PTR h%zu.x\n"
		    "h%zu.x A 192.0.2.1\n", i, i);
	}
	check_zone(zone, V4, SPF_FAIL, NULL, 12,
	    "4.6.4 PTR names over the limit are ignored");
	add_record(zone, "", 10, "ptr", "-all");
	buf_add_cstr(zone, "1.2.0.192.in-addr.arpa PTR h.x\nh.x A "
	    "192.0.2.9\n");
	check_zone(zone, V4, SPF_FAIL, NULL, 3,
	    "ten ptr: one lookup of the names");
}

static void
test_voids(struct buf *zone)
{
	static const struct {
		const char	*name, *record, *ip;
		enum spf_result	 result;
		size_t		 queries;
	} rows[] = {
		{ "two names that do not exist", "a:n0.x a:n1.x", V4,
		    SPF_NEUTRAL, 3 },
		{ "three names that do not exist", "a:n0.x a:n1.x a:n2.x", V4,
		    SPF_PERMERROR, 4 },
		{ "one name, twice", "a:n0.x a:n0.x", V4, SPF_NEUTRAL, 2 },
		{ "one name, three times", "a:n0.x a:n0.x a:n0.x", V4,
		    SPF_PERMERROR, 2 },
		{ "names without such records", "a:t.x a:t.x a:t.x", V4,
		    SPF_PERMERROR, 2 },
		{ "any mechanism", "a:t.x mx:t.x exists:t.x", V4,
		    SPF_PERMERROR, 3 },
		{ "ptr: a void lookup", "ptr a:t.x a:t.x", V6, SPF_PERMERROR,
		    3 },
		{ "invalid names: not void lookups",
		    "a:a..x a:b..x a:c..x", V4, SPF_NEUTRAL, 1 },
		{ "hosts of mx: not void lookups", "mx:m.x mx:m.x mx:m.x", V6,
		    SPF_NEUTRAL, 5 },
		{ "DNS error: not a void lookup", "ptr ptr ptr", "192.0.2.66",
		    SPF_NEUTRAL, 2 }
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		add_record(zone, "", 0, "", rows[i].record);
		buf_add_cstr(zone, "t.x TXT t\nm.x MX 1 h0.x\nm.x MX 1 h1.x\n"
		    "m.x MX 1 h2.x\nh0.x A 192.0.2.9\nh1.x A 192.0.2.9\n"
		    "66.2.0.192.in-addr.arpa SERVFAIL\n");
		check_zone(zone, rows[i].ip, rows[i].result, rows[i].result ==
		    SPF_PERMERROR ? VOIDS : NULL, rows[i].queries,
		    rows[i].name);
	}
}

/* A fail with an explanation takes three answers. */
static void
check_time(struct lab *lab, unsigned answers)
{
	struct spf_opts opts = lab_opts(V4, "host.example", FROM);
	const struct spf_verdict *v;
	struct spf_evaluator *ev;
	bool done = false;
	unsigned i;

	lab_next(lab);
	lab->slow = true;
	lab_must(spf_evaluator_new(&lab->arena, &opts, lab->batch, &ev) ==
	    STATUS_OK, "memory");
	for (i = 0; i <= answers; i++) {
		lab_must(spf_evaluator_step(ev, &done) == STATUS_OK &&
		    done == (i == 3) && lab->open_n == (i < 3), "zone");
		if (i < answers) {
			lab->open_n = 0;
			lab_answer(lab, dns_name_str(&lab->open[0].name),
			    lab->open[0].type, lab->open[0].cookie);
			(void)dns_batch_wait_any(lab->batch, 0);
		}
	}
	spf_evaluator_give_up(ev);
	lab_must(spf_evaluator_step(ev, &done) == STATUS_OK, "memory");
	v = spf_evaluator_get(ev);
	tap_ok(done && v->result == (answers < 2 ? SPF_TEMPERROR : SPF_FAIL),
	    "11.1 deadline after %u answers: %s", answers,
	    spf_result_name(v->result));
	tap_ok((v->explanation.p != NULL) == (answers == 3) &&
	    (v->mechanism.p != NULL) == (answers >= 2),
	    "11.1 deadline after %u answers: explanation, mechanism", answers);
}

static void
test_time(struct buf *zone)
{
	struct spf_opts opts = lab_opts(V4, "host.example", FROM);
	struct spf_verdict v;
	struct lab lab;
	unsigned answers;

	add_record(zone, "", 0, "", "a:h.x -all exp=e.x");
	buf_add_cstr(zone, "h.x A 192.0.2.9\ne.x TXT why\n");
	for (answers = 0; answers <= 3; answers++) {
		lab_init(&lab, buf_str(zone));
		check_time(&lab, answers);
		lab_fini(&lab);
	}
	lab_init(&lab, buf_str(zone));
	lab_next(&lab);
	lab.slow = true;
	tap_ok(spf_check(&lab.arena, &opts, lab.batch, 0, &v) == STATUS_OK &&
	    v.result == SPF_TEMPERROR, "11.1 a deadline in the past");
	lab_fini(&lab);
	buf_reset(zone);
}

int
main(void)
{
	struct buf zone;

	buf_init(&zone, 4 << 20);
	test_terms(&zone);
	test_bombs(&zone);
	test_ahead(&zone);
	test_mx(&zone);
	test_ptr(&zone);
	test_voids(&zone);
	test_time(&zone);
	buf_fini(&zone);
	return (tap_done());
}
