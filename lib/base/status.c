/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/status.h"

const char *
status_text(enum status status)
{
	switch (status) {
	case STATUS_OK:
		return ("ok");
	case STATUS_NOMEM:
		return ("out of memory");
	case STATUS_LIMIT:
		return ("beyond a limit");
	case STATUS_SYNTAX:
		return ("syntax error");
	case STATUS_TEMP:
		return ("temporary failure");
	case STATUS_IO:
		return ("input or output error");
	}
	return ("unknown");
}
