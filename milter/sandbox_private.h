/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of the sandbox. */
#ifndef MILTER_SANDBOX_PRIVATE_H
#define MILTER_SANDBOX_PRIVATE_H

#include <stdint.h>

#include "base/arena.h"
#include "milter/sandbox.h"

#define SANDBOX_BOTH		(SANDBOX_KEYS | SANDBOX_MAIL)
/* Conditions on the configuration, beside the roles. */
#define SANDBOX_IF_POSTGRES	0x100
#define SANDBOX_SECRET		0x200	/* the files have keys */
#define SANDBOX_ROLES(who)	((who) & SANDBOX_BOTH)

/* How a call of the table is treated. */
enum sandbox_how {
	SANDBOX_ALLOW,
	SANDBOX_OWN,		/* argument 1 is this process */
	SANDBOX_THREAD,		/* clone() of a thread */
	SANDBOX_NO_EXEC,	/* argument 3 without PROT_EXEC; else EPERM */
	SANDBOX_LOCAL,		/* socket() of AF_UNIX */
	SANDBOX_NET,		/* socket() of AF_INET, AF_INET6 and of
				   AF_NETLINK, which getaddrinfo() needs */
	SANDBOX_ANY_SIGNAL,	/* argument 1 is not SIGSYS */
	SANDBOX_COMMAND,	/* argument 2 is `value` */
	SANDBOX_FIRST,		/* argument 1 is `value` */
	SANDBOX_SELF,		/* argument 1 is 0: the caller */
	SANDBOX_UNADDRESSED,	/* argument 5 is NULL */
	SANDBOX_OPTION,		/* setsockopt() of SANDBOX_OPTION_OF(); with
				   the guard EPERM for all others, without it
				   all are allowed */
	SANDBOX_GUARDED,	/* mail: by the guard; keys: allowed */
	SANDBOX_ENOSYS		/* refused, so that libc takes another way */
};

#define SANDBOX_OPTION_OF(level, option)	\
	((uint64_t)(level) << 32 | (uint32_t)(option))

struct sandbox_call {
	int			 number;	/* libseccomp's */
	int			 who;	/* roles, and SANDBOX_IF_ */
	enum sandbox_how	 how;
	uint64_t		 value;
	const char		*why;
};

extern const struct sandbox_call sandbox_calls[];
extern const size_t sandbox_calls_n;

/* What a process may do with a place. */
#define SANDBOX_READ	0x1u
#define SANDBOX_WRITE	0x2u	/* also make, remove */
#define SANDBOX_CONNECT	0x4u	/* to the sockets there */
#define SANDBOX_LOAD	0x8u	/* read, while a configuration is loaded */
#define SANDBOX_LISTEN	0x10u	/* make this socket, and remove it */

struct sandbox_place {
	const char	*path;		/* absolute, without a slash behind */
	size_t		 n;
	unsigned	 may;		/* SANDBOX_READ and so on */
	bool		 is_replaced;	/* a file for which another may be put
					   in its place */
};

/* A row of the table: a place that does not depend on the configuration. */
struct sandbox_system_place {
	const char	*path;
	int		 who;
	unsigned	 may;
	bool		 is_replaced;
	const char	*why;
};

extern const struct sandbox_system_place sandbox_system_places[];
extern const size_t sandbox_system_places_n;

/* A row of the table: an option that names files. All others: both roles may
   read them. */
struct sandbox_option {
	const char	*name;
	int		 who;
	unsigned	 may;
};

extern const struct sandbox_option sandbox_options[];
extern const size_t sandbox_options_n;

#define SANDBOX_PLACES_MAX	512
#define SANDBOX_PORTS_MAX	32

struct sandbox_places {
	struct arena		 memory;
	struct sandbox_place	*v;
	size_t			 n;
	size_t			 cap;
	uint16_t		 ports[SANDBOX_PORTS_MAX];
	size_t			 ports_n;
	const char		*cwd;		/* NULL: "/" or unknown */
	const char		*exposed;	/* SANDBOX_MAIL: a folder of
						   the list that has keys
						   beneath it; NULL: none */
	bool			 postgres;	/* a store in a server */
};

/* sandbox_places.c. The list is complete: LIMIT if it would be too long. */
enum status	 sandbox_places_init(struct sandbox_places *,
		    const struct sandbox_opts *, struct diag *)
    ATTR_MUST_CHECK;
void		 sandbox_places_fini(struct sandbox_places *);
/* Async-signal-safe. path: absolute, or relative to the working directory. */
bool		 sandbox_places_have(const struct sandbox_places *,
		    const char *path, unsigned may);
bool		 sandbox_places_have_port(const struct sandbox_places *,
		    uint16_t port);

/* sandbox_keys.c. Takes each folder that is read for the keys of a KeyTable;
   "" is "/". A table that cannot be read has none. */
enum status	 sandbox_key_folders(const char *table,
		    enum status (*take)(void *ctx, struct str folder),
		    void *ctx) ATTR_MUST_CHECK;

/* sandbox_landlock.c. Adds to *parts_r what is in force. files: only files that
   are there; else their folders, since files are replaced. */
enum status	 sandbox_landlock(const struct sandbox_places *, bool files,
		    unsigned *parts_r, struct diag *) ATTR_MUST_CHECK;

/* sandbox_seccomp.c */
struct sandbox_guard_key {
	uint64_t	v[2];	/* random; in unused arguments of a call */
};
bool		 sandbox_seccomp_is_known(void);
enum status	 sandbox_seccomp(enum sandbox_role, bool postgres, bool guard,
		    const struct sandbox_guard_key *, unsigned *parts_r,
		    struct diag *) ATTR_MUST_CHECK;

/* sandbox_ask.c. Async-signal-safe. Has the parent open a file; -1: it did
   not. */
int		 sandbox_ask(int fd, const char *path,
		    const struct sandbox_guard_key *);

/*
 * sandbox_guard.c: handles SIGSYS. The places must stay until the process
 * ends. True: the guard knows this architecture; else it only reports.
 */
bool		 sandbox_guard_start(const struct sandbox_opts *,
		    struct sandbox_places *, struct sandbox_guard_key *);
/* Takes a list. Returns one that is not needed any more, or NULL: no handler
   reads it, since a handler ends in far less time than a reload. */
struct sandbox_places	*sandbox_guard_add(struct sandbox_places *);

#endif
