/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other two processes are asked to answer at short intervals; one that does
 * not is killed, and started again as any other that died.
 *
 * Silence is counted in questions, not by the clock: if the parent, or the
 * whole machine, was stopped for a while, nobody is to blame. A process that
 * loads, or starts, may be silent for as long as a load may take, and until it
 * says that the load is over nothing else counts as an answer: one that was
 * taken over could keep keys in service that were withdrawn.
 */
#include "config.h"

#include "milter/parent.h"

#define QUESTIONS	4	/* within the time of silence */
#define SILENT_US	60000000	/* without a watchdog */
/* With a shorter watchdog: not to kill a process on a loaded machine. */
#define SILENT_MIN_US	5000000

static uint64_t
every_us(const struct parent *parent)
{
	uint64_t us = parent->daemon->manager.watchdog_us;

	us = us == 0 ? SILENT_US : us < SILENT_MIN_US ? SILENT_MIN_US : us;
	return (us / QUESTIONS);
}

void
parent_alive_init(struct parent *parent)
{
	timer_set(&parent->alive, every_us(parent),
	    env_mono_us(&parent->daemon->env));
	parent->mail.loading = parent->keys.loading = false;
}

void
parent_alive_heard(struct child *child)
{
	child->asked = false;
	if (!child->loading) {
		child->silent = 0;
	}
}

static uint64_t
allowed_questions(const struct parent *parent, const struct child *child)
{
	return (child->loading ? MANAGER_LOAD_US / parent->alive.every_us :
	    QUESTIONS);
}

static void
ask_child(struct parent *parent, struct child *child)
{
	const struct control ping = { .kind = CONTROL_PING };

	if (child->pid == 0) {
		return;
	}
	if (child->silent++ == allowed_questions(parent, child)) {
		parent_kill(parent, child, "does not answer");
		child->silent = QUESTIONS + 1;
	} else if (!child->asked && !child->ended) {
		/* Its queue may be full: then it is asked the next time. */
		child->asked = control_send(child->control, &ping);
	}
}

void
parent_alive_ask(struct parent *parent)
{
	ask_child(parent, &parent->mail);
	ask_child(parent, &parent->keys);
}

bool
parent_is_alive(const struct parent *parent)
{
	const struct child *children[] = { &parent->mail, &parent->keys };
	size_t i;

	for (i = 0; i < 2; i++) {
		/* One that was killed, and is there still. */
		if (children[i]->pid != 0 && children[i]->silent >
		    allowed_questions(parent, children[i]) + QUESTIONS) {
			return (false);
		}
	}
	return (true);
}
