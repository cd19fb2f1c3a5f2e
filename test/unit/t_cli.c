/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "test/unit/tap.h"

static const struct text_row {
	const char	*name;
	struct str	 in;
	const char	*json;
} text_rows[] = {
	{ "absent", STR_NONE, "null" },
	{ "empty", STR(""), "\"\"" },
	{ "plain", STR("plain"), "\"plain\"" },
	{ "UTF-8", STR("\xc3\xa4"), "\"\\u00E4\"" },
	{ "Latin-1", STR("a\xe4z"), "\"a\\uFFFDz\"" },
	{ "a cut character", STR("a\xc3"), "\"a\\uFFFD\"" },
	{ "a surrogate", STR("\xed\xa0\x80"), "\"\\uFFFD\\uFFFD\\uFFFD\"" },
	{ "an overlong slash", STR("\xc0\xaf"), "\"\\uFFFD\\uFFFD\"" },
	{ "controls", STR("\r\n\0\x1b"), "\"\\r\\n\\u0000\\u001B\"" },
};

static void
test_json_text(void)
{
	json_t *json;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(text_rows) / sizeof(text_rows[0]); i++) {
		json = cli_json_text(text_rows[i].in);
		text = json_dumps(json, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
		tap_str(str_from(text), str_from(text_rows[i].json),
		    text_rows[i].name);
		free(text);
		json_decref(json);
	}
}

static const struct number_row {
	const char	*text;
	bool		 ok;
	int64_t		 value;
} number_rows[] = {
	{ "0", true, 0 }, { "100", true, 100 }, { "101", false, 0 },
	{ "-1", false, 0 }, { "", false, 0 }, { "1x", false, 0 },
	{ "x", false, 0 }, { "99999999999999999999", false, 0 },
};

static void
test_number(void)
{
	int64_t value;
	size_t i;

	for (i = 0; i < sizeof(number_rows) / sizeof(number_rows[0]); i++) {
		const struct number_row *row = &number_rows[i];

		value = 0;
		tap_ok(cli_number("n", row->text, 0, 100, &value) == row->ok &&
		    value == row->value, "number \"%s\"", row->text);
	}
}

static void
test_dns_options(void)
{
	struct cli_dns dns = { .zone = NULL };
	bool bad = true, all = true;
	int i;

	tap_ok(!cli_dns_option(&dns, 'x', "1", &bad), "an option of others");
	tap_ok(cli_dns_option(&dns, CLI_DNS_TIMEOUT, "120", &bad) && !bad &&
	    cli_dns_timeout_us(&dns) == 120000000, "the longest timeout");
	tap_ok(cli_dns_option(&dns, CLI_DNS_TIMEOUT, "121", &bad) && bad,
	    "a longer one");
	tap_ok(cli_dns_option(&dns, CLI_DNS_TIMEOUT, "0", &bad) && bad,
	    "none at all");
	for (i = 0; i < CLI_MAX_NAMESERVERS; i++) {
		all = all && cli_dns_option(&dns, CLI_DNS_NAMESERVER,
		    "192.0.2.1", &bad) && !bad;
	}
	tap_ok(all && dns.nameservers_n == CLI_MAX_NAMESERVERS,
	    "as many name servers as allowed");
	tap_ok(cli_dns_option(&dns, CLI_DNS_NAMESERVER, "192.0.2.1", &bad) &&
	    bad && dns.nameservers_n == CLI_MAX_NAMESERVERS,
	    "one name server too many");
}

static bool
key_from(const struct buf *content, mode_t mode)
{
	char path[] = "/tmp/t_cli.XXXXXX";
	struct privkey *key = NULL;
	int fd = mkstemp(path);
	bool ok;

	if (fd == -1 || write(fd, content->p, content->n) !=
	    (ssize_t)content->n || fchmod(fd, mode) == -1 || close(fd) == -1) {
		abort();
	}
	ok = cli_key_load(path, &key) && key != NULL;
	privkey_free(key);
	(void)unlink(path);
	return (ok);
}

static void
test_key(void)
{
	struct privkey *key = NULL, *none = NULL;
	struct buf pem;
	size_t n;

	buf_init(&pem, 2 * CLI_KEY_MAX_BYTES);
	if (privkey_generate(CRYPTO_ED25519, 0, &key) != STATUS_OK ||
	    privkey_write_pem(key, &pem) != STATUS_OK) {
		abort();
	}
	n = pem.n;
	tap_ok(key_from(&pem, 0600), "a key");
	tap_ok(key_from(&pem, 0640),
	    "a key that a group can read, with a warning");
	while (pem.n < CLI_KEY_MAX_BYTES) {
		buf_add_char(&pem, '\n');
	}
	tap_ok(key_from(&pem, 0600), "as large as allowed");
	buf_add_char(&pem, '\n');
	tap_ok(!key_from(&pem, 0600), "larger");
	pem.n = n / 2;
	tap_ok(!key_from(&pem, 0600), "half a key");
	pem.n = 0;
	tap_ok(!key_from(&pem, 0600), "an empty file");
	tap_ok(!cli_key_load("/nonexistent/key", &none), "no file");
	tap_ok(!cli_key_load("/", &none), "a folder");
	buf_fini(&pem);
	privkey_free(key);
}

int
main(void)
{
	setprogname("t_cli");
	test_json_text();
	test_number();
	test_dns_options();
	test_key();
	return (tap_done());
}
