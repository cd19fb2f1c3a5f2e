/* SPDX-License-Identifier: BSD-2-Clause */
#include "keystore/life.h"

#define LOST	"its private key is missing: "
#define FOREIGN	"another record is in its place"

static void
set_wait(struct life_step *r, const char *text, int64_t until_s)
{
	*r = (struct life_step){ .kind = LIFE_WAIT, .text = text,
		.until_s = until_s };
}

static void
set_stuck(struct life_step *r, const char *text)
{
	set_wait(r, text, -1);
	r->stuck = true;
}

static void
set_requested(struct life_step *r, const char *text)
{
	set_wait(r, text, -1);
	r->requested = true;
}

static void
set_stage(struct life_step *r, enum key_stage stage)
{
	*r = (struct life_step){ .kind = LIFE_STAGE, .stage = stage,
		.until_s = -1 };
}

static void
set_kind(struct life_step *r, enum life_kind kind)
{
	*r = (struct life_step){ .kind = kind, .until_s = -1 };
}

/* The end of a span that began at s; s in the future counts as now. */
static int64_t
end_of_span(const struct life *life, int64_t s, int64_t span_s)
{
	return ((s < life->now_s ? s : life->now_s) + span_s);
}

bool
life_signs(enum key_stage stage)
{
	return (stage == KEY_ACTIVE);
}

enum life_record
life_record(enum key_stage stage)
{
	switch (stage) {
	case KEY_PENDING:
		return (LIFE_RECORD_ANY);
	case KEY_PUBLISHED:
	case KEY_ACTIVE:
	case KEY_RETIRED:
		return (LIFE_RECORD_KEY);
	case KEY_REVOKED:
		return (LIFE_RECORD_REVOKED);
	case KEY_REMOVED:
		break;
	}
	return (LIFE_RECORD_NONE);
}

int64_t
life_due(const struct life *life, size_t i)
{
	const struct life_times *times = &life->times;
	int64_t since_s = life->v[i].since_s;

	switch (life->v[i].stage) {
	case KEY_ACTIVE:
		return (end_of_span(life, since_s, times->rotate_every_s));
	case KEY_RETIRED:
		return (end_of_span(life, since_s, times->retired_s));
	case KEY_REVOKED:
		return (end_of_span(life, since_s, times->remove_after_s));
	case KEY_PENDING:
	case KEY_PUBLISHED:
	case KEY_REMOVED:
		break;
	}
	return (-1);
}

/* How many keys sign beside v[i]; rsa: RSA keys alone. */
static size_t
count_other_active(const struct life *life, size_t i, bool rsa)
{
	const struct keystore_key *v = life->v;
	size_t j, n = 0;

	for (j = 0; j < life->n; j++) {
		n += j != i && life_signs(v[j].stage) && !v[j].lost &&
		    (!rsa || v[j].type == CRYPTO_RSA);
	}
	return (n);
}

/* a began to sign after b. */
static bool
is_newer(const struct keystore_key *a, const struct keystore_key *b)
{
	return (a->since_s != b->since_s ? a->since_s > b->since_s :
	    a->created_s != b->created_s ? a->created_s > b->created_s :
	    str_cmp(a->selector, b->selector) > 0);
}

/* The newest active key of the same type that is newer than v[i]; n: none. */
static size_t
active_successor(const struct life *life, size_t i)
{
	const struct keystore_key *v = life->v;
	size_t j, best = life->n;

	for (j = 0; j < life->n; j++) {
		if (j != i && v[j].type == v[i].type && !v[j].lost &&
		    life_signs(v[j].stage) && is_newer(&v[j], &v[i]) &&
		    (best == life->n || is_newer(&v[j], &v[best]))) {
			best = j;
		}
	}
	return (best);
}

/* A key of the same type that is to become active; n: none. */
static size_t
coming_successor(const struct life *life, size_t i)
{
	size_t j;

	for (j = 0; j < life->n; j++) {
		if (life->v[j].type == life->v[i].type && !life->v[j].lost &&
		    life->v[j].stage < KEY_ACTIVE) {
			break;
		}
	}
	return (j);
}

const struct keystore_key *
life_successor(const struct life *life, size_t i)
{
	size_t next = active_successor(life, i);

	if (next == life->n) {
		next = coming_successor(life, i);
	}
	return (next < life->n ? &life->v[next] : NULL);
}

const struct keystore_key *
life_reported(const struct life *life, size_t i)
{
	const struct keystore_key *v = life->v, *best = NULL;
	size_t j;

	if (life->times.reporters == 0 || v[i].stage != KEY_RETIRED) {
		return (NULL);
	}
	for (j = 0; j < life->n; j++) {
		if (j != i && v[j].type == v[i].type && !v[j].lost &&
		    life_signs(v[j].stage) &&
		    (best == NULL || is_newer(&v[j], best))) {
			best = &v[j];
		}
	}
	return (best);
}

int64_t
life_longest(const struct life *life, size_t i)
{
	int64_t due_s = life_due(life, i);
	int64_t longest_s = end_of_span(life, life->v[i].since_s,
	    life->times.retired_longest_s);

	return (longest_s > due_s ? longest_s : due_s);
}

bool
life_waits_for_reports(const struct life *life, size_t i)
{
	return (life_reported(life, i) != NULL &&
	    life->now_s < life_longest(life, i) && (life->reporters == NULL ||
	    life->reporters[i] < life->times.reporters));
}

/* Nothing was requested since then, or so long ago that it had no effect, or
   in a way that is not used any more. */
static bool
may_request(const struct life *life, size_t i, int64_t since_s)
{
	int64_t asked_s = life->v[i].asked_s;

	return (asked_s < since_s ||
	    (life->changed != NULL && life->changed[i]) ||
	    life->now_s >= end_of_span(life, asked_s, life->by_hand ?
	    LIFE_REMIND_S : LIFE_ASK_AGAIN_S));
}

static void
next_unpublished(const struct life *life, size_t i, struct life_step *r)
{
	if (life->found[i].foreign) {
		set_stuck(r, FOREIGN);
	} else if (may_request(life, i, 0)) {
		set_kind(r, LIFE_ADD);
	} else {
		set_requested(r, "its record is not at every name server");
	}
}

static void
next_of_pending(const struct life *life, size_t i, struct life_step *r)
{
	if (life->v[i].lost) {
		set_stuck(r, LOST "revoke it");
	} else if (life->found[i].good) {
		set_stage(r, KEY_PUBLISHED);
	} else {
		next_unpublished(life, i, r);
	}
}

static void
next_of_published(const struct life *life, size_t i, struct life_step *r)
{
	const struct keystore_key *key = &life->v[i];
	int64_t ready_s = end_of_span(life, key->seen_s,
	    life->found[i].negative_ttl_s);

	if (key->lost) {
		set_stuck(r, LOST "revoke it");
	} else if (!life->found[i].good && key->seen_s != -1) {
		set_kind(r, LIFE_UNSEEN);
	} else if (!life->found[i].good) {
		next_unpublished(life, i, r);
	} else if (key->seen_s == -1) {
		set_kind(r, LIFE_SEEN);
	} else if (life->now_s < ready_s) {
		set_wait(r, "caches may still have the answer that there is "
		    "no record", ready_s);
	} else {
		set_stage(r, KEY_ACTIVE);
	}
}

/* Whether the step of an active key is about its record. */
static bool
next_of_record(const struct life *life, size_t i, struct life_step *r)
{
	const struct keystore_key *key = &life->v[i];

	if (life->found[i].good && key->seen_s == -1) {
		set_kind(r, LIFE_SEEN);
	} else if (life->found[i].missing && key->seen_s != -1) {
		set_kind(r, LIFE_UNSEEN);
	} else if (life->found[i].missing) {
		/* Mail is signed with it. */
		next_unpublished(life, i, r);
		r->stuck = r->kind == LIFE_WAIT;
	} else {
		return (false);
	}
	return (true);
}

static void
next_of_active(const struct life *life, size_t i, struct life_step *r)
{
	const struct keystore_key *key = &life->v[i];
	size_t next = active_successor(life, i);
	int64_t due_s = life_due(life, i);

	if (next < life->n && life->found[next].good) {
		set_stage(r, KEY_RETIRED);
	} else if (next < life->n) {
		set_wait(r, "the record of its successor is not at every name "
		    "server", -1);
	} else if (next_of_record(life, i, r)) {
		return;
	} else if (coming_successor(life, i) < life->n) {
		set_wait(r, "its successor is not active yet", -1);
	} else if (life->now_s >= due_s ||
	    (life->force && key->since_s != life->now_s)) {
		set_kind(r, LIFE_CREATE);
	} else if (key->lost) {
		set_stuck(r, LOST "rotate --force makes another");
	} else {
		set_wait(r, "its successor is due", due_s);
	}
}

static void
next_of_retired(const struct life *life, size_t i, struct life_step *r)
{
	int64_t due_s = life_due(life, i);

	if (life->now_s < due_s) {
		set_wait(r, "mail that it signed may still be in transit",
		    due_s);
	} else if (count_other_active(life, i, false) == 0) {
		set_stuck(r, "the domain has no active key");
	} else if (life_waits_for_reports(life, i)) {
		set_wait(r, "too few reports show that the key in its place "
		    "passes", life_longest(life, i));
	} else {
		set_stage(r, KEY_REVOKED);
	}
}

static void
next_of_revoked(const struct life *life, size_t i, struct life_step *r)
{
	const struct keystore_key *key = &life->v[i];
	const struct life_found *found = &life->found[i];
	int64_t due_s = life_due(life, i);
	bool due = life->now_s >= due_s;

	if (!life_asks(life, i)) {
		set_wait(r, "its record is removed", due_s);
	} else if (due && found->gone) {
		set_stage(r, KEY_REMOVED);
	} else if (found->foreign) {
		set_stuck(r, FOREIGN);
	} else if (due && may_request(life, i, due_s)) {
		set_kind(r, LIFE_REMOVE);
	} else if (due) {
		set_requested(r, "a name server still has its record");
	} else if (found->revoked) {
		set_kind(r, LIFE_SEEN);
	} else if (found->gone) {
		/* A late publication of the key would have to be undone. */
		set_wait(r, "no name server has its record", due_s);
	} else if (may_request(life, i, key->since_s)) {
		set_kind(r, LIFE_REVOKE);
	} else {
		set_requested(r, "not every name server has its "
		    "record with an empty p=");
	}
}

void
life_next(const struct life *life, size_t i, struct life_step *r)
{
	switch (life->v[i].stage) {
	case KEY_PENDING:
		next_of_pending(life, i, r);
		return;
	case KEY_PUBLISHED:
		next_of_published(life, i, r);
		return;
	case KEY_ACTIVE:
		next_of_active(life, i, r);
		return;
	case KEY_RETIRED:
		next_of_retired(life, i, r);
		return;
	case KEY_REVOKED:
		next_of_revoked(life, i, r);
		return;
	case KEY_REMOVED:
		break;
	}
	set_wait(r, "", -1);
}

bool
life_is_stuck(const struct life *life, size_t i)
{
	const struct keystore_key *key = &life->v[i];
	int64_t since_s = key->since_s;

	switch (key->stage) {
	case KEY_PENDING:
	case KEY_PUBLISHED:
		break;
	case KEY_REVOKED:
		if (life->now_s >= life_due(life, i)) {
			since_s = life_due(life, i);
		}
		break;
	case KEY_ACTIVE:		/* it is the successor that is stuck */
	case KEY_RETIRED:
	case KEY_REMOVED:
		return (false);
	}
	return (life->now_s >= end_of_span(life, since_s, LIFE_STUCK_S));
}

/* Whether another key retires once v[i] is seen everywhere. */
static bool
is_successor(const struct life *life, size_t i)
{
	size_t j;

	for (j = 0; j < life->n; j++) {
		if (j != i && life_signs(life->v[j].stage) &&
		    active_successor(life, j) == i) {
			return (true);
		}
	}
	return (false);
}

bool
life_asks(const struct life *life, size_t i)
{
	const struct keystore_key *key = &life->v[i];

	switch (key->stage) {
	case KEY_PENDING:
	case KEY_PUBLISHED:
		return (!key->lost);
	case KEY_ACTIVE:
		return (!key->lost && (life->checks || is_successor(life, i)));
	case KEY_REVOKED:
		return (key->seen_s == -1 ||
		    life->now_s >= life_due(life, i));
	case KEY_RETIRED:
	case KEY_REMOVED:
		break;
	}
	return (false);
}

const char *
life_objection(const struct life *life, size_t i, enum key_stage stage)
{
	const struct keystore_key *key = &life->v[i];
	bool signs = life_signs(key->stage);

	if (key->stage >= stage) {
		return ("it is past that");
	}
	if (signs && count_other_active(life, i, false) == 0) {
		return ("the domain would have no active key; make a new "
		    "one and rotate first");
	}
	if (signs && key->type == CRYPTO_RSA && !life->force &&
	    count_other_active(life, i, true) == 0) {
		return ("the domain would sign with Ed25519 alone, which many "
		    "receivers do not verify; use --force if that is "
		    "intended");
	}
	if (stage == KEY_RETIRED && !signs) {
		return ("it does not sign; revoke it");
	}
	if (stage == KEY_REVOKED && !life->force && (signs ||
	    (key->stage == KEY_RETIRED && life->now_s < life_due(life, i)))) {
		return ("mail that it signed may still be in transit; use "
		    "--force if the key is compromised");
	}
	if (stage == KEY_REVOKED && !life->force &&
	    life_waits_for_reports(life, i)) {
		return ("too few reports show that the key in its place "
		    "passes; use --force if the key is compromised");
	}
	return (NULL);
}

const char *
life_delete_objection(const struct life *life, size_t i)
{
	switch (life->v[i].stage) {
	case KEY_PENDING:
	case KEY_PUBLISHED:
		return (NULL);
	case KEY_ACTIVE:
		return ("it signs; retire it first");
	case KEY_RETIRED:
		return ("it has signed mail; revoke it first");
	case KEY_REVOKED:
	case KEY_REMOVED:
		break;
	}
	return (life->force ? NULL : "it may have signed mail, and its "
	    "selector must not be used again; use --force if it never did");
}
