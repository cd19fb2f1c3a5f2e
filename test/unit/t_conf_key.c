/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "test/unit/files.h"
#include "test/unit/tap.h"

#define NOBODY_UID	65534

static enum status
load(const char *path, const char *user_id, struct diag *diag)
{
	struct privkey *key;
	enum status status;

	diag_init(diag);
	status = conf_key_load(path, user_id, &key, diag);
	if ((status == STATUS_OK) != (key != NULL)) {
		tap_ok(false, "a key if and only if all is well");
	}
	privkey_free(key);
	return (status);
}

static struct str
make_pem(struct buf *pem)
{
	struct privkey *key = NULL;

	buf_init(pem, CONF_KEY_FILE_MAX_BYTES * 2);
	if (privkey_generate(CRYPTO_ED25519, 0, &key) != STATUS_OK ||
	    privkey_write_pem(key, pem) != STATUS_OK) {
		tap_ok(false, "make a key");
	}
	privkey_free(key);
	return (buf_str(pem));
}

#define GROUP	"group @ more than permission to read"
#define OTHERS	"others access to"
#define BOTH	"group @ and others access to"

/* "@" becomes our group. */
static void
put_group(char *text, size_t size)
{
	char *at = strchr(text, '@'), rest[128];

	if (at != NULL) {
		strlcpy(rest, at + 1, sizeof(rest));
		*at = '\0';
		snprintf(at, size - (size_t)(at - text), "%ju",
		    (uintmax_t)getegid());
		strlcat(text, rest, size);
	}
}

static void
test_modes(struct str pem)
{
	static const struct {
		mode_t		 mode;
		enum status	 want;
		const char	*why;
	} rows[] = {
		{ 0600, STATUS_OK, "" },
		{ 0400, STATUS_OK, "" },
		{ 0700, STATUS_OK, "" },
		{ 0640, STATUS_OK, "" },	/* our own group */
		{ 0440, STATUS_OK, "" },
		{ 0660, STATUS_SYNTAX, GROUP },
		{ 0444, STATUS_SYNTAX, OTHERS },
		{ 0650, STATUS_SYNTAX, GROUP },
		{ 0620, STATUS_SYNTAX, GROUP },
		{ 0610, STATUS_SYNTAX, GROUP },
		{ 0604, STATUS_SYNTAX, OTHERS },
		{ 0602, STATUS_SYNTAX, OTHERS },
		{ 0601, STATUS_SYNTAX, OTHERS },
		{ 0664, STATUS_SYNTAX, BOTH },
		{ 04644, STATUS_SYNTAX, OTHERS },
	};
	char want[128];
	struct diag diag;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file("key", rows[i].mode, pem);
		tap_ok(load("key", NULL, &diag) == rows[i].want, "mode %04o",
		    (unsigned)rows[i].mode);
		want[0] = '\0';
		if (rows[i].want != STATUS_OK) {
			snprintf(want, sizeof(want), "key: mode %04o gives "
			    "%s a private key; chmod 600 it",
			    (unsigned)rows[i].mode, rows[i].why);
			put_group(want, sizeof(want));
		}
		tap_str(str_from(diag.text), str_from(want), "the reason");
	}
}

static void
test_owners(struct str pem)
{
	struct passwd *nobody = getpwuid(NOBODY_UID);
	struct diag diag;

	if (geteuid() != 0 || nobody == NULL) {
		tap_skip("owners", "this takes root, and a user nobody");
		return;
	}
	write_file("key", 0600, pem);
	if (chown("key", NOBODY_UID, NOBODY_UID) != 0) {
		tap_ok(false, "chown");
	}
	tap_num(load("key", NULL, &diag), STATUS_SYNTAX, "another's key");
	tap_str(str_from(diag.text), STR("key: belongs to user 65534, neither "
	    "to root nor to us nor to UserID; chown it to the daemon's user"),
	    "the reason");
	tap_num(load("key", "daemon:mail", &diag), STATUS_SYNTAX,
	    "neither ours nor UserID's");
	tap_num(load("key", "no-such-user-here", &diag), STATUS_SYNTAX,
	    "UserID is nobody at all");
	tap_num(load("key", nobody->pw_name, &diag), STATUS_OK, "UserID's");
	write_file("key", 0440, pem);
	if (chown("key", 0, nobody->pw_gid) != 0) {
		tap_ok(false, "chown");
	}
	tap_num(load("key", nobody->pw_name, &diag), STATUS_OK,
	    "a secret of a container: root's, UserID's group may read it");
	tap_num(load("key", NULL, &diag), STATUS_SYNTAX,
	    "without UserID that group is another");
	tap_ok(strstr(diag.text, "key: mode 0440 lets group ") != NULL &&
	    strstr(diag.text, "read a private key, which is not the daemon's "
	    "own group, 0; ") != NULL,
	    "the reason: %s", diag.text);
	tap_num(load("key", "nobody:mail", &diag), STATUS_SYNTAX,
	    "nor is it that of user:group");
	if (chown("key", NOBODY_UID, 0) != 0) {
		tap_ok(false, "chown");
	}
	tap_num(load("key", nobody->pw_name, &diag), STATUS_SYNTAX,
	    "root's group, which the daemon drops");
	unlink("key");
}

static void
test_files(struct str pem)
{
	struct diag diag;
	struct buf big;

	tap_num(load("none", NULL, &diag), STATUS_IO, "no such file");
	tap_num(load(".", NULL, &diag), STATUS_IO, "a folder");
	tap_str(str_from(diag.text), STR(".: not a regular file"),
	    "the reason");
	tap_num(mkfifo("fifo", 0600), 0, "make a FIFO");
	tap_num(load("fifo", NULL, &diag), STATUS_IO,
	    "a FIFO, without waiting for a writer");
	write_file("text", 0600, STR("no key at all\n"));
	tap_num(load("text", NULL, &diag), STATUS_SYNTAX, "no key");
	write_file("record", 0644, STR("v=DKIM1; k=rsa; p=AAAA\n"));
	tap_num(load("record", NULL, &diag), STATUS_SYNTAX, "a DNS record");
	tap_ok(strstr(diag.text, "record: a DNS record: the private key is "
	    "needed") != NULL, "not one that must be closed: %s", diag.text);
	write_file("empty", 0600, STR(""));
	tap_num(load("empty", NULL, &diag), STATUS_SYNTAX, "an empty file");

	/* A symbolic link is as good as what it leads to. */
	write_file("key", 0600, pem);
	tap_num(symlink("key", "link"), 0, "make a link");
	tap_num(load("link", NULL, &diag), STATUS_OK, "a link to a key");
	write_file("key", 0644, pem);
	tap_num(load("link", NULL, &diag), STATUS_SYNTAX,
	    "a link to a key that all can read");

	buf_init(&big, CONF_KEY_FILE_MAX_BYTES * 2);
	buf_add_str(&big, pem);
	while (big.n < CONF_KEY_FILE_MAX_BYTES) {
		buf_add_char(&big, '\n');
	}
	write_file("big", 0600, buf_str(&big));
	tap_num(load("big", NULL, &diag), STATUS_OK, "as large as may be");
	buf_add_char(&big, '\n');
	write_file("big", 0600, buf_str(&big));
	tap_num(load("big", NULL, &diag), STATUS_LIMIT, "one byte larger");
	buf_fini(&big);
}

/* RFC 8301 3.2. */
static void
test_short(void)
{
	static const char pem[] =
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEAynwDeQEpmi0zwIcB\n"
	    "J6yC31hnd7lmUozlbB/+1IG4bdM3qFB68ywd3LlUD/e1VDwW975rfO1RaCw9dbnV\n"
	    "cE0IBwIDAQABAkB7+72gnU6dAiqbK89QPLiSC66nR5XY3D8qmtjNxHRqgf9EkO8H\n"
	    "QLiddFYyaoHn2+Q4yscymblZDve5/GXNfisZAiEA/Q4FQkCYYi9WFLzEXYY4+J5V\n"
	    "YsJXLL1gRG0uxiWcsc0CIQDM11FxqibF+pxnIlrs3tYFmV7Tu4f5kBJDPttaQC6d\n"
	    "IwIhAOtO90rlIA3k8Im2Am7pGd7t9H4yMrfSnUrjsCPm469dAiEArrHjT6DhOG8m\n"
	    "+/4ctW7F8DiA2upQaNIqAReWUz3xgykCIQC3hJFhnAPxg0lYhYQnjmdna4+8jbiT\n"
	    "Rv9ZTattEiuaHg==\n"
	    "-----END PRIVATE KEY-----\n";
	struct diag diag;

	write_file("short", 0600, STR(pem));
	tap_num(load("short", NULL, &diag), STATUS_SYNTAX,
	    "an RSA key of 512 bits");
	tap_str(str_from(diag.text), STR("short: the RSA key is shorter "
	    "than 1024 bits (RFC 8301)"), "the reason");
}

int
main(void)
{
	char folder[] = "/tmp/t_conf_key.XXXXXX";
	char command[sizeof(folder) + 16];
	struct buf pem;

	if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
		printf("1..0 # SKIP no temporary folder\n");
		return (0);
	}
	make_pem(&pem);
	test_modes(buf_str(&pem));
	test_owners(buf_str(&pem));
	test_files(buf_str(&pem));
	test_short();
	buf_fini(&pem);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	tap_num(system(command), 0, "clean up");
	return (tap_done());
}
