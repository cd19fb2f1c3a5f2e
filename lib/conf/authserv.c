/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AuthservID: a list with commas, since a name may have spaces. The first name
 * is written; fields with any of them are deleted. {j} is the name that the MTA
 * gives in this macro, known with each message only.
 */
#include <unistd.h>

#include "conf/table.h"
#include "mail/domain.h"

#define HOST_NAME_BYTES	256
#define NAMES_MAX	32

static bool
is_printable_ascii(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] < ' ' || s.p[i] > '~') {
			return (false);
		}
	}
	return (true);
}

/*
 * The name is compared with what other hosts write in ordinary mail, which has
 * no UTF-8 (RFC 8616 6), so a Unicode name is converted to A-labels.
 */
static bool
is_host_name(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (!char_is_alpha(s.p[i]) && !char_is_digit(s.p[i]) &&
		    memchr(".-_", s.p[i], 3) == NULL) {
			return (false);
		}
	}
	return (s.n > 0);
}

/* Without the quotes of an opendmarc.conf. */
static struct str
without_quotes(struct str s)
{
	return (s.n > 1 && s.p[0] == '"' && s.p[s.n - 1] == '"' ?
	    str_mem(s.p + 1, s.n - 2) : s);
}

static enum status
convert_name(struct conf_reader *r, const struct conf_option *o,
    struct str value, struct str *name_r)
{
	enum status status = STATUS_OK;

	value = without_quotes(value);
	*name_r = value;
	if (!is_printable_ascii(value)) {
		status = domain_normalize(r->memory, value, name_r);
	} else if (!is_host_name(value)) {
		return (conf_reject(r, o, value, "is not a host name"));
	}
	if (status == STATUS_OK || status == STATUS_NOMEM) {
		return (status == STATUS_OK ? status : conf_no_memory(r));
	}
	return (conf_reject(r, o, value,
	    "is neither plain ASCII nor a domain name"));
}

static enum status
find_host_name(struct conf_reader *r, const struct conf_option *o,
    struct str value, struct str *name_r)
{
	char host[HOST_NAME_BYTES];

	if (gethostname(host, sizeof(host)) != 0 || host[0] == '\0') {
		return (conf_reject(r, o, value, "but the host has no name"));
	}
	host[sizeof(host) - 1] = '\0';
	*name_r = arena_dup(r->memory, str_from(host));
	return (name_r->p != NULL ? convert_name(r, o, *name_r, name_r) :
	    conf_no_memory(r));
}

static enum status
add_name(struct conf_reader *r, const struct conf_option *o,
    struct conf_authserv_id *id, struct str item)
{
	struct str name = item;
	enum status status = STATUS_OK;

	if (item.n == 0) {
		return (conf_reject(r, o, item, "is not a name"));
	}
	if (id->names.n >= NAMES_MAX) {
		return (conf_reject(r, o, item, "is one name too many"));
	}
	if (str_eq(item, STR("HOSTNAME"))) {
		status = find_host_name(r, o, item, &name);
	} else if (!str_eq(item, STR("{j}"))) {
		status = convert_name(r, o, item, &name);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	id->names.v[id->names.n] = arena_dup(r->memory, name);
	return (id->names.v[id->names.n++].p != NULL ? STATUS_OK :
	    conf_no_memory(r));
}

/* The name to write; where that is the MTA's, the one to write without it. */
static enum status
choose_name(struct conf_reader *r, const struct conf_option *o,
    struct conf_authserv_id *id)
{
	struct str name = id->names.v[0];
	enum status status = STATUS_OK;

	id->from_mta = str_eq(name, STR("{j}"));
	if (id->from_mta) {
		status = find_host_name(r, o, name, &name);
	}
	if (status != STATUS_OK) {
		return (status);
	}
	id->name = arena_cstr(r->memory, name);
	return (id->name != NULL ? STATUS_OK : conf_no_memory(r));
}

enum status
conf_set_authserv_id(struct conf_reader *r, const struct conf_option *o,
    struct str value)
{
	struct conf_authserv_id *id = (void *)((char *)r->target + o->offset);
	struct str rest = value, item;
	enum status status = STATUS_OK;

	id->names.v = arena_calloc(r->memory, NAMES_MAX, sizeof(struct str));
	if (id->names.v == NULL) {
		return (conf_no_memory(r));
	}
	while (status == STATUS_OK && str_next(&rest, ',', &item)) {
		status = add_name(r, o, id, str_trim_wsp(item));
	}
	return (status == STATUS_OK ? choose_name(r, o, id) : status);
}
