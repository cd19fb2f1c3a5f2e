/* SPDX-License-Identifier: BSD-2-Clause */
/* Says which domains sign: at the start, at each reload, and for -n. */
#include "config.h"

#include "milter/private.h"

#define LOAD_MAX	1000	/* keys, at the start and at a reload */

void
daemon_log_survey(struct daemon *daemon)
{
	const struct signers_survey_opts opts = { .load_max = LOAD_MAX };
	struct signers_survey survey;
	struct buf sentence;

	buf_init(&sentence, LIVE_SENTENCE_BYTES);
	if (live_survey(&daemon->live, &opts, &survey, &sentence) ==
	    STATUS_OK) {
		env_log(&daemon->env, survey.cannot > 0 ||
		    (survey.sign + survey.patterns == 0 &&
		    live_conf(&daemon->live)->mode_sign) ?
		    LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "signing: %s",
		    sentence.p);
	}
	buf_fini(&sentence);
}

void
daemon_warn_name(struct daemon *daemon)
{
	const struct conf *conf = live_conf(&daemon->live);
	struct str name = str_from(conf->authserv_id.name);

	if (conf->mode_verify && !conf->authserv_id.from_mta &&
	    str_find(name, '.') == name.n) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "AuthservID: %s is "
		    "not a full host name: no other host can tell whose "
		    "results these are, and they change with the name of a "
		    "container; set AuthservID to this host's name with its "
		    "domain", name.p);
	}
}

void
daemon_warn_local(struct daemon *daemon)
{
	const struct conf *conf = live_conf(&daemon->live);
	struct ip_addr ip;

	if (!conf->mode_sign || !ip_parse(STR("127.0.0.1"), &ip)) {
		return;
	}
	if (hosts_match(conf->trusted_relays, &ip, STR("localhost"))) {
		env_log(&daemon->env, LOG_LEVEL_WARNING, "TrustedRelays has "
		    "127.0.0.1: mail of sendmail(1), cron and web programs, "
		    "which Postfix shows as that client's, is not signed but "
		    "judged; take it out");
		return;
	}
	if (hosts_match(conf->internal_hosts, &ip, STR("localhost"))) {
		return;
	}
	env_log(&daemon->env, LOG_LEVEL_WARNING, "InternalHosts has no "
	    "127.0.0.1: mail of sendmail(1), cron and web programs, which "
	    "Postfix shows as that client's, is not signed; add 127.0.0.1 "
	    "and ::1");
}
