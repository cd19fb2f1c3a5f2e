/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys of one domain during a rotation, and what is said of them. */
#include <sys/types.h>

#include <stdarg.h>
#include <stdio.h>

#include "keys/rotate.h"

#define TEXT_MAX_BYTES	(1024 * 1024)

/* A run that was cut short may have left the private half of a removed key. */
static bool
finish_removal(struct rotation *run, const struct keystore_key *key)
{
	return (key->stage != KEY_REMOVED || run->opts->dry_run ||
	    !store_has_private(run->store, key) ||
	    store_save(run->store, key));
}

bool
rotated_load(struct rotation *run, struct rotated *d)
{
	struct arena *arena = &run->store->arena;
	size_t i;

	if (d->steps == NULL) {
		buf_init(&d->text, TEXT_MAX_BYTES);
		d->steps = json_array();
		d->waits = json_array();
	}
	if (!store_list(run->store, d->domain, &d->v, &d->n)) {
		return (false);
	}
	if (d->n == 0) {
		/* Else what is wrong has been said. */
		if (run->store->broken == NULL) {
			(void)cli_fail("%s: no key of %.*s", run->store->name,
			    STR_FMT(d->domain));
		}
		return (false);
	}
	d->found = arena_calloc(arena, d->n, sizeof(*d->found));
	d->looks = arena_calloc(arena, d->n, sizeof(*d->looks));
	d->looked = arena_calloc(arena, d->n, sizeof(*d->looked));
	d->stuck = arena_calloc(arena, d->n, sizeof(*d->stuck));
	if (d->found == NULL || d->looks == NULL || d->looked == NULL ||
	    d->stuck == NULL) {
		(void)cli_fail("out of memory");
		return (false);
	}
	for (i = 0; i < d->n; i++) {
		/* Nobody is to publish what nothing will sign with. */
		d->stuck[i] = d->v[i].lost && d->v[i].stage < KEY_ACTIVE;
		if (!finish_removal(run, &d->v[i])) {
			return (false);
		}
	}
	return (true);
}

void
rotated_fini(struct rotated *d)
{
	buf_fini(&d->text);
	json_decref(d->steps);
	json_decref(d->waits);
}

static void
add_line(struct rotated *d, const struct keystore_key *key, const char *text)
{
	buf_printf(&d->text, "%s%.*s %s", d->text.n > 0 ? "; " : "",
	    STR_FMT(key->selector), text);
}

void
rotated_tell(struct rotated *d, const struct keystore_key *key,
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

void
rotated_note(struct rotation *run, struct keystore_key *key, struct str note)
{
	if (str_eq(key->note, note) || run->opts->dry_run) {
		return;
	}
	key->note = note;
	if (!store_save(run->store, key)) {
		run->failed = true;
	}
}

void
rotated_tell_wait(struct rotation *run, struct rotated *d, size_t i,
    const struct step *step)
{
	struct store *store = run->store;
	struct keystore_key *key = &d->v[i];
	const char *why = step->until_s == -1 && d->looked[i] ?
	    d->found[i].why : NULL;
	struct str note, line, kept = STR("");

	note = arena_printf(&store->arena, "%s%s%s%s", step->text,
	    why != NULL ? " (" : "", why != NULL ? why : "",
	    why != NULL ? ")" : "");
	line = step->until_s == -1 ? arena_printf(&store->arena,
	    "is %s, waits: %s", key_stage_name(key->stage), note.p) :
	    arena_printf(&store->arena, "is %s until %s: %s",
	    key_stage_name(key->stage), store_time(store, step->until_s).p,
	    note.p);
	if (step->until_s == -1) {
		kept = note;
	} else if (key->stage == KEY_PUBLISHED) {
		kept = arena_printf(&store->arena, "%s, until %s", step->text,
		    store_time(store, step->until_s).p);
	}
	if (note.p == NULL || line.p == NULL || kept.p == NULL) {
		run->failed = true;
		return;
	}
	rotated_note(run, key, kept.n > 0 ? kept : STR_NONE);
	add_line(d, key, line.p);
	(void)json_array_append_new(d->waits, json_pack(
	    "{s:o, s:s, s:o, s:o}",
	    "selector", cli_json_text(key->selector),
	    "stage", key_stage_name(key->stage),
	    "for", cli_json_text(note),
	    "until", step->until_s != -1 ? json_integer(step->until_s) :
		json_null()));
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
	(void)json_array_append_new(run->told, json_pack("{s:o, s:O, s:O}",
	    "domain", cli_json_text(d->domain), "did", d->steps,
	    "waits", d->waits));
}
