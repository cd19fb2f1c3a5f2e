/* SPDX-License-Identifier: BSD-2-Clause */
/* Encrypted private keys: lib/keystore/passphrase.c, and stores with them. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "keystore/keystore.h"
#include "keystore/passphrase.h"

#include "tap.h"

#define LINE	"correct horse battery staple\n"

static char top[64];
static struct buf pem;

static void
bail_unless(bool ok, const char *what)
{
	if (!ok) {
		printf("Bail out! %s\n", what);
		exit(1);
	}
}

static const char *
write_file(const char *text, mode_t mode)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/passphrase", top);
	(void)unlink(path);
	f = fopen(path, "w");
	bail_unless(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0 &&
	    chmod(path, mode) == 0, path);
	return (path);
}

static struct passphrase *
make_passphrase(const char *text)
{
	struct passphrase *p = NULL;
	struct diag diag;

	diag_init(&diag);
	bail_unless(passphrase_read(write_file(text, 0600), &p, &diag) ==
	    STATUS_OK, diag.text);
	return (p);
}

static const struct {
	const char	*name;
	const char	*text;
	mode_t		 mode;
	const char	*error;		/* NULL: none */
} files[] = {
	{ "a passphrase", LINE, 0600, NULL },
	{ "no line end", "0123456789abcdef", 0400, NULL },
	{ "a second line", LINE "x\n", 0600, NULL },
	{ "an empty file", "", 0600, "has less than 16 bytes" },
	{ "15 octets", "0123456789abcde\n", 0600, "has less than 16 bytes" },
	{ "15 octets and a space", "0123456789abcde \n", 0600,
	    "has less than 16 bytes" },
	{ "an empty first line", "\n" LINE, 0600, "has less than 16 bytes" },
	{ "readable to our group", LINE, 0640, NULL },
	{ "writable by the group", LINE, 0660, "mode 0660 gives group" },
	{ "readable to others", LINE, 0604, "mode 0604 gives others" },
};

static void
check_files(void)
{
	struct passphrase *p;
	enum status status;
	struct diag diag;
	struct buf large;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		diag_init(&diag);
		status = passphrase_read(write_file(files[i].text,
		    files[i].mode), &p, &diag);
		tap_num(status, files[i].error == NULL ? STATUS_OK :
		    STATUS_SYNTAX, files[i].name);
		tap_ok(strstr(diag.text, files[i].error != NULL ?
		    files[i].error : "") != NULL && (p == NULL) ==
		    (files[i].error != NULL), "%s: %s", files[i].name,
		    diag.text);
		passphrase_free(p);
	}
	diag_init(&diag);
	tap_num(passphrase_read("/nowhere", &p, &diag), STATUS_IO,
	    "a missing file");
	tap_str(str_from(diag.text),
	    STR("/nowhere: No such file or directory"), "a missing file");
	diag_init(&diag);
	tap_num(passphrase_read("/", &p, &diag), STATUS_SYNTAX,
	    "a directory");
	buf_init(&large, 4096);
	buf_printf(&large, "%*d", PASSPHRASE_MAX_BYTES + 1, 1);
	diag_init(&diag);
	tap_num(passphrase_read(write_file(large.p, 0600), &p, &diag),
	    STATUS_LIMIT, "a large file");
	tap_ok(strstr(diag.text, "larger than 1024 bytes") != NULL,
	    "a large file: %s", diag.text);
	buf_fini(&large);
	passphrase_free(NULL);
}

/* want: the plain key, or part of the diagnostics. */
static void
check_decrypt(const struct passphrase *p, struct str text, const char *want,
    const char *name)
{
	enum status status;
	struct diag diag;
	struct buf out;

	diag_init(&diag);
	buf_init(&out, 4096);
	status = passphrase_decrypt(p, text, "store", STR("a.example"),
	    STR("s1"), &out, &diag);
	if (want == NULL) {
		tap_ok(status == STATUS_OK && str_eq(buf_str(&out),
		    buf_str(&pem)), "%s: %s", name, diag.text);
	} else {
		tap_ok(status == STATUS_SYNTAX && out.n == 0 &&
		    strstr(diag.text, want) != NULL, "%s: %s", name,
		    diag.text);
	}
	buf_fini(&out);
}

static void
check_texts(void)
{
	struct passphrase *p = make_passphrase(LINE);
	struct passphrase *other = make_passphrase("another long passphrase");
	struct diag diag;
	struct buf out;

	diag_init(&diag);
	buf_init(&out, 4096);
	tap_num(passphrase_encrypt(p, buf_str(&pem), &out, &diag), STATUS_OK,
	    "encrypt");
	tap_ok(passphrase_is_used(buf_str(&out)) &&
	    !passphrase_is_used(buf_str(&pem)), "encrypt: by its first line");
	check_decrypt(p, buf_str(&out), NULL, "decrypt");
	check_decrypt(p, buf_str(&pem), NULL, "decrypt: a plain key");
	check_decrypt(NULL, buf_str(&pem), NULL,
	    "decrypt: a plain key, no passphrase");
	check_decrypt(NULL, buf_str(&out), "store: the private key s1 of "
	    "a.example is encrypted, but KeyPassphraseFile is not set",
	    "decrypt: no passphrase");
	check_decrypt(other, buf_str(&out), "store: the private key s1 of "
	    "a.example cannot be decrypted with the passphrase in /tmp/",
	    "decrypt: another passphrase");
	check_decrypt(p, str_first(buf_str(&out), out.n / 2),
	    "cannot be decrypted", "decrypt: half a key");
	buf_reset(&out);
	tap_num(passphrase_encrypt(p, STR("no key"), &out, &diag),
	    STATUS_SYNTAX, "encrypt: not a key");
	buf_fini(&out);
	passphrase_free(p);
	passphrase_free(other);
}

static struct keystore *
open_store(const char *where, const struct passphrase *p)
{
	struct keystore *store = NULL;
	struct diag diag;

	diag_init(&diag);
	bail_unless(keystore_open(where, true, &store, &diag) ==
	    STATUS_OK, diag.text);
	keystore_use_passphrase(store, p);
	return (store);
}

static void
add_key(struct keystore *store, const char *domain)
{
	const struct keystore_key key = { .domain = str_from(domain),
		.selector = STR("s1"), .type = CRYPTO_ED25519, .bits = 256,
		.stage = KEY_ACTIVE, .created_s = 10, .since_s = 10,
		.seen_s = -1, .asked_s = -1, .record = STR("v=DKIM1; p=") };
	struct diag diag;

	diag_init(&diag);
	tap_num(keystore_add(store, &key, buf_str(&pem), &diag), STATUS_OK,
	    domain);
}

/* want: "" the key, or part of the diagnostics. */
static void
check_private(struct keystore *store, const char *domain, const char *want,
    const char *name)
{
	const struct keystore_key key = { .domain = str_from(domain),
		.selector = STR("s1") };
	enum status status;
	struct diag diag;
	struct buf out;

	diag_init(&diag);
	buf_init(&out, 4096);
	status = keystore_private(store, &key, &out, &diag);
	tap_ok(want[0] != '\0' ? status != STATUS_OK : status == STATUS_OK &&
	    str_eq(buf_str(&out), buf_str(&pem)), "%s", name);
	tap_ok(strstr(diag.text, want) != NULL, "%s: %s", name, diag.text);
	buf_fini(&out);
}

static void
check_encrypt(struct keystore *store, const char *domain, bool changed,
    const char *want, const char *name)
{
	const struct keystore_key key = { .domain = str_from(domain),
		.selector = STR("s1") };
	enum status status;
	struct diag diag;
	bool is_changed;

	diag_init(&diag);
	status = keystore_encrypt(store, &key, &is_changed, &diag);
	tap_ok((status == STATUS_OK) == (want[0] == '\0') &&
	    is_changed == changed && strstr(diag.text, want) != NULL,
	    "%s: %s", name, diag.text);
}

/* Rows of the database file whose private key is not encrypted. */
static void
check_plain_rows(const char *path, int want, const char *name)
{
	char command[256];

	snprintf(command, sizeof(command), "test \"$(sqlite3 %s 'SELECT "
	    "count(*) FROM mailseal_key WHERE private NOT LIKE "
	    "\"-----BEGIN ENCRYPTED PRIVATE KEY-----%%\"')\" = %d", path,
	    want);
	tap_ok(system(command) == 0, "%s: %d plain", name, want);
}

static void
check_database(void)
{
	struct passphrase *p = make_passphrase(LINE);
	struct passphrase *other = make_passphrase("another long passphrase");
	char where[128];
	const char *path = where + strlen("sqlite:");
	struct keystore *store;

	snprintf(where, sizeof(where), "sqlite:%s/keys.db", top);
	store = open_store(where, NULL);
	add_key(store, "plain.example");
	check_plain_rows(path, 1, "without a passphrase");
	check_encrypt(store, "plain.example", false,
	    "KeyPassphraseFile is not set", "encrypt without a passphrase");
	keystore_use_passphrase(store, p);
	check_private(store, "plain.example", "",
	    "a plain key under a passphrase");
	add_key(store, "new.example");
	check_plain_rows(path, 1, "a new key under a passphrase");
	check_private(store, "new.example", "", "it is read");
	check_encrypt(store, "plain.example", true, "", "encrypt a plain key");
	check_plain_rows(path, 0, "encrypt a plain key");
	check_private(store, "plain.example", "", "it is read");
	check_encrypt(store, "plain.example", false, "",
	    "encrypt an encrypted key");
	check_encrypt(store, "none.example", false, "no private key",
	    "encrypt a missing key");
	keystore_use_passphrase(store, other);
	check_private(store, "new.example", "/keys.db: the private key s1 of "
	    "new.example cannot be decrypted with the passphrase in ",
	    "another passphrase");
	check_encrypt(store, "new.example", false, "cannot be decrypted",
	    "encrypt: another passphrase");
	keystore_use_passphrase(store, NULL);
	check_private(store, "new.example", "is encrypted, but "
	    "KeyPassphraseFile is not set", "no passphrase");
	keystore_close(store);
	passphrase_free(p);
	passphrase_free(other);
}

static void
check_directory(void)
{
	struct passphrase *p = make_passphrase(LINE);
	struct keystore *store;
	char where[128], command[256];

	snprintf(where, sizeof(where), "%s/dir", top);
	store = open_store(where, p);
	add_key(store, "a.example");
	snprintf(command, sizeof(command),
	    "grep -q 'BEGIN PRIVATE' %s/a.example/s1.private", where);
	tap_ok(system(command) == 0, "a directory is not encrypted");
	check_encrypt(store, "a.example", false, "are not encrypted",
	    "encrypt a directory");
	keystore_close(store);
	passphrase_free(p);
}

int
main(void)
{
	struct privkey *key;
	char command[128];

	buf_init(&pem, 4096);
	bail_unless(privkey_generate(CRYPTO_ED25519, 0, &key) == STATUS_OK &&
	    privkey_write_pem(key, &pem) == STATUS_OK, "key");
	privkey_free(key);
	snprintf(top, sizeof(top), "/tmp/t_passphrase.XXXXXX");
	bail_unless(mkdtemp(top) != NULL, "directory");
	check_files();
	check_texts();
	check_database();
	check_directory();
	buf_fini(&pem);
	snprintf(command, sizeof(command), "rm -rf %s", top);
	tap_num(system(command), 0, "clean up");
	return (tap_done());
}
