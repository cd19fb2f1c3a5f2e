/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/access.h"
#include "base/file.h"
#include "crypto/crypto.h"
#include "keystore/passphrase.h"

struct passphrase {
	char		*path;
	struct buf	 text;		/* of the file */
	struct str	 line;		/* in it */
};

void
passphrase_free(struct passphrase *p)
{
	if (p == NULL) {
		return;
	}
	buf_fini_secret(&p->text);
	free(p->path);
	free(p);
}

static enum status
check_file(int fd, const char *path, struct diag *diag)
{
	struct stat st;

	if (fstat(fd, &st) == -1) {
		diag_set(diag, path, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	if (!S_ISREG(st.st_mode)) {
		diag_set(diag, path, 0, "not a regular file");
		return (STATUS_SYNTAX);
	}
	return (access_check(&st, geteuid() == 0 ? st.st_uid : geteuid(),
	    "UserID; chown it to the daemon's user", path, diag));
}

static enum status
read_line(struct passphrase *p, int fd, struct diag *diag)
{
	enum status status = check_file(fd, p->path, diag);
	struct str all;

	if (status != STATUS_OK) {
		return (status);
	}
	status = file_read(fd, p->path, &p->text, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	all = buf_str(&p->text);
	p->line = str_trim_fws(str_first(all, str_find(all, '\n')));
	if (p->line.n < PASSPHRASE_MIN_BYTES) {
		diag_set(diag, p->path, 0, "the passphrase has less than %d "
		    "bytes", PASSPHRASE_MIN_BYTES);
		return (STATUS_SYNTAX);
	}
	return (STATUS_OK);
}

static enum status
read_file(struct passphrase *p, struct diag *diag)
{
	/* Opening a FIFO would wait for a writer. */
	int fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum status status;

	if (fd == -1) {
		return (access_failed(AT_FDCWD, p->path, p->path, diag));
	}
	status = read_line(p, fd, diag);
	(void)close(fd);
	return (status);
}

enum status
passphrase_read(const char *path, struct passphrase **r, struct diag *diag)
{
	struct passphrase *p = calloc(1, sizeof(*p));
	enum status status = STATUS_NOMEM;

	*r = NULL;
	if (p != NULL) {
		buf_init(&p->text, PASSPHRASE_MAX_BYTES);
		p->path = strdup(path);
	}
	if (p != NULL && p->path != NULL) {
		status = read_file(p, diag);
	}
	if (status != STATUS_OK) {
		diag_set(diag, path, 0, "%s", status_text(status));
		passphrase_free(p);
		return (status);
	}
	*r = p;
	return (STATUS_OK);
}

bool
passphrase_is_used(struct str pem)
{
	return (str_starts(pem, STR("-----BEGIN ENCRYPTED PRIVATE KEY-----")));
}

enum status
passphrase_encrypt(const struct passphrase *p, struct str pem,
    struct buf *out, struct diag *diag)
{
	enum status status = privkey_recode_pem(pem, STR_NONE, p->line, out);

	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "the private key cannot be encrypted: "
		    "%s", status == STATUS_SYNTAX ? "it is not a private key "
		    "in PEM" : status_text(status));
	}
	return (status);
}

enum status
passphrase_decrypt(const struct passphrase *p, struct str pem,
    const char *store, struct str domain, struct str selector,
    struct buf *out, struct diag *diag)
{
	enum status status;

	if (!passphrase_is_used(pem)) {
		buf_add_str(out, pem);
		return (out->status);
	}
	if (p == NULL) {
		diag_set(diag, store, 0, "the private key %.*s of %.*s is "
		    "encrypted, but KeyPassphraseFile is not set",
		    STR_FMT(selector), STR_FMT(domain));
		return (STATUS_SYNTAX);
	}
	status = privkey_recode_pem(pem, p->line, STR_NONE, out);
	if (status == STATUS_SYNTAX) {
		diag_set(diag, store, 0, "the private key %.*s of %.*s cannot "
		    "be decrypted with the passphrase in %s",
		    STR_FMT(selector), STR_FMT(domain), p->path);
	}
	return (status);
}
