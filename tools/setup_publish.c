/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the records to publish, or has them published. */
#include "keys/publish.h"
#include "tools/setup.h"
#include "wanted/provider.h"
#include "wanted/record.h"

#define VALUE_BYTES	(64 * 1024)

static const struct provider *
find_provider(const struct setup *s)
{
	struct str servers[AUTHORITY_MAX_SERVERS];
	size_t i;

	if (s->args->provider != NULL) {
		return (provider_named(s->args->provider));
	}
	for (i = 0; i < s->zone->n; i++) {
		servers[i] = s->zone->v[i]->name;
	}
	return (provider_find(servers, s->zone->n));
}

/* As a web form takes it. */
static void
show_form(struct setup *s, const struct provider *provider,
    const struct setup_name *name)
{
	struct buf owner, value;

	buf_init(&owner, VALUE_BYTES);
	buf_init(&value, VALUE_BYTES);
	provider_name(provider, &owner, name->owner, s->zone->name);
	provider_value(provider, &value, "TXT", name->wanted);
	setup_quote(s, "Name   %.*s", STR_FMT(buf_str(&owner)));
	setup_quote(s, "Type   TXT");
	setup_quote(s, "Value  %.*s", STR_FMT(buf_str(&value)));
	buf_fini(&owner);
	buf_fini(&value);
}

static void
show_line(struct setup *s, const struct setup_name *name)
{
	struct buf line;

	buf_init(&line, VALUE_BYTES);
	record_short_line(&line, name->owner, "TXT", name->wanted);
	setup_zone_line(s, buf_str(&line));
	buf_fini(&line);
}

static void
show_old(struct setup *s, size_t at)
{
	const struct setup_name *name = &s->names[at];
	size_t i;

	for (i = 0; i < name->found_n; i++) {
		if (setup_is_kind(at, name->found[i])) {
			setup_quote(s, "Old    %.*s",
			    STR_FMT(name->found[i]));
		}
	}
}

static size_t
count_wanted(const struct setup *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->names_n; i++) {
		n += s->names[i].wanted.p != NULL;
	}
	return (n);
}

/* "The key 202611r, in place of this:" */
static void
show_heading(struct setup *s, size_t at)
{
	const struct setup_name *name = &s->names[at];
	struct str what = at == 0 ? STR("SPF") : at == 1 ? STR("DMARC") :
	    setup_text(s, "The key %.*s", STR_FMT(s->keys[at - 2].selector));

	setup_say(s, "%.*s%s%s:", STR_FMT(what), name->replaces_n == 0 ? "" :
	    name->replaces_n == 1 ? ", in place of the old record" :
	    ", in place of all the old records", name->loses ?
	    " (read both: something of it is not kept)" : "");
}

void
setup_publish_show(struct setup *s)
{
	const struct provider *provider = find_provider(s);
	size_t i;

	setup_say(s, "In the zone %.*s%s%s, as a web form takes it:",
	    STR_FMT(s->zone->name), provider != NULL ? " at " : "",
	    provider != NULL ? provider->name : "");
	for (i = 0; i < s->names_n; i++) {
		if (s->names[i].wanted.p != NULL) {
			show_heading(s, i);
			show_old(s, i);
			show_form(s, provider, &s->names[i]);
		}
	}
	setup_say(s, "The same as lines of a zone file:");
	for (i = 0; i < s->names_n; i++) {
		if (s->names[i].wanted.p != NULL) {
			show_line(s, &s->names[i]);
		}
	}
}

/* By nsupdate or a program. Keys take the way of dkimkeygen rotate. */
static bool
request_record(struct setup *s, const struct setup_name *name)
{
	const struct authority_zone *zone;
	struct publish_text text = { .domain = s->domain,
		.owner = name->owner, .old = name->replaces,
		.value = name->wanted };
	struct diag diag;

	diag_init(&diag);
	if (authority_find(s->authority, &s->arena, name->owner,
	    &text.target, &zone, &diag) == STATUS_OK) {
		text.zone = zone->name;
		if (publish_text(&s->store, setup_publish_how(s), &text,
		    &diag) == STATUS_OK) {
			setup_say(s, "Requested: %.*s TXT %.*s",
			    STR_FMT(name->owner), STR_FMT(name->wanted));
			return (true);
		}
	}
	setup_say(s, "Not published: %.*s: %s", STR_FMT(name->owner),
	    diag.text);
	return (false);
}

static enum setup_result
request_records(struct setup *s)
{
	bool all = true, ok;
	size_t i;

	for (i = 0; i < 2; i++) {
		struct setup_name *name = &s->names[i];

		if (name->wanted.p == NULL) {
			continue;
		}
		if (name->loses && (s->args->yes || name->replaces_n > 1 ||
		    !setup_ask(s, "Replace the old record, of which "
		    "something is not kept?"))) {
			setup_miss(s, "publish by hand: %.*s TXT %.*s (setup "
			    "does not replace several records, nor with "
			    "--yes one that is not kept)",
			    STR_FMT(name->owner), STR_FMT(name->wanted));
			all = false;
			continue;
		}
		ok = request_record(s, name);
		if (!ok) {
			setup_miss(s, "publish %.*s TXT %.*s",
			    STR_FMT(name->owner), STR_FMT(name->wanted));
		}
		all &= ok;
	}
	/* Pending keys are requested by their own rules. */
	return (setup_keys_advance(s) && all ? SETUP_GO : SETUP_STOP);
}

enum setup_result
setup_publish(struct setup *s)
{
	setup_stage(s, "Publish");
	if (!setup_dns_ask(s) || !setup_wanted(s)) {
		return (SETUP_FAILED);
	}
	if (count_wanted(s) == 0) {
		setup_say(s, "Nothing: the name servers have all that is "
		    "needed.");
		return (SETUP_GO);
	}
	setup_publish_show(s);
	return (publish_is_by_hand(setup_publish_how(s)) ? SETUP_GO :
	    request_records(s));
}
