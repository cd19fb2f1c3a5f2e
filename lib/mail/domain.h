/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * domain: normalised names, which are compared and looked up: lower-case
 * A-labels without a trailing dot (RFC 5890, RFC 8616).
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

/* The same name with U-labels where there are A-labels (RFC 5891), for a
   reader; itself if it has none or one that is invalid. */
enum status	 domain_to_unicode(struct arena *, struct str name,
		    struct str *r) ATTR_MUST_CHECK;
/*
 * Folds to lower case, converts U-labels to A-labels, drops a trailing dot; the
 * copy is in the arena. SYNTAX: empty name or label, label or name too long, an
 * octet other than letters, digits, '-', '_' and valid UTF-8.
 */
enum status	domain_normalize(struct arena *, struct str, struct str *name_r)
    ATTR_MUST_CHECK;
/* The number of labels of a normalised name; 0 for an empty one. */
size_t	domain_labels(struct str);
/* Whether name is parent or below it; both normalised, neither empty. */
bool	domain_is_within(struct str name, struct str parent);
/* selector._domainkey.domain, the owner of a key record (RFC 6376 3.6.2.1), in
   the arena; p == NULL: out of memory. */
struct str	domain_key_name(struct arena *, struct str selector,
		    struct str domain) ATTR_MUST_CHECK;
/*
 * "s._domainkey.example.com" entered in the zone example.com as it is, without
 * a dot at its end, becomes "s._domainkey.example.com.example.com": that name,
 * in the arena; p == NULL: out of memory. The texts say so, and how to mend it.
 */
struct str	domain_doubled(struct arena *, struct str name, struct str zone)
    ATTR_MUST_CHECK;
#define DOMAIN_DOUBLED_WHAT	"the zone's name occurs twice in it"
#define DOMAIN_DOUBLED_TODO	"enter the name without the zone's, or with a "\
				"dot at its end"
/* The name without its first label; empty for a single label. */
struct str	domain_parent(struct str);

#endif
