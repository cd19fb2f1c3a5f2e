/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options. A new one is a row here, a field in struct conf and a
 * paragraph in mailseald.conf(5); a test holds the table against the manual.
 */
#include <stdint.h>
#include <syslog.h>

#include "conf/table.h"

#define CONF_TARGET	struct conf
#define DAY_S		(24 * 60 * 60)
#define ACTION		"accept|reject|tempfail|quarantine"

static const struct conf_word action_words[] = {
	{ "accept", CONF_ACCEPT },
	{ "reject", CONF_REJECT },
	{ "tempfail", CONF_TEMPFAIL },
	{ "quarantine", CONF_QUARANTINE },
	{ NULL, 0 }
};

static const struct conf_word bad_signatures_words[] = {
	{ "any", CONF_BAD_ANY },
	{ "altered", CONF_BAD_ALTERED },
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

static const struct conf_word mismatch_words[] = {
	{ "unsigned", CONF_MISMATCH_UNSIGNED },
	{ "reject", CONF_MISMATCH_REJECT },
	{ "tempfail", CONF_MISMATCH_TEMPFAIL },
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

static const struct conf_word foreign_words[] = {
	{ "accept", CONF_FOREIGN_ACCEPT },
	{ "tag", CONF_FOREIGN_TAG },
	{ "reject", CONF_FOREIGN_REJECT },
	{ NULL, 0 }
};

static const struct conf_word relay_mail_words[] = {
	{ "received", CONF_RELAY_RECEIVED },
	{ "exempt", CONF_RELAY_EXEMPT },
	{ NULL, 0 }
};

static const struct conf_word address_lists_words[] = {
	{ "keep", CONF_ADDRESSES_KEEP },
	{ "sendmail", CONF_ADDRESSES_SENDMAIL },
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

/* Sets two fields, so it is no setter for a type. */
static enum status
set_mode(struct conf_reader *r, const struct conf_option *o, struct str value)
{
	struct conf *conf = r->target;
	size_t i;

	conf->mode_sign = conf->mode_verify = false;
	for (i = 0; i < value.n; i++) {
		bool *mode = char_lower(value.p[i]) == 's' ?
		    &conf->mode_sign : &conf->mode_verify;

		if (*mode || (char_lower(value.p[i]) != 's' &&
		    char_lower(value.p[i]) != 'v')) {
			return (conf_reject_form(r, o, value));
		}
		*mode = true;
	}
	return (STATUS_OK);
}

/* Sorted by name for people. */
static const struct conf_option rows[] = {
	{ .name = "AllowExtraFields", .fallback = "no",
	    CONF_BOOL(allow_extra_fields) },
	{ .name = "AddressLists", .form = "keep|sendmail", .fallback = "keep",
	    CONF_WORD(address_lists, address_lists_words) },
	{ .name = "ArcSeal", .form = "off|forwarded|all", .fallback = "off",
	    CONF_WORD(arc_seal, arc_seal_words) },
	{ .name = "ArcSealKey", .form = "domain[:selector]", .fallback = "",
	    CONF_FIELD(conf_set_arc_seal_key, struct conf_arc_seal_key,
	    arc_seal_key) },
	{ .name = "ArcVerify", .fallback = "yes", CONF_BOOL(arc_verify) },
	{ .name = "AuthservID", .form = "name|HOSTNAME|{j}[,name...]",
	    .fallback = "HOSTNAME",
	    CONF_FIELD(conf_set_authserv_id, struct conf_authserv_id,
	    authserv_id) },
	{ .name = "Background", .fallback = "yes", CONF_BOOL(background) },
	{ .name = "BadSignatures", .form = "any|altered", .fallback = "any",
	    CONF_WORD(bad_signatures, bad_signatures_words) },
	{ .name = "Canonicalization", .form = "header[/body]",
	    .fallback = "relaxed/relaxed",
	    CONF_FIELD(conf_set_canonicalization, struct conf_signature_style,
	    canonicalization) },
	{ .name = "CheckKeys", .fallback = "yes", CONF_BOOL(check_keys) },
	{ .name = "ClockDrift", .fallback = "300",
	    CONF_SECONDS(clock_drift_s, 0, DAY_S) },
	{ .name = "DNSTimeout", .form = "time", .fallback = "5",
	    CONF_FIELD(conf_set_microseconds, uint64_t, dns_timeout_us),
	    .min = 1, .max = 120 },
	{ .name = "Domain", .form = "list", .fallback = "",
	    CONF_FIELD(conf_set_domains, struct conf_strings, domains) },
	{ .name = "DomainRules", .form = "list", .fallback = "",
	    CONF_FIELD(conf_set_rules, struct names *, domain_rules),
	    .words = rule_words },
	{ .name = "ExternalIgnoreList", .form = "list", .fallback = "",
	    CONF_FIELD(conf_set_hosts, struct hosts *, external_ignore) },
	{ .name = "FailureReports", .fallback = "no",
	    CONF_BOOL(failure_reports) },
	{ .name = "FailureReportsPerDay", .fallback = "1000",
	    CONF_NUMBER(failures_per_day, 1, 1000000) },
	{ .name = "FailureReportsPerDomain", .fallback = "50",
	    CONF_NUMBER(failures_per_domain, 1, 1000000) },
	{ .name = "FailureReportsPerSource", .fallback = "10",
	    CONF_NUMBER(failures_per_source, 1, 1000000) },
	{ .name = "FilterMTA", .form = "list", .fallback = "",
	    CONF_FIELD(conf_set_strings, struct conf_strings, filter_mta) },
	{ .name = "InternalHosts", .form = "list", .fallback = "127.0.0.1,::1",
	    CONF_FIELD(conf_set_hosts, struct hosts *, internal_hosts) },
	{ .name = "KeyCache", .form = "number|all", .fallback = "1000",
	    CONF_FIELD(conf_set_key_cache, unsigned, key_cache) },
	{ .name = "KeyFile", .form = "path", .fallback = "",
	    CONF_FIELD(conf_set_key_file, struct conf_givens, key_files),
	    .repeats = true },
	{ .name = "KeyPassphraseFile", .form = "path", .fallback = "",
	    CONF_TEXT(key_passphrase_file) },
	{ .name = "KeyRefresh", .fallback = "30",
	    CONF_SECONDS(key_refresh_s, 0, DAY_S) },
	{ .name = "KeyStore", .form = CONF_KEY_STORE_FORM, .fallback = "",
	    CONF_FIELD(conf_set_key_store, struct conf_key_stores, key_stores),
	    .repeats = true },
	{ .name = "KeyTable", .form = "[file:|csl:]path", .fallback = "",
	    CONF_FIELD(conf_set_table, struct conf_table, key_table) },
	{ .name = "LineLengthLimit", .form = "number|sendmail:number",
	    .fallback = "998", CONF_FIELD(conf_set_line_limit,
	    struct lines_rule, line_limit) },
	{ .name = "LogFormat", .form = "text|json", .fallback = "text",
	    CONF_WORD(log_format, log_format_words) },
	{ .name = "LogTarget", .form = "syslog|stderr|none",
	    .fallback = "syslog", CONF_WORD(log_target, log_target_words) },
	{ .name = "MTA", .form = "list", .fallback = "",
	    CONF_FIELD(conf_set_strings, struct conf_strings, mta) },
	{ .name = "MailingListHosts", .form = "list", .fallback = "",
	    CONF_FIELD(conf_set_hosts, struct hosts *, mailing_list_hosts) },
	{ .name = "MarkField", .form = "name|none",
	    .fallback = "Mailseal-Mark",
	    CONF_FIELD(conf_set_mark_field, char *, mark_field) },
	{ .name = "MarkKeyFile", .form = "path", .fallback = "",
	    CONF_TEXT(mark_key_file) },
	{ .name = "MaximumMemory", .fallback = "0",
	    CONF_NUMBER(maximum_memory_mib, 0, 1024 * 1024) },
	{ .name = "MaximumSignaturesToVerify", .fallback = "8",
	    CONF_NUMBER(maximum_signatures, 1, 100) },
	{ .name = "Metrics",
	    .form = "unix:path|inet:port[@address]|inet6:port[@address]",
	    .fallback = "", CONF_FIELD(conf_set_metrics, char *, metrics) },
	{ .name = "Minimum", .form = "number|N%|N+", .fallback = "100%",
	    CONF_FIELD(conf_set_minimum, struct conf_minimum, minimum) },
	{ .name = "MinimumKeyBits", .fallback = "1024",
	    CONF_NUMBER(minimum_key_bits, 1024, CRYPTO_RSA_MAX_BITS) },
	{ .name = "Mode", .form = "s|v|sv", .fallback = "sv", .set = set_mode },
	{ .name = "MultipleSignatures", .fallback = "no",
	    CONF_BOOL(multiple_signatures) },
	{ .name = "Nameservers", .form = "list", .fallback = "",
	    CONF_FIELD(conf_set_nameservers, struct conf_strings,
	    nameservers) },
	{ .name = "OnArcFail", .form = ACTION, .fallback = "accept",
	    CONF_WORD(on_arc_fail, action_words) },
	{ .name = "OnBadFrom", .form = ACTION, .fallback = "reject",
	    CONF_WORD(on_bad_from, action_words) },
	{ .name = "OnBadSignature", .form = ACTION, .fallback = "accept",
	    CONF_WORD(on_bad_signature, action_words) },
	{ .name = "OnDMARCQuarantine", .form = "hold|tag|accept",
	    .fallback = "tag",
	    CONF_WORD(on_dmarc_quarantine, dmarc_quarantine_words) },
	{ .name = "OnDMARCReject", .form = "reject|quarantine|accept",
	    .fallback = "quarantine",
	    CONF_WORD(on_dmarc_reject, dmarc_reject_words) },
	{ .name = "OnDMARCTempError", .form = "accept|tempfail", .fallback = "",
	    CONF_WORD(on_dmarc_temperror, temperror_words) },
	{ .name = "OnDNSError", .form = ACTION, .fallback = "tempfail",
	    CONF_WORD(on_dns_error, action_words) },
	{ .name = "OnForeignAuthor", .form = "accept|tag|reject",
	    .fallback = "accept",
	    CONF_WORD(on_foreign_author, foreign_words) },
	{ .name = "OnInternalError", .form = ACTION, .fallback = "tempfail",
	    CONF_WORD(on_internal_error, action_words) },
	{ .name = "OnLoginMismatch", .form = "unsigned|reject|tempfail",
	    .fallback = "unsigned",
	    CONF_WORD(on_login_mismatch, mismatch_words) },
	{ .name = "OnSignFailure", .form = "unsigned|tempfail",
	    .fallback = "tempfail",
	    CONF_WORD(on_sign_failure, sign_failure_words) },
	{ .name = "OrgDomain", .form = "treewalk|psl", .fallback = "treewalk",
	    CONF_WORD(org_domain, org_domain_words) },
	{ .name = "OversignHeaders", .form = "list|none", .fallback = "",
	    CONF_FIELD(conf_set_headers_or_none, struct conf_strings,
	    oversign_headers) },
	{ .name = "OversignPresent", .form = "list|none", .fallback = "",
	    CONF_FIELD(conf_set_headers_or_none, struct conf_strings,
	    oversign_present) },
	{ .name = "PeerList", .form = "list", .fallback = "",
	    CONF_FIELD(conf_set_hosts, struct hosts *, peer_list) },
	{ .name = "PidFile", .form = "path", .fallback = "",
	    CONF_TEXT(pid_file) },
	{ .name = "ReceivedSPF", .fallback = "no", CONF_BOOL(received_spf) },
	{ .name = "RejectNeedsSecondOpinion", .fallback = "no",
	    CONF_BOOL(reject_needs_second) },
	{ .name = "ReportAboutReports", .fallback = "no",
	    CONF_BOOL(report_about_reports) },
	{ .name = "ReportAllow", .form = "list", .fallback = "",
	    CONF_FIELD(conf_set_names, struct names *, report_allow) },
	{ .name = "ReportContact", .form = "text", .fallback = "",
	    CONF_TEXT(report_contact) },
	{ .name = "ReportDeny", .form = "list", .fallback = "",
	    CONF_FIELD(conf_set_names, struct names *, report_deny) },
	{ .name = "ReportFrom", .form = "address", .fallback = "",
	    CONF_FIELD(conf_set_report_from, struct conf_address,
	    report_from) },
	{ .name = "ReportMinimum", .fallback = "1",
	    CONF_NUMBER(report_minimum, 1, 1000000000) },
	{ .name = "ReportOrg", .form = "text", .fallback = "",
	    CONF_TEXT(report_org) },
	{ .name = "ReportRefusedDomains", .fallback = "no",
	    CONF_BOOL(report_refused_domains) },
	{ .name = "ReportRetention", .fallback = "7d",
	    CONF_SECONDS(report_retention_s, DAY_S, 90LL * DAY_S) },
	{ .name = "ReportReturnPath", .form = "address", .fallback = "",
	    CONF_FIELD(conf_set_report_from, struct conf_address,
	    report_return_path) },
	{ .name = "ReportStore", .form = "sqlite:path|postgres:conninfo|none",
	    .fallback = "", CONF_FIELD(conf_set_report_store,
	    struct conf_report_store, report_store) },
	{ .name = "ReportTransport", .form = CONF_REPORT_TRANSPORT_FORM,
	    .fallback = "sendmail:/usr/sbin/sendmail",
	    CONF_FIELD(conf_set_report_transport, char *, report_transport) },
	{ .name = "ReportsPerDay", .fallback = "100000",
	    CONF_NUMBER(reports_per_day, 1, 1000000000) },
	{ .name = "ReportsPerHost", .fallback = "10000",
	    CONF_NUMBER(reports_per_host, 1, 1000000000) },
	{ .name = "Sandbox", .fallback = "yes", CONF_BOOL(sandbox) },
	{ .name = "SecondOpinion", .form = "off|sample:N%|all",
	    .fallback = "off",
	    CONF_FIELD(conf_set_sample, unsigned, second_percent) },
	{ .name = "Selector", .form = "name", .fallback = "",
	    CONF_FIELD(conf_set_selector, struct conf_givens, selectors),
	    .repeats = true },
	{ .name = "SelfCheck", .form = "off|sample:N%|all", .fallback = "off",
	    CONF_FIELD(conf_set_sample, unsigned, self_check_percent) },
	{ .name = "SenderLogins", .form = "[file:|texthash:]path",
	    .fallback = "",
	    CONF_FIELD(conf_set_logins, char *, sender_logins) },
	{ .name = "SignHeaders", .form = "list", .fallback = "",
	    CONF_FIELD(conf_set_headers, struct conf_strings, sign_headers) },
	{ .name = "SignatureTTL", .fallback = "0",
	    CONF_SECONDS(signature_ttl_s, 0, 3650LL * DAY_S) },
	{ .name = "SigningTable", .form = "[file:|refile:|csl:]path",
	    .fallback = "",
	    CONF_FIELD(conf_set_table, struct conf_table, signing_table) },
	{ .name = "Socket",
	    .form = "unix:path|inet:port[@host]|inet6:port[@host]",
	    .fallback = "", CONF_FIELD(conf_set_socket, char *, socket) },
	{ .name = "StatsInterval", .fallback = "1h",
	    CONF_SECONDS(stats_interval_s, 0, 366LL * DAY_S) },
	{ .name = "SubDomains", .fallback = "no", CONF_BOOL(subdomains) },
	{ .name = "SyslogFacility",
	    .form = "auth|authpriv|cron|daemon|local0..local7|mail|user",
	    .fallback = "mail", CONF_WORD(syslog_facility, facility_words) },
	{ .name = "TrustAnchorFile", .form = "path", .fallback = "",
	    CONF_TEXT(trust_anchor_file) },
	{ .name = "TrustedNetworks", .form = "list", .fallback = "",
	    CONF_FIELD(conf_set_hosts, struct hosts *, trusted_networks) },
	{ .name = "TrustedRelayMail", .form = "received|exempt",
	    .fallback = "received", CONF_WORD(relay_mail, relay_mail_words) },
	{ .name = "TrustedRelays", .form = "list", .fallback = "",
	    CONF_FIELD(conf_set_hosts, struct hosts *, trusted_relays) },
	{ .name = "TrustedSealers", .form = "list", .fallback = "",
	    CONF_FIELD(conf_set_names, struct names *, trusted_sealers) },
	{ .name = "UMask", .form = "octal", .fallback = "007",
	    CONF_FIELD(conf_set_octal, mode_t, umask), .max = 0777 },
	{ .name = "UserID", .form = "user[:group]", .fallback = "",
	    CONF_TEXT(user_id) },
	{ .name = "Zone", .form = "path", .fallback = "", CONF_TEXT(zone) },
};

#define ROWS_N	(sizeof(rows) / sizeof(rows[0]))
_Static_assert(ROWS_N <= CONF_OPTIONS_MAX, "conf_reader has room for all");

const struct conf_options conf_daemon_options = { rows, ROWS_N };
