/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * opendmarc_peer: libopendmarc as a co-process of the tests; see fields.h for
 * the format of requests and answers. usage: opendmarc_peer SUFFIX-LIST
 *
 *	record NAME TEXT	answers later lookups; other names have no
 *				record
 *	judge FROM SPF-DOMAIN SPF-RESULT DKIM-DOMAIN DKIM-RESULT ...
 *				returns pass, none, quarantine, reject, absent
 *				or error, and the text of libopendmarc. An
 *				empty SPF-DOMAIN: no SPF result.
 *	aligned A B r|s		returns 1 if A is aligned with B
 *	from VALUE		returns the author domain it finds, or an empty
 *				string
 */
#include "config.h"

#include <sys/types.h>
#include <sys/param.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <opendmarc/dmarc.h>

#include "base/arena.h"
#include "test/lib/fields.h"

#define KEPT_BYTES	(64 << 20)

struct peer {
	struct arena	 arena;		/* one request */
	struct arena	 kept;		/* the records */
};

static void
do_record(struct peer *peer, const struct fields *f)
{
	if (f->n != 3) {
		fields_answer_error("usage");
		return;
	}
	opendmarc_dns_fake_record(arena_cstr(&peer->kept, f->v[1]),
	    arena_cstr(&peer->kept, f->v[2]));
	fields_answer(0);
}

static u_char *
text(struct peer *peer, struct str s)
{
	return ((u_char *)arena_cstr(&peer->arena, s));
}

/* The results of SPF and DKIM have the same numbers. */
static int
outcome(struct str word)
{
	if (str_eq(word, STR("pass"))) {
		return (DMARC_POLICY_SPF_OUTCOME_PASS);
	}
	if (str_eq(word, STR("temperror"))) {
		return (DMARC_POLICY_SPF_OUTCOME_TMPFAIL);
	}
	return (str_eq(word, STR("none")) ? DMARC_POLICY_SPF_OUTCOME_NONE :
	    DMARC_POLICY_SPF_OUTCOME_FAIL);
}

static const char *
word(int status)
{
	switch (status) {
	case DMARC_POLICY_PASS:
		return ("pass");
	case DMARC_POLICY_NONE:
		return ("none");
	case DMARC_POLICY_QUARANTINE:
		return ("quarantine");
	case DMARC_POLICY_REJECT:
		return ("reject");
	case DMARC_POLICY_ABSENT:
	case DMARC_DNS_ERROR_NO_RECORD:
		return ("absent");
	default:
		return ("error");
	}
}

static int
judge_message(struct peer *peer, DMARC_POLICY_T *policy, const struct fields *f)
{
	u_char *from = text(peer, f->v[1]);
	int status;
	size_t i;

	(void)opendmarc_policy_store_from_domain(policy, from);
	if (f->v[2].n > 0) {
		(void)opendmarc_policy_store_spf(policy, text(peer, f->v[2]),
		    outcome(f->v[3]), DMARC_POLICY_SPF_ORIGIN_MAILFROM, NULL);
	}
	for (i = 4; i + 1 < f->n; i += 2) {
		(void)opendmarc_policy_store_dkim(policy, text(peer, f->v[i]),
		    (u_char *)"s", outcome(f->v[i + 1]), NULL);
	}
	status = opendmarc_policy_query_dmarc(policy, from);
	return (status == DMARC_PARSE_OKAY ?
	    opendmarc_get_policy_to_enforce(policy) : status);
}

static void
do_judge(struct peer *peer, const struct fields *f)
{
	DMARC_POLICY_T *policy;
	int status;

	policy = opendmarc_policy_connect_init((u_char *)"192.0.2.1",
	    DMARC_POLICY_IP_TYPE_IPV4);
	if (f->n < 4 || policy == NULL) {
		fields_answer_error("usage");
		return;
	}
	status = judge_message(peer, policy, f);
	fields_answer(2);
	fields_write(str_from(word(status)));
	fields_write(str_from(opendmarc_policy_status_to_str(status)));
	(void)opendmarc_policy_connect_shutdown(policy);
}

static void
do_aligned(struct peer *peer, const struct fields *f)
{
	bool aligned;

	if (f->n != 4) {
		fields_answer_error("usage");
		return;
	}
	aligned = opendmarc_policy_check_alignment(text(peer, f->v[1]),
	    text(peer, f->v[2]), f->v[3].p[0]) == 0;
	fields_answer(1);
	fields_write(aligned ? STR("1") : STR("0"));
}

static void
do_from(struct peer *peer, const struct fields *f)
{
	DMARC_POLICY_T *policy;
	u_char domain[256] = "";

	policy = opendmarc_policy_connect_init((u_char *)"192.0.2.1",
	    DMARC_POLICY_IP_TYPE_IPV4);
	if (f->n != 2 || policy == NULL) {
		fields_answer_error("usage");
		return;
	}
	if (opendmarc_policy_store_from_domain(policy, text(peer, f->v[1])) ==
	    DMARC_PARSE_OKAY) {
		(void)opendmarc_policy_fetch_from_domain(policy, domain,
		    sizeof(domain));
	}
	fields_answer(1);
	fields_write(str_from((const char *)domain));
	(void)opendmarc_policy_connect_shutdown(policy);
}

int
main(int argc, char **argv)
{
	static struct peer peer;
	static OPENDMARC_LIB_T lib;
	struct fields f;

	lib.tld_type = OPENDMARC_TLD_TYPE_MOZILLA;
	if (argc != 2 || strlen(argv[1]) >= sizeof(lib.tld_source_file)) {
		fprintf(stderr, "usage: opendmarc_peer SUFFIX-LIST\n");
		return (2);
	}
	memcpy(lib.tld_source_file, argv[1], strlen(argv[1]) + 1);
	if (opendmarc_policy_library_init(&lib) != DMARC_PARSE_OKAY) {
		fprintf(stderr, "opendmarc_peer: %s cannot be read\n",
		    argv[1]);
		return (2);
	}
	/* A record set by the caller prevents queries to the network. */
	opendmarc_dns_fake_record("_dmarc.invalid", "");
	arena_init(&peer.arena, 4 * (size_t)FIELDS_MAX_BYTES);
	arena_init(&peer.kept, KEPT_BYTES);
	while (fields_read(&peer.arena, &f)) {
		if (str_eq(f.v[0], STR("record"))) {
			do_record(&peer, &f);
		} else if (str_eq(f.v[0], STR("judge"))) {
			do_judge(&peer, &f);
		} else if (str_eq(f.v[0], STR("aligned"))) {
			do_aligned(&peer, &f);
		} else if (str_eq(f.v[0], STR("from"))) {
			do_from(&peer, &f);
		} else {
			fields_answer_error("no such request");
		}
		fflush(stdout);
		arena_reset(&peer.arena);
	}
	arena_fini(&peer.arena);
	(void)opendmarc_policy_library_shutdown(&lib);
	arena_fini(&peer.kept);
	return (0);
}
