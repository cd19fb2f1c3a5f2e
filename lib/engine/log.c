/* SPDX-License-Identifier: BSD-2-Clause */
/* log: lines about one message: "queue_id=ID what: key=value ...". */
#include "base/escape.h"
#include "engine/private.h"

#define LINE_MAX_BYTES	8192	/* more than the pairs of a line can fill */

void
engine_log_pairs(const struct engine_input *in, enum log_level level,
    const char *what, const struct engine_log_pair *pairs, size_t n)
{
	struct buf line;
	size_t i;

	buf_init(&line, LINE_MAX_BYTES);
	buf_add_cstr(&line, "queue_id=");
	escape_log_value(&line, in->macros[ENGINE_QUEUE_ID],
	    ENGINE_LOG_VALUE_MAX_BYTES);
	buf_printf(&line, " %s:", what);
	for (i = 0; i < n; i++) {
		if (pairs[i].value.p == NULL) {
			continue;
		}
		buf_printf(&line, " %s=", pairs[i].key);
		escape_log_value(&line, pairs[i].value,
		    pairs[i].max_bytes > 0 ? pairs[i].max_bytes :
		    ENGINE_LOG_VALUE_MAX_BYTES);
	}
	if (line.status == STATUS_OK) {
		env_log(input_env(in), level, "%s", line.p);
	}
	buf_fini(&line);
}

void
engine_log_key(const struct engine_input *in, enum log_level level,
    const char *what, const struct signers_pick *pick, const char *reason)
{
	const struct engine_log_pair pairs[] = {
		{ "domain", pick->domain, 0 },
		{ "selector", pick->selector, 0 },
		{ "reason", str_from(reason), 0 },
	};

	engine_log_pairs(in, level, what, pairs,
	    sizeof(pairs) / sizeof(pairs[0]));
}
