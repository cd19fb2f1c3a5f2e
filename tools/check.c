/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal check: what a domain publishes, and the hosts that send for it. */
#include "config.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tools/check_connect.h"
#include "tools/check_servers.h"
#include "tools/check_watch.h"

#define RETRY_AFTER_NS	200000000	/* and a second: failures are kept so
					   long */
#define WINDOW		8		/* domains under way at a time */

struct check_run {
	const struct check_args	*args;
	struct check_host	*host;		/* NULL: not asked */
	struct env		 env;
	struct dns		*dns;
	struct dmarc_psl	*suffixes;	/* NULL: there is no list */
	struct check		**checks;	/* one for each domain */
	struct check_opts	*opts;
	struct check_shown	*shown;
};

static struct check_opts
make_opts(const struct check_run *run, const char *domain)
{
	const struct check_args *a = run->args;
	const struct check_own_domain *own = NULL;

	if (run->host != NULL && a->selectors_n == 0) {
		own = check_host_find(run->host, str_from(domain));
	}
	return ((struct check_opts){ .env = &run->env,
		.domain = str_from(domain),
		.validates = a->dns.trust_anchor != NULL,
		.suffixes = run->suffixes,
		.ips = a->ips, .ips_n = a->ips_n,
		.helo = str_from(a->helo), .selectors = own != NULL ?
		own->selectors : a->selectors, .selectors_n = own != NULL ?
		own->n : a->selectors_n,
		.mail_from = str_from(a->mail_from), .dnsbl = a->dnsbl,
		.dnsbl_n = a->no_dnsbl ? 0 : a->dnsbl_n,
		.dnsbl_domain = a->dnsbl_domain,
		.dnsbl_domain_n = a->no_dnsbl ? 0 : a->dnsbl_domain_n });
}

/* False: printed why. */
static bool
open_check(struct check_run *run, size_t i)
{
	const char *what = NULL, *domain = run->args->domains[i];
	enum status status;

	run->opts[i] = make_opts(run, domain);
	status = check_new(&run->opts[i], run->dns, &what, &run->checks[i]);
	if (status == STATUS_OK) {
		return (true);
	}
	if (status != STATUS_SYNTAX || what == NULL) {
		(void)cli_fail("%s: %s", domain, status_text(status));
	} else if (strcmp(what, "domain") == 0) {
		(void)cli_fail("%s is not a domain name", domain);
	} else {
		(void)cli_fail("--%s: not a valid name", what);
	}
	return (false);
}

static bool
is_selected(const struct check_args *a, const char *id)
{
	bool selected = a->only_n == 0;
	size_t i;

	for (i = 0; i < a->only_n; i++) {
		selected |= fnmatch(a->only[i], id, 0) == 0;
	}
	for (i = 0; i < a->skip_n; i++) {
		selected &= fnmatch(a->skip[i], id, 0) != 0;
	}
	return (selected);
}

void
check_show(const struct check_args *a, struct check_shown *shown,
    const struct check_finding *f)
{
	if (shown->n == CHECK_MAX_FINDINGS || !is_selected(a, f->check)) {
		return;
	}
	shown->v[shown->n++] = f;
	shown->counts[f->severity]++;
	shown->unknown += f->severity == CHECK_UNKNOWN &&
	    strncmp(f->check, "dnsbl.", 6) != 0;
}

static void
select_findings(const struct check_run *run, size_t i)
{
	const struct check_report *report = check_get(run->checks[i]);
	struct check_shown *shown = &run->shown[i];
	size_t j;

	*shown = (struct check_shown){ .report = report,
		.opts = &run->opts[i] };
	for (j = 0; j < report->n; j++) {
		check_show(run->args, shown, &report->findings[j]);
	}
}

static enum status
run_once(struct check_run *run, size_t i)
{
	enum status status = check_run(run->checks[i], env_mono_us(&run->env) +
	    cli_dns_timeout_us(&run->args->dns));

	select_findings(run, i);
	return (status);
}

/* Whether asking again may help: a list that refuses does not change. */
static bool
is_worth_retrying(const struct check_run *run, size_t i)
{
	const struct check_shown *shown = &run->shown[i];
	size_t j;

	for (j = 0; j < shown->n && run->args->dns.zone == NULL; j++) {
		if (shown->v[j]->severity == CHECK_UNKNOWN &&
		    strcmp(shown->v[j]->check, "dnsbl.refused") != 0) {
			return (true);
		}
	}
	return (false);
}

/* Failures are asked for once more; what was answered is in the cache. */
static bool
run_domain(struct check_run *run, size_t i)
{
	const struct timespec pause = { 1, RETRY_AFTER_NS };
	enum status status = run_once(run, i);

	if (status == STATUS_OK && is_worth_retrying(run, i)) {
		(void)nanosleep(&pause, NULL);
		check_free(run->checks[i]);
		run->checks[i] = NULL;
		if (!open_check(run, i)) {
			return (false);
		}
		status = run_once(run, i);
	}
	if (status != STATUS_OK) {
		(void)cli_fail("%s: %s", run->args->domains[i],
		    status_text(status));
	}
	return (status == STATUS_OK);
}

/* Domains are under way WINDOW at a time. */
static bool
run_domains(struct check_run *run)
{
	size_t i, started = 0, n = run->args->domains_n;
	struct cli_progress progress;

	cli_progress_begin(&progress, &run->env, "domains", n,
	    run->args->quiet);
	for (i = 0; i < n; i++) {
		while (started < n && started < i + WINDOW) {
			if (!open_check(run, started) || check_start(
			    run->checks[started]) != STATUS_OK) {
				return (false);
			}
			started++;
		}
		if (!run_domain(run, i)) {
			return (false);
		}
		cli_progress_step(&progress, i + 1);
	}
	cli_progress_hide(&progress);
	return (true);
}

static bool
print_json(const struct check_run *run)
{
	size_t i, n = run->args->domains_n;
	json_t *list = json_array();

	if (n == 1) {
		json_decref(list);
		return (cli_json_print(check_json(&run->shown[0])));
	}
	for (i = 0; i < n; i++) {
		if (json_array_append_new(list, check_json(&run->shown[i])) ==
		    -1) {
			json_decref(list);
			return (cli_json_print(NULL));
		}
	}
	return (cli_json_print(json_pack("{s:o}", "domains", list)));
}

static int
exit_status(const struct check_run *run)
{
	bool bad = false;
	size_t i;

	for (i = 0; i < run->args->domains_n; i++) {
		const struct check_shown *shown = &run->shown[i];

		bad |= shown->counts[CHECK_ERROR] > 0 || shown->unknown > 0 ||
		    (run->args->fail_on == CHECK_FAIL_WARN &&
		    shown->counts[CHECK_WARN] > 0);
	}
	return (bad && run->args->fail_on != CHECK_FAIL_NEVER ? CLI_NO :
	    CLI_YES);
}

/* Whether there is any news. */
static bool
has_news(const struct check_run *run)
{
	size_t i, n = 0;

	for (i = 0; i < run->args->domains_n; i++) {
		n += run->shown[i].n;
	}
	return (n > 0);
}

static int	print_reports(const struct check_run *);

/* Compares with the last run and saves this one. The new state is saved only
   once it is printed: else news would be lost. */
static int
watch_reports(const struct check_run *run)
{
	const struct check_args *a = run->args;
	struct check_watch watch;
	int result = CLI_USAGE;
	bool ok;
	size_t i;

	ok = check_watch_open(&watch, a->save);
	for (i = 0; i < a->domains_n && ok; i++) {
		ok = check_watch_report(&watch, a, &run->shown[i]);
		if (!ok) {
			(void)cli_fail("out of memory");
		}
	}
	if (ok) {
		result = a->notify && !has_news(run) ? CLI_YES :
		    print_reports(run);
	}
	if (a->notify && result != CLI_USAGE) {
		result = has_news(run) ? CLI_NO : CLI_YES;
	}
	if (result != CLI_USAGE && !check_watch_save(&watch)) {
		result = CLI_USAGE;
	}
	check_watch_close(&watch);
	return (result);
}

/* Whose web form the domain's records are entered in; NULL: not known. */
static const struct provider *
find_provider(const struct check_run *run, size_t i)
{
	struct dns_batch *batch = dns_batch_new(run->dns);
	const struct provider *found = NULL;
	struct str servers[DNS_MAX_RECORDS];
	const struct dns_answer *answer;
	struct dns_query *query = NULL;
	size_t n;

	if (batch != NULL) {
		query = dns_batch_add(batch, run->shown[i].report->domain,
		    DNS_NS);
	}
	if (query != NULL) {
		dns_batch_wait(batch, env_mono_us(&run->env) +
		    cli_dns_timeout_us(&run->args->dns));
		answer = dns_query_answer(query);
		for (n = 0; n < answer->n && n < DNS_MAX_RECORDS; n++) {
			servers[n] = answer->v[n].data;
		}
		found = provider_find(servers, n);
	}
	dns_batch_free(batch);
	return (found);
}

static int
print_reports(const struct check_run *run)
{
	const struct check_args *a = run->args;
	int result = exit_status(run);
	size_t i, n = a->domains_n;

	switch (a->format) {
	case CHECK_AS_JSON:
		return (print_json(run) ? result : CLI_USAGE);
	case CHECK_AS_NAGIOS:
		result = check_print_nagios(run->shown, n);
		return (cli_flush() ? result : 3);
	case CHECK_AS_PROMETHEUS:
		check_print_prometheus(run->shown, n);
		break;
	case CHECK_AS_ZONE:
	case CHECK_AS_FORM:
	case CHECK_AS_TEXT:
		for (i = 0; i < n; i++) {
			if (a->format == CHECK_AS_ZONE) {
				check_print_zone(&run->shown[i]);
			} else if (a->format == CHECK_AS_FORM) {
				check_print_form(&run->shown[i],
				    find_provider(run, i));
			} else {
				check_print_text(a, &run->shown[i]);
			}
		}
		break;
	}
	return (cli_flush() ? result : CLI_USAGE);
}

/* --authoritative. False: printed why. */
static bool
ask_servers(const struct check_run *run, struct check_servers *servers)
{
	size_t i;

	if (!run->args->authoritative) {
		return (true);
	}
	if (!check_servers_open(servers, run->args, run->dns, &run->env)) {
		return (false);
	}
	for (i = 0; i < run->args->domains_n; i++) {
		if (!check_servers_report(servers, &run->shown[i])) {
			(void)cli_fail("out of memory");
			return (false);
		}
	}
	return (true);
}

/* --connect. False: said why. */
static bool
ask_mta(struct check_run *run, struct connect **r)
{
	struct check_host mta;
	bool ok;

	if (!run->args->connect) {
		return (true);
	}
	ok = check_host_open_mta(&mta) && check_connect(run->args, &mta,
	    run->dns, &run->env, run->shown, run->args->domains_n, r);
	check_host_close(&mta);
	return (ok);
}

static int
check_domains(const struct check_args *a, struct check_host *host)
{
	size_t i, n = a->domains_n;
	struct check_run run = { .args = a, .host = host };
	struct check_servers servers = { .args = NULL };
	struct connect *connect = NULL;
	int result = CLI_USAGE;

	env_init_system(&run.env);
	run.dns = cli_dns_open(&a->dns, &run.env);
	if (run.dns == NULL) {
		return (CLI_USAGE);
	}
	/* As the daemon does without a list. */
	if (dmarc_psl_new(NULL, &run.suffixes) != STATUS_OK) {
		run.suffixes = NULL;
	}
	run.checks = calloc(n, sizeof(*run.checks));
	run.opts = calloc(n, sizeof(*run.opts));
	run.shown = calloc(n, sizeof(*run.shown));
	if (run.checks == NULL || run.opts == NULL || run.shown == NULL) {
		(void)cli_fail("out of memory");
	} else if (run_domains(&run) && ask_servers(&run, &servers) &&
	    ask_mta(&run, &connect) && (host == NULL || check_mta(a, host,
	    run.shown, n))) {
		result = a->save != NULL ? watch_reports(&run) :
		    print_reports(&run);
	}
	for (i = 0; run.checks != NULL && i < n; i++) {
		check_free(run.checks[i]);
	}
	free(run.checks);
	free(run.opts);
	free(run.shown);
	if (a->authoritative) {
		check_servers_close(&servers);
	}
	check_connect_free(connect);
	dmarc_psl_free(run.suffixes);
	dns_release(run.dns);
	return (result);
}

/* The addresses and the name that this host sends with, unless given. */
static void
take_host(struct check_args *a, struct check_host *host)
{
	struct str relay = STR_NONE;

	if (a->helo == NULL) {
		a->helo = check_host_helo(host).p;
	}
	if (a->ips_n > 0) {
		return;
	}
	a->ips_n = check_host_addresses(host, a->ips, CHECK_MAX_IPS, &relay);
	if (relay.n > 0) {
		a->helo = NULL;
	}
	/* Without news, --notify prints nothing. */
	if (a->notify) {
		return;
	}
	if (relay.n > 0) {
		cli_warn("mail leaves through %.*s: hosts are not checked; "
		    "--ip names the addresses of that relay", STR_FMT(relay));
	} else if (a->ips_n == 0) {
		cli_warn("this host has no public address: hosts are not "
		    "checked; behind NAT --ip names the outer one");
	}
}

/* All domains that this host signs for. False: printed why. */
static bool
take_own_domains(struct check_args *a, struct check_host *host)
{
	const struct check_own_domain *d;

	take_host(a, host);
	for (d = host->domains; d != NULL && a->domains_n < CHECK_MAX_DOMAINS;
	    d = d->next) {
		a->domains[a->domains_n++] = d->name.p;
	}
	if (a->domains_n == 0) {
		(void)cli_fail("this host signs for no domain; name one");
	} else if (d != NULL) {
		cli_warn("only the first %d domains are checked",
		    CHECK_MAX_DOMAINS);
	}
	return (a->domains_n > 0);
}

/* With what this host knows: its keys and, without a domain, all of it. */
static int
check_with_host(struct check_args *a)
{
	struct check_host host;
	int result = CLI_USAGE;
	struct env env;

	env_init_system(&env);
	if (check_host_open(&host, a->conf_path != NULL ? a->conf_path :
	    SYSCONFDIR "/mailseald.conf", true, &env) &&
	    (a->domains_n > 0 || take_own_domains(a, &host))) {
		result = check_domains(a, &host);
	}
	check_host_close(&host);
	return (result);
}

int
check_main(const struct cli_command *command, int argc, char **argv)
{
	static struct check_args a;
	int early, result = CLI_USAGE;
	size_t i;

	early = cli_options(command, argc, argv, check_take_option, &a);
	while (early == CLI_END && optind < argc &&
	    a.domains_n < CHECK_MAX_DOMAINS) {
		a.domains[a.domains_n++] = argv[optind++];
	}
	if (early != CLI_END) {
		result = early;
	} else if (optind < argc) {
		(void)cli_fail("at most %d domains", CHECK_MAX_DOMAINS);
	} else if (a.notify && (a.save == NULL ||
	    a.format == CHECK_AS_NAGIOS)) {
		(void)cli_fail("--notify needs --save, and is not for nagios");
	} else if (a.authoritative && a.dns.zone != NULL) {
		(void)cli_fail("--authoritative needs the network, not "
		    "--zone");
	} else if (a.domains_n == 0 || a.conf_path != NULL) {
		result = check_with_host(&a);
	} else {
		result = check_domains(&a, NULL);
	}
	for (i = 0; i < a.selectors_n; i++) {
		privkey_free((struct privkey *)(uintptr_t)a.selectors[i].key);
	}
	return (result);
}
