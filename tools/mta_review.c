/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Postfix lacks: listeners that mailseald does not see, mail that it sees
 * twice, a socket that a chroot hides, and what no milter can see.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "postfix/milters.h"
#include "tools/mta.h"

#define TEXT_MAX_BYTES	1000
#define VALUE_MAX_BYTES	8192

struct review {
	const struct mta	*mta;
	struct mta_lacks	*lacks;
	struct str		 socket;	/* as Postfix writes it */
	bool			 is_path;
};

static struct mta_lack *
add_lack(struct review *r, const char *id, enum mta_weight weight,
    struct str subject, const char *fmt, ...) ATTR_PRINTF(5, 6);

/* Never NULL. */
static struct mta_lack *
add_lack(struct review *r, const char *id, enum mta_weight weight,
    struct str subject, const char *fmt, ...)
{
	static const size_t last = MTA_MAX_LACKS - 1;
	struct mta_lacks *lacks = r->lacks;
	struct mta_lack *lack = &lacks->v[lacks->n < last ? lacks->n : last];
	char text[TEXT_MAX_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*lack = (struct mta_lack){ .id = id, .weight = weight,
		.subject = subject, .file = STR("main.cf"),
		.text = arena_dup(lacks->arena, str_from(text)) };
	lacks->failed |= lack->text.p == NULL;
	lacks->n += lacks->n < MTA_MAX_LACKS;
	return (lack);
}

static void
set_fix(struct review *r, struct mta_lack *lack, const char *parameter,
    struct str value)
{
	lack->parameter = parameter;
	lack->value = arena_dup(r->lacks->arena, value);
	r->lacks->failed |= lack->value.p == NULL;
}

/* The list with ours at its end. */
static void
set_appended(struct review *r, struct mta_lack *lack, const char *parameter,
    struct str list)
{
	struct buf value;

	buf_init(&value, VALUE_MAX_BYTES);
	milters_append(&value, list, r->socket);
	if (value.status == STATUS_OK && milters_is_plain(list)) {
		set_fix(r, lack, parameter, buf_str(&value));
	}
	buf_fini(&value);
}

static void
set_service(struct review *r, struct mta_lack *lack,
    const struct postfix_service *s)
{
	lack->file = arena_printf(r->lacks->arena, "master.cf, %.*s %.*s",
	    STR_FMT(s->name), STR_FMT(s->type));
	r->lacks->failed |= lack->file.p == NULL;
}

static bool
has_ours(const struct review *r, struct str list)
{
	return (milters_has(list, r->socket, r->mta->queue));
}

/* -- listeners ----------------------------------------------------------- */

static struct str
milters_of(const struct review *r, const struct postfix_service *s)
{
	return (s->milters.p != NULL ? s->milters : r->mta->milters);
}

static bool
is_listener(const struct postfix_service *s)
{
	return (s->command == POSTFIX_SMTPD);
}

static bool
takes_no_milters(const struct review *r, const struct postfix_service *s)
{
	return (postfix_has_word(s->receive.p != NULL ? s->receive :
	    r->mta->overrides, "no_milters"));
}

/* Whether mail passes a content filter, by main.cf or by a listener. */
static bool
has_filter(const struct review *r)
{
	size_t i;

	if (r->mta->filter.n > 0) {
		return (true);
	}
	for (i = 0; i < r->mta->n; i++) {
		if (r->mta->v[i].filter.n > 0) {
			return (true);
		}
	}
	return (false);
}

/* It takes mail back from a content filter: it must not give it to one. */
static bool
is_return(const struct review *r, const struct postfix_service *s)
{
	return (is_listener(s) && s->filter.p != NULL && s->filter.n == 0 &&
	    has_filter(r));
}

static bool
is_submission(const struct postfix_service *s)
{
	static const char *const names[] = {
		"submission", "submissions", "smtps", "587", "465"
	};
	struct str port = str_from_offset(s->name, str_rfind(s->name, ':') <
	    s->name.n ? str_rfind(s->name, ':') + 1 : 0);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_eq(port, str_from(names[i]))) {
			return (true);
		}
	}
	return (false);
}

/* A list of its own hides main.cf's. */
static void
review_listener(struct review *r, const struct postfix_service *s)
{
	struct mta_lack *lack;

	if (has_ours(r, s->milters)) {
		return;
	}
	if (!is_submission(s)) {
		lack = add_lack(r, "postfix.service-milters", MTA_WARN,
		    s->name, "the listener %.*s has an smtpd_milters of its "
		    "own, without mailseald: what comes in there is neither "
		    "verified nor signed", STR_FMT(s->name));
	} else {
		lack = add_lack(r, "postfix.submission-milters", MTA_ERROR,
		    s->name, "the submission service %.*s has an "
		    "smtpd_milters of its own, without mailseald: your "
		    "users' mail leaves unsigned", STR_FMT(s->name));
	}
	set_service(r, lack, s);
	set_appended(r, lack, "smtpd_milters", s->milters);
}

/* Mail that comes back is seen twice. */
static void
review_return(struct review *r, const struct postfix_service *s)
{
	struct mta_lack *lack;
	struct str value;

	if (takes_no_milters(r, s) || !has_ours(r, milters_of(r, s))) {
		return;
	}
	lack = add_lack(r, "postfix.returned", MTA_WARN, s->name,
	    "%.*s takes mail back from a content filter and gives it to "
	    "mailseald a second time, which tells mail from outside by marks "
	    "and Received fields only", STR_FMT(s->name));
	set_service(r, lack, s);
	value = s->receive.n > 0 ? arena_printf(r->lacks->arena,
	    "%.*s,no_milters", STR_FMT(s->receive)) : STR("no_milters");
	set_fix(r, lack, "receive_override_options", value);
}

/* At least one listener takes main.cf's list. */
static bool
uses_main(const struct review *r)
{
	size_t i, listeners = 0;

	for (i = 0; i < r->mta->n; i++) {
		const struct postfix_service *s = &r->mta->v[i];

		listeners += is_listener(s);
		if (is_listener(s) && s->milters.p == NULL &&
		    !is_return(r, s) && !takes_no_milters(r, s)) {
			return (true);
		}
	}
	return (listeners == 0);
}

static void
review_listeners(struct review *r)
{
	size_t i;

	if (postfix_has_word(r->mta->overrides, "no_milters")) {
		(void)add_lack(r, "postfix.milters", MTA_ERROR,
		    STR("receive_override_options"), "receive_override_options"
		    " in main.cf has no_milters: no milter sees any mail");
	} else if (!has_ours(r, r->mta->milters) && uses_main(r)) {
		set_appended(r, add_lack(r, "postfix.milters", MTA_ERROR,
		    STR("smtpd_milters"), "smtpd_milters lacks mailseald "
		    "(%.*s): mail over SMTP is neither signed nor verified",
		    STR_FMT(r->socket)), "smtpd_milters", r->mta->milters);
	}
	for (i = 0; i < r->mta->n; i++) {
		const struct postfix_service *s = &r->mta->v[i];

		if (is_return(r, s)) {
			review_return(r, s);
		} else if (is_listener(s) && s->milters.p != NULL &&
		    !takes_no_milters(r, s)) {
			review_listener(r, s);
		}
	}
}

/* -- mail that does not come over SMTP ----------------------------------- */

static void
review_local(struct review *r)
{
	if (!has_ours(r, r->mta->local_milters)) {
		set_appended(r, add_lack(r, "postfix.local-milters", MTA_WARN,
		    STR("non_smtpd_milters"), "non_smtpd_milters lacks "
		    "mailseald: mail of sendmail(1), cron and web "
		    "applications on this host leaves unsigned"),
		    "non_smtpd_milters", r->mta->local_milters);
	} else if (!postfix_has_word(r->mta->classes, "bounce")) {
		set_fix(r, add_lack(r, "postfix.bounces", MTA_INFO,
		    STR("internal_mail_filter_classes"), "bounces that "
		    "Postfix writes leave unsigned"),
		    "internal_mail_filter_classes", STR("bounce"));
	}
}

/* -- the socket ---------------------------------------------------------- */

/* The path in the queue directory, as a chroot has it; absent: it is not
   there. */
static struct str
path_in_queue(const struct review *r, struct str path)
{
	struct str queue = r->mta->queue;

	if (path.n > 0 && path.p[0] != '/') {
		return (path);
	}
	return (path.n > queue.n + 1 && str_starts(path, queue) &&
	    path.p[queue.n] == '/' ? str_from_offset(path, queue.n + 1) :
	    STR_NONE);
}

/* "{ socket, option = value }" or the socket alone. */
static struct str
socket_of(struct str item)
{
	struct str socket = STR("");

	if (item.n > 0 && item.p[0] == '{') {
		item = str_from_offset(item, 1);
	}
	(void)postfix_word(&item, &socket);
	return (socket);
}

/* How the list writes our socket; absent: it does not. */
static struct str
written_in(const struct review *r, struct str list)
{
	struct str item;

	while (milters_next(&list, &item)) {
		if (milters_same(socket_of(item), r->socket,
		    r->mta->queue)) {
			return (socket_of(item));
		}
	}
	return (STR_NONE);
}

/* A service in a chroot sees only what is below the queue directory, by the
   path from there. */
static void
review_chroot(struct review *r, const struct postfix_service *s)
{
	bool local = s->command == POSTFIX_CLEANUP;
	struct str list = local ? r->mta->local_milters : milters_of(r, s);
	struct str written = written_in(r, list), path, inside;
	struct mta_lack *lack;

	path = str_from_offset(written, str_find(written, ':') + 1);
	if (!s->chroot || s->command == POSTFIX_POSTSCREEN || path.n == 0 ||
	    path.p[0] != '/') {
		return;
	}
	inside = path_in_queue(r, path);
	lack = add_lack(r, "postfix.chroot", MTA_ERROR, s->name,
	    inside.n > 0 ? "%.*s runs in a chroot in %.*s and looks for the "
	    "socket below it: name it there by the path from %s" :
	    "%.*s runs in a chroot in %.*s and cannot see the socket %s: put "
	    "Socket of mailseald.conf below that folder",
	    STR_FMT(s->name), STR_FMT(r->mta->queue), inside.n > 0 ?
	    "that folder" : arena_cstr(r->lacks->arena, path));
	if (inside.n > 0) {
		set_fix(r, lack, local ? "non_smtpd_milters" :
		    "smtpd_milters", arena_printf(r->lacks->arena,
		    "unix:%.*s", STR_FMT(inside)));
	}
}

/* -- what milters cannot see --------------------------------------------- */

static const struct {
	const char	*id;
	enum mta_weight	 weight;
	const char	*text;
} guards[POSTFIX_GUARDS_N] = {
	[POSTFIX_NEWLINE] = { "postfix.smuggling", MTA_WARN, "a bare line "
	    "feed may end a message: a stranger can smuggle a second message "
	    "behind one that passes every check" },
	[POSTFIX_PIPELINING] = { "postfix.pipelining", MTA_INFO, "clients "
	    "may send commands before they were allowed to, as those do that "
	    "smuggle messages" },
	[POSTFIX_CHARACTERS] = { "postfix.nul", MTA_INFO, "messages with NUL "
	    "are accepted; mail programs read different things after it" },
};

static void
set_guard(struct review *r, struct mta_lack *lack, enum postfix_guard guard,
    struct str value)
{
	struct buf safe;

	buf_init(&safe, VALUE_MAX_BYTES);
	postfix_guard_value(&safe, guard, value, r->mta->version);
	if (safe.status == STATUS_OK) {
		set_fix(r, lack, postfix_guard_name(guard), buf_str(&safe));
	}
	buf_fini(&safe);
}

/* A service that has been given an unsafe value of its own. */
static void
review_guard_at(struct review *r, enum postfix_guard guard,
    const struct postfix_service *s)
{
	struct mta_lack *lack;

	if (s->guards[guard].p == NULL ||
	    postfix_guard_is_safe(guard, s->guards[guard]) || s->command !=
	    (postfix_guard_is_cleanup(guard) ? POSTFIX_CLEANUP :
	    POSTFIX_SMTPD)) {
		return;
	}
	lack = add_lack(r, guards[guard].id, guards[guard].weight, s->name,
	    "%.*s: %s", STR_FMT(s->name), guards[guard].text);
	set_service(r, lack, s);
	set_guard(r, lack, guard, s->guards[guard]);
}

static void
review_guard(struct review *r, enum postfix_guard guard)
{
	struct str name = str_from(postfix_guard_name(guard));
	struct str value = r->mta->guards[guard];
	size_t i;

	if (value.p == NULL && guard == POSTFIX_NEWLINE) {
		(void)add_lack(r, guards[guard].id, MTA_WARN, name, "this "
		    "Postfix does not know smtpd_forbid_bare_newline: a "
		    "stranger can smuggle a second message behind one that "
		    "passes every check. Upgrade to 3.5.24, 3.6.14, 3.7.10, "
		    "3.8.5 or later");
	} else if (value.p != NULL && !postfix_guard_is_safe(guard, value)) {
		set_guard(r, add_lack(r, guards[guard].id,
		    guards[guard].weight, name, "%s", guards[guard].text),
		    guard, value);
	}
	for (i = 0; i < r->mta->n; i++) {
		review_guard_at(r, guard, &r->mta->v[i]);
	}
}

static void
review_guards(struct review *r)
{
	size_t i;

	for (i = 0; i < POSTFIX_GUARDS_N; i++) {
		review_guard(r, (enum postfix_guard)i);
	}
}

/* -- who may relay ------------------------------------------------------- */

/* A network of everybody, as in tutorials that give up; absent: there is
   none. */
static struct str
find_everybody(struct str list)
{
	struct str word;
	size_t slash;
	uint64_t bits;

	while (postfix_word(&list, &word)) {
		slash = str_rfind(word, '/');
		if (slash < word.n && word.p[0] != '/' && word.p[0] != '!' &&
		    str_to_u64(str_from_offset(word, slash + 1), &bits) &&
		    bits < 8) {
			return (word);
		}
	}
	return (STR_NONE);
}

static void
review_networks(struct review *r)
{
	struct str word = find_everybody(r->mta->networks);

	if (word.p != NULL) {
		(void)add_lack(r, "relay.open", MTA_ERROR, STR("mynetworks"),
		    "mynetworks has %.*s: strangers may send through this "
		    "host, and their mail would be signed", STR_FMT(word));
		return;
	}
	word = find_everybody(r->mta->excluded);
	if (word.p != NULL) {
		set_fix(r, add_lack(r, "postfix.smuggling", MTA_WARN,
		    STR("smtpd_forbid_bare_newline_exclusions"), "%.*s is "
		    "excluded from smtpd_forbid_bare_newline: a stranger can "
		    "smuggle a second message behind one that passes every "
		    "check", STR_FMT(word)),
		    "smtpd_forbid_bare_newline_exclusions",
		    STR("$mynetworks"));
	}
}

void
mta_review(const struct mta *mta, struct str socket, struct mta_lacks *lacks)
{
	struct review r = { .mta = mta, .lacks = lacks };
	struct buf text;
	size_t i;

	buf_init(&text, VALUE_MAX_BYTES);
	if (!mta->found || !milters_from_socket(&text, socket, mta->queue)) {
		buf_fini(&text);
		return;
	}
	r.socket = arena_dup(lacks->arena, buf_str(&text));
	buf_fini(&text);
	if (r.socket.p == NULL) {
		lacks->failed = true;
		return;
	}
	review_listeners(&r);
	review_local(&r);
	for (i = 0; i < mta->n; i++) {
		review_chroot(&r, &mta->v[i]);
	}
	if (str_eq(mta->action, STR("accept"))) {
		set_fix(&r, add_lack(&r, "postfix.default-action", MTA_WARN,
		    STR("milter_default_action"), "milter_default_action is "
		    "accept: while mailseald is not available, mail leaves "
		    "unsigned and comes in unverified"),
		    "milter_default_action", STR("tempfail"));
	}
	review_guards(&r);
	review_networks(&r);
}
