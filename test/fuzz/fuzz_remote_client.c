/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replies of a keys process that was taken over: a signature is taken only from
 * a reply to this request, with the length that the key makes; a key is loaded
 * only with a public half that is one. Whatever comes, the call returns.
 */
#include "config.h"

#include <unistd.h>

#include "remote/client.h"
#include "test/fuzz/fuzz.h"
#include "test/fuzz/packets.h"

#define SIGNATURE_BYTES	64	/* of Ed25519 */
#define STEP_US		60000000ULL	/* longer than any wait */

static const char signature[SIGNATURE_BYTES] = "a signature";
static uint64_t clock_us;
static uint64_t next_seq;
static struct remote_said said;
static struct crypto *crypto;
static struct remote_client *client;
static struct signers_remote signers;
static struct privkey *key;
static struct buf public;

/* Nobody waits for another server. */
static uint64_t
leap(void *unused)
{
	(void)unused;
	return (clock_us += STEP_US);
}

static void
want_channels(void *unused)
{
	(void)unused;
}

static void
start_client(void)
{
	static struct env env;
	static const char derived[CRYPTO_SHA256_BYTES];
	struct picture_given half = { .type = CRYPTO_ED25519,
		.derived = str_mem(derived, sizeof(derived)) };
	struct privkey *whole = NULL;

	env_init_system(&env);
	env.mono_us = leap;
	crypto = crypto_new();
	client = remote_client_new(&env, &said, want_channels, NULL);
	FUZZ_CHECK(crypto != NULL && client != NULL);
	FUZZ_CHECK(privkey_generate(CRYPTO_ED25519, 0, &whole) == STATUS_OK);
	buf_init(&public, CRYPTO_KEY_MAX_BYTES);
	FUZZ_CHECK(privkey_public(whole, &public) == STATUS_OK);
	privkey_free(whole);
	half.public = buf_str(&public);
	FUZZ_CHECK(remote_client_given(client, 1, 0, &half, &key) ==
	    STATUS_OK);
	FUZZ_CHECK(remote_client_signers(client, 1, &signers) == STATUS_OK);
}

static size_t
write_base(unsigned kind, uint64_t unused, unsigned char *packet)
{
	static const char derived[CRYPTO_SHA256_BYTES];
	struct remote_reply r = { .kind = REMOTE_SIGNED,
		.seq = next_seq + kind / 16 % 4 - 1,
		.status = (enum remote_status)(kind / 4 % 4) };

	(void)unused;
	switch (kind % 4) {
	case 0:
		return (0);
	case 1:
		r.signature = r.status == REMOTE_OK ? str_mem(signature,
		    sizeof(signature)) : STR_NONE;
		break;
	case 2:
		r.kind = REMOTE_LOADED;
		r.type = CRYPTO_ED25519;
		r.derived = str_mem(derived, sizeof(derived));
		r.public = r.status == REMOTE_OK ? buf_str(&public) :
		    STR_NONE;
		r.error = r.status == REMOTE_FAILED ? STR("why") : STR_NONE;
		break;
	default:
		r.kind = REMOTE_DONE;
		break;
	}
	return (remote_reply_write(&r, packet));
}

/* Whether one of the packets is a reply with this signature to one of the
   numbers that were asked. */
static bool
was_sent(const struct packets *p, struct str sig, uint64_t first)
{
	struct remote_reply r;
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (remote_reply_parse(packets_get(p, i), &r) ==
		    STATUS_OK && r.kind == REMOTE_SIGNED && r.seq >= first &&
		    r.seq < next_seq && str_eq(r.signature, sig)) {
			return (true);
		}
	}
	return (false);
}

/* What the client asked: its numbers rise. */
static void
count_requests(int fd)
{
	unsigned char in[REMOTE_MAX_BYTES];
	struct remote_request r;
	ssize_t got;

	while ((got = recv(fd, in, sizeof(in), MSG_DONTWAIT)) > 0) {
		FUZZ_CHECK(remote_request_parse(str_mem(in, (size_t)got),
		    &r) == STATUS_OK);
		FUZZ_CHECK(r.seq >= next_seq);
		next_seq = r.seq + 1;
	}
}

static void
check_load(void)
{
	const struct signers_want want = { .kind = SIGNERS_STORE,
		.name = STR("s"), .domain = STR("example.com") };
	struct privkey *loaded = NULL;
	enum signers_why why;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = signers.load(signers.ctx, &want, &loaded, &why, &diag);
	FUZZ_CHECK((status == STATUS_OK) == (loaded != NULL));
	FUZZ_CHECK(status == STATUS_OK || status == STATUS_NOMEM ||
	    diag.text[0] != '\0');
	FUZZ_CHECK(why <= SIGNERS_STORE_UNREACHABLE);
	privkey_free(loaded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const unsigned char hash[CRYPTO_SHA256_BYTES];
	static struct packets packets;
	enum status status;
	uint64_t first;
	struct buf sig;
	int fds[2];

	if (client == NULL) {
		start_client();
	}
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    fds) == 0);
	remote_client_give(client, fds, 1);
	packets_send(&packets, str_mem(data, n), write_base, fds[1]);
	FUZZ_CHECK(shutdown(fds[1], SHUT_WR) == 0);
	first = next_seq;
	buf_init(&sig, CRYPTO_SIG_MAX_BYTES);
	status = privkey_sign(crypto, key, hash, &sig);
	count_requests(fds[1]);
	FUZZ_CHECK(status != STATUS_OK || (sig.n == SIGNATURE_BYTES &&
	    was_sent(&packets, buf_str(&sig), first)));
	FUZZ_CHECK(status == STATUS_OK || sig.n == 0);
	buf_fini(&sig);
	check_load();
	count_requests(fds[1]);
	remote_client_give(client, NULL, 0);
	(void)close(fds[1]);
	return (0);
}
