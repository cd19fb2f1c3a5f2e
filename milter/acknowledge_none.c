/* SPDX-License-Identifier: BSD-2-Clause */
/* For systems without TCP_QUICKACK. */
#include "config.h"

#include "milter/acknowledge.h"

void
acknowledge_after_reply(void)
{
}
