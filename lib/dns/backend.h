/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend: what answers the questions that the cache cannot. A new resolver is
 * one file that fills in this table.
 *
 * submit starts a look-up and never blocks. For each submit that returned
 * STATUS_OK the backend calls dns_backend_done() once with the same cookie,
 * from any thread, maybe before submit returns; or never: a question open
 * for dns_opts.timeout_us reads as DNS_TIMEOUT, and its cookie is then good
 * for a late answer still. After any other status it must not be called.
 */
#ifndef DNS_BACKEND_H
#define DNS_BACKEND_H

#include "base/status.h"
#include "base/str.h"
#include "dns/dns.h"

struct dns_backend_ops {
	/* name: as in dns/name.h, valid during the call. */
	enum status	(*submit)(void *backend, struct str name,
			    enum dns_type, void *cookie);
	/* When it returns no thread of the backend's runs any more. */
	void		(*free)(void *backend);
};

/*
 * Hands in what was found; everything is copied. The records' limits
 * (DNS_TXT_MAX_BYTES, DNS_MAX_RECORDS) are held here: what is beyond is
 * dropped, and an answer with nothing left is DNS_SERVFAIL.
 */
void		 dns_backend_done(void *cookie, const struct dns_answer *);

/* Takes the backend, which is freed when this fails, too. */
enum status	 dns_new_backend(const struct dns_opts *,
		    const struct dns_backend_ops *, void *backend,
		    struct dns **r) ATTR_MUST_CHECK;

#endif
