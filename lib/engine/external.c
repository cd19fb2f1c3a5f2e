/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * external: warns of external mail with a domain of ours in From, unless
 * ExternalIgnoreList has the client or a signature of ours passes.
 */
#include "engine/private.h"
#include "mail/domain.h"

/* A rule for any author does not make this author's domain ours. */
static bool
is_our_author(const struct signers_picks *picks)
{
	size_t i;

	for (i = 0; i < picks->n; i++) {
		if (!picks->v[i].any_author) {
			return (true);
		}
	}
	return (false);
}

/* Whether the domain is, or is below, one that would sign for this author. */
static bool
is_our_signer(const struct signers_picks *picks, struct str domain)
{
	size_t i;

	for (i = 0; i < picks->n; i++) {
		if (domain_is_within(domain, picks->v[i].domain)) {
			return (true);
		}
	}
	return (false);
}

static bool
has_our_signature(const struct signers_picks *picks,
    const struct dkim_verifier *dkim)
{
	size_t i, n = dkim != NULL ? dkim_verifier_count(dkim) : 0;

	for (i = 0; i < n; i++) {
		const struct dkim_verdict *verdict =
		    dkim_verifier_get(dkim, i);

		if (verdict->result == DKIM_PASS &&
		    is_our_signer(picks, verdict->sig.domain)) {
			return (true);
		}
	}
	return (false);
}

static void
log_warning(const struct engine_input *in)
{
	const struct engine_client *client = in->client;
	struct engine_log_pair pairs[] = {
		{ "client", STR_NONE, 0 },
		{ "client_name", client->name, 0 },
		{ "from_domain", in->from.v[0].domain, 0 },
	};
	char ip[IP_TEXT_BYTES];

	if (client->ip != NULL) {
		ip_text(client->ip, ip);
		pairs[0].value = str_from(ip);
	}
	engine_log_pairs(in, LOG_LEVEL_WARNING,
	    "external host sends as our domain", pairs,
	    sizeof(pairs) / sizeof(pairs[0]));
}

void
engine_external_warn(const struct engine_input *in,
    const struct signers_picks *picks, const struct engine_outcome *out)
{
	const struct engine_client *client = in->client;

	if (in->external && is_our_author(picks) &&
	    !has_our_signature(picks, out->dkim) &&
	    !hosts_match(input_conf(in)->external_ignore, client->ip,
	    client->name)) {
		log_warning(in);
	}
}
