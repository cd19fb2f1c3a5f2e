/* SPDX-License-Identifier: BSD-2-Clause */
/* Signing is idempotent: lib/engine/own_signatures.c. */
#include "config.h"

#include "engine_fixture.h"
#include "tap.h"

#define OURS	"From: Joe <joe@example.com>\r\nSubject: s\r\n" \
		"Message-ID: <a@example.com>\r\n\r\nbody\r\n"
#define FOREIGN	"DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=x;\r\n" \
		" h=from; bh=AAAA; b=BBBB\r\n"
#define NAME	"DKIM-Signature:"
#define TEXT_MAX (8 * 1024 * 1024)

static void
add_fields(struct str text, struct buf *r)
{
	buf_add_cstr(r, "Received: from a by b\r\nX-Scanned: yes\r\n");
	buf_add_str(r, text);
}

static void
add_foreign(struct str text, struct buf *r)
{
	buf_add_cstr(r, FOREIGN);
	buf_add_str(r, text);
}

/* The end of the first field. */
static size_t
field_end(struct str text)
{
	size_t i = 0;

	while (!(text.p[i] == '\n' && !char_is_wsp(text.p[i + 1]))) {
		i++;
	}
	return (i + 1);
}

static void
drop_first(struct str text, struct buf *r)
{
	buf_add_str(r, str_from_offset(text, field_end(text)));
}

static void
break_first(struct str text, struct buf *r)
{
	size_t at = field_end(text) - 6;

	buf_add_str(r, text);
	r->p[at] = r->p[at] == 'A' ? 'B' : 'A';
}

/* l= was not signed; and a limit of ours would let others add to the body. */
static void
limit_first(struct str text, struct buf *r)
{
	size_t at = strlen(NAME " v=1;");

	buf_add_str(r, str_first(text, at));
	buf_add_cstr(r, " l=6;");
	buf_add_str(r, str_from_offset(text, at));
}

static void
cut_first(struct str text, struct buf *r)
{
	buf_add_cstr(r, NAME " v=1; d=example.com; s=rsa; b=\r\n");
	buf_add_str(r, str_from_offset(text, field_end(text)));
}

static void
change_subject(struct str text, struct buf *r)
{
	fx_replace(text, "Subject: ", "Subject: [tagged] ", r);
}

/* In front of the signed one, which readers then do not show. */
static void
add_subject(struct str text, struct buf *r)
{
	buf_add_cstr(r, "Subject: checked\r\n");
	buf_add_str(r, text);
}

static const struct {
	const char	*name;
	const char	*conf;
	fx_change	*change;
	int64_t		 later_s;
	size_t		 kept;
	size_t		 made;
	size_t		 deleted;
	size_t		 passing;	/* ours, as it leaves */
} rows[] = {
	{ "unchanged", FX_SIGN_BOTH, fx_keep, 0, 2, 0, 0, 2 },
	{ "one key", FX_SIGN, fx_keep, 0, 1, 0, 0, 1 },
	{ "fields added that are not signed", FX_SIGN_BOTH, add_fields, 0, 2,
	    0, 0, 2 },
	{ "a signature of others on top", FX_SIGN_BOTH, add_foreign, 0, 2, 0,
	    0, 2 },
	{ "a footer", FX_SIGN_BOTH, fx_add_footer, 0, 0, 2, 2, 2 },
	{ "Subject changed", FX_SIGN_BOTH, change_subject, 0, 0, 2, 2, 2 },
	{ "a second Subject, which the first signature lets pass",
	    FX_SIGN_BOTH "OversignHeaders From\n", add_subject, 0, 0, 2, 2,
	    2 },
	{ "one was lost", FX_SIGN_BOTH, drop_first, 0, 1, 1, 0, 2 },
	{ "one is broken", FX_SIGN_BOTH, break_first, 0, 1, 1, 1, 2 },
	{ "one with l=", FX_SIGN_BOTH, limit_first, 0, 1, 1, 1, 2 },
	{ "one that cannot be read", FX_SIGN_BOTH, cut_first, 0, 1, 1, 1, 2 },
	{ "not yet expired", FX_SIGN "SignatureTTL 60\n", fx_keep, 59, 1, 0, 0,
	    1 },
	{ "expired", FX_SIGN "SignatureTTL 60\n", fx_keep, 61, 0, 1, 1, 1 },
	{ "in simple canonicalization", FX_SIGN "Canonicalization simple\n",
	    fx_keep, 0, 1, 0, 0, 1 },
	{ "a broken one that is signed, too", FX_SIGN
	    "SignHeaders *,DKIM-Signature\n", fx_add_footer, 0, 0, 1, 0, 1 },
	{ "a broken one that is oversigned", FX_SIGN
	    "OversignHeaders *,DKIM-Signature\n", fx_add_footer, 0, 0, 1, 0,
	    1 },
	{ "a broken one that is oversigned if present", FX_SIGN
	    "OversignPresent *,DKIM-Signature\n", fx_add_footer, 0, 0, 1, 0,
	    1 },
};

/* Passes it again, from an internal host; what leaves is in r. */
static void
pass_again(struct fx *fx, const char *conf, struct str text, size_t *kept_r,
    size_t *made_r, size_t *deleted_r, struct buf *r)
{
	struct fx_mail mail = { .ip = "127.0.0.1" };
	const struct engine_outcome *out;
	struct fx_client client;
	struct engine_msg *m;
	size_t i;

	fx_configure(fx, conf);
	m = fx_run(fx, &mail, &client, text);
	out = engine_msg_eom(m);
	*kept_r = out->signatures_kept;
	*made_r = out->signatures_n;
	*deleted_r = 0;
	for (i = 0; i < out->actions_n; i++) {
		*deleted_r += out->actions[i].type == ENGINE_DELETE_FIELD;
	}
	tap_ok(out->direction == ENGINE_SIGN && out->error == ENGINE_NO_ERROR &&
	    out->not_signed == ENGINE_UNSIGNED_NO, "it counts as signed");
	fx_apply(out, text, r);
	engine_msg_free(m);
}

static void
check_row(struct fx *fx, size_t i)
{
	struct buf first, changed, again;
	size_t kept, made, deleted;

	buf_init(&first, TEXT_MAX);
	buf_init(&changed, TEXT_MAX);
	buf_init(&again, TEXT_MAX);
	fx->now_s = FX_NOW_S;
	fx_sign(fx, rows[i].conf, OURS, &first);
	rows[i].change(buf_str(&first), &changed);
	fx->now_s += rows[i].later_s;
	pass_again(fx, rows[i].conf, buf_str(&changed), &kept, &made,
	    &deleted, &again);
	tap_ok(kept == rows[i].kept && made == rows[i].made &&
	    deleted == rows[i].deleted, "%s: kept %zu, made %zu, deleted %zu",
	    rows[i].name, kept, made, deleted);
	tap_num((int)fx_count_passing(fx, buf_str(&again)),
	    (int)rows[i].passing, rows[i].name);
	buf_fini(&first);
	buf_fini(&changed);
	buf_fini(&again);
}

/* A header full of broken signatures of ours. */
static void
test_bound(struct fx *fx)
{
	struct buf text, again;
	size_t i, kept, made, deleted;

	buf_init(&text, TEXT_MAX);
	buf_init(&again, TEXT_MAX);
	for (i = 0; i < 1000; i++) {
		buf_add_cstr(&text, NAME " v=1; a=rsa-sha256; d=example.com; "
		    "s=rsa;\r\n\th=From; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NM"
		    "pJWZG3hSuFU=; b=AAAA\r\n");
	}
	buf_add_cstr(&text, OURS);
	pass_again(fx, FX_SIGN, buf_str(&text), &kept, &made, &deleted,
	    &again);
	tap_ok(made == 1 && deleted == 1 + ENGINE_OWN_SIGNATURES_EXTRA,
	    "1000 broken ones: %zu are replaced", deleted);
	tap_ok(fx_count(buf_str(&again), NAME) == 1001 - deleted &&
	    str_starts(buf_str(&again), STR(NAME)), "the new one is on top");
	tap_num((int)fx_count_passing(fx, buf_str(&again)), 1, "and passes");
	buf_fini(&text);
	buf_fini(&again);
}

/* Only with the keys that sign this mail. */
static void
test_other_keys(struct fx *fx)
{
	struct buf first, again;
	size_t kept, made, deleted;

	buf_init(&first, TEXT_MAX);
	buf_init(&again, TEXT_MAX);
	fx_sign(fx, FX_SIGN, OURS, &first);
	buf_add_cstr(&first, "a footer\r\n");
	pass_again(fx, "AuthservID mx.example.net\nDomain example.com\n"
	    "Selector ed\nKeyFile @DIR@/ed\n", buf_str(&first), &kept, &made,
	    &deleted, &again);
	tap_ok(kept == 0 && made == 1 && deleted == 0 &&
	    fx_count(buf_str(&again), NAME) == 2,
	    "a broken one of another selector stays");
	buf_fini(&first);
	buf_fini(&again);
}

/* From outside it is verified, and nothing is deleted. */
static void
test_outside(struct fx *fx)
{
	struct fx_mail mail = { .ip = "192.0.2.1" };
	struct fx_client client;
	struct engine_msg *m;
	struct buf first;

	buf_init(&first, TEXT_MAX);
	fx_sign(fx, FX_SIGN, OURS, &first);
	buf_add_cstr(&first, "a footer\r\n");
	m = fx_run(fx, &mail, &client, buf_str(&first));
	tap_ok(engine_msg_eom(m)->direction == ENGINE_VERIFY &&
	    engine_msg_eom(m)->deletions_n == 0,
	    "from outside: a broken one of ours stays");
	engine_msg_free(m);
	buf_fini(&first);
}

int
main(void)
{
	struct fx fx;
	size_t i;

	fx_init(&fx, "");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&fx, i);
	}
	fx.now_s = FX_NOW_S;
	test_bound(&fx);
	test_other_keys(&fx);
	test_outside(&fx);
	fx_fini(&fx);
	return (tap_done());
}
