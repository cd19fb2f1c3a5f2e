/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include "keys/keys.h"
#include "keys/opts.h"

static bool
take_type(const char *value, enum crypto_key_type *r)
{
	if (strcmp(value, "rsa") == 0) {
		*r = CRYPTO_RSA;
	} else if (strcmp(value, "ed25519") == 0) {
		*r = CRYPTO_ED25519;
	} else {
		(void)cli_fail("--type: %s is neither rsa nor ed25519", value);
		return (false);
	}
	return (true);
}

/* True: it is one of these, and is set. */
static bool
take_flag(struct verb_opts *o, int id)
{
	switch (id) {
	case 'j':
		o->json = true;
		return (true);
	case 'q':
		o->quiet = true;
		return (true);
	case OPT_ALL:
		o->all = true;
		return (true);
	case OPT_FORCE:
		o->force = true;
		return (true);
	case OPT_DRY_RUN:
		o->dry_run = true;
		return (true);
	case OPT_TESTING:
		o->testing = true;
		return (true);
	case OPT_NO_SUBDOMAINS:
		o->no_subdomains = true;
		return (true);
	case OPT_AUTHORITATIVE:
		o->authoritative = true;
		return (true);
	default:
		return (false);
	}
}

static bool
take_option(void *opts, int id, const char *value)
{
	struct verb_opts *o = opts;
	bool bad;

	if (take_flag(o, id)) {
		return (true);
	}
	switch (id) {
	case 'd':
		o->domain = value;
		return (true);
	case 's':
		o->selector = value;
		return (true);
	case 't':
		return (take_type(value, &o->type));
	case 'b':
		return (cli_number("bits", value, KEYS_RSA_MIN_BITS,
		    KEYS_RSA_MAX_BITS, &o->bits));
	case 'D':
		o->directory = value;
		return (true);
	case 'k':
		o->key_file = value;
		return (true);
	case 'f':
		return (record_format_parse(value, &o->shown.format));
	case OPT_PROVIDER:
		o->shown.format = RECORD_FORM;
		return (record_provider_parse(value, &o->shown.provider));
	case OPT_PUBLISH:
		o->publish = value;
		return (true);
	case OPT_DISCLOSE:
		o->disclose = value;
		return (true);
	case OPT_KEY_TABLE:
		o->key_table = value;
		return (true);
	default:
		break;
	}
	return ((store_option(&o->store, id, value, &bad) ||
	    cli_dns_option(&o->dns, id, value, &bad)) && !bad);
}

/* CLI_END, or the exit status to return at once. */
static int
read_options(const struct verb *verb, const struct cli_command *command,
    int argc, char **argv, struct verb_opts *o)
{
	int early;

	*o = (struct verb_opts){ .type = CRYPTO_RSA };
	early = cli_options(command, argc, argv, take_option, o);
	if (early != CLI_END) {
		return (early);
	}
	if (!cli_no_arguments(argc, argv)) {
		return (CLI_USAGE);
	}
	if (verb->needs == NEEDS_DOMAIN && o->domain == NULL) {
		return (cli_fail("-d DOMAIN is missing"));
	}
	if (verb->needs == NEEDS_DOMAIN_AND_SELECTOR &&
	    (o->domain == NULL || o->selector == NULL)) {
		return (cli_fail("-d DOMAIN and -s SELECTOR are needed"));
	}
	if (verb->check != NULL && !verb->check(o)) {
		return (CLI_USAGE);
	}
	return (CLI_END);
}

int
verb_main(const struct verb *verb, const struct cli_command *command,
    int argc, char **argv)
{
	struct store store;
	struct verb_opts o;
	int result;

	result = read_options(verb, command, argc, argv, &o);
	if (result != CLI_END) {
		return (result);
	}
	result = CLI_USAGE;
	if (store_init(&store, &o.store) && key_name_make(&store.memory,
	    o.domain, o.selector, &o.name) &&
	    (verb->store == DECIDES_ABOUT_STORE ||
	    store_open(&store, verb->store == CREATES_STORE))) {
		result = verb->run(&store, &o);
	}
	store_close(&store);
	return (cli_flush() ? result : CLI_USAGE);
}
