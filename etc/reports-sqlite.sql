-- SPDX-License-Identifier: BSD-2-Clause
-- What mailseald keeps for DMARC aggregate reports, in SQLite. The daemon creates
-- it: ReportStore, by default /usr/local/var/lib/mailseal/reports/reports.db.
-- Times are Unix seconds; days begin at 00:00:00 UTC.
CREATE TABLE IF NOT EXISTS mailseal_report_policy (
	id        TEXT PRIMARY KEY,	-- hash of the columns below
	domain    TEXT NOT NULL,	-- where the record was found
	discovery TEXT NOT NULL,	-- treewalk, psl
	p         TEXT NOT NULL,	-- none, quarantine, reject
	sp        TEXT NOT NULL,	-- or empty: not published
	np        TEXT NOT NULL,	-- the same
	adkim     TEXT NOT NULL,	-- r, s
	aspf      TEXT NOT NULL,
	fo        TEXT NOT NULL,
	testing   TEXT NOT NULL,	-- y, n
	rua       TEXT NOT NULL,	-- the addresses, as published
	error     TEXT NOT NULL,	-- what is wrong with the record
	used      INTEGER NOT NULL	-- the last day with messages
);
-- One report each: a policy and a day.
CREATE TABLE IF NOT EXISTS mailseal_report_period (
	policy    TEXT NOT NULL,
	day       INTEGER NOT NULL,	-- its beginning
	state     TEXT NOT NULL,	-- open, claimed, sent, dropped
	messages  INTEGER NOT NULL,
	ordinary  INTEGER NOT NULL,	-- neither a report nor about one
	accepted  INTEGER NOT NULL,	-- ordinary, and not refused
	passed    INTEGER NOT NULL,	-- ordinary, DMARC pass
	report_id TEXT,
	holder    TEXT,			-- of the lease
	lease     INTEGER,		-- until then
	done      INTEGER,
	note      TEXT,
	PRIMARY KEY (policy, day)
);
CREATE INDEX IF NOT EXISTS mailseal_report_period_day
	ON mailseal_report_period (state, day);
CREATE TABLE IF NOT EXISTS mailseal_report_row (
	policy        TEXT NOT NULL,
	day           INTEGER NOT NULL,
	hash          TEXT NOT NULL,	-- of the columns below
	messages      INTEGER NOT NULL,	-- how many
	ip            TEXT NOT NULL,
	disposition   TEXT NOT NULL,	-- none, pass, quarantine, reject
	dkim          TEXT NOT NULL,	-- aligned: pass, fail
	spf           TEXT NOT NULL,
	reasons       TEXT NOT NULL,	-- TYPE COMMENT, separated by tabs
	header_from   TEXT NOT NULL,
	envelope_from TEXT NOT NULL,	-- empty: the null reverse-path
	signatures    TEXT NOT NULL,	-- DOMAIN SELECTOR RESULT,...
	spf_domain    TEXT NOT NULL,
	spf_result    TEXT NOT NULL,
	PRIMARY KEY (policy, day, hash)
);
-- The last batch of each process that writes rows, so that none counts twice.
CREATE TABLE IF NOT EXISTS mailseal_report_writer (
	id    TEXT PRIMARY KEY,
	batch INTEGER NOT NULL,
	at    INTEGER NOT NULL
);
-- A report to one address.
CREATE TABLE IF NOT EXISTS mailseal_report_delivery (
	policy  TEXT NOT NULL,
	day     INTEGER NOT NULL,
	address TEXT NOT NULL,
	host    TEXT NOT NULL,		-- its domain
	tag     TEXT NOT NULL,		-- in the return path
	state   TEXT NOT NULL,		-- begun, done, failed
	at      INTEGER NOT NULL,
	note    TEXT NOT NULL,
	PRIMARY KEY (policy, day, address)
);
CREATE INDEX IF NOT EXISTS mailseal_report_delivery_tag
	ON mailseal_report_delivery (tag);
CREATE INDEX IF NOT EXISTS mailseal_report_delivery_at
	ON mailseal_report_delivery (at);
-- Addresses that bounced, or that the operator named.
CREATE TABLE IF NOT EXISTS mailseal_report_suppression (
	address TEXT PRIMARY KEY,
	since   INTEGER NOT NULL,
	until   INTEGER NOT NULL,
	times   INTEGER NOT NULL,
	reason  TEXT NOT NULL
);
-- Whether addresses elsewhere take the reports of a domain (RFC 9990 4).
CREATE TABLE IF NOT EXISTS mailseal_report_permission (
	domain  TEXT NOT NULL,
	host    TEXT NOT NULL,
	granted INTEGER NOT NULL,
	address TEXT NOT NULL,		-- that replaces the URI; or empty
	until   INTEGER NOT NULL,
	PRIMARY KEY (domain, host)
);
-- A failure report (FailureReports).
CREATE TABLE IF NOT EXISTS mailseal_report_failure (
	id        TEXT PRIMARY KEY,	-- hash of what is alike, and the slot
	slot      INTEGER NOT NULL,	-- due from then on
	at        INTEGER NOT NULL,	-- of the first message
	domain    TEXT NOT NULL,	-- where the record was found
	ruf       TEXT NOT NULL,	-- the addresses, as published
	source    TEXT NOT NULL,	-- the client
	incidents INTEGER NOT NULL,	-- messages
	state     TEXT NOT NULL,	-- open, claimed, sent, dropped
	feedback  TEXT NOT NULL,	-- its fields; empty when it is done
	header    TEXT NOT NULL,	-- fields of the message, redacted; too
	report_id TEXT,
	holder    TEXT,			-- of the lease
	lease     INTEGER,		-- until then
	done      INTEGER,
	note      TEXT
);
CREATE INDEX IF NOT EXISTS mailseal_report_failure_at
	ON mailseal_report_failure (at);
CREATE INDEX IF NOT EXISTS mailseal_report_failure_domain
	ON mailseal_report_failure (domain, at);
CREATE INDEX IF NOT EXISTS mailseal_report_failure_source
	ON mailseal_report_failure (source, at);
-- For the deletion of rows that are too old.
CREATE INDEX IF NOT EXISTS mailseal_report_row_day
	ON mailseal_report_row (day);
-- The reports of other hosts (mailseal report read --store).
CREATE TABLE IF NOT EXISTS mailseal_report_received (
	id        TEXT PRIMARY KEY,	-- hash of org, report_id, domain, period
	org       TEXT NOT NULL,	-- as they write it
	email     TEXT NOT NULL,
	report_id TEXT NOT NULL,
	domain    TEXT NOT NULL,	-- of the policy
	p         TEXT NOT NULL,
	at        INTEGER NOT NULL,	-- when it was stored
	records   INTEGER NOT NULL,	-- and keys, in the tables below
	messages  INTEGER NOT NULL,
	passed    INTEGER NOT NULL,	-- of them, by DMARC
	since     INTEGER,		-- its period; or absent
	until     INTEGER
);
CREATE TABLE IF NOT EXISTS mailseal_report_source (
	report        TEXT NOT NULL,
	n             INTEGER NOT NULL,	-- in the report
	ip            TEXT NOT NULL,
	dkim_domain   TEXT NOT NULL,	-- of the signature that says most
	dkim_selector TEXT NOT NULL,
	dkim_result   INTEGER NOT NULL,	-- 0 absent, 1 none, 2 pass,
	spf_domain    TEXT NOT NULL,	-- 3 fail, 4 error
	spf_result    INTEGER NOT NULL,
	dkim          TEXT NOT NULL,	-- aligned: pass, fail
	spf           TEXT NOT NULL,
	disposition   TEXT NOT NULL,
	reasons       INTEGER NOT NULL,	-- a set of bits
	header_from   TEXT NOT NULL,
	messages      INTEGER NOT NULL,
	PRIMARY KEY (report, n)
);
-- Of all signatures: in how many messages those by a key passed, or not.
CREATE TABLE IF NOT EXISTS mailseal_report_selector (
	report   TEXT NOT NULL,
	domain   TEXT NOT NULL,
	selector TEXT NOT NULL,
	passed   INTEGER NOT NULL,
	failed   INTEGER NOT NULL,
	PRIMARY KEY (domain, selector, report)
);
-- For the number of rows of a domain and a day, which is limited.
CREATE INDEX IF NOT EXISTS mailseal_report_policy_domain
	ON mailseal_report_policy (domain);
CREATE INDEX IF NOT EXISTS mailseal_report_selector_report
	ON mailseal_report_selector (report);
CREATE INDEX IF NOT EXISTS mailseal_report_received_until
	ON mailseal_report_received (until);
