/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal import: translates the configuration of OpenDKIM and OpenDMARC. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/escape.h"
#include "conf/conf.h"
#include "tools/import.h"
#include "tools/mailseal.h"

#define ARENA_BYTES	((size_t)256 * 1024 * 1024)
#define SHOWN_BYTES	200

void
import_note(struct import *im, const char *fmt, ...)
{
	char text[DIAG_MAX_BYTES + SHOWN_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(&im->out, "# %s\n", text);
	im->notes++;
}

/* No control characters. */
static bool
is_text(struct str value)
{
	size_t i;

	for (i = 0; i < value.n; i++) {
		if (((unsigned char)value.p[i] < ' ' && value.p[i] != '\t') ||
		    value.p[i] == 0x7f) {
			return (false);
		}
	}
	return (true);
}

/* Writes their option as a comment. */
static void
put_theirs(struct import *im, const struct import_given *given,
    const char *why)
{
	buf_add_cstr(&im->out, "# ");
	escape_text(&im->out, given->name, SHOWN_BYTES);
	buf_add_char(&im->out, ' ');
	escape_text(&im->out, given->value, SHOWN_BYTES);
	buf_printf(&im->out, " (%s:%u): %s\n", given->file, given->line, why);
	im->notes++;
}

/* Whether the option can be checked without others, and without keys. */
static bool
is_independent(const char *name)
{
	static const char *const others[] = { "Selector", "KeyFile", "Domain",
		"KeyTable", "SigningTable", "TrustedSealers", "Mode",
		"UserID" };
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(name, others[i]) == 0) {
			return (false);
		}
	}
	return (true);
}

/* Whether our daemon accepts the line. */
static bool
is_accepted(struct import *im, const char *name, struct str value,
    struct diag *why)
{
	struct conf *conf = NULL;
	struct buf line;
	bool ok;

	buf_init(&line, 2 * CONF_LINE_MAX_BYTES);
	buf_printf(&line, "Mode v\n%s %.*s\n", name, STR_FMT(value));
	ok = conf_parse(buf_str(&line), name, im->env, &conf, why) ==
	    STATUS_OK;
	conf_release(conf);
	buf_fini(&line);
	return (ok);
}

/* OpenDKIM ignores these options if there is a SigningTable. */
static bool
is_hidden_by_tables(const struct import *im, const char *name)
{
	return ((strcmp(name, "Domain") == 0 || strcmp(name, "Selector") == 0 ||
	    strcmp(name, "KeyFile") == 0) &&
	    import_get(im, "SigningTable") != NULL);
}

/* Whether OpenDKIM's file, or a later line of the same file, sets it. */
static bool
is_set_elsewhere(const struct import *im, size_t index, const char *to)
{
	size_t i;

	for (i = 0; i < im->n; i++) {
		const struct import_option *o = im->v[i].option;
		const char *name = o == NULL ? "" :
		    o->to != NULL ? o->to : o->name;

		if (i != index && o != NULL && strcmp(name, to) == 0 &&
		    (i < im->opendmarc ? index >= im->opendmarc || i > index :
		    i > index && index >= im->opendmarc)) {
			return (true);
		}
	}
	return (false);
}

/* If not, errno has the reason. */
static bool
can_read(struct import *im, struct str path)
{
	const char *text = arena_cstr(&im->arena, path);

	return (text != NULL && access(text, R_OK) == 0);
}

/* Whether the option is set to a value that can be translated. */
static bool
is_translated(struct import *im, const char *name)
{
	const struct import_given *given = import_get(im, name);
	const char *why;
	struct str value;

	return (given != NULL && given->option != NULL &&
	    import_value(im, given, &value, &why) == STATUS_OK &&
	    value.p != NULL);
}

static bool
has_tables(struct import *im)
{
	return (is_translated(im, "KeyTable") &&
	    is_translated(im, "SigningTable"));
}

static bool
can_sign(struct import *im)
{
	return (has_tables(im) || (!is_hidden_by_tables(im, "Domain") &&
	    is_translated(im, "Domain") && is_translated(im, "Selector") &&
	    is_translated(im, "KeyFile")));
}

/* Who must own the keys, and where else the user is configured. */
static void
put_user_notes(struct import *im, struct str user)
{
	if (can_sign(im)) {
		import_note(im, "UserID: %s: chown %.*s, mode 0600",
		    has_tables(im) ?
		    "keys of the KeyTable are loaded as this user" :
		    "a reload reads KeyFile as this user, only the start as "
		    "root", STR_FMT(user));
	}
	import_note(im, "UserID: a key store (dkimkeygen adopt) must belong "
	    "to this user, too: chown -R %.*s %s", STR_FMT(user),
	    LOCALSTATEDIR "/lib/mailseal");
	import_note(im, "UserID: User= in mailseald.service and "
	    "dkimkeygen.service, and tmpfiles.d/mailseal.conf, must name it "
	    "instead of mailseal");
}

static void
put_line(struct import *im, const char *to, struct str value, const char *why)
{
	if (why != NULL) {
		import_note(im, "%s: %s", to, why);
	}
	if (strcmp(to, "UserID") == 0) {
		put_user_notes(im, value);
	}
	if (strcmp(to, "Socket") == 0 && im->has_opendmarc) {
		import_note(im, "Socket: one milter now: smtpd_milters and "
		    "non_smtpd_milters of Postfix must name this one instead "
		    "of OpenDKIM's and OpenDMARC's");
	}
	buf_printf(&im->out, "%s %.*s\n", to, STR_FMT(value));
	if (strcmp(to, "KeyFile") == 0 && !can_read(im, value)) {
		import_note(im, "KeyFile: %s", strerror(errno));
	}
}

static enum status
put_ours(struct import *im, const struct import_given *given,
    const char *to, struct str value, const char *why)
{
	enum status status = STATUS_OK;
	struct diag diag;

	diag_init(&diag);
	if (!is_text(value)) {
		put_theirs(im, given, "the value has control characters");
		return (STATUS_OK);
	}
	if (is_independent(to) && !is_accepted(im, to, value, &diag)) {
		if (given->option->kind == IMPORT_HOSTS) {
			status = import_hosts(im, given, to, value, &value);
		} else {
			value = STR_NONE;
		}
	}
	if (value.p == NULL) {
		put_theirs(im, given, diag.text);
	} else {
		put_line(im, to, value, why);
	}
	return (status);
}

/* Why an option cannot be used although its value can; or NULL. */
static const char *
missing_half(struct import *im, const struct import_option *o,
    struct str value)
{
	if (o->kind == IMPORT_KEY_TABLE || o->kind == IMPORT_SIGNING_TABLE) {
		return (has_tables(im) ? NULL :
		    "the other table cannot be translated");
	}
	if (strcmp(o->name, "Domain") == 0 ||
	    strcmp(o->name, "Selector") == 0 ||
	    strcmp(o->name, "KeyFile") == 0) {
		return (can_sign(im) ? NULL :
		    "it needs all of Domain, Selector and KeyFile");
	}
	return (strcmp(o->name, "Mode") == 0 &&
	    str_find(value, 's') < value.n && !can_sign(im) ?
	    "there are no keys to sign with" : NULL);
}

static enum status
translate_option(struct import *im, size_t index)
{
	const struct import_given *given = &im->v[index];
	const struct import_option *o = given->option;
	const char *to, *why, *refusal;
	enum status status;
	struct str value;

	if (o == NULL) {
		put_theirs(im, given, "unknown option");
		return (STATUS_OK);
	}
	to = o->to != NULL ? o->to : o->name;
	if (index < im->opendmarc && is_hidden_by_tables(im, to)) {
		put_theirs(im, given, "OpenDKIM ignores it if there is a "
		    "SigningTable; mailseald would use it first");
		return (STATUS_OK);
	}
	status = import_value(im, given, &value, &why);
	if (status != STATUS_OK) {
		return (status);
	}
	refusal = value.p == NULL ? why : missing_half(im, o, value);
	if (refusal == NULL && is_set_elsewhere(im, index, to)) {
		refusal = index >= im->opendmarc ?
		    "one daemon now, and this is already set" :
		    "set again below";
	}
	if (refusal != NULL) {
		put_theirs(im, given, refusal);
		return (STATUS_OK);
	}
	return (put_ours(im, given, to, value, why));
}

/* Sets options whose default is not the same as theirs. */
static void
put_defaults(struct import *im)
{
	static const struct {
		const char	*theirs;
		const char	*also;		/* NULL, or another */
		const char	*to;
		const char	*value;
		const char	*why;
	} v[] = {
		{ "Canonicalization", NULL, "Canonicalization",
		    "simple/simple",
		    "OpenDKIM's default; relaxed/relaxed survives more" },
		{ "OversignHeaders", NULL, "OversignHeaders", "none",
		    "OpenDKIM's default; it should list at least From" },
		{ "Socket", NULL, "Socket", "inet:8891@127.0.0.1",
		    "the file has none" },
		{ "RejectFailures", NULL, "OnDMARCReject", "accept",
		    "OpenDMARC rejects nothing by default, or is not used" },
		{ "HoldQuarantinedMessages", NULL, "OnDMARCQuarantine",
		    "accept",
		    "nor does it hold mail; tag adds a field for Sieve" },
		{ "RequiredHeaders", "RejectMultiValueFrom", "OnBadFrom",
		    "accept", "but this lets mail bypass DMARC" },
	};
	size_t i;

	buf_add_cstr(&im->out, "\n## Defaults that differ\n\n");
	if (can_sign(im)) {
		import_note(im, "remove this to use the keys that dkimkeygen "
		    "rotates, besides those above");
		buf_add_cstr(&im->out, "KeyStore none\n");
	}
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		if (import_get(im, v[i].theirs) == NULL &&
		    (v[i].also == NULL ||
		    import_get(im, v[i].also) == NULL)) {
			put_line(im, v[i].to, str_from(v[i].value), v[i].why);
		}
	}
}

enum status
import_translate(struct import *im)
{
	enum status status = STATUS_OK;
	size_t i;

	buf_add_cstr(&im->out, "## From OpenDKIM\n\n");
	for (i = 0; i < im->n && status == STATUS_OK; i++) {
		if (i == im->opendmarc) {
			buf_add_cstr(&im->out, "\n## From OpenDMARC\n\n");
		}
		status = translate_option(im, i);
	}
	put_defaults(im);
	if (status == STATUS_OK && import_get(im, "SigningTable") != NULL) {
		buf_add_cstr(&im->out, "\n## The tables\n\n");
		status = import_tables(im);
	}
	return (status == STATUS_OK ? im->out.status : status);
}

static enum status
read_files(struct import *im, char **paths, struct diag *diag)
{
	enum status status = import_read(im, import_opendkim, paths[0], diag);

	im->opendmarc = im->n;
	if (status == STATUS_OK && paths[1] != NULL) {
		im->has_opendmarc = true;
		status = import_read(im, import_opendmarc, paths[1], diag);
	}
	return (status);
}

static int
import_files(char **paths)
{
	struct import im = { .n = 0 };
	int result = CLI_USAGE;
	enum status status;
	struct diag diag;
	struct env env;

	env_init_system(&env);
	im.env = &env;
	diag_init(&diag);
	arena_init(&im.arena, ARENA_BYTES);
	buf_init(&im.out, ARENA_BYTES);
	status = read_files(&im, paths, &diag);
	if (status == STATUS_OK) {
		status = import_translate(&im);
	}
	if (status != STATUS_OK) {
		(void)cli_fail("%s", diag.text[0] != '\0' ? diag.text :
		    status_text(status));
	} else if (fwrite(im.out.p, 1, im.out.n, stdout) == im.out.n &&
	    cli_flush()) {
		cli_warn("read the comments (%u), then run "
		    "mailseald -n -c FILE",
		    im.notes);
		result = CLI_YES;
	}
	buf_fini(&im.out);
	arena_fini(&im.arena);
	return (result);
}

static bool
take_option(void *opts ATTR_UNUSED, int id ATTR_UNUSED,
    const char *value ATTR_UNUSED)
{
	return (false);
}

int
import_main(const struct cli_command *command, int argc, char **argv)
{
	char *paths[3] = { NULL, NULL, NULL };
	int early = cli_options(command, argc, argv, take_option, NULL), i;

	if (early != CLI_END) {
		return (early);
	}
	if (argc - optind < 1 || argc - optind > 2) {
		return (cli_fail("import: need opendkim.conf, and optionally "
		    "opendmarc.conf"));
	}
	for (i = optind; i < argc; i++) {
		paths[i - optind] = argv[i];
	}
	return (import_files(paths));
}
