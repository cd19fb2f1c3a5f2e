/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_sources: what many reports say of who sends in a domain's name. Rows of
 * one source and one outcome are added up, over all reporters; a report that
 * arrives again is known by its organisation, identifier, domain and period
 * (RFC 9990 3.5.4) and not counted again.
 *
 * sources_judge() then says of each source whether it is ours. Our own SPF
 * record and keys are known by what receivers made of them: an address for
 * which SPF passed with a domain of ours is in our record. The caller may know
 * more, and says so through struct sources_own.
 */
#ifndef REPORT_READ_SOURCES_H
#define REPORT_READ_SOURCES_H

#include "base/status.h"
#include "report/report.h"

#define SOURCES_MAX		500000	/* further rows count in their domain */
#define SOURCES_DOMAINS_MAX	10000	/* further reports are not counted */
#define SOURCES_DAYS_MAX	1000	/* of a domain; others are not shown */
#define SOURCES_REPORTS_MAX	1000000	/* remembered against repetition */
#define SOURCES_TEXTS_MAX_BYTES	((size_t)256 * 1024 * 1024)

enum source_verdict {
	SOURCE_MINE,		/* ours, and it passes */
	SOURCE_FIX,		/* ours, and it does not pass */
	SOURCE_FORWARDER,
	SOURCE_OTHER,		/* somebody else */
	SOURCE_UNKNOWN		/* the reports do not say enough */
};
#define SOURCE_VERDICTS	(SOURCE_UNKNOWN + 1)

struct source {
	const char	*domain;	/* of the policy, normalised */
	const char	*ip_text;	/* absent (NULL): see ip */
	const char	*dkim_domain;	/* of the signature that matters; "" */
	const char	*dkim_selector;
	const char	*spf_domain;	/* "": no result */
	struct ip_addr	 ip;
	unsigned char	 dkim_result;	/* enum report_auth */
	unsigned char	 spf_result;
	bool		 dkim_aligned;
	bool		 spf_aligned;
	unsigned char	 reasons;	/* REPORT_REASON_ of all its rows */
	unsigned char	 verdict;	/* enum source_verdict */
	const char	*why;		/* a static phrase */
	int64_t		 messages;
	int64_t		 refused;	/* quarantined or rejected */
};

struct source_day {
	int64_t		 day;		/* since 1970-01-01, UTC */
	int64_t		 pass;
	int64_t		 fail;
};

struct source_domain {
	const char	*name;
	const char	*p;		/* of its latest report */
	int64_t		 begin_s;	/* REPORT_TIME_NONE: unknown */
	int64_t		 end_s;
	size_t		 reports;
	size_t		 reporters;	/* organisations */
	int64_t		 messages;
	int64_t		 pass;
	int64_t		 disposition[REPORT_DISPOSITIONS];
	int64_t		 by_verdict[SOURCE_VERDICTS];	/* messages */
	int64_t		 own_pass;	/* messages of sources of ours */
	int64_t		 own_fail;
	size_t		 to_fix;	/* sources */
	struct source_day *days;	/* in their order */
	size_t		 days_n;
	size_t		 days_cap;
};

struct sources;

/* What the caller knows; functions may be NULL. */
struct sources_own {
	/* Whether a host of ours has that address. */
	bool	(*address)(void *ctx, const struct source *);
	/* Whether a key of ours has that domain and selector. */
	bool	(*key)(void *ctx, const char *domain, const char *selector);
	void	*ctx;
};

struct sources	*sources_new(void);
void		 sources_free(struct sources *);	/* accepts NULL */
/* Whether the report, aggregate or of TLS, arrived before. Remembers it. */
bool		 sources_seen(struct sources *, const struct report *);
/* Adds an aggregate report. NOMEM, LIMIT: it is counted in part. */
enum status	 sources_add(struct sources *, const struct report_aggregate *)
    ATTR_MUST_CHECK;
/* After the last report. Sources are then in the order of domain, verdict (fix
   first) and number of messages, domains in that of their messages. */
enum status	 sources_judge(struct sources *, const struct sources_own *)
    ATTR_MUST_CHECK;

size_t		 sources_count(const struct sources *);
struct source	*sources_get(const struct sources *, size_t);
/* The sources of a domain are from *first_r on; returns their number. */
size_t		 sources_of(const struct sources *,
		    const struct source_domain *, size_t *first_r);
size_t		 sources_domains(const struct sources *);
const struct source_domain	*sources_domain(const struct sources *,
				    size_t);
/* Whether DMARC passes. */
bool		 source_passes(const struct source *);
const char	*source_verdict_name(enum source_verdict);
/* What to do about the domain: "fine", "fix" or "unknown". */
const char	*source_domain_verdict(const struct source_domain *);

#endif
