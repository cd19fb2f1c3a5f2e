/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "dkim/sign_names.h"

#include "test/unit/crypto_vectors.h"
#include "test/unit/dkim_lab.h"

#define MAX_NAMES	8

static const char zone[] =
    "$ORIGIN _domainkey.example.com.\n"
    "rsa IN TXT \"v=DKIM1; p=%RSA%\"\n"
    "ed IN TXT \"v=DKIM1; k=ed25519; p=%ED%\"\n";

static struct lab lab;

static struct dkim_sign_opts
opts_of(const struct privkey *key, const char *selector)
{
	return ((struct dkim_sign_opts){ .crypto = lab.crypto, .key = key,
		.domain = STR("example.com"), .selector = str_from(selector),
		.header_canon = CANON_RELAXED, .body_canon = CANON_RELAXED,
		.sign_headers = dkim_sign_headers_default,
		.sign_headers_n = dkim_sign_headers_default_n,
		.oversign_headers = dkim_oversign_headers_default,
		.oversign_headers_n = dkim_oversign_headers_default_n,
		.oversign_present = dkim_oversign_present_default,
		.oversign_present_n = dkim_oversign_present_default_n,
		.now_s = LAB_NOW });
}

/* The value of the field, or absent. */
static struct str
sign_in(struct arena *a, const struct dkim_sign_opts *opts,
    const struct message *m, enum status *status_r)
{
	struct dkim_bodies *bodies = dkim_bodies_new(a, opts->crypto);
	struct dkim_signer *signer;
	struct str value = STR_NONE;

	*status_r = STATUS_NOMEM;
	if (bodies == NULL) {
		return (value);
	}
	*status_r = dkim_signer_new(a, opts, &m->fields, bodies, &signer);
	if (*status_r == STATUS_OK) {
		dkim_bodies_update(bodies, m->body.p, m->body.n);
		lab_must(dkim_bodies_finish(bodies) == STATUS_OK, "body hash");
		*status_r = dkim_signer_finish(signer, &value);
	}
	dkim_bodies_fini(bodies);
	return (value);
}

static struct str
sign_message(const struct dkim_sign_opts *opts, struct str text)
{
	struct message m = lab_message(&lab, text);
	enum status status;
	struct str value = sign_in(&lab.arena, opts, &m, &status);

	tap_num(status, STATUS_OK, "sign");
	return (value);
}

/* Every line end is followed by one HTAB, and no line exceeds columns. */
static void
check_folding(struct str value, size_t columns)
{
	size_t i, column = strlen("DKIM-Signature:"), widest = 0;
	bool ok = value.n > 0 && value.p[0] == ' ' &&
	    !char_is_wsp(value.p[value.n - 1]);

	for (i = 0; i < value.n; i++) {
		if (value.p[i] == '\r') {
			ok = ok && i + 3 < value.n && i > 0 &&
			    memcmp(value.p + i, "\r\n\t", 3) == 0 &&
			    !char_is_wsp(value.p[i - 1]) &&
			    !char_is_wsp(value.p[i + 3]);
			column = 8;
			i += 2;
			continue;
		}
		ok = ok && value.p[i] != '\n' && value.p[i] != '\t';
		column++;
		widest = column > widest ? column : widest;
	}
	tap_ok(ok, "folded with CRLF HTAB, no CRLF at the end");
	if (!tap_ok(widest <= columns, "no line beyond %zu columns", columns)) {
		printf("# %zu\n", widest);
	}
}

static struct str
with_field(struct str value, struct str text)
{
	struct str field = arena_printf(&lab.arena, "DKIM-Signature:%.*s\r\n",
	    STR_FMT(value));

	return (lab_join(&lab, field, text));
}

static void
check_passes(struct str signed_text, size_t n, const char *name)
{
	struct dkim_verify_opts opts;
	struct dkim_verifier *v;
	size_t i;

	lab_verify_opts(&lab, &opts);
	v = lab_verify(&lab, &opts, signed_text);
	tap_num((long long)dkim_verifier_count(v), (long long)n, name);
	for (i = 0; i < dkim_verifier_count(v); i++) {
		tap_num(dkim_verifier_get(v, i)->result, DKIM_PASS,
		    "verifies");
	}
}

/* All canonicalisations and key types, on several messages. */
static void
check_round(enum canon header, enum canon body, bool rsa)
{
	static const char *const messages[] = {
		LAB_MSG,
		"from:a@example.com\r\n",
		"From: a@example.com\r\n\r\n",
		"FROM \t: a@example.com\r\nSubject:\r\n\r\n\r\n\r\n",
		"From: a@example.com\r\nSubject: x\r\n\r\nno line end",
		("To: b\r\nTo: c\r\nFrom: a@example.com\r\nFrom: b@example.com"
		"\r\n\r\n \r\n.\r\n..\r\n\t x \r\n"),
	};
	struct dkim_sign_opts opts;
	struct str value;
	size_t i;

	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		opts = opts_of(rsa ? lab.rsa : lab.ed, rsa ? "rsa" : "ed");
		opts.header_canon = header;
		opts.body_canon = body;
		value = sign_message(&opts, str_from(messages[i]));
		check_folding(value, 78);
		check_passes(with_field(value, str_from(messages[i])), 1,
		    canon_name(header));
		lab_next(&lab);
	}
}

/* The exact field; python3-dkim verifies it too. */
static void
check_golden(void)
{
	struct dkim_sign_opts opts;
	struct privkey *key;
	struct diag diag;

	diag_init(&diag);
	lab_must(privkey_parse_pem(STR(ED25519_PEM), "x", &key, &diag) ==
	    STATUS_OK, "key");
	opts = opts_of(key, "ed");
	opts.identity = STR("a;b@example.com");
	opts.ttl_s = 86400;
	tap_str(sign_message(&opts, STR(LAB_MSG)),
	    STR(" v=1; a=ed25519-sha256; "
	    "c=relaxed/relaxed; d=example.com; s=ed;\r\n"
	    "\ti=a=3Bb@example.com; t=1700000000; x=1700086400; "
	    "h=From:To:Subject:\r\n"
	    "\tFrom:Reply-To:Subject:To:Cc;\r\n"
	    "\tbh=cYt+oiQVrRxPZobI0aHq9G01XoWfS96s0wd+I/mdOgU=;\r\n"
	    "\tb=1mJJ5PM4JAJu9M9yKd/Mwi9dkM8tespXbrBA0WDhOIPtOB2n1FOnWBX12"
	    "DLDHwOKdmOj\r\n"
	    "\t1gkEYdy2FaLkXWWCDA=="),
	    "the field signed with the key of RFC 8463");
	privkey_free(key);
	lab_next(&lab);
}

static const struct names_row {
	const char	*rule;
	const char	*text;
	const char	*sign[MAX_NAMES];
	const char	*oversign[MAX_NAMES];
	const char	*present[MAX_NAMES];
	const char	*want;		/* NULL: no From */
} names_rows[] = {
	{ "5.4 From in any case", "From: a\n", { NULL }, { NULL }, { NULL },
	    "From" },
	{ "5.4 each instance", "To: a\nFrom: b\nTO: c\nX: d\n", { "to" },
	    { NULL }, { NULL }, "To:From:TO" },
	{ "5.4 in the spelling of the field", "fRoM: a\nsUBJECT: b\n",
	    { "Subject", "From" }, { NULL }, { NULL }, "fRoM:sUBJECT" },
	{ "5.4.2 oversigned", "From: a\nTo: b\n", { "to" }, { "From" },
	    { NULL }, "From:To:From" },
	{ "5.4.2 oversigned though absent", "From: a\n", { NULL },
	    { "Subject", "To" }, { NULL }, "From:Subject:To" },
	{ "5.4.2 oversigned, not in the list", "From: a\nTo: b\nTo: c\n",
	    { NULL }, { "To" }, { NULL }, "From:To:To:To" },
	{ "5.4 not in the list", "From: a\nReceived: b\nFromage: c\n",
	    { "Subject" }, { NULL }, { NULL }, "From" },
	{ "two From fields", "From: a\nFrom: b\n", { NULL }, { "from" },
	    { NULL }, "From:From:from" },
	{ "5.4 no From", "To: a\n", { "to" }, { "from" }, { NULL }, NULL },
	{ "once more, if present", "From: a\nDate: b\ndate: c\n", { NULL },
	    { NULL }, { "Date" }, "From:Date:date:Date" },
	{ "once more, but it is not there", "From: a\n", { "Date" },
	    { NULL }, { "Date" }, "From" },
	{ "in both lists: once", "From: a\nTo: b\n", { NULL }, { "TO" },
	    { "To", "From" }, "From:To:TO:From" },
};

static size_t
list_of(const char *const *words, struct str *list)
{
	size_t n;

	for (n = 0; n < MAX_NAMES && words[n] != NULL; n++) {
		list[n] = str_from(words[n]);
	}
	return (n);
}

static void
check_names(const struct names_row *row)
{
	struct dkim_sign_opts opts = opts_of(lab.ed, "ed");
	struct message m = lab_message(&lab, str_from(row->text));
	struct str sign_list[MAX_NAMES], oversign_list[MAX_NAMES];
	struct str present_list[MAX_NAMES], *names;
	struct buf b;
	size_t i, n;

	opts.sign_headers = sign_list;
	opts.sign_headers_n = list_of(row->sign, sign_list);
	opts.oversign_headers = oversign_list;
	opts.oversign_headers_n = list_of(row->oversign, oversign_list);
	opts.oversign_present = present_list;
	opts.oversign_present_n = list_of(row->present, present_list);
	if (row->want == NULL) {
		tap_num(sign_names_choose(&lab.arena, &opts, &m.fields, &names,
		    &n), STATUS_SYNTAX, row->rule);
		lab_next(&lab);
		return;
	}
	tap_num(sign_names_choose(&lab.arena, &opts, &m.fields, &names, &n),
	    STATUS_OK, row->rule);
	buf_init(&b, 1000);
	for (i = 0; i < n; i++) {
		buf_printf(&b, "%s%.*s", i > 0 ? ":" : "", STR_FMT(names[i]));
	}
	tap_str(buf_str(&b), str_from(row->want), "its h=");
	buf_fini(&b);
	lab_next(&lab);
}

static bool
is_listed(const struct str *list, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n && !str_eq_ci(list[i], str_from(name)); i++) {
		continue;
	}
	return (i < n);
}

/* 5.4.1: fields that change in transit are not signed by default. */
static void
check_defaults(void)
{
	static const char *const never[] = { "Return-Path", "Received",
		"Comments", "Keywords", "Bcc", "DKIM-Signature",
		"Authentication-Results", "ARC-Seal", "ARC-Message-Signature",
		"ARC-Authentication-Results", "X-Mailer", "Resent-Bcc" };
	static const char *const lists[] = { "List-Id", "List-Unsubscribe",
		"List-Unsubscribe-Post" };
	size_t i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		tap_ok(!is_listed(dkim_sign_headers_default,
		    dkim_sign_headers_default_n, never[i]) &&
		    !is_listed(dkim_oversign_headers_default,
		    dkim_oversign_headers_default_n, never[i]),
		    "%s is not signed", never[i]);
	}
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		tap_ok(is_listed(dkim_sign_headers_default,
		    dkim_sign_headers_default_n, lists[i]),
		    "%s is signed", lists[i]);
		tap_ok(!is_listed(dkim_oversign_headers_default,
		    dkim_oversign_headers_default_n, lists[i]),
		    "%s is not oversigned: a list may add it", lists[i]);
	}
	tap_ok(is_listed(dkim_oversign_headers_default,
	    dkim_oversign_headers_default_n, "from"), "From is oversigned");
}

/* A field added to an oversigned one breaks the signature. */
static void
check_oversigning(void)
{
	struct dkim_sign_opts opts = opts_of(lab.ed, "ed");
	struct dkim_verify_opts verify;
	struct str text;

	text = lab_join(&lab, STR("Subject: Buy\r\n"),
	    with_field(sign_message(&opts, STR(LAB_MSG)), STR(LAB_MSG)));
	lab_verify_opts(&lab, &verify);
	tap_num(dkim_verifier_get(lab_verify(&lab, &verify, text), 0)->result,
	    DKIM_FAIL, "8.15 oversigned, a second Subject: fail");
	lab_next(&lab);
	opts.oversign_headers_n = 0;
	text = lab_join(&lab, STR("Subject: Buy\r\n"),
	    with_field(sign_message(&opts, STR(LAB_MSG)), STR(LAB_MSG)));
	tap_num(dkim_verifier_get(lab_verify(&lab, &verify, text), 0)->result,
	    DKIM_POLICY, "8.15 not oversigned, a second Subject: policy");
	lab_next(&lab);
}

static bool
has_text(struct str value, const char *text)
{
	return (memmem(value.p, value.n, text, strlen(text)) != NULL);
}

/* Whether the tag follows a space or starts a line. */
static bool
has_tag(struct str value, const char *tag)
{
	char text[64];

	snprintf(text, sizeof(text), " %s", tag);
	if (has_text(value, text)) {
		return (true);
	}
	text[0] = '\t';
	return (has_text(value, text));
}

static void
check_tags(void)
{
	struct dkim_sign_opts opts = opts_of(lab.ed, "ed");
	struct str value;

	value = sign_message(&opts, STR(LAB_MSG));
	tap_ok(has_tag(value, "t=1700000000;"), "t=");
	tap_ok(!has_tag(value, "x="), "no x= without a time to live");
	tap_ok(!has_tag(value, "i="), "no i= unless set");
	tap_ok(!has_tag(value, "l="), "8.2 never l=");
	tap_ok(!has_tag(value, "q="), "no q=");
	opts.ttl_s = 60;
	opts.identity = STR("@sub.example.com");
	value = sign_message(&opts, STR(LAB_MSG));
	tap_ok(has_tag(value, "x=1700000060;"), "x=");
	tap_ok(has_tag(value, "i=@sub.example.com;"), "i=");
	check_passes(with_field(value, STR(LAB_MSG)), 1, "with i= and x=");
	opts.now_s = -1;
	value = sign_message(&opts, STR(LAB_MSG));
	tap_ok(!has_tag(value, "t=") && !has_tag(value, "x="),
	    "no time, no x=");
	lab_next(&lab);
}

/* Two signers share the body hash. */
static void
check_two(void)
{
	struct dkim_sign_opts rsa = opts_of(lab.rsa, "rsa");
	struct dkim_sign_opts ed = opts_of(lab.ed, "ed");
	struct message m = lab_message(&lab, STR(LAB_MSG));
	struct dkim_bodies *b = dkim_bodies_new(&lab.arena, lab.crypto);
	struct dkim_signer *first, *second;
	struct str value[2], text;

	ed.body_canon = CANON_SIMPLE;
	lab_must(dkim_signer_new(&lab.arena, &rsa, &m.fields, b, &first) ==
	    STATUS_OK, "signer");
	lab_must(dkim_signer_new(&lab.arena, &ed, &m.fields, b, &second) ==
	    STATUS_OK, "signer");
	dkim_bodies_update(b, m.body.p, m.body.n);
	lab_must(dkim_bodies_finish(b) == STATUS_OK, "body hash");
	tap_num(dkim_signer_finish(first, &value[0]), STATUS_OK, "RSA");
	tap_num(dkim_signer_finish(second, &value[1]), STATUS_OK, "Ed25519");
	dkim_bodies_fini(b);
	text = with_field(value[1], with_field(value[0], STR(LAB_MSG)));
	check_passes(text, 2, "two signatures");
	lab_next(&lab);
}

#define CC	"Cc: a@example.net\n"

static void
check_limits(void)
{
	struct dkim_sign_opts opts = opts_of(lab.ed, "ed");
	enum status status;
	struct str value, text;
	struct message m;

	opts.oversign_headers_n = 1;
	text = lab_repeat(&lab, STR(CC), DKIM_MAX_SIGNED_FIELDS - 4);
	value = sign_message(&opts, text);
	check_folding(value, 78);
	check_passes(with_field(value, text), 1, "the maximum of names");
	lab_next(&lab);
	m = lab_message(&lab, lab_repeat(&lab, STR(CC),
	    DKIM_MAX_SIGNED_FIELDS - 3));
	value = sign_in(&lab.arena, &opts, &m, &status);
	tap_num(status, STATUS_LIMIT, "one name more, oversigned");
	tap_ok(value.p == NULL, "LIMIT: no field");
	opts.oversign_headers_n = 0;
	(void)sign_in(&lab.arena, &opts, &m, &status);
	tap_num(status, STATUS_OK, "not oversigned: the maximum of names");
	lab_next(&lab);
	m = lab_message(&lab, lab_repeat(&lab, STR(CC),
	    DKIM_MAX_SIGNED_FIELDS));
	(void)sign_in(&lab.arena, &opts, &m, &status);
	tap_num(status, STATUS_LIMIT, "too many fields");
	lab_next(&lab);
	m = lab_message(&lab, STR("To: a\n\nb\n"));
	(void)sign_in(&lab.arena, &opts, &m, &status);
	tap_num(status, STATUS_SYNTAX, "no From");
	lab_next(&lab);
}

/* Tags of any length are never split. */
static void
check_long_names(void)
{
	static const char domain[] = "a123456789.b123456789.c123456789."
	    "d123456789.e123456789.f123456789.g123456789.example.com";
	struct dkim_sign_opts opts = opts_of(lab.ed, "ed");
	struct str value, text, long_name;

	opts.domain = STR(domain);
	value = sign_message(&opts, STR(LAB_MSG));
	tap_ok(has_text(value, "\r\n\td=a123456789"),
	    "a long d= has its own line");
	check_folding(value, 8 + strlen("d=") + strlen(domain) + 1);
	opts = opts_of(lab.ed, "ed");
	opts.header_canon = CANON_SIMPLE;
	long_name = STR("X-A123456789B123456789C123456789D123456789E123456789"
	    "F123456789G123456789H123456789");
	opts.sign_headers = &long_name;
	opts.sign_headers_n = 1;
	text = lab_join(&lab, lab_join(&lab, long_name, STR(": 1\r\n")),
	    STR(LAB_MSG));
	check_passes(with_field(sign_message(&opts, text), text), 1,
	    "a field name longer than a line");
	lab_next(&lab);
}

/* Names of all lengths, to meet every position of the line end. */
static void
check_name_lengths(void)
{
	struct dkim_sign_opts opts = opts_of(lab.ed, "ed");
	struct str name, value;
	char text[60];
	size_t n;

	opts.oversign_headers = &name;
	opts.oversign_headers_n = 1;
	memset(text, 'x', sizeof(text));
	for (n = 1; n <= sizeof(text); n++) {
		name = str_mem(text, n);
		value = sign_message(&opts, STR(LAB_MSG));
		check_folding(value, 78);
		lab_next(&lab);
	}
}

static void
check_nomem(void)
{
	struct dkim_sign_opts opts = opts_of(lab.ed, "ed");
	struct message m = lab_message(&lab, STR(LAB_MSG));
	enum status status = STATUS_NOMEM;
	struct arena small;
	bool consistent = true;
	struct str value;
	size_t max;

	opts.identity = STR("x@example.com");
	for (max = 0; status == STATUS_NOMEM && max < 65536; max += 16) {
		arena_init(&small, max);
		value = sign_in(&small, &opts, &m, &status);
		consistent = consistent &&
		    (value.p != NULL) == (status == STATUS_OK);
		if (status == STATUS_OK) {
			check_passes(with_field(value, STR(LAB_MSG)), 1,
			    "OK with enough memory");
		}
		arena_fini(&small);
	}
	tap_ok(consistent, "a field or NOMEM each time");
	tap_num(status, STATUS_OK, "NOMEM with little memory, then OK");
	lab_next(&lab);
}

int
main(void)
{
	size_t i;

	lab_init(&lab, zone);
	for (i = 0; i < 8; i++) {
		check_round(i & 1 ? CANON_RELAXED : CANON_SIMPLE,
		    i & 2 ? CANON_RELAXED : CANON_SIMPLE, (i & 4) != 0);
	}
	check_golden();
	for (i = 0; i < sizeof(names_rows) / sizeof(names_rows[0]); i++) {
		check_names(&names_rows[i]);
	}
	check_defaults();
	check_oversigning();
	check_tags();
	check_two();
	check_limits();
	check_long_names();
	check_name_lengths();
	check_nomem();
	lab_fini(&lab);
	return (tap_done());
}
