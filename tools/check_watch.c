/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "keystore/files.h"
#include "tools/check_watch.h"

#define WATCH_ARENA_BYTES	((size_t)64 * 1024 * 1024)
#define KEY_BYTES		600

static const struct subject {	/* the records behind a change finding */
	const char	*name;		/* of ids, before the dot */
	const char	*id;
} subjects[] = {
	{ "mx", "change.mx" }, { "ptr", "change.ptr" },
	{ "spf", "change.spf" }, { "dkim", "change.dkim" },
	{ "dmarc", "change.dmarc" }, { "mtasts", "change.mtasts" },
	{ "tlsrpt", "change.tlsrpt" }, { "bimi", "change.bimi" }
};

/* The subject of "mx 10 mail.example": the part before the first dot or space
   of an id, or of a record's key. */
static struct str
subject_name(const char *text)
{
	struct str s = str_from(text);
	size_t dot = str_find(s, '.'), space = str_find(s, ' ');

	return (str_first(s, dot < space ? dot : space));
}

static const char *
record_subject(const struct check_record *r)
{
	struct str owner = r->owner;
	size_t at = str_find(owner, '.');
	struct str rest = str_from_offset(owner, at + 1);

	if (strcmp(r->type, "MX") == 0) {
		return ("mx");
	}
	if (strcmp(r->type, "PTR") == 0) {
		return ("ptr");
	}
	if (str_starts(owner, STR("_dmarc."))) {
		return ("dmarc");
	}
	if (str_starts(owner, STR("_mta-sts."))) {
		return ("mtasts");
	}
	if (str_starts(owner, STR("_smtp._tls."))) {
		return ("tlsrpt");
	}
	if (str_starts(owner, STR("default._bimi."))) {
		return ("bimi");
	}
	return (str_starts(rest, STR("_domainkey.")) ? "dkim" : "spf");
}

/* "dkim s._domainkey.example.org": the key of a record in the state. */
static void
record_key(const struct check_record *r, char key[KEY_BYTES])
{
	(void)snprintf(key, KEY_BYTES, "%s %.*s", record_subject(r),
	    STR_FMT(r->owner));
}

static bool
is_unknown(const struct check_shown *shown, struct str subject)
{
	const struct check_report *r = shown->report;
	size_t i;

	for (i = 0; i < r->n; i++) {
		if ((r->findings[i].severity == CHECK_UNKNOWN &&
		    str_eq(subject_name(r->findings[i].check), subject)) ||
		    strcmp(r->findings[i].check, "domain.missing") == 0) {
			return (true);
		}
	}
	return (false);
}

static json_t *
get_object(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return (json_is_object(value) ? value : NULL);
}

/* The values of each record key, sorted: {"mx example.org": ["10 a.", ...]} */
static json_t *
make_records(const struct check_report *report)
{
	json_t *records = json_object(), *list;
	char key[KEY_BYTES];
	size_t i, at;

	for (i = 0; i < report->records_n; i++) {
		const struct check_record *r = &report->records[i];
		json_t *value = cli_json_text(r->value);

		record_key(r, key);
		list = json_object_get(records, key);
		if (list == NULL) {
			(void)json_object_set_new(records, key, json_array());
			list = json_object_get(records, key);
		}
		for (at = 0; at < json_array_size(list) && strcmp(
		    json_string_value(json_array_get(list, at)),
		    json_string_value(value)) < 0; at++) {
			continue;
		}
		(void)json_array_insert_new(list, at, value);
	}
	return (records);
}

static struct str
copy_text(struct check_watch *w, const char *text)
{
	return (arena_dup(&w->arena, str_from(text)));
}

/* Quotes the values of a record before or after. */
static void
quote_values(struct check_watch *w, struct check_finding *f, const char *when,
    json_t *list)
{
	struct str text = arena_printf(&w->arena, "%s", when);
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		text = arena_printf(&w->arena, "%.*s%s%s", STR_FMT(text),
		    i > 0 ? " | " : "", json_string_value(json_array_get(list,
		    i)));
	}
	if (json_array_size(list) == 0) {
		text = arena_printf(&w->arena, "%snothing", when);
	}
	if (text.p != NULL && f->found_n < CHECK_MAX_FOUND) {
		f->found[f->found_n++] = str_first(text,
		    CHECK_QUOTE_MAX_BYTES);
	}
}

/* False: no memory. */
static bool
add_change(struct check_watch *w, struct check_shown *shown, const char *key,
    json_t *before, json_t *now)
{
	struct check_finding *f;
	struct str owner;
	size_t i;

	for (i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		if (str_eq(subject_name(key), str_from(subjects[i].name))) {
			break;
		}
	}
	if (i == sizeof(subjects) / sizeof(subjects[0])) {
		return (true);
	}
	f = arena_alloc(&w->arena, sizeof(*f));
	owner = copy_text(w, key + strcspn(key, " ") + (strchr(key, ' ') !=
	    NULL));
	if (f == NULL || owner.p == NULL) {
		return (false);
	}
	*f = (struct check_finding){ .check = subjects[i].id,
		.severity = CHECK_WARN, .subject = owner,
		.text = arena_printf(&w->arena, "the records of %.*s have "
		    "changed since the last run", STR_FMT(owner)) };
	quote_values(w, f, "before: ", before);
	quote_values(w, f, "now: ", now);
	if (f->text.p == NULL) {
		return (false);
	}
	check_show(w->args, shown, f);
	return (true);
}

/* Compares the records; what is unknown now is kept as it was. */
static bool
compare_records(struct check_watch *w, struct check_shown *shown,
    json_t *before, json_t *now)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(before, next, key, value) {
		if (is_unknown(shown, subject_name(key))) {
			(void)json_object_set(now, key, value);
		} else if (json_equal(value, json_object_get(now, key)) == 0 &&
		    !add_change(w, shown, key, value, json_object_get(now,
		    key))) {
			return (false);
		}
	}
	json_object_foreach(now, key, value) {
		if (json_object_get(before, key) == NULL &&
		    !add_change(w, shown, key, NULL, value)) {
			return (false);
		}
	}
	return (true);
}

static void
finding_key(const struct check_finding *f, char key[KEY_BYTES])
{
	(void)snprintf(key, KEY_BYTES, "%s %.*s", f->check,
	    STR_FMT(str_first(f->subject, 400)));
}

/* Sets key in a set; octets that are not UTF-8 are left out. */
static void
add_key(json_t *set, const char *key)
{
	json_t *clean = cli_json_cstr(key);

	if (json_is_string(clean)) {
		(void)json_object_set_new(set, json_string_value(clean),
		    json_true());
	}
	json_decref(clean);
}

static bool
has_key(json_t *set, const char *key)
{
	json_t *clean = cli_json_cstr(key);
	bool has = json_is_string(clean) &&
	    json_object_get(set, json_string_value(clean)) != NULL;

	json_decref(clean);
	return (has);
}

/*
 * Whether the finding is news; notes in told and unknown what the next run
 * needs.
 */
static bool
judge_news(const struct check_finding *f, json_t *before, json_t *told,
    json_t *unknown)
{
	json_t *was_told = get_object(before, "told");
	char key[KEY_BYTES];
	bool lasts;

	finding_key(f, key);
	switch (f->severity) {
	case CHECK_ERROR:
	case CHECK_WARN:
		if (strncmp(f->check, "change.", 7) == 0) {
			return (true);
		}
		break;
	case CHECK_UNKNOWN:
		lasts = has_key(get_object(before, "unknown"), key);
		add_key(unknown, key);
		if (!lasts) {
			return (false);
		}
		break;
	case CHECK_INFO:
	case CHECK_GOOD:
		return (false);
	}
	add_key(told, key);
	return (!has_key(was_told, key));
}

/* What was told of a subject that is unknown now stays told. */
static void
keep_told(const struct check_shown *shown, json_t *before, json_t *told)
{
	json_t *was_told = get_object(before, "told"), *value;
	const char *key;

	json_object_foreach(was_told, key, value) {
		if (is_unknown(shown, subject_name(key))) {
			(void)json_object_set(told, key, value);
		}
	}
}

/* Leaves those findings that are news, or all of them. */
static void
select_news(struct check_shown *shown, json_t *before, json_t *told,
    json_t *unknown, bool news_only)
{
	size_t i, n = shown->n;

	if (news_only) {
		memset(shown->counts, 0, sizeof(shown->counts));
		shown->unknown = 0;
		shown->n = 0;
	}
	for (i = 0; i < n; i++) {
		const struct check_finding *f = shown->v[i];
		bool news = judge_news(f, before, told, unknown);

		if (news_only && news) {
			shown->v[shown->n++] = f;
			shown->counts[f->severity]++;
			shown->unknown += f->severity == CHECK_UNKNOWN;
		}
	}
	keep_told(shown, before, told);
}

bool
check_watch_report(struct check_watch *w, const struct check_args *args,
    struct check_shown *shown)
{
	json_t *before, *state, *records, *told = json_object();
	json_t *unknown = json_object();
	char domain[256];
	bool ok = true;

	(void)snprintf(domain, sizeof(domain), "%.*s",
	    STR_FMT(shown->report->domain));
	w->args = args;
	before = get_object(w->before, domain);
	records = make_records(shown->report);
	if (before != NULL) {
		ok = compare_records(w, shown, get_object(before, "records"),
		    records);
	}
	select_news(shown, before, told, unknown, args->notify);
	state = json_pack("{s:o, s:o, s:o}", "records", records, "told", told,
	    "unknown", unknown);
	return (json_object_set_new(w->now, domain, state) == 0 && ok);
}

/* False: printed why. */
static bool
read_state(struct check_watch *w)
{
	int fd = open(w->path, O_RDONLY | O_CLOEXEC);
	enum status status;
	struct diag diag;
	struct buf text;

	if (fd == -1 && errno == ENOENT) {
		w->before = json_object();
		return (w->before != NULL);
	}
	if (fd == -1) {
		(void)cli_fail("%s: %s", w->path, strerror(errno));
		return (false);
	}
	diag_init(&diag);
	buf_init(&text, CHECK_SAVED_MAX_BYTES);
	status = file_read(fd, w->path, &text, &diag);
	(void)close(fd);
	if (status == STATUS_OK) {
		w->before = json_loadb(text.p != NULL ? text.p : "", text.n, 0,
		    NULL);
	}
	buf_fini(&text);
	if (!json_is_object(w->before)) {
		(void)cli_fail("%s", status != STATUS_OK ? diag.text :
		    "the file of --save is not one that mailseal check wrote");
		return (false);
	}
	return (true);
}

bool
check_watch_open(struct check_watch *w, const char *path)
{
	*w = (struct check_watch){ .path = path };
	arena_init(&w->arena, WATCH_ARENA_BYTES);
	w->now = json_object();
	return (w->now != NULL && read_state(w));
}

void
check_watch_close(struct check_watch *w)
{
	json_decref(w->before);
	json_decref(w->now);
	arena_fini(&w->arena);
}

/* Domains that were not checked this time stay as they were. */
static char *
dump_state(struct check_watch *w)
{
	if (json_object_update_missing(w->now, w->before) != 0) {
		return (NULL);
	}
	return (json_dumps(w->now, JSON_INDENT(1) | JSON_SORT_KEYS));
}

bool
check_watch_save(struct check_watch *w)
{
	const struct files_owner owner = { (uid_t)-1, (gid_t)-1 };
	char *text = dump_state(w);
	char *folder = strdup(w->path), *name = strdup(w->path);
	enum status status = STATUS_NOMEM;
	struct diag diag;
	int fd = -1;

	diag_init(&diag);
	if (text != NULL && folder != NULL && name != NULL) {
		fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd == -1) {
			diag_set(&diag, w->path, 0, "%s", strerror(errno));
			status = STATUS_IO;
		} else {
			status = files_replace(fd, basename(name), w->path,
			    str_from(text), 0644, &owner, &diag);
			(void)close(fd);
		}
	}
	free(text);
	free(folder);
	free(name);
	if (status != STATUS_OK) {
		(void)cli_fail("%s", diag.text[0] != '\0' ? diag.text :
		    status_text(status));
	}
	return (status == STATUS_OK);
}
