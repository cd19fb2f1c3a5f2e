/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * milters: smtpd_milters and its kin, as main.cf has them: milters separated by
 * commas or white space, each "inet:host:port", "unix:path" or "{ socket,
 * option = value ... }"; and $names.
 *
 * A list is only ever appended to, or gets a milter in the place of one of
 * ours: the filters that are there keep their place and their spelling. A list
 * that uses more of Postfix's language than that (nested braces, ${name?...},
 * an unbalanced brace) is not plain: whoever would change it stops instead.
 */
#ifndef POSTFIX_MILTERS_H
#define POSTFIX_MILTERS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Whether the list can be appended to. */
bool		 milters_is_plain(struct str list);
/* The next milter, "{ ... }" as a whole; false at the end. */
bool		 milters_next(struct str *rest, struct str *item_r);
/* Whether both are the same socket. A path of "unix:" may be relative to the
   queue directory. */
bool		 milters_same(struct str a, struct str b, struct str queue);
/* Whether one of the list has that socket. */
bool		 milters_has(struct str list, struct str socket,
		    struct str queue);
/* How many have another socket. */
size_t		 milters_others(struct str list, struct str socket,
		    struct str queue);
/* The list with the milter at its end. */
void		 milters_append(struct buf *, struct str list,
		    struct str item);
/* The same without any white space, which postconf -P refuses. */
void		 milters_append_tight(struct buf *, struct str list,
		    struct str item);
/* The list without those that have the socket. tight: without white space. */
void		 milters_remove(struct buf *, struct str list,
		    struct str socket, struct str queue, bool tight);
/* The same with the milter in the place of the first of them, or at the end. */
void		 milters_replace(struct buf *, struct str list,
		    struct str socket, struct str queue, struct str item,
		    bool tight);
/*
 * Postfix's form of a socket of mailseald.conf ("inet:8891@127.0.0.1"), with a
 * path relative to the queue directory if it is below: a chroot sees it so.
 * False: the socket has no such form.
 */
bool		 milters_from_socket(struct buf *, struct str socket,
		    struct str queue);

#endif
