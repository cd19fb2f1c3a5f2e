/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal: the operator's tool. Its commands and their options. */
#include "tools/mailseal.h"

#define COUNT(v)	(sizeof(v) / sizeof((v)[0]))

/* Who sent a message, and how it is judged. */
#define JUDGE_OPTIONS							\
	CLI_DNS_OPTIONS,						\
	{ 'i', "ip", "ADDRESS", "the client's address" },		\
	{ 'H', "helo", "NAME", "the name it gave with HELO" },		\
	{ 'f', "mail-from", "ADDRESS", "the envelope's sender" },	\
	{ 'a', "authserv-id", "ID",					\
	    "our name in Authentication-Results" },			\
	{ 'O', "org-domain", "treewalk|psl",				\
	    "how to find organisational domains (treewalk)" },		\
	{ 'n', "now", "UNIXTIME", "as if it were then" },		\
	{ 0x300, "no-second-opinion", NULL,				\
	    "do not ask libopendkim and libopendmarc" },		\
	{ 'o', "option", "LINE",					\
	    "a line of mailseald.conf(5); may repeat" }

static const struct cli_option verify_options[] = {
	{ 'c', "config", "FILE", "the configuration instead of this host's" },
	{ 0x303, "no-config", NULL, "verify with the defaults" },
	JUDGE_OPTIONS,
	{ 'j', "json", NULL, "print one JSON object" },
};

static const struct cli_option seal_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that seals (d=)" },
	{ 's', "selector", "SELECTOR", "the key's name (s=)" },
	{ 'k', "key", "FILE", "the private key" },
	{ 0x301, "cv", "auto|none|pass|fail",
	    "what the chain came to on arrival (auto: find out)" },
	{ 'c', "config", "FILE", "the configuration that verifies" },
	{ 0x303, "no-config", NULL, "verify with the defaults (default)" },
	JUDGE_OPTIONS,
	{ 'h', "headers", "LIST",
	    "the fields to sign, with colons between" },
	{ 0x302, "header-only", NULL, "print the new fields only" },
};

static const struct cli_option sign_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs (d=)" },
	{ 's', "selector", "SELECTOR", "the key's name (s=)" },
	{ 'k', "key", "FILE",
	    "the private key; the three may repeat, as a group" },
	{ 'a', "algorithm", "auto|rsa-sha256|ed25519-sha256",
	    "refuse a key of another kind (auto)" },
	{ 'c', "canonicalization", "HEADER[/BODY]",
	    "simple or relaxed (relaxed/relaxed)" },
	{ 'I', "identity", "IDENTITY", "the user or agent (i=)" },
	{ 'h', "headers", "LIST", "the fields to sign, with colons between" },
	{ 'O', "oversign", "LIST",
	    "the fields to which none may be added; '' for none" },
	{ 'n', "now", "UNIXTIME", "sign as if it were then" },
	{ 'x', "expire", "SECONDS", "how long the signature holds (x=)" },
	{ 0x300, "header-only", NULL, "print the new fields only" },
};

static const struct cli_option spf_options[] = {
	CLI_DNS_OPTIONS,
	{ 'i', "ip", "ADDRESS", "the client's address; required" },
	{ 'H', "helo", "NAME", "the name it gave with HELO" },
	{ 'f', "mail-from", "ADDRESS",
	    "the envelope's sender, '' for the null one; else HELO is "
	    "checked" },
	{ 'r', "receiver", "NAME", "our name, for explanations" },
	{ 'n', "now", "UNIXTIME", "check as if it were then" },
	{ 'j', "json", NULL, "print one JSON object" },
};

static const struct cli_option dmarc_options[] = {
	CLI_DNS_OPTIONS,
	{ 'f', "from", "DOMAIN", "the author domain; may repeat" },
	{ 's', "spf", "DOMAIN=RESULT", "what SPF says of the sender's domain" },
	{ 'd', "dkim", "DOMAIN=RESULT",
	    "what a signature of that domain came to; may repeat" },
	{ 'O', "org-domain", "treewalk|psl",
	    "how to find organisational domains (treewalk)" },
	{ 'j', "json", NULL, "print one JSON object" },
};

static const struct cli_option check_options[] = {
	CLI_DNS_OPTIONS,
	{ 'c', "config", "FILE",
	    "take selectors and keys from this configuration" },
	{ 'i', "ip", "ADDRESS", "an address that sends; may repeat" },
	{ 'H', "helo", "NAME", "the name that it gives with HELO" },
	{ 's', "selector", "SELECTOR", "a DKIM key in use; may repeat" },
	{ 'k', "key", "FILE", "the private key of the selector before it" },
	{ 'f', "mail-from", "DOMAIN",
	    "the domain of the envelope's sender, if another" },
	{ 0x401, "dnsbl", "LIST", "ask this block list of addresses; may "
	    "repeat" },
	{ 0x402, "dnsbl-domain", "LIST",
	    "ask this block list of domains; may repeat" },
	{ 0x403, "no-dnsbl", NULL, "ask no block list" },
	{ 'A', "authoritative", NULL,
	    "ask each name server of the zone, too" },
	{ 0x409, "authority-port", "PORT",
	    "the port of these name servers (53)" },
	{ 'C', "connect", NULL, "ask the MX hosts and the policy's web "
	    "server themselves, too" },
	{ 0x410, "connect-timeout", "SECONDS", "how long for all of them "
	    "(15)" },
	{ 0x411, "outbound", "DOMAIN", "with --connect: whether port 25 of "
	    "this domain can be reached (gmail.com)" },
	{ 0x412, "no-outbound", NULL, "do not try that" },
	{ 0x413, "ca-file", "FILE", "trust these certificates, not the "
	    "system's" },
	{ 0x414, "smtp-port", "PORT", "the port of the MX hosts (25)" },
	{ 0x415, "https-port", "PORT", "the port of the web server (443)" },
	{ 0x404, "only", "GLOB", "only these findings, \"spf.*\"; may repeat" },
	{ 0x405, "skip", "GLOB", "not these findings; may repeat" },
	{ 0x406, "fail-on", "error|warn|never",
	    "which findings make the exit status 1 (error)" },
	{ 0x407, "save", "FILE",
	    "compare with the last run, whose findings are in FILE" },
	{ 0x408, "notify", NULL,
	    "print only what is new; exit status 1 only then" },
	{ 'R', "records", NULL, "print only what to publish" },
	{ 'F', "format", "text|json|nagios|prometheus|zone|form",
	    "how to print (text)" },
	{ 'j', "json", NULL, "the same as --format json" },
	{ 'v', "verbose", NULL, "print notes and what is fine, too" },
	{ 'q', "quiet", NULL, "print findings only" },
};

static const struct cli_option authres_options[] = {
	{ 'a', "authserv-id", "ID", "say whether the field claims to be ID's" },
	{ 'j', "json", NULL, "print one JSON object" },
};

static const struct cli_option try_options[] = {
	{ 'm', "milter", "SOCKET",
	    "unix:PATH, inet:PORT@HOST or inet6:PORT@HOST; required" },
	{ 'i', "ip", "ADDRESS", "the client's address (127.0.0.1); or none" },
	{ 'C', "client-name", "NAME", "the client's name (unknown)" },
	{ 'H', "helo", "NAME", "the name it gives with HELO (localhost)" },
	{ 'f', "mail-from", "ADDRESS", "the sender (the null sender)" },
	{ 'r', "rcpt", "ADDRESS", "a recipient (postmaster); may repeat" },
	{ 'u', "auth", "USER", "the client has logged in as that user" },
	{ 'M', "macro", "NAME=VALUE", "set a macro; may repeat" },
	{ 't', "timeout", "SECONDS", "how long to wait for an answer (30)" },
	{ 'o', "output", "FILE", "write the resulting message there" },
	{ 'j', "json", NULL, "print one JSON object" },
};

static const struct cli_option explain_options[] = {
	{ 'c', "config", "FILE", "the daemon's configuration" },
	{ 'F', "from", "FIELD",
	    "the author: an address, or a From field's value; required" },
	{ 'f', "mail-from", "ADDRESS", "the envelope's sender" },
	{ 'u', "auth", "USER", "the client has logged in as that user" },
	{ 'i', "ip", "ADDRESS", "the client's address (127.0.0.1); or none" },
	{ 'C', "client-name", "NAME", "the client's name" },
	{ 'd', "daemon-name", "NAME", "the MTA's daemon that took it" },
	{ 'j', "json", NULL, "print one JSON object" },
};

static const struct cli_option setup_options[] = {
	CLI_DNS_OPTIONS,
	{ 0x501, "host", "NAME", "the name of this host (Postfix's)" },
	{ 'i', "ip", "ADDRESS", "an address that sends; may repeat" },
	{ 0x502, "relay", NULL, "mail leaves through a relay of others" },
	{ 0x503, "mta", "postfix|sendmail|none", "the MTA (postfix)" },
	{ 0x504, "policy", "none|quarantine|reject",
	    "of a DMARC record that is made (none)" },
	{ 0x505, "rua", "ADDRESS", "where its reports go (postmaster)" },
	{ 0x506, "ed25519", NULL, "add an Ed25519 key" },
	{ 0x507, "publish", "print|nsupdate|PROGRAM",
	    "how records are published (print)" },
	{ 0x512, "provider", "NAME", "how the DNS provider's form takes "
	    "records" },
	{ 0x508, "wait", "[SECONDS]",
	    "how long to wait for the name servers (600)" },
	{ 0x509, "no-wait", NULL, "ask them once" },
	{ 0x50a, "send-to", "ADDRESS", "send a signed letter there" },
	{ 'n', "dry-run", NULL, "change nothing" },
	{ 'y', "yes", NULL, "ask nothing" },
	{ 0x50b, "undo", NULL, "take back what setup made on this host" },
	{ 0x50c, "status", NULL, "say how far the last run came" },
	{ 'c', "config", "FILE", "the configuration of mailseald" },
	{ 'K', "key-store", "STORE",
	    "a directory, sqlite:PATH or postgres:CONNINFO" },
	{ 0x50d, "key-policy", "FILE", "read instead of dkimkeygen.conf" },
	{ 0x50e, "state", "DIRECTORY", "what setup remembers" },
	{ 0x50f, "mta-config", "DIRECTORY", "Postfix's configuration" },
	{ 0x510, "user", "NAME", "the user of mailseald (mailseal)" },
	{ 0x511, "daemon", "PROGRAM",
	    "start this mailseald, without systemd" },
	{ 'j', "json", NULL, "print one JSON object" },
};

static const struct cli_option import_options[] = {
	{ 'w', "write", "DIR",
	    "write all files there, with the commands to run" },
	{ 'c', "compare", NULL, "show what mail meets before and after" },
	{ 0x300, "run-old", NULL,
	    "the same, and ask the old programs that are installed" },
	{ 'q', "quiet", NULL, "show no progress on a terminal" },
};

static const struct cli_command commands[] = {
	{ "verify", "[options] [FILE]",
	    "Verifies a message as the daemon would on arrival.",
	    verify_options, COUNT(verify_options), verify_main },
	{ "sign", "--domain D --selector S --key FILE [options] [FILE]",
	    "Prints a message with its DKIM-Signature on top.",
	    sign_options, COUNT(sign_options), sign_main },
	{ "seal", "--domain D --selector S --key FILE --authserv-id ID "
	    "[options] [FILE]",
	    "Prints a message with one more ARC set on top.",
	    seal_options, COUNT(seal_options), seal_main },
	{ "spf", "--ip ADDRESS [options]",
	    "Says whether a client may send for a domain (SPF).",
	    spf_options, COUNT(spf_options), spf_main },
	{ "dmarc", "--from DOMAIN [options]",
	    "Says what a domain's DMARC policy makes of given results.",
	    dmarc_options, COUNT(dmarc_options), dmarc_main },
	{ "check", "[options] [DOMAIN ...]",
	    "Says what is wrong with a domain's mail records and hosts.",
	    check_options, COUNT(check_options), check_main },
	{ "authres", "[options] [FILE]",
	    "Parses the value of an Authentication-Results field.",
	    authres_options, COUNT(authres_options), authres_main },
	{ "explain", "--from FIELD [options]",
	    "Says what the daemon signs, by which rule, with which keys.",
	    explain_options, COUNT(explain_options), explain_main },
	{ "import", "[options] FILE ...",
	    "Prints the configuration of mailseald that does the same.",
	    import_options, COUNT(import_options), import_main },
	{ "report", "read|send|list|show|suppress|bounce [options]",
	    "Reads the reports of other mail hosts; sends ours.",
	    NULL, 0, report_main },
	{ "setup", "[options] DOMAIN",
	    "Sets up signing for a domain, step by step, with a way back.",
	    setup_options, COUNT(setup_options), setup_main },
	{ "try", "--milter SOCKET [options] [FILE]",
	    "Plays the MTA to a running milter and shows what it answers.",
	    try_options, COUNT(try_options), try_main },
};

static const struct cli_program program = {
	"mailseal", "Verifies, signs and explains mail, without a daemon.",
	commands, COUNT(commands), NULL
};

int
main(int argc, char **argv)
{
	return (cli_main(&program, argc, argv));
}
