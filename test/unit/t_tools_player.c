/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MTA's side of the milter protocol, against milters that say anything:
 * a socket pair, with the milter's answers written before they are read.
 */
#include <sys/types.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <stdlib.h>
#include <unistd.h>

#include "test/unit/tap.h"
#include "tools/player.h"
#include "tools/player_wire.h"

#define ALL_ACTIONS	(SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY | \
	SMFIF_QUARANTINE)
#define NR_ALL		(SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | \
	SMFIP_NR_RCPT | SMFIP_NR_DATA | SMFIP_NR_HDR | SMFIP_NR_EOH | \
	SMFIP_NR_BODY)
#define BYTES(literal)	literal, sizeof(literal) - 1
#define PEER_MAX_BYTES	(2 * 1024 * 1024)

static const struct wire_row {
	const char	*name;
	const char	*p;
	size_t		 n;
	enum status	 status;
	size_t		 bytes;
} wire_rows[] = {
	{ "a whole packet", BYTES("\0\0\0\1c"), STATUS_OK, 5 },
	{ "with data", BYTES("\0\0\0\3cab"), STATUS_OK, 7 },
	{ "more behind it", BYTES("\0\0\0\1c\0\0\0\1a"), STATUS_OK, 5 },
	{ "nothing yet", BYTES(""), STATUS_TEMP, 5 },
	{ "part of the length", BYTES("\0\0\0"), STATUS_TEMP, 5 },
	{ "the length only", BYTES("\0\0\0\2"), STATUS_TEMP, 6 },
	{ "part of the data", BYTES("\0\0\0\3ca"), STATUS_TEMP, 7 },
	{ "a length of 0", BYTES("\0\0\0\0c"), STATUS_SYNTAX, 5 },
	{ "at the limit", BYTES("\0\0\0\x10"), STATUS_TEMP, 20 },
	{ "beyond the limit", BYTES("\0\0\0\x11"), STATUS_LIMIT, 5 },
	{ "4 GiB", BYTES("\xff\xff\xff\xff"), STATUS_LIMIT, 5 },
};

static void
test_wire_get(void)
{
	struct wire_packet packet;
	size_t i;

	for (i = 0; i < sizeof(wire_rows) / sizeof(wire_rows[0]); i++) {
		const struct wire_row *row = &wire_rows[i];

		tap_ok(wire_get(str_mem(row->p, row->n), 16, &packet) ==
		    row->status && packet.bytes == row->bytes,
		    "packet: %s", row->name);
	}
}

static const struct change_row {
	const char	*name;
	char		 cmd;
	const char	*p;
	size_t		 n;
	enum status	 status;
	uint32_t	 index;
	const char	*field;
	const char	*value;
} change_rows[] = {
	{ "add", SMFIR_ADDHEADER, BYTES("A\0b\0"), STATUS_OK, 0, "A", "b" },
	{ "insert", SMFIR_INSHEADER, BYTES("\0\0\0\2A\0 b\0"), STATUS_OK, 2,
	    "A", " b" },
	{ "change", SMFIR_CHGHEADER, BYTES("\0\0\1\1A\0b\0"), STATUS_OK, 257,
	    "A", "b" },
	{ "delete", SMFIR_CHGHEADER, BYTES("\0\0\0\1A\0\0"), STATUS_OK, 1,
	    "A", "" },
	{ "quarantine", SMFIR_QUARANTINE, BYTES("why\0"), STATUS_OK, 0, NULL,
	    "why" },
	{ "body with NUL", SMFIR_REPLBODY, BYTES("a\0"), STATUS_OK, 0, NULL,
	    NULL },
	{ "sender, no parameters", SMFIR_CHGFROM, BYTES("<a@b>\0"), STATUS_OK,
	    0, "<a@b>", NULL },
	{ "sender, parameters", SMFIR_CHGFROM, BYTES("<a@b>\0X=1\0"),
	    STATUS_OK, 0, "<a@b>", "X=1" },
	{ "value without NUL", SMFIR_ADDHEADER, BYTES("A\0b"), STATUS_SYNTAX,
	    0, NULL, NULL },
	{ "no value", SMFIR_ADDHEADER, BYTES("A\0"), STATUS_SYNTAX, 0, NULL,
	    NULL },
	{ "no data", SMFIR_ADDHEADER, BYTES(""), STATUS_SYNTAX, 0, NULL, NULL },
	{ "data behind it", SMFIR_ADDHEADER, BYTES("A\0b\0c"), STATUS_SYNTAX,
	    0, NULL, NULL },
	{ "empty name", SMFIR_ADDHEADER, BYTES("\0b\0"), STATUS_SYNTAX, 0,
	    NULL, NULL },
	{ "name with colon", SMFIR_ADDHEADER, BYTES("A:\0b\0"), STATUS_SYNTAX,
	    0, NULL, NULL },
	{ "name with newline", SMFIR_ADDHEADER, BYTES("A\nB\0b\0"),
	    STATUS_SYNTAX, 0, NULL, NULL },
	{ "8-bit name", SMFIR_ADDHEADER, BYTES("\xc3\xa4\0b\0"), STATUS_SYNTAX,
	    0, NULL, NULL },
	{ "short index", SMFIR_INSHEADER, BYTES("\0\0\2"), STATUS_SYNTAX, 0,
	    NULL, NULL },
	{ "change of index 0", SMFIR_CHGHEADER, BYTES("\0\0\0\0A\0b\0"),
	    STATUS_SYNTAX, 0, NULL, NULL },
	{ "not a change", SMFIR_CONTINUE, BYTES(""), STATUS_SYNTAX, 0, NULL,
	    NULL },
};

static void
test_wire_change(void)
{
	struct player_change change;
	struct wire_packet packet;
	size_t i;

	for (i = 0; i < sizeof(change_rows) / sizeof(change_rows[0]); i++) {
		const struct change_row *row = &change_rows[i];
		bool ok;

		packet = (struct wire_packet){ .cmd = row->cmd,
			.data = str_mem(row->p, row->n) };
		ok = wire_get_change(&packet, &change) == row->status;
		if (row->status == STATUS_OK) {
			ok = ok && change.index == row->index &&
			    (row->field == NULL ||
			    str_eq(change.name, str_from(row->field))) &&
			    (row->value == NULL ||
			    str_eq(change.value, str_from(row->value)));
		}
		tap_ok(ok, "change: %s", row->name);
	}
}

static const struct reply_row {
	const char	*name;
	const char	*p;
	size_t		 n;
	enum status	 status;
} reply_rows[] = {
	{ "550 text", BYTES("550 5.7.1 no\0"), STATUS_OK },
	{ "two lines", BYTES("451-a\r\n451 b\0"), STATUS_OK },
	{ "2xx", BYTES("250 ok\0"), STATUS_SYNTAX },
	{ "no digits", BYTES("5x0 no\0"), STATUS_SYNTAX },
	{ "a code only", BYTES("550\0"), STATUS_SYNTAX },
	{ "no NUL", BYTES("550 no"), STATUS_SYNTAX },
	{ "empty", BYTES(""), STATUS_SYNTAX },
	{ "data behind it", BYTES("550 no\0x"), STATUS_SYNTAX },
};

static void
test_wire_reply(void)
{
	struct str text;
	size_t i;

	for (i = 0; i < sizeof(reply_rows) / sizeof(reply_rows[0]); i++) {
		tap_ok(wire_get_reply(str_mem(reply_rows[i].p, reply_rows[i].n),
		    &text) == reply_rows[i].status, "reply: %s",
		    reply_rows[i].name);
	}
}

static struct field message_fields[] = {
	{ .name = { BYTES("From") }, .value = { BYTES(" a@example.com") } },
	{ .name = { BYTES("Subject") },
	    .value = { BYTES("  two\r\n\tlines\r") } },
	{ .name = { BYTES("X") }, .value = { BYTES("nul\0hidden") } },
};
static const struct message message = {
	.fields = { .v = message_fields, .n = 3 },
	.body = { BYTES("hello\r\n") },
};
static const struct str rcpts[] = {
	{ BYTES("b@example.net") }, { BYTES("c@example.net") },
};
static const struct player_macro macros[] = {
	{ SMFIC_CONNECT, { BYTES("j") }, { BYTES("mx") } },
	{ SMFIC_MAIL, { BYTES("{auth_authen}") }, { BYTES("alice") } },
};
static const struct player_envelope envelope = {
	.client_ip = { BYTES("192.0.2.1") }, .helo = { BYTES("client") },
	.mail_from = { BYTES("a@example.com") },
	.rcpts = rcpts, .rcpts_n = 2, .macros = macros, .macros_n = 2,
};

/* The script's packet number i of that command. */
static struct str
packet_of(const struct player_script *script, char cmd, unsigned i)
{
	struct str rest = buf_str(&script->packets);
	struct wire_packet packet;

	while (wire_get(rest, rest.n, &packet) == STATUS_OK) {
		if (packet.cmd == cmd && i-- == 0) {
			return (packet.data);
		}
		rest = str_from_offset(rest, packet.bytes);
	}
	return (STR_NONE);
}

static void
test_script_message(void)
{
	struct player_script script;
	struct message large = message;
	char *body = calloc(1, 70000);

	player_script_init(&script);
	tap_num(player_script_message(&script, &envelope, &message, true),
	    STATUS_OK, "script: a message");
	tap_str(packet_of(&script, SMFIC_MACRO, 0),
	    STR("M{auth_authen}\0alice\0{mail_addr}\0a@example.com\0"),
	    "script: the macros of MAIL");
	tap_str(packet_of(&script, SMFIC_MAIL, 0), STR("<a@example.com>\0"),
	    "script: MAIL");
	tap_str(packet_of(&script, SMFIC_RCPT, 1), STR("<c@example.net>\0"),
	    "script: RCPT");
	tap_str(packet_of(&script, SMFIC_HEADER, 0),
	    STR("From\0 a@example.com\0"), "script: a field, LEADSPC");
	tap_str(packet_of(&script, SMFIC_HEADER, 1),
	    STR("Subject\0  two\n\tlines\r\0"), "script: folding is LF");
	tap_str(packet_of(&script, SMFIC_HEADER, 2), STR("X\0nul\0"),
	    "script: a NUL ends the value");
	player_script_fini(&script);

	player_script_init(&script);
	large.body = str_mem(body, 70000);
	tap_num(player_script_message(&script, &envelope, &large, false),
	    STATUS_OK, "script: a larger message");
	tap_str(packet_of(&script, SMFIC_HEADER, 1),
	    STR("Subject\0 two\n\tlines\r\0"),
	    "script: one space less without LEADSPC");
	tap_num((long long)packet_of(&script, SMFIC_BODY, 0).n,
	    MILTER_CHUNK_SIZE, "script: the first chunk is full");
	tap_num((long long)packet_of(&script, SMFIC_BODY, 1).n,
	    70000 - MILTER_CHUNK_SIZE, "script: the second has the rest");
	player_script_fini(&script);
	free(body);
}

static void
test_script_session(void)
{
	struct player_envelope env = envelope;
	struct player_script script;

	player_script_init(&script);
	tap_num(player_script_session(&script, &env), STATUS_OK,
	    "script: a session");
	tap_str(packet_of(&script, SMFIC_CONNECT, 0),
	    STR("unknown\0004\0\000192.0.2.1\0"), "script: connect, IPv4");
	tap_str(packet_of(&script, SMFIC_MACRO, 0), STR("Cj\0mx\0"),
	    "script: the macros of connect");
	player_script_fini(&script);

	player_script_init(&script);
	env.client_ip = STR("2001:db8::1");
	tap_num(player_script_session(&script, &env), STATUS_OK,
	    "script: an IPv6 session");
	tap_str(packet_of(&script, SMFIC_CONNECT, 0),
	    STR("unknown\0006\0\0002001:db8::1\0"), "script: connect, IPv6");
	player_script_fini(&script);

	player_script_init(&script);
	env.client_ip = STR_NONE;
	tap_num(player_script_session(&script, &env), STATUS_OK,
	    "script: a local session");
	tap_str(packet_of(&script, SMFIC_CONNECT, 0), STR("unknown\0U"),
	    "script: connect, no address");
	player_script_fini(&script);

	player_script_init(&script);
	env.client_ip = STR("192.0.2.256");
	tap_num(player_script_session(&script, &env), STATUS_SYNTAX,
	    "script: no address");
	player_script_fini(&script);
}

struct answer {
	char		 cmd;	/* '\0': the end of the list */
	const char	*p;
	size_t		 n;
};

/* The milter's side of a pair, its answers written, then closed for writing. */
static int
milter_start(uint32_t actions, uint32_t steps, const struct answer *answers,
    int *fd_r)
{
	struct buf out;
	size_t begun;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1) {
		abort();
	}
	buf_init(&out, PEER_MAX_BYTES);
	begun = wire_begin(&out, SMFIC_OPTNEG);
	wire_put_u32(&out, SMFI_PROT_VERSION);
	wire_put_u32(&out, actions);
	wire_put_u32(&out, steps);
	wire_end(&out, begun);
	for (; answers->cmd != '\0'; answers++) {
		begun = wire_begin(&out, answers->cmd);
		buf_add(&out, answers->p, answers->n);
		wire_end(&out, begun);
	}
	if (write(fd[1], out.p, out.n) != (ssize_t)out.n ||
	    shutdown(fd[1], SHUT_WR) == -1) {
		abort();
	}
	buf_fini(&out);
	*fd_r = fd[0];
	return (fd[1]);
}

/* The commands that the milter was sent, in order. */
static void
milter_heard(int fd, struct buf *commands_r)
{
	struct wire_packet packet;
	struct buf in;
	struct str rest;
	char chunk[4096];
	ssize_t n;

	buf_init(&in, PEER_MAX_BYTES);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		buf_add(&in, chunk, (size_t)n);
	}
	rest = buf_str(&in);
	while (wire_get(rest, rest.n, &packet) == STATUS_OK) {
		if (packet.cmd != SMFIC_MACRO) {
			buf_add_char(commands_r, packet.cmd);
		}
		rest = str_from_offset(rest, packet.bytes);
	}
	buf_fini(&in);
	(void)close(fd);
}

#define C	{ SMFIR_CONTINUE, NULL, 0 }
#define C5	C, C, C, C, C
static const struct play_row {
	const char	*name;
	uint32_t	 actions;
	uint32_t	 steps;
	struct answer	 answers[24];
	enum status	 status;
	enum player_verdict verdict;
	char		 stage;
	const char	*reply;
	size_t		 changes;
	const char	*heard;
} play_rows[] = {
	/* M R R T L L L N B E */
	{ "all steps", ALL_ACTIONS, 0, { C5, C5 }, STATUS_OK, PLAYER_ACCEPT,
	    'E', "250 2.0.0 Ok", 0, "OMRRTLLLNBEQ" },
	{ "no replies", ALL_ACTIONS, NR_ALL, { C }, STATUS_OK, PLAYER_ACCEPT,
	    'E', "250 2.0.0 Ok", 0, "OMRRTLLLNBEQ" },
	{ "no steps", ALL_ACTIONS, SMFIP_NOMAIL | SMFIP_NORCPT | SMFIP_NODATA |
	    SMFIP_NOHDRS | SMFIP_NOEOH | SMFIP_NOBODY, { C }, STATUS_OK,
	    PLAYER_ACCEPT, 'E', "250 2.0.0 Ok", 0, "OEQ" },
	{ "reject at MAIL", 0, 0, { { SMFIR_REJECT, NULL, 0 } }, STATUS_OK,
	    PLAYER_REJECT, 'M', "550 5.7.1 Command rejected", 0, "OMAQ" },
	{ "tempfail in the header", 0, 0, { C5,
	    { SMFIR_TEMPFAIL, NULL, 0 } }, STATUS_OK, PLAYER_TEMPFAIL, 'L',
	    "451 4.7.1 Service unavailable - try again later", 0, "OMRRTLLAQ" },
	{ "accept at end of header", 0, NR_ALL & ~(uint32_t)SMFIP_NR_EOH,
	    { { SMFIR_ACCEPT, NULL, 0 } }, STATUS_OK, PLAYER_ACCEPT, 'N',
	    "250 2.0.0 Ok", 0, "OMRRTLLLNAQ" },
	{ "discard", 0, NR_ALL, { { SMFIR_DISCARD, NULL, 0 } }, STATUS_OK,
	    PLAYER_DISCARD, 'E', "250 2.0.0 Ok", 0, "OMRRTLLLNBEQ" },
	{ "shutdown", 0, 0, { { SMFIR_SHUTDOWN, NULL, 0 } }, STATUS_OK,
	    PLAYER_TEMPFAIL, 'M', "421 4.7.0 Server closing connection", 0,
	    "OMAQ" },
	{ "a reply of its own", 0, NR_ALL, { { SMFIR_REPLYCODE,
	    BYTES("550 5.7.20 no\0") } }, STATUS_OK, PLAYER_REJECT, 'E',
	    "550 5.7.20 no", 0, "OMRRTLLLNBEQ" },
	{ "a 4xx reply", 0, NR_ALL, { { SMFIR_REPLYCODE,
	    BYTES("451 4.3.0 later\0") } }, STATUS_OK, PLAYER_TEMPFAIL, 'E',
	    "451 4.3.0 later", 0, "OMRRTLLLNBEQ" },
	{ "one recipient refused", 0, 0, { C, { SMFIR_REJECT, NULL, 0 }, C5,
	    C, C, C }, STATUS_OK, PLAYER_ACCEPT, 'E', "250 2.0.0 Ok", 0,
	    "OMRRTLLLNBEQ" },
	{ "all recipients refused", 0, 0, { C, { SMFIR_REJECT, NULL, 0 },
	    { SMFIR_TEMPFAIL, NULL, 0 } }, STATUS_OK, PLAYER_TEMPFAIL, 'R',
	    "451 4.7.1 Service unavailable - try again later", 0, "OMRRAQ" },
	{ "enough of the body", 0, SMFIP_SKIP | (NR_ALL & ~SMFIP_NR_BODY),
	    { { SMFIR_SKIP, NULL, 0 }, C }, STATUS_OK, PLAYER_ACCEPT, 'E',
	    "250 2.0.0 Ok", 0, "OMRRTLLLNBEQ" },
	{ "changes", ALL_ACTIONS, NR_ALL, { { SMFIR_PROGRESS, NULL, 0 },
	    { SMFIR_INSHEADER, BYTES("\0\0\0\0A\0b\0") },
	    { SMFIR_CHGHEADER, BYTES("\0\0\0\1A\0\0") },
	    { SMFIR_QUARANTINE, BYTES("why\0") }, C }, STATUS_OK,
	    PLAYER_ACCEPT, 'E', "250 2.0.0 Ok", 3, "OMRRTLLLNBEQ" },
	{ "SKIP of the header", 0, 0, { C5, { SMFIR_SKIP, NULL, 0 } },
	    STATUS_SYNTAX, 0, 0, NULL, 0, "OMRRTLL" },
	{ "a change too early", ALL_ACTIONS, 0, {
	    { SMFIR_ADDHEADER, BYTES("A\0b\0") }, C }, STATUS_SYNTAX, 0, 0,
	    NULL, 0, "OM" },
	{ "a change that it did not ask for", SMFIF_ADDHDRS, NR_ALL, {
	    { SMFIR_CHGHEADER, BYTES("\0\0\0\1A\0b\0") }, C },
	    STATUS_SYNTAX, 0, 0, NULL, 0, "OMRRTLLLNBE" },
	{ "a malformed change", ALL_ACTIONS, NR_ALL, {
	    { SMFIR_ADDHEADER, BYTES("A\0b") }, C }, STATUS_SYNTAX, 0, 0, NULL,
	    0, "OMRRTLLLNBE" },
	{ "a malformed reply", 0, NR_ALL, { { SMFIR_REPLYCODE,
	    BYTES("250 ok\0") } }, STATUS_SYNTAX, 0, 0, NULL, 0,
	    "OMRRTLLLNBE" },
	{ "an unknown answer", 0, NR_ALL, { { 'Z', NULL, 0 } }, STATUS_SYNTAX,
	    0, 0, NULL, 0, "OMRRTLLLNBE" },
	{ "no answer at all", 0, NR_ALL, { { '\0', NULL, 0 } }, STATUS_IO, 0,
	    0, NULL, 0, "OMRRTLLLNBE" },
	{ "more than was offered", 0, SMFI_CURR_PROT + 1, { C },
	    STATUS_SYNTAX, 0, 0, NULL, 0, "O" },
	{ "actions that were not offered", 0x8000, 0, { C }, STATUS_SYNTAX, 0,
	    0, NULL, 0, "O" },
};

static void
test_play_row(const struct play_row *row)
{
	static const char body[2 * MILTER_CHUNK_SIZE + 1];
	struct message large = message;
	struct player_script script;
	struct player_result r = { .changes = 0 };
	struct player_opts opts;
	struct player *player = NULL;
	struct buf heard;
	struct diag diag;
	enum status status;
	int fd, milter;

	large.body = str_mem(body, sizeof(body));
	buf_init(&heard, 1024);
	diag_init(&diag);
	player_opts_init(&opts, NULL);
	player_script_init(&script);
	milter = milter_start(row->actions, row->steps, row->answers, &fd);
	status = player_open_fd(&opts, fd, &player, &diag);
	if (status == STATUS_OK) {
		/* Three chunks where the milter can stop them. */
		status = player_script_message(&script, &envelope,
		    (row->steps & SMFIP_SKIP) != 0 ? &large : &message,
		    player_leadspc(player));
	}
	if (status == STATUS_OK) {
		status = player_play(player, &script, &r, &diag);
	}
	player_close(player);
	player_script_fini(&script);
	tap_num(status, row->status, row->name);
	if (status == STATUS_OK) {
		tap_ok(r.verdict == row->verdict && r.stage == row->stage &&
		    r.changes == row->changes, "%s: %s at %c, %zu changes",
		    row->name, player_verdict_name(r.verdict), r.stage,
		    r.changes);
		tap_str(str_from(r.reply), str_from(row->reply), "its reply");
	} else {
		tap_ok(diag.text[0] != '\0', "%s: says: %s", row->name,
		    diag.text);
	}
	milter_heard(milter, &heard);
	tap_str(buf_str(&heard), str_from(row->heard),
	    "what the milter heard");
	buf_fini(&heard);
}

/* Answers without end: `count` times the same packet, then CONTINUE. */
static void
test_endless(const char *name, struct answer answer, size_t count,
    enum status want)
{
	struct answer *answers = calloc(count + 2, sizeof(*answers));
	struct play_row row = { .name = name };
	struct player_script script;
	struct player_result r = { .changes = 0 };
	struct player_opts opts;
	struct player *player = NULL;
	struct diag diag;
	size_t i;
	int fd, milter;

	if (answers == NULL) {
		abort();
	}
	for (i = 0; i < count; i++) {
		answers[i] = answer;
	}
	answers[count].cmd = SMFIR_CONTINUE;
	diag_init(&diag);
	player_opts_init(&opts, NULL);
	player_script_init(&script);
	milter = milter_start(ALL_ACTIONS, NR_ALL, answers, &fd);
	if (player_open_fd(&opts, fd, &player, &diag) != STATUS_OK ||
	    player_script_message(&script, &envelope, &message, true) !=
	    STATUS_OK) {
		abort();
	}
	tap_num(player_play(player, &script, &r, &diag), want, row.name);
	player_close(player);
	player_script_fini(&script);
	(void)close(milter);
	free(answers);
}

static void
test_large_packet(size_t n, enum status want, const char *name)
{
	struct player_opts opts;
	struct player *player = NULL;
	struct diag diag;
	struct buf out;
	int fd[2];

	diag_init(&diag);
	player_opts_init(&opts, NULL);
	buf_init(&out, 64);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1) {
		abort();
	}
	wire_put_u32(&out, (uint32_t)n);
	buf_add_cstr(&out, "O");
	if (write(fd[1], out.p, out.n) != (ssize_t)out.n ||
	    shutdown(fd[1], SHUT_WR) == -1) {
		abort();
	}
	tap_num(player_open_fd(&opts, fd[0], &player, &diag), want, name);
	player_close(player);
	buf_fini(&out);
	(void)close(fd[1]);
}

static void
test_timeout(void)
{
	struct player_opts opts;
	struct player *player = NULL;
	struct diag diag;
	int fd[2];

	diag_init(&diag);
	player_opts_init(&opts, NULL);
	opts.timeout_ms = 1;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1) {
		abort();
	}
	tap_num(player_open_fd(&opts, fd[0], &player, &diag), STATUS_TEMP,
	    "a milter that is silent");
	(void)close(fd[1]);
}

static void
test_many_messages(void)
{
	static const struct answer answers[] = { C, C, C, { '\0', NULL, 0 } };
	struct player_script script;
	struct player_result r;
	struct player_opts opts;
	struct player *player = NULL;
	struct buf heard;
	struct diag diag;
	bool ok = true;
	int fd, milter, i;

	buf_init(&heard, 1024);
	diag_init(&diag);
	player_opts_init(&opts, NULL);
	player_script_init(&script);
	milter = milter_start(0, NR_ALL | SMFIP_HDR_LEADSPC, answers, &fd);
	if (player_open_fd(&opts, fd, &player, &diag) != STATUS_OK ||
	    player_script_message(&script, &envelope, &message,
	    player_leadspc(player)) != STATUS_OK) {
		abort();
	}
	for (i = 0; i < 3; i++) {
		ok = ok && player_play(player, &script, &r, &diag) ==
		    STATUS_OK && r.verdict == PLAYER_ACCEPT;
	}
	tap_ok(ok, "three messages on one connection");
	player_close(player);
	player_script_fini(&script);
	milter_heard(milter, &heard);
	tap_str(buf_str(&heard),
	    STR("OMRRTLLLNBEMRRTLLLNBEMRRTLLLNBEQ"),
	    "the same packets three times, QUIT at the end");
	buf_fini(&heard);
}

static const struct socket_row {
	const char	*spec;
	enum status	 status;
} socket_rows[] = {
	{ "unix:/nonexistent/socket", STATUS_IO },
	{ "local:/nonexistent/socket", STATUS_IO },
	{ "unix:", STATUS_SYNTAX },
	{ "inet:0@127.0.0.1", STATUS_IO },
	{ "inet:notaport@127.0.0.1", STATUS_SYNTAX },
	{ "inet:25@192.0.2.999", STATUS_SYNTAX },
	{ "inet6:25@127.0.0.1", STATUS_SYNTAX },
	{ "tcp:25@127.0.0.1", STATUS_SYNTAX },
	{ "/run/socket", STATUS_SYNTAX },
	{ "", STATUS_SYNTAX },
};

static void
test_sockets(void)
{
	struct player_opts opts;
	struct player *player;
	struct diag diag;
	size_t i;

	for (i = 0; i < sizeof(socket_rows) / sizeof(socket_rows[0]); i++) {
		diag_init(&diag);
		player_opts_init(&opts, socket_rows[i].spec);
		tap_ok(player_open(&opts, &player, &diag) ==
		    socket_rows[i].status && player == NULL &&
		    diag.text[0] != '\0', "socket \"%s\": %s",
		    socket_rows[i].spec, diag.text);
	}
}

int
main(void)
{
	size_t i;

	test_wire_get();
	test_wire_change();
	test_wire_reply();
	test_script_message();
	test_script_session();
	for (i = 0; i < sizeof(play_rows) / sizeof(play_rows[0]); i++) {
		test_play_row(&play_rows[i]);
	}
	test_endless("as many changes as allowed",
	    (struct answer){ SMFIR_QUARANTINE, BYTES("\0") },
	    PLAYER_MAX_CHANGES, STATUS_OK);
	test_endless("one change too many",
	    (struct answer){ SMFIR_QUARANTINE, BYTES("\0") },
	    PLAYER_MAX_CHANGES + 1, STATUS_LIMIT);
	test_endless("as much waiting as allowed",
	    (struct answer){ SMFIR_PROGRESS, NULL, 0 }, PLAYER_MAX_PROGRESS,
	    STATUS_OK);
	test_endless("too much waiting",
	    (struct answer){ SMFIR_PROGRESS, NULL, 0 }, PLAYER_MAX_PROGRESS + 1,
	    STATUS_LIMIT);
	test_large_packet(PLAYER_REPLY_MAX_BYTES, STATUS_IO,
	    "a packet at the limit is waited for");
	test_large_packet(PLAYER_REPLY_MAX_BYTES + 1, STATUS_LIMIT,
	    "a packet beyond the limit is not");
	test_timeout();
	test_many_messages();
	test_sockets();
	return (tap_done());
}
