/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a configuration. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
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
	conf->peer_list = hosts_new();
	conf->trusted_networks = hosts_new();
	conf->mailing_list_hosts = hosts_new();
	conf->trusted_relays = hosts_new();
	conf->domain_rules = names_new();
	conf->trusted_sealers = names_new();
	conf->report_allow = names_new();
	conf->report_deny = names_new();
	if (conf->internal_hosts == NULL || conf->external_ignore == NULL ||
	    conf->trusted_networks == NULL ||
	    conf->peer_list == NULL || conf->mailing_list_hosts == NULL ||
	    conf->trusted_relays == NULL || conf->domain_rules == NULL ||
	    conf->trusted_sealers == NULL || conf->report_allow == NULL ||
	    conf->report_deny == NULL) {
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
	hosts_free(conf->peer_list);
	hosts_free(conf->trusted_networks);
	hosts_free(conf->mailing_list_hosts);
	hosts_free(conf->trusted_relays);
	names_free(conf->domain_rules);
	names_free(conf->trusted_sealers);
	names_free(conf->report_allow);
	names_free(conf->report_deny);
	logins_free(conf->logins);
	arena_fini(&conf->memory);
	free(conf);
}

static enum status
parse_text(struct str text, const char *name,
    const struct conf_check_opts *opts, const struct env *env,
    struct conf **conf_r, struct diag *diag)
{
	struct conf *conf = conf_new();
	struct conf_reader reader = { .options = &conf_daemon_options,
		.target = conf, .diag = diag, .file = name };
	enum status status;

	*conf_r = NULL;
	if (conf == NULL) {
		return (conf_no_memory(&reader));
	}
	reader.memory = &conf->memory;
	status = conf_read(&reader, text);
	if (status == STATUS_OK) {
		status = conf_check(&reader, env, opts);
	}
	if (status != STATUS_OK) {
		conf_release(conf);
		return (status);
	}
	*conf_r = conf;
	return (STATUS_OK);
}

enum status
conf_parse(struct str text, const char *name, const struct env *env,
    struct conf **conf_r, struct diag *diag)
{
	const struct conf_check_opts opts = { .of_host = false };

	return (parse_text(text, name, &opts, env, conf_r, diag));
}

enum status
conf_load(const char *path, const struct env *env, struct conf **conf_r,
    struct diag *diag)
{
	const struct conf_check_opts opts = { .of_host = true };
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
		status = parse_text(text, path != NULL ? path : "defaults",
		    &opts, env, conf_r, diag);
	}
	arena_fini(&arena);
	return (status);
}

enum status
conf_read_file(const char *path, struct buf *out, struct diag *diag)
{
	struct str text = STR("");
	struct arena arena;
	enum status status;

	arena_init(&arena, 2 * CONF_MAX_BYTES);
	status = conf_file_read(path, CONF_MAX_BYTES, &arena, NULL, &text,
	    diag);
	if (status == STATUS_OK && buf_reserve(out, text.n)) {
		buf_add_str(out, text);
	}
	if (text.n > 0) {
		/* It may have a password. */
		explicit_bzero((char *)(uintptr_t)text.p, text.n);
	}
	arena_fini(&arena);
	return (status == STATUS_OK ? out->status : status);
}

enum status
conf_load_text(struct str text, const char *path,
    const struct conf_keys_opts *keys, const struct env *env,
    struct conf **conf_r, struct diag *diag)
{
	const struct conf_check_opts opts = { .of_host = true,
		.without_keys = keys == NULL, .keys_only = keys != NULL,
		.keys = keys };

	return (parse_text(text, path, &opts, env, conf_r, diag));
}

static bool
is_listed(const struct str *names, size_t n, struct str name)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (str_eq_ci(names[i], name)) {
			return (true);
		}
	}
	return (false);
}

/* A line that is left out stays as an empty one, for the numbers of the
   others. Returns their number. */
static unsigned
copy_lines(struct str text, const struct str *without, size_t without_n,
    struct buf *b)
{
	struct str line, name, value;
	unsigned lines;

	for (lines = 0; text.n > 0; lines++) {
		line = str_first(text, str_find(text, '\n'));
		text = str_from_offset(text, line.n + 1);
		conf_line_split(str_trim_wsp(line), &name, &value);
		if (!is_listed(without, without_n, name)) {
			buf_add_str(b, line);
		}
		buf_add_char(b, '\n');
	}
	return (lines);
}

/* "path:9: why", of a line that the file does not have. */
static void
name_command_line(struct diag *diag, const char *path, unsigned lines)
{
	struct diag was = *diag;
	size_t n = strlen(path);
	unsigned long line;
	char *end;

	if (strncmp(was.text, path, n) != 0 || was.text[n] != ':' ||
	    !char_is_digit(was.text[n + 1])) {
		return;
	}
	line = strtoul(was.text + n + 1, &end, 10);
	if (line > lines && *end == ':') {
		diag_init(diag);
		diag_set(diag, CONF_COMMAND_LINE, 0, "%s", end + 2);
	}
}

enum status
conf_load_changed(const char *path, const struct str *without,
    size_t without_n, struct str more, const struct env *env,
    struct conf **conf_r, struct diag *diag)
{
	const struct conf_check_opts opts = { .of_host = false };
	const char *name = path != NULL ? path : CONF_COMMAND_LINE;
	struct str text = STR("");
	enum status status = STATUS_OK;
	struct arena arena;
	unsigned lines;
	struct buf b;

	*conf_r = NULL;
	arena_init(&arena, 2 * CONF_MAX_BYTES);
	buf_init(&b, 2 * CONF_MAX_BYTES);
	if (path != NULL) {
		status = conf_file_read(path, CONF_MAX_BYTES, &arena, NULL,
		    &text, diag);
	}
	lines = copy_lines(text, without, without_n, &b);
	buf_add_str(&b, more);
	if (status == STATUS_OK) {
		status = b.status == STATUS_OK ? parse_text(buf_str(&b), name,
		    &opts, env, conf_r, diag) : b.status;
		name_command_line(diag, name, lines);
	}
	buf_fini(&b);
	arena_fini(&arena);
	return (status);
}
