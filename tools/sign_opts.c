/* SPDX-License-Identifier: BSD-2-Clause */
/* sign_opts: the command line of mailseal sign. */
#include "tools/sign.h"

#define ID_HEADER_ONLY	0x300

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
take_canon(struct sign_opts *o, const char *value)
{
	if (!canon_parse_pair(str_from(value), &o->canon.header,
	    &o->canon.body)) {
		(void)cli_fail("--canonicalization: %s is not such as "
		    "relaxed/simple", value);
		return (false);
	}
	o->canon_given = true;
	return (true);
}

static bool
push_value(const char **list, size_t *n, const char *option, const char *value)
{
	if (*n == SIGN_MAX_SIGNERS) {
		(void)cli_fail("--%s: at most %d signatures", option,
		    SIGN_MAX_SIGNERS);
		return (false);
	}
	list[(*n)++] = value;
	return (true);
}

bool
sign_opts_take(void *opts, int id, const char *value)
{
	struct sign_opts *o = opts;

	switch (id) {
	case 'd':
		return (push_value(o->domains, &o->domains_n, "domain",
		    value));
	case 's':
		return (push_value(o->selectors, &o->selectors_n,
		    "selector", value));
	case 'k':
		return (push_value(o->keys, &o->keys_n, "key", value));
	case 'a':
		return (take_algorithm(o, value));
	case 'c':
		return (take_canon(o, value));
	case 'I':
		o->identity = value;
		return (true);
	case 'h':
		return (added_names_take(&o->headers, "headers", value));
	case 'O':
		return (added_names_take(&o->oversign, "oversign", value));
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

void
sign_opts_init(struct sign_opts *o)
{
	*o = (struct sign_opts){ .any_type = true, .now_s = -1 };
}

bool
sign_opts_check(const struct sign_opts *o)
{
	if (o->keys_n == 0 || o->selectors_n != o->keys_n ||
	    (o->domains_n != o->keys_n && o->domains_n != 1)) {
		(void)cli_fail("--domain, --selector and --key are needed, "
		    "each as often as the others");
		return (false);
	}
	return (true);
}
