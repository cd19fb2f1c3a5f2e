/* SPDX-License-Identifier: BSD-2-Clause */
/* One GET, and the whole response (RFC 9112, as HTTP/1.0 so that it ends with
   the connection and is in one piece). */
#include "probe/private.h"

void
https_step(struct probe *p)
{
	if (p->stage == PROBE_AT_HANDSHAKE && p->encrypted) {
		p->stage = PROBE_AT_RESPONSE;
		wire_send(p, "GET %.*s HTTP/1.0\r\nHost: %.*s\r\n"
		    "User-Agent: mailseal\r\nAccept: text/plain\r\n"
		    "Connection: close\r\n\r\n", STR_FMT(p->path),
		    STR_FMT(p->host));
	}
	if (p->end == PROBE_OPEN && p->wire->ended) {
		p->response = arena_dup(p->wire->arena,
		    buf_str(&p->wire->in));
		probe_end(p, p->response.p == NULL ? PROBE_NO_MEMORY :
		    p->response.n == 0 ? PROBE_CLOSED : PROBE_COMPLETE);
	}
}
