/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked of an MTA is never more than it offers. */
#include <sys/types.h>

#include <libmilter/mfapi.h>

#include "milter/negotiate.h"
#include "test/unit/tap.h"

#define FIELDS	(SMFIF_ADDHDRS | SMFIF_CHGHDRS)
#define ALL_NR	(SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL |	\
		SMFIP_NR_DATA | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY)

static const struct {
	const char	*name;
	unsigned long	 actions, steps;	/* offered */
	struct negotiate_wish wish;
	bool		 want;
	unsigned long	 want_actions, want_steps;
} rows[] = {
	{ "all that protocol 6 has", SMFI_CURR_ACTS, SMFI_CURR_PROT, { 0 },
	    true, FIELDS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST,
	    ALL_NR | SMFIP_NORCPT | SMFIP_NOUNKNOWN | SMFIP_SKIP |
	    SMFIP_HDR_LEADSPC },
	{ "all that protocol 6 has, over TCP: DATA is answered",
	    SMFI_CURR_ACTS, SMFI_CURR_PROT, { .tcp = true }, true,
	    FIELDS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST,
	    (ALL_NR & ~(unsigned long)SMFIP_NR_DATA) | SMFIP_NORCPT |
	    SMFIP_NOUNKNOWN | SMFIP_SKIP | SMFIP_HDR_LEADSPC },
	{ "DATA would want a reply", FIELDS, SMFIP_NODATA | SMFIP_NR_MAIL,
	    { 0 }, true, FIELDS, SMFIP_NODATA | SMFIP_NR_MAIL },
	{ "recipients, too", SMFI_CURR_ACTS, SMFI_CURR_PROT, { .rcpts = true },
	    true,
	    FIELDS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST,
	    ALL_NR | SMFIP_NR_RCPT | SMFIP_NOUNKNOWN | SMFIP_SKIP |
	    SMFIP_HDR_LEADSPC },
	{ "recipients, with a reply", FIELDS, SMFIP_NORCPT, { .rcpts = true },
	    true, FIELDS, 0 },
	{ "protocol 2", SMFI_V2_ACTS, SMFI_V2_PROT, { 0 }, true,
	    FIELDS | SMFIF_QUARANTINE, SMFIP_NORCPT },
	{ "no steps at all", FIELDS, 0, { 0 }, true, FIELDS, 0 },
	{ "no quarantine", FIELDS, SMFIP_SKIP, { 0 }, true, FIELDS,
	    SMFIP_SKIP },
	{ "cannot add a field", SMFIF_CHGHDRS, SMFI_CURR_PROT,
	    { 0 }, false, 0, 0 },
	{ "cannot delete a field", SMFIF_ADDHDRS, SMFI_CURR_PROT,
	    { 0 }, false, 0, 0 },
	{ "can do nothing", 0, 0,
	    { 0 }, false, 0, 0 },
};

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct negotiate offered = { rows[i].actions, rows[i].steps };
		struct negotiate chosen = { 0, 0 };

		tap_num(negotiate_choose(&offered, rows[i].wish, &chosen),
		    rows[i].want, rows[i].name);
		tap_num((long long)chosen.actions,
		    (long long)rows[i].want_actions, rows[i].name);
		tap_num((long long)chosen.steps,
		    (long long)rows[i].want_steps, rows[i].name);
	}
	return (tap_done());
}
