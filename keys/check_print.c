/* SPDX-License-Identifier: BSD-2-Clause */
/* What dkimkeygen check says: a few lines for people, JSON for programs. */
#include <sys/types.h>

#include <stdio.h>

#include "base/escape.h"
#include "keys/check.h"

#define SHOWN_MAX_BYTES	512	/* of the record, on a terminal */

static bool
is_well(const struct check *check)
{
	size_t i;

	for (i = 0; i < check->n; i++) {
		if (check->v[i].bad) {
			return (false);
		}
	}
	return (true);
}

int
check_print_text(const struct check *check)
{
	struct buf text;
	size_t i;

	(void)printf("%.*s\n", STR_FMT(check->name.owner));
	for (i = 0; i < check->answer->n; i++) {
		buf_init(&text, 4 * SHOWN_MAX_BYTES + 16);
		escape_text(&text, check->answer->v[i].data, SHOWN_MAX_BYTES);
		(void)printf("  record: %s\n", text.p != NULL ? text.p : "");
		buf_fini(&text);
	}
	if (check->record != NULL && check->record->pubkey != NULL) {
		(void)printf("  key: %s, %u bits\n",
		    key_type_name(check->record->type), check->record->bits);
	}
	if (check->key_path == NULL) {
		(void)printf("  no private key was compared\n");
	} else if (check->fits) {
		(void)printf("  it is the key of %s\n", check->key_path);
	}
	for (i = 0; i < check->n; i++) {
		(void)printf("  %s: %s\n    %s\n", check->v[i].bad ? "wrong" :
		    "warning", check->v[i].what, check->v[i].todo);
	}
	if (is_well(check)) {
		(void)printf("  all is well\n");
	}
	return (cli_flush() ? is_well(check) ? CLI_YES : CLI_NO : CLI_USAGE);
}

static json_t *
json_findings(const struct check *check, bool bad)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < check->n; i++) {
		if (check->v[i].bad == bad && json_array_append_new(list,
		    json_string(check->v[i].what)) == -1) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static json_t *
json_records(const struct dns_answer *answer)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < answer->n; i++) {
		if (json_array_append_new(list,
		    cli_json_text(answer->v[i].data)) == -1) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static const char *
security_name(enum dns_security security)
{
	switch (security) {
	case DNS_INSECURE:
		return ("insecure");
	case DNS_SECURE:
		return ("secure");
	case DNS_BOGUS:
		return ("bogus");
	}
	return ("unknown");
}

int
check_print_json(const struct check *check)
{
	const struct dkim_key *record = check->record;
	bool usable = record != NULL && record->pubkey != NULL;
	bool printed;

	printed = cli_json_print(json_pack(
	    "{s:o, s:o, s:o, s:b, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o,"
	    " s:o, s:o}",
	    "domain", cli_json_text(check->name.domain),
	    "selector", cli_json_text(check->name.selector),
	    "name", cli_json_text(check->name.owner),
	    "ok", is_well(check),
	    "dns", dns_result_text(check->answer->result),
	    "dnssec", security_name(check->answer->security),
	    "records", json_records(check->answer),
	    "algorithm", cli_json_cstr(usable ? key_type_name(record->type) :
		NULL),
	    "key_bits", usable ? json_integer(record->bits) : json_null(),
	    "testing", usable ? json_boolean(record->testing) : json_null(),
	    "strict", usable ? json_boolean(record->strict) : json_null(),
	    "fits_private_key", check->key_path != NULL && usable ?
		json_boolean(check->fits) : json_null(),
	    "problems", json_findings(check, true),
	    "warnings", json_findings(check, false)));
	return (printed ? is_well(check) ? CLI_YES : CLI_NO : CLI_USAGE);
}
