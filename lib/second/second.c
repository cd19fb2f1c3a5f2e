/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "second/private.h"

#define CLOCK_SLACK_S	60	/* a larger difference is another clock */
#define NOW_MAX_S	253402300799	/* the last second of the year 9999 */

/* The usual paths of the public suffix list. */
static const char *const suffix_lists[] = {
	"/usr/share/publicsuffix/public_suffix_list.dat",
	"/usr/local/share/public_suffix_list/public_suffix_list.dat",
};

static bool
set_option(DKIM_LIB *lib, dkim_opts_t option, void *value, size_t n)
{
	return (dkim_options(lib, DKIM_OP_SETOPT, option, value, n) ==
	    DKIM_STAT_OK);
}

/* A library handle with our options; NULL: out of memory. */
static DKIM_LIB *
new_library(uint64_t drift_s)
{
	/* Look keys up at the end, when our own answers have arrived. */
	unsigned int flags = DKIM_LIBFLAGS_DELAYSIGPROC;
	unsigned int min_bits = SECOND_MIN_RSA_BITS;
	DKIM_LIB *lib = dkim_init(NULL, NULL);

	if (lib == NULL) {
		return (NULL);
	}
	if (!set_option(lib, DKIM_OPTS_FLAGS, &flags, sizeof(flags)) ||
	    !set_option(lib, DKIM_OPTS_MINKEYBITS, &min_bits,
	    sizeof(min_bits)) ||
	    !set_option(lib, DKIM_OPTS_CLOCKDRIFT, &drift_s,
	    sizeof(drift_s)) ||
	    dkim_set_key_lookup(lib, second_key_lookup) != DKIM_STAT_OK) {
		dkim_close(lib);
		return (NULL);
	}
	return (lib);
}

/* Without a list libopendmarc works as at an OpenDMARC site without one: a name
   aligns with each name that ends with it. */
static bool
init_opendmarc(struct second *second)
{
	size_t i;

	second->psl = psl_latest(NULL);
	for (i = 0; i < sizeof(suffix_lists) / sizeof(suffix_lists[0]); i++) {
		if (access(suffix_lists[i], R_OK) == 0) {
			second->dmarc.tld_type = OPENDMARC_TLD_TYPE_MOZILLA;
			(void)strlcpy((char *)second->dmarc.tld_source_file,
			    suffix_lists[i],
			    sizeof(second->dmarc.tld_source_file));
			break;
		}
	}
	return (opendmarc_policy_library_init(&second->dmarc) ==
	    DMARC_PARSE_OKAY);
}

enum status
second_new(struct second **r, struct diag *diag)
{
	struct second *second = calloc(1, sizeof(*second));

	*r = NULL;
	if (second == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	second->lib = new_library(SECOND_DRIFT_S);
	if (second->lib == NULL) {
		free(second);
		diag_set(diag, NULL, 0, "libopendkim cannot be set up");
		return (STATUS_NOMEM);
	}
	if (!init_opendmarc(second)) {
		second_free(second);
		diag_set(diag, NULL, 0, "libopendmarc cannot be set up");
		return (STATUS_NOMEM);
	}
	*r = second;
	return (STATUS_OK);
}

void
second_free(struct second *second)
{
	if (second != NULL) {
		dkim_close(second->lib);
		(void)opendmarc_policy_library_shutdown(&second->dmarc);
		psl_free(second->psl);
		free(second);
	}
}

/*
 * libopendkim compares t= and x= with the system's clock and has one allowance
 * for both. For another time of receipt that allowance is widened by the
 * difference, and second_results_read() checks both again.
 */
static DKIM_LIB *
lib_for_time(struct second *second, struct second_dkim *s)
{
	int64_t distance_s = (int64_t)time(NULL) - s->now_s;

	if (distance_s < 0) {
		distance_s = -distance_s;
	}
	if (distance_s <= CLOCK_SLACK_S) {
		return (second->lib);
	}
	s->own_lib = new_library((uint64_t)distance_s + SECOND_DRIFT_S);
	return (s->own_lib);
}

enum status
second_dkim_new(struct second *second, struct arena *arena,
    struct dns_batch *batch, int64_t now_s, struct str id,
    struct second_dkim **r)
{
	struct second_dkim *s = arena_alloc(arena, sizeof(*s));
	DKIM_LIB *lib;
	DKIM_STAT stat;
	char *name = arena_cstr(arena, id);

	*r = NULL;
	if (s == NULL || name == NULL) {
		return (STATUS_NOMEM);
	}
	s->arena = arena;
	s->batch = batch;
	s->now_s = now_s < 0 ? 0 : now_s > NOW_MAX_S ? NOW_MAX_S : now_s;
	lib = lib_for_time(second, s);
	if (lib == NULL) {
		return (STATUS_NOMEM);
	}
	s->dkim = dkim_verify(lib, (const unsigned char *)name, NULL, &stat);
	if (s->dkim == NULL ||
	    dkim_set_user_context(s->dkim, s) != DKIM_STAT_OK) {
		second_dkim_free(s);
		return (STATUS_NOMEM);
	}
	*r = s;
	return (STATUS_OK);
}

void
second_dkim_free(struct second_dkim *s)
{
	if (s == NULL) {
		return;
	}
	if (s->dkim != NULL) {
		(void)dkim_free(s->dkim);
		s->dkim = NULL;
	}
	if (s->own_lib != NULL) {
		dkim_close(s->own_lib);
		s->own_lib = NULL;
	}
}

/* Stores libopendkim's last error for the message, or `fallback`. */
static void
set_error(struct second_dkim *s, const char *fallback)
{
	const char *text = dkim_geterror(s->dkim);

	if (s->error != NULL) {
		return;
	}
	if (text == NULL || text[0] == '\0') {
		s->error = fallback;
		return;
	}
	s->error = arena_cstr(s->arena, str_from(text));
	if (s->error == NULL) {
		s->error = fallback;
	}
}

void
second_dkim_field(struct second_dkim *s, struct str raw)
{
	DKIM_STAT stat;

	if (s->out_of_memory) {
		return;
	}
	if (raw.n >= 2 && memcmp(raw.p + raw.n - 2, "\r\n", 2) == 0) {
		raw.n -= 2;
	}
	if (raw.n == 0) {
		return;
	}
	/* It copies the field; the parameter just lacks const. It skips a
	   field that it cannot read, such as a malformed signature. */
	stat = dkim_header(s->dkim, (unsigned char *)raw.p, raw.n);
	if (stat == DKIM_STAT_NORESOURCE) {
		s->out_of_memory = true;
	}
}

void
second_dkim_eoh(struct second_dkim *s)
{
	DKIM_STAT stat;

	if (s->out_of_memory) {
		return;
	}
	stat = dkim_eoh(s->dkim);
	switch (stat) {
	case DKIM_STAT_OK:
		s->streaming = true;
		break;
	case DKIM_STAT_NOSIG:
		set_error(s, "no signature that can be read");
		break;
	case DKIM_STAT_NORESOURCE:
		s->out_of_memory = true;
		break;
	default:
		set_error(s, dkim_getresultstr(stat));
		break;
	}
}

void
second_dkim_body(struct second_dkim *s, const char *p, size_t n)
{
	DKIM_STAT stat;

	if (!s->streaming || n == 0) {
		return;
	}
	stat = dkim_body(s->dkim, (unsigned char *)p, n);
	if (stat != DKIM_STAT_OK) {
		s->streaming = false;
		s->out_of_memory = stat == DKIM_STAT_NORESOURCE;
		set_error(s, dkim_getresultstr(stat));
	}
}

enum status
second_dkim_finish(struct second_dkim *s, uint64_t dns_deadline_us)
{
	DKIM_STAT stat;

	if (s->out_of_memory) {
		return (STATUS_NOMEM);
	}
	if (!s->streaming) {
		return (STATUS_OK);
	}
	s->streaming = false;
	s->dns_deadline_us = dns_deadline_us;
	/* dkim_eom() returns one status for the message. If it failed, that
	   is the reason for signatures without one. */
	stat = dkim_eom(s->dkim, NULL);
	if (stat == DKIM_STAT_NORESOURCE || s->out_of_memory) {
		return (STATUS_NOMEM);
	}
	if (stat != DKIM_STAT_OK) {
		set_error(s, dkim_getresultstr(stat));
	}
	return (second_results_read(s));
}

size_t
second_dkim_count(const struct second_dkim *s)
{
	return (s->n);
}

const struct second_result *
second_dkim_get(const struct second_dkim *s, size_t i)
{
	return (&s->v[i]);
}

const char *
second_dkim_error(const struct second_dkim *s)
{
	return (s->n == 0 ? s->error : NULL);
}
