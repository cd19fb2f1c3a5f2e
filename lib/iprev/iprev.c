/* SPDX-License-Identifier: BSD-2-Clause */
#include "iprev/iprev.h"

struct iprev {
	struct dns_batch	*batch;
	struct ip_addr		 ip;
	const struct dns_query	*ptr;
	const struct dns_answer	*names;		/* NULL: not answered yet */
	const struct dns_query	*addresses[IPREV_MAX_NAMES];
	size_t			 n;
	bool			 given_up;
	bool			 done;
	struct iprev_verdict	 verdict;
};

const char *
iprev_result_name(enum iprev_result result)
{
	switch (result) {
	case IPREV_PASS:
		return ("pass");
	case IPREV_FAIL:
		return ("fail");
	case IPREV_TEMPERROR:
		return ("temperror");
	case IPREV_PERMERROR:
		return ("permerror");
	}
	return ("permerror");
}

enum status
iprev_new(struct arena *arena, struct dns_batch *batch,
    const struct ip_addr *ip, struct iprev **r)
{
	struct iprev *iprev = arena_alloc(arena, sizeof(*iprev));
	char name[IP_ARPA_BYTES];

	*r = NULL;
	if (iprev == NULL) {
		return (STATUS_NOMEM);
	}
	iprev->batch = batch;
	iprev->ip = *ip;
	ip_arpa(ip, name);
	iprev->ptr = dns_batch_add(batch, str_from(name), DNS_PTR);
	if (iprev->ptr == NULL) {
		return (STATUS_NOMEM);
	}
	*r = iprev;
	return (STATUS_OK);
}

static bool
is_open(const struct iprev *iprev, const struct dns_query *query)
{
	return (!iprev->given_up && !dns_query_is_answered(query));
}

static void
decide_result(struct iprev *iprev, enum iprev_result result, const char *reason)
{
	iprev->verdict.result = result;
	iprev->verdict.reason = reason;
	iprev->done = true;
}

static enum status
ask_addresses(struct iprev *iprev)
{
	const struct dns_answer *names = iprev->names;
	enum dns_type type = iprev->ip.v6 ? DNS_AAAA : DNS_A;
	const struct dns_query *query;

	while (iprev->n < names->n && iprev->n < IPREV_MAX_NAMES) {
		query = dns_batch_add(iprev->batch, names->v[iprev->n].data,
		    type);
		if (query == NULL) {
			return (STATUS_NOMEM);
		}
		iprev->addresses[iprev->n++] = query;
	}
	return (STATUS_OK);
}

static enum status
read_names(struct iprev *iprev)
{
	const struct dns_answer *answer = dns_query_answer(iprev->ptr);

	switch (answer->result) {
	case DNS_OK:
		iprev->names = answer;
		return (ask_addresses(iprev));
	case DNS_NODATA:
	case DNS_NXDOMAIN:
	case DNS_BADNAME:
		decide_result(iprev, IPREV_PERMERROR,
		    "the address has no name");
		break;
	case DNS_SERVFAIL:
	case DNS_TIMEOUT:
		decide_result(iprev, IPREV_TEMPERROR, "name lookup failed");
		break;
	}
	return (STATUS_OK);
}

static bool
has_address(const struct iprev *iprev, const struct dns_answer *answer)
{
	size_t i, octets = iprev->ip.v6 ? 16 : 4;

	for (i = 0; i < answer->n; i++) {
		if (answer->v[i].data.n == octets && ip_match(&iprev->ip,
		    answer->v[i].data.p, (unsigned)(8 * octets))) {
			return (true);
		}
	}
	return (false);
}

/* The first name that has the address decides; else wait for all. */
static void
read_addresses(struct iprev *iprev)
{
	bool open = false, failed = false;
	size_t i;

	for (i = 0; i < iprev->n; i++) {
		const struct dns_answer *answer =
		    dns_query_answer(iprev->addresses[i]);

		if (is_open(iprev, iprev->addresses[i])) {
			open = true;
		} else if (has_address(iprev, answer)) {
			iprev->verdict.name = iprev->names->v[i].data;
			decide_result(iprev, IPREV_PASS, NULL);
			return;
		} else if (answer->result == DNS_SERVFAIL ||
		    answer->result == DNS_TIMEOUT) {
			failed = true;
		}
	}
	if (open) {
		return;
	}
	if (failed) {
		decide_result(iprev, IPREV_TEMPERROR, "address lookup failed");
	} else {
		decide_result(iprev, IPREV_FAIL,
		    "no name of the address leads back to it");
	}
}

enum status
iprev_step(struct iprev *iprev, bool *done_r)
{
	enum status status = STATUS_OK;

	if (!iprev->done && iprev->names == NULL &&
	    !is_open(iprev, iprev->ptr)) {
		status = read_names(iprev);
	}
	if (status == STATUS_OK && !iprev->done && iprev->names != NULL) {
		read_addresses(iprev);
	}
	*done_r = iprev->done;
	return (status);
}

void
iprev_give_up(struct iprev *iprev)
{
	iprev->given_up = true;
}

const struct iprev_verdict *
iprev_get(const struct iprev *iprev)
{
	return (&iprev->verdict);
}
