/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails each allocation of signers in turn (the linker's --wrap), from the
 * tables to a loaded key: every time it says so, and nothing is left behind.
 */
#include <stdlib.h>
#include <unistd.h>

#include "signers/signers.h"
#include "test/unit/alloc_fail.h"
#include "test/unit/files.h"
#include "test/unit/tap.h"

/* All of it; OK only if each pick is as it should be. */
static enum status
use(struct diag *diag, const struct env *env, size_t cache_max)
{
	static const struct str domains[] = { { "own.example", 11 } };
	struct signers_opts opts = { .env = env, .domains = domains,
		.domains_n = 1, .key_table = "keys", .signing_table = "rules",
		.signing_patterns = true, .multiple = true,
		.cache_max = cache_max };
	struct signers_picks picks = { NULL, 0 };
	struct signers *s = NULL;
	struct arena arena;
	enum status status;

	arena_init(&arena, 1 << 20);
	status = signers_new(&opts, NULL, &s, diag);
	if (status == STATUS_OK) {
		status = signers_pick(s, &arena, STR("joe"),
		    STR("a.example"), &picks);
	}
	if (status == STATUS_OK) {
		status = signers_load(s, &arena, &picks);
	}
	if (status == STATUS_OK && (picks.n != 3 || picks.v[0].key == NULL ||
	    picks.v[1].error.n == 0)) {
		status = STATUS_SYNTAX;
	}
	signers_picks_fini(&picks);
	signers_free(s);
	arena_fini(&arena);
	return (status);
}

static void
test(size_t cache_max, const char *name)
{
	bool enough = false, good = true;
	enum status status;
	struct diag diag;
	struct env env;
	unsigned at;

	env_init_system(&env);
	for (at = 0; good && !enough && at < ALLOC_FAIL_MAX; at++) {
		diag_init(&diag);
		alloc_fail_at(at);
		status = use(&diag, &env, cache_max);
		enough = !alloc_failed();
		good = status == (enough ? STATUS_OK : STATUS_NOMEM);
		if (!good) {
			printf("# allocation %u: %s: %s\n", at,
			    status_text(status), diag.text);
		}
	}
	tap_ok(good && enough, "%s: no memory is no memory, at each of %u "
	    "places", name, at - 1);
	tap_ok(at > 10, "there are some");
}

int
main(void)
{
	char folder[] = "/tmp/t_signers_memory.XXXXXX";
	char command[sizeof(folder) + 16];

	if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
		printf("1..0 # SKIP no temporary folder\n");
		return (0);
	}
	write_key("key", CRYPTO_ED25519, 0);
	write_file("keys", 0600, STR("k %:s:./key\nx a.example:t:./%.none\n"
	    "b\xc3\xbc b\xc3\xbc" "cher.example:s:./key\n"));
	write_file("rules", 0600, STR("*@a.example k:l@%\n"
	    "*@*.b\xc3\xbc" "cher.example"
	    " k\n*@a.example x\n* b\xc3\xbc # (all)\n*@none.example %\n"));
	test(1, "a key on first use");
	test(0, "all at the start");
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	tap_num(system(command), 0, "clean up");
	return (tap_done());
}
