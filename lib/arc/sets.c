/* SPDX-License-Identifier: BSD-2-Clause */
/* The sets of a message and their structure (RFC 8617 4, 5.2 steps 1 to 3). */
#include "arc/private.h"
#include "mail/taglist.h"

#define INSTANCE_MAX_DIGITS	2

static const struct str aar_name = { "ARC-Authentication-Results", 26 };
static const struct str ams_name = { "ARC-Message-Signature", 21 };
static const struct str as_name = { "ARC-Seal", 8 };

static const char too_many_sets[] = "more than 50 ARC sets";
_Static_assert(ARC_MAX_SETS == 50, "too_many_sets says so");

/* Any number but 0; more than ARC_MAX_SETS is for the caller to refuse. */
static bool
parse_instance(struct str text, unsigned *instance_r)
{
	uint64_t n;

	*instance_r = 0;
	if (!str_to_u64(text, &n) || n == 0 ||
	    (n <= ARC_MAX_SETS && text.n > INSTANCE_MAX_DIGITS)) {
		return (false);
	}
	*instance_r = n <= ARC_MAX_SETS ? (unsigned)n : ARC_MAX_SETS + 1;
	return (true);
}

/* RFC 8617 4.1.1: the value starts with "i=N;". */
static bool
aar_instance(struct str value, unsigned *instance_r)
{
	struct str head = str_first(value, str_find(value, ';'));
	size_t equals = str_find(head, '=');

	return (head.n < value.n &&
	    str_eq(str_trim_fws(str_first(head, equals)), STR("i")) &&
	    parse_instance(str_trim_fws(str_from_offset(head, equals + 1)),
	    instance_r));
}

static enum arc_cv
read_cv(const struct tag *tag)
{
	if (tag == NULL) {
		return (ARC_CV_BAD);
	}
	return (str_eq_ci(tag->value, STR("none")) ? ARC_CV_NONE :
	    str_eq_ci(tag->value, STR("pass")) ? ARC_CV_PASS :
	    str_eq_ci(tag->value, STR("fail")) ? ARC_CV_FAIL : ARC_CV_BAD);
}

static void
read_aar(struct arc_validator *v, size_t index)
{
	unsigned instance;

	if (!aar_instance(v->fields->v[index].value, &instance)) {
		arc_fail(v, 0, "bad instance in ARC-Authentication-Results");
		return;
	}
	if (instance > ARC_MAX_SETS) {
		arc_fail(v, 0, too_many_sets);
		return;
	}
	v->sets[instance - 1].aar = index;
	v->sets[instance - 1].aar_n++;
}

/* Reads an AMS or an AS. */
static enum status
read_signature(struct arc_validator *v, size_t index, bool seal)
{
	const struct field *field = &v->fields->v[index];
	const struct tag *tag;
	struct arc_signature *s;
	struct taglist tags;
	const char *reason;
	struct arc_set *set;
	unsigned instance;

	if (taglist_parse(&tags, field->value, true, &reason) != STATUS_OK ||
	    (tag = taglist_get(&tags, STR("i"))) == NULL ||
	    !parse_instance(tag->value, &instance)) {
		arc_fail(v, 0, seal ? "bad instance or tags in ARC-Seal" :
		    "bad instance or tags in ARC-Message-Signature");
		return (STATUS_OK);
	}
	if (instance > ARC_MAX_SETS) {
		arc_fail(v, 0, too_many_sets);
		return (STATUS_OK);
	}
	set = &v->sets[instance - 1];
	s = seal ? &set->as : &set->ams;
	if (seal) {
		set->as_n++;
		set->cv = read_cv(taglist_get(&tags, STR("cv")));
		if (taglist_get(&tags, STR("h")) != NULL) {
			arc_fail(v, instance, "h= in ARC-Seal");
		}
	} else {
		set->ams_n++;
	}
	s->field = index;
	return (dkim_signature_parse(v->arena, field, seal ?
	    DKIM_ARC_SEAL : DKIM_ARC_MESSAGE, &s->sig));
}

bool
arc_set_is_whole(const struct arc_set *set)
{
	return (set->aar_n == 1 && set->ams_n == 1 && set->as_n == 1);
}

/* RFC 8617 5.2 step 3. */
static void
check_set(struct arc_validator *v, unsigned instance)
{
	const struct arc_set *set = &v->sets[instance - 1];

	if (!arc_set_is_whole(set)) {
		arc_fail(v, instance, set->aar_n > 1 || set->ams_n > 1 ||
		    set->as_n > 1 ? "a field of a set is repeated" :
		    "a set is incomplete");
	} else if (set->cv != (instance == 1 ? ARC_CV_NONE : ARC_CV_PASS)) {
		arc_fail(v, instance, set->cv == ARC_CV_FAIL ?
		    "a seal says cv=fail" : "a seal with the wrong cv=");
	}
}

bool
arc_is_signed(const struct dkim_signature *sig, struct str name)
{
	size_t i;

	for (i = 0; i < sig->names_n; i++) {
		if (str_eq_ci(sig->names[i], name)) {
			return (true);
		}
	}
	return (false);
}

const char *
arc_field_error(const struct arc_validator *v,
    const struct dkim_signature *sig)
{
	if (sig->result != DKIM_NONE) {
		return (sig->reason);
	}
	if (sig->signed_s > v->opts.now_s + v->opts.drift_s) {
		return ("signature is from the future");
	}
	if (sig->expires_s >= 0 &&
	    v->opts.now_s > sig->expires_s + v->opts.drift_s) {
		return ("signature expired");
	}
	/* RFC 8617 4.1.2 */
	return (arc_is_signed(sig, as_name) ? "h= names ARC-Seal" : NULL);
}

static void
check_fields(struct arc_validator *v)
{
	unsigned i, n = v->verdict.instances;
	const char *reason;

	reason = arc_field_error(v, &v->sets[n - 1].ams.sig);
	if (reason != NULL) {
		arc_fail(v, n, reason);
	}
	for (i = n; i > 0; i--) {
		reason = arc_field_error(v, &v->sets[i - 1].as.sig);
		if (reason != NULL) {
			arc_fail(v, i, reason);
		}
	}
}

static enum status
read_fields(struct arc_validator *v)
{
	enum status status;
	size_t i, n = 0;
	struct str name;

	for (i = 0; i < v->fields->n; i++) {
		name = v->fields->v[i].name;
		status = STATUS_OK;
		if (str_eq_ci(name, aar_name)) {
			read_aar(v, i);
		} else if (str_eq_ci(name, ams_name)) {
			status = read_signature(v, i, false);
		} else if (str_eq_ci(name, as_name)) {
			status = read_signature(v, i, true);
		} else {
			continue;
		}
		if (status != STATUS_OK) {
			return (status);
		}
		if (++n > 3 * ARC_MAX_SETS) {
			v->too_many = true;
			arc_fail(v, 0, "too many ARC fields");
			break;
		}
	}
	return (STATUS_OK);
}

bool
arc_is_there(const struct field_list *fields)
{
	return (field_list_count(fields, aar_name) > 0 ||
	    field_list_count(fields, ams_name) > 0 ||
	    field_list_count(fields, as_name) > 0);
}

enum status
arc_read_sets(struct arc_validator *v)
{
	const struct arc_set *set;
	enum status status;
	unsigned i;

	status = read_fields(v);
	if (status != STATUS_OK) {
		return (status);
	}
	for (i = 1; i <= ARC_MAX_SETS; i++) {
		set = &v->sets[i - 1];
		if (set->aar_n + set->ams_n + set->as_n > 0) {
			v->verdict.instances = i;
		}
	}
	if (v->verdict.instances == 0) {
		v->decided = true;
	}
	if (v->decided) {
		return (STATUS_OK);
	}
	i = v->verdict.instances;
	if (v->sets[i - 1].as_n > 0 && v->sets[i - 1].cv == ARC_CV_FAIL) {
		arc_fail(v, i, "the newest seal says cv=fail");
		return (STATUS_OK);
	}
	for (i = 1; i <= v->verdict.instances; i++) {
		check_set(v, i);
	}
	if (!v->decided) {
		check_fields(v);
	}
	return (STATUS_OK);
}
