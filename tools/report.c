/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal report: its verbs. */
#include "tools/report.h"
#include "tools/report_db.h"

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
	{ 0x303, "store", NULL,
	    "keep the reports in ReportStore, and show all that it has" },
	{ 'c', "config", "FILE", "the daemon's configuration" },
	CLI_DNS_OPTIONS,
};

static const struct cli_option send_options[] = {
	{ 'c', "config", "FILE", "the daemon's configuration" },
	{ 'n', "dry-run", NULL, "say what would be sent, and change nothing" },
	{ 'o', "out", "DIR", "write the mails to files in DIR" },
	{ 'D', "date", "YYYY-MM-DD", "only reports about that day" },
	{ 'd', "domain", "DOMAIN", "only reports about DOMAIN" },
	{ 'm', "max", "N", "at most N reports" },
	{ 0x300, "legacy", NULL, "in the form of RFC 7489" },
	{ 0x301, "failures", NULL, "only failure reports" },
	{ 'N', "now", "UNIXTIME", "the time to assume" },
	{ 'j', "json", NULL, "print one JSON object" },
	CLI_DNS_OPTIONS,
};

static const struct cli_option list_options[] = {
	{ 'D', "date", "YYYY-MM-DD", "only that day" },
	{ 'd', "domain", "DOMAIN", "only DOMAIN" },
	{ 0x300, "failures", NULL, "list the failure reports" },
	REPORT_DB_OPTIONS,
};

static const struct cli_option show_options[] = {
	{ 'D', "date", "YYYY-MM-DD", "only that day" },
	REPORT_DB_OPTIONS,
};

static const struct cli_option suppress_options[] = {
	{ 'D', "days", "N", "for so long" },
	{ 'r', "remove", NULL, "send to it again" },
	REPORT_DB_OPTIONS,
};

static const struct cli_option bounce_options[] = {
	{ 'c', "config", "FILE", "the daemon's configuration" },
	{ 'N', "now", "UNIXTIME", "the time to assume" },
};

#define COUNT(options)	(sizeof(options) / sizeof((options)[0]))

static const struct cli_command verbs[] = {
	{ "read", "[options] [FILE | DIR | MBOX | MAILDIR | -] ...",
	    "Reads DMARC and TLS reports and says whose mail fails.",
	    read_options, COUNT(read_options), report_read_main },
	{ "send", "[options]",
	    "Sends the reports that this host owes others.",
	    send_options, COUNT(send_options), report_send_main },
	{ "list", "[options]",
	    "Lists the reports that are due, sent or dropped.",
	    list_options, COUNT(list_options), report_list_main },
	{ "show", "[options] DOMAIN",
	    "Shows what the reports about a domain say and who got them.",
	    show_options, COUNT(show_options), report_show_main },
	{ "suppress", "[options] [ADDRESS]",
	    "Lists, adds or removes addresses that get no reports.",
	    suppress_options, COUNT(suppress_options), report_suppress_main },
	{ "bounce", "[options] [TAG]",
	    "Takes a bounce of a report from the MTA.",
	    bounce_options, COUNT(bounce_options), report_bounce_main },
};

static const struct cli_program program = {
	"mailseal report", "Reads and sends reports about mail.", verbs,
	COUNT(verbs), NULL
};

int
report_main(const struct cli_command *command, int argc, char **argv)
{
	(void)command;
	return (cli_main(&program, argc, argv));
}
