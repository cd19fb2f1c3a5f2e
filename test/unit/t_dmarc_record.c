/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "dmarc/record.h"

#include "test/unit/guard.h"
#include "test/unit/tap.h"

#define LONG_BYTES	65535

/* RFC 9989 4.7, 4.8: recognising a policy record. */
static const struct {
	const char	*name;
	const char	*text;
	bool		 good;
} versions[] = {
	{ "4.7 v alone", "v=DMARC1", true },
	{ "4.8 v and ;", "v=DMARC1;", true },
	{ "4.8 white space around = and ;", "v \t=\t DMARC1 ;p=none", true },
	{ "4.8 v in upper case", "V=DMARC1; p=none", true },
	{ "4.7 value in lower case", "v=dmarc1; p=none", false },
	{ "4.7 longer version", "v=DMARC12; p=none", false },
	{ "4.7 no separator", "v=DMARC1p=none", false },
	{ "4.8 leading space", " v=DMARC1; p=none", false },
	{ "4.8 leading tab", "\tv=DMARC1; p=none", false },
	{ "4.7 not first", "p=none; v=DMARC1", false },
	{ "4.7 an empty tag first", ";v=DMARC1; p=none", false },
	{ "4.7 absent", "p=none", false },
	{ "4.7 empty value", "v=; p=none", false },
	{ "4.7 no value", "v; p=none", false },
	{ "4.7 text after the version", "v=DMARC1 p=none", false },
	{ "4.7 empty record", "", false },
	{ "4.10 another TXT", "v=spf1 -all", false },
	{ "4.7 another v", "v=DMARC1; v=DMARC2", true },
};

/* The text follows "v=DMARC1;". */
static const struct row {
	const char		*name;
	const char		*tags;
	enum dmarc_policy	 p, sp, np;
	enum dmarc_flaw		 flaw;
} policies[] = {
	{ "4.7 p=none", "p=none", 0, 0, 0, DMARC_SOUND },
	{ "4.7 p=quarantine", "p=quarantine", DMARC_P_QUARANTINE,
	    DMARC_P_QUARANTINE, DMARC_P_QUARANTINE, DMARC_SOUND },
	{ "4.7 p=reject", "p=reject", DMARC_P_REJECT, DMARC_P_REJECT,
	    DMARC_P_REJECT, DMARC_SOUND },
	{ "4.8 words in any case", "P=ReJeCt; SP=NONE", DMARC_P_REJECT,
	    0, 0, DMARC_SOUND },
	{ "4.7 order is free", "sp=quarantine;p=reject", DMARC_P_REJECT,
	    DMARC_P_QUARANTINE, DMARC_P_QUARANTINE, DMARC_SOUND },
	{ "4.7 np inherits sp", "p=none;sp=reject", 0, DMARC_P_REJECT,
	    DMARC_P_REJECT, DMARC_SOUND },
	{ "4.7 np inherits p", "p=reject", DMARC_P_REJECT, DMARC_P_REJECT,
	    DMARC_P_REJECT, DMARC_SOUND },
	{ "4.7 np alone", "p=reject;np=none", DMARC_P_REJECT,
	    DMARC_P_REJECT, 0, DMARC_SOUND },
	{ "4.7 all three", "p=none;sp=quarantine;np=reject", 0,
	    DMARC_P_QUARANTINE, DMARC_P_REJECT, DMARC_SOUND },
	{ "4.7 no p", "rua=mailto:a@example.com", 0, 0, 0, DMARC_SOUND },
	{ "4.7 no p, but sp", "sp=reject", 0, DMARC_P_REJECT,
	    DMARC_P_REJECT, DMARC_SOUND },
	{ "4.10.1 bad p with rua", "p=bogus;sp=reject;np=reject;"
	    "rua=mailto:a@example.com", 0, 0, 0, DMARC_AS_NONE },
	{ "4.10.1 bad sp with rua", "p=reject;sp=x;rua=mailto:a@example.com",
	    0, 0, 0, DMARC_AS_NONE },
	{ "4.10.1 bad np with rua", "p=reject;np=x;rua=mailto:a@example.com",
	    0, 0, 0, DMARC_AS_NONE },
	{ "4.10.1 bad p", "p=bogus;sp=reject", 0, 0, 0, DMARC_BAD_POLICY },
	{ "4.10.1 bad sp", "p=reject;sp=bogus", 0, 0, 0,
	    DMARC_BAD_SUBDOMAIN },
	{ "4.10.1 bad np", "p=reject;np=bogus", 0, 0, 0,
	    DMARC_BAD_SUBDOMAIN },
	{ "4.10.1 bad p, rua without a URI", "p=bogus;rua=a@example.com", 0, 0,
	    0, DMARC_BAD_POLICY },
	{ "4.10.1 bad p, one rua is a URI", "p=bogus;rua=a,mailto:a@b", 0, 0,
	    0, DMARC_AS_NONE },
	{ "4.8 empty p", "p=", 0, 0, 0, DMARC_BAD_POLICY },
	{ "4.8 p with more words", "p=reject none", 0, 0, 0,
	    DMARC_BAD_POLICY },
	{ "4.8 p is not ASCII", "p=r\xc3\xa9ject", 0, 0, 0,
	    DMARC_BAD_POLICY },
	{ "4.8 p is not UTF-8", "p=reject\xff", 0, 0, 0, DMARC_BAD_POLICY },
	{ "4.8 text without =", "p", 0, 0, 0, DMARC_SOUND },
	{ "4.8 white space around p", "\t p \t= \treject\t ;", DMARC_P_REJECT,
	    DMARC_P_REJECT, DMARC_P_REJECT, DMARC_SOUND },
	{ "4.8 empty tags", ";;p=reject;;", DMARC_P_REJECT, DMARC_P_REJECT,
	    DMARC_P_REJECT, DMARC_SOUND },
	{ "4.7 unknown tags", "xyz=1;p-p=none;p=reject", DMARC_P_REJECT,
	    DMARC_P_REJECT, DMARC_P_REJECT, DMARC_SOUND },
	{ "9.3 pct, rf and ri are unknown", "p=reject;pct=0;rf=x;ri=y",
	    DMARC_P_REJECT, DMARC_P_REJECT, DMARC_P_REJECT, DMARC_SOUND },
	{ "the first p counts", "p=reject;p=none", DMARC_P_REJECT,
	    DMARC_P_REJECT, DMARC_P_REJECT, DMARC_SOUND },
	{ "the first p counts, even if bad", "p=x;p=none", 0, 0, 0,
	    DMARC_BAD_POLICY },
};

static const struct {
	const char	*name;
	const char	*tags;
	enum dmarc_psd	 psd;
	bool		 testing, adkim_strict, aspf_strict;
	unsigned	 fo;
} others[] = {
	{ "4.7 defaults", "p=none", DMARC_PSD_UNKNOWN, 0, 0, 0, DMARC_FO_0 },
	{ "4.7 psd=y", "psd=y", DMARC_PSD_YES, 0, 0, 0, DMARC_FO_0 },
	{ "4.7 psd=N", "psd=N", DMARC_PSD_NO, 0, 0, 0, DMARC_FO_0 },
	{ "4.7 psd=u", "psd=u", DMARC_PSD_UNKNOWN, 0, 0, 0, DMARC_FO_0 },
	{ "4.8 psd bad", "psd=yes", DMARC_PSD_UNKNOWN, 0, 0, 0, DMARC_FO_0 },
	{ "4.7 t=y", "t=y", DMARC_PSD_UNKNOWN, 1, 0, 0, DMARC_FO_0 },
	{ "4.7 T=Y", "T=Y", DMARC_PSD_UNKNOWN, 1, 0, 0, DMARC_FO_0 },
	{ "4.7 t=n", "t=n", DMARC_PSD_UNKNOWN, 0, 0, 0, DMARC_FO_0 },
	{ "4.8 t bad", "t=yy", DMARC_PSD_UNKNOWN, 0, 0, 0, DMARC_FO_0 },
	{ "4.8 t empty", "t=", DMARC_PSD_UNKNOWN, 0, 0, 0, DMARC_FO_0 },
	{ "4.7 adkim=s", "adkim=s", DMARC_PSD_UNKNOWN, 0, 1, 0, DMARC_FO_0 },
	{ "4.7 aspf=S", "aspf=S", DMARC_PSD_UNKNOWN, 0, 0, 1, DMARC_FO_0 },
	{ "4.7 both r", "adkim=r;aspf=R", DMARC_PSD_UNKNOWN, 0, 0, 0,
	    DMARC_FO_0 },
	{ "4.8 adkim bad", "adkim=strict", DMARC_PSD_UNKNOWN, 0, 0, 0,
	    DMARC_FO_0 },
	{ "4.7 fo=1", "fo=1", DMARC_PSD_UNKNOWN, 0, 0, 0, DMARC_FO_1 },
	{ "4.7 fo=1:d:s", "fo=1:d:s", DMARC_PSD_UNKNOWN, 0, 0, 0,
	    DMARC_FO_1 | DMARC_FO_D | DMARC_FO_S },
	{ "4.7 fo any order", "fo=s : D", DMARC_PSD_UNKNOWN, 0, 0, 0,
	    DMARC_FO_D | DMARC_FO_S },
	{ "4.7 fo with 0 and 1", "fo=0:1", DMARC_PSD_UNKNOWN, 0, 0, 0,
	    DMARC_FO_0 },
	{ "4.7 fo with a repeated value", "fo=d:d", DMARC_PSD_UNKNOWN, 0, 0, 0,
	    DMARC_FO_0 },
	{ "4.8 fo bad", "fo=1:x", DMARC_PSD_UNKNOWN, 0, 0, 0, DMARC_FO_0 },
	{ "4.8 fo empty", "fo=", DMARC_PSD_UNKNOWN, 0, 0, 0, DMARC_FO_0 },
};

static bool
parse_tags(const char *tags, struct dmarc_record *r)
{
	char text[512];

	snprintf(text, sizeof(text), "v=DMARC1;%s", tags);
	return (dmarc_record_parse(guard_put(str_from(text)), r));
}

static void
check_versions(void)
{
	struct dmarc_record r;
	size_t i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		tap_ok(dmarc_record_parse(guard_put(str_from(
		    versions[i].text)), &r) == versions[i].good, "%s",
		    versions[i].name);
	}
	tap_ok(!dmarc_record_parse(STR_NONE, &r), "4.7 no text");
	tap_ok(!dmarc_record_parse(str_mem("v=DMARC1\0", 9), &r),
	    "4.7 a NUL after the version");
	tap_ok(dmarc_record_parse(str_mem("v=DMARC1; p=reject\0; t=y", 24),
	    &r) && r.flaw == DMARC_BAD_POLICY && r.testing,
	    "4.8 a NUL spoils only its tag");
}

static void
check_tags(void)
{
	struct dmarc_record r;
	size_t i;

	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		const struct row *row = &policies[i];

		tap_ok(parse_tags(row->tags, &r) && r.p == row->p &&
		    r.sp == row->sp && r.np == row->np, "%s", row->name);
		tap_num(r.flaw, row->flaw, "flaw");
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		tap_ok(parse_tags(others[i].tags, &r) && r.psd ==
		    others[i].psd &&
		    r.testing == others[i].testing &&
		    r.adkim_strict == others[i].adkim_strict &&
		    r.aspf_strict == others[i].aspf_strict &&
		    r.fo == others[i].fo, "%s", others[i].name);
	}
}

static void
check_published(void)
{
	struct dmarc_record r;

	tap_ok(parse_tags("p=none;np=reject", &r) && r.has_p && !r.has_sp &&
	    r.has_np, "what was published, not what it means");
	tap_ok(parse_tags("p=none;sp=x;rua=mailto:a@b", &r) && r.has_p &&
	    !r.has_sp, "an invalid word is not published");
	tap_ok(parse_tags("p=none", &r) && !r.repeated &&
	    parse_tags("p=none;P=none",
	    &r) && r.repeated, "a repeated tag is seen");
	tap_ok(parse_tags("x=1;x=2", &r) && !r.repeated,
	    "unknown ones may repeat");
	(void)parse_tags("rua=mailto:a@b, x ; ruf= https://c/d", &r);
	tap_str(r.rua, STR("mailto:a@b, x"), "4.7 rua");
	tap_str(r.ruf, STR("https://c/d"), "4.7 ruf");
	(void)parse_tags("rua=\xff,\tmailto:a@b", &r);
	tap_str(r.rua, STR("\xff,\tmailto:a@b"),
	    "4.8 rua with tabs, not UTF-8");
	tap_ok(parse_tags("p=none;rua=x", &r) && r.rua.p == NULL,
	    "4.6 rua without a URI");
}

static void
check_long(void)
{
	struct dmarc_record r;
	char *text = malloc(LONG_BYTES);
	size_t i;

	if (text == NULL) {
		tap_skip("64 KiB", "no memory");
		return;
	}
	memset(text, ';', LONG_BYTES);
	memcpy(text, "v=DMARC1;p=none", 15);
	memcpy(text + LONG_BYTES - 9, ";sp=reject", 9);
	memcpy(text + LONG_BYTES - 10, "sp=reject;", 10);
	tap_ok(dmarc_record_parse(str_mem(text, LONG_BYTES), &r) &&
	    r.sp == DMARC_P_REJECT, "64 KiB of empty tags, one at the end");
	for (i = 15; i + 4 <= LONG_BYTES; i += 4) {
		memcpy(text + i, ";t=y", 4);
	}
	tap_ok(dmarc_record_parse(str_mem(text, LONG_BYTES), &r) &&
	    r.testing && r.repeated, "64 KiB of one tag");
	memset(text + 15, ',', LONG_BYTES - 15);
	memcpy(text + 15, ";rua=", 5);
	memcpy(text + LONG_BYTES - 10, "mailto:a@b", 10);
	tap_ok(dmarc_record_parse(str_mem(text, LONG_BYTES), &r) &&
	    r.rua.n == LONG_BYTES - 20, "64 KiB of a list");
	free(text);
}

static void
check_answer(const char *name, const char *const *texts, size_t n, size_t want)
{
	struct dns_record v[3] = { { .preference = 0 } };
	struct dns_answer answer = { .result = DNS_OK, .v = v, .n = n };
	struct dmarc_records *records;
	size_t i;

	for (i = 0; i < n; i++) {
		v[i].data = str_from(texts[i]);
	}
	records = dmarc_records_parser.parse(&answer);
	tap_ok(records != NULL && records->n == want, "%s", name);
	if (records != NULL && want == 1) {
		tap_ok(records->record.p == DMARC_P_REJECT,
		    "the policy record");
	}
	dmarc_records_parser.free(records);
}

static void
check_values(void)
{
	static const struct {
		const char	*name;
		const char	*value;
		bool		 valid;
	} values[] = {
		{ "p", "Reject", true }, { "sp", "", false },
		{ "np", "drop", false }, { "adkim", "S", true },
		{ "aspf", "strict", false }, { "psd", "u", true },
		{ "psd", "x", false }, { "t", "n", true }, { "T", "1", false },
		{ "fo", "1:d:s", true }, { "fo", "0:1", false },
		{ "fo", "d:d", false }, { "fo", "", false },
		{ "rua", "any", true }, { "foo", "any", true },
	};
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		tap_ok(dmarc_tag_is_valid(dmarc_tag_find(str_from(
		    values[i].name)), str_from(values[i].value)) ==
		    values[i].valid, "4.7 %s=%s", values[i].name,
		    values[i].value);
	}
}

static void
check_pieces(void)
{
	struct str rest = STR("v=DMARC1; p = none ;; \t; junk ;x="), name,
	    value;

	tap_ok(dmarc_tag_next(&rest, &name, &value) &&
	    str_eq(name, STR("v")) && str_eq(value, STR("DMARC1")), "v");
	tap_ok(dmarc_tag_next(&rest, &name, &value) &&
	    str_eq(name, STR("p")) && str_eq(value, STR("none")), "p");
	tap_ok(dmarc_tag_next(&rest, &name, &value) && name.p == NULL &&
	    str_eq(value, STR("junk")), "a piece without =");
	tap_ok(dmarc_tag_next(&rest, &name, &value) &&
	    str_eq(name, STR("x")) && value.p != NULL && value.n == 0,
	    "an empty value");
	tap_ok(!dmarc_tag_next(&rest, &name, &value), "the end");
}

int
main(void)
{
	static const char *const one[] = { "hello", "v=DMARC1;p=reject",
		"v=DMARC2;p=none" };
	static const char *const two[] = { "v=DMARC1;p=reject", "x",
		"v=DMARC1;p=none" };

	check_versions();
	check_tags();
	check_published();
	check_long();
	check_values();
	check_pieces();
	check_answer("4.10 only policy records count", one, 3, 1);
	check_answer("4.10 several policy records", two, 3, 2);
	check_answer("4.10 no policy record", one, 1, 0);
	check_answer("4.10 no TXT at all", one, 0, 0);
	return (tap_done());
}
