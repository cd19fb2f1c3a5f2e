/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An external message through the engine. Input: a line each for the client's
 * address, HELO and MAIL FROM, then the message. Our field must always parse,
 * and no inserted value may end a header line. If the message is accepted, the
 * engine must know it when it comes back, also with an author of ours whom an
 * MTA's table has put there, and must take no mark in it for one of its own
 * before. What reports will say of it must fit its limits.
 */
#include <stdlib.h>
#include <unistd.h>

#include "authres/authres.h"
#include "engine/engine.h"
#include "mail/message.h"
#include "base/buf.h"
#include "test/fuzz/fuzz.h"
#include "test/unit/crypto_vectors.h"

#define ARENA_BYTES	((size_t)64 * 1024 * 1024)
#define REPORTS_BYTES	((size_t)1024 * 1024)

static const char zone_text[] =
    "a.test TXT \"v=spf1 include:b.test a mx ptr -all\"\n"
    "b.test TXT \"v=spf1 ip4:192.0.2.0/28 exists:%{l}.%{ir}.b.test ?all\"\n"
    "c.test TXT \"v=spf1 redirect=a.test\"\n"
    "a.test A 192.0.2.1\na.test MX 1 a.test.\n"
    "1.2.0.192.in-addr.arpa PTR a.test.\n"
    "_dmarc.a.test TXT \"v=DMARC1; p=reject; sp=none; np=quarantine; "
    "rua=mailto:r@a.test\"\n"
    "_dmarc.b.test TXT \"v=DMARC1; p=quarantine; t=y; adkim=s; "
    "rua=mailto:r@b.test!1m\"\n"
    "_dmarc.test TXT \"v=DMARC1; p=none; psd=y\"\n"
    "_dmarc.down.test SERVFAIL\n"
    "s._domainkey.a.test TXT \"v=DKIM1; k=ed25519; "
    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n";

static const char conf_text[] =
    "AuthservID mx.test\nMode sv\nOnDMARCReject reject\nReceivedSPF yes\n"
    "TrustedRelays 192.0.2.9\nMailingListHosts 192.0.2.8\n"
    "DomainRules c.test reject\nOnBadSignature quarantine\n"
    "TrustedSealers a.test\nOnArcFail quarantine\nArcSeal all\n"
    "LineLengthLimit 100\nAddressLists sendmail\n"
    "Domain a.test\nSelector s\nKeyFile ";

static struct {
	struct env		 env;
	struct conf		*conf;
	struct dns		*dns;
	struct crypto		*crypto;
	struct report_collector	*reports;	/* has no thread */
	struct engine		*engine;
} world;

/* Creates a file; the caller unlinks it. */
static void
write_file(char *path, struct str text)
{
	int fd = mkstemp(path);

	FUZZ_CHECK(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n &&
	    close(fd) == 0);
}

static void
read_conf(struct diag *diag)
{
	char path[] = "/tmp/fuzz_engine.XXXXXX";
	struct buf text;

	write_file(path, STR(ED25519_PEM));
	buf_init(&text, 4096);
	buf_printf(&text, "%s%s\n", conf_text, path);
	FUZZ_CHECK(conf_parse(buf_str(&text), "conf", &world.env, &world.conf,
	    diag) == STATUS_OK);
	(void)unlink(path);
	buf_fini(&text);
}

static void
init_world(void)
{
	char path[] = "/tmp/fuzz_engine.XXXXXX";
	struct engine_opts opts;
	struct dns_opts dns;
	struct diag diag;

	diag_init(&diag);
	env_init_system(&world.env);
	dns_opts_init(&dns);
	dns.env = &world.env;
	write_file(path, STR(zone_text));
	FUZZ_CHECK(dns_new_zone(&dns, path, &world.dns, &diag) == STATUS_OK);
	(void)unlink(path);
	read_conf(&diag);
	world.crypto = crypto_new();
	world.reports = report_collector_new(world.crypto, &world.env,
	    REPORTS_BYTES, REPORT_ROWS_MAX);
	FUZZ_CHECK(report_collector_set(world.reports, "sqlite:none", 1) ==
	    STATUS_OK);
	opts = (struct engine_opts){ .conf = world.conf, .dns = world.dns,
		.crypto = world.crypto, .reports = world.reports,
		.mark_secret = STR("secret"),
		.env = &world.env };
	FUZZ_CHECK(engine_new(&opts, &world.engine, &diag) == STATUS_OK);
}

static void
check_value(struct str value)
{
	size_t i;

	for (i = 0; i < value.n; i++) {
		FUZZ_CHECK(value.p[i] != '\0');
		FUZZ_CHECK(value.p[i] != '\n' || (i + 1 < value.n &&
		    char_is_wsp(value.p[i + 1])));
	}
}

/* The ARC set is inserted last. */
static void
check_seal(const struct engine_outcome *out)
{
	static const struct str names[] = { STR("ARC-Authentication-Results"),
		STR("ARC-Message-Signature"), STR("ARC-Seal") };
	const struct engine_action *a = out->actions + out->actions_n - 3;
	size_t i;

	FUZZ_CHECK(engine_verdict_accepts(out->verdict) && out->actions_n > 3);
	for (i = 0; i < 3; i++) {
		FUZZ_CHECK(a[i].type == ENGINE_INSERT_FIELD &&
		    str_eq(a[i].name, names[i]));
	}
}

static void
check_outcome(const struct engine_outcome *out)
{
	const char *reason;
	struct arena arena;
	struct authres ar;
	size_t i;

	FUZZ_CHECK(engine_verdict_accepts(out->verdict) == (out->reply.n == 0));
	check_value(out->reply);
	for (i = 0; i < out->actions_n; i++) {
		check_value(out->actions[i].value);
	}
	if (out->seal.instance > 0) {
		check_seal(out);
	}
	if (out->authres.p != NULL) {
		arena_init(&arena, ARENA_BYTES);
		FUZZ_CHECK(authres_parse(&arena, out->authres, &ar, &reason) ==
		    STATUS_OK);
		FUZZ_CHECK(str_eq(ar.authserv_id, STR("mx.test")) && ar.n > 0);
		arena_fini(&arena);
	}
}

/* results: our field, as it was inserted; absent: none. from: instead of each
   From field; absent: as it is. */
static enum engine_direction
play_internal(struct str mail_from, const struct message *message,
    struct str results, struct str from)
{
	struct engine_client client = { .ip = NULL };
	struct engine_msg *m = engine_msg_new(world.engine, &client, mail_from);
	enum engine_direction direction;
	size_t i;

	FUZZ_CHECK(m != NULL);
	if (results.p != NULL) {
		engine_msg_header(m, STR("Authentication-Results"), results);
	}
	for (i = 0; i < message->fields.n; i++) {
		const struct field *field = &message->fields.v[i];

		engine_msg_header(m, field->name, from.p != NULL &&
		    str_eq_ci(field->name, STR("From")) ? from : field->value);
	}
	(void)engine_msg_eoh(m);
	direction = engine_msg_eom(m)->direction;
	engine_msg_free(m);
	return (direction);
}

static void
check_return(const struct engine_outcome *out, struct str mail_from,
    const struct message *message)
{
	struct str results = STR_NONE;
	size_t i;

	FUZZ_CHECK(play_internal(mail_from, message, results, STR_NONE) !=
	    ENGINE_RETURNED);
	for (i = 0; i < out->actions_n; i++) {
		if (out->actions[i].type == ENGINE_INSERT_FIELD &&
		    str_eq(out->actions[i].name,
		    STR("Authentication-Results"))) {
			results = out->actions[i].value;
		}
	}
	if (engine_verdict_accepts(out->verdict)) {
		FUZZ_CHECK(play_internal(mail_from, message, results,
		    STR_NONE) == ENGINE_RETURNED);
		FUZZ_CHECK(play_internal(mail_from, message, results,
		    STR(" Joe <joe@a.test>")) == ENGINE_RETURNED);
	}
}

static void
play_message(const struct engine_client *client, struct str mail_from,
    const struct message *message)
{
	struct engine_msg *m = engine_msg_new(world.engine, client, mail_from);
	size_t i;

	FUZZ_CHECK(m != NULL);
	engine_msg_mail(m);
	engine_msg_poll(m);
	for (i = 0; i < message->fields.n; i++) {
		engine_msg_header(m, message->fields.v[i].name,
		    message->fields.v[i].value);
	}
	if (engine_msg_eoh(m)) {
		(void)engine_msg_body(m, message->body.p, message->body.n);
	}
	check_outcome(engine_msg_eom(m));
	engine_msg_report(m, true);
	check_return(engine_msg_eom(m), mail_from, message);
	engine_msg_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str input = str_mem(data, n), ip, helo, mail_from;
	struct ip_addr addr = { .octets = { 192, 0, 2 } };
	struct engine_client client = { .inbound = true };
	struct message message;
	struct arena arena;

	if (world.engine == NULL) {
		init_world();
	}
	if (!str_next(&input, '\n', &ip) || !str_next(&input, '\n', &helo) ||
	    !str_next(&input, '\n', &mail_from) || input.p == NULL) {
		return (0);
	}
	addr.octets[3] = ip.n > 0 ? (unsigned char)ip.p[0] & 0xf : 0;
	client.ip = &addr;
	client.helo = helo;
	arena_init(&arena, ARENA_BYTES);
	if (message_parse(&arena, input, &message) == STATUS_OK) {
		play_message(&client, mail_from, &message);
	}
	arena_fini(&arena);
	return (0);
}
