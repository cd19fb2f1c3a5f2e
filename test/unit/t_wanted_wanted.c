/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The records that a domain should have. The rule: a zone with all of them is
 * one about which mailseal check has neither error nor warning.
 */
#include "test/unit/check_lab.h"
#include "wanted/record.h"
#include "wanted/wanted.h"

#define TEXT_MAX_BYTES	(64 * 1024)
#define CASE_MAX_IPS	3

static const struct wanted_case {
	const char	*name;
	const char	*ips;
	const char	*host;		/* NULL: not known */
	const char	*policy;
	const char	*rua;
	bool		 parked;
} cases[] = {
	{ "IPv4", "192.0.2.1", "mail.d.example", NULL, NULL,
	    false },
	{ "both families", "192.0.2.1 " V6, "mail.d.example", NULL, NULL,
	    false },
	{ "IPv6 only", V6, "mail.d.example", "reject", NULL,
	    false },
	{ "a host of another domain", "192.0.2.1", "mx.host.example",
	    "quarantine", NULL, false },
	{ "reports to another organisation", "192.0.2.1", "mail.d.example",
	    NULL, "d@reports.example", false },
	{ "reports within the organisation", "192.0.2.1", "mail.d.example",
	    NULL, "d@in.d.example", false },
	{ "the host has the domain's name", "192.0.2.1", "d.example", NULL,
	    NULL, false },
	{ "parked", "", NULL, NULL, NULL, true },
};

static void
add_record(struct buf *zone, struct arena *arena, enum wanted wanted,
    const struct wanted_about *about)
{
	struct wanted_record r;

	lab_must(wanted_make(arena, wanted, about, &r) == STATUS_OK,
	    "memory");
	if (r.value.p != NULL) {
		record_zone_line(zone, r.owner, r.type, r.value);
	}
}

/* All that apply; those of addresses for each address. */
static void
add_records(struct buf *zone, struct arena *arena,
    const struct wanted_about *about)
{
	struct wanted_about one = *about;
	size_t i;

	add_record(zone, arena, WANTED_MX, about);
	add_record(zone, arena, WANTED_SPF, about);
	add_record(zone, arena, WANTED_DMARC, about);
	if (about->parked) {
		return;
	}
	add_record(zone, arena, WANTED_DKIM, about);
	add_record(zone, arena, WANTED_TLS_REPORTS, about);
	if (!str_eq(about->host, about->domain)) {
		add_record(zone, arena, WANTED_HOST_SPF, about);
	}
	one.ips_n = 1;
	for (i = 0; i < about->ips_n; i++) {
		one.ips = &about->ips[i];
		add_record(zone, arena, WANTED_HOST_ADDRESS, &one);
		add_record(zone, arena, WANTED_REVERSE, &one);
	}
}

static void
check_report_of(const struct check_report *r, const char *name)
{
	size_t i;

	tap_ok(r->counts[CHECK_ERROR] == 0 && r->counts[CHECK_WARN] == 0 &&
	    r->counts[CHECK_UNKNOWN] == 0, "%s", name);
	for (i = 0; i < r->n; i++) {
		if (r->findings[i].severity < CHECK_INFO ||
		    r->findings[i].severity == CHECK_UNKNOWN) {
			printf("# %s: %.*s\n", r->findings[i].check,
			    STR_FMT(r->findings[i].text));
		}
	}
}

static void
run_check(const struct wanted_case *row, const struct wanted_about *about,
    struct str zone)
{
	struct check_selector selector = { about->selector, about->key };
	struct check_opts opts = { .domain = about->domain,
		.ips = about->ips, .ips_n = about->ips_n,
		.helo = about->host, .selectors = &selector,
		.selectors_n = row->parked ? 0 : 1 };
	struct check *check;
	const char *what;
	struct lab lab;

	lab_init(&lab, zone);
	opts.env = &lab.env;
	lab_must(check_new(&opts, lab.dns, &what, &check) == STATUS_OK,
	    "check");
	lab_must(check_run(check, UINT64_MAX) == STATUS_OK, "memory");
	check_report_of(check_get(check), row->name);
	check_free(check);
	lab_fini(&lab);
}

static void
check_case_of(const struct wanted_case *row, const struct privkey *key)
{
	struct check_words ips = check_split(row->ips);
	struct ip_addr v[CASE_MAX_IPS];
	struct wanted_about about = { .domain = STR("d.example"),
		.host = str_from(row->host), .ips = v, .ips_n = ips.n,
		.parked = row->parked, .selector = STR("s"), .key = key,
		.policy = row->policy, .rua = str_from(row->rua),
		.now_s = 1700000000 };
	struct arena arena;
	struct buf zone;
	size_t i, at = str_find(about.rua, '@');

	arena_init(&arena, TEXT_MAX_BYTES);
	buf_init(&zone, TEXT_MAX_BYTES);
	for (i = 0; i < ips.n; i++) {
		lab_must(ip_parse(ips.v[i], &v[i]), "address");
	}
	add_records(&zone, &arena, &about);
	if (about.rua.n > 0) {
		about.receiver = str_from_offset(about.rua, at + 1);
		add_record(&zone, &arena, WANTED_REPORTS, &about);
		buf_printf(&zone, "%.*s. MX 10 mail.d.example.\n",
		    STR_FMT(about.receiver));
	}
	lab_must(zone.status == STATUS_OK, "memory");
	run_check(row, &about, buf_str(&zone));
	buf_fini(&zone);
	arena_fini(&arena);
}

/* What is not known is no record, and no crash. */
static void
check_unknown(void)
{
	const struct wanted_about about = { .domain = STR("d.example"),
		.selector = STR("s") };
	struct wanted_record r;
	struct arena arena;
	unsigned i;

	arena_init(&arena, TEXT_MAX_BYTES);
	for (i = 0; i < WANTED_N; i++) {
		lab_must(wanted_make(&arena, (enum wanted)i, &about, &r) ==
		    STATUS_OK, "memory");
		tap_ok(r.name != NULL && r.owner.p != NULL && (r.value.p !=
		    NULL) == (i != WANTED_DKIM && i != WANTED_HOST_ADDRESS),
		    "%s of a domain of which nothing is known", r.name);
	}
	arena_fini(&arena);
}

/* A key's record with flags, and one without memory. */
static void
check_key(const struct privkey *key)
{
	const struct wanted_about about = { .domain = STR("d.example"),
		.selector = STR("s"), .key = key, .flags = "y:s" };
	struct wanted_record r;
	struct arena arena;

	arena_init(&arena, TEXT_MAX_BYTES);
	lab_must(wanted_make(&arena, WANTED_DKIM, &about, &r) == STATUS_OK,
	    "memory");
	tap_str(str_first(r.value, 29), STR("v=DKIM1; k=rsa; t=y:s; p=MIIB"),
	    "flags");
	tap_str(r.owner, STR("s._domainkey.d.example"), "its name");
	arena_fini(&arena);
	arena_init(&arena, 64);
	tap_ok(wanted_make(&arena, WANTED_DKIM, &about, &r) == STATUS_NOMEM,
	    "no memory");
	arena_fini(&arena);
}

int
main(void)
{
	struct privkey *key = NULL;
	size_t i;

	lab_must(privkey_generate(CRYPTO_RSA, 2048, &key) == STATUS_OK,
	    "key");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_case_of(&cases[i], key);
	}
	check_unknown();
	check_key(key);
	privkey_free(key);
	return (tap_done());
}
