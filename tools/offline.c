/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/privileges.h"
#include "tools/mailseal.h"
#include "tools/offline.h"

/* The daemon's files are not for everybody. caller: the user who asks. */
static void
print_failure(const struct offline *o, uid_t caller, const struct diag *diag)
{
	if (strstr(diag->text, strerror(EACCES)) == NULL) {
		(void)cli_fail("%s", diag->text);
	} else if (caller == 0 && geteuid() != 0) {
		(void)cli_fail("%s; this was tried as UserID %s, as the "
		    "daemon would", diag->text, o->conf->user_id);
	} else {
		(void)cli_fail("%s; as root, this answers as UserID would",
		    diag->text);
	}
}

bool
offline_open(struct offline *o, const char *conf_path, bool as_user,
    const struct env *env)
{
	uid_t caller = geteuid();
	struct engine_opts opts;
	struct dns_opts dns;
	struct diag diag;

	*o = (struct offline){ .conf = NULL };
	diag_init(&diag);
	dns_opts_init(&dns);
	dns.env = env;
	if (conf_load(conf_path, env, &o->conf, &diag) != STATUS_OK ||
	    privileges_drop(as_user && caller == 0 ? o->conf->user_id : NULL,
	    &diag) != STATUS_OK ||
	    dns_new_zone(&dns, "/dev/null", &o->dns, &diag) != STATUS_OK) {
		print_failure(o, caller, &diag);
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
		print_failure(o, caller, &diag);
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
