/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include <ifaddrs.h>
#include <net/if.h>

#include "mail/domain.h"
#include "signers/survey.h"
#include "tools/check_host.h"
#include "tools/offline.h"

#define HOST_ARENA_BYTES	((size_t)64 * 1024 * 1024)
#define SENTENCE_BYTES		4096

/* The entry of a domain, made if there is none. */
static struct check_own_domain *
own_domain(struct check_host *host, struct str name)
{
	struct check_own_domain **at = &host->domains, *d;

	while (*at != NULL && str_cmp((*at)->name, name) < 0) {
		at = &(*at)->next;
	}
	if (*at != NULL && str_eq((*at)->name, name)) {
		return (*at);
	}
	d = arena_alloc(&host->arena, sizeof(*d));
	if (d == NULL) {
		return (NULL);
	}
	d->name = arena_dup(&host->arena, name);
	d->next = *at;
	*at = d;
	host->domains_n++;
	return (d->name.p != NULL ? d : NULL);
}

static void
take_key(void *ctx, const struct signers_pick *pick)
{
	struct check_host *host = ctx;
	struct check_own_domain *d = own_domain(host, pick->domain);
	struct str selector;
	size_t i;

	if (d == NULL) {
		host->failed = true;
		return;
	}
	for (i = 0; i < d->n; i++) {
		if (str_eq(d->selectors[i].name, pick->selector)) {
			return;
		}
	}
	selector = arena_dup(&host->arena, pick->selector);
	if (selector.p == NULL) {
		host->failed = true;
	} else if (d->n < CHECK_MAX_SELECTORS) {
		d->selectors[d->n++] = (struct check_selector){ selector,
			privkey_hold(pick->key) };
	}
}

static void
take_lost(void *ctx, struct str domain, const char *why)
{
	struct check_host *host = ctx;

	if (host->lost_n < CHECK_MAX_UNSIGNED) {
		host->lost[host->lost_n].name = arena_dup(&host->arena,
		    domain);
		host->lost[host->lost_n++].why = why;
	}
}

static void
warn_line(void *ctx ATTR_UNUSED, enum log_level level, const char *line)
{
	if (level <= LOG_LEVEL_WARNING) {
		cli_warn("%s", line);
	}
}

/* False: printed why. */
static bool
collect_keys(struct check_host *host, struct offline *off, bool warns)
{
	struct signers_survey_opts opts = { 0, take_key, take_lost, host };
	struct signers_survey survey;
	struct buf sentence;
	enum status status;

	buf_init(&sentence, SENTENCE_BYTES);
	status = signers_survey(engine_signers(off->engine), &opts, &survey,
	    &sentence);
	if (host->failed) {
		status = STATUS_NOMEM;
	}
	if (status != STATUS_OK) {
		(void)cli_fail("%s", status_text(status));
	} else if (survey.cannot > 0 && warns) {
		cli_warn("%.*s", STR_FMT(buf_str(&sentence)));
	}
	buf_fini(&sentence);
	return (status == STATUS_OK);
}

/* Whether some rule signs mail of the domain. */
static bool
is_signed(struct check_host *host, struct offline *off, struct str domain)
{
	struct signers_picks picks = { .n = 0 };
	enum status status;
	bool is;

	status = signers_pick(engine_signers(off->engine), &host->arena,
	    STR("postmaster"), domain, &picks);
	is = status != STATUS_OK || picks.n > 0;
	signers_picks_fini(&picks);
	return (is);
}

/* A name, not a table, an address or one that only this host knows. */
static bool
is_mail_domain(struct str word)
{
	return (str_find(word, '.') < word.n && str_find(word, ':') ==
	    word.n && str_find(word, '/') == word.n && word.p[0] != '.' &&
	    word.p[0] != '[' && !str_ends_ci(word, STR(".localdomain")) &&
	    !str_starts_ci(word, STR("localhost.")) &&
	    str_find(word, '$') == word.n);
}

/* The key of a domain above it would sign, if SubDomains allowed it. */
static bool
has_signer_above(struct check_host *host, struct offline *off,
    struct str name)
{
	while (str_find(name, '.') < name.n) {
		name = domain_parent(name);
		if (check_host_find(host, name) != NULL &&
		    is_signed(host, off, name)) {
			return (true);
		}
	}
	return (false);
}

/* What Postfix sends or takes mail as, and nothing signs. */
static void
find_unsigned(struct check_host *host, struct offline *off)
{
	struct str rest = host->mta.domains, word, name;
	struct str origin = host->mta.origin;
	struct check_own_domain *d;

	for (d = host->domains; d != NULL; d = d->next) {
		name = arena_printf(&host->arena, "below.%.*s",
		    STR_FMT(d->name));
		d->subdomains = name.p == NULL || is_signed(host, off, name);
	}
	if (origin.n > 0 && is_mail_domain(origin) &&
	    domain_normalize(&host->arena, origin, &name) == STATUS_OK &&
	    !is_signed(host, off, name)) {
		host->origin_unsigned = true;
		host->origin_below = has_signer_above(host, off, name);
	}
	while (postfix_word(&rest, &word) &&
	    host->unsigned_n < CHECK_MAX_UNSIGNED) {
		if (is_mail_domain(word) && !str_eq_ci(word, origin) &&
		    !str_eq_ci(word, host->mta.hostname) &&
		    domain_normalize(&host->arena, word, &name) ==
		    STATUS_OK && !str_list_has_ci(host->unsigned_domains,
		    host->unsigned_n, name) && !is_signed(host, off, name)) {
			host->unsigned_domains[host->unsigned_n++] = name;
		}
	}
}

bool
check_host_open_mta(struct check_host *host)
{
	*host = (struct check_host){ .domains = NULL };
	arena_init(&host->arena, HOST_ARENA_BYTES);
	if (!mta_read(&host->mta, &host->arena)) {
		(void)cli_fail("out of memory");
		return (false);
	}
	return (true);
}

bool
check_host_open(struct check_host *host, const char *conf_path, bool warns,
    struct env *env)
{
	struct offline off;
	bool ok;

	if (!check_host_open_mta(host)) {
		return (false);
	}
	env->log = warns ? warn_line : NULL;
	ok = offline_open(&off, conf_path, false, env) &&
	    collect_keys(host, &off, warns);
	if (ok) {
		host->socket = arena_dup(&host->arena,
		    str_from(off.conf->socket));
		find_unsigned(host, &off);
	}
	offline_close(&off);
	env->log = NULL;
	return (ok);
}

void
check_host_close(struct check_host *host)
{
	struct check_own_domain *d;
	size_t i;

	for (d = host->domains; d != NULL; d = d->next) {
		for (i = 0; i < d->n; i++) {
			privkey_free((struct privkey *)(uintptr_t)
			    d->selectors[i].key);
		}
	}
	arena_fini(&host->arena);
}

const struct check_own_domain *
check_host_find(const struct check_host *host, struct str domain)
{
	const struct check_own_domain *d = host->domains;

	if (domain.n > 0 && domain.p[domain.n - 1] == '.') {
		domain.n--;
	}
	while (d != NULL && !str_eq_ci(d->name, domain)) {
		d = d->next;
	}
	return (d);
}

struct str
check_host_helo(struct check_host *host)
{
	struct str name = host->mta.helo.n > 0 ? host->mta.helo :
	    host->mta.hostname;

	/* Followed by a NUL. */
	return (name.n > 0 ? arena_dup(&host->arena, name) : STR_NONE);
}

bool
check_host_take_ip(struct ip_addr *v, size_t *n, const char *value)
{
	if (*n == CHECK_MAX_IPS) {
		(void)cli_fail("--ip: at most %d", CHECK_MAX_IPS);
		return (false);
	}
	if (!ip_parse(str_from(value), &v[*n])) {
		(void)cli_fail("--ip: %s is not an address", value);
		return (false);
	}
	(*n)++;
	return (true);
}

size_t
check_host_interfaces(struct ip_addr *v, size_t max)
{
	struct ifaddrs *list, *a;
	struct ip_addr ip;
	size_t n = 0, i;

	if (getifaddrs(&list) == -1) {
		return (0);
	}
	for (a = list; a != NULL && n < max; a = a->ifa_next) {
		if (a->ifa_addr == NULL || (a->ifa_flags & IFF_UP) == 0 ||
		    !ip_from_sockaddr(a->ifa_addr, &ip) ||
		    check_ip_is_private(&ip)) {
			continue;
		}
		for (i = 0; i < n && !ip_eq(&v[i], &ip); i++) {
			continue;
		}
		if (i == n) {
			v[n++] = ip;
		}
	}
	freeifaddrs(list);
	return (n);
}

size_t
check_host_addresses(const struct check_host *host, struct ip_addr *v,
    size_t max, struct str *relay_r)
{
	*relay_r = host->mta.relayhost;
	return (relay_r->n > 0 ? 0 : check_host_interfaces(v, max));
}
