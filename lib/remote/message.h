/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message: what the process that has the private keys (the server) and the one
 * that handles mail (the client) say to each other over a SOCK_SEQPACKET pair:
 * one request, then one reply, each one packet of a fixed layout:
 *
 *	kind, length of all, number of the request	4, 4, 8 octets
 *	SIGN	handle of the key, SHA-256 digest	32, 32
 *	LOAD	set, source, index, lengths of name and domain, both
 *						8, 4, 4, 4, 4, ...
 *	RELEASE	set: no message uses it any more	8
 *	SIGNED	status, length of the signature, it	4, 4, ...
 *	LOADED	status, type, why, lengths of the public key and of an error,
 *		zero, derived secret, both		6 * 4, 32, ...
 *	DONE	(of RELEASE)
 *
 * The numbers have the machine's order: both sides are the same program. Either
 * side may have been taken over by whoever wrote a mail, so that each trusts no
 * field of the other. Parsing accepts exactly what writing makes: a length that
 * does not fit, a number outside its list, or one octet more is SYNTAX, and the
 * connection is closed. Views are into the packet.
 */
#ifndef REMOTE_MESSAGE_H
#define REMOTE_MESSAGE_H

#include <stdint.h>

#include "crypto/crypto.h"
#include "signers/signers.h"

#define REMOTE_MAX_BYTES	8192	/* of a packet */
#define REMOTE_NAME_MAX_BYTES	2048	/* in a KeyTable; of a selector */
#define REMOTE_DOMAIN_MAX_BYTES	255
#define REMOTE_ERROR_MAX_BYTES	1024

enum remote_kind {
	REMOTE_SIGN = 1,
	REMOTE_LOAD,
	REMOTE_RELEASE,
	REMOTE_SIGNED,
	REMOTE_LOADED,
	REMOTE_DONE
};

enum remote_status {
	REMOTE_OK,
	REMOTE_NOMEM,		/* an internal error of the server */
	REMOTE_UNKNOWN,		/* no such key is in service */
	REMOTE_FAILED		/* the key cannot be loaded: see error */
};

struct remote_request {
	enum remote_kind	 kind;
	uint64_t		 seq;
	struct str		 handle;	/* SIGN: CRYPTO_HANDLE_BYTES */
	struct str		 hash;		/* SIGN: CRYPTO_SHA256_BYTES */
	uint64_t		 set;		/* LOAD, RELEASE */
	struct signers_want	 want;		/* LOAD */
};

struct remote_reply {
	enum remote_kind	 kind;
	uint64_t		 seq;
	enum remote_status	 status;	/* SIGNED, LOADED */
	struct str		 signature;	/* SIGNED, with OK */
	/* LOADED, with OK */
	enum crypto_key_type	 type;
	struct str		 public;	/* as privkey_public */
	struct str		 derived;	/* CRYPTO_SHA256_BYTES */
	/* LOADED, with FAILED */
	enum signers_why	 why;
	struct str		 error;		/* text for the log */
};

/* The packet's length; 0: a text is too long. */
size_t	remote_request_write(const struct remote_request *,
	    unsigned char packet_r[REMOTE_MAX_BYTES]) ATTR_MUST_CHECK;
size_t	remote_reply_write(const struct remote_reply *,
	    unsigned char packet_r[REMOTE_MAX_BYTES]) ATTR_MUST_CHECK;
/* OK or SYNTAX. */
enum status	remote_request_parse(struct str packet,
		    struct remote_request *r) ATTR_MUST_CHECK;
enum status	remote_reply_parse(struct str packet, struct remote_reply *r)
    ATTR_MUST_CHECK;

#endif
