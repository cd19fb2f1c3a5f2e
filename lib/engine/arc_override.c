/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arc_override: whether a chain of ARC sets overrides a DMARC failure (RFC
 * 8617 7.2). Every sealer of the chain must be trusted, and the results of
 * the first must have a DMARC pass, for this author if they name one.
 * Ambiguous results are no pass.
 */
#include "authres/authres.h"
#include "base/buf.h"
#include "base/ip.h"
#include "engine/private.h"

#define COMMENT_MAX_BYTES	(64 * 1024)	/* more than a chain can fill */

static bool
are_trusted(const struct names *trusted, const struct arc_verdict *arc)
{
	size_t i;
	int value;

	for (i = 0; i < arc->sealers_n; i++) {
		if (!names_find(trusted, arc->sealers[i].domain, &value)) {
			return (false);
		}
	}
	return (i > 0);
}

/* The number of properties of that name; *value_r: value of the last. */
static size_t
get_property(const struct authres_result *r, struct str ptype,
    struct str property, struct str *value_r)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++) {
		if (str_eq_ci(r->v[i].ptype, ptype) &&
		    str_eq_ci(r->v[i].property, property)) {
			*value_r = r->v[i].value;
			n++;
		}
	}
	return (n);
}

/* Results without header.from are about the author if the seal covers From. */
static bool
is_about(const struct authres_result *r, struct str author, bool from_signed)
{
	struct str from;
	size_t n = get_property(r, STR("header"), STR("from"), &from);

	return (n == 0 ? from_signed : n == 1 && str_eq_ci(from, author));
}

/* Whether there is exactly one DMARC result, and it is a pass. */
static bool
has_pass(const struct authres *ar, struct str author, bool from_signed)
{
	const struct authres_result *dmarc = NULL;
	size_t i;

	for (i = 0; i < ar->n; i++) {
		if (!str_eq_ci(ar->v[i].method, STR("dmarc"))) {
			continue;
		}
		if (dmarc != NULL) {
			return (false);
		}
		dmarc = &ar->v[i];
	}
	return (dmarc != NULL && str_eq_ci(dmarc->result, STR("pass")) &&
	    is_about(dmarc, author, from_signed));
}

/* The client of the first hop; false: its results do not name it. */
static bool
get_first_client(const struct authres *ar, char text_r[IP_TEXT_BYTES])
{
	struct ip_addr ip;
	struct str value;
	size_t i;

	for (i = 0; i < ar->n; i++) {
		const struct authres_result *r = &ar->v[i];

		if ((get_property(r, STR("smtp"), STR("remote-ip"),
		    &value) == 1 || get_property(r, STR("policy"),
		    STR("iprev"), &value) == 1) && ip_parse(value, &ip)) {
			ip_text(&ip, text_r);
			return (true);
		}
	}
	return (false);
}

/* The text of RFC 8617 7.2.2. */
static enum status
make_comment(struct arena *arena, const struct arc_verdict *arc,
    const struct authres *ar, const char **comment_r)
{
	char ip[IP_TEXT_BYTES];
	struct buf text;
	size_t i;

	buf_init(&text, COMMENT_MAX_BYTES);
	buf_printf(&text, "arc=%s", arc_result_name(arc->result));
	for (i = arc->sealers_n; i > 0; i--) {
		const struct arc_sealer *s = &arc->sealers[i - 1];

		buf_printf(&text, " as[%u].d=%.*s as[%u].s=%.*s",
		    s->instance, STR_FMT(s->domain), s->instance,
		    STR_FMT(s->selector));
	}
	if (get_first_client(ar, ip)) {
		buf_printf(&text, " remote-ip[1]=%s", ip);
	}
	*comment_r = text.status == STATUS_OK ?
	    arena_cstr(arena, buf_str(&text)) : NULL;
	buf_fini(&text);
	return (*comment_r != NULL ? STATUS_OK : STATUS_NOMEM);
}

enum status
engine_arc_override(struct arena *arena, const struct names *trusted,
    const struct arc_verdict *arc, struct str author, const char **comment_r)
{
	struct authres ar;
	const char *reason;
	enum status status;

	*comment_r = NULL;
	if (arc->result != ARC_PASS || arc->uncovered != NULL ||
	    !are_trusted(trusted, arc)) {
		return (STATUS_OK);
	}
	status = authres_parse(arena, arc->first_results, &ar, &reason);
	if (status != STATUS_OK || !has_pass(&ar, author, arc->from_signed)) {
		return (status == STATUS_NOMEM ? status : STATUS_OK);
	}
	return (make_comment(arena, arc, &ar, comment_r));
}
