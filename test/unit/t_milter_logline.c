/* SPDX-License-Identifier: BSD-2-Clause */
/* One line per message, whatever a sender puts into it. */
#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "milter/logline.h"
#include "test/unit/tap.h"

static const struct logline verified = {
	.queue_id = { "4XyZ", 4 },
	.client_addr = { "192.0.2.1", 9 },
	.client_name = { "mx.example.com", 14 },
	.helo = { "mx", 2 },
	.mail_from = { "<a@example.com>", 15 },
	.direction = "verify",
	.direction_reason = "not internal",
	.from = { { "example.com", 11 } },
	.from_n = 1,
	.dkim = { .v = {
		{ "pass", { "example.com", 11 }, { "s1", 2 },
		    { "rsa-sha256", 10 }, 2048, { NULL, 0 } },
		{ "fail", { "list.example", 12 }, { "x", 1 },
		    { "ed25519-sha256", 14 }, 0,
		    { "body hash differs", 17 } } },
	    .shown = 2, .total = 2 },
	.second_asked = true,
	.second_agrees = false,
	.second = { .v = { { .result = "fail",
	    .domain = { "example.com", 11 }, .selector = { "s1", 2 } } },
	    .shown = 1, .total = 1 },
	.long_lines = 3,
	.forged_deleted = 2,
	.action = "accept",
	.elapsed_us = 812,
	.dns_wait_us = 640,
};

static const struct logline signing = {
	.client_addr = { "::1", 3 },
	.direction = "sign",
	.direction_reason = "authenticated",
	.from_error = "two From fields",
	.signatures = { .v = {
		{ .domain = { "example.com", 11 }, .selector = { "r", 1 } },
		{ .domain = { "example.com", 11 }, .selector = { "e", 1 } } },
	    .shown = 2, .total = 2 },
	.action = "tempfail",
	.error = "out of memory",
	.test_mode = true,
	.elapsed_us = 1,
	.signatures_kept = 3,
};

static const struct logline judged = {
	.direction = "verify",
	.sender = { "203.0.113.7", 11 },
	.sender_source = "Received",
	.spf = "fail",
	.spf_domain = { "a.example", 9 },
	.spf_helo = "none",
	.iprev = "pass",
	.dmarc = "fail",
	.policy = "reject",
	.decision = { .rule = ENGINE_RULE_DMARC, .domain = { "b\nexample", 9 },
	    .exempt = ENGINE_MAILING_LIST_HOST,
	    .override = ENGINE_MAILING_LIST },
	.verified = true,
	.action = "accept",
};

static const struct logline sealed = {
	.direction = "verify",
	.arc = "pass",
	.seal_instance = 2,
	.seal_domain = { "lists.example", 13 },
	.seal_selector = { "s", 1 },
	.verified = true,
	.action = "accept",
};

static const struct logline unsigned_mail = {
	.direction = "verify",
	.verified = true,
	.action = "accept",
};

/* What each octet may not do: end the line, end the value, drive a terminal. */
static const struct logline hostile = {
	.queue_id = { "a\nqueue_id=b", 12 },
	.helo = { "x\" action=\"accept", 17 },
	.login = { "joe d=\x01", 7 },
	.mail_from = { "\0\x1b[31m\xff\\", 8 },
	.client_name = { "", 0 },
	.direction = "verify",
	.from = { { "b\xc3\xbc" "cher.example", 15 } },
	.from_n = 1,
	.dkim = { .v = { { .result = "permerror",
	    .domain = { "a b=c", 5 }, .selector = { "\r\n", 2 } } },
	    .shown = 1, .total = 40 },
	.action = "reject",
};

static const struct {
	const char		*name;
	const struct logline	*line;
	const char		*text;
	const char		*json;
} rows[] = {
	{ "a verified message", &verified,
	    "queue_id=4XyZ direction=verify direction_reason=\"not internal\" "
	    "action=accept us=812 dns_us=640 long_lines=3 "
	    "forged_deleted=2 "
	    "client=192.0.2.1 client_name=mx.example.com helo=mx "
	    "mail_from=<a@example.com> from=example.com "
	    "dkim=pass d=example.com s=s1 a=rsa-sha256 bits=2048 "
	    "dkim=fail d=list.example s=x a=ed25519-sha256 "
	    "reason=\"body hash differs\" "
	    "second=disagrees second_dkim=fail d=example.com s=s1",
	    "{\"event\":\"message\",\"queue_id\":\"4XyZ\","
	    "\"direction\":\"verify\",\"direction_reason\":\"not internal\","
	    "\"action\":\"accept\",\"us\":812,\"dns_us\":640,"
	    "\"long_lines\":3,\"forged_deleted\":2,"
	    "\"client\":\"192.0.2.1\",\"client_name\":\"mx.example.com\","
	    "\"helo\":\"mx\",\"mail_from\":\"<a@example.com>\","
	    "\"from\":[\"example.com\"],"
	    "\"dkim\":[{\"result\":\"pass\",\"domain\":\"example.com\","
	    "\"selector\":\"s1\",\"algorithm\":\"rsa-sha256\","
	    "\"key_bits\":2048},"
	    "{\"result\":\"fail\",\"domain\":\"list.example\","
	    "\"selector\":\"x\",\"algorithm\":\"ed25519-sha256\","
	    "\"reason\":\"body hash differs\"}],\"signatures\":[],"
	    "\"second_opinion\":{\"dkim\":[{\"result\":\"fail\","
	    "\"domain\":\"example.com\",\"selector\":\"s1\"}],"
	    "\"agrees\":false}}" },
	{ "a signed message", &signing,
	    "direction=sign direction_reason=authenticated action=tempfail "
	    "error=\"out of memory\" test=yes us=1 dns_us=0 client=::1 "
	    "from_error=\"two From fields\" signature=added d=example.com s=r "
	    "signature=added d=example.com s=e signatures_kept=3",
	    "{\"event\":\"message\",\"direction\":\"sign\","
	    "\"direction_reason\":\"authenticated\",\"action\":\"tempfail\","
	    "\"error\":\"out of memory\",\"test\":true,\"us\":1,\"dns_us\":0,"
	    "\"long_lines\":0,"
	    "\"forged_deleted\":0,\"client\":\"::1\","
	    "\"from\":[],\"from_error\":\"two From fields\",\"dkim\":[],"
	    "\"signatures\":[{\"domain\":\"example.com\",\"selector\":\"r\"},"
	    "{\"domain\":\"example.com\",\"selector\":\"e\"}],"
	    "\"signatures_kept\":3}" },
	{ "sealed", &sealed, "direction=verify action=accept us=0 dns_us=0 "
	    "arc=pass dkim=none seal=2 seal_domain=lists.example "
	    "seal_selector=s",
	    "{\"event\":\"message\",\"direction\":\"verify\","
	    "\"action\":\"accept\",\"us\":0,\"dns_us\":0,"
	    "\"long_lines\":0,"
	    "\"forged_deleted\":0,\"from\":[],\"arc\":\"pass\","
	    "\"dkim\":[],\"signatures\":[],\"seal\":2,"
	    "\"seal_domain\":\"lists.example\",\"seal_selector\":\"s\"}" },
	{ "judged", &judged, "direction=verify action=accept rule=dmarc "
	    "rule_domain=\"b\\x0aexample\" exempt=\"mailing list host\" "
	    "override=mailing_list us=0 dns_us=0 sender=203.0.113.7 "
	    "sender_source=Received spf=fail spf_domain=a.example "
	    "spf_helo=none iprev=pass dmarc=fail policy=reject dkim=none",
	    "{\"event\":\"message\",\"direction\":\"verify\","
	    "\"action\":\"accept\",\"rule\":\"dmarc\","
	    "\"rule_domain\":\"b\\\\x0aexample\","
	    "\"exempt\":\"mailing list host\","
	    "\"override\":\"mailing_list\",\"us\":0,\"dns_us\":0,"
	    "\"long_lines\":0,"
	    "\"forged_deleted\":0,\"from\":[],\"sender\":\"203.0.113.7\","
	    "\"sender_source\":\"Received\",\"spf\":\"fail\","
	    "\"spf_domain\":\"a.example\",\"spf_helo\":\"none\","
	    "\"iprev\":\"pass\",\"dmarc\":\"fail\",\"policy\":\"reject\","
	    "\"dkim\":[],\"signatures\":[]}" },
	{ "unsigned mail", &unsigned_mail,
	    "direction=verify action=accept us=0 dns_us=0 dkim=none",
	    "{\"event\":\"message\",\"direction\":\"verify\","
	    "\"action\":\"accept\",\"us\":0,\"dns_us\":0,"
	    "\"long_lines\":0,"
	    "\"forged_deleted\":0,\"from\":[],\"dkim\":[],"
	    "\"signatures\":[]}" },
	{ "hostile values", &hostile,
	    "queue_id=\"a\\x0aqueue_id=b\" direction=verify action=reject "
	    "us=0 dns_us=0 client_name=\"\" helo=\"x\\\" action=\\\"accept\" "
	    "login=\"joe d=\\x01\" "
	    "mail_from=\"\\x00\\x1b[31m\\xff\\\\\" "
	    "from=\"b\xc3\xbc" "cher.example\" dkim=permerror d=\"a b=c\" "
	    "s=\"\\x0d\\x0a\" dkim_more=39",
	    "{\"event\":\"message\",\"queue_id\":\"a\\\\x0aqueue_id=b\","
	    "\"direction\":\"verify\",\"action\":\"reject\",\"us\":0,"
	    "\"dns_us\":0,\"long_lines\":0,"
	    "\"forged_deleted\":0,\"client_name\":\"\","
	    "\"helo\":\"x\\\" action=\\\"accept\","
	    "\"login\":\"joe d=\\\\x01\","
	    "\"mail_from\":\"\\\\x00\\\\x1b[31m\\\\xff\\\\\\\\\","
	    "\"from\":[\"b\xc3\xbc" "cher.example\"],"
	    "\"dkim\":[{\"result\":\"permerror\",\"domain\":\"a b=c\","
	    "\"selector\":\"\\\\x0d\\\\x0a\"}],\"dkim_more\":39,"
	    "\"signatures\":[]}" },
};

static bool
has(const struct buf *out, const char *part)
{
	return (out->p != NULL && strstr(out->p, part) != NULL);
}

/* Every value at its longest and worst: still one bounded line. */
static void
check_bound(void)
{
	static struct logline line;
	static char worst[4096], comment[4096];
	struct str value = str_mem(worst, sizeof(worst));
	struct buf out;
	json_t *json;
	size_t i;

	memset(worst, 0xff, sizeof(worst));
	line.queue_id = line.client_addr = line.client_name = line.helo =
	    line.login = line.mail_from = value;
	line.from_n = LOGLINE_MAX_FROM;
	for (i = 0; i < LOGLINE_MAX_FROM; i++) {
		line.from[i] = value;
	}
	for (i = 0; i < LOGLINE_MAX_RESULTS; i++) {
		line.dkim.v[i] = (struct logline_signature){ "permerror",
			value, value, value, 8192, value };
	}
	line.dkim.shown = LOGLINE_MAX_RESULTS;
	line.dkim.total = 1000;
	line.second_asked = true;
	line.second = line.signatures = line.dkim;
	line.action = "accept";
	memset(comment, 0x01, sizeof(comment) - 1);
	memcpy(comment, "first", 5);
	memcpy(comment + LOGLINE_MAX_COMMENT_BYTES - 4, "last", 4);
	line.decision.comment = comment;

	buf_init(&out, LOGLINE_MAX_BYTES);
	logline_write_text(&line, &out);
	tap_num(out.status, STATUS_OK, "the longest text line fits");
	tap_ok(out.n > 0 && memchr(out.p, '\n', out.n) == NULL,
	    "it is one line");
	tap_ok(has(&out, "first") && has(&out, "last..."),
	    "all seals, within reason");
	buf_reset(&out);
	tap_num(logline_write_json(&line, &out), STATUS_OK,
	    "the longest JSON line fits");
	tap_ok(has(&out, "first") && has(&out, "last..."),
	    "so has it");
	json = json_loadb(out.p, out.n, 0, NULL);
	tap_ok(json != NULL, "it is JSON");
	json_decref(json);
	buf_fini(&out);
}

int
main(void)
{
	struct buf out;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_init(&out, LOGLINE_MAX_BYTES);
		logline_write_text(rows[i].line, &out);
		tap_str(buf_str(&out), str_from(rows[i].text), rows[i].name);
		buf_reset(&out);
		tap_num(logline_write_json(rows[i].line, &out), STATUS_OK,
		    rows[i].name);
		tap_str(buf_str(&out), str_from(rows[i].json), rows[i].name);
		buf_fini(&out);
	}
	check_bound();
	return (tap_done());
}
