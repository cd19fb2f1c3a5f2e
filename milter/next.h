/* SPDX-License-Identifier: BSD-2-Clause */
/* next: for modules that define a function of a library to change what it does
   for libmilter: the library's own definition. */
#ifndef MILTER_NEXT_H
#define MILTER_NEXT_H

/* Copies the address of the next definition of a function, or NULL, to *r, a
   pointer to that function. */
void	 next_find(const char *name, void *r);

#endif
