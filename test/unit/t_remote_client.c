/* SPDX-License-Identifier: BSD-2-Clause */
/* A server that dies, or is slow, does not cost the client a connection for
   good. */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "remote/client.h"
#include "remote/message.h"
#include "test/unit/tap.h"

#define SIGNATURE_BYTES	64	/* of Ed25519 */
#define SHORT_US	100000	/* for a reply that does not come */

static const unsigned char hash[CRYPTO_SHA256_BYTES] = "32 octets stand for a "
    "hash here";
static const char signature[SIGNATURE_BYTES] = "a signature that nobody looks "
    "at, since the length is right!";
static struct crypto *crypto;
static struct remote_client *client;
static struct privkey *key;		/* its private half is elsewhere */
static struct env env;
static _Atomic uint64_t asked;
static _Atomic unsigned wanted;		/* how often connections were */

static void
want_channels(void *unused)
{
	(void)unused;
	atomic_fetch_add(&wanted, 1);
}

/* What a server does with the requests of a connection. */
enum manner { ANSWERS, ENDS_AT_FIRST, FIRST_LATE, ANOTHER_NUMBER };

struct server {
	enum manner	 manner;
	int		 fd;
	pthread_t	 thread;
};

static void
answer(int fd, uint64_t seq)
{
	const struct remote_reply reply = { .kind = REMOTE_SIGNED, .seq = seq,
		.signature = str_mem(signature, sizeof(signature)) };
	unsigned char packet[REMOTE_MAX_BYTES];
	size_t n = remote_reply_write(&reply, packet);

	(void)send(fd, packet, n, MSG_NOSIGNAL);
}

static void *
serve(void *arg)
{
	struct server *server = arg;
	unsigned char packet[REMOTE_MAX_BYTES];
	struct remote_request request;
	uint64_t late = UINT64_MAX;
	bool first = true;
	ssize_t n;

	for (;; first = false) {
		n = recv(server->fd, packet, sizeof(packet), 0);
		if (n <= 0 || remote_request_parse(str_mem(packet, (size_t)n),
		    &request) != STATUS_OK ||
		    (server->manner == ENDS_AT_FIRST && first)) {
			break;
		}
		if (server->manner == FIRST_LATE && first) {
			late = request.seq;
			continue;
		}
		if (late != UINT64_MAX) {
			answer(server->fd, late);
			late = UINT64_MAX;
		}
		answer(server->fd, request.seq + (first &&
		    server->manner == ANOTHER_NUMBER ? 1 : 0));
	}
	(void)close(server->fd);
	return (NULL);
}

static void
give(struct server *servers, size_t n, long reply_us)
{
	int fds[REMOTE_CHANNELS_MAX] = { 0 }, pair[2] = { -1, -1 };
	size_t i;

	for (i = 0; i < n; i++) {
		(void)socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
		    pair);
		fds[i] = pair[0];
		servers[i].fd = pair[1];
		(void)pthread_create(&servers[i].thread, NULL, serve,
		    &servers[i]);
	}
	remote_client_give(client, fds, n);
	for (i = 0; i < n; i++) {
		/* Not to wait as long as for a real one. */
		(void)setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO,
		    &(struct timeval){ reply_us / 1000000,
		    reply_us % 1000000 }, sizeof(struct timeval));
	}
}

static void
take_away(struct server *servers, size_t n)
{
	size_t i;

	remote_client_give(client, NULL, 0);
	for (i = 0; i < n; i++) {
		(void)pthread_join(servers[i].thread, NULL);
	}
}

static bool
signs(void)
{
	struct buf sig;
	bool ok;

	buf_init(&sig, CRYPTO_SIG_MAX_BYTES);
	ok = privkey_sign(crypto, key, hash, &sig) == STATUS_OK &&
	    str_eq(buf_str(&sig), str_mem(signature, sizeof(signature)));
	buf_fini(&sig);
	return (ok);
}

/* A slow machine may be late more often than the server is. */
static bool
signs_soon(void)
{
	int i;

	for (i = 0; i < 50; i++) {
		if (signs()) {
			return (true);
		}
	}
	return (false);
}

static void
test_late(void)
{
	struct server one[] = { { .manner = FIRST_LATE } };

	give(one, 1, SHORT_US);
	tap_ok(!signs(), "no answer in time: no signature");
	tap_ok(signs_soon(), "the connection stays, and a late reply is "
	    "skipped");
	take_away(one, 1);
}

static void
test_end(void)
{
	struct server two[] = { { .manner = ENDS_AT_FIRST },
		{ .manner = ANSWERS } };
	uint64_t before = atomic_load(&asked);

	give(two, 2, SHORT_US);
	atomic_store(&wanted, 0);
	tap_ok(signs_soon(), "the connection ends: the next one");
	tap_ok(atomic_load(&wanted) > 0, "and others are asked for");
	tap_ok(atomic_load(&asked) >= before + 2, "both requests are counted");
	take_away(two, 2);
}

static void
test_number(void)
{
	struct server two[] = { { .manner = ANOTHER_NUMBER },
		{ .manner = ANSWERS } };

	give(two, 2, SHORT_US);
	tap_ok(signs_soon(), "a reply to no request: the next connection");
	take_away(two, 2);
}

#define THREADS		16
#define TIMES		200

static void *
sign_often(void *arg)
{
	unsigned *good = arg;
	int i;

	for (i = 0; i < TIMES; i++) {
		*good += signs();
	}
	return (NULL);
}

/* More threads than connections: each is woken when it is its turn. */
static void
test_waiting(size_t channels, const char *name)
{
	struct server servers[REMOTE_LOADERS + 2] = { { .manner = ANSWERS },
		{ .manner = ANSWERS }, { .manner = ANSWERS },
		{ .manner = ANSWERS } };
	unsigned good[THREADS] = { 0 }, sum = 0;
	pthread_t threads[THREADS];
	size_t i;

	give(servers, channels, 10 * 1000000);
	for (i = 0; i < THREADS; i++) {
		(void)pthread_create(&threads[i], NULL, sign_often, &good[i]);
	}
	for (i = 0; i < THREADS; i++) {
		(void)pthread_join(threads[i], NULL);
		sum += good[i];
	}
	tap_num(sum, THREADS * TIMES, name);
	take_away(servers, channels);
}

static enum status
make_key(void)
{
	unsigned char derived[CRYPTO_SHA256_BYTES] = { 0 };
	struct picture_given half = { .type = CRYPTO_ED25519,
		.derived = str_mem(derived, sizeof(derived)) };
	struct privkey *whole;
	enum status status = privkey_generate(CRYPTO_ED25519, 0, &whole);
	struct buf public;

	buf_init(&public, CRYPTO_KEY_MAX_BYTES);
	if (status == STATUS_OK) {
		status = privkey_public(whole, &public);
	}
	half.public = buf_str(&public);
	if (status == STATUS_OK) {
		status = remote_client_given(client, 1, 0, &half, &key);
	}
	buf_fini(&public);
	privkey_free(whole);
	return (status);
}

int
main(void)
{
	env_init_system(&env);
	crypto = crypto_new();
	client = remote_client_new(&env, &asked, want_channels, NULL);
	tap_num(make_key(), STATUS_OK, "a key");
	test_late();
	test_end();
	test_number();
	test_waiting(REMOTE_LOADERS + 2, "two connections, many threads");
	test_waiting(1, "one connection, many threads");
	privkey_free(key);
	crypto_free(crypto);
	return (tap_done());
}
