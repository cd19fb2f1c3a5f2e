/* SPDX-License-Identifier: BSD-2-Clause */
/* Postfix as postconf(1) shows it, and whether setup may change it. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "postfix/milters.h"
#include "tools/setup.h"

#define ARGS_MAX	48

size_t
setup_postconf(struct setup *s, char *argv[], size_t max, const char *options)
{
	size_t n = 0;

	argv[n++] = arena_cstr(&s->arena, STR("postconf"));
	if (s->args->mta_config != NULL && n + 3 < max) {
		argv[n++] = arena_cstr(&s->arena, STR("-c"));
		argv[n++] = arena_cstr(&s->arena,
		    str_from(s->args->mta_config));
	}
	if (options != NULL) {
		argv[n++] = arena_cstr(&s->arena, str_from(options));
	}
	argv[n] = NULL;
	return (n);
}

static const char *const names[] = {
	"mail_version", "config_directory", "queue_directory", "mail_owner",
	"myhostname", "smtp_helo_name", "relayhost", "inet_interfaces",
	"smtpd_milters", "non_smtpd_milters", "milter_default_action",
	"internal_mail_filter_classes", "content_filter",
	"multi_instance_directories", "smtpd_milter_maps",
	"compatibility_level",
};
#define NAMES_N	(sizeof(names) / sizeof(names[0]))

static bool
ask_parameters(struct setup *s, const char *options, struct str *out)
{
	char *argv[ARGS_MAX];
	struct str err;
	size_t i, n = setup_postconf(s, argv, ARGS_MAX, options);

	for (i = 0; i < NAMES_N; i++) {
		argv[n++] = arena_cstr(&s->arena, str_from(names[i]));
	}
	for (i = 0; i < POSTFIX_GUARDS_N; i++) {
		argv[n++] = arena_cstr(&s->arena, str_from(
		    postfix_guard_name((enum postfix_guard)i)));
	}
	argv[n] = NULL;
	if (setup_exec(s, argv, out, &err) == 0) {
		return (true);
	}
	s->postfix.why = str_trim_fws(err);
	return (false);
}

static void
take_values(struct setup *s, struct str expanded, struct str raw)
{
	struct setup_postfix *p = &s->postfix;
	const char *name;
	size_t i;

	p->version = postfix_value(expanded, "mail_version");
	p->directory = postfix_value(expanded, "config_directory");
	p->queue = postfix_value(expanded, "queue_directory");
	p->owner = postfix_value(expanded, "mail_owner");
	p->hostname = postfix_value(expanded, "myhostname");
	p->helo = postfix_value(expanded, "smtp_helo_name");
	p->relayhost = postfix_value(expanded, "relayhost");
	p->interfaces = postfix_value(expanded, "inet_interfaces");
	p->milters = postfix_value(expanded, "smtpd_milters");
	p->local_milters = postfix_value(expanded, "non_smtpd_milters");
	p->default_action = postfix_value(expanded, "milter_default_action");
	p->classes = postfix_value(expanded, "internal_mail_filter_classes");
	p->content_filter = postfix_value(expanded, "content_filter");
	p->milters_raw = postfix_value(raw, "smtpd_milters");
	p->local_milters_raw = postfix_value(raw, "non_smtpd_milters");
	for (i = 0; i < POSTFIX_GUARDS_N; i++) {
		name = postfix_guard_name((enum postfix_guard)i);
		p->guards[i] = postfix_value(expanded, name);
		p->guards_raw[i] = postfix_value(raw, name);
	}
}

/* A warning of postconf means that the files say something else than they
   seem to; parameters of other programs are no fault. */
static bool
check_warnings(struct setup *s)
{
	struct str out, err, line;
	char *argv[ARGS_MAX];

	(void)setup_postconf(s, argv, ARGS_MAX, "-n");
	if (setup_exec(s, argv, &out, &err) != 0) {
		(void)cli_fail("postconf -n failed: %.*s",
		    STR_FMT(str_trim_fws(err)));
		return (false);
	}
	while (str_next(&err, '\n', &line)) {
		if (line.n > 0 && memmem(line.p, line.n, "unused parameter",
		    16) == NULL) {
			(void)cli_fail("Postfix's configuration is changed by "
			    "setup only if it is understood. postconf says: "
			    "%.*s", STR_FMT(line));
			return (false);
		}
	}
	return (true);
}

static bool
check_file(struct setup *s, const char *name)
{
	struct str path = setup_text(s, "%.*s/%s",
	    STR_FMT(s->postfix.directory), name);
	struct stat st;

	if (lstat(path.p, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_nlink != 1) {
		(void)cli_fail("%s is not a file of its own (a link?): "
		    "something else manages it. Enter the milter there by "
		    "hand, then run setup with --mta none", path.p);
		return (false);
	}
	return (true);
}

/* A file system that is read-only, or a file that is immutable. */
static bool
check_writable(struct setup *s, const char *name)
{
	struct str path = setup_text(s, "%.*s/%s",
	    STR_FMT(s->postfix.directory), name);
	const char *directory = arena_cstr(&s->arena, s->postfix.directory);
	bool ok;
	int fd;

	if (geteuid() != 0) {
		return (true);
	}
	fd = open(path.p, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	ok = fd != -1 && access(directory, W_OK) == 0;
	if (!ok) {
		(void)cli_fail("%s cannot be changed: %s. Enter the milter "
		    "where the file comes from, then run setup with --mta "
		    "none", path.p, strerror(errno));
	}
	if (fd != -1) {
		(void)close(fd);
	}
	return (ok);
}

static bool
check_lists(const struct setup_postfix *p)
{
	size_t i;

	if (!milters_is_plain(p->milters_raw) ||
	    !milters_is_plain(p->local_milters_raw)) {
		(void)cli_fail("smtpd_milters or non_smtpd_milters has an "
		    "expression that setup does not change: %.*s; %.*s",
		    STR_FMT(p->milters_raw), STR_FMT(p->local_milters_raw));
		return (false);
	}
	for (i = 0; i < p->n; i++) {
		if (!milters_is_plain(p->v[i].milters_raw)) {
			(void)cli_fail("%.*s in master.cf has an expression "
			    "in smtpd_milters that setup does not change: "
			    "%.*s", STR_FMT(p->v[i].name),
			    STR_FMT(p->v[i].milters_raw));
			return (false);
		}
	}
	return (true);
}

bool
setup_postfix_judge(struct setup *s)
{
	struct str out, value;

	if (!check_warnings(s) || !check_file(s, "main.cf") ||
	    !check_file(s, "master.cf") || !check_writable(s, "main.cf") ||
	    !check_writable(s, "master.cf") || !check_lists(&s->postfix) ||
	    !ask_parameters(s, "-x", &out)) {
		return (false);
	}
	value = postfix_value(out, "multi_instance_directories");
	if (value.n > 0 && s->args->mta_config == NULL) {
		(void)cli_fail("there are several instances of Postfix "
		    "(%.*s): name one with --mta-config", STR_FMT(value));
		return (false);
	}
	value = postfix_value(out, "smtpd_milter_maps");
	if (value.n > 0) {
		(void)cli_fail("smtpd_milter_maps (%.*s) chooses milters by "
		    "client: enter mailseald there by hand, then run setup "
		    "with --mta none", STR_FMT(value));
		return (false);
	}
	return (true);
}

static bool
ask_master(struct setup *s, const char *options, bool expanded,
    struct str *out)
{
	char *argv[ARGS_MAX];
	struct str err;
	size_t n = setup_postconf(s, argv, ARGS_MAX, options);

	if (expanded) {
		argv[n++] = arena_cstr(&s->arena, STR("-x"));
		argv[n] = NULL;
	}
	if (setup_exec(s, argv, out, &err) == 0) {
		return (true);
	}
	(void)cli_fail("postconf %s failed: %.*s", options,
	    STR_FMT(str_trim_fws(err)));
	return (false);
}

static bool
read_master(struct setup *s, bool chroots)
{
	struct setup_postfix *p = &s->postfix;
	struct str services, expanded, raw;

	if (!ask_master(s, "-M", false, &services) ||
	    !ask_master(s, "-P", true, &expanded) ||
	    !ask_master(s, "-P", false, &raw)) {
		return (false);
	}
	p->n = postfix_read_services(services, chroots, p->v,
	    SETUP_MAX_SERVICES);
	if (p->n > SETUP_MAX_SERVICES) {
		(void)cli_fail("master.cf has %zu services that setup would "
		    "have to look at; it looks at %d", p->n,
		    SETUP_MAX_SERVICES);
		return (false);
	}
	postfix_read_overrides(expanded, true, p->v, p->n);
	postfix_read_overrides(raw, false, p->v, p->n);
	return (true);
}

bool
setup_postfix_read(struct setup *s)
{
	struct str expanded, raw;

	if (!ask_parameters(s, "-x", &expanded) ||
	    !ask_parameters(s, NULL, &raw)) {
		return (true);
	}
	take_values(s, expanded, raw);
	/* postconf answers for a directory without Postfix, too. */
	s->postfix.found = s->postfix.directory.n > 0 &&
	    s->postfix.queue.n > 0;
	return (!s->postfix.found || read_master(s, postfix_chroots(
	    postfix_value(expanded, "compatibility_level"))));
}
