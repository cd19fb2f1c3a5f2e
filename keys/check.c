/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen check: is the published record well, and is it this key's? */
#include <sys/types.h>

#include <errno.h>
#include <unistd.h>

#include "keys/check.h"

static void
find(struct check *check, bool bad, const char *what, const char *todo)
{
	if (check->n < CHECK_MAX_FINDINGS) {
		check->v[check->n++] = (struct finding){ bad, what, todo };
	}
}

static void
judge_answer(struct check *check)
{
	const char *what = dns_result_text(check->answer->result);

	switch (check->answer->result) {
	case DNS_OK:
		break;
	case DNS_NXDOMAIN:
	case DNS_NODATA:
		find(check, true, what, "publish the record that was printed "
		    "with the key, then wait for the old answer's TTL");
		return;
	case DNS_SERVFAIL:
	case DNS_TIMEOUT:
		find(check, true, what, "check that the zone's name servers "
		    "answer (and its DNSSEC signatures), then try again");
		return;
	case DNS_BADNAME:
		find(check, true, what, "choose a shorter selector");
		return;
	}
	if (check->answer->security == DNS_BOGUS) {
		find(check, true, "the answer's DNSSEC signature is wrong",
		    "sign the zone anew");
	}
	if (check->answer->n > 1) {
		find(check, true, "there is more than one TXT record",
		    "leave only the one that was printed with the key");
	}
}

/* The record that fits the key, else the first one that can be used. */
static void
choose_record(struct check *check, const struct dkim_keys *keys)
{
	size_t i;

	for (i = 0; i < keys->n; i++) {
		if (check->key != NULL && keys->v[i].pubkey != NULL &&
		    privkey_fits(check->key, keys->v[i].pubkey)) {
			check->record = &keys->v[i];
			check->fits = true;
			return;
		}
	}
	for (i = keys->n; i-- > 0;) {
		if (check->record == NULL || keys->v[i].pubkey != NULL) {
			check->record = &keys->v[i];
		}
	}
}

static void
judge_record(struct check *check)
{
	const struct dkim_key *record = check->record;

	if (record->result != DKIM_NONE) {
		find(check, true, record->reason != NULL ? record->reason :
		    "the record cannot be used",
		    "publish the record that was printed with the key, whole "
		    "and as it stands there");
	}
	/* Of one that cannot be used nothing is known. */
	if (check->key != NULL && record->pubkey != NULL && !check->fits) {
		find(check, true, "the record is not the private key's",
		    "publish the record of this key, or sign with the key "
		    "that is published");
	}
	if (record->pubkey != NULL && record->type == CRYPTO_RSA &&
	    record->bits < KEYS_RSA_GOOD_BITS) {
		find(check, false, "the RSA key has less than 2048 bits",
		    "make a new key, with a new selector");
	}
	if (record->testing) {
		find(check, false, "t=y: receivers treat the mail as unsigned",
		    "publish the record without t=y when the test is over");
	}
	if (record->strict) {
		find(check, false, "t=s: i= must not name a subdomain",
		    "leave t=s out if mail of subdomains is signed");
	}
}

/* Asks, judges and prints; all that the answer holds lives that long. */
static int
check_record(struct check *check, struct dns *dns,
    const struct verb_opts *o, const struct env *env)
{
	struct dns_batch *batch = dns_batch_new(dns);
	struct dns_query *query = NULL;
	const struct dkim_keys *keys;
	int result;

	if (batch != NULL) {
		query = dns_batch_add(batch, check->name.owner, DNS_TXT);
	}
	if (query == NULL) {
		dns_batch_free(batch);
		return (cli_fail("out of memory"));
	}
	dns_batch_wait(batch, env_mono_us(env) + cli_dns_timeout_us(&o->dns));
	check->answer = dns_query_answer(query);
	judge_answer(check);
	if (check->answer->result == DNS_OK) {
		keys = dns_answer_object(check->answer, &dkim_keys_parser);
		if (keys == NULL) {
			dns_batch_free(batch);
			return (cli_fail("out of memory"));
		}
		choose_record(check, keys);
	}
	if (check->record != NULL) {
		judge_record(check);
	}
	result = o->json ? check_print_json(check) :
	    check_print_text(check);
	dns_batch_free(batch);
	return (result);
}

/* The private key; none, if none was named and none lies here. */
static bool
load_key(struct check *check, const struct verb_opts *o,
    struct key_files *files)
{
	check->key_path = o->key_file;
	if (o->key_file == NULL) {
		if (!key_files_name(files, o->directory != NULL ?
		    o->directory : ".", check->name.selector)) {
			return (false);
		}
		if (o->directory == NULL && access(files->private_path,
		    F_OK) == -1 && errno == ENOENT) {
			return (true);
		}
		check->key_path = files->private_path;
	}
	return (cli_key_load(check->key_path, &check->key));
}

static int
run_check(const struct verb_opts *o)
{
	struct check check = { .key_path = NULL };
	struct key_files files;
	struct arena arena;
	struct dns *dns = NULL;
	struct env env;
	int result = CLI_USAGE;

	env_init_system(&env);
	arena_init(&arena, KEYS_ARENA_BYTES);
	if (key_name_make(&arena, o->domain, o->selector, &check.name) &&
	    load_key(&check, o, &files)) {
		dns = cli_dns_open(&o->dns, &env);
	}
	if (dns != NULL) {
		result = check_record(&check, dns, o, &env);
	}
	dns_release(dns);
	privkey_free(check.key);
	arena_fini(&arena);
	return (result);
}

/* Whether the usual store is there and knows the key. */
static bool
has_key(const struct verb_opts *o)
{
	struct keystore_key *v;
	struct store store;
	struct arena arena;
	struct diag diag;
	bool has = false;
	size_t i, n = 0;

	diag_init(&diag);
	arena_init(&arena, KEYS_ARENA_BYTES);
	if (store_init(&store, &o->store) &&
	    store_is_wanted(&store, &o->store) &&
	    store_open(&store, false) && keystore_list(store.keys,
	    &arena, str_from(o->domain), &v, &n, NULL, NULL, &diag) ==
	    STATUS_OK) {
		for (i = 0; i < n; i++) {
			has = has || str_eq(v[i].selector,
			    str_from(o->selector));
		}
	}
	store_close(&store);
	arena_fini(&arena);
	return (has);
}

int
check_main(const struct cli_command *command, int argc, char **argv)
{
	struct verb_opts o;
	int early = verb_options(command, argc, argv, &o);

	if (early != CLI_END) {
		return (early);
	}
	if (o.selector != NULL && o.domain == NULL) {
		return (cli_fail("-s SELECTOR wants -d DOMAIN"));
	}
	if (o.authoritative || o.selector == NULL || o.store.where != NULL ||
	    (o.key_file == NULL && o.directory == NULL && has_key(&o))) {
		return (check_authoritative(&o));
	}
	return (run_check(&o));
}
