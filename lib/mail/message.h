/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message: reads a whole message, for the tools and the tests. A bare LF is
 * read as CRLF. A line that is not a header field ends the header. The empty
 * line between header and body belongs to neither.
 */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"
#include "mail/field.h"

struct message {
	struct field_list	fields;
	struct str		body;	/* CRLF line ends; may be empty */
};

/* SYNTAX on empty input; LIMIT as field_list_add_raw. */
enum status	message_parse(struct arena *, struct str, struct message *r)
    ATTR_MUST_CHECK;
/* Reads all of a file ("-" or NULL: standard input); IO, LIMIT, NOMEM. */
enum status	message_read(const char *path, size_t max_bytes,
		    struct arena *, struct str *r) ATTR_MUST_CHECK;

#endif
