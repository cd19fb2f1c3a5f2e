/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/escape.h"
#include "signers/named.h"

#define NAME_MAX_BYTES	255
#define TEXT_MAX_BYTES	((NAMED_SHOWN + 1) * 4 * NAME_MAX_BYTES)

void
named_init(struct named *named)
{
	buf_init(&named->text, TEXT_MAX_BYTES);
	named->n = 0;
}

void
named_fini(struct named *named)
{
	buf_fini(&named->text);
}

void
named_add(struct named *named, struct str domain)
{
	if (named->n++ < NAMED_SHOWN) {
		buf_add_cstr(&named->text, named->n > 1 ? ", " : "");
		escape_text(&named->text, domain, NAME_MAX_BYTES);
	}
}

const char *
named_end(struct named *named)
{
	if (named->n > NAMED_SHOWN) {
		buf_printf(&named->text, " and %zu others",
		    named->n - NAMED_SHOWN);
	}
	return (named->n > 0 && named->text.status == STATUS_OK ?
	    named->text.p : NULL);
}
