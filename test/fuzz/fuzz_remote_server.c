/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection of a mail process that was taken over, to a server with one key:
 * only that key signs, each signature is counted, no reply is malformed or of
 * another request, and the set in service stays.
 */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "remote/server.h"
#include "test/fuzz/fuzz.h"
#include "test/fuzz/packets.h"

#define STEP_US	60000000ULL	/* longer than a line of the log waits */

static uint64_t
leap(void *unused)
{
	static uint64_t clock_us;

	(void)unused;
	return (clock_us += STEP_US);
}

static const struct env quiet = { .mono_us = leap };
static struct remote_made made;
static struct privkey *key;
static struct remote_server *server;
static unsigned char handle[CRYPTO_HANDLE_BYTES];

static struct conf *
make_conf(void)
{
	static char path[] = "key";
	struct conf *conf = NULL;
	struct diag diag;

	diag_init(&diag);
	FUZZ_CHECK(conf_parse(STR("KeyStore none\nMode v\n"), "conf", &quiet,
	    &conf, &diag) == STATUS_OK);
	conf->keys = arena_calloc(&conf->memory, 1, sizeof(*conf->keys));
	FUZZ_CHECK(conf->keys != NULL);
	conf->keys[0] = (struct conf_key){ STR("s"), path,
		privkey_hold(key) };
	conf->keys_n = 1;
	return (conf);
}

static void
add_set(uint64_t number)
{
	struct signers_opts opts = { .env = &quiet };
	struct conf *conf = make_conf();
	struct signers *signers = NULL;
	struct diag diag;

	diag_init(&diag);
	opts.keys = conf->keys;
	opts.keys_n = conf->keys_n;
	FUZZ_CHECK(signers_new(&opts, NULL, &signers, &diag) == STATUS_OK);
	FUZZ_CHECK(remote_server_add(server, number, signers, conf) ==
	    STATUS_OK);
}

static void
start_server(void)
{
	struct crypto *crypto = crypto_new();

	FUZZ_CHECK(crypto != NULL);
	FUZZ_CHECK(privkey_generate(CRYPTO_ED25519, 0, &key) == STATUS_OK);
	privkey_handle(key, handle);
	server = remote_server_new(crypto, &quiet, &made);
	FUZZ_CHECK(server != NULL);
	add_set(2);
	remote_server_commit(server, 2);
}

static size_t
write_base(unsigned kind, uint64_t seq, unsigned char *packet)
{
	static const char hash[CRYPTO_SHA256_BYTES] = "hash";
	struct remote_request r = { .kind = REMOTE_SIGN, .seq = seq,
		.handle = str_mem(handle, sizeof(handle)),
		.hash = str_mem(hash, sizeof(hash)), .set = kind / 4 };

	switch (kind % 4) {
	case 0:
		return (0);
	case 1:
		break;
	case 2:
		r.kind = REMOTE_LOAD;
		r.want = (struct signers_want){ .kind =
			(enum signers_kind)(kind / 16 % 3), .name = STR("s"),
			.domain = STR("example.com") };
		break;
	default:
		r.kind = REMOTE_RELEASE;
		break;
	}
	return (remote_request_write(&r, packet));
}

static void
check_reply(struct str packet, const struct remote_request *request)
{
	struct remote_reply reply;

	FUZZ_CHECK(remote_reply_parse(packet, &reply) == STATUS_OK);
	FUZZ_CHECK(reply.seq == request->seq);
	switch (request->kind) {
	case REMOTE_SIGN:
		FUZZ_CHECK(reply.kind == REMOTE_SIGNED);
		FUZZ_CHECK((reply.status == REMOTE_OK) ==
		    str_eq(request->handle, str_mem(handle,
		    sizeof(handle))));
		break;
	case REMOTE_LOAD:
		FUZZ_CHECK(reply.kind == REMOTE_LOADED);
		FUZZ_CHECK(reply.status != REMOTE_OK || (request->want.kind ==
		    SIGNERS_GIVEN && request->want.index == 0));
		break;
	default:
		FUZZ_CHECK(reply.kind == REMOTE_DONE);
		break;
	}
}

/* The other end was closed with packets that nobody read: the first call says
   so, and the next ones read on. */
static ssize_t
receive_reply(int fd, unsigned char *in)
{
	ssize_t got = recv(fd, in, REMOTE_MAX_BYTES, 0);

	return (got == -1 && errno == ECONNRESET ? recv(fd, in,
	    REMOTE_MAX_BYTES, 0) : got);
}

/* Requests before the first malformed one have a reply each. */
static void
check_replies(int fd, const struct packets *p, uint64_t before)
{
	unsigned char in[REMOTE_MAX_BYTES];
	struct remote_request request;
	uint64_t signatures = 0;
	size_t i;
	ssize_t got;

	for (i = 0; i < p->n; i++) {
		if (remote_request_parse(packets_get(p, i), &request) !=
		    STATUS_OK) {
			break;
		}
		got = receive_reply(fd, in);
		FUZZ_CHECK(got > 0);
		check_reply(str_mem(in, (size_t)got), &request);
		signatures += request.kind == REMOTE_SIGN &&
		    str_eq(request.handle, str_mem(handle, sizeof(handle)));
	}
	FUZZ_CHECK(receive_reply(fd, in) <= 0);
	FUZZ_CHECK(atomic_load(&made.made_n) == before + signatures);
}

static void
check_set(void)
{
	struct remote_use use;

	FUZZ_CHECK(remote_server_use(server, &use));
	FUZZ_CHECK(use.conf->keys_n == 1);
	remote_server_unuse(server, &use);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct packets packets;
	uint64_t before;
	int fds[2];

	if (server == NULL) {
		start_server();
	}
	/* A former one, which may be released. */
	remote_server_drop(server, 1);
	add_set(1);
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    fds) == 0);
	before = atomic_load(&made.made_n);
	packets_send(&packets, str_mem(data, n), write_base, fds[0]);
	FUZZ_CHECK(shutdown(fds[0], SHUT_WR) == 0);
	remote_server_serve(server, fds[1]);
	(void)close(fds[1]);
	check_replies(fds[0], &packets, before);
	(void)close(fds[0]);
	check_set();
	return (0);
}
