/* SPDX-License-Identifier: BSD-2-Clause */
/* The values that dkimkeygen.conf takes. */
#include "config.h"

#include <stdlib.h>
#include <stdio.h>
#include <unistd.h>

#include "keys/policy.h"
#include "test/unit/tap.h"

static const struct {
	const char	*name;
	const char	*text;
	const char	*why;	/* in the diag; NULL: accepted */
} rows[] = {
	{ "empty file", "", NULL },
	{ "comments", "# a comment\nRotateEvery 30d # and another\n", NULL },
	{ "case of names", "rotateevery 3600", NULL },
	{ "RotateEvery, minimum", "RotateEvery 3599",
	    "p:1: RotateEvery: \"3599\" is not a time from" },
	{ "RotateEvery, maximum", "RotateEvery 11111w",
	    "p:1: RotateEvery: " },
	{ "RotateEvery, a word", "RotateEvery soon",
	    "p:1: RotateEvery: \"soon\" is not a time" },
	{ "no value", "\nOverlap", "p:2: Overlap: no value; expected time" },
	{ "an option twice", "Overlap 1d\nOverlap 1d",
	    "p:2: Overlap is already set on line 1" },
	{ "unknown option", "Overlay 1d", "p:1: there is no option "
	    "\"Overlay\"; did you mean Overlap?" },
	{ "RSABits, below the minimum", "RSABits 1023", "p:1: RSABits: " },
	{ "RSABits, maximum", "RSABits 4096", NULL },
	{ "RSABits, above the maximum", "RSABits 4097", "p:1: RSABits: " },
	{ "Publish print", "Publish print", NULL },
	{ "Publish nsupdate", "Publish nsupdate", NULL },
	{ "Publish hook", "Publish hook:/usr/local/bin/x", NULL },
	{ "Publish hook, relative path", "Publish hook:x",
	    "p:1: Publish: \"hook:x\" is not print" },
	{ "Publish hook, a directory", "Publish hook:/", "p:1: Publish: " },
	{ "Publish, no value", "Publish",
	    "p:1: Publish: no value; expected print|" },
	{ "Notify, a program", "Notify /usr/local/bin/tell", NULL },
	{ "Notify, an address", "Notify mailto:a+b@example.com", NULL },
	{ "Notify, a relative path", "Notify tell", "p:1: Notify: \"tell\" "
	    "is not program|mailto:address" },
	{ "Notify, a folder", "Notify /", "p:1: Notify: " },
	{ "Notify, no address", "Notify mailto:", "p:1: Notify: " },
	{ "Notify, no domain", "Notify mailto:root", "p:1: Notify: " },
	{ "Notify, an option for sendmail", "Notify mailto:-oQ/x@example.com",
	    "p:1: Notify: " },
	{ "Notify, two addresses", "Notify mailto:a@b.example,c@d.example",
	    "p:1: Notify: " },
	{ "Notify, two words", "Notify mailto:a@b.example c", "p:1: Notify: " },
	{ "AuthoritativePort, below the minimum", "AuthoritativePort 0",
	    "p:1: AuthoritativePort: " },
	{ "AuthoritativePort, above the maximum", "AuthoritativePort 65536",
	    "p:1: AuthoritativePort: " },
};

static void
test_values(void)
{
	struct policy policy;
	struct diag diag;
	enum status status;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		diag_init(&diag);
		status = policy_parse(&policy, str_from(rows[i].text), "p",
		    &diag);
		tap_num(status, rows[i].why == NULL ? STATUS_OK :
		    STATUS_SYNTAX, rows[i].name);
		if (!tap_ok(rows[i].why == NULL ? diag.text[0] == '\0' :
		    str_starts(str_from(diag.text), str_from(rows[i].why)),
		    "%s: the message", rows[i].name)) {
			printf("# %s\n", diag.text);
		}
		policy_fini(&policy);
	}
}

static void
test_nul(void)
{
	struct policy policy;
	struct diag diag;

	diag_init(&diag);
	tap_num(policy_parse(&policy, STR("KeyStore /a\0b"), "p", &diag),
	    STATUS_SYNTAX, "a NUL byte");
	policy_fini(&policy);
}

static void
test_overlap(void)
{
	struct policy policy;
	struct diag diag;

	diag_init(&diag);
	tap_num(policy_parse(&policy, STR("Overlap 1d\nQueueLifetime 5d"),
	    "p", &diag), STATUS_OK, "an overlap below a queue's lifetime");
	tap_num(policy_times(&policy).retired_s, 5 * 86400,
	    "a record stands for the longer of both");
	policy_fini(&policy);
}

static const struct {
	const char	*name;
	const char	*policy;
	const char	*daemon;	/* mailseald.conf */
	const char	*where;		/* NULL: none */
	const char	*why;		/* in the diag; NULL: no error */
} stores[] = {
	{ "nowhere: the default", "", "Mode v\n", CONF_KEY_STORE_DEFAULT,
	    NULL },
	{ "dkimkeygen.conf", "KeyStore /p\n", "KeyStore /d\n", "/p", NULL },
	{ "mailseald.conf", "", "Mode s\nKeyStore sqlite:/d\n", "sqlite:/d",
	    NULL },
	{ "mailseald.conf, with options that are errors for mailseald", "",
	    "Nonsense x\nUserID no-such-user-here\nKeyStore /d\n", "/d",
	    NULL },
	{ "none in dkimkeygen.conf", "KeyStore none\n", "KeyStore /d\n", NULL,
	    NULL },
	{ "none in mailseald.conf", "", "KeyStore none\n", NULL, NULL },
	{ "two in mailseald.conf", "", "KeyStore /d\nKeyStore /e\n", NULL,
	    "2 key stores are configured: choose one with --key-store" },
	{ "two in mailseald.conf, one in dkimkeygen.conf", "KeyStore /e\n",
	    "KeyStore /d\nKeyStore /e\n", "/e", NULL },
	{ "an invalid one in mailseald.conf", "", "KeyStore d\n", NULL,
	    "daemon.conf:1: KeyStore: \"d\" is not " CONF_KEY_STORE_FORM },
};

static void
test_key_store(void)
{
	const char *where;
	struct policy policy;
	struct diag diag;
	enum status status;
	FILE *file;
	size_t i;

	for (i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
		diag_init(&diag);
		file = fopen("daemon.conf", "w");
		if (file == NULL || fputs(stores[i].daemon, file) == EOF ||
		    fclose(file) == EOF) {
			tap_ok(false, "write daemon.conf");
			return;
		}
		status = policy_parse(&policy, str_from(stores[i].policy), "p",
		    &diag);
		if (status == STATUS_OK) {
			status = policy_key_store(&policy, NULL,
			    "daemon.conf", &where, &diag);
		}
		tap_str(str_from(diag.text), str_from(stores[i].why != NULL ?
		    stores[i].why : ""), stores[i].name);
		if (status == STATUS_OK) {
			tap_str(str_from(where != NULL ? where : "none"),
			    str_from(stores[i].where != NULL ?
			    stores[i].where : "none"), stores[i].name);
		}
		policy_fini(&policy);
	}
	diag_init(&diag);
	(void)unlink("daemon.conf");
	tap_num(policy_parse(&policy, STR(""), "p", &diag), STATUS_OK,
	    "no mailseald.conf");
	tap_num(policy_key_store(&policy, NULL, "daemon.conf", &where, &diag),
	    STATUS_IO, "a mailseald.conf that must exist");
	policy_fini(&policy);
}

static void
test_daemon_uses(void)
{
	static const struct {
		const char	*conf, *where;
		bool		 want;
	} uses[] = {
		{ "KeyStore none\n", "/x", false },
		{ "KeyStore /x\n", "/x", true },
		{ "KeyStore /y\nKeyStore /x\nSocket inet:1\n", "/x", true },
		{ "KeyStore /y\n", "/x", false },
		{ "KeyStore sqlite:/x\n", "/x", false },
		{ "KeyStore ./\n", ".", true },
		{ "Socket inet:1\n", "/x", false },
		{ "Socket inet:1\n", CONF_KEY_STORE_DEFAULT, true },
		{ "KeyStore\n", "/x", true },	/* it says so itself */
	};
	const char *path;
	size_t i;

	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		FILE *file = fopen("daemon.conf", "w");

		if (file == NULL || fputs(uses[i].conf, file) == EOF ||
		    fclose(file) != 0) {
			tap_ok(false, "write daemon.conf");
		}
		tap_ok(policy_daemon_uses(uses[i].where, "daemon.conf",
		    &path) == uses[i].want, "%s: %s", uses[i].where,
		    uses[i].conf);
	}
	(void)unlink("daemon.conf");
	tap_ok(policy_daemon_uses("/x", "daemon.conf", &path),
	    "no mailseald.conf");
	tap_str(str_from(path), STR("daemon.conf"), "its path");
}

static const struct {
	const char	*name;
	const char	*policy;
	const char	*chosen;	/* by --key-store; NULL */
	const char	*want;		/* "none": not set */
} passphrases[] = {
	{ "of mailseald.conf, with its KeyStore", "", NULL, "/daemon" },
	{ "of dkimkeygen.conf, with KeyStore of mailseald.conf",
	    "KeyPassphraseFile /own\n", NULL, "/own" },
	{ "of mailseald.conf, with a database of dkimkeygen.conf",
	    "KeyStore sqlite:/y\n", NULL, "/daemon" },
	{ "of mailseald.conf, with a chosen database", "", "postgres:a=b",
	    "/daemon" },
	{ "of dkimkeygen.conf, with a chosen database",
	    "KeyPassphraseFile /own\n", "sqlite:/y", "/own" },
	{ "not needed, directory of dkimkeygen.conf", "KeyStore /keys\n",
	    NULL, "none" },
	{ "not needed, chosen directory", "KeyStore sqlite:/y\n", "/keys",
	    "none" },
};

static void
test_passphrase(void)
{
	FILE *file = fopen("daemon.conf", "w");
	struct policy policy;
	const char *where, *got;
	struct diag diag;
	size_t i;

	if (file == NULL || fputs("KeyStore sqlite:/x\n"
	    "KeyPassphraseFile /daemon\n", file) < 0 || fclose(file) != 0) {
		exit(1);
	}
	for (i = 0; i < sizeof(passphrases) / sizeof(passphrases[0]); i++) {
		diag_init(&diag);
		tap_ok(policy_parse(&policy, str_from(passphrases[i].policy),
		    "p", &diag) == STATUS_OK && policy_key_store(&policy,
		    passphrases[i].chosen, "daemon.conf", &where, &diag) ==
		    STATUS_OK,
		    "KeyPassphraseFile %s: %s", passphrases[i].name,
		    diag.text);
		got = policy.key_passphrase_file;
		tap_str(str_from(got != NULL ? got : "none"),
		    str_from(passphrases[i].want), passphrases[i].name);
		policy_fini(&policy);
	}
	(void)unlink("daemon.conf");
}

int
main(void)
{
	char top[] = "/tmp/t_keys_policy.XXXXXX";

	if (mkdtemp(top) == NULL || chdir(top) == -1) {
		return (1);
	}
	test_key_store();
	test_passphrase();
	test_daemon_uses();
	(void)rmdir(top);
	test_values();
	test_nul();
	test_overlap();
	return (tap_done());
}
