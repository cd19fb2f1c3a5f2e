/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal try: plays the MTA to a running milter. */
#include <sys/types.h>

#include <libmilter/mfdef.h>

#include "config.h"
#include "base/ip.h"
#include "mail/message.h"
#include "tools/try.h"

#define MAX_RCPTS	100
#define MAX_MACROS	64
#define QUEUE_ID	"TRY0000001"	/* looks like one, and says whose */
#define TIMEOUT_S	30

struct try_opts {
	const char		*milter;
	struct player_envelope	 envelope;
	struct str		 rcpts[MAX_RCPTS];
	struct player_macro	 macros[MAX_MACROS];
	int64_t			 timeout_s;
	bool			 ip_given;
	struct try_output	 output;
};

/* Where Postfix and Sendmail send what; all others go with MAIL. */
static const struct {
	const char	*prefix;
	char		 stage;
} macro_stages[] = {
	{ "j", SMFIC_CONNECT }, { "_", SMFIC_CONNECT }, { "v", SMFIC_CONNECT },
	{ "{daemon_", SMFIC_CONNECT }, { "{if_", SMFIC_CONNECT },
	{ "{client_", SMFIC_CONNECT }, { "{tls_", SMFIC_HELO },
	{ "{cipher", SMFIC_HELO }, { "{cert_", SMFIC_HELO },
	{ "{rcpt_", SMFIC_RCPT }, { "i", SMFIC_DATA },
};

static char
stage_of(struct str name)
{
	size_t i;

	for (i = 0; i < sizeof(macro_stages) / sizeof(macro_stages[0]); i++) {
		if (str_starts(name, str_from(macro_stages[i].prefix))) {
			return (macro_stages[i].stage);
		}
	}
	return (SMFIC_MAIL);
}

/* Replaces the value wherever the name stands, or adds it. */
static bool
set_macro(struct try_opts *o, struct str name, struct str value)
{
	struct player_envelope *env = &o->envelope;
	bool found = false;
	size_t i;

	for (i = 0; i < env->macros_n; i++) {
		if (str_eq(o->macros[i].name, name)) {
			o->macros[i].value = value;
			found = true;
		}
	}
	if (found) {
		return (true);
	}
	if (env->macros_n == MAX_MACROS) {
		(void)cli_fail("--macro: at most %d", MAX_MACROS);
		return (false);
	}
	o->macros[env->macros_n++] = (struct player_macro){
		.stage = stage_of(name), .name = name, .value = value };
	return (true);
}

/* NAME=VALUE; a name of more than one letter has braces on the wire. */
static bool
take_macro(struct try_opts *o, struct arena *arena, const char *value)
{
	size_t eq = str_find(str_from(value), '=');
	struct str name = str_first(str_from(value), eq);

	if (name.n > 2 && name.p[0] == '{' && name.p[name.n - 1] == '}') {
		name = str_mem(name.p + 1, name.n - 2);
	}
	if (name.n == 0 || value[eq] != '=') {
		(void)cli_fail("--macro: %s is not NAME=VALUE", value);
		return (false);
	}
	if (name.n > 1) {
		name = arena_printf(arena, "{%.*s}", STR_FMT(name));
	}
	return (name.p != NULL && set_macro(o, name,
	    str_from(value + eq + 1)));
}

static void
set_defaults(struct try_opts *o)
{
	static const struct player_macro defaults[] = {
		{ SMFIC_CONNECT, STR("j"), STR("localhost") },
		{ SMFIC_CONNECT, STR("{daemon_name}"), STR("mailseal-try") },
		{ SMFIC_CONNECT, STR("v"), STR("mailseal " PACKAGE_VERSION) },
		/* Postfix has it only when the envelope is complete. */
		{ SMFIC_DATA, STR("i"), STR(QUEUE_ID) },
		{ SMFIC_EOH, STR("i"), STR(QUEUE_ID) },
		{ SMFIC_BODYEOB, STR("i"), STR(QUEUE_ID) },
	};

	*o = (struct try_opts){ .timeout_s = TIMEOUT_S };
	o->envelope = (struct player_envelope){ .helo = STR("localhost"),
		.mail_from = STR(""), .rcpts = o->rcpts,
		.macros = o->macros };
	memcpy(o->macros, defaults, sizeof(defaults));
	o->envelope.macros_n = sizeof(defaults) / sizeof(defaults[0]);
}

/* <a@b> as well as a@b. */
static struct str
address_of(const char *text)
{
	struct str s = str_from(text);

	return (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>' ?
	    str_mem(s.p + 1, s.n - 2) : s);
}

static bool
take_ip(struct try_opts *o, const char *value)
{
	struct ip_addr ip;

	o->ip_given = true;
	o->envelope.client_ip = strcmp(value, NO_CLIENT) == 0 ? STR_NONE :
	    str_from(value);
	if (o->envelope.client_ip.p == NULL || ip_parse(str_from(value),
	    &ip)) {
		return (true);
	}
	(void)cli_fail("--ip: %s is not an address", value);
	return (false);
}

static bool
take_option(struct try_opts *o, struct arena *arena, int id,
    const char *value)
{
	switch (id) {
	case 'm':
		o->milter = value;
		return (true);
	case 'i':
		return (take_ip(o, value));
	case 'C':
		o->envelope.client_name = str_from(value);
		return (true);
	case 'H':
		o->envelope.helo = str_from(value);
		return (true);
	case 'f':
		o->envelope.mail_from = address_of(value);
		return (true);
	case 'r':
		if (o->envelope.rcpts_n == MAX_RCPTS) {
			(void)cli_fail("--rcpt: at most %d", MAX_RCPTS);
			return (false);
		}
		o->rcpts[o->envelope.rcpts_n++] = address_of(value);
		return (true);
	case 'u':
		return (set_macro(o, STR("{auth_authen}"),
		    str_from(value)) &&
		    set_macro(o, STR("{auth_type}"), STR("PLAIN")));
	case 'M':
		return (take_macro(o, arena, value));
	case 't':
		return (cli_number("timeout", value, 1, CLI_MAX_SECONDS,
		    &o->timeout_s));
	case 'o':
		o->output.path = value;
		return (true);
	case 'j':
		o->output.json = true;
		return (true);
	default:
		return (false);
	}
}

/* Changes come through this, as the edit begins after the negotiation. */
static void
on_change(void *ctx, const struct player_change *change)
{
	struct edit **edit = ctx;

	edit_change(*edit, change);
}

static int
try_message(const struct try_opts *o, struct arena *arena, struct str text,
    const struct message *message)
{
	struct player_opts opts;
	struct player_result r = { .changes = 0 };
	struct player *player = NULL;
	struct edit edit, *current = &edit;
	struct diag diag;
	enum status status;
	int result;

	diag_init(&diag);
	player_opts_init(&opts, o->milter);
	opts.timeout_ms = (unsigned)o->timeout_s * 1000;
	opts.change = on_change;
	opts.ctx = &current;
	status = player_open(&opts, &player, &diag);
	if (status != STATUS_OK) {
		diag_set(&diag, NULL, 0, "%s", status_text(status));
		return (cli_fail("%s", diag.text));
	}
	status = edit_init(&edit, arena, message, player_leadspc(player));
	if (status == STATUS_OK) {
		status = player_play_mail(player, &o->envelope, message, &r,
		    &diag);
	}
	player_close(player);
	if (status == STATUS_OK) {
		status = edit.status;
	}
	if (status != STATUS_OK) {
		diag_set(&diag, NULL, 0, "%s", status_text(status));
		result = cli_fail("%s", diag.text);
	} else {
		result = try_print(&r, &edit, text, &o->output);
	}
	edit_fini(&edit);
	return (result);
}

static int
try_file(struct try_opts *o, struct arena *arena, const char *path)
{
	struct message message;
	struct str text;

	if (o->milter == NULL) {
		return (cli_fail("--milter SOCKET is missing"));
	}
	if (!o->ip_given) {
		o->envelope.client_ip = STR(LOCAL_CLIENT);
	}
	if (!o->ip_given && o->envelope.client_name.p == NULL) {
		o->envelope.client_name = STR(LOCAL_NAME);
	}
	if (o->envelope.rcpts_n == 0) {
		o->rcpts[o->envelope.rcpts_n++] = STR("postmaster");
	}
	if (!cli_input(path, arena, &text)) {
		return (CLI_USAGE);
	}
	if (message_parse(arena, text, &message) != STATUS_OK) {
		return (cli_fail("the message's header is too large"));
	}
	return (try_message(o, arena, text, &message));
}

int
try_main(const struct cli_command *command, int argc, char **argv)
{
	struct try_opts o;
	struct arena arena;
	const char *value, *path;
	int id, result = CLI_USAGE;

	set_defaults(&o);
	arena_init(&arena, TOOL_ARENA_BYTES);
	while ((id = cli_next(command, argc, argv, &value)) >= 0) {
		if (!take_option(&o, &arena, id, value)) {
			goto out;
		}
	}
	if (id == CLI_HELP) {
		result = CLI_YES;
	} else if (id == CLI_END && cli_file(argc, argv, &path)) {
		result = try_file(&o, &arena, path);
	}
out:
	arena_fini(&arena);
	return (result);
}
