/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/bounce.h"
#include "test/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str mail = str_mem(data, n);
	enum bounce bounce = bounce_read(mail);

	FUZZ_CHECK(bounce == BOUNCE_NONE || bounce == BOUNCE_DELAYED ||
	    bounce == BOUNCE_FAILED);
	/* Before its first line nothing is known. */
	FUZZ_CHECK(bounce_read(str_first(mail, str_find(mail, '\n'))) ==
	    BOUNCE_NONE);
	return (0);
}
