/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen: makes DKIM keys and holds them against the DNS. */
#include "keys/keys.h"

static const struct cli_option new_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs (d=); required" },
	{ 's', "selector", "SELECTOR",
	    "the key's name (s=); by default year, month and r or e" },
	{ 't', "type", "rsa|ed25519", "the kind of key (rsa)" },
	{ 'b', "bits", "BITS", "size of an RSA key, 1024 to 4096 (2048)" },
	{ 'D', "directory", "DIRECTORY", "where the files go (.)" },
	{ 'f', "format", "FORMAT",
	    "print the record as zone, value, json or nsupdate (zone)" },
	{ 0x300, "testing", NULL, "mark the record t=y: only a test" },
	{ 0x301, "no-subdomains", NULL,
	    "mark the record t=s: not for subdomains in i=" },
};

static const struct cli_option check_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs (d=); required" },
	{ 's', "selector", "SELECTOR", "the key's name (s=); required" },
	{ 'D', "directory", "DIRECTORY", "where SELECTOR.private lies (.)" },
	{ 'k', "key", "FILE", "the private key, if it lies elsewhere" },
	{ 'j', "json", NULL, "print one JSON object" },
	CLI_DNS_OPTIONS,
};

#define COUNT(v)	(sizeof(v) / sizeof((v)[0]))

static const struct cli_command commands[] = {
	{ "new", "-d DOMAIN [options]",
	    "Makes a key pair and the DNS record that publishes it.",
	    new_options, COUNT(new_options), new_main },
	{ "check", "-d DOMAIN -s SELECTOR [options]",
	    "Checks that the published record is well and fits the key.",
	    check_options, COUNT(check_options), check_main },
};

static const struct cli_program program = {
	"dkimkeygen", "Makes DKIM keys and checks them against the DNS.",
	commands, COUNT(commands), "new"
};

int
main(int argc, char **argv)
{
	return (cli_main(&program, argc, argv));
}
