/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "engine/private.h"

enum status
engine_new(const struct engine_opts *opts, struct engine **r,
    struct diag *diag)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	*r = NULL;
	if (engine == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	engine->opts = *opts;
	engine->opts.conf = conf_hold(opts->conf);
	engine->opts.dns = dns_hold(opts->dns);
	engine->authserv_id = str_from(opts->conf->authserv_id);
	atomic_init(&engine->references, 1);
	*r = engine;
	return (STATUS_OK);
}

struct engine *
engine_hold(struct engine *engine)
{
	atomic_fetch_add_explicit(&engine->references, 1,
	    memory_order_relaxed);
	return (engine);
}

void
engine_release(struct engine *engine)
{
	if (engine == NULL ||
	    atomic_fetch_sub_explicit(&engine->references, 1,
	    memory_order_acq_rel) != 1) {
		return;
	}
	dns_release(engine->opts.dns);
	conf_release(engine->opts.conf);
	free(engine);
}

const struct conf *
engine_conf(const struct engine *engine)
{
	return (engine->opts.conf);
}
