/* SPDX-License-Identifier: BSD-2-Clause */
/* What is there: Postfix, the daemon's configuration, this host's addresses,
   the domain's name servers. Nothing is changed. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/escape.h"
#include "keystore/files.h"
#include "postfix/milters.h"
#include "tools/check_host.h"
#include "tools/setup.h"

#define SOCKET_NAME	"mailseal/milter.sock"	/* below Postfix's queue */
#define USUAL_QUEUE	"/var/spool/postfix"
#define SAMPLE_LINE	"Socket inet:8891@127.0.0.1"
#define HOST_BYTES	256
#define WHY_BYTES	4096
#define FIRST_PORT	8891
#define LAST_PORT	8910

bool
setup_uses_systemd(const struct setup *s)
{
	return (s->args->daemon == NULL &&
	    access("/run/systemd/system", F_OK) == 0);
}

/* Another milter may have the usual one. */
static unsigned
find_free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	unsigned port = FIRST_PORT;
	bool is_free = false;
	int fd;

	for (; port <= LAST_PORT && !is_free; port += !is_free) {
		address.sin_port = htons((uint16_t)port);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		is_free = fd == -1 || bind(fd, (struct sockaddr *)&address,
		    sizeof(address)) == 0;
		if (fd != -1) {
			(void)close(fd);
		}
	}
	return (port);
}

/* Below Postfix's queue, which a chroot sees; the unit of systemd may write
   there only in the usual one. */
static const char *
choose_socket(struct setup *s)
{
	const struct setup_postfix *p = &s->postfix;

	if (p->found && (!setup_uses_systemd(s) ||
	    str_eq(p->queue, STR(USUAL_QUEUE)))) {
		return (setup_text(s, "unix:%.*s/" SOCKET_NAME,
		    STR_FMT(p->queue)).p);
	}
	return (setup_text(s, "inet:%u@127.0.0.1", find_free_port()).p);
}

const char *
setup_socket(struct setup *s)
{
	if (s->conf != NULL && s->conf->socket != NULL) {
		return (s->conf->socket);
	}
	if (s->new_socket == NULL) {
		s->new_socket = choose_socket(s);
	}
	return (s->new_socket);
}

const char *
setup_pid_file(struct setup *s)
{
	return (setup_text(s, "%s/mailseald.pid", s->args->state_dir).p);
}

/* Whether the configuration is the sample as it is installed, or as good as
   that: its Socket is all that it sets. The text is kept for undo. */
static bool
is_sample(struct setup *s)
{
	struct str rest, line;
	struct diag diag;
	struct buf text;
	bool is = true;

	diag_init(&diag);
	buf_init(&text, SETUP_STATE_MAX_BYTES / 4);
	if (files_read(AT_FDCWD, s->args->conf_path, s->args->conf_path,
	    &text, NULL, &diag) != STATUS_OK) {
		buf_fini(&text);
		return (false);
	}
	s->sample = arena_dup(&s->arena, buf_str(&text));
	buf_fini(&text);
	rest = s->sample;
	while (str_next(&rest, '\n', &line)) {
		line = str_trim_wsp(line);
		is = is && (line.n == 0 || line.p[0] == '#' ||
		    str_eq(line, STR(SAMPLE_LINE)));
	}
	s->sample = is ? s->sample : STR_NONE;
	return (is);
}

static bool
read_conf(struct setup *s)
{
	struct diag diag;

	diag_init(&diag);
	s->conf_missing = access(s->args->conf_path, F_OK) == -1 &&
	    errno == ENOENT;
	if (s->conf_missing) {
		return (true);
	}
	if (conf_load(s->args->conf_path, &s->env, &s->conf, &diag) !=
	    STATUS_OK) {
		(void)cli_fail("%s", diag.text);
		return (false);
	}
	if (is_sample(s) && !setup_daemon_runs(s)) {
		conf_release(s->conf);
		s->conf = NULL;
		s->conf_missing = true;
		return (true);
	}
	/* dkimkeygen reads the installed configuration, not this one. */
	if (s->args->store.where == NULL && s->conf->key_stores.n == 1) {
		s->args->store.where = s->conf->key_stores.v[0];
	}
	return (true);
}

static bool
judge_addresses(struct setup *s)
{
	char text[IP_TEXT_BYTES];
	size_t i;

	for (i = 0; i < s->ips_n; i++) {
		ip_text(&s->ips[i], text);
		if (check_ip_is_private(&s->ips[i])) {
			(void)cli_fail("%s is a private address, which nobody "
			    "outside sees: name the outer one with --ip",
			    text);
			return (false);
		}
	}
	if (s->ips_n == 0 && !s->args->relay) {
		(void)cli_fail("this host has no public address: name the one "
		    "that it sends from with --ip, or say --relay");
	}
	return (s->ips_n > 0 || s->args->relay);
}

static bool
look_at_addresses(struct setup *s)
{
	size_t i;

	if (s->args->ips_n == 0 && s->postfix.relayhost.n > 0 &&
	    !s->args->relay) {
		setup_say(s, "Mail leaves through %.*s (relayhost): SPF is "
		    "up to that relay.", STR_FMT(s->postfix.relayhost));
		s->args->relay = true;
	}
	for (i = 0; i < s->args->ips_n; i++) {
		s->ips[i] = s->args->ips[i];
	}
	s->ips_n = s->args->ips_n;
	if (s->ips_n == 0 && !s->args->relay) {
		s->ips_n = check_host_interfaces(s->ips, CHECK_MAX_IPS);
	}
	return (judge_addresses(s));
}

/* As Postfix has it, or the system. */
static struct str
own_name(struct setup *s)
{
	char name[HOST_BYTES] = "";

	if (s->postfix.helo.n > 0) {
		return (s->postfix.helo);
	}
	if (s->postfix.hostname.n > 0 ||
	    gethostname(name, sizeof(name) - 1) == -1) {
		return (s->postfix.hostname);
	}
	return (setup_text(s, "%s", name));
}

/* A short name, or localhost, is refused by many. */
static bool
look_at_name(struct setup *s)
{
	struct str own = own_name(s);

	s->helo = s->args->host != NULL ? str_from(s->args->host) : own;
	if (s->args->relay) {
		s->helo = STR_NONE;
		return (true);
	}
	if (str_find(s->helo, '.') == s->helo.n || str_ends_ci(s->helo,
	    STR("localdomain")) || str_starts_ci(s->helo,
	    STR("localhost."))) {
		(void)cli_fail("this host calls itself \"%.*s\", which other "
		    "hosts refuse: %swith its full name in the DNS%s",
		    STR_FMT(s->helo), s->postfix.found ? "postconf -e "
		    "myhostname=NAME, " : "say --host NAME, ",
		    s->postfix.found ? ", or say --host NAME" : "");
		return (false);
	}
	if (s->args->host != NULL && s->postfix.found &&
	    !str_eq_ci(own, s->helo)) {
		setup_todo(s, "Postfix calls itself %.*s: postconf -e "
		    "myhostname=%.*s", STR_FMT(own), STR_FMT(s->helo));
	}
	return (true);
}

static void
describe_postfix(struct setup *s)
{
	const struct setup_postfix *p = &s->postfix;
	struct str item, rest = p->milters;
	bool chroot = false;
	size_t i;

	for (i = 0; i < p->n; i++) {
		chroot |= p->v[i].chroot;
	}
	setup_say(s, "Postfix %.*s in %.*s%s.", STR_FMT(p->version),
	    STR_FMT(p->directory), chroot ? ", smtpd in a chroot" : "");
	while (milters_next(&rest, &item)) {
		if (!milters_has(item, p->socket.n > 0 ? p->socket :
		    STR("?"), p->queue)) {
			setup_say(s, "Another milter keeps its place: %.*s",
			    STR_FMT(item));
		}
	}
	if (p->content_filter.n > 0) {
		setup_todo(s, "content_filter is %.*s: add -o "
		    "receive_override_options=no_milters to the listener "
		    "that takes mail back", STR_FMT(p->content_filter));
	}
}

static void
fail_postfix(struct setup *s, const char *hint)
{
	struct buf why;

	buf_init(&why, WHY_BYTES);
	escape_text(&why, s->postfix.why, WHY_BYTES / 8);
	(void)cli_fail("Postfix was not found, or its configuration is not "
	    "valid: install or correct it%s. postconf says: %.*s", hint,
	    STR_FMT(buf_str(&why)));
	buf_fini(&why);
}

static bool
look_at_mta(struct setup *s)
{
	if (!setup_postfix_read(s)) {
		return (false);
	}
	if (!s->args->mta_given && !s->postfix.found) {
		fail_postfix(s, ", or say --mta sendmail or --mta none");
		return (false);
	}
	if (s->args->mta == SETUP_SENDMAIL) {
		s->postfix = (struct setup_postfix){ .found = false };
	}
	if (s->args->mta != SETUP_POSTFIX) {
		return (true);
	}
	if (!s->postfix.found) {
		fail_postfix(s, "");
		return (false);
	}
	return (setup_postfix_judge(s));
}

static void
describe_zone(struct setup *s)
{
	struct str text = STR("");
	size_t i;

	for (i = 0; i < s->zone->n; i++) {
		text = setup_text(s, "%.*s%s%.*s", STR_FMT(text), i > 0 ?
		    ", " : "", STR_FMT(s->zone->v[i]->name));
	}
	setup_say(s, "The zone %.*s is at %.*s.", STR_FMT(s->zone->name),
	    STR_FMT(text));
}

static void
describe_sender(struct setup *s)
{
	char text[IP_TEXT_BYTES];
	size_t i;

	for (i = 0; i < s->ips_n; i++) {
		ip_text(&s->ips[i], text);
		setup_say(s, "Mail leaves from %s as %.*s.", text,
		    STR_FMT(s->helo));
	}
	for (i = 0; i < s->keys_n; i++) {
		setup_say(s, "There is a key: %.*s, %s.",
		    STR_FMT(s->keys[i].selector),
		    key_stage_name(s->keys[i].stage));
	}
}

bool
setup_look(struct setup *s)
{
	setup_stage(s, "Look");
	if (!read_conf(s) || !look_at_mta(s)) {
		return (false);
	}
	if (s->args->mta == SETUP_POSTFIX) {
		if (!setup_wire_plan(s, setup_socket(s))) {
			return (false);
		}
		describe_postfix(s);
	}
	if (!look_at_addresses(s) || !look_at_name(s) ||
	    !setup_keys_read(s, false) || !setup_dns_open(s) ||
	    !setup_dns_names(s) || !setup_dns_ask(s)) {
		return (false);
	}
	describe_sender(s);
	describe_zone(s);
	return (setup_wanted(s));
}
