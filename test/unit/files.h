/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files: writes the files that a unit test reads. A failure is a failed test
 * point.
 */
#ifndef TEST_UNIT_FILES_H
#define TEST_UNIT_FILES_H

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "crypto/crypto.h"
#include "test/unit/tap.h"

#define FILES_KEY_MAX_BYTES	(64 * 1024)

static inline void
write_file(const char *path, mode_t mode, struct str text)
{
	int fd;

	/* What was 0400 cannot be written again, but by root. */
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, text.p, text.n) != (ssize_t)text.n ||
	    fchmod(fd, mode) != 0 || close(fd) != 0) {
		tap_ok(false, "write %s", path);
	}
}

/* A private key in PEM. bits: of RSA. */
static inline void
write_key(const char *path, enum crypto_key_type type, unsigned bits)
{
	struct privkey *key = NULL;
	struct buf pem;

	buf_init(&pem, FILES_KEY_MAX_BYTES);
	if (privkey_generate(type, bits, &key) != STATUS_OK ||
	    privkey_write_pem(key, &pem) != STATUS_OK) {
		tap_ok(false, "make %s", path);
	}
	write_file(path, 0600, buf_str(&pem));
	privkey_free(key);
	buf_fini(&pem);
}

#endif
