/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of mailseal setup. */
#include <unistd.h>

#include "tools/check_host.h"
#include "tools/setup.h"
#include "wanted/provider.h"

#define WAIT_MAX_S	(7 * 24 * 3600)

static bool
take_mta(struct setup_args *a, const char *value)
{
	static const char *const names[] = { "postfix", "sendmail", "none" };
	size_t i;

	for (i = 0; i < 3; i++) {
		if (strcmp(value, names[i]) == 0) {
			a->mta = (enum setup_mta)i;
			a->mta_given = true;
			return (true);
		}
	}
	(void)cli_fail("--mta: %s is not postfix, sendmail or none", value);
	return (false);
}

static bool
take_policy(struct setup_args *a, const char *value)
{
	a->policy = value;
	if (strcmp(value, "none") == 0 || strcmp(value, "quarantine") == 0 ||
	    strcmp(value, "reject") == 0) {
		return (true);
	}
	(void)cli_fail("--policy: %s is not none, quarantine or reject",
	    value);
	return (false);
}

static bool
take_publish(struct setup_args *a, const char *value)
{
	a->publish = value;
	if (strcmp(value, "print") == 0 || strcmp(value, "nsupdate") == 0 ||
	    value[0] == '/') {
		return (true);
	}
	(void)cli_fail("--publish: %s is not print, nsupdate or the path of "
	    "a program", value);
	return (false);
}

static bool
take_provider(struct setup_args *a, const char *value)
{
	a->provider = value;
	if (provider_named(value) == NULL) {
		(void)cli_fail("--provider: %s is not known", value);
		return (false);
	}
	return (true);
}

static bool
take_switch(struct setup_args *a, int id)
{
	switch (id) {
	case 0x502:
		a->relay = true;
		return (true);
	case 0x506:
		a->ed25519 = true;
		return (true);
	case 0x509:
		a->wait_s = 0;
		return (true);
	case 'n':
		a->dry_run = true;
		return (true);
	case 'y':
		a->yes = true;
		return (true);
	case 'j':
		a->json = true;
		return (true);
	case 0x50b:
		a->verb = SETUP_UNDO;
		return (true);
	case 0x50c:
		a->verb = SETUP_STATUS;
		return (true);
	default:
		return (false);
	}
}

/* Options that are paths and names. */
static bool
take_text(struct setup_args *a, int id, const char *value)
{
	switch (id) {
	case 0x501:
		a->host = value;
		return (true);
	case 0x505:
		a->rua = value;
		return (true);
	case 0x50a:
		a->send_to = value;
		return (value[0] != '-' && value[0] != '\0');
	case 'c':
		a->conf_path = value;
		return (true);
	case 0x50d:
		a->store.policy = value;
		return (true);
	case 0x50e:
		a->state_dir = value;
		return (true);
	case 0x50f:
		a->mta_config = value;
		return (true);
	case 0x510:
		a->user = value;
		return (true);
	case 0x511:
		a->daemon = value;
		return (true);
	case 'K':
		a->store.where = value;
		return (true);
	default:
		return (take_switch(a, id));
	}
}

bool
setup_take_option(void *opts, int id, const char *value)
{
	struct setup_args *a = opts;
	bool bad;

	if (cli_dns_option(&a->dns, id, value, &bad)) {
		return (!bad);
	}
	switch (id) {
	case 'i':
		return (check_host_take_ip(a->ips, &a->ips_n, value));
	case 0x503:
		return (take_mta(a, value));
	case 0x504:
		return (take_policy(a, value));
	case 0x507:
		return (take_publish(a, value));
	case 0x508:
		a->wait_s = WAIT_MAX_S;
		return (value == NULL || cli_number("wait", value, 0,
		    WAIT_MAX_S, &a->wait_s));
	case 0x512:
		return (take_provider(a, value));
	default:
		return (take_text(a, id, value));
	}
}

bool
setup_check_args(struct setup_args *a, int argc, char **argv)
{
	if (optind + 1 != argc) {
		(void)cli_fail("name one domain");
		return (false);
	}
	a->domain = argv[optind];
	if (a->dns.zone != NULL && !a->dry_run) {
		(void)cli_fail("--zone is for --dry-run");
		return (false);
	}
	if (geteuid() != 0 && !a->dry_run && a->verb != SETUP_STATUS) {
		(void)cli_fail("setup needs root; --dry-run shows what it "
		    "would do");
		return (false);
	}
	return (true);
}
