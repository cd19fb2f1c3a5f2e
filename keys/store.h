/* SPDX-License-Identifier: BSD-2-Clause */
/* store: what the verbs that work on a key store begin with. */
#ifndef KEYS_STORE_H
#define KEYS_STORE_H

#include "base/arena.h"
#include "base/env.h"
#include "base/strmap.h"
#include "cli/cli.h"
#include "keys/policy.h"
#include "keystore/keystore.h"

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
	{ STORE_POLICY, "policy", "FILE", "instead of dkimkeygen.conf" }, \
	{ STORE_NOW, "now", "UNIXTIME", "take this for the time" }
#define STORE_OPTIONS							\
	STORE_READ_OPTIONS,						\
	{ STORE_PID_FILE, "pid-file", "FILE",				\
	    "the daemon's, which is told of a change" }

struct store_broken {		/* a key whose state cannot be read */
	struct store_broken	*next;
	struct str		 domain;
	struct str		 selector;	/* absent: all of the domain's */
	const char		*why;
};

struct store {
	struct env		 env;
	struct policy		 policy;
	struct keystore		*keys;
	struct arena		 arena;
	const char		*where;
	const char		*name;		/* the same for messages: no
						   password */
	const char		*pid_file;	/* NULL: none */
	int64_t			 now_s;
	struct store_broken	*broken;	/* told of already */
	struct strmap		 broken_names;	/* "domain/selector" of these */
	bool			 changed;	/* signers must look again */
};

/* True if id is one of the above and its value is well; *bad_r when not. */
bool	 store_option(struct store_opts *, int id, const char *value,
	    bool *bad_r);
/* The policy and the name only, for store_is_wanted. False: said why. */
bool	 store_init(struct store *, const struct store_opts *);
/* Whether one was named, or the policy's is there, be it out of reach. */
bool	 store_is_wanted(const struct store *, const struct store_opts *);
/* create: makes it if it is not there. */
bool	 store_open(struct store *, bool create);
/* The two in one. store_close in any case. */
bool	 store_begin(struct store *, const struct store_opts *, bool create);
/* Tells the daemon, if anything has changed that it looks at. */
void	 store_close(struct store *);

/* As a store has it; NULL: absent. False: none, and said so. */
bool	 store_domain(struct store *, const char *text, struct str *r);
/* The keys of a domain; absent: all. A broken state is told of, once. */
bool	 store_list(struct store *, struct str domain,
	    struct keystore_key **v_r, size_t *n_r);
/* The key, or NULL and said so. */
struct keystore_key	*store_find(struct store *, const char *domain,
	    const char *selector);
bool	 store_save(struct store *, const struct keystore_key *);
/* Around a change of the domain's keys, which are read again inside. */
bool	 store_lock(struct store *, struct str domain);
void	 store_unlock(struct store *, struct str domain);
/* Whether its private half can be read. */
bool	 store_has_private(struct store *, const struct keystore_key *);
/* Its private half; NULL: the diag says why. */
struct privkey	*store_private(struct store *, const struct keystore_key *,
	    struct diag *);

/* "2026-11-27 00:31" in UTC, in the arena. */
struct str	 store_time(struct store *, int64_t s);

#endif
