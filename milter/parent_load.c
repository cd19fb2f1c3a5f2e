/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads: from a request to the moment at which both processes have what is
   new, or to the line that says why not. */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "milter/memory.h"
#include "milter/parent.h"

static void
close_file(int *fd)
{
	if (*fd != -1) {
		(void)close(*fd);
		*fd = -1;
	}
}

static enum status
write_texts(struct str text, struct str rules, int *text_r, int *rules_r)
{
	enum status status = memory_write("configuration", text, text_r);

	if (status == STATUS_OK) {
		status = memory_write("configuration", rules, rules_r);
	}
	if (status != STATUS_OK) {
		close_file(text_r);
	}
	return (status);
}

enum status
parent_read(struct parent *parent, struct conf **conf_r, int *text_r,
    int *rules_r, struct diag *diag)
{
	struct daemon *daemon = parent->daemon;
	const char *path = daemon->opts->conf_path;
	struct buf text, rules;
	enum status status;

	*conf_r = NULL;
	*text_r = *rules_r = -1;
	buf_init(&text, SIZE_MAX / 2);
	buf_init(&rules, SIZE_MAX / 2);
	status = conf_read_file(path, &text, diag);
	if (status == STATUS_OK) {
		status = conf_hide_key_stores(buf_str(&text), &rules);
	}
	if (status == STATUS_OK) {
		status = conf_load_text(buf_str(&rules), path, NULL,
		    &daemon->env, conf_r, diag);
	}
	if (status == STATUS_OK) {
		status = write_texts(buf_str(&text), buf_str(&rules), text_r,
		    rules_r);
	}
	buf_fini_secret(&text);
	buf_fini_secret(&rules);
	if (status != STATUS_OK) {
		conf_release(*conf_r);
		*conf_r = NULL;
	}
	return (status);
}

void
parent_forget_load(struct parent *parent)
{
	struct parent_load *load = &parent->load;

	conf_release(load->conf);
	close_file(&load->text);
	close_file(&load->rules);
	close_file(&load->picture);
	*load = (struct parent_load){ .step = PARENT_IDLE, .text = -1,
		.rules = -1, .picture = -1 };
}

static void
log_failure(struct parent *parent, enum parent_why why, enum status status,
    const struct diag *diag)
{
	const struct env *env = &parent->daemon->env;

	if (why == PARENT_RELOAD) {
		daemon_complain(parent->daemon, status, diag);
		env_log(env, LOG_LEVEL_ERROR, "not reloaded: the previous "
		    "configuration stays in service");
		return;
	}
	if (why == PARENT_CHANGED && status == STATUS_TEMP) {
		env_log(env, LOG_LEVEL_ERROR, "%s; the previous keys and "
		    "rules stay in service until SIGHUP, or until the file is "
		    "whole and does not change for KeyRefresh", diag->text);
		return;
	}
	daemon_complain(parent->daemon, status, diag);
	env_log(env, LOG_LEVEL_ERROR, "the previous keys stay in service");
}

static void
ask_next(struct parent *parent)
{
	enum parent_why why;

	if (parent->wants_reload) {
		why = PARENT_RELOAD;
	} else if (parent->wants_restarted) {
		why = PARENT_RESTARTED;
	} else if (parent->wants_keys) {
		why = PARENT_CHANGED;
	} else {
		return;
	}
	parent_ask(parent, why);
}

/* The load is over. */
static void
end_load(struct parent *parent, enum status status, const struct diag *diag)
{
	struct daemon *daemon = parent->daemon;
	enum parent_why why = parent->load.why;

	if (status != STATUS_OK) {
		log_failure(parent, why, status, diag);
	}
	if (why == PARENT_RELOAD) {
		meter_note_load(&daemon->live.board->meter,
		    status == STATUS_OK, env_now_s(&daemon->env));
	}
	parent_forget_load(parent);
	daemon_report_ready(daemon);
	ask_next(parent);
}

static void
fail_load(struct parent *parent, const char *why)
{
	struct diag diag;

	diag_init(&diag);
	diag_set(&diag, NULL, 0, "%s", why);
	end_load(parent, STATUS_NOMEM, &diag);
}

static void
send_set(struct parent *parent, enum control_kind kind, uint64_t set)
{
	const struct control message = { .kind = kind, .number = set };

	parent_order(parent, &parent->keys, &message);
}

/* Asks the keys process for a set. */
static void
begin_load(struct parent *parent, enum parent_why why)
{
	struct parent_load *load = &parent->load;
	struct control message = { .kind = CONTROL_LOAD };
	enum status status;
	struct diag diag;

	load->why = why;
	if (why == PARENT_RELOAD) {
		diag_init(&diag);
		manager_reloading(&parent->daemon->manager);
		status = parent_read(parent, &load->conf, &load->text,
		    &load->rules, &diag);
		if (status != STATUS_OK) {
			end_load(parent, status, &diag);
			return;
		}
		daemon_warn_restart(parent->daemon, parent->conf, load->conf);
		message.fds[message.fds_n++] = load->text;
	} else {
		manager_loading(&parent->daemon->manager);
	}
	load->step = PARENT_KEYS;
	load->set = message.number = ++parent->last_set;
	parent->keys.loading = true;
	if (!control_send(parent->keys.control, &message)) {
		parent->keys.loading = false;
		fail_load(parent, "the keys process does not answer");
	}
}

/* Takes what is new to the mail process. */
static void
pass_on(struct parent *parent)
{
	struct parent_load *load = &parent->load;
	struct control message = { .kind = CONTROL_LOAD, .number = load->set,
		.value = load->why == PARENT_RELOAD ? MAIL_LOAD_ASKED :
		MAIL_LOAD_QUIET };

	load->step = PARENT_MAIL;
	message.fds[message.fds_n++] = load->picture;
	if (load->why != PARENT_CHANGED) {
		message.fds[message.fds_n++] = load->rules != -1 ?
		    load->rules : parent->rules;
	}
	parent->mail.loading = true;
	if (!control_send(parent->mail.control, &message)) {
		parent->mail.loading = false;
		send_set(parent, CONTROL_DROP, load->set);
		fail_load(parent, "the mail process does not answer");
	}
}

/* Both have it. */
static void
commit_load(struct parent *parent)
{
	struct parent_load *load = &parent->load;
	struct diag none;

	diag_init(&none);
	send_set(parent, CONTROL_USE, load->set);
	/* A keys process that was started meanwhile has read what is newer: the
	   mail process gets that next. */
	if (load->set > parent->set) {
		parent->set = load->set;
		close_file(&parent->picture);
		parent->picture = load->picture;
		load->picture = -1;
	}
	if (load->conf != NULL) {
		conf_release(parent->conf);
		parent->conf = load->conf;
		load->conf = NULL;
		close_file(&parent->text);
		parent->text = load->text;
		load->text = -1;
		close_file(&parent->rules);
		parent->rules = load->rules;
		load->rules = -1;
		parent->texts++;
		/* UserID could read all key files. */
		kept_keys_close(&parent->kept_keys);
		daemon_set_log(parent->daemon, parent->conf);
	}
	end_load(parent, STATUS_OK, &none);
}

void
parent_ask(struct parent *parent, enum parent_why why)
{
	bool *wants = why == PARENT_RELOAD ? &parent->wants_reload :
	    why == PARENT_CHANGED ? &parent->wants_keys :
	    &parent->wants_restarted;

	*wants = !parent->stopping;
	if (parent->load.step != PARENT_IDLE || parent->stopping ||
	    !parent->keys.ready || !parent->mail.ready) {
		return;
	}
	*wants = false;
	if (why != PARENT_RESTARTED) {
		begin_load(parent, why);
		return;
	}
	/* The keys process has its first set, whose picture is kept. */
	parent->load.why = why;
	parent->load.set = parent->set;
	parent->load.picture = dup(parent->picture);
	if (parent->load.picture == -1) {
		fail_load(parent, "out of descriptors");
		return;
	}
	pass_on(parent);
}

/* The first answer of a keys process that was started again. */
static void
take_first_set(struct parent *parent, struct control *answer)
{
	const struct env *env = &parent->daemon->env;

	if (answer->status != STATUS_OK || answer->fds_n != 1) {
		env_log(env, LOG_LEVEL_ERROR, "the keys process cannot start: "
		    "%s", answer->diag.text[0] != '\0' ? answer->diag.text :
		    status_text(answer->status));
		return;
	}
	parent->keys.ready = true;
	atomic_store(&parent->daemon->live.board->waiting[BOARD_KEYS], false);
	close_file(&parent->picture);
	parent->picture = answer->fds[--answer->fds_n];
	parent->set = answer->number;
	if (!parent->started) {
		return;
	}
	parent_connect(parent, false);
	env_log(env, LOG_LEVEL_INFO, "the keys process (%ld) is in service",
	    (long)parent->keys.pid);
	/* It read what was in service before that load: its keys are not those
	   of the configuration that the mail process has, or will have. */
	if (parent->keys_text != parent->texts ||
	    (parent->load.step == PARENT_MAIL &&
	    parent->load.why == PARENT_RELOAD)) {
		parent_ask(parent, PARENT_RELOAD);
		return;
	}
	parent_ask(parent, PARENT_RESTARTED);
}

void
parent_keys_loaded(struct parent *parent, struct control *answer)
{
	struct parent_load *load = &parent->load;

	if (!parent->keys.ready) {
		take_first_set(parent, answer);
		return;
	}
	if (load->step != PARENT_KEYS || answer->number != load->set) {
		return;
	}
	if (answer->status != STATUS_OK) {
		end_load(parent, answer->status, &answer->diag);
		return;
	}
	if (answer->fds_n != 1) {
		fail_load(parent, "the keys process sent no picture");
		return;
	}
	load->picture = answer->fds[--answer->fds_n];
	if (parent->mail.ready) {
		pass_on(parent);
	} else {
		send_set(parent, CONTROL_DROP, load->set);
		fail_load(parent, "there is no mail process");
	}
}

void
parent_mail_loaded(struct parent *parent, const struct control *answer)
{
	struct parent_load *load = &parent->load;
	const struct env *env = &parent->daemon->env;

	if (!parent->mail.ready) {
		if (answer->status != STATUS_OK) {
			env_log(env, LOG_LEVEL_ERROR, "the mail process "
			    "cannot start: %s", answer->diag.text[0] != '\0' ?
			    answer->diag.text : status_text(answer->status));
			return;
		}
		parent->mail.ready = true;
		atomic_store(&parent->daemon->live.board->waiting[BOARD_MAIL],
		    false);
		if (parent->started) {
			env_log(env, LOG_LEVEL_INFO, "the mail process (%ld) "
			    "is in service", (long)parent->mail.pid);
		}
		ask_next(parent);
		return;
	}
	if (load->step != PARENT_MAIL || answer->number != load->set) {
		return;
	}
	if (answer->status == STATUS_OK) {
		commit_load(parent);
		return;
	}
	if (load->why != PARENT_RESTARTED) {
		send_set(parent, CONTROL_DROP, load->set);
	}
	end_load(parent, answer->status, &answer->diag);
}

void
parent_load_lost(struct parent *parent, const struct child *dead)
{
	struct parent_load *load = &parent->load;

	if (load->step == PARENT_IDLE || (load->step == PARENT_MAIL &&
	    dead == &parent->keys)) {
		/* In the second case the next keys process brings the two
		   together again. */
		return;
	}
	if (load->step == PARENT_MAIL && load->why != PARENT_RESTARTED) {
		send_set(parent, CONTROL_DROP, load->set);
	}
	/* A mail process that starts takes what is in service. */
	if (load->why == PARENT_RESTARTED) {
		parent_forget_load(parent);
		return;
	}
	fail_load(parent, dead == &parent->keys ? "the keys process has died" :
	    "the mail process has died");
}
