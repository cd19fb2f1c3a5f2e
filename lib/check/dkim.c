/* SPDX-License-Identifier: BSD-2-Clause */
/* The key records of the selectors (RFC 6376 3.6.1, RFC 8301, RFC 8463). */
#include "check/private.h"
#include "dkim/key.h"
#include "mail/domain.h"

#define GOOD_RSA_BITS	2048

struct key_count {		/* of all selectors */
	size_t	usable;
	size_t	ed25519;	/* of these */
};

/*
 * A text that begins with v= and another version than DKIM, such as an SPF
 * record that a wildcard answers, is no key.
 */
static bool
is_key_text(struct str text)
{
	struct str s = str_trim_fws(text);

	if (s.n == 0 || s.p[0] != 'v') {
		return (true);
	}
	s = str_trim_fws(str_from_offset(s, 1));
	if (s.n == 0 || s.p[0] != '=') {
		return (true);
	}
	return (str_starts_ci(str_trim_fws(str_from_offset(s, 1)),
	    STR("DKIM")));
}

/* The key texts of an answer: how many, and the first one. */
static size_t
count_keys(const struct dns_answer *answer, struct str *first_r)
{
	size_t i, n = 0;

	for (i = 0; i < answer->n; i++) {
		if (is_key_text(answer->v[i].data) && n++ == 0) {
			*first_r = answer->v[i].data;
		}
	}
	return (n);
}

/* No selector is known: whether there can be a key at all (RFC 8020). */
static void
judge_without_selector(struct check *c)
{
	const struct dns_answer *all, *probe;
	struct str owner, name;

	if (c->facts.parked) {
		return;
	}
	all = check_ask_below(c, "_domainkey", c->domain, DNS_TXT, &owner);
	name = check_text(c, "%.*s.%.*s", STR_FMT(c->probe), STR_FMT(owner));
	probe = check_ask(c, name, DNS_TXT);
	if (check_failed(all) || check_failed(probe)) {
		(void)check_add(c, "dkim.lookup", CHECK_UNKNOWN, owner,
		    "%.*s could not be looked up: %s", CHECK_FMT(owner),
		    check_why(check_failed(all) ? all : probe));
		c->facts.keys_failed++;
	} else if (all->result == DNS_NXDOMAIN ||
	    probe->result != DNS_NXDOMAIN) {
		(void)check_add(c, "dkim.none", CHECK_ERROR, owner,
		    all->result == DNS_NXDOMAIN ? "there is no DKIM key: "
		    "nothing exists below %.*s. dkimkeygen makes one and "
		    "prints its record" : "only a wildcard answers below "
		    "%.*s; there seems to be no DKIM key. dkimkeygen makes "
		    "one and prints its record", CHECK_FMT(owner));
	} else {
		(void)check_add(c, "dkim.selector-unknown", CHECK_INFO, owner,
		    "there are keys below %.*s, but the DNS does not say "
		    "their names; give --selector to have one checked",
		    CHECK_FMT(owner));
	}
}

/* The record of the private key, if that is known. */
static void
fix_key(struct check *c, struct check_finding *f,
    const struct check_selector *selector)
{
	struct wanted_about about = check_about(c);

	about.selector = selector->name;
	about.key = selector->key;
	check_fix_wanted(c, f, WANTED_DKIM, &about);
}

/* The same, else the record that the text was meant to be. */
static void
fix_record(struct check *c, struct check_finding *f, struct str owner,
    struct str text, const struct check_selector *selector)
{
	check_found(c, f, text);
	if (selector->key != NULL) {
		fix_key(c, f, selector);
	} else {
		check_fix(f, check_place(c, owner), owner, "TXT",
		    check_dkim_mended(c, text));
	}
}

/* A record, but not one that verifies signatures. True: nothing more to say. */
static bool
judge_fatal(struct check *c, struct str owner, struct str text,
    const struct dkim_key *key, const struct check_selector *selector)
{
	struct check_finding *f;

	if ((key->flaws & DKIM_KEY_SYNTAX) != 0 ||
	    str_find(text, '\\') < text.n) {
		f = check_add(c, "dkim.syntax", CHECK_ERROR, owner,
		    "the key record is invalid: %s", str_find(text, '\\') <
		    text.n ? "it holds a backslash; the form took the escapes "
		    "of a zone file literally" : key->reason);
		fix_record(c, f, owner, text, selector);
	} else if ((key->flaws & DKIM_KEY_NO_DATA) != 0) {
		(void)check_add(c, "dkim.revoked", CHECK_ERROR, owner,
		    "the key is revoked (p= is empty): its signatures fail. "
		    "Sign with another selector");
	} else if ((key->flaws & DKIM_KEY_UNKNOWN_TYPE) != 0) {
		f = check_add(c, "dkim.algorithm", CHECK_ERROR, owner,
		    "the key is neither RSA nor Ed25519 (k=)");
		fix_record(c, f, owner, text, selector);
	} else {
		return (false);
	}
	return (true);
}

static void
judge_strength(struct check *c, struct str owner, const struct dkim_key *key)
{
	if ((key->flaws & DKIM_KEY_TOO_LONG) != 0) {
		(void)check_add(c, "dkim.syntax", CHECK_ERROR, owner,
		    "the RSA key is longer than %d bits; verifiers refuse it",
		    CRYPTO_RSA_MAX_BITS);
	} else if (key->type == CRYPTO_RSA && key->bits < GOOD_RSA_BITS) {
		(void)check_add(c, "dkim.weak", key->bits <
		    CRYPTO_RSA_MIN_BITS ? CHECK_ERROR : CHECK_WARN, owner,
		    key->bits < CRYPTO_RSA_MIN_BITS ? "an RSA key of %u bits; "
		    "its signatures fail everywhere" : "an RSA key of %u "
		    "bits; make a new one of 2048, with a new selector",
		    key->bits);
	}
}

static void
judge_own_key(struct check *c, struct str owner, struct str text,
    const struct dkim_key *key, const struct check_selector *selector)
{
	struct check_finding *f;

	if (selector->key == NULL || key->result != DKIM_NONE ||
	    dkim_key_compare(key, selector->key) == DKIM_KEY_OURS) {
		return;
	}
	f = check_add(c, "dkim.mismatch", CHECK_ERROR, owner, "the record is "
	    "not that of this host's private key: its signatures fail");
	check_found(c, f, text);
	fix_key(c, f, selector);
}

/* What keeps a sound key from being used for mail. */
static void
judge_use(struct check *c, struct str owner, struct str text,
    const struct dkim_key *key, const struct check_selector *selector)
{
	if ((key->flaws & DKIM_KEY_BAD_HASH) != 0) {
		fix_record(c, check_add(c, "dkim.hash", CHECK_ERROR, owner,
		    "h= does not allow sha256, the hash that signatures use"),
		    owner, text, selector);
	}
	if ((key->flaws & DKIM_KEY_NOT_MAIL) != 0) {
		fix_record(c, check_add(c, "dkim.service", CHECK_ERROR, owner,
		    "s= allows neither email nor *: the key is not for mail"),
		    owner, text, selector);
	}
	if (key->testing) {
		fix_record(c, check_add(c, "dkim.testing", CHECK_WARN, owner,
		    "t=y: a test; some receivers treat the mail as unsigned. "
		    "Publish the record without t=y"), owner, text, selector);
	}
}

static void
judge_key(struct check *c, struct str owner, struct str text,
    const struct check_selector *selector, struct key_count *count)
{
	struct dkim_key key;

	if (dkim_key_parse(text, &key) != STATUS_OK) {
		c->status = STATUS_NOMEM;
		return;
	}
	if (judge_fatal(c, owner, text, &key, selector)) {
		dkim_key_fini(&key);
		return;
	}
	judge_strength(c, owner, &key);
	judge_use(c, owner, text, &key, selector);
	judge_own_key(c, owner, text, &key, selector);
	if (key.result == DKIM_NONE) {
		count->usable++;
		count->ed25519 += key.type == CRYPTO_ED25519;
		(void)check_add(c, "dkim.missing", CHECK_GOOD, owner,
		    "%s, %u bits", key.type == CRYPTO_RSA ? "RSA" : "Ed25519",
		    key.bits);
	}
	dkim_key_fini(&key);
}

/* No key where it should be: it may be elsewhere. */
static void
judge_absence(struct check *c, struct str owner,
    const struct check_selector *selector, const struct dns_answer *answer)
{
	const struct dns_answer *cname, *doubled, *probe;
	struct str twice, text;
	struct check_finding *f;

	cname = check_ask(c, owner, DNS_CNAME);
	twice = domain_doubled(&c->memory, owner, c->domain);
	if (twice.p == NULL) {
		c->status = STATUS_NOMEM;
		return;
	}
	doubled = check_ask(c, twice, DNS_TXT);
	probe = check_ask(c, check_text(c, "%.*s.%.*s", STR_FMT(c->probe),
	    STR_FMT(c->domain)), DNS_TXT);
	if (doubled->n > 0 && count_keys(doubled, &text) > 0 &&
	    (probe->n == 0 || count_keys(probe, &text) == 0)) {
		f = check_add(c, "dkim.misplaced", CHECK_ERROR, owner,
		    "the key is at %.*s: the domain was appended twice. "
		    "Enter %.*s._domainkey as the name", CHECK_FMT(twice),
		    CHECK_FMT(selector->name));
		(void)count_keys(doubled, &text);
		check_fix(f, WANTED_AT_DNS, owner, "TXT", text);
		check_fix_remove(f, twice, "TXT", text);
	} else if (cname->result == DNS_OK && answer->n == 0) {
		f = check_add(c, "dkim.cname-dangling", CHECK_ERROR, owner,
		    "%.*s is an alias (CNAME) to %.*s, where nothing is",
		    CHECK_FMT(owner), CHECK_FMT(cname->v[0].data));
		check_found(c, f, cname->v[0].data);
	} else {
		f = check_add(c, "dkim.missing", CHECK_ERROR, owner,
		    "there is no key at %.*s: signatures with this selector "
		    "fail", CHECK_FMT(owner));
		if (answer->n > 0) {
			check_found(c, f, answer->v[0].data);
		}
		fix_key(c, f, selector);
	}
}

static void
judge_selector(struct check *c, const struct check_selector *selector,
    struct key_count *count)
{
	struct str owner = domain_key_name(&c->memory, selector->name,
	    c->domain), text = STR_NONE;
	const struct dns_answer *answer;
	struct check_finding *f;
	size_t i, n;

	if (owner.p == NULL) {
		c->status = STATUS_NOMEM;
		return;
	}
	answer = check_ask(c, owner, DNS_TXT);
	if (check_failed(answer)) {
		(void)check_add(c, "dkim.lookup", CHECK_UNKNOWN, owner,
		    "%.*s could not be looked up: %s", CHECK_FMT(owner),
		    check_why(answer));
		c->facts.keys_failed++;
		return;
	}
	n = count_keys(answer, &text);
	if (n == 0) {
		judge_absence(c, owner, selector, answer);
		return;
	}
	for (i = 0; i < answer->n && i < CHECK_MAX_KEYS; i++) {
		check_record(c, owner, "TXT", answer->v[i].data,
		    answer->ttl_s);
	}
	if (n > 1) {
		f = check_add(c, "dkim.multiple", CHECK_ERROR, owner,
		    "there are %zu keys at %.*s; which one receivers use is "
		    "undefined", n, CHECK_FMT(owner));
		for (i = 0; i < answer->n; i++) {
			check_found(c, f, answer->v[i].data);
		}
		fix_key(c, f, selector);
		return;
	}
	judge_key(c, owner, text, selector, count);
}

void
check_dkim(struct check *c)
{
	struct key_count count = { .usable = 0 };
	size_t i;

	if (c->opts.selectors_n == 0) {
		judge_without_selector(c);
	}
	for (i = 0; i < c->opts.selectors_n; i++) {
		judge_selector(c, &c->opts.selectors[i], &count);
	}
	if (count.usable > 0 && count.ed25519 == count.usable) {
		(void)check_add(c, "dkim.ed25519-only", CHECK_WARN, c->domain,
		    "the only keys are Ed25519; many receivers cannot verify "
		    "them. Sign with an RSA key as well (dkimkeygen -t rsa)");
	}
	c->facts.keys_usable = count.usable;
}
