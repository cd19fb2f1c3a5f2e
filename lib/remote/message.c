/* SPDX-License-Identifier: BSD-2-Clause */
#include "remote/message.h"

#include <string.h>

/* Without padding, as a test of their sizes says. */
struct head {
	uint32_t	kind;
	uint32_t	bytes;
	uint64_t	seq;
};

struct sign {
	struct head	head;
	unsigned char	handle[CRYPTO_HANDLE_BYTES];
	unsigned char	hash[CRYPTO_SHA256_BYTES];
};

struct load {
	struct head	head;
	uint64_t	set;
	uint32_t	source;
	uint32_t	index;
	uint32_t	name_n;
	uint32_t	domain_n;
};

struct release {
	struct head	head;
	uint64_t	set;
};

struct signature {
	struct head	head;
	uint32_t	status;
	uint32_t	signature_n;
};

struct loaded {
	struct head	head;
	uint32_t	status;
	uint32_t	type;
	uint32_t	why;
	uint32_t	public_n;
	uint32_t	error_n;
	uint32_t	zero;
	unsigned char	derived[CRYPTO_SHA256_BYTES];
};

_Static_assert(sizeof(struct head) == 16, "head");
_Static_assert(sizeof(struct sign) == 80, "sign");
_Static_assert(sizeof(struct load) == 40, "load");
_Static_assert(sizeof(struct release) == 24, "release");
_Static_assert(sizeof(struct signature) == 24, "signature");
_Static_assert(sizeof(struct loaded) == 72, "loaded");
_Static_assert(sizeof(struct load) + REMOTE_NAME_MAX_BYTES +
    REMOTE_DOMAIN_MAX_BYTES <= REMOTE_MAX_BYTES, "LOAD");
_Static_assert(sizeof(struct loaded) + CRYPTO_KEY_MAX_BYTES +
    REMOTE_ERROR_MAX_BYTES <= REMOTE_MAX_BYTES, "LOADED");

static void
copy_text(unsigned char *to, struct str s)
{
	if (s.n > 0) {
		memcpy(to, s.p, s.n);
	}
}

static struct head
make_head(enum remote_kind kind, size_t bytes, uint64_t seq)
{
	return ((struct head){ kind, (uint32_t)bytes, seq });
}

static size_t
write_sign(const struct remote_request *r, unsigned char *out)
{
	struct sign m = { .head = make_head(r->kind, sizeof(m), r->seq) };

	if (r->handle.n != sizeof(m.handle) || r->hash.n != sizeof(m.hash)) {
		return (0);
	}
	memcpy(m.handle, r->handle.p, sizeof(m.handle));
	memcpy(m.hash, r->hash.p, sizeof(m.hash));
	memcpy(out, &m, sizeof(m));
	return (sizeof(m));
}

static size_t
write_load(const struct remote_request *r, unsigned char *out)
{
	const struct signers_want *want = &r->want;
	size_t n = sizeof(struct load) + want->name.n + want->domain.n;
	struct load m = { .head = make_head(r->kind, n, r->seq),
		.set = r->set, .source = want->kind, .index = want->index,
		.name_n = (uint32_t)want->name.n,
		.domain_n = (uint32_t)want->domain.n };

	if (want->name.n > REMOTE_NAME_MAX_BYTES ||
	    want->domain.n > REMOTE_DOMAIN_MAX_BYTES) {
		return (0);
	}
	memcpy(out, &m, sizeof(m));
	copy_text(out + sizeof(m), want->name);
	copy_text(out + sizeof(m) + want->name.n, want->domain);
	return (n);
}

size_t
remote_request_write(const struct remote_request *r,
    unsigned char packet_r[REMOTE_MAX_BYTES])
{
	struct release m = { .head = make_head(r->kind, sizeof(m), r->seq),
		.set = r->set };

	switch (r->kind) {
	case REMOTE_SIGN:
		return (write_sign(r, packet_r));
	case REMOTE_LOAD:
		return (write_load(r, packet_r));
	case REMOTE_RELEASE:
		memcpy(packet_r, &m, sizeof(m));
		return (sizeof(m));
	case REMOTE_SIGNED:
	case REMOTE_LOADED:
	case REMOTE_DONE:
		break;
	}
	return (0);
}

static size_t
write_signature(const struct remote_reply *r, unsigned char *out)
{
	size_t n = sizeof(struct signature) + r->signature.n;
	struct signature m = { .head = make_head(r->kind, n, r->seq),
		.status = r->status,
		.signature_n = (uint32_t)r->signature.n };

	if (r->signature.n > CRYPTO_SIG_MAX_BYTES) {
		return (0);
	}
	memcpy(out, &m, sizeof(m));
	copy_text(out + sizeof(m), r->signature);
	return (n);
}

static size_t
write_loaded(const struct remote_reply *r, unsigned char *out)
{
	size_t n = sizeof(struct loaded) + r->public.n + r->error.n;
	struct loaded m = { .head = make_head(r->kind, n, r->seq),
		.status = r->status, .type = r->type, .why = r->why,
		.public_n = (uint32_t)r->public.n,
		.error_n = (uint32_t)r->error.n };

	if (r->public.n > CRYPTO_KEY_MAX_BYTES ||
	    r->error.n > REMOTE_ERROR_MAX_BYTES ||
	    (r->derived.n != 0 && r->derived.n != sizeof(m.derived))) {
		return (0);
	}
	copy_text(m.derived, r->derived);
	memcpy(out, &m, sizeof(m));
	copy_text(out + sizeof(m), r->public);
	copy_text(out + sizeof(m) + r->public.n, r->error);
	return (n);
}

size_t
remote_reply_write(const struct remote_reply *r,
    unsigned char packet_r[REMOTE_MAX_BYTES])
{
	struct head m = make_head(r->kind, sizeof(m), r->seq);

	switch (r->kind) {
	case REMOTE_SIGNED:
		return (write_signature(r, packet_r));
	case REMOTE_LOADED:
		return (write_loaded(r, packet_r));
	case REMOTE_DONE:
		memcpy(packet_r, &m, sizeof(m));
		return (sizeof(m));
	case REMOTE_SIGN:
	case REMOTE_LOAD:
	case REMOTE_RELEASE:
		break;
	}
	return (0);
}

static enum status
parse_head(struct str packet, struct head *head_r)
{
	if (packet.n < sizeof(*head_r) || packet.n > REMOTE_MAX_BYTES) {
		return (STATUS_SYNTAX);
	}
	memcpy(head_r, packet.p, sizeof(*head_r));
	return (head_r->bytes == packet.n ? STATUS_OK : STATUS_SYNTAX);
}

static enum status
parse_load(struct str packet, struct remote_request *r)
{
	struct load m;

	if (packet.n < sizeof(m)) {
		return (STATUS_SYNTAX);
	}
	memcpy(&m, packet.p, sizeof(m));
	if (m.name_n > REMOTE_NAME_MAX_BYTES ||
	    m.domain_n > REMOTE_DOMAIN_MAX_BYTES ||
	    packet.n != sizeof(m) + m.name_n + m.domain_n ||
	    m.source > SIGNERS_STORE) {
		return (STATUS_SYNTAX);
	}
	r->set = m.set;
	r->want = (struct signers_want){ .kind = (enum signers_kind)m.source,
		.index = m.index, .name = str_mem(packet.p + sizeof(m),
		m.name_n), .domain = str_mem(packet.p + sizeof(m) + m.name_n,
		m.domain_n) };
	return (STATUS_OK);
}

enum status
remote_request_parse(struct str packet, struct remote_request *r)
{
	struct release release;
	struct head head;

	if (parse_head(packet, &head) != STATUS_OK) {
		return (STATUS_SYNTAX);
	}
	*r = (struct remote_request){ .kind = (enum remote_kind)head.kind,
		.seq = head.seq };
	switch (head.kind) {
	case REMOTE_SIGN:
		r->handle = str_mem(packet.p + offsetof(struct sign, handle),
		    CRYPTO_HANDLE_BYTES);
		r->hash = str_mem(packet.p + offsetof(struct sign, hash),
		    CRYPTO_SHA256_BYTES);
		return (packet.n == sizeof(struct sign) ? STATUS_OK :
		    STATUS_SYNTAX);
	case REMOTE_LOAD:
		return (parse_load(packet, r));
	case REMOTE_RELEASE:
		if (packet.n != sizeof(release)) {
			return (STATUS_SYNTAX);
		}
		memcpy(&release, packet.p, sizeof(release));
		r->set = release.set;
		return (STATUS_OK);
	default:
		return (STATUS_SYNTAX);
	}
}

static enum status
parse_signature(struct str packet, struct remote_reply *r)
{
	struct signature m;

	if (packet.n < sizeof(m)) {
		return (STATUS_SYNTAX);
	}
	memcpy(&m, packet.p, sizeof(m));
	if (m.status > REMOTE_FAILED || m.signature_n > CRYPTO_SIG_MAX_BYTES ||
	    packet.n != sizeof(m) + m.signature_n ||
	    (m.status == REMOTE_OK) != (m.signature_n > 0)) {
		return (STATUS_SYNTAX);
	}
	r->status = (enum remote_status)m.status;
	r->signature = str_mem(packet.p + sizeof(m), m.signature_n);
	return (STATUS_OK);
}

static bool
is_sane_loaded(const struct loaded *m, size_t n)
{
	return (m->status <= REMOTE_FAILED && m->type <= CRYPTO_ED25519 &&
	    m->why <= SIGNERS_STORE_UNREACHABLE && m->zero == 0 &&
	    m->public_n <= CRYPTO_KEY_MAX_BYTES &&
	    m->error_n <= REMOTE_ERROR_MAX_BYTES &&
	    n == sizeof(*m) + m->public_n + m->error_n &&
	    (m->status == REMOTE_OK) == (m->public_n > 0));
}

static enum status
parse_loaded(struct str packet, struct remote_reply *r)
{
	struct loaded m;

	if (packet.n < sizeof(m)) {
		return (STATUS_SYNTAX);
	}
	memcpy(&m, packet.p, sizeof(m));
	if (!is_sane_loaded(&m, packet.n)) {
		return (STATUS_SYNTAX);
	}
	r->status = (enum remote_status)m.status;
	r->type = (enum crypto_key_type)m.type;
	r->why = (enum signers_why)m.why;
	r->derived = str_mem(packet.p + offsetof(struct loaded, derived),
	    CRYPTO_SHA256_BYTES);
	r->public = str_mem(packet.p + sizeof(m), m.public_n);
	r->error = str_mem(packet.p + sizeof(m) + m.public_n, m.error_n);
	return (STATUS_OK);
}

enum status
remote_reply_parse(struct str packet, struct remote_reply *r)
{
	struct head head;

	if (parse_head(packet, &head) != STATUS_OK) {
		return (STATUS_SYNTAX);
	}
	*r = (struct remote_reply){ .kind = (enum remote_kind)head.kind,
		.seq = head.seq };
	switch (head.kind) {
	case REMOTE_SIGNED:
		return (parse_signature(packet, r));
	case REMOTE_LOADED:
		return (parse_loaded(packet, r));
	case REMOTE_DONE:
		return (packet.n == sizeof(head) ? STATUS_OK : STATUS_SYNTAX);
	default:
		return (STATUS_SYNTAX);
	}
}
