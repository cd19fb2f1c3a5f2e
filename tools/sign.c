/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal sign: a message with DKIM-Signature fields on top. */
#include "engine/sign.h"
#include "mail/domain.h"
#include "mail/message.h"
#include "tools/sign.h"

#define MIN_RSA_BITS	1024	/* RFC 8301 3.2 */
#define FIELD_NAME	"DKIM-Signature"

struct job {			/* one message to be signed */
	struct sign_opts	*o;
	struct arena		*arena;
	struct env		 env;
	struct conf		*conf;
	struct crypto		*crypto;
	struct dkim_bodies	*bodies;
	struct message		 message;
	struct privkey		*keys[SIGN_MAX_SIGNERS];
	struct dkim_signer	*signers[SIGN_MAX_SIGNERS];
};

static bool
load_key(struct job *job, size_t i)
{
	const struct sign_opts *o = job->o;

	if (!cli_key_load(o->keys[i], &job->keys[i])) {
		return (false);
	}
	if (!o->any_type && privkey_type(job->keys[i]) != o->type) {
		(void)cli_fail("%s: not a key for the algorithm asked for",
		    o->keys[i]);
		return (false);
	}
	if (privkey_type(job->keys[i]) == CRYPTO_RSA &&
	    privkey_bits(job->keys[i]) < MIN_RSA_BITS) {
		(void)cli_fail("%s: %u bits are too few to sign with",
		    o->keys[i], privkey_bits(job->keys[i]));
		return (false);
	}
	return (true);
}

/* Verifiers accept no i= outside of d= (RFC 6376 6.1.1). */
static bool
check_identity(struct job *job, struct str identity, struct str domain)
{
	struct str own;
	size_t at = str_rfind(identity, '@');

	if (identity.p != NULL && (at == identity.n ||
	    domain_normalize(job->arena, str_from_offset(identity, at + 1),
	    &own) != STATUS_OK || !domain_is_within(own, domain))) {
		(void)cli_fail("--identity: %.*s is not of %.*s",
		    STR_FMT(identity), STR_FMT(domain));
		return (false);
	}
	return (true);
}

static bool
name_signer(struct job *job, size_t i, struct engine_sign_key *r)
{
	const struct sign_opts *o = job->o;

	r->key = job->keys[i];
	r->identity = str_from(o->identity);
	return (added_domain(job->arena, o->domains[o->domains_n == 1 ? 0 : i],
	    &r->domain) &&
	    added_domain(job->arena, o->selectors[i], &r->selector) &&
	    check_identity(job, r->identity, r->domain));
}

/* The daemon's defaults, and what the options change about them. */
static bool
make_conf(struct job *job)
{
	struct sign_opts *o = job->o;
	struct diag diag;

	diag_init(&diag);
	env_init_system(&job->env);
	if (conf_parse(STR("Mode v\n"), "options", &job->env, &job->conf,
	    &diag) != STATUS_OK) {
		(void)cli_fail("%s", diag.text);
		return (false);
	}
	if (o->canon_given) {
		job->conf->canonicalization = o->canon;
	}
	job->conf->signature_ttl_s = o->ttl_s;
	added_names_set(&o->headers, &job->conf->sign_headers);
	added_names_set(&o->oversign, &job->conf->oversign_headers);
	return (true);
}

static int
begin_signer(struct job *job, const struct engine_sign *sign, size_t i)
{
	struct engine_sign_key key;
	enum status status;

	if (!name_signer(job, i, &key)) {
		return (CLI_USAGE);
	}
	status = engine_sign_begin(sign, &key, &job->message.fields,
	    job->bodies, &job->signers[i]);
	if (status == STATUS_SYNTAX) {
		(void)cli_fail("the message has no From field");
		return (CLI_NO);
	}
	return (status == STATUS_OK ? CLI_YES :
	    cli_fail("%s", status_text(status)));
}

static int
begin_signers(struct job *job)
{
	struct engine_sign sign;
	int result = CLI_YES;
	size_t i;

	if (engine_sign_init(&sign, job->arena, job->conf, job->crypto,
	    job->o->now_s >= 0 ? job->o->now_s : env_now_s(&job->env)) !=
	    STATUS_OK) {
		return (cli_fail("out of memory"));
	}
	for (i = 0; i < job->o->keys_n && result == CLI_YES; i++) {
		result = begin_signer(job, &sign, i);
	}
	return (result);
}

static int
print_signatures(struct job *job, bool crlf)
{
	struct str values[SIGN_MAX_SIGNERS];
	size_t i;

	for (i = 0; i < job->o->keys_n; i++) {
		if (dkim_signer_finish(job->signers[i], &values[i]) !=
		    STATUS_OK) {
			return (cli_fail("it could not be signed"));
		}
	}
	for (i = 0; i < job->o->keys_n; i++) {
		added_print(FIELD_NAME, values[i], crlf);
	}
	return (CLI_YES);
}

static int
sign_text(struct job *job, struct str text)
{
	const struct sign_opts *o = job->o;
	bool crlf = added_has_crlf(text);
	enum status status;
	int result;

	status = message_parse(job->arena, text, &job->message);
	if (status != STATUS_OK) {
		(void)cli_fail("the message's header: %s",
		    status_text(status));
		return (CLI_NO);
	}
	result = begin_signers(job);
	if (result != CLI_YES) {
		return (result);
	}
	dkim_bodies_update(job->bodies, job->message.body.p,
	    job->message.body.n);
	if (dkim_bodies_finish(job->bodies) != STATUS_OK) {
		return (cli_fail("out of memory"));
	}
	result = print_signatures(job, crlf);
	if (result == CLI_YES && !o->header_only) {
		(void)fwrite(text.p, 1, text.n, stdout);
	}
	return (cli_flush() ? result : CLI_USAGE);
}

static int
sign_file(struct sign_opts *o, const char *path)
{
	struct job job = { .o = o };
	struct arena arena;
	struct str text;
	int result = CLI_USAGE;
	size_t i;

	arena_init(&arena, TOOL_ARENA_BYTES);
	job.arena = &arena;
	for (i = 0; i < o->keys_n; i++) {
		if (!load_key(&job, i)) {
			goto out;
		}
	}
	if (!cli_input(path, &arena, &text) || !make_conf(&job)) {
		goto out;
	}
	job.crypto = crypto_new();
	if (job.crypto != NULL) {
		job.bodies = dkim_bodies_new(&arena, job.crypto);
	}
	if (job.bodies == NULL) {
		(void)cli_fail("OpenSSL does not work");
		goto out;
	}
	result = sign_text(&job, text);
out:
	if (job.bodies != NULL) {
		dkim_bodies_fini(job.bodies);
	}
	for (i = 0; i < o->keys_n; i++) {
		privkey_free(job.keys[i]);
	}
	crypto_free(job.crypto);
	conf_release(job.conf);
	arena_fini(&arena);
	return (result);
}

int
sign_main(const struct cli_command *command, int argc, char **argv)
{
	struct sign_opts o;
	const char *path;
	int early;

	sign_opts_init(&o);
	early = cli_options(command, argc, argv, sign_opts_take, &o);
	if (early != CLI_END) {
		return (early);
	}
	if (!cli_file(argc, argv, &path) || !sign_opts_check(&o)) {
		return (CLI_USAGE);
	}
	return (sign_file(&o, path));
}
