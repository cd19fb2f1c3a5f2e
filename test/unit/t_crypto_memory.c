/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails each allocation of the first use of each operation after crypto_new(),
 * OpenSSL's own included, each time in a new process. The operation must be
 * right or report an internal error, and be right the next time.
 */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/arena.h"
#include "base/b64.h"
#include "crypto/crypto.h"

#include "test/unit/alloc_fail.h"
#include "test/unit/crypto_vectors.h"
#include "test/unit/tap.h"

/* Exit codes of a child. */
enum outcome { RIGHT, INTERNAL_ERROR, WRONG, NOT_HEALED, NOT_FAILED };

static struct arena arena;
static struct crypto *crypto;
static struct privkey *rsa_private, *ed25519_private;
static struct pubkey *rsa_public, *ed25519_public;
static struct str rsa_pem, rsa_der, encrypted_pem;
static struct str ed25519_signature, rsa_signature;
static unsigned char hash[CRYPTO_SHA256_BYTES];

static void *
openssl_malloc(size_t n, const char *file ATTR_UNUSED, int line ATTR_UNUSED)
{
	return (fails() ? NULL : __real_malloc(n));
}

static void *
openssl_realloc(void *p, size_t n, const char *file ATTR_UNUSED,
    int line ATTR_UNUSED)
{
	return (fails() ? NULL : __real_realloc(p, n));
}

static void
openssl_free(void *p, const char *file ATTR_UNUSED, int line ATTR_UNUSED)
{
	free(p);
}

static void
must(bool ok, const char *what)
{
	if (!ok) {
		printf("Bail out! %s\n", what);
		exit(99);
	}
}

static enum outcome
outcome_of(enum status status, bool right)
{
	if (status == STATUS_OK) {
		return (right ? RIGHT : WRONG);
	}
	return (status == STATUS_NOMEM || status == STATUS_TEMP ?
	    INTERNAL_ERROR : WRONG);
}

static enum outcome
run_digest(void)
{
	unsigned char got[CRYPTO_SHA256_BYTES];
	struct digest *digest = digest_new(crypto);
	enum status status = STATUS_NOMEM;

	if (digest != NULL) {
		digest_update(digest, "mailseal", 8);
		status = digest_final(digest, got);
	}
	digest_free(digest);
	return (outcome_of(status, status == STATUS_OK &&
	    memcmp(got, hash, sizeof(got)) == 0));
}

static enum outcome
verify(const struct pubkey *key, struct str signature, bool want)
{
	bool good = !want;
	enum status status = pubkey_verify(crypto, key, hash, signature,
	    &good);

	return (outcome_of(status, good == want));
}

static enum outcome
run_rsa_verify(void)
{
	return (verify(rsa_public, rsa_signature, true));
}

static enum outcome
run_ed25519_verify(void)
{
	return (verify(ed25519_public, ed25519_signature, true));
}

static enum outcome
run_rsa_mismatch(void)
{
	return (verify(rsa_public, str_first(rsa_signature, 255), false));
}

static enum outcome
run_ed25519_mismatch(void)
{
	return (verify(ed25519_public, str_first(rsa_signature, 64), false));
}

static enum outcome
sign(const struct privkey *key, struct str want)
{
	struct buf signature;
	enum status status;
	bool right;

	buf_init(&signature, CRYPTO_SIG_MAX_BYTES);
	status = privkey_sign(crypto, key, hash, &signature);
	right = status == STATUS_OK && str_eq(buf_str(&signature), want);
	buf_fini(&signature);
	return (outcome_of(status, right));
}

static enum outcome
run_rsa_sign(void)
{
	return (sign(rsa_private, rsa_signature));
}

static enum outcome
run_ed25519_sign(void)
{
	return (sign(ed25519_private, ed25519_signature));
}

static enum outcome
parse_public(enum crypto_key_type type, const struct privkey *private,
    unsigned bits)
{
	struct pubkey *key = NULL;
	enum status status;
	struct buf der;
	bool right;

	buf_init(&der, CRYPTO_KEY_MAX_BYTES);
	status = privkey_public(private, &der);
	if (status == STATUS_OK) {
		status = pubkey_parse(type, buf_str(&der), &key);
	}
	right = key != NULL && pubkey_bits(key) == bits &&
	    privkey_fits(private, key);
	pubkey_free(key);
	buf_fini(&der);
	return (outcome_of(status, right));
}

static enum outcome
run_rsa_public(void)
{
	return (parse_public(CRYPTO_RSA, rsa_private, 2048));
}

static enum outcome
run_ed25519_public(void)
{
	return (parse_public(CRYPTO_ED25519, ed25519_private, 256));
}

/* Takes the key over. */
static enum outcome
same_key(enum status status, struct privkey *key, const struct privkey *want)
{
	bool right = key != NULL && privkey_id(key) == privkey_id(want) &&
	    privkey_bits(key) == privkey_bits(want);

	privkey_free(key);
	return (outcome_of(status, right));
}

static enum outcome
run_rsa_pem(void)
{
	struct privkey *key = NULL;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = privkey_parse_pem(rsa_pem, "x", &key, &diag);
	return (same_key(status, key, rsa_private));
}

static enum outcome
run_rsa_der(void)
{
	struct privkey *key = NULL;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = privkey_parse_der(rsa_der, "x", &key, &diag);
	return (same_key(status, key, rsa_private));
}

static enum outcome
run_ed25519_pem(void)
{
	struct privkey *key = NULL;
	enum status status;
	struct diag diag;

	diag_init(&diag);
	status = privkey_parse_pem(STR(ED25519_PEM), "x", &key, &diag);
	return (same_key(status, key, ed25519_private));
}

static enum outcome
run_write(void)
{
	enum status status;
	struct buf pem;
	bool right;

	buf_init(&pem, 65536);
	status = privkey_write_pem(rsa_private, &pem);
	right = str_eq(buf_str(&pem), rsa_pem);
	buf_fini(&pem);
	return (outcome_of(status, right));
}

static enum outcome
run_decrypt(void)
{
	enum status status;
	struct buf pem;
	bool right;

	buf_init(&pem, 65536);
	status = privkey_recode_pem(encrypted_pem, STR("secret"), STR_NONE,
	    &pem);
	right = str_eq(buf_str(&pem), rsa_pem);
	buf_fini(&pem);
	return (outcome_of(status, right));
}

static enum outcome
run_generate(void)
{
	struct privkey *key = NULL;
	enum status status = privkey_generate(CRYPTO_ED25519, 0, &key);
	bool right = key != NULL && privkey_bits(key) == 256;

	privkey_free(key);
	return (outcome_of(status, right));
}

/* Those of a start or reload allocate much; a part of them is sampled. */
#define SAMPLE	31

static const struct operation {
	const char	*name;
	enum outcome	 (*run)(void);
	unsigned	 step;		/* every one, or every SAMPLEth */
} operations[] = {
	{ "digest", run_digest, 1 },
	{ "RSA verify", run_rsa_verify, 1 },
	{ "RSA verify, signature does not match", run_rsa_mismatch, 1 },
	{ "Ed25519 verify", run_ed25519_verify, 1 },
	{ "Ed25519 verify, signature does not match", run_ed25519_mismatch, 1 },
	{ "RSA sign", run_rsa_sign, 1 },
	{ "Ed25519 sign", run_ed25519_sign, 1 },
	{ "RSA public key", run_rsa_public, SAMPLE },
	{ "Ed25519 public key", run_ed25519_public, 1 },
	{ "RSA PEM", run_rsa_pem, SAMPLE },
	{ "RSA DER", run_rsa_der, SAMPLE },
	{ "Ed25519 PEM", run_ed25519_pem, SAMPLE },
	{ "write PEM", run_write, SAMPLE },
	{ "decrypt PEM", run_decrypt, SAMPLE },
	{ "generate Ed25519", run_generate, SAMPLE },
};

/* What the daemon has after its start. */
static void
load(void)
{
	struct diag diag;
	struct str der;
	struct buf pem;

	diag_init(&diag);
	buf_init(&pem, 65536);
	crypto = crypto_new();
	must(crypto != NULL, "crypto_new");
	must(b64_decode(&arena, STR(RSA_PUBLIC), &der) == STATUS_OK &&
	    pubkey_parse(CRYPTO_RSA, der, &rsa_public) == STATUS_OK &&
	    b64_decode(&arena, STR(ED25519_PUBLIC), &der) == STATUS_OK &&
	    pubkey_parse(CRYPTO_ED25519, der, &ed25519_public) == STATUS_OK,
	    "public keys");
	must(privkey_parse_pem(rsa_pem, "x", &rsa_private, &diag) ==
	    STATUS_OK && privkey_parse_pem(STR(ED25519_PEM), "x",
	    &ed25519_private, &diag) == STATUS_OK, "private keys");
	must(privkey_recode_pem(rsa_pem, STR_NONE, STR("secret"), &pem) ==
	    STATUS_OK, "privkey_recode_pem");
	encrypted_pem = arena_dup(&arena, buf_str(&pem));
	buf_fini(&pem);
}

static void
unload(void)
{
	privkey_free(rsa_private);
	privkey_free(ed25519_private);
	pubkey_free(rsa_public);
	pubkey_free(ed25519_public);
	crypto_free(crypto);
	arena_fini(&arena);
}

/* The four operations of a running daemon. */
static bool
daemon_works(void)
{
	return (run_rsa_verify() == RIGHT && run_ed25519_verify() == RIGHT &&
	    run_rsa_sign() == RIGHT && run_ed25519_sign() == RIGHT);
}

static enum outcome
try_once(const struct operation *operation, unsigned at)
{
	enum outcome first;
	bool failed;

	alloc_fail_at(at);
	first = operation->run();
	failed = alloc_failed();
	if (!failed) {
		return (first == RIGHT ? NOT_FAILED : WRONG);
	}
	if (first == WRONG) {
		return (WRONG);
	}
	return (operation->run() == RIGHT && daemon_works() ? first :
	    NOT_HEALED);
}

struct job {
	const struct operation	*operation;
	unsigned		 at;
	enum outcome		 outcome;
};

static void *
run_job(void *context)
{
	struct job *job = context;

	job->outcome = try_once(job->operation, job->at);
	return (NULL);
}

/* The outcome in a new process, there in the main thread or in a new one. */
static enum outcome
fork_job(struct job *job, bool threaded)
{
	pthread_t thread;
	int status = 0;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	must(pid != -1, "fork");
	if (pid == 0) {
		if (!threaded) {
			(void)run_job(job);
		} else if (pthread_create(&thread, NULL, run_job, job) != 0 ||
		    pthread_join(thread, NULL) != 0) {
			_exit(99);
		}
		_exit((int)job->outcome);
	}
	must(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) <= NOT_FAILED, "a child ends");
	return ((enum outcome)WEXITSTATUS(status));
}

static void
sweep(const struct operation *operation, bool threaded)
{
	const char *where = threaded ? ", in a new thread" : "";
	unsigned counts[NOT_FAILED + 1] = { 0 };
	struct job job = { .operation = operation };
	enum outcome outcome;

	do {
		outcome = fork_job(&job, threaded);
		counts[outcome]++;
		if (outcome == WRONG || outcome == NOT_HEALED) {
			printf("# %s%s: allocation %u: %s\n", operation->name,
			    where, job.at, outcome == WRONG ?
			    "wrong answer" : "still failing");
		}
		job.at += operation->step;
	} while (outcome != NOT_FAILED && job.at < ALLOC_FAIL_MAX);
	tap_ok(counts[WRONG] == 0, "%s%s: no wrong answer, %u failures",
	    operation->name, where, counts[RIGHT] + counts[INTERNAL_ERROR]);
	tap_ok(counts[NOT_HEALED] == 0, "%s%s: right the next time",
	    operation->name, where);
}

int
main(void)
{
	size_t i;

	must(CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc,
	    openssl_free) == 1, "CRYPTO_set_mem_functions");
	arena_init(&arena, 1 << 20);
	rsa_pem = STR(RSA_PEM);
	must(b64_decode(&arena, str_from_offset(str_first(rsa_pem,
	    rsa_pem.n - 26), 28), &rsa_der) == STATUS_OK &&
	    b64_decode(&arena, STR(MAILSEAL_HASH), &rsa_signature) == STATUS_OK,
	    "base64");
	memcpy(hash, rsa_signature.p, sizeof(hash));
	must(b64_decode(&arena, STR(RSA_SIG), &rsa_signature) == STATUS_OK &&
	    b64_decode(&arena, STR(ED25519_SIG), &ed25519_signature) ==
	    STATUS_OK, "base64");
	load();
	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		sweep(&operations[i], false);
		if (operations[i].step == 1) {
			sweep(&operations[i], true);
		}
	}
	unload();
	return (tap_done());
}
