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
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <seccomp.h>

#include "milter/sandbox_private.h"
#include "milter/sandbox_report.h"
#include "test/unit/files.h"
#include "test/unit/tap.h"

#define NO_SANDBOX	99	/* exit status */

static char top[] = "/tmp/ms.sandbox.XXXXXX";
static struct conf *conf;
static char conf_text[512];
static char conf_path[64], host_list[64], key_path[64], beside[64];
static char elsewhere[64];
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

static int
open_replaced_list(void)
{
	char other[80];

	(void)snprintf(other, sizeof(other), "%s.new", host_list);
	return (open_loading(other));
}

static int
open_passwd(void)
{
	return (open_path("/etc/passwd", O_RDONLY));
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
	{ "mail: a file that replaces it", SANDBOX_MAIL, open_replaced_list,
	    0, NULL },
	{ "mail: an error of open() and errno", SANDBOX_MAIL,
	    open_with_errors, 0, NULL },
	{ "mail: in a thread that blocks all signals", SANDBOX_MAIL,
	    open_in_thread, 0, NULL },
	{ "mail: open of /etc/passwd", SANDBOX_MAIL, open_passwd, 0,
	    "openat /etc/passwd" },
	{ "mail: /etc/passwd when it loads", SANDBOX_MAIL, load_passwd, 0,
	    NULL },
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
	{ "keys: write into a list", SANDBOX_KEYS, write_list,
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
	{ "mail: connect elsewhere", SANDBOX_MAIL, connect_discard, 0,
	    "connect 127.0.0.1 port 9" },
	{ "mail: connect elsewhere by IPv6", SANDBOX_MAIL, connect_in6, 0,
	    "connect ::1 port 25" },
	{ "mail: connect to a socket elsewhere", SANDBOX_MAIL, connect_unix,
	    0, "connect unix:/run/other/socket" },
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
enter(enum sandbox_role role, int report_fd)
{
	const struct sandbox_opts opts = { .role = role, .conf = conf,
		.text = str_from(conf_text), .report_fd = report_fd };
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

static int
run_row(const struct row *row, char text_r[SANDBOX_REPORT_BYTES])
{
	int fds[2], status = -1;
	pid_t child;

	text_r[0] = '\0';
	if (pipe2(fds, O_CLOEXEC) == -1 || (child = fork()) == -1) {
		return (-1);
	}
	if (child == 0) {
		(void)enter(row->role, fds[1]);
		_exit(row->act());
	}
	(void)waitpid(child, &status, 0);
	(void)sandbox_read_report(fds[0], text_r);
	close(fds[0]);
	close(fds[1]);
	return (status);
}

/* What this kernel has. */
static unsigned
find_parts(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		_exit((int)enter(SANDBOX_MAIL, -1));
	}
	(void)waitpid(child, &status, 0);
	return (WIFEXITED(status) ? (unsigned)WEXITSTATUS(status) : 0);
}

/* NULL: nothing that the row needs is missing. */
static const char *
find_lack(const struct row *row, unsigned parts)
{
	if (row->act == load_discard && (parts & SANDBOX_PORTS) == 0) {
		return ("Landlock of this kernel knows no ports");
	}
	if (row->error == EACCES && (parts & SANDBOX_FILES) == 0) {
		return ("this kernel has no Landlock");
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
		ok = WIFEXITED(status) && WEXITSTATUS(status) == row->error &&
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
	says = sandbox_lacks(SANDBOX_MAIL, enter(SANDBOX_MAIL, -1), &lacks) &&
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

static void
test_lacks(void)
{
	struct buf lacks;

	buf_init(&lacks, 1024);
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

static void
make_world(void)
{
	char path[96];
	struct diag diag;

	if (mkdtemp(top) == NULL) {
		tap_ok(false, "mkdtemp");
		return;
	}
	make_folder("conf");
	make_folder("keys");
	make_folder("else");
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
	(void)snprintf(conf_text, sizeof(conf_text), "KeyStore none\n"
	    "Selector s\nDomain example.com\nKeyFile %s\nInternalHosts %s\n"
	    "MarkKeyFile %s/state/mark\nNameservers 127.0.0.1@5301\n",
	    key_path, host_list, top);
	write_file(conf_path, 0600, str_from(conf_text));
	diag_init(&diag);
	if (conf_load(conf_path, &env, &conf, &diag) != STATUS_OK) {
		tap_ok(false, "conf_load: %s", diag.text);
	}
}

static void
remove_world(void)
{
	static const char *const names[] = { "conf/mailseald.conf",
		"conf/list.new", "conf/list", "conf/beside",
		"conf/table", "else/file", "keys/key", "conf", "else",
		"keys" };
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
	make_world();
	test_table();
	test_lacks();
	test_reports();
	test_key_folders();
	if (conf != NULL) {
		parts = find_parts();
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			if (find_lack(&rows[i], parts) != NULL) {
				tap_skip(rows[i].name, find_lack(&rows[i],
				    parts));
			} else {
				test_row(&rows[i]);
			}
		}
		test_without();
	}
	conf_release(conf);
	remove_world();
	return (tap_done());
}
