/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backend: the source of answers that are not in the cache. A new resolver is
 * one file that fills in this table.
 *
 * submit starts a look-up and never blocks. For each submit that returned
 * STATUS_OK the backend calls dns_backend_done() or dns_backend_failed() once
 * with the same cookie, from any thread, maybe before submit returns; or
 * never: a question open for dns_opts.timeout_us reads as DNS_TIMEOUT, but its
 * cookie stays valid for a late answer. After any other status neither must be
 * called.
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
	/* When it returns no thread of the backend runs any more. */
	void		(*free)(void *backend);
	/* How many name servers there are and answer; NULL: no servers. */
	void		(*count_servers)(void *backend, struct dns_stats *);
	/*
	 * Whether a name server answered any question since then; NULL: not
	 * known, which counts as yes. It must not block.
	 */
	bool		(*is_answering)(void *backend, uint64_t since_us);
	/* Answers without a network: no zone of it is held to fail. */
	bool		is_local;
};

/*
 * Delivers an answer; everything is copied. The records' limits
 * (DNS_TXT_MAX_BYTES, DNS_MAX_RECORDS) are enforced here: records beyond them
 * are dropped, and an answer with none left is DNS_SERVFAIL.
 */
void		 dns_backend_done(void *cookie, const struct dns_answer *);
/*
 * There is no answer for a reason that has nothing to do with the name: no
 * memory, no socket, no name server that answers. Whoever waits sees
 * DNS_SERVFAIL; nothing is remembered.
 */
void		 dns_backend_failed(void *cookie);

/* Takes the backend, which is freed even when this fails. */
enum status	 dns_new_backend(const struct dns_opts *,
		    const struct dns_backend_ops *, void *backend,
		    struct dns **r) ATTR_MUST_CHECK;

#endif
