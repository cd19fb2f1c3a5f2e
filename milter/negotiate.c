/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>

#include <libmilter/mfapi.h>

#include "milter/negotiate.h"

/* Without these no signature or result can be added. */
#define NEEDED_ACTIONS	(SMFIF_ADDHDRS | SMFIF_CHGHDRS)
/* Without QUARANTINE a quarantine becomes a temporary failure. */
#define USEFUL_ACTIONS	(SMFIF_QUARANTINE | SMFIF_SETSYMLIST)

/*
 * Unknown commands are not needed, recipients seldom are. Nothing before the
 * end of message is ever refused, so no step needs a reply and the MTA sends
 * them in one go. SKIP helps only an MTA that waits for a reply after each part
 * of the body.
 */
#define USEFUL_STEPS							\
	(SMFIP_NOUNKNOWN | SMFIP_NR_CONN | SMFIP_NR_HELO |		\
	SMFIP_NR_MAIL | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY |	\
	SMFIP_SKIP | SMFIP_HDR_LEADSPC)

/*
 * DATA is a moment at which SPF can go on, some time after MAIL. Over TCP it is
 * answered: the MTA has sent a small segment by then, and Nagle's algorithm
 * holds the next one, the header, until that is acknowledged. Without a reply
 * to carry the acknowledgement the kernel delays it by 40 ms. Elsewhere a reply
 * would only cost time.
 */
static unsigned long
choose_data_steps(unsigned long offered, bool tcp)
{
	if ((offered & SMFIP_NR_DATA) == 0) {
		return (offered & SMFIP_NODATA);
	}
	return (tcp ? 0 : SMFIP_NR_DATA);
}

bool
negotiate_choose(const struct negotiate *offered, struct negotiate_wish wish,
    struct negotiate *chosen_r)
{
	if ((offered->actions & NEEDED_ACTIONS) != NEEDED_ACTIONS) {
		return (false);
	}
	chosen_r->actions =
	    offered->actions & (NEEDED_ACTIONS | USEFUL_ACTIONS);
	chosen_r->steps = (offered->steps & USEFUL_STEPS) |
	    (offered->steps & (wish.rcpts ? SMFIP_NR_RCPT : SMFIP_NORCPT)) |
	    choose_data_steps(offered->steps, wish.tcp);
	return (true);
}
