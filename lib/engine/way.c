/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * way: whether a mailing list has sent a message anew. That From names another
 * author does not say so: canonical_maps, smtp_generic_maps, header_checks and
 * Sendmail's genericstable may put an address of ours in the place of a
 * stranger's, while a message goes to a content filter or comes back.
 *
 * A list has a List-Id that the post had not, or an envelope sender that is
 * neither the post's, nor none, nor the author: an MTA's tables rewrite the
 * envelope as they do From. Nor one that a forwarder made of the post's (SRS,
 * BATV), from which nobody posts.
 *
 * The sender outside chooses the envelope. Forms of an address that an MTA
 * changes by itself (quotes, "%", "!", a missing domain) could make it another
 * one; so they are no proof.
 */
#include <string.h>

#include "engine/mark.h"
#include "engine/private.h"
#include "mail/domain.h"

#define FIELD_LIST_ID	STR("List-Id")

/* Without "<>". */
static struct str
address_of(struct str path)
{
	return (path.n > 1 && path.p[0] == '<' && path.p[path.n - 1] == '>' ?
	    str_mem(path.p + 1, path.n - 2) : path);
}

/* Whether every MTA hands it on as it is. */
static bool
is_clear(struct str address)
{
	size_t at = str_rfind(address, '@');
	struct str local = str_first(address, at);
	struct str domain = str_from_offset(address, at + 1);

	return (address.n == 0 || (at < address.n &&
	    engine_mark_is_dot_atom(local) && engine_mark_is_dot_atom(domain) &&
	    str_find(local, '%') == local.n && str_find(local, '!') ==
	    local.n && domain_labels(domain) > 1));
}

enum status
engine_way_sender(const struct engine_input *in, struct str *sender_r)
{
	struct str address = address_of(in->mail_from);
	char *p;
	size_t i;

	*sender_r = STR_NONE;
	if (!is_clear(address)) {
		return (STATUS_OK);
	}
	p = arena_alloc(in->arena, address.n + 2);
	if (p == NULL) {
		return (STATUS_NOMEM);
	}
	p[0] = '<';
	for (i = 0; i < address.n; i++) {
		p[i + 1] = char_lower(address.p[i]);
	}
	p[address.n + 1] = '>';
	*sender_r = str_mem(p, address.n + 2);
	return (STATUS_OK);
}

bool
engine_way_has_list(const struct engine_input *in)
{
	return (field_list_count(&in->fields, FIELD_LIST_ID) > 0);
}

static bool
is_author(const struct engine_input *in, struct str address)
{
	size_t at = str_rfind(address, '@'), i;

	for (i = 0; i < in->from.n; i++) {
		const struct addr_mailbox *author = &in->from.v[i];

		if (str_eq_ci(author->local, str_first(address, at)) &&
		    str_eq_ci(author->domain, str_from_offset(address,
		    at + 1))) {
			return (true);
		}
	}
	return (false);
}

/* What SRS and BATV make of a sender: "SRS0=...", with "+" or "-" as well, and
   "prvs=...". */
static bool
is_made_of_another(struct str address)
{
	struct str tag = str_first(address, 5);

	return (str_eq_ci(tag, STR("prvs=")) ||
	    ((str_eq_ci(str_first(tag, 4), STR("SRS0")) ||
	    str_eq_ci(str_first(tag, 4), STR("SRS1"))) && tag.n == 5 &&
	    strchr("=+-", tag.p[4]) != NULL));
}

bool
engine_way_is_new(const struct engine_input *in, bool same_sender,
    bool had_list)
{
	struct str address = address_of(in->mail_from);

	return ((!had_list && engine_way_has_list(in)) || (!same_sender &&
	    address.n > 0 && !is_author(in, address) &&
	    !is_made_of_another(address)));
}
