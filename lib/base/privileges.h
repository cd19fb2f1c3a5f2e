/* SPDX-License-Identifier: BSD-2-Clause */
/* privileges: from root to the user that UserID names, for good. */
#ifndef BASE_PRIVILEGES_H
#define BASE_PRIVILEGES_H

#include "base/diag.h"
#include "base/status.h"

/*
 * user_id: "name" or "name:group"; NULL: stay who we are. Who is not root may
 * only name himself.
 */
enum status	privileges_drop(const char *user_id, struct diag *)
    ATTR_MUST_CHECK;

#endif
