/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/exec.h"
#include "tools/mta.h"

#define TIMEOUT_S	20

/* The output of a program; absent: it did not work. */
static struct str
run_program(struct arena *arena, char *const argv[])
{
	struct str out;

	return (exec_program(arena, argv, TIMEOUT_S, &out, NULL) == 0 ? out :
	    STR_NONE);
}

bool
mta_word(struct str *rest, struct str *word_r)
{
	struct str s = *rest;
	size_t n;

	while (s.n > 0 && (s.p[0] == ',' || char_is_fws(s.p[0]))) {
		s = str_from_offset(s, 1);
	}
	for (n = 0; n < s.n && s.p[n] != ',' && !char_is_fws(s.p[n]); n++) {
		continue;
	}
	*word_r = str_first(s, n);
	*rest = str_from_offset(s, n);
	return (n > 0);
}

struct str
mta_value(struct str text, const char *name)
{
	struct str line;
	size_t at;

	while (str_next(&text, '\n', &line)) {
		at = str_find(line, '=');
		if (at < line.n && str_eq(str_trim_wsp(str_first(line, at)),
		    str_from(name))) {
			line = str_trim_wsp(str_from_offset(line, at + 1));
			return (line.n > 0 ? line : STR(""));
		}
	}
	return (STR_NONE);
}

static bool
read_main(struct mta *m, struct arena *arena)
{
	static char *const argv[] = { (char *)"postconf", (char *)"-x", NULL };
	struct str text = run_program(arena, argv);

	if (text.p == NULL) {
		return (true);
	}
	m->queue = mta_value(text, "queue_directory");
	/* postconf answers for a folder without Postfix, too. */
	m->found = m->queue.n > 0;
	m->hostname = mta_value(text, "myhostname");
	m->helo = mta_value(text, "smtp_helo_name");
	m->relayhost = mta_value(text, "relayhost");
	m->milters = mta_value(text, "smtpd_milters");
	m->local_milters = mta_value(text, "non_smtpd_milters");
	m->action = mta_value(text, "milter_default_action");
	m->classes = mta_value(text, "internal_mail_filter_classes");
	m->filter = mta_value(text, "content_filter");
	m->overrides = mta_value(text, "receive_override_options");
	m->newline = mta_value(text, "smtpd_forbid_bare_newline");
	m->characters = mta_value(text, "message_reject_characters");
	m->networks = mta_value(text, "mynetworks");
	m->origin = mta_value(text, "myorigin");
	m->domains = arena_printf(arena, "%.*s %.*s %.*s",
	    STR_FMT(mta_value(text, "mydestination")),
	    STR_FMT(mta_value(text, "virtual_mailbox_domains")),
	    STR_FMT(mta_value(text, "virtual_alias_domains")));
	return (m->domains.p != NULL);
}

/* Columns: name, type, private, unprivileged, chroot, wakeup, limit,
   command. */
static void
take_service(struct mta *m, struct str line)
{
	enum { NAME, TYPE, CHROOT = 4, COMMAND = 7, COLUMNS };
	struct str columns[COLUMNS];
	struct mta_service *s;
	size_t i;

	for (i = 0; i < COLUMNS && mta_word(&line, &columns[i]); i++) {
		continue;
	}
	if (i < COLUMNS || m->n == MTA_MAX_SERVICES ||
	    (!str_eq(columns[COMMAND], STR("smtpd")) &&
	    !str_eq(columns[COMMAND], STR("cleanup")))) {
		return;
	}
	s = &m->v[m->n++];
	*s = (struct mta_service){ .name = columns[NAME],
		.type = columns[TYPE], .command = columns[COMMAND],
		.chroot = str_eq(columns[CHROOT], STR("y")) };
}

static void
set_override(struct mta_service *s, struct str name, struct str value)
{
	value = value.n > 0 ? value : STR("");
	if (str_eq(name, STR("smtpd_milters"))) {
		s->milters = value;
	} else if (str_eq(name, STR("content_filter"))) {
		s->filter = value;
	} else if (str_eq(name, STR("receive_override_options"))) {
		s->overrides = value;
	} else if (str_eq(name, STR("smtpd_forbid_bare_newline"))) {
		s->newline = value;
	}
}

/* "submission/inet/smtpd_milters = value"; the name may have slashes. */
static void
take_override(struct mta *m, struct str line)
{
	size_t equals = str_find(line, '='), slash, i;
	struct str left = str_trim_wsp(str_first(line, equals)), value, name;
	struct str type;

	value = str_trim_wsp(str_from_offset(line, equals + 1));
	slash = str_rfind(left, '/');
	name = str_from_offset(left, slash + 1);
	left = str_first(left, slash);
	slash = str_rfind(left, '/');
	type = str_from_offset(left, slash + 1);
	left = str_first(left, slash);
	for (i = 0; i < m->n; i++) {
		if (str_eq(m->v[i].name, left) &&
		    str_eq(m->v[i].type, type)) {
			set_override(&m->v[i], name, value);
		}
	}
}

static void
read_master(struct mta *m, struct arena *arena)
{
	static char *const services[] = { (char *)"postconf", (char *)"-M",
		NULL };
	static char *const overrides[] = { (char *)"postconf", (char *)"-x",
		(char *)"-P", NULL };
	struct str text = run_program(arena, services), line;

	while (str_next(&text, '\n', &line)) {
		take_service(m, line);
	}
	text = run_program(arena, overrides);
	while (str_next(&text, '\n', &line)) {
		take_override(m, line);
	}
}

bool
mta_read(struct mta *m, struct arena *arena)
{
	*m = (struct mta){ .found = false };
	if (!read_main(m, arena)) {
		return (false);
	}
	if (m->found) {
		read_master(m, arena);
	}
	return (true);
}
