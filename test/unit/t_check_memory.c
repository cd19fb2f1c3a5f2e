/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails each allocation of a check in turn. It returns NOMEM, or an answer was
 * lost and something is unknown: a domain in order never gets an error or a
 * warning for it.
 */
#include "test/unit/alloc_fail.h"
#include "test/unit/check_lab.h"

static const char world[] = HOST MX KEY
    T("d.example.", "v=spf1 mx include:i.example a:%{l}.x.example ~all")
    T("i.example.", "v=spf1 exists:%{i}.x.example ip4:192.0.2.0/24 -all")
    "*.x.example. A 127.0.0.2\n2.0.0.127.l.test. A 127.0.0.2\n"
    T("_dmarc.d.example.", "v=DMARC1; p=reject; rua=mailto:r@r.test")
    T("d.example._report._dmarc.r.test.", "v=DMARC1")
    "r.test. MX 1 r.test.\n" T("_mta-sts.d.example.", "v=STSv1; id=1")
    "mta-sts.d.example. A 192.0.2.1\n"
    T("_smtp._tls.d.example.", "v=TLSRPTv1; rua=mailto:r@d.example");

static const struct check_case opts = { "192.0.2.1", "mail.d.example", "s",
	"l.test", NULL, NULL };

static bool
is_expected(enum status status, const struct check_report *r)
{
	if (status != STATUS_OK) {
		return (status == STATUS_NOMEM);
	}
	return (r->counts[CHECK_ERROR] == 0 && r->counts[CHECK_WARN] == 0);
}

static void
test_run(void)
{
	enum status status = STATUS_OK;
	bool failed = true, good = true;
	unsigned at, refused = 0;
	struct check *check;
	struct lab lab;

	for (at = 0; failed && at < ALLOC_FAIL_MAX; at++) {
		lab_init(&lab, str_from(world));
		check = check_make(&lab, &opts);
		alloc_fail_at(at);
		status = check_run(check, UINT64_MAX);
		failed = alloc_failed();
		if (!is_expected(status, check_get(check))) {
			printf("# at allocation %u\n", at);
			good = false;
		}
		refused += status == STATUS_NOMEM;
		if (!failed) {
			tap_ok(status == STATUS_OK &&
			    check_get(check)->counts[CHECK_UNKNOWN] == 0,
			    "then OK, and nothing is unknown");
		}
		check_free(check);
		lab_fini(&lab);
	}
	tap_ok(good && !failed && refused > 0, "%u allocations failed, %u "
	    "times NOMEM", at - 1, refused);
}

static void
test_new(void)
{
	struct check_opts o = { .domain = STR("d.example"),
		.helo = STR("h.example"), .mail_from = STR("b.example") };
	enum status status = STATUS_NOMEM;
	struct check *check;
	const char *what;
	struct lab lab;
	unsigned at;

	lab_init(&lab, STR(""));
	o.env = &lab.env;
	for (at = 0; status == STATUS_NOMEM && at < ALLOC_FAIL_MAX; at++) {
		alloc_fail_at(at);
		status = check_new(&o, lab.dns, &what, &check);
		(void)alloc_failed();
	}
	tap_ok(status == STATUS_OK && at > 1, "check_new: NOMEM %u times",
	    at - 1);
	check_free(check);
	lab_fini(&lab);
}

int
main(void)
{
	test_run();
	test_new();
	return (tap_done());
}
