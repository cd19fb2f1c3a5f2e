/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup: answers libopendkim's key queries by our resolver. Answers are
 * treated as by its own resolver code: several records are an error, a record
 * is truncated to its buffer of 1 KiB.
 */
#include <string.h>

#include "second/private.h"

/* Whether q= names dns/txt (RFC 6376 3.5). With a lookup callback libopendkim
   leaves this check to the callback. */
static bool
query_method_known(DKIM_SIGINFO *sig)
{
	struct str rest = str_from((const char *)dkim_sig_gettagvalue(sig,
	    false, (unsigned char *)"q"));
	struct str method;

	if (rest.p == NULL) {
		return (true);
	}
	while (str_next(&rest, ':', &method)) {
		if (str_eq_ci(str_trim_fws(method), STR("dns/txt"))) {
			return (true);
		}
	}
	return (false);
}

static DKIM_CBSTAT
refuse_signature(DKIM_SIGINFO *sig, DKIM_SIGERROR error)
{
	(void)dkim_sig_seterror(sig, error);
	return (DKIM_CBSTAT_ERROR);
}

const struct dns_answer *
second_ask(struct dns_batch *batch, struct str name, enum dns_type type,
    uint64_t deadline_us)
{
	struct dns_query *query = dns_batch_add(batch, name, type);

	if (query == NULL) {
		return (NULL);
	}
	while (!dns_query_is_answered(query) &&
	    dns_batch_wait_any(batch, deadline_us)) {
		continue;
	}
	return (dns_query_answer(query));
}

static const struct dns_answer *
ask_key(struct second_dkim *s, DKIM_SIGINFO *sig)
{
	const char *selector = (const char *)dkim_sig_getselector(sig);
	const char *domain = (const char *)dkim_sig_getdomain(sig);
	struct str name = arena_printf(s->arena, "%s." DKIM_DNSKEYNAME ".%s",
	    selector, domain);

	return (name.p == NULL ? NULL : second_ask(s->batch, name, DNS_TXT,
	    s->dns_deadline_us));
}

DKIM_CBSTAT
second_key_lookup(DKIM *dkim, DKIM_SIGINFO *sig, unsigned char *buf,
    size_t buf_bytes)
{
	struct second_dkim *s = dkim_get_user_context(dkim);
	const struct dns_answer *answer;
	struct str text;

	if (!query_method_known(sig)) {
		return (refuse_signature(sig, DKIM_SIGERROR_INVALID_Q));
	}
	answer = ask_key(s, sig);
	if (answer == NULL) {
		s->out_of_memory = true;
		return (DKIM_CBSTAT_ERROR);
	}
	switch (answer->result) {
	case DNS_NODATA:
	case DNS_NXDOMAIN:
	case DNS_BADNAME:
		return (DKIM_CBSTAT_NOTFOUND);
	case DNS_SERVFAIL:
	case DNS_TIMEOUT:
		return (refuse_signature(sig, DKIM_SIGERROR_KEYFAIL));
	case DNS_OK:
		break;
	}
	if (answer->n != 1) {
		return (refuse_signature(sig, DKIM_SIGERROR_MULTIREPLY));
	}
	text = str_first(answer->v[0].data, buf_bytes - 1);
	memcpy(buf, text.p, text.n);
	buf[text.n] = '\0';
	return (DKIM_CBSTAT_CONTINUE);
}
