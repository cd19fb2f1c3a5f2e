/* SPDX-License-Identifier: BSD-2-Clause */
#include "dmarc/address.h"

#include "test/unit/guard.h"
#include "test/unit/oom.h"

#define L16	"0123456789abcdef"
#define L64	L16 L16 L16 L16

/* NULL: no address that mail can be sent to. */
static const struct {
	const char	*name;
	const char	*uri;
	const char	*address;
	const char	*host;
} rows[] = {
	{ "plain", "mailto:a@b.example", "a@b.example", "b.example" },
	{ "the host in lower case", "mailto:Joe@B.Example", "Joe@b.example",
	    "b.example" },
	{ "the host without its dot", "mailto:a@b.example.", "a@b.example",
	    "b.example" },
	{ "A-labels of a U-label", "mailto:a@m%C3%BCller.example",
	    "a@xn--mller-kva.example", "xn--mller-kva.example" },
	{ "fields are ignored", "mailto:a@b.example?subject=x@y.example",
	    "a@b.example", "b.example" },
	{ "%21", "mailto:a%21b@c.example", "a!b@c.example", "c.example" },
	{ "%2C is quoted", "mailto:a%2Cb@c.example", "\"a,b\"@c.example",
	    "c.example" },
	{ "a space is quoted", "mailto:a%20b@c.example", "\"a b\"@c.example",
	    "c.example" },
	{ "a quoted string", "mailto:%22a,b%22@c.example",
	    "\"a,b\"@c.example", "c.example" },
	{ "quotes without need", "mailto:%22ab%22@c.example", "ab@c.example",
	    "c.example" },
	{ "a tag", "mailto:a+b=c@d.example", "a+b=c@d.example",
	    "d.example" },
	{ "an option of no program", "mailto:-oQ/tmp@b.example",
	    "-oQ/tmp@b.example", "b.example" },
	{ "64 octets", "mailto:" L64 "@b.example", L64 "@b.example",
	    "b.example" },
	{ "65 octets", "mailto:" L64 "x@b.example", NULL, NULL },
	{ "another scheme", "https://b.example/x", NULL, NULL },
	{ "no @", "mailto:0", NULL, NULL },
	{ "nothing", "mailto:", NULL, NULL },
	{ "two @", "mailto:a@b@c.example", NULL, NULL },
	{ "two @, one encoded", "mailto:a%40b@c.example", NULL, NULL },
	{ "a local part that is not ASCII", "mailto:%C3%A9@c.example", NULL,
	    NULL },
	{ "a control character", "mailto:a%00@c.example", NULL, NULL },
	{ "a line end", "mailto:a%0D%0ABcc:%20x@c.example", NULL, NULL },
	{ "a quote", "mailto:a%22b@c.example", NULL, NULL },
	{ "a backslash", "mailto:a%5Cb@c.example", NULL, NULL },
	{ "empty quotes", "mailto:%22%22@c.example", NULL, NULL },
	{ "dots are quoted where a dot-string has none",
	    "mailto:a..b@c.example", "\"a..b\"@c.example", "c.example" },
	{ "one label", "mailto:root@localhost", NULL, NULL },
	{ "an address literal", "mailto:a@[192.0.2.1]", NULL, NULL },
	{ "a host that is none", "mailto:a@b..example", NULL, NULL },
	{ "a line end in the host", "mailto:a@b.example%0Ax", NULL, NULL },
};

static enum status
run(struct arena *a)
{
	struct dmarc_address address;

	return (dmarc_address_read(a, STR("mailto:a%2Cb@c.example"),
	    &address));
}

int
main(void)
{
	struct dmarc_address address;
	struct arena arena;
	enum status status;
	size_t i;

	arena_init(&arena, 65536);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		status = dmarc_address_read(&arena,
		    guard_put(str_from(rows[i].uri)), &address);
		tap_num(status, rows[i].address != NULL ? STATUS_OK :
		    STATUS_SYNTAX, rows[i].name);
		if (rows[i].address != NULL) {
			tap_str(address.text, str_from(rows[i].address),
			    rows[i].name);
			tap_str(address.host, str_from(rows[i].host),
			    "its host");
		}
		arena_reset(&arena);
	}
	arena_fini(&arena);
	oom_check(run, "an address");
	return (tap_done());
}
