/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setup_state: what mailseal setup has made on this host, so that it can be
 * taken back: a small JSON object for each domain, and one for the host, in a
 * directory that only root may enter: undo believes what is in it. A file is
 * replaced as a whole. One process at a time holds the directory.
 */
#ifndef TOOLS_SETUP_STATE_H
#define TOOLS_SETUP_STATE_H

#include <stdbool.h>

#include <jansson.h>

#include "base/diag.h"
#include "base/str.h"

#define SETUP_STATE_MAX_BYTES	(64 * 1024)
#define SETUP_FILE_MAX_BYTES	(16 * 1024 * 1024)	/* main.cf */

struct setup_state {
	int		 dir;		/* -1: there is none */
	const char	*path;		/* of it */
	char		 name[280];	/* of the domain's file */
	json_t		*domain;	/* never NULL once open */
	json_t		*host;		/* what all domains share */
};

/* create: makes the directory and locks it; else what is there is read, if
   this user may. False: the diag says why. */
bool	 setup_state_open(struct setup_state *, const char *path,
	    struct str domain, bool create, struct diag *);
void	 setup_state_close(struct setup_state *);
/* Sets and saves one value of an object, or removes it (NULL). */
bool	 setup_state_set(struct setup_state *, json_t *object,
	    const char *key, json_t *value, struct diag *);
const char	*setup_state_get(const json_t *object, const char *key);
/* Whether other domains were set up here. */
bool	 setup_state_has_others(const struct setup_state *);
/* Removes the object of the host, or else of the domain. */
bool	 setup_state_remove(struct setup_state *, const char *name,
	    struct diag *);

#define SETUP_STATE_HOST	"host"

#endif
