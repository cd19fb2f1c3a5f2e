/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mark_key: the secret of the marks that tell mail from outside when it comes
 * back (engine/mark.h). A file of 32 random octets in base64 (MarkKeyFile),
 * created at the first start; another text of as many characters serves, too.
 * Hosts that pass mail to each other use copies of one file.
 *
 * The default file is optional: without it marks hold until the process ends,
 * unless there are KeyFiles. A file that is configured must be usable.
 */
#ifndef MILTER_MARK_KEY_H
#define MILTER_MARK_KEY_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "conf/conf.h"

#define MARK_KEY_MIN_BYTES	32	/* of text */
#define MARK_KEY_MAX_BYTES	4096

/*
 * Appends the secret to a buffer of MARK_KEY_MAX_BYTES. may_create: create the
 * file if it is missing; else only check that this is possible.
 */
enum status	mark_key_load(const struct conf *, const struct env *,
		    bool may_create, struct buf *secret, struct diag *)
    ATTR_MUST_CHECK;

#endif
