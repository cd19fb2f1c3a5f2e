/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <poll.h>

#include "tools/handover.h"

bool
handover_wait(const struct handover *h, int fd, short event,
    uint64_t deadline_us)
{
	struct pollfd p = { .fd = fd, .events = event };
	uint64_t now;
	int n;

	do {
		now = env_mono_us(h->env);
		if (now >= deadline_us) {
			return (false);
		}
		n = poll(&p, 1, (int)((deadline_us - now) / 1000) + 1);
	} while (n == -1 && errno == EINTR);
	return (n > 0);
}

enum handover_result
handover_send(const struct handover *h, const struct handover_mail *mail,
    struct diag *diag)
{
	struct str transport = str_from(h->transport);

	if (h->folder != NULL) {
		return (handover_file(h, mail, diag));
	}
	if (str_starts(transport, STR("smtp:"))) {
		return (handover_smtp(h, h->transport + sizeof("smtp:") - 1,
		    mail, diag));
	}
	return (handover_sendmail(h, str_starts(transport, STR("sendmail:")) ?
	    h->transport + sizeof("sendmail:") - 1 : h->transport, mail,
	    diag));
}
