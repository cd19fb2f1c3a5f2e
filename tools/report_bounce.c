/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailseal report bounce: a mail to the return path of a report, from the MTA.
 * Only its tag says which report and address it is about. The exit status is
 * one of sysexits.h, as MTAs understand it; a mail is never bounced.
 */
#include "config.h"

#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "report/bounce.h"
#include "tools/report.h"
#include "tools/report_db.h"
#include "tools/report_send.h"

/* False: it could not be read. A longer mail is read to its first part. */
static bool
read_mail(struct buf *mail)
{
	char piece[8192];
	size_t n;

	while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0) {
		buf_add(mail, piece, n < BOUNCE_MAX_BYTES - mail->n ? n :
		    BOUNCE_MAX_BYTES - mail->n);
	}
	return (!ferror(stdin) && mail->status == STATUS_OK);
}

static bool
is_tag(struct str tag)
{
	size_t i;

	for (i = 0; i < tag.n; i++) {
		if (!char_is_alpha(tag.p[i]) && !char_is_digit(tag.p[i])) {
			return (false);
		}
	}
	return (tag.n == REPORT_SEND_TAG_BYTES - 1);
}

/* Local parts may have changed their case on the way. */
static enum status
find_delivery(struct report_db *db, const char *tag,
    struct report_delivery **r, size_t *n_r)
{
	char *lower = arena_cstr(&db->arena, str_from(tag)), *p;

	if (lower == NULL) {
		return (STATUS_NOMEM);
	}
	for (p = lower; *p != '\0'; p++) {
		*p = char_lower(*p);
	}
	return (report_store_by_tag(db->store, &db->arena, str_from(lower), r,
	    n_r, &db->diag));
}

static enum status
take_bounce(struct report_db *db, const char *tag)
{
	struct report_delivery *d = NULL;
	enum status status;
	size_t n = 0;

	status = find_delivery(db, tag, &d, &n);
	if (status != STATUS_OK) {
		return (status);
	}
	if (n == 0) {
		cli_warn("no report was sent with the tag %s", tag);
		return (STATUS_OK);
	}
	/* Each report suppresses its address once. */
	if (d->state == REPORT_DELIVERY_FAILED) {
		return (STATUS_OK);
	}
	status = report_suppress(db->store, &db->arena, d->address,
	    STR("bounced"), db->now_s, &db->diag);
	if (status != STATUS_OK) {
		return (status);
	}
	d->state = REPORT_DELIVERY_FAILED;
	d->note = STR("bounced");
	return (report_store_deliver(db->store, d, &db->diag));
}

int
report_bounce_main(const struct cli_command *command, int argc, char **argv)
{
	struct report_db db;
	const char *tag;
	struct buf mail;
	int early, result = EX_TEMPFAIL;

	report_db_init(&db);
	early = cli_options(command, argc, argv, report_db_take, &db);
	if (early != CLI_END) {
		return (early == CLI_USAGE ? EX_USAGE : early);
	}
	tag = optind < argc ? argv[optind] : getenv("EXTENSION");
	buf_init(&mail, BOUNCE_MAX_BYTES);
	if (!read_mail(&mail)) {
		cli_warn("the mail cannot be read");
	} else if (tag == NULL || !is_tag(str_from(tag))) {
		cli_warn("no tag of a report: the mail is dropped");
		result = EX_OK;
	} else if (bounce_read(buf_str(&mail)) != BOUNCE_FAILED) {
		result = EX_OK;
	} else if (report_db_open(&db)) {
		result = EX_OK;
		if (take_bounce(&db, tag) != STATUS_OK) {
			(void)report_db_fail(&db);
			result = EX_TEMPFAIL;
		}
	}
	buf_fini(&mail);
	report_db_close(&db);
	return (result);
}
