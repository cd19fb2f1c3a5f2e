/* SPDX-License-Identifier: BSD-2-Clause */
/* Name servers from the configuration and from a resolv.conf. */
#include <stdlib.h>
#include <unistd.h>

#include "dns/servers.h"
#include "test/unit/tap.h"

static char logged[1024];

static void
keep_line(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	strlcat(logged, line, sizeof(logged));
	strlcat(logged, "\n", sizeof(logged));
}

/* The servers as text; * those whose AD bit counts. */
static const char *
show_servers(const struct dns_servers *servers)
{
	static char text[1024];
	size_t i;

	text[0] = '\0';
	for (i = 0; i < servers->n; i++) {
		strlcat(text, i > 0 ? " " : "", sizeof(text));
		strlcat(text, servers->v[i].text, sizeof(text));
		strlcat(text, servers->v[i].trusted ? "*" : "", sizeof(text));
	}
	return (text);
}

static const struct row {
	const char	*what;
	const char	*text;
	const char	*servers;
	const char	*log;
} rows[] = {
	{ "two servers, comments and options",
	    "# resolver\nsearch example.com\nnameserver 192.0.2.1\n"
	    "options edns0\nnameserver\t2001:db8::1 # two\n",
	    "192.0.2.1@53 2001:db8::1@53", "" },
	{ "loopback is trusted", "nameserver 127.0.0.53\nnameserver ::1\n"
	    "nameserver 192.0.2.1\n", "127.0.0.53@53* ::1@53* 192.0.2.1@53",
	    "" },
	{ "no newline at the end", "nameserver 192.0.2.1", "192.0.2.1@53",
	    "" },
	{ "CRLF", "nameserver 192.0.2.1\r\n", "192.0.2.1@53", "" },
	{ "a bad line beside a good one (operator row 19)",
	    "search x\nnameserver ns.example\nnameserver 192.0.2.1\n",
	    "192.0.2.1@53", "resolv.conf:2: skipped: not the address of a "
	    "name server: ns.example\n" },
	{ "a port: not in resolv.conf(5)", "nameserver 192.0.2.1@5353\n", "",
	    "resolv.conf:1: skipped: not the address of a name server: "
	    "192.0.2.1@5353\n" },
	{ "a scope", "nameserver fe80::1%eth0\n", "",
	    "resolv.conf:1: skipped: not the address of a name server: "
	    "fe80::1%eth0\n" },
	{ "octets that must be escaped", "nameserver \33[2J\n", "",
	    "resolv.conf:1: skipped: not the address of a name server: "
	    "\\x1b[2J\n" },
	{ "nameserver without an address", "nameserver\nnameserver \n", "",
	    "resolv.conf:2: skipped: not the address of a name server: \n" },
	{ "another keyword", "nameservers 192.0.2.1\n", "", "" },
	{ "nothing", "", "", "" }
};

static void
test_rows(const struct env *env)
{
	struct dns_servers servers;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		logged[0] = '\0';
		dns_servers_parse(str_from(rows[i].text), "resolv.conf", env,
		    &servers);
		tap_str(str_from(show_servers(&servers)),
		    str_from(rows[i].servers), rows[i].what);
		tap_str(str_from(logged), str_from(rows[i].log), "its log");
	}
}

static void
test_file(struct dns_opts *opts)
{
	char path[] = "/tmp/t_dns_servers.XXXXXX";
	struct dns_servers servers, before;
	int fd = mkstemp(path);
	char want[128];
	struct diag diag;

	diag_init(&diag);
	opts->resolv_conf = path;
	logged[0] = '\0';
	tap_num(dns_servers_read(opts, &servers, &diag), STATUS_OK,
	    "an empty resolv.conf (operator row 18)");
	tap_str(str_from(show_servers(&servers)), STR("127.0.0.1@53*"),
	    "is 127.0.0.1, as resolv.conf(5) says");
	snprintf(want, sizeof(want), "%s: no name server: 127.0.0.1 is "
	    "asked\n", path);
	tap_str(str_from(logged), str_from(want), "with a warning");
	tap_ok(write(fd, "nameserver 192.0.2.7\n", 21) == 21, "it is written");
	before = servers;
	tap_num(dns_servers_read(opts, &servers, &diag), STATUS_OK,
	    "and read again");
	tap_ok(!dns_servers_eq(&servers, &before) &&
	    dns_servers_eq(&servers, &servers), "the servers changed");
	close(fd);
	unlink(path);
	logged[0] = '\0';
	tap_num(dns_servers_read(opts, &servers, &diag), STATUS_OK,
	    "no resolv.conf (operator row 19)");
	snprintf(want, sizeof(want), "%s: No such file or directory: "
	    "127.0.0.1 is asked\n", path);
	tap_str(str_from(logged), str_from(want), "with a warning");
	tap_str(str_from(diag.text), STR(""), "no error");
}

static void
test_named(struct dns_opts *opts)
{
	struct str named[DNS_SERVERS_MAX + 1];
	struct dns_servers servers;
	struct diag diag;
	size_t i;

	diag_init(&diag);
	named[0] = STR("192.0.2.1@5353");
	named[1] = STR("2001:db8::1");
	opts->nameservers = named;
	opts->nameservers_n = 2;
	tap_ok(dns_servers_read(opts, &servers, &diag) == STATUS_OK &&
	    strcmp(show_servers(&servers), "192.0.2.1@5353* 2001:db8::1@53*")
	    == 0, "named servers are trusted");
	for (i = 0; i <= DNS_SERVERS_MAX; i++) {
		named[i] = STR("192.0.2.1");
	}
	opts->nameservers_n = DNS_SERVERS_MAX;
	tap_num(dns_servers_read(opts, &servers, &diag), STATUS_OK,
	    "DNS_SERVERS_MAX");
	opts->nameservers_n++;
	tap_num(dns_servers_read(opts, &servers, &diag), STATUS_LIMIT,
	    "and one more");
	for (i = 0; i < 2; i++) {
		diag_init(&diag);
		named[0] = i == 0 ? STR("192.0.2.1@0") : STR("ns.example");
		opts->nameservers_n = 1;
		tap_num(dns_servers_read(opts, &servers, &diag),
		    STATUS_SYNTAX, i == 0 ? "port 0" : "a name");
	}
	tap_str(str_from(diag.text),
	    STR("not the address of a name server: ns.example"), "and why");
}

int
main(void)
{
	struct dns_opts opts;
	struct env env;

	env_init_system(&env);
	env.log = keep_line;
	dns_opts_init(&opts);
	opts.env = &env;
	test_rows(&env);
	test_file(&opts);
	test_named(&opts);
	return (tap_done());
}
