/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/sign.h"

/*
 * A list of SignHeaders, OversignHeaders or OversignPresent: without one the
 * default names; a list whose first item is "*" adds to these.
 */
static enum status
header_names(struct arena *arena, const struct conf_strings *list,
    const struct str *usual, size_t usual_n, const struct str **v_r,
    size_t *n_r)
{
	struct str *v;
	size_t i;

	*v_r = list->v != NULL ? list->v : usual;
	*n_r = list->v != NULL ? list->n : usual_n;
	if (list->n == 0 || !str_eq(list->v[0], STR("*"))) {
		return (STATUS_OK);
	}
	v = arena_calloc(arena, usual_n + list->n, sizeof(*v));
	if (v == NULL) {
		return (STATUS_NOMEM);
	}
	memcpy(v, usual, usual_n * sizeof(*v));
	*v_r = v;
	*n_r = usual_n;
	for (i = 1; i < list->n; i++) {
		if (!str_list_has_ci(usual, usual_n, list->v[i])) {
			v[(*n_r)++] = list->v[i];
		}
	}
	return (STATUS_OK);
}

/* OversignHeaders alone, with a list of its own, is all that is oversigned. */
static bool
replaces_default(const struct conf_strings *list)
{
	return (list->v != NULL &&
	    (list->n == 0 || !str_eq(list->v[0], STR("*"))));
}

enum status
engine_sign_init(struct engine_sign *sign, struct arena *arena,
    const struct conf *conf, const struct crypto *crypto, int64_t now_s)
{
	struct dkim_sign_opts *opts = &sign->opts;
	enum status status;

	sign->arena = arena;
	*opts = (struct dkim_sign_opts){
		.crypto = crypto,
		.header_canon = conf->canonicalization.header,
		.body_canon = conf->canonicalization.body,
		.now_s = now_s,
		.ttl_s = conf->signature_ttl_s,
	};
	status = header_names(arena, &conf->sign_headers,
	    dkim_sign_headers_default, dkim_sign_headers_default_n,
	    &opts->sign_headers, &opts->sign_headers_n);
	if (status != STATUS_OK) {
		return (status);
	}
	status = header_names(arena, &conf->oversign_headers,
	    dkim_oversign_headers_default, dkim_oversign_headers_default_n,
	    &opts->oversign_headers, &opts->oversign_headers_n);
	if (status != STATUS_OK || (conf->oversign_present.v == NULL &&
	    replaces_default(&conf->oversign_headers))) {
		return (status);
	}
	return (header_names(arena, &conf->oversign_present,
	    dkim_oversign_present_default, dkim_oversign_present_default_n,
	    &opts->oversign_present, &opts->oversign_present_n));
}

enum status
engine_sign_begin(const struct engine_sign *sign,
    const struct engine_sign_key *key, const struct field_list *fields,
    struct dkim_bodies *bodies, struct dkim_signer **r)
{
	struct dkim_sign_opts opts = sign->opts;

	opts.key = key->key;
	opts.domain = key->domain;
	opts.selector = key->selector;
	opts.identity = key->identity;
	return (dkim_signer_new(sign->arena, &opts, fields, bodies, r));
}

enum status
engine_sign_seal(const struct engine_sign *sign,
    const struct engine_sign_key *key, const struct arc_seal_message *message,
    struct arc_seal *r)
{
	struct arc_seal_opts opts = {
		.crypto = sign->opts.crypto,
		.key = key->key,
		.domain = key->domain,
		.selector = key->selector,
		.sign_headers = sign->opts.sign_headers,
		.sign_headers_n = sign->opts.sign_headers_n,
		.oversign_headers = sign->opts.oversign_headers,
		.oversign_headers_n = sign->opts.oversign_headers_n,
		.oversign_present = sign->opts.oversign_present,
		.oversign_present_n = sign->opts.oversign_present_n,
		.now_s = sign->opts.now_s,
	};

	return (arc_seal_finish(sign->arena, &opts, message, r));
}
