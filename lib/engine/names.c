/* SPDX-License-Identifier: BSD-2-Clause */
/* names: the words that log and reports use for the engine's enums. */
#include "engine/engine.h"

const char *
engine_verdict_name(enum engine_verdict verdict)
{
	switch (verdict) {
	case ENGINE_ACCEPT:
		return ("accept");
	case ENGINE_QUARANTINE:
		return ("quarantine");
	case ENGINE_TEMPFAIL:
		return ("tempfail");
	case ENGINE_REJECT:
		return ("reject");
	}
	return (NULL);
}

const char *
engine_action_name(const struct engine_outcome *out)
{
	return (out->verdict == ENGINE_QUARANTINE &&
	    !engine_outcome_is_held(out) ? "tag" :
	    engine_verdict_name(out->verdict));
}

const char *
engine_rule_name(enum engine_rule rule)
{
	switch (rule) {
	case ENGINE_RULE_NONE:
		return (NULL);
	case ENGINE_RULE_FROM:
		return ("from");
	case ENGINE_RULE_DOMAIN:
		return ("domain rule");
	case ENGINE_RULE_DMARC:
		return ("dmarc");
	case ENGINE_RULE_ARC:
		return ("arc");
	case ENGINE_RULE_DKIM:
		return ("dkim");
	}
	return (NULL);
}

const char *
engine_exemption_name(enum engine_exemption exemption)
{
	switch (exemption) {
	case ENGINE_NOT_EXEMPT:
		return (NULL);
	case ENGINE_TRUSTED_RELAY:
		return ("trusted relay");
	case ENGINE_TRUSTED_NETWORK:
		return ("trusted network");
	case ENGINE_MAILING_LIST_HOST:
		return ("mailing list host");
	case ENGINE_TRUSTED_SEALER:
		return ("trusted sealer");
	}
	return (NULL);
}

const char *
engine_override_name(enum engine_override override)
{
	switch (override) {
	case ENGINE_NO_OVERRIDE:
		return (NULL);
	case ENGINE_LOCAL_POLICY:
		return ("local_policy");
	case ENGINE_MAILING_LIST:
		return ("mailing_list");
	case ENGINE_POLICY_TEST_MODE:
		return ("policy_test_mode");
	case ENGINE_TRUSTED_FORWARDER:
		return ("trusted_forwarder");
	}
	return (NULL);
}

const char *
engine_unsigned_name(enum engine_unsigned reason)
{
	switch (reason) {
	case ENGINE_UNSIGNED_NO:
	case ENGINE_UNSIGNED_REASONS:
		return (NULL);
	case ENGINE_UNSIGNED_NO_ACTIVE_KEY:
		return ("no active key");
	case ENGINE_UNSIGNED_KEY_UNREADABLE:
		return ("key unreadable");
	case ENGINE_UNSIGNED_STORE_UNREACHABLE:
		return ("store unreachable");
	case ENGINE_UNSIGNED_NOT_IN_DNS:
		return ("not in DNS");
	case ENGINE_UNSIGNED_SELF_CHECK_FAILED:
		return ("self check failed");
	case ENGINE_UNSIGNED_INTERNAL_ERROR:
		return ("internal error");
	case ENGINE_UNSIGNED_LOGIN_MISMATCH:
		return ("login mismatch");
	case ENGINE_UNSIGNED_AUTHOR_UNCLEAR:
		return ("author unclear");
	}
	return (NULL);
}

const char *
engine_direction_text(const struct engine_outcome *out)
{
	switch (out->direction_reason) {
	case ENGINE_BEFORE_HEADERS:
		return ("undecided");
	case ENGINE_AUTHENTICATED:
		return ("authenticated");
	case ENGINE_MTA:
		return ("MTA");
	case ENGINE_LOCAL_SUBMISSION:
		return ("local submission");
	case ENGINE_INTERNAL_HOST:
		return ("internal host");
	case ENGINE_EXTERNAL_HOST:
		return ("external host");
	case ENGINE_FILTER:
		return ("FilterMTA");
	case ENGINE_RELAY:
		return ("host in TrustedRelays");
	case ENGINE_PEER:
		return ("host in PeerList");
	case ENGINE_NO_AUTHOR:
		return (out->from->result == ADDR_FROM_OK ?
		    "several author domains in an invalid From field" :
		    addr_from_text(out->from->result));
	case ENGINE_NOT_OUR_DOMAIN:
		return ("from domain not ours");
	case ENGINE_NO_ACTIVE_KEY:
		return ("no active key for from domain");
	case ENGINE_LOGIN_MISMATCH:
		return ("login may not write as this author");
	case ENGINE_TRACED:
		return ("Received names a client outside");
	}
	return (NULL);
}

const char *
engine_error_text(const struct engine_outcome *out)
{
	switch (out->error) {
	case ENGINE_NO_ERROR:
		return (NULL);
	case ENGINE_INTERNAL_ERROR:
		return (status_text(out->status));
	case ENGINE_HEADER_TOO_LARGE:
		return ("message header too large");
	case ENGINE_HEADER_MALFORMED:
		return ("malformed message header");
	case ENGINE_NOT_SIGNED:
		return ("no key could sign");
	}
	return (NULL);
}
