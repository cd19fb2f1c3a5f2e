/* SPDX-License-Identifier: BSD-2-Clause */
/* The stages of a key, step by step, as a table. */
#include "config.h"

#include "keystore/life.h"
#include "test/unit/tap.h"

#define DAY	86400
#define NOW	1800000000
#define NEG	300
#define KEYS_MAX	3

struct row {
	const char	*name;
	struct {
		enum key_stage	stage;
		int64_t		created, since, seen, asked; /* before NOW */
		int		dns;
		enum crypto_key_type type;
	} k[KEYS_MAX];
	size_t		 n;
	bool		 force;
	enum life_kind	 want;		/* of the first key */
	enum key_stage	 stage;		/* LIFE_STAGE */
	int64_t		 until;		/* LIFE_WAIT: after NOW; -1 */
};

enum { NONE, GOOD, GONE, PARTLY, REVOKED, FOREIGN, LOST };
#define NEVER	(NOW + 1)	/* "before NOW" that comes out as -1 */

static const struct row rows[] = {
	{ "pending, no record: request it",
	    { { KEY_PENDING, 0, 0, NEVER, NEVER, GONE, 0 } }, 1, false,
	    LIFE_ADD, 0, 0 },
	{ "pending, requested a minute ago: wait",
	    { { KEY_PENDING, 60, 60, NEVER, 60, GONE, 0 } }, 1, false,
	    LIFE_WAIT, 0, -1 },
	{ "pending, requested an hour ago: request again",
	    { { KEY_PENDING, DAY, DAY, NEVER, LIFE_ASK_AGAIN_S, PARTLY, 0 } },
	    1, false, LIFE_ADD, 0, 0 },
	{ "pending, requested in the future: wait",
	    { { KEY_PENDING, 0, 0, NEVER, -DAY, GONE, 0 } }, 1, false,
	    LIFE_WAIT, 0, -1 },
	{ "pending, record at some servers: wait",
	    { { KEY_PENDING, 60, 60, NEVER, 60, PARTLY, 0 } }, 1, false,
	    LIFE_WAIT, 0, -1 },
	{ "pending, another record: wait",
	    { { KEY_PENDING, 0, 0, NEVER, NEVER, FOREIGN, 0 } }, 1, false,
	    LIFE_WAIT, 0, -1 },
	{ "pending, record at all servers: published",
	    { { KEY_PENDING, 60, 60, NEVER, 60, GOOD, 0 } }, 1, false,
	    LIFE_STAGE, KEY_PUBLISHED, 0 },
	{ "published, within the negative TTL: wait",
	    { { KEY_PUBLISHED, DAY, 0, NEG - 1, 60, GOOD, 0 } }, 1, false,
	    LIFE_WAIT, 0, 1 },
	{ "published, negative TTL over: active",
	    { { KEY_PUBLISHED, DAY, NEG, NEG, 60, GOOD, 0 } }, 1, false,
	    LIFE_STAGE, KEY_ACTIVE, 0 },
	{ "published, seen in the future: wait from now",
	    { { KEY_PUBLISHED, 0, -DAY, -DAY, 0, GOOD, 0 } }, 1, false,
	    LIFE_WAIT, 0, NEG },
	{ "published, missing at a server: unseen",
	    { { KEY_PUBLISHED, DAY, DAY, DAY, DAY, PARTLY, 0 } }, 1, false,
	    LIFE_UNSEEN, 0, 0 },
	{ "published, unseen: request again",
	    { { KEY_PUBLISHED, DAY, DAY, NEVER, DAY, PARTLY, 0 } }, 1, false,
	    LIFE_ADD, 0, 0 },
	{ "published, seen again: seen",
	    { { KEY_PUBLISHED, DAY, DAY, NEVER, DAY, GOOD, 0 } }, 1, false,
	    LIFE_SEEN, 0, 0 },
	{ "active for a day: wait",
	    { { KEY_ACTIVE, DAY, DAY, 0, 0, NONE, 0 } }, 1, false,
	    LIFE_WAIT, 0, 89 * DAY },
	{ "active since a time in the future: wait from now",
	    { { KEY_ACTIVE, 0, -400 * DAY, 0, 0, NONE, 0 } }, 1, false,
	    LIFE_WAIT, 0, 90 * DAY },
	{ "active for a day, --force: create",
	    { { KEY_ACTIVE, DAY, DAY, 0, 0, NONE, 0 } }, 1, true,
	    LIFE_CREATE, 0, 0 },
	{ "active for 90 days: create",
	    { { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, NONE, 0 } }, 1, false,
	    LIFE_CREATE, 0, 0 },
	{ "active, pending successor, --force: wait",
	    { { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, NONE, 0 },
	      { KEY_PENDING, 0, 0, NEVER, NEVER, GONE, 0 } }, 2, true,
	    LIFE_WAIT, 0, -1 },
	{ "active, pending successor that is older: wait",
	    { { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, NONE, 0 },
	      { KEY_PENDING, 99 * DAY, 99 * DAY, NEVER, NEVER, GONE, 0 } }, 2,
	    false, LIFE_WAIT, 0, -1 },
	{ "active for 90 days, pending key of another type: create",
	    { { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, NONE, CRYPTO_RSA },
	      { KEY_PENDING, 0, 0, NEVER, NEVER, GONE, CRYPTO_ED25519 } }, 2,
	    false, LIFE_CREATE, 0, 0 },
	{ "active, successor active and seen: retired",
	    { { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, NONE, 0 },
	      { KEY_ACTIVE, DAY, 0, 0, 0, GOOD, 0 } }, 2, false,
	    LIFE_STAGE, KEY_RETIRED, 0 },
	{ "active, successor's record missing: wait",
	    { { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, NONE, 0 },
	      { KEY_ACTIVE, DAY, 0, 0, 0, PARTLY, 0 } }, 2, false,
	    LIFE_WAIT, 0, -1 },
	{ "two active keys: the newer one waits",
	    { { KEY_ACTIVE, DAY, 0, 0, 0, GOOD, 0 },
	      { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, GOOD, 0 } }, 2, false,
	    LIFE_WAIT, 0, 90 * DAY },
	{ "two active keys of one age: the first retires",
	    { { KEY_ACTIVE, DAY, 0, 0, 0, GOOD, 0 },
	      { KEY_ACTIVE, DAY, 0, 0, 0, GOOD, 0 } }, 2, false,
	    LIFE_STAGE, KEY_RETIRED, 0 },
	{ "active, newer active key of another type: wait",
	    { { KEY_ACTIVE, 9 * DAY, DAY, 0, 0, NONE, CRYPTO_RSA },
	      { KEY_ACTIVE, DAY, DAY, 0, 0, GOOD, CRYPTO_ED25519 } }, 2,
	    false, LIFE_WAIT, 0, 89 * DAY },
	{ "retired for 13 days: wait",
	    { { KEY_RETIRED, 99 * DAY, 13 * DAY, 0, 0, NONE, 0 },
	      { KEY_ACTIVE, DAY, DAY, 0, 0, NONE, 0 } }, 2, false,
	    LIFE_WAIT, 0, DAY },
	{ "retired at a time in the future: wait from now",
	    { { KEY_RETIRED, 99 * DAY, -DAY, 0, 0, NONE, 0 },
	      { KEY_ACTIVE, DAY, DAY, 0, 0, NONE, 0 } }, 2, false,
	    LIFE_WAIT, 0, 14 * DAY },
	{ "retired for 14 days: revoked",
	    { { KEY_RETIRED, 99 * DAY, 14 * DAY, 0, 0, NONE, 0 },
	      { KEY_ACTIVE, DAY, DAY, 0, 0, NONE, 0 } }, 2, false,
	    LIFE_STAGE, KEY_REVOKED, 0 },
	{ "retired for 14 days, no active key: wait",
	    { { KEY_RETIRED, 99 * DAY, 14 * DAY, 0, 0, NONE, 0 },
	      { KEY_PUBLISHED, DAY, DAY, 0, 0, GOOD, 0 } }, 2, false,
	    LIFE_WAIT, 0, -1 },
	{ "revoked, record still there: request p=",
	    { { KEY_REVOKED, 99 * DAY, 0, NEVER, NEVER, GOOD, 0 } }, 1, false,
	    LIFE_REVOKE, 0, 0 },
	{ "revoked, p= at all servers: seen",
	    { { KEY_REVOKED, 99 * DAY, DAY, NEVER, DAY, REVOKED, 0 } }, 1,
	    false, LIFE_SEEN, 0, 0 },
	{ "revoked and seen: wait",
	    { { KEY_REVOKED, 99 * DAY, DAY, DAY, DAY, REVOKED, 0 } }, 1,
	    false, LIFE_WAIT, 0, 29 * DAY },
	{ "revoked for 30 days: request removal",
	    { { KEY_REVOKED, 99 * DAY, 30 * DAY, DAY, 30 * DAY, REVOKED,
	      0 } }, 1, false, LIFE_REMOVE, 0, 0 },
	{ "revoked for 30 days, removal requested: wait",
	    { { KEY_REVOKED, 99 * DAY, 30 * DAY, DAY, 0, REVOKED, 0 } }, 1,
	    false, LIFE_WAIT, 0, -1 },
	{ "revoked, no record: wait and do not note it as seen",
	    { { KEY_REVOKED, 99 * DAY, DAY, NEVER, NEVER, GONE, 0 } }, 1,
	    false, LIFE_WAIT, 0, 29 * DAY },
	{ "revoked for a day, published since: request p=",
	    { { KEY_REVOKED, 99 * DAY, DAY, NEVER, NEVER, GOOD, 0 } }, 1,
	    false, LIFE_REVOKE, 0, 0 },
	{ "revoked, p= at one server and no record at another: request p=",
	    { { KEY_REVOKED, 99 * DAY, DAY, NEVER, NEVER, PARTLY, 0 } }, 1,
	    false, LIFE_REVOKE, 0, 0 },
	{ "revoked for a day, no record: wait",
	    { { KEY_REVOKED, 99 * DAY, DAY, DAY, DAY, GONE, 0 } }, 1, false,
	    LIFE_WAIT, 0, 29 * DAY },
	{ "revoked for 30 days, no record: removed",
	    { { KEY_REVOKED, 99 * DAY, 30 * DAY, DAY, 0, GONE, 0 } }, 1,
	    false, LIFE_STAGE, KEY_REMOVED, 0 },
	{ "revoked for 30 days, another record: wait",
	    { { KEY_REVOKED, 99 * DAY, 30 * DAY, DAY, DAY, FOREIGN, 0 } }, 1,
	    false, LIFE_WAIT, 0, -1 },
	{ "pending, private half lost: wait",
	    { { KEY_PENDING, 0, 0, NEVER, NEVER, LOST, 0 } }, 1, false,
	    LIFE_WAIT, 0, -1 },
	{ "active for 90 days, pending successor lost: create",
	    { { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, NONE, 0 },
	      { KEY_PENDING, 0, 0, NEVER, NEVER, LOST, 0 } }, 2, false,
	    LIFE_CREATE, 0, 0 },
	{ "active, private half lost: wait for the operator",
	    { { KEY_ACTIVE, DAY, DAY, 0, 0, LOST, 0 } }, 1, false,
	    LIFE_WAIT, 0, -1 },
	{ "retired for 14 days, the active key lost: wait",
	    { { KEY_RETIRED, 99 * DAY, 14 * DAY, 0, 0, NONE, 0 },
	      { KEY_ACTIVE, DAY, DAY, 0, 0, LOST, 0 } }, 2, false,
	    LIFE_WAIT, 0, -1 },
	{ "removed: wait",
	    { { KEY_REMOVED, 99 * DAY, 30 * DAY, DAY, DAY, GOOD, 0 } }, 1,
	    true, LIFE_WAIT, 0, -1 },
};

static int64_t
at(int64_t before)
{
	return (NOW - before);
}

static struct life_found
look(int dns)
{
	return ((struct life_found){ .good = dns == GOOD, .gone = dns == GONE,
		.revoked = dns == REVOKED,
		.foreign = dns == FOREIGN, .negative_ttl_s = NEG,
	    .missing = dns == GONE || dns == PARTLY || dns == REVOKED ||
	    dns == FOREIGN });
}

static const struct life_times times = { .rotate_every_s = 90 * DAY,
	.retired_s = 14 * DAY, .remove_after_s = 30 * DAY };

static void
test_row(const struct row *row)
{
	static const char *const selectors[KEYS_MAX] = { "a", "b", "c" };
	struct keystore_key v[KEYS_MAX];
	struct life_found found[KEYS_MAX];
	const struct life life = { .times = times, .v = v, .n = row->n,
		.found = found, .now_s = NOW, .force = row->force };
	struct life_step step;
	size_t i;

	for (i = 0; i < row->n; i++) {
		v[i] = (struct keystore_key){ .domain = STR("example.com"),
			.selector = str_from(selectors[i]),
			.type = row->k[i].type, .stage = row->k[i].stage,
			.created_s = at(row->k[i].created),
			.since_s = at(row->k[i].since),
			.seen_s = at(row->k[i].seen),
			.asked_s = at(row->k[i].asked),
			.lost = row->k[i].dns == LOST };
		found[i] = look(row->k[i].dns);
	}
	life_next(&life, 0, &step);
	if (!tap_num(step.kind, row->want, row->name)) {
		return;
	}
	if (row->want == LIFE_STAGE) {
		tap_num(step.stage, row->stage, "the stage");
	} else if (row->want == LIFE_WAIT) {
		tap_num(step.until_s, row->until == -1 ? -1 :
		    NOW + row->until, "until when");
	}
}

static const struct asks_row {
	const char	*name;
	struct keystore_key	 v[2];
	bool			 want;		/* of the first */
} asks[] = {
	{ "asks: an active key alone", { { .stage = KEY_ACTIVE },
	    { .stage = KEY_RETIRED } }, false },
	{ "asks: a retired key", { { .stage = KEY_RETIRED },
	    { .stage = KEY_ACTIVE } }, false },
	{ "asks: an active key that lets another one retire",
	    { { .stage = KEY_ACTIVE, .since_s = 1 },
	    { .stage = KEY_ACTIVE } }, true },
	{ "asks: a pending key", { { .stage = KEY_PENDING },
	    { .stage = KEY_ACTIVE } }, true },
	{ "asks: a pending key without its private half",
	    { { .stage = KEY_PENDING, .lost = true },
	    { .stage = KEY_ACTIVE } }, false },
	{ "asks: a key just revoked",
	    { { .stage = KEY_REVOKED, .since_s = NOW, .seen_s = -1 },
	    { .stage = KEY_ACTIVE } }, true },
	{ "asks: a revoked key that was seen as such",
	    { { .stage = KEY_REVOKED, .since_s = NOW - DAY,
	    .seen_s = NOW - DAY }, { .stage = KEY_ACTIVE } }, false },
	{ "asks: a revoked key that is due for removal",
	    { { .stage = KEY_REVOKED, .since_s = NOW - 30 * DAY,
	    .seen_s = NOW - DAY }, { .stage = KEY_ACTIVE } }, true },
	{ "asks: a removed key", { { .stage = KEY_REMOVED },
	    { .stage = KEY_ACTIVE } }, false },
};

static void
test_asks(const struct asks_row *row)
{
	const struct life life = { .times = times, .v = row->v,
		.n = 2, .now_s = NOW };

	tap_ok(life_asks(&life, 0) == row->want, "%s", row->name);
}

#define MAIL	"mail that it signed"
#define NO_KEY	"the domain would have no active key"
#define ED25519	"the domain would sign with Ed25519 alone"

static const struct objection_row {
	const char		*name;
	struct keystore_key	 v[2];
	enum key_stage		 stage;
	bool			 force;
	const char		*want;		/* its beginning; NULL: none */
} objections[] = {
	{ "retire: the only active key", { { .stage = KEY_ACTIVE },
	    { .stage = KEY_PUBLISHED } }, KEY_RETIRED, true, NO_KEY },
	{ "retire: the other active key is lost", { { .stage = KEY_ACTIVE },
	    { .stage = KEY_ACTIVE, .lost = true } }, KEY_RETIRED, true,
	    NO_KEY },
	{ "retire: beside another", { { .stage = KEY_ACTIVE },
	    { .stage = KEY_ACTIVE } }, KEY_RETIRED, false, NULL },
	{ "retire: the last RSA key", { { .stage = KEY_ACTIVE },
	    { .stage = KEY_ACTIVE, .type = CRYPTO_ED25519 } }, KEY_RETIRED,
	    false, ED25519 },
	{ "retire: the last RSA key, --force", { { .stage = KEY_ACTIVE },
	    { .stage = KEY_ACTIVE, .type = CRYPTO_ED25519 } }, KEY_RETIRED,
	    true, NULL },
	{ "retire: a pending key", { { .stage = KEY_PENDING },
	    { .stage = KEY_ACTIVE } }, KEY_RETIRED, false,
	    "it does not sign; revoke it" },
	{ "retire: a revoked key", { { .stage = KEY_REVOKED },
	    { .stage = KEY_ACTIVE } }, KEY_RETIRED, false,
	    "it is past that" },
	{ "revoke: a pending key", { { .stage = KEY_PENDING },
	    { .stage = KEY_PENDING } }, KEY_REVOKED, false, NULL },
	{ "revoke: an active key", { { .stage = KEY_ACTIVE },
	    { .stage = KEY_ACTIVE } }, KEY_REVOKED, false, MAIL },
	{ "revoke: an active key, --force", { { .stage = KEY_ACTIVE },
	    { .stage = KEY_ACTIVE } }, KEY_REVOKED, true, NULL },
	{ "revoke: retired a second too short",
	    { { .stage = KEY_RETIRED, .since_s = NOW - 14 * DAY + 1 },
	    { .stage = KEY_ACTIVE } }, KEY_REVOKED, false, MAIL },
	{ "revoke: retired long enough",
	    { { .stage = KEY_RETIRED, .since_s = NOW - 14 * DAY },
	    { .stage = KEY_ACTIVE } }, KEY_REVOKED, false, NULL },
	{ "revoke: retired in the future (clock set back)",
	    { { .stage = KEY_RETIRED, .since_s = NOW + DAY },
	    { .stage = KEY_ACTIVE } }, KEY_REVOKED, false, MAIL },
};

static void
test_objection(const struct objection_row *row)
{
	const struct life life = { .times = times, .v = row->v, .n = 2,
		.now_s = NOW, .force = row->force };
	const char *why = life_objection(&life, 0, row->stage);

	if (row->want == NULL) {
		tap_ok(why == NULL, "%s", row->name);
	} else {
		tap_ok(why != NULL && str_starts(str_from(why),
		    str_from(row->want)), "%s", row->name);
	}
}

static void
test_delete(void)
{
	static const char *const want[] = {
		[KEY_PENDING] = NULL, [KEY_PUBLISHED] = NULL,
		[KEY_ACTIVE] = "it signs; retire it first",
		[KEY_RETIRED] = "it has signed mail; revoke it first",
		[KEY_REVOKED] = "it may have signed mail, and its selector "
		    "must not be used again; use --force if it never did",
	};
	struct keystore_key key = { .domain = STR("example.com") };
	const struct life life = { .times = times, .v = &key, .n = 1,
		.now_s = NOW };
	size_t i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		key.stage = (enum key_stage)i;
		tap_str(str_from(life_delete_objection(&life, 0)),
		    str_from(want[i]), key_stage_name(key.stage));
	}
}

/* A time in the future counts as now. */
static void
test_due(void)
{
	static const struct {
		const char	*name;
		enum key_stage	 stage;
		int64_t		 since_s, want;
	} due[] = {
		{ "due: pending", KEY_PENDING, NOW, -1 },
		{ "due: published", KEY_PUBLISHED, NOW, -1 },
		{ "due: active", KEY_ACTIVE, NOW - 1, NOW - 1 + 90 * DAY },
		{ "due: active in the future", KEY_ACTIVE, NOW + 9 * DAY,
		    NOW + 90 * DAY },
		{ "due: retired", KEY_RETIRED, NOW - 1, NOW - 1 + 14 * DAY },
		{ "due: retired in the future", KEY_RETIRED, NOW + 9 * DAY,
		    NOW + 14 * DAY },
		{ "due: revoked in the future", KEY_REVOKED, NOW + 9 * DAY,
		    NOW + 30 * DAY },
		{ "due: removed", KEY_REMOVED, NOW, -1 },
	};
	struct keystore_key key;
	const struct life life = { .times = times, .v = &key,
		.n = 1, .now_s = NOW };
	size_t i;

	for (i = 0; i < sizeof(due) / sizeof(due[0]); i++) {
		key = (struct keystore_key){ .stage = due[i].stage,
			.since_s = due[i].since_s };
		tap_num(life_due(&life, 0), due[i].want, due[i].name);
	}
}

static void
test_successor(void)
{
	struct keystore_key v[] = {
		{ .selector = STR("a"), .stage = KEY_ACTIVE },
		{ .selector = STR("b"), .stage = KEY_PENDING },
		{ .selector = STR("c"), .stage = KEY_ACTIVE },
	};
	const struct life life = { .times = times, .v = v,
		.n = 3, .now_s = NOW };

	tap_ok(life_successor(&life, 0) == &v[2],
	    "successor: of the same age, by selector");
	v[2].stage = KEY_RETIRED;
	tap_ok(life_successor(&life, 0) == &v[1], "successor: a pending key");
	v[1].lost = true;
	tap_ok(life_successor(&life, 0) == NULL, "successor: a lost key");
}

/* The record of an active key, and who publishes. */
static void
test_record(void)
{
	static const struct {
		const char	*name;
		enum key_stage	 stage;
		int64_t		 seen, asked;	/* before NOW */
		int		 dns;
		bool		 by_hand, changed;
		enum life_kind	 want;
		bool		 stuck;
	} record[] = {
		{ "active, its record is there", KEY_ACTIVE, DAY, NEVER, GOOD,
		    false, false, LIFE_WAIT, false },
		{ "active, its record is gone", KEY_ACTIVE, DAY, NEVER, GONE,
		    false, false, LIFE_UNSEEN, false },
		{ "active, its record is gone from one server", KEY_ACTIVE,
		    DAY, NEVER, PARTLY, false, false, LIFE_UNSEEN, false },
		{ "active, revoked in the DNS", KEY_ACTIVE, DAY, NEVER,
		    REVOKED, false, false, LIFE_UNSEEN, false },
		{ "active, gone, noted: request it", KEY_ACTIVE, NEVER, DAY,
		    GONE, false, false, LIFE_ADD, false },
		{ "active, gone, requested: stuck", KEY_ACTIVE, NEVER, 60,
		    GONE, false, false, LIFE_WAIT, true },
		{ "active, another record: never touched", KEY_ACTIVE, NEVER,
		    NEVER, FOREIGN, false, false, LIFE_WAIT, true },
		{ "active, no server answers: not gone", KEY_ACTIVE, DAY,
		    NEVER, NONE, false, false, LIFE_WAIT, false },
		{ "active, its record is back", KEY_ACTIVE, NEVER, 60, GOOD,
		    false, false, LIFE_SEEN, false },
		{ "by hand, requested an hour ago: wait", KEY_PENDING,
		    NEVER, 3600, GONE, true, false, LIFE_WAIT, false },
		{ "by hand, requested a day ago: repeat", KEY_PENDING,
		    NEVER, DAY, GONE, true, false, LIFE_ADD, false },
		{ "by hand, then by a program: request now", KEY_PENDING,
		    NEVER, 60, GONE, false, true, LIFE_ADD, false },
		{ "pending, another record: stuck", KEY_PENDING, NEVER, 60,
		    FOREIGN, false, false, LIFE_WAIT, true },
	};
	struct keystore_key key;
	struct life_found found;
	struct life life = { .times = times, .v = &key, .n = 1,
		.found = &found, .now_s = NOW };
	struct life_step step;
	size_t i;

	for (i = 0; i < sizeof(record) / sizeof(record[0]); i++) {
		key = (struct keystore_key){ .stage = record[i].stage,
			.since_s = NOW - DAY, .seen_s = at(record[i].seen),
			.asked_s = at(record[i].asked) };
		found = look(record[i].dns);
		life.by_hand = record[i].by_hand;
		life.changed = &record[i].changed;
		life_next(&life, 0, &step);
		tap_num(step.kind, record[i].want, record[i].name);
		tap_num(step.stuck, record[i].stuck, "stuck");
	}
	tap_ok(!life_asks(&life, 0) || key.stage != KEY_ACTIVE,
	    "asks: not about an active key alone");
	key.stage = KEY_ACTIVE;
	life.checks = true;
	tap_ok(life_asks(&life, 0), "asks: unless its record is checked");
	key.lost = true;
	tap_ok(!life_asks(&life, 0), "asks: never without its private half");
}

static void
test_stuck(void)
{
	static const struct {
		const char	*name;
		enum key_stage	 stage;
		int64_t		 since;		/* before NOW */
		bool		 want;
	} stuck[] = {
		{ "stuck: pending, not yet", KEY_PENDING, LIFE_STUCK_S - 1,
		    false },
		{ "stuck: pending", KEY_PENDING, LIFE_STUCK_S, true },
		{ "stuck: pending in the future", KEY_PENDING, -DAY, false },
		{ "stuck: published", KEY_PUBLISHED, LIFE_STUCK_S, true },
		{ "stuck: active: never itself", KEY_ACTIVE, 92 * DAY, false },
		{ "stuck: retired, not due", KEY_RETIRED, 13 * DAY, false },
		{ "stuck: revoked, its record still there", KEY_REVOKED,
		    LIFE_STUCK_S, true },
		{ "stuck: revoked, due for long", KEY_REVOKED, 32 * DAY, true },
		{ "stuck: revoked, just due", KEY_REVOKED, 31 * DAY, false },
		{ "stuck: removed", KEY_REMOVED, 900 * DAY, false },
	};
	struct keystore_key key;
	const struct life life = { .times = times, .v = &key, .n = 1,
		.now_s = NOW };
	size_t i;

	for (i = 0; i < sizeof(stuck) / sizeof(stuck[0]); i++) {
		key = (struct keystore_key){ .stage = stuck[i].stage,
			.since_s = NOW - stuck[i].since };
		tap_num(life_is_stuck(&life, 0), stuck[i].want,
		    stuck[i].name);
	}
}

/* What reports say of the key in the place of a retired one. */
static void
test_reports(void)
{
	static const struct {
		const char	*name;
		int64_t		 since;		/* before NOW */
		int64_t		 reporters;	/* -2: nobody asked */
		int64_t		 needed;
		enum crypto_key_type type;	/* of the other key */
		enum life_kind	 want;
		int64_t		 until;		/* after NOW */
	} reports[] = {
		{ "reports: not asked for", 14 * DAY, 0, 0, CRYPTO_RSA,
		    LIFE_STAGE, 0 },
		{ "reports: enough", 14 * DAY, 3, 3, CRYPTO_RSA, LIFE_STAGE,
		    0 },
		{ "reports: enough, too early", 14 * DAY - 1, 3, 3,
		    CRYPTO_RSA, LIFE_WAIT, 1 },
		{ "reports: too few", 14 * DAY, 2, 3, CRYPTO_RSA, LIFE_WAIT,
		    46 * DAY },
		{ "reports: not known", 14 * DAY, -1, 3, CRYPTO_RSA,
		    LIFE_WAIT, 46 * DAY },
		{ "reports: nobody asked", 14 * DAY, -2, 3, CRYPTO_RSA,
		    LIFE_WAIT, 46 * DAY },
		{ "reports: too few for the longest time", 60 * DAY, 2, 3,
		    CRYPTO_RSA, LIFE_STAGE, 0 },
		{ "reports: nearly so long", 60 * DAY - 1, 2, 3, CRYPTO_RSA,
		    LIFE_WAIT, 1 },
		{ "reports: retired in the future", -DAY, 3, 3, CRYPTO_RSA,
		    LIFE_WAIT, 14 * DAY },
		{ "reports: no key of that type signs", 14 * DAY, 0, 3,
		    CRYPTO_ED25519, LIFE_STAGE, 0 },
	};
	struct keystore_key v[] = { { .selector = STR("a"),
		.stage = KEY_RETIRED }, { .selector = STR("b"),
		.stage = KEY_ACTIVE } };
	struct life_found found[2] = { { .good = true }, { .good = true } };
	struct life life = { .v = v, .n = 2, .found = found, .now_s = NOW };
	int64_t seen[2] = { 0, 9 };
	struct life_step step;
	const char *why;
	size_t i;

	for (i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		v[0].since_s = at(reports[i].since);
		v[1].type = reports[i].type;
		seen[0] = reports[i].reporters;
		life.times = times;
		life.times.reporters = reports[i].needed;
		life.times.retired_longest_s = 60 * DAY;
		life.reporters = seen[0] == -2 ? NULL : seen;
		life_next(&life, 0, &step);
		tap_num(step.kind, reports[i].want, reports[i].name);
		if (reports[i].want == LIFE_WAIT) {
			tap_num(step.until_s, NOW + reports[i].until,
			    "until when");
		}
		why = life_objection(&life, 0, KEY_REVOKED);
		tap_ok((why == NULL) == (reports[i].want == LIFE_STAGE),
		    "revoke by hand");
	}
	life.times.retired_longest_s = DAY;
	v[0].since_s = NOW - 14 * DAY;
	tap_num(life_longest(&life, 0), NOW,
	    "reports: the longest time is no shorter than without them");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		test_row(&rows[i]);
	}
	for (i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		test_asks(&asks[i]);
	}
	for (i = 0; i < sizeof(objections) / sizeof(objections[0]); i++) {
		test_objection(&objections[i]);
	}
	test_delete();
	test_due();
	test_successor();
	test_record();
	test_stuck();
	test_reports();
	return (tap_done());
}
