/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message: a whole message from a file, for the tools and the tests. LF line
 * ends are taken as CRLF (a CRLF stays one). A line that is no header field
 * ends the header; the empty line between header and body is not body.
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
/* Reads a file ("-" or NULL: standard input) whole; IO, LIMIT, NOMEM. */
enum status	message_read(const char *path, size_t max_bytes,
		    struct arena *, struct str *r) ATTR_MUST_CHECK;

#endif
