/* SPDX-License-Identifier: BSD-2-Clause */
/* store: the key store, as the commands of dkimkeygen use it. */
#ifndef KEYS_STORE_H
#define KEYS_STORE_H

#include "base/arena.h"
#include "base/env.h"
#include "base/privileges.h"
#include "base/strmap.h"
#include "cli/cli.h"
#include "keys/keys.h"
#include "keys/policy.h"
#include "keystore/keystore.h"
#include "keystore/life.h"
#include "keystore/passphrase.h"
#include "report/store.h"

struct store_opts {		/* zeroed: as the policy file says */
	const char	*where;
	const char	*policy;
	const char	*pid_file;
	int64_t		 now_s;		/* 0: the system's clock */
};

#define STORE_WHERE		'K'	/* ids of the options below */
#define STORE_POLICY		'c'
#define STORE_NOW		0x310
#define STORE_PID_FILE		0x311
#define STORE_READ_OPTIONS						\
	{ STORE_WHERE, "key-store", "STORE",				\
	    "a directory, sqlite:PATH or postgres:CONNINFO" },		\
	{ STORE_POLICY, "policy", "FILE", "read instead of dkimkeygen.conf" }, \
	{ STORE_NOW, "now", "UNIXTIME", "act as at that time" }
#define STORE_OPTIONS							\
	STORE_READ_OPTIONS,						\
	{ STORE_PID_FILE, "pid-file", "FILE",				\
	    "send SIGHUP to that daemon when signing keys change" }

struct store_broken {		/* a key whose state cannot be read */
	struct store_broken	*next;
	struct str		 domain;
	struct str		 selector;	/* absent: all keys */
	const char		*why;
};

struct store {
	struct env		 env;
	struct policy		 policy;
	struct life_times	 times;		/* the policy's */
	struct keystore		*keys;
	struct passphrase	*passphrase;	/* NULL: none */
	struct arena		 memory;	/* until store_close */
	struct arena		 arena;		/* rotate resets it after each
						   domain */
	const char		*chosen;	/* -K; NULL */
	const char		*where;		/* of store_choose */
	const char		*name;		/* for messages: without a
						   password */
	const char		*pid_file;	/* NULL: none */
	int64_t			 now_s;
	struct store_broken	*broken;	/* reported */
	struct strmap		 broken_names;	/* "domain/selector" of these */
	bool			 changed;	/* the signing keys were */
	struct report_store	*reports;	/* reported.c; NULL */
	struct privileges	 reports_owner;	/* who may use it */
	bool			 reports_tried;
};

/* True if id is one of the above and its value is valid; *bad_r when not. */
bool	 store_option(struct store_opts *, int id, const char *value,
	    bool *bad_r);
/* Reads the policy. False: printed why. */
bool	 store_init(struct store *, const struct store_opts *);
/*
 * Finds the store, perhaps in mailseald.conf; does not open it. *wanted_r: it
 * was named with -K, or exists, accessible or not. False: printed why.
 */
bool	 store_choose(struct store *, bool *wanted_r);
/* Chooses it first if needed. create: makes it if it does not exist. False:
   printed why. */
bool	 store_open(struct store *, bool create);
/* Sends SIGHUP to the daemon if the set of signing keys was changed. */
void	 store_close(struct store *);

/* The keys of a domain; absent: all. A broken state is reported, once. */
bool	 store_list(struct store *, struct arena *, struct str domain,
	    struct keystore_key **v_r, size_t *n_r);
/* How often v[i] of the keys of all domains has its domain; it is the first. */
size_t	 store_domain_count(const struct keystore_key *v, size_t n, size_t i);
/* All keys of the name's domain, and where the key itself is among them; false:
   there is none, and printed that. */
bool	 store_find(struct store *, const struct key_name *,
	    struct keystore_key **v_r, size_t *n_r, size_t *i_r);
bool	 store_save(struct store *, const struct keystore_key *);
/* Warns if mailseald.conf does not name the store. */
void		 store_warn_unused(const struct store *);
/* Around a change of the domain's keys, which are read again inside. */
bool	 store_lock(struct store *, struct str domain);
void	 store_unlock(struct store *, struct str domain);
/* Its private half; NULL: the diag says why. */
struct privkey	*store_private(struct store *, const struct keystore_key *,
	    struct diag *);
/* The rules for these keys of one domain. */
struct life	 store_life(const struct store *, const struct keystore_key *,
		    size_t n);

/* "2026-11-27 00:31" in UTC, in the arena. */
struct str	 store_time(struct store *, int64_t s);
/* The same for the end of a wait: rounded up, with "UTC". */
struct str	 store_until(struct store *, int64_t s);

#endif
