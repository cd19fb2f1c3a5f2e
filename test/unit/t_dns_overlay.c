/* SPDX-License-Identifier: BSD-2-Clause */
/* Replaced TXT records over another source of answers. */
#include "base/buf.h"
#include "dns/overlay.h"
#include "test/unit/dns_lab.h"

#define ZONE	"a.example. TXT \"below\"\na.example. A 192.0.2.1\n" \
		"b.example. TXT \"other\"\n"

struct overlaid {
	struct lab		 lab;
	struct dns		*dns;
	struct dns_overlay	*overlay;
};

static void
make(struct overlaid *o)
{
	struct dns_opts opts;

	lab_init(&o->lab, STR(ZONE));
	dns_opts_init(&opts);
	opts.env = &o->lab.env;
	lab_must(dns_new_overlay(&opts, dns_hold(o->lab.dns), &o->dns,
	    &o->overlay) == STATUS_OK, "overlay");
}

static void
end(struct overlaid *o)
{
	dns_release(o->dns);
	lab_fini(&o->lab);
}

/* "result text text" */
static void
is_answer(struct overlaid *o, const char *name, enum dns_type type,
    enum dns_result want, const char *texts, const char *what)
{
	struct dns_batch *batch = dns_batch_new(o->dns);
	const struct dns_answer *answer;
	struct dns_query *query;
	struct buf got;
	size_t i;

	buf_init(&got, 4096);
	query = dns_batch_add(batch, str_from(name), type);
	dns_batch_wait(batch, env_mono_us(&o->lab.env) + 10000000);
	answer = dns_query_answer(query);
	for (i = 0; i < answer->n && type == DNS_TXT; i++) {
		buf_printf(&got, "%s%.*s", i > 0 ? " " : "",
		    STR_FMT(answer->v[i].data));
	}
	tap_num(answer->result, want, what);
	tap_str(buf_str(&got), str_from(texts), what);
	buf_fini(&got);
	dns_batch_free(batch);
}

static void
test_replaced(void)
{
	static const struct str two[] = { STR("one"), STR("") };
	struct overlaid o;

	make(&o);
	is_answer(&o, "a.example", DNS_TXT, DNS_OK, "below", "below");
	/* That answer is in the cache; a replaced name was never asked. */
	tap_num(dns_overlay_set(o.overlay, STR("B.example."), DNS_OK, two,
	    2), STATUS_OK, "set");
	is_answer(&o, "b.example", DNS_TXT, DNS_OK, "one ", "replaced");
	is_answer(&o, "b.Example", DNS_TXT, DNS_OK, "one ",
	    "in any letter case");
	is_answer(&o, "a.example", DNS_A, DNS_OK, "", "other types");
	is_answer(&o, "b.example", DNS_CNAME, DNS_NODATA, "", "no CNAME");
	tap_num(dns_overlay_set(o.overlay, STR("b.example"), DNS_OK, two, 1),
	    STATUS_OK, "set again");
	is_answer(&o, "b.example", DNS_TXT, DNS_OK, "one", "not cached");
	tap_num(dns_overlay_set(o.overlay, STR("b.example"), DNS_NXDOMAIN,
	    NULL, 0), STATUS_OK, "set to nothing");
	is_answer(&o, "b.example", DNS_TXT, DNS_NXDOMAIN, "", "nothing");
	is_answer(&o, "b.example", DNS_CNAME, DNS_NXDOMAIN, "",
	    "nothing, as a CNAME");
	tap_num(dns_overlay_set(o.overlay, STR("b.example"), DNS_TIMEOUT,
	    NULL, 0), STATUS_OK, "set to a fault");
	is_answer(&o, "b.example", DNS_TXT, DNS_TIMEOUT, "", "a fault");
	is_answer(&o, "c.example", DNS_TXT, DNS_NXDOMAIN, "",
	    "what is below has no such name");
	tap_num(dns_overlay_set(o.overlay, STR("c.example"), DNS_NODATA, two,
	    1), STATUS_OK, "a name that is not below");
	end(&o);
}

static void
test_limits(void)
{
	static const struct str many[OVERLAY_MAX_RECORDS + 1];
	struct overlaid o;
	char name[32];
	size_t i;

	make(&o);
	tap_num(dns_overlay_set(o.overlay, STR("a..b"), DNS_OK, NULL, 0),
	    STATUS_SYNTAX, "not a name");
	tap_num(dns_overlay_set(o.overlay, STR("a.example"), DNS_OK, many,
	    OVERLAY_MAX_RECORDS + 1), STATUS_LIMIT, "too many records");
	for (i = 0; i < OVERLAY_MAX_NAMES; i++) {
		(void)snprintf(name, sizeof(name), "n%zu.example", i);
		lab_must(dns_overlay_set(o.overlay, str_from(name),
		    DNS_NODATA, NULL, 0) == STATUS_OK, "name");
	}
	tap_num(dns_overlay_set(o.overlay, STR("last.example"), DNS_NODATA,
	    NULL, 0), STATUS_LIMIT, "too many names");
	tap_num(dns_overlay_set(o.overlay, STR("n0.example"), DNS_NODATA,
	    NULL, 0), STATUS_OK, "one that is there may change");
	end(&o);
}

int
main(void)
{
	test_replaced();
	test_limits();
	return (tap_done());
}
