/* SPDX-License-Identifier: BSD-2-Clause */
/* Queries of one pass, addresses, and the runs of the engines. */
#include <stdarg.h>

#include "check/private.h"

/* For a query that is open or that cannot be sent. */
static const struct dns_answer no_answer = { .result = DNS_TIMEOUT };

void
check_note_refusal(struct check *c)
{
	if (dns_batch_count(c->batch) >= DNS_BATCH_MAX_QUERIES) {
		c->report.truncated = true;
	} else {
		c->status = STATUS_NOMEM;
	}
}

const struct dns_answer *
check_ask(struct check *c, struct str name, enum dns_type type)
{
	struct dns_query *query = dns_batch_add(c->batch, name, type);

	if (query == NULL) {
		check_note_refusal(c);
		return (&no_answer);
	}
	if (!c->given_up && !dns_query_is_answered(query)) {
		c->open = true;
	}
	return (dns_query_answer(query));
}

const struct dns_answer *
check_ask_below(struct check *c, const char *label, struct str name,
    enum dns_type type, struct str *owner_r)
{
	*owner_r = check_text(c, "%s.%.*s", label, STR_FMT(name));
	return (check_ask(c, *owner_r, type));
}

const void *
check_object(struct check *c, const struct dns_answer *answer,
    const struct dns_parser *parser)
{
	const void *object = dns_answer_object(answer, parser);

	if (object == NULL) {
		c->status = STATUS_NOMEM;
	}
	return (object);
}

bool
check_failed(const struct dns_answer *answer)
{
	return (answer->result == DNS_SERVFAIL ||
	    answer->result == DNS_TIMEOUT);
}

const char *
check_why(const struct dns_answer *answer)
{
	return (dns_result_text(answer->result));
}

struct str
check_text(struct check *c, const char *fmt, ...)
{
	struct str r;
	va_list ap;

	va_start(ap, fmt);
	r = arena_vprintf(&c->memory, fmt, ap);
	va_end(ap);
	if (r.p == NULL) {
		c->status = STATUS_NOMEM;
		return (STR(""));
	}
	return (r);
}

struct str
check_ip_str(struct check *c, const struct ip_addr *ip)
{
	char text[IP_TEXT_BYTES];

	ip_text(ip, text);
	return (check_text(c, "%s", text));
}

struct check_addresses
check_addresses(struct check *c, struct str name)
{
	struct check_addresses a;

	a.v4 = check_ask(c, name, DNS_A);
	a.v6 = check_ask(c, name, DNS_AAAA);
	a.n = a.v4->n + a.v6->n;
	a.failed = check_failed(a.v4) || check_failed(a.v6);
	return (a);
}

bool
check_has_address(const struct check_addresses *a, const struct ip_addr *ip)
{
	const struct dns_answer *answer = ip->v6 ? a->v6 : a->v4;
	size_t i, octets = ip->v6 ? 16 : 4;

	for (i = 0; i < answer->n; i++) {
		if (answer->v[i].data.n == octets && ip_match(ip,
		    answer->v[i].data.p, (unsigned)(8 * octets))) {
			return (true);
		}
	}
	return (false);
}

static const struct private_net {
	bool		v6;
	unsigned	bits;
	unsigned char	octets[16];
} private_nets[] = {
	{ false, 8, { 0 } },
	{ false, 8, { 10 } },
	{ false, 10, { 100, 64 } },
	{ false, 8, { 127 } },
	{ false, 16, { 169, 254 } },
	{ false, 12, { 172, 16 } },
	{ false, 16, { 192, 168 } },
	{ true, 128, { 0 } },
	{ true, 128, { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } },
	{ true, 7, { 0xfc } },
	{ true, 10, { 0xfe, 0x80 } }
};

bool
check_net_is_private(const unsigned char *octets, bool v6, unsigned bits)
{
	struct ip_addr ip = { .v6 = v6 };
	size_t i;

	memcpy(ip.octets, octets, v6 ? 16 : 4);
	for (i = 0; i < sizeof(private_nets) / sizeof(private_nets[0]); i++) {
		const struct private_net *net = &private_nets[i];

		if (net->v6 == v6 && bits >= net->bits &&
		    ip_match(&ip, net->octets, net->bits)) {
			return (true);
		}
	}
	return (false);
}

bool
check_ip_is_private(const struct ip_addr *ip)
{
	return (check_net_is_private(ip->octets, ip->v6, ip->v6 ? 128 : 32));
}

static bool
answer_is_private(const struct dns_answer *answer, bool v6)
{
	size_t i, octets = v6 ? 16 : 4;

	for (i = 0; i < answer->n; i++) {
		if (answer->v[i].data.n == octets && !check_net_is_private(
		    (const unsigned char *)answer->v[i].data.p, v6,
		    (unsigned)(8 * octets))) {
			return (false);
		}
	}
	return (true);
}

bool
check_all_private(const struct check_addresses *a)
{
	return (a->n > 0 && answer_is_private(a->v4, false) &&
	    answer_is_private(a->v6, true));
}

/* What an engine that ran out of memory, or of queries, comes to. */
static bool
engine_worked(struct check *c, enum status status)
{
	if (status != STATUS_OK) {
		check_note_refusal(c);
	}
	return (status == STATUS_OK);
}

void
check_run_spf(struct check *c, const struct spf_opts *o, struct spf_verdict *r)
{
	struct spf_evaluator *ev = NULL;
	enum status status;
	bool done = false;

	*r = (struct spf_verdict){ .result = SPF_TEMPERROR,
		.reason = "too many queries" };
	status = spf_evaluator_new(&c->memory, o, c->batch, &ev);
	if (status == STATUS_OK) {
		status = spf_evaluator_step(ev, &done);
	}
	if (!engine_worked(c, status)) {
		return;
	}
	if (!done) {
		c->open |= !c->given_up;
		spf_evaluator_give_up(ev);
	}
	*r = *spf_evaluator_get(ev);
}

const struct dmarc_verdict *
check_run_dmarc(struct check *c, struct str from, struct str spf,
    struct str dkim)
{
	struct dmarc_identifier spf_id = { spf, DMARC_AUTH_PASS };
	struct dmarc_identifier dkim_id = { dkim, DMARC_AUTH_PASS };
	struct dmarc_opts opts = { .suffixes = c->opts.suffixes };
	struct dmarc *dmarc = NULL;
	enum status status;
	bool done = false;

	status = dmarc_new(&c->memory, c->batch, &opts, &from, 1, &dmarc);
	if (status == STATUS_OK) {
		status = dmarc_authenticated(dmarc, spf.p != NULL ? &spf_id :
		    NULL, &dkim_id, dkim.p != NULL ? 1 : 0);
	}
	if (status == STATUS_OK && c->given_up) {
		dmarc_give_up(dmarc);
	}
	if (status == STATUS_OK) {
		status = dmarc_step(dmarc, &done);
	}
	if (!engine_worked(c, status)) {
		return (NULL);
	}
	if (!done) {
		c->open = true;
		return (NULL);
	}
	return (dmarc_get(dmarc, 0));
}
