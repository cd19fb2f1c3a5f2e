/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim/result.h"

const char *
dkim_result_name(enum dkim_result result)
{
	switch (result) {
	case DKIM_NONE:
		return ("none");
	case DKIM_PASS:
		return ("pass");
	case DKIM_FAIL:
		return ("fail");
	case DKIM_POLICY:
		return ("policy");
	case DKIM_NEUTRAL:
		return ("neutral");
	case DKIM_TEMPERROR:
		return ("temperror");
	case DKIM_PERMERROR:
		return ("permerror");
	}
	return ("unknown");
}
