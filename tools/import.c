/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal import: the command. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "tools/import.h"
#include "tools/mailseal.h"

#define ARENA_BYTES	((size_t)256 * 1024 * 1024)

struct options {
	const char	*dir;
	bool		 compare;
	bool		 run_old;
	bool		 quiet;
};

/* What Postfix gives as {j}; NULL: unknown, or no name for AuthservID. */
static const char *
find_mta_name(struct import *im)
{
	const char *name = import_postconf(im, "myhostname");

	return (name != NULL && name[0] != '\0' &&
	    strpbrk(name, " ,\t") == NULL ? name : NULL);
}

static bool
read_files(struct import *im, char **paths, int n)
{
	struct diag diag;
	enum status status;
	int i;

	for (i = 0; i < n; i++) {
		diag_init(&diag);
		status = import_read(im, IMPORT_PROGRAMS, paths[i], &diag);
		if (status != STATUS_OK) {
			(void)cli_fail("%s", diag.text[0] != '\0' ? diag.text :
			    status_text(status));
			return (false);
		}
	}
	im->mta_name = find_mta_name(im);
	return (true);
}

static bool
print_result(struct import *im, const struct options *o, bool *differs_r)
{
	if (o->dir != NULL && !import_write(im)) {
		return (false);
	}
	if (o->compare) {
		return (import_compare(im, o->run_old, differs_r));
	}
	if (o->dir != NULL) {
		return (true);
	}
	return (fwrite(im->out.p, 1, im->out.n, stdout) == im->out.n &&
	    cli_flush());
}

static int
import_files(const struct options *o, char **paths, int n)
{
	struct import im = { .n = 0 };
	bool differs = false;
	int result = CLI_USAGE;
	struct env env;

	env_init_system(&env);
	im.env = &env;
	im.quiet = o->quiet;
	arena_init(&im.arena, ARENA_BYTES);
	buf_init(&im.out, ARENA_BYTES);
	if ((o->dir == NULL || import_make_dir(&im, o->dir)) &&
	    read_files(&im, paths, n)) {
		if (import_translate(&im) != STATUS_OK) {
			(void)cli_fail("%s", status_text(im.status));
		} else if (print_result(&im, o, &differs)) {
			result = differs || import_is_lossy(&im) ? CLI_NO :
			    CLI_YES;
		}
	}
	if (result != CLI_USAGE && !o->compare) {
		cli_warn("%s", result == CLI_NO ? "not everything stays as it "
		    "was: read the first comments" : "read the comments");
	}
	buf_fini_secret(&im.out);
	arena_fini(&im.arena);
	return (result);
}

static bool
take_option(void *opts, int id, const char *value)
{
	struct options *o = opts;

	switch (id) {
	case 'w':
		o->dir = value;
		break;
	case 'c':
		o->compare = true;
		break;
	case 'q':
		o->quiet = true;
		break;
	default:
		o->compare = o->run_old = true;
		break;
	}
	return (true);
}

int
import_main(const struct cli_command *command, int argc, char **argv)
{
	struct options o = { .dir = NULL };
	int early = cli_options(command, argc, argv, take_option, &o);

	if (early != CLI_END) {
		return (early);
	}
	if (argc - optind < 1) {
		return (cli_fail("import: need opendkim.conf, and whichever "
		    "there are of opendmarc.conf, openarc.conf and "
		    "policyd-spf.conf"));
	}
	return (import_files(&o, argv + optind, argc - optind));
}
