/* SPDX-License-Identifier: BSD-2-Clause */
/* The default key store: missing is not the same as out of reach. */
#include "config.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#undef LOCALSTATEDIR
#define LOCALSTATEDIR	"var"		/* below the folder of this test */
#include "conf/check.c"
#include "test/unit/tap.h"

#define NOBODY_UID	65534
#define USUAL		"var/lib/mailseal/keys"

static void
take_line(void *ctx, enum log_level level, const char *line)
{
	snprintf(ctx, DIAG_MAX_BYTES, "%s%s", level == LOG_LEVEL_WARNING ?
	    "warning: " : "", line);
}

static bool
load_text(struct conf **conf, const char *text, char log[DIAG_MAX_BYTES],
    struct diag *diag)
{
	struct env env;
	FILE *file;

	env_init_system(&env);
	env.log = take_line;
	env.ctx = log;
	log[0] = '\0';
	file = fopen("conf", "w");
	if (file == NULL || fputs(text, file) == EOF ||
	    fclose(file) == EOF) {
		tap_ok(false, "write a configuration");
		return (false);
	}
	return (conf_load("conf", &env, conf, diag) == STATUS_OK);
}

/* What is logged of a missing default with this configuration. */
static void
check_missing(const char *text, const char *want, const char *name)
{
	char log[DIAG_MAX_BYTES];
	struct conf *conf = NULL;
	struct diag diag;

	diag_init(&diag);
	tap_ok(load_text(&conf, text, log, &diag), "a configuration: %s",
	    diag.text);
	tap_str(str_from(log), str_from(want), name);
	conf_release(conf);
}

/* want: the key store; "": none. */
static void
check(struct conf **conf, const char *want, const char *name)
{
	char log[DIAG_MAX_BYTES];
	struct diag diag;

	diag_init(&diag);
	conf_release(*conf);
	*conf = NULL;
	tap_ok(load_text(conf, "Socket inet:1@127.0.0.1\n", log, &diag),
	    "a configuration: %s", diag.text);
	tap_str(*conf == NULL || (*conf)->key_stores.n == 0 ? STR("") :
	    str_from((*conf)->key_stores.v[0]), str_from(want), name);
}

static void
test_usual(void)
{
	struct conf *conf = NULL;

	check(&conf, USUAL, "default missing: it may appear");
	tap_ok(conf != NULL && conf->mode_sign && conf->key_stores.optional,
	    "default missing: it need not exist");
	check_missing("", "warning: KeyStore: " USUAL ", the default, does "
	    "not exist: no mail is signed", "nothing else to sign with: a "
	    "warning");
	check_missing("KeyTable /k\nSigningTable /s\n", "KeyStore: " USUAL
	    ", the default, does not exist", "tables: a line");
	check_missing("Mode v\n", "", "Mode v: nothing");
	check_missing("KeyStore none\n", "", "KeyStore none: nothing");
	tap_ok(mkdir("var", 0755) == 0 && mkdir("var/lib", 0755) == 0 &&
	    mkdir("var/lib/mailseal", 0700) == 0 && mkdir(USUAL, 0700) == 0,
	    "create the default");
	check(&conf, USUAL, "default exists: it is used");
	tap_ok(rmdir(USUAL) == 0 && chmod("var/lib/mailseal", 0) == 0,
	    "close its folder");
	/* Whether it exists is unknown, so it counts as existing. */
	if (geteuid() == 0) {
		check(&conf, USUAL, "parent closed, as root: missing");
		tap_ok(seteuid(NOBODY_UID) == 0, "become user nobody");
		tap_ok(chmod("conf", 0666) == -1, "without privileges");
	}
	check(&conf, USUAL, "parent closed: the default is used");
	tap_ok(geteuid() != NOBODY_UID || seteuid(0) == 0, "become root again");
	tap_ok(chmod("var/lib/mailseal", 0700) == 0,
	    "open the parent");
	conf_release(conf);
}

int
main(void)
{
	char top[] = "/tmp/t_conf_usual.XXXXXX";

	if (mkdtemp(top) == NULL || chdir(top) == -1 ||
	    chmod(top, 0777) == -1) {
		return (1);
	}
	umask(0);
	test_usual();
	(void)unlink("conf");
	(void)rmdir("var/lib/mailseal");
	(void)rmdir("var/lib");
	(void)rmdir("var");
	(void)rmdir(top);
	return (tap_done());
}
