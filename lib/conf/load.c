/* SPDX-License-Identifier: BSD-2-Clause */
/* From text to a configuration that is whole, or to the reason why not. */
#include <stdlib.h>

#include "base/escape.h"
#include "conf/table.h"

static struct conf *
conf_new(void)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	if (conf == NULL) {
		return (NULL);
	}
	arena_init(&conf->memory, CONF_MEMORY_MAX_BYTES);
	atomic_init(&conf->references, 1);
	conf->internal_hosts = hosts_new();
	conf->external_ignore = hosts_new();
	conf->trusted_networks = hosts_new();
	conf->mailing_list_hosts = hosts_new();
	conf->trusted_relays = hosts_new();
	conf->domain_rules = names_new();
	conf->trusted_sealers = names_new();
	if (conf->internal_hosts == NULL || conf->external_ignore == NULL ||
	    conf->trusted_networks == NULL ||
	    conf->mailing_list_hosts == NULL ||
	    conf->trusted_relays == NULL || conf->domain_rules == NULL ||
	    conf->trusted_sealers == NULL) {
		conf_release(conf);
		return (NULL);
	}
	return (conf);
}

struct conf *
conf_hold(struct conf *conf)
{
	atomic_fetch_add_explicit(&conf->references, 1, memory_order_relaxed);
	return (conf);
}

void
conf_release(struct conf *conf)
{
	size_t i;

	if (conf == NULL || atomic_fetch_sub_explicit(&conf->references, 1,
	    memory_order_acq_rel) != 1) {
		return;
	}
	for (i = 0; i < conf->keys_n; i++) {
		privkey_free(conf->keys[i].key);
	}
	hosts_free(conf->internal_hosts);
	hosts_free(conf->external_ignore);
	hosts_free(conf->trusted_networks);
	hosts_free(conf->mailing_list_hosts);
	hosts_free(conf->trusted_relays);
	names_free(conf->domain_rules);
	names_free(conf->trusted_sealers);
	arena_fini(&conf->memory);
	free(conf);
}

enum status
conf_line_check(struct conf_reader *r, struct str line)
{
	if (line.n > CONF_LINE_MAX_BYTES) {
		diag_set(r->diag, r->file, r->line,
		    "a line of more than %d bytes", CONF_LINE_MAX_BYTES);
		return (STATUS_LIMIT);
	}
	if (memchr(line.p, '\0', line.n) != NULL) {
		diag_set(r->diag, r->file, r->line, "a NUL byte");
		return (STATUS_SYNTAX);
	}
	return (STATUS_OK);
}

unsigned
conf_reader_line(const struct conf_reader *r, const char *name)
{
	const struct conf_option *o = conf_option_find(str_from(name));

	return (o != NULL ? r->lines[o - conf_options] : 0);
}

static enum status
unknown_option(struct conf_reader *r, struct str name)
{
	struct conf_nearest nearest = { .name = NULL };
	size_t i;

	for (i = 0; i < conf_options_count(); i++) {
		conf_nearest(&nearest, name, conf_options[i].name);
	}
	return (conf_refuse_option(name, &nearest, r->file, r->line,
	    r->diag));
}

static enum status
set_option(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	unsigned *at = &r->lines[o - conf_options];

	if (value.n == 0) {
		diag_set(r->diag, r->file, r->line, "%s: no value; it takes %s",
		    o->name, o->form);
		return (STATUS_SYNTAX);
	}
	if (*at > 0 && !o->repeats) {
		diag_set(r->diag, r->file, r->line,
		    "%s stands on line %u already", o->name, *at);
		return (STATUS_SYNTAX);
	}
	*at = r->line;
	return (o->set(r, o, value));
}

static enum status
read_line(struct conf_reader *r, struct str line)
{
	const struct conf_option *o;
	struct str name;
	enum status status;
	size_t n;

	status = conf_line_check(r, line);
	if (status != STATUS_OK) {
		return (status);
	}
	for (n = 0; n < line.n && !char_is_wsp(line.p[n]); n++) {
		continue;
	}
	name = str_first(line, n);
	o = conf_option_find(name);
	return (o == NULL ? unknown_option(r, name) :
	    set_option(r, o, str_trim_wsp(str_from_offset(line, n))));
}

static enum status
read_defaults(struct conf_reader *r)
{
	enum status status = STATUS_OK;
	size_t i;

	r->line = 0;
	for (i = 0; i < conf_options_count() && status == STATUS_OK; i++) {
		const struct conf_option *o = &conf_options[i];

		if (r->lines[i] == 0 && o->fallback[0] != '\0') {
			status = o->set(r, o, str_from(o->fallback));
		}
	}
	return (status);
}

static enum status
parse(struct str text, const char *name, bool of_host, const struct env *env,
    struct conf **conf_r, struct diag *diag)
{
	struct conf_reader reader = { .conf = conf_new(), .env = env,
		.diag = diag, .file = name, .of_host = of_host };
	struct conf_lines lines = { text, 0 };
	enum status status = STATUS_OK;
	struct str line;

	*conf_r = NULL;
	if (reader.conf == NULL) {
		return (conf_no_memory(&reader));
	}
	while (status == STATUS_OK && conf_lines_next(&lines, &line)) {
		reader.line = lines.line;
		status = read_line(&reader, line);
	}
	if (status == STATUS_OK) {
		status = read_defaults(&reader);
	}
	if (status == STATUS_OK) {
		status = conf_check(&reader);
	}
	if (status != STATUS_OK) {
		conf_release(reader.conf);
		return (status);
	}
	*conf_r = reader.conf;
	return (STATUS_OK);
}

enum status
conf_parse(struct str text, const char *name, const struct env *env,
    struct conf **conf_r, struct diag *diag)
{
	return (parse(text, name, false, env, conf_r, diag));
}

enum status
conf_load(const char *path, const struct env *env, struct conf **conf_r,
    struct diag *diag)
{
	struct str text = STR("");
	enum status status = STATUS_OK;
	struct arena arena;

	*conf_r = NULL;
	arena_init(&arena, 2 * CONF_MAX_BYTES);
	if (path != NULL) {
		status = conf_file_read(path, CONF_MAX_BYTES, &arena, NULL,
		    &text, diag);
	}
	if (status == STATUS_OK) {
		status = parse(text, path != NULL ? path : "defaults", true,
		    env, conf_r, diag);
	}
	arena_fini(&arena);
	return (status);
}
