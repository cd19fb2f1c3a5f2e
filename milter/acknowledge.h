/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acknowledge: the MTA's segments on a TCP connection are acknowledged at once.
 *
 * Sendmail writes macros, a command and each header field as small segments of
 * their own, and Nagle's algorithm holds the second one until the first is
 * acknowledged. After a reply the kernel delays acknowledgements by 40 ms, for
 * the next reply might carry them: a stall at each event that follows a reply.
 * TCP_QUICKACK ends the delay, until the next reply. So it is set after each of
 * them: no connection waits for an event with delayed acknowledgements.
 *
 * libmilter replies after a callback has returned, in the same thread, and has
 * no hook there, so this module defines writev(2), with which libmilter writes.
 */
#ifndef MILTER_ACKNOWLEDGE_H
#define MILTER_ACKNOWLEDGE_H

/* A callback on a TCP connection is about to return: the next writev() of this
   thread is the reply, if there is one. */
void	 acknowledge_after_reply(void);

#endif
