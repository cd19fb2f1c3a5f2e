/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal report read: reads what a report mailbox holds. */
#include "config.h"

#include <sys/stat.h>

#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/escape.h"
#include "mail/domain.h"
#include "tools/report.h"

#define NOTE_BYTES	5000

static void ATTR_PRINTF(2, 3)
add_note(struct report_read *o, const char *fmt, ...)
{
	struct report_notes *notes = &o->notes;
	size_t cap = notes->cap > 0 ? notes->cap * 2 : 16;
	char text[NOTE_BYTES], **v;
	va_list ap;

	if (notes->n == REPORT_NOTES_MAX) {
		notes->more++;
		return;
	}
	if (notes->n == notes->cap) {
		v = realloc(notes->v, cap * sizeof(*v));
		if (v == NULL) {
			notes->more++;
			return;
		}
		notes->v = v;
		notes->cap = cap;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	notes->v[notes->n] = strdup(text);
	notes->n += notes->v[notes->n] != NULL;
}

static void
set_error(struct report_read *o, const char *name, const char *why)
{
	if (o->error == NULL && asprintf(&o->error, "%s: %s", name, why) ==
	    -1) {
		o->error = NULL;
	}
}

/* For the tables; JSON is written at once. */
static void
keep_report(struct report_read *o, struct report *r)
{
	if (o->json || r->kind == REPORT_AGGREGATE ||
	    o->kept_n == REPORT_KEPT_MAX) {
		report_free(r);
		return;
	}
	r->next = o->kept;
	o->kept = r;
	o->kept_n++;
}

static void
count_report(struct report_read *o, const char *name, const struct report *r)
{
	enum status status;

	switch (r->kind) {
	case REPORT_AGGREGATE:
		o->aggregates++;
		/* What is stored is added up at the end. */
		status = o->stored != NULL ? STATUS_OK :
		    sources_add(o->sources, &r->aggregate);
		if (status == STATUS_LIMIT) {
			add_note(o, "%s: too many sources or domains: not all "
			    "of it is in the tables", name);
		} else if (status != STATUS_OK) {
			set_error(o, name, "out of memory");
		}
		break;
	case REPORT_FAILURE:
		o->failures++;
		break;
	case REPORT_TLS:
		o->tls++;
		break;
	}
}

/* A store that fails is not asked again: it has no place for the rest, or each
   call would wait for it. */
static void
fail_store(struct report_read *o, enum status status)
{
	set_error(o, "ReportStore", report_stored_why(o->stored));
	o->failed = status == STATUS_TEMP ? REPORT_EXIT_AWAY : CLI_USAGE;
}

/* Whether the report is in the store already. */
static bool
store_report(struct report_read *o, const char *name, const struct report *r)
{
	bool is_new = true;
	enum status status;

	if (o->stored == NULL || o->failed != 0 ||
	    r->kind != REPORT_AGGREGATE) {
		return (false);
	}
	status = report_stored_add(o->stored, &r->aggregate, &is_new);
	if (status != STATUS_OK) {
		add_note(o, "%s: not stored: %s", name,
		    report_stored_why(o->stored));
		fail_store(o, status);
		return (false);
	}
	return (!is_new);
}

static void
use_report(struct report_read *o, const char *name, struct report *r)
{
	bool again = sources_seen(o->sources, r) || store_report(o, name, r);
	size_t i;

	if (o->json) {
		report_json_report(o, name, r, again);
	}
	for (i = 0; i < r->warnings_n && !o->json; i++) {
		add_note(o, "%s: %s", name, r->warnings[i]);
	}
	if (again) {
		o->duplicates++;
		report_free(r);
		return;
	}
	count_report(o, name, r);
	keep_report(o, r);
}

static void
use_held_reports(struct report_read *o)
{
	struct report *r;
	char *name;

	while ((r = report_held_take(&o->held, &name)) != NULL) {
		use_report(o, name, r);
		free(name);
	}
}

static void
on_report(void *ctx, const char *name, struct report *r)
{
	struct report_read *o = ctx;

	if (o->strict && r->warnings_n > 0) {
		add_note(o, "%s: not used, by --strict: %s", name,
		    r->warnings[0]);
		report_free(r);
		return;
	}
	if (!report_is_wanted(o, r)) {
		o->only_path = false;	/* it was a report */
		o->left_out++;
		report_free(r);
		return;
	}
	if (r->kind == REPORT_AGGREGATE && r->aggregate.damaged &&
	    report_held_add(&o->held, name, r)) {
		return;
	}
	use_report(o, name, r);
}

static void
on_warning(void *ctx, const char *name, const char *text)
{
	add_note(ctx, "%s: %s", name, text);
}

static void
on_none(void *ctx, const char *name, bool named, enum read_failure failure,
    const char *why)
{
	struct report_read *o = ctx;

	o->inputs_bad++;
	if (named && failure != READ_FAILURE_FOREIGN) {
		set_error(o, name, why);
	}
	add_note(o, "%s: %s", name, why);
}

static bool
take_option(void *opts, int id, const char *value)
{
	struct report_read *o = opts;
	bool bad;

	switch (id) {
	case 'j':
		o->json = true;
		break;
	case 0x300:
		o->csv = true;
		break;
	case 0x301:
		o->html_path = value;
		break;
	case 'd':
		o->domain = value;
		break;
	case 's':
		return (report_take_date("--since", value, &o->since_s));
	case 'F':
		o->fail_only = true;
		break;
	case 0x302:
		o->strict = true;
		break;
	case 'q':
		o->quiet = true;
		break;
	case 'r':
		o->resolve = true;
		break;
	case 0x303:
		o->store = true;
		break;
	case 'c':
		o->conf_path = value;
		break;
	default:
		return (cli_dns_option(&o->dns_opts, id, value, &bad) && !bad);
	}
	return (true);
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

/* A terminal, /dev/null, an empty file or pipe: only the store is to be
   shown. */
static bool
is_empty_input(void)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	struct stat null, in;

	if (isatty(STDIN_FILENO) || fstat(STDIN_FILENO, &in) == -1) {
		return (true);
	}
	if (S_ISFIFO(in.st_mode)) {
		return (poll(&fd, 1, -1) == 1 && (fd.revents & POLLIN) == 0);
	}
	return ((S_ISREG(in.st_mode) && in.st_size == 0) ||
	    (S_ISCHR(in.st_mode) && stat("/dev/null", &null) == 0 &&
	    null.st_rdev == in.st_rdev));
}

static size_t
count_found(const struct report_read *o)
{
	return (o->aggregates + o->failures + o->tls);
}

static bool
read_paths(struct report_read *o, int n, char **paths)
{
	const struct read_sink sink = { on_report, on_warning, on_none, o };
	struct reader *reader = reader_new(&o->env, &sink);
	int i;

	if (reader == NULL) {
		(void)cli_fail("out of memory");
		return (false);
	}
	o->only_path = n <= 1 && !(n == 1 && is_folder(paths[0]));
	if (n == 0 && o->stored != NULL && is_empty_input()) {
		o->only_path = false;
	} else if (n == 0) {
		reader_path(reader, "-");
	}
	for (i = 0; i < n; i++) {
		reader_path(reader, paths[i]);
	}
	reader_free(reader);
	use_held_reports(o);
	if (count_found(o) + o->duplicates == 0 && o->only_path &&
	    o->error == NULL) {
		o->error = strdup(o->notes.n > 0 ?
		    o->notes.v[o->notes.n - 1] : "no report");
	}
	return (true);
}

/* All that is stored takes the place of what was read. */
static void
sum_store(struct report_read *o)
{
	enum status status;

	if (o->stored == NULL || o->failed != 0) {
		return;
	}
	status = report_stored_sum(o->stored, o);
	if (status == STATUS_LIMIT) {
		add_note(o, "ReportStore: too many sources or domains: not "
		    "all of it is in the tables");
	} else if (status != STATUS_OK) {
		fail_store(o, status);
	}
}

static bool
judge_sources(struct report_read *o)
{
	struct sources_own own = { .address = NULL };
	struct report_lookup *lookup = NULL;
	enum status status;

	if (o->own != NULL) {
		report_own_get(o->own, &own);
	}
	if (o->resolve) {
		lookup = report_lookup_new(o, &own);
		if (lookup == NULL) {
			return (false);
		}
		report_lookup_own(lookup, &own);
	}
	status = sources_judge(o->sources, &own);
	if (status == STATUS_OK && lookup != NULL) {
		report_lookup_names(lookup);
	}
	report_lookup_free(lookup);
	if (status != STATUS_OK) {
		(void)cli_fail("out of memory");
	}
	return (status == STATUS_OK);
}

static bool
has_fix(const struct report_read *o)
{
	size_t i;

	for (i = 0; i < sources_domains(o->sources); i++) {
		if (sources_domain(o->sources, i)->to_fix > 0) {
			return (true);
		}
	}
	return (false);
}

static bool
write_result(struct report_read *o)
{
	if (o->html_path != NULL && !report_html(o)) {
		return (false);
	}
	if (o->json) {
		return (report_json_end(o));
	}
	if (o->quiet && !has_fix(o)) {
		return (true);
	}
	if (o->csv) {
		return (report_csv(o));
	}
	return (o->html_path != NULL && !o->quiet ? true : report_text(o));
}

/* Where nothing is printed, an error still is. */
static int
exit_status(const struct report_read *o)
{
	struct buf text;

	if (o->error != NULL) {
		buf_init(&text, 8 * NOTE_BYTES);
		escape_text(&text, str_from(o->error), CLI_SHOWN_MAX_BYTES);
		cli_warn("%s", text.p != NULL ? text.p : "");
		buf_fini(&text);
		return (o->failed != 0 ? o->failed : CLI_NO);
	}
	return (o->quiet && has_fix(o) ? REPORT_EXIT_FIX : CLI_YES);
}

static void
fini_read(struct report_read *o)
{
	struct report *next;
	size_t i;

	report_held_fini(&o->held);
	for (; o->kept != NULL; o->kept = next) {
		next = o->kept->next;
		report_free(o->kept);
	}
	for (i = 0; i < o->notes.n; i++) {
		free(o->notes.v[i]);
	}
	for (i = 0; i < o->names_n; i++) {
		free(o->names[i].name);
	}
	free(o->notes.v);
	free(o->error);
	report_stored_free(o->stored);
	report_own_free(o->own);
	sources_free(o->sources);
}

static bool
init_read(struct report_read *o, struct arena *arena)
{
	struct str name;

	if (o->json && o->csv) {
		(void)cli_fail("--json and --csv exclude one another");
		return (false);
	}
	if (o->domain != NULL) {
		if (domain_normalize(arena, str_from(o->domain), &name) !=
		    STATUS_OK) {
			(void)cli_fail("--domain: %s is not a domain",
			    o->domain);
			return (false);
		}
		o->domain = arena_cstr(arena, name);
	}
	o->sources = sources_new();
	if (o->sources == NULL) {
		(void)cli_fail("out of memory");
		return (false);
	}
	if (o->conf_path == NULL &&
	    access(SYSCONFDIR "/mailseald.conf", R_OK) == -1) {
		return (true);
	}
	o->own = report_own_new(o->conf_path, &o->env);
	return (o->own != NULL || o->conf_path == NULL);
}

static bool
open_stored(struct report_read *o)
{
	if (!o->store) {
		return (true);
	}
	if (o->own == NULL) {
		(void)cli_fail("--store: there is no configuration that could "
		    "name a ReportStore");
		return (false);
	}
	o->stored = report_stored_new(report_own_conf(o->own), &o->env);
	return (o->stored != NULL);
}

static int
run_read(struct report_read *o, int n, char **paths)
{
	if (o->json) {
		report_json_begin();
	}
	if (!read_paths(o, n, paths)) {
		return (CLI_USAGE);
	}
	sum_store(o);
	return (judge_sources(o) && write_result(o) ? exit_status(o) :
	    CLI_USAGE);
}

int
report_read_main(const struct cli_command *command, int argc, char **argv)
{
	struct report_read o = { .since_s = REPORT_TIME_NONE };
	int early, result = CLI_USAGE;
	struct arena arena;

	report_held_init(&o.held);
	early = cli_options(command, argc, argv, take_option, &o);
	if (early != CLI_END) {
		return (early);
	}
	env_init_system(&o.env);
	arena_init(&arena, TOOL_ARENA_BYTES);
	if (init_read(&o, &arena) && open_stored(&o)) {
		result = run_read(&o, argc - optind, argv + optind);
	}
	fini_read(&o);
	arena_fini(&arena);
	return (result);
}
