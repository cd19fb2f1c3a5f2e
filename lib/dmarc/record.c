/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "dmarc/record.h"
#include "dmarc/uri.h"

static const char *const tag_names[DMARC_TAGS] = {
	"v", "p", "sp", "np", "adkim", "aspf", "psd", "t", "rua", "ruf", "fo"
};

struct tags {
	struct str	v[DMARC_TAGS];
	bool		repeated;
};

const char *
dmarc_policy_name(enum dmarc_policy policy)
{
	switch (policy) {
	case DMARC_P_NONE:
		return ("none");
	case DMARC_P_QUARANTINE:
		return ("quarantine");
	case DMARC_P_REJECT:
		return ("reject");
	}
	return ("none");
}

/* Splits "name = value" and removes white space around both. */
static bool
split_tag(struct str text, struct str *name_r, struct str *value_r)
{
	size_t at = str_find(text, '=');

	*name_r = str_trim_wsp(str_first(text, at));
	*value_r = str_trim_wsp(str_from_offset(text, at + 1));
	return (at < text.n);
}

enum dmarc_tag
dmarc_tag_find(struct str name)
{
	size_t i;

	for (i = 0; i < DMARC_TAGS; i++) {
		if (str_eq_ci(name, str_from(tag_names[i]))) {
			break;
		}
	}
	return ((enum dmarc_tag)i);
}

bool
dmarc_tag_next(struct str *rest, struct str *name_r, struct str *value_r)
{
	struct str piece;

	while (str_next(rest, ';', &piece)) {
		if (split_tag(piece, name_r, value_r)) {
			return (true);
		}
		if (str_trim_wsp(piece).n > 0) {
			*value_r = str_trim_wsp(piece);
			*name_r = STR_NONE;
			return (true);
		}
	}
	return (false);
}

static void
take_tag(struct tags *tags, struct str name, struct str value)
{
	enum dmarc_tag tag = dmarc_tag_find(name);

	if (tag == DMARC_TAGS) {
		return;
	}
	if (tags->v[tag].p != NULL) {
		tags->repeated = true;
	} else {
		tags->v[tag] = value;
	}
}

/* RFC 9989 4.7: v is the first tag, and its value is case-sensitive. */
static bool
take_version(struct tags *tags, struct str text)
{
	struct str name, value;

	if (text.n == 0 || char_is_wsp(text.p[0]) ||
	    !split_tag(text, &name, &value) || !str_eq_ci(name, STR("v")) ||
	    !str_eq(value, STR("DMARC1"))) {
		return (false);
	}
	tags->v[DMARC_TAG_V] = value;
	return (true);
}

static bool
policy_from_name(struct str value, enum dmarc_policy *r)
{
	static const enum dmarc_policy all[] = {
		DMARC_P_NONE, DMARC_P_QUARANTINE, DMARC_P_REJECT
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (str_eq_ci(value, str_from(dmarc_policy_name(all[i])))) {
			*r = all[i];
			return (true);
		}
	}
	return (false);
}

/* Whether the tag is present with an invalid value. */
static bool
take_policy(struct str value, enum dmarc_policy absent, enum dmarc_policy *r,
    bool *has_r)
{
	*r = absent;
	*has_r = value.p != NULL && policy_from_name(value, r);
	return (value.p != NULL && !*has_r);
}

static void
read_policies(const struct tags *tags, struct dmarc_record *r)
{
	bool bad_p, bad_sp, bad_np;

	bad_p = take_policy(tags->v[DMARC_TAG_P], DMARC_P_NONE, &r->p,
	    &r->has_p);
	bad_sp = take_policy(tags->v[DMARC_TAG_SP], r->p, &r->sp, &r->has_sp);
	bad_np = take_policy(tags->v[DMARC_TAG_NP], r->sp, &r->np, &r->has_np);
	if (!bad_p && !bad_sp && !bad_np) {
		return;
	}
	if (r->rua.p != NULL) {
		r->flaw = DMARC_AS_NONE;
	} else {
		r->flaw = bad_p ? DMARC_BAD_POLICY : DMARC_BAD_SUBDOMAIN;
	}
	r->p = r->sp = r->np = DMARC_P_NONE;
}

/* The value in lower case if it is one of `letters`, else '\0'. */
static char
read_letter(struct str value, const char *letters)
{
	char c = value.n == 1 ? char_lower(value.p[0]) : '\0';

	return (c != '\0' && strchr(letters, c) != NULL ? c : '\0');
}

static enum dmarc_psd
read_psd(struct str value)
{
	switch (read_letter(value, "yn")) {
	case 'y':
		return (DMARC_PSD_YES);
	case 'n':
		return (DMARC_PSD_NO);
	default:
		return (DMARC_PSD_UNKNOWN);
	}
}

/* RFC 9989 4.7 fo: 0 or 1 but not both, none twice; 0: invalid. */
static unsigned
read_fo(struct str value)
{
	static const char letters[] = "01ds";
	struct str item;
	unsigned set = 0, bit;
	char c;

	while (str_next(&value, ':', &item)) {
		c = read_letter(str_trim_wsp(item), letters);
		bit = c == '\0' ? 0 :
		    1u << (unsigned)(strchr(letters, c) - letters);
		if (bit == 0 || (set & bit) != 0) {
			return (0);
		}
		set |= bit;
	}
	return ((set & (DMARC_FO_0 | DMARC_FO_1)) ==
	    (DMARC_FO_0 | DMARC_FO_1) ? 0 : set);
}

bool
dmarc_tag_is_valid(enum dmarc_tag tag, struct str value)
{
	enum dmarc_policy policy;

	switch (tag) {
	case DMARC_TAG_P:
	case DMARC_TAG_SP:
	case DMARC_TAG_NP:
		return (policy_from_name(value, &policy));
	case DMARC_TAG_ADKIM:
	case DMARC_TAG_ASPF:
		return (read_letter(value, "rs") != '\0');
	case DMARC_TAG_PSD:
		return (read_letter(value, "ynu") != '\0');
	case DMARC_TAG_T:
		return (read_letter(value, "yn") != '\0');
	case DMARC_TAG_FO:
		return (read_fo(value) != 0);
	case DMARC_TAG_V:
	case DMARC_TAG_RUA:
	case DMARC_TAG_RUF:
	case DMARC_TAGS:
		break;
	}
	return (true);
}

static struct str
read_uris(struct str value)
{
	struct str rest = value, uri;

	return (dmarc_uri_next(&rest, &uri) ? value : STR_NONE);
}

bool
dmarc_record_parse(struct str text, struct dmarc_record *r)
{
	struct tags tags = { .repeated = false };
	struct str rest = text, piece, name, value;
	unsigned fo;

	*r = (struct dmarc_record){ .fo = DMARC_FO_0 };
	if (!str_next(&rest, ';', &piece) || !take_version(&tags, piece)) {
		return (false);
	}
	while (dmarc_tag_next(&rest, &name, &value)) {
		take_tag(&tags, name, value);
	}
	r->repeated = tags.repeated;
	r->rua = read_uris(tags.v[DMARC_TAG_RUA]);
	r->ruf = read_uris(tags.v[DMARC_TAG_RUF]);
	r->psd = read_psd(tags.v[DMARC_TAG_PSD]);
	r->testing = read_letter(tags.v[DMARC_TAG_T], "yn") == 'y';
	r->adkim_strict = read_letter(tags.v[DMARC_TAG_ADKIM], "rs") == 's';
	r->aspf_strict = read_letter(tags.v[DMARC_TAG_ASPF], "rs") == 's';
	fo = read_fo(tags.v[DMARC_TAG_FO]);
	r->fo = fo != 0 ? fo : DMARC_FO_0;
	read_policies(&tags, r);
	return (true);
}

/* RFC 9989 4.10 steps 2 and 6: only policy records count. */
static void *
records_parse(const struct dns_answer *answer)
{
	struct dmarc_records *records = calloc(1, sizeof(*records));
	struct dmarc_record record;
	size_t i;

	for (i = 0; records != NULL && i < answer->n; i++) {
		if (dmarc_record_parse(answer->v[i].data, &record)) {
			records->record = record;
			records->n++;
		}
	}
	return (records);
}

const struct dns_parser dmarc_records_parser = {
	.parse = records_parse,
	.free = free,
	.object_bytes = sizeof(struct dmarc_records)
};
