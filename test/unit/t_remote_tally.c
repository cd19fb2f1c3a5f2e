/* SPDX-License-Identifier: BSD-2-Clause */
/* What the server signed is compared with what the client says, for each
   key. */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <unistd.h>

#include "remote/message.h"
#include "remote/server.h"
#include "test/unit/tap.h"

#define KEYS	2

static const char hash[CRYPTO_SHA256_BYTES + 1] =
    "32 octets stand for a hash here.";
static struct crypto *crypto;
static struct env env;
static struct buf lines;
static unsigned lines_n;
static struct privkey *keys[KEYS];
static char paths[KEYS][16] = { "/keys/one", "/keys/two" };

static void
take_line(void *unused, enum log_level level, const char *line)
{
	(void)unused;
	lines_n += level == LOG_LEVEL_ERROR;
	buf_printf(&lines, "%s\n", line);
}

/* Two keys in different slots. */
static bool
make_keys(void)
{
	unsigned char handle[KEYS][CRYPTO_HANDLE_BYTES];
	size_t i;

	do {
		for (i = 0; i < KEYS; i++) {
			privkey_free(keys[i]);
			if (privkey_generate(CRYPTO_ED25519, 0, &keys[i]) !=
			    STATUS_OK) {
				return (false);
			}
			privkey_handle(keys[i], handle[i]);
		}
	} while (remote_tally_slot(handle[0]) == remote_tally_slot(handle[1]));
	return (true);
}

static struct conf *
make_conf(void)
{
	static const char text[] = "KeyStore none\nMode v\n";
	struct conf *conf;
	struct diag diag;
	size_t i;

	diag_init(&diag);
	if (conf_parse(STR(text), "test", &env, &conf, &diag) != STATUS_OK) {
		return (NULL);
	}
	conf->keys = arena_calloc(&conf->memory, KEYS, sizeof(*conf->keys));
	for (i = 0; conf->keys != NULL && i < KEYS; i++) {
		conf->keys[i] = (struct conf_key){ STR("s"), paths[i],
			privkey_hold(keys[i]) };
		conf->keys_n++;
	}
	return (conf);
}

/* NULL: a failed test point. */
static struct remote_server *
make_server(struct remote_made *made)
{
	struct conf *conf = make_conf();
	struct remote_server *server = remote_server_new(crypto, &env, made);
	struct signers_opts opts = { .env = &env };
	struct signers *signers = NULL;
	struct diag diag;

	diag_init(&diag);
	if (conf == NULL || server == NULL || signers_new(&opts, NULL,
	    &signers, &diag) != STATUS_OK || remote_server_add(server, 1,
	    signers, conf) != STATUS_OK) {
		tap_ok(false, "a server: %s", diag.text);
		return (NULL);
	}
	remote_server_commit(server, 1);
	return (server);
}

/* Requests of a client that counts nothing: how many got a signature. */
static unsigned
ask(struct remote_server *server, const struct privkey *key, unsigned n)
{
	unsigned char packet[REMOTE_MAX_BYTES], handle[CRYPTO_HANDLE_BYTES];
	struct remote_request request = { .kind = REMOTE_SIGN,
		.handle = str_mem(handle, sizeof(handle)),
		.hash = str_mem(hash, CRYPTO_SHA256_BYTES) };
	struct remote_reply reply;
	unsigned i, signed_n = 0;
	int fds[2];
	ssize_t got;
	size_t len;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1) {
		return (0);
	}
	privkey_handle(key, handle);
	for (i = 0; i < n; i++) {
		request.seq = i;
		len = remote_request_write(&request, packet);
		(void)!send(fds[0], packet, len, MSG_NOSIGNAL);
	}
	(void)shutdown(fds[0], SHUT_WR);
	remote_server_serve(server, fds[1]);
	(void)close(fds[1]);
	while ((got = recv(fds[0], packet, sizeof(packet), 0)) > 0) {
		signed_n += remote_reply_parse(str_mem(packet, (size_t)got),
		    &reply) == STATUS_OK && reply.status == REMOTE_OK;
	}
	(void)close(fds[0]);
	return (signed_n);
}

/* Of one key: what the client counts, and what it does. */
struct use {
	unsigned	asked;
	unsigned	requests;
	unsigned	received;
};

static const struct row {
	const char	*name;
	struct use	 uses[KEYS];
	const char	*says;		/* NULL: nothing */
} rows[] = {
	{ "each is asked for and received", { { 3, 3, 3 }, { 2, 2, 2 } },
	    NULL },
	{ "a request and a reply are lost", { { 4, 3, 2 }, { 0, 0, 0 } },
	    NULL },
	{ "requests that nobody counts", { { 2, 3, 2 }, { 0, 0, 0 } },
	    "/keys/one: the keys process made 3 signatures, but the mail "
	    "process says that it asked for 2 and got 2\n" },
	{ "all of them", { { 0, 0, 0 }, { 0, 1, 0 } },
	    "/keys/two: the keys process made 1 signatures, but the mail "
	    "process says that it asked for 0 and got 0\n" },
	{ "signatures that nobody made", { { 0, 0, 0 }, { 5, 2, 3 } },
	    "/keys/two: the keys process made 2 signatures, but the mail "
	    "process says that it asked for 5 and got 3\n" },
	{ "one key in place of another: the sum is right",
	    { { 1, 2, 1 }, { 2, 1, 1 } },
	    "/keys/one: the keys process made 2 signatures, but the mail "
	    "process says that it asked for 1 and got 1\n" },
	{ "two differences", { { 0, 1, 0 }, { 1, 1, 2 } }, "" },
};

static void
test_row(const struct row *row)
{
	static struct remote_said said;
	static struct remote_made made;
	struct remote_server *server;
	unsigned char handle[CRYPTO_HANDLE_BYTES];
	unsigned slot, k, want = row->says == NULL ? 0 :
	    row->says[0] == '\0' ? 2 : 1;
	size_t i;
	bool ok = true;

	memset(&said, 0, sizeof(said));
	memset(&made, 0, sizeof(made));
	server = make_server(&made);
	for (i = 0; server != NULL && i < KEYS; i++) {
		privkey_handle(keys[i], handle);
		slot = remote_tally_slot(handle);
		for (k = 0; k < row->uses[i].asked; k++) {
			remote_tally_asked(&said, slot);
		}
		ok = ok && ask(server, keys[i], row->uses[i].requests) ==
		    row->uses[i].requests;
		for (k = 0; k < row->uses[i].received; k++) {
			remote_tally_received(&said, slot);
		}
	}
	if (server == NULL || !tap_ok(ok, "%s: all are signed", row->name)) {
		return;
	}
	buf_reset(&lines);
	lines_n = 0;
	remote_server_compare(server, &said);
	tap_num(lines_n, want, row->name);
	tap_num(atomic_load(&made.differing), want, "the metric");
	if (want == 1) {
		tap_str(buf_str(&lines), str_from(row->says), "the line");
	}
	remote_server_compare(server, &said);
	tap_num(lines_n, want, "it is said once");
	remote_server_free(server);
}

int
main(void)
{
	size_t i;

	env_init_system(&env);
	env.log = take_line;
	buf_init(&lines, 64 * 1024);
	crypto = crypto_new();
	if (!tap_ok(crypto != NULL && make_keys(), "keys")) {
		return (tap_done());
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		test_row(&rows[i]);
	}
	for (i = 0; i < KEYS; i++) {
		privkey_free(keys[i]);
	}
	buf_fini(&lines);
	crypto_free(crypto);
	return (tap_done());
}
