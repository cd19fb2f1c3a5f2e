/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy: how long each stage of a key lasts, what new keys are like, and how
 * records are published: dkimkeygen.conf(5), "Option value" by line, '#'
 * comments, read as the daemon's configuration is. Each option is one row of
 * the table in policy.c.
 */
#ifndef KEYS_POLICY_H
#define KEYS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/status.h"
#include "base/str.h"
#include "conf/table.h"
#include "keystore/life.h"

#define POLICY_MAX_BYTES	(64 * 1024)	/* of the file */
#define POLICY_MAILTO		"mailto:"	/* of Notify */

struct policy {
	struct conf_key_stores key_stores;	/* KeyStore */
	char		*key_passphrase_file;	/* KeyPassphraseFile; NULL */
	int64_t		 rotate_every_s;	/* RotateEvery */
	int64_t		 overlap_s;		/* Overlap */
	int64_t		 queue_lifetime_s;	/* QueueLifetime */
	int64_t		 remove_after_s;	/* RemoveAfter */
	unsigned	 rsa_bits;		/* RSABits */
	char		*selector;		/* Selector: a template */
	char		*publish;		/* Publish */
	char		*update_program;	/* UpdateProgram */
	char		*update_key;		/* UpdateKey; NULL */
	char		*update_server;		/* UpdateServer; NULL: it finds
						   the primary itself */
	unsigned	 record_ttl_s;		/* RecordTTL */
	bool		 retire_after_reports;	/* RetireAfterReports */
	unsigned	 retire_reporters;	/* RetireReporters */
	int64_t		 retire_longest_s;	/* RetireLongest */
	struct conf_report_store report_store;	/* ReportStore */
	char		*disclose;		/* Disclose: a folder; NULL */
	char		*pid_file;		/* PidFile; NULL: none */
	char		*notify;		/* Notify; NULL: nobody */
	char		*sendmail_program;	/* SendmailProgram */
	unsigned	 port;			/* AuthoritativePort */

	struct arena	 memory;		/* the text above */
};

/* path NULL: the default file, if it exists. policy_fini in any case. */
enum status	 policy_load(struct policy *, const char *path, struct diag *)
    ATTR_MUST_CHECK;
/* The same from memory; name: of the file, in messages. */
enum status	 policy_parse(struct policy *, struct str text,
		    const char *name, struct diag *) ATTR_MUST_CHECK;
/*
 * The key store to work on: the one chosen, unless NULL, else KeyStore of the
 * policy, else of mailseald.conf, else the default directory. NULL: KeyStore is
 * none. For a database KeyPassphraseFile is taken from mailseald.conf, too, if
 * the policy has none: no private key may end up unencrypted by oversight.
 * daemon_conf NULL: the default path of mailseald.conf, which need not exist.
 * SYNTAX: several are configured. Call it once.
 */
enum status	 policy_key_store(struct policy *, const char *chosen,
		    const char *daemon_conf, const char **where_r,
		    struct diag *) ATTR_MUST_CHECK;
/*
 * The store of reports (RetireAfterReports): ReportStore of the policy, else of
 * mailseald.conf, else that one's default. NULL: none. daemon_conf as above.
 */
enum status	 policy_report_store(struct policy *, const char *daemon_conf,
		    const char **where_r, struct diag *) ATTR_MUST_CHECK;
/* Whether mailseald.conf names that store, by itself or by its default. True as
   well if the file is not there or cannot be read. path_r: of the file. */
bool		 policy_daemon_uses(const char *where, const char *daemon_conf,
		    const char **path_r);
void		 policy_fini(struct policy *);
/* Whether it is a value of Publish. */
bool		 policy_is_publish(struct str);

struct life_times policy_times(const struct policy *);

extern const struct conf_options policy_options;

#endif
