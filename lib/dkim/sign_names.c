/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim/sign_names.h"
#include "dkim/signature.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/*
 * RFC 6376 5.4.1, and the fields that MUAs display or act on. Fields that are
 * added or changed in transit (Received, Return-Path, results) are omitted.
 */
const struct str dkim_sign_headers_default[] = {
	STR("From"), STR("Sender"), STR("Reply-To"), STR("Subject"),
	STR("Date"), STR("Message-ID"), STR("To"), STR("Cc"),
	STR("MIME-Version"), STR("Content-Type"),
	STR("Content-Transfer-Encoding"), STR("In-Reply-To"),
	STR("References"), STR("Resent-Date"), STR("Resent-From"),
	STR("Resent-To"), STR("Resent-Cc"), STR("List-Id"), STR("List-Help"),
	STR("List-Unsubscribe"), STR("List-Unsubscribe-Post"),
	STR("List-Subscribe"), STR("List-Post"), STR("List-Owner"),
	STR("List-Archive"),
};
const size_t dkim_sign_headers_default_n = COUNT(dkim_sign_headers_default);

/*
 * RFC 6376 8.15: the reader would be shown one of these that was added, also
 * if there was none, and be deceived by it.
 */
const struct str dkim_oversign_headers_default[] = {
	STR("From"), STR("Reply-To"), STR("Subject"), STR("To"), STR("Cc"),
};
const size_t dkim_oversign_headers_default_n =
    COUNT(dkim_oversign_headers_default);

/*
 * A second one of these deceives readers, too; but where there is none, lists
 * (Sender), MTAs (Date, Message-ID) and MIME programs add it in good faith.
 */
const struct str dkim_oversign_present_default[] = {
	STR("Sender"), STR("Date"), STR("Message-ID"), STR("MIME-Version"),
	STR("Content-Type"), STR("Content-Transfer-Encoding"),
	STR("In-Reply-To"), STR("References"),
};
const size_t dkim_oversign_present_default_n =
    COUNT(dkim_oversign_present_default);

/* RFC 8617 4.1.2. */
static bool
is_not_for_arc(struct str name)
{
	return (str_eq_ci(name, STR("Authentication-Results")) ||
	    str_starts_ci(name, STR("ARC-")));
}

/* Instances of an oversigned field are signed, too: else it has no effect. */
bool
sign_names_cover(const struct dkim_sign_opts *opts, struct str name)
{
	if (opts->kind == DKIM_ARC_MESSAGE) {
		if (is_not_for_arc(name)) {
			return (false);
		}
		if (str_eq_ci(name, STR("DKIM-Signature"))) {
			return (true);
		}
	}
	return (str_eq_ci(name, STR("From")) ||
	    str_list_has_ci(opts->sign_headers, opts->sign_headers_n, name) ||
	    str_list_has_ci(opts->oversign_headers, opts->oversign_headers_n,
	    name) || str_list_has_ci(opts->oversign_present,
	    opts->oversign_present_n, name));
}

/* Whether a name of oversign_present is to be named once more. */
static bool
is_once_more(const struct dkim_sign_opts *opts,
    const struct field_list *fields, struct str name)
{
	return (!(opts->kind == DKIM_ARC_MESSAGE && is_not_for_arc(name)) &&
	    field_list_count(fields, name) > 0 &&
	    !str_list_has_ci(opts->oversign_headers, opts->oversign_headers_n,
	    name));
}

enum status
sign_names_choose(struct arena *a, const struct dkim_sign_opts *opts,
    const struct field_list *fields, struct str **names_r, size_t *n_r)
{
	struct str *names;
	bool from = false;
	size_t i, n = 0;

	names = arena_calloc(a, DKIM_MAX_SIGNED_FIELDS, sizeof(*names));
	if (names == NULL) {
		return (STATUS_NOMEM);
	}
	for (i = 0; i < fields->n; i++) {
		if (!sign_names_cover(opts, fields->v[i].name)) {
			continue;
		}
		if (n == DKIM_MAX_SIGNED_FIELDS) {
			return (STATUS_LIMIT);
		}
		names[n++] = fields->v[i].name;
		from = from || str_eq_ci(fields->v[i].name, STR("From"));
	}
	if (opts->oversign_headers_n > DKIM_MAX_SIGNED_FIELDS - n) {
		return (STATUS_LIMIT);
	}
	for (i = 0; i < opts->oversign_headers_n; i++) {
		if (opts->kind != DKIM_ARC_MESSAGE ||
		    !is_not_for_arc(opts->oversign_headers[i])) {
			names[n++] = opts->oversign_headers[i];
		}
	}
	for (i = 0; i < opts->oversign_present_n; i++) {
		if (!is_once_more(opts, fields, opts->oversign_present[i])) {
			continue;
		}
		if (n == DKIM_MAX_SIGNED_FIELDS) {
			return (STATUS_LIMIT);
		}
		names[n++] = opts->oversign_present[i];
	}
	*names_r = names;
	*n_r = n;
	return (from ? STATUS_OK : STATUS_SYNTAX);
}
