/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unsigned: mail of ours that leaves without a signature is never silent: it is
 * logged as an error and counted by reason.
 *
 * That includes mail that is passed through and yet names an author of ours: in
 * one of several From fields, in one whose readings do not agree on a domain,
 * or behind another author. It is not known whose signature it should have, and
 * to send it again would not help: OnSignFailure is for errors of ours.
 *
 * An author is ours if a rule of his own domain signs for him. Each From field
 * is read by the strict parser or, if it is invalid, as addr_read.h describes.
 * At most FIELDS_MAX fields, and of each LOOKUPS_MAX authors, are examined.
 */
#include "engine/private.h"
#include "mail/addr_read.h"

#define FIELDS_MAX	8
#define LOOKUPS_MAX	32

static enum status
is_ours(const struct engine_input *in, const struct addr_mailbox *author,
    bool *ours_r)
{
	struct signers_picks picks = { .v = NULL };
	enum status status;
	size_t i;

	*ours_r = false;
	status = signers_pick(in->engine->signers, in->arena, author->local,
	    author->domain, &picks);
	for (i = 0; status == STATUS_OK && i < picks.n; i++) {
		*ours_r = *ours_r || !picks.v[i].any_author;
	}
	signers_picks_fini(&picks);
	return (status);
}

/* The first of ours; absent: none. */
static enum status
find_in_list(const struct engine_input *in, const struct addr_from *from,
    struct str *domain_r)
{
	enum status status = STATUS_OK;
	bool ours = false;
	size_t i;

	for (i = 0; i < from->n && i < LOOKUPS_MAX && !ours &&
	    status == STATUS_OK; i++) {
		status = is_ours(in, &from->v[i], &ours);
		if (ours) {
			*domain_r = from->v[i].domain;
		}
	}
	return (status);
}

static enum status
find_in_field(const struct engine_input *in, const struct field *field,
    struct str *domain_r)
{
	struct addr_from from;
	enum status status = addr_list_parse(in->arena, field->value, &from);

	if (status == STATUS_OK && from.result != ADDR_FROM_OK) {
		status = addr_read(in->arena, field->value, &from);
	}
	return (status == STATUS_OK ? find_in_list(in, &from, domain_r) :
	    status);
}

static enum status
find_ours(const struct engine_input *in, struct str *domain_r)
{
	enum status status = STATUS_OK;
	const struct field *field;
	size_t n, at = in->fields.n;

	*domain_r = STR_NONE;
	if (in->from.result == ADDR_FROM_OK) {
		return (find_in_list(in, &in->from, domain_r));
	}
	for (n = 0; n < FIELDS_MAX && domain_r->p == NULL &&
	    status == STATUS_OK; n++) {
		field = field_list_last(&in->fields, STR("From"), at, &at);
		if (field == NULL) {
			break;
		}
		status = find_in_field(in, field, domain_r);
	}
	return (status);
}

static void
log_reason(const struct engine_input *in, enum engine_unsigned reason,
    struct str domain)
{
	struct str login = in->macros[ENGINE_AUTH_AUTHEN];
	const struct engine_log_pair pairs[] = {
		{ "domain", domain, 0 },
		{ "reason", str_from(engine_unsigned_name(reason)), 0 },
		{ "login", login.n > 0 ? login : STR_NONE, 0 },
	};

	engine_log_pairs(in, LOG_LEVEL_ERROR, "mail of ours is not signed",
	    pairs, sizeof(pairs) / sizeof(pairs[0]));
}

void
engine_unsigned_log(const struct engine_input *in, enum engine_unsigned reason)
{
	const struct addr_mailbox *author = addr_from_author(&in->from);

	log_reason(in, reason, author != NULL ? author->domain : STR_NONE);
}

static enum status
note_unclear_author(const struct engine_input *in, struct engine_outcome *out)
{
	struct str domain;
	enum status status = find_ours(in, &domain);

	if (status == STATUS_OK && domain.p != NULL) {
		log_reason(in, ENGINE_UNSIGNED_AUTHOR_UNCLEAR, domain);
		engine_outcome_set_unsigned(out,
		    ENGINE_UNSIGNED_AUTHOR_UNCLEAR);
	}
	return (status);
}

enum status
engine_unsigned_note(const struct engine_input *in, struct engine_outcome *out)
{
	switch (in->direction_reason) {
	case ENGINE_NO_ACTIVE_KEY:
		engine_outcome_set_unsigned(out,
		    ENGINE_UNSIGNED_NO_ACTIVE_KEY);
		break;
	case ENGINE_NO_AUTHOR:
	case ENGINE_NOT_OUR_DOMAIN:
		return (note_unclear_author(in, out));
	case ENGINE_LOGIN_MISMATCH:
		engine_unsigned_log(in, ENGINE_UNSIGNED_LOGIN_MISMATCH);
		engine_outcome_mismatch(out, input_conf(in)->on_login_mismatch);
		break;
	case ENGINE_BEFORE_HEADERS:
	case ENGINE_AUTHENTICATED:
	case ENGINE_MTA:
	case ENGINE_LOCAL_SUBMISSION:
	case ENGINE_INTERNAL_HOST:
	case ENGINE_EXTERNAL_HOST:
	case ENGINE_FILTER:
	case ENGINE_RELAY:
	case ENGINE_PEER:
	case ENGINE_TRACED:
		break;
	}
	return (STATUS_OK);
}
