/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_private: what the files of the reader share.
 *
 * A unit is one input. Its bytes go through a feed, which finds their kind by
 * the first READ_SNIFF_BYTES and hands them to the reader of that kind; what
 * that one unpacks goes through feeds of its own. Reports are kept with the
 * unit until it is done.
 */
#ifndef REPORT_READ_PRIVATE_H
#define REPORT_READ_PRIVATE_H

#include "base/buf.h"
#include "report/read.h"

#define READ_SNIFF_BYTES	512
#define READ_REASON_BYTES	512
#define READ_WARNINGS_MAX	20	/* of one input */

enum read_result {		/* in the order of what counts */
	READ_OK,		/* a report, or several */
	READ_FOREIGN,
	READ_DAMAGED,
	READ_LIMIT,
	READ_NOMEM
};

enum read_origin {		/* of the bytes of a feed */
	READ_INPUT,		/* the input itself */
	READ_PACKED,		/* out of an archive */
	READ_ATTACHED,		/* a part of mail */
	READ_PROSE		/* a part of mail that is shown as text: XML and
				   JSON are looked for, not mail */
};

struct read_unit {
	const struct env	*env;
	struct report		*first;
	struct report		**tail;
	size_t			 reports_n;
	uint64_t		 packed_bytes;	/* of the input, so far */
	uint64_t		 unpacked_bytes;
	uint64_t		 cpu_start_us;
	unsigned		 depth;		/* archives around */
	unsigned		 mail_depth;
	unsigned		 members;
	unsigned		 parts;
	enum read_result	 worst;
	char			 reason[READ_REASON_BYTES];	/* of worst */
	char			*warnings[READ_WARNINGS_MAX];
	size_t			 warnings_n;
};

void	 read_unit_init(struct read_unit *, const struct env *);
void	 read_unit_fini(struct read_unit *);
/* Takes the report. */
void	 read_unit_add(struct read_unit *, struct report *);
void	 read_unit_warn(struct read_unit *, const char *fmt, ...)
    ATTR_PRINTF(2, 3);
/* Records why there is no report; the first reason of the worst result stays.
   Returns the result. */
enum read_result read_unit_fail(struct read_unit *, enum read_result,
		    const char *fmt, ...) ATTR_PRINTF(3, 4);
/* Counts n unpacked bytes. False: a limit is exceeded, and recorded. */
bool	 read_unit_spend(struct read_unit *, size_t n);
/* Whether the input is given up: a limit, or no memory. */
bool	 read_unit_over(const struct read_unit *);

/* Feeds */

struct read_feed;

/* what: for messages: "member a.xml", "attachment"; NULL for an input. NULL:
   no memory, or nested too deep, which is recorded. */
struct read_feed *read_feed_new(struct read_unit *, enum read_origin,
		    const char *what);
/* False: the rest need not be read. */
bool		 read_feed_bytes(struct read_feed *, const void *, size_t n);
/* whole: all of it was there. Frees the feed. */
enum read_result read_feed_end(struct read_feed *, bool whole);

/*
 * A reader of one kind. state: its own, made by open. bytes and end may be
 * called after an error; end frees the state.
 */
struct read_kind {
	const char	 *name;
	void		*(*open)(struct read_unit *, enum read_origin,
			    const char *what);
	bool		 (*bytes)(void *state, const void *, size_t n);
	enum read_result (*end)(void *state, bool whole);
};

extern const struct read_kind read_gzip;	/* read_gzip.c */
extern const struct read_kind read_archive;	/* read_archive.c */
extern const struct read_kind read_base64;	/* read_base64.c */
extern const struct read_kind read_xml;		/* read_xml.c */
extern const struct read_kind read_json;	/* read_tls.c */
extern const struct read_kind read_mail;	/* read_mail.c */
extern const struct read_kind read_mbox;	/* read_mail.c */

/* The kind of what begins so; NULL: none. */
const struct read_kind	*read_sniff(struct str, enum read_origin);
/* Mail or an mbox without what some programs write before it: a mark, empty
   lines, its size. */
struct str	 read_mail_start(struct str);

/* Kinds that need all bytes at once */

struct read_whole {
	struct read_unit	*unit;
	struct buf		 bytes;
	char			*what;	/* or NULL */
	enum read_origin	 origin;
};

struct read_whole *read_whole_new(struct read_unit *, enum read_origin,
		    const char *what, size_t max_bytes);
bool		 read_whole_bytes(void *state, const void *, size_t n);
void		 read_whole_free(struct read_whole *);

/* Parts */

/* All parts of a message. */
enum read_result read_mail_text(struct read_unit *, struct str);
void		 read_mail_init(void);
void		 read_mail_fini(void);
/* The fields of a message/feedback-report. */
enum read_result read_feedback(struct read_unit *, struct str);
/* A copy in the report's arena, cut at READ_TEXT_MAX_BYTES; "" when out of
   memory, with a warning. */
const char	*read_text(struct report *, struct str);

#endif
