/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/privileges.h"

static enum status
find_user(const char *user_id, struct passwd **user_r, gid_t *gid_r,
    struct diag *diag)
{
	char *name = strdup(user_id);
	char *group_name;
	struct group *group;
	enum status status = STATUS_SYNTAX;

	if (name == NULL) {
		diag_set(diag, NULL, 0, "out of memory");
		return (STATUS_NOMEM);
	}
	group_name = strchr(name, ':');
	if (group_name != NULL) {
		*group_name++ = '\0';
	}
	*user_r = getpwnam(name);
	group = group_name != NULL ? getgrnam(group_name) : NULL;
	if (*user_r == NULL) {
		diag_set(diag, NULL, 0, "UserID: no user \"%s\"", name);
	} else if (group_name != NULL && group == NULL) {
		diag_set(diag, NULL, 0, "UserID: no group \"%s\"", group_name);
	} else {
		*gid_r = group != NULL ? group->gr_gid : (*user_r)->pw_gid;
		status = STATUS_OK;
	}
	free(name);
	return (status);
}

enum status
privileges_drop(const char *user_id, struct diag *diag)
{
	struct passwd *user;
	gid_t gid;
	enum status status;

	if (user_id == NULL) {
		return (STATUS_OK);
	}
	status = find_user(user_id, &user, &gid, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	if (geteuid() != 0 && geteuid() == user->pw_uid) {
		return (STATUS_OK);
	}
	if (initgroups(user->pw_name, gid) == -1 || setgid(gid) == -1 ||
	    setuid(user->pw_uid) == -1) {
		diag_set(diag, NULL, 0, "cannot become \"%s\": %s", user_id,
		    strerror(errno));
		return (STATUS_IO);
	}
	/* setuid() must have set the saved user ID as well. */
	if (user->pw_uid != 0 && setuid(0) != -1) {
		diag_set(diag, NULL, 0, "could regain root after setuid");
		return (STATUS_IO);
	}
	return (STATUS_OK);
}

/* Sets the groups of root and those to switch to. name NULL: gid alone. */
static enum status
find_groups(struct privileges *r, const char *name)
{
	r->own_groups_n = getgroups(PRIVILEGES_GROUPS_MAX, r->own_groups);
	r->groups_n = name != NULL ? PRIVILEGES_GROUPS_MAX : 1;
	r->groups[0] = r->gid;
	if (r->own_groups_n == -1 || (name != NULL && getgrouplist(name,
	    r->gid, r->groups, &r->groups_n) == -1)) {
		return (STATUS_LIMIT);
	}
	return (STATUS_OK);
}

enum status
privileges_find(const char *user_id, struct privileges *r, struct diag *diag)
{
	struct passwd *user;
	enum status status;

	*r = (struct privileges){ .own_gid = getegid() };
	if (user_id == NULL) {
		return (STATUS_OK);
	}
	status = find_user(user_id, &user, &r->gid, diag);
	if (status != STATUS_OK) {
		return (status);
	}
	if (geteuid() != 0) {
		if (geteuid() == user->pw_uid) {
			return (STATUS_OK);
		}
		diag_set(diag, NULL, 0, "cannot become \"%s\": %s", user_id,
		    strerror(EPERM));
		return (STATUS_IO);
	}
	r->root = user->pw_uid != 0;
	r->uid = user->pw_uid;
	status = find_groups(r, user->pw_name);
	if (status != STATUS_OK) {
		diag_set(diag, NULL, 0, "\"%s\" or root is in too many groups",
		    user_id);
	}
	return (status);
}

enum status
privileges_find_owner(const char *path, struct privileges *r,
    struct diag *diag)
{
	const struct passwd *user;
	enum status status;
	struct stat st;

	*r = (struct privileges){ .own_gid = getegid() };
	if (geteuid() != 0 || lstat(path, &st) == -1 || st.st_uid == 0) {
		return (STATUS_OK);
	}
	r->root = true;
	r->uid = st.st_uid;
	user = getpwuid(st.st_uid);
	r->gid = user != NULL ? user->pw_gid : st.st_gid;
	status = find_groups(r, user != NULL ? user->pw_name : NULL);
	if (status != STATUS_OK) {
		diag_set(diag, path, 0, "its owner or root is in too many "
		    "groups");
	}
	return (status);
}

enum status
privileges_switch(const struct privileges *p, struct diag *diag)
{
	if (p->root && (setgroups((size_t)p->groups_n, p->groups) == -1 ||
	    setegid(p->gid) == -1 || seteuid(p->uid) == -1)) {
		diag_set(diag, NULL, 0, "cannot become user %ju: %s",
		    (uintmax_t)p->uid, strerror(errno));
		privileges_return(p);
		return (STATUS_IO);
	}
	return (STATUS_OK);
}

/* A step that fails leaves less than there was, not more. */
void
privileges_return(const struct privileges *p)
{
	if (p->root && seteuid(0) == 0 && setegid(p->own_gid) == 0) {
		(void)setgroups((size_t)p->own_groups_n, p->own_groups);
	}
}
