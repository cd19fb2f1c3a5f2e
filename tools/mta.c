/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/exec.h"
#include "tools/mta.h"

#define TIMEOUT_S	20

/* The output of postconf; absent: it did not work. */
static struct str
run_postconf(struct arena *arena, const char *a, const char *b)
{
	char *argv[] = { (char *)"postconf", arena_cstr(arena, str_from(a)),
		b != NULL ? arena_cstr(arena, str_from(b)) : NULL, NULL };
	struct str out;

	return (exec_program(arena, argv, TIMEOUT_S, &out, NULL) == 0 ? out :
	    STR_NONE);
}

static void
take_values(struct mta *m, struct str text)
{
	size_t i;

	m->queue = postfix_value(text, "queue_directory");
	/* postconf answers for a folder without Postfix, too. */
	m->found = m->queue.n > 0;
	m->version = postfix_value(text, "mail_version");
	m->hostname = postfix_value(text, "myhostname");
	m->helo = postfix_value(text, "smtp_helo_name");
	m->relayhost = postfix_value(text, "relayhost");
	m->milters = postfix_value(text, "smtpd_milters");
	m->local_milters = postfix_value(text, "non_smtpd_milters");
	m->action = postfix_value(text, "milter_default_action");
	m->classes = postfix_value(text, "internal_mail_filter_classes");
	m->filter = postfix_value(text, "content_filter");
	m->overrides = postfix_value(text, "receive_override_options");
	for (i = 0; i < POSTFIX_GUARDS_N; i++) {
		m->guards[i] = postfix_value(text, postfix_guard_name(
		    (enum postfix_guard)i));
	}
	m->excluded = postfix_value(text,
	    "smtpd_forbid_bare_newline_exclusions");
	m->networks = postfix_value(text, "mynetworks");
	m->origin = postfix_value(text, "myorigin");
}

static void
read_master(struct mta *m, struct arena *arena, bool chroots)
{
	size_t n = postfix_read_services(run_postconf(arena, "-M", NULL),
	    chroots, m->v, MTA_MAX_SERVICES);

	m->n = n < MTA_MAX_SERVICES ? n : MTA_MAX_SERVICES;
	postfix_read_overrides(run_postconf(arena, "-P", "-x"), true, m->v,
	    m->n);
}

bool
mta_read(struct mta *m, struct arena *arena)
{
	struct str text = run_postconf(arena, "-x", NULL);

	*m = (struct mta){ .found = false };
	if (text.p == NULL) {
		return (true);
	}
	take_values(m, text);
	m->domains = arena_printf(arena, "%.*s %.*s %.*s",
	    STR_FMT(postfix_value(text, "mydestination")),
	    STR_FMT(postfix_value(text, "virtual_mailbox_domains")),
	    STR_FMT(postfix_value(text, "virtual_alias_domains")));
	if (m->found) {
		read_master(m, arena, postfix_chroots(postfix_value(text,
		    "compatibility_level")));
	}
	return (m->domains.p != NULL);
}
