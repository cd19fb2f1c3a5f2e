/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --compare: a fixed set of messages through the engine with the imported
 * configuration, beside what the old files meant. The DNS is a zone of its own;
 * no server is asked, and no daemon runs.
 */
#include "config.h"

#include <sys/mman.h>

#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "engine/engine.h"
#include "mail/message.h"
#include "tools/import_compare.h"

#define MESSAGE_BYTES	(1024 * 1024)

/* RFC 8463's example key. */
static const char zone_text[] =
    "_dmarc.reject.invalid. TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.quarantine.invalid. TXT \"v=DMARC1; p=quarantine\"\n"
    "_dmarc.none.invalid. TXT \"v=DMARC1; p=none\"\n"
    "_dmarc.broken.invalid. SERVFAIL\n"
    "ed._domainkey.plain.invalid. TXT \"v=DKIM1; k=ed25519; "
    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n";

struct bench {
	struct env	 env;
	struct conf	*conf;
	struct dns	*dns;
	struct crypto	*crypto;
	struct dmarc_psl *psl;
	struct engine	*engine;
};

static void
stay_silent(void *ctx ATTR_UNUSED, enum log_level level ATTR_UNUSED,
    const char *line ATTR_UNUSED)
{
}

static bool
open_zone(struct bench *b, struct diag *diag)
{
	int fd = memfd_create("zone", MFD_CLOEXEC);
	struct dns_opts opts;
	char path[32];
	bool ok;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	dns_opts_init(&opts);
	opts.env = &b->env;
	ok = fd != -1 && write(fd, zone_text, sizeof(zone_text) - 1) ==
	    (ssize_t)sizeof(zone_text) - 1 &&
	    dns_new_zone(&opts, path, &b->dns, diag) == STATUS_OK;
	if (fd != -1) {
		(void)close(fd);
	}
	return (ok);
}

static bool
init_bench(struct bench *b, struct import *im, struct diag *diag)
{
	struct engine_opts opts;

	env_init_system(&b->env);
	b->env.log = stay_silent;
	if (conf_parse(buf_str(&im->out), "the imported configuration",
	    &b->env, &b->conf, diag) != STATUS_OK || !open_zone(b, diag)) {
		return (false);
	}
	b->conf->check_keys = false;
	b->crypto = crypto_new();
	if (b->crypto == NULL || (b->conf->org_domain == CONF_PSL &&
	    dmarc_psl_new(NULL, &b->psl) != STATUS_OK)) {
		diag_set(diag, NULL, 0, "no OpenSSL or no public suffix list");
		return (false);
	}
	opts = (struct engine_opts){ .conf = b->conf, .dns = b->dns,
		.crypto = b->crypto, .psl = b->psl, .env = &b->env };
	return (engine_new(&opts, &b->engine, diag) == STATUS_OK);
}

static void
fini_bench(struct bench *b)
{
	engine_release(b->engine);
	dmarc_psl_free(b->psl);
	crypto_free(b->crypto);
	dns_release(b->dns);
	conf_release(b->conf);
}

static const char *
describe_signatures(struct import *im, const struct engine_outcome *out)
{
	struct str text = STR_NONE;
	size_t i;

	for (i = 0; i < out->signatures_n; i++) {
		text = arena_printf(&im->arena, "%s%.*s%sd=%.*s s=%.*s",
		    i == 0 ? "signed " : "", STR_FMT(text), i == 0 ? "" : ", ",
		    STR_FMT(out->signatures[i].domain),
		    STR_FMT(out->signatures[i].selector));
	}
	return (text.p != NULL ? text.p : "");
}

static const char *
describe_outcome(struct import *im, const struct import_case *c,
    const struct engine_outcome *out)
{
	if (out->verdict == ENGINE_REJECT) {
		return ("refused");
	}
	if (out->verdict == ENGINE_TEMPFAIL) {
		return (c->signing ? "deferred: no key could sign" :
		    "deferred");
	}
	if (c->signing) {
		return (out->direction_reason == ENGINE_PEER ?
		    IMPORT_LEFT_ALONE : out->signatures_n > 0 ?
		    describe_signatures(im, out) : "not signed");
	}
	return (out->verdict == ENGINE_QUARANTINE ? out->tagged ? "tagged" :
	    "held" : "accepted");
}

static void
set_macro(struct engine_msg *m, enum engine_macro macro, const char *value)
{
	if (value != NULL) {
		engine_msg_macro(m, macro, str_from(value));
	}
}

static void
play_message(struct engine_msg *m, const struct message *message)
{
	size_t i;

	engine_msg_mail(m);
	for (i = 0; i < message->fields.n; i++) {
		struct str raw = message->fields.v[i].raw;

		engine_msg_header(m, str_first(raw, str_find(raw, ':')),
		    message->fields.v[i].value);
	}
	if (engine_msg_eoh(m)) {
		(void)engine_msg_body(m, message->body.p, message->body.n);
	}
}

static bool
ask_engine(struct import *im, struct bench *b, struct import_case *c)
{
	struct engine_client client = { .name = STR_NONE,
		.helo = STR("client.invalid") };
	struct message message;
	struct engine_msg *m;
	struct arena arena;
	struct ip_addr ip;

	arena_init(&arena, MESSAGE_BYTES);
	if (c->ip != NULL && ip_parse(str_from(c->ip), &ip)) {
		client.ip = &ip;
	}
	m = engine_msg_new(b->engine, &client, STR("<joe@out.invalid>"));
	if (m == NULL || message_parse(&arena, c->text, &message) !=
	    STATUS_OK) {
		import_fail(im, STATUS_NOMEM);
	} else {
		set_macro(m, ENGINE_AUTH_AUTHEN, c->auth);
		set_macro(m, ENGINE_AUTH_TYPE, c->auth);
		set_macro(m, ENGINE_DAEMON_NAME, c->daemon);
		play_message(m, &message);
		c->after = describe_outcome(im, c, engine_msg_eom(m));
	}
	engine_msg_free(m);
	arena_fini(&arena);
	return (im->status == STATUS_OK);
}

#define SIGNED	"signed "

/* Whether each signature of the one is in the other. */
static bool
has_signatures(struct str all, struct str some)
{
	struct str item, other, rest;
	bool found = true;

	while (found && str_next(&some, ',', &item)) {
		found = false;
		rest = all;
		while (!found && str_next(&rest, ',', &other)) {
			found = str_eq(str_trim_fws(item), str_trim_fws(other));
		}
	}
	return (found);
}

/* Their order does not matter. */
static bool
is_same(const struct import_case *c)
{
	struct str before = str_from(c->before), after = str_from(c->after);

	if (!str_starts(before, STR(SIGNED)) ||
	    !str_starts(after, STR(SIGNED))) {
		return (str_eq(before, after));
	}
	before = str_from_offset(before, sizeof(SIGNED) - 1);
	after = str_from_offset(after, sizeof(SIGNED) - 1);
	return (has_signatures(before, after) && has_signatures(after,
	    before));
}

static void
print_group(const struct import_cases *cases, bool signing,
    const char *heading)
{
	size_t i;

	(void)printf("%s\n  %-48s %-16s %-28s %s\n", heading, signing ?
	    "author" : "mail", "from", "before", "mailseald");
	for (i = 0; i < cases->n; i++) {
		const struct import_case *c = &cases->v[i];

		if (c->signing == signing) {
			(void)printf("%c %-48.*s %-16s %-28s %s\n",
			    is_same(c) ? ' ' : '!', STR_FMT(c->what),
			    c->sender, c->before, c->after);
		}
	}
}

static size_t
count_differences(const struct import_cases *cases)
{
	size_t i, n = 0;

	for (i = 0; i < cases->n; i++) {
		n += !is_same(&cases->v[i]);
	}
	return (n);
}

static bool
print_cases(const struct import_cases *cases)
{
	size_t n = count_differences(cases);

	print_group(cases, true, "Who signs");
	print_group(cases, false, "\nWhat is refused");
	if (cases->authors > IMPORT_MAX_AUTHORS) {
		(void)printf("\n%zu more authors were not tried\n",
		    cases->authors - IMPORT_MAX_AUTHORS);
	}
	(void)printf("\n%zu of %zu differ (!); the comments of mailseal "
	    "import say why\n", n, cases->n);
	return (cli_flush());
}

static bool
compare_cases(struct import *im, struct import_cases *cases, bool run_old)
{
	struct bench b = { .engine = NULL };
	struct diag diag;
	bool ok;
	size_t i;

	diag_init(&diag);
	if (run_old && !import_ask_old(im, cases)) {
		return (false);
	}
	ok = init_bench(&b, im, &diag);
	for (i = 0; i < cases->n; i++) {
		if (!ok) {
			cases->v[i].after = "does not start";
		} else if (!ask_engine(im, &b, &cases->v[i])) {
			break;
		}
	}
	fini_bench(&b);
	if (!ok) {
		(void)cli_fail("%s", diag.text);
	}
	return (im->status == STATUS_OK && print_cases(cases));
}

/* As import_tables.c resolved them, which keeps every line. */
static void
load_tables(struct import *im, struct old_tables *t)
{
	struct env env;

	env_init_system(&env);
	env.log = stay_silent;
	t->loaded = import_tables_load(im, &env, &t->keys, &t->rules);
}

bool
import_compare(struct import *im, bool run_old, bool *differs_r)
{
	struct import_cases cases = { .n = 0 };
	struct old_tables tables = { .loaded = false };
	bool ok;

	cases.v = arena_calloc(&im->arena, IMPORT_MAX_CASES,
	    sizeof(*cases.v));
	if (cases.v == NULL) {
		return (false);
	}
	load_tables(im, &tables);
	import_cases_signing(im, &cases, &tables);
	import_cases_judging(im, &cases);
	ok = compare_cases(im, &cases, run_old);
	*differs_r = count_differences(&cases) > 0;
	signing_table_fini(&tables.rules);
	key_table_fini(&tables.keys);
	return (ok);
}
