/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "milter/resolvers.h"

#define RESOLV_CONF	"/etc/resolv.conf"

struct resolver_before {
	struct resolver_before	*next;
	struct dns		*dns;
};

static bool
same_text(const char *a, const char *b)
{
	return (a == NULL || b == NULL ? a == b : strcmp(a, b) == 0);
}

static bool
same_options(const struct conf *a, const struct conf *b)
{
	size_t i;

	/* Zone text is read again; its cache is worth nothing. */
	if (a->zone != NULL || b->zone != NULL ||
	    a->dns_timeout_us != b->dns_timeout_us ||
	    !same_text(a->trust_anchor_file, b->trust_anchor_file) ||
	    a->nameservers.n != b->nameservers.n) {
		return (false);
	}
	for (i = 0; i < a->nameservers.n; i++) {
		if (!str_eq(a->nameservers.v[i], b->nameservers.v[i])) {
			return (false);
		}
	}
	return (true);
}

static void
stat_file(const char *path, struct stat *r)
{
	if (stat(path, r) == -1) {
		*r = (struct stat){ .st_size = -1 };
	}
}

/* Called before they are read: a change in between is found next time. */
static void
stat_files(const struct conf *conf, struct resolver_files *r)
{
	*r = (struct resolver_files){ .anchor = { .st_size = 0 } };
	if (conf->trust_anchor_file != NULL) {
		stat_file(conf->trust_anchor_file, &r->anchor);
	}
	if (conf->nameservers.n == 0) {
		stat_file(RESOLV_CONF, &r->resolv_conf);
	}
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return (a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec);
}

static enum status
make_resolver(const struct conf *conf, const struct env *env, struct dns **r,
    struct diag *diag)
{
	struct dns_opts opts;
	struct diag why;
	enum status status;

	diag_init(&why);
	dns_opts_init(&opts);
	opts.env = env;
	opts.cache_max_bytes = RESOLVERS_CACHE_MAX_BYTES;
	opts.nameservers = conf->nameservers.v;
	opts.nameservers_n = conf->nameservers.n;
	opts.trust_anchor_file = conf->trust_anchor_file;
	opts.timeout_us = conf->dns_timeout_us;
	status = conf->zone != NULL ?
	    dns_new_zone(&opts, conf->zone, r, &why) :
	    dns_new_resolver(&opts, r, &why);
	if (status != STATUS_OK) {
		diag_set(diag, conf->zone != NULL ? "Zone" : "DNS", 0, "%s",
		    why.text);
	}
	return (status);
}

enum status
resolvers_choose(const struct resolvers *all, const struct conf *old,
    const struct conf *conf, const struct env *env, struct resolver_choice *r,
    struct diag *diag)
{
	enum status status;

	*r = (struct resolver_choice){ .dns = NULL };
	stat_files(conf, &r->files);
	if (old != NULL && same_options(old, conf) &&
	    same_file(&all->files.anchor, &r->files.anchor) &&
	    same_file(&all->files.resolv_conf, &r->files.resolv_conf)) {
		r->dns = dns_hold(all->now);
		return (STATUS_OK);
	}
	r->place = calloc(1, sizeof(*r->place));
	if (r->place == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	status = make_resolver(conf, env, &r->dns, diag);
	if (status != STATUS_OK) {
		resolvers_drop(r);
	}
	return (status);
}

void
resolvers_drop(struct resolver_choice *choice)
{
	dns_release(choice->dns);
	free(choice->place);
	*choice = (struct resolver_choice){ .dns = NULL };
}

void
resolvers_take(struct resolvers *all, struct resolver_choice *choice)
{
	struct resolver_before *place = choice->place;

	if (place == NULL || all->now == NULL) {
		dns_release(all->now);
		free(place);
	} else {
		/* Messages in flight may still use it. */
		*place = (struct resolver_before){ all->before, all->now };
		all->before = place;
	}
	all->now = choice->dns;
	all->files = choice->files;
}

bool
resolvers_sweep(struct resolvers *all)
{
	struct resolver_before **at = &all->before, *before;

	while ((before = *at) != NULL) {
		if (dns_is_shared(before->dns)) {
			at = &before->next;
			continue;
		}
		*at = before->next;
		dns_release(before->dns);
		free(before);
	}
	return (all->before != NULL);
}

void
resolvers_fini(struct resolvers *all)
{
	(void)resolvers_sweep(all);
	dns_release(all->now);
	all->now = NULL;
}
