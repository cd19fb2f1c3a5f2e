/* SPDX-License-Identifier: BSD-2-Clause */
/* How long a process may be silent, in questions of the parent. */
#include "config.h"

#include <sys/types.h>

#include <unistd.h>

#include "milter/parent.h"
#include "test/unit/tap.h"

#define WATCHDOG_US	20000000
#define QUESTIONS	4		/* within the watchdog */
#define LOAD_QUESTIONS	(MANAGER_LOAD_US / (WATCHDOG_US / QUESTIONS))

static struct daemon service;
static struct parent parent;
static unsigned kills;

void
parent_kill(struct parent *unused, struct child *child, const char *why)
{
	(void)unused;
	(void)why;
	kills++;
	child->ended = true;
}

/* A mail process that answers all, most or none of n questions. Returns how
   many there were before it was killed. */
static unsigned
question(unsigned n, unsigned answer_every, bool loads)
{
	struct child *mail = &parent.mail;
	struct control c;
	int pair[2] = { -1, -1 };
	unsigned i;

	(void)control_pair(pair);
	*mail = (struct child){ .which = BOARD_MAIL, .pid = getpid(),
		.control = pair[0] };
	kills = 0;
	parent_alive_init(&parent);
	mail->loading = loads;
	for (i = 0; i < n && kills == 0; i++) {
		parent_alive_ask(&parent);
		if (answer_every != 0 && i % answer_every == 0 &&
		    mail->asked && control_receive(pair[1], &c) ==
		    STATUS_OK && c.kind == CONTROL_PING) {
			parent_alive_heard(mail);
		}
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
	return (i);
}

int
main(void)
{
	env_init_system(&service.env);
	service.manager.watchdog_us = WATCHDOG_US;
	parent.daemon = &service;
	tap_num(question(10000, 1, false), 10000, "one that answers lives");
	tap_num(question(10000, QUESTIONS, false), 10000,
	    "slowly, too");
	tap_num(question(10000, 0, false), QUESTIONS + 1, "one that is silent "
	    "is killed");
	tap_num(question(10000, 0, true), LOAD_QUESTIONS + 1, "one that loads "
	    "may be silent for longer");
	tap_num(question(10000, 1, true), LOAD_QUESTIONS + 1, "but its load "
	    "must end, whatever it answers meanwhile");
	parent.mail.loading = false;
	parent_alive_heard(&parent.mail);
	tap_num((long long)parent.mail.silent, 0, "the load is over: it has "
	    "its time again");
	return (tap_done());
}
