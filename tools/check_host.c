/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

#include "mail/domain.h"
#include "signers/survey.h"
#include "tools/check_host.h"
#include "tools/offline.h"

#define HOST_ARENA_BYTES	((size_t)64 * 1024 * 1024)
#define SENTENCE_BYTES		4096
#define POSTCONF_BYTES		8192

extern char **environ;

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
	struct signers_survey_opts opts = { 0, take_key, host };
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

void
check_host_open_mta(struct check_host *host)
{
	*host = (struct check_host){ .domains = NULL };
	arena_init(&host->arena, HOST_ARENA_BYTES);
}

bool
check_host_open(struct check_host *host, const char *conf_path, bool warns,
    struct env *env)
{
	struct offline off;
	bool ok;

	check_host_open_mta(host);
	env->log = warn_line;
	ok = offline_open(&off, conf_path, false, env) &&
	    collect_keys(host, &off, warns);
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

/* The first line of the program's output; absent: it did not work. */
static struct str
first_line(struct check_host *host, char *const argv[])
{
	posix_spawn_file_actions_t actions;
	char text[POSTCONF_BYTES];
	struct str r = STR_NONE;
	size_t n = 0;
	ssize_t got;
	int fds[2], status = 1;
	pid_t pid;
	bool started;

	if (pipe(fds) == -1 || posix_spawn_file_actions_init(&actions) != 0) {
		return (r);
	}
	(void)posix_spawn_file_actions_adddup2(&actions, fds[1],
	    STDOUT_FILENO);
	(void)posix_spawn_file_actions_addclose(&actions, fds[0]);
	(void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO,
	    "/dev/null", O_WRONLY, 0);
	started = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) ==
	    0;
	(void)close(fds[1]);
	while (started && n < sizeof(text) &&
	    (got = read(fds[0], text + n, sizeof(text) - n)) > 0) {
		n += (size_t)got;
	}
	(void)close(fds[0]);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (started && waitpid(pid, &status, 0) == pid && status == 0) {
		r = str_mem(text, n);
		r = arena_dup(&host->arena, str_first(r, str_find(r, '\n')));
	}
	return (r);
}

struct str
check_host_postconf(struct check_host *host, const char *name)
{
	char option[64];
	char *const argv[] = { "postconf", "-x", "-h", option, NULL };

	(void)snprintf(option, sizeof(option), "%s", name);
	return (str_trim_wsp(first_line(host, argv)));
}

struct str
check_host_helo(struct check_host *host)
{
	struct str helo = check_host_postconf(host, "smtp_helo_name");

	return (helo.n > 0 ? helo : check_host_postconf(host, "myhostname"));
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
check_host_addresses(struct check_host *host, struct ip_addr *v, size_t max,
    struct str *relay_r)
{
	*relay_r = check_host_postconf(host, "relayhost");
	return (relay_r->n > 0 ? 0 : check_host_interfaces(v, max));
}
