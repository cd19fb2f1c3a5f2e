/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen new */
#include <sys/types.h>


#include "keys/make.h"
#include "keys/opts.h"

static const char *
new_flags(const struct verb_opts *o)
{
	return (o->testing ? o->no_subdomains ? "y:s" : "y" :
	    o->no_subdomains ? "s" : "");
}

static bool
print_made(const struct verb_opts *o, const struct key_name *name,
    const struct made *made, const struct key_files *files)
{
	return (record_print(&o->shown, &(struct record_shown){ .name = *name,
	    .value = buf_str(&made->record), .type = made->type,
	    .bits = made->bits, .ttl_s = KEYS_TTL_S, .files = files }));
}

/* Nothing rotates such a key, and mailseald has to be told of it. */
static void
warn_no_store(const struct store *store, const char *path)
{
	if (store->where != NULL) {
		cli_warn("the key is in %s, for KeyFile or a KeyTable of "
		    "mailseald.conf: there is no key store %s; dkimkeygen new "
		    "-K %s creates it, and mailseald then uses its keys", path,
		    store->where, store->where);
	} else {
		cli_warn("the key is in %s, for KeyFile or a KeyTable of "
		    "mailseald.conf: KeyStore is none", path);
	}
}

/* The two files. */
static int
write_files(const struct store *store, const struct verb_opts *o,
    const struct key_name *name, const struct made *made)
{
	const char *dir = o->directory != NULL ? o->directory : ".";
	struct key_files files;
	struct buf line;
	bool ok;

	buf_init(&line, KEYS_TEXT_MAX_BYTES);
	record_zone_line(&line, name->owner, "TXT",
	    buf_str(&made->record));
	ok = line.status == STATUS_OK &&
	    key_files_name(&files, dir, name->selector) &&
	    key_files_write(&files, dir, buf_str(&made->pem),
	    buf_str(&line)) && print_made(o, name, made, &files);
	buf_fini(&line);
	if (ok && o->directory == NULL) {
		warn_no_store(store, files.private_path);
	}
	return (ok ? CLI_YES : CLI_USAGE);
}

static int
make_files(struct store *store, const struct verb_opts *o)
{
	unsigned bits = o->bits != 0 ? (unsigned)o->bits : KEYS_RSA_GOOD_BITS;
	struct key_name name = o->name;
	int result = CLI_USAGE;
	struct str selector;
	struct made made;

	if (o->selector == NULL && (!make_selector(&store->arena,
	    store->policy.selector, o->type, store->now_s, &selector) ||
	    !key_name_make(&store->arena, o->domain, selector.p, &name))) {
		return (CLI_USAGE);
	}
	if (made_generate(&made, o->type, bits, new_flags(o)) == STATUS_OK) {
		result = write_files(store, o, &name, &made);
	} else {
		(void)cli_fail("the key could not be made");
	}
	made_fini(&made);
	return (result);
}

/* A second new key of one type was perhaps made by mistake: each would be
   published, and sign in its turn. */
static void
warn_others(struct store *store, const struct keystore_key *key)
{
	struct keystore_key *v;
	size_t i, n = 0;

	if (!store_list(store, &store->arena, key->domain, &v, &n)) {
		return;
	}
	for (i = 0; i < n; i++) {
		if (v[i].stage < KEY_ACTIVE && v[i].type == key->type &&
		    !str_eq(v[i].selector, key->selector)) {
			cli_warn("warning: %.*s of %.*s is already %s; revoke "
			    "the key that is not needed with dkimkeygen "
			    "revoke", STR_FMT(v[i].selector),
			    STR_FMT(v[i].domain), key_stage_name(v[i].stage));
		}
	}
}

static int
make_stored(struct store *store, const struct verb_opts *o)
{
	struct keystore_key key;
	bool ok;

	if (!store_open(store, true) || !store_lock(store, o->name.domain)) {
		return (CLI_USAGE);
	}
	ok = make_key(store, &o->name, o->type, (unsigned)o->bits,
	    new_flags(o), &key);
	store_unlock(store, o->name.domain);
	if (!ok || !record_print_stored(store, &key, &o->shown)) {
		return (CLI_USAGE);
	}
	cli_warn("the key is in %s, pending: it signs once its record is "
	    "published and dkimkeygen rotate has seen it", store->name);
	store_warn_unused(store);
	warn_others(store, &key);
	return (CLI_YES);
}

static int
run_new(struct store *store, const struct verb_opts *o)
{
	bool wanted = false;

	if (o->directory == NULL && !store_choose(store, &wanted)) {
		return (CLI_USAGE);
	}
	return (wanted ? make_stored(store, o) : make_files(store, o));
}

static bool
check_new(const struct verb_opts *o)
{
	if (o->type == CRYPTO_ED25519 && o->bits != 0) {
		(void)cli_fail("-b is for RSA keys only");
		return (false);
	}
	if (o->directory != NULL && o->store.where != NULL) {
		(void)cli_fail("-D and -K exclude each other");
		return (false);
	}
	return (true);
}

int
new_main(const struct cli_command *command, int argc, char **argv)
{
	static const struct verb verb = { NEEDS_DOMAIN, DECIDES_ABOUT_STORE,
		check_new, run_new };

	return (verb_main(&verb, command, argc, argv));
}
