-- SPDX-License-Identifier: BSD-2-Clause
-- What mailseald keeps for DMARC aggregate reports, in PostgreSQL:
--	psql -d mailseal -f reports-postgres.sql
-- The role mailseal_report may use it; no other role has access. Create a login
-- for each host, or give the role to one that there is:
--	CREATE ROLE mx1 LOGIN IN ROLE mailseal_report;
-- Times are Unix seconds; days begin at 00:00:00 UTC.
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mailseal_report')
	THEN
		CREATE ROLE mailseal_report;
	END IF;
END
$$;
CREATE TABLE IF NOT EXISTS mailseal_report_policy (
	id        text PRIMARY KEY,	-- hash of the columns below
	domain    text NOT NULL,	-- where the record was found
	discovery text NOT NULL,	-- treewalk, psl
	p         text NOT NULL,	-- none, quarantine, reject
	sp        text NOT NULL,	-- or empty: not published
	np        text NOT NULL,	-- the same
	adkim     text NOT NULL,	-- r, s
	aspf      text NOT NULL,
	fo        text NOT NULL,
	testing   text NOT NULL,	-- y, n
	rua       text NOT NULL,	-- the addresses, as published
	error     text NOT NULL,	-- what is wrong with the record
	used      bigint NOT NULL	-- the last day with messages
);
-- One report each: a policy and a day.
CREATE TABLE IF NOT EXISTS mailseal_report_period (
	policy    text NOT NULL,
	day       bigint NOT NULL,	-- its beginning
	state     text NOT NULL,	-- open, claimed, sent, dropped
	messages  bigint NOT NULL,
	ordinary  bigint NOT NULL,	-- neither a report nor about one
	accepted  bigint NOT NULL,	-- ordinary, and not refused
	passed    bigint NOT NULL,	-- ordinary, DMARC pass
	report_id text,
	holder    text,			-- of the lease
	lease     bigint,		-- until then
	done      bigint,
	note      text,
	PRIMARY KEY (policy, day)
);
CREATE INDEX IF NOT EXISTS mailseal_report_period_day
	ON mailseal_report_period (state, day);
CREATE TABLE IF NOT EXISTS mailseal_report_row (
	policy        text NOT NULL,
	day           bigint NOT NULL,
	hash          text NOT NULL,	-- of the columns below
	messages      bigint NOT NULL,	-- how many
	ip            text NOT NULL,
	disposition   text NOT NULL,	-- none, pass, quarantine, reject
	dkim          text NOT NULL,	-- aligned: pass, fail
	spf           text NOT NULL,
	reasons       text NOT NULL,	-- TYPE COMMENT, separated by tabs
	header_from   text NOT NULL,
	envelope_from text NOT NULL,	-- empty: the null reverse-path
	signatures    text NOT NULL,	-- DOMAIN SELECTOR RESULT,...
	spf_domain    text NOT NULL,
	spf_result    text NOT NULL,
	PRIMARY KEY (policy, day, hash)
);
-- The last batch of each process that writes rows, so that none counts twice.
CREATE TABLE IF NOT EXISTS mailseal_report_writer (
	id    text PRIMARY KEY,
	batch bigint NOT NULL,
	at    bigint NOT NULL
);
-- A report to one address.
CREATE TABLE IF NOT EXISTS mailseal_report_delivery (
	policy  text NOT NULL,
	day     bigint NOT NULL,
	address text NOT NULL,
	host    text NOT NULL,		-- its domain
	tag     text NOT NULL,		-- in the return path
	state   text NOT NULL,		-- begun, done, failed
	at      bigint NOT NULL,
	note    text NOT NULL,
	PRIMARY KEY (policy, day, address)
);
CREATE INDEX IF NOT EXISTS mailseal_report_delivery_tag
	ON mailseal_report_delivery (tag);
CREATE INDEX IF NOT EXISTS mailseal_report_delivery_at
	ON mailseal_report_delivery (at);
-- Addresses that bounced, or that the operator named.
CREATE TABLE IF NOT EXISTS mailseal_report_suppression (
	address text PRIMARY KEY,
	since   bigint NOT NULL,
	until   bigint NOT NULL,
	times   bigint NOT NULL,
	reason  text NOT NULL
);
-- Whether addresses elsewhere take the reports of a domain (RFC 9990 4).
CREATE TABLE IF NOT EXISTS mailseal_report_permission (
	domain  text NOT NULL,
	host    text NOT NULL,
	granted bigint NOT NULL,
	address text NOT NULL,		-- that replaces the URI; or empty
	until   bigint NOT NULL,
	PRIMARY KEY (domain, host)
);
-- A failure report (FailureReports).
CREATE TABLE IF NOT EXISTS mailseal_report_failure (
	id        text PRIMARY KEY,	-- hash of what is alike, and the slot
	slot      bigint NOT NULL,	-- due from then on
	at        bigint NOT NULL,	-- of the first message
	domain    text NOT NULL,	-- where the record was found
	ruf       text NOT NULL,	-- the addresses, as published
	source    text NOT NULL,	-- the client
	incidents bigint NOT NULL,	-- messages
	state     text NOT NULL,	-- open, claimed, sent, dropped
	feedback  text NOT NULL,	-- its fields; empty when it is done
	header    text NOT NULL,	-- fields of the message, redacted; too
	report_id text,
	holder    text,			-- of the lease
	lease     bigint,		-- until then
	done      bigint,
	note      text
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
	id        text PRIMARY KEY,	-- hash of org, report_id, domain, period
	org       text NOT NULL,	-- as they write it
	email     text NOT NULL,
	report_id text NOT NULL,
	domain    text NOT NULL,	-- of the policy
	p         text NOT NULL,
	at        bigint NOT NULL,	-- when it was stored
	records   bigint NOT NULL,	-- and keys, in the tables below
	messages  bigint NOT NULL,
	passed    bigint NOT NULL,	-- of them, by DMARC
	since     bigint,		-- its period; or absent
	until     bigint
);
CREATE TABLE IF NOT EXISTS mailseal_report_source (
	report        text NOT NULL,
	n             bigint NOT NULL,	-- in the report
	ip            text NOT NULL,
	dkim_domain   text NOT NULL,	-- of the signature that says most
	dkim_selector text NOT NULL,
	dkim_result   bigint NOT NULL,	-- 0 absent, 1 none, 2 pass,
	spf_domain    text NOT NULL,	-- 3 fail, 4 error
	spf_result    bigint NOT NULL,
	dkim          text NOT NULL,	-- aligned: pass, fail
	spf           text NOT NULL,
	disposition   text NOT NULL,
	reasons       bigint NOT NULL,	-- a set of bits
	header_from   text NOT NULL,
	messages      bigint NOT NULL,
	PRIMARY KEY (report, n)
);
-- Of all signatures: in how many messages those by a key passed, or not.
CREATE TABLE IF NOT EXISTS mailseal_report_selector (
	report   text NOT NULL,
	domain   text NOT NULL,
	selector text NOT NULL,
	passed   bigint NOT NULL,
	failed   bigint NOT NULL,
	PRIMARY KEY (domain, selector, report)
);
-- For the number of rows of a domain and a day, which is limited.
CREATE INDEX IF NOT EXISTS mailseal_report_policy_domain
	ON mailseal_report_policy (domain);
CREATE INDEX IF NOT EXISTS mailseal_report_selector_report
	ON mailseal_report_selector (report);
CREATE INDEX IF NOT EXISTS mailseal_report_received_until
	ON mailseal_report_received (until);
REVOKE ALL ON mailseal_report_policy, mailseal_report_period,
	mailseal_report_row, mailseal_report_writer, mailseal_report_delivery,
	mailseal_report_suppression, mailseal_report_permission,
	mailseal_report_failure, mailseal_report_received,
	mailseal_report_source, mailseal_report_selector FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON mailseal_report_policy,
	mailseal_report_period, mailseal_report_row, mailseal_report_writer,
	mailseal_report_delivery, mailseal_report_suppression,
	mailseal_report_permission, mailseal_report_failure,
	mailseal_report_received, mailseal_report_source,
	mailseal_report_selector TO mailseal_report;
