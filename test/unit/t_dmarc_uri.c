/* SPDX-License-Identifier: BSD-2-Clause */
#include "dmarc/uri.h"

#include "test/unit/guard.h"
#include "test/unit/tap.h"

/* A list, its valid URIs separated by '|', the address of the first. */
static const struct {
	const char	*name;
	const char	*list;
	const char	*uris;
	const char	*address;	/* NULL: not mailto: */
} rows[] = {
	{ "4.6 one", "mailto:a@example.com", "mailto:a@example.com",
	    "a@example.com" },
	{ "4.6 scheme in any case", "MailTo:a@b", "MailTo:a@b", "a@b" },
	{ "4.8 two", "mailto:a@b,mailto:c@d", "mailto:a@b|mailto:c@d", "a@b" },
	{ "4.8 white space", "mailto:a@b \t,\t mailto:c@d ",
	    "mailto:a@b|mailto:c@d", "a@b" },
	{ "4.6 another scheme", "https://r.example/x?y=1#z",
	    "https://r.example/x?y=1#z", NULL },
	{ "4.6 size, no unit", "mailto:a@b!50", "mailto:a@b", "a@b" },
	{ "4.6 size, k", "mailto:a@b!50k", "mailto:a@b", "a@b" },
	{ "4.6 size, T", "mailto:a@b!1T", "mailto:a@b", "a@b" },
	{ "4.6 size, bad unit", "mailto:a@b!1x", "", NULL },
	{ "4.6 size, two units", "mailto:a@b!1kk", "", NULL },
	{ "4.6 size without digits", "mailto:a@b!k", "", NULL },
	{ "4.6 size, empty", "mailto:a@b!", "", NULL },
	{ "4.6 ! elsewhere", "mailto:a!b@c", "", NULL },
	{ "4.6 ! elsewhere, and a size", "mailto:a!b@c!1k", "", NULL },
	{ "4.6 ! encoded", "mailto:a%21b@c", "mailto:a%21b@c", "a%21b@c" },
	{ "3986 2.1 one hexadecimal digit", "mailto:a%2@c", "", NULL },
	{ "3986 2.1 one hexadecimal digit at the end", "mailto:a@c%2", "",
	    NULL },
	{ "3986 2.1 no hexadecimal digit", "mailto:a%2g@c", "", NULL },
	{ "3986 3.1 no scheme", "a@example.com", "", NULL },
	{ "3986 3.1 empty scheme", ":a@example.com", "", NULL },
	{ "3986 3.1 scheme begins with a digit", "1a:b", "", NULL },
	{ "3986 3.1 all characters of a scheme", "a1+-.:b", "a1+-.:b", NULL },
	{ "3986 nothing after the scheme", "https:", "", NULL },
	{ "3986 2.2 a space", "mailto:a b@c", "", NULL },
	{ "3986 2.2 not ASCII", "mailto:\xc3\xa9@c", "", NULL },
	{ "3986 2.2 quotes", "mailto:\"a\"@c", "", NULL },
	{ "6068 no @", "mailto:a", "", NULL },
	{ "6068 nothing before @", "mailto:@b", "", NULL },
	{ "6068 nothing after @", "mailto:a@", "", NULL },
	{ "6068 header fields", "mailto:a@b?subject=x@y",
	    "mailto:a@b?subject=x@y", "a@b" },
	{ "invalid items are skipped", "a,,mailto:a@b, b", "mailto:a@b",
	    "a@b" },
	{ "an empty list", "", "", NULL },
	{ "commas", ",,", "", NULL },
};

static void
check_row(const char *name, struct str list, struct str uris,
    const char *address)
{
	struct str uri, want, first = STR_NONE;

	while (uris.n > 0 && str_next(&uris, '|', &want)) {
		tap_ok(dmarc_uri_next(&list, &uri), "%s: one more", name);
		tap_str(uri, want, name);
		first = first.p == NULL ? uri : first;
	}
	tap_ok(!dmarc_uri_next(&list, &uri) && uri.p == NULL, "%s: no more",
	    name);
	tap_str(dmarc_uri_mailto(first), str_from(address), "address");
}

/* RFC 7489 6.3: a limit in octets; UINT64_MAX: none. */
static const struct {
	const char	*item;
	uint64_t	 bytes;
} sizes[] = {
	{ "mailto:a@b", UINT64_MAX },
	{ "mailto:a@b!50", 50 },
	{ "mailto:a@b!0", 0 },
	{ "mailto:a@b!2k", 2048 },
	{ "mailto:a@b!10M", 10485760 },
	{ "mailto:a@b!1g", 1073741824 },
	{ "mailto:a@b!3T", 3298534883328 },
	{ "mailto:a@b!99999999t", UINT64_MAX },
	{ "mailto:a@b!99999999999999999999", UINT64_MAX },
};

static void
check_sizes(void)
{
	struct str list, uri;
	uint64_t bytes;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		list = guard_put(str_from(sizes[i].item));
		tap_ok(dmarc_uri_next_sized(&list, &uri, &bytes) &&
		    bytes == sizes[i].bytes, "size of %s", sizes[i].item);
		tap_str(uri, STR("mailto:a@b"), "and what is left");
	}
}

int
main(void)
{
	size_t i;

	check_sizes();

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].name, guard_put(str_from(rows[i].list)),
		    str_from(rows[i].uris), rows[i].address);
	}
	return (tap_done());
}
