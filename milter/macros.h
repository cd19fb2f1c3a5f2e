/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * macros: reads the macros that the MTA sent.
 *
 * After a packet of macros that has a name without a value, libmilter's
 * smfi_getsymval() reads beyond the end of its list (8.17.1.9), and the process
 * may get SIGSEGV. Everybody who can connect to the socket can send such a
 * packet. The function only reads and holds no lock, so this module leaves it
 * from the signal handler, and reports the list as malformed. A SIGSEGV
 * anywhere else ends the process as before.
 */
#ifndef MILTER_MACROS_H
#define MILTER_MACROS_H

#include <stdbool.h>

#include <libmilter/mfapi.h>

/* Installs the signal handler. */
void	 macros_init(void);
/* *value_r: NULL if there is no such macro. False: the list is malformed. */
bool	 macros_get(SMFICTX *, const char *name, const char **value_r);

#endif
