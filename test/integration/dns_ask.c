/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: dns_ask [-a TRUST-ANCHOR] [-t TIMEOUT_MS] [-r ROUNDS] NAMESERVER ...
 * Asks through libunbound what stands on standard input, a batch per line:
 *	DEADLINE_MS [TYPE NAME] ...
 * and prints a line per question:
 *	NAME TYPE result security ttl record|record ...
 * A line "stats" prints the counters, "rss" the memory in KiB. With -r each
 * batch is asked that often, each time by a resolver of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/escape.h"
#include "dns/dns.h"

#define MAX_SERVERS	8
#define MAX_QUESTIONS	256
#define TEXT_MAX_BYTES	(1 << 20)

static const struct type_row {
	const char	*name;
	enum dns_type	 type;
} types[] = {
	{ "A", DNS_A }, { "AAAA", DNS_AAAA }, { "CNAME", DNS_CNAME },
	{ "MX", DNS_MX }, { "PTR", DNS_PTR }, { "TXT", DNS_TXT }
};

static void
show(const char *name, const char *type, const struct dns_answer *a)
{
	static const char *const results[] = { "ok", "nodata", "nxdomain",
		"servfail", "timeout", "badname" };
	static const char *const securities[] = { "insecure", "secure",
		"bogus" };
	struct buf b;
	size_t i, k;

	buf_init(&b, TEXT_MAX_BYTES);
	for (i = 0; i < a->n; i++) {
		buf_add_char(&b, i == 0 ? ' ' : '|');
		if (str_eq(str_from(type), STR("MX"))) {
			buf_printf(&b, "%u:", a->v[i].preference);
		}
		if (type[0] != 'A') {
			escape_text(&b, a->v[i].data, TEXT_MAX_BYTES);
			continue;
		}
		for (k = 0; k < a->v[i].data.n; k++) {
			buf_printf(&b, "%02x",
			    (unsigned char)a->v[i].data.p[k]);
		}
	}
	printf("%s %s %s %s %u%.*s\n", name, type, results[a->result],
	    securities[a->security], a->ttl_s, STR_FMT(buf_str(&b)));
	buf_fini(&b);
}

/* The words of the line, which is cut up. */
static size_t
split(char *line, char **words, size_t max)
{
	size_t n = 0;

	while (n < max) {
		line += strspn(line, " \n");
		if (*line == '\0') {
			break;
		}
		words[n++] = line;
		line += strcspn(line, " \n");
		if (*line != '\0') {
			*line++ = '\0';
		}
	}
	return (n);
}

static void
ask(struct dns *dns, const struct env *env, char *const *words, size_t n)
{
	struct dns_query *queries[MAX_QUESTIONS] = { NULL };
	struct dns_batch *batch = dns_batch_new(dns);
	uint64_t deadline_us;
	size_t i, k;

	deadline_us = env_mono_us(env) +
	    strtoull(words[0], NULL, 10) * 1000;
	for (i = 1; batch != NULL && i + 1 < n; i += 2) {
		for (k = 0; k < sizeof(types) / sizeof(types[0]); k++) {
			if (str_eq(str_from(types[k].name),
			    str_from(words[i]))) {
				queries[i / 2] = dns_batch_add(batch,
				    str_from(words[i + 1]), types[k].type);
			}
		}
	}
	if (batch != NULL) {
		dns_batch_wait(batch, deadline_us);
	}
	for (i = 1; batch != NULL && i + 1 < n; i += 2) {
		if (queries[i / 2] != NULL) {
			show(words[i + 1], words[i],
			    dns_query_answer(queries[i / 2]));
		}
	}
	dns_batch_free(batch);
}

static void
show_stats(struct dns *dns)
{
	struct dns_stats s;

	dns_get_stats(dns, &s);
	printf("hits %llu misses %llu joined %llu\n",
	    (unsigned long long)s.hits, (unsigned long long)s.misses,
	    (unsigned long long)s.joined);
}

static void
show_rss(void)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (str_starts(str_from(line), STR("VmHWM:"))) {
			printf("rss %lu\n", strtoul(line + 6, NULL, 10));
		}
	}
	if (f != NULL) {
		fclose(f);
	}
}

static int
new_dns(const struct dns_opts *opts, struct dns **dns)
{
	struct diag diag;

	diag_init(&diag);
	if (dns_new_resolver(opts, dns, &diag) != STATUS_OK) {
		printf("error %s\n", diag.text);
		return (0);
	}
	return (1);
}

int
main(int argc, char **argv)
{
	static char line[65536];
	char *words[2 * MAX_QUESTIONS + 1];
	struct str servers[MAX_SERVERS];
	struct dns_opts opts;
	struct dns *dns;
	struct env env;
	unsigned long i, rounds = 0;
	size_t n;
	int c;

	env_init_system(&env);
	dns_opts_init(&opts);
	opts.env = &env;
	opts.nameservers = servers;
	while ((c = getopt(argc, argv, "a:t:r:")) != -1) {
		if (c == 'a') {
			opts.trust_anchor_file = optarg;
		} else if (c == 't') {
			opts.timeout_us = strtoull(optarg, NULL, 10) * 1000;
		} else if (c == 'r') {
			rounds = strtoul(optarg, NULL, 10);
		} else {
			return (2);
		}
	}
	while (optind < argc && opts.nameservers_n < MAX_SERVERS) {
		servers[opts.nameservers_n++] = str_from(argv[optind++]);
	}
	if (!new_dns(&opts, &dns)) {
		return (1);
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		n = split(line, words, 2 * MAX_QUESTIONS + 1);
		if (n == 0) {
			continue;
		}
		if (str_eq(str_from(words[0]), STR("stats"))) {
			show_stats(dns);
		} else if (str_eq(str_from(words[0]), STR("rss"))) {
			show_rss();
		} else {
			ask(dns, &env, words, n);
		}
		for (i = 1; i < rounds; i++) {
			dns_release(dns);
			if (!new_dns(&opts, &dns)) {
				return (1);
			}
			ask(dns, &env, words, n);
		}
		fflush(stdout);
	}
	dns_release(dns);
	return (0);
}
