/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/name.h"
#include "dns/zone.h"
#include "test/fuzz/fuzz.h"

#define CHECKED_MAX	64	/* records of the text that are checked */

static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_CNAME, DNS_MX,
	DNS_PTR, DNS_TLSA, DNS_TXT };

static void
check_record(enum dns_type type, const struct dns_record *r)
{
	struct dns_name name;

	FUZZ_CHECK(r->data.p != NULL);
	switch (type) {
	case DNS_A:
		FUZZ_CHECK(r->data.n == 4);
		break;
	case DNS_AAAA:
		FUZZ_CHECK(r->data.n == 16);
		break;
	case DNS_SOA:
		FUZZ_CHECK(r->data.n == 4);
		break;
	case DNS_CNAME:
	case DNS_MX:
	case DNS_NS:
	case DNS_PTR:
		FUZZ_CHECK(r->data.n == 0 || (dns_name_make(r->data, &name) &&
		    str_eq(dns_name_str(&name), r->data)));
		break;
	case DNS_TLSA:
		FUZZ_CHECK(r->data.n >= 4);
		break;
	case DNS_TXT:
		break;
	}
}

static enum dns_result
look_up_name(const struct zone *z, struct str name, enum dns_type type)
{
	struct dns_record v[DNS_MAX_RECORDS];
	struct dns_answer a;
	size_t i;

	zone_find(z, name, type, v, &a);
	FUZZ_CHECK((a.result == DNS_OK) == (a.n > 0));
	FUZZ_CHECK(a.n <= DNS_MAX_RECORDS && (a.n == 0 || a.v == v));
	FUZZ_CHECK(a.ttl_s <= INT32_MAX);
	for (i = 0; i < a.n; i++) {
		check_record(type, &a.v[i]);
	}
	return (a.result);
}

/* The name of a key, whose labels are reversed and separated by NUL. */
static struct str
name_of(struct str key, char text[DNS_NAME_MAX_BYTES])
{
	size_t n = 0, from;

	while (key.n > 0) {
		key.n--;
		from = str_rfind(key, '\0');
		from = from == key.n ? 0 : from + 1;
		if (n > 0) {
			text[n++] = '.';
		}
		FUZZ_CHECK(n + key.n - from <= DNS_NAME_MAX_BYTES);
		memcpy(text + n, key.p + from, key.n - from);
		n += key.n - from;
		key.n = from;
	}
	return (str_mem(text, n));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char text[DNS_NAME_MAX_BYTES];
	struct diag diag;
	struct zone z;
	size_t i, k;

	diag_init(&diag);
	if (zone_parse(&z, str_mem(data, n), "zone", &diag) != STATUS_OK) {
		FUZZ_CHECK(strncmp(diag.text, "zone:", 5) == 0);
		return (0);
	}
	FUZZ_CHECK(diag.text[0] == '\0');
	for (i = 0; i < z.n && i < CHECKED_MAX; i++) {
		const struct zone_record *r = &z.v[i];
		struct str name = name_of(r->key, text);

		FUZZ_CHECK(i == 0 || zone_record_cmp(r - 1, r) < 0);
		for (k = 0; k < sizeof(types) / sizeof(types[0]); k++) {
			enum dns_result result = look_up_name(&z, name,
			    types[k]);

			FUZZ_CHECK(result == DNS_OK || r->fault != DNS_OK ||
			    r->type != types[k]);
		}
	}
	look_up_name(&z, STR("a.b.example"), DNS_TXT);
	look_up_name(&z, STR("x"), DNS_MX);
	zone_fini(&z);
	return (0);
}
