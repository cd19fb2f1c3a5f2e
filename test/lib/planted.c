/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For LD_PRELOAD: a defect in mailseald's header callback. A field X-Plant
 * makes the process that gets it do what the value says, a word and what it is
 * about: a path or the number of a process. PLANTED_IN_KEYS is the path of a
 * file with the number of a keys process, and what that one does when it has
 * made the next signature. PLANTED_AT_START in
 * the environment says what a process does as it makes its first thread, which
 * is while it starts and behind the sandbox. With PLANTED_AT_EXIT each
 * process writes a line when it ends by exit(), and does what the value says.
 * PLANTED_WAIT is the number of a fork: that process waits for ever as it makes
 * its first thread. PLANTED_UNSENT is the number of
 * a kind of message (milter/control.h) that cannot be sent for the first time;
 * PLANTED_FORK and PLANTED_MEMORY, which fork() and which memfd_create() fails.
 */
#define _GNU_SOURCE

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

typedef int	 registrar(struct smfiDesc);
typedef int	 creator(pthread_t *, const pthread_attr_t *,
		    void *(*)(void *), void *);
typedef ssize_t	 sender(int, const struct msghdr *, int);
typedef sfsistat header(SMFICTX *, char *, char *);
typedef ssize_t	 octet_sender(int, const void *, size_t, int);
typedef pid_t	 forker(void);
typedef int	 memory_maker(const char *, unsigned);

#define REQUEST_BYTES	80	/* for a signature, of lib/remote */
#define SEQ_AT		8
#define LOAD		2	/* the kind of a request */
#define OF_TABLE	1	/* a key of the KeyTable */
#define SIGNED		4	/* the kind of a reply of the keys process */
#define PLAN_BYTES	300	/* of the file of PLANTED_IN_KEYS */

static header *header_before;
static atomic_long forks;
static atomic_bool twice;	/* the next request for a signature */
static atomic_bool fatal;	/* the same */
static atomic_bool malformed;	/* the same: after what is no request */
static atomic_int flood;	/* the same: after so many requests */

static void
connect_elsewhere(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)connect(fd, (const struct sockaddr *)&addr, sizeof(addr));
}

static void
run_program(void)
{
	char *const argv[] = { (char *)"true", NULL };

	(void)execv("/bin/true", argv);
}

static void
read_address_zero(void)
{
	volatile const char *volatile nowhere = NULL;

	(void)*nowhere;
}

static void
shut_down(int fd)
{
	(void)shutdown(fd, SHUT_RDWR);
}

static void
shorten_queue(int fd)
{
	(void)listen(fd, 0);
}

static void
change_listeners(void (*change)(int fd))
{
	int fd, on;
	socklen_t n;

	for (fd = 0; fd < 64; fd++) {
		on = 0;
		n = sizeof(on);
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 &&
		    on != 0) {
			change(fd);
		}
	}
}

/* The connection on which deliveries come and files are asked for: the second
   one of the parent's, and without a limit, unlike those to the keys. What sent
   no end says nothing either, so that nothing else ends it. */
static void
hush(void)
{
	int fd, type, found = 0;
	socklen_t n, wait_n;
	struct timeval wait;

	for (fd = 0; fd < 64; fd++) {
		type = 0;
		n = sizeof(type);
		wait_n = sizeof(wait);
		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 &&
		    type == SOCK_SEQPACKET && getsockopt(fd, SOL_SOCKET,
		    SO_RCVTIMEO, &wait, &wait_n) == 0 && wait.tv_sec == 0 &&
		    wait.tv_usec == 0 && ++found == 2) {
			(void)shutdown(fd, SHUT_WR);
		}
	}
	(void)pause();
}

static void
read_process(pid_t pid)
{
	char octet;
	struct iovec own = { &octet, 1 }, other = { &octet, 1 };

	(void)process_vm_readv(pid, &own, 1, &other, 1, 0);
}

/* about: a path, or a number. False: no such word. */
static bool
do_about(const char *word, const char *about)
{
	pid_t pid = (pid_t)atol(about);

	if (strcmp(word, "open") == 0) {
		(void)open(about, O_RDONLY | O_CLOEXEC);
	} else if (strcmp(word, "empty") == 0) {
		(void)open(about, O_WRONLY | O_TRUNC | O_CLOEXEC);
	} else if (strcmp(word, "rename") == 0) {
		(void)rename(about, "/tmp/planted");
	} else if (strcmp(word, "remove") == 0) {
		(void)unlink(about);
	} else if (strcmp(word, "kill") == 0) {
		(void)kill(pid, SIGKILL);
	} else if (strcmp(word, "trace") == 0) {
		(void)ptrace(PTRACE_ATTACH, pid, NULL, NULL);
	} else if (strcmp(word, "read") == 0) {
		read_process(pid);
	} else if (strcmp(word, "flood") == 0) {
		flood = (int)pid;
	} else {
		return (false);
	}
	return (true);
}

static void
do_planted(const char *value)
{
	char word[16], about[256];

	while (*value == ' ') {
		value++;
	}
	if (sscanf(value, "%15s %255s", word, about) == 2 &&
	    do_about(word, about)) {
		return;
	}
	if (strcmp(value, "segv") == 0) {
		read_address_zero();
	} else if (strcmp(value, "abort") == 0) {
		abort();
	} else if (strcmp(value, "open") == 0) {
		(void)open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	} else if (strcmp(value, "exec") == 0) {
		run_program();
	} else if (strcmp(value, "connect") == 0) {
		connect_elsewhere();
	} else if (strcmp(value, "fork") == 0) {
		(void)fork();
	} else if (strcmp(value, "shutdown") == 0) {
		change_listeners(shut_down);
	} else if (strcmp(value, "queue") == 0) {
		change_listeners(shorten_queue);
	} else if (strcmp(value, "hush") == 0) {
		hush();
	} else if (strcmp(value, "twice") == 0) {
		twice = true;
	} else if (strcmp(value, "malformed") == 0) {
		malformed = true;
	} else if (strcmp(value, "fatal") == 0) {
		fatal = true;
	}
}

static void
follow_plan(void)
{
	const char *path = getenv("PLANTED_IN_KEYS");
	char plan[PLAN_BYTES], *what;
	ssize_t n;
	int fd;

	fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd == -1) {
		return;
	}
	n = read(fd, plan, sizeof(plan) - 1);
	(void)close(fd);
	plan[n > 0 ? n : 0] = '\0';
	what = strchr(plan, ' ');
	if (what != NULL && atol(plan) == (long)getpid()) {
		do_planted(what);
	}
}

static bool
is_signature(const void *p, size_t n)
{
	uint32_t kind = 0;

	if (n > sizeof(kind)) {
		memcpy(&kind, p, sizeof(kind));
	}
	return (kind == SIGNED);
}

/* A key "k" of the KeyTable for a domain that has none, each time another one,
   and the reply. */
static void
ask_for_key(int fd, octet_sender *send_octets)
{
	static atomic_int domains;
	struct {
		uint32_t	kind, bytes;
		uint64_t	seq, set;
		uint32_t	source, key, name_n, domain_n;
		char		texts[64];
	} request = { .kind = LOAD, .source = OF_TABLE, .name_n = 1 };
	size_t n = sizeof(request) - sizeof(request.texts);
	unsigned char reply[8192];

	request.domain_n = (uint32_t)snprintf(request.texts,
	    sizeof(request.texts), "kn%d.example", domains++) - 1;
	n += request.name_n + request.domain_n;
	request.bytes = (uint32_t)n;
	if (send_octets(fd, &request, n, MSG_NOSIGNAL) == (ssize_t)n) {
		(void)recv(fd, reply, sizeof(reply), 0);
	}
}

/* Before a request. */
static void
plague_keys(int fd, octet_sender *send_octets)
{
	int i, n = atomic_exchange(&flood, 0);

	for (i = 0; i < n; i++) {
		ask_for_key(fd, send_octets);
	}
	if (atomic_exchange(&malformed, false)) {
		(void)send_octets(fd, "what?", 5, MSG_NOSIGNAL);
	}
}

/* A signature that the program did not ask for. It skips the reply, whose
   number is lower than that which it waits for. */
ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	void *next = dlsym(RTLD_NEXT, "send");
	unsigned char copy[REQUEST_BYTES];
	octet_sender *before;
	uint64_t seq;

	memcpy(&before, &next, sizeof(before));
	if (is_signature(p, n)) {
		follow_plan();
	}
	if (n == sizeof(copy) && atomic_load(&fatal)) {
		read_address_zero();
	}
	if (n == sizeof(copy)) {
		plague_keys(fd, before);
	}
	if (n == sizeof(copy) && atomic_exchange(&twice, false)) {
		memcpy(copy, p, sizeof(copy));
		memcpy(&seq, copy + SEQ_AT, sizeof(seq));
		seq--;
		memcpy(copy + SEQ_AT, &seq, sizeof(seq));
		(void)before(fd, copy, sizeof(copy), flags);
	}
	return (before(fd, p, n, flags));
}

static sfsistat
plant_header(SMFICTX *ctx, char *name, char *value)
{
	if (strcasecmp(name, "X-Plant") == 0) {
		do_planted(value);
	} else if (strcasecmp(name, "Subject") == 0) {
		fatal = false;	/* of a message before */
	}
	return (header_before(ctx, name, value));
}

static bool
is_number(const char *variable, long n)
{
	const char *which = getenv(variable);

	return (which != NULL && n == atol(which));
}

pid_t
fork(void)
{
	void *next = dlsym(RTLD_NEXT, "fork");
	forker *before;

	forks++;
	if (is_number("PLANTED_FORK", forks)) {
		errno = EAGAIN;
		return (-1);
	}
	memcpy(&before, &next, sizeof(before));
	return (before());
}

int
memfd_create(const char *name, unsigned flags)
{
	static atomic_long calls;
	void *next = dlsym(RTLD_NEXT, "memfd_create");
	memory_maker *before;

	/* The processes that are forked count on. */
	if (is_number("PLANTED_MEMORY", ++calls)) {
		errno = EMFILE;
		return (-1);
	}
	memcpy(&before, &next, sizeof(before));
	return (before(name, flags));
}

int
pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*start)(void *), void *arg)
{
	const char *what = getenv("PLANTED_AT_START");
	void *next = dlsym(RTLD_NEXT, "pthread_create");
	creator *before;

	if (what != NULL) {
		do_planted(what);
	}
	while (is_number("PLANTED_WAIT", forks)) {
		(void)pause();
	}
	memcpy(&before, &next, sizeof(before));
	return (before(thread, attr, start, arg));
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	static bool failed;
	const char *unsent = getenv("PLANTED_UNSENT");
	void *next = dlsym(RTLD_NEXT, "sendmsg");
	sender *before;
	uint32_t kind;

	if (unsent != NULL && !failed && message->msg_iovlen == 1 &&
	    message->msg_iov->iov_len > 24) {
		memcpy(&kind, message->msg_iov->iov_base, sizeof(kind));
		failed = kind == (uint32_t)strtoul(unsent, NULL, 10);
		if (failed) {
			errno = EAGAIN;
			return (-1);
		}
	}
	memcpy(&before, &next, sizeof(before));
	return (before(fd, message, flags));
}

__attribute__((destructor)) static void
say_exit(void)
{
	const char *what = getenv("PLANTED_AT_EXIT");

	if (what != NULL) {
		(void)dprintf(STDERR_FILENO, "exit of %ld\n", (long)getpid());
		do_planted(what);
	}
}

int
smfi_register(struct smfiDesc desc)
{
	void *next = dlsym(RTLD_NEXT, "smfi_register");
	registrar *before;

	memcpy(&before, &next, sizeof(before));
	header_before = desc.xxfi_header;
	desc.xxfi_header = plant_header;
	return (before(desc));
}
