/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of the result. */
#include "tools/import.h"

static struct import_setting *
find_setting(const struct import *im, const char *name)
{
	size_t i;

	for (i = 0; i < im->settings_n; i++) {
		if (strcmp(im->settings[i].name, name) == 0) {
			return (&im->settings[i]);
		}
	}
	return (NULL);
}

static void
add_setting(struct import *im, const char *name, struct str value)
{
	if (im->settings == NULL) {
		im->settings = arena_calloc(&im->arena, IMPORT_MAX_SETTINGS,
		    sizeof(*im->settings));
	}
	if (im->settings == NULL || im->settings_n >= IMPORT_MAX_SETTINGS) {
		import_fail(im, im->settings == NULL ? STATUS_NOMEM :
		    STATUS_LIMIT);
		return;
	}
	im->settings[im->settings_n++] = (struct import_setting){ name,
		value };
}

bool
import_is_text(struct str value)
{
	size_t i;

	for (i = 0; i < value.n; i++) {
		if (((unsigned char)value.p[i] < ' ' && value.p[i] != '\t') ||
		    value.p[i] == 0x7f) {
			return (false);
		}
	}
	return (true);
}

void
import_set(struct import *im, const char *name, struct str value)
{
	struct import_setting *old = find_setting(im, name);

	if (value.p == NULL) {
		import_fail(im, STATUS_NOMEM);
	} else if (!import_is_text(value)) {
		import_say(im, IMPORT_UNSIGNED, "%s: the value has control "
		    "characters: mailseald does not start until it is written "
		    "anew", name);
		import_refuse(im, name, value);
	} else if (old != NULL) {
		old->value = value;
	} else {
		add_setting(im, name, value);
	}
}

void
import_set_text(struct import *im, const char *name, const char *value)
{
	import_set(im, name, str_from(value));
}

struct str
import_setting(const struct import *im, const char *name)
{
	const struct import_setting *setting = find_setting(im, name);

	return (setting != NULL ? setting->value : STR_NONE);
}

void
import_refuse(struct import *im, const char *name, struct str value)
{
	const char *shown = import_shown(im, value);

	import_set(im, name, shown[0] == '\0' ? STR("(lost)") :
	    str_from(shown));
}

void
import_write_settings(struct import *im)
{
	size_t i;

	buf_add_char(&im->out, '\n');
	for (i = 0; i < im->settings_n; i++) {
		buf_printf(&im->out, "%s %.*s\n", im->settings[i].name,
		    STR_FMT(im->settings[i].value));
	}
}
