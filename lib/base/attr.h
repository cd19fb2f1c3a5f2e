/* SPDX-License-Identifier: BSD-2-Clause */
/* The compiler attributes that the project uses, in one place. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#if defined(__GNUC__) || defined(__clang__)
#define ATTR_PRINTF(fmt, args)	__attribute__((format(printf, fmt, args)))
#define ATTR_MUST_CHECK		__attribute__((warn_unused_result))
#define ATTR_UNUSED		__attribute__((unused))
#else
#define ATTR_PRINTF(fmt, args)
#define ATTR_MUST_CHECK
#define ATTR_UNUSED
#endif

#endif
