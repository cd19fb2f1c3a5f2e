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

struct str
dmarc_psl_org(const struct dmarc_psl *psl, struct str name)
{
	char text[DOMAIN_MAX_BYTES + 1];
	const char *org;

	if (name.n > DOMAIN_MAX_BYTES) {
		return (name);
	}
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	org = psl_registrable_domain(psl->list, text);
	return (org == NULL ? name :
	    str_from_offset(name, (size_t)(org - text)));
}
