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
 */
#include "config.h"

#include <stdlib.h>

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include "report/read_xml_values.h"

#define CHUNK_BYTES	65536
#define ERROR_BYTES	256
#define NS_BYTES	256
#define MAGIC_BYTES	4	/* tell libxml2 the encoding */
#define ENCODING_BYTES	64	/* a longer name is unknown to it, too */

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
xml_free(struct xml *x)
{
	xmlFreeParserCtxt(x->parser);
	xml_values_fini(&x->values);
	buf_fini(&x->text);
	free(x);
}

static void *
xml_open(struct read_unit *unit, enum read_origin origin, const char *what)
{
	struct xml *x = calloc(1, sizeof(*x));

	(void)origin;
	(void)what;
	if (x == NULL) {
		return (NULL);
	}
	buf_init(&x->text, READ_TEXT_MAX_BYTES + 1);
	x->unit = unit;
	if (xml_values_init(&x->values) != STATUS_OK) {
		xml_free(x);
		return (NULL);
	}
	x->levels[0].place = XML_DOCUMENT;
	return (x);
}

/* The encoding that the declaration names, in what begins with it. */
static struct str
declared_encoding(struct str s)
{
	const struct str name = STR("encoding=");
	size_t i;

	s = str_first(s, str_find(s, '>'));
	if (!str_starts(s, STR("<?xml"))) {
		return (STR_NONE);
	}
	for (i = 0; i + name.n + 1 < s.n; i++) {
		if (str_starts(str_from_offset(s, i), name)) {
			i += name.n;
			return (str_first(str_from_offset(s, i + 1),
			    str_find(str_from_offset(s, i + 1), s.p[i])));
		}
	}
	return (STR_NONE);
}

/* Without a declaration it is UTF-8, or what its mark says. */
static bool
ignores_encoding(struct xml *x, struct str declared)
{
	char name[ENCODING_BYTES];
	xmlCharEncodingHandlerPtr handler;

	if (x->marked || declared.n == 0 || declared.n >= sizeof(name)) {
		return (x->marked);
	}
	memcpy(name, declared.p, declared.n);
	name[declared.n] = '\0';
	/* What calls itself so may well be UTF-8, which has all of it. */
	if (str_eq_ci(declared, STR("us-ascii")) ||
	    str_eq_ci(declared, STR("ascii"))) {
		return (true);
	}
	handler = xmlFindCharEncodingHandler(name);
	if (handler == NULL) {
		report_warn(x->values.report, "the encoding of the XML is not "
		    "known, it was read as UTF-8");
		return (true);
	}
	(void)xmlCharEncCloseFunc(handler);
	return (false);
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
	x->parser = xmlCreatePushParserCtxt(&sax, x, p, (int)head, NULL);
	if (x->parser == NULL) {
		stop_xml(x, READ_NOMEM, "out of memory");
		return (false);
	}
	(void)xmlCtxtUseOptions(x->parser, XML_PARSE_RECOVER |
	    XML_PARSE_NONET | (ignores_encoding(x, declared_encoding(
	    str_mem(p, n))) ? XML_PARSE_IGNORE_ENC : 0));
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

/* White space before the declaration is an error that says nothing. A mark of
   UTF-8 is none, and says nothing either. */
static size_t
leading_space(struct xml *x, const char *p, size_t n)
{
	struct str mark = STR("\xef\xbb\xbf");
	size_t i = 0;
	bool space = false;

	for (;;) {
		if (str_starts(str_mem(p + i, n - i), mark)) {
			i += mark.n;
			x->marked = true;
		} else if (i < n && char_is_fws(p[i])) {
			space = true;
			i++;
		} else {
			break;
		}
	}
	if (space) {
		report_warn(x->values.report, "white space before the XML");
	}
	return (i);
}

static bool
xml_chunk(struct xml *x, const char *p, size_t n)
{
	size_t head = 0;

	if (!check_bytes(x, p, n)) {
		return (false);
	}
	if (x->parser == NULL) {
		head = leading_space(x, p, n);
		p += head;
		n -= head;
		head = n < MAGIC_BYTES ? n : MAGIC_BYTES;
		if (!parser_open(x, p, n, head)) {
			return (false);
		}
	}
	(void)xmlParseChunk(x->parser, p + head, (int)(n - head), 0);
	return (!x->stopped && read_unit_spend(x->unit, 0));
}

static bool
xml_bytes(void *state, const void *bytes, size_t n)
{
	struct xml *x = state;
	const char *p = bytes;
	size_t part;

	for (; n > 0; p += part, n -= part) {
		part = n < CHUNK_BYTES ? n : CHUNK_BYTES;
		if (x->stopped || !xml_chunk(x, p, part)) {
			return (false);
		}
	}
	return (true);
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
xml_end(void *state, bool whole)
{
	struct xml *x = state;
	enum read_result result;

	if (!x->stopped && x->parser != NULL) {
		(void)xmlParseChunk(x->parser, NULL, 0, 1);
	}
	(void)whole;		/* libxml2 says what is cut off */
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
	xml_free(x);
	return (result);
}

const struct read_kind read_xml = { "XML", xml_open, xml_bytes, xml_end };
