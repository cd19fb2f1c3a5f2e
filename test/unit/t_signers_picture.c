/* SPDX-License-Identifier: BSD-2-Clause */
/* A picture of the keys that is not whole, or is more, makes no signers; a
   whole one has no path of a key. */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "test/lib/pictured.h"
#include "test/unit/files.h"
#include "test/unit/tap.h"

#define MALFORMED	"the keys process sent a malformed picture of the keys"

static struct env env;
static struct crypto *crypto;

/* Of signers with a table and a store. */
static bool
make_picture(struct buf *picture)
{
	static const char *const stores[] = { "store" };
	const struct signers_opts opts = { .env = &env, .key_table = "keys",
		.signing_table = "rules", .key_stores = stores,
		.key_stores_n = 1, .cache_max = 4 };
	struct signers *signers = NULL;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	write_key("path-of-key.pem", CRYPTO_ED25519, 0);
	write_file("keys", 0600, STR("k example.com:s:./path-of-key.pem\n"));
	write_file("rules", 0600, STR("example.com k\n"));
	status = signers_new(&opts, NULL, &signers, &diag);
	if (status == STATUS_OK) {
		status = picture_write(signers, crypto, picture);
	}
	signers_free(signers);
	return (tap_ok(status == STATUS_OK, "a picture %s", diag.text));
}

static enum status
read_picture(struct str picture, struct diag *diag)
{
	struct signers *signers;
	enum status status = pictured_signers(&env, picture, &signers, diag);

	signers_free(signers);
	return (status);
}

/* Cut off anywhere. */
static void
test_short(struct str picture)
{
	size_t n, bad = 0;
	struct diag diag;

	for (n = 0; n < picture.n; n++) {
		if (read_picture(str_first(picture, n), &diag) !=
		    STATUS_SYNTAX || strcmp(diag.text, MALFORMED) != 0) {
			bad++;
		}
	}
	tap_num((long long)bad, 0, "part of a picture is none");
}

/* One octet is another: whatever comes of it, there is a reason. */
static void
test_changed(struct str picture)
{
	char copy[4096];
	size_t i, bad = 0;
	struct diag diag;

	for (i = 0; i < picture.n && picture.n <= sizeof(copy); i++) {
		memcpy(copy, picture.p, picture.n);
		copy[i] = (char)(copy[i] ^ 0x81);
		if (read_picture(str_mem(copy, picture.n), &diag) !=
		    STATUS_OK && diag.text[0] == '\0') {
			bad++;
		}
	}
	tap_num((long long)bad, 0, "a picture with one other octet");
}

static void
test_picture(void)
{
	struct buf picture;
	struct diag diag;

	buf_init(&picture, PICTURE_MAX_BYTES);
	if (!make_picture(&picture)) {
		buf_fini(&picture);
		return;
	}
	tap_num(read_picture(buf_str(&picture), &diag), STATUS_OK,
	    "it is read");
	tap_ok(memmem(picture.p, picture.n, "path-of-key", 11) == NULL,
	    "it has no path of a key");
	test_short(buf_str(&picture));
	test_changed(buf_str(&picture));
	buf_add_char(&picture, '\0');
	tap_ok(read_picture(buf_str(&picture), &diag) == STATUS_SYNTAX &&
	    strcmp(diag.text, MALFORMED) == 0, "one octet more");
	buf_fini(&picture);
}

int
main(void)
{
	char folder[] = "/tmp/t_signers_picture.XXXXXX";

	env_init_system(&env);
	crypto = crypto_new();
	if (crypto == NULL || mkdtemp(folder) == NULL || chdir(folder) != 0 ||
	    mkdir("store", 0700) != 0) {
		tap_ok(false, "a temporary folder");
		return (tap_done());
	}
	test_picture();
	(void)unlink("path-of-key.pem");
	(void)unlink("keys");
	(void)unlink("rules");
	(void)rmdir("store");
	tap_num(chdir("/") == 0 ? rmdir(folder) : -1, 0, "clean up");
	crypto_free(crypto);
	return (tap_done());
}
