/* SPDX-License-Identifier: BSD-2-Clause */
/* What to change, ready to paste; new records are those of wanted/wanted.h. */
#include "check/private.h"

void
check_fix(struct check_finding *f, enum wanted_place where, struct str owner,
    const char *type, struct str value)
{
	if (f->fix_n < CHECK_MAX_FIXES && value.p != NULL) {
		f->fix[f->fix_n++] = (struct check_fix){ where, owner, type,
			value, false };
	}
}

void
check_fix_remove(struct check_finding *f, struct str owner, const char *type,
    struct str value)
{
	if (f->fix_n < CHECK_MAX_FIXES) {
		f->fix[f->fix_n++] = (struct check_fix){ WANTED_AT_DNS, owner,
			type, value, true };
	}
}

struct wanted_about
check_about(const struct check *c)
{
	return ((struct wanted_about){ .domain = c->domain,
		.host = c->opts.helo, .ips = c->opts.ips,
		.ips_n = c->opts.ips_n, .parked = c->facts.parked,
		.now_s = c->now_s });
}

void
check_fix_wanted(struct check *c, struct check_finding *f, enum wanted wanted,
    const struct wanted_about *about)
{
	struct wanted_record record;

	if (wanted_make(&c->memory, wanted, about, &record) != STATUS_OK) {
		c->status = STATUS_NOMEM;
		return;
	}
	check_fix(f, record.place, record.owner, record.type, record.value);
}

void
check_fix_host(struct check *c, struct check_finding *f)
{
	const struct wanted_about about = { .domain = c->domain };
	struct str name = wanted_host(&c->memory, &about);

	if (name.p == NULL) {
		c->status = STATUS_NOMEM;
	}
	check_fix(f, WANTED_AT_POSTFIX, STR("main.cf"), "myhostname", name);
}
