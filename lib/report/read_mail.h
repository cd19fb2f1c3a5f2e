/* SPDX-License-Identifier: BSD-2-Clause */
/* read_mail: the part of the reader that knows GMime. */
#ifndef REPORT_READ_MAIL_H
#define REPORT_READ_MAIL_H

#include <stdbool.h>

#include <gmime/gmime.h>

struct read_unit;

/* Reads all parts of a message. */
void	 read_mail_message(struct read_unit *, GMimeMessage *);
/* False: no more messages. */
typedef bool	 read_mail_take(void *ctx, GMimeMessage *);
/* Calls take for each message of an mbox, or for the only one. */
void	 read_mail_stream(GMimeStream *, bool mbox, read_mail_take *,
	    void *ctx);

#endif
