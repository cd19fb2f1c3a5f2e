/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether an address has a name that leads back to it (RFC 8601 3). */
#include "base/buf.h"
#include "iprev/iprev.h"
#include "test/unit/dns_lab.h"

#define V4	"1.2.0.192.in-addr.arpa. PTR "

static const struct {
	const char		*name;
	const char		*zone;
	const char		*ip;
	enum iprev_result	 result;
	const char		*found;		/* NULL: no name */
	size_t			 queries;
} rows[] = {
	{ "there and back", V4 "a.example.\na.example. A 192.0.2.1\n",
	    "192.0.2.1", IPREV_PASS, "a.example", 2 },
	{ "one of several addresses", V4 "a.example.\n"
	    "a.example. A 192.0.2.9\na.example. A 192.0.2.1\n",
	    "192.0.2.1", IPREV_PASS, "a.example", 2 },
	{ "one of several names", V4 "b.example.\n" V4 "a.example.\n"
	    "a.example. A 192.0.2.1\nb.example. A 192.0.2.2\n", "192.0.2.1",
	    IPREV_PASS, "a.example", 3 },
	{ "by way of a CNAME", "1.2.0.192.in-addr.arpa. CNAME "
	    "1.0-7.2.0.192.in-addr.arpa.\n1.0-7.2.0.192.in-addr.arpa. PTR "
	    "a.example.\na.example. A 192.0.2.1\n", "192.0.2.1", IPREV_PASS,
	    "a.example", 2 },
	{ "IPv6", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1."
	    "0.0.2.ip6.arpa. PTR a.example.\na.example. AAAA 2001:db8::1\n",
	    "2001:db8::1", IPREV_PASS, "a.example", 2 },
	{ "IPv6 does not ask for A", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	    "0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR a.example.\n"
	    "a.example. A 192.0.2.1\n", "2001:db8::1", IPREV_FAIL, NULL, 2 },
	{ "a mapped address is IPv4", V4 "a.example.\n"
	    "a.example. A 192.0.2.1\n", "::ffff:192.0.2.1", IPREV_PASS,
	    "a.example", 2 },
	{ "leads elsewhere", V4 "a.example.\na.example. A 192.0.2.2\n",
	    "192.0.2.1", IPREV_FAIL, NULL, 2 },
	{ "leads nowhere", V4 "a.example.\n", "192.0.2.1", IPREV_FAIL, NULL,
	    2 },
	{ "no such name", "", "192.0.2.1", IPREV_PERMERROR, NULL, 1 },
	{ "no PTR", "1.2.0.192.in-addr.arpa. TXT x\n", "192.0.2.1",
	    IPREV_PERMERROR, NULL, 1 },
	{ "PTR cannot be had", "1.2.0.192.in-addr.arpa. SERVFAIL\n",
	    "192.0.2.1", IPREV_TEMPERROR, NULL, 1 },
	{ "an address cannot be had", V4 "a.example.\na.example. SERVFAIL\n",
	    "192.0.2.1", IPREV_TEMPERROR, NULL, 2 },
	{ "an address cannot be had, another can", V4 "a.example.\n" V4
	    "b.example.\na.example. SERVFAIL\nb.example. A 192.0.2.1\n",
	    "192.0.2.1", IPREV_PASS, "b.example", 3 },
};

static const struct iprev_verdict *
run(struct lab *lab, const char *ip)
{
	struct iprev *iprev = NULL;
	struct ip_addr addr;
	unsigned seed = 7;
	bool done = false;

	lab_must(ip_parse(str_from(ip), &addr) && iprev_new(&lab->arena,
	    lab->batch, &addr, &iprev) == STATUS_OK, "machine");
	for (;;) {
		lab_must(iprev_step(iprev, &done) == STATUS_OK, "memory");
		if (done) {
			return (iprev_get(iprev));
		}
		lab_answer_one(lab, &seed);
	}
}

static void
check_row(size_t i, bool slow)
{
	const struct iprev_verdict *v;
	struct lab lab;

	lab_init(&lab, str_from(rows[i].zone));
	lab.slow = slow;
	v = run(&lab, rows[i].ip);
	tap_num(v->result, rows[i].result, rows[i].name);
	tap_str(v->name, str_from(rows[i].found), "its name");
	tap_ok((v->reason == NULL) == (v->result == IPREV_PASS), "a reason");
	tap_num((long long)dns_batch_count(lab.batch),
	    (long long)rows[i].queries, "so many questions");
	lab_fini(&lab);
}

/* A flood of names: so many are looked at, in whatever order they come. */
static void
check_limit(void)
{
	struct buf zone;
	struct lab lab;
	int i;

	buf_init(&zone, 1 << 16);
	for (i = 0; i < 200; i++) {
		buf_printf(&zone, V4 "a%d.example.\n", i);
	}
	lab_init(&lab, buf_str(&zone));
	tap_num(run(&lab, "192.0.2.1")->result, IPREV_FAIL, "many names");
	tap_num((long long)dns_batch_count(lab.batch), 1 + IPREV_MAX_NAMES,
	    "not all are asked for");
	lab_fini(&lab);
	buf_fini(&zone);
}

static void
check_give_up(void)
{
	struct iprev *iprev = NULL;
	struct ip_addr addr;
	unsigned seed = 1;
	bool done = true;
	struct lab lab;

	lab_init(&lab, STR(V4 "a.example.\na.example. A 192.0.2.1\n"));
	lab.slow = true;
	lab_must(ip_parse(STR("192.0.2.1"), &addr) && iprev_new(&lab.arena,
	    lab.batch, &addr, &iprev) == STATUS_OK, "machine");
	tap_ok(iprev_step(iprev, &done) == STATUS_OK && !done,
	    "it waits for the name");
	lab_answer_one(&lab, &seed);
	tap_ok(iprev_step(iprev, &done) == STATUS_OK && !done,
	    "it waits for the address");
	iprev_give_up(iprev);
	tap_ok(iprev_step(iprev, &done) == STATUS_OK && done &&
	    iprev_get(iprev)->result == IPREV_TEMPERROR, "time is over");
	lab_fini(&lab);
}

static void
check_words(void)
{
	static const char *const words[] = { "pass", "fail", "temperror",
		"permerror" };
	int i;

	for (i = IPREV_PASS; i <= IPREV_PERMERROR; i++) {
		tap_str(str_from(iprev_result_name((enum iprev_result)i)),
		    str_from(words[i]), "2.7.3 a word");
	}
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(i, false);
		check_row(i, true);
	}
	check_limit();
	check_give_up();
	check_words();
	return (tap_done());
}
