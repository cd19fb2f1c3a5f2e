/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each row enters a sandbox in a process of its own and makes one call there:
 * it succeeds, fails with an error, or ends the process and is named.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <seccomp.h>

#include "dns/dns.h"
#include "milter/memory.h"
#include "milter/opener.h"
#include "milter/sandbox_private.h"
#include "milter/sandbox_report.h"
#include "test/unit/files.h"
#include "test/unit/tap.h"

#define NO_SANDBOX	99	/* exit status */
#define REPLACED	(-1)	/* expected: success, with a parent that opens
				   what was replaced behind the sandbox */

static char top[] = "/tmp/ms.sandbox.XXXXXX";
static struct conf *conf;
static char conf_text[1024];
static char conf_path[64], host_list[64], key_path[64], beside[64];
static char elsewhere[64];
static int rules = -1;			/* conf_text, as a file */
static struct env env;

static int
error_of(long result)
{
	return (result == -1 ? errno : 0);
}

static int
open_path(const char *path, int flags)
{
	return (error_of(open(path, flags | O_CLOEXEC, 0600)));
}

static int
open_loading(const char *path)
{
	int error;

	sandbox_loading(true);
	error = open_path(path, O_RDONLY);
	sandbox_loading(false);
	return (error);
}

static int
open_list(void)
{
	return (open_path(host_list, O_RDONLY));
}

/* A path beneath top, past the guard: what code that has taken the process over
   can reach. */
static int
load_beneath(const char *name)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/%s", top, name);
	return (open_loading(path));
}

#define ABSENT	"/etc/mailseal.absent"

static int
open_absent(void)
{
	return (open_path(ABSENT, O_RDONLY));
}

static int
make_absent(void)
{
	return (open_path(ABSENT, O_WRONLY | O_CREAT));
}

static int
make_to_read(void)
{
	return (open_path(ABSENT, O_RDONLY | O_CREAT));
}

static int
load_beside_list(void)
{
	return (load_beneath("conf/list.new"));
}

static int
load_configuration(void)
{
	return (load_beneath("conf/mailseald.conf"));
}

static int
load_stored_key(void)
{
	return (load_beneath("conf/store/example.com/s.private"));
}

static int
load_store(void)
{
	return (load_beneath("conf/store"));
}

static int
load_database(void)
{
	return (load_beneath("conf/keys.db"));
}

static int
load_hostname(void)
{
	return (open_loading("/etc/hostname"));
}

static int
load_memory(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%ld/mem", (long)getppid());
	return (open_loading(path));
}

static int
remove_key(void)
{
	return (error_of(unlink(key_path)));
}

static int
rename_key(void)
{
	return (error_of(rename(key_path, host_list)));
}

static int
link_key(void)
{
	return (error_of(link(key_path, beside)));
}

static int
read_parent(void)
{
	char octet;
	struct iovec own = { &octet, 1 }, other = { conf_text, 1 };

	return (error_of(process_vm_readv(getppid(), &own, 1, &other, 1,
	    0)));
}

static int
make_report(void)
{
	char path[96];
	int error;

	(void)snprintf(path, sizeof(path), "%s/reports/r.db-journal", top);
	error = open_path(path, O_RDWR | O_CREAT);
	return (error != 0 ? error : error_of(unlink(path)));
}

static int
load_list(void)
{
	return (open_loading(host_list));
}

static int
open_passwd(void)
{
	return (open_path("/etc/passwd", O_RDONLY));
}

/* glibc's allocator, with many threads and without /sys. */
static int
count_processors(void)
{
	return (open_path("/proc/stat", O_RDONLY));
}

static int
load_passwd(void)
{
	return (open_loading("/etc/passwd"));
}

static int
open_beside(void)
{
	return (open_path(beside, O_RDONLY));
}

static int
write_list(void)
{
	return (open_path(host_list, O_WRONLY));
}

static int
write_elsewhere(void)
{
	return (open_path(elsewhere, O_WRONLY));
}

static int
load_elsewhere(void)
{
	return (open_loading(elsewhere));
}

static int
load_key(void)
{
	return (open_loading(key_path));
}

static int
open_key(void)
{
	return (open_path(key_path, O_RDONLY));
}

static int
open_by_parents(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/conf/../else/file", top);
	return (open_path(path, O_RDONLY));
}

static int
make_file(void)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/conf/made", top);
	sandbox_loading(true);
	return (open_path(path, O_WRONLY | O_CREAT));
}

static int
run_program(void)
{
	char *const argv[] = { (char *)(uintptr_t)"true", NULL };

	return (error_of(execv("/bin/true", argv)));
}

static int
run_descriptor(void)
{
	return (error_of(syscall(SYS_execveat, 0, "/bin/true", NULL, NULL,
	    0)));
}

static int
make_process(void)
{
	return (error_of(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)));
}

static int
trace_parent(void)
{
	return (error_of(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)));
}

static int
signal_parent(void)
{
	return (error_of(kill(getppid(), 0)));
}

static int
signal_self(void)
{
	return (error_of(kill(getpid(), 0)));
}

/* The kernel sends any signal, SIGKILL too, to an owner of the same user. */
static int
own_by_parent(void)
{
	int fds[2];

	return (pipe2(fds, O_CLOEXEC) == -1 ? NO_SANDBOX :
	    error_of(fcntl(fds[0], F_SETOWN, getppid())));
}

static int
own_by_group(void)
{
	const struct f_owner_ex owner = { F_OWNER_PGRP, getppid() };
	int fds[2];

	return (pipe2(fds, O_CLOEXEC) == -1 ? NO_SANDBOX :
	    error_of(fcntl(fds[0], F_SETOWN_EX, &owner)));
}

static int
choose_signal(void)
{
	int fds[2];

	return (pipe2(fds, O_CLOEXEC) == -1 ? NO_SANDBOX :
	    error_of(fcntl(fds[0], F_SETSIG, SIGKILL)));
}

static int
use_descriptors(void)
{
	struct flock range = { .l_type = F_RDLCK, .l_whence = SEEK_SET,
		.l_len = 1 };
	int fd = open(host_list, O_RDONLY | O_CLOEXEC);
	int other = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return (other == -1 || fcntl(other, F_GETFD) != FD_CLOEXEC ||
	    fcntl(other, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(other, F_SETFL, O_NONBLOCK) == -1 ||
	    (fcntl(other, F_GETFL) & O_NONBLOCK) == 0 ||
	    fcntl(fd, F_OFD_SETLK, &range) == -1 ||
	    fcntl(fd, F_SETLK, &range) == -1 ||
	    fcntl(fd, F_GETLK, &range) == -1 ? NO_SANDBOX : 0);
}

/* upper: the half of an argument that the kernel does not look at. */
static int
set_linger(uint64_t upper)
{
	const struct linger on = { .l_onoff = 1, .l_linger = 600 };

	return (error_of(syscall(SYS_setsockopt, socket(AF_UNIX, SOCK_STREAM,
	    0), SOL_SOCKET | upper, SO_LINGER | upper, &on, sizeof(on))));
}

static int
linger(void)
{
	return (set_linger(0));
}

static int
linger_by_upper(void)
{
	return (set_linger((uint64_t)1 << 32));
}

static int
set_options(void)
{
	static const int options[][2] = { { SOL_SOCKET, SO_KEEPALIVE },
		{ SOL_SOCKET, SO_REUSEADDR }, { SOL_SOCKET, SO_RCVBUF },
		{ SOL_SOCKET, SO_SNDBUF }, { IPPROTO_TCP, TCP_NODELAY },
		{ IPPROTO_TCP, TCP_QUICKACK }, { IPPROTO_TCP, TCP_CORK },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT },
		{ IPPROTO_IP, IP_MTU_DISCOVER }, { IPPROTO_IP, IP_RECVERR } };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (setsockopt(fd, options[i][0], options[i][1], &on,
		    sizeof(on)) == -1) {
			return (NO_SANDBOX);
		}
	}
	return (0);
}

/* What another process that has the same socket would notice. */
static int
set_forbidden(void)
{
	static const int options[][2] = { { SOL_SOCKET, SO_ATTACH_FILTER },
		{ SOL_SOCKET, SO_LOCK_FILTER }, { SOL_SOCKET, SO_BINDTODEVICE },
		{ SOL_SOCKET, SO_MAX_PACING_RATE }, { SOL_SOCKET, SO_MARK },
		{ IPPROTO_IP, IP_MINTTL }, { IPPROTO_IP, IP_TTL },
		{ IPPROTO_IP, IP_OPTIONS }, { IPPROTO_IPV6, IPV6_MINHOPCOUNT },
		{ IPPROTO_TCP, TCP_MD5SIG }, { IPPROTO_TCP, TCP_CONGESTION },
		{ IPPROTO_TCP, TCP_DEFER_ACCEPT }, { IPPROTO_TCP, TCP_MAXSEG },
		{ IPPROTO_TCP, TCP_WINDOW_CLAMP },
		/* The number of TCP_QUICKACK, of another level. */
		{ IPPROTO_IPV6, TCP_QUICKACK }, { 0x1234, 1 } };
	int on = 1, fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		errno = 0;
		if (setsockopt(fd, options[i][0], options[i][1], &on,
		    sizeof(on)) != -1 || errno != EPERM) {
			return (NO_SANDBOX);
		}
	}
	return (EPERM);
}

static int
call_unknown(void)
{
	return (error_of(syscall(1000)));
}

static int
ignore_report(void)
{
	return (signal(SIGSYS, SIG_IGN) == SIG_ERR ? errno : 0);
}

static int
map_executable(void)
{
	return (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0);
}

static int
make_executable(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANONYMOUS, -1, 0);

	return (p == MAP_FAILED ? NO_SANDBOX :
	    error_of(mprotect(p, 4096, PROT_READ | PROT_EXEC)));
}

static struct sockaddr_in
loopback(uint16_t port)
{
	return ((struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port) });
}

static int
connect_port(int type, uint16_t port)
{
	struct sockaddr_in addr = loopback(port);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	return (fd == -1 ? NO_SANDBOX : error_of(connect(fd,
	    (const struct sockaddr *)&addr, sizeof(addr))));
}

static int
connect_dns(void)
{
	return (connect_port(SOCK_DGRAM, 53));
}

static int
connect_named(void)
{
	return (connect_port(SOCK_DGRAM, 5301));
}

/* All that the resolver's library does, whatever its version: the port is
   closed, so that an answer comes at once. */
static int
ask_resolver(void)
{
	struct str server = STR("127.0.0.1@5301");
	struct dns_batch *batch;
	struct dns_query *query;
	struct dns_opts opts;
	struct diag diag;
	struct dns *dns;

	diag_init(&diag);
	dns_opts_init(&opts);
	opts.env = &env;
	opts.nameservers = &server;
	opts.nameservers_n = 1;
	opts.timeout_us = 1000000;
	if (dns_new_resolver(&opts, &dns, &diag) != STATUS_OK) {
		return (NO_SANDBOX);
	}
	batch = dns_batch_new(dns);
	query = batch == NULL ? NULL :
	    dns_batch_add(batch, STR("example.com"), DNS_TXT);
	if (query == NULL) {
		return (NO_SANDBOX);
	}
	dns_batch_wait(batch, env_mono_us(&env) + 60 * 1000000ULL);
	return (dns_query_is_answered(query) ? 0 : NO_SANDBOX);
}

static int
connect_discard(void)
{
	return (connect_port(SOCK_DGRAM, 9));
}

static int
load_discard(void)
{
	sandbox_loading(true);
	return (connect_port(SOCK_STREAM, 9));
}

static int
connect_after_reload(void)
{
	static const char text_after[] = "KeyStore none\n"
	    "Nameservers 127.0.0.1@9\n";
	struct sandbox_opts opts = { .role = SANDBOX_MAIL,
		.text = STR(text_after) };
	struct conf *next;
	struct diag diag;
	int i;

	diag_init(&diag);
	if (conf_parse(STR(text_after), "test", &env, &next, &diag) !=
	    STATUS_OK) {
		return (NO_SANDBOX);
	}
	opts.conf = next;
	for (i = 0; i < 4; i++) {
		if (sandbox_reload(&opts, &diag) != STATUS_OK ||
		    connect_discard() != 0) {
			return (NO_SANDBOX);
		}
		if (i == 2) {
			sandbox_commit();
		}
	}
	/* Of messages in flight. */
	return (connect_named());
}

static int
connect_in6(void)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = htons(25) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return (error_of(connect(fd, (const struct sockaddr *)&addr,
	    sizeof(addr))));
}

static int
connect_unix(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX,
		.sun_path = "/run/other/socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return (error_of(connect(fd, (const struct sockaddr *)&addr,
	    sizeof(addr))));
}

/* Past the guard. */
static int
load_abstract(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const socklen_t n = offsetof(struct sockaddr_un, sun_path) +
	    sizeof(top);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sandbox_loading(true);
	memcpy(addr.sun_path + 1, top, sizeof(top) - 1);
	return (error_of(connect(fd, (const struct sockaddr *)&addr, n)));
}

static int
send_octet(uint16_t port)
{
	struct sockaddr_in addr = loopback(port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return (error_of(sendto(fd, "", 1, 0, (const struct sockaddr *)&addr,
	    sizeof(addr))));
}

static int
send_dns(void)
{
	return (send_octet(53));
}

static int
send_discard(void)
{
	return (send_octet(9));
}

static int
send_message(void)
{
	struct sockaddr_in addr = loopback(9);
	struct msghdr message = { .msg_name = &addr,
		.msg_namelen = sizeof(addr) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return (error_of(sendmsg(fd, &message, 0)));
}

static int
send_messages(void)
{
	struct sockaddr_in addr = loopback(9);
	struct mmsghdr v[2] = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	v[1].msg_hdr.msg_name = &addr;
	v[1].msg_hdr.msg_namelen = sizeof(addr);
	return (error_of(sendmmsg(fd, v, 2, 0)));
}

static int
open_net(void)
{
	return (error_of(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
}

static int
open_packet(void)
{
	return (error_of(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)));
}

static void *
open_list_blocked(void *error_r)
{
	sigset_t all, old;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	*(int *)error_r = open_list();
	return (NULL);
}

static int
open_in_thread(void)
{
	pthread_t thread;
	int error = NO_SANDBOX;

	if (pthread_create(&thread, NULL, open_list_blocked, &error) != 0) {
		return (NO_SANDBOX);
	}
	(void)pthread_join(thread, NULL);
	return (error);
}

static int
open_with_errors(void)
{
	char path[96];

	/* The error is the call's own, and errno else is left alone. */
	(void)snprintf(path, sizeof(path), "%s/conf/list/none", top);
	errno = 0;
	if (open_path(path, O_RDONLY) != ENOTDIR) {
		return (NO_SANDBOX);
	}
	errno = ERANGE;
	return (open(host_list, O_RDONLY) == -1 || errno != ERANGE ?
	    NO_SANDBOX : 0);
}

static int
look_at_limits(void)
{
	struct rlimit core = { 1, 1 };

	return (getrlimit(RLIMIT_CORE, &core) == -1 || core.rlim_max != 0 ?
	    NO_SANDBOX : 0);
}

typedef int	action(void);

static const struct row {
	const char	*name;
	enum sandbox_role	 role;
	action		*act;
	int		 error;		/* expected; 0: success */
	const char	*report;	/* not NULL: the process dies */
} rows[] = {
	{ "mail: a list of the configuration", SANDBOX_MAIL, open_list, 0,
	    NULL },
	{ "mail: the same, which another has replaced", SANDBOX_MAIL,
	    open_list, REPLACED, NULL },
	{ "mail: the same when it loads", SANDBOX_MAIL, load_list, REPLACED,
	    NULL },
	{ "mail: beside it, when it loads", SANDBOX_MAIL, load_beside_list,
	    EACCES, NULL },
	{ "mail: the configuration, which lies beside a list", SANDBOX_MAIL,
	    load_configuration, EACCES, NULL },
	{ "mail: a key of a store beside a list", SANDBOX_MAIL,
	    load_stored_key, EACCES, NULL },
	{ "mail: the folder of the store", SANDBOX_MAIL, load_store, EACCES,
	    NULL },
	{ "mail: a database of keys beside a list", SANDBOX_MAIL,
	    load_database, EACCES, NULL },
	{ "mail: another file of /etc", SANDBOX_MAIL, load_hostname, EACCES,
	    NULL },
	{ "mail: the memory of another process", SANDBOX_MAIL, load_memory,
	    EACCES, NULL },
	{ "mail: remove a key", SANDBOX_MAIL, remove_key, EACCES, NULL },
	{ "mail: rename a key", SANDBOX_MAIL, rename_key, 0, "rename" },
	{ "mail: link a key", SANDBOX_MAIL, link_key, 0, "link" },
	{ "mail: read another process", SANDBOX_MAIL, read_parent, 0,
	    "process_vm_readv" },
	{ "mail: a journal of ReportStore", SANDBOX_MAIL, make_report, 0,
	    NULL },
	{ "mail: an error of open() and errno", SANDBOX_MAIL,
	    open_with_errors, 0, NULL },
	{ "mail: in a thread that blocks all signals", SANDBOX_MAIL,
	    open_in_thread, 0, NULL },
	{ "mail: open of /etc/passwd", SANDBOX_MAIL, open_passwd, 0,
	    "openat /etc/passwd" },
	{ "mail: the number of processors", SANDBOX_MAIL, count_processors, 0,
	    NULL },
	{ "keys: the number of processors", SANDBOX_KEYS, count_processors, 0,
	    NULL },
	{ "mail: /etc/passwd when it loads", SANDBOX_MAIL, load_passwd, 0,
	    NULL },
	{ "mail: a file that is not there", SANDBOX_MAIL, open_absent, ENOENT,
	    NULL },
	{ "mail: the same, to be made", SANDBOX_MAIL, make_absent, 0,
	    "openat /etc/mailseal.absent" },
	{ "mail: the same, to be made and read", SANDBOX_MAIL,
	    make_to_read, 0, "openat /etc/mailseal.absent" },
	{ "mail: a file beside the configuration", SANDBOX_MAIL, open_beside,
	    0, "openat @/conf/beside" },
	{ "mail: write into a list", SANDBOX_MAIL, write_list, 0,
	    "openat @/conf/list" },
	{ "mail: a file elsewhere when it loads", SANDBOX_MAIL,
	    load_elsewhere, EACCES, NULL },
	{ "mail: a key when it loads", SANDBOX_MAIL, load_key, EACCES, NULL },
	{ "mail: a key", SANDBOX_MAIL, open_key, 0, "openat @/keys/key" },
	{ "mail: elsewhere by ..", SANDBOX_MAIL, open_by_parents, EACCES,
	    NULL },
	{ "mail: make a file when it loads", SANDBOX_MAIL, make_file, EACCES,
	    NULL },
	{ "keys: a key", SANDBOX_KEYS, open_key, 0, NULL },
	{ "keys: a list of the configuration", SANDBOX_KEYS, open_list, 0,
	    NULL },
	{ "keys: a file that a reload may name", SANDBOX_KEYS, load_elsewhere,
	    0, NULL },
	{ "keys: write into a file", SANDBOX_KEYS, write_elsewhere,
	    EACCES, NULL },
	{ "mail: execve", SANDBOX_MAIL, run_program, 0, "execve" },
	{ "keys: execve", SANDBOX_KEYS, run_program, 0, "execve" },
	{ "mail: execveat", SANDBOX_MAIL, run_descriptor, 0, "execveat" },
	{ "mail: a process", SANDBOX_MAIL, make_process, 0, "clone" },
	{ "keys: a process", SANDBOX_KEYS, make_process, 0, "clone" },
	{ "mail: ptrace", SANDBOX_MAIL, trace_parent, 0, "ptrace" },
	{ "mail: a signal to another", SANDBOX_MAIL, signal_parent, 0, "kill" },
	{ "mail: a signal to itself", SANDBOX_MAIL, signal_self, 0, NULL },
	{ "mail: a signal to another by F_SETOWN", SANDBOX_MAIL,
	    own_by_parent, 0, "fcntl" },
	{ "keys: a signal to another by F_SETOWN", SANDBOX_KEYS,
	    own_by_parent, 0, "fcntl" },
	{ "mail: a signal to a group by F_SETOWN_EX", SANDBOX_MAIL,
	    own_by_group, 0, "fcntl" },
	{ "mail: another signal than SIGIO", SANDBOX_MAIL, choose_signal, 0,
	    "fcntl" },
	{ "mail: flags and locks of descriptors", SANDBOX_MAIL,
	    use_descriptors, 0, NULL },
	{ "mail: wait at the close of a socket", SANDBOX_MAIL, linger, EPERM,
	    NULL },
	{ "mail: the same, with an upper half", SANDBOX_MAIL,
	    linger_by_upper, EPERM, NULL },
	{ "mail: options of sockets that it needs", SANDBOX_MAIL, set_options,
	    0, NULL },
	{ "mail: all others", SANDBOX_MAIL, set_forbidden, EPERM, NULL },
	{ "keys: wait at the close of a socket", SANDBOX_KEYS, linger, 0,
	    NULL },
	{ "keys: a call that does not exist", SANDBOX_KEYS, call_unknown, 0,
	    "number 1000" },
	{ "mail: the handler stays", SANDBOX_MAIL, ignore_report, 0, "" },
	{ "mail: executable memory", SANDBOX_MAIL, map_executable, EPERM,
	    NULL },
	{ "keys: executable memory", SANDBOX_KEYS, map_executable, EPERM,
	    NULL },
	{ "mail: memory becomes executable", SANDBOX_MAIL, make_executable,
	    EPERM, NULL },
	{ "mail: port 53", SANDBOX_MAIL, connect_dns, 0, NULL },
	{ "mail: the port of Nameservers", SANDBOX_MAIL, connect_named, 0,
	    NULL },
	{ "mail: the resolver", SANDBOX_MAIL, ask_resolver, 0, NULL },
	{ "mail: connect elsewhere", SANDBOX_MAIL, connect_discard, 0,
	    "connect 127.0.0.1 port 9" },
	{ "mail: connect elsewhere by IPv6", SANDBOX_MAIL, connect_in6, 0,
	    "connect ::1 port 25" },
	{ "mail: connect to a socket elsewhere", SANDBOX_MAIL, connect_unix,
	    0, "connect unix:/run/other/socket" },
	{ "mail: a socket without a path", SANDBOX_MAIL, load_abstract,
	    EPERM, NULL },
	{ "mail: TCP elsewhere when it loads", SANDBOX_MAIL, load_discard,
	    EACCES, NULL },
	{ "mail: the port of a new configuration", SANDBOX_MAIL,
	    connect_after_reload, 0, NULL },
	{ "mail: send to port 53", SANDBOX_MAIL, send_dns, 0, NULL },
	{ "mail: send elsewhere", SANDBOX_MAIL, send_discard, 0,
	    "sendto 127.0.0.1 port 9" },
	{ "mail: sendmsg elsewhere", SANDBOX_MAIL, send_message, 0,
	    "sendmsg 127.0.0.1 port 9" },
	{ "mail: sendmmsg elsewhere", SANDBOX_MAIL, send_messages, 0,
	    "sendmmsg 127.0.0.1 port 9" },
	{ "mail: a raw socket", SANDBOX_MAIL, open_packet, 0, "socket" },
	{ "keys: the network", SANDBOX_KEYS, open_net, 0, "socket" },
	{ "mail: no core file", SANDBOX_MAIL, look_at_limits, 0, NULL },
	{ "keys: no core file", SANDBOX_KEYS, look_at_limits, 0, NULL },
};

static unsigned
enter(enum sandbox_role role, int report_fd, int ask_fd)
{
	const struct sandbox_opts opts = { .role = role, .conf = conf,
		.text = str_from(conf_text), .report_fd = report_fd,
		.ask_fd = ask_fd };
	unsigned parts;
	struct diag diag;

	diag_init(&diag);
	if (sandbox_enter(&opts, &parts, &diag) != STATUS_OK) {
		printf("# %s\n", diag.text);
		fflush(stdout);
		_exit(NO_SANDBOX);
	}
	return (parts);
}

/* By another file of the same name, as an editor does. */
static void
replace_list(void)
{
	char other[80];

	(void)snprintf(other, sizeof(other), "%s.other", host_list);
	write_file(other, 0600, STR("10.0.0.2\n"));
	tap_num(rename(other, host_list), 0, "the list is replaced");
}

/* The parent's part, until the child is gone. A row that is to have its list
   replaced waits for an octet. */
static void
attend_child(const struct row *row, int fd)
{
	const struct opener_list list = { conf, rules };
	struct pollfd request = { .fd = fd, .events = POLLIN };

	if (row->error == REPLACED) {
		char octet;

		(void)!recv(fd, &octet, 1, 0);
		replace_list();
		(void)!send(fd, "", 1, MSG_NOSIGNAL);
	}
	while (poll(&request, 1, -1) == 1 &&
	    opener_serve(fd, &list, 1) == STATUS_OK) {
		continue;
	}
}

static _Noreturn void
run_child(const struct row *row, int report_fd, int ask_fd)
{
	char octet;

	(void)enter(row->role, report_fd, ask_fd);
	if (row->error == REPLACED && (send(ask_fd, "", 1, MSG_NOSIGNAL) !=
	    1 || recv(ask_fd, &octet, 1, 0) != 1)) {
		_exit(NO_SANDBOX);
	}
	_exit(row->act());
}

static int
run_row(const struct row *row, char text_r[SANDBOX_REPORT_BYTES])
{
	int fds[2], ask[2], status = -1;
	pid_t child;

	text_r[0] = '\0';
	if (pipe2(fds, O_CLOEXEC) == -1 || socketpair(AF_UNIX,
	    SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ask) == -1 ||
	    (child = fork()) == -1) {
		return (-1);
	}
	if (child == 0) {
		close(ask[0]);
		run_child(row, fds[1], ask[1]);
	}
	close(ask[1]);
	attend_child(row, ask[0]);
	(void)waitpid(child, &status, 0);
	(void)sandbox_read_report(fds[0], text_r);
	close(fds[0]);
	close(fds[1]);
	close(ask[0]);
	return (status);
}

/* What this kernel has. */
static unsigned
find_parts(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		_exit((int)enter(SANDBOX_MAIL, -1, -1));
	}
	(void)waitpid(child, &status, 0);
	return (WIFEXITED(status) ? (unsigned)WEXITSTATUS(status) : 0);
}

/* Of Landlock since Linux 6.12. */
static bool
has_scopes(void)
{
	return (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 6);
}

/* NULL: nothing that the row needs is missing. */
static const char *
find_lack(const struct row *row, unsigned parts)
{
	if (row->act == load_discard && (parts & SANDBOX_PORTS) == 0) {
		return ("Landlock of this kernel knows no ports");
	}
	if (row->act == load_abstract && !has_scopes()) {
		return ("Landlock of this kernel knows no scopes");
	}
	if (row->error == EACCES && (parts & SANDBOX_FILES) == 0) {
		return ("this kernel has no Landlock");
	}
	if (row->error == REPLACED && (parts & SANDBOX_GUARD) == 0) {
		return ("the guard does not know this machine");
	}
	if (row->error != EACCES && (parts & SANDBOX_CALLS) == 0) {
		return ("this kernel has no seccomp filters");
	}
	return (NULL);
}

static void
test_row(const struct row *row)
{
	char text[SANDBOX_REPORT_BYTES], want[SANDBOX_REPORT_BYTES] = "";
	int status = run_row(row, text);
	const char *at;
	bool ok;

	if (row->report != NULL) {
		at = strchr(row->report, '@');
		(void)snprintf(want, sizeof(want), "%.*s%s%s",
		    (int)(at != NULL ? at - row->report : 0), row->report,
		    at != NULL ? top : "", at != NULL ? at + 1 : row->report);
		ok = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS &&
		    strcmp(text, want) == 0;
	} else {
		ok = WIFEXITED(status) && WEXITSTATUS(status) ==
		    (row->error == REPLACED ? 0 : row->error) &&
		    text[0] == '\0';
	}
	tap_ok(ok, "%s", row->name);
	if (!ok) {
		printf("#  got: status 0x%x [%s]\n# want: error %d [%s]\n",
		    (unsigned)status, text, row->error, want);
	}
}

/* A kernel without both, played by a filter below. */
static void
hide_kernel(void)
{
	static const int hidden[] = { SCMP_SYS(landlock_create_ruleset),
		SCMP_SYS(seccomp) };
	const struct scmp_arg_cmp mode = { 0, SCMP_CMP_EQ, PR_SET_SECCOMP, 0 };
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		(void)seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), hidden[i],
		    0);
	}
	(void)seccomp_rule_add_array(f, SCMP_ACT_ERRNO(EINVAL),
	    SCMP_SYS(prctl), 1, &mode);
	(void)seccomp_load(f);
}

static int
enter_without(void)
{
	struct buf lacks;
	bool says;

	hide_kernel();
	buf_init(&lacks, 1024);
	says = sandbox_lacks(SANDBOX_MAIL, enter(SANDBOX_MAIL, -1, -1),
	    &lacks) &&
	    strstr(lacks.p, "seccomp") != NULL &&
	    strstr(lacks.p, "Landlock") != NULL;
	return (says ? open_path("/etc/passwd", O_RDONLY) : NO_SANDBOX);
}

static void
test_without(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		_exit(enter_without());
	}
	(void)waitpid(child, &status, 0);
	tap_num(status, 0, "a kernel without both: said, and goes on");
}

/* A kernel that refuses what it says it knows. */
static void
refuse_port(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp port = { 1, SCMP_CMP_EQ, 2, 0 };

	(void)seccomp_rule_add_array(f, SCMP_ACT_ERRNO(ENOMEM),
	    SCMP_SYS(landlock_add_rule), 1, &port);
}

static void
refuse_ruleset(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp attr = { 0, SCMP_CMP_NE, 0, 0 };

	(void)seccomp_rule_add_array(f, SCMP_ACT_ERRNO(ENOMEM),
	    SCMP_SYS(landlock_create_ruleset), 1, &attr);
}

static void
refuse_restriction(scmp_filter_ctx f)
{
	(void)seccomp_rule_add(f, SCMP_ACT_ERRNO(E2BIG),
	    SCMP_SYS(landlock_restrict_self), 0);
}

static void
refuse_filter(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp filter[] = {
		{ 0, SCMP_CMP_EQ, PR_SET_SECCOMP, 0 },
		{ 2, SCMP_CMP_NE, 0, 0 }
	};

	(void)seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOMEM), SCMP_SYS(seccomp),
	    0);
	(void)seccomp_rule_add_array(f, SCMP_ACT_ERRNO(ENOMEM),
	    SCMP_SYS(prctl), 2, filter);
}

static const struct refusal {
	void		(*refuse)(scmp_filter_ctx);
	const char	*says;		/* a part */
} refusals[] = {
	{ refuse_port, "Landlock: port " },
	{ refuse_ruleset, "Landlock: Cannot allocate memory" },
	{ refuse_restriction, "Landlock: Argument list too long" },
	{ refuse_filter, "libseccomp: " },
};

/* Does not go on without it. */
static int
enter_refused(const struct refusal *refusal)
{
	const struct sandbox_opts opts = { .role = SANDBOX_MAIL, .conf = conf,
		.text = str_from(conf_text), .report_fd = -1, .ask_fd = -1 };
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	struct diag diag;
	unsigned parts;

	refusal->refuse(f);
	(void)seccomp_load(f);
	diag_init(&diag);
	if (sandbox_enter(&opts, &parts, &diag) == STATUS_OK ||
	    strstr(diag.text, refusal->says) == NULL) {
		printf("# [%s]\n", diag.text);
		fflush(stdout);
		return (1);
	}
	return (0);
}

static void
test_refusals(unsigned parts)
{
	const unsigned needed = SANDBOX_CALLS | SANDBOX_FILES | SANDBOX_PORTS;
	int status = -1;
	size_t i;
	pid_t child;

	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if ((parts & needed) != needed) {
			tap_skip(refusals[i].says, "this kernel lacks a part");
			continue;
		}
		child = fork();
		if (child == 0) {
			_exit(enter_refused(&refusals[i]));
		}
		(void)waitpid(child, &status, 0);
		tap_num(status, 0, refusals[i].says);
	}
}

static void
test_lacks(void)
{
	struct buf lacks;

	buf_init(&lacks, 2048);
	tap_ok(sandbox_lacks(SANDBOX_MAIL, SANDBOX_CALLS | SANDBOX_FILES |
	    SANDBOX_EXPOSED, &lacks) && strstr(lacks.p, "keep them apart") !=
	    NULL, "keys beneath a folder that is writable are said");
	buf_reset(&lacks);
	tap_ok(!sandbox_lacks(SANDBOX_KEYS, SANDBOX_CALLS | SANDBOX_FILES |
	    SANDBOX_LOCKED, &lacks) && lacks.n == 0, "nothing lacks");
	tap_ok(sandbox_lacks(SANDBOX_KEYS, SANDBOX_CALLS | SANDBOX_FILES,
	    &lacks) && strstr(lacks.p, "swap") != NULL,
	    "memory that is not locked is said");
	buf_fini(&lacks);
}

/* The report comes from a process that may be hostile. */
static void
test_reports(void)
{
	struct sandbox_report report = { .number = SYS_execve, .detail = 99 };
	char text[SANDBOX_REPORT_BYTES];
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1) {
		tap_ok(false, "pipe");
		return;
	}
	tap_ok(!sandbox_read_report(fds[0], text), "no report: does not wait");
	memset(report.octets, 'x', sizeof(report.octets));
	(void)!write(fds[1], &report, sizeof(report));
	tap_ok(sandbox_read_report(fds[0], text) &&
	    strcmp(text, "execve") == 0, "an unknown detail is left out");
	report.detail = SANDBOX_DETAIL_TEXT;
	(void)!write(fds[1], &report, sizeof(report));
	tap_ok(sandbox_read_report(fds[0], text) &&
	    strlen(text) == strlen("execve ") + sizeof(report.octets),
	    "a path without an end is cut off");
	report.detail = SANDBOX_DETAIL_ADDRESS;
	(void)!write(fds[1], &report, sizeof(report));
	tap_ok(sandbox_read_report(fds[0], text) &&
	    strcmp(text, "execve address family 30840") == 0,
	    "an address of no known kind");
	(void)!write(fds[1], &report, 3);
	tap_ok(!sandbox_read_report(fds[0], text), "a short report is none");
	close(fds[1]);
	tap_ok(!sandbox_read_report(fds[0], text), "a closed pipe has none");
	close(fds[0]);
}

static bool
is_same_row(const struct sandbox_call *a, const struct sandbox_call *b)
{
	return (a->number == b->number && a->how == b->how &&
	    a->value == b->value && (a->who & b->who & SANDBOX_BOTH) != 0 &&
	    ((a->who | b->who) & SANDBOX_IF_POSTGRES) == 0);
}

static void
test_table(void)
{
	static const char *const never[] = { "execve", "execveat", "fork",
		"vfork", "ptrace", "process_vm_readv", "process_vm_writev",
		"setuid", "setgid", "mount", "bpf", "perf_event_open",
		"userfaultfd", "keyctl", "pkey_mprotect",
		"io_uring_setup", "unshare", "setns", "chroot", "open",
		"openat2", "link", "symlink", "rename", "renameat2",
		"personality", "modify_ldt", "remap_file_pages", "seccomp",
		"pidfd_getfd", "kexec_load", "init_module",
		"open_by_handle_at" };
	size_t i, k, bad = 0, same = 0;

	for (i = 0; i < sandbox_calls_n; i++) {
		bad += sandbox_calls[i].why == NULL ||
		    sandbox_calls[i].why[0] == '\0';
		for (k = 0; k < i; k++) {
			same += is_same_row(&sandbox_calls[i],
			    &sandbox_calls[k]);
		}
	}
	tap_num((long long)bad, 0, "each call has its reason");
	tap_num((long long)same, 0, "no call is there twice");
	for (k = bad = 0; k < sizeof(never) / sizeof(never[0]); k++) {
		for (i = 0; i < sandbox_calls_n; i++) {
			bad += sandbox_calls[i].number ==
			    seccomp_syscall_resolve_name(never[k]);
		}
	}
	tap_num((long long)bad, 0, "no call that is never needed");
	for (i = bad = 0; i < sandbox_system_places_n; i++) {
		bad += sandbox_system_places[i].path[0] != '/' ||
		    sandbox_system_places[i].why[0] == '\0';
	}
	tap_num((long long)bad, 0, "each place has its reason");
}

static enum status
count_folder(void *ctx, struct str folder)
{
	struct buf *found = ctx;

	buf_printf(found, "%.*s ", STR_FMT(folder));
	return (found->status);
}

/* A folder for each domain becomes what they have in common. */
static void
test_key_folders(void)
{
	char path[96];
	struct buf found;

	(void)snprintf(path, sizeof(path), "%s/conf/table", top);
	write_file(path, 0600, STR("a a.example:s:/srv/keys/a/1.private\n"
	    "b b.example:s:/srv/keys/b/1.private\n"
	    "c c.example:s:/srv/keys/c.private:rsa\n"
	    "d %:s:/var/keys/x/%/y.private\n"
	    "e e.example:s:MIIBIjANBgkqhkiG9w0BAQ\n"
	    "f f.example:s:./own/f.private\n"
	    "g g.example:s:/srvother/g.private\n"));
	buf_init(&found, 4096);
	tap_num(sandbox_key_folders(path, count_folder, &found), STATUS_OK,
	    "the folders of a KeyTable");
	tap_str(buf_str(&found), STR("/srv/keys /var/keys/x ./own /srvother "),
	    "what the folders have in common");
	buf_fini(&found);
	buf_init(&found, 4096);
	tap_num(sandbox_key_folders("/nonexistent", count_folder, &found),
	    STATUS_OK, "a KeyTable that is not there has no folder");
	buf_fini(&found);
}

static void
make_folder(const char *name)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/%s", top, name);
	if (mkdir(path, 0700) == -1) {
		tap_ok(false, "mkdir %s", path);
	}
}

/* A socket without a path: its name is top. */
static void
listen_abstract(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(addr.sun_path + 1, top, sizeof(top) - 1);
	if (bind(fd, (const struct sockaddr *)&addr, (socklen_t)(offsetof(
	    struct sockaddr_un, sun_path) + sizeof(top))) == -1 ||
	    listen(fd, 1) == -1) {
		tap_ok(false, "listen");
	}
}

static void
make_world(void)
{
	char path[96];
	struct diag diag;

	if (mkdtemp(top) == NULL) {
		tap_ok(false, "mkdtemp");
		return;
	}
	listen_abstract();
	make_folder("conf");
	make_folder("keys");
	make_folder("else");
	make_folder("reports");
	make_folder("conf/store");
	make_folder("conf/store/example.com");
	(void)snprintf(conf_path, sizeof(conf_path), "%s/conf/mailseald.conf",
	    top);
	(void)snprintf(host_list, sizeof(host_list), "%s/conf/list", top);
	(void)snprintf(key_path, sizeof(key_path), "%s/keys/key", top);
	(void)snprintf(beside, sizeof(beside), "%s/conf/beside", top);
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/else/file", top);
	(void)snprintf(path, sizeof(path), "%s.new", host_list);
	write_file(path, 0600, STR("\n"));
	write_file(host_list, 0600, STR("10.0.0.1\n"));
	write_file(beside, 0600, STR("x\n"));
	write_file(elsewhere, 0600, STR("x\n"));
	write_key(key_path, CRYPTO_ED25519, 0);
	(void)snprintf(path, sizeof(path), "%s/conf/keys.db", top);
	write_file(path, 0600, STR("a database\n"));
	(void)snprintf(path, sizeof(path),
	    "%s/conf/store/example.com/s.private", top);
	write_key(path, CRYPTO_ED25519, 0);
	(void)snprintf(conf_text, sizeof(conf_text), "KeyStore %s/conf/store\n"
	    "KeyStore sqlite:%s/conf/keys.db\n"
	    "Selector s\nDomain example.com\nKeyFile %s\nInternalHosts %s\n"
	    "MarkKeyFile %s/state/mark\nNameservers 127.0.0.1@5301\n"
	    "ReportStore sqlite:%s/reports/r.db\n"
	    "ExternalIgnoreList %s/a file/of hosts\n",
	    top, top, key_path, host_list, top, top, top);
	if (memory_write("rules", str_from(conf_text), &rules) !=
	    STATUS_OK) {
		tap_ok(false, "memory_write");
	}
	write_file(conf_path, 0600, str_from(conf_text));
	diag_init(&diag);
	make_folder("a file");
	(void)snprintf(path, sizeof(path), "%s/a file/of hosts", top);
	write_file(path, 0600, STR("10.0.0.1\n"));
	if (conf_load(conf_path, &env, &conf, &diag) != STATUS_OK) {
		tap_ok(false, "conf_load: %s", diag.text);
	}
}

/* With top in place of each "@". */
static void
write_text(const char *from, char *text, size_t max)
{
	size_t n = 0;

	for (; *from != '\0' && n + sizeof(top) < max; from++) {
		n += (size_t)snprintf(text + n, max - n, "%.*s",
		    *from == '@' ? (int)sizeof(top) : 1, *from == '@' ? top :
		    from);
	}
}

/* Each configuration of a mail process, and whether the folder of what it
   writes has keys beneath it. */
static void
test_exposure(void)
{
	static const struct {
		const char	*text;
		bool		 exposed;
	} v[] = {
		{ "KeyStore @/keys\nReportStore sqlite:@/reports/r.db\n",
		    false },
		{ "KeyStore @/keys\nReportStore sqlite:@/r.db\n", true },
		{ "KeyStore @/keys\nReportStore sqlite:@/keys/r.db\n",
		    true },
		{ "KeyStore @/keys\nReportStore sqlite:@/key/r.db\n",
		    false },
		{ "KeyStore sqlite:@/keys/k.db\nReportStore "
		    "sqlite:@/keys/r.db\n", true },
		{ "KeyStore @/keys\nMetrics unix:@/metrics\n", true },
		{ "KeyStore @/keys\nMetrics unix:@/else/metrics\n",
		    false },
		{ "KeyTable @/keys/t\nSigningTable refile:@/s\n", false },
		{ "KeyStore none\nKeyPassphraseFile @/pass\n"
		    "ReportStore sqlite:/none/r.db\n", false },
		{ "KeyStore none\nKeyPassphraseFile @/pass\n"
		    "Metrics unix:/tmp/metrics\n", true }
	};
	struct sandbox_opts opts = { .role = SANDBOX_MAIL, .report_fd = -1,
		.ask_fd = -1 };
	struct sandbox_places places;
	char text[512];
	struct conf *c;
	struct diag diag;
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		diag_init(&diag);
		write_text(v[i].text, text, sizeof(text));
		if (conf_parse(str_from(text), "test", &env, &c, &diag) !=
		    STATUS_OK) {
			tap_ok(false, "exposure %zu: %s", i, diag.text);
			continue;
		}
		opts.conf = c;
		opts.text = str_from(text);
		tap_ok(sandbox_places_init(&places, &opts, &diag) ==
		    STATUS_OK && (places.exposed != NULL) == v[i].exposed,
		    "exposure %zu: %s", i, v[i].exposed ? "yes" : "no");
		sandbox_places_fini(&places);
		conf_release(c);
	}
}

/* What the parent opens for the mail process. */
static void
test_may_open(void)
{
	static const struct {
		const char	*path;	/* beneath top, or absolute */
		bool		 may;
	} v[] = {
		{ "conf/list", true }, { "a file/of hosts", true },
		{ "/etc/resolv.conf", true }, { "/etc/netsvc.conf", true },
		{ "/etc/svc.conf", true },
		{ "/etc/passwd", true }, { "conf/list.new", false },
		{ "conf", false }, { "conf/../conf/list", false },
		{ "conf/./list", false }, { "conf//list", false },
		{ "conf/list/", false }, { "keys/key", false },
		{ "conf/store", false }, { "conf/keys.db", false },
		{ "conf/store/example.com/s.private", false },
		{ "reports/r.db", false }, { "reports", false },
		{ "state/mark", false }, { "/", false }, { "/etc", false },
		{ "/usr/share/zoneinfo/UTC", false }, { "/etc/shadow", false },
		{ "conf/mailseald.conf", false }, { "/proc/self/maps", false }
	};
	const struct sandbox_opts opts = { .role = SANDBOX_MAIL, .conf = conf,
		.text = str_from(conf_text), .report_fd = -1, .ask_fd = -1 };
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s%s", v[i].path[0] ==
		    '/' ? "" : top, v[i].path[0] == '/' ? "" : "/",
		    v[i].path);
		tap_num(sandbox_may_open(&opts, path), v[i].may, v[i].path);
	}
	tap_ok(!sandbox_may_open(&opts, "list") &&
	    !sandbox_may_open(&opts, ""), "nothing relative");
}

static void
remove_world(void)
{
	static const char *const names[] = { "conf/mailseald.conf",
		"conf/list.new", "conf/list", "conf/beside",
		"conf/table", "conf/keys.db",
		"conf/store/example.com/s.private",
		"conf/store/example.com", "conf/store", "else/file",
		"a file/of hosts", "a file", "keys/key", "conf", "else",
		"keys", "reports" };
	char path[96];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", top, names[i]);
		(void)remove(path);
	}
	(void)rmdir(top);
}

int
main(void)
{
	unsigned parts;
	size_t i;

	env_init_system(&env);
	(void)unsetenv("TMPDIR");
	(void)unsetenv("SQLITE_TMPDIR");
	make_world();
	test_table();
	test_lacks();
	test_reports();
	test_key_folders();
	if (conf != NULL) {
		test_exposure();
		test_may_open();
		parts = find_parts();
		tap_num(parts & SANDBOX_EXPOSED, 0, "no key is exposed");
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			if (find_lack(&rows[i], parts) != NULL) {
				tap_skip(rows[i].name, find_lack(&rows[i],
				    parts));
			} else {
				test_row(&rows[i]);
			}
		}
		test_without();
		test_refusals(parts);
	}
	conf_release(conf);
	(void)close(rules);
	remove_world();
	return (tap_done());
}
