/* SPDX-License-Identifier: BSD-2-Clause */
/* The listeners of master.cf, by postconf -M and -P. */
#include "tools/setup.h"

#define ARGS_MAX	16

/* The next word of a line. */
static struct str
next_word(struct str *rest)
{
	struct str word;

	*rest = str_trim_wsp(*rest);
	word = str_first(*rest, str_find(*rest, ' '));
	word = str_first(word, str_find(word, '\t'));
	*rest = str_from_offset(*rest, word.n);
	return (word);
}

/* Columns: name, type, private, unprivileged, chroot, wakeup, limit,
   command. */
static void
take_service(struct setup_postfix *p, struct str line)
{
	struct setup_service service = { .milters = STR_NONE };
	struct str chroot;

	service.name = next_word(&line);
	service.type = next_word(&line);
	(void)next_word(&line);
	(void)next_word(&line);
	chroot = next_word(&line);
	service.chroot = str_eq(chroot, STR("y"));
	(void)next_word(&line);
	(void)next_word(&line);
	service.command = next_word(&line);
	if ((str_eq(service.command, STR("smtpd")) ||
	    str_eq(service.command, STR("postscreen"))) &&
	    p->n < SETUP_MAX_SERVICES) {
		p->v[p->n++] = service;
	}
}

static struct setup_service *
find_service(struct setup_postfix *p, struct str name, struct str type)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (str_eq(p->v[i].name, name) &&
		    str_eq(p->v[i].type, type)) {
			return (&p->v[i]);
		}
	}
	return (NULL);
}

static bool
has_word(struct str list, struct str word)
{
	struct str one;
	size_t n;

	while (list.n > 0) {
		for (n = 0; n < list.n && list.p[n] != ',' &&
		    !char_is_wsp(list.p[n]); n++) {
			continue;
		}
		one = str_first(list, n);
		list = str_from_offset(list, n + 1);
		if (str_eq(one, word)) {
			return (true);
		}
	}
	return (false);
}

/* "submission/inet/smtpd_milters = value"; the name may have slashes. */
static void
take_override(struct setup_postfix *p, struct str line)
{
	size_t equals = str_find(line, '='), slash, type;
	struct str left = str_trim_wsp(str_first(line, equals)), value, name;
	struct setup_service *service;

	value = str_trim_wsp(str_from_offset(line, equals + 1));
	slash = str_rfind(left, '/');
	name = str_from_offset(left, slash + 1);
	left = str_first(left, slash);
	type = str_rfind(left, '/');
	service = find_service(p, str_first(left, type),
	    str_from_offset(left, type + 1));
	if (service == NULL) {
		return;
	}
	if (str_eq(name, STR("smtpd_milters"))) {
		service->milters = value.p != NULL ? value : STR("");
	} else if (str_eq(name, STR("receive_override_options"))) {
		service->no_milters = has_word(value, STR("no_milters"));
	} else if (str_eq(name, STR("smtpd_tls_wrappermode"))) {
		service->wrapped = str_eq(value, STR("yes"));
	}
}

static bool
ask_master(struct setup *s, const char *options, struct str *out)
{
	char *argv[ARGS_MAX];
	struct str err;

	(void)setup_postconf(s, argv, ARGS_MAX, options);
	if (setup_exec(s, argv, out, &err) == 0) {
		return (true);
	}
	(void)cli_fail("postconf %s failed: %.*s", options,
	    STR_FMT(str_trim_fws(err)));
	return (false);
}

bool
setup_master_read(struct setup *s)
{
	struct str services, overrides, line;

	if (!ask_master(s, "-M", &services) ||
	    !ask_master(s, "-P", &overrides)) {
		return (false);
	}
	while (str_next(&services, '\n', &line)) {
		take_service(&s->postfix, line);
	}
	while (str_next(&overrides, '\n', &line)) {
		take_override(&s->postfix, line);
	}
	return (true);
}
