/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailseal explain: what the daemon would sign, by which rule, with which
 * keys; or why not. The message is an empty one of that author, through the
 * daemon's own engine; nothing is asked of the DNS.
 */
#include "config.h"

#include <stdio.h>

#include "keystore/keystore.h"
#include "mail/domain.h"
#include "tools/mailseal.h"
#include "tools/mta.h"
#include "tools/offline.h"

#define ARENA_BYTES	((size_t)4 * 1024 * 1024)

struct explain {
	/* options */
	const char		*conf_path;
	const char		*mail_from;
	const char		*from;
	const char		*auth;
	const char		*ip;
	const char		*name;
	const char		*daemon_name;
	bool			 json;
	/* the bench */
	struct env		 env;
	struct offline		 off;
	struct engine_msg	*msg;
	struct engine_client	 client;
	struct ip_addr		 client_ip;
	struct arena		 arena;
	/* the answer */
	const struct engine_outcome *out;
	struct str		 author;	/* absent: From is no good */
	struct signers_picks	 picks;
	struct keystore_key	*waiting;	/* of the author's domain: keys
						   that do not sign yet */
	size_t			 waiting_n;
	struct str		 above;		/* a domain above the author's
						   that signs, but not for
						   names below it */
	struct mta		 mta;
	struct mta_lacks	 lacks;
};

static bool
take_option(void *opts, int id, const char *value)
{
	struct explain *e = opts;

	switch (id) {
	case 'c':
		e->conf_path = value;
		break;
	case 'f':
		e->mail_from = value;
		break;
	case 'F':
		e->from = value;
		break;
	case 'u':
		e->auth = value;
		break;
	case 'i':
		e->ip = value;
		break;
	case 'C':
		e->name = value;
		break;
	case 'd':
		e->daemon_name = value;
		break;
	default:
		e->json = true;
		break;
	}
	return (true);
}

static void
take_log(void *ctx ATTR_UNUSED, enum log_level level, const char *line)
{
	if (level <= LOG_LEVEL_WARNING) {
		cli_warn("%s", line);
	}
}

static bool
take_client(struct explain *e)
{
	e->client.name = str_from(e->name);
	if (e->ip == NULL) {
		/* As Postfix shows mail of sendmail(1). */
		e->ip = LOCAL_CLIENT;
		e->client.name = e->name != NULL ? e->client.name :
		    STR(LOCAL_NAME);
	}
	if (strcmp(e->ip, NO_CLIENT) == 0) {
		return (true);
	}
	if (!ip_parse(str_from(e->ip), &e->client_ip)) {
		(void)cli_fail("--ip: %s is not an address", e->ip);
		return (false);
	}
	e->client.ip = &e->client_ip;
	return (true);
}

static bool
init_explain(struct explain *e)
{
	if (!offline_open(&e->off, e->conf_path, true, &e->env)) {
		return (false);
	}
	/* From here on the answer says it. */
	e->env.log = NULL;
	return (true);
}

static void
fini_explain(struct explain *e)
{
	signers_picks_fini(&e->picks);
	engine_msg_free(e->msg);
	offline_close(&e->off);
	arena_fini(&e->arena);
}

static void
take_waiting(struct explain *e, const char *where, struct str domain)
{
	struct keystore *store = NULL;
	struct keystore_key *v = NULL;
	enum status status;
	struct diag diag;
	size_t i, n = 0;

	diag_init(&diag);
	status = keystore_open(where, false, &store, &diag);
	if (status == STATUS_OK) {
		status = keystore_list(store, &e->arena, domain, &v, &n, NULL,
		    NULL, &diag);
	}
	keystore_close(store);
	if (status != STATUS_OK) {
		cli_warn("%s", diag.text);
		return;
	}
	e->waiting = v;
	for (i = 0; i < n; i++) {
		if (v[i].stage < KEY_ACTIVE) {
			v[e->waiting_n++] = v[i];
		}
	}
}

/* Of the first store that has some. */
static void
find_waiting(struct explain *e, struct str domain)
{
	size_t i;

	for (i = 0; e->waiting_n == 0 && i < e->off.conf->key_stores.n; i++) {
		take_waiting(e, e->off.conf->key_stores.v[i], domain);
	}
}

/* Without SubDomains, a key does not sign for names below its domain. */
static void
find_above(struct explain *e, const struct addr_mailbox *author)
{
	struct signers *signers = engine_signers(e->off.engine);
	struct str name = author->domain;
	struct signers_picks picks;

	while (e->picks.n == 0 && e->above.p == NULL &&
	    str_find(name, '.') < name.n) {
		name = domain_parent(name);
		picks = (struct signers_picks){ .n = 0 };
		if (signers_pick(signers, &e->arena, author->local, name,
		    &picks) == STATUS_OK && picks.n > 0) {
			e->above = name;
		}
		signers_picks_fini(&picks);
	}
}

/* The rules for the author, whether or not the message is one of ours. */
static bool
ask_engine(struct explain *e)
{
	struct signers *signers = engine_signers(e->off.engine);
	const struct addr_mailbox *author;

	e->msg = engine_msg_new(e->off.engine, &e->client,
	    str_from(e->mail_from));
	if (e->msg == NULL) {
		return (false);
	}
	engine_msg_macro(e->msg, ENGINE_AUTH_AUTHEN, str_from(e->auth));
	engine_msg_macro(e->msg, ENGINE_DAEMON_NAME, str_from(e->daemon_name));
	engine_msg_mail(e->msg);
	engine_msg_header(e->msg, STR("From"), str_from(e->from));
	e->out = engine_msg_eom(e->msg);
	e->lacks.arena = &e->arena;
	if (!mta_read(&e->mta, &e->arena)) {
		return (false);
	}
	mta_review(&e->mta, str_from(e->off.conf->socket), &e->lacks);
	author = addr_from_author(e->out->from);
	if (author == NULL) {
		return (true);
	}
	e->author = arena_printf(&e->arena, "%.*s@%.*s",
	    STR_FMT(author->local), STR_FMT(author->domain));
	find_waiting(e, author->domain);
	if (e->author.p == NULL || signers_pick(signers, &e->arena,
	    author->local, author->domain, &e->picks) != STATUS_OK ||
	    signers_load(signers, &e->arena, &e->picks) != STATUS_OK) {
		return (false);
	}
	find_above(e, author);
	return (true);
}

static bool
has_key(const struct explain *e)
{
	return (e->out->signatures_n > 0);
}

static bool
can_sign(const struct explain *e)
{
	return (e->off.conf->mode_sign &&
	    signers_have_sources(engine_signers(e->off.engine)));
}

/* What happens, in a word, and why. */
static const char *
answer_of(const struct explain *e)
{
	if (has_key(e)) {
		return ("sign");
	}
	if (e->out->direction == ENGINE_SIGN ||
	    (e->out->direction_reason == ENGINE_LOGIN_MISMATCH &&
	    !engine_verdict_accepts(e->out->verdict))) {
		return (engine_verdict_name(e->out->verdict));
	}
	return (e->off.verifies && (!can_sign(e) ||
	    e->out->direction_reason == ENGINE_EXTERNAL_HOST ||
	    e->out->direction_reason == ENGINE_FILTER ||
	    e->out->direction_reason == ENGINE_RELAY) ? "verify" :
	    "none");
}

static const char *
reason_of(const struct explain *e)
{
	return (e->out->error != ENGINE_NO_ERROR ?
	    engine_error_text(e->out) : engine_direction_text(e->out));
}

static const char *
algorithm_of(const struct privkey *key)
{
	return (privkey_type(key) == CRYPTO_RSA ? "rsa-sha256" :
	    "ed25519-sha256");
}

static json_t *
json_pick(const struct explain *e, const struct signers_pick *p)
{
	struct buf rule;
	json_t *json;

	buf_init(&rule, 8 * CLI_SHOWN_MAX_BYTES);
	signers_describe(engine_signers(e->off.engine), p, &rule);
	json = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "domain", cli_json_text(p->domain),
	    "selector", cli_json_text(p->selector),
	    "identity", cli_json_text(p->identity),
	    "rule", cli_json_text(buf_str(&rule)),
	    "algorithm", p->key != NULL ? cli_json_cstr(algorithm_of(p->key)) :
	    json_null(),
	    "key_bits", p->key != NULL ?
	    json_integer(privkey_bits(p->key)) : json_null(),
	    "error", cli_json_text(p->error));
	buf_fini(&rule);
	return (json);
}

/* What is asked before the stores, and so hides their keys; NULL: nothing. */
static const char *
hidden_by(const struct explain *e)
{
	if (e->picks.n == 0 || e->picks.v[0].kind == SIGNERS_STORE) {
		return (NULL);
	}
	return (e->picks.v[0].kind == SIGNERS_GIVEN ? "Domain" :
	    "SigningTable");
}

static json_t *
json_waiting(const struct explain *e)
{
	json_t *keys = json_array();
	const struct keystore_key *key;
	size_t i;

	for (i = 0; i < e->waiting_n; i++) {
		key = &e->waiting[i];
		(void)json_array_append_new(keys, json_pack(
		    "{s:o, s:o, s:s, s:o, s:o}",
		    "domain", cli_json_text(key->domain),
		    "selector", cli_json_text(key->selector),
		    "stage", key_stage_name(key->stage),
		    "waits_for", cli_json_text(key->note),
		    "hidden_by", cli_json_cstr(hidden_by(e))));
	}
	return (keys);
}

/* No login: then mail from outside may come back in this way. */
static bool
may_return(const struct explain *e)
{
	return (has_key(e) &&
	    engine_direction_may_return(e->out->direction_reason));
}

/* What keeps Postfix from giving it such mail. */
static json_t *
json_lacks(const struct explain *e)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < e->lacks.n; i++) {
		const struct mta_lack *lack = &e->lacks.v[i];

		if (lack->weight != MTA_INFO) {
			(void)json_array_append_new(list, json_pack(
			    "{s:s, s:o, s:o}", "check", lack->id,
			    "subject", cli_json_text(lack->subject),
			    "text", cli_json_text(lack->text)));
		}
	}
	return (list);
}

static bool
print_json(const struct explain *e)
{
	json_t *rules = json_array();
	size_t i;

	for (i = 0; i < e->picks.n; i++) {
		(void)json_array_append_new(rules,
		    json_pick(e, &e->picks.v[i]));
	}
	return (cli_json_print(json_pack("{s:b, s:s, s:s, s:o, s:o, s:o, s:b,"
	    " s:o, s:o}",
	    "signs", (int)has_key(e), "action", answer_of(e),
	    "reason", reason_of(e), "author", cli_json_text(e->author),
	    "signatures", rules,
	    "waiting", json_waiting(e),
	    "unless_returned", (int)may_return(e),
	    "signs_above", cli_json_text(e->above),
	    "postfix", json_lacks(e))));
}

static void
show_pick(const struct explain *e, const struct signers_pick *p)
{
	struct buf rule;

	(void)printf("d=%.*s s=%.*s\n", STR_FMT(p->domain),
	    STR_FMT(p->selector.n > 0 ? p->selector : STR("?")));
	cli_show("i=", p->identity);
	buf_init(&rule, 8 * CLI_SHOWN_MAX_BYTES);
	signers_describe(engine_signers(e->off.engine), p, &rule);
	cli_show("rule", buf_str(&rule));
	if (p->key != NULL) {
		(void)printf("  %-10s %s, %u bits\n", "key",
		    algorithm_of(p->key), privkey_bits(p->key));
	}
	cli_show("error", p->error);
	buf_fini(&rule);
}

static void
show_waiting(const struct explain *e, const struct keystore_key *key)
{
	const char *by = hidden_by(e);

	if (by != NULL) {
		(void)printf("d=%.*s s=%.*s will not sign for this author: "
		    "%s comes before the key store\n", STR_FMT(key->domain),
		    STR_FMT(key->selector), by);
		return;
	}
	(void)printf("d=%.*s s=%.*s signs nothing yet: it is %s\n",
	    STR_FMT(key->domain), STR_FMT(key->selector),
	    key_stage_name(key->stage));
	cli_show("waits for", key->note.n > 0 ? key->note :
	    STR("the next run of dkimkeygen rotate"));
}

static bool
print_text(const struct explain *e)
{
	size_t i;

	(void)printf("%s: %s\n", answer_of(e), reason_of(e));
	cli_show("author", e->author);
	if (!can_sign(e)) {
		(void)printf("nothing signs: Mode is v, or neither keys nor "
		    "tables nor a key store are configured\n");
	} else if (e->author.p != NULL && e->picks.n == 0) {
		(void)printf("no rule for the author\n");
	} else if (e->out->direction_reason == ENGINE_LOGIN_MISMATCH) {
		(void)printf("for a login that SenderLogins lets write as this "
		    "author, this would sign:\n");
	} else if (e->picks.n > 0 && e->out->direction != ENGINE_SIGN) {
		(void)printf("if it were one of ours, this would "
		    "sign:\n");
	}
	for (i = 0; i < e->picks.n; i++) {
		show_pick(e, &e->picks.v[i]);
	}
	for (i = 0; i < e->waiting_n; i++) {
		show_waiting(e, &e->waiting[i]);
	}
	if (e->above.p != NULL) {
		(void)printf("the key of %.*s signs only for that name itself; "
		    "with SubDomains yes it would sign this, too\n",
		    STR_FMT(e->above));
	}
	for (i = 0; i < e->lacks.n; i++) {
		if (e->lacks.v[i].weight != MTA_INFO) {
			cli_show("Postfix", e->lacks.v[i].text);
		}
	}
	if (may_return(e)) {
		(void)printf("mail that came from outside before and comes "
		    "back is not signed (direction=returned)\n");
	}
	return (cli_flush());
}

int
explain_main(const struct cli_command *command, int argc, char **argv)
{
	struct explain e = { .conf_path = SYSCONFDIR "/mailseald.conf",
		.mail_from = "", .auth = "", .daemon_name = "" };
	int early, result = CLI_USAGE;

	early = cli_options(command, argc, argv, take_option, &e);
	if (early != CLI_END) {
		return (early);
	}
	if (!cli_no_arguments(argc, argv)) {
		return (CLI_USAGE);
	}
	if (e.from == NULL) {
		return (cli_fail("--from is required"));
	}
	env_init_system(&e.env);
	e.env.log = take_log;
	arena_init(&e.arena, ARENA_BYTES);
	if (take_client(&e) && init_explain(&e)) {
		if (!ask_engine(&e)) {
			(void)cli_fail("out of memory");
		} else if (e.json ? print_json(&e) : print_text(&e)) {
			result = has_key(&e) ? CLI_YES : CLI_NO;
		}
	}
	fini_explain(&e);
	return (result);
}
