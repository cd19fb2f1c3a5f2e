/* SPDX-License-Identifier: BSD-2-Clause */
/* A server that dies, or is slow, does not cost the client a connection for
   good. */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "remote/client.h"
#include "remote/message.h"
#include "test/unit/tap.h"

#define SIGNATURE_BYTES	64	/* of Ed25519 */

static const unsigned char hash[CRYPTO_SHA256_BYTES] = "32 octets stand for a "
    "hash here";
static const char signature[SIGNATURE_BYTES] = "a signature that nobody looks "
    "at, since the length is right!";
static struct crypto *crypto;
static struct remote_client *client;
static struct privkey *key;		/* its private half is elsewhere */
static struct env env;
static struct remote_said said;
static _Atomic unsigned wanted;		/* how often connections were */
static _Atomic unsigned signed_n;	/* by servers that are STEADY */
static _Atomic unsigned probes;		/* requests that need nothing */
static _Atomic unsigned failed;		/* loads */
static atomic_bool leaving;		/* no server waits any more */

#define STEP_US		200000		/* not to wait as for a real server */
#define LONG_US		10000000
#define SIGN_US		20000		/* of a STEADY server */
#define MANY		((REMOTE_SILENT_STEPS + 4) * STEP_US / SIGN_US)

static void
want_channels(void *unused)
{
	(void)unused;
	atomic_fetch_add(&wanted, 1);
}

/* What a server does with the requests of a connection. */
enum manner { ANSWERS, ENDS_AT_FIRST, FIRST_LATE, ANOTHER_NUMBER,
    STEADY,		/* answers all, but not at once */
    BEHIND,		/* answers when a STEADY one has answered MANY */
    LOADS_SLOWLY,	/* loads a key when it was probed twice */
    SILENT };

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

/* A load of the key, or what needs nothing. */
static void
answer_other(int fd, const struct remote_request *request)
{
	static const unsigned char derived[CRYPTO_SHA256_BYTES];
	struct remote_reply reply = { .kind = REMOTE_DONE,
		.seq = request->seq };
	unsigned char packet[REMOTE_MAX_BYTES];
	struct buf public;
	size_t n;

	buf_init(&public, CRYPTO_KEY_MAX_BYTES);
	if (request->kind == REMOTE_LOAD &&
	    privkey_public(key, &public) == STATUS_OK) {
		reply.kind = REMOTE_LOADED;
		reply.type = CRYPTO_ED25519;
		reply.public = buf_str(&public);
		reply.derived = str_mem(derived, sizeof(derived));
	}
	n = remote_reply_write(&reply, packet);
	(void)send(fd, packet, n, MSG_NOSIGNAL);
	buf_fini(&public);
}

/* The reply is sent later, or never. */
static void
delay_reply(enum manner manner, const struct remote_request *request)
{
	if (manner == STEADY) {
		(void)usleep(SIGN_US);
		atomic_fetch_add(&signed_n, 1);
	}
	while (manner == BEHIND && atomic_load(&signed_n) < MANY &&
	    !leaving) {
		(void)usleep(SIGN_US);
	}
	while (manner == LOADS_SLOWLY && request->kind == REMOTE_LOAD &&
	    atomic_load(&probes) < 2 && !leaving) {
		(void)usleep(SIGN_US);
	}
	if (request->kind == REMOTE_RELEASE) {
		atomic_fetch_add(&probes, 1);
	}
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
		if (server->manner == SILENT) {
			continue;
		}
		delay_reply(server->manner, &request);
		if (request.kind != REMOTE_SIGN) {
			answer_other(server->fd, &request);
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
give(struct server *servers, size_t n, long step_us)
{
	int fds[REMOTE_CHANNELS_MAX] = { 0 }, pair[2] = { -1, -1 };
	size_t i;

	leaving = false;
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
		(void)setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO,
		    &(struct timeval){ step_us / 1000000, step_us % 1000000 },
		    sizeof(struct timeval));
	}
}

static void
take_away(struct server *servers, size_t n)
{
	size_t i;

	remote_client_give(client, NULL, 0);
	leaving = true;
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

	give(one, 1, STEP_US);
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
	uint64_t before = atomic_load(&said.asked_n);

	give(two, 2, STEP_US);
	atomic_store(&wanted, 0);
	tap_ok(signs_soon(), "the connection ends: the next one");
	tap_ok(atomic_load(&wanted) > 0, "and others are asked for");
	tap_ok(atomic_load(&said.asked_n) >= before + 2,
	    "both requests are counted");
	take_away(two, 2);
}

static void
test_number(void)
{
	struct server two[] = { { .manner = ANOTHER_NUMBER },
		{ .manner = ANSWERS } };

	give(two, 2, STEP_US);
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

	give(servers, channels, LONG_US);
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

static void *
sign_once(void *arg)
{
	*(bool *)arg = signs();
	return (NULL);
}

/* The first connection is taken first: its request waits while others get
   their replies. */
static void
test_busy(void)
{
	struct server two[] = { { .manner = BEHIND }, { .manner = STEADY } };
	pthread_t thread;
	bool ok = false;
	uint64_t before = atomic_load(&said.asked_n);
	unsigned n = 0;

	give(two, 2, STEP_US);
	(void)pthread_create(&thread, NULL, sign_once, &ok);
	while (atomic_load(&said.asked_n) == before) {
		(void)usleep(SIGN_US);
	}
	while (atomic_load(&signed_n) < MANY && signs()) {
		n++;
	}
	(void)pthread_join(thread, NULL);
	tap_ok(ok, "a reply that comes late, while others get theirs in time");
	tap_ok(n > 0, "and they get them");
	take_away(two, 2);
}

/* Of the first of three connections the two last are for loading. */
static enum status
load_with(enum manner signer, enum manner loader)
{
	struct server three[] = { { .manner = signer }, { .manner = loader },
		{ .manner = loader } };
	const struct signers_want want = { .kind = SIGNERS_GIVEN };
	struct signers_remote remote = { .ctx = NULL };
	struct privkey *loaded = NULL;
	enum signers_why why;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	give(three, 3, STEP_US);
	status = remote_client_signers(client, 1, &remote);
	if (status == STATUS_OK) {
		status = remote.load(remote.ctx, &want, &loaded, &why, &diag);
	}
	privkey_free(loaded);
	take_away(three, 3);
	if (remote.ctx != NULL) {
		remote.free(remote.ctx);
	}
	return (status);
}

static void
test_load(void)
{
	tap_num(load_with(ANSWERS, LOADS_SLOWLY), STATUS_OK,
	    "a load that takes long, while the server answers");
	tap_ok(atomic_load(&probes) >= 2, "which is tried");
	tap_num(load_with(SILENT, SILENT), STATUS_TEMP,
	    "a load, and the server answers nothing");
}

static void *
load_once(void *arg)
{
	const struct signers_want want = { .kind = SIGNERS_GIVEN };
	const struct signers_remote *remote = arg;
	struct privkey *loaded = NULL;
	enum signers_why why;
	struct diag diag;

	diag_init(&diag);
	if (remote->load(remote->ctx, &want, &loaded, &why, &diag) !=
	    STATUS_OK) {
		atomic_fetch_add(&failed, 1);
	}
	privkey_free(loaded);
	return (NULL);
}

/* More loads than there are connections for them: one waits for its turn. */
static void
test_new_server(void)
{
	struct server silent[] = { { .manner = SILENT } };
	struct server three[] = { { .manner = ANSWERS },
		{ .manner = LOADS_SLOWLY }, { .manner = LOADS_SLOWLY } };
	struct signers_remote remote = { .ctx = NULL };
	pthread_t threads[REMOTE_LOADERS + 1];
	size_t i;

	atomic_store(&probes, 0);
	atomic_store(&failed, 0);
	give(silent, 1, STEP_US);
	tap_ok(!signs(), "a server that answers nothing");
	take_away(silent, 1);
	give(three, 3, STEP_US);
	if (remote_client_signers(client, 1, &remote) != STATUS_OK) {
		tap_ok(false, "out of memory");
		return;
	}
	for (i = 0; i < REMOTE_LOADERS + 1; i++) {
		(void)pthread_create(&threads[i], NULL, load_once, &remote);
	}
	for (i = 0; i < REMOTE_LOADERS + 1; i++) {
		(void)pthread_join(threads[i], NULL);
	}
	tap_num(atomic_load(&failed), 0, "the next server is not blamed for "
	    "that: its loads may take long");
	take_away(three, 3);
	remote.free(remote.ctx);
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
	client = remote_client_new(&env, &said, want_channels, NULL);
	tap_num(make_key(), STATUS_OK, "a key");
	test_late();
	test_end();
	test_number();
	test_waiting(REMOTE_LOADERS + 2, "two connections, many threads");
	test_waiting(1, "one connection, many threads");
	test_busy();
	test_load();
	test_new_server();
	privkey_free(key);
	crypto_free(crypto);
	return (tap_done());
}
