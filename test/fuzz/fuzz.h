/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz: included by every fuzz target. A target is one function that accepts
 * any input. libFuzzer calls it with --enable-fuzz; otherwise replay.c calls it
 * with each file of the corpus.
 */
#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A condition that must hold for every input. */
#define FUZZ_CHECK(what) do {						\
	if (!(what)) {							\
		fprintf(stderr, "%s:%d: does not hold: %s\n",		\
		    __FILE__, __LINE__, #what);				\
		abort();						\
	}								\
} while (0)

#endif
