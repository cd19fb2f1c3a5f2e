-- SPDX-License-Identifier: BSD-2-Clause
-- The key store of dkimkeygen and mailseald in PostgreSQL:
--	psql -d mailseal -f keys-postgres.sql
-- Two roles: mailseal_daemon reads, private keys included; mailseal_keygen writes.
-- No other role has access. Create a login for each host:
--	CREATE ROLE relay1 LOGIN IN ROLE mailseal_daemon;
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mailseal_daemon')
	THEN
		CREATE ROLE mailseal_daemon;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mailseal_keygen')
	THEN
		CREATE ROLE mailseal_keygen;
	END IF;
END
$$;
CREATE TABLE IF NOT EXISTS mailseal_key (
	domain   text NOT NULL,		-- A-labels, lower case
	selector text NOT NULL,
	type     text NOT NULL,		-- rsa, ed25519
	bits     integer NOT NULL,
	stage    text NOT NULL,		-- pending ... removed
	created  bigint NOT NULL,	-- Unix time, as those below
	since    bigint NOT NULL,	-- of the stage
	seen     bigint,		-- by every authoritative server
	asked    bigint,		-- when publishing was asked for last
	record   text NOT NULL,		-- v=DKIM1; k=rsa; p=...
	note     text,			-- what it waits for
	private  text,			-- PEM; NULL once it is removed
	PRIMARY KEY (domain, selector)
);
CREATE TABLE IF NOT EXISTS mailseal_key_revision (n bigint NOT NULL);
INSERT INTO mailseal_key_revision
	SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM mailseal_key_revision);
CREATE OR REPLACE FUNCTION mailseal_key_changed() RETURNS trigger AS $$
BEGIN
	UPDATE mailseal_key_revision SET n = n + 1;
	RETURN NULL;
END
$$ LANGUAGE plpgsql SECURITY DEFINER;
CREATE OR REPLACE TRIGGER mailseal_key_changed
	AFTER INSERT OR DELETE ON mailseal_key
	FOR EACH STATEMENT EXECUTE FUNCTION mailseal_key_changed();
CREATE OR REPLACE TRIGGER mailseal_key_updated
	AFTER UPDATE ON mailseal_key
	FOR EACH ROW WHEN ((OLD.domain, OLD.selector, OLD.stage, OLD.private)
	IS DISTINCT FROM (NEW.domain, NEW.selector, NEW.stage, NEW.private))
	EXECUTE FUNCTION mailseal_key_changed();
REVOKE ALL ON mailseal_key, mailseal_key_revision FROM PUBLIC;
GRANT SELECT ON mailseal_key, mailseal_key_revision
	TO mailseal_daemon, mailseal_keygen;
GRANT INSERT, UPDATE, DELETE ON mailseal_key TO mailseal_keygen;
