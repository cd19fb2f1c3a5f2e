/* SPDX-License-Identifier: BSD-2-Clause */
/* What mailseal verify says: JSON for programs, a few lines for people. */
#include <stdio.h>

#include "engine/engine.h"
#include "tools/mailseal.h"

#define B_SHOWN_BYTES	8

static size_t
count_rows(const struct engine_outcome *out)
{
	return (out->dkim != NULL ? dkim_verifier_count(out->dkim) : 0);
}

static bool
spf_is_no(const struct spf_verdict *v)
{
	return (v != NULL && spf_exit(v) == CLI_NO);
}

/* There are signatures, and none passes. */
static bool
dkim_is_no(const struct engine_outcome *out)
{
	size_t i, n = count_rows(out);

	for (i = 0; i < n; i++) {
		if (dkim_verifier_get(out->dkim, i)->result == DKIM_PASS) {
			return (false);
		}
	}
	return (n > 0);
}

/*
 * The verdict of DMARC, also where nothing could be evaluated: *own is for
 * that.
 */
static const struct dmarc_verdict *
dmarc_verdict(const struct engine_outcome *out, struct dmarc_verdict *own)
{
	if (out->dmarc != NULL) {
		return (dmarc_decisive(out->dmarc));
	}
	*own = (struct dmarc_verdict){ .result = DMARC_NONE,
		.reason = "not evaluated" };
	if (out->error == ENGINE_NO_ERROR &&
	    out->from->result != ADDR_FROM_OK) {
		own->result = out->from->result == ADDR_FROM_MISSING ||
		    out->from->result == ADDR_FROM_NONE ? DMARC_NONE :
		    DMARC_PERMERROR;
		own->reason = addr_from_text(out->from->result);
	}
	return (own);
}

int
verify_exit(const struct engine_outcome *out)
{
	struct dmarc_verdict own;

	return (out->error != ENGINE_NO_ERROR || spf_is_no(out->spf) ||
	    (out->arc != NULL && out->arc->result == ARC_FAIL) ||
	    dkim_is_no(out) || dmarc_is_no(dmarc_verdict(out, &own)) ?
	    CLI_NO : CLI_YES);
}

static const struct spf_verdict no_spf = { .result = SPF_NONE,
	.identity = SPF_MAILFROM, .reason = "no client address" };

static json_t *
json_iprev(const struct engine_outcome *out)
{
	const struct iprev_verdict *v = out->iprev;
	struct str name = v != NULL ? v->name : STR_NONE;
	char ip[IP_TEXT_BYTES];

	if (v == NULL || !out->sender->known) {
		return (json_pack("{s:s, s:n, s:n, s:s}", "result", "none",
		    "ip", "name", "reason", no_spf.reason));
	}
	ip_text(&out->sender->ip, ip);
	return (json_pack("{s:s, s:s, s:o, s:o}",
	    "result", iprev_result_name(v->result), "ip", ip,
	    "name", cli_json_text(name), "reason", cli_json_cstr(v->reason)));
}

/* Signatures that could not be parsed have no canonicalisation. */
static json_t *
json_canon(const struct dkim_signature *sig)
{
	if (sig->result != DKIM_NONE) {
		return (json_null());
	}
	return (json_sprintf("%s/%s", canon_name(sig->header_canon),
	    canon_name(sig->body_canon)));
}

static json_t *
json_verdict(const struct dkim_verdict *v)
{
	return (json_pack(
	    "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "result", dkim_result_name(v->result),
	    "reason", cli_json_cstr(v->reason),
	    "domain", cli_json_text(v->sig.domain),
	    "selector", cli_json_text(v->sig.selector),
	    "identity", cli_json_text(v->sig.identity),
	    "algorithm", cli_json_text(v->sig.algorithm),
	    "key_bits", v->key_bits > 0 ? json_integer(v->key_bits) :
		json_null(),
	    "canonicalization", json_canon(&v->sig),
	    "b", cli_json_text(v->sig.b_text)));
}

static json_t *
json_dkim(const struct engine_outcome *out)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < count_rows(out); i++) {
		if (json_array_append_new(list, json_verdict(
		    dkim_verifier_get(out->dkim, i))) == -1) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static json_t *
json_opinion(const struct second_result *r)
{
	return (json_pack("{s:o, s:o, s:s, s:o}",
	    "domain", cli_json_text(r->domain),
	    "selector", cli_json_text(r->selector),
	    "result", second_word_name(r->result),
	    "reason", cli_json_text(r->reason)));
}

/* Why there is no opinion on signatures that are there, or NULL. */
static const char *
second_error(const struct engine_outcome *out)
{
	if (out->second != NULL) {
		return (second_dkim_error(out->second));
	}
	return (count_rows(out) > 0 ? "libopendkim was not asked" : NULL);
}

static json_t *
json_opinions(const struct second_dkim *second)
{
	size_t i, n = second != NULL ? second_dkim_count(second) : 0;
	json_t *list = json_array();

	for (i = 0; i < n; i++) {
		if (json_array_append_new(list, json_opinion(
		    second_dkim_get(second, i))) == -1) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

/* Without an opinion on the signatures there is nothing to agree on. */
static bool
is_comparable(const struct engine_outcome *out)
{
	return (out->second_asked &&
	    (out->second != NULL || count_rows(out) == 0));
}

static json_t *
json_second(const struct engine_outcome *out, bool wanted)
{
	const struct second_dmarc *dmarc = &out->second_dmarc;

	if (!wanted) {
		return (json_null());
	}
	return (json_pack("{s:o, s:{s:o, s:o, s:o}, s:o, s:o}",
	    "dkim", json_opinions(out->second),
	    "dmarc", "result", cli_json_cstr(second_word_name(
		dmarc->result)),
		"policy", cli_json_cstr(dmarc->policy),
		"reason", cli_json_cstr(dmarc->reason),
	    "agrees", is_comparable(out) ?
		json_boolean(out->second_agrees) : json_null(),
	    "error", cli_json_cstr(second_error(out))));
}

static json_t *
json_sealers(const struct arc_verdict *v)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < v->sealers_n; i++) {
		if (json_array_append_new(list, json_pack("{s:i, s:o, s:o}",
		    "instance", (int)v->sealers[i].instance,
		    "domain", cli_json_text(v->sealers[i].domain),
		    "selector", cli_json_text(v->sealers[i].selector))) ==
		    -1) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static json_t *
json_arc(const struct engine_outcome *out)
{
	static const struct arc_verdict none = { .result = ARC_NONE,
		.reason = "no ARC sets" };
	const struct arc_verdict *v = out->arc != NULL ? out->arc : &none;

	return (json_pack("{s:s, s:i, s:o, s:o, s:o, s:o}",
	    "result", arc_result_name(v->result),
	    "instances", (int)v->instances,
	    "oldest_pass", v->has_oldest ? json_integer(v->oldest_pass) :
		json_null(),
	    "reason", cli_json_cstr(v->reason != NULL ? v->reason :
		v->uncovered),
	    "failed_instance", v->at > 0 ? json_integer(v->at) : json_null(),
	    "sealers", json_sealers(v)));
}

static json_t *
json_sealer(const struct engine_sealer *s)
{
	if (s->instance == 0) {
		return (json_null());
	}
	return (json_pack("{s:i, s:o, s:b, s:o}", "set", (int)s->instance,
	    "domain", cli_json_text(s->domain), "believed", s->why == NULL,
	    "reason", s->why != NULL ? cli_json_text(str_from(s->why)) :
	    json_null()));
}

static json_t *
json_decision(const struct engine_outcome *out)
{
	const struct engine_decision *d = &out->decision;

	return (json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}",
	    "rule", cli_json_cstr(engine_rule_name(d->rule)),
	    "domain", cli_json_text(d->domain),
	    "exempt", cli_json_cstr(engine_exemption_name(d->exempt)),
	    "override", cli_json_cstr(engine_override_name(d->override)),
	    "comment", cli_json_cstr(d->comment),
	    "sealer", json_sealer(&out->sealer)));
}

bool
verify_print_json(const struct engine_outcome *out,
    const struct verify_shown *shown)
{
	struct dmarc_verdict own;

	return (cli_json_print(json_pack(
	    "{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}",
	    "spf", spf_json(out->spf != NULL ? out->spf : &no_spf),
	    "dkim", json_dkim(out),
	    "arc", json_arc(out),
	    "dmarc", dmarc_json(dmarc_verdict(out, &own)),
	    "iprev", json_iprev(out),
	    "second_opinion", json_second(out, shown->second),
	    "action", engine_verdict_name(out->verdict),
	    "reply", cli_json_text(out->reply),
	    "decision", json_decision(out),
	    "authentication_results", cli_json_text(out->authres),
	    "configuration", cli_json_cstr(shown->conf_path),
	    "error", cli_json_cstr(engine_error_text(out)))));
}

/* What an OpenDKIM site says about the same signature. */
static const struct second_result *
find_opinion(const struct engine_outcome *out, const struct dkim_verdict *v)
{
	size_t i;

	if (out->second == NULL) {
		return (NULL);
	}
	for (i = 0; i < second_dkim_count(out->second); i++) {
		const struct second_result *r =
		    second_dkim_get(out->second, i);

		if (str_eq(r->b, v->sig.b_text) &&
		    str_eq_ci(r->selector, v->sig.selector)) {
			return (r);
		}
	}
	return (NULL);
}

static void
show_opinion(const struct engine_outcome *out, const struct dkim_verdict *v)
{
	const struct second_result *r = find_opinion(out, v);
	bool differs;

	if (r == NULL) {
		(void)printf("  %-10s no result\n", "OpenDKIM");
		return;
	}
	/* Its words for what does not pass are not ours; see second.h. */
	differs = (v->result == DKIM_PASS) != (r->result == SECOND_PASS);
	(void)printf("  %-10s %s%s\n", "OpenDKIM", second_word_name(r->result),
	    differs ? " (it differs)" : "");
}

static void
show_verdict(const struct engine_outcome *out, size_t i)
{
	const struct dkim_verdict *v = dkim_verifier_get(out->dkim, i);

	(void)printf("signature %zu: %s%s%s\n", i + 1,
	    dkim_result_name(v->result), v->reason != NULL ? ", " : "",
	    v->reason != NULL ? v->reason : "");
	cli_show("domain", v->sig.domain);
	cli_show("selector", v->sig.selector);
	cli_show("identity", v->sig.identity);
	cli_show("algorithm", v->sig.algorithm);
	if (v->key_bits > 0) {
		(void)printf("  %-10s %u bits%s%s\n", "key", v->key_bits,
		    v->testing ? ", only a test (t=y)" : "",
		    v->security == DNS_SECURE ? ", from signed DNS" : "");
	}
	if (v->sig.result == DKIM_NONE) {
		(void)printf("  %-10s header %s, body %s\n", "form",
		    canon_name(v->sig.header_canon),
		    canon_name(v->sig.body_canon));
	}
	cli_show("begins", str_first(v->sig.b_text, B_SHOWN_BYTES));
	if (out->second != NULL) {
		show_opinion(out, v);
	}
}

/* The chain, set by set, and where it broke. */
static void
show_arc(const struct arc_verdict *v)
{
	const char *reason = v->reason != NULL ? v->reason : v->uncovered;
	size_t i;

	(void)printf("arc: %s%s%s\n", arc_result_name(v->result),
	    reason != NULL ? ", " : "", reason != NULL ? reason : "");
	for (i = 0; i < v->sealers_n; i++) {
		(void)printf("  set %-6u %s\n", v->sealers[i].instance,
		    v->at == v->sealers[i].instance ? "fails" :
		    v->result == ARC_PASS ? "holds" : "");
		cli_show("  domain", v->sealers[i].domain);
		cli_show("  selector", v->sealers[i].selector);
	}
	if (v->has_oldest) {
		(void)printf("  %-10s %u\n", "oldest", v->oldest_pass);
	}
}

static void
show_sender(const struct engine_outcome *out)
{
	struct dmarc_verdict own;

	if (out->spf != NULL) {
		spf_show(out->spf);
	}
	if (out->iprev != NULL) {
		(void)printf("iprev: %s%s%s\n",
		    iprev_result_name(out->iprev->result),
		    out->iprev->reason != NULL ? ", " : "",
		    out->iprev->reason != NULL ? out->iprev->reason : "");
		cli_show("name", out->iprev->name);
	}
	dmarc_show(dmarc_verdict(out, &own));
	if (out->arc != NULL) {
		show_arc(out->arc);
	}
}

static void
show_second(const struct engine_outcome *out)
{
	(void)printf("an OpenDKIM/OpenDMARC site %s\n", out->second_agrees ?
	    "would say the same" : "would not say the same");
	cli_show("DMARC", str_from(second_word_name(
	    out->second_dmarc.result)));
	cli_show("policy", str_from(out->second_dmarc.policy));
}

/* Whether the sealer is believed that the DMARC failure is none. */
static void
show_sealer(const struct engine_sealer *s)
{
	if (s->instance > 0) {
		(void)printf("  %-10s of set %u, %s\n", "sealer", s->instance,
		    s->why != NULL ? "not believed" : "believed");
		cli_show("  domain", s->domain);
		cli_show("  because", str_from(s->why));
	}
}

static void
show_decision(const struct engine_outcome *out)
{
	const struct engine_decision *d = &out->decision;

	(void)printf("action: %s\n",
	    engine_verdict_name(out->verdict));
	cli_show("rule", str_from(engine_rule_name(d->rule)));
	cli_show("domain", d->domain);
	cli_show("exempt", str_from(engine_exemption_name(d->exempt)));
	cli_show("override", str_from(engine_override_name(d->override)));
	cli_show("by", str_from(d->comment));
	show_sealer(&out->sealer);
	cli_show("reply", out->reply);
}

bool
verify_print_text(const struct engine_outcome *out,
    const struct verify_shown *shown)
{
	size_t i, n = count_rows(out);

	(void)printf("configuration: %s\n", shown->conf_path != NULL ?
	    shown->conf_path : "the defaults");
	if (out->error != ENGINE_NO_ERROR) {
		(void)printf("not verified: %s\n", engine_error_text(out));
	} else {
		show_sender(out);
	}
	if (out->error == ENGINE_NO_ERROR && n == 0) {
		(void)printf("no signature\n");
	}
	for (i = 0; i < n; i++) {
		show_verdict(out, i);
	}
	if (shown->second && is_comparable(out)) {
		show_second(out);
	}
	show_decision(out);
	if (out->authres.n > 0) {
		(void)printf("Authentication-Results: ");
		(void)fwrite(out->authres.p, 1, out->authres.n, stdout);
		(void)putchar('\n');
	}
	return (cli_flush());
}
