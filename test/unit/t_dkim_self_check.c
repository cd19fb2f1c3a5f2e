/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "dkim/self_check.h"

#include "test/unit/dkim_lab.h"
#include "test/unit/oom.h"

static struct lab lab;
static struct message message;
static struct dkim_bodies *bodies;

/* Signs the text; sets message and bodies for check_signature(). */
static struct str
sign_message(const struct privkey *key, const char *text)
{
	struct dkim_sign_opts opts = { .crypto = lab.crypto, .key = key,
		.domain = STR("example.com"), .selector = STR("s"),
		.header_canon = CANON_RELAXED, .body_canon = CANON_RELAXED,
		.sign_headers = dkim_sign_headers_default,
		.sign_headers_n = dkim_sign_headers_default_n,
		.oversign_headers = dkim_oversign_headers_default,
		.oversign_headers_n = dkim_oversign_headers_default_n,
		.oversign_present = dkim_oversign_present_default,
		.oversign_present_n = dkim_oversign_present_default_n,
		.now_s = LAB_NOW };
	struct dkim_signer *signer;
	struct str value;

	dkim_bodies_fini(bodies);
	lab_next(&lab);
	message = lab_message(&lab, str_from(text));
	bodies = dkim_bodies_new(&lab.arena, lab.crypto);
	lab_must(dkim_signer_new(&lab.arena, &opts, &message.fields, bodies,
	    &signer) == STATUS_OK, "signer");
	dkim_bodies_update(bodies, message.body.p, message.body.n);
	lab_must(dkim_bodies_finish(bodies) == STATUS_OK, "body hash");
	lab_must(dkim_signer_finish(signer, &value) == STATUS_OK,
	    "signature");
	return (value);
}

static void
check_signature(const struct privkey *key, struct str value, const char *want,
    const char *name)
{
	const char *reason = "not set";
	enum status status;

	status = dkim_self_check(&lab.arena, lab.crypto, key, &message.fields,
	    bodies, value, &reason);
	tap_num(status, STATUS_OK, name);
	tap_str(str_from(reason != NULL ? reason : "no error"), str_from(want),
	    name);
}

static void
check_faults(void)
{
	struct privkey *other;
	struct str value;

	lab_must(privkey_generate(CRYPTO_RSA, 1024, &other) == STATUS_OK,
	    "key");
	value = sign_message(lab.rsa, LAB_MSG);
	check_signature(other, value, "signature did not verify",
	    "another key");
	check_signature(lab.ed, value, "a= is not the key's",
	    "a key of another kind");
	check_signature(lab.rsa, lab_replace(&lab, value, "h=From:To",
	    STR("h=From:Cc")),
	    "signature did not verify", "h= with a name that was not signed");
	check_signature(lab.rsa, lab_replace(&lab, value, "relaxed/relaxed",
	    STR("relaxed/simple")), "bh= is not the body's",
	    "a canonicalisation that was not hashed");
	check_signature(lab.rsa, lab_replace(&lab, value, "v=1;", STR("v=2;")),
	    "incompatible version", "a field that a receiver refuses");
	privkey_free(other);
}

/* A field that changes in memory after signing. */
static void
check_changed(void)
{
	struct str value = sign_message(lab.ed, LAB_MSG);

	message.fields.v[0].raw = STR("From: Eve <eve@example.com>\r\n");
	check_signature(lab.ed, value, "signature did not verify",
	    "a changed field");
}

static struct str memory_value;

static enum status
check_in(struct arena *a)
{
	const char *reason;

	return (dkim_self_check(a, lab.crypto, lab.rsa, &message.fields,
	    bodies, memory_value, &reason));
}

int
main(void)
{
	lab_init(&lab, "");
	check_signature(lab.rsa, sign_message(lab.rsa, LAB_MSG), "no error",
	    "RSA");
	check_signature(lab.ed, sign_message(lab.ed, LAB_MSG), "no error",
	    "Ed25519");
	check_signature(lab.ed, sign_message(lab.ed,
	    "From: a@example.com\r\n\r\n"), "no error",
	    "no body");
	check_faults();
	check_changed();
	memory_value = sign_message(lab.rsa, LAB_MSG);
	oom_check(check_in, "self check");
	dkim_bodies_fini(bodies);
	lab_fini(&lab);
	return (tap_done());
}
