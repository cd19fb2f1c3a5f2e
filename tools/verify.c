/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal verify: a message through the daemon's own engine. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "engine/engine.h"
#include "mail/message.h"
#include "tools/mailseal.h"

#define ID_NO_SECOND	0x300
#define MAX_OPTIONS	32
#define CONF_BYTES	(64 * 1024)
#define SPOOL_NAME	"mailseal-verify"	/* instead of a queue id */

struct verify_opts {
	struct cli_dns	 dns;
	const char	*ip;		/* NULL: a local client */
	const char	*helo;
	const char	*mail_from;
	const char	*authserv_id;	/* NULL: the host's name */
	const char	*lines[MAX_OPTIONS];	/* of configuration */
	size_t		 lines_n;
	int64_t		 now_s;		/* -1: the system's clock */
	bool		 psl;		/* --org-domain */
	bool		 no_second;
	bool		 json;
};

union address {
	struct sockaddr		sa;
	struct sockaddr_in	in;
	struct sockaddr_in6	in6;
};

/* All that a message is verified with. */
struct bench {
	struct env	 env;
	struct conf	*conf;
	struct dns	*dns;
	struct crypto	*crypto;
	struct second	*second;	/* NULL: not wanted */
	struct dmarc_psl *psl;		/* NULL: not wanted */
	struct engine	*engine;
	union address	 client;
	bool		 has_client;
};

static int64_t
fixed_now_s(void *ctx)
{
	return (*(const int64_t *)ctx);
}

static bool
take_client(struct bench *b, const char *ip)
{
	if (ip == NULL) {
		return (true);
	}
	b->has_client = true;
	if (inet_pton(AF_INET, ip, &b->client.in.sin_addr) == 1) {
		b->client.in.sin_family = AF_INET;
		return (true);
	}
	if (inet_pton(AF_INET6, ip, &b->client.in6.sin6_addr) == 1) {
		b->client.in6.sin6_family = AF_INET6;
		return (true);
	}
	(void)cli_fail("--ip: %s is not an address", ip);
	return (false);
}

/* One line of configuration: what was given must not become two. */
static bool
add_line(struct buf *text, const char *name, const char *value)
{
	if (strpbrk(value, "\r\n") != NULL) {
		(void)cli_fail("%s: one line, please", name);
		return (false);
	}
	buf_printf(text, "%s %s\n", name, value);
	return (true);
}

static bool
make_conf(struct bench *b, const struct verify_opts *o)
{
	struct buf text;
	struct diag diag;
	enum status status = STATUS_SYNTAX;
	bool ok;
	size_t i;

	diag_init(&diag);
	buf_init(&text, CONF_BYTES);
	buf_printf(&text, "Mode v\nSecondOpinion %s\nOrgDomain %s\n"
	    "DNSTimeout %llu\n", o->no_second ? "off" : "all",
	    o->psl ? "psl" : "treewalk",
	    (unsigned long long)cli_dns_timeout_us(&o->dns) / 1000000);
	ok = o->authserv_id == NULL ||
	    add_line(&text, "AuthservID", o->authserv_id);
	for (i = 0; i < o->lines_n && ok; i++) {
		ok = add_line(&text, "", o->lines[i]);
	}
	if (ok) {
		status = text.status == STATUS_OK ? conf_parse(buf_str(&text),
		    "options", &b->env, &b->conf, &diag) : text.status;
		if (status != STATUS_OK) {
			diag_set(&diag, NULL, 0, "%s", status_text(status));
			(void)cli_fail("%s", diag.text);
		}
	}
	buf_fini(&text);
	return (status == STATUS_OK);
}

static bool
bench_init(struct bench *b, const struct verify_opts *o)
{
	struct engine_opts opts;
	struct diag diag;

	diag_init(&diag);
	env_init_system(&b->env);
	if (o->now_s >= 0) {
		b->env.now_s = fixed_now_s;
		b->env.ctx = (void *)(uintptr_t)&o->now_s;
	}
	if (!take_client(b, o->ip) || !make_conf(b, o)) {
		return (false);
	}
	b->dns = cli_dns_open(&o->dns, &b->env);
	if (b->dns == NULL) {
		return (false);
	}
	b->crypto = crypto_new();
	if (b->crypto == NULL) {
		(void)cli_fail("OpenSSL does not work");
		return (false);
	}
	if (!o->no_second && second_new(&b->second, &diag) != STATUS_OK) {
		cli_warn("no second opinion: %s", diag.text);
	}
	if (o->psl && dmarc_psl_new(NULL, &b->psl) != STATUS_OK) {
		(void)cli_fail("no public suffix list");
		return (false);
	}
	opts = (struct engine_opts){ .conf = b->conf, .dns = b->dns,
		.crypto = b->crypto, .second = b->second, .psl = b->psl,
		.env = &b->env };
	if (engine_new(&opts, &b->engine, &diag) != STATUS_OK) {
		(void)cli_fail("%s", diag.text);
		return (false);
	}
	return (true);
}

static void
bench_fini(struct bench *b)
{
	engine_release(b->engine);
	second_free(b->second);
	dmarc_psl_free(b->psl);
	crypto_free(b->crypto);
	dns_release(b->dns);
	conf_release(b->conf);
}

/* The fields as they came; the engine sees what stood before the colon. */
static void
feed_fields(struct engine_msg *m, const struct field_list *fields)
{
	size_t i;

	for (i = 0; i < fields->n; i++) {
		struct str raw = fields->v[i].raw;

		engine_msg_header(m, str_first(raw, str_find(raw, ':')),
		    fields->v[i].value);
	}
}

static int
verify_message(struct bench *b, const struct verify_opts *o, struct str text,
    const struct message *message, bool too_large)
{
	struct engine_client client = { .addr = b->has_client ?
		&b->client.sa : NULL, .helo = str_from(o->helo),
		.inbound = true };
	const struct engine_outcome *outcome;
	struct engine_msg *m;
	bool second = !o->no_second;
	int result;

	m = engine_msg_new(b->engine, &client,
	    str_from(o->mail_from != NULL ? o->mail_from : ""));
	if (m == NULL) {
		return (cli_fail("out of memory"));
	}
	engine_msg_macro(m, ENGINE_QUEUE_ID, STR(SPOOL_NAME));
	feed_fields(m, &message->fields);
	if (too_large) {
		/* What did not fit: the engine is to refuse it, too. */
		engine_msg_header(m, STR("X"), str_first(text,
		    FIELD_MAX_TOTAL_BYTES));
	}
	if (engine_msg_eoh(m)) {
		(void)engine_msg_body(m, message->body.p, message->body.n);
	}
	outcome = engine_msg_eom(m);
	result = verify_exit(outcome);
	if (!(o->json ? verify_print_json(outcome, second) :
	    verify_print_text(outcome, second))) {
		result = CLI_USAGE;
	}
	engine_msg_free(m);
	return (result);
}

static bool
take_option(void *opts, int id, const char *value)
{
	struct verify_opts *o = opts;
	bool bad;

	switch (id) {
	case 'i':
		o->ip = value;
		return (true);
	case 'H':
		o->helo = value;
		return (true);
	case 'f':
		o->mail_from = value;
		return (true);
	case 'a':
		o->authserv_id = value;
		return (true);
	case 'O':
		return (dmarc_discovery_option(value, &o->psl));
	case 'n':
		return (cli_number("now", value, 0, INT64_MAX, &o->now_s));
	case ID_NO_SECOND:
		o->no_second = true;
		return (true);
	case 'o':
		if (o->lines_n == MAX_OPTIONS) {
			(void)cli_fail("--option: at most %d", MAX_OPTIONS);
			return (false);
		}
		o->lines[o->lines_n++] = value;
		return (true);
	case 'j':
		o->json = true;
		return (true);
	default:
		return (cli_dns_option(&o->dns, id, value, &bad) && !bad);
	}
}

int
verify_main(const struct cli_command *command, int argc, char **argv)
{
	struct verify_opts o = { .now_s = -1 };
	struct bench b = { .conf = NULL };
	struct message message;
	struct arena arena;
	struct str text;
	const char *path;
	enum status status;
	int early, result = CLI_USAGE;

	early = cli_options(command, argc, argv, take_option, &o);
	if (early != CLI_END) {
		return (early);
	}
	if (!cli_file(argc, argv, &path)) {
		return (CLI_USAGE);
	}
	arena_init(&arena, TOOL_ARENA_BYTES);
	if (cli_input(path, &arena, &text) && bench_init(&b, &o)) {
		status = message_parse(&arena, text, &message);
		if (status == STATUS_OK || status == STATUS_LIMIT) {
			result = verify_message(&b, &o, text, &message,
			    status == STATUS_LIMIT);
		} else {
			(void)cli_fail("%s", status_text(status));
		}
	}
	bench_fini(&b);
	arena_fini(&arena);
	return (result);
}
