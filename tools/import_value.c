/* SPDX-License-Identifier: BSD-2-Clause */
/* Translates values. */
#include "tools/import.h"

bool
import_is_yes(struct str value)
{
	return (value.n > 0 && (char_lower(value.p[0]) == 'y' ||
	    char_lower(value.p[0]) == 't' || value.p[0] == '1'));
}

static struct str
yes_no(struct str value)
{
	return (import_is_yes(value) ? STR("yes") : STR("no"));
}

/* The type of a dataset, such as "refile"; absent: none. */
static struct str
dataset_type(struct str value)
{
	size_t colon = str_find(value, ':'), i;

	for (i = 0; i < colon; i++) {
		if (char_lower(value.p[i]) < 'a' ||
		    char_lower(value.p[i]) > 'z') {
			return (STR_NONE);
		}
	}
	return (colon < value.n && colon > 0 ? str_first(value, colon) :
	    STR_NONE);
}

/* Whether the dataset is a file or a list. */
static bool
is_plain(struct str type)
{
	return (type.p == NULL || str_eq_ci(type, STR("csl")) ||
	    str_eq_ci(type, STR("file")) || str_eq_ci(type, STR("refile")));
}

static struct str
without_type(struct str value)
{
	struct str type = dataset_type(value);

	return (type.p == NULL ? value : str_from_offset(value, type.n + 1));
}

static enum status
socket_value(struct import *im, struct str value, struct str *r)
{
	*r = value;
	if (value.n > 0 && value.p[0] == '/') {
		*r = arena_printf(&im->arena, "unix:%.*s", STR_FMT(value));
	}
	return (r->p != NULL ? STATUS_OK : STATUS_NOMEM);
}

static struct str
list_value(struct str value, const char **why_r)
{
	if (is_plain(dataset_type(value))) {
		return (without_type(value));
	}
	*why_r = "this type of dataset is not supported: write it to a file";
	return (STR_NONE);
}

static enum status
table_value(struct import *im, struct str value, bool patterns,
    struct str *r, const char **why_r)
{
	struct str type = dataset_type(value), path = without_type(value);

	if (!is_plain(type) || str_eq_ci(type, STR("csl")) || path.n == 0 ||
	    path.p[0] != '/') {
		*why_r = "a table must be a file here: write it to one, or "
		    "put the keys into a KeyStore";
		return (STATUS_OK);
	}
	*r = arena_printf(&im->arena, "%s:%.*s", patterns &&
	    str_eq_ci(type, STR("refile")) ? "refile" : "file",
	    STR_FMT(path));
	return (r->p != NULL ? STATUS_OK : STATUS_NOMEM);
}

/* OpenDKIM looks at the first letter only. */
static struct str
action_value(struct str value, const char **why_r)
{
	switch (value.n > 0 ? char_lower(value.p[0]) : '\0') {
	case 'a':
		return (STR("accept"));
	case 'r':
		return (STR("reject"));
	case 't':
		return (STR("tempfail"));
	case 'q':
		return (STR("quarantine"));
	default:
		*why_r = "discard is not supported: choose reject or "
		    "quarantine";
		return (STR_NONE);
	}
}

static struct str
sign_action_value(struct str value, const char **why_r)
{
	char action = value.n > 0 ? char_lower(value.p[0]) : '\0';

	if (action == 'a') {
		return (STR("unsigned"));
	}
	if (action != 't') {
		*why_r = "the only actions are unsigned and tempfail";
	}
	return (STR("tempfail"));
}

static enum status
ignore_from_value(struct import *im, struct str value, struct str *r)
{
	struct str rest = value, item;
	struct buf b;

	buf_init(&b, IMPORT_MAX_BYTES);
	while (str_next(&rest, ',', &item)) {
		item = str_trim_fws(item);
		if (item.n > 0) {
			buf_printf(&b, "%s%.*s ignore", b.n > 0 ? ", " : "",
			    STR_FMT(item));
		}
	}
	*r = arena_dup(&im->arena, buf_str(&b));
	buf_fini(&b);
	return (r->p != NULL ? STATUS_OK : STATUS_NOMEM);
}

/* Several options become OnBadFrom: one that refuses is enough. */
static bool
any_bad_from(const struct import *im)
{
	size_t i;

	for (i = 0; i < im->n; i++) {
		if (im->v[i].option != NULL &&
		    im->v[i].option->kind == IMPORT_BAD_FROM &&
		    import_is_yes(im->v[i].value)) {
			return (true);
		}
	}
	return (false);
}

enum status
import_value(struct import *im, const struct import_given *given,
    struct str *r, const char **why_r)
{
	struct str value = given->value;

	*r = STR_NONE;
	*why_r = given->option->why;
	switch (given->option->kind) {
	case IMPORT_TEXT:
		*r = value;
		return (STATUS_OK);
	case IMPORT_BOOL:
		*r = yes_no(value);
		return (STATUS_OK);
	case IMPORT_SYSLOG:
		*r = import_is_yes(value) ? STR("syslog") : STR("none");
		return (STATUS_OK);
	case IMPORT_SOCKET:
		return (socket_value(im, value, r));
	case IMPORT_LIST:
	case IMPORT_HOSTS:
		*r = list_value(value, why_r);
		return (STATUS_OK);
	case IMPORT_KEY_TABLE:
		return (table_value(im, value, false, r, why_r));
	case IMPORT_SIGNING_TABLE:
		return (table_value(im, value, true, r, why_r));
	case IMPORT_ACTION:
		*r = action_value(value, why_r);
		return (STATUS_OK);
	case IMPORT_SIGN_ACTION:
		*r = sign_action_value(value, why_r);
		return (STATUS_OK);
	case IMPORT_REJECT:
		*r = import_is_yes(value) ? STR("reject") : STR("accept");
		return (STATUS_OK);
	case IMPORT_HOLD:
		*r = import_is_yes(value) ? STR("hold") : STR("accept");
		return (STATUS_OK);
	case IMPORT_BAD_FROM:
		*r = any_bad_from(im) ? STR("reject") : STR("accept");
		return (STATUS_OK);
	case IMPORT_IGNORE_FROM:
		return (ignore_from_value(im, value, r));
	case IMPORT_PSL:
		*r = STR("psl");
		return (STATUS_OK);
	case IMPORT_YES:
	case IMPORT_INCLUDE:
	case IMPORT_NONE:
		break;
	}
	return (STATUS_OK);
}
