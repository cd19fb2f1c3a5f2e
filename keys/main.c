/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen: makes DKIM keys and holds them against the DNS. */
#include "keys/opts.h"
#include "keys/opts.h"

static const struct cli_option new_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs (d=); required" },
	{ 's', "selector", "SELECTOR",
	    "the key's name (s=); by default year, month and r or e" },
	{ 't', "type", "rsa|ed25519", "the kind of key (rsa)" },
	{ 'b', "bits", "BITS", "size of an RSA key, 1024 to 4096 (2048)" },
	{ 'D', "directory", "DIRECTORY",
	    "put two files there, not a key into a store" },
	{ 'f', "format", "FORMAT",
	    "print the record as zone, value, json or nsupdate (zone)" },
	{ OPT_TESTING, "testing", NULL, "mark the record t=y: only a test" },
	{ OPT_NO_SUBDOMAINS, "no-subdomains", NULL,
	    "mark the record t=s: not for subdomains in i=" },
	STORE_READ_OPTIONS,
};

static const struct cli_option record_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs; required" },
	{ 's', "selector", "SELECTOR", "the key's name; required" },
	{ 'f', "format", "FORMAT",
	    "print it as zone, value, json or nsupdate (zone)" },
	STORE_READ_OPTIONS,
};

static const struct cli_option list_options[] = {
	{ 'd', "domain", "DOMAIN", "only the keys of this one" },
	{ 'j', "json", NULL, "print one JSON object" },
	STORE_READ_OPTIONS,
};

static const struct cli_option encrypt_options[] = {
	{ 'd', "domain", "DOMAIN", "only the keys of this one" },
	STORE_READ_OPTIONS,
};

static const struct cli_option rotate_options[] = {
	{ OPT_ALL, "all", NULL, "all domains of the store" },
	{ 'd', "domain", "DOMAIN", "this one alone" },
	{ OPT_FORCE, "force", NULL, "its keys get successors now" },
	{ OPT_DRY_RUN, "dry-run", NULL, "say what would be done" },
	{ 'j', "json", NULL, "print one JSON object" },
	{ OPT_PUBLISH, "publish", "HOW",
	    "publish records by print, nsupdate or hook:PROGRAM" },
	{ OPT_DISCLOSE, "disclose", "DIRECTORY",
	    "put private keys that are revoked there" },
	STORE_OPTIONS,
	CLI_DNS_OPTIONS,
};

static const struct cli_option retire_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs; required" },
	{ 's', "selector", "SELECTOR", "the key's name; required" },
	{ OPT_FORCE, "force", NULL, "even if only Ed25519 is left" },
	STORE_OPTIONS,
};

static const struct cli_option revoke_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs; required" },
	{ 's', "selector", "SELECTOR", "the key's name; required" },
	{ OPT_FORCE, "force", NULL, "even if mail may still need it" },
	STORE_OPTIONS,
};

static const struct cli_option check_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs (d=)" },
	{ 's', "selector", "SELECTOR",
	    "the key's name (s=); without it: all keys of the store" },
	{ 'D', "directory", "DIRECTORY", "where SELECTOR.private lies (.)" },
	{ 'k', "key", "FILE", "the private key, if it lies elsewhere" },
	{ OPT_AUTHORITATIVE, "authoritative", NULL,
	    "ask each name server of the zone itself" },
	{ 'j', "json", NULL, "print one JSON object" },
	STORE_READ_OPTIONS,
	CLI_DNS_OPTIONS,
};

static const struct cli_option adopt_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs with the key" },
	{ 's', "selector", "SELECTOR", "the key's name" },
	{ 'k', "key", "FILE", "the private key (SELECTOR.private)" },
	{ OPT_KEY_TABLE, "key-table", "FILE",
	    "all keys of a KeyTable of OpenDKIM's" },
	STORE_OPTIONS,
	CLI_DNS_OPTIONS,
};

#define COUNT(v)	(sizeof(v) / sizeof((v)[0]))

static const struct cli_command commands[] = {
	{ "new", "-d DOMAIN [options]",
	    "Makes a key pair and the DNS record that publishes it.",
	    new_options, COUNT(new_options), new_main },
	{ "record", "-d DOMAIN -s SELECTOR [options]",
	    "Prints the record that the key's stage asks for.",
	    record_options, COUNT(record_options), record_main },
	{ "list", "[options]",
	    "Shows the keys of a key store, their stages and what is next.",
	    list_options, COUNT(list_options), list_main },
	{ "rotate", "--all | -d DOMAIN [options]",
	    "Takes keys to their next stages, as far as it does no harm.",
	    rotate_options, COUNT(rotate_options), rotate_main },
	{ "retire", "-d DOMAIN -s SELECTOR [options]",
	    "Stops signing with a key; its record stays.",
	    retire_options, COUNT(retire_options), retire_main },
	{ "revoke", "-d DOMAIN -s SELECTOR [options]",
	    "Gives a key up; the next rotation takes its record away.",
	    revoke_options, COUNT(revoke_options), revoke_main },
	{ "adopt", "-d DOMAIN -s SELECTOR | --key-table FILE [options]",
	    "Takes keys that sign already over into the store.",
	    adopt_options, COUNT(adopt_options), adopt_main },
	{ "encrypt", "[options]",
	    "Encrypts the private keys in a database.",
	    encrypt_options, COUNT(encrypt_options), encrypt_main },
	{ "check", "[-d DOMAIN [-s SELECTOR]] [options]",
	    "Checks that published records are well and fit their keys.",
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
