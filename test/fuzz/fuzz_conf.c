/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "conf/conf.h"
#include "test/fuzz/fuzz.h"

/* Reading a device or a pipe might never end. */
static bool
names_device(struct str s)
{
	static const char *const words[] = { "/dev", "/proc", "/sys", ".." };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (memmem(s.p, s.n, words[i], strlen(words[i])) != NULL) {
			return (true);
		}
	}
	return (false);
}

static void
check_conf(const struct conf *conf)
{
	size_t i;

	FUZZ_CHECK(conf->mode_verify || conf->mode_sign);
	FUZZ_CHECK(conf->authserv_id.name != NULL);
	FUZZ_CHECK(conf->minimum_key_bits >= 1024);
	FUZZ_CHECK(conf->maximum_signatures >= 1);
	FUZZ_CHECK(conf->dns_timeout_us >= 1000000);
	FUZZ_CHECK(conf->second_percent <= 100);
	FUZZ_CHECK(conf->zone == NULL || conf->nameservers.n == 0);
	FUZZ_CHECK(!conf->mode_sign ||
	    (conf->domains.n > 0 && conf->keys_n > 0) ||
	    conf->signing_table.path != NULL || conf->key_stores.n > 0);
	FUZZ_CHECK(conf->key_stores.n <= CONF_KEY_STORES_MAX);
	for (i = 0; i < conf->keys_n; i++) {
		FUZZ_CHECK(conf->keys[i].key != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str input = str_mem(data, n);
	struct conf *conf;
	struct diag diag;
	struct env env;
	enum status status;

	if (n > 0 && names_device(input)) {
		return (0);
	}
	env_init_system(&env);
	diag_init(&diag);
	status = conf_parse(input, "conf", &env, &conf, &diag);
	FUZZ_CHECK((status == STATUS_OK) == (conf != NULL));
	FUZZ_CHECK((status == STATUS_OK) == (diag.text[0] == '\0'));
	if (conf != NULL) {
		check_conf(conf);
	}
	conf_release(conf);
	return (0);
}
