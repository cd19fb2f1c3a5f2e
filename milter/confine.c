/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "milter/confine.h"
#include "milter/memory.h"

#define LACKS_MAX_BYTES	1024

static void
log_lacks(const struct confine *c, unsigned parts, const struct env *env)
{
	struct buf lacks;

	buf_init(&lacks, LACKS_MAX_BYTES);
	if (c->first && c->conf->sandbox &&
	    sandbox_lacks(c->role, parts, &lacks) &&
	    lacks.status == STATUS_OK) {
		env_log(env, LOG_LEVEL_WARNING, "the %s process: %s",
		    c->role == SANDBOX_KEYS ? "keys" : "mail", lacks.p);
	}
	buf_fini(&lacks);
}

/* What they load now, code of modules above all, cannot be loaded later. */
static enum status
load_libraries(struct diag *diag)
{
	struct crypto *crypto = crypto_new();

	/* Else libpq asks Kerberos first, which reads files of its own. */
	(void)setenv("PGGSSENCMODE", "disable", 0);
	tzset();
	(void)getpwuid(geteuid());
	if (crypto == NULL) {
		diag_set(diag, NULL, 0, "OpenSSL does not start");
		return (STATUS_NOMEM);
	}
	crypto_free(crypto);
	return (STATUS_OK);
}

enum status
confine_enter(const struct confine *c, const struct env *env,
    struct diag *diag)
{
	struct sandbox_opts opts = { .role = c->role, .conf = c->conf,
		.report_fd = c->report, .ask_fd = c->ask };
	enum status status;
	unsigned parts;

	status = memory_map(c->text, &opts.text);
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "the configuration: %s",
		    strerror(errno));
		return (status);
	}
	status = load_libraries(diag);
	if (status == STATUS_OK) {
		status = sandbox_enter(&opts, &parts, diag);
	}
	memory_unmap(opts.text);
	if (status == STATUS_OK) {
		log_lacks(c, parts, env);
	}
	return (status);
}

void
confine_reload(const struct conf *conf, struct str text,
    const struct env *env)
{
	const struct sandbox_opts opts = { .role = SANDBOX_MAIL,
		.conf = conf, .text = text, .report_fd = -1, .ask_fd = -1 };
	struct diag diag;

	diag_init(&diag);
	if (sandbox_reload(&opts, &diag) != STATUS_OK) {
		env_log(env, LOG_LEVEL_ERROR, "%s", diag.text);
	}
}
