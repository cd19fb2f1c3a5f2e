/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logins: SenderLogins: whether the login of a message may write as its
 * authors. The MTA checks a login's MAIL FROM, if at all; what a reader sees,
 * and what a signature of ours vouches for, is From.
 *
 * Invariant: with SenderLogins, mail with a login is signed only if the login
 * may write as each author of ours in From, however the message gets here. What
 * was not signed may come back from a content filter without its login, as
 * local mail; so it leaves with the mark of mail from outside (direction.c).
 * That also goes for a From field that an MTA would complete or a program
 * repair, or whose lines are so long that the MTA breaks them: the author that
 * it names then has not been asked for. It goes as well for a field with a
 * local part that is not plain (conf/logins.h), of whatever domain: it may be
 * shown as an author, and of each domain only the first of those is known
 * (mail/addr_shown.h).
 *
 * An author is ours if a rule of his own domain signs for him, or if the
 * signature's domain could be aligned with his. A rule for any author makes
 * nobody ours: such mail is signed as forwarded.
 */
#include "engine/private.h"
#include "mail/domain.h"

bool
engine_logins_apply(const struct engine_input *in)
{
	return (input_conf(in)->logins != NULL &&
	    engine_origin(in) == ENGINE_AUTHENTICATED);
}

/* The most that an organizational domain can be above. */
static struct str
last_two_labels(struct str domain)
{
	while (domain_labels(domain) > 2) {
		domain = domain_parent(domain);
	}
	return (domain);
}

static bool
is_aligned(const struct signers_pick *pick, struct str domain)
{
	return (str_eq(last_two_labels(pick->domain),
	    last_two_labels(domain)));
}

/* picks: of the author who signs. */
static enum status
find_ours(const struct engine_input *in, const struct signers_picks *picks,
    const struct addr_mailbox *author, bool *ours_r)
{
	struct signers_picks own = { .v = NULL };
	enum status status;
	size_t i;

	*ours_r = false;
	for (i = 0; i < picks->n; i++) {
		*ours_r = *ours_r || is_aligned(&picks->v[i], author->domain);
	}
	status = signers_pick(in->engine->signers, in->arena, author->local,
	    author->domain, &own);
	for (i = 0; status == STATUS_OK && i < own.n; i++) {
		*ours_r = *ours_r || !own.v[i].any_author ||
		    is_aligned(&own.v[i], author->domain);
	}
	signers_picks_fini(&own);
	return (status);
}

static bool
is_clear(const struct addr_from *from)
{
	size_t i;

	for (i = 0; i < from->n; i++) {
		if (!logins_is_plain(from->v[i].local)) {
			return (false);
		}
	}
	return (engine_mark_is_clear(from));
}

/* Of a field that is not clear, an author can be missing in the list. */
static enum status
check_author(const struct engine_input *in, const struct signers_picks *picks,
    const struct addr_mailbox *author, enum engine_login *r)
{
	bool ours;
	enum status status = find_ours(in, picks, author, &ours);

	if (status == STATUS_OK && ours &&
	    (!is_clear(&in->from) ||
	    !logins_allow(input_conf(in)->logins,
	    in->macros[ENGINE_AUTH_AUTHEN], author->local, author->domain))) {
		*r = ENGINE_LOGIN_MAY_NOT;
	}
	return (status);
}

enum status
engine_logins_check(struct engine_input *in,
    const struct signers_picks *picks)
{
	const struct addr_from *from = &in->from;
	enum engine_login login = is_clear(from) ?
	    ENGINE_LOGIN_MAY : ENGINE_LOGIN_UNKNOWN;
	enum status status = STATUS_OK;
	size_t i;

	if (in->login == ENGINE_LOGIN_MAY) {
		return (STATUS_OK);
	}
	for (i = 0; i < from->n && login != ENGINE_LOGIN_MAY_NOT &&
	    status == STATUS_OK; i++) {
		status = check_author(in, picks, &from->v[i], &login);
	}
	if (status == STATUS_OK) {
		in->login = login;
	}
	return (status);
}
