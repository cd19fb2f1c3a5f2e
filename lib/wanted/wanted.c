/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "base/b64.h"
#include "mail/domain.h"
#include "wanted/wanted.h"

#define VALUE_MAX_BYTES	(2 * CRYPTO_KEY_MAX_BYTES)
#define MX_PREFERENCE	10
#define HOST_LABEL	"mail."		/* of a host whose name is not known */

static void
add_host(struct buf *out, const struct wanted_about *about)
{
	if (about->host.n > 0) {
		buf_add_str(out, about->host);
	} else {
		buf_printf(out, HOST_LABEL "%.*s", STR_FMT(about->domain));
	}
}

static void
add_report_address(struct buf *out, const struct wanted_about *about)
{
	buf_add_cstr(out, "mailto:");
	if (about->rua.n > 0) {
		buf_add_str(out, about->rua);
	} else {
		buf_printf(out, "postmaster@%.*s", STR_FMT(about->domain));
	}
}

/* A null MX says that no mail is taken (RFC 7505). */
static void
write_mx(struct buf *out, const struct wanted_about *about)
{
	if (about->parked) {
		buf_add_cstr(out, "0 .");
		return;
	}
	buf_printf(out, "%d ", MX_PREFERENCE);
	add_host(out, about);
	buf_add_char(out, '.');
}

void
wanted_spf_term(const struct ip_addr *ip, char text_r[WANTED_TERM_BYTES])
{
	char text[IP_TEXT_BYTES];

	ip_text(ip, text);
	(void)snprintf(text_r, WANTED_TERM_BYTES, "%s:%s", ip->v6 ? "ip6" :
	    "ip4", text);
}

/* ~all, since mail that is forwarded fails SPF and passes by DKIM (RFC 9989
   8.1). */
static void
write_spf(struct buf *out, const struct wanted_about *about)
{
	char term[WANTED_TERM_BYTES];
	size_t i;

	buf_add_cstr(out, "v=spf1");
	for (i = 0; i < about->ips_n; i++) {
		wanted_spf_term(&about->ips[i], term);
		buf_printf(out, " %s", term);
	}
	buf_add_cstr(out, about->parked ? " -all" : about->ips_n == 0 ?
	    " mx ~all" : " ~all");
}

static void
write_host_spf(struct buf *out, const struct wanted_about *about ATTR_UNUSED)
{
	buf_add_cstr(out, "v=spf1 a -all");
}

static void
write_dkim(struct buf *out, const struct wanted_about *about)
{
	struct buf public;

	if (about->key == NULL) {
		return;
	}
	buf_init(&public, CRYPTO_KEY_MAX_BYTES);
	if (privkey_public(about->key, &public) == STATUS_OK) {
		buf_printf(out, "v=DKIM1; k=%s; ",
		    crypto_key_name(privkey_type(about->key)));
		if (about->flags != NULL && about->flags[0] != '\0') {
			buf_printf(out, "t=%s; ", about->flags);
		}
		buf_add_cstr(out, "p=");
		b64_encode(out, public.p, public.n);
	} else {
		out->status = STATUS_NOMEM;
	}
	buf_fini(&public);
}

static void
write_dmarc(struct buf *out, const struct wanted_about *about)
{
	if (about->parked) {
		buf_add_cstr(out, "v=DMARC1; p=reject; sp=reject");
		return;
	}
	buf_printf(out, "v=DMARC1; p=%s; rua=", about->policy != NULL ?
	    about->policy : "none");
	add_report_address(out, about);
}

static void
write_reports(struct buf *out, const struct wanted_about *about ATTR_UNUSED)
{
	buf_add_cstr(out, "v=DMARC1");
}

static void
write_tls_reports(struct buf *out, const struct wanted_about *about)
{
	buf_add_cstr(out, "v=TLSRPTv1; rua=");
	add_report_address(out, about);
}

/* The id must change with the policy. */
static void
write_mta_sts(struct buf *out, const struct wanted_about *about)
{
	buf_printf(out, "v=STSv1; id=%lld", (long long)about->now_s);
}

static void
write_address(struct buf *out, const struct wanted_about *about)
{
	char text[IP_TEXT_BYTES];

	if (about->ips_n > 0) {
		ip_text(&about->ips[0], text);
		buf_add_cstr(out, text);
	}
}

static void
write_reverse(struct buf *out, const struct wanted_about *about)
{
	add_host(out, about);
	buf_add_char(out, '.');
}

enum owner {			/* how the name is made */
	OWNER_BELOW,		/* the label and the domain */
	OWNER_KEY,
	OWNER_REPORTS,
	OWNER_HOST,
	OWNER_REVERSE
};

static const struct row {
	const char		*name;
	enum wanted_place	 place;
	bool			 required;
	enum owner		 owner;
	const char		*label;		/* of OWNER_BELOW; "": none */
	const char		*type;		/* NULL: A or AAAA */
	void			(*write)(struct buf *,
				    const struct wanted_about *);
} rows[WANTED_N] = {
	[WANTED_MX] = { "mx", WANTED_AT_DNS, true, OWNER_BELOW, "", "MX",
	    write_mx },
	[WANTED_SPF] = { "spf", WANTED_AT_DNS, true, OWNER_BELOW, "", "TXT",
	    write_spf },
	[WANTED_DKIM] = { "dkim", WANTED_AT_DNS, true, OWNER_KEY, NULL, "TXT",
	    write_dkim },
	[WANTED_DMARC] = { "dmarc", WANTED_AT_DNS, true, OWNER_BELOW,
	    "_dmarc.", "TXT", write_dmarc },
	[WANTED_REPORTS] = { "reports", WANTED_AT_PROVIDER, true,
	    OWNER_REPORTS, NULL, "TXT", write_reports },
	[WANTED_TLS_REPORTS] = { "tls-reports", WANTED_AT_DNS, false,
	    OWNER_BELOW, "_smtp._tls.", "TXT", write_tls_reports },
	[WANTED_MTA_STS] = { "mta-sts", WANTED_AT_DNS, false, OWNER_BELOW,
	    "_mta-sts.", "TXT", write_mta_sts },
	[WANTED_HOST_SPF] = { "host-spf", WANTED_AT_DNS, false, OWNER_HOST,
	    NULL, "TXT", write_host_spf },
	[WANTED_HOST_ADDRESS] = { "host-address", WANTED_AT_DNS, true,
	    OWNER_HOST, NULL, NULL, write_address },
	[WANTED_REVERSE] = { "reverse", WANTED_AT_HOSTER, true, OWNER_REVERSE,
	    NULL, "PTR", write_reverse },
};

struct str
wanted_host(struct arena *arena, const struct wanted_about *about)
{
	return (about->host.n > 0 ? arena_dup(arena, about->host) :
	    arena_printf(arena, HOST_LABEL "%.*s", STR_FMT(about->domain)));
}

struct str
wanted_owner(struct arena *arena, enum wanted wanted,
    const struct wanted_about *about)
{
	char arpa[IP_ARPA_BYTES] = "";

	switch (rows[wanted].owner) {
	case OWNER_KEY:
		return (domain_key_name(arena, about->selector,
		    about->domain));
	case OWNER_REPORTS:
		return (arena_printf(arena, "%.*s._report._dmarc.%.*s",
		    STR_FMT(about->domain), STR_FMT(about->receiver)));
	case OWNER_HOST:
		return (wanted_host(arena, about));
	case OWNER_REVERSE:
		if (about->ips_n > 0) {
			ip_arpa(&about->ips[0], arpa);
		}
		return (arena_printf(arena, "%s", arpa));
	case OWNER_BELOW:
		break;
	}
	return (arena_printf(arena, "%s%.*s", rows[wanted].label,
	    STR_FMT(about->domain)));
}

void
wanted_value(struct buf *out, enum wanted wanted,
    const struct wanted_about *about)
{
	rows[wanted].write(out, about);
}

static const char *
record_type(const struct row *row, const struct wanted_about *about)
{
	return (row->type != NULL ? row->type : about->ips_n > 0 &&
	    about->ips[0].v6 ? "AAAA" : "A");
}

enum status
wanted_make(struct arena *arena, enum wanted wanted,
    const struct wanted_about *about, struct wanted_record *r)
{
	const struct row *row = &rows[wanted];
	enum status status;
	struct buf value;

	*r = (struct wanted_record){ .name = row->name, .place = row->place,
		.required = row->required, .type = record_type(row, about) };
	r->owner = wanted_owner(arena, wanted, about);
	buf_init(&value, VALUE_MAX_BYTES);
	wanted_value(&value, wanted, about);
	status = value.status;
	if (status == STATUS_OK && value.n > 0) {
		r->value = arena_dup(arena, buf_str(&value));
		status = r->value.p != NULL ? STATUS_OK : STATUS_NOMEM;
	}
	buf_fini(&value);
	return (r->owner.p != NULL ? status : STATUS_NOMEM);
}

const char *
wanted_place_name(enum wanted_place place)
{
	switch (place) {
	case WANTED_AT_DNS:
		return ("dns");
	case WANTED_AT_HOSTER:
		return ("hoster");
	case WANTED_AT_POSTFIX:
		return ("postfix");
	case WANTED_AT_PROVIDER:
		break;
	}
	return ("provider");
}
