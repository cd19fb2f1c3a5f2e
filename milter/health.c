/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "milter/health.h"

bool
health_check(struct live *live, struct buf *why)
{
	struct dns_stats dns;
	unsigned peers = atomic_load(&live->peers);

	if (atomic_load(&live->stopping)) {
		buf_add_cstr(why, "stopping: waiting for messages in flight");
		return (false);
	}
	if (atomic_load(&live->board->meter.socket_lost)) {
		buf_add_cstr(why, "the socket was removed or replaced: no MTA "
		    "can connect");
		return (false);
	}
	if (peers >= live->peers_max) {
		buf_printf(why, "%u connections: no more are accepted, raise "
		    "the limit on open files", peers);
		return (false);
	}
	if (atomic_load(&live->budget.exceeded)) {
		buf_add_cstr(why, "the messages in flight fill MaximumMemory: "
		    "others are deferred");
		return (false);
	}
	live_get_dns_stats(live, &dns);
	if (dns.servers > 0 && dns.servers_up == 0 &&
	    atomic_load(&live->needs_dns)) {
		buf_add_cstr(why, "no name server answers");
		return (false);
	}
	return (true);
}
