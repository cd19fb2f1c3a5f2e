/* SPDX-License-Identifier: BSD-2-Clause */
/* rotate: one run of dkimkeygen rotate, from inside. */
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
	json_t			*told;		/* --json: of each domain */
	bool			 failed;	/* something did */
};

struct rotated {		/* one domain; arrays in the store's arena */
	struct str		 domain;
	struct keystore_key	*v;
	struct found		*found;
	struct look		*looks;
	bool			*looked;	/* looks[i] is of now */
	bool			*stuck;		/* no more of it in this run */
	size_t			 n;
	struct buf		 text;		/* what was done; what it waits
						   for */
	json_t			*steps;		/* the same, for --json */
	json_t			*waits;
};

/* Its keys. False: said why. */
bool	 rotated_load(struct rotation *, struct rotated *);
void	 rotated_fini(struct rotated *);
/* Said in the domain's line. */
void	 rotated_tell(struct rotated *, const struct keystore_key *,
	    const char *fmt, ...) ATTR_PRINTF(3, 4);
/* What the key waits for, into the store: without the times that follow from its
   stage, so that it changes with the reason only. */
void	 rotated_note(struct rotation *, struct keystore_key *,
	    struct str note);
void	 rotated_tell_wait(struct rotation *, struct rotated *, size_t i,
	    const struct step *);
/* Prints the line, or adds to what --json prints. */
void	 rotated_print(struct rotation *, struct rotated *);
/* Does the step, once. False: the domain is done with for now. */
bool	 rotated_step(struct rotation *, struct rotated *, size_t i,
	    const struct step *);

#endif
