/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/b64.h"
#include "engine_fixture.h"

void
fx_die(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	exit(1);
}

static int64_t
get_now_s(void *ctx)
{
	return (((struct fx *)ctx)->now_s);
}

static uint32_t
get_random(void *ctx ATTR_UNUSED)
{
	return (49);
}

static void
log_line(void *ctx, enum log_level level ATTR_UNUSED, const char *line)
{
	struct fx *fx = ctx;

	pthread_mutex_lock(&fx->log_lock);
	buf_add_cstr(&fx->log, line);
	buf_add_char(&fx->log, '\n');
	pthread_mutex_unlock(&fx->log_lock);
}

void
fx_path(const struct fx *fx, const char *name, char path_r[128])
{
	snprintf(path_r, 128, "%s/%s", fx->dir, name);
}

void
fx_write(const struct fx *fx, const char *name, struct str text)
{
	char path[128];
	FILE *f;

	fx_path(fx, name, path);
	(void)umask(077);
	f = fopen(path, "w");
	if (f == NULL || fwrite(text.p, 1, text.n, f) != text.n ||
	    fclose(f) != 0) {
		fx_die(path, "cannot be written");
	}
}

/* One of test/lib/keys, as a file of the fixture. */
static struct privkey *
copy_key(const struct fx *fx, const char *name, const char *file)
{
	const char *top = getenv("top_srcdir");
	struct privkey *key;
	char path[1024], pem[4096];
	struct diag diag;
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/test/lib/keys/%s",
	    top != NULL ? top : ".", name);
	f = fopen(path, "r");
	if (f == NULL) {
		fx_die(path, "cannot be read");
	}
	n = fread(pem, 1, sizeof(pem), f);
	(void)fclose(f);
	diag_init(&diag);
	if (privkey_parse_pem(str_mem(pem, n), path, &key, &diag) !=
	    STATUS_OK) {
		fx_die(path, diag.text);
	}
	fx_write(fx, file, str_mem(pem, n));
	return (key);
}

static void
add_record(struct buf *zone, const char *selector, const char *domain,
    const char *tags, const struct privkey *key)
{
	struct buf der;

	buf_init(&der, FX_MAX_BYTES);
	if (privkey_public(key, &der) != STATUS_OK) {
		fx_die(selector, "no public key");
	}
	buf_printf(zone, "%s._domainkey.%s. TXT \"v=DKIM1; %sp=", selector,
	    domain, tags);
	b64_encode(zone, der.p, der.n);
	buf_add_cstr(zone, "\"\n");
	buf_fini(&der);
}

static void
init_zone(struct fx *fx, const char *extra)
{
	struct dns_opts opts;
	struct diag diag;
	struct buf zone;
	char path[128];

	buf_init(&zone, FX_MAX_BYTES);
	add_record(&zone, "rsa", "example.com", "", fx->rsa);
	add_record(&zone, "ed", "example.com", "k=ed25519; ", fx->ed);
	add_record(&zone, "test", "example.com", "t=y; ", fx->rsa);
	add_record(&zone, "twice", "example.com", "", fx->rsa);
	buf_add_cstr(&zone, "slow._domainkey.example.com. SERVFAIL TXT\n"
	    "revoked._domainkey.example.com. TXT \"v=DKIM1; p=\"\n"
	    "broken._domainkey.example.com. TXT \"v=DKIM1; p=!\"\n");
	buf_add_cstr(&zone, extra);
	fx_write(fx, "zone", buf_str(&zone));
	buf_fini(&zone);
	fx_path(fx, "zone", path);
	diag_init(&diag);
	dns_opts_init(&opts);
	opts.env = &fx->env;
	if (dns_new_zone(&opts, path, &fx->dns, &diag) != STATUS_OK) {
		fx_die("zone", diag.text);
	}
}

void
fx_init(struct fx *fx, const char *extra)
{
	struct diag diag;

	*fx = (struct fx){ .now_s = FX_NOW_S };
	snprintf(fx->dir, sizeof(fx->dir), "/tmp/t_engine.XXXXXX");
	if (mkdtemp(fx->dir) == NULL) {
		fx_die(fx->dir, "cannot be created");
	}
	env_init_system(&fx->env);
	fx->env.now_s = get_now_s;
	fx->env.random = get_random;
	fx->env.log = log_line;
	fx->env.ctx = fx;
	buf_init(&fx->log, FX_MAX_BYTES);
	pthread_mutex_init(&fx->log_lock, NULL);
	fx->crypto = crypto_new();
	fx->rsa = copy_key(fx, "r2.pem", "rsa");
	fx->ed = copy_key(fx, "e1.pem", "ed");
	fx->stats = engine_stats_new();
	diag_init(&diag);
	if (second_new(&fx->second, &diag) != STATUS_OK) {
		fx_die("second", diag.text);
	}
	init_zone(fx, extra);
}

void
fx_configure(struct fx *fx, const char *text)
{
	struct engine_opts opts;
	struct diag diag;
	struct str rest = str_from(text), piece;
	struct buf conf;
	bool inside = false;

	buf_init(&conf, FX_MAX_BYTES);
	for (; str_next(&rest, '@', &piece); inside = !inside) {
		if (inside && str_eq(piece, STR("DIR"))) {
			buf_add_cstr(&conf, fx->dir);
		} else if (inside && str_eq(piece, STR("AT"))) {
			buf_add_char(&conf, '@');
		} else {
			buf_add_str(&conf, piece);
		}
	}
	diag_init(&diag);
	engine_release(fx->engine);
	conf_release(fx->conf);
	buf_reset(&fx->log);
	if (conf_parse(buf_str(&conf), "test", &fx->env, &fx->conf, &diag) !=
	    STATUS_OK) {
		fx_die("configuration", diag.text);
	}
	buf_fini(&conf);
	opts = (struct engine_opts){ .conf = fx->conf, .dns = fx->dns,
		.crypto = fx->crypto, .second = fx->second,
		.stats = fx->stats, .key_checks = fx->key_checks,
		.reports = fx->reports,
		.mark_secret = str_from(fx->mark_secret),
		.env = &fx->env };
	if (engine_new(&opts, &fx->engine, &diag) != STATUS_OK) {
		fx_die("engine", diag.text);
	}
	buf_reset(&fx->log);
}

void
fx_fini(struct fx *fx)
{
	static const char *const files[] = { "rsa", "ed", "zone" };
	char path[128];

	engine_release(fx->engine);
	conf_release(fx->conf);
	dns_release(fx->dns);
	second_free(fx->second);
	engine_stats_free(fx->stats);
	privkey_free(fx->rsa);
	privkey_free(fx->ed);
	crypto_free(fx->crypto);
	buf_fini(&fx->log);
	pthread_mutex_destroy(&fx->log_lock);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		fx_path(fx, files[i], path);
		(void)unlink(path);
	}
	(void)rmdir(fx->dir);
}

static void
init_client(struct fx_client *c, const struct fx_mail *mail)
{
	memset(c, 0, sizeof(*c));
	c->client.name = str_from(mail->host);
	c->client.helo = str_from(mail->helo != NULL ? mail->helo :
	    "client.example");
	if (mail->ip == NULL) {
		return;
	}
	if (!ip_parse(str_from(mail->ip), &c->ip)) {
		fx_die(mail->ip, "not an address");
	}
	c->client.ip = &c->ip;
}

static void
set_macro(struct engine_msg *m, enum engine_macro macro, const char *value)
{
	if (value != NULL) {
		engine_msg_macro(m, macro, str_from(value));
	}
}

static void
add_rcpts(struct engine_msg *m, const char *mailers)
{
	struct str rest = str_from(mailers), mailer;

	while (str_next(&rest, ' ', &mailer)) {
		engine_msg_rcpt(m, mailer);
	}
}

struct engine_msg *
fx_begin(struct fx *fx, const struct fx_mail *mail, struct fx_client *client)
{
	struct engine_msg *m;

	init_client(client, mail);
	m = engine_msg_new(fx->engine, &client->client,
	    str_from(mail->mail_from != NULL ? mail->mail_from :
	    "<joe@example.com>"));
	if (m == NULL) {
		fx_die("engine_msg_new", "no memory");
	}
	set_macro(m, ENGINE_AUTH_AUTHEN, mail->auth_authen);
	set_macro(m, ENGINE_AUTH_TYPE, mail->auth_type);
	set_macro(m, ENGINE_DAEMON_NAME, mail->daemon_name);
	set_macro(m, ENGINE_MTA_NAME, mail->mta_name);
	set_macro(m, ENGINE_QUEUE_ID, "4F1A");
	add_rcpts(m, mail->mailers);
	return (m);
}

void
fx_play_header(struct engine_msg *m, const struct message *message)
{
	for (size_t i = 0; i < message->fields.n; i++) {
		const struct field *f = &message->fields.v[i];

		engine_msg_header(m, str_first(f->raw,
		    str_find(f->raw, ':')), f->value);
	}
}

void
fx_play_body(struct engine_msg *m, struct str body, size_t chunk)
{
	bool more = true;

	if (chunk == 0) {
		chunk = body.n;
	}
	while (body.n > 0 && more) {
		struct str part = str_first(body, chunk);

		more = engine_msg_body(m, part.p, part.n);
		body = str_from_offset(body, part.n);
	}
}

struct engine_msg *
fx_run(struct fx *fx, const struct fx_mail *mail, struct fx_client *client,
    struct str text)
{
	struct engine_msg *m = fx_begin(fx, mail, client);
	struct message message;
	struct arena arena;

	arena_init(&arena, FX_MAX_BYTES);
	if (message_parse(&arena, text, &message) != STATUS_OK) {
		fx_die("message", "cannot be read");
	}
	fx_play_header(m, &message);
	if (engine_msg_eoh(m)) {
		fx_play_body(m, message.body, mail->chunk);
	}
	(void)engine_msg_eom(m);
	arena_fini(&arena);
	return (m);
}

static void
delete_field(struct field_list *list, const struct engine_action *action)
{
	unsigned index = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (str_eq_ci(list->v[i].name, action->name) &&
		    ++index == action->index) {
			memmove(&list->v[i], &list->v[i + 1],
			    (list->n - i - 1) * sizeof(list->v[0]));
			list->n--;
			return;
		}
	}
	fx_die("action", "deletes a field that is not there");
}

static void
change_field(struct arena *arena, struct field_list *list,
    const struct engine_action *action)
{
	unsigned index = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (str_eq_ci(list->v[i].name, action->name) &&
		    ++index == action->index) {
			list->v[i].raw = arena_printf(arena, "%.*s:%.*s\r\n",
			    STR_FMT(action->name), STR_FMT(action->value));
			return;
		}
	}
	fx_die("action", "changes a field that is not there");
}

/* On top of what is there; the list has room. */
static void
insert_field(struct arena *arena, struct field_list *list,
    const struct engine_action *action)
{
	memmove(&list->v[1], &list->v[0], list->n * sizeof(list->v[0]));
	list->n++;
	list->v[0] = (struct field){ .name = action->name,
		.value = action->value,
		.raw = arena_printf(arena, "%.*s:%.*s\r\n",
		    STR_FMT(action->name), STR_FMT(action->value)) };
}

/* In their order, as a milter's changes are made: an index counts what was
   inserted before. */
static void
apply_actions(const struct engine_outcome *out, struct arena *arena,
    struct field_list *list)
{
	size_t i;

	for (i = 0; i < out->actions_n; i++) {
		switch (out->actions[i].type) {
		case ENGINE_DELETE_FIELD:
			delete_field(list, &out->actions[i]);
			break;
		case ENGINE_CHANGE_FIELD:
			change_field(arena, list, &out->actions[i]);
			break;
		case ENGINE_INSERT_FIELD:
			insert_field(arena, list, &out->actions[i]);
			break;
		case ENGINE_HOLD:
			break;
		}
	}
}

void
fx_apply(const struct engine_outcome *out, struct str text, struct buf *r)
{
	struct field_list list;
	struct message message;
	struct arena arena;
	size_t i;

	arena_init(&arena, FX_MAX_BYTES);
	if (message_parse(&arena, text, &message) != STATUS_OK) {
		fx_die("message", "cannot be read");
	}
	list = message.fields;
	list.cap = list.n + out->actions_n;
	list.v = arena_calloc(&arena, list.cap + 1, sizeof(*list.v));
	if (list.v == NULL) {
		fx_die("message", "no memory");
	}
	if (list.n > 0) {
		memcpy(list.v, message.fields.v, list.n * sizeof(*list.v));
	}
	apply_actions(out, &arena, &list);
	for (i = 0; i < list.n; i++) {
		buf_add_str(r, list.v[i].raw);
	}
	buf_add_cstr(r, "\r\n");
	buf_add_str(r, message.body);
	arena_fini(&arena);
}

enum engine_direction
fx_play_queued(struct fx *fx, const struct fx_mail *mail, const char *queue_id,
    struct str text, struct buf *left)
{
	const struct engine_outcome *out;
	enum engine_direction direction;
	struct fx_client client;
	struct message message;
	struct engine_msg *m;
	struct arena arena;

	arena_init(&arena, FX_MAX_BYTES);
	if (message_parse(&arena, text, &message) != STATUS_OK) {
		fx_die("message", "cannot be read");
	}
	m = fx_begin(fx, mail, &client);
	engine_msg_macro(m, ENGINE_QUEUE_ID, str_from(queue_id));
	fx_play_header(m, &message);
	out = engine_msg_eom(m);
	direction = out->direction;
	fx_apply(out, text, left);
	engine_msg_free(m);
	arena_fini(&arena);
	return (direction);
}

void
fx_sign(struct fx *fx, const char *conf, const char *text, struct buf *r)
{
	struct fx_mail mail = { .ip = "192.0.2.1", .auth_authen = "joe" };
	struct fx_client client;
	struct engine_msg *m;

	fx_configure(fx, conf);
	m = fx_run(fx, &mail, &client, str_from(text));
	if (engine_msg_eom(m)->signatures_n == 0) {
		fx_die("fx_sign", engine_direction_text(engine_msg_eom(m)));
	}
	fx_apply(engine_msg_eom(m), str_from(text), r);
	engine_msg_free(m);
}

void
fx_keep(struct str text, struct buf *r)
{
	buf_add_str(r, text);
}

void
fx_add_footer(struct str text, struct buf *r)
{
	buf_add_str(r, text);
	buf_add_cstr(r, "-- \r\nscanned\r\n");
}

void
fx_replace(struct str text, const char *from, const char *to, struct buf *r)
{
	const char *at = memmem(text.p, text.n, from, strlen(from));
	size_t i;

	if (at == NULL) {
		fx_die(from, "is not in the message");
	}
	i = (size_t)(at - text.p);
	buf_add(r, text.p, i);
	buf_add_cstr(r, to);
	buf_add_str(r, str_from_offset(text, i + strlen(from)));
}

static void
add_to_buf(void *ctx, const void *p, size_t n)
{
	buf_add(ctx, p, n);
}

void
fx_break_lines(struct lines_rule rule, struct str text, struct buf *r)
{
	struct lines lines;

	lines_init(&lines, rule);
	lines.sink = add_to_buf;
	lines.ctx = r;
	lines_update(&lines, text.p, text.n);
	lines_finish(&lines);
}

bool
fx_contains(struct str s, const char *part)
{
	return (fx_count(s, part) > 0);
}

size_t
fx_count(struct str s, const char *part)
{
	size_t i, found = 0, n = strlen(part);

	for (i = 0; i + n <= s.n; i++) {
		found += memcmp(s.p + i, part, n) == 0;
	}
	return (found);
}

size_t
fx_count_passing(struct fx *fx, struct str text)
{
	struct fx_mail mail = { .ip = "192.0.2.7" };
	const struct dkim_verifier *dkim;
	struct fx_client client;
	struct engine_msg *m;
	size_t i, n = 0;

	fx_configure(fx, FX_VERIFY "MaximumSignaturesToVerify 20\n");
	m = fx_run(fx, &mail, &client, text);
	dkim = engine_msg_eom(m)->dkim;
	for (i = 0; i < dkim_verifier_count(dkim); i++) {
		n += dkim_verifier_get(dkim, i)->result == DKIM_PASS;
	}
	engine_msg_free(m);
	return (n);
}

struct str
fx_verdict(const struct engine_outcome *out)
{
	return (str_from(engine_verdict_name(out->verdict)));
}

struct str
fx_rule(const struct engine_outcome *out)
{
	return (str_from(engine_rule_name(out->decision.rule)));
}

struct str
fx_exempt(const struct engine_outcome *out)
{
	return (str_from(engine_exemption_name(out->decision.exempt)));
}
