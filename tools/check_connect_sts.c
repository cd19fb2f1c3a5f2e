/* SPDX-License-Identifier: BSD-2-Clause */
/* The MTA-STS policy (RFC 8461), and whether the MX hosts keep to it. */
#include "probe/policy.h"
#include "tools/check_connect.h"

/* What keeps senders from reading the policy; NULL: nothing. */
static const char *
web_trouble(const struct connect *c, const struct probe *p)
{
	struct tls_certificate cert;

	if (p->end != PROBE_COMPLETE) {
		return (connect_trouble(p));
	}
	tls_certificate_get(p->tls, env_now_s(c->env), &cert);
	return (!cert.name_fits ? "its certificate is for another name" :
	    !cert.timely ? "its certificate has expired" : !cert.trusted ?
	    "its certificate does not lead to a known authority" : NULL);
}

/* The address that works, or the last one; NULL: the policy is not asked
   for. */
static const struct probe *
choose_web(const struct connect *c, const struct connect_domain *d)
{
	const struct probe *p = NULL;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (d->web[i] == NULL) {
			continue;
		}
		p = d->web[i];
		if (web_trouble(c, p) == NULL) {
			break;
		}
	}
	return (p);
}

/* A policy that nobody can read protects nothing; one that was read before
   goes on to bind senders until its max_age. */
static void
say_unreadable(struct check_sayer *sayer, const struct probe *p,
    const char *why)
{
	bool late = p->end == PROBE_LATE;

	(void)check_say(sayer, "mtasts.policy", late ? CHECK_UNKNOWN :
	    CHECK_ERROR, p->host, "MTA-STS is announced, but its policy at "
	    "https://%.*s%s cannot be used: %s", STR_FMT(p->host),
	    POLICY_PATH, why);
}

static void
judge_host(const struct connect *c, struct check_sayer *sayer,
    const struct policy *policy, const struct connect_host *h, size_t *bad)
{
	bool enforce = policy->mode == POLICY_ENFORCE;
	size_t i;

	if (!policy_has(policy, h->name)) {
		(*bad)++;
		(void)check_say(sayer, "mtasts.policy", enforce ?
		    CHECK_ERROR : CHECK_WARN, h->name, "the MTA-STS policy "
		    "does not name the MX host %.*s: senders that keep to it "
		    "%s. Add \"mx: %.*s\" to it, and change id= of the record",
		    STR_FMT(h->name), enforce ? "do not deliver there" :
		    "report that", STR_FMT(h->name));
		return;
	}
	for (i = 0; i < h->n; i++) {
		const struct connect_server *s = h->servers[i];

		if (s->probe->stage <= PROBE_AT_EHLO &&
		    s->probe->end != PROBE_COMPLETE) {
			continue;	/* nobody knows; it is said above */
		}
		if (!connect_is_trusted(c, s->probe)) {
			(*bad)++;
			(void)check_say(sayer, "mtasts.policy", enforce ?
			    CHECK_ERROR : CHECK_WARN, s->shown, "%.*s has no "
			    "certificate that the MTA-STS policy asks for: "
			    "senders that keep to it %s", STR_FMT(s->shown),
			    enforce ? "do not deliver there" : "report that");
		}
	}
}

void
connect_judge_policy(struct connect *c, struct check_sayer *sayer,
    const struct connect_domain *d)
{
	const struct probe *p = choose_web(c, d);
	const char *trouble;
	struct policy policy;
	size_t i, bad = 0;

	if (p == NULL) {
		return;
	}
	trouble = web_trouble(c, p);
	if (trouble != NULL || !policy_read(p->response, &policy, &trouble)) {
		say_unreadable(sayer, p, trouble);
		return;
	}
	for (i = 0; i < d->n && policy.mode != POLICY_NONE; i++) {
		judge_host(c, sayer, &policy, d->hosts[i], &bad);
	}
	if (bad == 0) {
		(void)check_say(sayer, "mtasts.policy", CHECK_GOOD, p->host,
		    "the MTA-STS policy is in mode %s and the MX hosts keep "
		    "to it", policy.mode == POLICY_ENFORCE ? "enforce" :
		    policy.mode == POLICY_TESTING ? "testing" : "none");
	}
}
