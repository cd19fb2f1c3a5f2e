/* SPDX-License-Identifier: BSD-2-Clause */
#include <fnmatch.h>
#include <strings.h>

#include "mail/domain.h"
#include "wanted/provider.h"
#include "wanted/record.h"

#define PATTERN_BYTES	64

static const struct provider providers[] = {
	{ "Cloudflare", "*.ns.cloudflare.com", "@", false },
	{ "Route53", "ns-*.awsdns-*.com ns-*.awsdns-*.net ns-*.awsdns-*.org "
	    "ns-*.awsdns-*.co.uk", "", true },
	{ "GoogleCloudDNS", "ns-cloud-*.googledomains.com", "", true },
	{ "AzureDNS", "*.azure-dns.com *.azure-dns.net *.azure-dns.org "
	    "*.azure-dns.info", "@", false },
	{ "DigitalOcean", "ns?.digitalocean.com", "@", false },
	{ "GoDaddy", "*.domaincontrol.com", "@", false },
	{ "Namecheap", "*.registrar-servers.com", "@", false },
	{ "Porkbun", "*.ns.porkbun.com", "", false },
	{ "Hetzner", "hydrogen.ns.hetzner.com oxygen.ns.hetzner.com "
	    "helium.ns.hetzner.de", "@", true },
	{ "Gandi", "ns-*.gandi.net", "@", true },
	{ "OVHcloud", "ns*.ovh.net dns*.ovh.net ns*.ovh.ca dns*.ovh.ca", "",
	    false },
	{ "IONOS", "*.ui-dns.com *.ui-dns.org *.ui-dns.de *.ui-dns.biz", "@",
	    false },
	{ "netcup", "*-dns.netcup.net", "@", false },
	{ NULL, "", "", false }
};

static bool
has_server(const struct provider *p, const char *server)
{
	struct str rest = str_from(p->servers), one;
	char pattern[PATTERN_BYTES];

	while (str_next(&rest, ' ', &one)) {
		if (one.n >= sizeof(pattern)) {
			continue;
		}
		memcpy(pattern, one.p, one.n);
		pattern[one.n] = '\0';
		if (fnmatch(pattern, server, FNM_CASEFOLD) == 0) {
			return (true);
		}
	}
	return (false);
}

const struct provider *
provider_find(const struct str *servers, size_t n)
{
	char server[DOMAIN_MAX_BYTES + 1];
	const struct provider *p;
	size_t i;

	for (i = 0; i < n; i++) {
		if (servers[i].n == 0 || servers[i].n >= sizeof(server)) {
			continue;
		}
		memcpy(server, servers[i].p, servers[i].n);
		server[servers[i].n] = '\0';
		for (p = providers; p->name != NULL; p++) {
			if (has_server(p, server)) {
				return (p);
			}
		}
	}
	return (NULL);
}

const struct provider *
provider_named(const char *name)
{
	const struct provider *p;

	for (p = providers; p->name != NULL; p++) {
		if (strcasecmp(p->name, name) == 0) {
			return (p);
		}
	}
	return (NULL);
}

const struct provider *
provider_table(void)
{
	return (providers);
}

void
provider_name(const struct provider *p, struct buf *out, struct str owner,
    struct str zone)
{
	struct str name = record_relative(owner, zone);

	if (name.n > 0) {
		record_text(out, name);
	} else {
		buf_add_cstr(out, p != NULL ? p->apex : "@");
	}
}

void
provider_value(const struct provider *p, struct buf *out, const char *type,
    struct str value)
{
	if (p != NULL && p->quotes) {
		record_data(out, type, value);
	} else {
		record_text(out, value);
	}
}

/* Forms have a field of its own for the preference of an MX. */
void
provider_form(const struct provider *p, struct buf *out, struct str zone,
    struct str owner, const char *type, struct str value)
{
	size_t at = str_find(value, ' ');

	buf_printf(out, "Type      %s\nName      ", type);
	provider_name(p, out, owner, zone);
	if (strcmp(type, "MX") == 0 && at < value.n) {
		buf_add_cstr(out, "\nPriority  ");
		record_text(out, str_first(value, at));
		value = str_from_offset(value, at + 1);
	}
	buf_add_cstr(out, "\nValue     ");
	provider_value(p, out, type, value);
	buf_add_char(out, '\n');
}
