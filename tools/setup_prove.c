/* SPDX-License-Identifier: BSD-2-Clause */
/* Shows that it works: the checks of mailseal check, a message that the daemon
   signs and that verifies by the live DNS, and a letter. */
#include <stdio.h>
#include <time.h>

#include "dkim/verify.h"
#include "keys/program.h"
#include "tools/judge.h"
#include "tools/setup.h"
#include "tools/setup_play.h"

#define MESSAGE_BYTES	(64 * 1024)
#define DATE_BYTES	64
#define TRIES		20		/* of a signature */
#define PAUSE_NS	250000000
#define PROGRAM_S	60

static void
show_fix(struct setup *s, const struct check_fix *fix)
{
	setup_todo(s, "%s: %.*s %s %.*s", fix->where == WANTED_AT_HOSTER ?
	    "ask the hoster of the address" : fix->where == WANTED_AT_POSTFIX ?
	    "in Postfix" : fix->where == WANTED_AT_PROVIDER ?
	    "ask its owner to publish" : fix->remove ? "remove" : "publish",
	    STR_FMT(fix->owner), fix->type, STR_FMT(fix->value));
}

/* Errors and warnings, with what to do; of these, setup's own names are
   required. */
static bool
show_findings(struct setup *s)
{
	const struct check_report *report;
	const struct check_finding *f;
	size_t i, j;

	if (!setup_dns_ask(s)) {
		return (false);
	}
	report = setup_judge(s, false);
	for (i = 0; report != NULL && i < report->n; i++) {
		f = &report->findings[i];
		if (f->severity > CHECK_WARN) {
			continue;
		}
		setup_say(s, "%s %s: %.*s", check_severity_name(f->severity),
		    f->check, STR_FMT(f->text));
		for (j = 0; j < f->fix_n; j++) {
			show_fix(s, &f->fix[j]);
		}
	}
	if (report != NULL) {
		setup_say(s, "mailseal check: %zu error%s, %zu warning%s; "
		    "DMARC of mail from %.*s: %s.",
		    report->counts[CHECK_ERROR],
		    report->counts[CHECK_ERROR] == 1 ? "" : "s",
		    report->counts[CHECK_WARN],
		    report->counts[CHECK_WARN] == 1 ? "" : "s",
		    STR_FMT(s->domain), dmarc_result_name(report->dmarc));
	}
	return (report != NULL);
}

static struct str
sample_text(struct setup *s)
{
	time_t now = (time_t)env_now_s(&s->env);
	char date[DATE_BYTES] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL) {
		(void)strftime(date, sizeof(date),
		    "%a, %d %b %Y %H:%M:%S +0000", &tm);
	}
	return (setup_text(s, "From: <postmaster@%.*s>\r\nTo: <%s>\r\n"
	    "Subject: mailseal setup of %.*s\r\nDate: %s\r\n"
	    "Message-ID: <%08x.setup@%.*s>\r\n\r\n"
	    "This message was sent by mailseal setup to show that mail of\r\n"
	    "%.*s is signed.\r\n", STR_FMT(s->domain),
	    s->args->send_to != NULL ? s->args->send_to : "postmaster",
	    STR_FMT(s->domain), date, (unsigned)env_random(&s->env),
	    STR_FMT(s->domain), STR_FMT(s->domain)));
}

/* How many of its signatures pass, by the resolver. */
static bool
verify_sample(struct setup *s, struct str text, size_t *good_r,
    struct str *why_r)
{
	const struct engine_outcome *outcome = NULL;
	struct judge judge = { .conf = NULL };
	const struct dkim_verdict *v;
	struct judge_opts opts;
	struct message message;
	size_t i;

	*good_r = 0;
	judge_opts_init(&opts);
	opts.dns = s->args->dns;
	opts.no_conf = true;
	opts.no_second = true;
	if (message_parse(&s->arena, text, &message) == STATUS_OK &&
	    judge_init(&judge, &opts)) {
		outcome = judge_message(&judge, &opts, text, &message, false);
	}
	for (i = 0; outcome != NULL && outcome->dkim != NULL &&
	    i < dkim_verifier_count(outcome->dkim); i++) {
		v = dkim_verifier_get(outcome->dkim, i);
		*good_r += v->result == DKIM_PASS;
		if (v->result != DKIM_PASS) {
			*why_r = setup_text(s, "%s (%s)",
			    dkim_result_name(v->result), v->reason != NULL ?
			    v->reason : "");
		}
	}
	judge_fini(&judge);
	return (outcome != NULL);
}

/* Has the daemon sign a message, and verifies it. */
static size_t
try_signature(struct setup *s, struct str *why_r)
{
	struct player_result r = { .changes = 0 };
	struct player_opts opts;
	struct diag diag;
	struct buf text;
	size_t good = 0;

	*why_r = STR("the daemon does not sign it");
	diag_init(&diag);
	buf_init(&text, MESSAGE_BYTES);
	player_opts_init(&opts, setup_socket(s));
	if (setup_play(&opts, sample_text(s), &text, &r, &diag) !=
	    STATUS_OK) {
		*why_r = setup_text(s, "%s", diag.text);
	} else if (r.verdict != PLAYER_ACCEPT) {
		*why_r = setup_text(s, "the daemon answers %s %s",
		    player_verdict_name(r.verdict), r.reply);
	} else {
		(void)verify_sample(s, buf_str(&text), &good, why_r);
	}
	buf_fini(&text);
	return (good);
}

/* A daemon that has just been told of the key needs a moment. */
static bool
prove_signature(struct setup *s)
{
	const struct timespec pause = { 0, PAUSE_NS };
	struct str why;
	size_t good = 0;
	int i;

	for (i = 0; i < TRIES && good == 0; i++) {
		if (i > 0) {
			(void)nanosleep(&pause, NULL);
		}
		if (i == 1) {
			/* Another program may have changed the keys. */
			s->store.changed = true;
			setup_daemon_reload(s);
		}
		good = try_signature(s, &why);
	}
	if (good > 0) {
		setup_say(s, "A message from postmaster@%.*s, signed by "
		    "mailseald, verifies by the live DNS: dkim=pass.",
		    STR_FMT(s->domain));
	} else {
		setup_miss(s, "a message from postmaster@%.*s does not "
		    "verify: %.*s", STR_FMT(s->domain), STR_FMT(why));
	}
	return (good > 0);
}

static void
send_letter(struct setup *s)
{
	struct buf from;
	struct str text = sample_text(s);
	char *argv[10] = { s->store.policy.sendmail_program };
	struct diag diag;
	size_t n = 1;

	diag_init(&diag);
	if (s->args->mta_config != NULL) {
		argv[n++] = arena_cstr(&s->arena, STR("-C"));
		argv[n++] = arena_cstr(&s->arena,
		    str_from(s->args->mta_config));
	}
	argv[n++] = arena_cstr(&s->arena, STR("-i"));
	argv[n++] = arena_cstr(&s->arena, STR("-f"));
	buf_init(&from, DATE_BYTES + 256);
	buf_printf(&from, "postmaster@%.*s", STR_FMT(s->domain));
	argv[n++] = arena_cstr(&s->arena, buf_str(&from));
	buf_fini(&from);
	argv[n++] = arena_cstr(&s->arena, STR("--"));
	argv[n++] = arena_cstr(&s->arena, str_from(s->args->send_to));
	if (program_run(&s->env, argv, text, PROGRAM_S, &diag) ==
	    STATUS_OK) {
		setup_say(s, "Sent a letter to %s.", s->args->send_to);
		setup_todo(s, "look at the letter's Authentication-Results "
		    "there: dkim, spf and dmarc should be pass");
	} else {
		setup_miss(s, "the letter to %s could not be sent: %s",
		    s->args->send_to, diag.text);
	}
}

/* When keys that wait will sign. */
static size_t
count_active(struct setup *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->keys_n; i++) {
		const struct setup_key *key = &s->keys[i];

		if (key->stage == KEY_ACTIVE) {
			n++;
		} else if (key->signs_s > 0) {
			setup_say(s, "The key %.*s signs from %.*s on: until "
			    "then a cache may remember that it had no record.",
			    STR_FMT(key->selector),
			    STR_FMT(store_until(&s->store, key->signs_s)));
		}
	}
	return (n);
}

static void
tell_next(struct setup *s, size_t active)
{
	if (active == 0) {
		setup_todo(s, "wait until the key may sign; dkimkeygen "
		    "rotate --all, which dkimkeygen.timer or cron runs each "
		    "hour, takes it into use. Then run mailseal setup again "
		    "to see a signed message");
	}
	setup_todo(s, "read the reports of other hosts (mailseal report "
	    "read) before you publish a stricter policy than p=none; "
	    "README: from p=none to p=reject");
}

enum setup_result
setup_prove(struct setup *s)
{
	size_t active;

	setup_stage(s, "Prove");
	if (!setup_keys_advance(s)) {
		setup_miss(s, "a key cannot take its next step");
	}
	setup_daemon_reload(s);
	if (!show_findings(s)) {
		return (SETUP_FAILED);
	}
	active = count_active(s);
	if (active > 0 && prove_signature(s) && s->args->send_to != NULL) {
		send_letter(s);
	} else if (active == 0 && s->args->send_to != NULL) {
		setup_todo(s, "--send-to: the letter is sent once a key "
		    "signs");
	}
	tell_next(s, active);
	return (SETUP_GO);
}
