/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails each allocation of conf in turn (the linker's --wrap): every time the
 * configuration is refused for lack of memory, and nothing is left behind.
 */
#include <stdlib.h>
#include <unistd.h>

#include "conf/conf.h"
#include "test/unit/alloc_fail.h"
#include "test/unit/files.h"
#include "test/unit/tap.h"

/* As good as the real thing only if there was enough memory. */
static bool
load(unsigned at, bool *enough_r)
{
	struct conf *conf;
	struct diag diag;
	struct env env;
	enum status status;
	bool good;

	env_init_system(&env);
	diag_init(&diag);
	alloc_fail_at(at);
	status = conf_load("conf", &env, &conf, &diag);
	*enough_r = !alloc_failed();
	good = *enough_r ? status == STATUS_OK && conf->keys_n == 2 :
	    status == STATUS_NOMEM && conf == NULL && diag.text[0] != '\0';
	if (!good) {
		printf("# allocation %u: %s: %s\n", at, status_text(status),
		    diag.text);
	}
	conf_release(conf);
	return (good);
}

int
main(void)
{
	char folder[] = "/tmp/t_conf_memory.XXXXXX";
	char command[sizeof(folder) + 16];
	bool enough = false, good = true;
	unsigned at;

	if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
		printf("1..0 # SKIP no temporary folder\n");
		return (0);
	}
	write_key("key", CRYPTO_ED25519, 0);
	write_file("hosts", 0600, STR("192.0.2.1\n.example.org\n"
	    "!198.51.100.0/24\n"));
	write_file("conf", 0600, STR("Socket inet:8891\nDomain a.example\n"
	    "Selector s\nKeyFile key\nSelector t\nKeyFile key\n"
	    "InternalHosts file:hosts\nSignHeaders *,X-A,X-B\n"
	    "OversignHeaders none\nNameservers 192.0.2.1@53,::1\n"));
	for (at = 0; good && !enough && at < ALLOC_FAIL_MAX; at++) {
		good = load(at, &enough);
	}
	tap_ok(good && enough, "no memory is no memory, at each of %u places",
	    at - 1);
	tap_ok(at > 10, "there are some");
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	tap_num(system(command), 0, "clean up");
	return (tap_done());
}
