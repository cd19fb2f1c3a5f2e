/* SPDX-License-Identifier: BSD-2-Clause */
/* The options about DMARC reports. */
#include "conf/table.h"
#include "mail/domain.h"

#define LOCAL_MAX_BYTES	64	/* RFC 5321 4.5.3.1.1 */

/* A dot-string without the characters that a return path with a tag uses. */
static bool
is_local_part(struct str local)
{
	size_t i;

	if (local.n == 0 || local.n > LOCAL_MAX_BYTES || local.p[0] == '.' ||
	    local.p[local.n - 1] == '.') {
		return (false);
	}
	for (i = 0; i < local.n; i++) {
		if (!char_is_alpha(local.p[i]) && !char_is_digit(local.p[i]) &&
		    strchr("!#$%&'*+-/=?^_`{|}~.", local.p[i]) == NULL) {
			return (false);
		}
	}
	return (true);
}

enum status
conf_set_report_from(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	struct conf_address *address = (struct conf_address *)
	    ((char *)r->target + o->offset);
	size_t at = str_rfind(value, '@');
	struct str local = str_first(value, at);
	enum status status = STATUS_SYNTAX;

	if (is_local_part(local)) {
		status = domain_normalize(r->memory,
		    str_from_offset(value, at + 1), &address->domain);
	}
	if (status == STATUS_NOMEM) {
		return (conf_no_memory(r));
	}
	if (status != STATUS_OK || domain_labels(address->domain) < 2) {
		return (conf_reject(r, o, value,
		    "is not an address such as dmarc@mail.example.com"));
	}
	address->text = arena_printf(r->memory, "%.*s@%.*s", STR_FMT(local),
	    STR_FMT(address->domain));
	return (address->text.p != NULL ? STATUS_OK : conf_no_memory(r));
}

enum status
conf_set_report_store(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	struct conf_report_store *store = (struct conf_report_store *)
	    ((char *)r->target + o->offset);
	struct str sqlite = STR("sqlite:"), postgres = STR("postgres:");

	store->given = true;
	if (str_eq_ci(value, STR("none"))) {
		return (STATUS_OK);
	}
	if (!(str_starts(value, sqlite) && value.n > sqlite.n) &&
	    !(str_starts(value, postgres) && value.n > postgres.n)) {
		/* What follows a colon can be a password. */
		return (conf_reject_form(r, o,
		    str_first(value, str_find(value, ':') + 1)));
	}
	store->where = arena_cstr(r->memory, value);
	return (store->where != NULL ? STATUS_OK : conf_no_memory(r));
}

/* "sendmail:/path", or "smtp:host" with or without ":port". */
enum status
conf_set_report_transport(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	const struct str sendmail = STR("sendmail:/"), smtp = STR("smtp:");
	char **text = (char **)(void *)((char *)r->target + o->offset);

	if (!(str_starts(value, sendmail) && value.n > sendmail.n) &&
	    !(str_starts(value, smtp) && value.n > smtp.n)) {
		return (conf_reject_form(r, o, value));
	}
	*text = arena_cstr(r->memory, value);
	return (*text != NULL ? STATUS_OK : conf_no_memory(r));
}

bool
conf_reports_on(const struct conf *conf, struct str domain)
{
	int unused;

	return (!names_find(conf->report_deny, domain, &unused) &&
	    (names_is_empty(conf->report_allow) ||
	    names_find(conf->report_allow, domain, &unused)));
}
