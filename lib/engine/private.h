/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of lib/engine share. */
#ifndef ENGINE_PRIVATE_H
#define ENGINE_PRIVATE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "dkim/body.h"
#include "dkim/sign.h"
#include "engine/engine.h"
#include "mail/field.h"
#include "signers/signers.h"

struct engine {
	struct engine_opts	 opts;
	struct str		 authserv_id;
	struct signers		*signers;	/* held; empty: Mode v */
	atomic_uint		 references;
};

struct engine_checks {		/* each NULL: there is none */
	struct spf_evaluator	*spf;
	struct spf_evaluator	*spf_helo;
	struct iprev		*iprev;
	struct dmarc		*dmarc;
	bool			 spf_done, helo_done, iprev_done;
	bool			 dkim_done, arc_done, dmarc_done;
	bool			 authenticated;	/* dmarc was told */
	bool			 given_up;	/* time is over */
};

struct engine_own_key {		/* of a pick */
	const struct signers_pick *pick;
	struct str		 owner;		/* where its record stands */
	struct dns_query	*query;		/* NULL: not asked for */
	enum key_state		 state;
};

struct engine_msg {
	struct engine		*engine;	/* held */
	const struct engine_client *client;
	struct arena		 arena;
	struct str		 mail_from;
	struct str		 macros[ENGINE_MACROS];
	uint64_t		 elapsed_us;

	/* the header */
	struct field_list	 fields;
	struct addr_from	 from;
	enum status		 status;	/* the first failure of ours */
	enum status		 header;	/* LIMIT or SYNTAX: refused */
	bool			 has_rcpts;	/* the MTA told of them, */
	bool			 handed_on;	/* and one is not of here */
	bool			 mail_done;
	bool			 eoh_done;
	bool			 eom_done;

	/* at end of headers */
	enum engine_direction	 direction;
	enum engine_direction_reason direction_reason;
	struct signers_picks	 picks;		/* for From; n > 0: ours */
	bool			 external;	/* not from one of ours */
	bool			 judged;	/* verified and external */
	bool			 relayed;	/* the client is a trusted relay */
	bool			 sealing;	/* a set is to be added */
	struct engine_sender	 sender;
	struct engine_checks	 checks;
	struct dkim_bodies	*bodies;	/* NULL: body not wanted */
	struct dkim_signer	**signers;	/* one per pick; NULL: it has
						   no key */
	struct engine_own_key	*own_keys;	/* one per pick */
	const struct field_list	*leaving;	/* what is signed */
	struct signers_picks	 seal_picks;	/* for the domain that seals */
	const struct signers_pick *seal_pick;	/* of them; NULL: no key */
	struct dkim_verifier	*verifier;
	struct arc_validator	*arc;		/* NULL: not wanted */
	struct dns_batch	*batch;		/* NULL: nothing to ask */
	uint64_t		 dns_deadline_us;
	struct second_dkim	*second;	/* NULL: not asked */
	bool			 second_too_much;	/* for libopendkim */
	struct second_dmarc	*second_dmarc;	/* by author; if asked */
	const char		*sealers;	/* see engine_sealers_judge */

	/* at end of message */
	struct engine_action	*actions;
	struct engine_action	 spare_action;	/* when there is no memory */
	size_t			 actions_cap;
	size_t			 forged_n;	/* first actions: deletions */
	struct str		 results;	/* our A-R, folded */
	struct engine_outcome	 outcome;
};

#define LOG_VALUE_MAX_BYTES	255	/* of one value, in a line of ours */
#define ENGINE_FIELD_AUTHRES	STR("Authentication-Results")
#define ENGINE_FIELD_SIGNATURE	STR("DKIM-Signature")
#define ENGINE_FIELD_TAG	STR("X-DMARC-Quarantine")

static inline const struct conf *
msg_conf(const struct engine_msg *m)
{
	return (m->engine->opts.conf);
}

static inline const struct env *
msg_env(const struct engine_msg *m)
{
	return (m->engine->opts.env);
}

/* Whether this message is one of so many in a hundred. */
static inline bool
engine_is_sampled(const struct engine_msg *m, unsigned percent)
{
	return (env_random(msg_env(m)) % 100 < percent);
}

/* What a trusted relay brings is not looked at but for its signatures. */
static inline bool
msg_is_relay_exempt(const struct engine_msg *m)
{
	return (m->relayed && msg_conf(m)->relay_mail == CONF_RELAY_EXEMPT);
}

/* stats.c */
void		engine_count(const struct engine_msg *, enum engine_counter,
		    uint64_t n);
void		engine_count_outcome(const struct engine_msg *);
/* direction.c: sets direction, its reason, picks and external. */
enum status	engine_direction_decide(struct engine_msg *) ATTR_MUST_CHECK;
/* Where the message comes from: a reason up to ENGINE_EXTERNAL_HOST. */
enum engine_direction_reason	engine_origin(const struct engine_msg *);
/* sender.c: sets sender. At MAIL; and, for what a trusted relay brings, at
   end of headers. */
void		engine_sender_at_mail(struct engine_msg *);
void		engine_sender_at_eoh(struct engine_msg *);
/* checks.c: SPF, iprev and DMARC; begin: once the sender is known. */
enum status	engine_checks_begin(struct engine_msg *) ATTR_MUST_CHECK;
enum status	engine_checks_headers(struct engine_msg *) ATTR_MUST_CHECK;
enum status	engine_checks_poll(struct engine_msg *) ATTR_MUST_CHECK;
/* All of them, and the signatures. */
enum status	engine_checks_finish(struct engine_msg *, uint64_t until_us)
    ATTR_MUST_CHECK;
/* external.c: logs mail from outside under a domain of ours. */
void		engine_external_warn(const struct engine_msg *);
/* actions.c: room for all that a message may need; then the additions. */
enum status	engine_actions_init(struct engine_msg *) ATTR_MUST_CHECK;
/* Whether some field hides results that no deletion reaches. */
bool		engine_actions_any_hidden(const struct engine_msg *);
void		engine_actions_delete_forged(struct engine_msg *);
/* On judged mail: a tag that comes from outside would pass for ours. */
void		engine_actions_delete_tags(struct engine_msg *);
/* Back to the deletions alone. */
void		engine_actions_keep_deletions(struct engine_msg *);
void		engine_actions_insert(struct engine_msg *, struct str name,
		    struct str value);
/* The action of the outcome, too; the first reason stays. */
void		engine_actions_quarantine(struct engine_msg *,
		    struct str reason);
/* own_keys.c: the keys that sign against the DNS; finish: and then, whether
   the one of that pick is to sign. */
enum status	engine_own_keys_begin(struct engine_msg *) ATTR_MUST_CHECK;
void		engine_own_keys_finish(struct engine_msg *);
bool		engine_own_key_signs(const struct engine_msg *, size_t index);
/* signing.c: what is the same for all signatures; the fields as the message
   will leave, without what is deleted. */
enum status	engine_signing_opts(struct engine_msg *,
		    struct dkim_sign_opts *) ATTR_MUST_CHECK;
enum status	engine_signing_leaving(struct engine_msg *,
		    const struct field_list **r) ATTR_MUST_CHECK;
enum status	engine_signing_begin(struct engine_msg *) ATTR_MUST_CHECK;
/* What is sealed, with keys of ours that are for whatever author; then, once
   the results are in place: engine_signing_add, if there are signers. */
enum status	engine_signing_begin_forwarded(struct engine_msg *)
    ATTR_MUST_CHECK;
enum status	engine_signing_add(struct engine_msg *) ATTR_MUST_CHECK;
enum status	engine_signing_finish(struct engine_msg *) ATTR_MUST_CHECK;
/* "what: domain= selector= reason=" about a key of ours; reason may be NULL. */
void		engine_log_key(const struct engine_msg *, enum log_level,
		    const char *what, const struct signers_pick *,
		    const char *reason);
/* sealing.c: whether some key can seal, if that is wanted. */
enum status	engine_sealing_check(const struct engine *, struct diag *)
    ATTR_MUST_CHECK;
/* mailer: the MTA's name for the recipient's; absent: unknown. */
bool		engine_sealing_is_handed_on(struct str mailer);
bool		engine_sealing_is_wanted(const struct engine_msg *);
/* The bodies are there already. */
enum status	engine_sealing_begin(struct engine_msg *) ATTR_MUST_CHECK;
/* Last of all that is done to a message which is accepted. NOMEM only. */
enum status	engine_sealing_finish(struct engine_msg *) ATTR_MUST_CHECK;
/* verifying.c */
enum status	engine_verifying_begin(struct engine_msg *) ATTR_MUST_CHECK;
enum status	engine_verifying_finish(struct engine_msg *) ATTR_MUST_CHECK;
/*
 * DNSTimeout runs from the end of the headers, while the body arrives, to
 * deadline_us. When the body took longer than that, answers that are on their
 * way get a last moment.
 */
uint64_t	engine_dns_deadline_us(uint64_t deadline_us,
		    uint64_t timeout_us, uint64_t now_us);
/* results.c: our Authentication-Results, as action and in the outcome. */
enum status	engine_results_write(struct engine_msg *) ATTR_MUST_CHECK;
/* opinion_dkim.c: compares and logs; the message has one on signatures. */
bool		engine_opinion_agrees_dkim(const struct engine_msg *);
bool		engine_opinion_passes_dkim(const struct second_dkim *);
/* opinion.c: never fails; without memory there is no second opinion. */
void		engine_opinion_begin(struct engine_msg *, size_t signatures);
void		engine_opinion_finish(struct engine_msg *,
		    uint64_t dns_deadline_us);
/* False: RejectNeedsSecondOpinion is set, and it passes or is not there; but
   what is too much for libopendkim is not spared by that. */
bool		engine_opinion_refuses_dkim(const struct engine_msg *);
/* author: as of dmarc_get. */
bool		engine_opinion_refuses_dmarc(const struct engine_msg *,
		    size_t author);
/*
 * sealers.c: whether the chain speaks for a message from that author which
 * fails DMARC. *comment_r: RFC 8617 7.2.2's, in the arena; NULL: it does not.
 */
enum status	engine_sealers_judge(struct arena *,
		    const struct names *trusted, const struct arc_verdict *,
		    struct str author, const char **comment_r)
    ATTR_MUST_CHECK;
/* Of them, the parts about who sent it: at most ENGINE_SENDER_RESULTS. */
#define ENGINE_SENDER_RESULTS	(4 + DMARC_MAX_AUTHORS + 1)
struct authres_result;
enum status	engine_results_sender(struct engine_msg *,
		    struct authres_result *v, size_t *n_r) ATTR_MUST_CHECK;
/* A value beyond all measure is left out: a part of it would be a lie. */
void		engine_results_add(struct authres_result *, struct str ptype,
		    struct str property, struct str value);
/* The Received-SPF field, if it is wanted, as an action. */
enum status	engine_results_received_spf(struct engine_msg *)
    ATTR_MUST_CHECK;
/* decide.c: verdict, reply and error of the outcome. */
void		engine_decide(struct engine_msg *);
/* What the On... options say; reply and reason are those of the cause. */
struct engine_answer {		/* enhanced codes: RFC 3463, RFC 7372 */
	struct str	reject;
	struct str	tempfail;
	struct str	quarantine;	/* the reason for the MTA */
};
void		engine_act(struct engine_msg *, const struct engine_answer *,
		    enum conf_action);
/* policy.c: what becomes of a message that is judged; its signatures, unless
   it is deferred or refused, are looked at after that. */
void		engine_policy_decide(struct engine_msg *);
/* A quarantine as OnDMARCQuarantine has it; once is enough. tag: why; hold:
   the reason for the MTA. */
void		engine_policy_quarantine(struct engine_msg *, struct str tag,
		    struct str hold);

#endif
