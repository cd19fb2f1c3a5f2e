/* SPDX-License-Identifier: BSD-2-Clause */
#include "dmarc/address.h"
#include "dmarc/external.h"
#include "dmarc/uri.h"
#include "dmarc/walk.h"

enum same { SAME_YES, SAME_NO, SAME_UNKNOWN };

const char *
dmarc_external_text(enum dmarc_external external)
{
	switch (external) {
	case DMARC_EXTERNAL_OWN:
		return ("of the same organisation");
	case DMARC_EXTERNAL_YES:
		return ("authorised by the host");
	case DMARC_EXTERNAL_REPLACED:
		return ("authorised by the host for another address");
	case DMARC_EXTERNAL_ELSEWHERE:
		return ("the host's record names no usable address there");
	case DMARC_EXTERNAL_NO:
		return ("not authorised by the host");
	case DMARC_EXTERNAL_UNKNOWN:
		return ("the lookup of the host's authorisation failed");
	}
	return ("unknown");
}

static uint64_t
deadline(const struct dmarc_external_opts *o)
{
	return (env_mono_us(o->env) + o->timeout_us);
}

static enum same
compare_walks(const struct dmarc_walk *a, const struct dmarc_walk *b)
{
	if (a->org.p != NULL && b->org.p != NULL) {
		return (str_eq(a->org, b->org) ? SAME_YES : SAME_NO);
	}
	return (dmarc_walks_meet(a, b) ? SAME_YES : SAME_UNKNOWN);
}

static enum status
find_organisations(const struct dmarc_external_opts *o, struct arena *arena,
    struct dns_batch *batch, struct str policy_domain, struct str host,
    enum same *same_r)
{
	struct dmarc_walk *a, *b;
	struct dmarc_walks walks;
	enum status status;

	dmarc_walks_init(&walks, arena, batch, o->psl, o->suffixes);
	status = dmarc_walks_start(&walks, policy_domain, &a);
	if (status == STATUS_OK) {
		status = dmarc_walks_start(&walks, host, &b);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	dns_batch_wait(batch, deadline(o));
	walks.given_up = true;
	status = dmarc_walk_read(&walks, a);
	if (status == STATUS_OK) {
		status = dmarc_walk_read(&walks, b);
	}
	if (status == STATUS_OK) {
		*same_r = compare_walks(a, b);
	}
	return (status);
}

/* The first of that tag, as in a policy record; absent: none. */
static struct str
find_tag(struct str text, enum dmarc_tag tag)
{
	struct str name, value;

	while (dmarc_tag_next(&text, &name, &value)) {
		if (name.p != NULL && dmarc_tag_find(name) == tag) {
			return (value);
		}
	}
	return (STR_NONE);
}

/* The first address of the list at the host itself. */
static enum status
find_override(struct arena *arena, struct str list, struct str host,
    struct str *uri_r)
{
	struct dmarc_address address;
	enum status status;
	struct str uri;

	while (dmarc_uri_next(&list, &uri)) {
		status = dmarc_address_read(arena, uri, &address);
		if (status == STATUS_NOMEM) {
			return (status);
		}
		if (status == STATUS_OK && str_eq(address.host, host)) {
			*uri_r = arena_dup(arena, uri);
			return (uri_r->p != NULL ? STATUS_OK : STATUS_NOMEM);
		}
	}
	return (STATUS_OK);
}

/* RFC 9990 4, steps 6 to 9. */
static enum status
read_answer(const struct dns_answer *answer, struct arena *arena,
    struct str host, enum dmarc_tag tag, enum dmarc_external *r,
    struct str *uri_r)
{
	struct dmarc_record record;
	enum status status = STATUS_OK;
	struct str list;
	size_t i;

	*r = DMARC_EXTERNAL_NO;
	for (i = 0; i < answer->n && uri_r->p == NULL &&
	    status == STATUS_OK; i++) {
		if (!dmarc_record_parse(answer->v[i].data, &record)) {
			continue;
		}
		list = find_tag(answer->v[i].data, tag);
		if (list.p != NULL) {
			*r = DMARC_EXTERNAL_ELSEWHERE;
			status = find_override(arena, list, host, uri_r);
		} else if (*r == DMARC_EXTERNAL_NO) {
			*r = DMARC_EXTERNAL_YES;
		}
	}
	if (uri_r->p != NULL) {
		*r = DMARC_EXTERNAL_REPLACED;
	}
	return (status);
}

static enum status
ask_host(const struct dmarc_external_opts *o, struct arena *arena,
    struct dns_batch *batch, struct str policy_domain, struct str host,
    enum dmarc_tag tag, enum dmarc_external *r, struct str *uri_r)
{
	const struct dns_query *query;
	const struct dns_answer *answer;
	struct str name;

	name = arena_printf(arena, "%.*s._report._dmarc.%.*s",
	    STR_FMT(policy_domain), STR_FMT(host));
	if (name.p == NULL) {
		return (STATUS_NOMEM);
	}
	query = dns_batch_add(batch, name, DNS_TXT);
	if (query == NULL) {
		return (STATUS_NOMEM);
	}
	dns_batch_wait(batch, deadline(o));
	answer = dns_query_answer(query);
	switch (answer->result) {
	case DNS_OK:
		return (read_answer(answer, arena, host, tag, r, uri_r));
	case DNS_NODATA:
	case DNS_NXDOMAIN:
	case DNS_BADNAME:	/* step 4: too long */
		*r = DMARC_EXTERNAL_NO;
		break;
	case DNS_SERVFAIL:
	case DNS_TIMEOUT:
		*r = DMARC_EXTERNAL_UNKNOWN;
		break;
	}
	return (STATUS_OK);
}

enum status
dmarc_external_ask(const struct dmarc_external_opts *o, struct arena *arena,
    struct str policy_domain, struct str host, enum dmarc_tag tag,
    enum dmarc_external *r, struct str *uri_r)
{
	enum same same = SAME_YES;
	enum status status = STATUS_OK;
	struct dns_batch *batch;

	*uri_r = STR_NONE;
	*r = DMARC_EXTERNAL_OWN;
	if (str_eq(policy_domain, host)) {
		return (STATUS_OK);
	}
	batch = dns_batch_new(o->dns);
	if (batch == NULL) {
		return (STATUS_NOMEM);
	}
	status = find_organisations(o, arena, batch, policy_domain, host,
	    &same);
	if (status == STATUS_OK && same == SAME_UNKNOWN) {
		*r = DMARC_EXTERNAL_UNKNOWN;
	} else if (status == STATUS_OK && same == SAME_NO) {
		status = ask_host(o, arena, batch, policy_domain, host, tag, r,
		    uri_r);
	}
	dns_batch_free(batch);
	return (status);
}
