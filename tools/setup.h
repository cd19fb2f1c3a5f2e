/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailseal setup: what its files share. The stages, in order: look, decide,
 * make, publish, wait, wire, prove.
 *
 * - Each stage first finds out what is there and does only what is missing, so
 *   that a run may end anywhere, by kill -9 too, and the next one goes on.
 * - What a run makes on this host is noted in the state (setup_state.h) before
 *   it is made; undo takes back what is noted and nothing else.
 * - Postfix is read with postconf and changed with postconf -e and -P (of a
 *   copy, which then replaces the file), never by editing text. Both files are
 *   copied before the first change. A configuration that is not understood
 *   stops the run before any change.
 * - A file of Postfix is put back whole only if it is exactly what setup wrote;
 *   else the sockets that setup entered leave all lists, and the rest stays.
 * - No record that is there is removed. One that is replaced keeps what it
 *   says; where it could not, a person is asked, and --yes refuses.
 * - Programs are run without a shell.
 */
#ifndef TOOLS_SETUP_H
#define TOOLS_SETUP_H

#include <sys/types.h>

#include "authority/authority.h"
#include "check/check.h"
#include "conf/conf.h"
#include "dns/overlay.h"
#include "keys/store.h"
#include "postfix/config.h"
#include "tools/mailseal.h"
#include "tools/setup_state.h"

#define SETUP_MAX_NAMES		(2 + CHECK_MAX_SELECTORS)
#define SETUP_MAX_TASKS		64
#define SETUP_MAX_SERVICES	64
#define SETUP_MAX_EDITS		256
#define SETUP_TIMER		"dkimkeygen.timer"
#define SETUP_WAIT_S		600	/* for the name servers */

enum setup_mta { SETUP_POSTFIX, SETUP_SENDMAIL, SETUP_NO_MTA };
enum setup_verb { SETUP_RUN, SETUP_UNDO, SETUP_STATUS };

struct setup_args {
	enum setup_verb		 verb;
	const char		*domain;
	const char		*host;		/* NULL: Postfix's */
	struct ip_addr		 ips[CHECK_MAX_IPS];
	size_t			 ips_n;		/* 0: the interfaces' */
	bool			 relay;		/* mail leaves through one */
	bool			 mta_given;
	enum setup_mta		 mta;
	const char		*policy;	/* of DMARC */
	const char		*rua;
	bool			 ed25519;	/* a second key */
	const char		*publish;	/* NULL: dkimkeygen.conf's */
	int64_t			 wait_s;
	const char		*send_to;
	bool			 dry_run;
	bool			 yes;
	bool			 json;
	const char		*provider;	/* of the DNS; NULL: by the
						   name servers */
	const char		*conf_path;
	struct store_opts	 store;		/* key store, its policy */
	const char		*state_dir;
	const char		*mta_config;	/* NULL: Postfix's default */
	const char		*user;
	const char		*daemon;	/* NULL: the installed one, or
						   by systemd */
	struct cli_dns		 dns;
};

struct setup_edit {		/* of one parameter */
	struct str	 service;	/* "smtp/inet"; absent: main.cf */
	struct str	 name;
	struct str	 before;	/* absent: not set */
	struct str	 after;
};

struct setup_postfix {		/* in the setup's arena */
	bool			 found;
	struct str		 why;		/* not: postconf's words */
	struct str		 version, directory, queue, owner;
	struct str		 hostname, helo, relayhost;
	struct str		 interfaces;
	struct str		 milters, milters_raw;
	struct str		 local_milters, local_milters_raw;
	struct str		 default_action, classes, content_filter;
	struct str		 guards[POSTFIX_GUARDS_N];
	struct str		 guards_raw[POSTFIX_GUARDS_N];
	struct postfix_service	 v[SETUP_MAX_SERVICES];
	size_t			 n;
	struct str		 socket;	/* of mailseald, as Postfix
						   names it; set by wire */
	struct setup_edit	 edits[SETUP_MAX_EDITS];
	size_t			 edits_n;
};

struct setup_name {		/* one name whose TXT records matter */
	struct str		 owner;
	struct str		 wanted;	/* to publish, or absent */
	struct str		 replaces;	/* the record it replaces, the
						   first of them */
	size_t			 replaces_n;
	bool			 loses;		/* a term of it */
	struct str		*found;		/* at the first server */
	size_t			 found_n;
	enum dns_result		 result;
};

struct setup_key {
	struct str		 selector;
	struct privkey		*private;
	enum key_stage		 stage;
	bool			 stored;	/* else a configured file */
	struct str		 record;	/* its value; stored only */
	int64_t			 signs_s;	/* from when on; 0: it does;
						   -1: unknown */
};

struct setup {
	struct setup_args	*args;
	struct env		 env;
	struct arena		 arena;
	struct str		 domain;
	struct setup_state	 state;
	/* look */
	struct conf		*conf;		/* NULL: there is none */
	bool			 conf_missing;
	struct str		 sample;	/* in its place; or absent */
	const char		*new_socket;	/* of a configuration that is
						   to be made */
	struct setup_postfix	 postfix;
	struct ip_addr		 ips[CHECK_MAX_IPS];
	size_t			 ips_n;
	struct str		 helo;
	/* keys */
	struct store		 store;
	bool			 store_open;
	bool			 store_init;
	struct setup_key	 keys[CHECK_MAX_SELECTORS];
	size_t			 keys_n;
	/* DNS */
	struct dns_opts		 dns_opts;
	struct dns		*dns;		/* the overlay's */
	struct dns		*below;		/* what it lies upon */
	struct dns_overlay	*overlay;
	struct authority	*authority;
	const struct authority_zone *zone;
	struct authority_zone	 text;		/* --zone: without servers */
	struct dmarc_psl	*suffixes;
	struct setup_name	 names[SETUP_MAX_NAMES];
	size_t			 names_n;
	struct check		*check;		/* the last one */
	/* what is left */
	struct str		 missing[SETUP_MAX_TASKS];	/* required */
	size_t			 missing_n;
	struct str		 next[SETUP_MAX_TASKS];		/* for people */
	size_t			 next_n;
	json_t			*stages;	/* --json */
};

/* What a stage came to. STOP: nothing more can be done now; printed why. */
enum setup_result { SETUP_GO, SETUP_STOP, SETUP_FAILED };

/* setup_opts.c */

cli_take setup_take_option;	/* of a struct setup_args */
/* The domain, and what the options need. False: printed why. */
bool	 setup_check_args(struct setup_args *, int argc, char **argv);

/* setup_say.c */

/* The heading of a stage. */
void	 setup_stage(struct setup *, const char *name);
/* One line of it, wrapped. */
void	 setup_say(struct setup *, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* The same behind a label. */
void	 setup_item(struct setup *, const char *label, const char *fmt, ...)
    ATTR_PRINTF(3, 4);
/* The same without wrapping, to be copied. */
void	 setup_quote(struct setup *, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* The same without indentation, which means another owner in a zone file. */
void	 setup_zone_line(struct setup *, struct str line);
/* Something required that is not there; something for a person to do. */
void	 setup_miss(struct setup *, const char *fmt, ...) ATTR_PRINTF(2, 3);
void	 setup_todo(struct setup *, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* Asks on the terminal. Without one, and without --yes, the answer is no. */
bool	 setup_ask(struct setup *, const char *question);
void	 setup_progress(struct setup *, const char *fmt, ...)
    ATTR_PRINTF(2, 3);
void	 setup_progress_end(struct setup *);
/* All that is left; returns the exit status. */
int	 setup_finish(struct setup *, enum setup_result);
/* Text for people, in the arena; never NULL. */
struct str	 setup_text(struct setup *, const char *fmt, ...)
    ATTR_PRINTF(2, 3);

/* setup_exec.c */

/*
 * Runs a program with a time limit, argv[0] from PATH. The exit status, or -1;
 * out and err (either may be NULL) get what it printed, in the arena.
 */
int	 setup_exec(struct setup *, char *const argv[], struct str *out,
	    struct str *err);
/* The same, and an exit status other than 0 is reported. */
bool	 setup_command(struct setup *, char *const argv[]);

/* setup_postfix.c, setup_wire.c, setup_plan.c, setup_files.c, setup_edit.c */

bool	 setup_postfix_read(struct setup *);
/* The arguments of postconf for this configuration; n: how many are used. */
size_t	 setup_postconf(struct setup *, char *argv[], size_t max,
	    const char *options);
/* Whether it is a configuration that can be changed. False: printed why not. */
bool	 setup_postfix_judge(struct setup *);
/* What would be changed for the socket, and what no milter sees. False:
   printed why. */
bool	 setup_wire_plan(struct setup *, const char *socket);
void	 setup_wire_show(struct setup *);
enum setup_result	 setup_wire(struct setup *);
bool	 setup_edits_apply(struct setup *);
/* Copies both files, as they are and as the edits will make them, and notes
   the change. False: printed why; Postfix is as it was. */
bool	 setup_files_save(struct setup *);
/* Replaces both files by what was saved. */
bool	 setup_files_install(struct setup *);
/* Puts back each file that nobody else has changed; *whole_r: both. */
bool	 setup_files_restore(struct setup *, bool *whole_r);
bool	 setup_files_forget(struct setup *);
/* Takes back every change of Postfix. After it no list of milters has a socket
   that setup entered. False: printed why. */
bool	 setup_unwire(struct setup *);
bool	 setup_postfix_reload(struct setup *);

/* setup_probe.c */

/* The code that smtpd answers to MAIL FROM; 0: no answer. *reply_r: its text,
   or why there is none. */
int	 setup_probe(struct setup *, struct str *reply_r);

/* setup_host.c, setup_make.c */

bool	 setup_look(struct setup *);
enum setup_result	 setup_make(struct setup *);
/* Replaces a configuration of mailseald. False: printed why. */
bool	 setup_write_conf(struct setup *, const char *path, struct str text);
/* The daemon's socket, by its configuration or by the one that will be
   written. */
const char	*setup_socket(struct setup *);
const char	*setup_pid_file(struct setup *);
bool	 setup_daemon_start(struct setup *);
/* Whether anything answers as a milter on the socket. */
bool	 setup_daemon_runs(struct setup *);
/* Whether the daemon takes a message on its socket, as Postfix's user. */
bool	 setup_daemon_try(struct setup *, struct str *why_r);
bool	 setup_uses_systemd(const struct setup *);
/* Opens a daemon's file with its number; 0: there is none. -1: errno. */
int	 setup_pid_open(const char *path, pid_t *pid_r);
/* The daemon locks its file as long as it lives: a number in a file that is not
   locked may be that of somebody else's process by now. */
bool	 setup_pid_locked(int fd);
/* Has the daemon read its keys again, if the store's have changed. */
void	 setup_daemon_reload(struct setup *);

/* setup_keys.c */

/* Those that sign, or will; makes none. */
bool	 setup_keys_read(struct setup *, bool create);
bool	 setup_keys_make(struct setup *);
/* Has pending keys published, and take the steps that they may. */
bool	 setup_keys_advance(struct setup *);
void	 setup_keys_free(struct setup *);
const char	*setup_publish_how(struct setup *);

/* setup_dns.c, setup_wanted.c, setup_publish.c, setup_wait.c */

bool	 setup_dns_open(struct setup *);
void	 setup_dns_close(struct setup *);
bool	 setup_dns_names(struct setup *);
bool	 setup_dns_zone(struct setup *);
/* Asks the first server that answers, or one address of one server. */
bool	 setup_dns_ask(struct setup *);
bool	 setup_dns_ask_at(struct setup *, struct authority_address *,
	    bool *answered_r);
/* Whether a TXT record is of the kind that a name is for: 0 SPF, 1 DMARC, then
   keys. */
bool	 setup_is_kind(size_t at, struct str text);
/* Runs the checks with the records that were found; planned: as they will be
   with those that are wanted. NULL: printed why. */
const struct check_report	*setup_judge(struct setup *, bool planned);
/* What must be published so that the checks find no error. */
bool	 setup_wanted(struct setup *);
enum setup_result	 setup_publish(struct setup *);
void	 setup_publish_show(struct setup *);
enum setup_result	 setup_wait(struct setup *);

/* setup_prove.c, setup_undo.c */

enum setup_result	 setup_prove(struct setup *);
int	 setup_undo(struct setup *);
int	 setup_status(struct setup *);

#endif
