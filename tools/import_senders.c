/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose mail is ours, and whose is left alone. */
#include "conf/hosts.h"
#include "tools/import.h"

static void
set_hosts(struct import *im, const char *name, enum import_effect lost)
{
	const struct import_given *given = import_dkim(im, name);
	struct str value;

	if (given == NULL) {
		return;
	}
	value = import_hosts(im, given, name, lost);
	if (value.p != NULL) {
		import_set(im, name, value);
	} else if (lost < IMPORT_TODO) {
		import_say_of(im, lost, given, "nothing of this list is left: "
		    "mailseald does not start until it is written anew");
		import_refuse(im, name, given->value);
	}
}

/* The values of a macro, "a|b"; without any, every value counts. */
static void
add_macro_values(struct import *im, struct buf *mta, struct str values)
{
	struct str value;

	while (str_next(&values, '|', &value)) {
		value = str_trim_fws(value);
		if (value.n > 0) {
			buf_printf(mta, "%s%.*s", mta->n > 0 ? ", " : "",
			    STR_FMT(value));
		}
	}
	import_fail(im, mta->status);
}

static void
take_macro(struct import *im, struct buf *mta, const struct import_given *given,
    const struct import_item *item)
{
	struct str name = item->key, values = item->value;
	bool found = values.n > 0 && name.n > 0 && name.p[0] != '{';

	/* "daemon_name|A" as well as "daemon_name=A|B". */
	if (values.n == 0) {
		name = str_first(item->key, str_find(item->key, '|'));
		values = str_from_offset(item->key, name.n + 1);
	}
	name = str_trim_fws(name);
	if (name.n > 1 && name.p[0] == '{') {
		name = str_mem(name.p + 1, name.n - 2);
	}
	if (str_eq_ci(name, STR("daemon_name")) && values.n > 0) {
		add_macro_values(im, mta, values);
		if (!found) {
			import_say_of(im, IMPORT_DIFFERS, given, "OpenDKIM "
			    "2.11 finds no macro by this, PhoenixDKIM does: "
			    "MTA makes such mail yours, and it is signed");
		}
	} else if (values.n > 0 || (!str_eq_ci(name, STR("auth_type")) &&
	    !str_eq_ci(name, STR("auth_authen")))) {
		import_say_of(im, IMPORT_UNSIGNED, given, "only {daemon_name} "
		    "with its values, {auth_type} and {auth_authen} make mail "
		    "yours here: name the MTA's daemon in MTA, or the clients "
		    "in InternalHosts");
	}
}

/* MTA has the names of both. */
static void
set_mta(struct import *im)
{
	const struct import_given *macros = import_dkim(im, "MacroList");
	const struct import_given *mta = import_dkim(im, "MTA");
	struct import_list list;
	const char *why;
	struct buf names;
	size_t i;

	buf_init(&names, IMPORT_LIST_BYTES);
	if (mta != NULL && !import_list_read(im, mta, &list, &why)) {
		import_say_of(im, IMPORT_UNSIGNED, mta, why);
	} else {
		for (i = 0; mta != NULL && i < list.n; i++) {
			add_macro_values(im, &names, list.v[i].key);
		}
	}
	if (macros != NULL && !import_list_read(im, macros, &list, &why)) {
		import_say_of(im, IMPORT_UNSIGNED, macros, why);
	} else {
		for (i = 0; macros != NULL && i < list.n; i++) {
			take_macro(im, &names, macros, &list.v[i]);
		}
	}
	if (names.n > 0) {
		import_set(im, "MTA", arena_dup(&im->arena, buf_str(&names)));
	}
	buf_fini(&names);
}

/* OpenDKIM takes mail without an address for mail from 127.0.0.1. */
static void
note_local(struct import *im)
{
	struct str value = import_setting(im, "InternalHosts");
	const struct import_given *given = import_dkim(im, "InternalHosts");
	struct import_list list;
	const char *why;
	size_t i;

	if (value.p == NULL || !import_list_read(im, given, &list, &why)) {
		return;
	}
	for (i = 0; i < list.n; i++) {
		if (str_starts(list.v[i].key, STR("127.0.0."))) {
			return;
		}
	}
	import_say(im, IMPORT_DIFFERS, "InternalHosts: mail that is not "
	    "received over the network is always yours, and is signed; "
	    "OpenDKIM did so only with 127.0.0.1 in the list");
}

/* There a name that is listed counts even if the address is excluded. */
static void
note_excluded(struct import *im)
{
	struct str rest = import_setting(im, "InternalHosts"), item;
	bool names = false, excluded = false;
	struct ip_addr ip;

	while (str_next(&rest, ',', &item)) {
		item = str_trim_fws(item);
		if (item.n > 1 && item.p[0] == '!') {
			item = str_from_offset(item, 1);
			excluded = excluded || ip_parse(str_first(item,
			    str_find(item, '/')), &ip);
		} else {
			names = names || !ip_parse(str_first(item,
			    str_find(item, '/')), &ip);
		}
	}
	if (names && excluded) {
		import_say(im, IMPORT_DIFFERS, "InternalHosts: an excluded "
		    "address is excluded here even if its name is listed");
	}
}

/* The first of these fields that a message has names its author there. */
static void
note_sender(struct import *im)
{
	const struct import_given *given = import_dkim(im, "SenderHeaders");

	if (given != NULL && im->signs && !str_starts_ci(given->value,
	    STR("From"))) {
		import_say_of(im, IMPORT_UNSIGNED, given, "the author is in "
		    "From (RFC 9989): mail is signed for that domain only");
	}
}

void
import_senders(struct import *im)
{
	if (!im->has[IMPORT_OPENDKIM]) {
		return;
	}
	set_hosts(im, "InternalHosts", im->signs || im->signed_before ?
	    IMPORT_UNSIGNED : IMPORT_EXEMPT);
	set_hosts(im, "PeerList", IMPORT_EXEMPT);
	set_hosts(im, "ExternalIgnoreList", IMPORT_MOOT);
	set_mta(im);
	note_sender(im);
	if (im->signs && import_dkim(im, "InternalHosts") == NULL) {
		import_say(im, IMPORT_DIFFERS, "InternalHosts is 127.0.0.1 and "
		    "::1 by default; OpenDKIM signs for 127.0.0.1 only");
	}
	if (im->signs) {
		note_local(im);
		note_excluded(im);
	}
}
