/* SPDX-License-Identifier: BSD-2-Clause */
#include <libpsl.h>
#include <stdlib.h>

#include "dmarc/psl.h"
#include "mail/domain.h"

struct dmarc_psl {
	psl_ctx_t	*list;
};

enum status
dmarc_psl_new(const char *path, struct dmarc_psl **r)
{
	struct dmarc_psl *psl = calloc(1, sizeof(*psl));

	*r = NULL;
	if (psl == NULL) {
		return (STATUS_NOMEM);
	}
	psl->list = path != NULL ? psl_load_file(path) : psl_latest(NULL);
	if (psl->list == NULL) {
		free(psl);
		return (STATUS_IO);
	}
	*r = psl;
	return (STATUS_OK);
}

void
dmarc_psl_free(struct dmarc_psl *psl)
{
	if (psl != NULL) {
		psl_free(psl->list);
		free(psl);
	}
}

static bool
copy_name(struct str name, char text_r[DOMAIN_MAX_BYTES + 1])
{
	if (name.n > DOMAIN_MAX_BYTES) {
		return (false);
	}
	memcpy(text_r, name.p, name.n);
	text_r[name.n] = '\0';
	return (true);
}

bool
dmarc_psl_is_suffix(const struct dmarc_psl *psl, struct str name)
{
	char text[DOMAIN_MAX_BYTES + 1];

	return (copy_name(name, text) && psl_is_public_suffix2(psl->list, text,
	    PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) == 1);
}

struct str
dmarc_psl_org(const struct dmarc_psl *psl, struct str name)
{
	char text[DOMAIN_MAX_BYTES + 1];
	const char *org;

	if (!copy_name(name, text)) {
		return (name);
	}
	org = psl_registrable_domain(psl->list, text);
	return (org == NULL ? name :
	    str_from_offset(name, (size_t)(org - text)));
}
