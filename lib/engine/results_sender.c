/* SPDX-License-Identifier: BSD-2-Clause */
/* results_sender: SPF, iprev and DMARC in Authentication-Results (RFC 8601). */
#include "authres/authres.h"
#include "base/buf.h"
#include "engine/private.h"
#include "spf/received.h"

#define PROPERTIES		2
#define RECEIVED_SPF_MAX_BYTES	8192

static enum status
begin(struct engine_msg *m, struct authres_result *r, struct str method,
    const char *result, const char *reason)
{
	*r = (struct authres_result){ .method = method, .version = 1,
		.result = str_from(result), .reason = str_from(reason) };
	r->v = arena_calloc(&m->arena, PROPERTIES, sizeof(*r->v));
	return (r->v != NULL ? STATUS_OK : STATUS_NOMEM);
}

/* RFC 8601 2.7.2: the domain alone, the local-part was not checked. */
static enum status
add_spf(struct engine_msg *m, const struct spf_verdict *spf,
    struct authres_result *v, size_t *n)
{
	struct authres_result *r = &v[*n];
	enum status st;

	if (spf == NULL) {
		return (STATUS_OK);
	}
	st = begin(m, r, STR("spf"), spf_result_name(spf->result),
	    spf->reason);
	if (st == STATUS_OK) {
		engine_results_add(r, STR("smtp"),
		    str_from(spf_identity_name(spf->identity)), spf->domain);
		(*n)++;
	}
	return (st);
}

/* RFC 7208 2.6.1: behind a relay that does not say clearly who it was. */
static enum status
add_no_client(struct engine_msg *m, struct authres_result *v, size_t *n)
{
	return (begin(m, &v[(*n)++], STR("spf"), spf_result_name(SPF_NONE),
	    m->sender.source));
}

/* A host that publishes nothing for its own name is no news. */
static enum status
add_helo(struct engine_msg *m, struct authres_result *v, size_t *n)
{
	const struct spf_verdict *helo = m->outcome.spf_helo;

	return (helo != NULL && helo->result == SPF_NONE ? STATUS_OK :
	    add_spf(m, helo, v, n));
}

/* The client, or absent if it is not known. */
static enum status
client_text(struct engine_msg *m, struct str *r)
{
	char ip[IP_TEXT_BYTES];

	*r = STR_NONE;
	if (!m->sender.known) {
		return (STATUS_OK);
	}
	ip_text(&m->sender.ip, ip);
	*r = arena_dup(&m->arena, str_from(ip));
	return (r->p != NULL ? STATUS_OK : STATUS_NOMEM);
}

static enum status
add_iprev(struct engine_msg *m, struct authres_result *v, size_t *n)
{
	const struct iprev_verdict *iprev = m->outcome.iprev;
	struct str ip;
	enum status st;

	if (iprev == NULL) {
		return (STATUS_OK);
	}
	st = begin(m, &v[*n], STR("iprev"), iprev_result_name(iprev->result),
	    iprev->reason);
	if (st == STATUS_OK) {
		st = client_text(m, &ip);
	}
	if (st == STATUS_OK) {
		engine_results_add(&v[(*n)++], STR("policy"), STR("iprev"), ip);
	}
	return (st);
}

/* RFC 8617 6. That there is no chain is no news. */
static enum status
add_arc(struct engine_msg *m, struct authres_result *v, size_t *n)
{
	const struct arc_verdict *arc = m->outcome.arc;
	struct authres_result *r = &v[*n];
	struct str oldest, ip = STR_NONE;
	enum status st;

	if (arc == NULL) {
		return (STATUS_OK);
	}
	st = begin(m, r, STR("arc"), arc_result_name(arc->result),
	    arc->reason);
	if (st == STATUS_OK && arc->has_oldest) {
		oldest = arena_printf(&m->arena, "%u", arc->oldest_pass);
		st = oldest.p != NULL ? STATUS_OK : STATUS_NOMEM;
		engine_results_add(r, STR("header"), STR("oldest-pass"),
		    oldest);
	}
	if (st == STATUS_OK) {
		st = client_text(m, &ip);
	}
	if (st == STATUS_OK) {
		engine_results_add(r, STR("smtp"), STR("remote-ip"), ip);
		(*n)++;
	}
	return (st);
}

static enum status
add_dmarc(struct engine_msg *m, const struct dmarc_verdict *d,
    struct authres_result *v, size_t *n)
{
	struct authres_result *r = &v[*n];
	enum status st;

	st = begin(m, r, STR("dmarc"), dmarc_result_name(d->result),
	    d->result != DMARC_PASS && d->result != DMARC_NONE ?
	    d->reason : NULL);
	if (st != STATUS_OK) {
		return (st);
	}
	if (d->has_policy) {
		engine_results_add(r, STR("policy"), STR("dmarc"),
		    str_from(dmarc_policy_name(d->policy)));
	}
	engine_results_add(r, STR("header"), STR("from"), d->from);
	(*n)++;
	return (STATUS_OK);
}

/* One for each author domain; or why there is none. */
static enum status
add_authors(struct engine_msg *m, struct authres_result *v, size_t *n)
{
	const struct dmarc *dmarc = m->outcome.dmarc;
	enum status st = STATUS_OK;
	size_t i;

	if (m->from.result != ADDR_FROM_OK) {
		/* RFC 9989 5.3.1: none to evaluate, or a broken one. */
		st = begin(m, &v[*n], STR("dmarc"),
		    m->from.result == ADDR_FROM_MISSING ? "none" :
		    "permerror", addr_from_text(m->from.result));
		(*n)++;
	}
	for (i = 0; dmarc != NULL && i < dmarc_count(dmarc) &&
	    st == STATUS_OK; i++) {
		st = add_dmarc(m, dmarc_get(dmarc, i), v, n);
	}
	return (st);
}

enum status
engine_results_sender(struct engine_msg *m, struct authres_result *v,
    size_t *n_r)
{
	enum status st;

	*n_r = 0;
	if (!m->judged) {
		return (STATUS_OK);
	}
	st = m->relayed && !m->sender.known && !msg_is_relay_exempt(m) ?
	    add_no_client(m, v, n_r) : add_spf(m, m->outcome.spf, v, n_r);
	if (st == STATUS_OK) {
		st = add_helo(m, v, n_r);
	}
	if (st == STATUS_OK) {
		st = add_iprev(m, v, n_r);
	}
	if (st == STATUS_OK) {
		st = add_authors(m, v, n_r);
	}
	return (st == STATUS_OK ? add_arc(m, v, n_r) : st);
}

enum status
engine_results_received_spf(struct engine_msg *m)
{
	struct spf_received received = { .verdict = m->outcome.spf,
		.mail_from = m->mail_from, .helo = m->sender.helo,
		.receiver = m->engine->authserv_id };
	struct str value = STR_NONE;
	struct buf buf;
	enum status st;

	if (!msg_conf(m)->received_spf || received.verdict == NULL ||
	    !m->sender.known) {
		return (STATUS_OK);
	}
	received.ip = &m->sender.ip;
	buf_init(&buf, RECEIVED_SPF_MAX_BYTES);
	buf_add_char(&buf, ' ');
	st = spf_received_write(&buf, &received);
	if (st == STATUS_OK) {
		value = arena_dup(&m->arena, buf_str(&buf));
	}
	buf_fini(&buf);
	if (value.p == NULL) {
		return (STATUS_NOMEM);
	}
	engine_actions_insert(m, STR("Received-SPF"), value);
	return (STATUS_OK);
}
