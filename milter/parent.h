/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parent: the process that the service manager, an operator and the pid file
 * know. It reads the configuration, opens the milter socket, and starts the
 * keys process (keys.h) and the mail process (mail.h). It has no thread, and
 * sees no mail, no private key and no network. It obeys the signals, and when
 * one of the other two dies it logs how and starts another.
 *
 * The socket is the parent's: while there is no mail process, connections wait
 * in its backlog.
 *
 * A load goes to the keys process first, then with its answer to the mail
 * process; if either refuses, or dies, nothing changes. One load is made at a
 * time; what is asked for meanwhile is done after it.
 *
 * Both are asked to answer at short intervals. One that does not, for the time
 * of the service manager's watchdog or a minute, is killed; while one that was
 * killed does not go away, the service manager gets no sign of life.
 *
 * No message is lost in silence. One that changes the state of a process, and
 * that it does not take, ends the process, so that the next one begins with
 * what is in service; STOP and LISTEN are sent again until they are taken.
 *
 * Connections between the two that have failed, or could not be made, are made
 * again, CONNECT_EVERY_US apart at least.
 *
 * A mail process that was taken over brings about few lines of the log: those
 * about its death, which are fewer if it dies often, and one within a minute
 * about connections that fail. It can shut down the socket, in all processes
 * that have it: then the socket is made again, and the process is killed, which
 * has no reason to do that.
 *
 * To stop is obeyed at any time. During the start it ends both processes at
 * once, since they may wait for a database and hold no mail. Later the mail
 * process ends first, with the messages in flight, and then the keys process:
 * at once if it starts or loads, for the same reason. While the daemon stops, a
 * process that dies is not started again.
 *
 * What the stop itself brings about is not reported as an error. A load that is
 * under way is forgotten and one that was asked for is not begun: neither has
 * failed. A process that was asked to end, or was ended as above, has not died.
 * What is reported is a process that ends by a signal that the parent did not
 * send, the sandbox's too, or that does not end in time.
 *
 * Both processes end when the parent does: the keys process at once (keys.h),
 * the mail process, which finds the other end of its pair closed, when the
 * messages in flight have an answer.
 */
#ifndef MILTER_PARENT_H
#define MILTER_PARENT_H

#include "base/ration.h"
#include "milter/background.h"
#include "milter/child.h"
#include "milter/kept_keys.h"
#include "milter/mail.h"
#include "milter/timer.h"

enum parent_step {		/* of a load */
	PARENT_IDLE,
	PARENT_KEYS,		/* the keys process builds a set */
	PARENT_MAIL		/* the mail process takes it */
};

enum parent_why {
	PARENT_RELOAD,		/* SIGHUP */
	PARENT_CHANGED,		/* SIGUSR2, or the keys process asks */
	PARENT_RESTARTED	/* the keys process has been started again */
};

struct parent_load {
	enum parent_step	 step;
	enum parent_why		 why;
	uint64_t		 set;
	struct conf		*conf;		/* of RELOAD; else NULL */
	int			 text;		/* the same; -1 */
	int			 rules;		/* the same; -1 */
	int			 picture;	/* -1: not yet */
};

struct parent {
	struct daemon		*daemon;
	struct child		 keys;
	struct child		 mail;
	/* in service */
	struct conf		*conf;		/* without private keys */
	int			 text;		/* its text, as a file */
	int			 rules;		/* the same for the mail
						   process: without what the
						   stores of keys take */
	int			 picture;	/* of the keys */
	uint64_t		 set;
	uint64_t		 last_set;	/* the highest number */
	struct kept_keys	 kept_keys;	/* of conf */
	unsigned		 texts;		/* how many were in service */
	unsigned		 keys_text;	/* which of them the keys
						   process began with */
	struct parent_load	 load;
	bool			 wants_reload;	/* after this load */
	bool			 wants_keys;
	bool			 wants_restarted;
	bool			 started;	/* the service is up */
	bool			 wants_listen;	/* the mail process shall take
						   the socket again */
	bool			 stopping;
	struct board_deaths	 deaths;	/* of mail processes */
	int			 exit_code;
	struct background	*caller;
	struct timer		 presence;
	struct timer		 report;	/* to the service manager */
	struct timer		 alive;		/* of the other two */
	bool			 wants_connect;
	bool			 connect_new;	/* that failed when one of
						   the two was new */
	bool			 told_unconnected;
	struct ration		 unconnected;	/* of that line */
	uint64_t		 connected_us;	/* at the last time */
};

/* parent_start.c: all of the service. What the others log, they log. On failure
   logs the reason. With OK it may be stopping: then nothing was started. */
enum daemon_exit	 parent_start(struct parent *);
/* One process. False: it could not be started, and is tried again. */
bool	 parent_start_keys(struct parent *);
bool	 parent_start_mail(struct parent *);

/* parent.c: ends a process, which is started again as any other that died. why:
   "does not answer". */
void	 parent_kill(struct parent *, struct child *, const char *why);
/* Sends what a process must have. If it is there and does not take it, it is
   killed: what it has in service is unknown. */
void	 parent_order(struct parent *, struct child *,
	    const struct control *);

/* parent_load.c */
void	 parent_ask(struct parent *, enum parent_why);
/* An answer of a process; status IO: it died. */
void	 parent_keys_loaded(struct parent *, struct control *);
void	 parent_mail_loaded(struct parent *, const struct control *);
/* A process that took part in it is dead. */
void	 parent_load_lost(struct parent *, const struct child *);
/* Nobody waits for its end any more; answers to it are skipped. */
void	 parent_forget_load(struct parent *);
/*
 * Reads the text of the configuration, and parses it without keys. The parent
 * forks the mail process, so that its memory has no secret either:
 * what opens a key store is in *text_r only, not in *conf_r nor in *rules_r.
 */
enum status	 parent_read(struct parent *, struct conf **conf_r,
		    int *text_r, int *rules_r, struct diag *) ATTR_MUST_CHECK;
/* Connects the two, if both are there. again: neither is new. */
void	 parent_connect(struct parent *, bool again);

/* parent_alive.c: whether the other two answer. At the start; when one has;
   by the timer. */
void	 parent_alive_init(struct parent *);
void	 parent_alive_heard(struct child *);
void	 parent_alive_ask(struct parent *);
/* False: one does not, and cannot be ended. */
bool	 parent_is_alive(const struct parent *);

#endif
