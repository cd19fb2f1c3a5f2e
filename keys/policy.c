/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "keys/keys.h"
#include "keys/policy.h"

#define DEFAULT_PATH	SYSCONFDIR "/dkimkeygen.conf"
#define DAEMON_PATH	SYSCONFDIR "/mailseald.conf"
#define DAEMON_ROWS_N	2
#define REPORT_ROW	2
#define DAY_S		(24 * 60 * 60)
#define YEARS_S		(10LL * 365 * DAY_S)
#define CONF_TARGET	struct policy

bool
policy_is_publish(struct str value)
{
	return (str_eq(value, STR("print")) || str_eq(value, STR("nsupdate")) ||
	    (str_starts(value, STR("hook:/")) && value.n > strlen("hook:/")));
}

static enum status
set_publish(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	return (policy_is_publish(value) ? conf_set_text(r, o, value) :
	    conf_reject_form(r, o, value));
}

/* Neither a header nor a command line may be made of it. */
static bool
is_mail_address(struct str s)
{
	size_t i, at = str_find(s, '@');

	if (at == 0 || at + 1 >= s.n || s.n > 254 || s.p[0] == '-') {
		return (false);
	}
	for (i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == ',' ||
		    s.p[i] == '"' || s.p[i] == '<' || s.p[i] == '>' ||
		    s.p[i] == '(' || s.p[i] == '\\' || (s.p[i] == '@' &&
		    i != at)) {
			return (false);
		}
	}
	return (true);
}

static enum status
set_notify(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	bool mails = str_starts(value, STR(POLICY_MAILTO));
	bool ok = mails ? is_mail_address(str_from_offset(value,
	    strlen(POLICY_MAILTO))) : value.n > 1 && value.p[0] == '/';

	return (ok ? conf_set_text(r, o, value) :
	    conf_reject_form(r, o, value));
}

/* mailseald.conf has the first DAEMON_ROWS_N and the next one, too. */
static const struct conf_option rows[] = {
	{ .name = "KeyStore", .form = CONF_KEY_STORE_FORM, .fallback = "",
	    CONF_FIELD(conf_set_key_store, struct conf_key_stores, key_stores),
	    .repeats = true },
	{ .name = "KeyPassphraseFile", .form = "path", .fallback = "",
	    CONF_TEXT(key_passphrase_file) },
	{ .name = "ReportStore", .form = "sqlite:path|postgres:conninfo|none",
	    .fallback = "", CONF_FIELD(conf_set_report_store,
	    struct conf_report_store, report_store) },
	{ .name = "RotateEvery", .fallback = "90d",
	    CONF_SECONDS(rotate_every_s, 3600, YEARS_S) },
	{ .name = "Overlap", .fallback = "14d",
	    CONF_SECONDS(overlap_s, 0, YEARS_S) },
	{ .name = "QueueLifetime", .fallback = "7d",
	    CONF_SECONDS(queue_lifetime_s, 0, YEARS_S) },
	{ .name = "RemoveAfter", .fallback = "30d",
	    CONF_SECONDS(remove_after_s, 0, YEARS_S) },
	{ .name = "RetireAfterReports", .fallback = "no",
	    CONF_BOOL(retire_after_reports) },
	{ .name = "RetireReporters", .fallback = "3",
	    CONF_NUMBER(retire_reporters, 1, 1000) },
	{ .name = "RetireLongest", .fallback = "60d",
	    CONF_SECONDS(retire_longest_s, 0, YEARS_S) },
	{ .name = "RSABits", .fallback = "2048",
	    CONF_NUMBER(rsa_bits, KEYS_RSA_MIN_BITS, KEYS_RSA_MAX_BITS) },
	{ .name = "Selector", .form = "template", .fallback = "%Y%m%a",
	    CONF_TEXT(selector) },
	{ .name = "Publish", .form = "print|nsupdate|hook:program",
	    .fallback = "print", CONF_FIELD(set_publish, char *, publish) },
	{ .name = "UpdateProgram", .form = "program", .fallback = "nsupdate",
	    CONF_TEXT(update_program) },
	{ .name = "UpdateKey", .form = "path", .fallback = "",
	    CONF_TEXT(update_key) },
	{ .name = "UpdateServer", .form = "address[@port]", .fallback = "",
	    CONF_TEXT(update_server) },
	{ .name = "RecordTTL", .fallback = "3600",
	    CONF_NUMBER(record_ttl_s, 1, 7 * DAY_S) },
	{ .name = "Disclose", .form = "directory", .fallback = "",
	    CONF_TEXT(disclose) },
	{ .name = "PidFile", .form = "path", .fallback = "",
	    CONF_TEXT(pid_file) },
	{ .name = "Notify", .form = "program|mailto:address", .fallback = "",
	    CONF_FIELD(set_notify, char *, notify) },
	{ .name = "SendmailProgram", .form = "program",
	    .fallback = "/usr/sbin/sendmail", CONF_TEXT(sendmail_program) },
	{ .name = "AuthoritativePort", .fallback = "53",
	    CONF_NUMBER(port, 1, 65535) },
};

#define ROWS_N	(sizeof(rows) / sizeof(rows[0]))
_Static_assert(ROWS_N <= CONF_OPTIONS_MAX, "conf_reader has room for all");

const struct conf_options policy_options = { rows, ROWS_N };

enum status
policy_parse(struct policy *policy, struct str text, const char *name,
    struct diag *diag)
{
	struct conf_reader reader = { .options = &policy_options,
		.target = policy, .memory = &policy->memory, .diag = diag,
		.file = name };

	*policy = (struct policy){ .rsa_bits = 0 };
	arena_init(&policy->memory, 4 * POLICY_MAX_BYTES);
	return (conf_read(&reader, text));
}

/* must_exist: otherwise a missing file is an empty one. */
static enum status
read_file(const char *path, size_t max_bytes, bool must_exist,
    struct arena *arena, struct str *text_r, struct diag *diag)
{
	*text_r = STR("");
	if (!must_exist && access(path, F_OK) == -1 && errno == ENOENT) {
		return (STATUS_OK);
	}
	return (conf_file_read(path, max_bytes, arena, NULL, text_r, diag));
}

enum status
policy_load(struct policy *policy, const char *path, struct diag *diag)
{
	const char *file = path != NULL ? path : DEFAULT_PATH;
	struct arena arena;
	enum status status;
	struct str text;

	*policy = (struct policy){ .rsa_bits = 0 };
	arena_init(&arena, 2 * POLICY_MAX_BYTES);
	status = read_file(file, POLICY_MAX_BYTES, path != NULL, &arena,
	    &text, diag);
	if (status == STATUS_OK) {
		status = policy_parse(policy, text, file, diag);
	}
	arena_fini(&arena);
	return (status);
}

static enum status
read_daemon_rows(struct policy *policy, const struct conf_options *options,
    const char *path, struct diag *diag)
{
	struct conf_reader reader = { .options = options, .target = policy,
		.memory = &policy->memory, .diag = diag,
		.file = path != NULL ? path : DAEMON_PATH,
		.skips_unknown = true };
	struct arena arena;
	enum status status;
	struct str text;

	arena_init(&arena, 2 * CONF_MAX_BYTES);
	status = read_file(reader.file, CONF_MAX_BYTES, path != NULL, &arena,
	    &text, diag);
	if (status == STATUS_OK) {
		status = conf_read(&reader, text);
	}
	arena_fini(&arena);
	return (status);
}

static enum status
read_daemon_conf(struct policy *policy, const char *path, struct diag *diag)
{
	static const struct conf_options options = { rows, DAEMON_ROWS_N };
	char *passphrase_file = policy->key_passphrase_file;
	enum status status = read_daemon_rows(policy, &options, path, diag);

	if (passphrase_file != NULL) {
		policy->key_passphrase_file = passphrase_file;
	}
	return (status);
}

enum status
policy_report_store(struct policy *policy, const char *daemon_conf,
    const char **where_r, struct diag *diag)
{
	static const struct conf_options options = { &rows[REPORT_ROW], 1 };
	struct conf_report_store *store = &policy->report_store;
	enum status status = STATUS_OK;

	if (!store->given) {
		status = read_daemon_rows(policy, &options, daemon_conf, diag);
	}
	if (!store->given) {
		store->where = CONF_REPORT_STORE_DEFAULT;
	}
	*where_r = store->where;
	return (status);
}

/* Whether the store that is chosen, or else configured here, is a database. */
static bool
may_be_encrypted(const char *chosen, const struct conf_key_stores *stores)
{
	return (strchr(chosen != NULL ? chosen : stores->n == 1 ?
	    stores->v[0] : "", ':') != NULL);
}

enum status
policy_key_store(struct policy *policy, const char *chosen,
    const char *daemon_conf, const char **where_r, struct diag *diag)
{
	struct conf_key_stores *stores = &policy->key_stores, own = *stores;
	enum status status;

	*where_r = chosen;
	if ((chosen == NULL && own.v == NULL) ||
	    (policy->key_passphrase_file == NULL &&
	    may_be_encrypted(chosen, &own))) {
		*stores = (struct conf_key_stores){ .n = 0 };
		status = read_daemon_conf(policy, daemon_conf, diag);
		if (status != STATUS_OK) {
			return (status);
		}
		if (own.v != NULL) {
			*stores = own;
		}
	}
	if (chosen != NULL) {
		return (STATUS_OK);
	}
	if (stores->n > 1) {
		diag_set(diag, NULL, 0, "%zu key stores are configured: "
		    "choose one with --key-store", stores->n);
		return (STATUS_SYNTAX);
	}
	if (stores->v == NULL) {
		*where_r = CONF_KEY_STORE_DEFAULT;
	} else if (stores->n == 1) {
		*where_r = stores->v[0];
	}
	return (STATUS_OK);
}

static bool
is_same_store(const char *a, const char *b)
{
	struct stat sa, sb;

	return (strcmp(a, b) == 0 || (stat(a, &sa) == 0 &&
	    stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	    sa.st_ino == sb.st_ino));
}

bool
policy_daemon_uses(const char *where, const char *daemon_conf,
    const char **path_r)
{
	struct policy daemon = { .rsa_bits = 0 };
	struct diag ignored;
	bool uses;
	size_t i;

	*path_r = daemon_conf != NULL ? daemon_conf : DAEMON_PATH;
	arena_init(&daemon.memory, 4 * POLICY_MAX_BYTES);
	diag_init(&ignored);
	uses = access(*path_r, R_OK) == -1 ||
	    read_daemon_conf(&daemon, daemon_conf, &ignored) != STATUS_OK ||
	    (daemon.key_stores.v == NULL &&
	    is_same_store(where, CONF_KEY_STORE_DEFAULT));
	for (i = 0; i < daemon.key_stores.n && !uses; i++) {
		uses = is_same_store(where, daemon.key_stores.v[i]);
	}
	policy_fini(&daemon);
	return (uses);
}

void
policy_fini(struct policy *policy)
{
	arena_fini(&policy->memory);
}

struct life_times
policy_times(const struct policy *policy)
{
	return ((struct life_times){
		.rotate_every_s = policy->rotate_every_s,
		.retired_s = policy->overlap_s > policy->queue_lifetime_s ?
		    policy->overlap_s : policy->queue_lifetime_s,
		.remove_after_s = policy->remove_after_s,
		.reporters = policy->retire_after_reports ?
		    (int64_t)policy->retire_reporters : 0,
		.retired_longest_s = policy->retire_longest_s });
}
