/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal seal: a message with one more ARC set on top (RFC 8617 5.1). */
#include "engine/sign.h"
#include "tools/added.h"
#include "tools/judge.h"
#include "tools/seal.h"

#define ID_CV		0x301
#define ID_HEADER_ONLY	0x302

struct seal_opts {		/* views into argv */
	struct judge_opts	 judge;
	const char		*domain;
	const char		*selector;
	const char		*key;
	struct added_names	 headers;
	bool			 auto_cv;
	enum arc_result		 cv;
	bool			 header_only;
};

struct job {			/* one message to be sealed */
	struct seal_opts	*o;
	struct arena		*arena;
	struct judge		*judge;
	struct privkey		*key;
	struct dkim_bodies	*bodies;
	struct message		 message;
	struct arc_seal		 seal;
};

static bool
take_cv(struct seal_opts *o, const char *value)
{
	static const enum arc_result all[] = { ARC_NONE, ARC_PASS, ARC_FAIL };
	size_t i;

	o->auto_cv = strcmp(value, "auto") == 0;
	if (o->auto_cv) {
		return (true);
	}
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(value, arc_result_name(all[i])) == 0) {
			o->cv = all[i];
			return (true);
		}
	}
	(void)cli_fail("--cv: %s is not auto, none, pass or fail", value);
	return (false);
}

static bool
take_option(void *opts, int id, const char *value)
{
	struct seal_opts *o = opts;

	switch (id) {
	case 'd':
		o->domain = value;
		return (true);
	case 's':
		o->selector = value;
		return (true);
	case 'k':
		o->key = value;
		return (true);
	case 'h':
		return (added_names_take(&o->headers, "headers", value));
	case ID_CV:
		return (take_cv(o, value));
	case ID_HEADER_ONLY:
		o->header_only = true;
		return (true);
	default:
		return (judge_opts_take(&o->judge, id, value));
	}
}

static bool
name_sealer(const struct job *job, struct engine_sign_key *r)
{
	*r = (struct engine_sign_key){ .key = job->key };
	return (added_domain(job->arena, job->o->domain, &r->domain) &&
	    added_domain(job->arena, job->o->selector, &r->selector));
}

/* With a list of fields to sign, none is oversigned. */
static void
set_headers(struct job *job)
{
	struct conf *conf = job->judge->conf;

	if (job->o->headers.given) {
		added_names_set(&job->o->headers, &conf->sign_headers);
		conf->oversign_headers.v = job->o->headers.v;
		conf->oversign_headers.n = 0;
	}
}

static enum status
hash_body(struct job *job)
{
	enum status status;

	job->bodies = dkim_bodies_new(job->arena, job->judge->crypto);
	if (job->bodies == NULL) {
		return (STATUS_NOMEM);
	}
	status = arc_seal_begin(job->bodies);
	if (status != STATUS_OK) {
		return (status);
	}
	dkim_bodies_update(job->bodies, job->message.body.p,
	    job->message.body.n);
	return (dkim_bodies_finish(job->bodies));
}

static int
explain_failure(const struct job *job, enum status status, enum arc_result cv)
{
	size_t from = field_list_count(&job->message.fields, STR("From"));

	if (status == STATUS_SYNTAX && from == 0) {
		(void)cli_fail("the message has no From field");
	} else if (status == STATUS_SYNTAX) {
		(void)cli_fail("the chain cannot be sealed with cv=%s",
		    arc_result_name(cv));
	} else if (status == STATUS_LIMIT) {
		(void)cli_fail("the message has too many fields to sign");
	} else {
		return (cli_fail("it could not be sealed"));
	}
	return (CLI_NO);
}

static enum status
write_seal(struct job *job, const struct engine_sign_key *key,
    struct arc_seal_message *message)
{
	struct engine_sign sign;
	enum status status = hash_body(job);

	if (status != STATUS_OK) {
		return (status);
	}
	message->bodies = job->bodies;
	set_headers(job);
	status = engine_sign_init(&sign, job->arena, job->judge->conf,
	    job->judge->crypto, env_now_s(&job->judge->env));
	if (status != STATUS_OK) {
		return (status);
	}
	return (engine_sign_seal(&sign, key, message, &job->seal));
}

static int
make_seal(struct job *job, const struct engine_outcome *outcome)
{
	const struct seal_opts *o = job->o;
	struct arc_seal_message message = { .fields = &job->message.fields };
	struct engine_sign_key key;
	enum status status;

	if (!name_sealer(job, &key)) {
		return (CLI_USAGE);
	}
	message.cv = !o->auto_cv ? o->cv : outcome->arc != NULL ?
	    outcome->arc->result : ARC_NONE;
	status = seal_results(job->arena, message.fields,
	    str_from(o->judge.authserv_id), outcome->authres,
	    &message.results);
	if (status == STATUS_OK) {
		status = write_seal(job, &key, &message);
	}
	return (status == STATUS_OK ? CLI_YES :
	    explain_failure(job, status, message.cv));
}

static void
print_message(const struct job *job, struct str text)
{
	bool crlf = added_has_crlf(text);

	if (job->seal.instance > 0) {
		added_print("ARC-Seal", job->seal.as, crlf);
		added_print("ARC-Message-Signature", job->seal.ams, crlf);
		added_print("ARC-Authentication-Results", job->seal.aar,
		    crlf);
	} else {
		cli_warn("nothing is added: the chain has ended or is full");
	}
	if (!job->o->header_only) {
		(void)fwrite(text.p, 1, text.n, stdout);
	}
}

static int
seal_text(struct job *job, struct str text)
{
	const struct engine_outcome *outcome;
	enum status status = message_parse(job->arena, text, &job->message);
	int result;

	if (status != STATUS_OK) {
		(void)cli_fail("the message's header: %s",
		    status_text(status));
		return (CLI_NO);
	}
	outcome = judge_message(job->judge, &job->o->judge, text,
	    &job->message, false);
	if (outcome == NULL) {
		return (cli_fail("out of memory"));
	}
	if (outcome->error != ENGINE_NO_ERROR) {
		(void)cli_fail("%s", engine_error_text(outcome));
		return (CLI_NO);
	}
	result = make_seal(job, outcome);
	if (result == CLI_YES) {
		print_message(job, text);
	}
	return (cli_flush() ? result : CLI_USAGE);
}

static int
seal_file(struct seal_opts *o, const char *path)
{
	struct judge judge = { .conf = NULL };
	struct job job = { .o = o, .judge = &judge };
	int result = CLI_USAGE;
	struct arena arena;
	struct str text;

	arena_init(&arena, TOOL_ARENA_BYTES);
	job.arena = &arena;
	if (cli_key_load(o->key, &job.key) && cli_input(path, &arena, &text) &&
	    judge_init(&judge, &o->judge)) {
		result = seal_text(&job, text);
	}
	if (job.bodies != NULL) {
		dkim_bodies_fini(job.bodies);
	}
	judge_fini(&judge);
	privkey_free(job.key);
	arena_fini(&arena);
	return (result);
}

int
seal_main(const struct cli_command *command, int argc, char **argv)
{
	struct seal_opts o = { .auto_cv = true };
	const char *path;
	int early;

	judge_opts_init(&o.judge);
	early = cli_options(command, argc, argv, take_option, &o);
	if (early != CLI_END) {
		return (early);
	}
	if (!cli_file(argc, argv, &path)) {
		return (CLI_USAGE);
	}
	if (o.domain == NULL || o.selector == NULL || o.key == NULL ||
	    o.judge.authserv_id == NULL) {
		return (cli_fail("--domain, --selector, --key and "
		    "--authserv-id are needed"));
	}
	o.judge.no_second = true;
	o.judge.no_conf |= o.judge.conf_path == NULL;
	return (seal_file(&o, path));
}
