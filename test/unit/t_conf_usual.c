/* SPDX-License-Identifier: BSD-2-Clause */
/* The key directory that usually is there: absent is not out of reach. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#undef LOCALSTATEDIR
#define LOCALSTATEDIR	"var"		/* below the folder of this test */
#include "conf/check.c"
#include "test/unit/tap.h"

#define NOBODY_UID	65534
#define USUAL		"var/lib/mailseal/keys"

/* The key directory is that now; "": there is none. */
static void
check(struct conf **conf, const char *want, const char *name)
{
	struct diag diag;
	struct env env;
	FILE *file;

	diag_init(&diag);
	env_init_system(&env);
	file = fopen("conf", "w");
	if (file == NULL || fputs("Socket inet:1@127.0.0.1\n", file) == EOF ||
	    fclose(file) == EOF) {
		tap_ok(false, "write a configuration");
		return;
	}
	conf_release(*conf);
	tap_ok(conf_load("conf", &env, conf, &diag) == STATUS_OK,
	    "a configuration: %s", diag.text);
	tap_str(*conf == NULL || (*conf)->key_directory == NULL ? STR("") :
	    str_from((*conf)->key_directory), str_from(want), name);
}

static void
test_usual(void)
{
	struct conf *conf = NULL;

	check(&conf, "", "none is there");
	tap_ok(conf != NULL && !conf->mode_sign, "nothing is signed");
	tap_ok(mkdir("var", 0755) == 0 && mkdir("var/lib", 0755) == 0 &&
	    mkdir("var/lib/mailseal", 0700) == 0 && mkdir(USUAL, 0700) == 0,
	    "make it");
	check(&conf, USUAL, "one is there");
	tap_ok(rmdir(USUAL) == 0 && chmod("var/lib/mailseal", 0) == 0,
	    "close its folder");
	/* It may or may not be there: that is not to go unnoticed. */
	if (geteuid() == 0) {
		check(&conf, "", "root sees that it is gone");
		tap_ok(seteuid(NOBODY_UID) == 0, "be nobody");
		tap_ok(chmod("conf", 0666) == -1, "indeed");
	}
	check(&conf, USUAL, "out of reach is not absent");
	tap_ok(geteuid() != NOBODY_UID || seteuid(0) == 0, "be oneself");
	tap_ok(chmod("var/lib/mailseal", 0700) == 0, "open it");
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
