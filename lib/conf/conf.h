/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf: the daemon's configuration, mailseald.conf(5). Each option is one row
 * of the table in options.c. Loading returns a complete, checked and immutable
 * configuration with its keys loaded, or an error with file, line and reason.
 * A configuration is shared by threads and has a reference count.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "conf/hosts.h"
#include "conf/logins.h"
#include "conf/names.h"
#include "crypto/crypto.h"
#include "mail/canon.h"
#include "mail/lines.h"

#define CONF_MAX_BYTES		(1024 * 1024)	/* of a file */
#define CONF_LINE_MAX_BYTES	(64 * 1024)
#define CONF_KEY_FILE_MAX_BYTES	(64 * 1024)
#define CONF_KEY_CACHE_MAX	1000000	/* keys */
#define CONF_KEY_STORES_MAX	16
/* The file of MarkKeyFile if none is configured. */
#define CONF_MARK_KEY_DEFAULT	LOCALSTATEDIR "/lib/mailseal/mark.key"
/* ReportStore with a ReportFrom: in a folder of its own, since the mail process
   may write all of it. */
#define CONF_REPORT_STORE_FOLDER	LOCALSTATEDIR "/lib/mailseal/reports"
#define CONF_REPORT_STORE_DEFAULT	"sqlite:" CONF_REPORT_STORE_FOLDER \
					"/reports.db"
#define CONF_MEMORY_MAX_BYTES	(32 * 1024 * 1024)

enum conf_action {		/* OnBadFrom etc.: how to handle a message */
	CONF_ACCEPT, CONF_REJECT, CONF_TEMPFAIL, CONF_QUARANTINE
};
enum conf_bad {			/* BadSignatures: which OnBadSignature is for */
	CONF_BAD_ANY,		/* each that does not pass */
	CONF_BAD_ALTERED	/* whose message was altered */
};
enum conf_quarantine {		/* OnDMARCQuarantine: how to quarantine */
	CONF_Q_TAG,		/* a header field that Sieve can match */
	CONF_Q_HOLD,		/* the MTA's quarantine */
	CONF_Q_ACCEPT		/* nothing */
};
enum conf_foreign {		/* OnForeignAuthor: a login whose mail fails the
				   policy of an author domain of others */
	CONF_FOREIGN_ACCEPT,	/* not evaluated */
	CONF_FOREIGN_TAG,
	CONF_FOREIGN_REJECT
};
enum conf_mismatch {		/* OnLoginMismatch: a login that may not write
				   as the author */
	CONF_MISMATCH_UNSIGNED,
	CONF_MISMATCH_REJECT,
	CONF_MISMATCH_TEMPFAIL
};
enum conf_rule {		/* DomainRules: mail that does not pass DMARC */
	CONF_RULE_ACCEPT,	/* deliver */
	CONF_RULE_QUARANTINE,	/* as OnDMARCQuarantine */
	CONF_RULE_REJECT,
	CONF_RULE_IGNORE	/* do not evaluate DMARC */
};
enum conf_org_domain { CONF_TREEWALK, CONF_PSL };
enum conf_relay_mail {		/* TrustedRelayMail: the client of such mail */
	CONF_RELAY_RECEIVED,	/* from the Received field of the relay */
	CONF_RELAY_EXEMPT	/* unknown: no SPF, no DMARC */
};
enum conf_address_lists {	/* AddressLists */
	CONF_ADDRESSES_KEEP,
	CONF_ADDRESSES_SENDMAIL	/* in the form that Sendmail writes */
};

enum conf_arc_seal {		/* ArcSeal: incoming mail to seal */
	CONF_ARC_SEAL_OFF,
	CONF_ARC_SEAL_FORWARDED,	/* unless all of it is delivered here */
	CONF_ARC_SEAL_ALL
};
enum conf_log_format { CONF_LOG_TEXT, CONF_LOG_JSON };
enum conf_log_target { CONF_LOG_SYSLOG, CONF_LOG_STDERR, CONF_LOG_NONE };

struct conf_strings {
	struct str	*v;
	size_t		 n;
};

struct conf_given {		/* a value as written */
	struct str	 value;
	unsigned	 line;
};

struct conf_givens {		/* of an option that may be repeated */
	struct conf_given	*v;
	size_t			 n;
	size_t			 cap;
};

struct conf_key_stores {	/* KeyStore; v NULL: absent */
	const char	**v;		/* as keystore_open takes them */
	size_t		 n;		/* 0: "none", or absent */
	bool		 optional;	/* the default, which need not exist */
};

struct conf_key {		/* Selector and KeyFile, by their order */
	struct str	 selector;
	char		*path;		/* for messages to the operator */
	struct privkey	*key;
};

struct conf_table {		/* KeyTable, SigningTable */
	char		*path;		/* NULL: no table */
	bool		 patterns;	/* refile: */
};

struct conf_arc_seal_key {	/* ArcSealKey */
	struct str	 domain;	/* normalised; by default the first
					   Domain */
	struct str	 selector;	/* absent: any */
};

struct conf_authserv_id {	/* AuthservID */
	char		*name;		/* to write */
	bool		 from_mta;	/* write the MTA's, {j}, if it gives
					   one, instead */
	struct conf_strings names;	/* of fields that are deleted; "{j}":
					   the MTA's */
};

struct conf_signature_style {	/* Canonicalization */
	enum canon	 header;
	enum canon	 body;
};

enum conf_minimum_kind {	/* the forms of Minimum */
	CONF_MINIMUM_BYTES,	/* N: octets that are signed, or all */
	CONF_MINIMUM_PERCENT,	/* N%: of the body is signed */
	CONF_MINIMUM_LEFT	/* N+: octets that may be unsigned */
};

struct conf_minimum {		/* Minimum */
	enum conf_minimum_kind	kind;
	uint64_t		n;
};

struct conf_address {		/* ReportFrom */
	struct str	 text;		/* local@domain; absent: none */
	struct str	 domain;	/* normalised */
};

struct conf_report_store {	/* ReportStore */
	const char	*where;		/* as report_store_open takes it; NULL:
					   none */
	bool		 given;		/* not the default */
};

struct conf {
	/* the daemon */
	char			*socket;	/* Socket */
	char			*user_id;	/* UserID; NULL: unchanged */
	mode_t			 umask;		/* UMask */
	char			*pid_file;	/* PidFile; NULL: none */
	char			*metrics;	/* Metrics; NULL: none */
	bool			 background;	/* Background */
	bool			 sandbox;	/* Sandbox */
	unsigned		 maximum_memory_mib; /* MaximumMemory; 0: a part
						   of what there is */
	/* the log */
	int			 syslog_facility; /* SyslogFacility, LOG_... */
	enum conf_log_format	 log_format;	/* LogFormat */
	enum conf_log_target	 log_target;	/* LogTarget */
	int64_t			 stats_interval_s; /* StatsInterval; 0: off */
	/* direction */
	bool			 mode_sign;	/* Mode has s */
	bool			 mode_verify;	/* Mode has v */
	struct hosts		*internal_hosts;	/* InternalHosts */
	struct hosts		*external_ignore;	/* ExternalIgnoreList */
	struct hosts		*peer_list;	/* PeerList */
	struct conf_strings	 mta;		/* MTA: {daemon_name} */
	struct conf_strings	 filter_mta;	/* FilterMTA: {daemon_name} */
	char			*mark_field;	/* MarkField; NULL: none */
	char			*mark_key_file;	/* MarkKeyFile; NULL: the
						   default, which may be
						   missing */
	struct conf_authserv_id	 authserv_id;	/* AuthservID */
	/* signing */
	struct conf_strings	 domains;	/* Domain, normalised */
	bool			 subdomains;	/* SubDomains */
	struct conf_givens	 selectors;	/* Selector */
	struct conf_givens	 key_files;	/* KeyFile */
	struct conf_key		*keys;		/* of both, loaded */
	size_t			 keys_n;
	struct conf_table	 key_table;	/* KeyTable */
	struct conf_table	 signing_table;	/* SigningTable: both or none */
	bool			 multiple_signatures; /* MultipleSignatures */
	unsigned		 key_cache;	/* KeyCache; 0: no limit */
	struct conf_signature_style canonicalization;
	struct conf_strings	 sign_headers;	/* SignHeaders; v NULL: the
						   default, which the item "*"
						   stands for */
	struct conf_strings	 oversign_headers; /* OversignHeaders; the same;
						   v not NULL, n 0: none */
	struct lines_rule	 line_limit;	/* LineLengthLimit */
	struct conf_strings	 oversign_present; /* OversignPresent; the same;
						   v NULL: none, too, if
						   oversign_headers is a list
						   without "*" */
	enum conf_address_lists	 address_lists;	/* AddressLists */
	int64_t			 signature_ttl_s; /* SignatureTTL; 0: no x= */
	struct conf_key_stores	 key_stores;	/* KeyStore; absent: the default
						   directory, if it exists */
	char			*key_passphrase_file; /* KeyPassphraseFile;
						   NULL: none */
	int64_t			 key_refresh_s;	/* KeyRefresh; 0: never */
	bool			 check_keys;	/* CheckKeys */
	unsigned		 self_check_percent;	/* SelfCheck, 0..100 */
	enum conf_action	 on_sign_failure; /* OnSignFailure: accept
						   or tempfail */
	char			*sender_logins;	/* SenderLogins; NULL: none */
	struct logins		*logins;	/* its content; NULL: any login
						   may write as any author */
	enum conf_mismatch	 on_login_mismatch;	/* OnLoginMismatch */
	/* verifying */
	unsigned		 minimum_key_bits;	/* MinimumKeyBits */
	struct conf_minimum	 minimum;	/* Minimum */
	bool			 allow_extra_fields; /* AllowExtraFields */
	unsigned		 maximum_signatures;	/* ...ToVerify */
	int64_t			 clock_drift_s;	/* ClockDrift */
	enum conf_action	 on_bad_signature;
	enum conf_bad		 bad_signatures;	/* BadSignatures */
	enum conf_action	 on_dns_error;
	enum conf_action	 on_internal_error;
	bool			 received_spf;	/* ReceivedSPF */
	bool			 arc_verify;	/* ArcVerify */
	enum conf_action	 on_arc_fail;	/* OnArcFail */
	enum conf_arc_seal	 arc_seal;	/* ArcSeal */
	struct conf_arc_seal_key arc_seal_key;	/* ArcSealKey */
	/* judging */
	enum conf_action	 on_bad_from;	/* OnBadFrom */
	enum conf_action	 on_dmarc_reject;	/* OnDMARCReject: not
						   CONF_TEMPFAIL */
	enum conf_quarantine	 on_dmarc_quarantine;	/* OnDMARCQuarantine */
	enum conf_action	 on_dmarc_temperror;	/* OnDMARCTempError:
						   accept or tempfail */
	enum conf_foreign	 on_foreign_author;	/* OnForeignAuthor */
	enum conf_org_domain	 org_domain;	/* OrgDomain */
	struct names		*domain_rules;	/* DomainRules: conf_rule */
	struct hosts		*trusted_networks;	/* TrustedNetworks */
	struct hosts		*mailing_list_hosts;	/* MailingListHosts */
	struct names		*trusted_sealers;	/* TrustedSealers */
	struct hosts		*trusted_relays;	/* TrustedRelays */
	enum conf_relay_mail	 relay_mail;	/* TrustedRelayMail */
	bool			 reject_needs_second;	/* RejectNeeds... */
	/* reports */
	struct conf_report_store report_store;	/* ReportStore; absent: the
						   default with a report_from,
						   else none */
	struct conf_address	 report_from;	/* ReportFrom */
	char			*report_org;	/* ReportOrg; NULL: none */
	char			*report_contact; /* ReportContact; the same */
	int64_t			 report_retention_s; /* ReportRetention */
	struct names		*report_allow;	/* ReportAllow; empty: all */
	struct names		*report_deny;	/* ReportDeny */
	struct conf_address	 report_return_path; /* ReportReturnPath */
	char			*report_transport; /* ReportTransport */
	unsigned		 report_minimum;	/* ReportMinimum */
	unsigned		 reports_per_day;	/* ReportsPerDay */
	unsigned		 reports_per_host;	/* ReportsPerHost */
	bool			 report_about_reports;	/* ReportAboutReports */
	bool			 report_refused_domains; /* Report... */
	bool			 failure_reports;	/* FailureReports */
	unsigned		 failures_per_day;	/* FailureReports... */
	unsigned		 failures_per_domain;
	unsigned		 failures_per_source;
	/* DNS */
	struct conf_strings	 nameservers;	/* Nameservers, as dns_opts
						   has them */
	char			*trust_anchor_file;
	uint64_t		 dns_timeout_us;	/* DNSTimeout */
	char			*zone;		/* Zone: zone text for tests */
	/* second opinion */
	unsigned		 second_percent;	/* SecondOpinion, 0 to
							   100 */

	atomic_uint		 references;	/* conf_hold, conf_release */
	struct arena		 memory;	/* for the pointers above */
};

/*
 * Reads and checks the file and its key files. path NULL: only the defaults.
 * Tables and key stores are read by lib/signers.
 * Key files must be regular, owned by root, by the current user or by UserID,
 * and not accessible to group or others, but readable to the daemon's own
 * group; otherwise the error names path and
 * mode. Warnings go to env's log.
 */
enum status	 conf_load(const char *path, const struct env *,
		    struct conf **r, struct diag *) ATTR_MUST_CHECK;
/*
 * The same in two steps, for several processes that use the same text: the file
 * as a whole, and the text of such a file. Without opts key files are not read,
 * and keys[i].key is NULL; nothing else differs. With them, only what there is
 * to say about the keys is logged: the others have logged the rest. A key file
 * that the current user may not open is read from its descriptor if it is among
 * those that were opened before.
 */
struct conf_opened {
	const char	*path;		/* of KeyFile, as it stands there */
	int		 fd;
};
struct conf_keys_opts {
	const struct conf_opened	*opened;
	size_t			 opened_n;
};
enum status	 conf_read_file(const char *path, struct buf *text,
		    struct diag *) ATTR_MUST_CHECK;
/*
 * Appends the text for a process that opens no key store: without comments, and
 * with a number in place of what says how to connect to the database of a
 * KeyStore, which may be a password. Lines keep their numbers. NOMEM, LIMIT.
 */
enum status	 conf_hide_key_stores(struct str text, struct buf *out)
    ATTR_MUST_CHECK;
enum status	 conf_load_text(struct str text, const char *path,
		    const struct conf_keys_opts *, const struct env *,
		    struct conf **r, struct diag *) ATTR_MUST_CHECK;
/*
 * As conf_parse, of a file without its lines of some options and with further
 * lines behind. path NULL: only those lines. An error in these lines names
 * CONF_COMMAND_LINE instead of the file and a line.
 */
#define CONF_COMMAND_LINE	"the command line"
enum status	 conf_load_changed(const char *path,
		    const struct str *without, size_t without_n,
		    struct str lines, const struct env *,
		    struct conf **r, struct diag *) ATTR_MUST_CHECK;
/* The same from memory, without the default key store. name: for messages. */
enum status	 conf_parse(struct str text, const char *name,
		    const struct env *, struct conf **r, struct diag *)
    ATTR_MUST_CHECK;
struct conf	*conf_hold(struct conf *);
void		 conf_release(struct conf *);	/* accepts NULL; zeroes keys */

/* Whether reports are kept about a policy domain, which is normalised, by
   ReportAllow and ReportDeny. */
bool		 conf_reports_on(const struct conf *, struct str domain);
/* Whether Socket accepts the value. */
bool		 conf_is_socket(struct str);
/* Loads a private key file by the rules above. user_id: another owner that is
   allowed, or NULL. */
enum status	 conf_key_load(const char *path, const char *user_id,
		    struct privkey **r, struct diag *) ATTR_MUST_CHECK;

#endif
