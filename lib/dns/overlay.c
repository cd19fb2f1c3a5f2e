/* SPDX-License-Identifier: BSD-2-Clause */
#include <pthread.h>
#include <stdlib.h>

#include "dns/name.h"
#include "dns/overlay.h"
#include "dns/resolver.h"

struct replaced {		/* one name */
	struct dns_name		 name;
	enum dns_result		 result;
	char			*text;		/* of all records */
	struct dns_record	 v[OVERLAY_MAX_RECORDS];
	size_t			 n;
};

struct dns_overlay {
	struct dns		*below;
	pthread_mutex_t		 lock;		/* of what follows */
	struct replaced		*v[OVERLAY_MAX_NAMES];
	size_t			 n;
};

static void
replaced_free(struct replaced *r)
{
	if (r != NULL) {
		free(r->text);
		free(r);
	}
}

/* Where the name is; n: it is not there. */
static size_t
find_replaced(const struct dns_overlay *o, struct str name)
{
	size_t i;

	for (i = 0; i < o->n; i++) {
		if (str_eq(dns_name_str(&o->v[i]->name), name)) {
			break;
		}
	}
	return (i);
}

static enum status
overlay_submit(void *backend, struct str name, enum dns_type type,
    void *cookie)
{
	struct dns_overlay *o = backend;
	struct dns_answer answer;
	bool found;
	size_t i;

	(void)pthread_mutex_lock(&o->lock);
	i = type == DNS_TXT || type == DNS_CNAME ? find_replaced(o, name) :
	    o->n;
	found = i < o->n;
	if (found) {
		answer = type == DNS_TXT ? (struct dns_answer){
			.result = o->v[i]->result, .v = o->v[i]->v,
			.n = o->v[i]->n } : (struct dns_answer){
			.result = o->v[i]->n > 0 ? DNS_NODATA :
			o->v[i]->result };
		dns_backend_done(cookie, &answer);
	}
	(void)pthread_mutex_unlock(&o->lock);
	return (found ? STATUS_OK : o->below->ops->submit(o->below->backend,
	    name, type, cookie));
}

static void
overlay_free(void *backend)
{
	struct dns_overlay *o = backend;
	size_t i;

	dns_release(o->below);
	for (i = 0; i < o->n; i++) {
		replaced_free(o->v[i]);
	}
	(void)pthread_mutex_destroy(&o->lock);
	free(o);
}

static const struct dns_backend_ops overlay_ops = {
	.submit = overlay_submit, .free = overlay_free
};

enum status
dns_new_overlay(const struct dns_opts *opts, struct dns *below,
    struct dns **r, struct dns_overlay **overlay_r)
{
	struct dns_overlay *o = calloc(1, sizeof(*o));

	*r = NULL;
	*overlay_r = o;
	if (o == NULL || pthread_mutex_init(&o->lock, NULL) != 0) {
		dns_release(below);
		free(o);
		return (STATUS_NOMEM);
	}
	o->below = below;
	return (dns_new_backend(opts, &overlay_ops, o, r));
}

static struct replaced *
make_replaced(const struct dns_name *name, enum dns_result result,
    const struct str *v, size_t n)
{
	struct replaced *r = calloc(1, sizeof(*r));
	size_t i, bytes = 1;
	char *p;

	for (i = 0; i < n; i++) {
		bytes += v[i].n;
	}
	p = malloc(bytes);
	if (r == NULL || p == NULL) {
		free(r);
		free(p);
		return (NULL);
	}
	r->name = *name;
	r->result = n > 0 ? DNS_OK : result;
	r->text = p;
	for (i = 0; i < n; i++) {
		if (v[i].n > 0) {
			memcpy(p, v[i].p, v[i].n);
		}
		r->v[r->n++].data = str_mem(p, v[i].n);
		p += v[i].n;
	}
	return (r);
}

enum status
dns_overlay_set(struct dns_overlay *o, struct str text,
    enum dns_result result, const struct str *v, size_t n)
{
	enum status status = STATUS_OK;
	struct dns_name name;
	struct replaced *r;
	size_t i;

	if (!dns_name_make(text, &name)) {
		return (STATUS_SYNTAX);
	}
	if (n > OVERLAY_MAX_RECORDS) {
		return (STATUS_LIMIT);
	}
	r = make_replaced(&name, result, v, n);
	if (r == NULL) {
		return (STATUS_NOMEM);
	}
	(void)pthread_mutex_lock(&o->lock);
	i = find_replaced(o, dns_name_str(&name));
	if (i < o->n) {
		replaced_free(o->v[i]);
		o->v[i] = r;
	} else if (o->n < OVERLAY_MAX_NAMES) {
		o->v[o->n++] = r;
	} else {
		replaced_free(r);
		status = STATUS_LIMIT;
	}
	(void)pthread_mutex_unlock(&o->lock);
	return (status);
}
