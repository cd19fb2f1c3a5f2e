/* SPDX-License-Identifier: BSD-2-Clause */
/* The names that terms query: expanded macros, and the client's names. */
#include "mail/domain.h"
#include "spf/evaluator.h"

bool
spf_cannot_match(const struct spf_evaluator *ev, const struct spf_spec *spec)
{
	return ((spec->uses & SPF_USES_LOCAL) != 0 && !ev->local_is_ascii);
}

enum dns_type
spf_address_type(const struct spf_evaluator *ev)
{
	return (ev->ip.v6 ? DNS_AAAA : DNS_A);
}

/* RFC 7208 7.3: removes labels from the left of a name that is too long. */
static struct str
shorten_name(struct str name)
{
	if (name.n > 0 && name.p[name.n - 1] == '.') {
		name.n--;
	}
	while (name.n > DNS_NAME_MAX_BYTES && str_find(name, '.') < name.n) {
		name = domain_parent(name);
	}
	return (name);
}

enum status
spf_target_expand(struct arena *arena, struct str spec,
    const struct spf_macro_values *values, struct str *target_r)
{
	enum status status = STATUS_OK;
	struct dns_name name;
	struct buf text;

	*target_r = STR_NONE;
	buf_init(&text, SPF_EXPANDED_MAX_BYTES);
	spf_macro_expand(spec, values, &text);
	if (text.status == STATUS_NOMEM) {
		status = STATUS_NOMEM;
	} else if (text.status == STATUS_OK &&
	    dns_name_make(shorten_name(buf_str(&text)), &name)) {
		*target_r = arena_dup(arena, dns_name_str(&name));
		status = target_r->p != NULL ? STATUS_OK : STATUS_NOMEM;
	}
	buf_fini(&text);
	return (status);
}

enum status
spf_expand_target(struct spf_evaluator *ev, const struct spf_spec *spec,
    struct str *target_r)
{
	*target_r = STR_NONE;
	if (spec->text.p == NULL) {
		*target_r = spf_top(ev)->domain;
		return (STATUS_OK);
	}
	if (spf_cannot_match(ev, spec)) {
		return (STATUS_OK);
	}
	ev->values.domain = spf_top(ev)->domain;
	ev->values.name = spf_best_name(ev);
	return (spf_target_expand(ev->arena, spec->text, &ev->values,
	    target_r));
}

enum dns_type
spf_query_type(const struct spf_evaluator *ev, enum spf_mechanism mechanism)
{
	switch (mechanism) {
	case SPF_INCLUDE:
		return (DNS_TXT);
	case SPF_MX:
		return (DNS_MX);
	case SPF_EXISTS:	/* RFC 7208 5.7: also for IPv6 clients */
		return (DNS_A);
	case SPF_A:
		return (spf_address_type(ev));
	case SPF_ALL:
	case SPF_PTR:
	case SPF_IP4:
	case SPF_IP6:
		break;
	}
	return (DNS_TXT);
}

/* Sends a query early, unless its target depends on the client's names. */
static enum status
query_target(struct spf_evaluator *ev, const struct spf_spec *spec,
    enum dns_type type)
{
	enum status status;
	struct str target;

	if ((spec->uses & SPF_USES_NAME) != 0) {
		return (STATUS_OK);
	}
	status = spf_expand_target(ev, spec, &target);
	if (status != STATUS_OK || target.p == NULL ||
	    (type == DNS_TXT && domain_labels(target) < 2)) {
		return (status);
	}
	ev->early++;
	return (dns_batch_add(ev->batch, target, type) != NULL ? STATUS_OK :
	    STATUS_NOMEM);
}

/* Whether the term matches without DNS, so that it ends the evaluation. */
static bool
term_is_final(const struct spf_evaluator *ev, const struct spf_term *term)
{
	switch (term->mechanism) {
	case SPF_ALL:
		return (true);
	case SPF_IP4:
		return (!ev->ip.v6 &&
		    ip_match(&ev->ip, term->octets, term->bits4));
	case SPF_IP6:
		return (ev->ip.v6 &&
		    ip_match(&ev->ip, term->octets, term->bits6));
	case SPF_INCLUDE:
	case SPF_A:
	case SPF_MX:
	case SPF_PTR:
	case SPF_EXISTS:
		break;
	}
	return (false);
}

/*
 * The queries of one record do not depend on each other: sends all of them at
 * once that the limits allow.
 */
enum spf_next
spf_query_early(struct spf_evaluator *ev)
{
	const struct spf_record *record = spf_top(ev)->record;
	enum status status = STATUS_OK;
	unsigned terms = ev->terms;
	size_t i;

	for (i = 0; i < record->n && status == STATUS_OK; i++) {
		const struct spf_term *term = &record->v[i];

		if (term_is_final(ev, term)) {
			return (SPF_GO_ON);
		}
		if (term->mechanism == SPF_IP4 ||
		    term->mechanism == SPF_IP6) {
			continue;
		}
		if (++terms > SPF_MAX_TERMS || ev->early >= SPF_MAX_TERMS) {
			return (SPF_GO_ON);
		}
		if (term->mechanism != SPF_PTR) {
			status = query_target(ev, &term->spec,
			    spf_query_type(ev, term->mechanism));
		}
	}
	if (status == STATUS_OK && record->redirect.text.p != NULL &&
	    terms < SPF_MAX_TERMS && ev->early < SPF_MAX_TERMS) {
		status = query_target(ev, &record->redirect, DNS_TXT);
	}
	return (status == STATUS_OK ? SPF_GO_ON : SPF_NO_MEMORY);
}

static enum spf_next
query_ptr(struct spf_evaluator *ev)
{
	char arpa[IP_ARPA_BYTES];

	ip_arpa(&ev->ip, arpa);
	ev->ptr = dns_batch_add(ev->batch, str_from(arpa), DNS_PTR);
	ev->names_stage = SPF_NAMES_PTR;
	return (ev->ptr != NULL ? SPF_GO_ON : SPF_NO_MEMORY);
}

/* Queries the addresses of all names, and ignores names over the limit. */
static enum spf_next
query_name_addresses(struct spf_evaluator *ev)
{
	const struct dns_answer *answer = dns_query_answer(ev->ptr);
	size_t i;

	for (i = 0; i < answer->n && ev->names_n < SPF_MAX_PTR_NAMES; i++) {
		ev->names[ev->names_n] = answer->v[i].data;
		ev->name_queries[ev->names_n] = dns_batch_add(ev->batch,
		    answer->v[i].data, spf_address_type(ev));
		if (ev->name_queries[ev->names_n++] == NULL) {
			return (SPF_NO_MEMORY);
		}
	}
	ev->names_stage = SPF_NAMES_ADDRESSES;
	return (SPF_GO_ON);
}

/* Skips names whose address lookup fails (RFC 7208 5.5). */
static enum spf_next
validate_names(struct spf_evaluator *ev)
{
	size_t i, n = 0;

	for (i = 0; i < ev->names_n; i++) {
		if (!dns_query_is_answered(ev->name_queries[i])) {
			return (SPF_WAIT);
		}
	}
	for (i = 0; i < ev->names_n; i++) {
		if (spf_has_address(ev, dns_query_answer(ev->name_queries[i]),
		    32, 128)) {
			ev->names[n++] = ev->names[i];
		}
	}
	ev->names_n = n;
	ev->names_stage = SPF_NAMES_KNOWN;
	return (SPF_READY);
}

enum spf_next
spf_need_names(struct spf_evaluator *ev)
{
	enum spf_next next = SPF_GO_ON;

	while (next == SPF_GO_ON) {
		switch (ev->names_stage) {
		case SPF_NAMES_NOT_QUERIED:
			next = query_ptr(ev);
			break;
		case SPF_NAMES_PTR:
			next = dns_query_is_answered(ev->ptr) ?
			    query_name_addresses(ev) : SPF_WAIT;
			break;
		case SPF_NAMES_ADDRESSES:
			next = validate_names(ev);
			break;
		case SPF_NAMES_KNOWN:
			return (SPF_READY);
		}
	}
	return (next);
}

/* RFC 7208 7.3: the domain itself, else a subdomain, else any name. */
struct str
spf_best_name(struct spf_evaluator *ev)
{
	struct str domain = spf_top(ev)->domain, best = STR_NONE;
	size_t i;

	if (ev->names_stage != SPF_NAMES_KNOWN || ev->names_n == 0) {
		return (STR("unknown"));
	}
	for (i = 0; i < ev->names_n; i++) {
		if (str_eq(ev->names[i], domain)) {
			return (ev->names[i]);
		}
		if (best.p == NULL && domain_is_within(ev->names[i], domain)) {
			best = ev->names[i];
		}
	}
	return (best.p != NULL ? best : ev->names[0]);
}
