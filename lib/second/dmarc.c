/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>
#include <sys/param.h>
#include <netinet/in.h>
#include <string.h>

#include <libpsl.h>
#include <opendmarc/dmarc.h>

#include "second/dmarc.h"
#include "second/private.h"

/* libopendmarc requires a client address and does not use it. */
#define ANY_CLIENT	"192.0.2.1"

struct policy_record {
	struct str	 record;	/* absent: none */
	struct str	 org_domain;	/* absent: at the author domain */
	enum dns_result	 dns_error;	/* DNS_OK: none */
};

static u_char *
make_text(struct arena *arena, struct str s)
{
	return ((u_char *)arena_cstr(arena, s));
}

/* The first policy record that libopendmarc can read. */
static bool
find_record(const struct dns_answer *answer, struct str *record_r)
{
	size_t i;

	for (i = 0; i < answer->n; i++) {
		struct str data = answer->v[i].data;

		if (str_starts_ci(data, STR("v=DMARC1")) &&
		    data.n <= SECOND_DMARC_RECORD_BYTES &&
		    memchr(data.p, '\0', data.n) == NULL) {
			*record_r = data;
			return (true);
		}
	}
	return (false);
}

static enum status
look_up_record(struct arena *arena, struct dns_batch *batch, struct str domain,
    uint64_t dns_deadline_us, struct policy_record *f)
{
	struct str name = arena_printf(arena, "_dmarc.%.*s", STR_FMT(domain));
	const struct dns_answer *answer;

	if (name.p == NULL) {
		return (STATUS_NOMEM);
	}
	answer = second_ask(batch, name, DNS_TXT, dns_deadline_us);
	if (answer == NULL) {
		return (STATUS_NOMEM);
	}
	if (!find_record(answer, &f->record) &&
	    (answer->result == DNS_SERVFAIL ||
	    answer->result == DNS_TIMEOUT)) {
		f->dns_error = answer->result;
	}
	return (STATUS_OK);
}

/* RFC 7489 6.6.3: at the author domain, else at the organisational domain. */
static enum status
find_policy(struct second *second, struct arena *arena, struct dns_batch *batch,
    struct str from, uint64_t dns_deadline_us, struct policy_record *f)
{
	char *name = arena_cstr(arena, from);
	const char *org;
	enum status status;

	*f = (struct policy_record){ .dns_error = DNS_OK };
	if (name == NULL) {
		return (STATUS_NOMEM);
	}
	status = look_up_record(arena, batch, from, dns_deadline_us, f);
	if (status != STATUS_OK || f->record.p != NULL ||
	    f->dns_error != DNS_OK) {
		return (status);
	}
	org = second->psl != NULL ?
	    psl_registrable_domain(second->psl, name) : NULL;
	if (org == NULL || strcmp(org, name) == 0) {
		return (STATUS_OK);
	}
	f->org_domain = str_from(org);
	return (look_up_record(arena, batch, f->org_domain, dns_deadline_us,
	    f));
}

/* The constants for SPF and for DKIM have the same values. */
static int
outcome_code(enum second_word word)
{
	switch (word) {
	case SECOND_PASS:
		return (DMARC_POLICY_SPF_OUTCOME_PASS);
	case SECOND_TEMPERROR:
		return (DMARC_POLICY_SPF_OUTCOME_TMPFAIL);
	case SECOND_ABSENT:
	case SECOND_NONE:
		return (DMARC_POLICY_SPF_OUTCOME_NONE);
	case SECOND_FAIL:
	case SECOND_POLICY:
	case SECOND_NEUTRAL:
	case SECOND_PERMERROR:
		break;
	}
	return (DMARC_POLICY_SPF_OUTCOME_FAIL);
}

static struct str
lower_copy(struct arena *arena, struct str s)
{
	struct str copy = arena_dup(arena, s);
	char *p = (char *)(uintptr_t)copy.p;
	size_t i;

	for (i = 0; i < copy.n; i++) {
		p[i] = char_lower(p[i]);
	}
	return (copy);
}

static bool
store_results(DMARC_POLICY_T *policy, struct arena *arena,
    const struct second_dmarc_query *q)
{
	size_t i, n = q->dkim != NULL ? second_dkim_count(q->dkim) : 0;
	u_char *domain;

	if (q->spf_domain.n > 0) {
		domain = make_text(arena, q->spf_domain);
		if (domain == NULL) {
			return (false);
		}
		(void)opendmarc_policy_store_spf(policy, domain,
		    outcome_code(q->spf_result),
		    DMARC_POLICY_SPF_ORIGIN_MAILFROM, NULL);
	}
	for (i = 0; i < n; i++) {
		const struct second_result *r = second_dkim_get(q->dkim, i);

		domain = make_text(arena, lower_copy(arena, r->domain));
		if (domain == NULL) {
			return (false);
		}
		(void)opendmarc_policy_store_dkim(policy, domain,
		    (u_char *)(uintptr_t)"", outcome_code(r->result), NULL);
	}
	return (true);
}

static const char *
policy_word(int p)
{
	switch (p) {
	case DMARC_RECORD_P_QUARANTINE:
		return ("quarantine");
	case DMARC_RECORD_P_REJECT:
		return ("reject");
	default:
		return ("none");
	}
}

/* p, or sp if the record is the organisational domain's. */
static const char *
published_policy(DMARC_POLICY_T *policy, bool inherited)
{
	int p = DMARC_RECORD_P_UNSPECIFIED, sp = DMARC_RECORD_P_UNSPECIFIED;

	(void)opendmarc_policy_fetch_p(policy, &p);
	(void)opendmarc_policy_fetch_sp(policy, &sp);
	return (policy_word(inherited && sp != DMARC_RECORD_P_UNSPECIFIED ?
	    sp : p));
}

static void
enforce_policy(DMARC_POLICY_T *policy, const struct policy_record *f,
    struct second_dmarc *r)
{
	int status = opendmarc_get_policy_to_enforce(policy);

	r->reason = opendmarc_policy_status_to_str(status);
	switch (status) {
	case DMARC_POLICY_PASS:
		r->result = SECOND_PASS;
		break;
	case DMARC_POLICY_NONE:
	case DMARC_POLICY_QUARANTINE:
	case DMARC_POLICY_REJECT:
		r->result = SECOND_FAIL;
		break;
	default:
		r->result = SECOND_PERMERROR;
		return;
	}
	r->policy = published_policy(policy, f->org_domain.p != NULL);
}

static enum status
judge_policy(struct arena *arena, DMARC_POLICY_T *policy,
    const struct second_dmarc_query *q, const struct policy_record *f,
    struct second_dmarc *r)
{
	u_char *from = make_text(arena, q->from), *record, *org;
	int status;

	record = make_text(arena, f->record);
	org = make_text(arena, f->org_domain);
	if (from == NULL || record == NULL || org == NULL) {
		return (STATUS_NOMEM);
	}
	/* It selects one of the signatures by the author's domain, so that it
	   needs the domain first. */
	(void)opendmarc_policy_store_from_domain(policy, from);
	if (!store_results(policy, arena, q)) {
		return (STATUS_NOMEM);
	}
	status = opendmarc_policy_store_dmarc(policy, record, from,
	    f->org_domain.p != NULL ? org : NULL);
	if (status == DMARC_PARSE_OKAY) {
		enforce_policy(policy, f, r);
	} else {
		r->result = SECOND_PERMERROR;
		r->reason = opendmarc_policy_status_to_str(status);
	}
	return (STATUS_OK);
}

enum status
second_dmarc_check(struct second *second, struct arena *arena,
    struct dns_batch *batch, const struct second_dmarc_query *q,
    uint64_t dns_deadline_us, struct second_dmarc *r)
{
	DMARC_POLICY_T *policy;
	struct policy_record found;
	enum status status;

	*r = (struct second_dmarc){ .result = SECOND_ABSENT };
	status = find_policy(second, arena, batch, q->from, dns_deadline_us,
	    &found);
	if (status != STATUS_OK) {
		return (status);
	}
	if (found.dns_error != DNS_OK) {
		r->result = SECOND_TEMPERROR;
		r->reason = dns_result_text(found.dns_error);
		return (STATUS_OK);
	}
	if (found.record.p == NULL) {
		r->result = SECOND_NONE;
		return (STATUS_OK);
	}
	policy = opendmarc_policy_connect_init((u_char *)(uintptr_t)ANY_CLIENT,
	    DMARC_POLICY_IP_TYPE_IPV4);
	if (policy == NULL) {
		return (STATUS_NOMEM);
	}
	status = judge_policy(arena, policy, q, &found, r);
	(void)opendmarc_policy_connect_shutdown(policy);
	return (status);
}
