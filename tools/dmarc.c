/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal dmarc: what a domain's policy says of given results. */
#include <stdio.h>

#include "dmarc/dmarc.h"
#include "tools/mailseal.h"

#define MAX_FROM	64
#define MAX_DKIM	64

struct dmarc_args {
	struct cli_dns		 dns;
	struct str		 from[MAX_FROM];
	size_t			 from_n;
	struct dmarc_identifier	 spf;
	bool			 has_spf;
	struct dmarc_identifier	 dkim[MAX_DKIM];
	size_t			 dkim_n;
	bool			 psl;
	bool			 json;
};

static json_t *
json_walk(const struct dmarc_verdict *v)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < v->walk_n; i++) {
		if (json_array_append_new(list,
		    cli_json_text(v->walk[i])) == -1) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static const char *
policy_text(const struct dmarc_verdict *v)
{
	return (v->has_policy ? dmarc_policy_name(v->policy) : NULL);
}

json_t *
dmarc_json(const struct dmarc_verdict *v)
{
	return (json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:b, s:b, s:b}",
	    "result", dmarc_result_name(v->result), "reason", v->reason,
	    "from", cli_json_text(v->from),
	    "org_domain", cli_json_text(v->org_domain),
	    "policy_domain", cli_json_text(v->policy_domain),
	    "policy", cli_json_cstr(policy_text(v)),
	    "discovery", v->psl ? "psl" : "treewalk",
	    "spf_aligned", v->spf_aligned, "dkim_aligned", v->dkim_aligned,
	    "testing", v->testing));
}

static bool
print_json(const struct dmarc_verdict *v)
{
	json_t *object = dmarc_json(v);

	if (json_object_set_new(object, "walk", json_walk(v)) != 0) {
		json_decref(object);
		object = NULL;
	}
	return (cli_json_print(object));
}

void
dmarc_show(const struct dmarc_verdict *v)
{
	(void)printf("dmarc: %s, %s\n", dmarc_result_name(v->result),
	    v->reason);
	cli_show("from", v->from);
	cli_show("belongs to", v->org_domain);
	cli_show("record of", v->policy_domain);
	cli_show("policy", str_from(policy_text(v)));
	if (v->testing) {
		cli_show("test", STR("yes (t=y): one step below the policy"));
	}
	if (v->has_policy) {
		cli_show("SPF", v->spf_aligned ? STR("aligned") :
		    STR("not aligned"));
		cli_show("DKIM", v->dkim_aligned ? STR("aligned") :
		    STR("not aligned"));
	}
}

static bool
print_text(const struct dmarc_verdict *v)
{
	size_t i;

	dmarc_show(v);
	for (i = 0; i < v->walk_n; i++) {
		cli_show(i == 0 ? "asked" : "", v->walk[i]);
	}
	return (cli_flush());
}

/* The steps of dmarc.h; true if all worked. */
static bool
evaluate_domain(const struct dmarc_args *o, struct arena *arena,
    struct dns_batch *batch, const struct dmarc_psl *psl,
    uint64_t deadline_us, struct dmarc **r)
{
	struct dmarc_opts opts = { .psl = o->psl ? psl : NULL,
		.suffixes = psl };
	enum status status;
	bool done = false;

	status = dmarc_new(arena, batch, &opts, o->from, o->from_n, r);
	if (status == STATUS_OK) {
		status = dmarc_authenticated(*r, o->has_spf ? &o->spf : NULL,
		    o->dkim, o->dkim_n);
	}
	while (status == STATUS_OK && !done) {
		status = dmarc_step(*r, &done);
		if (status == STATUS_OK && !done &&
		    !dns_batch_wait_any(batch, deadline_us)) {
			dmarc_give_up(*r);
		}
	}
	if (status != STATUS_OK) {
		(void)cli_fail("%s", status_text(status));
	}
	return (status == STATUS_OK);
}

bool
dmarc_is_no(const struct dmarc_verdict *v)
{
	switch (v->result) {
	case DMARC_NONE:
	case DMARC_PASS:
		return (false);
	case DMARC_FAIL:
	case DMARC_TEMPERROR:
	case DMARC_PERMERROR:
		return (true);
	}
	return (true);
}

static int
print_answer(const struct dmarc_args *o, struct dns *dns, const struct env *env,
    const struct dmarc_psl *psl)
{
	struct dns_batch *batch = dns_batch_new(dns);
	const struct dmarc_verdict *v;
	int result = CLI_USAGE;
	struct dmarc *dmarc;
	struct arena arena;

	if (batch == NULL) {
		return (cli_fail("out of memory"));
	}
	arena_init(&arena, TOOL_ARENA_BYTES);
	if (evaluate_domain(o, &arena, batch, psl, env_mono_us(env) +
	    cli_dns_timeout_us(&o->dns), &dmarc)) {
		v = dmarc_decisive(dmarc);
		if (o->json ? print_json(v) : print_text(v)) {
			result = dmarc_is_no(v) ? CLI_NO : CLI_YES;
		}
	}
	arena_fini(&arena);
	dns_batch_free(batch);
	return (result);
}

/* "DOMAIN=RESULT", the result a word of RFC 8601 2.7. */
static bool
take_identifier(const char *option, const char *value,
    struct dmarc_identifier *r)
{
	static const char *const words[] = {
		"none", "neutral", "pass", "policy", "fail", "softfail",
		"temperror", "permerror"
	};
	struct str text = str_from(value), word;
	size_t at = str_rfind(text, '='), i;

	word = str_from_offset(text, at + 1);
	r->domain = str_first(text, at);
	r->result = str_eq(word, STR("pass")) ? DMARC_AUTH_PASS :
	    str_eq(word, STR("temperror")) ? DMARC_AUTH_TEMPERROR :
	    DMARC_AUTH_NOT;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_eq(word, str_from(words[i]))) {
			return (true);
		}
	}
	(void)cli_fail("--%s: %s is not DOMAIN=RESULT such as "
	    "example.com=pass", option, value);
	return (false);
}

bool
dmarc_discovery_option(const char *value, bool *psl_r)
{
	*psl_r = strcmp(value, "psl") == 0;
	if (!*psl_r && strcmp(value, "treewalk") != 0) {
		(void)cli_fail("--org-domain: %s is not treewalk or psl",
		    value);
		return (false);
	}
	return (true);
}

static bool
take_option(void *opts, int id, const char *value)
{
	struct dmarc_args *o = opts;
	bool bad;

	switch (id) {
	case 'f':
		if (o->from_n == MAX_FROM) {
			(void)cli_fail("--from: at most %d", MAX_FROM);
			return (false);
		}
		o->from[o->from_n++] = str_from(value);
		return (true);
	case 's':
		o->has_spf = true;
		return (take_identifier("spf", value, &o->spf));
	case 'd':
		if (o->dkim_n == MAX_DKIM) {
			(void)cli_fail("--dkim: at most %d", MAX_DKIM);
			return (false);
		}
		return (take_identifier("dkim", value,
		    &o->dkim[o->dkim_n++]));
	case 'O':
		return (dmarc_discovery_option(value, &o->psl));
	case 'j':
		o->json = true;
		return (true);
	default:
		return (cli_dns_option(&o->dns, id, value, &bad) && !bad);
	}
}

int
dmarc_main(const struct cli_command *command, int argc, char **argv)
{
	struct dmarc_args o = { .psl = false };
	struct dmarc_psl *psl = NULL;
	struct dns *dns = NULL;
	struct env env;
	int early, result = CLI_USAGE;

	early = cli_options(command, argc, argv, take_option, &o);
	if (early != CLI_END) {
		return (early);
	}
	if (!cli_no_arguments(argc, argv)) {
		return (CLI_USAGE);
	}
	if (o.from_n == 0) {
		return (cli_fail("--from is missing"));
	}
	if (dmarc_psl_new(NULL, &psl) != STATUS_OK && o.psl) {
		return (cli_fail("no public suffix list"));
	}
	env_init_system(&env);
	dns = cli_dns_open(&o.dns, &env);
	if (dns != NULL) {
		result = print_answer(&o, dns, &env, psl);
	}
	dns_release(dns);
	dmarc_psl_free(psl);
	return (result);
}
