/* SPDX-License-Identifier: BSD-2-Clause */
/* Which servers there are, and the conversations with them. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "probe/policy.h"
#include "tools/check_connect.h"

#define CONNECT_ARENA_BYTES	((size_t)64 * 1024 * 1024)
#define HOST_NAME_BYTES		256
#define STS_LABEL		"mta-sts."
#define RECIPIENT		"relay-test@example.com"	/* RFC 2606 */

enum { PORT_SMTP = 25, PORT_HTTPS = 443 };

/* -- what this host is --------------------------------------------------- */

static bool
is_inside(void *ctx, const struct ip_addr *ours)
{
	const struct connect *c = ctx;

	return (c->inside_unknown || (c->inside != NULL &&
	    hosts_match(c->inside, ours, STR_NONE)));
}

/* Entries of mynetworks: "192.0.2.0/24", "[2001:db8::]/32", "!..."; files and
   tables are not read. */
static void
add_network(struct connect *c, struct str entry)
{
	char text[IP_TEXT_BYTES + 8];
	struct diag diag;
	size_t i, n = 0;

	for (i = 0; i < entry.n && n < sizeof(text); i++) {
		if (entry.p[i] != '[' && entry.p[i] != ']') {
			text[n++] = entry.p[i];
		}
	}
	diag_init(&diag);
	if (n == sizeof(text) || hosts_add(c->inside, str_mem(text, n), NULL,
	    0, &diag) != STATUS_OK) {
		c->inside_unknown = true;
	}
}

static void
read_networks(struct connect *c)
{
	struct str rest = c->host->mta.networks, entry;
	size_t i;

	if (rest.p == NULL) {
		return;
	}
	c->inside = hosts_new();
	c->inside_unknown = c->inside == NULL;
	while (rest.n > 0 && c->inside != NULL) {
		for (i = 0; i < rest.n && strchr(", \t", rest.p[i]) == NULL;
		    i++) {
			continue;
		}
		entry = str_first(rest, i);
		rest = str_from_offset(rest, i + 1);
		if (entry.n > 0) {
			add_network(c, entry);
		}
	}
}

/* Whether port 25 of others is of use; with a relay it is not. */
static void
choose_outside(struct connect *c)
{
	const struct check_args *a = c->args;

	if (a->no_outbound) {
		return;
	}
	c->outside_name = a->outbound;
	if (a->outbound == NULL && a->dns.zone == NULL &&
	    c->host->mta.relayhost.n == 0) {
		c->outside_name = CONNECT_OUTSIDE;
	}
}

/* The name for EHLO. */
static bool
choose_helo(struct connect *c)
{
	char name[HOST_NAME_BYTES] = "";

	if (c->args->helo != NULL) {
		c->helo = str_from(c->args->helo);
		return (true);
	}
	if (gethostname(name, sizeof(name)) == -1 || name[0] == '\0') {
		(void)snprintf(name, sizeof(name), "localhost");
	}
	name[sizeof(name) - 1] = '\0';
	c->helo = arena_dup(&c->arena, str_from(name));
	return (c->helo.p != NULL);
}

/* -- which servers ------------------------------------------------------- */

static struct dns_query *
ask_below(struct connect *c, const char *label, struct str name,
    enum dns_type type)
{
	struct str owner = arena_printf(&c->arena, "%s%.*s", label,
	    STR_FMT(name));

	return (owner.p != NULL ? dns_batch_add(c->batch, owner, type) :
	    NULL);
}

/* A query that could not be made has no answer. */
static const struct dns_answer *
answer_of(const struct dns_query *query)
{
	static const struct dns_answer none = { .result = DNS_TIMEOUT };

	return (query != NULL ? dns_query_answer(query) : &none);
}

static void
wait_dns(const struct connect *c)
{
	dns_batch_wait(c->batch, env_mono_us(c->env) +
	    cli_dns_timeout_us(&c->args->dns));
}

/* Hosts are shared by domains; NULL: no memory. */
static struct connect_host *
find_host(struct connect *c, struct str name)
{
	struct connect_host *h = c->hosts;

	while (h != NULL && !str_eq_ci(h->name, name)) {
		h = h->next;
	}
	if (h != NULL) {
		return (h);
	}
	h = arena_alloc(&c->arena, sizeof(*h));
	if (h == NULL) {
		return (NULL);
	}
	h->name = arena_dup(&c->arena, name);
	h->v4 = dns_batch_add(c->batch, name, DNS_A);
	h->v6 = dns_batch_add(c->batch, name, DNS_AAAA);
	h->tlsa = ask_below(c, "_25._tcp.", name, DNS_TLSA);
	h->next = c->hosts;
	c->hosts = h;
	return (h->name.p != NULL ? h : NULL);
}

/* The MX hosts of an answer, or the name itself without one (RFC 5321 5.1). */
static size_t
find_hosts(struct connect *c, const struct dns_answer *mx, struct str name,
    struct connect_host **v, size_t max)
{
	size_t i, n = 0;

	if (mx->result == DNS_NODATA) {
		v[0] = find_host(c, name);
		return (v[0] != NULL ? 1 : 0);
	}
	for (i = 0; i < mx->n && n < max; i++) {
		if (mx->v[i].data.n == 0) {	/* a null MX */
			continue;
		}
		v[n] = find_host(c, mx->v[i].data);
		n += v[n] != NULL;
	}
	c->truncated |= i < mx->n;
	return (n);
}

static void
ask_domains(struct connect *c, struct check_shown *shown, size_t n)
{
	size_t i;

	c->domains_n = n;
	for (i = 0; i < n; i++) {
		struct connect_domain *d = &c->domains[i];
		struct str name = shown[i].report->domain;

		*d = (struct connect_domain){ .shown = &shown[i] };
		d->mx = dns_batch_add(c->batch, name, DNS_MX);
		d->sts = ask_below(c, "_mta-sts.", name, DNS_TXT);
		d->sts_v4 = ask_below(c, STS_LABEL, name, DNS_A);
		d->sts_v6 = ask_below(c, STS_LABEL, name, DNS_AAAA);
	}
	if (!c->outside_done && c->outside_name != NULL) {
		c->outside_mx = dns_batch_add(c->batch,
		    str_from(c->outside_name), DNS_MX);
	}
	wait_dns(c);
}

static void
ask_hosts(struct connect *c)
{
	size_t i, j;

	if (c->outside_mx != NULL && find_hosts(c, answer_of(c->outside_mx),
	    str_from(c->outside_name), &c->outside, 1) > 0) {
		c->outside->greet_only = true;
	}
	for (i = 0; i < c->domains_n; i++) {
		struct connect_domain *d = &c->domains[i];

		d->n = find_hosts(c, answer_of(d->mx),
		    d->shown->report->domain, d->hosts, CONNECT_MAX_HOSTS);
		for (j = 0; j < d->n; j++) {
			d->hosts[j]->greet_only = false;
		}
	}
	wait_dns(c);
}

/* -- the conversations --------------------------------------------------- */

static struct probe *
new_probe(struct connect *c, enum probe_kind kind, struct str host,
    const struct dns_record *address)
{
	struct probe *p;

	if (c->probes_n == PROBE_MAX) {
		c->truncated = true;
		return (NULL);
	}
	p = &c->probes[c->probes_n++];
	*p = (struct probe){ .kind = kind, .host = host, .helo = c->helo,
		.is_inside = is_inside, .ctx = c };
	p->ip.v6 = address->data.n == 16;
	memcpy(p->ip.octets, address->data.p, address->data.n);
	p->port = kind == PROBE_HTTPS ? c->args->https_port != 0 ?
	    (unsigned)c->args->https_port : PORT_HTTPS :
	    c->args->smtp_port != 0 ? (unsigned)c->args->smtp_port :
	    PORT_SMTP;
	return (p);
}

static void
add_server(struct connect *c, struct connect_host *h,
    const struct dns_record *address)
{
	struct connect_server *s = arena_alloc(&c->arena, sizeof(*s));
	char arpa[IP_ARPA_BYTES], text[IP_TEXT_BYTES];

	if (s == NULL || h->n == CONNECT_MAX_ADDRESSES) {
		c->truncated = true;
		return;
	}
	s->host = h;
	s->probe = new_probe(c, h->greet_only ? PROBE_GREETING : PROBE_SMTP,
	    h->name, address);
	if (s->probe == NULL) {
		return;
	}
	ip_arpa(&s->probe->ip, arpa);
	ip_text(&s->probe->ip, text);
	s->ptr = dns_batch_add(c->batch, str_from(arpa), DNS_PTR);
	s->shown = arena_printf(&c->arena, "%.*s (%s)", STR_FMT(h->name),
	    text);
	h->servers[h->n++] = s;
}

static void
add_servers(struct connect *c)
{
	struct connect_host *h;
	size_t i;

	for (h = c->hosts; h != NULL; h = h->next) {
		const struct dns_answer *v4 = answer_of(h->v4);
		const struct dns_answer *v6 = answer_of(h->v6);

		for (i = 0; i < v4->n; i++) {
			add_server(c, h, &v4->v[i]);
		}
		for (i = 0; i < v6->n; i++) {
			add_server(c, h, &v6->v[i]);
		}
	}
}

/* Who would relay, relays for the sender of the domain that was seen first. */
static void
ask_relays(struct connect *c)
{
	size_t i, j, k;

	for (i = 0; i < c->domains_n; i++) {
		struct connect_domain *d = &c->domains[i];
		struct str sender = arena_printf(&c->arena,
		    "postmaster@%.*s", STR_FMT(d->shown->report->domain));

		for (j = 0; j < d->n; j++) {
			for (k = 0; k < d->hosts[j]->n; k++) {
				struct probe *p = d->hosts[j]->servers[k]->
				    probe;

				p->sender = sender;
				p->recipient = STR(RECIPIENT);
			}
		}
	}
}

/* The web server of a policy that is announced. */
static void
add_web(struct connect *c, struct connect_domain *d)
{
	const struct dns_answer *addresses[2] = { answer_of(d->sts_v4),
		answer_of(d->sts_v6) };
	const struct dns_answer *txt = answer_of(d->sts);
	bool announced = false;
	struct str host;
	size_t i;

	for (i = 0; i < txt->n; i++) {
		announced |= str_starts(txt->v[i].data, STR("v=STSv1"));
	}
	host = arena_printf(&c->arena, STS_LABEL "%.*s",
	    STR_FMT(d->shown->report->domain));
	for (i = 0; i < 2 && announced && host.p != NULL; i++) {
		if (addresses[i]->n == 0) {
			continue;
		}
		d->web[i] = new_probe(c, PROBE_HTTPS, host,
		    &addresses[i]->v[0]);
		if (d->web[i] != NULL) {
			d->web[i]->path = STR(POLICY_PATH);
		}
	}
}

static enum status
ask_servers(struct connect *c)
{
	int64_t timeout_s = c->args->connect_timeout_s != 0 ?
	    c->args->connect_timeout_s : CONNECT_TIMEOUT_S;
	size_t i;

	add_servers(c);
	ask_relays(c);
	for (i = 0; i < c->domains_n; i++) {
		add_web(c, &c->domains[i]);
	}
	wait_dns(c);
	return (probe_run(c->probes, c->probes_n, c->env, c->roots, &c->arena,
	    env_mono_us(c->env) + (uint64_t)timeout_s * 1000000));
}

/* -- all of it ----------------------------------------------------------- */

/* False: no memory. */
static bool
connect_domains(struct connect *c, struct check_shown *shown, size_t n)
{
	struct check_sayer sayer = { .args = c->args, .arena = &c->arena };
	enum status status;
	size_t i;

	c->batch = dns_batch_new(c->dns);
	if (c->batch == NULL) {
		return (false);
	}
	ask_domains(c, shown, n);
	ask_hosts(c);
	status = ask_servers(c);
	if (status == STATUS_OK && c->outside_mx != NULL) {
		sayer.shown = &shown[0];
		connect_judge_outside(c, &sayer);
	}
	for (i = 0; i < n && status == STATUS_OK; i++) {
		sayer.shown = &shown[i];
		connect_judge_domain(c, &sayer, &c->domains[i]);
		connect_judge_policy(c, &sayer, &c->domains[i]);
	}
	probe_fini(c->probes, c->probes_n);
	c->probes_n = 0;
	c->hosts = NULL;
	c->outside_mx = NULL;
	c->outside = NULL;
	c->outside_done = true;
	dns_batch_free(c->batch);
	c->batch = NULL;
	return (status == STATUS_OK && !sayer.failed);
}

static bool
open_connect(struct connect *c)
{
	struct diag diag;

	diag_init(&diag);
	if (tls_roots_new(c->args->ca_file, &c->roots, &diag) != STATUS_OK) {
		(void)cli_fail("%s", diag.text);
		return (false);
	}
	read_networks(c);
	choose_outside(c);
	if (!choose_helo(c)) {
		(void)cli_fail("out of memory");
		return (false);
	}
	return (true);
}

bool
check_connect(const struct check_args *args, struct check_host *host,
    struct dns *dns, const struct env *env, struct check_shown *shown,
    size_t n, struct connect **r)
{
	struct connect *c = calloc(1, sizeof(*c));
	bool ok = true;
	size_t i, part;

	*r = c;
	if (c == NULL) {
		(void)cli_fail("out of memory");
		return (false);
	}
	c->args = args;
	c->host = host;
	c->dns = dns;
	c->env = env;
	arena_init(&c->arena, CONNECT_ARENA_BYTES);
	if (!open_connect(c)) {
		return (false);
	}
	for (i = 0; i < n && ok; i += part) {
		part = n - i < CONNECT_DOMAINS ? n - i : CONNECT_DOMAINS;
		ok = connect_domains(c, shown + i, part);
	}
	if (!ok) {
		(void)cli_fail("out of memory");
	} else if (c->truncated) {
		cli_warn("not all servers were connected to: at most %d at "
		    "once, %d addresses of one host", PROBE_MAX,
		    CONNECT_MAX_ADDRESSES);
	}
	return (ok);
}

void
check_connect_free(struct connect *c)
{
	if (c != NULL) {
		probe_fini(c->probes, c->probes_n);
		dns_batch_free(c->batch);
		tls_roots_free(c->roots);
		hosts_free(c->inside);
		arena_fini(&c->arena);
		free(c);
	}
}
