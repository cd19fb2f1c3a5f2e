/* SPDX-License-Identifier: BSD-2-Clause */
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <spf2/spf.h>
#include <spf2/spf_dns.h>

#include "second/private.h"
#include "second/spf.h"

#define LIBSPF2_NAME	"receiver"	/* for a field that is not read */

struct check {			/* one evaluation */
	struct SPF_dns_server_struct	 server;	/* hook: this */
	struct arena			*arena;
	struct dns_batch		*batch;
	uint64_t			 dns_deadline_us;
	unsigned			 queries;
	bool				 failed;	/* a question */
	bool				 out_of_memory;
	const char			*refused;	/* not to be shown to it */
};

/* Whether it may see the text. */
static bool
is_harmless(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (text.p[i] < ' ' || text.p[i] > '~' || text.p[i] == '%') {
			return (false);
		}
	}
	return (text.n <= SECOND_SPF_TEXT_BYTES);
}

static bool
add_data(SPF_dns_rr_t *rr, const void *p, size_t n)
{
	int at = rr->num_rr;
	char *data;

	/* One more for the NUL of a text. */
	if (SPF_dns_rr_buf_realloc(rr, at, n + 1 >
	    sizeof(SPF_dns_rr_data_t) ? n + 1 : sizeof(SPF_dns_rr_data_t)) !=
	    SPF_E_SUCCESS) {
		return (false);
	}
	data = (char *)rr->rr[at];
	memcpy(data, p, n);
	data[n] = '\0';
	rr->num_rr++;
	return (true);
}

static bool
add_record(struct check *c, SPF_dns_rr_t *rr, enum dns_type type,
    struct str data)
{
	if (type == DNS_TXT && !str_starts_ci(data, STR("v=spf1"))) {
		return (true);
	}
	if ((type == DNS_TXT || type == DNS_MX || type == DNS_PTR) &&
	    !is_harmless(data)) {
		c->refused = "not asked: macros, or not plain text";
		return (true);
	}
	return (add_data(rr, data.p, data.n));
}

static int
h_error(enum dns_result result)
{
	switch (result) {
	case DNS_OK:
		return (NETDB_SUCCESS);
	case DNS_NODATA:
		return (NO_DATA);
	case DNS_NXDOMAIN:
	case DNS_BADNAME:
		return (HOST_NOT_FOUND);
	case DNS_SERVFAIL:
	case DNS_TIMEOUT:
		break;
	}
	return (TRY_AGAIN);
}

static bool
is_type(ns_type type)
{
	return (type == ns_t_a || type == ns_t_aaaa || type == ns_t_mx ||
	    type == ns_t_ptr || type == ns_t_txt);
}

/* NULL: no memory. The answer of a name that must not be asked is that there
   is none. */
static const struct dns_answer *
ask(struct check *c, const char *name, ns_type type)
{
	static const struct dns_answer none = { .result = DNS_NXDOMAIN };

	if (c->refused != NULL || !is_type(type) ||
	    c->queries++ >= SECOND_SPF_MAX_QUERIES) {
		return (&none);
	}
	return (second_ask(c->batch, str_from(name), (enum dns_type)type,
	    c->dns_deadline_us));
}

static SPF_dns_rr_t *
look_up(SPF_dns_server_t *server, const char *name, ns_type type,
    int should_cache)
{
	struct check *c = server->hook;
	const struct dns_answer *answer = ask(c, name, type);
	SPF_dns_rr_t *rr;
	bool good = true;
	size_t i;

	(void)should_cache;
	if (answer == NULL) {
		c->out_of_memory = true;
		return (SPF_dns_rr_new_init(server, name, type, 0, TRY_AGAIN));
	}
	c->failed |= h_error(answer->result) == TRY_AGAIN;
	rr = SPF_dns_rr_new_init(server, name, type, 0,
	    h_error(answer->result));
	for (i = 0; rr != NULL && i < answer->n && good; i++) {
		good = add_record(c, rr, (enum dns_type)type,
		    answer->v[i].data);
	}
	if (rr == NULL || !good) {
		c->out_of_memory = true;
	} else if (rr->num_rr == 0 && answer->n > 0) {
		rr->herrno = NO_DATA;
	}
	return (rr);
}

static const char *
result_word(const struct check *c, SPF_response_t *response)
{
	switch (SPF_response_result(response)) {
	case SPF_RESULT_NEUTRAL:
		return ("neutral");
	case SPF_RESULT_PASS:
		return ("pass");
	case SPF_RESULT_FAIL:
		return ("fail");
	case SPF_RESULT_SOFTFAIL:
		return ("softfail");
	case SPF_RESULT_NONE:
		return ("none");
	case SPF_RESULT_TEMPERROR:
		return ("temperror");
	case SPF_RESULT_PERMERROR:
		return ("permerror");
	case SPF_RESULT_INVALID:
		break;
	}
	/* It says no more of a record that it cannot get, or not read. */
	return (c->failed ? "temperror" : "permerror");
}

static bool
set_client(SPF_request_t *request, const struct sockaddr *addr)
{
	const struct sockaddr_in *in = (const void *)addr;
	const struct sockaddr_in6 *in6 = (const void *)addr;
	struct in_addr mapped;

	if (addr->sa_family == AF_INET) {
		return (SPF_request_set_ipv4(request, in->sin_addr) ==
		    SPF_E_SUCCESS);
	}
	if (addr->sa_family != AF_INET6) {
		return (false);
	}
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		memcpy(&mapped, (const char *)&in6->sin6_addr + 12,
		    sizeof(mapped));
		return (SPF_request_set_ipv4(request, mapped) ==
		    SPF_E_SUCCESS);
	}
	return (SPF_request_set_ipv6(request, in6->sin6_addr) ==
	    SPF_E_SUCCESS);
}

/* Without brackets; absent if it must not be shown. */
static struct str
plain_path(struct str path)
{
	if (path.n >= 2 && path.p[0] == '<' && path.p[path.n - 1] == '>') {
		path = str_mem(path.p + 1, path.n - 2);
	}
	return (path.n <= SECOND_SPF_NAME_BYTES && is_harmless(path) ? path :
	    STR_NONE);
}

/* The names, or why it is not asked. */
static const char *
set_names(struct check *c, SPF_request_t *request,
    const struct second_spf_query *q)
{
	struct str path = plain_path(q->mail_from);
	struct str helo = plain_path(q->helo);
	char *text;

	if (path.p == NULL && q->mail_from.n > 0) {
		return ("not asked: MAIL FROM");
	}
	if (helo.n == 0) {
		helo = STR("unknown");
	}
	text = arena_cstr(c->arena, helo);
	if (text == NULL || SPF_request_set_helo_dom(request, text) !=
	    SPF_E_SUCCESS) {
		c->out_of_memory = true;
		return (NULL);
	}
	text = arena_cstr(c->arena, path);
	/* Without MAIL FROM it takes postmaster@HELO by itself. */
	if (text != NULL && path.n > 0) {
		(void)SPF_request_set_env_from(request, text);
	}
	c->out_of_memory = text == NULL;
	return (NULL);
}

static void
evaluate(struct check *c, SPF_server_t *server,
    const struct second_spf_query *q, struct second_spf *r)
{
	SPF_request_t *request = SPF_request_new(server);
	SPF_response_t *response = NULL;

	if (request == NULL) {
		c->out_of_memory = true;
		return;
	}
	if (!set_client(request, q->addr)) {
		r->reason = "not asked: no client address";
	} else {
		r->reason = set_names(c, request, q);
	}
	if (r->reason == NULL && !c->out_of_memory) {
		(void)SPF_request_query_mailfrom(request, &response);
	}
	if (response != NULL) {
		r->result = result_word(c, response);
		if (SPF_response_errcode(response) != SPF_E_SUCCESS) {
			r->reason = SPF_strerror(
			    SPF_response_errcode(response));
		}
		SPF_response_free(response);
	}
	SPF_request_free(request);
}

enum status
second_spf_check(struct arena *arena, struct dns_batch *batch,
    const struct second_spf_query *q, uint64_t dns_deadline_us,
    struct second_spf *r)
{
	struct check c = { .server = { .lookup = look_up,
		.name = "batch", .hook = NULL }, .arena = arena,
		.batch = batch, .dns_deadline_us = dns_deadline_us };
	SPF_server_t *server;

	*r = (struct second_spf){ .result = NULL };
	c.server.hook = &c;
	/* destroy is NULL: it does not free the layer that answers. */
	server = SPF_server_new_dns(&c.server, 0);
	if (server == NULL) {
		return (STATUS_NOMEM);
	}
	if (SPF_server_set_rec_dom(server, LIBSPF2_NAME) == SPF_E_SUCCESS) {
		evaluate(&c, server, q, r);
	} else {
		c.out_of_memory = true;
	}
	SPF_server_free(server);
	if (c.refused != NULL) {
		r->result = NULL;
		r->reason = c.refused;
	}
	return (c.out_of_memory ? STATUS_NOMEM : STATUS_OK);
}
