/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits until every name server of the zone has what is required. Only they
 * are asked: each is judged by the checks with the records that it has.
 */
#include <time.h>

#include "tools/setup.h"

#define FIRST_PAUSE_S	1
#define LAST_PAUSE_S	15

struct round {			/* of all servers */
	size_t		 servers;
	size_t		 good;
	struct str	 why;		/* of the first one that is not */
	struct str	 id;		/* of that finding */
};

/* The first error about the domain's own records, or what could not be found
   out about them; NULL: there is none. */
static const struct check_finding *
find_error(const struct setup *s, const struct check_report *report)
{
	static const char *const kinds[] = { "dkim.", "spf.", "dmarc." };
	size_t i, k;

	for (k = 0; k < 3; k++) {
		for (i = 0; i < report->n; i++) {
			const struct check_finding *f = &report->findings[i];

			if ((f->severity == CHECK_ERROR ||
			    f->severity == CHECK_UNKNOWN) && !(k == 1 &&
			    s->args->relay) && str_starts(str_from(f->check),
			    str_from(kinds[k]))) {
				return (f);
			}
		}
	}
	return (NULL);
}

static void
note_problem(struct setup *s, struct round *r, struct str server,
    const char *id, struct str text)
{
	if (r->why.p == NULL) {
		r->why = setup_text(s, "%.*s: %.*s", STR_FMT(server),
		    STR_FMT(text));
		r->id = setup_text(s, "%s", id);
	}
}

static bool
judge_server(struct setup *s, struct round *r, struct str server,
    struct authority_address *address)
{
	const struct check_report *report;
	const struct check_finding *f;
	bool answered;

	if (!setup_dns_ask_at(s, address, &answered)) {
		return (false);
	}
	r->servers++;
	if (!answered) {
		note_problem(s, r, server, "dns.lame", STR("it does not "
		    "answer"));
		return (true);
	}
	report = setup_judge(s, false);
	if (report == NULL) {
		return (false);
	}
	f = find_error(s, report);
	if (f == NULL) {
		r->good++;
	} else {
		note_problem(s, r, server, f->check, f->text);
	}
	return (true);
}

static bool
ask_round(struct setup *s, struct round *r)
{
	const struct authority_zone *zone = s->zone;
	size_t i, j;

	*r = (struct round){ .servers = 0 };
	for (i = 0; i < zone->n; i++) {
		for (j = 0; j < zone->v[i]->n; j++) {
			if (!judge_server(s, r, zone->v[i]->name,
			    zone->v[i]->addresses[j])) {
				return (false);
			}
		}
	}
	return (true);
}

/* An address that was silent is asked again, unlike within one run. */
static bool
renew_authority(struct setup *s)
{
	struct diag diag;

	diag_init(&diag);
	authority_free(s->authority);
	s->authority = NULL;
	if (authority_new(&s->dns_opts, s->store.policy.port, &s->authority,
	    &diag) != STATUS_OK) {
		(void)cli_fail("DNS: %s", diag.text);
		return (false);
	}
	return (setup_dns_zone(s));
}

static void
sleep_s(int64_t seconds)
{
	const struct timespec pause = { (time_t)seconds, 0 };

	(void)nanosleep(&pause, NULL);
}

static enum setup_result
end_wait(struct setup *s, const struct round *r)
{
	setup_progress_end(s);
	if (r->servers > 0 && r->good == r->servers) {
		setup_say(s, "All name servers (%zu) have the records.",
		    r->servers);
		return (SETUP_GO);
	}
	setup_say(s, "%zu of %zu name servers have the records. %.*s (%.*s)",
	    r->good, r->servers, STR_FMT(r->why), STR_FMT(r->id));
	setup_miss(s, "%zu of %zu name servers lack something: %.*s",
	    r->servers - r->good, r->servers, STR_FMT(r->why));
	return (SETUP_STOP);
}

enum setup_result
setup_wait(struct setup *s)
{
	uint64_t end_us = env_mono_us(&s->env) +
	    (uint64_t)s->args->wait_s * 1000000;
	int64_t pause_s = FIRST_PAUSE_S;
	struct round r;

	setup_stage(s, "Wait");
	for (;;) {
		if (!ask_round(s, &r)) {
			setup_progress_end(s);
			return (SETUP_FAILED);
		}
		if (r.good == r.servers ||
		    env_mono_us(&s->env) >= end_us) {
			return (end_wait(s, &r));
		}
		setup_progress(s, "%zu of %zu name servers; %.*s", r.good,
		    r.servers, STR_FMT(r.why));
		sleep_s(pause_s);
		pause_s = pause_s * 2 > LAST_PAUSE_S ? LAST_PAUSE_S :
		    pause_s * 2;
		if (!renew_authority(s)) {
			return (SETUP_FAILED);
		}
	}
}
