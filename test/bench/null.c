/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * null: a milter that negotiates and listens as mailseald does, looks at
 * nothing and adds one field of the size of a signature. What Postfix takes
 * longer with it than without is the price of libmilter and of Postfix's own
 * work for any milter that adds a field.
 */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <stdio.h>

#include <libmilter/mfapi.h>

#include "base/diag.h"
#include "milter/listen.h"
#include "milter/negotiate.h"

#define FIELD_BYTES	400

static char field[FIELD_BYTES];	/* constant before the first connection */
static bool over_tcp;

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
    unsigned long unused0, unsigned long unused1, unsigned long *actions_r,
    unsigned long *steps_r, unsigned long *unused0_r, unsigned long *unused1_r)
{
	struct negotiate offered = { actions, steps }, chosen;

	(void)ctx;
	(void)unused0;
	(void)unused1;
	if (!negotiate_choose(&offered,
	    (struct negotiate_wish){ .tcp = over_tcp }, &chosen)) {
		return (SMFIS_REJECT);
	}
	*actions_r = chosen.actions;
	*steps_r = chosen.steps;
	*unused0_r = *unused1_r = 0;
	return (SMFIS_CONTINUE);
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, struct sockaddr *addr)
{
	(void)ctx;
	(void)name;
	(void)addr;
	return (SMFIS_NOREPLY);
}

static sfsistat
on_text(SMFICTX *ctx, char *text)
{
	(void)ctx;
	(void)text;
	return (SMFIS_NOREPLY);
}

static sfsistat
on_list(SMFICTX *ctx, char **list)
{
	(void)ctx;
	(void)list;
	return (SMFIS_NOREPLY);
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return (SMFIS_NOREPLY);
}

static sfsistat
on_data(SMFICTX *ctx)
{
	(void)ctx;
	return (over_tcp ? SMFIS_CONTINUE : SMFIS_NOREPLY);
}

static sfsistat
on_eoh(SMFICTX *ctx)
{
	(void)ctx;
	return (SMFIS_NOREPLY);
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *data, size_t n)
{
	(void)ctx;
	(void)data;
	(void)n;
	return (SMFIS_NOREPLY);
}

static sfsistat
on_eom(SMFICTX *ctx)
{
	static char name[] = "X-Null";

	return (smfi_insheader(ctx, 0, name, field) == MI_SUCCESS ?
	    SMFIS_CONTINUE : SMFIS_TEMPFAIL);
}

static struct smfiDesc description = {
	.xxfi_name = "null",
	.xxfi_version = SMFI_VERSION,
	.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE,
	.xxfi_connect = on_connect,
	.xxfi_helo = on_text,
	.xxfi_envfrom = on_list,
	.xxfi_envrcpt = on_list,
	.xxfi_data = on_data,
	.xxfi_header = on_header,
	.xxfi_eoh = on_eoh,
	.xxfi_body = on_body,
	.xxfi_eom = on_eom,
	.xxfi_negotiate = on_negotiate,
};

int
main(int argc, char **argv)
{
	struct diag diag;
	size_t i;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: null SOCKET\n");
		return (2);
	}
	for (i = 0; i < sizeof(field) - 1; i++) {
		field[i] = i % 70 == 69 ? '\n' : i % 70 == 0 ? ' ' : 'x';
	}
	diag_init(&diag);
	(void)umask(0);
	over_tcp = listen_path(argv[1]) == NULL;
	if (smfi_register(description) != MI_SUCCESS ||
	    listen_open(argv[1], &fd, &diag) != STATUS_OK) {
		fprintf(stderr, "null: %s\n", diag.text);
		return (1);
	}
	return (smfi_main() == MI_SUCCESS ? 0 : 1);
}
