/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "base/buf.h"
#include "base/escape.h"
#include "milter/apply.h"

#define FIELD_VALUE_MAX_BYTES	(64 * 1024)	/* one milter packet */
#define QUARANTINE_MAX_BYTES	256

/*
 * Converts the engine's value for the milter protocol: LF for CRLF, and without
 * the space after the colon if the MTA adds one. False: it cannot be sent. A
 * line end that no white space follows would begin another field; that is an
 * error even if it comes from the engine.
 */
static bool
convert_value(struct str value, bool leading_space, struct buf *out)
{
	size_t i;

	if (!leading_space && value.n > 0 && value.p[0] == ' ') {
		value = str_from_offset(value, 1);
	}
	for (i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\0') {
			return (false);
		}
		if (c == '\r' && i + 1 < value.n && value.p[i + 1] == '\n') {
			continue;
		}
		if (c == '\r' || (c == '\n' && (i + 1 >= value.n ||
		    !char_is_wsp(value.p[i + 1])))) {
			return (false);
		}
		buf_add_char(out, c);
	}
	return (out->n > 0 && out->status == STATUS_OK);
}

/* A new field, or a new value for one. */
static bool
apply_field(const struct apply_ops *ops, const struct engine_action *action)
{
	struct buf name, value;
	bool done = false;

	buf_init(&name, FIELD_VALUE_MAX_BYTES);
	buf_init(&value, FIELD_VALUE_MAX_BYTES);
	buf_add_str(&name, action->name);
	if (name.n > 0 && name.status == STATUS_OK &&
	    convert_value(action->value, ops->leading_space, &value)) {
		done = action->type == ENGINE_CHANGE_FIELD ?
		    ops->change_field(ops->ctx, name.p, action->index,
		    value.p) : ops->insert_field(ops->ctx, name.p, value.p);
	}
	buf_fini(&name);
	buf_fini(&value);
	return (done);
}

static bool
apply_delete(const struct apply_ops *ops, const struct engine_action *action)
{
	struct buf name;
	bool done = false;

	buf_init(&name, FIELD_VALUE_MAX_BYTES);
	buf_add_str(&name, action->name);
	if (name.n > 0 && name.status == STATUS_OK) {
		done = ops->delete_field(ops->ctx, name.p, action->index);
	}
	buf_fini(&name);
	return (done);
}

static bool
apply_quarantine(const struct apply_ops *ops,
    const struct engine_action *action)
{
	struct buf reason;
	bool done = false;

	buf_init(&reason, 2 * QUARANTINE_MAX_BYTES);
	escape_reply(&reason, action->value, QUARANTINE_MAX_BYTES);
	if (reason.n == 0) {
		buf_add_cstr(&reason, "policy");
	}
	if (reason.status == STATUS_OK) {
		done = ops->quarantine(ops->ctx, reason.p);
	}
	buf_fini(&reason);
	return (done);
}

/* Returns NULL, or the phrase for what failed. */
static const char *
apply_action(const struct apply_ops *ops, const struct engine_action *action)
{
	switch (action->type) {
	case ENGINE_DELETE_FIELD:
		return (apply_delete(ops, action) ? NULL :
		    "deleting a field failed");
	case ENGINE_CHANGE_FIELD:
		return (apply_field(ops, action) ? NULL :
		    "changing a field failed");
	case ENGINE_INSERT_FIELD:
		return (apply_field(ops, action) ? NULL :
		    "adding a field failed");
	case ENGINE_HOLD:
		return (apply_quarantine(ops, action) ? NULL :
		    "the quarantine was not possible");
	}
	return ("unknown action");
}

/*
 * reply: "550 5.7.20 text". Without it the MTA uses a text of its own, so a
 * failure here does not change the verdict. Sendmail interprets a percent sign
 * in the text, Postfix does not, so none is sent.
 */
static void
apply_reply(const struct apply_ops *ops, struct str reply)
{
	struct str rest = reply, code, xcode;
	struct buf head, text;
	size_t i;

	if (!str_next(&rest, ' ', &code) || !str_next(&rest, ' ', &xcode) ||
	    code.n != 3) {
		return;
	}
	buf_init(&head, 64);
	buf_init(&text, 2 * APPLY_REPLY_MAX_BYTES);
	buf_add_str(&head, code);
	buf_add_char(&head, '\0');
	buf_add_str(&head, xcode);
	escape_reply(&text, rest, APPLY_REPLY_MAX_BYTES - 3);
	for (i = 0; i < text.n; i++) {
		if (text.p[i] == '%') {
			text.p[i] = '?';
		}
	}
	if (head.status == STATUS_OK && text.status == STATUS_OK &&
	    text.n > 0) {
		(void)ops->reply(ops->ctx, head.p, head.p + code.n + 1, text.p);
	}
	buf_fini(&head);
	buf_fini(&text);
}

enum engine_verdict
apply_outcome(const struct apply_ops *ops, const struct engine_outcome *outcome,
    const char **failed_r)
{
	size_t i;

	*failed_r = NULL;
	/* A message that is not accepted is not changed. */
	for (i = 0; engine_verdict_accepts(outcome->verdict) &&
	    i < outcome->actions_n && *failed_r == NULL; i++) {
		*failed_r = apply_action(ops, &outcome->actions[i]);
	}
	if (*failed_r != NULL) {
		return (ENGINE_TEMPFAIL);
	}
	if (!engine_verdict_accepts(outcome->verdict)) {
		apply_reply(ops, outcome->reply);
	}
	return (outcome->verdict);
}
