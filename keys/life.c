/* SPDX-License-Identifier: BSD-2-Clause */
#include "keys/life.h"

struct view {			/* what the rules look at */
	const struct policy		*policy;
	const struct keystore_key	*v;
	const struct found		*found;
	size_t				 n;
	int64_t				 now_s;
	bool				 force;
};

static void
wait_text(struct step *r, const char *text)
{
	*r = (struct step){ STEP_WAIT, KEY_PENDING, text, -1 };
}

static void
wait_until(struct step *r, const char *text, int64_t until_s)
{
	*r = (struct step){ STEP_WAIT, KEY_PENDING, text, until_s };
}

static void
begin(struct step *r, enum key_stage stage)
{
	*r = (struct step){ STEP_STAGE, stage, NULL, -1 };
}

static void
act(struct step *r, enum step_kind kind)
{
	*r = (struct step){ kind, KEY_PENDING, NULL, -1 };
}

/* The end of a span that began at s, if not later than now. */
static int64_t
after(const struct view *w, int64_t s, int64_t span_s)
{
	return ((s < w->now_s ? s : w->now_s) + span_s);
}

static bool
has_other_active(const struct keystore_key *v, size_t n, size_t i)
{
	size_t j;

	for (j = 0; j < n; j++) {
		if (j != i && v[j].stage == KEY_ACTIVE) {
			return (true);
		}
	}
	return (false);
}

/* a took over from b: it began to sign later. */
static bool
is_newer(const struct keystore_key *a, const struct keystore_key *b)
{
	return (a->since_s != b->since_s ? a->since_s > b->since_s :
	    a->created_s != b->created_s ? a->created_s > b->created_s :
	    str_cmp(a->selector, b->selector) > 0);
}

/* The newest active key of the same kind that is newer than v[i]; n: none. */
static size_t
successor(const struct keystore_key *v, size_t n, size_t i)
{
	size_t j, best = n;

	for (j = 0; j < n; j++) {
		if (j != i && v[j].type == v[i].type &&
		    v[j].stage == KEY_ACTIVE && is_newer(&v[j], &v[i]) &&
		    (best == n || is_newer(&v[j], &v[best]))) {
			best = j;
		}
	}
	return (best);
}

/* Whether a key of the same kind is on its way to become active. */
static bool
is_coming(const struct view *w, size_t i)
{
	size_t j;

	for (j = 0; j < w->n; j++) {
		if (w->v[j].type == w->v[i].type &&
		    w->v[j].stage < KEY_ACTIVE) {
			return (true);
		}
	}
	return (false);
}

/* Asked lately: the answer may be on its way. */
static bool
may_ask(const struct view *w, const struct keystore_key *key, int64_t since_s)
{
	return (key->asked_s < since_s ||
	    w->now_s >= after(w, key->asked_s, LIFE_ASK_AGAIN_S));
}

/* A record that is not everywhere: ask for it, or say what is there. */
static void
publish(const struct view *w, size_t i, struct step *r)
{
	if (w->found[i].foreign) {
		wait_text(r, "another record stands in its place");
	} else if (may_ask(w, &w->v[i], 0)) {
		act(r, STEP_ADD);
	} else {
		wait_text(r, "its record is not at every name server");
	}
}

static void
pending(const struct view *w, size_t i, struct step *r)
{
	if (w->found[i].good) {
		begin(r, KEY_PUBLISHED);
	} else {
		publish(w, i, r);
	}
}

static void
published(const struct view *w, size_t i, struct step *r)
{
	const struct keystore_key *key = &w->v[i];
	int64_t ready_s;

	if (!w->found[i].good) {
		if (key->seen_s != -1) {
			act(r, STEP_UNSEEN);
		} else {
			publish(w, i, r);
		}
		return;
	}
	if (key->seen_s == -1) {
		act(r, STEP_SEEN);
		return;
	}
	ready_s = after(w, key->seen_s, w->found[i].negative_ttl_s);
	if (w->now_s < ready_s) {
		wait_until(r, "caches may still say that there is no record",
		    ready_s);
		return;
	}
	begin(r, KEY_ACTIVE);
}

static void
active(const struct view *w, size_t i, struct step *r)
{
	const struct keystore_key *key = &w->v[i];
	int64_t due_s = after(w, key->since_s, w->policy->rotate_every_s);
	size_t next = successor(w->v, w->n, i);

	if (next < w->n) {
		if (w->found[next].good) {
			begin(r, KEY_RETIRED);
		} else {
			wait_text(r, "the record of its successor is not at "
			    "every name server");
		}
		return;
	}
	if (is_coming(w, i)) {
		wait_text(r, "its successor becomes active");
	} else if (w->now_s >= due_s ||
	    (w->force && key->since_s != w->now_s)) {
		act(r, STEP_CREATE);
	} else {
		wait_until(r, "its successor is due", due_s);
	}
}

static void
retired(const struct view *w, size_t i, struct step *r)
{
	int64_t due_s = after(w, w->v[i].since_s,
	    policy_retired_s(w->policy));

	if (w->now_s < due_s) {
		wait_until(r, "mail that it signed may still be on its way",
		    due_s);
	} else if (!has_other_active(w->v, w->n, i)) {
		wait_text(r, "the domain has no active key");
	} else {
		begin(r, KEY_REVOKED);
	}
}

static void
revoked(const struct view *w, size_t i, struct step *r)
{
	const struct keystore_key *key = &w->v[i];
	const struct found *found = &w->found[i];
	int64_t due_s = after(w, key->since_s, w->policy->remove_after_s);

	if (w->now_s >= due_s && found->gone) {
		begin(r, KEY_REMOVED);
	} else if (found->foreign) {
		wait_text(r, "another record stands in its place");
	} else if (w->now_s >= due_s) {
		if (may_ask(w, key, due_s)) {
			act(r, STEP_REMOVE);
		} else {
			wait_text(r, "a name server still has its record");
		}
	} else if (!found->revoked) {
		if (may_ask(w, key, key->since_s)) {
			act(r, STEP_REVOKE);
		} else {
			wait_text(r, "a name server still has its key");
		}
	} else if (key->seen_s == -1) {
		act(r, STEP_SEEN);
	} else {
		wait_until(r, "its record goes", due_s);
	}
}

void
life_next(const struct policy *policy, const struct keystore_key *v,
    const struct found *found, size_t n, size_t i, int64_t now_s, bool force,
    struct step *r)
{
	const struct view w = { policy, v, found, n, now_s, force };

	switch (v[i].stage) {
	case KEY_PENDING:
		pending(&w, i, r);
		return;
	case KEY_PUBLISHED:
		published(&w, i, r);
		return;
	case KEY_ACTIVE:
		active(&w, i, r);
		return;
	case KEY_RETIRED:
		retired(&w, i, r);
		return;
	case KEY_REVOKED:
		revoked(&w, i, r);
		return;
	case KEY_REMOVED:
		break;
	}
	wait_text(r, "");
}

bool
life_asks(const struct keystore_key *v, size_t n, size_t i)
{
	size_t j;

	switch (v[i].stage) {
	case KEY_PENDING:
	case KEY_PUBLISHED:
	case KEY_REVOKED:
		return (true);
	case KEY_ACTIVE:
		for (j = 0; j < n; j++) {
			if (v[j].stage == KEY_ACTIVE && j != i &&
			    successor(v, n, j) == i) {
				return (true);
			}
		}
		return (false);
	case KEY_RETIRED:
	case KEY_REMOVED:
		break;
	}
	return (false);
}
