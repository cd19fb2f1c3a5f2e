/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine: the life of one message: events in, a list of actions out. Its
 * interface follows the milter protocol but does not need libmilter, so that
 * the daemon, the tools and the tests run the same code.
 *
 *	engine_new			configuration, keys, DNS: immutable
 *	  engine_msg_new		MAIL
 *	    engine_msg_macro		any time before end of headers
 *	    engine_msg_mail		the macros of MAIL are set: SPF starts
 *	    engine_msg_rcpt		each recipient, if known
 *	    engine_msg_header		each field, as received
 *	    engine_msg_eoh		decides the direction; sends queries
 *	    engine_msg_body		until it returns false
 *	    engine_msg_eom		waits, verifies, decides: the outcome
 *	  engine_msg_free		at any point; also the abort
 *
 * struct engine is shared by threads and reference counted: a message keeps
 * the one it began with across a reload. A message belongs to one thread at a
 * time. An internal error (out of memory, OpenSSL) never loses a message: the
 * outcome is then what OnInternalError says.
 *
 * Direction. In Mode s, a message from an internal source (an authenticated
 * client, an MTA name, an internal host, or a local submission, which has no
 * address) is signed if there is a key for the first From mailbox. Otherwise
 * it is passed through, also when From is missing, repeated or malformed. All
 * other messages are verified in Mode v, else passed through. lib/signers
 * picks the keys. Each key makes one signature, the first key's on top. With
 * SenderLogins a login's mail is signed only if it may write as the author
 * (logins.c).
 *
 * Mail from outside that comes back, from a content filter as a rule, is passed
 * through with the verdict that it has (direction.c).
 *
 * Judging. A verified message from an external source is judged as well: SPF
 * for MAIL FROM and HELO, iprev, ARC and DMARC for each author domain, and the
 * policy (policy.c has the order of its rules). These checks and the keys of
 * DKIM share one batch of DNS queries and one deadline (checks.c).
 *
 * Sealing. A judged and accepted message gets one more ARC set, after all
 * other changes and on top, if ArcSeal asks for it (sealing.c).
 *
 * Long lines. What is signed or sealed is the message as the MTA will send it
 * (LineLengthLimit): its fields with long lines are refolded, and lines that
 * it will break are broken for the hashes (outgoing.c, mail/lines.h).
 *
 * Mail of a host in PeerList is passed through as it is.
 *
 * In every other case, Authentication-Results fields under a name of AuthservID
 * are deleted, but for the verdict of mail that comes back; a message in which
 * another field hides one is rejected with 550. A header beyond the limits of
 * mail/field.h, or with more fields to be signed than DKIM_MAX_SIGNED_FIELDS,
 * is rejected with 552.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arc/arc.h"
#include "base/diag.h"
#include "base/env.h"
#include "base/ip.h"
#include "base/status.h"
#include "base/str.h"
#include "conf/conf.h"
#include "crypto/crypto.h"
#include "dkim/verify.h"
#include "dmarc/dmarc.h"
#include "dns/dns.h"
#include "iprev/iprev.h"
#include "mail/addr.h"
#include "report/collect.h"
#include "second/dmarc.h"
#include "second/second.h"
#include "signers/key_checks.h"
#include "signers/signers.h"
#include "spf/check.h"

#define ENGINE_MSG_MAX_BYTES	(64 * 1024 * 1024)	/* a message's arena */
#define ENGINE_MAX_RESULTS	100	/* signatures in our field
					   Authentication-Results */
#define ENGINE_RESULTS_MAX_BYTES 60000	/* of that field: a milter packet has
					   64 KiB; fewer results if long */
/* libopendkim is not asked about messages with more fields than this, or with
   more signatures than MaximumSignaturesToVerify: its time grows with their
   product. */
#define ENGINE_SECOND_MAX_FIELDS 1000
/* DNSTimeout runs from the end of the headers. When the body took longer,
   outstanding queries get this much more time. */
#define ENGINE_DNS_GRACE_US	250000
/* How long a message waits, from the end of its headers, for the DNS records
   of the keys that are to sign it. */
#define ENGINE_KEY_CHECK_WAIT_US 1000000

/* Counted since the start of the process; shared by all its engines. */
enum engine_counter {
	ENGINE_MESSAGES,
	ENGINE_SIGNED,
	ENGINE_VERIFIED,
	ENGINE_PASSED_THROUGH,		/* neither signed nor verified */
	ENGINE_RETURNS,			/* from outside, and back again */
	ENGINE_DKIM_PASS, ENGINE_DKIM_FAIL, ENGINE_DKIM_POLICY,
	ENGINE_DKIM_NEUTRAL, ENGINE_DKIM_TEMPERROR, ENGINE_DKIM_PERMERROR,
	ENGINE_DKIM_NONE,		/* messages without a signature */
	ENGINE_DKIM_BODY_OPEN,		/* of those with policy: the body is
					   longer than its signed part */
	ENGINE_DKIM_FIELD_OPEN,		/* a second field is not signed */
	ENGINE_SPF_PASS, ENGINE_SPF_FAIL, ENGINE_SPF_SOFTFAIL,
	ENGINE_SPF_NEUTRAL, ENGINE_SPF_TEMPERROR, ENGINE_SPF_PERMERROR,
	ENGINE_SPF_NONE,
	ENGINE_DMARC_PASS, ENGINE_DMARC_FAIL, ENGINE_DMARC_TEMPERROR,
	ENGINE_DMARC_PERMERROR, ENGINE_DMARC_NONE,
	ENGINE_ARC_PASS, ENGINE_ARC_FAIL,
	ENGINE_ARC_SEALED,
	ENGINE_ARC_NOT_SEALED,		/* though wanted: no key, or no set
					   can be added */
	ENGINE_BAD_FROM,		/* judged, without a usable author */
	ENGINE_EXEMPT,			/* an exemption changed the outcome */
	ENGINE_REJECTED, ENGINE_TEMPFAILED, ENGINE_QUARANTINED,
	ENGINE_FORGED_DELETED,		/* Authentication-Results fields */
	ENGINE_SECOND_ASKED,		/* messages */
	ENGINE_SECOND_DISAGREED,	/* messages */
	ENGINE_SECOND_DKIM, ENGINE_SECOND_DMARC,
					/* messages, by method */
	ENGINE_KEY_MISMATCH,		/* keys that no longer match their DNS
					   record */
	ENGINE_SIGNATURES_FAILED,	/* not made, or did not verify */
	ENGINE_SIGN_FAILED,		/* messages of ours without any */
	ENGINE_INTERNAL_ERRORS,
	ENGINE_COUNTERS
};

/* Why mail of ours has no signature that a receiver could verify. */
enum engine_unsigned {
	ENGINE_UNSIGNED_NO,		/* it has one, or is not ours */
	ENGINE_UNSIGNED_NO_ACTIVE_KEY,
	ENGINE_UNSIGNED_KEY_UNREADABLE,
	ENGINE_UNSIGNED_STORE_UNREACHABLE,
	ENGINE_UNSIGNED_NOT_IN_DNS,	/* signed, by keys that are not in the
					   DNS (CheckKeys) */
	ENGINE_UNSIGNED_SELF_CHECK_FAILED,
	ENGINE_UNSIGNED_INTERNAL_ERROR,
	ENGINE_UNSIGNED_LOGIN_MISMATCH,
	ENGINE_UNSIGNED_AUTHOR_UNCLEAR,	/* several authors or From fields */
	ENGINE_UNSIGNED_REASONS
};
/* "no active key"; NULL for the first value. */
const char	*engine_unsigned_name(enum engine_unsigned);

struct engine_stats;			/* atomic counters */
struct engine_stats	*engine_stats_new(void);
void			 engine_stats_free(struct engine_stats *);
uint64_t		 engine_stats_get(const struct engine_stats *,
			    enum engine_counter);
/* Messages of ours that were not signed, or were refused for it, by reason. */
uint64_t		 engine_stats_unsigned(const struct engine_stats *,
			    enum engine_unsigned);
const char		*engine_counter_name(enum engine_counter);

struct engine_opts {
	struct conf		*conf;		/* held by the engine */
	struct dns		*dns;		/* held by the engine */
	const struct crypto	*crypto;	/* outlives the engine */
	struct second		*second;	/* outlives it; NULL: no second
						   opinion */
	const struct dmarc_psl	*psl;		/* outlives it; NULL: no list;
						   OrgDomain psl needs it */
	struct engine_stats	*stats;		/* outlives it; may be NULL */
	struct report_collector	*reports;	/* outlives it; NULL: nothing
						   is kept for reports */
	struct key_checks	*key_checks;	/* outlives it; NULL: keys that
						   sign are not checked */
	struct str		 mark_secret;	/* for marks (mark.h); absent:
						   mail that comes back is not
						   recognised; used by
						   engine_new only */
	const struct env	*env;		/* outlives it */
	struct engine		*before;	/* the previous engine, or
						   NULL; used by engine_new
						   only */
	enum signers_loss	 lose;		/* of its signers */
	const struct signers_remote *remote;	/* NULL, or as signers_opts has
						   it, whose ctx belongs to
						   engine_new; used by it
						   only */
};

struct engine;
enum status	 engine_new(const struct engine_opts *, struct engine **r,
		    struct diag *) ATTR_MUST_CHECK;
struct engine	*engine_hold(struct engine *);
void		 engine_release(struct engine *);	/* NULL is fine */
/* As signers_revision. */
uint64_t	 engine_keys_revision(const struct engine *);
const struct conf	*engine_conf(const struct engine *);
/* The options of its signers in a configuration; env and others are left. */
void		 engine_signers_opts(const struct conf *,
		    struct signers_opts *r);
struct signers		*engine_signers(const struct engine *);

struct engine_client {		/* borrowed until engine_msg_free */
	struct str		 name;	/* by the MTA's PTR lookup; or absent */
	const struct ip_addr	*ip;	/* NULL: unknown or a local socket */
	struct str		 helo;	/* absent until known */
	bool			 inbound;	/* external whatever the
						   address: for a tool */
};

enum engine_macro {		/* macros of the MTA */
	ENGINE_AUTH_AUTHEN,	/* {auth_authen} */
	ENGINE_AUTH_TYPE,	/* {auth_type} */
	ENGINE_DAEMON_NAME,	/* {daemon_name} */
	ENGINE_MTA_NAME,	/* j: its host name */
	ENGINE_QUEUE_ID,	/* i; may come late, the last one counts */
	ENGINE_MACROS
};

enum engine_direction {
	ENGINE_UNDECIDED,	/* before end of headers */
	ENGINE_SIGN,
	ENGINE_VERIFY,
	ENGINE_PASS_THROUGH,	/* neither */
	ENGINE_RETURNED		/* the same; and its verdict is kept */
};

enum engine_action_type {
	ENGINE_DELETE_FIELD,	/* name, index: 1 is the topmost of that name */
	ENGINE_CHANGE_FIELD,	/* name, index, and the new value, as below */
	ENGINE_INSERT_FIELD,	/* on top of the message: name, value (starts
				   with a space, CRLF folding) */
	ENGINE_HOLD		/* value: the reason for the MTA's quarantine */
};

struct engine_action {		/* in the order in which they are applied */
	enum engine_action_type	 type;
	struct str		 name;
	struct str		 value;
	unsigned		 index;
};

enum engine_verdict {		/* from lenient to strict */
	ENGINE_ACCEPT,
	ENGINE_QUARANTINE,	/* accepted, with a tag or an ENGINE_HOLD */
	ENGINE_TEMPFAIL,
	ENGINE_REJECT
};

static inline bool
engine_verdict_accepts(enum engine_verdict verdict)
{
	return (verdict <= ENGINE_QUARANTINE);
}

struct engine_sender {		/* the client that SPF and iprev check */
	bool			 known;		/* has an address */
	struct ip_addr		 ip;
	struct str		 name;		/* from the MTA's PTR lookup;
						   absent behind a relay */
	struct str		 helo;
	const char		*source;	/* static: where the address is
						   from; NULL: from the MTA */
};

enum engine_direction_reason {
	ENGINE_BEFORE_HEADERS,
	ENGINE_AUTHENTICATED,
	ENGINE_MTA,		/* {daemon_name} is listed in MTA */
	ENGINE_LOCAL_SUBMISSION,
	ENGINE_INTERNAL_HOST,
	ENGINE_EXTERNAL_HOST,
	ENGINE_FILTER,		/* {daemon_name} is listed in FilterMTA */
	ENGINE_RELAY,		/* internal, but in TrustedRelays */
	ENGINE_PEER,		/* in PeerList */
	/* internal, but not signed */
	ENGINE_NO_AUTHOR,	/* see the From field's result */
	ENGINE_NOT_OUR_DOMAIN,
	ENGINE_NO_ACTIVE_KEY,	/* ours, but no key has been active yet */
	ENGINE_LOGIN_MISMATCH,	/* ours, but not this login's (SenderLogins) */
	ENGINE_TRACED		/* comes back, by its Received fields */
};

enum engine_rule {		/* which rule decided */
	ENGINE_RULE_NONE,	/* no rule applied */
	ENGINE_RULE_FROM,	/* OnBadFrom */
	ENGINE_RULE_DOMAIN,	/* DomainRules */
	ENGINE_RULE_DMARC,
	ENGINE_RULE_ARC,	/* OnArcFail */
	ENGINE_RULE_DKIM	/* OnBadSignature, OnDNSError */
};

enum engine_exemption {		/* why a rule was not applied */
	ENGINE_NOT_EXEMPT,
	ENGINE_TRUSTED_RELAY,
	ENGINE_TRUSTED_NETWORK,
	ENGINE_MAILING_LIST_HOST,
	ENGINE_TRUSTED_SEALER
};

enum engine_override {		/* RFC 9990 3.1.6: why the published policy
				   was not followed */
	ENGINE_NO_OVERRIDE,
	ENGINE_LOCAL_POLICY,
	ENGINE_MAILING_LIST,
	ENGINE_POLICY_TEST_MODE,
	ENGINE_TRUSTED_FORWARDER
};

enum engine_error {		/* why a message was not processed in full */
	ENGINE_NO_ERROR,
	ENGINE_INTERNAL_ERROR,
	ENGINE_HEADER_TOO_LARGE,
	ENGINE_HEADER_MALFORMED,
	ENGINE_NOT_SIGNED	/* ours, but no key could sign */
};

struct engine_decision {	/* what was decided, and why */
	enum engine_rule	 rule;
	struct str		 domain;	/* the author domain */
	enum engine_exemption	 exempt;
	enum engine_override	 override;
	const char		*comment;	/* on the override, or on why
						   the outcome is milder */
};

struct engine_sealer {		/* whose word on a DMARC failure was heard */
	unsigned		 instance;	/* of its ARC set; 0: nobody */
	struct str		 domain;
	const char		*why;		/* not believed, or NULL */
};

struct engine_signature {	/* one that was added */
	struct str		 domain;
	struct str		 selector;
};

struct engine_outcome {		/* views into the message's arena */
	enum engine_direction	 direction;
	enum engine_direction_reason direction_reason;
	enum engine_verdict	 verdict;
	struct str		 reply;		/* with reject and tempfail:
						   "550 5.7.20 text" */
	enum engine_error	 error;
	enum status		 status;	/* of ENGINE_INTERNAL_ERROR */
	const struct engine_action *actions;
	size_t			 actions_n;
	unsigned		 forged_deleted;
	const struct addr_from	*from;
	/* verified */
	const struct dkim_verifier	*dkim;	/* NULL: not verified; no
						   verdicts: unsigned */
	struct str		 authres;	/* value of our field, unfolded;
						   or absent */
	struct str		 authres_folded;	/* as inserted */
	/* judged; each NULL if not checked */
	const struct engine_sender	*sender;
	const struct spf_verdict	*spf;	/* MAIL FROM */
	const struct spf_verdict	*spf_helo;
	const struct iprev_verdict	*iprev;
	const struct dmarc		*dmarc;
	const struct arc_verdict	*arc;	/* NULL, too: no set */
	struct engine_decision	 decision;
	struct engine_sealer	 sealer;	/* if a trusted one sealed */
	bool			 tagged;	/* X-DMARC-Quarantine added */
	/* signed */
	enum engine_unsigned	 not_signed;	/* why, if it is ours */
	struct engine_signature	*signatures;	/* the topmost first */
	size_t			 signatures_n;
	size_t			 signatures_kept;	/* were there before */
	uint64_t		 long_lines;	/* that the MTA will break, or
						   that are refolded here; the
						   signatures or the ARC set
						   depend on that */
	struct {
		unsigned	 instance;	/* 0: no ARC set was added */
		struct str	 domain;
		struct str	 selector;
	}			 seal;
	/* second opinion */
	bool			 second_asked;
	const struct second_dkim	*second;	/* NULL: not asked about
							   signatures */
	struct second_dmarc	 second_dmarc;	/* of the domain whose verdict
						   decides */
	bool			 second_agrees;
	uint64_t		 elapsed_us;	/* in the engine, since MAIL */
	uint64_t		 dns_wait_us;	/* of it, at end of message */
	/* for outcome.c */
	struct {
		struct engine_action	*v;	/* NULL: none yet */
		size_t			 cap;
		struct engine_action	 spare[3];	/* without memory */
	}			 room;		/* of actions */
	size_t			 deletions_n;	/* the first actions */
};

/* The words of log and reports. NULL for the first value of each enum but
   engine_verdict. */
const char	*engine_verdict_name(enum engine_verdict);
/* The verdict's name; "tag": quarantined by the tag alone, not by the MTA. */
const char	*engine_action_name(const struct engine_outcome *);
/* Whether the MTA is to hold the message. */
bool		 engine_outcome_is_held(const struct engine_outcome *);
const char	*engine_rule_name(enum engine_rule);
const char	*engine_exemption_name(enum engine_exemption);
const char	*engine_override_name(enum engine_override);
/* Whether mail from there is not signed if it came from outside before. */
bool		 engine_direction_may_return(enum engine_direction_reason);
/* The text of direction_reason; the text of error, NULL: no error. */
const char	*engine_direction_text(const struct engine_outcome *);
const char	*engine_error_text(const struct engine_outcome *);

struct engine_msg;

/* mail_from: the SMTP path; NULL: no memory. */
struct engine_msg	*engine_msg_new(struct engine *,
			    const struct engine_client *, struct str mail_from);
void			 engine_msg_free(struct engine_msg *);
void			 engine_msg_macro(struct engine_msg *,
			    enum engine_macro, struct str value);
/* The client announced that the header may have UTF-8 (RFC 6531, SMTPUTF8);
   before engine_msg_eoh. */
void			 engine_msg_smtputf8(struct engine_msg *);
/* The macros of MAIL are set. Optional: end of headers makes up for it. */
void			 engine_msg_mail(struct engine_msg *);
/* mailer: the MTA's mailer for this recipient, {rcpt_mailer}; or absent. */
void			 engine_msg_rcpt(struct engine_msg *,
			    struct str mailer);
/* Goes on with SPF and iprev if answers have arrived. */
void			 engine_msg_poll(struct engine_msg *);
void			 engine_msg_header(struct engine_msg *, struct str name,
			    struct str value);
/* Returns whether the body is wanted. */
bool			 engine_msg_eoh(struct engine_msg *);
/* Returns whether more of the body is wanted. */
bool			 engine_msg_body(struct engine_msg *, const char *,
			    size_t);
/* Never NULL; the same outcome when called again. */
const struct engine_outcome	*engine_msg_eom(struct engine_msg *);
/*
 * Keeps what DMARC reports say of a judged message, once, after engine_msg_eom
 * (report.c, failure.c). applied: the outcome was; false: test mode. Never
 * waits for the store.
 */
void		 engine_msg_report(struct engine_msg *, bool applied);
struct str		 engine_msg_get_macro(const struct engine_msg *,
			    enum engine_macro);
struct str		 engine_msg_mail_from(const struct engine_msg *);

#endif
