/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read: finds the reports in whatever a report mailbox has: XML, JSON, gzip,
 * zip and other archives, mail, mbox, Maildir, folders of these. The kind of
 * an input is found by its content, never by its name.
 *
 * An input is a file, or one message of an mbox. Each is handled by itself: it
 * gives reports, or a reason why not, and the next one is read.
 * Nothing of an input that exceeds a limit is used. A report that is cut off
 * or not well-formed gives what could be read, with a warning.
 *
 * Members of archives and parts of mail are read in memory, whatever their
 * names. No entity is expanded, no DTD accepted, no other file or address
 * opened. GLib, below GMime, ends the process when memory is out.
 */
#ifndef REPORT_READ_H
#define REPORT_READ_H

#include "base/env.h"
#include "base/status.h"
#include "report/report.h"

/* Limits */

/* Of one input. */
#define READ_UNPACKED_MAX_BYTES	((uint64_t)128 * 1024 * 1024)
/* Unpacked content beyond READ_RATIO_FREE_BYTES may be at most so many times
   its packed size; reports reach 100. */
#define READ_RATIO_MAX		300
#define READ_RATIO_FREE_BYTES	((uint64_t)4 * 1024 * 1024)
#define READ_DEPTH_MAX		4	/* archives within archives */
#define READ_MEMBERS_MAX	1000	/* of archives, in all, and reports
					   behind one another */
#define READ_MAIL_DEPTH_MAX	8	/* mail within mail, and multiparts */
#define READ_PARTS_MAX		1000	/* of mail */
#define READ_CPU_MAX_US		((uint64_t)10 * 1000000)
/* What is read as a whole: an archive that is not gzip, a message, JSON. */
#define READ_WHOLE_MAX_BYTES	((size_t)64 * 1024 * 1024)
#define READ_JSON_MAX_BYTES	((size_t)16 * 1024 * 1024)
/* Of a report of XML. */
#define READ_XML_DEPTH_MAX	32	/* elements */
#define READ_XML_TAG_MAX_BYTES	2048
#define READ_XML_NAMES_MAX	10000	/* different names */
#define READ_ROWS_MAX		500000	/* records that are used */
#define READ_TEXT_MAX_BYTES	4096	/* of one value; the rest is dropped */
#define READ_TEXTS_MAX_BYTES	((size_t)32 * 1024 * 1024)
/* Of the feedback fields of a failure report. */
#define READ_FEEDBACK_MAX_BYTES	((size_t)256 * 1024)
#define READ_TLS_POLICIES_MAX	10000
/* Of folders. */
#define READ_FOLDERS_MAX	16	/* within one another */

enum read_failure {
	READ_FAILURE_FOREIGN,	/* it is no report */
	READ_FAILURE_DAMAGED,	/* it may be one, but cannot be read */
	READ_FAILURE_LIMIT,
	READ_FAILURE_IO		/* no such file, no permission, no memory */
};

struct read_sink {	/* name: of the input, as given, not escaped */
	/* Takes the report, to be freed with report_free(). */
	void	(*report)(void *ctx, const char *name, struct report *);
	/* An oddity of an input that was read. */
	void	(*warn)(void *ctx, const char *name, const char *text);
	/* An input without a report. named: it is a path of reader_path(),
	   neither in a folder nor in a mailbox. */
	void	(*none)(void *ctx, const char *name, bool named,
		    enum read_failure, const char *why);
	void	*ctx;
};

struct reader;

/* env and sink are borrowed. NULL: out of memory. One in the life of a process:
   GMime does not start twice. */
struct reader	*reader_new(const struct env *, const struct read_sink *);
void		 reader_free(struct reader *);	/* accepts NULL */
/* Reads a file, a folder with all below it, a Maildir (cur and new), or
   standard input ("-"). All that happens is passed to the sink. */
void		 reader_path(struct reader *, const char *path);

#endif
