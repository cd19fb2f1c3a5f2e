/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/bounce.h"

#include "test/unit/guard.h"
#include "test/unit/tap.h"

#define HEAD	"From: MAILER-DAEMON@mx.example\nMIME-Version: 1.0\n"	\
    "Content-Type: multipart/report; report-type=delivery-status;\n"	\
    "\tboundary=\"b\"\n\n--b\nContent-Type: text/plain\n\nAction: failed\n"
#define STATUS	"\n--b\nContent-Type: message/delivery-status\n\n"	\
    "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@b.example\n"
#define END	"\n--b\nContent-Type: message/rfc822\n\n"		\
    "Action: failed\n\n--b--\n"

static const struct {
	const char	*name;
	const char	*mail;
	enum bounce	 want;
} rows[] = {
	{ "failed", HEAD STATUS "Action: failed\nStatus: 5.1.1\n" END,
	    BOUNCE_FAILED },
	{ "delayed", HEAD STATUS "Action: delayed\nStatus: 4.4.1\n" END,
	    BOUNCE_DELAYED },
	{ "relayed", HEAD STATUS "Action: relayed\n" END, BOUNCE_DELAYED },
	{ "case and space", HEAD STATUS "ACTION \t:  Failed (x)\n" END,
	    BOUNCE_FAILED },
	{ "CRLF", "Content-Type: message/delivery-status\r\n\r\n"
	    "Action: failed\r\n", BOUNCE_FAILED },
	{ "RFC 6533", "Content-Type: message/global-delivery-status;"
	    " charset=utf-8\n\nAction: failed\n", BOUNCE_FAILED },
	{ "an answer of a person", "From: a@b.example\n"
	    "Content-Type: text/plain\n\nAction: failed\n", BOUNCE_NONE },
	{ "a notification of vacation", "From: a@b.example\n"
	    "Auto-Submitted: auto-replied\n\nI am away.\n", BOUNCE_NONE },
	{ "the text for people does not count", HEAD END, BOUNCE_NONE },
	{ "nor the mail that is returned",
	    HEAD STATUS "Action: delayed\n" END, BOUNCE_DELAYED },
	{ "no end", "Content-Type: message/delivery-status\n\nAction:fail",
	    BOUNCE_DELAYED },
	{ "nothing", "", BOUNCE_NONE },
	{ "only line ends", "\n\n\n", BOUNCE_NONE },
};

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tap_num(bounce_read(guard_put(str_from(rows[i].mail))),
		    rows[i].want, rows[i].name);
	}
	return (tap_done());
}
