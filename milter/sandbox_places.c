/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of places: the table's, and what the configuration names. It is
 * found in the text of the configuration, so that an option that is added later
 * needs no row unless its file is for one role only.
 */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/table.h"
#include "milter/sandbox_private.h"

#define MEMORY_MAX_BYTES	(4 * 1024 * 1024)
#define DNS_PORT		53
#define POSTGRES_PORT		5432

struct collector {
	struct sandbox_places		*places;
	const struct sandbox_opts	*opts;
	enum status			 status;	/* sticky */
	const struct sandbox_places	*secrets;	/* SANDBOX_MAIL: what it
							   must not have */
};

static void
note_failure(struct collector *c, enum status status)
{
	if (c->status == STATUS_OK) {
		c->status = status;
	}
}

static void
add_port(struct collector *c, uint64_t port)
{
	struct sandbox_places *p = c->places;

	if (port == 0 || port > UINT16_MAX ||
	    sandbox_places_have_port(p, (uint16_t)port)) {
		return;
	}
	if (p->ports_n == SANDBOX_PORTS_MAX) {
		note_failure(c, STATUS_LIMIT);
		return;
	}
	p->ports[p->ports_n++] = (uint16_t)port;
}

static bool
is_beneath(const struct sandbox_place *place, struct str folder)
{
	return (str_starts(str_mem(place->path, place->n), folder) &&
	    (folder.n == 1 || place->n == folder.n ||
	    place->path[folder.n] == '/'));
}

static bool
has_secrets(const struct collector *c, struct str folder)
{
	size_t i;

	for (i = 0; c->secrets != NULL && i < c->secrets->n; i++) {
		if (is_beneath(&c->secrets->v[i], folder)) {
			return (true);
		}
	}
	return (false);
}

/* Of a folder that must be admitted all the same: what is made there has no
   name yet. */
static void
note_exposure(struct collector *c, const struct sandbox_place *place)
{
	struct str path = str_mem(place->path, place->n);

	if ((place->may & SANDBOX_LISTEN) != 0) {
		path = str_first(path, str_rfind(path, '/'));
	}
	if (c->places->exposed == NULL && path.n > 0 && (place->may &
	    (SANDBOX_READ | SANDBOX_WRITE | SANDBOX_LISTEN)) != 0 &&
	    has_secrets(c, path)) {
		c->places->exposed = place->path;
	}
}

static void
append_place(struct collector *c, const char *path, size_t n, unsigned may,
    bool is_replaced)
{
	struct sandbox_places *p = c->places;
	struct sandbox_place *v;

	if (p->n == SANDBOX_PLACES_MAX) {
		note_failure(c, STATUS_LIMIT);
		return;
	}
	v = arena_grow(&p->memory, p->v, p->n, &p->cap, sizeof(*v));
	if (v == NULL) {
		note_failure(c, STATUS_NOMEM);
		return;
	}
	p->v = v;
	p->v[p->n] = (struct sandbox_place){ path, n, may, is_replaced };
	note_exposure(c, &p->v[p->n++]);
}

/* Also where a link leads, which Landlock and the guard would not know. */
static void
add_link(struct collector *c, const char *path, unsigned may, bool is_replaced)
{
	char *real = realpath(path, NULL), *copy;

	if (real != NULL && strcmp(real, path) != 0) {
		copy = arena_cstr(&c->places->memory, str_from(real));
		if (copy == NULL) {
			note_failure(c, STATUS_NOMEM);
		} else {
			append_place(c, copy, strlen(copy), may, is_replaced);
		}
	}
	free(real);
}

/* path: absolute, or relative to the working directory. */
static void
add_place(struct collector *c, struct str path, unsigned may, bool is_replaced)
{
	struct arena *memory = &c->places->memory;
	const char *cwd = c->places->cwd != NULL ? c->places->cwd : "";
	struct str whole;

	while (path.n > 1 && path.p[path.n - 1] == '/') {
		path.n--;
	}
	if (path.n == 0 || may == 0) {
		return;
	}
	whole = path.p[0] == '/' ? arena_printf(memory, "%.*s",
	    STR_FMT(path)) : arena_printf(memory, "%s/%.*s", cwd,
	    STR_FMT(path));
	if (whole.p == NULL) {
		note_failure(c, STATUS_NOMEM);
		return;
	}
	append_place(c, whole.p, whole.n, may, is_replaced);
	add_link(c, whole.p, may, is_replaced);
}

static void
add_folder_of(struct collector *c, struct str path, unsigned may)
{
	size_t slash = str_rfind(path, '/');

	if (slash == path.n) {
		add_place(c, STR("."), may, false);
	} else {
		add_place(c, str_first(path, slash > 0 ? slash : 1), may,
		    false);
	}
}

static bool
is_for(int who, const struct collector *c)
{
	return ((SANDBOX_ROLES(who) & (int)c->opts->role) != 0 &&
	    ((who & SANDBOX_IF_POSTGRES) == 0 || c->places->postgres));
}

static void
add_system(struct collector *c)
{
	const struct sandbox_system_place *row;
	size_t i;

	for (i = 0; i < sandbox_system_places_n; i++) {
		row = &sandbox_system_places[i];
		if (is_for(row->who, c)) {
			add_place(c, str_from(row->path), row->may,
			    row->is_replaced);
		}
	}
}

static bool
is_end_of_path(char c)
{
	return (char_is_wsp(c) || strchr(",\"'?&", c) != NULL);
}

/* What may stand before the slash of a path. */
static bool
is_before_path(struct str s, size_t i)
{
	return (i == 0 || is_end_of_path(s.p[i - 1]) ||
	    strchr(":=@", s.p[i - 1]) != NULL);
}

/* Each path in a value: "/a,/b", "refile:/a", "host=/run/x". */
static void
add_paths(struct collector *c, struct str value, unsigned may)
{
	size_t i, end;

	if (value.n > 0 && value.p[0] == '/') {
		/* It may have a space. */
		add_place(c, value, may, true);
	}
	for (i = 0; i < value.n; i++) {
		if (value.p[i] != '/' || !is_before_path(value, i)) {
			continue;
		}
		for (end = i; end < value.n && !is_end_of_path(value.p[end]);
		    end++) {
			continue;
		}
		add_place(c, str_mem(value.p + i, end - i), may, true);
		i = end;
	}
}

/* The numbers behind "port=", and behind a colon of a URI. */
static void
add_ports(struct collector *c, struct str text)
{
	uint64_t port = 0;
	size_t i, end;

	for (i = 0; i < text.n; i++) {
		if (strchr(":=@", text.p[i]) == NULL) {
			continue;
		}
		for (end = i + 1; end < text.n && char_is_digit(text.p[end]);
		    end++) {
			continue;
		}
		if (str_to_u64(str_mem(text.p + i + 1, end - i - 1), &port)) {
			add_port(c, port);
		}
	}
}

/* Not the whole home directory, which may hold keys. */
static void
add_home(struct collector *c)
{
	static const char *const names[] = { ".pgpass", ".pg_service.conf",
		".postgresql" };
	const char *home = getenv("HOME");
	struct str path;
	size_t i;

	for (i = 0; home != NULL && i < sizeof(names) / sizeof(names[0]);
	    i++) {
		path = arena_printf(&c->places->memory, "%s/%s", home,
		    names[i]);
		if (path.p == NULL) {
			note_failure(c, STATUS_NOMEM);
			return;
		}
		add_place(c, path, SANDBOX_READ, false);
	}
}

/* where: a store as KeyStore and ReportStore have it. */
static void
add_store(struct collector *c, const char *where, unsigned may)
{
	struct str s = str_from(where);
	const char *port = getenv("PGPORT");

	if (str_starts(s, STR("sqlite:"))) {
		add_folder_of(c, str_from_offset(s, 7),
		    SANDBOX_READ | SANDBOX_WRITE);
	} else if (str_starts(s, STR("postgres:"))) {
		c->places->postgres = true;
		add_port(c, POSTGRES_PORT);
		add_ports(c, str_from(port != NULL ? port : ""));
		add_ports(c, s);
		add_paths(c, s, SANDBOX_READ | SANDBOX_CONNECT);
		add_home(c);
	} else if (str_starts(s, STR("directory:"))) {
		add_place(c, str_from_offset(s, 10), may, false);
	} else {
		add_place(c, s, may, false);
	}
}

static enum status
take_folder(void *ctx, struct str folder)
{
	struct collector *c = ctx;

	add_place(c, folder.n > 0 ? folder : STR("/"), SANDBOX_READ, false);
	return (c->status);
}

static void
add_key_stores(struct collector *c)
{
	const struct conf *conf = c->opts->conf;
	size_t i;

	for (i = 0; i < conf->key_stores.n; i++) {
		add_store(c, conf->key_stores.v[i], SANDBOX_READ);
	}
	if (conf->key_table.path != NULL) {
		note_failure(c, sandbox_key_folders(conf->key_table.path,
		    take_folder, c));
	}
}

static void
add_stores(struct collector *c)
{
	const char *reports = c->opts->conf->report_store.where;

	if (c->opts->role == SANDBOX_KEYS) {
		add_key_stores(c);
	} else if (reports != NULL) {
		add_store(c, reports, 0);
	}
}

/* NULL: it has no row. */
static const struct sandbox_option *
find_option(struct str name)
{
	size_t i;

	for (i = 0; i < sandbox_options_n; i++) {
		if (str_eq_ci(name, str_from(sandbox_options[i].name))) {
			return (&sandbox_options[i]);
		}
	}
	return (NULL);
}

static void
add_option(struct collector *c, struct str name, struct str value)
{
	const struct sandbox_option *o = find_option(name);

	if (o == NULL) {
		add_paths(c, value, SANDBOX_READ);
	} else if (is_for(o->who, c)) {
		add_paths(c, value, o->may);
	}
}

static void
add_secret(struct collector *c, struct str name, struct str value)
{
	const struct sandbox_option *o = find_option(name);

	if (o != NULL && (o->who & SANDBOX_SECRET) != 0) {
		add_paths(c, value, SANDBOX_READ);
	}
}

typedef void	take_option(struct collector *, struct str name,
		    struct str value);

static void
add_text(struct collector *c, take_option *take)
{
	struct conf_lines lines = { c->opts->text, 0 };
	struct str line, name, value;

	while (conf_lines_next(&lines, &line)) {
		conf_line_split(line, &name, &value);
		take(c, name, value);
	}
}

static void
add_nameservers(struct collector *c)
{
	const struct conf_strings *v = &c->opts->conf->nameservers;
	size_t i;

	add_port(c, DNS_PORT);
	for (i = 0; i < v->n; i++) {
		add_ports(c, v->v[i]);
	}
}

static void
find_cwd(struct collector *c)
{
	char path[PATH_MAX];

	if (getcwd(path, sizeof(path)) == NULL || path[1] == '\0') {
		return;
	}
	c->places->cwd = arena_cstr(&c->places->memory, str_from(path));
	if (c->places->cwd == NULL) {
		note_failure(c, STATUS_NOMEM);
	}
}

static void
add_temporary(struct collector *c, const char *variable)
{
	const char *path = getenv(variable);

	if (path != NULL && c->opts->role == SANDBOX_MAIL) {
		add_place(c, str_from(path), SANDBOX_READ | SANDBOX_WRITE,
		    false);
	}
}

static void
collect_places(struct collector *c)
{
	find_cwd(c);
	if (c->places->cwd != NULL) {
		add_place(c, str_from(c->places->cwd), SANDBOX_READ, false);
	}
	add_stores(c);
	if (c->opts->role == SANDBOX_MAIL) {
		add_nameservers(c);
	}
	add_system(c);
	add_temporary(c, "TMPDIR");
	add_temporary(c, "SQLITE_TMPDIR");
	add_text(c, add_option);
}

/* What the keys process alone may have, as far as the configuration says: the
   keys that a KeyTable names are not known here, as it may hold keys itself. */
static void
collect_secrets(struct collector *c)
{
	const struct conf_key_stores *stores = &c->opts->conf->key_stores;
	struct str where;
	size_t i;

	find_cwd(c);
	for (i = 0; i < stores->n; i++) {
		where = str_from(stores->v[i]);
		if (str_starts(where, STR("sqlite:"))) {
			where = str_from_offset(where, 7);
		}
		if (!str_starts(where, STR("postgres:"))) {
			add_place(c, where, SANDBOX_READ, false);
		}
	}
	add_text(c, add_secret);
}

enum status
sandbox_places_init(struct sandbox_places *places,
    const struct sandbox_opts *opts, struct diag *diag)
{
	struct sandbox_places secrets = { .n = 0 };
	struct collector c = { places, opts, STATUS_OK, NULL };
	struct collector s = { &secrets, opts, STATUS_OK, NULL };

	*places = (struct sandbox_places){ .n = 0 };
	arena_init(&places->memory, MEMORY_MAX_BYTES);
	arena_init(&secrets.memory, MEMORY_MAX_BYTES);
	if (opts->role == SANDBOX_MAIL) {
		collect_secrets(&s);
		c.secrets = &secrets;
		c.status = s.status;
	}
	collect_places(&c);
	sandbox_places_fini(&secrets);
	if (c.status != STATUS_OK) {
		diag_set(diag, NULL, 0, "sandbox: %s", status_text(c.status));
	}
	return (c.status);
}

void
sandbox_places_fini(struct sandbox_places *places)
{
	arena_fini(&places->memory);
	*places = (struct sandbox_places){ .n = 0 };
}
