/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz: what every fuzz target includes. A target is one function that takes
 * any input; with --enable-fuzz libFuzzer calls it, else replay.c does, with
 * each file of the corpus.
 */
#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What must hold for every input. */
#define FUZZ_CHECK(what) do {						\
	if (!(what)) {							\
		fprintf(stderr, "%s:%d: does not hold: %s\n",		\
		    __FILE__, __LINE__, #what);				\
		abort();						\
	}								\
} while (0)

#endif
