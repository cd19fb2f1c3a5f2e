/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/mailseal.h"
#include "tools/offline.h"

bool
offline_open(struct offline *o, const char *conf_path, const struct env *env)
{
	struct engine_opts opts;
	struct dns_opts dns;
	struct diag diag;

	*o = (struct offline){ .conf = NULL };
	diag_init(&diag);
	dns_opts_init(&dns);
	dns.env = env;
	if (conf_load(conf_path, env, &o->conf, &diag) != STATUS_OK ||
	    dns_new_zone(&dns, "/dev/null", &o->dns, &diag) != STATUS_OK) {
		(void)cli_fail("%s", diag.text);
		return (false);
	}
	o->verifies = o->conf->mode_verify;
	o->conf->mode_verify = false;
	o->conf->check_keys = false;
	o->crypto = crypto_new();
	if (o->crypto == NULL) {
		(void)cli_fail("OpenSSL does not work");
		return (false);
	}
	opts = (struct engine_opts){ .conf = o->conf, .dns = o->dns,
		.crypto = o->crypto, .env = env };
	if (engine_new(&opts, &o->engine, &diag) != STATUS_OK) {
		(void)cli_fail("%s", diag.text);
		return (false);
	}
	return (true);
}

void
offline_close(struct offline *o)
{
	engine_release(o->engine);
	conf_release(o->conf);
	dns_release(o->dns);
	crypto_free(o->crypto);
	*o = (struct offline){ .conf = NULL };
}
