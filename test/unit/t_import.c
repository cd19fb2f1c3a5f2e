/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows that translate options, and whose a file is. */
#include "config.h"

#include "conf/table.h"
#include "test/unit/tap.h"
#include "tools/import.h"

static bool
has_value(const struct import_option *o)
{
	return (o->kind != IMPORT_NONE && o->kind != IMPORT_INCLUDE &&
	    o->kind != IMPORT_IF_YES && o->kind != IMPORT_TOGETHER);
}

static void
check_row(const struct import_option *v, const struct import_option *o)
{
	char upper[64];
	size_t i;

	for (i = 0; o->name[i] != '\0' && i + 1 < sizeof(upper); i++) {
		upper[i] = o->name[i] >= 'a' && o->name[i] <= 'z' ?
		    (char)(o->name[i] - 'a' + 'A') : o->name[i];
	}
	upper[i] = '\0';
	tap_ok(import_option_find(v, str_from(upper)) == o,
	    "%s is found, once, whatever its case", o->name);
	if (has_value(o)) {
		tap_ok(conf_option_find(&conf_daemon_options,
		    str_from(o->to != NULL ? o->to : o->name)) != NULL,
		    "%s becomes an option of ours", o->name);
	} else if (o->kind == IMPORT_NONE || o->kind == IMPORT_IF_YES) {
		tap_ok(o->why != NULL, "%s is dropped with a reason",
		    o->name);
	}
}

int
main(void)
{
	static const struct import_option *const tables[] = {
		import_common, import_opendkim, import_opendmarc,
		import_openarc, import_policyd };
	const struct import_option *o;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (o = tables[i]; o->name != NULL; o++) {
			check_row(tables[i], o);
		}
		tap_ok(import_option_find(tables[i], STR("NoSuch")) == NULL,
		    "an unknown option");
	}
	return (tap_done());
}
