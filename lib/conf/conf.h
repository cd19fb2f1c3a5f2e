/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf: the daemon's configuration. Each option is one row of the table in
 * options.c (name, type, where it goes, default, one line of help); the file
 * is "Option value" by line, '#' comments, as OpenDKIM has it. Loading gives a
 * whole, checked, immutable configuration with its keys read, or nothing and
 * the reason with file and line. Shared by threads, counted.
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
#include "conf/names.h"
#include "crypto/crypto.h"
#include "mail/canon.h"

#define CONF_MAX_BYTES		(1024 * 1024)	/* of a file */
#define CONF_LINE_MAX_BYTES	(64 * 1024)
#define CONF_KEY_FILE_MAX_BYTES	(64 * 1024)
#define CONF_KEY_CACHE_MAX	1000000	/* keys */
#define CONF_KEY_STORES_MAX	16
#define CONF_MEMORY_MAX_BYTES	(32 * 1024 * 1024)

enum conf_action {		/* On...: what becomes of the message */
	CONF_ACCEPT, CONF_REJECT, CONF_TEMPFAIL, CONF_QUARANTINE
};
enum conf_quarantine {		/* what a quarantine is */
	CONF_Q_TAG,		/* a header field that Sieve can file on */
	CONF_Q_HOLD,		/* the MTA's quarantine */
	CONF_Q_ACCEPT		/* nothing */
};
enum conf_rule {		/* DomainRules: mail that does not pass DMARC */
	CONF_RULE_ACCEPT,	/* is delivered */
	CONF_RULE_QUARANTINE,	/* is treated as OnDMARCQuarantine says */
	CONF_RULE_REJECT,	/* is refused */
	CONF_RULE_IGNORE	/* is not looked at: no DMARC */
};
enum conf_org_domain { CONF_TREEWALK, CONF_PSL };
enum conf_relay_mail {		/* who sent what a trusted relay brings */
	CONF_RELAY_RECEIVED,	/* the client in the Received field it wrote */
	CONF_RELAY_EXEMPT	/* nobody who is judged */
};
enum conf_arc_seal {		/* ArcSeal: of what comes from outside */
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
};

struct conf_key {		/* Selector and KeyFile, by their order */
	struct str	 selector;
	char		*path;		/* for messages to the operator */
	struct privkey	*key;
};

struct conf_table {		/* KeyTable, SigningTable */
	char		*path;		/* NULL: none */
	bool		 patterns;	/* refile: */
};

struct conf_arc_seal_key {	/* ArcSealKey */
	struct str	 domain;	/* normalised; the first Domain if it
					   is not given */
	struct str	 selector;	/* absent: any */
};

struct conf_signature_style {	/* Canonicalization */
	enum canon	 header;
	enum canon	 body;
};

struct conf {
	/* the daemon */
	char			*socket;	/* Socket */
	char			*user_id;	/* UserID; NULL: stay */
	mode_t			 umask;		/* UMask */
	char			*pid_file;	/* PidFile; NULL: none */
	bool			 background;	/* Background */
	unsigned		 maximum_memory_mib; /* MaximumMemory; 0: a part
						   of what there is */
	/* the log */
	int			 syslog_facility; /* SyslogFacility, LOG_... */
	enum conf_log_format	 log_format;	/* LogFormat */
	enum conf_log_target	 log_target;	/* LogTarget */
	/* whose mail is whose */
	bool			 mode_sign;	/* Mode has s */
	bool			 mode_verify;	/* Mode has v */
	struct hosts		*internal_hosts;	/* InternalHosts */
	struct hosts		*external_ignore;	/* ExternalIgnoreList */
	struct conf_strings	 mta;		/* MTA: names of {daemon_name} */
	char			*authserv_id;	/* AuthservID; the host's name
						   by default */
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
	unsigned		 key_cache;	/* KeyCache; 0: all */
	struct conf_signature_style canonicalization;
	struct conf_strings	 sign_headers;	/* SignHeaders; v == NULL: the
						   default; the item "*" stands
						   for all of the default */
	struct conf_strings	 oversign_headers; /* OversignHeaders; same;
						   v != NULL, n == 0: none */
	int64_t			 signature_ttl_s; /* SignatureTTL; 0: no x= */
	struct conf_key_stores	 key_stores;	/* KeyStore; absent: the default
						   directory, if it exists */
	int64_t			 key_refresh_s;	/* KeyRefresh; 0: never */
	bool			 check_keys;	/* CheckKeys */
	unsigned		 self_check_percent;	/* SelfCheck, 0..100 */
	enum conf_action	 on_sign_failure; /* OnSignFailure: accept
						   or tempfail */
	/* verifying */
	unsigned		 minimum_key_bits;	/* MinimumKeyBits */
	unsigned		 maximum_signatures;	/* ...ToVerify */
	int64_t			 clock_drift_s;	/* ClockDrift */
	enum conf_action	 on_bad_signature;
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
	enum conf_org_domain	 org_domain;	/* OrgDomain */
	struct names		*domain_rules;	/* DomainRules: enum conf_rule */
	struct hosts		*trusted_networks;	/* TrustedNetworks */
	struct hosts		*mailing_list_hosts;	/* MailingListHosts */
	struct names		*trusted_sealers;	/* TrustedSealers */
	struct hosts		*trusted_relays;	/* TrustedRelays */
	enum conf_relay_mail	 relay_mail;	/* TrustedRelayMail */
	bool			 reject_needs_second;	/* RejectNeeds... */
	/* DNS */
	struct conf_strings	 nameservers;	/* Nameservers, as dns_opts
						   has them */
	char			*trust_anchor_file;
	uint64_t		 dns_timeout_us;	/* DNSTimeout */
	char			*zone;		/* Zone: zone text instead of DNS */
	/* second opinion */
	unsigned		 second_percent;	/* SecondOpinion: of the
						   messages, 0 to 100 */

	atomic_uint		 references;	/* conf_hold, conf_release */
	struct arena		 memory;	/* all the text above */
};

/*
 * Reads and checks the file, keys included. path NULL: the defaults alone.
 * The tables are only named here: lib/signers reads them.
 * Key files must be regular, owned by root or by us (or UserID), and not
 * accessible to group or others; anything else is an error that names path
 * and mode. Warnings go to env's log.
 */
enum status	 conf_load(const char *path, const struct env *,
		    struct conf **r, struct diag *) ATTR_MUST_CHECK;
/* The same from memory, without the default key store. name: for messages. */
enum status	 conf_parse(struct str text, const char *name,
		    const struct env *, struct conf **r, struct diag *)
    ATTR_MUST_CHECK;
struct conf	*conf_hold(struct conf *);
void		 conf_release(struct conf *);	/* NULL is fine; zeroes keys */

/* What Socket takes. */
bool		 conf_is_socket(struct str);
/* A private key file under the rules above (the tools use it, too).
   user_id: a further owner allowed, or NULL. */
enum status	 conf_key_load(const char *path, const char *user_id,
		    struct privkey **r, struct diag *) ATTR_MUST_CHECK;

#endif
