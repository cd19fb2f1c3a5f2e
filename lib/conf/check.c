/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks what depends on several options, and loads the keys. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "conf/table.h"

#define RSA_GOOD_BITS	2048	/* RFC 8301 3.2 */

struct check {
	struct conf		*conf;
	struct conf_reader	*reader;
	const struct env	*env;	/* of warnings */
	const struct env	*keys_env;	/* of warnings about keys */
	const struct conf_check_opts *opts;
};

static unsigned
line_of(const struct check *c, const char *option)
{
	return (conf_reader_line(c->reader, option));
}

static enum status
refuse_line(struct check *c, unsigned line, const char *why)
{
	diag_set(c->reader->diag, c->reader->file, line, "%s", why);
	return (STATUS_SYNTAX);
}

static unsigned
first_line(const struct conf_givens *givens)
{
	return (givens->n > 0 ? givens->v[0].line : 0);
}

/* Domain, Selector and KeyFile need each other. */
static enum status
check_domain_keys(struct check *c, unsigned any)
{
	if (c->conf->domains.n == 0) {
		return (refuse_line(c, any, line_of(c, "Domain") > 0 ?
		    "Domain: empty list" :
		    "signing also needs Domain"));
	}
	if (c->conf->selectors.n == 0) {
		return (refuse_line(c, any, c->conf->key_stores.n > 0 ?
		    "signing also needs Selector; with a KeyStore leave "
		    "Domain out" : "signing also needs Selector"));
	}
	if (c->conf->key_files.n == 0) {
		return (refuse_line(c, any, "signing also needs KeyFile"));
	}
	return (STATUS_OK);
}

/* So do the tables. */
static enum status
check_tables(struct check *c)
{
	unsigned keys = line_of(c, "KeyTable");
	unsigned signing = line_of(c, "SigningTable");

	if (signing == 0 && keys > 0) {
		return (refuse_line(c, keys,
		    "KeyTable needs a SigningTable"));
	}
	if (keys == 0 && signing > 0) {
		return (refuse_line(c, signing,
		    "SigningTable needs a KeyTable"));
	}
	return (STATUS_OK);
}

/* *missing_r: the default directory, which need not exist, does not. One that
   cannot be examined counts as existing: otherwise its mail would leave
   unsigned. */
static enum status
use_default_store(struct check *c, bool *missing_r)
{
	struct conf_key_stores *stores = &c->conf->key_stores;
	struct stat st;

	*missing_r = false;
	if (stores->v != NULL || !c->opts->of_host) {
		return (STATUS_OK);
	}
	stores->v = arena_calloc(&c->conf->memory, 1, sizeof(*stores->v));
	if (stores->v == NULL) {
		return (conf_no_memory(c->reader));
	}
	stores->v[stores->n++] = CONF_KEY_STORE_DEFAULT;
	stores->optional = true;
	*missing_r = stat(CONF_KEY_STORE_DEFAULT, &st) == -1 &&
	    errno == ENOENT;
	return (STATUS_OK);
}

/* Mode s needs something to sign with. Without Mode, having that means s; the
   default store may appear later. */
static enum status
check_signing(struct check *c)
{
	struct conf *conf = c->conf;
	unsigned mode = line_of(c, "Mode");
	unsigned domain = line_of(c, "Domain");
	unsigned selector = first_line(&conf->selectors);
	unsigned given = domain > 0 ? domain :
	    selector > 0 ? selector : first_line(&conf->key_files);
	bool others = given > 0 || conf->signing_table.path != NULL ||
	    conf->key_table.path != NULL;
	bool missing;
	enum status status;

	if (!conf->mode_sign) {
		return (STATUS_OK);
	}
	status = use_default_store(c, &missing);
	if (status != STATUS_OK) {
		return (status);
	}
	if (!others && mode > 0 && (missing || conf->key_stores.n == 0)) {
		return (refuse_line(c, mode, "Mode asks for signing, which "
		    "needs a KeyStore, KeyTable and SigningTable, or Domain, "
		    "Selector and KeyFile"));
	}
	if (!others && conf->key_stores.n == 0) {
		conf->mode_sign = false;
		return (STATUS_OK);
	}
	if (missing) {
		env_log(c->env, others ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
		    "KeyStore: %s, the default, does not exist%s",
		    CONF_KEY_STORE_DEFAULT, others ? "" :
		    ": no mail is signed");
	}
	if (given > 0) {
		status = check_domain_keys(c, given);
	}
	return (status == STATUS_OK ? check_tables(c) : status);
}

/* Each Selector has one KeyFile and occurs once. */
static enum status
check_selectors(struct check *c)
{
	const struct conf_givens *s = &c->conf->selectors;
	const struct conf_givens *k = &c->conf->key_files;
	size_t i, j;

	if (!c->conf->mode_sign) {
		return (STATUS_OK);
	}
	if (s->n > k->n) {
		return (refuse_line(c, s->v[k->n].line,
		    "Selector without a KeyFile"));
	}
	if (k->n > s->n) {
		return (refuse_line(c, k->v[s->n].line,
		    "KeyFile without a Selector"));
	}
	for (i = 0; i < s->n; i++) {
		for (j = 0; j < i; j++) {
			if (str_eq(s->v[i].value, s->v[j].value)) {
				diag_set(c->reader->diag, c->reader->file,
				    s->v[i].line,
				    "same Selector as on line %u",
				    s->v[j].line);
				return (STATUS_SYNTAX);
			}
		}
	}
	return (STATUS_OK);
}

/* -1: it was not opened before. */
static int
find_opened(const struct conf_keys_opts *keys, const char *path)
{
	size_t i;

	for (i = 0; keys != NULL && i < keys->opened_n; i++) {
		if (strcmp(keys->opened[i].path, path) == 0) {
			return (keys->opened[i].fd);
		}
	}
	return (-1);
}

/* As it is now, if this user may read it. */
static enum status
read_key(struct check *c, struct conf_key *key, struct diag *why)
{
	int fd = find_opened(c->opts->keys, key->path);
	const char *user_id = c->conf->user_id;

	if (fd == -1 || access(key->path, R_OK) == 0) {
		return (conf_key_load(key->path, user_id, &key->key, why));
	}
	return (conf_key_load_fd(fd, key->path, user_id, &key->key, why));
}

static enum status
load_key(struct check *c, struct conf_key *key, struct str selector,
    const struct conf_given *file)
{
	struct diag why;
	enum status status;

	key->selector = selector;
	key->path = arena_cstr(&c->conf->memory, file->value);
	if (key->path == NULL) {
		return (conf_no_memory(c->reader));
	}
	if (c->opts->without_keys) {
		return (STATUS_OK);
	}
	diag_init(&why);
	status = read_key(c, key, &why);
	if (status != STATUS_OK) {
		diag_set(c->reader->diag, c->reader->file, file->line,
		    "KeyFile: %s", why.text);
		return (status);
	}
	if (privkey_type(key->key) == CRYPTO_RSA &&
	    privkey_bits(key->key) < RSA_GOOD_BITS) {
		env_log(c->keys_env, LOG_LEVEL_WARNING, "%s:%u: KeyFile: %s: "
		    "an RSA key of %u bits is weak, use %d or more",
		    c->reader->file, file->line, key->path,
		    privkey_bits(key->key), RSA_GOOD_BITS);
	}
	return (STATUS_OK);
}

static enum status
load_keys(struct check *c)
{
	struct conf *conf = c->conf;
	enum status status = STATUS_OK;
	size_t i;

	if (!conf->mode_sign) {
		return (STATUS_OK);
	}
	conf->keys = arena_calloc(&conf->memory, c->conf->key_files.n,
	    sizeof(*conf->keys));
	if (conf->keys == NULL) {
		return (conf_no_memory(c->reader));
	}
	/* Count the key first, so that conf_release frees it if this fails. */
	for (i = 0; i < c->conf->key_files.n && status == STATUS_OK; i++) {
		conf->keys_n = i + 1;
		status = load_key(c, &conf->keys[i],
		    conf->selectors.v[i].value, &conf->key_files.v[i]);
	}
	return (status);
}

static enum status
check_dns(struct check *c)
{
	unsigned zone = line_of(c, "Zone");

	if (zone == 0) {
		return (STATUS_OK);
	}
	if (line_of(c, "Nameservers") > 0) {
		return (refuse_line(c, zone, "Zone replaces the DNS, so "
		    "Nameservers cannot be set"));
	}
	if (line_of(c, "TrustAnchorFile") > 0) {
		return (refuse_line(c, zone, "Zone replaces the DNS, so "
		    "TrustAnchorFile cannot be set"));
	}
	return (STATUS_OK);
}

/* OnDNSError is the default of OnDMARCTempError. */
static enum status
check_temperror(struct check *c)
{
	if (line_of(c, "OnDMARCTempError") == 0) {
		c->conf->on_dmarc_temperror =
		    c->conf->on_dns_error == CONF_ACCEPT ?
		    CONF_ACCEPT : CONF_TEMPFAIL;
	}
	return (STATUS_OK);
}

static enum status
check_second(struct check *c)
{
	if (!c->conf->reject_needs_second ||
	    c->conf->second_percent == 100) {
		return (STATUS_OK);
	}
	return (refuse_line(c, line_of(c, "RejectNeedsSecondOpinion"),
	    "RejectNeedsSecondOpinion needs SecondOpinion all"));
}

static enum status
check_arc(struct check *c)
{
	const char *names[] = { "TrustedSealers", "OnArcFail" };
	size_t i;

	for (i = 0; i < 2 && !c->conf->arc_verify; i++) {
		unsigned line = line_of(c, names[i]);

		if (line > 0) {
			return (refuse_line(c, line, "TrustedSealers and "
			    "OnArcFail need ArcVerify yes"));
		}
	}
	return (STATUS_OK);
}

static enum status
check_arc_seal(struct check *c)
{
	struct conf *conf = c->conf;
	unsigned line = line_of(c, "ArcSeal");

	if (conf->arc_seal == CONF_ARC_SEAL_OFF) {
		return (STATUS_OK);
	}
	if (!conf->mode_sign || !conf->mode_verify || !conf->arc_verify) {
		return (refuse_line(c, line,
		    "ArcSeal needs Mode sv and ArcVerify yes"));
	}
	if (conf->arc_seal_key.domain.p == NULL && conf->domains.n > 0) {
		conf->arc_seal_key.domain = conf->domains.v[0];
	}
	return (conf->arc_seal_key.domain.p != NULL ? STATUS_OK :
	    refuse_line(c, line, "ArcSeal needs ArcSealKey or Domain"));
}

static enum status
check_reports(struct check *c)
{
	struct conf_report_store *store = &c->conf->report_store;

	if (!store->given && c->conf->report_from.text.p != NULL) {
		store->where = CONF_REPORT_STORE_DEFAULT;
	}
	if (c->conf->failure_reports && (store->where == NULL ||
	    c->conf->report_from.text.p == NULL)) {
		return (refuse_line(c, line_of(c, "FailureReports"),
		    "FailureReports needs ReportFrom and a ReportStore"));
	}
	return (STATUS_OK);
}

static enum status
read_logins(struct check *c, struct arena *arena, struct diag *why)
{
	struct conf *conf = c->conf;
	enum status status;
	struct str text;

	status = conf_file_read(conf->sender_logins, LOGINS_FILE_MAX_BYTES,
	    arena, NULL, &text, why);
	return (status == STATUS_OK ? logins_new(text, conf->sender_logins,
	    c->env, &conf->logins, why) : status);
}

static enum status
check_logins(struct check *c)
{
	struct conf *conf = c->conf;
	unsigned line = line_of(c, "OnLoginMismatch");
	enum status status;
	struct arena arena;
	struct diag why;

	if (conf->sender_logins == NULL && line > 0) {
		env_log(c->env, LOG_LEVEL_WARNING, "%s:%u: OnLoginMismatch "
		    "has no effect without SenderLogins", c->reader->file,
		    line);
	}
	if (conf->sender_logins == NULL || !conf->mode_sign ||
	    c->opts->keys_only) {
		return (STATUS_OK);
	}
	diag_init(&why);
	arena_init(&arena, 2 * LOGINS_FILE_MAX_BYTES);
	status = read_logins(c, &arena, &why);
	arena_fini(&arena);
	line = line_of(c, "SenderLogins");
	if (status != STATUS_OK) {
		diag_set(c->reader->diag, c->reader->file, line,
		    "SenderLogins: %s", why.text);
	} else if (logins_count(conf->logins) == 0) {
		env_log(c->env, LOG_LEVEL_WARNING, "%s:%u: SenderLogins: %s "
		    "has no address: mail of logins is not signed",
		    c->reader->file, line, conf->sender_logins);
	}
	return (status);
}

static enum status
check_user(struct check *c)
{
	struct diag why;
	uid_t uid;

	diag_init(&why);
	if (c->conf->user_id == NULL ||
	    conf_user_id(c->conf->user_id, &uid, &why) == STATUS_OK) {
		return (STATUS_OK);
	}
	diag_set(c->reader->diag, c->reader->file, line_of(c, "UserID"),
	    "UserID: %s", why.text);
	return (STATUS_SYNTAX);
}

enum status
conf_check(struct conf_reader *reader, const struct env *env,
    const struct conf_check_opts *opts)
{
	static const struct env quiet;
	static enum status (*const checks[])(struct check *) = {
		check_user, check_dns, check_temperror, check_second, check_arc,
		check_arc_seal, check_reports, check_signing, check_selectors,
		check_logins,
		load_keys
	};
	struct check check = { .conf = reader->target, .reader = reader,
		.env = opts->keys_only ? &quiet : env, .keys_env = env,
		.opts = opts };
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < sizeof(checks) / sizeof(checks[0]) &&
	    status == STATUS_OK; i++) {
		status = checks[i](&check);
	}
	return (status);
}
