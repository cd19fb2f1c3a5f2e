/* SPDX-License-Identifier: BSD-2-Clause */
/* When DNS queries are sent, how many, and what a missing answer means. */
#include "engine_fixture.h"
#include "tap.h"

#define IP	"192.0.2.10"
#define ARPA	"10.2.0.192.in-addr.arpa "
#define REJECT	FX_VERIFY "OnDMARCReject reject\n"
#define STEP_US	2000000		/* per reading of the clock */

static const char zone[] =
    "example.com TXT \"v=spf1 include:a.spf.test include:b.spf.test -all\"\n"
    "a.spf.test TXT \"v=spf1 ip4:198.51.100.1 -all\"\n"
    "b.spf.test TXT \"v=spf1 ip4:" IP " -all\"\n"
    "client.example TXT \"v=spf1 -all\"\n"
    ARPA "PTR mx.example.com.\nmx.example.com A " IP "\n"
    "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.np.test TXT \"v=DMARC1; p=reject; np=none\"\n"
    /* names without an answer */
    "slow.test TIMEOUT TXT\n"
    "_dmarc.slow.test TXT \"v=DMARC1; p=reject\"\n"
    "slowinclude.test TXT \"v=spf1 include:slow.test -all\"\n"
    "_dmarc.slowpolicy.test TIMEOUT TXT\n"
    "slowpolicy.test TXT \"v=spf1 -all\"\n"
    "ghost.np.test TIMEOUT\n"
    "_dmarc.ghost.np.test TXT x\n"
    "slowkey._domainkey.example.com TIMEOUT TXT\n"
    "9.2.0.192.in-addr.arpa TIMEOUT PTR\n";

static size_t
asked(const struct engine_msg *m)
{
	return (m->verification.batch != NULL ?
	    dns_batch_count(m->verification.batch) : 0);
}

static void
check_begin(struct fx *fx)
{
	struct fx_mail mail = { .ip = IP };
	struct fx_client client;
	struct engine_msg *m;

	fx_configure(fx, FX_VERIFY);
	m = fx_begin(fx, &mail, &client);
	tap_num((long long)asked(m), 0, "no query before the macros of MAIL");
	engine_msg_mail(m);
	tap_num((long long)asked(m), 3, "at MAIL: SPF for two names, and PTR");
	engine_msg_poll(m);
	tap_num((long long)asked(m), 6,
	    "after the answers: two includes, and A");
	engine_msg_header(m, STR("From"), STR(" joe@a.example.com"));
	(void)engine_msg_eoh(m);
	tap_num((long long)asked(m), 9, "at end of headers: the tree walk");
	tap_ok(engine_msg_eom(m)->spf->result == SPF_PASS &&
	    engine_msg_eom(m)->spf_helo->result == SPF_FAIL &&
	    engine_msg_eom(m)->iprev->result == IPREV_PASS &&
	    dmarc_decisive(engine_msg_eom(m)->dmarc)->result == DMARC_PASS,
	    "every check has a result");
	engine_msg_free(m);
}

/* Mail that is not judged causes no query. */
static void
check_ours(struct fx *fx)
{
	static const struct {
		const char	*name;
		const char	*conf;
		struct fx_mail	 mail;
	} rows[] = {
		{ "authenticated", FX_VERIFY, { .ip = IP,
		    .auth_authen = "joe" } },
		{ "an internal host", FX_VERIFY "InternalHosts " IP "\n",
		    { .ip = IP } },
		{ "a local client", FX_VERIFY, { .ip = NULL } },
		{ "an MTA of ours", FX_VERIFY "MTA sub\n", { .ip = IP,
		    .daemon_name = "sub" } },
		{ "signing only", "AuthservID x\nMode s\nDomain a.test\n"
		    "Selector rsa\nKeyFile @DIR@/rsa\n", { .ip = IP } },
	};
	struct fx_client client;
	struct engine_msg *m;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fx_configure(fx, rows[i].conf);
		m = fx_begin(fx, &rows[i].mail, &client);
		engine_msg_mail(m);
		engine_msg_header(m, STR("From"), STR(" joe@example.com"));
		(void)engine_msg_eoh(m);
		tap_ok(engine_msg_eom(m)->sender == NULL && asked(m) == 0,
		    "not asked about: %s", rows[i].name);
		engine_msg_free(m);
	}
}

/* A clock that jumps while a message waits. */
static uint64_t
fast_clock(void *ctx ATTR_UNUSED)
{
	static uint64_t now_us = STEP_US;

	now_us += STEP_US;
	return (now_us);
}

static const struct {
	const char	*name;
	const char	*ip, *mail_from, *text;
	enum spf_result	 spf;
	enum dmarc_result dmarc;
	enum iprev_result iprev;
	const char	*reply;
} slow[] = {
	{ "no answer for the SPF record", IP, "<a@slow.test>",
	    "From: a@slow.test\r\n\r\n",
	    SPF_TEMPERROR, DMARC_TEMPERROR, IPREV_PASS, "451 4.7.1" },
	{ "no answer for an include", IP, "<a@slowinclude.test>",
	    "From: a@example.com\r\n\r\n", SPF_TEMPERROR, DMARC_FAIL,
	    IPREV_PASS, "550 5.7.1" },
	{ "no answer for the DMARC record", IP, "<a@slowpolicy.test>",
	    "From: a@slowpolicy.test\r\n\r\n", SPF_FAIL, DMARC_TEMPERROR,
	    IPREV_PASS, "451 4.7.1" },
	{ "no answer for the existence of the author domain", IP,
	    "<a@slowpolicy.test>",
	    "From: a@ghost.np.test\r\n\r\n", SPF_FAIL, DMARC_TEMPERROR,
	    IPREV_PASS, "451 4.7.1" },
	{ "no answer for a key, DMARC passes by SPF", IP, "<a@example.com>",
	    "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=slowkey; "
	    "h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; "
	    "b=AAAA\r\nFrom: a@example.com\r\n\r\n", SPF_PASS, DMARC_PASS,
	    IPREV_PASS, "" },
	{ "no answer for PTR", "192.0.2.9", "<a@slowpolicy.test>",
	    "From: a@example.com\r\n\r\n", SPF_FAIL, DMARC_FAIL,
	    IPREV_TEMPERROR, "550 5.7.1" },
};

static void
check_slow(struct fx *fx)
{
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	size_t i;

	fx->env.mono_us = fast_clock;
	fx_configure(fx, REJECT);
	for (i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
		struct fx_mail mail = { .ip = slow[i].ip,
			.mail_from = slow[i].mail_from };

		m = fx_run(fx, &mail, &client, str_from(slow[i].text));
		out = engine_msg_eom(m);
		tap_num(out->spf->result, slow[i].spf, slow[i].name);
		tap_num(dmarc_decisive(out->dmarc)->result, slow[i].dmarc,
		    "DMARC then");
		tap_num(out->iprev->result, slow[i].iprev, "iprev");
		tap_ok(slow[i].reply[0] == '\0' ? out->reply.n == 0 :
		    str_starts(out->reply, str_from(slow[i].reply)),
		    "the reply %.*s", STR_FMT(out->reply));
		engine_msg_free(m);
	}
}

/* SPF bombs: the number of queries is limited. */
static void
add_bombs(struct buf *out)
{
	int i;

	buf_add_cstr(out, "loop.bomb TXT \"v=spf1 include:loop.bomb -all\"\n"
	    "redirect.bomb TXT \"v=spf1 redirect=redirect.bomb\"\n");
	for (i = 0; i < 100; i++) {
		buf_printf(out, "deep%d.bomb TXT \"v=spf1 include:deep%d.bomb "
		    "-all\"\n", i, i + 1);
	}
	buf_add_cstr(out, "many.bomb TXT (\"v=spf1\"");
	for (i = 0; i < 10000; i++) {
		buf_add_cstr(out, "\" a\"\n");
	}
	buf_add_cstr(out, ")\nmx.bomb TXT \"v=spf1 mx:m.mx.bomb mx:n.mx.bomb "
	    "mx:o.mx.bomb mx:p.mx.bomb mx:q.mx.bomb mx:r.mx.bomb "
	    "mx:s.mx.bomb mx:t.mx.bomb mx:u.mx.bomb mx:v.mx.bomb -all\"\n");
	for (i = 0; i < 100; i++) {
		buf_printf(out, "%c.mx.bomb MX 10 mx%d.bomb.\nmx%d.bomb A "
		    "198.51.100.1\n", 'm' + i / 10, i, i);
	}
	buf_add_cstr(out, "ptr.bomb TXT \"v=spf1 ptr ptr:a.test -all\"\n");
	for (i = 0; i < 200; i++) {
		buf_printf(out, "66.2.0.192.in-addr.arpa PTR p%d.bomb.\n", i);
	}
	/* A policy of 60 KiB. */
	buf_add_cstr(out, "_dmarc.long.bomb TXT (\"v=DMARC1; p=reject\"");
	for (i = 0; i < 6000; i++) {
		buf_add_cstr(out, "\"; p=none;\"\n");
	}
	buf_add_cstr(out, ")\n");
}

#define DEEP	"l1.l2.l3.l4.l5.l6.l7.l8.l9.la.lb.lc."
#define MANY	"From: a@" DEEP "a.test, a@" DEEP "b.test, a@" DEEP "c.test, " \
		"a@" DEEP "d.test, a@" DEEP "e.test, a@" DEEP "f.test, " \
		"a@" DEEP "g.test, a@" DEEP "h.test\r\n\r\n"

static const struct {
	const char	*name;
	const char	*ip, *domain, *text;
	enum spf_result	 spf;
	size_t		 most;		/* queries */
} bombs[] = {
	{ "an include of itself", IP, "loop.bomb", NULL, SPF_PERMERROR, 12 },
	{ "a redirect to itself", IP, "redirect.bomb", NULL, SPF_PERMERROR,
	    12 },
	{ "includes 100 deep", IP, "deep0.bomb", NULL, SPF_PERMERROR, 24 },
	{ "10,000 mechanisms", IP, "many.bomb", NULL, SPF_PERMERROR, 24 },
	{ "MX of 100 names", IP, "mx.bomb", NULL, SPF_FAIL,
	    SPF_MAX_QUERIES + 10 },
	{ "a flood of PTR", "192.0.2.66", "ptr.bomb", NULL, SPF_FAIL,
	    1 + SPF_MAX_PTR_NAMES + 10 },
	{ "eight authors of 13 labels", IP, "none.bomb", MANY, SPF_NONE,
	    DMARC_MAX_AUTHORS * 8 + 10 },
	{ "a policy of 60 KiB", IP, "none.bomb", "From: a@long.bomb\r\n\r\n",
	    SPF_NONE, 20 },
};

static void
check_bombs(struct fx *fx)
{
	struct fx_client client;
	struct engine_msg *m;
	char path[64];
	size_t i;

	fx_configure(fx, REJECT);
	for (i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
		struct fx_mail mail = { .ip = bombs[i].ip, .mail_from = path };

		snprintf(path, sizeof(path), "<a@%s>", bombs[i].domain);
		m = fx_run(fx, &mail, &client, str_from(bombs[i].text != NULL ?
		    bombs[i].text : "From: a@none.test\r\n\r\n"));
		tap_num(engine_msg_eom(m)->spf->result, bombs[i].spf,
		    bombs[i].name);
		tap_ok(asked(m) <= bombs[i].most, "%zu queries of %zu",
		    asked(m), bombs[i].most);
		tap_ok(engine_msg_eom(m)->error == ENGINE_NO_ERROR,
		    "no internal error");
		engine_msg_free(m);
	}
}

/* Huge From fields. */
static void
check_from(struct fx *fx)
{
	struct fx_mail mail = { .ip = IP };
	struct fx_client client;
	struct engine_msg *m;
	struct buf text;
	int i;

	fx_configure(fx, REJECT);
	buf_init(&text, FX_MAX_BYTES);
	buf_add_cstr(&text, "From: a@x0.test");
	for (i = 1; i < 10000; i++) {
		buf_printf(&text, ",\r\n a@x%d.test", i);
	}
	buf_add_cstr(&text, "\r\n\r\n");
	m = fx_run(fx, &mail, &client, buf_str(&text));
	tap_ok(str_starts(engine_msg_eom(m)->reply, STR("550 5.7.1")),
	    "10,000 authors");
	engine_msg_free(m);
	buf_reset(&text);
	buf_add_cstr(&text, "From: a@example.com");
	for (i = 0; i < 1000; i++) {
		buf_printf(&text, ",\r\n a%d@example.com", i % 7);
	}
	buf_add_cstr(&text, "\r\n\r\n");
	m = fx_run(fx, &mail, &client, buf_str(&text));
	tap_ok(str_starts(engine_msg_eom(m)->reply, STR("550 5.7.1")),
	    "more than ADDR_MAX_MAILBOXES of one domain");
	engine_msg_free(m);
	buf_reset(&text);
	buf_add_cstr(&text, "From: \"");
	for (i = 0; i < 1024 * 1024; i += 64) {
		buf_add_cstr(&text, "0123456789abcdef0123456789abcdef"
		    "0123456789abcdef0123456789abc\r\n ");
	}
	buf_add_cstr(&text, "\" <joe@example.com>\r\n\r\n");
	m = fx_run(fx, &mail, &client, buf_str(&text));
	tap_num(dmarc_decisive(engine_msg_eom(m)->dmarc)->result, DMARC_PASS,
	    "a display name of 1 MiB");
	engine_msg_free(m);
	buf_fini(&text);
}

int
main(void)
{
	struct buf bomb;
	struct fx fx;

	fx_init(&fx, zone);
	check_begin(&fx);
	check_ours(&fx);
	check_from(&fx);
	check_slow(&fx);
	fx_fini(&fx);
	buf_init(&bomb, FX_MAX_BYTES);
	add_bombs(&bomb);
	fx_init(&fx, bomb.p);
	check_bombs(&fx);
	buf_fini(&bomb);
	fx_fini(&fx);
	return (tap_done());
}
