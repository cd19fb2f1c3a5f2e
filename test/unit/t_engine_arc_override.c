/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a chain overrides a DMARC failure (RFC 8617 7.2). */
#include "authres/authres.h"
#include "engine/private.h"
#include "oom.h"
#include "tap.h"

#define ARENA_BYTES	((size_t)4 * 1024 * 1024)
#define PASS		" mx.test; dmarc=pass header.from=author.test"

static const struct row {
	const char	*name;
	const char	*sealers[3];	/* instance 1 first */
	const char	*results;	/* the first set's */
	const char	*comment;	/* NULL: no override */
} rows[] = {
	{ "one trusted sealer", { "list.test" }, PASS,
	    "arc=pass as[1].d=list.test as[1].s=s1" },
	{ "three trusted sealers", { "list.test", "a.lists.test", "list.test" },
	    PASS,
	    "arc=pass as[3].d=list.test as[3].s=s3 as[2].d=a.lists.test "
	    "as[2].s=s2 as[1].d=list.test as[1].s=s1" },
	{ "second sealer not trusted", { "list.test", "other.test" }, PASS,
	    NULL },
	{ "first sealer not trusted", { "other.test", "list.test" }, PASS,
	    NULL },
	{ "parent of a trusted domain", { "test" }, PASS, NULL },
	{ "sealer without a domain", { "" }, PASS, NULL },
	{ "no sealer", { NULL }, PASS, NULL },
	/* results of the first set */
	{ "dmarc=fail", { "list.test" }, " mx.test; dmarc=fail", NULL },
	{ "no results", { "list.test" }, " mx.test; none", NULL },
	{ "no DMARC result", { "list.test" },
	    " mx.test; spf=pass; dkim=pass header.d=author.test", NULL },
	{ "DMARC result among others", { "list.test" },
	    " mx.test 1; spf=fail; arc=none; "
	    "DMARC=Pass (p=reject) header.from=Author.test; dkim=none",
	    "arc=pass as[1].d=list.test as[1].s=s1" },
	{ "results in Microsoft form", { "list.test" }, " mx.test 1; spf=pass "
	    "(sender ip is 192.0.2.1) smtp.mailfrom=author.test; dmarc=pass "
	    "(p=reject sp=reject pct=100) action=none header.from=author.test; "
	    "dkim=pass (signature was verified) header.d=author.test; arc=none "
	    "(0)", "arc=pass as[1].d=list.test as[1].s=s1" },
	{ "no header.from", { "list.test" }, " mx.test; dmarc=pass",
	    "arc=pass as[1].d=list.test as[1].s=s1" },
	{ "header.from of another author", { "list.test" },
	    " mx.test; dmarc=pass header.from=evil.test", NULL },
	{ "two header.from", { "list.test" }, " mx.test; dmarc=pass "
	    "header.from=author.test header.from=evil.test", NULL },
	{ "two DMARC results", { "list.test" }, PASS "; dmarc=pass", NULL },
	{ "dmarc=pass and dmarc=fail", { "list.test" }, PASS "; dmarc=fail",
	    NULL },
	{ "syntax error after dmarc=pass", { "list.test" }, PASS "; \"", NULL },
	{ "dmarc=pass in a comment", { "list.test" },
	    " mx.test; spf=none (dmarc=pass)",
	    NULL },
	{ "dmarc=pass in a reason", { "list.test" },
	    " mx.test; spf=none reason=\"; dmarc=pass\"", NULL },
	{ "authres version 2", { "list.test" }, " mx.test 2; dmarc=pass",
	    NULL },
	{ "no authserv-id", { "list.test" }, " dmarc=pass", NULL },
	{ "empty value", { "list.test" }, "", NULL },
	/* remote-ip[1] */
	{ "smtp.remote-ip of the client", { "list.test" }, PASS
	    "; arc=none smtp.remote-ip=\"2001:DB8::1\"",
	    "arc=pass as[1].d=list.test as[1].s=s1 remote-ip[1]=2001:db8::1" },
	{ "policy.iprev of the client", { "list.test" }, PASS
	    "; iprev=pass policy.iprev=192.0.2.1",
	    "arc=pass as[1].d=list.test as[1].s=s1 remote-ip[1]=192.0.2.1" },
	{ "smtp.remote-ip is not an address", { "list.test" }, PASS
	    "; arc=none smtp.remote-ip=\"as[9].d=x\"",
	    "arc=pass as[1].d=list.test as[1].s=s1" },
};

static struct names *trusted;

static enum status
judge(struct arena *arena, const struct row *row, enum arc_result result,
    bool from_signed, const char **comment_r)
{
	static const char *const selectors[] = { "s1", "s2", "s3" };
	struct arc_sealer sealers[3];
	struct arc_verdict arc = { .result = result, .sealers = sealers,
		.from_signed = from_signed,
		    .first_results = str_from(row->results) };

	for (; arc.sealers_n < 3 && row->sealers[arc.sealers_n] != NULL;
	    arc.sealers_n++) {
		sealers[arc.sealers_n] = (struct arc_sealer){
			.instance = (unsigned)arc.sealers_n + 1,
			.domain = str_from(row->sealers[arc.sealers_n]),
			.selector = str_from(selectors[arc.sealers_n]) };
	}
	return (engine_arc_override(arena, trusted, &arc, STR("author.test"),
	    comment_r));
}

static void
check_row(const struct row *row)
{
	struct arena arena;
	const char *comment;

	arena_init(&arena, ARENA_BYTES);
	tap_num(judge(&arena, row, ARC_PASS, true, &comment), STATUS_OK,
	    row->name);
	tap_str(str_from(comment), str_from(row->comment), "comment");
	tap_ok(judge(&arena, row, ARC_FAIL, true, &comment) == STATUS_OK &&
	    comment == NULL, "and never if the chain fails");
	arena_fini(&arena);
}

/* The author is known by header.from or because the seal covers From. */
static void
check_from(void)
{
	static const struct row said = { .sealers = { "list.test" },
		.results = PASS }, vague = { .sealers = { "list.test" },
		.results = " mx.test; dmarc=pass" };
	struct arena arena;
	const char *comment;

	arena_init(&arena, ARENA_BYTES);
	tap_ok(judge(&arena, &said, ARC_PASS, false, &comment) == STATUS_OK &&
	    comment != NULL, "From is not signed, but its author is said");
	tap_ok(judge(&arena, &vague, ARC_PASS, false, &comment) == STATUS_OK &&
	    comment == NULL, "nor is that");
	arena_fini(&arena);
}

/* ARC_MAX_SETS sealers with the longest names. */
static void
check_long(void)
{
	struct arc_sealer sealers[ARC_MAX_SETS];
	struct arc_verdict arc = { .result = ARC_PASS, .sealers = sealers,
		.sealers_n = ARC_MAX_SETS, .first_results = STR(PASS) };
	char name[254] = "";
	struct arena arena;
	const char *comment;
	size_t i;

	memset(name, 'a', 253);
	for (i = 63; i < 240; i += 63) {
		name[i] = '.';
	}
	memcpy(name + 244, ".list.tes", 9);
	for (i = 0; i < ARC_MAX_SETS; i++) {
		sealers[i] = (struct arc_sealer){ (unsigned)i + 1,
			str_from(name), str_from(name) };
	}
	arena_init(&arena, ARENA_BYTES);
	tap_ok(names_add(trusted, STR(".tes"), 0) == STATUS_OK &&
	    engine_arc_override(&arena, trusted, &arc, STR("author.test"),
	    &comment) == STATUS_OK && comment != NULL &&
	    strlen(comment) > (size_t)100 * 253, "fifty long names");
	arena_fini(&arena);
}

static enum status
again(struct arena *arena)
{
	const char *comment;
	enum status st = judge(arena, &rows[1], ARC_PASS, true,
	    &comment);

	return (st == STATUS_OK && comment == NULL ? STATUS_SYNTAX : st);
}

int
main(void)
{
	size_t i;

	trusted = names_new();
	if (trusted == NULL ||
	    names_add(trusted, STR("list.test"), 0) != STATUS_OK ||
	    names_add(trusted, STR(".lists.test"), 0) != STATUS_OK) {
		return (1);
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
	check_from();
	check_long();
	oom_check(again, "a chain");
	names_free(trusted);
	return (tap_done());
}
