/* SPDX-License-Identifier: BSD-2-Clause */
/* serve: what the main thread of the mail process does while it is in service:
   it obeys the parent, and looks after things by the clock. */
#ifndef MILTER_SERVE_H
#define MILTER_SERVE_H

#include "milter/mail.h"

/* Returns when the process is to stop. */
void	 serve_mail(struct mail *);

#endif
