/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_html: --html, one file that needs no other: no script, no font, no
 * address. Every text from outside passes put_text(), which leaves neither
 * markup nor characters that reorder a line.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>

#include "tools/report_html.h"

#define SOURCES_OPEN	25	/* of a domain; the others are folded */
#define SOURCES_SHOWN	500
#define DOMAINS_SHOWN	100
#define KEPT_SHOWN	200	/* failure and TLS reports */
#define NOTES_SHOWN	200
#define CELL_BYTES	120

static const struct {
	const char	*label;
	const char	*plural;
} verdicts[SOURCE_VERDICTS] = {
	[SOURCE_MINE] = { "mine, fine", "yours" },
	[SOURCE_FIX] = { "mine, fix this", "yours, to fix" },
	[SOURCE_FORWARDER] = { "forwarder", "forwarders" },
	[SOURCE_OTHER] = { "somebody else", "somebody else" },
	[SOURCE_UNKNOWN] = { "unknown", "unknown" },
};

/* A text from outside, without markup, on one line. */
static void
put_text(struct html *h, const char *text)
{
	const char *p = report_clean(&h->clean, text, CLI_SHOWN_MAX_BYTES);

	for (; *p != '\0'; p++) {
		switch (*p) {
		case '<':
			(void)fputs("&lt;", h->out);
			break;
		case '>':
			(void)fputs("&gt;", h->out);
			break;
		case '&':
			(void)fputs("&amp;", h->out);
			break;
		case '"':
			(void)fputs("&quot;", h->out);
			break;
		case '\'':
			(void)fputs("&#39;", h->out);
			break;
		default:
			(void)fputc(*p, h->out);
			break;
		}
	}
}

static void
put_fact(struct html *h, const char *value, const char *label)
{
	(void)fprintf(h->out, "<div><b>%s</b><span>%s</span></div>\n", value,
	    label);
}

static void
put_facts(struct html *h, const struct source_domain *d)
{
	char n[REPORT_NUMBER_BYTES];
	int64_t refused = report_sum(d->disposition[REPORT_QUARANTINE],
	    d->disposition[REPORT_REJECT]);
	int64_t own = report_sum(d->own_pass, d->own_fail);

	(void)fputs("<div class=facts>\n", h->out);
	put_fact(h, report_number(d->messages, n), "messages");
	put_fact(h, report_share(d->pass, d->messages, n), "pass DMARC");
	put_fact(h, own > 0 ? report_share(d->own_pass, own, n) : "-",
	    "of yours pass");
	put_fact(h, report_number(d->messages - d->pass, n), "fail");
	put_fact(h, report_number(refused, n), "refused or quarantined");
	put_fact(h, report_number((int64_t)d->reporters, n), "reporters");
	(void)fputs("</div>\n", h->out);
}

static void
put_tag(struct html *h, enum source_verdict verdict)
{
	(void)fprintf(h->out, "<span class=tag><i class=%s></i>%s</span>",
	    source_verdict_name(verdict), verdicts[verdict].label);
}

static void
put_key(struct html *h, const struct source_domain *d)
{
	char n[REPORT_NUMBER_BYTES];
	int i;

	(void)fputs("<div class=key>", h->out);
	for (i = 0; i < SOURCE_VERDICTS; i++) {
		if (d->by_verdict[i] > 0) {
			(void)fprintf(h->out, "<span><i class=%s></i>%s "
			    "%s</span>", source_verdict_name(
			    (enum source_verdict)i), verdicts[i].plural,
			    report_number(d->by_verdict[i], n));
		}
	}
	(void)fputs("</div>\n", h->out);
}

static void
put_check(struct html *h, const char *domain, const char *selector,
    bool aligned, unsigned char result)
{
	if (domain[0] == '\0') {
		(void)fputs("<span class=soft>none</span>", h->out);
		return;
	}
	(void)fprintf(h->out, "%s <span class=soft>", aligned ? "pass" :
	    result == REPORT_AUTH_PASS ? "not aligned" : "fail");
	put_text(h, domain);
	if (selector[0] != '\0') {
		(void)fputs(", ", h->out);
		put_text(h, selector);
	}
	(void)fputs("</span>", h->out);
}

static void
put_source(struct html *h, const struct source *v, int64_t most)
{
	const char *name = report_name(h->o, v);
	char ip[IP_TEXT_BYTES], n[REPORT_NUMBER_BYTES];

	(void)fputs("<tr><td>", h->out);
	put_tag(h, (enum source_verdict)v->verdict);
	(void)fprintf(h->out, "</td><td class=n>%s</td><td class=bar>",
	    report_number(v->messages, n));
	html_bar(h, (enum source_verdict)v->verdict, v->messages, most);
	(void)fputs("</td><td class=id>", h->out);
	put_text(h, report_ip(v, ip));
	if (name != NULL) {
		(void)fputs("<br><span class=soft>", h->out);
		put_text(h, name);
		(void)fputs("</span>", h->out);
	}
	(void)fputs("</td><td class=id>DKIM ", h->out);
	put_check(h, v->dkim_domain, v->dkim_selector,
	    v->dkim_aligned, v->dkim_result);
	(void)fputs("<br>SPF ", h->out);
	put_check(h, v->spf_domain, "", v->spf_aligned,
	    v->spf_result);
	(void)fprintf(h->out, "</td><td class=all>%s</td></tr>\n", v->why);
}

static int64_t
most_messages(const struct report_read *o, size_t first, size_t n)
{
	int64_t most = 1;
	size_t i;

	for (i = first; i < first + n; i++) {
		const struct source *v = sources_get(o->sources, i);

		most = v->messages > most ? v->messages : most;
	}
	return (most);
}

static void
open_table(struct html *h)
{
	(void)fputs("<div class=wide><table class=src><thead><tr><th>Verdict"
	    "<th class=n>Messages<th><th>Address<th>Checks<th>Why</tr>"
	    "</thead><tbody>\n", h->out);
}

static void
close_table(struct html *h)
{
	(void)fputs("</tbody></table></div>\n", h->out);
}

/* The first ones at once, more when unfolded, not all. */
static void
put_sources(struct html *h, const struct source_domain *d)
{
	size_t first, i, shown = 0, n = sources_of(h->o->sources, d, &first);
	int64_t most = most_messages(h->o, first, n);

	(void)fputs("<h3>Sources</h3>", h->out);
	open_table(h);
	for (i = first; i < first + n; i++) {
		const struct source *v = sources_get(h->o->sources, i);

		if (!report_shows(h->o, v) || ++shown > SOURCES_SHOWN) {
			continue;
		}
		if (shown == SOURCES_OPEN + 1) {
			close_table(h);
			(void)fputs("<details><summary>More sources"
			    "</summary>", h->out);
			open_table(h);
		}
		put_source(h, v, most);
	}
	close_table(h);
	if (shown > SOURCES_SHOWN) {
		(void)fprintf(h->out, "<p class=soft>and %zu more</p>\n",
		    shown - SOURCES_SHOWN);
	}
	if (shown > SOURCES_OPEN) {
		(void)fputs("</details>\n", h->out);
	}
}

static void
put_domain(struct html *h, const struct source_domain *d)
{
	char a[REPORT_DATE_BYTES], b[REPORT_DATE_BYTES];
	struct buf say;

	(void)fputs("<section><h2>", h->out);
	put_text(h, d->name[0] != '\0' ? d->name : "(no domain)");
	(void)fprintf(h->out, "</h2><div class=soft>%s to %s, %zu "
	    "report%s", report_date(d->begin_s, a), report_date(d->end_s, b),
	    d->reports, d->reports == 1 ? "" : "s");
	if (d->p[0] != '\0') {
		(void)fputs(", p=", h->out);
		put_text(h, d->p);
	}
	(void)fputs("</div><p class=say>", h->out);
	buf_init(&say, 65536);
	report_summary(h->o, d, &say);
	put_text(h, say.p != NULL ? say.p : "");
	buf_fini(&say);
	(void)fputs("</p>\n", h->out);
	put_facts(h, d);
	html_days(h, d);
	(void)fputs("<h3>Whose mail it is</h3>\n", h->out);
	html_verdicts(h, d);
	put_key(h, d);
	put_sources(h, d);
	(void)fputs("</section>\n", h->out);
}

static void
put_cells(struct html *h, const char *const *cells, size_t n)
{
	size_t i;

	(void)fputs("<tr>", h->out);
	for (i = 0; i < n; i++) {
		(void)fputs("<td class=id>", h->out);
		put_text(h, cells[i]);
	}
	(void)fputs("</tr>\n", h->out);
}

static void
put_tls(struct html *h, const struct report_tls *t)
{
	char success[REPORT_NUMBER_BYTES], failure[REPORT_NUMBER_BYTES];
	char day[REPORT_DATE_BYTES];
	size_t i;

	for (i = 0; i < t->policies_n && i < KEPT_SHOWN; i++) {
		const struct report_tls_policy *p = &t->policies[i];
		const char *const cells[] = { report_date(t->begin_s, day),
			p->domain, p->type, report_number(p->success,
			success), report_number(p->failure, failure),
			t->org };

		put_cells(h, cells, sizeof(cells) / sizeof(cells[0]));
	}
}

static void
put_failure(struct html *h, const struct report_failure *f)
{
	const char *const cells[] = { f->reported_domain, f->source_ip,
		f->auth_failure, f->identity_alignment,
		f->original_mail_from, f->dkim_domain };

	put_cells(h, cells, sizeof(cells) / sizeof(cells[0]));
}

static void
put_kept(struct html *h, enum report_kind kind, size_t all)
{
	const struct report *r;
	size_t n = 0;

	if (all == 0) {
		return;
	}
	(void)fputs(kind == REPORT_TLS ? "<section><h2>TLS of mail to you"
	    "</h2><div class=wide><table><tr><th>Day<th>Domain<th>Policy"
	    "<th>Sessions that succeeded<th>Failed<th>Reporter</tr>\n" :
	    "<section><h2>Failure reports</h2><div class=wide><table><tr>"
	    "<th>Domain<th>Address<th>Failure<th>Not aligned<th>Sender"
	    "<th>DKIM</tr>\n", h->out);
	for (r = h->o->kept; r != NULL; r = r->next) {
		if (r->kind != kind || n++ >= KEPT_SHOWN) {
			continue;
		}
		if (kind == REPORT_TLS) {
			put_tls(h, &r->tls);
		} else {
			put_failure(h, &r->failure);
		}
	}
	(void)fputs("</table></div></section>\n", h->out);
}

static void
put_notes(struct html *h)
{
	const struct report_read *o = h->o;
	size_t i;

	(void)fprintf(h->out, "<section><h2>Inputs</h2><p class=soft>%zu "
	    "aggregate, %zu failure and %zu TLS reports; %zu repeated; %zu "
	    "inputs without a report.</p>\n<ul>", o->aggregates, o->failures,
	    o->tls, o->duplicates, o->inputs_bad);
	for (i = 0; i < o->notes.n && i < NOTES_SHOWN; i++) {
		(void)fputs("<li class=id>", h->out);
		put_text(h, o->notes.v[i]);
	}
	if (o->notes.n + o->notes.more > i) {
		(void)fprintf(h->out, "<li>and %zu more",
		    o->notes.n + o->notes.more - i);
	}
	(void)fputs("</ul></section>\n", h->out);
}

static void
put_page(struct html *h)
{
	size_t i, n = sources_domains(h->o->sources);
	char day[REPORT_DATE_BYTES];

	(void)fprintf(h->out, "<!DOCTYPE html>\n<html lang=en><head>"
	    "<meta charset=utf-8>\n<meta name=viewport content=\""
	    "width=device-width,initial-scale=1\">\n<meta http-equiv="
	    "Content-Security-Policy content=\"default-src 'none';"
	    "style-src 'unsafe-inline'\">\n<title>DMARC reports</title>"
	    "<style>%s</style></head><body><main>\n<h1>DMARC reports</h1>"
	    "<div class=soft>read on %s by mailseal</div>\n", html_style,
	    report_date(env_now_s(&h->o->env), day));
	for (i = 0; i < n && i < DOMAINS_SHOWN; i++) {
		put_domain(h, sources_domain(h->o->sources, i));
	}
	if (n > DOMAINS_SHOWN) {
		(void)fprintf(h->out, "<p class=soft>and %zu more domains"
		    "</p>\n", n - DOMAINS_SHOWN);
	}
	put_kept(h, REPORT_FAILURE, h->o->failures);
	put_kept(h, REPORT_TLS, h->o->tls);
	put_notes(h);
	(void)fputs("</main></body></html>\n", h->out);
}

bool
report_html(struct report_read *o)
{
	struct html h = { .o = o, .out = fopen(o->html_path, "we") };
	bool ok;

	if (h.out == NULL) {
		(void)cli_fail("%s: %s", o->html_path, strerror(errno));
		return (false);
	}
	buf_init(&h.clean, 65536);
	put_page(&h);
	buf_fini(&h.clean);
	ok = ferror(h.out) == 0;
	if (fclose(h.out) == EOF || !ok) {
		(void)cli_fail("%s: %s", o->html_path, strerror(errno));
		return (false);
	}
	return (true);
}
