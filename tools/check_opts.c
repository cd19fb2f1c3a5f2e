/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of mailseal check. */
#include <fnmatch.h>

#include "tools/check_connect.h"
#include "tools/check_host.h"

static bool
take_selector(struct check_args *a, const char *value)
{
	if (a->selectors_n == CHECK_MAX_SELECTORS) {
		(void)cli_fail("--selector: at most %d", CHECK_MAX_SELECTORS);
		return (false);
	}
	a->selectors[a->selectors_n++] = (struct check_selector){
		.name = str_from(value) };
	return (true);
}

/* The key of the selector before it. */
static bool
take_key(struct check_args *a, const char *value)
{
	struct privkey *key;

	if (a->selectors_n == 0 ||
	    a->selectors[a->selectors_n - 1].key != NULL) {
		(void)cli_fail("--key follows the --selector that it belongs "
		    "to");
		return (false);
	}
	if (!cli_key_load(value, &key)) {
		return (false);
	}
	a->selectors[a->selectors_n - 1].key = key;
	return (true);
}

static bool
take_list(const char *option, struct str *v, size_t *n, const char *value)
{
	if (*n == CHECK_MAX_LISTS) {
		(void)cli_fail("--%s: at most %d", option, CHECK_MAX_LISTS);
		return (false);
	}
	v[(*n)++] = str_from(value);
	return (true);
}

static bool
matches_id(const char *glob)
{
	const char *id;
	size_t i;

	for (i = 0; (id = check_id(i)) != NULL; i++) {
		if (fnmatch(glob, id, 0) == 0) {
			return (true);
		}
	}
	return (false);
}

/* With one that matches no id, a check would be fine that looks at nothing. */
static bool
take_glob(const char *option, const char **v, size_t *n, const char *value)
{
	if (*n == CHECK_MAX_GLOBS) {
		(void)cli_fail("--%s: at most %d", option, CHECK_MAX_GLOBS);
		return (false);
	}
	if (!matches_id(value)) {
		(void)cli_fail("--%s: %s matches no id of a finding; they are "
		    "such as spf.lookups, and spf.* is all about SPF", option,
		    value);
		return (false);
	}
	v[(*n)++] = value;
	return (true);
}

/* The index of the word among the n words; n: it is none of them. */
static size_t
find_word(const char *const *words, size_t n, const char *value)
{
	size_t i;

	for (i = 0; i < n && strcmp(words[i], value) != 0; i++) {
		continue;
	}
	return (i);
}

static bool
take_format(struct check_args *a, const char *value)
{
	static const char *const words[] = {
		"text", "json", "nagios", "prometheus", "zone", "form"
	};
	size_t i = find_word(words, 6, value);

	if (i == 6) {
		(void)cli_fail("--format: %s is not text, json, nagios, "
		    "prometheus, zone or form", value);
		return (false);
	}
	a->format = (enum check_format)i;
	return (true);
}

static bool
take_fail_on(struct check_args *a, const char *value)
{
	static const char *const words[] = { "error", "warn", "never" };
	size_t i = find_word(words, 3, value);

	if (i == 3) {
		(void)cli_fail("--fail-on: %s is not error, warn or never",
		    value);
		return (false);
	}
	a->fail_on = (enum check_fail_on)i;
	return (true);
}

static bool
take_switch(struct check_args *a, int id)
{
	switch (id) {
	case 0x403:
		a->no_dnsbl = true;
		return (true);
	case 'A':
		a->authoritative = true;
		return (true);
	case 'C':
		a->connect = true;
		return (true);
	case 0x412:
		a->no_outbound = true;
		return (true);
	case 0x408:
		a->notify = true;
		return (true);
	case 'R':
		a->records = true;
		return (true);
	case 'v':
		a->verbose = true;
		return (true);
	case 'q':
		a->quiet = true;
		return (true);
	default:
		a->format = CHECK_AS_JSON;
		return (true);
	}
}

/* How servers are connected to. False: it is none of these options. */
static bool
take_connect(struct check_args *a, int id, const char *value, bool *bad_r)
{
	*bad_r = false;
	switch (id) {
	case 0x410:
		*bad_r = !cli_number("connect-timeout", value, 1,
		    CLI_DNS_MAX_SECONDS, &a->connect_timeout_s);
		return (true);
	case 0x411:
		a->outbound = value;
		return (true);
	case 0x413:
		a->ca_file = value;
		return (true);
	case 0x414:
		*bad_r = !cli_number("smtp-port", value, 1, 65535,
		    &a->smtp_port);
		return (true);
	case 0x415:
		*bad_r = !cli_number("https-port", value, 1, 65535,
		    &a->https_port);
		return (true);
	default:
		return (false);
	}
}

bool
check_take_option(void *opts, int id, const char *value)
{
	struct check_args *a = opts;
	bool bad;

	if (cli_dns_option(&a->dns, id, value, &bad) ||
	    take_connect(a, id, value, &bad)) {
		return (!bad);
	}
	switch (id) {
	case 'i':
		return (check_host_take_ip(a->ips, &a->ips_n, value));
	case 'c':
		a->conf_path = value;
		return (true);
	case 'H':
		a->helo = value;
		return (true);
	case 's':
		return (take_selector(a, value));
	case 'k':
		return (take_key(a, value));
	case 'f':
		a->mail_from = value;
		return (true);
	case 0x401:
		return (take_list("dnsbl", a->dnsbl, &a->dnsbl_n, value));
	case 0x402:
		return (take_list("dnsbl-domain", a->dnsbl_domain,
		    &a->dnsbl_domain_n, value));
	case 0x404:
		return (take_glob("only", a->only, &a->only_n, value));
	case 0x405:
		return (take_glob("skip", a->skip, &a->skip_n, value));
	case 0x406:
		return (take_fail_on(a, value));
	case 0x407:
		a->save = value;
		return (true);
	case 0x409:
		return (cli_number("authority-port", value, 1, 65535,
		    &a->authority_port));
	case 'F':
		return (take_format(a, value));
	default:
		return (take_switch(a, id));
	}
}
