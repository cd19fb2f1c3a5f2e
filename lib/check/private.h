/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * private: shared by the files of lib/check. Each subject is one function that
 * is called again with each pass. It may read every answer at once: one that is
 * missing reads as a timeout and marks the pass as open, so that its findings
 * are thrown away.
 */
#ifndef CHECK_PRIVATE_H
#define CHECK_PRIVATE_H

#include "base/arena.h"
#include "check/check.h"
#include "dmarc/dmarc.h"
#include "dns/name.h"
#include "spf/check.h"

#define CHECK_MAX_MX		50	/* hosts that are looked up */
#define CHECK_MAX_RUA		16	/* URIs of one record */
#define CHECK_MAX_KEYS		8	/* records at one selector */
#define CHECK_MAX_PTR		64	/* names of one address */
#define CHECK_MAX_PTR_TRIED	4	/* of these, as names for the host */
#define CHECK_MAX_ALIASES	8	/* CNAMEs behind one name */

struct check_facts {		/* of one pass, set and read by subjects */
	bool		 parked;
	bool		 helo_fine;
	bool		 spf_broken;	/* an error means permerror */
	bool		 spf_unknown;
	struct str	 spf_domain;	/* the sender's domain ... */
	struct str	 spf_text;	/* and record; or absent */
	struct str	 spf_fixed;	/* the same with the fixes so far */
	size_t		 keys_usable;
	size_t		 keys_failed;	/* queries */
	bool		 dmarc_unknown;
	enum dmarc_policy dmarc_policy;	/* that applies to the domain */
};

struct check {
	struct arena		 keep;		/* as long as the check */
	struct arena		 memory;	/* one pass */
	struct check_opts	 opts;		/* normalised, in keep */
	struct str		 domain;
	struct str		 probe;		/* a random label */
	int64_t			 now_s;
	struct dns_batch	*batch;
	bool			 given_up;	/* the deadline has come */
	bool			 open;		/* an answer is missing */
	enum status		 status;	/* NOMEM is sticky */
	struct check_report	 report;
	struct check_finding	*findings;
	struct check_record	*records;
	struct check_finding	 spare;		/* past the limit */
	struct check_facts	 facts;
};

/* Asking */

/* Never NULL. */
const struct dns_answer	*check_ask(struct check *, struct str name,
			    enum dns_type);
/* The same for "label.name"; label holds dots where needed. */
const struct dns_answer	*check_ask_below(struct check *, const char *label,
			    struct str name, enum dns_type,
			    struct str *owner_r);
bool	check_failed(const struct dns_answer *);
/* "no answer in time" for DNS_TIMEOUT and so on. */
const char	*check_why(const struct dns_answer *);

/* The protocol's form of an answer; NULL: no memory, which is noted. */
const void	*check_object(struct check *, const struct dns_answer *,
		    const struct dns_parser *);

struct check_addresses {	/* A and AAAA of one name */
	const struct dns_answer	*v4;
	const struct dns_answer	*v6;
	size_t			 n;
	bool			 failed;	/* either query */
};
struct check_addresses	check_addresses(struct check *, struct str name);
bool	check_has_address(const struct check_addresses *,
	    const struct ip_addr *);
/* Whether all of them are private, and there are some. */
bool	check_all_private(const struct check_addresses *);
/* Whether the whole network lies within a private one. */
bool	check_net_is_private(const unsigned char *octets, bool v6,
	    unsigned bits);
/* The address as text in the pass's arena. */
struct str	check_ip_str(struct check *, const struct ip_addr *);
/* Formatted text in the pass's arena; empty if there is no memory. */
struct str	check_text(struct check *, const char *fmt, ...)
    ATTR_PRINTF(2, 3);

/* Findings */

/* Never NULL. The text is "fmt". */
struct check_finding	*check_add(struct check *, const char *id,
			    enum check_severity, struct str subject,
			    const char *fmt, ...) ATTR_PRINTF(5, 6);
/* Quotes what was found. */
void	check_found(struct check *, struct check_finding *, struct str text);
/* What to publish, ready to paste; an absent value is no fix. */
void	check_fix(struct check_finding *, enum wanted_place, struct str owner,
	    const char *type, struct str value);
/* The record of the table; about: what it needs to know, by default. */
struct wanted_about	check_about(struct check *);
void	check_fix_wanted(struct check *, struct check_finding *, enum wanted,
	    const struct wanted_about *);
/* Where a name's records are changed: in the zones of the domain's owner, or by
   somebody else. */
enum wanted_place	check_place(const struct check *, struct str owner);
/* Postfix's name of this host: one that leads to its addresses and back. */
void	check_fix_host(struct check *, struct check_finding *);
/* The addresses of the n that the host lacks. True: it had, or gets, one. */
bool	check_fix_addresses(struct check *, struct check_finding *,
	    struct str host, const struct ip_addr *, size_t n);
/* The name for the address: HELO's, or the usual one of a mail host if that has
   the address and HELO has not. */
struct str	check_name_of(struct check *, const struct ip_addr *);
/* A reverse name of the address that leads back to all addresses that send, and
   is no dial-up client's; absent: there is none. */
struct str	check_good_name(struct check *, const struct ip_addr *);
/* What to remove from the zone. */
void	check_fix_remove(struct check_finding *, struct str owner,
	    const char *type, struct str value);
/* Notes a record of the answer that was judged. */
void	check_record(struct check *, struct str owner, const char *type,
	    struct str value, uint32_t ttl_s);
/* For "%.*s": a text from outside, cut to a length for one line. */
#define CHECK_FMT(s)	(int)((s).n < 200 ? (s).n : 200), \
			    (s).p != NULL ? (s).p : ""

/* A query, or an engine that asks, was refused: the batch is full, which is a
   limit, or there is no memory. */
void	check_note_refusal(struct check *);

/* The engines */

/* Runs SPF for an address. */
void	check_run_spf(struct check *, const struct spf_opts *,
	    struct spf_verdict *);
/* The DMARC verdict of an author domain; NULL: not known yet. spf, dkim: a
   domain that passes, or absent. */
const struct dmarc_verdict	*check_run_dmarc(struct check *,
				    struct str from, struct str spf,
				    struct str dkim);

/* Subjects, in this order */

/* False: the domain does not exist; nothing else is checked. */
bool	check_domain(struct check *);
void	check_mx(struct check *);
void	check_spf(struct check *);
void	check_helo(struct check *);
void	check_hosts(struct check *);
void	check_dkim(struct check *);
void	check_dmarc(struct check *);
void	check_dnsbl(struct check *);
void	check_transport(struct check *);
void	check_verdict(struct check *);

/* Parts of a subject */

/* helo.c: two labels or more of letters, digits, and hyphens between them; the
   last has a letter (RFC 1123 2.1). */
bool	check_is_host_name(struct str name);
/* ptr_generic.c: whether a name looks like a dial-up client's. */
bool	check_name_is_generic(struct str name, const struct ip_addr *);
/* spf_terms.c: what a record says, term by term. */
struct spf_visit;
void	check_spf_terms(struct check *, const struct spf_visit *);
/*
 * spf_edit.c: the record with one term replaced by another, or without it
 * (absent); and with addresses that it does not name before "all". Fixes of the
 * sender's record build on each other.
 */
struct str	check_spf_replace(struct check *, struct str domain,
		    struct str record, struct str term, struct str by);
struct str	check_spf_insert(struct check *, const struct ip_addr *);
/* spf_merge.c: all SPF records of an answer as one. */
struct str	check_spf_merged(struct check *, const struct dns_answer *);
/* The record as one that ends in "all", which stands there once. */
struct str	check_spf_reorder(struct check *, struct str domain,
		    struct str record);
/* The record with the address before "all". */
struct str	check_spf_add(struct check *, struct str record,
		    const struct ip_addr *);
bool	check_spf_has(struct str record, struct str term);
bool	check_spf_is_all(struct str term);	/* with any qualifier */
bool	check_spf_is_valid(struct check *, struct str text);
/* spf_covers.c: whether the record, at that domain, lets the address send; and
   the record with the addresses that send, if it lacks them and is to be the
   sender's policy: that of the domain, or as the caller says. An absent record
   stays absent. */
bool	check_spf_covers(struct check *, struct str domain, struct str text,
	    const struct ip_addr *);
struct str	check_spf_complete(struct check *, struct str domain,
		    struct str text, bool policy);
/* spf_mend.c: the record that a text was meant to be; absent: that is not
   clear. And a term with its name and separator as they must be. */
struct str	check_spf_mended(struct check *, struct str domain,
		    struct str text);
struct str	check_spf_name(struct check *, struct str term);
/* spf_terms.c: "ip4=" and so on. */
bool	check_spf_is_typo(struct str term);
/* A new record for the addresses that send. */
void	check_spf_wanted(struct check *, struct check_finding *,
	    struct str domain);
/* alias.c: the name at the end of the aliases (absent: a circle has none); and
   the fixes of all findings, so that none stands beside an alias. */
struct str	check_alias_end(struct check *, struct str name);
void		check_fix_aliases(struct check *);
/* plain.c: the text with what was meant by typographic characters. */
struct str	check_plain(struct check *, struct str text);
/* dmarc_tags.c, dmarc_rua.c: what a policy record says. */
struct check_policy {
	struct str	 text;		/* the record */
	struct str	 owner;		/* its name, with _dmarc. */
	struct str	 domain;	/* the name without _dmarc. */
	struct str	 org;		/* organisational domain, or absent */
	bool		 inherited;	/* from a name above */
};
void	check_dmarc_tags(struct check *, const struct check_policy *);
/* The number of entries of rua= that are mailto: URIs. */
size_t	check_dmarc_rua(struct check *, const struct check_policy *,
	    struct str rua);
/* Why mail to the host is lost; NULL: it is not, or that is not known
   (*failed_r). */
const char	*check_lost_mail(struct check *, struct str host,
		    bool *failed_r);
/* The normalised host of a mailto: URI's address; absent: it has none. */
struct str	check_uri_host(struct check *, struct str uri);
/* dmarc_mend.c: the record that a text was meant to be; and of a list of
   addresses, the URIs of the kind (absent: none). */
enum check_uris { CHECK_URIS_DMARC, CHECK_URIS_TLS };
struct str	check_dmarc_mended(struct check *, struct str domain,
		    struct str text);
struct str	check_mend_uris(struct check *, struct str list,
		    enum check_uris);
/* dkim_mend.c: the key record that a text was meant to be; absent: the text
   has no key for mail. */
struct str	check_dkim_mended(struct check *, struct str text);

#endif
