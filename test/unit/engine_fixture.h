/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine_fixture: what the tests of lib/engine and lib/second share: keys, a
 * zone that publishes them, a configuration and an engine that uses both, and
 * functions that run a message through it and apply its actions. A failure
 * in here ends the test program.
 */
#ifndef TEST_UNIT_ENGINE_FIXTURE_H
#define TEST_UNIT_ENGINE_FIXTURE_H

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "engine/message.h"
#include "mail/lines.h"
#include "mail/message.h"

#define FX_NOW_S	1700000000
#define FX_MAX_BYTES	(64 * 1024 * 1024)

struct fx {
	char			 dir[64];
	struct env		 env;
	int64_t			 now_s;
	struct buf		 log;		/* lines, each with its \n */
	pthread_mutex_t		 log_lock;
	struct crypto		*crypto;
	struct privkey		*rsa;
	struct privkey		*ed;
	struct dns		*dns;
	struct conf		*conf;
	struct second		*second;
	struct engine_stats	*stats;
	struct key_checks	*key_checks;	/* NULL unless a test sets it */
	struct report_collector	*reports;	/* as above */
	const char		*mark_secret;	/* as above */
	struct engine		*engine;
};

struct fx_mail {		/* the envelope of a message */
	const char	*ip;	/* NULL: no address */
	const char	*host;
	const char	*auth_authen;
	const char	*auth_type;
	const char	*daemon_name;
	const char	*mta_name;
	const char	*helo;		/* NULL: client.example */
	const char	*mail_from;	/* NULL: <joe@example.com> */
	const char	*mailers;	/* of recipients, separated by spaces;
					   NULL: no recipients */
	size_t		 chunk;	/* of the body; 0: all at once */
};

struct fx_client {
	struct engine_client	 client;
	struct ip_addr		 ip;
};

#define FX_VERIFY	"AuthservID mx.example.net\nMode v\n"
#define FX_SIGN		"AuthservID mx.example.net\nMode sv\n" \
	"Domain example.com\nSelector rsa\nKeyFile @DIR@/rsa\n"
#define FX_SIGN_BOTH	FX_SIGN "Selector ed\nKeyFile @DIR@/ed\n"

void	 fx_die(const char *what, const char *why);
/* Everything but the configuration. extra: more zone text. */
void	 fx_init(struct fx *, const char *extra);
void	 fx_fini(struct fx *);
/* Makes a new engine; in the text @DIR@ is fx->dir, @AT@ is "@". */
void	 fx_configure(struct fx *, const char *text);
/* A file in fx->dir. */
void	 fx_path(const struct fx *, const char *name, char path_r[128]);
void	 fx_write(const struct fx *, const char *name, struct str text);

/* MAIL, its macros and the recipients. */
struct engine_msg	*fx_begin(struct fx *, const struct fx_mail *,
			    struct fx_client *);
void	 fx_play_header(struct engine_msg *, const struct message *);
void	 fx_play_body(struct engine_msg *, struct str body, size_t chunk);
/* All events; the outcome lives until engine_msg_free. */
struct engine_msg	*fx_run(struct fx *, const struct fx_mail *,
			    struct fx_client *, struct str text);
/* Appends the message as the next hop gets it. */
void	 fx_apply(const struct engine_outcome *, struct str text,
	    struct buf *r);
/* A message with that queue ID: its direction, and as the next hop gets it. */
enum engine_direction	 fx_play_queued(struct fx *, const struct fx_mail *,
			    const char *queue_id, struct str text,
			    struct buf *left);
/* Signs text for an authenticated client and appends the result. */
void	 fx_sign(struct fx *, const char *conf, const char *text,
	    struct buf *r);

/* What happens to a message on its way. */
typedef void	 fx_change(struct str text, struct buf *r);
void	 fx_keep(struct str text, struct buf *r);
void	 fx_add_footer(struct str text, struct buf *r);
/* Replaces the first `from`, which must be there. */
void	 fx_replace(struct str text, const char *from, const char *to,
	    struct buf *r);
/* Breaks long lines as the MTA's client does. */
void	 fx_break_lines(struct lines_rule, struct str text, struct buf *r);

bool	 fx_contains(struct str, const char *part);
size_t	 fx_count(struct str, const char *part);
/* Verifies the message, from outside: how many signatures pass. */
size_t	 fx_count_passing(struct fx *, struct str text);
/* The words of the outcome. */
struct str	 fx_verdict(const struct engine_outcome *);
struct str	 fx_rule(const struct engine_outcome *);
struct str	 fx_exempt(const struct engine_outcome *);

#endif
