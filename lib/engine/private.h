/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of lib/engine share.
 *
 * A message has four parts, each filled in one phase:
 *
 *	engine_input		what the MTA said and what follows from it
 *				alone; constant after end of headers
 *	engine_verification	the checks in progress and their DNS queries
 *	engine_signing		keys and signers, for signatures and for a seal
 *	engine_outcome		the result (engine.h); only outcome.c writes it
 *
 * Functions take the parts that they need, const where they only read. Only
 * message.c holds all four (message.h).
 */
#ifndef ENGINE_PRIVATE_H
#define ENGINE_PRIVATE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "dkim/body.h"
#include "dkim/sign.h"
#include "engine/engine.h"
#include "engine/mark.h"
#include "engine/sign.h"
#include "mail/field.h"
#include "report/redact.h"
#include "signers/signers.h"

#define ENGINE_BROKEN_SLOTS	1024	/* see broken.c */
#define ENGINE_ENTERED_SLOTS	65536	/* see entered.c */
/* What is beyond in a local part is not compared. */
#define ENGINE_ENTERED_LOCAL_MAX_BYTES 256

struct engine {
	struct engine_opts	 opts;
	struct signers		*signers;	/* owned; empty in Mode v */
	struct engine_mark_keys	 mark_keys;	/* constant */
	struct redact		 redact;	/* the same; for reports */
	struct engine_entered	*entered;	/* held */
	atomic_uint		 references;
	atomic_bool		 broken[ENGINE_BROKEN_SLOTS];
};

enum engine_login {		/* of mail with a login, under SenderLogins */
	ENGINE_LOGIN_MAY,	/* write as this author; or nothing asks */
	ENGINE_LOGIN_UNKNOWN,	/* as whom: From may be completed or repaired */
	ENGINE_LOGIN_MAY_NOT
};

struct engine_input {
	struct engine		*engine;	/* held */
	struct arena		*arena;		/* the message's memory */
	const struct engine_client *client;
	struct str		 mail_from;
	struct str		 macros[ENGINE_MACROS];	/* the queue ID may
						   still change later */
	bool			 smtputf8;	/* declared at MAIL */
	struct field_list	 fields;
	struct addr_from	 from;
	bool			 has_rcpts;	/* the MTA named recipients, */
	bool			 forwarded;	/* and one is not local */
	/* direction.c */
	enum engine_direction	 direction;
	enum engine_direction_reason direction_reason;
	bool			 external;	/* no internal source */
	bool			 judged;	/* verified and external */
	bool			 ours;		/* its author has keys */
	bool			 foreign;	/* of a login with an author
						   of others, which is judged
						   by DMARC alone */
	enum engine_login	 login;		/* logins.c */
	size_t			 mark_index;	/* the field with a mark that
						   fits; fields.n: none */
	size_t			 trace_index;	/* the Received field of the
						   client outside (trace.c);
						   fields.n: none */
	struct str		 trace_id;	/* its queue ID, or absent */
	bool			 others_mark;	/* above that, a mark is of
						   other authors */
	/* sender.c */
	bool			 relayed;	/* by a trusted relay, or by */
	bool			 filtered;	/* a filter (FilterMTA) */
	struct engine_sender	 sender;
};

struct engine_checks {		/* each pointer NULL: not checked */
	struct spf_evaluator	*spf;		/* MAIL FROM */
	struct spf_evaluator	*spf_helo;
	struct iprev		*iprev;
	struct dmarc		*dmarc;
	bool			 spf_done, helo_done, iprev_done;
	bool			 dkim_done, arc_done, dmarc_done;
	bool			 authenticated;	/* dmarc has its identifiers */
	bool			 timed_out;	/* the deadline has passed */
};

struct engine_opinion {		/* the second opinion */
	bool			 asked;
	bool			 too_much;	/* for libopendkim */
	struct second_dkim	*dkim;		/* NULL: not asked */
	struct second_dmarc	*dmarc;		/* one per author domain */
	struct second_dmarc	 decisive;	/* of the domain whose verdict
						   decides */
	bool			 differs;
};

struct engine_arc_word {	/* what a chain says about a DMARC failure */
	const char		*comment;	/* RFC 8617 7.2.2's; NULL: it
						   does not override */
	bool			 later;		/* it would, but a key of the
						   chain is unavailable */
	struct engine_sealer	 sealer;
};

struct engine_verification {
	size_t			 signatures_n;	/* DKIM-Signature fields */
	bool			 wants_arc;
	struct dns_batch	*batch;		/* NULL: no queries yet */
	uint64_t		 dns_deadline_us;
	uint64_t		 dns_wait_us;	/* waited at end of message */
	struct dkim_bodies	*bodies;	/* the message's; NULL: the
						   body is not needed */
	struct dkim_verifier	*verifier;	/* NULL: not verified */
	struct arc_validator	*arc;		/* NULL: not validated */
	struct engine_checks	 checks;
	struct engine_opinion	 opinion;
	struct engine_arc_word	 arc_word;	/* see engine_arc_override */
};

struct engine_own_key {		/* the DNS check of a pick's key */
	const struct signers_pick *pick;
	struct str		 owner;		/* name of its record */
	struct dns_query	*query;		/* NULL: not checked now */
	enum key_state		 state;
};

struct engine_refolded {	/* a field that is changed before signing */
	struct str	name;
	struct str	value;
	unsigned	index;		/* among the fields of that name that
					   are not deleted; 1: the topmost */
};

/* Signatures of ours that are looked at besides one for each key. */
#define ENGINE_OWN_SIGNATURES_EXTRA	4
struct engine_own_signature {	/* of ours, on a message as received */
	size_t			 field_index;	/* in engine_signing.fields */
	unsigned		 ordinal;	/* among its name, from 1 */
	size_t			 pick;		/* whose domain and selector */
	bool			 valid;		/* once checked */
};

struct engine_signing {
	struct signers_picks	 picks;		/* keys for the author; n > 0:
						   a domain of ours */
	struct engine_own_key	*own_keys;	/* one per pick */
	struct engine_own_signature *present;	/* topmost first */
	size_t			 present_n;
	bool			 covers_signatures; /* new ones cover the
						   DKIM-Signature fields */
	size_t			 kept_n;	/* keys whose signature is
						   there, and stays */
	struct dkim_signer	**signers;	/* one per pick, NULL without
						   a key; or NULL: none */
	const struct field_list	*fields;	/* what they cover; NULL: not
						   prepared yet */
	struct engine_refolded	*refolded;	/* changes in fields */
	size_t			 refolded_n;
	uint64_t		 long_lines;	/* of the header */
	struct dkim_bodies	*bodies;	/* the message's */
	struct dns_batch	*batch;		/* NULL: no queries */
	uint64_t		 dns_deadline_us;
	uint64_t		 dns_wait_us;	/* waited at end of message */
	bool			 sealing;	/* an ARC set is to be added */
	struct signers_picks	 seal_picks;	/* ArcSealKey's domain */
	const struct signers_pick *seal_pick;	/* the one used; NULL: none */
};

#define ENGINE_LOG_VALUE_MAX_BYTES 255	/* of one value in a log line */
#define ENGINE_FIELD_AUTHRES	STR("Authentication-Results")
#define ENGINE_FIELD_AAR	STR("ARC-Authentication-Results")
#define ENGINE_FIELD_SIGNATURE	STR("DKIM-Signature")
#define ENGINE_FIELD_TAG	STR("X-DMARC-Quarantine")
#define ENGINE_FIELD_MESSAGE_ID	STR("Message-ID")

static inline const struct conf *
input_conf(const struct engine_input *in)
{
	return (in->engine->opts.conf);
}

/* The name under which results are written. */
static inline struct str
input_authserv_id(const struct engine_input *in)
{
	const struct conf_authserv_id *id = &input_conf(in)->authserv_id;

	return (id->from_mta && in->macros[ENGINE_MTA_NAME].n > 0 ?
	    in->macros[ENGINE_MTA_NAME] : str_from(id->name));
}

static inline const struct env *
input_env(const struct engine_input *in)
{
	return (in->engine->opts.env);
}

/* Whether the Received fields say that it came from outside. */
static inline bool
input_is_traced(const struct engine_input *in)
{
	return (in->trace_index < in->fields.n);
}

/* Whether it has come back without a mark. */
static inline bool
input_lost_mark(const struct engine_input *in)
{
	return (in->direction == ENGINE_RETURNED &&
	    in->mark_index == in->fields.n);
}

/* Whether the message must not be signed if it comes back (direction.c). */
static inline bool
input_needs_mark(const struct engine_input *in)
{
	return (in->external || in->login != ENGINE_LOGIN_MAY ||
	    input_lost_mark(in));
}

/* Absent: none. */
static inline struct str
input_mark_field(const struct engine_input *in)
{
	return (str_from(input_conf(in)->mark_field));
}

/* Whether this message belongs to a random sample of that many percent. */
static inline bool
input_is_sampled(const struct engine_input *in, unsigned percent)
{
	return (env_random(input_env(in)) % 100 < percent);
}

/* Of mail from an exempt relay only the signatures are verified. */
static inline bool
input_is_relay_exempt(const struct engine_input *in)
{
	return (in->relayed && !in->filtered &&
	    input_conf(in)->relay_mail == CONF_RELAY_EXEMPT);
}

/* stats.c */

void		engine_count(const struct engine_input *, enum engine_counter,
		    uint64_t n);
void		engine_count_outcome(const struct engine_input *,
		    const struct engine_outcome *);

/* log.c */

struct engine_log_pair {
	const char	*key;
	struct str	 value;		/* absent: the pair is left out */
	size_t		 max_bytes;	/* shown of it; 0: the usual */
};

/* Logs "queue_id=ID what: key=value ...", each value escaped. */
void		engine_log_pairs(const struct engine_input *, enum log_level,
		    const char *what, const struct engine_log_pair *,
		    size_t n);
/* The same about a key of ours, with domain=, selector= and, unless NULL,
   reason=. */
void		engine_log_key(const struct engine_input *, enum log_level,
		    const char *what, const struct signers_pick *,
		    const char *reason);

/* direction.c */

/* Where the message comes from: a reason up to ENGINE_PEER. */
enum engine_direction_reason	engine_origin(const struct engine_input *);
bool		engine_direction_is_external(const struct engine_input *);
/* Sets external, parses From, and looks for a mark. NOMEM only. */
enum status	engine_direction_begin(struct engine_input *) ATTR_MUST_CHECK;
/* The same for a message that is passed through without a look at it. */
void		engine_direction_skip(struct engine_input *);
/* Sets direction, its reason and judged. ours: there are keys for the
   author. */
void		engine_direction_decide(struct engine_input *, bool ours);

/* trace.c */

/* Sets trace_index, and if there is one, sender: who sent it. */
void		engine_trace_begin(struct engine_input *);
/* Whether the message has that queue ID, or had it when this MTA received it
   before, by its Received fields. */
bool		engine_trace_has_id(const struct engine_input *, struct str id);

/* way.c */

/* MAIL FROM in lower case, in the arena; or absent if an MTA may write it in
   another form. NOMEM only. */
enum status	engine_way_sender(const struct engine_input *,
		    struct str *sender_r) ATTR_MUST_CHECK;
bool		engine_way_has_list(const struct engine_input *);
/* Whether a list has sent it anew. same_sender: as at first, or unknown.
   had_list: engine_way_has_list at first. */
bool		engine_way_is_new(const struct engine_input *,
		    bool same_sender, bool had_list);

/* entered.c */

struct engine_entered	*engine_entered_new(void);	/* NULL: no memory */
struct engine_entered	*engine_entered_hold(struct engine_entered *);
void		engine_entered_release(struct engine_entered *);
/* Notes the author of a message from outside: that comes in, or is traced. */
void		engine_entered_note(const struct engine_input *);
/* Of a message that is traced: whether it came in with another author. */
bool		engine_entered_is_of_others(const struct engine_input *);

/* unsigned.c */

void		engine_unsigned_log(const struct engine_input *,
		    enum engine_unsigned);
/* Of a message that is passed through. NOMEM only. */
enum status	engine_unsigned_note(const struct engine_input *,
		    struct engine_outcome *) ATTR_MUST_CHECK;

/* logins.c: SenderLogins */

/* Whether the message has a login that is to be checked. */
bool		engine_logins_apply(const struct engine_input *);
/* Sets login. picks: of the author. Nothing changes if it is MAY already. NOMEM
   only. */
enum status	engine_logins_check(struct engine_input *,
		    const struct signers_picks *) ATTR_MUST_CHECK;

/* sender.c */

/* Both set sender: from the client at MAIL; from the Received fields of a
   trusted relay at end of headers. */
void		engine_sender_at_mail(struct engine_input *);
void		engine_sender_at_eoh(struct engine_input *);

/* forged.c */

/* Whether a field hides another field's start that no deletion reaches. */
bool		engine_forged_is_hidden(const struct engine_input *);
/* Deletes Authentication-Results fields under our authserv-id. */
void		engine_forged_delete_results(const struct engine_input *,
		    struct engine_outcome *);
/* Deletes ARC-Authentication-Results under our name, once the chain is
   validated. True: a chain that passed is broken by that. */
bool		engine_forged_delete_arc(const struct engine_input *,
		    struct engine_outcome *);
/* Deletes X-DMARC-Quarantine fields, which are taken for ours. */
void		engine_forged_delete_tags(const struct engine_input *,
		    struct engine_outcome *);
/* Whether one of these deletes the field. */
bool		engine_forged_is_deleted(const struct engine_input *,
		    const struct field *);

/* outcome.c: the only file that writes an outcome */

/* As of a message of which only the envelope is known. */
void		engine_outcome_init(struct engine_outcome *,
		    const struct engine_input *);
/* Allocates room for every action that the message may need. */
enum status	engine_outcome_reserve(struct engine_outcome *,
		    const struct engine_input *) ATTR_MUST_CHECK;
/* Allocates room for n signatures. */
enum status	engine_outcome_reserve_signatures(struct engine_outcome *,
		    const struct engine_input *, size_t n) ATTR_MUST_CHECK;
/* Takes over direction, its reason and From. */
void		engine_outcome_set_input(struct engine_outcome *,
		    const struct engine_input *);
/* Takes over the verdicts of finished checks. */
void		engine_outcome_set_verification(struct engine_outcome *,
		    const struct engine_input *,
		    const struct engine_verification *);
void		engine_outcome_set_times(struct engine_outcome *,
		    uint64_t elapsed_us, uint64_t dns_wait_us);
/* Deletions come before insertions, the highest index of a name first. Each
   insertion goes to the top of the message. */
void		engine_outcome_delete_field(struct engine_outcome *,
		    struct str name, unsigned index);
void		engine_outcome_insert_field(struct engine_outcome *,
		    struct str name, struct str value);
/* Goes before the insertions, also those that are there already. */
void		engine_outcome_change_field(struct engine_outcome *,
		    const struct engine_refolded *);
/* Takes back what was added since, with every change of a field. before: a
   copy from before the first change. */
void		engine_outcome_restore(struct engine_outcome *,
		    const struct engine_outcome *before);
void		engine_outcome_set_long_lines(struct engine_outcome *,
		    uint64_t);
/* Our Authentication-Results: as it is inserted, with its mark; without the
   mark, folded and unfolded. */
void		engine_outcome_insert_results(struct engine_outcome *,
		    struct str marked, struct str folded, struct str unfolded);
/* Those of the last key first. */
void		engine_outcome_insert_signature(struct engine_outcome *,
		    const struct signers_pick *, struct str value);
/* How many keys do not sign because their signature is there. */
void		engine_outcome_set_kept(struct engine_outcome *, size_t n);
void		engine_outcome_insert_seal(struct engine_outcome *,
		    const struct signers_pick *, const struct arc_seal *);
void		engine_outcome_set_decision(struct engine_outcome *,
		    const struct engine_decision *);
/* A quarantine by a tag, or in the MTA; once each. */
void		engine_outcome_tag(struct engine_outcome *, struct str value);
void		engine_outcome_hold(struct engine_outcome *, struct str reason);
/* What an On... option asks for; reply and reason are those of the cause. */
struct engine_answer {		/* enhanced codes: RFC 3463, RFC 7372 */
	struct str	reject;
	struct str	tempfail;
	struct str	quarantine;	/* the reason for the MTA */
};
void		engine_outcome_act(struct engine_outcome *,
		    const struct engine_answer *, enum conf_action);
/* The message is ours, and no key could sign it. */
void		engine_outcome_unsigned(struct engine_outcome *,
		    enum engine_unsigned, enum conf_action);
/* It is ours, but its login may not write as this author. */
void		engine_outcome_mismatch(struct engine_outcome *,
		    enum conf_mismatch);
/* The same of a message that is not refused for it. */
void		engine_outcome_set_unsigned(struct engine_outcome *,
		    enum engine_unsigned);
/* Refuses the header: status LIMIT or SYNTAX. */
void		engine_outcome_refuse_header(struct engine_outcome *,
		    enum status);
/* An internal error replaces the outcome: of the results so far, only the
   deletions stay. */
void		engine_outcome_fail(struct engine_outcome *,
		    const struct engine_input *, enum status);

/* checks.c: SPF, iprev, DMARC, and the queries of all */

/* Starts SPF and iprev once the sender is known. */
enum status	engine_checks_begin(const struct engine_input *,
		    struct engine_verification *) ATTR_MUST_CHECK;
/* Starts DMARC, once the signatures are parsed. */
enum status	engine_checks_headers(const struct engine_input *,
		    struct engine_verification *) ATTR_MUST_CHECK;
/* Goes on with SPF and iprev as far as answers have arrived. */
enum status	engine_checks_poll(struct engine_verification *)
    ATTR_MUST_CHECK;
/* Finishes all checks and the signatures, or times them out. */
enum status	engine_checks_finish(const struct engine_input *,
		    struct engine_verification *, uint64_t until_us)
    ATTR_MUST_CHECK;
/* The verdicts of finished checks; NULL: not checked. */
const struct spf_verdict	*engine_checks_spf(
				    const struct engine_verification *);
const struct spf_verdict	*engine_checks_helo(
				    const struct engine_verification *);
const struct iprev_verdict	*engine_checks_iprev(
				    const struct engine_verification *);
const struct arc_verdict	*engine_checks_arc(
				    const struct engine_verification *);

/* verifying.c */

/* Sets what is to be verified; whether the body is needed for it. */
bool		engine_verifying_plan(const struct engine_input *,
		    struct engine_verification *);
enum status	engine_verifying_begin(const struct engine_input *,
		    struct engine_verification *) ATTR_MUST_CHECK;
/* After dkim_bodies_finish. */
enum status	engine_verifying_finish(const struct engine_input *,
		    struct engine_verification *) ATTR_MUST_CHECK;
/*
 * DNSTimeout runs from the end of the headers to deadline_us, while the body
 * arrives. When the body took longer, outstanding queries get a grace time.
 */
uint64_t	engine_dns_deadline_us(uint64_t deadline_us,
		    uint64_t timeout_us, uint64_t now_us);

/* arc_override.c */

/*
 * Whether a chain with a trusted sealer overrides the DMARC failure of a
 * message from that author, or could later. Never if author is absent: there
 * are several. All of *r is in the arena or the chain.
 */
enum status	engine_arc_override(struct arena *,
		    const struct names *trusted, const struct arc_verdict *,
		    struct str author, struct engine_arc_word *r)
    ATTR_MUST_CHECK;

/* opinion.c, opinion_dkim.c */

/* Neither fails: without memory there is no second opinion. */
void		engine_opinion_begin(const struct engine_input *,
		    struct engine_verification *);
void		engine_opinion_finish(const struct engine_input *,
		    struct engine_verification *, uint64_t dns_deadline_us);
/* Compares and logs; opinion.dkim is not NULL. */
bool		engine_opinion_agrees_dkim(const struct engine_input *,
		    const struct engine_verification *);
bool		engine_opinion_passes_dkim(const struct second_dkim *);
/*
 * False: RejectNeedsSecondOpinion is set, and the second opinion passes or is
 * missing. A message that is too much for libopendkim is refused without one.
 */
bool		engine_opinion_refuses_dkim(const struct engine_input *,
		    const struct engine_opinion *);
/* author: index of dmarc_get. */
bool		engine_opinion_refuses_dmarc(const struct engine_input *,
		    const struct engine_opinion *, size_t author);

/* results.c, results_sender.c */

/* Inserts our Authentication-Results without a result, for its mark. */
enum status	engine_results_write_none(const struct engine_input *,
		    struct engine_outcome *) ATTR_MUST_CHECK;
/* Of a message that comes back: inserts what it has in MarkField or in
   Authentication-Results only; or, if it has no mark, another one. */
enum status	engine_results_restore(const struct engine_input *,
		    struct engine_outcome *) ATTR_MUST_CHECK;
/* Inserts our Authentication-Results. */
enum status	engine_results_write(const struct engine_input *,
		    struct engine_outcome *) ATTR_MUST_CHECK;
/* Inserts Received-SPF if the configuration asks for it. */
enum status	engine_results_received_spf(const struct engine_input *,
		    struct engine_outcome *) ATTR_MUST_CHECK;
/* The results about the sender, at most ENGINE_SENDER_RESULTS. */
#define ENGINE_SENDER_RESULTS	(4 + DMARC_MAX_AUTHORS + 1)
struct authres_result;
enum status	engine_results_sender(const struct engine_input *,
		    const struct engine_outcome *, struct authres_result *v,
		    size_t *n_r) ATTR_MUST_CHECK;
/* For domains and addresses. Leaves out a value that is too long, because a
   part of it would be wrong, or that has another character (results.c). */
void		engine_results_add(struct authres_result *, struct str ptype,
		    struct str property, struct str value);

/*
 * In a message with SMTPUTF8 shows domains with U-labels where the field or
 * path that they are from has UTF-8 (RFC 8616 6), so that our field needs
 * SMTPUTF8 only where the message does. The values are good ones already.
 */
struct authres;
enum status	engine_results_keep_utf8(const struct engine_input *,
		    struct authres *) ATTR_MUST_CHECK;

/* decide.c, policy.c */

/* Applies the configuration to the verdicts of a verified message. */
void		engine_decide(const struct engine_input *,
		    const struct engine_verification *,
		    struct engine_outcome *);
/* The part of it that is about author domains; only for judged mail. */
void		engine_policy_decide(const struct engine_input *,
		    const struct engine_verification *,
		    struct engine_outcome *);
/* What it makes of one author domain, by itself: for reports. */
struct engine_author {
	enum engine_verdict	 verdict;
	struct engine_decision	 decision;
};
void		engine_policy_author(const struct engine_input *,
		    const struct engine_verification *, size_t author,
		    struct engine_author *r);
/* OnForeignAuthor, for mail of a login. */
void		engine_policy_decide_foreign(const struct engine_input *,
		    struct engine_outcome *);
/* Quarantines as OnDMARCQuarantine says. tag: text of the tag; hold: the
   reason for the MTA. */
void		engine_policy_quarantine(const struct engine_input *,
		    struct engine_outcome *, struct str tag, struct str hold);

/* report.c */

/* As engine_msg_report. */
void		engine_report_keep(const struct engine_input *,
		    const struct engine_verification *,
		    const struct engine_outcome *, bool applied);

/* Whether it is a report (RFC 9990 3.5.2, RFC 8460 5.3), or answers one. */
bool		engine_report_is_about(const struct engine_input *);
/* A message counts once in a report: of several author domains under one
   policy, the first. Whether this is another. */
bool		engine_report_is_repeated(const struct dmarc *, size_t index);

/* failure.c */

/* Sets what makes tokens of local parts. secret: as in engine_opts. */
enum status	engine_failure_init(struct engine *, struct str secret)
    ATTR_MUST_CHECK;
/* Keeps what a failure report says, if the record asks for one. */
void		engine_failure_keep(const struct engine_input *,
		    const struct engine_verification *,
		    const struct engine_outcome *, bool applied);

/* external.c */

/* Logs external mail under a domain of ours, unless a signature of ours
   passes. */
void		engine_external_warn(const struct engine_input *,
		    const struct signers_picks *,
		    const struct engine_outcome *);

/* broken.c */

/* Warns, once for each domain, of signatures of ours that fail. */
void		engine_broken_warn(const struct engine_input *,
		    const struct engine_outcome *);

/* outgoing.c: the header as the next hop gets it */

/* Sets the signing's fields: those received without those that are deleted,
   with the long lines of signed fields as they will be sent. */
enum status	engine_outgoing_prepare(const struct engine_input *,
		    const struct engine_outcome *,
		    const struct dkim_sign_opts *, struct engine_signing *)
    ATTR_MUST_CHECK;
/* The same, below the fields that are inserted. */
enum status	engine_outgoing_all(const struct engine_input *,
		    const struct engine_outcome *,
		    const struct engine_signing *, struct field_list *r)
    ATTR_MUST_CHECK;
/* Has the MTA refold the fields. */
void		engine_outgoing_refold(const struct engine_signing *,
		    struct engine_outcome *);

/* own_keys.c: CheckKeys */

enum status	engine_own_keys_begin(const struct engine_input *,
		    struct engine_signing *) ATTR_MUST_CHECK;
void		engine_own_keys_finish(const struct engine_input *,
		    struct engine_signing *);
/* Whether all keys that sign are not in the DNS. */
bool		engine_own_keys_are_bad(const struct engine_signing *);
/* Whether the key of that pick signs, once finished. */
bool		engine_own_key_signs(const struct engine_signing *,
		    size_t index);

/* own_signatures.c */

/* Finds the signatures of ours that the message has; before the body. */
enum status	engine_own_signatures_begin(const struct engine_input *,
		    struct engine_signing *) ATTR_MUST_CHECK;
/* Verifies them; after dkim_bodies_finish. */
enum status	engine_own_signatures_check(const struct engine_input *,
		    struct engine_signing *) ATTR_MUST_CHECK;
/* Whether the message has a valid one by the key of that pick. */
bool		engine_own_signatures_has(const struct engine_signing *,
		    size_t pick);
/* Deletes the others by the picks for which there is a new one. made: the
   value for each pick, or absent. */
void		engine_own_signatures_delete(const struct engine_signing *,
		    const struct str *made, struct engine_outcome *);

/* signing.c */

/* Loads the keys and starts a signer for each; bodies is set. */
enum status	engine_signing_begin(const struct engine_input *,
		    struct engine_signing *, const struct engine_outcome *)
    ATTR_MUST_CHECK;
/* The same for forwarded mail, with keys whose rule is for any author. */
enum status	engine_signing_begin_forwarded(const struct engine_input *,
		    struct engine_signing *, const struct engine_outcome *)
    ATTR_MUST_CHECK;
/* Inserts the signatures; after dkim_bodies_finish. */
enum status	engine_signing_add(const struct engine_input *,
		    struct engine_signing *, struct engine_outcome *)
    ATTR_MUST_CHECK;
/* Why a message of ours has no signature, or none by a key in the DNS. */
enum engine_unsigned	engine_signing_why_unsigned(
			    const struct engine_signing *,
			    const struct engine_outcome *);

/* sealing.c */

/* Whether a key can seal, if the configuration asks for seals. */
enum status	engine_sealing_check(const struct engine *, struct diag *)
    ATTR_MUST_CHECK;
/* mailer: the MTA's name for the recipient's mailer; absent: unknown. */
bool		engine_sealing_is_forwarding(struct str mailer);
bool		engine_sealing_is_wanted(const struct engine_input *);
/* bodies is set. */
enum status	engine_sealing_begin(const struct engine_input *,
		    struct engine_signing *, const struct engine_outcome *)
    ATTR_MUST_CHECK;
/* Signs and seals an accepted message, after all other changes. */
void		engine_sealing_finish(const struct engine_input *,
		    struct engine_signing *, struct engine_outcome *);

#endif
