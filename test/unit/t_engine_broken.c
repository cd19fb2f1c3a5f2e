/* SPDX-License-Identifier: BSD-2-Clause */
/* The warning of signatures of ours that come back broken. */
#include "engine_fixture.h"
#include "tap.h"

#define TEXT	"From: joe@example.com\r\nSubject: a\r\n\r\nbody\r\n"
#define WARNING	"a signature of ours came back broken, or forged"

static struct fx fx;

static unsigned
count_warnings(void)
{
	struct str rest = buf_str(&fx.log), line;
	unsigned n = 0;

	while (str_next(&rest, '\n', &line)) {
		n += fx_contains(line, WARNING);
	}
	return (n);
}

/* How many warnings a message from outside causes. */
static unsigned
count_new(const char *ip, struct str text)
{
	struct fx_mail mail = { .ip = ip };
	unsigned before = count_warnings();
	struct fx_client client;

	engine_msg_free(fx_run(&fx, &mail, &client, text));
	return (count_warnings() - before);
}

/* With the body, or what follows s=, replaced. */
static struct str
altered(struct buf *r, struct str text, const char *old, const char *new)
{
	size_t i, n = strlen(old);

	buf_reset(r);
	for (i = 0; i + n <= text.n && memcmp(text.p + i, old, n) != 0; i++) {
		continue;
	}
	buf_add_str(r, str_first(text, i));
	buf_add_cstr(r, new);
	buf_add_str(r, str_from_offset(text, i + n));
	return (buf_str(r));
}

int
main(void)
{
	struct buf own, other;
	struct str text;

	fx_init(&fx, "");
	buf_init(&own, FX_MAX_BYTES);
	buf_init(&other, FX_MAX_BYTES);
	fx_sign(&fx, FX_SIGN, TEXT, &own);
	text = buf_str(&own);
	fx_configure(&fx, FX_SIGN);
	tap_num(count_new("192.0.2.7", text), 0, "as it was signed");
	tap_num(count_new("192.0.2.7", altered(&other, text, "s=rsa;",
	    "s=else;")), 0, "a selector that is not ours");
	tap_num(count_new("192.0.2.7", altered(&other, text, "d=example.com;",
	    "d=example.org;")), 0, "a domain that is not ours");
	tap_num(count_new("192.0.2.7", altered(&other, text, "body",
	    "other")), 1, "another body");
	tap_ok(fx_contains(buf_str(&fx.log), "domain=example.com") &&
	    fx_contains(buf_str(&fx.log), "selector=rsa") &&
	    fx_contains(buf_str(&fx.log), "mailseald(8)"),
	    "what is said");
	tap_num(count_new("192.0.2.7", altered(&other, text, "Subject: a",
	    "Subject: [list] a")), 0, "once");
	fx_configure(&fx, FX_SIGN);
	tap_num(count_new("192.0.2.7", altered(&other, text, "Subject: a",
	    "Subject: [list] a")), 1, "once more after a reload");
	fx_configure(&fx, FX_VERIFY);
	tap_num(count_new("192.0.2.7", buf_str(&other)), 0,
	    "no keys: no domain is ours");
	buf_fini(&other);
	buf_fini(&own);
	fx_fini(&fx);
	return (tap_done());
}
