/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of a rotation. */
#include <sys/types.h>

#include "keys/make.h"
#include "keys/publish.h"
#include "keys/rotate.h"

static bool
fail(struct rotation *run, struct rotated *d, size_t i, const char *what,
    const struct diag *diag)
{
	rotated_tell(d, &d->v[i], "%s failed: %s", what, diag->text);
	(void)cli_fail("%.*s: %.*s: %s: %s", STR_FMT(d->domain),
	    STR_FMT(d->v[i].selector), what, diag->text);
	rotated_note(run, &d->v[i], arena_printf(&run->store->arena,
	    "failed to %s: %s", what, diag->text));
	run->failed = true;
	d->stuck[i] = true;
	return (true);
}

static bool
save(struct rotation *run, const struct keystore_key *key)
{
	if (run->opts->dry_run || store_save(run->store, key)) {
		return (true);
	}
	run->failed = true;
	return (false);
}

/* Only now: as long as a cache still had the record, anyone could sign. */
static bool
disclose(struct rotation *run, struct rotated *d, size_t i)
{
	struct diag diag;

	if (run->disclose == NULL || run->opts->dry_run ||
	    !store_has_private(run->store, &d->v[i])) {
		return (true);
	}
	diag_init(&diag);
	if (!publish_private(run->store, run->disclose, &d->v[i], &diag)) {
		return (fail(run, d, i, "disclose", &diag));
	}
	rotated_tell(d, &d->v[i], "private half disclosed");
	return (true);
}

static bool
enter(struct rotation *run, struct rotated *d, size_t i, enum key_stage stage)
{
	struct keystore_key *key = &d->v[i], before = *key;

	if (stage == KEY_REMOVED && !disclose(run, d, i)) {
		return (false);
	}
	key->stage = stage;
	key->since_s = run->store->now_s;
	key->seen_s = stage == KEY_PUBLISHED ? key->since_s :
	    stage == KEY_ACTIVE ? key->seen_s : -1;
	key->note = STR_NONE;
	if (!save(run, key)) {
		*key = before;
		return (false);
	}
	run->store->changed |= !run->opts->dry_run &&
	    (stage == KEY_ACTIVE || before.stage == KEY_ACTIVE);
	rotated_tell(d, key, "%s -> %s", key_stage_name(before.stage),
	    key_stage_name(stage));
	return (true);
}

static bool
see(struct rotation *run, struct rotated *d, size_t i, int64_t seen_s)
{
	struct keystore_key *key = &d->v[i];

	key->seen_s = seen_s;
	if (seen_s == -1) {
		rotated_tell(d, key, "record lost: %s", d->found[i].why);
	}
	return (save(run, key));
}

static const char *
task(enum publish_what what)
{
	switch (what) {
	case PUBLISH_RECORD:
		return ("publish its record");
	case PUBLISH_REVOKED:
		return ("publish its record with an empty p=");
	case PUBLISH_NOTHING:
		break;
	}
	return ("take its record out");
}

/* The operator is to do it: as he would find out what exactly. */
static void
tell_task(struct rotation *run, struct rotated *d,
    const struct keystore_key *key, enum publish_what what)
{
	const char *where = run->opts->store.where;

	/* No password must get out. */
	if (where != NULL && keystore_shown(where) != where) {
		where = NULL;
	}
	if (what == PUBLISH_NOTHING) {
		rotated_tell(d, key, "%s: %s", key_stage_name(key->stage),
		    task(what));
		return;
	}
	rotated_tell(d, key, "%s: %s (dkimkeygen record -d %.*s -s %.*s%s%s "
	    "prints it)", key_stage_name(key->stage), task(what),
	    STR_FMT(key->domain), STR_FMT(key->selector),
	    where != NULL ? " -K " : "", where != NULL ? where : "");
}

/* What was asked for may be there at once. */
static bool
ask_for(struct rotation *run, struct rotated *d, size_t i,
    enum publish_what what)
{
	struct keystore_key *key = &d->v[i];
	bool asked = false;
	struct diag diag;

	diag_init(&diag);
	if (!run->opts->dry_run && publish(run->store, run->how, key,
	    &d->looks[i], what, &asked, &diag) != STATUS_OK) {
		return (fail(run, d, i, task(what), &diag));
	}
	if (asked) {
		rotated_tell(d, key, "asked to %s", task(what));
	} else {
		tell_task(run, d, key, what);
	}
	key->asked_s = run->store->now_s;
	key->note = STR_NONE;
	d->looked[i] = !asked;
	return (save(run, key));
}

/* The new key is among those of the domain from now on. */
static bool
create(struct rotation *run, struct rotated *d, size_t i)
{
	const struct keystore_key *old = &d->v[i];
	const struct make m = { arena_cstr(&run->store->arena, d->domain),
		NULL, old->type, 0, "" };
	struct keystore_key key;

	if (run->opts->dry_run) {
		rotated_tell(d, old, "gets a successor");
		d->stuck[i] = true;
		return (true);
	}
	if (m.domain == NULL || !make_key(run->store, &m, &key)) {
		run->failed = true;
		return (false);
	}
	rotated_tell(d, &key, "made, pending");
	return (rotated_load(run, d));
}

bool
rotated_step(struct rotation *run, struct rotated *d, size_t i,
    const struct step *step)
{
	switch (step->kind) {
	case STEP_STAGE:
		return (enter(run, d, i, step->stage));
	case STEP_SEEN:
		return (see(run, d, i, run->store->now_s));
	case STEP_UNSEEN:
		return (see(run, d, i, -1));
	case STEP_ADD:
		return (ask_for(run, d, i, PUBLISH_RECORD));
	case STEP_REVOKE:
		return (ask_for(run, d, i, PUBLISH_REVOKED));
	case STEP_REMOVE:
		return (ask_for(run, d, i, PUBLISH_NOTHING));
	case STEP_CREATE:
		return (create(run, d, i));
	case STEP_WAIT:
		break;
	}
	return (false);
}
