/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal seal: a message with one more ARC set on top (RFC 8617 5.1). */
#include "arc/seal.h"
#include "dkim/sign.h"
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
	const struct seal_opts	*o;
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

/* A list that was given is the whole list. */
static bool
make_opts(const struct job *job, struct arc_seal_opts *r)
{
	const struct seal_opts *o = job->o;
	bool given = o->headers.given;

	*r = (struct arc_seal_opts){ .crypto = job->judge->crypto,
		.key = job->key,
		.sign_headers = given ? o->headers.v :
		    dkim_sign_headers_default,
		.sign_headers_n = given ? o->headers.n :
		    dkim_sign_headers_default_n,
		.oversign_headers = dkim_oversign_headers_default,
		.oversign_headers_n = given ? 0 :
		    dkim_oversign_headers_default_n,
		.now_s = env_now_s(&job->judge->env) };
	return (added_domain(job->arena, o->domain, &r->domain) &&
	    added_domain(job->arena, o->selector, &r->selector));
}

static enum status
hash_body(struct job *job)
{
	enum status st;

	job->bodies = dkim_bodies_new(job->arena, job->judge->crypto);
	st = job->bodies != NULL ? arc_seal_begin(job->bodies) : STATUS_NOMEM;
	if (st == STATUS_OK) {
		dkim_bodies_update(job->bodies, job->message.body.p,
		    job->message.body.n);
		st = dkim_bodies_finish(job->bodies);
	}
	return (st);
}

static int
explain(const struct job *job, enum status st, enum arc_result cv)
{
	size_t from = field_list_count(&job->message.fields, STR("From"));

	if (st == STATUS_SYNTAX && from == 0) {
		(void)cli_fail("the message has no From field");
	} else if (st == STATUS_SYNTAX) {
		(void)cli_fail("the chain cannot be sealed with cv=%s",
		    arc_result_name(cv));
	} else if (st == STATUS_LIMIT) {
		(void)cli_fail("the message has too many fields to sign");
	} else {
		return (cli_fail("it could not be sealed"));
	}
	return (CLI_NO);
}

static int
make_seal(struct job *job, const struct engine_outcome *outcome)
{
	const struct seal_opts *o = job->o;
	struct arc_seal_message in = { .fields = &job->message.fields };
	struct arc_seal_opts opts;
	enum status st;

	if (!make_opts(job, &opts)) {
		return (CLI_USAGE);
	}
	in.cv = !o->auto_cv ? o->cv : outcome->arc != NULL ?
	    outcome->arc->result : ARC_NONE;
	st = seal_results(job->arena, in.fields,
	    str_from(o->judge.authserv_id), outcome->authres, &in.results);
	if (st == STATUS_OK) {
		st = hash_body(job);
	}
	if (st == STATUS_OK) {
		in.bodies = job->bodies;
		st = arc_seal_finish(job->arena, &opts, &in, &job->seal);
	}
	return (st == STATUS_OK ? CLI_YES : explain(job, st, in.cv));
}

static void
print(const struct job *job, struct str text)
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
	enum status st = message_parse(job->arena, text, &job->message);
	int result;

	if (st != STATUS_OK) {
		(void)cli_fail("the message's header: %s", status_text(st));
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
		print(job, text);
	}
	return (cli_flush() ? result : CLI_USAGE);
}

static int
seal_file(const struct seal_opts *o, const char *path)
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
	return (seal_file(&o, path));
}
