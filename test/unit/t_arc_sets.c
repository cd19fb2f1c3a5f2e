/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks of a chain that need no key (RFC 8617 4, 5.2). */
#include "arc/arc.h"
#include "base/buf.h"
#include "mail/message.h"
#include "test/unit/dns_lab.h"

#define HASH	"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define AAR(i)	"ARC-Authentication-Results: i=" i "; a.test; spf=pass\r\n"
#define AMS(i)	"ARC-Message-Signature: i=" i "; a=rsa-sha256; d=a.test; " \
		"s=s; c=relaxed/relaxed; h=from; bh=" HASH "; b=AAAA\r\n"
#define AS(i, cv) "ARC-Seal: i=" i "; a=rsa-sha256; cv=" cv "; d=a.test; " \
		"s=s; b=AAAA\r\n"
#define SET1	AAR("1") AMS("1") AS("1", "none")
#define SET2	AAR("2") AMS("2") AS("2", "pass")
#define FROM	"From: a@b.test\r\n\r\n"

static const struct {
	const char	*name;
	const char	*text;
	const char	*reason;
	unsigned	 at, instances;
	size_t		 queries;
} rows[] = {
	/* the keys are queried, once for both signatures; none exists */
	{ "one set", SET1 FROM, "no key for signature", 1, 1, 1 },
	{ "two sets", SET2 SET1 FROM, "no key for signature", 2, 2, 1 },
	{ "two sets, fields in any order", AAR("1") SET2 AS("1",
	    "none") AMS("1") FROM, "no key for signature", 2, 2, 1 },
	/* 5.2 step 2 */
	{ "cv=fail in the newest seal", AAR("1") AMS("1") AS("1", "fail") FROM,
	    "the newest seal says cv=fail", 1, 1, 0 },
	/* 5.2 step 3 */
	{ "no AAR", AMS("1") AS("1", "none") FROM, "a set is incomplete", 1,
	    1, 0 },
	{ "no AMS", AAR("1") AS("1", "none") FROM, "a set is incomplete", 1,
	    1, 0 },
	{ "no AS", AAR("1") AMS("1") FROM, "a set is incomplete", 1, 1, 0 },
	{ "an AAR twice", AAR("1") SET1 FROM, "a field of a set is repeated",
	    1, 1, 0 },
	{ "an AS twice", SET1 AS("1", "none") FROM,
	    "a field of a set is repeated", 1, 1, 0 },
	{ "a gap", AAR("3") AMS("3") AS("3", "pass") SET1 FROM,
	    "a set is incomplete", 2, 3, 0 },
	{ "no instance 1", SET2 FROM, "a set is incomplete", 1, 2, 0 },
	{ "cv=pass in the first seal", AAR("1") AMS("1") AS("1", "pass") FROM,
	    "a seal with the wrong cv=", 1, 1, 0 },
	{ "cv=none in the second seal", AAR("2") AMS("2") AS("2",
	    "none") SET1 FROM, "a seal with the wrong cv=", 2, 2, 0 },
	{ "cv=fail in an older seal", SET2 AAR("1") AMS("1") AS("1", "fail")
	    FROM, "a seal says cv=fail", 1, 2, 0 },
	/* 4.2.1 */
	{ "instance 0", AAR("0") AMS("0") AS("0", "none") FROM,
	    "bad instance in ARC-Authentication-Results", 0, 0, 0 },
	{ "instance 51", SET1 AMS("51") FROM, "more than 50 ARC sets", 0, 1,
	    0 },
	{ "instance 100 of an AAR", SET1 AAR("100") FROM,
	    "more than 50 ARC sets", 0, 1, 0 },
	{ "instance 051", SET1 AMS("001") FROM,
	    "bad instance or tags in ARC-Message-Signature", 0, 1, 0 },
	{ "instance 1x", SET1 AS("1x", "none") FROM,
	    "bad instance or tags in ARC-Seal", 0, 1, 0 },
	{ "no instance", "ARC-Authentication-Results: a.test; i=1; spf=pass\r\n"
	    FROM, "bad instance in ARC-Authentication-Results", 0, 0, 0 },
	{ "an AAR with only i=", "ARC-Authentication-Results: i=1\r\n" FROM,
	    "bad instance in ARC-Authentication-Results", 0, 0, 0 },
	{ "an empty seal", "ARC-Seal:\r\n" FROM,
	    "bad instance or tags in ARC-Seal", 0, 0, 0 },
	/* 4.1.2, 4.1.3 */
	{ "h= in a seal", AAR("1") AMS("1") "ARC-Seal: i=1; a=rsa-sha256; "
	    "cv=none; d=a.test; s=s; h=from; b=AAAA\r\n" FROM,
	    "h= in ARC-Seal", 1, 1, 0 },
	{ "h= names ARC-Seal", AAR("1") "ARC-Message-Signature: i=1; "
	    "a=rsa-sha256; d=a.test; s=s; h=from:arc-seal; bh=" HASH
	    "; b=AAAA\r\n" AS("1", "none") FROM, "h= names ARC-Seal", 1, 1,
	    0 },
	{ "rsa-sha1", AAR("1") AMS("1") "ARC-Seal: i=1; a=rsa-sha1; cv=none; "
	    "d=a.test; s=s; b=AAAA\r\n" FROM, "rsa-sha1 is not allowed", 1,
	    1, 0 },
	{ "a missing tag", AAR("1") AMS("1") "ARC-Seal: i=1; a=rsa-sha256; "
	    "cv=none; s=s; b=AAAA\r\n" FROM, "d= is missing", 1, 1, 0 },
	{ "from the future", AAR("1") "ARC-Message-Signature: i=1; "
	    "a=rsa-sha256; d=a.test; s=s; h=from; t=99999999999; bh=" HASH
	    "; b=AAAA\r\n" AS("1", "none") FROM,
	    "signature is from the future", 1, 1, 0 },
};

#define MAX_AMS	8

static struct crypto *crypto;

/* The verdict is in the arena of the lab. */
static const struct arc_verdict *
validate_message(struct lab *lab, struct str text)
{
	struct arc_opts opts = { .crypto = crypto, .now_s = 1700000000,
		.drift_s = 300, .min_rsa_bits = 1024,
		.max_signatures = MAX_AMS };
	struct dkim_bodies *bodies = dkim_bodies_new(&lab->arena, crypto);
	struct arc_validator *v;
	struct message message;

	lab_must(bodies != NULL && message_parse(&lab->arena, text,
	    &message) == STATUS_OK && arc_validator_new(&lab->arena, &opts,
	    &message.fields, bodies, lab->batch, &v) == STATUS_OK, "memory");
	dkim_bodies_update(bodies, message.body.p, message.body.n);
	lab_must(dkim_bodies_finish(bodies) == STATUS_OK &&
	    arc_validator_is_ready(v) &&
	    arc_validator_finish(v) == STATUS_OK, "validation");
	dkim_bodies_fini(bodies);
	return (arc_validator_get(v));
}

static void
check_row(size_t i)
{
	const struct arc_verdict *v;
	struct lab lab;

	lab_init(&lab, STR(""));
	lab.arena.max_bytes = 64 << 20;
	v = validate_message(&lab, str_from(rows[i].text));
	tap_num(v->result, ARC_FAIL, rows[i].name);
	tap_str(str_from(v->reason), str_from(rows[i].reason), "reason");
	tap_num(v->at, rows[i].at, "instance that failed");
	tap_num(v->instances, rows[i].instances, "instances");
	tap_num((long long)dns_batch_count(lab.batch),
	    (long long)rows[i].queries, "queries");
	lab_fini(&lab);
}

/* Keys that temporarily cannot be fetched: the only failure, or one of two. */
static void
check_unavailable(void)
{
	static const struct {
		const char	*name, *ams, *as, *body;
		bool		 unavailable;
		const char	*reason;
	} keys[] = {
		{ "both", "gone", "slow", "", true, "key unavailable" },
		{ "the AMS's, no key for the seal", "gone", "none", "", false,
		    "no key for signature" },
		{ "the seal's, no key for the AMS", "none", "gone", "", false,
		    "no key for signature" },
		{ "both, and another body", "gone", "slow", "x\r\n", false,
		    "body hash did not verify" },
	};
	const struct arc_verdict *v;
	struct buf text;
	struct lab lab;
	size_t i;

	buf_init(&text, 1 << 16);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		lab_init(&lab, STR("s._domainkey.gone.test SERVFAIL\n"
		    "s._domainkey.slow.test TIMEOUT\n"));
		buf_reset(&text);
		buf_printf(&text, AAR("1") "ARC-Message-Signature: i=1; "
		    "a=rsa-sha256; d=%s.test; s=s; c=relaxed/relaxed; h=from; "
		    "bh=" HASH "; b=AAAA\r\nARC-Seal: i=1; a=rsa-sha256; "
		    "cv=none; d=%s.test; s=s; b=AAAA\r\n" FROM "%s",
		    keys[i].ams, keys[i].as, keys[i].body);
		v = validate_message(&lab, buf_str(&text));
		tap_ok(v->result == ARC_FAIL && v->at == 1 &&
		    v->unavailable == keys[i].unavailable &&
		    (v->results != NULL) == v->unavailable,
		    "unavailable: %s", keys[i].name);
		tap_str(str_from(v->reason), str_from(keys[i].reason),
		    "reason");
		lab_fini(&lab);
	}
	buf_fini(&text);
}

/* Older AMS whose key is not queried. */
static void
check_older(void)
{
	static const struct {
		const char	*name;
		const char	*tags;
		size_t		 queries;
	} older[] = {
		{ "an older AMS", "h=from", 2 },
		{ "an older AMS with l=", "h=from; l=1", 1 },
		{ "an older AMS, expired", "h=from; t=1; x=2", 1 },
		{ "an older AMS from the future", "h=from; t=99999999999", 1 },
		{ "an older AMS that signs ARC-Seal", "h=from:arc-seal", 1 },
	};
	struct buf text;
	struct lab lab;
	size_t i;

	buf_init(&text, 1 << 16);
	for (i = 0; i < sizeof(older) / sizeof(older[0]); i++) {
		lab_init(&lab, STR(""));
		buf_reset(&text);
		buf_printf(&text, SET2 AAR("1") AS("1", "none")
		    "ARC-Message-Signature: i=1; a=rsa-sha256; d=old.test; "
		    "s=s; bh=" HASH "; b=AAAA; %s\r\n" FROM, older[i].tags);
		(void)validate_message(&lab, buf_str(&text));
		tap_num((long long)dns_batch_count(lab.batch),
		    (long long)older[i].queries, older[i].name);
		lab_fini(&lab);
	}
	buf_fini(&text);
}

/* Adds fifty sets with a key for each signature. l: tags for the AMS. */
static void
add_chain(struct buf *text, const char *l)
{
	unsigned i;

	for (i = ARC_MAX_SETS; i > 0; i--) {
		buf_printf(text, "ARC-Authentication-Results: i=%u; a.test; "
		    "none\r\nARC-Message-Signature: i=%u; a=rsa-sha256; "
		    "d=a%u.test; s=s; h=from; %sbh=" HASH "; b=AAAA\r\n"
		    "ARC-Seal: i=%u; a=rsa-sha256; cv=%s; d=b%u.test; s=s; "
		    "b=AAAA\r\n", i, i, i, l, i, i == 1 ? "none" : "pass",
		    i);
	}
	buf_add_cstr(text, FROM);
}

/* Many fields and sets: at most two keys per set are queried. */
static void
check_limits(void)
{
	const struct arc_verdict *v;
	struct buf text;
	struct lab lab;
	unsigned i;

	buf_init(&text, 1 << 22);
	lab_init(&lab, STR(""));
	lab.arena.max_bytes = 64 << 20;
	for (i = 0; i < 1000; i++) {
		buf_add_cstr(&text, AS("1", "none"));
	}
	buf_add_cstr(&text, FROM);
	v = validate_message(&lab, buf_str(&text));
	tap_ok(v->result == ARC_FAIL && v->instances == 1,
	    "a thousand fields: %s", v->reason);
	buf_reset(&text);
	add_chain(&text, "l=1; ");
	v = validate_message(&lab, buf_str(&text));
	tap_ok(v->result == ARC_FAIL && v->instances == ARC_MAX_SETS &&
	    v->sealers_n == ARC_MAX_SETS, "fifty sets: %s", v->reason);
	tap_num((long long)dns_batch_count(lab.batch), ARC_MAX_SETS + 1,
	    "an older AMS with l=: no key query");
	lab_fini(&lab);
	buf_reset(&text);
	add_chain(&text, "");
	lab_init(&lab, STR(""));
	lab.arena.max_bytes = 64 << 20;
	v = validate_message(&lab, buf_str(&text));
	tap_num((long long)dns_batch_count(lab.batch),
	    ARC_MAX_SETS + MAX_AMS,
	    "older AMS over max_signatures: no key query");
	v = validate_message(&lab, STR(FROM));
	tap_ok(v->result == ARC_NONE && v->instances == 0, "no set");
	lab_fini(&lab);
	buf_fini(&text);
}

int
main(void)
{
	size_t i;

	crypto = crypto_new();
	lab_must(crypto != NULL, "crypto");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(i);
	}
	check_unavailable();
	check_older();
	check_limits();
	crypto_free(crypto);
	return (tap_done());
}
