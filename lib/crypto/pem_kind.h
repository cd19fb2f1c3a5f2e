/* SPDX-License-Identifier: BSD-2-Clause */
/* pem_kind: what a text is that holds no usable private key in PEM, and the
   remedy, for a message to the operator. Nothing of the text is shown. */
#ifndef CRYPTO_PEM_KIND_H
#define CRYPTO_PEM_KIND_H

#include "base/str.h"

/* Static. */
const char	*pem_kind_text(struct str text);

#endif
