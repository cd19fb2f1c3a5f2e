/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen: makes DKIM keys, rotates them and checks them against DNS. */
#include "keys/opts.h"

static const struct cli_option new_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs (d=); required" },
	{ 's', "selector", "SELECTOR",
	    "the key's name (s=); by default year, month and r or e" },
	{ 't', "type", "rsa|ed25519", "the kind of key (rsa)" },
	{ 'b', "bits", "BITS", "size of an RSA key, 1024 to 4096 (2048)" },
	{ 'D', "directory", "DIRECTORY",
	    "write two files there instead of using a store" },
	{ 'f', "format", "FORMAT",
	    "print the record as zone, value, form, json or nsupdate (zone)" },
	{ OPT_PROVIDER, "provider", "NAME",
	    "print it as the web form of that DNS provider wants it" },
	{ OPT_TESTING, "testing", NULL, "add t=y to the record: for tests" },
	{ OPT_NO_SUBDOMAINS, "no-subdomains", NULL,
	    "add t=s to the record: no subdomains in i=" },
	STORE_READ_OPTIONS,
};

static const struct cli_option record_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs; required" },
	{ 's', "selector", "SELECTOR", "the key's name; required" },
	{ 'f', "format", "FORMAT",
	    "print it as zone, value, form, json or nsupdate (zone)" },
	{ OPT_PROVIDER, "provider", "NAME",
	    "print it as the web form of that DNS provider wants it" },
	STORE_READ_OPTIONS,
};

static const struct cli_option list_options[] = {
	{ 'd', "domain", "DOMAIN", "only the keys of this domain" },
	{ 'q', "quiet", NULL, "show no progress on a terminal" },
	{ 'j', "json", NULL, "print one JSON object" },
	STORE_READ_OPTIONS,
};

static const struct cli_option encrypt_options[] = {
	{ 'd', "domain", "DOMAIN", "only the keys of this one" },
	STORE_READ_OPTIONS,
};

static const struct cli_option rotate_options[] = {
	{ OPT_ALL, "all", NULL, "all domains of the store" },
	{ 'd', "domain", "DOMAIN", "only this domain" },
	{ OPT_FORCE, "force", NULL, "make successors of its keys now" },
	{ OPT_DRY_RUN, "dry-run", NULL, "report what would be done" },
	{ 'q', "quiet", NULL,
	    "report only what was done, and what you must do" },
	{ 'j', "json", NULL, "print one JSON object" },
	{ OPT_PUBLISH, "publish", "HOW",
	    "publish records by print, nsupdate or hook:PROGRAM" },
	{ OPT_DISCLOSE, "disclose", "DIRECTORY",
	    "write private keys that are removed there" },
	STORE_OPTIONS,
	CLI_DNS_OPTIONS,
};

static const struct cli_option retire_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs; required" },
	{ 's', "selector", "SELECTOR", "the key's name; required" },
	{ OPT_FORCE, "force", NULL, "also if only Ed25519 keys remain" },
	STORE_OPTIONS,
};

static const struct cli_option revoke_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs; required" },
	{ 's', "selector", "SELECTOR", "the key's name; required" },
	{ OPT_FORCE, "force", NULL, "also if mail in transit may need it" },
	STORE_OPTIONS,
};

static const struct cli_option delete_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain, perhaps mistyped; required" },
	{ 's', "selector", "SELECTOR", "only this key, not all" },
	{ OPT_FORCE, "force", NULL,
	    "also keys that were revoked; their selectors may be reused" },
	STORE_READ_OPTIONS,
};

static const struct cli_option check_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs (d=)" },
	{ 's', "selector", "SELECTOR",
	    "the key's name (s=); default: all keys of the store" },
	{ 'D', "directory", "DIRECTORY", "where SELECTOR.private is (.)" },
	{ 'k', "key", "FILE", "the private key, if it has another name" },
	{ OPT_AUTHORITATIVE, "authoritative", NULL,
	    "ask every name server of the zone" },
	{ 'q', "quiet", NULL, "show no progress on a terminal" },
	{ 'j', "json", NULL, "print one JSON object" },
	STORE_READ_OPTIONS,
	CLI_DNS_OPTIONS,
};

static const struct cli_option adopt_options[] = {
	{ 'd', "domain", "DOMAIN", "the domain that signs with the key" },
	{ 's', "selector", "SELECTOR", "the key's name" },
	{ 'k', "key", "FILE", "the private key (SELECTOR.private)" },
	{ OPT_KEY_TABLE, "key-table", "FILE",
	    "all keys of an OpenDKIM KeyTable" },
	{ 'q', "quiet", NULL, "show no progress on a terminal" },
	STORE_OPTIONS,
	CLI_DNS_OPTIONS,
};

#define COUNT(v)	(sizeof(v) / sizeof((v)[0]))

static const struct cli_command commands[] = {
	{ "new", "-d DOMAIN [options]",
	    "Makes a key pair and the DNS record that publishes it.",
	    new_options, COUNT(new_options), new_main },
	{ "record", "-d DOMAIN -s SELECTOR [options]",
	    "Prints the record that a key needs in its stage.",
	    record_options, COUNT(record_options), record_main },
	{ "list", "[options]",
	    "Lists the keys of a key store and their stages.",
	    list_options, COUNT(list_options), list_main },
	{ "rotate", "--all | -d DOMAIN [options]",
	    "Moves keys to their next stages.",
	    rotate_options, COUNT(rotate_options), rotate_main },
	{ "retire", "-d DOMAIN -s SELECTOR [options]",
	    "Stops signing with a key; its record stays.",
	    retire_options, COUNT(retire_options), retire_main },
	{ "revoke", "-d DOMAIN -s SELECTOR [options]",
	    "Revokes a key; the next rotation replaces its record by one "
	    "with an empty p=.",
	    revoke_options, COUNT(revoke_options), revoke_main },
	{ "delete", "-d DOMAIN [-s SELECTOR] [options]",
	    "Deletes keys that never signed, such as those of a mistyped "
	    "domain.",
	    delete_options, COUNT(delete_options), delete_main },
	{ "adopt", "-d DOMAIN -s SELECTOR | --key-table FILE [options]",
	    "Takes keys in files that sign already into the store.",
	    adopt_options, COUNT(adopt_options), adopt_main },
	{ "encrypt", "[options]",
	    "Encrypts the private keys in a database.",
	    encrypt_options, COUNT(encrypt_options), encrypt_main },
	{ "check", "[-d DOMAIN [-s SELECTOR]] [options]",
	    "Checks published records against their keys.",
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
