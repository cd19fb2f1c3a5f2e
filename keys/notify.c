/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/types.h>

#include <stdio.h>
#include <unistd.h>

#include "keys/notify.h"
#include "keys/program.h"

#define TIMEOUT_S	60
#define HOST_BYTES	256

void
notice_init(struct notice *notice)
{
	*notice = (struct notice){ .n = 0 };
	buf_init(&notice->text, NOTIFY_MAX_BYTES);
}

void
notice_fini(struct notice *notice)
{
	buf_fini(&notice->text);
}

void
notice_add(struct notice *notice, const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text) ||
	    notice->text.n + (size_t)n + 2 > NOTIFY_MAX_BYTES) {
		notice->omitted++;
		return;
	}
	buf_printf(&notice->text, "%s\n\n", text);
	notice->n++;
}

static void
write_text(const struct notice *notice, struct buf *out)
{
	buf_add_cstr(out, "dkimkeygen cannot do this alone:\n\n");
	buf_add_str(out, buf_str(&notice->text));
	if (notice->omitted > 0) {
		buf_printf(out, "and %zu more: dkimkeygen list shows them\n\n",
		    notice->omitted);
	}
	buf_add_cstr(out, "dkimkeygen list shows what each key waits for, "
	    "dkimkeygen check what the\nname servers have.\n");
}

static void
write_mail(const struct notice *notice, struct str address, struct buf *out)
{
	char host[HOST_BYTES] = "";

	(void)gethostname(host, sizeof(host) - 1);
	buf_printf(out, "To: %.*s\nSubject: dkimkeygen: %zu DKIM %s need"
	    "%s attention on %s\nAuto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n\n", STR_FMT(address),
	    notice->n + notice->omitted, notice->n + notice->omitted == 1 ?
	    "key" : "keys", notice->n + notice->omitted == 1 ? "s" : "", host);
	write_text(notice, out);
}

static enum status
run_notify(struct store *store, const struct notice *notice,
    struct buf *text, struct diag *diag)
{
	struct str where = str_from(store->policy.notify);
	char *program[] = { store->policy.notify, NULL };
	char ignore_dots[] = "-oi", end[] = "--";
	char *mail[] = { store->policy.sendmail_program, ignore_dots, end,
		NULL, NULL };
	bool mails = str_starts(where, STR(POLICY_MAILTO));

	if (mails) {
		mail[3] = store->policy.notify + strlen(POLICY_MAILTO);
		write_mail(notice, str_from(mail[3]), text);
	} else {
		write_text(notice, text);
	}
	return (text->status != STATUS_OK ? text->status :
	    program_run(&store->env, mails ? mail : program, buf_str(text),
	    TIMEOUT_S, diag));
}

bool
notice_send(struct store *store, struct notice *notice)
{
	enum status status;
	struct diag diag;
	struct buf text;

	if (store->policy.notify == NULL || notice->n + notice->omitted == 0) {
		return (true);
	}
	diag_init(&diag);
	buf_init(&text, PROGRAM_INPUT_MAX_BYTES);
	status = run_notify(store, notice, &text, &diag);
	buf_fini(&text);
	if (status != STATUS_OK) {
		(void)cli_fail("Notify: %s", diag.text[0] != '\0' ?
		    diag.text : status_text(status));
	}
	return (status == STATUS_OK);
}
