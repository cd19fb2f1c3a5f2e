/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen new */
#include <sys/types.h>

#include <stdio.h>

#include "keys/make.h"
#include "keys/opts.h"

static const char *
new_flags(const struct verb_opts *o)
{
	return (o->testing ? o->no_subdomains ? "y:s" : "y" :
	    o->no_subdomains ? "s" : "");
}

/* The two files, and nothing else. */
static int
make_files(const struct verb_opts *o, const struct key_name *name)
{
	unsigned bits = o->bits != 0 ? (unsigned)o->bits : KEYS_RSA_GOOD_BITS;
	const char *dir = o->directory != NULL ? o->directory : ".";
	struct buf pem, value, line;
	struct key_files files;
	struct privkey *key = NULL;
	int result = CLI_USAGE;

	buf_init(&pem, KEYS_ARENA_BYTES);
	buf_init(&value, KEYS_ARENA_BYTES);
	buf_init(&line, KEYS_ARENA_BYTES);
	if (!key_files_name(&files, dir, name->selector)) {
		goto out;
	}
	if (privkey_generate(o->type, bits, &key) != STATUS_OK ||
	    privkey_write_pem(key, &pem) != STATUS_OK ||
	    record_value(key, new_flags(o), &value) != STATUS_OK) {
		(void)cli_fail("the key could not be made");
		goto out;
	}
	record_zone_line(&line, name->owner, buf_str(&value));
	if (line.status == STATUS_OK &&
	    key_files_write(&files, dir, buf_str(&pem), buf_str(&line)) &&
	    record_print(o->format, &(struct record_shown){ .name = *name,
		.value = buf_str(&value), .type = privkey_type(key),
		.bits = privkey_bits(key), .ttl_s = KEYS_TTL_S,
		.files = &files })) {
		if (o->directory == NULL) {
			cli_warn("the key is in %s", files.private_path);
		}
		result = CLI_YES;
	}
out:
	privkey_free(key);
	buf_fini_secret(&pem);
	buf_fini(&value);
	buf_fini(&line);
	return (result);
}

static int
make_flat(struct store *store, const struct verb_opts *o)
{
	struct str selector = str_from(o->selector);
	struct key_name name;

	if ((o->selector == NULL && !make_selector(&store->arena,
	    store->policy.selector, o->type, store->now_s, &selector)) ||
	    !key_name_make(&store->arena, o->domain, selector.p, &name)) {
		return (CLI_USAGE);
	}
	return (make_files(o, &name));
}

/* Made by mistake, maybe: each would be published, and sign in its turn. */
static void
warn_others(struct store *store, const struct keystore_key *key)
{
	struct keystore_key *v;
	size_t i, n = 0;

	if (!store_list(store, key->domain, &v, &n)) {
		return;
	}
	for (i = 0; i < n; i++) {
		if (v[i].stage < KEY_ACTIVE && v[i].type == key->type &&
		    !str_eq(v[i].selector, key->selector)) {
			cli_warn("warning: %.*s of %.*s is %s already; "
			    "dkimkeygen revoke gives up the one that is not "
			    "wanted", STR_FMT(v[i].selector),
			    STR_FMT(v[i].domain), key_stage_name(v[i].stage));
		}
	}
}

static int
make_stored(struct store *store, const struct verb_opts *o)
{
	const struct make m = { o->domain, o->selector, o->type,
		(unsigned)o->bits, new_flags(o) };
	struct keystore_key key;
	struct str domain;

	if (!store_open(store, true) ||
	    !store_domain(store, o->domain, &domain) ||
	    !store_lock(store, domain) || !make_key(store, &m, &key) ||
	    !record_print_stored(store, &key, o->format)) {
		return (CLI_USAGE);
	}
	cli_warn("the key is in %s, pending: it signs once its record is "
	    "published and dkimkeygen rotate has seen it", store->name);
	warn_others(store, &key);
	return (CLI_YES);
}

static int
run_new(const struct verb_opts *o)
{
	struct store store;
	int result = CLI_USAGE;

	if (store_init(&store, &o->store)) {
		result = o->directory == NULL &&
		    store_is_wanted(&store, &o->store) ?
		    make_stored(&store, o) : make_flat(&store, o);
	}
	store_close(&store);
	return (result);
}

int
new_main(const struct cli_command *command, int argc, char **argv)
{
	struct verb_opts o;
	int early = verb_options(command, argc, argv, &o);

	if (early != CLI_END) {
		return (early);
	}
	if (o.domain == NULL) {
		return (cli_fail("-d DOMAIN is missing"));
	}
	if (o.type == CRYPTO_ED25519 && o.bits != 0) {
		return (cli_fail("-b is for RSA keys only"));
	}
	if (o.directory != NULL && o.store.where != NULL) {
		return (cli_fail("-D and -K exclude each other"));
	}
	return (run_new(&o));
}
