/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen encrypt */
#include <sys/types.h>

#include <stdio.h>

#include "keys/opts.h"

struct counts {
	size_t	encrypted;
	size_t	before;		/* encrypted already */
	size_t	failed;
};

/* TEMP: the database does not answer. */
static enum status
encrypt_key(struct store *store, const struct keystore_key *key,
    struct counts *counts)
{
	struct diag diag;
	enum status status;
	bool changed;

	diag_init(&diag);
	status = keystore_encrypt(store->keys, key, &changed, &diag);
	if (status != STATUS_OK) {
		(void)cli_fail("%s", diag.text[0] != '\0' ? diag.text :
		    status_text(status));
		counts->failed++;
		return (status);
	}
	counts->encrypted += changed;
	counts->before += !changed;
	return (STATUS_OK);
}

static int
run_encrypt(struct store *store, const struct verb_opts *o)
{
	struct counts counts = { 0 };
	struct keystore_key *v;
	struct diag diag;
	size_t i, n;

	diag_init(&diag);
	if (!keystore_can_encrypt(store->keys, &diag)) {
		return (cli_fail("%s", diag.text));
	}
	if (!store_list(store, &store->arena, o->name.domain, &v, &n)) {
		return (CLI_USAGE);
	}
	for (i = 0; i < n; i++) {
		if (v[i].stage != KEY_REMOVED && !v[i].lost &&
		    encrypt_key(store, &v[i], &counts) == STATUS_TEMP) {
			break;
		}
	}
	(void)printf("%zu encrypted, %zu already encrypted, %zu failed\n",
	    counts.encrypted, counts.before, counts.failed);
	return (counts.failed > 0 || store->broken != NULL ? CLI_NO :
	    CLI_YES);
}

int
encrypt_main(const struct cli_command *command, int argc, char **argv)
{
	static const struct verb verb = { NEEDS_NO_NAME, OPENS_STORE, NULL,
		run_encrypt };

	return (verb_main(&verb, command, argc, argv));
}
