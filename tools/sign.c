/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal sign: a message with DKIM-Signature fields on top. */
#include <stdio.h>

#include "dkim/body.h"
#include "dkim/sign.h"
#include "mail/domain.h"
#include "mail/message.h"
#include "tools/mailseal.h"

#define ID_HEADER_ONLY	0x300
#define MAX_SIGNERS	16
#define MAX_HEADERS	256	/* in one list */
#define MIN_RSA_BITS	1024	/* RFC 8301 3.2 */
#define FIELD_NAME	"DKIM-Signature"

struct header_list {
	struct str	 v[MAX_HEADERS];
	size_t		 n;
	bool		 given;
};

struct sign_opts {
	const char		*domains[MAX_SIGNERS];
	const char		*selectors[MAX_SIGNERS];
	const char		*keys[MAX_SIGNERS];
	size_t			 domains_n;
	size_t			 selectors_n;
	size_t			 keys_n;
	bool			 any_type;	/* --algorithm auto */
	enum crypto_key_type	 type;
	enum canon		 header;
	enum canon		 body;
	const char		*identity;
	struct header_list	 headers;
	struct header_list	 oversign;
	int64_t			 now_s;		/* -1: the system's clock */
	int64_t			 ttl_s;
	bool			 header_only;
};

static bool
take_algorithm(struct sign_opts *o, const char *value)
{
	o->any_type = strcmp(value, "auto") == 0;
	if (o->any_type) {
		return (true);
	}
	if (strcmp(value, "rsa-sha256") == 0) {
		o->type = CRYPTO_RSA;
	} else if (strcmp(value, "ed25519-sha256") == 0) {
		o->type = CRYPTO_ED25519;
	} else {
		(void)cli_fail("--algorithm: %s is not auto, rsa-sha256 or "
		    "ed25519-sha256", value);
		return (false);
	}
	return (true);
}

static bool
take_canon_word(struct str word, enum canon *r)
{
	if (str_eq_ci(word, STR("simple"))) {
		*r = CANON_SIMPLE;
	} else if (str_eq_ci(word, STR("relaxed"))) {
		*r = CANON_RELAXED;
	} else {
		return (false);
	}
	return (true);
}

/* RFC 6376 3.5 c=: the body is simple if only one word is there. */
static bool
take_canon(struct sign_opts *o, const char *value)
{
	struct str rest = str_from(value), header, body;

	o->body = CANON_SIMPLE;
	if (!str_next(&rest, '/', &header) ||
	    !take_canon_word(header, &o->header) ||
	    (str_next(&rest, '/', &body) &&
	    !take_canon_word(body, &o->body)) || rest.p != NULL) {
		(void)cli_fail("--canonicalization: %s is not such as "
		    "relaxed/simple", value);
		return (false);
	}
	return (true);
}

static bool
take_list(struct header_list *list, const char *option, const char *value)
{
	struct str rest = str_from(value), name;

	list->given = true;
	list->n = 0;
	while (rest.n > 0 && str_next(&rest, ':', &name)) {
		name = str_trim_wsp(name);
		if (name.n == 0 || list->n == MAX_HEADERS) {
			(void)cli_fail("--%s: %s", option, name.n == 0 ?
			    "an empty name" : "too many names");
			return (false);
		}
		list->v[list->n++] = name;
	}
	return (true);
}

static bool
push(const char **list, size_t *n, const char *option, const char *value)
{
	if (*n == MAX_SIGNERS) {
		(void)cli_fail("--%s: at most %d signatures", option,
		    MAX_SIGNERS);
		return (false);
	}
	list[(*n)++] = value;
	return (true);
}

static bool
take_option(struct sign_opts *o, int id, const char *value)
{
	switch (id) {
	case 'd':
		return (push(o->domains, &o->domains_n, "domain", value));
	case 's':
		return (push(o->selectors, &o->selectors_n, "selector",
		    value));
	case 'k':
		return (push(o->keys, &o->keys_n, "key", value));
	case 'a':
		return (take_algorithm(o, value));
	case 'c':
		return (take_canon(o, value));
	case 'I':
		o->identity = value;
		return (true);
	case 'h':
		return (take_list(&o->headers, "headers", value));
	case 'O':
		return (take_list(&o->oversign, "oversign", value));
	case 'n':
		return (cli_number("now", value, 0, INT64_MAX / 2,
		    &o->now_s));
	case 'x':
		return (cli_number("expire", value, 1, INT64_MAX / 4,
		    &o->ttl_s));
	case ID_HEADER_ONLY:
		o->header_only = true;
		return (true);
	default:
		return (false);
	}
}

struct job {			/* one message to be signed */
	const struct sign_opts	*o;
	struct arena		*arena;
	struct crypto		*crypto;
	struct dkim_bodies	*bodies;
	struct message		 message;
	struct privkey		*keys[MAX_SIGNERS];
	struct dkim_signer	*signers[MAX_SIGNERS];
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

static bool
take_name(struct job *job, const char *text, struct str *r)
{
	if (domain_normalize(job->arena, str_from(text), r) != STATUS_OK) {
		(void)cli_fail("%s: not a domain name", text);
		return (false);
	}
	return (true);
}

static bool
name_signer(struct job *job, size_t i, struct dkim_sign_opts *r)
{
	const struct sign_opts *o = job->o;

	return (take_name(job, o->domains[o->domains_n == 1 ? 0 : i],
	    &r->domain) && take_name(job, o->selectors[i], &r->selector));
}

static void
choose_headers(const struct sign_opts *o, struct dkim_sign_opts *r)
{
	r->sign_headers = o->headers.given ? o->headers.v :
	    dkim_sign_headers_default;
	r->sign_headers_n = o->headers.given ? o->headers.n :
	    dkim_sign_headers_default_n;
	r->oversign_headers = o->oversign.given ? o->oversign.v :
	    dkim_oversign_headers_default;
	r->oversign_headers_n = o->oversign.given ? o->oversign.n :
	    dkim_oversign_headers_default_n;
}

static int
make_signers(struct job *job, int64_t now_s)
{
	const struct sign_opts *o = job->o;
	enum status status;
	size_t i;

	for (i = 0; i < o->keys_n; i++) {
		struct dkim_sign_opts opts = {
			.crypto = job->crypto, .key = job->keys[i],
			.identity = str_from(o->identity),
			.header_canon = o->header, .body_canon = o->body,
			.now_s = now_s, .ttl_s = o->ttl_s,
		};

		choose_headers(o, &opts);
		if (!name_signer(job, i, &opts)) {
			return (CLI_USAGE);
		}
		status = dkim_signer_new(job->arena, &opts,
		    &job->message.fields, job->bodies, &job->signers[i]);
		if (status == STATUS_SYNTAX) {
			(void)cli_fail("the message has no From field");
			return (CLI_NO);
		}
		if (status != STATUS_OK) {
			return (cli_fail("%s", status_text(status)));
		}
	}
	return (CLI_YES);
}

/* CRLF as it is, or as LF where the message has LF. */
static void
print_lines(struct str text, bool crlf)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (crlf || text.p[i] != '\r') {
			(void)putchar(text.p[i]);
		}
	}
}

static int
print_signatures(struct job *job, bool crlf)
{
	struct str values[MAX_SIGNERS];
	size_t i;

	for (i = 0; i < job->o->keys_n; i++) {
		if (dkim_signer_finish(job->signers[i], &values[i]) !=
		    STATUS_OK) {
			return (cli_fail("it could not be signed"));
		}
	}
	for (i = 0; i < job->o->keys_n; i++) {
		(void)printf("%s:", FIELD_NAME);
		print_lines(values[i], crlf);
		print_lines(STR("\r\n"), crlf);
	}
	return (CLI_YES);
}

static int
sign_text(struct job *job, struct str text)
{
	const struct sign_opts *o = job->o;
	size_t lf = str_find(text, '\n');
	bool crlf = lf < text.n && lf > 0 && text.p[lf - 1] == '\r';
	enum status status;
	struct env env;
	int result;

	status = message_parse(job->arena, text, &job->message);
	if (status != STATUS_OK) {
		(void)cli_fail("the message's header: %s",
		    status_text(status));
		return (CLI_NO);
	}
	env_init_system(&env);
	result = make_signers(job, o->now_s >= 0 ? o->now_s :
	    env_now_s(&env));
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
sign_file(const struct sign_opts *o, const char *path)
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
	if (!cli_input(path, &arena, &text)) {
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
	arena_fini(&arena);
	return (result);
}

int
sign_main(const struct cli_command *command, int argc, char **argv)
{
	static const struct sign_opts defaults = { .any_type = true,
		.header = CANON_RELAXED, .body = CANON_RELAXED, .now_s = -1 };
	struct sign_opts o = defaults;
	const char *value, *path;
	int id;

	while ((id = cli_next(command, argc, argv, &value)) >= 0) {
		if (!take_option(&o, id, value)) {
			return (CLI_USAGE);
		}
	}
	if (id != CLI_END) {
		return (id == CLI_HELP ? CLI_YES : CLI_USAGE);
	}
	if (!cli_file(argc, argv, &path)) {
		return (CLI_USAGE);
	}
	if (o.keys_n == 0 || o.selectors_n != o.keys_n ||
	    (o.domains_n != o.keys_n && o.domains_n != 1)) {
		return (cli_fail("--domain, --selector and --key are needed, "
		    "as often one as the other"));
	}
	return (sign_file(&o, path));
}
