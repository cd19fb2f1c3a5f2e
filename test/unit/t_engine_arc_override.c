/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a chain overrides a DMARC failure (RFC 8617 7.2), and why not. */
#include "authres/authres.h"
#include "engine/private.h"
#include "oom.h"
#include "tap.h"

#define ARENA_BYTES	((size_t)4 * 1024 * 1024)
#define PASS		" mx.test; dmarc=pass header.from=author.test"

#define AFTER		"; dmarc=pass header.from=author.test"
#define ONE		"arc=pass as[1].d=list.test as[1].s=s1"
#define NONE		"no dmarc result"
#define NO_ID		"its field has no authserv-id, or too many results"
#define CUT	"its field has a quoted string or comment without an end"

static const struct row {
	const char	*name;
	const char	*sealers[3];	/* instance 1 first */
	const char	*results;	/* of the set that is read */
	const char	*comment;	/* NULL: no override */
	unsigned	 set;		/* whose results are read; 0: none */
	const char	*why;		/* it does not override */
} rows[] = {
	{ "one trusted sealer", { "list.test" }, PASS,
	    "arc=pass as[1].d=list.test as[1].s=s1", 1, NULL },
	{ "three trusted sealers: the lowest", { "list.test", "a.lists.test",
	    "list.test" }, PASS,
	    "arc=pass as[3].d=list.test as[3].s=s3 as[2].d=a.lists.test "
	    "as[2].s=s2 as[1].d=list.test as[1].s=s1", 1, NULL },
	{ "the author's provider below the list", { "provider.test",
	    "list.test" }, PASS, "arc=pass as[2].d=list.test as[2].s=s2 "
	    "as[1].d=provider.test as[1].s=s1", 2, NULL },
	{ "a provider below a list and a gateway", { "provider.test",
	    "list.test", "a.lists.test" }, PASS,
	    "arc=pass as[3].d=a.lists.test as[3].s=s3 as[2].d=list.test "
	    "as[2].s=s2 as[1].d=provider.test as[1].s=s1", 2, NULL },
	{ "trusted, another, trusted", { "list.test", "other.test",
	    "list.test" }, PASS,
	    "arc=pass as[3].d=list.test as[3].s=s3 as[2].d=other.test "
	    "as[2].s=s2 as[1].d=list.test as[1].s=s1", 3, NULL },
	{ "another sealer above a trusted one", { "list.test", "other.test" },
	    PASS, NULL, 2, "sealer other.test of set 2 is not trusted" },
	{ "only the first is trusted", { "list.test", "a.test", "b.test" },
	    PASS, NULL, 3, "sealer b.test of set 3 is not trusted" },
	{ "no trusted sealer", { "a.test", "b.test" }, PASS, NULL, 0, NULL },
	{ "parent of a trusted domain", { "test" }, PASS, NULL, 0, NULL },
	{ "sealer without a domain", { "" }, PASS, NULL, 0, NULL },
	{ "no sealer", { NULL }, PASS, NULL, 0, NULL },
	/* what that set says */
	{ "dmarc=fail", { "list.test" }, " mx.test; dmarc=fail", NULL,
	    1, "its field says dmarc=fail" },
	{ "no results", { "list.test" }, " mx.test; none", NULL, 1, NONE },
	{ "no DMARC result", { "list.test" },
	    " mx.test; spf=pass; dkim=pass header.d=author.test", NULL, 1,
	    NONE },
	{ "DMARC result among others", { "list.test" },
	    " mx.test 1; spf=fail; arc=none; "
	    "DMARC=Pass (p=reject) header.from=Author.test; dkim=none",
	    ONE, 1, NULL },
	{ "results in Microsoft form", { "list.test" }, " mx.test 1; spf=pass "
	    "(sender ip is 192.0.2.1) smtp.mailfrom=author.test; dmarc=pass "
	    "(p=reject sp=reject pct=100) action=none header.from=author.test; "
	    "dkim=pass (signature was verified) header.d=author.test; arc=none "
	    "(0)", ONE, 1, NULL },
	{ "no header.from", { "list.test" }, " mx.test; dmarc=pass", ONE, 1,
	    NULL },
	{ "header.from of another author", { "list.test" },
	    " mx.test; dmarc=pass header.from=evil.test", NULL, 1,
	    "its field is about evil.test" },
	{ "two header.from", { "list.test" }, " mx.test; dmarc=pass "
	    "header.from=author.test header.from=evil.test", NULL, 1,
	    "its field is about evil.test" },
	{ "two DMARC results that name the author", { "list.test" },
	    PASS "; dmarc=pass header.from=<joe@author.test>", ONE, 1, NULL },
	{ "two DMARC results, one without domain", { "list.test" },
	    PASS "; dmarc=pass", NULL, 1,
	    "its field does not name the author" },
	{ "dmarc=pass and dmarc=fail", { "list.test" }, PASS "; dmarc=fail",
	    NULL, 1, "its field says dmarc=fail" },
	{ "dmarc=fail and dmarc=pass", { "list.test" }, " mx.test; dmarc=fail"
	    " header.from=author.test; dmarc=pass header.from=author.test",
	    NULL, 1, "its field says dmarc=fail" },
	{ "an unreadable DMARC result beside", { "list.test" },
	    PASS "; dmarc=fail (", NULL, 1, "its dmarc result is unreadable" },
	{ "dmarc=pass in a comment", { "list.test" },
	    " mx.test; spf=none (; dmarc=pass)", NULL, 1, NONE },
	{ "dmarc=pass in a reason", { "list.test" },
	    " mx.test; spf=none reason=\"; dmarc=pass\"", NULL, 1, NONE },
	{ "dmarc=pass behind an open quote", { "list.test" },
	    " mx.test; spf=none reason=\"; dmarc=pass", NULL, 1, NONE },
	{ "results in an open quote", { "list.test" }, " mx.test; spf=pass "
	    "smtp.mailfrom=x" AFTER ";y=\"@evil; dkim=none; dmarc=fail "
	    "header.from=author.test", NULL, 1, CUT },
	{ "results in an open comment", { "list.test" }, " mx.test; spf=pass "
	    "smtp.mailfrom=x" AFTER ";y(; dkim=none; dmarc=fail "
	    "header.from=author.test", NULL, 1, CUT },
	{ "results in an open quote of a property", { "list.test" }, PASS
	    "; spf=none smtp.mailfrom=\"@evil; dmarc=fail", NULL, 1, CUT },
	{ "results in an open comment with one within", { "list.test" }, PASS
	    "; x=y (a; dmarc=fail (p=reject)", NULL, 1, CUT },
	{ "results in a closed quote", { "list.test" }, PASS
	    "; x=y reason=\"a; dmarc=fail\"", ONE, 1, NULL },
	{ "authres version 2", { "list.test" }, " mx.test 2; dmarc=pass",
	    NULL, 1, NO_ID },
	{ "no authserv-id", { "list.test" }, " dmarc=pass", NULL, 1, NO_ID },
	{ "dmarc=pass before the authserv-id", { "list.test" },
	    " dmarc=pass header.from=author.test; mx.test; spf=pass", NULL, 1,
	    NO_ID },
	{ "empty value", { "list.test" }, "", NULL, 1, NO_ID },
	/* as the world writes it */
	{ "a property without a ptype", { "list.test" }, " mx.test; dkim=pass "
	    "header.s=s1 x-bits=2048" AFTER "; x-cm=none score=0", ONE, 1,
	    NULL },
	{ "an unquoted IPv6 address", { "list.test" }, " mx.test; iprev=pass "
	    "(mx) smtp.remote-ip=2001:db8::7" AFTER,
	    ONE " remote-ip[1]=2001:db8::7", 1, NULL },
	{ "a syntax error in another result", { "list.test" },
	    " mx.test; spf= = ; \"x\" y; arc" AFTER "; \"", ONE, 1, NULL },
	{ "an address in angle brackets", { "list.test" },
	    " mx.test; dmarc=pass header.from=<a@author.test>", ONE, 1, NULL },
	{ "an address", { "list.test" },
	    " mx.test; dmarc=pass header.from=a@author.test", ONE, 1, NULL },
	{ "an address with a quoted local part", { "list.test" },
	    " mx.test; dmarc=pass header.from=\"a b@x\"@author.test", ONE, 1,
	    NULL },
	{ "an address with a name", { "list.test" }, " mx.test; dmarc=pass "
	    "header.from=\"\\\"Joe, J\\\" <a@Author.test>\"", ONE, 1, NULL },
	{ "From with two addresses", { "list.test" }, " mx.test; dmarc=pass "
	    "header.from=\"a@author.test, Joe <b@author.test>\"", ONE, 1,
	    NULL },
	{ "From with an address of another", { "list.test" },
	    " mx.test; dmarc=pass header.from=\"a@author.test, b@evil.test\"",
	    NULL, 1, "its field is about a@author.test, b@evil.test" },
	{ "the author in the name of another", { "list.test" },
	    " mx.test; dmarc=pass header.from=\"author.test <b@evil.test>\"",
	    NULL, 1, "its field is about author.test <b@evil.test>" },
	{ "the author as the name of another", { "list.test" },
	    " mx.test; dmarc=pass header.from=\"a@author.test <b@evil.test>\"",
	    NULL, 1, "its field is about a@author.test <b@evil.test>" },
	{ "a name in the place of the author", { "list.test" },
	    " mx.test; dmarc=pass header.from=\"<b@evil.test> author.test\"",
	    NULL, 1, "its field is about <b@evil.test> author.test" },
	{ "an address of another", { "list.test" },
	    " mx.test; dmarc=pass header.from=author.test@evil.test", NULL, 1,
	    "its field is about author.test@evil.test" },
	{ "an unreadable author", { "list.test" },
	    " mx.test; dmarc=pass header.from=\"a\"b.test", NULL, 1,
	    "its field is about " },
	{ "odd words in the DMARC result", { "list.test" },
	    " mx.test; dmarc=pass x=1 ! (c) foo a.b header.from=author.test",
	    ONE, 1, NULL },
	/* remote-ip */
	{ "smtp.remote-ip of the client", { "list.test" }, PASS
	    "; arc=none smtp.remote-ip=\"2001:DB8::1\"",
	    ONE " remote-ip[1]=2001:db8::1", 1, NULL },
	{ "policy.iprev of the client", { "list.test" }, PASS
	    "; iprev=pass policy.iprev=192.0.2.1",
	    ONE " remote-ip[1]=192.0.2.1", 1, NULL },
	{ "smtp.remote-ip is not an address", { "list.test" }, PASS
	    "; arc=none smtp.remote-ip=\"as[9].d=x\"", ONE, 1, NULL },
};

static struct names *trusted;

static enum status
judge_author(struct arena *arena, const struct row *row, struct str author,
    struct arc_verdict *arc, struct engine_arc_word *word_r)
{
	static const char *const selectors[] = { "s1", "s2", "s3" };
	static const struct str other = { " mx.test; dmarc=none", 20 };
	struct arc_sealer sealers[3];
	struct str results[3];
	size_t i;

	arc->sealers = sealers;
	arc->results = results;
	for (i = 0; i < 3 && row->sealers[i] != NULL; i++) {
		sealers[i] = (struct arc_sealer){ .instance = (unsigned)i + 1,
			.domain = str_from(row->sealers[i]),
			.selector = str_from(selectors[i]) };
		results[i] = i + 1 == row->set ? str_from(row->results) :
		    other;
	}
	arc->sealers_n = i;
	return (engine_arc_override(arena, trusted, arc, author, word_r));
}

static enum status
judge(struct arena *arena, const struct row *row, struct arc_verdict *arc,
    struct engine_arc_word *word_r)
{
	return (judge_author(arena, row, STR("author.test"), arc, word_r));
}

static void
check_row(const struct row *row)
{
	struct arc_verdict arc = { .result = ARC_PASS, .from_signed = true };
	struct engine_arc_word word;
	struct arena arena;

	arena_init(&arena, ARENA_BYTES);
	tap_num(judge(&arena, row, &arc, &word), STATUS_OK, row->name);
	tap_str(str_from(word.comment), str_from(row->comment), "comment");
	tap_num(word.sealer.instance, row->set, "set");
	tap_str(str_from(word.sealer.why), str_from(row->why), "why not");
	arc.result = ARC_FAIL;
	tap_ok(judge(&arena, row, &arc, &word) == STATUS_OK &&
	    word.comment == NULL && word.sealer.instance == 0,
	    "and never if the chain fails");
	arc.unavailable = true;
	arc.reason = "no key";
	tap_ok(judge(&arena, row, &arc, &word) == STATUS_OK &&
	    word.comment == NULL && word.sealer.instance == row->set &&
	    word.later == (row->comment != NULL),
	    "a key is unavailable: perhaps later");
	tap_str(str_from(word.sealer.why), row->comment != NULL ?
	    STR("its chain cannot be verified now: no key") :
	    str_from(row->why), "why");
	arena_fini(&arena);
}

/* The author is known by header.from or because the seal covers From; and
   nothing may ride on the seal. */
static void
check_from(void)
{
	static const struct row said = { .sealers = { "list.test" },
		.results = PASS, .set = 1 };
	static const struct row vague = { .sealers = { "list.test" },
		.results = " mx.test; dmarc=pass", .set = 1 };
	struct arc_verdict arc = { .result = ARC_PASS };
	struct engine_arc_word word;
	struct arena arena;

	arena_init(&arena, ARENA_BYTES);
	tap_ok(judge(&arena, &said, &arc, &word) == STATUS_OK &&
	    word.comment != NULL, "From is not signed, but its author is said");
	tap_ok(judge(&arena, &vague, &arc, &word) == STATUS_OK &&
	    word.comment == NULL, "nor is that");
	tap_str(str_from(word.sealer.why),
	    STR("its field does not name the author"), "why");
	arc.uncovered = "a second Subject is not signed";
	tap_ok(judge(&arena, &said, &arc, &word) == STATUS_OK &&
	    word.comment == NULL, "something rides on the seal");
	tap_str(str_from(word.sealer.why), str_from(arc.uncovered), "why");
	arena_fini(&arena);
}

static void
check_several_authors(void)
{
	static const struct row said = { .sealers = { "list.test" },
		.results = PASS, .set = 1 };
	struct arc_verdict arc = { .result = ARC_PASS, .from_signed = true };
	struct engine_arc_word word;
	struct arena arena;

	arena_init(&arena, ARENA_BYTES);
	tap_ok(judge_author(&arena, &said, STR_NONE, &arc, &word) ==
	    STATUS_OK && word.comment == NULL && word.sealer.instance == 1,
	    "several authors");
	tap_str(str_from(word.sealer.why),
	    STR("the message has several author domains"), "why");
	arena_fini(&arena);
}

/* U-labels in the field (RFC 8616). */
static void
check_international(void)
{
	struct arc_sealer sealer = { 1, STR("list.test"), STR("s1") };
	struct str results = STR(" mx.test; dmarc=pass "
	    "header.from=J\xc3\xb6@b\xc3\xbc" "cher.test");
	struct arc_verdict arc = { .result = ARC_PASS, .sealers = &sealer,
		.sealers_n = 1, .results = &results };
	struct engine_arc_word word;
	struct arena arena;

	arena_init(&arena, ARENA_BYTES);
	tap_ok(engine_arc_override(&arena, trusted, &arc,
	    STR("xn--bcher-kva.test"), &word) == STATUS_OK &&
	    word.comment != NULL, "U-labels");
	arena_fini(&arena);
}

/* ARC_MAX_SETS sealers with the longest names. */
static void
check_long(void)
{
	struct arc_sealer sealers[ARC_MAX_SETS];
	struct str results[ARC_MAX_SETS];
	struct arc_verdict arc = { .result = ARC_PASS, .sealers = sealers,
		.sealers_n = ARC_MAX_SETS, .results = results };
	struct engine_arc_word word;
	char name[254] = "";
	struct arena arena;
	size_t i;

	memset(name, 'a', 253);
	for (i = 63; i < 240; i += 63) {
		name[i] = '.';
	}
	memcpy(name + 244, ".list.tes", 9);
	for (i = 0; i < ARC_MAX_SETS; i++) {
		results[i] = STR(PASS);
		sealers[i] = (struct arc_sealer){ (unsigned)i + 1,
			str_from(name), str_from(name) };
	}
	arena_init(&arena, ARENA_BYTES);
	tap_ok(names_add(trusted, STR(".tes"), 0) == STATUS_OK &&
	    engine_arc_override(&arena, trusted, &arc, STR("author.test"),
	    &word) == STATUS_OK && word.comment != NULL &&
	    strlen(word.comment) > (size_t)100 * 253, "fifty long names");
	arena_fini(&arena);
}

static enum status
again(struct arena *arena)
{
	struct arc_verdict arc = { .result = ARC_PASS };
	struct engine_arc_word word;
	enum status status = judge(arena, &rows[1], &arc, &word);

	return (status == STATUS_OK && word.comment == NULL ? STATUS_SYNTAX :
	    status);
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
	check_several_authors();
	check_international();
	check_long();
	oom_check(again, "a chain");
	names_free(trusted);
	return (tap_done());
}
