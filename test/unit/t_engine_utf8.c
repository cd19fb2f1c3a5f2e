/* SPDX-License-Identifier: BSD-2-Clause */
/* U-labels in our results, in messages with SMTPUTF8 only (RFC 8616). */
#include "engine_fixture.h"
#include "tap.h"

#define U	"b\xc3\xbc" "cher.example"
#define A	"xn--bcher-kva.example"
#define SIG(d)	"DKIM-Signature: v=1; a=rsa-sha256; d=" d "; i=joe@" d	\
	"; s=rsa; h=from; b=AAAA; "					\
	"bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r\n"

static struct fx fx;

static const struct row {
	const char	*name;
	bool		 smtputf8;
	const char	*mail_from;
	const char	*text;
	const char	*from, *mailfrom, *d, *i;	/* values */
} rows[] = {
	{ "all with UTF-8", true, "<joe@" U ">",
	    SIG(U) "From: joe@" U "\r\n\r\n", U, U, U, "joe@" U },
	{ "all with UTF-8, but not declared", false, "<joe@" U ">",
	    SIG(U) "From: joe@" U "\r\n\r\n", A, A, A, "joe@" A },
	{ "declared, but all with A-labels", true, "<joe@" A ">",
	    SIG(A) "From: joe@" A "\r\n\r\n", A, A, A, "joe@" A },
	{ "only From", true, "<joe@" A ">",
	    SIG(A) "From: joe@" U "\r\n\r\n", U, A, A, "joe@" A },
	{ "only MAIL FROM", true, "<joe@" U ">",
	    SIG(A) "From: joe@" A "\r\n\r\n", A, U, A, "joe@" A },
	{ "only the signature", true, "<joe@" A ">",
	    SIG(U) "From: joe@" A "\r\n\r\n", A, A, U, "joe@" U },
	{ "an A-label that is none", true, "<joe@example.com>",
	    SIG("example.com") "From: j\xc3\xb6 <joe@xn--a.example>\r\n\r\n",
	    "xn--a.example", "example.com", "example.com",
	    "joe@example.com" },
	{ "no A-label at all", true, "<joe@example.com>",
	    SIG("example.com") "From: j\xc3\xb6 <joe@example.com>\r\n\r\n",
	    "example.com", "example.com", "example.com", "joe@example.com" },
};

/* Values are quoted where they have to be. */
static bool
has_value(struct str results, const char *name, const char *value)
{
	char want[2][160];

	snprintf(want[0], sizeof(want[0]), " %s=%s", name, value);
	snprintf(want[1], sizeof(want[1]), " %s=\"%s\"", name, value);
	return (fx_contains(results, want[0]) || fx_contains(results,
	    want[1]));
}

static void
check(const struct row *row)
{
	struct fx_mail mail = { .ip = "192.0.2.7",
		.mail_from = row->mail_from };
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	struct message message;
	struct arena arena;

	arena_init(&arena, FX_MAX_BYTES);
	if (message_parse(&arena, str_from(row->text), &message) !=
	    STATUS_OK) {
		fx_die("message", row->name);
	}
	m = fx_begin(&fx, &mail, &client);
	if (row->smtputf8) {
		engine_msg_smtputf8(m);
	}
	fx_play_header(m, &message);
	(void)engine_msg_eoh(m);
	out = engine_msg_eom(m);
	tap_ok(has_value(out->authres, "header.from", row->from) &&
	    has_value(out->authres, "smtp.mailfrom", row->mailfrom) &&
	    has_value(out->authres, "header.d", row->d) &&
	    has_value(out->authres, "header.i", row->i), "%s: %.*s",
	    row->name, STR_FMT(out->authres));
	engine_msg_free(m);
	arena_fini(&arena);
}

int
main(void)
{
	size_t i;

	fx_init(&fx, A ". IN TXT \"v=spf1 -all\"\n");
	fx_configure(&fx, FX_VERIFY);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check(&rows[i]);
	}
	fx_fini(&fx);
	return (tap_done());
}
