/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_xml: an aggregate report, as its bytes arrive, by libxml2. Elements
 * count by their local names, if they have no namespace, that of the root, or
 * one of DMARC's; the rest is skipped.
 *
 * libxml2 goes on after an error. Its nesting is then wrong: an end tag that
 * does not match ends whatever is open. From there on an element whose name has
 * one place in a report counts wherever it is, and a record that begins ends
 * the one before it.
 *
 * What follows the root element is read as the next document if it begins like
 * one, as in reports that were strung together; but not in UTF-16, where
 * libxml2 does not say where the element ends.
 */
#include "config.h"

#include <stdlib.h>

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include "report/read_xml_encoding.h"
#include "report/read_xml_values.h"

#define CHUNK_BYTES	65536
#define ERROR_BYTES	256
#define NS_BYTES	256
#define MAGIC_BYTES	4	/* tell libxml2 the encoding */

struct xml_level {
	enum xml_place	 place;
	enum xml_leaf	 leaf;
};

struct xml {
	struct read_unit	*unit;
	xmlParserCtxtPtr	 parser;
	struct xml_values	 values;
	struct xml_level	 levels[READ_XML_DEPTH_MAX + 1];
	unsigned		 depth;		/* of levels, the root: 1 */
	struct buf		 text;		/* of the leaf that is open */
	bool			 reading;	/* text belongs to the leaf */
	bool			 record_open;
	bool			 found;		/* the feedback element */
	bool			 broken;	/* not well-formed */
	bool			 stopped;
	bool			 marked;	/* as UTF-8 */
	bool			 ended;		/* the root element */
	bool			 wide;		/* UTF-16 */
	bool			 junk;		/* behind the root element */
	unsigned		 documents;	/* before this one */
	size_t			 fed;		/* to libxml2, with chunk */
	struct str		 chunk;
	size_t			 used;		/* of chunk, if ended */
	size_t			 tail_n;
	char			 tail[XML_BEGIN_BYTES];	/* behind the root
							   element */
	size_t			 tag_bytes;	/* since the last '<' */
	bool			 in_tag;
	char			 root_ns[NS_BYTES];
	char			 error[ERROR_BYTES];	/* the first one */
};

static void
stop_xml(struct xml *x, enum read_result result, const char *why)
{
	(void)read_unit_fail(x->unit, result, "%s", why);
	x->stopped = true;
	if (x->parser != NULL) {
		xmlStopParser(x->parser);
	}
}

static void
fail_xml(struct xml *x, enum status status)
{
	if (status == STATUS_LIMIT) {
		stop_xml(x, READ_LIMIT, "too many records");
	} else if (status != STATUS_OK) {
		stop_xml(x, READ_NOMEM, "out of memory");
	}
}

static void
end_record(struct xml *x)
{
	if (x->record_open) {
		x->record_open = false;
		fail_xml(x, xml_values_end(&x->values, XML_RECORD));
	}
}

static bool
is_ours(const struct xml *x, const xmlChar *uri, const xmlChar *prefix)
{
	static const char *const known[] = {
		"urn:ietf:params:xml:ns:dmarc-2.0",
		"http://dmarc.org/dmarc-xml/0.1",
		"http://dmarc.org/dmarc-xml/0.2",
	};
	const char *ns = (const char *)uri;
	size_t i;

	if (ns == NULL) {
		/* A prefix that is not declared. */
		return (prefix == NULL || !x->found);
	}
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(ns, known[i]) == 0) {
			return (true);
		}
	}
	return (!x->found || strncmp(ns, x->root_ns, NS_BYTES - 1) == 0);
}

static void
enter_root(struct xml *x, const xmlChar *uri)
{
	x->found = true;
	if (uri != NULL) {
		(void)snprintf(x->root_ns, sizeof(x->root_ns), "%s",
		    (const char *)uri);
	}
}

/* What an element is. Above feedback only a stray xs:schema is forgiven. */
static struct xml_level
classify_element(struct xml *x, struct str name, const xmlChar *uri,
    const xmlChar *prefix)
{
	enum xml_place where = x->levels[x->depth].place;
	const struct xml_name *found = NULL;

	if (is_ours(x, uri, prefix)) {
		found = xml_name_find(where, name);
		if (found == NULL && x->broken && x->found) {
			found = xml_name_find_anywhere(name);
		}
	}
	if (where == XML_DOCUMENT && !x->found) {
		if (found != NULL) {
			enter_root(x, uri);
		} else if (str_eq(name, STR("schema")) && x->depth == 0) {
			report_warn(x->values.report,
			    "the feedback element is within another one");
			return ((struct xml_level){ XML_DOCUMENT,
			    XML_NO_LEAF });
		} else {
			stop_xml(x, READ_FOREIGN, "XML, but no report: the "
			    "root element is not feedback");
		}
	} else if (where == XML_DOCUMENT) {
		found = NULL;		/* a second report */
	}
	return (found != NULL ?
	    (struct xml_level){ found->place, found->leaf } :
	    (struct xml_level){ XML_FOREIGN, XML_NO_LEAF });
}

static void
on_start(void *ctx, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri, int namespaces_n, const xmlChar **namespaces,
    int attributes_n, int defaulted_n, const xmlChar **attributes)
{
	struct xml *x = ctx;
	struct xml_level level;

	(void)namespaces_n;
	(void)namespaces;
	(void)attributes_n;
	(void)defaulted_n;
	(void)attributes;
	if (x->stopped) {
		return;
	}
	if (x->depth == READ_XML_DEPTH_MAX) {
		stop_xml(x, READ_LIMIT, "XML nested too deep");
		return;
	}
	level = classify_element(x, str_from((const char *)name), uri, prefix);
	x->levels[++x->depth] = level;
	x->reading = level.leaf != XML_NO_LEAF;
	buf_reset(&x->text);
	if (level.place == XML_RECORD) {
		end_record(x);
		xml_values_record(&x->values);
		x->record_open = true;
	}
}

/* Says where in the chunk the root element ends, if that is certain. */
static void
end_root(struct xml *x)
{
	long at = xmlByteConsumed(x->parser);
	size_t before = x->fed - x->chunk.n;

	if (x->wide || at < 1 || (size_t)at <= before ||
	    (size_t)at > x->fed || x->chunk.p[(size_t)at - before - 1] != '>') {
		return;
	}
	x->used = (size_t)at - before;
	x->ended = true;
	xmlStopParser(x->parser);
}

static void
on_end(void *ctx, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri)
{
	struct xml *x = ctx;
	const struct xml_level *level = &x->levels[x->depth];

	(void)name;
	(void)prefix;
	(void)uri;
	if (x->stopped || x->depth == 0) {
		return;
	}
	x->depth--;
	if (level->leaf != XML_NO_LEAF) {
		/* Text behind an element within does not count. */
		xml_values_set(&x->values, level->leaf, buf_str(&x->text));
		buf_reset(&x->text);
	} else if (level->place == XML_RECORD) {
		end_record(x);
	} else {
		fail_xml(x, xml_values_end(&x->values, level->place));
	}
	x->reading = false;
	if (x->depth == 0 && x->found && !x->stopped) {
		end_root(x);
	}
}

static void
on_text(void *ctx, const xmlChar *p, int n)
{
	struct xml *x = ctx;

	if (x->reading && x->text.n <= READ_TEXT_MAX_BYTES) {
		size_t room = READ_TEXT_MAX_BYTES + 1 - x->text.n;

		buf_add(&x->text, p, (size_t)n < room ? (size_t)n : room);
		x->values.nomem = x->values.nomem ||
		    x->text.status != STATUS_OK;
	}
}

static void
on_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
    const xmlChar *system)
{
	struct xml *x = ctx;

	(void)external;
	(void)system;
	if (name != NULL && strcmp((const char *)name, "feedback") == 0) {
		stop_xml(x, READ_DAMAGED, "XML with a document type "
		    "declaration, which is refused");
	} else {
		stop_xml(x, READ_FOREIGN, "XML, but no report: the document "
		    "type is not feedback");
	}
}

/* There are none but the five of XML, which libxml2 knows. */
static xmlEntityPtr
on_entity(void *ctx, const xmlChar *name)
{
	(void)ctx;
	return (xmlGetPredefinedEntity(name));
}

static void
on_error(void *ctx, xmlErrorPtr error)
{
	struct xml *x = ctx;
	size_t n;

	if (error->level == XML_ERR_FATAL) {
		x->broken = true;
	}
	if (x->error[0] != '\0' || x->stopped) {
		return;
	}
	(void)snprintf(x->error, sizeof(x->error), "line %d: %s",
	    error->line, error->message != NULL ? error->message : "?");
	n = strcspn(x->error, "\n");
	x->error[n] = '\0';
}

static void
fini_document(struct xml *x)
{
	xmlFreeParserCtxt(x->parser);
	xml_values_fini(&x->values);
	buf_fini(&x->text);
}

static enum status
init_document(struct xml *x, struct read_unit *unit, unsigned documents)
{
	memset(x, 0, sizeof(*x));
	buf_init(&x->text, READ_TEXT_MAX_BYTES + 1);
	x->unit = unit;
	x->documents = documents;
	x->levels[0].place = XML_DOCUMENT;
	return (xml_values_init(&x->values));
}

/* An error without a parser, as of a conversion, would go to stderr. */
static void ATTR_PRINTF(2, 3)
on_loose_error(void *ctx, const char *fmt, ...)
{
	(void)ctx;
	(void)fmt;
}

static void *
xml_open(struct read_unit *unit, enum read_origin origin, const char *what)
{
	struct xml *x = calloc(1, sizeof(*x));

	(void)origin;
	(void)what;
	xmlSetGenericErrorFunc(NULL, on_loose_error);
	if (x != NULL && init_document(x, unit, 0) != STATUS_OK) {
		fini_document(x);
		free(x);
		x = NULL;
	}
	return (x);
}

/* head: of the p to p + n, what tells libxml2 the encoding. */
static bool
parser_open(struct xml *x, const char *p, size_t n, size_t head)
{
	xmlSAXHandler sax;

	memset(&sax, 0, sizeof(sax));
	sax.initialized = XML_SAX2_MAGIC;
	sax.startElementNs = on_start;
	sax.endElementNs = on_end;
	sax.characters = on_text;
	sax.ignorableWhitespace = on_text;
	sax.cdataBlock = on_text;
	sax.internalSubset = on_doctype;
	sax.getEntity = on_entity;
	sax.serror = on_error;
	x->wide = n > 1 && (p[0] == '\0' || p[1] == '\0');
	x->parser = xmlCreatePushParserCtxt(&sax, x, p, (int)head, NULL);
	if (x->parser == NULL) {
		stop_xml(x, READ_NOMEM, "out of memory");
		return (false);
	}
	(void)xmlCtxtUseOptions(x->parser, XML_PARSE_RECOVER |
	    XML_PARSE_NONET | (xml_ignores_encoding(x->values.report,
	    str_mem(p, n), x->marked) ? XML_PARSE_IGNORE_ENC : 0));
	return (true);
}

/* libxml2 compares the attributes of a tag with one another, and keeps every
   name. */
static bool
check_bytes(struct xml *x, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == '<') {
			x->in_tag = true;
			x->tag_bytes = 0;
		} else if (p[i] == '>') {
			x->in_tag = false;
		} else if (x->in_tag && ++x->tag_bytes >
		    READ_XML_TAG_MAX_BYTES) {
			stop_xml(x, READ_LIMIT, "an XML tag, comment or "
			    "the like is too long");
			return (false);
		}
	}
	if (x->parser != NULL &&
	    xmlDictSize(x->parser->dict) > READ_XML_NAMES_MAX) {
		stop_xml(x, READ_LIMIT, "too many different XML names");
		return (false);
	}
	return (true);
}

static bool
xml_chunk(struct xml *x, struct str *rest)
{
	size_t n = rest->n < CHUNK_BYTES ? rest->n : CHUNK_BYTES, head = 0;
	const char *p = rest->p, *end = rest->p + rest->n;

	*rest = str_from_offset(*rest, n);
	if (!check_bytes(x, p, n)) {
		return (false);
	}
	if (x->parser == NULL) {
		head = xml_skip_space(x->values.report, p, n, &x->marked);
		p += head;
		n -= head;
		head = n < MAGIC_BYTES ? n : MAGIC_BYTES;
		if (!parser_open(x, p, n, head)) {
			return (false);
		}
	}
	x->chunk = str_mem(p, n);
	x->fed += n;
	(void)xmlParseChunk(x->parser, p + head, (int)(n - head), 0);
	if (x->ended) {
		p += x->used;
		*rest = str_mem(p, (size_t)(end - p));
	}
	return (!x->stopped && read_unit_spend(x->unit, 0));
}

/* Collects what is behind the root element until it can be told. */
static struct str
collect_tail(struct xml *x, struct str *rest)
{
	const struct str mark = STR("\xef\xbb\xbf");
	struct str part;

	while (x->tail_n == 0 && rest->n > 0 && (char_is_fws(rest->p[0]) ||
	    str_starts(*rest, mark))) {
		*rest = str_from_offset(*rest, char_is_fws(rest->p[0]) ? 1 :
		    mark.n);
	}
	part = str_first(*rest, sizeof(x->tail) - x->tail_n);
	if (part.n > 0) {
		memcpy(x->tail + x->tail_n, part.p, part.n);
		x->tail_n += part.n;
	}
	*rest = str_from_offset(*rest, part.n);
	return (str_mem(x->tail, x->tail_n));
}

static void
note_junk(struct xml *x)
{
	x->junk = true;
	x->broken = true;
	if (x->error[0] == '\0') {
		(void)snprintf(x->error, sizeof(x->error),
		    "content behind the document");
	}
}

static const char *
error_text(const struct xml *x)
{
	return (x->error[0] != '\0' ? x->error : "cut off");
}

/* Hands the report to the unit. */
static enum read_result
deliver_report(struct xml *x)
{
	struct report *r = x->values.report;

	r->aggregate.damaged = x->broken;
	if (x->broken) {
		report_warn(r, "XML that is not well-formed (%s); what could "
		    "be read was used", error_text(x));
	} else if (x->error[0] != '\0') {
		report_warn(r, "XML: %s", x->error);
	}
	xml_values_finish(&x->values, x->record_open);
	r->aggregate.xml_namespace = read_text(r, str_from(x->root_ns));
	read_unit_add(x->unit, r);
	x->values.report = NULL;
	return (READ_OK);
}

static enum read_result
end_document(struct xml *x)
{
	enum read_result result;

	if (!x->stopped && !x->ended && x->parser != NULL) {
		(void)xmlParseChunk(x->parser, NULL, 0, 1);
	}
	if (read_unit_over(x->unit)) {
		result = x->unit->worst;
	} else if (x->values.nomem) {
		result = read_unit_fail(x->unit, READ_NOMEM, "out of memory");
	} else if (x->stopped) {
		result = READ_FOREIGN;	/* or damaged, as recorded */
	} else if (!x->found || (x->broken &&
	    x->values.report->aggregate.rows_n == 0)) {
		result = read_unit_fail(x->unit, READ_DAMAGED, "XML that is "
		    "not well-formed (%s)", error_text(x));
	} else {
		result = deliver_report(x);
	}
	if (x->documents > 0 && result != READ_OK &&
	    !read_unit_over(x->unit)) {
		/* A comment may be all of it. */
		if (x->found || x->stopped) {
			read_unit_warn(x->unit, "the XML behind a report is "
			    "no report");
		}
		result = READ_OK;
	}
	return (result);
}

/* The tail begins the next document. */
static bool
next_document(struct xml *x)
{
	struct read_unit *unit = x->unit;
	enum read_result result = end_document(x);
	unsigned documents = x->documents + (result == READ_OK ? 1 : 0);
	/* What is behind a damaged one is read all the same. */
	bool damaged = result == READ_DAMAGED && !read_unit_over(unit);
	bool ok = result == READ_OK || damaged;

	if (damaged) {
		read_unit_warn(unit, "the XML before a report is no report");
	}
	if (ok && ++unit->members > READ_MEMBERS_MAX) {
		(void)read_unit_fail(unit, READ_LIMIT, "more than %d reports "
		    "behind one another", READ_MEMBERS_MAX);
		ok = false;
	}
	fini_document(x);
	if (init_document(x, unit, documents) != STATUS_OK) {
		(void)read_unit_fail(unit, READ_NOMEM, "out of memory");
		ok = false;
	}
	x->stopped = !ok;
	return (ok);
}

static bool	 xml_bytes(void *, const void *, size_t);

/* last: no more will come. */
static bool
take_tail(struct xml *x, struct str *rest, bool last)
{
	char begin[XML_BEGIN_BYTES];
	struct str tail = collect_tail(x, rest);

	if (tail.n == 0 || (tail.n < sizeof(x->tail) && !last)) {
		return (true);
	}
	if (!xml_begins_document(tail)) {
		note_junk(x);
		return (true);
	}
	memcpy(begin, tail.p, tail.n);
	return (next_document(x) && xml_bytes(x, begin, tail.n));
}

static bool
xml_bytes(void *state, const void *bytes, size_t n)
{
	struct xml *x = state;
	struct str rest = str_mem(bytes, n);
	bool more = true;

	while (rest.n > 0 && more && !x->stopped && !x->junk) {
		more = x->ended ? take_tail(x, &rest, false) :
		    xml_chunk(x, &rest);
	}
	return (more && !x->stopped);
}

static enum read_result
xml_end(void *state, bool whole)
{
	struct xml *x = state;
	struct str rest = STR_NONE;
	enum read_result result;

	(void)whole;		/* libxml2 says what is cut off */
	while (x->ended && x->tail_n > 0 && !x->junk && !x->stopped) {
		(void)take_tail(x, &rest, true);
	}
	result = end_document(x);
	fini_document(x);
	free(x);
	return (result);
}

const struct read_kind read_xml = { "XML", xml_open, xml_bytes, xml_end };
