/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal spf: may this client send for this domain? */
#include <stdio.h>

#include "spf/check.h"
#include "tools/mailseal.h"

#define ARENA_BYTES	((size_t)4 * 1024 * 1024)

struct spf_args {
	struct cli_dns	 dns;
	const char	*ip;
	const char	*helo;
	const char	*mail_from;	/* NULL: check HELO */
	const char	*receiver;
	int64_t		 now_s;		/* -1: the system's clock */
	bool		 json;
};

int
spf_exit(const struct spf_verdict *v)
{
	switch (v->result) {
	case SPF_NONE:
	case SPF_NEUTRAL:
	case SPF_PASS:
		return (CLI_YES);
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_TEMPERROR:
	case SPF_PERMERROR:
		break;
	}
	return (CLI_NO);
}

/* "DEFAULT" is no text of ours: the receiver's own words go there. */
static json_t *
json_explanation(const struct spf_verdict *v)
{
	if (v->result != SPF_FAIL) {
		return (json_null());
	}
	return (cli_json_text(v->explanation.p != NULL ? v->explanation :
	    STR("DEFAULT")));
}

json_t *
spf_json(const struct spf_verdict *v)
{
	return (json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}",
	    "result", spf_result_name(v->result),
	    "identity", spf_identity_name(v->identity),
	    "domain", cli_json_text(v->domain),
	    "mechanism", cli_json_text(v->mechanism),
	    "explanation", json_explanation(v),
	    "reason", cli_json_cstr(v->reason),
	    "problem", cli_json_text(v->problem)));
}

void
spf_show(const struct spf_verdict *v)
{
	(void)printf("spf: %s%s%s\n", spf_result_name(v->result),
	    v->reason != NULL ? ", " : "", v->reason != NULL ? v->reason : "");
	cli_show(spf_identity_name(v->identity), v->domain);
	cli_show("mechanism", v->mechanism);
	cli_show("problem", v->problem);
	cli_show("explanation", v->explanation);
}

static bool
take_option(void *opts, int id, const char *value)
{
	struct spf_args *o = opts;
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
	case 'r':
		o->receiver = value;
		return (true);
	case 'n':
		return (cli_number("now", value, 0, INT64_MAX, &o->now_s));
	case 'j':
		o->json = true;
		return (true);
	default:
		return (cli_dns_option(&o->dns, id, value, &bad) && !bad);
	}
}

static bool
take_client(const struct spf_args *o, struct spf_opts *opts)
{
	if (o->ip == NULL) {
		(void)cli_fail("--ip is required");
		return (false);
	}
	if (!ip_parse(str_from(o->ip), &opts->ip)) {
		(void)cli_fail("--ip: %s is not an address", o->ip);
		return (false);
	}
	return (true);
}

static int
check_client(const struct spf_args *o, const struct spf_opts *opts,
    const struct env *env, struct dns *dns)
{
	struct dns_batch *batch = dns_batch_new(dns);
	struct spf_verdict verdict;
	enum status status = STATUS_NOMEM;
	struct arena arena;
	int result = CLI_USAGE;

	arena_init(&arena, ARENA_BYTES);
	if (batch != NULL) {
		status = spf_check(&arena, opts, batch, env_mono_us(env) +
		    cli_dns_timeout_us(&o->dns), &verdict);
	}
	if (status != STATUS_OK) {
		(void)cli_fail("%s", status_text(status));
	} else if (o->json) {
		result = cli_json_print(spf_json(&verdict)) ?
		    spf_exit(&verdict) : CLI_USAGE;
	} else {
		spf_show(&verdict);
		result = cli_flush() ? spf_exit(&verdict) : CLI_USAGE;
	}
	dns_batch_free(batch);
	arena_fini(&arena);
	return (result);
}

int
spf_main(const struct cli_command *command, int argc, char **argv)
{
	struct spf_args o = { .now_s = -1 };
	struct spf_opts opts = { .identity = SPF_MAILFROM };
	struct dns *dns;
	struct env env;
	int early, result;

	early = cli_options(command, argc, argv, take_option, &o);
	if (early != CLI_END) {
		return (early);
	}
	if (!cli_no_arguments(argc, argv) || !take_client(&o, &opts)) {
		return (CLI_USAGE);
	}
	env_init_system(&env);
	opts.identity = o.mail_from != NULL ? SPF_MAILFROM : SPF_HELO;
	opts.helo = str_from(o.helo);
	opts.mail_from = str_from(o.mail_from);
	opts.receiver = str_from(o.receiver);
	opts.now_s = o.now_s >= 0 ? o.now_s : env_now_s(&env);
	dns = cli_dns_open(&o.dns, &env);
	if (dns == NULL) {
		return (CLI_USAGE);
	}
	result = check_client(&o, &opts, &env, dns);
	dns_release(dns);
	return (result);
}
