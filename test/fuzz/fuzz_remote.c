/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the keys process reads of the mail process, and the other way round:
 * requests, replies, the parent's messages, and the picture of the keys. What
 * is accepted is written again as the same octets.
 */
#include "config.h"

#include <string.h>

#include "milter/control.h"
#include "remote/message.h"
#include "test/fuzz/fuzz.h"
#include "test/lib/pictured.h"

static void
check_request(struct str packet)
{
	unsigned char again[REMOTE_MAX_BYTES];
	struct remote_request r;
	size_t n;

	if (remote_request_parse(packet, &r) != STATUS_OK) {
		return;
	}
	n = remote_request_write(&r, again);
	FUZZ_CHECK(str_eq(packet, str_mem(again, n)));
}

static void
check_reply(struct str packet)
{
	unsigned char again[REMOTE_MAX_BYTES];
	struct remote_reply r;
	size_t n;

	if (remote_reply_parse(packet, &r) != STATUS_OK) {
		return;
	}
	n = remote_reply_write(&r, again);
	FUZZ_CHECK(str_eq(packet, str_mem(again, n)));
}

static void
check_control(struct str packet)
{
	char again[2 * DIAG_MAX_BYTES];
	struct control c, second;
	size_t n;

	if (control_parse(packet.p, packet.n, &c) != STATUS_OK) {
		return;
	}
	FUZZ_CHECK(c.diag.text[strnlen(c.diag.text, DIAG_MAX_BYTES - 1)] ==
	    '\0');
	n = control_write(&c, again, sizeof(again));
	FUZZ_CHECK(control_parse(again, n, &second) == STATUS_OK &&
	    second.kind == c.kind && second.number == c.number &&
	    strcmp(second.diag.text, c.diag.text) == 0);
}

static void
check_picture(struct str picture)
{
	static const struct env env;
	struct signers *signers;
	struct signers_picks picks;
	struct arena arena;
	struct diag diag;

	if (pictured_signers(&env, picture, &signers, &diag) != STATUS_OK) {
		FUZZ_CHECK(diag.text[0] != '\0');
		return;
	}
	arena_init(&arena, 1024 * 1024);
	if (signers_pick(signers, &arena, STR("joe"), STR("example.com"),
	    &picks) == STATUS_OK &&
	    signers_load(signers, &arena, &picks) == STATUS_OK) {
		signers_picks_fini(&picks);
	}
	arena_fini(&arena);
	signers_free(signers);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	struct str text = str_mem(data, n);

	check_request(text);
	check_reply(text);
	check_control(text);
	check_picture(text);
	return (0);
}
