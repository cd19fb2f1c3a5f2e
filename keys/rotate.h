/* SPDX-License-Identifier: BSD-2-Clause */
/* rotate: one run of dkimkeygen rotate. */
#ifndef KEYS_ROTATE_H
#define KEYS_ROTATE_H

#include "keys/look.h"
#include "keys/notify.h"
#include "keys/opts.h"
#include "keys/publish.h"

struct rotation {		/* one run */
	struct store		*store;
	const struct verb_opts	*opts;
	struct looker		 looker;
	const char		*how;		/* records are published */
	const char		*disclose;	/* a folder; NULL */
	bool			 by_hand;	/* it is print */
	bool			 checks;	/* all active keys */
	struct notice		 notice;
	json_t			*domains;	/* --json */
	bool			 failed;	/* something did */
	struct cli_progress	 progress;
};

struct rotated {		/* one domain; arrays in the store's arena */
	struct str		 domain;
	struct keystore_key	*v;
	size_t			 n;
	struct life_found	*found;
	const int64_t		*reporters;	/* reported.h; NULL: not yet */
	struct look		*looks;
	struct str		*notes;		/* v[i].note becomes this */
	struct str		*first_notes;	/* of v[i], before this run */
	bool			*changed;	/* v[i] was requested in another
						   way */
	bool			*looked;	/* looks[i] is up to date */
	bool			*stuck;		/* v[i] is left as it is, for
						   the rest of the run */
	bool			*said;		/* what to publish for v[i] has
						   been printed */
	struct buf		 text;		/* what was done and is waited
						   for */
	bool			 did;		/* something worth telling */
	bool			 reminds;	/* it is the hour of the day for
						   what is known already */
	json_t			*steps;		/* the same, for --json */
	json_t			*waits;
};

/* Takes all steps of the domain's keys that may be taken now. False: printed
   why. */
bool	 rotate_steps(struct rotation *, struct rotated *);
/* What v[i] does next. */
void	 rotate_next(const struct rotation *, const struct rotated *,
	    size_t i, struct life_step *r);

/* With keys that were listed. False: printed why; rotated_fini in any case. */
bool	 rotated_init(struct rotation *, struct rotated *,
	    struct keystore_key *v, size_t n);
/* Reads the keys again. False: printed why. */
bool	 rotated_reload(struct rotation *, struct rotated *);
void	 rotated_fini(struct rotated *);

enum rotated_lock {
	ROTATED_LOCKED,		/* and the store has the keys as in v */
	ROTATED_STALE,		/* not locked: another process changed them */
	ROTATED_FAILED		/* not locked; printed why */
};
/* Around a change of the store. No lock is held while DNS is asked or a record
   is published: then the keys may change, which shows here. */
enum rotated_lock	 rotated_lock(struct rotation *, struct rotated *);
void	 rotated_unlock(struct rotation *, struct rotated *);

/* Does the step. False: nothing more can be done for the domain. */
bool	 rotated_step(struct rotation *, struct rotated *, size_t i,
	    const struct life_step *);

/* Whether the note differs from that before the run, or is to be repeated. */
bool	 rotated_is_news(const struct rotated *, size_t i, struct str note);
/* A step, in the domain's line. */
void	 rotated_say(struct rotated *, const struct keystore_key *,
	    const char *fmt, ...) ATTR_PRINTF(3, 4);
/* What v[i] waits for, in the domain's line and as its note. */
void	 rotated_say_wait(struct rotation *, struct rotated *, size_t i,
	    const struct life_step *);
/* "publish its record (dkimkeygen record -d ... prints it)" */
struct str	 rotated_task(struct rotation *, const struct keystore_key *,
		    enum publish_what);
/* Saves the notes that have changed. */
void	 rotated_save_notes(struct rotation *, struct rotated *);
/* Prints the line, or adds to what --json prints. */
void	 rotated_print(struct rotation *, struct rotated *);

#endif
