/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: dns_ask [-a TRUST-ANCHOR] [-t TIMEOUT_MS] [-r ROUNDS]
 *	[-R RESOLV.CONF] [NAMESERVER ...]
 * Resolves the queries on standard input, a batch per line:
 *	DEADLINE_MS [TYPE NAME] ...
 * and prints a line per query:
 *	NAME TYPE result security ttl record|record ...
 * A line "stats" prints the counters, "servers" how many name servers there
 * are and how many answer, "rss" the memory in KiB, "clock SECONDS" sets the
 * clock of the day that much forward for the rest of the run. "fail N" lets
 * the Nth allocation from now on fail, once; "failed" prints whether that has
 * come to pass, and ends it; "renew" makes the resolver anew. With -r each
 * batch is asked that often, each time by a resolver of its own. Log lines go
 * to standard error.
 */
#include <sys/time.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
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

/* Seen by the libraries in place of the C library's, but for the offset. */
static _Atomic time_t clock_offset_s;

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec + clock_offset_s;
	tv->tv_usec = ts.tv_nsec / 1000;
	return (0);
}

time_t
time(time_t *r)
{
	struct timeval tv;

	(void)gettimeofday(&tv, NULL);
	if (r != NULL) {
		*r = tv.tv_sec;
	}
	return (tv.tv_sec);
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__clang__)
#define FAILS_ALLOCATIONS	1
#else
#define FAILS_ALLOCATIONS	0
#endif

/* Allocations until one fails; 0: it has failed, less: none will. */
static atomic_long allocations_left = -1;

#if FAILS_ALLOCATIONS
extern void	*__libc_malloc(size_t);
extern void	*__libc_calloc(size_t, size_t);
extern void	*__libc_realloc(void *, size_t);

static bool
allocation_fails(void)
{
	long left = atomic_load(&allocations_left);

	while (left > 0 && !atomic_compare_exchange_weak(&allocations_left,
	    &left, left - 1)) {
		continue;
	}
	if (left == 1) {
		errno = ENOMEM;
	}
	return (left == 1);
}

/* In place of the C library's, for the libraries, too. */
void *
malloc(size_t n)
{
	return (allocation_fails() ? NULL : __libc_malloc(n));
}

void *
calloc(size_t count, size_t n)
{
	return (allocation_fails() ? NULL : __libc_calloc(count, n));
}

void *
realloc(void *p, size_t n)
{
	return (allocation_fails() ? NULL : __libc_realloc(p, n));
}
#endif

static void
show_failed(void)
{
	if (!FAILS_ALLOCATIONS) {
		printf("failed never\n");
	} else {
		printf("failed %d\n", atomic_load(&allocations_left) == 0);
	}
	atomic_store(&allocations_left, -1);
}

static void
print_log(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	fprintf(stderr, "%s\n", line);
}

static void
ask_batch(struct dns *dns, const struct env *env, char *const *words, size_t n)
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
		} else {
			printf("%s %s none\n", words[i + 1], words[i]);
		}
	}
	for (i = 1; batch == NULL && i + 1 < n; i += 2) {
		printf("%s %s none\n", words[i + 1], words[i]);
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
show_servers(struct dns *dns)
{
	struct dns_stats s;

	dns_get_stats(dns, &s);
	printf("servers %llu up %llu\n", (unsigned long long)s.servers,
	    (unsigned long long)s.servers_up);
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
	struct diag diag;
	struct env env;
	unsigned long i, rounds = 0;
	size_t n;
	int c;

	diag_init(&diag);
	env_init_system(&env);
	env.log = print_log;
	dns_opts_init(&opts);
	opts.env = &env;
	opts.nameservers = servers;
	while ((c = getopt(argc, argv, "a:t:r:R:")) != -1) {
		if (c == 'a') {
			opts.trust_anchor_file = optarg;
		} else if (c == 't') {
			opts.timeout_us = strtoull(optarg, NULL, 10) * 1000;
		} else if (c == 'R') {
			opts.resolv_conf = optarg;
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
		} else if (str_eq(str_from(words[0]), STR("servers"))) {
			show_servers(dns);
		} else if (str_eq(str_from(words[0]), STR("fail"))) {
			allocations_left = strtol(words[1], NULL, 10);
			puts("ready");
		} else if (str_eq(str_from(words[0]), STR("failed"))) {
			show_failed();
		} else if (str_eq(str_from(words[0]), STR("renew"))) {
			dns_release(dns);
			while (dns_new_resolver(&opts, &dns, &diag) !=
			    STATUS_OK) {
				continue;
			}
			puts("renewed");
		} else if (str_eq(str_from(words[0]), STR("clock"))) {
			clock_offset_s = strtol(words[1], NULL, 10);
		} else if (str_eq(str_from(words[0]), STR("rss"))) {
			show_rss();
		} else {
			ask_batch(dns, &env, words, n);
		}
		for (i = 1; i < rounds; i++) {
			dns_release(dns);
			if (!new_dns(&opts, &dns)) {
				return (1);
			}
			ask_batch(dns, &env, words, n);
		}
		fflush(stdout);
	}
	dns_release(dns);
	return (0);
}
