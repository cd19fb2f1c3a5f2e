/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of a rotation. */
#include <sys/types.h>

#include "keys/make.h"
#include "keys/publish.h"
#include "keys/rotate.h"

/* v[i] is left alone for the rest of the run; the others go on. */
static void
fail_key(struct rotation *run, struct rotated *d, size_t i, const char *what,
    const struct diag *diag)
{
	struct keystore_key *key = &d->v[i];
	struct str note = arena_printf(&run->store->arena,
	    "failed to %s: %s", what, diag->text);

	bool news = rotated_is_news(d, i, note);

	if (news || !run->opts->quiet) {
		rotated_say(d, key, "%s failed: %s", what, diag->text);
		(void)cli_fail("%.*s: %.*s: %s: %s", STR_FMT(d->domain),
		    STR_FMT(key->selector), what, diag->text);
	}
	if (news) {
		notice_add(&run->notice, "%.*s: %.*s: failed to %s: %s",
		    STR_FMT(d->domain), STR_FMT(key->selector), what,
		    diag->text);
	}
	d->notes[i] = note.p != NULL ? note : STR_NONE;
	d->stuck[i] = true;
	run->failed = true;
}

static bool
save_key(struct rotation *run, struct rotated *d, size_t i)
{
	return (run->opts->dry_run || store_save(run->store, &d->v[i]));
}

/* Only at removal: while a cache still had the record, anyone could sign. */
static bool
disclose_key(struct rotation *run, struct rotated *d, size_t i)
{
	bool disclosed = false;
	struct diag diag;

	if (run->disclose == NULL || run->opts->dry_run) {
		return (true);
	}
	diag_init(&diag);
	if (!publish_private(run->store, run->disclose, &d->v[i], &disclosed,
	    &diag)) {
		fail_key(run, d, i, "disclose", &diag);
		return (false);
	}
	if (disclosed) {
		rotated_say(d, &d->v[i], "private half disclosed");
	}
	return (true);
}

static bool
signs_alone(const struct rotated *d, size_t i)
{
	size_t j;

	for (j = 0; j < d->n; j++) {
		if (j != i && life_signs(d->v[j].stage)) {
			return (false);
		}
	}
	return (life_signs(d->v[i].stage));
}

/* Until mailseald has noticed, mail of the domain leaves unsigned. */
static const char *
when_noticed(const struct rotation *run, const struct rotated *d, size_t i)
{
	return (run->opts->dry_run || !signs_alone(d, i) ? "" :
	    keystore_is_local(run->store->where) ?
	    " (mailseald signs with it within seconds)" :
	    " (mailseald signs with it within its KeyRefresh)");
}

static bool
enter_stage(struct rotation *run, struct rotated *d, size_t i,
    enum key_stage stage)
{
	struct keystore_key *key = &d->v[i], before = *key;

	if (stage == KEY_REMOVED && !disclose_key(run, d, i)) {
		return (true);
	}
	key->stage = stage;
	key->since_s = run->store->now_s;
	key->seen_s = stage == KEY_PUBLISHED ? key->since_s :
	    stage == KEY_ACTIVE ? key->seen_s : -1;
	key->note = d->notes[i] = STR_NONE;
	if (!save_key(run, d, i)) {
		*key = before;
		return (false);
	}
	run->store->changed |= !run->opts->dry_run &&
	    life_signs(stage) != life_signs(before.stage);
	rotated_say(d, key, "%s -> %s%s", key_stage_name(before.stage),
	    key_stage_name(stage), when_noticed(run, d, i));
	return (true);
}

static bool
note_seen(struct rotation *run, struct rotated *d, size_t i, int64_t seen_s)
{
	struct keystore_key *key = &d->v[i];

	key->seen_s = seen_s;
	if (seen_s == -1) {
		rotated_say(d, key, "record missing: %s", d->found[i].why);
	}
	if (seen_s == -1 && life_signs(key->stage)) {
		/* An old request does not count. */
		key->asked_s = -1;
		notice_add(&run->notice, "%.*s: %.*s signs, but its record "
		    "is not in the DNS any more: %s", STR_FMT(d->domain),
		    STR_FMT(key->selector), d->found[i].why);
	}
	return (save_key(run, d, i));
}

/* The new key is among those of the domain from now on. */
static bool
create_successor(struct rotation *run, struct rotated *d, size_t i)
{
	const struct keystore_key *old = &d->v[i];
	const struct key_name name = { .domain = d->domain };
	struct keystore_key key;

	if (run->opts->dry_run) {
		rotated_say(d, old, "gets a successor");
		d->stuck[i] = true;
		return (true);
	}
	if (!make_key(run->store, &name, old->type, 0, "", &key)) {
		return (false);
	}
	rotated_say(d, &key, "made, pending");
	return (rotated_reload(run, d));
}

/* In the store, whose keys of the domain are locked. */
static bool
apply_step(struct rotation *run, struct rotated *d, size_t i,
    const struct life_step *step)
{
	switch (step->kind) {
	case LIFE_STAGE:
		return (enter_stage(run, d, i, step->stage));
	case LIFE_SEEN:
		return (note_seen(run, d, i, run->store->now_s));
	case LIFE_UNSEEN:
		return (note_seen(run, d, i, -1));
	case LIFE_CREATE:
		return (create_successor(run, d, i));
	case LIFE_ADD:
	case LIFE_REVOKE:
	case LIFE_REMOVE:
		d->v[i].asked_s = run->store->now_s;
		d->v[i].note = d->notes[i] = STR_NONE;
		d->changed[i] = false;
		return (save_key(run, d, i));
	case LIFE_WAIT:
		break;
	}
	return (false);
}

static const char *
task_text(enum publish_what what)
{
	switch (what) {
	case PUBLISH_RECORD:
		return ("publish its record");
	case PUBLISH_REVOKED:
		return ("publish its record with an empty p=");
	case PUBLISH_NOTHING:
		break;
	}
	return ("remove its record");
}

struct str
rotated_task(struct rotation *run, const struct keystore_key *key,
    enum publish_what what)
{
	struct arena *arena = &run->store->arena;
	const char *where = run->opts->store.where;

	if (what == PUBLISH_NOTHING) {
		return (str_from(task_text(what)));
	}
	/* No password may be printed. */
	if (where != NULL && keystore_shown(where) != where) {
		where = NULL;
	}
	return (arena_printf(arena, "%s (dkimkeygen record -d %.*s -s %.*s"
	    "%s%s prints it)", task_text(what), STR_FMT(key->domain),
	    STR_FMT(key->selector), where != NULL ? " -K " : "",
	    where != NULL ? where : ""));
}

/* With the record itself: who is notified may have no store. */
static void
notify_task(struct rotation *run, const struct keystore_key *key,
    struct str owner, enum publish_what what)
{
	struct buf record;

	buf_init(&record, KEYSTORE_STATE_MAX_BYTES);
	if (what == PUBLISH_NOTHING) {
		buf_add_str(&record, owner);
	} else {
		record_zone_line(&record, owner, "TXT", what == PUBLISH_RECORD ?
		    key->record : STR(WANTED_REVOKED));
	}
	notice_add(&run->notice, "%.*s: %.*s is %s: %s:\n%.*s",
	    STR_FMT(key->domain), STR_FMT(key->selector),
	    key_stage_name(key->stage), task_text(what),
	    STR_FMT(str_trim_fws(buf_str(&record))));
	buf_fini(&record);
}

/* For the operator: what to do, and how to get the record. */
static void
say_task(struct rotation *run, struct rotated *d, size_t i,
    enum publish_what what)
{
	const struct keystore_key *key = &d->v[i];
	struct str task = rotated_task(run, key, what);

	rotated_say(d, key, "%s: %.*s", key_stage_name(key->stage),
	    STR_FMT(task));
	notify_task(run, key, d->looks[i].owner, what);
	d->said[i] = true;
}

/* Whether the same was requested already, and had no effect yet. */
static bool
is_repeated(const struct rotation *run, const struct rotated *d, size_t i)
{
	const struct keystore_key *key = &d->v[i];

	return (!d->changed[i] && key->asked_s >= key->since_s &&
	    run->store->now_s - key->asked_s < LIFE_REMIND_S);
}

/* A request that is repeated is not reported. */
static void
say_requested(struct rotation *run, struct rotated *d, size_t i,
    enum publish_what what)
{
	bool did = d->did || !is_repeated(run, d, i);

	rotated_say(d, &d->v[i], "requested: %s", task_text(what));
	d->did = did;
}

/* Before the store notes it; no lock is held, and the keys were compared with
   the store just before. False: it failed. */
static bool
request_publishing(struct rotation *run, struct rotated *d, size_t i,
    enum publish_what what)
{
	struct keystore_key *key = &d->v[i];
	bool asked = false;
	struct diag diag;

	diag_init(&diag);
	if (!run->opts->dry_run && publish(run->store, run->how, key,
	    &d->looks[i], what, &asked, &diag) != STATUS_OK) {
		fail_key(run, d, i, task_text(what), &diag);
		return (false);
	}
	if (asked) {
		say_requested(run, d, i, what);
		/* It may have been done at once. */
		d->looked[i] = false;
	} else {
		say_task(run, d, i, what);
	}
	return (true);
}

/* What the step has published; false: nothing. */
static bool
find_task(const struct life_step *step, enum publish_what *r)
{
	switch (step->kind) {
	case LIFE_ADD:
		*r = PUBLISH_RECORD;
		return (true);
	case LIFE_REVOKE:
		*r = PUBLISH_REVOKED;
		return (true);
	case LIFE_REMOVE:
		*r = PUBLISH_NOTHING;
		return (true);
	case LIFE_WAIT:
	case LIFE_STAGE:
	case LIFE_SEEN:
	case LIFE_UNSEEN:
	case LIFE_CREATE:
		break;
	}
	return (false);
}

/* With the domain locked. */
static bool
apply_locked(struct rotation *run, struct rotated *d, size_t i,
    const struct life_step *step)
{
	bool ok;

	switch (rotated_lock(run, d)) {
	case ROTATED_FAILED:
		return (false);
	case ROTATED_STALE:
		return (rotated_reload(run, d));
	case ROTATED_LOCKED:
		break;
	}
	ok = apply_step(run, d, i, step);
	rotated_unlock(run, d);
	return (ok);
}

/* A key that was revoked after it was listed must not be published. */
bool
rotated_step(struct rotation *run, struct rotated *d, size_t i,
    const struct life_step *step)
{
	enum publish_what what;

	if (!find_task(step, &what)) {
		return (apply_locked(run, d, i, step));
	}
	switch (rotated_lock(run, d)) {
	case ROTATED_FAILED:
		return (false);
	case ROTATED_STALE:
		return (rotated_reload(run, d));
	case ROTATED_LOCKED:
		break;
	}
	rotated_unlock(run, d);
	return (!request_publishing(run, d, i, what) ||
	    apply_locked(run, d, i, step));
}
