/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "keys/program.h"
#include "keys/publish.h"
#include "keys/record.h"
#include "keystore/files.h"

#define PROGRAM_TIMEOUT_S	60
#define UPDATE_TIMEOUT	"20"	/* seconds; of the update program */

/* "address" or "address@port" as nsupdate takes it. */
static void
add_server(struct buf *out, const char *text)
{
	struct str server = str_from(text);
	size_t at = str_find(server, '@');

	buf_printf(out, "server %.*s %.*s\n", STR_FMT(str_first(server, at)),
	    STR_FMT(str_from_offset(server, at + 1)));
}

static void
add_script(struct buf *out, const struct policy *policy,
    const struct look *look, struct str value, bool instead)
{
	if (policy->update_server != NULL) {
		add_server(out, policy->update_server);
	}
	if (look->zone.n > 0) {
		buf_printf(out, "zone %.*s.\n", STR_FMT(look->zone));
	}
	if (instead) {
		buf_printf(out, "update delete %.*s. TXT\n",
		    STR_FMT(look->target));
	}
	if (value.n > 0) {
		record_update_add(out, look->target, policy->record_ttl_s,
		    "TXT", value);
	}
	buf_add_cstr(out, "send\n");
}

static enum status
run_script(struct store *store, const struct buf *script, struct diag *diag)
{
	const struct policy *policy = &store->policy;
	char *argv[8] = { policy->update_program };
	char timeout[] = "-t", seconds[] = UPDATE_TIMEOUT, key[] = "-k";

	argv[1] = timeout;
	argv[2] = seconds;
	if (policy->update_key != NULL) {
		argv[3] = key;
		argv[4] = policy->update_key;
	}
	return (script->status == STATUS_OK ? program_run(&store->env, argv,
	    buf_str(script), PROGRAM_TIMEOUT_S, diag) : script->status);
}

static enum status
run_update(struct store *store, const struct look *look, struct str value,
    bool instead, struct diag *diag)
{
	enum status status;
	struct buf script;

	buf_init(&script, PROGRAM_INPUT_MAX_BYTES);
	add_script(&script, &store->policy, look, value, instead);
	status = run_script(store, &script, diag);
	buf_fini(&script);
	return (status);
}

static json_t *
hook_json(struct store *store, const struct keystore_key *key,
    const struct look *look, struct str value)
{
	return (json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:i,"
	    " s:s}",
	    "domain", cli_json_text(key->domain),
	    "selector", cli_json_text(key->selector),
	    "name", cli_json_text(look->owner),
	    "target", cli_json_text(look->target),
	    "zone", cli_json_text(look->zone), "type", "TXT",
	    "value", cli_json_text(value.n > 0 ? value : STR_NONE),
	    "strings", record_json_strings(value),
	    "ttl", (int)store->policy.record_ttl_s,
	    "stage", key_stage_name(key->stage)));
}

/* Takes the object. */
static enum status
run_hook(struct store *store, const char *program, const char *verb,
    json_t *json, struct diag *diag)
{
	char *text = json != NULL ? json_dumps(json, JSON_INDENT(2)) : NULL;
	char *argv[3] = { arena_cstr(&store->arena, str_from(program)),
		arena_cstr(&store->arena, str_from(verb)) };
	enum status status = STATUS_NOMEM;

	if (text != NULL && argv[0] != NULL && argv[1] != NULL) {
		status = program_run(&store->env, argv, str_from(text),
		    PROGRAM_TIMEOUT_S, diag);
	}
	json_decref(json);
	free(text);
	return (status);
}

bool
publish_is_by_hand(const char *how)
{
	return (strcmp(how, "print") == 0);
}

enum status
publish(struct store *store, const char *how, const struct keystore_key *key,
    const struct look *look, enum publish_what what, bool *asked_r,
    struct diag *diag)
{
	struct str value = what == PUBLISH_RECORD ? key->record :
	    what == PUBLISH_REVOKED ? STR(WANTED_REVOKED) : STR("");
	enum status status;

	*asked_r = false;
	if (publish_is_by_hand(how)) {
		return (STATUS_OK);
	}
	if (look->n == 0) {		/* the zone is unknown */
		diag_set(diag, NULL, 0, "%s", look->found.why);
		return (STATUS_TEMP);
	}
	if (strcmp(how, "nsupdate") == 0) {
		status = run_update(store, look, value, what != PUBLISH_RECORD,
		    diag);
	} else {
		status = run_hook(store, how + strlen("hook:"), value.n > 0 ?
		    "add" : "remove", hook_json(store, key, look, value),
		    diag);
	}
	*asked_r = status == STATUS_OK;
	return (status == STATUS_OK ? STATUS_OK : STATUS_TEMP);
}

/* A record is deleted by its very strings. */
static enum status
update_text(struct store *store, const struct publish_text *t,
    struct diag *diag)
{
	const struct policy *policy = &store->policy;
	enum status status;
	struct buf script;

	if (t->old.n > RECORD_STRING_MAX_BYTES) {
		diag_set(diag, NULL, 0, "the old record has more than %d "
		    "octets: replace it by hand", RECORD_STRING_MAX_BYTES);
		return (STATUS_TEMP);
	}
	buf_init(&script, PROGRAM_INPUT_MAX_BYTES);
	if (policy->update_server != NULL) {
		add_server(&script, policy->update_server);
	}
	buf_printf(&script, "zone %.*s.\n", STR_FMT(t->zone));
	if (t->old.p != NULL) {
		buf_printf(&script, "update delete %.*s. TXT ",
		    STR_FMT(t->target));
		record_strings(&script, t->old);
		buf_add_char(&script, '\n');
	}
	record_update_add(&script, t->target, policy->record_ttl_s, "TXT",
	    t->value);
	buf_add_cstr(&script, "send\n");
	status = run_script(store, &script, diag);
	buf_fini(&script);
	return (status);
}

static json_t *
text_json(struct store *store, const struct publish_text *t)
{
	return (json_pack("{s:o, s:n, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:i,"
	    " s:n}",
	    "domain", cli_json_text(t->domain), "selector",
	    "name", cli_json_text(t->owner),
	    "target", cli_json_text(t->target),
	    "zone", cli_json_text(t->zone), "type", "TXT",
	    "value", cli_json_text(t->value),
	    "strings", record_json_strings(t->value),
	    "old", cli_json_text(t->old),
	    "ttl", (int)store->policy.record_ttl_s, "stage"));
}

enum status
publish_text(struct store *store, const char *how,
    const struct publish_text *t, struct diag *diag)
{
	if (strcmp(how, "nsupdate") == 0) {
		return (update_text(store, t, diag));
	}
	if (!str_starts(str_from(how), STR("hook:"))) {
		return (STATUS_TEMP);
	}
	return (run_hook(store, how + strlen("hook:"), "merge",
	    text_json(store, t), diag));
}

static bool
fail_disclosure(const char *what, struct diag *diag)
{
	diag_set(diag, what, 0, "%s", strerror(errno));
	return (false);
}

static bool
write_private(struct store *store, const char *dir,
    const struct keystore_key *key, struct str pem, struct diag *diag)
{
	const struct files_owner owner = { (uid_t)-1, (gid_t)-1 };
	struct str folder, name;
	bool ok;
	int fd;

	folder = arena_printf(&store->arena, "%s/%.*s", dir,
	    STR_FMT(key->domain));
	name = arena_printf(&store->arena, "%.*s.pem",
	    STR_FMT(key->selector));
	if (folder.p == NULL || name.p == NULL) {
		errno = ENOMEM;
		return (fail_disclosure(dir, diag));
	}
	(void)mkdir(folder.p, 0755);
	fd = open(folder.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1) {
		return (fail_disclosure(folder.p, diag));
	}
	ok = files_replace(fd, name.p, folder.p, pem, 0644, &owner, diag) ==
	    STATUS_OK;
	(void)close(fd);
	return (ok);
}

bool
publish_private(struct store *store, const char *dir,
    const struct keystore_key *key, bool *done_r, struct diag *diag)
{
	struct buf pem;
	bool ok;

	*done_r = false;
	if (!key->has_private) {
		return (true);
	}
	buf_init(&pem, KEYSTORE_PEM_MAX_BYTES);
	ok = keystore_private(store->keys, key, &pem, diag) == STATUS_OK &&
	    write_private(store, dir, key, buf_str(&pem), diag);
	*done_r = ok;
	buf_fini_secret(&pem);
	return (ok);
}
