/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stub: the backend that asks recursive resolvers through c-ares.
 *
 * c-ares sends the packets: sockets, ids, TCP, and it ignores what does not
 * match a query. Which server is asked is decided here, as c-ares (1.18)
 * starts every query with the first server, dead or alive, and takes each name
 * that is not answered for a failure of the server: each server has channels
 * of its own. When a question is asked again is decided here, too: c-ares 1.34
 * may take 250 ms for a timeout, whatever it was told, and closes the socket
 * at which a late answer would come.
 *
 * One thread does everything; submit only puts the question on a list and
 * wakes the thread. This is how a server's state changes:
 *
 *	up	it answered. Any answer to any question counts, whatever its
 *		rcode: a resolver that is slow for some names is not dead.
 *	suspect	it was asked STUB_SUSPECT_US ago or more and has answered
 *		nothing since, or refused a packet. It is probed with a
 *		question for the root's name servers, one at a time;
 *		questions go to another server that is up.
 *	down	a probe failed, too. It is probed further; when it answers it
 *		is up again.
 *
 * A question goes to the first server that is up. Without an answer it is
 * asked again there, beside the first time, after STUB_AGAIN_US and then after
 * twice as long each time; whichever answer comes first is taken. It moves on
 * when the server fails, or answers with an error; after STUB_SECOND_US without
 * an answer it is asked of another server, too. After the timeout it is asked
 * no more, and half a timeout later it ends: who asked waits no longer, but
 * the answer can still be kept for the next one.
 *
 * While all servers are down, questions wait for STUB_GRACE_US since that
 * began, as a resolver may only be restarting; after that they fail at once.
 * Only if a server answered some question since this one was asked does its
 * failure count as one of its name.
 *
 * A truncated answer is asked for again over TCP, in another channel than the
 * questions over UDP: when a TCP connection ends, c-ares 1.18 closes all
 * sockets of its channel and sends all its queries again, which uses up their
 * tries. A server that closes connections so only loses the questions that
 * share one, and of STUB_TCP_CHANNELS the one with the fewest is taken.
 *
 * A channel whose own resources fail is replaced. So is one that sent
 * STUB_CHANNEL_QUERIES: c-ares 1.18 keeps its UDP socket, and with it the
 * source port, while any query is in flight. One that waits for answers takes
 * no more questions when it is half as old as a question can get; it ends when
 * the last one it took is that old.
 */
#ifndef DNS_STUB_H
#define DNS_STUB_H

#include <sys/queue.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/status.h"
#include "base/str.h"
#include "dns/dns.h"
#include "dns/name.h"
#include "dns/servers.h"

#define STUB_SUSPECT_US		UINT64_C(1000000)
#define STUB_PROBE_US		UINT64_C(250000)
#define STUB_PROBE_WAIT_US	UINT64_C(500000)
#define STUB_GRACE_US		UINT64_C(2000000)
#define STUB_SECOND_US		UINT64_C(2000000)
#define STUB_AGAIN_US		UINT64_C(1000000)
#define STUB_RESOLV_CONF_US	UINT64_C(2000000)
#define STUB_CHANNEL_QUERIES	256
#define STUB_CHANNEL_US		UINT64_C(1000000)	/* its age at least */
#define STUB_OLD_CHANNELS	16	/* of one server */
#define STUB_TCP_CHANNELS	16	/* of one server */
/* Times that a question is sent, over all servers, but for those beside. */
#define STUB_MAX_ATTEMPTS	4
#define STUB_TICK_US		UINT64_C(100000)	/* between looks at
							   what is due */
#define STUB_MAX_FDS		512

enum stub_outcome {		/* of one attempt */
	STUB_ANSWERED,
	STUB_REFUSED,		/* by the server's host or port, or its answer
				   was malformed */
	STUB_NO_ANSWER,
	STUB_ABANDONED,		/* its channel ended */
	STUB_OUR_FAILURE	/* no memory, no socket */
};

enum stub_state { STUB_UP, STUB_SUSPECT, STUB_DOWN };

struct channel;
LIST_HEAD(channel_list, channel);

struct stub_server {
	struct dns_server	 where;
	struct stub		*stub;
	struct channel		*channel;	/* for new questions; NULL */
	struct channel_list	 old;		/* until their queries end */
	struct channel		*probe;		/* NULL: none in flight */
	struct channel		*tcp[STUB_TCP_CHANNELS];	/* or NULL */
	enum stub_state		 state;
	uint64_t		 answered_us;	/* last; 0: never */
	uint64_t		 waiting_us;	/* asked, and no answer since
						   then; 0: not waiting */
	uint64_t		 failed_us;	/* not up since then */
	uint64_t		 probe_us;	/* when to probe next */
	unsigned		 attempts;	/* of open questions; probes */
	bool			 must_move;	/* questions, to another one */
	bool			 said;		/* that it is down */
};

struct question {
	TAILQ_ENTRY(question)	 link;		/* submitted, open or parked */
	void			*cookie;	/* NULL: it is answered */
	struct stub_server	*server;	/* asked last; NULL: none */
	struct dns_name		 name;
	enum dns_type		 type;
	uint64_t		 since_us;
	uint64_t		 again_us;	/* when it is asked again */
	uint64_t		 wait_us;	/* the time until then */
	unsigned		 asked;		/* a bit for each server */
	unsigned		 answered;	/* a bit for each server: it
						   gave an error, or a
						   truncated answer */
	unsigned		 sent;		/* not counting those beside */
	/* Attempts in flight, of each server. */
	unsigned		 udp[DNS_SERVERS_MAX], tcp[DNS_SERVERS_MAX];
	unsigned		 refs;		/* of a list, of attempts */
	bool			 is_parked;
	bool			 is_second;	/* it was tried elsewhere after
						   STUB_SECOND_US */
	bool			 is_refused;	/* a server answered SERVFAIL
						   and the like */
};
TAILQ_HEAD(question_list, question);

struct stub_fds {		/* what the thread waits for */
	struct pollfd		 v[STUB_MAX_FDS];	/* 0: the wake pipe */
	struct channel		*owner[STUB_MAX_FDS];
	size_t			 n;
	size_t			 n_open;	/* channels with queries */
};

struct attempt {		/* one question at one server */
	struct question		*question;	/* NULL: a probe */
	struct stub_server	*server;
	struct channel		*channel;
	uint64_t		 sent_us;
	bool			 is_tcp;	/* the answer over UDP was
						   truncated */
};

struct stub {
	struct env		 env;
	uint64_t		 timeout_us;
	uint64_t		 late_us;	/* how old a question can get */
	char			*resolv_conf;	/* NULL: servers are named */
	pthread_t		 thread;
	bool			 is_running;
	int			 wake[2];	/* a pipe */
	atomic_uint		 servers_up;
	atomic_uint		 servers_n;
	_Atomic uint64_t	 answered_us;	/* by any server, last; 0 */

	pthread_mutex_t		 lock;		/* of the next two */
	struct question_list	 submitted;
	bool			 is_ending;

	/* Of the thread. */
	struct stub_server	 servers[DNS_SERVERS_MAX];
	size_t			 n;
	struct question_list	 open;		/* sent, without an answer */
	struct question_list	 parked;	/* for a server to be up */
	unsigned		 n_up;
	uint64_t		 down_us;	/* all are, since then; 0 */
	bool			 said_down;	/* of these servers */
	uint64_t		 outage_us;	/* said: no server answers
						   since then; 0 */
	bool			 is_freeing;
	bool			 said_failure;	/* of our own */
	struct stat		 resolv_conf_st;
	uint64_t		 resolv_conf_us;	/* when to look next */
	uint64_t		 tick_us;	/* of the next one */
	struct stub_fds		 fds;
};

enum status	 dns_new_stub(const struct dns_opts *, struct dns **r,
		    struct diag *) ATTR_MUST_CHECK;

/* stub_question.c: the way of a question from server to server. */
void		 stub_ask(struct stub *, struct question *, uint64_t now_us);
/* packet is only valid during the call. */
void		 stub_attempt_ended(struct attempt *, enum stub_outcome,
		    struct str packet);
/* Asks the questions of the server elsewhere, if there is another one. */
void		 stub_move_questions(struct stub *, struct stub_server *,
		    uint64_t now_us);
/*
 * Asks questions that have been open for long again, and at a second server;
 * ends those that are too late.
 */
void		 stub_ask_again(struct stub *, uint64_t now_us);
/* Asks the parked questions if a server is up; ends them if all are down. */
void		 stub_settle_parked(struct stub *, uint64_t now_us);
/* Ends all without an answer. */
void		 stub_drop_questions(struct stub *);

/* stub_server.c: whether servers answer. */
/* The index of the server to ask next; -1: none. */
int		 stub_choose_server(const struct stub *, unsigned asked);
void		 stub_server_sent(struct stub_server *, uint64_t now_us);
void		 stub_server_answered(struct stub_server *, uint64_t now_us);
/* It need not answer so many attempts any more. */
void		 stub_server_forget(struct stub_server *, unsigned attempts);
/* A question that was sent at sent_us was refused. */
void		 stub_server_refused(struct stub_server *, uint64_t sent_us,
		    uint64_t now_us);
void		 stub_probe_failed(struct stub_server *, enum stub_outcome,
		    uint64_t now_us);
/* Suspects, probes and gives up servers, and says so. True: all are up. */
bool		 stub_check_servers(struct stub *, uint64_t now_us);
void		 stub_count_servers(void *stub, struct dns_stats *);
/* Whether any server answered since then. */
bool		 stub_is_answering(void *stub, uint64_t since_us);
/* Takes the place of those before; in-flight attempts are abandoned. */
void		 stub_set_servers(struct stub *, const struct dns_servers *);
void		 stub_free_channels(struct stub_server *);

/* stub_channel.c: the only place that sees c-ares. */
/*
 * Sends the query through the server's channel, or one for TCP or a probe.
 * stub_attempt_ended() may be called before this returns; not when it returns
 * another status than OK.
 */
enum status	 channel_send(struct stub_server *, struct attempt *,
		    const unsigned char *query, size_t n, uint64_t now_us)
		    ATTR_MUST_CHECK;
/* Their attempts end as STUB_ABANDONED, or as STUB_NO_ANSWER if they are late,
   during the call. */
void		 channel_free(struct channel *);	/* NULL is valid */
void		 channel_free_list(struct channel_list *);
/* Frees channels that have ended, are late, or old and too many. */
void		 channel_tidy(struct stub_server *, uint64_t now_us);
/* Adds the sockets of the server's channels. */
void		 channel_add_fds(struct stub_server *, struct stub_fds *);
/* The first one is not a channel's. */
void		 channel_process_fds(const struct stub_fds *);

#endif
