/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * domain: names in the one form in which they are compared and looked up:
 * lower-case A-labels without a trailing dot (RFC 5890, RFC 8616).
 */
#ifndef MAIL_DOMAIN_H
#define MAIL_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

#define DOMAIN_MAX_BYTES	253
#define DOMAIN_LABEL_MAX_BYTES	63

/*
 * Lower-case, U-labels to A-labels, trailing dot dropped; a copy in the arena.
 * SYNTAX: empty, empty label, label or name too long, an octet that no
 * name in mail holds (all but letters, digits, '-', '_' and valid UTF-8).
 */
enum status	domain_normalize(struct arena *, struct str, struct str *name_r)
    ATTR_MUST_CHECK;
/* Labels of a normalised name; 0 for an empty one. */
size_t	domain_labels(struct str);
/* name equals parent or stands below it; both normalised, neither empty. */
bool	domain_is_within(struct str name, struct str parent);
/* selector._domainkey.domain, where a key's record is (RFC 6376 3.6.2.1), in the
   arena; p == NULL: no memory. */
struct str	domain_key_name(struct arena *, struct str selector,
		    struct str domain) ATTR_MUST_CHECK;
/* The name without its first label; empty when it has one label only. */
struct str	domain_parent(struct str);

#endif
