/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include <errno.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/escape.h"
#include "conf/table.h"
#include "keys/keys.h"
#include "keys/policy.h"

#define DEFAULT_PATH	SYSCONFDIR "/dkimkeygen.conf"
#define DAY_S		(24 * 60 * 60)
#define YEARS_S		(10LL * 365 * DAY_S)
#define SHOWN_MAX_BYTES	80

enum kind { TEXT, SECONDS, NUMBER, PUBLISH };

static const struct policy_option {
	const char	*name;
	const char	*form;
	const char	*fallback;
	enum kind	 kind;
	size_t		 offset;
	uint64_t	 min, max;	/* SECONDS and NUMBER */
} options[] = {
#define AT(field)	offsetof(struct policy, field)
	{ "KeyStore", "a directory, sqlite:PATH or postgres:CONNINFO",
	    LOCALSTATEDIR "/lib/mailseal/keys", TEXT, AT(key_store), 0, 0 },
	{ "RotateEvery", "a time", "90d", SECONDS, AT(rotate_every_s), 3600,
	    YEARS_S },
	{ "Overlap", "a time", "14d", SECONDS, AT(overlap_s), 0, YEARS_S },
	{ "QueueLifetime", "a time", "7d", SECONDS, AT(queue_lifetime_s), 0,
	    YEARS_S },
	{ "RemoveAfter", "a time", "30d", SECONDS, AT(remove_after_s), 0,
	    YEARS_S },
	{ "RSABits", "a number", "2048", NUMBER, AT(rsa_bits),
	    KEYS_RSA_MIN_BITS, KEYS_RSA_MAX_BITS },
	{ "Selector", "a template", "%Y%m%a", TEXT, AT(selector), 0, 0 },
	{ "Publish", "print, nsupdate or hook:PROGRAM", "print", PUBLISH,
	    AT(publish), 0, 0 },
	{ "UpdateProgram", "a program", "nsupdate", TEXT, AT(update_program),
	    0, 0 },
	{ "UpdateKey", "a file", "", TEXT, AT(update_key), 0, 0 },
	{ "UpdateServer", "an address, or address@port", "", TEXT,
	    AT(update_server), 0, 0 },
	{ "RecordTTL", "a number", "3600", NUMBER, AT(record_ttl_s), 1,
	    7 * DAY_S },
	{ "Disclose", "a directory", "", TEXT, AT(disclose), 0, 0 },
	{ "PidFile", "a file", "", TEXT, AT(pid_file), 0, 0 },
	{ "AuthoritativePort", "a number", "53", NUMBER, AT(port), 1, 65535 },
#undef AT
};

#define OPTIONS_N	(sizeof(options) / sizeof(options[0]))

struct reader {
	struct policy	*policy;
	const char	*file;
	unsigned	 line;
	unsigned	 lines[OPTIONS_N];	/* where each stands; 0: nowhere */
	struct diag	*diag;
};

bool
policy_is_publish(struct str value)
{
	return (str_eq(value, STR("print")) || str_eq(value, STR("nsupdate")) ||
	    (str_starts(value, STR("hook:/")) && value.n > strlen("hook:/")));
}

static enum status
refuse(struct reader *r, const char *what, struct str value, const char *why)
{
	struct buf shown;

	buf_init(&shown, DIAG_MAX_BYTES);
	escape_text(&shown, value, SHOWN_MAX_BYTES);
	diag_set(r->diag, r->file, r->line, "%s\"%s\" %s", what,
	    shown.p != NULL ? shown.p : "", why);
	buf_fini(&shown);
	return (STATUS_SYNTAX);
}

static enum status
refuse_form(struct reader *r, const struct policy_option *o, struct str value)
{
	char what[64], why[128];

	(void)snprintf(what, sizeof(what), "%s: ", o->name);
	if (o->max > 0) {
		(void)snprintf(why, sizeof(why), "is not %s from %ju to %ju",
		    o->form, (uintmax_t)o->min, (uintmax_t)o->max);
	} else {
		(void)snprintf(why, sizeof(why), "is not %s", o->form);
	}
	return (refuse(r, what, value, why));
}

static enum status
set(struct reader *r, const struct policy_option *o, struct str value)
{
	void *field = (char *)r->policy + o->offset;
	uint64_t n = 0;

	if ((o->kind == SECONDS && !conf_time_parse(value, &n)) ||
	    (o->kind == NUMBER && !str_to_u64(value, &n)) ||
	    (o->kind == PUBLISH && !policy_is_publish(value)) ||
	    (o->max > 0 && (n < o->min || n > o->max)) || value.n == 0) {
		return (refuse_form(r, o, value));
	}
	switch (o->kind) {
	case SECONDS:
		*(int64_t *)field = (int64_t)n;
		return (STATUS_OK);
	case NUMBER:
		*(unsigned *)field = (unsigned)n;
		return (STATUS_OK);
	case TEXT:
	case PUBLISH:
		break;
	}
	*(char **)field = arena_cstr(&r->policy->memory, value);
	return (*(char **)field != NULL ? STATUS_OK : STATUS_NOMEM);
}

static enum status
read_line(struct reader *r, struct str line)
{
	struct conf_nearest nearest = { .name = NULL };
	struct str name, value;
	size_t i, n;

	for (n = 0; n < line.n && !char_is_wsp(line.p[n]); n++) {
		continue;
	}
	name = str_first(line, n);
	value = str_trim_wsp(str_from_offset(line, n));
	for (i = 0; i < OPTIONS_N; i++) {
		if (str_eq_ci(name, str_from(options[i].name))) {
			break;
		}
		conf_nearest(&nearest, name, options[i].name);
	}
	if (memchr(line.p, '\0', line.n) != NULL || i == OPTIONS_N) {
		return (conf_refuse_option(name, &nearest, r->file, r->line,
		    r->diag));
	}
	if (r->lines[i] != 0) {
		return (refuse(r, "", name, "stands there for the second "
		    "time"));
	}
	r->lines[i] = r->line;
	return (set(r, &options[i], value));
}

enum status
policy_parse(struct policy *policy, struct str text, const char *name,
    struct diag *diag)
{
	struct reader r = { .policy = policy, .file = name, .diag = diag };
	struct conf_lines lines = { text, 0 };
	enum status status = STATUS_OK;
	struct str line;
	size_t i;

	*policy = (struct policy){ .key_store = NULL };
	arena_init(&policy->memory, 4 * POLICY_MAX_BYTES);
	while (status == STATUS_OK && conf_lines_next(&lines, &line)) {
		r.line = lines.line;
		status = read_line(&r, line);
	}
	r.line = 0;
	for (i = 0; i < OPTIONS_N && status == STATUS_OK; i++) {
		if (r.lines[i] == 0 && options[i].fallback[0] != '\0') {
			status = set(&r, &options[i],
			    str_from(options[i].fallback));
		}
	}
	if (status == STATUS_NOMEM) {
		diag_set(diag, name, 0, "%s", status_text(status));
	}
	return (status);
}

enum status
policy_load(struct policy *policy, const char *path, struct diag *diag)
{
	const char *file = path != NULL ? path : DEFAULT_PATH;
	struct str text = STR("");
	enum status status = STATUS_OK;
	struct arena arena;

	*policy = (struct policy){ .key_store = NULL };
	arena_init(&arena, 2 * POLICY_MAX_BYTES);
	if (path != NULL || access(file, F_OK) == 0 || errno != ENOENT) {
		status = conf_file_read(file, POLICY_MAX_BYTES, &arena, NULL,
		    &text, diag);
	}
	if (status == STATUS_OK) {
		status = policy_parse(policy, text, file, diag);
	}
	arena_fini(&arena);
	return (status);
}

void
policy_fini(struct policy *policy)
{
	arena_fini(&policy->memory);
}

int64_t
policy_retired_s(const struct policy *policy)
{
	return (policy->overlap_s > policy->queue_lifetime_s ?
	    policy->overlap_s : policy->queue_lifetime_s);
}

size_t
policy_options_count(void)
{
	return (OPTIONS_N);
}

struct policy_info
policy_options_get(size_t i)
{
	return ((struct policy_info){ options[i].name, options[i].fallback });
}
