/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile zones: findings, and the limits hold. */
#include "test/unit/check_lab.h"

static const struct check_case usual = { "192.0.2.1 2001:db8::1",
	"mail.d.example", "s", "l.test", "l.test", "b.d.example" };

static bool
has_finding(const struct check_report *r, const char *id)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (str_eq(str_from(r->findings[i].check), str_from(id))) {
			return (true);
		}
	}
	return (false);
}

/* Runs a check of the zone; id: a finding that it must have. */
static void
check_zone(const char *name, struct str zone, const char *id)
{
	const struct check_report *r;
	struct check *check;
	struct lab lab;
	size_t i, j;
	bool cut = true;

	lab_init(&lab, zone);
	check = check_make(&lab, &usual);
	tap_ok(check_run(check, UINT64_MAX) == STATUS_OK, "%s", name);
	r = check_get(check);
	tap_ok(has_finding(r, id), "%s", id);
	for (i = 0; i < r->n; i++) {
		for (j = 0; j < r->findings[i].found_n; j++) {
			cut &= r->findings[i].found[j].n <=
			    CHECK_QUOTE_MAX_BYTES;
		}
		cut &= r->findings[i].text.n <= CHECK_QUOTE_MAX_BYTES;
	}
	tap_ok(cut && r->n <= CHECK_MAX_FINDINGS, "texts are cut");
	check_free(check);
	lab_fini(&lab);
}

/* Adds the octets as a TXT string, escaped. */
static void
add_txt(struct buf *zone, const char *owner, const char *head, char c,
    size_t n)
{
	buf_printf(zone, "%s TXT \"%s", owner, head);
	while (n-- > 0) {
		buf_printf(zone, "\\%03u", (unsigned char)c);
	}
	buf_add_cstr(zone, "\"\n");
}

static void
check_sizes(void)
{
	struct buf zone;
	int i;

	buf_init(&zone, 16 << 20);
	add_txt(&zone, "d.example.", "v=spf1 ", 'a', 60000);
	add_txt(&zone, AT_S, "v=DKIM1; p=", 'A', 60000);
	add_txt(&zone, "_dmarc.d.example.", "v=DMARC1; p=", ';', 60000);
	check_zone("records of 60 KB", buf_str(&zone), "spf.syntax");
	buf_reset(&zone);
	add_txt(&zone, "d.example.", "v=spf1 ", 'a', 100000);
	check_zone("a record beyond the limit of a TXT", buf_str(&zone),
	    "spf.lookup");
	buf_reset(&zone);
	buf_add_cstr(&zone, "d.example. MX 0 .\n_mta-sts.d.example. TXT "
	    "\"v=STSv1\"\nd.example. TXT \"v=spf1");
	for (i = 0; i < 1000; i++) {
		buf_printf(&zone, " ip4:10.%d.%d.1 x%d=y ip4=1", i / 100,
		    i % 100, i);
	}
	buf_add_cstr(&zone, " -all\"\n_dmarc.d.example. TXT \"v=DMARC1; p=x");
	for (i = 0; i < 5000; i++) {
		buf_printf(&zone, "; x%d=y; x%d=y; fo=9", i, i);
	}
	buf_add_cstr(&zone, "\"\n");
	check_zone("thousands of faults hide no other", buf_str(&zone),
	    "mtasts.syntax");
	buf_reset(&zone);
	for (i = 0; i < 1000; i++) {
		buf_printf(&zone, "d.example. MX %d m%d.d.example.\n"
		    "d.example. TXT \"v=spf1 -all\"\n"
		    "d.example. TXT \"v=spf %d\"\n"
		    AT_S " TXT \"v=DKIM1; p=%d\"\n"
		    "_dmarc.d.example. TXT \"v=DMARC1; p=none; x=%d\"\n"
		    "1.2.0.192.in-addr.arpa. PTR dsl-%d.d.example.\n", i, i,
		    i, i, i, i);
	}
	check_zone("1,000 of each record", buf_str(&zone), "mx.many");
	buf_fini(&zone);
}

static void
check_shapes(void)
{
	struct buf zone;
	int i;

	check_zone("aliases in a circle everywhere",
	    STR("d.example. CNAME e.example.\ne.example. CNAME d.example.\n"
	    "*.d.example. CNAME x.d.example.\nx.d.example. CNAME "
	    "y.d.example.\ny.d.example. CNAME x.d.example.\n"), "spf.lookup");
	check_zone("a wildcard that answers everything",
	    STR("*.example. TXT \"v=spf1 include:%{d} ~all\"\n"
	    "*.example. TXT \"v=DMARC1; p=none\"\n*.example. TXT \"v=DKIM1\"\n"
	    "*.example. A 192.0.2.1\n*.example. MX 1 a.b.c.example.\n"
	    "d.example. TXT \"v=spf1 include:x.%{d} ~all\"\n"
	    "*.d.example. TXT \"v=spf1 include:x.%{d} ~all\"\n"),
	    "spf.lookups");
	buf_init(&zone, 16 << 20);
	buf_add_cstr(&zone, "d.example. TXT \"v=spf1");
	for (i = 0; i < 1000; i++) {
		buf_printf(&zone, " include:i%d.d.example", i);
	}
	buf_add_cstr(&zone, " ~all\"\n");
	for (i = 0; i < 200; i++) {
		buf_printf(&zone, "i%d.d.example. TXT \"v=spf1 a:a%d.d.example "
		    "mx:b%d.d.example include:i%d.d.example ?all\"\n", i, i, i,
		    i + 1);
	}
	check_zone("includes of includes", buf_str(&zone), "spf.lookups");
	buf_reset(&zone);
	buf_add_cstr(&zone, "_dmarc.d.example. TXT \"v=DMARC1; p=reject; rua=");
	for (i = 0; i < 2000; i++) {
		buf_printf(&zone, "%smailto:r@h%d.test", i > 0 ? "," : "", i);
	}
	buf_add_cstr(&zone, "\"\n");
	check_zone("2,000 places for reports", buf_str(&zone),
	    "dmarc.rua-unauthorised");
	buf_fini(&zone);
}

/* Control characters stay what they are: the printer escapes them. */
static void
check_octets(void)
{
	check_zone("control characters",
	    STR("d.example. TXT \"v=spf1 \\027[2J\\007 \\000 ~all\"\n"
	    "_dmarc.d.example. TXT \"v=DMARC1; p=\\027[31m; \\255\\254=\\000;"
	    "rua=mailto:\\010@\\013\"\n"
	    AT_S " TXT \"v=DKIM1; p=\\000\\027\"\n"
	    "_mta-sts.d.example. TXT \"v=STSv1;id=\\000\"\n"
	    "_smtp._tls.d.example. TXT \"v=TLSRPTv1;rua=\\000\"\n"),
	    "spf.syntax");
}

static void
check_usage(void)
{
	struct check_opts opts = { .domain = STR("d..example") };
	struct check *check;
	const char *what;
	struct lab lab;

	lab_init(&lab, STR(""));
	opts.env = &lab.env;
	tap_ok(check_new(&opts, lab.dns, &what, &check) == STATUS_SYNTAX &&
	    str_eq(str_from(what), STR("domain")) && check == NULL,
	    "not a domain");
	opts.domain = STR("d.example");
	opts.mail_from = STR("a b");
	tap_ok(check_new(&opts, lab.dns, &what, &check) == STATUS_SYNTAX &&
	    str_eq(str_from(what), STR("mail-from")), "not a return path");
	opts.mail_from = STR_NONE;
	opts.ips_n = CHECK_MAX_IPS + 1;
	tap_ok(check_new(&opts, lab.dns, &what, &check) == STATUS_LIMIT,
	    "too many addresses");
	lab_fini(&lab);
}

int
main(void)
{
	check_sizes();
	check_shapes();
	check_octets();
	check_usage();
	return (tap_done());
}
