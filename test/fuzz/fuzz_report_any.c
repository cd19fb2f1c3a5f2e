/* SPDX-License-Identifier: BSD-2-Clause */
#include "test/fuzz/report.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_kind(NULL, data, n);
	return (0);
}
