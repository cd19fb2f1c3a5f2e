/* SPDX-License-Identifier: BSD-2-Clause */
/* rotate: one run of dkimkeygen rotate. */
#ifndef KEYS_ROTATE_H
#define KEYS_ROTATE_H

#include "keys/look.h"
#include "keys/opts.h"

struct rotation {		/* one run */
	struct store		*store;
	const struct verb_opts	*opts;
	struct looker		 looker;
	const char		*how;		/* records are published */
	const char		*disclose;	/* a folder; NULL */
	json_t			*domains;	/* --json */
	bool			 failed;	/* something did */
};

struct rotated {		/* one domain; arrays in the store's arena */
	struct str		 domain;
	struct keystore_key	*v;
	size_t			 n;
	struct life_found	*found;
	struct look		*looks;
	struct str		*notes;		/* v[i].note becomes this */
	bool			*looked;	/* looks[i] is up to date */
	bool			*stuck;		/* v[i] is left as it is, for
						   the rest of the run */
	struct buf		 text;		/* what was done and is waited
						   for */
	json_t			*steps;		/* the same, for --json */
	json_t			*waits;
};

/* With keys that were listed. False: said why; rotated_fini in any case. */
bool	 rotated_init(struct rotation *, struct rotated *,
	    struct keystore_key *v, size_t n);
/* Reads the keys again. False: said why. */
bool	 rotated_reload(struct rotation *, struct rotated *);
void	 rotated_fini(struct rotated *);

enum rotated_lock {
	ROTATED_LOCKED,		/* and the store has the keys as in v */
	ROTATED_STALE,		/* not locked: another process changed them */
	ROTATED_FAILED		/* not locked; said why */
};
/* Around a change of the store. No lock is held while DNS is asked or a record
   is published: then the keys may change, which shows here. */
enum rotated_lock	 rotated_lock(struct rotation *, struct rotated *);
void	 rotated_unlock(struct rotation *, struct rotated *);

/* Does the step. False: nothing more can be done for the domain. */
bool	 rotated_step(struct rotation *, struct rotated *, size_t i,
	    const struct life_step *);

/* A step, in the domain's line. */
void	 rotated_say(struct rotated *, const struct keystore_key *,
	    const char *fmt, ...) ATTR_PRINTF(3, 4);
/* What v[i] waits for, in the domain's line and as its note. */
void	 rotated_say_wait(struct rotation *, struct rotated *, size_t i,
	    const struct life_step *);
/* Saves the notes that have changed. */
void	 rotated_save_notes(struct rotation *, struct rotated *);
/* Prints the line, or adds to what --json prints. */
void	 rotated_print(struct rotation *, struct rotated *);

#endif
