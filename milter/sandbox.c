/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

#include "milter/sandbox_private.h"
#include "milter/sandbox_report.h"

/*
 * With a limit, all memory would have to fit into it, and what did not would be
 * a failed allocation: so it is locked without a limit or not at all.
 */
static void
lock_memory(unsigned *parts)
{
	const struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &limit) == 0 &&
	    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) {
		*parts |= SANDBOX_LOCKED;
	}
}

static enum status
keep_secrets(const struct sandbox_opts *opts, unsigned *parts,
    struct diag *diag)
{
	const struct rlimit none = { 0, 0 };

	/* A second lock: a service manager may not allow this call. */
	(void)setrlimit(RLIMIT_CORE, &none);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		diag_set(diag, NULL, 0, "sandbox: %s", strerror(errno));
		return (STATUS_IO);
	}
	if (opts->role == SANDBOX_KEYS) {
		lock_memory(parts);
	}
	return (STATUS_OK);
}

static enum status
enter_lists(const struct sandbox_opts *opts,
    struct sandbox_places *places, unsigned *parts, struct diag *diag)
{
	struct sandbox_guard_key key;
	bool guard = sandbox_guard_start(opts, places, &key);
	enum status status = sandbox_landlock(places, guard &&
	    sandbox_seccomp_is_known(), parts, diag);

	if (status == STATUS_OK) {
		status = sandbox_seccomp(opts->role, places->postgres, guard,
		    &key, parts, diag);
	}
	if (places->exposed != NULL) {
		*parts |= SANDBOX_EXPOSED;
	}
	explicit_bzero(&key, sizeof(key));
	return (status);
}

enum status
sandbox_enter(const struct sandbox_opts *opts, unsigned *parts_r,
    struct diag *diag)
{
	/* The guard reads it until the process ends. */
	struct sandbox_places *places = calloc(1, sizeof(*places));
	enum status status;

	*parts_r = 0;
	if (places == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	status = keep_secrets(opts, parts_r, diag);
	if (status == STATUS_OK) {
		status = sandbox_places_init(places, opts, diag);
	}
	if (status != STATUS_OK || !opts->conf->sandbox) {
		sandbox_places_fini(places);
		free(places);
		return (status);
	}
	return (enter_lists(opts, places, parts_r, diag));
}

bool
sandbox_may_open(const struct sandbox_opts *opts, const char *path)
{
	const struct sandbox_place *place;
	struct sandbox_places places;
	bool found = false;
	struct diag ignored;
	size_t i;

	diag_init(&ignored);
	if (sandbox_places_init(&places, opts, &ignored) == STATUS_OK) {
		for (i = 0; i < places.n && !found; i++) {
			place = &places.v[i];
			found = place->is_replaced &&
			    (place->may & (SANDBOX_READ | SANDBOX_LOAD)) !=
			    0 && strcmp(place->path, path) == 0;
		}
	}
	sandbox_places_fini(&places);
	return (found);
}

enum status
sandbox_reload(const struct sandbox_opts *opts, struct diag *diag)
{
	struct sandbox_places *places = calloc(1, sizeof(*places));
	enum status status;

	if (places == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	status = sandbox_places_init(places, opts, diag);
	if (status == STATUS_OK) {
		places = sandbox_guard_add(places);
	}
	if (places != NULL) {
		sandbox_places_fini(places);
		free(places);
	}
	return (status);
}

bool
sandbox_lacks(enum sandbox_role role, unsigned parts, struct buf *out)
{
	static const struct {
		unsigned	 part;
		int		 who;
		const char	*text;
	} rows[] = {
		{ SANDBOX_CALLS, SANDBOX_BOTH, "the kernel has no seccomp "
		    "filters: system calls are not restricted" },
		{ SANDBOX_FILES, SANDBOX_BOTH, "the kernel has no Landlock, "
		    "or it is not enabled: files are not restricted" },
		{ SANDBOX_EXPOSED, SANDBOX_MAIL, "private keys or a key store "
		    "are beneath a folder that it may read (that of "
		    "ReportStore or Metrics, TMPDIR, or where mailseald was "
		    "started): keep them apart" },
		{ SANDBOX_LOCKED, SANDBOX_KEYS, "RLIMIT_MEMLOCK is not "
		    "unlimited: private keys may be written to swap space" },
	};
	bool lacks = false;
	size_t i;

	/* Of all others the presence is good. */
	parts ^= SANDBOX_EXPOSED;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if ((rows[i].who & (int)role) != 0 &&
		    (parts & rows[i].part) == 0) {
			buf_printf(out, "%s%s", lacks ? "; " : "",
			    rows[i].text);
			lacks = true;
		}
	}
	return (lacks);
}

/* octets: a sockaddr that may be anything. */
static void
write_address(const char *octets, char *text, size_t n)
{
	char address[INET6_ADDRSTRLEN] = "?";
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	sa_family_t family;

	memcpy(&family, octets, sizeof(family));
	if (family == AF_INET) {
		memcpy(&in, octets, sizeof(in));
		(void)inet_ntop(AF_INET, &in.sin_addr, address,
		    sizeof(address));
		(void)snprintf(text, n, "%s port %u", address,
		    ntohs(in.sin_port));
	} else if (family == AF_INET6) {
		memcpy(&in6, octets, sizeof(in6));
		(void)inet_ntop(AF_INET6, &in6.sin6_addr, address,
		    sizeof(address));
		(void)snprintf(text, n, "%s port %u", address,
		    ntohs(in6.sin6_port));
	} else if (family == AF_UNIX) {
		(void)snprintf(text, n, "unix:%.107s", octets +
		    offsetof(struct sockaddr_un, sun_path));
	} else {
		(void)snprintf(text, n, "address family %u", family);
	}
}

/* octets end with NUL, whatever came. */
static void
write_detail(const struct sandbox_report *report, char *text, size_t n)
{
	char octets[sizeof(report->octets) + 1] = "";

	memcpy(octets, report->octets, sizeof(report->octets));
	switch ((enum sandbox_detail)report->detail) {
	case SANDBOX_DETAIL_TEXT:
		(void)snprintf(text, n, " %s", octets);
		return;
	case SANDBOX_DETAIL_ADDRESS:
		text[0] = ' ';
		write_address(octets, text + 1, n - 1);
		return;
	case SANDBOX_DETAIL_NONE:
		break;
	}
	text[0] = '\0';
}

bool
sandbox_read_report(int fd, char text_r[SANDBOX_REPORT_BYTES])
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	char detail[sizeof(((struct sandbox_report *)0)->octets) + 8];
	struct sandbox_report report;
	char *name;

	if (poll(&readable, 1, 0) != 1 || (readable.revents & POLLIN) == 0 ||
	    read(fd, &report, sizeof(report)) != sizeof(report)) {
		return (false);
	}
	write_detail(&report, detail, sizeof(detail));
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
	    report.number);
	if (name != NULL) {
		(void)snprintf(text_r, SANDBOX_REPORT_BYTES, "%s%s", name,
		    detail);
	} else {
		(void)snprintf(text_r, SANDBOX_REPORT_BYTES, "number %d%s",
		    (int)report.number, detail);
	}
	free(name);
	return (true);
}
