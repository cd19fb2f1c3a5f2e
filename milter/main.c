/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "conf/conf.h"
#include "milter/background.h"
#include "milter/daemon.h"

static const char usage_text[] =
    "usage: mailseald [-fnt] [-c file] [-p socket]\n"
    "       mailseald --help | --version\n"
    "\n"
    "  -c, --config FILE    read this configuration instead of\n"
    "                       " SYSCONFDIR "/mailseald.conf\n"
    "  -f, --foreground     stay in the foreground\n"
    "  -n, --check          check the configuration and the keys, and exit\n"
    "      --no-dns         with -n: do not look up the keys in the DNS\n"
    "  -p, --socket SOCKET  listen on this socket:\n"
    "                       unix:PATH, inet:PORT@HOST, inet6:PORT@HOST\n"
    "  -t, --test           log what would be done, change no message\n"
    "\n"
    "Exit: 0 success, 1 invalid configuration or failed start, 2 wrong usage\n"
    "or unreadable file. Manuals: mailseald(8), mailseald.conf(5).\n";

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "foreground", no_argument, NULL, 'f' },
	{ "check", no_argument, NULL, 'n' },
	{ "socket", required_argument, NULL, 'p' },
	{ "no-dns", no_argument, NULL, 'N' },
	{ "test", no_argument, NULL, 't' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

extern char **environ;

int
main(int argc, char **argv)
{
	struct daemon_opts opts = {
		.conf_path = SYSCONFDIR "/mailseald.conf"
	};
	bool check = false;
	int c;

	background_open_standard();
	setproctitle_init(argc, argv, environ);
	while ((c = getopt_long(argc, argv, "c:fnp:t", long_options, NULL)) !=
	    -1) {
		switch (c) {
		case 'c':
			opts.conf_path = optarg;
			break;
		case 'f':
			opts.foreground = true;
			break;
		case 'n':
			check = true;
			break;
		case 'p':
			if (!conf_is_socket(str_from(optarg))) {
				fprintf(stderr, "mailseald: -p: %s is not "
				    "unix:PATH, inet:PORT@HOST or "
				    "inet6:PORT@HOST\n", optarg);
				return (DAEMON_USAGE);
			}
			opts.socket = optarg;
			break;
		case 't':
			opts.test_mode = true;
			break;
		case 'N':
			opts.no_dns = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return (DAEMON_OK);
		case 'V':
			puts("mailseald " PACKAGE_VERSION);
			return (DAEMON_OK);
		default:
			fputs(usage_text, stderr);
			return (DAEMON_USAGE);
		}
	}
	if (optind != argc) {
		fputs(usage_text, stderr);
		return (DAEMON_USAGE);
	}
	return ((int)(check ? daemon_check(&opts) : daemon_run(&opts)));
}
