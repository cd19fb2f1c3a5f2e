/* SPDX-License-Identifier: BSD-2-Clause */
/* The stages of a key, step by step, as a table. */
#include "config.h"

#include "keys/life.h"
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
	enum step_kind	 want;		/* of the first key */
	enum key_stage	 stage;		/* STEP_STAGE */
	int64_t		 until;		/* STEP_WAIT: after NOW; -1 */
};

enum { NONE, GOOD, GONE, PARTLY, REVOKED, FOREIGN };
#define NEVER	(NOW + 1)	/* "before NOW" that comes out as -1 */

static const struct row rows[] = {
	{ "a new key: its record is asked for",
	    { { KEY_PENDING, 0, 0, NEVER, NEVER, GONE, 0 } }, 1, false,
	    STEP_ADD, 0, 0 },
	{ "asked for just now: not again",
	    { { KEY_PENDING, 60, 60, NEVER, 60, GONE, 0 } }, 1, false,
	    STEP_WAIT, 0, -1 },
	{ "asked for an hour ago: again",
	    { { KEY_PENDING, DAY, DAY, NEVER, LIFE_ASK_AGAIN_S, PARTLY, 0 } },
	    1, false, STEP_ADD, 0, 0 },
	{ "asked for in the future (clock set back): waits",
	    { { KEY_PENDING, 0, 0, NEVER, -DAY, GONE, 0 } }, 1, false,
	    STEP_WAIT, 0, -1 },
	{ "on some servers: not published",
	    { { KEY_PENDING, 60, 60, NEVER, 60, PARTLY, 0 } }, 1, false,
	    STEP_WAIT, 0, -1 },
	{ "another's record: never replaced",
	    { { KEY_PENDING, 0, 0, NEVER, NEVER, FOREIGN, 0 } }, 1, false,
	    STEP_WAIT, 0, -1 },
	{ "at all servers: published",
	    { { KEY_PENDING, 60, 60, NEVER, 60, GOOD, 0 } }, 1, false,
	    STEP_STAGE, KEY_PUBLISHED, 0 },
	{ "published: not before the negative TTL is over",
	    { { KEY_PUBLISHED, DAY, 0, NEG - 1, 60, GOOD, 0 } }, 1, false,
	    STEP_WAIT, 0, 1 },
	{ "then: active",
	    { { KEY_PUBLISHED, DAY, NEG, NEG, 60, GOOD, 0 } }, 1, false,
	    STEP_STAGE, KEY_ACTIVE, 0 },
	{ "published in the future (clock set back): as if now",
	    { { KEY_PUBLISHED, 0, -DAY, -DAY, 0, GOOD, 0 } }, 1, false,
	    STEP_WAIT, 0, NEG },
	{ "published, but gone from a server: seen no more",
	    { { KEY_PUBLISHED, DAY, DAY, DAY, DAY, PARTLY, 0 } }, 1, false,
	    STEP_UNSEEN, 0, 0 },
	{ "then asked for again",
	    { { KEY_PUBLISHED, DAY, DAY, NEVER, DAY, PARTLY, 0 } }, 1, false,
	    STEP_ADD, 0, 0 },
	{ "and seen again: the negative TTL begins anew",
	    { { KEY_PUBLISHED, DAY, DAY, NEVER, DAY, GOOD, 0 } }, 1, false,
	    STEP_SEEN, 0, 0 },
	{ "active: its successor is not due",
	    { { KEY_ACTIVE, DAY, DAY, 0, 0, NONE, 0 } }, 1, false,
	    STEP_WAIT, 0, 89 * DAY },
	{ "active in the future (clock set back): as if now",
	    { { KEY_ACTIVE, 0, -400 * DAY, 0, 0, NONE, 0 } }, 1, false,
	    STEP_WAIT, 0, 90 * DAY },
	{ "by force it is",
	    { { KEY_ACTIVE, DAY, DAY, 0, 0, NONE, 0 } }, 1, true,
	    STEP_CREATE, 0, 0 },
	{ "after 90 days it is",
	    { { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, NONE, 0 } }, 1, false,
	    STEP_CREATE, 0, 0 },
	{ "one successor is enough, even by force",
	    { { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, NONE, 0 },
	      { KEY_PENDING, 0, 0, NEVER, NEVER, GONE, 0 } }, 2, true,
	    STEP_WAIT, 0, -1 },
	{ "even one that is older (the clock was set back)",
	    { { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, NONE, 0 },
	      { KEY_PENDING, 99 * DAY, 99 * DAY, NEVER, NEVER, GONE, 0 } }, 2,
	    false, STEP_WAIT, 0, -1 },
	{ "one of another kind is none",
	    { { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, NONE, CRYPTO_RSA },
	      { KEY_PENDING, 0, 0, NEVER, NEVER, GONE, CRYPTO_ED25519 } }, 2,
	    false, STEP_CREATE, 0, 0 },
	{ "the successor is active and seen: retires",
	    { { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, NONE, 0 },
	      { KEY_ACTIVE, DAY, 0, 0, 0, GOOD, 0 } }, 2, false,
	    STEP_STAGE, KEY_RETIRED, 0 },
	{ "the successor is active, but lost its record: stays",
	    { { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, NONE, 0 },
	      { KEY_ACTIVE, DAY, 0, 0, 0, PARTLY, 0 } }, 2, false,
	    STEP_WAIT, 0, -1 },
	{ "the newest of them does not retire",
	    { { KEY_ACTIVE, DAY, 0, 0, 0, GOOD, 0 },
	      { KEY_ACTIVE, 91 * DAY, 90 * DAY, 0, 0, GOOD, 0 } }, 2, false,
	    STEP_WAIT, 0, 90 * DAY },
	{ "of the same age one alone retires",
	    { { KEY_ACTIVE, DAY, 0, 0, 0, GOOD, 0 },
	      { KEY_ACTIVE, DAY, 0, 0, 0, GOOD, 0 } }, 2, false,
	    STEP_STAGE, KEY_RETIRED, 0 },
	{ "an active key of another kind retires none",
	    { { KEY_ACTIVE, 9 * DAY, DAY, 0, 0, NONE, CRYPTO_RSA },
	      { KEY_ACTIVE, DAY, DAY, 0, 0, GOOD, CRYPTO_ED25519 } }, 2,
	    false, STEP_WAIT, 0, 89 * DAY },
	{ "retired: mail may be under way",
	    { { KEY_RETIRED, 99 * DAY, 13 * DAY, 0, 0, NONE, 0 },
	      { KEY_ACTIVE, DAY, DAY, 0, 0, NONE, 0 } }, 2, false,
	    STEP_WAIT, 0, DAY },
	{ "retired in the future (clock set back): as if now",
	    { { KEY_RETIRED, 99 * DAY, -DAY, 0, 0, NONE, 0 },
	      { KEY_ACTIVE, DAY, DAY, 0, 0, NONE, 0 } }, 2, false,
	    STEP_WAIT, 0, 14 * DAY },
	{ "after the overlap: revoked",
	    { { KEY_RETIRED, 99 * DAY, 14 * DAY, 0, 0, NONE, 0 },
	      { KEY_ACTIVE, DAY, DAY, 0, 0, NONE, 0 } }, 2, false,
	    STEP_STAGE, KEY_REVOKED, 0 },
	{ "never the last key that is good",
	    { { KEY_RETIRED, 99 * DAY, 14 * DAY, 0, 0, NONE, 0 },
	      { KEY_PUBLISHED, DAY, DAY, 0, 0, GOOD, 0 } }, 2, false,
	    STEP_WAIT, 0, -1 },
	{ "revoked: p= is asked for",
	    { { KEY_REVOKED, 99 * DAY, 0, NEVER, NEVER, GOOD, 0 } }, 1, false,
	    STEP_REVOKE, 0, 0 },
	{ "revoked: seen as such",
	    { { KEY_REVOKED, 99 * DAY, DAY, NEVER, DAY, REVOKED, 0 } }, 1,
	    false, STEP_SEEN, 0, 0 },
	{ "revoked: the record stays for a while",
	    { { KEY_REVOKED, 99 * DAY, DAY, DAY, DAY, REVOKED, 0 } }, 1,
	    false, STEP_WAIT, 0, 29 * DAY },
	{ "then its end is asked for",
	    { { KEY_REVOKED, 99 * DAY, 30 * DAY, DAY, 30 * DAY, REVOKED,
	      0 } }, 1, false, STEP_REMOVE, 0, 0 },
	{ "and waited for",
	    { { KEY_REVOKED, 99 * DAY, 30 * DAY, DAY, 0, REVOKED, 0 } }, 1,
	    false, STEP_WAIT, 0, -1 },
	{ "gone too early is no hurry",
	    { { KEY_REVOKED, 99 * DAY, DAY, DAY, DAY, GONE, 0 } }, 1, false,
	    STEP_WAIT, 0, 29 * DAY },
	{ "gone everywhere: removed",
	    { { KEY_REVOKED, 99 * DAY, 30 * DAY, DAY, 0, GONE, 0 } }, 1,
	    false, STEP_STAGE, KEY_REMOVED, 0 },
	{ "another's record in its place is not taken out",
	    { { KEY_REVOKED, 99 * DAY, 30 * DAY, DAY, DAY, FOREIGN, 0 } }, 1,
	    false, STEP_WAIT, 0, -1 },
	{ "removed: nothing more",
	    { { KEY_REMOVED, 99 * DAY, 30 * DAY, DAY, DAY, GOOD, 0 } }, 1,
	    true, STEP_WAIT, 0, -1 },
};

static int64_t
at(int64_t before)
{
	return (NOW - before);
}

static struct found
look(int dns)
{
	return ((struct found){ .good = dns == GOOD, .gone = dns == GONE,
		.revoked = dns == REVOKED || dns == GONE,
		.foreign = dns == FOREIGN, .negative_ttl_s = NEG });
}

static void
test_row(const struct policy *policy, const struct row *row)
{
	static const char *const selectors[KEYS_MAX] = { "a", "b", "c" };
	struct keystore_key v[KEYS_MAX];
	struct found found[KEYS_MAX];
	struct step step;
	size_t i;

	for (i = 0; i < row->n; i++) {
		v[i] = (struct keystore_key){ .domain = STR("example.com"),
			.selector = str_from(selectors[i]),
			.type = row->k[i].type, .stage = row->k[i].stage,
			.created_s = at(row->k[i].created),
			.since_s = at(row->k[i].since),
			.seen_s = at(row->k[i].seen),
			.asked_s = at(row->k[i].asked) };
		found[i] = look(row->k[i].dns);
	}
	life_next(policy, v, found, row->n, 0, NOW, row->force, &step);
	if (!tap_num(step.kind, row->want, row->name)) {
		return;
	}
	if (row->want == STEP_STAGE) {
		tap_num(step.stage, row->stage, "the stage");
	} else if (row->want == STEP_WAIT) {
		tap_num(step.until_s, row->until == -1 ? -1 :
		    NOW + row->until, "until when");
	}
}

/* DNS is asked for a key only where the answer counts. */
static void
test_asks(void)
{
	struct keystore_key v[] = {
		{ .selector = STR("a"), .stage = KEY_ACTIVE, .created_s = 1 },
		{ .selector = STR("b"), .stage = KEY_RETIRED },
	};

	tap_ok(!life_asks(v, 2, 0), "an active key alone: no DNS");
	tap_ok(!life_asks(v, 2, 1), "a retired one: no DNS");
	v[1].stage = KEY_ACTIVE;
	tap_ok(life_asks(v, 2, 0), "one that lets another retire: DNS");
	v[1].stage = KEY_PENDING;
	tap_ok(life_asks(v, 2, 1), "a new one: DNS");
}

int
main(void)
{
	struct policy policy;
	struct diag diag;
	size_t i;

	diag_init(&diag);
	tap_num(policy_parse(&policy, STR(""), "defaults", &diag), STATUS_OK,
	    "the default policy");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		test_row(&policy, &rows[i]);
	}
	policy_fini(&policy);
	test_asks();
	return (tap_done());
}
