/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/resource.h>

#include <limits.h>

#include "milter/live.h"
#include "milter/mark_key.h"
#include "report/store.h"

static enum status
need_second(struct live *live, const struct conf *conf, struct diag *diag)
{
	if (conf->second_percent == 0 || live->second != NULL) {
		return (STATUS_OK);
	}
	return (second_new(&live->second, diag));
}

/* Without a list, tree walks lack the veto of public suffixes. */
static enum status
need_psl(struct live *live, const struct conf *conf, struct diag *diag)
{
	enum status status = STATUS_OK;

	if (conf->mode_verify && live->psl == NULL) {
		status = dmarc_psl_new(NULL, &live->psl);
	}
	if (status == STATUS_IO && conf->org_domain != CONF_PSL) {
		env_log(live->env, LOG_LEVEL_WARNING, "no public suffix "
		    "list: install the package publicsuffix");
		return (STATUS_OK);
	}
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "OrgDomain: no public suffix list");
	}
	return (status);
}

static void
set_engine(struct live *live, struct engine *engine)
{
	struct engine *old;

	pthread_mutex_lock(&live->lock);
	old = live->engine;
	live->engine = engine;
	pthread_mutex_unlock(&live->lock);
	engine_release(old);
}

static void
set_budget(struct live *live, const struct conf *conf)
{
	budget_set_max(&live->budget, conf->maximum_memory_mib > 0 ?
	    (size_t)conf->maximum_memory_mib * 1024 * 1024 :
	    budget_default_max(""));
}

/* Counters must not go back when another resolver takes over. */
static void
add_past(struct dns_stats *past, const struct dns_stats *now)
{
	size_t i;

	past->hits += now->hits;
	past->misses += now->misses;
	past->joined += now->joined;
	past->evicted += now->evicted;
	past->remembered += now->remembered;
	for (i = 0; i < DNS_RESULTS; i++) {
		past->results[i] += now->results[i];
	}
}

static void
take_resolver(struct live *live, struct resolver_choice *choice)
{
	struct dns *before = live->resolvers.now;
	struct dns_stats stats;

	pthread_mutex_lock(&live->numbers_lock);
	if (before != NULL && before != choice->dns) {
		dns_get_stats(before, &stats);
		add_past(&live->dns_past, &stats);
	}
	resolvers_take(&live->resolvers, choice);
	pthread_mutex_unlock(&live->numbers_lock);
}

/* The state of the engine in service, for a monitor. */
static void
note_numbers(struct live *live, const struct conf *conf)
{
	const struct signers *signers = engine_signers(live->engine);
	struct signers_counts counts;

	signers_count(signers, &counts);
	atomic_store(&live->keys, counts.keys);
	atomic_store(&live->kept_keys, counts.kept);
	atomic_store(&live->oldest_key_s, signers_oldest_key(signers));
	atomic_store(&live->needs_dns, conf->mode_verify);
	atomic_store(&live->zone_text, conf->zone != NULL);
}

/* The keys of KeyFile, whose private halves are elsewhere. A configuration that
   is in service already has them. */
static enum status
take_given(struct live *live, struct conf *conf, const struct live_keys *keys)
{
	struct picture_reader reader;
	struct picture_given given;
	enum status status;
	uint64_t revision;
	uint32_t i, n;

	status = picture_begin(&reader, keys->picture, &revision, &n);
	if (status == STATUS_OK && n != conf->keys_n) {
		status = STATUS_SYNTAX;
	}
	for (i = 0; status == STATUS_OK && i < n; i++) {
		status = picture_next_given(&reader, &given);
		if (status == STATUS_OK && conf->keys[i].key == NULL) {
			status = remote_client_given(live->client, keys->set,
			    i, &given, &conf->keys[i].key);
		}
	}
	return (status);
}

static enum status
set_remote(struct live *live, struct conf *conf, const struct live_keys *keys,
    struct signers_remote *remote, struct engine_opts *opts, struct diag *diag)
{
	enum status status;

	if (live->client == NULL) {
		return (STATUS_OK);
	}
	status = take_given(live, conf, keys);
	if (status == STATUS_OK) {
		status = remote_client_signers(live->client, keys->set,
		    remote);
	}
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "the keys of KeyFile: %s",
		    status_text(status));
		return (status);
	}
	remote->picture = keys->picture;
	opts->remote = remote;
	return (STATUS_OK);
}

static enum status
load_engine(struct live *live, struct conf *conf,
    const struct live_keys *keys, struct diag *diag)
{
	struct engine_opts opts = { .conf = conf, .crypto = live->crypto,
		.stats = live->stats, .key_checks = live->key_checks,
		.reports = live->reports,
		.mark_secret = buf_str(&live->mark_secret),
		.env = live->env,
		.before = live->engine, .lose = SIGNERS_LOSE_ANY };
	struct signers_remote remote;
	struct resolver_choice choice;
	struct engine *engine = NULL;
	enum status status;

	status = need_second(live, conf, diag);
	if (status == STATUS_OK) {
		status = need_psl(live, conf, diag);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	opts.psl = live->psl;
	if (conf->second_percent > 0) {
		opts.second = live->second;
	}
	status = resolvers_choose(&live->resolvers, live->engine != NULL ?
	    engine_conf(live->engine) : NULL, conf, live->env, &choice, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	opts.dns = choice.dns;
	status = set_remote(live, conf, keys, &remote, &opts, diag);
	if (status == STATUS_OK) {
		status = engine_new(&opts, &engine, diag);
	}
	if (status != STATUS_OK) {
		resolvers_drop(&choice);
		return (status);
	}
	set_engine(live, engine);
	take_resolver(live, &choice);
	set_budget(live, conf);
	note_numbers(live, conf);
	(void)live_sweep(live);
	return (STATUS_OK);
}

static enum status
set_reports(struct live *live, const struct conf *conf, struct diag *diag)
{
	enum status status = report_collector_set(live->reports,
	    conf->report_store.where,
	    (unsigned)(conf->report_retention_s / REPORT_DAY_S));

	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "out of memory");
	}
	return (status);
}

enum status
live_load(struct live *live, struct conf *conf, const struct live_keys *keys,
    struct diag *diag)
{
	enum status status = report_collector_prepare(live->reports,
	    conf->report_store.where);

	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "out of memory");
		return (status);
	}
	status = load_engine(live, conf, keys, diag);
	/* Prepared, so that what is in service now stays. */
	return (status == STATUS_OK ? set_reports(live, conf, diag) : status);
}

enum status
live_load_keys(struct live *live, const struct live_keys *keys,
    struct diag *diag)
{
	/* The engine in service holds its configuration until the next one
	   does. */
	return (load_engine(live,
	    (struct conf *)(uintptr_t)engine_conf(live->engine), keys, diag));
}

uint64_t
live_keys_revision(const struct live *live)
{
	return (engine_keys_revision(live->engine));
}

bool
live_sweep(struct live *live)
{
	return (resolvers_sweep(&live->resolvers));
}

/* As many connections as the hard limit on descriptors allows. */
static void
set_peers_max(struct live *live)
{
	struct rlimit files = { 0, 0 };

	live->peers_max = LIVE_RESERVED_FILES;
	if (getrlimit(RLIMIT_NOFILE, &files) == -1) {
		return;
	}
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) == -1 &&
	    getrlimit(RLIMIT_NOFILE, &files) == -1) {
		return;
	}
	live->peers_max = files.rlim_cur > UINT_MAX ? UINT_MAX :
	    files.rlim_cur > 2 * LIVE_RESERVED_FILES ?
	    (unsigned)files.rlim_cur - LIVE_RESERVED_FILES :
	    (unsigned)files.rlim_cur / 2;
}

enum status
live_share(struct live *live, struct diag *diag)
{
	if (live->board == NULL) {
		live->board = board_new();
		live->board_keys = board_keys_new();
		live->stats = engine_stats_new();
	}
	if (live->board == NULL || live->board_keys == NULL ||
	    live->stats == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	return (STATUS_OK);
}

enum status
live_prepare(struct live *live, const struct conf *conf,
    const struct env *env, struct diag *diag)
{
	enum status status;

	live->env = env;
	live->started_us = env_mono_us(env);
	buf_init(&live->mark_secret, MARK_KEY_MAX_BYTES);
	status = live_share(live, diag);
	if (status == STATUS_OK) {
		live->board->meter.started_s = live->board->meter.loaded_s =
		    env_now_s(env);
		status = mark_key_load(conf, env, live->may_create,
		    &live->mark_secret, diag);
	}
	if (status != STATUS_OK) {
		live_fini(live);
	}
	return (status);
}

enum status
live_init(struct live *live, struct conf *conf, const struct live_keys *keys,
    struct diag *diag)
{
	enum status status = STATUS_NOMEM;

	set_peers_max(live);
	if (pthread_mutex_init(&live->lock, NULL) != 0 ||
	    pthread_mutex_init(&live->numbers_lock, NULL) != 0) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	live->crypto = crypto_new();
	live->key_checks = key_checks_new();
	live->reports = report_collector_new(live->crypto, live->env,
	    COLLECT_MAX_BYTES, REPORT_ROWS_MAX);
	if (live->crypto == NULL) {
		diag_set(diag, NULL, 0, "OpenSSL does not start");
	} else if (live->key_checks == NULL || live->reports == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
	} else {
		status = live_load(live, conf, keys, diag);
	}
	if (status != STATUS_OK) {
		live_fini(live);
	}
	return (status);
}

void
live_fini(struct live *live)
{
	struct engine *engine;

	pthread_mutex_lock(&live->lock);
	engine = live->engine;
	live->engine = NULL;
	live->draining = true;
	pthread_mutex_unlock(&live->lock);
	engine_release(engine);
	resolvers_fini(&live->resolvers);
	second_free(live->second);
	live->second = NULL;
	dmarc_psl_free(live->psl);
	live->psl = NULL;
	engine_stats_free(live->stats);
	live->stats = NULL;
	report_collector_free(live->reports);
	live->reports = NULL;
	key_checks_free(live->key_checks);
	live->key_checks = NULL;
	crypto_free(live->crypto);
	live->crypto = NULL;
	buf_fini_secret(&live->mark_secret);
	/* The boards stay: callbacks may still come, and count. */
}

struct engine *
live_begin(struct live *live)
{
	struct engine *engine = NULL;

	pthread_mutex_lock(&live->lock);
	if (!live->draining && live->engine != NULL) {
		engine = engine_hold(live->engine);
		atomic_fetch_add(&live->board->in_flight, 1);
	}
	pthread_mutex_unlock(&live->lock);
	return (engine);
}

void
live_end(struct live *live, struct engine *engine)
{
	if (engine == NULL) {
		return;
	}
	/* In this order: after the last message the caller of live_in_flight
	   frees what the engine uses. */
	engine_release(engine);
	pthread_mutex_lock(&live->lock);
	atomic_fetch_sub(&live->board->in_flight, 1);
	live->ended_us = env_mono_us(live->env);
	pthread_mutex_unlock(&live->lock);
}

struct dns *
live_dns(const struct live *live)
{
	return (live->resolvers.now);
}

enum status
live_survey(struct live *live, const struct signers_survey_opts *opts,
    struct signers_survey *r, struct buf *sentence)
{
	if (!engine_conf(live->engine)->mode_sign) {
		*r = (struct signers_survey){ 0, 0, 0 };
		buf_add_cstr(sentence, "no domain signs: this host only "
		    "verifies");
		return (sentence->status);
	}
	return (signers_survey(engine_signers(live->engine), opts, r,
	    sentence));
}

size_t
live_check_keys(struct live *live)
{
	return (signers_check_keys(engine_signers(live->engine)));
}

void
live_count_signers(const struct live *live, struct signers_counts *r)
{
	signers_count(engine_signers(live->engine), r);
}

bool
live_wants_rcpts(struct live *live)
{
	bool wants;

	pthread_mutex_lock(&live->lock);
	/* live_fini may have released the engine. */
	wants = live->engine != NULL && engine_conf(live->engine)->arc_seal ==
	    CONF_ARC_SEAL_FORWARDED;
	pthread_mutex_unlock(&live->lock);
	return (wants);
}

const struct conf *
live_conf(const struct live *live)
{
	return (engine_conf(live->engine));
}

void
live_drain(struct live *live)
{
	atomic_store(&live->stopping, true);
	pthread_mutex_lock(&live->lock);
	live->draining = true;
	pthread_mutex_unlock(&live->lock);
}

bool
live_is_draining(struct live *live)
{
	bool draining;

	pthread_mutex_lock(&live->lock);
	draining = live->draining;
	pthread_mutex_unlock(&live->lock);
	return (draining);
}

unsigned
live_in_flight(struct live *live)
{
	return (atomic_load(&live->board->in_flight));
}

uint64_t
live_idle_us(struct live *live)
{
	uint64_t idle_us = 0;

	pthread_mutex_lock(&live->lock);
	if (live_in_flight(live) == 0) {
		idle_us = live->ended_us == 0 ? UINT64_MAX :
		    env_mono_us(live->env) - live->ended_us;
	}
	pthread_mutex_unlock(&live->lock);
	return (idle_us);
}

void
live_get_dns_stats(struct live *live, struct dns_stats *r)
{
	struct dns_stats now;

	pthread_mutex_lock(&live->numbers_lock);
	dns_get_stats(live->resolvers.now, &now);
	*r = now;
	add_past(r, &live->dns_past);
	pthread_mutex_unlock(&live->numbers_lock);
}
