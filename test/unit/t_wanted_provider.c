/* SPDX-License-Identifier: BSD-2-Clause */
/* How the forms of DNS providers want a record. */
#include <strings.h>

#include "test/unit/tap.h"
#include "wanted/provider.h"

#define OUT_MAX_BYTES	4096

static const struct {
	const char	*server;
	const char	*name;		/* NULL: unknown */
} servers[] = {
	{ "ada.ns.cloudflare.com", "Cloudflare" },
	{ "Ada.NS.Cloudflare.com", "Cloudflare" },
	{ "ns-1536.awsdns-00.co.uk", "Route53" },
	{ "ns-0.awsdns-00.com", "Route53" },
	{ "ns-cloud-a1.googledomains.com", "GoogleCloudDNS" },
	{ "ns1-01.azure-dns.com", "AzureDNS" },
	{ "ns2.digitalocean.com", "DigitalOcean" },
	{ "ns37.domaincontrol.com", "GoDaddy" },
	{ "dns1.registrar-servers.com", "Namecheap" },
	{ "maceio.ns.porkbun.com", "Porkbun" },
	{ "helium.ns.hetzner.de", "Hetzner" },
	{ "ns-12-a.gandi.net", "Gandi" },
	{ "dns19.ovh.net", "OVHcloud" },
	{ "ns1046.ui-dns.org", "IONOS" },
	{ "second-dns.netcup.net", "netcup" },
	{ "ns1.d.example", NULL },
	{ "ada.ns.cloudflare.com.d.example", NULL },
	{ "ns.cloudflare.com", NULL },
	{ "cloudflare.com", NULL },
	{ "", NULL },
};

static void
check_servers(void)
{
	const struct str two[] = { STR("ns1.d.example"),
		STR("ns3.digitalocean.com") };
	const struct provider *p;
	char big[1024];
	struct str server;
	size_t i;

	for (i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		server = str_from(servers[i].server);
		p = provider_find(&server, 1);
		tap_str(str_from(p != NULL ? p->name : "unknown"), str_from(
		    servers[i].name != NULL ? servers[i].name : "unknown"),
		    servers[i].server);
	}
	p = provider_find(two, 2);
	tap_ok(p != NULL && strcmp(p->name, "DigitalOcean") == 0,
	    "one server that is known suffices");
	memset(big, 'a', sizeof(big));
	server = str_mem(big, sizeof(big));
	tap_ok(provider_find(&server, 1) == NULL, "a name that is too long");
	tap_ok(provider_find(NULL, 0) == NULL, "no server");
}

/* Every row is found by its name, and by no other row's servers. */
static void
check_table(void)
{
	const struct provider *p, *q;
	bool unique = true, plain = true;

	for (p = provider_table(); p->name != NULL; p++) {
		for (q = provider_table(); q != p; q++) {
			unique &= strcasecmp(p->name, q->name) != 0;
		}
		unique &= provider_named(p->name) == p;
		plain &= strcmp(p->apex, "@") == 0 || p->apex[0] == '\0';
		plain &= p->servers[0] != '\0';
	}
	tap_ok(unique, "names are unique");
	tap_ok(plain, "rows are complete");
	tap_ok(provider_named("cloudflare") != NULL, "letter case aside");
	tap_ok(provider_named("nobody") == NULL, "an unknown name");
}

static const struct {
	const char	*provider;	/* NULL: unknown */
	const char	*owner;
	const char	*type;
	const char	*value;
	const char	*want;
} forms[] = {
	{ NULL, "s._domainkey.d.example", "TXT", "v=DKIM1; p=x",
	    "Type      TXT\nName      s._domainkey\nValue     v=DKIM1; p=x\n" },
	{ "Cloudflare", "d.example", "TXT", "v=spf1 mx ~all",
	    "Type      TXT\nName      @\nValue     v=spf1 mx ~all\n" },
	{ "Route53", "d.example", "TXT", "v=spf1 mx ~all",
	    "Type      TXT\nName      \nValue     \"v=spf1 mx ~all\"\n" },
	{ "Porkbun", "d.example", "MX", "10 mail.d.example.",
	    "Type      MX\nName      \nPriority  10\n"
	    "Value     mail.d.example.\n" },
	{ NULL, "x.other.example", "TXT", "a\x1b[2Jb",
	    "Type      TXT\nName      x.other.example\n"
	    "Value     a\\027[2Jb\n" },
};

/* The same, name and value by themselves. */
static void
check_name(void)
{
	struct buf out;

	buf_init(&out, OUT_MAX_BYTES);
	provider_name(provider_named("Gandi"), &out, STR("d.example"),
	    STR("d.example"));
	tap_str(buf_str(&out), STR("@"), "the zone itself");
	buf_fini(&out);
}

static void
check_forms(void)
{
	const struct provider *p;
	struct buf out;
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		p = forms[i].provider != NULL ?
		    provider_named(forms[i].provider) : NULL;
		buf_init(&out, OUT_MAX_BYTES);
		provider_form(p, &out, STR("d.example"),
		    str_from(forms[i].owner), forms[i].type,
		    str_from(forms[i].value));
		tap_str(buf_str(&out), str_from(forms[i].want),
		    forms[i].owner);
		buf_fini(&out);
	}
}

/* A key of 2048 bits needs two strings where the form takes strings. */
static void
check_long(void)
{
	char text[400];
	struct buf out;

	memset(text, 'k', sizeof(text));
	buf_init(&out, OUT_MAX_BYTES);
	provider_value(provider_named("Route53"), &out, "TXT",
	    str_mem(text, sizeof(text)));
	tap_num((long long)out.n, 400 + 5, "two quoted strings");
	buf_reset(&out);
	provider_value(NULL, &out, "TXT", str_mem(text, sizeof(text)));
	tap_num((long long)out.n, 400, "one bare text");
	buf_fini(&out);
}

int
main(void)
{
	check_servers();
	check_table();
	check_forms();
	check_name();
	check_long();
	return (tap_done());
}
