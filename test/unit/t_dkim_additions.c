/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is added to a message after it was signed by the defaults: lists, MTAs
 * and MIME programs may add fields, deceivers may not.
 */
#include "config.h"

#include "dkim/sign.h"
#include "dkim_lab.h"

static struct lab lab;

#define FROM		"From: Joe <joe@example.com>\n"
#define TO		"To: you@example.net\n"
#define SUBJECT		"Subject: hello\n"
#define BARE		FROM TO SUBJECT "\nhello\n"
#define MORE		"Sender: joe@example.com\n" \
	"Date: Thu, 05 May 2005 11:59:09 -0700\n" \
	"Message-ID: <a@example.com>\n" \
	"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n" \
	"Content-Transfer-Encoding: 8bit\n" \
	"In-Reply-To: <b@example.net>\nReferences: <b@example.net>\n" \
	"Reply-To: joe@example.com\nCc: them@example.net\n" \
	"List-Id: <news.example.com>\n" \
	"List-Unsubscribe: <https://example.com/u>\n" \
	"List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
#define FULL		FROM TO SUBJECT MORE "\nhello\n"

static const struct {
	const char	*text;	/* as it is signed */
	const char	*by;
	const char	*field;
	bool		 survives;
} rows[] = {
	/* mailing lists: Mailman, mlmmj, Sympa, ezmlm, Google Groups */
	{ BARE, "a list", "Sender: list-bounces@lists.example.org", true },
	{ BARE, "a list", "List-Id: <list.lists.example.org>", true },
	{ BARE, "a list", "List-Post: <mailto:list@lists.example.org>", true },
	{ BARE, "a list", "List-Help: <mailto:help@lists.example.org>", true },
	{ BARE, "a list", "List-Subscribe: <https://lists.example.org>", true },
	{ BARE, "a list", "List-Unsubscribe: <https://lists.example.org/u>",
	    true },
	{ BARE, "a list", "List-Unsubscribe-Post: "
	    "List-Unsubscribe=One-Click", true },
	{ BARE, "a list", "List-Archive: <https://lists.example.org/a>",
	    true },
	{ BARE, "a list", "List-Owner: <mailto:owner@lists.example.org>",
	    true },
	{ BARE, "a list", "Precedence: list", true },
	{ BARE, "a list", "Errors-To: list-bounces@lists.example.org", true },
	{ BARE, "a list", "X-BeenThere: list@lists.example.org", true },
	{ BARE, "a list", "Archived-At: <https://lists.example.org/1>", true },
	{ BARE, "a list", "Mailing-List: contact list@lists.example.org",
	    true },
	{ FULL, "a second list", "List-Id: <list.lists.example.org>", true },
	{ FULL, "a second list", "List-Unsubscribe: "
	    "<https://lists.example.org/u>", true },
	/* Sendmail, Postfix, and other MTAs */
	{ BARE, "an MTA", "Date: Thu, 05 May 2005 11:59:10 -0700", true },
	{ BARE, "an MTA", "Message-ID: <20050505@mx.example.org>", true },
	{ BARE, "an MTA", "Received: from a by b", true },
	{ BARE, "an MTA", "Return-Path: <joe@example.com>", true },
	{ BARE, "an MTA", "Delivered-To: you@example.net", true },
	{ BARE, "an MTA", "Authentication-Results: mx.example.net; none",
	    true },
	{ BARE, "an MTA", "ARC-Seal: i=1; a=rsa-sha256", true },
	{ BARE, "an MTA", "Bcc: ", true },
	{ FULL, "another signer", "DKIM-Signature: v=1; d=example.org", true },
	/* who sends it again (RFC 5322 3.6.6) */
	{ BARE, "a resender", "Resent-From: you@example.net", true },
	{ BARE, "a resender", "Resent-To: them@example.net", true },
	{ BARE, "a resender", "Resent-Date: Thu, 05 May 2005 11:59:11 -0700",
	    true },
	{ BARE, "a resender", "Resent-Message-ID: <c@example.net>", true },
	{ BARE, "a resender", "Resent-Sender: you@example.net", true },
	/* gateways and MIME programs */
	{ BARE, "a MIME program", "MIME-Version: 1.0", true },
	{ BARE, "a MIME program", "Content-Type: text/plain", true },
	{ BARE, "a MIME program", "Content-Transfer-Encoding: 7bit", true },
	{ BARE, "a gateway", "In-Reply-To: <b@example.net>", true },
	{ BARE, "a gateway", "References: <b@example.net>", true },
	{ BARE, "a filter", "X-Spam-Status: No", true },

	/* deceivers: another one is shown, or answered to */
	{ BARE, "a deceiver", "From: boss@example.com", false },
	{ BARE, "a deceiver", "Subject: pay now", false },
	{ BARE, "a deceiver", "To: all@example.com", false },
	{ BARE, "a deceiver, none before", "Reply-To: me@evil.example",
	    false },
	{ BARE, "a deceiver, none before", "Cc: all@example.com", false },
	{ FULL, "a deceiver", "From: boss@example.com", false },
	{ FULL, "a deceiver", "Reply-To: me@evil.example", false },
	{ FULL, "a deceiver", "Cc: all@example.com", false },
	{ FULL, "a deceiver", "Sender: boss@example.com", false },
	{ FULL, "a deceiver", "Date: Thu, 05 May 2050 11:59:09 -0700", false },
	{ FULL, "a deceiver", "Message-ID: <d@evil.example>", false },
	{ FULL, "a deceiver", "MIME-Version: 1.0", false },
	{ FULL, "a deceiver", "Content-Type: text/html", false },
	{ FULL, "a deceiver", "Content-Transfer-Encoding: base64", false },
	{ FULL, "a deceiver", "In-Reply-To: <d@evil.example>", false },
	{ FULL, "a deceiver", "References: <d@evil.example>", false },
};

static struct str
sign(struct str text)
{
	struct dkim_sign_opts opts = { .crypto = lab.crypto, .key = lab.ed,
		.domain = STR("example.com"), .selector = STR("ed"),
		.header_canon = CANON_RELAXED, .body_canon = CANON_RELAXED,
		.sign_headers = dkim_sign_headers_default,
		.sign_headers_n = dkim_sign_headers_default_n,
		.oversign_headers = dkim_oversign_headers_default,
		.oversign_headers_n = dkim_oversign_headers_default_n,
		.oversign_present = dkim_oversign_present_default,
		.oversign_present_n = dkim_oversign_present_default_n,
		.now_s = 1700000000 };
	struct message m = lab_message(&lab, text);
	struct dkim_bodies *bodies = dkim_bodies_new(&lab.arena, lab.crypto);
	struct dkim_signer *signer;
	struct str value = STR_NONE;

	lab_must(dkim_signer_new(&lab.arena, &opts, &m.fields, bodies,
	    &signer) == STATUS_OK, "signer");
	dkim_bodies_update(bodies, m.body.p, m.body.n);
	lab_must(dkim_bodies_finish(bodies) == STATUS_OK &&
	    dkim_signer_finish(signer, &value) == STATUS_OK, "signed");
	dkim_bodies_fini(bodies);
	return (value);
}

/* On top, as an MTA adds it, or below all others. */
static void
check(size_t i, bool on_top)
{
	struct str text = str_from(rows[i].text), signature = sign(text);
	size_t end = (size_t)(strstr(rows[i].text, "\n\n") - rows[i].text) + 1;
	struct dkim_verify_opts opts;
	enum dkim_result result;
	struct str all;

	all = arena_printf(&lab.arena, "%s%sDKIM-Signature:%.*s\n%.*s%s%s%.*s",
	    on_top ? rows[i].field : "", on_top ? "\n" : "",
	    STR_FMT(signature), (int)end, text.p,
	    on_top ? "" : rows[i].field, on_top ? "" : "\n",
	    STR_FMT(str_from_offset(text, end)));
	lab_must(all.p != NULL, "text");
	lab_verify_opts(&lab, &opts);
	opts.now_s = 1700000000;
	result = dkim_verifier_get(lab_verify(&lab, &opts, all), 0)->result;
	tap_ok((result == DKIM_PASS) == rows[i].survives, "%s adds %s %s: %s",
	    rows[i].by, rows[i].field, on_top ? "on top" : "at the end",
	    dkim_result_name(result));
	lab_next(&lab);
}

int
main(void)
{
	size_t i;

	lab_init(&lab, "ed._domainkey.example.com. TXT "
	    "\"v=DKIM1; k=ed25519; p=%ED%\"\n");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool signer = strstr(rows[i].field, "DKIM-Sig") != NULL;
		bool list = strstr(rows[i].by, "second list") != NULL;

		if (!signer) {
			check(i, true);
		}
		/* The last field of a name is the one that is signed. */
		if (!list) {
			check(i, false);
		}
	}
	lab_fini(&lab);
	return (tap_done());
}
