/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handler of SIGSYS, which the kernel raises for a call that the filter
 * does not allow. It uses nothing but system calls and memory that no longer
 * changes.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "milter/sandbox_private.h"
#include "milter/sandbox_report.h"

#define ARGS	6

struct trap {
	int		number;
	uint64_t	args[ARGS];
};

/* Of the configuration in service, of the one before, and of the one that is
   loaded now; each may be NULL but the first. */
static struct sandbox_places *_Atomic lists[3];
static struct sandbox_guard_key key;
static enum sandbox_role role;
static int report_fd = -1;
static int ask_fd = -1;
static _Thread_local volatile sig_atomic_t loading;

void
sandbox_loading(bool begins)
{
	loading += begins ? 1 : -1;
}

#if defined(__x86_64__) && defined(__LP64__)
#define GUARD_KNOWN	true

static void
read_args(const ucontext_t *context, uint64_t args_r[ARGS])
{
	static const int registers[ARGS] = { REG_RDI, REG_RSI, REG_RDX,
		REG_R10, REG_R8, REG_R9 };
	size_t i;

	for (i = 0; i < ARGS; i++) {
		args_r[i] = (uint64_t)context->uc_mcontext.gregs[registers[i]];
	}
}

static void
write_result(ucontext_t *context, long result)
{
	context->uc_mcontext.gregs[REG_RAX] = result;
}
#elif defined(__aarch64__)
#define GUARD_KNOWN	true

static void
read_args(const ucontext_t *context, uint64_t args_r[ARGS])
{
	size_t i;

	for (i = 0; i < ARGS; i++) {
		args_r[i] = context->uc_mcontext.regs[i];
	}
}

static void
write_result(ucontext_t *context, long result)
{
	context->uc_mcontext.regs[0] = (uint64_t)result;
}
#else
#define GUARD_KNOWN	false

static void
read_args(const ucontext_t *context, uint64_t args_r[ARGS])
{
	(void)context;
	memset(args_r, 0, ARGS * sizeof(args_r[0]));
}

static void
write_result(ucontext_t *context, long result)
{
	(void)context;
	(void)result;
}
#endif

static void *
pointer_of(uint64_t arg)
{
	return ((void *)(uintptr_t)arg);
}

/* Sends the report and ends the process. */
static _Noreturn void
end_process(int number, enum sandbox_detail detail, const void *p, size_t n)
{
	struct sandbox_report report = { .number = number, .detail = detail };
	struct sigaction unused = { .sa_handler = SIG_DFL };

	if (p != NULL) {
		memcpy(report.octets, p, n < sizeof(report.octets) ? n :
		    sizeof(report.octets));
	}
	if (report_fd != -1) {
		(void)!write(report_fd, &report, sizeof(report));
	}
	/* The filter ends the process at this call: see the table. */
	(void)sigaction(SIGSYS, &unused, NULL);
	_exit(128 + SIGSYS);
}

static bool
is_place_permitted(const char *path, unsigned may)
{
	const struct sandbox_places *places;
	size_t i;

	for (i = 0; i < 3; i++) {
		places = lists[i];
		if (places != NULL && sandbox_places_have(places, path, may)) {
			return (true);
		}
	}
	return (false);
}

static bool
is_port_permitted(uint16_t port)
{
	const struct sandbox_places *places;
	size_t i;

	for (i = 0; i < 3; i++) {
		places = lists[i];
		if (places != NULL && sandbox_places_have_port(places, port)) {
			return (true);
		}
	}
	return (false);
}

static bool
is_file_permitted(const struct trap *t)
{
	const char *path = pointer_of(t->args[1]);
	unsigned may = (t->args[2] & O_ACCMODE) == O_RDONLY ? SANDBOX_READ :
	    SANDBOX_WRITE;

	/* Relative to a descriptor: the kernel's list decides. */
	return (path[0] != '/' && (int)t->args[0] != AT_FDCWD ? true :
	    is_place_permitted(path, may));
}

static bool
is_local_permitted(const struct sockaddr_un *addr, size_t n)
{
	const size_t before = offsetof(struct sockaddr_un, sun_path);
	char path[sizeof(addr->sun_path) + 1] = "";

	/* Without a path: an abstract name, never of ours. */
	if (n <= before || n - before >= sizeof(path)) {
		return (false);
	}
	memcpy(path, addr->sun_path, n - before);
	return (path[0] != '\0' && is_place_permitted(path, SANDBOX_CONNECT));
}

static bool
is_address_permitted(const void *p, size_t n)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	sa_family_t family = AF_UNSPEC;

	if (n >= sizeof(family)) {
		memcpy(&family, p, sizeof(family));
	}
	if (family == AF_UNIX) {
		return (is_local_permitted(p, n));
	}
	if (family == AF_INET && n >= sizeof(in)) {
		memcpy(&in, p, sizeof(in));
		return (is_port_permitted(ntohs(in.sin_port)));
	}
	if (family == AF_INET6 && n >= sizeof(in6)) {
		memcpy(&in6, p, sizeof(in6));
		return (is_port_permitted(ntohs(in6.sin6_port)));
	}
	/* AF_UNSPEC ends a connection; AF_NETLINK is the kernel. */
	return (family == AF_UNSPEC || family == AF_NETLINK);
}

/* Ends the process unless the message has no address or a permitted one. */
static void
check_address(int number, const void *p, size_t n)
{
	if (p != NULL && !loading && !is_address_permitted(p, n)) {
		end_process(number, SANDBOX_DETAIL_ADDRESS, p, n);
	}
}

static void
check_messages(const struct mmsghdr *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		check_address(SYS_sendmmsg, v[i].msg_hdr.msg_name,
		    v[i].msg_hdr.msg_namelen);
	}
}

static long
repeat_call(const struct trap *t)
{
	return (syscall(t->number, t->args[0], t->args[1], t->args[2],
	    t->args[3], key.v[0], key.v[1]));
}

/* A file that was replaced is not the one that the kernel admits. */
static long
open_file(const struct trap *t, const char *path)
{
	long result = repeat_call(t);
	int file;

	if (result != -1 || errno != EACCES || ask_fd == -1 ||
	    (t->args[2] & O_ACCMODE) != O_RDONLY) {
		return (result);
	}
	file = sandbox_ask(ask_fd, path, &key);
	errno = EACCES;
	return (file);
}

/* sendto() has no argument to spare. */
static long
send_to(const struct trap *t)
{
	struct iovec data = { pointer_of(t->args[1]), (size_t)t->args[2] };
	struct msghdr message = { .msg_name = pointer_of(t->args[4]),
		.msg_namelen = (socklen_t)t->args[5],
		.msg_iov = &data, .msg_iovlen = 1 };

	return (syscall(SYS_sendmsg, t->args[0], &message, t->args[3], 0UL,
	    key.v[0], key.v[1]));
}

/*
 * Libraries look for files that few machines have, and their next version for
 * others: a file that is not there is not in the list, either, and no fault.
 */
static bool
is_absent(const struct trap *t)
{
	int flags = (int)t->args[2];

	return ((flags & O_ACCMODE) == O_RDONLY && (flags & O_CREAT) == 0 &&
	    syscall(SYS_faccessat, t->args[0], t->args[1], F_OK) == -1 &&
	    (errno == ENOENT || errno == ENOTDIR));
}

/* Does not return if the file is not permitted. */
static long
open_permitted(const struct trap *t)
{
	const char *path = pointer_of(t->args[1]);

	if (!loading && !is_file_permitted(t)) {
		if (is_absent(t)) {
			return (-1);
		}
		end_process(t->number, SANDBOX_DETAIL_TEXT, path,
		    strlen(path));
	}
	return (open_file(t, path));
}

/* Does not return if the call is not permitted. */
static long
do_call(const struct trap *t)
{
	const struct msghdr *message;

	switch (t->number) {
	case SYS_openat:
		return (open_permitted(t));
	case SYS_connect:
		check_address(t->number, pointer_of(t->args[1]),
		    (socklen_t)t->args[2]);
		return (repeat_call(t));
	case SYS_sendto:
		check_address(t->number, pointer_of(t->args[4]),
		    (socklen_t)t->args[5]);
		return (send_to(t));
	case SYS_sendmsg:
		message = pointer_of(t->args[1]);
		check_address(t->number, message->msg_name,
		    message->msg_namelen);
		return (repeat_call(t));
	case SYS_sendmmsg:
		check_messages(pointer_of(t->args[1]), (size_t)t->args[2]);
		return (repeat_call(t));
	case SYS_setsockopt:
		errno = EPERM;
		return (-1);
	default:
		end_process(t->number, SANDBOX_DETAIL_NONE, NULL, 0);
	}
}

static void
handle_trap(int number, siginfo_t *info, void *context)
{
	struct trap t = { .number = info->si_syscall };
	int saved = errno;
	long result;

	(void)number;
	read_args(context, t.args);
	if (!GUARD_KNOWN || role != SANDBOX_MAIL) {
		end_process(t.number, SANDBOX_DETAIL_NONE, NULL, 0);
	}
	result = do_call(&t);
	write_result(context, result == -1 ? -errno : result);
	errno = saved;
}

struct sandbox_places *
sandbox_guard_add(struct sandbox_places *places)
{
	return (atomic_exchange(&lists[2], places));
}

/* What is last now is kept until the next load. */
void
sandbox_commit(void)
{
	struct sandbox_places *before = lists[0], *former = lists[1];

	if (lists[2] != NULL) {
		lists[0] = lists[2];
		lists[1] = before;
		lists[2] = former;
	}
}

bool
sandbox_guard_start(const struct sandbox_opts *opts,
    struct sandbox_places *places, struct sandbox_guard_key *key_r)
{
	struct sigaction action = { .sa_sigaction = handle_trap,
		.sa_flags = SA_SIGINFO | SA_RESTART };

	sigemptyset(&action.sa_mask);
	role = opts->role;
	report_fd = opts->report_fd;
	ask_fd = opts->ask_fd;
	lists[0] = places;
	arc4random_buf(&key, sizeof(key));
	*key_r = key;
	if (sigaction(SIGSYS, &action, NULL) == -1) {
		return (false);
	}
	return (GUARD_KNOWN && role == SANDBOX_MAIL);
}

/*
 * Called by every library. A thread that blocks all signals, as those of the
 * resolvers do, would be ended by the first call that the guard looks at.
 */
int
pthread_sigmask(int how, const sigset_t *restrict set,
    sigset_t *restrict old_r)
{
	sigset_t without;

	if (set != NULL && how != SIG_UNBLOCK) {
		without = *set;
		sigdelset(&without, SIGSYS);
		set = &without;
	}
	return (sigprocmask(how, set, old_r) == -1 ? errno : 0);
}
