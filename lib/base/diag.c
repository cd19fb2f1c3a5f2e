/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "base/diag.h"

void
diag_init(struct diag *d)
{
	d->text[0] = '\0';
}

void
diag_set(struct diag *d, const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;
	int n = 0;

	if (d->text[0] != '\0') {
		return;
	}
	if (file != NULL && line > 0) {
		n = snprintf(d->text, sizeof(d->text), "%s:%u: ", file, line);
	} else if (file != NULL) {
		n = snprintf(d->text, sizeof(d->text), "%s: ", file);
	}
	if (n < 0 || (size_t)n >= sizeof(d->text)) {
		return;
	}
	va_start(ap, fmt);
	vsnprintf(d->text + n, sizeof(d->text) - (size_t)n, fmt, ap);
	va_end(ap);
}
