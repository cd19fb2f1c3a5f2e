/* SPDX-License-Identifier: BSD-2-Clause */
/* What a client can do that somebody else has taken over: it gets no answer to
   what is no request, and keeps no key in service. The clock is this test's. */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <unistd.h>

#include "base/ration.h"
#include "remote/message.h"
#include "remote/server.h"
#include "test/unit/tap.h"

#define US_PER_S	1000000ULL
#define SET_OLD		1
#define SET_NEW		2

static const char hash[CRYPTO_SHA256_BYTES + 1] =
    "32 octets stand for a hash here.";
static struct crypto *crypto;
static struct env env;
static uint64_t clock_us = US_PER_S;
static unsigned errors;			/* lines */
static struct buf last;			/* one of them */
static struct remote_made made;
static struct remote_said said;
static struct privkey *old_key, *new_key;

static uint64_t
read_clock(void *unused)
{
	(void)unused;
	return (clock_us);
}

static void
take_line(void *unused, enum log_level level, const char *line)
{
	(void)unused;
	errors += level == LOG_LEVEL_ERROR;
	buf_reset(&last);
	buf_add_cstr(&last, line);
}

/* With the key as its KeyFile. */
static bool
add_set(struct remote_server *server, uint64_t number, struct privkey *key)
{
	static char path[] = "/keys/one";
	struct signers_opts opts = { .env = &env };
	struct signers *signers = NULL;
	struct conf *conf = NULL;
	struct diag diag;

	diag_init(&diag);
	if (conf_parse(STR("KeyStore none\nMode v\n"), "test", &env, &conf,
	    &diag) != STATUS_OK || signers_new(&opts, NULL, &signers, &diag) !=
	    STATUS_OK) {
		return (false);
	}
	conf->keys = arena_calloc(&conf->memory, 1, sizeof(*conf->keys));
	if (conf->keys != NULL) {
		conf->keys[0] = (struct conf_key){ STR("s"), path,
			privkey_hold(key) };
		conf->keys_n = 1;
	}
	return (remote_server_add(server, number, signers, conf) ==
	    STATUS_OK);
}

/* With both sets, of which the newer one is in service; NULL: a failed
   point. */
static struct remote_server *
make_server(void)
{
	struct remote_server *server = remote_server_new(crypto, &env, &made);

	if (!tap_ok(server != NULL && add_set(server, SET_OLD, old_key),
	    "a set")) {
		return (NULL);
	}
	remote_server_commit(server, SET_OLD);
	if (!tap_ok(add_set(server, SET_NEW, new_key), "another one")) {
		return (NULL);
	}
	remote_server_commit(server, SET_NEW);
	errors = 0;
	return (server);
}

/* A connection with one packet. *r: the first reply; false: there is none. */
static bool
talk(struct remote_server *server, const void *packet, size_t n,
    struct remote_reply *r)
{
	static unsigned char in[REMOTE_MAX_BYTES];
	int fds[2];
	ssize_t got;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1) {
		return (false);
	}
	(void)!send(fds[0], packet, n, MSG_NOSIGNAL);
	(void)shutdown(fds[0], SHUT_WR);
	remote_server_serve(server, fds[1]);
	(void)close(fds[1]);
	got = recv(fds[0], in, sizeof(in), 0);
	(void)close(fds[0]);
	return (got > 0 && remote_reply_parse(str_mem(in, (size_t)got), r) ==
	    STATUS_OK);
}

/* Whether the server signs with the key. */
static bool
is_in_service(struct remote_server *server, const struct privkey *key)
{
	unsigned char packet[REMOTE_MAX_BYTES], handle[CRYPTO_HANDLE_BYTES];
	const struct remote_request request = { .kind = REMOTE_SIGN,
		.handle = str_mem(handle, sizeof(handle)),
		.hash = str_mem(hash, CRYPTO_SHA256_BYTES) };
	struct remote_reply reply;

	privkey_handle(key, handle);
	return (talk(server, packet, remote_request_write(&request, packet),
	    &reply) && reply.status == REMOTE_OK);
}

static void
release(struct remote_server *server, uint64_t set)
{
	const struct remote_request request = { .kind = REMOTE_RELEASE,
		.set = set };
	unsigned char packet[REMOTE_MAX_BYTES];
	struct remote_reply reply;

	tap_ok(talk(server, packet, remote_request_write(&request, packet),
	    &reply) && reply.kind == REMOTE_DONE, "set %u is released",
	    (unsigned)set);
}

static void
test_malformed(void)
{
	static const uint32_t packets[][5] = {	/* kind, length, number */
		{ REMOTE_SIGN, 20, 0, 0, 0 },
		{ REMOTE_LOAD, 20, 0, 0, 0 },
		{ REMOTE_RELEASE, 24, 0, 0, 0 },
		{ REMOTE_SIGNED, 20, 0, 0, 0 },
		{ 0, 20, 0, 0, 0 },
		{ UINT32_MAX, UINT32_MAX, 0, 0, 0 }
	};
	struct remote_server *server = make_server();
	const unsigned n = sizeof(packets) / sizeof(packets[0]);
	struct remote_reply reply;
	unsigned i;

	for (i = 0; server != NULL && i < n; i++) {
		tap_ok(!talk(server, packets[i], sizeof(packets[i]), &reply),
		    "malformed request %u has no reply", i);
		tap_num(errors, i + 1, "and a line");
	}
	tap_str(buf_str(&last), STR("the mail process sent a malformed request "
	    "for a signature: its connection is closed"), "that says what");
	tap_ok(is_in_service(server, new_key), "and keys sign");
	remote_server_free(server);
}

static void
test_differences(void)
{
	struct remote_server *server = make_server();
	unsigned i;

	for (i = 0; i < REMOTE_TALLY_SLOTS; i++) {
		remote_tally_received(&said, i);
	}
	for (i = 0; server != NULL && i < 10; i++) {
		remote_server_compare(server, &said);
	}
	tap_num(errors, REMOTE_DIFFERENCE_LINES,
	    "all slots differ: as many lines as there may be");
	tap_num(atomic_load(&made.differing), REMOTE_TALLY_SLOTS,
	    "the metric has all");
	for (i = 0; server != NULL && i <= REMOTE_TALLY_SLOTS /
	    REMOTE_DIFFERENCE_LINES; i++) {
		clock_us += RATION_US;
		remote_server_compare(server, &said);
	}
	tap_num(errors, REMOTE_TALLY_SLOTS, "each is said in the end, once");
	remote_server_free(server);
}

static void
test_former(void)
{
	struct remote_server *server = make_server();

	if (server == NULL) {
		return;
	}
	tap_ok(is_in_service(server, old_key) &&
	    is_in_service(server, new_key), "messages end with what they "
	    "began with");
	clock_us += REMOTE_FORMER_S * US_PER_S - 1;
	remote_server_drop_expired(server);
	tap_ok(is_in_service(server, old_key), "for long");
	clock_us++;
	remote_server_drop_expired(server);
	tap_ok(!is_in_service(server, old_key), "but not for ever");
	tap_ok(is_in_service(server, new_key), "what is in service stays");
	clock_us += 10 * REMOTE_FORMER_S * US_PER_S;
	remote_server_drop_expired(server);
	tap_ok(is_in_service(server, new_key), "for ever");
	remote_server_free(server);
}

static void
test_release(void)
{
	struct remote_server *server = make_server();

	if (server == NULL) {
		return;
	}
	release(server, SET_NEW);
	release(server, SET_NEW + 1);
	release(server, 0);
	tap_ok(is_in_service(server, old_key) &&
	    is_in_service(server, new_key), "a set in service stays, and "
	    "others");
	release(server, SET_OLD);
	tap_ok(!is_in_service(server, old_key), "a former one goes");
	tap_ok(is_in_service(server, new_key), "not the one in service");
	remote_server_free(server);
}

int
main(void)
{
	env_init_system(&env);
	env.mono_us = read_clock;
	env.log = take_line;
	buf_init(&last, 4096);
	crypto = crypto_new();
	if (!tap_ok(crypto != NULL && privkey_generate(CRYPTO_ED25519, 0,
	    &old_key) == STATUS_OK && privkey_generate(CRYPTO_ED25519, 0,
	    &new_key) == STATUS_OK, "keys")) {
		return (tap_done());
	}
	test_malformed();
	test_differences();
	test_former();
	test_release();
	privkey_free(old_key);
	privkey_free(new_key);
	buf_fini(&last);
	crypto_free(crypto);
	return (tap_done());
}
