/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys of one domain during a rotation, and what is printed about them. */
#include <sys/types.h>

#include <stdarg.h>
#include <stdio.h>

#include "keys/rotate.h"

#define HOUR_S		3600

/* What stays when the keys are read again: a key that failed, and what was
   known before the run. */
static void
keep_known(struct rotated *d, size_t i, const struct rotated *before)
{
	size_t j;

	for (j = 0; j < before->n; j++) {
		if (!str_eq(before->v[j].selector, d->v[i].selector)) {
			continue;
		}
		d->first_notes[i] = before->first_notes[j];
		d->said[i] = before->said[j];
		if (before->stuck[j]) {
			d->stuck[i] = true;
			d->notes[i] = before->notes[j];
		}
	}
}

/* Notes of what was requested begin with how. */
#define NOTE_BY_HAND	"by hand: "
#define NOTE_REQUESTED	"requested by "

/* Whether the note says that it was requested in another way than now. */
static bool
is_of_other(const struct rotation *run, struct str note)
{
	struct str how = str_from(run->how);

	if (str_starts(note, STR(NOTE_BY_HAND))) {
		return (!run->by_hand);
	}
	if (!str_starts(note, STR(NOTE_REQUESTED))) {
		return (false);
	}
	note = str_from_offset(note, strlen(NOTE_REQUESTED));
	return (!str_starts(note, how) ||
	    !str_starts(str_from_offset(note, how.n), STR(": ")));
}

static bool
set_keys(struct rotation *run, struct rotated *d, struct keystore_key *v,
    size_t n)
{
	struct arena *arena = &run->store->arena;
	const struct rotated before = *d;
	size_t i;

	d->found = arena_calloc(arena, n, sizeof(*d->found));
	d->looks = arena_calloc(arena, n, sizeof(*d->looks));
	d->notes = arena_calloc(arena, n, sizeof(*d->notes));
	d->looked = arena_calloc(arena, n, sizeof(*d->looked));
	d->stuck = arena_calloc(arena, n, sizeof(*d->stuck));
	d->first_notes = arena_calloc(arena, n, sizeof(*d->first_notes));
	d->changed = arena_calloc(arena, n, sizeof(*d->changed));
	d->said = arena_calloc(arena, n, sizeof(*d->said));
	d->n = 0;
	if (d->found == NULL || d->looks == NULL || d->notes == NULL ||
	    d->looked == NULL || d->stuck == NULL ||
	    d->first_notes == NULL || d->changed == NULL ||
	    d->said == NULL) {
		(void)cli_fail("out of memory");
		return (false);
	}
	d->v = v;
	d->n = n;
	d->reporters = NULL;
	for (i = 0; i < n; i++) {
		d->notes[i] = d->first_notes[i] = v[i].note;
		d->changed[i] = is_of_other(run, v[i].note);
		keep_known(d, i, &before);
	}
	return (true);
}

bool
rotated_init(struct rotation *run, struct rotated *d, struct keystore_key *v,
    size_t n)
{
	*d = (struct rotated){ .domain = v[0].domain,
		.reminds = run->store->now_s / HOUR_S % 24 ==
		    v[0].created_s / HOUR_S % 24 };
	buf_init(&d->text, KEYS_TEXT_MAX_BYTES);
	d->steps = json_array();
	d->waits = json_array();
	return (set_keys(run, d, v, n));
}

bool
rotated_reload(struct rotation *run, struct rotated *d)
{
	struct keystore_key *v;
	size_t n;

	return (store_list(run->store, &run->store->arena, d->domain, &v,
	    &n) && set_keys(run, d, v, n));
}

void
rotated_fini(struct rotated *d)
{
	buf_fini(&d->text);
	json_decref(d->steps);
	json_decref(d->waits);
}

/* Whether the store still has the keys as they were read. */
static bool
is_current(const struct rotated *d, const struct keystore_key *v, size_t n)
{
	size_t i;

	for (i = 0; i < n && n == d->n; i++) {
		const struct keystore_key *key = &d->v[i];

		if (!str_eq(v[i].selector, key->selector) ||
		    v[i].stage != key->stage || v[i].since_s != key->since_s ||
		    v[i].seen_s != key->seen_s ||
		    v[i].asked_s != key->asked_s) {
			return (false);
		}
	}
	return (n == d->n);
}

enum rotated_lock
rotated_lock(struct rotation *run, struct rotated *d)
{
	struct store *store = run->store;
	struct keystore_key *v;
	bool listed;
	size_t n;

	if (run->opts->dry_run) {
		return (ROTATED_LOCKED);
	}
	if (!store_lock(store, d->domain)) {
		return (ROTATED_FAILED);
	}
	listed = store_list(store, &store->arena, d->domain, &v, &n);
	if (listed && is_current(d, v, n)) {
		return (ROTATED_LOCKED);
	}
	store_unlock(store, d->domain);
	return (listed ? ROTATED_STALE : ROTATED_FAILED);
}

void
rotated_unlock(struct rotation *run, struct rotated *d)
{
	if (!run->opts->dry_run) {
		store_unlock(run->store, d->domain);
	}
}

static void
add_line(struct rotated *d, const struct keystore_key *key, const char *text)
{
	buf_printf(&d->text, "%s%.*s %s", d->text.n > 0 ? "; " : "",
	    STR_FMT(key->selector), text);
}

bool
rotated_is_news(const struct rotated *d, size_t i, struct str note)
{
	return (d->reminds || !str_eq(d->first_notes[i], note));
}

void
rotated_say(struct rotated *d, const struct keystore_key *key,
    const char *fmt, ...)
{
	char line[DIAG_MAX_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	add_line(d, key, line);
	d->did = true;
	(void)json_array_append_new(d->steps, json_pack("{s:o, s:s, s:o}",
	    "selector", cli_json_text(key->selector),
	    "stage", key_stage_name(key->stage),
	    "did", cli_json_cstr(line)));
}

/* What has to be published for a key that waits for it. */
static enum publish_what
wanted_record(const struct rotation *run, const struct rotated *d, size_t i)
{
	const struct life life = store_life(run->store, d->v, d->n);

	if (d->v[i].stage != KEY_REVOKED) {
		return (PUBLISH_RECORD);
	}
	return (life.now_s >= life_due(&life, i) ? PUBLISH_NOTHING :
	    PUBLISH_REVOKED);
}

/* Why v[i] waits, without the times. */
static struct str
wait_reason(struct rotation *run, const struct rotated *d, size_t i,
    const struct life_step *step)
{
	const char *why = step->until_s == -1 && d->looked[i] ?
	    d->found[i].why : NULL;

	return (arena_printf(&run->store->arena, "%s%s%s%s", step->text,
	    why != NULL ? " (" : "", why != NULL ? why : "",
	    why != NULL ? ")" : ""));
}

/* While no server answers, nobody knows whether there is anything to do. */
static bool
is_unanswered(const struct rotated *d, size_t i)
{
	const struct look *look = &d->looks[i];
	size_t j;

	for (j = 0; j < look->n; j++) {
		if (look->v[j].state != LOOK_SILENT) {
			return (false);
		}
	}
	return (d->looked[i]);
}

/* With what a person has to do, if a person does it. */
static struct str
add_task(struct rotation *run, const struct rotated *d, size_t i,
    const struct life_step *step, struct str reason)
{
	struct str task;

	if (!step->requested || !run->by_hand || is_unanswered(d, i)) {
		return (reason);
	}
	task = rotated_task(run, &d->v[i], wanted_record(run, d, i));
	return (arena_printf(&run->store->arena, "%.*s: %.*s",
	    STR_FMT(reason), STR_FMT(task)));
}

/* The note is without a time that follows from the stage: it changes with the
   reason only. */
static struct str
wait_note(struct rotation *run, const struct keystore_key *key,
    const struct life_step *step, struct str reason)
{
	struct arena *arena = &run->store->arena;

	if (step->requested && run->by_hand) {
		return (arena_printf(arena, NOTE_BY_HAND "%.*s",
		    STR_FMT(reason)));
	}
	if (step->requested) {
		return (arena_printf(arena, NOTE_REQUESTED "%s: %.*s",
		    run->how, STR_FMT(reason)));
	}
	if (step->until_s == -1) {
		return (reason);
	}
	return (key->stage != KEY_PUBLISHED ? STR_NONE :
	    arena_printf(arena, "%s, until %s", step->text,
	    store_until(run->store, step->until_s).p));
}

static void
add_wait(struct rotation *run, struct rotated *d,
    const struct keystore_key *key, const struct life_step *step,
    struct str reason)
{
	if (!run->opts->json) {
		return;
	}
	(void)json_array_append_new(d->waits, json_pack(
	    "{s:o, s:s, s:o, s:o}",
	    "selector", cli_json_text(key->selector),
	    "stage", key_stage_name(key->stage),
	    "for", cli_json_text(reason),
	    "until", step->until_s != -1 ? json_integer(step->until_s) :
		json_null()));
}

/* The operator must act: reported when that begins or changes, and daily. */
static void
report_stuck(struct rotation *run, struct rotated *d, size_t i,
    struct str line)
{
	if (rotated_is_news(d, i, d->notes[i])) {
		d->did = true;
		notice_add(&run->notice, "%.*s: %.*s %.*s",
		    STR_FMT(d->domain), STR_FMT(d->v[i].selector),
		    STR_FMT(line));
	}
}

void
rotated_say_wait(struct rotation *run, struct rotated *d, size_t i,
    const struct life_step *step)
{
	struct store *store = run->store;
	const struct keystore_key *key = &d->v[i];
	struct str cause = wait_reason(run, d, i, step), reason, line, shown;

	reason = add_task(run, d, i, step, cause);
	shown = d->said[i] ? cause : reason;
	line = step->until_s == -1 ? arena_printf(&store->arena,
	    "is %s, waits: %.*s", key_stage_name(key->stage),
	    STR_FMT(shown)) : arena_printf(&store->arena,
	    "is %s until %s: %.*s", key_stage_name(key->stage),
	    store_until(store, step->until_s).p, STR_FMT(shown));
	if (reason.p == NULL || line.p == NULL) {
		run->failed = true;
		return;
	}
	d->notes[i] = wait_note(run, key, step, reason);
	add_line(d, key, line.p);
	if (step->stuck) {
		report_stuck(run, d, i, line);
	}
	add_wait(run, d, key, step, reason);
}

void
rotated_save_notes(struct rotation *run, struct rotated *d)
{
	size_t i;

	for (i = 0; i < d->n && str_eq(d->v[i].note, d->notes[i]); i++) {
		continue;
	}
	if (i == d->n || run->opts->dry_run) {
		return;
	}
	switch (rotated_lock(run, d)) {
	case ROTATED_FAILED:
		run->failed = true;
		return;
	case ROTATED_STALE:
		return;			/* the note may not be true any more */
	case ROTATED_LOCKED:
		break;
	}
	for (; i < d->n; i++) {
		if (!str_eq(d->v[i].note, d->notes[i])) {
			d->v[i].note = d->notes[i];
			run->failed |= !store_save(run->store, &d->v[i]);
		}
	}
	rotated_unlock(run, d);
}

void
rotated_print(struct rotation *run, struct rotated *d)
{
	if (run->opts->quiet && !run->opts->json && !d->did) {
		return;
	}
	cli_progress_hide(&run->progress);
	if (!run->opts->json) {
		(void)printf("%.*s: %s%s\n", STR_FMT(d->domain),
		    run->opts->dry_run ? "(dry run) " : "",
		    d->text.n > 0 ? d->text.p : "nothing to do");
		return;
	}
	(void)json_array_append_new(run->domains, json_pack("{s:o, s:O, s:O}",
	    "domain", cli_json_text(d->domain), "did", d->steps,
	    "waits", d->waits));
}
