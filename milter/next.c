/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <dlfcn.h>
#include <string.h>

#include "milter/next.h"

void
next_find(const char *name, void *r)
{
	void *function = dlsym(RTLD_NEXT, name);

	memcpy(r, &function, sizeof(function));
}
