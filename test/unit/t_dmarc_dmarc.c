/* SPDX-License-Identifier: BSD-2-Clause */
#include "test/unit/dmarc_lab.h"

#define BANK	REC("bank.example", "p=reject; psd=y") \
		REC("giant.bank.example", "p=quarantine")
#define MEGA	REC("bank.example", "p=reject; sp=quarantine; np=reject; " \
		"psd=y")
#define DEPT	REC("example.com", "p=reject") \
		REC("dept.example.com", "p=none; psd=n")
#define DEEP	"a.b.c.d.e.f.g.h.i.j.k.example.com"
#define URI	"rua=mailto:a@example.com"

/* Sections of RFC 9989; org NULL: unknown. */
static const struct row {
	const char		*name;
	const char		*zone;
	const char		*from;
	const char		*spf, *dkim;	/* lab_identifier() */
	enum dmarc_result	 result;
	const char		*policy;	/* NULL: none in use */
	const char		*policy_domain;
	const char		*org;
	bool			 spf_aligned, dkim_aligned;
} rows[] = {
	{ "B.4.1 both aligned", REC("example.com", "p=reject")
	    REC("signing.example.com", "p=none"), "example.com",
	    "example.com", "signing.example.com", DMARC_PASS, "reject",
	    "example.com", "example.com", 1, 1 },
	{ "B.4.2 long name", REC("example.com", "p=reject; sp=quarantine"),
	    DEEP, NULL, "signing.example.com", DMARC_PASS, "quarantine",
	    "example.com", "example.com", 0, 1 },
	{ "B.4.3 below a PSD", BANK, "giant.bank.example",
	    "mail.giant.bank.example", "mail.mega.bank.example", DMARC_PASS,
	    "quarantine", "giant.bank.example", "giant.bank.example", 1, 0 },
	{ "4.10.1 record of a PSD, the name exists",
	    MEGA "mega.bank.example A 192.0.2.1\n", "mega.bank.example",
	    NULL, "", DMARC_FAIL, "quarantine", "bank.example",
	    "mega.bank.example", 0, 0 },
	{ "4.10.1 record of a PSD, NXDOMAIN", MEGA, "mega.bank.example", NULL,
	    "", DMARC_FAIL, "reject", "bank.example", "mega.bank.example",
	    0, 0 },
	{ "4.10.2 the PSD as author", BANK, "bank.example", NULL,
	    "giant.bank.example", DMARC_FAIL, "reject", "bank.example",
	    "bank.example", 0, 0 },
	{ "4.10.2 psd=n divides an organisation", DEPT, "mail.dept.example.com",
	    "bounce.dept.example.com", "example.com", DMARC_PASS, "none",
	    "dept.example.com", "dept.example.com", 1, 0 },
	{ "4.10.1 no policy from a name between", REC("mail.example.com",
	    "p=quarantine") REC("example.com", "p=none; sp=reject"),
	    "a.mail.example.com", NULL, "", DMARC_FAIL, "reject",
	    "example.com", "example.com", 0, 0 },
	{ "4.10.2 no record at the parent", REC("news.example.com",
	    "p=reject"), "news.example.com", NULL, "example.com", DMARC_FAIL,
	    "reject", "news.example.com", "news.example.com", 0, 0 },
	{ "4.10.2 no record at the parent, subdomain", REC("news.example.com",
	    "p=reject"),
	    "news.example.com", NULL, "mta.news.example.com", DMARC_PASS,
	    "reject", "news.example.com", "news.example.com", 0, 1 },
	{ "4.10.1 no record", "", "example.com", NULL, "example.com",
	    DMARC_NONE, NULL, NULL, NULL, 0, 0 },
	{ "4.10 two records are discarded", REC("mail.example.com", "p=reject")
	    REC("mail.example.com", "p=reject") REC("example.com", "p=none"),
	    "mail.example.com", NULL, "", DMARC_FAIL, "none", "example.com",
	    "example.com", 0, 0 },
	{ "4.7 t=y", REC("example.com", "p=reject; t=y"), "example.com", NULL,
	    "", DMARC_FAIL, "quarantine", "example.com", "example.com", 0, 0 },
	{ "4.7 t=y, quarantine", REC("example.com", "p=quarantine; t=y"),
	    "example.com", NULL, "", DMARC_FAIL, "none", "example.com",
	    "example.com", 0, 0 },
	{ "4.7 t=y, sp", REC("example.com", "p=none; sp=reject; t=y"),
	    "a.example.com", NULL, "", DMARC_FAIL, "quarantine",
	    "example.com", "example.com", 0, 0 },
	{ "4.7 adkim=s aspf=r", REC("example.com", "p=reject; adkim=s"),
	    "example.com", "b.example.com", "mail.example.com", DMARC_PASS,
	    "reject", "example.com", "example.com", 1, 0 },
	{ "4.7 adkim=r aspf=s", REC("example.com", "p=reject; aspf=s"),
	    "example.com", "b.example.com", "mail.example.com", DMARC_PASS,
	    "reject", "example.com", "example.com", 0, 1 },
	{ "4.10.1 bad p, rua", REC("example.com", "p=bogus; " URI),
	    "example.com", NULL, "", DMARC_FAIL, "none", "example.com",
	    "example.com", 0, 0 },
	{ "4.10.1 bad p, no rua", REC("example.com", "p=bogus"),
	    "example.com", NULL, "example.com", DMARC_PERMERROR, NULL,
	    "example.com", "example.com", 0, 0 },
	{ "4.10.1 bad sp, no rua", REC("example.com", "p=reject; sp=bogus"),
	    "example.com", NULL, "", DMARC_NONE, NULL, "example.com",
	    "example.com", 0, 0 },
	{ "4.7 no p", REC("example.com", URI), "example.com", NULL,
	    "example.com", DMARC_PASS, "none", "example.com", "example.com",
	    0, 1 },
	{ "11.8 a record of the top-level domain", REC("example", "p=reject")
	    REC("corp.example", "p=reject"), "corp.example", NULL,
	    "evil.example", DMARC_PASS, "reject", "corp.example", "example",
	    0, 1 },
	{ "11.8 a record of the top-level domain, psd=n below", REC("example",
	    "p=reject")
	    REC("corp.example", "p=reject; psd=n"), "corp.example", NULL,
	    "evil.example", DMARC_FAIL, "reject", "corp.example",
	    "corp.example", 0, 0 },
	{ "4.10 9 labels: the name of 8 is skipped", REC("example.com",
	    "p=reject") REC("b.c.d.e.f.g.example.com", "p=none; psd=n"),
	    "mail.a.b.c.d.e.f.g.example.com", NULL, "", DMARC_FAIL, "reject",
	    "example.com", "example.com", 0, 0 },
	{ "4.10 8 labels: all names are queried", REC("example.com",
	    "p=reject"),
	    "a.b.c.d.e.f.example.com", NULL, "", DMARC_FAIL, "reject",
	    "example.com", "example.com", 0, 0 },
	{ "4.10.1 record of a PSD, not of a name between", REC("example",
	    "p=reject; psd=y; sp=none") REC("mail.corp.example",
	    "p=quarantine"), "a.mail.corp.example", NULL, "corp.example",
	    DMARC_PASS, "none", "example", "corp.example", 0, 1 },
	{ "4.7 no np: sp", REC("example.com", "p=none; sp=quarantine"),
	    "ghost.example.com", NULL, "", DMARC_FAIL, "quarantine",
	    "example.com", "example.com", 0, 0 },
	{ "9.3 pct=0", REC("example.com", "p=reject; pct=0"), "example.com",
	    NULL, "", DMARC_FAIL, "reject", "example.com", "example.com",
	    0, 0 },
	{ "3.2.4 null sender: HELO", REC("example.com", "p=reject"),
	    "example.com", "mx.example.com", "", DMARC_PASS, "reject",
	    "example.com", "example.com", 1, 0 },
	{ "4.4.2 another sender", REC("example.com", "p=reject"),
	    "example.com", "!other.example", "", DMARC_FAIL, "reject",
	    "example.com", "example.com", 0, 0 },
	{ "5.3.6 policy lookup failed",
	    "_dmarc.example.com TIMEOUT\n", "example.com", NULL,
	    "example.com", DMARC_TEMPERROR, NULL, NULL, NULL, 0, 0 },
	{ "5.3.6 lookup above failed, needed",
	    REC("example.com", "p=reject") "_dmarc.com SERVFAIL\n",
	    "a.example.com", NULL, "", DMARC_TEMPERROR, NULL, NULL, NULL,
	    0, 0 },
	{ "5.3.6 lookup failed, equal names",
	    REC("example.com", "p=reject") "_dmarc.com SERVFAIL\n",
	    "example.com", "example.com", "", DMARC_PASS, "reject",
	    "example.com", NULL, 1, 0 },
	{ "5.3.6 lookup failed, other top-level domain",
	    REC("example.com", "p=reject") "_dmarc.com SERVFAIL\n",
	    "example.com", NULL, "evil.example", DMARC_FAIL, "reject",
	    "example.com", NULL, 0, 0 },
	{ "5.3.6 lookup failed, strict", REC("example.com",
	    "p=reject; adkim=s") "_dmarc.com SERVFAIL\n", "example.com",
	    NULL, "a.example.com", DMARC_FAIL, "reject", "example.com", NULL,
	    0, 0 },
	{ "5.3.6 lookup failed, relaxed",
	    REC("example.com", "p=reject") "_dmarc.com SERVFAIL\n",
	    "example.com", NULL, "a.example.com", DMARC_PASS, "reject",
	    "example.com", NULL, 0, 1 },
	{ "5.3.6 lookup failed, relaxed, SPF",
	    REC("example.com", "p=reject") "_dmarc.com TIMEOUT\n",
	    "example.com", "b.a.example.com", "", DMARC_PASS, "reject",
	    "example.com", NULL, 1, 0 },
	{ "5.3.6 lookup failed, psd=n between", REC("example.com", "p=reject")
	    REC("a.example.com", "p=none; psd=n") "_dmarc.com SERVFAIL\n",
	    "example.com", NULL, "a.example.com", DMARC_TEMPERROR, "reject",
	    "example.com", NULL, 0, 0 },
	{ "5.3.6 lookup failed, a neighbour below it",
	    REC("example.com", "p=reject") REC("evil.com", "p=none")
	    "_dmarc.com SERVFAIL\n", "example.com", NULL, "evil.com",
	    DMARC_TEMPERROR, "reject", "example.com", NULL, 0, 0 },
	{ "5.3.6 two lookups failed", REC("example.com", "p=reject")
	    "_dmarc.a.example.com SERVFAIL\n_dmarc.com SERVFAIL\n",
	    "example.com", NULL, "a.example.com", DMARC_TEMPERROR, "reject",
	    "example.com", NULL, 0, 0 },
	{ "5.3.6 identifier lookup failed", REC("example.com",
	    "p=reject") "_dmarc.a.example.com TIMEOUT\n", "example.com",
	    NULL, "a.example.com", DMARC_TEMPERROR, "reject", "example.com",
	    "example.com", 0, 0 },
	{ "5.3.6 identifier lookup failed, another is aligned",
	    REC("example.com",
	    "p=reject") "_dmarc.a.example.com TIMEOUT\n", "example.com",
	    "b.example.com", "a.example.com", DMARC_PASS, "reject",
	    "example.com", "example.com", 1, 0 },
	{ "3.2.13 existence unknown", REC("example.com",
	    "p=reject; np=none") "a.example.com TIMEOUT\n", "a.example.com",
	    NULL, "", DMARC_TEMPERROR, "reject", "example.com",
	    "example.com", 0, 0 },
	{ "3.2.13 existence unknown, pass", REC("example.com",
	    "p=reject; np=none") "a.example.com TIMEOUT\n", "a.example.com",
	    NULL, "a.example.com", DMARC_PASS, "reject", "example.com",
	    "example.com", 0, 1 },
	{ "A.4 only a TXT record: exists", REC("example.com",
	    "p=none; np=reject") "a.example.com TXT x\n", "a.example.com",
	    NULL, "", DMARC_FAIL, "none", "example.com", "example.com",
	    0, 0 },
	{ "A.4 only a subdomain: exists", REC("example.com",
	    "p=none; np=reject") "b.a.example.com TXT x\n", "a.example.com",
	    NULL, "", DMARC_FAIL, "none", "example.com", "example.com",
	    0, 0 },
	{ "SPF temperror, aligned", REC("example.com", "p=reject"),
	    "example.com", "?a.example.com", "", DMARC_TEMPERROR, "reject",
	    "example.com", "example.com", 0, 0 },
	{ "DKIM temperror, aligned", REC("example.com", "p=reject"),
	    "example.com", NULL, "?example.com", DMARC_TEMPERROR, "reject",
	    "example.com", "example.com", 0, 0 },
	{ "temperror, not aligned", REC("example.com", "p=reject"),
	    "example.com", "?other.example", "?evil.example", DMARC_FAIL,
	    "reject", "example.com", "example.com", 0, 0 },
	{ "4.4.1 the second signature", REC("example.com", "p=reject"),
	    "example.com", NULL, "evil.example !example.com a.example.com",
	    DMARC_PASS, "reject", "example.com", "example.com", 0, 1 },
	{ "4.4 aligned, not passed", REC("example.com", "p=reject"),
	    "example.com", "!example.com", "!example.com !a.example.com",
	    DMARC_FAIL, "reject", "example.com", "example.com", 0, 0 },
	{ "3.2.10 letter case", REC("example.com", "p=reject; adkim=s"),
	    "EXAMPLE.com", NULL, "Example.COM.", DMARC_PASS, "reject",
	    "example.com", "example.com", 0, 1 },
	{ "5.3.1 U-labels", REC("xn--bcher-kva.example", "p=reject"),
	    "b\xc3\xbc" "cher.example", NULL, "xn--bcher-kva.example",
	    DMARC_PASS, "reject", "xn--bcher-kva.example",
	    "xn--bcher-kva.example", 0, 1 },
	{ "suffix that is not a parent", REC("ample.com", "p=reject"),
	    "ample.com", "example.com", "xample.com", DMARC_FAIL, "reject",
	    "ample.com", "ample.com", 0, 0 },
	{ "an invalid identifier", REC("example.com", "p=reject"),
	    "example.com", "a b", "..", DMARC_FAIL, "reject", "example.com",
	    "example.com", 0, 0 },
	{ "11.5 no author domain", "", "", NULL, "", DMARC_PERMERROR, NULL,
	    NULL, NULL, 0, 0 },
	{ "11.5 an address literal", "", "[192.0.2.1]", NULL, "",
	    DMARC_PERMERROR, NULL, NULL, NULL, 0, 0 },
};

static void
check_row(const struct row *row, bool slow)
{
	const struct dmarc_verdict *v;
	struct lab lab;

	lab_init(&lab, str_from(row->zone));
	lab.slow = slow;
	v = dmarc_decisive(lab_evaluate(&lab, NULL,
	    (struct lab_case){ row->from, row->spf, row->dkim }, NULL));
	tap_num(v->result, row->result, row->name);
	tap_str(str_from(v->has_policy ? dmarc_policy_name(v->policy) : NULL),
	    str_from(row->policy), "policy");
	tap_str(v->policy_domain, str_from(row->policy_domain),
	    "domain of the record");
	tap_str(v->org_domain, str_from(row->org), "organisational domain");
	tap_ok(v->spf_aligned == row->spf_aligned &&
	    v->dkim_aligned == row->dkim_aligned, "alignment");
	tap_ok(v->reason != NULL && !v->psl, "reason");
	lab_fini(&lab);
}

/* The number of queries and of rounds. */
static const struct {
	const char	*name;
	const char	*zone;
	const char	*from;
	const char	*spf, *dkim;
	size_t		 queries;
	unsigned	 rounds;
} counts[] = {
	{ "nothing published", "", "example.com", "b.example.com",
	    "a.example.com", 2, 1 },
	{ "identical domains", REC("example.com", "p=none"), "example.com",
	    "example.com", "example.com", 2, 1 },
	{ "the organisational domain", REC("example.com", "p=none"),
	    "a.example.com", "example.com", "", 3, 1 },
	{ "another domain", REC("example.com", "p=none"),
	    "example.com", "bounce.example.net", "evil.example", 2, 1 },
	{ "a sibling", REC("example.com", "p=none"), "a.example.com",
	    "b.example.com", "", 4, 2 },
	{ "strict", REC("example.com", "p=none; aspf=s; adkim=s"),
	    "example.com", "a.example.com", "b.example.com", 2, 1 },
	{ "a signature of the author domain", REC("example.com", "p=none"),
	    "example.com", NULL, "a.example.com example.com", 2, 1 },
	{ "identifiers that did not pass", REC("example.com", "p=none"),
	    "example.com", "!a.example.com", "!b.example.com", 2, 1 },
	{ "np differs from sp: existence query", REC("example.com",
	    "p=none; np=reject"), "a.example.com", NULL, "", 4, 2 },
	{ "np equals sp: no existence query", REC("example.com",
	    "p=none; sp=reject; np=reject"), "a.example.com", NULL, "", 3, 1 },
	{ "own record: no existence query", REC("a.example.com",
	    "p=none; np=reject"), "a.example.com", NULL, "", 3, 1 },
	{ "12 labels each", REC("example.com", "p=none"), DEEP,
	    "b." DEEP, "c." DEEP, 10, 2 },
};

static void
check_counts(void)
{
	struct lab lab;
	unsigned rounds;
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		lab_init(&lab, str_from(counts[i].zone));
		(void)lab_evaluate(&lab, NULL, (struct lab_case){
		    counts[i].from, counts[i].spf, counts[i].dkim }, &rounds);
		tap_num((long long)dns_batch_count(lab.batch),
		    (long long)counts[i].queries, counts[i].name);
		tap_num(rounds, counts[i].rounds, "rounds");
		lab_fini(&lab);
	}
}

/* The early lookups of dmarc_expect. */
static void
check_expect(void)
{
	const struct str from = STR("a.example.com");
	struct dmarc_opts opts = { .psl = NULL };
	struct dmarc *dmarc;
	struct lab lab;
	char name[64];
	int i;

	lab_init(&lab, STR(REC("example.com", "p=none")));
	lab_must(dmarc_new(&lab.arena, lab.batch, &opts, &from, 1, &dmarc) ==
	    STATUS_OK, "dmarc");
	tap_ok(dmarc_expect(dmarc, STR("b.example.com")) == STATUS_OK &&
	    dns_batch_count(lab.batch) == 4, "a sibling: looked up");
	tap_ok(dmarc_expect(dmarc, STR("example.net")) == STATUS_OK &&
	    dmarc_expect(dmarc, STR("..")) == STATUS_OK &&
	    dns_batch_count(lab.batch) == 4, "other domains: not looked up");
	for (i = 0; i < 2 * DMARC_MAX_LOOKUPS; i++) {
		snprintf(name, sizeof(name), "x%d.example.com", i);
		lab_must(dmarc_expect(dmarc, str_from(name)) == STATUS_OK,
		    "expect");
	}
	tap_num((long long)dns_batch_count(lab.batch), 3 + DMARC_MAX_LOOKUPS,
	    "at most DMARC_MAX_LOOKUPS early lookups");
	lab_fini(&lab);
}

/* RFC 9989 11.5 */
static const struct {
	const char		*name;
	const char		*from;
	const char		*dkim;
	enum dmarc_result	 result;
	const char		*decisive;
	size_t			 count;
} authors[] = {
	{ "the same author twice", "none.example NONE.example", "", DMARC_FAIL,
	    "none.example", 1 },
	{ "the strictest failing author", "none.example reject.example "
	    "quarantine.example", "", DMARC_FAIL, "reject.example", 3 },
	{ "a passing author is not decisive", "reject.example "
	    "quarantine.example", "reject.example", DMARC_FAIL,
	    "quarantine.example", 2 },
	{ "all pass", "reject.example quarantine.example",
	    "reject.example quarantine.example", DMARC_PASS,
	    "reject.example", 2 },
	{ "none over pass", "reject.example absent.example",
	    "reject.example", DMARC_NONE, "absent.example", 2 },
	{ "fail with p=none over none", "none.example absent.example", "",
	    DMARC_FAIL, "none.example", 2 },
	{ "temperror over fail with p=none", "none.example down.example", "",
	    DMARC_TEMPERROR, "down.example", 2 },
	{ "fail with p=quarantine over temperror", "down.example "
	    "quarantine.example", "", DMARC_FAIL, "quarantine.example", 2 },
	{ "an invalid name: permerror over pass", "reject.example a..b",
	    "reject.example", DMARC_PERMERROR, "a..b", 2 },
};

static void
check_authors(void)
{
	const struct dmarc_verdict *v;
	struct dmarc *dmarc;
	struct lab lab;
	size_t i;

	lab_init(&lab, STR(REC("none.example", "p=none")
	    REC("quarantine.example", "p=quarantine")
	    REC("reject.example", "p=reject")
	    "_dmarc.down.example SERVFAIL\n"));
	for (i = 0; i < sizeof(authors) / sizeof(authors[0]); i++) {
		dmarc = lab_evaluate(&lab, NULL, (struct lab_case){
		    authors[i].from, NULL, authors[i].dkim }, NULL);
		v = dmarc_decisive(dmarc);
		tap_num(v->result, authors[i].result, authors[i].name);
		tap_str(v->from, str_from(authors[i].decisive),
		    "decisive author");
		tap_num((long long)dmarc_count(dmarc),
		    (long long)authors[i].count, "verdicts");
	}
	lab_fini(&lab);
}

static void
check_limits(void)
{
	char from[1024] = "", dkim[1024] = "";
	struct dmarc *dmarc;
	struct lab lab;
	size_t n;
	int i;

	for (i = 0, n = 0; i < 3 * DMARC_MAX_AUTHORS; i++) {
		n += (size_t)snprintf(from + n, sizeof(from) - n, "a%d.x ", i);
	}
	lab_init(&lab, STR(""));
	dmarc = lab_evaluate(&lab, NULL, (struct lab_case){ from, NULL,
	    "" }, NULL);
	tap_num((long long)dmarc_count(dmarc), DMARC_MAX_AUTHORS + 1,
	    "too many author domains");
	tap_num((long long)dns_batch_count(lab.batch), DMARC_MAX_AUTHORS + 1,
	    "queries for the first ones only");
	tap_num(dmarc_decisive(dmarc)->result, DMARC_PERMERROR,
	    "too many author domains: permerror");
	lab_fini(&lab);
	for (i = 0, n = 0; i < 2 * DMARC_MAX_LOOKUPS; i++) {
		n += (size_t)snprintf(dkim + n, sizeof(dkim) - n,
		    "a%d.example.com ", i);
	}
	lab_init(&lab, STR(REC("example.com", "p=reject")));
	dmarc = lab_evaluate(&lab, NULL, (struct lab_case){ "example.com", NULL,
	    dkim }, NULL);
	tap_num((long long)dns_batch_count(lab.batch), 2 + DMARC_MAX_LOOKUPS,
	    "at most DMARC_MAX_LOOKUPS identifiers are looked up");
	tap_ok(dmarc_get(dmarc, 0)->dkim_aligned, "the first ones are aligned");
	lab_fini(&lab);
}

/* Waiting for answers, and giving up. */
static void
check_steps(void)
{
	const struct dmarc_identifier spf = { STR("b.example.com"),
		DMARC_AUTH_PASS };
	const struct str from = STR("a.example.com");
	struct dmarc_opts opts = { .psl = NULL };
	struct dmarc *dmarc;
	unsigned seed = 1;
	bool done = true;
	struct lab lab;

	lab_init(&lab, STR(REC("example.com", "p=none; np=reject")));
	lab.slow = true;
	lab_must(dmarc_new(&lab.arena, lab.batch, &opts, &from, 1, &dmarc) ==
	    STATUS_OK, "dmarc");
	tap_ok(dmarc_step(dmarc, &done) == STATUS_OK && !done,
	    "waits for the policy");
	while (lab.open_n > 0) {
		lab_answer_one(&lab, &seed);
	}
	tap_ok(dmarc_step(dmarc, &done) == STATUS_OK && !done,
	    "waits for dmarc_authenticated()");
	tap_num((long long)lab.open_n, 1, "existence is queried meanwhile");
	tap_ok(dmarc_authenticated(dmarc, &spf, NULL, 0) == STATUS_OK &&
	    dmarc_step(dmarc, &done) == STATUS_OK && !done && lab.open_n == 2,
	    "waits for alignment");
	dmarc_give_up(dmarc);
	tap_ok(dmarc_step(dmarc, &done) == STATUS_OK && done,
	    "done after giving up");
	tap_num(dmarc_decisive(dmarc)->result, DMARC_TEMPERROR,
	    "temperror after giving up");
	lab_fini(&lab);
}

/* A lookup that cannot change the verdict is not waited for. */
static void
check_settled(const char *spf, bool done_early)
{
	const struct dmarc_identifier id = { str_from(spf), DMARC_AUTH_PASS };
	const struct str from = STR("example.com");
	struct dmarc_opts opts = { .psl = NULL };
	struct dmarc *dmarc;
	bool done = true;
	struct lab lab;

	lab_init(&lab, STR(REC("example.com", "p=reject")));
	lab.slow = true;
	lab_must(dmarc_new(&lab.arena, lab.batch, &opts, &from, 1, &dmarc) ==
	    STATUS_OK && dmarc_expect(dmarc, id.domain) == STATUS_OK, "dmarc");
	lab_answer_but(&lab, STR("_dmarc.com"));
	tap_ok(dmarc_step(dmarc, &done) == STATUS_OK && !done,
	    "_dmarc.com is missing, nothing has passed yet");
	tap_ok(dmarc_authenticated(dmarc, &id, NULL, 0) == STATUS_OK &&
	    dmarc_step(dmarc, &done) == STATUS_OK && done == done_early,
	    "%s passes", spf);
	if (done) {
		tap_num(dmarc_decisive(dmarc)->result, DMARC_PASS, "pass");
		tap_num((long long)lab.open_n, 1, "without _dmarc.com");
	}
	dmarc_give_up(dmarc);
	tap_ok(dmarc_step(dmarc, &done) == STATUS_OK && done, "given up");
	lab_fini(&lab);
}

static void
check_words(void)
{
	static const char *const words[] = { "none", "pass", "fail",
		"temperror", "permerror" };
	int i;

	for (i = DMARC_NONE; i <= DMARC_PERMERROR; i++) {
		tap_str(str_from(dmarc_result_name((enum dmarc_result)i)),
		    str_from(words[i]), "9.2 result name");
	}
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i], false);
		check_row(&rows[i], true);
	}
	check_counts();
	check_expect();
	check_authors();
	check_limits();
	check_steps();
	check_settled("example.com", true);
	check_settled("mail.example.com", true);
	check_settled("evil.com", false);
	check_settled("other.example", false);
	check_words();
	return (tap_done());
}
