/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who signs what: Mode, Domain, Selector and KeyFile, or the two tables, which
 * import_tables.c reads. OpenDKIM compares Domain as text, so "*.example.com"
 * is nobody's domain unless the list is a refile:, and "*" alone is
 * everybody's. Both become tables here.
 */
#include "conf/conf.h"
#include "mail/domain.h"
#include "tools/import.h"

#define SIGN_OPTIONS	3

static bool
has_mode(const struct import *im, char mode)
{
	const struct import_given *given = import_dkim(im, "Mode");
	size_t i;

	if (!im->has[IMPORT_OPENDKIM]) {
		return (false);
	}
	if (given == NULL) {
		return (true);
	}
	for (i = 0; i < given->value.n; i++) {
		if (char_lower(given->value.p[i]) == mode) {
			return (true);
		}
	}
	return (false);
}

struct domains {
	struct buf	 plain;		/* for Domain */
	struct buf	 rules;		/* the same and more, for a table */
	bool		 needs_table;
	size_t		 n;
};

static void
add_rule(struct domains *d, const char *prefix, struct str domain)
{
	buf_printf(&d->rules, "%s%.*s import\n", prefix, STR_FMT(domain));
	d->n++;
}

/* An item of Domain; patterns: of a refile:. */
static void
take_domain(struct import *im, struct domains *d, struct str item,
    bool patterns)
{
	struct str name;

	if (str_eq(item, STR("*"))) {
		add_rule(d, "", item);
		d->needs_table = true;
	} else if (patterns && str_starts(item, STR("*."))) {
		add_rule(d, "", str_from_offset(item, 1));
		d->needs_table = true;
	} else if (str_find(item, '*') < item.n) {
		import_say(im, patterns ? IMPORT_UNSIGNED : IMPORT_DIFFERS,
		    "Domain: left out: \"%s\": %s", import_shown(im, item),
		    patterns ? "there is no such pattern here; name the "
		    "domains" : "OpenDKIM takes it for the name of one domain, "
		    "and signs nothing for it; SubDomains yes is for the "
		    "domains below");
	} else if (domain_normalize(&im->arena, item, &name) != STATUS_OK) {
		import_say(im, IMPORT_DIFFERS, "Domain: left out: \"%s\" is "
		    "not a domain name", import_shown(im, item));
	} else {
		add_rule(d, "", name);
		buf_printf(&d->plain, "%s%.*s", d->plain.n > 0 ? ", " : "",
		    STR_FMT(name));
	}
}

/* One key for all, as a table. */
static void
set_domain_tables(struct import *im, const struct domains *d)
{
	struct str selector = import_dkim(im, "Selector")->value, key;

	key = arena_printf(&im->arena, "import %%:%.*s:%s\n",
	    STR_FMT(selector), import_path(im, import_dkim(im, "KeyFile"),
	    import_dkim(im, "KeyFile")->value));
	if (import_is_set(im, IMPORT_OPENDKIM, "SubDomains")) {
		import_say(im, IMPORT_DIFFERS, "SubDomains: with such a "
		    "Domain, d= is the author's own domain");
	}
	import_tables_set(im, key, arena_dup(&im->arena,
	    buf_str(&d->rules)));
}

void
import_check_key(struct import *im, enum import_program program,
    const char *path)
{
	const struct import_given *user = import_get(im, program, "UserID");
	struct privkey *key = NULL;
	struct diag diag;

	diag_init(&diag);
	if (conf_key_load(path, user != NULL ? arena_cstr(&im->arena,
	    user->value) : NULL, &key, &diag) != STATUS_OK) {
		import_say(im, IMPORT_UNSIGNED, "KeyFile: %s: mailseald does "
		    "not start with it", diag.text);
	}
	privkey_free(key);
}

static void
set_domain_lines(struct import *im, const struct domains *d)
{
	const char *path = import_path(im, import_dkim(im, "KeyFile"),
	    import_dkim(im, "KeyFile")->value);

	import_set(im, "Domain", arena_dup(&im->arena, buf_str(&d->plain)));
	import_set(im, "Selector", import_dkim(im, "Selector")->value);
	import_set(im, "KeyFile", str_from(path));
	if (import_dkim(im, "SubDomains") != NULL) {
		import_set_text(im, "SubDomains", import_is_set(im,
		    IMPORT_OPENDKIM, "SubDomains") ? "yes" : "no");
	}
	if (path != NULL) {
		import_check_key(im, IMPORT_OPENDKIM, path);
	}
}

static void
translate_domains(struct import *im)
{
	const struct import_given *given = import_dkim(im, "Domain");
	struct domains d = { .n = 0 };
	struct import_list list;
	const char *why;
	size_t i;

	buf_init(&d.plain, IMPORT_LIST_BYTES);
	buf_init(&d.rules, IMPORT_MAX_BYTES);
	if (!import_list_read(im, given, &list, &why)) {
		import_say_of(im, IMPORT_UNSIGNED, given, why);
		import_refuse(im, "Domain", given->value);
		list.n = 0;
	}
	for (i = 0; i < list.n; i++) {
		take_domain(im, &d, list.v[i].key,
		    list.type == IMPORT_PATTERNS);
	}
	if (d.n == 0 && list.n > 0) {
		import_say(im, IMPORT_UNSIGNED, "Domain: nothing is signed, "
		    "because it names no domain (a list has commas), in "
		    "OpenDKIM neither: mailseald does not start with it");
	}
	im->signs = d.n > 0;
	if (d.plain.status != STATUS_OK || d.rules.status != STATUS_OK) {
		import_fail(im, STATUS_LIMIT);
	} else if (im->signs && d.needs_table) {
		set_domain_tables(im, &d);
	} else if (im->signs) {
		set_domain_lines(im, &d);
	}
	buf_fini(&d.plain);
	buf_fini(&d.rules);
}

/* Domain, Selector and KeyFile; without one of them OpenDKIM does not start, or
   signs nothing. */
static void
translate_given(struct import *im)
{
	static const char *const names[SIGN_OPTIONS] = { "Domain", "Selector",
		"KeyFile" };
	size_t i, n = 0;

	for (i = 0; i < SIGN_OPTIONS; i++) {
		n += import_dkim(im, names[i]) != NULL;
	}
	if (n == SIGN_OPTIONS) {
		im->signed_before = true;
		translate_domains(im);
		return;
	}
	for (i = 0; i < SIGN_OPTIONS; i++) {
		if (import_dkim(im, names[i]) != NULL) {
			import_say_of(im, IMPORT_DIFFERS, import_dkim(im,
			    names[i]), "it needs all of Domain, Selector and "
			    "KeyFile; OpenDKIM does not sign by this either");
		}
	}
}

static void
note_hidden(struct import *im)
{
	static const char *const names[SIGN_OPTIONS] = { "Domain", "Selector",
		"KeyFile" };
	size_t i;

	for (i = 0; i < SIGN_OPTIONS; i++) {
		if (import_dkim(im, names[i]) != NULL) {
			import_say_of(im, IMPORT_MOOT, import_dkim(im,
			    names[i]), "OpenDKIM ignores it if there is a "
			    "SigningTable");
		}
	}
}

/* OpenDKIM 2.11 lets such mail leave unsigned. */
static void
note_strict(struct import *im)
{
	const struct import_given *given = import_dkim(im,
	    "On-SignatureError");

	if (given != NULL && given->value.n > 0 &&
	    char_lower(given->value.p[0]) != 'a') {
		import_say_of(im, IMPORT_ACCEPTED, given, "with StrictHeaders, "
		    "PhoenixDKIM does this to mail of yours with two From "
		    "fields and the like; it is accepted here");
	}
}

/* OpenDKIM's own defaults, and what it does with mail of ours. */
static void
note_signing(struct import *im)
{
	if (import_dkim(im, "Canonicalization") == NULL) {
		import_set_text(im, "Canonicalization", "simple/simple");
		import_say(im, IMPORT_DIFFERS, "Canonicalization "
		    "simple/simple is OpenDKIM's default; relaxed/relaxed "
		    "survives more");
	}
	if (import_dkim(im, "OversignHeaders") == NULL) {
		import_set_text(im, "OversignHeaders", "none");
		import_say(im, IMPORT_DIFFERS, "OversignHeaders none is "
		    "OpenDKIM's default; without this line more is protected");
	}
	if (import_dkim(im, "SignHeaders") == NULL) {
		import_say(im, IMPORT_DIFFERS, "h= of signatures names more "
		    "header fields than OpenDKIM's (SignHeaders)");
	}
	import_set_text(im, "KeyStore", "none");
	import_say(im, IMPORT_DIFFERS, "KeyStore none: remove it to use the "
	    "keys that dkimkeygen rotates, besides those above");
	import_say(im, IMPORT_DIFFERS, "A message of yours with two From "
	    "fields, which OpenDKIM signs by the first, or without a readable "
	    "From, is not signed; one whose author's domain ends in a dot "
	    "is");
	if (import_is_set(im, IMPORT_OPENDKIM, "StrictHeaders")) {
		import_say_of(im, IMPORT_DIFFERS, import_dkim(im,
		    "StrictHeaders"), "mail of yours without Date or with two, "
		    "with several Subject and the like, is signed as other "
		    "mail");
		note_strict(im);
	}
}

static void
set_mode(struct import *im)
{
	bool wants = has_mode(im, 's');

	if (wants && im->signs) {
		if (!im->verifies || import_dkim(im, "Mode") != NULL) {
			import_set_text(im, "Mode", im->verifies ? "sv" : "s");
		}
	} else if (im->signed_before && wants) {
		/* What signed is lost: the refused line stops the start. */
		import_set_text(im, "Mode", im->verifies ? "sv" : "s");
	} else if (!wants || import_dkim(im, "Mode") != NULL) {
		import_set_text(im, "Mode", "v");
	}
	if (wants && !im->signed_before && import_dkim(im, "Mode") != NULL) {
		import_say_of(im, IMPORT_DIFFERS, import_dkim(im, "Mode"),
		    "there are no keys to sign with, in OpenDKIM neither");
	}
}

void
import_signing(struct import *im)
{
	im->old_sign = has_mode(im, 's');
	im->old_dkim = has_mode(im, 'v');
	im->verifies = im->old_dkim || im->has[IMPORT_OPENDMARC] ||
	    im->has[IMPORT_OPENARC] || im->has[IMPORT_POLICYD];
	if (has_mode(im, 's')) {
		if (import_dkim(im, "SigningTable") != NULL) {
			note_hidden(im);
			import_tables(im);
		} else {
			translate_given(im);
		}
	}
	set_mode(im);
	if (im->signs) {
		import_headers(im);
		note_signing(im);
	}
}
