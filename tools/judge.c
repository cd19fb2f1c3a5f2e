/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/judge.h"

#define ID_NO_SECOND	0x300
#define ID_NO_CONFIG	0x303
#define SPOOL_NAME	"mailseal-verify"	/* instead of a queue id */

static int64_t
fixed_now_s(void *ctx)
{
	return (*(const int64_t *)ctx);
}

static bool
take_client(struct judge *j, const char *ip)
{
	j->client.inbound = true;
	if (ip == NULL) {
		return (true);
	}
	if (!ip_parse(str_from(ip), &j->ip)) {
		(void)cli_fail("--ip: %s is not an address", ip);
		return (false);
	}
	j->client.ip = &j->ip;
	return (true);
}

bool
judge_init(struct judge *j, const struct judge_opts *o)
{
	struct engine_opts opts;
	struct diag diag;

	diag_init(&diag);
	env_init_system(&j->env);
	if (o->now_s >= 0) {
		j->env.now_s = fixed_now_s;
		j->env.ctx = (void *)(uintptr_t)&o->now_s;
	}
	j->client.helo = str_from(o->helo);
	if (!take_client(j, o->ip) || !judge_conf_load(j, o)) {
		return (false);
	}
	j->dns = judge_conf_dns(j, o);
	if (j->dns == NULL) {
		return (false);
	}
	j->crypto = crypto_new();
	if (j->crypto == NULL) {
		(void)cli_fail("OpenSSL does not work");
		return (false);
	}
	if (!o->no_second && second_new(&j->second, &diag) != STATUS_OK) {
		cli_warn("no second opinion: %s", diag.text);
	}
	if (dmarc_psl_new(NULL, &j->psl) != STATUS_OK) {
		if (j->conf->org_domain == CONF_PSL) {
			(void)cli_fail("no public suffix list");
			return (false);
		}
		cli_warn("no public suffix list");
	}
	opts = (struct engine_opts){ .conf = j->conf, .dns = j->dns,
		.crypto = j->crypto, .second = j->second, .psl = j->psl,
		.env = &j->env };
	if (engine_new(&opts, &j->engine, &diag) != STATUS_OK) {
		(void)cli_fail("%s", diag.text);
		return (false);
	}
	return (true);
}

void
judge_fini(struct judge *j)
{
	engine_msg_free(j->msg);
	engine_release(j->engine);
	second_free(j->second);
	dmarc_psl_free(j->psl);
	crypto_free(j->crypto);
	dns_release(j->dns);
	conf_release(j->conf);
}

/* The fields as they came; the engine sees what stood before the colon. */
static void
feed_fields(struct engine_msg *m, const struct field_list *fields)
{
	size_t i;

	for (i = 0; i < fields->n; i++) {
		struct str raw = fields->v[i].raw;

		engine_msg_header(m, str_first(raw, str_find(raw, ':')),
		    fields->v[i].value);
	}
}

const struct engine_outcome *
judge_message(struct judge *j, const struct judge_opts *o, struct str text,
    const struct message *message, bool too_large)
{
	j->msg = engine_msg_new(j->engine, &j->client,
	    str_from(o->mail_from != NULL ? o->mail_from : ""));
	if (j->msg == NULL) {
		return (NULL);
	}
	engine_msg_macro(j->msg, ENGINE_QUEUE_ID, STR(SPOOL_NAME));
	feed_fields(j->msg, &message->fields);
	if (too_large) {
		/* What did not fit: the engine is to refuse it, too. */
		engine_msg_header(j->msg, STR("X"), str_first(text,
		    FIELD_MAX_TOTAL_BYTES));
	}
	if (engine_msg_eoh(j->msg)) {
		(void)engine_msg_body(j->msg, message->body.p,
		    message->body.n);
	}
	return (engine_msg_eom(j->msg));
}

void
judge_opts_init(struct judge_opts *o)
{
	*o = (struct judge_opts){ .now_s = -1 };
}

bool
judge_opts_take(void *opts, int id, const char *value)
{
	struct judge_opts *o = opts;
	bool bad;

	switch (id) {
	case 'i':
		o->ip = value;
		return (true);
	case 'H':
		o->helo = value;
		return (true);
	case 'f':
		o->mail_from = value;
		return (true);
	case 'a':
		o->authserv_id = value;
		return (true);
	case 'c':
		o->conf_path = value;
		return (true);
	case ID_NO_CONFIG:
		o->no_conf = true;
		return (true);
	case 'O':
		o->psl_given = true;
		return (dmarc_discovery_option(value, &o->psl));
	case 'n':
		return (cli_number("now", value, 0, INT64_MAX, &o->now_s));
	case ID_NO_SECOND:
		o->no_second = true;
		return (true);
	case 'o':
		if (o->lines_n == JUDGE_MAX_LINES) {
			(void)cli_fail("--option: at most %d", JUDGE_MAX_LINES);
			return (false);
		}
		o->lines[o->lines_n++] = value;
		return (true);
	default:
		return (cli_dns_option(&o->dns, id, value, &bad) && !bad);
	}
}
