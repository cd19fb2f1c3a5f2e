/* SPDX-License-Identifier: BSD-2-Clause */
/* report_text: the page in the terminal. */
#include "config.h"


#include "tools/report.h"

#define SOURCES_SHOWN	40	/* of a domain */
#define DOMAINS_SHOWN	50
#define KEPT_SHOWN	20	/* failure and TLS reports */
#define NOTES_SHOWN	20
#define WORD_BYTES	48	/* of a value in a table */
#define NOTE_BYTES	300

static const char *
verdict_label(const struct source *v)
{
	static const char *const labels[] = {
		[SOURCE_MINE] = "mine, fine",
		[SOURCE_FIX] = "mine, fix this",
		[SOURCE_FORWARDER] = "forwarder",
		[SOURCE_OTHER] = "somebody else",
		[SOURCE_UNKNOWN] = "unknown",
	};

	return (labels[v->verdict]);
}

static const char *
auth_label(bool aligned, unsigned char result)
{
	return (aligned ? "pass" : result == REPORT_AUTH_PASS ?
	    "not aligned" : "fail");
}

/* What DKIM and SPF made of it, in one line. */
static void
put_checks(const struct source *v, struct buf *clean)
{
	bool dkim = v->dkim_domain[0] != '\0', spf = v->spf_domain[0] != '\0';

	if (!dkim && !spf) {
		return;
	}
	(void)printf("%28s", "");
	if (dkim) {
		(void)printf("DKIM %s d=%s", auth_label(v->dkim_aligned,
		    v->dkim_result), report_clean(clean, v->dkim_domain,
		    WORD_BYTES));
	}
	if (dkim && v->dkim_selector[0] != '\0') {
		(void)printf(" s=%s", report_clean(clean, v->dkim_selector,
		    WORD_BYTES));
	}
	if (spf) {
		(void)printf("%sSPF %s %s", dkim ? ", " : "", auth_label(
		    v->spf_aligned, v->spf_result), report_clean(clean,
		    v->spf_domain, WORD_BYTES));
	}
	(void)putchar('\n');
}

static void
put_source(const struct report_read *o, const struct source *v,
    struct buf *clean)
{
	char ip[IP_TEXT_BYTES], n[REPORT_NUMBER_BYTES];
	const char *name = report_name(o, v);

	(void)printf("  %-14s %9s  %-25s", verdict_label(v),
	    report_number(v->messages, n),
	    report_clean(clean, report_ip(v, ip), WORD_BYTES));
	(void)printf(" %s\n", v->why);
	if (name != NULL) {
		(void)printf("%28s%s\n", "", report_clean(clean, name,
		    WORD_BYTES));
	}
	put_checks(v, clean);
}

static void
put_sources(const struct report_read *o, const struct source_domain *d,
    struct buf *clean)
{
	size_t first, i, shown = 0, n = sources_of(o->sources, d, &first);

	for (i = first; i < first + n; i++) {
		const struct source *v = sources_get(o->sources, i);

		if (!report_shows(o, v)) {
			continue;
		}
		if (shown++ < SOURCES_SHOWN) {
			put_source(o, v, clean);
		}
	}
	if (shown > SOURCES_SHOWN) {
		(void)printf("  and %zu more; --csv and --json have all\n",
		    shown - SOURCES_SHOWN);
	}
}

static void
put_domain(const struct report_read *o, const struct source_domain *d,
    struct buf *clean)
{
	char a[REPORT_DATE_BYTES], b[REPORT_DATE_BYTES];
	char n[REPORT_NUMBER_BYTES], share[REPORT_NUMBER_BYTES];

	(void)printf("%s", report_clean(clean, d->name[0] != '\0' ? d->name :
	    "(no domain)", CLI_SHOWN_MAX_BYTES));
	if (d->p[0] != '\0') {
		(void)printf("  p=%s", report_clean(clean, d->p, WORD_BYTES));
	}
	(void)printf("\n  %s to %s, %zu report%s of %zu reporter%s\n",
	    report_date(d->begin_s, a), report_date(d->end_s, b), d->reports,
	    d->reports == 1 ? "" : "s", d->reporters,
	    d->reporters == 1 ? "" : "s");
	(void)printf("  %s message%s, of which %s pass DMARC\n",
	    report_number(d->messages, n), d->messages == 1 ? "" : "s",
	    report_share(d->pass, d->messages, share));
	put_sources(o, d, clean);
	buf_reset(clean);
	report_summary(o, d, clean);
	(void)printf("  => %s\n\n", clean->p != NULL ? clean->p : "");
}

static void
put_failure(const struct report_failure *f, struct buf *clean)
{
	(void)printf("  %-24s", report_clean(clean, f->source_ip,
	    WORD_BYTES));
	(void)printf(" %s", report_clean(clean, f->reported_domain,
	    WORD_BYTES));
	(void)printf(", %s failed", report_clean(clean, f->auth_failure,
	    WORD_BYTES));
	if (f->original_mail_from[0] != '\0') {
		(void)printf(", sent by %s", report_clean(clean,
		    f->original_mail_from, WORD_BYTES));
	}
	if (f->dkim_domain[0] != '\0') {
		(void)printf(", d=%s", report_clean(clean, f->dkim_domain,
		    WORD_BYTES));
	}
	(void)putchar('\n');
}

static void
put_tls(const struct report_tls *t, struct buf *clean)
{
	char a[REPORT_NUMBER_BYTES], b[REPORT_NUMBER_BYTES];
	char day[REPORT_DATE_BYTES];
	size_t i;

	for (i = 0; i < t->policies_n && i < KEPT_SHOWN; i++) {
		const struct report_tls_policy *p = &t->policies[i];

		(void)printf("  %s  %-24s", report_date(t->begin_s, day),
		    report_clean(clean, p->domain, WORD_BYTES));
		(void)printf(" %9s sessions, %s failed",
		    report_number(report_sum(p->success, p->failure), a),
		    report_number(p->failure, b));
		(void)printf(", says %s\n", report_clean(clean, t->org,
		    WORD_BYTES));
	}
}

static void
put_kept(const struct report_read *o, enum report_kind kind, size_t all,
    struct buf *clean)
{
	const struct report *r;
	size_t n = 0;

	if (all == 0) {
		return;
	}
	(void)printf("%s\n", kind == REPORT_FAILURE ? "Failure reports" :
	    "TLS of mail to you");
	for (r = o->kept; r != NULL; r = r->next) {
		if (r->kind != kind || n == KEPT_SHOWN) {
			continue;
		}
		n++;
		if (kind == REPORT_FAILURE) {
			put_failure(&r->failure, clean);
		} else {
			put_tls(&r->tls, clean);
		}
	}
	if (all > n) {
		(void)printf("  and %zu more; --json has all\n", all - n);
	}
	(void)putchar('\n');
}

static void
put_notes(const struct report_read *o, struct buf *clean)
{
	size_t i;

	(void)printf("Read %zu aggregate report%s, %zu failure report%s, %zu "
	    "TLS report%s; %zu repeated; %zu input%s without a report.\n",
	    o->aggregates, o->aggregates == 1 ? "" : "s", o->failures,
	    o->failures == 1 ? "" : "s", o->tls, o->tls == 1 ? "" : "s",
	    o->duplicates, o->inputs_bad, o->inputs_bad == 1 ? "" : "s");
	if (o->left_out > 0) {
		(void)printf("Left out by %s: %zu report%s.\n",
		    o->domain == NULL ? "--since" : o->since_s ==
		    REPORT_TIME_NONE ? "--domain" : "--domain or --since",
		    o->left_out, o->left_out == 1 ? "" : "s");
	}
	for (i = 0; i < o->notes.n && i < NOTES_SHOWN; i++) {
		(void)printf("  %s\n", report_clean(clean, o->notes.v[i],
		    NOTE_BYTES));
	}
	if (o->notes.n + o->notes.more > i) {
		(void)printf("  and %zu more; --json has them\n",
		    o->notes.n + o->notes.more - i);
	}
}

bool
report_text(struct report_read *o)
{
	size_t i, n = sources_domains(o->sources);
	struct buf clean;

	buf_init(&clean, 65536);
	for (i = 0; i < n && i < DOMAINS_SHOWN; i++) {
		put_domain(o, sources_domain(o->sources, i), &clean);
	}
	if (n > DOMAINS_SHOWN) {
		(void)printf("and %zu more domains; --json has all\n\n",
		    n - DOMAINS_SHOWN);
	}
	put_kept(o, REPORT_FAILURE, o->failures, &clean);
	put_kept(o, REPORT_TLS, o->tls, &clean);
	put_notes(o, &clean);
	buf_fini(&clean);
	return (cli_flush());
}
