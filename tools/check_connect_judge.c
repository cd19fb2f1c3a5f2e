/* SPDX-License-Identifier: BSD-2-Clause */
/* What mail servers said. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/check_connect.h"

#define DATE_BYTES	32

struct standing {		/* of the servers of one domain */
	size_t	reached;	/* by TCP */
	size_t	served;		/* and they spoke SMTP */
	size_t	n;
};

/* What was waited for, for each stage. */
static const char *const waited[] = {
	[PROBE_AT_CONNECT] = "a connection",
	[PROBE_AT_GREETING] = "its greeting",
	[PROBE_AT_EHLO] = "an answer to EHLO",
	[PROBE_AT_STARTTLS] = "an answer to STARTTLS",
	[PROBE_AT_HANDSHAKE] = "the TLS handshake",
	[PROBE_AT_EHLO_TLS] = "an answer to EHLO under TLS",
	[PROBE_AT_MAIL] = "an answer to MAIL",
	[PROBE_AT_RCPT] = "an answer to RCPT",
	[PROBE_AT_RSET] = "an answer to RSET",
	[PROBE_AT_QUIT] = "an answer to QUIT",
	[PROBE_AT_RESPONSE] = "its response"
};

const char *
connect_trouble(const struct probe *p)
{
	switch (p->end) {
	case PROBE_UNREACHABLE:
		return (strerror(p->error));
	case PROBE_LATE:
		return ("it does not answer in time");
	case PROBE_CLOSED:
		return ("it closes the connection");
	case PROBE_GARBAGE:
		return ("its answer is not of that protocol");
	case PROBE_ENDLESS:
		return ("its answer does not end");
	case PROBE_REFUSED:
		return ("it refuses");
	case PROBE_NO_TLS:
		return (p->tls != NULL && tls_trouble(p->tls)[0] != '\0' ?
		    tls_trouble(p->tls) : "the TLS handshake fails");
	case PROBE_OPEN:
	case PROBE_COMPLETE:
	case PROBE_NO_MEMORY:
		break;
	}
	return ("nothing is wrong");
}

/* It spoke SMTP up to its answer to EHLO. */
static bool
has_served(const struct probe *p)
{
	return (p->end == PROBE_COMPLETE || p->stage >= PROBE_AT_STARTTLS);
}

static bool
was_reached(const struct probe *p)
{
	return (p->stage != PROBE_AT_CONNECT);
}

static struct standing
count_servers(const struct connect_domain *d)
{
	struct standing r = { .n = 0 };
	size_t i, j;

	for (i = 0; i < d->n; i++) {
		for (j = 0; j < d->hosts[i]->n; j++) {
			const struct probe *p = d->hosts[i]->servers[j]->probe;

			r.n++;
			r.reached += was_reached(p);
			r.served += has_served(p);
		}
	}
	return (r);
}

static void
quote_reply(struct check_sayer *sayer, struct check_finding *f,
    const struct probe *p)
{
	struct str text = arena_printf(sayer->arena, "%u %.*s", p->code,
	    STR_FMT(p->reply));

	if (p->reply.n > 0) {
		check_say_found(sayer, f, p->code != 0 ? text : p->reply);
	}
}

/* Whether the machine itself lacks the way: no route, no IPv6. */
static bool
is_our_trouble(const struct probe *p)
{
	return (p->end == PROBE_UNREACHABLE && (p->error == ENETUNREACH ||
	    p->error == EAFNOSUPPORT || p->error == EADDRNOTAVAIL ||
	    p->error == EACCES || p->error == EPERM));
}

static void
judge_reach(const struct connect *c, struct check_sayer *sayer,
    const struct connect_server *s, const struct standing *all)
{
	const struct probe *p = s->probe;

	if (c->blocked || is_our_trouble(p)) {
		(void)check_say(sayer, "smtp.unreachable", CHECK_UNKNOWN,
		    s->shown, "%.*s could not be reached on port %u from this "
		    "machine: %s%s", STR_FMT(s->shown), p->port,
		    connect_trouble(p), c->blocked ? "; nor can others" :
		    "");
		return;
	}
	(void)check_say(sayer, "smtp.unreachable", all->reached == 0 ?
	    CHECK_ERROR : CHECK_WARN, s->shown, "%.*s cannot be reached on "
	    "port %u: %s%s", STR_FMT(s->shown), p->port, connect_trouble(p),
	    all->reached == 0 ? "; no MX host can: no mail arrives" : "");
}

static void
judge_greeting(struct check_sayer *sayer, const struct connect_server *s,
    const struct standing *all)
{
	const struct probe *p = s->probe;

	quote_reply(sayer, check_say(sayer, "smtp.greeting", all->served ==
	    0 ? CHECK_ERROR : CHECK_WARN, s->shown, "%.*s is not a working "
	    "mail server: waiting for %s: %s", STR_FMT(s->shown),
	    waited[p->stage], connect_trouble(p)), p);
}

/* RFC 5321 4.2: the greeting begins with the host's name. */
static void
judge_name(struct check_sayer *sayer, const struct connect_server *s)
{
	const struct dns_answer *ptr = s->ptr != NULL ?
	    dns_query_answer(s->ptr) : NULL;
	struct str name = str_first(s->probe->greeting,
	    str_find(s->probe->greeting, ' '));
	bool fits = str_eq_ci(name, s->host->name);
	size_t i;

	if (ptr == NULL || ptr->result != DNS_OK) {
		return;		/* ptr.* is about addresses that send */
	}
	for (i = 0; i < ptr->n; i++) {
		fits |= str_eq_ci(name, ptr->v[i].data);
	}
	if (!fits) {
		check_say_found(sayer, check_say(sayer,
		    "smtp.banner-mismatch", CHECK_INFO, s->shown, "%.*s "
		    "greets with another name than its own and its reverse "
		    "name, %.*s", STR_FMT(s->shown),
		    STR_FMT(str_first(ptr->v[0].data, 200))),
		    s->probe->greeting);
	}
}

/* True: it is encrypted. */
static bool
judge_starttls(struct check_sayer *sayer, const struct connect_server *s)
{
	const struct probe *p = s->probe;

	if (p->encrypted) {
		(void)check_say(sayer, "tls.starttls", CHECK_GOOD, s->shown,
		    "%.*s takes mail over %s", STR_FMT(s->shown),
		    tls_version(p->tls));
		return (true);
	}
	if (!p->offers_tls) {
		(void)check_say(sayer, "tls.starttls", CHECK_ERROR, s->shown,
		    "%.*s does not offer STARTTLS: mail comes in the clear, "
		    "and senders that insist on TLS do not deliver. In "
		    "Postfix, set smtpd_tls_security_level = may and a "
		    "certificate", STR_FMT(s->shown));
		return (false);
	}
	quote_reply(sayer, check_say(sayer, "tls.starttls", CHECK_ERROR,
	    s->shown, "%.*s offers STARTTLS, but it does not work: waiting "
	    "for %s: %s", STR_FMT(s->shown), waited[p->stage],
	    connect_trouble(p)), p);
	return (false);
}

static const char *
date_text(int64_t s, char text[DATE_BYTES])
{
	time_t t = (time_t)s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, DATE_BYTES, "%Y-%m-%d", &tm) == 0) {
		(void)snprintf(text, DATE_BYTES, "?");
	}
	return (text);
}

bool
connect_is_trusted(const struct connect *c, const struct probe *p)
{
	struct tls_certificate cert;

	if (!p->encrypted) {
		return (false);
	}
	tls_certificate_get(p->tls, env_now_s(c->env), &cert);
	return (cert.trusted && cert.timely && cert.name_fits);
}

static void
judge_dates(struct check_sayer *sayer, const struct connect_server *s,
    const struct tls_certificate *cert, int64_t now_s)
{
	char date[DATE_BYTES];

	if (!cert->timely) {
		(void)check_say(sayer, "tls.certificate", CHECK_WARN,
		    s->shown, cert->until_s < now_s ? "the certificate of "
		    "%.*s expired on %s" : "the certificate of %.*s, or one "
		    "above it, is not valid now (its own end is %s)",
		    STR_FMT(s->shown), date_text(cert->until_s, date));
	} else if (cert->until_s - now_s < CONNECT_SOON_S) {
		(void)check_say(sayer, "tls.certificate", CHECK_WARN,
		    s->shown, "the certificate of %.*s expires on %s and has "
		    "not been renewed", STR_FMT(s->shown),
		    date_text(cert->until_s, date));
	}
}

/* Most senders do not look; those with DANE or MTA-STS do. */
static void
judge_certificate(const struct connect *c, struct check_sayer *sayer,
    const struct connect_server *s)
{
	int64_t now_s = env_now_s(c->env);
	struct tls_certificate cert;
	char date[DATE_BYTES];

	tls_certificate_get(s->probe->tls, now_s, &cert);
	judge_dates(sayer, s, &cert, now_s);
	if (!cert.name_fits) {
		check_say_found(sayer, check_say(sayer, "tls.certificate",
		    CHECK_WARN, s->shown, "the certificate of %.*s is for "
		    "another name", STR_FMT(s->shown)), str_mem(cert.names,
		    cert.names_n));
	}
	if (!cert.trusted) {
		(void)check_say(sayer, "tls.certificate", CHECK_WARN,
		    s->shown, cert.self_signed ? "the certificate of %.*s is "
		    "self-signed" : "the certificate of %.*s does not lead to "
		    "a known authority (%s); is the intermediate certificate "
		    "missing?", STR_FMT(s->shown), cert.trouble);
	}
	if (connect_is_trusted(c, s->probe)) {
		(void)check_say(sayer, "tls.certificate", CHECK_GOOD,
		    s->shown, "the certificate of %.*s is valid until %s",
		    STR_FMT(s->shown), date_text(cert.until_s, date));
	}
}

/* Only signed records count (RFC 7672 2.2). */
static enum tls_dane
compare_dane(const struct connect_server *s, size_t *n_r)
{
	const struct dns_answer *tlsa = s->host->tlsa != NULL ?
	    dns_query_answer(s->host->tlsa) : NULL;
	struct str records[DNS_MAX_RECORDS];
	size_t i;

	*n_r = 0;
	if (tlsa == NULL || tlsa->result != DNS_OK ||
	    tlsa->security != DNS_SECURE) {
		return (TLS_DANE_UNUSABLE);
	}
	for (i = 0; i < tlsa->n && i < DNS_MAX_RECORDS; i++) {
		records[i] = tlsa->v[i].data;
	}
	*n_r = i;
	return (tls_dane_compare(s->probe->tls, records, i));
}

/* True: senders with DANE trust the certificate, whoever made it. */
static bool
judge_dane(struct check_sayer *sayer, const struct connect_server *s)
{
	struct check_finding *f;
	enum tls_dane dane;
	struct buf value;
	size_t n;

	dane = compare_dane(s, &n);
	if (n == 0) {
		return (false);
	}
	if (dane == TLS_DANE_MATCH) {
		(void)check_say(sayer, "dane.mismatch", CHECK_GOOD, s->shown,
		    "the certificate of %.*s is that of its TLSA record",
		    STR_FMT(s->shown));
		return (true);
	}
	f = check_say(sayer, dane == TLS_DANE_MISMATCH ? "dane.mismatch" :
	    "dane.unusable", dane == TLS_DANE_MISMATCH ? CHECK_ERROR :
	    CHECK_WARN, s->shown, dane == TLS_DANE_MISMATCH ?
	    "no TLSA record fits the certificate of %.*s: senders with DANE "
	    "do not deliver to it" : "none of the TLSA records of %.*s is of "
	    "a kind that mail uses (usage 2 or 3)", STR_FMT(s->shown));
	buf_init(&value, CRYPTO_KEY_MAX_BYTES);
	tls_dane_write(s->probe->tls, &value);
	if (value.status == STATUS_OK) {
		check_say_fix(sayer, f, WANTED_AT_DNS, arena_printf(
		    sayer->arena, "_25._tcp.%.*s", STR_FMT(s->host->name)),
		    "TLSA", buf_str(&value));
	}
	buf_fini(&value);
	return (false);
}

static void
judge_relay(struct check_sayer *sayer, const struct connect_server *s)
{
	const struct probe *p = s->probe;

	if (p->relay == PROBE_RELAYS) {
		quote_reply(sayer, check_say(sayer, "relay.open", CHECK_ERROR,
		    s->shown, "%.*s accepts a recipient of another domain "
		    "from a stranger (%.*s): an open relay. In Postfix, "
		    "mynetworks is too wide or smtpd_relay_restrictions lacks "
		    "reject_unauth_destination", STR_FMT(s->shown),
		    STR_FMT(p->recipient)), p);
	} else if (p->relay == PROBE_RELAYS_NOT) {
		(void)check_say(sayer, "relay.open", CHECK_GOOD, s->shown,
		    "%.*s does not relay for strangers", STR_FMT(s->shown));
	} else if (p->end == PROBE_COMPLETE) {
		(void)check_say(sayer, "relay.unasked", CHECK_INFO, s->shown,
		    "whether %.*s relays for strangers was not asked: this "
		    "machine may relay, or is not let in. Run this from "
		    "outside of mynetworks", STR_FMT(s->shown));
	}
}

static void
judge_server(const struct connect *c, struct check_sayer *sayer,
    const struct connect_server *s, const struct standing *all)
{
	if (!was_reached(s->probe)) {
		judge_reach(c, sayer, s, all);
		return;
	}
	if (!has_served(s->probe)) {
		judge_greeting(sayer, s, all);
		return;
	}
	(void)check_say(sayer, "smtp.greeting", CHECK_GOOD, s->shown,
	    "%.*s answers on port %u", STR_FMT(s->shown), s->probe->port);
	judge_name(sayer, s);
	if (judge_starttls(sayer, s) && !judge_dane(sayer, s)) {
		judge_certificate(c, sayer, s);
	}
	judge_relay(sayer, s);
}

void
connect_judge_domain(struct connect *c, struct check_sayer *sayer,
    const struct connect_domain *d)
{
	struct standing all = count_servers(d);
	size_t i, j;

	for (i = 0; i < d->n; i++) {
		for (j = 0; j < d->hosts[i]->n; j++) {
			judge_server(c, sayer, d->hosts[i]->servers[j], &all);
		}
	}
}

/* Whether port 25 of others can be reached from here at all. */
void
connect_judge_outside(struct connect *c, struct check_sayer *sayer)
{
	struct connect_host *h = c->outside;
	struct str name = str_from(c->outside_name);
	const struct probe *last = NULL;
	size_t i;

	for (i = 0; h != NULL && i < h->n; i++) {
		if (was_reached(h->servers[i]->probe)) {
			(void)check_say(sayer, "smtp.outbound-blocked",
			    CHECK_GOOD, name, "port 25 of others can be "
			    "reached from this machine (%.*s)",
			    STR_FMT(h->servers[i]->shown));
			return;
		}
		if (last == NULL || !is_our_trouble(h->servers[i]->probe)) {
			last = h->servers[i]->probe;
		}
	}
	if (last == NULL) {
		(void)check_say(sayer, "smtp.lookup", CHECK_UNKNOWN, name,
		    "whether port 25 of others can be reached is not known: "
		    "no mail server of %.*s was found", STR_FMT(name));
		return;
	}
	c->blocked = true;
	(void)check_say(sayer, "smtp.outbound-blocked", CHECK_ERROR, name,
	    "port 25 of others cannot be reached from this machine (%.*s: "
	    "%s): no mail leaves. Many hosters block it until they are asked; "
	    "or send through a relay (relayhost)", STR_FMT(name),
	    connect_trouble(last));
}
