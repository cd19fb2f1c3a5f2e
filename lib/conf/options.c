/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options. A new one is a row here, a field in struct conf and a
 * paragraph in mailseald.conf(5); a test holds the table against the manual.
 */
#include <stdint.h>
#include <syslog.h>

#include "conf/table.h"

#define AT(field)	.offset = offsetof(struct conf, field)
#define DAY_S		(24 * 60 * 60)
#define ACTION		"accept|reject|tempfail|quarantine"

static const struct conf_word action_words[] = {
	{ "accept", CONF_ACCEPT },
	{ "reject", CONF_REJECT },
	{ "tempfail", CONF_TEMPFAIL },
	{ "quarantine", CONF_QUARANTINE },
	{ NULL, 0 }
};

static const struct conf_word dmarc_reject_words[] = {
	{ "reject", CONF_REJECT },
	{ "quarantine", CONF_QUARANTINE },
	{ "accept", CONF_ACCEPT },
	{ NULL, 0 }
};

static const struct conf_word dmarc_quarantine_words[] = {
	{ "hold", CONF_Q_HOLD },
	{ "tag", CONF_Q_TAG },
	{ "accept", CONF_Q_ACCEPT },
	{ NULL, 0 }
};

static const struct conf_word temperror_words[] = {
	{ "accept", CONF_ACCEPT },
	{ "tempfail", CONF_TEMPFAIL },
	{ NULL, 0 }
};

static const struct conf_word sign_failure_words[] = {
	{ "unsigned", CONF_ACCEPT },
	{ "tempfail", CONF_TEMPFAIL },
	{ NULL, 0 }
};

static const struct conf_word rule_words[] = {
	{ "accept", CONF_RULE_ACCEPT },
	{ "quarantine", CONF_RULE_QUARANTINE },
	{ "reject", CONF_RULE_REJECT },
	{ "ignore", CONF_RULE_IGNORE },
	{ NULL, 0 }
};

static const struct conf_word org_domain_words[] = {
	{ "treewalk", CONF_TREEWALK },
	{ "psl", CONF_PSL },
	{ NULL, 0 }
};

static const struct conf_word relay_mail_words[] = {
	{ "received", CONF_RELAY_RECEIVED },
	{ "exempt", CONF_RELAY_EXEMPT },
	{ NULL, 0 }
};

static const struct conf_word arc_seal_words[] = {
	{ "off", CONF_ARC_SEAL_OFF },
	{ "forwarded", CONF_ARC_SEAL_FORWARDED },
	{ "all", CONF_ARC_SEAL_ALL },
	{ NULL, 0 }
};

static const struct conf_word log_format_words[] = {
	{ "text", CONF_LOG_TEXT },
	{ "json", CONF_LOG_JSON },
	{ NULL, 0 }
};

static const struct conf_word log_target_words[] = {
	{ "syslog", CONF_LOG_SYSLOG },
	{ "stderr", CONF_LOG_STDERR },
	{ "none", CONF_LOG_NONE },
	{ NULL, 0 }
};

static const struct conf_word facility_words[] = {
	{ "auth", LOG_AUTH },
	{ "authpriv", LOG_AUTHPRIV },
	{ "cron", LOG_CRON },
	{ "daemon", LOG_DAEMON },
	{ "local0", LOG_LOCAL0 },
	{ "local1", LOG_LOCAL1 },
	{ "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 },
	{ "local4", LOG_LOCAL4 },
	{ "local5", LOG_LOCAL5 },
	{ "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
	{ "mail", LOG_MAIL },
	{ "user", LOG_USER },
	{ NULL, 0 }
};

/* By name, so that a reader finds it. */
const struct conf_option conf_options[] = {
	{ .name = "ArcSeal", .form = "off|forwarded|all", .fallback = "off",
	    .set = conf_set_word, AT(arc_seal), .words = arc_seal_words },
	{ .name = "ArcSealKey", .form = "domain[:selector]", .fallback = "",
	    .set = conf_set_arc_seal_key, AT(arc_seal_key) },
	{ .name = "ArcVerify", .form = "yes|no", .fallback = "yes",
	    .set = conf_set_bool, AT(arc_verify) },
	{ .name = "AuthservID", .form = "name|HOSTNAME",
	    .fallback = "HOSTNAME", .set = conf_set_authserv_id,
	    AT(authserv_id) },
	{ .name = "Background", .form = "yes|no", .fallback = "yes",
	    .set = conf_set_bool, AT(background) },
	{ .name = "Canonicalization", .form = "header[/body]",
	    .fallback = "relaxed/relaxed",
	    .set = conf_set_canonicalization, AT(canonicalization) },
	{ .name = "CheckKeys", .form = "yes|no", .fallback = "yes",
	    .set = conf_set_bool, AT(check_keys) },
	{ .name = "ClockDrift", .form = "time", .fallback = "300",
	    .set = conf_set_seconds, AT(clock_drift_s), .max = DAY_S },
	{ .name = "DNSTimeout", .form = "time", .fallback = "5",
	    .set = conf_set_microseconds, AT(dns_timeout_us), .min = 1,
	    .max = 120 },
	{ .name = "Domain", .form = "list", .fallback = "",
	    .set = conf_set_domains, AT(domains) },
	{ .name = "DomainRules", .form = "list", .fallback = "",
	    .set = conf_set_rules, AT(domain_rules), .words = rule_words },
	{ .name = "ExternalIgnoreList", .form = "list", .fallback = "",
	    .set = conf_set_hosts, AT(external_ignore) },
	{ .name = "InternalHosts", .form = "list",
	    .fallback = "127.0.0.1,::1", .set = conf_set_hosts,
	    AT(internal_hosts) },
	{ .name = "KeyCache", .form = "number|all", .fallback = "1000",
	    .set = conf_set_key_cache },
	{ .name = "KeyDirectory", .form = "path|none", .fallback = "",
	    .set = conf_set_text, AT(key_directory) },
	{ .name = "KeyFile", .form = "path", .fallback = "",
	    .set = conf_set_key_file, .repeats = true },
	{ .name = "KeyRefresh", .form = "time", .fallback = "30",
	    .set = conf_set_seconds, AT(key_refresh_s), .max = DAY_S },
	{ .name = "KeySource", .form = "sqlite:path|postgres:conninfo",
	    .fallback = "", .set = conf_set_key_source, AT(key_source) },
	{ .name = "KeyTable", .form = "[file:]path", .fallback = "",
	    .set = conf_set_table, AT(key_table) },
	{ .name = "LogFormat", .form = "text|json", .fallback = "text",
	    .set = conf_set_word, AT(log_format), .words = log_format_words },
	{ .name = "LogTarget", .form = "syslog|stderr|none",
	    .fallback = "syslog", .set = conf_set_word, AT(log_target), .words = log_target_words },
	{ .name = "MTA", .form = "list", .fallback = "",
	    .set = conf_set_strings, AT(mta) },
	{ .name = "MailingListHosts", .form = "list", .fallback = "",
	    .set = conf_set_hosts, AT(mailing_list_hosts) },
	{ .name = "MaximumSignaturesToVerify", .form = "number",
	    .fallback = "8", .set = conf_set_number, AT(maximum_signatures),
	    .min = 1, .max = 100 },
	{ .name = "MinimumKeyBits", .form = "number", .fallback = "1024",
	    .set = conf_set_number, AT(minimum_key_bits), .min = 1024,
	    .max = CRYPTO_RSA_MAX_BITS },
	{ .name = "Mode", .form = "s|v|sv", .fallback = "sv",
	    .set = conf_set_mode },
	{ .name = "MultipleSignatures", .form = "yes|no", .fallback = "no",
	    .set = conf_set_bool, AT(multiple_signatures) },
	{ .name = "Nameservers", .form = "list", .fallback = "",
	    .set = conf_set_nameservers, AT(nameservers) },
	{ .name = "OnArcFail", .form = ACTION, .fallback = "accept",
	    .set = conf_set_word, AT(on_arc_fail), .words = action_words },
	{ .name = "OnBadFrom", .form = ACTION, .fallback = "reject",
	    .set = conf_set_word, AT(on_bad_from), .words = action_words },
	{ .name = "OnBadSignature", .form = ACTION, .fallback = "accept",
	    .set = conf_set_word, AT(on_bad_signature),
	    .words = action_words },
	{ .name = "OnDMARCQuarantine", .form = "hold|tag|accept",
	    .fallback = "tag", .set = conf_set_word, AT(on_dmarc_quarantine),
	    .words = dmarc_quarantine_words },
	{ .name = "OnDMARCReject", .form = "reject|quarantine|accept",
	    .fallback = "quarantine", .set = conf_set_word,
	    AT(on_dmarc_reject), .words = dmarc_reject_words },
	{ .name = "OnDMARCTempError", .form = "accept|tempfail",
	    .fallback = "", .set = conf_set_word, AT(on_dmarc_temperror),
	    .words = temperror_words },
	{ .name = "OnDNSError", .form = ACTION, .fallback = "tempfail",
	    .set = conf_set_word, AT(on_dns_error), .words = action_words },
	{ .name = "OnInternalError", .form = ACTION, .fallback = "tempfail",
	    .set = conf_set_word, AT(on_internal_error),
	    .words = action_words },
	{ .name = "OnSignFailure", .form = "unsigned|tempfail",
	    .fallback = "tempfail", .set = conf_set_word,
	    AT(on_sign_failure), .words = sign_failure_words },
	{ .name = "OrgDomain", .form = "treewalk|psl", .fallback = "treewalk",
	    .set = conf_set_word, AT(org_domain), .words = org_domain_words },
	{ .name = "OversignHeaders", .form = "list|none", .fallback = "",
	    .set = conf_set_headers_or_none, AT(oversign_headers) },
	{ .name = "PidFile", .form = "path", .fallback = "",
	    .set = conf_set_text, AT(pid_file) },
	{ .name = "ReceivedSPF", .form = "yes|no", .fallback = "no",
	    .set = conf_set_bool, AT(received_spf) },
	{ .name = "RejectNeedsSecondOpinion", .form = "yes|no",
	    .fallback = "no", .set = conf_set_bool,
	    AT(reject_needs_second) },
	{ .name = "SecondOpinion", .form = "off|sample:N%|all",
	    .fallback = "off", .set = conf_set_sample, AT(second_percent) },
	{ .name = "Selector", .form = "name", .fallback = "",
	    .set = conf_set_selector, .repeats = true },
	{ .name = "SelfCheck", .form = "off|sample:N%|all",
	    .fallback = "off", .set = conf_set_sample,
	    AT(self_check_percent) },
	{ .name = "SignHeaders", .form = "list", .fallback = "",
	    .set = conf_set_headers, AT(sign_headers) },
	{ .name = "SignatureTTL", .form = "time", .fallback = "0",
	    .set = conf_set_seconds, AT(signature_ttl_s),
	    .max = 3650LL * DAY_S },
	{ .name = "SigningTable", .form = "[file:|refile:]path",
	    .fallback = "", .set = conf_set_table, AT(signing_table) },
	{ .name = "Socket", .form = "unix:path|inet:port[@host]|"
	    "inet6:port[@host]", .fallback = "", .set = conf_set_socket,
	    AT(socket) },
	{ .name = "SubDomains", .form = "yes|no", .fallback = "no",
	    .set = conf_set_bool, AT(subdomains) },
	{ .name = "SyslogFacility",
	    .form = "auth|authpriv|cron|daemon|local0..local7|mail|user",
	    .fallback = "mail", .set = conf_set_word, AT(syslog_facility),
	    .words = facility_words },
	{ .name = "TrustAnchorFile", .form = "path", .fallback = "",
	    .set = conf_set_text, AT(trust_anchor_file) },
	{ .name = "TrustedNetworks", .form = "list", .fallback = "",
	    .set = conf_set_hosts, AT(trusted_networks) },
	{ .name = "TrustedRelayMail", .form = "received|exempt",
	    .fallback = "received", .set = conf_set_word,
	    AT(relay_mail), .words = relay_mail_words },
	{ .name = "TrustedRelays", .form = "list", .fallback = "",
	    .set = conf_set_hosts, AT(trusted_relays) },
	{ .name = "TrustedSealers", .form = "list", .fallback = "",
	    .set = conf_set_names, AT(trusted_sealers) },
	{ .name = "UMask", .form = "octal", .fallback = "007",
	    .set = conf_set_octal, AT(umask), .max = 0777 },
	{ .name = "UserID", .form = "user[:group]", .fallback = "",
	    .set = conf_set_text, AT(user_id) },
	{ .name = "Zone", .form = "path", .fallback = "",
	    .set = conf_set_text, AT(zone) },
};

#define OPTIONS_N	(sizeof(conf_options) / sizeof(conf_options[0]))
_Static_assert(OPTIONS_N <= CONF_OPTIONS_MAX, "conf_reader has room for all");

size_t
conf_options_count(void)
{
	return (OPTIONS_N);
}

struct conf_option_info
conf_options_get(size_t i)
{
	return ((struct conf_option_info){ conf_options[i].name,
	    conf_options[i].form, conf_options[i].fallback });
}

const struct conf_option *
conf_option_find(struct str name)
{
	size_t i;

	for (i = 0; i < OPTIONS_N; i++) {
		if (str_eq_ci(name, str_from(conf_options[i].name))) {
			return (&conf_options[i]);
		}
	}
	return (NULL);
}
