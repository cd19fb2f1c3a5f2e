/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * opendkim_peer: libopendkim as a co-process of the tests; see fields.h for the
 * format of requests and answers.
 *
 *	record NAME TEXT	answers later key lookups
 *	sign DOMAIN SELECTOR ALGORITHM CANON PEM MESSAGE NAME ...
 *				returns the value of the field; the names are
 *				signed, with "+name" oversigned
 *	verify MESSAGE		returns, by signature, pass or fail and the
 *				error text of libopendkim
 */
#include "config.h"

#include <sys/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <opendkim/dkim.h>

#include "base/arena.h"
#include "mail/message.h"
#include "test/lib/fields.h"

#define MAX_RECORDS	256
#define MAX_NAMES	1000
#define HEADER_MAX	65536

struct peer {
	DKIM_LIB	*lib;
	struct arena	 arena;		/* one request */
	struct arena	 kept;		/* the records */
	char		*names[MAX_RECORDS];
	char		*texts[MAX_RECORDS];
	size_t		 records_n;
};

static struct peer peer;

static DKIM_STAT
lookup(DKIM *dkim, DKIM_SIGINFO *sig, unsigned char *buf, size_t n)
{
	char name[1024];
	size_t i;

	(void)dkim;
	snprintf(name, sizeof(name), "%s._domainkey.%s",
	    (char *)dkim_sig_getselector(sig), (char *)dkim_sig_getdomain(sig));
	for (i = 0; i < peer.records_n; i++) {
		if (str_eq_ci(str_from(name), str_from(peer.names[i]))) {
			snprintf((char *)buf, n, "%s", peer.texts[i]);
			return (DKIM_STAT_OK);
		}
	}
	return (DKIM_STAT_NOKEY);
}

static void
do_record(const struct fields *f)
{
	if (f->n != 3 || peer.records_n == MAX_RECORDS) {
		fields_answer_error("usage");
		return;
	}
	peer.names[peer.records_n] = arena_cstr(&peer.kept, f->v[1]);
	peer.texts[peer.records_n] = arena_cstr(&peer.kept, f->v[2]);
	peer.records_n++;
	fields_answer(0);
}

/* Feeds all fields and the body. Returns NULL or the step that failed. */
static const char *
feed_message(DKIM *dkim, const struct message *m)
{
	struct str raw;
	DKIM_STAT s;
	size_t i;

	for (i = 0; i < m->fields.n; i++) {
		raw = m->fields.v[i].raw;
		s = dkim_header(dkim, (u_char *)arena_cstr(&peer.arena, raw),
		    raw.n - 2);
		if (s != DKIM_STAT_OK) {
			return (dkim_getresultstr(s));
		}
	}
	s = dkim_eoh(dkim);
	if (s != DKIM_STAT_OK) {
		return (dkim_getresultstr(s));
	}
	if (m->body.n > 0) {
		s = dkim_body(dkim, (u_char *)arena_cstr(&peer.arena, m->body),
		    m->body.n);
	}
	return (s == DKIM_STAT_OK ? NULL : dkim_getresultstr(s));
}

static void
answer_signatures(DKIM *dkim)
{
	DKIM_SIGINFO **sigs;
	int i, n;
	bool good;

	if (dkim_getsiglist(dkim, &sigs, &n) != DKIM_STAT_OK) {
		n = 0;
	}
	fields_answer(2 * (size_t)n);
	for (i = 0; i < n; i++) {
		good = (dkim_sig_getflags(sigs[i]) & DKIM_SIGFLAG_PASSED) &&
		    dkim_sig_getbh(sigs[i]) == DKIM_SIGBH_MATCH &&
		    dkim_sig_geterror(sigs[i]) == DKIM_SIGERROR_OK;
		fields_write(good ? STR("pass") : STR("fail"));
		fields_write(str_from(dkim_sig_geterrorstr(
		    dkim_sig_geterror(sigs[i]))));
	}
}

static void
do_verify(const struct fields *f)
{
	const char *trouble;
	struct message m;
	DKIM_STAT s;
	DKIM *dkim;

	if (f->n != 2 ||
	    message_parse(&peer.arena, f->v[1], &m) != STATUS_OK) {
		fields_answer_error("usage");
		return;
	}
	dkim = dkim_verify(peer.lib, (const u_char *)"peer", NULL, &s);
	if (dkim == NULL) {
		fields_answer_error(dkim_getresultstr(s));
		return;
	}
	trouble = feed_message(dkim, &m);
	if (trouble == NULL) {
		(void)dkim_eom(dkim, NULL);
		answer_signatures(dkim);
	} else {
		fields_answer(2);
		fields_write(STR("fail"));
		fields_write(str_from(trouble));
	}
	(void)dkim_free(dkim);
}

static dkim_alg_t
algorithm(struct str name)
{
	return (str_eq(name, STR("ed25519-sha256")) ?
	    DKIM_SIGN_ED25519SHA256 : DKIM_SIGN_RSASHA256);
}

static dkim_canon_t
canonicalization(bool relaxed)
{
	return (relaxed ? DKIM_CANON_RELAXED : DKIM_CANON_SIMPLE);
}

/* Splits the field names into two lists for dkim_options. */
static bool
set_names(const struct fields *f, size_t at)
{
	static u_char *sign[MAX_NAMES + 1], *over[MAX_NAMES + 1];
	char *name;
	size_t i, s = 0, o = 0;

	for (i = at; i < f->n && s < MAX_NAMES && o < MAX_NAMES; i++) {
		name = arena_cstr(&peer.arena, f->v[i]);
		if (name == NULL) {
			return (false);
		}
		if (name[0] == '+') {
			over[o++] = (u_char *)name + 1;
		} else {
			sign[s++] = (u_char *)name;
		}
	}
	sign[s] = over[o] = NULL;
	return (dkim_options(peer.lib, DKIM_OP_SETOPT, DKIM_OPTS_SIGNHDRS,
	    sign, sizeof(u_char **)) == DKIM_STAT_OK &&
	    dkim_options(peer.lib, DKIM_OP_SETOPT, DKIM_OPTS_OVERSIGNHDRS,
	    over, sizeof(u_char **)) == DKIM_STAT_OK);
}

static void
do_sign(const struct fields *f)
{
	const char *trouble;
	static u_char header[HEADER_MAX];
	struct message m;
	DKIM_STAT s;
	DKIM *dkim;

	if (f->n < 8 || !set_names(f, 7) ||
	    message_parse(&peer.arena, f->v[6], &m) != STATUS_OK) {
		fields_answer_error("usage");
		return;
	}
	dkim = dkim_sign(peer.lib, (const u_char *)"peer", NULL,
	    (dkim_sigkey_t)arena_cstr(&peer.arena, f->v[5]),
	    (const u_char *)arena_cstr(&peer.arena, f->v[2]),
	    (const u_char *)arena_cstr(&peer.arena, f->v[1]),
	    canonicalization(str_starts(f->v[4], STR("relaxed"))),
	    canonicalization(str_ends_ci(f->v[4], STR("/relaxed"))),
	    algorithm(f->v[3]), -1, &s);
	if (dkim == NULL) {
		fields_answer_error(dkim_getresultstr(s));
		return;
	}
	trouble = feed_message(dkim, &m);
	if (trouble == NULL) {
		s = dkim_eom(dkim, NULL);
		if (s == DKIM_STAT_OK) {
			s = dkim_getsighdr(dkim, header, sizeof(header),
			    strlen("DKIM-Signature: "));
		}
		trouble = s == DKIM_STAT_OK ? NULL : dkim_getresultstr(s);
	}
	if (trouble == NULL) {
		fields_answer_one(str_from((char *)header));
	} else {
		fields_answer_error(trouble);
	}
	(void)dkim_free(dkim);
}

int
main(void)
{
	struct fields f;

	arena_init(&peer.arena, 4 * (size_t)FIELDS_MAX_BYTES);
	arena_init(&peer.kept, FIELDS_MAX_BYTES);
	peer.lib = dkim_init(NULL, NULL);
	if (peer.lib == NULL ||
	    dkim_set_key_lookup(peer.lib, lookup) != DKIM_STAT_OK) {
		return (2);
	}
	while (fields_read(&peer.arena, &f)) {
		if (str_eq(f.v[0], STR("record"))) {
			do_record(&f);
		} else if (str_eq(f.v[0], STR("sign"))) {
			do_sign(&f);
		} else if (str_eq(f.v[0], STR("verify"))) {
			do_verify(&f);
		} else {
			fields_answer_error("no such request");
		}
		fflush(stdout);
		arena_reset(&peer.arena);
	}
	dkim_close(peer.lib);
	arena_fini(&peer.arena);
	arena_fini(&peer.kept);
	return (0);
}
