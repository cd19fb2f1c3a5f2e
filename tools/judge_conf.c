/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * judge_conf: the configuration of verify and seal: this host's or another
 * file's, what the options say in its place, and nothing that signs, so that
 * no key is read.
 */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "tools/judge.h"

#define LINES_BYTES	(64 * 1024)
#define WITHOUT_MAX	(JUDGE_MAX_LINES + 16)

struct changes {
	struct buf	 lines;
	struct str	 without[WITHOUT_MAX];
	size_t		 without_n;
};

static void
leave_out(struct changes *c, const char *name)
{
	if (c->without_n < WITHOUT_MAX) {
		c->without[c->without_n++] = str_from(name);
	}
}

/* One line of configuration: what was given must not become two. */
static bool
add_line(struct changes *c, const char *name, const char *value)
{
	struct str line, first;

	if (strpbrk(value, "\r\n") != NULL) {
		(void)cli_fail("%s: one line, please", name);
		return (false);
	}
	buf_printf(&c->lines, "%s %s\n", name, value);
	line = str_trim_wsp(str_from(name[0] != '\0' ? name : value));
	first = str_first(line, str_find(line, ' '));
	first = str_first(first, str_find(first, '\t'));
	if (c->without_n < WITHOUT_MAX) {
		c->without[c->without_n++] = first;
	}
	return (true);
}

static bool
collect_changes(struct changes *c, const struct judge_opts *o)
{
	static const char *const never[] = { "ArcSeal", "ArcSealKey",
		"UserID" };
	size_t i;
	bool ok;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		leave_out(c, never[i]);
	}
	if (o->no_second) {
		leave_out(c, "RejectNeedsSecondOpinion");
	}
	if (o->dns.zone != NULL || o->dns.nameservers_n > 0 ||
	    o->dns.trust_anchor != NULL) {
		leave_out(c, "Zone");
		leave_out(c, "Nameservers");
		leave_out(c, "TrustAnchorFile");
	}
	if (o->dns.timeout_s > 0) {
		leave_out(c, "DNSTimeout");
		buf_printf(&c->lines, "DNSTimeout %lld\n",
		    (long long)o->dns.timeout_s);
	}
	ok = add_line(c, "Mode", "v") &&
	    add_line(c, "SecondOpinion", o->no_second ? "off" : "all") &&
	    (!o->psl_given || add_line(c, "OrgDomain", o->psl ? "psl" :
	    "treewalk")) && (o->authserv_id == NULL ||
	    add_line(c, "AuthservID", o->authserv_id));
	for (i = 0; i < o->lines_n && ok; i++) {
		ok = add_line(c, "", o->lines[i]);
	}
	return (ok);
}

static const char *
choose_path(const struct judge_opts *o)
{
	const char *path = SYSCONFDIR "/mailseald.conf";

	if (o->no_conf || o->conf_path != NULL) {
		return (o->conf_path);
	}
	if (access(path, R_OK) == 0) {
		return (path);
	}
	if (errno != ENOENT) {
		cli_warn("%s: %s: this is the answer of the defaults, not of "
		    "this host's mailseald", path, strerror(errno));
	}
	return (NULL);
}

bool
judge_conf_load(struct judge *j, const struct judge_opts *o)
{
	struct changes c = { .without_n = 0 };
	enum status status;
	struct diag diag;
	bool of_file;

	diag_init(&diag);
	buf_init(&c.lines, LINES_BYTES);
	if (!collect_changes(&c, o)) {
		buf_fini(&c.lines);
		return (false);
	}
	j->conf_path = choose_path(o);
	status = c.lines.status == STATUS_OK ? conf_load_changed(j->conf_path,
	    c.without, c.without_n, buf_str(&c.lines), &j->env, &j->conf,
	    &diag) : c.lines.status;
	buf_fini(&c.lines);
	if (status != STATUS_OK) {
		diag_set(&diag, NULL, 0, "%s", status_text(status));
		of_file = j->conf_path != NULL && !str_starts(str_from(
		    diag.text), STR(CONF_COMMAND_LINE ": "));
		(void)cli_fail("%s%s", diag.text, of_file &&
		    o->conf_path == NULL ? "; --no-config verifies with the "
		    "defaults" : "");
	}
	return (status == STATUS_OK);
}

struct dns *
judge_conf_dns(const struct judge *j, const struct judge_opts *o)
{
	const struct conf *conf = j->conf;
	struct cli_dns dns = o->dns;

	if (dns.zone == NULL && dns.nameservers_n == 0 &&
	    dns.trust_anchor == NULL) {
		dns.zone = conf->zone;
		dns.trust_anchor = conf->trust_anchor_file;
		while (dns.nameservers_n < conf->nameservers.n &&
		    dns.nameservers_n < CLI_MAX_NAMESERVERS) {
			dns.nameservers[dns.nameservers_n] =
			    conf->nameservers.v[dns.nameservers_n];
			dns.nameservers_n++;
		}
	}
	if (dns.timeout_s == 0) {
		dns.timeout_s = (int64_t)(conf->dns_timeout_us / 1000000);
	}
	return (cli_dns_open(&dns, &j->env));
}
