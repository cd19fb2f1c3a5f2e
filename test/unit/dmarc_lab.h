/* SPDX-License-Identifier: BSD-2-Clause */
/* dmarc_lab: what the tests of dmarc share: zones from text, one evaluation. */
#ifndef TEST_UNIT_DMARC_LAB_H
#define TEST_UNIT_DMARC_LAB_H

#include <stdlib.h>
#include <unistd.h>

#include "base/env.h"
#include "dmarc/dmarc.h"
#include "dns/dns.h"

#include "test/unit/tap.h"

/* A policy record as zone text. */
#define REC(name, tags)	"_dmarc." name " TXT \"v=DMARC1; " tags "\"\n"

#define LAB_WAIT_US	1000000
#define LAB_MAX_NAMES	64

struct lab {
	struct env		 env;
	struct arena		 arena;
	struct dns		*dns;
	struct dns_batch	*batch;
	unsigned		 rounds;	/* of waiting, in lab_evaluate */
};

static void ATTR_UNUSED
lab_must(bool ok, const char *what)
{
	if (!ok) {
		printf("Bail out! the test's own %s\n", what);
		exit(99);
	}
}

static ATTR_UNUSED struct dns *
lab_dns(const struct env *env, const char *zone)
{
	char path[] = "/tmp/t_dmarc.XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	struct dns *dns = NULL;
	struct dns_opts opts;
	struct diag diag;

	lab_must(f != NULL && fputs(zone, f) >= 0 && fclose(f) == 0,
	    "zone file");
	dns_opts_init(&opts);
	opts.env = env;
	diag_init(&diag);
	lab_must(dns_new_zone(&opts, path, &dns, &diag) == STATUS_OK,
	    diag.text);
	unlink(path);
	return (dns);
}

static void ATTR_UNUSED
lab_init(struct lab *lab, const char *zone)
{
	*lab = (struct lab){ .rounds = 0 };
	env_init_system(&lab->env);
	arena_init(&lab->arena, 1 << 20);
	lab->dns = lab_dns(&lab->env, zone);
	lab->batch = dns_batch_new(lab->dns);
	lab_must(lab->batch != NULL, "batch");
}

static void ATTR_UNUSED
lab_fini(struct lab *lab)
{
	dns_batch_free(lab->batch);
	dns_release(lab->dns);
	arena_fini(&lab->arena);
}

static void ATTR_UNUSED
lab_wait(struct lab *lab)
{
	dns_batch_wait(lab->batch, env_mono_us(&lab->env) + LAB_WAIT_US);
	lab->rounds++;
}

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

/* from and dkim: names with spaces between; spf: one, or NULL. */
static enum status ATTR_UNUSED
lab_try(struct lab *lab, const struct dmarc_psl *psl, const char *from,
    const char *spf, const char *dkim, struct dmarc **r)
{
	struct str names[LAB_MAX_NAMES], words[LAB_MAX_NAMES];
	struct dmarc_identifier ids[LAB_MAX_NAMES], sender;
	struct dmarc_opts opts = { .psl = psl };
	size_t i, n = lab_words(from, names), ids_n = lab_words(dkim, words);
	enum status status;
	bool wait = true;

	for (i = 0; i < ids_n; i++) {
		ids[i] = lab_identifier(words[i]);
	}
	sender = lab_identifier(str_from(spf != NULL ? spf : ""));
	status = dmarc_new(&lab->arena, lab->batch, &opts, names, n, r);
	if (status == STATUS_OK) {
		status = dmarc_authenticated(*r, spf != NULL ? &sender : NULL,
		    ids, ids_n);
	}
	while (status == STATUS_OK && wait) {
		lab_wait(lab);
		status = dmarc_step(*r, &wait);
	}
	return (status);
}

static ATTR_UNUSED struct dmarc *
lab_evaluate(struct lab *lab, const struct dmarc_psl *psl, const char *from,
    const char *spf, const char *dkim)
{
	struct dmarc *dmarc = NULL;

	lab_must(lab_try(lab, psl, from, spf, dkim, &dmarc) == STATUS_OK,
	    "evaluation");
	return (dmarc);
}

#endif
