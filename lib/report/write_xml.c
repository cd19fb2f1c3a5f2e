/* SPDX-License-Identifier: BSD-2-Clause */
/* write_xml: the document (RFC 9990 3.1 and A; RFC 7489 C), by libxml2. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include <libxml/xmlwriter.h>

#include "report/write_private.h"

#define NAMESPACE	"urn:ietf:params:xml:ns:dmarc-2.0"
#define NUMBER_BYTES	24

struct xml_out {
	xmlTextWriterPtr	 writer;
	bool			 failed;
	bool			 legacy;
};

static const xmlChar *
as_xml(const char *text)
{
	return ((const xmlChar *)text);
}

static void
open_element(struct xml_out *x, const char *name)
{
	x->failed |= xmlTextWriterStartElement(x->writer, as_xml(name)) < 0;
}

static void
close_element(struct xml_out *x)
{
	x->failed |= xmlTextWriterEndElement(x->writer) < 0;
}

/* Writes nothing for NULL. */
static void
put_text(struct xml_out *x, const char *name, const char *text)
{
	if (text != NULL) {
		x->failed |= xmlTextWriterWriteElement(x->writer, as_xml(name),
		    as_xml(text)) < 0;
	}
}

static void
put_number(struct xml_out *x, const char *name, int64_t n)
{
	char text[NUMBER_BYTES];

	(void)snprintf(text, sizeof(text), "%" PRId64, n);
	put_text(x, name, text);
}

/* Writes nothing for an absent or empty text. */
static enum status
put_clean(struct xml_out *x, struct arena *arena, const char *name,
    struct str raw)
{
	const char *text;

	if (raw.n == 0) {
		return (STATUS_OK);
	}
	text = write_clean_text(arena, raw);
	if (text == NULL) {
		return (STATUS_NOMEM);
	}
	put_text(x, name, text[0] != '\0' ? text : NULL);
	return (STATUS_OK);
}

static enum status
put_metadata(struct xml_out *x, struct arena *arena,
    const struct write_head *head)
{
	const char *id = arena_cstr(arena, head->id);
	/* The one address that is meant to be read. */
	const char *email = arena_cstr(arena, head->email);
	enum status status;

	if (id == NULL || email == NULL) {
		return (STATUS_NOMEM);
	}
	open_element(x, "report_metadata");
	status = put_clean(x, arena, "org_name", head->org);
	put_text(x, "email", email);
	if (status == STATUS_OK) {
		status = put_clean(x, arena, "extra_contact_info",
		    head->contact);
	}
	put_text(x, "report_id", id);
	open_element(x, "date_range");
	put_number(x, "begin", head->begin_s);
	put_number(x, "end", head->end_s);
	close_element(x);
	if (status == STATUS_OK) {
		status = put_clean(x, arena, "error", head->policy.error);
	}
	if (status == STATUS_OK && !x->legacy) {
		status = put_clean(x, arena, "generator", head->generator);
	}
	close_element(x);
	return (status);
}

/* NULL: not one of the three. */
static const char *
policy_word(struct str word)
{
	static const char *const words[] = { "none", "quarantine", "reject" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_eq_ci(word, str_from(words[i]))) {
			return (words[i]);
		}
	}
	return (NULL);
}

/* RFC 9989 4.7: letters separated by colons. */
static bool
is_fo(struct str fo)
{
	size_t i;

	for (i = 0; i < fo.n; i++) {
		if (i % 2 == 1 ? fo.p[i] != ':' : fo.p[i] == '\0' ||
		    strchr("01ds", fo.p[i]) == NULL) {
			return (false);
		}
	}
	return (fo.n % 2 == 1);
}

static enum status
put_policy(struct xml_out *x, struct arena *arena, const struct kept_policy *o)
{
	const char *domain = write_clean_name(arena, o->domain);
	const char *p = policy_word(o->p), *sp = policy_word(o->sp);
	const char *adkim = str_eq(o->adkim, STR("s")) ? "s" : "r";
	const char *aspf = str_eq(o->aspf, STR("s")) ? "s" : "r";
	const char *fo = is_fo(o->fo) ? arena_cstr(arena, o->fo) : NULL;
	bool testing = str_eq(o->testing, STR("y"));

	if (domain == NULL) {
		return (STATUS_NOMEM);
	}
	p = p != NULL ? p : "none";
	open_element(x, "policy_published");
	put_text(x, "domain", domain);
	if (!x->legacy) {
		put_text(x, "discovery_method", str_eq(o->discovery,
		    STR("psl")) ? "psl" : "treewalk");
	}
	if (x->legacy) {	/* the order that RFC 7489 fixes */
		put_text(x, "adkim", adkim);
		put_text(x, "aspf", aspf);
	}
	put_text(x, "p", p);
	put_text(x, "sp", sp == NULL && x->legacy ? p : sp);
	if (x->legacy) {
		/* RFC 9989 A.7: t=y was pct=0. */
		put_text(x, "pct", testing ? "0" : "100");
		put_text(x, "fo", fo != NULL ? fo : "0");
	} else {
		put_text(x, "np", policy_word(o->np));
		put_text(x, "adkim", adkim);
		put_text(x, "aspf", aspf);
		put_text(x, "fo", fo);
		put_text(x, "testing", testing ? "y" : "n");
	}
	close_element(x);
	return (STATUS_OK);
}

static void
put_evaluated(struct xml_out *x, const struct write_clean_row *row)
{
	size_t i;

	open_element(x, "policy_evaluated");
	put_text(x, "disposition", row->disposition);
	put_text(x, "dkim", row->dkim);
	put_text(x, "spf", row->spf);
	for (i = 0; i < row->reasons_n; i++) {
		open_element(x, "reason");
		put_text(x, "type", row->reasons[i].type);
		put_text(x, "comment", row->reasons[i].comment);
		close_element(x);
	}
	close_element(x);
}

static void
put_results(struct xml_out *x, const struct write_clean_row *row)
{
	const char *domain = row->spf_domain, *result = row->spf_result;
	size_t i;

	if (domain == NULL && x->legacy) {	/* it must be there */
		domain = row->envelope_from[0] != '\0' ? row->envelope_from :
		    row->header_from;
		result = "none";
	}
	open_element(x, "auth_results");
	for (i = 0; i < row->signatures_n; i++) {
		open_element(x, "dkim");
		put_text(x, "domain", row->signatures[i].domain);
		put_text(x, "selector", row->signatures[i].selector);
		put_text(x, "result", row->signatures[i].result);
		close_element(x);
	}
	if (domain != NULL) {
		open_element(x, "spf");
		put_text(x, "domain", domain);
		put_text(x, "scope", "mfrom");
		put_text(x, "result", result);
		close_element(x);
	}
	close_element(x);
}

static void
put_row(struct xml_out *x, const struct write_clean_row *row)
{
	char ip[IP_TEXT_BYTES];

	ip_text(&row->ip, ip);
	open_element(x, "record");
	open_element(x, "row");
	put_text(x, "source_ip", ip);
	put_number(x, "count", row->count);
	put_evaluated(x, row);
	close_element(x);
	open_element(x, "identifiers");
	put_text(x, "envelope_from", row->envelope_from);
	put_text(x, "header_from", row->header_from);
	close_element(x);
	put_results(x, row);
	close_element(x);
}

static int
on_bytes(void *gzip, const char *p, int n)
{
	return (write_gzip_bytes(gzip, p, (size_t)n) ? n : -1);
}

static int
on_close(void *gzip)
{
	(void)gzip;
	return (0);
}

static enum status
put_document(struct xml_out *x, struct arena *arena,
    const struct write_head *head, const struct write_clean_row *rows,
    size_t n, struct write_counts *counts)
{
	enum status status;
	size_t i;

	x->failed |= xmlTextWriterSetIndent(x->writer, 1) < 0;
	x->failed |= xmlTextWriterStartDocument(x->writer, "1.0", "UTF-8",
	    NULL) < 0;
	open_element(x, "feedback");
	if (!x->legacy) {
		x->failed |= xmlTextWriterWriteAttribute(x->writer,
		    as_xml("xmlns"), as_xml(NAMESPACE)) < 0;
	}
	put_text(x, "version", "1.0");
	status = put_metadata(x, arena, head);
	if (status == STATUS_OK) {
		status = put_policy(x, arena, &head->policy);
	}
	for (i = 0; i < n && status == STATUS_OK && !x->failed; i++) {
		put_row(x, &rows[i]);
		counts->messages = report_sum(counts->messages,
		    rows[i].count);
		counts->rows++;
	}
	x->failed |= xmlTextWriterEndDocument(x->writer) < 0;
	return (status);
}

/* The writer takes the buffer over, whatever happens. */
static xmlTextWriterPtr
open_writer(struct write_gzip *gzip)
{
	xmlOutputBufferPtr buffer = xmlOutputBufferCreateIO(on_bytes, on_close,
	    gzip, NULL);
	xmlTextWriterPtr writer;

	if (buffer == NULL) {
		return (NULL);
	}
	writer = xmlNewTextWriter(buffer);
	if (writer == NULL) {
		(void)xmlOutputBufferClose(buffer);
	}
	return (writer);
}

enum status
report_write(struct arena *arena, const struct write_head *head,
    const struct write_row *rows, size_t n, bool legacy, struct buf *out,
    struct write_counts *r)
{
	struct xml_out x = { .legacy = legacy };
	struct write_clean_row *clean;
	struct write_gzip *gzip;
	enum status status;
	size_t clean_n;

	*r = (struct write_counts){ .rows = 0 };
	status = write_clean_rows(arena, rows, n, legacy, &clean, &clean_n);
	if (status != STATUS_OK || clean_n == 0) {
		return (status != STATUS_OK ? status : STATUS_SYNTAX);
	}
	gzip = write_gzip_new(out);
	if (gzip == NULL) {
		return (STATUS_NOMEM);
	}
	x.writer = open_writer(gzip);
	if (x.writer == NULL) {
		(void)write_gzip_end(gzip);
		return (STATUS_NOMEM);
	}
	status = put_document(&x, arena, head, clean, clean_n, r);
	xmlFreeTextWriter(x.writer);
	if (!write_gzip_end(gzip)) {
		return (out->status);
	}
	return (status == STATUS_OK && x.failed ? STATUS_NOMEM : status);
}
