/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>

#include <libmilter/mfapi.h>

#include "milter/negotiate.h"

/* Without these a signature or a result cannot get into the message. */
#define NEEDED_ACTIONS	(SMFIF_ADDHDRS | SMFIF_CHGHDRS)
/* Without QUARANTINE such a verdict becomes a temporary failure. */
#define USEFUL_ACTIONS	(SMFIF_QUARANTINE | SMFIF_SETSYMLIST)

/*
 * Unknown commands are of no use here, and recipients seldom. Nothing before
 * the end of message is ever refused, so that no step needs a reply: the MTA
 * sends them in one go. DATA is a moment at which SPF can go on, some time after
 * MAIL, but not worth a reply. SKIP helps only an MTA that waits for a reply
 * after each part of the body.
 */
#define USEFUL_STEPS							\
	(SMFIP_NOUNKNOWN | SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL |	\
	SMFIP_NR_DATA | SMFIP_NR_HDR | SMFIP_NR_EOH |	\
	SMFIP_NR_BODY | SMFIP_SKIP | SMFIP_HDR_LEADSPC)

bool
negotiate_choose(const struct negotiate *offered, bool rcpts,
    struct negotiate *chosen_r)
{
	if ((offered->actions & NEEDED_ACTIONS) != NEEDED_ACTIONS) {
		return (false);
	}
	chosen_r->actions =
	    offered->actions & (NEEDED_ACTIONS | USEFUL_ACTIONS);
	chosen_r->steps = offered->steps &
	    (USEFUL_STEPS | (rcpts ? SMFIP_NR_RCPT : SMFIP_NORCPT));
	if ((offered->steps & SMFIP_NR_DATA) == 0) {
		chosen_r->steps |= offered->steps & SMFIP_NODATA;
	}
	return (true);
}
