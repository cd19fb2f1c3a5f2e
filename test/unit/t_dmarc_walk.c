/* SPDX-License-Identifier: BSD-2-Clause */
#include "dmarc/walk.h"
#include "mail/domain.h"

#include "test/unit/dmarc_lab.h"

/* RFC 9989 4.10, 4.10.2 */
static const struct row {
	const char	*name;
	const char	*zone;
	const char	*start;
	const char	*went;		/* targets, in order */
	const char	*org;		/* NULL: unknown */
	const char	*above;		/* domain of the record; NULL: none */
} rows[] = {
	{ "one label", "", "com", "com", "com", NULL },
	{ "no record: the name itself", "", "a.b.example.com",
	    "a.b.example.com b.example.com example.com com",
	    "a.b.example.com", NULL },
	{ "7 labels", "", "b.c.d.e.f.example.com",
	    "b.c.d.e.f.example.com c.d.e.f.example.com d.e.f.example.com "
	    "e.f.example.com f.example.com example.com com",
	    "b.c.d.e.f.example.com", NULL },
	{ "8 labels: none is skipped", "", "a.b.c.d.e.f.example.com",
	    "a.b.c.d.e.f.example.com b.c.d.e.f.example.com "
	    "c.d.e.f.example.com d.e.f.example.com e.f.example.com "
	    "f.example.com example.com com", "a.b.c.d.e.f.example.com", NULL },
	{ "9 labels: one is skipped", "", "z.a.b.c.d.e.f.example.com",
	    "z.a.b.c.d.e.f.example.com b.c.d.e.f.example.com "
	    "c.d.e.f.example.com d.e.f.example.com e.f.example.com "
	    "f.example.com example.com com", "z.a.b.c.d.e.f.example.com",
	    NULL },
	{ "fewest labels", REC("a.example.com", "p=none")
	    REC("example.com", "p=none"), "a.example.com",
	    "a.example.com example.com com", "example.com", "example.com" },
	{ "a record of the top-level domain (11.8)", REC("com", "p=none")
	    REC("example.com", "p=none"), "example.com", "example.com com",
	    "com", "com" },
	{ "psd=n at the start", REC("example.com", "psd=n"), "example.com",
	    "example.com", "example.com", "example.com" },
	{ "psd=n above", REC("b.example.com", "psd=n")
	    REC("example.com", "p=none"), "a.b.example.com",
	    "a.b.example.com b.example.com", "b.example.com",
	    "b.example.com" },
	{ "psd=y at the start", REC("bank.example", "psd=y")
	    REC("example", "p=none"), "bank.example", "bank.example",
	    "bank.example", "bank.example" },
	{ "psd=y above, a record below", REC("bank.example", "psd=y")
	    REC("giant.bank.example", "p=none"), "a.giant.bank.example",
	    "a.giant.bank.example giant.bank.example bank.example",
	    "giant.bank.example", "giant.bank.example" },
	{ "psd=y above, none below", REC("bank.example", "psd=y"),
	    "a.giant.bank.example",
	    "a.giant.bank.example giant.bank.example bank.example",
	    "giant.bank.example", "bank.example" },
	{ "psd=y above, a record between",
	    REC("example", "psd=y") REC("mail.corp.example", "p=none"),
	    "a.mail.corp.example", "a.mail.corp.example mail.corp.example "
	    "corp.example example", "corp.example", "example" },
	{ "psd=y with 7 labels: the name below was not queried",
	    REC("c.d.e.f.g.example.com", "psd=y")
	    REC("b.c.d.e.f.g.example.com", "p=none"),
	    "z.a.b.c.d.e.f.g.example.com",
	    "z.a.b.c.d.e.f.g.example.com c.d.e.f.g.example.com",
	    "b.c.d.e.f.g.example.com", "c.d.e.f.g.example.com" },
	{ "several records are discarded", REC("a.example.com", "psd=n")
	    REC("a.example.com", "p=none") REC("example.com", "p=none"),
	    "a.example.com", "a.example.com example.com com", "example.com",
	    "example.com" },
	{ "a record with a bad p", REC("example.com", "p=bogus"),
	    "example.com", "example.com com", "example.com", "example.com" },
	{ "a timeout ends the walk", REC("a.example.com", "p=none")
	    "_dmarc.example.com TIMEOUT\n", "a.example.com",
	    "a.example.com example.com", NULL, NULL },
	{ "SERVFAIL ends the walk", "_dmarc.com SERVFAIL\n", "example.com",
	    "example.com com", NULL, NULL },
	{ "SERVFAIL beyond the end is ignored",
	    REC("example.com", "psd=n") "_dmarc.com SERVFAIL\n",
	    "example.com", "example.com", "example.com", "example.com" },
};

static void
check_row(const struct row *row)
{
	struct str names[LAB_MAX_NAMES];
	size_t i, n = lab_words(row->went, names);
	struct dmarc_walks walks;
	struct dmarc_walk *walk;
	struct lab lab;

	lab_init(&lab, str_from(row->zone));
	dmarc_walks_init(&walks, &lab.arena, lab.batch, NULL, NULL);
	lab_must(dmarc_walks_start(&walks, str_from(row->start), &walk) ==
	    STATUS_OK, "start");
	tap_num((long long)dns_batch_count(lab.batch), (long long)walk->n,
	    "queries, all sent at once");
	tap_num(dmarc_walk_read(&walks, walk), STATUS_OK, row->name);
	tap_num((long long)walk->went, (long long)n, "steps");
	for (i = 0; i < n && i < walk->went; i++) {
		tap_str(walk->v[i].name, names[i], "names");
	}
	tap_str(walk->org, str_from(row->org), "organisational domain");
	tap_str(walk->above_name, str_from(row->above), "record");
	tap_ok(walk->failed == (row->org == NULL), "failed");
	lab_fini(&lab);
}

/* One walk per name, and one query per DNS name. */
static void
check_memory_of_names(void)
{
	struct dmarc_walk *a = NULL, *b = NULL, *c = NULL;
	struct dmarc_walks walks;
	struct lab lab;

	lab_init(&lab, STR(""));
	dmarc_walks_init(&walks, &lab.arena, lab.batch, NULL, NULL);
	tap_ok(dmarc_walks_find(&walks, STR("a.example.com")) == NULL,
	    "no walk yet");
	lab_must(dmarc_walks_start(&walks, STR("a.example.com"), &a) ==
	    STATUS_OK && dmarc_walks_start(&walks, STR("a.example.com"),
	    &b) == STATUS_OK && dmarc_walks_start(&walks,
	    STR("b.example.com"), &c) == STATUS_OK, "starts");
	tap_ok(a == b && a != c, "the same walk for the same name");
	tap_ok(dmarc_walks_find(&walks, STR("b.example.com")) == c, "found");
	tap_num((long long)dns_batch_count(lab.batch), 4,
	    "names that two walks share are queried once");
	lab_fini(&lab);
}

static void
check_long(void)
{
	char name[DOMAIN_MAX_BYTES];
	struct dmarc_walks walks;
	struct dmarc_walk *walk;
	struct lab lab;
	size_t i;

	memset(name, 'a', sizeof(name));
	for (i = 1; i < sizeof(name); i += 2) {
		name[i] = '.';
	}
	lab_init(&lab, STR(REC("a.a", "p=none")));
	dmarc_walks_init(&walks, &lab.arena, lab.batch, NULL, NULL);
	lab_must(dmarc_walks_start(&walks, str_mem(name, sizeof(name)),
	    &walk) == STATUS_OK, "start");
	tap_num((long long)walk->n, DMARC_WALK_MAX_NAMES,
	    "127 labels: 8 names");
	tap_num(dmarc_walk_read(&walks, walk), STATUS_OK, "127 labels: read");
	tap_str(walk->org, STR("a.a"),
	    "no record at a name too long with _dmarc.");
	lab_fini(&lab);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
	check_memory_of_names();
	check_long();
	return (tap_done());
}
