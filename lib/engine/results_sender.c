/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * results_sender: SPF, iprev, DMARC and ARC in Authentication-Results
 * (RFC 8601).
 */
#include "authres/authres.h"
#include "base/buf.h"
#include "engine/private.h"
#include "spf/received.h"

#define PROPERTIES		2
#define RECEIVED_SPF_MAX_BYTES	8192

struct list {			/* of results, for one message */
	const struct engine_input	*in;
	const struct engine_outcome	*out;
	struct authres_result		*v;
	size_t				 n;
};

/* The next result of the list; NULL: no memory. */
static struct authres_result *
add_result(struct list *list, struct str method, const char *result,
    const char *reason)
{
	struct authres_result *r = &list->v[list->n];

	*r = (struct authres_result){ .method = method, .version = 1,
		.result = str_from(result), .reason = str_from(reason) };
	r->v = arena_calloc(list->in->arena, PROPERTIES, sizeof(*r->v));
	if (r->v == NULL) {
		return (NULL);
	}
	list->n++;
	return (r);
}

/* RFC 8601 2.7.2: only the domain; the local part is not checked. */
static enum status
add_spf(struct list *list, const struct spf_verdict *spf)
{
	struct authres_result *r;

	if (spf == NULL) {
		return (STATUS_OK);
	}
	r = add_result(list, STR("spf"), spf_result_name(spf->result),
	    spf->reason);
	if (r == NULL) {
		return (STATUS_NOMEM);
	}
	engine_results_add(r, STR("smtp"),
	    str_from(spf_identity_name(spf->identity)), spf->domain);
	return (STATUS_OK);
}

/* RFC 7208 2.6.1: none, behind a relay that does not name the client. */
static enum status
add_mail_from(struct list *list)
{
	const struct engine_input *in = list->in;

	if (!in->relayed || in->sender.known || input_is_relay_exempt(in)) {
		return (add_spf(list, list->out->spf));
	}
	return (add_result(list, STR("spf"), spf_result_name(SPF_NONE),
	    in->sender.source) != NULL ? STATUS_OK : STATUS_NOMEM);
}

/* Most hosts publish no SPF record for their own name: none is left out. */
static enum status
add_helo(struct list *list)
{
	const struct spf_verdict *helo = list->out->spf_helo;

	return (helo != NULL && helo->result == SPF_NONE ? STATUS_OK :
	    add_spf(list, helo));
}

/* The client's address, or absent if it is not known. */
static enum status
get_client_text(const struct engine_input *in, struct str *r)
{
	char ip[IP_TEXT_BYTES];

	*r = STR_NONE;
	if (!in->sender.known) {
		return (STATUS_OK);
	}
	ip_text(&in->sender.ip, ip);
	*r = arena_dup(in->arena, str_from(ip));
	return (r->p != NULL ? STATUS_OK : STATUS_NOMEM);
}

static enum status
add_iprev(struct list *list)
{
	const struct iprev_verdict *iprev = list->out->iprev;
	struct authres_result *r;
	struct str ip;

	if (iprev == NULL) {
		return (STATUS_OK);
	}
	r = add_result(list, STR("iprev"), iprev_result_name(iprev->result),
	    iprev->reason);
	if (r == NULL || get_client_text(list->in, &ip) != STATUS_OK) {
		return (STATUS_NOMEM);
	}
	engine_results_add(r, STR("policy"), STR("iprev"), ip);
	return (STATUS_OK);
}

/* RFC 8617 6. That there is no chain is left out. */
static enum status
add_arc(struct list *list)
{
	const struct arc_verdict *arc = list->out->arc;
	struct authres_result *r;
	struct str oldest, ip;

	if (arc == NULL) {
		return (STATUS_OK);
	}
	r = add_result(list, STR("arc"), arc_result_name(arc->result),
	    arc->reason != NULL ? arc->reason : arc->uncovered);
	if (r == NULL || get_client_text(list->in, &ip) != STATUS_OK) {
		return (STATUS_NOMEM);
	}
	if (arc->has_oldest) {
		oldest = arena_printf(list->in->arena, "%u",
		    arc->oldest_pass);
		if (oldest.p == NULL) {
			return (STATUS_NOMEM);
		}
		engine_results_add(r, STR("header"), STR("oldest-pass"),
		    oldest);
	}
	engine_results_add(r, STR("smtp"), STR("remote-ip"), ip);
	return (STATUS_OK);
}

static enum status
add_dmarc(struct list *list, const struct dmarc_verdict *d)
{
	struct authres_result *r;

	r = add_result(list, STR("dmarc"), dmarc_result_name(d->result),
	    d->result != DMARC_PASS && d->result != DMARC_NONE ?
	    d->reason : NULL);
	if (r == NULL) {
		return (STATUS_NOMEM);
	}
	if (d->has_policy) {
		engine_results_add(r, STR("policy"), STR("dmarc"),
		    str_from(dmarc_policy_name(d->policy)));
	}
	engine_results_add(r, STR("header"), STR("from"), d->from);
	return (STATUS_OK);
}

/* RFC 9989 5.3.1: no author domain to evaluate, or a broken From field. */
static enum status
add_no_author(struct list *list)
{
	enum addr_from_result result = list->in->from.result;

	return (add_result(list, STR("dmarc"), result == ADDR_FROM_MISSING ||
	    result == ADDR_FROM_NONE ? "none" : "permerror",
	    addr_from_text(result)) != NULL ?
	    STATUS_OK : STATUS_NOMEM);
}

/*
 * One result for each author domain, or why there is none. Of a field that is
 * not valid, whose readings may be several, only the one that decides.
 */
static enum status
add_authors(struct list *list)
{
	const struct dmarc *dmarc = list->out->dmarc;
	enum status status;
	size_t i;

	if (list->in->from.result != ADDR_FROM_OK) {
		return (add_no_author(list));
	}
	if (dmarc != NULL && !list->in->from.strict) {
		return (add_dmarc(list, dmarc_decisive(dmarc)));
	}
	for (i = 0; dmarc != NULL && i < dmarc_count(dmarc); i++) {
		status = add_dmarc(list, dmarc_get(dmarc, i));
		if (status != STATUS_OK) {
			return (status);
		}
	}
	return (STATUS_OK);
}

enum status
engine_results_sender(const struct engine_input *in,
    const struct engine_outcome *out, struct authres_result *v, size_t *n_r)
{
	static enum status (*const steps[])(struct list *) = {
		add_mail_from, add_helo, add_iprev, add_authors, add_arc };
	struct list list = { .in = in, .out = out, .v = v };
	enum status status;
	size_t i;

	*n_r = 0;
	if (in->foreign) {
		status = add_authors(&list);
		*n_r = list.n;
		return (status);
	}
	if (!in->judged) {
		return (STATUS_OK);
	}
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		status = steps[i](&list);
		if (status != STATUS_OK) {
			return (status);
		}
	}
	*n_r = list.n;
	return (STATUS_OK);
}

enum status
engine_results_received_spf(const struct engine_input *in,
    struct engine_outcome *out)
{
	struct spf_received received = { .verdict = out->spf,
		.ip = &in->sender.ip, .helo = in->sender.helo,
		.mail_from = in->mail_from,
		.receiver = input_authserv_id(in) };
	struct str value = STR_NONE;
	struct buf buf;

	if (!input_conf(in)->received_spf || out->spf == NULL ||
	    !in->sender.known) {
		return (STATUS_OK);
	}
	buf_init(&buf, RECEIVED_SPF_MAX_BYTES);
	buf_add_char(&buf, ' ');
	if (spf_received_write(&buf, &received) == STATUS_OK) {
		value = arena_dup(in->arena, buf_str(&buf));
	}
	buf_fini(&buf);
	if (value.p == NULL) {
		return (STATUS_NOMEM);
	}
	engine_outcome_insert_field(out, STR("Received-SPF"), value);
	return (STATUS_OK);
}
