/* SPDX-License-Identifier: BSD-2-Clause */
/* The filter that libseccomp makes of the table. */
#include "config.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

#include "milter/sandbox_private.h"

/* Where clone() has its flags. */
#if defined(__s390__)
#define CLONE_FLAGS	1
#else
#define CLONE_FLAGS	0
#endif

struct filter {
	scmp_filter_ctx			 scmp;
	enum sandbox_role		 role;
	bool				 postgres;
	bool				 guard;
	const struct sandbox_guard_key	*key;
};

/* 0, or a negative error. A call that this architecture does not have, or a
   rule that is there already, is no error. */
static int
add_rule(struct filter *f, uint32_t action, int number,
    const struct scmp_arg_cmp *v, unsigned n)
{
	int error = seccomp_rule_add_array(f->scmp, action, number, n, v);

	return (error == -EDOM || error == -EEXIST ? 0 : error);
}

static int
allow_all(struct filter *f, int number)
{
	return (add_rule(f, SCMP_ACT_ALLOW, number, NULL, 0));
}

static int
allow_masked(struct filter *f, int number, unsigned arg, uint64_t mask,
    uint64_t value)
{
	const struct scmp_arg_cmp v = { arg, SCMP_CMP_MASKED_EQ, mask, value };

	return (add_rule(f, SCMP_ACT_ALLOW, number, &v, 1));
}

/* The upper half of an int is not defined. */
static int
allow_int(struct filter *f, int number, unsigned arg, uint64_t value)
{
	return (allow_masked(f, number, arg, UINT32_MAX, value & UINT32_MAX));
}

static int
refuse_exec(struct filter *f, int number)
{
	const struct scmp_arg_cmp v = { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC,
		PROT_EXEC };
	int error = allow_masked(f, number, 2, PROT_EXEC, 0);

	return (error != 0 ? error : add_rule(f, SCMP_ACT_ERRNO(EPERM), number,
	    &v, 1));
}

static int
allow_net(struct filter *f, int number)
{
	int error = allow_int(f, number, 0, AF_INET);

	if (error == 0) {
		error = allow_int(f, number, 0, AF_INET6);
	}
	return (error != 0 ? error : allow_int(f, number, 0, AF_NETLINK));
}

/* The guard repeats a call that it admits, with its key in arguments that the
   call does not have. */
static int
allow_guarded(struct filter *f, int number)
{
	const struct scmp_arg_cmp v[] = {
		{ 4, SCMP_CMP_EQ, f->key->v[0], 0 },
		{ 5, SCMP_CMP_EQ, f->key->v[1], 0 }
	};

	return (f->guard ? add_rule(f, SCMP_ACT_ALLOW, number, v, 2) :
	    allow_all(f, number));
}

/* The handler of SIGSYS must stay, and ends the process with this call. */
static int
allow_other_signals(struct filter *f, int number)
{
	const struct scmp_arg_cmp own = { 0, SCMP_CMP_EQ, SIGSYS, 0 };
	const struct scmp_arg_cmp other = { 0, SCMP_CMP_NE, SIGSYS, 0 };
	int error = add_rule(f, SCMP_ACT_KILL_PROCESS, number, &own, 1);

	return (error != 0 ? error : add_rule(f, SCMP_ACT_ALLOW, number, &other,
	    1));
}

/* The guard answers for all others. */
static int
allow_option(struct filter *f, int number, uint64_t option)
{
	const struct scmp_arg_cmp v[] = {
		{ 1, SCMP_CMP_MASKED_EQ, UINT32_MAX, option >> 32 },
		{ 2, SCMP_CMP_MASKED_EQ, UINT32_MAX, option & UINT32_MAX }
	};

	return (f->guard ? add_rule(f, SCMP_ACT_ALLOW, number, v, 2) :
	    allow_all(f, number));
}

static int
add_call(struct filter *f, const struct sandbox_call *call)
{
	switch (call->how) {
	case SANDBOX_ALLOW:
		return (allow_all(f, call->number));
	case SANDBOX_OWN:
		return (allow_int(f, call->number, 0, (uint64_t)getpid()));
	case SANDBOX_THREAD:
		return (allow_masked(f, call->number, CLONE_FLAGS,
		    CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM));
	case SANDBOX_NO_EXEC:
		return (refuse_exec(f, call->number));
	case SANDBOX_LOCAL:
		return (allow_int(f, call->number, 0, AF_UNIX));
	case SANDBOX_NET:
		return (allow_net(f, call->number));
	case SANDBOX_ANY_SIGNAL:
		return (allow_other_signals(f, call->number));
	case SANDBOX_COMMAND:
		return (allow_int(f, call->number, 1, call->value));
	case SANDBOX_FIRST:
		return (allow_int(f, call->number, 0, call->value));
	case SANDBOX_SELF:
		return (allow_int(f, call->number, 0, 0));
	case SANDBOX_UNADDRESSED:
		return (allow_masked(f, call->number, 4, UINT64_MAX, 0));
	case SANDBOX_OPTION:
		return (allow_option(f, call->number, call->value));
	case SANDBOX_GUARDED:
		return (allow_guarded(f, call->number));
	case SANDBOX_ENOSYS:
		return (add_rule(f, SCMP_ACT_ERRNO(ENOSYS), call->number, NULL,
		    0));
	}
	return (-EINVAL);
}

static bool
applies_call(const struct filter *f, const struct sandbox_call *call)
{
	return ((call->who & (int)f->role) != 0 &&
	    ((call->who & SANDBOX_IF_POSTGRES) == 0 || f->postgres));
}

static int
fill_filter(struct filter *f)
{
	int error = 0;
	size_t i;

	/* A process of another ABI, such as 32 bits, is ended. */
	(void)seccomp_attr_set(f->scmp, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS);
	/* A search tree, not a list: each call of the process goes through. */
	(void)seccomp_attr_set(f->scmp, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (i = 0; i < sandbox_calls_n && error == 0; i++) {
		if (applies_call(f, &sandbox_calls[i])) {
			error = add_call(f, &sandbox_calls[i]);
		}
	}
	return (error);
}

/* EINVAL: without CONFIG_SECCOMP_FILTER; EFAULT: with. */
bool
sandbox_seccomp_is_known(void)
{
	return (prctl(PR_SET_SECCOMP, 2 /* SECCOMP_MODE_FILTER */, NULL, 0,
	    0) == -1 && errno == EFAULT);
}

enum status
sandbox_seccomp(enum sandbox_role role, bool postgres, bool guard,
    const struct sandbox_guard_key *key, unsigned *parts_r, struct diag *diag)
{
	struct filter f = { .role = role, .postgres = postgres,
		.guard = guard, .key = key };
	int error = -ENOMEM;

	if (!sandbox_seccomp_is_known()) {
		return (STATUS_OK);
	}
	f.scmp = seccomp_init(SCMP_ACT_TRAP);
	if (f.scmp != NULL) {
		error = fill_filter(&f);
		if (error == 0) {
			error = seccomp_load(f.scmp);
		}
		seccomp_release(f.scmp);
	}
	if (error != 0) {
		diag_set(diag, NULL, 0, "libseccomp: %s", strerror(-error));
		return (error == -ENOMEM ? STATUS_NOMEM : STATUS_IO);
	}
	*parts_r |= SANDBOX_CALLS | (guard ? SANDBOX_GUARD : 0);
	return (STATUS_OK);
}
