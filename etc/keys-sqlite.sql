-- SPDX-License-Identifier: BSD-2-Clause
-- The key store of dkimkeygen and mailseald in SQLite. dkimkeygen creates it:
-- dkimkeygen new -K sqlite:/usr/local/var/lib/mailseal/keys.db ...
-- The file holds private keys: mode 0600, owned by the daemon's user.
CREATE TABLE IF NOT EXISTS mailseal_key (
	domain   TEXT NOT NULL,		-- A-labels, lower case
	selector TEXT NOT NULL,
	type     TEXT NOT NULL,		-- rsa, ed25519
	bits     INTEGER NOT NULL,
	stage    TEXT NOT NULL,		-- pending ... removed
	created  INTEGER NOT NULL,	-- Unix time, as those below
	since    INTEGER NOT NULL,	-- of the stage
	seen     INTEGER,		-- by every authoritative server
	asked    INTEGER,		-- when publishing was asked for last
	record   TEXT NOT NULL,		-- v=DKIM1; k=rsa; p=...
	note     TEXT,			-- what it waits for
	private  TEXT,			-- PEM; NULL once it is removed
	PRIMARY KEY (domain, selector)
);
CREATE TABLE IF NOT EXISTS mailseal_key_revision (n INTEGER NOT NULL);
INSERT INTO mailseal_key_revision
	SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM mailseal_key_revision);
CREATE TRIGGER IF NOT EXISTS mailseal_key_insert AFTER INSERT ON mailseal_key
	BEGIN UPDATE mailseal_key_revision SET n = n + 1; END;
CREATE TRIGGER IF NOT EXISTS mailseal_key_update AFTER UPDATE ON mailseal_key
	WHEN OLD.stage IS NOT NEW.stage OR OLD.private IS NOT NEW.private OR
	OLD.domain IS NOT NEW.domain OR OLD.selector IS NOT NEW.selector
	BEGIN UPDATE mailseal_key_revision SET n = n + 1; END;
CREATE TRIGGER IF NOT EXISTS mailseal_key_delete AFTER DELETE ON mailseal_key
	BEGIN UPDATE mailseal_key_revision SET n = n + 1; END;
