/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys of one domain during a rotation, and what is printed about them. */
#include <sys/types.h>

#include <stdarg.h>
#include <stdio.h>

#include "keys/rotate.h"

/* A key that failed stays so when the keys are read again. */
static void
keep_stuck(struct rotated *d, size_t i, const struct rotated *before)
{
	size_t j;

	for (j = 0; j < before->n; j++) {
		if (before->stuck[j] && str_eq(before->v[j].selector,
		    d->v[i].selector)) {
			d->stuck[i] = true;
			d->notes[i] = before->notes[j];
		}
	}
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
	d->n = 0;
	if (d->found == NULL || d->looks == NULL || d->notes == NULL ||
	    d->looked == NULL || d->stuck == NULL) {
		(void)cli_fail("out of memory");
		return (false);
	}
	d->v = v;
	d->n = n;
	for (i = 0; i < n; i++) {
		d->notes[i] = v[i].note;
		keep_stuck(d, i, &before);
	}
	return (true);
}

bool
rotated_init(struct rotation *run, struct rotated *d, struct keystore_key *v,
    size_t n)
{
	*d = (struct rotated){ .domain = v[0].domain };
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
	(void)json_array_append_new(d->steps, json_pack("{s:o, s:s, s:o}",
	    "selector", cli_json_text(key->selector),
	    "stage", key_stage_name(key->stage),
	    "did", cli_json_cstr(line)));
}

/* The note is without a time that follows from the stage: it changes with the
   reason only. */
static struct str
wait_note(struct store *store, const struct keystore_key *key,
    const struct life_step *step, struct str reason)
{
	if (step->until_s == -1) {
		return (reason);
	}
	return (key->stage != KEY_PUBLISHED ? STR_NONE :
	    arena_printf(&store->arena, "%s, until %s", step->text,
	    store_time(store, step->until_s).p));
}

void
rotated_say_wait(struct rotation *run, struct rotated *d, size_t i,
    const struct life_step *step)
{
	struct store *store = run->store;
	const struct keystore_key *key = &d->v[i];
	const char *why = step->until_s == -1 && d->looked[i] ?
	    d->found[i].why : NULL;
	struct str reason, line;

	reason = arena_printf(&store->arena, "%s%s%s%s", step->text,
	    why != NULL ? " (" : "", why != NULL ? why : "",
	    why != NULL ? ")" : "");
	line = step->until_s == -1 ? arena_printf(&store->arena,
	    "is %s, waits: %.*s", key_stage_name(key->stage),
	    STR_FMT(reason)) : arena_printf(&store->arena,
	    "is %s until %s: %.*s", key_stage_name(key->stage),
	    store_time(store, step->until_s).p, STR_FMT(reason));
	if (reason.p == NULL || line.p == NULL) {
		run->failed = true;
		return;
	}
	d->notes[i] = wait_note(store, key, step, reason);
	add_line(d, key, line.p);
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
