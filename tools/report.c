/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal report: its verbs. */
#include "tools/report.h"

static const struct cli_option read_options[] = {
	{ 'j', "json", NULL, "print one JSON object" },
	{ 0x300, "csv", NULL, "print one line for each source" },
	{ 0x301, "html", "FILE", "write a page with plots to FILE" },
	{ 'd', "domain", "DOMAIN", "only reports for it, or below it" },
	{ 's', "since", "YYYY-MM-DD", "only reports that end then or later" },
	{ 'F', "fail-only", NULL, "only sources that do not pass" },
	{ 0x302, "strict", NULL, "use no report that has a warning" },
	{ 'q', "quiet", NULL,
	    "print only if a source of ours fails, and exit 3" },
	{ 'r', "resolve", NULL,
	    "look up names of addresses and our SPF records" },
	{ 'c', "config", "FILE", "the daemon's configuration" },
	CLI_DNS_OPTIONS,
};

static const struct cli_command verbs[] = {
	{ "read", "[options] [FILE | DIR | MBOX | MAILDIR | -] ...",
	    "Reads DMARC and TLS reports and says whose mail fails.",
	    read_options, sizeof(read_options) / sizeof(read_options[0]),
	    report_read_main },
};

static const struct cli_program program = {
	"mailseal report", "Reads the reports of other mail hosts.", verbs,
	sizeof(verbs) / sizeof(verbs[0]), NULL
};

int
report_main(const struct cli_command *command, int argc, char **argv)
{
	(void)command;
	return (cli_main(&program, argc, argv));
}
