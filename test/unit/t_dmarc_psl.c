/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <unistd.h>

#include "dmarc/psl.h"
#include "mail/domain.h"

#include "test/unit/dmarc_lab.h"

/* A list in the format of publicsuffix.org. */
static const char list_text[] =
    "// ===BEGIN ICANN DOMAINS===\n"
    "com\nuk\nco.uk\n*.wild\n!city.wild\nxn--p1ai\n"
    "// ===END ICANN DOMAINS===\n"
    "// ===BEGIN PRIVATE DOMAINS===\nhost.com\n"
    "// ===END PRIVATE DOMAINS===\n";

/* RFC 7489 3.2 */
static const struct {
	const char	*name;
	const char	*domain;
	const char	*org;
} rows[] = {
	{ "registered", "example.com", "example.com" },
	{ "below", "a.b.example.com", "example.com" },
	{ "a suffix itself", "com", "com" },
	{ "a suffix of two labels", "co.uk", "co.uk" },
	{ "below a suffix of two labels", "a.example.co.uk", "example.co.uk" },
	{ "a wildcard", "a.b.c.wild", "b.c.wild" },
	{ "a wildcard itself", "c.wild", "c.wild" },
	{ "an exception", "a.city.wild", "city.wild" },
	{ "a private suffix", "a.b.host.com", "b.host.com" },
	{ "an unknown suffix", "a.b.example", "b.example" },
	{ "one label", "localhost", "localhost" },
	{ "A-labels", "a.xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai" },
};

static struct dmarc_psl *
load(void)
{
	char path[] = "/tmp/t_dmarc_psl.XXXXXX";
	int fd = mkstemp(path);
	struct dmarc_psl *psl = NULL;

	lab_must(fd >= 0 && write(fd, list_text, sizeof(list_text) - 1) > 0,
	    "list");
	close(fd);
	tap_num(dmarc_psl_new(path, &psl), STATUS_OK, "a list from a file");
	unlink(path);
	return (psl);
}

static void
check_names(const struct dmarc_psl *psl)
{
	char name[DOMAIN_MAX_BYTES + 64];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tap_str(dmarc_psl_org(psl, str_from(rows[i].domain)),
		    str_from(rows[i].org), rows[i].name);
	}
	memset(name, 'a', sizeof(name));
	for (i = 1; i < 199; i += 2) {
		name[i] = '.';
	}
	memcpy(name + 199, ".example.com", 12);
	tap_str(dmarc_psl_org(psl, str_mem(name, 211)), STR("example.com"),
	    "102 labels");
	memset(name, 'a', sizeof(name));
	tap_num((long long)dmarc_psl_org(psl, str_mem(name, sizeof(name))).n,
	    sizeof(name), "a name that is too long: unchanged");
}

/* Discovery of RFC 7489 6.6.3. */
static const struct row {
	const char		*name;
	const char		*zone;
	const char		*from;
	const char		*spf, *dkim;
	enum dmarc_result	 result;
	enum dmarc_policy	 policy;	/* unless none */
	const char		*policy_domain;
	size_t			 queries;
} discoveries[] = {
	{ "own record", REC("a.example.com", "p=reject")
	    REC("example.com", "p=none"), "a.example.com", NULL, "",
	    DMARC_FAIL, DMARC_P_REJECT, "a.example.com", 2 },
	{ "record of the organisational domain, sp",
	    REC("example.com", "p=reject; sp=quarantine"), "a.b.example.com",
	    NULL, "", DMARC_FAIL, DMARC_P_QUARANTINE, "example.com", 2 },
	{ "np is ignored", REC("example.com", "p=reject; np=none"),
	    "ghost.example.com", NULL, "", DMARC_FAIL, DMARC_P_REJECT,
	    "example.com", 2 },
	{ "psd is ignored", REC("b.example.com", "p=reject; psd=n")
	    REC("example.com", "p=none"), "a.b.example.com", NULL, "",
	    DMARC_FAIL, DMARC_P_NONE, "example.com", 2 },
	{ "records between are not queried",
	    REC("b.example.com", "p=reject"), "a.b.example.com", NULL, "",
	    DMARC_NONE, 0, NULL, 2 },
	{ "the record of the suffix is not queried", REC("com", "p=reject"),
	    "example.com", NULL, "", DMARC_NONE, 0, NULL, 1 },
	{ "t=y lowers", REC("example.com", "p=reject; t=y"), "example.com",
	    NULL, "", DMARC_FAIL, DMARC_P_QUARANTINE, "example.com", 1 },
	{ "several records end the search", REC("a.example.com", "p=reject")
	    REC("a.example.com", "p=none") REC("example.com", "p=reject"),
	    "a.example.com", NULL, "", DMARC_NONE, 0, NULL, 2 },
	{ "relaxed, siblings", REC("example.com", "p=reject"),
	    "a.example.com", NULL, "b.example.com", DMARC_PASS,
	    DMARC_P_REJECT, "example.com", 2 },
	{ "relaxed, the parent, no record there",
	    REC("news.example.com", "p=reject"), "news.example.com",
	    "example.com", "", DMARC_PASS, DMARC_P_REJECT,
	    "news.example.com", 2 },
	{ "strict", REC("example.com", "p=reject; adkim=s; aspf=s"),
	    "example.com", "a.example.com", "b.example.com", DMARC_FAIL,
	    DMARC_P_REJECT, "example.com", 1 },
	{ "the same suffix only", REC("example.co.uk", "p=reject"),
	    "example.co.uk", "other.co.uk", "co.uk", DMARC_FAIL,
	    DMARC_P_REJECT, "example.co.uk", 1 },
	{ "lookup failed, author", "_dmarc.a.example.com TIMEOUT\n"
	    REC("example.com", "p=reject"), "a.example.com", NULL, "",
	    DMARC_TEMPERROR, 0, NULL, 2 },
	{ "lookup failed above, not needed", REC("a.example.com", "p=reject")
	    "_dmarc.example.com SERVFAIL\n", "a.example.com", NULL,
	    "b.example.com", DMARC_PASS, DMARC_P_REJECT, "a.example.com", 2 },
	{ "lookup failed above, needed", "_dmarc.example.com SERVFAIL\n",
	    "a.example.com", NULL, "", DMARC_TEMPERROR, 0, NULL, 2 },
};

static void
check_discovery(const struct dmarc_psl *psl, const struct row *row)
{
	const struct dmarc_verdict *v;
	struct lab lab;
	unsigned rounds;

	lab_init(&lab, str_from(row->zone));
	v = dmarc_decisive(lab_evaluate(&lab, psl,
	    (struct lab_case){ row->from, row->spf, row->dkim }, &rounds));
	tap_num(v->result, row->result, row->name);
	tap_ok(v->psl && (!v->has_policy || v->policy == row->policy),
	    "policy");
	tap_str(v->policy_domain, str_from(row->policy_domain),
	    "domain of the record");
	tap_num((long long)dns_batch_count(lab.batch),
	    (long long)row->queries, "queries");
	tap_num(rounds, 1, "rounds");
	lab_fini(&lab);
}

/* The veto of the list in tree walks: neighbours below a suffix that publishes
   a policy without psd=. */
#define TENANTS	REC("host.com", "p=none") REC("bank.host.com", "p=reject")

static const struct {
	const char		*name;
	const char		*zone;
	const char		*from, *dkim;
	enum dmarc_result	 result;
	const char		*policy_domain;
} vetoes[] = {
	{ "a neighbour", REC("host.com", "p=none") REC("bank.host.com",
	    "p=reject"), "bank.host.com", "evil.host.com", DMARC_FAIL,
	    "bank.host.com" },
	{ "a neighbour, ICANN's part", REC("co.uk", "p=none")
	    REC("bank.co.uk", "p=reject"), "bank.co.uk", "evil.co.uk",
	    DMARC_FAIL, "bank.co.uk" },
	{ "the suffix itself", REC("host.com", "p=none")
	    REC("bank.host.com", "p=reject"), "bank.host.com", "host.com",
	    DMARC_FAIL, "bank.host.com" },
	{ "a subdomain", REC("host.com", "p=none") REC("bank.host.com",
	    "p=reject"), "bank.host.com", "a.b.bank.host.com", DMARC_PASS,
	    "bank.host.com" },
	{ "the policy is found as in RFC 9989", REC("host.com", "p=reject"),
	    "bank.host.com", "evil.host.com", DMARC_FAIL, "host.com" },
	{ "the suffix as author", REC("host.com", "p=reject"), "host.com",
	    "evil.host.com", DMARC_FAIL, "host.com" },
	{ "the suffix as author, its own signature", REC("host.com",
	    "p=reject"), "host.com", "host.com", DMARC_PASS, "host.com" },
	{ "psd=n at the suffix", REC("host.com", "p=reject; psd=n"),
	    "a.host.com", "b.host.com", DMARC_PASS, "host.com" },
	{ "psd=y at the suffix", REC("host.com", "p=reject; psd=y"),
	    "a.host.com", "b.host.com", DMARC_FAIL, "host.com" },
	{ "no suffix", REC("example.com", "p=reject"), "a.example.com",
	    "b.example.com", DMARC_PASS, "example.com" },
	{ "a top-level domain that is not on the list",
	    REC("example", "p=reject"), "a.example", "b.example", DMARC_PASS,
	    "example" },
	/* the name above the suffix has a record as well */
	{ "a neighbour, a record above", TENANTS REC("com", "p=none"),
	    "bank.host.com", "evil.host.com", DMARC_FAIL, "bank.host.com" },
	{ "a neighbour, psd=y above", TENANTS REC("com", "p=none; psd=y"),
	    "bank.host.com", "evil.host.com", DMARC_FAIL, "bank.host.com" },
	{ "a neighbour, a record above only", REC("bank.co.uk", "p=reject")
	    REC("uk", "p=none"), "bank.co.uk", "evil.co.uk", DMARC_FAIL,
	    "bank.co.uk" },
	{ "a neighbour, psd=y above only", REC("uk", "p=reject; psd=y"),
	    "bank.co.uk", "evil.co.uk", DMARC_FAIL, "uk" },
	{ "a subdomain, psd=y above", TENANTS REC("com", "p=none; psd=y"),
	    "bank.host.com", "a.b.bank.host.com", DMARC_PASS,
	    "bank.host.com" },
	{ "no suffix, psd=y above", REC("com", "p=none; psd=y")
	    REC("example.com", "p=reject"), "a.example.com", "b.example.com",
	    DMARC_PASS, "example.com" },
	/* the name above the suffix has no answer */
	{ "a neighbour, SERVFAIL above", TENANTS "_dmarc.com SERVFAIL\n",
	    "bank.host.com", "evil.host.com", DMARC_TEMPERROR,
	    "bank.host.com" },
	{ "a neighbour, TIMEOUT above", TENANTS "_dmarc.com TIMEOUT\n",
	    "bank.host.com", "evil.host.com", DMARC_TEMPERROR,
	    "bank.host.com" },
	{ "a neighbour, ICANN's part, SERVFAIL above",
	    REC("co.uk", "p=none") REC("bank.co.uk", "p=reject")
	    "_dmarc.uk SERVFAIL\n", "bank.co.uk", "evil.co.uk",
	    DMARC_TEMPERROR, "bank.co.uk" },
	{ "a neighbour with a record, SERVFAIL above", TENANTS
	    REC("evil.host.com", "p=none") "_dmarc.com SERVFAIL\n",
	    "bank.host.com", "a.evil.host.com", DMARC_TEMPERROR,
	    "bank.host.com" },
	{ "the suffix itself, SERVFAIL above", TENANTS
	    "_dmarc.com SERVFAIL\n", "bank.host.com", "host.com",
	    DMARC_TEMPERROR, "bank.host.com" },
	{ "the author domain itself, SERVFAIL above", TENANTS
	    "_dmarc.com SERVFAIL\n", "bank.host.com", "bank.host.com",
	    DMARC_PASS, "bank.host.com" },
	{ "a subdomain, SERVFAIL above", TENANTS "_dmarc.com SERVFAIL\n",
	    "bank.host.com", "a.b.bank.host.com", DMARC_PASS,
	    "bank.host.com" },
	{ "the suffix as author, SERVFAIL above", REC("host.com", "p=reject")
	    "_dmarc.com SERVFAIL\n", "host.com", "evil.host.com",
	    DMARC_TEMPERROR, "host.com" },
	{ "a subdomain, SERVFAIL at the suffix", REC("bank.host.com",
	    "p=reject") "_dmarc.host.com SERVFAIL\n", "bank.host.com",
	    "a.bank.host.com", DMARC_PASS, "bank.host.com" },
	{ "no suffix, SERVFAIL above", REC("a.example.com", "p=reject")
	    REC("example.com", "p=none") "_dmarc.com SERVFAIL\n",
	    "a.example.com", "b.example.com", DMARC_PASS, "a.example.com" },
};

static void
check_veto(const struct dmarc_psl *psl, size_t i)
{
	struct lab_case c = { vetoes[i].from, NULL, vetoes[i].dkim };
	const struct dmarc_verdict *v;
	struct lab lab;

	lab_init(&lab, str_from(vetoes[i].zone));
	lab_suffixes = psl;
	v = dmarc_decisive(lab_evaluate(&lab, NULL, c, NULL));
	lab_suffixes = NULL;
	tap_str(str_from(dmarc_result_name(v->result)),
	    str_from(dmarc_result_name(vetoes[i].result)), vetoes[i].name);
	tap_str(v->policy_domain, str_from(vetoes[i].policy_domain), "policy");
	lab_fini(&lab);
}

/* The same while the answer for com is missing. */
static void
check_early(const struct dmarc_psl *psl, const char *passes, bool done_early,
    enum dmarc_result result)
{
	const struct dmarc_identifier id = { str_from(passes),
		DMARC_AUTH_PASS };
	const struct str from = STR("bank.host.com");
	struct dmarc_opts opts = { .suffixes = psl };
	struct dmarc *dmarc;
	bool done = true;
	struct lab lab;

	lab_init(&lab, STR(TENANTS));
	lab.slow = true;
	lab_must(dmarc_new(&lab.arena, lab.batch, &opts, &from, 1, &dmarc) ==
	    STATUS_OK && dmarc_expect(dmarc, id.domain) == STATUS_OK, "dmarc");
	lab_answer_but(&lab, STR("_dmarc.com"));
	tap_ok(dmarc_step(dmarc, &done) == STATUS_OK && !done,
	    "nothing has passed yet");
	tap_ok(dmarc_authenticated(dmarc, &id, NULL, 0) == STATUS_OK &&
	    dmarc_step(dmarc, &done) == STATUS_OK && done == done_early,
	    "%s passes, _dmarc.com is missing", passes);
	lab_answer_but(&lab, STR(""));
	tap_ok(dmarc_step(dmarc, &done) == STATUS_OK && done, "done");
	tap_str(str_from(dmarc_result_name(dmarc_decisive(dmarc)->result)),
	    str_from(dmarc_result_name(result)), passes);
	lab_fini(&lab);
}

int
main(void)
{
	struct dmarc_psl *psl, *other;
	size_t i;

	tap_num(dmarc_psl_new("/nonexistent/list", &psl), STATUS_IO,
	    "no such file");
	tap_ok(psl == NULL, "no such file: NULL");
	if (dmarc_psl_new(NULL, &other) == STATUS_OK) {
		tap_str(dmarc_psl_org(other, STR("a.bbc.co.uk")),
		    STR("bbc.co.uk"), "the system's list");
	} else {
		tap_skip("the system's list", "none installed");
	}
	dmarc_psl_free(other);
	dmarc_psl_free(NULL);
	psl = load();
	check_names(psl);
	for (i = 0; i < sizeof(discoveries) / sizeof(discoveries[0]); i++) {
		check_discovery(psl, &discoveries[i]);
	}
	for (i = 0; i < sizeof(vetoes) / sizeof(vetoes[0]); i++) {
		check_veto(psl, i);
	}
	check_early(psl, "evil.host.com", false, DMARC_FAIL);
	check_early(psl, "host.com", false, DMARC_FAIL);
	check_early(psl, "a.bank.host.com", true, DMARC_PASS);
	check_early(psl, "bank.host.com", true, DMARC_PASS);
	dmarc_psl_free(psl);
	return (tap_done());
}
