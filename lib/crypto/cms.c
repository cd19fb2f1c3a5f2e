/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <limits.h>

#include <openssl/cms.h>
#include <openssl/err.h>

#include "crypto/cms.h"

static CMS_ContentInfo *
parse_cms(struct str text)
{
	BIO *in = text.n <= INT_MAX ? BIO_new_mem_buf(text.p, (int)text.n) :
	    NULL;
	CMS_ContentInfo *cms = in != NULL ? d2i_CMS_bio(in, NULL) : NULL;

	(void)BIO_free(in);
	return (cms);
}

enum status
cms_read_content(struct str text, struct buf *out)
{
	CMS_ContentInfo *cms = parse_cms(text);
	ASN1_OCTET_STRING **content = NULL;
	enum status status = STATUS_SYNTAX;

	if (cms != NULL &&
	    OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed) {
		content = CMS_get0_content(cms);
	}
	if (content != NULL && *content != NULL) {
		buf_add(out, ASN1_STRING_get0_data(*content),
		    (size_t)ASN1_STRING_length(*content));
		status = out->status;
	}
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return (status);
}
