/* SPDX-License-Identifier: BSD-2-Clause */
/* engine: what all messages share. */
#include <stdlib.h>
#include <string.h>

#include "engine/private.h"

/* Translates the configuration into the options of lib/signers. */
void
engine_signers_opts(const struct conf *conf, struct signers_opts *r)
{
	/* In Mode v, configured keys are not read. */
	if (!conf->mode_sign) {
		return;
	}
	r->domains = conf->domains.v;
	r->domains_n = conf->domains.n;
	r->subdomains = conf->subdomains;
	r->keys = conf->keys;
	r->keys_n = conf->keys_n;
	r->user_id = conf->user_id;
	r->key_table = conf->key_table.path;
	r->signing_table = conf->signing_table.path;
	r->signing_patterns = conf->signing_table.patterns;
	r->multiple = conf->multiple_signatures;
	r->cache_max = conf->key_cache;
	r->key_stores = conf->key_stores.v;
	r->key_stores_n = conf->key_stores.n;
	r->key_stores_optional = conf->key_stores.optional;
	r->passphrase_file = conf->key_passphrase_file;
}

static enum status
make_signers(struct engine *engine, const struct engine *before,
    struct diag *diag)
{
	struct signers_opts opts = { .env = engine->opts.env,
		.lose = engine->opts.lose, .remote = engine->opts.remote };

	engine->opts.remote = NULL;
	engine_signers_opts(engine->opts.conf, &opts);
	return (signers_new(&opts, before != NULL ? before->signers : NULL,
	    &engine->signers, diag));
}

static void
free_remote(const struct signers_remote *remote)
{
	if (remote != NULL) {
		remote->free(remote->ctx);
	}
}

enum status
engine_new(const struct engine_opts *opts, struct engine **r,
    struct diag *diag)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	enum status status;

	*r = NULL;
	if (engine == NULL) {
		free_remote(opts->remote);
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	engine->opts = *opts;
	engine->opts.before = NULL;
	engine->opts.conf = conf_hold(opts->conf);
	engine->opts.dns = dns_hold(opts->dns);
	atomic_init(&engine->references, 1);
	engine->entered = opts->before != NULL ?
	    engine_entered_hold(opts->before->entered) : engine_entered_new();
	status = engine->entered == NULL ? STATUS_NOMEM :
	    engine_mark_keys_init(&engine->mark_keys, opts->crypto,
	    opts->conf, opts->mark_secret);
	if (status == STATUS_OK) {
		status = engine_failure_init(engine, opts->mark_secret);
	}
	engine->opts.mark_secret = STR_NONE;
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "%s", status_text(status));
		free_remote(opts->remote);
		engine_release(engine);
		return (status);
	}
	status = make_signers(engine, opts->before, diag);
	if (status == STATUS_OK) {
		status = engine_sealing_check(engine, diag);
	}
	if (status != STATUS_OK) {
		engine_release(engine);
		return (status);
	}
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
	signers_free(engine->signers);
	engine_entered_release(engine->entered);
	dns_release(engine->opts.dns);
	conf_release(engine->opts.conf);
	explicit_bzero(&engine->mark_keys, sizeof(engine->mark_keys));
	explicit_bzero(&engine->redact, sizeof(engine->redact));
	free(engine);
}

uint64_t
engine_keys_revision(const struct engine *engine)
{
	return (signers_revision(engine->signers));
}

const struct conf *
engine_conf(const struct engine *engine)
{
	return (engine->opts.conf);
}

struct signers *
engine_signers(const struct engine *engine)
{
	return (engine->signers);
}
