/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processes may do, and why. Found by tracing both through the
 * integration tests; rows for other versions of the libraries, and for other
 * architectures, are by reading. A call that is not here ends the process.
 */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <fcntl.h>

#include <seccomp.h>

#include "milter/sandbox_private.h"

#define KEYS	SANDBOX_KEYS
#define MAIL	SANDBOX_MAIL
#define BOTH	SANDBOX_BOTH
#define PG	SANDBOX_IF_POSTGRES
#define CALL(call, who, how, value, why) \
	{ SCMP_SYS(call), who, SANDBOX_##how, value, why }
/* Not all: F_SETOWN and F_SETSIG send a signal to any process of the user. */
#define FCNTL(command, why) \
	CALL(fcntl, BOTH, COMMAND, command, why), \
	CALL(fcntl64, BOTH, COMMAND, command, OLDER)

#define MEMORY	"the allocator's"
#define MAPS	"no memory becomes executable: no code is loaded, and none made"
#define THREADS	"the allocator, locks and threads of libc"
#define SIGNALS	"signals, of which SIGSYS stays with the sandbox"
#define CLOCK	"time, and waiting for it"
#define NUMBERS	"OpenSSL's and libc's random numbers"
#define DATA	"read and write what is open"
#define WAIT	"wait for descriptors"
#define PIPES	"a pipe or an event between threads"
#define FILES	"the files of the list below: reload, key stores, SQLite"
#define CHANGE	"SQLite's journals, and sockets that were replaced"
#define SOCKETS	"the MTA, the name servers, the log, metrics, databases"
/* No others: the socket for the MTA is the next process's, too, and it would
   find it without connections, or wait at the close of one. */
#define OPTION(level, option, why) \
	CALL(setsockopt, MAIL, OPTION, SANDBOX_OPTION_OF(level, option), why)
#define WHO	"who and where the process is: checks of files, SQLite, logs"
#define OLDER	"an older libc's or another architecture's way for one above"

const struct sandbox_call sandbox_calls[] = {
	CALL(brk, BOTH, ALLOW, 0, MEMORY),
	CALL(munmap, BOTH, ALLOW, 0, MEMORY),
	CALL(mremap, BOTH, ALLOW, 0, MEMORY),
	CALL(madvise, BOTH, ALLOW, 0, MEMORY),
	CALL(mlock, BOTH, ALLOW, 0, "OpenSSL's secure heap"),
	CALL(mlock2, BOTH, ALLOW, 0, "OpenSSL's secure heap"),
	CALL(munlock, BOTH, ALLOW, 0, "OpenSSL's secure heap"),
	CALL(mmap, BOTH, NO_EXEC, 0, MAPS),
	CALL(mmap2, BOTH, NO_EXEC, 0, MAPS),
	CALL(mprotect, BOTH, NO_EXEC, 0, MAPS),

	CALL(clone3, BOTH, ENOSYS, 0, "its flags cannot be seen: libc takes "
	    "clone() then"),
	CALL(clone, BOTH, THREAD, 0, "threads, never a process"),
	CALL(futex, BOTH, ALLOW, 0, THREADS),
	CALL(futex_time64, BOTH, ALLOW, 0, OLDER),
	CALL(set_robust_list, BOTH, ALLOW, 0, THREADS),
	CALL(get_robust_list, BOTH, ALLOW, 0, THREADS),
	CALL(rseq, BOTH, ALLOW, 0, THREADS),
	CALL(membarrier, BOTH, ALLOW, 0, "OpenSSL's and liburcu's RCU"),
	CALL(set_tid_address, BOTH, ALLOW, 0, THREADS),
	CALL(gettid, BOTH, ALLOW, 0, THREADS),
	CALL(sched_yield, BOTH, ALLOW, 0, THREADS),
	CALL(sched_getaffinity, BOTH, ALLOW, 0, "the number of processors"),
	CALL(getcpu, BOTH, ALLOW, 0, "the allocator's choice of an arena"),
	CALL(exit, BOTH, ALLOW, 0, THREADS),
	CALL(exit_group, BOTH, ALLOW, 0, "the end"),
	CALL(prctl, BOTH, FIRST, PR_SET_NAME, "names of threads"),
	CALL(prctl, BOTH, FIRST, 0x53564d41 /* PR_SET_VMA */, "names that "
	    "libc gives to its memory"),

	CALL(rt_sigaction, BOTH, ANY_SIGNAL, 0, SIGNALS),
	CALL(rt_sigprocmask, BOTH, ALLOW, 0, SIGNALS),
	CALL(rt_sigreturn, BOTH, ALLOW, 0, SIGNALS),
	CALL(sigreturn, BOTH, ALLOW, 0, OLDER),
	CALL(rt_sigtimedwait, BOTH, ALLOW, 0, SIGNALS),
	CALL(rt_sigtimedwait_time64, BOTH, ALLOW, 0, OLDER),
	CALL(rt_sigsuspend, BOTH, ALLOW, 0, SIGNALS),
	CALL(rt_sigpending, BOTH, ALLOW, 0, SIGNALS),
	CALL(sigaltstack, BOTH, ALLOW, 0, SIGNALS),
	CALL(pause, BOTH, ALLOW, 0, "libmilter's thread for signals"),
	CALL(restart_syscall, BOTH, ALLOW, 0, SIGNALS),
	CALL(kill, BOTH, OWN, 0, "a signal to itself"),
	CALL(tgkill, BOTH, OWN, 0, "abort(), pthread_kill()"),

	CALL(clock_gettime, BOTH, ALLOW, 0, CLOCK),
	CALL(clock_gettime64, BOTH, ALLOW, 0, OLDER),
	CALL(clock_getres, BOTH, ALLOW, 0, CLOCK),
	CALL(clock_nanosleep, BOTH, ALLOW, 0, CLOCK),
	CALL(clock_nanosleep_time64, BOTH, ALLOW, 0, OLDER),
	CALL(nanosleep, BOTH, ALLOW, 0, CLOCK),
	CALL(gettimeofday, BOTH, ALLOW, 0, CLOCK),
	CALL(time, BOTH, ALLOW, 0, CLOCK),
	CALL(alarm, BOTH, ALLOW, 0, "the limit for the end"),
	CALL(setitimer, BOTH, ALLOW, 0, "the same, elsewhere"),
	CALL(getrusage, BOTH, ALLOW, 0, "the process's own use"),
	CALL(getrandom, BOTH, ALLOW, 0, NUMBERS),

	CALL(read, BOTH, ALLOW, 0, DATA),
	CALL(readv, BOTH, ALLOW, 0, DATA),
	CALL(pread64, BOTH, ALLOW, 0, DATA),
	CALL(write, BOTH, ALLOW, 0, DATA),
	CALL(writev, BOTH, ALLOW, 0, DATA),
	CALL(pwrite64, BOTH, ALLOW, 0, DATA),
	CALL(lseek, BOTH, ALLOW, 0, DATA),
	CALL(_llseek, BOTH, ALLOW, 0, OLDER),
	CALL(close, BOTH, ALLOW, 0, DATA),
	CALL(close_range, BOTH, ALLOW, 0, DATA),
	FCNTL(F_DUPFD, DATA),
	FCNTL(F_DUPFD_CLOEXEC, DATA),
	FCNTL(F_GETFD, "flags of descriptors"),
	FCNTL(F_SETFD, "flags of descriptors"),
	FCNTL(F_GETFL, "flags of descriptors"),
	FCNTL(F_SETFL, "flags of descriptors"),
	FCNTL(F_GETLK, "SQLite's locks"),
	FCNTL(F_SETLK, "SQLite's locks"),
	FCNTL(F_SETLKW, "SQLite's locks"),
	FCNTL(F_OFD_GETLK, "the lock of a key store, SQLite's locks"),
	FCNTL(F_OFD_SETLK, "the lock of a key store, SQLite's locks"),
	FCNTL(F_OFD_SETLKW, "the lock of a key store, SQLite's locks"),
	FCNTL(F_GET_SEALS, "what the parent sends cannot change"),
	FCNTL(F_ADD_SEALS, "the same"),
	CALL(ioctl, BOTH, COMMAND, FIONREAD, "how much is there to read"),
	CALL(ioctl, BOTH, COMMAND, FIONBIO, "do not block"),
	CALL(ioctl, BOTH, COMMAND, TCGETS, "whether it is a terminal"),
	CALL(dup, BOTH, ALLOW, 0, DATA),
	CALL(dup2, BOTH, ALLOW, 0, OLDER),
	CALL(dup3, BOTH, ALLOW, 0, "a socket that was replaced"),
	CALL(pipe2, BOTH, ALLOW, 0, PIPES),
	CALL(pipe, BOTH, ALLOW, 0, OLDER),
	CALL(eventfd2, BOTH, ALLOW, 0, PIPES),
	CALL(poll, BOTH, ALLOW, 0, WAIT),
	CALL(ppoll, BOTH, ALLOW, 0, WAIT),
	CALL(ppoll_time64, BOTH, ALLOW, 0, OLDER),
	CALL(select, BOTH, ALLOW, 0, WAIT),
	CALL(_newselect, BOTH, ALLOW, 0, OLDER),
	CALL(pselect6, BOTH, ALLOW, 0, WAIT),
	CALL(pselect6_time64, BOTH, ALLOW, 0, OLDER),
	CALL(epoll_create, MAIL, ALLOW, 0, OLDER),
	CALL(epoll_create1, MAIL, ALLOW, 0, WAIT),
	CALL(epoll_ctl, MAIL, ALLOW, 0, WAIT),
	CALL(epoll_wait, MAIL, ALLOW, 0, WAIT),
	CALL(epoll_pwait, MAIL, ALLOW, 0, WAIT),
	CALL(epoll_pwait2, MAIL, ALLOW, 0, WAIT),

	CALL(openat, BOTH, GUARDED, 0, FILES),
	CALL(fstat, BOTH, ALLOW, 0, FILES),
	CALL(fstat64, BOTH, ALLOW, 0, OLDER),
	CALL(newfstatat, BOTH, ALLOW, 0, FILES),
	CALL(fstatat64, BOTH, ALLOW, 0, OLDER),
	CALL(stat, BOTH, ALLOW, 0, OLDER),
	CALL(stat64, BOTH, ALLOW, 0, OLDER),
	CALL(lstat, BOTH, ALLOW, 0, OLDER),
	CALL(lstat64, BOTH, ALLOW, 0, OLDER),
	CALL(statx, BOTH, ALLOW, 0, FILES),
	CALL(statfs, BOTH, ALLOW, 0, FILES),
	CALL(statfs64, BOTH, ALLOW, 0, OLDER),
	CALL(fstatfs, BOTH, ALLOW, 0, FILES),
	CALL(fstatfs64, BOTH, ALLOW, 0, OLDER),
	CALL(access, BOTH, ALLOW, 0, FILES),
	CALL(faccessat, BOTH, ALLOW, 0, FILES),
	CALL(faccessat2, BOTH, ALLOW, 0, FILES),
	CALL(readlink, BOTH, ALLOW, 0, FILES),
	CALL(readlinkat, BOTH, ALLOW, 0, FILES),
	CALL(getdents64, BOTH, ALLOW, 0, "the folders of key stores"),
	CALL(memfd_create, KEYS, ALLOW, 0, "what the parent and the mail "
	    "process learn of the keys"),
	CALL(getcwd, BOTH, ALLOW, 0, "SQLite's names of files"),
	CALL(flock, BOTH, ALLOW, 0, "the lock of a key store"),
	CALL(fadvise64, BOTH, ALLOW, 0, FILES),
	CALL(fadvise64_64, BOTH, ALLOW, 0, OLDER),
	CALL(arm_fadvise64_64, BOTH, ALLOW, 0, OLDER),
	CALL(fsync, BOTH, ALLOW, 0, CHANGE),
	CALL(fdatasync, BOTH, ALLOW, 0, CHANGE),
	CALL(ftruncate, BOTH, ALLOW, 0, CHANGE),
	CALL(ftruncate64, BOTH, ALLOW, 0, OLDER),
	CALL(fallocate, BOTH, ALLOW, 0, CHANGE),
	CALL(unlink, BOTH, ALLOW, 0, CHANGE),
	CALL(unlinkat, BOTH, ALLOW, 0, CHANGE),
	CALL(fchown, BOTH, ALLOW, 0, "SQLite's journals get the owner of the "
	    "database"),
	CALL(fchown32, BOTH, ALLOW, 0, OLDER),
	CALL(fchmod, BOTH, ALLOW, 0, "SQLite's journals get the mode of the "
	    "database"),
	CALL(umask, BOTH, ALLOW, 0, "the modes of what is made"),

	CALL(socket, BOTH, LOCAL, 0, "the log"),
	CALL(socket, MAIL, NET, 0, SOCKETS),
	CALL(socket, KEYS | PG, NET, 0, "a key store in a database server"),
	CALL(socketpair, MAIL, LOCAL, 0, "between libunbound's threads"),
	CALL(connect, BOTH, GUARDED, 0, SOCKETS),
	CALL(sendto, BOTH, UNADDRESSED, 0, SOCKETS),
	CALL(sendmsg, BOTH, GUARDED, 0, SOCKETS),
	CALL(sendmmsg, MAIL, GUARDED, 0, "libc's questions to name servers"),
	CALL(sendmmsg, KEYS | PG, GUARDED, 0, "the same"),
	CALL(recvfrom, BOTH, ALLOW, 0, SOCKETS),
	CALL(recv, BOTH, ALLOW, 0, OLDER),
	CALL(send, BOTH, ALLOW, 0, OLDER),
	CALL(recvmsg, BOTH, ALLOW, 0, SOCKETS),
	CALL(recvmmsg, MAIL, ALLOW, 0, SOCKETS),
	CALL(recvmmsg_time64, MAIL, ALLOW, 0, OLDER),
	CALL(shutdown, BOTH, ALLOW, 0, SOCKETS),
	CALL(getsockname, BOTH, ALLOW, 0, SOCKETS),
	CALL(getpeername, BOTH, ALLOW, 0, SOCKETS),
	CALL(getsockopt, BOTH, ALLOW, 0, SOCKETS),
	CALL(setsockopt, KEYS, ALLOW, 0, SOCKETS),
	OPTION(SOL_SOCKET, SO_KEEPALIVE, "libmilter's connections, libpq's"),
	OPTION(SOL_SOCKET, SO_RCVBUF, "answers of name servers at a time"),
	OPTION(SOL_SOCKET, SO_SNDBUF, "the same, questions"),
	OPTION(SOL_SOCKET, SO_RCVTIMEO, "the wait for the keys process"),
	OPTION(SOL_SOCKET, SO_SNDTIMEO, "the same"),
	OPTION(SOL_SOCKET, SO_REUSEADDR, "metrics at another address"),
	OPTION(SOL_SOCKET, SO_REUSEPORT, "libunbound's source ports"),
	OPTION(IPPROTO_TCP, TCP_NODELAY, "short messages at once"),
	OPTION(IPPROTO_TCP, TCP_CORK, "libmicrohttpd's answers"),
	OPTION(IPPROTO_TCP, TCP_QUICKACK, "the MTA need not wait"),
	OPTION(IPPROTO_TCP, TCP_FASTOPEN_CONNECT, "c-ares, libunbound"),
	OPTION(IPPROTO_TCP, TCP_KEEPIDLE, "libpq's connections"),
	OPTION(IPPROTO_TCP, TCP_KEEPINTVL, "the same"),
	OPTION(IPPROTO_TCP, TCP_KEEPCNT, "the same"),
	OPTION(IPPROTO_TCP, TCP_USER_TIMEOUT, "the same"),
	OPTION(IPPROTO_IP, IP_MTU_DISCOVER, "libunbound: no fragments"),
	OPTION(IPPROTO_IP, IP_RECVERR, "libc: a name server that is closed"),
	OPTION(IPPROTO_IPV6, IPV6_V6ONLY, "metrics at an address of IPv6"),
	OPTION(IPPROTO_IPV6, IPV6_MTU_DISCOVER, "libunbound: no fragments"),
	OPTION(IPPROTO_IPV6, IPV6_MTU, "the same"),
	OPTION(IPPROTO_IPV6, IPV6_RECVERR, "libc: a name server that is "
	    "closed"),
	CALL(accept, MAIL, ALLOW, 0, "the MTA and metrics"),
	CALL(accept4, MAIL, ALLOW, 0, "the MTA and metrics"),
	CALL(bind, MAIL, ALLOW, 0, "metrics at another address after a "
	    "reload; libunbound's source ports"),
	CALL(bind, KEYS | PG, ALLOW, 0, "libc asks the kernel for addresses"),
	CALL(listen, MAIL, ALLOW, 0, "metrics at another address"),

	CALL(getpid, BOTH, ALLOW, 0, WHO),
	CALL(getppid, BOTH, ALLOW, 0, WHO),
	CALL(getuid, BOTH, ALLOW, 0, WHO),
	CALL(getuid32, BOTH, ALLOW, 0, OLDER),
	CALL(geteuid, BOTH, ALLOW, 0, WHO),
	CALL(geteuid32, BOTH, ALLOW, 0, OLDER),
	CALL(getgid, BOTH, ALLOW, 0, WHO),
	CALL(getgid32, BOTH, ALLOW, 0, OLDER),
	CALL(getegid, BOTH, ALLOW, 0, WHO),
	CALL(getegid32, BOTH, ALLOW, 0, OLDER),
	CALL(uname, BOTH, ALLOW, 0, WHO),
	CALL(sysinfo, BOTH, ALLOW, 0, "the memory of the machine"),
	CALL(getrlimit, BOTH, ALLOW, 0, "limits of memory and descriptors"),
	CALL(ugetrlimit, BOTH, ALLOW, 0, OLDER),
	CALL(prlimit64, BOTH, SELF, 0, "limits of memory and descriptors"),
	CALL(setrlimit, MAIL, ALLOW, 0, OLDER),
};
const size_t sandbox_calls_n = sizeof(sandbox_calls) /
    sizeof(sandbox_calls[0]);

#define RW	(SANDBOX_READ | SANDBOX_WRITE)

const struct sandbox_system_place sandbox_system_places[] = {
	{ "/", KEYS, SANDBOX_READ, false, "a reload may name keys anywhere; "
	    "without a network nothing of it gets out" },
	{ "/dev/null", BOTH, RW, false, "closed standard descriptors" },
	{ "/dev/urandom", BOTH, SANDBOX_READ, false, "SQLite, an older libc" },
	{ "/dev/log", BOTH, SANDBOX_CONNECT, false, "syslog" },
	{ "/run/systemd/journal", BOTH, SANDBOX_CONNECT, false, "syslog" },
	{ "/run/nscd", BOTH, SANDBOX_CONNECT, false, "libc's look-ups" },
	{ "/var/run/nscd", BOTH, SANDBOX_CONNECT, false, "libc's look-ups" },
	{ "/proc/self", BOTH, SANDBOX_READ, false, "the cgroup, for the limit "
	    "of memory" },
	{ "/sys/fs/cgroup", MAIL, SANDBOX_READ, false, "the limit of memory" },
	{ "/proc/sys/vm/overcommit_memory", BOTH, SANDBOX_READ, false, "the "
	    "allocator, before it gives memory back" },
	{ "/sys/devices/system/cpu", BOTH, SANDBOX_READ, false, "the number "
	    "of processors" },
	{ "/proc/stat", BOTH, SANDBOX_READ, false, "the same, where there is "
	    "no /sys: glibc's allocator asks once there are many threads" },
	{ "/etc/localtime", BOTH, SANDBOX_READ, true, "the log's times" },
	{ "/usr/share/zoneinfo", BOTH, SANDBOX_READ, false, "the log's times" },
	{ "/etc/nsswitch.conf", BOTH, SANDBOX_READ, true, "look-ups of users "
	    "when a configuration is loaded" },
	{ "/etc/passwd", MAIL, SANDBOX_LOAD, true, "look-ups of users when a "
	    "configuration is loaded" },
	{ "/etc/group", MAIL, SANDBOX_LOAD, true, "the same" },
	{ "/etc/resolv.conf", MAIL, SANDBOX_READ, true, "the name servers, "
	    "read again when it changes" },
	{ "/etc/netsvc.conf", MAIL, SANDBOX_READ, true, "c-ares 1.30 and later "
	    "look there whatever they are given" },
	{ "/etc/svc.conf", MAIL, SANDBOX_READ, true, "the same" },
	{ "/etc/hosts", MAIL, SANDBOX_READ, true, "libunbound" },
	{ "/usr/share/publicsuffix", MAIL, SANDBOX_READ, false, "the public "
	    "suffix list" },
	{ "/usr/share/dns", MAIL, SANDBOX_READ, false, "libunbound's trust "
	    "anchor and hints" },
	{ "/var/tmp", MAIL, RW, false, "SQLite's temporary files" },
	{ "/etc/passwd", BOTH | PG, SANDBOX_READ, true, "libpq looks for the "
	    "home directory" },
	{ "/etc/host.conf", BOTH | PG, SANDBOX_READ, true, "the address of "
	    "the database" },
	{ "/etc/hosts", BOTH | PG, SANDBOX_READ, true, "the address of the "
	    "database" },
	{ "/etc/resolv.conf", BOTH | PG, SANDBOX_READ, true, "the address of "
	    "the database" },
	{ "/etc/gai.conf", BOTH | PG, SANDBOX_READ, true, "the address of the "
	    "database" },
	{ "/etc/services", BOTH | PG, SANDBOX_READ, true, "the port of the "
	    "database" },
	{ "/etc/gss", BOTH | PG, SANDBOX_READ, false, "libpq looks for "
	    "Kerberos, if PGGSSENCMODE says so" },
	{ "/etc/krb5.conf", BOTH | PG, SANDBOX_READ, true, "the same" },
	{ "/etc/krb5.conf.d", BOTH | PG, SANDBOX_READ, false, "the same" },
	{ "/usr/lib/ssl", BOTH | PG, SANDBOX_READ, false, "certificates" },
	{ "/etc/ssl", BOTH | PG, SANDBOX_READ, false, "certificates" },
	{ "/etc/ld.so.cache", BOTH | PG, SANDBOX_READ, true, "modules of "
	    "nsswitch.conf are looked for; they are not loaded" },
	{ "/lib", BOTH | PG, SANDBOX_READ, false, "the same" },
	{ "/usr/lib", BOTH | PG, SANDBOX_READ, false, "the same" },
	{ "/run/postgresql", BOTH | PG, SANDBOX_CONNECT, false, "the "
	    "database" },
	{ "/var/run/postgresql", BOTH | PG, SANDBOX_CONNECT, false, "the "
	    "database" },
};
const size_t sandbox_system_places_n = sizeof(sandbox_system_places) /
    sizeof(sandbox_system_places[0]);

/* KeyStore, KeyTable and ReportStore: see sandbox_places.c, too. The parent
   reads the files of those without a role. */
const struct sandbox_option sandbox_options[] = {
	{ "KeyFile", KEYS | SANDBOX_SECRET, SANDBOX_READ },
	{ "KeyPassphraseFile", KEYS | SANDBOX_SECRET, SANDBOX_READ },
	{ "KeyStore", 0, 0 },
	{ "KeyTable", KEYS | SANDBOX_SECRET, SANDBOX_READ },
	{ "MarkKeyFile", 0, 0 },
	{ "Metrics", MAIL, SANDBOX_LISTEN },
	{ "PidFile", 0, 0 },
	{ "ReportStore", 0, 0 },
	{ "SigningTable", KEYS, SANDBOX_READ },
	{ "Socket", 0, 0 },
	{ "TrustAnchorFile", MAIL, SANDBOX_READ },
	{ "Zone", MAIL, SANDBOX_READ },
};
const size_t sandbox_options_n = sizeof(sandbox_options) /
    sizeof(sandbox_options[0]);
