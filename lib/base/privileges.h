/* SPDX-License-Identifier: BSD-2-Clause */
/* privileges: drops root's permissions for those of UserID, permanently. */
#ifndef BASE_PRIVILEGES_H
#define BASE_PRIVILEGES_H

#include "base/diag.h"
#include "base/status.h"

/*
 * user_id: "name" or "name:group"; NULL: keep the current user. A process that
 * is not root's may only name its own user.
 */
enum status	privileges_drop(const char *user_id, struct diag *)
    ATTR_MUST_CHECK;

#endif
