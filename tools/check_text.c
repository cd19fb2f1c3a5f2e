/* SPDX-License-Identifier: BSD-2-Clause */
/* The findings for people: one line each, wrapped, with the fix beneath it. */
#include <stdio.h>

#include "base/escape.h"
#include "tools/check.h"
#include "wanted/record.h"

#define COLUMNS		79
#define INDENT		9		/* of fixes */
#define TEXT_COLUMN	27		/* of the text of a finding */
#define RECORD_MAX_BYTES	(512 * 1024)	/* of 65535 octets, escaped */

static const enum check_severity print_order[] = {
	CHECK_ERROR, CHECK_WARN, CHECK_UNKNOWN, CHECK_INFO, CHECK_GOOD
};

/* Prints a text from outside, safe for a terminal. */
static void
print_escaped(struct str text)
{
	struct buf out;

	buf_init(&out, 8 * CHECK_QUOTE_MAX_BYTES);
	escape_text(&out, text, CHECK_QUOTE_MAX_BYTES);
	(void)printf("%s", out.p != NULL ? out.p : "");
	buf_fini(&out);
}

/* Prints words from column `at` on, and further lines from `indent` on. */
static void
print_wrapped(struct str text, int at, int indent)
{
	struct str rest, word;
	struct buf out;
	bool first = true;

	buf_init(&out, 8 * CHECK_QUOTE_MAX_BYTES);
	escape_text(&out, text, CHECK_QUOTE_MAX_BYTES);
	rest = buf_str(&out);
	for (; str_next(&rest, ' ', &word); first = false) {
		if (!first && at + 1 + (int)word.n > COLUMNS) {
			(void)printf("\n%*s", indent, "");
			at = indent;
		} else if (!first) {
			(void)putchar(' ');
			at++;
		}
		(void)printf("%.*s", STR_FMT(word));
		at += (int)word.n;
	}
	(void)putchar('\n');
	buf_fini(&out);
}

/* "owner. TYPE value" */
static void
print_record(const struct check_fix *fix)
{
	struct buf line;

	buf_init(&line, RECORD_MAX_BYTES);
	record_short_line(&line, fix->owner, fix->type, fix->value);
	(void)printf("%s\n", line.p != NULL ? line.p : "");
	buf_fini(&line);
}

/* A text that was found where it is judged is replaced, not joined. */
static const char *
publish_heading(const struct check_finding *f, const struct check_fix *fix)
{
	size_t i;

	if (strcmp(fix->type, "TXT") != 0) {
		return ("publish:");
	}
	for (i = 0; i < f->fix_n; i++) {
		if (f->fix[i].remove) {
			return ("publish:");
		}
	}
	return (f->found_n == 0 ? "publish:" : f->found_n == 1 ?
	    "publish in its place:" : "publish in place of them:");
}

static const char *
fix_heading(const struct check_finding *f, const struct check_fix *fix)
{
	switch (fix->where) {
	case WANTED_AT_DNS:
		return (fix->remove ? "remove:" : publish_heading(f, fix));
	case WANTED_AT_HOSTER:
		return ("ask the hoster of the address:");
	case WANTED_AT_POSTFIX:
		return ("in Postfix:");
	case WANTED_AT_PROVIDER:
		break;
	}
	return ("ask its owner to publish:");
}

static void
print_fix(const struct check_finding *f, const struct check_fix *fix)
{
	(void)printf("%*s%s\n%*s", INDENT, "", fix_heading(f, fix), INDENT + 2,
	    "");
	if (fix->where == WANTED_AT_POSTFIX) {
		print_escaped(fix->owner);
		(void)printf(": %s = ", fix->type);
		print_escaped(fix->value);
		(void)putchar('\n');
	} else {
		print_record(fix);
	}
}

/* An id names a fault: "ok dkim.missing" would read as one. */
static int
print_label(const struct check_finding *f)
{
	struct str id = str_from(f->check);

	return (printf("  %-8s%.*s", f->severity == CHECK_INFO ? "note" :
	    check_severity_name(f->severity), STR_FMT(f->severity ==
	    CHECK_GOOD ? str_first(id, str_find(id, '.')) : id)));
}

static bool
is_change(const struct check_finding *f)
{
	return (str_starts(str_from(f->check), STR("change.")));
}

static void
print_finding(const struct check_args *a, const struct check_finding *f)
{
	int at = print_label(f);
	size_t i;

	if (at >= TEXT_COLUMN) {
		(void)printf("\n%*s", TEXT_COLUMN, "");
	} else {
		(void)printf("%*s", TEXT_COLUMN - at, "");
	}
	print_wrapped(f->text, TEXT_COLUMN, TEXT_COLUMN);
	for (i = 0; i < f->found_n && (a->verbose ||
	    f->severity == CHECK_ERROR || is_change(f)); i++) {
		(void)printf("%*sfound: ", INDENT, "");
		print_escaped(f->found[i]);
		(void)putchar('\n');
	}
	for (i = 0; i < f->fix_n; i++) {
		print_fix(f, &f->fix[i]);
	}
}

static void
print_heading(const struct check_shown *shown)
{
	const struct check_opts *o = shown->opts;
	char text[IP_TEXT_BYTES];
	size_t i;

	print_escaped(shown->report->domain);
	for (i = 0; i < o->ips_n; i++) {
		ip_text(&o->ips[i], text);
		(void)printf("%s%s", i == 0 ? "   sent from " : ", ", text);
	}
	if (o->helo.n > 0) {
		(void)printf(" as ");
		print_escaped(o->helo);
	}
	for (i = 0; i < o->selectors_n; i++) {
		(void)printf("%s", i == 0 ? ", signed by " : ", ");
		print_escaped(o->selectors[i].name);
	}
	(void)putchar('\n');
}

/* Whether a message passes DMARC, and by what. */
static void
print_verdict(const struct check_shown *shown)
{
	const struct check_report *r = shown->report;
	const struct check_opts *o = shown->opts;
	bool dkim = r->dkim == DKIM_PASS;

	if (o->ips_n == 0 && o->selectors_n == 0) {
		return;
	}
	(void)printf("  A message from you@");
	print_escaped(r->domain);
	if (r->dmarc != DMARC_PASS && r->spf_passes == 0 && !dkim) {
		(void)printf(" passes neither SPF nor DKIM (DMARC: %s).\n",
		    dmarc_result_name(r->dmarc));
		return;
	}
	(void)printf("%s: by ", r->dmarc == DMARC_NONE ?
	    " would pass DMARC, but there is no policy" :
	    r->dmarc == DMARC_PASS ? " passes DMARC" :
	    " may fail DMARC");
	if (r->spf_passes > 0) {
		(void)printf("SPF from %s%s", r->spf_passes == o->ips_n ?
		    "every address" : "some of the addresses only",
		    dkim ? " and by " : "");
	}
	(void)printf("%s%s.\n", dkim ? "DKIM" : "", dkim &&
	    r->spf_passes == 0 ? " only" : "");
}

static void
print_counts(const struct check_shown *shown, bool verbose)
{
	size_t errors = shown->counts[CHECK_ERROR];
	size_t warnings = shown->counts[CHECK_WARN];
	size_t notes = shown->counts[CHECK_INFO];

	(void)printf("  %zu error%s, %zu warning%s, %zu note%s%s, %zu ok; "
	    "%zu unknown\n", errors, errors == 1 ? "" : "s", warnings,
	    warnings == 1 ? "" : "s", notes, notes == 1 ? "" : "s",
	    notes > 0 && !verbose ? " (-v shows them)" : "",
	    shown->counts[CHECK_GOOD], shown->counts[CHECK_UNKNOWN]);
	if (shown->counts[CHECK_UNKNOWN] > 0 && shown->counts[CHECK_UNKNOWN] ==
	    shown->n) {
		(void)printf("  No query was answered: is the resolver "
		    "reachable? --nameserver names another one.\n");
	}
	if (shown->report->truncated) {
		(void)printf("  A limit was reached: not everything was "
		    "looked at.\n");
	}
}

/* Whether an earlier finding has the same fix. */
static bool
is_repeated_fix(const struct check_shown *shown, size_t finding,
    const struct check_fix *fix)
{
	const struct check_fix *other;
	size_t i, j;

	for (i = 0; i < finding; i++) {
		for (j = 0; j < shown->v[i]->fix_n; j++) {
			other = &shown->v[i]->fix[j];
			if (other->where == fix->where && other->remove ==
			    fix->remove && strcmp(other->type, fix->type) ==
			    0 && str_eq(other->owner, fix->owner) &&
			    str_eq(other->value, fix->value)) {
				return (true);
			}
		}
	}
	return (false);
}

/* --records: only what to publish. */
static void
print_fixes(const struct check_shown *shown)
{
	size_t i, j;

	for (i = 0; i < shown->n; i++) {
		for (j = 0; j < shown->v[i]->fix_n; j++) {
			if (!is_repeated_fix(shown, i,
			    &shown->v[i]->fix[j])) {
				print_fix(shown->v[i],
				    &shown->v[i]->fix[j]);
			}
		}
	}
}

void
check_print_text(const struct check_args *a, const struct check_shown *shown)
{
	size_t i, j;

	if (a->records) {
		print_fixes(shown);
		return;
	}
	if (a->notify && shown->n == 0) {
		return;
	}
	if (!a->quiet) {
		print_heading(shown);
		print_verdict(shown);
	}
	for (i = 0; i < sizeof(print_order) / sizeof(print_order[0]); i++) {
		if (!a->verbose && (print_order[i] == CHECK_INFO ||
		    print_order[i] == CHECK_GOOD)) {
			continue;
		}
		for (j = 0; j < shown->n; j++) {
			if (shown->v[j]->severity == print_order[i]) {
				print_finding(a, shown->v[j]);
			}
		}
	}
	if (!a->quiet) {
		print_counts(shown, a->verbose);
	}
}

void
check_print_zone(const struct check_shown *shown)
{
	size_t i, j;

	for (i = 0; i < shown->n; i++) {
		for (j = 0; j < shown->v[i]->fix_n; j++) {
			const struct check_fix *fix = &shown->v[i]->fix[j];

			if (fix->where != WANTED_AT_DNS ||
			    is_repeated_fix(shown, i, fix)) {
				continue;
			}
			(void)printf("; %s%s\n%s", shown->v[i]->check,
			    fix->remove ? ": remove" : "", fix->remove ? ";" :
			    "");
			print_record(fix);
		}
	}
}

void
check_print_form(const struct check_shown *shown,
    const struct provider *provider)
{
	struct buf form;
	size_t i, j;

	for (i = 0; i < shown->n; i++) {
		for (j = 0; j < shown->v[i]->fix_n; j++) {
			const struct check_fix *fix = &shown->v[i]->fix[j];

			if (fix->where != WANTED_AT_DNS ||
			    is_repeated_fix(shown, i, fix)) {
				continue;
			}
			buf_init(&form, RECORD_MAX_BYTES);
			provider_form(provider, &form, shown->report->domain,
			    fix->owner, fix->type, fix->value);
			(void)printf("%s %s\n%s\n", fix->remove ? "remove" :
			    "publish", shown->v[i]->check, form.p != NULL ?
			    form.p : "");
			buf_fini(&form);
		}
	}
}
