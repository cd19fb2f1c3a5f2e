/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/escape.h"
#include "base/file.h"
#include "dns/servers.h"

#define DNS_PORT	53
#define LINE_SHOWN_BYTES	64

static bool
is_loopback(const struct dns_server *server)
{
	static const unsigned char loopback6[16] = { [15] = 1 };

	return (server->family == AF_INET ? server->octets[0] == 127 :
	    memcmp(server->octets, loopback6, sizeof(loopback6)) == 0);
}

/* "address" or "address@port". */
static bool
read_server(struct str text, struct dns_server *server)
{
	size_t at = str_find(text, '@');
	char address[INET6_ADDRSTRLEN];
	uint64_t port = DNS_PORT;

	if (at >= INET6_ADDRSTRLEN || (at < text.n &&
	    (!str_to_u64(str_from_offset(text, at + 1), &port) ||
	    port == 0 || port > UINT16_MAX))) {
		return (false);
	}
	memcpy(address, text.p, at);
	address[at] = '\0';
	*server = (struct dns_server){ .port = (uint16_t)port };
	if (inet_pton(AF_INET, address, server->octets) == 1) {
		server->family = AF_INET;
	} else if (inet_pton(AF_INET6, address, server->octets) == 1) {
		server->family = AF_INET6;
	} else {
		return (false);
	}
	snprintf(server->text, sizeof(server->text), "%s@%u", address,
	    server->port);
	server->trusted = is_loopback(server);
	return (true);
}

static enum status
take_named(const struct dns_opts *opts, struct dns_servers *r,
    struct diag *diag)
{
	size_t i;

	if (opts->nameservers_n > DNS_SERVERS_MAX) {
		diag_set(diag, NULL, 0, "more than %d name servers",
		    DNS_SERVERS_MAX);
		return (STATUS_LIMIT);
	}
	for (i = 0; i < opts->nameservers_n; i++) {
		if (!read_server(opts->nameservers[i], &r->v[r->n])) {
			diag_set(diag, NULL, 0,
			    "not the address of a name server: %.*s",
			    STR_FMT(str_first(opts->nameservers[i],
			    LINE_SHOWN_BYTES)));
			return (STATUS_SYNTAX);
		}
		r->v[r->n++].trusted = true;
	}
	return (STATUS_OK);
}

/* The word after "nameserver"; false: another line. */
static bool
read_line(struct str line, struct str *address_r)
{
	struct str keyword = STR("nameserver");
	size_t n;

	if (!str_starts(line, keyword) || line.n == keyword.n ||
	    !char_is_wsp(line.p[keyword.n])) {
		return (false);
	}
	line = str_trim_wsp(str_from_offset(line, keyword.n));
	for (n = 0; n < line.n && !char_is_fws(line.p[n]); n++) {
		continue;
	}
	*address_r = str_first(line, n);
	return (true);
}

static void
say_bad_line(const char *path, unsigned number, struct str address,
    const struct env *env)
{
	struct buf shown;

	buf_init(&shown, 4 * LINE_SHOWN_BYTES + 1);
	escape_text(&shown, str_first(address, LINE_SHOWN_BYTES),
	    4 * LINE_SHOWN_BYTES);
	env_log(env, LOG_LEVEL_WARNING, "%s:%u: skipped: not the address of a "
	    "name server: %.*s", path, number, STR_FMT(buf_str(&shown)));
	buf_fini(&shown);
}

void
dns_servers_parse(struct str text, const char *path, const struct env *env,
    struct dns_servers *r)
{
	struct str line, address;
	unsigned number = 0;

	r->n = 0;
	while (r->n < DNS_SERVERS_MAX && str_next(&text, '\n', &line)) {
		number++;
		if (!read_line(line, &address)) {
			continue;
		}
		if (str_find(address, '@') == address.n &&
		    read_server(address, &r->v[r->n])) {
			r->n++;
		} else {
			say_bad_line(path, number, address, env);
		}
	}
}

static enum status
read_resolv_conf(const char *path, struct buf *text, struct diag *diag)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum status status;

	if (fd == -1) {
		diag_set(diag, path, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	status = file_read(fd, path, text, diag);
	close(fd);
	return (status);
}

static enum status
take_resolv_conf(const struct dns_opts *opts, struct dns_servers *r,
    struct diag *diag)
{
	struct diag reason;
	enum status status;
	struct buf text;

	diag_init(&reason);
	buf_init(&text, DNS_RESOLV_CONF_MAX_BYTES);
	status = read_resolv_conf(opts->resolv_conf, &text, &reason);
	if (status == STATUS_OK) {
		dns_servers_parse(buf_str(&text), opts->resolv_conf,
		    opts->env, r);
		diag_set(&reason, opts->resolv_conf, 0, "no name server");
	}
	buf_fini(&text);
	if (status != STATUS_OK && status != STATUS_IO) {
		diag_set(diag, NULL, 0, "%s", reason.text);
		return (status);
	}
	if (r->n == 0) {
		env_log(opts->env, LOG_LEVEL_WARNING, "%s: 127.0.0.1 is asked",
		    reason.text);
		(void)read_server(STR("127.0.0.1"), &r->v[0]);
		r->n = 1;
	}
	return (STATUS_OK);
}

enum status
dns_servers_read(const struct dns_opts *opts, struct dns_servers *r,
    struct diag *diag)
{
	*r = (struct dns_servers){ .n = 0 };
	return (opts->nameservers_n > 0 ? take_named(opts, r, diag) :
	    take_resolv_conf(opts, r, diag));
}

bool
dns_servers_eq(const struct dns_servers *a, const struct dns_servers *b)
{
	size_t i;

	for (i = 0; i < a->n && i < b->n; i++) {
		if (strcmp(a->v[i].text, b->v[i].text) != 0) {
			return (false);
		}
	}
	return (a->n == b->n);
}
