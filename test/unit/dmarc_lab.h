/* SPDX-License-Identifier: BSD-2-Clause */
/* dmarc_lab: one evaluation over the zone of a dns_lab. */
#ifndef TEST_UNIT_DMARC_LAB_H
#define TEST_UNIT_DMARC_LAB_H

#include "dmarc/private.h"
#include "test/unit/dns_lab.h"

/* A policy record as zone text. */
#define REC(name, tags)	"_dmarc." name " TXT \"v=DMARC1; " tags "\"\n"

#define LAB_MAX_NAMES	64

/* "name" passed, "?name" had a temporary error, "!name" anything else. */
static struct dmarc_identifier ATTR_UNUSED
lab_identifier(struct str text)
{
	struct dmarc_identifier id = { text, DMARC_AUTH_PASS };

	if (text.n > 0 && (text.p[0] == '?' || text.p[0] == '!')) {
		id.result = text.p[0] == '?' ? DMARC_AUTH_TEMPERROR :
		    DMARC_AUTH_NOT;
		id.domain = str_from_offset(text, 1);
	}
	return (id);
}

static size_t ATTR_UNUSED
lab_words(const char *text, struct str v[LAB_MAX_NAMES])
{
	struct str rest = str_from(text);
	size_t n = 0;

	while (n < LAB_MAX_NAMES && str_next(&rest, ' ', &v[n])) {
		n += v[n].n > 0;
	}
	return (n);
}

/* Of the following evaluations. */
static const struct dmarc_psl *lab_suffixes;

struct lab_case {		/* names, separated by spaces */
	const char	*from;
	const char	*spf;	/* one, or NULL */
	const char	*dkim;
};

/* rounds_r: rounds of queries; may be NULL. */
static enum status ATTR_UNUSED
lab_try(struct lab *lab, const struct dmarc_psl *psl, struct lab_case c,
    unsigned *rounds_r, struct dmarc **r)
{
	struct str names[LAB_MAX_NAMES], words[LAB_MAX_NAMES];
	struct dmarc_identifier ids[LAB_MAX_NAMES], sender;
	struct dmarc_opts opts = { .psl = psl, .suffixes = lab_suffixes };
	size_t i, n = lab_words(c.from, names), ids_n = lab_words(c.dkim,
	    words), asked;
	unsigned rounds = 1, seed = 1;
	enum status status;
	bool done = false;

	for (i = 0; i < ids_n; i++) {
		ids[i] = lab_identifier(words[i]);
	}
	sender = lab_identifier(str_from(c.spf != NULL ? c.spf : ""));
	status = dmarc_new(&lab->arena, lab->batch, &opts, names, n, r);
	while (status == STATUS_OK && !done) {
		/* Set the results once the policy is known. */
		if (lab->open_n == 0 && !(*r)->authenticated) {
			status = dmarc_authenticated(*r, c.spf != NULL ?
			    &sender : NULL, ids, ids_n);
		}
		asked = dns_batch_count(lab->batch);
		if (status == STATUS_OK) {
			status = dmarc_step(*r, &done);
		}
		rounds += dns_batch_count(lab->batch) > asked;
		if (status == STATUS_OK && !done && lab->open_n > 0) {
			lab_answer_one(lab, &seed);
		}
	}
	if (rounds_r != NULL) {
		*rounds_r = rounds;
	}
	return (status);
}

/* Answers all that is open except that name. */
static void ATTR_UNUSED
lab_answer_but(struct lab *lab, struct str missing)
{
	size_t i;

	for (i = lab->open_n; i > 0; i--) {
		struct str name = dns_name_str(&lab->open[i - 1].name);

		if (!str_eq(name, missing)) {
			lab_answer(lab, name, lab->open[i - 1].type,
			    lab->open[i - 1].cookie);
			lab->open[i - 1] = lab->open[--lab->open_n];
		}
	}
	(void)dns_batch_wait_any(lab->batch, 0);
}

static ATTR_UNUSED struct dmarc *
lab_evaluate(struct lab *lab, const struct dmarc_psl *psl, struct lab_case c,
    unsigned *rounds_r)
{
	struct dmarc *dmarc = NULL;

	lab_must(lab_try(lab, psl, c, rounds_r, &dmarc) == STATUS_OK,
	    "evaluation");
	return (dmarc);
}

#endif
